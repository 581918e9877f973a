/* SPDX-License-Identifier: MIT */
/*
 * The model as one run has it: its transcript, and at most one call in flight. Glues core/model's
 * pure builder and reader to core/net's HTTP; what comes of a call becomes one input of the run.
 * Known keys are replaced by *** here, in what is drawn live and again in what is stored.
 * Engine thread only.
 */
#ifndef CORE_AGENT_MODEL_CLIENT_H
#define CORE_AGENT_MODEL_CLIENT_H

#include "core/agent/input.h"
#include "core/agent/run.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/guard/gate.h"
#include "core/model/provider.h"

struct http;
struct mask;
struct model_client;
struct secret;

/* Where a run's model is. Owned by whoever fills it in; endpoint_clear. */
struct endpoint {
    char *base_url;     /* as a person wrote it; NULL = the profile's */
    char *profile;      /* by name; NULL = by the URL's host */
    struct secret *key; /* NULL = none */
    char *key_source;   /* "OPENAI_API_KEY": for error texts */
};
void endpoint_clear(struct endpoint *endpoint);

struct model_client_options {
    struct http *http;
    struct clock clock;
    const struct mask *mask; /* of every known key; may be NULL; outlives the client */
    const struct run *run;
    const struct endpoint *endpoint; /* copied */
    void *ctx;
    /* Something to draw: text is masked, cut at whole characters; lives for the call. */
    void (*delta)(void *ctx, const struct run *run, int64_t call, const struct model_delta *delta);
    void (*done)(void *ctx, const struct run *run, struct input *input); /* moves */
};

/* E_NOTFOUND: a key is needed and there is none, or no model is named; E_PARSE: the base URL. */
int model_client_new(struct model_client **out, const struct model_client_options *options,
                     struct err *err);
void model_client_free(struct model_client *client); /* a call in flight is cancelled, silently */

void model_client_append(struct model_client *client, enum node_kind kind, const char *body,
                         size_t len);
int model_client_rewind(struct model_client *client, struct err *err);

/* Starts an attempt. Whatever goes wrong comes back as an input. */
void model_client_call(struct model_client *client, const struct action *action);
void model_client_cancel(struct model_client *client); /* nothing comes back */

/* Canonical parameters (yours) and the request's hash, for the head as it is now. */
char *model_client_describe(const struct model_client *client, bool final, struct hash *request);

const struct gate_hint *model_client_hint(const struct model_client *client);

#endif
