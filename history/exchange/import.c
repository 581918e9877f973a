/* SPDX-License-Identifier: MIT */
#include "history/exchange/import.h"

#include "core/base/failpoint.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/exchange/container.h"
#include "history/exchange/lines.h"
#include "history/fsck.h"
#include "history/query_data.h"
#include "history/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL_MAX   2048
#define OPENING   "{\"rerail\":"
#define CLOSING   "{\"end\":"
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

static const struct json_limits line_limits = {
    .bytes = CONTAINER_LINE_MAX, .depth = 16, .unique = true};

struct importer {
    const struct import_options *options;
    struct import_report *report;
    struct history *history;
    struct lines lines;
    int64_t run;
    const struct part *part;
    bool skipping; /* an optional part that is not known here */
    size_t next;   /* parts before this one have been */
    sqlite3_stmt *insert;
    int64_t order;   /* rows of this part */
    int64_t *bodies; /* ids here, by number in the file from 1 */
    size_t body_cap;
    struct { /* the body whose pieces are coming in */
        bool open;
        int64_t len;
        struct hash hash;
        struct buf text;
    } body;
    struct err *err;
};

/* ---- what is wrong, and where */

static int wrong(struct importer *im, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong(struct importer *im, int code, const char *fmt, ...)
{
    char text[ERR_MSG_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap); /* a longer one is cut: enough for a person */
    va_end(ap);
    return err_set(im->err, code, "%s: line %" PRId64 ": %s", im->lines.path, im->lines.number,
                   text);
}

/* ---- the sum, before anything is believed */

bool import_is_ours(const char *text, size_t len)
{
    return len >= strlen(OPENING) && memcmp(text, OPENING, strlen(OPENING)) == 0;
}

static int check_end(struct importer *im, const char *line, size_t len, const struct hash *sum)
{
    char text[2 * SHA256_BYTES + 1];
    cJSON *root = NULL;
    int rc = json_parse(&root, line, len, &line_limits, im->err);

    if (rc < 0)
        return err_wrap(im->err, rc, "%s: line %" PRId64, im->lines.path, im->lines.number);
    const cJSON *end = json_object(root, "end");
    const char *want = json_text(end, "sha256");
    sha256_text(text, sum);
    if (json_int(end, "lines", -1) != im->lines.number - 1)
        rc = wrong(im, E_CORRUPT, "lines are missing, or there are too many");
    else if (!want || strcmp(want, text) != 0)
        rc = wrong(im, E_CORRUPT, "the file's sum is not %s: it was damaged or altered", text);
    cJSON_Delete(root);
    return rc;
}

static int check_sum(struct importer *im)
{
    struct sha256_sum *sum = sha256_begin();
    const char *line, *after;
    size_t len;
    int rc;

    while ((rc = lines_next(&im->lines, &line, &len, im->err)) > 0) {
        if (im->lines.number == 1 && !import_is_ours(line, len)) {
            rc = wrong(im, E_PARSE, "it is not a run that rerail exported");
            break;
        }
        if (len >= strlen(CLOSING) && memcmp(line, CLOSING, strlen(CLOSING)) == 0)
            break;
        sha256_add(sum, line, len + 1); /* with its newline */
    }
    struct hash total = sha256_end(sum);
    if (rc == 0)
        return wrong(im, E_PARSE, "the file ends too early");
    if (rc > 0)
        rc = check_end(im, line, len, &total);
    if (rc == 0 && (rc = lines_next(&im->lines, &after, &len, im->err)) > 0)
        rc = wrong(im, E_PARSE, "there is more behind the end");
    return rc;
}

static int read_header(struct importer *im, const cJSON *row)
{
    if (!str_eq(json_text(row, "rerail"), "run"))
        return wrong(im, E_PARSE, "it is not a run that rerail exported");
    if (json_int(row, "format", 0) != CONTAINER_FORMAT)
        return wrong(im, E_NEWER, "the file is of another version of rerail (%.32s)",
                     json_text(row, "by") ? json_text(row, "by") : "unknown");
    im->report->redacted = json_bool(row, "redacted", false);
    return 0;
}

/* ---- bodies */

static int keep_body(struct importer *im)
{
    struct hash hash = sha256(im->body.text.data, im->body.text.len);
    int64_t number = ++im->report->bodies;

    if (memcmp(hash.at, im->body.hash.at, SHA256_BYTES) != 0)
        return wrong(im, E_CORRUPT, "body %" PRId64 " is not what its hash says", number);
    im->bodies = mem_room(im->bodies, (size_t)number, &im->body_cap, sizeof *im->bodies);
    im->body.open = false;
    return store_body(im->history, im->body.text.data, im->body.text.len, &im->bodies[number],
                      im->err);
}

static int add_hex(struct importer *im, const char *hex)
{
    size_t len = strlen(hex) / 2;
    int rc = buf_reserve(&im->body.text, len + 1);

    if (rc == 0)
        rc = str_unhex(im->body.text.data + im->body.text.len, len, hex);
    if (rc == 0)
        buf_cut(&im->body.text, im->body.text.len + len);
    return rc;
}

static int add_piece(struct importer *im, const cJSON *row)
{
    const char *text = json_text(row, "text"), *hex = json_text(row, "hex");
    int rc = text ? buf_text(&im->body.text, text) : hex ? add_hex(im, hex) : E_PARSE;

    if (rc < 0 || (int64_t)im->body.text.len > im->body.len)
        return wrong(im, E_PARSE, "body %" PRId64 " is not as long as it says",
                     im->report->bodies + 1);
    return (int64_t)im->body.text.len == im->body.len ? keep_body(im) : 0;
}

static int begin_body(struct importer *im, const cJSON *row)
{
    const char *hash = json_text(row, "sha256");

    im->body.len = json_int(row, "len", -1);
    if (json_int(row, "body", 0) != im->report->bodies + 1 ||
        im->report->bodies >= CONTAINER_BODIES)
        return wrong(im, E_PARSE, "it is not body %" PRId64, im->report->bodies + 1);
    if (im->body.len < 0 || im->body.len > (int64_t)BODY_MAX || !hash ||
        str_unhex(im->body.hash.at, SHA256_BYTES, hash) < 0)
        return wrong(im, E_PARSE, "a body needs its len and its sha256");
    buf_clear(&im->body.text);
    im->body.open = true;
    return add_piece(im, row);
}

/* ---- rows */

static int bind_number(struct importer *im, const struct cell *cell, const cJSON *value, int at)
{
    double number = value->valuedouble;

    if (!cJSON_IsNumber(value) || number != floor(number) || fabs(number) > WHOLE_MAX)
        return wrong(im, E_PARSE, "%s is no whole number", cell->name);
    if (cell->below && (number < 0 || number >= (double)cell->below))
        return wrong(im, E_RANGE, "%s is out of range", cell->name);
    (void)sqlite3_bind_int64(im->insert, at, (int64_t)number);
    return 0;
}

static int bind_wide(struct importer *im, const struct cell *cell, const char *text, int at)
{
    int64_t number;

    if (str_int(&number, text, INT64_MIN, INT64_MAX) < 0)
        return wrong(im, E_PARSE, "%s is no number", cell->name);
    (void)sqlite3_bind_int64(im->insert, at, number);
    return 0;
}

static int bind_bytes(struct importer *im, const struct cell *cell, const char *hex, int at)
{
    uint8_t bytes[SHA256_BYTES];
    size_t len = strlen(hex) / 2;

    if (len > sizeof bytes || str_unhex(bytes, len, hex) < 0)
        return wrong(im, E_PARSE, "%s is no hash", cell->name);
    (void)sqlite3_bind_blob(im->insert, at, bytes, (int)len, SQLITE_TRANSIENT);
    return 0;
}

static int bind_body(struct importer *im, const struct cell *cell, const cJSON *value, int at)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;

    if (number < 0 || number > (double)im->report->bodies || number != floor(number))
        return wrong(im, E_PARSE, "%s refers to a body that has not come", cell->name);
    (void)sqlite3_bind_int64(im->insert, at, number > 0 ? im->bodies[(size_t)number] : 0);
    return 0;
}

