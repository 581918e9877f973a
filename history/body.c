/* SPDX-License-Identifier: MIT */
#include "history/body.h"

#include "core/base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LEVEL     3
#define SMALL     64        /* bytes below which packing is not tried */
#define DICT_UPTO (8 << 10) /* longer bodies have repetitions of their own */
#define KEEP      (1 << 20) /* buffers above this are given back after use */

enum packing { PACKED_RAW, PACKED_ZSTD, PACKED_ZSTD_SHAPES };

/* Packing 2's dictionary, most common last. Never change a byte of it. */
static const char shapes[] =
    "{\"seq\":0,\"iteration\":1,\"counters\":{\"iterations\":1,\"tool_calls\":1,\"errors\":0,"
    "\"retries\":0,\"tokens_in\":0,\"tokens_out\":0,\"tokens_cached\":0,\"cost\":0},\"spent_us\":["
    "0,0,0,0,0,0,0,0,0,0],\"state\":\"running\",\"phase\":\"boundary\",\"health\":[{\"at\":17,"
    "\"ok\":true,\"us\":1000}],\"undo\":[],\"redo\":[],\"grants\":[],\"notes\":[],\"cache\":[]}"
    "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\",\"description\":\"\"},"
    "\"command\":{\"type\":\"string\"},\"content\":{\"type\":\"string\"}},\"required\":[\"path\"],"
    "\"additionalProperties\":false}"
    "{\"error\":\"\",\"attempts\":3}{\"error\":{\"message\":\"\",\"type\":\"\",\"code\":null}}"
    "exit status 1\\nstderr:\\nstdout:\\nNo such file or directory\\nPermission denied\\n"
    "{\"model\":\"gpt-4o\",\"temperature\":0,\"max_tokens\":4096,\"stream\":true,"
    "\"tool_choice\":\"auto\",\"parallel_tool_calls\":true}"
    "{\"task\":\"\",\"agent\":\"\",\"run\":\"\",\"loop\":1}"
    "{\"role\":\"system\",\"content\":\"You are \"}{\"role\":\"user\",\"content\":\"\"}"
    "{\"path\":\"\",\"content\":\"\"}{\"pattern\":\"\",\"path\":\".\"}{\"command\":\"\"}"
    "{\"role\":\"tool\",\"tool_call_id\":\"call_\",\"name\":\"read_file\",\"content\":\"\","
    "\"is_error\":true}"
    "{\"role\":\"tool\",\"tool_call_id\":\"call_\",\"name\":\"shell\",\"content\":\"exit 0\\n\"}"
    "{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"\",\"tool_calls\":[{\"id\":\"call_\","
    "\"name\":\"shell\",\"arguments\":\"{\\\"command\\\":\\\"\\\"}\"}],\"provider\":\"openai\","
    "\"model\":\"gpt-4o\",\"finish_reason\":\"tool_calls\"}";

struct packer {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
    ZSTD_CDict *pack_shapes;
    ZSTD_DDict *unpack_shapes;
    char *buffer;
    size_t cap;
};

struct packer *packer_new(void)
{
    return mem_new(sizeof(struct packer));
}

void packer_free(struct packer *packer)
{
    if (!packer)
        return;
    ZSTD_freeCCtx(packer->pack);
    ZSTD_freeDCtx(packer->unpack);
    ZSTD_freeCDict(packer->pack_shapes);
    ZSTD_freeDDict(packer->unpack_shapes);
    free(packer->buffer);
    free(packer);
}

static int no_memory(struct err *err, size_t len)
{
    return err_set(err, E_NOMEM, "history: no memory for a body of %zu bytes", len);
}

/* Room for len bytes and a NUL. What an unusually long body needed is given back. */
static bool reserve(struct packer *packer, size_t len)
{
    if (packer->cap > len && (packer->cap <= KEEP || len > KEEP))
        return true;
    free(packer->buffer);
    packer->cap = len < 4096 ? 4096 : len + 1;
    packer->buffer = malloc(packer->cap);
    if (!packer->buffer)
        packer->cap = 0;
    return packer->buffer;
}

static bool ready_to_pack(struct packer *packer)
{
    if (!packer->pack)
        packer->pack = ZSTD_createCCtx();
    if (!packer->pack_shapes)
        packer->pack_shapes = ZSTD_createCDict(shapes, sizeof shapes - 1, LEVEL);
    return packer->pack && packer->pack_shapes;
}

