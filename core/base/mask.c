/* SPDX-License-Identifier: MIT */
/*
 * A key has up to a dozen forms: as it is, JSON-escaped with and without "\/", percent-encoded in
 * both cases, and base64 in both alphabets at each of the three places it can have in a group of
 * three bytes (of a longer text that was encoded with it, such as "user:KEY"). Of those, the
 * characters are kept that depend on the key alone.
 *
 * Forms that overlap in the text become one ***, so that no rest of the second one stays.
 */
#include "core/base/mask.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

#define KEY_MAX  8192
#define FORM_MAX (6 * KEY_MAX) /* \u0001 is the longest escape of one byte */
#define SLICE    4096          /* of text, looked at once */

struct form {
    char *text;
    size_t len;
};

struct mask {
    struct form *forms;
    size_t count, cap;
    size_t longest;
    bool leads[256]; /* some form begins with this byte */
};

void mask_new(struct mask **out)
{
    *out = mem_new(sizeof **out);
}

void mask_free(struct mask *mask)
{
    if (!mask)
        return;
    for (size_t i = 0; i < mask->count; i++) {
        explicit_bzero(mask->forms[i].text, mask->forms[i].len);
        free(mask->forms[i].text);
    }
    free(mask->forms);
    free(mask);
}

static bool known(const struct mask *mask, const char *text, size_t len)
{
    for (size_t i = 0; i < mask->count; i++)
        if (mask->forms[i].len == len && memcmp(mask->forms[i].text, text, len) == 0)
            return true;
    return false;
}

static void add_form(struct mask *mask, const char *text, size_t len)
{
    if (len < MASK_KEY_MIN || known(mask, text, len))
        return;
    mask->forms = mem_room(mask->forms, mask->count, &mask->cap, sizeof *mask->forms);
    mask->forms[mask->count++] = (struct form){.text = mem_copy(text, len), .len = len};
    mask->leads[(unsigned char)text[0]] = true;
    if (len > mask->longest)
        mask->longest = len;
}

/* A buffer for one form at a time; its ceiling is above every form, so adding cannot fail. */
static void wipe(struct buf *form)
{
    explicit_bzero(form->data, form->len);
    buf_free(form);
}

static void add_json(struct mask *mask, const char *key, size_t len)
{
    struct buf plain, slashed;

    buf_init(&plain, FORM_MAX + 2);
    buf_init(&slashed, 2 * FORM_MAX);
    (void)json_quote(&plain, key, len); /* fits, see FORM_MAX */
    for (size_t i = 1; i + 1 < plain.len; i++) {
        if (plain.data[i] == '/')
            (void)buf_char(&slashed, '\\');
        (void)buf_char(&slashed, plain.data[i]);
    }
    if (plain.len > 2)
        add_form(mask, plain.data + 1, plain.len - 2);
    add_form(mask, slashed.data, slashed.len);
    wipe(&plain);
    wipe(&slashed);
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static void add_percent(struct mask *mask, const char *key, size_t len, const char *digits)
{
    struct buf form;

    buf_init(&form, 3 * KEY_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)key[i];
        char coded[3] = {'%', digits[c >> 4], digits[c & 15]};

        if (unreserved(key[i]))
            (void)buf_char(&form, key[i]);
        else
            (void)buf_add(&form, coded, sizeof coded);
    }
    add_form(mask, form.data, form.len);
    wipe(&form);
}

/* The characters of base64 that depend on the key alone when `before` bytes (0 to 2) of something
   else stand before it in its first group of three. */
static void add_base64(struct mask *mask, const char *key, size_t len, size_t before,
                       const char *last_two)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct buf form;

    buf_init(&form, 2 * KEY_MAX);
    /* Character k holds the bits 6k to 6k+5 of the text. */
    size_t first = (8 * before + 5) / 6, end = 8 * (before + len) / 6;
    for (size_t k = first; k < end; k++) {
        size_t bit = 6 * k - 8 * before, byte = bit / 8;
        unsigned pair = (unsigned)(unsigned char)key[byte] << 8 |
                        (byte + 1 < len ? (unsigned char)key[byte + 1] : 0);
        unsigned six = pair >> (10 - bit % 8) & 63;

        (void)buf_add(&form, six < 62 ? &letters[six] : &last_two[six - 62], 1);
    }
    add_form(mask, form.data, form.len);
    wipe(&form);
}

