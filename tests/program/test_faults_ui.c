/* SPDX-License-Identifier: MIT */
/*
 * The catalogue's cases U01 to U07: the console on a real terminal, and what terminals and job
 * control do to it. Each test waits for what it can see, never for time to pass.
 */
#include "tests/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/support/scratch.h"
#include "tests/support/seat.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ASKS         "console", "--simulator", "approval", "use the tools"

/* ---- U01, U02: sizes ---- */

static void u01_resized(void)
{
    static const struct {
        int w, h;
    } sizes[] = {{1, 1}, {1, 200}, {200, 1}, {2, 1}, {0, 0}, {300, 80}, {3, 3}, {19, 5}};
    struct seat s;

    seat_open_finished(&s);
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
    seat_close_whole(&s, seat_quits(&s));
}

static void u01_from_the_start(void)
{
    struct seat s;

    seat_open(&s, 1, 1);
    seat_run(&s, SEAT_HELLO);
    seat_paints(&s);
    emulator_resize(s.emulator, 80, 24);
    seat_sees(&s, "COMPLETED");
    seat_close_whole(&s, seat_quits(&s));
}

static void u02(void)
{
    unsigned resizes = suite_amount("RESIZES", 2000), random = 1;
    struct seat s;

    seat_open(&s, 80, 24);
    seat_run(&s, SEAT_STREAM);
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
    seat_close_whole(&s, seat_quits(&s));
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
        seat_run(&s, SEAT_HELLO);
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
    seat_run(s, SEAT_TOOL("\"sleep 300 & echo begun; sleep 300\""));
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

/* A tool that will not hear of it has two seconds; all of it takes three at most. */
static void u05_stubborn(void)
{
    struct timespec from, to;
    struct seat s;

    seat_open(&s, 100, 30);
    seat_run(&s, SEAT_TOOL("\"trap '' TERM HUP INT; echo begun; while :; do sleep 1; done\""));
    seat_records(&s, "\"event_type\":\"tool_start\"");
    clock_gettime(CLOCK_MONOTONIC, &from);
    hang_up(&s);
    CU_ASSERT_EQUAL(seat_ends(&s), 128 + SIGHUP);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("    U05: gone after %.1f s\n",
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
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

/* ---- U06: job control ---- */

/* Under a real shell, which takes the terminal when the console stops and gives it back. */
static const char *const shell[] = {
    "bash", "-c", "set -m; \"$@\"; stty sane; echo at the shell; read -r word; fg; echo code $?",
    "bash", NULL};

static void stops_and_goes_on(struct seat *s, const char *const *argv, const char *shows)
{
    s->program.wrapper = shell;
    seat_start(s, argv);
    seat_sees(s, shows);
    seat_type(s, "\x1a");
    seat_sees(s, "at the shell");
    CU_ASSERT_FALSE(emulator_mode(s->emulator, 1049));
    CU_ASSERT_FALSE(emulator_mode(s->emulator, 2004));
    seat_type(s, "go\n");
    seat_sees(s, "1 Timeline");
    seat_sees(s, shows);
    CU_ASSERT_TRUE(emulator_mode(s->emulator, 1049));
    CU_ASSERT_TRUE(emulator_mode(s->emulator, 2004));
}

static void u06_stream(void)
{
    static const char *const argv[] = {"console", "--simulator", "../scenario.yaml", "do it", NULL};
    struct seat s;

    seat_open(&s, 100, 30);
    program_write(&s.program, "scenario.yaml", SEAT_STREAM);
    stops_and_goes_on(&s, argv, "token token");
    seat_type(&s, "q");
    seat_sees(&s, "Quit?");
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
}

static void u06_tool(void)
{
    static const char *const argv[] = {"console", "--simulator",         "../scenario.yaml",
                                       "do it",   "--allow-unsandboxed", NULL};
    struct seat s;

    seat_open(&s, 100, 30);
    program_write(&s.program, "scenario.yaml", SEAT_TOOL("\"read x < go; echo tool ended\""));
    CU_ASSERT_EQUAL(mkfifo(scratch_path(s.program.home, "ws/go"), 0600), 0);
    stops_and_goes_on(&s, argv, "● running");
    program_write(&s.program, "ws/go", "x\n"); /* lets it end */
    seat_sees(&s, "all done");
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
}

static void u06_approval(void)
{
    static const char *const argv[] = {ASKS, NULL};
    struct seat s;

    seat_open(&s, 100, 30);
    stops_and_goes_on(&s, argv, "needs your word");
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    CU_ASSERT_TRUE(program_sound(&s.program));
    CU_ASSERT_FALSE(scratch_has(s.program.home, "ws/allowed"));
    seat_close(&s);
}

/* SIGSTOP says nothing before: whoever had the terminal meanwhile left it as a shell does. */
static void u06_unannounced(void)
{
    struct termios sane, now;
    struct seat s;

    seat_open(&s, 80, 24);
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(s.emulator), &sane), 0);
    seat_run(&s, SEAT_HELLO);
    seat_sees(&s, "COMPLETED");
    CU_ASSERT_EQUAL(kill(s.program.pid, SIGSTOP), 0);
    CU_ASSERT_EQUAL(waitid(P_PID, (id_t)s.program.pid, &(siginfo_t){0}, WSTOPPED), 0);
    CU_ASSERT_EQUAL(tcsetattr(emulator_fd(s.emulator), TCSANOW, &sane), 0);
    static const char left[] = "\x1b[?2004l\x1b[?1049l\x1b[2Jat the shell";
    CU_ASSERT_EQUAL(write(emulator_fd(s.emulator), left, sizeof left - 1), sizeof left - 1);
    seat_sees(&s, "at the shell");
    emulator_forget(s.emulator);
    CU_ASSERT_EQUAL(kill(s.program.pid, SIGCONT), 0);
    seat_sees(&s, "COMPLETED");
    CU_ASSERT_TRUE(emulator_mode(s.emulator, 1049));
    CU_ASSERT_TRUE(emulator_mode(s.emulator, 2004));
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(s.emulator), &now), 0);
    CU_ASSERT_EQUAL(now.c_lflag & (ICANON | ECHO), 0);
    seat_close_whole(&s, seat_quits(&s));
}

