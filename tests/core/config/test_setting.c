/* SPDX-License-Identifier: MIT */
#include "core/config/setting.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "tests/suite.h"

static void check_words(const struct setting *s)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->help);
    CU_ASSERT(strlen(s->help) > 4 && s->help[strlen(s->help) - 1] != '.');
    CU_ASSERT(isupper((unsigned char)s->help[0]) || isdigit((unsigned char)s->help[0]));
    for (const char *c = s->name; *c; c++)
        CU_ASSERT(islower((unsigned char)*c) || *c == '_' || *c == '.');
    CU_ASSERT_PTR_EQUAL(setting_find(s->name), s);
    if (s->flag)
        CU_ASSERT_PTR_EQUAL(setting_by_flag(s->flag), s);
}

static void check_range(const struct setting *s)
{
    CU_ASSERT(s->min >= 0); /* -1 says "not set" */
    CU_ASSERT(s->max > s->min);
    CU_ASSERT(s->max <= INT64_C(1) << 53); /* the stored form is exact */
    if (s->size == sizeof(int))
        CU_ASSERT(s->max <= INT32_MAX);
    if (s->type == SETTING_BOOL)
        CU_ASSERT_EQUAL(s->size, sizeof(bool));
}

static void check_default(const struct setting *s)
{
    struct setting_value value;

    CU_ASSERT_EQUAL_FATAL(setting_parse(&value, s, s->fallback, NULL), 0);
    CU_ASSERT(s->optional || value.text || value.list.count || value.number >= s->min);
    setting_value_free(&value);
    if (s->type == SETTING_ENUM)
        for (size_t i = 0; i <= (size_t)s->max; i++)
            CU_ASSERT_PTR_NOT_NULL(s->choices[i]);
}

static void test_rows(void)
{
    for (const struct setting *s = setting_table; s->name; s++) {
        check_words(s);
        check_range(s);
        check_default(s);
    }
    CU_ASSERT(setting_count() > 60 && setting_count() <= 256);
    CU_ASSERT(setting_is_section("limits"));
    CU_ASSERT_FALSE(setting_is_section("limit"));
    CU_ASSERT_FALSE(setting_is_section("on_error"));
}

static void test_unique(void)
{
    for (const struct setting *a = setting_table; a->name; a++) {
        char env[SETTING_ENV], other[SETTING_ENV];

        setting_env(env, a);
        for (const struct setting *b = a + 1; b->name; b++) {
            setting_env(other, b);
            CU_ASSERT_STRING_NOT_EQUAL(a->name, b->name);
            CU_ASSERT_STRING_NOT_EQUAL(env, other);
            CU_ASSERT_FALSE(a->flag && b->flag && strcmp(a->flag, b->flag) == 0);
            CU_ASSERT_FALSE(a->scope == b->scope && a->offset == b->offset);
        }
    }
}

static void test_env(void)
{
    char env[SETTING_ENV];

    setting_env(env, setting_find("limits.max_iterations"));
    CU_ASSERT_STRING_EQUAL(env, "RERAIL_LIMITS_MAX_ITERATIONS");
}

/* The seed's figures, and those of the design. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"limits.max_iterations", "10"},
    {"limits.max_tool_retries", "3"},
    {"limits.timeout", "5m"},
    {"limits.max_tokens_per_turn", "4096"},
    {"limits.loop_guard", "5"},
    {"enable_checkpoints", "true"},
    {"enable_rollback", "true"},
    {"keep_checkpoints", "0"},
    {"on_error", "auto"},
    {"health.window", "100"},
    {"health.window_time", "5m"},
    {"health.critical", "50"},
    {"health.degraded", "10"},
    {"health.slow", "5s"},
    {"retry.attempts", "5"},
    {"retry.base", "1s"},
    {"retry.throttled_base", "2s"},
    {"retry.cap", "30s"},
    {"retry.floor", "200ms"},
    {"retry.park", "2m"},
    {"retry.operator", "1h"},
    {"budget.size", "60"},
    {"budget.cost", "5"},
    {"budget.timeout_cost", "10"},
    {"budget.gain", "1"},
    {"breaker.in_row", "5"},
    {"breaker.window", "20"},
    {"breaker.samples", "8"},
    {"breaker.open", "15s"},
    {"breaker.open_max", "5m"},
    {"breaker.successes", "2"},
    {"http.connect_timeout", "10s"},
    {"http.first_byte_timeout", "2m"},
    {"http.event_timeout", "2m"},
    {"http.response_timeout", "30m"},
    {"http.response_bytes", "64MiB"},
    {"tools", "*"},
    {"policy", ""},
    {"model.name", ""},
    {"model.temperature", ""},
    {"ui.theme", "dark"},
    {"ui.mouse", "false"},
    {"allow_unsandboxed", "false"},
};

/* The value as setting_format writes it: yours. NULL when the text is refused. */
static char *formatted(const char *name, const char *text)
{
    const struct setting *setting = setting_find(name);
    struct setting_value value;
    struct buf out;

    CU_ASSERT_PTR_NOT_NULL_FATAL(setting);
    if (setting_parse(&value, setting, text, NULL))
        return NULL;
    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(setting_format(&out, setting, &value), 0);
    setting_value_free(&value);
    return buf_take(&out);
}

