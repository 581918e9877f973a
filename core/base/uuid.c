/* SPDX-License-Identifier: MIT */
#include "core/base/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/base/str.h"

void uuid_bytes(void *out, size_t len)
{
    uint8_t *at = out;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) { /* a kernel older than getrandom(2): names would repeat */
            (void)fputs("rerail: the system has no random numbers\n", stderr);
            abort();
        }
        at += got;
        len -= (size_t)got;
    }
}

uint64_t uuid_random(void)
{
    uint64_t bits;

    uuid_bytes(&bits, sizeof bits);
    return bits;
}

void uuid_new(char out[UUID_TEXT])
{
    static const size_t ends[] = {4, 6, 8, 10, 16}; /* of the five groups, in bytes */
    uint8_t bits[16];
    size_t from = 0;

    uuid_bytes(bits, sizeof bits);
    bits[6] = (bits[6] & 0x0F) | 0x40;
    bits[8] = (bits[8] & 0x3F) | 0x80;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (i > 0)
            *out++ = '-';
        str_hex(out, bits + from, ends[i] - from);
        out += 2 * (ends[i] - from);
        from = ends[i];
    }
}
