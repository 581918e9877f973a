/* SPDX-License-Identifier: MIT */
/* Records of other agents, read; and written, where rerail writes them. */
#include "core/exchange/foreign.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/exchange/atif.h"
#include "core/exchange/openai_messages.h"
#include "core/exchange/prose.h"
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES "tests/data/foreign/"

static char *sample(const char *name, size_t *len)
{
    char *path = mem_printf(SAMPLES "%s", name), *text = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(path_read(&text, len, path, 1 << 20, &err), 0);
    free(path);
    return text;
}

/* One line a message, so that a table can say what is expected. */
static char *outline(const struct trajectory *t)
{
    static const char *const names[] = {"system", "user", "agent"};
    struct buf out;

    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < t->count; i++) {
        const struct trajectory_step *step = &t->steps[i];

        (void)buf_printf(&out, "%s: %s", names[step->speaker], step->text);
        if (step->reasoning)
            (void)buf_printf(&out, " (%s)", step->reasoning);
        for (size_t j = 0; j < step->call_count; j++)
            (void)buf_printf(&out, " | %s %s -> %s%s", step->calls[j].name, step->calls[j].args,
                             step->calls[j].result ? step->calls[j].result : "nothing",
                             step->calls[j].is_error ? " failed" : "");
        (void)buf_printf(&out, " [%lld %lld %lld]\n", (long long)step->tokens_in,
                         (long long)step->tokens_cached, (long long)step->tokens_out);
    }
    return buf_take(&out);
}

static const struct {
    const char *file, *format, *version, *session, *title, *workspace;
    int64_t left_out;
    const char *outline;
} samples[] = {
    {"codex.jsonl", "codex", "0.163.0", "0199a7c1-52aa-7d50-8f4e-3c2a90b1d001",
     "Why does the stock test fail?", "/srv/shop", 0,
     "system: Work carefully. [-1 -1 -1]\n"
     "user: <environment_context><cwd>/srv/shop</cwd></environment_context> [-1 -1 -1]\n"
     "user: Why does the stock test fail? [-1 -1 -1]\n"
     "agent:  (Run the test first.) | shell {\"command\":[\"make\",\"test\"]} -> 1 failed: stock\n"
     " failed | shell {\"command\":[\"cat\",\"stock.c\"]} -> int stock;\n"
     " [2100 1024 64]\n"
     "agent:  | apply_patch {\"input\":\"*** Begin Patch\\n*** End Patch\"} -> Done! [-1 -1 -1]\n"
     "agent: The count was never set. It is now. [2400 2048 20]\n"},
    {"codex_old.jsonl", "codex", NULL, "5973b6c0-94b8-487b-a530-2aeb6098ae0e", "List the files",
     NULL, 0,
     "user: List the files [-1 -1 -1]\n"
     "agent:  | local_shell {\"type\":\"exec\",\"command\":[\"ls\"]} -> a.c\n [-1 -1 -1]\n"
     "agent: One file: a.c [-1 -1 -1]\n"},
    {"claude.jsonl", "claude", "2.1.330", "7b0e4f0a-0000-4000-8000-000000000001",
     "A test that fails", "/srv/shop", 2,
     "user: Why does the stock test fail? [-1 -1 -1]\n"
     "agent:  (Run the test first.) | Bash {\"command\":\"make test\"} -> 1 failed: stock failed"
     " | Read {\"file_path\":\"stock.c\"} -> int stock;\n[image] [2104 2000 64]\n"
     "agent: The count was never set. [2109 2100 20]\n"},
    {"claude_stream.jsonl", "claude", NULL, "7b0e", NULL, "/srv/shop", 1,
     "agent:  | Bash {\"command\":\"ls\"} -> a.c [4 0 6]\n"
     "agent: One file: a.c [8 0 7]\n"},
    {"opencode.json", "opencode", "1.18.33", "ses_6a1", "A test that fails", "/srv/shop", 0,
     "user: Why does the stock test fail?\n[file stock.c] [-1 -1 -1]\n"
     "agent:  (Run the test first.) | bash {\"command\":\"make test\"} -> 1 failed: stock failed"
     " | read {\"filePath\":\"stock.c\"} -> int stock; [2120 2000 64]\n"
     "agent: The count was never set. [2010 2000 20]\n"},
    {"opencode_run.jsonl", "opencode", NULL, "ses_6a1", NULL, NULL, 0,
     "agent:  | bash {\"command\":\"make test\"} -> ok [20 0 64]\n"
     "agent: All is well. [-1 -1 -1]\n"},
    {"atif.json", "atif", "0.1", "r-7", "list files", NULL, 0,
     "user: list files [-1 -1 -1]\n"
     "agent:  (look) | shell {\"command\":\"ls\"} -> a.c [90 -1 12]\n"
     "system: the disk is nearly full [-1 -1 -1]\n"
     "agent: One file: a.c\n[image] [-1 -1 -1]\n"},
    {"openai.jsonl", "openai", NULL, NULL, "list files\n[image_url]", NULL, 0,
     "system: Be brief. [-1 -1 -1]\n"
     "user: list files\n[image_url] [-1 -1 -1]\n"
     "agent:  | shell {\"command\":\"ls\"} -> a.c [-1 -1 -1]\n"
     "agent: One file: a.c [-1 -1 -1]\n"},
};

