/* SPDX-License-Identifier: MIT */
/*
 * The engine: one thread, one loop for all runs of this process: HTTP, child processes, timers, the
 * mailbox, the journal. Others talk to it by messages (engine_…, any thread) and hear of it by
 * news (a callback on the engine's thread that must not wait: a console posts them to its own
 * mailbox). What is stored, they read from history; only what is not, streaming text, rides along.
 */
#ifndef CORE_AGENT_ENGINE_H
#define CORE_AGENT_ENGINE_H

#include "core/agent/model_client.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/journal.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct mask;
struct run_spec;

enum news_kind {
    NEWS_STARTED, /* ticket, run, uid: turn_start or adopt worked */
    NEWS_REFUSED, /* ticket, text: it did not */
    NEWS_REPLY,   /* ticket, ok, text: the answer to a verb */
    NEWS_STORED,  /* seq: read the file up to there */
    NEWS_DELTA,   /* run, uid, call, delta, text: something to draw, not stored */
    NEWS_STALLED, /* text = why nothing can be stored (ok = yet); NULL = it can again */
    NEWS_LOST,    /* run, uid, text: another process owns it now */
    NEWS_AT_REST, /* nothing is in flight and nothing will happen by itself; told again after every
                     message that left it so */
    NEWS_STOPPED  /* the last: after engine_stop */
};

struct engine_news {
    enum news_kind kind;
    int64_t ticket, run, seq, call;
    const char *uid; /* borrowed for the call, as are the texts */
    bool ok;
    enum model_delta_kind delta;
    const char *text;
    size_t len;
};

/* A descriptor of somebody else that rides in the loop: the socket for other processes. Both are
   called on the engine's thread. */
struct engine_port {
    int (*fd)(void *self);
    void (*step)(void *self);
    void *self;
};

struct engine_options {
    struct journal journal; /* the engine's alone from now on */
    struct clock clock;
    const struct mask *mask;        /* of every known key; may be NULL; outlives the engine */
    const char *exec_path;          /* rerail-exec */
    const char *const *environment; /* NULL-terminated: what tools' environments are chosen from */
    const char *tmpdir;             /* private folder of this process; NULL = none */
    const char *const *own_folders; /* rerail's own: never a workspace */
    size_t own_count;
    const char *ca_file;
    void *self;
    void (*news)(void *self, const struct engine_news *news);
    /* Where a run's model is: called on the engine's thread when a run is opened. */
    int (*endpoint)(void *self, const struct run_spec *spec, struct endpoint *out, struct err *err);
    struct engine_port port; /* fd NULL = none */
};

/* Starts the thread. E_IO. */
int engine_new(struct engine **out, const struct engine_options *options, struct err *err);

/* Messages. A ticket is the sender's own number, told back with the answer; 0 = none wanted. */
void engine_start_run(struct engine *engine, int64_t ticket, struct run_spec *spec); /* moves */
/* `how`: "resume", "take-over", or "visit": it stays where it is, and only verbs move it. */
void engine_adopt(struct engine *engine, int64_t ticket, int64_t run, const char *how);
/* verb: {"verb":…, …arguments}, moved. `uid` names a run of this process. */
void engine_verb(struct engine *engine, int64_t ticket, const char *uid, cJSON *verb);
/* Ends it: what is in flight is stopped and recorded, runs rest where they are, leases are given
   back. NEWS_STOPPED comes within three seconds. */
void engine_stop(struct engine *engine);

/* Stops if it was not, waits for the thread, frees. */
void engine_free(struct engine *engine);

#endif
