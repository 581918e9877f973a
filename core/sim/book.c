/* SPDX-License-Identifier: MIT */
/*
 * Attempts are a hash table of fixed size with open addressing. When it is half full it is emptied:
 * the requests that were not seen for longest lose their count.
 */
#include "core/sim/book.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define SLOTS (BOOK_ATTEMPTS * 2)

struct tried {
    struct hash hash;
    uint64_t times; /* 0 = an empty slot */
    uint64_t seen;  /* when, in requests counted */
};

struct book {
    struct tried *tried;
    size_t tried_count;
    uint64_t counted;
    struct book_entry *entries; /* a ring */
    struct book_sums sums;
};

void book_new(struct book **out)
{
    struct book *book = mem_new(sizeof *book);

    book->tried = mem_array(SLOTS, sizeof *book->tried);
    book->entries = mem_array(BOOK_ENTRIES, sizeof *book->entries);
    *out = book;
}

void book_free(struct book *book)
{
    if (!book)
        return;
    free(book->tried);
    free(book->entries);
    free(book);
}

/* The slot of this hash, or the empty one where it belongs. */
static struct tried *slot_of(struct tried *table, const struct hash *hash)
{
    uint64_t start;

    memcpy(&start, hash->at, sizeof start);
    for (size_t i = 0;; i++) {
        struct tried *slot = &table[(start + i) % SLOTS];

        if (slot->times == 0 || memcmp(&slot->hash, hash, sizeof *hash) == 0)
            return slot;
    }
}

static void forget_half(struct book *book)
{
    struct tried *old = book->tried;

    book->tried = mem_array(SLOTS, sizeof *book->tried);
    book->tried_count = 0;
    for (size_t i = 0; i < SLOTS; i++)
        if (old[i].times > 0 && book->counted - old[i].seen < BOOK_ATTEMPTS / 2) {
            *slot_of(book->tried, &old[i].hash) = old[i];
            book->tried_count++;
        }
    free(old);
}

uint64_t book_attempt(struct book *book, const struct hash *hash)
{
    if (book->tried_count == BOOK_ATTEMPTS)
        forget_half(book);
    struct tried *slot = slot_of(book->tried, hash);
    book->tried_count += slot->times == 0;
    slot->hash = *hash;
    slot->seen = ++book->counted;
    return slot->times++;
}

struct book_entry *book_enter(struct book *book)
{
    struct book_entry *entry = &book->entries[book->sums.requests % BOOK_ENTRIES];

    *entry = (struct book_entry){.number = ++book->sums.requests};
    return entry;
}

struct book_entry *book_find(struct book *book, uint64_t number)
{
    struct book_entry *entry = &book->entries[(number - 1) % BOOK_ENTRIES];

    return number > 0 && entry->number == number ? entry : NULL;
}

struct book_sums *book_sums(struct book *book)
{
    return &book->sums;
}

static int print_entry(struct buf *out, const struct book_entry *entry)
{
    char hash[2 * SHA256_BYTES + 1];

    sha256_text(hash, &entry->hash);
    return buf_printf(out,
                      "{\"number\":%" PRIu64 ",\"first_us\":%" PRId64 ",\"whole_us\":%" PRId64
                      ",\"done_us\":%" PRId64 ",\"status\":%d,\"line\":%d,\"attempt\":%" PRIu64
                      ",\"bytes\":%zu,\"sha256\":\"%s\"}",
                      entry->number, entry->first_us, entry->whole_us, entry->done_us,
                      entry->status, entry->line, entry->attempt, entry->bytes, hash);
}

int book_print(const struct book *book, struct buf *out)
{
    const struct book_sums *sums = &book->sums;
    uint64_t first = sums->requests > BOOK_ENTRIES ? sums->requests - BOOK_ENTRIES : 0;
    int rc = buf_printf(out,
                        "{\"requests\":%" PRIu64 ",\"checked\":%" PRIu64 ",\"failed\":%" PRIu64
                        ",\"unfit\":%" PRIu64 ",\"entries\":[",
                        sums->requests, sums->checked, sums->failed, sums->unfit);

    for (uint64_t i = first; rc == 0 && i < sums->requests; i++) {
        rc = i > first ? buf_char(out, ',') : 0;
        if (rc == 0)
            rc = print_entry(out, &book->entries[i % BOOK_ENTRIES]);
    }
    return rc < 0 ? rc : buf_text(out, "]}");
}
