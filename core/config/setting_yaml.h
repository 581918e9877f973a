/* SPDX-License-Identifier: MIT */
/*
 * Settings as they stand in a YAML file: sections (`limits: {max_iterations: 20}`) or dotted names,
 * each with its line. Config files and the front matter of agent files are read by this. Strict: an
 * unknown name and a wrong value are errors "NAME:LINE: …" with the nearest right one.
 */
#ifndef CORE_CONFIG_SETTING_YAML_H
#define CORE_CONFIG_SETTING_YAML_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/base/yaml.h"
#include "core/config/setting.h"

/* One setting as written, judged by setting_parse. Rules come one by one. */
struct setting_line {
    const struct setting *setting;
    char *text;
    int line;
};

struct setting_lines {
    struct setting_line *at; /* in the file's order */
    size_t count, cap;
    bool own; /* set before reading: the operator's own settings are allowed too */
};

/* Adds what `value` says about the setting, or the section, called `name` ("" = the whole file). */
int setting_lines_read(struct setting_lines *lines, const struct yaml *doc, const char *name,
                       const cJSON *value, struct err *err);
/* Adds one line as if `text` stood at `value`. */
int setting_lines_add(struct setting_lines *lines, const struct yaml *doc,
                      const struct setting *setting, const char *text, const cJSON *value,
                      struct err *err);
void setting_lines_free(struct setting_lines *lines);

#endif
