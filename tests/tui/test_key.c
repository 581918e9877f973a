/* SPDX-License-Identifier: MIT */
#include "tui/key.h"

#include <string.h>

#include "core/base/err.h"
#include "tests/suite.h"

static void names_and_keys_go_both_ways(void)
{
    static const struct {
        const char *name;
        struct key key;
    } cases[] = {
        {"j", {'j', 0}},
        {"G", {'G', 0}},
        {"-", {'-', 0}},
        {"C-d", {'d', KEYMOD_CTRL}},
        {"C--", {'-', KEYMOD_CTRL}},
        {"C-_", {'_', KEYMOD_CTRL}},
        {"C-Space", {' ', KEYMOD_CTRL}},
        {"M-x", {'x', KEYMOD_ALT}},
        {"M-X", {'X', KEYMOD_ALT}},
        {"C-M-x", {'x', KEYMOD_CTRL | KEYMOD_ALT}},
        {"Space", {' ', 0}},
        {"PgUp", {KEYCODE_PAGE_UP, 0}},
        {"S-Tab", {KEYCODE_TAB, KEYMOD_SHIFT}},
        {"C-S-Left", {KEYCODE_LEFT, KEYMOD_CTRL | KEYMOD_SHIFT}},
        {"M-BS", {KEYCODE_BACKSPACE, KEYMOD_ALT}},
        {"F1", {KEYCODE_F1, 0}},
        {"F24", {KEYCODE_F24, 0}},
        {"é", {0xE9, 0}},
        {"字", {0x5B57, 0}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key key;
        char name[KEY_NAME];
        CU_ASSERT_EQUAL(key_parse(&key, cases[i].name), 0);
        CU_ASSERT(key_same(key, cases[i].key));
        key_print(name, key);
        CU_ASSERT_STRING_EQUAL(name, cases[i].name);
    }
}

static void keys_that_send_the_same_bytes_are_one(void)
{
    static const char *const pairs[][2] = {
        {"C-i", "Tab"},     {"C-I", "Tab"},    {"C-m", "Enter"},   {"C-[", "Esc"},
        {"C-@", "C-Space"}, {"C-D", "C-d"},    {"PageUp", "PgUp"}, {"return", "Enter"},
        {"ESCAPE", "Esc"},  {"Delete", "Del"}, {"f5", "F5"},       {"C-M-i", "M-Tab"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct key key;
        char name[KEY_NAME];
        CU_ASSERT_EQUAL(key_parse(&key, pairs[i][0]), 0);
        key_print(name, key);
        CU_ASSERT_STRING_EQUAL(name, pairs[i][1]);
    }
}

static void what_is_no_key_is_refused(void)
{
    static const char *const cases[] = {"",    "jj",   "C-",   "F0",     "F25",  "S-g",
                                        "X-a", "\x01", "\x7f", "C-Entr", "\xff", "\xc2\x85"};
    struct key key;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(key_parse(&key, cases[i]), E_PARSE);
    CU_ASSERT_STRING_EQUAL(key_nearest("C-Entr"), "Enter");
    CU_ASSERT_PTR_NULL(key_nearest("nonsense"));
}

static void every_printable_key_survives_a_round_trip(void)
{
    static const unsigned mods[] = {0, KEYMOD_CTRL, KEYMOD_ALT, KEYMOD_CTRL | KEYMOD_ALT};

    for (int32_t code = ' '; code < 0x7F; code++)
        for (size_t m = 0; m < sizeof mods / sizeof *mods; m++) {
            struct key key = key_normal((struct key){code, mods[m]}), back;
            char name[KEY_NAME];
            key_print(name, key);
            CU_ASSERT_EQUAL(key_parse(&back, name), 0);
            CU_ASSERT(key_same(key, back));
        }
}

static void only_characters_type(void)
{
    CU_ASSERT(key_types((struct key){'a', 0}));
    CU_ASSERT(key_types((struct key){' ', 0}));
    CU_ASSERT(key_types((struct key){0x5B57, 0}));
    CU_ASSERT_FALSE(key_types((struct key){'a', KEYMOD_CTRL}));
    CU_ASSERT_FALSE(key_types((struct key){'a', KEYMOD_ALT}));
    CU_ASSERT_FALSE(key_types((struct key){KEYCODE_ENTER, 0}));
    CU_ASSERT_FALSE(key_types((struct key){KEYCODE_NONE, 0}));
}

const struct suite suite_key = {
    "key",
    (const struct test[]){
        {"names and keys go both ways", names_and_keys_go_both_ways},
        {"keys that send the same bytes are one", keys_that_send_the_same_bytes_are_one},
        {"what is no key is refused", what_is_no_key_is_refused},
        {"every printable key survives a round trip", every_printable_key_survives_a_round_trip},
        {"only characters type", only_characters_type},
        {NULL, NULL},
    },
};