static int bind_packed(struct importer *im, const char *text, int at)
{
    const void *packed;
    size_t len;
    int rc = body_pack(im->history->packer, text, strlen(text), &packed, &len, im->err);

    if (rc == 0)
        (void)sqlite3_bind_blob(im->insert, at, packed, (int)len, SQLITE_TRANSIENT);
    return rc;
}

/* Events are numbered anew, in the same order. */
static int bind_order(struct importer *im, const cJSON *value, int at)
{
    if (!cJSON_IsNumber(value) || value->valuedouble != (double)im->order)
        return wrong(im, E_CORRUPT, "event %" PRId64 " is missing", im->order);
    (void)sqlite3_bind_int64(im->insert, at, ++im->history->last_seq);
    return 0;
}

static int bind_cell(struct importer *im, const struct cell *cell, const cJSON *value, int at)
{
    const char *text = cJSON_GetStringValue(value);

    switch (cell->kind) {
    case CELL_INT: return bind_number(im, cell, value, at);
    case CELL_BODY: return bind_body(im, cell, value, at);
    case CELL_ORDER: return bind_order(im, value, at);
    default: break;
    }
    if (!text)
        return wrong(im, E_PARSE, "%s is no text", cell->name);
    if (cell->kind == CELL_WIDE)
        return bind_wide(im, cell, text, at);
    if (cell->kind == CELL_BYTES)
        return bind_bytes(im, cell, text, at);
    if (cell->kind == CELL_PACKED)
        return bind_packed(im, text, at);
    (void)sqlite3_bind_text(im->insert, at, text, -1, SQLITE_TRANSIENT);
    return 0;
}

