/* SPDX-License-Identifier: MIT */
/*
 * The Chat Completions format, which nearly every server speaks: the row of the provider table.
 * The request is written in openai_chat.c; the answer is read by chat_reader, chat_event and the
 * files they name.
 */
#ifndef CORE_MODEL_OPENAI_CHAT_H
#define CORE_MODEL_OPENAI_CHAT_H

#include "core/model/provider.h"

extern const struct provider openai_chat;

#endif
