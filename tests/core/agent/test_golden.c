/* SPDX-License-Identifier: MIT */
/* Runs that were recorded once: every decision must still come out as it did (tests/data/golden).
 */
#include "core/agent/input.h"
#include "core/agent/replay.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/arena.h"
#include "history/history.h"
#include "history/query.h"
#include "history/query_run.h"
#include "tests/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER    "tests/data/golden"
#define FILE_MAX  ((size_t)16 << 20)
#define LINE_TEXT ((size_t)8 << 20)

/* --- recording -----------------------------------------------------------------------------------
 */

static int write_input(void *ctx, const struct stored_input *input)
{
    cJSON *line = cJSON_CreateObject();
    char random[32], hash[2 * SHA256_BYTES + 1];

    str_format(random, sizeof random, "%llu", (unsigned long long)input->random);
    sha256_text(hash, &input->decision);
    json_set_int(line, "seq", input->seq);
    json_set_int(line, "type", input->type);
    json_set_int(line, "wall_us", input->wall_us);
    json_set_int(line, "mono_us", input->mono_us);
    json_set_text(line, "random", random);
    json_set_text(line, "facts", input->facts);
    json_set_text(line, "body", input->body);
    json_set_text(line, "decision", hash);
    char *text = json_print(line);
    fprintf(ctx, "%s\n", text);
    free(text);
    cJSON_Delete(line);
    return 0;
}

static void record(const char *path, const char *name, const char *out)
{
    struct history *history = NULL;
    struct history_report report = {0};
    const struct history_options options = {.path = path};
    struct query *query = NULL;
    struct arena arena = {0};
    struct run_row row;
    const char *spec = NULL;
    int64_t run = 0;
    FILE *file = fopen(out, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL_FATAL(history_open(&history, &options, &report, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(query_open(&query, path, NULL, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(query_run_find(query, name, &run, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(query_run(query, &arena, run, &row, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(query_run_config(query, &arena, run, &spec, NULL), 0);
    cJSON *head = cJSON_CreateObject();
    json_set_text(head, "uid", row.uid);
    json_set_text(head, "spec", spec);
    char *text = json_print(head);
    fprintf(file, "%s\n", text);
    CU_ASSERT_EQUAL(history_inputs(history, run, 1, write_input, file, NULL), 0);
    free(text);
    cJSON_Delete(head);
    fclose(file);
    arena_free(&arena);
    query_close(query);
    history_close(history);
    history_report_free(&report);
}

/* --- judging
 * --------------------------------------------------------------------------------------- */

static struct input *read_input(const cJSON *line, struct hash *decision)
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
    CU_ASSERT_EQUAL_FATAL(str_unhex(decision->at, SHA256_BYTES, json_text(line, "decision")), 0);
    return input;
}

static void decide_again(struct replay *replay, const cJSON *line, const char *name)
{
    struct hash decision;
    struct input *input = read_input(line, &decision);
    int differs = replay_input(replay, input, &decision);

    if (differs)
        printf("%s: decision %lld (%s) comes out differently\n", name, (long long)input->seq,
               input_name(input->kind));
    CU_ASSERT_EQUAL(differs, 0);
    input_free(input);
}

static void judge(const char *name)
{
    char *path = path_join(FOLDER, name), *text = NULL, *next;
    struct replay *replay = NULL;
    size_t len = 0;

    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, path, FILE_MAX, NULL), 0);
    for (char *line = text; *line; line = next) {
        size_t size = strcspn(line, "\n");
        cJSON *tree = NULL;

        next = line + size + (line[size] == '\n');
        CU_ASSERT_EQUAL_FATAL(json_parse(&tree, line, size, NULL, NULL), 0);
        if (replay)
            decide_again(replay, tree, name);
        else
            CU_ASSERT_EQUAL_FATAL(
                replay_new(&replay, 1, json_text(tree, "uid"), json_text(tree, "spec"), NULL), 0);
        cJSON_Delete(tree);
    }
    replay_free(replay);
    free(text);
    free(path);
}

static void golden_runs(void)
{
    const char *history = getenv("GOLDEN_HISTORY");
    struct dirent *entry;
    size_t count = 0;

    if (history) {
        record(history, getenv("GOLDEN_RUN"), getenv("GOLDEN_OUT"));
        return;
    }
    DIR *dir = opendir(FOLDER);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while ((entry = readdir(dir)))
        if (str_ends(entry->d_name, ".jsonl")) {
            judge(entry->d_name);
            count++;
        }
    closedir(dir);
    CU_ASSERT_TRUE(count > 0);
}

static const struct test tests[] = {
    {"every decision of every golden run comes out as it did", golden_runs},
    {NULL, NULL},
};

const struct suite suite_golden = {"golden", tests};
