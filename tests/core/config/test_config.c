/* SPDX-License-Identifier: MIT */
#include "core/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/config/agent_file.h"
#include "tests/suite.h"

static struct config *fresh(void)
{
    struct config *config;

    config_new(&config);
    return config;
}

static int parse(struct config *config, const char *text, struct err *err)
{
    return config_parse(config, "config.yaml", text, strlen(text), err);
}

static void check(const struct config *config, const char *name, const char *value,
                  const char *origin)
{
    const struct setting *setting = setting_find(name);
    struct buf out;

    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(config_value(&out, config, setting), 0);
    CU_ASSERT_STRING_EQUAL(out.data, value);
    CU_ASSERT_STRING_EQUAL(config_origin(config, setting), origin);
    buf_free(&out);
}

static void test_file(void)
{
    static const char text[] = "# mine\n"
                               "limits:\n"
                               "  max_iterations: 20\n"
                               "  timeout: 10m\n"
                               "  max_cost: 0.50\n"
                               "model: {name: m-1, temperature: 0.2, stream: false}\n"
                               "retry.base: 250ms\n"
                               "tools: [shell, read_file]\n"
                               "policy:\n"
                               "  - allow read_file\n"
                               "  - deny shell command~rm\n"
                               "ui:\n"
                               "  theme: light\n"
                               "allow_unsandboxed: true\n"
                               "model.extra: {top_k: 5}\n";
    struct config *config = fresh();

    CU_ASSERT_EQUAL_FATAL(parse(config, text, NULL), 0);
    check(config, "limits.max_iterations", "20", "config.yaml:3");
    check(config, "limits.timeout", "10m", "config.yaml:4");
    check(config, "limits.max_cost", "0.50", "config.yaml:5");
    check(config, "model.name", "m-1", "config.yaml:6");
    check(config, "model.temperature", "0.2", "config.yaml:6");
    check(config, "model.stream", "false", "config.yaml:6");
    check(config, "retry.base", "250ms", "config.yaml:7");
    check(config, "tools", "shell,read_file", "config.yaml:8");
    check(config, "policy", "allow read_file\ndeny shell command~rm", "config.yaml:11");
    check(config, "ui.theme", "light", "config.yaml:13");
    check(config, "allow_unsandboxed", "true", "config.yaml:14");
    check(config, "model.extra", "{\"top_k\":5}", "config.yaml:15");
    check(config, "limits.loop_guard", "5", "built-in");
    CU_ASSERT_EQUAL(config_run(config)->limits.max_iterations, 20);
    CU_ASSERT_STRING_EQUAL(config_user(config)->ui.theme, "light");
    config_free(config);
    config_free(NULL);
}

static void test_empty(void)
{
    struct config *config = fresh();

    CU_ASSERT_EQUAL(parse(config, "", NULL), 0);
    CU_ASSERT_EQUAL(parse(config, "# nothing\n", NULL), 0);
    CU_ASSERT_EQUAL(parse(config, "limits: {}\n", NULL), 0);
    check(config, "limits.max_iterations", "10", "built-in");
    config_free(config);
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"a: 1\n", "config.yaml:1: no setting 'a'"},
    {"\nlimits:\n  max_iteration: 3\n", "config.yaml:3: no setting 'limits.max_iteration'; did you "
                                        "mean 'limits.max_iterations'?"},
    {"max_iterations: 3\n",
     "config.yaml:1: no setting 'max_iterations'; did you mean 'limits.max_iterations'?"},
    {"ui:\n  theme: light\n  mouse: maybe\n",
     "config.yaml:3: ui.mouse: expected true or false, not 'maybe'"},
    {"limits:\n  timeout: soon\n",
     "config.yaml:2: limits.timeout: expected a duration from 1s to 30d, not 'soon'"},
    {"limit:\n  timeout: 5\n", "config.yaml:1: no setting 'limit'; did you mean 'limits'?"},
    {"limits: 5\n", "config.yaml:1: limits: expected a section of settings"},
    {"- a\n", "config.yaml:1: expected a section of settings"},
    {"limits:\n  max_iterations: {a: 1}\n",
     "config.yaml:2: limits.max_iterations: expected a whole number from 1 to 1000000"},
    {"limits:\n  max_iterations:\n",
     "config.yaml:2: limits.max_iterations: expected a whole number from 1 to 1000000"},
    {"limits:\n  max_iterations: [1]\n",
     "config.yaml:2: limits.max_iterations: expected a whole number from 1 to 1000000"},
    {"model:\n  name: 4.10\n", "config.yaml:2: model.name: expected text: put it in quotes"},
    {"policy:\n  - allow a\n  - alow b\n",
     "config.yaml:3: policy: a rule begins with allow, ask or deny, not 'alow'; did you mean "
     "'allow'?"},
    {"policy:\n  - {a: b}\n", "config.yaml:2: policy: expected a list of rules"},
    {"tools:\n  - a\n  - 'b c'\n", "config.yaml:1: tools: 'b c' is not a name"},
    {"tools:\n  - a\n  - 'b,c'\n", "config.yaml:3: tools: one name an entry"},
    {"model:\n  key: sk-1234\n", "config.yaml:2: model.key: expected env:NAME, file:PATH, "
                                 "command:PROGRAM ARGS or none (never the key)"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct config *config = fresh();
        struct err err = {0};
        char *before = run_config_json(config_run(config));

        CU_ASSERT(parse(config, mistakes[i].text, &err) < 0);
        CU_ASSERT_STRING_EQUAL(err.msg, mistakes[i].message);
        CU_ASSERT(parse(config, mistakes[i].text, NULL) < 0);
        char *after = run_config_json(config_run(config));
        CU_ASSERT_STRING_EQUAL(before, after);
        CU_ASSERT_STRING_EQUAL(config_user(config)->ui.theme, "dark");
        free(before);
        free(after);
        config_free(config);
    }
}

