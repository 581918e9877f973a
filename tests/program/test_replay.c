/* SPDX-License-Identifier: MIT */
/*
 * Looking back from outside. replay --verify: a run of every scenario verifies clean, and what was
 * altered in the file afterwards is found where it was altered. compare and request --diff: what
 * two ways of a conversation have of their own.
 */
#include "tests/suite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/support/program.h"
#include "tests/support/scratch.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

static void play(struct program *program, const char *scenario)
{
    program_write(program, "ws/a.txt", "hello\n");
    int code = program_run(program, ARGV("exec", "go", "--simulator", scenario, "--set",
                                         "retry.base=1ms", "--allow-unsandboxed"));
    program_judge(program, code);
}

static bool says(const char *text, const char *words)
{
    bool there = strstr(text, words) != NULL;

    if (!there)
        printf("    not in it: %s\n    %s\n", words, text);
    return there;
}

static void every_scenario_verifies(void)
{
    static const char *const scenarios[] = {"approval", "bench_turns", "faults", "hello",  "loop",
                                            "once",     "parallel",    "retry",  "stream", "tools"};

    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct program program;

        program_open(&program);
        play(&program, scenarios[i]);
        int code = program_run(&program, ARGV("replay", "last", "--verify"));
        if (code != 0)
            printf("    %s: %s%s\n", scenarios[i], program.out, program.err);
        CU_ASSERT_EQUAL(code, 0);
        CU_ASSERT_TRUE(says(program.out, "all as recorded"));
        program_close(&program);
    }
}

static void alter(struct program *program, const char *sql)
{
    char *path = mem_text(scratch_path(program->home, "state/rerail/history.db"));
    sqlite3 *db = NULL;
    char *message = NULL;

    CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK);
    CU_ASSERT_TRUE(sqlite3_changes(db) > 0);
    if (message)
        printf("    %s\n", message);
    sqlite3_free(message);
    (void)sqlite3_close(db); /* nothing is open on it */
    free(path);
}

static void what_was_altered_is_found(void)
{
    static const struct {
        const char *sql, *back;
        const char *says[3];
    } cases[] = {
        {"UPDATE input SET facts=replace(facts, '\"retry_after_us\":250000',"
         " '\"retry_after_us\":990000') WHERE seq=6",
         "UPDATE input SET facts=replace(facts, '990000', '250000') WHERE seq=6",
         {"input 6 (call_failed)", "- attempt 2 of call 1", "+ event retry"}},
        {"UPDATE input SET facts=replace(facts, '\"server\"', '\"connect\"') WHERE seq=3",
         "UPDATE input SET facts=replace(facts, '\"connect\"', '\"server\"') WHERE seq=3",
         {"input 3 (call_failed)", "- attempt 1 of call 1: server",
          "+ attempt 1 of call 1: connect"}},
        {"UPDATE input SET facts=replace(facts, 'tool_calls', 'stop') WHERE seq=9",
         "UPDATE input SET facts=replace(facts, '\"stop\"', '\"tool_calls\"') WHERE seq=9",
         {"input 9 (answer)", "- call 1 ended", "finish stop"}},
        {"UPDATE input SET decision=zeroblob(32) WHERE seq=11",
         NULL,
         {"input 11 (admission)", "reads the same", "start the tool"}},
    };
    struct program program;

    program_open(&program);
    play(&program, "retry");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        alter(&program, cases[i].sql);
        CU_ASSERT_EQUAL(program_run(&program, ARGV("replay", "last", "--verify")), 1);
        for (size_t k = 0; k < 3; k++)
            CU_ASSERT_TRUE(says(program.out, cases[i].says[k]));
        CU_ASSERT_EQUAL(program_run(&program, ARGV("replay", "last", "--verify", "--json")), 1);
        CU_ASSERT_TRUE(says(program.out, "\"diverged\":"));
        if (!cases[i].back)
            break;
        alter(&program, cases[i].back);
        CU_ASSERT_EQUAL(program_run(&program, ARGV("replay", "last", "--verify")), 0);
    }
    alter(&program, "DELETE FROM input WHERE seq=5");
    CU_ASSERT_EQUAL(program_run(&program, ARGV("replay", "last", "--verify")), 1);
    CU_ASSERT_TRUE(says(program.err, "input 5 is missing"));
    program_close(&program);
}

static bool lacks(const char *text, const char *words)
{
    bool there = strstr(text, words) != NULL;

    if (there)
        printf("    in it: %s\n    %s\n", words, text);
    return !there;
}

