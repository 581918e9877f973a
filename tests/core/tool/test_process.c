/* SPDX-License-Identifier: MIT */
#include "core/tool/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/suite.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

#define FAST 10 /* the children's clock: ten seconds in one */

static const char *text_of(const struct process_output *out)
{
    CU_ASSERT_EQUAL(out->tail_len, 0);
    return out->head;
}

/* Runs a script in a folder of its own and leaves its outcome in *child. */
static const struct process_result *run_in(struct child *child, const char *dir, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    int cwd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    *child = child_start(&(struct process_spec){.argv = argv, .cwd = cwd}, 1);
    close(cwd);
    return child_wait(child);
}

/* Pids as a script wrote them, one a line: how many of them still live. */
static int alive(const char *dir, const char *name)
{
    char *text = scratch_read(dir, name), *rest = text;
    int count = 0;

    for (char *line; rest && (line = strsep(&rest, "\n")) != NULL;)
        count += *line && kill((pid_t)strtol(line, NULL, 10), 0) == 0;
    free(text);
    return count;
}

static int lines(const char *dir, const char *name)
{
    char *text = scratch_read(dir, name);
    int count = 0;

    for (const char *at = text; at && *at; at++)
        count += *at == '\n';
    free(text);
    return count;
}

static void both_outputs_and_the_exit_code_arrive(void)
{
    struct child child = child_shell("echo out; echo err >&2; exit 7", 1);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_EQUAL(r->end, PROCESS_EXITED);
    CU_ASSERT_EQUAL(r->code, 7);
    CU_ASSERT_EQUAL(r->stop, PROCESS_STOP_NONE);
    CU_ASSERT_STRING_EQUAL(text_of(&r->out), "out\n");
    CU_ASSERT_STRING_EQUAL(text_of(&r->err), "err\n");
    CU_ASSERT_EQUAL(r->out.total, 4);
    CU_ASSERT_FALSE(r->background);
    CU_ASSERT_TRUE(r->cpu_us > 0);
    CU_ASSERT_TRUE(r->wall_us > 0);
    child_free(&child);
}

static void arguments_come_on_stdin_and_end(void)
{
    static char big[600000];
    const char *const argv[] = {"sh", "-c", "cat >/dev/null; wc -c </dev/stdin; cat | wc -c", NULL};

    memset(big, 'x', sizeof big);
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .input = big, .input_len = sizeof big}, 1);
    const struct process_result *r = child_wait(&child);
    CU_ASSERT_EQUAL(r->code, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r->out), "600000"));
    child_free(&child);
}

static void a_tool_cannot_change_its_input(void)
{
    const char *const argv[] = {"sh", "-c", "echo more >/dev/stdin; cat", NULL};
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .input = "{}", .input_len = 2}, 1);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_STRING_EQUAL(text_of(&r->out), "{}");
    child_free(&child);
}

static struct child start_held(const char *dir, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    int cwd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .cwd = cwd, .hold = true}, FAST);

    close(cwd);
    CU_ASSERT_EQUAL(child_until(&child, PROCESS_HELD), PROCESS_HELD);
    return child;
}

static void a_held_process_runs_only_when_it_is_let_go(void)
{
    char *dir = scratch_new();
    struct child child = start_held(dir, "echo ran >effect");
    struct process_identity who = process_identity(child.process);

    CU_ASSERT_TRUE(who.pid > 0 && who.start_time > 0);
    CU_ASSERT_EQUAL(kill(who.pid, 0), 0);
    CU_ASSERT_FALSE(scratch_has(dir, "effect"));
    CU_ASSERT_EQUAL(process_wake(child.process), INT64_MAX);
    CU_ASSERT_EQUAL(process_go(child.process, child_now(&child), NULL), 0);
    CU_ASSERT_EQUAL(child_wait(&child)->end, PROCESS_EXITED);
    CU_ASSERT_TRUE(scratch_holds(dir, "effect", "ran\n"));
    child_free(&child);
    scratch_free(dir);
}

