/* SPDX-License-Identifier: MIT */
/*
 * What the short way takes and what it leaves alone. That it gives what the long way gives is also
 * tried on every recorded stream and by the fuzz target chat_stream.
 */
#include "core/model/chat_quick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/suite.h"

/* A choice with that delta and what follows it. */
#define EVENT(delta) "{\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}"
#define TEXT(text)   EVENT("{\"content\":" text "}")
#define ARGS(call)   EVENT("{\"tool_calls\":[" call "]}")

static void put_slice(struct buf *out, const char *name, struct slice slice)
{
    if (!slice.at)
        return;
    (void)buf_printf(out, "%s=", name);
    (void)buf_add(out, slice.at, slice.len);
    (void)buf_char(out, ' ');
}

/* "content=… id=… " of what was read; "-" when it is not for the short way. The text is in memory
   of its own, so that reading beyond it is found out. */
static void seen(struct buf *out, const char *text)
{
    struct chat_quick q;
    struct buf scratch;
    size_t len = strlen(text);
    char *copy = mem_try(len > 0 ? len : 1);

    memcpy(copy, text, len);
    buf_init(&scratch, CHAT_QUICK_MAX);
    if (!chat_quick_read(&q, &scratch, copy, len)) {
        (void)buf_char(out, '-');
    } else {
        put_slice(out, "content", q.content);
        put_slice(out, "reasoning_content", q.reasoning_content);
        put_slice(out, "reasoning", q.reasoning);
        put_slice(out, "finish", q.finish_reason);
        put_slice(out, "model", q.model);
        put_slice(out, "id", q.id);
        if (q.args.at)
            (void)buf_printf(out, "call=%d ", (int)q.call_index);
        put_slice(out, "args", q.args);
    }
    buf_free(&scratch);
    free(copy);
}

struct sight {
    const char *text, *seen;
};

static void check(const struct sight *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out;

        buf_init(&out, SIZE_MAX);
        seen(&out, cases[i].text);
        if (strcmp(out.data, cases[i].seen) != 0)
            printf("%s: %s\n", cases[i].text, out.data);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].seen);
        if (strcmp(cases[i].seen, "-") != 0)
            CU_ASSERT_EQUAL(json_check(cases[i].text, strlen(cases[i].text), NULL, NULL), 0);
        buf_free(&out);
    }
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

static void taken(void)
{
    static const struct sight cases[] = {
        {TEXT("\"a\""), "content=a "},
        {TEXT("\"\""), "content= "},
        {TEXT("null"), ""},
        {" \t\r\n{ \"choices\" : [ { \"delta\" : { \"content\" : \"a\" } } ] } ", "content=a "},
        {EVENT("{\"role\":\"assistant\",\"content\":\"a\",\"refusal\":null}"), "content=a "},
        {EVENT("{\"reasoning_content\":\"r\",\"reasoning\":\"s\",\"refusal\":\"\"}"),
         "reasoning_content=r reasoning=s "},
        {EVENT("{\"tool_calls\":null,\"reasoning_details\":null,\"extra_content\":null}"), ""},
        {EVENT("{\"tool_calls\":[]}"), ""},
        {EVENT("{}"), ""},
        {"{\"id\":\"i\",\"object\":\"x\",\"created\":17,\"model\":\"m\",\"choices\":[{\"index\":0,"
         "\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null,\"x_groq\":null,\"error\":null}",
         "finish=stop model=m id=i "},
        {"{\"object\":\"errors\",\"choices\":[{\"delta\":{}}]}", ""},
        {"{\"object\":null,\"choices\":[{\"delta\":{},\"logprobs\":null,\"message\":null}]}", ""},
        {"{\"a\":[1,-0.5,0,{\"b\":{}},[]],\"c\":true,\"d\":false,\"choices\":[{\"delta\":{}}]}",
         ""},
        {"{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]],\"choices\":[{\"delta\":{}}]}", ""},
        {"{\"a\":123456789012345678901234,\"choices\":[{\"delta\":{}}]}", ""},
    };

    CHECK(cases);
}

