/* SPDX-License-Identifier: MIT */
/*
 * The compiled form of term(5) with 32-bit numbers: a header of six shorts, the names, flags a byte
 * each, numbers, where each string starts in the table (or -1), and the table; then the same again
 * for extended capabilities, of which we write one flag. Little-endian; numbers stand at even
 * places.
 */
#include "tui/terminfo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/base64.h"

#define MAGIC     01036
#define TABLE_MAX 32767
#define ABSENT    0xFFFF
#define RGB       "RGB"

/* Sets a colour: the first 16 as the palette's, others by red, green and blue. */
#define RGB_FG                                                                                     \
    "\x1b[%?%p1%{8}%<%t3%p1%d%e%p1%{16}%<%t9%p1%{8}%-%d"                                           \
    "%e38;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m"
#define RGB_BG                                                                                     \
    "\x1b[%?%p1%{8}%<%t4%p1%d%e%p1%{16}%<%t10%p1%{8}%-%d"                                          \
    "%e48;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m"

/* Capabilities we do without: those that change the palette, or put it back to what it was before
   the operator changed it, and one that terminals which call themselves xterm lack or get wrong. */
static const char *const unused[] = {"ccc", "initc", "initp", "oc", "rep"};

/* The altered description, before it is compiled. */
struct info {
    const char *name;
    bool *flags;
    size_t flag_count;
    int *numbers; /* negative: absent */
    size_t number_count;
    const char **strings; /* NULL: absent */
    size_t string_count;
    bool rgb;
};

struct kin {
    const char *prefix, *name;
};

static const struct kin kin[] = {
    {"xterm", "xterm-256color"},   {"foot", "xterm-256color"},    {"alacritty", "xterm-256color"},
    {"wezterm", "xterm-256color"}, {"ghostty", "xterm-256color"}, {"kitty", "xterm-256color"},
    {"contour", "xterm-256color"}, {"rio", "xterm-256color"},     {"konsole", "xterm-256color"},
    {"st-", "xterm-256color"},     {"rxvt", "xterm-256color"},    {"vte", "xterm-256color"},
    {"iterm", "xterm-256color"},   {"tmux", "screen-256color"},   {"screen", "screen-256color"},
};

bool terminfo_sane(const char *term)
{
    size_t len = strlen(term);

    return len > 0 && len < 64 && strcmp(term, "dumb") != 0 &&
           strspn(term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._") ==
               len;
}

const char *terminfo_kin(const char *term)
{
    for (size_t i = 0; i < sizeof kin / sizeof *kin; i++)
        if (str_starts(term, kin[i].prefix))
            return kin[i].name;
    return NULL;
}

static int put_short(struct buf *b, size_t value)
{
    const char bytes[] = {(char)(value & 255), (char)(value >> 8 & 255)};

    return buf_add(b, bytes, sizeof bytes);
}

static int put_int(struct buf *b, int value)
{
    uint32_t bits = (uint32_t)value;
    int rc = put_short(b, bits & 0xFFFF);

    return rc < 0 ? rc : put_short(b, bits >> 16);
}

static int put_even(struct buf *b)
{
    return b->len % 2 ? buf_char(b, '\0') : 0;
}

static size_t table_size(const struct info *info)
{
    size_t size = 0;

    for (size_t i = 0; i < info->string_count; i++)
        size += info->strings[i] ? strlen(info->strings[i]) + 1 : 0;
    return size;
}

static int put_header(struct buf *b, const struct info *info, size_t table)
{
    const size_t header[] = {
        MAGIC, strlen(info->name) + 1, info->flag_count, info->number_count, info->string_count,
        table};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof header / sizeof *header; i++)
        rc = put_short(b, header[i]);
    return rc;
}

static int put_strings(struct buf *b, const struct info *info)
{
    size_t at = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < info->string_count; i++) {
        rc = put_short(b, info->strings[i] ? at : ABSENT);
        at += info->strings[i] ? strlen(info->strings[i]) + 1 : 0;
    }
    for (size_t i = 0; rc == 0 && i < info->string_count; i++)
        if (info->strings[i])
            rc = buf_add(b, info->strings[i], strlen(info->strings[i]) + 1);
    return rc;
}

