/* SPDX-License-Identifier: MIT */
/*
 * The text is checked strictly first (core/base/json), so that reading it again, to note where
 * every value stands, needs no care: one loop, no recursion. Rows are kept in the order of the
 * text; a container's row knows the row of its end, so folding is a jump.
 */
#include "tui/json_tree.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tui/lines.h"

#define NO_KEY SIZE_MAX

enum row_kind {
    ROW_OPEN,  /* '{' or '[' */
    ROW_CLOSE, /* '}' or ']' */
    ROW_SCALAR,
    ROW_LINES, /* a text of several lines */
    ROW_LINE   /* one of them, or a line of plain text */
};

struct row {
    enum row_kind kind;
    unsigned depth;
    size_t key, key_len; /* with its quotes, in the text; NO_KEY */
    size_t at, len;      /* the value in the text; of ROW_LINE in lines */
    size_t end;          /* of what folds: its last row; otherwise itself */
    size_t count;        /* of a container: its values; of ROW_LINES: its lines */
    bool comma;          /* another value follows */
    bool folded;
};

struct json_tree {
    char *text;
    size_t len;
    struct buf lines; /* decoded texts, and plain text */
    struct row *rows;
    size_t count, cap;
    size_t *visible;
    size_t visible_count;
    struct err err;
};

static size_t add_row(struct json_tree *t, struct row row)
{
    t->rows = mem_room(t->rows, t->count, &t->cap, sizeof *t->rows);
    row.end = t->count;
    t->rows[t->count] = row;
    return t->count++;
}

/* Rows for the lines of text, which starts at `at` in t->lines. */
static size_t add_lines(struct json_tree *t, size_t at, unsigned depth)
{
    size_t count = 0;

    while (at < t->lines.len) {
        const char *start = t->lines.data + at;
        const char *newline = memchr(start, '\n', t->lines.len - at);
        size_t len = newline ? (size_t)(newline - start) : t->lines.len - at;
        add_row(
            t, (struct row){.kind = ROW_LINE, .depth = depth, .key = NO_KEY, .at = at, .len = len});
        at += len + 1;
        count++;
    }
    return count;
}

static int32_t hex_of(const char *digits)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        value = value * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* Appends what a \u escape stands for; returns the bytes behind the backslash that it took. */
static size_t decode_unicode(struct buf *out, const char *at, const char *end)
{
    char bytes[4];
    int32_t cp = hex_of(at + 1);
    bool high = cp >= 0xD800 && cp < 0xDC00;
    bool pair = high && end - at >= 11 && at[5] == '\\' && at[6] == 'u';

    if (pair) {
        int32_t low = hex_of(at + 7);
        pair = low >= 0xDC00 && low < 0xE000;
        cp = pair ? 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00) : cp;
    }
    size_t len = utf8_put(bytes, cp);
    (void)buf_add(out, len ? bytes : "\ufffd", len ? len : 3); /* shorter than its escape */
    return pair ? 11 : 5;
}

/* The text between the quotes, its escapes undone. */
static void decode(struct buf *out, const char *at, const char *end)
{
    static const char names[] = "nrtbf", bytes[] = "\n\r\t\b\f";

    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        (void)buf_add(out, at, (size_t)(stop - at)); /* never longer than the text itself */
        at = stop;
        if (at == end)
            break;
        at++;
        const char *name = strchr(names, *at);
        if (*at == 'u') {
            at += decode_unicode(out, at, end);
        } else {
            (void)buf_add(out, name ? &bytes[name - names] : at, 1);
            at++;
        }
    }
}

static bool has_newline(const char *at, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (at[i] == '\\' && at[i + 1] == 'n')
            return true;
        i += at[i] == '\\';
    }
    return false;
}

static size_t string_end(const struct json_tree *t, size_t at)
{
    for (at++; t->text[at] != '"'; at++)
        at += t->text[at] == '\\';
    return at + 1;
}

static size_t scalar_end(const struct json_tree *t, size_t at)
{
    if (t->text[at] == '"')
        return string_end(t, at);
    while (at < t->len && !strchr(",]} \t\r\n", t->text[at]))
        at++;
    return at;
}

static size_t skip_blanks(const struct json_tree *t, size_t at)
{
    while (at < t->len && strchr(" \t\r\n", t->text[at]))
        at++;
    return at;
}

/* Where the reading stands: the containers it is inside of, by their rows. */
struct reading {
    size_t *open;
    size_t depth, cap;
    size_t key, key_len; /* of the value to come */
};

