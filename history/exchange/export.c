/* SPDX-License-Identifier: MIT */
#include "history/exchange/export.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/journal.h"
#include "history/exchange/container.h"
#include "history/query_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SQL_MAX 1024

/* The number that a body has in the file, by its id in the history: open addressing. */
struct numbers {
    struct number {
        int64_t id, number;
        struct hash hash; /* of the body as it is in the file */
    } * at;
    size_t cap, count;
};

struct exporter {
    struct query *q;
    const struct export_options *options;
    int64_t run, lines;
    struct sha256_sum *sum;
    struct buf line, masked;
    struct numbers numbers;
    struct hash *chains; /* redacted: of each node, by its number */
    size_t chain_count;
    struct err *err;
};

/* ---- lines */

static int put_line(struct exporter *e)
{
    int rc = buf_char(&e->line, '\n');

    if (rc < 0)
        return err_set(e->err, rc, "a line of the export is too long");
    if (e->sum)
        sha256_add(e->sum, e->line.data, e->line.len);
    e->lines++;
    rc = e->options->put(e->options->ctx, e->line.data, e->line.len, e->err);
    buf_clear(&e->line);
    return rc;
}

static int too_long(struct exporter *e, int rc)
{
    return rc < 0 ? err_set(e->err, rc, "a line of the export is too long") : 0;
}

/* A text as it goes into the file; borrowed until the next one. */
static int pass(struct exporter *e, const char **text, size_t *len)
{
    if (!e->options->redact)
        return 0;
    buf_clear(&e->masked);
    int rc = e->options->redact(e->options->redactor, &e->masked, *text, *len);
    if (rc < 0)
        return err_set(e->err, rc, "a text cannot be redacted");
    *text = e->masked.data;
    *len = e->masked.len;
    return 0;
}

/* ---- bodies */

static struct number *slot_of(const struct numbers *numbers, int64_t id)
{
    size_t at = (size_t)((uint64_t)id * 0x9e3779b97f4a7c15u) & (numbers->cap - 1);

    while (numbers->at[at].id && numbers->at[at].id != id)
        at = (at + 1) & (numbers->cap - 1);
    return &numbers->at[at];
}

static void grow(struct numbers *numbers)
{
    struct numbers more = {.cap = numbers->cap ? 2 * numbers->cap : 256};

    more.at = mem_array(more.cap, sizeof *more.at);
    for (size_t i = 0; i < numbers->cap; i++)
        if (numbers->at[i].id)
            *slot_of(&more, numbers->at[i].id) = numbers->at[i];
    more.count = numbers->count;
    free(numbers->at);
    *numbers = more;
}

static bool is_text(const char *data, size_t len)
{
    return utf8_valid(data, len) && !memchr(data, '\0', len);
}

static int put_hex(struct buf *out, const char *data, size_t len)
{
    int rc = buf_char(out, '"');
    char two[3];

    for (size_t i = 0; rc == 0 && i < len; i++) {
        str_hex(two, data + i, 1);
        rc = buf_add(out, two, 2);
    }
    return rc < 0 ? rc : buf_char(out, '"');
}

/* The next piece of a body behind what the line already says; bytes of it. */
static size_t put_piece(struct exporter *e, const char *data, size_t len, bool text, int *rc)
{
    size_t take = len;

    if (take > CONTAINER_PIECE)
        take = text ? utf8_cut(data, CONTAINER_PIECE) : CONTAINER_PIECE;
    *rc = buf_printf(&e->line, ",\"%s\":", text ? "text" : "hex");
    if (*rc == 0)
        *rc = text ? json_quote(&e->line, data, take) : put_hex(&e->line, data, take);
    if (*rc == 0)
        *rc = buf_char(&e->line, '}');
    *rc = *rc < 0 ? too_long(e, *rc) : put_line(e);
    return take;
}

static int write_body(struct exporter *e, struct number *body, const char *data, size_t len)
{
    char hash[2 * SHA256_BYTES + 1];
    bool text = is_text(data, len);
    int rc;

    body->hash = sha256(data, len);
    sha256_text(hash, &body->hash);
    (void)buf_printf(&e->line, "{\"body\":%" PRId64 ",\"len\":%zu,\"sha256\":\"%s\"", body->number,
                     len, hash);
    size_t done = put_piece(e, data, len, text, &rc);
    while (rc == 0 && done < len) {
        (void)buf_printf(&e->line, "{\"more\":%" PRId64, body->number);
        done += put_piece(e, data + done, len - done, text, &rc);
    }
    return rc;
}

