/* SPDX-License-Identifier: MIT */
#include "core/agent/guards.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "core/guard/budget.h"
#include "core/guard/health.h"
#include "core/journal.h"

#include <stdlib.h>
#include <string.h>

struct guard {
    enum guard_scope scope;
    char *key;
    struct breaker breaker;
    struct gate gate;
    struct budget budget;
    struct health health;
};

struct guards {
    struct guard **at;
    size_t count, cap;
};

struct guards *guards_new(void)
{
    return mem_new(sizeof(struct guards));
}

void guards_free(struct guards *guards)
{
    if (!guards)
        return;
    for (size_t i = 0; i < guards->count; i++) {
        health_free(&guards->at[i]->health);
        free(guards->at[i]->key);
        free(guards->at[i]);
    }
    free(guards->at);
    free(guards);
}

static struct guard *find(const struct guards *guards, enum guard_scope scope, const char *key)
{
    for (size_t i = 0; i < guards->count; i++)
        if (guards->at[i]->scope == scope && strcmp(guards->at[i]->key, key) == 0)
            return guards->at[i];
    return NULL;
}

static struct guard *at(struct guards *guards, enum guard_scope scope, const char *key,
                        const struct run_config *config, int64_t now_us)
{
    struct guard *guard = find(guards, scope, key);

    if (guard)
        return guard;
    guard = mem_new(sizeof *guard);
    guard->scope = scope;
    guard->key = mem_text(key);
    breaker_init(&guard->breaker);
    gate_init(&guard->gate);
    budget_init(&guard->budget, &config->budget, now_us);
    health_init(&guard->health);
    guards->at = mem_room(guards->at, guards->count, &guards->cap, sizeof *guards->at);
    guards->at[guards->count++] = guard;
    return guard;
}

static void note_move(struct breaker_move *move, const struct guard *guard, enum breaker_state from,
                      int64_t now_us)
{
    move->moved = guard->breaker.state != from;
    move->from = from;
    move->to = guard->breaker.state;
    move->cause = guard->breaker.cause;
    move->open_us = move->to == BREAKER_OPEN ? guard->breaker.until_us - now_us : 0;
}

static void refuse(struct admission *out, int64_t delay_us, const char *cause)
{
    out->yes = false;
    out->delay_us = delay_us > US_PER_MS ? delay_us : US_PER_MS;
    str_format(out->cause, sizeof out->cause, "%s", cause);
}

/* How often a breaker that only a person can open again is looked at. */
#define FORCED_LOOK_US ((int64_t)60 * US_PER_S)

/* Rate gate, breaker, budget, in this order: a request that is held back costs nothing. */
void guards_admit(struct guards *guards, enum guard_scope scope, const char *key,
                  const struct run_config *config, int64_t attempt, enum failure before,
                  int64_t now_us, struct admission *out, struct breaker_move *move)
{
    struct guard *guard = at(guards, scope, key, config, now_us);
    enum breaker_state from = guard->breaker.state;

    memset(out, 0, sizeof *out);
    struct breaker_answer look = breaker_look(&guard->breaker, &config->breaker, now_us);
    if (look.verdict == BREAKER_WAIT) {
        refuse(out, look.until_us == BREAKER_NEVER ? FORCED_LOOK_US : look.until_us - now_us,
               look.until_us == BREAKER_NEVER ? "the breaker was opened by the operator"
                                              : "the breaker is open");
        note_move(move, guard, from, now_us);
        return;
    }
    int64_t wait = scope == GUARD_MODEL ? gate_admit(&guard->gate, now_us) : 0;
    if (wait > 0) {
        refuse(out, wait, "the rate gate is closed");
        note_move(move, guard, from, now_us);
        return;
    }
    if (scope == GUARD_MODEL && attempt > 1 &&
        !budget_spend(&guard->budget, &config->budget, before, now_us)) {
        out->stop = true;
        refuse(out, 0, "the endpoint's retry budget is spent: wait a while, then resume");
        note_move(move, guard, from, now_us);
        return;
    }
    out->yes = true;
    (void)breaker_admit(&guard->breaker, &config->breaker, now_us); /* books the probe */
    note_move(move, guard, from, now_us);
}

static void record_health(struct guard *guard, const struct run_config *config,
                          const struct guard_outcome *outcome)
{
    const struct failure_row *row = failure_row(outcome->failure);
    int64_t rest = outcome->duration_us - outcome->first_us;
    struct health_outcome sample = {
        .at_us = outcome->now_us,
        .failure = outcome->failure,
        .latency_us = outcome->duration_us,
        .ttft_us = outcome->first_us >= 0 ? outcome->first_us : HEALTH_ABSENT,
        .milli_rate = outcome->first_us >= 0 && rest > 0 && outcome->tokens_out > 0
                          ? outcome->tokens_out * 1000 * US_PER_S / rest
                          : HEALTH_ABSENT,
    };

    if (row->ok || row->error)
        health_record(&guard->health, &config->health, &sample);
}

