/* SPDX-License-Identifier: MIT */
#include "core/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/yaml.h"
#include "core/config/agent_file.h"
#include "core/config/setting_yaml.h"

#define LAYERS (CONFIG_FLAG + 1)
#define PREFIX "RERAIL_"

struct origin {
    enum config_layer layer;
    char *text; /* NULL = built-in */
};

struct config {
    struct run_config *run;
    struct user_config *user;
    struct origin *origins;         /* one for each row of the table */
    struct text_list rules[LAYERS]; /* of every layer; together they are run->policy */
};

void config_new(struct config **out)
{
    struct config *config = mem_new(sizeof *config);

    run_config_new(&config->run);
    user_config_new(&config->user);
    config->origins = mem_array(setting_count(), sizeof *config->origins);
    *out = config;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < setting_count(); i++)
        free(config->origins[i].text);
    for (size_t i = 0; i < LAYERS; i++)
        text_list_free(&config->rules[i]);
    free(config->origins);
    run_config_free(config->run);
    user_config_free(config->user);
    free(config);
}

/* ---- Putting a value in its place ----------------------------------------------------------- */

static struct origin *origin_of(const struct config *config, const struct setting *setting)
{
    return &config->origins[setting - setting_table];
}

static void *home_of(const struct config *config, const struct setting *setting)
{
    return setting->scope == SETTING_RUN ? (void *)config->run : (void *)config->user;
}

/* Adds rules to their layer and puts all layers' rules in order. */
static void add_rules(struct config *config, const struct setting *setting, enum config_layer layer,
                      const struct text_list *rules)
{
    struct setting_value all = {0};

    for (size_t i = 0; i < rules->count; i++)
        text_list_add(&config->rules[layer], rules->at[i]);
    for (size_t i = 0; i < LAYERS; i++)
        for (size_t k = 0; k < config->rules[i].count; k++)
            text_list_add(&all.list, config->rules[i].at[k]);
    setting_store(home_of(config, setting), setting, &all);
}

/* Takes the value, unless a later layer has said something. */
static void put(struct config *config, const struct setting *setting, struct setting_value *value,
                enum config_layer layer, const char *where)
{
    struct origin *origin = origin_of(config, setting);
    bool overruled = origin->layer > layer;

    if (setting->type == SETTING_RULES)
        add_rules(config, setting, layer, &value->list);
    else if (!overruled)
        setting_store(home_of(config, setting), setting, value);
    if (!overruled) {
        free(origin->text);
        *origin = (struct origin){.layer = layer, .text = mem_text(where)};
    }
    setting_value_free(value);
}

static int put_lines(struct config *config, const struct setting_lines *lines,
                     enum config_layer layer, const char *name, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < lines->count && rc == 0; i++) {
        const struct setting_line *line = &lines->at[i];
        struct setting_value value;

        rc = setting_parse(&value, line->setting, line->text, err);
        if (rc)
            break;
        char *where = mem_printf("%s:%d", name, line->line);
        put(config, line->setting, &value, layer, where);
        free(where);
    }
    run_config_settle(config->run);
    return rc;
}

/* ---- Layers --------------------------------------------------------------------------------- */

static int take_document(struct config *config, const struct yaml *doc, struct err *err)
{
    struct setting_lines lines = {.own = true};
    int rc = setting_lines_read(&lines, doc, "", yaml_root(doc), err);

    if (rc == 0)
        rc = put_lines(config, &lines, CONFIG_FILE, yaml_name(doc), err);
    setting_lines_free(&lines);
    return rc;
}

int config_load(struct config *config, const char *path, struct err *err)
{
    struct yaml *doc = NULL;
    int rc = yaml_load(&doc, path, err);

    if (rc == 0)
        rc = take_document(config, doc, err);
    yaml_drop(doc);
    return rc;
}

int config_parse(struct config *config, const char *name, const char *text, size_t len,
                 struct err *err)
{
    struct yaml *doc = NULL;
    int rc = yaml_parse(&doc, name, text, len, err);

    if (rc == 0)
        rc = take_document(config, doc, err);
    yaml_drop(doc);
    return rc;
}

int config_load_user(struct config *config, struct err *err)
{
    char *dir = NULL;
    int rc = path_root(&dir, PATH_CONFIG, err);

    if (rc)
        return rc == E_NOTFOUND ? 0 : rc; /* no home: nowhere to have written one */
    struct yaml *doc = NULL;
    char *path = path_join(dir, "config.yaml");
    rc = yaml_load(&doc, path, err);
    if (rc == E_NOTFOUND)
        rc = 0; /* only the file may be missing: a setting that does not exist says the same */
    else if (rc == 0)
        rc = take_document(config, doc, err);
    yaml_drop(doc);
    free(path);
    free(dir);
    return rc;
}

