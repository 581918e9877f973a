/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a terminal become keys, mouse events, pastes and focus changes. Pure: fed with whatever
 * a read gave, cut anywhere; time is the caller's (input_wait says when to call input_expire, which
 * is how a lone ESC is told from the start of a sequence). What it does not know it drops whole, so
 * that a terminal's report is never taken for typing. A paste is text, never keys: whatever is in
 * it, it cannot press anything.
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "tui/key.h"

#define INPUT_ESC_MS   25         /* a lone ESC is the key Esc after so long */
#define INPUT_STALL_MS 2000       /* a paste that goes quiet for so long is handed out as it is */
#define INPUT_PASTE    (1u << 20) /* longest paste; the rest is dropped and said to be */

enum input_kind {
    INPUT_KEY,
    INPUT_MOUSE,
    INPUT_PASTED,  /* text: LF and TAB are its only controls; valid UTF-8 */
    INPUT_FOCUSED, /* the terminal's window got the keyboard */
    INPUT_BLURRED, /* or lost it */
    /* what the display adds */
    INPUT_RESIZED,
    INPUT_SIGNAL, /* signal: SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT */
    INPUT_GONE    /* the terminal is closed */
};

enum mouse_kind { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct mouse {
    enum mouse_kind kind;
    int button;    /* 1 left, 2 middle, 3 right; 0 for the wheel */
    int x, y;      /* cell, from 0 */
    unsigned mods; /* enum key_mod */
};

struct input_event {
    enum input_kind kind;
    struct key key;
    struct mouse mouse;
    const char *text; /* INPUT_PASTED: until the next call */
    size_t len;
    bool cut; /* the paste was longer than INPUT_PASTE */
    int signal;
};

struct input {
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

void input_init(struct input *in);
void input_free(struct input *in);

/* At most 64 KiB at a time, and all events taken between two. */
void input_feed(struct input *in, const void *bytes, size_t len);
bool input_next(struct input *in, struct input_event *event);

/* Milliseconds after the last bytes at which to call input_expire and look for events again; -1:
   nothing waits. */
int input_wait(const struct input *in);
void input_expire(struct input *in);

#endif
