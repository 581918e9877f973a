/* SPDX-License-Identifier: MIT */
/*
 * The head is collected up to its empty line and then cut into texts where it lies. Framing is
 * RFC 9112's: Content-Length or chunked, never both; what is doubtful is refused, because a wrong
 * guess would make the next request out of this one's bytes.
 */
#include "core/sim/inbound.h"

#include <string.h>
#include <strings.h>

#include "core/base/err.h"
#include "core/base/str.h"

#define LINE_MAX_BYTES ((size_t)4 << 10) /* of a chunk size with its extensions, or a trailer */

enum {
    BAD_REQUEST = 400,
    BODY_TOO_BIG = 413,
    HEAD_TOO_BIG = 431,
    NOT_IMPLEMENTED = 501,
    BAD_VERSION = 505
};

static void refuse(struct inbound *in, int status)
{
    in->phase = INBOUND_BAD;
    in->status = status;
    in->keep = false;
}

void inbound_init(struct inbound *in)
{
    *in = (struct inbound){.phase = INBOUND_HEAD};
    buf_init(&in->head, INBOUND_HEAD_MAX);
    buf_init(&in->body, INBOUND_BODY_MAX);
    buf_init(&in->line, LINE_MAX_BYTES);
}

void inbound_free(struct inbound *in)
{
    buf_free(&in->head);
    buf_free(&in->body);
    buf_free(&in->line);
}

void inbound_reset(struct inbound *in)
{
    inbound_free(in);
    inbound_init(in);
}

const char *inbound_header(const struct inbound *in, const char *name)
{
    for (size_t i = 0; i < in->header_count; i++)
        if (strcasecmp(in->headers[i].name, name) == 0)
            return in->headers[i].value;
    return NULL;
}

/* ---- The head ---- */

/* Cuts the line at `at` (its CR taken off too) and returns where the next begins. */
static char *cut_line(char *at)
{
    char *end = at + strcspn(at, "\n"), *next = *end ? end + 1 : end;

    *end = '\0';
    if (end > at && end[-1] == '\r')
        end[-1] = '\0';
    return next;
}

/* RFC 9110's token: what a method or a header's name is made of. */
static bool is_token(const char *text)
{
    static const char other[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *text && text[strspn(text, other)] == '\0';
}

static bool take_request_line(struct inbound *in, char *line)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;

    if (!version || target[1] != '/') {
        refuse(in, BAD_REQUEST);
        return false;
    }
    *target++ = *version++ = '\0';
    if (!str_eq(version, "HTTP/1.1") && !str_eq(version, "HTTP/1.0")) {
        refuse(in, str_starts(version, "HTTP/") ? BAD_VERSION : BAD_REQUEST);
        return false;
    }
    in->method = line;
    in->target = target;
    in->keep = in->chunks = str_eq(version, "HTTP/1.1");
    if (!is_token(line))
        refuse(in, BAD_REQUEST);
    return in->phase != INBOUND_BAD;
}

static bool take_header(struct inbound *in, char *line)
{
    char *colon = strchr(line, ':');

    if (!colon || in->header_count == INBOUND_HEADERS_MAX) {
        refuse(in, colon ? HEAD_TOO_BIG : BAD_REQUEST);
        return false;
    }
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
    if (!is_token(line) || strchr(value, '\r')) {
        refuse(in, BAD_REQUEST); /* a folded line begins with a blank, so is none either */
        return false;
    }
    in->headers[in->header_count++] = (struct inbound_header){line, value};
    return true;
}

static bool is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

/* Every Content-Length says the same: 1 and the length, 0 there is none, -1 nonsense. */
static int body_length(const struct inbound *in, int64_t *length)
{
    const char *first = NULL;

    for (size_t i = 0; i < in->header_count; i++) {
        const char *value = in->headers[i].value;

        if (strcasecmp(in->headers[i].name, "content-length") != 0)
            continue;
        if (!is_number(value) || (first && !str_eq(first, value)))
            return -1;
        first = value;
    }
    if (!first)
        return 0;
    if (str_int(length, first, 0, INT64_MAX) < 0)
        *length = INT64_MAX; /* too many digits to count */
    return 1;
}

static void frame_body(struct inbound *in)
{
    const char *coding = inbound_header(in, "transfer-encoding");
    int64_t length = 0;
    int given = body_length(in, &length);

    if (given < 0 || (given && coding))
        return refuse(in, BAD_REQUEST);
    if (coding && strcasecmp(coding, "chunked") != 0)
        return refuse(in, NOT_IMPLEMENTED);
    if (length > (int64_t)INBOUND_BODY_MAX)
        return refuse(in, BODY_TOO_BIG);
    in->left = (uint64_t)length;
    in->phase = coding ? INBOUND_CHUNK_SIZE : length > 0 ? INBOUND_BODY : INBOUND_DONE;
}

