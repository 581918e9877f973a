/* SPDX-License-Identifier: MIT */
/*
 * Health: how the run has been doing lately, from its window of outcomes. The percentiles can be
 * selected; Enter goes to the very call behind one.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "tui/figure.h"
#include "tui/model.h"
#include "tui/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPOTS 3 /* p50, p90, p99 of each group */

struct health_panel {
    struct panel panel;
    size_t at; /* spot: group × SPOTS + percentile */
    size_t groups;
};

static struct panel *health_open(void)
{
    struct health_panel *h = mem_new(sizeof *h);

    h->panel.class = &panel_health;
    return &h->panel;
}

static void health_close(struct panel *panel)
{
    free(panel);
}

static void health_update(struct panel *panel, struct model *model, int w, int h)
{
    struct health_panel *self = (struct health_panel *)panel;

    (void)w;
    (void)h;
    self->groups = model->group_count;
    if (self->at >= self->groups * SPOTS)
        self->at = 0;
}

static const struct quantile_sample *spot(const struct health_spread *spread, size_t index)
{
    const struct quantile_sample *spots[SPOTS] = {&spread->p50, &spread->p90, &spread->p99};

    return spots[index];
}

static unsigned step(struct health_panel *self, int64_t by)
{
    int64_t to = (int64_t)self->at + by;

    if (to < 0 || to >= (int64_t)(self->groups * SPOTS))
        return DID_NOTHING;
    self->at = (size_t)to;
    return DID_REDRAW;
}

static unsigned go_to_call(struct health_panel *self, struct model *model)
{
    if (self->at >= self->groups * SPOTS)
        return DID_NOTHING;
    const struct health_spread *spread = &model->groups[self->at / SPOTS].figures.latency;
    int64_t ref = spread->n > 0 ? spot(spread, self->at % SPOTS)->ref : 0;

    if (ref == 0) {
        model_say(model, false, "there is no sample yet");
        return DID_NOTHING;
    }
    model->subject =
        ref > 0 ? (struct subject){SUBJECT_CALL, ref} : (struct subject){SUBJECT_EFFECT, -ref};
    model->subject_by = self;
    return DID_SUBJECT | DID_OPEN | DID_GO;
}

static unsigned health_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct health_panel *self = (struct health_panel *)panel;

    switch (action) {
    case ACTION_RIGHT: return step(self, 1);
    case ACTION_LEFT: return step(self, -1);
    case ACTION_DOWN: return step(self, SPOTS);
    case ACTION_UP: return step(self, -SPOTS);
    case ACTION_FIRST: self->at = 0; return DID_REDRAW;
    case ACTION_OPEN: return go_to_call(self, model);
    default: return DID_NOT;
    }
}

/* --- drawing -------------------------------------------------------------------------------------
 */

static void put_permille(struct pen *pen, const struct health_figures *f)
{
    if (f->error_permille == HEALTH_ABSENT)
        pen_put(pen, ROLE_DIM, "–");
    else
        pen_printf(pen, f->errors ? ROLE_WARN : ROLE_NUMBER, "%d.%d%%", f->error_permille / 10,
                   f->error_permille % 10);
}

static void put_spread(struct pen *pen, const struct health_panel *self, size_t group,
                       const struct health_spread *spread, bool focused)
{
    static const char *const names[SPOTS] = {"p50", "p90", "p99"};
    char span[FIGURE];

    for (size_t i = 0; i < SPOTS; i++) {
        figure_span(span, spread->n > 0 ? spot(spread, i)->value : -1);
        pen_printf(pen, ROLE_DIM, "%s ", names[i]);
        pen->attrs = focused && self->at == group * SPOTS + i ? ATTR_REVERSE : 0;
        pen_put(pen, ROLE_NUMBER, span);
        pen->attrs = 0;
        pen_put(pen, ROLE_TEXT, " ");
    }
}

static void draw_status(struct pen *pen, const struct health_figures *f)
{
    char avg[FIGURE], word[FIGURE];

    snprintf(word, sizeof word, "%s", health_status_name(f->status));
    for (char *c = word; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    figure_span(avg, f->latency.avg);
    pen_put(pen, health_role(f->status), word);
    pen_put(pen, ROLE_DIM, "  err ");
    put_permille(pen, f);
    pen_put(pen, ROLE_DIM, "  avg ");
    pen_put(pen, ROLE_NUMBER, avg);
    pen_printf(pen, ROLE_DIM, "  n %zu", f->n);
}

/* The last durations as bars, the newest at the right; a failed one is marked by its role. */
static void draw_spark(struct pen *pen, const struct model *model, int columns)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t n = model->window_count < (size_t)columns ? model->window_count : (size_t)columns;
    int64_t most = 1;

    for (size_t i = 0; i < n; i++)
        if (model->window[i].duration_us > most)
            most = model->window[i].duration_us;
    for (size_t i = n; i-- > 0;) {
        const struct attempt_row *row = &model->window[i];
        int64_t bar = row->duration_us < 0 ? 0 : row->duration_us * 7 / most;

        pen_put(pen, str_eq(row->outcome, "ok") ? ROLE_SPARK : ROLE_ERROR, bars[bar]);
    }
}

