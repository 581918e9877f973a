/* SPDX-License-Identifier: MIT */
#include "core/base/sha256.h"

/* The calls of OpenSSL 1, which 3.0 frowns upon and keeps: its own look up the algorithm and
   allocate for every digest, which costs three times the hashing of a short text. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct sha256_sum {
    SHA256_CTX state;
};

/* None of these can fail on a state of ours. */
static void add(SHA256_CTX *state, const void *data, size_t len)
{
    if (len > 0)
        (void)SHA256_Update(state, data, len);
}

struct hash sha256(const void *data, size_t len)
{
    struct hash hash;
    SHA256_CTX state;

    (void)SHA256_Init(&state);
    add(&state, data, len);
    (void)SHA256_Final(hash.at, &state);
    return hash;
}

static void add_part(SHA256_CTX *state, const struct hash_part *part)
{
    uint8_t size[8];

    for (size_t i = 0; i < sizeof size; i++)
        size[i] = (uint8_t)((uint64_t)part->len >> (8 * i));
    add(state, size, sizeof size);
    add(state, part->data, part->len);
}

struct hash sha256_parts(const struct hash_part *parts, size_t count)
{
    struct hash hash;
    SHA256_CTX state;

    (void)SHA256_Init(&state);
    for (size_t i = 0; i < count; i++)
        add_part(&state, &parts[i]);
    (void)SHA256_Final(hash.at, &state);
    return hash;
}

struct sha256_sum *sha256_begin(void)
{
    struct sha256_sum *sum = mem_new(sizeof *sum);

    (void)SHA256_Init(&sum->state);
    return sum;
}

void sha256_add(struct sha256_sum *sum, const void *data, size_t len)
{
    add(&sum->state, data, len);
}

struct hash sha256_end(struct sha256_sum *sum)
{
    struct hash hash;

    (void)SHA256_Final(hash.at, &sum->state);
    free(sum);
    return hash;
}

void sha256_text(char out[2 * SHA256_BYTES + 1], const struct hash *hash)
{
    str_hex(out, hash->at, SHA256_BYTES);
}
