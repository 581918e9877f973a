/* SPDX-License-Identifier: MIT */
#include "core/agent/run.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/suite.h"
#include "tests/support/lab.h"

#include <stdlib.h>
#include <string.h>

#define SHELL "{\"command\":\"true\"}"
#define READ  "{\"path\":\"a.txt\"}"

static char *summary_now(const struct lab *lab)
{
    const struct record *record = lab_record(lab, RECORD_CHECKPOINT);

    return mem_text(record ? record->body : NULL);
}

static void plain_answer(void)
{
    struct lab lab;

    lab_open(&lab, "say hello", NULL, false);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    lab_text(&lab, "hello");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_SESSION_COMPLETE), 1);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_CHECKPOINT), 2);
    lab_close(&lab);
}

static void three_commits(void)
{
    struct lab lab;

    lab_open(&lab, "run it", NULL, false);
    lab_forget(&lab);
    lab_calls(&lab, "shell", SHELL, NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_FOR_TOOL);
    CU_ASSERT_PTR_NOT_NULL(lab_last(&lab, ACTION_GO));
    const struct record *ledger = lab_record(&lab, RECORD_EFFECT_STATE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ledger);
    CU_ASSERT_EQUAL(ledger->effect_state.state, EFFECT_STARTED);
    CU_ASSERT_EQUAL(ledger->effect_state.pid, 4000000);
    lab_tool(&lab, 1, "ok", "ok");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_CALL_MODEL)->call, 2);
    lab_close(&lab);
}

static void order_of_results(void)
{
    struct lab lab;

    lab_open(&lab, "read", NULL, false);
    lab_calls(&lab, "read_file", READ, "list_files", "{}", "read_file", "{\"path\":\"b\"}", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 3);
    int64_t head = run_head(lab.run);
    lab_tool(&lab, 3, "ok", "third");
    lab_tool(&lab, 2, "ok", "second");
    CU_ASSERT_EQUAL(run_head(lab.run), head);
    lab_tool(&lab, 1, "ok", "first");
    CU_ASSERT_EQUAL(run_head(lab.run), head + 3);
    lab_close(&lab);
}

static void others_run_alone(void)
{
    struct lab lab;

    lab_open(&lab, "mixed", NULL, false);
    lab_calls(&lab, "read_file", READ, "shell", SHELL, "read_file", READ, NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_START_TOOL)->effect, 2);
    lab_tool(&lab, 2, "ok", "x");
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_START_TOOL)->effect, 3);
    lab_close(&lab);
}

static void bad_calls(void)
{
    struct lab lab;

    lab_open(&lab, "bad", NULL, false);
    lab_calls(&lab, "no_such_tool", "{}", "read_file", "{\"path\":12}", "shell", "{", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 2);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_EFFECT_STATE)->effect_state.state, EFFECT_SKIPPED);
    lab_close(&lab);
}

static void model_retry(void)
{
    struct lab lab;

    lab_open(&lab, "retry", NULL, false);
    for (int i = 1; i < 5; i++) {
        lab_fail(&lab, "server", -1);
        CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_RETRY);
        const struct action *timer = lab_last(&lab, ACTION_TIMER);
        CU_ASSERT_TRUE(timer != NULL);
        lab_wait(&lab, 30 * US_PER_S / 10);
        lab_timer(&lab, TIMER_MODEL, 0);
        CU_ASSERT_EQUAL(lab_last(&lab, ACTION_CALL_MODEL)->attempt, i + 1);
    }
    lab_fail(&lab, "server", -1);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_RECOVERY), 1); /* headless: on_error = recover */
    CU_ASSERT_TRUE(lab_last(&lab, ACTION_CALL_MODEL)->final);
    lab_text(&lab, "what I know");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    lab_close(&lab);
}

static void never_retried(void)
{
    struct lab lab;

    lab_open(&lab, "401", NULL, true);
    lab_fail(&lab, "auth", -1);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_ERROR);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_SESSION_ERROR), 1);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_CALL_MODEL)->call, 2);
    lab_close(&lab);
}

