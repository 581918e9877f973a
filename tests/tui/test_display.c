/* SPDX-License-Identifier: MIT */
#include "tui/display.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "tests/suite.h"
#include "tests/support/emulator.h"
#include "tui/grid.h"
#include "tui/theme.h"

/* A display on an emulator, and a grid of its size. */
struct rig {
    struct emulator *emulator;
    struct display *display;
    struct grid grid;
    struct theme *theme;
};

static void clear_environment(void)
{
    static const char *const names[] = {"NO_COLOR", "CLICOLOR", "COLORTERM", "TMUX", "TERMINFO"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static int try_open(struct rig *rig, int w, int h, const char *term, struct err *err)
{
    struct display_options options = {.term = term};

    *rig = (struct rig){.emulator = emulator_new(w, h)};
    grid_init(&rig->grid, w, h);
    CU_ASSERT_EQUAL(theme_open(&rig->theme, "dark", NULL, NULL, NULL), 0);
    options.in_fd = options.out_fd = emulator_fd(rig->emulator);
    return display_open(&rig->display, &options, err);
}

static void rig_open(struct rig *rig, int w, int h, const char *term)
{
    struct err err = {0};

    clear_environment();
    CU_ASSERT_EQUAL(try_open(rig, w, h, term, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.msg, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig->display);
    display_theme(rig->display, rig->theme);
}

static void rig_close(struct rig *rig)
{
    display_close(rig->display);
    grid_free(&rig->grid);
    theme_free(rig->theme);
    emulator_free(rig->emulator);
}

static void put(struct rig *rig, int x, int y, enum role role, const char *text)
{
    struct pen pen = grid_pen(&rig->grid, grid_rect(&rig->grid));

    pen_at(&pen, x, y);
    pen_put(&pen, role, text);
}

/* Paints, and sees that the terminal shows what the grid says. */
static void paint(struct rig *rig)
{
    struct buf want;

    CU_ASSERT_EQUAL(display_paint(rig->display, &rig->grid), DISPLAY_PAINTED);
    emulator_sync(rig->emulator);
    buf_init(&want, 1 << 20);
    CU_ASSERT_EQUAL(grid_dump(&rig->grid, &want, false), 0);
    const char *got = emulator_text(rig->emulator);
    CU_ASSERT_STRING_EQUAL(got, want.data);
    if (strcmp(got, want.data) != 0)
        printf("---- want\n%s---- got\n%s", want.data, got);
    buf_free(&want);
}

static void the_terminal_shows_what_the_grid_says(void)
{
    struct rig rig;

    rig_open(&rig, 40, 8, "xterm-256color");
    grid_box(&rig.grid, (struct rect){0, 0, 20, 8}, ROLE_BORDER);
    grid_box(&rig.grid, (struct rect){19, 0, 21, 8}, ROLE_BORDER_FOCUS);
    put(&rig, 2, 0, ROLE_TITLE, "1 Timeline");
    put(&rig, 1, 1, ROLE_TEXT, "中文 e\u0301 naïve 한");
    put(&rig, 21, 2, ROLE_ERROR, "✗ exit 1");
    paint(&rig);
    put(&rig, 1, 1, ROLE_TEXT, "x"); /* over half of a wide character */
    put(&rig, 5, 1, ROLE_TEXT, "中中中");
    paint(&rig);
    grid_clear(&rig.grid);
    put(&rig, 38, 7, ROLE_TEXT, "中"); /* the very last cells */
    paint(&rig);
    rig_close(&rig);
}

static void nothing_is_sent_when_nothing_changed(void)
{
    struct rig rig;

    rig_open(&rig, 80, 24, "xterm-256color");
    put(&rig, 3, 3, ROLE_TEXT, "hello");
    paint(&rig);
    emulator_forget(rig.emulator);
    CU_ASSERT_EQUAL(display_paint(rig.display, &rig.grid), DISPLAY_UNCHANGED);
    emulator_sync(rig.emulator);
    CU_ASSERT_EQUAL(emulator_seen(rig.emulator), 0);
    put(&rig, 8, 3, ROLE_TEXT, "!");
    paint(&rig);
    CU_ASSERT(emulator_seen(rig.emulator) < 64); /* one cell, not a screen */
    CU_ASSERT(emulator_saw(rig.emulator, "\x1b[?2026h"));
    CU_ASSERT(emulator_saw(rig.emulator, "\x1b[?2026l"));
    rig_close(&rig);
}

static void U08_hard_characters_leave_the_cursor_where_it_belongs(void)
{
    static const char *const texts[] = {
        "中文字符",   "e\u0301\u0301\u0301\u0301x",
        "👩\u200d💻|",  "🇩🇪🇫🇷|",
        "❤\ufe0f|",   "שלום|",
        "नमस्ते|",      "한국어|",
        "\u0378|",    "a\tb|",
        "\u202eabc|", "\u0301|",
        "１２３|",    "ﷺ|",
        "👍🏽|",  "\u1112\u1161\u11ab|",
    };
    struct rig rig;
    int x, y;
    bool visible;

    rig_open(&rig, 40, 4, "xterm-256color");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pen pen = grid_pen(&rig.grid, grid_rect(&rig.grid));
        grid_clear(&rig.grid);
        int width = pen_put(&pen, ROLE_TEXT, texts[i]);
        pen_put(&pen, ROLE_TEXT, "#");
        grid_cursor(&rig.grid, width, 0);
        CU_ASSERT_EQUAL(display_paint(rig.display, &rig.grid), DISPLAY_PAINTED);
        emulator_sync(rig.emulator);
        emulator_cursor(rig.emulator, &x, &y, &visible);
        CU_ASSERT_EQUAL(x, width);
        CU_ASSERT(visible);
        /* The mark stands under the cursor: the terminal counts as we do. */
        const char *row = emulator_text(rig.emulator);
        size_t len = strcspn(row, "\n");
        CU_ASSERT(len > 0 && row[len - 1] == '#');
    }
    rig_close(&rig);
}

static void colours_are_what_the_theme_and_the_terminal_allow(void)
{
    static const struct {
        const char *term, *colorterm, *no_color;
        enum colour_level level;
        int error_fg; /* of ROLE_ERROR in the theme dark, #f47067 red */
    } cases[] = {
        {"xterm-256color", NULL, NULL, COLOUR_256, 203},
        {"xterm-256color", "truecolor", NULL, COLOUR_TRUE, 0x1F47067},
        {"xterm-256color", "24bit", NULL, COLOUR_TRUE, 0x1F47067},
        {"screen-256color", "truecolor", NULL, COLOUR_256, 203},
        {"xterm", NULL, NULL, COLOUR_8, 1},
        {"linux", NULL, NULL, COLOUR_8, 1},
        {"vt100", NULL, NULL, COLOUR_MONO, -1},
        {"xterm-256color", "truecolor", "1", COLOUR_MONO, -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig;
        struct err err = {0};
        clear_environment();
        if (cases[i].colorterm)
            setenv("COLORTERM", cases[i].colorterm, 1);
        if (cases[i].no_color)
            setenv("NO_COLOR", cases[i].no_color, 1);
        CU_ASSERT_EQUAL_FATAL(try_open(&rig, 20, 3, cases[i].term, &err), 0);
        display_theme(rig.display, rig.theme);
        CU_ASSERT_EQUAL(display_level(rig.display), cases[i].level);
        put(&rig, 1, 1, ROLE_ERROR, "failed");
        put(&rig, 10, 1, ROLE_TEXT, "text");
        paint(&rig);
        struct emulator_look look = emulator_look(rig.emulator, 1, 1);
        CU_ASSERT_EQUAL(look.fg, cases[i].error_fg);
        CU_ASSERT(look.bold); /* colour is never the only signal */
        look = emulator_look(rig.emulator, 10, 1);
        CU_ASSERT_EQUAL(look.fg, -1);
        CU_ASSERT_EQUAL(look.bg, -1);
        rig_close(&rig);
    }
    clear_environment();
}

static void the_palette_is_never_touched(void)
{
    struct rig rig;

    rig_open(&rig, 40, 8, "xterm-256color");
    for (enum role role = 0; role < ROLE_COUNT; role++)
        put(&rig, (int)role % 20, (int)role / 20, role, "x");
    paint(&rig);
    display_close(rig.display);
    rig.display = NULL;
    emulator_sync(rig.emulator);
    CU_ASSERT_FALSE(emulator_saw(rig.emulator, "\x1b]4;"));
    CU_ASSERT_FALSE(emulator_saw(rig.emulator, "\x1b]104"));
    CU_ASSERT_FALSE(emulator_saw(rig.emulator, "\x1b]52"));
    CU_ASSERT_FALSE(emulator_saw(rig.emulator, "\x1b]0;"));
    CU_ASSERT_PTR_NULL(getenv("TERMINFO"));
    rig_close(&rig);
}

static void attributes_reach_the_terminal(void)
{
    struct rig rig;

    rig_open(&rig, 20, 3, "xterm-256color");
    struct pen pen = grid_pen(&rig.grid, grid_rect(&rig.grid));
    pen.attrs = ATTR_BOLD | ATTR_UNDERLINE;
    pen_put(&pen, ROLE_TEXT, "a");
    pen.attrs = ATTR_ITALIC | ATTR_REVERSE;
    pen_put(&pen, ROLE_TEXT, "b");
    pen.attrs = ATTR_SELECTED;
    pen_put(&pen, ROLE_TEXT, "c");
    paint(&rig);
    struct emulator_look look = emulator_look(rig.emulator, 0, 0);
    CU_ASSERT(look.bold && look.underline && !look.italic && !look.reverse);
    look = emulator_look(rig.emulator, 1, 0);
    CU_ASSERT(look.italic && look.reverse && !look.bold);
    look = emulator_look(rig.emulator, 2, 0);
    CU_ASSERT(look.bg >= 0);
    rig_close(&rig);
}

static void a_theme_is_switched_live(void)
{
    struct rig rig;
    struct theme *other;

    rig_open(&rig, 20, 3, "xterm-256color");
    CU_ASSERT_EQUAL(theme_open(&other, "gruvbox", NULL, NULL, NULL), 0);
    put(&rig, 0, 0, ROLE_OK, "ok");
    paint(&rig);
    int before = emulator_look(rig.emulator, 0, 0).fg;
    display_theme(rig.display, other);
    paint(&rig);
    CU_ASSERT_NOT_EQUAL(emulator_look(rig.emulator, 0, 0).fg, before);
    CU_ASSERT_EQUAL(emulator_look(rig.emulator, 5, 0).bg,
                    235); /* #282828, also where it is blank */
    rig_close(&rig);
    theme_free(other);
}

static void wait_and_read(struct rig *rig)
{
    struct pollfd fds[DISPLAY_FDS];

    display_poll(rig->display, fds);
    (void)poll(fds, DISPLAY_FDS, 100);
    display_read(rig->display);
}

static bool next_event(struct rig *rig, struct tty_event *event)
{
    struct pollfd fds[DISPLAY_FDS];

    for (int tries = 0; tries < 100; tries++) {
        if (display_next(rig->display, event))
            return true;
        display_poll(rig->display, fds);
        int wait = display_wait(rig->display);
        if (poll(fds, DISPLAY_FDS, wait < 0 ? 5000 : wait) == 0 && wait < 0)
            return false;
        display_read(rig->display);
    }
    return false;
}

static void keys_arrive_as_events(void)
{
    static const char bytes[] = "j\x1b[5~\x1b[200~two\rlines\x1b[201~\x1b[<0;3;2M\x1b";
    struct rig rig;
    struct tty_event event;

    rig_open(&rig, 80, 24, "xterm-256color");
    emulator_send(rig.emulator, bytes, sizeof bytes - 1);
    CU_ASSERT(next_event(&rig, &event) && event.key.code == 'j');
    CU_ASSERT(next_event(&rig, &event) && event.key.code == KEYCODE_PAGE_UP);
    CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_PASTED);
    CU_ASSERT(event.len == 9 && memcmp(event.text, "two\nlines", 9) == 0);
    CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_MOUSE && event.mouse.x == 2);
    CU_ASSERT(next_event(&rig, &event) && event.key.code == KEYCODE_ESC);
    CU_ASSERT_EQUAL(display_wait(rig.display), -1);
    rig_close(&rig);
}

static void control_keys_are_keys_not_signals(void)
{
    struct rig rig;
    struct tty_event event;
    char name[KEY_NAME];
    static const char *const names[] = {"C-c", "C-z", "C-s", "C-q", "C-\\", "C-v", "Enter", "C-j"};

    rig_open(&rig, 80, 24, "xterm-256color");
    emulator_send(rig.emulator, "\x03\x1a\x13\x11\x1c\x16\r\n", 8);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_KEY);
        key_print(name, event.key);
        CU_ASSERT_STRING_EQUAL(name, names[i]);
    }
    rig_close(&rig);
}

