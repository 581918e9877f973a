/* SPDX-License-Identifier: MIT */
/*
 * rerail man: the man page, as troff. Commands, options, settings, verbs, keys, states, events,
 * exit codes and themes come from their tables; only the sentences between them are written here.
 */
#include "tui/commands.h"

#include "core/agent/state.h"
#include "core/agent/verb.h"
#include "core/base/str.h"
#include "core/config/setting.h"
#include "core/event.h"
#include "core/model/profile.h"
#include "tui/action.h"
#include "tui/cli.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/theme.h"

#include <stdio.h>
#include <string.h>

/* Text for troff: its own characters are told apart from ours, and no line starts with one. */
static void put(const char *text)
{
    bool start = true;

    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        start = *text == '\n';
    }
}

static void head(const char *title)
{
    printf(".SH %s\n", title);
}

/* A term, and what it means under it. */
static void item(const char *term, const char *text)
{
    fputs(".TP\n.B ", stdout);
    put(term);
    putchar('\n');
    put(text);
    putchar('\n');
}

static void text(const char *words)
{
    puts(".PP");
    put(words);
    putchar('\n');
}

/* --- commands ------------------------------------------------------------------------------------
 */

static void option(const struct cli_option *o)
{
    char left[96];

    if (o->letter)
        str_format(left, sizeof left, "-%c, --%s%s%s", o->letter, o->name, o->arg ? " " : "",
                   o->arg ? o->arg : "");
    else
        str_format(left, sizeof left, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    item(left, o->help);
}

static void command_section(const struct cli_command *command)
{
    fputs(".SS \"rerail ", stdout);
    put(command->name);
    putchar(' ');
    for (const char *at = command->args; *at; at++)
        if (*at == '"')
            fputs("\\(dq", stdout);
        else
            putchar(*at);
    puts("\"");
    put(command->help);
    puts(".");
    if (command->text)
        text(command->text);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        option(o);
    if (command->settings)
        text("Takes every setting as a flag, and --agent, --config and --set.");
}

static void commands(void)
{
    const struct cli_command *command;

    head("COMMANDS");
    text("RUN is the start of a run's id, or last. Verbs reach a live run through its owner's "
         "socket; a run that nobody has is taken for as long as the verb takes.");
    for (size_t i = 0; (command = cli_at(i)); i++)
        command_section(command);
    puts(".SS \"Options of every command that takes settings\"");
    for (const struct cli_option *o = cli_common; o->name; o++)
        option(o);
}

/* --- settings ------------------------------------------------------------------------------------
 */

static void one_setting(const struct setting *setting)
{
    char env[SETTING_ENV], expected[256];

    setting_env(env, setting);
    setting_expected(expected, sizeof expected, setting);
    item(setting->name, setting->help);
    fputs(".br\n", stdout);
    put(expected);
    if (setting->fallback && *setting->fallback) {
        fputs("; default ", stdout);
        put(setting->fallback);
    }
    putchar('\n');
    fputs(".br\n", stdout);
    put(env);
    if (setting->flag) {
        fputs(", ", stdout);
        put("--");
        put(setting->flag);
    }
    puts(setting->live ? ", \\fB:set\\fR" : "");
}

static void settings(void)
{
    head("SETTINGS");
    text("Built-in values, then config.yaml, then the agent file, then RERAIL_ variables, then "
         "flags; what comes later wins. In config.yaml a dot is a section: limits: "
         "{max_iterations: 20}.");
    for (const struct setting *setting = setting_table; setting->name; setting++)
        one_setting(setting);
}

/* --- the console ---------------------------------------------------------------------------------
 */

static void verbs(void)
{
    size_t count;
    const struct verb_info *table = verb_table(&count);

    head("VERBS");
    text("What an operator can say to a run: in the console behind a colon, and, for those that "
         "make sense there, as commands of the shell.");
    for (size_t i = 0; i < count; i++)
        item(table[i].name, table[i].help);
}

/* "j, Down": in the first context where something is bound to it. */
static void key_names(char *out, size_t cap, const struct keymap *map, enum action_id action)
{
    struct key found[8];
    size_t count = 0, at = 0;

    *out = '\0';
    for (size_t context = 0; count == 0 && context < CONTEXT_COUNT; context++)
        count = keymap_keys(map, context, (int)action, found, sizeof found / sizeof *found);
    for (size_t i = 0; i < count && at < cap; i++) {
        char name[KEY_NAME];

        key_print(name, found[i]);
        at += str_format(out + at, cap - at, i > 0 ? ", %s" : "%s", name);
    }
}

static void keys(void)
{
    const struct keymap_names names = {context_names(), CONTEXT_COUNT, action_names(),
                                       ACTION_COUNT};
    struct keymap *map = NULL;

    head("KEYS");
    text("The built-in keys, and the actions' names that keys.yaml in the configuration folder "
         "binds other keys to.");
    keymap_new(&map, &names);
    (void)keymap_add_builtin(map, NULL); /* a suite reads it */
    for (int id = 0; id < ACTION_COUNT; id++) {
        const struct action_info *action = action_info((enum action_id)id);
        char bound[128], term[192];

        key_names(bound, sizeof bound, map, (enum action_id)id);
        str_format(term, sizeof term, *bound ? "%s (%s)" : "%s", action->name, bound);
        item(term, action->help);
    }
    keymap_free(map);
}

static void states(void)
{
    head("STATES");
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        item(state_info((enum run_state)i)->name, state_info((enum run_state)i)->help);
}

static void themes(void)
{
    char name[THEME_NAME];

    head("THEMES");
    for (size_t i = 0; theme_builtin(name, i); i++) {
        struct theme *theme = NULL;

        if (theme_open(&theme, name, NULL, NULL, NULL) == 0)
            item(name, theme_about(theme));
        theme_free(theme);
    }
}

/* --- events --------------------------------------------------------------------------------------
 */

static void fields(const struct event_field *field)
{
    puts(".RS");
    for (; field->name; field++)
        item(field->name, field->help);
    puts(".RE");
}

static void events(void)
{
    head("EVENTS");
    text("rerail exec --json and rerail log --json print one event a line. Every line has:");
    fields(event_common_fields());
    text("and what its type says:");
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        const struct event_info *info = event_info((enum event_type)i);

        item(info->name, info->help);
        fields(info->fields);
    }
}

