/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct run, shared by run.c, the step_*.c files and adopt.c only.
 */
#ifndef CORE_AGENT_RUN_DATA_H
#define CORE_AGENT_RUN_DATA_H

#include "core/agent/breakpoint.h"
#include "core/agent/run.h"
#include "core/agent/run_spec.h"
#include "core/config/run_config.h"
#include "core/guard/idempotency.h"
#include "core/model/message.h"
#include "core/tool/policy.h"
#include "core/tool/tool.h"

#include <cjson/cJSON.h>

/* Where the state machine stands; the operator's pause does not change it. */
enum phase {
    PHASE_NEW,
    PHASE_BOUNDARY,      /* safe place: resting, or about to begin the next call */
    PHASE_MODEL_ADMIT,   /* the guards are asked, or said wait */
    PHASE_MODEL,         /* the call is in flight */
    PHASE_MODEL_BACKOFF, /* between two attempts */
    PHASE_TOOLS,         /* calls of the last answer are being carried out */
    PHASE_ENDED,         /* completed, cancelled or in error */
};

enum fault { /* that the operator asks for; kept in summaries by number */
             FAULT_NONE,
             FAULT_429,
             FAULT_500,
             FAULT_HANG,
             FAULT_CUT,
             FAULT_TOOL,
             FAULT_COUNT
};

enum call_status {
    CALL_WAITING,   /* may start when its turn comes */
    CALL_CHECKING,  /* the policy is asked */
    CALL_ASKED,     /* waits for approval */
    CALL_ADMITTING, /* the guards are asked, or said wait */
    CALL_SPAWNING,  /* its child is being made and held */
    CALL_RUNNING,
    CALL_BACKOFF,
    CALL_DOUBT,
    CALL_FINISHED, /* has its result; waits for those before it */
    CALL_ANSWERED, /* its result is a node of the chain */
};

struct tool_slot {
    enum call_status status;
    int64_t effect;
    int index;
    char *id, *name, *args;  /* as the model gave them; args as edited by the operator */
    const struct tool *tool; /* NULL when there is none of that name */
    char key[IDEMPOTENCY_KEY];
    struct hash call; /* (tool, canonical arguments) */
    int64_t attempt;  /* from 1; 0 = none yet */
    int64_t begun_us; /* mono, of the first attempt */
    int64_t epoch;    /* of the world when it started */
    enum failure last_failure;
    bool stopping;           /* a stop was asked for */
    bool approved;           /* a person said yes to it */
    bool faulted;            /* its attempt only seems to run: step_fault.c */
    bool edited;             /* the operator changed its arguments */
    int64_t pid, start_time; /* of its child, while it runs */
    char *boot_id;
    enum effect_state outcome;
    char *result; /* for the model */
    bool is_error;
};

struct counters {
    int64_t iterations, tool_calls, errors, retries;
    int64_t tokens_in, tokens_out, tokens_cached, cost; /* cost in micro-dollars */
    int64_t active_us;
    int64_t done, not_done; /* tool calls carried out, and not */
};

struct note { /* a message of the operator that waits for the boundary */
    char *text, *by;
};

struct jump { /* a move of the head that waits for the boundary */
    bool wanted;
    enum head_op op;
    int64_t to, dropped, effects;
    char *summary, *by, *reason, *tip;
    char *branch; /* FORK: the new one's name; SWITCH: the other's */
};

#define RUN_UNDO_MAX 64

struct jumps { /* places that were left, and can be returned to; the last one first */
    int64_t undo[RUN_UNDO_MAX], redo[RUN_UNDO_MAX];
    int undo_count, redo_count;
};

struct run_branch {
    int64_t number;
    char *name;
    int64_t head; /* where it was left; of the active one: not kept here */
    struct jumps jumps;
};

struct run {
    int64_t id;
    char *uid;
    struct run_spec *spec;
    struct run_config *config; /* the spec's */
    struct toolset *tools;

    enum run_state state;
    enum phase phase;
    char *reason;           /* why it is in this state */
    int64_t state_since_us; /* mono */
    int64_t last_us;        /* mono of the last input */
    int64_t spent_us[RUN_STATE_COUNT];

    int64_t node, depth, segment, branch; /* the head */
    struct hash chain;
    bool new_segment; /* the next node starts one */
    int64_t next_node, next_segment, next_branch, next_call, next_effect, next_seq;
    int64_t checkpoint; /* node of the newest checkpoint written or jumped to */

