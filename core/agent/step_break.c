/* SPDX-License-Identifier: MIT */
/*
 * Breakpoints of a run: the operator's verbs, and what happens when one is hit: nothing touches the
 * world any more until the operator says so. What a step decided is judged at its end, so a tool is
 * stopped before it runs; an iteration is judged at the boundary, before its model call.
 */
#include "core/agent/run_data.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

#define BREAKPOINTS_MAX 64

static void record(struct run *run, const struct breakpoint *b, bool dropped)
{
    struct record *r = run_record(run, RECORD_BREAKPOINT);

    r->breakpoint.breakpoint = b->number;
    r->breakpoint.enabled = b->enabled;
    r->breakpoint.dropped = dropped;
    r->breakpoint.hits = b->hits;
    r->body = mem_text(b->spec);
    r->len = strlen(r->body);
}

/* --- the operator's -------------------------------------------------------------------------- */

struct breakpoint *breaks_find(struct run *run, int64_t number)
{
    for (size_t i = 0; i < run->break_count; i++)
        if (run->breaks[i].number == number)
            return &run->breaks[i];
    return NULL;
}

int breaks_add(struct run *run, const char *spec, int64_t *number, struct err *err)
{
    struct breakpoint b;

    if (run->break_count >= BREAKPOINTS_MAX)
        return err_set(err, E_TOOBIG, "there are %d breakpoints; delete one first",
                       BREAKPOINTS_MAX);
    int rc = breakpoint_parse(&b, spec, err);
    if (rc < 0)
        return rc;
    b.number = *number = ++run->next_breakpoint;
    run->breaks = mem_room(run->breaks, run->break_count, &run->break_cap, sizeof *run->breaks);
    run->breaks[run->break_count++] = b;
    record(run, &b, false);
    return 0;
}

void breaks_enable(struct run *run, struct breakpoint *breakpoint, bool enabled)
{
    breakpoint->enabled = enabled;
    record(run, breakpoint, false);
}

void breaks_drop(struct run *run, struct breakpoint *breakpoint)
{
    size_t at = (size_t)(breakpoint - run->breaks);

    record(run, breakpoint, true);
    breakpoint_clear(breakpoint);
    run->break_count--;
    memmove(run->breaks + at, run->breaks + at + 1, (run->break_count - at) * sizeof *run->breaks);
}

void breaks_free(struct run *run)
{
    for (size_t i = 0; i < run->break_count; i++)
        breakpoint_clear(&run->breaks[i]);
    free(run->breaks);
    run->breaks = NULL;
    run->break_count = run->break_cap = 0;
}

/* Iterations come again behind the place that the head went back to. */
void breaks_forget(struct run *run)
{
    for (size_t i = 0; i < run->break_count; i++)
        run->breaks[i].passed = 0;
}

/* --- hits ---------------------------------------------------------------------------------------
 */

static void hit(struct run *run, struct breakpoint *b)
{
    cJSON *body = cJSON_CreateObject();
    char *reason = mem_printf("breakpoint %lld: %s", (long long)b->number, b->spec);

    b->hits++;
    record(run, b, false);
    json_set_int(body, "breakpoint", b->number);
    json_set_text(body, "spec", b->spec);
    json_set_int(body, "hits", b->hits);
    run_event(run, EVENT_BREAKPOINT, run->node, body);
    run_allow(run, 0, reason);
    free(reason);
}

static bool judge(struct run *run, const struct moment *moment)
{
    bool any = false;

    for (size_t i = 0; i < run->break_count; i++) {
        struct breakpoint *b = &run->breaks[i];

        if (!b->enabled || !breakpoint_hits(b, moment))
            continue;
        if (b->kind == BREAK_ITERATION && b->passed == (int64_t)b->value)
            continue;
        if (b->kind == BREAK_ITERATION)
            b->passed = (int64_t)b->value;
        hit(run, b);
        any = true;
    }
    return any;
}

void breaks_boundary(struct run *run)
{
    const struct moment moment = {.kind = BREAK_ITERATION,
                                  .value = (double)(run->branch_sum.iterations + 1)};

    if (run->go != 0)
        (void)judge(run, &moment);
}

struct moment_sums breaks_sums(const struct run *run)
{
    return (struct moment_sums){.dollars = (double)run->total.cost / 1e6,
                                .percent = (double)run->context_share / 1e6,
                                .window = run->config->model.context,
                                .state = (int)run->state};
}

void breaks_judge(struct run *run, size_t from, struct moment_sums *sums)
{
    size_t end = run->out->batch.count; /* without the records of the hits themselves */
    bool any = false;

    for (size_t i = from; i < end; i++) {
        struct moment moments[MOMENTS_MAX];
        size_t count = breakpoint_moments(moments, &run->out->batch.at[i], sums);

        for (size_t k = 0; k < count; k++)
            if (moments[k].kind != BREAK_ITERATION && run->break_count > 0)
                any = judge(run, &moments[k]) || any;
    }
    run->context_share = (int64_t)(sums->percent * 1e6);
    if (any)
        verb_hold(run);
}