static void strings(void)
{
    static const struct sight cases[] = {
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "content=\"\\/\b\f\n\r\t "},
        {TEXT("\"x\\n\""), "content=x\n "},
        {TEXT("\"\\nx\\ny\""), "content=\nx\ny "},
        {TEXT("\"\\u00e9\\u20AC\\u20ac\\ud83d\\ude00\\u0001\""),
         "content=\xc3\xa9\xe2\x82\xac\xe2\x82\xac\xf0\x9f\x98\x80\x01 "},
        {TEXT("\"\\ud800\\udc00\\udbff\\udfff\""), "content=\xf0\x90\x80\x80\xf4\x8f\xbf\xbf "},
        {TEXT("\"\\ufFfF\""), "content=\xef\xbf\xbf "},
        {TEXT("\"\xc3\xa9 \xf0\x9f\x98\x80\x7f\""), "content=\xc3\xa9 \xf0\x9f\x98\x80\x7f "},
        {EVENT("{\"content\":\"a\\tb\",\"reasoning\":\"c\\td\"}"), "content=a\tb reasoning=c\td "},
        {TEXT("\"\\u0000\""), "-"},
        {TEXT("\"\\ud83d\""), "-"},
        {TEXT("\"\\ud83dx\""), "-"},
        {TEXT("\"\\ud83d\\n\""), "-"},
        {TEXT("\"\\ud83d\\u0041\""), "-"},
        {TEXT("\"\\ud83d\\ud83d\""), "-"},
        {TEXT("\"\\ud83d\\ue000\""), "-"},
        {TEXT("\"\\ude00\""), "-"},
        {TEXT("\"\\udc00\""), "-"},
        {TEXT("\"\\u12\""), "-"},
        {TEXT("\"\\u00g0\""), "-"},
        {TEXT("\"\\u00G0\""), "-"},
        {TEXT("\"\\x\""), "-"},
        {TEXT("\"\\\xc3\xa9\""), "-"},
        {TEXT("\"a\nb\""), "-"},
        {TEXT("\"a\x1f\""), "-"},
        {TEXT("\"\xff\""), "-"},
        {TEXT("\"\xc3\""), "-"},
        {TEXT("\"\xed\xa0\xbd\""), "-"},
        {TEXT("\"a\\n\xff\""), "-"},
    };

    CHECK(cases);
}

static void fragments(void)
{
    static const struct sight cases[] = {
        {ARGS("{\"index\":0,\"function\":{\"arguments\":\"x\"}}"), "call=0 args=x "},
        {ARGS("{\"index\":127,\"type\":\"function\",\"id\":\"\",\"function\":{\"name\":\"\","
              "\"arguments\":\"\\\"y\"}}"),
         "call=127 args=\"y "},
        {ARGS("{\"function\":{\"arguments\":\"x\",\"name\":null},\"id\":null,\"index\":5}"),
         "call=5 args=x "},
        {EVENT("{\"content\":\"a\",\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"x\"}}"
               "]}"),
         "content=a call=1 args=x "},
        {ARGS("{\"index\":128,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":1280,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":-1,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":00,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":01,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":0.5,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":0e1,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":null,\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":\"0\",\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":0}"), "-"},
        {ARGS("{\"index\":0,\"function\":{}}"), "-"},
        {ARGS("{\"index\":0,\"function\":null}"), "-"},
        {ARGS("{\"index\":0,\"function\":{\"arguments\":null}}"), "-"},
        {ARGS("{\"index\":0,\"function\":{\"arguments\":{}}}"), "-"},
        {ARGS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":0,\"extra_content\":{},\"function\":{\"arguments\":\"x\"}}"), "-"},
        {ARGS("{\"index\":0,\"function\":{\"arguments\":\"x\"}},"
              "{\"index\":1,\"function\":{\"arguments\":\"y\"}}"),
         "-"},
        {EVENT("{\"tool_calls\":{}}"), "-"},
        {EVENT("{\"tool_calls\":[1]}"), "-"},
    };

    CHECK(cases);
}

