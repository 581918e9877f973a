/* SPDX-License-Identifier: MIT */
#include "tui/recall.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mask_patterns.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX       ((size_t)16 << 20)
#define LINE_MAX_BYTES (7 * RECALL_TEXT) /* every byte escaped, and the words around */

struct typed {
    char *kind, *text;
};

struct recall {
    char *path;
    const struct mask *mask;
    struct mask_patterns *patterns; /* NULL = could not be had: nothing is kept in the file */
    struct typed items[RECALL_KEPT];
    size_t count; /* the oldest first */
};

static void drop_oldest(struct recall *recall)
{
    free(recall->items[0].kind);
    free(recall->items[0].text);
    memmove(recall->items, recall->items + 1, --recall->count * sizeof *recall->items);
}

static void push(struct recall *recall, const char *kind, const char *text)
{
    if (recall->count == RECALL_KEPT)
        drop_oldest(recall);
    recall->items[recall->count++] = (struct typed){mem_text(kind), mem_text(text)};
}

/* --- the file ------------------------------------------------------------------------------------
 */

static void add_line(struct buf *out, const char *kind, const char *text)
{
    cJSON *row = cJSON_CreateObject();

    json_set_text(row, "kind", kind);
    json_set_text(row, "text", text);
    char *line = json_print(row);
    (void)buf_printf(out, "%s\n", line); /* the ceiling is above the sum of all */
    free(line);
    cJSON_Delete(row);
}

static void read_line(struct recall *recall, const char *line, size_t len)
{
    cJSON *row = NULL;

    if (json_parse(&row, line, len, NULL, NULL) == 0 && json_text(row, "kind") &&
        json_text(row, "text"))
        push(recall, json_text(row, "kind"), json_text(row, "text"));
    cJSON_Delete(row);
}

/* Only what can still be asked for stays. */
static void rewrite(const struct recall *recall)
{
    struct buf all;

    buf_init(&all, RECALL_KEPT * LINE_MAX_BYTES);
    for (size_t i = 0; i < recall->count; i++)
        add_line(&all, recall->items[i].kind, recall->items[i].text);
    (void)path_write(recall->path, all.data, all.len, NULL); /* else the next start tries again */
    buf_free(&all);
}

static void load(struct recall *recall)
{
    char *text = NULL;
    size_t len = 0, lines = 0;

    if (path_read(&text, &len, recall->path, FILE_MAX, NULL) < 0)
        return;
    for (const char *at = text; *at; at += *at == '\n') {
        size_t end = strcspn(at, "\n");

        read_line(recall, at, end);
        at += end;
        lines++;
    }
    free(text);
    if (lines > 2 * RECALL_KEPT)
        rewrite(recall);
}

/* One write at the end of the file, so that two consoles do not undo each other's. */
static void append(const struct recall *recall, const char *kind, const char *text)
{
    struct buf line;
    int fd = open(recall->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    buf_init(&line, LINE_MAX_BYTES);
    add_line(&line, kind, text);
    if (fd >= 0 && fchmod(fd, 0600) == 0)
        (void)!write(fd, line.data, line.len); /* a full disk costs a line of memory, no more */
    if (fd >= 0)
        (void)close(fd);
    buf_free(&line);
}

/* --- what is kept --------------------------------------------------------------------------------
 */

static bool looks_secret(const struct recall *recall, const char *text)
{
    struct buf masked;
    bool secret = true;

    if (recall->mask && mask_finds(recall->mask, text, strlen(text)))
        return true;
    buf_init(&masked, 4 * RECALL_TEXT);
    if (recall->patterns && mask_patterns_apply(&masked, recall->patterns, text, strlen(text)) == 0)
        secret = !str_eq(masked.data, text);
    buf_free(&masked);
    return secret;
}

void recall_new(struct recall **out, const struct recall_options *options)
{
    struct recall *recall = mem_new(sizeof *recall);

    recall->path = mem_text(options->path);
    recall->mask = options->mask;
    (void)mask_patterns_new(&recall->patterns, NULL); /* looks_secret minds its absence */
    if (recall->path)
        load(recall);
    *out = recall;
}

void recall_free(struct recall *recall)
{
    if (!recall)
        return;
    while (recall->count > 0)
        drop_oldest(recall);
    mask_patterns_free(recall->patterns);
    free(recall->path);
    free(recall);
}

void recall_add(struct recall *recall, const char *kind, const char *text)
{
    const char *newest = recall_get(recall, kind, 0);

    if (!*text || *text == ' ' || strlen(text) > RECALL_TEXT || (newest && str_eq(newest, text)) ||
        looks_secret(recall, text))
        return;
    push(recall, kind, text);
    if (recall->path)
        append(recall, kind, text);
}

const char *recall_get(const struct recall *recall, const char *kind, size_t back)
{
    for (size_t i = recall->count; i-- > 0;)
        if (str_eq(recall->items[i].kind, kind) && back-- == 0)
            return recall->items[i].text;
    return NULL;
}

const char *recall_find(const struct recall *recall, const char *kind, const char *part,
                        size_t *back)
{
    const char *text;

    for (; (text = recall_get(recall, kind, *back)); ++*back)
        if (strstr(text, part))
            return text;
    return NULL;
}
