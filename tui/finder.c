/* SPDX-License-Identifier: MIT */
#include "tui/finder.h"

#include "core/base/mem.h"
#include "core/base/pattern.h"

#include <stdlib.h>

#define PAGE   256
#define BUDGET ((size_t)1 << 20) /* bytes looked at in one frame */

void finder_stop(struct finder *finder)
{
    pattern_free(finder->pattern);
    free(finder->hits);
    *finder = (struct finder){.pattern = NULL};
}

int finder_start(struct finder *finder, int64_t run, const char *text, struct err *err)
{
    struct pattern *pattern = NULL;
    int rc = *text ? pattern_new(&pattern, text, PATTERN_SMARTCASE, err) : 0;

    if (rc < 0)
        return rc;
    finder_stop(finder);
    finder->pattern = pattern;
    finder->search = (struct search){.run = run, .budget = BUDGET, .done = !pattern || run == 0};
    finder->first = true;
    return 0;
}

bool finder_busy(const struct finder *finder)
{
    return finder->pattern && !finder->search.done;
}

bool finder_work(struct finder *finder, struct query *query)
{
    struct arena arena = {0};
    struct search_hit *hits;
    size_t count = 0;

    if (!finder_busy(finder))
        return false;
    if (query_search(query, &arena, &finder->search, finder->pattern, PAGE, &hits, &count, NULL) <
            0 ||
        finder->count + count > FINDER_MAX)
        finder->search.done = true; /* model_read says what is wrong with the file */
    for (size_t i = 0; i < count && finder->count < FINDER_MAX; i++) {
        finder->hits = mem_room(finder->hits, finder->count, &finder->cap, sizeof *finder->hits);
        finder->hits[finder->count++] =
            (struct finder_hit){hits[i].segment, hits[i].depth, hits[i].node};
    }
    arena_free(&arena);
    return true;
}

const struct finder_hit *finder_step(struct finder *finder, bool backward)
{
    if (finder->count == 0)
        return NULL;
    if (backward)
        finder->at = finder->at <= 1 ? finder->count : finder->at - 1;
    else
        finder->at = finder->at >= finder->count ? 1 : finder->at + 1;
    return &finder->hits[finder->at - 1];
}
