/* SPDX-License-Identifier: MIT */
/* The console's inside, shared by the console*.c files only. */
#ifndef TUI_CONSOLE_DATA_H
#define TUI_CONSOLE_DATA_H

#include "core/base/pattern.h"
#include "tui/console.h"
#include "tui/finder.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/overlay.h"
#include "tui/panel.h"

#define OVERLAYS       4 /* that may lie over each other */
#define CONSOLE_NO_RUN "no run is open: Enter opens the chosen one, o starts a new one"

struct console {
    struct console_options is;
    struct model model;
    struct panel *panels[LAYOUT_PANELS];
    struct panel *overlays[OVERLAYS];
    size_t overlay_count;
    struct layout layout;
    struct finder finder, filter;
    enum layout_panel focus;
    bool enlarged;
    bool dirty, stored;
    unsigned wants;
    struct theme *theme;
    struct theme_info *themes; /* to choose from; NULL = not looked for yet */
    size_t theme_count;
    struct buf copied;
    int64_t ticket;       /* the last that was given out */
    int64_t start_ticket; /* of a run being started; 0 = none */
    char *starting;       /* its task */
    int64_t adopt_ticket; /* of a run being taken over; 0 = none … */
    int64_t adopt_run;
    cJSON *held;            /* … and the verbs that wait for that */
    int64_t interrupted_us; /* the last Ctrl-C */
    int state;              /* of the run at the last read, for the bell; −1 = none */
    int64_t watched;        /* the run that the port was told about */
    int mouse_x, mouse_y;
    bool reporting; /* the errand at work is shown as a report */
};

/* console.c */
void console_push(struct console *console, struct panel *overlay);
/* While no run is open there is the list of runs alone: that is said instead. */
void console_focus(struct console *console, enum layout_panel panel);
void console_show(struct console *console, int64_t run);
unsigned console_run_action(struct console *console, enum action_id action);
void console_send(struct console *console);

/* console_act.c: what is the console's own to do. DID_NOT when it is not. */
unsigned console_act(struct console *console, enum action_id action);
unsigned console_start(struct console *console, const char *task);
/* console_jump.c: the checkpoint meant, which is the one selected in its panel, or the one at or
   before the row selected in the timeline; 0 = none. The others show what they would do, and ask.
 */
int64_t console_checkpoint(const struct console *console);
unsigned console_roll_back(struct console *console);
unsigned console_undo(struct console *console, bool again);
/* A word of the command line, and what it does with the rest of that. */
struct console_command {
    const char *name, *help; /* a NULL name ends a table */
    unsigned (*run)(struct console *console, const char *rest);
};
/* console_errand.c: those that are the shell's own, run beside the console. */
extern const struct console_command console_errands[];

/* console_command.c: a command line; what completes it. */
unsigned console_command(struct console *console, const char *line);
size_t console_complete(void *self, enum entry_kind kind, const char *text, const char **names,
                        const char **helps, size_t max);
/* console_frame.c: header, strip, hints. */
void console_draw_frame(const struct console *console, struct grid *grid);
bool console_counts(const struct console *console); /* a figure there changes by itself */

#endif
