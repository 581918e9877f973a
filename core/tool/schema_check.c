/* SPDX-License-Identifier: MIT */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/tool/schema.h"
#include "core/tool/schema_rule.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: beyond, a double is not the number that was sent */
#define SHOWN_MAX 60                 /* bytes of a value in a message */
#define NAMES_MAX 64                 /* members looked at for "did you mean" */

/* Where in the value we are: a chain on the stack. */
struct spot {
    const struct spot *up;
    const char *name; /* NULL: an item */
    size_t index;
};

/* Problems found so far. An alternative that is only tried has a NULL buffer. */
struct findings {
    struct buf *out;
    size_t count;
};

static void check(const struct rule *rule, const cJSON *value, const struct spot *spot,
                  struct findings *found);

static void print_spot(struct buf *out, const struct spot *spot)
{
    if (spot->up)
        print_spot(out, spot->up);
    if (spot->name)
        (void)buf_printf(out, "%s%s", spot->up ? "." : "", spot->name);
    else
        (void)buf_printf(out, "[%zu]", spot->index);
}

/* The buffer has a ceiling: what does not fit is left out, the count is right all the same. */
static void problem(struct findings *found, const struct spot *spot, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void problem(struct findings *found, const struct spot *spot, const char *fmt, ...)
{
    va_list ap;

    if (++found->count > SCHEMA_MAX_PROBLEMS || !found->out)
        return;
    if (found->count > 1)
        (void)buf_text(found->out, "; ");
    print_spot(found->out, spot);
    (void)buf_text(found->out, ": ");
    va_start(ap, fmt);
    (void)buf_vprintf(found->out, fmt, ap);
    va_end(ap);
}

/* A short picture of a value: 12, "text…", an object. */
static const char *show(char out[SHOWN_MAX + 8], const cJSON *value)
{
    char *text;

    if (cJSON_IsObject(value) || cJSON_IsArray(value))
        return cJSON_IsObject(value) ? "an object" : "an array";
    text = json_print(value);
    size_t len = strlen(text), cut = len <= SHOWN_MAX ? len : utf8_cut(text, SHOWN_MAX);
    str_format(out, SHOWN_MAX + 8, "%.*s%s", (int)cut, text, cut < len ? "…" : "");
    free(text);
    return out;
}

/* ---- Types ---------------------------------------------------------------------------------- */

static bool is_whole(double number)
{
    return number == floor(number) && fabs(number) <= EXACT_MAX;
}

static unsigned types_of(const cJSON *value)
{
    if (cJSON_IsNumber(value))
        return VALUE_NUMBER | (is_whole(value->valuedouble) ? VALUE_INTEGER : 0);
    if (cJSON_IsString(value))
        return VALUE_STRING;
    if (cJSON_IsArray(value))
        return VALUE_ARRAY;
    if (cJSON_IsObject(value))
        return VALUE_OBJECT;
    return cJSON_IsNull(value) ? VALUE_NULL : VALUE_BOOLEAN;
}

static bool check_type(const struct rule *rule, const cJSON *value, const struct spot *spot,
                       struct findings *found)
{
    char words[160] = "", shown[SHOWN_MAX + 8];
    size_t len = 0;

    if (rule->types == 0 || (rule->types & types_of(value)))
        return true;
    for (size_t i = 0; i < 7; i++)
        if (rule->types & value_type_names[i].type)
            len += str_format(words + len, sizeof words - len, "%s%s", len ? " or " : "",
                              value_type_names[i].words);
    problem(found, spot, "expected %s, got %s", words, show(shown, value));
    return false;
}

/* ---- Values --------------------------------------------------------------------------------- */

static void check_values(const struct rule *rule, const cJSON *value, const struct spot *spot,
                         struct findings *found)
{
    char shown[SHOWN_MAX + 8];
    const cJSON *one;
    bool listed = false;
    char *text;

    if (rule->constant && !cJSON_Compare(value, rule->constant, true)) {
        text = json_print(rule->constant);
        problem(found, spot, "must be %s, got %s", text, show(shown, value));
        free(text);
    }
    if (!rule->allowed)
        return;
    cJSON_ArrayForEach(one, rule->allowed) listed = listed || cJSON_Compare(value, one, true);
    if (listed)
        return;
    text = json_print(rule->allowed);
    problem(found, spot, "must be one of %s, got %s", text, show(shown, value));
    free(text);
}

static void check_number(const struct rule *rule, const cJSON *value, const struct spot *spot,
                         struct findings *found)
{
    double number = value->valuedouble;

    if (number < rule->minimum)
        problem(found, spot, "must be at least %.15g, got %.15g", rule->minimum, number);
    if (number > rule->maximum)
        problem(found, spot, "must be at most %.15g, got %.15g", rule->maximum, number);
    if (number <= rule->above)
        problem(found, spot, "must be more than %.15g, got %.15g", rule->above, number);
    if (number >= rule->below)
        problem(found, spot, "must be less than %.15g, got %.15g", rule->below, number);
}

static void check_range(const struct range *range, size_t count, const char *what,
                        const struct spot *spot, struct findings *found)
{
    if (count < range->min)
        problem(found, spot, "must have at least %zu %s, has %zu", range->min, what, count);
    if (count > range->max)
        problem(found, spot, "must have at most %zu %s, has %zu", range->max, what, count);
}

static size_t code_points(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void check_string(const struct rule *rule, const cJSON *value, const struct spot *spot,
                         struct findings *found)
{
    const char *text = value->valuestring;
    char shown[SHOWN_MAX + 8];
    size_t start, end;
    int rc;

    check_range(&rule->length, code_points(text), "characters", spot, found);
    if (!rule->pattern)
        return;
    rc = pattern_find(rule->pattern, text, strlen(text), 0, &start, &end);
    if (rc == 0)
        problem(found, spot, "must match %s, got %s", rule->pattern_text, show(shown, value));
    if (rc < 0)
        problem(found, spot, "takes too long to match %s", rule->pattern_text);
}

/* ---- Arrays and objects --------------------------------------------------------------------- */

static void check_array(const struct rule *rule, const cJSON *value, const struct spot *spot,
                        struct findings *found)
{
    struct spot inner = {.up = spot};
    const cJSON *one;

    cJSON_ArrayForEach(one, value)
    {
        if (rule->items)
            check(rule->items, one, &inner, found);
        inner.index++;
    }
    check_range(&rule->item_range, inner.index, "items", spot, found);
}

static const struct rule *member_rule(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->member_count; i++)
        if (strcmp(rule->members[i].name, name) == 0)
            return rule->members[i].rule;
    return NULL;
}

static void unknown_member(const struct rule *rule, const char *name, const struct spot *spot,
                           struct findings *found)
{
    const char *names[NAMES_MAX], *near;
    size_t count = rule->member_count < NAMES_MAX ? rule->member_count : NAMES_MAX;

    for (size_t i = 0; i < count; i++)
        names[i] = rule->members[i].name;
    int shown = (int)utf8_cut(name, strnlen(name, SHOWN_MAX));
    near = str_nearest(name, names, count);
    if (near)
        problem(found, spot, "unknown '%.*s', did you mean '%s'?", shown, name, near);
    else
        problem(found, spot, "unknown '%.*s'", shown, name);
}

static void check_member(const struct rule *rule, const cJSON *one, const struct spot *spot,
                         struct findings *found)
{
    const struct rule *own = member_rule(rule, one->string);
    struct spot inner = {.up = spot, .name = one->string};

    if (own)
        check(own, one, &inner, found);
    else if (rule->additional && rule->additional->never)
        unknown_member(rule, one->string, spot, found);
    else if (rule->additional)
        check(rule->additional, one, &inner, found);
}

static bool has_member(const cJSON *object, const char *name)
{
    for (const cJSON *one = object->child; one; one = one->next)
        if (strcmp(one->string, name) == 0)
            return true; /* null counts: what it may be is its own rule's business */
    return false;
}

static void check_object(const struct rule *rule, const cJSON *value, const struct spot *spot,
                         struct findings *found)
{
    const cJSON *one;
    size_t count = 0;

    cJSON_ArrayForEach(one, rule->required) if (!has_member(value, one->valuestring))
        problem(found, spot, "missing '%s'", one->valuestring);
    cJSON_ArrayForEach(one, value)
    {
        check_member(rule, one, spot, found);
        count++;
    }
    check_range(&rule->member_range, count, "members", spot, found);
}

/* ---- Alternatives --------------------------------------------------------------------------- */

static size_t fitting(const struct rule_list *list, const cJSON *value, const struct spot *spot)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct findings tried = {0};

        check(list->at[i], value, spot, &tried);
        count += tried.count == 0;
    }
    return count;
}

