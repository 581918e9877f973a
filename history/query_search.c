/* SPDX-License-Identifier: MIT */
#include "history/query_search.h"

#include "core/base/buf.h"
#include "core/base/pattern.h"
#include "core/base/utf8.h"
#include "history/message_text.h"
#include "history/query_data.h"

#include <string.h>

#define BUDGET      ((size_t)4 << 20)
#define LINE_BYTES  200 /* bytes of a hit's line */
#define BEFORE      60  /* of them at most before the match */
#define MATCHES_MAX 1000
#define ROWS        64 /* nodes read at a time */

static const char sql_nodes[] =
    "SELECT n.segment, n.depth, n.node, n.kind, n.blob FROM node n"
    " WHERE n.run=? AND (n.segment, n.depth)>(?, ?) ORDER BY n.segment, n.depth LIMIT ?";
static const char sql_next_run[] = "SELECT max(id) FROM run WHERE id<? AND state>=0";

struct candidate {
    int64_t segment, depth, node, blob;
    enum node_kind kind;
};

static int read_candidate(const struct reading *r, void *out)
{
    struct candidate *c = out;

    *c = (struct candidate){
        .segment = read_int(r, 0),
        .depth = read_int(r, 1),
        .node = read_int(r, 2),
        .kind = (enum node_kind)read_int(r, 3),
        .blob = read_int(r, 4),
    };
    return 0;
}

/* The line around a match, cut to a screen's width, and where the match lies in it. */
static void show_line(struct arena *arena, const char *text, size_t len, size_t start, size_t end,
                      struct search_hit *hit)
{
    size_t from = start, to = end;

    while (from > 0 && text[from - 1] != '\n' && start - from < BEFORE)
        from--;
    while (from < start && ((unsigned char)text[from] & 0xc0) == 0x80)
        from++; /* not in the middle of a character */
    while (to < len && text[to] != '\n' && to - from < LINE_BYTES)
        to++;
    const char *newline = memchr(text + start, '\n', end - start);
    if (newline && to > (size_t)(newline - text))
        to = (size_t)(newline - text);
    size_t shown = to - from > LINE_BYTES ? LINE_BYTES : to - from;
    shown = utf8_cut(text + from, shown);
    hit->line = arena_copy(arena, text + from, shown);
    hit->start = start - from;
    hit->end = end - from < shown ? end - from : shown;
}

/* Fills a hit when the text has a match. */
static bool match(struct arena *arena, const struct pattern *pattern, const char *text, size_t len,
                  struct search_hit *hit)
{
    size_t at = 0, start, end;

    hit->matches = 0;
    while (hit->matches < MATCHES_MAX && at <= len &&
           pattern_find(pattern, text, len, at, &start, &end) == 1) {
        if (hit->matches++ == 0)
            show_line(arena, text, len, start, end, hit);
        at = end > start ? end : end + 1;
    }
    return hit->matches > 0;
}

struct progress {
    struct query *q;
    struct arena *arena;
    struct search *search;
    const struct pattern *pattern;
    struct search_hit *hits;
    size_t count, limit, bytes, budget;
    struct buf text;    /* of the node at hand */
    struct arena nodes; /* the candidates at hand */
    struct err *err;
};

/* Looks at one node: its bytes count against the budget. */
static int look(struct progress *p, const struct candidate *c)
{
    struct search_hit *hit = &p->hits[p->count];
    const char *body;
    size_t len;
    int rc = query_blob(p->q, c->blob, &body, &len, p->err);

    if (rc < 0)
        return rc;
    p->bytes += len;
    buf_clear(&p->text);
    (void)message_text(&p->text, body, len); /* a text above the ceiling is searched up to it */
    *hit = (struct search_hit){.run = p->search->at_run,
                               .node = c->node,
                               .segment = c->segment,
                               .depth = c->depth,
                               .kind = c->kind};
    p->count += match(p->arena, p->pattern, p->text.data, p->text.len, hit);
    return 0;
}

/* Some nodes of the run at hand: 1 while there are more, 0 at its end. */
static int search_some(struct progress *p)
{
    struct search *s = p->search;
    struct candidate *rows;
    size_t count;
    struct query_list list = {
        .sql = sql_nodes,
        .args = BIND(bind_int(s->at_run), bind_int(s->at_segment), bind_int(s->at_depth)),
        .limit = ROWS,
        .size = sizeof *rows,
        .read = read_candidate,
    };

    arena_clear(&p->nodes);
    int rc = query_list(p->q, &p->nodes, &list, (void **)&rows, &count, p->err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (p->count == p->limit || p->bytes >= p->budget)
            return 1;
        rc = look(p, &rows[i]);
        s->at_segment = rows[i].segment;
        s->at_depth = rows[i].depth;
    }
    return rc < 0 ? rc : count == ROWS;
}

/* To the next run, or to the end. */
static int next_run(struct progress *p)
{
    struct search *s = p->search;
    int64_t run = 0;

    if (s->run) {
        s->done = true;
        return 0;
    }
    int rc = db_value(p->q->db, sql_next_run, BIND(bind_int(s->at_run)), &run, p->err);
    s->at_run = run;
    s->at_segment = s->at_depth = 0;
    s->done = run == 0;
    return rc < 0 ? rc : 0;
}

int query_search(struct query *q, struct arena *arena, struct search *search,
                 const struct pattern *pattern, size_t limit, struct search_hit **hits,
                 size_t *count, struct err *err)
{
    struct progress p = {
        .q = q,
        .arena = arena,
        .search = search,
        .pattern = pattern,
        .limit = limit < QUERY_ROWS_MAX ? limit : QUERY_ROWS_MAX,
        .budget = search->budget ? search->budget : BUDGET,
        .err = err,
    };
    int rc = 0;

    buf_init(&p.text, BODY_MAX);
    arena_init(&p.nodes);
    p.hits = arena_array(arena, p.limit, sizeof *p.hits);
    if (search->at_run == 0 && search->run == 0) {
        search->at_run = INT64_MAX;
        rc = next_run(&p);
    } else if (search->at_run == 0) {
        search->at_run = search->run;
    }
    while (rc >= 0 && !search->done && p.count < p.limit && p.bytes < p.budget) {
        rc = search_some(&p);
        if (rc == 0)
            rc = next_run(&p);
    }
    buf_free(&p.text);
    arena_free(&p.nodes);
    *hits = p.hits;
    *count = p.count;
    return rc < 0 ? query_code(q, rc, err) : 0;
}
