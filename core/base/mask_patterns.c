/* SPDX-License-Identifier: MIT */
#include "core/base/mask_patterns.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/mask.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"

/* What a match covers is replaced: \K and lookaheads keep what tells a reader where it was. None of
   them can backtrack far. */
static const struct {
    const char *name, *pattern;
} sources[] = {
    {"sk- keys", "\\bsk-[A-Za-z0-9_-]{16,}"},
    {"GitHub tokens", "\\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}"},
    {"GitLab tokens", "\\bglpat-[A-Za-z0-9_-]{16,}"},
    {"AWS key ids", "\\bA[KS]IA[0-9A-Z]{16}\\b"},
    {"Google keys", "\\bAIza[A-Za-z0-9_-]{30,}"},
    {"Slack tokens", "\\bxox[abeoprs]-[A-Za-z0-9-]{10,}"},
    {"JSON web tokens", "\\beyJ[A-Za-z0-9_-]{8,}+\\.[A-Za-z0-9_-]{8,}+\\.[A-Za-z0-9_-]*+"},
    {"private keys", "-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----\\K(?:[^-]|-(?!----END))++"},
    {"Authorization headers",
     "(?i)\\b(?:proxy-)?authorization[\"'\\\\]*\\s*[:=]\\s*[\"'\\\\]*\\K[^\\r\\n\"'\\\\]++"},
    {"cookies", "(?i)\\b(?:set-)?cookie[\"'\\\\]*\\s*[:=]\\s*[\"'\\\\]*\\K[^\\r\\n\"'\\\\]++"},
    {"API key headers",
     "(?i)\\b(?:x-)?api-key[\"'\\\\]*\\s*[:=]\\s*[\"'\\\\]*\\K[^\\r\\n\"'\\\\]++"},
    {"passwords in URLs", "(?i)\\b[a-z][a-z0-9+.-]{0,20}://\\K[^\\s/@:]*+:[^\\s/@]++(?=@)"},
};

#define SOURCES (sizeof sources / sizeof *sources)
_Static_assert(SOURCES == MASK_PATTERNS, "the header says how many");

struct mask_patterns {
    struct pattern *at[SOURCES];
};

int mask_patterns_new(struct mask_patterns **out, struct err *err)
{
    struct mask_patterns *patterns = mem_new(sizeof *patterns);

    for (size_t i = 0; i < SOURCES; i++) {
        int rc = pattern_new(&patterns->at[i], sources[i].pattern, 0, err);

        if (rc) {
            mask_patterns_free(patterns);
            return rc;
        }
    }
    *out = patterns;
    return 0;
}

void mask_patterns_free(struct mask_patterns *patterns)
{
    for (size_t i = 0; patterns && i < SOURCES; i++)
        pattern_free(patterns->at[i]);
    free(patterns);
}

static int replace(struct buf *out, const struct pattern *pattern, const char *text, size_t len,
                   int64_t *count)
{
    size_t from = 0, start, end;
    int found;

    while ((found = pattern_find(pattern, text, len, from, &start, &end)) == 1) {
        int rc = buf_add(out, text + from, start - from);

        rc = rc ? rc : buf_text(out, MASK_TEXT);
        if (rc)
            return rc;
        ++*count;
        from = end;
    }
    *count += found < 0;
    if (found < 0)
        return buf_text(out, MASK_TEXT); /* what could not be judged is not shown */
    return buf_add(out, text + from, len - from);
}

const char *mask_patterns_name(size_t index)
{
    return index < SOURCES ? sources[index].name : NULL;
}

int mask_patterns_apply(struct buf *out, const struct mask_patterns *patterns, const char *text,
                        size_t len)
{
    int64_t counts[SOURCES] = {0};

    return mask_patterns_count(out, patterns, text, len, counts);
}

int mask_patterns_count(struct buf *out, const struct mask_patterns *patterns, const char *text,
                        size_t len, int64_t *counts)
{
    struct buf a, b, *from = &a, *to = &b;
    int rc;

    buf_init(&a, 4 * len + 64); /* the shortest match, one byte, becomes three */
    buf_init(&b, 4 * len + 64);
    rc = buf_add(from, text, len);
    for (size_t i = 0; !rc && i < SOURCES; i++) {
        struct buf *done = from;

        buf_clear(to);
        rc = replace(to, patterns->at[i], from->data, from->len, &counts[i]);
        from = to;
        to = done;
    }
    rc = rc ? rc : buf_add(out, from->data, from->len);
    buf_free(&a);
    buf_free(&b);
    return rc;
}
