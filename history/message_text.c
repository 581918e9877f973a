/* SPDX-License-Identifier: MIT */
#include "history/message_text.h"

#include "core/base/buf.h"
#include "core/base/utf8.h"

#include <stdint.h>
#include <string.h>

#define KEY_MAX 32

static const char *const worded[] = {"content", "reasoning", "name", "arguments", "task"};

/* A string literal in JSON text: `at` is behind its opening quote. */
struct literal {
    const char *at, *end; /* end of the whole text */
};

static int hex4(const char *text)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* \uXXXX, or a pair of them: bytes taken behind the backslash, 0 when the text ends. */
static size_t unicode_escape(const char *at, const char *end, int32_t *cp)
{
    if (end - at < 5)
        return 0;
    int high = hex4(at + 1);
    *cp = high < 0 ? 0xfffd : high;
    if (high < 0xd800 || high > 0xdbff || end - at < 11 || at[5] != '\\' || at[6] != 'u')
        return 5;
    int low = hex4(at + 7);
    if (low < 0xdc00 || low > 0xdfff)
        return 5;
    *cp = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 11;
}

static char simple_escape(char c)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *at = strchr(from, c);

    if (!at || !c)
        return c;
    return to[at - from];
}

/* The next piece of the literal: plain text where it lies, or one decoded character in `box`. False
   at its end. */
static bool next_piece(struct literal *l, const char **piece, size_t *len, char box[4])
{
    if (l->at >= l->end || *l->at == '"')
        return false;
    if (*l->at != '\\') {
        const char *stop = l->at;
        while (stop < l->end && *stop != '"' && *stop != '\\')
            stop++;
        *piece = l->at;
        *len = (size_t)(stop - l->at);
        l->at = stop;
        return true;
    }
    l->at++;
    if (l->at >= l->end)
        return false;
    *piece = box;
    if (*l->at == 'u') {
        int32_t cp = 0;
        size_t taken = unicode_escape(l->at, l->end, &cp);
        if (taken == 0)
            return false;
        l->at += taken;
        *len = utf8_put(box, cp);
        if (*len == 0)
            *len = utf8_put(box, 0xfffd);
        return true;
    }
    box[0] = simple_escape(*l->at++);
    *len = 1;
    return true;
}

static void skip(struct literal *l)
{
    while (l->at < l->end && *l->at != '"')
        l->at += *l->at == '\\' && l->end - l->at > 1 ? 2 : 1;
}

/* Walks the strings of a text: the value of which key comes next. */
struct walk {
    struct literal at;
    char key[KEY_MAX]; /* "" when the string is no member's value */
};

static void take_key(struct walk *w, const char *text, size_t len)
{
    size_t kept = len < KEY_MAX ? len : 0; /* ours are short */

    memcpy(w->key, text, kept);
    w->key[kept] = '\0';
}

/* Stands behind the opening quote of the next string value; false at the end. */
static bool next_value(struct walk *w)
{
    struct literal *l = &w->at;

    for (;;) {
        while (l->at < l->end && *l->at != '"')
            l->at++;
        if (l->at >= l->end)
            return false;
        const char *start = ++l->at;
        struct literal look = *l;
        skip(&look);
        const char *close = look.at;
        const char *behind = close < l->end ? close + 1 : close;
        while (behind < l->end && (*behind == ' ' || *behind == '\n'))
            behind++;
        if (close >= l->end || behind >= l->end || *behind != ':')
            return true; /* a value, maybe cut */
        take_key(w, start, (size_t)(close - start));
        l->at = behind + 1;
        while (l->at < l->end && (*l->at == ' ' || *l->at == '\n'))
            l->at++;
        if (l->at < l->end && *l->at == '"') {
            l->at++;
            return true;
        }
    }
}

static void close_value(struct walk *w)
{
    skip(&w->at);
    if (w->at.at < w->at.end)
        w->at.at++;
}

static bool is_worded(const char *key)
{
    for (size_t i = 0; i < sizeof worded / sizeof *worded; i++)
        if (strcmp(key, worded[i]) == 0)
            return true;
    return false;
}

int message_text(struct buf *out, const char *json, size_t len)
{
    struct walk w = {.at = {json, json + len}};
    const char *piece;
    size_t piece_len;
    char box[4];

    while (next_value(&w)) {
        if (is_worded(w.key)) {
            if (buf_char(out, '\n') < 0)
                return -1;
            while (next_piece(&w.at, &piece, &piece_len, box))
                if (buf_add(out, piece, piece_len) < 0)
                    return -1;
        }
        close_value(&w);
    }
    return 0;
}

size_t message_preview(char *out, size_t cap, const char *json, size_t len)
{
    struct walk w = {.at = {json, json + len}};
    const char *piece;
    size_t used = 0, piece_len;
    char box[4];

    while (next_value(&w)) {
        if (strcmp(w.key, "content") != 0 && strcmp(w.key, "task") != 0) {
            close_value(&w);
            continue;
        }
        while (used + 1 < cap && next_piece(&w.at, &piece, &piece_len, box)) {
            size_t room = cap - 1 - used;
            size_t take = piece_len < room ? piece_len : room;
            memcpy(out + used, piece, take);
            used += take;
        }
        break;
    }
    used = utf8_cut(out, used);
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)out[i] < ' ')
            out[i] = ' ';
    out[used] = '\0';
    return used;
}
