/* SPDX-License-Identifier: MIT */
/*
 * A connection reads one request, then plays one reel, then reads the next; while it plays it does
 * not read. epoll tells which of them can go on, the reels tell when; a turn handles both. A client
 * that shuts down its side while an answer plays is taken to be gone.
 */
#include "core/sim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "core/sim/book.h"
#include "core/sim/inbound.h"
#include "core/sim/service.h"

#define READ_BYTES  ((size_t)64 << 10)
#define EVENTS      64
#define BACKLOG     128
#define PATIENCE_US INT64_C(60000000)  /* for a request that began, and for the next to begin */
#define IDLE_US     INT64_C(600000000) /* a kept connection without a request */
#define RESET_US    1000               /* between two looks whether all was taken */
#define NEVER       INT64_MAX

enum stage {
    STAGE_FREE,
    STAGE_READING,
    STAGE_PLAYING,
    STAGE_HANGING,  /* silent until due_us, then closed */
    STAGE_RESETTING /* once everything is with the client */
};

struct connection {
    enum stage stage;
    int fd;
    uint32_t watched; /* epoll events asked for */
    struct inbound in;
    struct buf ahead; /* read, but of the next request */
    struct reel reel;
    struct reel_place place;
    int64_t due_us;   /* when something is to be done without an event */
    int64_t first_us; /* the request's first byte came; 0 = none yet */
    uint64_t number;  /* of the book's entry */
};

struct server {
    struct server_options options;
    struct service service;
    struct book *book;
    char token[SERVER_TOKEN];
    uint16_t port;
    int listener, epoll;
    bool listening; /* the listener is watched: there is room for a connection */
    struct connection *connections;
    size_t used; /* slots below this have been in use */
    size_t open;
};

static int64_t now_us(const struct server *server)
{
    return clock_mono(&server->options.clock);
}

/* ---- Watching ---- */

static void watch(const struct server *server, struct connection *c, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    if (c->watched == events)
        return;
    /* It cannot fail for a descriptor that is in the set. */
    (void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, c->fd, &event);
    c->watched = events;
}

static void listen_for(struct server *server, bool on)
{
    struct epoll_event event = {.events = on ? EPOLLIN : 0, .data.ptr = NULL};

    if (server->listening == on)
        return;
    (void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
    server->listening = on;
}

/* ---- Connections ---- */

static void close_connection(struct server *server, struct connection *c, bool reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (reset)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(c->fd); /* leaves epoll's set by itself */
    inbound_free(&c->in);
    buf_free(&c->ahead);
    reel_free(&c->reel);
    *c = (struct connection){.fd = -1};
    server->open--;
    listen_for(server, true);
}

static struct connection *free_slot(struct server *server)
{
    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].stage == STAGE_FREE)
            return &server->connections[i];
    return server->used < SERVER_CONNECTIONS ? &server->connections[server->used++] : NULL;
}