static bool same(const char *a, const char *b)
{
    return str_eq(a, b);
}

static void test_samples(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct foreign_list list;
        struct err err = {0};
        size_t len;
        char *text = sample(samples[i].file, &len);

        CU_ASSERT_EQUAL_FATAL(foreign_read(&list, text, len, &err), 0);
        CU_ASSERT_STRING_EQUAL(list.format->name, samples[i].format);
        CU_ASSERT_FALSE(list.cut);
        const struct trajectory *t = list.at[0];
        CU_ASSERT(same(t->version, samples[i].version));
        CU_ASSERT(same(t->session, samples[i].session));
        CU_ASSERT(same(t->title, samples[i].title));
        CU_ASSERT(same(t->workspace, samples[i].workspace));
        CU_ASSERT_EQUAL(t->left_out, samples[i].left_out);
        char *found = outline(t);
        if (strcmp(found, samples[i].outline) != 0)
            printf("%s:\n%s", samples[i].file, found);
        CU_ASSERT_STRING_EQUAL(found, samples[i].outline);
        free(found);
        foreign_free(&list);
        free(text);
    }
}

static void test_several(void)
{
    struct foreign_list list;
    struct err err = {0};
    size_t len;
    char *text = sample("openai.jsonl", &len);

    CU_ASSERT_EQUAL_FATAL(foreign_read(&list, text, len, &err), 0);
    CU_ASSERT_EQUAL(list.count, 2);
    CU_ASSERT_STRING_EQUAL(list.at[1]->title, "What time is it?");
    foreign_free(&list);
    free(text);
}

static const struct {
    const char *text;
    int code;
    const char *words;
} refused[] = {
    {"", E_PARSE, "nothing in it"},
    {" \n\n", E_PARSE, "nothing in it"},
    {"hello", E_PARSE, ""},
    {"{}", E_PARSE, "no record of an agent"},
    {"[1,2]", E_PARSE, "no record of an agent"},
    {"{\"messages\":[]}", E_PARSE, "no message in it"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"content\":\"y\"}]}", E_PARSE,
     "message 2 of conversation 1 has no role"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}\n{oops}\n{\"messages\":[]}\n", E_PARSE,
     "line 2"},
    {"{\"schema_version\":\"ATIF-v1.7\",\"steps\":[{\"source\":\"ghost\",\"message\":\"boo\"}]}",
     E_PARSE, "step 1 is of no known source"},
    {"{\"schema_version\":\"ATIF-v2.0\",\"steps\":[]}", E_PARSE, "no record"},
    {"{\"type\":\"session_meta\",\"payload\":{}}", E_PARSE, "no message in it"},
    {"{\"info\":{},\"messages\":[]}", E_PARSE, "no message in it"},
    {"SQLite format 3", E_PARSE, ""},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct foreign_list list;
        struct err err = {0};

        int rc = foreign_read(&list, refused[i].text, strlen(refused[i].text), &err);
        if (rc != refused[i].code || !strstr(err.msg, refused[i].words))
            printf("%s: %s: %s\n", refused[i].text, err_name(rc), err.msg);
        CU_ASSERT_EQUAL(rc, refused[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, refused[i].words));
        foreign_free(&list);
    }
}

