/* SPDX-License-Identifier: MIT */
/*
 * What a run was started with: the task, where it works, who serves its model, and its whole
 * configuration. Stored once as JSON with the run (RECORD_RUN) and read back from there, so that a
 * run can be rebuilt, resumed and verified from the file alone. Pure plain data.
 */
#ifndef CORE_AGENT_RUN_SPEC_H
#define CORE_AGENT_RUN_SPEC_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct run_config;
struct toolset;

/* What a run has of another one: it begins where that one stood. */
struct run_past {
    char *run;      /* uid of the other */
    int64_t step;   /* its node that the messages end with */
    char *messages; /* up to there, one a line as message.h stores them, without the other's system
                       prompt */
    bool held;      /* it begins paused */
    char *race;     /* begun with others at once: what all of them have; NULL = it was not */
    char *lane;     /* what it is called among them */
};

/* Moves the texts in. */
struct run_past *run_past_new(char *run, int64_t step, char *messages);
void run_past_free(struct run_past *past);

struct run_spec {
    char *task;
    char *provider;        /* "openai", "simulator:demo": as the header shows it */
    char *workspace;       /* absolute path of the folder that its tools work in */
    bool own_workspace;    /* that folder is rerail's own (the demo's): commands need no approval */
    bool interactive;      /* a person watches: limits ask instead of finishing */
    int loop;              /* RUN_LOOP_VERSION of the rerail that started it */
    struct run_past *past; /* NULL = it begins with its task */
    struct run_config *config;
};

/* Zeroed, with interactive false and the loop version of this rerail; config is moved in. */
struct run_spec *run_spec_new(struct run_config *config);
void run_spec_free(struct run_spec *spec);

char *run_spec_json(const struct run_spec *spec);                             /* yours */
int run_spec_parse(struct run_spec **out, const char *json, struct err *err); /* E_PARSE, E_NEWER */

/* The tools that its configuration names. E_NOTFOUND, E_EXISTS, E_PARSE: say which entry. */
int run_spec_toolset(struct toolset **out, const struct run_spec *spec, struct err *err);

#endif
