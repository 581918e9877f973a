/* SPDX-License-Identifier: MIT */
#include "core/event.h"

#include <string.h>

static const struct event_field common_fields[] = {
    {"timestamp", FIELD_TEXT, "ISO 8601 in UTC, microseconds"},
    {"agent_id", FIELD_TEXT, "the agent's name"},
    {"session_id", FIELD_TEXT, "the run's id"},
    {"event_type", FIELD_TEXT, "one of this table"},
    {"seq", FIELD_INT, "place in the history file, without gaps"},
    {"branch", FIELD_TEXT, "the branch it belongs to"},
    {"node", FIELD_INT, "the node of the chain it refers to, if any"},
    {NULL, 0, NULL},
};

#define FIELDS(name, ...) static const struct event_field name[] = {__VA_ARGS__, {NULL, 0, NULL}}

FIELDS(session_start, {"task", FIELD_TEXT, "what the agent is asked to do"},
       {"model", FIELD_TEXT, "the model's name"}, {"provider", FIELD_TEXT, "who serves it"},
       {"workspace", FIELD_TEXT, "the folder its tools work in"},
       {"from", FIELD_TEXT, "the run that it begins with, if any"},
       {"from_step", FIELD_INT, "the step of that run"});
FIELDS(session_complete,
       {"status", FIELD_TEXT, "success; partial when a limit was reached; cancelled"},
       {"done", FIELD_INT, "calls that were carried out"},
       {"not_done", FIELD_INT, "calls that were skipped, denied or failed"},
       {"in_doubt", FIELD_INT, "calls whose outcome was lost"},
       {"reason", FIELD_TEXT, "why it is not a plain success"});
FIELDS(session_error, {"status", FIELD_TEXT, "error"},
       {"error_type", FIELD_TEXT, "the class of the error"},
       {"error_message", FIELD_TEXT, "one line for people"});
FIELDS(tool_call, {"tool_name", FIELD_TEXT, "the tool"},
       {"arguments", FIELD_OBJECT, "as the model gave them"},
       {"result_length", FIELD_INT, "bytes of the result the model gets"},
       {"duration_ms", FIELD_NUMBER, "from the first attempt's start to the outcome"},
       {"effect", FIELD_INT, "its row in the ledger"},
       {"outcome", FIELD_TEXT, "the ledger's word: ok, failed, stopped, skipped, …"},
       {"attempts", FIELD_INT, "how many were made"});
FIELDS(llm_call, {"model", FIELD_TEXT, "the model's name"},
       {"total_tokens", FIELD_INT, "in and out"},
       {"duration_ms", FIELD_NUMBER, "of the attempt that answered"},
       {"call", FIELD_INT, "its number in the run"},
       {"message", FIELD_OBJECT, "role, content, reasoning, tool_calls [id, name, arguments]"},
       {"finish_reason", FIELD_TEXT, "as the server said it"},
       {"usage", FIELD_OBJECT, "input, output, cached and reasoning tokens; cost in dollars"},
       {"attempts", FIELD_INT, "how many were made"},
       {"error", FIELD_TEXT, "why there is no message"});
FIELDS(state_change, {"from", FIELD_TEXT, "the old state"}, {"to", FIELD_TEXT, "the new state"},
       {"reason", FIELD_TEXT, "why"}, {"spent_ms", FIELD_NUMBER, "time spent in the old state"});
FIELDS(llm_start, {"call", FIELD_INT, "number of the model call in the run"},
       {"iteration", FIELD_INT, "on this branch"}, {"attempt", FIELD_INT, "from 1"});
FIELDS(llm_attempt, {"call", FIELD_INT, "number of the model call"},
       {"attempt", FIELD_INT, "from 1"}, {"outcome", FIELD_TEXT, "ok, or the class of failure"},
       {"status", FIELD_INT, "HTTP status"}, {"cause", FIELD_TEXT, "one line for people"},
       {"duration_ms", FIELD_NUMBER, "of this attempt"},
       {"injected", FIELD_BOOL, "a fault made on purpose"});
FIELDS(tool_start, {"effect", FIELD_INT, "its row in the ledger"},
       {"tool_name", FIELD_TEXT, "the tool"}, {"attempt", FIELD_INT, "from 1"});
