/* SPDX-License-Identifier: MIT */
#include "tests/support/tape.h"

#include "core/base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BOOT_ID    "00000000-1111-2222-3333-444444444444"
#define STEP_US    1500
#define SUMMARY    600
#define START_WALL 1700000000000000

enum { INPUT_START, INPUT_ADMISSION, INPUT_ANSWER, INPUT_FAILED, INPUT_SPAWNED, INPUT_DONE };

void tape_init(struct tape *tape, int64_t run)
{
    *tape = (struct tape){.run = run, .wall_us = START_WALL, .mono_us = 1000000};
    snprintf(tape->uid, sizeof tape->uid, "%08" PRIx64 "-0000-4000-8000-000000000000",
             (uint64_t)run * 2654435761u % 0xffffffffu);
    tape->new_segment = true;
}

void tape_free(struct tape *tape)
{
    batch_free(&tape->batch);
}

static struct record *add(struct tape *tape, enum record_kind kind)
{
    struct record *r = batch_add(&tape->batch, kind);

    r->run = tape->run;
    r->wall_us = tape->wall_us;
    return r;
}

static void set_body(struct record *r, const char *body)
{
    r->body = mem_text(body);
    r->len = body ? strlen(body) : 0;
}

void tape_event(struct tape *tape, enum event_type type, const char *body)
{
    struct record *r = add(tape, RECORD_EVENT);

    r->event.type = type;
    r->event.branch = tape->branch;
    r->event.node = tape->node;
    set_body(r, body);
}