/* What such files are known for. */
static void test_broken_text(void)
{
    static const struct {
        const char *content, *text;
    } cases[] = {
        {"half \\ud83d", "half \xef\xbf\xbd"},
        {"\\ude00 other half", "\xef\xbf\xbd other half"},
        {"\\ud83d\\ude00 whole", "\xf0\x9f\x98\x80 whole"},
        {"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"a\\u0000b", "a\xef\xbf\xbd"
                      "b"},
        {"bytes \xff\xfe", "bytes \xef\xbf\xbd\xef\xbf\xbd"},
        {"\\\\u0000 \\ud83d", "\\u0000 \xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct foreign_list list;
        struct err err = {0};
        char *text =
            mem_printf("{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", cases[i].content);

        CU_ASSERT_EQUAL(foreign_read(&list, text, strlen(text), &err), 0);
        if (list.count > 0)
            CU_ASSERT_STRING_EQUAL(list.at[0]->steps[0].text, cases[i].text);
        foreign_free(&list);
        free(text);
    }
}

static void test_unfinished_line(void)
{
    struct foreign_list list;
    struct err err = {0};
    size_t len;
    char *text = sample("claude.jsonl", &len);

    for (size_t cut = 1; cut < 80; cut++) {
        CU_ASSERT_EQUAL(foreign_read(&list, text, len - cut, &err), 0);
        CU_ASSERT_EQUAL(list.cut, cut > 1); /* without its newline it is whole */
        foreign_free(&list);
    }
    free(text);
}

static void test_parents_in_a_circle(void)
{
    static const char text[] =
        "{\"sessionId\":\"s\",\"type\":\"user\",\"uuid\":\"a\",\"parentUuid\":\"b\","
        "\"message\":{\"role\":\"user\",\"content\":\"one\"}}\n"
        "{\"sessionId\":\"s\",\"type\":\"user\",\"uuid\":\"b\",\"parentUuid\":\"a\","
        "\"message\":{\"role\":\"user\",\"content\":\"two\"}}\n";
    struct foreign_list list;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(foreign_read(&list, text, strlen(text), &err), 0);
    CU_ASSERT_EQUAL(list.at[0]->count, 2);
    foreign_free(&list);
}

static void test_times(void)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"2026-10-03T08:15:03Z", 1791015303000000},
        {"2026-10-03T08:15:03.25Z", 1791015303250000},
        {"2026-10-03T10:15:03.250000+02:00", 1791015303250000},
        {"2026-10-03T08:15:03.1234567Z", 1791015303123456},
        {"2026-10-03T08:15:03", 0},
        {"2026-10-03", 0},
        {"9999-10-03T08:15:03Z", 0},
        {"1901-10-03T08:15:03Z", 0},
        {"soon", 0},
        {NULL, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(records_time(cases[i].text), cases[i].us);
}

/* ---- written */

static int write_atif(struct buf *out, const struct trajectory *t)
{
    return atif_write(out, t, "0.1.0");
}

static const struct {
    const char *format;
    int (*write)(struct buf *out, const struct trajectory *t);
} writers[] = {{"openai", openai_write}, {"atif", write_atif}};

/* What was written, read and written again is the same, from every sample. */
static void test_round_trip(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        for (size_t j = 0; j < sizeof writers / sizeof *writers; j++) {
            struct foreign_list list, again;
            struct buf first, second;
            struct err err = {0};
            size_t len;
            char *text = sample(samples[i].file, &len);

            buf_init(&first, 1 << 20);
            buf_init(&second, 1 << 20);
            CU_ASSERT_EQUAL_FATAL(foreign_read(&list, text, len, &err), 0);
            CU_ASSERT_EQUAL(writers[j].write(&first, list.at[0]), 0);
            CU_ASSERT_EQUAL_FATAL(foreign_read(&again, first.data, first.len, &err), 0);
            CU_ASSERT_STRING_EQUAL(again.format->name, writers[j].format);
            CU_ASSERT_EQUAL(writers[j].write(&second, again.at[0]), 0);
            CU_ASSERT_STRING_EQUAL(first.data, second.data);
            buf_free(&first);
            buf_free(&second);
            foreign_free(&list);
            foreign_free(&again);
            free(text);
        }
    }
}

/* The rules that strict readers of ATIF enforce. */
static void check_step(const cJSON *step, int number)
{
    const cJSON *call, *result, *results = json_array(json_object(step, "observation"), "results");
    bool agent = str_eq(json_text(step, "source"), "agent");

    CU_ASSERT_EQUAL(json_int(step, "step_id", 0), number);
    CU_ASSERT_PTR_NOT_NULL(json_text(step, "message"));
    if (!agent) {
        static const char *const only[] = {"model_name", "reasoning_content", "tool_calls",
                                           "metrics", "observation"};
        for (size_t i = 0; i < sizeof only / sizeof *only; i++)
            CU_ASSERT_PTR_NULL(json_get(step, only[i]));
    }
    cJSON_ArrayForEach(call, json_array(step, "tool_calls"))
    {
        CU_ASSERT_PTR_NOT_NULL(json_object(call, "arguments"));
        CU_ASSERT(*json_text(call, "tool_call_id") != '\0');
        for (const cJSON *other = call->next; other; other = other->next)
            CU_ASSERT_STRING_NOT_EQUAL(json_text(call, "tool_call_id"),
                                       json_text(other, "tool_call_id"));
    }
    cJSON_ArrayForEach(result, results)
    {
        bool found = false;
        cJSON_ArrayForEach(call, json_array(step, "tool_calls")) found =
            found || str_eq(json_text(call, "tool_call_id"), json_text(result, "source_call_id"));
        CU_ASSERT_TRUE(found);
    }
    const cJSON *metrics = json_object(step, "metrics");
    CU_ASSERT(json_int(metrics, "cached_tokens", 0) <= json_int(metrics, "prompt_tokens", 0));
}

