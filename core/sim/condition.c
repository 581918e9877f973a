/* SPDX-License-Identifier: MIT */
#include "core/sim/condition.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "core/sim/asked.h"
#include "core/sim/fact.h"

#define VALUE_MAX ((size_t)64 << 20)
#define SHOWN_MAX 120 /* bytes of a value in a message */

enum kind { KIND_FACT, KIND_ALL, KIND_ANY, KIND_NOT };

/* What a fact must be: every member that is given. */
struct matcher {
    char *equals, *contains; /* templates */
    char *min, *max, *below; /* templates of whole numbers */
    char *matches;           /* pattern */
    struct pattern *pattern; /* the same, compiled */
    const cJSON *present;    /* true or false */
};

struct condition {
    enum kind kind;
    const struct fact *fact; /* FACT */
    char *spec;              /* as it is written, argument and all */
    const char *argument;    /* inside spec */
    struct matcher matcher;
    struct condition *parts; /* the others */
    size_t count, cap;
};

/* ---- Reading ---- */

static int read_template(const struct strict *s, const cJSON *value, void *at)
{
    struct err why = {0};
    int rc = strict_scalar(s, value, at);

    if (rc == 0 && fact_check_template(*(char **)at, &why) < 0)
        rc = strict_fail(s, value, "%s", why.msg);
    return rc;
}

static int read_present(const struct strict *s, const cJSON *value, void *at)
{
    bool unused;

    *(const cJSON **)at = value;
    return strict_bool(s, value, &unused);
}

static const struct strict_field matcher_fields[] = {
    {"equals", read_template, offsetof(struct matcher, equals)},
    {"contains", read_template, offsetof(struct matcher, contains)},
    {"matches", strict_text, offsetof(struct matcher, matches)},
    {"min", read_template, offsetof(struct matcher, min)},
    {"max", read_template, offsetof(struct matcher, max)},
    {"below", read_template, offsetof(struct matcher, below)},
    {"present", read_present, offsetof(struct matcher, present)},
    {0},
};

static int read_matcher(struct matcher *out, const struct strict *s, const cJSON *value)
{
    struct err why = {0};

    if (!cJSON_IsObject(value))
        return read_template(s, value, &out->equals);
    int rc = strict_read(s, value, value->string, matcher_fields, out);
    if (rc == 0 && out->matches && pattern_new(&out->pattern, out->matches, 0, &why) < 0)
        rc = strict_fail(s, value, "matches: %s", why.msg);
    return rc;
}

static int read_members(struct condition *out, const struct strict *s, const cJSON *mapping);

static struct condition *add_part(struct condition *c)
{
    c->parts = mem_room(c->parts, c->count, &c->cap, sizeof *c->parts);
    c->parts[c->count] = (struct condition){.kind = KIND_ALL};
    return &c->parts[c->count++];
}

static int read_any(struct condition *out, const struct strict *s, const cJSON *list)
{
    const cJSON *entry;
    int rc = 0;

    out->kind = KIND_ANY;
    if (!cJSON_IsArray(list) || !list->child)
        return strict_fail(s, list, "any: expected a list of conditions");
    cJSON_ArrayForEach(entry, list)
    {
        rc = read_members(add_part(out), s, entry);
        if (rc < 0)
            break;
    }
    return rc;
}

static int read_fact(struct condition *out, const struct strict *s, const cJSON *value)
{
    struct err why = {0};

    out->kind = KIND_FACT;
    out->spec = mem_text(value->string);
    if (fact_find(&out->fact, &out->argument, out->spec, &why) < 0)
        return strict_fail(s, value, "%s", why.msg);
    return read_matcher(&out->matcher, s, value);
}

static int read_part(struct condition *out, const struct strict *s, const cJSON *value)
{
    if (str_eq(value->string, "any"))
        return read_any(out, s, value);
    if (!str_eq(value->string, "not"))
        return read_fact(out, s, value);
    out->kind = KIND_NOT;
    return read_members(add_part(out), s, value);
}

