/* SPDX-License-Identifier: MIT */
/*
 * Text from outside, made harmless: the one way from a model, a tool, a server or a file to the
 * terminal, the log or back to the model. What a terminal would obey is dropped or shown, what a
 * person could not see is removed and counted, what is not UTF-8 becomes U+FFFD. Streaming: a text
 * may be cut anywhere, also inside a character or an escape sequence, and gives the same result.
 * Pure; no allocation; the struct is plain and may be copied.
 */
#ifndef CORE_BASE_SANITIZE_H
#define CORE_BASE_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum sanitize_mode {
    SANITIZE_OUTPUT,   /* for reading: LF and TAB stay (tui/text.c counts columns) */
    SANITIZE_LINE,     /* the same on one line: names, titles, errors */
    SANITIZE_APPROVAL, /* every byte visible; the text can be rebuilt from the view */
    SANITIZE_MODEL,    /* for the model: line ends as they are, sequences and hidden text gone */
    SANITIZE_MODES
};

/* What was found, for the footer or the warning line. */
struct sanitize_counts {
    uint64_t escapes;   /* terminal sequences, dropped or shown */
    uint64_t invisible; /* zero-width characters and fillers, removed or shown */
    uint64_t bidi;      /* direction controls, always shown */
    uint64_t wrong;     /* byte runs that are no UTF-8, and noncharacters */
};

struct sanitize_sink {
    /* Takes the next piece. shown: a picture of something that was there ("^M", "\u{202e}"),
       drawn in reverse video in an approval; otherwise the text itself. */
    void (*put)(void *self, const char *text, size_t len, bool shown);
    void *self;
};

/* Everything below is sanitize.c's own. */
struct sanitize {
    enum sanitize_mode mode;
    struct sanitize_sink sink;
    struct sanitize_counts counts;
    char held[4]; /* a character cut by the end of a piece */
    size_t held_len;
    int step;         /* where in an escape sequence */
    size_t swallowed; /* bytes of it so far */
    bool cr;          /* a CR waits for what follows it */
    int32_t joiner;   /* a joiner waits for what follows it; 0 = none */
    int base;         /* what the last character was that is not a mark */
    unsigned marks;   /* combining marks on it so far */
    bool selector;    /* it has its variation selector */
    uint64_t spaces;  /* an approval's run of blanks, not yet put */
    uint64_t lines;   /* an approval's run of newlines, not yet put */
    bool crlf;        /* that run is of CR LF */
};

void sanitize_start(struct sanitize *s, enum sanitize_mode mode, struct sanitize_sink sink);
void sanitize_feed(struct sanitize *s, const char *text, size_t len);
void sanitize_end(struct sanitize *s); /* puts what waited; counts stay readable */

/* A whole text, appended; counts may be NULL. 0, or buf_add's error with out as it was. */
int sanitize_add(struct buf *out, enum sanitize_mode mode, const char *text, size_t len,
                 struct sanitize_counts *counts);

/* A whole text on one line, cut with "…" when it is longer than cap allows. Always terminated
   (cap > 3); returns its length. */
size_t sanitize_line(char *out, size_t cap, const char *text, size_t len);

/* "3 invisible characters removed, 1 terminal sequence removed" as mode treats them (an approval
   shows them); "" when nothing was found. Wrong bytes are not in it: they show themselves. */
size_t sanitize_note(char *out, size_t cap, enum sanitize_mode mode,
                     const struct sanitize_counts *counts);

#endif