/* ---- U07: a terminal that does not take what is written ---- */

static void u07(void)
{
    struct seat s;

    seat_open(&s, 100, 30);
    emulator_hold(s.emulator, true);
    seat_run(&s, "replies:\n  - when: {tool_results: {min: 9}}\n    text: the end\n"
                 "  - text: \"many words \"\n    repeat: 5000\n"
                 "    calls: [{name: shell, arguments: {command: \"echo {{tool_results}}\"}}]\n");
    seat_records(&s, "\"to\":\"completed\""); /* nothing was waited for */
    emulator_hold(s.emulator, false);
    seat_sees(&s, "COMPLETED"); /* and nothing has to change for it to be painted */
    seat_sees(&s, "the end");
    seat_close_whole(&s, seat_quits(&s));
}

/* A line of a few bytes a second: the run goes on at its own pace, in no more memory. */
static void u07_slow(void)
{
    struct seat s;
    char *feed;

    seat_open(&s, 100, 30);
    emulator_hold(s.emulator, true);
    seat_run(&s, "replies:\n  - when: {tool_results: {min: 9}}\n    text: the end\n"
                 "  - text: \"many words \"\n    repeat: 5000\n"
                 "    calls: [{name: shell, arguments: {command: \"echo {{tool_results}}\"}}]\n");
    for (bool done = false; !done; free(feed)) {
        emulator_sip(s.emulator);
        CU_ASSERT_FALSE_FATAL(program_ends(&s.program, 200000));
        feed = program_feed(&s.program);
        done = strstr(feed, "\"to\":\"completed\"") != NULL;
    }
    emulator_hold(s.emulator, false);
    seat_sees(&s, "the end");
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    CU_ASSERT_TRUE(suite_is_watched() || s.program.rss_kib <= PROGRAM_RSS_KIB);
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
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
            {"U05 a tool that ignores signals is gone with it too", u05_stubborn},
            {"U05 signals that end it leave the terminal as it was", u05_signals},
            {"U06 stopped and continued while an answer streams", u06_stream},
            {"U06 stopped and continued while a tool is at work", u06_tool},
            {"U06 stopped and continued before an approval", u06_approval},
            {"U06 an unannounced stop leaves a screen that is whole again", u06_unannounced},
            {"U07 a terminal that takes nothing holds no run up", u07},
            {"U07 a terminal that takes a few bytes a second holds none up either", u07_slow},
            {NULL, NULL},
        },
};
