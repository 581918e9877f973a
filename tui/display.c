/* SPDX-License-Identifier: MIT */
/*
 * curses is given a description of the terminal that we altered (tui/terminfo.h), never reads keys
 * (tui/decoder.h does), never handles a signal and never writes to the terminal (tui/terminal.h
 * does): its output goes to a file in memory, from which a frame is sent when it is whole. What
 * curses is good at remains: from two pictures of the screen, the cheapest bytes between them.
 */
#include "tui/display.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tui/base64.h"
#include "tui/grid.h"
#include "tui/terminal.h"
#include "tui/terminfo.h"
#include "tui/theme.h"

#include <curses.h>
#include <term.h> /* last: its macros take the names of half the language */

#define ATTR_SETS 64   /* every combination of enum attr */
#define PAIRS_MAX 512  /* different colours at once; far more than a theme has */
#define GAP       4    /* cells that stayed, between two that changed, are cheaper painted again */
#define LEAVE_MS  1000 /* for a slow line to take the last bytes */
#define EVENTS    16   /* of our own, waiting */
#define ENTRY_MAX (1u << 16)

#define SYNC_ON   "\x1b[?2026h"
#define SYNC_OFF  "\x1b[?2026l"
#define MODES_ON  "\x1b[?2004h\x1b[?1004h"
#define MODES_OFF SYNC_OFF MOUSE_OFF "\x1b[?1004l\x1b[?2004l"
#define MOUSE_ON  "\x1b[?1000h\x1b[?1002h\x1b[?1006h"
#define MOUSE_OFF "\x1b[?1006l\x1b[?1002l\x1b[?1000l"

/* How a role with attributes looks, once it was needed. */
struct look {
    bool known;
    attr_t attrs;
    int pair;
};

struct pair {
    int fg, bg;
};

struct display {
    struct terminal *terminal;
    int in_fd;
    FILE *in, *out; /* what curses was given: nothing to read, and the file in memory */
    SCREEN *screen;
    bool left; /* the terminal is somebody else's for a while */
    bool gone; /* it is closed */
    bool unicode, mouse;
    enum colour_level level;
    const struct theme *theme; /* what is painted with */
    struct theme *mono;
    struct look looks[ROLE_COUNT][ATTR_SETS];
    struct pair pairs[PAIRS_MAX]; /* [0] is the terminal's own colours */
    int pair_count;
    struct grid shown; /* what the screen shows, */
    bool valid;        /* if it is known */
    struct decoder decoder;
    struct tty_event events[EVENTS];
    size_t event_count;
};

/* The description that is loaded now, altered, in the form of an environment's value. */
static int alter_description(struct display *d, struct buf *out, const char *name)
{
    const struct terminfo_source source = {
        .flags = (const char *const *)boolnames,
        .numbers = (const char *const *)numnames,
        .strings = (const char *const *)strnames,
        .flag = tigetflag,
        .number = tigetnum,
        .string = tigetstr,
    };
    struct terminfo_change change = {.name = name, .rgb = d->level == COLOUR_TRUE};

    terminal_size(d->terminal, &change.w, &change.h);
    return terminfo_alter(out, &source, &change);
}

static bool load(const char *term, int fd)
{
    int answer = 0;

    return setupterm(term, fd, &answer) == OK;
}

/* Loads a description: the terminal's, or that of its kin. Returns the name it has, or NULL. */
static const char *load_description(const char *term, int fd)
{
    const char *kin = terminfo_kin(term);

    if (!terminfo_sane(term))
        return NULL;
    if (load(term, fd))
        return term;
    return kin && load(kin, fd) ? kin : NULL;
}

/* A screen is drawn by putting the cursor where it should be, by the sequences of ECMA-48; on
   others (vt52) our modes would print garbage. */
static bool can_draw(void)
{
    const char *move = tigetstr("cup");

    return move && move != (char *)-1 && str_starts(move, "\x1b[") && tigetflag("hc") <= 0;
}

static enum colour_level find_level(const char *term, const char *wish)
{
    struct colour_hints hints = {
        .no_color = getenv("NO_COLOR"),
        .clicolor = getenv("CLICOLOR"),
        .colorterm = getenv("COLORTERM"),
        .term = term,
        .tmux = getenv("TMUX"),
        .count = tigetnum("colors"),
        .rgb = tigetflag("RGB") > 0 || tigetnum("RGB") > 0,
    };
    enum colour_level level = colour_level(&hints);

