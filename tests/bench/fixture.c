/* SPDX-License-Identifier: MIT */
/*
 * fixture FILE RUNS TURNS: a history of so many runs of so many turns each, written through the
 * real journal, many turns a commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/mem.h"
#include "history/history.h"
#include "tests/support/tape.h"

#define TURNS_A_COMMIT 100

/* Waits while a worker folds the WAL into the file. */
static int commit(struct tape *tape, const struct journal *journal, struct err *err)
{
    int rc;

    while ((rc = tape_commit(tape, journal, err)) == E_BUSY)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* early is fine */
    return rc;
}

static int new_run(int64_t *run, const struct journal *journal, struct err *err)
{
    int rc;

    while ((rc = journal->class->new_run(journal->self, run, err)) == E_BUSY)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* early is fine */
    return rc;
}

static int record(const struct journal *journal, int turns, struct err *err)
{
    struct tape tape;
    int64_t run;
    int rc = new_run(&run, journal, err);

    if (rc < 0)
        return rc;
    tape_init(&tape, run);
    tape_start(&tape, "look at the files and say what is in them");
    for (int i = 0; rc == 0 && i < turns; i++) {
        char *args = mem_printf("{\"command\":\"sed -n %d,%dp notes.txt\"}", i, i + 20);
        char *result = mem_printf("line %d of the notes\\nanother line of them\\n", i);

        tape_answer(&tape, "I look at the next lines.", "shell", args);
        tape_started(&tape);
        tape_outcome(&tape, EFFECT_OK, result);
        if (i % TURNS_A_COMMIT == 0)
            rc = commit(&tape, journal, err);
        free(args);
        free(result);
    }
    tape_final(&tape, "That is all there is.");
    if (rc == 0)
        rc = commit(&tape, journal, err);
    journal->class->tend(journal->self, false);
    tape_free(&tape);
    return rc;
}

int main(int argc, char **argv)
{
    struct history *history = NULL;
    struct history_report report;
    struct err err = {0};

    if (argc != 4) {
        (void)fprintf(stderr, "usage: fixture FILE RUNS TURNS\n");
        return 2;
    }
    int rc = history_open(&history, &(struct history_options){.path = argv[1]}, &report, &err);
    const struct journal journal = rc == 0 ? history_journal(history) : (struct journal){0};
    for (long i = strtol(argv[2], NULL, 10); rc == 0 && i > 0; i--)
        rc = record(&journal, (int)strtol(argv[3], NULL, 10), &err);
    if (rc < 0)
        (void)fprintf(stderr, "fixture: %s\n", err.msg);
    history_report_free(&report);
    history_close(history);
    return rc < 0 ? 1 : 0;
}
