/* SPDX-License-Identifier: MIT */
/*
 * The messages of a branch's head, kept as the growing part of a request body: appending costs the
 * message, going back costs nothing, and a request is prefix + what is there + parameters, so no
 * turn encodes the conversation again. Owned by the engine, one per live run; pure.
 *
 * It keeps no messages, only their wire bytes and which calls are open. When the model or profile
 * changes, make a new one and append the chain again: members that belong to another provider or
 * model are then left out.
 *
 * Same chain, same profile, model and tools: same bytes, whether built message by message, with
 * roll-backs in between, or at once.
 *
 * Hash inputs: design.md's request hash is sha256(chain ‖ params ‖ tools hash). params is
 * transcript_params_text (canonical JSON of struct model_params, profile and format); tools hash is
 * sha256 of transcript_tools_text. The exact body of an attempt is transcript_request's output for
 * the same chain, params and tools.
 */
#ifndef CORE_MODEL_TRANSCRIPT_H
#define CORE_MODEL_TRANSCRIPT_H

#include "core/base/err.h"
#include "core/model/provider.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct transcript;

#define TRANSCRIPT_MAX ((size_t)64 << 20) /* bytes of one request body */

struct transcript_options {
    const struct profile *profile;  /* borrowed for life (a table row) */
    const char *model;              /* copied */
    const struct model_tool *tools; /* encoded at once, not kept */
    size_t tool_count;
};

/* 0, or E_PARSE for a tool with a bad name or schema, E_NOTFOUND for a format that is not built. */
int transcript_new(struct transcript **out, const struct transcript_options *options,
                   struct err *err);
void transcript_free(struct transcript *t);

/* Appends the next message of the chain. Refused, with nothing changed: E_PROTOCOL for a tool
   message that answers no open call, or any other message while a call is open; E_TOOBIG. */
int transcript_append(struct transcript *t, const struct message *m, struct err *err);

/* Goes back to the first `count` messages (count ≤ transcript_count). */
void transcript_truncate(struct transcript *t, size_t count);
size_t transcript_count(const struct transcript *t);

/* Calls of the last assistant message that have no result yet, in order. Borrowed id, NULL behind
   the last. The engine writes a synthetic result for each before anything else. */
const char *transcript_open_call(const struct transcript *t, size_t index);

/* Names the calls of an answer that is about to be appended (message_name_calls against every id
   in use), so that each id is unique on the chain. Do it before the message is stored. */
void transcript_name_calls(const struct transcript *t, struct message *m);

/* Appends the whole body. E_PROTOCOL while a call is open or when there is no message to answer
   (never sent); E_PARSE for params->extra; E_TOOBIG. */
int transcript_request(struct buf *out, const struct transcript *t,
                       const struct model_params *params, struct err *err);

/* Hash inputs, see above. */
int transcript_params_text(struct buf *out, const struct transcript *t,
                           const struct model_params *params, struct err *err);
const char *transcript_tools_text(const struct transcript *t); /* borrowed; "" without tools */

/* Rough tokens (message_tokens) of the first `count` messages, and of the tool definitions. */
int64_t transcript_tokens(const struct transcript *t, size_t count);
int64_t transcript_tool_tokens(const struct transcript *t);
size_t transcript_bytes(const struct transcript *t); /* of the messages on the wire */

#endif
