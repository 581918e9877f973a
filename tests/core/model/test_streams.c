/* SPDX-License-Identifier: MIT */
/*
 * Every recorded Chat stream and body of ../shared/streams, read whole, byte by byte and cut at
 * random places, must give what its .expect.json says. The folder is not part of the project:
 * without it the suite skips.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"
#include "tests/support/reading.h"

#define FOLDER "../shared/streams"
#define TIMES  50

static char *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct buf text;
    char part[4096];
    size_t got;

    if (!file)
        return NULL;
    buf_init(&text, SIZE_MAX);
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        (void)buf_add(&text, part, got);
    (void)fclose(file);
    *len = text.len;
    return buf_take(&text);
}

static cJSON *load_json(const char *path)
{
    size_t len = 0;
    char *text = load(path, &len);
    cJSON *tree = NULL;

    if (text)
        CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, len, NULL, NULL), 0);
    free(text);
    return tree;
}

/* ---- Comparing ---- */

static bool fits(const char *what, const char *got, const char *wanted)
{
    if (str_eq(got, wanted))
        return true;
    printf("%s: got %s, wanted %s\n", what, got ? got : "(none)", wanted ? wanted : "(none)");
    return false;
}

static bool count_fits(const char *what, int64_t got, const cJSON *expect)
{
    int64_t wanted = json_int(json_object(expect, "usage"), what, -1);

    if (got == wanted)
        return true;
    printf("%s: got %lld, wanted %lld\n", what, (long long)got, (long long)wanted);
    return false;
}

static bool args_fit(const struct tool_call *call, const cJSON *wanted)
{
    cJSON *tree = NULL;
    char *got, *want;
    bool same;

    if (cJSON_IsString(wanted))
        return !call->args_valid && fits("raw arguments", call->args, wanted->valuestring);
    if (json_parse(&tree, call->args, strlen(call->args), NULL, NULL) < 0)
        return fits("arguments", call->args, "JSON");
    got = json_canonical(tree);
    want = json_canonical(wanted);
    same = fits("arguments", got, want);
    free(got);
    free(want);
    cJSON_Delete(tree);
    return same;
}

static bool calls_fit(const struct message *m, const cJSON *expect)
{
    const cJSON *list = json_array(expect, "tool_calls"), *wanted;
    bool good = (size_t)cJSON_GetArraySize(list) == m->call_count;
    size_t i = 0;

    if (!good)
        printf("%zu tool calls\n", m->call_count);
    cJSON_ArrayForEach(wanted, list)
    {
        const char *id = json_text(wanted, "id"), *name = json_text(wanted, "name");

        if (!good)
            break;
        good = fits("id", m->calls[i].id, id ? id : "") &&
               fits("name", m->calls[i].name, name ? name : "") &&
               args_fit(&m->calls[i], json_get(wanted, "arguments"));
        i++;
    }
    return good;
}

static bool reasoning_fits(const struct message *m, const cJSON *expect)
{
    return fits("reasoning", m->reasoning, json_text(expect, "reasoning"));
}

static bool error_fits(const struct model_answer *a, const cJSON *expect)
{
    const cJSON *error = json_object(expect, "error"), *code = json_get(error, "code");
    char *text = cJSON_IsNumber(code) ? json_print(code) : mem_text(json_text(error, "code"));
    bool good = a->outcome == ANSWER_ERROR &&
                fits("type", a->error.type, json_text(error, "type")) &&
                fits("message", a->error.message, json_text(error, "message")) &&
                fits("code", a->error.code, text);

    free(text);
    return good;
}

/* How it ends follows from what the wire had: an error, a cut, nothing to choose, or all well. */
static bool outcome_fits(const struct model_answer *a, const cJSON *expect)
{
    const cJSON *error = json_object(expect, "error");
    enum answer_outcome wanted = ANSWER_OK;

    if (json_bool(error, "no_choices", false) || !json_bool(error, "body_is_json", true))
        wanted = ANSWER_PROTOCOL;
    else if (error)
        return error_fits(a, expect);
    else if (json_bool(expect, "truncated", false))
        wanted = ANSWER_INCOMPLETE;
    return fits("outcome", answer_outcome_name(a->outcome), answer_outcome_name(wanted));
}

static bool answer_fits(const struct model_answer *a, const cJSON *expect)
{
    const char *text = json_text(expect, "text");

    return fits("text", a->message->content, text ? text : "") &&
           reasoning_fits(a->message, expect) && calls_fit(a->message, expect) &&
           fits("finish_reason", a->message->finish_reason, json_text(expect, "finish_reason")) &&
           count_fits("input_tokens", a->usage.input, expect) &&
           count_fits("output_tokens", a->usage.output, expect) &&
           count_fits("total_tokens", a->usage.total, expect) && outcome_fits(a, expect) &&
           a->done_seen == json_bool(expect, "done_seen", false);
}

/* ---- Files ---- */

/* The body beside an .expect.json: NAME.sse, or NAME.http.json with its status and headers. */
static bool load_body(const char *stem, const cJSON *expect, struct reading *reading)
{
    char *path = mem_printf("%s.sse", stem);
    char *body = load(path, &reading->len);
    cJSON *http = NULL;

    free(path);
    reading->content_type = mem_text(json_text(expect, "content_type"));
    if (!body) {
        path = mem_printf("%s.http.json", stem);
        http = load_json(path);
        free(path);
        body = mem_text(json_text(http, "body"));
        reading->len = body ? strlen(body) : 0;
        reading->status = (int)json_int(http, "status", 200);
        free((char *)reading->content_type);
        reading->content_type = mem_text(json_text(json_object(http, "headers"), "content-type"));
    }
    cJSON_Delete(http);
    reading->body = body;
    return body != NULL;
}

static void check_file(const char *path)
{
    char *stem = mem_copy(path, strlen(path) - strlen(".expect.json"));
    cJSON *expect = load_json(path);
    struct reading reading = {0};
    struct model_answer answer = {0};

    if (load_body(stem, expect, &reading)) {
        bool good;

        reading_every_way(&answer, &reading, TIMES);
        good = answer_fits(&answer, expect);
        if (!good)
            printf("in %s\n", stem);
        CU_ASSERT_TRUE(good);
        model_answer_clear(&answer);
    } else {
        printf("no body beside %s\n", path);
        CU_FAIL("an expectation has no body");
    }
    free((char *)reading.body);
    free((char *)reading.content_type);
    cJSON_Delete(expect);
    free(stem);
}

static void check_all(const char *pattern)
{
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0) {
        suite_skip("recorded Chat streams", "no " FOLDER);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_file(found.gl_pathv[i]);
    globfree(&found);
}

static void recorded(void)
{
    check_all(FOLDER "/chat-*.expect.json");
}

static const struct test tests[] = {
    {"every recorded Chat stream parses as expected, however it is cut", recorded},
    {NULL, NULL},
};

const struct suite suite_streams = {"streams", tests};
