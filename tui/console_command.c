/* SPDX-License-Identifier: MIT */
/*
 * The command line: `:NAME arguments`. A name is an action, a verb of the run, or one of the few
 * below; verbs take their arguments in the order of core/agent/verb.c's table, the last text takes
 * the rest of the line. Completion comes from the same tables.
 */
#include "tui/console_data.h"

#include "core/agent/verb.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/setting.h"
#include "tui/timeline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The next word of the line, or all of it; yours. NULL when there is none. */
static char *next_word(const char **line, bool rest)
{
    const char *start = *line + strspn(*line, " ");
    size_t len = rest ? strlen(start) : strcspn(start, " ");

    *line = start + len;
    return len > 0 ? mem_copy(start, len) : NULL;
}

static unsigned do_theme(struct console *console, const char *rest)
{
    struct theme *theme = NULL;
    struct err err = {0};

    if (theme_open(&theme, *rest ? rest : THEME_DEFAULT, console->is.theme_dir, NULL, &err) < 0) {
        console_say(console, true, err.msg);
        return DID_REDRAW;
    }
    theme_free(console->theme);
    console->theme = theme;
    console->wants |= CONSOLE_THEME;
    return DID_REDRAW;
}

static unsigned do_run(struct console *console, const char *rest)
{
    return *rest ? console_start(console, rest) : console_act(console, ACTION_NEW_RUN);
}

static unsigned do_open(struct console *console, const char *rest)
{
    struct err err = {0};
    int64_t run = 0;

    if (query_run_find(console->is.query, *rest ? rest : "last", &run, &err) < 0)
        console_say(console, true, err.msg);
    else
        console_show(console, run);
    return DID_REDRAW;
}

static unsigned do_quit(struct console *console, const char *rest)
{
    (void)rest;
    return console_act(console, ACTION_CLOSE);
}

/* A setting of this console is set here; one of the run is a verb. */
static unsigned do_set(struct console *console, const char *rest)
{
    char *line = mem_text(rest);
    char *value = line + strcspn(line, " =");
    const struct setting *setting;
    struct err err = {0};

    if (*value)
        *value++ = '\0';
    value += strspn(value, " =");
    setting = setting_find(line);
    if (!setting) {
        const char *near = setting_nearest(line);

        model_say(&console->model, true,
                  near ? "no such setting '%s'; did you mean '%s'?" : "no such setting '%s'", line,
                  near);
    } else if (setting->scope == SETTING_RUN) {
        cJSON *verb = model_ask(&console->model, "set");

        json_set_text(verb, "name", line);
        json_set_text(verb, "value", value);
    } else if (str_eq(line, "ui.theme")) {
        (void)do_theme(console, value);
    } else if (console->is.port.set(console->is.port.self, line, value, &err) < 0) {
        console_say(console, true, err.msg);
    } else {
        model_say(&console->model, false, "%s is now %s", line, value);
    }
    free(line);
    return DID_REDRAW;
}

static const struct console_command commands[] = {
    {"run", "start a run: run TASK", do_run},
    {"open-run", "show a run: open-run ID, or last", do_open},
    {"theme", "other colours: theme NAME", do_theme},
    {"set", "change a setting of the run or of this console: set NAME VALUE", do_set},
    {"quit", "leave; asks when a run is live", do_quit},
    {"q", "the same", do_quit},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- verbs ---------------------------------------------------------------------------------------
 */

static int put_argument(struct console *console, cJSON *verb, const struct verb_arg *arg,
                        const char *word, struct err *err)
{
    struct checkpoint_row row;
    struct arena arena = {0};
    int64_t number = 0;
    int rc = 0;

    switch (arg->kind) {
    case VERB_TEXT:
    case VERB_WORD: json_set_text(verb, arg->name, word); break;
    case VERB_INT:
    case VERB_EFFECT:
        rc = str_int(&number, word, 0, INT64_MAX);
        if (rc < 0)
            return err_set(err, E_USAGE, "%s takes a number, not '%s'", arg->name, word);
        json_set_int(verb, arg->name, number);
        break;
    case VERB_CHECKPOINT:
        rc = query_checkpoint_find(console->is.query, &arena, console->model.run, word, &row, err);
        if (rc == 0)
            json_set_int(verb, arg->name, row.node);
        arena_free(&arena);
        break;
    }
    return rc;
}

static bool fits(const struct verb_arg *arg, const char *word)
{
    const char *at = arg->words;
    size_t len = word ? strlen(word) : 0;

    if (arg->kind == VERB_EFFECT || arg->kind == VERB_INT)
        return word && isdigit((unsigned char)*word);
    if (arg->kind != VERB_WORD || !at)
        return true;
    for (; word && at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strcspn(at, "|") == len && strncmp(at, word, len) == 0)
            return true;
    return false;
}

static int put_arguments(struct console *console, cJSON *verb, const struct verb_info *info,
                         const char *line, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < VERB_ARGS_MAX && info->args[i].name; i++) {
        const struct verb_arg *arg = &info->args[i];
        bool last = i + 1 == VERB_ARGS_MAX || !info->args[i + 1].name;
        const char *before = line;
        char *word = next_word(&line, last && arg->kind == VERB_TEXT);

        if (word && arg->optional && !fits(arg, word)) {
            line = before; /* it is the next argument's */
        } else if (word && !fits(arg, word)) {
            rc = err_set(err, E_USAGE, "%s: %s is one of %s", info->name, arg->name, arg->words);
        } else if (word) {
            rc = put_argument(console, verb, arg, word, err);
        } else if (!arg->optional) {
            rc = err_set(err, E_USAGE, "%s needs its %s: %s", info->name, arg->name, info->help);
        }
        free(word);
    }
    return rc;
}

