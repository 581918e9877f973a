/* SPDX-License-Identifier: MIT */
/* The scenarios of core/sim/scenarios, each followed to its end. The demo has a suite of its own.
 */
#include "core/sim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/sim/asked.h"
#include "core/sim/dialect.h"
#include "tests/suite.h"
#include "tests/support/talk.h"

/* Answers a call with the word that the test holds ready, or with what echo would say. */
static char *answer_call(void *self, const char *name, const cJSON *args)
{
    const char *command = json_text(args, "command"), *word = self;

    (void)name;
    return mem_text(word ? word : command && str_starts(command, "echo ") ? command + 5 : "ok");
}

static const struct {
    const char *scenario, *task;
    const char *word; /* what every tool answers; NULL = as echo would */
    const char *steps;
    const char *answer;
} stories[] = {
    {"hello", "hi", NULL, "| ", "Hello. You said: hi"},
    {"bench_turns", "do 4 turns", NULL, "shell shell shell shell | ",
     "Done after 4 turns. The last one said: 3"},
    {"bench_turns", "do none", NULL, "| ", "Done after 0 turns. The last one said: "},
    {"bench_turns", "do 0 turns", NULL, "| ", "Done after 0 turns. The last one said: "},
    {"once", "cause 3 effects", NULL, "effect effect effect | ", "3 effects are asked for."},
    {"tools", "show them", "text",
     "write_file read_file edit_file list_files+search_files shell | ",
     "`notes.txt` is written:\n\n```\ntext\n```\n"},
    {"parallel", "go", "seen",
     "list_files+list_files+search_files+read_file read_file+write_file+read_file | ",
     "The last look says: seen"},
    {"approval", "make it", "made\n", "shell | ", "The folder is there."},
    {"approval", "make it", "denied: not now", "shell | ",
     "I did not make the folder: denied: not now"},
    {"retry", "go", NULL, "500 429 list_files 200 | ", "That took two."},
    {"bench_stream", "say 3", NULL, "| ", " token token token"},
    {"faults", "what can you do?", NULL, "| ", "Name a fault, such as N18."},
    {"faults", "show me N18", NULL, "429 | ", "It is answered now."},
    {"faults", "N23", NULL, "500 500 500 500 | ", "It is answered now."},
    {"loop", "go", NULL,
     "list_files list_files list_files list_files list_files list_files list_files list_files "
     "list_files list_files list_files list_files list_files list_files list_files list_files "
     "list_files list_files list_files list_files ",
     "it never came to an end"},
};

static void every_scenario_tells_its_story(void)
{
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct simulator *sim = simulator_named(stories[i].scenario);
        struct talk talk = talk_begin(sim, answer_call, (void *)stories[i].word);
        char *answer = talk_say(&talk, stories[i].task);

        CU_ASSERT_STRING_EQUAL(answer, stories[i].answer);
        if (!str_eq(talk.steps.data, stories[i].steps))
            printf("    %s: %s\n", stories[i].scenario, talk.steps.data);
        CU_ASSERT_STRING_EQUAL(talk.steps.data, stories[i].steps);
        CU_ASSERT_STRING_EQUAL(sim->reports.data, "");
        free(answer);
        talk_end(&talk);
        simulator_free(sim);
    }
}

static void every_fault_is_reached_by_the_task_that_names_it(void)
{
    static const char *const tasks[] = {
        "N02",          "N03",         "N04",      "N05",       "N06",          "N07",
        "N08",          "N09",         "N10",      "N12",       "N14",          "N15",
        "N16",          "N17",         "N18",      "N19",       "N20 negative", "N20",
        "N21 long",     "N21",         "N22",      "N23",       "N24",          "N25 late",
        "N25 early",    "N25",         "N26 html", "N26 empty", "N26",          "N27",
        "N28",          "N29",         "N30",      "N31",       "N32",          "N33 chunk",
        "N33 negative", "N33 headers", "N33"};
    struct scenario *scenario = NULL;
    size_t count = sizeof tasks / sizeof *tasks;

    CU_ASSERT_EQUAL_FATAL(scenario_find(&scenario, "faults", NULL, NULL), 0);
    for (size_t i = 0; i < count; i++) { /* in the order of the file */
        char *body = mem_printf("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
                                "\"show me %s, please\"}]}",
                                tasks[i]);
        struct asked asked = {0};

        CU_ASSERT_EQUAL(json_parse(&asked.body, body, strlen(body), NULL, NULL), 0);
        CU_ASSERT_EQUAL(dialect_chat.read(&asked, NULL), 0);
        CU_ASSERT_PTR_EQUAL(scenario_choose(scenario, &asked), &scenario->replies[i]);
        CU_ASSERT(scenario->replies[i].fault_count > 0);
        asked_clear(&asked);
        free(body);
    }
    for (size_t i = count; i < scenario->reply_count; i++)
        CU_ASSERT_EQUAL(scenario->replies[i].fault_count, 0);
    scenario_free(scenario);
}

static const struct test tests[] = {
    {"every scenario tells its story", every_scenario_tells_its_story},
    {"every fault is reached by the task that names it",
     every_fault_is_reached_by_the_task_that_names_it},
    {NULL, NULL},
};

const struct suite suite_scenarios = {"scenarios", tests};