static void a_held_process_that_is_stopped_or_freed_never_ran(void)
{
    char *dir = scratch_new();
    struct child child = start_held(dir, "echo ran >effect");
    pid_t pid = process_identity(child.process).pid;
    struct err err;

    process_stop(child.process, PROCESS_STOP_OPERATOR, child_now(&child));
    CU_ASSERT_EQUAL(process_go(child.process, child_now(&child), &err), E_CLOSED);
    const struct process_result *r = child_wait(&child);
    CU_ASSERT_EQUAL(r->end, PROCESS_NOT_RUN);
    CU_ASSERT_EQUAL(r->stop, PROCESS_STOP_OPERATOR);
    CU_ASSERT_PTR_NULL(r->stage);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    child_free(&child);

    child = start_held(dir, "echo ran >effect");
    pid = process_identity(child.process).pid;
    child_free(&child);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    CU_ASSERT_FALSE(scratch_has(dir, "effect"));
    scratch_free(dir);
}

static void a_held_process_that_dies_says_so(void)
{
    struct child child = start_held("/", "true");

    kill(process_identity(child.process).pid, SIGKILL);
    const struct process_result *r = child_wait(&child);
    CU_ASSERT_EQUAL(r->end, PROCESS_NOT_RUN);
    CU_ASSERT_STRING_EQUAL(r->stage, "start");
    CU_ASSERT_EQUAL(process_go(child.process, 0, NULL), E_CLOSED);
    child_free(&child);
}

/* What a parent of ours did with a child of its own before it was killed: its pid and start time.
 */
static struct process_identity killed_parent(const char *dir, const char *script, bool go)
{
    struct process_identity who = {0};
    int pipe_fds[2], status;
    pid_t parent;

    CU_ASSERT_EQUAL(process_become_reaper(NULL), 0); /* its orphans come to us, who look */
    CU_ASSERT_EQUAL_FATAL(pipe2(pipe_fds, O_CLOEXEC), 0);
    parent = fork();
    if (parent == 0) {
        struct child child = start_held(dir, script);

        if (go) {
            (void)process_go(child.process, child_now(&child), NULL);
            while (!scratch_has(dir, "started"))
                usleep(1000);
        }
        who = process_identity(child.process);
        (void)!write(pipe_fds[1], &who, sizeof who);
        kill(getpid(), SIGKILL);
    }
    close(pipe_fds[1]);
    CU_ASSERT_EQUAL(read(pipe_fds[0], &who, sizeof who), sizeof who);
    close(pipe_fds[0]);
    CU_ASSERT_EQUAL(waitpid(parent, &status, 0), parent);
    return who;
}

/* Gone, or dead and waiting for whoever reaps it. */
static void expect_death(pid_t pid)
{
    for (int i = 0; i < 500; i++) {
        if (waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0) < 0)
            return;
        usleep(2000);
    }
    CU_FAIL("the process is still there");
}

static void a_held_process_dies_unexecuted_with_its_parent(void)
{
    char *dir = scratch_new();
    struct process_identity who = killed_parent(dir, "echo ran >effect", false);

    expect_death(who.pid);
    CU_ASSERT_FALSE(scratch_has(dir, "effect"));
    scratch_free(dir);
}

/* The tool dies by PR_SET_PDEATHSIG; what it had put into the background does not. */
static void recovery_kills_the_family_that_survived(void)
{
    char *dir = scratch_new();
    char boot_id[PROCESS_BOOT_ID];
    struct process_identity who = killed_parent(
        dir, "sleep 600 & echo $! >pids; setsid sleep 600 & echo $! >>pids; echo >started; wait",
        true);
    struct process_identity stranger = {who.pid, who.start_time + 1};

    process_boot_id(boot_id);
    expect_death(who.pid);
    CU_ASSERT_EQUAL(alive(dir, "pids"), 2);
    CU_ASSERT_EQUAL(process_kill_family(&stranger, boot_id), 0);
    CU_ASSERT_EQUAL(process_kill_family(&who, "another-boot"), 0);
    CU_ASSERT_EQUAL(alive(dir, "pids"), 2);
    CU_ASSERT_EQUAL(process_kill_family(&who, boot_id), 2);
    CU_ASSERT_EQUAL(process_kill_family(&who, boot_id), 0);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ; /* they were adopted, and are nobody's business now */
    scratch_free(dir);
}

