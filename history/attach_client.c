/* SPDX-License-Identifier: MIT */
/* The other side: one connection to an owner. */
#include "history/attach.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "history/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEND_WAIT (2 * US_PER_S) /* for an owner that does not read */

struct attach_client {
    struct wire wire;
    struct clock clock;
    int64_t tickets;
    struct buf kept;   /* whole lines that came while an answer was waited for */
    size_t kept_taken; /* of them, by attach_next */
    bool closed;
};

static int connect_to(int fd, const char *path, struct err *err)
{
    struct sockaddr_un address;
    socklen_t len;
    int folder;
    int rc = wire_address(&address, &len, &folder, path, err);

    if (rc == 0 && connect(fd, (struct sockaddr *)&address, len) < 0)
        rc = errno == ENOENT || errno == ECONNREFUSED
                 ? err_set(err, E_CLOSED, "nobody listens at %s", path)
                 : err_sys(err, errno, "socket %s", path);
    if (rc == 0 && !wire_same_user(fd))
        rc = err_set(err, E_DENIED, "%s is served by another user's process", path);
    if (folder >= 0)
        close(folder);
    return rc;
}

int attach_connect(struct attach_client **out, const char *path, struct err *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *out = NULL;
    if (fd < 0)
        return err_sys(err, errno, "socket %s", path);
    int rc = connect_to(fd, path, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *out = mem_new(sizeof **out);
    wire_init(&(*out)->wire, fd);
    buf_init(&(*out)->kept, ATTACH_BACKLOG_MAX);
    (*out)->clock = clock_system();
    return 0;
}

void attach_client_free(struct attach_client *client)
{
    if (!client)
        return;
    wire_free(&client->wire);
    buf_free(&client->kept);
    free(client);
}

int attach_client_fd(const struct attach_client *client)
{
    return client->wire.fd;
}

static int closed(struct attach_client *client, struct err *err)
{
    client->closed = true;
    return err_set(err, E_CLOSED, "the process that runs it has gone");
}

/* Until the descriptor is ready or the deadline is there. */
static int wait_ready(struct attach_client *client, short what, int64_t until, struct err *err)
{
    struct pollfd wait = {.fd = client->wire.fd, .events = what};

    for (;;) {
        int64_t left = until - clock_mono(&client->clock);
        if (left <= 0)
            return err_set(err, E_TIMEOUT, "the process that runs it does not answer");
        int rc = poll(&wait, 1, (int)((left + 999) / 1000));
        if (rc > 0)
            return 0;
        if (rc < 0 && errno != EINTR)
            return err_sys(err, errno, "socket");
    }
}

static int send_all(struct attach_client *client, const char *line, struct err *err)
{
    int64_t until = clock_mono(&client->clock) + SEND_WAIT;

    if (wire_put(&client->wire, line, strlen(line)) < 0)
        return err_set(err, E_TOOBIG, "a verb of %zu bytes is too long", strlen(line));
    for (;;) {
        if (wire_flush(&client->wire) < 0)
            return closed(client, err);
        if (client->wire.out.len == 0)
            return 0;
        int rc = wait_ready(client, POLLOUT, until, err);
        if (rc < 0)
            return rc;
    }
}

int attach_send(struct attach_client *client, const char *json, int64_t *ticket, struct err *err)
{
    cJSON *verb = NULL;
    int rc = json_parse(&verb, json, strlen(json), &json_args, err);

    if (rc == 0 && !cJSON_IsObject(verb))
        rc = err_set(err, E_USAGE, "a verb is a JSON object");
    if (rc == 0) {
        *ticket = ++client->tickets;
        json_set_int(verb, "ticket", *ticket);
        char *line = json_print(verb);
        rc = send_all(client, line, err);
        free(line);
    }
    cJSON_Delete(verb);
    return rc;
}

int attach_watch(struct attach_client *client, const char *run_uid, struct err *err)
{
    cJSON *line = cJSON_CreateObject();

    json_set_text(line, "watch", run_uid);
    char *text = json_print(line);
    int rc = send_all(client, text, err);
    free(text);
    cJSON_Delete(line);
    return rc;
}

/* Whether a line answers a ticket; then *rc is what it says. */
static bool is_answer(const char *line, size_t len, int64_t ticket, char **text, int *rc,
                      struct err *err)
{
    cJSON *json = NULL;

    if (json_parse(&json, line, len, NULL, NULL) < 0 || json_int(json, "ticket", -1) != ticket) {
        cJSON_Delete(json);
        return false;
    }
    const char *said = json_text(json, "text");
    if (json_bool(json, "ok", false)) {
        *rc = 0;
        *text = mem_text(said ? said : "");
    } else {
        *rc = err_set(err, E_DENIED, "%s", said ? said : "refused");
    }
    cJSON_Delete(json);
    return true;
}

/* Streaming text that came meanwhile may be dropped when there is too much: it is in the file when
   it is complete. */
static void keep(struct attach_client *client, const char *line, size_t len)
{
    if (client->kept.len + len + 1 > client->kept.max)
        return;
    (void)buf_add(&client->kept, line, len);
    (void)buf_char(&client->kept, '\n');
}

int attach_call(struct attach_client *client, const char *json, int64_t timeout_us, char **text,
                struct err *err)
{
    int64_t until = clock_mono(&client->clock) + timeout_us;
    int64_t ticket;
    char *line;
    size_t len;
    int rc = attach_send(client, json, &ticket, err);

    *text = NULL;
    while (rc == 0) {
        while (wire_line(&client->wire, &line, &len)) {
            if (is_answer(line, len, ticket, text, &rc, err))
                return rc;
            keep(client, line, len);
        }
        rc = wait_ready(client, POLLIN, until, err);
        if (rc == 0 && wire_read(&client->wire) < 0 &&
            !memchr(client->wire.in.data, '\n', client->wire.in.len))
            rc = closed(client, err);
    }
    return rc;
}

static bool next_kept(struct attach_client *client, const char **json, size_t *len)
{
    char *start = client->kept.data + client->kept_taken;
    char *newline = memchr(start, '\n', client->kept.len - client->kept_taken);

    if (!newline) {
        buf_clear(&client->kept);
        client->kept_taken = 0;
        return false;
    }
    *newline = '\0';
    *json = start;
    *len = (size_t)(newline - start);
    client->kept_taken += *len + 1;
    return true;
}

int attach_next(struct attach_client *client, const char **json, size_t *len, struct err *err)
{
    char *line;

    if (next_kept(client, json, len))
        return 1;
    if (!wire_line(&client->wire, &line, len)) {
        int rc = client->closed ? E_CLOSED : wire_read(&client->wire);
        if (rc == E_TOOBIG)
            return err_set(err, E_PROTOCOL, "the process that runs it sent a line without end");
        client->closed = client->closed || rc < 0;
        if (!wire_line(&client->wire, &line, len))
            return client->closed ? closed(client, err) : 0;
    }
    *json = line;
    return 1;
}
