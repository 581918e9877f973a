/* SPDX-License-Identifier: MIT */
#include "core/net/sse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "tests/suite.h"

#define STREAMS "../shared/streams"

/* Everything that came out, as text: "name(data)" an event, "#id" when it has one, "~" when cut. */
struct seen {
    struct buf text;
    size_t stop_after; /* events until the callback refuses; 0 = never */
    size_t events;
};

static int on_event(void *ctx, const struct sse_event *event, struct err *err)
{
    struct seen *seen = ctx;

    (void)buf_add(&seen->text, event->name, event->name_len);
    (void)buf_char(&seen->text, '(');
    (void)buf_add(&seen->text, event->data, event->len);
    (void)buf_char(&seen->text, ')');
    if (event->id_len > 0) {
        (void)buf_char(&seen->text, '#');
        (void)buf_add(&seen->text, event->id, event->id_len);
    }
    if (event->cut)
        (void)buf_char(&seen->text, '~');
    if (++seen->events == seen->stop_after)
        return err_set(err, E_PARSE, "not what I know");
    return 0;
}

struct cut {
    size_t first, second; /* the slices end here; then at the end */
};

static int feed_to(struct sse *sse, const char *bytes, size_t from, size_t to, struct err *err)
{
    /* A slice in memory of its own: reading beyond it, or keeping it, is then found out. */
    char *slice = mem_copy(bytes + from, to - from);
    int rc = sse_feed(sse, slice, to - from, err);

    memset(slice, '?', to - from);
    free(slice);
    return rc;
}

/* Feeds bytes in slices, ends, and appends what came out and the counters. */
static int run(struct seen *seen, const struct sse_limits *limits, const char *bytes, size_t len,
               struct cut cut)
{
    struct sse *sse = NULL;
    int rc;

    sse_new(&sse, limits, on_event, seen);
    rc = feed_to(sse, bytes, 0, cut.first, NULL);
    if (rc == 0)
        rc = feed_to(sse, bytes, cut.first, cut.second, NULL);
    if (rc == 0)
        rc = feed_to(sse, bytes, cut.second, len, NULL);
    if (rc == 0)
        rc = sse_end(sse, NULL);
    (void)buf_printf(&seen->text, " comments=%d retry=%d", (int)sse_comments(sse),
                     (int)sse_retry_ms(sse));
    CU_ASSERT_EQUAL(sse_events(sse), seen->events);
    sse_free(sse);
    return rc;
}

static struct seen new_seen(void)
{
    struct seen seen = {.stop_after = 0};

    buf_init(&seen.text, 1 << 26);
    return seen;
}

static bool gives(const char *bytes, size_t len, struct cut cut, const char *expected)
{
    struct seen seen = new_seen();
    int rc = run(&seen, NULL, bytes, len, cut);
    bool same = rc == 0 && strlen(expected) == seen.text.len &&
                memcmp(expected, seen.text.data, seen.text.len) == 0;

    if (!same)
        printf("    cut at %zu and %zu: \"%s\", not \"%s\"\n", cut.first, cut.second,
               seen.text.data, expected);
    buf_free(&seen.text);
    return same;
}

/* --- What the standard says, one case a line; LEN for bytes with NUL --- */

#define CASE(bytes, expected)                                                                      \
    {                                                                                              \
        (bytes), sizeof(bytes) - 1, (expected)                                                     \
    }
#define NONE " comments=0 retry=-1"

