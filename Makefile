# rerail: `make help` prints the goals.
CC      ?= cc
CFLAGS  ?= -O2 -g
BUILD   ?= build
PKGS    := ncursesw libcurl libcjson sqlite3 yaml-0.1 libgit2 libutf8proc libpcre2-8 md4c libzstd libcrypto

OWN_CFLAGS := -std=c17 -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 -I. -pthread \
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wvla \
    $(shell pkg-config --cflags $(PKGS))
LIBS := $(shell pkg-config --libs $(PKGS)) -pthread -lm

EXEC_SRC := core/tool/exec_main.c
MAIN_SRC := tui/main.c
LIB_SRC  := $(filter-out $(EXEC_SRC) $(MAIN_SRC),$(wildcard core/*.c core/*/*.c history/*.c tui/*.c))
TEST_SRC := $(wildcard tests/*.c tests/core/*.c tests/core/*/*.c tests/history/*.c tests/tui/*.c tests/support/*.c)
SUITES   := $(sort $(patsubst test_%.c,%,$(notdir $(filter %.c,$(foreach f,$(TEST_SRC),$(if $(filter test_%,$(notdir $(f))),$(f)))))))
obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))

.DELETE_ON_ERROR:
.PHONY: all test clean help
all: $(if $(wildcard $(MAIN_SRC)),$(BUILD)/rerail) $(if $(wildcard $(EXEC_SRC)),$(BUILD)/rerail-exec) ## build the two programs

$(BUILD)/rerail: $(call obj,$(MAIN_SRC) $(LIB_SRC))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/rerail-exec: $(call obj,$(EXEC_SRC))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libseccomp)
$(BUILD)/tests/run: $(call obj,$(TEST_SRC) $(LIB_SRC))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs cunit vterm)
$(BUILD)/suites.h: $(TEST_SRC)
	@mkdir -p $(@D); for s in $(SUITES); do echo "SUITE($$s)"; done >$@.new; cmp -s $@.new $@ || mv $@.new $@; rm -f $@.new
$(BUILD)/tests/%.o: OWN_CFLAGS += -I$(BUILD)
$(BUILD)/tests/main.o: $(BUILD)/suites.h
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OWN_CFLAGS) -MMD -MP $(CFLAGS) -c -o $@ $<

test: all $(BUILD)/tests/run ## run the tests
	$(BUILD)/tests/run
clean: ## remove what was built
	rm -rf $(BUILD)
help: ## print the goals
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)
-include $(patsubst %.o,%.d,$(call obj,$(LIB_SRC) $(MAIN_SRC) $(EXEC_SRC) $(TEST_SRC)))