FIELDS(tool_attempt, {"effect", FIELD_INT, "its row in the ledger"},
       {"tool_name", FIELD_TEXT, "the tool"}, {"attempt", FIELD_INT, "from 1"},
       {"outcome", FIELD_TEXT, "ok, or the class of failure"},
       {"cause", FIELD_TEXT, "one line for people"},
       {"duration_ms", FIELD_NUMBER, "of this attempt"},
       {"injected", FIELD_BOOL, "a fault made on purpose"});
FIELDS(retry, {"call", FIELD_INT, "the model call, or 0"},
       {"effect", FIELD_INT, "the tool call, or 0"},
       {"attempt", FIELD_INT, "the one that will come"}, {"max", FIELD_INT, "how many may be made"},
       {"delay_ms", FIELD_NUMBER, "how long it waits"},
       {"source", FIELD_TEXT, "backoff, retry-after, operator"},
       {"cause", FIELD_TEXT, "what went wrong"});
FIELDS(admission, {"scope", FIELD_TEXT, "model or tool"}, {"key", FIELD_TEXT, "which one"},
       {"cause", FIELD_TEXT, "breaker, rate, budget"},
       {"delay_ms", FIELD_NUMBER, "until it is asked again"});
FIELDS(breaker, {"scope", FIELD_TEXT, "model or tool"}, {"key", FIELD_TEXT, "which one"},
       {"from", FIELD_TEXT, "closed, open, half-open, forced-open"}, {"to", FIELD_TEXT, "likewise"},
       {"reason", FIELD_TEXT, "why"}, {"open_ms", FIELD_NUMBER, "how long it stays open"});
FIELDS(approval_wanted, {"effect", FIELD_INT, "its row in the ledger"},
       {"tool_name", FIELD_TEXT, "the tool"}, {"reason", FIELD_TEXT, "the rule that asks"});
FIELDS(approval_given, {"effect", FIELD_INT, "its row in the ledger"},
       {"verdict", FIELD_TEXT, "once, always, denied, edited"}, {"by", FIELD_TEXT, "who"},
       {"reason", FIELD_TEXT, "what the model is told"});
FIELDS(in_doubt, {"effect", FIELD_INT, "its row in the ledger"},
       {"tool_name", FIELD_TEXT, "the tool"},
       {"started_ms_ago", FIELD_NUMBER, "when it was started"});
FIELDS(doubt_resolved, {"effect", FIELD_INT, "its row in the ledger"},
       {"answer", FIELD_TEXT, "happened, run, skip"}, {"by", FIELD_TEXT, "who"});
FIELDS(checkpoint, {"iteration", FIELD_INT, "on this branch"});
FIELDS(rollback, {"from", FIELD_INT, "the head it leaves"}, {"to", FIELD_INT, "the new head"},
       {"op", FIELD_TEXT, "rollback, undo, redo, switch"},
       {"dropped", FIELD_INT, "messages no longer on the head"},
       {"effects", FIELD_INT, "effects after that place, which stay in the world"},
       {"by", FIELD_TEXT, "who"}, {"tip", FIELD_TEXT, "the name of the abandoned tip"});
FIELDS(fork, {"name", FIELD_TEXT, "the new branch"}, {"from", FIELD_INT, "the node it starts at"},
       {"by", FIELD_TEXT, "who"});
FIELDS(inject, {"by", FIELD_TEXT, "who"}, {"queued", FIELD_BOOL, "waits for the next iteration"});
FIELDS(limit, {"name", FIELD_TEXT, "max_iterations, timeout, max_cost, …"},
       {"value", FIELD_NUMBER, "reached"}, {"max", FIELD_NUMBER, "allowed"},
       {"action", FIELD_TEXT, "ask, finish, pause"});
FIELDS(loop_guard, {"tool_name", FIELD_TEXT, "the tool"},
       {"times", FIELD_INT, "equal calls with equal results in a row"});
FIELDS(recovery, {"how", FIELD_TEXT, "checkpoint, restart, graceful"},
       {"reason", FIELD_TEXT, "what went wrong"}, {"node", FIELD_INT, "where it goes on from"});
FIELDS(verb, {"verb", FIELD_TEXT, "what the operator said"}, {"by", FIELD_TEXT, "console, shell"},
       {"ok", FIELD_BOOL, "done or refused"}, {"text", FIELD_TEXT, "the answer"});
FIELDS(setting, {"name", FIELD_TEXT, "the setting"}, {"value", FIELD_TEXT, "its new value"},
       {"by", FIELD_TEXT, "who"});
