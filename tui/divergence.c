/* SPDX-License-Identifier: MIT */
#include "tui/divergence.h"

#include "core/base/buf.h"
#include "core/base/diff.h"
#include "core/base/mem.h"
#include "history/arena.h"
#include "history/message_text.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_work.h"

#include <stdlib.h>
#include <string.h>

#define PREVIEW 160
#define PAGE    256

struct lines {
    char **at;
    size_t count, cap;
};

/* --- one line a row or a record: both sides are written by the same functions -------------------
 */

static void add_line(struct lines *lines, char *line)
{
    lines->at = mem_room(lines->at, lines->count, &lines->cap, sizeof *lines->at);
    lines->at[lines->count++] = line;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->at[i]);
    free(lines->at);
}

static const char *or_none(const char *text)
{
    return text ? text : "none";
}

static void add_node(struct lines *lines, int64_t node, int64_t parent, enum node_kind kind,
                     const char *body, size_t len)
{
    char preview[PREVIEW];

    (void)message_preview(preview, sizeof preview, body, len); /* its length is the text's */
    add_line(lines, mem_printf("step %lld (%s) after %lld: %s", (long long)node,
                               node_kind_name(kind), (long long)parent, preview));
}

static void add_event(struct lines *lines, enum event_type type, const char *body)
{
    add_line(lines, mem_printf("event %s %s", event_name(type), body ? body : "{}"));
}

static void add_call_end(struct lines *lines, int64_t call, int64_t node, const char *finish,
                         const char *error)
{
    add_line(lines, mem_printf("call %lld ended: step %lld, finish %s, error %s", (long long)call,
                               (long long)node, or_none(finish), or_none(error)));
}

static void add_attempt_end(struct lines *lines, const struct attempt_row *row)
{
    add_line(lines,
             mem_printf("attempt %lld of %s %lld: %s, status %d, next after %lld µs (%s)",
                        (long long)row->n, row->call ? "call" : "effect",
                        (long long)(row->call ? row->call : row->effect), or_none(row->outcome),
                        row->status, (long long)row->delay_us, or_none(row->delay_source)));
}

static void add_effect(struct lines *lines, const struct effect_row *row)
{
    add_line(lines, mem_printf("effect %lld: %s (%s), call %lld of step %lld, key %s",
                               (long long)row->effect, row->tool, row->policy,
                               (long long)row->index, (long long)row->node, or_none(row->key)));
}

/* --- what was decided now -----------------------------------------------------------------------
 */

static void add_record(struct lines *lines, const struct record *r)
{
    switch (r->kind) {
    case RECORD_NODE:
        add_node(lines, r->node.node, r->node.parent, r->node.type, r->body, r->len);
        break;
    case RECORD_EVENT: add_event(lines, r->event.type, r->body); break;
    case RECORD_CALL_END:
        add_call_end(lines, r->call.call, r->call.node, r->call.finish, r->call.error);
        break;
    case RECORD_ATTEMPT_END:
        add_attempt_end(lines, &(struct attempt_row){.call = r->attempt.call,
                                                     .effect = r->attempt.effect,
                                                     .n = r->attempt.n,
                                                     .outcome = r->attempt.outcome,
                                                     .status = r->attempt.status,
                                                     .delay_us = r->attempt.delay_us,
                                                     .delay_source = r->attempt.delay_source});
        break;
    case RECORD_EFFECT:
        add_effect(lines, &(struct effect_row){.effect = r->effect.effect,
                                               .tool = r->effect.tool,
                                               .policy = r->effect.policy,
                                               .index = r->effect.index,
                                               .node = r->effect.node,
                                               .key = r->effect.key});
        break;
    default: break; /* follows from the others, or is no part of what was decided */
    }
}

/* --- what is stored ------------------------------------------------------------------------------
 */

struct reading {
    const struct divergence *divergence;
    struct query *query;
    struct arena *arena;
    struct lines *lines;
    struct err *err;
};

static int read_nodes(const struct reading *r)
{
    const struct divergence *d = r->divergence;
    struct buf body;
    int rc = 0;

    buf_init(&body, (size_t)64 << 20);
    for (int64_t n = d->nodes + 1; rc == 0; n++) {
        struct node_row row;

        rc = query_node(r->query, r->arena, d->run, n, &row, r->err);
        if (rc == E_NOTFOUND || (rc == 0 && row.us != d->input->wall_us))
            break;
        buf_clear(&body);
        if (rc == 0)
            rc = query_body(r->query, d->run, n, &body, r->err);
        if (rc == 0)
            add_node(r->lines, n, row.parent, row.kind, body.data, body.len);
    }
    buf_free(&body);
    return rc == E_NOTFOUND ? 0 : rc;
}

