/* SPDX-License-Identifier: MIT */
/*
 * What a turn costs: rerail exec and the floor take turns against the same server, doing the same
 * requests, spawns and commits. Medians of several runs; the overhead is the median of all turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "tests/bench/kit/figure.h"
#include "tests/bench/kit/program.h"
#include "tests/bench/kit/stub.h"

#define RUNS     5
#define SAMPLES  2000
#define HISTORY  "state/rerail/history.db"
#define DOC_MS   3.2  /* performance.md's floor: 50 shell turns */
#define DOC_CPU  0.12 /* s */
#define DOC_RSS  17.0 /* MiB */
#define FLOOR_TO 1.3  /* how far from it the floor may be */

struct side {
    double cpu[RUNS], rss[RUNS], overhead[SAMPLES];
    size_t count;
};

struct result {
    double cpu_s, rss_mb, overhead_ms;
};

struct scene {
    const char *name;
    struct stub_options options;
};

static void note(struct side *side, int run, struct program_cost cost, const struct stub *stub)
{
    const double *overheads;
    size_t count = stub_overheads(stub, &overheads);

    side->cpu[run] = cost.cpu_s;
    side->rss[run] = cost.rss_mb;
    for (size_t i = 0; i < count && side->count < SAMPLES; i++)
        side->overhead[side->count++] = overheads[i];
}

static struct result sum_up(struct side *side)
{
    return (struct result){.cpu_s = median(side->cpu, RUNS),
                           .rss_mb = median(side->rss, RUNS),
                           .overhead_ms = median(side->overhead, side->count) / 1000};
}

static void put_file(const char *home, const char *name, const char *text, int times)
{
    char *path = path_join(home, name);
    FILE *file = fopen(path, "w");

    for (int i = 0; file && i < times; i++)
        (void)fputs(text, file);
    if (!file || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    free(path);
}

/* The bytes of history after it. */
static int64_t run_rerail(struct side *side, int run, const struct scene *scene, char **request)
{
    char *home = home_new(), *program = realpath(PROGRAM_DIR "/rerail", NULL);
    struct stub *stub = stub_new(&scene->options);
    const char *const argv[] = {program,
                                "exec",
                                "--base-url",
                                stub_url(stub),
                                "--model",
                                "bench",
                                "--max-iterations",
                                "100000",
                                "--set",
                                "model.key=none",
                                "--set",
                                "limits.loop_guard=0",
                                "--allow-unsandboxed",
                                "work bench-run-0",
                                NULL};

    put_file(home, "work/notes.txt", "a line of notes to read\n", 40);
    note(side, run, program_run(home, argv), stub);
    int64_t bytes = home_size(home, HISTORY) + home_size(home, HISTORY "-wal");
    free(*request);
    *request = mem_text(stub_first_request(stub));
    stub_free(stub);
    home_free(home);
    free(program);
    return bytes;
}

static void run_floor(struct side *side, int run, const struct scene *scene, const char *request)
{
    char *home = home_new(), *program = realpath(PROGRAM_DIR "/bench/floor", NULL);
    struct stub *stub = stub_new(&scene->options);
    const char *const argv[] = {program, stub_url(stub), "floor.db", "request.json", NULL};

    put_file(home, "work/request.json", request, 1);
    put_file(home, "work/notes.txt", "a line of notes to read\n", 40);
    note(side, run, program_run(home, argv), stub);
    stub_free(stub);
    home_free(home);
    free(program);
}

static void compare(const struct scene *scene, struct result *rerail, struct result *floor,
                    int64_t *bytes)
{
    struct side *sides = mem_array(2, sizeof *sides);
    char *request = NULL;

    for (int i = 0; i < RUNS; i++) {
        *bytes = run_rerail(&sides[0], i, scene, &request);
        run_floor(&sides[1], i, scene, request);
    }
    *rerail = sum_up(&sides[0]);
    *floor = sum_up(&sides[1]);
    free(request);
    free(sides);
}

static void show(const char *name, const char *what, const char *unit, double measured,
                 double floor, double times)
{
    char text[80];

    (void)snprintf(text, sizeof text, "%s, %s", name, what);
    figure_over(text, unit, measured, floor, times);
}

static void judge_floor(const struct result *floor)
{
    figure("the floor: overhead a turn (else void)", "ms", floor->overhead_ms, DOC_MS * FLOOR_TO);
    figure("the floor: CPU (else void)", "s", floor->cpu_s, DOC_CPU * FLOOR_TO);
    figure("the floor: peak memory (else void)", "MiB", floor->rss_mb, DOC_RSS * FLOOR_TO);
}

int main(void)
{
    static const struct scene scenes[] = {
        {"50 shell turns", {.turns = 50}},
        {"200 shell turns", {.turns = 200}},
        {"50 read turns",
         {.turns = 50, .tool = "read_file", .input = "{\\\"path\\\":\\\"notes.txt\\\"}"}},
        {"20,000 tokens", {.tokens = 20000}},
    };
    int64_t bytes[sizeof scenes / sizeof *scenes];

    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct result rerail, floor;

        compare(&scenes[i], &rerail, &floor, &bytes[i]);
        if (i == 0)
            judge_floor(&floor);
        if (scenes[i].options.turns > 0)
            show(scenes[i].name, "overhead", "ms", rerail.overhead_ms, floor.overhead_ms, 1.5);
        show(scenes[i].name, "CPU", "s", rerail.cpu_s, floor.cpu_s, 1.5);
        show(scenes[i].name, "memory", "MiB", rerail.rss_mb, floor.rss_mb, 1.3);
    }
    figure_plain("history a shell turn, content included", "KiB",
                 (double)(bytes[1] - bytes[0]) / 150 / 1024);
    return 0;
}
