/* SPDX-License-Identifier: MIT */
#include "core/base/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct hash sha256(const void *data, size_t len)
{
    struct hash hash;

    SHA256(len > 0 ? data : "", len, hash.at);
    return hash;
}

static int add_part(EVP_MD_CTX *ctx, const struct hash_part *part)
{
    uint8_t size[8];

    for (size_t i = 0; i < sizeof size; i++)
        size[i] = (uint8_t)((uint64_t)part->len >> (8 * i));
    return EVP_DigestUpdate(ctx, size, sizeof size) &&
           EVP_DigestUpdate(ctx, part->len > 0 ? part->data : "", part->len);
}

/* libcrypto fails here only when it can get no memory. */
struct hash sha256_parts(const struct hash_part *parts, size_t count)
{
    struct hash hash;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

    for (size_t i = 0; ok && i < count; i++)
        ok = add_part(ctx, &parts[i]);
    if (!ok || !EVP_DigestFinal_ex(ctx, hash.at, NULL))
        mem_fail(sizeof hash);
    EVP_MD_CTX_free(ctx);
    return hash;
}

struct sha256_sum {
    EVP_MD_CTX *ctx;
};

struct sha256_sum *sha256_begin(void)
{
    struct sha256_sum *sum = mem_new(sizeof *sum);

    sum->ctx = EVP_MD_CTX_new();
    if (!sum->ctx || !EVP_DigestInit_ex(sum->ctx, EVP_sha256(), NULL))
        mem_fail(sizeof *sum);
    return sum;
}

void sha256_add(struct sha256_sum *sum, const void *data, size_t len)
{
    if (!EVP_DigestUpdate(sum->ctx, len > 0 ? data : "", len))
        mem_fail(sizeof *sum);
}

struct hash sha256_end(struct sha256_sum *sum)
{
    struct hash hash;

    if (!EVP_DigestFinal_ex(sum->ctx, hash.at, NULL))
        mem_fail(sizeof *sum);
    EVP_MD_CTX_free(sum->ctx);
    free(sum);
    return hash;
}

void sha256_text(char out[2 * SHA256_BYTES + 1], const struct hash *hash)
{
    str_hex(out, hash->at, SHA256_BYTES);
}
