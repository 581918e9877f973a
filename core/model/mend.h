/* SPDX-License-Identifier: MIT */
/*
 * JSON text from servers that break the rules of text: bytes that are no UTF-8, and \ud83d without
 * its other half, because the server cut a string between the two. Both become U+FFFD, but halves
 * of one character that arrive in two deltas are joined. Needed only after a strict parse failed.
 *
 * A lone half is carried through the JSON parser as a private-use character (U+F000 + its low bits,
 * the same length in both notations); mend_text and mend_tree take those out again. Where the text
 * already has such characters, lone halves become U+FFFD at once and cannot be joined.
 */
#ifndef CORE_MODEL_MEND_H
#define CORE_MODEL_MEND_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum mend {
    MEND_NOTHING, /* the text is right as it is (or memory ran out): nothing to try again */
    MEND_PLAIN,   /* wrong places are U+FFFD now */
    MEND_MARKED   /* besides, lone halves are carried as private-use characters */
};

/* Puts the mended text into `out` (cleared first). */
enum mend mend_json(struct buf *out, const char *text, size_t len);

/* The first half of a character whose second half may open the next delta. */
struct mend_half {
    uint16_t high; /* 0: none pending */
};

/* Appends a delta, halves joined or replaced; a high half at the end is held back. `marked`: it is
   from an event that mend_json marked. 0, or buf_add's error. */
int mend_text(struct buf *out, struct mend_half *half, const char *text, size_t len, bool marked);
/* No more deltas: appends U+FFFD for a half held back. */
int mend_end(struct buf *out, struct mend_half *half);

/* Every lone half in the strings of a marked tree becomes U+FFFD. */
void mend_tree(cJSON *tree);
/* Whether a string of a mended event holds U+FFFD: it may not be what the model meant. */
bool mend_doubtful(const char *text);

#endif