static int read_members(struct condition *out, const struct strict *s, const cJSON *mapping)
{
    const cJSON *member;

    if (!cJSON_IsObject(mapping))
        return strict_fail(s, mapping, "expected conditions, such as {turn: 0}");
    cJSON_ArrayForEach(member, mapping)
    {
        int rc = read_part(add_part(out), s, member);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void clear(struct condition *c)
{
    struct matcher *m = &c->matcher;
    char *texts[] = {c->spec, m->equals, m->contains, m->matches, m->min, m->max, m->below};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    pattern_free(m->pattern);
    for (size_t i = 0; i < c->count; i++)
        clear(&c->parts[i]);
    free(c->parts);
}

void condition_free(struct condition *condition)
{
    if (!condition)
        return;
    clear(condition);
    free(condition);
}

int condition_read(struct condition **out, const struct strict *s, const cJSON *mapping)
{
    struct condition *condition = mem_new(sizeof *condition);

    condition->kind = KIND_ALL;
    int rc = read_members(condition, s, mapping);
    if (rc < 0) {
        condition_free(condition);
        return rc;
    }
    *out = condition;
    return 0;
}

/* ---- Judging ---- */

/* A value as a message shows it: one line, cut. */
static void show(struct buf *why, const char *text, size_t len)
{
    char shown[SHOWN_MAX];

    (void)sanitize_line(shown, sizeof shown, text, len);
    (void)buf_text(why, shown); /* a full message stays as it is */
}

static void differs(struct buf *why, const char *word, const char *wanted)
{
    if (!why)
        return;
    (void)buf_printf(why, ", expected %s", word);
    show(why, wanted, strlen(wanted));
}

/* Whether the number in `text` is within a bound; a value or bound that is no number is not. */
static bool within(const char *text, const char *bound, const struct asked *asked, int sign,
                   bool or_equal)
{
    int64_t value, limit;

    if (str_int(&value, text, INT64_MIN, INT64_MAX) < 0 ||
        fact_fill_number(&limit, bound, asked) < 0)
        return false;
    return value == limit ? or_equal : sign < 0 ? value < limit : value > limit;
}

static bool text_fits(const char *text, size_t len, const char *template, bool whole,
                      const struct asked *asked)
{
    struct buf wanted;

    buf_init(&wanted, VALUE_MAX);
    bool filled = fact_fill(&wanted, template, asked) == 0;
    bool fits = filled && (whole ? len == wanted.len && memcmp(text, wanted.data, len) == 0
                                 : memmem(text, len, wanted.data, wanted.len) != NULL);
    buf_free(&wanted);
    return fits;
}

static bool value_fits(const struct matcher *m, const char *text, size_t len,
                       const struct asked *asked, struct buf *why)
{
    char *number = mem_copy(text, len);
    const char *word = NULL, *wanted = NULL;

    if (m->equals && !text_fits(text, len, m->equals, true, asked))
        word = "", wanted = m->equals;
    else if (m->contains && !text_fits(text, len, m->contains, false, asked))
        word = "to contain ", wanted = m->contains;
    else if (m->pattern && !pattern_matches(m->pattern, text, len))
        word = "a match of ", wanted = m->matches;
    else if (m->min && !within(number, m->min, asked, 1, true))
        word = "at least ", wanted = m->min;
    else if (m->max && !within(number, m->max, asked, -1, true))
        word = "at most ", wanted = m->max;
    else if (m->below && !within(number, m->below, asked, -1, false))
        word = "below ", wanted = m->below;
    free(number);
    if (word && why)
        show(why, text, len);
    if (word)
        differs(why, word, wanted);
    return !word;
}

/* A list fits when one of its lines does. */
static bool list_fits(const struct matcher *m, const struct buf *value, const struct asked *asked,
                      struct buf *why)
{
    const char *at = value->data, *end = at + value->len;

    while (at <= end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((eol ? eol : end) - at);

        if (value_fits(m, at, len, asked, NULL))
            return true;
        at += len + 1;
    }
    return value_fits(m, value->data, value->len, asked, why);
}

static bool matcher_holds(const struct matcher *m, const struct fact *fact, bool found,
                          const struct buf *value, const struct asked *asked, struct buf *why)
{
    if (m->present && cJSON_IsTrue(m->present) != found) {
        if (why)
            (void)buf_text(why, found ? "there, expected none" : "not there");
        return false;
    }
    if (!found) {
        bool nothing_asked =
            !m->equals && !m->contains && !m->pattern && !m->min && !m->max && !m->below;
        if (!nothing_asked && why)
            (void)buf_text(why, "not there");
        return nothing_asked;
    }
    return fact->list ? list_fits(m, value, asked, why)
                      : value_fits(m, value->data, value->len, asked, why);
}

static bool fact_holds(const struct condition *c, const struct asked *asked, struct buf *why)
{
    struct buf value;

    buf_init(&value, VALUE_MAX);
    bool found = c->fact->value(asked, c->argument, &value);
    size_t before = why ? why->len : 0;
    if (why)
        (void)buf_printf(why, "%s: ", c->spec);
    bool holds = matcher_holds(&c->matcher, c->fact, found, &value, asked, why);
    if (holds && why)
        buf_cut(why, before);
    buf_free(&value);
    return holds;
}

static bool any_holds(const struct condition *c, const struct asked *asked, struct buf *why)
{
    for (size_t i = 0; i < c->count; i++)
        if (condition_holds(&c->parts[i], asked, NULL))
            return true;
    if (why)
        (void)buf_text(why, "none of `any` holds");
    return false;
}

static bool all_hold(const struct condition *c, const struct asked *asked, struct buf *why)
{
    for (size_t i = 0; i < c->count; i++)
        if (!condition_holds(&c->parts[i], asked, why))
            return false;
    return true;
}

bool condition_holds(const struct condition *condition, const struct asked *asked, struct buf *why)
{
    if (!condition)
        return true;
    switch (condition->kind) {
    case KIND_FACT: return fact_holds(condition, asked, why);
    case KIND_ANY: return any_holds(condition, asked, why);
    case KIND_NOT:
        if (!all_hold(&condition->parts[0], asked, NULL))
            return true;
        if (why)
            (void)buf_text(why, "what `not` excludes holds");
        return false;
    case KIND_ALL: break;
    }
    return all_hold(condition, asked, why);
}
