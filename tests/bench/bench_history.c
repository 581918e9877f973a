/* SPDX-License-Identifier: MIT */
/*
 * What the record costs: growth a turn; rolling back and opening a run of 10,000 iterations; pages
 * of a run of 1,000,000 events and of a list of 1,000 runs. Written by tape, read as the console
 * reads. Times are the process's own processor time where the bound is one, else walls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "history/history.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_jump.h"
#include "history/query_run.h"
#include "history/query_work.h"
#include "tests/bench/kit/figure.h"
#include "tests/bench/kit/program.h"
#include "tests/support/tape.h"

#define TURNS      300 /* of the run that is weighed */
#define ITERATIONS 10000
#define EVENTS     1000000
#define LISTED     1000 /* runs */
#define AT_ONCE    50   /* turns of one commit, where only the result matters */
#define TRIES      21
#define ROWS       60 /* of a screen */

struct bench {
    char *home, *path;
    struct history *history;
    struct journal journal;
    struct tape tape;
    struct query *q;
    struct arena arena;
};

static double seconds(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double wall_ms(void)
{
    return seconds(CLOCK_MONOTONIC) * 1e3;
}

static double cpu_ms(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID) * 1e3;
}

static double resident_mb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        pages = resident = 0;
    if (file)
        fclose(file);
    return (double)resident * 4096 / (1 << 20);
}

static void must(int rc, const struct err *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_history: %s\n", err->msg);
    exit(1);
}

static void open_history(struct bench *b)
{
    struct history_report report;
    struct err err = {0};

    must(history_open(&b->history, &(struct history_options){.path = b->path}, &report, &err),
         &err);
    b->journal = history_journal(b->history);
    history_report_free(&report);
}

static void close_history(struct bench *b)
{
    query_close(b->q);
    b->q = NULL;
    history_close(b->history);
    b->history = NULL;
}

static void look(struct bench *b)
{
    struct err err = {0};

    must(query_open(&b->q, b->path, NULL, &err), &err);
}

static void commit(struct bench *b)
{
    struct err err = {0};

    must(tape_commit(&b->tape, &b->journal, &err), &err);
    b->journal.class->tend(b->history, false);
}

/* ---- growth */

static void weigh(struct bench *b)
{
    struct err err = {0};

    must(tape_record(&b->tape, &b->journal, 20, &err), &err);
    close_history(b);
    int64_t before = home_size(b->home, "state/history.db");
    open_history(b);
    must(b->journal.class->claim(b->history, b->tape.run, &err), &err);
    for (int i = 0; i < TURNS; i++) {
        must(tape_turn(&b->tape, &b->journal, &err), &err);
        b->journal.class->tend(b->history, false);
    }
    struct history_facts facts;
    history_facts(b->history, &facts);
    close_history(b);
    figure("commits a turn", "", (double)facts.commits / TURNS, 3);
    figure("growth a turn, content included", "KiB",
           (double)(home_size(b->home, "state/history.db") - before) / TURNS / 1024, 5);
    tape_free(&b->tape);
    open_history(b);
}

/* ---- a run of 10,000 iterations */

static void record_long_run(struct bench *b)
{
    struct err err = {0};

    must(tape_record(&b->tape, &b->journal, 0, &err), &err);
    for (int i = 0; i < ITERATIONS; i++) {
        tape_answer(&b->tape, "", "shell", "{\"command\":\"make test\"}");
        tape_started(&b->tape);
        tape_outcome(&b->tape, EFFECT_OK, "all of it passed");
        if (i % AT_ONCE == AT_ONCE - 1)
            commit(b);
    }
}

static int count_node(void *ctx, const struct chain_node *node)
{
    (void)node;
    ++*(int64_t *)ctx;
    return 0;
}

static void walk_long_run(struct bench *b)
{
    struct err err = {0};
    struct run_image image;
    double chain[TRIES], load[TRIES];

    for (int i = 0; i < TRIES; i++) {
        int64_t nodes = 0;
        double start = wall_ms();
        must(b->journal.class->chain(b->history, b->tape.run, 0, 0, count_node, &nodes, &err),
             &err);
        chain[i] = wall_ms() - start;
        start = wall_ms();
        must(b->journal.class->load(b->history, b->tape.run, &image, &err), &err);
        load[i] = wall_ms() - start;
        run_image_free(&image);
    }
    figure("walk a chain of 20,000 nodes", "ms", median(chain, TRIES), 30);
    figure_plain("load what it takes to go on", "ms", median(load, TRIES));
}

