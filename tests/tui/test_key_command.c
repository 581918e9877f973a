/* SPDX-License-Identifier: MIT */
#include "core/base/mem.h"
#include "core/config/secret.h"
#include "tests/suite.h"
#include "tui/key_command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int run(struct secret **out, const char *script, struct err *err)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script,
                    NULL};
    char *exec_path = mem_printf("%s/rerail-exec", PROGRAM_DIR);
    int rc = key_command_run(out, argv, environment, exec_path, err);

    free(exec_path);
    return rc;
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

static const struct test tests[] = {
    {"the program's output is the key", gives_a_key},
    {"a program that fails or says nothing is named, its output is not", says_what_is_wrong},
    {NULL, NULL},
};

const struct suite suite_key_command = {"key_command", tests};
