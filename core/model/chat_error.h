/* SPDX-License-Identifier: MIT */
/*
 * Errors as Chat servers write them: wrapped, bare, in an array, as a string, as HTML, as nothing.
 */
#ifndef CORE_MODEL_CHAT_ERROR_H
#define CORE_MODEL_CHAT_ERROR_H

#include "core/model/provider.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define CHAT_ERROR_MESSAGE ((size_t)4096) /* most bytes kept of a message */
#define CHAT_EXCERPT       ((size_t)512)  /* most bytes kept of what could not be read */

/* Fills e (which must be empty) and returns true when the value is an error in any known shape.
   `failed`: the HTTP status or the event's name already says that it is one, so that a bare
   {"message": …} counts too. e->status is set from the body when it names one, else left 0. */
bool chat_error_read(struct model_error *e, const cJSON *value, bool failed);

/* One printable line of at most 200 bytes from any bytes: wrong UTF-8 repaired, control characters
   and white space as single blanks, a cut marked. free() it. */
char *chat_error_line(const char *text, size_t len);

/* At most CHAT_EXCERPT bytes, repaired, never cut inside a character. free() it. */
char *chat_error_excerpt(const char *text, size_t len);

#endif