static void long_retry_after(void)
{
    struct lab lab;

    lab_open(&lab, "park", NULL, true);
    lab_fail(&lab, "throttled", 300 * (int64_t)US_PER_S);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_RETRY);
    lab_verb(&lab, "retry_now", NULL);
    CU_ASSERT_TRUE(lab.reply_ok);
    lab_fail(&lab, "throttled", 7200 * (int64_t)US_PER_S);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    lab_close(&lab);
}

static void tool_retry(void)
{
    static const char *const settings[] = {"limits.max_tool_retries=2", NULL};
    struct lab lab;

    lab_open(&lab, "t", settings, false);
    lab_calls(&lab, "read_file", READ, NULL);
    lab_tool(&lab, 1, "timeout", "{\"error\":\"late\"}");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_RETRY);
    lab_wait(&lab, 10 * US_PER_S);
    lab_timer(&lab, TIMER_TOOL, 1);
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_START_TOOL)->attempt, 2);
    lab_tool(&lab, 1, "timeout", "{\"error\":\"late\"}");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    const struct record *node = lab_record(&lab, RECORD_NODE);
    CU_ASSERT_PTR_NOT_NULL(strstr(node->body, "attempts"));
    lab_close(&lab);
}

static void once_is_never_retried(void)
{
    struct lab lab;

    lab_open(&lab, "t", NULL, false);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_tool(&lab, 1, "timeout", "{\"error\":\"late\"}");
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    lab_close(&lab);
}

static void pause_and_step(void)
{
    struct lab lab;

    lab_open(&lab, "p", NULL, true);
    lab_verb(&lab, "pause", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING); /* the call in flight ends first */
    lab_calls(&lab, "shell", SHELL, NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    lab_verb(&lab, "step", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 2);
    lab_close(&lab);
}

static void pause_now(void)
{
    struct lab lab;

    lab_open(&lab, "p", NULL, true);
    lab_verb(&lab, "pause_now", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CANCEL_MODEL), 1);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_CALL)->call.iteration, 1); /* given back */
    lab_close(&lab);
}

static void approval(void)
{
    struct lab lab;

    lab_open(&lab, "a", NULL, true);
    lab.verdict = "ask";
    lab_calls(&lab, "shell", SHELL, "shell", "{\"command\":\"false\"}", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_AWAITING_APPROVAL);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_APPROVAL_WANTED), 2);
    lab_verb(&lab, "approve", "shown", "0000", NULL);
    CU_ASSERT_FALSE(lab.reply_ok);
    lab_verb(&lab, "approve", NULL);
    CU_ASSERT_TRUE(lab.reply_ok);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_GO), 1);
    lab_verb(&lab, "deny", "reason", "not that", NULL);
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    CU_ASSERT_PTR_NOT_NULL(strstr(lab_record(&lab, RECORD_NODE)->body, "not that"));
    lab_close(&lab);
}

static void in_doubt(void)
{
    struct lab lab;

    lab_open(&lab, "d", NULL, true);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_crash(&lab);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_IN_DOUBT);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 1);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_KILL), 1);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_FALSE(lab.reply_ok);
    lab_verb(&lab, "resolve", "answer", "happened", "result", "done it", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    lab_close(&lab);
}

static void pure_runs_again(void)
{
    struct lab lab;

    lab_open(&lab, "d", NULL, true);
    lab_calls(&lab, "read_file", READ, NULL);
    lab_crash(&lab);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_FOR_TOOL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 2);
    lab_close(&lab);
}

static void lost_model_call(void)
{
    struct lab lab;

    lab_open(&lab, "d", NULL, true);
    lab_crash(&lab);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 2);
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_CALL_MODEL)->call, 1);
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_CALL_MODEL)->attempt, 2);
    lab_text(&lab, "hello");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    lab_close(&lab);
}

