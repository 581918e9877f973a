/* SPDX-License-Identifier: MIT */
#include "tests/support/tale.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/query.h"
#include "history/query_run.h"
#include "history/query_work.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

#define MORE_LIVES 10 /* of tale_go_on: far more than an tale_undisturbed run can need */

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

void tale_open(struct tale *tale)
{
    *tale = (struct tale){.code = -1};
    program_open(&tale->program);
    program_write(&tale->program, "clerk.md", agent);
    program_write(&tale->program, "papers.yaml", scenario);
    program_write(&tale->program, "book", "");
    buf_init(&tale->seen, (size_t)64 << 20);
}

void tale_close(struct tale *tale)
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

const char *const *tale_words(struct tale *tale)
{
    return has_a_run(tale) ? go_on : start;
}

void tale_begin(struct tale *tale)
{
    program_start(&tale->program, tale_words(tale));
}

/* A line that lost its end to the kill was not said. */
void tale_end(struct tale *tale)
{
    tale->lives++;
    tale->code = program_wait(&tale->program);
    const char *end = strrchr(tale->program.out, '\n');
    size_t len = end ? (size_t)(end + 1 - tale->program.out) : 0;

    CU_ASSERT_EQUAL(buf_add(&tale->seen, tale->program.out, len), 0);
    program_judge(&tale->program, tale->code);
}

void tale_live(struct tale *tale)
{
    tale_begin(tale);
    tale_end(tale);
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

void tale_nothing_lost(struct tale *tale)
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
void tale_nothing_twice(struct tale *tale)
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

char *tale_ending(struct tale *tale)
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

char *tale_undisturbed(int64_t *us)
{
    struct tale tale;

    tale_open(&tale);
    tale_live(&tale);
    CU_ASSERT_EQUAL(tale.code, 0);
    tale_nothing_lost(&tale);
    tale_nothing_twice(&tale);
    if (us)
        *us = tale.program.us;
    char *ending = tale_ending(&tale);
    CU_ASSERT_PTR_NOT_NULL(strstr(ending, "Done. 16 results"));
    tale_close(&tale);
    return ending;
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

void tale_settle(struct tale *tale)
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

void tale_go_on(struct tale *tale)
{
    for (int i = 0; i < MORE_LIVES && tale->code != 0; i++) {
        if (tale->code == TALE_DOUBT)
            tale_settle(tale);
        tale_live(tale);
    }
}

void tale_judge(struct tale *tale, const char *expected)
{
    char *ending = tale_ending(tale);

    if (strcmp(ending, expected) != 0)
        printf("    it ended with\n%s\n    and not with\n%s\n", ending, expected);
    CU_ASSERT_STRING_EQUAL(ending, expected);
    CU_ASSERT_EQUAL(tale->code, 0);
    free(ending);
    tale_nothing_lost(tale);
    tale_nothing_twice(tale);
}
