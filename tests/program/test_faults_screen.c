/* SPDX-License-Identifier: MIT */
/*
 * The catalogue's cases U08 to U16: what a console must draw, what hands and programs type at it,
 * and how it ends. Each test waits for what it can see, never for time to pass.
 */
#include "tests/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/support/scratch.h"
#include "tests/support/seat.h"
#include "tui/overlay.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ASKS         "console", "--simulator", "approval", "use the tools"

/* ---- U08, U09: texts ---- */

static void borders_stand(struct seat *s, int w, int h)
{
    emulator_sync(s->emulator);
    for (int y = 3; y < h - 2; y++) {
        const char *edge = emulator_cell(s->emulator, w - 1, y);
        bool border = strstr("│┤┐┘", edge) && *edge;

        if (!border)
            printf("    row %d at width %d:\n%s\n", y, w, emulator_text(s->emulator));
        CU_ASSERT_TRUE_FATAL(border);
    }
}

#define MARKS_10 "\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x86\xcc\x87\xcc\x88\xcc\x8a\xcc\x8b\xcc\x8c"

static void u08(void)
{
    static const char scenario[] =
        "replies:\n  - text: |\n"
        "      日本語の文字は二つ分の幅です日本語の文字は二つ分の幅です日本語の文字は二つ分の幅\n\n"
        "      e" MARKS_10 MARKS_10 MARKS_10 MARKS_10 MARKS_10 MARKS_10 MARKS_10 MARKS_10 MARKS_10
            MARKS_10 " combining\n\n"
        "      👩‍👩‍👧‍👦 👍🏽 🇨🇭🇫🇷 ❤️ 1️⃣ שלום "
        "עולם "
        "مرحبا "
        "\u0378\U000e0fff "
        "\u200b\u202e\u2066 \ufeff|\n\n"
        "      a\tb\t日\tc\td\te\tf\tg\th\ti\tj\tk\tl\tm\n\n"
        "      x日本語の文字は二つ分の幅です日本語の文字は二つ分の幅です日本語の文字は二つ分の幅 "
        "the end\n";
    struct seat s;

    seat_open(&s, 120, 24);
    seat_run(&s, scenario);
    seat_sees(&s, "COMPLETED");
    seat_sees(&s, "combining");
    borders_stand(&s, 120, 24);
    for (int w = 119; w >= 64; w -= 5) {
        emulator_forget(s.emulator);
        emulator_resize(s.emulator, w, 24);
        seat_paints(&s);
        seat_sees(&s, "4 Health");
        borders_stand(&s, w, 24);
    }
    emulator_resize(s.emulator, 1, 24);
    emulator_resize(s.emulator, 90, 24);
    seat_sees(&s, "combining");
    borders_stand(&s, 90, 24);
    seat_close_whole(&s, seat_quits(&s));
}

/* ---- U10, U11: what is typed ---- */

static void u10_paste(void)
{
    size_t len = (size_t)1 << 20;
    char *text = mem_new(len + 1);
    struct seat s;

    memset(text, 'q', len);
    seat_open_finished(&s);
    seat_type(&s, "\x1b[200~");
    emulator_send(s.emulator, text, len);
    seat_type(&s, "\x1b[201~i"); /* nothing of it was a key */
    seat_sees(&s, "Esc");
    seat_type(&s, "\x1b[200~red\x1b]0;evil\a\x1b[31m green\x1b[201~");
    seat_sees(&s, "green");
    CU_ASSERT_FALSE(emulator_saw(s.emulator, "\x1b]0;evil"));
    seat_type(&s, "\x1b[200~, never ended");
    seat_sees(&s, "never ended"); /* after DECODER_STALL_MS */
    seat_leaves(&s, "never ended");
    seat_close_whole(&s, seat_quits(&s));
    free(text);
}

