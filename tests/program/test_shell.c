/* SPDX-License-Identifier: MIT */
/*
 * The shell face from outside: exit codes, what is said on a mistake, the events of `exec --json`
 * against their table, and verbs that a second process sends to a run while the first is at work.
 */
#include "tests/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/event.h"
#include "tests/support/mishap.h"
#include "tests/support/scratch.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Sixty turns, a tenth of a second each: long enough to be spoken to. */
#define SLOW                                                                                       \
    "defaults: {latency: 100ms}\nreplies:\n"                                                       \
    "  - when: {any: [{tool_choice: none}, {tool_results: {min: 60}}]}\n    text: enough\n"        \
    "  - calls: [{name: shell, arguments: {command: \"echo {{tool_results}}\"}}]\n"
#define ONE_TOOL(command)                                                                          \
    "replies:\n  - when: {turn: 0}\n    calls: [{name: shell, arguments: {command: " command       \
    "}}]\n  - text: \"the end: {{result}}\"\n"

/* ---- Running ------------------------------------------------------------------------------- */

static void expect(struct program *program, int code, const char *const *argv)
{
    int got = program_run(program, argv);

    if (got != code)
        printf("    %s: %d, not %d\n%s%s", argv[0], got, code, program->out, program->err);
    CU_ASSERT_EQUAL(got, code);
    program_judge(program, got);
}

static void says(const char *text, const char *words)
{
    if (!text || !strstr(text, words))
        printf("    not in it: %s\n    %s\n", words, text ? text : "(nothing)");
    CU_ASSERT_TRUE(text && strstr(text, words));
}

