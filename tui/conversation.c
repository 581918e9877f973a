/* SPDX-License-Identifier: MIT */
#include "tui/conversation.h"

#include "core/base/buf.h"
#include "core/base/diff.h"
#include "core/base/mem.h"
#include "history/query_chain.h"
#include "tui/stored.h"

#include <stdlib.h>
#include <string.h>

#define PAGE      64
#define AROUND    2  /* equal lines that are shown around a changed one */
#define LINES_MAX 40 /* of a message that only one side has */

/* --- reading -------------------------------------------------------------------------------------
 */

static char *title_of(const struct message *message)
{
    const char *role = message_role_name(message->role);

    return message->name ? mem_printf("%s %s", role, message->name) : mem_text(role);
}

static char *text_of(const struct message *message)
{
    struct buf text;

    buf_init(&text, SIZE_MAX); /* the message was bounded when it was stored */
    if (message->reasoning)
        (void)buf_printf(&text, "(thinks) %s\n", message->reasoning);
    (void)buf_text(&text, message->content);
    for (size_t i = 0; i < message->call_count; i++)
        (void)buf_printf(&text, "%scalls %s %s", text.len > 0 ? "\n" : "", message->calls[i].name,
                         message->calls[i].args);
    return buf_take(&text);
}

static void add_sums(struct conversation_sums *sums, const struct node_row *row)
{
    if (row->has_call) {
        sums->calls++;
        sums->tokens_in += row->call.tokens_in;
        sums->tokens_out += row->call.tokens_out;
        sums->model_us += row->call.duration_us;
        if (row->call.cost_microusd < 0)
            sums->cost_microusd = -1;
        else if (sums->cost_microusd >= 0)
            sums->cost_microusd += row->call.cost_microusd;
    }
    if (row->has_effect) {
        sums->tools++;
        sums->failed += row->effect.state == EFFECT_FAILED || row->effect.state == EFFECT_STOPPED;
        if (row->effect.started_us > 0 && row->effect.ended_us > 0)
            sums->tool_us += row->effect.ended_us - row->effect.started_us;
    }
}

static int add_piece(struct conversation *c, struct stored *stored, const struct node_row *row,
                     struct err *err)
{
    struct message *message = NULL;

    add_sums(&c->sums, row);
    if (row->kind == NODE_GENESIS)
        return 0;
    buf_clear(&stored->text);
    int rc = query_body(stored->query, stored->run.run, row->node, &stored->text, err);
    if (rc == 0)
        rc = message_parse(&message, stored->text.data, stored->text.len, err);
    if (!message)
        return err_wrap(err, rc, "step %lld", (long long)row->node);
    c->at = mem_room(c->at, c->count, &c->cap, sizeof *c->at);
    c->at[c->count++] = (struct conversation_piece){.node = row->node,
                                                    .role = message->role,
                                                    .title = title_of(message),
                                                    .text = text_of(message),
                                                    .tokens = message_tokens(message)};
    message_free(message);
    return 0;
}

int conversation_read(struct conversation *out, struct stored *stored, int64_t node,
                      struct err *err)
{
    struct chain_path path;
    struct node_row *rows = NULL;
    struct arena page = {0};
    size_t count = 1;

    *out = (struct conversation){0};
    int rc = query_path(stored->query, &stored->arena, stored->run.run, node, &path, err);
    for (int64_t depth = 0; rc == 0 && count > 0 && depth <= path.depth; depth += (int64_t)count) {
        arena_clear(&page);
        rc = query_nodes(stored->query, &page, &path, depth, PAGE, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = add_piece(out, stored, &rows[i], err);
    }
    arena_free(&page);
    return rc;
}

void conversation_free(struct conversation *conversation)
{
    for (size_t i = 0; i < conversation->count; i++) {
        free(conversation->at[i].title);
        free(conversation->at[i].text);
    }
    free(conversation->at);
}

/* --- comparing -----------------------------------------------------------------------------------
 */

/* A text cut into its lines, at least one; what ends one does not begin another. */
struct lines {
    char *text;
    const char **at;
    size_t count, cap;
};

static struct lines cut(const char *text)
{
    struct lines lines = {.text = mem_text(text)};
    char *line = lines.text;