    if (wish)
        (void)colour_level_parse(&level, wish); /* what is no level leaves it alone */
    return level;
}

/* Starts curses with the description in TERMINFO; the variable is as it was afterwards. */
static SCREEN *start_screen(struct display *d, const char *name, const char *entry)
{
    char *before = mem_text(getenv("TERMINFO"));
    /* Curses takes it from nowhere else, and no run is at work yet that would read the environment
       on another thread. NOLINTBEGIN(concurrency-mt-unsafe) */
    bool set = entry && setenv("TERMINFO", entry, 1) == 0;
    use_env(FALSE); /* neither LINES nor COLUMNS: the terminal is asked */
    SCREEN *screen = newterm(name, d->out, d->in);

    if (set && before)
        (void)setenv("TERMINFO", before, 1); /* no memory: then it stays ours, which is harmless */
    else if (set)
        (void)unsetenv("TERMINFO");
    /* NOLINTEND(concurrency-mt-unsafe) */
    free(before);
    return screen;
}

static int open_streams(struct display *d, struct err *err)
{
    int out = memfd_create("rerail-frame", MFD_CLOEXEC);

    d->in = fopen("/dev/null", "re");
    d->out = out < 0 ? NULL : fdopen(out, "w");
    if (d->in && d->out)
        return 0;
    if (out >= 0 && !d->out)
        (void)close(out); /* never used */
    return err_sys(err, errno, "no memory file to draw in");
}

static void add_capability(struct buf *out, const char *name)
{
    const char *value = tigetstr(name);

    if (value && value != (char *)-1)
        (void)buf_text(out, value); /* longer than the box: what fits is what can be undone */
}

/* What puts the terminal back from a signal handler. */
static void note_undo(struct display *d)
{
    struct buf undo;

    buf_init(&undo, TERMINAL_UNDO);
    (void)buf_text(&undo, MODES_OFF); /* fits */
    add_capability(&undo, "sgr0");
    add_capability(&undo, "op");
    add_capability(&undo, "cnorm");
    add_capability(&undo, "rmcup");
    terminal_undo(d->terminal, undo.data, undo.len);
    buf_free(&undo);
}

static void send(struct display *d, const char *bytes, size_t len)
{
    if (!d->gone && terminal_send(d->terminal, bytes, len) < 0)
        d->gone = true;
}

static void say(struct display *d, const char *bytes)
{
    send(d, bytes, strlen(bytes));
}

/* Sends what curses has written since the last time. */
static void send_frame(struct display *d)
{
    int fd = fileno(d->out);
    off_t len = lseek(fd, 0, SEEK_CUR);
    void *bytes = len > 0 ? mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (bytes != MAP_FAILED) {
        send(d, bytes, (size_t)len);
        (void)munmap(bytes, (size_t)len); /* cannot fail on what mmap gave */
    }
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        d->gone = true; /* a memory file does not refuse this */
}

static void set_modes(struct display *d)
{
    terminal_raw(d->terminal);
    say(d, MODES_ON);
    if (d->mouse)
        say(d, MOUSE_ON);
}

static void start_colours(struct display *d)
{
    if (d->level == COLOUR_MONO || !has_colors())
        d->level = COLOUR_MONO;
    else if (start_color() == ERR || use_default_colors() == ERR)
        d->level = COLOUR_MONO;
    typeahead(-1);
    d->pairs[0] = (struct pair){COLOUR_CODE_DEFAULT, COLOUR_CODE_DEFAULT};
    d->pair_count = 1;
}

static int refuse(const char *term, struct err *err)
{
    return err_set(err, E_UNSUPPORTED,
                   "no screen can be drawn on a terminal of type '%.40s'; set TERM", term);
}