static void aside_child(const struct program *program, const char *const *argv)
{
    const char *words[16] = {program_path()};
    int out = open(scratch_path(program->home, "aside"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    for (size_t i = 0; argv[i] && i < 14; i++)
        words[i + 1] = argv[i];
    (void)setenv("XDG_STATE_HOME", scratch_path(program->home, "state"), 1);
    (void)setenv("XDG_CONFIG_HOME", scratch_path(program->home, "config"), 1);
    (void)setenv("XDG_RUNTIME_DIR", scratch_path(program->home, "run"), 1);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    (void)execv(words[0], (char *const *)(uintptr_t)words); /* returns only when it failed */
    _exit(127);
}

/* A second process in the home where the first is at work. */
static pid_t begin_aside(const struct program *program, const char *const *argv)
{
    pid_t pid;

    (void)program_path(); /* while this is still the folder it is relative to */
    (void)fflush(stdout); /* else the child may print it again */
    pid = fork();
    CU_ASSERT_TRUE_FATAL(pid >= 0);
    if (pid == 0)
        aside_child(program, argv);
    return pid;
}

/* Its exit code, and what it said. */
static int end_aside(const struct program *program, pid_t pid, char **said)
{
    int status = 0;

    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    *said = scratch_read(program->home, "aside");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Waits until it has said this; the first must be at work all the while. */
static void await_aside(struct program *program, const char *text)
{
    bool found = false;

    for (int tries = 0; !found && tries < 2000 && !program_ends(program, 5000); tries++) {
        char *said = scratch_read(program->home, "aside");

        found = said && strstr(said, text);
        free(said);
    }
    CU_ASSERT_TRUE(found);
}

static int aside(const struct program *program, char **said, const char *const *argv)
{
    return end_aside(program, begin_aside(program, argv), said);
}

static void tell(const struct program *program, int code, const char *answer,
                 const char *const *argv)
{
    char *said = NULL;
    int got = aside(program, &said, argv);

    if (got != code)
        printf("    %s: %d, not %d\n", argv[0], got, code);
    CU_ASSERT_EQUAL(got, code);
    says(said, answer);
    free(said);
}

/* An exec of SLOW that has made its first tool call. */
static void begin_slow(struct mishap *m)
{
    mishap_open(m);
    mishap_begin(m, SLOW, ARGV("--max-iterations", "100"));
    mishap_await(m, "\"event_type\":\"tool_call\"");
}

static void end(struct mishap *m, int code)
{
    mishap_end(m);
    if (m->code != code)
        printf("    it ended with %d, not %d\n%s", m->code, code, m->program.err);
    CU_ASSERT_EQUAL(m->code, code);
}

/* ---- The words of the feed ------------------------------------------------------------------- */

static bool is_kind(const cJSON *value, enum field_kind kind)
{
    switch (kind) {
    case FIELD_TEXT: return cJSON_IsString(value);
    case FIELD_INT:
    case FIELD_NUMBER: return cJSON_IsNumber(value);
    case FIELD_BOOL: return cJSON_IsBool(value);
    case FIELD_OBJECT: return cJSON_IsObject(value);
    case FIELD_LIST: return cJSON_IsArray(value);
    }
    return false;
}

static const struct event_field *field_named(const struct event_field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static bool is_of_the_table(const cJSON *line)
{
    int type = event_type_find(json_text(line, "event_type"));
    const cJSON *member;

    if (type < 0)
        return false;
    cJSON_ArrayForEach(member, line)
    {
        const struct event_field *field = field_named(event_common_fields(), member->string);

        if (!field)
            field = field_named(event_info((enum event_type)type)->fields, member->string);
        if (!field || !is_kind(member, field->kind))
            return false;
    }
    return json_text(line, "timestamp") && json_text(line, "session_id");
}

/* Every line is one JSON object of the table; returns how many there are. */
static size_t check_lines(char *text)
{
    int64_t seq = 0;
    size_t count = 0;

    for (char *at = text, *next; *at; at = next, count++) {
        cJSON *line = NULL;
        size_t len = strcspn(at, "\n");

        next = at + len + (at[len] == '\n');
        CU_ASSERT_EQUAL_FATAL(json_parse(&line, at, len, NULL, NULL), 0);
        if (!is_of_the_table(line))
            printf("    not of the table: %.*s\n", (int)len, at);
        CU_ASSERT_TRUE(is_of_the_table(line));
        CU_ASSERT_TRUE(json_int(line, "seq", 0) > seq);
        seq = json_int(line, "seq", 0);
        cJSON_Delete(line);
    }
    return count;
}

static void every_line_is_of_the_table(void)
{
    static const char *const scenarios[] = {"hello", "tools", "retry", "loop", "parallel"};

    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct program program;

        program_open(&program);
        (void)program_run(&program, ARGV("exec", "go", "--json", "--allow-unsandboxed",
                                         "--simulator", scenarios[i], "--set", "gate.pause=1ms"));
        CU_ASSERT_TRUE(check_lines(program.out) >= 8);
        says(program.out, "\"event_type\":\"session_start\"");
        says(program.out, "\"event_type\":\"llm_call\"");
        program_close(&program);
    }
}

static void the_log_says_what_exec_said(void)
{
    struct program program;
    char *before;

    program_open(&program);
    expect(&program, 0,
           ARGV("exec", "go", "--json", "--simulator", "tools", "--allow-unsandboxed"));
    before = strdup(program.out);
    expect(&program, 0, ARGV("log", "last", "--json"));
    CU_ASSERT_STRING_EQUAL(program.out, before);
    expect(&program, 0, ARGV("log", "last", "--json", "--follow", "--type", "tool_call"));
    CU_ASSERT_EQUAL(check_lines(program.out), 6);
    free(before);
    program_close(&program);
}

/* ---- Mistakes -------------------------------------------------------------------------------- */

static void mistakes_say_what_was_expected(void)
{
    static const struct {
        const char *config; /* config.yaml, NULL = none */
        const char *argv[6];
        const char *says;
        int code;
    } cases[] = {
        {NULL, {"lss"}, "did you mean ls?", 2},
        {NULL, {"shwo", "last"}, "did you mean show?", 2},
        {NULL, {"ls", "--jsn"}, "did you mean --json?", 2},
        {NULL, {"ls", "--limit"}, "--limit needs a value", 2},
        {NULL, {"ls", "-n"}, "-n needs a value", 2},
        {NULL, {"ls", "-xj"}, "there is no option -x", 2},
        {NULL, {"ls", "--json=1"}, "--json takes no value", 2},
        {NULL, {"ls", "--limit", "0"}, "--limit takes a number from 1", 2},
        {NULL, {"ls", "more"}, "usage: rerail ls", 2},
        {NULL, {"exec"}, "usage: rerail exec", 2},
        {NULL, {"exec", "x", "--from", "1"}, "--from goes with --resume", 2},
        {NULL, {"exec", "x", "--max-iterations", "none"}, "a whole number from 1", 2},
        {NULL, {"exec", "x", "--set", "nonsense"}, "--set takes NAME=VALUE", 2},
        {NULL, {"exec", "x", "--agent", "nobody"}, "nobody", 2},
        {NULL, {"exec", "x"}, "no model is named", 1},
        {NULL, {"completions", "tcsh"}, "bash, zsh and fish", 2},
        {NULL, {"log", "x", "--type", "nope"}, "there is no event nope", 2},
        {NULL, {"gc", "--older", "soon"}, "--older takes a duration", 2},
        {NULL, {"config", "limits.max_iteration"}, "did you mean limits.max_iterations?", 1},
        {NULL, {"show", "last"}, "there are no runs yet", 1},
        {NULL, {"pause", "last"}, "there are no runs yet", 1},
        {"limits:\n  max_iteration: 3\n", {"config"}, "config.yaml:2", 2},
        {"limits:\n  max_iteration: 3\n", {"config"}, "max_iterations", 2},
        {"limits:\n  max_iterations: many\n", {"config"}, "a whole number from 1", 2},
        {"ui: {theme: [dark]}\n", {"config"}, "config.yaml:1", 2},
        {"on_error: explode\n", {"exec", "x"}, "pause, recover, fail", 2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program program;

        program_open(&program);
        if (cases[i].config) {
            scratch_folder(program.home, "config/rerail");
            program_write(&program, "config/rerail/config.yaml", cases[i].config);
        }
        expect(&program, cases[i].code, cases[i].argv);
        says(program.err, cases[i].says);
        program_close(&program);
    }
}

/* One of the folder's own goes before a built-in one, and its mistakes are told. */
static void an_agent_file_says_its_line(void)
{
    struct program program;

    program_open(&program);
    scratch_folder(program.home, "config/rerail");
    scratch_folder(program.home, "config/rerail/agents");
    program_write(&program, "config/rerail/agents/default.md",
                  "---\nname: default\nlimits: {max_iteration: 3}\n---\nWork.\n");
    expect(&program, 2, ARGV("tools"));
    says(program.err, "default.md:3");
    says(program.err, "limits.max_iterations");
    program_write(&program, "config/rerail/agents/default.md",
                  "---\nname: default\ntools: [read_file]\n---\nWork.\n");
    expect(&program, 0, ARGV("tools"));
    says(program.out, "read_file");
    CU_ASSERT_PTR_NULL(strstr(program.out, "write_file"));
    expect(&program, 0, ARGV("tools", "--agent", "reviewer"));
    says(program.out, "search_files");
    CU_ASSERT_PTR_NULL(strstr(program.out, "shell"));
    program_close(&program);
}

/* ---- Exit codes ------------------------------------------------------------------------------ */

static void a_run_ends_as_its_code_says(void)
{
    static const struct {
        int code;
        const char *argv[9];
    } cases[] = {
        {0, {"exec", "go", "--simulator", "hello"}},
        {1,
         {"exec", "go", "--base-url", "http://127.0.0.1:1/v1", "--model", "m", "--on-error=fail",
          "--set=retry.attempts=1"}},
        {3,
         {"exec", "run 9 turns", "--simulator=bench_turns", "--max-iterations=2",
          "--allow-unsandboxed"}},
        {3, {"exec", "go", "--simulator=loop", "--max-iterations=20"}},
        {5, {"exec", "go", "--simulator", "approval"}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program program;

        program_open(&program);
        expect(&program, cases[i].code, cases[i].argv);
        program_close(&program);
    }
}

static void a_call_waits_for_its_person(void)
{
    static const struct {
        const char *argv[5];
        const char *answer, *end;
        bool made;
    } cases[] = {
        {{"approve", "last"}, "shell may run", "The folder is there.", true},
        {{"deny", "last", "not today"}, "denied", "not today", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program program;

        program_open(&program);
        expect(&program, 5, ARGV("exec", "go", "--simulator", "approval"));
        expect(&program, 5, ARGV("resume", "last"));
        expect(&program, 0, ARGV("show", "last"));
        says(program.out, "mkdir -p allowed && echo made"); /* what is asked can be read */
        expect(&program, 0, cases[i].argv);
        says(program.out, cases[i].answer);
        CU_ASSERT_FALSE(scratch_has(program.home, "ws/allowed")); /* the word alone runs nothing */
        expect(&program, 0, ARGV("resume", "last"));
        says(program.out, cases[i].end);
        CU_ASSERT_EQUAL(scratch_has(program.home, "ws/allowed"), cases[i].made);
        program_close(&program);
    }
}

static void a_doubt_waits_for_its_person(void)
{
    struct mishap m;

    mishap_open(&m);
    mishap_begin(&m, ONE_TOOL("sleep 1"), NULL);
    mishap_await(&m, "\"event_type\":\"tool_start\"");
    CU_ASSERT_EQUAL(kill(m.program.pid, SIGKILL), 0);
    end(&m, -SIGKILL);
    expect(&m.program, 6, ARGV("resume", "last"));
    expect(&m.program, 0, ARGV("resolve", "last", "happened", "all went well"));
    says(m.program.out, "resolved: happened");
    expect(&m.program, 0, ARGV("resume", "last"));
    says(m.program.out, "the end: all went well");
    mishap_close(&m);
}

/* A run that turned in circles is given more, is changed, and is asked for what it has. */
static void a_limit_is_moved_by_its_person(void)
{
    struct program program;

    program_open(&program);
    expect(&program, 3, ARGV("exec", "go", "--simulator", "loop", "--max-iterations", "20"));
    expect(&program, 0, ARGV("set", "last", "limits.loop_guard", "3"));
    says(program.out, "limits.loop_guard is now 3");
    expect(&program, 1, ARGV("set", "last", "limits.loop_guards", "3"));
    expect(&program, 3, ARGV("extend", "last", "5", "iterations"));
    says(program.err, "5 more iterations");
    expect(&program, 2, ARGV("extend", "last", "5", "parsecs"));
    expect(&program, 3, ARGV("finish", "last"));
    says(program.out, "I was going round in circles.");
    expect(&program, 1, ARGV("abort", "last"));
    says(program.err, "completed already");
    program_close(&program);
}

/* ---- A second process ------------------------------------------------------------------------ */

static void a_live_run_is_paused_and_goes_on(void)
{
    struct mishap m;

    begin_slow(&m);
    tell(&m.program, 0, "live", ARGV("ls"));
    tell(&m.program, 1, "process", ARGV("resume", "last"));
    tell(&m.program, 0, "paus", ARGV("pause", "last"));
    end(&m, 3);
    expect(&m.program, 0, ARGV("step", "last"));
    says(m.program.err, "one step");
    expect(&m.program, 1, ARGV("pause", "last"));
    says(m.program.err, "nobody runs");
    mishap_close(&m);
}

static void a_live_run_hears_a_message(void)
{
    struct mishap m;

    begin_slow(&m);
    tell(&m.program, 0, "will be sent", ARGV("inject", "last", "mind", "the", "gap"));
    mishap_await(&m, "\"event_type\":\"inject\"");
    tell(&m.program, 0, "", ARGV("abort", "last"));
    end(&m, 4);
    expect(&m.program, 0, ARGV("show", "last"));
    says(m.program.out, "mind the gap");
    mishap_close(&m);
}

static void a_live_run_is_rolled_back(void)
{
    struct mishap m;

    begin_slow(&m);
    mishap_await(&m, "\"iteration\":3");
    tell(&m.program, 0, "step", ARGV("rollback", "last", "#1"));
    end(&m, 3);
    expect(&m.program, 0, ARGV("undo", "last"));
    expect(&m.program, 0, ARGV("redo", "last"));
    expect(&m.program, 0, ARGV("label", "last", "#1", "the", "start"));
    expect(&m.program, 0, ARGV("rollback", "last", "the start", "--dry-run"));
    expect(&m.program, 1, ARGV("rollback", "last", "elsewhere"));
    says(m.program.err, "elsewhere");
    mishap_close(&m);
}

static void two_runs_share_a_history(void)
{
    struct mishap m;

    begin_slow(&m);
    tell(&m.program, 0, "Hello", ARGV("exec", "hello", "--simulator", "hello"));
    tell(&m.program, 0, "completed", ARGV("ls"));
    tell(&m.program, 0, "\"owner\":\"live\"", ARGV("ls", "--json"));
    CU_ASSERT_EQUAL(kill(m.program.pid, SIGTERM), 0);
    end(&m, 143);
    mishap_close(&m);
}

/* A breaker that opened: as its process tells it, and as the record does when that has let go. */
static void a_breaker_is_shown(void)
{
    static const char *const stored[] = {"\"breaker\":\"model simulator:", "\"state\":\"open\"",
                                         "\"failures_in_row\":2", "\"next\":\"in "};
    struct mishap m;

    mishap_open(&m);
    mishap_begin(&m, "replies:\n  - text: never\n    faults: [{status: 500, times: 9}]\n",
                 ARGV("--set", "breaker.in_row=2", "--set", "breaker.open=60s", "--set",
                      "retry.attempts=9", "--set", "retry.base=1ms"));
    mishap_await(&m, "\"event_type\":\"breaker\"");
    tell(&m.program, 0, " open ", ARGV("health", "last"));
    tell(&m.program, 0, "in 5", ARGV("health", "last"));
    tell(&m.program, 0, "failures in a row", ARGV("health", "last"));
    tell(&m.program, 0, "\"state\":\"open\"", ARGV("health", "last", "--json"));
    CU_ASSERT_EQUAL(kill(m.program.pid, SIGTERM), 0);
    end(&m, 143);
    expect(
        &m.program, 0,
        ARGV("health", "last", "--json", "--set", "breaker.in_row=2", "--set", "breaker.open=60s"));
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++)
        says(m.program.out, stored[i]);
    expect(&m.program, 0, ARGV("health", "last", "--json", "--tool", "shell"));
    CU_ASSERT_PTR_NULL(strstr(m.program.out, "breaker"));
    mishap_close(&m);
}

/* A follower ends with the process that it listens to: well when that lets go of the run, and with
   a word when it dies. */
static void a_follower_ends_with_the_owner(void)
{
    static const struct {
        int signal, code, follower;
        const char *says;
    } cases[] = {
        {SIGTERM, 143, 0, "\"event_type\":\"state_change\""},
        {SIGKILL, -SIGKILL, 1, "died"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mishap m;
        char *said = NULL;
        pid_t pid;

        begin_slow(&m);
        pid = begin_aside(&m.program, ARGV("log", "last", "--follow", "--json"));
        await_aside(&m.program, "\"event_type\":\"tool_call\"");
        CU_ASSERT_EQUAL(kill(m.program.pid, cases[i].signal), 0);
        CU_ASSERT_EQUAL(end_aside(&m.program, pid, &said), cases[i].follower);
        end(&m, cases[i].code);
        says(said, cases[i].says);
        if (cases[i].signal == SIGKILL) {
            says(said, "rerail resume last");
            expect(&m.program, 1, ARGV("log", "last", "--follow"));
            expect(&m.program, 0, ARGV("log", "last"));
        }
        free(said);
        mishap_close(&m);
    }
}

/* ---- Stored runs ----------------------------------------------------------------------------- */

static void every_request_is_made_again(void)
{
    struct program program;

    program_open(&program);
    expect(&program, 0, ARGV("exec", "go", "--simulator", "tools", "--allow-unsandboxed"));
    expect(&program, 0, ARGV("rollback", "last", "#2"));
    expect(&program, 0, ARGV("resume", "last"));
    for (int call = 1; call <= 8; call++) {
        char number[16];

        (void)snprintf(number, sizeof number, "%d", call);
        expect(&program, 0, ARGV("request", "last", number));
        says(program.err, "hash matches");
        says(program.out, "{\"model\":\"simulated\",\"messages\":[");
    }
    expect(&program, 1, ARGV("request", "last", "99"));
    expect(&program, 0, ARGV("request", "last", "1", "--curl"));
    says(program.out, "Authorization: Bearer $");
    CU_ASSERT_PTR_NULL(strstr(program.out, PROGRAM_CANARY));
    program_close(&program);
}

static void a_run_goes_on_from_where_it_is_told(void)
{
    struct program program;

    program_open(&program);
    expect(&program, 0,
           ARGV("exec", "run 3 turns", "--simulator", "bench_turns", "--allow-unsandboxed"));
    expect(&program, 0, ARGV("resume", "last", "--from", "#1", "--json"));
    says(program.out, "\"event_type\":\"rollback\"");
    says(program.out, "\"status\":\"success\"");
    CU_ASSERT_TRUE(check_lines(program.out) > 8);
    expect(&program, 0, ARGV("exec", "--resume", "last", "and", "more"));
    says(program.err, "a new task");
    expect(&program, 1, ARGV("resume", "last", "--from", "nowhere"));
    program_close(&program);
}

/* What there is to read, on a history that is empty and on one with a run. */
static void every_reading_command_answers(void)
{
    static const struct {
        const char *argv[5];
        const char *says;
    } cases[] = {
        {{"ls"}, "completed"},
        {{"ls", "--json"}, "\"state\":\"completed\""},
        {{"show", "last"}, "assistant"},
        {{"show", "last", "call", "1"}, "request_hash"},
        {{"show", "last", "effect", "1"}, "arguments:"},
        {{"show", "last", "#1"}, "checkpoint"},
        {{"context", "last"}, "tool results"},
        {{"health", "last"}, "healthy"},
        {{"health", "last", "--json"}, "\"scope\":\"all\""},
        {{"health", "last"}, "tool shell"},
        {{"health"}, "with the next call"},
        {{"tools", "--json"}, "\"name\":\"shell\""},
        {{"tools", "read_file"}, "parameters"},
        {{"config", "--json"}, "\"origin\":\"built-in\""},
        {{"config", "limits.timeout"}, "RERAIL_LIMITS_TIMEOUT"},
        {{"themes"}, "solarized-dark"},
        {{"du"}, "table event"},
        {{"du", "--runs"}, "STORED"},
        {{"fsck"}, "0 findings"},
        {{"gc", "--dry-run"}, "would delete 0 runs"},
        {{"man"}, ".SH COMMANDS"},
        {{"completions", "bash"}, "complete -o default -F _rerail rerail"},
        {{"completions", "zsh"}, "#compdef rerail"},
        {{"completions", "fish"}, "complete -c rerail"},
        {{"--help"}, "man rerail has the rest"},
        {{"exec", "--help"}, "Exit codes"},
        {{"--version"}, "rerail "},
    };
    struct program program;

    program_open(&program);
    expect(&program, 0, ARGV("ls"));
    expect(&program, 0, ARGV("exec", "go", "--simulator", "tools", "--allow-unsandboxed"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(&program, 0, cases[i].argv);
        says(program.out, cases[i].says);
    }
    expect(&program, 0, ARGV("gc", "last"));
    says(program.out, "deleted 1 runs");
    expect(&program, 0, ARGV("ls", "--json"));
    CU_ASSERT_STRING_EQUAL(program.out, "");
    program_close(&program);
}

/* The key shows its last four letters, and nowhere more. */
static void the_doctor_shows_no_key(void)
{
    struct program program;
    int code;

    program_open(&program);
    code = program_run(&program, ARGV("doctor"));
    CU_ASSERT_TRUE(code == 0 || code == 1); /* a test may have no terminal */
    says(program.out, "OPENAI_API_KEY: set (sk-…4836)");
    CU_ASSERT_PTR_NULL(strstr(program.out, PROGRAM_CANARY));
    program_close(&program);
}

/* ---- The fault catalogue --------------------------------------------------------------------- */

static void close_all(void)
{
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
}

static void close_output(void)
{
    (void)close(STDOUT_FILENO);
}

static void u04(void)
{
    static void (*const before[])(void) = {NULL, close_output, close_all};

    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct program program;
        char *feed;

        program_open(&program);
        program.before = before[i];
        (void)program_run(&program,
                          ARGV("exec", "go", "--simulator", "tools", "--allow-unsandboxed"));
        program.before = NULL;
        CU_ASSERT_TRUE(program_sound(&program)); /* nothing was printed into the file */
        feed = program_feed(&program);
        says(feed, "\"status\":\"success\"");
        free(feed);
        program_close(&program);
    }
}

/* A signal while exec is there: the code it gives, within three seconds, and what can be resumed.
 */
static void ends_by(const char *scenario, const char *when, int signal, int code)
{
    struct mishap m;

    mishap_open(&m);
    mishap_begin(&m, scenario,
                 ARGV("--max-iterations", "100", "--set", "http.first_byte_timeout=60s"));
    mishap_await(&m, when);
    CU_ASSERT_EQUAL(kill(m.program.pid, signal), 0);
    CU_ASSERT_TRUE(program_ends(&m.program, 3000000));
    end(&m, code);
    CU_ASSERT_TRUE(program_sound(&m.program));
    expect(&m.program, 0, ARGV("show", "last"));
    says(m.program.out, signal == SIGINT ? "cancelled" : "paused");
    mishap_close(&m);
}

static void p01(void)
{
    ends_by("replies:\n  - text: late\n    latency: 60s\n", "\"event_type\":\"llm_start\"", SIGINT,
            130);
    ends_by(ONE_TOOL("sleep 60"), "\"event_type\":\"tool_start\"", SIGINT, 130);
}

static void p02(void)
{
    ends_by("replies:\n  - text: late\n    latency: 60s\n", "\"event_type\":\"llm_start\"", SIGTERM,
            143);
    ends_by(ONE_TOOL("sleep 60"), "\"event_type\":\"tool_start\"", SIGTERM, 143);
    ends_by(SLOW, "\"event_type\":\"tool_call\"", SIGTERM, 143);
}

static const struct test tests[] = {
    {"every line of exec --json is of the events' table", every_line_is_of_the_table},
    {"the log says what exec said", the_log_says_what_exec_said},
    {"a mistake on the command line or in the config says what was expected",
     mistakes_say_what_was_expected},
    {"an agent file in the config folder goes first, and says its line",
     an_agent_file_says_its_line},
    {"a run ends as its exit code says", a_run_ends_as_its_code_says},
    {"a call that was approved or denied goes on with the next resume",
     a_call_waits_for_its_person},
    {"a doubt exits 6 until a person settles it", a_doubt_waits_for_its_person},
    {"a run at its limit is given more, changed and finished by its person",
     a_limit_is_moved_by_its_person},
    {"a second process pauses a live run, and steps it when it rests",
     a_live_run_is_paused_and_goes_on},
    {"a second process sends a live run a message and ends it", a_live_run_hears_a_message},
    {"a second process rolls a live run back", a_live_run_is_rolled_back},
    {"two processes run side by side in one history", two_runs_share_a_history},
    {"health shows the breaker of a live run and of a stored one", a_breaker_is_shown},
    {"who follows a run ends with its process, and says when that died",
     a_follower_ends_with_the_owner},
    {"every request on record is rebuilt with its hash", every_request_is_made_again},
    {"a run goes on from the checkpoint it is told", a_run_goes_on_from_where_it_is_told},
    {"every reading command answers", every_reading_command_answers},
    {"the doctor shows no key", the_doctor_shows_no_key},
    {"U04 without terminal, output or any descriptor exec does its work", u04},
    {"P01 SIGINT cancels the run of exec, and it exits 130", p01},
    {"P02 SIGTERM leaves the run resumable, and exec exits 143", p02},
    {NULL, NULL},
};

const struct suite suite_shell = {"shell", tests};
