/* SPDX-License-Identifier: MIT */
#include "core/failure.h"

#include <assert.h>
#include <string.h>

/* Throttling and refusals are errors to whoever watches, but the endpoint that says so is alive. An
   exit code is the tool's honest work; what never reached it says nothing about it at all. */
static const struct failure_row rows[FAILURE_COUNT] = {
    /* name, text, retry, fault, error, ok */
    [FAILURE_NONE] = {"ok", "ok", false, false, false, true},
    [FAILURE_CONNECT] = {"connect", "connection failed", true, true, true, false},
    [FAILURE_TIMEOUT] = {"timeout", "timed out", true, true, true, false},
    [FAILURE_STREAM] = {"stream", "answer broke off", true, true, true, false},
    [FAILURE_SERVER] = {"server", "server error", true, true, true, false},
    [FAILURE_OVERLOADED] = {"overloaded", "server overloaded", true, true, true, false},
    [FAILURE_THROTTLED] = {"throttled", "rate limited", true, false, true, false},
    [FAILURE_BUSY] = {"busy", "server busy", true, false, true, false},
    [FAILURE_BILLING] = {"billing", "quota or credit used up", false, false, true, false},
    [FAILURE_AUTH] = {"auth", "key refused", false, false, true, false},
    [FAILURE_FORBIDDEN] = {"forbidden", "not permitted", false, false, true, false},
    [FAILURE_NOT_FOUND] = {"not_found", "no such model or address", false, false, true, false},
    [FAILURE_CONTEXT] = {"context", "too long for the model", false, false, true, false},
    [FAILURE_TRANSCRIPT] = {"transcript", "calls and results do not pair", false, false, true,
                            false},
    [FAILURE_EFFORT] = {"effort", "reasoning effort refused with tools", false, false, true, false},
    [FAILURE_RESAMPLE] = {"resample", "the model's call was refused", false, false, true, false},
    [FAILURE_FILTER] = {"filter", "stopped by content policy", false, false, true, false},
    [FAILURE_REQUEST] = {"request", "request refused", false, false, true, false},
    [FAILURE_SECURITY] = {"security", "connection not secure", false, true, true, false},
    [FAILURE_PROTOCOL] = {"protocol", "not a proper answer", true, true, true, false},
    [FAILURE_TOOBIG] = {"toobig", "answer too large", false, true, true, false},
    [FAILURE_UNSTARTED] = {"unstarted", "could not be started", true, true, true, false},
    [FAILURE_TOOL] = {"tool", "tool failed", true, true, true, false},
    [FAILURE_EXIT] = {"exit", "non-zero exit", false, false, false, true},
    [FAILURE_ARGUMENTS] = {"arguments", "arguments do not fit", false, false, false, false},
    [FAILURE_DENIED] = {"denied", "not allowed", false, false, false, false},
    [FAILURE_CANCELLED] = {"cancelled", "cancelled", false, false, false, false},
    [FAILURE_LOST] = {"lost", "outcome lost", true, false, false, false},
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
