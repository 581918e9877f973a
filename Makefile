# rerail: `make help` prints the goals. Every variant of the build has a BUILD of its own.
VERSION := 0.1.0
CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
BUILD   ?= build
JOBS    ?= $(shell nproc)

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -r -j$(JOBS)
endif
GOALS := $(or $(MAKECMDGOALS),all)
DRY   := $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: FORCE
ifneq ($(filter clean,$(GOALS)),)
.NOTPARALLEL:
endif

# ---- The machine: flags of the libraries, packages installed when they are missing
#
# setup.sh looks when it never did, and again when packages came or went; then make starts anew.

NEEDS_NOTHING := help clean dist uninstall layers
NEEDS_TEST    := test test-% asan tsan bench soak cover screens screens-accept %/tests/run
NEEDS_CHECK   := check lint fuzz fmt
NEED  := $(if $(filter $(NEEDS_CHECK),$(GOALS)),check,$(if $(filter $(NEEDS_TEST),$(GOALS)),test,run))
SETUP := $(BUILD)/setup-$(NEED).mk

ifneq ($(filter-out $(NEEDS_NOTHING),$(GOALS)),)
ifeq ($(DRY),)
$(SETUP): tests/tools/setup.sh $(wildcard /var/lib/dpkg/status)
	@CC='$(CC)' sh tests/tools/setup.sh $(NEED) $@
include $(SETUP)
else
-include $(SETUP)
endif
endif

# ---- Flags: the user's first, ours after them

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wvla
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection
ifeq ($(findstring -fsanitize,$(CFLAGS)),)
ifneq ($(filter-out -O0,$(filter -O%,$(CFLAGS))),)
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
endif
OWN_CFLAGS  := -std=c17 -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 -DRERAIL_VERSION='"$(VERSION)"' -I. \
    -pthread $(WARN) $(HARDEN) $(LIB_CFLAGS)
OWN_LDFLAGS := -pie -Wl,-z,relro,-z,now -pthread

# ---- Sources, by wildcard; a listed file that is not there yet is left out

EMBED    := $(wildcard tui/keys.yaml themes/*.yaml tui/agents/*.md core/sim/*.yaml)
EXEC_SRC := core/tool/exec_main.c
MAIN_SRC := tui/main.c
LIB_SRC  := $(filter-out $(EXEC_SRC) $(MAIN_SRC),$(wildcard core/*.c core/*/*.c history/*.c tui/*.c))
SLOW_SRC := $(wildcard tests/simulation/*.c tests/program/*.c)
TEST_SRC := $(SLOW_SRC) $(wildcard tests/*.c tests/core/*.c tests/core/*/*.c tests/history/*.c \
    tests/tui/*.c tests/support/*.c)
suites    = $(sort $(patsubst test_%.c,%,$(filter test_%.c,$(notdir $(1)))))
SLOW     := $(call suites,$(SLOW_SRC))
QUICK    := $(filter-out $(SLOW),$(call suites,$(TEST_SRC)))

LIB      := $(BUILD)/librerail.a
PROGRAMS := $(if $(wildcard $(MAIN_SRC)),$(BUILD)/rerail) $(if $(wildcard $(EXEC_SRC)),$(BUILD)/rerail-exec)
obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))

all: $(PROGRAMS) ## build the two programs
$(BUILD)/rerail: $(call obj,$(MAIN_SRC)) $(LIB) $(BUILD)/inputs
	$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIB_LIBS) -lm
# Starts every tool, so it is made without a C library where core/tool/exec_sys.h knows the machine.
BARE = -DEXEC_BARE -ffreestanding -fno-stack-protector -nostdlib -static
plain = $(filter-out -fsanitize% -fno-sanitize% -fprofile% -flto% --coverage,$(1))
$(BUILD)/rerail-exec: $(EXEC_SRC) $(BUILD)/flags
	@mkdir -p $(dir $(BUILD)/$(EXEC_SRC))
	case $$($(CC) -dumpmachine) in x86_64-*|aarch64-*) bare='$(BARE)' ;; *) bare= ;; esac; \
	$(CC) $(call plain,$(CFLAGS)) $(OWN_CFLAGS) -MMD -MP -MT $@ \
	    -MF $(BUILD)/$(EXEC_SRC:.c=.d) \
	    $(call plain,$(LDFLAGS)) -Wl,-z,relro,-z,now $$bare -o $@ $<
$(BUILD)/tests/run: $(call obj,$(TEST_SRC)) $(LIB) $(BUILD)/inputs | $(BUILD)/rerail-exec
	$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIB_LIBS) $(TEST_LIBS) -lm
$(LIB): $(call obj,$(LIB_SRC) embed.c) $(BUILD)/inputs
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OWN_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/embed.o: $(BUILD)/embed.c $(BUILD)/flags
	$(CC) $(CFLAGS) $(OWN_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/embed.c: tests/tools/embed.sh $(EMBED) $(BUILD)/inputs
	@sh $< $(EMBED) >$@
$(BUILD)/tests/main.o: $(BUILD)/suites.h
$(BUILD)/tests/%.o: OWN_CFLAGS += -I$(BUILD) -DPROGRAM_DIR='"$(BUILD)"'
$(BUILD)/suites.h: $(BUILD)/inputs
	@{ for s in $(QUICK); do echo "SUITE($$s, 0)"; done; for s in $(SLOW); do echo "SUITE($$s, 1)"; done; } >$@.new; cmp -s $@.new $@ || mv $@.new $@; rm -f $@.new

# What objects and programs were made with, kept as text: other flags, or a source that came or
# went, remake what they touch; nothing else does, and looking costs no process.
FLAGS  := $(CC) $(CFLAGS) $(OWN_CFLAGS)
INPUTS := $(LDFLAGS) $(LIB_LIBS) $(EXEC_LIBS) $(LIB_SRC) $(TEST_SRC) $(EMBED)
differs = $(filter-out $(1),$(2))$(filter-out $(2),$(1))
$(BUILD)/flags: export TEXT = $(FLAGS)
$(BUILD)/inputs: export TEXT = $(INPUTS)
$(BUILD)/flags: $(if $(call differs,$(FLAGS),$(file <$(BUILD)/flags)),FORCE)
$(BUILD)/inputs: $(if $(call differs,$(INPUTS),$(file <$(BUILD)/inputs)),FORCE)
$(BUILD)/flags $(BUILD)/inputs:
	@mkdir -p $(@D); printf '%s\n' "$$TEXT" >$@

.PHONY: all run test clean help
run: all ## open the console on the demo, which needs no key and no network
	$(BUILD)/rerail demo $(ARGS)
test: all $(BUILD)/tests/run ## run the tests
	$(BUILD)/tests/run
clean: ## remove what was built
	rm -rf $(BUILD)
help: ## print the goals
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' $(firstword $(MAKEFILE_LIST)) | \
	    while read -r goal text; do printf '  %-16s %s\n' "$$goal" "$$text"; done
-include $(patsubst %.o,%.d,$(call obj,$(LIB_SRC) $(MAIN_SRC) $(EXEC_SRC) $(TEST_SRC) embed.c))
