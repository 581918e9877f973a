/* SPDX-License-Identifier: MIT */
#include "tests/support/child.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/suite.h"

#define US_MAX (20 * 1000000LL)

static int64_t real_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

const char *child_exec_path(void)
{
    static char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 32);

    for (int parts = 0; n > 0 && parts < 2; parts++) /* tests/run */
        while (n > 0 && path[--n] != '/')
            ;
    n = n > 0 ? n : 0;
    snprintf(path + n, sizeof path - (size_t)n, "/rerail-exec");
    return path;
}

int64_t child_now(const struct child *child)
{
    return real_now() * child->speed;
}

struct child child_start(const struct process_spec *spec, int speed)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
    struct child child = {.speed = speed ? speed : 1};
    struct process_spec full = *spec;
    CU_ASSERT_EQUAL(process_become_reaper(NULL), 0); /* as the program does, once */
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (!full.exec_path)
        full.exec_path = child_exec_path();
    if (!full.env)
        full.env = env;
    if (full.cwd == 0)
        full.cwd = root;
    process_start(&child.process, &full, child_now(&child));
    close(root);
    return child;
}

struct child child_shell(const char *script, int speed)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};

    return child_start(&(struct process_spec){.argv = argv}, speed);
}

static int wait_ms(const struct child *child, int64_t wake)
{
    int64_t left = wake == INT64_MAX ? US_MAX : (wake - child_now(child)) / child->speed;

    if (left < 0)
        return 0;
    return left > US_MAX ? (int)(US_MAX / 1000) : (int)((left + 999) / 1000);
}

enum process_state child_until(struct child *child, enum process_state state)
{
    int64_t start = real_now();
    enum process_state now = process_state(child->process);

    while (now < state && real_now() - start < US_MAX) {
        struct pollfd fds[PROCESS_FDS];
        size_t count = process_fds(child->process, fds, PROCESS_FDS);

        (void)poll(fds, count, wait_ms(child, process_wake(child->process)));
        now = process_step(child->process, child_now(child));
    }
    CU_ASSERT_TRUE(now >= state);
    return now;
}

const struct process_result *child_wait(struct child *child)
{
    (void)child_until(child, PROCESS_DONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(process_result(child->process));
    return process_result(child->process);
}

void child_free(struct child *child)
{
    process_free(child->process);
    child->process = NULL;
}