void guards_record(struct guards *guards, enum guard_scope scope, const char *key,
                   const struct run_config *config, const struct guard_outcome *outcome,
                   struct breaker_move *move)
{
    struct guard *guard = at(guards, scope, key, config, outcome->now_us);
    enum breaker_state from = guard->breaker.state;

    gate_note(&guard->gate, &config->gate, outcome->hint, outcome->failure, outcome->now_us);
    if (failure_row(outcome->failure)->ok)
        budget_succeed(&guard->budget, &config->budget, outcome->now_us);
    record_health(guard, config, outcome);
    (void)breaker_record(&guard->breaker, &config->breaker, outcome->failure, outcome->started_us,
                         outcome->now_us);
    if (guard->breaker.state == BREAKER_CLOSED &&
        health_should_break(&guard->health, &config->health, guard->breaker.changed_us,
                            outcome->now_us))
        (void)breaker_trip(&guard->breaker, &config->breaker, outcome->now_us);
    note_move(move, guard, from, outcome->now_us);
}

/* By its bare name, as the operator says it: the first workspace's that has one. */
static struct guard *find_tool(const struct guards *guards, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < guards->count; i++) {
        const char *key = guards->at[i]->key;

        if (guards->at[i]->scope == GUARD_TOOL && strncmp(key, name, len) == 0 &&
            (key[len] == '@' || key[len] == '\0'))
            return guards->at[i];
    }
    return NULL;
}

int guards_force(struct guards *guards, const char *key, const char *action, int64_t now_us,
                 struct breaker_move *move, struct err *err)
{
    struct guard *guard = find(guards, GUARD_MODEL, key);

    if (!guard)
        guard = find_tool(guards, key);
    if (!guard)
        return err_set(err, E_NOTFOUND, "there is no breaker for %s yet", key);
    enum breaker_state from = guard->breaker.state;
    if (str_eq(action, "reset"))
        breaker_reset(&guard->breaker, now_us);
    else if (str_eq(action, "open") || str_eq(action, "close"))
        breaker_force(&guard->breaker, str_eq(action, "open"), now_us);
    else
        return err_set(err, E_USAGE, "a breaker takes reset, open or close");
    note_move(move, guard, from, now_us);
    return 0;
}

static cJSON *breaker_report(const struct guard *guard, int64_t now_us)
{
    const struct breaker *breaker = &guard->breaker;
    cJSON *row = cJSON_CreateObject();

    json_set_text(row, "scope", guard->scope == GUARD_MODEL ? "model" : "tool");
    json_set_text(row, "key", guard->key);
    json_set_text(row, "state", breaker_state_name(breaker->state));
    if (breaker->cause != BREAKER_BY_NOTHING)
        json_set_text(row, "reason", breaker_cause_text(breaker->cause));
    json_set_int(row, "failures_in_row", breaker->in_row);
    json_set_int(row, "failures", __builtin_popcountll(breaker->failed));
    json_set_int(row, "outcomes", breaker->seen);
    if (breaker->state == BREAKER_OPEN && breaker->until_us > now_us)
        json_set_number(row, "wait_ms", (double)(breaker->until_us - now_us) / US_PER_MS);
    if (breaker->probing)
        json_set_bool(row, "probing", true);
    return row;
}

cJSON *guards_report(const struct guards *guards, int64_t now_us)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < guards->count; i++)
        (void)cJSON_AddItemToArray(list, breaker_report(guards->at[i], now_us));
    return list;
}

void guards_recall(struct guards *guards, const struct past_attempt *past, size_t count,
                   const struct run_config *config, int64_t now_us, int64_t now_wall_us)
{
    for (size_t i = 0; i < count; i++) {
        enum failure failure = failure_named(past[i].outcome ? past[i].outcome : "");
        int64_t started = now_us - (now_wall_us - past[i].wall_us);
        struct breaker_move move;
        struct guard_outcome outcome = {
            .failure = failure,
            .started_us = started,
            .now_us = started + past[i].duration_us,
            .duration_us = past[i].duration_us,
            .first_us = -1,
        };

        if (failure != FAILURE_COUNT && failure != FAILURE_LOST)
            guards_record(guards, str_eq(past[i].scope, "tool") ? GUARD_TOOL : GUARD_MODEL,
                          past[i].key, config, &outcome, &move);
    }
}