static void U01_any_size_is_drawn_and_back_again(void)
{
    static const int sizes[][2] = {{1, 1}, {1, 200}, {200, 1}, {2, 1}, {20, 5}, {0, 0}, {80, 24}};
    struct rig rig;
    struct tty_event event;
    int w, h;

    rig_open(&rig, 80, 24, "xterm-256color");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        emulator_resize(rig.emulator, sizes[i][0], sizes[i][1]);
        raise(SIGWINCH); /* no session leads this terminal, so nobody else says so */
        CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_RESIZED);
        display_size(rig.display, &w, &h);
        CU_ASSERT_EQUAL(w, sizes[i][0] ? sizes[i][0] : 80);
        CU_ASSERT_EQUAL(h, sizes[i][1] ? sizes[i][1] : 24);
        grid_resize(&rig.grid, w, h);
        grid_box(&rig.grid, grid_rect(&rig.grid), ROLE_BORDER);
        put(&rig, 0, 0, ROLE_TEXT, "too small");
        if (sizes[i][0] > 2 && sizes[i][1] > 2)
            paint(&rig);
        else
            CU_ASSERT_EQUAL(display_paint(rig.display, &rig.grid), DISPLAY_PAINTED);
        emulator_sync(rig.emulator);
    }
    rig_close(&rig);
}