    do {
        char *end = strchr(line, '\n');

        lines.at = mem_room(lines.at, lines.count, &lines.cap, sizeof *lines.at);
        lines.at[lines.count++] = line;
        if (end)
            *end = '\0';
        line = end && end[1] ? end + 1 : NULL;
    } while (line);
    return lines;
}

static void free_lines(struct lines *lines)
{
    free(lines->text);
    free(lines->at);
}

static void put_title(struct buf *out, char sign, const struct conversation_piece *piece)
{
    (void)buf_printf(out, "%c step %lld, %s, about %lld tokens\n", sign, (long long)piece->node,
                     piece->title, (long long)piece->tokens);
}

/* A message that one side has. */
static void put_whole(struct buf *out, char sign, const struct conversation_piece *piece)
{
    struct lines lines = cut(piece->text);

    put_title(out, sign, piece);
    for (size_t i = 0; i < lines.count && i < LINES_MAX; i++)
        (void)buf_printf(out, "%c     %s\n", sign, lines.at[i]);
    if (lines.count > LINES_MAX)
        (void)buf_printf(out, "%c     … %zu more lines\n", sign, lines.count - LINES_MAX);
    free_lines(&lines);
}

/* Whether a line of a script is a change, or stands near one. */
static bool is_near(const struct diff_line *script, size_t count, size_t at)
{
    size_t from = at > AROUND ? at - AROUND : 0;

    for (size_t i = from; i < count && i <= at + AROUND; i++)
        if (script[i].op != DIFF_SAME)
            return true;
    return false;
}

static void put_changed(struct buf *out, const struct conversation_piece *a,
                        const struct conversation_piece *b)
{
    static const char signs[] = {[DIFF_SAME] = ' ', [DIFF_DROPPED] = '-', [DIFF_ADDED] = '+'};
    struct lines from = cut(a->text), to = cut(b->text);
    size_t count;
    struct diff_line *script = diff_lines(from.at, from.count, to.at, to.count, &count);
    bool left_out = false;

    put_title(out, '-', a);
    put_title(out, '+', b);
    for (size_t i = 0; i < count; i++) {
        bool shown = is_near(script, count, i);

        if (!shown && !left_out)
            (void)buf_text(out, "      …\n");
        left_out = !shown;
        if (shown)
            (void)buf_printf(out, "%c     %s\n", signs[script[i].op],
                             script[i].op == DIFF_ADDED ? to.at[script[i].b]
                                                        : from.at[script[i].a]);
    }
    free(script);
    free_lines(&from);
    free_lines(&to);
}

/* Title and text together: what makes two messages the same. */
static char **names_of(const struct conversation *c, int64_t *tokens)
{
    char **names = mem_array(c->count + 1, sizeof *names);

    for (size_t i = 0; i < c->count; i++) {
        names[i] = mem_printf("%s\n%s", c->at[i].title, c->at[i].text);
        *tokens += c->at[i].tokens;
    }
    return names;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* One run of dropped and added messages: those of the same title, in order, are changed ones. */
static void put_block(struct buf *out, const struct conversation_piece *a, size_t a_count,
                      const struct conversation_piece *b, size_t b_count,
                      struct conversation_diff *diff)
{
    size_t i = 0, j = 0;

    while (i < a_count || j < b_count) {
        bool both = i < a_count && j < b_count && strcmp(a[i].title, b[j].title) == 0;

        if (both) {
            put_changed(out, &a[i++], &b[j++]);
            diff->changed++;
        } else if (i < a_count) {
            put_whole(out, '-', &a[i++]);
            diff->dropped++;
        } else {
            put_whole(out, '+', &b[j++]);
            diff->added++;
        }
    }
}

void conversation_compare(struct buf *out, const struct conversation *a,
                          const struct conversation *b, struct conversation_diff *diff)
{
    *diff = (struct conversation_diff){0};
    char **left = names_of(a, &diff->tokens[0]), **right = names_of(b, &diff->tokens[1]);
    size_t count;
    struct diff_line *script = diff_lines((const char *const *)left, a->count,
                                          (const char *const *)right, b->count, &count);

    for (size_t i = 0; i < count;) {
        size_t from = i, dropped = 0;

        if (script[i].op == DIFF_SAME) {
            diff->same++;
            i++;
            continue;
        }
        for (; i < count && script[i].op != DIFF_SAME; i++)
            dropped += script[i].op == DIFF_DROPPED;
        put_block(out, a->at + script[from].a, dropped, b->at + script[from].b, i - from - dropped,
                  diff);
    }
    free(script);
    free_names(left, a->count);
    free_names(right, b->count);
}
