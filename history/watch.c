/* SPDX-License-Identifier: MIT */
#include "history/watch.h"

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS 16 /* read at a time */

struct watch {
    int fd;
    char *name; /* of the history file, without folder */
};

int watch_new(struct watch **out, const char *path, struct err *err)
{
    struct watch *watch = mem_new(sizeof *watch);
    const char *name = path_base(path);
    char *dir = name == path ? mem_text(".") : mem_copy(path, (size_t)(name - path));

    *out = NULL;
    watch->name = mem_text(name);
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int rc = 0;
    if (watch->fd < 0 || inotify_add_watch(watch->fd, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
        rc = err_sys(err, errno, "watching %s", dir);
    free(dir);
    if (rc < 0) {
        watch_free(watch);
        return rc;
    }
    *out = watch;
    return 0;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->name);
    free(watch);
}

int watch_fd(const struct watch *watch)
{
    return watch->fd;
}

/* A full queue is a change too; the lock file changes at every attempt and says nothing. */
static bool concerns(const struct watch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    return event->len > 0 && str_starts(event->name, watch->name) &&
           !str_ends(event->name, ".lock");
}

bool watch_take(struct watch *watch)
{
    alignas(struct inotify_event) char room[EVENTS * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    bool ours = false;
    ssize_t len;

    while ((len = read(watch->fd, room, sizeof room)) > 0) {
        for (char *at = room; at < room + len;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            ours = ours || concerns(watch, event);
            at += sizeof *event + event->len;
        }
    }
    return ours;
}