static void U03_a_terminal_without_a_screen_is_refused(void)
{
    static const char *const terms[] = {
        "", "dumb", "unknown-thing", "vt52", "../../etc/passwd", "xterm;rm", "hardcopy"};
    char long_term[5000];
    struct rig rig;
    struct err err = {0};

    clear_environment();
    memset(long_term, 'x', sizeof long_term - 1);
    long_term[sizeof long_term - 1] = '\0';
    for (size_t i = 0; i <= sizeof terms / sizeof *terms; i++) {
        const char *term = i < sizeof terms / sizeof *terms ? terms[i] : long_term;
        CU_ASSERT_EQUAL(try_open(&rig, 80, 24, term, &err), E_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "set TERM"));
        emulator_sync(rig.emulator);
        CU_ASSERT_EQUAL(emulator_seen(rig.emulator), 0);
        rig_close(&rig);
    }
    setenv("TERMINFO", "/dev/null", 1); /* a hostile place: the system's is asked next */
    CU_ASSERT_EQUAL(try_open(&rig, 80, 24, "xterm-256color", &err), 0);
    CU_ASSERT_STRING_EQUAL(getenv("TERMINFO"), "/dev/null");
    rig_close(&rig);
    clear_environment();
}

static void a_terminal_that_debian_does_not_know_is_drawn_as_its_kin(void)
{
    static const char *const terms[] = {"xterm-ghostty", "foot", "xterm-kitty", "wezterm",
                                        "tmux-direct-thing"};

    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct rig rig;
        rig_open(&rig, 20, 3, terms[i]);
        put(&rig, 1, 1, ROLE_OK, "hello");
        paint(&rig);
        rig_close(&rig);
    }
}

