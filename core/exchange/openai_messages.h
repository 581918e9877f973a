/* SPDX-License-Identifier: MIT */
/*
 * OpenAI's chat messages: {"messages": […]}, one conversation a line as fine-tuning takes them, or
 * the bare list. Calls' arguments stay texts.
 */
#ifndef CORE_EXCHANGE_OPENAI_MESSAGES_H
#define CORE_EXCHANGE_OPENAI_MESSAGES_H

#include "core/exchange/records.h"
#include "core/exchange/trajectory.h"

struct buf;

/* Appends one line: {"messages":[…]} and a newline. buf_add's errors. */
int openai_write(struct buf *out, const struct trajectory *t);

/* As foreign.h has it. */
bool openai_fits(const struct records *records);
int openai_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                struct err *err);

#endif
