/* SPDX-License-Identifier: MIT */
/*
 * The catalogue's U cases: the console on a real terminal, met by whatever a terminal, a hand at
 * its keys and the system can do to it. Each test waits for what it can see, never for time to
 * pass.
 */
#include "tests/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/support/scratch.h"
#include "tests/support/seat.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define HELLO        "replies:\n  - text: a first answer\n"
#define STREAM       "defaults: {rate: 1000}\nreplies:\n  - text: \" token\"\n    repeat: 30000\n"
#define TOOL(command)                                                                              \
    "replies:\n  - when: {turn: 0}\n    calls: [{name: shell, arguments: {command: " command       \
    "}}]\n  - text: all done\n"
#define ASKS "console", "--simulator", "approval", "use the tools"

/* A console on a finished run, 80 by 24. */
static void open_finished(struct seat *s)
{
    seat_open(s, 80, 24);
    seat_run(s, HELLO);
    seat_sees(s, "COMPLETED");
}

static void close_whole(struct seat *s, int code)
{
    CU_ASSERT_EQUAL(code, 0);
    program_judge(&s->program, code);
    seat_close(s);
}

/* ---- U01, U02: sizes ---- */

static void u01_resized(void)
{
    static const struct {
        int w, h;
    } sizes[] = {{1, 1}, {1, 200}, {200, 1}, {2, 1}, {0, 0}, {300, 80}, {3, 3}, {19, 5}};
    struct seat s;

    open_finished(&s);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        emulator_forget(s.emulator);
        emulator_resize(s.emulator, sizes[i].w, sizes[i].h);
        seat_paints(&s);
        seat_type(&s, "j2k3?\x1b:\x1b");
    }
    emulator_resize(s.emulator, 12, 4);
    seat_sees(&s, "too small");
    emulator_resize(s.emulator, 80, 24);
    seat_type(&s, "1");
    seat_sees(&s, "COMPLETED");
    seat_sees(&s, "1 Timeline");
    seat_sees(&s, "4 Health");
    close_whole(&s, seat_quits(&s));
}

static void u01_from_the_start(void)
{
    struct seat s;

    seat_open(&s, 1, 1);
    seat_run(&s, HELLO);
    seat_paints(&s);
    emulator_resize(s.emulator, 80, 24);
    seat_sees(&s, "COMPLETED");
    close_whole(&s, seat_quits(&s));
}

static void u02(void)
{
    unsigned resizes = suite_amount("RESIZES", 2000), random = 1;
    struct seat s;

    seat_open(&s, 80, 24);
    seat_run(&s, STREAM);
    seat_sees(&s, "token");
    for (unsigned i = 0; i < resizes; i++) {
        random = random * 1103515245 + 12345;
        emulator_resize(s.emulator, (int)(random >> 16) % 250, (int)(random >> 8) % 80);
        if (program_ends(&s.program, 2000))
            break;
    }
    emulator_resize(s.emulator, 80, 24);
    seat_sees(&s, "1 Timeline");
    seat_sees(&s, "token");
    seat_type(&s, "q"); /* asks first, as a run is at work */
    seat_sees(&s, "Quit?");
    close_whole(&s, seat_quits(&s));
}

/* ---- U03, U04: no terminal to draw on ---- */

static void refuses(struct seat *s, const char *words)
{
    static const char *const argv[] = {"console", "--simulator", "hello", "hi", NULL};

    seat_start(s, argv);
    CU_ASSERT_EQUAL(seat_ends(s), 2);
    seat_sees(s, words);
    CU_ASSERT_FALSE(emulator_saw(s->emulator, "\x1b"));
    char *feed = program_feed(&s->program);
    CU_ASSERT_STRING_EQUAL(feed, ""); /* nobody could watch it: it was not started */
    free(feed);
}

static void u03_term(void)
{
    char huge[5000] = "TERM=";
    const char *const terms[] = {"TERM",          "TERM=",     "TERM=nosuch",
                                 "TERM=dumb",     "TERM=vt52", "TERM=../../etc/passwd",
                                 "TERM=a\x1b[2J", huge};
    struct seat s;

    memset(huge + 5, 'x', sizeof huge - 6);
    for (size_t i = 0; i < COUNT(terms); i++) {
        seat_open(&s, 160, 5);
        s.env[0] = terms[i];
        refuses(&s, "set TERM");
        seat_close(&s);
    }
}

