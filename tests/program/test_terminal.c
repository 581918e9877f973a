/* SPDX-License-Identifier: MIT */
/*
 * The built program on a real terminal: started, typed at, resized, suspended, cut off, killed, and
 * its screen read through a terminal emulator. A home of its own, the simulator for a model.
 */
#include "tests/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/support/emulator.h"
#include "tests/support/program.h"
#include "tests/support/scratch.h"

#define WORDS 12

/* An answer that streams for some seconds. */
#define SLOW "replies:\n  - text: \"word \"\n    repeat: 120\ndefaults: {latency: 50ms, rate: 80}\n"

struct seat {
    char *home;
    struct emulator *screen;
    pid_t pid; /* 0 = ended */
    char *env[8];
};

static void seat_open(struct seat *seat, int w, int h)
{
    static const char *const names[] = {"state", "config", "run", "ws"};

    memset(seat, 0, sizeof *seat);
    seat->home = scratch_new();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        scratch_folder(seat->home, names[i]);
    CU_ASSERT_EQUAL(chmod(scratch_path(seat->home, "run"), 0700), 0);
    seat->env[0] = mem_printf("HOME=%s", seat->home);
    seat->env[1] = mem_printf("XDG_STATE_HOME=%s/state", seat->home);
    seat->env[2] = mem_printf("XDG_CONFIG_HOME=%s/config", seat->home);
    seat->env[3] = mem_printf("XDG_RUNTIME_DIR=%s/run", seat->home);
    seat->env[4] = mem_text("TERM=xterm-256color");
    seat->env[5] = mem_text("LC_ALL=C.UTF-8");
    seat->env[6] = mem_text("PATH=/usr/bin:/bin");
    seat->screen = emulator_new(w, h);
}

/* rerail console ARGS… in the workspace; ends with NULL. */
static void seat_start(struct seat *seat, ...)
{
    char *argv[WORDS] = {(char *)(uintptr_t)program_path()};
    char *workspace = mem_text(scratch_path(seat->home, "ws"));
    size_t count = 1;
    va_list ap;

    va_start(ap, seat);
    while (count < WORDS - 3 && (argv[count] = va_arg(ap, char *)))
        count++;
    va_end(ap);
    argv[count++] = (char *)(uintptr_t) "--workspace";
    argv[count++] = workspace;
    argv[count] = NULL;
    seat->pid = emulator_start(seat->screen, argv, seat->env);
    free(workspace);
}

static void seat_type(struct seat *seat, const char *keys)
{
    emulator_send(seat->screen, keys, strlen(keys));
}

static bool seat_wait(struct seat *seat, const char *text)
{
    bool found = emulator_wait(seat->screen, text);

    if (!found)
        printf("    \"%s\" is not on\n%s", text, emulator_text(seat->screen));
    return found;
}