static int start_curses(struct display *d, const struct display_options *o, struct err *err)
{
    const char *term = o->term ? o->term : getenv("TERM");
    const char *name = term ? load_description(term, o->out_fd) : NULL;
    bool drawable = name && can_draw(), altered = false;
    struct buf entry;

    buf_init(&entry, ENTRY_MAX);
    if (drawable) {
        d->level = find_level(term, o->level);
        altered = alter_description(d, &entry, name) == 0;
    }
    if (name)
        del_curterm(cur_term);
    d->screen = drawable ? start_screen(d, name, altered ? entry.data : NULL) : NULL;
    buf_free(&entry);
    if (!d->screen)
        return refuse(term ? term : "", err);
    if (d->level == COLOUR_TRUE && tigetflag("RGB") <= 0)
        d->level = COLOUR_256; /* it took another description than ours */
    return 0;
}

void display_size(const struct display *d, int *w, int *h)
{
    terminal_size(d->terminal, w, h);
    *w = *w < GRID_MAX_W ? *w : GRID_MAX_W;
    *h = *h < GRID_MAX_H ? *h : GRID_MAX_H;
}

static void set_size(struct display *d)
{
    int w, h;

    display_size(d, &w, &h);
    (void)resizeterm(h, w); /* no memory: curses keeps its size, and the rest is not shown */
}

int display_open(struct display **out, const struct display_options *options, struct err *err)
{
    struct display *d = mem_new(sizeof *d);

    d->unicode = MB_CUR_MAX > 1 && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    d->mouse = options->mouse;
    d->in_fd = options->in_fd;
    decoder_init(&d->decoder);
    grid_init(&d->shown, 0, 0);
    int rc = terminal_open(&d->terminal, options->in_fd, options->out_fd, err);
    if (rc == 0)
        rc = open_streams(d, err);
    if (rc == 0)
        rc = theme_open(&d->mono, THEME_MONO, NULL, NULL, err);
    if (rc == 0)
        rc = start_curses(d, options, err);
    if (rc < 0) {
        display_close(d);
        return rc;
    }
    note_undo(d);
    start_colours(d);
    set_size(d);
    set_modes(d);
    d->theme = d->mono;
    *out = d;
    return 0;
}

void display_leave(struct display *d)
{
    if (d->left || !d->screen)
        return;
    d->left = true;
    say(d, MODES_OFF);
    endwin();
    send_frame(d);
    terminal_drain(d->terminal, LEAVE_MS);
    terminal_cooked(d->terminal);
}

void display_close(struct display *d)
{
    if (!d)
        return;
    display_leave(d);
    if (d->screen)
        delscreen(d->screen);
    if (d->in)
        (void)fclose(d->in); /* our own copy; nothing is buffered */
    if (d->out)
        (void)fclose(d->out);
    terminal_close(d->terminal);
    theme_free(d->mono);
    decoder_free(&d->decoder);
    grid_free(&d->shown);
    free(d);
}

void display_return(struct display *d)
{
    if (!d->left)
        return;
    d->left = false;
    set_size(d);
    set_modes(d);
    display_redraw(d);
}

void display_stop(struct display *d)
{
    display_leave(d);
    terminal_stop(d->terminal);
    display_return(d);
}

bool display_unicode(const struct display *d)
{
    return d->unicode;
}

enum colour_level display_level(const struct display *d)
{
    return d->level;
}

void display_theme(struct display *d, const struct theme *theme)
{
    d->theme = d->level == COLOUR_MONO ? d->mono : theme;
    memset(d->looks, 0, sizeof d->looks);
    d->pair_count = 1;
    display_redraw(d);
}

void display_redraw(struct display *d)
{
    d->valid = false;
}

static int pair_of(struct display *d, int fg, int bg)
{
    for (int i = 0; i < d->pair_count; i++)
        if (d->pairs[i].fg == fg && d->pairs[i].bg == bg)
            return i;
    int limit = COLOR_PAIRS < PAIRS_MAX ? COLOR_PAIRS : PAIRS_MAX;
    if (d->pair_count >= limit || init_extended_pair(d->pair_count, fg, bg) == ERR)
        return 0;
    d->pairs[d->pair_count] = (struct pair){fg, bg};
    return d->pair_count++;
}

struct attr_pair {
    unsigned ours;
    attr_t theirs;
};

