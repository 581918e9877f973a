/* SPDX-License-Identifier: MIT */
/*
 * Token counts and cost as Chat servers name them: one table of names. Pure.
 */
#ifndef CORE_MODEL_CHAT_USAGE_H
#define CORE_MODEL_CHAT_USAGE_H

#include "core/model/provider.h"

#include <cjson/cJSON.h>

void chat_usage_none(struct model_usage *u); /* every count unknown */

/* Replaces *u by what a usage object says; NULL, or one without any count
   we know, leaves it as it is. */
void chat_usage_read(struct model_usage *u, const cJSON *usage);

#endif
