/* SPDX-License-Identifier: MIT */
/*
 * The program dies of SIGKILL, again and again, wherever it happens to be, and a new one goes on
 * with the run. Its tools write one line into a book outside the workspace for every time they are
 * really carried out, so what ran twice, or never, is there to be read.
 *
 * TEST_KILLS says how many deaths, TEST_SEED which; where in the program's life a death falls
 * depends on the machine as well, so a seed is a neighbourhood and not a place.
 */
#include "tests/suite.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/query.h"
#include "history/query_run.h"
#include "history/query_work.h"
#include "tests/support/program.h"
#include "tests/support/scratch.h"

#define LIVES_MAX  200 /* of one run: it gets further with almost every one */
#define EXIT_DOUBT 6

static const char agent[] =
    "---\n"
    "name: clerk\n"
    "tools:\n"
    "  - write_file\n"
    "  - name: order\n"
    "    description: Orders an article, for real and for money.\n"
    "    parameters: {type: object, properties: {n: {type: string}}}\n"
    "    argv: [/bin/sh, -c, 'read a; echo \"order $a\" >>\"$HOME/book\"; echo placed']\n"
    "  - name: stamp\n"
    "    description: Stamps a paper; a second time changes nothing.\n"
    "    parameters: {type: object, properties: {n: {type: string}}}\n"
    "    argv: [/bin/sh, -c, 'read a; echo \"$a\" >stamp; echo \"stamp $a\" >>\"$HOME/book\"']\n"
    "    policy: idempotent\n"
    "  - name: look\n"
    "    description: Looks how many papers there are.\n"
    "    argv: [/bin/sh, -c, 'ls | wc -l']\n"
    "    policy: pure\n"
    "limits: {max_iterations: 100, loop_guard: 0}\n"
    "---\n"
    "You are a clerk.\n";

/* Every kind of policy, calls side by side, a failure that is retried, a last word that depends on
   all that was done. */
static const char scenario[] =
    "replies:\n"
    "  - when: {turn: {min: 8}}\n"
    "    text: \"Done. {{tool_results}} results, papers: {{result:look}}\"\n"
    "  - when: {any: [{turn: 0}, {turn: 4}]}\n"
    "    text: Ordering.\n"
    "    calls: [{name: order, arguments: {n: 'a{{turn}}'}}, {name: look, arguments: {}},\n"
    "            {name: look, arguments: {}}]\n"
    "  - when: {any: [{turn: 1}, {turn: 5}]}\n"
    "    calls: [{name: stamp, arguments: {n: 's{{turn}}'}}, {name: order, arguments: {n: "
    "'b{{turn}}'}}]\n"
    "    faults: [{status: 500}]\n"
    "  - when: {any: [{turn: 2}, {turn: 6}]}\n"
    "    calls: [{name: write_file, arguments: {path: 'paper{{turn}}', content: 'of {{turn}}'}}]\n"
    "    faults: [{cut: 2, end: rst}]\n"
    "  - calls: [{name: look, arguments: {}}, {name: order, arguments: {n: 'c{{turn}}'}}]\n";

static const char *const start[] = {"exec",
                                    "sort my papers",
                                    "--json",
                                    "--simulator",
                                    "../papers.yaml",
                                    "--agent",
                                    "../clerk.md",
                                    "--allow-unsandboxed",
                                    "--set",
                                    "retry.floor=1ms",
                                    "--set",
                                    "retry.base=2ms",
                                    "--set", /* every life has a simulator that fails anew */
                                    "breaker.open=1ms",
                                    "--set",
                                    "breaker.open_max=1ms",
                                    "--set",
                                    "retry.attempts=100",
                                    NULL};
static const char *const go_on[] = {"exec", "--json", "--resume", "last", NULL};

/* ---- One run from its start to its end ---- */

struct tale {
    struct program program;
    struct buf seen; /* every whole line that any life printed: all of it was on disk by then */
    unsigned lives, kills, doubts;
    int code;
};

static void open_tale(struct tale *tale)
{
    *tale = (struct tale){.code = -1};
    program_open(&tale->program);
    program_write(&tale->program, "clerk.md", agent);
    program_write(&tale->program, "papers.yaml", scenario);
    program_write(&tale->program, "book", "");
    buf_init(&tale->seen, (size_t)64 << 20);
}

static void close_tale(struct tale *tale)
{
    program_close(&tale->program);
    buf_free(&tale->seen);
}

static bool has_a_run(struct tale *tale)
{
    struct query *query = program_history(&tale->program);
    int64_t count = 0;

    if (query)
        CU_ASSERT_EQUAL(query_run_count(query, &count, NULL), 0);
    query_close(query);
    return count > 0;
}

static void begin_life(struct tale *tale)
{
    program_start(&tale->program, has_a_run(tale) ? go_on : start);
    tale->lives++;
}

/* A line that lost its end to the kill was not said. */
static void end_life(struct tale *tale)
{
    tale->code = program_wait(&tale->program);
    const char *end = strrchr(tale->program.out, '\n');
    size_t len = end ? (size_t)(end + 1 - tale->program.out) : 0;

    CU_ASSERT_EQUAL(buf_add(&tale->seen, tale->program.out, len), 0);
    program_judge(&tale->program, tale->code);
}

