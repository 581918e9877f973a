/* SPDX-License-Identifier: MIT */
#include "tests/support/preload.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/suite.h"

#define LIBRARIES 4
#define VARIABLE  "LD_PRELOAD="

static struct library {
    const char *name;
    char *variable; /* VARIABLE and its path */
} made[LIBRARIES];  /* of the suite's process */
static size_t made_count;

static void forget_all(void)
{
    for (size_t i = 0; i < made_count; i++) {
        (void)unlink(made[i].variable + strlen(VARIABLE));
        free(made[i].variable);
    }
}

static bool build(const char *source, const char *path)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execlp("cc", "cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", path, source,
                     "-ldl", (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

const char *preload(const char *name, const char *test)
{
    char path[] = "/tmp/rerail-preload-XXXXXX", source[PATH_MAX];

    if (suite_is_watched()) {
        suite_skip(test, "a sanitizer has the allocator and the locks");
        return NULL;
    }
    for (size_t i = 0; i < made_count; i++)
        if (strcmp(made[i].name, name) == 0)
            return made[i].variable;
    CU_ASSERT_TRUE_FATAL(made_count < LIBRARIES);
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    (void)snprintf(source, sizeof source, "tests/preload/%s.c", name);
    if (!build(source, path)) {
        (void)unlink(path);
        suite_skip(test, "there is no cc");
        return NULL;
    }
    if (made_count == 0)
        CU_ASSERT_EQUAL(atexit(forget_all), 0);
    made[made_count] = (struct library){name, mem_printf(VARIABLE "%s", path)};
    return made[made_count++].variable;
}
