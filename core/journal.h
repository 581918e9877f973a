/* SPDX-License-Identifier: MIT */
/*
 * Port: the journal, where a decision becomes durable before anybody acts on it. The engine hands
 * over a batch of records; history/ stores it in one transaction, all or nothing. Plain data here,
 * no SQL. Engine thread only. Text is UTF-8; times are wall-clock µs since 1970 unless they say so.
 *
 * Numbers of nodes, segments, branches, calls and effects are counted per run, from 1, by run_step
 * itself (0 = none), so that the same inputs always give the same numbers.
 *
 * The chain: a node's `chain` = sha256(parent.chain ‖ kind ‖ sha256(body) ‖ number); it names the
 * node in the world (idempotency keys are derived from it) and makes tampering visible.
 * Segments: a run of nodes appended one after the other with no jump. A head's path is a list of
 * segments (few), so "row 7,312 of this branch" is one indexed look-up by (segment, depth).
 */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/base/err.h"
#include "core/base/sha256.h"
#include "core/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a node of the chain is. The body of all but GENESIS is a message (core/model/message.h). */
enum node_kind {
    NODE_GENESIS,   /* {"task","agent","config_hash"}: where the chain of a run starts */
    NODE_SYSTEM,    /* the agent's system prompt, or the sentence of a recovery */
    NODE_USER,      /* the task, an injected message */
    NODE_ASSISTANT, /* a complete answer of the model */
    NODE_TOOL,      /* the result of one call, also a synthetic one */
    NODE_KIND_COUNT
};
const char *node_kind_name(enum node_kind kind);
/* The link of a node; `parent` is its parent's, all zero for the first; `body` the body's hash. */
struct hash node_chain(const struct hash *parent, enum node_kind kind, const struct hash *body,
                       int64_t number);

/* Ledger of effects: intent → started → an outcome. */
enum effect_state {
    EFFECT_INTENT,   /* decided; provably not begun */
    EFFECT_STARTED,  /* about to begin, or begun */
    EFFECT_OK,       /* outcome: the tool says it worked (a shell's non-zero exit too) */
    EFFECT_FAILED,   /* outcome: it failed, after all its attempts */
    EFFECT_STOPPED,  /* outcome: rerail stopped it; effects unknown */
    EFFECT_IN_DOUBT, /* started, and its outcome was lost */
    EFFECT_SKIPPED,  /* never ran: denied, invalid, interrupted, skipped by the operator */
    EFFECT_ASSUMED,  /* in doubt; the operator said that it happened */
    EFFECT_CACHED,   /* served from the idempotency cache */
    EFFECT_STATE_COUNT
};
const char *effect_state_name(enum effect_state state);

enum head_op {
    HEAD_APPEND,
    HEAD_ROLLBACK,
    HEAD_UNDO,
    HEAD_REDO,
    HEAD_FORK,
    HEAD_SWITCH,
    HEAD_OP_COUNT
};
const char *head_op_name(enum head_op op);

enum record_kind {
    RECORD_RUN,    /* once per run, first */
    RECORD_STATUS, /* the run's row for lists: state and totals */
    RECORD_INPUT,  /* what run_step was given, and the hash of what it decided */
    RECORD_SEGMENT,
    RECORD_NODE,
    RECORD_BRANCH, /* a new named head */
    RECORD_HEAD,   /* compare-and-swap of a branch's head; a jump also writes the reflog */
    RECORD_CHECKPOINT,
    RECORD_CALL, /* a model call begins */
    RECORD_CALL_END,
    RECORD_ATTEMPT, /* an attempt of a call or of an effect begins */
    RECORD_ATTEMPT_END,
    RECORD_EFFECT,       /* ledger: intent */
    RECORD_EFFECT_STATE, /* ledger: a transition */
    RECORD_EVENT,
    RECORD_LABEL,      /* a name on a node; empty text removes it */
    RECORD_BREAKPOINT, /* its row for lists; the body is its condition */
};

