/* SPDX-License-Identifier: MIT */
#include "core/sim/fault.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define EVERY_DEFAULT_US 20000
#define STEPS_MAX        1000
#define REPEAT_MAX       10000000

static const char *const end_names[] = {"keep", "fin", "rst", "hang", "clean"};

static int read_end(const struct strict *s, const cJSON *value, void *at)
{
    const char *word = cJSON_IsString(value) ? value->valuestring : "";
    size_t count = sizeof end_names / sizeof *end_names;

    for (size_t i = 0; i < count; i++)
        if (str_eq(end_names[i], word)) {
            *(enum reel_end *)at = (enum reel_end)i;
            return 0;
        }
    return strict_unknown(s, value, "end", word, end_names, count);
}

/* ---- Raw steps ---- */

/* A step as it is written, before it is bytes. */
struct raw_step {
    char *text, *hex, *head;
    int64_t repeat, sleep_us;
    enum reel_end end;
};

static const struct strict_field step_fields[] = {
    {"text", strict_text, offsetof(struct raw_step, text)},
    {"hex", strict_text, offsetof(struct raw_step, hex)},
    {"head", strict_text, offsetof(struct raw_step, head)},
    {"repeat", strict_whole, offsetof(struct raw_step, repeat)},
    {"sleep", strict_duration, offsetof(struct raw_step, sleep_us)},
    {"end", read_end, offsetof(struct raw_step, end)},
    {0},
};

/* Pairs of digits, blanks between them allowed. */
static int unhex(struct fault_step *step, const char *hex)
{
    char *digits = mem_new(strlen(hex) + 1);
    size_t count = 0;

    for (; *hex; hex++)
        if (*hex != ' ' && *hex != '\n')
            digits[count++] = *hex;
    step->len = count / 2;
    step->text = mem_new(step->len + 1);
    int rc = count % 2 ? E_PARSE : str_unhex(step->text, step->len, digits);
    free(digits);
    return rc;
}

static void set_text(struct fault_step *step, const char *text)
{
    step->text = mem_text(text);
    step->len = strlen(text);
}

static int make_step(struct fault_step *out, const struct raw_step *raw, const struct strict *s,
                     const cJSON *value)
{
    int given = !!raw->text + !!raw->hex + !!raw->head;

    *out = (struct fault_step){.repeat = raw->repeat, .sleep_us = raw->sleep_us, .end = raw->end};
    if (given > 1 || (given == 0 && raw->sleep_us == 0 && raw->end == REEL_KEEP))
        return strict_fail(s, value, "a step has one of text, hex and head, or sleep, or end");
    if (raw->repeat < 1 || raw->repeat > REPEAT_MAX)
        return strict_fail(s, value, "repeat: expected 1 to %d", REPEAT_MAX);
    if (raw->head && !str_eq(raw->head, "sse"))
        return strict_fail(s, value, "head: only sse is known");
    if (raw->text)
        set_text(out, raw->text);
    else if (raw->head)
        set_text(out, REEL_SSE_HEAD);
    else if (raw->hex && unhex(out, raw->hex) < 0)
        return strict_fail(s, value, "hex: expected pairs of hexadecimal digits");
    return 0;
}

static int read_step(struct fault_step *out, const struct strict *s, const cJSON *value)
{
    struct raw_step raw = {.repeat = 1};
    int rc = strict_read(s, value, "a step", step_fields, &raw);

    if (rc == 0)
        rc = make_step(out, &raw, s, value);
    free(raw.text);
    free(raw.hex);
    free(raw.head);
    return rc;
}

static struct fault_step *add_step(struct fault *fault)
{
    fault->steps =
        mem_room(fault->steps, fault->step_count, &fault->step_cap, sizeof *fault->steps);
    fault->steps[fault->step_count] = (struct fault_step){.repeat = 1};
    return &fault->steps[fault->step_count++];
}

/* ---- What says which fault it is ---- */

static int set_kind(struct fault *fault, enum fault_kind kind, const struct strict *s,
                    const cJSON *value)
{
    if (fault->kind != FAULT_NONE)
        return strict_fail(s, value, "%s: this fault is something else already", value->string);
    fault->kind = kind;
    return 0;
}

