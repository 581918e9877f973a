/* SPDX-License-Identifier: MIT */
#include "core/config/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/str.h"

#define MILLION 1000000

static int parse_bool(int64_t *out, const char *text)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_eq(text, words[i])) {
            *out = (int64_t)(i % 2);
            return 0;
        }
    }
    return E_PARSE;
}

static void format_bool(char *out, size_t cap, int64_t value)
{
    (void)str_format(out, cap, "%s", value ? "true" : "false");
}

static int parse_int(int64_t *out, const char *text)
{
    return str_int(out, text, INT64_MIN, INT64_MAX);
}

static void format_int(char *out, size_t cap, int64_t value)
{
    (void)str_format(out, cap, "%" PRId64, value);
}

/* A decimal number in units of 1/scale; further decimals are rounded. */
static int parse_scaled(int64_t *out, const char *text, int64_t scale)
{
    double value;
    int rc = str_number(&value, text, -1e12, 1e12);

    if (rc == 0)
        *out = llround(value * (double)scale);
    return rc;
}

static int parse_thousandths(int64_t *out, const char *text)
{
    return parse_scaled(out, text, 1000);
}

static int parse_money(int64_t *out, const char *text)
{
    return parse_scaled(out, text[0] == '$' ? text + 1 : text, MILLION);
}

/* value/scale with as many decimals as it needs, at least `least`. */
static void format_scaled(char *out, size_t cap, int64_t value, int64_t scale, int least)
{
    int decimals = 0;
    int64_t rest = value % scale, unit = scale;

    for (; unit > 1 && (rest != 0 || decimals < least); decimals++) {
        unit /= 10;
        rest %= unit;
    }
    if (decimals == 0)
        (void)str_format(out, cap, "%" PRId64, value / scale);
    else
        (void)str_format(out, cap, "%" PRId64 ".%0*" PRId64, value / scale, decimals,
                         value % scale / unit);
}

static void format_thousandths(char *out, size_t cap, int64_t value)
{
    format_scaled(out, cap, value, 1000, 0);
}

static void format_money(char *out, size_t cap, int64_t value)
{
    format_scaled(out, cap, value, MILLION, value ? 2 : 0);
}

struct unit {
    const char *name;
    int64_t factor;
};

/* With the largest unit that says it exactly. */
static void format_unit(char *out, size_t cap, int64_t value, const struct unit *units)
{
    while (units->factor > 1 && (value == 0 || value % units->factor != 0))
        units++;
    (void)str_format(out, cap, "%" PRId64 "%s", value / units->factor, value ? units->name : "");
}

static void format_duration(char *out, size_t cap, int64_t value)
{
    static const struct unit units[] = {{"d", INT64_C(86400) * US_PER_S},
                                        {"h", INT64_C(3600) * US_PER_S},
                                        {"m", INT64_C(60) * US_PER_S},
                                        {"s", US_PER_S},
                                        {"ms", US_PER_MS},
                                        {"us", 1}};

    format_unit(out, cap, value, units);
}

static void format_bytes(char *out, size_t cap, int64_t value)
{
    static const struct unit units[] = {
        {"GiB", INT64_C(1) << 30}, {"MiB", INT64_C(1) << 20}, {"KiB", INT64_C(1) << 10}, {"", 1}};

    format_unit(out, cap, value, units);
}

static const struct number numbers[SETTING_RULES + 1] = {
    [SETTING_BOOL] = {"true or false", parse_bool, format_bool},
    [SETTING_INT] = {"a whole number", parse_int, format_int},
    [SETTING_NUMBER] = {"a number", parse_thousandths, format_thousandths},
    [SETTING_DURATION] = {"a duration", str_duration_us, format_duration},
    [SETTING_BYTES] = {"a size", str_bytes, format_bytes},
    [SETTING_MONEY] = {"an amount of dollars", parse_money, format_money},
};

const struct number *number_of(enum setting_type type)
{
    return numbers[type].what ? &numbers[type] : NULL;
}
