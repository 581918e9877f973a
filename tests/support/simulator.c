/* SPDX-License-Identifier: MIT */
#include "tests/support/simulator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sim/scenario.h"
#include "tests/suite.h"

#define GOT_MAX ((size_t)512 << 20)
#define FDS     4096 /* more than a suite has open */

static int64_t fake_mono(void *self)
{
    return ((struct simulator *)self)->now_us;
}

static int64_t fake_wall(void *self)
{
    return INT64_C(1764000000000000) + ((struct simulator *)self)->now_us;
}

static void keep_report(void *self, const char *line)
{
    struct simulator *sim = self;

    (void)buf_printf(&sim->reports, "%s\n", line);
}

static struct simulator *start(struct scenario *scenario, int rc, const struct err *err)
{
    struct simulator *sim = mem_new(sizeof *sim);
    struct server_options options = {.scenario = scenario, .report = keep_report, .self = sim};
    struct err why = *err;

    sim->scenario = scenario;
    sim->now_us = US_PER_S;
    sim->clock = options.clock =
        (struct clock){.mono_us = fake_mono, .wall_us = fake_wall, .self = sim};
    buf_init(&sim->reports, 1 << 20);
    if (rc == 0)
        rc = server_new(&sim->server, &options, &why);
    if (rc < 0)
        printf("    %s\n", why.msg);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    return sim;
}

struct simulator *simulator_new(const char *yaml)
{
    struct scenario *scenario = NULL;
    struct err err = {0};
    int rc = scenario_parse(&scenario, "test.yaml", yaml, strlen(yaml), &err);

    return start(scenario, rc, &err);
}

struct simulator *simulator_named(const char *name)
{
    struct scenario *scenario = NULL;
    struct err err = {0};
    int rc = scenario_find(&scenario, name, NULL, &err);

    return start(scenario, rc, &err);
}

void simulator_free(struct simulator *sim)
{
    server_free(sim->server);
    scenario_free(sim->scenario);
    buf_free(&sim->reports);
    free(sim);
}

int simulator_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    CU_ASSERT_EQUAL_FATAL(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

struct caller caller_open(struct simulator *sim)
{
    struct caller caller = {.sim = sim, .fd = simulator_connect(server_port(sim->server))};

    buf_init(&caller.got, GOT_MAX);
    return caller;
}

void caller_close(struct caller *caller)
{
    (void)close(caller->fd);
    buf_free(&caller->got);
}

static void receive(struct caller *caller)
{
    char bytes[65536];
    ssize_t len;

    while ((len = recv(caller->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        CU_ASSERT_EQUAL_FATAL(buf_add(&caller->got, bytes, (size_t)len), 0);
    if (len == 0)
        caller->closed = true;
    else if (errno == ECONNRESET)
        caller->reset = true;
}

static bool is_over(const struct caller *caller)
{
    return caller->closed || caller->reset;
}

/* The server's end of the connection, which is in this process too; -1 when it has none (yet). */
static int other_end(struct caller *caller)
{
    struct sockaddr_in ours = {0}, theirs = {0};
    socklen_t len = sizeof ours;

    if (getsockname(caller->fd, (struct sockaddr *)&ours, &len) < 0)
        return -1;
    for (int i = 0, fd = caller->other; i < FDS; fd = i++) {
        len = sizeof theirs;
        if (fd != caller->fd && fd > 0 && getpeername(fd, (struct sockaddr *)&theirs, &len) == 0 &&
            theirs.sin_family == AF_INET && theirs.sin_port == ours.sin_port) {
            caller->other = fd;
            return fd;
        }
    }
    return -1;
}

static bool all_arrived(int fd)
{
    int left = 0;

    return ioctl(fd, SIOCOUTQ, &left) == 0 && left == 0;
}

/* Bytes, or word of a new or closed connection, are still on their way through the loopback. */
static bool in_flight(struct caller *caller)
{
    if (is_over(caller))
        return false;
    int other = other_end(caller);
    return other < 0 || !all_arrived(caller->fd) || !all_arrived(other);
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, timeout_ms) > 0;
}

/* Something is left to do for the server or for us at this moment of its clock. */
static bool stirs(struct caller *caller)
{
    struct server *server = caller->sim->server;

    if (in_flight(caller)) {
        (void)readable(server_fd(server), 1); /* whichever comes first: no harm in looking again */
        return true;
    }
    return readable(server_fd(server), 0) || server_due_us(server) <= caller->sim->now_us ||
           (!is_over(caller) && readable(caller->fd, 0));
}

void caller_settle(struct caller *caller)
{
    do {
        server_turn(caller->sim->server);
        if (!is_over(caller))
            receive(caller);
    } while (stirs(caller));
}

void caller_wait(struct caller *caller, int64_t us)
{
    caller->sim->now_us += us;
    caller_settle(caller);
}

void caller_send(struct caller *caller, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t sent = send(caller->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (errno != EAGAIN) {
            return; /* the server closed it: what came is what the test looks at */
        }
        server_turn(caller->sim->server);
    }
}

void caller_post(struct caller *caller, const char *body)
{
    char *head = mem_printf("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                            "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            server_token(caller->sim->server), strlen(body));

    caller_send(caller, head, strlen(head));
    caller_send(caller, body, strlen(body));
    caller_settle(caller);
    free(head);
}

char *simulator_ask(struct simulator *sim, const char *body)
{
    struct caller caller = caller_open(sim);

    caller_post(&caller, body);
    char *got = mem_copy(caller.got.data, caller.got.len);
    caller_close(&caller);
    return got;
}

/* Joins the chunks at `at`; false when the last one is missing or they are none. */
static bool dechunk(struct buf *out, const char *at, const char *end)
{
    while (at < end) {
        char *digits;
        unsigned long len = strtoul(at, &digits, 16);
        const char *data = digits + 2;

        if (digits == at || data > end)
            return false;
        if (len == 0)
            return data + 2 <= end;
        if (len > (size_t)(end - data))
            len = (unsigned long)(end - data);
        (void)buf_add(out, data, len);
        at = data + len + 2;
    }
    return false;
}

char *answer_body(const char *got, size_t len, bool *whole)
{
    const char *behind = memmem(got, len, "\r\n\r\n", 4), *body = behind ? behind + 4 : got + len;
    const char *length = strcasestr(got, "content-length:");
    struct buf out;
    bool right;

    buf_init(&out, GOT_MAX);
    if (behind && strcasestr(got, "transfer-encoding: chunked")) {
        right = dechunk(&out, body, got + len);
    } else {
        (void)buf_add(&out, body, (size_t)(got + len - body));
        right = length && strtoul(length + 15, NULL, 10) == out.len;
    }
    if (whole)
        *whole = right;
    return buf_take(&out);
}

char *chat_body(const char *messages, bool stream)
{
    return mem_printf("{\"model\":\"m\",\"stream\":%s,\"messages\":[%s]}",
                      stream ? "true" : "false", messages);
}

size_t answer_count(const char *text, const char *word)
{
    size_t count = 0;

    while ((text = strstr(text, word))) {
        count++;
        text += strlen(word);
    }
    return count;
}

int simulator_status(struct simulator *sim, const char *text)
{
    char *messages = mem_printf("{\"role\":\"user\",\"content\":\"%s\"}", text);
    char *body = chat_body(messages, true), *got = simulator_ask(sim, body);
    int status = (int)strtol(got + 9, NULL, 10);

    free(messages);
    free(body);
    free(got);
    return status;
}