static int read_status(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    int rc = set_kind(fault, FAULT_STATUS, s, value);

    if (rc == 0)
        rc = strict_whole(s, value, &fault->status);
    if (rc == 0 && (fault->status < 200 || fault->status > 599))
        rc = strict_fail(s, value, "status: expected 200 to 599");
    return rc;
}

static int read_cut(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    int rc = set_kind(fault, FAULT_CUT, s, value);

    if (rc < 0)
        return rc;
    if (cJSON_IsString(value) && str_eq(value->valuestring, "call"))
        fault->after = FAULT_CUT_CALL;
    else if (cJSON_IsString(value) && str_eq(value->valuestring, "finish"))
        fault->after = FAULT_CUT_FINAL;
    else if (cJSON_IsNumber(value))
        return strict_whole(s, value, &fault->after);
    else
        return strict_fail(s, value, "cut: expected a number of events, call or finish");
    return 0;
}

static int read_event(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;

    fault->event = value;
    return set_kind(fault, FAULT_EVENT, s, value);
}

static int read_hang(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    int rc = set_kind(fault, FAULT_HANG, s, value);

    fault->wait_us = FAULT_HANG_US;
    if (rc < 0 || cJSON_IsTrue(value))
        return rc;
    return strict_duration(s, value, &fault->wait_us);
}

static int read_pings(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    int rc = set_kind(fault, FAULT_PINGS, s, value);

    if (rc == 0)
        rc = strict_duration(s, value, &fault->wait_us);
    if (rc == 0 && fault->wait_us < US_PER_MS)
        rc = strict_fail(s, value, "pings: expected 1ms or more");
    return rc;
}

static int read_slow(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    int rc = set_kind(fault, FAULT_SLOW, s, value);

    if (rc == 0)
        rc = strict_whole(s, value, &fault->bytes);
    if (rc == 0 && fault->bytes < 1)
        rc = strict_fail(s, value, "slow: expected the bytes of one write");
    return rc;
}

