/* SPDX-License-Identifier: MIT */
#include "core/model/chat_usage.h"

#include <stddef.h>

#include "core/base/json.h"

#define USAGE_MAX 1e15 /* a count or a cost beyond this is nonsense */

/* Where a figure may be: a member, or a member of an object in it; the first that is there counts.
   `unit` turns it into what we keep. */
struct place {
    const char *key, *inner;
    double unit;
    size_t at;
};

#define AT(field) offsetof(struct model_usage, field)

static const struct place places[] = {
    {"prompt_tokens", NULL, 1, AT(input)},
    {"input_tokens", NULL, 1, AT(input)},
    {"completion_tokens", NULL, 1, AT(output)},
    {"output_tokens", NULL, 1, AT(output)},
    {"total_tokens", NULL, 1, AT(total)},
    {"prompt_tokens_details", "cached_tokens", 1, AT(cached)},
    {"input_tokens_details", "cached_tokens", 1, AT(cached)},
    {"prompt_cache_hit_tokens", NULL, 1, AT(cached)}, /* DeepSeek */
    {"cached_tokens", NULL, 1, AT(cached)},           /* Moonshot */
    {"prompt_tokens_details", "cache_write_tokens", 1, AT(cache_write)},
    {"completion_tokens_details", "reasoning_tokens", 1, AT(reasoning)},
    {"output_tokens_details", "reasoning_tokens", 1, AT(reasoning)},
    {"reasoning_tokens", NULL, 1, AT(reasoning)},
    {"cost", NULL, 1e6, AT(cost_micro)},               /* OpenRouter and gateways: dollars */
    {"cost", "total_cost", 1e6, AT(cost_micro)},       /* Perplexity */
    {"cost_in_usd_ticks", NULL, 1e-4, AT(cost_micro)}, /* xAI: 10^10 to the dollar */
};

#define PLACE_COUNT (sizeof places / sizeof *places)

static int64_t *figure(struct model_usage *u, const struct place *place)
{
    return (int64_t *)((char *)u + place->at);
}

void chat_usage_none(struct model_usage *u)
{
    for (size_t i = 0; i < PLACE_COUNT; i++)
        *figure(u, &places[i]) = -1;
    u->cached_inside = true;
}

void chat_usage_read(struct model_usage *u, const cJSON *usage)
{
    struct model_usage read;

    if (!usage)
        return;
    chat_usage_none(&read);
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        const struct place *place = &places[i];
        const cJSON *holder = place->inner ? json_object(usage, place->key) : usage;
        double value = json_number(holder, place->inner ? place->inner : place->key, -1);

        if (value >= 0 && value <= USAGE_MAX && *figure(&read, place) < 0)
            *figure(&read, place) = (int64_t)(value * place->unit + 0.5);
    }
    if (read.input >= 0 || read.output >= 0 || read.total >= 0)
        *u = read;
}
