/* SPDX-License-Identifier: MIT */
#include "tests/support/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "tests/suite.h"

#define ENDS_US 5000000 /* twice and more what is promised, on a machine at work */
#define LOOKS   200
#define LOOK_US 50000

static int terminal; /* the program's side; `before` has no other way to know it */

static void sit_down(void)
{
    if (login_tty(terminal) < 0)
        _exit(126);
}

void seat_open(struct seat *seat, int w, int h)
{
    *seat = (struct seat){.emulator = emulator_new(w, h), .env = {"TERM=xterm-256color"}};
    program_open(&seat->program);
    seat->program.before = sit_down;
    seat->program.env = seat->env;
}

void seat_close(struct seat *seat)
{
    if (seat->emulator)
        emulator_free(seat->emulator);
    program_close(&seat->program);
}

void seat_env(struct seat *seat, const char *env)
{
    size_t count = 0;

    while (seat->env[count])
        count++;
    CU_ASSERT_TRUE_FATAL(count + 1 < sizeof seat->env / sizeof *seat->env);
    seat->env[count] = env;
}

void seat_start(struct seat *seat, const char *const *argv)
{
    terminal = emulator_fd(seat->emulator);
    seat->program.env = seat->env;
    program_start(&seat->program, argv);
}

void seat_run(struct seat *seat, const char *scenario)
{
    static const char *const argv[] = {"console", "--simulator",         "../scenario.yaml",
                                       "do it",   "--allow-unsandboxed", NULL};

    program_write(&seat->program, "scenario.yaml", scenario);
    seat_start(seat, argv);
}

void seat_type(struct seat *seat, const char *keys)
{
    emulator_send(seat->emulator, keys, strlen(keys));
}

void seat_sees(struct seat *seat, const char *text)
{
    bool there = emulator_wait(seat->emulator, text);

    if (!there)
        printf("    not on the screen: %s\n%s\n", text, emulator_text(seat->emulator));
    CU_ASSERT_TRUE_FATAL(there);
}

void seat_leaves(struct seat *seat, const char *text)
{
    seat_type(seat, "\x1b");
    CU_ASSERT_TRUE_FATAL(emulator_wait_gone(seat->emulator, text));
}

void seat_paints(struct seat *seat)
{
    CU_ASSERT_TRUE_FATAL(emulator_wait_bytes(seat->emulator, "\x1b[?2026l"));
}

void seat_records(struct seat *seat, const char *text)
{
    bool there = false;

    for (int i = 0; !there && i < LOOKS; i++) {
        char *feed = program_feed(&seat->program);

        there = strstr(feed, text) != NULL;
        if (!there && (program_ends(&seat->program, LOOK_US) || i + 1 == LOOKS)) {
            printf("    not on record: %s\n%s\n", text, feed);
            i = LOOKS;
        }
        free(feed);
    }
    CU_ASSERT_TRUE_FATAL(there);
}

static void check_terminal(struct seat *seat)
{
    static const int modes[] = {1000, 1002, 1004, 1006, 1049, 2004, 2026};
    struct termios now;

    /* what was typed behind its end may have been a Ctrl-S */
    CU_ASSERT_EQUAL(tcflow(emulator_fd(seat->emulator), TCOON), 0);
    CU_ASSERT_EQUAL(tcflush(emulator_fd(seat->emulator), TCIFLUSH), 0);
    emulator_sync(seat->emulator);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (emulator_mode(seat->emulator, modes[i]))
            printf("    mode %d is still on\n", modes[i]);
        CU_ASSERT_FALSE(emulator_mode(seat->emulator, modes[i]));
    }
    CU_ASSERT_EQUAL(tcgetattr(emulator_fd(seat->emulator), &now), 0);
    CU_ASSERT_EQUAL(now.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
    CU_ASSERT_TRUE(now.c_oflag & OPOST);
}

int seat_ends(struct seat *seat)
{
    bool ended = program_ends(&seat->program, ENDS_US);

    if (!ended && seat->emulator)
        printf("    it goes on:\n%s\n", emulator_text(seat->emulator));
    CU_ASSERT_TRUE(ended);
    int code = program_wait(&seat->program);
    if (seat->emulator && code != -9)
        check_terminal(seat);
    return code;
}

int seat_quits(struct seat *seat)
{
    seat_type(seat, "q");
    return seat_ends(seat);
}

void seat_open_finished(struct seat *seat)
{
    seat_open(seat, 80, 24);
    seat_run(seat, SEAT_HELLO);
    seat_sees(seat, "COMPLETED");
}

void seat_close_whole(struct seat *seat, int code)
{
    CU_ASSERT_EQUAL(code, 0);
    program_judge(&seat->program, code);
    seat_close(seat);
}
