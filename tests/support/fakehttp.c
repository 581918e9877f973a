/* SPDX-License-Identifier: MIT */
#include "tests/support/fakehttp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define REQUEST_MAX     ((size_t)16 << 20)
#define REQUESTS_MAX    10000
#define CONNECTIONS_MAX 256
#define READ_SIZE       16384
#define AGAIN           (-2) /* of conn_read and conn_write: not now */

struct conn {
    int fd; /* -1 = free */
    SSL *tls;
    size_t number;
    struct buf in;
    const struct fake_step *step; /* NULL = a request is awaited */
    size_t sent;                  /* bytes of this step and repetition */
    size_t round;
    bool wants_write;
};

struct fakehttp {
    struct fakehttp_options options;
    pthread_mutex_t lock;
    pthread_t thread;
    bool has_thread;
    bool stopping;
    int wake;
    int listener;
    int port;
    size_t next_answer;
    size_t accepted;
    size_t gates;
    int64_t sent;
    struct conn conns[CONNECTIONS_MAX];
    struct fake_request *requests[REQUESTS_MAX];
    size_t request_count;
};

/* --- One connection --- */

static void close_conn(struct conn *conn)
{
    if (conn->tls)
        SSL_free(conn->tls);
    (void)close(conn->fd); /* nothing to do about it in a test's server */
    buf_free(&conn->in);
    *conn = (struct conn){.fd = -1};
}

static void reset_conn(struct conn *conn)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard); /* valid on any socket */
    close_conn(conn);
}

/* A clean end: what the peer still sends must not turn it into a reset. */
static void finish_conn(struct conn *conn)
{
    char rest[READ_SIZE];

    if (conn->tls)
        (void)SSL_shutdown(conn->tls); /* the peer's own is not waited for */
    (void)shutdown(conn->fd, SHUT_WR); /* it may be gone already */
    while (recv(conn->fd, rest, sizeof rest, MSG_DONTWAIT) > 0)
        continue;
    close_conn(conn);
}

static ssize_t tls_result(struct conn *conn, int rc)
{
    switch (SSL_get_error(conn->tls, rc)) {
    case SSL_ERROR_NONE: return rc;
    case SSL_ERROR_WANT_READ: return AGAIN;
    case SSL_ERROR_WANT_WRITE: conn->wants_write = true; return AGAIN;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: return -1;
    }
}

static ssize_t conn_read(struct conn *conn, void *data, size_t len)
{
    ERR_clear_error(); /* what a client on this thread left behind */
    if (conn->tls)
        return tls_result(conn, SSL_read(conn->tls, data, (int)len));
    ssize_t got = recv(conn->fd, data, len, MSG_DONTWAIT);
    return got < 0 && errno == EAGAIN ? AGAIN : got;
}

static ssize_t conn_write(struct conn *conn, const void *data, size_t len)
{
    ssize_t put = -1;

    ERR_clear_error();
    if (conn->tls)
        return tls_result(conn, SSL_write(conn->tls, data, (int)len));
    put = send(conn->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && errno == EAGAIN) {
        conn->wants_write = true;
        return AGAIN;
    }
    return put;
}

/* Length of the request at the front of text, or 0 when it is not whole yet. */
static size_t request_len(const char *text, size_t len, size_t *head)
{
    static const char field[] = "\r\nContent-Length:";
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    int64_t body = 0;

    if (!end)
        return 0;
    *head = (size_t)(end - text) + 4;
    for (const char *at = text; at < end; at++)
        if (strncasecmp(at, field, sizeof field - 1) == 0)
            body = strtoll(at + sizeof field - 1, NULL, 10);
    size_t whole = *head + (size_t)body;
    return len >= whole ? whole : 0;
}

static void record(struct fakehttp *server, struct conn *conn, size_t head, size_t len)
{
    struct fake_request *request = mem_new(sizeof *request);
    char *text = mem_copy(conn->in.data, len);

    assert(server->request_count < REQUESTS_MAX);
    *request = (struct fake_request){.text = text,
                                     .len = len,
                                     .body = text + head,
                                     .body_len = len - head,
                                     .connection = conn->number};
    server->requests[server->request_count++] = request;
    buf_drop(&conn->in, len);
}

static void next_answer(struct fakehttp *server, struct conn *conn)
{
    size_t last = server->options.answer_count - 1;
    size_t at = server->next_answer < last ? server->next_answer : last;

    server->next_answer++;
    conn->step = server->options.answers[at];
    conn->sent = conn->round = 0;
}

