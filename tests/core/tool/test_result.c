/* SPDX-License-Identifier: MIT */
#include "core/tool/result.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/utf8.h"
#include "core/tool/capture.h"
#include "core/tool/process.h"
#include "core/tool/tool.h"
#include "tests/suite.h"

static const int retried[] = {75, 2};
static const struct tool shell = {.name = "shell", .shell = true, .policy = TOOL_ONCE};
static const struct tool stock = {
    .name = "stock", .policy = TOOL_PURE, .retry_codes = retried, .retry_count = 2};
static const struct tool order = {.name = "order", .policy = TOOL_ONCE};

static struct process_output output(const char *text)
{
    return (struct process_output){
        .head = text, .head_len = strlen(text), .tail = "", .total = strlen(text)};
}

static struct process_result ended(int code, const char *out, const char *err)
{
    return (struct process_result){
        .end = PROCESS_EXITED, .code = code, .out = output(out), .err = output(err)};
}

static const struct {
    const struct tool *tool;
    struct process_result process;
    const char *out, *err, *text, *cause;
    enum failure failure;
    int retry, status;
    bool is_error, effects_unknown;
} endings[] = {
    {&shell, {0}, "hello\n", "", "hello\n", "", FAILURE_NONE, 0, 0, false, false},
    {&shell, {0}, "", "", "[no output]", "", FAILURE_NONE, 0, 0, false, false},
    {&shell,
     {.code = 1},
     "a",
     "b\n",
     "a\n[stderr]\nb\n[exit 1]",
     "exit 1",
     FAILURE_EXIT,
     0,
     1,
     false,
     false},
    {&shell,
     {.end = PROCESS_SIGNALLED, .code = SIGSEGV},
     "",
     "",
     "[killed by SIGSEGV]",
     "killed by SIGSEGV",
     FAILURE_EXIT,
     0,
     -1,
     false,
     false},
    {&shell,
     {.end = PROCESS_SIGNALLED, .code = 35},
     "",
     "",
     "[killed by signal 35]",
     "killed by signal 35",
     FAILURE_EXIT,
     0,
     -1,
     false,
     false},
    {&shell,
     {.background = true},
     "x\n",
     "",
     "x\n[a background process still held the output; it was stopped]",
     "",
     FAILURE_NONE,
     0,
     0,
     false,
     false},
    {&shell,
     {.end = PROCESS_SIGNALLED,
      .code = SIGTERM,
      .stop = PROCESS_STOP_TIMEOUT,
      .wall_us = 120000000},
     "half",
     "",
     "{\"error\":\"stopped after 2m00s: its time was over; effects unknown\","
     "\"output\":\"half\"}",
     "stopped after 2m00s: its time was over; effects unknown",
     FAILURE_TIMEOUT,
     0,
     -1,
     true,
     true},
    {&stock,
     {.end = PROCESS_SIGNALLED,
      .code = SIGKILL,
      .stop = PROCESS_STOP_OPERATOR,
      .wall_us = 1500000,
      .stuck = true},
     "",
     "",
     "{\"error\":\"stopped after 1.5s by the operator; it hangs in the kernel and could not be "
     "killed\"}",
     "stopped after 1.5s by the operator; it hangs in the kernel and could not be killed",
     FAILURE_CANCELLED,
     0,
     -1,
     true,
     false},
    {&stock, {0}, "{\"n\":3}\n", "debug", "{\"n\":3}\n", "", FAILURE_NONE, 0, 0, false, false},
    {&stock,
     {.code = 75},
     "",
     "busy\n",
     "{\"error\":\"exit 75\",\"output\":\"[stderr]\\nbusy\\n\"}",
     "exit 75",
     FAILURE_TOOL,
     1,
     75,
     true,
     false},
    {&stock,
     {.code = 1},
     "out",
     "",
     "{\"error\":\"exit 1\",\"output\":\"out\"}",
     "exit 1",
     FAILURE_TOOL,
     -1,
     1,
     true,
     false},
    {&stock,
     {.end = PROCESS_SIGNALLED, .code = SIGABRT},
     "",
     "",
     "{\"error\":\"killed by SIGABRT\"}",
     "killed by SIGABRT",
     FAILURE_TOOL,
     0,
     -1,
     true,
     false},
    {&order,
     {.end = PROCESS_NOT_RUN, .stage = "execute", .error = ENOENT},
     "",
     "",
     "{\"error\":\"could not be started, nothing ran: execute: No such file or directory\"}",
     "could not be started, nothing ran: execute: No such file or directory",
     FAILURE_UNSTARTED,
     -1,
     -1,
     true,
     false},
    {&order,
     {.end = PROCESS_NOT_RUN, .stage = "start rerail-exec", .error = EAGAIN},
     "",
     "",
     "{\"error\":\"could not be started, nothing ran: start rerail-exec: Resource temporarily "
     "unavailable\"}",
     "could not be started, nothing ran: start rerail-exec: Resource temporarily unavailable",
     FAILURE_UNSTARTED,
     0,
     -1,
     true,
     false},
    {&order,
     {.end = PROCESS_NOT_RUN, .stop = PROCESS_STOP_OPERATOR},
     "",
     "",
     "{\"error\":\"stopped before it was started; nothing ran\"}",
     "stopped before it was started; nothing ran",
     FAILURE_CANCELLED,
     0,
     -1,
     true,
     false},
};

