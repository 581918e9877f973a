/* SPDX-License-Identifier: MIT */
#include "tests/support/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/model/chat_reader.h"
#include "core/model/openai_chat.h"
#include "tests/suite.h"

/* What the deltas add up to. */
struct shown {
    struct buf text, reasoning;
    struct buf args[MESSAGE_CALLS_MAX];
    size_t calls;
};

static void on_delta(void *self, const struct model_delta *delta)
{
    struct shown *shown = self;

    if (delta->kind == DELTA_TEXT)
        (void)buf_add(&shown->text, delta->text, delta->len);
    else if (delta->kind == DELTA_REASONING)
        (void)buf_add(&shown->reasoning, delta->text, delta->len);
    else
        (void)buf_add(&shown->args[delta->call], delta->text, delta->len);
    if (delta->kind == DELTA_CALL && delta->call >= shown->calls)
        shown->calls = delta->call + 1;
}

static struct shown *shown_new(void)
{
    struct shown *shown = mem_new(sizeof *shown);

    buf_init(&shown->text, SIZE_MAX);
    buf_init(&shown->reasoning, SIZE_MAX);
    for (size_t i = 0; i < MESSAGE_CALLS_MAX; i++)
        buf_init(&shown->args[i], SIZE_MAX);
    return shown;
}

/* Arguments of nothing become {}, and a fragment that was refused is not shown. */
static void shown_check(struct shown *shown, const struct model_answer *a)
{
    const struct message *m = a->message;

    CU_ASSERT_STRING_EQUAL(shown->text.data, m->content);
    CU_ASSERT_STRING_EQUAL(shown->reasoning.data, m->reasoning ? m->reasoning : "");
    CU_ASSERT_TRUE(shown->calls == m->call_count || a->outcome == ANSWER_PROTOCOL);
    for (size_t i = 0; i < shown->calls; i++)
        if (strspn(shown->args[i].data, " ") < shown->args[i].len)
            CU_ASSERT_STRING_EQUAL(shown->args[i].data, m->calls[i].args);
}

static void shown_free(struct shown *shown)
{
    buf_free(&shown->text);
    buf_free(&shown->reasoning);
    for (size_t i = 0; i < MESSAGE_CALLS_MAX; i++)
        buf_free(&shown->args[i]);
    free(shown);
}

static void feed(struct model_reader *r, const char *body, size_t from, size_t to)
{
    char *slice = mem_copy(body + from, to - from);

    (void)openai_chat.feed(r, slice, to - from); /* finish tells */
    memset(slice, '?', to - from);
    free(slice);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static int by_size(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;

    return (left > right) - (left < right);
}

static void feed_cut(struct model_reader *r, const struct reading *reading, size_t len)
{
    uint64_t state = reading->seed + 1;
    size_t *cuts = mem_array(reading->cuts + 1, sizeof *cuts), from = 0;

    for (size_t i = 0; i < reading->cuts; i++)
        cuts[i] = (size_t)(next_random(&state) % (len + 1));
    cuts[reading->cuts] = len;
    qsort(cuts, reading->cuts + 1, sizeof *cuts, by_size);
    for (size_t i = 0; i <= reading->cuts; i++) {
        feed(r, reading->body, from, cuts[i]);
        from = cuts[i];
    }
    free(cuts);
}

static void feed_all(struct model_reader *r, const struct reading *reading)
{
    size_t len = reading->len ? reading->len : strlen(reading->body);

    if (reading->cuts == SIZE_MAX) {
        for (size_t i = 0; i < len; i++)
            feed(r, reading->body, i, i + 1);
    } else {
        feed_cut(r, reading, len);
    }
}

void reading_run(struct model_answer *out, const struct reading *reading)
{
    struct shown *shown = shown_new();
    struct reader_options options = {.status = reading->status ? reading->status : 200,
                                     .content_type = reading->content_type,
                                     .profile = "generic",
                                     .model = "m",
                                     .on_delta = on_delta,
                                     .self = shown};
    struct model_reader *r = NULL;

    CU_ASSERT_EQUAL_FATAL(openai_chat.open(&r, &options, NULL), 0);
    ((struct chat_reader *)r)->long_way = reading->long_way;
    feed_all(r, reading);
    openai_chat.finish(r, !reading->broken, out);
    openai_chat.close(r);
    shown_check(shown, out);
    shown_free(shown);
}

static const char *said(const char *text)
{
    return text ? text : "(none)";
}

static void print_usage(struct buf *out, const struct model_usage *u)
{
    (void)buf_printf(out, "usage: in %lld out %lld cached %lld written %lld", (long long)u->input,
                     (long long)u->output, (long long)u->cached, (long long)u->cache_write);
    (void)buf_printf(out, " thought %lld total %lld cost %lld %d\n", (long long)u->reasoning,
                     (long long)u->total, (long long)u->cost_micro, u->cached_inside);
}

char *reading_text(const struct model_answer *a)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    (void)buf_printf(&out, "%s %s %d\n", answer_outcome_name(a->outcome), answer_stop_name(a->stop),
                     a->code);
    (void)message_print(&out, a->message);
    (void)buf_printf(&out, "\nerror: %s | %s | %s | %s | %d\n", said(a->error.type),
                     said(a->error.code), said(a->error.param), said(a->error.message),
                     a->error.status);
    print_usage(&out, &a->usage);
    (void)buf_printf(&out, "model %s id %s done %d streamed %d events %zu\nexcerpt: %s\n",
                     said(a->model), said(a->id), a->done_seen, a->streamed, a->events,
                     said(a->excerpt));
    return buf_take(&out);
}

/* Reads in another way and compares. */
static void same_as(const char *wanted, struct reading way)
{
    struct model_answer answer;
    char *text;

    reading_run(&answer, &way);
    text = reading_text(&answer);
    if (strcmp(text, wanted) != 0)
        printf("cuts %zu, seed %llu, long way %d:\n%s--- instead of\n%s", way.cuts,
               (unsigned long long)way.seed, way.long_way, text, wanted);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    free(text);
    model_answer_clear(&answer);
}

void reading_every_way(struct model_answer *out, const struct reading *reading, size_t times)
{
    struct reading way = *reading;
    char *wanted;

    way.cuts = 0;
    reading_run(out, &way);
    wanted = reading_text(out);
    way.long_way = true;
    same_as(wanted, way);
    for (int long_way = 0; long_way <= 1; long_way++) {
        way.long_way = long_way;
        way.cuts = SIZE_MAX;
        same_as(wanted, way);
        for (way.seed = 0; way.seed < times; way.seed++) {
            way.cuts = 1 + way.seed % 7;
            same_as(wanted, way);
        }
    }
    free(wanted);
}
