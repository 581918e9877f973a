/* SPDX-License-Identifier: MIT */
#include "core/agent/input.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *input_name(enum input_kind kind)
{
    static const char *const names[INPUT_KIND_COUNT] = {
        [INPUT_START] = "start",     [INPUT_ADMISSION] = "admission",
        [INPUT_ANSWER] = "answer",   [INPUT_CALL_FAILED] = "call_failed",
        [INPUT_SPAWNED] = "spawned", [INPUT_TOOL_DONE] = "tool_done",
        [INPUT_TIMER] = "timer",     [INPUT_VERB] = "verb",
        [INPUT_CHECKED] = "checked", [INPUT_RECOVERED] = "recovered",
    };

    return names[kind];
}

struct input *input_new(enum input_kind kind)
{
    struct input *input = mem_new(sizeof *input);

    input->kind = kind;
    input->facts = cJSON_CreateObject();
    return input;
}

void input_free(struct input *input)
{
    if (!input)
        return;
    cJSON_Delete(input->facts);
    free(input->body);
    free(input);
}

int input_stored(struct input **out, const struct stored_input *stored, struct err *err)
{
    cJSON *facts = NULL;

    *out = NULL;
    if (stored->type < 0 || stored->type >= INPUT_KIND_COUNT)
        return err_set(err, E_CORRUPT, "input %lld: unknown kind %d", (long long)stored->seq,
                       stored->type);
    int rc = json_parse(&facts, stored->facts, strlen(stored->facts), NULL, err);
    if (rc < 0 || !cJSON_IsObject(facts)) {
        cJSON_Delete(facts);
        return err_set(err, E_CORRUPT, "input %lld: its facts are no JSON object",
                       (long long)stored->seq);
    }
    struct input *input = mem_new(sizeof *input);
    input->kind = (enum input_kind)stored->type;
    input->seq = stored->seq;
    input->wall_us = stored->wall_us;
    input->mono_us = stored->mono_us;
    input->random = stored->random;
    input->facts = facts;
    if (stored->body) {
        input->body = mem_copy(stored->body, stored->len);
        input->len = stored->len;
    }
    *out = input;
    return 0;
}

struct hash input_bind(const struct input *input, const struct hash *decided)
{
    char *facts = json_print(input->facts);
    const struct hash_part parts[] = {
        {decided->at, SHA256_BYTES},
        {&input->kind, sizeof input->kind},
        {&input->wall_us, sizeof input->wall_us},
        {&input->mono_us, sizeof input->mono_us},
        {&input->random, sizeof input->random},
        {facts, strlen(facts)},
        {input->body ? input->body : "", input->len},
    };
    struct hash hash = sha256_parts(parts, sizeof parts / sizeof *parts);

    free(facts);
    return hash;
}

void input_record(const struct input *input, const struct hash *decision, struct record *record)
{
    record->wall_us = input->wall_us;
    record->input.seq = input->seq;
    record->input.type = (int)input->kind;
    record->input.mono_us = input->mono_us;
    record->input.random = input->random;
    record->input.facts = json_print(input->facts);
    record->input.decision = *decision;
    if (input->body) {
        record->body = mem_copy(input->body, input->len);
        record->len = input->len;
    }
}
