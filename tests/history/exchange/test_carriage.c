/* SPDX-License-Identifier: MIT */
/*
 * Exports and imports of runs that the engine's own decisions made (tests/data/golden), and on
 * disks that fail at every place.
 */
#include "core/agent/input.h"
#include "core/agent/run.h"
#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/exchange/import.h"
#include "history/fsck.h"
#include "history/history.h"
#include "history/query_run.h"
#include "tests/suite.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/parcel.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER   "tests/data/golden"
#define FILE_MAX ((size_t)16 << 20)
#define VFS      "carriage"
#define CASES    40 /* operations of a sweep that are tried; TEST_SEEDS raises it */

static struct history *open_history(const char *path, const char *vfs)
{
    struct history_options options = {
        .path = path, .vfs = vfs, .stepwise = vfs != NULL, .lock_wait_us = vfs ? 1 : 0};
    struct history_report report;
    struct history *history = NULL;
    struct err err;

    (void)history_open(&history, &options, &report, &err); /* NULL says that it failed */
    history_report_free(&report);
    return history;
}

/* ---- golden runs */

static void put_run(struct batch *batch, int64_t run, const char *uid, const char *spec)
{
    struct record *record = batch_add(batch, RECORD_RUN);

    record->run = run;
    record->wall_us = 1700000000000000;
    record->run_row.uid = mem_text(uid);
    record->body = mem_text(spec);
    record->len = strlen(spec);
}

static struct input *read_input(const cJSON *line)
{
    struct stored_input stored = {
        .seq = json_int(line, "seq", 0),
        .type = (int)json_int(line, "type", -1),
        .wall_us = json_int(line, "wall_us", 0),
        .mono_us = json_int(line, "mono_us", 0),
        .random = strtoull(json_text(line, "random"), NULL, 10),
        .facts = (char *)(uintptr_t)json_text(line, "facts"),
        .body = (char *)(uintptr_t)json_text(line, "body"),
    };
    struct input *input = NULL;

    stored.len = stored.body ? strlen(stored.body) : 0;
    CU_ASSERT_EQUAL_FATAL(input_stored(&input, &stored, NULL), 0);
    return input;
}

/* The run is lived again into a history: its number there. */
static int64_t live_again(struct history *history, const char *name)
{
    struct journal journal = history_journal(history);
    char *path = path_join(FOLDER, name), *text = NULL, *next;
    struct step_out out = {0};
    struct run *run = NULL;
    int64_t number = 0;
    size_t len;

    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, path, FILE_MAX, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(journal.class->new_run(journal.self, &number, NULL), 0);
    for (char *line = text; *line; line = next) {
        size_t size = strcspn(line, "\n");
        cJSON *tree = NULL;

        next = line + size + (line[size] == '\n');
        CU_ASSERT_EQUAL_FATAL(json_parse(&tree, line, size, NULL, NULL), 0);
        if (!run) {
            const char *uid = json_text(tree, "uid"), *spec = json_text(tree, "spec");

            CU_ASSERT_EQUAL_FATAL(run_new(&run, number, uid, spec, NULL), 0);
            put_run(&out.batch, number, uid, spec);
        } else {
            struct input *input = read_input(tree);

            run_step(run, input, &out);
            input_free(input);
        }
        cJSON_Delete(tree);
    }
    CU_ASSERT_EQUAL_FATAL(journal.class->commit(journal.self, &out.batch, NULL), 0);
    run_free(run);
    step_out_free(&out);
    free(text);
    free(path);
    return number;
}

struct road { /* two histories, and the file between them */
    char *dir, *from, *to, *file;
    struct history *source, *target;
};

static void carry(struct road *road, int64_t run, const char *name)
{
    struct import_options options = {.path = road->file, .states = RUN_STATE_COUNT};
    struct import_report report;
    struct err err = {0};
    char *text = parcel_of(road->from, run, &err);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    scratch_write(road->dir, "run", text);
    int rc = import_run(&report, road->target, &options, &err);
    if (rc < 0)
        printf("%s: %s\n", name, err.msg);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    char *again = parcel_of(road->to, report.run, &err);
    CU_ASSERT_STRING_EQUAL(again, text);
    free(text);
    free(again);
}

static void open_road(struct road *road)
{
    road->dir = scratch_new();
    road->from = mem_printf("%s/from/history.db", road->dir);
    road->to = mem_printf("%s/to/history.db", road->dir);
    road->file = mem_printf("%s/run", road->dir);
    road->source = open_history(road->from, NULL);
    road->target = open_history(road->to, NULL);
}

static void close_road(struct road *road)
{
    history_close(road->source);
    history_close(road->target);
    free(road->from);
    free(road->to);
    free(road->file);
    scratch_free(road->dir);
}

