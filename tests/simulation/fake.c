/* SPDX-License-Identifier: MIT */
#include "tests/simulation/fake.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/failure.h"
#include "core/guard/gate.h"
#include "core/model/message.h"
#include "core/model/profile.h"
#include "core/model/transcript.h"
#include "core/tool/tool.h"
#include "tests/simulation/universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum due_kind { DUE_MODEL, DUE_HELD, DUE_TOOL };

struct due {
    enum due_kind kind;
    int64_t at_us, run, call, effect, attempt;
    bool final, stopping, running;
    int64_t node; /* a recorded result to serve */
};

struct room { /* one run's conversation */
    int64_t run;
    struct transcript *transcript;
};

struct fake {
    struct universe *u;
    struct due *due;
    size_t count, cap;
    struct room rooms[UNIVERSE_RUNS];
    size_t room_count;
    bool reply_ok;
    struct gate_hint hint;
};

struct fake *fake_new(struct universe *u)
{
    struct fake *fake = mem_new(sizeof *fake);

    fake->u = u;
    gate_hint_init(&fake->hint);
    return fake;
}

void fake_free(struct fake *fake)
{
    if (!fake)
        return;
    for (size_t i = 0; i < fake->room_count; i++)
        transcript_free(fake->rooms[i].transcript);
    free(fake->due);
    free(fake);
}

bool fake_reply_ok(const struct fake *fake)
{
    return fake->reply_ok;
}

static struct due *schedule(struct fake *fake, enum due_kind kind, const struct run *run,
                            int64_t most_us)
{
    fake->due = mem_room(fake->due, fake->count, &fake->cap, sizeof *fake->due);
    struct due *due = &fake->due[fake->count++];

    memset(due, 0, sizeof *due);
    due->kind = kind;
    due->run = run_id(run);
    due->at_us = fake->u->mono_us + (int64_t)universe_draw(fake->u, (uint64_t)most_us + 1);
    return due;
}

int64_t fake_next_us(const struct fake *fake)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < fake->count; i++)
        if (fake->due[i].at_us < next)
            next = fake->due[i].at_us;
    return next;
}

static struct due *find(struct fake *fake, const struct run *run, int64_t effect)
{
    for (size_t i = 0; i < fake->count; i++)
        if (fake->due[i].run == run_id(run) && fake->due[i].effect == effect)
            return &fake->due[i];
    return NULL;
}

static void forget(struct fake *fake, const struct due *due)
{
    fake->due[due - fake->due] = fake->due[--fake->count];
}

/* --- the conversation ----------------------------------------------------------------------------
 */

static struct room *room_of(struct fake *fake, const struct run *run)
{
    for (size_t i = 0; i < fake->room_count; i++)
        if (fake->rooms[i].run == run_id(run))
            return &fake->rooms[i];
    return NULL;
}

static struct transcript *new_transcript(void)
{
    const struct transcript_options options = {.profile = profile_find("generic"), .model = "fake"};
    struct transcript *transcript = NULL;

    (void)transcript_new(&transcript, &options, NULL);
    return transcript;
}

static int fake_open(void *self, struct run *run, struct err *err)
{
    struct fake *fake = self;

    (void)err;
    fake->rooms[fake->room_count++] =
        (struct room){.run = run_id(run), .transcript = new_transcript()};
    return 0;
}

static void fake_close(void *self, struct run *run)
{
    struct fake *fake = self;
    struct room *room = room_of(fake, run);

    if (!room)
        return;
    transcript_free(room->transcript);
    *room = fake->rooms[--fake->room_count];
    for (size_t i = 0; i < fake->count;)
        if (fake->due[i].run == run_id(run))
            forget(fake, &fake->due[i]);
        else
            i++;
}

static void fake_append(void *self, struct run *run, enum node_kind kind, const char *body,
                        size_t len)
{
    struct fake *fake = self;
    struct room *room = room_of(fake, run);
    struct message *message = NULL;
    struct err err = {0};

    (void)kind;
    if (message_parse(&message, body, len, &err) < 0 ||
        transcript_append(room->transcript, message, &err) < 0)
        universe_break(fake->u, "run %lld: a node does not fit the conversation: %s",
                       (long long)run_id(run), err.msg);
    message_free(message);
}

