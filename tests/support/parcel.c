/* SPDX-License-Identifier: MIT */
#include "tests/support/parcel.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "tests/suite.h"

#include <stdlib.h>
#include <string.h>

static int gather(void *ctx, const char *data, size_t len, struct err *err)
{
    int rc = buf_add(ctx, data, len);

    return rc < 0 ? err_set(err, rc, "the test's buffer is full") : 0;
}

char *parcel_redacted(const char *history, int64_t run,
                      int (*redact)(void *ctx, struct buf *out, const char *text, size_t len),
                      void *ctx, struct err *err)
{
    struct buf out;
    struct export_options options = {.put = gather, .ctx = &out, .redact = redact, .redactor = ctx};
    struct query *q;

    buf_init(&out, (size_t)256 << 20);
    int rc = query_open(&q, history, NULL, err);
    if (rc == 0) {
        rc = export_run(q, run, &options, err);
        query_close(q);
    }
    char *text = buf_take(&out);
    if (rc == 0)
        return text;
    free(text);
    return NULL;
}

char *parcel_of(const char *history, int64_t run, struct err *err)
{
    return parcel_redacted(history, run, NULL, NULL, err);
}

char *parcel_swap(const char *text, const char *find, const char *with)
{
    const char *at = strstr(text, find);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    return mem_printf("%.*s%s%s", (int)(at - text), text, with, at + strlen(find));
}

char *parcel_seal(char *text)
{
    char *end = strstr(text, "{\"end\":");
    char sum[2 * SHA256_BYTES + 1];
    int lines = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    *end = '\0';
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    struct hash hash = sha256(text, strlen(text));
    sha256_text(sum, &hash);
    char *sealed = mem_printf("%s{\"end\":{\"lines\":%d,\"sha256\":\"%s\"}}\n", text, lines, sum);
    free(text);
    return sealed;
}