/* Its exit code, or minus the signal that ended it, within so many seconds; else it is killed. */
static int seat_end(struct seat *seat, int seconds, struct rusage *usage)
{
    int status = 0, pidfd = (int)syscall(SYS_pidfd_open, seat->pid, 0);
    struct pollfd fd = {pidfd, POLLIN, 0};

    CU_ASSERT_FATAL(pidfd >= 0);
    int ready = poll(&fd, 1, seconds * 1000);
    CU_ASSERT_EQUAL(ready, 1);
    if (ready != 1)
        (void)kill(seat->pid, SIGKILL);
    CU_ASSERT_EQUAL(wait4(seat->pid, &status, 0, usage), seat->pid);
    close(pidfd);
    seat->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void seat_close(struct seat *seat)
{
    if (seat->pid) {
        (void)kill(seat->pid, SIGKILL);
        (void)waitpid(seat->pid, NULL, 0);
    }
    emulator_free(seat->screen);
    for (size_t i = 0; i < sizeof seat->env / sizeof *seat->env; i++)
        free(seat->env[i]);
    scratch_free(seat->home);
}

static char *scenario(struct seat *seat, const char *yaml)
{
    scratch_write(seat->home, "scenario.yaml", yaml);
    return mem_text(scratch_path(seat->home, "scenario.yaml"));
}

/* --- tests ---------------------------------------------------------------------------------------
 */

static void a_task_is_run_and_left(void)
{
    struct seat seat;

    seat_open(&seat, 80, 24);
    seat_start(&seat, "console", "say hello to me", "--simulator", "hello", NULL);
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    CU_ASSERT(seat_wait(&seat, "Hello. You said: say hello to me"));
    CU_ASSERT(seat_wait(&seat, "not sandboxed"));
    seat_type(&seat, "5");
    CU_ASSERT(seat_wait(&seat, "Runs"));
    seat_type(&seat, "?");
    CU_ASSERT(seat_wait(&seat, "Help"));
    seat_type(&seat, "q");
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    seat_close(&seat);
}

static void a_run_is_started_and_steered_by_keys(void)
{
    struct seat seat;
    char *file;

    seat_open(&seat, 100, 30);
    file = scenario(&seat, SLOW);
    seat_start(&seat, "console", "--simulator", file, NULL);
    CU_ASSERT(seat_wait(&seat, "No runs yet"));
    seat_type(&seat, "o");
    CU_ASSERT(seat_wait(&seat, "New run"));
    seat_type(&seat, "count words\r");
    CU_ASSERT(seat_wait(&seat, "answering"));
    seat_type(&seat, ":pause_now\r");
    CU_ASSERT(seat_wait(&seat, "PAUSED"));
    emulator_resize(seat.screen, 120, 40);
    CU_ASSERT(seat_wait(&seat, "5 Runs"));
    seat_type(&seat, "X");
    CU_ASSERT(seat_wait(&seat, "End the run?"));
    seat_type(&seat, "\r");
    CU_ASSERT(seat_wait(&seat, "CANCELLED"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    free(file);
    seat_close(&seat);
}

static void a_killed_console_goes_on_where_it_was(void)
{
    struct seat seat;
    char *file;

    seat_open(&seat, 100, 30);
    file = scenario(&seat, SLOW);
    seat_start(&seat, "console", "count words", "--simulator", file, NULL);
    CU_ASSERT(seat_wait(&seat, "answering"));
    CU_ASSERT_EQUAL(kill(seat.pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), -SIGKILL);
    emulator_free(seat.screen);
    seat.screen = emulator_new(100, 30);
    seat_start(&seat, "console", NULL);
    CU_ASSERT(seat_wait(&seat, "answering"));
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    free(file);
    seat_close(&seat);
}

static void U02_a_storm_of_resizes_while_an_answer_streams(void)
{
    struct seat seat;
    char *file;
    unsigned dice = 7;

    seat_open(&seat, 100, 30);
    file = scenario(&seat, SLOW);
    seat_start(&seat, "console", "count words", "--simulator", file, NULL);
    CU_ASSERT(seat_wait(&seat, "answering"));
    for (int i = 0; i < 2000; i++) {
        dice = dice * 1103515245u + 12345u;
        emulator_resize(seat.screen, 1 + (int)(dice >> 8) % 160, 1 + (int)(dice >> 20) % 50);
    }
    emulator_resize(seat.screen, 80, 24);
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    CU_ASSERT(seat_wait(&seat, "1 Timeline"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    free(file);
    seat_close(&seat);
}

static void U05_a_closed_terminal_ends_it_and_the_run_is_kept(void)
{
    struct seat seat;
    char *file;

    seat_open(&seat, 80, 24);
    file = scenario(&seat, SLOW);
    seat_start(&seat, "console", "count words", "--simulator", file, NULL);
    CU_ASSERT(seat_wait(&seat, "answering"));
    emulator_free(seat.screen);
    seat.screen = emulator_new(80, 24);
    CU_ASSERT_EQUAL(seat_end(&seat, 3, NULL), 128 + SIGHUP);
    seat_start(&seat, "console", NULL);
    CU_ASSERT(seat_wait(&seat, "count words"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    free(file);
    seat_close(&seat);
}

static void P02_SIGTERM_ends_it_in_time(void)
{
    struct seat seat;
    char *file;

    seat_open(&seat, 80, 24);
    file = scenario(&seat, SLOW);
    seat_start(&seat, "console", "count words", "--simulator", file, NULL);
    CU_ASSERT(seat_wait(&seat, "answering"));
    CU_ASSERT_EQUAL(kill(seat.pid, SIGTERM), 0);
    CU_ASSERT_EQUAL(seat_end(&seat, 3, NULL), 143);
    free(file);
    seat_close(&seat);
}

/* A shell with job control between: a process group that nobody watches cannot be stopped. */
static void U06_it_stops_and_comes_back_in_the_middle_of_a_stream(void)
{
    struct seat seat;
    char *file, *workspace, *program = mem_text(program_path());

    seat_open(&seat, 80, 24);
    workspace = mem_text(scratch_path(seat.home, "ws"));
    file = scenario(&seat, SLOW);
    char *argv[] = {(char *)(uintptr_t) "sh",
                    (char *)(uintptr_t) "-mc",
                    (char *)(uintptr_t) "\"$0\" \"$@\"; echo STOPPED; read x; fg; echo BACK",
                    program,
                    (char *)(uintptr_t) "console",
                    (char *)(uintptr_t) "count words",
                    (char *)(uintptr_t) "--simulator",
                    file,
                    (char *)(uintptr_t) "--workspace",
                    workspace,
                    NULL};
    seat.pid = emulator_start(seat.screen, argv, seat.env);
    CU_ASSERT(seat_wait(&seat, "answering"));
    seat_type(&seat, "\x1a");
    CU_ASSERT(seat_wait(&seat, "STOPPED"));
    seat_type(&seat, "\r");
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    seat_type(&seat, "q");
    CU_ASSERT(seat_wait(&seat, "BACK"));
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    free(program);
    free(workspace);
    free(file);
    seat_close(&seat);
}

static void U07_a_terminal_that_does_not_read_delays_nobody(void)
{
    struct seat seat;

    seat_open(&seat, 80, 24);
    seat_start(&seat, "console", "5000", "--simulator", "bench_stream", NULL);
    CU_ASSERT(seat_wait(&seat, "rerail"));
    emulator_hold(seat.screen, true);
    seat_type(&seat, "GGGGGGGGGG");
    emulator_hold(seat.screen, false);
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    seat_close(&seat);
}

static void U14_a_tool_cannot_write_to_the_terminal(void)
{
    struct seat seat;
    char *file;

    seat_open(&seat, 80, 24);
    file = scenario(&seat, "replies:\n"
                           "  - when: {turn: 0}\n"
                           "    calls: [{name: shell, arguments: {command: \"echo B''ROKEN"
                           " >/dev/tty; echo tried\"}}]\n"
                           "  - text: \"the end\"\n");
    seat_start(&seat, "console", "write to it", "--simulator", file, "--allow-unsandboxed", NULL);
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    CU_ASSERT(!emulator_saw(seat.screen, "BROKEN"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 0);
    free(file);
    seat_close(&seat);
}

static void U16_a_fast_source_is_drawn_at_sixty_frames_a_second_at_most(void)
{
    struct seat seat;
    struct rusage usage;
    char *file;
    double cpu;

    seat_open(&seat, 80, 24);
    file = scenario(&seat, "replies:\n  - text: \"a \"\n    repeat: 3000\n"
                           "defaults: {rate: 1000}\n");
    seat_start(&seat, "console", "count", "--simulator", file, NULL);
    CU_ASSERT(seat_wait(&seat, "COMPLETED"));
    seat_type(&seat, "q");
    CU_ASSERT_EQUAL(seat_end(&seat, 5, &usage), 0);
    cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
          (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    if (cpu > 1.5)
        printf("    %.2f s of CPU in 3 s of streaming\n", cpu);
    CU_ASSERT(suite_is_watched() || cpu < 1.5); /* the engine's share included */
    free(file);
    seat_close(&seat);
}

static void U03_without_a_screen_it_says_so(void)
{
    static const char *const terms[] = {"TERM=", "TERM=dumb", "TERM=no-such-terminal",
                                        "TERM=unknown"};

    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct seat seat;

        seat_open(&seat, 80, 24);
        free(seat.env[4]);
        seat.env[4] = mem_text(terms[i]);
        seat_start(&seat, "console", NULL);
        CU_ASSERT_EQUAL(seat_end(&seat, 5, NULL), 2);
        emulator_sync(seat.screen);
        CU_ASSERT_PTR_NOT_NULL(strstr(emulator_text(seat.screen), "rerail exec"));
        seat_close(&seat);
    }
}

const struct suite suite_terminal = {
    "terminal",
    (const struct test[]){
        {"a task is run and left", a_task_is_run_and_left},
        {"a run is started and steered by keys", a_run_is_started_and_steered_by_keys},
        {"a killed console goes on where it was", a_killed_console_goes_on_where_it_was},
        {"U02 a storm of resizes while an answer streams",
         U02_a_storm_of_resizes_while_an_answer_streams},
        {"U03 without a screen it says so", U03_without_a_screen_it_says_so},
        {"U05 a closed terminal ends it and the run is kept",
         U05_a_closed_terminal_ends_it_and_the_run_is_kept},
        {"P02 SIGTERM ends it in time", P02_SIGTERM_ends_it_in_time},
        {"U06 it stops and comes back in the middle of a stream",
         U06_it_stops_and_comes_back_in_the_middle_of_a_stream},
        {"U07 a terminal that does not read delays nobody",
         U07_a_terminal_that_does_not_read_delays_nobody},
        {"U14 a tool cannot write to the terminal", U14_a_tool_cannot_write_to_the_terminal},
        {"U16 a fast source is drawn at sixty frames a second at most",
         U16_a_fast_source_is_drawn_at_sixty_frames_a_second_at_most},
        {NULL, NULL},
    },
};
