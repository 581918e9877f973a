/* SPDX-License-Identifier: MIT */
#include "core/config/run_config.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static void fill(void *config, enum setting_scope scope)
{
    for (const struct setting *setting = setting_table; setting->name; setting++) {
        struct setting_value value;

        if (setting->scope != scope)
            continue;
        /* The table's own defaults are right: a test parses every one. */
        (void)setting_parse(&value, setting, setting->fallback, NULL);
        setting_store(config, setting, &value);
    }
}

static void empty(void *config, enum setting_scope scope)
{
    for (const struct setting *setting = setting_table; setting->name; setting++) {
        struct setting_value none = {0};

        if (setting->scope == scope)
            setting_store(config, setting, &none);
    }
}

/* What has no setting of its own: long waits that a server asks for are the same for all. */
void run_config_settle(struct run_config *config)
{
    config->tool_retry.throttled_us = config->retry.throttled_us;
    config->tool_retry.spread_percent = config->retry.spread_percent;
    config->tool_retry.park_us = config->retry.park_us;
    config->tool_retry.operator_us = config->retry.operator_us;
    config->tool_retry.nonsense_us = config->retry.nonsense_us;
    config->gate.nonsense_us = config->retry.nonsense_us;
}

void run_config_new(struct run_config **out)
{
    *out = mem_new(sizeof **out);
    fill(*out, SETTING_RUN);
    run_config_settle(*out);
}

void run_config_free(struct run_config *config)
{
    if (!config)
        return;
    empty(config, SETTING_RUN);
    free(config->agent.name);
    free(config->agent.system);
    free(config->agent.commands);
    free(config);
}

static struct setting_value copy_of(const struct setting_value *value)
{
    struct setting_value copy = {.number = value->number, .text = mem_text(value->text)};

    for (size_t i = 0; i < value->list.count; i++)
        text_list_add(&copy.list, value->list.at[i]);
    return copy;
}

void run_config_copy(struct run_config **out, const struct run_config *config)
{
    struct run_config *copy = mem_new(sizeof *copy);

    for (const struct setting *setting = setting_table; setting->name; setting++) {
        if (setting->scope != SETTING_RUN)
            continue;
        struct setting_value view = setting_fetch(config, setting), value = copy_of(&view);
        setting_store(copy, setting, &value);
    }
    run_config_settle(copy);
    copy->agent.name = mem_text(config->agent.name);
    copy->agent.system = mem_text(config->agent.system);
    copy->agent.commands = mem_text(config->agent.commands);
    *out = copy;
}

/* ---- The stored form ------------------------------------------------------------------------ */

char *run_config_json(const struct run_config *config)
{
    cJSON *out = cJSON_CreateObject();
    cJSON *settings = cJSON_AddObjectToObject(out, "settings");
    cJSON *agent = cJSON_AddObjectToObject(out, "agent");

    for (const struct setting *setting = setting_table; setting->name; setting++) {
        if (setting->scope != SETTING_RUN)
            continue;
        struct setting_value view = setting_fetch(config, setting);
        cJSON_AddItemToObject(settings, setting->name, setting_json(setting, &view));
    }
    json_set_text(agent, "name", config->agent.name);
    json_set_text(agent, "system", config->agent.system);
    json_set_text(agent, "commands", config->agent.commands);
    char *text = json_print(out);
    cJSON_Delete(out);
    return text;
}

static int take_settings(struct run_config *config, const cJSON *settings, struct err *err)
{
    for (const cJSON *item = settings->child; item; item = item->next) {
        const struct setting *setting = setting_find(item->string);
        struct setting_value value;

        if (!setting || setting->scope != SETTING_RUN)
            return err_set(err, E_NEWER, "the run has a setting '%.60s' that this rerail lacks",
                           item->string);
        int rc = setting_from_json(&value, setting, item, err);
        if (rc)
            return rc;
        setting_store(config, setting, &value);
    }
    run_config_settle(config);
    return 0;
}

static void take_agent(struct run_config *config, const cJSON *agent)
{
    config->agent.name = mem_text(json_text(agent, "name"));
    config->agent.system = mem_text(json_text(agent, "system"));
    config->agent.commands = mem_text(json_text(agent, "commands"));
}