static const struct sse_case {
    const char *bytes;
    size_t len;
    const char *expected;
} cases[] = {
    CASE("", NONE),
    CASE("\n", NONE),
    CASE("data: a\n\n", "message(a)" NONE),
    CASE("data:a\n\n", "message(a)" NONE),
    CASE("data:  a \n\n", "message( a )" NONE),
    CASE("data\n\n", "message()" NONE),
    CASE("data:\n\n", "message()" NONE),
    CASE("data\ndata\n\n", "message(\n)" NONE),
    CASE("data: a\ndata: b\ndata:\ndata: c\n\n", "message(a\nb\n\nc)" NONE),
    CASE("data: a\n\ndata: b\n\n\n\n", "message(a)message(b)" NONE),
    CASE("data: a\r\rdata: b\r\r", "message(a)message(b)" NONE),
    CASE("data: a\r\n\r\ndata: b\r\n\r\n", "message(a)message(b)" NONE),
    CASE("data: a\r\ndata: b\rdata: c\n\r\n", "message(a\nb\nc)" NONE),
    CASE("data: a\n\r\ndata: b\r\n\n", "message(a)message(b)" NONE),
    CASE("event: ping\ndata: 1\n\ndata: 2\n\n", "ping(1)message(2)" NONE),
    CASE("data: 1\nevent: a\nevent: b\n\n", "b(1)" NONE),
    CASE("event: lost\n\ndata: 1\n\n", "message(1)" NONE),
    CASE("event:\ndata: 1\n\n", "message(1)" NONE),
    CASE("event\ndata: 1\n\n", "message(1)" NONE),
    CASE("id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", "message(a)#7message(b)#7message(c)" NONE),
    CASE("id: 1\nid: \0002\ndata: a\n\n", "message(a)#1" NONE),
    CASE("retry: 250\n\n", " comments=0 retry=250"),
    CASE("retry: 250\nretry: 2x\nretry:\nretry: -1\n", " comments=0 retry=250"),
    CASE("retry: 99999999999999999999\n", NONE),
    CASE(":\n: ping\n:data: no\n\n", " comments=3 retry=-1"),
    CASE(": ping\ndata: a\n: ping\ndata: b\n\n", "message(a\nb) comments=2 retry=-1"),
    CASE("datum: x\nDATA: x\n data: x\ndata : x\nfoo\n\n", NONE),
    CASE("data: {\"a\": \"b:c\"}\n\n", "message({\"a\": \"b:c\"})" NONE),
    CASE("\xef\xbb\xbf"
         "data: a\n\n",
         "message(a)" NONE),
    CASE("\xef\xbb\xbf\xef\xbb\xbf"
         "data: a\n\n",
         NONE),
    CASE("\xef\xbb"
         "data: a\n\ndata: b\n\n",
         "message(b)" NONE),
    CASE("\xef\xbb\n"
         "data: a\n\n",
         "message(a)" NONE),
    CASE("data: \xf0\x9f\x9a\x82 \xc3\xa9\xff\n\n", "message(\xf0\x9f\x9a\x82 \xc3\xa9\xff)" NONE),
    CASE("data: \xef\xbb\xbf\n\n", "message(\xef\xbb\xbf)" NONE),
    /* The end comes before the blank line. */
    CASE("data: [DONE]\n", "message([DONE])~" NONE),
    CASE("data: [DONE]", "message([DONE])~" NONE),
    CASE("data: [DONE]\r", "message([DONE])~" NONE),
    CASE("event: stop\ndata: a\ndata: b", "stop(a\nb)~" NONE),
    CASE("data: a\n\nevent: stop\n", "message(a)" NONE),
    CASE("data: a\n\nda", "message(a)" NONE),
    CASE("data: a\n\ndata", "message(a)message()~" NONE),
    CASE("\xef\xbb", NONE),
};

#define CASE_COUNT (sizeof cases / sizeof *cases)

static void test_cases(void)
{
    for (size_t i = 0; i < CASE_COUNT; i++)
        CU_ASSERT(gives(cases[i].bytes, cases[i].len, (struct cut){cases[i].len, cases[i].len},
                        cases[i].expected));
}

static void test_split_anywhere(void)
{
    for (size_t i = 0; i < CASE_COUNT; i++)
        for (size_t a = 0; a <= cases[i].len; a++)
            for (size_t b = a; b <= cases[i].len; b++)
                CU_ASSERT(
                    gives(cases[i].bytes, cases[i].len, (struct cut){a, b}, cases[i].expected));
}

static void test_utf8_cut(void)
{
    const char *stream = "data: \xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x82\nid: \xf0\x9f\x9a\x82\n\n";
    size_t len = strlen(stream);

    for (size_t at = 0; at <= len; at++)
        CU_ASSERT(gives(stream, len, (struct cut){at, at},
                        "message(\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x82)#\xf0\x9f\x9a\x82" NONE));
}

static void test_byte_by_byte(void)
{
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct seen seen = new_seen();
        struct sse *sse = NULL;

        sse_new(&sse, NULL, on_event, &seen);
        for (size_t at = 0; at < cases[i].len; at++)
            CU_ASSERT_EQUAL(feed_to(sse, cases[i].bytes, at, at + 1, NULL), 0);
        CU_ASSERT_EQUAL(sse_end(sse, NULL), 0);
        CU_ASSERT_EQUAL(strncmp(cases[i].expected, seen.text.data, seen.text.len), 0);
        sse_free(sse);
        buf_free(&seen.text);
    }
}

/* --- Limits --- */

