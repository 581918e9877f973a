/* SPDX-License-Identifier: MIT */
/* SHA-256 by libcrypto: what names blobs, chains the nodes and keys the effects. */
#ifndef CORE_BASE_SHA256_H
#define CORE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

struct hash {
    uint8_t at[SHA256_BYTES];
};

struct hash_part {
    const void *data;
    size_t len;
};

struct hash sha256(const void *data, size_t len);
/* Over several parts, each preceded by its length as 8 bytes little-endian, so that moving a byte
   from one part to the next changes the result. */
struct hash sha256_parts(const struct hash_part *parts, size_t count);

/* Piece by piece, for what is never held whole. sha256_end frees it. */
struct sha256_sum;
struct sha256_sum *sha256_begin(void);
void sha256_add(struct sha256_sum *sum, const void *data, size_t len);
struct hash sha256_end(struct sha256_sum *sum);

void sha256_text(char out[2 * SHA256_BYTES + 1], const struct hash *hash);

#endif
