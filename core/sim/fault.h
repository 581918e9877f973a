/* SPDX-License-Identifier: MIT */
/*
 * What a scenario lets go wrong, on purpose: one entry of a reply's `faults`, spent by one attempt
 * of one request each (or `times` of them). Exactly one of these keys says what:
 *
 *     status: 429        an HTTP answer of that status, with retry_after, retry_after_ms, headers,
 *                        type and body; without a body the error that real servers send
 *     cut: 3             the right stream, ended after 3 events; `call` = inside a tool call's
 *                        arguments, `finish` = before the finish reason. end: fin, rst, hang, clean
 *     event: …           the right stream up to event `after` (0), then this one, and the end
 *     hang: 5s           takes the request, says nothing for so long, closes
 *     pings: 50ms        the head of a stream, then one comment after the other, never an event
 *     slow: 1            the right answer, so many bytes at once, `every` 20ms
 *     send: …            these very bytes, a text or a list of steps, instead of any HTTP
 *
 * A step is a mapping of text, hex or head (`sse`: the head of an event stream), with `repeat`; or
 * sleep; or end. Plain data; trees are borrowed from the document.
 */
#ifndef CORE_SIM_FAULT_H
#define CORE_SIM_FAULT_H

#include "core/sim/strict.h"
#include "core/sim/reel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_HANG_US   INT64_C(300000000) /* nothing here is silent for longer */
#define FAULT_ALWAYS    INT64_MAX
#define FAULT_CUT_CALL  (-1)
#define FAULT_CUT_FINAL (-2)

enum fault_kind {
    FAULT_NONE,
    FAULT_STATUS,
    FAULT_CUT,
    FAULT_EVENT,
    FAULT_HANG,
    FAULT_PINGS,
    FAULT_SLOW,
    FAULT_SEND
};

struct fault_step {
    char *text;        /* bytes, or NULL */
    size_t len;        /* of text */
    int64_t repeat;    /* how often, 1 or more */
    int64_t sleep_us;  /* wait before */
    enum reel_end end; /* REEL_KEEP: no end here */
};

struct fault {
    enum fault_kind kind;
    int line;
    int64_t times;            /* attempts it takes; FAULT_ALWAYS */
    int64_t status;           /* STATUS */
    char *retry_after;        /* text of the header; NULL = none */
    int64_t retry_date_us;    /* or a date so far from now; INT64_MIN = none */
    char *retry_after_ms;     /* text of the header; NULL = none */
    const cJSON *headers;     /* mapping of texts, or NULL */
    char *type;               /* Content-Type; NULL = by the body */
    const cJSON *body;        /* text or JSON; NULL = the error of that status */
    int64_t after;            /* CUT, EVENT: events that arrive; FAULT_CUT_… */
    enum reel_end end;        /* CUT */
    const cJSON *event;       /* EVENT: text or JSON of its data */
    char *event_name;         /* EVENT: NULL = none */
    int64_t wait_us;          /* HANG, PINGS: how long, how often */
    int64_t every_us;         /* SLOW: between two writes */
    int64_t bytes;            /* SLOW */
    struct fault_step *steps; /* SEND */
    size_t step_count, step_cap;
};

/* Reads a list of faults; the array is the caller's, also after an error. */
int fault_read_list(struct fault **out, size_t *count, const struct strict *s, const cJSON *list);
void fault_free_list(struct fault *faults, size_t count);

/* The fault that attempt `attempt` (0 = the first) of a request meets, or NULL. */
const struct fault *fault_of_attempt(const struct fault *faults, size_t count, uint64_t attempt);

#endif
