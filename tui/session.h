/* SPDX-License-Identifier: MIT */
/*
 * Everything a process needs to own runs, wired once: the history (writer), the engine's thread,
 * the socket by which other processes reach it, the keys and their mask, the simulators that runs
 * need. Console and `exec` both stand on it. Main thread only; what the engine tells arrives as
 * mail.
 */
#ifndef TUI_SESSION_H
#define TUI_SESSION_H

#include "core/agent/engine.h"
#include "core/base/err.h"
#include "core/base/mailbox.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct config;
struct history_report;
struct mask;
struct run_spec;
struct session;

/* Engine news as mail: the texts are the mail's. news_free it. */
struct news {
    struct mail mail;
    struct engine_news is;
};
void news_free(struct news *news);

struct session_options {
    const struct config *config; /* read while it opens, not kept */
    const char *const *environment;
    bool whole; /* NEWS_DELTA is not wanted: what is stored is enough */
};

/* `report` is filled in also on failure (history.h); may be NULL. */
int session_open(struct session **out, const struct session_options *options,
                 struct history_report *report, struct err *err);
/* Stops what is in flight (at most three seconds), gives everything back. */
void session_close(struct session *session);

struct mailbox *session_mailbox(const struct session *session); /* of struct news */
const char *session_history(const struct session *session);     /* path of the file, for readers */

struct session_task {
    const char *task;
    const char *provider;  /* NULL = by the config; "simulator:NAME" */
    const char *workspace; /* NULL = the current folder */
    bool own_workspace;    /* rerail's own folder: its commands need no approval */
    bool interactive;
};

/* Starts a run with this configuration. The answer is NEWS_STARTED or NEWS_REFUSED. */
int session_start(struct session *session, int64_t ticket, const struct config *config,
                  const struct session_task *task, struct err *err);
/* Starts the run of a spec (past.h makes such), which moves in; answered in the same way. */
void session_begin(struct session *session, int64_t ticket, struct run_spec *spec);
/* Who serves the model of a run that this configuration starts. */
const char *session_provider(const struct config *config);
void session_adopt(struct session *session, int64_t ticket, int64_t run, const char *how);
/* verb moves. */
void session_verb(struct session *session, int64_t ticket, const char *uid, cJSON *verb);

/* The keys that must not be written down anywhere; lives as long as the session. */
const struct mask *session_mask(const struct session *session);
/* Whether the key for this configuration's model is there: NULL, or what to do about it. */
const char *session_missing_key(const struct session *session);

#endif
