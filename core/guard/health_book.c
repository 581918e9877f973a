/* SPDX-License-Identifier: MIT */
#include "core/guard/health_book.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

struct page {
    char *key;
    struct health health;
};

struct health_book {
    struct page **pages; /* sorted by key */
    size_t count, cap;
};

void health_book_new(struct health_book **out)
{
    *out = mem_new(sizeof **out);
}

void health_book_free(struct health_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->count; i++) {
        health_free(&book->pages[i]->health);
        free(book->pages[i]->key);
        free(book->pages[i]);
    }
    free(book->pages);
    free(book);
}

/* Where key is, or would stand. */
static size_t place_of(const struct health_book *book, const char *key)
{
    size_t low = 0, high = book->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(book->pages[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct health_book *book, size_t place, const char *key)
{
    return place < book->count && strcmp(book->pages[place]->key, key) == 0;
}

struct health *health_book_at(struct health_book *book, const char *key)
{
    size_t place = place_of(book, key);

    if (!is_at(book, place, key)) {
        struct page *page = mem_new(sizeof *page);

        page->key = mem_text(key);
        health_init(&page->health);
        book->pages = mem_room(book->pages, book->count, &book->cap, sizeof *book->pages);
        memmove(book->pages + place + 1, book->pages + place,
                (book->count - place) * sizeof *book->pages);
        book->pages[place] = page;
        book->count++;
    }
    return &book->pages[place]->health;
}

const struct health *health_book_find(const struct health_book *book, const char *key)
{
    size_t place = place_of(book, key);

    return is_at(book, place, key) ? &book->pages[place]->health : NULL;
}

size_t health_book_count(const struct health_book *book)
{
    return book->count;
}

const char *health_book_key(const struct health_book *book, size_t index)
{
    return book->pages[index]->key;
}
