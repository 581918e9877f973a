/* SPDX-License-Identifier: MIT */
/*
 * How other processes reach the owner of a run: a Unix socket, mode 0600, same user only. They read
 * the file for everything that is stored; over the socket they send verbs and get what is not
 * stored, streaming text. Lines of JSON, one object each, at most ATTACH_LINE_MAX bytes:
 *
 *   → {"verb":"pause","run":"UID","ticket":7, …}    ← {"ticket":7,"ok":true,"text":"paused"}
 *   → {"watch":"UID"}  (or "*")                      ← {"run":"UID","text":"…", …}
 *   ← {"commit":SEQ}   something was stored: read the file
 *
 * The server is event-driven: its one descriptor goes into the owner's poll, attach_step does what
 * can be done without waiting. A client that does not read is dropped at ATTACH_BACKLOG_MAX bytes.
 * Each side is used by one thread.
 */
#ifndef HISTORY_ATTACH_H
#define HISTORY_ATTACH_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTACH_LINE_MAX    ((size_t)1 << 20)
#define ATTACH_BACKLOG_MAX ((size_t)4 << 20)
#define ATTACH_CLIENTS_MAX 64

struct attach_server;
struct attach_client;

/* Owner's side. */

/* A verb came in. `json` is the whole line, checked to be one object; borrowed. The answer goes to
   attach_reply with the same ticket, now or later; a client that left is skipped. */
typedef void attach_verb_fn(void *ctx, int64_t ticket, const char *json, size_t len);

struct attach_options {
    const char *name; /* of the socket file, without folder: history_owner()'s */
    const char *dir;  /* NULL = PATH_RUNTIME's, else the state folder */
    attach_verb_fn *verb;
    void *ctx;
};
int attach_listen(struct attach_server **out, const struct attach_options *options,
                  struct err *err);
void attach_server_free(struct attach_server *server); /* removes the socket */
const char *attach_path(const struct attach_server *server);
int attach_server_fd(const struct attach_server *server); /* one epoll fd: poll it for reading */
void attach_step(struct attach_server *server);           /* never blocks */

void attach_reply(struct attach_server *server, int64_t ticket, bool ok, const char *text);
/* To those who watch this run. `json` is one object without newline. */
void attach_text(struct attach_server *server, const char *run_uid, const char *json, size_t len);
void attach_commit(struct attach_server *server, int64_t seq); /* to all who watch anything */
bool attach_watched(const struct attach_server *server, const char *run_uid);

/* The other side. */

/* E_CLOSED: nobody listens there. E_DENIED: the socket is somebody else's. */
int attach_connect(struct attach_client **out, const char *path, struct err *err);
void attach_client_free(struct attach_client *client);
int attach_client_fd(const struct attach_client *client);

/* Sends one verb and waits for its answer at most `timeout_us`: 0 and the answer's text (yours),
   E_DENIED with the text in err when it was refused, E_TIMEOUT, E_CLOSED. `json` is an object
   without "ticket"; the client adds one. Lines that arrive meanwhile are kept for attach_next. */
int attach_call(struct attach_client *client, const char *json, int64_t timeout_us, char **text,
                struct err *err);
/* Without waiting: sends, and returns the ticket; the answer comes through attach_next. */
int attach_send(struct attach_client *client, const char *json, int64_t *ticket, struct err *err);
int attach_watch(struct attach_client *client, const char *run_uid, struct err *err);
/* The next whole line, without waiting: 1 and the text (borrowed until the next call), 0 when there
   is none yet, E_CLOSED, E_PROTOCOL. */
int attach_next(struct attach_client *client, const char **json, size_t *len, struct err *err);

#endif
