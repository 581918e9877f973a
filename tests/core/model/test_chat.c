/* SPDX-License-Identifier: MIT */
/*
 * The Chat reader on small bodies of our own, one for each shape that servers are known to send:
 * tests/data/chat/NAME.body, and NAME.expect with the status, Content-Type and way of ending in its
 * first line and reading_text behind it. Besides, what is too large to be kept as a file.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/model/openai_chat.h"
#include "tests/suite.h"
#include "tests/support/reading.h"

#define FOLDER "tests/data/chat"
#define TIMES  40

static char *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct buf text;
    char part[4096];
    size_t got;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    buf_init(&text, SIZE_MAX);
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        (void)buf_add(&text, part, got);
    (void)fclose(file);
    *len = text.len;
    return buf_take(&text);
}

static void check_case(const char *stem)
{
    char *body_path = mem_printf("%s.body", stem), *expect_path = mem_printf("%s.expect", stem);
    char type[64] = "", end[16] = "", *got;
    struct reading reading = {0};
    struct model_answer answer;
    size_t len;
    char *expect = load(expect_path, &len), *wanted = strchr(expect, '\n') + 1;

    reading.body = load(body_path, &reading.len);
    wanted[-1] = '\0';
    CU_ASSERT_TRUE(sscanf(expect, "%d %63s %15s", &reading.status, type, end) >= 2);
    reading.content_type = strcmp(type, "-") == 0 ? NULL : type;
    reading.broken = strcmp(end, "broken") == 0;
    reading_every_way(&answer, &reading, TIMES);
    got = reading_text(&answer);
    if (strcmp(got, wanted) != 0)
        printf("%s gives\n%s", stem, got);
    CU_ASSERT_STRING_EQUAL(got, wanted);
    free(got);
    free(expect);
    free((char *)reading.body);
    free(body_path);
    free(expect_path);
    model_answer_clear(&answer);
}

/* All cases whose name begins so; there must be some. */
static void check_cases(const char *prefix)
{
    char *pattern = mem_printf(FOLDER "/%s*.expect", prefix);
    glob_t found;

    CU_ASSERT_EQUAL_FATAL(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *path = found.gl_pathv[i];

        path[strlen(path) - strlen(".expect")] = '\0';
        check_case(path);
    }
    globfree(&found);
    free(pattern);
}

static void text_and_thinking(void)
{
    check_cases("text");
    check_cases("reasoning");
}

static void calls(void)
{
    check_cases("calls");
}

static void errors(void)
{
    check_cases("error");
    check_cases("status");
}

static void malformed(void)
{
    check_cases("malformed");
}

static void unknown_events(void)
{
    check_cases("unknown");
}

static void indexes(void)
{
    check_cases("calls-index");
    check_cases("calls-share");
    check_cases("calls-one-index");
    check_cases("calls-interleaved");
}

static void wrong_text(void)
{
    check_cases("wrong");
    check_cases("halves");
}

static void usage(void)
{
    check_cases("usage");
}

static void bodies(void)
{
    check_cases("body");
    check_cases("events");
}

static void cut_streams(void)
{
    check_cases("text-cut");
    check_cases("text-ends");
    check_cases("text-no-done");
    check_cases("calls-cut");
    check_cases("calls-whole-then-cut");
}

/* ---- Ceilings ---- */

struct flood {
    struct model_reader *r;
    struct model_answer answer;
};

static void flood_begin(struct flood *f)
{
    struct reader_options options = {.status = 200, .content_type = "text/event-stream"};

    CU_ASSERT_EQUAL_FATAL(openai_chat.open(&f->r, &options, NULL), 0);
}

static void flood_end(struct flood *f, const char *message)
{
    openai_chat.finish(f->r, false, &f->answer);
    openai_chat.close(f->r);
    CU_ASSERT_EQUAL(f->answer.outcome, ANSWER_PROTOCOL);
    CU_ASSERT_EQUAL(f->answer.code, E_TOOBIG);
    CU_ASSERT_TRUE(message && f->answer.error.message &&
                   strstr(f->answer.error.message, message) != NULL);
    model_answer_clear(&f->answer);
}

/* Feeds `piece` until the reader has enough; returns the bytes it took. */
static size_t flood_with(struct flood *f, const char *piece)
{
    size_t fed = 0, len = strlen(piece);

    while (fed < (size_t)200 << 20 && openai_chat.feed(f->r, piece, len) == 0)
        fed += len;
    return fed;
}

