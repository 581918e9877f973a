/* SPDX-License-Identifier: MIT */
/* What starting costs: --version beside a program that only loads the same libraries. */
#include <stdlib.h>

#include "tests/bench/kit/figure.h"
#include "tests/bench/kit/program.h"

#define RUNS 41

int main(void)
{
    char *home = home_new();
    char *rerail = realpath(PROGRAM_DIR "/rerail", NULL);
    char *empty = realpath(PROGRAM_DIR "/bench/empty", NULL);
    const char *const version[] = {rerail, "--version", NULL};
    const char *const nothing[] = {empty, NULL};
    double cpu[2][RUNS], wall[2][RUNS];

    for (int i = 0; i < RUNS; i++) {
        struct program_cost ours = program_run(home, version);
        struct program_cost theirs = program_run(home, nothing);

        cpu[0][i] = ours.cpu_s * 1000;
        cpu[1][i] = theirs.cpu_s * 1000;
        wall[0][i] = ours.wall_s * 1000;
        wall[1][i] = theirs.wall_s * 1000;
    }
    figure_heading();
    figure_over("--version, CPU", "ms", median(cpu[0], RUNS), median(cpu[1], RUNS), 1.2);
    figure_over("--version, wall", "ms", median(wall[0], RUNS), median(wall[1], RUNS), 1.2);
    free(rerail);
    free(empty);
    home_free(home);
    return 0;
}