/* Puts a body before the row that first refers to it. 0 stands for an empty reference. */
static int put_body(struct exporter *e, int64_t id)
{
    const char *data;
    size_t len;

    if (id == 0)
        return 0;
    if (2 * (e->numbers.count + 1) > e->numbers.cap)
        grow(&e->numbers);
    struct number *body = slot_of(&e->numbers, id);
    if (body->id)
        return 0;
    int rc = query_blob(e->q, id, &data, &len, e->err);
    if (rc == 0)
        rc = pass(e, &data, &len);
    if (rc < 0)
        return rc;
    *body = (struct number){.id = id, .number = (int64_t)++e->numbers.count};
    return write_body(e, body, data, len);
}

/* ---- rows */

static int put_text(struct exporter *e, const char *text, size_t len)
{
    int rc = pass(e, &text, &len);

    return rc < 0 ? rc : too_long(e, json_quote(&e->line, text, len));
}

static int put_packed(struct exporter *e, sqlite3_stmt *row, int column)
{
    const char *text;
    size_t len;
    int rc = body_unpack(e->q->packer, sqlite3_column_blob(row, column),
                         (size_t)sqlite3_column_bytes(row, column), &text, &len, e->err);

    return rc < 0 ? rc : put_text(e, text, len);
}

static int put_cell(struct exporter *e, const struct cell *cell, sqlite3_stmt *row, int column,
                    int64_t order)
{
    int64_t number = sqlite3_column_int64(row, column);
    const char *data = sqlite3_column_blob(row, column);
    size_t len = (size_t)sqlite3_column_bytes(row, column);

    switch (cell->kind) {
    case CELL_INT: return too_long(e, buf_int(&e->line, number));
    case CELL_WIDE: return too_long(e, buf_printf(&e->line, "\"%" PRId64 "\"", number));
    case CELL_TEXT: return put_text(e, data ? data : "", len);
    case CELL_BYTES: return too_long(e, put_hex(&e->line, data, len));
    case CELL_BODY:
        return too_long(e, buf_int(&e->line, number ? slot_of(&e->numbers, number)->number : 0));
    case CELL_PACKED: return put_packed(e, row, column);
    case CELL_ORDER: return too_long(e, buf_int(&e->line, order));
    }
    return 0;
}

static int column_of(const struct part *part, const char *name)
{
    for (int i = 0; part->cells[i].name; i++)
        if (strcmp(part->cells[i].name, name) == 0)
            return i;
    return -1;
}

/* A node's link over the texts as they are in the file. */
static int relink(struct exporter *e, const struct part *part, sqlite3_stmt *row)
{
    static const struct hash none = {{0}};
    int64_t node = sqlite3_column_int64(row, column_of(part, "node"));
    int64_t parent = sqlite3_column_int64(row, column_of(part, "parent"));
    int64_t body = sqlite3_column_int64(row, column_of(part, "blob"));
    char text[2 * SHA256_BYTES + 1];

    if (node < 1 || node > CONTAINER_BODIES || parent < 0 || parent >= node || body == 0)
        return err_set(e->err, E_CORRUPT, "node %" PRId64 " is damaged: run rerail fsck", node);
    if ((size_t)node >= e->chain_count) {
        size_t count = 2 * (size_t)node + 64;
        e->chains = mem_grow(e->chains, count, sizeof *e->chains);
        memset(e->chains + e->chain_count, 0, (count - e->chain_count) * sizeof *e->chains);
        e->chain_count = count;
    }
    e->chains[node] = node_chain(parent ? &e->chains[parent] : &none,
                                 (enum node_kind)sqlite3_column_int64(row, column_of(part, "kind")),
                                 &slot_of(&e->numbers, body)->hash, node);
    sha256_text(text, &e->chains[node]);
    return too_long(e, buf_printf(&e->line, "\"%s\"", text));
}

static int put_row(struct exporter *e, const struct part *part, sqlite3_stmt *row, int64_t order)
{
    int rc = 0;
    char before = '{';

    for (int i = 0; rc == 0 && part->cells[i].name; i++)
        if (part->cells[i].kind == CELL_BODY && sqlite3_column_type(row, i) != SQLITE_NULL)
            rc = put_body(e, sqlite3_column_int64(row, i));
    for (int i = 0; rc == 0 && part->cells[i].name; i++) {
        const struct cell *cell = &part->cells[i];
        bool link = e->options->redact && strcmp(cell->name, "chain") == 0;

        if (sqlite3_column_type(row, i) == SQLITE_NULL)
            continue;
        rc = too_long(e, buf_printf(&e->line, "%c\"%s\":", before, cell->name));
        before = ',';
        if (rc == 0)
            rc = link ? relink(e, part, row) : put_cell(e, cell, row, i, order);
    }
    if (rc == 0)
        rc = too_long(e, buf_char(&e->line, '}'));
    return rc < 0 ? rc : put_line(e);
}

