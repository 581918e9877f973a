/* SPDX-License-Identifier: MIT */
/*
 * How long a server asks us to wait: Retry-After (seconds or an HTTP date, RFC 9110 10.2.3) and the
 * retry-after-ms that some model servers send. Pure. libcurl's own CURLINFO_RETRY_AFTER passes
 * nonsense through (a past date is a negative number, 10^12 is 10^12), so it is not used.
 */
#ifndef CORE_NET_RETRY_AFTER_H
#define CORE_NET_RETRY_AFTER_H

#include <stdint.h>

/* µs to wait from wall_us on, or -1 when neither header says anything usable. Both are header
   values as received, NULL when absent; `ms` wins when it is usable. A date in the past is 0;
   negative, garbled and absurd values (more than 30 days) are as if absent. */
int64_t http_retry_after(const char *ms, const char *after, int64_t wall_us);

/* One HTTP date (IMF-fixdate, RFC 850 or asctime form) in µs since 1970, 0 when earlier; -1 when it
   is none. The RFC 850 form's century is the latest that is at most 50 years ahead of wall_us. */
int64_t retry_after_date_us(const char *text, int64_t wall_us);

#endif
