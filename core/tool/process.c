/* SPDX-License-Identifier: MIT */
/*
 * What may happen to a child, and what is done about it, all in process_step:
 *
 *   report       the control socket: ready, a failed stage, or end of file (it became the tool)
 *   output       read as it comes, a bounded amount a step, whatever becomes of the rest
 *   deadline     SIGTERM to the group; GRACE later SIGKILL to the group and the family; if it is
 *                still there after another PATIENCE it is reported as stuck and given up
 *   its end      seen without reaping, so that its pid stays its own while we sweep: first the
 *                pipes are drained (idle for IDLE, or DRAIN in all, or both closed), then the
 *                family is killed and reaped, then the child itself
 */
#include "core/tool/process.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/tool/capture.h"
#include "core/tool/exec.h"
#include "core/tool/family.h"
#include "core/tool/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEVER     INT64_MAX
#define READY_MAX (10 * US_PER_S)   /* rerail-exec reports within */
#define GRACE     (2 * US_PER_S)    /* between SIGTERM and SIGKILL */
#define PATIENCE  (1 * US_PER_S)    /* for what SIGKILL should have ended */
#define DRAIN     (1 * US_PER_S)    /* for output after the child's end */
#define IDLE      (100 * US_PER_MS) /* no output for so long means that no more comes */
#define SWEEP     (5 * US_PER_MS)   /* between two looks at a dying family */
#define TIDY      (1 * US_PER_S)    /* orphans that have ended are reaped so often */
#define READ_SIZE (64 << 10)
#define READS     8 /* of each pipe in one step: others want their turn */

