/* SPDX-License-Identifier: MIT */
/*
 * What the outcome of a model call means, in the one vocabulary of core/failure.h, and what a
 * person should do about it. A pure function over plain values; whether and when to try again is
 * core/guard's business (failure_row, retry_decide), which gets the failure, x-should-retry and
 * Retry-After from here.
 */
#ifndef CORE_MODEL_CLASSIFY_H
#define CORE_MODEL_CLASSIFY_H

#include "core/base/err.h"
#include "core/failure.h"
#include "core/model/provider.h"
#include "core/net/http.h"

#include <stdbool.h>
#include <stdint.h>

/* Texts may be NULL and are borrowed. */
struct call_facts {
    enum http_outcome outcome;         /* how the transfer went */
    const char *transfer_text;         /* http_result.text */
    int status;                        /* HTTP status, 0 without a response */
    const struct model_answer *answer; /* what the reader made of the body, NULL: none */
    const char *endpoint;              /* "api.openai.com" or "127.0.0.1:8080", for the text */
    const char *model;                 /* model asked for */
    const char *key_source;            /* "OPENAI_API_KEY", "config.yaml": never the key itself */
    const char *retry_after;           /* header values as they came */
    const char *retry_after_ms;
    const char *should_retry; /* x-should-retry */
    int64_t now_wall_us;      /* to read a Retry-After date against */
    int retry_status;         /* profile->retry_status: one more status that is FAILURE_BUSY */
};

struct verdict {
    enum failure failure;    /* FAILURE_NONE: the answer may go on the chain */
    int word;                /* x-should-retry: 1 yes, 0 no, -1 unsaid; overrides failure_row */
    bool once;               /* not as it is, but one changed request is worth it: TRANSCRIPT (after
                                a repair), EFFORT (with "none"), RESAMPLE (as it is) */
    int64_t retry_after_us;  /* the server's minimum wait; -1: it said none, or nonsense */
    char cause[ERR_MSG_MAX]; /* one line for people: what happened, and what to do; "" for NONE */
};

void classify(struct verdict *out, const struct call_facts *facts);

#endif