static void add_scalar(struct json_tree *t, struct reading *r, size_t at, size_t len)
{
    bool several = t->text[at] == '"' && has_newline(t->text + at, len);
    struct row row = {.kind = several ? ROW_LINES : ROW_SCALAR,
                      .depth = (unsigned)r->depth,
                      .key = r->key,
                      .key_len = r->key_len,
                      .at = at,
                      .len = len,
                      .folded = several};
    size_t index = add_row(t, row);

    if (!several)
        return;
    size_t start = t->lines.len;
    decode(&t->lines, t->text + at + 1, t->text + at + len - 1);
    size_t count = add_lines(t, start, (unsigned)r->depth + 1);
    (void)buf_char(&t->lines, '\n'); /* parts it from the next; one of the quotes it came without */
    t->rows[index].count = count;
    t->rows[index].end = index + count;
}

static void open_container(struct json_tree *t, struct reading *r, size_t at)
{
    struct row row = {.kind = ROW_OPEN,
                      .depth = (unsigned)r->depth,
                      .key = r->key,
                      .key_len = r->key_len,
                      .at = at,
                      .len = 1};

    r->open = mem_room(r->open, r->depth, &r->cap, sizeof *r->open);
    r->open[r->depth] = add_row(t, row);
    r->depth++;
}

static void close_container(struct json_tree *t, struct reading *r, size_t at)
{
    assert(r->open && r->depth > 0); /* the text is JSON: nothing closes that was not opened */
    size_t open = r->open[--r->depth];
    size_t end = add_row(
        t, (struct row){
               .kind = ROW_CLOSE, .depth = (unsigned)r->depth, .key = NO_KEY, .at = at, .len = 1});
    t->rows[open].end = end;
    t->rows[open].folded = t->rows[open].count == 0; /* for good: there is nothing to unfold */
}

/* Behind the value that ended last. */
static void note_comma(struct json_tree *t)
{
    struct row *row = &t->rows[t->count - 1];

    if (row->kind == ROW_LINE)
        while ((--row)->kind == ROW_LINE)
            ;
    row->comma = true;
}

static void count_value(struct json_tree *t, const struct reading *r)
{
    if (r->depth > 0)
        t->rows[r->open[r->depth - 1]].count++;
}

/* Takes the value or mark at `at`; returns what is behind it. */
static size_t read_one(struct json_tree *t, struct reading *r, size_t at)
{
    char c = t->text[at];

    if (c == ',') {
        note_comma(t);
        return at + 1;
    }
    if (c == '}' || c == ']') {
        close_container(t, r, at);
        return at + 1;
    }
    bool object = r->depth > 0 && t->text[t->rows[r->open[r->depth - 1]].at] == '{';
    if (object && r->key == NO_KEY) {
        size_t end = string_end(t, at);
        r->key = at;
        r->key_len = end - at;
        return skip_blanks(t, end) + 1; /* and the colon */
    }
    count_value(t, r);
    size_t end = at + 1;
    if (c == '{' || c == '[') {
        open_container(t, r, at);
    } else {
        end = scalar_end(t, at);
        add_scalar(t, r, at, end - at);
    }
    r->key = NO_KEY;
    return end;
}

static void read_json(struct json_tree *t)
{
    struct reading r = {.key = NO_KEY};

    for (size_t at = skip_blanks(t, 0); at < t->len; at = skip_blanks(t, at))
        at = read_one(t, &r, at);
    free(r.open);
}

/* A text that is no JSON, by its lines; what is dropped in an OUTPUT text cannot be shown here. */
static void read_plain(struct json_tree *t)
{
    (void)sanitize_add(&t->lines, SANITIZE_OUTPUT, t->text, t->len, NULL); /* no memory: no text */
    add_lines(t, 0, 0);
}

static void find_visible(struct json_tree *t)
{
    t->visible_count = 0;
    for (size_t i = 0; i < t->count; i++) {
        t->visible[t->visible_count++] = i;
        if (t->rows[i].folded)
            i = t->rows[i].end;
    }
}

void json_tree_new(struct json_tree **out, const char *text, size_t len)
{
    struct json_tree *t = mem_new(sizeof *t);

    t->text = mem_copy(text, len);
    t->len = len;
    buf_init(&t->lines, 4 * len + 64);
    if (json_check(text, len, NULL, &t->err) == 0)
        read_json(t);
    else
        read_plain(t);
    t->visible = mem_array(t->count, sizeof *t->visible);
    find_visible(t);
    *out = t;
}

void json_tree_free(struct json_tree *tree)
{
    if (!tree)
        return;
    free(tree->text);
    buf_free(&tree->lines);
    free(tree->rows);
    free(tree->visible);
    free(tree);
}

const char *json_tree_error(const struct json_tree *tree)
{
    return tree->err.code ? tree->err.msg : NULL;
}

size_t json_tree_count(const struct json_tree *tree)
{
    return tree->visible_count;
}

static bool folds(const struct row *row)
{
    return row->kind == ROW_LINES || (row->kind == ROW_OPEN && row->count > 0);
}

bool json_tree_is_folded(const struct json_tree *tree, size_t row)
{
    const struct row *at = &tree->rows[tree->visible[row]];

    return folds(at) && at->folded;
}