static void draw_rates(struct pen *pen, const struct model *model, const struct health_figures *f)
{
    char first[FIGURE];
    int columns = pen->area.w - 26;

    draw_spark(pen, model, columns > 24 ? 24 : columns);
    figure_span(first, f->ttft.avg);
    pen_put(pen, ROLE_DIM, "  first token ");
    pen_put(pen, ROLE_NUMBER, first);
    if (f->rate.avg >= 0 && pen_left(pen) > 10)
        pen_printf(pen, ROLE_DIM, "  %lld tok/s", (long long)(f->rate.avg / 1000));
}

static void draw_breakers(struct pen *pen, const struct model *model)
{
    const struct passage *p = &model->passage;
    bool any = false;

    for (size_t i = 0; i < p->breaker_count && pen_left(pen) > 12; i++) {
        const struct passage_breaker *b = &p->breakers[i];
        bool closed = str_eq(b->state, "closed");
        int64_t left = b->until_us - model->wall_us;
        const char *key = strrchr(b->key, '/') ? strrchr(b->key, '/') + 1 : b->key;
        char span[FIGURE];

        pen_put(pen, ROLE_DIM, any ? " · " : "breaker ");
        put_line(pen, ROLE_TEXT, key, 16);
        pen_printf(pen,
                   closed                         ? ROLE_OK
                   : str_starts(b->state, "half") ? ROLE_WARN
                                                  : ROLE_ERROR,
                   " %s", b->state);
        if (b->until_us > 0 && left > 0 && !closed) {
            figure_span(span, left);
            pen_printf(pen, ROLE_WARN, " %s", span);
        }
        any = true;
    }
    if (!any)
        pen_put(pen, ROLE_DIM, "breakers closed");
}

static void draw_usage(struct pen *pen, const struct model *model)
{
    int64_t context = model->config ? model->config->model.context : -1;
    char used[FIGURE], of[FIGURE], in[FIGURE], out[FIGURE], cost[FIGURE];

    figure_count(used, model->context_used);
    figure_count(in, model->row.tokens_in);
    figure_count(out, model->row.tokens_out);
    figure_money(cost, model->row.cost_microusd);
    pen_put(pen, ROLE_DIM, "context ");
    if (context > 0 && model->context_used > 0) {
        int full = (int)(model->context_used * 8 / context);

        figure_count(of, context);
        full = full > 8 ? 8 : full;
        pen_repeat(pen, ROLE_GAUGE, "▓", full);
        pen_repeat(pen, ROLE_GAUGE_EMPTY, "░", 8 - full);
        pen_printf(pen, ROLE_NUMBER, " %lld%%", (long long)(model->context_used * 100 / context));
        pen_printf(pen, ROLE_DIM, " of %s", of);
    } else {
        pen_put(pen, ROLE_NUMBER, model->context_used > 0 ? used : "–");
    }
    pen_printf(pen, ROLE_DIM, "  in %s out %s  ", in, out);
    pen_put(pen, ROLE_NUMBER, cost);
}

static void draw_group(struct pen *pen, const struct health_panel *self,
                       const struct health_group *group, size_t index, bool focused)
{
    int used = put_line(pen, ROLE_BY_TOOL, group->name, 12);

    pen_repeat(pen, ROLE_TEXT, " ", 13 - used);
    put_spread(pen, self, index, &group->figures.latency, focused);
    if (pen_left(pen) > 14) {
        pen_put(pen, ROLE_DIM, "err ");
        put_permille(pen, &group->figures);
        pen_printf(pen, ROLE_DIM, " n %zu", group->figures.n);
    }
}

static void draw_wait(struct pen *pen, const struct model *model)
{
    int64_t left = model->passage.wait_until_us - model->wall_us;
    char span[FIGURE];

    figure_span(span, left > 0 ? left : 0);
    pen_printf(pen, ROLE_STATE_RETRY, "↻ next attempt in %s  ", span);
    put_line(pen, ROLE_DIM, model->passage.wait_cause, pen_left(pen));
}

static void health_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                        struct rect rect, bool focused)
{
    const struct health_panel *self = (const struct health_panel *)panel;
    struct pen pen = grid_pen(grid, rect);
    int y = 0;

    if (!model->run || model->group_count == 0)
        return;
    const struct health_figures *all = &model->groups[0].figures;
    pen_at(&pen, 1, y++);
    draw_status(&pen, all);
    pen_at(&pen, 1, y++);
    put_spread(&pen, self, 0, &all->latency, focused);
    if (model->passage.state == RUN_WAITING_RETRY && model->passage.wait_until_us > 0) {
        pen_at(&pen, 1, y++);
        draw_wait(&pen, model);
    }
    pen_at(&pen, 1, y++);
    draw_rates(&pen, model, all);
    pen_at(&pen, 1, y++);
    draw_breakers(&pen, model);
    pen_at(&pen, 1, y++);
    draw_usage(&pen, model);
    for (size_t i = 1; i < model->group_count && y < rect.h; i++) {
        pen_at(&pen, 1, y++);
        draw_group(&pen, self, &model->groups[i], i, focused);
    }
}

const struct panel_class panel_health = {
    .name = "health",
    .title = "Health",
    .open = health_open,
    .close = health_close,
    .update = health_update,
    .act = health_act,
    .draw = health_draw,
};
