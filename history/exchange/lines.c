/* SPDX-License-Identifier: MIT */
#include "history/exchange/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)

/* O_NONBLOCK, so that a FIFO without a writer does not keep us waiting for its refusal. */
int lines_open(struct lines *lines, const char *path, size_t line_max, int64_t max, struct err *err)
{
    struct stat st;

    *lines = (struct lines){.path = path, .max = max};
    buf_init(&lines->held, line_max + CHUNK);
    lines->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (lines->fd < 0 || fstat(lines->fd, &st) < 0)
        return err_sys(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, E_DENIED, "%s is not a regular file", path);
    if (st.st_size > max)
        return err_set(err, E_TOOBIG, "%s is larger than %" PRId64 " bytes", path, max);
    return 0;
}

int lines_again(struct lines *lines, struct err *err)
{
    buf_clear(&lines->held);
    lines->start = lines->scanned = 0;
    lines->number = lines->bytes = 0;
    lines->over = false;
    return lseek(lines->fd, 0, SEEK_SET) < 0 ? err_sys(err, errno, "%s", lines->path) : 0;
}

void lines_close(struct lines *lines)
{
    if (lines->fd >= 0)
        close(lines->fd);
    lines->fd = -1;
    buf_free(&lines->held);
}

static int read_more(struct lines *lines, struct err *err)
{
    char chunk[CHUNK];
    ssize_t got;

    do
        got = read(lines->fd, chunk, sizeof chunk);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_sys(err, errno, "%s", lines->path);
    lines->over = got == 0;
    lines->bytes += got;
    if (lines->bytes > lines->max)
        return err_set(err, E_TOOBIG, "%s is larger than %" PRId64 " bytes", lines->path,
                       lines->max);
    int rc = buf_add(&lines->held, chunk, (size_t)got);
    if (rc < 0)
        return err_set(err, rc, "%s: line %" PRId64 " is too long", lines->path, lines->number + 1);
    return 0;
}

int lines_next(struct lines *lines, const char **text, size_t *len, struct err *err)
{
    const char *end;

    while (!(
        end = memchr(lines->held.data + lines->scanned, '\n', lines->held.len - lines->scanned))) {
        if (lines->over && lines->held.len > lines->start)
            return err_set(err, E_PARSE, "%s: it is cut off in line %" PRId64, lines->path,
                           lines->number + 1);
        if (lines->over)
            return 0;
        buf_drop(&lines->held, lines->start);
        lines->start = 0;
        lines->scanned = lines->held.len;
        int rc = read_more(lines, err);
        if (rc < 0)
            return rc;
    }
    *text = lines->held.data + lines->start;
    *len = (size_t)(end - *text);
    lines->start = lines->scanned = (size_t)(end - lines->held.data) + 1;
    lines->number++;
    return 1;
}
