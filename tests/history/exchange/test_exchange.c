/* SPDX-License-Identifier: MIT */
/* A run goes out as one file and comes in again, or is refused; nothing in between. */
#include "history/exchange/import.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "history/exchange/container.h"
#include "history/fsck.h"
#include "history/gc.h"
#include "history/history.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_run.h"
#include "history/query_search.h"
#include "tests/suite.h"
#include "tests/support/parcel.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES 10

struct site {
    char *dir, *from, *to, *file; /* two histories, and the file between them */
    struct history *source, *target;
    struct tape tape;
    char *parcel;
    struct err err;
};

static struct history *open_history(const char *path)
{
    struct history_options options = {.path = path};
    struct history_report report;
    struct history *history = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(history_open(&history, &options, &report, &err), 0);
    history_report_free(&report);
    return history;
}

/* A run with a bit of everything: attempts that failed, a rollback and a second line, a label, a
   long body, bytes that are no text. */
static void live(struct site *s)
{
    struct journal journal = history_journal(s->source);
    struct tape *tape = &s->tape;
    struct hash chain;
    int64_t node, depth, segment;
    char *big = mem_new(700000);

    memset(big, 'x', 699999);
    memcpy(big + 262142, "\xe2\x82\xac", 3); /* across the end of a piece */
    CU_ASSERT_EQUAL(tape_record(tape, &journal, 2, &s->err), 0);
    node = tape->node;
    depth = tape->depth;
    segment = tape->segment;
    chain = tape->chain;
    tape_label(tape, node, "before the storm");
    tape_event(tape, EVENT_LABEL, "{\"text\":\"before the storm\"}");
    tape_failed_attempt(tape, "server", "500 Internal Server Error");
    tape_answer(tape, "I look once more", "search", "{\"query\":\"sk-abcdefghijklmnopqrst\"}");
    tape_started(tape);
    tape_outcome(tape, EFFECT_OK, big);
    CU_ASSERT_EQUAL(tape_commit(tape, &journal, &s->err), 0);
    tape_input(tape, 3, "{\"class\":\"garbage\"}", "\xff\xfe raw \x01 bytes");
    tape_jump(tape, HEAD_ROLLBACK, node, depth, segment, &chain);
    tape_event(tape, EVENT_ROLLBACK, "{\"op\":\"rollback\"}");
    CU_ASSERT_EQUAL(tape_commit(tape, &journal, &s->err), 0);
    CU_ASSERT_EQUAL(tape_turn(tape, &journal, &s->err), 0);
    tape_final(tape, "the other line ends well");
    CU_ASSERT_EQUAL(tape_commit(tape, &journal, &s->err), 0);
    free(big);
}

/* So that the numbers of runs, bodies and events are others on each side. */
static void add_others(struct history *history, int count)
{
    struct journal journal = history_journal(history);
    struct err err;

    for (int i = 0; i < count; i++) {
        struct tape other = {0};

        CU_ASSERT_EQUAL(tape_record(&other, &journal, i, &err), 0);
        tape_free(&other);
    }
}

static void set_up(struct site *s)
{
    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    s->from = mem_printf("%s/from/history.db", s->dir);
    s->to = mem_printf("%s/to/history.db", s->dir);
    s->file = mem_printf("%s/run.rerail", s->dir);
    s->source = open_history(s->from);
    s->target = open_history(s->to);
    add_others(s->source, 2);
    add_others(s->target, 1);
    live(s);
    s->parcel = parcel_of(s->from, s->tape.run, &s->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->parcel);
}

static void tear_down(struct site *s)
{
    history_close(s->source);
    history_close(s->target);
    tape_free(&s->tape);
    free(s->parcel);
    free(s->from);
    free(s->to);
    free(s->file);
    scratch_free(s->dir);
}

static int take(struct site *s, const char *text, struct import_report *report)
{
    struct import_options options = {.path = s->file, .states = STATES};

    scratch_write(s->dir, "run.rerail", text);
    memset(&s->err, 0, sizeof s->err);
    return import_run(report, s->target, &options, &s->err);
}

