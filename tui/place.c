/* SPDX-License-Identifier: MIT */
#include "tui/place.h"

#include "core/base/mem.h"
#include "core/base/path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int place_self(char **out, struct err *err)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

    if (len < 0)
        return err_sys(err, errno, "/proc/self/exe");
    path[len] = '\0';
    *out = mem_text(path);
    return 0;
}

/* The first of the candidates, relative to the program's folder, that is there. */
static int find(char **out, const char *const *candidates, size_t count, int mode, const char *what,
                struct err *err)
{
    char *self = NULL;
    int rc = place_self(&self, err);

    if (rc < 0)
        return rc;
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < count; i++) {
        char *path = path_join(self, candidates[i]);

        if (access(path, mode) == 0) {
            *out = path;
            free(self);
            return 0;
        }
        free(path);
    }
    rc = err_set(err, E_NOTFOUND, "%s is not beside %s: install rerail again (make install)", what,
                 self);
    free(self);
    return rc;
}

int place_exec(char **out, struct err *err)
{
    static const char *const candidates[] = {"rerail-exec", "../libexec/rerail/rerail-exec",
                                             "../rerail-exec"};

    return find(out, candidates, 3, X_OK, "rerail-exec", err);
}

int place_share(char **out, const char *name, struct err *err)
{
    char *installed = mem_printf("../share/rerail/%s", name);
    char *source = mem_printf("../%s", name);
    const char *const candidates[] = {installed, source};
    int rc = find(out, candidates, 2, R_OK, name, err);

    free(installed);
    free(source);
    return rc;
}
