/* SPDX-License-Identifier: MIT */
/*
 * Screens as text: tests/screens/NAME.keys drives the console on a recorded history, and
 * NAME.expected is what it then shows. `make screens-accept` rewrites them. A line of a .keys file
 * is `story NAME WxH`, `home`, `type TEXT`, `paste TEXT`, `size WxH`, `wait MS`, `delta TEXT`, or
 * keys.
 */
#include "tests/suite.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/support/golden.h"
#include "tests/support/stage.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stories[] = {
    [STAGE_NONE] = "none",     [STAGE_RESTING] = "resting", [STAGE_APPROVAL] = "approval",
    [STAGE_DOUBT] = "doubt",   [STAGE_RETRY] = "retry",     [STAGE_LIMIT] = "limit",
    [STAGE_FAILED] = "failed", [STAGE_LIVE] = "live",
};

static void do_story(struct stage *stage, const char *rest)
{
    char name[32];
    int w, h;

    CU_ASSERT_EQUAL_FATAL(sscanf(rest, "%31s %dx%d", name, &w, &h), 3);
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        if (strcmp(stories[i], name) == 0) {
            stage_open(stage, (enum stage_story)i, w, h);
            return;
        }
    CU_FAIL_FATAL("no such story");
}

static void do_size(struct stage *stage, const char *rest)
{
    int w, h;

    CU_ASSERT_EQUAL_FATAL(sscanf(rest, "%dx%d", &w, &h), 2);
    stage_size(stage, w, h);
}

static void do_wait(struct stage *stage, const char *rest)
{
    stage_wait(stage, strtol(rest, NULL, 10) * 1000L);
}

static void do_delta(struct stage *stage, const char *rest)
{
    stage_delta(stage, rest);
    stage_draw(stage);
}

static void do_home(struct stage *stage, const char *rest)
{
    (void)rest;
    stage_home(stage);
}

static const struct {
    const char *word;
    void (*run)(struct stage *stage, const char *rest);
} words[] = {
    {"story ", do_story}, {"type ", stage_type}, {"paste ", stage_paste}, {"size ", do_size},
    {"wait ", do_wait},   {"delta ", do_delta},  {"home", do_home},
};

static void do_line(struct stage *stage, char *line)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_starts(line, words[i].word)) {
            words[i].run(stage, line + strlen(words[i].word));
            return;
        }
    for (char *key = strsep(&line, " "); key; key = strsep(&line, " "))
        stage_key(stage, key);
}

static void play(const char *path)
{
    struct stage stage;
    char line[512], *expected = mem_printf("%.*sexpected", (int)strlen(path) - 4, path);
    FILE *file = fopen(path, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        do_line(&stage, line);
    }
    CU_ASSERT_EQUAL(fclose(file), 0);
    golden_grid(expected, &stage.grid);
    stage_close(&stage);
    free(expected);
}

static void every_screen_is_as_accepted(void)
{
    glob_t found;

    CU_ASSERT_EQUAL_FATAL(glob("tests/screens/*.keys", 0, NULL, &found), 0);
    CU_ASSERT(found.gl_pathc >= 10);
    for (size_t i = 0; i < found.gl_pathc; i++)
        play(found.gl_pathv[i]);
    globfree(&found);
}

const struct suite suite_screens = {
    "screens",
    (const struct test[]){
        {"every screen is as it was accepted", every_screen_is_as_accepted},
        {NULL, NULL},
    },
};
