/* SPDX-License-Identifier: MIT */
#include "core/tool/sandbox.h"

#include <assert.h>

const char *sandbox_name(enum sandbox_level level)
{
    static const char *const names[SANDBOX_LEVEL_COUNT] = {
        [SANDBOX_NONE] = "not sandboxed",
        [SANDBOX_LANDLOCK] = "landlock",
        [SANDBOX_BWRAP] = "bubblewrap",
    };

    assert((unsigned)level < SANDBOX_LEVEL_COUNT);
    return names[level];
}