/* Neither pasted nor typed ahead, with or without the question on the screen. */
static void u10_approval(void)
{
    static const char *const argv[] = {ASKS, NULL};
    struct seat s;

    seat_open(&s, 100, 30);
    seat_start(&s, argv);
    seat_type(&s, "yyyaaay\r");
    seat_sees(&s, "needs your word");
    seat_type(&s, "ya\r\x1b[200~Ay\ny\na\n\x1b[201~");
    seat_type(&s, "A"); /* and at once, before a person can have read it: */
    seat_type(&s, "yayaya");
    seat_sees(&s, "The agent wants to run");
    seat_type(&s, "\x1b[200~y\ny\na\n\r\x1b[201~\x1b[200~yyy\x1b[201~");
    seat_type(&s, "\x1b[<0;20;10M\x1b[<0;20;10m\x1b[121u\x1b[I\x1b[O");
    emulator_forget(s.emulator);
    emulator_resize(s.emulator, 90, 28);
    seat_paints(&s);
    seat_sees(&s, "The agent wants to run");
    CU_ASSERT_FALSE(scratch_has(s.program.home, "ws/allowed"));
    char *feed = program_feed(&s.program);
    CU_ASSERT_PTR_NULL(strstr(feed, "tool_start"));
    free(feed);
    CU_ASSERT_FALSE(program_ends(&s.program, APPROVAL_GUARD_US));
    seat_type(&s, "y"); /* a person's */
    seat_sees(&s, "COMPLETED");
    CU_ASSERT_TRUE(scratch_has(s.program.home, "ws/allowed"));
    seat_close_whole(&s, seat_quits(&s));
}

/* Typed with and without a pause behind each: what follows a broken sequence is none of it. */
static void u11_sequences(void)
{
    static const char *const garbage[] = {
        "\x1b\x1b\x1b",
        "\x1b[",
        "\x1b[\x1b[\x1b[",
        "\x1bO",
        "\x1b[1;2;3;4;5;6;7;8;9;10;11m",
        "\x1b[<999999;0;0M",
        "\x1b[M\xff\xff\xff",
        "\x1b[<0;-1;-1M",
        "\x1b[I\x1b[O\x1b[I",
        "\x1b[113;1:3u", /* q let go of */
        "\x1b]11;rgb:0000/0000/0000\x1b\\",
        "\x1b[?1;2c",
        "\x1b[24;80R",
        "\x1bP1$r0m\x1b\\",
        "\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80",
        "\x1b[99999999999999999999~",
        "\x1b[?2026;2$y",
    };
    struct seat s;

    for (int pause = 0; pause < 2; pause++) {
        seat_open_finished(&s);
        for (size_t i = 0; i < COUNT(garbage); i++) {
            seat_type(&s, garbage[i]);
            CU_ASSERT_FALSE(pause && program_ends(&s.program, 60000));
        }
        seat_type(&s, "?");
        seat_sees(&s, "Help");
        seat_leaves(&s, "Help");
        seat_close_whole(&s, seat_quits(&s));
    }
}

/* ---- U12: locales ---- */

static void u12(void)
{
    static const struct {
        const char *env;
        bool ascii;
    } locales[] = {{"LC_ALL=C", true},
                   {"LC_ALL=POSIX", true},
                   {"LC_ALL=xx_XX", true},
                   {"LC_ALL=de_DE.ISO-8859-1", true},
                   {"LC_ALL=C.UTF-8", false}};
    struct seat s;

    for (size_t i = 0; i < COUNT(locales); i++) {
        seat_open(&s, 80, 24);
        seat_env(&s, locales[i].env);
        seat_run(&s, "replies:\n  - text: naïve 日本 “quoted” 👍🏽 e\u0301\n");
        seat_sees(&s, "COMPLETED");
        seat_sees(&s, "1 Timeline");
        seat_type(&s, "?");
        seat_sees(&s, "Help");
        CU_ASSERT_EQUAL(emulator_ascii(s.emulator), locales[i].ascii);
        seat_leaves(&s, "Help");
        seat_close_whole(&s, seat_quits(&s));
    }
}

