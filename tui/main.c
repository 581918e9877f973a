/* SPDX-License-Identifier: MIT */
#include "tui/cli.h"

#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

int main(int argc, char **argv, char **environment)
{
    umask(077);
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers in files and JSON have a point */
    signal(SIGPIPE, SIG_IGN);
    return cli_main(argc, argv, (const char *const *)environment);
}