static void left_alone(void)
{
    static const struct sight cases[] = {
        {"", "-"},
        {"{", "-"},
        {"{}", "-"},
        {"[]", "-"},
        {"[DONE]", "-"},
        {"{\"choices\":[]}", "-"},
        {"{\"choices\":null}", "-"},
        {"{\"choices\":[{\"delta\":{}},{\"delta\":{}}]}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"choices\":[{\"delta\":{}}]}", "-"},
        {"{\"choices\":[{\"delta\":null}]}", "-"},
        {"{\"choices\":[{\"index\":1,\"delta\":{}}]}", "-"},
        {"{\"choices\":[{\"index\":null,\"delta\":{}}]}", "-"},
        {"{\"choices\":[{\"delta\":{},\"message\":{}}]}", "-"},
        {"{\"choices\":[{\"delta\":{},\"usage\":{}}]}", "-"},
        {"{\"choices\":[{\"delta\":{},\"error\":{}}]}", "-"},
        {"{\"choices\":[{\"delta\":{},\"finish_reason\":1}]}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"usage\":{}}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"x_groq\":{}}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"error\":\"x\"}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"object\":\"error\"}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"object\":\"\\u0065rror\"}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"model\":7}", "-"},
        {EVENT("{\"content\":[]}"), "-"},
        {EVENT("{\"content\":\"a\",\"content\":\"b\"}"), "-"},
        {EVENT("{\"content\":null,\"content\":\"b\"}"), "-"},
        {EVENT("{\"c\\u006fntent\":\"a\"}"), "-"},
        {EVENT("{\"refusal\":\"no\"}"), "-"},
        {EVENT("{\"reasoning_details\":[]}"), "-"},
        {EVENT("{\"extra_content\":{}}"), "-"},
        {EVENT("{\"content\":nul}"), "-"},
        {EVENT("{\"content\":nulll}"), "-"},
        {EVENT("{\"content\":\"a\",}"), "-"},
        {EVENT("{\"content\" \"a\"}"), "-"},
        {EVENT("{content:\"a\"}"), "-"},
        {TEXT("\"a\"") "x", "-"},
        {TEXT("\"a\"") "}", "-"},
        {"{\"choices\":[{\"delta\":{\"content\":\"a\"}}", "-"},
        {"{\"choices\":[{\"delta\":{\"content\":\"a", "-"},
        {"{\"choices\":[{\"delta\":{\"content\":\"a\\", "-"},
        {"{\"choices\":[{\"delta\":{\"content\":\"a\\u00", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":01}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":1.}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":-}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":+1}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":1e5}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":1234567890123456789012345}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":tru}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":[1,]}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":[1 2]}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":{\"b\"}}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":{1:2}}", "-"},
        {"{\"choices\":[{\"delta\":{}}],\"a\":", "-"},
        {"{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]],\"choices\":[{\"delta\":{}}]}", "-"},
    };

    CHECK(cases);
}

static void every_prefix(void)
{
    static const char whole[] =
        "{\"id\":\"i\",\"n\":[1,{\"a\":\"\\n\"}],\"choices\":[{\"index\":0,\"delta\":{\"content\":"
        "\"\\ud83d\\ude00\xc3\xa9\",\"tool_calls\":[{\"index\":10,\"function\":{\"arguments\":"
        "\"x\"}}]}}]}";
    struct chat_quick q;
    struct buf scratch;

    buf_init(&scratch, CHAT_QUICK_MAX);
    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = mem_try(len > 0 ? len : 1);

        memcpy(copy, whole, len);
        CU_ASSERT_EQUAL(chat_quick_read(&q, &scratch, copy, len), len == sizeof whole - 1);
        free(copy);
    }
    CU_ASSERT_FALSE(chat_quick_read(&q, &scratch, whole, sizeof whole)); /* with its NUL */
    buf_free(&scratch);
}

static void too_long(void)
{
    struct buf text, scratch;
    struct chat_quick q;

    buf_init(&text, SIZE_MAX);
    buf_init(&scratch, CHAT_QUICK_MAX);
    (void)buf_text(&text, TEXT("\"a\""));
    while (text.len < CHAT_QUICK_MAX)
        (void)buf_char(&text, ' ');
    CU_ASSERT_TRUE(chat_quick_read(&q, &scratch, text.data, text.len));
    (void)buf_char(&text, ' ');
    CU_ASSERT_FALSE(chat_quick_read(&q, &scratch, text.data, text.len));
    buf_free(&text);
    buf_free(&scratch);
}

static const struct test tests[] = {
    {"the events that a stream is made of are read", taken},
    {"strings are resolved, and wrong ones left alone", strings},
    {"a piece of a call's arguments is read when nothing else comes with it", fragments},
    {"whatever the long way acts on is left to it", left_alone},
    {"an event that is cut anywhere is left alone", every_prefix},
    {"a long event is left alone", too_long},
    {NULL, NULL},
};

const struct suite suite_chat_quick = {"chat_quick", tests};
