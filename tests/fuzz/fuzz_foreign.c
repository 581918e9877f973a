/* SPDX-License-Identifier: MIT */
/*
 * Whatever a record of another agent holds, it is refused with one clean line or read: then it can
 * be written in every format, what was written can be read and written again the same, and a run is
 * made of it, of messages that a run can hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent/adopt.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/config/run_config.h"
#include "core/exchange/atif.h"
#include "core/exchange/foreign.h"
#include "core/exchange/openai_messages.h"
#include "core/exchange/prose.h"
#include "core/model/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static int write_atif(struct buf *out, const struct trajectory *t)
{
    return atif_write(out, t, "0");
}

/* Written, read, and written again. */
static void try_writer(const struct trajectory *t, const char *format,
                       int (*write)(struct buf *out, const struct trajectory *t))
{
    struct foreign_list list;
    struct buf first, second;

    buf_init(&first, SIZE_MAX);
    buf_init(&second, SIZE_MAX);
    must(write(&first, t) == 0);
    must(foreign_read(&list, first.data, first.len, NULL) == 0);
    must(list.count == 1 && strcmp(list.format->name, format) == 0);
    must(write(&second, list.at[0]) == 0);
    foreign_free(&list);
    must(foreign_read(&list, second.data, second.len, NULL) == 0);
    buf_clear(&first);
    must(write(&first, list.at[0]) == 0);
    must(strcmp(first.data, second.data) == 0);
    foreign_free(&list);
    buf_free(&first);
    buf_free(&second);
}

static void try_run(const struct trajectory *t)
{
    struct run_config *config;
    struct batch batch = {0};
    struct err err = {0};

    run_config_new(&config);
    int rc = adopt(
        &batch,
        &(struct adoption){
            .run = 1, .uid = "u", .format = "fuzz", .record = t, .config = config, .wall_us = 1},
        &err);
    must(rc == 0 || utf8_valid(err.msg, strlen(err.msg)));
    for (size_t i = 0; i < batch.count; i++) {
        const struct record *r = &batch.at[i];
        struct message *m = NULL;

        if (r->kind != RECORD_NODE || r->node.type == NODE_GENESIS)
            continue;
        must(message_parse(&m, r->body, r->len, NULL) == 0);
        message_free(m);
    }
    batch_free(&batch);
    run_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct foreign_list list;
    struct err err = {0};
    char *text = malloc(size + 1);

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    int rc = foreign_read(&list, text, size, &err);
    must(rc == 0 ? list.count > 0 : *err.msg && utf8_valid(err.msg, strlen(err.msg)));
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        struct buf out;

        buf_init(&out, SIZE_MAX / 2);
        must(prose_write(&out, list.at[i]) == 0);
        must(!memchr(out.data, '\x1b', out.len));
        buf_free(&out);
        try_writer(list.at[i], "openai", openai_write);
        try_writer(list.at[i], "atif", write_atif);
        try_run(list.at[i]);
    }
    foreign_free(&list);
    free(text);
    return 0;
}
