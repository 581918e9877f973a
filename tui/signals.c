/* SPDX-License-Identifier: MIT */
#include "tui/signals.h"

#include "tui/exit_code.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_watch(struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    return fd < 0 ? err_sys(err, errno, "signalfd") : fd;
}

int signals_take(int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return -1;
    return info.ssi_signo == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
}