/* ---- parts */

static sqlite3_stmt *prepare(struct exporter *e, const struct part *part)
{
    sqlite3_stmt *stmt = NULL;
    struct buf sql;

    buf_init(&sql, SQL_MAX);
    int rc = buf_text(&sql, "SELECT ");
    for (int i = 0; rc == 0 && part->cells[i].name; i++)
        rc = buf_printf(&sql, "%s%s", i ? "," : "", part->cells[i].name);
    if (rc == 0)
        rc =
            buf_printf(&sql, " FROM %s WHERE %s=? ORDER BY %s", part->name, part->run, part->order);
    if (rc == 0)
        (void)sqlite3_prepare_v2(db_handle(e->q->db), sql.data, -1, &stmt, NULL);
    buf_free(&sql);
    return stmt;
}

static int put_part(struct exporter *e, const struct part *part)
{
    sqlite3_stmt *row = prepare(e, part);
    int64_t order = 0;
    int rc = row ? 0 : err_set(e->err, E_CORRUPT, "the table %s cannot be read", part->name);

    if (rc == 0)
        rc = buf_printf(&e->line, "{\"part\":\"%s\",\"version\":%d%s}", part->name, part->version,
                        part->optional ? ",\"optional\":true" : "");
    if (rc == 0)
        rc = put_line(e);
    if (rc == 0)
        (void)sqlite3_bind_int64(row, 1, e->run);
    while (rc == 0 && (rc = db_next(e->q->db, row, e->err)) > 0)
        rc = put_row(e, part, row, ++order);
    sqlite3_finalize(row);
    return rc;
}

static int put_header(struct exporter *e)
{
    (void)buf_printf(&e->line, "{\"rerail\":\"run\",\"format\":%d,\"by\":\"%s\"%s}",
                     CONTAINER_FORMAT, RERAIL_VERSION,
                     e->options->redact ? ",\"redacted\":true" : "");
    return put_line(e);
}

/* For people alone: an import leaves it out. */
static int put_facts(struct exporter *e)
{
    const struct export_fact *fact = e->options->facts;
    int rc = 0;

    if (fact)
        rc = buf_text(&e->line,
                      "{\"part\":\"" CONTAINER_FACTS "\",\"version\":1,\"optional\":true}");
    if (fact && rc == 0)
        rc = put_line(e);
    for (; rc == 0 && fact && fact->name; fact++) {
        (void)buf_printf(&e->line, "{\"%s\":", fact->name);
        rc = put_text(e, fact->value ? fact->value : "", fact->value ? strlen(fact->value) : 0);
        if (rc == 0)
            rc = too_long(e, buf_char(&e->line, '}'));
        if (rc == 0)
            rc = put_line(e);
    }
    return rc;
}

static int put_end(struct exporter *e)
{
    char text[2 * SHA256_BYTES + 1];
    struct hash sum = sha256_end(e->sum);

    e->sum = NULL;
    sha256_text(text, &sum);
    (void)buf_printf(&e->line, "{\"end\":{\"lines\":%" PRId64 ",\"sha256\":\"%s\"}}", e->lines,
                     text);
    return put_line(e);
}

static int check_run(struct exporter *e)
{
    static const char sql[] = "SELECT id FROM run WHERE id=? AND state>=0";
    int64_t found;
    int rc = db_value(e->q->db, sql, BIND(bind_int(e->run)), &found, e->err);

    if (rc == 0)
        return err_set(e->err, E_NOTFOUND, "there is no run %" PRId64, e->run);
    return rc < 0 ? rc : 0;
}

int export_run(struct query *q, int64_t run, const struct export_options *options, struct err *err)
{
    struct exporter e = {.q = q, .options = options, .run = run, .err = err};
    int rc = query_begin(q, err);

    if (rc < 0)
        return rc;
    buf_init(&e.line, CONTAINER_LINE_MAX);
    buf_init(&e.masked, 2 * BODY_MAX);
    e.sum = sha256_begin();
    rc = check_run(&e);
    if (rc == 0)
        rc = put_header(&e);
    for (size_t i = 0; rc == 0 && i < container_part_count; i++)
        rc = put_part(&e, &container_parts[i]);
    if (rc == 0)
        rc = put_facts(&e);
    if (rc == 0)
        rc = put_end(&e);
    query_end(q);
    if (e.sum)
        (void)sha256_end(e.sum);
    free(e.numbers.at);
    free(e.chains);
    buf_free(&e.line);
    buf_free(&e.masked);
    return query_code(q, rc, err);
}
