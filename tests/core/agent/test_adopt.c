/* SPDX-License-Identifier: MIT */
/* Another agent's record becomes a run that history takes for a sound one. */
#include "core/agent/adopt.h"

#include "core/agent/run.h"
#include "core/agent/state.h"
#include "core/base/mem.h"
#include "core/config/run_config.h"
#include "core/exchange/trajectory.h"
#include "history/fsck.h"
#include "history/gc.h"
#include "history/history.h"
#include "history/query_chain.h"
#include "history/query_run.h"
#include "tests/suite.h"
#include "tests/support/parcel.h"
#include "tests/support/scratch.h"

#include <stdlib.h>
#include <string.h>

#define UID      "11111111-2222-4333-8444-555555555555"
#define DAY      1790000000000000
#define IMPORTED (DAY + 9000000000)

struct site {
    char *dir, *path;
    struct history *history;
    struct journal journal;
    struct run_config *config;
    struct trajectory *record;
    int64_t run;
    struct err err;
};

static void set_up(struct site *s)
{
    struct history_report report;

    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    s->path = mem_printf("%s/history.db", s->dir);
    CU_ASSERT_EQUAL_FATAL(
        history_open(&s->history, &(struct history_options){.path = s->path}, &report, &s->err), 0);
    history_report_free(&report);
    s->journal = history_journal(s->history);
    run_config_new(&s->config);
    s->record = trajectory_new();
}

static void tear_down(struct site *s)
{
    history_close(s->history);
    run_config_free(s->config);
    trajectory_free(s->record);
    free(s->path);
    scratch_free(s->dir);
}

static int take(struct site *s)
{
    struct batch batch = {0};
    struct adoption adoption = {.uid = UID,
                                .format = "codex",
                                .record = s->record,
                                .config = s->config,
                                .wall_us = IMPORTED};
    int rc = s->journal.class->new_run(s->journal.self, &s->run, &s->err);

    adoption.run = s->run;
    if (rc == 0)
        rc = adopt(&batch, &adoption, &s->err);
    if (rc == 0)
        rc = s->journal.class->commit(s->journal.self, &batch, &s->err);
    batch_free(&batch);
    (void)s->journal.class->release(s->journal.self, s->run, NULL);
    return rc;
}

static int64_t findings(struct site *s)
{
    struct fsck_options options = {0};
    struct fsck_report report = {0};
    struct query *q;

    CU_ASSERT_EQUAL_FATAL(query_open(&q, s->path, NULL, &s->err), 0);
    CU_ASSERT_EQUAL(fsck_run(&report, q, &options, &s->err), 0);
    query_close(q);
    return report.findings;
}

static void tell(struct trajectory *t)
{
    struct trajectory_step *step;

    trajectory_name(&t->session, "session-1");
    trajectory_name(&t->model, "gpt-5-codex");
    trajectory_name(&t->workspace, "/");
    trajectory_add(t, SPEAKER_SYSTEM, "Be careful.")->us = DAY;
    trajectory_add(t, SPEAKER_USER, "Go")->us = DAY + 1000;
    step = trajectory_add(t, SPEAKER_AGENT, "I look");
    step->us = DAY - 5; /* a clock that was set back */
    step->tokens_in = 100;
    step->tokens_out = INT64_MAX; /* a record may say anything */
    (void)trajectory_call_add(step, "same", "shell", "{\"b\":1,\"a\":2}");
    (void)trajectory_call_add(step, "same", "shell", "not JSON");
    (void)trajectory_call_add(step, "", "", "");
    (void)trajectory_answer(t, "same", "fine", false, DAY + 2000);
    (void)trajectory_answer(t, "same", "broke", true, DAY + 3000);
    (void)trajectory_add(t, SPEAKER_AGENT, "Done");
}

static void test_sound(void)
{
    struct site s;
    struct arena arena = {0};
    struct run_row row;
    struct query *q;

    set_up(&s);
    tell(s.record);
    CU_ASSERT_EQUAL_FATAL(take(&s), 0);
    CU_ASSERT_EQUAL(findings(&s), 0);
    CU_ASSERT_EQUAL_FATAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_run(q, &arena, s.run, &row, &s.err), 0);
    CU_ASSERT_STRING_EQUAL(row.origin, "codex");
    CU_ASSERT_STRING_EQUAL(row.title, "Go");
    CU_ASSERT_EQUAL(row.state, RUN_COMPLETED);
    CU_ASSERT_EQUAL(row.iterations, 2);
    CU_ASSERT_EQUAL(row.tool_calls, 3);
    CU_ASSERT_EQUAL(row.errors, 1);
    CU_ASSERT_EQUAL(row.owner, RUN_UNOWNED);
    query_close(q);
    arena_free(&arena);
    CU_ASSERT_EQUAL(s.journal.class->claim(s.journal.self, s.run, &s.err), E_DENIED);
    tear_down(&s);
}

