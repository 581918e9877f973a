/* SPDX-License-Identifier: MIT */
#include "core/base/ignore.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

struct rule {
    char *pattern; /* without "!", the leading and the trailing slash */
    size_t folder; /* length of the folder's path with its slash: where matching begins */
    char *prefix;  /* that path, "" for the root */
    bool keeps;    /* began with "!": overrules what leaves out */
    bool folders_only;
    bool anchored; /* matched against the path, else against its last part */
};

struct ignore {
    struct rule *rules;
    size_t count, cap;
};

void ignore_new(struct ignore **out)
{
    *out = mem_new(sizeof **out);
}

size_t ignore_count(const struct ignore *ignore)
{
    return ignore->count;
}

void ignore_back(struct ignore *ignore, size_t count)
{
    while (ignore->count > count) {
        struct rule *rule = &ignore->rules[--ignore->count];

        free(rule->pattern);
        free(rule->prefix);
    }
}

void ignore_free(struct ignore *ignore)
{
    if (!ignore)
        return;
    ignore_back(ignore, 0);
    free(ignore->rules);
    free(ignore);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Blanks at the end do not count, unless a backslash quotes them. */
static size_t trimmed(const char *line, size_t len)
{
    size_t end = 0;

    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\\' && i + 1 < len)
            end = ++i + 1;
        else if (line[i] != ' ')
            end = i + 1;
    }
    return end;
}

static void add_rule(struct ignore *ignore, const char *folder, const char *line, size_t len)
{
    struct rule rule = {0};

    if (len > 0 && line[0] == '!') {
        rule.keeps = true;
        line++;
        len--;
    }
    if (len > 0 && line[len - 1] == '/') {
        rule.folders_only = true;
        len--;
    }
    rule.anchored = memchr(line, '/', len) != NULL;
    if (len > 0 && line[0] == '/') {
        line++;
        len--;
    }
    if (len == 0)
        return;
    rule.pattern = mem_copy(line, len);
    rule.prefix = *folder ? mem_printf("%s/", folder) : mem_text("");
    rule.folder = strlen(rule.prefix);
    ignore->rules = mem_room(ignore->rules, ignore->count, &ignore->cap, sizeof *ignore->rules);
    ignore->rules[ignore->count++] = rule;
}

void ignore_add(struct ignore *ignore, const char *folder, const char *text, size_t len)
{
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len) {
        const char *line = text + at, *end = memchr(line, '\n', len - at);
        size_t size = end ? (size_t)(end - line) : len - at;

        at += size + 1;
        if (size > 0 && end && line[size - 1] == '\r')
            size--;
        if (size > 0 && line[0] != '#')
            add_rule(ignore, folder, line, trimmed(line, size));
    }
}

/* ---- Matching ------------------------------------------------------------------------------- */

static bool in_class(const char *name, size_t len, unsigned char c)
{
    static const struct {
        const char *name;
        int (*holds)(int c);
    } classes[] = {
        {"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
        {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
        {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strlen(classes[i].name) == len && strncmp(classes[i].name, name, len) == 0)
            return c < 0x80 && classes[i].holds(c);
    return false;
}

/* [set] at *glob: whether it holds c; *glob moves behind it. A set without end holds nothing. */
static bool in_set(const char **glob, unsigned char c)
{
    const char *at = *glob + 1;
    bool negated = *at == '!' || *at == '^', found = false, first = true;

    at += negated;
    for (; *at && (first || *at != ']'); first = false) {
        const char *end = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : NULL;

        if (end) {
            found |= in_class(at + 2, (size_t)(end - at - 2), c);
            at = end + 2;
            continue;
        }
        at += at[0] == '\\' && at[1];
        unsigned char low = (unsigned char)*at++, high = low;
        if (at[0] == '-' && at[1] && at[1] != ']') {
            at += 1 + (at[1] == '\\' && at[2]);
            high = (unsigned char)*at++;
        }
        found |= c >= low && c <= high;
    }
    if (*at != ']')
        return false;
    *glob = at + 1;
    return found != negated && c != '/';
}

/* One character of text against the next element of the pattern, which is no star. */
static bool fits_one(const char **glob, char c)
{
    switch (**glob) {
    case '\0': return false;
    case '?': ++*glob; return c != '/';
    case '[': return in_set(glob, (unsigned char)c);
    case '\\': *glob += (*glob)[1] != '\0'; break;
    default: break;
    }
    return *(*glob)++ == c;
}

/* A part of nothing but two or more stars, at `at` in glob: what stands behind it, or NULL. */
static const char *behind_deep(const char *glob, const char *at)
{
    size_t stars = strspn(at, "*");

    if (stars < 2 || (at > glob && at[-1] != '/'))
        return NULL;
    at += stars;
    return *at == '\0' || *at == '/' || (at[0] == '\\' && at[1] == '/') ? at : NULL;
}

/* When text stops fitting, the last star takes one character more, or the last "**" part one part
   more; an earlier one never needs to, because the later can take whatever it would. A quoted slash
   behind "**" wants at least one part, as it does in git. */
static bool wild(const char *glob, const char *text)
{
    const char *at = glob, *star = NULL, *star_text = NULL, *deep = NULL, *deep_text = NULL;

    for (;;) {
        const char *next = at, *behind = behind_deep(glob, at);
        bool retry = false;

        if (behind && *behind == '\0')
            return *text != '\0';
        if (behind) {
            deep = at = behind + (*behind == '\\') + 1;
            deep_text = text;
            star = NULL;
            retry = *behind == '\\';
        } else if (*at == '*') {
            at += strspn(at, "*");
            star = at;
            star_text = text;
        } else if (*at == '\0' && *text == '\0') {
            return true;
        } else if (*text && fits_one(&next, *text)) {
            at = next;
            text++;
        } else {
            retry = true;
        }
        if (retry && star && *star_text && *star_text != '/') {
            at = star;
            text = ++star_text;
        } else if (retry) {
            deep_text = deep ? strchr(deep_text, '/') : NULL;
            if (!deep_text)
                return false;
            at = deep;
            text = ++deep_text;
            star = NULL;
        }
    }
}

static bool rule_matches(const struct rule *rule, const char *path, bool is_folder)
{
    const char *last;

    if ((rule->folders_only && !is_folder) || strncmp(path, rule->prefix, rule->folder) != 0)
        return false;
    path += rule->folder;
    if (rule->anchored)
        return wild(rule->pattern, path);
    last = strrchr(path, '/');
    return wild(rule->pattern, last ? last + 1 : path);
}

bool ignore_matches(const struct ignore *ignore, const char *path, bool is_folder)
{
    for (size_t i = ignore->count; i > 0; i--)
        if (rule_matches(&ignore->rules[i - 1], path, is_folder))
            return !ignore->rules[i - 1].keeps;
    return false;
}
