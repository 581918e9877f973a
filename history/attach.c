/* SPDX-License-Identifier: MIT */
/* The owner's side: a listening socket and its clients behind one epoll descriptor. */
#include "history/attach.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define WATCHES_MAX 64  /* runs that one client watches by name */
#define PENDING_MAX 256 /* verbs of one client without an answer */
#define UID_MAX     64

struct pending {
    struct pending *next;
    int64_t ticket; /* ours */
    int64_t theirs;
};

struct client {
    struct client *next;
    struct wire wire;
    bool gone;    /* to be freed at the end of a step */
    bool writing; /* epoll waits for room too */
    bool all;     /* watches every run */
    char watched[WATCHES_MAX][UID_MAX];
    size_t watch_count, pending_count;
    struct pending *pending;
};

struct attach_server {
    int listener, epoll;
    char *path;
    attach_verb_fn *verb;
    void *ctx;
    struct client *clients;
    size_t client_count;
    int64_t tickets;
    bool stepping; /* clients are in hand: none may be freed */
};

/* ---- opening and closing */

static int choose_path(char **out, const struct attach_options *options, struct err *err)
{
    char *root = NULL, *name;
    int rc = options->dir ? 0 : path_root(&root, PATH_RUNTIME, err);

    if (rc < 0)
        return rc;
    const char *dir = options->dir ? options->dir : root;
    rc = path_own_dir(dir, err);
    if (rc == 0) {
        name = mem_printf("%s.sock", options->name);
        *out = path_join(dir, name);
        free(name);
    }
    free(root);
    return rc;
}

static int bind_to(struct attach_server *server, struct err *err)
{
    struct sockaddr_un address;
    socklen_t len;
    int folder;
    int rc = wire_address(&address, &len, &folder, server->path, err);

    (void)unlink(server->path); /* of a dead process with our name: none, or it is in the way */
    if (rc == 0 && (fchmod(server->listener, 0600) < 0 || /* the mode that bind gives the file */
                    bind(server->listener, (struct sockaddr *)&address, len) < 0 ||
                    chmod(server->path, 0600) < 0 || listen(server->listener, 16) < 0))
        rc = err_sys(err, errno, "socket %s", server->path);
    if (folder >= 0)
        close(folder);
    return rc;
}

static int wait_for(struct attach_server *server, int fd, void *who, uint32_t what, int op)
{
    struct epoll_event event = {.events = what, .data.ptr = who};

    return epoll_ctl(server->epoll, op, fd, &event);
}

int attach_listen(struct attach_server **out, const struct attach_options *options, struct err *err)
{
    struct attach_server *server = mem_new(sizeof *server);

    *out = NULL;
    server->listener = server->epoll = -1;
    server->verb = options->verb;
    server->ctx = options->ctx;
    int rc = choose_path(&server->path, options, err);
    if (rc == 0) {
        server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        server->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (server->listener < 0 || server->epoll < 0)
            rc = err_sys(err, errno, "socket %s", server->path);
    }
    if (rc == 0)
        rc = bind_to(server, err);
    if (rc == 0 && wait_for(server, server->listener, NULL, EPOLLIN, EPOLL_CTL_ADD) < 0)
        rc = err_sys(err, errno, "socket %s", server->path);
    if (rc < 0) {
        attach_server_free(server);
        return rc;
    }
    *out = server;
    return 0;
}

static void free_pending(struct client *client)
{
    while (client->pending) {
        struct pending *next = client->pending->next;

        free(client->pending);
        client->pending = next;
    }
}

static void free_client(struct client *client)
{
    free_pending(client);
    wire_free(&client->wire); /* closing takes it out of the epoll set */
    free(client);
}

static void bury(struct attach_server *server)
{
    if (server->stepping)
        return;
    for (struct client **at = &server->clients; *at;) {
        struct client *client = *at;
        if (!client->gone) {
            at = &client->next;
            continue;
        }
        *at = client->next;
        server->client_count--;
        free_client(client);
    }
}

void attach_server_free(struct attach_server *server)
{
    if (!server)
        return;
    while (server->clients) {
        struct client *next = server->clients->next;

        free_client(server->clients);
        server->clients = next;
    }
    if (server->listener >= 0) {
        close(server->listener);
        (void)unlink(server->path); /* gone already is fine */
    }
    if (server->epoll >= 0)
        close(server->epoll);
    free(server->path);
    free(server);
}

const char *attach_path(const struct attach_server *server)
{
    return server->path;
}

int attach_server_fd(const struct attach_server *server)
{
    return server->epoll;
}

/* ---- sending */

static void flush(struct attach_server *server, struct client *client)
{
    if (client->gone)
        return;
    client->gone = wire_flush(&client->wire) < 0;
    bool more = client->wire.out.len > 0;
    if (client->gone || more == client->writing)
        return;
    client->writing = more;
    client->gone = wait_for(server, client->wire.fd, client, EPOLLIN | (more ? EPOLLOUT : 0u),
                            EPOLL_CTL_MOD) < 0;
}