/* The row that a row is inside of: the last before it that ends at it or behind it. */
static size_t owner_of(const struct json_tree *t, size_t index)
{
    for (size_t i = index; i > 0; i--) {
        const struct row *row = &t->rows[i - 1];
        if (folds(row) && row->end >= index)
            return i - 1;
    }
    return index;
}

size_t json_tree_toggle(struct json_tree *tree, size_t row)
{
    size_t index = tree->visible[row];

    if (!folds(&tree->rows[index]))
        index = owner_of(tree, index);
    if (folds(&tree->rows[index]))
        tree->rows[index].folded = !tree->rows[index].folded;
    find_visible(tree);
    while (row > 0 && (row >= tree->visible_count || tree->visible[row] > index))
        row--;
    return row;
}

void json_tree_unfold(struct json_tree *tree, size_t depth)
{
    for (size_t i = 0; i < tree->count; i++)
        if (folds(&tree->rows[i]))
            tree->rows[i].folded = tree->rows[i].depth >= depth;
    find_visible(tree);
}

static void write_text(struct lines *out, enum role role, const char *text)
{
    lines_put(out, role, text);
}

/* Bytes of the operator's data: on one line, and harmless. */
static void write_data(struct lines *out, enum role role, const char *text, size_t len)
{
    struct buf clean;

    buf_init(&clean, 16 * len + 16);
    if (sanitize_add(&clean, SANITIZE_LINE, text, len, NULL) == 0)
        lines_add(out, role, 0, clean.data, clean.len);
    buf_free(&clean);
}

static enum role value_role(const char *value)
{
    if (*value == '"')
        return ROLE_JSON_STRING;
    return *value == '-' || (*value >= '0' && *value <= '9') ? ROLE_JSON_NUMBER : ROLE_JSON_LITERAL;
}

static void write_count(struct lines *w, size_t count, const char *one, const char *many)
{
    char text[48];

    (void)str_format(text, sizeof text, "%zu %s", count, count == 1 ? one : many);
    write_text(w, ROLE_DIM, text);
}

static void write_container(struct lines *w, const struct json_tree *t, const struct row *row)
{
    bool object = t->text[row->at] == '{';

    lines_add(w, ROLE_JSON_MARK, 0, t->text + row->at, 1);
    if (!row->folded)
        return;
    write_text(w, ROLE_JSON_MARK, row->count == 0 ? "" : "…");
    write_text(w, ROLE_JSON_MARK, object ? "}" : "]");
    if (t->rows[row->end].comma)
        write_text(w, ROLE_JSON_MARK, ",");
    if (row->count == 0)
        return;
    write_text(w, ROLE_DIM, " ");
    write_count(w, row->count, object ? "key" : "item", object ? "keys" : "items");
}

/* Open, a text of several lines is not said twice: they follow. */
static void write_text_of_lines(struct lines *w, const struct json_tree *t, const struct row *row)
{
    if (row->folded) {
        write_data(w, ROLE_JSON_STRING, t->text + row->at, row->len);
        write_text(w, ROLE_JSON_MARK, row->comma ? ", " : " ");
    }
    write_count(w, row->count, "line", "lines");
}

static void write_value(struct lines *w, const struct json_tree *t, const struct row *row)
{
    switch (row->kind) {
    case ROW_OPEN: write_container(w, t, row); return;
    case ROW_LINES: write_text_of_lines(w, t, row); return;
    case ROW_LINE:
        write_data(w, json_tree_error(t) ? ROLE_TEXT : ROLE_JSON_STRING, t->lines.data + row->at,
                   row->len);
        return;
    case ROW_CLOSE: lines_add(w, ROLE_JSON_MARK, 0, t->text + row->at, 1); break;
    case ROW_SCALAR: write_data(w, value_role(t->text + row->at), t->text + row->at, row->len);
    }
    if (row->comma)
        write_text(w, ROLE_JSON_MARK, ",");
}

static void write_row(struct lines *w, const struct json_tree *t, const struct row *row)
{
    if (!t->err.code) {
        for (unsigned i = 0; i < row->depth; i++)
            write_text(w, ROLE_TEXT, "  ");
        write_text(w, ROLE_JSON_MARK, !folds(row) ? "  " : row->folded ? "▸ " : "▾ ");
    }
    if (row->key != NO_KEY) {
        write_data(w, ROLE_JSON_KEY, t->text + row->key, row->key_len);
        write_text(w, ROLE_JSON_MARK, ": ");
    }
    write_value(w, t, row);
}

void json_tree_write(const struct json_tree *tree, size_t row, struct lines *out)
{
    lines_begin(out);
    write_row(out, tree, &tree->rows[tree->visible[row]]);
}

int json_tree_depth(const struct json_tree *tree, size_t row)
{
    return (int)tree->rows[tree->visible[row]].depth;
}
