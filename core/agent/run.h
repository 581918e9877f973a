/* SPDX-License-Identifier: MIT */
/*
 * One run as a pure state machine: run_step takes an input and appends to `out` what was decided:
 * records to store and actions to perform once they are stored. No I/O, no clock, no chance but
 * what the input carries; the same inputs give the same decisions, in any process, at any time.
 *
 *   START ─► boundary ─► admission ─► model call ─► answer ─┬─► no calls: completed
 *              ▲             │ wait      │ failed           │
 *              │             ▼           ▼                  └─► calls: checked, asked, admitted,
 *              │          waiting_retry (backoff, gate,          started, retried, answered
 *              │          breaker), or error: on_error               │
 *              └──────────────────────────────────────────────────◄──┘
 *
 * A *boundary* is the safe place: every tool call has its answer, nothing is in flight. There, and
 * only there, messages are injected, a checkpoint is written, limits are judged, the operator's
 * pause takes hold, the head may jump (roll back, undo, redo), and the next model call begins.
 *
 * Engine thread (or a test) only. The struct is core/agent/run_data.h's, for the step_*.c files.
 */
#ifndef CORE_AGENT_RUN_H
#define CORE_AGENT_RUN_H

#include "core/agent/input.h"
#include "core/agent/state.h"
#include "core/failure.h"
#include "core/journal.h"

#include <stdbool.h>

struct run;
struct policy_grant;
struct run_spec;
struct tool;
struct toolset;

/* Raised whenever the same inputs may lead to other decisions; stored with every run. */
#define RUN_LOOP_VERSION 1

enum action_kind {
    ACTION_ADMIT,        /* ask the guards; their word comes back as INPUT_ADMISSION in this pass */
    ACTION_CHECK,        /* ask the policy about a call: INPUT_CHECKED in this pass */
    ACTION_CALL_MODEL,   /* call, attempt, final, variant */
    ACTION_CANCEL_MODEL, /* call */
    ACTION_START_TOOL,   /* effect, attempt, hold */
    ACTION_GO,           /* effect: let the held child run */
    ACTION_STOP_TOOL,    /* effect */
    ACTION_KILL,         /* pid, start_time, text (boot id): what an earlier owner left running */
    ACTION_TIMER,        /* timer, effect, at_us (mono; -1 = disarm) */
    ACTION_REWIND,       /* node: the transcript is rebuilt from the chain up to there */
    ACTION_REPLY,        /* ticket, ok, text: the answer to a verb */
};

enum timer_kind {
    TIMER_DEADLINE, /* of the run's active time */
    TIMER_MODEL,    /* the next attempt of the model call */
    TIMER_TOOL,     /* the next attempt of a tool call: effect says which */
    TIMER_FAULT,    /* a made-up failure comes: run_fault gives it */
};

enum call_variant {
    VARIANT_PLAIN,
    VARIANT_NO_EFFORT, /* without reasoning effort, for servers that refuse it beside tools */
    VARIANT_RESAMPLE,  /* once more, where the model's own call broke the server's checks */
};

struct action {
    enum action_kind kind;
    int64_t call, effect, attempt, node, ticket;
    int64_t pid, start_time;
    enum timer_kind timer;
    int64_t at_us;
    bool final; /* no tools wanted: graceful completion */
    bool hold;  /* the child waits for ACTION_GO */
    bool ok;
    enum call_variant variant;
    enum failure failure; /* ADMIT: how the attempt before ended */
    char *text;           /* REPLY, KILL: owned */
};

struct step_out {
    struct batch batch;
    struct action *actions;
    size_t action_count, action_cap;
};

void step_out_clear(struct step_out *out); /* empties it, memory kept */
void step_out_free(struct step_out *out);

/* A run in state idle. `spec` is the JSON text that RECORD_RUN stores (run_spec.h). E_PARSE,
   E_NEWER, or what its tools lack. */
int run_new(struct run **out, int64_t id, const char *uid, const char *spec, struct err *err);
/* Takes over a checkpoint's summary. E_CORRUPT leaves the run as it was. */
int run_restore(struct run *run, const char *summary, struct err *err);
void run_free(struct run *run);

/* Decides. The input must carry seq = run_next_seq(). Never fails: an input that does not fit the
   moment (a late timer, an answer to a cancelled call) changes nothing but is kept. */
void run_step(struct run *run, const struct input *input, struct step_out *out);

/* What was decided, as a hash: over records and actions, not over the bodies of events. `from` =
   the batch's and the actions' counts before the step. */
struct hash run_decision(const struct step_out *out, size_t batch_from, size_t action_from);

/* Plain facts for the engine; everything else is read from history. */
int64_t run_id(const struct run *run);
const char *run_uid(const struct run *run);
int64_t run_next_seq(const struct run *run);
enum run_state run_state(const struct run *run);
int64_t run_head(const struct run *run);
int64_t run_branch(const struct run *run);
bool run_finishing(const struct run *run); /* its call in hand wants words only */
bool run_in_flight(const struct run *run); /* a model call or a tool is at work, or about to be */
/* Where undo (or redo) would go; 0 = nowhere. */
int64_t run_undo_target(const struct run *run, bool redo);
/* Head of a branch by its name; 0 = there is none. */
int64_t run_branch_head(const struct run *run, const char *name);
const struct hash *run_chain(const struct run *run); /* of the head */
int64_t run_depth(const struct run *run);
bool run_jumped(const struct run *run); /* some branch was left: effects may repeat */
const struct run_spec *run_spec(const struct run *run);
const struct toolset *run_tools(const struct run *run);

/* What comes of a fault that was asked for, when its timer fires: yours to post, NULL = it was
   called off. */
struct input *run_fault(const struct run *run, int64_t effect, int64_t now_us);

/* What the engine needs to start a tool call. Borrowed until the next step. */
struct call_view {
    int64_t effect, attempt;
    const struct tool *tool;
    const char *args, *key;
    bool approved; /* a person said yes to exactly this call */
};
size_t run_grants(const struct run *run, const struct policy_grant **out); /* borrowed */
bool run_call_view(const struct run *run, int64_t effect, struct call_view *out);

#endif
