/* SPDX-License-Identifier: MIT */
/*
 * The guards that runs of one process share: breaker, rate gate, retry budget and health, one set
 * per model endpoint ("model", "provider/name") and per tool ("tool", "name@workspace"). A run
 * never looks at them; it asks for admission and gets a word, which is stored with its input.
 * Engine thread only.
 */
#ifndef CORE_AGENT_GUARDS_H
#define CORE_AGENT_GUARDS_H

#include "core/base/err.h"
#include "core/failure.h"
#include "core/guard/breaker.h"
#include "core/guard/gate.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct guards;
struct past_attempt;
struct run_config;

enum guard_scope { GUARD_MODEL, GUARD_TOOL };

struct admission {
    bool yes;
    bool stop;        /* never: the failure is final */
    int64_t delay_us; /* ask again then */
    char cause[128];
};

struct guard_outcome {
    enum failure failure;
    int64_t started_us, now_us, duration_us, first_us;
    int64_t tokens_out;
    const struct gate_hint *hint; /* NULL = no headers */
};

/* A breaker that moved: for an event. */
struct breaker_move {
    bool moved;
    enum breaker_state from, to;
    enum breaker_cause cause;
    int64_t open_us;
};

struct guards *guards_new(void);
void guards_free(struct guards *guards);

void guards_admit(struct guards *guards, enum guard_scope scope, const char *key,
                  const struct run_config *config, int64_t attempt, enum failure before,
                  int64_t now_us, struct admission *out, struct breaker_move *move);
void guards_record(struct guards *guards, enum guard_scope scope, const char *key,
                   const struct run_config *config, const struct guard_outcome *outcome,
                   struct breaker_move *move);
/* The operator's hand: "reset", "open", "close". E_NOTFOUND, E_USAGE. */
int guards_force(struct guards *guards, const char *key, const char *action, int64_t now_us,
                 struct breaker_move *move, struct err *err);
/* Every breaker as it stands: a list of {"scope","key","state","failures_in_row","failures",
   "outcomes"}, with "reason" once it has opened, "wait_ms" while it lets nothing through and
   "probing" while its probe is under way. Yours. */
cJSON *guards_report(const struct guards *guards, int64_t now_us);
/* What attempts before this process left behind; `past` by the time they began, oldest first. */
void guards_recall(struct guards *guards, const struct past_attempt *past, size_t count,
                   const struct run_config *config, int64_t now_us, int64_t now_wall_us);

#endif
