/* SPDX-License-Identifier: MIT */
/* rerail sim: the simulator as a process of its own, for tests and for other people's agents. */
#include "tui/commands.h"

#include "core/base/str.h"
#include "core/sim/sim.h"
#include "tui/cli.h"
#include "tui/place.h"

#include <stdlib.h>

int command_sim(struct cli *cli)
{
    const char *port = cli_option(cli, "port");
    char *share = NULL;
    int64_t number = 0;

    if (port && str_int(&number, port, 0, 65535) < 0)
        return cli_fail(EXIT_USAGE, "--port takes a number from 0 to 65535, not %s", port);
    (void)place_share(&share, "scenarios", NULL); /* none: built-in scenarios and paths only */
    const struct sim_options options = {.scenario = cli->words[0],
                                        .share = share,
                                        .port = (uint16_t)number,
                                        .check = cli_option(cli, "check") != NULL};
    int code = sim_run(&options);
    free(share);
    return code;
}
