/* SPDX-License-Identifier: MIT */
/* A history in a folder of a test's own, opened as the program opens it, and questions about it. */
#ifndef TESTS_SUPPORT_SITE_H
#define TESTS_SUPPORT_SITE_H

#include "history/history.h"
#include "tests/support/tape.h"

#include <stdbool.h>
#include <stdint.h>

struct site {
    char *dir, *path;
    struct history *history; /* NULL = closed */
    struct history_report report;
    struct journal journal;
    struct tape tape;
    struct err err;
};

void site_name(struct site *s); /* a folder and a path; nothing is there yet */
int site_open(struct site *s);  /* history_open's codes; a tenth of a second for the lock */
bool site_set_up(struct site *s, int turns); /* named, opened, with one run of `turns` turns */
void site_tear_down(struct site *s);

int64_t site_findings(struct site *s);                 /* of fsck, printed; negative: its code */
int64_t site_count(struct site *s, const char *table); /* rows; -1 = cannot be read */
bool site_has_aside(const struct site *s);             /* something was moved aside */
char *site_file(const struct site *s, const char *suffix); /* yours: the path and the suffix */

#endif