static void open_connection(struct server *server, int fd)
{
    struct connection *c = free_slot(server);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;

    if (!c || epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        (void)close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* only faster with it */
    *c = (struct connection){.stage = STAGE_READING, .fd = fd, .watched = EPOLLIN};
    inbound_init(&c->in);
    buf_init(&c->ahead, READ_BYTES);
    reel_init(&c->reel);
    c->due_us = now_us(server) + PATIENCE_US;
    server->open++;
}

static void accept_all(struct server *server)
{
    int fd = 0;

    while (server->open < SERVER_CONNECTIONS) {
        fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        open_connection(server, fd);
    }
    /* Without room or without descriptors the others wait until a connection is closed. */
    if (server->open == SERVER_CONNECTIONS || (fd < 0 && (errno == EMFILE || errno == ENFILE)))
        listen_for(server, server->open == 0);
}

/* ---- Playing ---- */

/* What the client sent ahead is due at once, but in a turn of its own: a client may send a thousand
   requests in one piece. */
static void next_request(struct server *server, struct connection *c)
{
    reel_free(&c->reel);
    inbound_reset(&c->in);
    c->stage = STAGE_READING;
    c->first_us = 0;
    c->due_us = now_us(server) + (c->ahead.len > 0 ? 0 : IDLE_US);
    watch(server, c, c->ahead.len > 0 ? EPOLLRDHUP : EPOLLIN);
}

static void end_reel(struct server *server, struct connection *c)
{
    struct book_entry *entry = book_find(server->book, c->number);

    if (entry)
        entry->done_us = now_us(server);
    switch (c->reel.end) {
    case REEL_KEEP: next_request(server, c); break;
    case REEL_FIN:
    case REEL_CLEAN: close_connection(server, c, false); break;
    case REEL_RST:
        c->stage = STAGE_RESETTING;
        c->due_us = now_us(server);
        watch(server, c, EPOLLRDHUP);
        break;
    case REEL_HANG:
        c->stage = STAGE_HANGING;
        c->due_us = now_us(server) + c->reel.hang_us;
        watch(server, c, EPOLLRDHUP);
        break;
    }
}

/* Sends what is due; the rest when the client has room, or when it is due. */
static void play(struct server *server, struct connection *c)
{
    const char *data;
    size_t len;

    while ((len = reel_next(&c->reel, &c->place, now_us(server), &data)) > 0) {
        ssize_t sent = send(c->fd, data, len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN) {
            close_connection(server, c, false);
            return;
        }
        if (sent > 0)
            reel_sent(&c->place, (size_t)sent);
        if (sent < 0 || (size_t)sent < len) {
            c->due_us = now_us(server) + PATIENCE_US;
            watch(server, c, EPOLLOUT | EPOLLRDHUP);
            return;
        }
    }
    if (reel_is_over(&c->reel, &c->place)) {
        end_reel(server, c);
        return;
    }
    c->due_us = c->place.due_us;
    watch(server, c, EPOLLRDHUP);
}

/* ---- Reading ---- */

static void answer(struct server *server, struct connection *c)
{
    struct book_entry *entry = book_enter(server->book);

    c->number = entry->number;
    entry->first_us = c->first_us;
    entry->whole_us = now_us(server);
    service_answer(&server->service, &c->reel, entry, &c->in, clock_wall(&server->options.clock));
    c->stage = STAGE_PLAYING;
    reel_start(&c->reel, &c->place, entry->whole_us);
    play(server, c);
}

static void say_continue(struct connection *c)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

    c->in.expects_continue = false;
    /* 25 bytes fit in the buffer of a connection that has sent nothing yet; a client that does not
       get them sends its body after a second. */
    (void)send(c->fd, line, sizeof line - 1, MSG_NOSIGNAL);
}

/* What was read belongs to this request, and perhaps to the next. */
static void take_ahead(struct server *server, struct connection *c)
{
    if (c->first_us == 0) {
        c->first_us = now_us(server);
        c->due_us = c->first_us + PATIENCE_US;
    }
    watch(server, c, EPOLLIN);
    buf_drop(&c->ahead, inbound_feed(&c->in, c->ahead.data, c->ahead.len));
    if (c->in.phase == INBOUND_DONE || c->in.phase == INBOUND_BAD)
        answer(server, c);
    else if (c->in.expects_continue)
        say_continue(c);
}

static void read_some(struct server *server, struct connection *c)
{
    char bytes[READ_BYTES];
    ssize_t len = recv(c->fd, bytes, sizeof bytes, 0);

    if (len > 0 && buf_add(&c->ahead, bytes, (size_t)len) == 0)
        take_ahead(server, c);
    else if (len == 0 || (errno != EAGAIN && errno != EINTR))
        close_connection(server, c, false);
}

/* ---- A turn ---- */

static void handle(struct server *server, struct connection *c, uint32_t events)
{
    if (c->stage == STAGE_FREE)
        return; /* closed earlier in this turn */
    if (c->stage == STAGE_READING) {
        if (c->ahead.len > 0)
            take_ahead(server, c);
        else
            read_some(server, c);
        return;
    }
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        close_connection(server, c, false);
    else if (c->stage == STAGE_PLAYING)
        play(server, c);
}