int mask_add(struct mask *mask, const char *key, size_t len, struct err *err)
{
    if (len < MASK_KEY_MIN)
        return err_set(err, E_RANGE, "a key of less than %d bytes cannot be masked", MASK_KEY_MIN);
    if (len > KEY_MAX)
        return err_set(err, E_TOOBIG, "a key of more than %d bytes", KEY_MAX);
    add_form(mask, key, len);
    add_json(mask, key, len);
    add_percent(mask, key, len, "0123456789ABCDEF");
    add_percent(mask, key, len, "0123456789abcdef");
    for (size_t before = 0; before < 3; before++) {
        add_base64(mask, key, len, before, "+/");
        add_base64(mask, key, len, before, "-_");
    }
    return 0;
}

/* Length of the longest form at text, 0 when none. *cut: the text ends inside a longer one. */
static size_t match_at(const struct mask *mask, const char *text, size_t len, bool *cut)
{
    size_t best = 0;

    *cut = false;
    if (!mask->leads[(unsigned char)text[0]])
        return 0;
    for (size_t i = 0; i < mask->count; i++) {
        const struct form *form = &mask->forms[i];

        if (memcmp(form->text, text, form->len < len ? form->len : len) != 0)
            continue;
        if (form->len > len)
            *cut = true;
        else if (form->len > best)
            best = form->len;
    }
    return best;
}

struct scan {
    size_t done;   /* bytes decided: passed on or replaced */
    size_t hidden; /* bytes behind them that belong to a key already replaced */
};

/* Decides as much of the text as can be; `last` = nothing follows it. *hidden as in mask_stream. */
static int scan(struct scan *at, struct buf *out, const struct mask *mask, const char *text,
                size_t len, bool last)
{
    size_t i = 0, shown = at->hidden; /* up to here text was passed on or replaced */
    int rc = 0;

    for (; i < len; i++) {
        bool cut;
        size_t match = match_at(mask, text + i, len - i, &cut);

        if (cut && !last)
            break;
        if (match == 0 || i + match <= shown)
            continue;
        if (i >= shown) {
            rc = rc ? rc : buf_add(out, text + shown, i - shown);
            rc = rc ? rc : buf_text(out, MASK_TEXT);
        }
        shown = i + match;
    }
    if (i > shown) {
        rc = rc ? rc : buf_add(out, text + shown, i - shown);
        shown = i;
    }
    *at = (struct scan){.done = i, .hidden = shown - i};
    return rc;
}

int mask_apply(struct buf *out, const struct mask *mask, const char *text, size_t len)
{
    struct scan at = {0};

    if (!mask || mask->count == 0)
        return buf_add(out, text, len);
    return scan(&at, out, mask, text, len, true);
}

bool mask_finds(const struct mask *mask, const char *text, size_t len)
{
    bool cut;

    for (size_t i = 0; mask && i < len; i++)
        if (match_at(mask, text + i, len - i, &cut) > 0)
            return true;
    return false;
}

void mask_stream_init(struct mask_stream *stream, const struct mask *mask)
{
    stream->mask = mask;
    stream->hidden = 0;
    buf_init(&stream->held, FORM_MAX + SLICE);
}

void mask_stream_free(struct mask_stream *stream)
{
    wipe(&stream->held);
    stream->hidden = 0;
}

static int decide(struct mask_stream *stream, struct buf *out, bool last)
{
    struct scan at = {.hidden = stream->hidden};
    int rc = scan(&at, out, stream->mask, stream->held.data, stream->held.len, last);

    buf_drop(&stream->held, at.done);
    stream->hidden = at.hidden;
    return rc;
}

int mask_stream_feed(struct mask_stream *stream, struct buf *out, const char *text, size_t len)
{
    if (!stream->mask || stream->mask->count == 0)
        return buf_add(out, text, len);
    while (len > 0) {
        size_t slice = len < SLICE ? len : SLICE;
        int rc = buf_add(&stream->held, text, slice);

        rc = rc ? rc : decide(stream, out, false);
        if (rc)
            return rc;
        text += slice;
        len -= slice;
    }
    return 0;
}

int mask_stream_end(struct mask_stream *stream, struct buf *out)
{
    int rc = stream->mask ? decide(stream, out, true) : 0;

    stream->hidden = 0;
    return rc;
}
