/* SPDX-License-Identifier: MIT */
#include "core/agent/tool_client.h"

#include "core/agent/run_spec.h"
#include "core/base/failpoint.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/rule.h"
#include "core/config/run_config.h"
#include "core/tool/confine.h"
#include "core/tool/job.h"
#include "core/tool/launch.h"
#include "core/tool/policy.h"
#include "core/tool/result.h"

#include <stdlib.h>
#include <string.h>

/* A call at work on a worker. It outlives its client when that is freed meanwhile. */
struct job_task {
    struct task task;
    struct tool_job job;
    struct tool tool;           /* a copy: jobs are built in, and their rows point to constants */
    struct tool_client *client; /* NULL = nobody waits any more */
    struct confine *root;       /* its own hold on the workspace */
    int64_t effect, attempt;
};

struct at_work {
    int64_t effect, attempt;
    struct process *process; /* one of the two */
    struct job_task *job;
    bool hold, told; /* the held child was reported */
};

struct tool_client {
    struct tool_client_options options;
    struct confine *root;
    struct policy *policy;
    struct at_work *calls;
    size_t count, cap;
};

static const struct run_config *config_of(const struct tool_client *client)
{
    return run_spec(client->options.run)->config;
}

/* --- set-up --------------------------------------------------------------------------------- */

static int open_root(struct confine **out, const struct tool_client *client, struct err *err)
{
    const struct run_spec *spec = run_spec(client->options.run);
    const struct confine_options options = {
        .home = spec->own_workspace ? NULL : getenv("HOME"),
        .own = spec->own_workspace ? NULL : client->options.own_folders,
        .own_count = spec->own_workspace ? 0 : client->options.own_count,
    };

    return confine_open(out, spec->workspace, &options, err);
}

static int new_policy(struct tool_client *client, struct err *err)
{
    const struct run_config *config = config_of(client);
    size_t count = config->policy.count;
    struct rule *parsed = mem_array(count + 1, sizeof *parsed);
    struct policy_rule *rules = mem_array(count + 1, sizeof *rules);
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = rule_parse(&parsed[i], config->policy.at[i], err);
        rules[i] = (struct policy_rule){.tool = parsed[i].tool,
                                        .argument = parsed[i].argument,
                                        .equals = parsed[i].equals,
                                        .matches = parsed[i].matches,
                                        .verdict = parsed[i].verdict == RULE_ALLOW ? POLICY_ALLOW
                                                   : parsed[i].verdict == RULE_ASK ? POLICY_ASK
                                                                                   : POLICY_DENY,
                                        .source = config->policy.at[i]};
    }
    if (rc == 0)
        rc = policy_new(&client->policy, rules, count, err);
    for (size_t i = 0; i < count; i++)
        rule_clear(&parsed[i]);
    free(parsed);
    free(rules);
    return rc;
}

int tool_client_new(struct tool_client **out, const struct tool_client_options *options,
                    struct err *err)
{
    struct tool_client *client = mem_new(sizeof *client);

    client->options = *options;
    int rc = open_root(&client->root, client, err);
    if (rc == 0)
        rc = new_policy(client, err);
    if (rc < 0) {
        tool_client_free(client);
        return rc;
    }
    *out = client;
    return 0;
}

static void free_job(struct job_task *job)
{
    tool_job_clear(&job->job);
    confine_close(job->root);
    free(job);
}

static void discard_job(struct mail *mail)
{
    free_job((struct job_task *)mail);
}

void tool_client_free(struct tool_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->count; i++) {
        process_free(client->calls[i].process);
        if (client->calls[i].job) {
            client->calls[i].job->client = NULL;
            atomic_store(&client->calls[i].job->job.cancel, true);
        }
    }
    free(client->calls);
    policy_free(client->policy);
    confine_close(client->root);
    free(client);
}

/* --- policy ----------------------------------------------------------------------------------- */

static char *real_path(const struct tool_client *client, const struct tool *tool, const cJSON *args)
{
    const char *path = tool->path_argument ? json_text(args, tool->path_argument) : NULL;
    char *resolved = NULL;

    if (path)
        (void)confine_resolve(client->root, path, &resolved, NULL); /* NULL: does not exist yet */
    return resolved;
}

void tool_client_check(struct tool_client *client, int64_t effect, cJSON *facts)
{
    const struct run_spec *spec = run_spec(client->options.run);
    struct call_view view;
    cJSON *args = NULL;
    struct policy_answer answer = {.verdict = POLICY_DENY};

    if (!run_call_view(client->options.run, effect, &view) || !view.tool)
        return;
    if (json_parse(&args, view.args, strlen(view.args), &json_args, NULL) < 0)
        args = cJSON_CreateObject();
    char *path = real_path(client, view.tool, args);
    struct policy_question question = {.tool = view.tool,
                                       .args = args,
                                       .real_path = path,
                                       .sandbox = SANDBOX_NONE,
                                       .allow_unsandboxed = spec->config->tool.allow_unsandboxed,
                                       .own_workspace = spec->own_workspace};
    question.grant_count = run_grants(client->options.run, &question.grants);
    policy_decide(&answer, client->policy, &question);
    json_set_text(facts, "verdict", policy_verdict_name(answer.verdict));
    json_set_text(facts, "reason", answer.reason);
    json_set_bool(facts, "grantable", answer.grantable);
    free(path);
    cJSON_Delete(args);
}

