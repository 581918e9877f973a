/* SPDX-License-Identifier: MIT */
/*
 * A console that leaves its terminal, or whose terminal leaves it; and one that looks at a run of
 * another process. What is at work waits for a file, so nothing depends on a time.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/seat.h"

#define WAITS SEAT_TOOL("\"while [ ! -e ../go ]; do sleep 0.05; done; echo went\"")

/* A shell with job control, which has the terminal back when the console lets go of it. */
static const char *const shell[] = {
    "bash", "-c", "set -m; \"$@\"; echo at the shell; read -r word; echo $word", "bash", NULL};

static void start_waiting(struct seat *s)
{
    seat_open(s, 100, 30);
    seat_env(s, "RERAIL_UI_ON_HANGUP=detach");
}

static bool has(struct seat *s, const char *text)
{
    char *feed = program_feed(&s->program);
    bool there = strstr(feed, text) != NULL;

    free(feed);
    return there;
}

static void Z_gives_the_terminal_back_and_the_run_goes_on(void)
{
    struct seat s;

    start_waiting(&s);
    s.program.wrapper = shell;
    seat_run(&s, WAITS);
    seat_records(&s, "\"tool_start\"");
    seat_type(&s, "Z");
    seat_sees(&s, "Detach?");
    seat_type(&s, "\r");
    seat_sees(&s, "rerail attach");
    seat_sees(&s, "at the shell");
    CU_ASSERT_FALSE(emulator_mode(s.emulator, 1049));
    CU_ASSERT_FALSE(emulator_mode(s.emulator, 2004));
    CU_ASSERT_FALSE(has(&s, "\"to\":\"completed\""));
    program_write(&s.program, "go", "");
    seat_records(&s, "\"to\":\"completed\"");
    seat_type(&s, "back\n"); /* the terminal is the shell's */
    seat_sees(&s, "back");
    CU_ASSERT_EQUAL(seat_ends(&s), 0); /* and nothing is left behind */
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
}

static void without_a_shell_Z_says_so_and_stays(void)
{
    struct seat s;

    start_waiting(&s);
    seat_run(&s, WAITS);
    seat_records(&s, "\"tool_start\"");
    seat_type(&s, "Z");
    seat_sees(&s, "Detach?");
    seat_type(&s, "\r");
    seat_sees(&s, "there is no shell here");
    program_write(&s.program, "go", "");
    seat_sees(&s, "COMPLETED");
    seat_type(&s, "Z");
    seat_sees(&s, "no run is at work");
    seat_close_whole(&s, seat_quits(&s));
}

static void by_setting_a_hang_up_leaves_the_run_going(void)
{
    struct seat s;

    start_waiting(&s);
    seat_run(&s, WAITS);
    seat_records(&s, "\"tool_start\"");
    emulator_free(s.emulator);
    s.emulator = NULL;
    CU_ASSERT_FALSE(program_ends(&s.program, 300000));
    program_write(&s.program, "go", "");
    CU_ASSERT_EQUAL(seat_ends(&s), 0);
    CU_ASSERT_TRUE(has(&s, "\"to\":\"completed\""));
    seat_close_whole(&s, 0);
}

static void what_rests_does_not_outlive_a_hang_up(void)
{
    struct seat s;

    start_waiting(&s);
    seat_run(&s, SEAT_HELLO);
    seat_sees(&s, "COMPLETED");
    emulator_free(s.emulator);
    s.emulator = NULL;
    seat_close_whole(&s, seat_ends(&s));
}

static void an_attached_console_sees_its_owner_die_and_takes_over(void)
{
    static const char *const attach[] = {"attach", "last", NULL};
    struct program owner;
    struct seat s;
    static const char *const exec[] = {"exec",  "--simulator",         "../scenario.yaml",
                                       "do it", "--allow-unsandboxed", NULL};

    start_waiting(&s);
    program_write(&s.program, "scenario.yaml", WAITS);
    owner = s.program; /* another process of the same home */
    owner.before = NULL;
    program_start(&owner, exec);
    while (!has(&s, "\"tool_start\"") && !program_ends(&owner, 50000))
        ;
    seat_start(&s, attach);
    seat_sees(&s, "in process");
    CU_ASSERT_EQUAL(kill(owner.pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(owner.pid, NULL, 0), owner.pid);
    seat_sees(&s, "nobody runs it");
    program_write(&s.program, "go", "");
    seat_type(&s, "c");
    seat_sees(&s, "in doubt"); /* a once call was at work: nobody knows how it ended */
    seat_close_whole(&s, seat_quits(&s));
}

const struct suite suite_detach = {
    .name = "detach",
    .tests =
        (const struct test[]){
            {"Z gives the terminal back and the run goes on",
             Z_gives_the_terminal_back_and_the_run_goes_on},
            {"without a shell Z says so and stays", without_a_shell_Z_says_so_and_stays},
            {"by setting, a hang-up leaves the run going",
             by_setting_a_hang_up_leaves_the_run_going},
            {"what rests does not outlive a hang-up", what_rests_does_not_outlive_a_hang_up},
            {"an attached console sees its owner die, and takes over",
             an_attached_console_sees_its_owner_die_and_takes_over},
            {NULL, NULL},
        },
};