static void U04_what_is_no_terminal_is_refused(void)
{
    struct emulator *emulator = emulator_new(80, 24);
    struct display *display;
    struct err err;
    int null = open("/dev/null", O_RDWR), pipes[2];

    CU_ASSERT_EQUAL(pipe(pipes), 0);
    const int pairs[][2] = {{null, emulator_fd(emulator)},
                            {emulator_fd(emulator), null},
                            {pipes[0], pipes[1]},
                            {-1, -1},
                            {emulator_fd(emulator), 999}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct display_options options = {.in_fd = pairs[i][0], .out_fd = pairs[i][1]};
        CU_ASSERT_EQUAL(display_open(&display, &options, &err), E_UNSUPPORTED);
    }
    close(null);
    close(pipes[0]);
    close(pipes[1]);
    emulator_free(emulator);
}

static void U07_painting_waits_while_the_terminal_is_behind(void)
{
    struct rig rig;
    int behind = 0;

    rig_open(&rig, 200, 60, "xterm-256color");
    emulator_hold(rig.emulator, true);
    for (int i = 0; i < 400 && !behind; i++) {
        char text[64];
        snprintf(text, sizeof text, "frame %d of a terminal that does not read", i);
        put(&rig, i % 100, i % 60, ROLE_TEXT, text);
        behind = display_paint(rig.display, &rig.grid) == DISPLAY_BEHIND;
    }
    CU_ASSERT(behind);
    emulator_hold(rig.emulator, false);
    while (display_paint(rig.display, &rig.grid) == DISPLAY_BEHIND)
        wait_and_read(&rig); /* until it has taken the last frame */
    emulator_sync(rig.emulator);
    display_redraw(rig.display);
    paint(&rig);
    rig_close(&rig);
}