/* Every member must be a column: what is not known cannot be kept. */
static int bind_row(struct importer *im, const cJSON *row)
{
    int known = 0, rc = 0;

    (void)sqlite3_clear_bindings(im->insert);
    (void)sqlite3_bind_int64(im->insert, 1, im->run);
    for (int i = 0; rc == 0 && im->part->cells[i].name; i++) {
        const cJSON *value = json_get(row, im->part->cells[i].name);

        known += value != NULL;
        if (value)
            rc = bind_cell(im, &im->part->cells[i], value, i + 2);
    }
    if (rc == 0 && known != cJSON_GetArraySize(row))
        rc = wrong(im, E_NEWER, "a %s has a member that this rerail does not know", im->part->name);
    return rc;
}

static int put_row(struct importer *im, const cJSON *row)
{
    im->order++;
    int rc = bind_row(im, row);
    if (rc < 0)
        return rc;
    int step = sqlite3_step(im->insert);
    (void)sqlite3_reset(im->insert); /* repeats the failure of the step */
    if (step == SQLITE_DONE)
        return 0;
    if ((step & 0xff) == SQLITE_CONSTRAINT)
        return wrong(im, E_CORRUPT,
                     "this %s lacks something, is there twice, or refers to what is missing",
                     im->part->name);
    return db_fail(im->history->db, step, im->err);
}

/* ---- the run itself */

static bool is_uid(const char *text)
{
    return text && strlen(text) == UUID_TEXT - 1 &&
           strspn(text, "0123456789abcdef-") == UUID_TEXT - 1;
}

/* A name that is taken here gives way to a new one. */
static int name_run(struct importer *im, const cJSON *row)
{
    static const char sql[] = "SELECT id FROM run WHERE uid=?";
    const char *uid = json_text(row, "uid");
    struct import_report *report = im->report;
    int64_t id;

    if (!is_uid(uid))
        return wrong(im, E_PARSE, "the run's uid is none");
    (void)str_format(report->was_uid, sizeof report->was_uid, "%s", uid);
    memcpy(report->uid, report->was_uid, sizeof report->uid);
    int rc = db_value(im->history->db, sql, BIND(bind_text(uid)), &id, im->err);
    if (rc > 0)
        uuid_new(report->uid);
    return rc < 0 ? rc : 0;
}

