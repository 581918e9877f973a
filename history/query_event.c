/* SPDX-License-Identifier: MIT */
#include "history/query_event.h"

#include "core/base/json.h"
#include "history/query_data.h"

#include <string.h>

#define EVENT_COLUMNS "SELECT e.seq, e.run, e.branch, e.node, e.us, e.type, e.body FROM event e"

static const char sql_after[] =
    EVENT_COLUMNS " WHERE e.seq>?1 AND (?2=0 OR e.type=?2-1) ORDER BY e.seq LIMIT ?3";
static const char sql_before[] =
    EVENT_COLUMNS " WHERE e.seq<?1 AND (?2=0 OR e.type=?2-1) ORDER BY e.seq DESC LIMIT ?3";
static const char sql_run_after[] =
    EVENT_COLUMNS " WHERE e.run=?1 AND e.seq>?2 AND (?3=0 OR e.type=?3-1) ORDER BY e.seq LIMIT ?4";
static const char sql_run_before[] = EVENT_COLUMNS
    " WHERE e.run=?1 AND e.seq<?2 AND (?3=0 OR e.type=?3-1) ORDER BY e.seq DESC LIMIT ?4";
static const char sql_last[] = "SELECT coalesce(max(seq), 0) FROM event";

static int read_event(const struct reading *r, void *out)
{
    struct event_row *row = out;

    *row = (struct event_row){
        .seq = read_int(r, 0),
        .run = read_int(r, 1),
        .branch = read_int(r, 2),
        .node = read_int(r, 3),
        .us = read_int(r, 4),
        .type = (enum event_type)read_int(r, 5),
        .body = read_text(r, 6),
    };
    return row->type < EVENT_TYPE_COUNT
               ? 0
               : err_set(r->err, E_NEWER, "event %lld is of an unknown type", (long long)row->seq);
}

int query_events(struct query *q, struct arena *arena, const struct event_page *page,
                 struct event_row **rows, size_t *count, struct err *err)
{
    bool back = page->before != 0;
    int64_t from = back ? page->before : page->after;
    struct query_list list = {.limit = page->limit, .size = sizeof **rows, .read = read_event};
    const struct bind all[] = {bind_int(from), bind_int(page->type), {.kind = BIND_END}};
    const struct bind one[] = {
        bind_int(page->run), bind_int(from), bind_int(page->type), {.kind = BIND_END}};

    list.args = page->run ? one : all;
    if (page->run)
        list.sql = back ? sql_run_before : sql_run_after;
    else
        list.sql = back ? sql_before : sql_after;
    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_last_seq(struct query *q, int64_t *seq, struct err *err)
{
    int rc = db_value(q->db, sql_last, NULL, seq, err);

    return rc < 0 ? query_code(q, rc, err) : 0;
}

static const char *kept(struct arena *arena, const cJSON *body, const char *key)
{
    return arena_text(arena, json_text(body, key));
}

int query_transitions(struct query *q, struct arena *arena, int64_t run, size_t limit,
                      struct transition_row **rows, size_t *count, struct err *err)
{
    struct event_page page = {
        .run = run, .before = INT64_MAX, .type = EVENT_STATE_CHANGE + 1, .limit = limit};
    struct event_row *events;
    int rc = query_events(q, arena, &page, &events, count, err);

    if (rc < 0)
        return rc;
    *rows = arena_array(arena, *count, sizeof **rows);
    for (size_t i = 0; i < *count; i++) {
        cJSON *body = NULL;
        const char *text = events[i].body ? events[i].body : "{}";
        rc = json_parse(&body, text, strlen(text), NULL, err);
        if (rc < 0)
            return err_set(err, E_CORRUPT, "event %lld is damaged", (long long)events[i].seq);
        (*rows)[i] = (struct transition_row){
            .seq = events[i].seq,
            .us = events[i].us,
            .spent_us = (int64_t)(json_number(body, "spent_ms", 0) * 1000),
            .from = kept(arena, body, "from"),
            .to = kept(arena, body, "to"),
            .reason = kept(arena, body, "reason"),
        };
        cJSON_Delete(body);
    }
    return 0;
}