/* --- results ---------------------------------------------------------------------------------- */

static void give(struct tool_client *client, struct input *input)
{
    client->options.done(client->options.ctx, client->options.run, input);
}

static struct input *done_input(int64_t effect, int64_t attempt, struct tool_result *result)
{
    struct input *input = input_new(INPUT_TOOL_DONE);
    cJSON *facts = input->facts;

    json_set_int(facts, "effect", effect);
    json_set_int(facts, "attempt", attempt);
    json_set_text(facts, "class", failure_name(result->failure));
    if (*result->cause)
        json_set_text(facts, "cause", result->cause);
    json_set_int(facts, "status", result->status);
    json_set_int(facts, "duration_us", result->duration_us);
    if (result->retry)
        json_set_int(facts, "retry", result->retry);
    if (result->is_error)
        json_set_bool(facts, "is_error", true);
    if (result->effects_unknown)
        json_set_bool(facts, "unknown", true);
    input->body = result->text ? mem_copy(result->text, result->len) : mem_text("");
    input->len = result->text ? result->len : 0;
    return input;
}

static void give_failure(struct tool_client *client, const struct action *action,
                         enum failure failure, const char *text)
{
    struct tool_result result = {.status = -1};

    result_fail(&result, failure, "%s", text);
    give(client, done_input(action->effect, action->attempt, &result));
    result_clear(&result);
}

static void forget(struct tool_client *client, size_t index)
{
    process_free(client->calls[index].process);
    client->calls[index] = client->calls[--client->count];
}

/* --- starting ------------------------------------------------------------------------------- */

static struct at_work *add(struct tool_client *client, const struct action *action)
{
    client->calls = mem_room(client->calls, client->count, &client->cap, sizeof *client->calls);
    struct at_work *call = &client->calls[client->count++];

    memset(call, 0, sizeof *call);
    call->effect = action->effect;
    call->attempt = action->attempt;
    call->hold = action->hold;
    return call;
}

static int launch(struct tool_client *client, const struct action *action,
                  const struct call_view *view, const cJSON *args, struct err *err)
{
    const struct run_config *config = config_of(client);
    struct launch launch = {0};
    struct process *process = NULL;
    const struct launch_context context = {
        .exec_path = client->options.exec_path,
        .root = client->root,
        .environment = {.from = client->options.environment,
                        .pass = (const char *const *)config->tool.env.at,
                        .pass_count = config->tool.env.count,
                        .tmpdir = client->options.tmpdir,
                        .key = view->key},
        .sandbox = SANDBOX_NONE,
    };
    int rc = launch_new(&launch, view->tool, args, &context, err);

    if (rc < 0)
        return rc;
    launch.spec.hold = action->hold;
    if (launch.spec.timeout_us == 0)
        launch.spec.timeout_us = config->tool.timeout_us;
    process_start(&process, &launch.spec, clock_mono(&client->options.clock));
    launch_clear(&launch);
    DIES_AT(FAIL_SPAWNED);
    add(client, action)->process = process;
    return 0;
}

static void run_job(struct task *task)
{
    tool_job_run(&((struct job_task *)task)->job);
}

static int give_job(struct tool_client *client, const struct action *action,
                    const struct call_view *view, cJSON *args, struct err *err)
{
    struct job_task *job = mem_new(sizeof *job);

    job->task.mail.kind = client->options.task_kind;
    job->task.mail.discard = discard_job;
    job->task.run = run_job;
    job->client = client;
    job->effect = action->effect;
    job->attempt = action->attempt;
    job->tool = *view->tool;
    int rc = open_root(&job->root, client, err);
    if (rc == 0) {
        job->job = (struct tool_job){.tool = &job->tool,
                                     .root = job->root,
                                     .mask = client->options.mask,
                                     .clock = client->options.clock,
                                     .args = cJSON_Duplicate(args, true),
                                     .approved = view->approved};
        rc = workers_give(client->options.workers, &job->task, err);
    }
    if (rc < 0) {
        free_job(job);
        return rc;
    }
    add(client, action)->job = job;
    return 0;
}

static void serve_recorded(struct tool_client *client, const struct action *action)
{
    char *text = client->options.recorded(client->options.ctx, client->options.run, action->node);
    struct tool_result result = {.status = -1};

    if (!text) {
        give_failure(client, action, FAILURE_UNSTARTED, "the recorded result cannot be read");
        return;
    }
    result_take(&result, text, strlen(text));
    struct input *input = done_input(action->effect, action->attempt, &result);
    json_set_bool(input->facts, "cached", true);
    give(client, input);
    result_clear(&result);
}

