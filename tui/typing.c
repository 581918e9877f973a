/* SPDX-License-Identifier: MIT */
#include "tui/typing.h"

#include "core/base/mem.h"
#include "tui/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TYPED      ACTION_PROMPT_SUBMIT /* as a change: characters */
#define REPLACED   ACTION_PROMPT_COMPLETE
#define PAST_MAX   200
#define PAST_BYTES ((size_t)4 << 20)

void typing_init(struct typing *t, size_t max_bytes)
{
    *t = (struct typing){.last = ACTION_COUNT};
    buf_init(&t->text, max_bytes);
    buf_init(&t->killed, max_bytes);
}

static void drop_oldest(struct typing *t)
{
    t->past_bytes -= t->past[0].len;
    free(t->past[0].text);
    memmove(t->past, t->past + 1, --t->past_count * sizeof *t->past);
}

void typing_free(struct typing *t)
{
    while (t->past_count > 0)
        drop_oldest(t);
    free(t->past);
    buf_free(&t->text);
    buf_free(&t->killed);
}

/* --- changes -------------------------------------------------------------------------------------
 */

/* Notes how things stand before a change, once for several of a kind in a row. */
static void remember(struct typing *t, enum action_id change)
{
    if (change == t->last && change != ACTION_PROMPT_YANK)
        return;
    t->last = change;
    t->past = mem_room(t->past, t->past_count, &t->past_cap, sizeof *t->past);
    t->past[t->past_count++] =
        (struct typing_state){mem_copy(t->text.data, t->text.len), t->text.len, t->at};
    t->past_bytes += t->text.len;
    while (t->past_count > PAST_MAX || (t->past_bytes > PAST_BYTES && t->past_count > 1))
        drop_oldest(t);
}

/* What does not fit is not put; what stood there before always does. */
static void put(struct typing *t, size_t start, size_t end, const char *text, size_t len)
{
    size_t tail_len = t->text.len - end;
    char *tail = mem_copy(t->text.data + end, tail_len);

    buf_cut(&t->text, start);
    t->at = start;
    if (start + len + tail_len <= t->text.max && buf_add(&t->text, text, len) == 0)
        t->at += len;
    (void)buf_add(&t->text, tail, tail_len); /* it was there before */
    free(tail);
}

void typing_set(struct typing *t, const char *text)
{
    typing_replace(t, 0, t->text.len, text, strlen(text));
}

void typing_replace(struct typing *t, size_t start, size_t end, const char *text, size_t len)
{
    t->last = ACTION_COUNT;
    remember(t, REPLACED);
    put(t, start, end, text, len);
    t->last = ACTION_COUNT;
}

/* A word at a time can be undone. */
void typing_insert(struct typing *t, const char *text, size_t len)
{
    bool blank = len == 1 && isspace((unsigned char)*text);

    if (blank || len > 4) /* or a paste */
        t->last = ACTION_COUNT;
    remember(t, TYPED);
    put(t, t->at, t->at, text, len);
}

/* Deletions in a row are one to yank: forward they are added behind, backward before. */
static void kill_text(struct typing *t, enum action_id action, size_t start, size_t end)
{
    bool more = t->last == action;
    struct buf cut;

    if (start == end)
        return;
    remember(t, action);
    buf_init(&cut, t->killed.max);
    (void)buf_add(&cut, t->text.data + start, end - start); /* no longer than the text */
    if (!more)
        buf_clear(&t->killed);
    if (more && end == t->at) {
        (void)buf_add(&cut, t->killed.data, t->killed.len); /* together they were in the text */
        buf_clear(&t->killed);
    }
    (void)buf_add(&t->killed, cut.data, cut.len);
    buf_free(&cut);
    put(t, start, end, "", 0);
}

static void rub(struct typing *t, enum action_id action, size_t start, size_t end)
{
    if (start == end)
        return;
    remember(t, action);
    put(t, start, end, "", 0);
}

static void undo(struct typing *t)
{
    if (t->past_count == 0)
        return;
    struct typing_state *state = &t->past[--t->past_count];
    buf_clear(&t->text);
    (void)buf_add(&t->text, state->text, state->len); /* it was there before */
    t->at = state->at;
    t->past_bytes -= state->len;
    t->last = ACTION_COUNT;
    free(state->text);
}