static int number_run(struct importer *im)
{
    static const char sql[] =
        "INSERT INTO lease(owner, epoch, pid, boot_id, us) VALUES('', 0, 0, '', ?)";
    int rc = db_run(im->history->db, sql, BIND(bind_int(clock_wall(&im->history->clock))), im->err);

    im->run = sqlite3_last_insert_rowid(db_handle(im->history->db));
    im->report->run = im->run;
    return rc;
}

static int put_run(struct importer *im, cJSON *row)
{
    int64_t state = json_int(row, "state", -1);
    int rc = im->order > 0 ? wrong(im, E_PARSE, "there is a second run") : 0;

    if (rc == 0 && (state < 0 || state >= im->options->states))
        rc = wrong(im, E_RANGE, "the run's state is not known");
    if (rc == 0)
        rc = name_run(im, row);
    if (rc == 0)
        rc = number_run(im);
    if (rc < 0)
        return rc;
    json_set_text(row, "uid", im->report->uid);
    return put_row(im, row);
}

static int put_origin(struct importer *im)
{
    static const char sql[] = "INSERT INTO origin(run, format, uid, us) VALUES(?, ?, ?, ?)";

    return db_run(im->history->db, sql,
                  BIND(bind_int(im->run), bind_text(im->report->redacted ? "bundle" : "rerail"),
                       bind_text(im->report->was_uid), bind_int(clock_wall(&im->history->clock))),
                  im->err);
}

/* ---- parts */

static int prepare(struct importer *im)
{
    struct buf sql;
    int rc;

    buf_init(&sql, SQL_MAX);
    rc = buf_printf(&sql, "INSERT INTO %s(%s", im->part->name, im->part->run);
    for (int i = 0; rc == 0 && im->part->cells[i].name; i++)
        rc = buf_printf(&sql, ",%s", im->part->cells[i].name);
    if (rc == 0)
        rc = buf_text(&sql, ") VALUES(?");
    for (int i = 0; rc == 0 && im->part->cells[i].name; i++)
        rc = buf_text(&sql, ",?");
    if (rc == 0)
        rc = buf_char(&sql, ')');
    if (rc == 0) {
        int code = sqlite3_prepare_v2(db_handle(im->history->db), sql.data, -1, &im->insert, NULL);
        rc = code == SQLITE_OK ? 0 : db_fail(im->history->db, code, im->err);
    }
    buf_free(&sql);
    return rc;
}

static int end_part(struct importer *im)
{
    sqlite3_finalize(im->insert);
    im->insert = NULL;
    im->skipping = false;
    if (im->body.open)
        return wrong(im, E_PARSE, "body %" PRId64 " is not whole", im->report->bodies + 1);
    if (im->part && str_eq(im->part->name, "node"))
        im->report->nodes = im->order;
    if (im->part && str_eq(im->part->name, "event"))
        im->report->events = im->order;
    if (im->part && str_eq(im->part->name, "run") && im->order == 0)
        return wrong(im, E_PARSE, "there is no run in it");
    im->part = NULL;
    im->order = 0;
    return 0;
}

static int skip_part(struct importer *im, const char *name)
{
    struct import_report *report = im->report;
    size_t len = strlen(report->left_out);

    im->skipping = true;
    if (str_eq(name, CONTAINER_FACTS))
        return 0; /* known, and nothing of a run */
    (void)str_format(report->left_out + len, sizeof report->left_out - len, "%s%.40s",
                     len > 0 ? ", " : "", name);
    return 0;
}

/* Parts come in their order, so that each row finds what it refers to, and each at most once. */
static int begin_part(struct importer *im, const cJSON *row)
{
    const char *name = json_text(row, "part");
    const struct part *part = name ? container_part(name) : NULL;
    int rc = end_part(im);

    if (rc < 0)
        return rc;
    if (!name)
        return wrong(im, E_PARSE, "a part needs its name");
    if (!part || json_int(row, "version", 0) != part->version)
        return json_bool(row, "optional", false)
                   ? skip_part(im, name)
                   : wrong(im, E_NEWER, "its part %.40s was written by another rerail", name);
    if (im->next > (size_t)(part - container_parts) || (im->next == 0 && part != container_parts))
        return wrong(im, E_PARSE, "the part %s is in the wrong place", name);
    im->next = (size_t)(part - container_parts) + 1;
    im->part = part;
    return prepare(im);
}