/* A record owns its texts and bodies (record_free). `body`/`len` are the large part: stored once by
   content hash, compressed. */
struct record {
    enum record_kind kind;
    int64_t run; /* the run's id, as journal_new_run gave it */
    int64_t wall_us;
    char *body; /* NODE, INPUT, RUN (config), CALL (parameters), EFFECT (arguments),
                   EFFECT_STATE (result), ATTEMPT_END (raw answer), EVENT, LABEL, CHECKPOINT */
    size_t len;
    union {
        struct {
            char *uid, *title, *agent, *model, *provider, *workspace;
            char *origin, *origin_uid; /* imported: the file's format, and what the run was called
                                          there; NULL = lived here */
            int64_t origin_us;         /* when that was */
            char *parent;              /* uid of the run that it begins with, or NULL … */
            int64_t parent_step;       /* … up to this node of it */
            char *race, *lane;         /* begun with others at once: all of them have the one, and
                                          each its own of the other; NULL = it was not */
        } run_row;
        struct {
            int state; /* enum run_state of core/agent/state.h */
            char *reason;
            int64_t iterations, tool_calls, errors, retries;
            int64_t tokens_in, tokens_out, tokens_cached, cost_microusd;
            int64_t branch; /* the active one */
        } status;
        struct {
            int64_t seq; /* per run, from 1, no gaps */
            int type;    /* enum input_kind of core/agent/input.h */
            int64_t mono_us;
            uint64_t random;
            char *facts;          /* small JSON object; the body is the large text, if any */
            struct hash decision; /* over everything run_step decided for it */
        } input;
        struct {
            int64_t segment, parent_segment; /* parent 0 = none */
            int64_t base_depth;              /* depth of its first node */
        } segment;
        struct {
            int64_t node, parent, segment, depth;
            enum node_kind type;
            struct hash chain;
        } node;
        struct {
            int64_t branch, from_branch, base;
            char *name;
        } branch;
        struct {
            int64_t branch, from, to;
            enum head_op op;
            char *actor, *reason;
        } head;
        struct {
            int64_t node, iteration,
                input_seq; /* state after input_seq; body = its summary, JSON */
        } checkpoint;
        struct {
            int64_t call, branch, parent; /* parent = the node that the request ends with */
            int64_t iteration;
            char *model, *provider;
            struct hash request; /* sha256(chain ‖ parameters ‖ tools) */
            bool ended;          /* CALL_END: the rest is filled in */
            int64_t node;        /* the answer's, 0 when it failed */
            int64_t tokens_in, tokens_out, tokens_cached, tokens_reasoning;
            int64_t cost_microusd;         /* -1 = price unknown */
            int64_t duration_us, first_us; /* first_us = time to first token; -1 = none */
            char *finish, *error;
        } call;
        struct {
            int64_t call, effect, n; /* one of call, effect is 0; n from 1 */
            char *outcome;           /* END: "ok", or the class of failure */
            char *cause;             /* END: one line for people */
            int status;              /* HTTP status or exit code; -1 none */
            int64_t duration_us, first_us;
            int64_t delay_us;   /* wait before the next attempt; -1 = there is none */
            char *delay_source; /* "backoff", "retry-after", "operator", … */
            char *request_id;   /* the server's own, if it told one */
            bool injected;      /* a fault made on purpose */
        } attempt;
        struct {
            int64_t effect, node, index; /* node = the assistant's, index of the call in it */
            char *tool, *policy, *call_id, *key;
            struct hash args;
            int64_t epoch;
        } effect;
        struct {
            int64_t effect;
            enum effect_state state;
            int64_t node;            /* the result's node, once there is one */
            int64_t pid, start_time; /* STARTED: of the held child; 0 for a job */
            char *boot_id, *by, *note;
        } effect_state;
        struct {
            enum event_type type;
            int64_t branch, node, seq; /* seq: filled in by the commit */
        } event;
        struct {
            int64_t node;
        } label;
        struct {
            int64_t breakpoint, hits;
            bool enabled, dropped;
        } breakpoint;
    };
};

