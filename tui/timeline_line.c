/* SPDX-License-Identifier: MIT */
#include "tui/timeline_line.h"

#include <stdbool.h>

#include "core/base/str.h"
#include "tui/figure.h"
#include "tui/panel.h"

#define WHO 9 /* columns for who speaks */

static void put_gap(struct pen *pen, int columns)
{
    pen_repeat(pen, ROLE_TEXT, " ", columns);
}

static void put_who(struct pen *pen, enum role role, const char *who)
{
    int used = put_line(pen, role, who, WHO);

    put_gap(pen, WHO - used + 1);
}

static void put_iteration(struct pen *pen, int64_t iteration)
{
    if (iteration > 0)
        pen_printf(pen, ROLE_NUMBER, "%3lld ", (long long)iteration);
    else
        put_gap(pen, 4);
}

static void put_figure(struct pen *pen, enum role role, const char *text)
{
    pen_printf(pen, role, "%s  ", text);
}

static void put_call_figures(struct pen *pen, const struct call_row *call)
{
    char span[FIGURE], tokens[FIGURE];

    figure_span(span, call->duration_us);
    figure_count(tokens, call->tokens_out);
    pen_put(pen, ROLE_OK, "✓ ");
    put_figure(pen, ROLE_NUMBER, span);
    if (call->attempts > 1)
        pen_printf(pen, ROLE_STATE_RETRY, "↻%lld  ", (long long)call->attempts);
    if (pen_left(pen) > 24)
        pen_printf(pen, ROLE_DIM, "%s tok  ", tokens);
    if (call->finish && str_eq(call->finish, "length"))
        pen_put(pen, ROLE_WARN, "cut by length  ");
}

static void put_effect_figures(struct pen *pen, const struct effect_row *effect)
{
    char span[FIGURE];

    pen_printf(pen, effect_role(effect->state), "%s ", effect_word(effect->state));
    int64_t start = effect->started_us > 0 ? effect->started_us : effect->us; /* pure: no start */

    if (effect->ended_us >= start && effect->state != EFFECT_SKIPPED) {
        figure_span(span, effect->ended_us - start);
        put_figure(pen, ROLE_NUMBER, span);
    } else {
        put_gap(pen, 1);
    }
    if (effect->attempts > 1)
        pen_printf(pen, ROLE_STATE_RETRY, "↻%lld  ", (long long)effect->attempts);
}

static const char *words_of(const struct node_row *node)
{
    return node->preview ? node->preview : "";
}

static void draw_node(struct pen *pen, const struct node_row *node, int64_t iteration, bool gone)
{
    static const struct {
        const char *who;
        enum role role, words;
    } kinds[NODE_KIND_COUNT] = {
        [NODE_GENESIS] = {"start", ROLE_DIM, ROLE_DIM},
        [NODE_SYSTEM] = {"system", ROLE_BY_SYSTEM, ROLE_DIM},
        [NODE_USER] = {"you", ROLE_BY_USER, ROLE_TEXT},
        [NODE_ASSISTANT] = {"model", ROLE_BY_MODEL, ROLE_TEXT},
        [NODE_TOOL] = {"tool", ROLE_BY_TOOL, ROLE_DIM},
    };
    const char *who = kinds[node->kind].who;

    put_iteration(pen, iteration);
    if (node->has_effect) {
        pen_put(pen, ROLE_DIM, "└ ");
        put_who(pen, gone ? ROLE_DIM : ROLE_BY_TOOL, node->effect.tool);
        put_effect_figures(pen, &node->effect);
    } else {
        put_who(pen, gone ? ROLE_DIM : kinds[node->kind].role, who);
        put_gap(pen, 2);
    }
    if (node->has_call)
        put_call_figures(pen, &node->call);
    if (node->label)
        pen_printf(pen, ROLE_LABEL, "«%s» ", node->label);
    put_line(pen, gone ? ROLE_DIM : kinds[node->kind].words, words_of(node), pen_left(pen));
}

static void put_wait(struct pen *pen, const struct model *model)
{
    const struct passage *p = &model->passage;
    int64_t left = p->wait_until_us - model->wall_us;
    char span[FIGURE];

    figure_span(span, left > 0 ? (left + 99999) / 100000 * 100000 : 0);
    pen_put(pen, ROLE_STATE_RETRY, "↻ ");
    if (p->wait_max > 0)
        pen_printf(pen, ROLE_STATE_RETRY, "%lld/%lld ", (long long)p->wait_attempt,
                   (long long)p->wait_max);
    pen_printf(pen, ROLE_STATE_RETRY, left > 0 ? "in %s  " : "now  ", span);
    put_line(pen, ROLE_DIM, p->wait_cause, pen_left(pen));
}

