/* SPDX-License-Identifier: MIT */
/*
 * Loaded before the C library into a program under test: notes in which order its threads take
 * their locks, those of its libraries and of files among them. Two locks that are ever taken in
 * both orders can stop two threads for good, on a day when they meet; here they need not meet. At
 * its end the program says on stderr
 *
 *     locks: N taken by N threads, N orders, N circles
 *
 * A lock that cannot be had for WAIT_SEC ends it: "locks: deadlock". LOCKS=plant takes two more in
 * both orders, so a circle must be found. Built by tests/support/preload.h, never by the Makefile.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SEC   30
#define LOCKS_MAX  4096
#define ORDERS_MAX 16384
#define HELD_MAX   64

/* A lock is known by its address, a file's by its number with the lowest bit set, until it is
   destroyed: then the address may become another's. */
struct lock {
    uintptr_t key; /* 0 = destroyed */
    int mark;      /* of the search: 0 unseen, 1 on the way, 2 done */
};

struct order {
    unsigned from, to;
};

static struct lock locks[LOCKS_MAX];
static struct order orders[ORDERS_MAX];
static unsigned lock_count, order_count, thread_count, circles;
static unsigned long taken;
static atomic_flag busy = ATOMIC_FLAG_INIT; /* over all above */
static bool reports, overflow;

static _Thread_local unsigned held[HELD_MAX], held_count;
static _Thread_local bool known;

static void enter(void)
{
    while (atomic_flag_test_and_set(&busy))
        ;
}

static void leave(void)
{
    atomic_flag_clear(&busy);
}

static unsigned find(uintptr_t key)
{
    unsigned i = 0;

    while (i < lock_count && locks[i].key != key)
        i++;
    if (i == lock_count && lock_count < LOCKS_MAX)
        locks[lock_count++] = (struct lock){.key = key};
    overflow = overflow || i == LOCKS_MAX;
    return i;
}

static void note_order(unsigned from, unsigned to)
{
    for (unsigned i = 0; i < order_count; i++)
        if (orders[i].from == from && orders[i].to == to)
            return;
    overflow = overflow || order_count == ORDERS_MAX;
    if (order_count < ORDERS_MAX)
        orders[order_count++] = (struct order){from, to};
}

/* One more of it by a thread that has it already is no order. */
static bool has(unsigned lock)
{
    for (unsigned i = 0; i < held_count; i++)
        if (held[i] == lock)
            return true;
    return false;
}

/* `waits`: it would have waited, had another had it. */
static void took(uintptr_t key, bool waits)
{
    enter();
    unsigned lock = find(key);
    bool again = has(lock);

    taken++;
    thread_count += !known;
    known = true;
    for (unsigned i = 0; waits && !again && i < held_count; i++)
        note_order(held[i], lock);
    if (held_count < HELD_MAX)
        held[held_count++] = lock;
    leave();
}

static void gave(uintptr_t key)
{
    enter();
    unsigned lock = find(key), at = held_count;

    while (at > 0 && held[at - 1] != lock)
        at--;
    if (at > 0) {
        memmove(&held[at - 1], &held[at], (held_count - at) * sizeof *held);
        held_count--;
    }
    leave();
}

static void say(const char *line)
{
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        _exit(125);
}

#define REAL(name) (*(void **)&real = dlsym(RTLD_NEXT, #name))

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *, const struct timespec *) = NULL;
    struct timespec until;

    REAL(pthread_mutex_timedlock);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_SEC;
    int rc = real(mutex, &until);
    if (rc == ETIMEDOUT) {
        say("locks: deadlock\n");
        abort();
    }
    if (rc == 0)
        took((uintptr_t)mutex, true);
    return rc;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *) = NULL;

    REAL(pthread_mutex_trylock);
    int rc = real(mutex);
    if (rc == 0)
        took((uintptr_t)mutex, false);
    return rc;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *) = NULL;

    REAL(pthread_mutex_unlock);
    gave((uintptr_t)mutex);
    return real(mutex);
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *) = NULL;

    REAL(pthread_mutex_destroy);
    enter();
    locks[find((uintptr_t)mutex) % LOCKS_MAX].key = 0;
    leave();
    return real(mutex);
}

/* Asked for without waiting, it is asked for again until it is had: that is waiting. */
int flock(int fd, int operation)
{
    int (*real)(int, int) = NULL;
    struct stat st;

    REAL(flock);
    int rc = real(fd, operation), kept = errno;
    if (rc == 0 && fstat(fd, &st) == 0) {
        uintptr_t key = (uintptr_t)st.st_ino << 1 | 1;

        if (operation & LOCK_EX)
            took(key, true);
        else if (operation & LOCK_UN)
            gave(key);
    }
    errno = kept;
    return rc;
}

/* ---- Beginning and end ---- */

static void plant(void)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t *const pairs[][2] = {{&one, &other}, {&other, &one}};

    for (int i = 0; i < 2; i++) {
        (void)pthread_mutex_lock(pairs[i][0]);
        (void)pthread_mutex_lock(pairs[i][1]);
        (void)pthread_mutex_unlock(pairs[i][1]);
        (void)pthread_mutex_unlock(pairs[i][0]);
    }
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
    static const char *const commands[] = {"exec", "resume", "console"};
    const char *wish = getenv("LOCKS");

    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        reports = reports || strcmp(argv[1], commands[i]) == 0;
    if (reports && wish && strcmp(wish, "plant") == 0)
        plant();
}

static void search(unsigned lock)
{
    locks[lock].mark = 1;
    for (unsigned i = 0; i < order_count; i++) {
        if (orders[i].from != lock)
            continue;
        circles += locks[orders[i].to].mark == 1;
        if (locks[orders[i].to].mark == 0)
            search(orders[i].to);
    }
    locks[lock].mark = 2;
}

__attribute__((destructor)) static void finish(void)
{
    char line[128];

    if (!reports)
        return;
    enter();
    for (unsigned i = 0; i < lock_count; i++)
        if (locks[i].mark == 0)
            search(i);
    (void)snprintf(line, sizeof line, "locks: %lu taken by %u threads, %u orders, %u circles%s\n",
                   taken, thread_count, order_count, circles, overflow ? ", too many to tell" : "");
    say(line);
    leave();
}
