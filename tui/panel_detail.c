/* SPDX-License-Identifier: MIT */
/*
 * Detail: the whole of what another panel selected. A message is read once and kept; what streams
 * in is added to the end. Texts scroll; where JSON is shown, a row is chosen, and folds.
 */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "tui/document.h"
#include "tui/figure.h"
#include "tui/markdown.h"
#include "tui/model.h"
#include "tui/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 64
#define ARGS_MAX     ((size_t)1 << 20)

struct detail {
    struct panel panel;
    struct document doc;
    struct arena arena;
    struct subject subject;  /* what is in doc */
    uint64_t version, live;  /* of the model, when it was read */
    bool all_folded;         /* by t */
    bool grows;              /* it may change: read again when the model does */
    struct markdown *answer; /* that streams in; NULL = none */
    int64_t answer_call;
    size_t answer_fed; /* bytes of it */
    size_t beside;     /* bytes of thinking and of calls beside it, when they were shown */
    size_t top, at;    /* at: the chosen row, where there is something to fold */
    int h;
    char title[64];
    const struct pattern *marks; /* borrowed from the search in force */
};

static struct panel *detail_open(void)
{
    struct detail *d = mem_new(sizeof *d);

    d->panel.class = &panel_detail;
    document_init(&d->doc);
    return &d->panel;
}

static void detail_close(struct panel *panel)
{
    struct detail *d = (struct detail *)panel;

    document_free(&d->doc);
    markdown_free(d->answer);
    arena_free(&d->arena);
    free(d);
}

/* --- what is shown -------------------------------------------------------------------------------
 */

static void add_text(struct detail *d, enum role role, int indent, const char *text)
{
    document_add(&d->doc, role, indent, text, strlen(text));
}

static void add_gap(struct detail *d)
{
    if (d->doc.part_count > 0)
        add_text(d, ROLE_TEXT, 0, "");
}

/* JSON as a tree; anything else as it is. */
static void add_data(struct detail *d, enum role role, const char *text, size_t len)
{
    document_data(&d->doc, role, 2, text, len);
}

