/* SPDX-License-Identifier: MIT */
#include "tui/keymap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/yaml.h"
#include "core/base/embed.h"
#include "tests/suite.h"

static const char *const panels[] = {"global", "approval", "prompt"};
static const char *const actions[] = {"down", "up", "pause", "step", "deny", "next-match"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct keymap_names few = {panels, COUNT(panels), actions, COUNT(actions)};

static int add(struct keymap *map, const char *text, struct err *err)
{
    return keymap_add(map, "my.yaml", text, strlen(text), err);
}

static int find(const struct keymap *map, size_t panel, const char *name)
{
    struct key key;

    CU_ASSERT_EQUAL(key_parse(&key, name), 0);
    return keymap_find(map, panel, key);
}

static void a_panel_is_asked_before_the_global_keys(void)
{
    struct keymap *map;

    keymap_new(&map, &few);
    CU_ASSERT_EQUAL(add(map, "global: {j: down, n: next-match}\napproval: {n: deny}", NULL), 0);
    CU_ASSERT_EQUAL(find(map, 0, "j"), 0);
    CU_ASSERT_EQUAL(find(map, 1, "j"), 0);
    CU_ASSERT_EQUAL(find(map, 0, "n"), 5);
    CU_ASSERT_EQUAL(find(map, 1, "n"), 4);
    CU_ASSERT_EQUAL(find(map, 2, "n"), 5);
    CU_ASSERT_EQUAL(find(map, 0, "x"), KEYMAP_NOTHING);
    keymap_free(map);
    keymap_free(NULL);
}

static void a_later_file_wins_key_by_key(void)
{
    struct keymap *map;

    keymap_new(&map, &few);
    CU_ASSERT_EQUAL(add(map, "global: {j: down, k: up}", NULL), 0);
    CU_ASSERT_EQUAL(add(map, "global: {j: step}\napproval: {k: none}", NULL), 0);
    CU_ASSERT_EQUAL(find(map, 0, "j"), 3);
    CU_ASSERT_EQUAL(find(map, 0, "k"), 1);
    CU_ASSERT_EQUAL(find(map, 1, "k"), KEYMAP_NOTHING);
    CU_ASSERT_EQUAL(add(map, "", NULL), 0);
    keymap_free(map);
}

static void a_slip_is_named_with_its_line_and_the_nearest_name(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"global:\n  j: dwn", "my.yaml:2: no such action 'dwn'; did you mean 'down'?"},
        {"global:\n  Entr: down", "my.yaml:2: no such key 'Entr'; did you mean 'Enter'?"},
        {"\nglobl: {j: down}", "my.yaml:2: no such panel 'globl'; did you mean 'global'?"},
        {"global: {j: xyzzy}", "my.yaml:1: no such action 'xyzzy'"},
        {"global: {zzzz: down}", "my.yaml:1: no such key 'zzzz'"},
        {"global: {j: 3}", "my.yaml:1: key 'j' needs the name of an action"},
        {"global: j", "my.yaml:1: panel 'global' needs keys with their actions"},
        {"[a]", "my.yaml:1: a keymap is panels with their keys"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct keymap *map;
        struct err err = {0};
        keymap_new(&map, &few);
        CU_ASSERT_EQUAL(add(map, cases[i].text, &err), E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.msg, cases[i].message);
        keymap_free(map);
    }
}

static void a_bad_file_changes_nothing(void)
{
    struct keymap *map;

    keymap_new(&map, &few);
    CU_ASSERT_EQUAL(add(map, "global: {j: down}", NULL), 0);
    CU_ASSERT_EQUAL(add(map, "global: {j: up, k: up, x: nothing-like-it}", NULL), E_PARSE);
    CU_ASSERT_EQUAL(find(map, 0, "j"), 0);
    CU_ASSERT_EQUAL(find(map, 0, "k"), KEYMAP_NOTHING);
    CU_ASSERT_EQUAL(keymap_load(map, "tests/data/no-such-keys.yaml", NULL), E_NOTFOUND);
    keymap_free(map);
}

static void the_keys_of_an_action_are_found_for_help(void)
{
    struct keymap *map;
    struct key keys[4];
    char name[KEY_NAME];

    keymap_new(&map, &few);
    CU_ASSERT_EQUAL(
        add(map, "global: {j: down, Down: down, n: down}\napproval: {n: deny, v: down}", NULL), 0);
    CU_ASSERT_EQUAL(keymap_keys(map, 0, 0, keys, 4), 3);
    key_print(name, keys[1]);
    CU_ASSERT_STRING_EQUAL(name, "Down");
    CU_ASSERT_EQUAL(keymap_keys(map, 1, 0, keys, 4), 3); /* v, then j and Down; n does another */
    key_print(name, keys[0]);
    CU_ASSERT_STRING_EQUAL(name, "v");
    CU_ASSERT_EQUAL(keymap_keys(map, 1, 0, keys, 1), 3);
    CU_ASSERT_EQUAL(keymap_keys(map, 0, 2, NULL, 0), 0);
    keymap_free(map);
}

