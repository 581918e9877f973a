/* SPDX-License-Identifier: MIT */
#include "core/sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/sim/book.h"
#include "core/sim/scenario.h"
#include "core/sim/server.h"

#define PARENT_US INT64_C(5000000) /* between two looks whether the parent is still ours */

/* What ends the process beside its own work. */
struct watch {
    int signals; /* signalfd */
    int input;   /* stdin when it is a pipe, else -1 */
    pid_t parent;
};

static void say_line(void *self, const char *line)
{
    const char *name = self;

    (void)fprintf(stderr, "sim %s: %s\n", name, line); /* there is nobody else to tell */
}

static int watch_begin(struct watch *watch, struct err *err)
{
    struct stat st;
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    watch->parent = getppid();
    /* A terminal or a file says nothing about who started us; the end of a pipe does. */
    watch->input = fstat(STDIN_FILENO, &st) == 0 && S_ISFIFO(st.st_mode) ? STDIN_FILENO : -1;
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* fails for a wrong first argument alone */
    watch->signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (watch->signals < 0)
        return err_sys(err, errno, "signals of the simulator");
    return 0;
}

/* Whatever is written to stdin is thrown away; its end ends us. */
static bool input_ended(const struct watch *watch, short revents)
{
    char bytes[256];

    if (!revents)
        return false;
    ssize_t len = read(watch->input, bytes, sizeof bytes);
    return len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN);
}

static int wait_ms(const struct server *server, const struct clock *clock)
{
    int64_t wait = server_due_us(server) - clock_mono(clock);

    if (wait <= 0)
        return 0;
    return (int)((wait < PARENT_US ? wait : PARENT_US) / US_PER_MS) + 1;
}

static void serve(struct server *server, const struct watch *watch, const struct clock *clock)
{
    struct pollfd fds[] = {{.fd = server_fd(server), .events = POLLIN},
                           {.fd = watch->signals, .events = POLLIN},
                           {.fd = watch->input, .events = POLLIN}};

    while (!server_spent(server)) {
        int count = poll(fds, 3, wait_ms(server, clock));

        if (count < 0 && errno != EINTR)
            break;
        if (count > 0 && (fds[1].revents || input_ended(watch, fds[2].revents)))
            break;
        if (watch->input >= 0 && getppid() != watch->parent)
            break;
        server_turn(server);
    }
}

static void print_sums(const struct scenario *scenario, const struct server *server, bool check)
{
    const struct book_sums *sums = server_sums(server);

    if (check || sums->failed > 0 || sums->unfit > 0)
        (void)fprintf(stderr,
                      "sim %s: %" PRIu64 " requests, %" PRIu64 " expectations checked, %" PRIu64
                      " differed, %" PRIu64 " requests that nothing fits\n",
                      scenario->name, sums->requests, sums->checked, sums->failed, sums->unfit);
}

static int run(const struct sim_options *options, const struct scenario *scenario, struct err *err)
{
    struct server_options how = {.scenario = scenario,
                                 .clock = clock_system(),
                                 .port = options->port,
                                 .requests = options->requests,
                                 .report = say_line,
                                 .self = scenario->name};
    struct server *server = NULL;
    struct watch watch;
    int rc = watch_begin(&watch, err);

    if (rc == 0)
        rc = server_new(&server, &how, err);
    if (rc == 0 &&
        (printf("http://127.0.0.1:%u/v1 %s\n", server_port(server), server_token(server)) < 0 ||
         fflush(stdout) != 0))
        rc = err_sys(err, errno, "stdout");
    if (rc == 0) {
        serve(server, &watch, &how.clock);
        print_sums(scenario, server, options->check);
        const struct book_sums *sums = server_sums(server);
        rc = options->check && (sums->failed > 0 || sums->unfit > 0);
    }
    server_free(server);
    if (watch.signals >= 0)
        (void)close(watch.signals);
    return rc;
}

int sim_run(const struct sim_options *options)
{
    struct scenario *scenario = NULL;
    struct err err = {0};
    int rc = scenario_find(&scenario, options->scenario, options->share, &err);

    if (rc == 0)
        rc = run(options, scenario, &err);
    if (rc < 0)
        (void)fprintf(stderr, "rerail sim: %s\n", err.msg);
    scenario_free(scenario);
    return rc != 0;
}