static void add_attempts(struct detail *d, struct model *model, int64_t call, int64_t effect)
{
    struct attempt_row *rows;
    size_t count = 0;

    if (query_attempts(model->query, &d->arena, model->run, call, effect, 0, ATTEMPTS_MAX, &rows,
                       &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct attempt_row *a = &rows[i];
        bool ok = a->ended && str_eq(a->outcome, "ok");
        char span[FIGURE], wait[FIGURE];

        figure_span(span, a->ended ? a->duration_us : -1);
        figure_span(wait, a->delay_us);
        document_printf(
            &d->doc, ok || !a->ended ? ROLE_TEXT : ROLE_ERROR, "attempt %lld  %s %s%s%s%s%s%s%s",
            (long long)a->n, a->ended ? a->outcome : "under way", a->ended ? span : "",
            a->injected ? "  injected" : "", a->cause && !ok ? "  " : "",
            a->cause && !ok ? a->cause : "", a->delay_us >= 0 ? "  next after " : "",
            a->delay_us >= 0 ? wait : "",
            a->delay_us >= 0 && str_eq(a->delay_source, "retry-after") ? " (Retry-After)" : "");
    }
}

static void add_call_facts(struct detail *d, struct model *model, const struct call_row *call)
{
    char in[FIGURE], out[FIGURE], cost[FIGURE], span[FIGURE], first[FIGURE];

    figure_count(in, call->tokens_in);
    figure_count(out, call->tokens_out);
    figure_money(cost, call->cost_microusd);
    figure_span(span, call->duration_us);
    figure_span(first, call->first_us);
    document_printf(&d->doc, ROLE_DIM, "%s · iteration %lld", call->model ? call->model : "model",
                    (long long)call->iteration);
    if (call->ended)
        document_printf(&d->doc, ROLE_DIM, "%s in, %s out · %s · first token %s of %s", in, out,
                        cost, first, span);
    if (call->attempts > 1 || !call->ended || call->error)
        add_attempts(d, model, call->call, 0);
    if (call->error)
        add_text(d, ROLE_ERROR, 0, call->error);
}

static void add_effect(struct detail *d, struct model *model, const struct effect_row *effect)
{
    struct buf args;
    char span[FIGURE];

    buf_init(&args, ARGS_MAX);
    int64_t start = effect->started_us > 0 ? effect->started_us : effect->us; /* pure: no start */
    figure_span(span, effect->ended_us > 0 ? effect->ended_us - start : -1);
    document_printf(&d->doc, effect_role(effect->state), "%s  %s  %s  (%s)", effect->tool,
                    effect_word(effect->state), span, effect->policy ? effect->policy : "");
    if (effect->note)
        add_text(d, ROLE_DIM, 0, effect->note);
    if (effect->attempts > 1)
        add_attempts(d, model, 0, effect->effect);
    add_gap(d);
    add_text(d, ROLE_HEADING, 0, "Arguments");
    if (query_effect_args(model->query, model->run, effect->effect, &args, NULL) == 0)
        add_data(d, ROLE_TEXT, args.data, args.len);
    buf_free(&args);
}

static void add_calls(struct detail *d, const cJSON *message)
{
    const cJSON *call;

    cJSON_ArrayForEach(call, json_array(message, "tool_calls"))
    {
        const char *args = json_text(call, "arguments");

        add_gap(d);
        document_printf(&d->doc, ROLE_BY_TOOL, "→ %s", json_text(call, "name"));
        add_data(d, ROLE_TEXT, args ? args : "", args ? strlen(args) : 0);
        if (json_text(call, "invalid"))
            add_text(d, ROLE_ERROR, 2, json_text(call, "invalid"));
    }
}

/* A stored message, as core/model/message.h describes it. */
static void add_message(struct detail *d, enum node_kind kind, const cJSON *message)
{
    const char *reasoning = json_text(message, "reasoning");
    const char *content = json_text(message, "content");

    if (reasoning) {
        add_gap(d);
        add_text(d, ROLE_REASONING, 2, reasoning);
    }
    if (content && *content) {
        add_gap(d);
        if (kind == NODE_TOOL)
            add_data(d, json_bool(message, "is_error", false) ? ROLE_ERROR : ROLE_TEXT, content,
                     strlen(content));
        else
            document_markdown(&d->doc, content, strlen(content));
    }
    add_calls(d, message);
    if (json_bool(message, "cut", false))
        add_text(d, ROLE_WARN, 0, "The answer was cut before the model was done.");
}

static void add_genesis(struct detail *d, const struct model *model, const cJSON *body)
{
    add_text(d, ROLE_HEADING, 0, "Task");
    add_text(d, ROLE_TEXT, 0, json_text(body, "task") ? json_text(body, "task") : "");
    add_gap(d);
    document_printf(&d->doc, ROLE_DIM, "agent %s · model %s · %s", model->row.agent,
                    model->row.model, model->row.provider);
    document_printf(&d->doc, ROLE_DIM, "workspace %s", model->row.workspace);
}

static void add_node(struct detail *d, struct model *model, const struct node_row *node,
                     const cJSON *body)
{
    snprintf(d->title, sizeof d->title, "%s · step %lld", node_kind_name(node->kind),
             (long long)node->node);
    if (node->kind == NODE_GENESIS) {
        add_genesis(d, model, body);
        return;
    }
    if (node->has_call)
        add_call_facts(d, model, &node->call);
    if (node->has_effect) {
        add_effect(d, model, &node->effect);
        add_gap(d);
        add_text(d, ROLE_HEADING, 0, "Result");
    }
    add_message(d, node->kind, body);
}

static void show_node(struct detail *d, struct model *model)
{
    const struct json_limits limits = {.bytes = DOCUMENT_MAX, .depth = JSON_DEPTH_MAX};
    struct node_row node;
    cJSON *tree = NULL;
    struct err err = {0};
    struct buf body;

    buf_init(&body, DOCUMENT_MAX);
    if (query_node(model->query, &d->arena, model->run, d->subject.id, &node, &err) < 0 ||
        query_body(model->query, model->run, d->subject.id, &body, &err) < 0 ||
        json_parse(&tree, body.data, body.len, &limits, &err) < 0)
        add_text(d, ROLE_ERROR, 0, err.msg);
    else
        add_node(d, model, &node, tree);
    cJSON_Delete(tree);
    buf_free(&body);
}

/* Feeds what came since the last time; another call, or a new attempt, begins anew. */
static void feed_answer(struct detail *d, const struct live_text *live)
{
    if (!d->answer || d->answer_call != live->call || live->text.len < d->answer_fed) {
        markdown_free(d->answer);
        markdown_new(&d->answer);
        d->answer_call = live->call;
        d->answer_fed = 0;
    }
    markdown_feed(d->answer, live->text.data + d->answer_fed, live->text.len - d->answer_fed);
    d->answer_fed = live->text.len;
}

static void show_call(struct detail *d, struct model *model)
{
    struct call_row call;
    const struct live_text *live = &model->live;

    d->grows = true;
    snprintf(d->title, sizeof d->title, "model call %lld", (long long)d->subject.id);
    if (query_call(model->query, &d->arena, model->run, d->subject.id, &call, NULL) < 0)
        return;
    if (call.node) { /* it was answered meanwhile */
        d->subject = (struct subject){SUBJECT_NODE, call.node};
        show_node(d, model);
        return;
    }
    add_call_facts(d, model, &call);
    if (live->call != call.call)
        return;
    feed_answer(d, live);
    d->beside = live->reasoning.len + live->calls.len;
    if (live->reasoning.len > 0) {
        add_gap(d);
        document_add(&d->doc, ROLE_REASONING, 2, live->reasoning.data, live->reasoning.len);
    }
    if (live->calls.len > 0) {
        add_gap(d);
        document_add(&d->doc, ROLE_BY_TOOL, 2, live->calls.data, live->calls.len);
    }
    add_gap(d);
    document_stream(&d->doc, d->answer);
}

static void show_effect(struct detail *d, struct model *model)
{
    struct effect_row effect;
    struct buf result;

    snprintf(d->title, sizeof d->title, "tool call %lld", (long long)d->subject.id);
    if (query_effect(model->query, &d->arena, model->run, d->subject.id, &effect, NULL) < 0)
        return;
    d->grows = effect.ended_us == 0;
    add_effect(d, model, &effect);
    buf_init(&result, DOCUMENT_MAX);
    if (query_effect_result(model->query, model->run, effect.effect, &result, NULL) == 0 &&
        result.len > 0) {
        add_gap(d);
        add_text(d, ROLE_HEADING, 0, "Result");
        add_data(d, ROLE_TEXT, result.data, result.len);
    }
    buf_free(&result);
}

/* Lines by what they begin with, as a diff has them. */
static enum role line_role(const char *line, size_t len)
{
    static const struct {
        const char *start;
        enum role role;
    } starts[] = {{"- ", ROLE_DIFF_DEL}, {"+ ", ROLE_DIFF_ADD}, {"rerail: ", ROLE_WARN}};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (len >= strlen(starts[i].start) &&
            memcmp(line, starts[i].start, strlen(starts[i].start)) == 0)
            return starts[i].role;
    return ROLE_TEXT;
}

static void show_report(struct detail *d, const struct report *report)
{
    const char *at = report->text.data, *end = at + report->text.len;

    snprintf(d->title, sizeof d->title, "%s%s", report->title, report->going ? " …" : "");
    d->grows = report->going;
    while (at < end) { /* lines of one role together: a part each would cost more than the text */
        enum role role = line_role(at, (size_t)(end - at));
        const char *from = at, *stop = at;

        while (at < end && line_role(at, (size_t)(end - at)) == role) {
            const char *line = memchr(at, '\n', (size_t)(end - at));
            stop = line ? line : end;
            at = line ? line + 1 : end;
        }
        document_add(&d->doc, role, 0, from, (size_t)(stop - from));
    }
}

static void show(struct detail *d, struct model *model)
{
    document_clear(&d->doc);
    arena_clear(&d->arena);
    d->all_folded = false;
    d->grows = false;
    d->title[0] = '\0';
    switch (d->subject.kind) {
    case SUBJECT_NODE: show_node(d, model); break;
    case SUBJECT_CALL: show_call(d, model); break;
    case SUBJECT_EFFECT: show_effect(d, model); break;
    case SUBJECT_REPORT: show_report(d, &model->report); break;
    case SUBJECT_NONE:
    case SUBJECT_RUN: break;
    }
}

/* Of what grows without being stored. */
static uint64_t live_version(const struct detail *d, const struct model *model)
{
    return d->subject.kind == SUBJECT_REPORT ? model->report.version : model->live.version;
}

static bool same(struct subject a, struct subject b)
{
    return a.kind == b.kind && a.id == b.id;
}

static void clamp(struct detail *d)
{
    size_t rows = document_need(&d->doc, d->top + (size_t)d->h);

    if (d->top + (size_t)d->h > rows)
        d->top = rows > (size_t)d->h ? rows - (size_t)d->h : 0;
}

/* Only text came, for the answer that is shown: what is there stays. */
static bool only_grew(const struct detail *d, const struct model *model)
{
    const struct live_text *live = &model->live;

    return d->subject.kind == SUBJECT_CALL && d->version == model->version && d->answer &&
           d->answer_call == live->call && d->subject.id == live->call &&
           live->text.len >= d->answer_fed && d->beside == live->reasoning.len + live->calls.len &&
           d->doc.part_count > 0 && d->doc.parts[d->doc.part_count - 1].markdown == d->answer;
}

static void detail_update(struct panel *panel, struct model *model, int w, int h)
{
    struct detail *d = (struct detail *)panel;
    bool fresh = same(d->subject, model->subject);
    size_t rows = d->doc.row_count;
    bool grown = d->version != model->version || d->live != live_version(d, model);
    bool end = d->grows && d->top + (size_t)d->h >= rows;

    document_width(&d->doc, w > 4 ? w : 4);
    d->h = h > 0 ? h : 1;
    if (!fresh)
        d->top = d->at = 0;
    if (!fresh || (d->grows && grown)) {
        if (fresh && only_grew(d, model)) {
            feed_answer(d, &model->live);
            document_grown(&d->doc);
        } else {
            d->subject = model->subject;
            show(d, model);
        }
        d->version = model->version;
        d->live = live_version(d, model);
        if (fresh && end && rows > (size_t)d->h) /* the end stays in view while text comes in */
            d->top = document_need(&d->doc, SIZE_MAX);
    }
    clamp(d);
}

static void bring_into_sight(struct detail *d)
{
    size_t rows = document_need(&d->doc, d->at + 1);

    if (d->at >= rows)
        d->at = rows > 0 ? rows - 1 : 0;
    if (d->at < d->top)
        d->top = d->at;
    if (d->at >= d->top + (size_t)d->h)
        d->top = d->at - (size_t)d->h + 1;
    clamp(d);
}

static size_t moved(size_t row, int64_t by)
{
    return by < 0 && (size_t)-by > row ? 0 : (size_t)((int64_t)row + by);
}

static unsigned move(struct detail *d, int64_t by)
{
    if (document_folds(&d->doc)) {
        d->at = moved(d->at, by);
        bring_into_sight(d);
    } else {
        d->top = moved(d->top, by);
        clamp(d);
        d->at = d->top; /* n goes on from there */
    }
    return DID_REDRAW;
}

static unsigned to_end(struct detail *d)
{
    d->top = d->at = document_need(&d->doc, SIZE_MAX);
    bring_into_sight(d);
    return DID_REDRAW;
}

static unsigned fold(struct detail *d, enum json_fold fold)
{
    if (!document_folds(&d->doc))
        return DID_NOT;
    d->at = document_fold(&d->doc, d->at, fold);
    bring_into_sight(d);
    return DID_REDRAW;
}

static unsigned fold_all(struct detail *d)
{
    if (!document_folds(&d->doc))
        return DID_NOT;
    d->all_folded = !d->all_folded;
    document_fold_all(&d->doc, d->all_folded);
    d->at = d->top = 0;
    return DID_REDRAW;
}

static unsigned detail_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct detail *d = (struct detail *)panel;

    (void)model; /* moving needs what was read already */
    switch (action) {
    case ACTION_DOWN: return move(d, 1);
    case ACTION_UP: return move(d, -1);
    case ACTION_HALF_DOWN: return move(d, d->h / 2);
    case ACTION_HALF_UP: return move(d, -d->h / 2);
    case ACTION_PAGE_DOWN: return move(d, d->h);
    case ACTION_PAGE_UP: return move(d, -d->h);
    case ACTION_FIRST: d->top = d->at = 0; return DID_REDRAW;
    case ACTION_LAST: return to_end(d);
    case ACTION_OPEN: return fold(d, JSON_TOGGLE);
    case ACTION_LEFT: return fold(d, JSON_FOLD);
    case ACTION_RIGHT: return fold(d, JSON_UNFOLD);
    case ACTION_TREE: return fold_all(d);
    default: return DID_NOT;
    }
}