static void put_since(struct pen *pen, const struct model *model, int64_t us)
{
    char span[FIGURE];

    figure_span(span, model->wall_us > us ? model->wall_us - us : 0);
    pen_put(pen, ROLE_NUMBER, span);
}

static bool waits(const struct model *model)
{
    return model->passage.state == RUN_WAITING_RETRY && model->passage.wait_until_us > 0;
}

static void draw_call(struct pen *pen, const struct model *model, const struct timeline_line *line)
{
    put_iteration(pen, line->iteration);
    put_who(pen, ROLE_BY_MODEL, "model");
    put_gap(pen, 2);
    if (waits(model)) {
        put_wait(pen, model);
    } else if (model->hand == HAND_NOBODY) {
        pen_put(pen, ROLE_WARN, "⚠ interrupted: nobody runs it");
    } else {
        pen_put(pen, ROLE_STATE_MODEL,
                model->live.text.len > 0        ? "● answering "
                : model->live.reasoning.len > 0 ? "● thinking "
                                                : "● asked ");
        put_since(pen, model, line->call->us);
    }
}

static void draw_effect(struct pen *pen, const struct model *model,
                        const struct timeline_line *line)
{
    const struct effect_row *effect = line->effect;
    bool asked = model->passage.state == RUN_AWAITING_APPROVAL && effect->state == EFFECT_INTENT;

    put_iteration(pen, 0);
    pen_put(pen, ROLE_DIM, line->sub > 0 ? "  → " : "└ ");
    put_who(pen, ROLE_BY_TOOL, effect->tool);
    if (asked) {
        pen_put(pen, ROLE_WARN, "? needs your word: A");
    } else if (effect->state == EFFECT_IN_DOUBT) {
        pen_put(pen, ROLE_WARN, "⚠ in doubt: A settles it");
    } else if (effect->state == EFFECT_STARTED && waits(model)) {
        put_wait(pen, model);
    } else {
        put_effect_figures(pen, effect);
        if (effect->state == EFFECT_STARTED && effect->started_us > 0)
            put_since(pen, model, effect->started_us);
    }
}

static void draw_attempt(struct pen *pen, const struct attempt_row *attempt)
{
    bool ok = attempt->ended && str_eq(attempt->outcome, "ok");
    char span[FIGURE];

    put_gap(pen, 6);
    pen_printf(pen, ROLE_DIM, "attempt %lld  ", (long long)attempt->n);
    if (!attempt->ended) {
        pen_put(pen, ROLE_STATE_TOOL, "● under way");
        return;
    }
    figure_span(span, attempt->duration_us);
    pen_printf(pen, ok ? ROLE_OK : ROLE_ERROR, "%s %s  ", ok ? "✓" : "✗",
               attempt->outcome ? attempt->outcome : "");
    put_figure(pen, ROLE_NUMBER, span);
    if (attempt->injected)
        pen_put(pen, ROLE_INJECTED, "injected  ");
    if (attempt->delay_us >= 0) {
        figure_span(span, attempt->delay_us);
        pen_printf(pen, ROLE_STATE_RETRY, "↻ after %s  ", span);
    }
    if (!ok)
        put_line(pen, ROLE_DIM, attempt->cause, pen_left(pen));
}

void timeline_line_draw(struct pen *pen, const struct model *model,
                        const struct timeline_line *line)
{
    bool checkpoint = line->kind == LINE_NODE && line->node && line->node->checkpoint;

    pen_put(pen, checkpoint ? ROLE_BRANCH : ROLE_TEXT, checkpoint ? "◆" : " ");
    switch (line->kind) {
    case LINE_NODE:
        if (line->node)
            draw_node(pen, line->node, line->iteration, false);
        break;
    case LINE_CALL: draw_call(pen, model, line); break;
    case LINE_EFFECT: draw_effect(pen, model, line); break;
    case LINE_ATTEMPT: draw_attempt(pen, line->attempt); break;
    case LINE_TEXT:
        put_gap(pen, 6);
        put_line(pen, line->role, line->text, pen_left(pen));
        break;
    case LINE_FOLD:
        put_gap(pen, 4);
        pen_printf(pen, ROLE_DIM, "%s ↶ %lld row%s %s", line->text, (long long)line->iteration,
                   line->iteration == 1 ? "" : "s", line->branch ? "on " : "rolled back");
        if (line->branch)
            put_line(pen, ROLE_BRANCH, line->branch, pen_left(pen));
        break;
    case LINE_GONE:
        pen_put(pen, ROLE_DIM, "  ┊ ");
        pen->attrs |= ATTR_DIM;
        draw_node(pen, line->node, 0, true);
        pen->attrs &= ~(unsigned)ATTR_DIM;
        break;
    }
}