/* Descriptions that are none: the terminal's own is taken then, or none. */
static void u03_terminfo(void)
{
    static const char garbage[] = "\x1a\x01\xff\x7f\xff\x7f\xff\x7f\xff\x7f\xff\x7fxterm|garbage";
    static const char *const values[] = {"TERMINFO=hex:1a01ff7fff7fff7f", "TERMINFO=b64:////",
                                         "TERMINFO=/dev/zero", "TERMINFO=/proc/self/mem"};
    char *variable;
    struct seat s;

    for (size_t i = 0; i <= COUNT(values); i++) {
        seat_open(&s, 80, 24);
        scratch_folder(s.program.home, "terminfo");
        scratch_folder(s.program.home, "terminfo/x");
        program_write(&s.program, "terminfo/x/xterm-256color", garbage);
        variable = mem_printf("TERMINFO=%s/terminfo", s.program.home);
        seat_env(&s, i < COUNT(values) ? values[i] : variable);
        seat_run(&s, HELLO);
        seat_sees(&s, "rerail");
        if (emulator_saw(s.emulator, "rerail:")) {
            CU_ASSERT_EQUAL(seat_ends(&s), 2);
        } else {
            seat_sees(&s, "COMPLETED");
            CU_ASSERT_EQUAL(seat_quits(&s), 0);
        }
        seat_close(&s);
        free(variable);
    }
}

static void close_all(void)
{
    close(0);
    close(1);
    close(2);
}

static void close_output(void)
{
    close(1);
}

static void close_input(void)
{
    close(0);
}

static void u04(void)
{
    static void (*const befores[])(void) = {NULL, close_input, close_output, close_all};
    static const char *const argv[] = {"console", "--simulator", "hello", "hi", NULL};
    struct program program;

    for (size_t i = 0; i < COUNT(befores); i++) {
        program_open(&program);
        program.before = befores[i];
        CU_ASSERT_EQUAL(program_run(&program, argv), 2);
        CU_ASSERT_TRUE(befores[i] == close_all || strstr(program.err, "must be a terminal"));
        char *feed = program_feed(&program);
        CU_ASSERT_STRING_EQUAL(feed, "");
        free(feed);
        program_close(&program);
    }
}

/* ---- U05, U06: signals ---- */

static void hang_up(struct seat *s)
{
    emulator_free(s->emulator);
    s->emulator = NULL;
}

/* A tool of this name is at work, and what it started with it. */
static void open_at_work(struct seat *s)
{
    seat_open(s, 100, 30);
    seat_run(s, TOOL("\"sleep 300 & echo begun; sleep 300\""));
    seat_sees(s, "● running");
    seat_records(s, "\"event_type\":\"tool_start\"");
}

static void u05_hangup(void)
{
    struct seat s;

    open_at_work(&s);
    hang_up(&s);
    int code = seat_ends(&s); /* program_wait sees that nothing is left */
    CU_ASSERT_EQUAL(code, 128 + SIGHUP);
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
}

static void u05_signals(void)
{
    static const int numbers[] = {SIGHUP, SIGTERM};
    struct seat s;

    for (size_t i = 0; i < COUNT(numbers); i++) {
        open_at_work(&s);
        CU_ASSERT_EQUAL(kill(s.program.pid, numbers[i]), 0);
        CU_ASSERT_EQUAL(seat_ends(&s), 128 + numbers[i]);
        CU_ASSERT_TRUE(program_sound(&s.program));
        seat_close(&s);
    }
}

const struct suite suite_faults_ui = {
    .name = "faults_ui",
    .tests =
        (const struct test[]){
            {"U01 a terminal of any size is drawn on, and 80 by 24 again", u01_resized},
            {"U01 a console starts on a terminal of one cell", u01_from_the_start},
            {"U02 two thousand resizes while an answer streams", u02},
            {"U03 a terminal that cannot be drawn on is refused in words", u03_term},
            {"U03 a hostile terminal description is not believed", u03_terminfo},
            {"U04 without a terminal it says so and starts nothing", u04},
            {"U05 a terminal that hangs up ends it, its run saved, its tools dead", u05_hangup},
            {"U05 signals that end it leave the terminal as it was", u05_signals},
            {NULL, NULL},
        },
};
