/* SPDX-License-Identifier: MIT */
#include "history/vault/diff.h"

#include "core/base/buf.h"

#include <string.h>

static const struct entry nothing;

struct diff {
    struct depot *depot;
    bool gaps_too;
    diff_each *each;
    void *ctx;
    struct buf path, bytes;
    struct err *err;
};

/* One side of a folder: its entries, or none, or not covered for that reason. */
struct side {
    struct tree tree;
    size_t at;
    struct entry beyond; /* what a name is that the tree does not have: NONE or a GAP */
};

int diff_load(struct depot *depot, const struct hash *hash, struct buf *bytes, struct tree *out,
              struct err *err)
{
    memset(out, 0, sizeof *out);
    buf_clear(bytes);
    int rc = depot_get(depot, hash, bytes, err);

    return rc == 0 ? tree_read(out, bytes->data, bytes->len, err) : rc;
}

static int side_open(struct diff *d, struct side *side, const struct entry *folder)
{
    memset(side, 0, sizeof *side);
    if (folder->kind == VAULT_GAP)
        side->beyond = (struct entry){.kind = VAULT_GAP, .gap = folder->gap};
    if (folder->kind != VAULT_FOLDER)
        return 0;
    return diff_load(d->depot, &folder->hash, &d->bytes, &side->tree, d->err);
}

static bool is_real(const struct entry *entry)
{
    return entry->kind != VAULT_NONE && entry->kind != VAULT_GAP;
}

/* A folder without what lies in it: that is told of by itself. */
static struct entry bare(const struct entry *entry)
{
    struct entry copy = *entry;

    if (copy.kind == VAULT_FOLDER)
        copy.hash = (struct hash){{0}};
    return copy;
}

static int diff_folders(struct diff *d, const struct entry *before, const struct entry *after);

static int diff_entries(struct diff *d, const char *name, const struct entry *before,
                        const struct entry *after)
{
    size_t len = d->path.len;
    struct entry left = bare(before), right = bare(after);
    int rc = buf_printf(&d->path, "%s%s", len ? "/" : "", name);

    if (rc == 0 && !entry_equal(&left, &right) &&
        (d->gaps_too || is_real(&left) || is_real(&right)))
        rc = d->each(d->ctx, d->path.data, &left, &right);
    if (rc == 0 && (before->kind == VAULT_FOLDER || after->kind == VAULT_FOLDER))
        rc = diff_folders(d, before, after);
    buf_cut(&d->path, len);
    return rc;
}

/* What is next on a side, or NULL at its end. */
static const struct entry *side_next(const struct side *side)
{
    return side->at < side->tree.count ? &side->tree.entries[side->at] : NULL;
}

/* Both sides are in order of names. */
static int diff_sides(struct diff *d, struct side *left, struct side *right)
{
    const struct entry *a = side_next(left), *b = side_next(right);
    int rc = 0;

    while (rc == 0 && (a || b)) {
        int order = a && b ? strcmp(a->name, b->name) : a ? -1 : 1;

        if (order < 0)
            rc = diff_entries(d, a->name, a, &right->beyond);
        else if (order > 0)
            rc = diff_entries(d, b->name, &left->beyond, b);
        else
            rc = diff_entries(d, a->name, a, b);
        left->at += order <= 0;
        right->at += order >= 0;
        a = side_next(left);
        b = side_next(right);
    }
    return rc;
}

static int diff_folders(struct diff *d, const struct entry *before, const struct entry *after)
{
    struct side left, right = {0};

    if (before->kind == after->kind && memcmp(before->hash.at, after->hash.at, SHA256_BYTES) == 0)
        return 0;
    int rc = side_open(d, &left, before);
    if (rc == 0)
        rc = side_open(d, &right, after);
    if (rc == 0)
        rc = diff_sides(d, &left, &right);
    tree_free(&left.tree);
    tree_free(&right.tree);
    return rc;
}

static int diff_run(struct diff *d, const struct entry *before, const struct entry *after)
{
    buf_init(&d->path, 1 << 20);
    buf_init(&d->bytes, TREE_MAX);
    int rc = diff_folders(d, before, after);
    buf_free(&d->path);
    buf_free(&d->bytes);
    return rc;
}

int diff_trees(struct depot *depot, const struct hash *from, const struct hash *to, diff_each *each,
               void *ctx, struct err *err)
{
    struct diff d = {.depot = depot, .each = each, .ctx = ctx, .err = err};
    const struct entry before = {.kind = VAULT_FOLDER, .hash = *from};
    const struct entry after = {.kind = VAULT_FOLDER, .hash = *to};

    return diff_run(&d, &before, &after);
}

int diff_walk(struct depot *depot, const struct hash *tree, diff_each *each, void *ctx,
              struct err *err)
{
    struct diff d = {.depot = depot, .gaps_too = true, .each = each, .ctx = ctx, .err = err};
    const struct entry before = {.kind = VAULT_FOLDER, .hash = *tree};

    return diff_run(&d, &before, &nothing);
}
