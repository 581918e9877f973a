/* SPDX-License-Identifier: MIT */
/*
 * Entries enter a bucket at its head, so the newest of all is the head of its bucket and taking it
 * off puts the one before it back.
 */
#include "core/model/id_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define FIRST_BUCKETS 64

/* FNV-1a: the ids come from servers, but an id costs a tool call to choose, so no one floods it. */
static size_t bucket_of(const struct id_set *set, const char *text)
{
    uint64_t hash = 14695981039346656037u;

    while (*text)
        hash = (hash ^ (uint8_t)*text++) * 1099511628211u;
    return (size_t)(hash & (set->bucket_count - 1));
}

static void link_entry(struct id_set *set, size_t at)
{
    size_t *head = &set->buckets[bucket_of(set, set->entries[at].text)];

    set->entries[at].next = *head;
    *head = at + 1;
}

static void grow_buckets(struct id_set *set)
{
    free(set->buckets);
    set->bucket_count = set->bucket_count ? set->bucket_count * 2 : FIRST_BUCKETS;
    set->buckets = mem_array(set->bucket_count, sizeof *set->buckets);
    for (size_t i = 0; i < set->count; i++)
        link_entry(set, i);
}

void id_set_push(struct id_set *set, const char *text)
{
    if (set->count == set->bucket_count)
        grow_buckets(set);
    set->entries = mem_room(set->entries, set->count, &set->cap, sizeof *set->entries);
    set->entries[set->count].text = mem_text(text);
    link_entry(set, set->count++);
}

void id_set_cut(struct id_set *set, size_t count)
{
    while (set->count > count) {
        struct id_entry *last = &set->entries[--set->count];

        set->buckets[bucket_of(set, last->text)] = last->next;
        free(last->text);
    }
}

bool id_set_has(const struct id_set *set, const char *text)
{
    if (set->count == 0)
        return false;
    for (size_t at = set->buckets[bucket_of(set, text)]; at; at = set->entries[at - 1].next)
        if (strcmp(set->entries[at - 1].text, text) == 0)
            return true;
    return false;
}

void id_set_free(struct id_set *set)
{
    id_set_cut(set, 0);
    free(set->entries);
    free(set->buckets);
    *set = (struct id_set){0};
}
