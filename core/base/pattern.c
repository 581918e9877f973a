/* SPDX-License-Identifier: MIT */
#include "core/base/pattern.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

/* What one search may cost. The first is some milliseconds of the worst pattern, the others
   keep the interpreter (where there is no JIT) from taking the machine's memory. */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT  20480 /* KiB */
#define SOURCE_MAX  8192
#define PARENS_MAX  64

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *match;
};

static bool has_upper(const char *source)
{
    for (; *source; source++) {
        if (*source == '\\' && source[1])
            source++; /* \W and \S are classes, not letters */
        else if (*source >= 'A' && *source <= 'Z')
            return true;
    }
    return false;
}

static uint32_t options_of(const char *source, unsigned flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

    if (flags & PATTERN_NOCASE || (flags & PATTERN_SMARTCASE && !has_upper(source)))
        options |= PCRE2_CASELESS;
    if (flags & PATTERN_LITERAL)
        options = (options & ~(uint32_t)PCRE2_NEVER_BACKSLASH_C) | PCRE2_LITERAL;
    else if (flags & PATTERN_MULTILINE)
        options |= PCRE2_MULTILINE;
    return options;
}

static int compile(struct pattern *p, const char *source, unsigned flags, struct err *err)
{
    PCRE2_UCHAR reason[128];
    PCRE2_SIZE at = 0;
    int number = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);

    if (!context)
        mem_fail(sizeof *p);
    pcre2_set_parens_nest_limit(context, PARENS_MAX);
    p->code = pcre2_compile((PCRE2_SPTR)source, strlen(source), options_of(source, flags), &number,
                            &at, context);
    pcre2_compile_context_free(context);
    if (p->code)
        return 0;
    pcre2_get_error_message(number, reason, sizeof reason);
    return err_set(err, E_PARSE, "pattern, byte %zu: %s", (size_t)at, (char *)reason);
}

/* JIT is a gift where it can be had (a hardened kernel may refuse executable memory). */
static void prepare(struct pattern *p)
{
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    p->limits = pcre2_match_context_create(NULL);
    p->match = pcre2_match_data_create(1, NULL);
    if (!p->limits || !p->match)
        mem_fail(sizeof *p);
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(p->limits, HEAP_LIMIT);
}

int pattern_new(struct pattern **out, const char *source, unsigned flags, struct err *err)
{
    *out = NULL;
    if (strlen(source) > SOURCE_MAX)
        return err_set(err, E_TOOBIG, "pattern of more than %d bytes", SOURCE_MAX);
    struct pattern *p = mem_new(sizeof *p);
    int rc = compile(p, source, flags, err);
    if (rc < 0) {
        pattern_free(p);
        return rc;
    }
    prepare(p);
    *out = p;
    return 0;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->limits);
    pcre2_code_free(p->code);
    free(p);
}

int pattern_find(const struct pattern *p, const char *text, size_t len, size_t from, size_t *start,
                 size_t *end)
{
    if (from > len)
        return 0;
    int rc = pcre2_match(p->code, (PCRE2_SPTR)text, len, from, 0, p->match, p->limits);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc < 0)
        return E_RANGE;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->match);
    *start = at[0];
    *end = at[1] < at[0] ? at[0] : at[1]; /* \K in a lookahead can turn them round */
    return 1;
}

bool pattern_matches(const struct pattern *p, const char *text, size_t len)
{
    size_t start, end;

    return pattern_find(p, text, len, 0, &start, &end) == 1;
}

/* One character; a wrong byte stands for itself, outside of what a code point can be. */
static int32_t next_char(const char **text)
{
    int32_t cp;
    const char *at = *text;
    size_t used = utf8_next(at, strnlen(at, 4), &cp);

    *text = at + (cp < 0 ? 1 : used);
    return cp < 0 ? 0x110000 + (uint8_t)*at : cp;
}

/* A set's member: the next character, or the one behind a backslash. */
static int32_t next_member(const char **glob)
{
    if (**glob == '\\' && (*glob)[1])
        ++*glob;
    return next_char(glob);
}

/* What follows a set's ']', and in *inside whether the set holds c; NULL when it never ends and so
   is no set. `at` is behind the '['. */
static const char *read_set(const char *at, int32_t c, bool *inside)
{
    bool negated = *at == '!' || *at == '^', found = false;

    at += negated;
    for (const char *first = at; *at != ']' || at == first;) {
        if (!*at)
            return NULL;
        int32_t low = next_member(&at), high = low;
        if (at[0] == '-' && at[1] && at[1] != ']') {
            at++;
            high = next_member(&at);
        }
        found = found || (c >= low && c <= high);
    }
    *inside = found != negated;
    return at + 1;
}

/* One step of the glob that is not a star against one character of the text; both move on when
   they agree. Only a slash matches a slash. */
static bool match_one(const char **glob, const char **text)
{
    const char *g = *glob, *t = *text, *behind = NULL;
    bool fits = true;

    if (!*g || !*t)
        return false;
    int32_t c = next_char(&t);
    if (*g == '?')
        behind = g + 1;
    else if (*g == '[')
        behind = read_set(g + 1, c, &fits);
    if (behind)
        fits = fits && c != '/';
    else
        fits = next_member(&g) == c;
    if (fits) {
        *glob = behind ? behind : g;
        *text = t;
    }
    return fits;
}

/* A star to come back to: the glob behind it, and where in the text it ends at present. */
struct star {
    const char *glob, *text;
    bool whole_parts; /* a "**" that ends in a slash: it takes whole parts or nothing */
};

/* Lets the deep star take more. */
static bool widen_deep(struct star *deep)
{
    if (!deep->glob || !*deep->text)
        return false;
    if (deep->whole_parts) {
        const char *slash = strchr(deep->text, '/');
        if (!slash)
            return false;
        deep->text = slash + 1;
        return true;
    }
    (void)next_char(&deep->text); /* any will do */
    return true;
}

/* Reads the stars at *glob. "**" crosses parts; as a part of its own ("**" and a slash) it may also
   be no part at all, so that "src/", two stars and "/x" finds src/x. */
static void read_stars(const char *whole, const char **glob, const char *text, struct star *star,
                       struct star *deep)
{
    const char *from = *glob;

    *glob += strspn(*glob, "*");
    if (*glob - from == 1) {
        *star = (struct star){*glob, text, false};
        return;
    }
    bool own_part = **glob == '/' && (from == whole || from[-1] == '/');
    *glob += own_part;
    *star = (struct star){NULL, NULL, false};
    *deep = (struct star){*glob, text, own_part};
}

/* Greedy with two places to come back to: the last '*' and the last '**'. Going back further can
   never help, because what an earlier star would take more, the later one can take as well; so the
   time is at most the product of both lengths. */
bool pattern_glob(const char *glob, const char *text)
{
    const char *whole = glob;
    struct star star = {NULL, NULL, false}, deep = star;

    while (*text || *glob) {
        if (*glob == '*') {
            read_stars(whole, &glob, text, &star, &deep);
        } else if (match_one(&glob, &text)) {
            continue;
        } else if (star.glob && *star.text && *star.text != '/') {
            (void)next_char(&star.text); /* any will do but a slash */
            glob = star.glob;
            text = star.text;
        } else if (widen_deep(&deep)) {
            star.glob = NULL;
            glob = deep.glob;
            text = deep.text;
        } else {
            return false;
        }
    }
    return true;
}
