/* SPDX-License-Identifier: MIT */
/* Runs a program in a home of its own and says what it cost, its children included. */
#ifndef TESTS_BENCH_KIT_PROGRAM_H
#define TESTS_BENCH_KIT_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

struct program_cost {
    double wall_s, cpu_s; /* processor: user and system, and of every child it waited for */
    double rss_mb;        /* the largest resident set, MiB, of it or of one of its children */
    int code;             /* exit code; 128 + signal */
};

/* An empty folder with state/, config/, run/ and work/ in it. Yours: home_free removes it. */
char *home_new(void);
void home_free(char *home);

/* What the programs see: NULL-terminated; yours, texts and list. */
char **home_environment(const char *home);
/* Copies a file to home/NAME, whose folder is made. */
void home_copy(const char *home, const char *file, const char *name);

/* Runs argv (NULL-terminated) with XDG folders in `home` and home/work as its folder; output goes
   to home/out. A program that fails ends the benchmark with what it said. */
struct program_cost program_run(const char *home, const char *const *argv);

/* Size of home/NAME in bytes; 0 when it is not there. */
int64_t home_size(const char *home, const char *name);

#endif