static void send_line(struct attach_server *server, struct client *client, const char *line,
                      size_t len)
{
    if (client->gone)
        return;
    client->gone = wire_put(&client->wire, line, len) < 0; /* it does not read */
    flush(server, client);
}

static void answer(struct attach_server *server, struct client *client, int64_t ticket, bool ok,
                   const char *text)
{
    cJSON *line = cJSON_CreateObject();

    json_set_int(line, "ticket", ticket);
    json_set_bool(line, "ok", ok);
    json_set_text(line, "text", text);
    char *printed = json_print(line);
    send_line(server, client, printed, strlen(printed));
    free(printed);
    cJSON_Delete(line);
}

void attach_reply(struct attach_server *server, int64_t ticket, bool ok, const char *text)
{
    for (struct client *client = server->clients; client; client = client->next) {
        for (struct pending **at = &client->pending; *at; at = &(*at)->next) {
            struct pending *pending = *at;
            if (pending->ticket != ticket)
                continue;
            *at = pending->next;
            client->pending_count--;
            answer(server, client, pending->theirs, ok, text);
            free(pending);
            return;
        }
    }
}

static bool watches(const struct client *client, const char *uid)
{
    if (client->gone)
        return false;
    for (size_t i = 0; i < client->watch_count; i++)
        if (strcmp(client->watched[i], uid) == 0)
            return true;
    return client->all;
}

bool attach_watched(const struct attach_server *server, const char *run_uid)
{
    for (const struct client *client = server->clients; client; client = client->next)
        if (watches(client, run_uid))
            return true;
    return false;
}

void attach_text(struct attach_server *server, const char *run_uid, const char *json, size_t len)
{
    for (struct client *client = server->clients; client; client = client->next)
        if (watches(client, run_uid))
            send_line(server, client, json, len);
    bury(server);
}

void attach_commit(struct attach_server *server, int64_t seq)
{
    char line[48];
    size_t len = str_format(line, sizeof line, "{\"commit\":%lld}", (long long)seq);

    for (struct client *client = server->clients; client; client = client->next)
        if (client->all || client->watch_count > 0)
            send_line(server, client, line, len);
    bury(server);
}

/* ---- receiving */

static void take_watch(struct attach_server *server, struct client *client, const char *uid)
{
    if (strcmp(uid, "*") == 0)
        client->all = true;
    else if (client->watch_count < WATCHES_MAX && strlen(uid) < UID_MAX)
        str_format(client->watched[client->watch_count++], UID_MAX, "%s", uid);
    else
        answer(server, client, 0, false, "too many runs are watched, or a name is too long");
}

static void take_verb(struct attach_server *server, struct client *client, int64_t theirs,
                      const char *line, size_t len)
{
    if (client->pending_count >= PENDING_MAX) {
        answer(server, client, theirs, false, "too many verbs wait for their answer");
        return;
    }
    struct pending *pending = mem_new(sizeof *pending);
    pending->ticket = ++server->tickets;
    pending->theirs = theirs;
    pending->next = client->pending;
    client->pending = pending;
    client->pending_count++;
    server->verb(server->ctx, pending->ticket, line, len);
}

static void take_line(struct attach_server *server, struct client *client, const char *line,
                      size_t len)
{
    cJSON *json = NULL;
    struct err err;

    if (json_parse(&json, line, len, &json_args, &err) < 0 || !cJSON_IsObject(json)) {
        answer(server, client, 0, false, "not one JSON object");
        client->gone = true;
    } else if (json_text(json, "watch")) {
        take_watch(server, client, json_text(json, "watch"));
    } else if (json_text(json, "verb")) {
        take_verb(server, client, json_int(json, "ticket", 0), line, len);
    } else {
        answer(server, client, json_int(json, "ticket", 0), false, "neither a verb nor a watch");
    }
    cJSON_Delete(json);
}

static void receive(struct attach_server *server, struct client *client)
{
    char *line;
    size_t len;
    int rc = wire_read(&client->wire);

    while (!client->gone && wire_line(&client->wire, &line, &len))
        if (len > 0)
            take_line(server, client, line, len);
    if (rc < 0)
        client->gone = true;
}

static void greet(struct attach_server *server)
{
    int fd;

    while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (server->client_count >= ATTACH_CLIENTS_MAX || !wire_same_user(fd)) {
            close(fd);
            continue;
        }
        struct client *client = mem_new(sizeof *client);
        wire_init(&client->wire, fd);
        client->next = server->clients;
        server->clients = client;
        server->client_count++;
        client->gone = wait_for(server, fd, client, EPOLLIN, EPOLL_CTL_ADD) < 0;
    }
}

void attach_step(struct attach_server *server)
{
    struct epoll_event events[16];
    int count = epoll_wait(server->epoll, events, 16, 0);

    server->stepping = true;
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (!client) {
            greet(server);
            continue;
        }
        if (events[i].events & EPOLLOUT)
            flush(server, client);
        if (!client->gone && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            receive(server, client);
    }
    server->stepping = false;
    bury(server);
}
