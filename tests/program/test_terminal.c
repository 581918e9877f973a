/* SPDX-License-Identifier: MIT */
/* A day at the console: tasks run, steered, killed and gone on with, from an operator's seat. */
#include <signal.h>
#include <string.h>

#include "tests/suite.h"
#include "tests/support/seat.h"

/* An answer that streams for some seconds. */
#define SLOW "replies:\n  - text: \"word \"\n    repeat: 120\ndefaults: {latency: 50ms, rate: 80}\n"

static const char *const alone[] = {"console", NULL};

static void a_task_is_run_and_left(void)
{
    static const char *const argv[] = {"console", "say hello to me", "--simulator", "hello", NULL};
    struct seat s;

    seat_open(&s, 80, 24);
    seat_start(&s, argv);
    seat_sees(&s, "COMPLETED");
    seat_sees(&s, "Hello. You said: say hello to me");
    seat_sees(&s, "not sandboxed");
    seat_type(&s, "5");
    seat_sees(&s, "Runs");
    seat_type(&s, "?");
    seat_sees(&s, "Help");
    seat_type(&s, "q"); /* closes it */
    CU_ASSERT_TRUE(emulator_wait_gone(s.emulator, "Help"));
    seat_close_whole(&s, seat_quits(&s));
}

static void a_run_is_started_and_steered_by_keys(void)
{
    static const char *const argv[] = {"console", "--simulator", "../scenario.yaml", NULL};
    struct seat s;

    seat_open(&s, 100, 30);
    program_write(&s.program, "scenario.yaml", SLOW);
    seat_start(&s, argv);
    seat_sees(&s, "No runs yet");
    seat_type(&s, "o");
    seat_sees(&s, "New run");
    seat_type(&s, "count words\r");
    seat_sees(&s, "answering");
    seat_type(&s, ":pause_now\r");
    seat_sees(&s, "PAUSED");
    emulator_resize(s.emulator, 120, 40);
    seat_sees(&s, "5 Runs");
    seat_type(&s, "X");
    seat_sees(&s, "End the run?");
    seat_type(&s, "\r");
    seat_sees(&s, "CANCELLED");
    seat_close_whole(&s, seat_quits(&s));
}

/* Starts again on a new terminal, where it was. */
static void start_again(struct seat *s)
{
    if (s->emulator)
        emulator_free(s->emulator);
    s->emulator = emulator_new(100, 30);
    seat_start(s, alone);
}

static void a_killed_console_goes_on_where_it_was(void)
{
    struct seat s;

    seat_open(&s, 100, 30);
    seat_run(&s, SLOW);
    seat_sees(&s, "answering");
    CU_ASSERT_EQUAL(kill(s.program.pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(program_wait(&s.program), -SIGKILL);
    start_again(&s);
    seat_sees(&s, "answering");
    seat_sees(&s, "COMPLETED");
    seat_close_whole(&s, seat_quits(&s));
}

static void U05_a_run_whose_terminal_closed_is_on_the_list(void)
{
    struct seat s;

    seat_open(&s, 100, 30);
    seat_run(&s, SLOW);
    seat_sees(&s, "answering");
    emulator_free(s.emulator);
    s.emulator = NULL;
    CU_ASSERT_EQUAL(seat_ends(&s), 128 + SIGHUP);
    start_again(&s);
    seat_sees(&s, "do it");
    seat_sees(&s, "PAUSED");
    seat_close_whole(&s, seat_quits(&s));
}

const struct suite suite_terminal = {
    "terminal",
    (const struct test[]){
        {"a task is run and left", a_task_is_run_and_left},
        {"a run is started and steered by keys", a_run_is_started_and_steered_by_keys},
        {"a killed console goes on where it was", a_killed_console_goes_on_where_it_was},
        {"U05 a run whose terminal closed is on the list",
         U05_a_run_whose_terminal_closed_is_on_the_list},
        {NULL, NULL},
    },
};
