/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a terminal become keys, mouse events, pastes and focus changes. Pure: fed with whatever
 * a read gave, cut anywhere; time is the caller's (decoder_wait says when to call decoder_expire,
 * which is how a lone ESC is told from the start of a sequence). What it does not know it drops
 * whole, so that a terminal's report is never taken for typing. A paste is text, never keys:
 * whatever is in it, it cannot press anything.
 */
#ifndef TUI_DECODER_H
#define TUI_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "tui/key.h"

#define DECODER_ESC_MS   25         /* a lone ESC is the key Esc after so long */
#define DECODER_STALL_MS 2000       /* a paste that goes quiet for so long is handed out as it is */
#define DECODER_PASTE    (1u << 20) /* longest paste; the rest is dropped and said to be */

enum tty_kind {
    TTY_KEY,
    TTY_MOUSE,
    TTY_PASTED,  /* text: LF and TAB are its only controls; valid UTF-8 */
    TTY_FOCUSED, /* the terminal's window got the keyboard */
    TTY_BLURRED, /* or lost it */
    /* what the display adds */
    TTY_RESIZED,
    TTY_SIGNAL, /* signal: SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT */
    TTY_GONE    /* the terminal is closed */
};

enum mouse_kind { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct mouse {
    enum mouse_kind kind;
    int button;    /* 1 left, 2 middle, 3 right; 0 for the wheel */
    int x, y;      /* cell, from 0 */
    unsigned mods; /* enum key_mod */
};

struct tty_event {
    enum tty_kind kind;
    struct key key;
    struct mouse mouse;
    const char *text; /* TTY_PASTED: until the next call */
    size_t len;
    bool cut; /* the paste was longer than DECODER_PASTE */
    int signal;
};

struct decoder {
    struct buf pending; /* bytes not yet understood, */
    size_t at;          /* from here on */
    bool expired;       /* they are all there will be */
    int skip;           /* the rest of a report is being dropped */
    struct buf paste;
    bool pasting;
    bool stalled; /* the paste went quiet: a single key ends it */
    bool cut;     /* it ran over */
    bool cr;      /* its last byte was a CR */
    bool taken;   /* it was handed out */
};

void decoder_init(struct decoder *in);
void decoder_free(struct decoder *in);

/* At most 64 KiB at a time, and all events taken between two. */
void decoder_feed(struct decoder *in, const void *bytes, size_t len);
bool decoder_next(struct decoder *in, struct tty_event *event);

/* Milliseconds after the last bytes at which to call decoder_expire and look for events again; -1:
   nothing waits. */
int decoder_wait(const struct decoder *in);
void decoder_expire(struct decoder *in);

#endif
