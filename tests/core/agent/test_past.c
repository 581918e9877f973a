/* SPDX-License-Identifier: MIT */
#include "core/agent/run_spec.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/config/run_config.h"
#include "tests/suite.h"
#include "tests/support/lab.h"

#define ASKED "{\"role\":\"user\",\"content\":\"find it\"}\n"
#define LOOKED                                                                                     \
    "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\",\"name\":"            \
    "\"list_files\",\"arguments\":\"{}\"}]}\n"                                                     \
    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"name\":\"list_files\",\"content\":\"a\"}\n"
#define ANSWERED "{\"role\":\"assistant\",\"content\":\"it is a\"}\n"

static struct run_spec *spec_with(const char *messages, bool held)
{
    struct run_config *config;

    run_config_new(&config);
    free(config->agent.system);
    config->agent.system = mem_text("be brief");
    struct run_spec *spec = run_spec_new(config);
    spec->task = mem_text("find it");
    spec->provider = mem_text("test");
    spec->workspace = mem_text("/nowhere");
    spec->past = run_past_new(mem_text("another"), 7, mem_text(messages));
    spec->past->held = held;
    return spec;
}

/* "genesis system user", as the chain has them. */
static void check_chain(const struct lab *lab, const char *expected)
{
    struct buf kinds;

    buf_init(&kinds, 4096);
    for (size_t i = 0; i < lab->out.batch.count; i++) {
        const struct record *record = &lab->out.batch.at[i];
        if (record->kind != RECORD_NODE)
            continue;
        (void)buf_printf(&kinds, "%s%s", kinds.len > 0 ? " " : "",
                         node_kind_name(record->node.type));
    }
    CU_ASSERT_STRING_EQUAL(kinds.data, expected);
    buf_free(&kinds);
}

static void a_run_begins_with_what_another_came_to(void)
{
    struct lab lab;

    lab_open_spec(&lab, spec_with(ASKED LOOKED, false));
    check_chain(&lab, "genesis system user assistant tool");
    CU_ASSERT_PTR_NOT_NULL(strstr(lab.out.batch.at[2].body, "\"from\":\"another\",\"step\":7"));
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    lab_text(&lab, "still a");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    lab_close(&lab);
}

static void held_it_waits_for_the_operator(void)
{
    struct lab lab;

    lab_open_spec(&lab, spec_with(ASKED LOOKED, true));
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 0);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_CHECKPOINT)->checkpoint.node, 5);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    lab_close(&lab);
}

static void behind_a_last_answer_it_waits_for_a_message(void)
{
    struct lab lab;

    lab_open_spec(&lab, spec_with(ASKED LOOKED ANSWERED, false));
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 0);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_CHECKPOINT)->checkpoint.node, 6);
    lab_verb(&lab, "inject", "text", "and b?", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    lab_text(&lab, "b too");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    lab_close(&lab);
}

static void a_crash_loses_nothing_of_it(void)
{
    struct lab lab;

    lab_open_spec(&lab, spec_with(ASKED LOOKED, false));
    struct hash before = *run_chain(lab.run);
    lab_crash(&lab);
    CU_ASSERT_EQUAL(memcmp(&before, run_chain(lab.run), sizeof before), 0);
    lab_close(&lab);
}

static void a_past_that_cannot_be_read_is_refused(void)
{
    static const struct {
        const char *messages, *why;
    } cases[] = {{ASKED "{\"role\":\"judge\"}\n", "message 2 of the run's past"},
                 {"no json", "message 1 of the run's past"},
                 {ASKED "\n", "message 2 of the run's past"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_spec *spec = spec_with(cases[i].messages, false), *again = NULL;
        struct err err = {0};
        char *json = run_spec_json(spec);

        CU_ASSERT_EQUAL(run_spec_parse(&again, json, &err), E_PARSE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, cases[i].why));
        free(json);
        run_spec_free(spec);
    }
}

const struct suite suite_past = {
    "past",
    (const struct test[]){
        {"a run begins with what another came to", a_run_begins_with_what_another_came_to},
        {"held, it waits for the operator", held_it_waits_for_the_operator},
        {"behind a last answer it waits for a message",
         behind_a_last_answer_it_waits_for_a_message},
        {"a crash loses nothing of it", a_crash_loses_nothing_of_it},
        {"a past that cannot be read is refused", a_past_that_cannot_be_read_is_refused},
        {NULL, NULL},
    },
};