struct process {
    struct spawned child;
    enum process_state state;
    bool hold, gone_on; /* gone_on: it was told to execute, or never asked to wait */
    bool reported;
    struct process_identity who;
    uint64_t mark;
    int64_t timeout_us;
    int64_t start_us;    /* when it was let run */
    int64_t deadline_us; /* then it is stopped */
    int64_t kill_us;     /* then SIGKILL follows */
    int64_t stuck_us;    /* then it is given up */
    int64_t end_us;      /* when its end was seen */
    int64_t heard_us;    /* when output came last, or its end */
    int64_t sweep_us;    /* next look at the family, when ENDING */
    int64_t sweep_end_us;
    int64_t tidy_us;
    struct capture out, err;
    struct process_result result;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void finish(struct process *p)
{
    close_fd(&p->child.control);
    close_fd(&p->child.out);
    close_fd(&p->child.err);
    close_fd(&p->child.pidfd);
    capture_end(&p->out, &p->result.out);
    capture_end(&p->err, &p->result.err);
    p->state = PROCESS_DONE;
}

void process_start(struct process **out, const struct process_spec *spec, int64_t now_us)
{
    struct process *p = mem_new(sizeof *p);
    int64_t timeout = spec->timeout_us > 0 ? spec->timeout_us : PROCESS_TIMEOUT;
    int error;

    *out = p;
    p->hold = spec->hold;
    p->gone_on = !spec->hold;
    p->timeout_us = timeout < PROCESS_LONGEST ? timeout : PROCESS_LONGEST;
    p->start_us = now_us;
    p->deadline_us = now_us + (p->hold ? READY_MAX : p->timeout_us);
    p->kill_us = p->stuck_us = NEVER;
    p->tidy_us = p->hold ? NEVER : now_us + TIDY;
    capture_init(&p->out);
    capture_init(&p->err);
    error = spawn_child(&p->child, spec, p->timeout_us, &p->result.stage);
    if (error == 0) {
        p->result.stage = NULL;
        return;
    }
    p->result.end = PROCESS_NOT_RUN;
    p->result.error = error;
    finish(p);
}

/* ---- The control socket --------------------------------------------------------------------- */

static void note_ready(struct process *p, const struct exec_report *report)
{
    p->reported = true;
    p->who = (struct process_identity){.pid = p->child.pid, .start_time = report->start_time};
    p->mark = exec_mark(p->child.pid, report->start_time);
    if (p->state != PROCESS_STARTING)
        return;
    p->state = p->hold ? PROCESS_HELD : PROCESS_RUNNING;
    if (p->hold && p->result.stop == PROCESS_STOP_NONE)
        p->deadline_us = NEVER;
}

static void note_failure(struct process *p, const struct exec_report *report)
{
    static const char *const names[EXEC_STAGE_COUNT] = {
#define X(id, name) [EXEC_##id] = name,
        EXEC_STAGES(X)
#undef X
    };
    bool known = report->stage > EXEC_READY && report->stage < EXEC_STAGE_COUNT;

    p->result.stage = known ? names[report->stage] : "start";
    p->result.error = report->error;
}

static void hear(struct process *p)
{
    struct exec_report report;
    ssize_t n;

    while (p->child.control >= 0) {
        n = recv(p->child.control, &report, sizeof report, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n != (ssize_t)sizeof report)
            close_fd(&p->child.control);
        else if (report.stage == EXEC_READY)
            note_ready(p, &report);
        else
            note_failure(p, &report);
    }
}

int process_go(struct process *p, int64_t now_us, struct err *err)
{
    assert(p->hold);
    if (p->state != PROCESS_HELD || p->result.stop != PROCESS_STOP_NONE)
        return err_set(err, E_CLOSED, "the held process has ended");
    if (send(p->child.control, "g", 1, MSG_NOSIGNAL) != 1)
        return err_sys(err, errno, "let the held process run");
    p->gone_on = true;
    p->state = PROCESS_RUNNING;
    p->start_us = now_us;
    p->deadline_us = now_us + p->timeout_us;
    p->tidy_us = now_us + TIDY;
    return 0;
}

/* ---- Output --------------------------------------------------------------------------------- */

static void read_pipe(struct process *p, int *fd, struct capture *into, int64_t now_us)
{
    char data[READ_SIZE];

    for (int i = 0; i < READS && *fd >= 0; i++) {
        ssize_t n = read(*fd, data, sizeof data);

        if (n > 0) {
            capture_add(into, data, (size_t)n);
            p->heard_us = now_us;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            close_fd(fd);
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static void read_output(struct process *p, int64_t now_us)
{
    read_pipe(p, &p->child.out, &p->out, now_us);
    read_pipe(p, &p->child.err, &p->err, now_us);
}

/* ---- Its end -------------------------------------------------------------------------------- */

static void kill_all(struct process *p)
{
    kill(-p->child.pid, SIGKILL);
    kill(p->child.pid, SIGKILL);
    if (p->reported)
        (void)family_kill(p->mark, p->child.pid);
}

/* What the end means. It ran if it was told to execute and no stage failed; when the last word is
   lost, it may have run. */
static void judge(struct process *p, const siginfo_t *info)
{
    bool ran = p->reported && p->gone_on && !p->result.stage;

    if (ran) {
        p->result.end = info->si_code == CLD_EXITED ? PROCESS_EXITED : PROCESS_SIGNALLED;
        p->result.code = info->si_status;
        p->result.wall_us = p->end_us - p->start_us;
        return;
    }
    p->result.end = PROCESS_NOT_RUN;
    if (!p->result.stage && p->result.stop == PROCESS_STOP_NONE)
        p->result.stage = "start";
}

static void note_end(struct process *p, const siginfo_t *info, int64_t now_us)
{
    hear(p); /* its last report may have come between our look at the socket and now */
    p->state = PROCESS_ENDING;
    p->end_us = p->heard_us = now_us;
    p->sweep_us = now_us;
    p->sweep_end_us = NEVER;
    judge(p, info);
}

static void look_for_end(struct process *p, int64_t now_us)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)p->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == p->child.pid)
        note_end(p, &info, now_us);
}

static bool drained(const struct process *p, int64_t now_us)
{
    if (p->child.out < 0 && p->child.err < 0)
        return true;
    return now_us >= p->heard_us + IDLE || now_us >= p->end_us + DRAIN;
}

static void reap(struct process *p)
{
    struct rusage use = {0};

    if (wait4(p->child.pid, NULL, WNOHANG, &use) == p->child.pid)
        p->result.cpu_us = use.ru_utime.tv_sec * US_PER_S + use.ru_utime.tv_usec +
                           use.ru_stime.tv_sec * US_PER_S + use.ru_stime.tv_usec;
}

/* The child is dead but not reaped, so its group's number is still its own. */
static void sweep(struct process *p, int64_t now_us)
{
    if (p->sweep_end_us == NEVER) {
        p->result.background = p->child.out >= 0 || p->child.err >= 0;
        p->sweep_end_us = now_us + PATIENCE;
        close_fd(&p->child.out);
        close_fd(&p->child.err);
        kill(-p->child.pid, SIGKILL);
    }
    if (p->reported && family_sweep(p->mark, p->child.pid, &p->result.killed) > 0) {
        p->sweep_us = now_us + SWEEP;
        p->result.stuck = now_us >= p->sweep_end_us;
        if (!p->result.stuck)
            return;
    }
    reap(p);
    finish(p);
}

static void step_ending(struct process *p, int64_t now_us)
{
    if (p->sweep_end_us == NEVER && !drained(p, now_us))
        return;
    if (now_us >= p->sweep_us)
        sweep(p, now_us);
}

/* ---- Stopping ------------------------------------------------------------------------------- */

void process_stop(struct process *p, enum process_stop why, int64_t now_us)
{
    if (p->state >= PROCESS_ENDING || p->result.stop != PROCESS_STOP_NONE)
        return;
    p->result.stop = why;
    p->deadline_us = NEVER;
    if (!p->gone_on) { /* it is still rerail-exec: nothing to be polite to */
        p->kill_us = NEVER;
        p->stuck_us = now_us + PATIENCE;
        kill_all(p);
        return;
    }
    p->kill_us = now_us + GRACE;
    kill(-p->child.pid, SIGTERM);
    kill(-p->child.pid, SIGCONT); /* a stopped one could not heed the first */
}

static void give_up(struct process *p, int64_t now_us)
{
    bool ran = p->reported && p->gone_on && !p->result.stage;

    p->result.stuck = true;
    p->result.end = ran ? PROCESS_SIGNALLED : PROCESS_NOT_RUN;
    p->result.code = ran ? SIGKILL : 0;
    p->result.wall_us = now_us - p->start_us;
    finish(p);
}

static void tidy(struct process *p, int64_t now_us)
{
    p->tidy_us = now_us + TIDY;
    if (p->reported)
        family_reap(p->mark, p->child.pid);
}

static void step_living(struct process *p, int64_t now_us)
{
    if (now_us >= p->deadline_us)
        process_stop(p, PROCESS_STOP_TIMEOUT, now_us);
    if (now_us >= p->kill_us) {
        p->kill_us = NEVER;
        p->stuck_us = now_us + PATIENCE;
        kill_all(p);
    }
    if (now_us >= p->tidy_us)
        tidy(p, now_us);
    if (now_us >= p->stuck_us)
        give_up(p, now_us);
}

enum process_state process_step(struct process *p, int64_t now_us)
{
    if (p->state == PROCESS_DONE)
        return p->state;
    hear(p);
    read_output(p, now_us);
    if (p->state != PROCESS_ENDING)
        look_for_end(p, now_us);
    if (p->state == PROCESS_ENDING)
        step_ending(p, now_us);
    else
        step_living(p, now_us);
    return p->state;
}

/* ---- What the loop asks --------------------------------------------------------------------- */

size_t process_fds(const struct process *p, struct pollfd *fds, size_t max)
{
    /* Once it runs, the socket has nothing to say that cannot wait for its end; and then the end
       stays readable. Neither is worth a turn of the loop. */
    const int all[PROCESS_FDS] = {
        p->state < PROCESS_RUNNING ? p->child.control : -1,
        p->child.out,
        p->child.err,
        p->state < PROCESS_ENDING ? p->child.pidfd : -1,
    };
    size_t count = 0;

    if (p->state == PROCESS_DONE)
        return 0;
    for (size_t i = 0; i < PROCESS_FDS && count < max; i++)
        if (all[i] >= 0)
            fds[count++] = (struct pollfd){.fd = all[i], .events = POLLIN};
    return count;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t process_wake(const struct process *p)
{
    if (p->state == PROCESS_DONE)
        return NEVER;
    if (p->state < PROCESS_ENDING)
        return earlier(earlier(p->deadline_us, p->kill_us), earlier(p->stuck_us, p->tidy_us));
    if (p->sweep_end_us != NEVER)
        return p->sweep_us;
    return earlier(p->heard_us + IDLE, p->end_us + DRAIN);
}

enum process_state process_state(const struct process *p)
{
    return p->state;
}

struct process_identity process_identity(const struct process *p)
{
    return p->who;
}

const struct process_result *process_result(const struct process *p)
{
    return p->state == PROCESS_DONE ? &p->result : NULL;
}

/* ---- Without a loop ------------------------------------------------------------------------- */

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = SWEEP * 1000}, NULL);
}

