/* SPDX-License-Identifier: MIT */
#include "core/config/secret.h"
#include "tests/suite.h"
#include "tui/key_command.h"

#include <stdint.h>
#include <string.h>

static int run_by(const char *exec_path, struct secret **out, const char *script, struct err *err)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script,
                    NULL};

    return key_command_run(out, argv, environment, exec_path, err);
}

static int run(struct secret **out, const char *script, struct err *err)
{
    return run_by(PROGRAM_DIR "/rerail-exec", out, script, err);
}

static void gives_a_key(void)
{
    struct secret *key = NULL;

    CU_ASSERT_EQUAL_FATAL(run(&key, "echo sk-helper-12345678", NULL), 0);
    CU_ASSERT_STRING_EQUAL(secret_reveal(key), "sk-helper-12345678");
    secret_free(key);
}

static void says_what_is_wrong(void)
{
    static const struct {
        const char *script;
        int code;
        const char *says;
    } cases[] = {
        {"exit 3", E_IO, "failed (3)"},
        {":", E_NOTFOUND, "printed no key"},
        {"echo secret-nobody-sees >&2; exit 1", E_IO, "failed (1)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct secret *key = NULL;
        struct err err = {0};

        CU_ASSERT_EQUAL(run(&key, cases[i].script, &err), cases[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, cases[i].says));
        CU_ASSERT_PTR_NULL(strstr(err.msg, "nobody-sees"));
        CU_ASSERT_PTR_NULL(key);
    }
}

/* A helper that is not ours ends without having said anything. */
static void says_that_it_never_ran(void)
{
    static const struct {
        const char *exec_path, *says;
    } cases[] = {
        {"/bin/true", "does not run: it ended by itself"},
        {"/nowhere/rerail-exec", "does not run: No such file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct secret *key = NULL;
        struct err err = {0};

        CU_ASSERT_EQUAL(run_by(cases[i].exec_path, &key, "echo key", &err), E_NOTFOUND);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, cases[i].says));
        CU_ASSERT_PTR_NULL(key);
    }
}

static const struct test tests[] = {
    {"the program's output is the key", gives_a_key},
    {"a program that fails or says nothing is named, its output is not", says_what_is_wrong},
    {"a program that never ran is told with the reason", says_that_it_never_ran},
    {NULL, NULL},
};

const struct suite suite_key_command = {"key_command", tests};
