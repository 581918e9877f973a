/* SPDX-License-Identifier: MIT */
#include "core/model/message.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/suite.h"

/* Texts that message_print writes: each must come back as it is. */
static const char *const stored[] = {
    "{\"role\":\"system\",\"content\":\"Be brief.\"}",
    "{\"role\":\"user\",\"content\":\"\"}",
    "{\"role\":\"user\",\"content\":\"h\xc3\xa9 \\\"q\\\" \\\\ \\n\\u0001 \xf0\x9f\x98\x80\"}",
    "{\"role\":\"assistant\",\"content\":\"Hi\"}",
    "{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"hm\",\"tool_calls\":["
    "{\"id\":\"a\",\"name\":\"f\",\"arguments\":\"{\\\"x\\\": 1}\"},"
    "{\"id\":\"b\",\"name\":\"g\",\"arguments\":\"{\",\"invalid\":\"cut\",\"extra\":{\"k\":[1,2.5]}"
    "}],"
    "\"opaque\":{\"d\":[{\"n\":null}]},\"provider\":\"p\",\"model\":\"m\","
    "\"finish_reason\":\"tool_calls\",\"cut\":true}",
    ("{\"role\":\"tool\",\"tool_call_id\":\"a\",\"name\":\"f\",\"content\":\"no\",\"is_error\":"
     "true}"),
    "{\"role\":\"tool\",\"tool_call_id\":\"\",\"content\":\"\"}",
};

static char *printed(const struct message *m)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    CU_ASSERT_EQUAL(message_print(&out, m), 0);
    return buf_take(&out);
}

static void round_trip(void)
{
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
        struct message *m = NULL, *copy;
        struct err err = {0};
        char *text, *again;

        CU_ASSERT_EQUAL_FATAL(message_parse(&m, stored[i], strlen(stored[i]), &err), 0);
        text = printed(m);
        CU_ASSERT_STRING_EQUAL(text, stored[i]);
        copy = message_copy(m);
        message_free(m);
        again = printed(copy);
        CU_ASSERT_STRING_EQUAL(again, stored[i]);
        message_free(copy);
        free(text);
        free(again);
    }
}

static void fields(void)
{
    struct message *m = NULL;

    CU_ASSERT_EQUAL_FATAL(message_parse(&m, stored[4], strlen(stored[4]), NULL), 0);
    CU_ASSERT_EQUAL(m->role, ROLE_ASSISTANT);
    CU_ASSERT_STRING_EQUAL(m->reasoning, "hm");
    CU_ASSERT_EQUAL_FATAL(m->call_count, 2);
    CU_ASSERT_STRING_EQUAL(m->calls[0].args, "{\"x\": 1}");
    CU_ASSERT_TRUE(m->calls[0].args_valid);
    CU_ASSERT_PTR_NULL(m->calls[0].args_error);
    CU_ASSERT_FALSE(m->calls[1].args_valid);
    CU_ASSERT_STRING_EQUAL(m->calls[1].args_error, "cut");
    CU_ASSERT_STRING_EQUAL(m->calls[1].extra, "{\"k\":[1,2.5]}");
    CU_ASSERT_TRUE(m->cut);
    message_free(m);
}

static void refused(void)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"role\":\"user\"}",
        "{\"role\":\"robot\",\"content\":\"\"}",
        "{\"role\":\"user\",\"content\":1}",
        "{\"role\":\"user\",\"content\":null}",
        "{\"role\":\"user\",\"content\":\"\",\"reasoning\":\"\"}",
        "{\"role\":\"user\",\"content\":\"\",\"new\":1}",
        "{\"role\":\"user\",\"content\":\"\",\"content\":\"\"}",
        "{\"role\":\"tool\",\"content\":\"\"}",
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":{}}",
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[1]}",
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"a\",\"name\":\"f\"}]}",
        "{\"role\":\"assistant\",\"content\":\"\",\"opaque\":[]}",
        "{\"role\":\"assistant\",\"content\":\"\",\"cut\":\"yes\"}",
        "{\"role\":\"user\",\"content\":\"\"}x",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct message *m = NULL;
        struct err err = {0};
        int rc = message_parse(&m, texts[i], strlen(texts[i]), &err);

        CU_ASSERT_EQUAL(rc, E_PARSE);
        CU_ASSERT_PTR_NULL(m);
        CU_ASSERT_TRUE(err.msg[0] != '\0');
    }
}

static void too_many_calls(void)
{
    struct buf text;
    struct message *m = NULL;

    buf_init(&text, SIZE_MAX);
    (void)buf_text(&text, "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[");
    for (size_t i = 0; i <= MESSAGE_CALLS_MAX; i++)
        (void)buf_printf(&text, "%s{\"id\":\"%zu\",\"name\":\"f\",\"arguments\":\"{}\"}",
                         i > 0 ? "," : "", i);
    (void)buf_text(&text, "]}");
    CU_ASSERT_EQUAL(message_parse(&m, text.data, text.len, NULL), E_TOOBIG);
    buf_free(&text);
}

static void full_buffer(void)
{
    struct message *m = message_new(ROLE_USER, "0123456789");
    struct buf out;

    for (size_t max = 0; max < 40; max++) {
        buf_init(&out, max);
        CU_ASSERT_EQUAL(message_print(&out, m), max < 38 ? E_TOOBIG : 0);
        CU_ASSERT_EQUAL(out.len, max < 38 ? 0 : 38);
        buf_free(&out);
    }
    message_free(m);
}

