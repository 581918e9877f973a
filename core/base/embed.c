/* SPDX-License-Identifier: MIT */
#include "core/base/embed.h"

#include <string.h>

const struct embed *embed_find(const char *name)
{
    for (const struct embed *file = embed_table; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}
