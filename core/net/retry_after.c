/* SPDX-License-Identifier: MIT */
#include "core/net/retry_after.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/base/clock.h"

#define DAY_S      86400
#define LONGEST_US ((int64_t)30 * DAY_S * US_PER_S)
#define YEARS_AHEAD                                                                                \
    50 /* RFC 9110 5.6.7: a two-digit year further ahead than this is in the past                  \
        */

/* A place in the text. Every take_… moves it only when it returns true. */
struct cursor {
    const char *at;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct cursor *in)
{
    while (*in->at == ' ' || *in->at == '\t')
        in->at++;
}

static bool take_text(struct cursor *in, const char *text)
{
    size_t len = strlen(text);

    if (strncmp(in->at, text, len) != 0)
        return false;
    in->at += len;
    return true;
}

static bool at_end(struct cursor in)
{
    skip_blanks(&in);
    return *in.at == '\0';
}

static bool take_digits(struct cursor *in, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (!is_digit(in->at[i]))
            return false;
        value = value * 10 + (in->at[i] - '0');
    }
    in->at += count;
    *out = value;
    return true;
}

/* The index of the name that the text goes on with, or -1. */
static int take_name(struct cursor *in, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (take_text(in, names[i]))
            return i;
    return -1;
}

static bool take_day_name(struct cursor *in)
{
    /* Long names first: the short ones are their beginnings. The day of the month decides, not
     * this. */
    static const char *const names[] = {"Monday",   "Tuesday", "Wednesday", "Thursday", "Friday",
                                        "Saturday", "Sunday",  "Mon",       "Tue",      "Wed",
                                        "Thu",      "Fri",     "Sat",       "Sun"};

    return take_name(in, names, sizeof names / sizeof *names) >= 0;
}

static bool take_month(struct cursor *in, int *out)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int month = take_name(in, names, sizeof names / sizeof *names);

    *out = month + 1;
    return month >= 0;
}

struct date {
    int year, month, day; /* 1–12, 1–31 */
    int hour, minute, second;
};

static bool take_time(struct cursor *in, struct date *date)
{
    return take_digits(in, 2, &date->hour) && take_text(in, ":") &&
           take_digits(in, 2, &date->minute) && take_text(in, ":") &&
           take_digits(in, 2, &date->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool take_fixdate(struct cursor *in, struct date *date)
{
    return take_day_name(in) && take_text(in, ", ") && take_digits(in, 2, &date->day) &&
           take_text(in, " ") && take_month(in, &date->month) && take_text(in, " ") &&
           take_digits(in, 4, &date->year) && take_text(in, " ") && take_time(in, date) &&
           take_text(in, " GMT");
}

/* Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap
   day is the last of its year. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t date_us(const struct date *date)
{
    int64_t s = days_of(date->year, date->month, date->day) * DAY_S;

    s += date->hour * 3600 + date->minute * 60 + date->second;
    return s * US_PER_S;
}

/* The first century that is not so far ahead that the date must have been meant as past. */
static void set_century(struct date *date, int64_t wall_us)
{
    int64_t latest = wall_us + (int64_t)YEARS_AHEAD * 365 * DAY_S * US_PER_S;
    int year = date->year;

    date->year = 1900 + year;
    while (date->year + 100 < 10000) {
        struct date later = *date;

        later.year += 100;
        if (date_us(&later) > latest)
            return;
        *date = later;
    }
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(struct cursor *in, struct date *date, int64_t wall_us)
{
    bool ok = take_day_name(in) && take_text(in, ", ") && take_digits(in, 2, &date->day) &&
              take_text(in, "-") && take_month(in, &date->month) && take_text(in, "-") &&
              take_digits(in, 2, &date->year) && take_text(in, " ") && take_time(in, date) &&
              take_text(in, " GMT");

    if (ok)
        set_century(date, wall_us);
    return ok;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool take_asctime(struct cursor *in, struct date *date)
{
    return take_day_name(in) && take_text(in, " ") && take_month(in, &date->month) &&
           take_text(in, " ") &&
           (take_text(in, " ") ? take_digits(in, 1, &date->day) : take_digits(in, 2, &date->day)) &&
           take_text(in, " ") && take_time(in, date) && take_text(in, " ") &&
           take_digits(in, 4, &date->year);
}

static bool date_exists(const struct date *date)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (date->year % 4 == 0 && date->year % 100 != 0) || date->year % 400 == 0;
    int last = date->month == 2 && !leap ? 28 : days[date->month - 1];

    /* 60 is a leap second. */
    return date->day >= 1 && date->day <= last && date->hour < 24 && date->minute < 60 &&
           date->second <= 60;
}

int64_t retry_after_date_us(const char *text, int64_t wall_us)
{
    struct cursor start = {text};

    skip_blanks(&start);
    for (int form = 0; form < 3; form++) {
        struct cursor in = start;
        struct date date = {0};
        bool ok = form == 0   ? take_fixdate(&in, &date)
                  : form == 1 ? take_rfc850(&in, &date, wall_us)
                              : take_asctime(&in, &date);

        if (ok && at_end(in) && date_exists(&date))
            return date_us(&date) > 0 ? date_us(&date) : 0;
    }
    return -1;
}

/* "2", "1.5": so many units, or -1. Anything over the longest wait is -1 before it overflows. */
static int64_t number_us(const char *text, int64_t unit_us)
{
    struct cursor in = {text};
    int64_t us = 0, part = unit_us;

    skip_blanks(&in);
    if (!is_digit(*in.at))
        return -1;
    for (; is_digit(*in.at); in.at++) {
        us = us * 10 + (*in.at - '0') * unit_us;
        if (us > LONGEST_US)
            return -1;
    }
    if (*in.at == '.' && is_digit(in.at[1]))
        for (in.at++; is_digit(*in.at); in.at++)
            us += (*in.at - '0') * (part /= 10);
    return at_end(in) && us <= LONGEST_US ? us : -1;
}

static int64_t until_date_us(const char *text, int64_t wall_us)
{
    int64_t date = retry_after_date_us(text, wall_us);

    if (date < 0 || date - wall_us > LONGEST_US)
        return -1;
    return date > wall_us ? date - wall_us : 0;
}

int64_t http_retry_after(const char *ms, const char *after, int64_t wall_us)
{
    int64_t us = ms ? number_us(ms, US_PER_MS) : -1;

    if (us < 0 && after)
        us = number_us(after, US_PER_S);
    if (us < 0 && after)
        us = until_date_us(after, wall_us);
    return us;
}