/* Takes in what came; false when the connection is gone. */
static bool take_in(struct conn *conn)
{
    char data[READ_SIZE];
    ssize_t got;

    while ((got = conn_read(conn, data, sizeof data)) > 0)
        if (buf_add(&conn->in, data, (size_t)got) < 0)
            return false;
    return got == AGAIN;
}

/* Writes up to `most` bytes of the step; true when the step is through. */
static bool write_step(struct fakehttp *server, struct conn *conn, size_t most, size_t rounds)
{
    const struct fake_step *step = conn->step;
    size_t len = step->len > 0 ? step->len : strlen(step->bytes);

    while (conn->round < rounds) {
        size_t more = len - conn->sent < most ? len - conn->sent : most;
        ssize_t put = more > 0 ? conn_write(conn, step->bytes + conn->sent, more) : 0;

        if (put < 0) {
            if (put != AGAIN)
                close_conn(conn);
            return false;
        }
        conn->sent += (size_t)put;
        server->sent += put;
        if (conn->sent < len) {
            if (most < len) { /* a slice: the rest another time */
                conn->wants_write = true;
                return false;
            }
            continue;
        }
        conn->sent = 0;
        conn->round++;
    }
    return true;
}

/* One step of the script; true when the next may follow at once. */
static bool run_step(struct fakehttp *server, struct conn *conn)
{
    const struct fake_step *step = conn->step;

    switch (step->what) {
    case FAKE_DONE: conn->step = NULL; return true;
    case FAKE_FIN: finish_conn(conn); return false;
    case FAKE_RST: reset_conn(conn); return false;
    case FAKE_HANG: return false;
    case FAKE_GATE:
        if (server->gates == 0)
            return false;
        server->gates--;
        break;
    case FAKE_SEND:
        if (!write_step(server, conn, SIZE_MAX, 1))
            return false;
        break;
    case FAKE_SLICES:
        if (!write_step(server, conn, step->count, 1))
            return false;
        break;
    case FAKE_REPEAT:
        if (!write_step(server, conn, SIZE_MAX, step->count))
            return false;
        break;
    }
    conn->step++;
    conn->sent = conn->round = 0;
    return true;
}

static void run_conn(struct fakehttp *server, struct conn *conn)
{
    bool alive = take_in(conn);

    conn->wants_write = false;
    for (bool more = true; more && conn->fd >= 0;) {
        size_t head = 0, len = 0;

        if (!conn->step && (len = request_len(conn->in.data, conn->in.len, &head)) > 0) {
            record(server, conn, head, len);
            next_answer(server, conn);
        }
        more = conn->step && run_step(server, conn);
    }
    if (!alive && conn->fd >= 0)
        close_conn(conn);
}

static void accept_all(struct fakehttp *server)
{
    int one = 1, fd;

    while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *conn = server->conns;

        while (conn < server->conns + CONNECTIONS_MAX && conn->fd >= 0)
            conn++;
        assert(conn < server->conns + CONNECTIONS_MAX);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* slower without */
        *conn = (struct conn){.fd = fd, .number = server->accepted++};
        buf_init(&conn->in, REQUEST_MAX);
        if (server->options.tls) {
            conn->tls = SSL_new(server->options.tls);
            SSL_set_fd(conn->tls, fd);
            SSL_set_accept_state(conn->tls);
        }
        if (server->options.at_accept)
            next_answer(server, conn);
    }
}

/* --- The server --- */

static int listen_on(struct fakehttp *server)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    bool ipv6 = server->options.ipv6;
    struct sockaddr *address = ipv6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = ipv6 ? sizeof v6 : sizeof v4;

    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, address, len) < 0 ||
        listen(server->listener, CONNECTIONS_MAX) < 0 ||
        getsockname(server->listener, address, &len) < 0)
        return -1;
    server->port = ntohs(ipv6 ? v6.sin6_port : v4.sin_port);
    return 0;
}

int fakehttp_start(struct fakehttp **out, const struct fakehttp_options *options)
{
    struct fakehttp *server = mem_new(sizeof *server);

    if (options->tls)                   /* OpenSSL writes without MSG_NOSIGNAL */
        (void)signal(SIGPIPE, SIG_IGN); /* SIGPIPE can be ignored */

    server->options = *options;
    pthread_mutex_init(&server->lock, NULL);
    server->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        server->conns[i].fd = -1;
    if (server->wake < 0 || listen_on(server) < 0) {
        fakehttp_stop(server);
        return -1;
    }
    *out = server;
    return 0;
}