/* One flag, which has a name. */
static int put_extended(struct buf *b)
{
    const size_t header[] = {1, 0, 0, 1, sizeof RGB};
    int rc = put_even(b);

    for (size_t i = 0; rc == 0 && i < sizeof header / sizeof *header; i++)
        rc = put_short(b, header[i]);
    if (rc == 0)
        rc = buf_add(b, "\1", 2); /* the flag, and one byte to be even */
    if (rc == 0)
        rc = put_short(b, 0); /* where its name starts */
    return rc < 0 ? rc : buf_add(b, RGB, sizeof RGB);
}

static int compile(struct buf *b, const struct info *info)
{
    size_t table = table_size(info);
    int rc = table > TABLE_MAX ? E_TOOBIG : put_header(b, info, table);

    if (rc == 0)
        rc = buf_add(b, info->name, strlen(info->name) + 1);
    for (size_t i = 0; rc == 0 && i < info->flag_count; i++)
        rc = buf_char(b, info->flags[i] ? 1 : 0);
    if (rc == 0)
        rc = put_even(b);
    for (size_t i = 0; rc == 0 && i < info->number_count; i++)
        rc = put_int(b, info->numbers[i] < 0 ? -1 : info->numbers[i]);
    if (rc == 0)
        rc = put_strings(b, info);
    if (rc == 0 && info->rgb)
        rc = put_extended(b);
    return rc;
}

static int encode(struct buf *out, const struct info *info)
{
    struct buf compiled;

    buf_init(&compiled, 1 << 17);
    int rc = compile(&compiled, info);
    if (rc == 0)
        rc = buf_text(out, "b64:");
    if (rc == 0)
        rc = base64_add(out, compiled.data, compiled.len);
    buf_free(&compiled);
    return rc;
}

static size_t count_of(const char *const *names)
{
    size_t count = 0;

    while (names[count])
        count++;
    return count;
}

static bool is_unused(const char *name)
{
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
        if (strcmp(unused[i], name) == 0)
            return true;
    return false;
}

static int number_of(const struct terminfo_source *source, const struct terminfo_change *change,
                     const char *name)
{
    const struct {
        const char *name;
        bool wanted;
        int value;
    } ours[] = {{"cols", true, change->w},
                {"lines", true, change->h},
                {"colors", change->rgb, 1 << 24},
                {"pairs", change->rgb, 1 << 16}};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (ours[i].wanted && strcmp(ours[i].name, name) == 0)
            return ours[i].value;
    return source->number(name);
}

static const char *string_of(const struct terminfo_source *source, bool rgb, const char *name)
{
    if (is_unused(name))
        return NULL;
    if (rgb && strcmp(name, "setaf") == 0)
        return RGB_FG;
    if (rgb && strcmp(name, "setab") == 0)
        return RGB_BG;
    char *value = source->string(name);
    return value == (char *)-1 ? NULL : value;
}

int terminfo_alter(struct buf *out, const struct terminfo_source *source,
                   const struct terminfo_change *change)
{
    struct info info = {.name = change->name,
                        .rgb = change->rgb,
                        .flag_count = count_of(source->flags),
                        .number_count = count_of(source->numbers),
                        .string_count = count_of(source->strings)};

    info.flags = mem_array(info.flag_count, sizeof *info.flags);
    info.numbers = mem_array(info.number_count, sizeof *info.numbers);
    info.strings = mem_array(info.string_count, sizeof *info.strings);
    for (size_t i = 0; i < info.flag_count; i++)
        info.flags[i] = source->flag(source->flags[i]) > 0 && !is_unused(source->flags[i]);
    for (size_t i = 0; i < info.number_count; i++)
        info.numbers[i] = number_of(source, change, source->numbers[i]);
    for (size_t i = 0; i < info.string_count; i++)
        info.strings[i] = string_of(source, change->rgb, source->strings[i]);
    int rc = encode(out, &info);
    free(info.flags);
    free(info.numbers);
    free(info.strings);
    return rc;
}