struct batch {
    struct record *at; /* applied in this order */
    size_t count, cap;
    int64_t refused; /* filled in by a commit that ends in E_FENCED: the run to drop */
};

void record_free(struct record *record); /* what it owns, not the box */
struct record *batch_add(struct batch *batch,
                         enum record_kind kind); /* zeroed; borrowed until the next add */
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

/* One stored input, as run_step will get it again. */
struct stored_input {
    int64_t seq, wall_us, mono_us;
    int type;
    uint64_t random;
    char *facts;
    char *body; /* NULL when it has none */
    size_t len;
    struct hash decision;
};

/* Everything needed to go on with a run: the newest checkpoint of its active branch and the inputs
   decided since. Applying them again through run_step gives the state of the moment of the crash.
 */
struct run_image {
    int64_t run;
    char *uid, *config; /* config: JSON as stored with RECORD_RUN */
    char *workspace, *provider;
    char *summary; /* of that checkpoint; NULL = start from the first input */
    struct stored_input *inputs;
    size_t input_count;
};
void run_image_free(struct run_image *image);

struct chain_node {
    int64_t node, depth;
    enum node_kind type;
    const char *body; /* borrowed for the duration of the callback */
    size_t len;
};

/* An attempt of the last minutes, for the guards to remember after a restart. */
struct past_attempt {
    char *scope, *key;            /* "model" + "provider/model", or "tool" + "name@workspace" */
    int64_t wall_us, duration_us; /* wall_us: when it began */
    char *outcome;
};

/* Functions return 0 or a negative code; E_BUSY = another process holds the writer's lock, nothing
   was done, try again in a few ms; E_FULL and E_IO = nothing is known to be stored: hold everything
   back and hand over the same records again, first and in this order (more may follow); E_FENCED =
   batch.refused was taken over or its head moved, drop that run; E_CORRUPT. */
struct journal_class {
    /* That it can be read: opens it again, if a failure made that necessary. */
    int (*ready)(void *self, struct err *err);
    /* A fresh id for a run that this process will own. */
    int (*new_run)(void *self, int64_t *run, struct err *err);
    /* All or nothing, on disk on return (synchronous=FULL). */
    int (*commit)(void *self, struct batch *batch, struct err *err);
    /* Takes the lease of a run: E_DENIED names the pid of a living owner. */
    int (*claim)(void *self, int64_t run, struct err *err);
    int (*release)(void *self, int64_t run, struct err *err);
    int (*load)(void *self, int64_t run, struct run_image *out, struct err *err);
    /* The image of an older place: its checkpoint's summary, and no inputs. E_NOTFOUND when that
       node is no checkpoint. */
    int (*load_at)(void *self, int64_t run, int64_t node, struct run_image *out, struct err *err);
    /* From the root to `node` (0 = the active head), from depth `from` on; stops on non-zero. */
    int (*chain)(void *self, int64_t run, int64_t node, int64_t from,
                 int (*each)(void *ctx, const struct chain_node *node), void *ctx, struct err *err);
    /* Whether (tool, args) already ran in this run on a place that is not an ancestor of node:
       1 and the effect's number, wall time and branch name; 0 when not. */
    int (*repeated)(void *self, int64_t run, int64_t node, const char *tool,
                    const struct hash *args, int64_t *effect, int64_t *wall_us, char **branch,
                    struct err *err);
    int (*past)(void *self, int64_t since_wall_us, struct past_attempt **out, size_t *count,
                struct err *err);
    /* Called after commits and when idle; may hand a WAL checkpoint to a worker. Never blocks. */
    void (*tend)(void *self, bool idle);
};

struct journal {
    const struct journal_class *class;
    void *self;
};

#endif
