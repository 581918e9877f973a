/* SPDX-License-Identifier: MIT */
/* From a model's request to what it is told: the whole way of the tools that are processes. */
#include "core/tool/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/tool/command.h"
#include "core/tool/confine.h"
#include "core/tool/result.h"
#include "tests/suite.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

struct shop {
    char *dir;
    struct confine *root;
    struct toolset *set;
    struct tool_result result;
};

static void add_command(struct command *out, const char *text)
{
    cJSON *tree;

    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, strlen(text), NULL, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(command_parse(out, tree, NULL, NULL), 0);
    cJSON_Delete(tree);
}

/* A workspace with a tool `stock` that answers from its script. */
static void shop_open(struct shop *s, const char *script)
{
    struct command stock;

    *s = (struct shop){.dir = scratch_new()};
    scratch_write(s->dir, "stock.sh", script);
    CU_ASSERT_EQUAL(chmod(scratch_path(s->dir, "stock.sh"), 0755), 0);
    CU_ASSERT_EQUAL_FATAL(confine_open(&s->root, s->dir, NULL, NULL), 0);
    add_command(&stock,
                "{\"name\":\"stock\",\"description\":\"d\",\"argv\":[\"./stock.sh\",\"a b\"],"
                "\"policy\":\"idempotent\",\"retry_exit_codes\":[75],"
                "\"parameters\":{\"type\":\"object\"}}");
    CU_ASSERT_EQUAL_FATAL(
        toolset_new(&s->set, &(struct toolset_options){.commands = &stock, .command_count = 1},
                    NULL),
        0);
    command_clear(&stock);
}

static void shop_close(struct shop *s)
{
    result_clear(&s->result);
    toolset_free(s->set);
    confine_close(s->root);
    scratch_free(s->dir);
}

/* Runs a launched child to its end; one that is not pure is held first, as the engine does it. */
static void run_child(struct shop *s, const struct tool *tool, const struct launch *launch)
{
    struct child child = child_start(&launch->spec, 1);

    CU_ASSERT_EQUAL(launch->spec.hold, tool->policy != TOOL_PURE);
    if (launch->spec.hold && child_until(&child, PROCESS_HELD) == PROCESS_HELD)
        CU_ASSERT_EQUAL(process_go(child.process, child_now(&child), NULL), 0);
    result_of_process(&s->result, tool, child_wait(&child), NULL);
    child_free(&child);
}

/* What the model is told, also when the launch fails; borrowed until the next call. */
static const char *call(struct shop *s, const char *name, const char *args_text)
{
    static const char *const ours[] = {"PATH=/usr/bin:/bin", "OPENAI_API_KEY=canary", NULL};
    const struct tool *tool = toolset_find(s->set, name);
    struct launch_context context = {
        .exec_path = child_exec_path(),
        .root = s->root,
        .environment = {.from = ours, .key = "key-of-the-call"},
    };
    struct launch launch;
    struct err err;
    cJSON *args;

    CU_ASSERT_EQUAL_FATAL(json_parse(&args, args_text, strlen(args_text), &json_args, NULL), 0);
    if (launch_new(&launch, tool, args, &context, &err) < 0)
        result_refuse(&s->result, &err);
    else
        run_child(s, tool, &launch);
    launch_clear(&launch);
    cJSON_Delete(args);
    return s->result.text;
}

static void a_shell_command_runs_in_the_workspace(void)
{
    struct shop s;

    shop_open(&s, "");
    scratch_folder(s.dir, "sub");
    CU_ASSERT_STRING_EQUAL(call(&s, "shell", "{\"command\":\"ls; echo $RERAIL $0\"}"),
                           "stock.sh\nsub\n1 /bin/sh\n");
    CU_ASSERT_STRING_EQUAL(call(&s, "shell", "{\"command\":\"echo x >made\",\"cwd\":\"sub\"}"),
                           "[no output]");
    CU_ASSERT_TRUE(scratch_holds(s.dir, "sub/made", "x\n"));
    CU_ASSERT_STRING_EQUAL(call(&s, "shell", "{\"command\":\"exit 3\"}"), "[exit 3]");
    CU_ASSERT_FALSE(s.result.is_error);
    CU_ASSERT_EQUAL(s.result.failure, FAILURE_EXIT);
    CU_ASSERT_EQUAL(s.result.status, 3);
    shop_close(&s);
}

