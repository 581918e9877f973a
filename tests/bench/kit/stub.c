/* SPDX-License-Identifier: MIT */
#include "tests/bench/kit/stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define CONNECTIONS 256
#define REQUEST_MAX ((size_t)64 << 20)

struct connection {
    int fd; /* -1 = free */
    struct buf in, out;
    size_t sent;
    int64_t first_us, due_us; /* of the request being read; when to answer it, 0 = no request */
    int run;
};

struct stub {
    struct stub_options options;
    struct clock clock;
    char url[64];
    int listener, stop;
    pthread_t thread;
    struct connection at[CONNECTIONS];
    int64_t last_us[STUB_RUNS]; /* last byte of the run's last answer; 0 = none yet */
    double *overheads;
    size_t count, cap;
    char *first;
    int64_t requests;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void event(struct buf *out, const char *delta, const char *finish)
{
    (void)buf_printf(out,
                     "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
                     "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{\"index\":0,"
                     "\"delta\":{%s},\"finish_reason\":%s}]}\n\n",
                     delta, finish);
}

static void call_events(struct buf *out, const struct stub *stub, int turn)
{
    const char *tool = stub->options.tool ? stub->options.tool : "shell";
    char *input = stub->options.input ? mem_text(stub->options.input)
                                      : mem_printf("{\\\"command\\\":\\\"echo %d\\\"}", turn);
    char *delta = mem_printf("\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,"
                             "\"id\":\"call_%d\",\"type\":\"function\",\"function\":{\"name\":"
                             "\"%s\",\"arguments\":\"%s\"}}]",
                             turn, tool, input);

    event(out, delta, "null");
    event(out, "", "\"tool_calls\"");
    free(delta);
    free(input);
}

static void text_events(struct buf *out, const struct stub *stub)
{
    event(out, "\"role\":\"assistant\",\"content\":\"\"", "null");
    for (int i = 0; i < stub->options.tokens; i++) {
        char delta[64];

        (void)snprintf(delta, sizeof delta, "\"content\":\"%s%d\"", i % 12 ? " word" : "\\nline",
                       i % 1000);
        event(out, delta, "null");
    }
    event(out, "\"content\":\" done\"", "null");
    event(out, "", "\"stop\"");
}

static int results_in(const char *body)
{
    int count = 0;

    while ((body = strstr(body, "\"role\":\"tool\""))) {
        body++;
        count++;
    }
    return count;
}

static void answer(struct stub *stub, struct connection *c, const char *body)
{
    struct buf text;
    int turn = results_in(body);

    buf_init(&text, REQUEST_MAX);
    if (turn < stub->options.turns)
        call_events(&text, stub, turn);
    else
        text_events(&text, stub);
    (void)buf_text(&text, "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
                          "\"created\":1700000000,\"model\":\"bench\",\"choices\":[],\"usage\":{"
                          "\"prompt_tokens\":100,\"completion_tokens\":10,\"total_tokens\":110}}"
                          "\n\ndata: [DONE]\n\n");
    (void)buf_printf(&c->out,
                     "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     text.len);
    (void)buf_add(&c->out, text.data, text.len);
    buf_free(&text);
}

/* --- connections ------------------------------------------------------------------------------ */

static void close_connection(struct connection *c)
{
    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->out);
    *c = (struct connection){.fd = -1};
}

static void accept_one(struct stub *stub)
{
    int fd = accept4(stub->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (size_t i = 0; fd >= 0 && i < CONNECTIONS; i++) {
        struct connection *c = &stub->at[i];

        if (c->fd >= 0)
            continue;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* best effort */
        *c = (struct connection){.fd = fd};
        buf_init(&c->in, REQUEST_MAX);
        buf_init(&c->out, REQUEST_MAX);
        return;
    }
    if (fd >= 0)
        close(fd);
}

static void note(struct stub *stub, const struct connection *c)
{
    if (stub->last_us[c->run] == 0)
        return;
    stub->overheads = mem_room(stub->overheads, stub->count, &stub->cap, sizeof *stub->overheads);
    stub->overheads[stub->count++] = (double)(c->first_us - stub->last_us[c->run]);
}

/* The body of a request that is whole, or NULL. */
static const char *whole(const struct connection *c)
{
    const char *end = strstr(c->in.data, "\r\n\r\n");
    const char *length = strcasestr(c->in.data, "\r\ncontent-length:");

    if (!end)
        return NULL;
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return (size_t)(end + 4 - c->in.data) + body <= c->in.len ? end + 4 : NULL;
}

static void take_request(struct stub *stub, struct connection *c)
{
    const char *body = whole(c);
    const char *mark = body ? strstr(body, "bench-run-") : NULL;

    if (!body)
        return;
    c->run = mark ? (int)(strtoul(mark + 10, NULL, 10) % STUB_RUNS) : 0;
    note(stub, c);
    stub->requests++;
    if (!stub->first)
        stub->first = mem_text(body);
    c->due_us = clock_mono(&stub->clock) + stub->options.delay_us;
}

static void receive(struct stub *stub, struct connection *c)
{
    static char bytes[1 << 16]; /* of the one thread that is a stub's */
    ssize_t got = read(c->fd, bytes, sizeof bytes);

    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            close_connection(c);
        return;
    }
    if (c->in.len == 0)
        c->first_us = clock_mono(&stub->clock);
    (void)buf_add(&c->in, bytes, (size_t)got);
    take_request(stub, c);
}

static void transmit(struct stub *stub, struct connection *c)
{
    ssize_t put = write(c->fd, c->out.data + c->sent, c->out.len - c->sent);

    if (put < 0) {
        if (errno != EAGAIN)
            close_connection(c);
        return;
    }
    c->sent += (size_t)put;
    if (c->sent < c->out.len)
        return;
    stub->last_us[c->run] = clock_mono(&stub->clock);
    buf_clear(&c->out);
    c->sent = 0;
}

static void answer_due(struct stub *stub, struct connection *c)
{
    if (c->fd < 0 || c->due_us == 0 || clock_mono(&stub->clock) < c->due_us)
        return;
    c->due_us = 0;
    answer(stub, c, strstr(c->in.data, "\r\n\r\n") + 4);
    buf_clear(&c->in);
    transmit(stub, c);
}

/* --- the loop --------------------------------------------------------------------------------- */

static int wait_ms(const struct stub *stub)
{
    int64_t now = clock_mono(&stub->clock), soonest = INT64_MAX;

    for (size_t i = 0; i < CONNECTIONS; i++)
        if (stub->at[i].fd >= 0 && stub->at[i].due_us > 0 && stub->at[i].due_us < soonest)
            soonest = stub->at[i].due_us;
    if (soonest == INT64_MAX)
        return -1;
    return soonest <= now ? 0 : (int)((soonest - now + 999) / 1000);
}

static void *serve(void *arg)
{
    struct stub *stub = arg;
    struct pollfd fds[CONNECTIONS + 2];

    for (;;) {
        fds[0] = (struct pollfd){.fd = stub->stop, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = stub->listener, .events = POLLIN};
        for (size_t i = 0; i < CONNECTIONS; i++)
            fds[i + 2] = (struct pollfd){
                .fd = stub->at[i].fd,
                .events = (short)(POLLIN | (stub->at[i].out.len > 0 ? POLLOUT : 0))};
        must(poll(fds, CONNECTIONS + 2, wait_ms(stub)) >= 0 || errno == EINTR, "poll");
        if (fds[0].revents)
            return NULL;
        if (fds[1].revents)
            accept_one(stub);
        for (size_t i = 0; i < CONNECTIONS; i++) {
            struct connection *c = &stub->at[i];

            if (fds[i + 2].fd >= 0 && fds[i + 2].revents & ~POLLOUT)
                receive(stub, c);
            if (c->fd >= 0 && c->out.len > 0)
                transmit(stub, c);
            answer_due(stub, c);
        }
    }
}

struct stub *stub_new(const struct stub_options *options)
{
    struct stub *stub = mem_new(sizeof *stub);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;

