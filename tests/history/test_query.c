/* SPDX-License-Identifier: MIT */
/* The reading side, over a history written by the journal. */
#include "history/query.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "history/history.h"
#include "history/query_chain.h"
#include "history/query_data.h"
#include "history/query_event.h"
#include "history/query_jump.h"
#include "history/query_run.h"
#include "history/query_search.h"
#include "history/query_work.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A history with one run that has a bit of everything, and a reader on it:
     genesis 1, user 2, then turns of (assistant, tool): 3 4, 5 6, 7 8; a roll-back from 8 to 4; a
     failed model call; turn 9 10 in a segment of its own; an answer 11 whose tool is still open. */
struct story {
    char *dir, *path;
    struct history *history;
    struct journal journal;
    struct history_report report;
    struct tape tape;
    struct query *q;
    struct arena arena;
    struct err err;
    struct hash chain_at_4;
};

static void write_story(struct story *s)
{
    struct tape *t = &s->tape;
    const struct journal *j = &s->journal;
    struct err *err = &s->err;

    CU_ASSERT_EQUAL(tape_record(t, j, 1, err), 0);
    s->chain_at_4 = t->chain;
    CU_ASSERT_EQUAL(tape_turn(t, j, err), 0);
    CU_ASSERT_EQUAL(tape_turn(t, j, err), 0);
    tape_jump(t, HEAD_ROLLBACK, 4, 4, 1, &s->chain_at_4);
    tape_label(t, 4, "good place");
    tape_failed_attempt(t, "http_5xx", "the server said 503");
    CU_ASSERT_EQUAL(tape_commit(t, j, err), 0);
    CU_ASSERT_EQUAL(tape_turn(t, j, err), 0);
    tape_answer(t, "I shall look for the laptop", "search", "{\"pattern\":\"laptop\"}");
    CU_ASSERT_EQUAL(tape_commit(t, j, err), 0);
    tape_started(t);
    CU_ASSERT_EQUAL(tape_commit(t, j, err), 0);
}

static bool set_up(struct story *s)
{
    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    s->path = mem_printf("%s/history.db", s->dir);
    struct history_options options = {.path = s->path};
    int rc = history_open(&s->history, &options, &s->report, &s->err);
    CU_ASSERT_EQUAL(rc, 0);
    if (rc < 0)
        return false;
    s->journal = history_journal(s->history);
    write_story(s);
    rc = query_open(&s->q, s->path, NULL, &s->err);
    CU_ASSERT_EQUAL(rc, 0);
    return rc == 0;
}

static void tear_down(struct story *s)
{
    query_close(s->q);
    arena_free(&s->arena);
    history_close(s->history);
    history_report_free(&s->report);
    tape_free(&s->tape);
    free(s->path);
    scratch_free(s->dir);
}

