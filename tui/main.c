/* SPDX-License-Identifier: MIT */
#include "tui/cli.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* A closed descriptor 0, 1 or 2 would go to the next file that is opened, and what we print into
   the history. */
static void fill_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv, char **environment)
{
    fill_standard();
    umask(077);
    /* No thread is there yet. NOLINTBEGIN(concurrency-mt-unsafe) */
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers in files and JSON have a point */
    /* NOLINTEND(concurrency-mt-unsafe) */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk: an error to tell, no death */
    signal(SIGCHLD, SIG_DFL); /* whoever ignores it has children reaped unseen; that is inherited */
    return cli_main(argc, argv, (const char *const *)environment);
}