static void a_hung_command_is_stopped_at_its_deadline(void)
{
    const char *const argv[] = {"sleep", "600", NULL};
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .timeout_us = 1500000}, FAST);
    pid_t pid;

    (void)child_until(&child, PROCESS_RUNNING);
    pid = process_identity(child.process).pid;
    const struct process_result *r = child_wait(&child);
    CU_ASSERT_EQUAL(r->stop, PROCESS_STOP_TIMEOUT);
    CU_ASSERT_EQUAL(r->end, PROCESS_SIGNALLED);
    CU_ASSERT_EQUAL(r->code, SIGTERM);
    CU_ASSERT_TRUE(r->wall_us >= 1500000 && r->wall_us < 4500000);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    child_free(&child);
}

static void a_command_that_ignores_term_is_killed(void)
{
    const char *const argv[] = {"sh", "-c", "trap '' TERM; while :; do sleep 600; done", NULL};
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .timeout_us = 1500000}, FAST);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_EQUAL(r->stop, PROCESS_STOP_TIMEOUT);
    CU_ASSERT_EQUAL(r->code, SIGKILL);
    CU_ASSERT_TRUE(r->wall_us >= 3500000 && r->wall_us < 4500000);
    child_free(&child);
}

static void a_stopped_child_is_continued_to_its_end_or_killed(void)
{
    const char *const argv[] = {"sh", "-c", "trap '' TERM; kill -STOP $$; sleep 600", NULL};
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .timeout_us = 1500000}, FAST);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_EQUAL(r->end, PROCESS_SIGNALLED);
    CU_ASSERT_EQUAL(r->code, SIGKILL);
    child_free(&child);

    child = child_shell("kill -STOP $$", FAST);
    (void)child_until(&child, PROCESS_RUNNING);
    process_stop(child.process, PROCESS_STOP_OPERATOR, child_now(&child));
    CU_ASSERT_EQUAL(child_wait(&child)->code, SIGTERM);
    child_free(&child);
}

/* Mounts a FUSE file system whose server is us, says hello and answers nothing more. -1: cannot. */
static int mount_silence(const char *dir)
{
    struct {
        struct fuse_in_header header;
        struct fuse_init_in init;
        char more[FUSE_MIN_READ_BUFFER];
    } in;
    struct {
        struct fuse_out_header header;
        struct fuse_init_out init;
    } out = {.header.len = sizeof out, .init.major = FUSE_KERNEL_VERSION, .init.max_write = 4096};
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    char options[64];

    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
    if (fuse < 0 || mount("silence", dir, "fuse", MS_NOSUID, options) < 0) {
        close(fuse);
        return -1;
    }
    CU_ASSERT_TRUE(read(fuse, &in, sizeof in) > 0);
    CU_ASSERT_EQUAL(in.header.opcode, FUSE_INIT);
    out.header.unique = in.header.unique;
    out.init.minor = in.init.minor;
    CU_ASSERT_EQUAL(write(fuse, &out, sizeof out), sizeof out);
    return fuse;
}

/* Once its request has been read and is not answered, no signal ends the process. */
static void hang_in(const char *silent, int fuse)
{
    char path[600], request[FUSE_MIN_READ_BUFFER];
    const char *const argv[] = {"stat", path, NULL};
    pid_t pid;

    snprintf(path, sizeof path, "%s/x", silent);
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .timeout_us = 2000000}, FAST);
    (void)child_until(&child, PROCESS_RUNNING);
    pid = process_identity(child.process).pid;
    CU_ASSERT_TRUE(read(fuse, request, sizeof request) > 0);
    const struct process_result *r = child_wait(&child);
    CU_ASSERT_EQUAL(r->stop, PROCESS_STOP_TIMEOUT);
    CU_ASSERT_TRUE(r->stuck);
    CU_ASSERT_TRUE(r->wall_us >= 5000000 && r->wall_us < 6500000);
    CU_ASSERT_EQUAL(kill(pid, 0), 0);
    child_free(&child);
    close(fuse); /* the request fails, and the signal comes through */
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
}