static void fake_rewind(void *self, struct run *run)
{
    transcript_truncate(room_of(self, run)->transcript, 0);
}

/* --- the outside world
 * ----------------------------------------------------------------------------- */

/* Something is really carried out. */
static void carry_out(struct fake *fake, struct run *run, int64_t effect)
{
    struct call_view view;
    struct seen_run *seen = universe_run(fake->u, run_id(run));

    if (!run_call_view(run, effect, &view) || !view.tool) {
        universe_break(fake->u, "a tool runs that the run does not know");
        return;
    }
    universe_judge_ledger(fake->u, run_id(run), effect, view.tool->policy == TOOL_PURE);
    if (view.tool->policy == TOOL_PURE)
        return;
    struct seen_effect *known = universe_effect(fake->u, view.key);
    known->once = view.tool->policy == TOOL_ONCE;
    known->times++;
    seen->version++;
    if (known->once && known->times > known->allowed)
        universe_break(fake->u, "run %lld: the once effect %lld ran %d times",
                       (long long)run_id(run), (long long)effect, known->times);
}

static void start_tool(struct fake *fake, struct run *run, const struct action *action)
{
    struct due *due = schedule(fake, action->hold ? DUE_HELD : DUE_TOOL, run,
                               action->hold ? 2 * US_PER_MS : 4 * (int64_t)US_PER_S);

    due->effect = action->effect;
    due->attempt = action->attempt;
    due->node = action->node;
    due->running = !action->hold;
    if (!action->hold && action->node == 0)
        carry_out(fake, run, action->effect);
    else if (action->node > 0 && universe_run(fake->u, due->run)->cached_version !=
                                     universe_run(fake->u, due->run)->version)
        universe_break(fake->u, "run %lld: a cached result is served after the world has moved",
                       (long long)due->run);
}

static void let_go(struct fake *fake, struct run *run, int64_t effect)
{
    struct due *due = find(fake, run, effect);

    if (!due || due->kind != DUE_HELD)
        return;
    due->kind = DUE_TOOL;
    due->running = true;
    due->at_us = fake->u->mono_us + (int64_t)universe_draw(fake->u, 4 * (uint64_t)US_PER_S);
    carry_out(fake, run, effect);
}

static void call_model(struct fake *fake, struct run *run, const struct action *action)
{
    const struct model_params params = {.model = "fake",
                                        .choice = action->final ? CHOICE_NONE : CHOICE_AUTO};
    struct err err = {0};
    struct buf body;

    buf_init(&body, TRANSCRIPT_MAX);
    if (transcript_request(&body, room_of(fake, run)->transcript, &params, &err) < 0)
        universe_break(fake->u, "run %lld: an ill-formed request: %s", (long long)run_id(run),
                       err.msg);
    buf_free(&body);
    struct due *due = schedule(fake, DUE_MODEL, run, 5 * (int64_t)US_PER_S);
    due->call = action->call;
    due->attempt = action->attempt;
    due->final = action->final;
}

static void cancel_model(struct fake *fake, const struct run *run)
{
    for (size_t i = 0; i < fake->count; i++)
        if (fake->due[i].run == run_id(run) && fake->due[i].kind == DUE_MODEL) {
            forget(fake, &fake->due[i]);
            return;
        }
}

static void stop_tool(struct fake *fake, const struct run *run, int64_t effect)
{
    struct due *due = find(fake, run, effect);

    if (!due)
        return;
    due->stopping = true;
    due->kind = DUE_TOOL;
    due->at_us = fake->u->mono_us + (int64_t)universe_draw(fake->u, 2 * (uint64_t)US_PER_S);
}