static void roll_back_and_undo(void)
{
    struct lab lab;

    lab_open(&lab, "r", NULL, true);
    int64_t first = run_head(lab.run);
    char *early = summary_now(&lab);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_tool(&lab, 1, "ok", "x");
    lab_text(&lab, "done");
    int64_t tip = run_head(lab.run);
    char *late = summary_now(&lab);

    lab_jump(&lab, "rollback", first, early);
    CU_ASSERT_TRUE(lab.reply_ok);
    CU_ASSERT_EQUAL(run_head(lab.run), first);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_HEAD)->head.op, HEAD_ROLLBACK);
    CU_ASSERT_EQUAL(run_undo_target(lab.run, false), tip);
    lab_jump(&lab, "undo", tip, late);
    CU_ASSERT_EQUAL(run_head(lab.run), tip);
    CU_ASSERT_EQUAL(run_undo_target(lab.run, true), first);
    lab_jump(&lab, "redo", first, early);
    CU_ASSERT_EQUAL(run_head(lab.run), first);
    lab_verb(&lab, "resume", NULL);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_CALL)->call.iteration, 1);
    lab_text(&lab, "another way");
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_SEGMENT)->segment.base_depth,
                    lab_record(&lab, RECORD_NODE)->node.depth);
    free(early);
    free(late);
    lab_close(&lab);
}

static void fork_to(struct lab *lab, const char *name, int64_t to, const char *summary)
{
    struct input *input = input_new(INPUT_VERB);

    json_set_text(input->facts, "verb", "fork");
    json_set_text(input->facts, "name", name);
    json_set_int(input->facts, "to", to);
    input->body = mem_text(summary);
    input->len = strlen(summary);
    lab_give(lab, input);
}

static void switch_to(struct lab *lab, const char *name, const char *summary)
{
    struct input *input = input_new(INPUT_VERB);

    json_set_text(input->facts, "verb", "switch");
    json_set_text(input->facts, "name", name);
    json_set_int(input->facts, "to", run_branch_head(lab->run, name));
    input->body = mem_text(summary);
    input->len = strlen(summary);
    lab_give(lab, input);
}

static void branches_stay_apart(void)
{
    struct lab lab;

    lab_open(&lab, "r", NULL, true);
    int64_t first = run_head(lab.run), trunk = run_branch(lab.run);
    char *early = summary_now(&lab);
    lab_text(&lab, "done");
    int64_t tip = run_head(lab.run);
    char *late = summary_now(&lab);
    lab_jump(&lab, "rollback", first, early);
    lab_jump(&lab, "undo", tip, late);

    fork_to(&lab, "twig", first, early);
    CU_ASSERT_TRUE(lab.reply_ok);
    CU_ASSERT_EQUAL(run_head(lab.run), first);
    CU_ASSERT_NOT_EQUAL(run_branch(lab.run), trunk);
    CU_ASSERT_STRING_EQUAL(lab_record(&lab, RECORD_BRANCH)->branch.name, "twig");
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_BRANCH)->branch.base, first);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_HEAD)->head.op, HEAD_FORK);
    CU_ASSERT_EQUAL(run_branch_head(lab.run, "main"), tip);
    CU_ASSERT_EQUAL(run_undo_target(lab.run, true), 0); /* that was done on the other one */
    fork_to(&lab, "twig", first, early);
    CU_ASSERT_FALSE(lab.reply_ok);
    fork_to(&lab, "two words", first, early);
    CU_ASSERT_FALSE(lab.reply_ok);
    lab_verb(&lab, "resume", NULL);
    lab_text(&lab, "another way");
    int64_t other = run_head(lab.run);
    char *there = summary_now(&lab);
    lab_crash(&lab); /* names and heads come out of the inputs again */

    switch_to(&lab, "nowhere", late);
    CU_ASSERT_FALSE(lab.reply_ok);
    switch_to(&lab, "main", late);
    CU_ASSERT_EQUAL(run_head(lab.run), tip);
    CU_ASSERT_EQUAL(run_branch(lab.run), trunk);
    CU_ASSERT_EQUAL(run_undo_target(lab.run, true), first);
    CU_ASSERT_EQUAL(run_branch_head(lab.run, "twig"), other);
    switch_to(&lab, "main", late);
    CU_ASSERT_FALSE(lab.reply_ok);
    switch_to(&lab, "twig", there);
    CU_ASSERT_EQUAL(run_head(lab.run), other);
    free(early);
    free(late);
    free(there);
    lab_close(&lab);
}

