/* SPDX-License-Identifier: MIT */
/*
 * The embedded demo (product.md section 1): a small shop of laptops as files and tools of a
 * workspace. The model is the scenario `demo`, the agent tui/agents/shopping-assistant.md; both
 * know the files of core/sim/demo, which the build puts into the program.
 */
#ifndef CORE_SIM_DEMO_H
#define CORE_SIM_DEMO_H

#include "core/base/err.h"

#define DEMO_AGENT    "shopping-assistant"
#define DEMO_TASK     "Find a laptop under $1000"
#define DEMO_PROVIDER "simulator:demo"

/* Makes the folder, and in it every file of the shop that is not there yet; what is there stays as
   it is, so a run that is resumed finds what it and the operator have changed. Each run wants a
   folder of its own: the tools keep their state in it. E_DENIED, E_IO, E_FULL. */
int demo_workspace(const char *dir, struct err *err);

#endif
