/* SPDX-License-Identifier: MIT */
/*
 * The rows. Defaults are the seed's where the seed has one. Spans are written as people write them;
 * ranges are in stored units.
 */
#include "core/config/setting.h"

#include <stddef.h>

#include "core/base/clock.h"
#include "core/config/run_config.h"

#define RUN(member)                                                                                \
    .scope = SETTING_RUN, .offset = offsetof(struct run_config, member),                           \
    .size = sizeof(((struct run_config *)0)->member)
#define USER(member)                                                                               \
    .scope = SETTING_USER, .offset = offsetof(struct user_config, member),                         \
    .size = sizeof(((struct user_config *)0)->member)

#define MS      ((int64_t)US_PER_MS)
#define S       ((int64_t)US_PER_S)
#define MIN     (60 * S)
#define HOUR    (60 * MIN)
#define DAY     (24 * HOUR)
#define KIB     (INT64_C(1) << 10)
#define GIB     (INT64_C(1) << 30)
#define DOLLAR  INT64_C(1000000)
#define ONE     1000 /* of NUMBER */
#define PERCENT 100

static const char *const on_error_words[] = {"auto", "pause", "recover", "fail", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};
static const char *const hangup_words[] = {"stop", "detach", NULL};
static const char *const effort_words[] = {"none", "minimal", "low", "medium",
                                           "high", "xhigh",   "max", NULL};

