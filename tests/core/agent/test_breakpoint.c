/* SPDX-License-Identifier: MIT */
#include "core/agent/breakpoint.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "tests/suite.h"
#include "tests/support/lab.h"

#include <stdio.h>
#include <string.h>

static void what_is_no_condition_is_refused_with_what_is(void)
{
    static const struct {
        const char *spec, *says;
    } cases[] = {
        {"", "is one of"},           {"toll shell", "is one of"}, {"tool", "takes a name"},
        {"tool shell (", "pattern"}, {"error nonsense", "class"}, {"state sleeping", "states"},
        {"iteration", "number"},     {"iteration 2.5", "whole"},  {"iteration 0", "above 0"},
        {"cost free", "number"},     {"context 140", "100"},      {"text", "pattern"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct breakpoint b;
        struct err err = {0};

        CU_ASSERT_EQUAL(breakpoint_parse(&b, cases[i].spec, &err), E_PARSE);
        if (!strstr(err.msg, cases[i].says))
            printf("    %s: %s\n", cases[i].spec, err.msg);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, cases[i].says));
    }
}

#define MESSAGE "{\"role\":\"assistant\",\"content\":\"a \\\"refund\\\" of 3\"}"

static void a_condition_holds_or_not(void)
{
    static const struct {
        const char *spec;
        struct moment moment;
        bool hits;
    } cases[] = {
        {"tool shell", {.kind = BREAK_TOOL, .name = "shell"}, true},
        {"tool shell", {.kind = BREAK_TOOL, .name = "shells"}, false},
        {"tool write_*", {.kind = BREAK_TOOL, .name = "write_file"}, true},
        {"tool shell rm -r",
         {.kind = BREAK_TOOL, .name = "shell", .text = "{\"c\":\"rm -rf\"}"},
         true},
        {"tool shell rm -r",
         {.kind = BREAK_TOOL, .name = "shell", .text = "{\"c\":\"ls\"}"},
         false},
        {"tool * x", {.kind = BREAK_TOOL, .name = "shell"}, false},
        {"error", {.kind = BREAK_ERROR, .name = "timeout"}, true},
        {"error", {.kind = BREAK_ERROR, .name = "exit"}, false},
        {"error exit", {.kind = BREAK_ERROR, .name = "exit"}, true},
        {"error timeout", {.kind = BREAK_ERROR, .name = "server"}, false},
        {"state error", {.kind = BREAK_STATE, .name = "error"}, true},
        {"state error", {.kind = BREAK_STATE, .name = "paused"}, false},
        {"iteration 4", {.kind = BREAK_ITERATION, .value = 4}, true},
        {"iteration 4", {.kind = BREAK_ITERATION, .value = 5}, false},
        {"cost 0.5", {.kind = BREAK_COST, .before = 0.4, .value = 0.5}, true},
        {"cost 0.5", {.kind = BREAK_COST, .before = 0.5, .value = 0.9}, false},
        {"context 80", {.kind = BREAK_CONTEXT, .before = 79, .value = 81}, true},
        {"context 80", {.kind = BREAK_CONTEXT, .before = 10, .value = 79}, false},
        {"text refund", {.kind = BREAK_TEXT, .text = MESSAGE}, true},
        {"text \"refund\" of \\d", {.kind = BREAK_TEXT, .text = MESSAGE}, true},
        {"text role", {.kind = BREAK_TEXT, .text = MESSAGE}, false},
        {"text refund", {.kind = BREAK_TOOL, .name = "refund", .text = "refund"}, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct breakpoint b;

        CU_ASSERT_EQUAL_FATAL(breakpoint_parse(&b, cases[i].spec, NULL), 0);
        if (breakpoint_hits(&b, &cases[i].moment) != cases[i].hits)
            printf("    %zu: %s\n", i, cases[i].spec);
        CU_ASSERT_EQUAL(breakpoint_hits(&b, &cases[i].moment), cases[i].hits);
        breakpoint_clear(&b);
    }
}

/* --- a run that meets one ------------------------------------------------------------------------
 */

static void stops_before_the_tool_and_goes_on(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    lab_verb(&lab, "break", "spec", "tool list_files", NULL);
    CU_ASSERT_TRUE(lab.reply_ok);
    CU_ASSERT_STRING_EQUAL(lab.reply, "breakpoint 1: tool list_files");
    lab_calls(&lab, "list_files", "{}", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_BREAKPOINT), 1);
    lab_crash(&lab); /* it is part of what the inputs say */
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    lab_close(&lab);
}

static void stops_before_the_iteration_once(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    lab_verb(&lab, "break", "spec", "iteration 2", NULL);
    lab_calls(&lab, "list_files", "{}", NULL);
    size_t calls = lab_count(&lab, ACTION_CALL_MODEL);
    lab_tool(&lab, 1, "ok", "a.txt");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), calls);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), calls + 1);
    lab_close(&lab);
}

static void an_error_holds_the_retry(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    lab_verb(&lab, "break", "spec", "error", NULL);
    lab_fail(&lab, "server", -1);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    lab_close(&lab);
}

static void disabled_and_deleted_ones_stop_nothing(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    lab_verb(&lab, "break", "spec", "tool *", NULL);
    lab_verb(&lab, "break", "spec", "text .", NULL);
    struct input *input = input_new(INPUT_VERB);
    json_set_text(input->facts, "verb", "disable");
    json_set_int(input->facts, "number", 1);
    lab_give(&lab, input);
    CU_ASSERT_TRUE(lab.reply_ok);
    input = input_new(INPUT_VERB);
    json_set_text(input->facts, "verb", "delete");
    json_set_int(input->facts, "number", 2);
    lab_give(&lab, input);
    CU_ASSERT_TRUE(lab.reply_ok);
    lab_calls(&lab, "list_files", "{}", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_BREAKPOINT), 0);
    input = input_new(INPUT_VERB);
    json_set_text(input->facts, "verb", "enable");
    json_set_int(input->facts, "number", 2);
    lab_give(&lab, input);
    CU_ASSERT_FALSE(lab.reply_ok);
    lab_close(&lab);
}

static const struct test tests[] = {
    {"what is no condition is refused with what is", what_is_no_condition_is_refused_with_what_is},
    {"a condition holds or not", a_condition_holds_or_not},
    {"a run stops before the tool, and goes on", stops_before_the_tool_and_goes_on},
    {"a run stops before the iteration, once", stops_before_the_iteration_once},
    {"an error holds the retry", an_error_holds_the_retry},
    {"disabled and deleted ones stop nothing", disabled_and_deleted_ones_stop_nothing},
    {NULL, NULL},
};

const struct suite suite_breakpoint = {"breakpoint", tests};