/* What the first alternative would have wanted is the best hint there is. Not looked at when nobody
   reads it: else alternatives inside alternatives would double the work with every level. */
static void fits_none(const struct rule_list *list, const cJSON *value, const struct spot *spot,
                      struct findings *found)
{
    struct findings first = {0};
    struct buf text;

    if (!found->out || found->count >= SCHEMA_MAX_PROBLEMS) {
        found->count++;
        return;
    }
    buf_init(&text, 512);
    first.out = &text;
    check(list->at[0], value, spot, &first);
    problem(found, spot, "fits none of %zu forms; of the first: %s", list->count, text.data);
    buf_free(&text);
}

static void check_lists(const struct rule *rule, const cJSON *value, const struct spot *spot,
                        struct findings *found)
{
    size_t count;

    for (size_t i = 0; i < rule->all.count; i++)
        check(rule->all.at[i], value, spot, found);
    if (rule->any.count > 0 && fitting(&rule->any, value, spot) == 0)
        fits_none(&rule->any, value, spot, found);
    if (rule->one.count == 0)
        return;
    count = fitting(&rule->one, value, spot);
    if (count == 0)
        fits_none(&rule->one, value, spot, found);
    if (count > 1)
        problem(found, spot, "fits %zu forms of which only one may fit", count);
}

/* A value of the wrong type says all there is to say about it. */
static void check(const struct rule *rule, const cJSON *value, const struct spot *spot,
                  struct findings *found)
{
    if (rule->never) {
        problem(found, spot, "nothing is allowed here");
        return;
    }
    if (!check_type(rule, value, spot, found))
        return;
    check_values(rule, value, spot, found);
    if (cJSON_IsNumber(value))
        check_number(rule, value, spot, found);
    if (cJSON_IsString(value))
        check_string(rule, value, spot, found);
    if (cJSON_IsArray(value))
        check_array(rule, value, spot, found);
    if (cJSON_IsObject(value))
        check_object(rule, value, spot, found);
    check_lists(rule, value, spot, found);
}

size_t schema_check(const struct schema *schema, const char *name, const cJSON *value,
                    struct buf *problems)
{
    struct findings found = {.out = problems};
    struct spot top = {.name = name};

    check(schema->root, value, &top, &found);
    if (found.count > SCHEMA_MAX_PROBLEMS)
        (void)buf_printf(problems, "; and %zu more", found.count - SCHEMA_MAX_PROBLEMS);
    return found.count;
}
