/* SPDX-License-Identifier: MIT */
#include "history/vault/tree.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT 'T' /* first byte of a folder */
/* An entry: kind, gap, mode (2 bytes), size (8), then its name with the NUL, then the hash unless
   it is a gap. Numbers are little-endian. */
#define HEAD 12

bool entry_equal(const struct entry *a, const struct entry *b)
{
    return a->kind == b->kind && a->gap == b->gap && a->mode == b->mode && a->size == b->size &&
           memcmp(a->hash.at, b->hash.at, SHA256_BYTES) == 0;
}

static void put_number(unsigned char *at, int bytes, uint64_t number)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

static uint64_t get_number(const char *at, int bytes)
{
    uint64_t number = 0;

    for (int i = bytes - 1; i >= 0; i--)
        number = number << 8 | (unsigned char)at[i];
    return number;
}

int entry_put(struct buf *out, const struct entry *entry)
{
    unsigned char head[HEAD] = {(unsigned char)entry->kind, (unsigned char)entry->gap};

    put_number(head + 2, 2, entry->mode);
    put_number(head + 4, 8, (uint64_t)entry->size);
    int rc = buf_add(out, head, HEAD);
    if (rc == 0)
        rc =
            buf_add(out, entry->name ? entry->name : "", entry->name ? strlen(entry->name) + 1 : 1);
    if (rc == 0 && entry->kind != VAULT_GAP)
        rc = buf_add(out, entry->hash.at, SHA256_BYTES);
    return rc;
}

static int damaged(struct err *err)
{
    return err_set(err, E_CORRUPT, "vault: a stored folder is damaged");
}

int entry_take(struct entry *out, const char **at, const char *end, struct err *err)
{
    const char *nul;

    memset(out, 0, sizeof *out);
    if (end - *at <= HEAD)
        return damaged(err);
    out->kind = (enum vault_kind)(unsigned char)(*at)[0];
    out->gap = (enum vault_gap)(unsigned char)(*at)[1];
    out->mode = (uint32_t)get_number(*at + 2, 2);
    out->size = (int64_t)get_number(*at + 4, 8);
    out->name = *at + HEAD;
    nul = memchr(out->name, '\0', (size_t)(end - out->name));
    if (!nul || out->kind == VAULT_NONE || out->kind >= VAULT_KIND_COUNT || out->gap >= GAP_COUNT ||
        (out->kind == VAULT_GAP) != (out->gap != GAP_NONE) || out->size < 0)
        return damaged(err);
    *at = nul + 1;
    if (out->kind == VAULT_GAP)
        return 0;
    if (end - *at < SHA256_BYTES)
        return damaged(err);
    memcpy(out->hash.at, *at, SHA256_BYTES);
    *at += SHA256_BYTES;
    return 0;
}

int tree_begin(struct buf *out)
{
    buf_clear(out);
    return buf_char(out, FORMAT);
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= TREE_NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

int tree_read(struct tree *out, const char *bytes, size_t len, struct err *err)
{
    size_t cap = 0;
    int rc = 0;

    memset(out, 0, sizeof *out);
    if (len == 0 || bytes[0] != FORMAT)
        return damaged(err);
    out->bytes = mem_copy(bytes, len);
    const char *at = out->bytes + 1, *end = out->bytes + len, *last = "";
    while (rc == 0 && at < end) {
        out->entries = mem_room(out->entries, out->count, &cap, sizeof *out->entries);
        struct entry *entry = &out->entries[out->count];
        rc = entry_take(entry, &at, end, err);
        if (rc == 0 && (!is_name(entry->name) || strcmp(last, entry->name) >= 0))
            rc = damaged(err);
        last = entry->name;
        out->count += rc == 0;
    }
    if (rc < 0)
        tree_free(out);
    return rc;
}

void tree_free(struct tree *tree)
{
    free(tree->entries);
    free(tree->bytes);
    memset(tree, 0, sizeof *tree);
}

static int by_name(const void *name, const void *entry)
{
    return strcmp(name, ((const struct entry *)entry)->name);
}

const struct entry *tree_find(const struct tree *tree, const char *name)
{
    return tree->count ? bsearch(name, tree->entries, tree->count, sizeof *tree->entries, by_name)
                       : NULL;
}
