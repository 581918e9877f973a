/* SPDX-License-Identifier: MIT */
#include "tui/colour.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/str.h"

static const char *const names[] = {
    "black",        "red",           "green",       "yellow",         "blue",
    "magenta",      "cyan",          "white",       "gray",           "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white", "default",
};

#define DEFAULT_NAME 16
#define NAME_COUNT   (sizeof names / sizeof *names)

/* The 6 × 6 × 6 cube and the grays of the 256-colour palette, which terminals agree on. */
static const uint8_t steps[6] = {0, 95, 135, 175, 215, 255};

#define CUBE       16
#define GRAYS      232
#define GRAY_COUNT 24

static bool has_value(const char *text)
{
    return text && *text;
}

enum colour_level colour_level(const struct colour_hints *hints)
{
    const char *term = hints->term ? hints->term : "";
    bool declared =
        hints->rgb || str_eq(hints->colorterm, "truecolor") || str_eq(hints->colorterm, "24bit");
    /* GNU screen passes the variable on, and garbles the colours. */
    bool screen = str_starts(term, "screen") && !has_value(hints->tmux);

    if (has_value(hints->no_color) || str_eq(hints->clicolor, "0") || hints->count < 8)
        return COLOUR_MONO;
    if (declared && !screen)
        return COLOUR_TRUE;
    return hints->count >= 256 ? COLOUR_256 : hints->count >= 16 ? COLOUR_16 : COLOUR_8;
}

int colour_level_parse(enum colour_level *level, const char *word)
{
    static const char *const words[] = {"mono", "8", "16", "256", "true"};

    if (strcmp(word, "auto") == 0)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) {
            *level = (enum colour_level)i;
            return 0;
        }
    return E_PARSE;
}

static int parse_rgb(struct colour *out, const char *digits)
{
    uint8_t bytes[3];

    if (strlen(digits) != 6 || str_unhex(bytes, sizeof bytes, digits) < 0)
        return E_PARSE;
    out->kind = COLOUR_RGB;
    out->rgb = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    return 0;
}

int colour_parse(struct colour *out, const char *word)
{
    int64_t number;

    *out = (struct colour){.kind = COLOUR_PALETTE, .basic = COLOUR_BASIC_NONE};
    if (word[0] == '#')
        return parse_rgb(out, word + 1);
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (strcmp(names[i], word) == 0) {
            out->kind = i == DEFAULT_NAME ? COLOUR_DEFAULT : COLOUR_PALETTE;
            out->index = (uint8_t)i;
            return 0;
        }
    if (str_int(&number, word, 0, 255) < 0)
        return E_PARSE;
    out->index = (uint8_t)number;
    return 0;
}

const char *colour_nearest(const char *word)
{
    return str_nearest(word, names, NAME_COUNT);
}

static int part(uint32_t rgb, int shift)
{
    return (int)(rgb >> shift & 0xFF);
}

/* Squared distance, weighted by how well eyes tell the channels apart. */
static int distance(uint32_t a, uint32_t b)
{
    int r = part(a, 16) - part(b, 16), g = part(a, 8) - part(b, 8), bl = part(a, 0) - part(b, 0);

    return 3 * r * r + 6 * g * g + 2 * bl * bl;
}

static int nearest_step(int value)
{
    int best = 0;

    for (int i = 1; i < 6; i++)
        if (abs(steps[i] - value) < abs(steps[best] - value))
            best = i;
    return best;
}

static uint32_t rgb_of(int index)
{
    if (index >= GRAYS) {
        uint32_t level = 8 + 10 * (uint32_t)(index - GRAYS);
        return level << 16 | level << 8 | level;
    }
    int cube = index - CUBE;
    return (uint32_t)steps[cube / 36] << 16 | (uint32_t)steps[cube / 6 % 6] << 8 | steps[cube % 6];
}

static int nearest_of_256(uint32_t rgb)
{
    int cube = CUBE + 36 * nearest_step(part(rgb, 16)) + 6 * nearest_step(part(rgb, 8)) +
               nearest_step(part(rgb, 0));
    int mean = (part(rgb, 16) + part(rgb, 8) + part(rgb, 0)) / 3;
    int step = mean < 8 ? 0 : (mean - 3) / 10;
    int gray = GRAYS + (step < GRAY_COUNT ? step : GRAY_COUNT - 1);

    return distance(rgb, rgb_of(gray)) < distance(rgb, rgb_of(cube)) ? gray : cube;
}

struct hue {
    int below; /* degrees */
    int index;
};

static const struct hue hues[] = {{20, 1},  {75, 3},  {160, 2}, {200, 6},
                                  {260, 4}, {340, 5}, {361, 1}};

static int hue_of(int r, int g, int b, int max, int spread)
{
    int hue = max == r   ? 60 * (g - b) / spread
              : max == g ? 120 + 60 * (b - r) / spread
                         : 240 + 60 * (r - g) / spread;
    return hue < 0 ? hue + 360 : hue;
}

/* Sixteen colours are nobody's fixed values, so what counts is hue and whether it is bright. */
static int nearest_of_16(uint32_t rgb)
{
    int r = part(rgb, 16), g = part(rgb, 8), b = part(rgb, 0);
    int max = r > g ? r : g, min = r < g ? r : g;

    max = max > b ? max : b;
    min = min < b ? min : b;
    if ((max - min) * 5 < max || max < 40)
        return max < 50 ? 0 : max < 140 ? 8 : max < 220 ? 7 : 15;
    int hue = hue_of(r, g, b, max, max - min);
    for (size_t i = 0; i < sizeof hues / sizeof *hues; i++)
        if (hue < hues[i].below)
            return hues[i].index + (max > 200 && min > 60 ? 8 : 0);
    return 1;
}

static int basic_of(const struct colour *colour)
{
    if (colour->basic != COLOUR_BASIC_NONE)
        return colour->basic;
    if (colour->kind == COLOUR_PALETTE)
        return colour->index < CUBE ? colour->index : nearest_of_16(rgb_of(colour->index));
    return nearest_of_16(colour->rgb);
}

static int true_code(const struct colour *colour)
{
    uint32_t rgb = colour->rgb;

    if (colour->kind == COLOUR_PALETTE) {
        if (colour->index < CUBE)
            return colour->index;
        rgb = rgb_of(colour->index);
    }
    return rgb < CUBE ? CUBE : (int)rgb;
}

int colour_code(const struct colour *colour, enum colour_level level)
{
    if (colour->kind == COLOUR_DEFAULT || level == COLOUR_MONO)
        return COLOUR_CODE_DEFAULT;
    if (level == COLOUR_TRUE)
        return true_code(colour);
    if (level == COLOUR_256)
        return colour->kind == COLOUR_PALETTE ? colour->index : nearest_of_256(colour->rgb);
    int basic = basic_of(colour);
    return level == COLOUR_8 && basic >= 8 ? basic - 8 : basic;
}