static void a_terminal_that_closes_is_said_to_be_gone(void)
{
    struct rig rig;
    struct tty_event event;

    clear_environment();
    rig = (struct rig){0};
    struct emulator *emulator = emulator_new(80, 24);
    int slave = dup(emulator_fd(emulator));
    struct display_options options = {.in_fd = slave, .out_fd = slave, .term = "xterm"};
    CU_ASSERT_EQUAL(display_open(&rig.display, &options, NULL), 0);
    emulator_free(emulator);
    CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_GONE);
    grid_init(&rig.grid, 80, 24);
    CU_ASSERT_EQUAL(display_paint(rig.display, &rig.grid), DISPLAY_UNCHANGED);
    display_close(rig.display);
    grid_free(&rig.grid);
    close(slave);
}

static void copying_is_one_sequence_and_has_a_limit(void)
{
    struct rig rig;
    struct err err;
    char *big = calloc(1, DISPLAY_COPY + 1);

    rig_open(&rig, 80, 24, "xterm-256color");
    emulator_forget(rig.emulator);
    CU_ASSERT_EQUAL(display_copy(rig.display, "hello", 5, &err), 0);
    emulator_sync(rig.emulator);
    CU_ASSERT(emulator_saw(rig.emulator, "\x1b]52;c;aGVsbG8=\x1b\\"));
    CU_ASSERT_EQUAL(display_copy(rig.display, big, DISPLAY_COPY + 1, &err), E_TOOBIG);
    free(big);
    rig_close(&rig);
}

/* The modes that must be off again, and what turns them on. */
static const char *const modes[][2] = {
    {"\x1b[?2004h", "\x1b[?2004l"}, {"\x1b[?1004h", "\x1b[?1004l"}, {"\x1b[?1006h", "\x1b[?1006l"},
    {"\x1b[?1002h", "\x1b[?1002l"}, {"\x1b[?1000h", "\x1b[?1000l"}, {"\x1b[?1049h", "\x1b[?1049l"},
};

static void expect_restored(struct emulator *e, const struct termios *before)
{
    struct termios now;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        CU_ASSERT(emulator_saw(e, modes[i][1]));
    CU_ASSERT(emulator_saw(e, "\x1b[?25h") || emulator_saw(e, "\x1b[?12l\x1b[?25h"));
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(e), &now), 0);
    CU_ASSERT_EQUAL(now.c_lflag, before->c_lflag);
    CU_ASSERT_EQUAL(now.c_iflag, before->c_iflag);
    CU_ASSERT_EQUAL(now.c_oflag, before->c_oflag);
}

static void leaving_and_returning_restores_and_repaints(void)
{
    struct rig rig;
    struct termios before;

    clear_environment();
    struct emulator *probe = emulator_new(80, 24);
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(probe), &before), 0);
    emulator_free(probe);
    rig_open(&rig, 80, 24, "xterm-256color");
    display_mouse(rig.display, true);
    put(&rig, 3, 3, ROLE_TEXT, "hello");
    paint(&rig);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        CU_ASSERT(emulator_saw(rig.emulator, modes[i][0]));
    display_leave(rig.display);
    emulator_sync(rig.emulator);
    expect_restored(rig.emulator, &before);
    emulator_forget(rig.emulator);
    display_return(rig.display);
    paint(&rig);
    CU_ASSERT(emulator_saw(rig.emulator, "\x1b[?1049h"));
    CU_ASSERT(emulator_saw(rig.emulator, "\x1b[?1006h"));
    rig_close(&rig);
}