static void fake_act(void *self, struct run *run, const struct action *action)
{
    struct fake *fake = self;
    static const char *const names[] = {"admit",      "check", "call model", "cancel model",
                                        "start tool", "go",    "stop tool",  "kill"};

    if (action->kind < sizeof names / sizeof *names)
        universe_say(fake->u, "run %lld: %s (call %lld, effect %lld, attempt %lld)",
                     (long long)run_id(run), names[action->kind], (long long)action->call,
                     (long long)action->effect, (long long)action->attempt);
    switch (action->kind) {
    case ACTION_CALL_MODEL: call_model(fake, run, action); break;
    case ACTION_CANCEL_MODEL: cancel_model(fake, run); break;
    case ACTION_START_TOOL: start_tool(fake, run, action); break;
    case ACTION_GO: let_go(fake, run, action->effect); break;
    case ACTION_STOP_TOOL: stop_tool(fake, run, action->effect); break;
    case ACTION_REPLY:
        fake->reply_ok = action->ok;
        universe_say(fake->u, "reply: %s", action->text);
        break;
    case ACTION_KILL:
    case ACTION_ADMIT:
    case ACTION_CHECK:
    case ACTION_TIMER:
    case ACTION_REWIND: break;
    }
}

static void fake_check(void *self, struct run *run, int64_t effect, cJSON *facts)
{
    struct fake *fake = self;
    uint64_t dice = universe_draw(fake->u, 100);

    (void)run;
    (void)effect;
    json_set_text(facts, "verdict", dice < 85 ? "allow" : dice < 95 ? "ask" : "deny");
    json_set_text(facts, "reason", "the dice said so");
}

static const struct gate_hint *fake_hint(void *self, struct run *run)
{
    (void)run;
    return &((struct fake *)self)->hint;
}

static void fake_describe(void *self, struct run *run, struct record *call)
{
    (void)self;
    (void)run;
    (void)call;
}

static void fake_published(void *self, int64_t seq)
{
    struct fake *fake = self;

    if (seq > fake->u->acked)
        fake->u->acked = seq;
}

static void fake_stalled(void *self, int code, const char *text)
{
    (void)code; /* of the disk that it simulates the universe knows more */
    universe_say(((struct fake *)self)->u, "stalled: %s", text ? text : "no longer");
}

static void fake_lost(void *self, struct run *run, const char *text)
{
    struct universe *u = ((struct fake *)self)->u;
    struct seen_run *seen = universe_run(u, run_id(run));

    if (!seen->usurped)
        universe_break(u, "run %lld was lost to nobody: %s", (long long)run_id(run), text);
    seen->lost = true;
}

struct world fake_world(struct fake *fake)
{
    static const struct world_class class = {
        .open = fake_open,
        .close = fake_close,
        .append = fake_append,
        .rewind = fake_rewind,
        .check = fake_check,
        .act = fake_act,
        .hint = fake_hint,
        .describe = fake_describe,
        .published = fake_published,
        .stalled = fake_stalled,
        .lost = fake_lost,
    };

    return (struct world){&class, fake};
}

/* --- what comes back
 * ------------------------------------------------------------------------------ */

struct choice {
    const char *name, *args;
};

static const struct choice choices[] = {
    {"read_file", "{\"path\":\"a\"}"},
    {"read_file", "{\"path\":\"b\"}"},
    {"peek", "{}"},
    {"peek", "{}"},
    {"shell", "{\"command\":\"true\"}"},
    {"shell", "{\"command\":\"false\"}"},
    {"write_file", "{\"path\":\"a\",\"content\":\"x\"}"},
    {"list_files", "{}"},
    {"no_such_tool", "{}"},
    {"shell", "{\"command\":7}"},
    {"read_file", "{\"path\":"},
};

static void add_call(struct universe *u, struct message *message)
{
    const struct choice *choice = &choices[universe_draw(u, sizeof choices / sizeof *choices)];
    struct tool_call *call = message_add_call(message);

    free(call->name);
    free(call->args);
    call->name = mem_text(choice->name);
    call->args = mem_text(choice->args);
    tool_call_judge(call);
}

static void set_message(struct fake *fake, struct input *input, const struct due *due,
                        const struct run *run)
{
    struct universe *u = fake->u;
    struct message *message = message_new(ROLE_ASSISTANT, "words");
    struct buf text;

    if (universe_odds(u, due->final ? 5 : 65))
        for (uint64_t n = 1 + universe_draw(u, 3); n > 0; n--)
            add_call(u, message);
    transcript_name_calls(room_of(fake, run)->transcript, message);
    buf_init(&text, 1 << 20);
    (void)message_print(&text, message);
    input->len = text.len;
    input->body = buf_take(&text);
    message_free(message);
}

