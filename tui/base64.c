/* SPDX-License-Identifier: MIT */
#include "tui/base64.h"

#include <stdint.h>

#include "core/base/buf.h"

int base64_add(struct buf *out, const void *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *bytes = data;

    for (size_t at = 0; at < len; at += 3) {
        size_t have = len - at < 3 ? len - at : 3;
        uint32_t three = (uint32_t)bytes[at] << 16 | (have > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
                         (have > 2 ? bytes[at + 2] : 0);
        char four[] = {'=', '=', '=', '='};
        for (size_t i = 0; i <= have; i++)
            four[i] = digits[three >> (18 - 6 * i) & 63];
        int rc = buf_add(out, four, sizeof four);
        if (rc < 0)
            return rc;
    }
    return 0;
}