/* Variables that begin as ours do and are no settings. */
static const char *const other_variables[] = {
    "RERAIL_API_KEY",         /* the key of a server that no profile knows */
    "RERAIL_IDEMPOTENCY_KEY", /* given to tools, and rerail may be one */
    "RERAIL_FAILPOINT",       /* read by test builds only */
    "RERAIL_BUGS",            /* read by test builds only */
};

static bool is_other(const char *variable, size_t len)
{
    for (size_t i = 0; i < sizeof other_variables / sizeof *other_variables; i++)
        if (strlen(other_variables[i]) == len && strncmp(variable, other_variables[i], len) == 0)
            return true;
    return false;
}

static int unknown_variable(const char *name, struct err *err)
{
    char known[256][SETTING_ENV];
    const char *names[256];
    size_t count = setting_count() < 256 ? setting_count() : 256;

    for (size_t i = 0; i < count; i++) {
        setting_env(known[i], &setting_table[i]);
        names[i] = known[i];
    }
    const char *nearest = str_nearest(name, names, count);
    if (nearest)
        return err_set(err, E_NOTFOUND, "%.80s: no such variable; did you mean %s?", name, nearest);
    return err_set(err, E_NOTFOUND, "%.80s: no such variable (rerail config lists them)", name);
}

static const struct setting *setting_by_variable(const char *name)
{
    for (const struct setting *setting = setting_table; setting->name; setting++) {
        char variable[SETTING_ENV];

        setting_env(variable, setting);
        if (strcmp(variable, name) == 0)
            return setting;
    }
    return NULL;
}

static int judge_variable(struct setting_value *value, const struct setting **setting,
                          const char *name, const char *text, struct err *err)
{
    *setting = setting_by_variable(name);
    if (!*setting)
        return unknown_variable(name, err);
    int rc = setting_parse(value, *setting, text, err);
    return rc ? err_wrap(err, rc, "%s", name) : 0;
}

/* One pass judges all, a second one puts them in: a mistake changes nothing. */
static int take_variables(struct config *config, char *const *environment, bool put_in,
                          struct err *err)
{
    int rc = 0;

    for (; *environment && rc == 0; environment++) {
        const char *equals = strchr(*environment, '=');
        const struct setting *setting;
        struct setting_value value;

        if (!str_starts(*environment, PREFIX) || !equals || !equals[1] ||
            is_other(*environment, (size_t)(equals - *environment)))
            continue;
        char *name = mem_copy(*environment, (size_t)(equals - *environment));
        rc = judge_variable(&value, &setting, name, equals + 1, err);
        if (rc == 0 && put_in)
            put(config, setting, &value, CONFIG_ENV, name);
        else if (rc == 0)
            setting_value_free(&value);
        free(name);
    }
    return rc;
}

int config_env(struct config *config, char *const *environment, struct err *err)
{
    int rc = take_variables(config, environment, false, err);

    if (rc == 0)
        rc = take_variables(config, environment, true, err);
    run_config_settle(config->run);
    return rc;
}

int config_flag(struct config *config, const char *name, const char *value, struct err *err)
{
    const struct setting *setting = setting_by_flag(name);
    const char *nearest = setting ? NULL : setting_nearest(name);
    struct setting_value parsed;

    if (!setting && nearest)
        return err_set(err, E_NOTFOUND, "no setting '%.60s'; did you mean '%s'?", name, nearest);
    if (!setting)
        return err_set(err, E_NOTFOUND, "no setting '%.60s'", name);
    int rc = setting_parse(&parsed, setting, value, err);
    if (rc)
        return rc;
    char *where = mem_printf("--%s", setting->flag ? setting->flag : setting->name);
    put(config, setting, &parsed, CONFIG_FLAG, where);
    run_config_settle(config->run);
    free(where);
    return 0;
}

static void replace(char **text, const char *with)
{
    free(*text);
    *text = mem_text(with);
}

int config_agent(struct config *config, const struct agent_file *agent, struct err *err)
{
    int rc = put_lines(config, &agent->settings, CONFIG_AGENT, agent->source, err);

    if (rc)
        return rc;
    replace(&config->run->agent.name, agent->name);
    replace(&config->run->agent.system, agent->system);
    replace(&config->run->agent.commands, agent->commands);
    return 0;
}

/* ---- What came of it ------------------------------------------------------------------------ */

const struct run_config *config_run(const struct config *config)
{
    return config->run;
}

const struct user_config *config_user(const struct config *config)
{
    return config->user;
}

enum config_layer config_layer(const struct config *config, const struct setting *setting)
{
    return origin_of(config, setting)->layer;
}

const char *config_origin(const struct config *config, const struct setting *setting)
{
    const char *text = origin_of(config, setting)->text;

    return text ? text : "built-in";
}

int config_value(struct buf *out, const struct config *config, const struct setting *setting)
{
    struct setting_value view = setting_fetch(home_of(config, setting), setting);

    return setting_format(out, setting, &view);
}
