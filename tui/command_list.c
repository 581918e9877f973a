/* SPDX-License-Identifier: MIT */
/* rerail tools, config, themes: what there is to choose from, straight from the tables. */
#include "tui/commands.h"

#include "core/agent/run_spec.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/config/setting.h"
#include "core/tool/tool.h"
#include "tui/cli.h"
#include "tui/event_text.h"
#include "tui/listing.h"
#include "tui/theme.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX ((size_t)1 << 20)

/* --- tools ---------------------------------------------------------------------------------------
 */

static const struct column tool_columns[] = {
    {"name", "TOOL", COLUMN_TEXT},
    {"policy", "POLICY", COLUMN_TEXT},
    {"origin", "FROM", COLUMN_TEXT},
    {"runs", "RUNS AS", COLUMN_TEXT},
    {"description", "WHAT IT IS FOR", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static cJSON *tool_json(const struct tool *tool)
{
    cJSON *row = cJSON_CreateObject(), *schema = NULL;

    json_set_text(row, "name", tool->name);
    json_set_text(row, "policy", tool_policy_name(tool->policy));
    json_set_text(row, "origin", tool->origin == TOOL_BUILTIN ? "built-in" : "agent");
    json_set_text(row, "runs", tool->kind == TOOL_PROCESS ? "process" : "worker");
    json_set_bool(row, "cache", tool->cache);
    json_set_bool(row, "writes", tool->writes);
    json_set_number(row, "timeout_ms", (double)tool->timeout_us / 1000);
    json_set_text(row, "description", tool->description);
    if (json_parse(&schema, tool->parameters, strlen(tool->parameters), NULL, NULL) == 0)
        cJSON_AddItemToObject(row, "parameters", schema);
    return row;
}

static int print_tool(const struct toolset *set, const char *name, struct err *err)
{
    const struct tool *tool = toolset_find(set, name);

    if (!tool)
        return err_set(err, E_NOTFOUND, "this agent has no tool %s: see rerail tools", name);
    cJSON *row = tool_json(tool);
    char *text = cJSON_Print(row);
    event_text_print(stdout, text);
    cJSON_free(text);
    cJSON_Delete(row);
    return 0;
}

static int tools(const struct cli *cli, struct err *err)
{
    struct run_config *copy = NULL;
    struct toolset *set = NULL;
    struct listing *listing;

    run_config_copy(&copy, config_run(cli->config));
    struct run_spec *spec = run_spec_new(copy);
    int rc = run_spec_toolset(&set, spec, err);
    if (rc == 0 && cli->word_count > 0) {
        rc = print_tool(set, cli->words[0], err);
    } else if (rc == 0) {
        listing_new(&listing, tool_columns, cli_option(cli, "json") != NULL, stdout);
        for (size_t i = 0; i < toolset_count(set); i++)
            listing_add(listing, tool_json(toolset_at(set, i)));
        (void)listing_end(listing);
    }
    toolset_free(set);
    run_spec_free(spec);
    return rc;
}

int command_tools(struct cli *cli)
{
    struct err err = {0};

    return tools(cli, &err) < 0 ? cli_error(&err) : EXIT_DONE;
}

/* --- config --------------------------------------------------------------------------------------
 */

static const struct column config_columns[] = {
    {"name", "SETTING", COLUMN_TEXT},
    {"origin", "FROM", COLUMN_TEXT},
    {"value", "VALUE", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static cJSON *setting_row(const struct cli *cli, const struct setting *setting)
{
    cJSON *row = cJSON_CreateObject();
    char env[SETTING_ENV], expected[256];
    struct buf value;

    buf_init(&value, VALUE_MAX);
    (void)config_value(&value, cli->config, setting); /* values are shorter than that */
    setting_env(env, setting);
    setting_expected(expected, sizeof expected, setting);
    json_set_text(row, "name", setting->name);
    json_set_text(row, "value", value.data);
    json_set_text(row, "origin", config_origin(cli->config, setting));
    json_set_text(row, "default", setting->fallback);
    json_set_text(row, "takes", expected);
    json_set_text(row, "environment", env);
    if (setting->flag) {
        char *flag = mem_printf("--%s", setting->flag);

        json_set_text(row, "flag", flag);
        free(flag);
    }
    json_set_text(row, "help", setting->help);
    buf_free(&value);
    return row;
}

static int print_setting(const struct cli *cli, const char *name)
{
    const struct setting *setting = setting_find(name);
    const char *nearest = setting ? NULL : setting_nearest(name);
    const cJSON *member;

    if (!setting)
        return cli_fail(EXIT_ERROR, "there is no setting %s%s%s%s", name,
                        nearest ? "; did you mean " : "", nearest ? nearest : "",
                        nearest ? "?" : "");
    cJSON *row = setting_row(cli, setting);
    cJSON_ArrayForEach(member, row)
    {
        char *line = mem_printf("%-12s %s", member->string, member->valuestring);

        event_text_print(stdout, line);
        free(line);
    }
    cJSON_Delete(row);
    return EXIT_DONE;
}

int command_config(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL;
    struct listing *listing;
    char *dir = NULL;

    if (cli->word_count > 0)
        return print_setting(cli, cli->words[0]);
    if (!json && path_root(&dir, PATH_CONFIG, NULL) == 0)
        printf("%s/config.yaml\n\n", dir);
    free(dir);
    listing_new(&listing, config_columns, json, stdout);
    for (const struct setting *setting = setting_table; setting->name; setting++)
        listing_add(listing, setting_row(cli, setting));
    (void)listing_end(listing);
    return EXIT_DONE;
}

/* --- themes --------------------------------------------------------------------------------------
 */

static const struct column theme_columns[] = {
    {"name", "THEME", COLUMN_TEXT},
    {"mark", "", COLUMN_TEXT},
    {"about", "WHAT IT IS LIKE", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

int command_themes(struct cli *cli)
{
    const char *chosen = config_user(cli->config)->ui.theme;
    struct theme_info themes[THEME_LIST];
    char *config = NULL, *dir = NULL;
    struct listing *listing;

    if (path_root(&config, PATH_CONFIG, NULL) == 0)
        dir = path_join(config, "themes");
    size_t count = theme_list(themes, dir);
    free(dir);
    free(config);

    listing_new(&listing, theme_columns, cli_option(cli, "json") != NULL, stdout);
    for (size_t i = 0; i < count; i++) {
        bool now = str_eq(themes[i].name, chosen);
        cJSON *row = cJSON_CreateObject();

        json_set_text(row, "name", themes[i].name);
        json_set_bool(row, "chosen", now);
        json_set_text(row, "mark", now ? "●" : "");
        json_set_text(row, "about", themes[i].about);
        listing_add(listing, row);
    }
    (void)listing_end(listing);
    return EXIT_DONE;
}
