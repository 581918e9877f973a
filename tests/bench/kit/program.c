/* SPDX-License-Identifier: MIT */
#include "tests/bench/kit/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/path.h"

static const char *const folders[] = {"state", "config", "run", "work"};

char *home_new(void)
{
    char *home = mem_text("/tmp/rerail-bench-XXXXXX");

    if (!mkdtemp(home)) {
        perror(home);
        exit(1);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = path_join(home, folders[i]);

        (void)mkdir(path, 0700); /* missing it fails the program that is measured */
        free(path);
    }
    return home;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void home_free(char *home)
{
    (void)nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* what stays is in /tmp */
    free(home);
}

int64_t home_size(const char *home, const char *name)
{
    char *path = path_join(home, name);
    struct stat st;
    int64_t size = stat(path, &st) == 0 ? st.st_size : 0;

    free(path);
    return size;
}

static void show(const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "r");

    while (file && fgets(line, sizeof line, file))
        (void)fputs(line, stderr);
    if (file)
        (void)fclose(file);
}

char **home_environment(const char *home)
{
    const char *path = getenv("PATH");
    char **environment = mem_array(8, sizeof *environment);

    environment[0] = mem_printf("XDG_STATE_HOME=%s/state", home);
    environment[1] = mem_printf("XDG_CONFIG_HOME=%s/config", home);
    environment[2] = mem_printf("XDG_RUNTIME_DIR=%s/run", home);
    environment[3] = mem_printf("HOME=%s", home);
    environment[4] = mem_printf("PATH=%s", path ? path : "");
    environment[5] = mem_text("LANG=C.UTF-8");
    environment[6] = mem_text("TERM=xterm-256color");
    return environment;
}

static void copy_bytes(FILE *from, FILE *to)
{
    char bytes[1 << 16];
    size_t got;

    while ((got = fread(bytes, 1, sizeof bytes, from)) > 0)
        if (fwrite(bytes, 1, got, to) != got) {
            perror("copy");
            exit(1);
        }
}

void home_copy(const char *home, const char *file, const char *name)
{
    char *path = path_join(home, name), *folder = mem_text(path);

    *strrchr(folder, '/') = '\0';
    (void)mkdir(folder, 0700); /* without it the copy fails */
    FILE *from = fopen(file, "re"), *to = fopen(path, "we");
    if (!from || !to || chmod(path, 0600) < 0) {
        perror(path);
        exit(1);
    }
    copy_bytes(from, to);
    (void)fclose(from);
    if (fclose(to) != 0) {
        perror(path);
        exit(1);
    }
    free(folder);
    free(path);
}

static int spawn_in(pid_t *pid, const char *home, const char *out, const char *const *argv)
{
    char **environment = home_environment(home);
    char *work = path_join(home, "work");
    posix_spawn_file_actions_t actions;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addchdir_np(&actions, work);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    (void)posix_spawn_file_actions_adddup2(&actions, 1, 2);
    int rc = posix_spawn(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; environment[i]; i++)
        free(environment[i]);
    free(environment);
    free(work);
    return rc;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

struct program_cost program_run(const char *home, const char *const *argv)
{
    struct program_cost cost = {0};
    struct clock clock = clock_system();
    struct rusage used = {0};
    char *out = path_join(home, "out");
    int64_t from = clock_mono(&clock);
    pid_t pid;
    int status = 0;
    int rc = spawn_in(&pid, home, out, argv);

    while (rc == 0 && wait4(pid, &status, 0, &used) < 0)
        rc = errno == EINTR ? 0 : errno;
    cost.wall_s = (double)(clock_mono(&clock) - from) / US_PER_S;
    cost.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
    cost.rss_mb = (double)used.ru_maxrss / 1024;
    cost.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (rc != 0 || cost.code != 0) {
        (void)fprintf(stderr, "%s: %s (exit %d)\n", argv[0], rc ? strerror(rc) : "failed",
                      cost.code);
        show(out);
        exit(1);
    }
    free(out);
    return cost;
}