static void two_ways_are_compared(void)
{
    struct program program;

    program_open(&program);
    play(&program, "tools");
    CU_ASSERT_EQUAL(program_run(&program, ARGV("compare", "last", "last")), 0);
    CU_ASSERT_TRUE(says(program.out, "14 messages are the same, 0 only in the first"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("compare", "last:#2", "last")), 0);
    CU_ASSERT_TRUE(says(program.out, "6 messages are the same, 0 only in the first, 8 only in the "
                                     "second, 0 changed"));
    CU_ASSERT_TRUE(says(program.out, "+ step 9, tool edit_file"));
    CU_ASSERT_TRUE(says(program.out, "not the head"));
    CU_ASSERT_TRUE(lacks(program.out, "\n- "));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("compare", "last", "last:5", "--json")), 0);
    CU_ASSERT_TRUE(says(program.out, "\"same\":4,\"dropped\":10,\"added\":0,\"changed\":0"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("compare", "last", "last:999")), 1);
    CU_ASSERT_TRUE(says(program.err, "999"));
    program_close(&program);
}

static void another_task_is_a_changed_message(void)
{
    struct program program;

    program_open(&program);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("exec", "one\ntwo\nthree", "--simulator", "hello")),
                    0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("exec", "one\n2\nthree", "--simulator", "hello")),
                    0);
    char *feed = program_feed(&program);
    const char *uid = strstr(feed, "\"session_id\":\"") + strlen("\"session_id\":\"");
    char first[9] = {0};
    memcpy(first, uid, 8);
    free(feed);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("compare", first, "last")), 0);
    CU_ASSERT_TRUE(says(program.out, "      one\n-     two\n+     2\n      three\n"));
    CU_ASSERT_TRUE(says(program.out, "0 only in the second, 2 changed"));
    program_close(&program);
}

static void requests_are_compared(void)
{
    struct program program;

    program_open(&program);
    play(&program, "tools");
    CU_ASSERT_EQUAL(program_run(&program, ARGV("request", "last", "1", "--diff", "2")), 0);
    CU_ASSERT_TRUE(says(program.out, "call 1 to call 2: 2 messages the same, 0 dropped, 2 added"));
    CU_ASSERT_TRUE(says(program.out, "+     created notes.txt"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("request", "last", "2", "--diff", "1")), 0);
    CU_ASSERT_TRUE(says(program.out, "-     created notes.txt"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("request", "last", "1", "--diff", "70")), 1);
    program_close(&program);
}

static void a_breakpoint_is_tried_then_stops(void)
{
    struct program program;

    program_open(&program);
    play(&program, "tools");
    CU_ASSERT_EQUAL(program_run(&program, ARGV("break", "last", "tool", "write_*", "-n")), 0);
    CU_ASSERT_TRUE(says(program.err, "would have stopped 1 time so far: iteration 1 (step 4)"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("break", "last", "iteration", "3")), 0);
    CU_ASSERT_TRUE(says(program.out, "breakpoint 1: iteration 3"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("break", "last")), 0);
    CU_ASSERT_TRUE(says(program.out, "iteration 3"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("rollback", "last", "#1")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("resume", "last", "--allow-unsandboxed")), 3);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("show", "last")), 0);
    CU_ASSERT_TRUE(says(program.out, "breakpoint 1: iteration 3"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("break", "last", "--delete", "1")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("resume", "last", "--allow-unsandboxed")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("break", "last", "--delete", "1")), 1);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("break", "last", "sometimes")), 1);
    CU_ASSERT_TRUE(says(program.err, "is one of"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("replay", "last", "--verify")), 0);
    program_close(&program);
}

static void a_fork_goes_its_own_way(void)
{
    struct program program;

    program_open(&program);
    play(&program, "tools");
    CU_ASSERT_EQUAL(program_run(&program, ARGV("fork", "last", "#2", "twig")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("fork", "last", "#2", "twig")), 1);
    CU_ASSERT_TRUE(says(program.err, "twig already"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("resume", "last", "--allow-unsandboxed")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("show", "last")), 0);
    CU_ASSERT_TRUE(says(program.out, "twig"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("switch", "last", "main")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("compare", "last", "last:15")), 0);
    CU_ASSERT_TRUE(says(program.out, "14 messages are the same"));
    CU_ASSERT_EQUAL(program_run(&program, ARGV("switch", "last", "nowhere")), 1);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("replay", "last", "--verify")), 0);
    CU_ASSERT_EQUAL(program_run(&program, ARGV("fsck")), 0);
    program_close(&program);
}

static const struct test tests[] = {
    {"a fork goes its own way, and back", a_fork_goes_its_own_way},
    {"a breakpoint is tried on the past, then stops the run", a_breakpoint_is_tried_then_stops},
    {"two ways of a run are compared", two_ways_are_compared},
    {"another task is a changed message, by line", another_task_is_a_changed_message},
    {"two requests are compared", requests_are_compared},
    {"a run of every scenario verifies", every_scenario_verifies},
    {"what was altered afterwards is found where it was", what_was_altered_is_found},
    {NULL, NULL},
};

const struct suite suite_replay = {"replay", tests};
