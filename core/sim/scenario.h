/* SPDX-License-Identifier: MIT */
/*
 * A scenario: what a scripted model says, from a YAML file (README.md has a whole one). The reply
 * is chosen by what the request contains and by nothing else, so that a run that was rolled back,
 * forked, resumed or killed gets the answer that belongs to where it is. Immutable once read.
 */
#ifndef CORE_SIM_SCENARIO_H
#define CORE_SIM_SCENARIO_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/sim/reply.h"

#include <stdbool.h>
#include <stddef.h>

struct asked;
struct yaml;

#define SCENARIO_MAX (1u << 20) /* bytes of a file */

struct scenario {
    struct yaml *doc; /* values are borrowed from it */
    char *name;       /* the file's name without folder and ending */
    char *description;
    char *model; /* what /v1/models lists; "simulator" */
    struct pace defaults;
    struct expectation *expects; /* of every request */
    size_t expect_count;
    struct reply *replies;
    size_t reply_count;
};

/* E_PARSE says "FILE:LINE: what", with the nearest right name where one was meant. */
int scenario_parse(struct scenario **out, const char *source, const char *text, size_t len,
                   struct err *err);
/* A path (it has a '/' or ends in .yaml), else the name of an embedded scenario, or of one in
   `share` (the installed folder of scenarios; may be NULL). E_NOTFOUND names the nearest. */
int scenario_find(struct scenario **out, const char *spec, const char *share, struct err *err);
void scenario_free(struct scenario *scenario);

/* Names of the embedded scenarios, in order; NULL behind the last. Borrowed only until the next
   call with the same box. */
const char *scenario_embedded(size_t index, char *box, size_t cap);

/* The first reply whose conditions hold, or NULL: then nothing of the scenario fits. */
const struct reply *scenario_choose(const struct scenario *scenario, const struct asked *asked);

/* Appends one line for every expectation, of the scenario and of the reply (may be NULL), that does
   not hold; returns how many were asked and counts the others in *failed. */
size_t scenario_expect(const struct scenario *scenario, const struct reply *reply,
                       const struct asked *asked, struct buf *differs, size_t *failed);

#endif
