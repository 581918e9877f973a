/* SPDX-License-Identifier: MIT */
/* Failures that the operator asks for, through the state machine. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "tests/suite.h"
#include "tests/support/lab.h"

static void ask(struct lab *lab, const char *kind, int64_t count)
{
    struct input *input = input_new(INPUT_VERB);

    json_set_text(input->facts, "verb", "fault");
    json_set_text(input->facts, "kind", kind);
    json_set_int(input->facts, "count", count);
    lab_give(lab, input);
}

/* The fault's timer fires. */
static bool comes(struct lab *lab, int64_t effect)
{
    struct input *input = run_fault(lab->run, effect, lab->mono_us);

    if (input)
        lab_give(lab, input);
    return input != NULL;
}

static void the_next_model_calls_fail_and_are_tried_again(void)
{
    static const struct {
        const char *kind, *class;
    } cases[] = {{"429", "throttled"}, {"500", "server"}, {"hang", "timeout"}, {"cut", "stream"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab lab;

        lab_open(&lab, "task", NULL, true);
        ask(&lab, cases[i].kind, 1);
        CU_ASSERT_TRUE(lab.reply_ok);
        size_t calls = lab_count(&lab, ACTION_CALL_MODEL);
        lab_calls(&lab, "list_files", "{}", NULL);
        lab_tool(&lab, 1, "ok", "a.txt");
        CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
        CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), calls); /* nothing was sent */
        CU_ASSERT_TRUE(comes(&lab, 0));
        CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_RETRY);
        const struct record *end = lab_record(&lab, RECORD_ATTEMPT_END);
        CU_ASSERT_STRING_EQUAL(end->attempt.outcome, cases[i].class);
        CU_ASSERT_TRUE(end->attempt.injected);
        lab_timer(&lab, TIMER_MODEL, 0);
        CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), calls + 1); /* the second is real */
        CU_ASSERT_FALSE(comes(&lab, 0));
        lab_close(&lab);
    }
}

static void a_tool_times_out_without_having_run(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    ask(&lab, "tool", 1);
    lab_calls(&lab, "list_files", "{}", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    CU_ASSERT_TRUE(comes(&lab, 1));
    const struct record *end = lab_record(&lab, RECORD_ATTEMPT_END);
    CU_ASSERT_STRING_EQUAL(end->attempt.outcome, "timeout");
    CU_ASSERT_TRUE(end->attempt.injected);
    lab_close(&lab);
}

static void one_that_is_called_off_never_comes(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    ask(&lab, "hang", 1);
    lab_calls(&lab, "list_files", "{}", NULL);
    lab_tool(&lab, 1, "ok", "a.txt");
    lab_verb(&lab, "pause_now", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_FALSE(comes(&lab, 0));
    ask(&lab, "off", 1);
    CU_ASSERT_STRING_EQUAL(lab.reply, "no faults any more");
    ask(&lab, "earthquake", 1);
    CU_ASSERT_FALSE(lab.reply_ok);
    lab_close(&lab);
}

static void a_tool_that_only_seemed_to_run_is_in_no_doubt(void)
{
    struct lab lab;

    lab_open(&lab, "task", NULL, true);
    ask(&lab, "tool", 1);
    lab_calls(&lab, "shell", "{\"command\":\"true\"}", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    lab_crash(&lab);
    CU_ASSERT_NOT_EQUAL(lab_state(&lab), RUN_IN_DOUBT);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    lab_close(&lab);
}

static const struct test tests[] = {
    {"the next model calls fail, and are tried again",
     the_next_model_calls_fail_and_are_tried_again},
    {"a tool times out without having run", a_tool_times_out_without_having_run},
    {"one that is called off never comes", one_that_is_called_off_never_comes},
    {"a tool that only seemed to run is in no doubt",
     a_tool_that_only_seemed_to_run_is_in_no_doubt},
    {NULL, NULL},
};

const struct suite suite_fault = {"fault", tests};
