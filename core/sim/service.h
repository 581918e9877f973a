/* SPDX-License-Identifier: MIT */
/*
 * What the simulator answers to a whole HTTP request, without sockets:
 *
 *     POST /v1/chat/completions   a model's answer, by the scenario
 *     GET  /v1/models             the one model of the scenario
 *     GET  /expectations          what was asked of requests, and what differed
 *     GET  /requests              the last requests, with their times (book.h)
 *
 * All of them want `Authorization: Bearer TOKEN` (or `x-api-key: TOKEN`).
 */
#ifndef CORE_SIM_SERVICE_H
#define CORE_SIM_SERVICE_H

#include "core/base/buf.h"
#include "core/sim/reel.h"

#include <stdint.h>

struct book;
struct book_entry;
struct inbound;
struct scenario;

struct service {
    const struct scenario *scenario; /* borrowed */
    const char *token;               /* borrowed */
    struct book *book;               /* borrowed */
    /* Gets a line for every expectation that did not hold and every request that nothing fits. */
    void (*report)(void *self, const char *line);
    void *self;
    struct buf differs; /* the first of those lines, kept for /expectations */
};

void service_init(struct service *service);
void service_free(struct service *service); /* frees what it owns */

/* Fills an empty reel and the entry: whatever was asked, there is an answer. */
void service_answer(struct service *service, struct reel *out, struct book_entry *entry,
                    const struct inbound *in, int64_t wall_us);

#endif
