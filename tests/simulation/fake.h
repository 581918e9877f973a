/* SPDX-License-Identifier: MIT */
/*
 * The fake world of a simulation: a model that answers anything, tools that take their time, and
 * counters outside that see what was really carried out. Requests are built by the real transcript,
 * so an ill-formed conversation shows at once.
 */
#ifndef TESTS_SIMULATION_FAKE_H
#define TESTS_SIMULATION_FAKE_H

#include "core/agent/world.h"

#include <stdint.h>

struct fake;
struct universe;

struct fake *fake_new(struct universe *u);
void fake_free(struct fake *fake);
struct world fake_world(struct fake *fake);

/* What is due by now becomes inputs. */
void fake_deliver(struct fake *fake);
int64_t fake_next_us(const struct fake *fake); /* INT64_MAX = nothing is under way */

/* The answer to the last verb. */
bool fake_reply_ok(const struct fake *fake);

#endif