/* ---- U13: however it ends, the terminal is as it was ---- */

static void u13_signals(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static const struct rlimit no_core = {0, 0};
    struct seat s;

    for (size_t i = 0; i < COUNT(numbers); i++) {
        seat_open_finished(&s);
        CU_ASSERT_EQUAL(prlimit(s.program.pid, RLIMIT_CORE, &no_core, NULL), 0);
        CU_ASSERT_EQUAL(kill(s.program.pid, numbers[i]), 0);
        int code = seat_ends(&s);
        CU_ASSERT_TRUE(suite_is_watched() ? code != 0 : code == -numbers[i]);
        CU_ASSERT_TRUE(program_sound(&s.program));
        seat_close(&s);
    }
}

static void u13_memory(void)
{
    static const struct rlimit none = {1 << 20, 1 << 20}, no_core = {0, 0};
    struct seat s;

    if (suite_is_watched()) {
        suite_skip("U13", "a sanitizer ends in its own way without memory");
        return;
    }
    seat_open_finished(&s);
    CU_ASSERT_EQUAL(prlimit(s.program.pid, RLIMIT_CORE, &no_core, NULL), 0);
    CU_ASSERT_EQUAL(prlimit(s.program.pid, RLIMIT_AS, &none, NULL), 0);
    for (int i = 0; i < 100 && !program_ends(&s.program, 20000); i++)
        emulator_resize(s.emulator, 200 + i, 60 + i);
    CU_ASSERT_TRUE(seat_ends(&s) != 0);
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
}

/* Nothing can be put back then; the next start does it, and goes on where the run was. */
static void u13_killed(void)
{
    static const char *const again[] = {"console", NULL};
    struct termios sane;
    struct seat s;

    seat_open(&s, 100, 30);
    seat_run(&s, SEAT_TOOL("exec sleep 300"));
    seat_sees(&s, "● running");
    CU_ASSERT_EQUAL(kill(s.program.pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(seat_ends(&s), -SIGKILL);
    CU_ASSERT_TRUE(emulator_mode(s.emulator, 1049));
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(s.emulator), &sane), 0);
    sane.c_lflag |= ICANON | ECHO | ISIG; /* what any shell does when it reads its next line */
    sane.c_oflag |= OPOST;
    CU_ASSERT_EQUAL(tcsetattr(emulator_fd(s.emulator), TCSANOW, &sane), 0);
    emulator_forget(s.emulator);
    seat_start(&s, again);
    seat_sees(&s, "do it");
    seat_sees(&s, "doubt"); /* nobody knows what of the tool's work was done */
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
}

/* ---- U14 to U16 ---- */

static void u14(void)
{
    struct seat s;

    seat_open(&s, 100, 30);
    seat_run(
        &s, SEAT_TOOL("\"for f in /dev/tty /dev/stdin /proc/self/fd/0; do printf 'INTR''UDER' > $f;"
                      " done; tty; echo no''where\""));
    seat_sees(&s, "COMPLETED");
    CU_ASSERT_FALSE(emulator_saw(s.emulator, "INTRUDER"));
    char *feed = program_feed(&s.program);
    CU_ASSERT_PTR_NOT_NULL(strstr(feed, "not a tty"));
    CU_ASSERT_PTR_NOT_NULL(strstr(feed, "nowhere"));
    free(feed);
    seat_close_whole(&s, seat_quits(&s));
}

/* One of the seven that are not black. */
static bool has_colour(struct emulator *e)
{
    char alone[16], behind[16];
    bool has = false;

    for (int i = 1; !has && i < 8; i++) {
        (void)snprintf(alone, sizeof alone, "\x1b[3%dm", i);
        (void)snprintf(behind, sizeof behind, ";3%dm", i);
        has = emulator_saw(e, alone) || emulator_saw(e, behind);
    }
    return has;
}

