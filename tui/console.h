/* SPDX-License-Identifier: MIT */
/*
 * The console without a terminal and without a session: keys and news in, a grid out, verbs through
 * a port. The app (app.h) puts it on a real terminal; tests drive it with keys from a file and read
 * the grid. Main thread only.
 *
 *   key, paste, mouse, news ─► action ─► panel or console_act.c ─► model, verbs
 *   once a frame:  console_update (read what changed) ─► console_draw
 */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include "core/agent/engine.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "history/query.h"
#include "tui/decoder.h"
#include "tui/grid.h"
#include "tui/keymap.h"
#include "tui/theme.h"

#include <stdbool.h>
#include <stdint.h>

struct console;
struct recall;
struct run_row;

/* How the console reaches runs. Answers come as news with the ticket. */
struct console_port {
    void *self;
    int (*start)(void *self, int64_t ticket, const char *task, struct err *err);
    void (*adopt)(void *self, int64_t ticket, int64_t run);
    /* verb moves; `run` may be of another process: then it goes over its socket. */
    void (*verb)(void *self, int64_t ticket, const struct run_row *run, cJSON *verb);
    /* Looks at this run from now on (NULL = none): streaming text of another process is wanted. */
    void (*watch)(void *self, const struct run_row *run);
    /* A setting of this console: "ui.theme" and the like. */
    int (*set)(void *self, const char *name, const char *value, struct err *err);
    /* Runs a command of this program beside the console; what it prints comes by console_errand.
       E_BUSY while one is still at it. */
    int (*errand)(void *self, const char *const *words, struct err *err);
};

struct console_options {
    struct query *query;   /* borrowed */
    struct keymap *keymap; /* borrowed */
    struct console_port port;
    struct clock clock;
    const char *theme;     /* its name */
    const char *theme_dir; /* the operator's; NULL = none */
    struct recall *recall; /* what was typed before; borrowed, NULL = nothing is kept */
    bool bell;
    int64_t run;         /* to begin with; 0 = the list of runs */
    const char *waiting; /* a run is being started: what stands there meanwhile; NULL = none */
    int64_t ticket;      /* of that start */
};

/* What it wants of the terminal: a bit set, taken by console_wants. */
enum console_want {
    CONSOLE_QUIT = 1,
    CONSOLE_SUSPEND = 2,
    CONSOLE_REPAINT = 4,
    CONSOLE_MOUSE = 8, /* on, or off */
    CONSOLE_BELL = 16,
    CONSOLE_COPY = 32,   /* console_copied */
    CONSOLE_THEME = 64,  /* console_theme */
    CONSOLE_DETACH = 128 /* to go on without a terminal */
};

/* E_NOTFOUND: no such theme. */
int console_new(struct console **out, const struct console_options *options, struct err *err);
void console_free(struct console *console);

void console_event(struct console *console, const struct tty_event *event);
void console_news(struct console *console, const struct engine_news *news);
/* Something may have been stored, by whomever. */
void console_stored(struct console *console);
/* The process that has the run may be gone: nothing is stored then, and who has it is another. */
void console_left(struct console *console);
void console_say(struct console *console, bool bad, const char *text);
/* All that the errand printed so far; and once it has ended, that as one line. */
void console_printed(struct console *console, const char *text, size_t len);
void console_returned(struct console *console, bool ok, const char *answer);

unsigned console_wants(struct console *console);
const char *console_run(const struct console *console); /* uid of the run shown; NULL = none */
const struct theme *console_theme(const struct console *console);
const char *console_copied(const struct console *console, size_t *len);
/* Whether anything is to be drawn; the time (mono) at which that becomes so by itself, because
   something on the screen counts: −1 = never. */
bool console_dirty(const struct console *console);
int64_t console_wake(const struct console *console);
/* Reads what changed and draws everything into the grid. */
void console_draw(struct console *console, struct grid *grid);

#endif
