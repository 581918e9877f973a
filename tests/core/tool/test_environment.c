/* SPDX-License-Identifier: MIT */
#include "core/tool/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

static const char *value_of(char **env, const char *name)
{
    size_t len = strlen(name);

    for (; *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return *env + len + 1;
    return NULL;
}

static void what_is_listed_passes_and_nothing_else(void)
{
    static const char *const from[] = {"HOME=/home/u",
                                       "LC_ALL=C",
                                       "LANG=de_DE.UTF-8",
                                       "TZ=UTC",
                                       "USER=u",
                                       "EDITOR=vi",
                                       "OPENAI_API_KEY=canary",
                                       "LC_SECRET=canary",
                                       "TERM=xterm",
                                       "DISPLAY=:0",
                                       "broken",
                                       NULL};
    char **env = environment_new(&(struct environment_options){.from = from});

    CU_ASSERT_STRING_EQUAL(value_of(env, "HOME"), "/home/u");
    CU_ASSERT_STRING_EQUAL(value_of(env, "LC_ALL"), "C");
    CU_ASSERT_STRING_EQUAL(value_of(env, "TERM"), "dumb");
    CU_ASSERT_STRING_EQUAL(value_of(env, "PAGER"), "cat");
    CU_ASSERT_STRING_EQUAL(value_of(env, "GIT_PAGER"), "cat");
    CU_ASSERT_STRING_EQUAL(value_of(env, "RERAIL"), "1");
    CU_ASSERT_STRING_EQUAL(value_of(env, "CI"), "1");
    CU_ASSERT_PTR_NULL(value_of(env, "EDITOR"));
    CU_ASSERT_PTR_NULL(value_of(env, "DISPLAY"));
    CU_ASSERT_PTR_NULL(value_of(env, "TMPDIR"));
    for (char **one = env; *one; one++)
        CU_ASSERT_PTR_NULL(strstr(*one, "canary"));
    free(env);
}

static void guarded_names_pass_only_when_listed_exactly(void)
{
    static const struct {
        const char *name;
        bool guarded, passes_listed;
    } cases[] = {
        {"AWS_SECRET_ACCESS_KEY", true, true},
        {"github_token", true, true},
        {"PGPASSWORD", true, true},
        {"SSH_AUTH_SOCK", true, true},
        {"GIT_DIR", true, true},
        {"BASH_ENV", true, true},
        {"ENV", true, true},
        {"NODE_OPTIONS", true, true},
        {"LD_PRELOAD", true, false},
        {"LD_LIBRARY_PATH", true, false},
        {"EDITOR", false, true},
        {"ENVIRONMENT", false, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[64];
        const char *const from[] = {line, NULL}, *const pass[] = {cases[i].name};

        snprintf(line, sizeof line, "%s=x", cases[i].name);
        CU_ASSERT_EQUAL(environment_guarded(cases[i].name), cases[i].guarded);
        char **env = environment_new(&(struct environment_options){.from = from});
        CU_ASSERT_PTR_NULL(value_of(env, cases[i].name));
        free(env);
        env = environment_new(
            &(struct environment_options){.from = from, .pass = pass, .pass_count = 1});
        CU_ASSERT_EQUAL(value_of(env, cases[i].name) != NULL, cases[i].passes_listed);
        free(env);
    }
}

static void the_path_has_only_absolute_folders(void)
{
    static const struct {
        const char *given, *path;
    } cases[] = {
        {"PATH=/usr/bin:/bin", "/usr/bin:/bin"},
        {"PATH=.:/usr/bin::bin:/opt/x/bin:", "/usr/bin:/opt/x/bin"},
        {"PATH=", "/usr/local/bin:/usr/bin:/bin"},
        {"PATH=.", "/usr/local/bin:/usr/bin:/bin"},
        {"X=1", "/usr/local/bin:/usr/bin:/bin"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const from[] = {cases[i].given, NULL};
        char **env = environment_new(&(struct environment_options){.from = from});

        CU_ASSERT_STRING_EQUAL(value_of(env, "PATH"), cases[i].path);
        free(env);
    }
}

static void the_calls_own_values_are_set(void)
{
    char **env = environment_new(&(struct environment_options){.tmpdir = "/t", .key = "abc"});

    CU_ASSERT_STRING_EQUAL(value_of(env, "TMPDIR"), "/t");
    CU_ASSERT_STRING_EQUAL(value_of(env, "RERAIL_IDEMPOTENCY_KEY"), "abc");
    free(env);
}

static const struct test tests[] = {
    {"T33 what is listed passes, and nothing else", what_is_listed_passes_and_nothing_else},
    {"T33 guarded names pass only when listed exactly",
     guarded_names_pass_only_when_listed_exactly},
    {"the path has only absolute folders", the_path_has_only_absolute_folders},
    {"the call's own values are set", the_calls_own_values_are_set},
    {NULL, NULL},
};

const struct suite suite_environment = {"environment", tests};
