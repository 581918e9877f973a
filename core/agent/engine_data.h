/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct engine, shared by engine.c (the loop and its letters) and engine_world.c
 * (the models and tools of its runs, as the turn reaches them).
 */
#ifndef CORE_AGENT_ENGINE_DATA_H
#define CORE_AGENT_ENGINE_DATA_H

#include "core/agent/engine.h"
#include "core/agent/patience.h"
#include "core/agent/world.h"
#include "core/base/mailbox.h"

#include <poll.h>
#include <pthread.h>

struct http;
struct letter;
struct tool_client;
struct turn;
struct workers;

/* What the mailbox brings. */
enum letter_kind { LETTER_START, LETTER_ADOPT, LETTER_VERB, LETTER_STOP, LETTER_TASK };

/* What the engine keeps of one run beside the turn. */
struct client {
    struct run *run;
    struct model_client *model;
    struct tool_client *tools;
};

struct engine {
    struct engine_options options;
    struct mailbox *box;
    struct http *http;
    struct workers *workers;
    struct turn *turn;
    struct client *clients;
    size_t client_count, client_cap;
    struct pollfd *fds;
    size_t fd_cap;
    pthread_t thread;
    struct letter *waiting; /* START and ADOPT in line for the history's lock */
    struct patience lock;
    bool stopping, rested;
    int64_t stop_by_us;
};

void engine_tell(const struct engine *engine, const struct engine_news *news);

/* engine_world.c */
struct world engine_world(struct engine *engine);

#endif
