/* SPDX-License-Identifier: MIT */
/*
 * What yaml_parse takes is a tree with a line for every value, without duplicate keys, and no
 * deeper than it may be; what it refuses is named with the document.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void try_lines(const struct yaml *doc, const cJSON *value, int last)
{
    const cJSON *item;
    int line = yaml_line(doc, value);

    must(line >= 1 && line <= last);
    cJSON_ArrayForEach(item, value) try_lines(doc, item, last);
}

/* libyaml ends a line at CR, LF, CRLF, U+0085, U+2028 and U+2029: no more than there are bytes. */
static void try_tree(const struct yaml *doc, size_t size)
{
    const struct json_limits limits = {.depth = YAML_MAX_DEPTH, .nodes = SIZE_MAX, .unique = true};
    char *text = json_print(yaml_root(doc));

    must(json_check(text, strlen(text), &limits, NULL) == 0);
    try_lines(doc, yaml_root(doc), (int)size + 1);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml *doc;
    struct err err = {0};
    int rc = yaml_parse(&doc, "doc", (const char *)data, size, &err);

    must(rc == err.code);
    must((rc == 0) == (doc != NULL));
    if (rc == 0)
        try_tree(doc, size);
    else
        must(strncmp(err.msg, "doc", 3) == 0 && utf8_valid(err.msg, strlen(err.msg)));
    yaml_drop(doc);
    return 0;
}