static void a_child_that_hangs_in_the_kernel_is_given_up(void)
{
    char *dir = scratch_new(), silent[600];
    int fuse;

    snprintf(silent, sizeof silent, "%s/silent", dir);
    scratch_folder(dir, "silent");
    fuse = mount_silence(silent);
    if (fuse < 0) {
        suite_skip("T12 a child that hangs in the kernel is given up", "no FUSE mounts here");
    } else {
        hang_in(silent, fuse);
        CU_ASSERT_EQUAL(umount2(silent, MNT_DETACH), 0);
    }
    scratch_free(dir);
}

/* Fifty sleepers: a shell that starts shells that start sleepers. */
static void a_tree_of_forks_is_gone_when_the_call_ends(void)
{
    char *dir = scratch_new();
    struct child child;

    run_in(&child, dir,
           ": >pids; for i in 1 2 3 4 5; do\n"
           "  sh -c 'for j in 1 2 3 4 5 6 7 8 9 10; do sleep 600 & echo $! >>pids; done; wait' &\n"
           "done\n"
           "while [ \"$(wc -l <pids)\" -lt 50 ]; do sleep 0.01; done");
    CU_ASSERT_TRUE(process_result(child.process)->background);
    CU_ASSERT_TRUE(process_result(child.process)->killed >= 50);
    CU_ASSERT_EQUAL(lines(dir, "pids"), 50);
    CU_ASSERT_EQUAL(alive(dir, "pids"), 0);
    child_free(&child);
    scratch_free(dir);
}

/* No output held, another session, a parent that has gone, no environment. */
static void a_daemon_is_swept(void)
{
    char *dir = scratch_new();
    struct child child;

    run_in(&child, dir,
           "env -i /usr/bin/setsid -f /bin/sh -c "
           "'echo $$ >>pids; sleep 600 & echo $! >>pids; : >ready; wait' </dev/null >/dev/null "
           "2>&1; while [ ! -e ready ]; do sleep 0.01; done");
    CU_ASSERT_FALSE(process_result(child.process)->background);
    CU_ASSERT_EQUAL(process_result(child.process)->killed, 2);
    CU_ASSERT_EQUAL(alive(dir, "pids"), 0);
    child_free(&child);
    scratch_free(dir);
}

/* One family ends while another, beside it, goes on. */
static void a_sweep_spares_the_families_of_others(void)
{
    char *dir = scratch_new();
    struct child other = start_held(
                     dir, "setsid -f sh -c 'echo $$ >pids; : >ready; sleep 600' >/dev/null 2>&1; "
                          "sleep 600"),
                 child;

    (void)process_go(other.process, child_now(&other), NULL);
    run_in(&child, dir, "while [ ! -e ready ]; do sleep 0.01; done; sleep 600 & exit 3");
    CU_ASSERT_EQUAL(process_result(child.process)->killed, 1);
    CU_ASSERT_EQUAL(alive(dir, "pids"), 1);
    child_free(&child);
    child_free(&other);
    CU_ASSERT_EQUAL(alive(dir, "pids"), 0);
    scratch_free(dir);
}

static void output_held_by_a_background_process_does_not_hold_the_call(void)
{
    struct child child = child_shell("sleep 600 & echo x", 1);
    int64_t begin = child_now(&child);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_TRUE(child_now(&child) - begin < 1200000);
    CU_ASSERT_EQUAL(r->end, PROCESS_EXITED);
    CU_ASSERT_TRUE(r->background);
    CU_ASSERT_EQUAL(r->killed, 1);
    CU_ASSERT_STRING_EQUAL(text_of(&r->out), "x\n");
    child_free(&child);
}