static void what_a_process_came_to_is_told(void)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct tool_result result = {0};
        struct process_result process = endings[i].process;

        process.out = output(endings[i].out);
        process.err = output(endings[i].err);
        result_of_process(&result, endings[i].tool, &process, NULL);
        CU_ASSERT_STRING_EQUAL(result.text, endings[i].text);
        CU_ASSERT_EQUAL(result.len, strlen(result.text));
        CU_ASSERT_STRING_EQUAL(result.cause, endings[i].cause);
        CU_ASSERT_EQUAL(result.failure, endings[i].failure);
        CU_ASSERT_EQUAL(result.retry, endings[i].retry);
        CU_ASSERT_EQUAL(result.status, endings[i].status);
        CU_ASSERT_EQUAL(result.is_error, endings[i].is_error);
        CU_ASSERT_EQUAL(result.effects_unknown, endings[i].effects_unknown);
        result_clear(&result);
    }
}

static void the_last_attempt_says_how_many_there_were(void)
{
    struct tool_result result = {0};
    struct process_result process = ended(75, "", "busy");

    result_of_process(&result, &stock, &process, NULL);
    result_final(&result, 3);
    CU_ASSERT_STRING_EQUAL(result.text,
                           "{\"error\":\"exit 75\",\"output\":\"[stderr]\\nbusy\",\"attempts\":3}");
    result_fail(&result, FAILURE_DENIED, "denied: %s", "no");
    result_final(&result, 0);
    CU_ASSERT_STRING_EQUAL(result.text, "{\"error\":\"denied: no\"}");
    CU_ASSERT_STRING_EQUAL(result.cause, "denied: no");
    CU_ASSERT_TRUE(result.is_error);
    process = ended(0, "fine", "");
    result_of_process(&result, &stock, &process, NULL);
    result_final(&result, 3);
    CU_ASSERT_STRING_EQUAL(result.text, "fine");
    result_clear(&result);
}

static void a_long_error_is_short_for_people_and_whole_for_the_model(void)
{
    struct tool_result result = {0};
    char text[1000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    result_fail(&result, FAILURE_ARGUMENTS, "%s", text);
    CU_ASSERT_TRUE(strlen(result.cause) < ERR_MSG_MAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, text));
    result_clear(&result);
}

/* Runs text through the capture, as a child's output comes. */
static void run_through(struct tool_result *result, const char *text, size_t len,
                        const struct mask *mask)
{
    struct process_result process = ended(0, "", "");
    struct capture capture;

    capture_init(&capture);
    for (size_t at = 0; at < len; at += 60000)
        capture_add(&capture, text + at, len - at < 60000 ? len - at : 60000);
    capture_end(&capture, &process.out);
    result_of_process(result, &shell, &process, mask);
    capture_free(&capture);
}

static char *filled(size_t len, const char *with)
{
    char *text = malloc(len + 1);

    for (size_t i = 0; i < len; i++)
        text[i] = with[i % strlen(with)];
    text[len] = '\0';
    return text;
}

static void what_is_cut_keeps_both_ends_and_says_so(void)
{
    static const size_t sizes[] = {2 * PROCESS_KEEP + 1, 2 * PROCESS_KEEP + 2 * PROCESS_MARGIN,
                                   2 * PROCESS_KEEP + 2 * PROCESS_MARGIN + 1, 1000000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = filled(sizes[i], "x"), note[100];
        struct tool_result result = {0};

        memcpy(text, "BEGIN", 5);
        memcpy(text + sizes[i] - 3, "END", 3);
        run_through(&result, text, sizes[i], NULL);
        snprintf(note, sizeof note, "\n[%zu of %zu bytes left out here]\n",
                 sizes[i] - 2 * PROCESS_KEEP, sizes[i]);
        CU_ASSERT_EQUAL(result.len, 2 * PROCESS_KEEP + strlen(note));
        CU_ASSERT_EQUAL(strncmp(result.text, "BEGINx", 6), 0);
        CU_ASSERT_EQUAL(strcmp(result.text + result.len - 4, "xEND"), 0);
        CU_ASSERT_PTR_EQUAL(strstr(result.text, note), result.text + PROCESS_KEEP);
        result_clear(&result);
        free(text);
    }
}

