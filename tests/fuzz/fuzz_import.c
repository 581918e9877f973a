/* SPDX-License-Identifier: MIT */
/*
 * A run's file as somebody else may write it, under a right sum: it is refused with one clean line
 * and nothing of it is kept, or it is taken in as a run that fsck finds sound and that goes out as
 * the same file. The input is all but the closing line.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "history/exchange/export.h"
#include "history/exchange/import.h"
#include "history/gc.h"
#include "history/history.h"
#include "history/query_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct place {
    char *dir, *path, *file;
    struct history *history;
    int fd;
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void open_place(struct place *place)
{
    static const char pattern[] = "/tmp/rerail-fuzz-XXXXXX";
    struct history_report report;
    struct err err;

    place->dir = mem_text(pattern);
    must(mkdtemp(place->dir) != NULL);
    place->path = mem_printf("%s/history.db", place->dir);
    must(history_open(&place->history, &(struct history_options){.path = place->path}, &report,
                      &err) == 0);
    history_report_free(&report);
    place->fd = memfd_create("run", MFD_CLOEXEC);
    place->file = mem_printf("/proc/self/fd/%d", place->fd);
}

static void put(struct place *place, const uint8_t *data, size_t size)
{
    char sum[2 * SHA256_BYTES + 1], end[128];
    struct hash hash = sha256(data, size);
    int lines = 0;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    sha256_text(sum, &hash);
    int len = snprintf(end, sizeof end, "{\"end\":{\"lines\":%d,\"sha256\":\"%s\"}}\n", lines, sum);
    must(ftruncate(place->fd, 0) == 0);
    must(pwrite(place->fd, data, size, 0) == (ssize_t)size);
    must(pwrite(place->fd, end, (size_t)len, (off_t)size) == len);
}

static int gather(void *ctx, const char *data, size_t len, struct err *err)
{
    (void)err;
    return buf_add(ctx, data, len);
}

/* It can be exported, and goes: the next input finds an empty history. */
static void look_at(struct place *place, const struct import_report *report)
{
    struct buf out;
    struct export_options options = {.put = gather, .ctx = &out};
    struct gc_options gone = {.path = place->path, .runs = &report->run, .run_count = 1};
    struct gc_report deleted;
    struct query *q;

    buf_init(&out, SIZE_MAX);
    must(query_open(&q, place->path, NULL, NULL) == 0);
    must(export_run(q, report->run, &options, NULL) == 0);
    query_close(q);
    buf_free(&out);
    must(gc_run(&deleted, &gone, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct place place;
    struct import_report report;
    struct query *q;
    struct err err = {0};
    int64_t runs = -1;

    if (!place.history)
        open_place(&place);
    put(&place, data, size);
    struct import_options options = {.path = place.file, .states = 10};
    int rc = import_run(&report, place.history, &options, &err);
    if (rc == 0)
        look_at(&place, &report);
    else
        must(*err.msg && utf8_valid(err.msg, strlen(err.msg)));
    must(query_open(&q, place.path, NULL, NULL) == 0);
    must(query_run_count(q, &runs, NULL) == 0);
    must(runs == 0);
    query_close(q);
    return 0;
}