static int take_row(struct importer *im, cJSON *row)
{
    if (im->lines.number == 1)
        return read_header(im, row);
    if (json_get(row, "part"))
        return begin_part(im, row);
    if (im->skipping)
        return 0;
    if (json_get(row, "more"))
        return im->body.open ? add_piece(im, row) : wrong(im, E_PARSE, "a piece of no body");
    if (im->body.open || !im->part)
        return wrong(im, E_PARSE, "it is not expected here");
    if (json_get(row, "body") && json_get(row, "sha256"))
        return begin_body(im, row);
    return im->part == container_parts ? put_run(im, row) : put_row(im, row);
}

static int take_line(struct importer *im, const char *line, size_t len)
{
    cJSON *row = NULL;
    int rc = json_parse(&row, line, len, &line_limits, im->err);

    if (rc == 0 && !cJSON_IsObject(row))
        rc = err_set(im->err, E_PARSE, "it is no object");
    if (rc < 0)
        rc = err_wrap(im->err, rc, "%s: line %" PRId64, im->lines.path, im->lines.number);
    else
        rc = take_row(im, row);
    cJSON_Delete(row);
    return rc;
}

static int take_lines(struct importer *im)
{
    const char *line;
    size_t len;
    int rc = lines_again(&im->lines, im->err);

    while (rc == 0 && (rc = lines_next(&im->lines, &line, &len, im->err)) > 0) {
        if (len >= strlen(CLOSING) && memcmp(line, CLOSING, strlen(CLOSING)) == 0)
            break;
        rc = take_line(im, line, len);
    }
    if (rc < 0)
        return rc;
    rc = end_part(im);
    return rc == 0 && im->run == 0 ? wrong(im, E_PARSE, "there is no run in it") : rc;
}

/* ---- whether what was taken in is sound */

static void note_finding(void *ctx, int64_t run, const char *text)
{
    char *first = ctx;

    (void)run;
    if (!*first)
        (void)str_format(first, ERR_MSG_MAX, "%s", text);
}

static int check_whole(struct importer *im)
{
    char first[ERR_MSG_MAX] = "";
    struct query q = {
        .db = im->history->db, .packer = im->history->packer, .path = im->history->path};
    struct fsck_options options = {.run = im->run, .found = note_finding, .ctx = first};
    struct fsck_report report;
    int rc = fsck_run(&report, &q, &options, im->err);

    if (rc == 0 && report.findings > 0)
        rc = err_set(im->err, E_CORRUPT, "%s: %s", im->lines.path, first);
    return rc;
}

static int take_in(struct importer *im)
{
    int rc = store_begin_waiting(im->history, im->err);

    if (rc < 0)
        return rc;
    int64_t last_seq = im->history->last_seq;
    rc = take_lines(im);
    sqlite3_finalize(im->insert);
    im->insert = NULL;
    if (rc == 0)
        rc = put_origin(im);
    DIES_AT(FAIL_IMPORTED);
    if (rc == 0)
        rc = check_whole(im);
    int kept = rc;
    rc = store_end(im->history, rc, im->err);
    if (rc < 0)
        im->history->last_seq = last_seq;
    return kept < 0 ? kept : rc;
}

int import_run(struct import_report *out, struct history *history,
               const struct import_options *options, struct err *err)
{
    struct importer im = {.options = options, .report = out, .history = history, .err = err};

    memset(out, 0, sizeof *out);
    buf_init(&im.body.text, BODY_MAX + 1);
    int rc = lines_open(&im.lines, options->path, CONTAINER_LINE_MAX, CONTAINER_MAX, err);
    if (rc == 0)
        rc = check_sum(&im);
    if (rc == 0)
        rc = take_in(&im);
    lines_close(&im.lines);
    buf_free(&im.body.text);
    free(im.bodies);
    return rc;
}