static int read_send(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    const cJSON *entry;
    int rc = set_kind(fault, FAULT_SEND, s, value);

    if (rc == 0 && cJSON_IsString(value)) {
        set_text(add_step(fault), value->valuestring);
        return 0;
    }
    if (rc == 0 && (!cJSON_IsArray(value) || cJSON_GetArraySize(value) > STEPS_MAX))
        rc =
            strict_fail(s, value, "send: expected a text or a list of at most %d steps", STEPS_MAX);
    if (rc < 0)
        return rc;
    cJSON_ArrayForEach(entry, value)
    {
        rc = read_step(add_step(fault), s, entry);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- What belongs to them ---- */

static int read_retry_after(const struct strict *s, const cJSON *value, void *at)
{
    struct fault *fault = at;
    const cJSON *date = cJSON_GetObjectItemCaseSensitive(value, "date");
    const char *text = cJSON_IsString(date) ? date->valuestring : "";
    bool past = text[0] == '-';

    if (!cJSON_IsObject(value))
        return strict_scalar(s, value, &fault->retry_after);
    if (!date || date->next || value->child != date ||
        str_duration_us(&fault->retry_date_us, text + (past || text[0] == '+')) < 0)
        return strict_fail(s, value, "retry_after: expected seconds, a text, or {date: +2s}");
    if (past)
        fault->retry_date_us = -fault->retry_date_us;
    return 0;
}

static int read_headers(const struct strict *s, const cJSON *value, void *at)
{
    const cJSON *member;

    if (!cJSON_IsObject(value))
        return strict_fail(s, value, "headers: expected names and texts");
    cJSON_ArrayForEach(member, value)
    {
        if (!cJSON_IsString(member) || strpbrk(member->valuestring, "\r\n"))
            return strict_fail(s, member, "%s: expected a text of one line", member->string);
    }
    return strict_keep(s, value, at);
}

static int read_times(const struct strict *s, const cJSON *value, void *at)
{
    if (cJSON_IsString(value) && str_eq(value->valuestring, "always")) {
        *(int64_t *)at = FAULT_ALWAYS;
        return 0;
    }
    int rc = strict_whole(s, value, at);
    if (rc == 0 && *(int64_t *)at < 1)
        rc = strict_fail(s, value, "times: expected a number from 1 on, or always");
    return rc;
}

static const struct strict_field fault_fields[] = {
    {"status", read_status, 0},
    {"cut", read_cut, 0},
    {"event", read_event, 0},
    {"hang", read_hang, 0},
    {"pings", read_pings, 0},
    {"slow", read_slow, 0},
    {"send", read_send, 0},
    {"times", read_times, offsetof(struct fault, times)},
    {"retry_after", read_retry_after, 0},
    {"retry_after_ms", strict_scalar, offsetof(struct fault, retry_after_ms)},
    {"headers", read_headers, offsetof(struct fault, headers)},
    {"type", strict_text, offsetof(struct fault, type)},
    {"body", strict_keep, offsetof(struct fault, body)},
    {"after", strict_whole, offsetof(struct fault, after)},
    {"end", read_end, offsetof(struct fault, end)},
    {"event_name", strict_text, offsetof(struct fault, event_name)},
    {"every", strict_duration, offsetof(struct fault, every_us)},
    {0},
};

/* Which of the keys behind `times` go with which kind of fault. */
static const struct {
    const char *key;
    unsigned kinds; /* a bit a kind */
} belongs[] = {
    {"retry_after", 1u << FAULT_STATUS}, {"retry_after_ms", 1u << FAULT_STATUS},
    {"headers", 1u << FAULT_STATUS},     {"type", 1u << FAULT_STATUS},
    {"body", 1u << FAULT_STATUS},        {"after", 1u << FAULT_EVENT},
    {"event_name", 1u << FAULT_EVENT},   {"end", 1u << FAULT_CUT},
    {"every", 1u << FAULT_SLOW},
};

static int check_fault(const struct fault *fault, const struct strict *s, const cJSON *value)
{
    if (fault->kind == FAULT_NONE)
        return strict_fail(s, value,
                           "a fault is one of status, cut, event, hang, pings, slow, send");
    for (size_t i = 0; i < sizeof belongs / sizeof *belongs; i++) {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(value, belongs[i].key);

        if (key && !(belongs[i].kinds & 1u << fault->kind))
            return strict_fail(s, key, "%s does not belong to this kind of fault", key->string);
    }
    return 0;
}

static int read_fault(struct fault *out, const struct strict *s, const cJSON *value)
{
    *out = (struct fault){.line = yaml_line(s->doc, value),
                          .times = 1,
                          .retry_date_us = INT64_MIN,
                          .end = REEL_FIN,
                          .every_us = EVERY_DEFAULT_US};
    int rc = strict_read(s, value, "a fault", fault_fields, out);

    return rc < 0 ? rc : check_fault(out, s, value);
}

int fault_read_list(struct fault **out, size_t *count, const struct strict *s, const cJSON *list)
{
    const cJSON *entry;

    if (!cJSON_IsArray(list))
        return strict_fail(s, list, "faults: expected a list");
    *out = mem_array((size_t)cJSON_GetArraySize(list) + 1, sizeof **out);
    cJSON_ArrayForEach(entry, list)
    {
        int rc = read_fault(&(*out)[(*count)++], s, entry);
        if (rc < 0)
            return rc;
    }
    return 0;
}

void fault_free_list(struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < faults[i].step_count; k++)
            free(faults[i].steps[k].text);
        free(faults[i].steps);
        free(faults[i].retry_after);
        free(faults[i].retry_after_ms);
        free(faults[i].type);
        free(faults[i].event_name);
    }
    free(faults);
}

const struct fault *fault_of_attempt(const struct fault *faults, size_t count, uint64_t attempt)
{
    for (size_t i = 0; i < count; i++) {
        if (attempt < (uint64_t)faults[i].times)
            return &faults[i];
        attempt -= (uint64_t)faults[i].times;
    }
    return NULL;
}