static void test_runs(void)
{
    struct story s;
    struct run_row *rows, row;
    struct tape other;
    size_t count;
    int64_t run;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(tape_record(&other, &s.journal, 0, &s.err), 0);
    struct run_page newest = {.limit = 10};
    CU_ASSERT_EQUAL(query_runs(s.q, &s.arena, &newest, &rows, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(rows[0].run, other.run);
    CU_ASSERT_STRING_EQUAL(rows[1].uid, s.tape.uid);
    CU_ASSERT_STRING_EQUAL(rows[1].branch_name, "main");
    CU_ASSERT_EQUAL(rows[1].head, s.tape.node);
    CU_ASSERT_EQUAL(rows[1].owner, RUN_OWNED);
    CU_ASSERT_EQUAL(rows[1].owner_pid, getpid());
    CU_ASSERT_PTR_NULL(rows[1].owner_socket);
    struct run_page older = {.before = other.run, .limit = 10};
    CU_ASSERT_EQUAL(query_runs(s.q, &s.arena, &older, &rows, &count, &s.err), 0);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(query_run_find(s.q, "last", &run, &s.err), 0);
    CU_ASSERT_EQUAL(run, other.run);
    char start[7];
    snprintf(start, sizeof start, "#%.5s", s.tape.uid);
    CU_ASSERT_EQUAL(query_run_find(s.q, start, &run, &s.err), 0);
    CU_ASSERT_EQUAL(run, s.tape.run);
    CU_ASSERT_EQUAL(query_run_find(s.q, "zz", &run, &s.err), E_NOTFOUND);
    CU_ASSERT_EQUAL(history_publish_socket(s.history, "/run/x.sock", &s.err), 0);
    CU_ASSERT_EQUAL(query_run(s.q, &s.arena, s.tape.run, &row, &s.err), 0);
    CU_ASSERT_STRING_EQUAL(row.owner_socket, "/run/x.sock");
    history_drop(s.history);
    s.history = NULL;
    CU_ASSERT_EQUAL(query_run(s.q, &s.arena, s.tape.run, &row, &s.err), 0);
    CU_ASSERT_EQUAL(row.owner, RUN_OWNER_DIED);
    tape_free(&other);
    tear_down(&s);
}

static void test_path_and_nodes(void)
{
    static const int64_t on_path[] = {1, 2, 3, 4, 9, 10, 11};
    struct story s;
    struct chain_path path;
    struct node_row *rows;
    size_t count;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(query_path(s.q, &s.arena, s.tape.run, 0, &path, &s.err), 0);
    CU_ASSERT_EQUAL(path.count, 2);
    CU_ASSERT_EQUAL(path.depth, 7);
    CU_ASSERT(chain_path_has(&path, 1, 4) && !chain_path_has(&path, 1, 5));
    CU_ASSERT_EQUAL(query_nodes(s.q, &s.arena, &path, 1, 100, &rows, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 7);
    for (size_t i = 0; i < 7; i++) {
        CU_ASSERT_EQUAL(rows[i].node, on_path[i]);
        CU_ASSERT_EQUAL(rows[i].depth, (int64_t)i + 1);
    }
    CU_ASSERT_STRING_EQUAL(rows[1].preview, "Find a laptop under $1000");
    CU_ASSERT_STRING_EQUAL(rows[6].preview, "I shall look for the laptop");
    CU_ASSERT(rows[3].checkpoint && !rows[2].checkpoint);
    CU_ASSERT_STRING_EQUAL(rows[3].label, "good place");
    CU_ASSERT(rows[2].has_call);
    CU_ASSERT_STRING_EQUAL(rows[2].call.model, "gpt-4o-mini");
    CU_ASSERT(rows[3].has_effect);
    CU_ASSERT_EQUAL(rows[3].effect.state, EFFECT_OK);
    CU_ASSERT_EQUAL(rows[3].effect.attempts, 1);
    /* Any window of it is the same rows. */
    for (int64_t from = 1; from <= 7; from++) {
        CU_ASSERT_EQUAL(query_nodes(s.q, &s.arena, &path, from, 3, &rows, &count, &s.err), 0);
        CU_ASSERT_EQUAL(count, from <= 5 ? 3 : (size_t)(8 - from));
        CU_ASSERT_EQUAL(rows[0].node, on_path[from - 1]);
    }
    /* What was rolled back is still there. */
    struct segment_row *segments;
    CU_ASSERT_EQUAL(query_segments(s.q, &s.arena, s.tape.run, 0, 10, &segments, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT(segments[0].last == 8 && segments[0].last_node == 8);
    CU_ASSERT(segments[1].parent == 1 && segments[1].first == 5 && segments[1].first_node == 9);
    CU_ASSERT_EQUAL(query_segment_nodes(s.q, &s.arena, s.tape.run, 1, 5, 10, &rows, &count, &s.err),
                    0);
    CU_ASSERT_EQUAL_FATAL(count, 4);
    CU_ASSERT_EQUAL(rows[0].node, 5);
    tear_down(&s);
}

static void test_places(void)
{
    static const int64_t nodes[] = {2, 4, 6, 8, 10};
    struct story s;
    struct checkpoint_place *places;
    struct segment_place *segments;
    struct checkpoint_row row;
    size_t count;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(query_checkpoint_places(s.q, &s.arena, s.tape.run, 0, 9, &places, &count, NULL),
                    0);
    CU_ASSERT_EQUAL_FATAL(count, 5);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(places[i].node, nodes[i]);
        CU_ASSERT_EQUAL(query_checkpoint(s.q, &s.arena, s.tape.run, places[i].node, &row, &s.err),
                        0);
        CU_ASSERT_EQUAL(row.segment, places[i].segment);
        CU_ASSERT_EQUAL(row.depth, places[i].depth);
    }
    CU_ASSERT_EQUAL(query_checkpoint(s.q, &s.arena, s.tape.run, 3, &row, &s.err), E_NOTFOUND);
    CU_ASSERT_EQUAL(query_checkpoint_places(s.q, &s.arena, s.tape.run, 6, 1, &places, &count, NULL),
                    0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(places[0].node, 8);
    CU_ASSERT_EQUAL(query_segment_places(s.q, &s.arena, s.tape.run, 1, 9, &segments, &count, NULL),
                    0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(segments[0].parent, 1);
    tear_down(&s);
}

static void test_checkpoints(void)
{
    struct story s;
    struct checkpoint_row *rows, row;
    struct chain_path path;
    const char *json;
    size_t count;
    int64_t total;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(query_checkpoints(s.q, &s.arena, s.tape.run, 0, 10, &rows, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 5);
    CU_ASSERT_EQUAL(rows[0].node, 10);
    CU_ASSERT_EQUAL(rows[0].previous, 4); /* over the border of two segments */
    CU_ASSERT_EQUAL(rows[0].messages, 2);
    CU_ASSERT_EQUAL(rows[0].effects, 1);
    CU_ASSERT_STRING_EQUAL(rows[0].effect_tool, "shell");
    CU_ASSERT_EQUAL(rows[4].node, 2);
    CU_ASSERT_EQUAL(rows[4].previous, 0);
    CU_ASSERT_EQUAL(rows[4].effects, 0);
    CU_ASSERT_EQUAL(query_checkpoint_count(s.q, s.tape.run, &total, &s.err), 0);
    CU_ASSERT_EQUAL(total, 5);
    query_path(s.q, &s.arena, s.tape.run, 0, &path, &s.err);
    CU_ASSERT_EQUAL(query_checkpoint_at(s.q, &s.arena, &path, 5, &row, &s.err), 0);
    CU_ASSERT_EQUAL(row.node, 4);
    static const struct {
        const char *word;
        int64_t node;
    } words[] = {{"last", 10}, {"good place", 4}, {"8", 8}, {"#1", 4}, {"#0", 2}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        CU_ASSERT_EQUAL(
            query_checkpoint_find(s.q, &s.arena, s.tape.run, words[i].word, &row, &s.err), 0);
        CU_ASSERT_EQUAL(row.node, words[i].node);
    }
    CU_ASSERT_EQUAL(query_checkpoint_find(s.q, &s.arena, s.tape.run, "9", &row, &s.err),
                    E_NOTFOUND);
    CU_ASSERT_EQUAL(query_summary(s.q, &s.arena, s.tape.run, 10, &json, &s.err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"node\":10"));
    tear_down(&s);
}

static void test_open_work_and_attempts(void)
{
    struct story s;
    struct open_work open;
    struct call_row *calls;
    struct attempt_row *attempts;
    struct buf text;
    size_t count;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(query_open_work(s.q, &s.arena, s.tape.run, 10, &open, &s.err), 0);
    CU_ASSERT_FALSE(open.open_call);
    CU_ASSERT_EQUAL_FATAL(open.effect_count, 1);
    CU_ASSERT_EQUAL(open.effects[0].state, EFFECT_STARTED);
    CU_ASSERT_EQUAL(open.effects[0].pid, 4321);
    buf_init(&text, 1000);
    CU_ASSERT_EQUAL(query_effect_args(s.q, s.tape.run, open.effects[0].effect, &text, &s.err), 0);
    CU_ASSERT_STRING_EQUAL(text.data, "{\"pattern\":\"laptop\"}");
    buf_free(&text);
    /* Behind node 4 three calls began: one rolled back, one that failed, one that was answered. */
    CU_ASSERT_EQUAL(query_calls_after(s.q, &s.arena, s.tape.run, 4, 10, &calls, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(calls[0].node, 5);
    CU_ASSERT_EQUAL(calls[1].node, 9);
    CU_ASSERT_EQUAL(
        query_attempts(s.q, &s.arena, s.tape.run, 4, 0, 0, 10, &attempts, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_STRING_EQUAL(attempts[0].outcome, "http_5xx");
    CU_ASSERT_STRING_EQUAL(attempts[0].cause, "the server said 503");
    tape_outcome(&s.tape, EFFECT_OK, "found");
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    CU_ASSERT_EQUAL(query_open_work(s.q, &s.arena, s.tape.run, 10, &open, &s.err), 0);
    CU_ASSERT(open.open_call && open.effect_count == 0);
    tear_down(&s);
}

static void test_windows(void)
{
    struct story s;
    struct attempt_row *rows;
    size_t count;

    if (!set_up(&s))
        return;
    const struct {
        struct window window;
        size_t count;
    } cases[] = {
        {{.run = s.tape.run, .limit = 100}, 10},
        {{.run = s.tape.run, .limit = 3}, 3},
        {{.run = s.tape.run, .tool = "shell", .limit = 100}, 4},
        {{.provider = "openai", .limit = 100}, 6},
        {{.provider = "other", .limit = 100}, 0},
        {{.tool = "shell", .limit = 100}, 4},
        {{.run = s.tape.run, .since_us = INT64_MAX, .limit = 100}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(query_window(s.q, &s.arena, &cases[i].window, &rows, &count, &s.err), 0);
        CU_ASSERT_EQUAL(count, cases[i].count);
        for (size_t k = 1; k < count; k++)
            CU_ASSERT(rows[k - 1].us >= rows[k].us);
    }
    tear_down(&s);
}

static void test_preview_undo_reflog(void)
{
    struct story s;
    struct jump_preview preview;
    struct reflog_row *jumps;
    int64_t undo, redo;
    size_t count;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(query_preview(s.q, &s.arena, s.tape.run, 2, 1, &preview, &s.err), 0);
    CU_ASSERT_EQUAL(preview.from, 11);
    CU_ASSERT_EQUAL(preview.messages, 5);
    CU_ASSERT_EQUAL(preview.effects, 3);
    CU_ASSERT_EQUAL_FATAL(preview.count, 1);
    CU_ASSERT_STRING_EQUAL(preview.first[0].tool, "search");
    CU_ASSERT_FALSE(preview.forward);
    CU_ASSERT_EQUAL(query_undo(s.q, s.tape.run, 1, &undo, &redo, &s.err), 0);
    CU_ASSERT(undo == 8 && redo == 0);
    CU_ASSERT_EQUAL(query_preview(s.q, &s.arena, s.tape.run, undo, 9, &preview, &s.err), 0);
    CU_ASSERT(preview.forward);
    CU_ASSERT_EQUAL(preview.messages, 3);
    tape_jump(&s.tape, HEAD_UNDO, 8, 8, 1, &s.chain_at_4);
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    CU_ASSERT_EQUAL(query_undo(s.q, s.tape.run, 1, &undo, &redo, &s.err), 0);
    CU_ASSERT(undo == 0 && redo == 11);
    tape_jump(&s.tape, HEAD_REDO, 11, 7, 2, &s.chain_at_4);
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    CU_ASSERT_EQUAL(query_undo(s.q, s.tape.run, 1, &undo, &redo, &s.err), 0);
    CU_ASSERT(undo == 8 && redo == 0);
    CU_ASSERT_EQUAL(query_reflog(s.q, &s.arena, s.tape.run, 0, 10, &jumps, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    CU_ASSERT(jumps[0].op == HEAD_REDO && jumps[2].op == HEAD_ROLLBACK);
    CU_ASSERT_STRING_EQUAL(jumps[2].actor, "console");
    tear_down(&s);
}

static void check_line(struct story *s, enum event_type type, const char *const *wanted)
{
    struct event_page page = {
        .run = s->tape.run, .before = INT64_MAX, .type = (int)type + 1, .limit = 1};
    struct event_row *rows;
    struct buf line;
    cJSON *json = NULL;
    size_t count;

    buf_init(&line, 1 << 20);
    CU_ASSERT_EQUAL(query_events(s->q, &s->arena, &page, &rows, &count, &s->err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(query_event_json(s->q, &rows[0], &line, &s->err), 0);
    CU_ASSERT_EQUAL(json_parse(&json, line.data, line.len, NULL, &s->err), 0);
    CU_ASSERT_STRING_EQUAL(json_text(json, "event_type"), event_name(type));
    CU_ASSERT_STRING_EQUAL(json_text(json, "session_id"), s->tape.uid);
    CU_ASSERT_STRING_EQUAL(json_text(json, "branch"), "main");
    for (; *wanted; wanted++) {
        if (!strstr(line.data, *wanted))
            printf("no %s in %s\n", *wanted, line.data);
        CU_ASSERT_PTR_NOT_NULL(strstr(line.data, *wanted));
    }
    cJSON_Delete(json);
    buf_free(&line);
}

static void test_event_lines(void)
{
    struct story s;

    if (!set_up(&s))
        return;
    check_line(&s, EVENT_SESSION_START,
               (const char *const[]){"\"task\":\"Find a laptop under $1000\"",
                                     "\"workspace\":\"/tmp/workspace\"", NULL});
    check_line(&s, EVENT_LLM_CALL,
               (const char *const[]){"\"model\":\"gpt-4o-mini\"", "\"total_tokens\":1056",
                                     "\"duration_ms\":1200", "\"content\":\"I shall look",
                                     "\"tool_calls\":[{\"id\":\"call_", "\"usage\":{",
                                     "\"cost_usd\":0.0003", NULL});
    check_line(&s, EVENT_TOOL_CALL,
               (const char *const[]){"\"tool_name\":\"shell\"", "\"arguments\":{\"command\":",
                                     "\"result_length\":1", "\"duration_ms\":4.5", NULL});
    check_line(&s, EVENT_TOOL_START, (const char *const[]){"\"tool_name\":\"search\"", NULL});
    check_line(&s, EVENT_LLM_ATTEMPT,
               (const char *const[]){"\"outcome\":\"ok\"", "\"injected\":false", NULL});
    check_line(&s, EVENT_CHECKPOINT, (const char *const[]){"\"iteration\":", NULL});
    tear_down(&s);
}

static void test_feed(void)
{
    struct story s;
    struct event_row *rows;
    struct transition_row *moves;
    size_t count, total = 0;
    int64_t last, after = 0;
    bool changed;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(query_changed(s.q, &changed, &s.err), 0);
    CU_ASSERT(changed);
    CU_ASSERT_EQUAL(query_changed(s.q, &changed, &s.err), 0);
    CU_ASSERT_FALSE(changed);
    CU_ASSERT_EQUAL(query_last_seq(s.q, &last, &s.err), 0);
    do {
        struct event_page page = {.after = after, .limit = 7};
        CU_ASSERT_EQUAL(query_events(s.q, &s.arena, &page, &rows, &count, &s.err), 0);
        for (size_t i = 0; i < count; i++)
            CU_ASSERT_EQUAL(rows[i].seq, ++after);
        total += count;
    } while (count > 0);
    CU_ASSERT_EQUAL((int64_t)total, last);
    tape_outcome(&s.tape, EFFECT_OK, "found");
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    CU_ASSERT_EQUAL(query_changed(s.q, &changed, &s.err), 0);
    CU_ASSERT(changed);
    CU_ASSERT_EQUAL(query_transitions(s.q, &s.arena, s.tape.run, 5, &moves, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 5);
    CU_ASSERT_STRING_EQUAL(moves[0].reason, "model");
    CU_ASSERT_STRING_EQUAL(moves[0].to, "waiting_for_tool");
    tear_down(&s);
}

static size_t search_all(struct story *s, struct search *search, const char *word, size_t limit,
                         int64_t *first, int *calls)
{
    struct pattern *pattern;
    struct search_hit *hits;
    size_t count, total = 0;

    *calls = 0;
    CU_ASSERT_EQUAL(pattern_new(&pattern, word, PATTERN_SMARTCASE, &s->err), 0);
    while (!search->done && *calls < 1000) {
        CU_ASSERT_EQUAL(
            query_search(s->q, &s->arena, search, pattern, limit, &hits, &count, &s->err), 0);
        for (size_t i = 0; i < count; i++)
            CU_ASSERT(hits[i].end > hits[i].start && hits[i].end <= strlen(hits[i].line));
        if (total == 0 && count > 0)
            *first = hits[0].node;
        total += count;
        ++*calls;
    }
    pattern_free(pattern);
    return total;
}

static void test_search(void)
{
    struct story s;
    struct tape other;
    int64_t first = 0;
    int calls;

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(tape_record(&other, &s.journal, 0, &s.err), 0);
    struct search one = {.run = s.tape.run};
    CU_ASSERT_EQUAL(search_all(&s, &one, "LAPTOP", 10, &first, &calls), 0); /* smart case */
    one = (struct search){.run = s.tape.run};
    CU_ASSERT_EQUAL(search_all(&s, &one, "laptop", 10, &first, &calls), 2);
    CU_ASSERT_EQUAL(first, 2);
    struct search small = {.run = s.tape.run, .budget = 1};
    CU_ASSERT_EQUAL(search_all(&s, &small, "laptop", 10, &first, &calls), 2);
    CU_ASSERT(calls >= 11); /* one node a call, resumed */
    struct search all = {0};
    CU_ASSERT_EQUAL(search_all(&s, &all, "find a", 1, &first, &calls), 2);
    struct search keys = {0};
    CU_ASSERT_EQUAL(search_all(&s, &keys, "assistant", 10, &first, &calls), 0); /* not the JSON */
    tape_free(&other);
    tear_down(&s);
}

/* ---- no call on a hot path reads a table from end to end */

struct plans {
    sqlite3 *handle;
    int seen, scans;
    bool busy;
};

/* All rows of a run that may have 10,000 of them, unless the newest few are wanted. */
static bool reads_whole_run(const char *detail, const char *sql)
{
    static const char *const large[] = {"SEARCH c ", "SEARCH e ", "SEARCH n ", "SEARCH a "};

    if (!strstr(detail, "(run=?)") || strstr(detail, "effect_open") || strstr(sql, "DESC LIMIT") ||
        strstr(sql, "event e"))
        return false;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        if (strncmp(detail, large[i], strlen(large[i])) == 0)
            return !strstr(sql, "iteration=?"); /* of what a person types, not of a screen */
    return false;
}

static void explain(struct plans *plans, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    char *text = mem_printf("EXPLAIN QUERY PLAN %s", sql);

    if (sqlite3_prepare_v2(plans->handle, text, -1, &stmt, NULL) == SQLITE_OK) {
        plans->seen++;
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(stmt, 3);
            bool counts_runs = strstr(sql, "count(*) FROM run") != NULL;
            if (reads_whole_run(detail, sql)) {
                plans->scans++;
                printf("%s\n    in %s\n", detail, sql);
            }
            if (strncmp(detail, "SCAN", 4) == 0 && strcmp(detail, "SCAN CONSTANT ROW") != 0 &&
                !counts_runs) {
                plans->scans++;
                printf("%s\n    in %s\n", detail, sql);
            }
        }
    }
    sqlite3_finalize(stmt);
    free(text);
}

static int on_statement(unsigned kind, void *ctx, void *stmt, void *text)
{
    struct plans *plans = ctx;

    (void)text;
    if (kind == SQLITE_TRACE_STMT && !plans->busy) {
        plans->busy = true;
        explain(plans, sqlite3_sql(stmt));
        plans->busy = false;
    }
    return 0;
}

static void read_everything(struct story *s)
{
    struct arena *a = &s->arena;
    struct err *err = &s->err;
    int64_t run = s->tape.run, number, other;
    void *rows;
    size_t count;
    struct chain_path path;
    struct checkpoint_row checkpoint;
    struct jump_preview preview;
    struct open_work open;
    struct branch_row branch;
    struct run_row row;
    struct pattern *pattern;
    struct search search = {0};
    struct buf line;
    const char *json;

    query_runs(s->q, a, &(struct run_page){.limit = 9}, (struct run_row **)&rows, &count, err);
    query_runs(s->q, a, &(struct run_page){.after = 1, .limit = 9}, (struct run_row **)&rows,
               &count, err);
    query_run(s->q, a, run, &row, err);
    query_run_count(s->q, &number, err);
    query_run_find(s->q, "last", &number, err);
    query_run_find(s->q, "0", &number, err);
    query_run_config(s->q, a, run, &json, err);
    query_branches(s->q, a, run, 0, 9, (struct branch_row **)&rows, &count, err);
    query_branch_find(s->q, a, run, "main", &branch, err);
    query_path(s->q, a, run, 0, &path, err);
    query_nodes(s->q, a, &path, 1, 9, (struct node_row **)&rows, &count, err);
    query_segments(s->q, a, run, 0, 9, (struct segment_row **)&rows, &count, err);
    query_checkpoints(s->q, a, run, 0, 9, (struct checkpoint_row **)&rows, &count, err);
    query_checkpoint_count(s->q, run, &number, err);
    query_checkpoint(s->q, a, run, 4, &checkpoint, err);
    query_checkpoint_places(s->q, a, run, 0, 9, (struct checkpoint_place **)&rows, &count, err);
    query_segment_places(s->q, a, run, 0, 9, (struct segment_place **)&rows, &count, err);
    query_checkpoint_at(s->q, a, &path, 6, &checkpoint, err);
    query_checkpoint_find(s->q, a, run, "#1", &checkpoint, err);
    query_summary(s->q, a, run, 4, &json, err);
    query_calls_after(s->q, a, run, 4, 9, (struct call_row **)&rows, &count, err);
    query_call_params(s->q, a, run, 1, &json, err);
    query_effects_of(s->q, a, run, 3, (struct effect_row **)&rows, &count, err);
    query_open_work(s->q, a, run, 9, &open, err);
    query_attempts(s->q, a, run, 1, 0, 0, 9, (struct attempt_row **)&rows, &count, err);
    query_window(s->q, a, &(struct window){.run = run, .limit = 9}, (struct attempt_row **)&rows,
                 &count, err);
    query_window(s->q, a, &(struct window){.tool = "shell", .limit = 9},
                 (struct attempt_row **)&rows, &count, err);
    query_preview(s->q, a, run, 2, 9, &preview, err);
    query_reflog(s->q, a, run, 0, 9, (struct reflog_row **)&rows, &count, err);
    query_undo(s->q, run, 1, &number, &other, err);
    query_transitions(s->q, a, run, 9, (struct transition_row **)&rows, &count, err);
    query_last_seq(s->q, &number, err);
    pattern_new(&pattern, "laptop", 0, err);
    query_search(s->q, a, &search, pattern, 9, (struct search_hit **)&rows, &count, err);
    pattern_free(pattern);
    struct event_row *events;
    query_events(s->q, a, &(struct event_page){.before = 99, .limit = 99}, &events, &count, err);
    query_events(s->q, a, &(struct event_page){.limit = 99}, &events, &count, err);
    buf_init(&line, 1 << 20);
    for (size_t i = 0; i < count; i++)
        query_event_json(s->q, &events[i], &line, err);
    buf_free(&line);
}

static void test_no_scan(void)
{
    struct story s;
    struct plans plans = {0};

    if (!set_up(&s))
        return;
    CU_ASSERT_EQUAL(sqlite3_open_v2(s.path, &plans.handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_trace_v2(db_handle(s.q->db), SQLITE_TRACE_STMT, on_statement, &plans);
    read_everything(&s);
    CU_ASSERT(plans.seen > 60);
    CU_ASSERT_EQUAL(plans.scans, 0);
    sqlite3_close(plans.handle);
    tear_down(&s);
}

/* Dies in the middle of its first transaction, when pages have gone to the file already. */
static void die_making(const char *path)
{
    sqlite3 *db;

    if (sqlite3_open(path, &db) == SQLITE_OK)
        (void)sqlite3_exec(db, /* what it comes to is seen by the reader */
                           "PRAGMA cache_size=1; CREATE TABLE first(x); BEGIN IMMEDIATE;"
                           "CREATE TABLE second(x); INSERT INTO second VALUES(zeroblob(1000000));",
                           NULL, NULL, NULL);
    _exit(0);
}

static void test_unfinished_is_none(void)
{
    char *dir = scratch_new();
    char *path = mem_text(scratch_path(dir, "history.db"));
    struct query *q = NULL;
    struct err err = {0};
    int status;
    pid_t pid = fork();

    if (pid == 0)
        die_making(path);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(scratch_has(dir, "history.db-journal"));
    CU_ASSERT_EQUAL(query_open(&q, path, NULL, &err), E_NOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "was never finished"));
    free(path);
    scratch_free(dir);
}

const struct suite suite_query = {
    "query",
    (const struct test[]){
        {"runs are listed newest first, with who has them", test_runs},
        {"a path has its nodes in order, over segments", test_path_and_nodes},
        {"all places of the tree are read in order of creation", test_places},
        {"checkpoints know what lies between them", test_checkpoints},
        {"open calls and effects, and failed ones, are found", test_open_work_and_attempts},
        {"a window holds the last attempts of its scope", test_windows},
        {"a preview says what a roll-back drops and leaves", test_preview_undo_reflog},
        {"an event's line is filled from what it refers to", test_event_lines},
        {"a follower sees every event once, in order", test_feed},
        {"search finds words of messages, in bounded steps", test_search},
        {"no reader's statement scans a table", test_no_scan},
        {"a history whose maker died is none yet", test_unfinished_is_none},
        {NULL, NULL},
    },
};
