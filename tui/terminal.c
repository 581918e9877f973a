/* SPDX-License-Identifier: MIT */
#include "tui/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#define BEHIND_BYTES 4096 /* more than this not yet sent means a slow line */
#define ALT_STACK    (64 * 1024)
#define WAITING_MAX  (64u << 20) /* bytes: one frame of the largest screen, and far to spare */

static const int told[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT};
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

#define TOLD_COUNT  (sizeof told / sizeof *told)
#define FATAL_COUNT (sizeof fatal / sizeof *fatal)

struct terminal {
    int in, out; /* the caller's */
    int tty;     /* out's terminal again, for writing without waiting */
    bool gone;
    struct buf waiting;      /* sent, not yet taken */
    int in_flags, out_flags; /* O_NONBLOCK and its like, as they came */
    struct termios modes;
    int pipe[2];
    struct sigaction told_before[TOLD_COUNT], fatal_before[FATAL_COUNT], ttou_before;
    stack_t stack_before;
    void *stack;
};

/* All that the handlers know. Set before they are installed; undo grows only while none of its
   bytes counts (len is last). */
static struct {
    volatile sig_atomic_t armed;
    int out, pipe;
    struct termios modes;
    struct sigaction fatal_before[FATAL_COUNT];
    char undo[TERMINAL_UNDO];
    volatile sig_atomic_t undo_len;
    volatile sig_atomic_t waiting[NSIG];
} live;