static void read_head(struct inbound *in)
{
    char *at = in->head.data, *line = at;

    if (strlen(at) != in->head.len)
        return refuse(in, BAD_REQUEST);
    at = cut_line(at);
    if (!take_request_line(in, line))
        return;
    while (*(line = at)) {
        at = cut_line(at);
        if (*line && !take_header(in, line))
            return;
    }
    const char *connection = inbound_header(in, "connection");
    const char *expect = inbound_header(in, "expect");
    if (connection)
        in->keep = strcasecmp(connection, "close") != 0 &&
                   (in->keep || strcasecmp(connection, "keep-alive") == 0);
    in->expects_continue = expect && strcasecmp(expect, "100-continue") == 0;
    frame_body(in);
}

/* Where the head ends in head.data, looking at what was added from `from` on; 0 = not yet. */
static size_t head_end(const struct buf *head, size_t from)
{
    size_t at = from > 3 ? from - 3 : 0;
    const char *end = NULL;

    while ((end = memchr(head->data + at, '\n', head->len - at))) {
        at = (size_t)(end - head->data) + 1;
        if (at < head->len && head->data[at] == '\n')
            return at + 1;
        if (at + 1 < head->len && head->data[at] == '\r' && head->data[at + 1] == '\n')
            return at + 2;
    }
    return 0;
}

static size_t take_head(struct inbound *in, const char *bytes, size_t len)
{
    size_t before = in->head.len, skipped = 0;

    /* Empty lines before a request line are allowed, and some clients send them. */
    while (before == 0 && skipped < len && (bytes[skipped] == '\r' || bytes[skipped] == '\n'))
        skipped++;
    size_t room = INBOUND_HEAD_MAX - before, more = len - skipped;
    if (buf_add(&in->head, bytes + skipped, more < room ? more : room) < 0) {
        refuse(in, HEAD_TOO_BIG);
        return len;
    }
    size_t end = head_end(&in->head, before);
    if (end == 0) {
        if (more >= room)
            refuse(in, HEAD_TOO_BIG);
        return len;
    }
    buf_cut(&in->head, end);
    read_head(in);
    return skipped + (end - before);
}

/* ---- The body ---- */

static size_t take_bytes(struct inbound *in, const char *bytes, size_t len)
{
    size_t take = len < in->left ? len : (size_t)in->left;

    if (buf_add(&in->body, bytes, take) < 0) {
        refuse(in, BODY_TOO_BIG);
        return len;
    }
    in->left -= take;
    if (in->left == 0)
        in->phase = in->phase == INBOUND_CHUNK ? INBOUND_CHUNK_END : INBOUND_DONE;
    return take;
}

static void read_chunk_size(struct inbound *in, const char *line)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    uint64_t size = 0;

    if (digits == 0 || digits > 15 || (line[digits] && !strchr("; \t", line[digits])))
        return refuse(in, BAD_REQUEST);
    for (size_t i = 0; i < digits; i++) {
        int digit = line[i] <= '9' ? line[i] - '0' : (line[i] | 0x20) - 'a' + 10;

        size = size * 16 + (uint64_t)digit;
    }
    if (size > INBOUND_BODY_MAX - in->body.len)
        return refuse(in, BODY_TOO_BIG);
    in->left = size;
    in->phase = size > 0 ? INBOUND_CHUNK : INBOUND_TRAILER;
}

static void read_line(struct inbound *in)
{
    const char *line = in->line.data;

    if (in->phase == INBOUND_CHUNK_SIZE)
        read_chunk_size(in, line);
    else if (in->phase == INBOUND_CHUNK_END && *line)
        refuse(in, BAD_REQUEST);
    else if (in->phase == INBOUND_CHUNK_END)
        in->phase = INBOUND_CHUNK_SIZE;
    else if (!*line)
        in->phase = INBOUND_DONE; /* the trailers themselves are of no interest */
    buf_clear(&in->line);
}

/* A line of the chunked framing. */
static size_t take_line(struct inbound *in, const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);
    size_t take = end ? (size_t)(end - bytes) : len;

    if (buf_add(&in->line, bytes, take) < 0) {
        refuse(in, BAD_REQUEST);
        return len;
    }
    if (!end)
        return len;
    if (in->line.len > 0 && in->line.data[in->line.len - 1] == '\r')
        buf_cut(&in->line, in->line.len - 1);
    if (strlen(in->line.data) != in->line.len)
        refuse(in, BAD_REQUEST);
    else
        read_line(in);
    return take + 1;
}

size_t inbound_feed(struct inbound *in, const char *bytes, size_t len)
{
    size_t used = 0;

    while (used < len && in->phase != INBOUND_DONE && in->phase != INBOUND_BAD) {
        if (in->phase == INBOUND_HEAD)
            used += take_head(in, bytes + used, len - used);
        else if (in->phase == INBOUND_BODY || in->phase == INBOUND_CHUNK)
            used += take_bytes(in, bytes + used, len - used);
        else
            used += take_line(in, bytes + used, len - used);
    }
    return used;
}