/* Everything that was sent is with the client: a reset would take back what is not. */
static bool is_taken(const struct connection *c)
{
    int left = 0;

    return ioctl(c->fd, SIOCOUTQ, &left) < 0 || left == 0;
}

static void handle_due(struct server *server, struct connection *c)
{
    switch (c->stage) {
    case STAGE_FREE: break;
    case STAGE_PLAYING:
        if (c->watched & EPOLLOUT)
            close_connection(server, c, false); /* it never took what was sent */
        else
            play(server, c);
        break;
    case STAGE_RESETTING:
        if (is_taken(c))
            close_connection(server, c, true);
        else
            c->due_us += RESET_US;
        break;
    case STAGE_READING:
        if (c->ahead.len > 0)
            take_ahead(server, c);
        else
            close_connection(server, c, false);
        break;
    case STAGE_HANGING: close_connection(server, c, false); break;
    }
}

void server_turn(struct server *server)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll, events, EVENTS, 0);

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr)
            handle(server, events[i].data.ptr, events[i].events);
        else
            accept_all(server);
    }
    int64_t now = now_us(server);
    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].stage != STAGE_FREE && server->connections[i].due_us <= now)
            handle_due(server, &server->connections[i]);
}

int64_t server_due_us(const struct server *server)
{
    int64_t due = NEVER;

    for (size_t i = 0; i < server->used; i++) {
        const struct connection *c = &server->connections[i];

        if (c->stage != STAGE_FREE && c->due_us < due)
            due = c->due_us;
    }
    return due;
}

/* ---- Beginning and end ---- */

static int bind_port(struct server *server, struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(server->options.port)};
    socklen_t len = sizeof address;
    int one = 1;

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0)
        return err_sys(err, errno, "a socket for the simulator");
    /* So that a chosen port can be had again at once; not having it is no failure. */
    (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(server->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(server->listener, BACKLOG) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) < 0)
        return err_sys(err, errno, "port %u of 127.0.0.1", server->options.port);
    server->port = ntohs(address.sin_port);
    return 0;
}

static int start_watching(struct server *server, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0 || epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event) < 0)
        return err_sys(err, errno, "epoll for the simulator");
    server->listening = true;
    return 0;
}

static void choose_token(struct server *server)
{
    uint8_t random[(SERVER_TOKEN - 1) / 2];

    if (server->options.token) {
        (void)str_format(server->token, sizeof server->token, "%s", server->options.token);
        return;
    }
    uuid_bytes(random, sizeof random);
    str_hex(server->token, random, sizeof random);
}

int server_new(struct server **out, const struct server_options *options, struct err *err)
{
    struct server *server = mem_new(sizeof *server);

    *server = (struct server){.options = *options, .listener = -1, .epoll = -1};
    if (server->options.requests == 0)
        server->options.requests = SERVER_REQUESTS;
    server->connections = mem_array(SERVER_CONNECTIONS, sizeof *server->connections);
    book_new(&server->book);
    choose_token(server);
    server->service = (struct service){.scenario = options->scenario,
                                       .token = server->token,
                                       .book = server->book,
                                       .report = options->report,
                                       .self = options->self};
    service_init(&server->service);
    int rc = bind_port(server, err);
    if (rc == 0)
        rc = start_watching(server, err);
    if (rc < 0) {
        server_free(server);
        return rc;
    }
    *out = server;
    return 0;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].stage != STAGE_FREE)
            close_connection(server, &server->connections[i], false);
    if (server->listener >= 0)
        (void)close(server->listener);
    if (server->epoll >= 0)
        (void)close(server->epoll);
    service_free(&server->service);
    book_free(server->book);
    free(server->connections);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

const char *server_token(const struct server *server)
{
    return server->token;
}

int server_fd(const struct server *server)
{
    return server->epoll;
}

bool server_spent(const struct server *server)
{
    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].stage > STAGE_READING)
            return false;
    return book_sums(server->book)->requests >= server->options.requests;
}

const struct book_sums *server_sums(const struct server *server)
{
    return book_sums(server->book);
}