static void wake(struct fakehttp *server)
{
    (void)eventfd_write(server->wake, 1); /* it cannot be full */
}

void fakehttp_stop(struct fakehttp *server)
{
    if (!server)
        return;
    if (server->has_thread) {
        pthread_mutex_lock(&server->lock);
        server->stopping = true;
        pthread_mutex_unlock(&server->lock);
        wake(server);
        pthread_join(server->thread, NULL);
    }
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (server->conns[i].fd >= 0)
            close_conn(&server->conns[i]);
    for (size_t i = 0; i < server->request_count; i++) {
        free((char *)server->requests[i]->text);
        free(server->requests[i]);
    }
    if (server->listener >= 0)
        (void)close(server->listener);
    if (server->wake >= 0)
        (void)close(server->wake);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int fakehttp_port(const struct fakehttp *server)
{
    return server->port;
}

char *fakehttp_url(const struct fakehttp *server, const char *host, const char *path)
{
    if (!host)
        host = server->options.ipv6 ? "[::1]" : "127.0.0.1";
    return mem_printf("%s://%s:%d%s", server->options.tls ? "https" : "http", host, server->port,
                      path);
}

size_t fakehttp_connections(struct fakehttp *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->accepted;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t fakehttp_open_connections(struct fakehttp *server)
{
    size_t count = 0;

    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        count += server->conns[i].fd >= 0;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t fakehttp_requests(struct fakehttp *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

int64_t fakehttp_sent(struct fakehttp *server)
{
    pthread_mutex_lock(&server->lock);
    int64_t sent = server->sent;
    pthread_mutex_unlock(&server->lock);
    return sent;
}

const struct fake_request *fakehttp_request(struct fakehttp *server, size_t index)
{
    pthread_mutex_lock(&server->lock);
    const struct fake_request *request =
        index < server->request_count ? server->requests[index] : NULL;
    pthread_mutex_unlock(&server->lock);
    return request;
}

bool fakehttp_saw(struct fakehttp *server, const char *text)
{
    const struct fake_request *request;

    for (size_t i = 0; (request = fakehttp_request(server, i)); i++)
        if (memmem(request->text, request->len, text, strlen(text)))
            return true;
    return false;
}

void fakehttp_open(struct fakehttp *server)
{
    pthread_mutex_lock(&server->lock);
    server->gates++;
    pthread_mutex_unlock(&server->lock);
    wake(server);
}

size_t fakehttp_fds(struct fakehttp *server, struct pollfd *out, size_t cap)
{
    size_t count = 0;

    pthread_mutex_lock(&server->lock);
    if (count < cap)
        out[count++] = (struct pollfd){.fd = server->wake, .events = POLLIN};
    if (count < cap)
        out[count++] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (size_t i = 0; i < CONNECTIONS_MAX && count < cap; i++) {
        const struct conn *conn = &server->conns[i];

        if (conn->fd >= 0)
            out[count++] = (struct pollfd){
                .fd = conn->fd, .events = (short)(POLLIN | (conn->wants_write ? POLLOUT : 0))};
    }
    pthread_mutex_unlock(&server->lock);
    return count;
}

void fakehttp_step(struct fakehttp *server)
{
    eventfd_t woken = 0;

    pthread_mutex_lock(&server->lock);
    (void)eventfd_read(server->wake, &woken); /* empty as often as not */
    accept_all(server);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (server->conns[i].fd >= 0)
            run_conn(server, &server->conns[i]);
    pthread_mutex_unlock(&server->lock);
}

static bool is_stopping(struct fakehttp *server)
{
    pthread_mutex_lock(&server->lock);
    bool stopping = server->stopping;
    pthread_mutex_unlock(&server->lock);
    return stopping;
}

static void *serve(void *ctx)
{
    struct fakehttp *server = ctx;
    struct pollfd fds[CONNECTIONS_MAX + 2];

    while (!is_stopping(server)) {
        size_t count = fakehttp_fds(server, fds, CONNECTIONS_MAX + 2);

        (void)poll(fds, count, -1); /* a step that finds nothing does no harm */
        fakehttp_step(server);
    }
    return NULL;
}

void fakehttp_serve(struct fakehttp *server)
{
    int rc = pthread_create(&server->thread, NULL, serve, server);

    assert(rc == 0);
    server->has_thread = rc == 0;
}