static void endless_line(void)
{
    struct flood f = {0};
    char *piece = mem_new(65537);
    size_t fed;

    flood_begin(&f);
    memset(piece, 'x', 65536);
    (void)openai_chat.feed(f.r, "data: ", 6);
    fed = flood_with(&f, piece);
    CU_ASSERT_TRUE(fed >= (size_t)7 << 20 && fed <= (size_t)9 << 20);
    free(piece);
    flood_end(&f, "8");
}

static void endless_events(void)
{
    struct flood f = {0};
    struct buf piece;
    size_t fed;

    flood_begin(&f);
    buf_init(&piece, SIZE_MAX);
    for (size_t i = 0; i < 1000; i++)
        (void)buf_text(&piece,
                       "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"0123\"}}]}\n\n");
    fed = flood_with(&f, piece.data);
    CU_ASSERT_TRUE(fed >= (size_t)63 << 20 && fed <= (size_t)64 << 20);
    buf_free(&piece);
    flood_end(&f, "64 MiB");
}

static void endless_arguments(void)
{
    static const char open[] = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,"
                               "\"id\":\"a\",\"function\":{\"name\":\"f\"}}]}}]}\n\n";
    struct flood f = {0};
    struct buf piece;
    size_t fed;

    flood_begin(&f);
    buf_init(&piece, SIZE_MAX);
    (void)buf_text(&piece, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,"
                           "\"function\":{\"arguments\":\"");
    for (size_t i = 0; i < 1000; i++)
        (void)buf_text(&piece, "0123456789");
    (void)buf_text(&piece, "\"}}]}}]}\n\n");
    CU_ASSERT_EQUAL(openai_chat.feed(f.r, open, strlen(open)), 0);
    fed = flood_with(&f, piece.data);
    CU_ASSERT_TRUE(fed <= (size_t)2 << 20);
    buf_free(&piece);
    flood_end(&f, "arguments are longer");
}

static void nothing_after_the_end(void)
{
    static const char bad[] = "data: {\n\n", good[] = "data: {\"choices\":[{\"delta\":{\"content\":"
                                                      "\"late\"},\"finish_reason\":\"stop\"}]}\n\n";
    struct flood f = {0};

    flood_begin(&f);
    CU_ASSERT_EQUAL(openai_chat.feed(f.r, bad, strlen(bad)), E_PROTOCOL);
    CU_ASSERT_EQUAL(openai_chat.feed(f.r, good, strlen(good)), E_PROTOCOL);
    openai_chat.finish(f.r, true, &f.answer);
    CU_ASSERT_EQUAL(f.answer.outcome, ANSWER_PROTOCOL);
    CU_ASSERT_STRING_EQUAL(f.answer.message->content, "");
    openai_chat.close(f.r);
    model_answer_clear(&f.answer);
}

/* ---- While it runs ---- */

static void progress(void)
{
    static const char *const pieces[] = {": ping\n\n", ": ping\n", "data: {\"choices\":[]}", "\n\n",
                                         "data: [DONE]\n\n"};
    static const size_t events[] = {0, 0, 0, 1, 1};
    struct flood f = {0};

    flood_begin(&f);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        CU_ASSERT_FALSE(openai_chat.done(f.r));
        CU_ASSERT_EQUAL(openai_chat.feed(f.r, pieces[i], strlen(pieces[i])), 0);
        CU_ASSERT_EQUAL(openai_chat.progress(f.r), events[i]);
    }
    CU_ASSERT_TRUE(openai_chat.done(f.r));
    openai_chat.close(f.r);
}

static const struct test tests[] = {
    {"text and thinking arrive in every shape that servers send", text_and_thinking},
    {"tool calls are put together from fragments of every shape", calls},
    {"errors are found wherever servers put them", errors},
    {"token counts and costs are read under every name", usage},
    {"a body is taken for what its bytes say it is", bodies},
    {"a stream that ends before its finish_reason is incomplete", cut_streams},
    {"malformed JSON in one event fails the stream and keeps its bytes", malformed},
    {"N15 an event of an unknown type is ignored", unknown_events},
    {"N16 a duplicate or out-of-order index is a protocol error or a call of its own", indexes},
    {"N17 wrong text becomes U+FFFD, halves are joined, arguments are rejected", wrong_text},
    {"a line without an end is given up at 8 MiB", endless_line},
    {"valid events without an end are given up at 64 MiB", endless_events},
    {"arguments without an end are given up at 1 MiB", endless_arguments},
    {"after a failure nothing is read any more", nothing_after_the_end},
    {"comments and half events are no progress", progress},
    {NULL, NULL},
};

const struct suite suite_chat = {"chat", tests};