static void roll_back_in_flight(void)
{
    struct lab lab;

    lab_open(&lab, "r", NULL, true);
    int64_t first = run_head(lab.run);
    char *early = summary_now(&lab);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_jump(&lab, "rollback", first, early);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_STOP_TOOL), 1);
    CU_ASSERT_NOT_EQUAL(run_head(lab.run), first);
    lab_tool(&lab, 1, "cancelled", "stopped");
    CU_ASSERT_EQUAL(run_head(lab.run), first);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    free(early);
    lab_close(&lab);
}

/* A next start begins with the summary of the newest checkpoint: what waits is part of it. */
static void waiting_message_is_kept(void)
{
    struct lab lab;

    lab_open(&lab, "r", NULL, true);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_verb(&lab, "inject", "text", "mind the gap", NULL);
    lab_verb(&lab, "cancel", NULL);
    lab_tool(&lab, 1, "cancelled", "stopped");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_CANCELLED);
    char *stored = summary_now(&lab);
    CU_ASSERT_PTR_NOT_NULL(strstr(stored, "mind the gap"));
    free(stored);
    lab_close(&lab);
}

static void iterations_headless(void)
{
    static const char *const settings[] = {"limits.max_iterations=1", NULL};
    struct lab lab;

    lab_open(&lab, "i", settings, false);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_TRUE(lab_last(&lab, ACTION_CALL_MODEL)->final);
    lab_text(&lab, "as far as I came");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    CU_ASSERT_STRING_EQUAL(lab_record(&lab, RECORD_STATUS)->status.reason, "max_iterations");
    lab_close(&lab);
}

static void iterations_console(void)
{
    static const char *const settings[] = {"limits.max_iterations=1", NULL};
    struct lab lab;

    lab_open(&lab, "i", settings, true);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    lab_verb(&lab, "extend", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    lab_close(&lab);
}

static void deadline(void)
{
    static const char *const settings[] = {"limits.timeout=10s", NULL};
    struct lab lab;

    lab_open(&lab, "i", settings, false);
    lab_wait(&lab, 11 * US_PER_S);
    lab_timer(&lab, TIMER_DEADLINE, 0);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING); /* no more than the call in flight */
    lab_calls(&lab, "shell", SHELL, NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_START_TOOL), 0);
    lab_close(&lab);
}

static void loop_guard(void)
{
    static const char *const settings[] = {"limits.max_iterations=50", NULL};
    struct lab lab;

    lab_open(&lab, "loop", settings, false);
    for (int64_t i = 1; i <= 5; i++) {
        CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
        lab_calls(&lab, "shell", SHELL, NULL);
        lab_tool(&lab, i, "ok", "same");
    }
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_events(&lab, EVENT_LOOP_GUARD), 1);
    lab_close(&lab);
}

static void money(void)
{
    static const char *const settings[] = {"limits.max_cost=0.001", NULL};
    struct lab lab;

    lab_open(&lab, "m", settings, false);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_PAUSED);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    lab_close(&lab);
}

static void inject_goes_on(void)
{
    struct lab lab;

    lab_open(&lab, "one", NULL, true);
    lab_verb(&lab, "inject", "text", "and this", NULL);
    lab_text(&lab, "first");
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 2);
    lab_text(&lab, "second");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_COMPLETED);
    lab_verb(&lab, "inject", "text", "a new task", NULL);
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_RUNNING);
    CU_ASSERT_EQUAL(lab_record(&lab, RECORD_CALL)->call.iteration, 1);
    lab_close(&lab);
}

static void cancel(void)
{
    struct lab lab;

    lab_open(&lab, "c", NULL, true);
    lab_calls(&lab, "shell", SHELL, "read_file", READ, NULL);
    lab_verb(&lab, "cancel", NULL);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_STOP_TOOL), 1);
    lab_tool(&lab, 1, "cancelled", "stopped");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_CANCELLED);
    lab_close(&lab);
}

