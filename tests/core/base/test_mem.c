/* SPDX-License-Identifier: MIT */
#include "core/base/mem.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/suite.h"

static void new_memory_is_zero(void)
{
    char *one = mem_new(64), *many = mem_array(8, 8), *none = mem_new(0), *maybe = mem_try(64);
    char zero[64] = {0};

    CU_ASSERT_EQUAL(memcmp(one, zero, 64), 0);
    CU_ASSERT_EQUAL(memcmp(many, zero, 64), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(none);
    CU_ASSERT_EQUAL(*none, 0);
    CU_ASSERT_EQUAL(memcmp(maybe, zero, 64), 0);
    free(one);
    free(many);
    free(none);
    free(maybe);
}

static void copies_end_in_nul(void)
{
    char *copy = mem_copy("a\0b", 3), *none = mem_copy(NULL, 0), *text = mem_text("text");
    char *printed = mem_printf("%d-%s", 4, "x");

    CU_ASSERT_EQUAL(memcmp(copy, "a\0b", 4), 0);
    CU_ASSERT_STRING_EQUAL(none, "");
    CU_ASSERT_STRING_EQUAL(text, "text");
    CU_ASSERT_STRING_EQUAL(printed, "4-x");
    CU_ASSERT_PTR_NULL(mem_text(NULL));
    free(copy);
    free(none);
    free(text);
    free(printed);
}

static void an_array_grows_when_it_is_full(void)
{
    int *array = NULL;
    size_t cap = 0, moves = 0;

    for (size_t at = 0; at < 1000; at++) {
        size_t before = cap;
        array = mem_room(array, at, &cap, sizeof *array);
        moves += cap != before;
        CU_ASSERT_FATAL(at < cap);
        array[at] = (int)at;
    }
    CU_ASSERT(moves < 10);
    CU_ASSERT_EQUAL(array[0], 0);
    CU_ASSERT_EQUAL(array[999], 999);
    free(array);
}

/* The sanitizers' allocators end the process where the C library's says no. */
static void too_much_is_null_only_when_tried(void)
{
    volatile size_t huge = SIZE_MAX / 2 - 64; /* hidden from the compiler's own opinion */

    if (suite_is_watched())
        suite_skip("too much is NULL only when tried", "a sanitizer's allocator never says no");
    else
        CU_ASSERT_PTR_NULL(mem_try(huge));
}

/* The line and the signal of a process that asks for more than there is. */
static int fate_of(void (*ask)(void), char *line, size_t cap)
{
    int pipe_fds[2], status = 0;
    struct rlimit none = {0, 0};

    CU_ASSERT_EQUAL_FATAL(pipe(pipe_fds), 0);
    pid_t child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &none); /* only tidiness */
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(pipe_fds[1], STDERR_FILENO);
        ask();
        _exit(0);
    }
    close(pipe_fds[1]);
    ssize_t got = read(pipe_fds[0], line, cap - 1);
    line[got > 0 ? got : 0] = '\0';
    close(pipe_fds[0]);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void ask_for_an_overflow(void)
{
    free(mem_array(SIZE_MAX / 2, 3));
}

static void ask_to_grow_past_the_end(void)
{
    free(mem_grow(NULL, SIZE_MAX / 4, 5));
}

static void ask_by_name(void)
{
    mem_fail(77);
}

static void what_cannot_be_had_is_said_and_fatal(void)
{
    static void (*const asks[])(void) = {ask_for_an_overflow, ask_to_grow_past_the_end,
                                         ask_by_name};
    char line[200];

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        CU_ASSERT_EQUAL(fate_of(asks[i], line, sizeof line), SIGABRT);
        CU_ASSERT_PTR_NOT_NULL(strstr(line, "out of memory"));
    }
    CU_ASSERT_STRING_EQUAL(line, "rerail: out of memory (77 bytes wanted)\n");
}

static const struct test tests[] = {
    {"new memory is zero", new_memory_is_zero},
    {"copies end in NUL", copies_end_in_nul},
    {"an array grows when it is full", an_array_grows_when_it_is_full},
    {"too much is NULL only when tried", too_much_is_null_only_when_tried},
    {"what cannot be had is said and fatal", what_cannot_be_had_is_said_and_fatal},
    {NULL, NULL},
};

const struct suite suite_mem = {"mem", tests};
