/* SPDX-License-Identifier: MIT */
#include "tui/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/path.h"
#include "core/base/str.h"
#include "core/config/setting.h"
#include "tests/suite.h"
#include "tui/action.h"
#include "tui/cli_help.h"
#include "tui/key.h"
#include "tui/keymap.h"

#define README_MAX ((size_t)1 << 20)

static void one_name_one_command(void)
{
    const struct cli_command *command;

    for (size_t i = 0; (command = cli_at(i)); i++) {
        CU_ASSERT_PTR_EQUAL(cli_find(command->name), command);
        CU_ASSERT_PTR_NOT_NULL(command->run);
        CU_ASSERT_TRUE(command->most < 0 || command->most >= command->least);
    }
    CU_ASSERT_PTR_NULL(cli_find("no-such-command"));
    CU_ASSERT_PTR_NULL(cli_find(""));
}

/* Lower case, no full stop: it follows the command's name in lists. */
static bool is_help(const char *help)
{
    return help && *help && !str_ends(help, ".") && strlen(help) <= 90 && !strchr(help, '\n');
}

static void every_row_is_explained(void)
{
    const struct cli_command *command;

    for (size_t i = 0; (command = cli_at(i)); i++) {
        if (!is_help(command->help) || isupper((unsigned char)*command->help))
            printf("    %s: %s\n", command->name, command->help);
        CU_ASSERT_TRUE(is_help(command->help) && !isupper((unsigned char)*command->help));
        CU_ASSERT_PTR_NOT_NULL(command->args);
        for (const struct cli_option *o = command->options; o && o->name; o++)
            CU_ASSERT_TRUE(is_help(o->help));
    }
}

struct names {
    const char *at[256];
    size_t count;
};

static void add(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->at[i], name) == 0)
            printf("    twice: %s\n", name);
        CU_ASSERT_STRING_NOT_EQUAL(names->at[i], name);
    }
    CU_ASSERT_FATAL(names->count < 256);
    names->at[names->count++] = name;
}

static void add_options(struct names *names, char *letters, const struct cli_option *options)
{
    for (; options && options->name; options++) {
        add(names, options->name);
        CU_ASSERT_PTR_NULL(options->letter ? strchr(letters, options->letter) : NULL);
        if (options->letter)
            letters[strlen(letters)] = options->letter;
    }
}

/* Its own, the common ones and the settings' flags share one command line. */
static void no_command_has_an_option_twice(void)
{
    const struct cli_command *command;

    for (size_t i = 0; (command = cli_at(i)); i++) {
        struct names names = {{"help"}, 1};
        char letters[64] = "h";

        add_options(&names, letters, command->options);
        if (!command->settings)
            continue;
        add_options(&names, letters, cli_common);
        for (const struct setting *s = setting_table; s->name; s++)
            if (s->flag)
                add(&names, s->flag);
    }
}

static char *help_of(const struct cli_command *command)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (command)
        cli_help_command(command, out);
    else
        cli_help(out);
    CU_ASSERT_EQUAL(fclose(out), 0);
    return text;
}

/* No line is longer than a terminal has columns. */
static void fits(const char *name, const char *text)
{
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (strcspn(at, "\n") > 80)
            printf("    %s: %.*s\n", name, (int)strcspn(at, "\n"), at);
        CU_ASSERT_TRUE(strcspn(at, "\n") <= 80);
    }
}

/* What `rerail --help` says is for a person who sees it for the first time: a line a command, and
   not every flag that there is. */
static void help_is_one_screen(void)
{
    const struct cli_command *command;
    char *all = help_of(NULL);
    size_t lines = 0, commands = 0;

    for (; (command = cli_at(commands)); commands++) {
        char line[128];

        (void)snprintf(line, sizeof line, "%-11s  %s\n", command->name, command->help);
        if (!strstr(all, line))
            printf("    not one line: %s", line);
        CU_ASSERT_PTR_NOT_NULL(strstr(all, line));
    }
    for (const char *at = all; *at; at++)
        lines += *at == '\n';
    CU_ASSERT_TRUE(lines <= commands + 22);
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "--model"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "rerail config"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "man rerail"));
    CU_ASSERT_PTR_NULL(strstr(all, "--temperature"));
    fits("rerail", all);
    free(all);
}

static void help_names_everything(void)
{
    const struct cli_command *command;

    for (size_t i = 0; (command = cli_at(i)); i++) {
        char *text = help_of(command);

        CU_ASSERT_PTR_NOT_NULL(strstr(text, command->help));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, command->args));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "--help"));
        for (const struct cli_option *o = command->options; o && o->name; o++)
            CU_ASSERT_PTR_NOT_NULL(strstr(text, o->name));
        CU_ASSERT_EQUAL(strstr(text, "--max-iterations") != NULL, command->works);
        CU_ASSERT_EQUAL(strstr(text, "--config") != NULL, command->settings);
#define X(name, code, word, help)                                                                  \
    CU_ASSERT_TRUE(!command->works || strstr(text, "  " word ": " help "\n"));
        EXIT_CODES(X)
#undef X
        fits(command->name, text);
        free(text);
    }
}

