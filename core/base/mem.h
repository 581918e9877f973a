/* SPDX-License-Identifier: MIT */
/*
 * Small allocations do not fail: when one does, the process says so on stderr and aborts (the
 * handler of SIGABRT restores the terminal; history is already on disk). Memory is zeroed.
 * Sizes that somebody else chooses go through struct buf or mem_try and do fail, politely.
 */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t size);                           /* zeroed; free(); size 0 gives 1 byte */
void *mem_array(size_t count, size_t size);           /* zeroed, overflow-checked */
void *mem_grow(void *old, size_t count, size_t size); /* realloc; what is new is not zeroed */
void *mem_copy(const void *data, size_t len);         /* a copy with one NUL byte behind it */
char *mem_text(const char *text);                     /* strdup; NULL gives NULL */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *mem_try(size_t size); /* zeroed, or NULL */

/* Says that `size` bytes could not be had and aborts: where a library's constructor gave NULL. */
_Noreturn void mem_fail(size_t size);

/* Grows an array that is full: `at` items of `size` bytes, capacity in *cap. Returns the array. */
void *mem_room(void *array, size_t at, size_t *cap, size_t size);

#endif