static void u15(void)
{
    static const struct {
        const char *term, *env;
        bool some, of_256, of_rgb; /* sequences that colour */
    } cases[] = {
        {"TERM=xterm-256color", "NO_COLOR=1", false, false, false},
        {"TERM=xterm", "COLORTERM=", true, false, false},
        {"TERM=xterm-256color", "COLORTERM=", true, true, false},
        {"TERM=xterm-256color", "COLORTERM=truecolor", true, false, true},
        {"TERM=vt100", "COLORTERM=", false, false, false},
    };
    struct seat s;

    for (size_t i = 0; i < COUNT(cases); i++) {
        seat_open(&s, 80, 24);
        s.env[0] = cases[i].term;
        seat_env(&s, cases[i].env);
        seat_run(&s, SEAT_HELLO);
        seat_sees(&s, "COMPLETED");
        bool rgb = emulator_saw(s.emulator, "38;2;") || emulator_saw(s.emulator, "38:2:");
        bool of_256 = emulator_saw(s.emulator, "38;5;") || emulator_saw(s.emulator, "38:5:");
        bool some = rgb || of_256 || has_colour(s.emulator);
        if (rgb != cases[i].of_rgb || of_256 != cases[i].of_256 || some != cases[i].some)
            printf("    %s %s: %d %d %d\n", cases[i].term, cases[i].env, some, of_256, rgb);
        CU_ASSERT_EQUAL(rgb, cases[i].of_rgb);
        CU_ASSERT_EQUAL(of_256, cases[i].of_256);
        CU_ASSERT_EQUAL(some, cases[i].some);
        seat_close_whole(&s, seat_quits(&s));
    }
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Of the process, its threads and nothing else, in milliseconds. */
static int64_t cpu_ms(pid_t pid)
{
    clockid_t clock;
    struct timespec used = {0};

    CU_ASSERT_EQUAL(clock_getcpuclockid(pid, &clock), 0);
    CU_ASSERT_EQUAL(clock_gettime(clock, &used), 0);
    return used.tv_sec * 1000LL + used.tv_nsec / 1000000;
}

static void u16(void)
{
    struct seat s;

    seat_open(&s, 100, 30);
    seat_run(&s, SEAT_STREAM);
    seat_sees(&s, "token token token");
    emulator_forget(s.emulator);
    int64_t wall = now_ms(), cpu = cpu_ms(s.program.pid);
    CU_ASSERT_FALSE(program_ends(&s.program, 3000000));
    size_t frames = emulator_times(s.emulator, "\x1b[?2026h");
    wall = now_ms() - wall;
    cpu = cpu_ms(s.program.pid) - cpu;
    bool calm = suite_is_watched() || cpu * 100 <= 15 * wall; /* a sanitizer's work is not ours */
    if (!calm)
        printf("    %lld ms of CPU in %lld ms\n", (long long)cpu, (long long)wall);
    CU_ASSERT_TRUE(frames > 0 && (int64_t)frames * 1000 <= 60 * wall + 2000);
    CU_ASSERT_TRUE(calm);
    seat_type(&s, "q");
    seat_sees(&s, "Quit?");
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    seat_close(&s);
}

const struct suite suite_faults_screen = {
    .name = "faults_screen",
    .tests =
        (const struct test[]){
            {"U08 texts of any script stay within their panel", u08},
            {"U10 a paste is a text, however large, hostile or endless", u10_paste},
            {"U10 nothing pasted or typed ahead approves", u10_approval},
            {"reports and broken sequences press no key", u11_sequences},
            {"U12 a locale without UTF-8 gets ASCII alone", u12},
            {"U13 a crash leaves the terminal as it was", u13_signals},
            {"U13 without memory it ends and leaves the terminal as it was", u13_memory},
            {"U13 after a kill -9 the next start cleans up and shows the run", u13_killed},
            {"U14 a tool cannot write to the terminal", u14},
            {"U15 colours are those that the terminal has, or none", u15},
            {"U16 a thousand changes a second are sixty frames", u16},
            {NULL, NULL},
        },
};