/* Opens a display in a child, which then ends in its own way; the parent looks at what it left. */
static int ended_by(void (*end)(struct rig *), struct rig *rig)
{
    struct termios before;
    int status = 0;

    clear_environment();
    struct emulator *e = emulator_new(80, 24);
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(e), &before), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct display_options options = {
            .in_fd = emulator_fd(e), .out_fd = emulator_fd(e), .term = "xterm-256color"};
        options.mouse = true;
        *rig = (struct rig){.emulator = e};
        if (display_open(&rig->display, &options, NULL) < 0)
            _exit(99);
        grid_init(&rig->grid, 80, 24);
        (void)display_paint(rig->display, &rig->grid);
        end(rig);
        _exit(98);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    emulator_sync(e);
    expect_restored(e, &before);
    emulator_free(e);
    return status;
}

static void end_by_return(struct rig *rig)
{
    display_close(rig->display);
    _exit(0);
}

static void end_by_abort(struct rig *rig)
{
    (void)rig;
    abort();
}

static void end_by_crash(struct rig *rig)
{
    (void)rig;
    raise(SIGSEGV);
}

/* The thread sanitizer hands a signal on only where the process waits. */
static void raise_and_wait(int signal)
{
    raise(signal);
    (void)poll(NULL, 0, 1); /* the signal is all it is for */
}

static void end_by_two_terms(struct rig *rig)
{
    (void)rig;
    raise_and_wait(SIGTERM);
    raise_and_wait(SIGTERM);
}

static void end_by_two_hups(struct rig *rig)
{
    (void)rig;
    raise_and_wait(SIGHUP);
    raise_and_wait(SIGHUP);
}

static void U13_every_way_out_puts_the_terminal_back(void)
{
    static const struct {
        void (*end)(struct rig *);
        int signal;
    } ways[] = {{end_by_return, 0},
                {end_by_abort, SIGABRT},
                {end_by_crash, SIGSEGV},
                {end_by_two_terms, SIGTERM},
                {end_by_two_hups, SIGHUP}};

    size_t count = sizeof ways / sizeof *ways;
    if (suite_defers_signals()) {
        suite_skip("U13 by a signal", "the thread sanitizer stands before the handlers");
        count = 2; /* these need none of ours */
    }
    for (size_t i = 0; i < count; i++) {
        struct rig rig = {0};
        int status = ended_by(ways[i].end, &rig);
        if (ways[i].signal == 0)
            CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        if (ways[i].signal != 0)
            CU_ASSERT(WIFSIGNALED(status) ? WTERMSIG(status) == ways[i].signal
                                          : WEXITSTATUS(status) != 98); /* a sanitizer's own exit */
    }
}

static void a_signal_is_an_event_once(void)
{
    struct rig rig;
    struct tty_event event;

    rig_open(&rig, 80, 24, "xterm-256color");
    raise(SIGTERM);
    CU_ASSERT(next_event(&rig, &event));
    CU_ASSERT(event.kind == TTY_SIGNAL && event.signal == SIGTERM);
    raise(SIGINT);
    raise(SIGTSTP);
    CU_ASSERT(next_event(&rig, &event) && event.signal == SIGINT);
    CU_ASSERT(next_event(&rig, &event) && event.signal == SIGTSTP);
    raise(SIGCONT);
    CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_RESIZED);
    CU_ASSERT(next_event(&rig, &event) && event.signal == SIGCONT);
    rig_close(&rig);
}

static void a_descriptor_that_came_non_blocking_blocks_until_the_end(void)
{
    struct emulator *e = emulator_new(80, 24);
    int fd = emulator_fd(e), flags = fcntl(fd, F_GETFL);
    struct display *display;

    clear_environment();
    CU_ASSERT_EQUAL(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
    struct display_options options = {.in_fd = fd, .out_fd = fd, .term = "xterm"};
    CU_ASSERT_EQUAL(display_open(&display, &options, NULL), 0);
    CU_ASSERT_FALSE(fcntl(fd, F_GETFL) & O_NONBLOCK);
    display_close(display);
    CU_ASSERT(fcntl(fd, F_GETFL) & O_NONBLOCK);
    emulator_free(e);
}

static void U12_without_unicode_only_ascii_is_sent(void)
{
    static const char *const locales[] = {"C", "POSIX"};

    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        struct rig rig;
        CU_ASSERT_PTR_NOT_NULL(setlocale(LC_CTYPE, locales[i]));
        rig_open(&rig, 40, 5, "xterm-256color");
        CU_ASSERT_FALSE(display_unicode(rig.display));
        rig.grid.ascii = true;
        grid_box(&rig.grid, (struct rect){0, 0, 40, 5}, ROLE_BORDER);
        put(&rig, 1, 1, ROLE_TEXT, "naïve … ● 中文 ✗ e\u0301");
        paint(&rig);
        CU_ASSERT_PTR_NOT_NULL(strstr(emulator_text(rig.emulator), "|naive ~ * ?? x e"));
        for (int c = 0x80; c <= 0xFF; c++)
            CU_ASSERT_FALSE(emulator_saw(rig.emulator, (const char[]){(char)c, '\0'}));
        rig_close(&rig);
        CU_ASSERT_PTR_NOT_NULL(setlocale(LC_CTYPE, "C.UTF-8"));
    }
}