static void test_bad_yaml(void)
{
    static const char *const bad[] = {"a: [1\n",
                                      "a: &x 1\nb: *x\n",
                                      "a: 1\na: 2\n",
                                      "\tx: 1\n",
                                      "limits: {max_iterations: 1}\nlimits: {timeout: 1}\n",
                                      "a: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n",
                                      "\xff\xfe"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct config *config = fresh();
        struct err err = {0};

        CU_ASSERT(parse(config, bad[i], &err) < 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "config.yaml"));
        config_free(config);
    }
}

static void read_file_layer(struct config *config)
{
    CU_ASSERT_EQUAL(parse(config,
                          "limits: {max_iterations: 2, loop_guard: 9}\n"
                          "ui: {theme: file}\n"
                          "policy: [allow a, ask b]\n",
                          NULL),
                    0);
}

static void read_environment(struct config *config)
{
    static char theme[] = "RERAIL_UI_THEME=env", turns[] = "RERAIL_LIMITS_MAX_ITERATIONS=3";
    static char rule[] = "RERAIL_POLICY=deny c";
    char *const environment[] = {theme, turns, rule, NULL};

    CU_ASSERT_EQUAL(config_env(config, environment, NULL), 0);
}

static void read_flags(struct config *config)
{
    CU_ASSERT_EQUAL(config_flag(config, "max-iterations", "4", NULL), 0);
    CU_ASSERT_EQUAL(config_flag(config, "policy", "allow d", NULL), 0);
    CU_ASSERT_EQUAL(config_flag(config, "policy", "allow e", NULL), 0);
}

static void test_layers_in_any_order(void)
{
    static void (*const orders[][3])(struct config *) = {
        {read_file_layer, read_environment, read_flags},
        {read_flags, read_environment, read_file_layer},
        {read_environment, read_flags, read_file_layer},
    };

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct config *config = fresh();

        for (size_t k = 0; k < 3; k++)
            orders[i][k](config);
        check(config, "limits.max_iterations", "4", "--max-iterations");
        check(config, "ui.theme", "env", "RERAIL_UI_THEME");
        check(config, "limits.loop_guard", "9", "config.yaml:1");
        check(config, "policy", "allow a\nask b\ndeny c\nallow d\nallow e", "--policy");
        CU_ASSERT_EQUAL(config_layer(config, setting_find("ui.theme")), CONFIG_ENV);
        CU_ASSERT_EQUAL(config_layer(config, setting_find("ui.mouse")), CONFIG_BUILTIN);
        config_free(config);
    }
}

static const struct {
    const char *variable, *message; /* NULL = taken or ignored */
} variables[] = {
    {"RERAIL_LIMITS_TIMEOUT=1m", NULL},
    {"RERAIL_LIMITS_TIMEOUT=", NULL},
    {"RERAIL_IDEMPOTENCY_KEY=abc", NULL},
    {"RERAIL_API_KEY=abc", NULL},
    {"RERAIL=1", NULL},
    {"OTHER=1", NULL},
    {"RERAIL_LIMITS_TIMEOUT=soon",
     "RERAIL_LIMITS_TIMEOUT: limits.timeout: expected a duration from 1s to 30d, not 'soon'"},
    {"RERAIL_LIMIT_TIMEOUT=1m",
     "RERAIL_LIMIT_TIMEOUT: no such variable; did you mean RERAIL_LIMITS_TIMEOUT?"},
    {"RERAIL_QQQ=1", "RERAIL_QQQ: no such variable (rerail config lists them)"},
};

static void test_variables(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        struct config *config = fresh();
        struct err err = {0};
        char *one = mem_text(variables[i].variable), theme[] = "RERAIL_UI_THEME=mono";
        char *const environment[] = {theme, one, NULL};
        int rc = config_env(config, environment, &err);

        CU_ASSERT_EQUAL(rc == 0, variables[i].message == NULL);
        if (variables[i].message)
            CU_ASSERT_STRING_EQUAL(err.msg, variables[i].message);
        /* A mistake in one variable changes nothing. */
        CU_ASSERT_STRING_EQUAL(config_user(config)->ui.theme, rc ? "dark" : "mono");
        free(one);
        config_free(config);
    }
}