/* Whether `line` is a whole line of `text`; how often. */
static unsigned lines_like(const char *text, const char *line, size_t len)
{
    unsigned count = 0;

    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");

        count += n == len && memcmp(at, line, len) == 0;
        at += n + (at[n] == '\n');
    }
    return count;
}

/* What was printed is on record, word for word. */
static void check_nothing_lost(struct tale *tale)
{
    char *feed = program_feed(&tale->program);

    for (const char *at = tale->seen.data; at && *at;) {
        size_t n = strcspn(at, "\n");
        unsigned times = lines_like(feed, at, n);

        if (times != 1)
            printf("    on record %u times: %.*s\n", times, (int)n, at);
        CU_ASSERT_EQUAL(times, 1);
        at += n + (at[n] == '\n');
    }
    free(feed);
}

static void show_twice(struct tale *tale, const char *order, size_t len)
{
    char *feed = program_feed(&tale->program);

    printf("    carried out again: %.*s\n%s", (int)len, order, feed);
    free(feed);
}

/* An order is never carried out twice. */
static void check_book(struct tale *tale)
{
    char *book = scratch_read(tale->program.home, "book");

    CU_ASSERT_PTR_NOT_NULL_FATAL(book);
    for (const char *at = book; *at;) {
        size_t n = strcspn(at, "\n");
        unsigned times = str_starts(at, "order ") ? lines_like(book, at, n) : 1;

        if (times != 1)
            show_twice(tale, at, n);
        CU_ASSERT_EQUAL(times, 1);
        at += n + (at[n] == '\n');
    }
    free(book);
}

/* ---- How it ended ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in order, each once: yours. */
static char *sorted_lines(char *text)
{
    char *lines[256];
    size_t count = 0;
    struct buf out;

    for (char *at = text; *at && count < 256;) {
        char *end = at + strcspn(at, "\n");

        lines[count++] = at;
        at = *end ? end + 1 : end;
        *end = '\0';
    }
    qsort(lines, count, sizeof *lines, by_name);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0)
            CU_ASSERT_EQUAL(buf_printf(&out, "%s\n", lines[i]), 0);
    return buf_take(&out);
}

static char *folder_of(struct tale *tale)
{
    char *ws = mem_text(scratch_path(tale->program.home, "ws"));
    DIR *dir = opendir(ws);
    struct buf out;

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    buf_init(&out, 1 << 20);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char *text = entry->d_name[0] == '.' ? NULL : scratch_read(ws, entry->d_name);

        if (text)
            CU_ASSERT_EQUAL(buf_printf(&out, "%s: %s\n", entry->d_name, text), 0);
        free(text);
    }
    closedir(dir);
    free(ws);
    char *all = buf_take(&out);
    char *sorted = sorted_lines(all);
    free(all);
    return sorted;
}

/* The last message of the run, what was carried out and what is in the workspace: yours. */
static char *ending_of(struct tale *tale)
{
    char *feed = program_feed(&tale->program);
    char *book = scratch_read(tale->program.home, "book");
    char *done = sorted_lines(book), *files = folder_of(tale);
    const char *said = strstr(feed, "\"content\":\"Done.");
    char *all =
        mem_printf("%.*s\n%s%s", said ? (int)strcspn(said, "}") : 0, said ? said : "", done, files);

    free(feed);
    free(book);
    free(done);
    free(files);
    return all;
}

/* A run that nobody disturbed. *us gets how long it took. */
static char *undisturbed(int64_t *us)
{
    struct tale tale;

    open_tale(&tale);
    begin_life(&tale);
    end_life(&tale);
    CU_ASSERT_EQUAL(tale.code, 0);
    check_nothing_lost(&tale);
    check_book(&tale);
    *us = tale.program.us;
    char *ending = ending_of(&tale);
    CU_ASSERT_PTR_NOT_NULL(strstr(ending, "Done. 16 results"));
    close_tale(&tale);
    return ending;
}

/* ---- The campaign ---- */

