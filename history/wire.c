/* SPDX-License-Identifier: MIT */
#include "history/wire.h"

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)

int wire_address(struct sockaddr_un *out, socklen_t *len, int *folder, const char *path,
                 struct err *err)
{
    size_t used;

    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    *folder = -1;
    if (strlen(path) < sizeof out->sun_path) {
        used = str_format(out->sun_path, sizeof out->sun_path, "%s", path);
    } else {
        const char *name = path_base(path);
        char *dir = mem_copy(path, (size_t)(name - path));
        *folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        free(dir);
        if (*folder < 0)
            return err_sys(err, errno, "socket %s", path);
        if (strlen(name) > 64)
            return err_set(err, E_TOOBIG, "socket %s: its name is too long", path);
        used =
            str_format(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", *folder, name);
    }
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + used + 1);
    return 0;
}

bool wire_same_user(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

void wire_init(struct wire *wire, int fd)
{
    wire->fd = fd;
    wire->taken = 0;
    buf_init(&wire->in, ATTACH_LINE_MAX + CHUNK);
    buf_init(&wire->out, ATTACH_BACKLOG_MAX);
}

void wire_free(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
    buf_free(&wire->in);
    buf_free(&wire->out);
}

int wire_read(struct wire *wire)
{
    char chunk[4096];

    buf_drop(&wire->in, wire->taken);
    wire->taken = 0;
    for (;;) {
        if (wire->in.len > ATTACH_LINE_MAX)
            return memchr(wire->in.data, '\n', wire->in.len) ? 0 : E_TOOBIG;
        ssize_t got = recv(wire->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got > 0) {
            (void)buf_add(&wire->in, chunk, (size_t)got); /* there is room for a chunk more */
        } else if (got == 0) {
            return E_CLOSED;
        } else if (errno != EINTR) {
            return errno == EAGAIN ? 0 : E_CLOSED;
        }
    }
}

int wire_flush(struct wire *wire)
{
    while (wire->out.len > 0) {
        ssize_t sent = send(wire->fd, wire->out.data, wire->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0)
            buf_drop(&wire->out, (size_t)sent);
        else if (errno != EINTR)
            return errno == EAGAIN ? 0 : E_CLOSED;
    }
    return 0;
}

bool wire_line(struct wire *wire, char **line, size_t *len)
{
    char *start = wire->in.data + wire->taken;
    char *newline = memchr(start, '\n', wire->in.len - wire->taken);

    if (!newline)
        return false;
    *newline = '\0';
    *line = start;
    *len = (size_t)(newline - start);
    wire->taken += *len + 1;
    return true;
}

int wire_put(struct wire *wire, const char *line, size_t len)
{
    if (wire->out.len + len + 1 > wire->out.max)
        return E_TOOBIG;
    int rc = buf_add(&wire->out, line, len);

    return rc == 0 ? buf_char(&wire->out, '\n') : rc;
}
