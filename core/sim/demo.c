/* SPDX-License-Identifier: MIT */
#include "core/sim/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/embed.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define FOLDER   "core/sim/demo/"
#define PROGRAMS "bin/" /* files below it may be executed */

static int write_all(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, bytes, size);

        if (done < 0 && errno != EINTR)
            return -1;
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

/* Whole or not at all, should we be killed in the middle. Nothing here is worth a sync. */
static int put_file(const char *path, const struct embed *file, mode_t mode, struct err *err)
{
    char *beside = mem_printf("%s.new", path);
    int rc = 0;

    (void)unlink(beside); /* of a start that was killed; most often there is none */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || write_all(fd, file->bytes, file->size) < 0 || rename(beside, path) < 0)
        rc = err_sys(err, errno, "%s", path);
    if (fd >= 0)
        (void)close(fd);
    free(beside);
    return rc;
}

static int put_folder(const char *path, struct err *err)
{
    char *dir = mem_copy(path, (size_t)(strrchr(path, '/') - path));
    int rc = path_own_dir(dir, err);

    free(dir);
    return rc;
}

static int lay_out(const char *dir, const struct embed *file, struct err *err)
{
    const char *name = file->name + strlen(FOLDER);
    char *path = path_join(dir, name);
    struct stat st;
    int rc = put_folder(path, err);

    if (rc == 0 && lstat(path, &st) < 0)
        rc = put_file(path, file, str_starts(name, PROGRAMS) ? 0700 : 0600, err);
    free(path);
    return rc;
}

int demo_workspace(const char *dir, struct err *err)
{
    int rc = 0;

    for (const struct embed *file = embed_table; rc == 0 && file->name; file++)
        if (str_starts(file->name, FOLDER))
            rc = lay_out(dir, file, err);
    return rc < 0 ? err_wrap(err, rc, "the demo's workspace") : 0;
}