static struct input *model_input(struct fake *fake, const struct due *due, const struct run *run)
{
    struct universe *u = fake->u;
    bool fails = universe_odds(u, 15);
    struct input *input = input_new(fails ? INPUT_CALL_FAILED : INPUT_ANSWER);
    cJSON *facts = input->facts;

    json_set_int(facts, "call", due->call);
    json_set_int(facts, "attempt", due->attempt);
    json_set_int(facts, "duration_us", 1000);
    if (fails) {
        static const int64_t waits[] = {-1, -1, -1, 2, 300, 7200};

        json_set_text(facts, "class",
                      failure_name((enum failure)(1 + universe_draw(u, FAILURE_COUNT - 1))));
        json_set_text(facts, "cause", "the dice said so");
        int64_t wait = waits[universe_draw(u, 6)];
        json_set_int(facts, "retry_after_us", wait < 0 ? -1 : wait * US_PER_S);
        return input;
    }
    json_set_int(facts, "tokens_in", 100);
    json_set_int(facts, "tokens_out", 10);
    json_set_int(facts, "cost", 1000);
    set_message(fake, input, due, run);
    struct seen_run *seen = universe_run(u, due->run);
    if (seen->answers >= 0)
        seen->answers++;
    return input;
}

/* It provably did not run, whatever was prepared. */
static void take_back(struct fake *fake, const struct run *run, int64_t effect)
{
    struct call_view view;

    if (run_call_view(run, effect, &view) && view.tool && view.tool->policy != TOOL_PURE)
        universe_effect(fake->u, view.key)->times--;
}

static struct input *tool_input(struct fake *fake, const struct due *due, struct run *run)
{
    static const char *const classes[] = {"ok",   "ok",      "ok",        "ok", "ok",
                                          "tool", "timeout", "unstarted", "ok", "ok"};
    struct input *input = input_new(INPUT_TOOL_DONE);
    const char *class = due->stopping ? "cancelled" : classes[universe_draw(fake->u, 10)];
    struct seen_run *seen = universe_run(fake->u, due->run);
    struct call_view view;

    json_set_int(input->facts, "effect", due->effect);
    json_set_int(input->facts, "attempt", due->attempt);
    json_set_text(input->facts, "class", due->node > 0 ? "ok" : class);
    json_set_int(input->facts, "duration_us", 500);
    if (due->node > 0)
        json_set_bool(input->facts, "cached", true);
    else if (due->running && strcmp(class, "unstarted") == 0)
        take_back(fake, run, due->effect);
    if (due->stopping || strcmp(class, "timeout") == 0)
        json_set_bool(input->facts, "unknown", true);
    input->body = mem_text("{\"error\":\"result\"}");
    input->len = strlen(input->body);
    if (run_call_view(run, due->effect, &view) && view.tool->cache)
        seen->cached_version = seen->version;
    return input;
}

static struct input *held_input(const struct due *due)
{
    struct input *input = input_new(INPUT_SPAWNED);

    json_set_int(input->facts, "effect", due->effect);
    json_set_int(input->facts, "pid", 12345);
    return input;
}

static void deliver(struct fake *fake, size_t index)
{
    struct due due = fake->due[index];
    struct run *run = turn_run(fake->u->turn, due.run);
    struct input *input = NULL;

    if (due.kind == DUE_HELD && !due.stopping) {
        fake->due[index].at_us = INT64_MAX; /* waits for GO */
        input = held_input(&due);
    } else {
        forget(fake, &fake->due[index]);
        input = due.kind == DUE_MODEL ? model_input(fake, &due, run) : tool_input(fake, &due, run);
    }
    (void)turn_post(fake->u->turn, due.run, input);
}

void fake_deliver(struct fake *fake)
{
    for (size_t i = 0; i < fake->count;) {
        size_t before = fake->count;

        if (fake->due[i].at_us > fake->u->mono_us) {
            i++;
            continue;
        }
        deliver(fake, i);
        i += fake->count == before;
    }
}
