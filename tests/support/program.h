/* SPDX-License-Identifier: MIT */
/*
 * The built program from outside: a home of its own, plain arguments, a life that the test may cut
 * short, and what must hold whatever went wrong. Nothing but files, signals and exit codes goes in
 * and out; history is read back by the program's own reader when nobody writes.
 *
 * The home holds state/, config/, run/ (XDG folders), ws/ (the workspace, where it is started) and
 * out, err (what the last one printed). HOME is the home. Its key is PROGRAM_CANARY, which may be
 * found nowhere in the home afterwards. One thread; one program of a home at a time unless said.
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct query;

#define PROGRAM_CANARY  "sk-canary-5f0c2b9e7d1a4836"
#define PROGRAM_RSS_KIB ((long)96 * 1024) /* more than a run without large answers ever takes */
#define PROGRAM_LIMIT   120 /* seconds a life may last: far more than it needs, also under load */

struct program {
    char *home;
    pid_t pid;                  /* 0 = none is running */
    const char *const *wrapper; /* words before the program's: a tracer; NULL = none */
    const char *const *env;     /* NAME=VALUE besides the usual; NULL = none */
    bool traced;                /* program_kill_at will steer it */
    void (*before)(void);       /* in the child, before it becomes the program; may be NULL */
    long rss_kib;               /* most memory that the last one held */
    int64_t us;                 /* how long it lived */
    char *out, *err;            /* what the last one printed */
};

void program_open(struct program *program);
void program_close(struct program *program); /* removes the home */
const char *program_path(void);              /* of the built rerail, absolute */

/* Files of the home. */
void program_write(struct program *program, const char *name, const char *text);

/* argv without the program's name, NULL-terminated. */
void program_start(struct program *program, const char *const *argv);
/* Whether it ended within so long; it is not reaped. */
bool program_ends(struct program *program, int64_t us);
/* Its exit code, or minus the signal that ended it. Fails the test when it takes longer than
   PROGRAM_LIMIT or leaves a process behind. */
int program_wait(struct program *program);
int program_run(struct program *program, const char *const *argv);
/* Starts it and kills it at the `at`-th stop that it makes on its way into or out of the kernel,
   all of its threads counted together. The stops it made: less than `at` when it came to its end.
   0 = it may not be traced here. Then program_wait. */
size_t program_kill_at(struct program *program, const char *const *argv, size_t at);

/* ---- What is on record ---- */

struct query *program_history(struct program *program); /* NULL = none yet; query_close it */
/* All events as JSON lines, oldest first; yours. "" without a history. */
char *program_feed(struct program *program);
/* Whether the record is sound; says what is not. */
bool program_sound(struct program *program);

/* What holds after every life: it ended as the man page says, in bounded memory, said one line of
   what went wrong, left a sound record and no key anywhere. `code` is program_wait's. */
void program_judge(struct program *program, int code);

#endif
