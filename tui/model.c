/* SPDX-License-Identifier: MIT */
#include "tui/model.h"

#include "core/agent/run_spec.h"
#include "core/agent/state.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "history/query_event.h"
#include "history/query_jump.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_MAX    64
#define SEGMENT_MAX 512
#define REPORT_MAX  ((size_t)16 << 20)
#define LIVE_MAX    ((size_t)64 << 20)
#define EVENT_PAGE  256
#define BACK_MAX    16 /* nodes looked at for the last model call */

void model_init(struct model *model, struct query *query)
{
    *model = (struct model){.query = query, .own_pid = (int64_t)getpid(), .stale = true};
    buf_init(&model->live.text, LIVE_MAX);
    buf_init(&model->live.reasoning, LIVE_MAX);
    buf_init(&model->live.calls, LIVE_MAX);
    buf_init(&model->report.text, REPORT_MAX);
}

static void clear_live(struct model *model)
{
    buf_clear(&model->live.text);
    buf_clear(&model->live.reasoning);
    buf_clear(&model->live.calls);
    model->live.run = model->live.call = 0;
    model->live.version++;
}

void model_free(struct model *model)
{
    buf_free(&model->live.text);
    buf_free(&model->live.reasoning);
    buf_free(&model->live.calls);
    buf_free(&model->report.text);
    free(model->report.title);
    run_config_free(model->config);
    arena_free(&model->arena);
    cJSON_Delete(model->asked);
    free(model->stalled);
}

void model_say(struct model *model, bool bad, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(model->notice, sizeof model->notice, fmt, ap);
    va_end(ap);
    model->notice_bad = bad;
    model->notice_us = model->now_us;
}

cJSON *model_ask(struct model *model, const char *verb)
{
    cJSON *object = cJSON_CreateObject();

    json_set_text(object, "verb", verb);
    json_set_text(object, "by", "console");
    if (!model->asked)
        model->asked = cJSON_CreateArray();
    cJSON_AddItemToArray(model->asked, object);
    return object;
}

