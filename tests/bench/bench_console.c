/* SPDX-License-Identifier: MIT */
/*
 * The console on a terminal of 200×60: its first frame over a history of 1,000 runs, what it costs
 * while nothing happens, a run of 10,000 iterations in it, one of a million events, and an answer
 * of 20,000 tokens as it streams in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "tests/bench/kit/figure.h"
#include "tests/bench/kit/program.h"
#include "tests/bench/kit/screen.h"
#include "tests/bench/kit/stub.h"

#define RUNS    9
#define IDLE_US (5 * US_PER_S)
#define SCROLLS 50
#define MILLION "111112" /* turns: a fixture's has nine events */
#define TOKENS  20000

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

/* CPU of the dearest of some pages, and of the median one. */
static void scroll(struct screen *screen, const char *key, const char *where)
{
    double took[SCROLLS];
    char name[80];

    for (int page = 0; page < SCROLLS; page++) {
        double before = screen_cpu_ms(screen);

        screen_press(screen, key);
        took[page] = screen_cpu_ms(screen) - before;
    }
    (void)snprintf(name, sizeof name, "1,000,000 events: CPU a page %s", where);
    figure(name, "ms", median(took, SCROLLS), 4);
    (void)snprintf(name, sizeof name, "1,000,000 events: the dearest page %s", where);
    figure_plain(name, "ms", took[SCROLLS - 1]); /* median sorts */
}

static void million_events(const char *rerail)
{
    char *home = home_with("million", "1", MILLION);
    const char *const argv[] = {rerail, NULL};
    struct screen *screen = screen_new(home, argv);
    size_t bytes;

    (void)screen_settle(screen, NULL, &bytes);
    figure_plain("1,000,000 events: open the run", "ms",
                 (double)screen_settle(screen, "\r", &bytes) / 1000);
    double before = screen_rss_mb(screen);
    scroll(screen, "\033[5~", "up from the end");
    (void)screen_settle(screen, "g", &bytes);
    scroll(screen, "\033[6~", "down from the start");
    figure("1,000,000 events: memory that scrolling adds", "MiB", screen_rss_mb(screen) - before,
           4);
    screen_free(screen);
    home_free(home);
}

/* What the floor takes to read the same bytes. */
static struct program_cost floor_cost(const char *home, const struct stub_options *options,
                                      const char *request)
{
    char *program = absolute(PROGRAM_DIR "/bench/floor");
    char *path = path_join(home, "work/request.json");
    struct stub *stub = stub_new(options);
    const char *const argv[] = {program, stub_url(stub), "floor.db", "request.json", NULL};
    FILE *file = fopen(path, "we");

    if (!file || fputs(request, file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    struct program_cost cost = program_run(home, argv);
    stub_free(stub);
    free(path);
    free(program);
    return cost;
}

/* From the Enter behind the task until the answer is on the screen as a whole. */
static void stream(const char *rerail)
{
    const struct stub_options options = {.tokens = TOKENS};
    double wall[RUNS], cpu[RUNS], walls[RUNS], cpus[RUNS], frames = 0;

    for (int i = 0; i < RUNS; i++) {
        char *home = home_new();
        struct stub *stub = stub_new(&options);
        const char *const argv[] = {rerail,         "console",        "--base-url",
                                    stub_url(stub), "--model",        "bench",
                                    "--set",        "model.key=none", NULL};
        struct screen *screen = screen_new(home, argv);
        size_t bytes, count;

        (void)screen_settle(screen, NULL, &bytes);
        (void)screen_settle(screen, "owork bench-run-0", &bytes);
        double before = screen_cpu_ms(screen);
        wall[i] = (double)screen_until(screen, "\r", "COMPLETED", &count) / 1000;
        cpu[i] = screen_cpu_ms(screen) - before;
        frames += (double)count / RUNS;
        screen_free(screen);
        struct program_cost cost = floor_cost(home, &options, stub_first_request(stub));
        walls[i] = cost.wall_s * 1000 * 1.5 + 3 * (double)count;
        cpus[i] = cost.cpu_s * 1000 * 1.5 + 3 * (double)count;
        stub_free(stub);
        home_free(home);
    }
    figure("20,000 tokens drawn: wall, beside 1.5 floors + 3 ms a frame", "ms", median(wall, RUNS),
           median(walls, RUNS));
    figure("20,000 tokens drawn: CPU, beside the same", "ms", median(cpu, RUNS),
           median(cpus, RUNS));
    figure_plain("20,000 tokens drawn: frames", "", frames);
}

int main(void)
{
    char *rerail = absolute(PROGRAM_DIR "/rerail");

    first_frame(rerail);
    long_run(rerail);
    million_events(rerail);
    stream(rerail);
    free(rerail);
    return 0;
}