static void test_golden(void)
{
    DIR *dir = opendir(FOLDER);
    struct dirent *entry;
    struct road road;
    size_t count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    open_road(&road);
    while ((entry = readdir(dir)))
        if (str_ends(entry->d_name, ".jsonl")) {
            carry(&road, live_again(road.source, entry->d_name), entry->d_name);
            count++;
        }
    closedir(dir);
    CU_ASSERT_TRUE(count > 0);
    close_road(&road);
}

/* ---- runs made at random */

static unsigned roll(uint64_t *dice, unsigned sides)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    return (unsigned)(*dice >> 32) % sides;
}

struct mark { /* a place to go back to */
    int64_t node, depth, segment;
    struct hash chain;
};

/* Text of any kind: long, empty, not UTF-8, with quotes and controls. */
static char *any_text(uint64_t *dice)
{
    static const char *const kinds[] = {"",
                                        "plain",
                                        "\"quoted\" \\ \n\t",
                                        "\xe2\x82\xac \xf0\x9f\x98\x80",
                                        "\xff\xfe\x80 bytes",
                                        "{\"a\":[1,2,{}]}"};
    const char *kind = kinds[roll(dice, 6)];
    size_t times = roll(dice, 8) == 0 ? 40000 : 1 + roll(dice, 3), len = strlen(kind);
    char *text = mem_new(len * times + 1);

    for (size_t i = 0; i < times; i++)
        memcpy(text + i * len, kind, len);
    return text;
}

static void act(struct tape *tape, struct mark *mark, uint64_t *dice)
{
    char *text = any_text(dice);

    switch (roll(dice, 6)) {
    case 0: tape_input(tape, 3, "{\"class\":\"x\"}", text); break;
    case 1: tape_label(tape, mark->node, "a name"); break;
    case 2:
        tape_jump(tape, HEAD_ROLLBACK, mark->node, mark->depth, mark->segment, &mark->chain);
        break;
    case 3: *mark = (struct mark){tape->node, tape->depth, tape->segment, tape->chain}; break;
    case 4: tape_event(tape, EVENT_NOTICE, "{\"text\":\"something\"}"); break;
    default:
        tape_answer(tape, "again", "search", "{}");
        tape_started(tape);
        tape_outcome(tape, EFFECT_OK, text);
        break;
    }
    free(text);
}

static void test_random(void)
{
    unsigned seeds = suite_amount("SEEDS", 10000) / 500;
    struct road road;

    open_road(&road);
    for (unsigned seed = 1; seed <= seeds; seed++) {
        struct journal journal = history_journal(road.source);
        uint64_t dice = seed * 0x9e3779b97f4a7c15u;
        char name[32];
        struct tape tape;
        struct mark mark;
        struct err err = {0};

        (void)str_format(name, sizeof name, "seed %u", seed);
        CU_ASSERT_EQUAL(tape_record(&tape, &journal, 1, &err), 0);
        mark = (struct mark){tape.node, tape.depth, tape.segment, tape.chain};
        for (unsigned i = roll(&dice, 12); i > 0; i--)
            act(&tape, &mark, &dice);
        tape_final(&tape, "the end");
        CU_ASSERT_EQUAL(tape_commit(&tape, &journal, &err), 0);
        carry(&road, tape.run, name);
        tape_free(&tape);
    }
    close_road(&road);
}

/* ---- disks that fail */

struct cargo { /* a run as a file */
    char *text;
    int64_t nodes;
};

static struct cargo pack(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/history.db", dir);
    struct history *history = open_history(path, NULL);
    struct journal journal = history_journal(history);
    struct cargo cargo;
    struct tape tape;
    struct err err = {0};

    CU_ASSERT_EQUAL(tape_record(&tape, &journal, 6, &err), 0);
    cargo = (struct cargo){parcel_of(path, tape.run, &err), tape.nodes};
    CU_ASSERT_PTR_NOT_NULL_FATAL(cargo.text);
    history_close(history);
    tape_free(&tape);
    free(path);
    scratch_free(dir);
    return cargo;
}

struct machine {
    char *dir, *path, *file;
    struct fault_disk *disk;
    struct history *history;
    const struct cargo *cargo;
};

static void set_up(struct machine *m, const struct cargo *cargo, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->cargo = cargo;
    m->dir = scratch_new();
    m->path = mem_printf("%s/history.db", m->dir);
    m->file = mem_printf("%s/run", m->dir);
    scratch_write(m->dir, "run", cargo->text);
    m->disk = fault_disk_new(VFS, seed);
    m->history = open_history(m->path, VFS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m->history);
}

