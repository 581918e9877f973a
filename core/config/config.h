/* SPDX-License-Identifier: MIT */
/*
 * Where each setting's value comes from: built-in, then $XDG_CONFIG_HOME/rerail/config.yaml, the
 * agent file, RERAIL_* variables, flags; the later layer wins, in whatever order they are read.
 * Nothing of a workspace is read here. A layer with a mistake is refused whole and changes nothing;
 * the message names file and line (or variable, or flag), what was expected and the nearest right
 * name. Files are only ever read. Owned by the thread that made it.
 */
#ifndef CORE_CONFIG_CONFIG_H
#define CORE_CONFIG_CONFIG_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/config/run_config.h"
#include "core/config/setting.h"

struct agent_file;
struct config;

enum config_layer { CONFIG_BUILTIN, CONFIG_FILE, CONFIG_AGENT, CONFIG_ENV, CONFIG_FLAG };

void config_new(struct config **out); /* every setting at its default */
void config_free(struct config *config);

/* A YAML file of sections: `limits: {max_iterations: 20}`. At most 1 MiB, 16 deep, regular. */
int config_load(struct config *config, const char *path, struct err *err);
/* The same from memory; `name` is what messages call it. */
int config_parse(struct config *config, const char *name, const char *text, size_t len,
                 struct err *err);
/* $XDG_CONFIG_HOME/rerail/config.yaml; that there is none is no error. */
int config_load_user(struct config *config, struct err *err);
/* NULL-terminated NAME=VALUE; all RERAIL_* variables are judged, others ignored. */
int config_env(struct config *config, char *const *environment, struct err *err);
/* `name` is a setting's name or a flag's, without dashes; "true" is the value of a bare flag. */
int config_flag(struct config *config, const char *name, const char *value, struct err *err);
/* Its settings, system prompt and command tools. */
int config_agent(struct config *config, const struct agent_file *agent, struct err *err);

/* Borrowed; they change with the next layer that is read. */
const struct run_config *config_run(const struct config *config);
const struct user_config *config_user(const struct config *config);

/* Where a value came from: "built-in", "config.yaml:12", "RERAIL_UI_THEME", "--theme". */
enum config_layer config_layer(const struct config *config, const struct setting *setting);
const char *config_origin(const struct config *config, const struct setting *setting);
/* Appends the value as a person writes it. */
int config_value(struct buf *out, const struct config *config, const struct setting *setting);

#endif