/* The manual's table of keys, and what an editor's fingers expect in the prompt. */
static const struct {
    const char *panel, *keys, *action;
} manual[] = {
    {"global", "j Down", "down"},
    {"global", "k Up", "up"},
    {"global", "h Left", "left"},
    {"global", "l Right", "right"},
    {"global", "g Home", "first"},
    {"global", "G End", "last"},
    {"global", "C-d", "half-down"},
    {"global", "C-u", "half-up"},
    {"global", "PgDn", "page-down"},
    {"global", "PgUp", "page-up"},
    {"global", "Tab", "next-panel"},
    {"global", "S-Tab", "previous-panel"},
    {"global", "1", "timeline"},
    {"global", "2", "detail"},
    {"global", "3", "checkpoints"},
    {"global", "4", "health"},
    {"global", "5", "runs"},
    {"global", "+", "enlarge"},
    {"global", "_", "restore"},
    {"global", "Enter", "open"},
    {"global", "Esc", "back"},
    {"global", "?", "help"},
    {"global", "/", "search"},
    {"global", "n", "next-match"},
    {"global", "N", "previous-match"},
    {"global", "\\", "filter"},
    {"global", ":", "command"},
    {"global", "C-p", "palette"},
    {"global", "o", "new-run"},
    {"global", "Space", "pause"},
    {"global", "s", "step"},
    {"global", "c", "continue"},
    {"global", "r", "rollback"},
    {"global", "u", "undo"},
    {"global", "C-r", "redo"},
    {"global", "i", "inject"},
    {"global", "A", "approval"},
    {"approval", "y", "allow-once"},
    {"approval", "n", "deny"},
    {"approval", "a", "allow-always"},
    {"approval", "e", "edit-arguments"},
    {"global", ".", "retry-now"},
    {"global", ",", "give-up"},
    {"global", "x", "abort-call"},
    {"global", "X", "abort-run"},
    {"global", "f", "fork"},
    {"global", "b", "breakpoint"},
    {"global", "m", "label"},
    {"global", "'", "jump"},
    {"global", "y", "copy"},
    {"global", "w", "write"},
    {"global", "F", "follow"},
    {"global", "t", "tree"},
    {"global", "M", "mouse"},
    {"global", "C-l", "redraw"},
    {"global", "C-z", "suspend"},
    {"global", "Z", "detach"},
    {"global", "q", "close"},
    {"global", "C-c", "interrupt"},
    {"prompt", "Enter", "prompt-submit"},
    {"prompt", "M-Enter C-j", "prompt-newline"},
    {"prompt", "Tab", "prompt-complete"},
    {"prompt", "S-Tab", "prompt-complete-back"},
    {"prompt", "Left C-b", "prompt-left"},
    {"prompt", "Right C-f", "prompt-right"},
    {"prompt", "Up", "prompt-up"},
    {"prompt", "Down", "prompt-down"},
    {"prompt", "C-p", "prompt-older"},
    {"prompt", "C-n", "prompt-newer"},
    {"prompt", "M-b C-Left", "prompt-word-left"},
    {"prompt", "M-f C-Right", "prompt-word-right"},
    {"prompt", "Home C-a", "prompt-start"},
    {"prompt", "End C-e", "prompt-end"},
    {"prompt", "BS C-h", "prompt-rub"},
    {"prompt", "Del C-d", "prompt-delete"},
    {"prompt", "C-w M-BS", "prompt-rub-word"},
    {"prompt", "M-d", "prompt-delete-word"},
    {"prompt", "C-u", "prompt-kill-before"},
    {"prompt", "C-k", "prompt-kill-after"},
    {"prompt", "C-y", "prompt-yank"},
    {"prompt", "C-r", "prompt-search"},
    {"prompt", "C-_", "prompt-undo"},
};

static void the_built_in_keys_are_the_manuals(void)
{
    const char *names[COUNT(manual)];
    struct keymap_names all = {panels, COUNT(panels), names, COUNT(manual)};
    struct keymap *map;
    struct err err = {0};

    for (size_t i = 0; i < COUNT(manual); i++)
        names[i] = manual[i].action;
    keymap_new(&map, &all);
    CU_ASSERT_EQUAL(keymap_add_builtin(map, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.msg, "");
    for (size_t i = 0; i < COUNT(manual); i++) {
        char keys[32], *word, *rest = keys;
        size_t panel = strcmp(manual[i].panel, "global") == 0     ? 0
                       : strcmp(manual[i].panel, "approval") == 0 ? 1
                                                                  : 2;
        snprintf(keys, sizeof keys, "%s", manual[i].keys);
        while ((word = strsep(&rest, " ")))
            CU_ASSERT_EQUAL(find(map, panel, word), (int)i);
    }
    keymap_free(map);
}

const struct suite suite_keymap = {
    "keymap",
    (const struct test[]){
        {"a panel is asked before the global keys", a_panel_is_asked_before_the_global_keys},
        {"a later file wins, key by key", a_later_file_wins_key_by_key},
        {"a slip is named with its line and the nearest name",
         a_slip_is_named_with_its_line_and_the_nearest_name},
        {"a bad file changes nothing", a_bad_file_changes_nothing},
        {"the keys of an action are found for help", the_keys_of_an_action_are_found_for_help},
        {"the built-in keys are the manual's", the_built_in_keys_are_the_manuals},
        {NULL, NULL},
    },
};
