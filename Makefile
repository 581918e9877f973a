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
Q     := $(if $(V),,@)
say    = $(if $(V)$(findstring s,$(SHORT)),,@echo '  $(1)	$@')
GOALS := $(or $(MAKECMDGOALS),all)
SHORT := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
DRY   := $(findstring n,$(SHORT))

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
NEEDS_CHECK   := check lint lint-% fuzz fmt
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

EMBED    := $(wildcard core/config/agents/*.md tui/keys.yaml themes/*.yaml tui/agents/*.md \
    core/sim/scenarios/*.yaml core/sim/demo/*.csv core/sim/demo/*/*)
EXEC_SRC := core/tool/exec_main.c
MAIN_SRC := tui/main.c
LIB_SRC  := $(filter-out $(EXEC_SRC) $(MAIN_SRC),$(wildcard core/*.c core/*/*.c history/*.c history/*/*.c tui/*.c))
SLOW_SRC := $(wildcard tests/simulation/*.c tests/program/*.c $(if $(VARIANT),tests/$(VARIANT)/*.c))
TEST_SRC := $(SLOW_SRC) $(wildcard tests/*.c tests/core/*.c tests/core/*/*.c tests/history/*.c \
    tests/history/*/*.c tests/tui/*.c tests/support/*.c)
suites    = $(sort $(patsubst test_%.c,%,$(filter test_%.c,$(notdir $(1)))))
SLOW     := $(call suites,$(SLOW_SRC))
QUICK    := $(filter-out $(SLOW),$(call suites,$(TEST_SRC)))

LIB      := $(BUILD)/librerail.a
PROGRAMS := $(if $(wildcard $(MAIN_SRC)),$(BUILD)/rerail) $(if $(wildcard $(EXEC_SRC)),$(BUILD)/rerail-exec)
obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))

all: $(PROGRAMS) ## build the two programs
$(BUILD)/rerail: $(call obj,$(MAIN_SRC)) $(LIB) $(BUILD)/inputs
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIB_LIBS) -lm
# Starts every tool, so it is made without a C library where core/tool/exec_sys.h knows the machine.
BARE  = -DEXEC_BARE -ffreestanding -fno-stack-protector -nostdlib -static
plain = $(filter-out -fsanitize% -fno-sanitize% -fprofile% -flto% --coverage,$(1))
$(BUILD)/rerail-exec: $(EXEC_SRC) $(BUILD)/flags
	$(call say,LD)
	$(Q)case $$($(CC) -dumpmachine) in x86_64-*|aarch64-*) bare='$(BARE)' ;; *) bare= ;; esac; \
	$(CC) $(call plain,$(CFLAGS)) $(OWN_CFLAGS) -MMD -MP -MF $@.d \
	    $(call plain,$(LDFLAGS)) -Wl,-z,relro,-z,now $$bare -o $@ $<
$(BUILD)/tests/run: $(call obj,$(TEST_SRC)) $(LIB) $(BUILD)/inputs | $(BUILD)/rerail-exec
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIB_LIBS) $(TEST_LIBS) -lm
$(LIB): $(call obj,$(LIB_SRC) embed.c) $(BUILD)/inputs
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(OWN_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/embed.o: $(BUILD)/embed.c $(BUILD)/flags
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(OWN_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/embed.c: tests/tools/embed.sh $(EMBED) $(BUILD)/inputs
	@sh $< $(EMBED) >$@
$(BUILD)/tests/main.o: $(BUILD)/suites.h
$(BUILD)/tests/%.o: OWN_CFLAGS += -I$(BUILD) -DPROGRAM_DIR='"$(BUILD)"'
$(BUILD)/suites.h: $(BUILD)/inputs
	@{ for s in $(QUICK); do echo "SUITE($$s, 0)"; done; for s in $(SLOW); do echo "SUITE($$s, 1)"; done; } >$@.new; cmp -s $@.new $@ || mv $@.new $@; rm -f $@.new

# What objects and programs were made with, kept as text: other flags, or a source that came or
# went, remake what they touch; nothing else does, and looking costs no process.
FLAGS  := $(CC) $(CFLAGS) $(OWN_CFLAGS)
INPUTS := $(LDFLAGS) $(LIB_LIBS) $(LIB_SRC) $(TEST_SRC) $(EMBED)
differs = $(filter-out $(1),$(2))$(filter-out $(2),$(1))
$(BUILD)/flags: export TEXT = $(FLAGS)
$(BUILD)/inputs: export TEXT = $(INPUTS)
$(BUILD)/flags: $(if $(call differs,$(FLAGS),$(file <$(BUILD)/flags)),FORCE)
$(BUILD)/inputs: $(if $(call differs,$(INPUTS),$(file <$(BUILD)/inputs)),FORCE)
$(BUILD)/flags $(BUILD)/inputs:
	@mkdir -p $(@D); printf '%s\n' "$$TEXT" >$@

# ---- Running and proving

.PHONY: all run test check lint layers asan tsan bench fuzz soak cover screens screens-accept fmt \
    install uninstall dist clean help

run: all ## open the console on the demo, which needs no key and no network
	$(BUILD)/rerail demo $(ARGS)

STEPS := sh tests/tools/steps.sh $(BUILD)/log
ALL   ?= --all
RUN   := $(BUILD)/tests/run $(ALL) -j$(JOBS)

test: all $(BUILD)/tests/run ## run every test: the suites, the planted bugs, the README's commands
	@$(STEPS)/test 'suites: $(RUN)' $(foreach v,$(VARIANTS),'$(v): $(MAKE) --no-print-directory test-$(v)') \
	    'layers: sh tests/tools/layers.sh --self' 'names: sh tests/tools/names.sh --self' \
	    $(if $(strip $(PROGRAMS)),'readme: sh tests/tools/readme.sh $(BUILD)') 'faults: sh tests/tools/faults.sh $(BUILD)/log/test'

# Builds that only tests see: suites in tests/bugs run in one with the planted bugs, those in
# tests/fail in one with failpoints. They are made when there is such a suite.
VARIANTS := $(foreach v,bugs fail,$(if $(wildcard tests/$(v)/test_*.c),$(v)))
test-bugs test-fail: test-%:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/$* VARIANT=$* \
	    CFLAGS='$(CFLAGS) -DRERAIL_$(if $(filter bugs,$*),BUGS,FAILPOINTS)' test-variant
test-variant: all $(BUILD)/tests/run
	$(STEPS)/variant $(foreach s,$(call suites,$(wildcard tests/$(VARIANT)/*.c)),'$(s): $(BUILD)/tests/run --all $(s)')

CHECKS ?= lint test asan tsan fuzz test-repeat
check: ## what "done" means: lint, test, asan, tsan, fuzz, and the quick suites twenty times
	@$(STEPS)/check $(foreach goal,$(CHECKS),'$(goal): $(MAKE) -k --no-print-directory $(goal)')
test-repeat: $(BUILD)/tests/run
	@$< --repeat 20 -j$(JOBS)

# Sanitizers slow the programs down: fewer of what is tried at random, the same of all else.
FEWER := TEST_SEEDS=2000 TEST_KILLS=30
asan: ## the tests and the fuzzers' corpora under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan LDFLAGS='$(LDFLAGS) -fsanitize=address,undefined' \
	    CFLAGS='$(CFLAGS) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' \
	    test-asan
test-asan: export UBSAN_OPTIONS = print_stacktrace=1
test-asan: export ASAN_OPTIONS = allocator_may_return_null=1:detect_stack_use_after_return=1:strict_string_checks=1
test-asan: all $(BUILD)/tests/run test-replay
	$(FEWER) $(RUN)
tsan: ## the tests under the thread sanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan LDFLAGS='$(LDFLAGS) -fsanitize=thread' \
	    CFLAGS='$(CFLAGS) -O1 -fno-omit-frame-pointer -fsanitize=thread' test-tsan
test-tsan: export TSAN_OPTIONS = allocator_may_return_null=1:halt_on_error=1:second_deadlock_stack=1
test-tsan: all $(BUILD)/tests/run
	$(FEWER) $(RUN)

FUZZ_SECONDS ?= 20
FUZZ_SRC     := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS      := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
FUZZ_SAN     := -fsanitize=address,undefined -fno-sanitize-recover=undefined
fuzz: ## every fuzz target for FUZZ_SECONDS, from its corpus in tests/fuzz/corpus
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang LDFLAGS='$(LDFLAGS) $(FUZZ_SAN)' \
	    CFLAGS='$(CFLAGS) -O1 $(FUZZ_SAN) -fsanitize=fuzzer-no-link' test-fuzz
test-fuzz: $(addprefix test-fuzz-,$(FUZZERS))
$(addprefix test-fuzz-,$(FUZZERS)): test-fuzz-%: $(BUILD)/fuzz_%
	@sh tests/tools/fuzz.sh $< $(FUZZ_SECONDS)
test-replay: $(addprefix test-replay-,$(FUZZERS))
$(addprefix test-replay-,$(FUZZERS)): test-replay-%: $(BUILD)/replay_%
	@$< tests/fuzz/corpus/$*
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(LIB)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIB_LIBS) -lm
$(BUILD)/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIB)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $^ $(LIB_LIBS) -lm

# bench_*.c and bench_*.sh are run; other .c files are programs that they start; what they share is
# in tests/bench/kit. The empty program loads the libraries that rerail loads, no more.
BENCH_SRC := $(wildcard tests/bench/*.c)
BENCH_KIT := $(wildcard tests/bench/kit/*.c) tests/support/tape.c
bench: all $(BENCH_SRC:tests/bench/%.c=$(BUILD)/bench/%) ## measure; every figure beside its bound
	@$(STEPS)/bench $(foreach b,$(notdir $(wildcard tests/bench/bench_*.c)),'$(b:.c=): $(BUILD)/bench/$(b:.c=)') \
	    $(foreach b,$(notdir $(wildcard tests/bench/bench_*.sh)),'$(b:.sh=): sh tests/bench/$(b) $(BUILD)')
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(call obj,$(BENCH_KIT)) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $^ $(LIB_LIBS) -lm
$(BUILD)/bench/empty: $(BUILD)/tests/bench/empty.o $(BUILD)/rerail
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OWN_LDFLAGS) -Wl,--no-as-needed -o $@ $< \
	    $$(readelf -d $(BUILD)/rerail | sed -n 's/.*(NEEDED).*\[\(.*\)\]/-l:\1/p')

SOAK := TEST_SEEDS=200000 TEST_KILLS=5000 TEST_POINTS=4000 TEST_MALLOCS=2000 TEST_SESSIONS=1000 \
    TEST_LIMIT=36000
soak: all $(BUILD)/tests/run ## hours of the random tests and of fuzzing
	$(SOAK) $(RUN)
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=1200

cover: ## what the tests reach, by room
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/cover CFLAGS='$(CFLAGS) -O0 --coverage' \
	    LDFLAGS='$(LDFLAGS) --coverage' test-cover
test-cover: all $(BUILD)/tests/run
	@find $(BUILD) -name '*.gcda' -delete
	$(FEWER) $(RUN)
	@sh tests/tools/cover.sh $(BUILD)

screens: all $(BUILD)/tests/run ## compare the screens with those that were accepted
	$(BUILD)/tests/run screens
screens-accept: all $(BUILD)/tests/run ## accept the screens as they are; read the diff
	ACCEPT=1 $(BUILD)/tests/run screens

# ---- Reading

ALL_SRC := $(sort $(LIB_SRC) $(wildcard $(MAIN_SRC) $(EXEC_SRC)) $(TEST_SRC) $(BENCH_SRC) $(BENCH_KIT) \
    $(wildcard tests/fuzz/*.c tests/bugs/*.c tests/fail/*.c tests/preload/*.c))
ALL_HDR := $(wildcard core/*.h core/*/*.h history/*.h history/*/*.h tui/*.h tests/*.h tests/*/*.h)

layers: ## fail on an include that points up or across
	@sh tests/tools/layers.sh
lint: layers lint-names lint-files lint-analyze lint-clang ## layers, banned names, format, cppcheck, clang-tidy, gcc -fanalyzer, clang
lint-names:
	@sh tests/tools/names.sh
lint-analyze: # CUnit's fatal assertions do not return, which the analyzer cannot know: not the tests
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/analyze CC=gcc CFLAGS='-O2 -g -fanalyzer -Werror' lint-own
lint-clang:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang CC=clang CFLAGS='-O2 -g -Werror' lint-objects
lint-own: $(call obj,$(LIB_SRC) $(wildcard $(MAIN_SRC) $(EXEC_SRC)))
lint-objects: $(call obj,$(ALL_SRC))
lint-files: $(ALL_SRC:%.c=$(BUILD)/lint/%.c.ok) $(ALL_HDR:%=$(BUILD)/lint/%.ok)
# Suites of the builds that only tests see are read as they are built there.
$(BUILD)/tests/bugs/%.o $(BUILD)/lint/tests/bugs/%.c.ok: OWN_CFLAGS += -DRERAIL_BUGS
$(BUILD)/tests/fail/%.o $(BUILD)/lint/tests/fail/%.c.ok: OWN_CFLAGS += -DRERAIL_FAILPOINTS
# The object knows which headers the file includes.
$(BUILD)/lint/%.c.ok: %.c $(BUILD)/%.o .clang-tidy tests/.clang-tidy .clang-format tests/tools/lint.sh
	@sh tests/tools/lint.sh $< $@ $(OWN_CFLAGS) -I$(BUILD) -DPROGRAM_DIR='"$(BUILD)"'
$(BUILD)/lint/%.h.ok: %.h .clang-format tests/tools/lint.sh
	@sh tests/tools/lint.sh $< $@
fmt: ## set every source as .clang-format says
	clang-format -i $(ALL_SRC) $(ALL_HDR)

# ---- Installing

BINDIR   := $(DESTDIR)$(PREFIX)/bin
EXECDIR  := $(DESTDIR)$(PREFIX)/libexec/rerail
SHAREDIR := $(DESTDIR)$(PREFIX)/share
SHARED   := $(wildcard themes/*.yaml core/config/agents/*.md tui/agents/*.md core/sim/scenarios/*.yaml)
COMPLETIONS := bash:bash-completion/completions/rerail zsh:zsh/site-functions/_rerail \
    fish:fish/vendor_completions.d/rerail.fish

install: all ## install the programs, man page, completions, themes, agents, scenarios
	install -d $(BINDIR) $(EXECDIR) $(SHAREDIR)/man/man1
	install $(BUILD)/rerail $(BINDIR)
	install $(BUILD)/rerail-exec $(EXECDIR)
	$(BUILD)/rerail man >$(SHAREDIR)/man/man1/rerail.1
	for c in $(COMPLETIONS); do install -d "$$(dirname $(SHAREDIR)/$${c#*:})" && \
	    $(BUILD)/rerail completions "$${c%%:*}" >$(SHAREDIR)/$${c#*:} || exit 1; done
	for f in $(SHARED); do to=$(SHAREDIR)/rerail/$$(basename $$(dirname $$f)); \
	    install -d $$to && install -m 644 $$f $$to || exit 1; done
uninstall: ## remove what install put there
	rm -f $(BINDIR)/rerail $(SHAREDIR)/man/man1/rerail.1 $(foreach c,$(COMPLETIONS),$(SHAREDIR)/$(lastword $(subst :, ,$(c))))
	rm -rf $(EXECDIR) $(SHAREDIR)/rerail
	cd $(DESTDIR)$(PREFIX) 2>/dev/null && rmdir -p --ignore-fail-on-non-empty libexec share/man/man1 \
	    $(patsubst %/,share/%,$(dir $(foreach c,$(COMPLETIONS),$(lastword $(subst :, ,$(c)))))) 2>/dev/null || :
dist: ## a source archive of the last commit
	@mkdir -p dist
	git archive --prefix=rerail-$(VERSION)/ -o dist/rerail-$(VERSION).tar.gz HEAD
clean: ## remove what was built
	rm -rf $(BUILD) dist
help: ## print the goals
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' $(firstword $(MAKEFILE_LIST)) | \
	    while read -r goal text; do printf '  %-16s %s\n' "$$goal" "$$text"; done

-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC) embed.c)) $(BUILD)/rerail-exec.d