static bool ready_to_unpack(struct packer *packer)
{
    if (!packer->unpack)
        packer->unpack = ZSTD_createDCtx();
    if (!packer->unpack_shapes)
        packer->unpack_shapes = ZSTD_createDDict(shapes, sizeof shapes - 1);
    return packer->unpack && packer->unpack_shapes;
}

int body_pack(struct packer *packer, const void *data, size_t len, const void **out,
              size_t *out_len, struct err *err)
{
    if (len > BODY_MAX)
        return err_set(err, E_TOOBIG, "history: a body of %zu bytes is too long", len);
    size_t bound = len < SMALL ? len : ZSTD_compressBound(len);
    if (!reserve(packer, bound + 1))
        return no_memory(err, len);

    enum packing packing = len > DICT_UPTO ? PACKED_ZSTD : PACKED_ZSTD_SHAPES;
    size_t packed = len;
    if (len >= SMALL) {
        if (!ready_to_pack(packer))
            return no_memory(err, len);
        packed = packing == PACKED_ZSTD
                     ? ZSTD_compressCCtx(packer->pack, packer->buffer + 1, bound, data, len, LEVEL)
                     : ZSTD_compress_usingCDict(packer->pack, packer->buffer + 1, bound, data, len,
                                                packer->pack_shapes);
    }
    if (ZSTD_isError(packed) || packed >= len) { /* the only error left is want of memory */
        packing = PACKED_RAW;
        packed = len;
        if (len > 0)
            memcpy(packer->buffer + 1, data, len);
    }
    packer->buffer[0] = (char)packing;
    *out = packer->buffer;
    *out_len = packed + 1;
    return 0;
}

static int damaged(struct err *err)
{
    return err_set(err, E_CORRUPT, "history: a stored body is damaged");
}

static size_t expand(struct packer *packer, enum packing packing, const char *from, size_t from_len,
                     size_t len)
{
    if (packing == PACKED_ZSTD)
        return ZSTD_decompressDCtx(packer->unpack, packer->buffer, len, from, from_len);
    return ZSTD_decompress_usingDDict(packer->unpack, packer->buffer, len, from, from_len,
                                      packer->unpack_shapes);
}

int body_unpack(struct packer *packer, const void *packed, size_t packed_len, const char **out,
                size_t *len, struct err *err)
{
    const char *bytes = packed;

    if (packed_len == 0)
        return damaged(err);
    if (bytes[0] == PACKED_RAW) {
        *out = bytes + 1;
        *len = packed_len - 1;
        return 0;
    }
    if (bytes[0] != PACKED_ZSTD && bytes[0] != PACKED_ZSTD_SHAPES)
        return err_set(err, E_NEWER, "history: a body is packed in a way this rerail cannot read");
    unsigned long long size = ZSTD_getFrameContentSize(bytes + 1, packed_len - 1);
    if (size > BODY_MAX) /* unknown and error are greater still */
        return damaged(err);
    if (!ready_to_unpack(packer) || !reserve(packer, (size_t)size))
        return no_memory(err, (size_t)size);
    if (expand(packer, (enum packing)bytes[0], bytes + 1, packed_len - 1, (size_t)size) != size)
        return damaged(err);
    packer->buffer[size] = '\0';
    *out = packer->buffer;
    *len = (size_t)size;
    return 0;
}

size_t body_start(struct packer *packer, const void *packed, size_t packed_len, char *out,
                  size_t cap)
{
    const char *bytes = packed;
    ZSTD_inBuffer in = {bytes + 1, packed_len ? packed_len - 1 : 0, 0};
    ZSTD_outBuffer to = {out, cap, 0};

    if (packed_len == 0)
        return 0;
    if (bytes[0] == PACKED_RAW) {
        size_t len = in.size < cap ? in.size : cap;
        memcpy(out, in.src, len);
        return len;
    }
    if (!ready_to_unpack(packer))
        return 0;
    (void)ZSTD_DCtx_reset(packer->unpack, ZSTD_reset_session_and_parameters);
    if (bytes[0] == PACKED_ZSTD_SHAPES)
        (void)ZSTD_DCtx_refDDict(packer->unpack, packer->unpack_shapes);
    size_t left = 1;
    while (to.pos < to.size && left != 0 && !ZSTD_isError(left)) {
        size_t before = to.pos + in.pos;
        left = ZSTD_decompressStream(packer->unpack, &to, &in);
        if (to.pos + in.pos == before)
            break;
    }
    (void)ZSTD_DCtx_reset(packer->unpack, ZSTD_reset_session_and_parameters);
    return to.pos;
}
