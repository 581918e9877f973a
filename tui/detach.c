/* SPDX-License-Identifier: MIT */
#include "tui/detach.h"

#include "core/base/mailbox.h"
#include "tui/exit_code.h"
#include "tui/session.h"
#include "tui/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 10000000
#define LOOKS   1000 /* ten seconds: a shell that has not noticed by then will not */

/* Of any process; 0 = unknown. */
static pid_t parent_of(pid_t pid)
{
    char path[32], line[512];
    const char *end = NULL;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file))
        end = strrchr(line, ')'); /* the name may hold anything */
    pid_t parent = end && end[1] == ' ' && end[2] ? (pid_t)strtol(end + 4, NULL, 10) : 0;
    if (file)
        (void)fclose(file);
    return parent;
}

/* A group can be stopped when somebody of its session, but not of it, is the parent of one in it:
   the shell. */
bool detach_can(void)
{
    pid_t pid = getpid();

    while (pid > 1 && getpgid(pid) == getpgrp())
        pid = parent_of(pid);
    return pid > 1 && getsid(pid) == getsid(0);
}

/* In a child of its own group: continues ours as soon as the terminal is another's. Only what may
   be called between fork and exec. */
static _Noreturn void wake(int tty, pid_t group)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};

    (void)setpgid(0, 0);
    for (int i = 0; i < LOOKS && tcgetpgrp(tty) == group; i++)
        (void)nanosleep(&pause, NULL);
    (void)kill(-group, SIGCONT);
    _exit(0);
}

bool detach_give_back(int tty)
{
    pid_t group = getpgrp(), waker = fork();

    if (waker < 0)
        return false;
    if (waker == 0)
        wake(tty, group);
    (void)setpgid(waker, waker); /* it does so too: whoever comes first */
    (void)kill(0, SIGTSTP);      /* all of the job, as the key does; it goes on when woken */
    while (waitpid(waker, NULL, 0) < 0 && errno == EINTR)
        continue;
    return tcgetpgrp(tty) != group;
}

static void block(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(how, &set, NULL);
}

void detach_brace(void)
{
    block(SIG_BLOCK);
}

/* Its hang-up is no concern of ours any more, and standard descriptors lead nowhere. */
static void let_go(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)sigaction(SIGHUP, &ignore, NULL); /* one that waits is forgotten */
    (void)ioctl(STDIN_FILENO, TIOCNOTTY);   /* a hung-up one has let go of us already */
    for (int fd = 0; nowhere >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(nowhere, fd);
    if (nowhere > STDERR_FILENO)
        close(nowhere);
}

/* What came; true when nothing is in flight and nothing will happen by itself. */
static bool take_mail(struct session *session)
{
    bool resting = false;

    for (struct mail *mail = mailbox_take(session_mailbox(session)); mail;) {
        struct news *news = (struct news *)mail;

        mail = mail->next;
        resting = resting || news->is.kind == NEWS_AT_REST;
        news_free(news);
    }
    return resting;
}

int detach_stay(struct session *session)
{
    int signals = signals_watch(NULL), code = -1;
    struct pollfd fds[] = {{.fd = mailbox_fd(session_mailbox(session)), .events = POLLIN},
                           {.fd = signals, .events = POLLIN}};

    let_go();
    session_verb(session, 0, "", cJSON_CreateObject()); /* to nobody: rest is told anew after it */
    while (code < 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            code = EXIT_ERROR;
        else if (fds[1].revents)
            code = signals_take(signals);
        else if (fds[0].revents && take_mail(session))
            code = EXIT_DONE;
    }
    if (signals >= 0)
        close(signals);
    return code;
}