int run_config_parse(struct run_config **out, const char *json, size_t len, struct err *err)
{
    struct run_config *config = NULL;
    cJSON *tree = NULL;
    int rc = json_parse(&tree, json, len, NULL, err);

    if (rc == 0 && !json_object(tree, "settings"))
        rc = err_set(err, E_PARSE, "no settings in it");
    if (rc == 0) {
        run_config_new(&config);
        rc = take_settings(config, json_object(tree, "settings"), err);
    }
    if (rc == 0) {
        take_agent(config, json_object(tree, "agent"));
        *out = config;
        config = NULL;
    }
    run_config_free(config);
    cJSON_Delete(tree);
    return rc ? err_wrap(err, rc, "stored configuration") : 0;
}

/* ---- One setting ---------------------------------------------------------------------------- */

static int unknown(const char *name, struct err *err)
{
    const char *nearest = setting_nearest(name);

    if (nearest)
        return err_set(err, E_NOTFOUND, "no setting '%.60s'; did you mean '%s'?", name, nearest);
    return err_set(err, E_NOTFOUND, "no setting '%.60s'", name);
}

/* The row of a live setting of this scope. */
static int find_live(const struct setting **out, const char *name, enum setting_scope scope,
                     struct err *err)
{
    *out = setting_find(name);
    if (!*out)
        return unknown(name, err);
    if (!(*out)->live)
        return err_set(err, E_DENIED, "%s cannot be changed while a run goes on", name);
    if ((*out)->scope != scope)
        return err_set(err, E_DENIED, "%s belongs to the %s", name,
                       scope == SETTING_RUN ? "console, not to the run" : "run");
    return 0;
}

/* A new rule goes behind those that are there. */
static void put_after(struct text_list *rules, const struct text_list *before)
{
    struct text_list all = {0};

    for (size_t i = 0; i < before->count; i++)
        text_list_add(&all, before->at[i]);
    for (size_t i = 0; i < rules->count; i++)
        text_list_add(&all, rules->at[i]);
    text_list_free(rules);
    *rules = all;
}

static int set(void *config, enum setting_scope scope, const char *name, const char *text,
               struct err *err)
{
    const struct setting *setting;
    struct setting_value value;
    int rc = find_live(&setting, name, scope, err);

    if (rc == 0)
        rc = setting_parse(&value, setting, text, err);
    if (rc)
        return rc;
    if (setting->type == SETTING_RULES) {
        struct setting_value before = setting_fetch(config, setting);
        put_after(&value.list, &before.list);
    }
    setting_store(config, setting, &value);
    return 0;
}

int run_config_set(struct run_config *config, const char *name, const char *value, struct err *err)
{
    int rc = set(config, SETTING_RUN, name, value, err);

    run_config_settle(config);
    return rc;
}

int run_config_get(struct buf *out, const struct run_config *config, const char *name,
                   struct err *err)
{
    const struct setting *setting = setting_find(name);

    if (!setting || setting->scope != SETTING_RUN)
        return unknown(name, err);
    struct setting_value view = setting_fetch(config, setting);
    return setting_format(out, setting, &view);
}

/* ---- For the model's request ---------------------------------------------------------------- */

static void set_scaled(cJSON *object, const char *name, int64_t thousandths)
{
    if (thousandths == -1)
        return;
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    json_set_number(object, name, (double)thousandths / 1000);
}

char *run_config_extra(const struct run_config *config)
{
    const char *extra = config->model.extra;
    cJSON *out = NULL;

    if (!extra || json_parse(&out, extra, strlen(extra), &json_args, NULL))
        out = cJSON_CreateObject();
    set_scaled(out, "temperature", config->model.temperature);
    set_scaled(out, "top_p", config->model.top_p);
    if (config->model.seed != -1) {
        cJSON_DeleteItemFromObjectCaseSensitive(out, "seed");
        json_set_int(out, "seed", config->model.seed);
    }
    char *text = cJSON_GetArraySize(out) > 0 ? json_print(out) : NULL;
    cJSON_Delete(out);
    return text;
}

/* ---- Of the console ------------------------------------------------------------------------- */

void user_config_new(struct user_config **out)
{
    *out = mem_new(sizeof **out);
    fill(*out, SETTING_USER);
}

void user_config_free(struct user_config *config)
{
    if (config)
        empty(config, SETTING_USER);
    free(config);
}

int user_config_set(struct user_config *config, const char *name, const char *value,
                    struct err *err)
{
    return set(config, SETTING_USER, name, value, err);
}