static void held_back(void)
{
    struct lab lab;

    lab_open(&lab, "b", NULL, true);
    lab_calls(&lab, "shell", SHELL, NULL);
    lab.refuse = true;
    lab_tool(&lab, 1, "ok", "x");
    CU_ASSERT_EQUAL(lab_state(&lab), RUN_WAITING_RETRY);
    CU_ASSERT_EQUAL(lab_count(&lab, ACTION_CALL_MODEL), 1);
    lab.refuse = false;
    lab_wait(&lab, 15 * US_PER_S);
    lab_timer(&lab, TIMER_MODEL, 0);
    CU_ASSERT_EQUAL(lab_last(&lab, ACTION_CALL_MODEL)->attempt, 1); /* it cost no attempt */
    lab_close(&lab);
}

static void rebuilt(void)
{
    struct lab lab;
    struct run *run = NULL;
    struct step_out out = {0};

    lab_open(&lab, "v", NULL, true);
    lab_calls(&lab, "shell", SHELL, "read_file", READ, NULL);
    lab_tool(&lab, 1, "ok", "x");
    lab_tool(&lab, 2, "tool", "y");
    lab_fail(&lab, "server", -1);
    lab_wait(&lab, 3 * US_PER_S);
    lab_timer(&lab, TIMER_MODEL, 0);
    lab_text(&lab, "done");
    CU_ASSERT_EQUAL_FATAL(run_new(&run, 1, "lab", lab.spec, NULL), 0);
    for (size_t i = 0; i < lab.input_count; i++) {
        struct input *input = NULL;

        CU_ASSERT_EQUAL_FATAL(input_stored(&input, &lab.inputs[i], NULL), 0);
        run_step(run, input, &out);
        const struct record *record = &out.batch.at[out.batch.count - 1];
        CU_ASSERT_EQUAL(
            memcmp(&record->input.decision, &lab.inputs[i].decision, sizeof record->input.decision),
            0);
        input_free(input);
        step_out_clear(&out);
    }
    step_out_free(&out);
    run_free(run);
    lab_close(&lab);
}

static const struct test tests[] = {
    {"an answer without calls completes the run, with a checkpoint before and behind",
     plain_answer},
    {"a tool is started by intent, started and go, each decided in its turn", three_commits},
    {"results stand in the chain in the order of the calls", order_of_results},
    {"pure calls run side by side, any other alone and in order", others_run_alone},
    {"an unknown tool and wrong arguments get an answer, nothing runs", bad_calls},
    {"a failing model is tried five times, then recovered from headless", model_retry},
    {"a refusal is not retried; in the console the operator decides", never_retried},
    {"a long Retry-After parks the run, a very long one asks", long_retry_after},
    {"a pure tool is retried, then the model gets the error and the attempts", tool_retry},
    {"a once tool is never started again by rerail", once_is_never_retried},
    {"pause holds at the next safe place, step makes one step", pause_and_step},
    {"pause now cancels the call and gives the iteration back", pause_now},
    {"a call that asks runs after approval of what was shown, or not at all", approval},
    {"a started once call is in doubt after a crash", in_doubt},
    {"a started pure call runs again after a crash", pure_runs_again},
    {"a model call in flight is made again after a crash", lost_model_call},
    {"the head rolls back, returns, and grows another way", roll_back_and_undo},
    {"branches stay apart: a fork, and back", branches_stay_apart},
    {"rolling back while a tool is at work stops it first", roll_back_in_flight},
    {"a message that waits is part of the checkpoint", waiting_message_is_kept},
    {"headless, the last iteration is a graceful answer", iterations_headless},
    {"in the console, the last iteration asks", iterations_console},
    {"the deadline stops the run behind the call in flight", deadline},
    {"five equal calls with equal results pause the run", loop_guard},
    {"money spent pauses the run before the next model call", money},
    {"a message goes on with a run, and starts a new task in a completed one", inject_goes_on},
    {"cancel stops what runs and answers what waits", cancel},
    {"a guard that holds back costs no attempt", held_back},
    {"the same inputs give the same decisions", rebuilt},
    {NULL, NULL},
};

const struct suite suite_run = {"run", tests};
