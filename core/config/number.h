/* SPDX-License-Identifier: MIT */
/*
 * The settings that are integers inside, as people write them: one row a type. What is written is
 * read back as the same value.
 */
#ifndef CORE_CONFIG_NUMBER_H
#define CORE_CONFIG_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "core/config/setting.h"

#define NUMBER_TEXT 40

struct number {
    const char *what;                                     /* "a duration" */
    int (*parse)(int64_t *out, const char *text);         /* 0, E_PARSE, E_RANGE */
    void (*format)(char *out, size_t cap, int64_t value); /* with the largest unit that is exact */
};

/* NULL for words, texts and lists. */
const struct number *number_of(enum setting_type type);

#endif
