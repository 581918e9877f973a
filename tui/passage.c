/* SPDX-License-Identifier: MIT */
#include "tui/passage.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"

#include <string.h>

struct event {
    int64_t seq, us;
    const cJSON *body;
};

void passage_clear(struct passage *passage)
{
    memset(passage, 0, sizeof *passage);
}

static void keep(char *out, size_t cap, const char *text)
{
    (void)sanitize_line(out, cap, text ? text : "", text ? strlen(text) : 0);
}

static int64_t span(const cJSON *body, const char *key)
{
    return (int64_t)(json_number(body, key, 0) * US_PER_MS);
}

static void on_state(struct passage *p, const struct event *e)
{
    int from = json_text(e->body, "from") ? state_find(json_text(e->body, "from")) : -1;
    int to = json_text(e->body, "to") ? state_find(json_text(e->body, "to")) : -1;

    if (from < 0 || to < 0)
        return;
    size_t slot = (p->first + p->count) % PASSAGE_STATES;
    p->states[slot] =
        (struct passage_state){e->us, span(e->body, "spent_ms"), (enum run_state)from};
    if (p->count < PASSAGE_STATES)
        p->count++;
    else
        p->first = (p->first + 1) % PASSAGE_STATES;
    p->state = (enum run_state)to;
    p->since_us = e->us;
    keep(p->reason, sizeof p->reason, json_text(e->body, "reason"));
    if (p->state != RUN_WAITING_RETRY && p->state != RUN_WAITING_FOR_TOOL)
        p->wait_until_us = 0;
}

static struct passage_breaker *breaker_named(struct passage *p, const char *scope, const char *key)
{
    for (size_t i = 0; i < p->breaker_count; i++)
        if (str_eq(p->breakers[i].scope, scope) && str_eq(p->breakers[i].key, key))
            return &p->breakers[i];
    if (p->breaker_count == PASSAGE_BREAKERS) /* the one not heard of for longest makes room */
        memmove(p->breakers, p->breakers + 1, (--p->breaker_count) * sizeof *p->breakers);
    struct passage_breaker *b = &p->breakers[p->breaker_count++];
    *b = (struct passage_breaker){.until_us = 0};
    keep(b->scope, sizeof b->scope, scope);
    keep(b->key, sizeof b->key, key);
    return b;
}

static void on_breaker(struct passage *p, const struct event *e)
{
    const char *scope = json_text(e->body, "scope"), *key = json_text(e->body, "key");

    if (!scope || !key)
        return;
    struct passage_breaker *b = breaker_named(p, scope, key);
    int64_t open = span(e->body, "open_ms");
    keep(b->state, sizeof b->state, json_text(e->body, "to"));
    b->until_us = open > 0 ? e->us + open : 0;
}

static void on_wait(struct passage *p, const struct event *e)
{
    p->wait_until_us = e->us + span(e->body, "delay_ms");
    p->wait_attempt = json_int(e->body, "attempt", 0);
    p->wait_max = json_int(e->body, "max", 0);
    keep(p->wait_cause, sizeof p->wait_cause, json_text(e->body, "cause"));
}

static void notice(struct passage *p, const struct event *e, const char *text)
{
    keep(p->notice, sizeof p->notice, text);
    p->notice_seq = e->seq;
}

static void on_notice(struct passage *p, const struct event *e)
{
    notice(p, e, json_text(e->body, "text"));
}

static void on_breakpoint(struct passage *p, const struct event *e)
{
    char text[sizeof p->notice];

    (void)str_format(text, sizeof text, "breakpoint %lld: %s",
                     (long long)json_int(e->body, "breakpoint", 0), json_text(e->body, "spec"));
    notice(p, e, text);
}

static void on_repeated(struct passage *p, const struct event *e)
{
    char text[sizeof p->notice], ago[32];

    clock_short(ago, sizeof ago, span(e->body, "ago_ms"));
    (void)str_format(
        text, sizeof text, "%s already ran %s ago on %s: it stays in the world",
        json_text(e->body, "tool_name") ? json_text(e->body, "tool_name") : "this", ago,
        json_text(e->body, "branch_name") ? json_text(e->body, "branch_name") : "another branch");
    notice(p, e, text);
}

static void on_loop(struct passage *p, const struct event *e)
{
    char text[sizeof p->notice];

    (void)str_format(text, sizeof text, "%s was called %lld times with the same result",
                     json_text(e->body, "tool_name") ? json_text(e->body, "tool_name") : "a tool",
                     (long long)json_int(e->body, "times", 0));
    notice(p, e, text);
}

static void (*const folds[EVENT_TYPE_COUNT])(struct passage *p, const struct event *e) = {
    [EVENT_STATE_CHANGE] = on_state, [EVENT_BREAKER] = on_breaker,
    [EVENT_RETRY] = on_wait,         [EVENT_ADMISSION] = on_wait,
    [EVENT_NOTICE] = on_notice,      [EVENT_REPEATED_EFFECT] = on_repeated,
    [EVENT_LOOP_GUARD] = on_loop,    [EVENT_BREAKPOINT] = on_breakpoint,
};

void passage_fold(struct passage *passage, int64_t seq, int64_t us, enum event_type type,
                  const char *body)
{
    cJSON *tree = NULL;

    passage->seen = seq;
    if (!folds[type] || !body || json_parse(&tree, body, strlen(body), NULL, NULL) < 0)
        return;
    folds[type](passage, &(struct event){seq, us, tree});
    cJSON_Delete(tree);
}

const struct passage_state *passage_at(const struct passage *passage, size_t index)
{
    return &passage->states[(passage->first + index) % PASSAGE_STATES];
}

int64_t passage_active(const struct passage *passage, int64_t now_us)
{
    int64_t sum = 0;

    for (size_t i = 0; i < passage->count; i++)
        if (state_info(passage_at(passage, i)->state)->active)
            sum += passage_at(passage, i)->spent_us;
    if (state_info(passage->state)->active && passage->since_us > 0 && now_us > passage->since_us)
        sum += now_us - passage->since_us;
    return sum;
}