    struct counters branch_sum, total;              /* along the branch; never going back */
    int64_t extra_iterations, extra_us, extra_cost; /* granted by the operator */

    int go;          /* −1 free; otherwise how many world-touching steps may still be made */
    char *go_reason; /* why go is 0: "pause", "step", "timeout", … */
    bool cancelling; /* ends as cancelled at the boundary */
    bool finishing;  /* the next answer is the last: graceful completion */
    char *partial;   /* why the answer will be partial; NULL = it will not */
    bool recovering; /* on_error = recover was used for this task */
    bool parked;     /* a long Retry-After: its wait is not active time */

    int64_t call, attempt, attempt_us; /* the model call; mono of its attempt's start */
    bool final;
    enum call_variant variant;
    enum failure last_failure; /* of the call's newest attempt */
    bool repaired, varied;     /* the one-time remedies were used for this call */

    int64_t assistant; /* node whose calls are carried out */
    struct tool_slot *slots;
    size_t slot_count;

    struct hash last_call; /* loop guard: last (call, result) … */
    int64_t last_times;    /* … and how often in a row */

    struct note *notes;
    size_t note_count, note_cap;
    struct jump jump;
    struct jumps jumps; /* of the active branch */
    int tips;
    struct run_branch *branches;
    size_t branch_count, branch_cap;
    cJSON *changes; /* settings changed since the start: array of {name, value}; NULL = none */
    struct policy_grant *grants; /* owns their texts */
    size_t grant_count, grant_cap;
    struct idempotency_cache cache;
    enum fault fault, faulted; /* asked for; that the attempt in flight is */
    int64_t faults;            /* so many more */
    struct breakpoint *breaks;
    size_t break_count, break_cap;
    int64_t next_breakpoint;
    int64_t
        context_share; /* of the model's context, after the last answer: millionths of a percent */

    /* Only during run_step. */
    const struct input *input;
    struct step_out *out;
    int64_t head_before;
    bool checkpoint_due;
};