/* splitmix64: the seed is all of its state. */
static uint64_t chance(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* One life: to its end, or to a random moment. */
static void live(struct tale *tale, uint64_t *seed, int64_t us)
{
    begin_life(tale);
    if (!program_ends(&tale->program, (int64_t)(chance(seed) % (uint64_t)us))) {
        CU_ASSERT_EQUAL(kill(tale->program.pid, SIGKILL), 0);
        tale->kills++;
    }
    end_life(tale);
}

/* The order whose outcome was lost, as the book would have it: "order {…}". Yours. The run need not
   be the first: a life may end between taking a number and storing anything under it. */
static char *order_in_doubt(struct tale *tale)
{
    struct query *query = program_history(&tale->program);
    struct open_work work = {0};
    struct arena arena = {0};
    struct buf line;
    unsigned doubts = 0;
    int64_t run;

    buf_init(&line, 1 << 20);
    CU_ASSERT_EQUAL(buf_text(&line, "order "), 0);
    CU_ASSERT_EQUAL_FATAL(query_run_find(query, "last", &run, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(query_open_work(query, &arena, run, 8, &work, NULL), 0);
    for (size_t i = 0; i < work.effect_count; i++)
        if (work.effects[i].state == EFFECT_IN_DOUBT) {
            CU_ASSERT_EQUAL(query_effect_args(query, run, work.effects[i].effect, &line, NULL), 0);
            doubts++;
        }
    CU_ASSERT_EQUAL(doubts, 1);
    arena_free(&arena);
    query_close(query);
    return buf_take(&line);
}

/* The operator looks into the book, and says what is true. */
static void settle(struct tale *tale)
{
    static const char *const happened[] = {"resolve", "last", "happened", NULL};
    static const char *const run[] = {"resolve", "last", "run", NULL};
    char *order = order_in_doubt(tale), *book = scratch_read(tale->program.home, "book");
    bool placed = lines_like(book, order, strlen(order)) > 0;

    program_judge(&tale->program, program_run(&tale->program, placed ? happened : run));
    tale->doubts++;
    free(order);
    free(book);
}

/*
 * A whole run with as many deaths as it takes. Lives grow longer, so that it ends even where the
 * program's start takes most of `us`, as on a machine that grew busy since that was measured.
 */
static void suffer(struct tale *tale, uint64_t *seed, int64_t us)
{
    while (tale->code != 0 && tale->lives < LIVES_MAX) {
        live(tale, seed, us + us * tale->lives * tale->lives / 64);
        check_book(tale);
        if (tale->code == EXIT_DOUBT)
            settle(tale);
    }
    check_nothing_lost(tale);
}

static void a_killed_run_ends_as_if_it_had_lived(void)
{
    const unsigned kills = suite_amount("KILLS", 300), seeded = suite_amount("SEED", 1);
    unsigned killed = 0, doubts = 0, runs = 0;
    uint64_t seed = seeded;
    int64_t us;
    char *expected = undisturbed(&us);

    us /= 2; /* most first lives are too short for the run */
    while (killed < kills && CU_get_number_of_failures() == 0) {
        struct tale tale;

        open_tale(&tale);
        suffer(&tale, &seed, us);
        killed += tale.kills;
        doubts += tale.doubts;
        runs++;
        char *ending = ending_of(&tale);
        if (strcmp(ending, expected) != 0)
            printf("    it ended with\n%s\n    and not with\n%s\n", ending, expected);
        CU_ASSERT_STRING_EQUAL(ending, expected);
        free(ending);
        CU_ASSERT_EQUAL(tale.code, 0);
        close_tale(&tale);
    }
    printf("crash: %u deaths in %u runs, %u orders in doubt (TEST_SEED=%u)\n", killed, runs, doubts,
           seeded);
    free(expected);
}

/* ---- Every place where the program meets the kernel ---- */

/* Dies at one stop, lives on without further harm; the stops that the first life made. */
static size_t die_once(struct tale *tale, size_t at, const char *expected)
{
    open_tale(tale);
    size_t stops = program_kill_at(&tale->program, start, at);

    tale->lives++;
    end_life(tale);
    while (stops > 0 && tale->code != 0 && tale->lives < 10) {
        if (tale->code == EXIT_DOUBT)
            settle(tale);
        begin_life(tale);
        end_life(tale);
    }
    if (stops > 0) {
        char *ending = ending_of(tale);

        if (strcmp(ending, expected) != 0)
            printf("    killed at stop %zu it ended with\n%s\n", at, ending);
        CU_ASSERT_STRING_EQUAL(ending, expected);
        free(ending);
        check_nothing_lost(tale);
        check_book(tale);
    }
    close_tale(tale);
    return stops;
}

static void a_run_that_is_killed_at_any_system_call_ends_the_same(void)
{
    const unsigned points = suite_amount("POINTS", 40);
    int64_t us;
    char *expected = undisturbed(&us);
    struct tale tale;
    size_t all = die_once(&tale, SIZE_MAX, expected);

    if (all == 0)
        suite_skip("S12", "no process may be traced here");
    for (unsigned i = 0; i < points && all > 0 && CU_get_number_of_failures() == 0; i++)
        (void)die_once(&tale, 1 + all * i / points, expected);
    printf("crash: killed at %u of %zu stops\n", all > 0 ? points : 0, all);
    free(expected);
}

static void a_run_that_has_ended_says_so_again(void)
{
    struct tale tale;

    open_tale(&tale);
    for (int life = 0; life < 3; life++) {
        begin_life(&tale);
        end_life(&tale);
        CU_ASSERT_EQUAL(tale.code, 0);
    }
    check_book(&tale);
    close_tale(&tale);
}

static const struct test tests[] = {
    {"a run that has ended is not run again", a_run_that_has_ended_says_so_again},
    {"S12 a run that is killed at any system call ends as if it had lived",
     a_run_that_is_killed_at_any_system_call_ends_the_same},
    {"S11 a run that is killed anywhere ends as if it had lived",
     a_killed_run_ends_as_if_it_had_lived},
    {NULL, NULL},
};

const struct suite suite_crash = {"crash", tests};
