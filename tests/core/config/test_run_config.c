/* SPDX-License-Identifier: MIT */
#include "core/config/run_config.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"

static const struct {
    const char *name, *value;
} sets[] = {
    {"limits.max_iterations", "33"},
    {"limits.max_tool_retries", "4"},
    {"limits.max_cost", "1.5"},
    {"on_error", "recover"},
    {"enable_rollback", "false"},
    {"recovery.finish", "Say \"what\" you have: é ☃"},
    {"model.name", "m-1"},
    {"model.temperature", "0.7"},
    {"model.seed", "42"},
    {"model.extra", "{\"top_k\":5,\"seed\":1}"},
    {"retry.base", "250ms"},
    {"retry.park", "3m"},
    {"breaker.in_row", "2"},
    {"health.slow", "1s"},
    {"policy", "allow read_file"},
    {"policy", "deny shell command~\\brm\\b"},
};

static struct run_config *changed(void)
{
    struct run_config *config;

    run_config_new(&config);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        CU_ASSERT_EQUAL(run_config_set(config, sets[i].name, sets[i].value, NULL), 0);
    config->agent.name = mem_text("shopping-assistant");
    config->agent.system = mem_text("You shop.\n");
    config->agent.commands = mem_text("[{\"name\":\"stock\"}]");
    return config;
}

static void check_same(const struct run_config *a, const struct run_config *b)
{
    char *left = run_config_json(a), *right = run_config_json(b);

    CU_ASSERT_STRING_EQUAL(left, right);
    free(left);
    free(right);
}

static void test_round_trip(void)
{
    struct run_config *config = changed(), *back = NULL;
    char *json = run_config_json(config);

    CU_ASSERT_EQUAL_FATAL(run_config_parse(&back, json, strlen(json), NULL), 0);
    check_same(config, back);
    CU_ASSERT_EQUAL(back->limits.max_iterations, 33);
    CU_ASSERT_EQUAL(back->limits.max_cost, 1500000);
    CU_ASSERT_EQUAL(back->on_error, ON_ERROR_RECOVER);
    CU_ASSERT_EQUAL(back->enable_rollback, false);
    CU_ASSERT_EQUAL(back->retry.base_us, 250000);
    CU_ASSERT_STRING_EQUAL(back->sentence.finish, "Say \"what\" you have: é ☃");
    CU_ASSERT_EQUAL(back->policy.count, 2);
    CU_ASSERT_STRING_EQUAL(back->agent.system, "You shop.\n");
    CU_ASSERT_STRING_EQUAL(back->agent.commands, "[{\"name\":\"stock\"}]");
    free(json);
    run_config_free(config);
    run_config_free(back);
}

static void test_everything_is_spelt_out(void)
{
    struct run_config *config;
    cJSON *tree = NULL;

    run_config_new(&config);
    char *json = run_config_json(config);
    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, json, strlen(json), NULL, NULL), 0);
    for (const struct setting *s = setting_table; s->name; s++)
        CU_ASSERT_EQUAL(cJSON_GetObjectItemCaseSensitive(json_object(tree, "settings"), s->name) !=
                            NULL,
                        s->scope == SETTING_RUN);
    cJSON_Delete(tree);
    free(json);
    run_config_free(config);
}

static void test_copy(void)
{
    struct run_config *config = changed(), *copy;

    run_config_copy(&copy, config);
    check_same(config, copy);
    CU_ASSERT_EQUAL(copy->gate.nonsense_us, config->gate.nonsense_us);
    CU_ASSERT_EQUAL(copy->tool_retry.park_us, config->tool_retry.park_us);
    CU_ASSERT_EQUAL(run_config_set(copy, "model.name", "other", NULL), 0);
    CU_ASSERT_STRING_EQUAL(config->model.name, "m-1");
    run_config_free(copy);
    run_config_free(config);
}

static void test_settles(void)
{
    struct run_config *config;

    run_config_new(&config);
    CU_ASSERT_EQUAL(config->tool_retry.attempts, 3);
    CU_ASSERT_EQUAL(config->tool_retry.park_us, config->retry.park_us);
    CU_ASSERT_EQUAL(config->gate.nonsense_us, INT64_C(30) * 86400 * 1000000);
    CU_ASSERT_EQUAL(run_config_set(config, "retry.nonsense", "1d", NULL), 0);
    CU_ASSERT_EQUAL(run_config_set(config, "retry.park", "1m", NULL), 0);
    CU_ASSERT_EQUAL(config->gate.nonsense_us, INT64_C(86400) * 1000000);
    CU_ASSERT_EQUAL(config->tool_retry.nonsense_us, INT64_C(86400) * 1000000);
    CU_ASSERT_EQUAL(config->tool_retry.park_us, 60000000);
    run_config_free(config);
}

static void test_older_run(void)
{
    static const char json[] = "{\"settings\":{\"limits.max_iterations\":3},\"agent\":{}}";
    struct run_config *config = NULL;

    CU_ASSERT_EQUAL_FATAL(run_config_parse(&config, json, sizeof json - 1, NULL), 0);
    CU_ASSERT_EQUAL(config->limits.max_iterations, 3);
    CU_ASSERT_EQUAL(config->retry.attempts, 5);
    CU_ASSERT_PTR_NULL(config->agent.name);
    run_config_free(config);
}

