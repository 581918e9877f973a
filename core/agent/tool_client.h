/* SPDX-License-Identifier: MIT */
/*
 * The tools as one run has them: its workspace, its policy, and the calls at work: child processes
 * on the engine's own loop, jobs on workers. What comes of a call becomes one input of the run.
 * Engine thread only.
 */
#ifndef CORE_AGENT_TOOL_CLIENT_H
#define CORE_AGENT_TOOL_CLIENT_H

#include "core/agent/input.h"
#include "core/agent/run.h"
#include "core/agent/workers.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/tool/process.h"

#include <poll.h>
#include <stddef.h>

struct mask;
struct tool_client;

struct tool_client_options {
    const struct run *run;
    struct clock clock;
    const struct mask *mask; /* of every known key; may be NULL */
    struct workers *workers;
    const char *exec_path;          /* rerail-exec */
    const char *const *environment; /* NULL-terminated; what tools get is chosen from it */
    const char *tmpdir;             /* private folder of this process; NULL = none */
    const char *const *own_folders; /* never a workspace */
    size_t own_count;
    int task_kind; /* of the mail that comes back from workers */
    void *ctx;
    void (*done)(void *ctx, const struct run *run, struct input *input); /* moves */
    /* The text that a node of the chain gave the model: for a cached result. Yours; NULL = gone. */
    char *(*recorded)(void *ctx, const struct run *run, int64_t node);
};

/* E_NOTFOUND, E_DENIED: the workspace; E_PARSE: a policy rule. */
int tool_client_new(struct tool_client **out, const struct tool_client_options *options,
                    struct err *err);
/* Children are killed; a job still on a worker is cancelled and freed when it comes back. */
void tool_client_free(struct tool_client *client);

void tool_client_check(struct tool_client *client, int64_t effect, cJSON *facts);
void tool_client_start(struct tool_client *client, const struct action *action);
void tool_client_go(struct tool_client *client, int64_t effect);
void tool_client_stop(struct tool_client *client, int64_t effect, enum process_stop why);
/* What a process of an earlier owner left running is killed: waits at most a second. */
void tool_client_kill(const struct action *action);

/* The owner's loop. */
size_t tool_client_max_fds(const struct tool_client *client); /* an upper bound */
size_t tool_client_fds(const struct tool_client *client, struct pollfd *fds, size_t max);
int64_t tool_client_wake_us(const struct tool_client *client);
void tool_client_step(struct tool_client *client, int64_t now_us);
/* A job came back from its worker. Static: its client may be gone. */
void tool_client_returned(struct task *task);

#endif