static unsigned say_verb(struct console *console, const struct verb_info *info, const char *rest)
{
    cJSON *verb = cJSON_CreateObject();
    struct err err = {0};

    if (put_arguments(console, verb, info, rest, &err) < 0) {
        console_say(console, true, err.msg);
        cJSON_Delete(verb);
        return DID_REDRAW;
    }
    cJSON *asked = model_ask(&console->model, info->name);
    for (cJSON *item; (item = verb->child);)
        cJSON_AddItemToObject(asked, item->string, cJSON_DetachItemViaPointer(verb, item));
    cJSON_Delete(verb);
    console_send(console);
    return DID_REDRAW;
}

/* --- a line --------------------------------------------------------------------------------------
 */

static unsigned no_such(struct console *console, const char *name)
{
    const char *all[ACTION_COUNT + 96];
    size_t count = 0, verb_count;
    const struct verb_info *verbs = verb_table(&verb_count);

    for (size_t i = 0; i < ACTION_COUNT; i++)
        all[count++] = action_names()[i];
    for (size_t i = 0; i < verb_count && count < COUNT(all); i++)
        all[count++] = verbs[i].name;
    for (size_t i = 0; console_errands[i].name && count < COUNT(all); i++)
        all[count++] = console_errands[i].name;
    const char *near = str_nearest(name, all, count);
    model_say(&console->model, true,
              near ? "no such command '%s'; did you mean '%s'?" : "no such command '%s'", name,
              near);
    return DID_REDRAW;
}

/* An action without arguments comes before a verb of the same name: it shows what it means first.
 */
static unsigned run(struct console *console, const char *name, const char *rest)
{
    int action = action_find(name);
    const struct verb_info *verb = verb_find(name);

    for (size_t i = 0; i < COUNT(commands); i++)
        if (str_eq(commands[i].name, name))
            return commands[i].run(console, rest);
    for (size_t i = 0; console_errands[i].name; i++)
        if (str_eq(console_errands[i].name, name))
            return console_errands[i].run(console, rest);
    if (action >= 0 && (!*rest || !verb)) {
        struct panel *panel = console->panels[console->focus];
        unsigned did = panel->class->act(panel, &console->model, (enum action_id)action);

        return did & DID_NOT ? console_act(console, (enum action_id)action) : did;
    }
    if (verb)
        return say_verb(console, verb, rest);
    return no_such(console, name);
}

unsigned console_command(struct console *console, const char *line)
{
    const char *rest = line;
    char *name = next_word(&rest, false);
    unsigned did = DID_NOTHING;

    if (name) {
        rest += strspn(rest, " ");
        char *words = mem_text(rest);
        for (size_t len = strlen(words); len > 0 && words[len - 1] == ' ';)
            words[--len] = '\0';
        did = run(console, name, words);
        free(words);
    }
    free(name);
    return did;
}

/* --- completion ----------------------------------------------------------------------------------
 */

struct candidates {
    const char **names, **helps;
    size_t count, max;
    const char *typed;
    size_t len;
    bool fuzzy;
};

/* The letters in their order. */
static bool matches(const struct candidates *c, const char *name)
{
    const char *at = name;

    if (!c->fuzzy)
        return strncmp(name, c->typed, c->len) == 0;
    for (size_t i = 0; i < c->len; i++) {
        if (c->typed[i] == ' ')
            continue;
        at = strchr(at, c->typed[i]);
        if (!at)
            return false;
        at++;
    }
    return true;
}

static void candidate(struct candidates *c, const char *name, const char *help)
{
    if (c->count < c->max && matches(c, name)) {
        c->names[c->count] = name;
        c->helps[c->count++] = help;
    }
}

static void settings(struct candidates *c)
{
    for (const struct setting *setting = setting_table; setting->name; setting++)
        if (setting->live || setting->scope == SETTING_USER)
            candidate(c, setting->name, setting->help);
}

static void all_names(struct candidates *c)
{
    size_t count;
    const struct verb_info *verbs = verb_table(&count);

    for (size_t i = 0; i < COUNT(commands); i++)
        candidate(c, commands[i].name, commands[i].help);
    for (size_t i = 0; console_errands[i].name; i++)
        candidate(c, console_errands[i].name, console_errands[i].help);
    for (int i = 0; i < ACTION_ALLOW_ONCE; i++)
        candidate(c, action_info((enum action_id)i)->name, action_info((enum action_id)i)->help);
    for (size_t i = 0; i < count; i++)
        if (action_find(verbs[i].name) < 0)
            candidate(c, verbs[i].name, verbs[i].help);
}

static void themes(struct candidates *c, struct console *console)
{
    if (!console->themes) {
        console->themes = mem_array(THEME_LIST, sizeof *console->themes);
        console->theme_count = theme_list(console->themes, console->is.theme_dir);
    }
    for (size_t i = 0; i < console->theme_count; i++)
        candidate(c, console->themes[i].name, console->themes[i].about);
}

size_t console_complete(void *self, enum entry_kind kind, const char *text, const char **names,
                        const char **helps, size_t max)
{
    const char *word = strrchr(text, ' ') ? strrchr(text, ' ') + 1 : text;
    struct candidates c = {.names = names,
                           .helps = helps,
                           .max = max,
                           .typed = kind == ENTRY_PALETTE ? text : word,
                           .fuzzy = kind == ENTRY_PALETTE};

    c.len = strlen(c.typed);
    if (kind == ENTRY_PALETTE || word == text)
        all_names(&c);
    else if (str_starts(text, "set ") && strchr(text, ' ') == word - 1)
        settings(&c);
    else if (str_starts(text, "theme ") || str_starts(text, "set ui.theme "))
        themes(&c, self);
    return c.count;
}