bool model_is_live(const struct model *model)
{
    const struct state_info *state =
        model->run ? state_info((enum run_state)model->row.state) : NULL;

    return state && model->hand != HAND_NOBODY && !state->ended && !state->person &&
           model->row.state != RUN_IDLE;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static void read_config(struct model *model)
{
    const char *json = NULL;
    struct run_spec *spec = NULL;

    run_config_free(model->config);
    model->config = NULL;
    if (query_run_config(model->query, &model->arena, model->run, &json, NULL) < 0 || !json ||
        run_spec_parse(&spec, json, NULL) < 0)
        return; /* a newer rerail's run: figures that need it are left out */
    model->config = spec->config;
    spec->config = NULL;
    run_spec_free(spec);
}

void model_show(struct model *model, int64_t run)
{
    cJSON_Delete(model->asked);
    model->asked = NULL;
    clear_live(model);
    passage_clear(&model->passage);
    model->run = run;
    model->subject = (struct subject){SUBJECT_NONE, 0};
    model->subject_by = NULL;
    model->heard = 0;
    model->extra_iterations = 0;
    model->stale = true;
    run_config_free(model->config);
    model->config = NULL;
}

/* A run that is opened is folded from its last events; from then on event by event. */
static int read_passage(struct model *model, struct err *err)
{
    struct event_page page = {.run = model->run, .limit = EVENT_PAGE};
    struct event_row *rows;
    size_t count = EVENT_PAGE;
    int rc = 0;

    if (model->passage.seen == 0) {
        page.before = INT64_MAX;
        page.limit = (size_t)4 * EVENT_PAGE;
        rc = query_events(model->query, &model->arena, &page, &rows, &count, err);
        for (size_t i = rc == 0 ? count : 0; i-- > 0;)
            passage_fold(&model->passage, rows[i].seq, rows[i].us, rows[i].type, rows[i].body);
        model->heard = model->passage.notice_seq;
        return rc;
    }
    while (rc == 0 && count == EVENT_PAGE) {
        page.after = model->passage.seen;
        rc = query_events(model->query, &model->arena, &page, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            passage_fold(&model->passage, rows[i].seq, rows[i].us, rows[i].type, rows[i].body);
            if (rows[i].type == EVENT_SETTING && model->config) {
                cJSON *body = NULL;

                if (json_parse(&body, rows[i].body, strlen(rows[i].body), NULL, NULL) == 0 &&
                    json_text(body, "name") && json_text(body, "value"))
                    (void)run_config_set(model->config, json_text(body, "name"),
                                         json_text(body, "value"), NULL); /* the run took it */
                cJSON_Delete(body);
            }
        }
    }
    return rc;
}

static void record(struct health *health, const struct health_policy *policy,
                   const struct attempt_row *row)
{
    enum failure failure = row->outcome ? failure_named(row->outcome) : FAILURE_COUNT;
    int64_t spent = row->duration_us - (row->first_us >= 0 ? row->first_us : 0);

    if (failure == FAILURE_COUNT || (!failure_row(failure)->ok && !failure_row(failure)->error))
        return;
    const struct health_outcome outcome = {
        .at_us = row->us + row->duration_us,
        .failure = failure,
        .latency_us = row->duration_us,
        .ttft_us = row->call && row->first_us >= 0 ? row->first_us : HEALTH_ABSENT,
        .milli_rate = row->call && row->tokens_out > 0 && spent > 0
                          ? row->tokens_out * 1000 * US_PER_S / spent
                          : HEALTH_ABSENT,
        .ref = row->call ? row->call : -row->effect,
    };
    health_record(health, policy, &outcome);
}

/* Figures of one name in the window, or of all of it. */
static void fold_group(struct model *model, struct health_group *group, const char *name,
                       const struct health_policy *policy)
{
    struct health health;

    health_init(&health);
    for (size_t i = model->window_count; i-- > 0;)
        if (!name || str_eq(model->window[i].name, name))
            record(&health, policy, &model->window[i]);
    group->name = name;
    health_figures(&group->figures, &health, policy, model->wall_us);
    health_free(&health);
}

static bool has_group(const struct model *model, const char *name)
{
    for (size_t i = 1; i < model->group_count; i++)
        if (str_eq(model->groups[i].name, name))
            return true;
    return false;
}

/* By name: nothing jumps about while a run goes on. */
static int by_name(const void *a, const void *b)
{
    const struct health_group *left = a, *right = b;

    return strcmp(left->name, right->name);
}

static int read_health(struct model *model, struct err *err)
{
    struct run_config *fallback = NULL;
    struct window window = {.run = model->run};
    int rc;

    if (!model->config)
        run_config_new(&fallback);
    assert(model->config || fallback);
    const struct health_policy *policy = &(model->config ? model->config : fallback)->health;
    /* A stored run is judged by its last minutes, not by how long ago they were. */
    int64_t end = model->hand == HAND_NOBODY ? model->row.updated_us : model->wall_us;
    window.since_us = end - policy->window_us;
    window.limit = (size_t)policy->window;
    rc = query_window(model->query, &model->arena, &window, &model->window, &model->window_count,
                      err);
    if (rc == 0) {
        int64_t wall = model->wall_us;

        model->wall_us = end;
        fold_group(model, &model->groups[0], NULL, policy);
        model->group_count = 1;
        for (size_t i = 0; i < model->window_count && model->group_count < MODEL_GROUPS; i++)
            if (model->window[i].name && !has_group(model, model->window[i].name))
                fold_group(model, &model->groups[model->group_count++], model->window[i].name,
                           policy);
        qsort(model->groups + 1, model->group_count - 1, sizeof *model->groups, by_name);
        model->wall_us = wall;
    } else {
        model->window_count = model->group_count = 0;
    }
    run_config_free(fallback);
    return rc;
}

/* Tokens in the model's context: the newest answer's request and itself. */
static int read_context(struct model *model, struct err *err)
{
    int64_t from = model->path.depth >= BACK_MAX ? model->path.depth - BACK_MAX + 1 : 0;
    struct node_row *rows;
    size_t count;
    int rc =
        query_nodes(model->query, &model->arena, &model->path, from, BACK_MAX, &rows, &count, err);

    model->context_used = 0;
    for (size_t i = rc == 0 ? count : 0; i-- > 0 && model->context_used == 0;)
        if (rows[i].has_call)
            model->context_used = rows[i].call.tokens_in + rows[i].call.tokens_out;
    return rc;
}

static int read_extra(struct model *model, struct err *err)
{
    struct checkpoint_row row;
    const char *json = NULL;
    cJSON *summary = NULL;
    int rc = query_checkpoint_at(model->query, &model->arena, &model->path, model->path.depth, &row,
                                 err);

    if (rc == E_NOTFOUND)
        return 0;
    if (rc == 0)
        rc = query_summary(model->query, &model->arena, model->run, row.node, &json, err);
    if (rc == 0 && json && json_parse(&summary, json, strlen(json), NULL, NULL) == 0)
        model->extra_iterations = json_int(json_object(summary, "run"), "extra_iterations", 0);
    cJSON_Delete(summary);
    return rc == E_NOTFOUND ? 0 : rc;
}

static enum run_hand hand_of(const struct model *model)
{
    if (model->row.owner != RUN_OWNED)
        return HAND_NOBODY;
    return model->row.owner_pid == model->own_pid ? HAND_OURS : HAND_OTHER;
}

static int read_run(struct model *model, struct err *err)
{
    struct query *q = model->query;
    struct arena *arena = &model->arena;
    int64_t run = model->run;
    int rc = query_run(q, arena, run, &model->row, err);

    if (rc < 0)
        return rc;
    model->hand = hand_of(model);
    if (!model->config)
        read_config(model);
    if ((rc = query_path(q, arena, run, 0, &model->path, err)) < 0 ||
        (rc = query_open_work(q, arena, run, OPEN_MAX, &model->open, err)) < 0 ||
        (rc = read_passage(model, err)) < 0 || (rc = read_health(model, err)) < 0 ||
        (rc = read_context(model, err)) < 0 || (rc = read_extra(model, err)) < 0 ||
        (rc = query_segments(q, arena, run, 0, SEGMENT_MAX, &model->segments, &model->segment_count,
                             err)) < 0 ||
        (rc = query_checkpoint_count(q, run, &model->checkpoints, err)) < 0)
        return rc;
    return query_undo(q, run, model->row.branch, &model->undo, &model->redo, err);
}

static void forget_rows(struct model *model)
{
    arena_clear(&model->arena);
    model->row = (struct run_row){0};
    model->path = (struct chain_path){0};
    model->open = (struct open_work){0};
    model->window = NULL;
    model->segments = NULL;
    model->window_count = model->group_count = model->segment_count = 0;
    model->hand = HAND_NOBODY;
    model->undo = model->redo = model->checkpoints = 0;
}

bool model_read(struct model *model)
{
    struct err err = {0};
    bool changed = false;
    int rc = query_changed(model->query, &changed, &err);

    if (rc == 0 && !changed && !model->stale)
        return false;
    forget_rows(model);
    if (rc == 0)
        rc = query_begin(model->query, &err);
    if (rc == 0) {
        rc = query_run_count(model->query, &model->runs, &err);
        if (rc == 0 && model->run)
            rc = read_run(model, &err);
        query_end(model->query);
    }
    model->stale = rc == E_BUSY; /* somebody was recovering the file: again with the next frame */
    model->version++;
    if (rc < 0 && rc != E_BUSY && rc != E_NOTFOUND) /* not found: it is not stored yet */
        model_say(model, true, "%s", err.msg);
    if (model->live.call && (!model->open.open_call || model->open.call.call != model->live.call))
        clear_live(model);
    if (model->passage.notice_seq > model->heard) {
        model->heard = model->passage.notice_seq;
        model_say(model, false, "%s", model->passage.notice);
    }
    return true;
}

void model_live(struct model *model, const struct engine_news *delta)
{
    struct live_text *live = &model->live;
    struct buf *into = delta->delta == DELTA_TEXT        ? &live->text
                       : delta->delta == DELTA_REASONING ? &live->reasoning
                                                         : &live->calls;

    if (delta->run != model->run)
        return;
    if (live->call != delta->call)
        clear_live(model);
    live->run = delta->run;
    live->call = delta->call;
    (void)buf_add(into, delta->text, delta->len); /* over the ceiling the answer will fail too */
    live->version++;
}

void model_report(struct model *model, const char *title)
{
    free(model->report.title);
    model->report.title = mem_text(title);
    model->report.number++;
    model->report.going = true;
    model->report.version++;
    buf_clear(&model->report.text);
    model_show_report(model);
}

void model_report_text(struct model *model, const char *text, size_t len, bool going)
{
    struct report *report = &model->report;

    if (len > report->text.len)
        (void)buf_add(&report->text, text + report->text.len, len - report->text.len);
    report->going = going;
    report->version++;
}

void model_show_report(struct model *model)
{
    model->subject = (struct subject){SUBJECT_REPORT, model->report.number};
    model->subject_by = &model->report; /* of no panel: none moves it */
}