static void test_defaults(void)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        char *got = formatted(defaults[i].name, setting_find(defaults[i].name)->fallback);

        CU_ASSERT_STRING_EQUAL(got, defaults[i].value);
        free(got);
    }
}

static const struct {
    const char *name, *text, *formatted; /* NULL = refused */
} values[] = {
    {"limits.max_iterations", "1", "1"},
    {"limits.max_iterations", "0", NULL},
    {"limits.max_iterations", "1000001", NULL},
    {"limits.max_iterations", "ten", NULL},
    {"limits.max_iterations", "", NULL},
    {"limits.max_iterations", "10 ", NULL},
    {"limits.timeout", "90", "90s"},
    {"limits.timeout", "1.5m", "90s"},
    {"limits.timeout", "1500ms", "1500ms"},
    {"limits.timeout", "2h", "2h"},
    {"limits.timeout", "1d", "1d"},
    {"limits.timeout", "0", NULL},
    {"limits.timeout", "31d", NULL},
    {"limits.timeout", "-5", NULL},
    {"budget.refill", "0", "0"},
    {"http.response_bytes", "64k", "64KiB"},
    {"http.response_bytes", "65537", "65537"},
    {"http.response_bytes", "1GiB", "1GiB"},
    {"http.response_bytes", "2G", NULL},
    {"limits.max_cost", "0", "0"},
    {"limits.max_cost", "2.5", "2.50"},
    {"limits.max_cost", "$0.015", "0.015"},
    {"limits.max_cost", "0.000001", "0.000001"},
    {"limits.max_cost", "-1", NULL},
    {"model.temperature", "0.7", "0.7"},
    {"model.temperature", "0", "0"},
    {"model.temperature", "2", "2"},
    {"model.temperature", "2.1", NULL},
    {"model.temperature", "hot", NULL},
    {"model.temperature", "", ""},
    {"model.price_input", "0.15", "0.15"},
    {"model.seed", "9007199254740992", "9007199254740992"},
    {"ui.mouse", "on", "true"},
    {"ui.mouse", "no", "false"},
    {"ui.mouse", "TRUE", NULL},
    {"ui.mouse", "2", NULL},
    {"on_error", "recover", "recover"},
    {"on_error", "Recover", NULL},
    {"model.effort", "high", "high"},
    {"model.effort", "huge", NULL},
    {"model.extra", "{\"a\":1}", "{\"a\":1}"},
    {"model.extra", "[1]", NULL},
    {"model.extra", "{\"a\":1,\"a\":2}", NULL},
    {"model.key", "env:MY_KEY", "env:MY_KEY"},
    {"model.key", "none", "none"},
    {"model.key", "sk-1234567890", NULL},
    {"tools", "shell, read_file", "shell,read_file"},
    {"tools", "", ""},
    {"tools", "a b", NULL},
    {"policy", "allow read_file", "allow read_file"},
    {"policy", " allow a \n\n deny b\n", "allow a\ndeny b"},
    {"policy", "maybe shell", NULL},
};

static void test_values(void)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *got = formatted(values[i].name, values[i].text), *again = NULL;

        CU_ASSERT(str_eq(got, values[i].formatted));
        if (got) {
            again = formatted(values[i].name, got);
            CU_ASSERT(str_eq(again, got));
        }
        free(again);
        free(got);
    }
}

static const struct {
    const char *name, *text, *message;
} refusals[] = {
    {"limits.timeout", "soon", "limits.timeout: expected a duration from 1s to 30d, not 'soon'"},
    {"limits.max_iterations", "0",
     "limits.max_iterations: expected a whole number from 1 to 1000000, not '0'"},
    {"on_error", "pase",
     "on_error: expected one of: auto, pause, recover, fail, not 'pase'; did you mean 'pause'?"},
    {"ui.mouse", "maybe", "ui.mouse: expected true or false, not 'maybe'"},
    {"model.temperature", "3", "model.temperature: expected a number from 0 to 2, not '3'"},
    {"http.response_bytes", "1",
     "http.response_bytes: expected a size from 64KiB to 1GiB, not '1'"},
    {"policy", "alow shell",
     "policy: a rule begins with allow, ask or deny, not 'alow'; did you mean 'allow'?"},
};

