/* SPDX-License-Identifier: MIT */
/*
 * An agent: a Markdown file whose YAML front matter says what it may do and whose body is the
 * system prompt.
 *
 *     ---
 *     name: shopping-assistant
 *     description: Finds things to buy.
 *     model: gpt-5-mini            # or a section: {name: …, temperature: 0.2}
 *     base_url: http://127.0.0.1:8080/v1
 *     tools:
 *       - read_file                # built-in tools by name
 *       - name: stock              # command tools, see core/tool/command.h
 *         argv: [./stock]
 *     policy: ["allow stock", "ask shell"]
 *     limits: {max_iterations: 20} # any setting of scope run that is not the operator's own
 *     ---
 *     You find laptops. …
 *
 * Strict: an unknown key, a wrong value or a missing part is an error that names file and line.
 * Agents live in the operator's config folder, `agents/NAME.md`; `--agent FILE` takes any file. The
 * agent `default` is built in, and one in the folder goes before it.
 */
#ifndef CORE_CONFIG_AGENT_FILE_H
#define CORE_CONFIG_AGENT_FILE_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/config/setting_yaml.h"

#define AGENT_FILE_MAX (1u << 20)

struct agent_file {
    char *source; /* path, or "default (built in)" */
    char *name;
    char *description; /* NULL = none */
    char *system;      /* the body, without the blank lines around it */
    struct setting_lines settings;
    char *commands; /* JSON array of command tools, or NULL */
};

/* How other rooms judge what this one only carries. NULL members are not asked. */
struct agent_checks {
    /* A command tool's entry; on failure *where is the value at fault (core/tool's command_parse).
     */
    int (*command)(const cJSON *entry, const cJSON **where, struct err *err);
    /* A built-in tool's name, and the nearest right one for the message; NULL-terminated list. */
    const char *const *tools;
};

int agent_file_parse(struct agent_file **out, const char *name, const char *text, size_t len,
                     const struct agent_checks *checks, struct err *err);
int agent_file_load(struct agent_file **out, const char *path, const struct agent_checks *checks,
                    struct err *err);
void agent_file_free(struct agent_file *agent);

/* By name: `dir`/NAME.md, else the built-in one of that name; E_NOTFOUND names the nearest agent.
   dir is path_root's config folder with "/agents"; NULL = built-in ones only. A name with a '/' or
   ending in ".md" is a path. */
int agent_file_find(struct agent_file **out, const char *dir, const char *name,
                    const struct agent_checks *checks, struct err *err);
/* Names that agent_file_find knows, sorted. */
int agent_file_list(struct text_list *out, const char *dir, struct err *err);

#endif