static const struct attr_pair attr_pairs[] = {
    {ATTR_BOLD, A_BOLD},           {ATTR_DIM, A_DIM},         {ATTR_ITALIC, A_ITALIC},
    {ATTR_UNDERLINE, A_UNDERLINE}, {ATTR_REVERSE, A_REVERSE},
};

static const struct look *look_of(struct display *d, unsigned role, unsigned attrs)
{
    struct look *look = &d->looks[role][attrs % ATTR_SETS];

    if (look->known)
        return look;
    struct paint paint = theme_paint(d->theme, (enum role)role, attrs, d->level);
    look->known = true;
    for (size_t i = 0; i < sizeof attr_pairs / sizeof *attr_pairs; i++)
        if (paint.attrs & attr_pairs[i].ours)
            look->attrs |= attr_pairs[i].theirs;
    if (d->level != COLOUR_MONO)
        look->pair = pair_of(d, paint.fg, paint.bg);
    return look;
}

static void put_cell(struct display *d, cchar_t *out, const struct cell *cell)
{
    const struct look *look = look_of(d, cell->role, cell->attrs);
    wchar_t glyph[CCHARW_MAX + 1] = {0};
    int pair = look->pair;
    size_t count = 0;

    for (size_t at = 0; at < cell->len && count < CCHARW_MAX;) {
        int32_t cp;
        at += utf8_next(cell->glyph + at, cell->len - at, &cp);
        glyph[count++] = (wchar_t)cp;
    }
    (void)setcchar(out, glyph, look->attrs, 0, &pair); /* fails on controls, which no cell holds */
}