static void a_background_process_that_writes_for_ever_is_cut_off(void)
{
    struct child child = child_shell("yes & sleep 0.05", FAST);
    int64_t begin = child_now(&child);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_TRUE(r->background);
    CU_ASSERT_TRUE(r->out.total > PROCESS_KEEP);
    CU_ASSERT_TRUE(child_now(&child) - begin - r->wall_us < 5000000); /* the cap is 1 s */
    child_free(&child);
}

static long resident_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long pages = 0;

    CU_ASSERT_EQUAL(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void endless_output_is_counted_and_bounded(void)
{
    const char *const argv[] = {"yes", NULL};
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .timeout_us = 1000000}, FAST);
    long before = resident_kb();
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_EQUAL(r->stop, PROCESS_STOP_TIMEOUT);
    CU_ASSERT_TRUE(r->out.total > (1 << 20));
    CU_ASSERT_EQUAL(r->out.head_len, PROCESS_KEEP + PROCESS_MARGIN);
    CU_ASSERT_EQUAL(r->out.tail_len, PROCESS_KEEP + PROCESS_MARGIN);
    CU_ASSERT_TRUE(suite_is_watched() || resident_kb() - before < 2048);
    child_free(&child);
}

static void a_line_without_end_keeps_both_its_ends(void)
{
    struct child child =
        child_shell("printf BEGIN; head -c 10000000 /dev/zero | tr '\\0' x; printf END", 1);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_EQUAL(r->out.total, 10000008);
    CU_ASSERT_EQUAL(memcmp(r->out.head, "BEGINxxx", 8), 0);
    CU_ASSERT_EQUAL(memcmp(r->out.tail + r->out.tail_len - 6, "xxxEND", 6), 0);
    child_free(&child);
}

static void binary_output_is_named_by_size_and_hash(void)
{
    struct child child = child_shell("head -c 300000 /dev/zero", 1);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_TRUE(r->out.binary);
    CU_ASSERT_EQUAL(r->out.total, 300000);
    CU_ASSERT_STRING_EQUAL(r->out.sha256,
                           "886715e4051e827f4fe215df3053af3f85ad0d352db2c829c7487af6d78efe30");
    child_free(&child);

    child = child_shell("head -c 20000 /dev/urandom", 1);
    CU_ASSERT_TRUE(child_wait(&child)->out.binary);
    child_free(&child);
    child = child_shell("printf 'na\\303\\257ve \\360\\237\\232\\202\\n'", 1);
    CU_ASSERT_FALSE(child_wait(&child)->out.binary);
    child_free(&child);
}

static void a_deadly_signal_is_told(void)
{
    static const int signals[] = {SIGSEGV, SIGKILL, SIGABRT};
    char script[32];

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        snprintf(script, sizeof script, "kill -%d $$", signals[i]);
        struct child child = child_shell(script, 1);
        const struct process_result *r = child_wait(&child);

        CU_ASSERT_EQUAL(r->end, PROCESS_SIGNALLED);
        CU_ASSERT_EQUAL(r->code, signals[i]);
        child_free(&child);
    }
}