/* run.c: the common vocabulary of the step files. All work on run->input and run->out. */
struct record *run_record(struct run *run, enum record_kind kind);
struct action *run_action(struct run *run, enum action_kind kind);
/* Takes body, an object; event rows carry its text. */
void run_event(struct run *run, enum event_type type, int64_t node, cJSON *body);
void run_notice(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void run_enter(struct run *run, enum run_state state, const char *reason);
/* Takes body. The new node's number. */
int64_t run_append_body(struct run *run, enum node_kind kind, char *body, size_t len);
int64_t run_append(struct run *run, enum node_kind kind, const struct message *message);
void run_append_text(struct run *run, enum node_kind kind, enum message_role role,
                     const char *text);
void run_timer(struct run *run, enum timer_kind timer, int64_t effect, int64_t at_us);
/* No further world-touching step after `left` more (−1 = free). */
void run_allow(struct run *run, int left, const char *reason);
/* One step may be made: takes it from the allowance. False when there is none left. */
bool run_take_step(struct run *run);
/* seq 0 = only a place to go back to, not one to resume from. */
void run_record_checkpoint(struct run *run, int64_t seq);
void run_record_head(struct run *run); /* what was appended so far, for the branch */
double run_ms(int64_t us);

/* step_model.c */
void model_boundary(struct run *run);
void model_rest(struct run *run, const char *reason); /* completed before anything was asked */
void model_admission(struct run *run);
void model_answer(struct run *run);
void model_call_failed(struct run *run);
void model_timer(struct run *run);
void model_ask_admission(struct run *run);
void model_give_up(struct run *run, const char *cause);
void model_resume(struct run *run);
void model_deadline(struct run *run);
void model_interrupt(struct run *run, const char *cause);
void model_after_tools(struct run *run);
void model_abandon(struct run *run, const char *outcome, const char *cause);
void model_finish_gracefully(struct run *run, const char *why);
void model_recover_from(struct run *run, const char *type, const char *message);
void model_fail(struct run *run, const char *type, const char *message);

/* step_tool.c */
void tools_begin(struct run *run, const struct message *answer);
void tools_advance(struct run *run);
void tools_checked(struct run *run);
void tools_admission(struct run *run);
void tools_spawned(struct run *run);
void tools_done(struct run *run);
void tools_timer(struct run *run);
void tools_recover(struct run *run);
void tools_interrupt(struct run *run,
                     const char *why); /* everything pending is answered, what runs is stopped */
struct tool_slot *tools_find(struct run *run, int64_t effect);
void slot_finish(struct run *run, struct tool_slot *slot, enum effect_state outcome,
                 const char *result, bool is_error, const char *by);
void slot_ask(struct run *run, struct tool_slot *slot);
bool slot_stop(struct run *run, struct tool_slot *slot);
void slot_give_up(struct run *run, struct tool_slot *slot);
/* Takes new arguments and lets it run: NULL, or what is wrong with them (yours). */
char *slot_edit(struct run *run, struct tool_slot *slot, const char *args);
/* In doubt, and told to run: back to intent. */
void slot_renew(struct run *run, struct tool_slot *slot);
void slots_free(struct run *run);

/* tool_slot.c: one call */
void slot_record_intent(struct run *run, const struct tool_slot *slot);
struct record *slot_record_state(struct run *run, const struct tool_slot *slot,
                                 enum effect_state state, const char *by);
void slot_record_attempt_end(struct run *run, const struct tool_slot *slot, const char *outcome,
                             const char *cause);
void slot_answer(struct run *run, struct tool_slot *slot); /* its result joins the chain */
void slot_interrupt(struct run *run, struct tool_slot *slot, const char *why);
void slot_doubt(struct run *run, struct tool_slot *slot);
void slot_kill_left_over(struct run *run, struct tool_slot *slot);

/* step_verb.c */
void verb_step(struct run *run);

/* Already told to go no further: rests at once where nothing is in flight. */
void verb_hold(struct run *run);

/* branches.c */
struct run_branch *branches_named(struct run *run, const char *name); /* NULL = none */
struct run_branch *branches_active(struct run *run);
struct run_branch *branches_add(struct run *run, int64_t number, const char *name); /* borrowed */
void branches_free(struct run *run);
void branches_leave(struct run *run, int64_t head); /* the active one, whose head is there */
void branches_take(struct run *run, const struct run_branch *branch);
void branches_save(cJSON *root, const struct run *run);
void branches_load(struct run *run, const cJSON *root);

/* step_break.c */
struct breakpoint *breaks_find(struct run *run, int64_t number); /* NULL = none */
int breaks_add(struct run *run, const char *spec, int64_t *number, struct err *err);
void breaks_enable(struct run *run, struct breakpoint *breakpoint, bool enabled);
void breaks_drop(struct run *run, struct breakpoint *breakpoint);
void breaks_free(struct run *run);
void breaks_forget(struct run *run);   /* the head went back */
void breaks_boundary(struct run *run); /* the next model call is about to begin */
/* Before a step, and the records that it made: from batch place `from` on. */
struct moment_sums breaks_sums(const struct run *run);
void breaks_judge(struct run *run, size_t from, struct moment_sums *sums);

/* step_fault.c */
int fault_arm(struct run *run, const char *word, int64_t count); /* E_PARSE */
/* Whether the attempt that begins is to fail, and then nothing is to be done for it. */
bool fault_model(struct run *run);
bool fault_tool(struct run *run, struct tool_slot *slot);
void fault_call_off(struct run *run); /* the model's, when it is abandoned */

/* step_jump.c */
void jump_now(struct run *run); /* at the boundary, when run->jump.wanted */
void jump_clear(struct run *run);

/* grant.c */
void grant_add(struct run *run, const char *tool, const char *args);
void grant_call(struct run *run, const struct tool_slot *slot);
void grants_free(struct run *run);
/* Changes a setting of this run, for good: it is part of every later summary. */
int run_change(struct run *run, const char *name, const char *value, struct err *err);

/* limits.c: what stands in the way of the next model call; NULL = nothing. */
enum limit_action { LIMIT_PAUSE, LIMIT_FINISH };
struct limit_hit {
    const char *name;
    double value, max;
    enum limit_action action;
};
bool limits_hit(const struct run *run, struct limit_hit *out);
int64_t limits_left_us(const struct run *run); /* of the active time; INT64_MAX = no limit */

/* run_save.c */
char *run_save(const struct run *run);
int run_load_branch(struct run *run, const cJSON *summary); /* E_CORRUPT changes nothing */

#endif
