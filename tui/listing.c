/* SPDX-License-Identifier: MIT */
#include "tui/listing.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "tui/event_text.h"
#include "tui/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CELL_MAX    512
#define GAP         2
#define LINE_BYTES  ((size_t)1 << 20)
#define COLUMNS_MAX 16
#define LEAST_TITLE 20 /* columns that a last, long column keeps on a narrow terminal */

struct listing {
    const struct column *columns;
    size_t column_count;
    char **cells; /* row by row */
    size_t count, cap, rows;
    int widths[COLUMNS_MAX];
    bool json;
    FILE *to;
};

void listing_bytes(char *out, size_t cap, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    str_format(out, cap, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

void listing_time(cJSON *row, const char *name, int64_t wall_us)
{
    char text[CLOCK_ISO];

    if (wall_us <= 0)
        return;
    clock_iso(text, wall_us);
    json_set_text(row, name, text);
}

/* --- cells --------------------------------------------------------------------------------------
 */

static void cell_text(char *out, size_t cap, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        (void)sanitize_line(out, cap, value->valuestring, strlen(value->valuestring));
    } else if (cJSON_IsBool(value)) {
        str_format(out, cap, "%s", cJSON_IsTrue(value) ? "yes" : "no");
    } else {
        char *text = json_print(value);

        (void)sanitize_line(out, cap, text, strlen(text));
        free(text);
    }
}

/* "2026-11-23T21:50:52.123456Z" to the second. */
static void cell_time(char *out, size_t cap, const cJSON *value)
{
    const char *text = cJSON_IsString(value) ? value->valuestring : "";

    str_format(out, cap, "%.10s %.8s", text, strlen(text) > 11 ? text + 11 : "");
}

static void cell(char *out, size_t cap, const cJSON *row, const struct column *column)
{
    const cJSON *value = json_get(row, column->name);
    double number = json_number(row, column->name, 0);

    if (!value || cJSON_IsNull(value)) {
        str_format(out, cap, "–");
        return;
    }
    switch (column->kind) {
    case COLUMN_TEXT:
    case COLUMN_NUMBER: cell_text(out, cap, value); break;
    case COLUMN_TIME: cell_time(out, cap, value); break;
    case COLUMN_MS:
        if (number > 0 && number < 1)
            str_format(out, cap, "<1ms"); /* never 0 for what took its time */
        else
            clock_short(out, cap, (int64_t)(number * US_PER_MS));
        break;
    case COLUMN_BYTES: listing_bytes(out, cap, (int64_t)number); break;
    case COLUMN_USD: str_format(out, cap, number < 1 ? "$%.4f" : "$%.2f", number); break;
    case COLUMN_PERCENT: str_format(out, cap, "%.1f%%", number); break;
    }
}

static void keep(struct listing *listing, size_t column, const char *text)
{
    int width = text_width(text, strlen(text));

    listing->cells =
        mem_room(listing->cells, listing->count, &listing->cap, sizeof *listing->cells);
    listing->cells[listing->count++] = mem_text(text);
    if (width > listing->widths[column])
        listing->widths[column] = width;
}

void listing_new(struct listing **out, const struct column *columns, bool json, FILE *to)
{
    struct listing *listing = mem_new(sizeof *listing);

    listing->columns = columns;
    listing->json = json;
    listing->to = to;
    while (listing->column_count < COLUMNS_MAX && columns[listing->column_count].title)
        listing->column_count++;
    for (size_t i = 0; i < listing->column_count; i++)
        keep(listing, i, columns[i].title);
    *out = listing;
}

void listing_add(struct listing *listing, cJSON *row)
{
    char text[CELL_MAX];

    listing->rows++;
    if (listing->json) {
        char *line = json_print(row);

        event_text_print(listing->to, line);
        free(line);
    }
    for (size_t i = 0; !listing->json && i < listing->column_count; i++) {
        cell(text, sizeof text, row, &listing->columns[i]);
        keep(listing, i, text);
    }
    cJSON_Delete(row);
}

/* --- printing -----------------------------------------------------------------------------------
 */

static int terminal_width(FILE *to)
{
    struct winsize size = {0};

    if (!isatty(fileno(to)) || ioctl(fileno(to), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 0;
    return size.ws_col;
}

/* Columns left for the last one; 0 = as long as it is. */
static int room_for_last(const struct listing *listing)
{
    int room = terminal_width(listing->to);

    if (room == 0)
        return 0;
    for (size_t i = 0; i + 1 < listing->column_count; i++)
        room -= listing->widths[i] + GAP;
    return room < LEAST_TITLE ? LEAST_TITLE : room;
}

static bool right(const struct column *column)
{
    return column->kind != COLUMN_TEXT && column->kind != COLUMN_TIME;
}

static void put_cell(const struct listing *listing, struct buf *line, size_t column,
                     const char *text, int last_room)
{
    bool last = column + 1 == listing->column_count;
    int width = text_width(text, strlen(text));
    int pad = listing->widths[column] - width;

    if (column > 0)
        (void)buf_printf(line, "%*s", GAP, ""); /* a line of cells is far below the ceiling */
    if (right(&listing->columns[column]))
        (void)buf_printf(line, "%*s", pad, "");
    if (last && last_room > 0)
        (void)text_cut(line, text, strlen(text), last_room, false);
    else
        (void)buf_text(line, text);
    if (!last && !right(&listing->columns[column]))
        (void)buf_printf(line, "%*s", pad, "");
}

size_t listing_end(struct listing *listing)
{
    size_t rows = listing->rows, width = listing->column_count;
    int last_room = room_for_last(listing);
    struct buf line;

    buf_init(&line, LINE_BYTES);
    for (size_t at = 0; !listing->json && rows > 0 && at < listing->count; at += width) {
        buf_clear(&line);
        for (size_t i = 0; i < width; i++)
            put_cell(listing, &line, i, listing->cells[at + i], last_room);
        fprintf(listing->to, "%s\n", line.data);
    }
    for (size_t i = 0; i < listing->count; i++)
        free(listing->cells[i]);
    free(listing->cells);
    buf_free(&line);
    free(listing);
    return rows;
}