static void U02_a_storm_of_resizes_ends_in_the_right_picture(void)
{
    struct rig rig;
    struct tty_event event;
    unsigned state = 12345;

    rig_open(&rig, 80, 24, "xterm-256color");
    for (int i = 0; i <= 2000; i++) {
        state = state * 1103515245 + 12345;
        int w = i == 2000 ? 80 : 1 + (int)(state >> 16) % 150;
        int h = i == 2000 ? 24 : 1 + (int)(state >> 24) % 50;
        emulator_resize(rig.emulator, w, h);
        raise(SIGWINCH);
        CU_ASSERT(next_event(&rig, &event) && event.kind == TTY_RESIZED);
        display_size(rig.display, &w, &h);
        grid_resize(&rig.grid, w, h);
        grid_box(&rig.grid, grid_rect(&rig.grid), ROLE_BORDER);
        put(&rig, 1, 1, ROLE_TEXT, "streaming 中文 text");
        (void)display_paint(rig.display, &rig.grid); /* may be behind: that is the point */
    }
    while (display_paint(rig.display, &rig.grid) == DISPLAY_BEHIND)
        wait_and_read(&rig);
    emulator_sync(rig.emulator);
    display_redraw(rig.display);
    paint(&rig);
    rig_close(&rig);
}

const struct suite suite_display = {
    "display",
    (const struct test[]){
        {"the terminal shows what the grid says", the_terminal_shows_what_the_grid_says},
        {"nothing is sent when nothing changed", nothing_is_sent_when_nothing_changed},
        {"U08 hard characters leave the cursor where it belongs",
         U08_hard_characters_leave_the_cursor_where_it_belongs},
        {"U15 colours are what the theme and the terminal allow",
         colours_are_what_the_theme_and_the_terminal_allow},
        {"the palette is never touched", the_palette_is_never_touched},
        {"attributes reach the terminal", attributes_reach_the_terminal},
        {"a theme is switched live", a_theme_is_switched_live},
        {"keys arrive as events", keys_arrive_as_events},
        {"control keys are keys, not signals", control_keys_are_keys_not_signals},
        {"U01 any size is drawn and back again", U01_any_size_is_drawn_and_back_again},
        {"U02 a storm of resizes ends in the right picture",
         U02_a_storm_of_resizes_ends_in_the_right_picture},
        {"U03 a terminal without a screen is refused", U03_a_terminal_without_a_screen_is_refused},
        {"a terminal that Debian does not know is drawn as its kin",
         a_terminal_that_debian_does_not_know_is_drawn_as_its_kin},
        {"U04 what is no terminal is refused", U04_what_is_no_terminal_is_refused},
        {"U07 painting waits while the terminal is behind",
         U07_painting_waits_while_the_terminal_is_behind},
        {"a terminal that closes is said to be gone", a_terminal_that_closes_is_said_to_be_gone},
        {"copying is one sequence and has a limit", copying_is_one_sequence_and_has_a_limit},
        {"leaving and returning restores and repaints",
         leaving_and_returning_restores_and_repaints},
        {"U13 every way out puts the terminal back", U13_every_way_out_puts_the_terminal_back},
        {"a signal is an event once", a_signal_is_an_event_once},
        {"a descriptor that came non-blocking blocks until the end",
         a_descriptor_that_came_non_blocking_blocks_until_the_end},
        {"U12 without Unicode only ASCII is sent", U12_without_unicode_only_ascii_is_sent},
        {NULL, NULL},
    },
};
