/* SPDX-License-Identifier: MIT */
#include "tui/typing.h"

#include "core/base/str.h"
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

/* A script is words: "<action" without its "prompt-", or text, in which "_" is a blank and "|" a
   newline. The cursor shows as "^" in what comes of it. */
static void play(struct typing *t, const char *script)
{
    char word[64], name[80];
    int used;

    for (; sscanf(script, "%63s%n", word, &used) == 1; script += used) {
        snprintf(name, sizeof name, "prompt-%s", word + 1);
        if (*word == '<') {
            CU_ASSERT_FATAL(action_find(name) >= 0);
            (void)typing_act(t, (enum action_id)action_find(name));
            continue;
        }
        for (const char *at = word; *at;) {
            size_t len = 1; /* a character is typed whole */
            while (((unsigned char)at[len] & 0xC0) == 0x80)
                len++;
            const char *put = *at == '_' ? " " : *at == '|' ? "\n" : at;
            typing_insert(t, put, *at == '_' || *at == '|' ? 1 : len);
            at += len;
        }
    }
}

static void keys_do_what_an_editor_s_fingers_expect(void)
{
    static const struct {
        const char *script, *expect;
    } cases[] = {
        {"one_two", "one two^"},
        {"one <left <left X", "oX^ne"},
        {"one <start X <end Y", "XoneY^"},
        {"one_two <word-left", "one ^two"},
        {"one_two <word-left <word-left <word-left", "^one two"},
        {"one_two <start <word-right", "one^ two"},
        {"a/b.c <word-left <word-left", "a/^b.c"},
        {"a/b.c_d.e <rub-word", "a/b.c ^"},
        {"one_two <start <delete-word", "^ two"},
        {"one_two <start <delete", "^ne two"},
        {"one_two <rub <rub", "one t^"},
        {"one_two <kill-before", "^"},
        {"one_two <word-left <kill-after", "one ^"},
        {"one|two <kill-before", "one\n^"},
        {"one|two <up <left <kill-after", "on^\ntwo"},
        {"one|two <up <end <kill-after", "one^two"},
        {"one|two|three <up <up <end X", "oneX^\ntwo\nthree"},
        {"three|o <up", "t^hree\no"},
        {"one|two <up <down <end X", "one\ntwoX^"},
        /* yank */
        {"one_two <rub-word <yank <yank", "one twotwo^"},
        {"one_two_three <rub-word <rub-word <yank", "one two three^"},
        {"one_two <start <delete-word <delete-word <end X <yank", "Xone two^"},
        {"one_two <rub-word <left <rub-word <end <yank", " one^"},
        {"<yank", "^"},
        /* undo, a word at a time */
        {"one_two <undo", "one^"},
        {"one_two <undo <undo", "^"},
        {"one_two <undo <undo <undo", "^"},
        {"one_two <kill-before <undo", "one two^"},
        {"one_two <rub-word <rub-word <undo", "one two^"},
        {"one <left X <undo", "on^e"},
        {"one_two <rub-word <yank <yank <undo", "one two^"},
        /* a cluster is never cut */
        {"a\xf0\x9f\x98\x80 <left X", "aX^\xf0\x9f\x98\x80"},
        {"\xc3\xa9\xc3\xbc <rub", "\xc3\xa9^"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct typing t;
        char shown[128];

        typing_init(&t, 1 << 16);
        play(&t, cases[i].script);
        snprintf(shown, sizeof shown, "%.*s^%s", (int)t.at, t.text.data, t.text.data + t.at);
        CU_ASSERT_STRING_EQUAL(shown, cases[i].expect);
        if (strcmp(shown, cases[i].expect) != 0)
            printf("    %s: \"%s\"\n", cases[i].script, shown);
        typing_free(&t);
    }
}

static void there_is_no_line_above_the_first_and_below_the_last(void)
{
    struct typing t;

    typing_init(&t, 100);
    typing_set(&t, "one\ntwo");
    CU_ASSERT_FALSE(typing_act(&t, ACTION_PROMPT_DOWN));
    CU_ASSERT(typing_act(&t, ACTION_PROMPT_UP));
    CU_ASSERT_FALSE(typing_act(&t, ACTION_PROMPT_UP));
    CU_ASSERT_FALSE(typing_act(&t, ACTION_PROMPT_SUBMIT));
    typing_free(&t);
}

static void what_does_not_fit_is_not_put_and_nothing_is_lost(void)
{
    struct typing t;

    typing_init(&t, 8);
    typing_set(&t, "12345678");
    typing_act(&t, ACTION_PROMPT_START);
    typing_insert(&t, "abc", 3);
    CU_ASSERT_STRING_EQUAL(t.text.data, "12345678");
    typing_act(&t, ACTION_PROMPT_KILL_AFTER);
    typing_act(&t, ACTION_PROMPT_YANK);
    typing_act(&t, ACTION_PROMPT_YANK);
    CU_ASSERT_STRING_EQUAL(t.text.data, "12345678");
    typing_free(&t);
}

static void the_way_back_has_an_end_not_a_leak(void)
{
    struct typing t;
    char text[32];

    typing_init(&t, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "entry %d", i);
        typing_set(&t, text);
    }
    CU_ASSERT(t.past_count <= 200);
    for (int i = 0; i < 1000; i++)
        typing_act(&t, ACTION_PROMPT_UNDO);
    CU_ASSERT_STRING_EQUAL(t.text.data, "entry 799");
    typing_free(&t);
}

const struct suite suite_typing = {
    "typing",
    (const struct test[]){
        {"keys do what an editor's fingers expect", keys_do_what_an_editor_s_fingers_expect},
        {"there is no line above the first and below the last",
         there_is_no_line_above_the_first_and_below_the_last},
        {"what does not fit is not put, and nothing is lost",
         what_does_not_fit_is_not_put_and_nothing_is_lost},
        {"the way back has an end, not a leak", the_way_back_has_an_end_not_a_leak},
        {NULL, NULL},
    },
};
