/* SPDX-License-Identifier: MIT */
/*
 * The console on a terminal of 200×60: its first frame over a history of 1,000 runs, what it costs
 * while nothing happens, and a run of 10,000 iterations in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/bench/kit/figure.h"
#include "tests/bench/kit/program.h"
#include "tests/bench/kit/screen.h"

#define RUNS    9
#define IDLE_US (5 * US_PER_S)
#define SCROLLS 50

static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);

    if (!real) {
        perror(path);
        exit(1);
    }
    return real;
}

/* A home whose history is the fixture of that name; made when it is not there yet. */
static char *home_with(const char *name, const char *runs, const char *turns)
{
    char *maker = absolute(PROGRAM_DIR "/bench/fixture"), *folder = absolute(PROGRAM_DIR "/bench");
    char *file = mem_printf("%s/%s.db", folder, name);
    char *home = home_new();
    const char *const make[] = {maker, file, runs, turns, NULL};

    if (access(file, R_OK) < 0)
        (void)program_run(home, make);
    home_copy(home, file, "state/rerail/history.db");
    free(maker);
    free(folder);
    free(file);
    return home;
}

/* ms of wall until an empty program with the same libraries has come and gone. */
static double empty_ms(const char *home)
{
    char *program = absolute(PROGRAM_DIR "/bench/empty");
    const char *const argv[] = {program, NULL};
    double ms = program_run(home, argv).wall_s * 1000;

    free(program);
    return ms;
}

static void first_frame(const char *rerail)
{
    char *home = home_with("runs", "1000", "2");
    const char *const argv[] = {rerail, NULL};
    double frame[RUNS], empty[RUNS], cpu[RUNS], rss[RUNS], woken = 0;
    size_t bytes;

    for (int i = 0; i < RUNS; i++) {
        empty[i] = empty_ms(home);
        struct screen *screen = screen_new(home, argv);
        frame[i] = (double)screen_settle(screen, NULL, &bytes) / 1000;
        cpu[i] = screen_cpu_ms(screen);
        rss[i] = screen_rss_mb(screen);
        if (i == 0) {
            int64_t before = screen_wakeups(screen);

            screen_watch(screen, IDLE_US);
            woken = (double)(screen_wakeups(screen) - before) / (IDLE_US / (double)US_PER_S);
        }
        screen_free(screen);
    }
    figure("console, 1,000 runs: first full frame beyond loading", "ms",
           median(frame, RUNS) - median(empty, RUNS), 40);
    figure_plain("console, 1,000 runs: CPU until then", "ms", median(cpu, RUNS));
    figure("console idle: memory", "MiB", median(rss, RUNS), 24);
    figure("console idle: wake-ups of all threads a second", "/s", woken, 1);
    home_free(home);
}

static void long_run(const char *rerail)
{
    char *home = home_with("long", "1", "10000");
    const char *const argv[] = {rerail, NULL};
    double opened[RUNS], rss[RUNS], cpu[RUNS];
    size_t bytes;

    for (int i = 0; i < RUNS; i++) {
        struct screen *screen = screen_new(home, argv);

        (void)screen_settle(screen, NULL, &bytes);
        opened[i] = (double)screen_settle(screen, "\r", &bytes) / 1000;
        double before = screen_cpu_ms(screen);
        for (int page = 0; page < SCROLLS; page++)
            screen_press(screen, "\033[5~");
        cpu[i] = (screen_cpu_ms(screen) - before) / SCROLLS;
        rss[i] = screen_rss_mb(screen);
        screen_free(screen);
    }
    figure("run of 10,000 iterations: open it in the console", "ms", median(opened, RUNS), 50);
    figure("run of 10,000 iterations: CPU a page scrolled", "ms", median(cpu, RUNS), 4);
    figure("run of 10,000 iterations: memory", "MiB", median(rss, RUNS), 40);
    home_free(home);
}

int main(void)
{
    char *rerail = absolute(PROGRAM_DIR "/rerail");

    first_frame(rerail);
    long_run(rerail);
    free(rerail);
    return 0;
}
