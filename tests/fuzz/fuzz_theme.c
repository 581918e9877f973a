/* SPDX-License-Identifier: MIT */
/* A theme that somebody wrote: whatever it says, what reaches the terminal is in its range. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "tui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_in_range(int code, enum colour_level level)
{
    static const int limits[] = {[COLOUR_MONO] = 0,
                                 [COLOUR_8] = 8,
                                 [COLOUR_16] = 16,
                                 [COLOUR_256] = 256,
                                 [COLOUR_TRUE] = 0x1000000};

    if (code < COLOUR_CODE_DEFAULT || code >= limits[level])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct theme *theme = NULL;
    struct buf warnings;

    if (size > 1 << 14)
        return 0;
    buf_init(&warnings, 4096);
    if (theme_parse(&theme, "fuzz", (const char *)data, size, &warnings, NULL) == 0)
        for (enum role role = 0; role < ROLE_COUNT; role++)
            for (enum colour_level level = COLOUR_MONO; level <= COLOUR_TRUE; level++) {
                struct paint paint = theme_paint(theme, role, ATTR_SELECTED, level);
                require_in_range(paint.fg, level);
                require_in_range(paint.bg, level);
            }
    theme_free(theme);
    buf_free(&warnings);
    return 0;
}