/* The rows of a group stand together, and under its name in the README. */
static void a_group_stands_together(void)
{
    const struct cli_command *command, *before = NULL;
    const char *closed[16];
    size_t count = 0, len = 0;
    char *text = NULL;

    if (path_read(&text, &len, "README.md", README_MAX, NULL) < 0) {
        suite_skip("README.md", "not run from the source folder");
        return;
    }
    for (size_t i = 0; (command = cli_at(i)); before = command, i++) {
        char head[64], word[64];

        if (before && strcmp(before->group, command->group) != 0)
            closed[count++] = before->group;
        CU_ASSERT_FATAL(count < sizeof closed / sizeof *closed);
        for (size_t k = 0; k < count; k++)
            CU_ASSERT_STRING_NOT_EQUAL(closed[k], command->group);
        (void)snprintf(head, sizeof head, "\n| %s | ", command->group);
        (void)snprintf(word, sizeof word, "`%s`", command->name);
        const char *row = strstr(text, head), *found = row ? strstr(row, word) : NULL;
        if (!found || memchr(row + 1, '\n', (size_t)(found - row - 1)))
            printf("    not under %s in README.md: %s\n", command->group, command->name);
        CU_ASSERT_TRUE(found && !memchr(row + 1, '\n', (size_t)(found - row - 1)));
    }
    free(text);
}

/* Every `rerail WORD` of the README that is no task is a command, and every command is there. */
static void the_readme_and_the_table_agree(void)
{
    const struct cli_command *command;
    char *text = NULL;
    size_t len = 0;

    if (path_read(&text, &len, "README.md", README_MAX, NULL) < 0) {
        suite_skip("README.md", "not run from the source folder");
        return;
    }
    for (size_t i = 0; (command = cli_at(i)); i++) {
        char word[64];

        (void)snprintf(word, sizeof word, "`%s`", command->name);
        if (!strstr(text, word))
            printf("    not in README.md: %s\n", word);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, word));
    }
    for (const char *at = text; (at = strstr(at, "rerail ")); at++) {
        char word[32];
        size_t n = strspn(at + 7, "abcdefghijklmnopqrstuvwxyz");

        if ((at > text && at[-1] != '\n') || n == 0 || n >= sizeof word)
            continue; /* a sentence, or a task between quotes */
        (void)snprintf(word, sizeof word, "%.*s", (int)n, at + 7);
        CU_ASSERT_PTR_NOT_NULL(cli_find(word));
    }
    free(text);
}

/* What the README promises of keys is what the built-in keymap does. */
static void the_readme_and_the_keymap_agree(void)
{
    static const struct {
        enum key_context context;
        const char *key;
        enum action_id action;
    } cases[] = {
        {CONTEXT_GLOBAL, "j", ACTION_DOWN},
        {CONTEXT_GLOBAL, "k", ACTION_UP},
        {CONTEXT_GLOBAL, "Enter", ACTION_OPEN},
        {CONTEXT_GLOBAL, "Esc", ACTION_BACK},
        {CONTEXT_GLOBAL, "Tab", ACTION_NEXT_PANEL},
        {CONTEXT_GLOBAL, "1", ACTION_TIMELINE},
        {CONTEXT_GLOBAL, "5", ACTION_RUNS},
        {CONTEXT_GLOBAL, "Space", ACTION_PAUSE},
        {CONTEXT_GLOBAL, "s", ACTION_STEP},
        {CONTEXT_GLOBAL, "i", ACTION_INJECT},
        {CONTEXT_GLOBAL, "A", ACTION_APPROVAL},
        {CONTEXT_APPROVAL, "y", ACTION_ALLOW_ONCE},
        {CONTEXT_APPROVAL, "n", ACTION_DENY},
        {CONTEXT_APPROVAL, "a", ACTION_ALLOW_ALWAYS},
        {CONTEXT_APPROVAL, "e", ACTION_EDIT_ARGUMENTS},
        {CONTEXT_GLOBAL, "r", ACTION_ROLLBACK},
        {CONTEXT_GLOBAL, "u", ACTION_UNDO},
        {CONTEXT_GLOBAL, "/", ACTION_SEARCH},
        {CONTEXT_GLOBAL, ":", ACTION_COMMAND},
        {CONTEXT_GLOBAL, "?", ACTION_HELP},
    };
    const struct keymap_names names = {context_names(), CONTEXT_COUNT, action_names(),
                                       ACTION_COUNT};
    struct keymap *map = NULL;
    char *text = NULL;
    size_t len = 0;

    if (path_read(&text, &len, "README.md", README_MAX, NULL) < 0) {
        suite_skip("README.md", "not run from the source folder");
        return;
    }
    keymap_new(&map, &names);
    CU_ASSERT_EQUAL(keymap_add_builtin(map, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char shown[32];
        struct key key;

        (void)snprintf(shown, sizeof shown, "`%s`", cases[i].key);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, shown));
        CU_ASSERT_EQUAL_FATAL(key_parse(&key, cases[i].key), 0);
        CU_ASSERT_EQUAL(keymap_find(map, cases[i].context, key), (int)cases[i].action);
    }
    keymap_free(map);
    free(text);
}

static const struct test tests[] = {
    {"a name finds its command", one_name_one_command},
    {"every command and option is explained in one line", every_row_is_explained},
    {"no command has an option or a letter twice", no_command_has_an_option_twice},
    {"--help is one screen: a line a command, few flags, and where the rest is",
     help_is_one_screen},
    {"--help of a command names every option and exit code, in eighty columns",
     help_names_everything},
    {"the commands of a group stand together, in the README too", a_group_stands_together},
    {"the README and the table of commands agree", the_readme_and_the_table_agree},
    {"the README and the built-in keymap agree", the_readme_and_the_keymap_agree},
    {NULL, NULL},
};

const struct suite suite_cli = {"cli", tests};