static void arguments(void)
{
    static const struct {
        const char *args;
        bool valid;
    } cases[] = {
        {"{}", true},
        {" {\"a\":1}\n", true},
        {"", true},
        {" \t", true},
        {"[]", false},
        {"{}{}", false},
        {"{\"a\":1,\"a\":2}", false},
        {"{\"a\":\"\\u0000\"}", false},
        {"{\"a\":1e999}", false},
        {"nonsense", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message *m = message_new(ROLE_ASSISTANT, NULL);
        struct tool_call *call = message_add_call(m);

        free(call->args);
        call->args = mem_text(cases[i].args);
        tool_call_judge(call);
        CU_ASSERT_EQUAL(call->args_valid, cases[i].valid);
        CU_ASSERT_EQUAL(call->args_error == NULL, cases[i].valid);
        tool_call_reject(call, "why");
        tool_call_judge(call);
        CU_ASSERT_FALSE(call->args_valid);
        CU_ASSERT_STRING_EQUAL(call->args_error, "why");
        message_free(m);
    }
}

static struct message *with_ids(const char *const *ids, size_t count)
{
    struct message *m = message_new(ROLE_ASSISTANT, NULL);

    for (size_t i = 0; i < count; i++) {
        struct tool_call *call = message_add_call(m);

        free(call->id);
        call->id = mem_text(ids[i]);
    }
    return m;
}

static bool taken_once(void *self, const char *id)
{
    return strcmp(id, self) == 0;
}

static void names(void)
{
    static const char *const ids[] = {"a", "", "a", "taken", ""};
    struct message *m = with_ids(ids, 5), *again = with_ids(ids, 5);
    char taken[] = "taken";

    message_name_calls(m, 7, taken_once, taken);
    message_name_calls(again, 7, taken_once, taken);
    CU_ASSERT_STRING_EQUAL(m->calls[0].id, "a");
    for (size_t i = 1; i < 5; i++) {
        CU_ASSERT_EQUAL(strlen(m->calls[i].id), 9);
        CU_ASSERT_EQUAL(strncmp(m->calls[i].id, "call", 4), 0);
        CU_ASSERT_EQUAL(strspn(m->calls[i].id + 4, "0123456789abcdef"), 5);
        CU_ASSERT_STRING_EQUAL(m->calls[i].id, again->calls[i].id);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(m->calls[i].id, m->calls[j].id);
    }
    message_name_calls(again, 8, NULL, NULL);
    CU_ASSERT_STRING_EQUAL(m->calls[1].id, again->calls[1].id);
    message_free(m);
    message_free(again);
}

static bool taken_hex(void *self, const char *id)
{
    (void)self;
    return strspn(id + 4, "0123456789abcdef") == 5;
}

static void many_names(void)
{
    static const char *const ids[] = {""};
    struct message *m = with_ids(ids, 1);

    message_name_calls(m, 0, taken_hex, NULL);
    CU_ASSERT_EQUAL(strlen(m->calls[0].id), 9);
    CU_ASSERT_TRUE(strspn(m->calls[0].id + 4, "0123456789abcdef") < 5);
    message_free(m);
}

static void tokens(void)
{
    struct message *m = message_new(ROLE_ASSISTANT, "12345");

    CU_ASSERT_EQUAL(message_tokens_of(NULL), 0);
    CU_ASSERT_EQUAL(message_tokens_of(""), 0);
    CU_ASSERT_EQUAL(message_tokens_of("1234"), 1);
    CU_ASSERT_EQUAL(message_tokens(m), 4 + 2);
    CU_ASSERT_FALSE(message_add_call(m)->args_valid);
    CU_ASSERT_EQUAL(message_tokens(m), 4 + 2 + 8 + 1);
    message_free(m);
}

static void roles(void)
{
    enum message_role role;

    for (int i = ROLE_SYSTEM; i <= ROLE_TOOL; i++) {
        CU_ASSERT_EQUAL(message_role_parse(&role, message_role_name((enum message_role)i)), 0);
        CU_ASSERT_EQUAL((int)role, i);
    }
    CU_ASSERT_EQUAL(message_role_parse(&role, "developer"), E_PARSE);
    CU_ASSERT_EQUAL(message_role_parse(&role, NULL), E_PARSE);
}

static void results(void)
{
    struct message *m = message_tool_result("a", NULL, NULL, true);
    char *text = printed(m);

    CU_ASSERT_STRING_EQUAL(
        text, "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"\",\"is_error\":true}");
    free(text);
    message_free(m);
}

static const struct test tests[] = {
    {"what is stored comes back byte for byte", round_trip},
    {"stored text fills the fields it names", fields},
    {"text that is no message of ours is refused with a reason", refused},
    {"a message with more calls than the limit is refused", too_many_calls},
    {"printing into a buffer that is too small adds nothing", full_buffer},
    {"arguments are one JSON object or the call may not run", arguments},
    {"calls without a usable id get one that the chain decides", names},
    {"ids do not run out when hexadecimal ones do", many_names},
    {"size in tokens follows the documented rule", tokens},
    {"every role has a name that finds it again", roles},
    {"a tool result carries its call and its failure", results},
    {NULL, NULL},
};

const struct suite suite_message = {"message", tests};
