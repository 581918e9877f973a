/* SPDX-License-Identifier: MIT */
#include "tui/theme.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/embed.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

static struct theme *parsed(const char *text)
{
    struct theme *theme = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL(theme_parse(&theme, "my.yaml", text, strlen(text), NULL, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.msg, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(theme);
    return theme;
}

static void colours_are_names_numbers_and_hex(void)
{
    static const struct {
        const char *word;
        int true_code, of_256, of_16, of_8;
    } cases[] = {
        {"default", -1, -1, -1, -1},
        {"red", 1, 1, 1, 1},
        {"gray", 8, 8, 8, 0},
        {"bright-blue", 12, 12, 12, 4},
        {"0", 0, 0, 0, 0},
        {"15", 15, 15, 15, 7},
        {"196", 0xFF0000, 196, 1, 1},
        {"244", 0x808080, 244, 8, 0},
        {"#ff0000", 0xFF0000, 196, 1, 1},
        {"#000000", 16, 16, 0, 0},
        {"#FFFFFF", 0xFFFFFF, 231, 15, 7},
        {"#808080", 0x808080, 244, 8, 0},
        {"#282828", 0x282828, 235, 0, 0},
        {"#83a598", 0x83A598, 108, 2, 2},
        {"#89b4fa", 0x89B4FA, 111, 12, 4},
        {"#fabd2f", 0xFABD2F, 214, 3, 3},
        {"#d33682", 0xD33682, 168, 5, 5},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct colour c;
        CU_ASSERT_EQUAL(colour_parse(&c, cases[i].word), 0);
        CU_ASSERT_EQUAL(colour_code(&c, COLOUR_TRUE), cases[i].true_code);
        CU_ASSERT_EQUAL(colour_code(&c, COLOUR_256), cases[i].of_256);
        CU_ASSERT_EQUAL(colour_code(&c, COLOUR_16), cases[i].of_16);
        CU_ASSERT_EQUAL(colour_code(&c, COLOUR_8), cases[i].of_8);
        CU_ASSERT_EQUAL(colour_code(&c, COLOUR_MONO), -1);
        if (colour_code(&c, COLOUR_256) != cases[i].of_256 ||
            colour_code(&c, COLOUR_16) != cases[i].of_16)
            printf("    %s: %d, %d\n", cases[i].word, colour_code(&c, COLOUR_256),
                   colour_code(&c, COLOUR_16));
    }
}

static void what_is_no_colour_is_refused(void)
{
    static const char *const cases[] = {"",        "rd",       "256", "-1",  "#fff",
                                        "#gggggg", "#1234567", "Red", "0x10"};
    struct colour c;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(colour_parse(&c, cases[i]), E_PARSE);
    CU_ASSERT_STRING_EQUAL(colour_nearest("yelow"), "yellow");
}

/* A palette number is its own nearest of the 256, whether it was written as number or as hex. */
static void the_palette_of_256_maps_to_itself(void)
{
    for (int i = 16; i < 256; i++) {
        char word[16];
        struct colour number, hex;
        snprintf(word, sizeof word, "%d", i);
        CU_ASSERT_EQUAL(colour_parse(&number, word), 0);
        CU_ASSERT_EQUAL(colour_code(&number, COLOUR_256), i);
        snprintf(word, sizeof word, "#%06x", (unsigned)colour_code(&number, COLOUR_TRUE));
        if (i == 16)
            snprintf(word, sizeof word, "#000000"); /* below 16, numbers are the palette's */
        CU_ASSERT_EQUAL(colour_parse(&hex, word), 0);
        struct colour back = {.kind = COLOUR_PALETTE};
        back.index = (uint8_t)colour_code(&hex, COLOUR_256);
        CU_ASSERT_EQUAL(colour_code(&back, COLOUR_TRUE), colour_code(&number, COLOUR_TRUE));
    }
}

static void a_role_takes_what_it_leaves_out_from_text(void)
{
    struct theme *theme = parsed("about: mine\n"
                                 "palette: {bg: '#101010', hot: '#ff0000 yellow'}\n"
                                 "text: white bg italic\n"
                                 "dim: gray\n"
                                 "error: hot bold\n"
                                 "ok: 2 text\n"
                                 "strong: bold\n"
                                 "match: text blue\n");
    const struct style *s;

    CU_ASSERT_STRING_EQUAL(theme_about(theme), "mine");
    s = theme_style(theme, ROLE_DIM);
    CU_ASSERT_EQUAL(colour_code(&s->fg, COLOUR_TRUE), 8);
    CU_ASSERT_EQUAL(colour_code(&s->bg, COLOUR_TRUE), 0x101010);
    CU_ASSERT_EQUAL(s->attrs, 0);
    s = theme_style(theme, ROLE_ERROR);
    CU_ASSERT_EQUAL(colour_code(&s->fg, COLOUR_TRUE), 0xFF0000);
    CU_ASSERT_EQUAL(colour_code(&s->fg, COLOUR_16), 3);
    CU_ASSERT_EQUAL(s->attrs, ATTR_BOLD);
    s = theme_style(theme, ROLE_STRONG);
    CU_ASSERT_EQUAL(colour_code(&s->fg, COLOUR_TRUE), 7);
    CU_ASSERT_EQUAL(s->attrs, ATTR_BOLD);
    s = theme_style(theme, ROLE_MATCH);
    CU_ASSERT_EQUAL(colour_code(&s->bg, COLOUR_TRUE), 4);
    s = theme_style(theme, ROLE_HEADING); /* not named at all */
    CU_ASSERT_EQUAL(colour_code(&s->fg, COLOUR_TRUE), 7);
    CU_ASSERT_EQUAL(s->attrs, ATTR_ITALIC);
    theme_free(theme);
}

static void an_unknown_role_is_a_warning_with_its_line(void)
{
    static const char text[] = "text: default\nbordr: red\nzzz: blue\n";
    struct theme *theme;
    struct buf warnings;

    buf_init(&warnings, 1024);
    CU_ASSERT_EQUAL(theme_parse(&theme, "my.yaml", text, strlen(text), &warnings, NULL), 0);
    CU_ASSERT_STRING_EQUAL(warnings.data,
                           "my.yaml:2: no such role 'bordr'; did you mean 'border'?\n"
                           "my.yaml:3: no such role 'zzz'\n");
    theme_free(theme);
    buf_free(&warnings);
}

static void a_slip_is_named_with_its_line(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"text: default\ndim: gry", "my.yaml:2: no such colour 'gry'; did you mean 'gray'?"},
        {"dim: red blue bld", "my.yaml:1: no such attribute 'bld'"},
        {"dim: red blue green", "my.yaml:1: no such attribute 'green'"},
        {"dim: #ff0000", "my.yaml:1: a role is `fg bg attributes` (a colour with '#' needs "
                         "quotes): 'dim'"},
        {"dim: [red]", "my.yaml:1: a role is `fg bg attributes` (a colour with '#' needs "
                       "quotes): 'dim'"},
        {"palette:\n  a: '#12345'", "my.yaml:2: no such colour '#12345'"},
        {"palette: {a: red green blue}",
         "my.yaml:1: a palette entry is a colour, and one for 16 colours: 'a'"},
        {"palette: {a: 3}", "my.yaml:1: a colour is a text (one with '#' needs quotes): 'a'"},
        {"[]", "my.yaml:1: a theme is one `role: fg bg attributes` a line"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct theme *theme;
        struct err err = {0};
        CU_ASSERT_EQUAL(
            theme_parse(&theme, "my.yaml", cases[i].text, strlen(cases[i].text), NULL, &err),
            E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.msg, cases[i].message);
    }
}

static void themes_are_found_by_name(void)
{
    struct theme *theme;
    struct err err = {0};
    char name[THEME_NAME];

    CU_ASSERT_EQUAL(theme_open(&theme, "nord", NULL, NULL, &err), 0);
    theme_free(theme);
    CU_ASSERT_EQUAL(theme_open(&theme, "nord", "tests/data", NULL, &err), 0); /* not in there */
    theme_free(theme);
    CU_ASSERT_EQUAL(theme_open(&theme, "nrod", NULL, NULL, &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "no theme 'nrod'; did you mean 'nord'?");
    CU_ASSERT_EQUAL(theme_open(&theme, "../secret", "themes", NULL, &err), E_NOTFOUND);
    CU_ASSERT_EQUAL(theme_open(&theme, "xyzzyxyzzy", NULL, NULL, &err), E_NOTFOUND);
    CU_ASSERT(theme_builtin(name, 0));
    CU_ASSERT_STRING_EQUAL(name, "catppuccin");
    CU_ASSERT_FALSE(theme_builtin(name, 1000));
}

static void the_operators_own_themes_are_listed_among_the_others(void)
{
    struct theme_info list[THEME_LIST];
    struct theme *theme;
    struct err err = {0};
    char *dir = scratch_new();
    size_t builtin = theme_list(list, NULL), seen = 0;

    scratch_write(dir, "nord.yaml", "about: my own nord\ntext: white black\n");
    scratch_write(dir, "zebra.yaml", "about: stripes\ntext: white black\n");
    scratch_write(dir, "bad.yaml", "text: nocolour\n");
    scratch_write(dir, "notes.txt", "no theme");
    CU_ASSERT_EQUAL(theme_list(list, dir), builtin + 2);
    for (size_t i = 0; i < builtin + 2; i++) {
        CU_ASSERT(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
        CU_ASSERT(list[i].about[0] != '\0');
        seen += strcmp(list[i].name, "nord") == 0 && strcmp(list[i].about, "my own nord") == 0;
        seen += strcmp(list[i].name, "zebra") == 0 && strcmp(list[i].about, "stripes") == 0;
        seen += strcmp(list[i].name, "bad") == 0 && strstr(list[i].about, "nocolour") != NULL;
    }
    CU_ASSERT_EQUAL(seen, 3);
    CU_ASSERT_EQUAL(theme_open(&theme, "zebrra", dir, NULL, &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "no theme 'zebrra'; did you mean 'zebra'?");
    scratch_free(dir);
}

static double channel(int value)
{
    double c = value / 255.0;

    return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Relative luminance as WCAG 2 has it; the terminal's own colours are taken for the theme's kind.
 */
static double luminance(int code, int otherwise)
{
    int rgb = code < 16 ? otherwise : code;

    return 0.2126 * channel(rgb >> 16) + 0.7152 * channel(rgb >> 8 & 255) +
           0.0722 * channel(rgb & 255);
}

static double contrast(struct paint paint, bool light)
{
    double fg = luminance(paint.fg, light ? 0 : 0xE0E0E0);
    double bg = luminance(paint.bg, light ? 0xFFFFFF : 0x101010);

    return (fg > bg ? fg + 0.05 : bg + 0.05) / (fg > bg ? bg + 0.05 : fg + 0.05);
}

/* What carries no words may be fainter. */
static bool is_ornament(enum role role)
{
    return role == ROLE_BORDER || role == ROLE_GAUGE_EMPTY || role == ROLE_STATE_IDLE ||
           role == ROLE_CODE_BORDER || role == ROLE_LINE_NUMBER;
}

static void check_readable(const char *name, const struct theme *theme)
{
    static const unsigned attrs[] = {0, ATTR_SELECTED};
    bool light = strcmp(name, "light") == 0;
    double floor = strcmp(name, "contrast") == 0 ? 7 : 4.5;

    for (enum role role = 0; role < ROLE_COUNT; role++)
        for (size_t a = 0; a < 2; a++) {
            struct paint paint = theme_paint(theme, role, attrs[a], COLOUR_TRUE);
            double want = is_ornament(role) ? 1.5 : floor;
            double got = contrast(paint, light);
            CU_ASSERT(got >= want);
            if (got < want)
                printf("    %s: %s%s has contrast %.2f\n", name, role_name(role),
                       a ? " chosen" : "", got);
            for (enum colour_level level = COLOUR_8; level <= COLOUR_TRUE; level++) {
                paint = theme_paint(theme, role, attrs[a], level);
                CU_ASSERT(paint.fg != paint.bg || paint.fg == COLOUR_CODE_DEFAULT);
                CU_ASSERT(level != COLOUR_8 || (paint.fg < 8 && paint.bg < 8));
                CU_ASSERT(level != COLOUR_16 || (paint.fg < 16 && paint.bg < 16));
                CU_ASSERT_EQUAL(paint.attrs & ATTR_SELECTED, 0);
            }
        }
}

/* What a built-in theme leaves out would look as if somebody had forgotten it. */
static void check_complete(const char *name)
{
    char path[64], line[64];

    snprintf(path, sizeof path, "themes/%s.yaml", name);
    const struct embed *file = embed_find(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        snprintf(line, sizeof line, "\n%s: ", role_name(role));
        bool named = memmem(file->bytes, file->size, line, strlen(line)) != NULL;
        CU_ASSERT(named);
        if (!named)
            printf("    %s says nothing about %s\n", path, role_name(role));
    }
}

static void every_theme_that_is_built_in_can_be_read(void)
{
    char name[THEME_NAME];
    size_t count = 0;

    for (; theme_builtin(name, count); count++) {
        struct theme *theme = NULL;
        struct buf warnings;
        struct err err = {0};
        buf_init(&warnings, 4096);
        CU_ASSERT_EQUAL(theme_open(&theme, name, NULL, &warnings, &err), 0);
        CU_ASSERT_STRING_EQUAL(err.msg, "");
        CU_ASSERT_STRING_EQUAL(warnings.data, "");
        CU_ASSERT_PTR_NOT_NULL_FATAL(theme);
        CU_ASSERT(strlen(theme_about(theme)) > 5);
        check_readable(name, theme);
        check_complete(name);
        theme_free(theme);
        buf_free(&warnings);
    }
    CU_ASSERT(count >= 9);
}

static void the_chosen_row_stands_out_at_every_level(void)
{
    char name[THEME_NAME];

    for (size_t i = 0; theme_builtin(name, i); i++) {
        struct theme *theme = NULL;
        CU_ASSERT_EQUAL(theme_open(&theme, name, NULL, NULL, NULL), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(theme);
        for (enum colour_level level = COLOUR_MONO; level <= COLOUR_TRUE; level++) {
            struct paint plain = theme_paint(theme, ROLE_TEXT, 0, level);
            struct paint chosen = theme_paint(theme, ROLE_TEXT, ATTR_SELECTED, level);
            bool differ = plain.bg != chosen.bg || plain.attrs != chosen.attrs;
            CU_ASSERT(differ);
            if (!differ)
                printf("    %s at level %d\n", name, (int)level);
        }
        theme_free(theme);
    }
}

static void without_colour_a_surface_is_reverse(void)
{
    struct theme *theme = parsed("text: white black\nselection: text blue\npicture: reverse\n"
                                 "match: text yellow\n");

    CU_ASSERT_EQUAL(theme_paint(theme, ROLE_TEXT, 0, COLOUR_MONO).attrs, 0);
    CU_ASSERT_EQUAL(theme_paint(theme, ROLE_TEXT, ATTR_SELECTED, COLOUR_MONO).attrs, ATTR_REVERSE);
    CU_ASSERT_EQUAL(theme_paint(theme, ROLE_PICTURE, 0, COLOUR_MONO).attrs, ATTR_REVERSE);
    CU_ASSERT_EQUAL(theme_paint(theme, ROLE_PICTURE, ATTR_SELECTED, COLOUR_MONO).attrs, 0);
    CU_ASSERT_EQUAL(theme_paint(theme, ROLE_MATCH, 0, COLOUR_MONO).attrs, ATTR_REVERSE);
    CU_ASSERT_EQUAL(theme_paint(theme, ROLE_TEXT, ATTR_BOLD, COLOUR_MONO).attrs, ATTR_BOLD);
    theme_free(theme);
}

const struct suite suite_theme = {
    "theme",
    (const struct test[]){
        {"colours are names, numbers and hex", colours_are_names_numbers_and_hex},
        {"what is no colour is refused", what_is_no_colour_is_refused},
        {"the palette of 256 maps to itself", the_palette_of_256_maps_to_itself},
        {"a role takes what it leaves out from text", a_role_takes_what_it_leaves_out_from_text},
        {"an unknown role is a warning with its line", an_unknown_role_is_a_warning_with_its_line},
        {"a slip is named with its line", a_slip_is_named_with_its_line},
        {"themes are found by name", themes_are_found_by_name},
        {"the operator's own themes are listed among the others",
         the_operators_own_themes_are_listed_among_the_others},
        {"every theme that is built in can be read", every_theme_that_is_built_in_can_be_read},
        {"the chosen row stands out at every level", the_chosen_row_stands_out_at_every_level},
        {"without colour a surface is reverse", without_colour_a_surface_is_reverse},
        {NULL, NULL},
    },
};
