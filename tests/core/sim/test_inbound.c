/* SPDX-License-Identifier: MIT */
#include "core/sim/inbound.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"

#define HEAD "POST /x HTTP/1.1\r\n"

static const struct {
    const char *bytes;
    int status; /* refused with this; 0 = taken */
    bool keep;
    const char *target; /* NULL = not whole yet */
    const char *body;
    const char *rest; /* of the next request */
} cases[] = {
    {"GET / HTTP/1.1\r\n\r\n", 0, true, "/", "", ""},
    {"GET /a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\nGET", 0, true, "/a/b?c=d", "", "GET"},
    {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0, true, "/", "", ""},
    {"GET / HTTP/1.1\n\n", 0, true, "/", "", ""},
    {"GET / HTTP/1.0\r\n\r\n", 0, false, "/", "", ""},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 0, true, "/", "", ""},
    {"GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 0, false, "/", "", ""},
    {HEAD "Content-Length: 5\r\n\r\nhello!", 0, true, "/x", "hello", "!"},
    {HEAD "CONTENT-LENGTH:\t5 \r\n\r\nhello", 0, true, "/x", "hello", ""},
    {HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 0, true, "/x", "hello", ""},
    {HEAD "Content-Length: 0\r\n\r\n", 0, true, "/x", "", ""},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nnext", 0, true, "/x", "abc",
     "next"},
    {HEAD "Transfer-Encoding: Chunked\r\n\r\nA ; a=b\r\n0123456789\r\n01\r\nx\r\n0\r\nT: 1\r\n\r\n",
     0, true, "/x", "0123456789x", ""},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n0\n\n", 0, true, "/x", "", ""},
    {"GET / HTTP/1.1\r\nHost: x\r\n", 0, true, NULL, NULL, NULL},
    {HEAD "Content-Length: 5\r\n\r\nhell", 0, true, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", 0, true, NULL, NULL, NULL},
    {"", 0, true, NULL, NULL, NULL},
    {"hello\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET /\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET x HTTP/1.1\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"G(T / HTTP/1.1\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET / HTTP/3\r\n\r\n", 505, false, NULL, NULL, NULL},
    {"GET / FTP/1.1\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET / HTTP/1.1\r\n: b\r\n\r\n", 400, false, NULL, NULL, NULL},
    {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Content-Length: -1\r\n\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Content-Length: +5\r\n\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Content-Length: \r\n\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Content-Length: 67108865\r\n\r\n", 413, false, NULL, NULL, NULL},
    {HEAD "Content-Length: 99999999999999999999999\r\n\r\n", 413, false, NULL, NULL, NULL},
    {HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, false, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400, false, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", 413, false, NULL, NULL, NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", 400, false, NULL, NULL, NULL},
};

/* Feeds the bytes cut at `cut`, each part in memory of its own; returns how many were taken. */
static size_t feed(struct inbound *in, const char *bytes, size_t len, size_t cut)
{
    size_t ends[] = {cut, len}, at = 0;

    for (size_t i = 0; i < 2 && at < len; i++) {
        if (ends[i] <= at || in->phase == INBOUND_DONE || in->phase == INBOUND_BAD)
            continue;
        char *part = mem_copy(bytes + at, ends[i] - at);
        at += inbound_feed(in, part, ends[i] - at);
        free(part);
    }
    return at;
}

static bool fits(const struct inbound *in, size_t taken, size_t i)
{
    if (cases[i].status)
        return in->phase == INBOUND_BAD && in->status == cases[i].status && !in->keep;
    if (!cases[i].target)
        return in->phase != INBOUND_BAD && in->phase != INBOUND_DONE &&
               taken == strlen(cases[i].bytes);
    return in->phase == INBOUND_DONE && in->keep == cases[i].keep &&
           str_eq(in->target, cases[i].target) && str_eq(in->body.data, cases[i].body) &&
           str_eq(cases[i].bytes + taken, cases[i].rest);
}

static void a_request_is_the_same_wherever_it_is_cut(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].bytes);

        for (size_t cut = 0; cut <= len; cut++) {
            struct inbound in;

            inbound_init(&in);
            size_t taken = feed(&in, cases[i].bytes, len, cut);
            bool right = fits(&in, taken, i);
            if (!right)
                printf("    cut at %zu: %s: phase %d, status %d, %zu taken\n", cut, cases[i].bytes,
                       (int)in.phase, in.status, taken);
            CU_ASSERT(right);
            inbound_free(&in);
        }
    }
}

static void a_header_is_found_by_its_name_in_any_case(void)
{
    static const char text[] = "GET / HTTP/1.1\r\nX-Api-Key:  k 1 \r\nEmpty:\r\n\r\n";
    struct inbound in;

    inbound_init(&in);
    (void)inbound_feed(&in, text, strlen(text));
    CU_ASSERT_STRING_EQUAL(inbound_header(&in, "x-api-key"), "k 1");
    CU_ASSERT_STRING_EQUAL(inbound_header(&in, "EMPTY"), "");
    CU_ASSERT_PTR_NULL(inbound_header(&in, "host"));
    inbound_free(&in);
}

static int status_after(struct buf *text)
{
    struct inbound in;

    inbound_init(&in);
    (void)inbound_feed(&in, text->data, text->len);
    int status = in.status;
    inbound_free(&in);
    buf_free(text);
    return status;
}

static void a_head_has_bounds(void)
{
    struct buf text;

    for (int count = INBOUND_HEADERS_MAX; count <= INBOUND_HEADERS_MAX + 1; count++) {
        buf_init(&text, 1 << 20);
        (void)buf_text(&text, "GET / HTTP/1.1\r\n");
        for (int i = 0; i < count; i++)
            (void)buf_text(&text, "A: b\r\n");
        (void)buf_text(&text, "\r\n");
        CU_ASSERT_EQUAL(status_after(&text), count > INBOUND_HEADERS_MAX ? 431 : 0);
    }
    buf_init(&text, 1 << 20);
    (void)buf_text(&text, "GET /");
    for (int i = 0; i < 70000; i++)
        (void)buf_char(&text, 'a');
    CU_ASSERT_EQUAL(status_after(&text), 431);
    buf_init(&text, 1 << 20);
    (void)buf_add(&text, "GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24);
    CU_ASSERT_EQUAL(status_after(&text), 400);
}

static const struct test tests[] = {
    {"a request is the same wherever it is cut", a_request_is_the_same_wherever_it_is_cut},
    {"a header is found by its name in any case", a_header_is_found_by_its_name_in_any_case},
    {"a head has bounds", a_head_has_bounds},
    {NULL, NULL},
};

const struct suite suite_inbound = {"inbound", tests};
