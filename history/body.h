/* SPDX-License-Identifier: MIT */
/*
 * How a body is kept: its first byte says how the rest is packed. Small texts of the shapes that
 * rerail writes shrink well with a dictionary that knows those shapes; the dictionary is part of
 * the format and never changes (a better one is a new packing).
 */
#ifndef HISTORY_BODY_H
#define HISTORY_BODY_H

#include "core/base/err.h"

#include <stddef.h>

#define BODY_MAX ((size_t)192 << 20) /* bytes of an unpacked body */

struct packer; /* compression state; one thread */

struct packer *packer_new(void);
void packer_free(struct packer *packer);

/* The packed form, borrowed until the next call; E_NOMEM, E_TOOBIG. */
int body_pack(struct packer *packer, const void *data, size_t len, const void **out,
              size_t *out_len, struct err *err);

/* The body, borrowed until the next call and NUL-terminated (it may be the packed bytes' own
   when they are not compressed and then has no NUL: use the length). E_CORRUPT, E_NOMEM. */
int body_unpack(struct packer *packer, const void *packed, size_t packed_len, const char **out,
                size_t *len, struct err *err);

/* At most the first `cap` bytes of a body into out (no NUL): how many. For previews. */
size_t body_start(struct packer *packer, const void *packed, size_t packed_len, char *out,
                  size_t cap);

#endif
