/* SPDX-License-Identifier: MIT */
/* The writing side over real files: what is committed is there again, and only then. */
#include "history/history.h"

#include "core/base/mem.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    char *dir, *path;
    struct history *history;
    struct journal journal;
    struct history_report report;
    struct err err;
};

static bool open_bench(struct bench *b)
{
    struct history_options options = {.path = b->path};

    history_report_free(&b->report);
    int rc = history_open(&b->history, &options, &b->report, &b->err);
    CU_ASSERT_EQUAL(rc, 0);
    if (rc == 0)
        b->journal = history_journal(b->history);
    return rc == 0;
}

static bool set_up(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->dir = scratch_new();
    b->path = mem_printf("%s/history.db", b->dir);
    return open_bench(b);
}

static void tear_down(struct bench *b)
{
    history_close(b->history);
    history_report_free(&b->report);
    free(b->path);
    scratch_free(b->dir);
}

struct seen {
    int64_t nodes, last_depth;
    char last[256];
};

static int see(void *ctx, const struct chain_node *node)
{
    struct seen *seen = ctx;

    seen->nodes++;
    CU_ASSERT(node->depth > seen->last_depth);
    seen->last_depth = node->depth;
    snprintf(seen->last, sizeof seen->last, "%.*s", (int)node->len, node->body);
    return 0;
}

/* What the guards remember after a restart: who was asked, and how it ended. */
static void test_past_attempts(void)
{
    struct bench b;
    struct tape tape;
    struct past_attempt *past = NULL;
    size_t count = 0, models = 0, tools = 0;
    int64_t run = 0;

    if (!set_up(&b))
        return;
    CU_ASSERT_EQUAL(b.journal.class->new_run(b.journal.self, &run, &b.err), 0);
    tape_init(&tape, run);
    CU_ASSERT_EQUAL(tape_record(&tape, &b.journal, 2, &b.err), 0);
    CU_ASSERT_EQUAL(b.journal.class->past(b.journal.self, 0, &past, &count, &b.err), 0);
    for (size_t i = 0; i < count; i++) {
        bool tool = strcmp(past[i].scope, "tool") == 0;

        CU_ASSERT_PTR_NOT_NULL(strchr(past[i].key, tool ? '@' : '/'));
        models += !tool;
        tools += tool;
        free(past[i].scope);
        free(past[i].key);
        free(past[i].outcome);
    }
    CU_ASSERT(models > 0);
    CU_ASSERT(tools > 0);
    free(past);
    tape_free(&tape);
    tear_down(&b);
}

static void test_chain_comes_back(void)
{
    struct bench b;
    struct tape tape;
    struct seen seen = {0};

    if (!set_up(&b))
        return;
    CU_ASSERT(b.report.fresh);
    CU_ASSERT_EQUAL(tape_record(&tape, &b.journal, 3, &b.err), 0);
    CU_ASSERT_EQUAL(b.journal.class->chain(b.history, tape.run, 0, 0, see, &seen, &b.err), 0);
    CU_ASSERT_EQUAL(seen.nodes, 2 + 3 * 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.last, "\"content\":\"3\""));
    tape_free(&tape);
    tear_down(&b);
}

static void test_image_holds_inputs_since_checkpoint(void)
{
    struct bench b;
    struct tape tape;
    struct run_image image;

    if (!set_up(&b))
        return;
    tape_record(&tape, &b.journal, 2, &b.err);
    tape_answer(&tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(tape_commit(&tape, &b.journal, &b.err), 0);
    history_drop(b.history);
    open_bench(&b);
    CU_ASSERT(b.report.unclean);
    CU_ASSERT_EQUAL(b.journal.class->claim(b.history, tape.run, &b.err), 0);
    CU_ASSERT_EQUAL(b.journal.class->load(b.history, tape.run, &image, &b.err), 0);
    CU_ASSERT_STRING_EQUAL(image.uid, tape.uid);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.summary, "\"node\":6"));
    /* The call that began with the checkpoint's pass, and the two of the answer. */
    CU_ASSERT_EQUAL(image.input_count, 3);
    CU_ASSERT_EQUAL(image.inputs[2].seq, tape.inputs);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.inputs[1].body, "assistant"));
    CU_ASSERT_PTR_NULL(image.inputs[2].body);
    run_image_free(&image);
    tape_free(&tape);
    tear_down(&b);
}

const struct suite suite_history = {
    "history",
    (const struct test[]){
        {"a committed chain comes back whole and in order", test_chain_comes_back},
        {"an image is the newest checkpoint and the inputs since",
         test_image_holds_inputs_since_checkpoint},
        {"attempts of other processes are there to teach the guards", test_past_attempts},
        {NULL, NULL},
    },
};
