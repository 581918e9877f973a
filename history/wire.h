/* SPDX-License-Identifier: MIT */
/* What both ends of attach.h share: the address of a socket, and lines over a stream. */
#ifndef HISTORY_WIRE_H
#define HISTORY_WIRE_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An address for a path of any length: a longer one goes through /proc/self/fd and a descriptor of
   its folder, *folder, to be closed after bind or connect (−1 when there is none). */
int wire_address(struct sockaddr_un *out, socklen_t *len, int *folder, const char *path,
                 struct err *err);

bool wire_same_user(int fd); /* the process at the other end is the same user's */

/* Bytes waiting and going, non-blocking. */
struct wire {
    int fd;
    struct buf in, out;
    size_t taken; /* of `in`, by lines that were handed out */
};
void wire_init(struct wire *wire, int fd);
void wire_free(struct wire *wire); /* closes */

int wire_read(struct wire *wire);  /* 0, E_CLOSED, E_TOOBIG: a line without end, E_IO */
int wire_flush(struct wire *wire); /* 0 also when something is left, E_CLOSED */
/* The next whole line, NUL-terminated in place of its newline; borrowed until wire_read. */
bool wire_line(struct wire *wire, char **line, size_t *len);
int wire_put(struct wire *wire, const char *line, size_t len); /* E_TOOBIG above the backlog */

#endif