void tool_client_start(struct tool_client *client, const struct action *action)
{
    struct call_view view;
    struct err err = {0};
    cJSON *args = NULL;

    if (action->node > 0) {
        serve_recorded(client, action);
        return;
    }
    if (!run_call_view(client->options.run, action->effect, &view) || !view.tool)
        return;
    int rc = confine_intact(client->root, &err);
    if (rc == 0)
        rc = json_parse(&args, view.args, strlen(view.args), &json_args, &err);
    if (rc == 0)
        rc = view.tool->kind == TOOL_PROCESS ? launch(client, action, &view, args, &err)
                                             : give_job(client, action, &view, args, &err);
    if (rc < 0)
        give_failure(client, action, FAILURE_UNSTARTED, err.msg);
    cJSON_Delete(args);
}

static struct at_work *find(struct tool_client *client, int64_t effect)
{
    for (size_t i = 0; i < client->count; i++)
        if (client->calls[i].effect == effect)
            return &client->calls[i];
    return NULL;
}

void tool_client_go(struct tool_client *client, int64_t effect)
{
    struct at_work *call = find(client, effect);

    if (call && call->process)
        (void)process_go(call->process, clock_mono(&client->options.clock), NULL); /* step tells */
    DIES_AT(FAIL_RELEASED);
}

void tool_client_kill(const struct action *action)
{
    const struct process_identity who = {(pid_t)action->pid, action->start_time};

    (void)process_kill_family(&who, action->text); /* how many were left does not matter */
}

void tool_client_stop(struct tool_client *client, int64_t effect, enum process_stop why)
{
    struct at_work *call = find(client, effect);

    if (call && call->process)
        process_stop(call->process, why, clock_mono(&client->options.clock));
    else if (call && call->job)
        atomic_store(&call->job->job.cancel, true);
}

/* --- the owner's loop --------------------------------------------------------------------------
 */

size_t tool_client_max_fds(const struct tool_client *client)
{
    return client->count * PROCESS_FDS;
}

size_t tool_client_fds(const struct tool_client *client, struct pollfd *fds, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < client->count; i++)
        if (client->calls[i].process && max - count >= PROCESS_FDS)
            count += process_fds(client->calls[i].process, fds + count, max - count);
    return count;
}

/* One that never came to life is done before anybody polled it: no descriptor will tell. */
static int64_t wake_of(const struct at_work *call)
{
    if (!call->process)
        return INT64_MAX;
    return process_state(call->process) == PROCESS_DONE ? 0 : process_wake(call->process);
}

int64_t tool_client_wake_us(const struct tool_client *client)
{
    int64_t wake = INT64_MAX;

    for (size_t i = 0; i < client->count; i++) {
        int64_t at = wake_of(&client->calls[i]);

        wake = at < wake ? at : wake;
    }
    return wake;
}

static void tell_held(struct tool_client *client, struct at_work *call)
{
    struct process_identity who = process_identity(call->process);
    char boot[PROCESS_BOOT_ID];
    struct input *input = input_new(INPUT_SPAWNED);

    call->told = true;
    process_boot_id(boot);
    json_set_int(input->facts, "effect", call->effect);
    json_set_int(input->facts, "pid", who.pid);
    json_set_int(input->facts, "start_time", who.start_time);
    json_set_text(input->facts, "boot_id", boot);
    give(client, input);
}

static void tell_done(struct tool_client *client, struct at_work *call)
{
    struct tool_result result = {.status = -1};
    struct call_view view = {0};

    if (run_call_view(client->options.run, call->effect, &view) && view.tool) {
        result_of_process(&result, view.tool, process_result(call->process), client->options.mask);
        give(client, done_input(call->effect, call->attempt, &result));
    }
    result_clear(&result);
}

void tool_client_step(struct tool_client *client, int64_t now_us)
{
    for (size_t i = 0; i < client->count;) {
        struct at_work *call = &client->calls[i];
        enum process_state state =
            call->process ? process_step(call->process, now_us) : PROCESS_RUNNING;

        if (state == PROCESS_HELD && call->hold && !call->told)
            tell_held(client, call);
        if (state == PROCESS_DONE) {
            DIES_AT(FAIL_ENDED);
            tell_done(client, call);
            forget(client, i);
        } else {
            i++;
        }
    }
}

void tool_client_returned(struct task *task)
{
    struct job_task *job = (struct job_task *)task;
    struct tool_client *client = job->client;

    if (client) {
        give(client, done_input(job->effect, job->attempt, &job->job.result));
        for (size_t i = 0; i < client->count; i++)
            if (client->calls[i].job == job) {
                client->calls[i].job = NULL;
                forget(client, i);
                break;
            }
    }
    free_job(job);
}
