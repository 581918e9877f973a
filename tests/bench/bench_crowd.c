/* SPDX-License-Identifier: MIT */
/* A hundred runs in one process beside one run: what a turn waits for the others, and costs. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/bench/kit/figure.h"
#include "tests/bench/kit/program.h"
#include "tests/bench/kit/stub.h"

struct result {
    double overhead_ms, cpu_ms, turns;
};

static struct result run(int runs, int over_ms, const struct stub_options *options)
{
    char *home = home_new(), *program = realpath(PROGRAM_DIR "/bench/crowd", NULL);
    struct stub *stub = stub_new(options);
    char *count = mem_printf("%d", runs), *ms = mem_printf("%d", over_ms);
    const char *const argv[] = {program, stub_url(stub), count, ms, NULL};
    struct result result = {.cpu_ms = program_run(home, argv).cpu_s * 1000};
    const double *overheads;
    size_t turns = stub_overheads(stub, &overheads);
    double *sorted = mem_copy(overheads, turns * sizeof *overheads);

    result.turns = (double)turns;
    result.overhead_ms = median(sorted, turns) / 1000;
    if (turns != (size_t)runs * (size_t)options->turns) {
        (void)fprintf(stderr, "%zu turns were made, not %d\n", turns, runs * options->turns);
        exit(1);
    }
    free(sorted);
    free(count);
    free(ms);
    free(program);
    stub_free(stub);
    home_free(home);
    return result;
}

int main(void)
{
    const struct stub_options slow = {.turns = 4, .delay_us = 2 * (int64_t)US_PER_S};
    const struct stub_options quick = {.turns = 20}, alone = {.turns = 400};
    struct result one = run(1, 0, &slow), many = run(100, 2000, &slow);

    figure_over("100 runs over 2 s: overhead a turn", "ms", many.overhead_ms, one.overhead_ms, 3);
    one = run(1, 0, &alone);
    many = run(100, 0, &quick);
    figure_over("100 runs at no latency: CPU a turn", "ms", many.cpu_ms / many.turns,
                one.cpu_ms / one.turns, 1.3);
    return 0;
}