/* --- the rest ------------------------------------------------------------------------------------
 */

static void exit_codes(void)
{
    char number[16];

    head("EXIT STATUS");
#define X(name, code, word, help)                                                                  \
    str_format(number, sizeof number, "%d", code);                                                 \
    item(number, word ": " help);
    EXIT_CODES(X)
#undef X
}

static void files(void)
{
    static const char *const rows[][2] = {
        {"$XDG_CONFIG_HOME/rerail/config.yaml", "your settings"},
        {"$XDG_CONFIG_HOME/rerail/agents/NAME.md", "your agents"},
        {"$XDG_CONFIG_HOME/rerail/keys.yaml", "your keys"},
        {"$XDG_CONFIG_HOME/rerail/themes/NAME.yaml", "your themes"},
        {"$XDG_STATE_HOME/rerail/history.db", "every run, in SQLite, beside what belongs to it"},
        {"$XDG_STATE_HOME/rerail/typed.jsonl", "what you typed in the console; never a key"},
        {"$XDG_RUNTIME_DIR/rerail/", "sockets by which other processes reach the owner of a run"},
    };

    head("FILES");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        item(rows[i][0], rows[i][1]);
}

static void environment(void)
{
    const struct profile *profile;

    head("ENVIRONMENT");
    item("RERAIL_NAME", "a setting, see SETTINGS");
    item("NO_COLOR", "no colour");
    for (size_t i = 0; (profile = profile_at(i)); i++)
        if (profile->key_env) {
            char line[128];

            str_format(line, sizeof line, "the key for %s", profile->help);
            item(profile->key_env, line);
        }
}

int command_man(struct cli *cli)
{
    (void)cli;
    printf(".TH RERAIL 1 \"\" \"rerail %s\" \"User Commands\"\n", RERAIL_VERSION);
    head("NAME");
    puts("rerail \\- a terminal console for AI agent runs");
    head("SYNOPSIS");
    puts(".B rerail\n[\\fITASK\\fR]\n.br\n.B rerail\n\\fICOMMAND\\fR [\\fIOPTION\\fR ...] "
         "[\\fIWORD\\fR ...]");
    head("DESCRIPTION");
    put("It runs the agent, shows every state, model call, tool call, retry and health figure as "
        "it "
        "happens, and can stop a run, roll it back to any checkpoint, and set it going again. "
        "Every step is on disk before it is acted on, so a run outlives a crash.\n");
    commands();
    verbs();
    keys();
    states();
    events();
    settings();
    themes();
    exit_codes();
    files();
    environment();
    return EXIT_DONE;
}