/* A new search begins with the first row in sight, and looks into what is folded too. */
static size_t before_first(struct detail *d, const struct pattern *pattern)
{
    if (d->marks == pattern)
        return d->at;
    d->marks = pattern;
    document_fold_all(&d->doc, false);
    size_t rows = document_need(&d->doc, SIZE_MAX);
    clamp(d);
    return d->top > 0 ? d->top - 1 : rows > 0 ? rows - 1 : 0;
}

static bool detail_find(struct panel *panel, struct model *model, const struct pattern *pattern,
                        bool backward, struct panel_find *found)
{
    struct detail *d = (struct detail *)panel;

    (void)model; /* only what is shown is searched */
    if (!pattern) {
        d->marks = NULL;
        return false;
    }
    size_t from = before_first(d, pattern), rows = document_need(&d->doc, SIZE_MAX), row = rows;
    *found = (struct panel_find){0};
    for (size_t i = 1; i <= rows && row == rows; i++) {
        size_t at = (from + (backward ? rows - i : i)) % rows;

        row = document_matches(&d->doc, at, pattern) ? at : rows;
    }
    for (size_t i = 0; i < rows; i++)
        if (document_matches(&d->doc, i, pattern)) {
            found->count++;
            found->at = i <= row ? found->count : found->at;
        }
    if (row == rows)
        return false;
    d->top = d->at = row;
    return true;
}

static void detail_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                        struct rect rect, bool focused)
{
    const struct detail *d = (const struct detail *)panel;

    (void)model;
    document_draw(&d->doc, grid, rect, d->top, d->marks);
    if (focused && document_folds(&d->doc))
        grid_attrs(grid, (struct rect){rect.x, rect.y + (int)(d->at - d->top), rect.w, 1},
                   ATTR_SELECTED);
}

static void detail_note(const struct panel *panel, const struct model *model, char *out, size_t cap)
{
    const struct detail *d = (const struct detail *)panel;

    (void)model;
    snprintf(out, cap, "%s", d->title);
}

const struct panel_class panel_detail = {
    .name = "detail",
    .title = "Detail",
    .open = detail_open,
    .close = detail_close,
    .update = detail_update,
    .act = detail_act,
    .draw = detail_draw,
    .find = detail_find,
    .note = detail_note,
};
