/* SPDX-License-Identifier: MIT */
/* Random names: UUID version 4 (RFC 9562) and raw random bits from getrandom(2). */
#ifndef CORE_BASE_UUID_H
#define CORE_BASE_UUID_H

#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT 37

void uuid_new(char out[UUID_TEXT]);
uint64_t uuid_random(void);
void uuid_bytes(void *out, size_t len);

#endif
