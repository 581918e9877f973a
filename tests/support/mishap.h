/* SPDX-License-Identifier: MIT */
/*
 * One run of the built program against a model that goes wrong as a scenario says, with waits so
 * short that nothing takes long, and no recovery, so that a failure ends as one. Judged as every
 * life is (program_judge) before the test looks at its own matter.
 */
#ifndef TESTS_SUPPORT_MISHAP_H
#define TESTS_SUPPORT_MISHAP_H

#include <stddef.h>

#include "tests/support/program.h"

struct mishap {
    struct program program;
    char *feed; /* the events of its history, one JSON line each */
    int code;
};

void mishap_open(struct mishap *mishap); /* a home; nothing runs yet */
void mishap_close(struct mishap *mishap);

/* exec against this scenario (YAML) to its end; `args` besides the usual, NULL = none. */
void mishap_run(struct mishap *mishap, const char *scenario, const char *const *args);
/* The same without waiting; then mishap_end. */
void mishap_begin(struct mishap *mishap, const char *scenario, const char *const *args);
void mishap_end(struct mishap *mishap);
/* Any command in the same home, to its end. */
void mishap_then(struct mishap *mishap, const char *const *argv);
/* Waits until what the running program has printed holds `text`. */
void mishap_await(struct mishap *mishap, const char *text);

size_t mishap_count(const struct mishap *mishap, const char *text); /* in the feed */
/* Fails the test, and shows the feed, unless each text is in it. Up to a NULL. */
void mishap_shows(const struct mishap *mishap, ...) __attribute__((sentinel));
/* It ended with this code after so many attempts of model calls. */
void mishap_ended(const struct mishap *mishap, int code, size_t attempts);

#endif
