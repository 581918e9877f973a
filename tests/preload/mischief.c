/* SPDX-License-Identifier: MIT */
/*
 * Loaded before the C library into a program under test: makes its calls fail or fall short as
 * MISCHIEF says. Built by tests/support/preload.h, never by the Makefile.
 * Only `rerail exec` and `resume` are meddled with, not the simulator that they start.
 *
 *     count        does no harm; says at the end how much there was to fail: "mischief N M"
 *     malloc:N     allocation N fails        malloc:N+    and all that follow
 *     thread:N     making thread N fails
 *     short:SEED   reads and writes of files, pipes and sockets do a random part, sockets that do
 *                  not block are at times not ready
 *     storm        a signal every 100 us, which interrupts whatever waits
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* The C library's own, by their names there. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

static atomic_ulong allocations, threads;
static atomic_ullong dice;
static unsigned long malloc_at, thread_at; /* 0 = none fails */
static bool for_ever, counting, falls_short;

static bool denied(void)
{
    unsigned long n = atomic_fetch_add(&allocations, 1) + 1;

    if (malloc_at == 0 || n < malloc_at || (n > malloc_at && !for_ever))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return denied() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return denied() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return denied() ? NULL : __libc_realloc(old, size);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (atomic_fetch_add(&threads, 1) + 1 == thread_at)
        return EAGAIN;
    return real(thread, attr, start, arg);
}

/* ---- Short reads and writes ---- */

static uint64_t roll(void)
{
    uint64_t z = atomic_fetch_add(&dice, 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    return (z ^ (z >> 27)) >> 11;
}

/* Messages come whole or not at all; streams do not. */
static bool is_message(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type != SOCK_STREAM;
}

/* How much of it this call does; 0 = it is not ready. */
static size_t part_of(int fd, size_t len)
{
    struct stat st;

    if (!falls_short || len < 2 || fstat(fd, &st) < 0)
        return len;
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
        return len;
    if (S_ISSOCK(st.st_mode) && is_message(fd))
        return len;
    if (S_ISSOCK(st.st_mode) && (fcntl(fd, F_GETFL) & O_NONBLOCK) && roll() % 4 == 0)
        return 0;
    return 1 + roll() % len;
}

#define FALLS_SHORT(name, params, fd, len, ...)                                                    \
    ssize_t name params                                                                            \
    {                                                                                              \
        ssize_t(*real) params = NULL;                                                              \
        size_t part = part_of(fd, len);                                                            \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                 \
        if (part == 0 && len > 0) {                                                                \
            errno = EAGAIN;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        return real(__VA_ARGS__);                                                                  \
    }

FALLS_SHORT(read, (int fd, void *to, size_t len), fd, len, fd, to, part)
FALLS_SHORT(write, (int fd, const void *from, size_t len), fd, len, fd, from, part)
FALLS_SHORT(recv, (int fd, void *to, size_t len, int flags), fd, len, fd, to, part, flags)
FALLS_SHORT(send, (int fd, const void *from, size_t len, int flags), fd, len, fd, from, part, flags)
FALLS_SHORT(pread64, (int fd, void *to, size_t len, off64_t at), fd, len, fd, to, part, at)
FALLS_SHORT(pwrite64, (int fd, const void *from, size_t len, off64_t at), fd, len, fd, from, part,
            at)

/* ---- Beginning and end ---- */

static void ignore(int number)
{
    (void)number; /* all it does is interrupt */
}

static void start_storm(void)
{
    const struct sigaction action = {.sa_handler = ignore};
    const struct itimerval every = {{0, 100}, {0, 100}};

    if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &every, NULL) < 0)
        _exit(125);
}

static unsigned long number_behind(const char *text, const char *word)
{
    size_t len = strlen(word);
    char *end = NULL;

    if (strncmp(text, word, len) != 0)
        return 0;
    unsigned long n = strtoul(text + len, &end, 10);
    for_ever = *end == '+';
    return n;
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
    const char *wish = getenv("MISCHIEF");

    if (!wish || argc < 2 || (strcmp(argv[1], "exec") != 0 && strcmp(argv[1], "resume") != 0))
        return;
    atomic_store(&allocations, 0);
    counting = strcmp(wish, "count") == 0;
    if (strcmp(wish, "storm") == 0)
        start_storm();
    malloc_at = number_behind(wish, "malloc:");
    thread_at = number_behind(wish, "thread:");
    atomic_store(&dice, number_behind(wish, "short:"));
    falls_short = strncmp(wish, "short:", 6) == 0;
}

__attribute__((destructor)) static void finish(void)
{
    char line[64];
    int len = snprintf(line, sizeof line, "mischief %lu %lu\n", atomic_load(&allocations),
                       atomic_load(&threads));

    if (counting && write(STDERR_FILENO, line, (size_t)len) < 0)
        _exit(125);
}