static void what_cannot_be_executed_names_the_stage(void)
{
    static char long_word[200000];
    char *dir = scratch_new();
    memset(long_word, 'x', sizeof long_word - 1);
    scratch_write(dir, "script", "no shebang\n");
    scratch_write(dir, "plain", "#!/bin/sh\n");
    scratch_write(dir, "lost", "#!/no/such/shell\n");
    CU_ASSERT_EQUAL(chmod(scratch_path(dir, "script"), 0755), 0);
    CU_ASSERT_EQUAL(chmod(scratch_path(dir, "lost"), 0755), 0);
    const struct {
        const char *const argv[3];
        const char *exec_path, *stage;
        enum sandbox_level sandbox;
        int error;
    } cases[] = {
        {.argv = {"no-such-program"}, .stage = "execute", .error = ENOENT},
        {.argv = {"./no-such-program"}, .stage = "execute", .error = ENOENT},
        {.argv = {"./script"}, .stage = "execute", .error = ENOEXEC},
        {.argv = {"./plain"}, .stage = "execute", .error = EACCES},
        {.argv = {"./lost"}, .stage = "execute", .error = ENOENT},
        {.argv = {"true", long_word}, .stage = "start rerail-exec", .error = E2BIG},
        {.argv = {"true"}, .sandbox = SANDBOX_BWRAP, .stage = "sandbox", .error = ENOSYS},
        {.argv = {"true"}, .exec_path = "/no/exec", .stage = "start rerail-exec", .error = ENOENT},
    };
    int cwd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct child child = child_start(&(struct process_spec){.argv = cases[i].argv,
                                                                .exec_path = cases[i].exec_path,
                                                                .sandbox = cases[i].sandbox,
                                                                .cwd = cwd},
                                         1);
        const struct process_result *r = child_wait(&child);

        CU_ASSERT_EQUAL(r->end, PROCESS_NOT_RUN);
        CU_ASSERT_STRING_EQUAL(r->stage, cases[i].stage);
        CU_ASSERT_EQUAL(r->error, cases[i].error);
        child_free(&child);
    }
    close(cwd);
    scratch_free(dir);
}

/* ETXTBSY (a program that is open for writing) and a working folder that was removed. */
static void a_program_being_written_and_a_lost_folder_are_told(void)
{
    char *dir = scratch_new();
    const char *const argv[] = {"./busy", NULL};
    struct child child;

    run_in(&child, dir, "cp /bin/true busy");
    child_free(&child);
    int busy = open(scratch_path(dir, "busy"), O_WRONLY | O_CLOEXEC);
    int cwd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    child = child_start(&(struct process_spec){.argv = argv, .cwd = cwd}, 1);
    CU_ASSERT_EQUAL(child_wait(&child)->error, ETXTBSY);
    child_free(&child);
    close(busy);
    close(cwd);

    cwd = open(scratch_path(dir, "busy"), O_PATH | O_CLOEXEC); /* not a folder */
    child = child_start(&(struct process_spec){.argv = argv, .cwd = cwd}, 1);
    CU_ASSERT_STRING_EQUAL(child_wait(&child)->stage, "working folder");
    CU_ASSERT_EQUAL(process_result(child.process)->error, ENOTDIR);
    child_free(&child);
    close(cwd);
    scratch_free(dir);
}

static void a_shells_own_words_for_it_are_exit_codes(void)
{
    struct child child = child_shell("no-such-program-at-all", 1);

    CU_ASSERT_EQUAL(child_wait(&child)->code, 127);
    child_free(&child);
    child = child_shell("/etc/passwd", 1);
    CU_ASSERT_EQUAL(child_wait(&child)->code, 126);
    child_free(&child);
}

static void a_command_that_closes_its_output_early_is_still_waited_for(void)
{
    struct child child = child_shell("echo x; exec >&- 2>&-; sleep 0.05; exit 5", 1);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_EQUAL(r->code, 5);
    CU_ASSERT_FALSE(r->background);
    CU_ASSERT_STRING_EQUAL(text_of(&r->out), "x\n");
    child_free(&child);
}

static void stdin_is_at_its_end_at_once(void)
{
    struct child child = child_shell("read line; echo $?", 1);

    CU_ASSERT_STRING_EQUAL(text_of(&child_wait(&child)->out), "1\n");
    child_free(&child);
}

static void there_is_no_terminal_to_talk_to(void)
{
    struct child child = child_shell("exec 3</dev/tty", 1);
    const struct process_result *r = child_wait(&child);

    CU_ASSERT_NOT_EQUAL(r->code, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r->err), "No such device or address"));
    child_free(&child);
}

