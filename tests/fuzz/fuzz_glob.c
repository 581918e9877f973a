/* SPDX-License-Identifier: MIT */
/*
 * pattern_glob against a matcher that tries everything: policies rest on it. The input is a glob
 * and a text with a NUL between them, taken from an alphabet so small that they often meet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pattern.h"

#define LONGEST 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool plain_match(const char *whole, const char *glob, const char *text);

/* Every end that a run of stars may have. */
static bool plain_stars(const char *whole, const char *glob, const char *text)
{
    size_t count = strspn(glob, "*");
    const char *behind = glob + count, *slash = strchr(text, '/');

    if (count > 1 && *behind == '/' && (glob == whole || glob[-1] == '/'))
        return plain_match(whole, behind + 1, text) ||
               (slash && plain_stars(whole, glob, slash + 1));
    for (const char *end = text;; end++) {
        if (plain_match(whole, behind, end))
            return true;
        if (!*end || (count == 1 && *end == '/'))
            return false;
    }
}

static bool plain_match(const char *whole, const char *glob, const char *text)
{
    if (!*glob)
        return !*text;
    if (*glob == '*')
        return plain_stars(whole, glob, text);
    if (!*text || (*glob == '?' ? *text == '/' : *glob != *text))
        return false;
    return plain_match(whole, glob + 1, text + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char alphabet[] = "**//ab?*";
    char both[LONGEST + 1] = {0}, raw[LONGEST + 1] = {0};
    size_t len = size < LONGEST ? size : LONGEST;

    for (size_t i = 0; i < len; i++)
        if (data[i])
            both[i] = alphabet[data[i] % (sizeof alphabet - 1)];
    const char *text = both + strlen(both) + (strlen(both) < LONGEST);
    if (pattern_glob(both, text) != plain_match(both, both, text))
        abort();
    if (len > 0)
        memcpy(raw, data, len);
    (void)pattern_glob(raw,
                       raw + strlen(raw) + (strlen(raw) < LONGEST)); /* any bytes: only sound */
    return 0;
}