static void the_largest_whole_output_is_not_cut(void)
{
    char *text = filled(2 * PROCESS_KEEP, "y");
    struct tool_result result = {0};

    run_through(&result, text, 2 * PROCESS_KEEP, NULL);
    CU_ASSERT_STRING_EQUAL(result.text, text);
    result_clear(&result);
    free(text);
}

/* Locomotives of four bytes, begun at each of their offsets. */
static void a_cut_never_splits_a_character(void)
{
    for (size_t shift = 0; shift < 4; shift++) {
        size_t len = 600000 + shift;
        char *text = filled(len, "\xf0\x9f\x9a\x82");
        struct tool_result result = {0};

        memmove(text + shift, text, len - shift);
        memset(text, 'a', shift);
        run_through(&result, text, len, NULL);
        CU_ASSERT_TRUE(utf8_valid(result.text, result.len));
        CU_ASSERT_PTR_NULL(strstr(result.text, "\xef\xbf\xbd"));
        CU_ASSERT_TRUE(result.len > 2 * PROCESS_KEEP - 8);
        result_clear(&result);
        free(text);
    }
}

static void escapes_and_hidden_text_are_gone_and_said_to_be(void)
{
    static const char text[] = "red \x1b[31mtext\x1b[0m \x1b]52;c;aGk=\x07 hid\xe2\x80\x8b"
                               "den \xf3\xa0\x81\x81 tail\r\n";
    struct tool_result result = {0};

    run_through(&result, text, sizeof text - 1, NULL);
    CU_ASSERT_EQUAL(strncmp(result.text, "red text  hidden  tail", 22), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "[2 invisible characters removed"));
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "3 terminal sequences removed"));
    for (const char *at = result.text; *at; at++)
        CU_ASSERT_NOT_EQUAL(*at, '\x1b');
    result_clear(&result);
}

/* A key at every place around both cuts: no eight bytes of it ever come through. */
static void a_key_across_a_cut_is_masked(void)
{
    static const char key[] = "sk-0123456789abcdefghijklmnopqrstuvwxyz";
    const size_t len = 400000, width = sizeof key - 1;
    const size_t cuts[] = {PROCESS_KEEP, PROCESS_KEEP + PROCESS_MARGIN, len - PROCESS_KEEP,
                           len - PROCESS_KEEP - PROCESS_MARGIN};
    struct mask *mask;

    mask_new(&mask);
    CU_ASSERT_EQUAL(mask_add(mask, key, width, NULL), 0);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        for (size_t shift = 0; shift <= width; shift += 4) {
            char *text = filled(len, "x");
            struct tool_result result = {0};

            memcpy(text + cuts[i] - shift, key, width);
            run_through(&result, text, len, mask);
            for (size_t at = 0; at + 8 <= width; at++) {
                char part[9] = {0};

                memcpy(part, key + at, 8);
                CU_ASSERT_PTR_NULL(strstr(result.text, part));
            }
            result_clear(&result);
            free(text);
        }
    mask_free(mask);
}

static void text_is_cleaned_with_a_remark(void)
{
    struct buf out;

    buf_init(&out, 100);
    CU_ASSERT_EQUAL(result_clean(&out, NULL, "a\xe2\x80\x8b\n", 5), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "a\n[1 invisible character removed]");
    CU_ASSERT_EQUAL(result_clean(&out, NULL,
                                 "01234567890123456789012345678901234567890123456789"
                                 "01234567890123456789012345678901234567890123456789",
                                 100),
                    E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(out.data, "a\n[1 invisible character removed]");
    buf_free(&out);
}

static const struct test tests[] = {
    {"T22 what a process came to is told", what_a_process_came_to_is_told},
    {"the last attempt says how many there were", the_last_attempt_says_how_many_there_were},
    {"a long error is short for people and whole for the model",
     a_long_error_is_short_for_people_and_whole_for_the_model},
    {"T17 what is cut keeps both ends and says so", what_is_cut_keeps_both_ends_and_says_so},
    {"the largest whole output is not cut", the_largest_whole_output_is_not_cut},
    {"T20 escapes and hidden text are gone, and said to be",
     escapes_and_hidden_text_are_gone_and_said_to_be},
    {"T21 a cut never splits a character", a_cut_never_splits_a_character},
    {"A12 a key across a cut is masked", a_key_across_a_cut_is_masked},
    {"text is cleaned with a remark", text_is_cleaned_with_a_remark},
    {NULL, NULL},
};

const struct suite suite_result = {"result", tests};