static void only_the_given_environment_arrives(void)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", "RERAIL=1", NULL};
    const char *const argv[] = {"env", NULL};

    setenv("OPENAI_API_KEY", "canary", 1);
    struct child child = child_start(&(struct process_spec){.argv = argv, .env = env}, 1);
    CU_ASSERT_STRING_EQUAL(text_of(&child_wait(&child)->out), "PATH=/usr/bin:/bin\nRERAIL=1\n");
    child_free(&child);
    unsetenv("OPENAI_API_KEY");
}

static void no_descriptor_of_ours_leaks(void)
{
    const char *const argv[] = {"ls", "/proc/self/fd", NULL};
    int careless = open("/dev/null", O_RDONLY); /* as a library without O_CLOEXEC would */
    struct child child = child_start(&(struct process_spec){.argv = argv}, 1);

    CU_ASSERT_STRING_EQUAL(text_of(&child_wait(&child)->out), "0\n1\n2\n3\n"); /* 3 is ls's own */
    child_free(&child);
    close(careless);
}

static void signals_are_as_a_program_expects_them(void)
{
    sigset_t some, old;
    struct child child;

    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigprocmask(SIG_BLOCK, &some, &old);
    signal(SIGUSR2, SIG_IGN);
    child = child_shell("exec grep -E '^Sig(Blk|Ign):' /proc/self/status", 1);
    CU_ASSERT_STRING_EQUAL(text_of(&child_wait(&child)->out),
                           "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    child_free(&child);
    signal(SIGUSR2, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void limits_hold_and_no_core_is_written(void)
{
    const char *const argv[] = {"sh", "-c",
                                "ulimit -c; ulimit -n; ulimit -t; umask; "
                                "cat /proc/self/oom_score_adj; "
                                "grep NoNewPrivs /proc/self/status; "
                                "read -r pid name state parent group session rest </proc/$$/stat; "
                                "[ $session = $$ ] && echo own session",
                                NULL};
    struct child child =
        child_start(&(struct process_spec){.argv = argv, .timeout_us = 5000000}, 1);

    CU_ASSERT_STRING_EQUAL(text_of(&child_wait(&child)->out),
                           "0\n1024\n15\n0077\n500\nNoNewPrivs:\t1\nown session\n");
    child_free(&child);
}

/* One fails, one hangs, one talks: each keeps its own result. */
static void parallel_calls_do_not_touch_each_other(void)
{
    const char *const hang[] = {"sleep", "600", NULL};
    struct child fails = child_shell("echo no >&2; exit 1", FAST),
                 hangs =
                     child_start(&(struct process_spec){.argv = hang, .timeout_us = 2000000}, FAST),
                 talks = child_shell("for i in 1 2 3; do echo $i; sleep 0.02; done", FAST);

    CU_ASSERT_STRING_EQUAL(text_of(&child_wait(&talks)->out), "1\n2\n3\n");
    CU_ASSERT_EQUAL(child_wait(&fails)->code, 1);
    CU_ASSERT_STRING_EQUAL(text_of(&process_result(fails.process)->err), "no\n");
    CU_ASSERT_EQUAL(child_wait(&hangs)->stop, PROCESS_STOP_TIMEOUT);
    child_free(&fails);
    child_free(&hangs);
    child_free(&talks);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void nothing_is_left_behind_by_a_hundred_calls(void)
{
    int before = open_descriptors();

    for (int i = 0; i < 100; i++) {
        struct child child = child_shell(i % 2 ? "exit 0" : "true & exit 1", 1);

        CU_ASSERT_EQUAL(child_wait(&child)->code, i % 2 ? 0 : 1);
        child_free(&child);
    }
    CU_ASSERT_EQUAL(open_descriptors(), before);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
    CU_ASSERT_EQUAL(errno, ECHILD);
}

/* Every limit at which some descriptor cannot be had. */
static void too_few_descriptors_are_an_error_and_not_a_leak(void)
{
    int before = open_descriptors();
    struct rlimit limit, full;
    const char *const argv[] = {"true", NULL};
    int failed = 0;

    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &full), 0);
    int cwd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int more = 0; more < 16; more++) {
        limit = (struct rlimit){.rlim_cur = (rlim_t)(cwd + 1 + more), .rlim_max = full.rlim_max};
        CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
        struct child child = child_start(&(struct process_spec){.argv = argv, .cwd = cwd}, 1);
        const struct process_result *r = child_wait(&child);
        failed += r->end == PROCESS_NOT_RUN && r->error == EMFILE;
        CU_ASSERT_TRUE(r->end == PROCESS_NOT_RUN || r->code == 0);
        child_free(&child);
        CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &full), 0);
    }
    close(cwd);
    CU_ASSERT_TRUE(failed > 3);
    CU_ASSERT_EQUAL(open_descriptors(), before);
}