static int64_t count_in(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    int64_t count = -1;

    CU_ASSERT_EQUAL(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW)
        count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return count;
}

#define EVERYTHING                                                                                 \
    "SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM node) + (SELECT count(*) FROM"      \
    " event) + (SELECT count(*) FROM blob) + (SELECT count(*) FROM lease) + (SELECT count(*) FROM" \
    " origin) + (SELECT count(*) FROM input) + (SELECT max(seq) FROM event)"

static int64_t fsck(const char *path)
{
    struct fsck_options options = {.quick = false};
    struct fsck_report report = {0};
    struct query *q;
    struct err err;

    CU_ASSERT_EQUAL_FATAL(query_open(&q, path, NULL, &err), 0);
    CU_ASSERT_EQUAL(fsck_run(&report, q, &options, &err), 0);
    query_close(q);
    return report.findings;
}

static void test_round_trip(void)
{
    struct site s;
    struct import_report report;

    set_up(&s);
    CU_ASSERT_EQUAL_FATAL(take(&s, s.parcel, &report), 0);
    CU_ASSERT_STRING_EQUAL(report.uid, s.tape.uid);
    CU_ASSERT_STRING_EQUAL(report.was_uid, s.tape.uid);
    CU_ASSERT_EQUAL(report.nodes, s.tape.nodes);
    char *again = parcel_of(s.to, report.run, &s.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_STRING_EQUAL(again, s.parcel);
    CU_ASSERT_EQUAL(fsck(s.to), 0);
    free(again);
    tear_down(&s);
}

/* All that a person can look at is there: row, chain, events, words. */
static void test_like_any_other(void)
{
    struct site s;
    struct import_report report;
    struct arena arena = {0};
    struct run_row row;
    struct chain_path path;
    struct event_row *events;
    struct search_hit *hits;
    struct search search = {0};
    struct pattern *pattern;
    struct query *q;
    size_t count = 0;

    set_up(&s);
    CU_ASSERT_EQUAL_FATAL(take(&s, s.parcel, &report), 0);
    CU_ASSERT_EQUAL_FATAL(query_open(&q, s.to, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_run(q, &arena, report.run, &row, &s.err), 0);
    CU_ASSERT_STRING_EQUAL(row.origin, "rerail");
    CU_ASSERT_EQUAL(row.owner, RUN_UNOWNED);
    CU_ASSERT_EQUAL(query_path(q, &arena, report.run, 0, &path, &s.err), 0);
    CU_ASSERT_EQUAL(path.depth, s.tape.depth);
    CU_ASSERT_EQUAL(query_events(q, &arena, &(struct event_page){.run = report.run, .limit = 4000},
                                 &events, &count, &s.err),
                    0);
    CU_ASSERT_EQUAL((int64_t)count, report.events);
    search.run = report.run;
    CU_ASSERT_EQUAL(pattern_new(&pattern, "I look once more", 0, &s.err), 0);
    CU_ASSERT_EQUAL(query_search(q, &arena, &search, pattern, 9, &hits, &count, &s.err), 0);
    CU_ASSERT_EQUAL(count, 1);
    pattern_free(pattern);
    query_close(q);
    arena_free(&arena);
    tear_down(&s);
}

static void test_taken_name(void)
{
    struct site s;
    struct import_report first, second;

    set_up(&s);
    CU_ASSERT_EQUAL(take(&s, s.parcel, &first), 0);
    CU_ASSERT_EQUAL(take(&s, s.parcel, &second), 0);
    CU_ASSERT_NOT_EQUAL(first.run, second.run);
    CU_ASSERT_STRING_EQUAL(second.was_uid, first.uid);
    CU_ASSERT_STRING_NOT_EQUAL(second.uid, first.uid);
    char *again = parcel_of(s.to, second.run, &s.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    char *renamed = parcel_seal(parcel_swap(again, second.uid, second.was_uid));
    CU_ASSERT_STRING_EQUAL(renamed, s.parcel);
    CU_ASSERT_EQUAL(fsck(s.to), 0);
    free(again);
    free(renamed);
    tear_down(&s);
}

/* What may run unasked is the file's word, so nobody runs it. */
static void test_not_gone_on_with(void)
{
    struct site s;
    struct import_report report;

    set_up(&s);
    CU_ASSERT_EQUAL(take(&s, s.parcel, &report), 0);
    struct journal journal = history_journal(s.target);
    CU_ASSERT_EQUAL(journal.class->claim(journal.self, report.run, &s.err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "imported"));
    tear_down(&s);
}

static void test_deleted(void)
{
    struct site s;
    struct import_report report;
    struct gc_report gone;

    set_up(&s);
    CU_ASSERT_EQUAL(take(&s, s.parcel, &report), 0);
    struct gc_options options = {.path = s.to, .runs = &report.run, .run_count = 1};
    CU_ASSERT_EQUAL(gc_run(&gone, &options, &s.err), 0);
    CU_ASSERT_EQUAL(gone.runs, 1);
    CU_ASSERT_EQUAL(count_in(s.to, "SELECT count(*) FROM origin"), 0);
    CU_ASSERT_EQUAL(fsck(s.to), 0);
    tear_down(&s);
}

static const struct {
    const char *find, *with; /* in the file, which is then closed anew */
    int code;
    const char *words;
} forgeries[] = {
    {"\"format\":1", "\"format\":2", E_NEWER, "another version"},
    {"{\"rerail\":\"run\"", "{\"rerail\":\"walk\"", E_PARSE, "not a run that rerail exported"},
    {"{\"part\":\"segment\",\"version\":1}", "{\"part\":\"segment\",\"version\":2}", E_NEWER,
     "its part segment"},
    {"{\"part\":\"label\",\"version\":1}", "{\"part\":\"title\",\"version\":1}", E_NEWER,
     "its part title"},
    {"{\"part\":\"node\",\"version\":1}", "{\"part\":\"run\",\"version\":1}", E_PARSE,
     "wrong place"},
    {"{\"part\":\"run\",\"version\":1}\n", "", E_PARSE, "not expected here"},
    {"before the storm", "after the storm", 0, NULL}, /* a label is no link of the chain */
    {"I look once more", "I look no more!!", E_CORRUPT, "not what its hash says"},
    {"\"kind\":3", "\"kind\":2", E_CORRUPT, "the chain is broken at node"},
    {"\"kind\":3", "\"kind\":77", E_RANGE, "kind is out of range"},
    {"\"kind\":3", "\"kind\":3.5", E_PARSE, "kind is no whole number"},
    {"\"kind\":3", "\"kind\":\"3\"", E_PARSE, "kind is no whole number"},
    {"\"kind\":3", "\"kind\":3,\"colour\":1", E_NEWER, "does not know"},
    {"\"kind\":3", "\"kind\":3,\"kind\":3", E_PARSE, "kind"},
    {"\"depth\":2", "\"depth\":9", E_CORRUPT, "depth"},
    {"\"input_seq\":", "\"input_seq\":9", E_CORRUPT, "of an input that is missing"},
    {"\"seq\":3,\"branch\"", "\"seq\":4,\"branch\"", E_CORRUPT, "event 3 is missing"},
    {"\"uid\":\"", "\"uid\":\"../", E_PARSE, "uid"},
    {"\"state\":", "\"state\":1", E_RANGE, "state is not known"},
    {"{\"body\":2,", "{\"body\":3,", E_PARSE, "it is not body 2"},
    {"\"hex\":\"ff", "\"hex\":\"fg", E_PARSE, "not as long"},
    {"\"parent\":0,\"base\":", "\"parent\":0,\"base\":1", E_CORRUPT, "before its beginning"},
    {"\"decision\":\"", "\"decision\":\"00", E_PARSE, "decision is no hash"},
    {"\"tokens_reasoning\":", "\"tokens_reasoning\":999999999999", E_RANGE, "out of range"},
    {"\"random\":\"", "\"random\":\"x", E_PARSE, "random is no number"},
};

static void test_forged(void)
{
    struct site s;
    struct import_report report;

    set_up(&s);
    int64_t before = count_in(s.to, EVERYTHING);
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        if (forgeries[i].code == 0)
            continue;
        if (!strstr(s.parcel, forgeries[i].find))
            printf("not in the file: %s\n", forgeries[i].find);
        char *forged = parcel_seal(parcel_swap(s.parcel, forgeries[i].find, forgeries[i].with));
        int rc = take(&s, forged, &report);
        if (rc != forgeries[i].code || !strstr(s.err.msg, forgeries[i].words))
            printf("%s -> %s: %s: %s\n", forgeries[i].find, forgeries[i].with, err_name(rc),
                   s.err.msg);
        CU_ASSERT_EQUAL(rc, forgeries[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, forgeries[i].words));
        CU_ASSERT_EQUAL(count_in(s.to, EVERYTHING), before);
        free(forged);
    }
    CU_ASSERT_EQUAL(take(&s, s.parcel, &report), 0); /* and the history takes the true one */
    tear_down(&s);
}

static void test_cut(void)
{
    struct site s;
    struct import_report report;
    size_t cuts = 0;

    set_up(&s);
    int64_t before = count_in(s.to, EVERYTHING);
    size_t len = strlen(s.parcel);
    for (size_t at = 0; at < len; at = at + 997 < len ? at + 997 : len) {
        char *cut = mem_copy(s.parcel, at);
        CU_ASSERT_EQUAL(take(&s, cut, &report), E_PARSE);
        free(cut);
        cuts++;
    }
    for (char *end = strrchr(s.parcel, '\n'); end && cuts < 900; cuts++) {
        *end = '\0';
        end = strrchr(s.parcel, '\n');
        if (end)
            end[1] = '\0';
        CU_ASSERT_TRUE(take(&s, s.parcel, &report) < 0);
    }
    CU_ASSERT_EQUAL(count_in(s.to, EVERYTHING), before);
    tear_down(&s);
}

static void test_one_byte(void)
{
    struct site s;
    struct import_report report;
    unsigned tries = suite_amount("SEEDS", 10000) / 100;
    uint64_t dice = 88172645463325252u;

    set_up(&s);
    size_t len = strlen(s.parcel);
    int64_t before = count_in(s.to, EVERYTHING);
    for (unsigned i = 0; i < tries; i++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        size_t at = (size_t)(dice % len);
        char kept = s.parcel[at];
        s.parcel[at] = (char)(kept ^ (1 << (dice >> 32) % 7));
        if (s.parcel[at])
            CU_ASSERT_TRUE(take(&s, s.parcel, &report) < 0);
        s.parcel[at] = kept;
    }
    CU_ASSERT_EQUAL(count_in(s.to, EVERYTHING), before);
    tear_down(&s);
}

/* How the format grows: an optional part of tomorrow is left out, and said to be. */
static void test_optional_part(void)
{
    struct site s;
    struct import_report report;

    set_up(&s);
    char *more = parcel_seal(parcel_swap(
        s.parcel, "{\"part\":\"label\",\"version\":1}",
        "{\"part\":\"vault\",\"version\":7,\"optional\":true}\n{\"object\":\"00ff\",\"len\":3,"
        "\"text\":\"abc\"}\n{\"more\":1}\n{\"part\":\"label\",\"version\":1}"));
    CU_ASSERT_EQUAL(take(&s, more, &report), 0);
    CU_ASSERT_STRING_EQUAL(report.left_out, "vault");
    char *again = parcel_of(s.to, report.run, &s.err);
    CU_ASSERT_STRING_EQUAL(again, s.parcel);
    free(again);
    free(more);
    tear_down(&s);
}

/* As a bundle's redactor does, texts get other lengths. */
static int hide(void *ctx, struct buf *out, const char *text, size_t len)
{
    static const char key[] = "sk-abcdefghijklmnopqrst";
    const char *at;
    int rc = 0;

    while (rc == 0 && (at = memmem(text, len, key, strlen(key)))) {
        ++*(int *)ctx;
        rc = buf_add(out, text, (size_t)(at - text));
        rc = rc ? rc : buf_text(out, "***");
        len -= (size_t)(at - text) + strlen(key);
        text = at + strlen(key);
    }
    return rc ? rc : buf_add(out, text, len);
}

static void test_redacted(void)
{
    struct site s;
    struct import_report report;
    int count = 0;

    set_up(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.parcel, "sk-abcdefghijklmnopqrst"));
    char *masked = parcel_redacted(s.from, s.tape.run, hide, &count, &s.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(masked);
    CU_ASSERT_TRUE(count > 0);
    CU_ASSERT_PTR_NULL(strstr(masked, "sk-abcdefghijklmnopqrst"));
    CU_ASSERT_EQUAL(take(&s, masked, &report), 0);
    CU_ASSERT_TRUE(report.redacted);
    CU_ASSERT_EQUAL(fsck(s.to), 0);
    free(masked);
    tear_down(&s);
}

static void test_no_file(void)
{
    struct site s;
    struct import_report report;
    struct import_options options = {.states = STATES};

    set_up(&s);
    options.path = "/dev/zero";
    CU_ASSERT_EQUAL(import_run(&report, s.target, &options, &s.err), E_DENIED);
    options.path = s.dir;
    CU_ASSERT_EQUAL(import_run(&report, s.target, &options, &s.err), E_DENIED);
    options.path = "/nowhere/at/all";
    CU_ASSERT_EQUAL(import_run(&report, s.target, &options, &s.err), E_NOTFOUND);
    CU_ASSERT_EQUAL(take(&s, "", &report), E_PARSE);
    CU_ASSERT_EQUAL(take(&s, "\n", &report), E_PARSE);
    CU_ASSERT_EQUAL(take(&s, "hello\n", &report), E_PARSE);
    tear_down(&s);
}

/* --- the table ----------------------------------------------------------------------------------
 */

static bool has_cell(const struct part *part, const char *name)
{
    for (size_t i = 0; part->cells[i].name; i++)
        if (str_eq(part->cells[i].name, name))
            return true;
    return str_eq(part->run, name);
}

/* A new table or column must be carried, or be known not to be a run's. */
static void test_all_columns(void)
{
    static const char sql[] =
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
        " WHERE m.type='table' AND m.name NOT LIKE 'sqlite_%'"
        " AND m.name NOT IN ('blob', 'hole', 'lease', 'trash', 'origin')";
    struct site s;
    sqlite3 *db;
    sqlite3_stmt *row;
    size_t seen = 0, cells = 0;

    set_up(&s);
    CU_ASSERT_EQUAL(sqlite3_open_v2(s.to, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(row, 0);
        const char *column = (const char *)sqlite3_column_text(row, 1);
        const struct part *part = container_part(table);
        if (!part || !has_cell(part, column))
            printf("not carried: %s.%s\n", table, column);
        CU_ASSERT_TRUE(part && has_cell(part, column));
        seen++;
    }
    for (size_t i = 0; i < container_part_count; i++)
        for (size_t j = 0; container_parts[i].cells[j].name; j++)
            cells++;
    /* Each part's number of the run is a column and no cell; an event's place is both. */
    CU_ASSERT_EQUAL(seen, cells + container_part_count);
    sqlite3_finalize(row);
    sqlite3_close(db);
    tear_down(&s);
}

static const struct test tests[] = {
    {"a run that was exported, imported and exported again is the same file", test_round_trip},
    {"an imported run can be looked at and searched like any other", test_like_any_other},
    {"a name that is taken gives way to a new one", test_taken_name},
    {"nobody goes on with an imported run", test_not_gone_on_with},
    {"an imported run can be deleted", test_deleted},
    {"A13 what was altered is named, and nothing of it is kept", test_forged},
    {"a file that is cut off anywhere is refused", test_cut},
    {"A13 a file with one wrong bit is refused", test_one_byte},
    {"an optional part that is not known is left out, and named", test_optional_part},
    {"texts masked on the way out come in as a sound run", test_redacted},
    {"what is no such file is refused", test_no_file},
    {"every column of a run is carried", test_all_columns},
    {NULL, NULL},
};

const struct suite suite_exchange = {"exchange", tests};
