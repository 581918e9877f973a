/* SPDX-License-Identifier: MIT */
#include "tests/bench/kit/screen.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/bench/kit/program.h"

#define QUIET_MS   200
#define LONGEST_MS 60000
#define FRAME_ENDS "\033[?2026l"
#define MARK_MAX   32

struct screen {
    struct clock clock;
    int64_t from_us;
    pid_t pid;
    int fd;
};

static _Noreturn void become(const char *home, const char *const *argv)
{
    char **environment = home_environment(home);
    char *work = mem_printf("%s/work", home);

    if (chdir(work) == 0)
        execve(argv[0], (char *const *)(uintptr_t)argv, environment);
    _exit(127);
}

struct screen *screen_new(const char *home, const char *const *argv)
{
    struct screen *screen = mem_new(sizeof *screen);
    const struct winsize size = {.ws_row = 60, .ws_col = 200};

    screen->clock = clock_system();
    screen->from_us = clock_mono(&screen->clock);
    screen->pid = forkpty(&screen->fd, NULL, NULL, &size);
    if (screen->pid < 0) {
        perror("forkpty");
        exit(1);
    }
    if (screen->pid == 0)
        become(home, argv);
    return screen;
}

void screen_free(struct screen *screen)
{
    (void)kill(screen->pid, SIGTERM); /* it is ours and not waited for yet */
    screen_watch(screen, US_PER_S / 2);
    close(screen->fd);
    while (waitpid(screen->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(screen);
}

/* Bytes that came within `ms`, up to `max`; 0 = none. */
static size_t read_bytes(struct screen *screen, int ms, char *bytes, size_t max)
{
    struct pollfd fd = {.fd = screen->fd, .events = POLLIN};
    ssize_t got = poll(&fd, 1, ms) > 0 ? read(screen->fd, bytes, max) : 0;

    return got > 0 ? (size_t)got : 0;
}

static size_t read_some(struct screen *screen, int ms)
{
    char bytes[1 << 14]; /* looked at by nobody */

    return read_bytes(screen, ms, bytes, sizeof bytes);
}

int64_t screen_settle(struct screen *screen, const char *keys, size_t *bytes)
{
    int64_t from = screen->from_us, last;
    size_t got;

    *bytes = 0;
    if (keys) {
        from = clock_mono(&screen->clock);
        if (write(screen->fd, keys, strlen(keys)) < 0)
            perror("write");
    }
    last = from;
    /* The first bytes may take long on a busy machine, the others follow. */
    for (int wait = 5000; (got = read_some(screen, wait)) > 0; wait = QUIET_MS) {
        *bytes += got;
        last = clock_mono(&screen->clock);
    }
    return last - from;
}

static size_t times(const char *bytes, size_t len, const char *text)
{
    const char *end = bytes + len;
    size_t count = 0;

    while ((bytes = memmem(bytes, (size_t)(end - bytes), text, strlen(text)))) {
        bytes += strlen(text);
        count++;
    }
    return count;
}

static void type(struct screen *screen, const char *keys)
{
    if (write(screen->fd, keys, strlen(keys)) < 0)
        perror("write");
}

/* Reads until `text` comes, false when nothing did for so long; *frames counts those before it. */
static bool read_until(struct screen *screen, const char *text, int ms, size_t *frames)
{
    char bytes[1 << 14];
    size_t kept = 0, got;

    *frames = 0;
    while ((got = read_bytes(screen, ms, bytes + kept, sizeof bytes - kept)) > 0) {
        size_t len = kept + got;

        if (times(bytes, len, text) > 0)
            return true;
        *frames += times(bytes, len, FRAME_ENDS);
        kept = len < MARK_MAX ? len : MARK_MAX; /* a mark may come in two pieces */
        memmove(bytes, bytes + len - kept, kept);
        while (kept >= strlen(FRAME_ENDS) && times(bytes, kept, FRAME_ENDS) > 0)
            memmove(bytes, bytes + 1, --kept); /* counted */
    }
    return false;
}

int64_t screen_until(struct screen *screen, const char *keys, const char *text, size_t *frames)
{
    int64_t from = clock_mono(&screen->clock);

    type(screen, keys);
    if (!read_until(screen, text, LONGEST_MS, frames)) {
        (void)fprintf(stderr, "the screen never showed %s\n", text);
        exit(1);
    }
    return clock_mono(&screen->clock) - from;
}

void screen_press(struct screen *screen, const char *key)
{
    size_t frames;

    type(screen, key);
    (void)read_until(screen, FRAME_ENDS, QUIET_MS, &frames);
}

void screen_watch(struct screen *screen, int64_t us)
{
    int64_t until = clock_mono(&screen->clock) + us;
    int64_t left;

    while ((left = until - clock_mono(&screen->clock)) > 0)
        (void)read_some(screen, (int)(left / 1000) + 1);
}

/* The number behind "NAME:" in a file of /proc; 0 when it is not there. */
static int64_t number_in(const char *path, const char *name)
{
    char line[256];
    FILE *file = fopen(path, "re");
    int64_t value = 0;

    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoll(line + strlen(name), NULL, 10);
    if (file)
        (void)fclose(file);
    return value;
}

double screen_rss_mb(const struct screen *screen)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)screen->pid);
    return (double)number_in(path, "VmRSS:") / 1024;
}

double screen_cpu_ms(const struct screen *screen)
{
    clockid_t clock;
    struct timespec used = {0};

    if (clock_getcpuclockid(screen->pid, &clock) == 0)
        (void)clock_gettime(clock, &used); /* 0 when it has ended */
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

int64_t screen_wakeups(const struct screen *screen)
{
    char path[320];
    int64_t sum = 0;
    struct dirent *entry;

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)screen->pid);
    DIR *tasks = opendir(path);
    while (tasks && (entry = readdir(tasks))) {
        (void)snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)screen->pid,
                       entry->d_name);
        if (entry->d_name[0] != '.')
            sum += number_in(path, "voluntary_ctxt_switches:");
    }
    if (tasks)
        (void)closedir(tasks);
    return sum;
}
