/* SPDX-License-Identifier: MIT */
#include "core/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/simulator.h"

#define PATIENCE_US (20 * (int64_t)US_PER_S)

/* ---- sim_run in a process of its own ---- */

struct process {
    pid_t pid;
    int input, output, errors; /* our ends */
};

/* Everything until the other side closes, or until the first line end. Yours. */
static char *read_text(int fd, bool line)
{
    struct buf text;
    char c;

    buf_init(&text, 1 << 16);
    while (read(fd, &c, 1) == 1 && (!line || c != '\n'))
        (void)buf_char(&text, c);
    return buf_take(&text);
}

static struct process start(const struct sim_options *options)
{
    int in[2], out[2], err[2];
    struct process process = {0};

    CU_ASSERT_FATAL(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
                    pipe2(err, O_CLOEXEC) == 0);
    process.pid = fork();
    if (process.pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(err[1], STDERR_FILENO);
        (void)close(in[1]); /* or its end would never come */
        _exit(sim_run(options));
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(err[1]);
    process.input = in[1];
    process.output = out[0];
    process.errors = err[0];
    return process;
}

/* Its exit code, or 128 and its signal; and all that it said on stderr, yours. */
static int finish(struct process *process, char **errors)
{
    int status = 0;

    *errors = read_text(process->errors, false);
    CU_ASSERT_EQUAL(waitpid(process->pid, &status, 0), process->pid);
    if (process->input >= 0)
        (void)close(process->input);
    (void)close(process->output);
    (void)close(process->errors);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void it_says_where_it_is_and_ends_with_its_stdin(void)
{
    struct process process = start(&(struct sim_options){.scenario = "hello"});
    char *line = read_text(process.output, true), *errors;

    CU_ASSERT(str_starts(line, "http://127.0.0.1:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "/v1 "));
    (void)close(process.input);
    process.input = -1;
    CU_ASSERT_EQUAL(finish(&process, &errors), 0);
    CU_ASSERT_STRING_EQUAL(errors, "");
    free(line);
    free(errors);
}

static void a_signal_ends_it_in_order(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct process process = start(&(struct sim_options){.scenario = "hello"});
        char *line = read_text(process.output, true), *errors;

        CU_ASSERT_EQUAL(kill(process.pid, signals[i]), 0);
        CU_ASSERT_EQUAL(finish(&process, &errors), 0);
        free(line);
        free(errors);
    }
}

static void what_cannot_start_says_why(void)
{
    struct process process = start(&(struct sim_options){.scenario = "helo"});
    char *line = read_text(process.output, true), *errors;

    CU_ASSERT_STRING_EQUAL(line, "");
    CU_ASSERT_EQUAL(finish(&process, &errors), 1);
    CU_ASSERT_STRING_EQUAL(errors, "rerail sim: no such scenario 'helo': did you mean 'hello'?\n");
    free(line);
    free(errors);
}

/* Asks the process behind "URL TOKEN" for something; returns the HTTP status. */
static int ask(const char *line, const char *user)
{
    const char *port = strrchr(line, ':') + 1, *token = strchr(line, ' ') + 1;
    char *body =
        mem_printf("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", user);
    char *text = mem_printf("POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer %s\r\n"
                            "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                            token, strlen(body), body);
    int fd = simulator_connect((uint16_t)strtoul(port, NULL, 10));

    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    char *got = read_text(fd, false);
    int status = strlen(got) > 9 ? (int)strtol(got + 9, NULL, 10) : 0;
    (void)close(fd);
    free(got);
    free(text);
    free(body);
    return status;
}

static void check_mode_fails_when_something_differed(void)
{
    static const char yaml[] = "replies: [{when: {user: hi}, text: a, expect: [{that: {turn: 1}}]},"
                               " {when: {user: ho}, text: b}]";
    static const struct {
        const char *user;
        bool check;
        int status, code;
        const char *says;
    } cases[] = {
        {"ho", true, 200, 0, "1 requests, 0 expectations checked, 0 differed, 0 requests that"},
        {"ho", false, 200, 0, ""},
        {"hi", true, 200, 1, "request 1: s.yaml:1: turn: 0, expected 1\n"},
        {"hi", false, 200, 0, "1 requests, 1 expectations checked, 1 differed, 0 requests that"},
        {"hu", true, 400, 1, "no reply of scenario s fits this request"},
    };
    char *dir = scratch_new();

    scratch_write(dir, "s.yaml", yaml);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct process process = start(&(struct sim_options){
            .scenario = scratch_path(dir, "s.yaml"), .check = cases[i].check});
        char *line = read_text(process.output, true), *errors;

        CU_ASSERT_EQUAL(ask(line, cases[i].user), cases[i].status);
        (void)close(process.input);
        process.input = -1;
        CU_ASSERT_EQUAL(finish(&process, &errors), cases[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(errors, cases[i].says));
        CU_ASSERT(*cases[i].says || !*errors);
        CU_ASSERT_PTR_NULL(strstr(errors, strchr(line, ' ') + 1));
        free(line);
        free(errors);
    }
    scratch_free(dir);
}

static void it_ends_after_as_many_requests_as_it_may_answer(void)
{
    struct process process = start(&(struct sim_options){.scenario = "hello", .requests = 2});
    char *line = read_text(process.output, true), *errors;

    CU_ASSERT_EQUAL(ask(line, "a"), 200);
    CU_ASSERT_EQUAL(ask(line, "b"), 200);
    CU_ASSERT_EQUAL(finish(&process, &errors), 0);
    free(line);
    free(errors);
}

/* ---- sim_child, with programs that play the simulator's part ---- */

static struct sim_child *child_of(const char *dir, const char *script)
{
    struct sim_child *child = NULL;
    struct err err = {0};
    char *text = mem_printf("#!/bin/sh\n%s\n", script);

    scratch_write(dir, "program", text);
    CU_ASSERT_EQUAL(chmod(scratch_path(dir, "program"), 0700), 0);
    const struct sim_child_options options = {
        .program = scratch_path(dir, "program"), .scenario = "any", .stderr_fd = -1};
    CU_ASSERT_EQUAL_FATAL(sim_child_start(&child, &options, &err), 0);
    free(text);
    return child;
}

static void a_child_is_ready_when_it_has_said_its_line(void)
{
    char *dir = scratch_new();
    struct sim_child *child =
        child_of(dir, "printf 'http://127.0.0.1:'; echo \"7/v1 $1-$2-$#\"; cat; exit 5");

    CU_ASSERT_EQUAL(sim_child_await(child, PATIENCE_US, NULL), 0);
    CU_ASSERT_EQUAL(sim_child_fd(child), -1);
    CU_ASSERT_EQUAL(sim_child_ready(child, NULL), 1);
    CU_ASSERT_STRING_EQUAL(sim_child_url(child), "http://127.0.0.1:7/v1");
    CU_ASSERT_STRING_EQUAL(sim_child_token(child), "sim-any-2");
    CU_ASSERT_EQUAL(sim_child_stop(child), 5);
    scratch_free(dir);
}

static void a_child_that_is_no_simulator_is_an_error(void)
{
    static const struct {
        const char *script;
        int code;
        const char *says;
        int exit;
    } cases[] = {
        {"exit 3", E_CLOSED, "the simulator ended before it was ready", 3},
        {"printf http://127.0.0.1:7/v1; exit 0", E_CLOSED,
         "the simulator ended before it was ready", 0},
        {"echo hello world; cat", E_PROTOCOL, "the simulator did not say where it is", 0},
        {"echo http://127.0.0.1:7/v1; cat", E_PROTOCOL, "the simulator did not say where it is", 0},
        {"kill -SEGV $$", E_CLOSED, "the simulator ended before it was ready", 128 + SIGSEGV},
        {"head -c 1000 /dev/zero | tr '\\0' x; cat", E_CLOSED,
         "the simulator ended before it was ready", 0},
    };
    char *dir = scratch_new();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_child *child = child_of(dir, cases[i].script);
        struct err err = {0};

        CU_ASSERT_EQUAL(sim_child_await(child, PATIENCE_US, &err), cases[i].code);
        CU_ASSERT_STRING_EQUAL(err.msg, cases[i].says);
        CU_ASSERT_PTR_NULL(sim_child_url(child));
        CU_ASSERT_EQUAL(sim_child_stop(child), cases[i].exit);
    }
    scratch_free(dir);
}

static void a_child_that_does_not_go_is_killed(void)
{
    char *dir = scratch_new();
    struct sim_child *child = child_of(dir, "echo http://127.0.0.1:7/v1 t; exec sleep 1000");

    CU_ASSERT_EQUAL(sim_child_await(child, PATIENCE_US, NULL), 0);
    pid_t pid = sim_child_pid(child);
    CU_ASSERT_EQUAL(sim_child_stop(child), 128 + SIGKILL);
    CU_ASSERT(kill(pid, 0) < 0 && errno == ESRCH);
    scratch_free(dir);
}

static void a_program_that_is_not_there_is_named(void)
{
    struct sim_child *child = NULL;
    struct err err = {0};
    const struct sim_child_options options = {.program = "/nowhere/rerail", .scenario = "x"};

    CU_ASSERT_EQUAL(sim_child_start(&child, &options, &err), E_NOTFOUND);
    CU_ASSERT_PTR_NULL(child);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "/nowhere/rerail"));
    CU_ASSERT_EQUAL(sim_child_stop(NULL), 0);
}

static const struct test tests[] = {
    {"it says where it is, and ends with its stdin", it_says_where_it_is_and_ends_with_its_stdin},
    {"a signal ends it in order", a_signal_ends_it_in_order},
    {"what cannot start says why", what_cannot_start_says_why},
    {"check mode fails when something differed", check_mode_fails_when_something_differed},
    {"it ends after as many requests as it may answer",
     it_ends_after_as_many_requests_as_it_may_answer},
    {"a child is ready when it has said its line", a_child_is_ready_when_it_has_said_its_line},
    {"a child that is no simulator is an error", a_child_that_is_no_simulator_is_an_error},
    {"a child that does not go is killed", a_child_that_does_not_go_is_killed},
    {"a program that is not there is named", a_program_that_is_not_there_is_named},
    {NULL, NULL},
};

const struct suite suite_sim = {"sim", tests};