static void tear_down(struct machine *m)
{
    history_drop(m->history);
    fault_disk_free(m->disk);
    free(m->path);
    free(m->file);
    scratch_free(m->dir);
}

static int take(struct machine *m)
{
    struct import_options options = {.path = m->file, .states = RUN_STATE_COUNT};
    struct import_report report;
    struct err err;

    return import_run(&report, m->history, &options, &err);
}

/* All of the run is there, or nothing; 1, 0. */
static int judge(struct machine *m, const char *what, int64_t at)
{
    struct fsck_options options = {0};
    struct fsck_report report = {0};
    struct query *q = NULL;
    int64_t runs = -1;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(query_open(&q, m->path, VFS, &err), 0);
    CU_ASSERT_EQUAL(query_run_count(q, &runs, &err), 0);
    CU_ASSERT_EQUAL(fsck_run(&report, q, &options, &err), 0);
    query_close(q);
    if (report.findings || (runs ? report.nodes != m->cargo->nodes : report.nodes != 0))
        printf("%s at %lld: %lld runs, %lld nodes, %lld findings\n", what, (long long)at,
               (long long)runs, (long long)report.nodes, (long long)report.findings);
    CU_ASSERT_EQUAL(report.findings, 0);
    CU_ASSERT(runs == 0 || runs == 1);
    CU_ASSERT_EQUAL(report.nodes, runs ? m->cargo->nodes : 0);
    return (int)runs;
}

static int64_t operations(const struct cargo *cargo)
{
    struct machine m;

    set_up(&m, cargo, 1);
    fault_disk_plan(m.disk, &(struct fault_plan){.at = INT64_MAX, .ops = FAULT_ALL});
    CU_ASSERT_EQUAL(take(&m), 0);
    int64_t count = fault_disk_ops(m.disk);
    tear_down(&m);
    return count;
}

/* One operation fails, once or for ever; then the disk is well again. */
static void fail_at(const struct cargo *cargo, int64_t at, enum fault_kind kind, bool lasting)
{
    struct machine m;

    set_up(&m, cargo, (uint64_t)at + 1);
    fault_disk_plan(
        m.disk, &(struct fault_plan){.at = at, .kind = kind, .lasting = lasting, .ops = FAULT_ALL});
    int rc = take(&m);
    fault_disk_plan(m.disk, NULL);
    history_drop(m.history);
    m.history = open_history(m.path, VFS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m.history);
    int there = judge(&m, lasting ? "failing from" : "failing", at);
    CU_ASSERT(rc < 0 || there == 1); /* what was said to be there is there */
    if (!there)
        CU_ASSERT_EQUAL(take(&m), 0);
    tear_down(&m);
}

static void test_failing(void)
{
    struct cargo cargo = pack();
    int64_t count = operations(&cargo);
    int64_t step = count / suite_amount("CASES", CASES) + 1;

    CU_ASSERT(count >= 2); /* the frames of its commit, and their sync */
    for (int64_t at = 1; at <= count; at += step) {
        fail_at(&cargo, at, FAULT_IOERR, false);
        fail_at(&cargo, at, FAULT_FULL, false);
        fail_at(&cargo, at, FAULT_FULL, true);
    }
    free(cargo.text);
}

/* The power goes while it is taken in. */
static void test_power(void)
{
    static const enum fault_power ways[] = {FAULT_POWER_DROP, FAULT_POWER_KEEP, FAULT_POWER_SHUFFLE,
                                            FAULT_POWER_TEAR};
    struct cargo cargo = pack();
    int64_t count = operations(&cargo);
    int64_t step = count / suite_amount("CASES", CASES) + 1;
    size_t way = 0;

    for (int64_t at = 1; at <= count; at += step) {
        struct machine m;

        set_up(&m, &cargo, (uint64_t)at + 7);
        fault_disk_plan(
            m.disk,
            &(struct fault_plan){.at = at, .kind = FAULT_IOERR, .lasting = true, .ops = FAULT_ALL});
        int rc = take(&m);
        fault_disk_power_cut(m.disk, ways[way++ % 4]);
        fault_disk_plan(m.disk, NULL);
        history_drop(m.history);
        m.history = open_history(m.path, VFS);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m.history);
        int there = judge(&m, "power cut", at);
        CU_ASSERT(rc < 0 || there == 1);
        tear_down(&m);
    }
    free(cargo.text);
}

static const struct test tests[] = {
    {"every golden run goes out, comes in and goes out the same", test_golden},
    {"runs made at random go out, come in and go out the same", test_random},
    {"S01 an import on a failing or full disk is whole or not there", test_failing},
    {"S14 an import that the power ends is whole or not there", test_power},
    {NULL, NULL},
};

const struct suite suite_carriage = {"carriage", tests};
