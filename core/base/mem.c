/* SPDX-License-Identifier: MIT */
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ROOM 8

_Noreturn void mem_fail(size_t size)
{
    char line[96];
    int len = snprintf(line, sizeof line, "rerail: out of memory (%zu bytes wanted)\n", size);

    if (len > 0)
        (void)!write(STDERR_FILENO, line, (size_t)len); /* nothing is left to tell it to */
    abort();
}

static void *must(void *memory, size_t size)
{
    if (!memory)
        mem_fail(size);
    return memory;
}

static size_t product(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        mem_fail(SIZE_MAX);
    return bytes ? bytes : 1;
}

void *mem_new(size_t size)
{
    return must(mem_try(size), size);
}

void *mem_array(size_t count, size_t size)
{
    return mem_new(product(count, size));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    size_t bytes = product(count, size);

    return must(realloc(old, bytes), bytes);
}

void *mem_copy(const void *data, size_t len)
{
    if (len == SIZE_MAX)
        mem_fail(len);
    char *copy = must(malloc(len + 1), len + 1);
    if (len > 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *mem_text(const char *text)
{
    return text ? mem_copy(text, strlen(text)) : NULL;
}

char *mem_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    int len = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (len < 0)
        mem_fail(strlen(fmt));
    return text;
}

void *mem_try(size_t size)
{
    return calloc(1, size ? size : 1);
}

void *mem_room(void *array, size_t at, size_t *cap, size_t size)
{
    if (at < *cap)
        return array;
    *cap = at < FIRST_ROOM / 2 ? FIRST_ROOM : at * 2;
    return mem_grow(array, *cap, size);
}