/* Async-signal-safe: the sequence, then the modes. */
static void put_back(void)
{
    size_t len = (size_t)live.undo_len;

    if (!live.armed)
        return;
    live.armed = 0;
    for (size_t at = 0; at < len;) {
        ssize_t n = write(live.out, live.undo + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    (void)tcsetattr(live.out, TCSANOW, &live.modes); /* nothing is left to try when it fails */
}

/* The crash is then somebody else's: a sanitizer's, or the default's. */
static void on_fatal(int number)
{
    put_back();
    for (size_t i = 0; i < FATAL_COUNT; i++)
        if (fatal[i] == number)
            (void)sigaction(number, &live.fatal_before[i], NULL);
    (void)raise(number);
}

static bool ends_process(int number)
{
    return number == SIGTERM || number == SIGHUP || number == SIGINT;
}

static void die_of(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t one;

    put_back();
    (void)sigaction(number, &plain, NULL);
    (void)raise(number);
    sigemptyset(&one);
    sigaddset(&one, number);
    (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static void on_told(int number)
{
    unsigned char byte = (unsigned char)number;
    int before = errno;

    if (live.waiting[number] && ends_process(number))
        die_of(number);
    if (!live.waiting[number]) {
        live.waiting[number] = 1;
        if (write(live.pipe, &byte, 1) < 0)
            live.waiting[number] = 0; /* a full pipe is as good as a byte more */
    }
    errno = before;
}

static void take_signals(struct terminal *t)
{
    struct sigaction action = {.sa_flags = SA_RESTART}, ignore = {.sa_handler = SIG_IGN};
    stack_t stack = {.ss_sp = t->stack, .ss_size = ALT_STACK};

    sigfillset(&action.sa_mask);
    action.sa_handler = on_told;
    for (size_t i = 0; i < TOLD_COUNT; i++)
        (void)sigaction(told[i], &action, &t->told_before[i]);
    (void)sigaction(SIGTTOU, &ignore, &t->ttou_before); /* we restore modes in the background too */
    (void)sigaltstack(&stack, &t->stack_before);
    action.sa_handler = on_fatal;
    action.sa_flags = SA_ONSTACK;
    for (size_t i = 0; i < FATAL_COUNT; i++) {
        (void)sigaction(fatal[i], NULL, &t->fatal_before[i]);
        live.fatal_before[i] = t->fatal_before[i];
        (void)sigaction(fatal[i], &action, NULL);
    }
}

static void give_signals_back(struct terminal *t)
{
    for (size_t i = 0; i < FATAL_COUNT; i++)
        (void)sigaction(fatal[i], &t->fatal_before[i], NULL);
    (void)sigaltstack(&t->stack_before, NULL);
    (void)sigaction(SIGTTOU, &t->ttou_before, NULL);
    for (size_t i = 0; i < TOLD_COUNT; i++)
        (void)sigaction(told[i], &t->told_before[i], NULL);
}

static int make_blocking(int fd, int flags)
{
    return flags & O_NONBLOCK ? fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) : 0;
}

/* The same terminal with an open file description of our own; where that is not allowed (another
   user's terminal, after su) the caller's descriptor, which then may keep us waiting. */
static int open_again(int fd)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return again < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : again;
}

static int open_device(struct terminal *t, struct err *err)
{
    if (!isatty(t->in) || !isatty(t->out))
        return err_set(err, E_UNSUPPORTED, "standard input and output must be a terminal");
    if (tcgetattr(t->out, &t->modes) < 0)
        return err_sys(err, errno, "the terminal's modes cannot be read");
    t->in_flags = fcntl(t->in, F_GETFL);
    t->out_flags = fcntl(t->out, F_GETFL); /* both before: they may be one description */
    if (t->in_flags < 0 || t->out_flags < 0 || make_blocking(t->in, t->in_flags) < 0 ||
        make_blocking(t->out, t->out_flags) < 0)
        return err_sys(err, errno, "the terminal's flags cannot be read");
    if (pipe2(t->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return err_sys(err, errno, "no pipe for signals");
    t->tty = open_again(t->out);
    return 0;
}

int terminal_open(struct terminal **out, int in_fd, int out_fd, struct err *err)
{
    struct terminal *t = mem_new(sizeof *t);

    t->in = in_fd;
    t->out = out_fd;
    buf_init(&t->waiting, WAITING_MAX);
    int rc = open_device(t, err);
    if (rc < 0) {
        free(t);
        return rc;
    }
    t->stack = mem_new(ALT_STACK);
    memset(&live, 0, sizeof live);
    live.out = t->tty;
    live.pipe = t->pipe[1];
    live.modes = t->modes;
    live.armed = 1;
    take_signals(t);
    *out = t;
    return 0;
}

void terminal_raw(struct terminal *t)
{
    struct termios raw = t->modes;

    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(t->out, TCSANOW, &raw); /* a terminal that is gone says so at the next read */
}

void terminal_cooked(struct terminal *t)
{
    (void)tcsetattr(t->out, TCSANOW, &t->modes); /* the same */
}

void terminal_close(struct terminal *t)
{
    if (!t)
        return;
    live.armed = 0;
    give_signals_back(t);
    terminal_cooked(t);
    (void)fcntl(t->in, F_SETFL, t->in_flags);
    (void)fcntl(t->out, F_SETFL, t->out_flags);
    (void)close(t->tty);
    (void)close(t->pipe[0]);
    (void)close(t->pipe[1]);
    buf_free(&t->waiting);
    free(t->stack);
    free(t);
}

void terminal_undo(struct terminal *t, const char *bytes, size_t len)
{
    (void)t; /* there is one */
    live.undo_len = 0;
    if (len > sizeof live.undo)
        len = sizeof live.undo;
    memcpy(live.undo, bytes, len);
    live.undo_len = (sig_atomic_t)len;
}

int terminal_signal_fd(const struct terminal *t)
{
    return t->pipe[0];
}

int terminal_signal(struct terminal *t)
{
    unsigned char number;

    while (read(t->pipe[0], &number, 1) < 0)
        if (errno != EINTR)
            return 0;
    live.waiting[number] = 0;
    return number;
}

void terminal_stop(struct terminal *t)
{
    struct sigaction plain = {.sa_handler = SIG_DFL}, ours;

    (void)t;
    if (sigaction(SIGTSTP, &plain, &ours) < 0)
        return;
    (void)raise(SIGTSTP);
    (void)sigaction(SIGTSTP, &ours, NULL);
}

void terminal_size(const struct terminal *t, int *w, int *h)
{
    struct winsize size = {0};

    (void)ioctl(t->out, TIOCGWINSZ, &size); /* zeros when it fails */
    *w = size.ws_col > 0 ? size.ws_col : 80;
    *h = size.ws_row > 0 ? size.ws_row : 24;
}

int terminal_flush(struct terminal *t)
{
    size_t sent = 0;

    while (!t->gone && sent < t->waiting.len) {
        ssize_t n = write(t->tty, t->waiting.data + sent, t->waiting.len - sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            t->gone = true;
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    buf_drop(&t->waiting, sent);
    if (t->gone)
        buf_clear(&t->waiting);
    return t->gone ? E_CLOSED : 0;
}

int terminal_send(struct terminal *t, const char *bytes, size_t len)
{
    if (!t->gone && buf_add(&t->waiting, bytes, len) < 0)
        t->gone = true; /* it has taken nothing for 64 MiB */
    return terminal_flush(t);
}

bool terminal_waits(const struct terminal *t)
{
    return t->waiting.len > 0;
}

bool terminal_behind(const struct terminal *t)
{
    int queued = 0;

    return terminal_waits(t) || (ioctl(t->out, TIOCOUTQ, &queued) == 0 && queued > BEHIND_BYTES);
}

void terminal_drain(struct terminal *t, int ms)
{
    struct clock clock = clock_system();
    int64_t until = clock_mono(&clock) + (int64_t)ms * US_PER_MS;

    while (terminal_flush(t) == 0 && terminal_waits(t)) {
        struct pollfd fd = {.fd = t->tty, .events = POLLOUT};
        int64_t left = until - clock_mono(&clock);
        if (left <= 0 || poll(&fd, 1, (int)(left / US_PER_MS) + 1) == 0)
            break;
    }
}

int terminal_out_fd(const struct terminal *t)
{
    return t->tty;
}
