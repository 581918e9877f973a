/* SPDX-License-Identifier: MIT */
#include "tests/support/mishap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "tests/support/scratch.h"

#define ARGS_MAX 60

/* Of http.first_byte_timeout and the like: the shortest that a setting takes is 100 ms. */
static const char *const usual[] = {"exec",
                                    "do it",
                                    "--json",
                                    "--simulator",
                                    "../scenario.yaml",
                                    "--allow-unsandboxed",
                                    "--on-error",
                                    "fail",
                                    "--set",
                                    "retry.floor=1ms",
                                    "--set",
                                    "retry.base=2ms",
                                    "--set",
                                    "retry.throttled_base=2ms",
                                    "--set",
                                    "retry.spread=0",
                                    "--set",
                                    "gate.pause=1ms",
                                    "--set",
                                    "tool.retry_base=2ms",
                                    "--set",
                                    "tool.retry_floor=1ms",
                                    "--set",
                                    "http.first_byte_timeout=300ms",
                                    "--set",
                                    "http.event_timeout=300ms"};

void mishap_open(struct mishap *mishap)
{
    *mishap = (struct mishap){.code = -1};
    program_open(&mishap->program);
}

void mishap_close(struct mishap *mishap)
{
    program_close(&mishap->program);
    free(mishap->feed);
}

void mishap_begin(struct mishap *mishap, const char *scenario, const char *const *args)
{
    const char *argv[ARGS_MAX + 1];
    size_t count = 0;

    program_write(&mishap->program, "scenario.yaml", scenario);
    while (count < sizeof usual / sizeof *usual) {
        argv[count] = usual[count];
        count++;
    }
    for (; args && *args && count < ARGS_MAX; args++)
        argv[count++] = *args;
    argv[count] = NULL;
    program_start(&mishap->program, argv);
}

void mishap_end(struct mishap *mishap)
{
    mishap->code = program_wait(&mishap->program);
    program_judge(&mishap->program, mishap->code);
    free(mishap->feed);
    mishap->feed = program_feed(&mishap->program);
}

void mishap_run(struct mishap *mishap, const char *scenario, const char *const *args)
{
    mishap_begin(mishap, scenario, args);
    mishap_end(mishap);
}

void mishap_then(struct mishap *mishap, const char *const *argv)
{
    program_start(&mishap->program, argv);
    mishap_end(mishap);
}

void mishap_await(struct mishap *mishap, const char *text)
{
    bool found = false;

    for (int tries = 0; !found && tries < 2000; tries++) {
        bool ended = program_ends(&mishap->program, 5000);
        char *said = scratch_read(mishap->program.home, "out");

        found = said && strstr(said, text);
        free(said);
        if (ended)
            break;
    }
    if (!found)
        printf("    never said: %s\n", text);
    CU_ASSERT_TRUE(found);
}

size_t mishap_count(const struct mishap *mishap, const char *text)
{
    size_t count = 0;

    for (const char *at = mishap->feed; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void show(const struct mishap *mishap)
{
    printf("    exit code %d\n%s%s", mishap->code, mishap->feed, mishap->program.err);
}

void mishap_shows(const struct mishap *mishap, ...)
{
    const char *missing = NULL;
    va_list texts;

    va_start(texts, mishap);
    for (const char *text; !missing && (text = va_arg(texts, const char *));)
        if (!strstr(mishap->feed, text))
            missing = text;
    va_end(texts);
    if (missing) {
        printf("    there is no %s in\n", missing);
        show(mishap);
    }
    CU_ASSERT_PTR_NULL(missing);
}

void mishap_ended(const struct mishap *mishap, int code, size_t attempts)
{
    size_t made = mishap_count(mishap, "\"event_type\":\"llm_start\"");

    if (mishap->code != code || made != attempts)
        show(mishap);
    CU_ASSERT_EQUAL(mishap->code, code);
    CU_ASSERT_EQUAL(made, attempts);
}