static int with_limits(const char *bytes, size_t line, size_t event, struct cut cut)
{
    struct seen seen = new_seen();
    int rc = run(&seen, &(struct sse_limits){line, event}, bytes, strlen(bytes), cut);

    buf_free(&seen.text);
    return rc;
}

static void test_limits(void)
{
    static const struct {
        const char *bytes;
        size_t line, event;
        int rc;
    } rows[] = {
        {"data: abcd\n\n", 10, 4, 0},
        {"data: abcde\n\n", 10, 9, E_TOOBIG},
        {"data: abcde\n\n", 99, 4, E_TOOBIG},
        {"data: ab\ndata: c\n\n", 99, 4, 0},
        {"data: 123456\ndata: 1234\n\n", 12, 12, 0},
        {"data: ab\ndata: cd\n\n", 99, 4, E_TOOBIG},
        {"data: ab\ndata\ndata\ndata\n\n", 99, 4, E_TOOBIG},
        {": a long comment\n\n", 10, 4, E_TOOBIG},
        {"0123456789", 10, 4, 0},
        {"0123456789a", 10, 4, E_TOOBIG},
        {"event: 0123456789\n", 10, 4, E_TOOBIG},
        {"data: 0123456789\n\n", 99, 2, E_TOOBIG},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t at = 0; at <= strlen(rows[i].bytes); at++)
            CU_ASSERT_EQUAL(
                with_limits(rows[i].bytes, rows[i].line, rows[i].event, (struct cut){at, at}),
                rows[i].rc);
}

static void test_endless_line(void)
{
    static char slice[16384];
    struct seen seen = new_seen();
    struct sse *sse = NULL;
    struct err err = {0};
    size_t fed = 0;
    int rc = 0;

    memset(slice, 'x', sizeof slice);
    memcpy(slice, "data: ", 6);
    sse_new(&sse, NULL, on_event, &seen);
    while (rc == 0 && fed < (size_t)100 << 20) {
        rc = sse_feed(sse, slice, sizeof slice, &err);
        fed += sizeof slice;
    }
    CU_ASSERT_EQUAL(rc, E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(err.msg, "a line of the event stream is longer than 8388608 bytes");
    CU_ASSERT_EQUAL(fed, ((size_t)8 << 20) + sizeof slice);
    CU_ASSERT_EQUAL(sse_feed(sse, "\n\n", 2, &err), E_TOOBIG);
    CU_ASSERT_EQUAL(sse_end(sse, &err), E_TOOBIG);
    CU_ASSERT_EQUAL(seen.events, 0);
    sse_free(sse);
    buf_free(&seen.text);
}

static int count_bytes(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)err;
    *(size_t *)ctx += event->len;
    return 0;
}

/* The largest events that are allowed, one after the other, line straddling slices. */
static void test_large_events(void)
{
    const size_t len = (size_t)8 << 20;
    char *data = mem_new(len + 1);
    struct sse *sse = NULL;
    size_t got = 0;

    memset(data, 'x', len);
    sse_new(&sse, NULL, count_bytes, &got);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(sse_feed(sse, "data:", 5, NULL), 0);
        for (size_t at = 0; at < len - 5; at += 16384) {
            size_t more = len - 5 - at < 16384 ? len - 5 - at : 16384;

            CU_ASSERT_EQUAL(sse_feed(sse, data + at, more, NULL), 0);
        }
        CU_ASSERT_EQUAL(sse_feed(sse, "\n\n", 2, NULL), 0);
    }
    CU_ASSERT_EQUAL(got, 3 * (len - 5));
    sse_free(sse);
    free(data);
}

/* --- The rest --- */

static int note_place(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)err;
    *(const char **)ctx = event->data;
    return 0;
}

static void test_zero_copy(void)
{
    const char stream[] = ": ping\nevent: a\ndata: here\n\n";
    const char *place = NULL;
    struct sse *sse = NULL;

    sse_new(&sse, NULL, note_place, &place);
    CU_ASSERT_EQUAL(sse_feed(sse, stream, sizeof stream - 1, NULL), 0);
    CU_ASSERT_PTR_EQUAL(place, strstr(stream, "here"));
    sse_free(sse);
}

static void test_callback_stops(void)
{
    struct seen seen = new_seen();
    struct sse *sse = NULL;
    struct err err = {0};

    seen.stop_after = 2;
    sse_new(&sse, NULL, on_event, &seen);
    CU_ASSERT_EQUAL(sse_feed(sse, "data: 1\n\ndata: 2\n\ndata: 3\n\n", 27, &err), E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.msg, "not what I know");
    CU_ASSERT_EQUAL(sse_feed(sse, "data: 4\n\n", 9, &err), E_PARSE);
    CU_ASSERT_STRING_EQUAL(seen.text.data, "message(1)message(2)");
    sse_free(sse);
    buf_free(&seen.text);
}