static void test_refusals(void)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct setting_value value;
        struct err err = {0};

        CU_ASSERT(setting_parse(&value, setting_find(refusals[i].name), refusals[i].text, &err) <
                  0);
        CU_ASSERT_STRING_EQUAL(err.msg, refusals[i].message);
    }
}

static void test_key_is_not_repeated(void)
{
    struct setting_value value;
    struct err err = {0};

    CU_ASSERT_EQUAL(setting_parse(&value, setting_find("model.key"), "sk-secret", &err), E_PARSE);
    CU_ASSERT_PTR_NULL(strstr(err.msg, "sk-secret"));
}

static const struct {
    const char *wrong, *right;
} nearest[] = {
    {"limits.max_iteration", "limits.max_iterations"},
    {"max_iterations", "limits.max_iterations"},
    {"iterations.max_iterations", "limits.max_iterations"},
    {"limits.max_token_per_turn", "limits.max_tokens_per_turn"},
    {"timeout", "limits.timeout"},
    {"themes", "ui.theme"},
    {"on-error", "on_error"},
    {"xyzzy", NULL},
};

static void test_nearest(void)
{
    for (size_t i = 0; i < sizeof nearest / sizeof *nearest; i++)
        CU_ASSERT(str_eq(setting_nearest(nearest[i].wrong), nearest[i].right));
}

static void test_members(void)
{
    struct run_config *config;
    struct setting_value value;

    run_config_new(&config);
    CU_ASSERT_EQUAL(config->limits.max_iterations, 10);
    CU_ASSERT_EQUAL(config->limits.timeout_us, 300000000);
    CU_ASSERT_EQUAL(config->model.temperature, -1);
    CU_ASSERT_PTR_NULL(config->model.name);
    CU_ASSERT_EQUAL(config->enable_rollback, true);
    CU_ASSERT_STRING_EQUAL(config->tools.at[0], "*");
    const struct setting *name = setting_find("model.name"), *retries = NULL;
    CU_ASSERT_EQUAL(setting_parse(&value, name, "m-1", NULL), 0);
    setting_store(config, name, &value);
    CU_ASSERT_STRING_EQUAL(config->model.name, "m-1");
    CU_ASSERT_PTR_NULL(value.text);
    retries = setting_find("limits.max_tool_retries");
    CU_ASSERT_EQUAL(setting_parse(&value, retries, "7", NULL), 0);
    setting_store(config, retries, &value);
    CU_ASSERT_EQUAL(config->tool_retry.attempts, 7);
    CU_ASSERT_EQUAL(setting_fetch(config, retries).number, 7);
    run_config_free(config);
}

/* The value stored as JSON text, read back and written for people: yours. */
static char *restored(const struct setting *setting, struct setting_value *value)
{
    struct setting_value back;
    struct buf out;
    cJSON *json = setting_json(setting, value), *read = NULL;
    char *text = json_print(json);

    CU_ASSERT_EQUAL(json_parse(&read, text, strlen(text), NULL, NULL), 0);
    CU_ASSERT_EQUAL(setting_from_json(&back, setting, read, NULL), 0);
    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(setting_format(&out, setting, &back), 0);
    setting_value_free(&back);
    cJSON_Delete(json);
    cJSON_Delete(read);
    free(text);
    return buf_take(&out);
}

static void test_stored(void)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct setting *setting = setting_find(values[i].name);
        struct setting_value value;

        if (setting_parse(&value, setting, values[i].text, NULL))
            continue;
        char *got = restored(setting, &value);
        CU_ASSERT_STRING_EQUAL(got, values[i].formatted);
        setting_value_free(&value);
        free(got);
    }
}

static const struct test tests[] = {
    {"every row has its words, a sane range and a default that fits", test_rows},
    {"names, variables, flags and members are unique", test_unique},
    {"the variable is the name in capitals", test_env},
    {"defaults are the seed's and the design's", test_defaults},
    {"values are read as people write them and written so that they are read again", test_values},
    {"a refusal says what was expected and the nearest right word", test_refusals},
    {"a key written where its place belongs is not repeated", test_key_is_not_repeated},
    {"a wrong name has a nearest right one", test_nearest},
    {"a value fills the member of its row", test_members},
    {"a stored value comes back as it was", test_stored},
    {NULL, NULL},
};

const struct suite suite_setting = {"setting", tests};