static void event(struct tape *tape, enum event_type type, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void event(struct tape *tape, enum event_type type, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tape_event(tape, type, text);
}

void tape_input(struct tape *tape, int type, const char *facts, const char *body)
{
    struct record *r = add(tape, RECORD_INPUT);

    tape->wall_us += STEP_US;
    tape->mono_us += STEP_US;
    r->input.seq = ++tape->inputs;
    r->input.type = type;
    r->input.mono_us = tape->mono_us;
    r->input.random = (uint64_t)tape->inputs * 0x9e3779b97f4a7c15u;
    r->input.facts = mem_text(facts);
    r->input.decision = sha256(&r->input.random, sizeof r->input.random);
    set_body(r, body);
}

void tape_node(struct tape *tape, enum node_kind kind, const char *body)
{
    if (tape->new_segment) {
        struct record *s = add(tape, RECORD_SEGMENT);
        s->segment.parent_segment = tape->segment;
        s->segment.base_depth = tape->depth + 1;
        tape->segment = s->segment.segment = ++tape->segments;
        tape->new_segment = false;
    }
    struct record *r = add(tape, RECORD_NODE);
    struct hash content = sha256(body, strlen(body));
    r->node.node = ++tape->nodes;
    r->node.parent = tape->node;
    r->node.segment = tape->segment;
    r->node.depth = ++tape->depth;
    r->node.type = kind;
    r->node.chain = tape->chain = node_chain(&tape->chain, kind, &content, tape->nodes);
    tape->node = tape->nodes;
    set_body(r, body);
}

static void head(struct tape *tape, int64_t from)
{
    struct record *r = add(tape, RECORD_HEAD);

    r->head.branch = tape->branch;
    r->head.from = from;
    r->head.to = tape->node;
    r->head.op = HEAD_APPEND;
}

static void status(struct tape *tape, int state, const char *reason)
{
    struct record *r = add(tape, RECORD_STATUS);

    r->status.state = state;
    r->status.reason = mem_text(reason);
    r->status.iterations = tape->iteration;
    r->status.tool_calls = tape->effects;
    r->status.tokens_in = tape->calls * 1000;
    r->status.tokens_out = tape->calls * 50;
    r->status.cost_microusd = tape->calls * 300;
    r->status.branch = tape->branch;
    event(tape, EVENT_STATE_CHANGE,
          "{\"from\":\"running\",\"to\":\"waiting_for_tool\",\"reason\":\"%s\",\"spent_ms\":%d.5}",
          reason, (int)(tape->mono_us % 1000));
}

static void attempt(struct tape *tape, int64_t call, int64_t effect)
{
    struct record *r = add(tape, RECORD_ATTEMPT);

    r->attempt.call = call;
    r->attempt.effect = effect;
    r->attempt.n = 1;
}

static void attempt_end(struct tape *tape, int64_t call, int64_t effect, const char *outcome,
                        const char *cause)
{
    struct record *r = add(tape, RECORD_ATTEMPT_END);

    r->attempt.call = call;
    r->attempt.effect = effect;
    r->attempt.n = 1;
    r->attempt.outcome = mem_text(outcome);
    r->attempt.cause = mem_text(cause);
    r->attempt.status = call ? 200 : 0;
    r->attempt.duration_us = 1200000 + tape->calls % 1000;
    r->attempt.first_us = call ? 210000 : -1;
    r->attempt.delay_us = -1;
    r->attempt.request_id = call ? mem_text("req_0123456789abcdef") : NULL;
}

static void begin_call(struct tape *tape)
{
    struct record *r = add(tape, RECORD_CALL);

    r->call.call = ++tape->calls;
    r->call.branch = tape->branch;
    r->call.parent = tape->node;
    r->call.iteration = ++tape->iteration;
    r->call.model = mem_text("gpt-4o-mini");
    r->call.provider = mem_text("openai");
    r->call.request = sha256(&tape->chain, sizeof tape->chain);
    set_body(r,
             "{\"model\":\"gpt-4o-mini\",\"temperature\":0,\"max_tokens\":4096,\"stream\":true}");
    attempt(tape, tape->calls, 0);
    event(tape, EVENT_LLM_START, "{\"call\":%" PRId64 ",\"iteration\":%" PRId64 ",\"attempt\":1}",
          tape->calls, tape->iteration);
    status(tape, 1, "model");
    tape_input(tape, INPUT_ADMISSION, "{\"scope\":\"model\",\"yes\":true}", NULL);
}

static void end_call(struct tape *tape, int64_t node, const char *error)
{
    struct record *r = add(tape, RECORD_CALL_END);

    r->call.call = tape->calls;
    r->call.ended = true;
    r->call.node = node;
    r->call.tokens_in = 1000 + tape->calls;
    r->call.tokens_out = 50;
    r->call.cost_microusd = 300;
    r->call.duration_us = 1200000;
    r->call.first_us = 210000;
    r->call.finish = error ? NULL : mem_text("tool_calls");
    r->call.error = mem_text(error);
    event(tape, EVENT_LLM_ATTEMPT,
          "{\"call\":%" PRId64 ",\"attempt\":1,\"outcome\":\"%s\",\"status\":200}", tape->calls,
          error ? error : "ok");
    event(tape, EVENT_LLM_CALL, "{\"call\":%" PRId64 ",\"attempts\":1}", tape->calls);
}

void tape_checkpoint(struct tape *tape)
{
    struct record *r = add(tape, RECORD_CHECKPOINT);
    size_t len = tape->summary ? tape->summary : SUMMARY;
    char *text = mem_new(len + 256);
    size_t at = (size_t)snprintf(text, 256,
                                 "{\"node\":%" PRId64 ",\"depth\":%" PRId64 ",\"calls\":%" PRId64
                                 ",\"effects\":%" PRId64 ",\"spent_us\":[",
                                 tape->node, tape->depth, tape->calls, tape->effects);

    while (at < len)
        at += (size_t)snprintf(text + at, 32, "%zu,",
                               (at * 7919 + (size_t)tape->node * 104729) % 100000);
    memcpy(text + at - 1, "]}", 3);
    r->checkpoint.node = tape->node;
    r->checkpoint.iteration = tape->iteration;
    r->checkpoint.input_seq = tape->inputs + 1; /* the input of this step comes last */
    r->body = text;
    r->len = strlen(text);
    event(tape, EVENT_CHECKPOINT, "{\"iteration\":%" PRId64 "}", tape->iteration);
}

void tape_start(struct tape *tape, const char *task)
{
    char body[512];
    struct record *r = add(tape, RECORD_RUN);

    r->run_row.uid = mem_text(tape->uid);
    r->run_row.title = mem_text(task);
    r->run_row.agent = mem_text("shopping-assistant");
    r->run_row.model = mem_text("gpt-4o-mini");
    r->run_row.provider = mem_text("openai");
    r->run_row.workspace = mem_text("/tmp/workspace");
    set_body(r, "{\"agent\":\"shopping-assistant\",\"limits\":{\"max_iterations\":10}}");
    r = add(tape, RECORD_BRANCH);
    r->branch.branch = tape->branch = ++tape->branches;
    r->branch.name = mem_text("main");
    snprintf(body, sizeof body, "{\"run\":\"%s\",\"agent\":\"shopping-assistant\",\"loop\":1}",
             tape->uid);
    tape_node(tape, NODE_GENESIS, body);
    event(tape, EVENT_SESSION_START, "{\"task\":\"%s\"}", task);
    snprintf(body, sizeof body, "{\"role\":\"user\",\"content\":\"%s\"}", task);
    tape_node(tape, NODE_USER, body);
    head(tape, 0);
    tape_checkpoint(tape);
    tape_input(tape, INPUT_START, "{}", NULL);
    begin_call(tape);
}

void tape_answer(struct tape *tape, const char *text, const char *tool, const char *args)
{
    char body[4096];
    int64_t from = tape->node;

    snprintf(body, sizeof body,
             "{\"role\":\"assistant\",\"content\":\"%s\",\"tool_calls\":[{\"id\":\"call_%" PRId64
             "\",\"name\":\"%s\",\"arguments\":\"%s\"}],\"finish_reason\":\"tool_calls\"}",
             text, tape->effects + 1, tool, "{}");
    attempt_end(tape, tape->calls, 0, "ok", NULL);
    tape_node(tape, NODE_ASSISTANT, body);
    tape->assistant = tape->node;
    end_call(tape, tape->node, NULL);
    head(tape, from);
    struct record *r = add(tape, RECORD_EFFECT);
    char id[32], key[65];
    snprintf(id, sizeof id, "call_%" PRId64, tape->effects + 1);
    sha256_text(key, &tape->chain);
    key[32] = '\0';
    r->effect.effect = ++tape->effects;
    r->effect.node = tape->assistant;
    r->effect.tool = mem_text(tool);
    r->effect.policy = mem_text(tape->policy ? tape->policy : "once");
    r->effect.call_id = mem_text(id);
    r->effect.key = mem_text(key);
    r->effect.args = sha256(args, strlen(args));
    set_body(r, args);
    tape_input(tape, INPUT_ANSWER,
               "{\"call\":1,\"attempt\":1,\"duration_us\":1200000,\"first_us\":210000,"
               "\"finish\":\"tool_calls\",\"model\":\"gpt-4o-mini\",\"tokens_in\":1000,"
               "\"tokens_out\":50,\"request_id\":\"req_0123456789abcdef\"}",
               body);
    tape_input(tape, INPUT_ADMISSION, "{\"scope\":\"tool\",\"effect\":1,\"yes\":true}", NULL);
}

void tape_started(struct tape *tape)
{
    struct record *r = add(tape, RECORD_EFFECT_STATE);

    r->effect_state.effect = tape->effects;
    r->effect_state.state = EFFECT_STARTED;
    r->effect_state.pid = 4321;
    r->effect_state.start_time = 99887766;
    r->effect_state.boot_id = mem_text(BOOT_ID);
    attempt(tape, 0, tape->effects);
    event(tape, EVENT_TOOL_START, "{\"effect\":%" PRId64 ",\"attempt\":1}", tape->effects);
    status(tape, 2, "tool");
    tape_input(tape, INPUT_SPAWNED,
               "{\"effect\":1,\"pid\":4321,\"start_time\":99887766,\"boot_id\":\"" BOOT_ID "\"}",
               NULL);
}

static void effect_state(struct tape *tape, enum effect_state state, int64_t node,
                         const char *result)
{
    struct record *r = add(tape, RECORD_EFFECT_STATE);

    r->effect_state.effect = tape->effects;
    r->effect_state.state = state;
    r->effect_state.node = node;
    set_body(r, result);
}

void tape_outcome(struct tape *tape, enum effect_state outcome, const char *result)
{
    char body[4096];
    int64_t from = tape->node;

    attempt_end(tape, 0, tape->effects, outcome == EFFECT_OK ? "ok" : "failed", NULL);
    effect_state(tape, outcome, 0, result);
    event(tape, EVENT_TOOL_ATTEMPT, "{\"effect\":%" PRId64 ",\"attempt\":1,\"outcome\":\"ok\"}",
          tape->effects);
    snprintf(body, sizeof body,
             "{\"role\":\"tool\",\"tool_call_id\":\"call_%" PRId64
             "\",\"name\":\"shell\",\"content\":\"%s\"}",
             tape->effects, result);
    tape_node(tape, NODE_TOOL, body);
    effect_state(tape, outcome, tape->node, NULL);
    event(tape, EVENT_TOOL_CALL,
          "{\"effect\":%" PRId64 ",\"duration_ms\":4.5,\"outcome\":\"ok\",\"attempts\":1}",
          tape->effects);
    head(tape, from);
    tape_checkpoint(tape);
    tape_input(tape, INPUT_DONE,
               "{\"effect\":1,\"attempt\":1,\"outcome\":\"ok\",\"status\":0,\"duration_us\":4500}",
               result);
    begin_call(tape);
}

void tape_final(struct tape *tape, const char *text)
{
    char body[4096];
    int64_t from = tape->node;

    snprintf(body, sizeof body,
             "{\"role\":\"assistant\",\"content\":\"%s\",\"finish_reason\":\"stop\"}", text);
    attempt_end(tape, tape->calls, 0, "ok", NULL);
    tape_node(tape, NODE_ASSISTANT, body);
    end_call(tape, tape->node, NULL);
    head(tape, from);
    tape_checkpoint(tape);
    event(tape, EVENT_SESSION_COMPLETE, "{\"status\":\"success\"}");
    status(tape, 8, "completed");
    tape_input(tape, INPUT_ANSWER, "{\"call\":1}", body);
}

void tape_failed_attempt(struct tape *tape, const char *outcome, const char *cause)
{
    attempt_end(tape, tape->calls, 0, outcome, cause);
    end_call(tape, 0, outcome);
    tape_input(tape, INPUT_FAILED, "{\"call\":1,\"class\":\"http_5xx\"}", NULL);
    begin_call(tape);
}

void tape_jump(struct tape *tape, enum head_op op, int64_t to, int64_t depth, int64_t segment,
               const struct hash *chain)
{
    struct record *r = add(tape, RECORD_HEAD);

    r->head.branch = tape->branch;
    r->head.from = tape->node;
    r->head.to = to;
    r->head.op = op;
    r->head.actor = mem_text("console");
    event(tape, EVENT_ROLLBACK, "{\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"op\":\"%s\"}",
          tape->node, to, head_op_name(op));
    tape->node = to;
    tape->depth = depth;
    tape->segment = segment;
    tape->chain = *chain;
    tape->new_segment = true;
    status(tape, 5, "rolled back");
    tape_input(tape, 7, "{\"verb\":\"rollback\"}", NULL);
}

void tape_label(struct tape *tape, int64_t node, const char *text)
{
    struct record *r = add(tape, RECORD_LABEL);

    r->label.node = node;
    set_body(r, text);
    tape_input(tape, 7, "{\"verb\":\"label\"}", NULL);
}

/* As the engine: while another has the lock (the keeper, often), it tries again in a moment. */
int tape_commit(struct tape *tape, const struct journal *journal, struct err *err)
{
    int rc;

    while ((rc = journal->class->commit(journal->self, &tape->batch, err)) == E_BUSY)
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    if (rc == 0)
        batch_clear(&tape->batch);
    return rc;
}

int tape_turn(struct tape *tape, const struct journal *journal, struct err *err)
{
    char args[64], result[64];

    snprintf(args, sizeof args, "{\"command\":\"echo %" PRId64 "\"}", tape->iteration);
    snprintf(result, sizeof result, "%" PRId64, tape->iteration);
    tape_answer(tape, "", "shell", args);
    int rc = tape_commit(tape, journal, err);
    if (rc == 0) {
        tape_started(tape);
        rc = tape_commit(tape, journal, err);
    }
    if (rc == 0) {
        tape_outcome(tape, EFFECT_OK, result);
        rc = tape_commit(tape, journal, err);
    }
    return rc;
}

int tape_record(struct tape *tape, const struct journal *journal, int turns, struct err *err)
{
    int64_t run;
    int rc = journal->class->new_run(journal->self, &run, err);

    if (rc < 0)
        return rc;
    tape_init(tape, run);
    tape_start(tape, "Find a laptop under $1000");
    rc = tape_commit(tape, journal, err);
    for (int i = 0; rc == 0 && i < turns; i++)
        rc = tape_turn(tape, journal, err);
    return rc;
}