/* Paints the cells from x to end of one row, which do not start or end inside a wide character. */
static void paint_run(struct display *d, const struct cell *row, int y, int x, int end)
{
    cchar_t cells[GRID_MAX_W];
    int count = 0;

    for (int i = x; i < end; i++)
        if (row[i].width > 0)
            put_cell(d, &cells[count++], &row[i]);
    (void)mvadd_wchnstr(y, x, cells, count); /* ERR at the last column only says: no further */
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Paints what differs in one row; returns whether anything did. */
static bool paint_row(struct display *d, const struct cell *now, const struct cell *before, int y,
                      int w)
{
    int x = 0;

    if (memcmp(now, before, (size_t)w * sizeof *now) == 0)
        return false;
    while (x < w) {
        while (x < w && same_cell(&now[x], &before[x]))
            x++;
        if (x == w)
            break;
        int start = x, end = x;
        for (; x < w && x - end < GAP; x++)
            if (!same_cell(&now[x], &before[x]))
                end = x + 1;
        while (start > 0 && (now[start].width == 0 || before[start].width == 0))
            start--;
        while (end < w && (now[end].width == 0 || before[end].width == 0))
            end++;
        paint_run(d, now, y, start, end);
        x = end > x ? end : x;
    }
    return true;
}

static bool paint_cells(struct display *d, const struct grid *grid)
{
    bool changed = false;

    if (!d->valid || d->shown.w != grid->w || d->shown.h != grid->h) {
        grid_resize(&d->shown, grid->w, grid->h);
        memset(d->shown.cells, 0, (size_t)grid->w * (size_t)grid->h * sizeof *grid->cells);
        erase();
        clearok(curscr, TRUE);
        d->valid = changed = true;
    }
    for (int y = 0; y < grid->h && grid->w > 0; y++) {
        struct cell *before = &d->shown.cells[(size_t)y * (size_t)grid->w];
        const struct cell *now = grid_cell(grid, 0, y);
        if (!paint_row(d, now, before, y, grid->w))
            continue;
        memcpy(before, now, (size_t)grid->w * sizeof *now);
        changed = true;
    }
    return changed;
}

static bool paint_cursor(struct display *d, const struct grid *grid)
{
    bool changed = grid->cursor != d->shown.cursor ||
                   (grid->cursor &&
                    (grid->cursor_x != d->shown.cursor_x || grid->cursor_y != d->shown.cursor_y));

    (void)curs_set(grid->cursor ? 1 : 0); /* some terminals cannot hide it */
    (void)move(grid->cursor ? grid->cursor_y : 0, grid->cursor ? grid->cursor_x : 0);
    d->shown.cursor = grid->cursor;
    d->shown.cursor_x = grid->cursor_x;
    d->shown.cursor_y = grid->cursor_y;
    return changed;
}

enum display_paint display_paint(struct display *d, const struct grid *grid)
{
    if (d->left || d->gone)
        return DISPLAY_UNCHANGED;
    if (terminal_behind(d->terminal))
        return DISPLAY_BEHIND;
    bool cells = paint_cells(d, grid), cursor = paint_cursor(d, grid);
    if (!cells && !cursor)
        return DISPLAY_UNCHANGED;
    wnoutrefresh(stdscr);
    doupdate();
    say(d, SYNC_ON);
    send_frame(d);
    say(d, SYNC_OFF);
    return DISPLAY_PAINTED;
}

void display_poll(const struct display *d, struct pollfd fds[DISPLAY_FDS])
{
    bool waits = terminal_waits(d->terminal) && !d->gone;

    fds[0] = (struct pollfd){.fd = d->gone || d->left ? -1 : d->in_fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = terminal_signal_fd(d->terminal), .events = POLLIN};
    fds[2] = (struct pollfd){.fd = waits ? terminal_out_fd(d->terminal) : -1, .events = POLLOUT};
}

int display_wait(const struct display *d)
{
    return decoder_wait(&d->decoder);
}

static void note_event(struct display *d, struct tty_event event)
{
    if (d->event_count < EVENTS)
        d->events[d->event_count++] = event;
}

/* After a stop that we did not see (SIGSTOP): what was in front meanwhile, a shell, has set the
   modes as it likes them. curses enters its screen again with the next frame. */
static void take_back(struct display *d)
{
    endwin();
    set_modes(d);
}

static void read_signals(struct display *d)
{
    for (int number; (number = terminal_signal(d->terminal)) != 0;) {
        if (number != SIGWINCH && number != SIGCONT) {
            note_event(d, (struct tty_event){.kind = TTY_SIGNAL, .signal = number});
            continue;
        }
        if (!d->left) {
            if (number == SIGCONT)
                take_back(d);
            set_size(d);
            display_redraw(d);
        }
        note_event(d, (struct tty_event){.kind = TTY_RESIZED});
        if (number == SIGCONT)
            note_event(d, (struct tty_event){.kind = TTY_SIGNAL, .signal = number});
    }
}

static void lose(struct display *d)
{
    d->gone = true;
    note_event(d, (struct tty_event){.kind = TTY_GONE});
}

void display_read(struct display *d)
{
    struct pollfd fd = {.fd = d->in_fd, .events = POLLIN};
    char bytes[4096];

    read_signals(d);
    if (!d->gone && terminal_flush(d->terminal) < 0)
        lose(d);
    if (d->gone || d->left)
        return;
    if (poll(&fd, 1, 0) <= 0) {
        decoder_expire(&d->decoder);
        return;
    }
    ssize_t n = read(d->in_fd, bytes, sizeof bytes);
    if (n > 0)
        decoder_feed(&d->decoder, bytes, (size_t)n);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        lose(d);
}

bool display_next(struct display *d, struct tty_event *event)
{
    if (d->event_count > 0) {
        *event = d->events[0];
        memmove(d->events, d->events + 1, --d->event_count * sizeof *d->events);
        return true;
    }
    return decoder_next(&d->decoder, event);
}

void display_mouse(struct display *d, bool on)
{
    d->mouse = on;
    if (!d->left)
        say(d, on ? MOUSE_ON : MOUSE_OFF);
}

bool display_has_mouse(const struct display *d)
{
    return d->mouse;
}

void display_bell(struct display *d)
{
    if (!d->left)
        say(d, "\a");
}

int display_copy(struct display *d, const char *text, size_t len, struct err *err)
{
    struct buf out;

    if (len > DISPLAY_COPY)
        return err_set(err, E_TOOBIG, "%zu bytes are more than terminals take (%d); use write", len,
                       DISPLAY_COPY);
    buf_init(&out, 2 * DISPLAY_COPY);
    int rc = buf_text(&out, "\x1b]52;c;");
    if (rc == 0)
        rc = base64_add(&out, text, len);
    if (rc == 0)
        rc = buf_text(&out, "\x1b\\");
    if (rc == 0)
        send(d, out.data, out.len);
    buf_free(&out);
    return rc;
}