/* Each of its checkpoints is one that a run can begin from. */
static void test_checkpoints(void)
{
    struct site s;
    struct arena arena = {0};
    struct checkpoint_row *rows;
    struct run_image image;
    struct run *run;
    struct query *q;
    size_t count = 0;

    set_up(&s);
    tell(s.record);
    CU_ASSERT_EQUAL_FATAL(take(&s), 0);
    CU_ASSERT_EQUAL_FATAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_checkpoints(q, &arena, s.run, 0, 99, &rows, &count, &s.err), 0);
    CU_ASSERT_EQUAL(count, 3);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL_FATAL(
            s.journal.class->load_at(s.journal.self, s.run, rows[i].node, &image, &s.err), 0);
        CU_ASSERT_EQUAL_FATAL(run_new(&run, s.run, image.uid, image.config, &s.err), 0);
        CU_ASSERT_EQUAL(run_restore(run, image.summary, &s.err), 0);
        CU_ASSERT_EQUAL(run_head(run), rows[i].node);
        run_free(run);
        run_image_free(&image);
    }
    query_close(q);
    arena_free(&arena);
    tear_down(&s);
}

/* Asked to delete what is old, gc leaves a record that came in today. */
static void test_age(void)
{
    struct site s;
    struct gc_report report;

    set_up(&s);
    tell(s.record);
    CU_ASSERT_EQUAL_FATAL(take(&s), 0);
    struct gc_options options = {.path = s.path, .older_us = IMPORTED - 1};
    CU_ASSERT_EQUAL(gc_run(&report, &options, &s.err), 0);
    CU_ASSERT_EQUAL(report.runs, 0);
    options.older_us = IMPORTED + 1;
    CU_ASSERT_EQUAL(gc_run(&report, &options, &s.err), 0);
    CU_ASSERT_EQUAL(report.runs, 1);
    tear_down(&s);
}

static void test_without_a_question(void)
{
    struct site s;
    struct arena arena = {0};
    struct run_row row;
    struct query *q;

    set_up(&s);
    trajectory_name(&s.record->agent, "opencode");
    trajectory_name(&s.record->session, "ses_1");
    (void)trajectory_add(s.record, SPEAKER_AGENT, "Done");
    CU_ASSERT_EQUAL_FATAL(take(&s), 0);
    CU_ASSERT_EQUAL_FATAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_run(q, &arena, s.run, &row, &s.err), 0);
    CU_ASSERT_STRING_EQUAL(row.title, "opencode ses_1");
    query_close(q);
    arena_free(&arena);
    CU_ASSERT_EQUAL(findings(&s), 0);
    tear_down(&s);
}

/* As one of our own it goes out in a file and comes in elsewhere. */
static void test_carried(void)
{
    struct site s;

    set_up(&s);
    tell(s.record);
    CU_ASSERT_EQUAL_FATAL(take(&s), 0);
    char *text = parcel_of(s.path, s.run, &s.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "not JSON"));
    free(text);
    tear_down(&s);
}

static void test_too_large(void)
{
    struct site s;
    struct trajectory_step *step;

    set_up(&s);
    (void)trajectory_add(s.record, SPEAKER_USER, "Go");
    step = trajectory_add(s.record, SPEAKER_AGENT, "Many");
    for (int i = 0; i < 200; i++)
        (void)trajectory_call_add(step, "", "shell", "{}");
    CU_ASSERT_EQUAL(take(&s), E_TOOBIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "message 2"));
    CU_ASSERT_EQUAL(findings(&s), 0);
    tear_down(&s);
}

static const struct test tests[] = {
    {"a record becomes a sound run that nobody can go on with", test_sound},
    {"every checkpoint of it can be begun from", test_checkpoints},
    {"a record without a question is called by its session", test_without_a_question},
    {"its age is counted from its import", test_age},
    {"it can be exported", test_carried},
    {"a message that no run holds is named", test_too_large},
    {NULL, NULL},
};

const struct suite suite_adopt = {"adopt", tests};
