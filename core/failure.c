/* SPDX-License-Identifier: MIT */
#include "core/failure.h"

#include <assert.h>
#include <string.h>

/* Throttling and refusals are errors to whoever watches, but the endpoint that says so is alive. An
   exit code is the tool's honest work; what never reached it says nothing about it at all. */
static const struct failure_row rows[FAILURE_COUNT] = {
    [FAILURE_NONE] = {.name = "ok", .text = "ok", .ok = true},
    [FAILURE_CONNECT] = {.name = "connect",
                         .text = "connection failed",
                         .retry = true,
                         .fault = true,
                         .error = true},
    [FAILURE_TIMEOUT] =
        {.name = "timeout", .text = "timed out", .retry = true, .fault = true, .error = true},
    [FAILURE_STREAM] =
        {.name = "stream", .text = "answer broke off", .retry = true, .fault = true, .error = true},
    [FAILURE_SERVER] =
        {.name = "server", .text = "server error", .retry = true, .fault = true, .error = true},
    [FAILURE_OVERLOADED] = {.name = "overloaded",
                            .text = "server overloaded",
                            .retry = true,
                            .fault = true,
                            .error = true},
    [FAILURE_THROTTLED] = {.name = "throttled",
                           .text = "rate limited",
                           .retry = true,
                           .error = true},
    [FAILURE_BUSY] = {.name = "busy", .text = "server busy", .retry = true, .error = true},
    [FAILURE_BILLING] = {.name = "billing", .text = "quota or credit used up", .error = true},
    [FAILURE_AUTH] = {.name = "auth", .text = "key refused", .error = true},
    [FAILURE_FORBIDDEN] = {.name = "forbidden", .text = "not permitted", .error = true},
    [FAILURE_NOT_FOUND] = {.name = "not_found", .text = "no such model or address", .error = true},
    [FAILURE_CONTEXT] = {.name = "context", .text = "too long for the model", .error = true},
    [FAILURE_TRANSCRIPT] = {.name = "transcript",
                            .text = "calls and results do not pair",
                            .error = true},
    [FAILURE_EFFORT] = {.name = "effort",
                        .text = "reasoning effort refused with tools",
                        .error = true},
    [FAILURE_RESAMPLE] = {.name = "resample",
                          .text = "the model's call was refused",
                          .error = true},
    [FAILURE_FILTER] = {.name = "filter", .text = "stopped by content policy", .error = true},
    [FAILURE_REQUEST] = {.name = "request", .text = "request refused", .error = true},
    [FAILURE_SECURITY] = {.name = "security",
                          .text = "connection not secure",
                          .fault = true,
                          .error = true},
    [FAILURE_PROTOCOL] = {.name = "protocol",
                          .text = "not a proper answer",
                          .retry = true,
                          .fault = true,
                          .error = true},
    [FAILURE_TOOBIG] = {.name = "toobig", .text = "answer too large", .fault = true, .error = true},
    [FAILURE_UNSTARTED] = {.name = "unstarted",
                           .text = "could not be started",
                           .retry = true,
                           .fault = true,
                           .error = true},
    [FAILURE_TOOL] =
        {.name = "tool", .text = "tool failed", .retry = true, .fault = true, .error = true},
    [FAILURE_EXIT] = {.name = "exit", .text = "non-zero exit", .ok = true},
    [FAILURE_ARGUMENTS] = {.name = "arguments", .text = "arguments do not fit"},
    [FAILURE_DENIED] = {.name = "denied", .text = "not allowed"},
    [FAILURE_CANCELLED] = {.name = "cancelled", .text = "cancelled"},
    [FAILURE_LOST] = {.name = "lost", .text = "outcome lost", .retry = true},
};

const struct failure_row *failure_row(enum failure failure)
{
    assert((unsigned)failure < FAILURE_COUNT);
    return &rows[failure];
}

const char *failure_name(enum failure failure)
{
    return failure_row(failure)->name;
}

enum failure failure_named(const char *name)
{
    for (int i = 0; i < FAILURE_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0)
            return (enum failure)i;
    return FAILURE_COUNT;
}
