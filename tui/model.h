/* SPDX-License-Identifier: MIT */
/*
 * What the console knows: the run it looks at, read from history whenever something was stored, and
 * the text that streams in meanwhile. Panels draw from it and never change it but through the
 * functions here. A live, an attached and a stored run differ in `hand` alone: whether verbs reach
 * it, and how.
 *
 * Rows live in an arena that model_read refills, so nothing borrowed from here survives it. Main
 * thread only.
 */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include "core/agent/engine.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/guard/health.h"
#include "history/query.h"
#include "history/query_chain.h"
#include "history/query_run.h"
#include "history/query_work.h"
#include "tui/passage.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct run_config;

/* What a panel is about, so that Detail shows what the others select. */
enum subject_kind {
    SUBJECT_NONE,
    SUBJECT_NODE,   /* a message of the chain */
    SUBJECT_CALL,   /* a model call that has no answer (yet), with its attempts */
    SUBJECT_EFFECT, /* a tool call: arguments, result, attempts */
    SUBJECT_REPORT, /* what a command run beside the console prints */
    SUBJECT_RUN
};

struct subject {
    enum subject_kind kind;
    int64_t id; /* node, call, effect or run number */
};

/* Text of the model call in flight: not stored, gone when its answer is. */
struct live_text {
    int64_t run, call;
    struct buf text, reasoning, calls;
    uint64_t version; /* grows with every piece */
};

/* What a command that was asked for by `:` prints: the shell's own, on the screen. */
struct report {
    char *title;      /* NULL = there is none */
    int64_t number;   /* another one for each */
    struct buf text;  /* so far */
    bool going;       /* more may come */
    uint64_t version; /* grows with every piece */
};

/* Who can act on the run. */
enum run_hand {
    HAND_NOBODY, /* stored: a verb that needs an owner takes it first */
    HAND_OURS,   /* this process owns it */
    HAND_OTHER,  /* a living process does: verbs go over its socket */
};

#define MODEL_GROUPS 6 /* the run's whole window, its model and its tools: figures each */

struct health_group {
    const char *name; /* in the arena; NULL = all of the run */
    struct health_figures figures;
};

struct model {
    struct query *query;     /* read-only; borrowed */
    int64_t now_us, wall_us; /* set by the console before each update */

    int64_t run; /* the one looked at; 0 = none */
    struct arena arena;
    struct run_row row;
    enum run_hand hand;
    int64_t own_pid;
    struct chain_path path; /* of the active head */
    struct open_work open;
    struct passage passage;
    struct attempt_row *window; /* newest first */
    size_t window_count;
    struct health_group groups[MODEL_GROUPS];
    size_t group_count;
    struct segment_row *segments; /* the tree; rolled-back rows are those off the path */
    size_t segment_count;
    int64_t undo, redo; /* where they lead; 0 = nowhere */
    int64_t checkpoints, runs;
    int64_t context_used;      /* tokens in the last request and its answer; 0 = unknown */
    struct run_config *config; /* as stored with the run; NULL = could not be read */
    int64_t extra_iterations;  /* that the operator gave */

    struct live_text live;
    struct report report;
    struct subject subject;
    const void *subject_by; /* the panel that selected it: it may move it by itself */
    bool stale;             /* read again whatever the file says */
    bool unread;            /* a panel has read a part of what it shows: it wants another frame */
    char *stalled;          /* why nothing can be stored; NULL = it can */
    char notice[512];       /* the last answer to a verb, or an error; "" = none */
    bool notice_bad;
    int64_t notice_us; /* mono: when it was set */
    int64_t heard;     /* the last event that became a notice */
    uint64_t version;  /* grows with every read that found something new */

    int then;     /* an action that an overlay wants next; 0 = none */
    cJSON *asked; /* array of verbs for the run, for the console to send; NULL = none */
};

void model_init(struct model *model, struct query *query);
void model_free(struct model *model);

/* A report begins, and is the subject; all of its text so far; it is the subject again. */
void model_report(struct model *model, const char *title);
void model_report_text(struct model *model, const char *text, size_t len, bool going);
void model_show_report(struct model *model);

/* Looks at another run (0 = none). */
void model_show(struct model *model, int64_t run);
/* Reads again what changed; cheap when nothing did. True when something did. */
bool model_read(struct model *model);
/* A piece of streaming text. */
void model_live(struct model *model, const struct engine_news *delta);
/* A line for the operator, until the next or for some seconds. */
void model_say(struct model *model, bool bad, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A verb for the run, on its way: {"verb":NAME}; add arguments to what it returns (borrowed). */
cJSON *model_ask(struct model *model, const char *verb);
bool model_is_live(const struct model *model); /* at work in a living process */

#endif
