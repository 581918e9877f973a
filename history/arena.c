/* SPDX-License-Identifier: MIT */
#include "history/arena.h"

#include "core/base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 << 10)

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_clear(struct arena *arena)
{
    if (arena->blocks) {
        free_blocks(arena->blocks->next);
        arena->blocks->next = NULL;
    }
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    free_blocks(arena->blocks);
    arena_init(arena);
}

/* Each block is at least twice the one before: after a few screens the newest holds a whole one. */
static void add_block(struct arena *arena, size_t size)
{
    size_t wanted = arena->blocks ? 2 * arena->blocks->size : BLOCK_BYTES;
    struct arena_block *block;

    if (wanted < size)
        wanted = size;
    block = mem_grow(NULL, 1, sizeof *block + wanted);
    block->size = wanted;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = 0;
}

static void *take(struct arena *arena, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (!arena->blocks || arena->blocks->size - arena->used < rounded)
        add_block(arena, rounded);
    void *at = arena->blocks->data + arena->used;
    arena->used += rounded;
    return at;
}

void *arena_new(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        abort(); /* a caller's bug: pages are bounded by their limit */
    return arena_new(arena, bytes);
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    char *copy = take(arena, len + 1);

    if (len > 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}