static void test_atif_rules(void)
{
    struct trajectory *t = trajectory_new();
    struct trajectory_step *step;
    struct buf out;
    cJSON *root = NULL, *at;
    struct err err = {0};
    int number = 0;

    (void)trajectory_add(t, SPEAKER_USER, "go");
    step = trajectory_add(t, SPEAKER_AGENT, NULL);
    step->tokens_in = 10;
    step->tokens_cached = 99; /* some count what they save apart */
    (void)trajectory_call_add(step, "", "", "no object");
    (void)trajectory_call_add(step, "same", "shell", "[1]");
    (void)trajectory_call_add(step, "same", "shell", "{\"a\":1}");
    CU_ASSERT_TRUE(trajectory_answer(t, "same", "first", false, 0));
    CU_ASSERT_TRUE(trajectory_answer(t, "same", "second", true, 0));
    CU_ASSERT_FALSE(trajectory_answer(t, "same", "third", true, 0));
    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(atif_write(&out, t, "0.1.0"), 0);
    CU_ASSERT_EQUAL_FATAL(json_parse(&root, out.data, out.len, NULL, &err), 0);
    CU_ASSERT_STRING_EQUAL(json_text(root, "schema_version"), "ATIF-v1.7");
    CU_ASSERT_STRING_EQUAL(json_text(json_object(root, "agent"), "name"), "rerail");
    CU_ASSERT_STRING_EQUAL(json_text(json_object(root, "agent"), "version"), "0.1.0");
    cJSON_ArrayForEach(at, json_array(root, "steps")) check_step(at, ++number);
    CU_ASSERT_EQUAL(number, 2);
    cJSON_Delete(root);
    buf_free(&out);
    trajectory_free(t);
}

/* Nothing that a tool printed can end its fence, be a heading of ours or reach the terminal. */
static void test_prose_holds(void)
{
    struct trajectory *t = trajectory_new();
    struct trajectory_step *step;
    struct buf out;

    (void)trajectory_add(t, SPEAKER_USER, "# Not a heading\n```\n# code\n");
    step = trajectory_add(t, SPEAKER_AGENT,
                          "\x1b]52;c;AAAA\x07"
                          "done");
    (void)trajectory_call_add(step, "1", "cat", "{}");
    (void)trajectory_answer(t, "1", "````\n## User\n````", false, 0);
    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(prose_write(&out, t), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "\n### Not a heading\n```\n# code\n```\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "\n`````\n````\n## User\n````\n`````\n"));
    CU_ASSERT_PTR_NULL(strchr(out.data, '\x1b'));
    buf_free(&out);
    buf_init(&out, 40);
    CU_ASSERT_EQUAL(prose_write(&out, t), E_TOOBIG);
    buf_free(&out);
    trajectory_free(t);
}

static void test_table(void)
{
    for (size_t i = 0; foreign_at(i); i++) {
        CU_ASSERT_PTR_EQUAL(foreign_find(foreign_at(i)->name), foreign_at(i));
        CU_ASSERT(strlen(foreign_at(i)->help) > 10);
    }
    CU_ASSERT_PTR_NULL(foreign_find("gemini"));
}

static const struct test tests[] = {
    {"each agent's record is known by its content and read whole", test_samples},
    {"a file of many conversations gives as many runs", test_several},
    {"what is no record is refused with what is wrong", test_refused},
    {"text that was cut in a character, or holds NUL, is read", test_broken_text},
    {"a last line that was not finished is left out", test_unfinished_line},
    {"parents that run in a circle end", test_parents_in_a_circle},
    {"times have a zone or are none", test_times},
    {"what is written can be read, and written again the same", test_round_trip},
    {"ATIF is written as strict readers want it", test_atif_rules},
    {"Markdown keeps what others wrote in its place", test_prose_holds},
    {"every format has its row", test_table},
    {NULL, NULL},
};

const struct suite suite_foreign = {"foreign", tests};
