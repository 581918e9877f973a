/* SPDX-License-Identifier: MIT */
/*
 * No known value comes out, whatever stands around it, and JSON stays JSON. Bytes from 0xF8 on
 * stand for what must not come out, and for what stands around it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/report/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CANARY "correct-horse-battery"

static const char *const inserts[8] = {CANARY,
                                       "sk-abcdefghijklmnopqrst",
                                       "/home/alice/",
                                       ("{\"password\":\"" CANARY "\"}"),
                                       "{\"a\":\"",
                                       "\"}",
                                       "Authorization: Basic ",
                                       "\\u0063orrect-horse-battery"};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void fill(struct buf *text, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] >= 0xf8)
            must(buf_text(text, inserts[data[i] - 0xf8]) == 0);
        else
            must(buf_char(text, (char)data[i]) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environment[] = {"DEPLOY_TOKEN=" CANARY, NULL};
    struct redact_options options = {.environment = environment, .home = "/home/alice"};
    struct redactor *r;
    struct buf text, out;

    if (size > 4096)
        return 0;
    buf_init(&text, SIZE_MAX / 16);
    buf_init(&out, SIZE_MAX / 16);
    fill(&text, data, size);
    must(redactor_new(&r, &options, NULL) == 0);
    must(redact_text(r, &out, text.data, text.len) == 0);
    must(!memmem(out.data, out.len, CANARY, strlen(CANARY)));
    if (json_check(text.data, text.len, NULL, NULL) == 0)
        must(json_check(out.data, out.len, NULL, NULL) == 0);
    redactor_free(r);
    buf_free(&text);
    buf_free(&out);
    return 0;
}
