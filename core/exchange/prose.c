/* SPDX-License-Identifier: MIT */
#include "core/exchange/prose.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/sanitize.h"
#include "core/exchange/trajectory.h"

#include <inttypes.h>
#include <string.h>

#define LINE_MAX_BYTES 240 /* of a heading */

/* The first failure stays, so that one look at the end is enough. */
struct prose {
    struct buf *out;
    int rc;
};

static void put(struct prose *p, const char *text, size_t len)
{
    if (p->rc == 0)
        p->rc = buf_add(p->out, text, len);
}

static void say(struct prose *p, const char *text)
{
    put(p, text, strlen(text));
}

static void say_number(struct prose *p, const char *before, int64_t number)
{
    say(p, before);
    if (p->rc == 0)
        p->rc = buf_int(p->out, number);
}

/* Backticks that no run in the text is as long as. */
static int fence_for(const char *text)
{
    int longest = 2, run = 0;

    for (; *text; text++) {
        run = *text == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest + 1;
}

static void put_ticks(struct prose *p, int count)
{
    while (count-- > 0)
        say(p, "`");
}

static void put_fenced(struct prose *p, const char *language, const char *text)
{
    int ticks = fence_for(text);
    size_t len = strlen(text);

    put_ticks(p, ticks);
    say(p, language);
    say(p, "\n");
    put(p, text, len);
    if (len > 0 && text[len - 1] != '\n')
        say(p, "\n");
    put_ticks(p, ticks);
    say(p, "\n\n");
}

/* Every line behind a mark, or what `mark` gives for it. */
static void put_lines(struct prose *p, const char *text,
                      const char *(*mark)(void *ctx, const char *), void *ctx)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        say(p, mark(ctx, text));
        put(p, text, len);
        say(p, "\n");
        text += len + (text[len] == '\n');
    }
}

/* Headings go two levels down, so that ours stay what they are. */
static const char *lower(void *ctx, const char *line)
{
    bool *fenced = ctx;

    if (strncmp(line, "```", 3) == 0)
        *fenced = !*fenced;
    return *line == '#' && !*fenced ? "##" : "";
}

static const char *quote(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
    return "> ";
}

static void put_message(struct prose *p, const char *text)
{
    bool fenced = false;

    put_lines(p, text, lower, &fenced);
    say(p, fenced ? "```\n\n" : "\n");
}

static void put_line(struct prose *p, const char *text)
{
    char line[LINE_MAX_BYTES];

    put(p, line, sanitize_line(line, sizeof line, text, strlen(text)));
}

static void put_fact(struct prose *p, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    say(p, "- ");
    say(p, name);
    say(p, ": ");
    put_line(p, value);
    say(p, "\n");
}

static void put_call(struct prose *p, const struct trajectory_call *call)
{
    say(p, "### ");
    put_line(p, call->name);
    say(p, "\n\n");
    put_fenced(p, "json", call->args);
    if (!call->result) {
        say(p, "no result on record\n\n");
        return;
    }
    say(p, call->is_error ? "failed:\n\n" : "gave:\n\n");
    put_fenced(p, "", call->result);
}

static void put_heading(struct prose *p, const struct trajectory_step *step)
{
    static const char *const names[] = {
        [SPEAKER_SYSTEM] = "## System", [SPEAKER_USER] = "## User", [SPEAKER_AGENT] = "## Agent"};
    char time[CLOCK_ISO];

    say(p, names[step->speaker]);
    if (step->us > 0) {
        clock_iso(time, step->us);
        time[10] = ' ';
        say(p, ", ");
        put(p, time, 19); /* to the second */
    }
    if (step->tokens_in >= 0)
        say_number(p, ", tokens in ", step->tokens_in);
    if (step->tokens_out >= 0)
        say_number(p, ", out ", step->tokens_out);
    say(p, "\n\n");
}

static void put_step(struct prose *p, const struct trajectory_step *step)
{
    put_heading(p, step);
    if (step->reasoning) {
        put_lines(p, step->reasoning, quote, NULL);
        say(p, "\n");
    }
    if (*step->text)
        put_message(p, step->text);
    for (size_t i = 0; i < step->call_count; i++)
        put_call(p, &step->calls[i]);
}

static int put_all(struct buf *out, const struct trajectory *t)
{
    struct prose p = {.out = out};

    say(&p, "# ");
    put_line(&p, t->title ? t->title : "A run");
    say(&p, "\n\n");
    put_fact(&p, "run", t->session);
    put_fact(&p, "agent", t->agent);
    put_fact(&p, "model", t->model);
    put_fact(&p, "provider", t->provider);
    put_fact(&p, "workspace", t->workspace);
    say(&p, "\n");
    for (size_t i = 0; i < t->count; i++)
        put_step(&p, &t->steps[i]);
    return p.rc;
}

/* Read on a terminal as often as not: no escape of another's gets there. */
int prose_write(struct buf *out, const struct trajectory *t)
{
    struct buf raw;

    buf_init(&raw, out->max);
    int rc = put_all(&raw, t);
    if (rc == 0)
        rc = sanitize_add(out, SANITIZE_OUTPUT, raw.data, raw.len, NULL);
    buf_free(&raw);
    return rc;
}
