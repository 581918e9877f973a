/* SPDX-License-Identifier: MIT */
#include "core/base/failpoint.h"

#ifdef RERAIL_FAILPOINTS
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
#define FAILPOINT_NAME(id, name) [FAIL_##id] = name,
    FAILPOINTS(FAILPOINT_NAME)
#undef FAILPOINT_NAME
};

/* The wish: set before there is a second thread. */
static enum failpoint wanted = FAIL_COUNT;
static long countdown_from;
static int error; /* 0: dies */
static int notes = -1;
static atomic_long times; /* that the wanted place was come to */

/* A wish that is none must not pass for a place that was never come to. */
static void refuse(const char *wish)
{
    (void)fprintf(stderr, "rerail: no such failpoint: %s\n", wish);
    _exit(125);
}

static void read_wish(const char *wish)
{
    size_t len = strcspn(wish, ":");
    char *end = NULL;

    for (enum failpoint i = 0; i < FAIL_COUNT; i++)
        if (strlen(names[i]) == len && strncmp(names[i], wish, len) == 0)
            wanted = i;
    if (wanted == FAIL_COUNT || wish[len] != ':')
        refuse(wish);
    countdown_from = strtol(wish + len + 1, &end, 10);
    if (*end == ':')
        error = (int)strtol(end + 1, &end, 10);
    if (*end || countdown_from < 1)
        refuse(wish);
}

void failpoint_wish(const char *wish)
{
    if (notes >= 0)
        close(notes);
    wanted = FAIL_COUNT;
    notes = -1;
    error = 0;
    atomic_store(&times, 0);
    if (wish && str_starts(wish, "note:"))
        notes = open(wish + strlen("note:"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    else if (wish)
        read_wish(wish);
}

__attribute__((constructor)) static void wish_of_environment(void)
{
    failpoint_wish(getenv("RERAIL_FAILPOINT"));
}

const char *failpoint_name(enum failpoint which)
{
    return names[which];
}

static void note(enum failpoint which)
{
    char line[64];
    size_t len = str_format(line, sizeof line, "%s\n", names[which]);

    if (write(notes, line, len) != (ssize_t)len)
        refuse("note");
}

bool failpoint_at(enum failpoint which)
{
    int kept = errno;

    if (notes >= 0)
        note(which);
    errno = kept;
    if (which != wanted || atomic_fetch_add(&times, 1) + 1 != countdown_from)
        return false;
    if (error == 0)
        (void)kill(getpid(), SIGKILL); /* does not return */
    errno = error;
    return true;
}
#else
typedef int failpoint_none_here; /* an empty file is no C */
#endif