/* --- places --------------------------------------------------------------------------------------
 */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t word_left(const struct typing *t)
{
    size_t at = t->at;

    while (at > 0 && !is_word(t->text.data[at - 1]))
        at--;
    while (at > 0 && is_word(t->text.data[at - 1]))
        at--;
    return at;
}

static size_t word_right(const struct typing *t)
{
    size_t at = t->at;

    while (at < t->text.len && !is_word(t->text.data[at]))
        at++;
    while (at < t->text.len && is_word(t->text.data[at]))
        at++;
    return at;
}

/* Between blanks, as C-w takes it. */
static size_t blank_left(const struct typing *t)
{
    size_t at = t->at;

    while (at > 0 && isspace((unsigned char)t->text.data[at - 1]))
        at--;
    while (at > 0 && !isspace((unsigned char)t->text.data[at - 1]))
        at--;
    return at;
}

size_t typing_word(const struct typing *t)
{
    size_t at = t->at;

    while (at > 0 && !isspace((unsigned char)t->text.data[at - 1]))
        at--;
    return at;
}

static size_t next(const struct typing *t)
{
    int width;

    return t->at + (t->at < t->text.len
                        ? text_cluster(t->text.data + t->at, t->text.len - t->at, 0, &width)
                        : 0);
}

static size_t line_start(const struct typing *t, size_t at)
{
    while (at > 0 && t->text.data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct typing *t, size_t at)
{
    return at + strcspn(t->text.data + at, "\n");
}

/* The same column a line up or down; false when there is none. */
static bool line_move(struct typing *t, bool down)
{
    size_t start = line_start(t, t->at), end = line_end(t, t->at);
    int column = text_width(t->text.data + start, t->at - start);

    if (down ? end == t->text.len : start == 0)
        return false;
    start = down ? end + 1 : line_start(t, start - 1);
    end = line_end(t, start);
    t->at = start + text_fit(t->text.data + start, end - start, column, NULL);
    return true;
}

/* At the end of a line C-k takes the newline. */
static size_t kill_end(const struct typing *t)
{
    size_t end = line_end(t, t->at);

    return end == t->at && end < t->text.len ? end + 1 : end;
}

bool typing_act(struct typing *t, enum action_id action)
{
    enum action_id last = t->last;

    switch (action) {
    case ACTION_PROMPT_NEWLINE: typing_insert(t, "\n", 1); return true;
    case ACTION_PROMPT_RUB: rub(t, action, text_before(t->text.data, t->at), t->at); return true;
    case ACTION_PROMPT_DELETE: rub(t, action, t->at, next(t)); return true;
    case ACTION_PROMPT_RUB_WORD: kill_text(t, action, blank_left(t), t->at); return true;
    case ACTION_PROMPT_DELETE_WORD: kill_text(t, action, t->at, word_right(t)); return true;
    case ACTION_PROMPT_KILL_BEFORE: kill_text(t, action, line_start(t, t->at), t->at); return true;
    case ACTION_PROMPT_KILL_AFTER: kill_text(t, action, t->at, kill_end(t)); return true;
    case ACTION_PROMPT_YANK:
        remember(t, action);
        put(t, t->at, t->at, t->killed.data, t->killed.len);
        return true;
    case ACTION_PROMPT_UNDO: undo(t); return true;
    default: break;
    }
    t->last = ACTION_COUNT; /* what comes after a move is a change of its own */
    switch (action) {
    case ACTION_PROMPT_LEFT: t->at = text_before(t->text.data, t->at); return true;
    case ACTION_PROMPT_RIGHT: t->at = next(t); return true;
    case ACTION_PROMPT_WORD_LEFT: t->at = word_left(t); return true;
    case ACTION_PROMPT_WORD_RIGHT: t->at = word_right(t); return true;
    case ACTION_PROMPT_START: t->at = line_start(t, t->at); return true;
    case ACTION_PROMPT_END: t->at = line_end(t, t->at); return true;
    case ACTION_PROMPT_UP: return line_move(t, false);
    case ACTION_PROMPT_DOWN: return line_move(t, true);
    default: t->last = last; return false;
    }
}
