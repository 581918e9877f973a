/* SPDX-License-Identifier: MIT */
/* A stored run as a trajectory: its head's line, for exports in the formats of others. Main thread.
 */
#ifndef TUI_LIVED_H
#define TUI_LIVED_H

#include "core/base/err.h"

struct stored;
struct trajectory;

/* Yours: trajectory_free. E_TOOBIG when it has more messages than a trajectory holds. */
int lived_read(struct trajectory **out, struct stored *stored, struct err *err);

#endif
