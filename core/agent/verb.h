/* SPDX-License-Identifier: MIT */
/*
 * What an operator can say to a run, from a key, the command line or the shell: one table. A verb
 * travels as a JSON object {"verb":NAME, "by":WHO, …arguments} and becomes an input of the run. The
 * answer is one line of text, done or refused.
 */
#ifndef CORE_AGENT_VERB_H
#define CORE_AGENT_VERB_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum verb_arg_kind { VERB_TEXT, VERB_INT, VERB_WORD, VERB_CHECKPOINT, VERB_EFFECT };

struct verb_arg {
    const char *name; /* member of the JSON object */
    enum verb_arg_kind kind;
    bool optional;
    const char *words; /* VERB_WORD: "once|always" */
};

#define VERB_ARGS_MAX 3

struct verb_info {
    const char *name;
    const char *help;
    struct verb_arg
        args[VERB_ARGS_MAX]; /* in order, for the command line; a last text takes the rest */
    bool jump;               /* needs a checkpoint's summary: the engine adds it */
    bool named;              /* its `node` must be a checkpoint: the engine says whether it is */
    bool guard;              /* for the guards of the process, not for the run's state machine */
};

const struct verb_info *verb_find(const char *name);
const struct verb_info *verb_table(size_t *count);

#endif
