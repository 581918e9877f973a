/* SPDX-License-Identifier: MIT */
/*
 * Healths by name. The names are the caller's: "run", "model:HOST/NAME", "tool:shell". A health
 * stays where it is until the book is freed.
 */
#ifndef CORE_GUARD_HEALTH_BOOK_H
#define CORE_GUARD_HEALTH_BOOK_H

#include <stddef.h>

#include "core/guard/health.h"

struct health_book;

void health_book_new(struct health_book **out);
void health_book_free(struct health_book *book);

struct health *health_book_at(struct health_book *book, const char *key); /* made when missing */
const struct health *health_book_find(const struct health_book *book,
                                      const char *key); /* NULL = nothing was ever recorded */

/* In order of their names. */
size_t health_book_count(const struct health_book *book);
const char *health_book_key(const struct health_book *book, size_t index);

#endif