static void test_flags(void)
{
    struct config *config = fresh();
    struct err err = {0};

    CU_ASSERT_EQUAL(config_flag(config, "timeout", "1m", NULL), 0);
    check(config, "limits.timeout", "1m", "--timeout");
    CU_ASSERT_EQUAL(config_flag(config, "retry.base", "2s", NULL), 0);
    check(config, "retry.base", "2s", "--retry.base");
    CU_ASSERT_EQUAL(config_flag(config, "timeout", "never", &err), E_PARSE);
    CU_ASSERT_EQUAL(config_flag(config, "max-iteration", "1", &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg,
                           "no setting 'max-iteration'; did you mean 'limits.max_iterations'?");
    CU_ASSERT_EQUAL(config_flag(config, "qqq", "1", &err), E_NOTFOUND);
    check(config, "limits.timeout", "1m", "--timeout");
    config_free(config);
}

static void test_agent_layer(void)
{
    static const char text[] = "---\nname: buyer\nmodel: agent-model\nlimits: {max_iterations: 7}\n"
                               "policy: [allow stock]\n---\nYou buy.\n";
    struct agent_file *agent = NULL;
    struct config *config = fresh();

    CU_ASSERT_EQUAL_FATAL(agent_file_parse(&agent, "buyer.md", text, sizeof text - 1, NULL, NULL),
                          0);
    CU_ASSERT_EQUAL(config_flag(config, "model", "flag-model", NULL), 0);
    CU_ASSERT_EQUAL(config_agent(config, agent, NULL), 0);
    CU_ASSERT_EQUAL(parse(config, "limits: {max_iterations: 2}\npolicy: [ask shell]\n", NULL), 0);
    check(config, "model.name", "flag-model", "--model");
    check(config, "limits.max_iterations", "7", "buyer.md:4");
    check(config, "policy", "ask shell\nallow stock", "buyer.md:5");
    CU_ASSERT_STRING_EQUAL(config_run(config)->agent.name, "buyer");
    CU_ASSERT_STRING_EQUAL(config_run(config)->agent.system, "You buy.");
    agent_file_free(agent);
    config_free(config);
}

/* Writes text to `name` in a fresh folder; the path: yours. */
static char *file_in(char *dir, const char *name, const char *text)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    char *path = path_join(dir, name);

    CU_ASSERT_EQUAL(path_write(path, text, strlen(text), NULL), 0);
    return path;
}

static void test_files_on_disk(void)
{
    char dir[] = "/tmp/rerail-config-XXXXXX";
    char *path = file_in(dir, "config.yaml", "ui: {theme: disk}\n");
    char *broken = path_join(dir, "broken.yaml"), *missing = path_join(dir, "none.yaml");
    struct config *config = fresh();
    struct err err = {0};

    CU_ASSERT_EQUAL(path_write(broken, "ui: [", 5, NULL), 0);
    CU_ASSERT_EQUAL(config_load(config, path, NULL), 0);
    CU_ASSERT_STRING_EQUAL(config_user(config)->ui.theme, "disk");
    CU_ASSERT(config_load(config, broken, &err) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "broken.yaml"));
    char *kept = NULL;
    size_t len = 0;
    CU_ASSERT_EQUAL(path_read(&kept, &len, broken, 100, NULL), 0); /* reported, not destroyed */
    CU_ASSERT_STRING_EQUAL(kept, "ui: [");
    CU_ASSERT_EQUAL(config_load(config, missing, NULL), E_NOTFOUND);
    CU_ASSERT(config_load(config, dir, NULL) < 0);
    CU_ASSERT_STRING_EQUAL(config_user(config)->ui.theme, "disk");
    unlink(path);
    unlink(broken);
    rmdir(dir);
    free(kept);
    free(path);
    free(broken);
    free(missing);
    config_free(config);
}

static void test_too_large(void)
{
    char dir[] = "/tmp/rerail-config-XXXXXX";
    size_t len = (1 << 20) + 1;
    char *text = mem_new(len + 1);
    struct config *config = fresh();

    memset(text, '#', len);
    char *path = file_in(dir, "config.yaml", text);
    CU_ASSERT_EQUAL(config_load(config, path, NULL), E_TOOBIG);
    unlink(path);
    rmdir(dir);
    free(path);
    free(text);
    config_free(config);
}

static const struct test tests[] = {
    {"a file sets what it says, each value with its line", test_file},
    {"an empty file, or section, sets nothing", test_empty},
    {"a mistake names file, line, what was expected and the nearest, and changes nothing",
     test_mistakes},
    {"what is no YAML of ours is refused", test_bad_yaml},
    {"the later layer wins in whatever order they are read, rules add up",
     test_layers_in_any_order},
    {"variables are judged, unknown ones too, a mistake changes nothing", test_variables},
    {"flags go by their own or the setting's name", test_flags},
    {"an agent file stands between config file and environment", test_agent_layer},
    {"files are read from disk and never touched", test_files_on_disk},
    {"a config file above 1 MiB is refused", test_too_large},
    {NULL, NULL},
};

const struct suite suite_config = {"config", tests};