static const struct test tests[] = {
    {"both outputs and the exit code arrive", both_outputs_and_the_exit_code_arrive},
    {"arguments come on stdin and end", arguments_come_on_stdin_and_end},
    {"a tool cannot change its input", a_tool_cannot_change_its_input},
    {"a held process runs only when it is let go", a_held_process_runs_only_when_it_is_let_go},
    {"a held process that is stopped or freed never ran",
     a_held_process_that_is_stopped_or_freed_never_ran},
    {"a held process that dies says so", a_held_process_that_dies_says_so},
    {"a held process dies unexecuted with its parent",
     a_held_process_dies_unexecuted_with_its_parent},
    {"recovery kills the family that survived", recovery_kills_the_family_that_survived},
    {"T09 a hung command is stopped at its deadline", a_hung_command_is_stopped_at_its_deadline},
    {"T10 a command that ignores TERM is killed", a_command_that_ignores_term_is_killed},
    {"T11 a stopped child is continued to its end, or killed",
     a_stopped_child_is_continued_to_its_end_or_killed},
    {"T12 a child that hangs in the kernel is given up",
     a_child_that_hangs_in_the_kernel_is_given_up},
    {"T13 a tree of forks is gone when the call ends", a_tree_of_forks_is_gone_when_the_call_ends},
    {"T14 a daemon in a session of its own is swept", a_daemon_is_swept},
    {"a sweep spares the families of others", a_sweep_spares_the_families_of_others},
    {"T15 output held by a background process does not hold the call",
     output_held_by_a_background_process_does_not_hold_the_call},
    {"T16 a background process that writes for ever is cut off",
     a_background_process_that_writes_for_ever_is_cut_off},
    {"T17 endless output is counted and bounded", endless_output_is_counted_and_bounded},
    {"T18 a line without end keeps both its ends", a_line_without_end_keeps_both_its_ends},
    {"T19 binary output is named by size and hash", binary_output_is_named_by_size_and_hash},
    {"T22 a deadly signal is told", a_deadly_signal_is_told},
    {"T23 what cannot be executed names the stage", what_cannot_be_executed_names_the_stage},
    {"T23 a program being written and a lost folder are told",
     a_program_being_written_and_a_lost_folder_are_told},
    {"T23 a shell's own words for it are exit codes", a_shells_own_words_for_it_are_exit_codes},
    {"T24 a command that closes its output early is still waited for",
     a_command_that_closes_its_output_early_is_still_waited_for},
    {"T25 stdin is at its end at once", stdin_is_at_its_end_at_once},
    {"T26 there is no terminal to talk to", there_is_no_terminal_to_talk_to},
    {"T33 only the given environment arrives", only_the_given_environment_arrives},
    {"T34 no descriptor of ours leaks", no_descriptor_of_ours_leaks},
    {"T35 signals are as a program expects them", signals_are_as_a_program_expects_them},
    {"T36 limits hold and no core is written", limits_hold_and_no_core_is_written},
    {"T38 parallel calls do not touch each other", parallel_calls_do_not_touch_each_other},
    {"nothing is left behind by a hundred calls", nothing_is_left_behind_by_a_hundred_calls},
    {"too few descriptors are an error and not a leak",
     too_few_descriptors_are_an_error_and_not_a_leak},
    {NULL, NULL},
};

const struct suite suite_process = {"process", tests};