    stub->options = *options;
    stub->clock = clock_system();
    for (size_t i = 0; i < CONNECTIONS; i++)
        stub->at[i].fd = -1;
    stub->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    stub->stop = eventfd(0, EFD_CLOEXEC);
    must(stub->listener >= 0 && stub->stop >= 0, "socket");
    must(bind(stub->listener, (struct sockaddr *)&to, len) == 0, "bind");
    must(listen(stub->listener, CONNECTIONS) == 0, "listen");
    must(getsockname(stub->listener, (struct sockaddr *)&to, &len) == 0, "getsockname");
    (void)snprintf(stub->url, sizeof stub->url, "http://127.0.0.1:%d/v1", ntohs(to.sin_port));
    must(pthread_create(&stub->thread, NULL, serve, stub) == 0, "pthread_create");
    return stub;
}

void stub_free(struct stub *stub)
{
    must(write(stub->stop, &(uint64_t){1}, sizeof(uint64_t)) == sizeof(uint64_t), "eventfd");
    must(pthread_join(stub->thread, NULL) == 0, "pthread_join");
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (stub->at[i].fd >= 0)
            close_connection(&stub->at[i]);
    close(stub->listener);
    close(stub->stop);
    free(stub->overheads);
    free(stub->first);
    free(stub);
}

const char *stub_url(const struct stub *stub)
{
    return stub->url;
}

size_t stub_overheads(const struct stub *stub, const double **out)
{
    *out = stub->overheads;
    return stub->count;
}

const char *stub_first_request(const struct stub *stub)
{
    return stub->first;
}

int64_t stub_requests(const struct stub *stub)
{
    return stub->requests;
}
