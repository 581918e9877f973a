/* SPDX-License-Identifier: MIT */
/*
 * List prices in dollars per million tokens: those marked with a star agree with the costs that
 * providers wrote into recorded answers, the others with their price pages of 2025. They change:
 * the config's rows win, and a provider that tells its own cost wins over both. Tiers by prompt
 * length are not modelled: the lowest counts.
 */
#include "core/model/pricing.h"

#include <stdbool.h>
#include <string.h>

#define PER_MILLION 1000000

/* Dollars as micro-dollars; the prices are short decimals, so the sum is exact. */
#define USD(dollars) ((int64_t)((dollars)*1e6 + 0.5))
#define NONE         (-1)

static const struct price prices[] = {
    /* model, input, cached, cache_write, output */
    {"simulator*", 0, 0, 0, 0},

    {"gpt-5", USD(1.25), USD(0.125), NONE, USD(10)}, /* star */
    {"gpt-5-mini", USD(0.25), USD(0.025), NONE, USD(2)},
    {"gpt-5-nano", USD(0.05), USD(0.005), NONE, USD(0.4)},
    {"gpt-5.4-nano", USD(0.2), NONE, NONE, USD(1.25)}, /* star */
    {"gpt-4.1", USD(2), USD(0.5), NONE, USD(8)},
    {"gpt-4.1-mini", USD(0.4), USD(0.1), NONE, USD(1.6)},
    {"gpt-4.1-nano", USD(0.1), USD(0.025), NONE, USD(0.4)},
    {"gpt-4o", USD(2.5), USD(1.25), NONE, USD(10)},
    {"gpt-4o-mini", USD(0.15), USD(0.075), NONE, USD(0.6)},
    {"o3", USD(2), USD(0.5), NONE, USD(8)},
    {"o4-mini", USD(1.1), USD(0.275), NONE, USD(4.4)},

    {"claude-sonnet-4", USD(3), USD(0.3), USD(3.75), USD(15)}, /* star */
    {"claude-sonnet-4-5", USD(3), USD(0.3), USD(3.75), USD(15)},
    {"claude-sonnet-4.5", USD(3), USD(0.3), USD(3.75), USD(15)}, /* star */
    {"claude-haiku-4-5", USD(1), USD(0.1), USD(1.25), USD(5)},
    {"claude-haiku-4.5", USD(1), USD(0.1), USD(1.25), USD(5)}, /* star */
    {"claude-opus-4-5", USD(5), USD(0.5), USD(6.25), USD(25)},
    {"claude-opus-4.5", USD(5), USD(0.5), USD(6.25), USD(25)},

    {"gemini-3-pro-preview", USD(2), USD(0.2), NONE, USD(12)},          /* star */
    {"gemini-3.1-flash-lite-preview", USD(0.25), NONE, NONE, USD(1.5)}, /* star */
    {"gemini-2.5-pro", USD(1.25), USD(0.125), NONE, USD(10)},
    {"gemini-2.5-flash", USD(0.3), USD(0.03), NONE, USD(2.5)}, /* star */

    {"grok-4-fast", USD(0.2), USD(0.05), NONE, USD(0.5)},      /* star */
    {"grok-4.1-fast", USD(0.2), USD(0.05), NONE, USD(0.5)},    /* star */
    {"grok-code-fast-1", USD(0.2), USD(0.02), NONE, USD(1.5)}, /* star */

    {"deepseek-chat", USD(0.28), USD(0.028), NONE, USD(0.42)},
    {"deepseek-reasoner", USD(0.28), USD(0.028), NONE, USD(0.42)},
};

#define PRICE_COUNT (sizeof prices / sizeof *prices)

const struct price *price_at(size_t index)
{
    return index < PRICE_COUNT ? &prices[index] : NULL;
}

/* "-2025-08-07", "-20250514", "-0613": the same model of a certain day. */
static bool is_date(const char *tail)
{
    return *tail == '-' && strspn(tail + 1, "0123456789") >= 4 &&
           strspn(tail, "-0123456789") == strlen(tail);
}

/* How well a row fits: bytes that agree, plus one for a whole name; 0 = not at all. */
static size_t fit(const struct price *row, const char *model)
{
    size_t len = strlen(row->model);

    if (len > 0 && row->model[len - 1] == '*')
        return strncmp(row->model, model, len - 1) == 0 ? len - 1 : 0;
    if (strncmp(row->model, model, len) != 0)
        return 0;
    return model[len] == '\0' || is_date(model + len) ? len + 1 : 0;
}

static const struct price *best(const struct price *rows, size_t count, const char *model)
{
    const struct price *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        size_t fits = fit(&rows[i], model);

        if (fits > most) {
            most = fits;
            found = &rows[i];
        }
    }
    return found;
}

const struct price *price_find(const char *model, const struct price *own, size_t count)
{
    const char *slash = strrchr(model, '/');
    const struct price *found = best(own, count, model);

    if (!found && slash)
        found = best(own, count, slash + 1);
    if (!found)
        found = best(prices, PRICE_COUNT, model);
    return found || !slash ? found : best(prices, PRICE_COUNT, slash + 1);
}

static int64_t at_least_0(int64_t count)
{
    return count > 0 ? count : 0;
}

static int64_t or_input(int64_t rate, const struct price *price)
{
    return rate < 0 ? price->input : rate;
}

/* Output as billed: a total beyond input + output is thinking that the count left out. */
static int64_t billed_output(const struct model_usage *u)
{
    int64_t input = at_least_0(u->input), output = at_least_0(u->output);

    if (!u->cached_inside)
        input += at_least_0(u->cached) + at_least_0(u->cache_write);
    return u->input >= 0 && u->total > input + output ? u->total - input : output;
}

int64_t price_cost(const struct price *price, const struct model_usage *u)
{
    int64_t input = at_least_0(u->input), cached = at_least_0(u->cached);
    int64_t written = at_least_0(u->cache_write);
    double sum;

    if (u->cost_micro >= 0)
        return u->cost_micro;
    if (!price || price->input < 0 || price->output < 0 || u->input < 0 || u->output < 0)
        return COST_UNKNOWN;
    if (u->cached_inside)
        input = at_least_0(input - cached - written);
    sum = (double)input * (double)price->input +
          (double)cached * (double)or_input(price->cached, price) +
          (double)written * (double)or_input(price->cache_write, price) +
          (double)billed_output(u) * (double)price->output;
    return (int64_t)(sum / PER_MILLION + 0.5);
}