void process_free(struct process *p)
{
    if (!p)
        return;
    if (p->state != PROCESS_DONE) {
        hear(p);
        kill_all(p);
    }
    for (int64_t waited = 0; p->state != PROCESS_DONE && waited < PATIENCE; waited += SWEEP) {
        if (waited > 0)
            wait_a_little();
        (void)process_step(p, p->start_us);
        if (p->state == PROCESS_ENDING)
            sweep(p, p->start_us);
    }
    if (p->state != PROCESS_DONE)
        finish(p);
    capture_free(&p->out);
    capture_free(&p->err);
    free(p);
}

int process_become_reaper(struct err *err)
{
    return family_adopt() < 0 ? err_sys(err, errno, "adopt the orphans of tools") : 0;
}

void process_boot_id(char out[PROCESS_BOOT_ID])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, PROCESS_BOOT_ID - 1);

    out[n == PROCESS_BOOT_ID - 1 ? n : 0] = '\0';
    close_fd(&fd);
}

unsigned process_kill_family(const struct process_identity *who, const char *boot_id)
{
    uint64_t mark = exec_mark(who->pid, who->start_time);
    char booted[PROCESS_BOOT_ID];
    unsigned killed;

    process_boot_id(booted);
    if (who->pid <= 0 || who->start_time <= 0 || !boot_id || strcmp(boot_id, booted) != 0)
        return 0;
    killed = family_kill(mark, 0);
    for (int64_t waited = 0; waited < PATIENCE && family_kill(mark, 0) > 0; waited += SWEEP)
        wait_a_little();
    return killed;
}
