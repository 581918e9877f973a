/* SPDX-License-Identifier: MIT */
/*
 * A set of texts that grows and shrinks like a stack: asking costs one look, going back to how it
 * was costs what is taken off. For the call ids of a transcript, which can be rolled back.
 */
#ifndef CORE_MODEL_ID_SET_H
#define CORE_MODEL_ID_SET_H

#include <stdbool.h>
#include <stddef.h>

struct id_entry {
    char *text;
    size_t next; /* older entry of the same bucket, plus one; 0 = none */
};

struct id_set {
    struct id_entry *entries; /* in order of arrival */
    size_t count, cap;
    size_t *buckets; /* newest entry of each, plus one; 0 = none */
    size_t bucket_count;
};

void id_set_free(struct id_set *set);                   /* leaves it empty */
void id_set_push(struct id_set *set, const char *text); /* copied; may be there already */
void id_set_cut(struct id_set *set, size_t count);      /* back to the first `count` */
bool id_set_has(const struct id_set *set, const char *text);

#endif
