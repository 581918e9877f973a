/* SPDX-License-Identifier: MIT */
#include "tui/recall.h"

#include "core/base/mask.h"
#include "core/base/mem.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct recall *open_in(const char *dir, const struct mask *mask)
{
    struct recall *recall;

    recall_new(&recall,
               &(struct recall_options){.path = scratch_path(dir, "typed.jsonl"), .mask = mask});
    return recall;
}

static void it_is_there_at_the_next_start_each_kind_for_itself(void)
{
    char *dir = scratch_new();
    struct recall *recall = open_in(dir, NULL);
    struct stat st;

    recall_add(recall, "command", "pause");
    recall_add(recall, "task", "two\nlines \"quoted\"");
    recall_add(recall, "command", "resume");
    recall_add(recall, "command", "resume"); /* once is enough */
    recall_add(recall, "command", "");
    for (int start = 0; start < 2; start++) {
        CU_ASSERT_STRING_EQUAL(recall_get(recall, "command", 0), "resume");
        CU_ASSERT_STRING_EQUAL(recall_get(recall, "command", 1), "pause");
        CU_ASSERT_PTR_NULL(recall_get(recall, "command", 2));
        CU_ASSERT_STRING_EQUAL(recall_get(recall, "task", 0), "two\nlines \"quoted\"");
        CU_ASSERT_PTR_NULL(recall_get(recall, "search", 0));
        recall_free(recall);
        recall = open_in(dir, NULL);
    }
    CU_ASSERT_EQUAL(stat(scratch_path(dir, "typed.jsonl"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    recall_free(recall);
    scratch_free(dir);
}

static void a_secret_is_never_kept(void)
{
    static const char *const cases[] = {
        "use the key hunter2hunter2", /* a known one */
        "curl -H 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'",
        "set model.key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
        "clone https://me:secretword@example.org/x.git",
        " not this either",
    };
    char *dir = scratch_new();
    struct mask *mask;

    mask_new(&mask);
    CU_ASSERT_EQUAL(mask_add(mask, "hunter2hunter2", 14, NULL), 0);
    struct recall *recall = open_in(dir, mask);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        recall_add(recall, "task", cases[i]);
        CU_ASSERT_PTR_NULL(recall_get(recall, "task", 0));
    }
    CU_ASSERT_FALSE(scratch_has(dir, "typed.jsonl"));
    recall_add(recall, "task", "ordinary words");
    CU_ASSERT_STRING_EQUAL(recall_get(recall, "task", 0), "ordinary words");
    recall_free(recall);
    mask_free(mask);
    scratch_free(dir);
}

static void the_oldest_go_and_the_file_stays_small(void)
{
    char *dir = scratch_new(), text[32], *file;
    struct recall *recall = open_in(dir, NULL);
    size_t lines = 0;

    for (int i = 0; i < 2 * RECALL_KEPT + 10; i++) {
        snprintf(text, sizeof text, "entry %d", i);
        recall_add(recall, "task", text);
    }
    CU_ASSERT_STRING_EQUAL(recall_get(recall, "task", RECALL_KEPT - 1), "entry 510");
    CU_ASSERT_PTR_NULL(recall_get(recall, "task", RECALL_KEPT));
    recall_free(recall);
    recall = open_in(dir, NULL);
    CU_ASSERT_STRING_EQUAL(recall_get(recall, "task", 0), "entry 1009");
    recall_free(recall);
    file = scratch_read(dir, "typed.jsonl");
    for (const char *at = file; *at; at++)
        lines += *at == '\n';
    CU_ASSERT_EQUAL(lines, RECALL_KEPT);
    free(file);
    scratch_free(dir);
}

static void a_spoilt_file_costs_only_its_spoilt_lines(void)
{
    char *dir = scratch_new();

    scratch_write(dir, "typed.jsonl",
                  "{\"kind\":\"task\",\"text\":\"good\"}\nnonsense\n{\"kind\":3}\n\n"
                  "{\"kind\":\"task\",\"text\":\"better\"}\n{\"kind\":\"task\",\"te");
    struct recall *recall = open_in(dir, NULL);
    CU_ASSERT_STRING_EQUAL(recall_get(recall, "task", 0), "better");
    CU_ASSERT_STRING_EQUAL(recall_get(recall, "task", 1), "good");
    recall_free(recall);
    scratch_free(dir);
}

static void the_next_older_one_that_holds_a_text_is_found(void)
{
    struct recall *recall;
    size_t back = 0;

    recall_new(&recall, &(struct recall_options){.path = NULL});
    recall_add(recall, "task", "find a laptop");
    recall_add(recall, "task", "find a chair");
    recall_add(recall, "task", "buy a laptop");
    CU_ASSERT_STRING_EQUAL(recall_find(recall, "task", "laptop", &back), "buy a laptop");
    back++;
    CU_ASSERT_STRING_EQUAL(recall_find(recall, "task", "laptop", &back), "find a laptop");
    CU_ASSERT_EQUAL(back, 2);
    back++;
    CU_ASSERT_PTR_NULL(recall_find(recall, "task", "laptop", &back));
    recall_free(recall);
}

const struct suite suite_recall = {
    "recall",
    (const struct test[]){
        {"it is there at the next start, each kind for itself",
         it_is_there_at_the_next_start_each_kind_for_itself},
        {"a secret is never kept", a_secret_is_never_kept},
        {"the oldest go, and the file stays small", the_oldest_go_and_the_file_stays_small},
        {"a spoilt file costs only its spoilt lines", a_spoilt_file_costs_only_its_spoilt_lines},
        {"the next older one that holds a text is found",
         the_next_older_one_that_holds_a_text_is_found},
        {NULL, NULL},
    },
};
