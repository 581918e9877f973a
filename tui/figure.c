/* SPDX-License-Identifier: MIT */
#include "tui/figure.h"

#include "core/base/clock.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void figure_count(char out[FIGURE], int64_t n)
{
    static const struct {
        int64_t from;
        double unit;
        const char *sign;
    } units[] = {{INT64_C(1000000000), 1e9, "G"}, {1000000, 1e6, "M"}, {10000, 1e3, "k"}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (n >= units[i].from) {
            double value = (double)n / units[i].unit;

            snprintf(out, FIGURE, value < 100 ? "%.1f%s" : "%.0f%s", value, units[i].sign);
            return;
        }
    snprintf(out, FIGURE, "%lld", (long long)n);
}

void figure_money(char out[FIGURE], int64_t micro)
{
    if (micro < 0)
        snprintf(out, FIGURE, "–");
    else
        snprintf(out, FIGURE, micro > 0 && micro < 10000 ? "$%.4f" : "$%.2f", (double)micro / 1e6);
}

void figure_span(char out[FIGURE], int64_t us)
{
    if (us < 0)
        snprintf(out, FIGURE, "–");
    else if (us < US_PER_MS)
        snprintf(out, FIGURE, "<1ms");
    else if (us < INT64_C(60) * US_PER_S)
        clock_short(out, FIGURE, us);
    else
        clock_span(out, FIGURE, us);
}

void figure_clock(char out[FIGURE], int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm tm;

    if (!localtime_r(&seconds, &tm) || strftime(out, FIGURE, "%H:%M:%S", &tm) == 0)
        snprintf(out, FIGURE, "–");
}

void figure_ago(char out[FIGURE], int64_t us)
{
    static const struct {
        int64_t seconds;
        const char *sign;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    int64_t seconds = us / US_PER_S;

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (seconds >= units[i].seconds) {
            snprintf(out, FIGURE, "%lld%s ago", (long long)(seconds / units[i].seconds),
                     units[i].sign);
            return;
        }
    snprintf(out, FIGURE, "now");
}

static const struct {
    enum role word, paint;
    const char *sign;
} looks[RUN_STATE_COUNT] = {
    [RUN_IDLE] = {ROLE_DIM, ROLE_STATE_IDLE, "○"},
    [RUN_RUNNING] = {ROLE_STATE_MODEL, ROLE_STATE_MODEL, "●"},
    [RUN_WAITING_FOR_TOOL] = {ROLE_STATE_TOOL, ROLE_STATE_TOOL, "●"},
    [RUN_AWAITING_APPROVAL] = {ROLE_WARN, ROLE_STATE_PERSON, "?"},
    [RUN_WAITING_RETRY] = {ROLE_STATE_RETRY, ROLE_STATE_RETRY, "↻"},
    [RUN_PAUSED] = {ROLE_WARN, ROLE_STATE_PERSON, "‖"},
    [RUN_IN_DOUBT] = {ROLE_WARN, ROLE_STATE_PERSON, "⚠"},
    [RUN_ERROR] = {ROLE_ERROR, ROLE_STATE_PERSON, "✗"},
    [RUN_COMPLETED] = {ROLE_OK, ROLE_STATE_IDLE, "✓"},
    [RUN_CANCELLED] = {ROLE_DIM, ROLE_STATE_IDLE, "■"},
};

enum role state_role(enum run_state state)
{
    return looks[state].word;
}

enum role state_paint_role(enum run_state state)
{
    return looks[state].paint;
}

const char *state_sign(enum run_state state)
{
    return looks[state].sign;
}

enum role health_role(enum health_status status)
{
    static const enum role roles[] = {
        [HEALTH_NONE] = ROLE_DIM,      [HEALTH_HEALTHY] = ROLE_OK,     [HEALTH_SLOW] = ROLE_WARN,
        [HEALTH_DEGRADED] = ROLE_WARN, [HEALTH_CRITICAL] = ROLE_ERROR,
    };

    return roles[status];
}

static const struct {
    enum role role;
    const char *word;
} effects[EFFECT_STATE_COUNT] = {
    [EFFECT_INTENT] = {ROLE_DIM, "… waits"},
    [EFFECT_STARTED] = {ROLE_STATE_TOOL, "● running"},
    [EFFECT_OK] = {ROLE_OK, "✓"},
    [EFFECT_FAILED] = {ROLE_ERROR, "✗ failed"},
    [EFFECT_STOPPED] = {ROLE_WARN, "■ stopped"},
    [EFFECT_IN_DOUBT] = {ROLE_WARN, "⚠ in doubt"},
    [EFFECT_SKIPPED] = {ROLE_DIM, "– skipped"},
    [EFFECT_ASSUMED] = {ROLE_WARN, "✓ assumed"},
    [EFFECT_CACHED] = {ROLE_INFO, "✓ cached"},
};

enum role effect_role(enum effect_state state)
{
    return effects[state].role;
}

const char *effect_word(enum effect_state state)
{
    return effects[state].word;
}

int put_line(struct pen *pen, enum role role, const char *text, int columns)
{
    char line[2048];

    if (!text || columns <= 0)
        return 0;
    (void)sanitize_line(line, sizeof line, text, strlen(text));
    return pen_cut(pen, role, line, columns);
}