const struct setting setting_table[] = {
    {"limits.max_iterations", SETTING_INT, RUN(limits.max_iterations), .live = true,
     .flag = "max-iterations", .fallback = "10", .min = 1, .max = 1000000,
     .help = "Model calls a run may make before it asks, or finishes when nobody watches"},
    {"limits.max_tool_retries", SETTING_INT, RUN(tool_retry.attempts), .live = true,
     .fallback = "3", .min = 1, .max = 100,
     .help = "Attempts of a tool call in all, where its policy lets it be retried"},
    {"limits.timeout", SETTING_DURATION, RUN(limits.timeout_us), .live = true, .flag = "timeout",
     .fallback = "300s", .min = 1 * S, .max = 30 * DAY,
     .help = "A run's active time; pauses and waits for a person do not count"},
    {"limits.max_tokens_per_turn", SETTING_INT, RUN(limits.max_tokens), .live = true,
     .flag = "max-tokens", .fallback = "4096", .min = 1, .max = 10000000,
     .help = "Tokens of one answer, sent to the model"},
    {"limits.max_cost", SETTING_MONEY, RUN(limits.max_cost), .live = true, .flag = "max-cost",
     .fallback = "0", .min = 0, .max = 1000000 * DOLLAR,
     .help = "Dollars a run may spend before it pauses; 0 = no limit"},
    {"limits.loop_guard", SETTING_INT, RUN(limits.loop_guard), .live = true, .fallback = "5",
     .min = 0, .max = 1000,
     .help = "Equal calls with equal results in a row that pause the run; 0 = off"},

    {"on_error", SETTING_ENUM, RUN(on_error), .live = true, .flag = "on-error", .fallback = "auto",
     .choices = on_error_words, .max = ON_ERROR_FAIL,
     .help = "After the last retry: pause and ask, recover from the last checkpoint, or fail; "
             "auto pauses where a person watches and recovers where none does"},
    {"enable_checkpoints", SETTING_BOOL, RUN(enable_checkpoints), .live = true, .fallback = "true",
     .max = 1, .help = "Take file snapshots with the checkpoints; the journal is always kept"},
    {"enable_rollback", SETTING_BOOL, RUN(enable_rollback), .live = true, .fallback = "true",
     .max = 1, .help = "Recover from the last checkpoint without being asked"},
    {"keep_checkpoints", SETTING_INT, RUN(keep_checkpoints), .live = true, .fallback = "0",
     .min = 0, .max = 1000000, .help = "Newest checkpoints whose files are kept; 0 = all"},
    {"recovery.error", SETTING_TEXT, RUN(sentence.error), .live = true, .max = 4096,
     .fallback = "Previous execution encountered an error. "
                 "Please continue or provide a partial result.",
     .help = "System message after a recovery from a checkpoint"},
    {"recovery.finish", SETTING_TEXT, RUN(sentence.finish), .live = true, .max = 4096,
     .fallback = "Please provide the best answer you can with the information gathered so far.",
     .help = "User message that asks for the best answer so far, without tools"},

    {"model.name", SETTING_TEXT, RUN(model.name), .live = true, .optional = true, .flag = "model",
     .fallback = "", .max = 256, .help = "Model to call"},
    {"model.base_url", SETTING_TEXT, RUN(model.base_url), .optional = true, .flag = "base-url",
     .fallback = "", .max = 2048,
     .help = "Address of an OpenAI-compatible server; not set = the profile's"},
    {"model.key", SETTING_SECRET, USER(key), .own = true, .optional = true, .fallback = "",
     .max = 4096,
     .help = "Where the key is found: env:NAME, file:PATH, command:PROGRAM ARGS or none; "
             "not set = the profile's variable"},
    {"model.temperature", SETTING_NUMBER, RUN(model.temperature), .live = true, .optional = true,
     .flag = "temperature", .fallback = "", .min = 0, .max = 2 * ONE,
     .help = "Sampling temperature; not set = not sent"},
    {"model.top_p", SETTING_NUMBER, RUN(model.top_p), .live = true, .optional = true,
     .fallback = "", .min = 0, .max = 1 * ONE, .help = "Nucleus sampling; not set = not sent"},
    {"model.seed", SETTING_INT, RUN(model.seed), .live = true, .optional = true, .fallback = "",
     .min = 0, .max = INT64_C(1) << 53, .help = "Sampling seed, best effort; not set = not sent"},
    {"model.effort", SETTING_TEXT, RUN(model.effort), .live = true, .optional = true,
     .flag = "effort", .fallback = "", .choices = effort_words, .max = 16,
     .help = "Reasoning effort; not set = not sent"},
    {"model.extra", SETTING_OBJECT, RUN(model.extra), .live = true, .optional = true,
     .fallback = "", .max = 64 * KIB, .help = "Further members of the request, sent as they are"},
    {"model.stream", SETTING_BOOL, RUN(model.stream), .live = true, .fallback = "true", .max = 1,
     .help = "Ask for the answer as it is made"},
    {"model.parallel_calls", SETTING_BOOL, RUN(model.parallel), .live = true, .fallback = "true",
     .max = 1, .help = "Let the model ask for several tools in one answer"},
    {"model.context", SETTING_INT, RUN(model.context), .live = true, .optional = true,
     .fallback = "", .min = 1, .max = 100000000,
     .help = "Tokens the model takes, for the context gauge; not set = unknown"},
    {"model.price_input", SETTING_MONEY, RUN(model.price_input), .live = true, .optional = true,
     .fallback = "", .min = 0, .max = 100000 * DOLLAR,
     .help = "Dollars for a million input tokens; not set = the built-in table's"},
    {"model.price_cached", SETTING_MONEY, RUN(model.price_cached), .live = true, .optional = true,
     .fallback = "", .min = 0, .max = 100000 * DOLLAR,
     .help = "Dollars for a million input tokens that the provider had cached"},
    {"model.price_output", SETTING_MONEY, RUN(model.price_output), .live = true, .optional = true,
     .fallback = "", .min = 0, .max = 100000 * DOLLAR,
     .help = "Dollars for a million output tokens"},
    {"provider.profile", SETTING_TEXT, RUN(model.profile), .optional = true, .flag = "profile",
     .fallback = "", .max = 64,
     .help = "How the server differs from others; not set = by the address"},

    {"http.connect_timeout", SETTING_DURATION, RUN(http.connect_us), .live = true,
     .fallback = "10s", .min = 100 * MS, .max = 10 * MIN,
     .help = "Name look-up, connection and TLS"},
    {"http.first_byte_timeout", SETTING_DURATION, RUN(http.first_byte_us), .live = true,
     .fallback = "120s", .min = 100 * MS, .max = 1 * HOUR,
     .help = "From then to the first byte of the answer"},
    {"http.event_timeout", SETTING_DURATION, RUN(http.event_us), .live = true, .fallback = "120s",
     .min = 100 * MS, .max = 1 * HOUR,
     .help = "Between complete events of a stream; pings do not count"},
    {"http.response_timeout", SETTING_DURATION, RUN(http.response_us), .live = true,
     .fallback = "30m", .min = 1 * S, .max = 1 * DAY, .help = "One whole response"},
    {"http.response_bytes", SETTING_BYTES, RUN(http.response_bytes), .live = true,
     .fallback = "64MiB", .min = 64 * KIB, .max = 1 * GIB, .help = "Size of one response"},
    {"http.allow_plain", SETTING_BOOL, RUN(http.allow_plain), .own = true, .fallback = "false",
     .max = 1, .help = "Send keys and prompts over http:// to other machines too"},
    {"http.ca_file", SETTING_TEXT, USER(ca_file), .own = true, .optional = true, .fallback = "",
     .max = 4096, .help = "Further certificate authorities, a PEM file"},

    {"retry.attempts", SETTING_INT, RUN(retry.attempts), .live = true, .fallback = "5", .min = 1,
     .max = 100, .help = "Attempts of a model call in all"},
    {"retry.base", SETTING_DURATION, RUN(retry.base_us), .live = true, .fallback = "1s",
     .min = 1 * MS, .max = 1 * HOUR,
     .help = "First backoff is a random time up to this; it doubles with each attempt"},
    {"retry.throttled_base", SETTING_DURATION, RUN(retry.throttled_us), .live = true,
     .fallback = "2s", .min = 1 * MS, .max = 1 * HOUR, .help = "The same after 429 and 529"},
    {"retry.cap", SETTING_DURATION, RUN(retry.cap_us), .live = true, .fallback = "30s",
     .min = 1 * MS, .max = 1 * DAY, .help = "Backoff does not grow beyond this"},
    {"retry.floor", SETTING_DURATION, RUN(retry.floor_us), .live = true, .fallback = "200ms",
     .min = 0, .max = 1 * HOUR, .help = "No backoff is shorter"},
    {"retry.spread", SETTING_INT, RUN(retry.spread_percent), .live = true, .fallback = "10",
     .min = 0, .max = PERCENT,
     .help = "Percent of a Retry-After added at random, so that runs do not return as one"},
    {"retry.park", SETTING_DURATION, RUN(retry.park_us), .live = true, .fallback = "120s", .min = 0,
     .max = 30 * DAY, .help = "A Retry-After above this parks the run until then"},
    {"retry.operator", SETTING_DURATION, RUN(retry.operator_us), .live = true, .fallback = "1h",
     .min = 0, .max = 30 * DAY, .help = "A Retry-After above this waits for the operator"},
    {"retry.nonsense", SETTING_DURATION, RUN(retry.nonsense_us), .live = true, .fallback = "30d",
     .min = 1 * S, .max = 365 * DAY, .help = "A Retry-After or rate reset above this is ignored"},

    {"budget.size", SETTING_INT, RUN(budget.size), .live = true, .fallback = "60", .min = 1,
     .max = 1000000, .help = "Tokens in an endpoint's full retry budget"},
    {"budget.cost", SETTING_INT, RUN(budget.cost), .live = true, .fallback = "5", .min = 0,
     .max = 1000000, .help = "Tokens that a retry costs"},
    {"budget.timeout_cost", SETTING_INT, RUN(budget.timeout_cost), .live = true, .fallback = "10",
     .min = 0, .max = 1000000, .help = "Tokens that a retry after a timeout costs"},
    {"budget.gain", SETTING_INT, RUN(budget.gain), .live = true, .fallback = "1", .min = 0,
     .max = 1000000, .help = "Tokens that a success gives back"},
    {"budget.refill", SETTING_DURATION, RUN(budget.refill_us), .live = true, .fallback = "10s",
     .min = 0, .max = 1 * DAY, .help = "Time that gives one token back; 0 = none"},
    {"gate.pause", SETTING_DURATION, RUN(gate.pause_us), .live = true, .fallback = "2s",
     .min = 1 * MS, .max = 1 * HOUR,
     .help = "An endpoint's pause after a 429 that names no time; doubles with each in a row"},
    {"gate.pause_max", SETTING_DURATION, RUN(gate.pause_max_us), .live = true, .fallback = "30s",
     .min = 1 * MS, .max = 1 * DAY, .help = "That pause does not grow beyond this"},

    {"breaker.in_row", SETTING_INT, RUN(breaker.in_row), .live = true, .fallback = "5", .min = 1,
     .max = 1000, .help = "Failures in a row that open a breaker"},
    {"breaker.window", SETTING_INT, RUN(breaker.window), .live = true, .fallback = "20", .min = 1,
     .max = BREAKER_WINDOW_MAX, .help = "Last outcomes that it looks at"},
    {"breaker.percent", SETTING_INT, RUN(breaker.percent), .live = true, .fallback = "50", .min = 1,
     .max = PERCENT, .help = "Percent of them failed that opens it"},
    {"breaker.samples", SETTING_INT, RUN(breaker.samples), .live = true, .fallback = "8", .min = 1,
     .max = BREAKER_WINDOW_MAX, .help = "Outcomes needed before that percentage counts"},
    {"breaker.successes", SETTING_INT, RUN(breaker.successes), .live = true, .fallback = "2",
     .min = 1, .max = 100, .help = "Successful probes that close it"},
    {"breaker.open", SETTING_DURATION, RUN(breaker.open_us), .live = true, .fallback = "15s",
     .min = 1 * MS, .max = 1 * DAY,
     .help = "How long it stays open; doubles with each failed probe"},
    {"breaker.open_max", SETTING_DURATION, RUN(breaker.open_max_us), .live = true,
     .fallback = "300s", .min = 1 * MS, .max = 1 * DAY, .help = "It does not stay open longer"},
    {"breaker.probe", SETTING_DURATION, RUN(breaker.probe_us), .live = true, .fallback = "30m",
     .min = 1 * S, .max = 1 * DAY,
     .help = "A probe without a word for so long is given up for lost"},

    {"health.window", SETTING_INT, RUN(health.window), .live = true, .fallback = "100", .min = 1,
     .max = HEALTH_WINDOW_MAX, .help = "Last outcomes that health looks at"},
    {"health.window_time", SETTING_DURATION, RUN(health.window_us), .live = true, .fallback = "5m",
     .min = 1 * S, .max = 1 * DAY, .help = "None older than this"},
    {"health.critical", SETTING_INT, RUN(health.critical_percent), .live = true, .fallback = "50",
     .min = 0, .max = PERCENT, .help = "Percent of errors above which health is critical"},
    {"health.degraded", SETTING_INT, RUN(health.degraded_percent), .live = true, .fallback = "10",
     .min = 0, .max = PERCENT, .help = "Percent of errors above which it is degraded"},
    {"health.slow", SETTING_DURATION, RUN(health.slow_us), .live = true, .fallback = "5000ms",
     .min = 1 * MS, .max = 1 * HOUR, .help = "Average latency above which it is slow"},
    {"health.break_samples", SETTING_INT, RUN(health.break_samples), .live = true, .fallback = "8",
     .min = 1, .max = HEALTH_WINDOW_MAX,
     .help = "Outcomes needed before critical health opens a breaker"},

    {"tools", SETTING_LIST, RUN(tools), .flag = "tools", .fallback = "*", .max = 64 * KIB,
     .help = "Built-in tools that the agent has; * = all"},
    {"tool.timeout", SETTING_DURATION, RUN(tool.timeout_us), .live = true, .fallback = "120s",
     .min = 100 * MS, .max = 600 * S, .help = "One tool call that names no other limit"},
    {"tool.parallel", SETTING_INT, RUN(tool.parallel), .live = true, .fallback = "4", .min = 1,
     .max = 64, .help = "Pure tool calls that run at once"},
    {"tool.env", SETTING_LIST, RUN(tool.env), .own = true, .fallback = "", .max = 64 * KIB,
     .help = "Further environment variables that tools may see"},
    {"tool.retry_base", SETTING_DURATION, RUN(tool_retry.base_us), .live = true, .fallback = "1s",
     .min = 1 * MS, .max = 1 * HOUR,
     .help = "First backoff of a tool is a random time up to this; it doubles"},
    {"tool.retry_cap", SETTING_DURATION, RUN(tool_retry.cap_us), .live = true, .fallback = "30s",
     .min = 1 * MS, .max = 1 * DAY, .help = "A tool's backoff does not grow beyond this"},
    {"tool.retry_floor", SETTING_DURATION, RUN(tool_retry.floor_us), .live = true,
     .fallback = "200ms", .min = 0, .max = 1 * HOUR, .help = "No backoff of a tool is shorter"},
    {"policy", SETTING_RULES, RUN(policy), .live = true, .flag = "policy", .fallback = "",
     .max = 64 * KIB,
     .help = "Rules for tool calls: allow, ask or deny TOOL [ARGUMENT=TEXT | ARGUMENT~PATTERN]"},
    {"allow_unsandboxed", SETTING_BOOL, RUN(tool.allow_unsandboxed), .own = true,
     .flag = "allow-unsandboxed", .fallback = "false", .max = 1,
     .help = "Let commands run without a sandbox and without being asked for"},

    {"ui.theme", SETTING_TEXT, USER(ui.theme), .live = true, .flag = "theme", .fallback = "dark",
     .max = 64, .help = "Colours of the console"},
    {"ui.color", SETTING_ENUM, USER(ui.color), .live = true, .flag = "color", .fallback = "auto",
     .choices = color_words, .max = USER_COLOR_NEVER,
     .help = "When to use colour; auto heeds NO_COLOR and the terminal"},
    {"ui.mouse", SETTING_BOOL, USER(ui.mouse), .live = true, .flag = "mouse", .fallback = "false",
     .max = 1, .help = "Take the mouse, which then no longer selects text"},
    {"ui.bell", SETTING_BOOL, USER(ui.bell), .live = true, .fallback = "true", .max = 1,
     .help = "Ring when a person is awaited"},
    {"ui.clock", SETTING_BOOL, USER(ui.clock), .live = true, .fallback = "true", .max = 1,
     .help = "Show the time a run has taken, once a second"},
    {"ui.on_hangup", SETTING_ENUM, USER(ui.on_hangup), .fallback = "stop", .choices = hangup_words,
     .max = USER_HANGUP_DETACH,
     .help = "When the terminal closes: stop what is in flight, or go on without one"},
    {"editor", SETTING_TEXT, USER(editor), .own = true, .optional = true, .fallback = "",
     .max = 4096, .help = "Editor for messages; not set = $VISUAL, $EDITOR, vi"},
    {"pager", SETTING_TEXT, USER(pager), .own = true, .optional = true, .fallback = "", .max = 4096,
     .help = "Pager for long output; not set = $PAGER, less -R"},
    {0},
};