/* To a checkpoint half-way and back, in turn. */
static void roll_back(struct bench *b)
{
    double took[TRIES];
    struct tape head = b->tape;
    int64_t half = head.nodes / 4 * 2;

    for (int i = 0; i < TRIES; i++) {
        bool back = i % 2 == 0;
        tape_jump(&b->tape, back ? HEAD_ROLLBACK : HEAD_UNDO, back ? half : head.node,
                  back ? half : head.depth, 1, &head.chain);
        double start = wall_ms();
        commit(b);
        took[i] = wall_ms() - start;
    }
    tape_jump(&b->tape, HEAD_UNDO, head.node, head.depth, 1, &head.chain);
    commit(b);
    figure("roll back in 10,000 iterations", "ms", median(took, TRIES), 10);
}

/* What a console asks for before its first frame of a run. */
static void read_first_screen(struct bench *b)
{
    struct err err = {0};
    struct run_row run;
    struct chain_path path;
    struct open_work open;
    struct window window = {.run = b->tape.run, .limit = 100};
    void *rows;
    size_t count;

    look(b);
    must(query_run(b->q, &b->arena, b->tape.run, &run, &err), &err);
    must(query_path(b->q, &b->arena, b->tape.run, 0, &path, &err), &err);
    must(query_nodes(b->q, &b->arena, &path, path.depth - ROWS, ROWS, (struct node_row **)&rows,
                     &count, &err),
         &err);
    must(query_checkpoints(b->q, &b->arena, b->tape.run, 0, ROWS, (struct checkpoint_row **)&rows,
                           &count, &err),
         &err);
    must(query_open_work(b->q, &b->arena, b->tape.run, ROWS, &open, &err), &err);
    must(query_transitions(b->q, &b->arena, b->tape.run, 10, (struct transition_row **)&rows,
                           &count, &err),
         &err);
    must(query_window(b->q, &b->arena, &window, (struct attempt_row **)&rows, &count, &err), &err);
    query_close(b->q);
    b->q = NULL;
    arena_clear(&b->arena);
}

static void open_long_run(struct bench *b)
{
    double took[TRIES];

    for (int i = 0; i < TRIES; i++) {
        double start = wall_ms();
        read_first_screen(b);
        took[i] = wall_ms() - start;
    }
    figure("open that run, reads of one screen", "ms", median(took, TRIES), 50);
}

/* ---- 1,000,000 events */

static void record_events(struct bench *b)
{
    struct err err = {0};

    must(tape_record(&b->tape, &b->journal, 0, &err), &err);
    for (int i = 0; i < EVENTS; i++) {
        tape_event(&b->tape, EVENT_NOTICE, "{\"text\":\"something the operator should know\"}");
        if (i % 5000 == 4999) {
            tape_input(&b->tape, 1, "{}", NULL);
            commit(b);
        }
    }
}

static void page_through_events(struct bench *b)
{
    double took[1000];
    struct err err = {0};
    struct event_row *rows;
    size_t count;
    int64_t last;

    look(b);
    must(query_last_seq(b->q, &last, &err), &err);
    read_first_screen(b);
    look(b);
    double before = resident_mb();
    for (int i = 0; i < 1000; i++) {
        struct event_page page = {
            .run = b->tape.run, .before = last - (int64_t)i * (EVENTS / 1000 - 1), .limit = ROWS};
        double start = cpu_ms();
        must(query_events(b->q, &b->arena, &page, &rows, &count, &err), &err);
        took[i] = cpu_ms() - start;
        arena_clear(&b->arena);
    }
    figure("a page of 1,000,000 events, processor", "ms", median(took, 1000), 4);
    figure("memory that paging through them adds", "MiB", resident_mb() - before, 4);
    query_close(b->q);
    b->q = NULL;
}

/* ---- 1,000 runs */

static void list_runs(struct bench *b)
{
    double took[TRIES];
    struct err err = {0};
    struct run_row *rows;
    size_t count;

    for (int i = 0; i < LISTED; i++) {
        struct tape tape;
        must(tape_record(&tape, &b->journal, 0, &err), &err);
        tape_free(&tape);
    }
    for (int i = 0; i < TRIES; i++) {
        double start = wall_ms();
        look(b);
        must(query_runs(b->q, &b->arena, &(struct run_page){.limit = ROWS}, &rows, &count, &err),
             &err);
        took[i] = wall_ms() - start;
        query_close(b->q);
        b->q = NULL;
        arena_clear(&b->arena);
    }
    figure("open a history of 1,000 runs, first page", "ms", median(took, TRIES), 10);
}

int main(void)
{
    struct bench b = {.home = home_new()};

    b.path = path_join(b.home, "state/history.db");
    figure_heading();
    open_history(&b);
    weigh(&b);
    record_long_run(&b);
    walk_long_run(&b);
    roll_back(&b);
    open_long_run(&b);
    tape_free(&b.tape);
    record_events(&b);
    page_through_events(&b);
    tape_free(&b.tape);
    list_runs(&b);
    close_history(&b);
    arena_free(&b.arena);
    home_free(b.home);
    free(b.path);
    return 0;
}
