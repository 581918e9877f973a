/* SPDX-License-Identifier: MIT */
/*
 * No header makes us wait for less than nothing or more than 30 days, and a date that is understood
 * is understood the same whenever it is read (but for one with a two-digit year). A NUL in the
 * input ends retry-after-ms, the rest is Retry-After.
 */
#include "core/net/retry_after.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define NOW_US     INT64_C(1795470652000000)
#define LATER_US   INT64_C(4102444800000000)
#define LONGEST_US INT64_C(2592000000000)

static void check(const char *ms, const char *after, int64_t wall_us)
{
    int64_t us = http_retry_after(ms, after, wall_us);

    if (us < -1 || us > LONGEST_US)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *ms = mem_copy(data, size);
    const char *after = strlen(ms) < size ? ms + strlen(ms) + 1 : ms;

    check(ms, after, NOW_US);
    check(NULL, after, LATER_US);
    check(ms, NULL, 0);
    int64_t now = retry_after_date_us(after, NOW_US), later = retry_after_date_us(after, LATER_US);
    if (now < -1 || later < -1 || (now != later && !strchr(after, '-')))
        abort();
    free(ms);
    return 0;
}
