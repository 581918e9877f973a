/* SPDX-License-Identifier: MIT */
/*
 * The world as a run's decisions reach it: models, tools, transcripts. The turn calls these after
 * the decision is on disk (but for check, which only looks); whatever comes of it comes back later
 * as an input through turn_post. The engine has the real one (engine_world.c); the deterministic
 * simulation has a fake. Engine thread only.
 */
#ifndef CORE_AGENT_WORLD_H
#define CORE_AGENT_WORLD_H

#include "core/agent/run.h"

#include <stdbool.h>
#include <stdint.h>

struct gate_hint;

struct world_class {
    /* A run begins or was taken from history; runs are borrowed until `close`. */
    int (*open)(void *self, struct run *run, struct err *err);
    void (*close)(void *self, struct run *run);
    /* The chain grew by this node, or (rewind) starts anew: nodes follow through `append`. */
    void (*append)(void *self, struct run *run, enum node_kind kind, const char *body, size_t len);
    void (*rewind)(void *self, struct run *run);
    /* What policy says of a call: fills the facts of an INPUT_CHECKED. Looks, changes nothing. */
    void (*check)(void *self, struct run *run, int64_t effect, cJSON *facts);
    /* CALL_MODEL, CANCEL_MODEL, START_TOOL, GO, STOP_TOOL, KILL, REPLY. */
    void (*act)(void *self, struct run *run, const struct action *action);
    /* Rate headers of the run's newest answer; NULL = none. */
    const struct gate_hint *(*hint)(void *self, struct run *run);
    /* Fills what only the transcript knows into a RECORD_CALL: parameters (body) and request hash.
     */
    void (*describe)(void *self, struct run *run, struct record *call);
    /* Events up to seq are stored. */
    void (*published)(void *self, int64_t seq);
    /* The journal cannot store (text = why; code E_CORRUPT = nor will it ever), or can again (0,
       NULL). */
    void (*stalled)(void *self, int code, const char *text);
    /* Another process owns the run now (text says what was found); it is closed next. */
    void (*lost)(void *self, struct run *run, const char *text);
};

struct world {
    const struct world_class *class;
    void *self;
};

#endif