static void a_working_folder_outside_is_refused(void)
{
    static const struct {
        const char *args;
        enum failure failure;
    } cases[] = {
        {"{\"command\":\"echo ran >/dev/null\",\"cwd\":\"..\"}", FAILURE_DENIED},
        {"{\"command\":\"echo ran >/dev/null\",\"cwd\":\"/tmp\"}", FAILURE_DENIED},
        {"{\"command\":\"echo ran >/dev/null\",\"cwd\":\"out\"}", FAILURE_DENIED},
        {"{\"command\":\"echo ran >/dev/null\",\"cwd\":\"nothing\"}", FAILURE_ARGUMENTS},
    };
    struct shop s;

    shop_open(&s, "");
    CU_ASSERT_EQUAL(symlink("/tmp", scratch_path(s.dir, "out")), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)call(&s, "shell", cases[i].args);
        CU_ASSERT_EQUAL(s.result.failure, cases[i].failure);
        CU_ASSERT_TRUE(s.result.is_error);
    }
    shop_close(&s);
}

static void a_commands_own_timeout_is_kept(void)
{
    struct shop s;

    shop_open(&s, "");
    (void)call(&s, "shell", "{\"command\":\"sleep 600\",\"timeout_seconds\":0.1}");
    CU_ASSERT_EQUAL(s.result.failure, FAILURE_TIMEOUT);
    CU_ASSERT_TRUE(s.result.effects_unknown);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.result.text, "its time was over; effects unknown"));
    shop_close(&s);
}

static void a_command_tool_gets_json_its_words_and_its_key(void)
{
    struct shop s;

    shop_open(&s,
              "#!/bin/sh\nread line; echo \"$line|$1|$RERAIL_IDEMPOTENCY_KEY|$OPENAI_API_KEY\"\n"
              "echo debug >&2\n");
    CU_ASSERT_STRING_EQUAL(call(&s, "stock", "{\"sku\": \"x'y\"}"),
                           "{\"sku\":\"x'y\"}|a b|key-of-the-call|\n");
    CU_ASSERT_FALSE(s.result.is_error);
    shop_close(&s);
}

static void its_exit_codes_mean_what_its_file_says(void)
{
    struct shop s;

    shop_open(&s, "#!/bin/sh\necho busy >&2; exit 75\n");
    CU_ASSERT_STRING_EQUAL(call(&s, "stock", "{}"),
                           "{\"error\":\"exit 75\",\"output\":\"[stderr]\\nbusy\\n\"}");
    CU_ASSERT_EQUAL(s.result.failure, FAILURE_TOOL);
    CU_ASSERT_EQUAL(s.result.retry, 1);
    scratch_write(s.dir, "stock.sh", "#!/bin/sh\nexit 1\n");
    (void)call(&s, "stock", "{}");
    CU_ASSERT_EQUAL(s.result.retry, -1);
    CU_ASSERT_EQUAL(chmod(scratch_path(s.dir, "stock.sh"), 0600), 0);
    (void)call(&s, "stock", "{}");
    CU_ASSERT_EQUAL(s.result.failure, FAILURE_UNSTARTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.result.text, "nothing ran: execute: Permission denied"));
    shop_close(&s);
}

static void a_workspace_that_was_exchanged_runs_nothing(void)
{
    struct shop s;
    char away[600];

    shop_open(&s, "");
    snprintf(away, sizeof away, "%s.away", s.dir);
    CU_ASSERT_EQUAL(rename(s.dir, away), 0);
    (void)call(&s, "shell", "{\"command\":\"echo ran >effect\"}");
    CU_ASSERT_EQUAL(s.result.failure, FAILURE_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.result.text, "is gone"));
    CU_ASSERT_FALSE(scratch_has(away, "effect"));
    CU_ASSERT_EQUAL(rename(away, s.dir), 0);
    shop_close(&s);
}

static void a_command_that_deletes_its_workspace_ends_normally(void)
{
    struct shop s;
    struct err err;

    shop_open(&s, "");
    (void)call(&s, "shell", "{\"command\":\"rm -rf \\\"$PWD\\\"; echo gone\"}");
    CU_ASSERT_STRING_EQUAL(s.result.text, "gone\n");
    CU_ASSERT_EQUAL(confine_intact(s.root, &err), E_DENIED);
    (void)call(&s, "shell", "{\"command\":\"echo again\"}");
    CU_ASSERT_EQUAL(s.result.failure, FAILURE_DENIED);
    CU_ASSERT_EQUAL(mkdir(s.dir, 0700), 0); /* for shop_close */
    shop_close(&s);
}

static const struct test tests[] = {
    {"a shell command runs in the workspace", a_shell_command_runs_in_the_workspace},
    {"A07 a working folder outside is refused", a_working_folder_outside_is_refused},
    {"T09 a command's own timeout is kept", a_commands_own_timeout_is_kept},
    {"T33 a command tool gets JSON, its words and its key",
     a_command_tool_gets_json_its_words_and_its_key},
    {"its exit codes mean what its file says", its_exit_codes_mean_what_its_file_says},
    {"T28 a workspace that was exchanged runs nothing",
     a_workspace_that_was_exchanged_runs_nothing},
    {"T27 a command that deletes its workspace ends normally",
     a_command_that_deletes_its_workspace_ends_normally},
    {NULL, NULL},
};

const struct suite suite_launch = {"launch", tests};
