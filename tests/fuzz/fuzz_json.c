/* SPDX-License-Identifier: MIT */
/*
 * What json_check takes, cJSON builds and json_print writes so that it is taken again, as the same
 * text; what it refuses comes with one clean line. Any bytes at all can be quoted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static cJSON *parsed(const char *text, size_t len)
{
    cJSON *tree;

    must(json_parse(&tree, text, len, NULL, NULL) == 0);
    return tree;
}

/* Printing is a fixed point after one round, and the tree stays what it was (which cJSON cannot see
   where a key is there twice). */
static void try_round(const cJSON *tree, char *(*print)(const cJSON *), bool unique)
{
    char *text = print(tree);
    cJSON *again = parsed(text, strlen(text));
    char *same = print(again);

    must(strcmp(text, same) == 0);
    must(!unique || cJSON_Compare(tree, again, true));
    cJSON_Delete(again);
    free(same);
    free(text);
}

static void try_quoted(const char *text, size_t len)
{
    struct buf out;

    buf_init(&out, 8 * len + 2);
    must(json_quote(&out, text, len) == 0);
    cJSON *tree = parsed(out.data, out.len);
    must(cJSON_IsString(tree));
    must(utf8_valid(tree->valuestring, strlen(tree->valuestring)));
    cJSON_Delete(tree);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct err err = {0};
    int rc = json_check(text, size, NULL, &err), strict = json_check(text, size, &json_args, NULL);

    must(rc == err.code);
    must(rc == 0 || (err.msg[0] && utf8_valid(err.msg, strlen(err.msg))));
    must(rc == 0 || strict < 0);
    if (rc == 0) {
        cJSON *tree = parsed(text, size);
        try_round(tree, json_print, strict == 0);
        try_round(tree, json_canonical, strict == 0);
        cJSON_Delete(tree);
    }
    try_quoted(text, size);
    return 0;
}
