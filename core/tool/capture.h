/* SPDX-License-Identifier: MIT */
/*
 * What is kept of an endless stream: its beginning, its end, how much there was, and whether it is
 * text at all. Reading never stops because of it, and memory is bounded by two ends.
 */
#ifndef CORE_TOOL_CAPTURE_H
#define CORE_TOOL_CAPTURE_H

#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_output;
struct sha256_sum;

#define CAPTURE_PROBE 4096 /* bytes that decide whether it is binary */

enum capture_kind { CAPTURE_UNSURE, CAPTURE_TEXT, CAPTURE_BINARY };

struct capture {
    struct buf head;
    char *ring;      /* NULL until the head is full */
    size_t ring_at;  /* where the next byte goes */
    size_t ring_len; /* bytes in use */
    uint64_t total;
    enum capture_kind kind;
    struct sha256_sum *sum; /* while binary */
};

/* NUL bytes, or more than a tenth that is not UTF-8, at the start of a file or a stream. */
bool capture_looks_binary(const char *text, size_t len);

void capture_init(struct capture *c);
void capture_add(struct capture *c, const char *data, size_t len);
/* No more comes: out borrows the ends from c, which must live as long. Once. */
void capture_end(struct capture *c, struct process_output *out);
void capture_free(struct capture *c);

#endif
