/* SPDX-License-Identifier: MIT */
/*
 * What the simulator remembers: how often each request was tried (for faults only), the last
 * requests with their times, and the sums. Everything has a bound; the oldest goes first. Nothing
 * here chooses a reply.
 */
#ifndef CORE_SIM_BOOK_H
#define CORE_SIM_BOOK_H

#include "core/base/buf.h"
#include "core/base/sha256.h"

#include <stddef.h>
#include <stdint.h>

#define BOOK_ATTEMPTS 8192 /* requests whose attempts are counted */
#define BOOK_ENTRIES  4096 /* requests remembered */

struct book_entry {
    uint64_t number;  /* of the request, from 1 */
    int64_t first_us; /* its first byte came; monotonic */
    int64_t whole_us; /* its last */
    int64_t done_us;  /* the last byte of the answer was handed to the system; 0 = not yet */
    int status;       /* of the answer, 0 = none */
    int line;         /* of the reply in the scenario, 0 = none fitted */
    uint64_t attempt; /* from 1; 0 = not counted: the reply has no faults */
    size_t bytes;     /* of the request's body */
    struct hash hash;
};

struct book_sums {
    uint64_t requests, checked, failed, unfit;
};

struct book;

void book_new(struct book **out);
void book_free(struct book *book);

/* How often this request was tried before; counts this time too. */
uint64_t book_attempt(struct book *book, const struct hash *hash);

/* A new entry; borrowed until BOOK_ENTRIES more were made. */
struct book_entry *book_enter(struct book *book);
/* The entry of that number, or NULL when it is forgotten. */
struct book_entry *book_find(struct book *book, uint64_t number);

struct book_sums *book_sums(struct book *book);

/* Appends a JSON object: the sums, and every entry that is remembered. 0, or buf_add's errors. */
int book_print(const struct book *book, struct buf *out);

#endif