FIELDS(label, {"text", FIELD_TEXT, "the name; empty removes it"});
FIELDS(repeated_effect, {"effect", FIELD_INT, "the new one"},
       {"earlier", FIELD_INT, "the one that already ran"},
       {"branch_name", FIELD_TEXT, "where it ran"}, {"ago_ms", FIELD_NUMBER, "when"},
       {"tool_name", FIELD_TEXT, "the tool"});
FIELDS(owner, {"pid", FIELD_INT, "the process that runs it now"},
       {"how", FIELD_TEXT, "start, resume, take-over, visit"});
FIELDS(breakpoint, {"breakpoint", FIELD_INT, "its number in the run"},
       {"spec", FIELD_TEXT, "its condition"}, {"hits", FIELD_INT, "how often it was hit"});
FIELDS(notice, {"text", FIELD_TEXT, "something the operator should know"});

static const struct event_info infos[EVENT_TYPE_COUNT] = {
    [EVENT_SESSION_START] = {"session_start", "a task begins", session_start},
    [EVENT_SESSION_COMPLETE] = {"session_complete", "a task has ended", session_complete},
    [EVENT_SESSION_ERROR] = {"session_error", "a task has failed", session_error},
    [EVENT_TOOL_CALL] = {"tool_call", "a tool call has its outcome", tool_call},
    [EVENT_LLM_CALL] = {"llm_call", "a model call has its answer, or none", llm_call},
    [EVENT_STATE_CHANGE] = {"state_change", "the run's state changed", state_change},
    [EVENT_LLM_START] = {"llm_start", "an attempt of a model call begins", llm_start},
    [EVENT_LLM_ATTEMPT] = {"llm_attempt", "an attempt of a model call ended", llm_attempt},
    [EVENT_TOOL_START] = {"tool_start", "an attempt of a tool call begins", tool_start},
    [EVENT_TOOL_ATTEMPT] = {"tool_attempt", "an attempt of a tool call ended", tool_attempt},
    [EVENT_RETRY] = {"retry", "another attempt will be made after a wait", retry},
    [EVENT_ADMISSION] = {"admission", "a guard holds an attempt back", admission},
    [EVENT_BREAKER] = {"breaker", "a circuit breaker changed", breaker},
    [EVENT_APPROVAL_WANTED] = {"approval_wanted", "a tool call waits for a person",
                               approval_wanted},
    [EVENT_APPROVAL_GIVEN] = {"approval_given", "a person answered", approval_given},
    [EVENT_IN_DOUBT] = {"in_doubt", "the outcome of a started call was lost", in_doubt},
    [EVENT_DOUBT_RESOLVED] = {"doubt_resolved", "a person settled a doubt", doubt_resolved},
    [EVENT_CHECKPOINT] = {"checkpoint", "a place to go back to", checkpoint},
    [EVENT_ROLLBACK] = {"rollback", "the head moved back, or returned", rollback},
    [EVENT_FORK] = {"fork", "a new branch", fork},
    [EVENT_INJECT] = {"inject", "a message from the operator", inject},
    [EVENT_LIMIT] = {"limit", "a limit was reached", limit},
    [EVENT_LOOP_GUARD] = {"loop_guard", "the agent repeats itself", loop_guard},
    [EVENT_RECOVERY] = {"recovery", "the run goes on after an error or a crash", recovery},
    [EVENT_VERB] = {"verb", "the operator did something", verb},
    [EVENT_SETTING] = {"setting", "a setting of the run changed", setting},
    [EVENT_LABEL] = {"label", "a checkpoint got a name", label},
    [EVENT_REPEATED_EFFECT] = {"repeated_effect", "an effect that already ran is decided again",
                               repeated_effect},
    [EVENT_OWNER] = {"owner", "a process took the run", owner},
    [EVENT_NOTICE] = {"notice", "something worth knowing", notice},
    [EVENT_BREAKPOINT] = {"breakpoint", "a condition of the operator holds: the run stops",
                          breakpoint},
};

const struct event_info *event_info(enum event_type type)
{
    return &infos[type];
}

const char *event_name(enum event_type type)
{
    return infos[type].name;
}

int event_type_find(const char *name)
{
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        if (strcmp(infos[i].name, name) == 0)
            return i;
    return -1;
}

const struct event_field *event_common_fields(void)
{
    return common_fields;
}
