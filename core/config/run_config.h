/* SPDX-License-Identifier: MIT */
/*
 * What a run needs to know about its configuration, as plain values. It is made once, stored with
 * the run as JSON, every value spelt out, and read back from there: a newer rerail with other
 * defaults, another config file or another agent file rebuilds an old run exactly as it was.
 * `:set` on a live run changes a copy through run_config_set and is itself an input of the run.
 * Pure; owned by whoever made it.
 */
#ifndef CORE_CONFIG_RUN_CONFIG_H
#define CORE_CONFIG_RUN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/config/setting.h"
#include "core/guards.h"

struct buf;

enum on_error {
    ON_ERROR_AUTO, /* pause where a person watches, recover where none does */
    ON_ERROR_PAUSE,
    ON_ERROR_RECOVER,
    ON_ERROR_FAIL
};

/* Members are filled by name; setting.c explains each. 0 means unlimited only where it says so. */
struct run_config {
    struct {
        int max_iterations;
        int loop_guard;     /* equal calls with equal results that pause the run; 0 = off */
        int64_t timeout_us; /* of active time */
        int64_t max_tokens; /* of one answer */
        int64_t max_cost;   /* micro-dollars; 0 = no limit */
    } limits;
    bool enable_checkpoints; /* file snapshots */
    bool enable_rollback;    /* automatic recovery */
    int keep_checkpoints;    /* 0 = all */
    int on_error;            /* enum on_error */
    struct {
        char *error;  /* the system message of a recovery */
        char *finish; /* the user message of a graceful completion */
    } sentence;
    struct {
        char *name;                 /* NULL = not chosen */
        char *base_url;             /* NULL = the profile's */
        char *profile;              /* NULL = by the base URL's host */
        char *effort;               /* NULL = not sent */
        char *extra;                /* JSON object of further request members, or NULL */
        int64_t temperature, top_p; /* thousandths; -1 = not sent */
        int64_t seed;               /* -1 = not sent */
        int64_t context;            /* tokens the model takes; -1 = unknown */
        int64_t price_input; /* micro-dollars per million tokens; -1 = the built-in table's */
        int64_t price_cached, price_output;
        bool stream;
        bool parallel; /* more than one tool call in an answer */
    } model;
    struct {
        int64_t connect_us, first_byte_us, event_us, response_us;
        int64_t response_bytes;
        bool allow_plain; /* http:// to other machines too */
    } http;
    struct retry_policy retry;      /* of model calls */
    struct retry_policy tool_retry; /* attempts = the seed's max_tool_retries */
    struct budget_policy budget;
    struct gate_policy gate;
    struct breaker_policy breaker;
    struct health_policy health;
    struct {
        int64_t timeout_us;   /* of one call that names no other */
        int parallel;         /* pure calls at once */
        struct text_list env; /* names of variables that tools may see */
        bool allow_unsandboxed;
    } tool;
    struct text_list tools;  /* built-in tools, or the one word "*": all of them */
    struct text_list policy; /* rules (rule.h), in order; a later one goes before an earlier */

    /* From the agent file, not settings. */
    struct {
        char *name;   /* "default" */
        char *system; /* the system prompt */
        char
            *commands; /* JSON array of command tools, as core/tool/command.h reads them; or NULL */
    } agent;
};

/* Every setting at its default, no agent. */
void run_config_new(struct run_config **out);
void run_config_free(struct run_config *config);
void run_config_copy(struct run_config **out, const struct run_config *config);

/* Fills what follows from other members; whoever stores settings row by row calls it after. */
void run_config_settle(struct run_config *config);

/* The stored form: {"settings":{"limits.timeout":300000000,…},"agent":{…}}; yours, free(). */
char *run_config_json(const struct run_config *config);
/* Reads it back. E_PARSE, or E_NEWER for a setting this rerail does not know; a setting it knows
   but that is missing (the run is older) takes its default. */
int run_config_parse(struct run_config **out, const char *json, size_t len, struct err *err);

/* `:set NAME VALUE`: E_NOTFOUND (with the nearest name), E_DENIED when it is not live, or
   setting_parse's. On failure nothing changed. A rule is added, all else replaced. */
int run_config_set(struct run_config *config, const char *name, const char *value, struct err *err);
/* Appends the value as a person writes it; E_NOTFOUND. */
int run_config_get(struct buf *out, const struct run_config *config, const char *name,
                   struct err *err);

/* Further members of a model request as the text of one JSON object (temperature, top_p, seed and
   model.extra), or NULL when there are none; yours, free(). */
char *run_config_extra(const struct run_config *config);

/* What only this console needs. */
struct user_config {
    char *key; /* where the model's key is found, secret.h; NULL = the profile's variable */
    char *ca_file;
    char *editor, *pager; /* NULL = by the environment */
    struct {
        char *theme;
        int color;     /* enum user_color */
        int on_hangup; /* enum user_hangup */
        bool mouse, bell, clock;
    } ui;
};

enum user_color { USER_COLOR_AUTO, USER_COLOR_ALWAYS, USER_COLOR_NEVER };
enum user_hangup { USER_HANGUP_STOP, USER_HANGUP_DETACH };

void user_config_new(struct user_config **out);
void user_config_free(struct user_config *config);
/* As run_config_set. */
int user_config_set(struct user_config *config, const char *name, const char *value,
                    struct err *err);

#endif