/* Events carry the time of the input that led to them; an earlier one may have the same. */
static int read_events(const struct reading *r)
{
    const struct divergence *d = r->divergence;
    struct event_page page = {.run = d->run, .limit = PAGE};
    struct event_row *rows;
    size_t count = PAGE;
    int64_t seen = 0;
    int rc = 0;

    while (rc == 0 && count == PAGE) {
        arena_clear(r->arena);
        rc = query_events(r->query, r->arena, &page, &rows, &count, r->err);
        for (size_t i = 0; rc == 0 && i < count; i++, seen++) {
            page.after = rows[i].seq;
            if (seen < d->events)
                continue;
            if (rows[i].us != d->input->wall_us)
                return 0;
            add_event(r->lines, rows[i].type, rows[i].body);
        }
    }
    return rc;
}

/* The stored row that a record of now would have made; when there is none its line is missing. */
static int read_like(const struct reading *r, const struct record *record)
{
    int64_t run = r->divergence->run;
    int rc = 0;

    if (record->kind == RECORD_CALL_END) {
        struct call_row row;

        rc = query_call(r->query, r->arena, run, record->call.call, &row, r->err);
        if (rc == 0 && row.ended)
            add_call_end(r->lines, row.call, row.node, row.finish, row.error);
    } else if (record->kind == RECORD_ATTEMPT_END) {
        struct attempt_row *rows;
        size_t count = 0;

        rc = query_attempts(r->query, r->arena, run, record->attempt.call, record->attempt.effect,
                            record->attempt.n - 1, 1, &rows, &count, r->err);
        if (rc == 0 && count > 0 && rows[0].n == record->attempt.n && rows[0].ended)
            add_attempt_end(r->lines, &rows[0]);
    } else if (record->kind == RECORD_EFFECT) {
        struct effect_row row;

        rc = query_effect(r->query, r->arena, run, record->effect.effect, &row, r->err);
        if (rc == 0)
            add_effect(r->lines, &row);
    }
    return rc == E_NOTFOUND ? 0 : rc;
}

/* --- both ----------------------------------------------------------------------------------------
 */

static const char *const action_names[] = {
    [ACTION_ADMIT] = "ask the guards",      [ACTION_CHECK] = "ask the policy",
    [ACTION_CALL_MODEL] = "call the model", [ACTION_CANCEL_MODEL] = "cancel the model call",
    [ACTION_START_TOOL] = "start the tool", [ACTION_GO] = "let the tool run",
    [ACTION_STOP_TOOL] = "stop the tool",   [ACTION_KILL] = "kill what was left running",
    [ACTION_TIMER] = "set a timer",         [ACTION_REWIND] = "rebuild the messages",
    [ACTION_REPLY] = "answer a verb",
};

static void print_actions(struct buf *out, const struct step_out *decided)
{
    (void)buf_text(out, "decided to do next:\n"); /* no ceiling is near */
    for (size_t i = 0; i < decided->action_count; i++) {
        const struct action *a = &decided->actions[i];

        (void)buf_printf(out, "  %s (call %lld, effect %lld, attempt %lld, at %lld µs)\n",
                         action_names[a->kind], (long long)a->call, (long long)a->effect,
                         (long long)a->attempt, (long long)a->at_us);
    }
    if (decided->action_count == 0)
        (void)buf_text(out, "  nothing\n");
}

static size_t print_diff(struct buf *out, const struct lines *stored, const struct lines *now)
{
    static const char *const signs[] = {
        [DIFF_SAME] = "  ", [DIFF_DROPPED] = "- ", [DIFF_ADDED] = "+ "};
    size_t count, differs = 0;
    struct diff_line *script = diff_lines((const char *const *)stored->at, stored->count,
                                          (const char *const *)now->at, now->count, &count);

    for (size_t i = 0; i < count; i++) {
        const char *line =
            script[i].op == DIFF_ADDED ? now->at[script[i].b] : stored->at[script[i].a];

        (void)buf_printf(out, "%s%s\n", signs[script[i].op], line);
        differs += script[i].op != DIFF_SAME;
    }
    free(script);
    return differs;
}

/* In the order of kinds, so that two sides of one step line up. */
static const enum record_kind order[] = {RECORD_NODE, RECORD_EFFECT, RECORD_ATTEMPT_END,
                                         RECORD_CALL_END, RECORD_EVENT};

int divergence_text(struct buf *out, const struct divergence *divergence, struct query *query,
                    size_t *differs, struct err *err)
{
    const struct step_out *decided = replay_decided(divergence->replay);
    struct lines stored = {0}, now = {0};
    struct arena arena = {0};
    const struct reading r = {divergence, query, &arena, &stored, err};
    int rc = read_nodes(&r);

    for (size_t k = 0; rc == 0 && k < sizeof order / sizeof *order; k++) {
        for (size_t i = 0; rc == 0 && i < decided->batch.count; i++)
            if (decided->batch.at[i].kind == order[k]) {
                add_record(&now, &decided->batch.at[i]);
                rc = read_like(&r, &decided->batch.at[i]);
            }
        if (rc == 0 && order[k] == RECORD_EVENT)
            rc = read_events(&r);
    }
    if (rc == 0) {
        *differs = print_diff(out, &stored, &now);
        if (*differs == 0)
            print_actions(out, decided);
    }
    free_lines(&stored);
    free_lines(&now);
    arena_free(&arena);
    return rc;
}
