/* SPDX-License-Identifier: MIT */
/*
 * The history of a path is a row of touches: each span that changed it is one of the run's, each
 * gap between two spans in which it changed is somebody else's. A path's first touch tells what it
 * was at the checkpoint, for nothing changed it before.
 */
#include "history/vault/plan.h"

#include "core/base/mem.h"
#include "history/vault/diff.h"

#include <stdlib.h>
#include <string.h>

struct touch {
    char *path;
    size_t order;
    bool own; /* the run did it */
    struct entry before, after;
};

struct touches {
    struct touch *at;
    size_t count, cap;
    bool own; /* of what is being compared */
};

static int note(void *ctx, const char *path, const struct entry *before, const struct entry *after)
{
    struct touches *touches = ctx;

    touches->at = mem_room(touches->at, touches->count, &touches->cap, sizeof *touches->at);
    struct touch *touch = &touches->at[touches->count];
    *touch = (struct touch){.path = mem_text(path),
                            .order = touches->count++,
                            .own = touches->own,
                            .before = *before,
                            .after = *after};
    touch->before.name = touch->after.name = NULL;
    return 0;
}

static int by_path(const void *a, const void *b)
{
    const struct touch *left = a, *right = b;
    int order = strcmp(left->path, right->path);

    return order ? order : left->order < right->order ? -1 : 1;
}

static int compare(struct touches *touches, struct depot *depot, bool own, const struct hash *from,
                   const struct hash *to, struct err *err)
{
    touches->own = own;
    return diff_trees(depot, from, to, note, touches, err);
}

static int collect(struct touches *touches, struct depot *depot, const struct vault_goal *goal,
                   struct err *err)
{
    const struct hash *at = &goal->to;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < goal->span_count; i++) {
        rc = compare(touches, depot, false, at, &goal->spans[i].before, err);
        if (rc == 0)
            rc = compare(touches, depot, true, &goal->spans[i].before, &goal->spans[i].after, err);
        at = &goal->spans[i].after;
    }
    if (touches->count > 1)
        qsort(touches->at, touches->count, sizeof *touches->at, by_path);
    return rc;
}

/* A file never comes back with set-user-id or set-group-id: it would be ours, not its owner's. */
static struct entry restorable(const struct entry *then)
{
    struct entry entry = *then;

    if (entry.kind == VAULT_FILE)
        entry.mode &= ~(uint32_t)06000;
    return entry;
}

static enum vault_verdict simple(const struct plan_item *item)
{
    if (item->then.kind == VAULT_NONE)
        return VERDICT_DELETE;
    return item->now.kind == VAULT_NONE ? VERDICT_CREATE : VERDICT_RESTORE;
}

static bool is_lost(struct depot *depot, const struct entry *entry)
{
    return (entry->kind == VAULT_FILE || entry->kind == VAULT_LINK) &&
           depot_has(depot, &entry->hash, NULL) <= 0;
}

/* The touches of one path, first to last. False when nothing is to be done or said about it. */
static bool judge(struct plan_item *item, struct depot *depot, const struct touch *first,
                  size_t count)
{
    const struct touch *last = NULL;
    bool foreign = false;

    for (size_t i = 0; i < count; i++) {
        foreign = foreign || !first[i].own;
        last = first[i].own ? &first[i] : last;
    }
    if (!last || entry_equal(&item->now, &first->before))
        return false;
    item->then = restorable(&first->before);
    if (entry_equal(&item->now, &item->then))
        return false;
    item->if_theirs = simple(item);
    if (item->then.kind == VAULT_GAP || item->now.kind == VAULT_GAP) {
        item->verdict = VERDICT_UNKNOWN;
        item->gap = item->then.kind == VAULT_GAP ? item->then.gap : item->now.gap;
    } else if (is_lost(depot, &item->then)) {
        item->verdict = VERDICT_DAMAGED;
    } else if (foreign || !entry_equal(&item->now, &last->after)) {
        item->verdict = VERDICT_CONFLICT;
    } else {
        item->verdict = item->if_theirs;
    }
    return true;
}

int plan_make(struct plan *out, struct depot *depot, const struct vault_goal *goal,
              void (*now)(void *ctx, const char *path, struct entry *out), void *ctx,
              struct err *err)
{
    struct touches touches = {0};
    size_t cap = 0;
    int rc = collect(&touches, depot, goal, err);

    memset(out, 0, sizeof *out);
    for (size_t i = 0, next; rc == 0 && i < touches.count; i = next) {
        const struct touch *first = &touches.at[i];
        struct plan_item item = {0};

        for (next = i + 1; next < touches.count && strcmp(touches.at[next].path, first->path) == 0;)
            next++;
        now(ctx, first->path, &item.now);
        item.now.name = NULL;
        if (!judge(&item, depot, first, next - i))
            continue;
        item.path = mem_text(first->path);
        out->items = mem_room(out->items, out->count, &cap, sizeof *out->items);
        out->items[out->count++] = item;
    }
    for (size_t i = 0; i < touches.count; i++)
        free(touches.at[i].path);
    free(touches.at);
    return rc;
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free(plan->items[i].path);
    free(plan->items);
    memset(plan, 0, sizeof *plan);
}

enum vault_verdict plan_answer(const struct plan_item *item, const struct vault_goal *goal)
{
    bool theirs = goal->all_theirs;

    if (item->verdict != VERDICT_CONFLICT)
        return item->verdict;
    for (size_t i = 0; !theirs && i < goal->theirs_count; i++)
        theirs = strcmp(goal->theirs[i], item->path) == 0;
    return theirs ? item->if_theirs : VERDICT_CONFLICT;
}