static const struct {
    const char *json;
    int code;
    const char *part;
} broken[] = {
    {"", E_PARSE, "stored configuration"},
    {"{}", E_PARSE, "no settings"},
    {"{\"settings\":[]}", E_PARSE, "no settings"},
    {"{\"settings\":{\"warp\":1}}", E_NEWER, "'warp'"},
    {"{\"settings\":{\"ui.theme\":\"dark\"}}", E_NEWER, "ui.theme"},
    {"{\"settings\":{\"limits.max_iterations\":0}}", E_PARSE, "limits.max_iterations"},
    {"{\"settings\":{\"limits.max_iterations\":1.5}}", E_PARSE, "limits.max_iterations"},
    {"{\"settings\":{\"limits.max_iterations\":\"3\"}}", E_PARSE, "limits.max_iterations"},
    {"{\"settings\":{\"limits.max_iterations\":null}}", E_PARSE, "limits.max_iterations"},
    {"{\"settings\":{\"on_error\":\"explode\"}}", E_RANGE, "on_error"},
    {"{\"settings\":{\"tools\":\"shell\"}}", E_PARSE, "tools"},
    {"{\"settings\":{\"tools\":[1]}}", E_PARSE, "tools"},
    {"{\"settings\":{\"policy\":[\"nonsense\"]}}", E_PARSE, "policy"},
    {"{\"settings\":{\"model.name\":7}}", E_PARSE, "model.name"},
};

static void test_broken(void)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct run_config *config = NULL;
        struct err err = {0};

        CU_ASSERT_EQUAL(run_config_parse(&config, broken[i].json, strlen(broken[i].json), &err),
                        broken[i].code);
        CU_ASSERT_PTR_NULL(config);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, broken[i].part));
    }
}

static const struct {
    const char *name, *value;
    int code;
    const char *message;
} refused[] = {
    {"limits.max_iteration", "3", E_NOTFOUND,
     "no setting 'limits.max_iteration'; did you mean 'limits.max_iterations'?"},
    {"model.base_url", "http://x", E_DENIED,
     "model.base_url cannot be changed while a run goes on"},
    {"allow_unsandboxed", "true", E_DENIED,
     "allow_unsandboxed cannot be changed while a run goes on"},
    {"ui.theme", "light", E_DENIED, "ui.theme belongs to the console, not to the run"},
    {"limits.max_iterations", "0", E_RANGE,
     "limits.max_iterations: expected a whole number from 1 to 1000000, not '0'"},
};

static void test_refused_sets(void)
{
    struct run_config *config = changed();
    char *before = run_config_json(config);

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err err = {0};

        CU_ASSERT_EQUAL(run_config_set(config, refused[i].name, refused[i].value, &err),
                        refused[i].code);
        CU_ASSERT_STRING_EQUAL(err.msg, refused[i].message);
    }
    char *after = run_config_json(config);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before);
    free(after);
    run_config_free(config);
}

static void test_get(void)
{
    struct run_config *config = changed();
    struct buf out;

    buf_init(&out, 1000);
    CU_ASSERT_EQUAL(run_config_get(&out, config, "retry.base", NULL), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "250ms");
    CU_ASSERT_EQUAL(run_config_get(&out, config, "ui.theme", NULL), E_NOTFOUND);
    CU_ASSERT_EQUAL(run_config_get(&out, config, "nothing", NULL), E_NOTFOUND);
    buf_free(&out);
    run_config_free(config);
}

static void test_extra(void)
{
    struct run_config *config;
    char *extra;

    run_config_new(&config);
    CU_ASSERT_PTR_NULL(run_config_extra(config));
    CU_ASSERT_EQUAL(run_config_set(config, "model.temperature", "0.7", NULL), 0);
    extra = run_config_extra(config);
    CU_ASSERT_STRING_EQUAL(extra, "{\"temperature\":0.7}");
    free(extra);
    run_config_free(config);
    config = changed();
    extra = run_config_extra(config);
    CU_ASSERT_STRING_EQUAL(extra, "{\"top_k\":5,\"temperature\":0.7,\"seed\":42}");
    free(extra);
    run_config_free(config);
}

static void test_user(void)
{
    struct user_config *user;
    struct err err = {0};

    user_config_new(&user);
    CU_ASSERT_STRING_EQUAL(user->ui.theme, "dark");
    CU_ASSERT_EQUAL(user->ui.mouse, false);
    CU_ASSERT_EQUAL(user->ui.bell, true);
    CU_ASSERT_PTR_NULL(user->key);
    CU_ASSERT_EQUAL(user_config_set(user, "ui.theme", "light", NULL), 0);
    CU_ASSERT_STRING_EQUAL(user->ui.theme, "light");
    CU_ASSERT_EQUAL(user_config_set(user, "limits.timeout", "1m", &err), E_DENIED);
    CU_ASSERT_STRING_EQUAL(err.msg, "limits.timeout belongs to the run");
    CU_ASSERT_EQUAL(user_config_set(user, "editor", "vi", NULL), E_DENIED);
    user_config_free(user);
    user_config_free(NULL);
    run_config_free(NULL);
}

static const struct test tests[] = {
    {"a stored configuration comes back as it was", test_round_trip},
    {"every setting of a run is stored, none of the console", test_everything_is_spelt_out},
    {"a copy is whole and apart", test_copy},
    {"what follows from other settings follows", test_settles},
    {"an older run takes the default of what it did not know", test_older_run},
    {"a broken or newer one is refused and says where", test_broken},
    {"a refused :set says why and changes nothing", test_refused_sets},
    {"a value is shown as a person writes it", test_get},
    {"further request members come from the settings, a set one first", test_extra},
    {"the console's settings are its own", test_user},
    {NULL, NULL},
};

const struct suite suite_run_config = {"run_config", tests};