static void test_over_is_over(void)
{
    struct seen seen = new_seen();
    struct sse *sse = NULL;

    sse_new(&sse, NULL, on_event, &seen);
    CU_ASSERT_EQUAL(sse_end(sse, NULL), 0);
    CU_ASSERT_EQUAL(sse_feed(sse, "data: 1\n\n", 9, NULL), E_CLOSED);
    CU_ASSERT_EQUAL(sse_end(sse, NULL), E_CLOSED);
    CU_ASSERT_EQUAL(seen.events, 0);
    sse_free(sse);
    sse_free(NULL);
    buf_free(&seen.text);
}

static int check_names(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)err;
    *(bool *)ctx = sse_is(event, "error") && !sse_is(event, "err") && !sse_is(event, "errors");
    return 0;
}

static void test_is(void)
{
    bool right = false;
    struct sse *sse = NULL;

    sse_new(&sse, NULL, check_names, &right);
    CU_ASSERT_EQUAL(sse_feed(sse, "event: error\ndata: x\n\n", 22, NULL), 0);
    CU_ASSERT_TRUE(right);
    sse_free(sse);
}

/* --- Recorded streams, where they are at hand --- */

/* Slices of 1 to 64 bytes from a fixed sequence. */
static void feed_random(struct sse *sse, const char *bytes, size_t len, uint32_t seed)
{
    size_t at = 0;

    while (at < len) {
        seed = seed * 1664525u + 1013904223u;
        size_t more = 1 + (seed >> 16) % 64;

        more = more < len - at ? more : len - at;
        CU_ASSERT_EQUAL(feed_to(sse, bytes, at, at + more, NULL), 0);
        at += more;
    }
    CU_ASSERT_EQUAL(sse_end(sse, NULL), 0);
}

static void check_stream(const char *path)
{
    struct seen whole = new_seen();
    char *bytes = NULL;
    size_t len = 0;
    struct sse *sse = NULL;

    CU_ASSERT_EQUAL_FATAL(path_read(&bytes, &len, path, (size_t)64 << 20, NULL), 0);
    sse_new(&sse, NULL, on_event, &whole);
    CU_ASSERT_EQUAL(feed_to(sse, bytes, 0, len, NULL), 0);
    CU_ASSERT_EQUAL(sse_end(sse, NULL), 0);
    CU_ASSERT(whole.events > 0);
    sse_free(sse);
    for (uint32_t seed = 1; seed <= 5; seed++) {
        struct seen split = new_seen();

        sse_new(&sse, NULL, on_event, &split);
        feed_random(sse, bytes, len, seed);
        CU_ASSERT_EQUAL(split.text.len, whole.text.len);
        CU_ASSERT_EQUAL(memcmp(split.text.data, whole.text.data, whole.text.len), 0);
        sse_free(sse);
        buf_free(&split.text);
    }
    buf_free(&whole.text);
    free(bytes);
}

static void test_recorded(void)
{
    DIR *dir = opendir(STREAMS);
    size_t count = 0;

    if (!dir) {
        suite_skip("recorded streams cut at random", "no " STREAMS " here");
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!str_ends(entry->d_name, ".sse"))
            continue;
        char *path = path_join(STREAMS, entry->d_name);

        check_stream(path);
        free(path);
        count++;
    }
    closedir(dir);
    CU_ASSERT(count > 100);
}

static const struct test tests[] = {
    {"N13 line ends, marks, fields and comments are read as the standard says", test_cases},
    {"N11 an event split at any two offsets is the same event", test_split_anywhere},
    {"N12 UTF-8 cut between slices arrives whole", test_utf8_cut},
    {"byte by byte gives the same events", test_byte_by_byte},
    {"a line or an event over its limit is refused wherever it is cut", test_limits},
    {"an endless line is refused at 8 MiB and the stream stays refused", test_endless_line},
    {"events of just under 8 MiB pass", test_large_events},
    {"an event that lies in one slice is not copied", test_zero_copy},
    {"what the callback refuses ends the stream", test_callback_stops},
    {"nothing comes after the end", test_over_is_over},
    {"an event knows its name", test_is},
    {"recorded streams give the same events however they are cut", test_recorded},
    {NULL, NULL},
};

const struct suite suite_sse = {"sse", tests};
