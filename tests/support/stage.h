/* SPDX-License-Identifier: MIT */
/*
 * A console without a terminal: a recorded history under it, a port that writes down what it is
 * asked, a clock that the test moves. Keys go in by their names, the screen comes out as a grid.
 */
#ifndef TESTS_SUPPORT_STAGE_H
#define TESTS_SUPPORT_STAGE_H

#include "core/base/buf.h"
#include "tests/support/site.h"
#include "tui/console.h"
#include "tui/grid.h"

#include <stdint.h>

struct stage {
    struct site site;
    struct query *query;
    struct keymap *keymap;
    struct recall *recall; /* of this stage only: no file */
    struct console *console;
    struct grid grid;
    struct buf said; /* what the port was asked, a line each */
    int64_t now_us, wall_us;
    int64_t ticket; /* of the last thing asked */
    unsigned wants; /* all that the console ever wanted of the terminal */
};

/* How the recorded run stands when the console opens. */
enum stage_story {
    STAGE_NONE,     /* no run was ever made */
    STAGE_RESTING,  /* completed, with a rolled-back stretch and a label */
    STAGE_APPROVAL, /* a tool call waits for a person */
    STAGE_DOUBT,    /* the outcome of one was lost */
    STAGE_RETRY,    /* a model call waits for its next attempt */
    STAGE_LIMIT,    /* paused at a limit */
    STAGE_FAILED,   /* in error */
    STAGE_LIVE      /* a model call is in flight */
};

void stage_open(struct stage *stage, enum stage_story story, int w, int h);
void stage_close(struct stage *stage);
/* The console begins anew, with no run: rerail without a task. */
void stage_home(struct stage *stage);

void stage_key(struct stage *stage, const char *name); /* "j", "Enter"; drawn afterwards */
void stage_type(struct stage *stage, const char *text);
void stage_paste(struct stage *stage, const char *text);
void stage_wait(struct stage *stage, int64_t us); /* the clock moves; drawn afterwards */
void stage_size(struct stage *stage, int w, int h);
void stage_draw(struct stage *stage);
/* A piece of the answer that streams in. */
void stage_delta(struct stage *stage, const char *text);
/* Does what was recorded since: commits the tape and says that something was stored. */
void stage_stored(struct stage *stage);

bool stage_shows(struct stage *stage, const char *text); /* on the screen now; prints it if not */
bool stage_lacks(struct stage *stage, const char *text); /* the opposite */
bool stage_said(struct stage *stage, const char *text);  /* the port was asked so; likewise */

#endif
