/* SPDX-License-Identifier: MIT */
/*
 * Chains are written as lists of stored messages; what goes over the wire is compared as text.
 */
#include "core/model/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/model/profile.h"
#include "tests/suite.h"

#define SYSTEM "{\"role\":\"system\",\"content\":\"S\"}"
#define USER   "{\"role\":\"user\",\"content\":\"U\"}"
#define HELLO  "{\"role\":\"assistant\",\"content\":\"A\"}"

/* Assistant message with calls of those ids. */
#define CALL(id) "{\"id\":\"" id "\",\"name\":\"f\",\"arguments\":\"{}\"}"
#define ASK1(a)  "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[" CALL(a) "]}"
#define ASK2(a, b)                                                                                 \
    "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[" CALL(a) "," CALL(b) "]}"
#define TOOL(id) "{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"R\"}"

static const struct model_tool search = {"search", "Finds.", "{ \"type\": \"object\" }"};
static const struct model_params plain = {.model = "m"};

static struct transcript *begin_as(const char *profile, const struct model_tool *tools,
                                   size_t count)
{
    struct transcript_options options = {
        .profile = profile_find(profile), .model = "m", .tools = tools, .tool_count = count};
    struct transcript *t = NULL;

    CU_ASSERT_EQUAL_FATAL(transcript_new(&t, &options, NULL), 0);
    return t;
}

static struct message *parsed(const char *text)
{
    struct message *m = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(message_parse(&m, text, strlen(text), &err), 0);
    return m;
}

static int append(struct transcript *t, const char *text)
{
    struct message *m = parsed(text);
    struct err err = {0};
    int rc = transcript_append(t, m, &err);

    CU_ASSERT_TRUE(rc == 0 || err.msg[0] != '\0');
    message_free(m);
    return rc;
}

static char *request_with(const struct transcript *t, const struct model_params *params, int *rc)
{
    struct buf out;

    buf_init(&out, TRANSCRIPT_MAX);
    *rc = transcript_request(&out, t, params, NULL);
    return buf_take(&out);
}

static char *request(const struct transcript *t)
{
    int rc;
    char *text = request_with(t, &plain, &rc);

    CU_ASSERT_EQUAL(rc, 0);
    return text;
}

/* The messages of a chain as one profile sends them. */
static void sends(const char *profile, const char *const *chain, const char *wanted)
{
    struct transcript *t = begin_as(profile, NULL, 0);
    char *body, *whole = mem_printf("{\"model\":\"m\",\"messages\":[%s]}", wanted);

    for (size_t i = 0; chain[i]; i++)
        CU_ASSERT_EQUAL(append(t, chain[i]), 0);
    body = request(t);
    if (strcmp(body, whole) != 0)
        printf("%s: %s\n", profile, body);
    CU_ASSERT_STRING_EQUAL(body, whole);
    free(body);
    free(whole);
    transcript_free(t);
}

#define CHAIN(...) ((const char *const[]){__VA_ARGS__, NULL})

static void wire_forms(void)
{
    sends("generic", CHAIN(SYSTEM, USER),
          "{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"U\"}");
    sends("openai", CHAIN(SYSTEM, USER),
          "{\"role\":\"developer\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"U\"}");
    sends("generic", CHAIN(USER, HELLO, USER),
          "{\"role\":\"user\",\"content\":\"U\"},{\"role\":\"assistant\",\"content\":\"A\"},"
          "{\"role\":\"user\",\"content\":\"U\"}");
    sends(
        "generic", CHAIN(USER, ASK2("a", "b"), TOOL("b"), TOOL("a")),
        "{\"role\":\"user\",\"content\":\"U\"},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
        "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
        "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"R\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"R\"}");
    sends(
        "ollama", CHAIN(USER, ASK1("a"), TOOL("a")),
        "{\"role\":\"user\",\"content\":\"U\"},"
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
        "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"R\"}");
}

/* Thinking and opaque members: to whom they go back. */
static void echoes(void)
{
#define THOUGHT(provider, model)                                                                   \
    "{\"role\":\"assistant\",\"content\":\"A\",\"reasoning\":\"T\",\"opaque\":{\"x\":[1]},"        \
    "\"provider\":\"" provider "\",\"model\":\"" model "\"}"
#define SIGNED(provider, model)                                                                    \
    "{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"T\",\"tool_calls\":[{\"id\":\"a\","  \
    "\"name\":\"f\",\"arguments\":\"{}\",\"extra\":{\"e\":{\"s\":1}}}],\"provider\":\"" provider   \
    "\",\"model\":\"" model "\"}"
#define CALLED(content, before, after)                                                             \
    "{\"role\":\"assistant\",\"content\":" content before ",\"tool_calls\":[{\"id\":\"a\","        \
    "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}" after "}]},"        \
    "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"R\"}"
#define FOREIGN                                                                                    \
    ",\"extra_content\":{\"google\":{\"thought_signature\":\"skip_thought_signature_validator\"}}"
#define U "{\"role\":\"user\",\"content\":\"U\"}"

    sends("openrouter", CHAIN(THOUGHT("openrouter", "m"), USER),
          "{\"role\":\"assistant\",\"content\":\"A\",\"x\":[1]}," U);
    sends("openrouter", CHAIN(THOUGHT("openrouter", "other"), USER),
          "{\"role\":\"assistant\",\"content\":\"A\"}," U);
    sends("openrouter", CHAIN(THOUGHT("gemini", "m"), USER),
          "{\"role\":\"assistant\",\"content\":\"A\"}," U);
    sends("generic", CHAIN(THOUGHT("generic", "m"), USER),
          "{\"role\":\"assistant\",\"content\":\"A\"}," U);
    sends("deepseek", CHAIN(THOUGHT("deepseek", "m"), USER),
          "{\"role\":\"assistant\",\"content\":\"A\"}," U);
    sends("deepseek", CHAIN(SIGNED("other", "m"), TOOL("a")),
          CALLED("\"\"", ",\"reasoning_content\":\"T\"", ""));
    sends("deepseek", CHAIN(ASK1("a"), TOOL("a")),
          CALLED("\"\"", ",\"reasoning_content\":\"\"", ""));
    sends("gemini", CHAIN(SIGNED("gemini", "m"), TOOL("a")),
          CALLED("null", "", ",\"e\":{\"s\":1}"));
    sends("gemini", CHAIN(SIGNED("gemini", "other"), TOOL("a")), CALLED("null", "", FOREIGN));
    sends("gemini", CHAIN(ASK1("a"), TOOL("a")), CALLED("null", "", FOREIGN));
}

static void bad_arguments(void)
{
    sends("generic",
          CHAIN("{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"a\",\"name\":"
                "\"f\",\"arguments\":\"{\\\"x\\\"\"}]}",
                TOOL("a")),
          "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":"
          "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{\\\"invalid\\\":\\\"{\\\\\\\"x\\\\\\\"\\\"}\"}}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"R\"}");
}

/* ---- Pairing ---- */

static void pairing(void)
{
    static const struct {
        const char *chain[6];
        const char *next;
        int rc;
    } cases[] = {
        {{USER}, TOOL("a"), E_PROTOCOL},
        {{USER, HELLO}, TOOL("a"), E_PROTOCOL},
        {{USER, ASK1("a")}, TOOL("b"), E_PROTOCOL},
        {{USER, ASK1("a")}, USER, E_PROTOCOL},
        {{USER, ASK1("a")}, HELLO, E_PROTOCOL},
        {{USER, ASK1("a")}, TOOL("a"), 0},
        {{USER, ASK1("a"), TOOL("a")}, TOOL("a"), E_PROTOCOL},
        {{USER, ASK2("a", "b"), TOOL("a")}, USER, E_PROTOCOL},
        {{USER, ASK2("a", "b"), TOOL("a")}, TOOL("a"), E_PROTOCOL},
        {{USER, ASK2("a", "b"), TOOL("b")}, TOOL("a"), 0},
        {{USER, ASK2("a", "a"), TOOL("a")}, TOOL("a"), 0},
        {{USER, ASK1("a"), TOOL("a"), USER}, TOOL("a"), E_PROTOCOL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct transcript *t = begin_as("generic", NULL, 0);
        size_t count;

        for (count = 0; cases[i].chain[count]; count++)
            CU_ASSERT_EQUAL(append(t, cases[i].chain[count]), 0);
        CU_ASSERT_EQUAL(append(t, cases[i].next), cases[i].rc);
        CU_ASSERT_EQUAL(transcript_count(t), count + (cases[i].rc == 0));
        transcript_free(t);
    }
}

static void open_calls(void)
{
    struct transcript *t = begin_as("generic", NULL, 0);

    CU_ASSERT_PTR_NULL(transcript_open_call(t, 0));
    (void)append(t, USER);
    (void)append(t, ASK2("a", "b"));
    CU_ASSERT_STRING_EQUAL(transcript_open_call(t, 0), "a");
    CU_ASSERT_STRING_EQUAL(transcript_open_call(t, 1), "b");
    CU_ASSERT_PTR_NULL(transcript_open_call(t, 2));
    (void)append(t, TOOL("a"));
    CU_ASSERT_STRING_EQUAL(transcript_open_call(t, 0), "b");
    CU_ASSERT_PTR_NULL(transcript_open_call(t, 1));
    transcript_truncate(t, 2);
    CU_ASSERT_STRING_EQUAL(transcript_open_call(t, 0), "a");
    transcript_truncate(t, 1);
    CU_ASSERT_PTR_NULL(transcript_open_call(t, 0));
    transcript_free(t);
}

static void not_sent(void)
{
    struct transcript *t = begin_as("generic", NULL, 0);
    struct err err = {0};
    struct buf out;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL(transcript_request(&out, t, &plain, &err), E_PROTOCOL);
    (void)append(t, USER);
    CU_ASSERT_EQUAL(transcript_request(&out, t, &plain, &err), 0);
    buf_clear(&out);
    (void)append(t, ASK1("a"));
    CU_ASSERT_EQUAL(transcript_request(&out, t, &plain, &err), E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "a has no result"));
    (void)append(t, TOOL("a"));
    CU_ASSERT_EQUAL(transcript_request(&out, t, &plain, &err), 0);
    buf_clear(&out);
    (void)append(t, HELLO);
    CU_ASSERT_EQUAL(transcript_request(&out, t, &plain, &err), E_PROTOCOL);
    CU_ASSERT_EQUAL(out.len, 0);
    buf_free(&out);
    transcript_free(t);
}

/* ---- Ids ---- */

/* The wire ids in a body, separated by blanks. */
static char *wire_ids(const char *body)
{
    struct buf out;
    const char *at = body;

    buf_init(&out, SIZE_MAX);
    while ((at = strstr(at, "{\"id\":\"")) != NULL) {
        at += strlen("{\"id\":\"");
        (void)buf_add(&out, at, strcspn(at, "\""));
        (void)buf_char(&out, ' ');
    }
    return buf_take(&out);
}

static void id_rules(void)
{
    struct transcript *mistral = begin_as("mistral", NULL, 0), *any = begin_as("generic", NULL, 0);
    static const char *const chain[] = {USER, ASK2("abcDEF123", "call_long_one"),
                                        TOOL("call_long_one"), TOOL("abcDEF123"), USER};
    char *body, *ids, *second;

    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(append(mistral, chain[i]), 0);
        CU_ASSERT_EQUAL(append(any, chain[i]), 0);
    }
    body = request(any);
    ids = wire_ids(body);
    CU_ASSERT_STRING_EQUAL(ids, "abcDEF123 call_long_one ");
    free(body);
    free(ids);
    body = request(mistral);
    ids = wire_ids(body);
    CU_ASSERT_EQUAL(strncmp(ids, "abcDEF123 call", 14), 0);
    CU_ASSERT_EQUAL(strlen(ids), 20);
    second = mem_printf("\"tool_call_id\":\"%.9s\"", ids + 10);
    CU_ASSERT_PTR_NOT_NULL(strstr(body, second));
    free(second);
    free(body);
    free(ids);
    transcript_free(mistral);
    transcript_free(any);
}

static void repeated_ids(void)
{
    struct transcript *t = begin_as("generic", NULL, 0);
    static const char *const chain[] = {USER,      ASK2("a", "a"), TOOL("a"), TOOL("a"),
                                        ASK1("a"), TOOL("a"),      USER};
    char *body, *ids;

    for (size_t i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(append(t, chain[i]), 0);
    body = request(t);
    ids = wire_ids(body);
    CU_ASSERT_EQUAL(strlen(ids), 2 + 10 + 10);
    CU_ASSERT_EQUAL(strncmp(ids, "a call", 6), 0);
    CU_ASSERT_NOT_EQUAL(strncmp(ids + 2, ids + 12, 9), 0);
    free(body);
    free(ids);
    transcript_free(t);
}

static void naming(void)
{
    struct transcript *t = begin_as("generic", NULL, 0);
    struct message *m = parsed(ASK2("a", ""));

    (void)append(t, USER);
    (void)append(t, ASK1("a"));
    (void)append(t, TOOL("a"));
    transcript_name_calls(t, m);
    CU_ASSERT_STRING_NOT_EQUAL(m->calls[0].id, "a");
    CU_ASSERT_EQUAL(strlen(m->calls[0].id), 9);
    CU_ASSERT_EQUAL(strlen(m->calls[1].id), 9);
    CU_ASSERT_EQUAL(transcript_append(t, m, NULL), 0);
    message_free(m);
    transcript_free(t);
}

/* ---- Going back ---- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* A plausible next message after what the transcript holds. */
static char *random_message(const struct transcript *t, uint64_t *state)
{
    const char *open = transcript_open_call(t, 0);

    if (open && transcript_open_call(t, 1) && next_random(state) % 2)
        open = transcript_open_call(t, 1);
    if (open)
        return mem_printf("{\"role\":\"tool\",\"tool_call_id\":\"%s\",\"content\":\"r%d\"}", open,
                          (int)(next_random(state) % 100));
    switch (next_random(state) % 4) {
    case 0: return mem_text(USER);
    case 1: return mem_text(SYSTEM);
    case 2: return mem_text(HELLO);
    default: return mem_printf(ASK2("id%d", ""), (int)(next_random(state) % 5));
    }
}

struct chain {
    char *texts[64];
    size_t count;
};

/* Adds a message, named as an answer would be, to chain and transcript. */
static void grow(struct chain *chain, struct transcript *t, uint64_t *state)
{
    char *text = random_message(t, state);
    struct message *m = parsed(text);
    struct buf out;

    transcript_name_calls(t, m);
    buf_init(&out, SIZE_MAX);
    (void)message_print(&out, m);
    chain->texts[chain->count++] = buf_take(&out);
    CU_ASSERT_EQUAL(transcript_append(t, m, NULL), 0);
    message_free(m);
    free(text);
}

static void same_as_rebuilt(const struct chain *chain, const struct transcript *t,
                            const char *profile)
{
    struct transcript *again = begin_as(profile, &search, 1);
    int rc, again_rc;
    char *body, *again_body;

    for (size_t i = 0; i < chain->count; i++)
        CU_ASSERT_EQUAL(append(again, chain->texts[i]), 0);
    body = request_with(t, &plain, &rc);
    again_body = request_with(again, &plain, &again_rc);
    CU_ASSERT_EQUAL(rc, again_rc);
    CU_ASSERT_STRING_EQUAL(body, again_body);
    CU_ASSERT_EQUAL(transcript_tokens(t, chain->count), transcript_tokens(again, chain->count));
    CU_ASSERT_EQUAL(transcript_bytes(t), transcript_bytes(again));
    free(body);
    free(again_body);
    transcript_free(again);
}

static void random_chains(const char *profile, uint64_t seed)
{
    struct chain chain = {0};
    struct transcript *t = begin_as(profile, &search, 1);
    uint64_t state = seed;

    for (int step = 0; step < 60; step++) {
        if (chain.count == 64 || (chain.count > 0 && next_random(&state) % 5 == 0)) {
            size_t keep = (size_t)(next_random(&state) % chain.count);

            while (chain.count > keep)
                free(chain.texts[--chain.count]);
            transcript_truncate(t, keep);
        } else {
            grow(&chain, t, &state);
        }
        same_as_rebuilt(&chain, t, profile);
    }
    while (chain.count > 0)
        free(chain.texts[--chain.count]);
    transcript_free(t);
}

static void rebuilt(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_chains("generic", seed);
        random_chains("mistral", seed);
    }
}

/* ---- Parameters and tools ---- */

static void parameters(void)
{
#define HEAD "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"U\"}]"
#define TOOLS                                                                                      \
    ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"search\",\"description\":"        \
    "\"Finds.\",\"parameters\":{\"type\":\"object\"}}}]"
    static const struct {
        const char *profile;
        bool tools;
        struct model_params params;
        const char *body;
    } cases[] = {
        {"generic", false, {.model = "m"}, HEAD "}"},
        {"generic", true, {.model = "m"}, HEAD TOOLS "}"},
        {"generic",
         true,
         {.model = "m", .choice = CHOICE_NONE},
         HEAD TOOLS ",\"tool_choice\":\"none\"}"},
        {"generic",
         true,
         {.model = "m", .choice = CHOICE_REQUIRED},
         HEAD TOOLS ",\"tool_choice\":\"required\"}"},
        {"ollama", true, {.model = "m", .choice = CHOICE_NONE}, HEAD "}"},
        {"generic", false, {.model = "m", .choice = CHOICE_NONE}, HEAD "}"},
        {"openai",
         true,
         {.model = "m", .one_call = true},
         HEAD TOOLS ",\"parallel_tool_calls\":false}"},
        {"openai", false, {.model = "m", .one_call = true}, HEAD "}"},
        {"generic", true, {.model = "m", .one_call = true}, HEAD TOOLS "}"},
        {"generic",
         false,
         {.model = "m", .stream = true, .max_tokens = 4096},
         HEAD ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":4096}"},
        {"mistral", false, {.model = "m", .stream = true}, HEAD ",\"stream\":true}"},
        {"openai", false, {.model = "m", .max_tokens = 1}, HEAD ",\"max_completion_tokens\":1}"},
        {"openai", false, {.model = "m", .effort = "low"}, HEAD ",\"reasoning_effort\":\"low\"}"},
        {"openrouter",
         false,
         {.model = "m", .effort = "low"},
         HEAD ",\"reasoning\":{\"effort\":\"low\"}}"},
        {"deepseek", false, {.model = "m", .effort = "low"}, HEAD "}"},
        {"generic",
         false,
         {.model = "m",
          .max_tokens = 5,
          .extra = "{\"seed\": 7, \"max_tokens\": 9, \"model\":\"x\","
                   " \"stream\":true, \"stop\":[\"a\"]}"},
         HEAD ",\"max_tokens\":5,\"seed\":7,\"stop\":[\"a\"]}"},
        {"generic",
         false,
         {.model = "m", .extra = "{\"max_tokens\": 9,\"tool_choice\":\"auto\"}"},
         HEAD ",\"max_tokens\":9,\"tool_choice\":\"auto\"}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct transcript *t = begin_as(cases[i].profile, &search, cases[i].tools);
        int rc;
        char *body;

        CU_ASSERT_EQUAL(append(t, USER), 0);
        body = request_with(t, &cases[i].params, &rc);
        CU_ASSERT_EQUAL(rc, 0);
        CU_ASSERT_STRING_EQUAL(body, cases[i].body);
        CU_ASSERT_EQUAL(json_check(body, strlen(body), NULL, NULL), 0);
        free(body);
        transcript_free(t);
    }
}

static void bad_extra(void)
{
    static const char *const texts[] = {"", "[]", "{", "{\"a\":1,\"a\":2}"};
    struct transcript *t = begin_as("generic", NULL, 0);

    (void)append(t, USER);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct model_params params = {.model = "m", .extra = texts[i]};
        int rc;
        char *body = request_with(t, &params, &rc);

        CU_ASSERT_EQUAL(rc, E_PARSE);
        CU_ASSERT_STRING_EQUAL(body, "");
        free(body);
    }
    transcript_free(t);
}

static void longest_tool_name(void)
{
    static const struct model_tool tool = {
        "n234567890123456789012345678901234567890123456789012345678901234", NULL, "{}"};
    struct transcript *t = begin_as("generic", &tool, 1);

    CU_ASSERT_PTR_NULL(strstr(transcript_tools_text(t), "description"));
    transcript_free(t);
}

static void bad_tools(void)
{
    static const struct model_tool tools[] = {
        {"", "", "{}"},
        {"has blank", "", "{}"},
        {"ok", "", "[]"},
        {"ok", "", "{"},
        {"ok", "", ""},
        {"caf\xc3\xa9", "", "{}"},
        {"n2345678901234567890123456789012345678901234567890123456789012345", "", "{}"},
    };

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        struct transcript_options options = {
            .profile = profile_find("generic"), .model = "m", .tools = &tools[i], .tool_count = 1};
        struct transcript *t = NULL;
        struct err err = {0};

        CU_ASSERT_EQUAL(transcript_new(&t, &options, &err), E_PARSE);
        CU_ASSERT_PTR_NULL(t);
        CU_ASSERT_EQUAL(strncmp(err.msg, "tool '", 6), 0);
    }
}

static void hash_inputs(void)
{
    struct transcript *t = begin_as("openai", &search, 1);
    struct model_params params = {.model = "m", .max_tokens = 4096, .extra = "{\"b\":1,\"a\":2}"};
    struct buf out;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL(transcript_params_text(&out, t, &params, NULL), 0);
    CU_ASSERT_STRING_EQUAL(
        out.data, "{\"extra\":{\"a\":2,\"b\":1},\"format\":\"openai-chat\",\"max_tokens\":4096,"
                  "\"model\":\"m\",\"one_call\":false,\"profile\":\"openai\",\"stream\":false,"
                  "\"tool_choice\":\"auto\"}");
    CU_ASSERT_EQUAL(strncmp(transcript_tools_text(t), "[{\"type\":\"function\"", 19), 0);
    CU_ASSERT_TRUE(transcript_tool_tokens(t) > 0);
    params.extra = "[";
    CU_ASSERT_EQUAL(transcript_params_text(&out, t, &params, NULL), E_PARSE);
    buf_free(&out);
    transcript_free(t);
}

/* ---- Size ---- */

static void too_long(void)
{
    struct transcript *t = begin_as("generic", NULL, 0);
    char *big = mem_new(((size_t)20 << 20) + 1);
    struct message *m;
    char *body;

    memset(big, 'x', (size_t)20 << 20);
    m = message_new(ROLE_USER, big);
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(transcript_append(t, m, NULL), 0);
    CU_ASSERT_EQUAL(transcript_append(t, m, NULL), E_TOOBIG);
    CU_ASSERT_EQUAL(transcript_count(t), 3);
    transcript_truncate(t, 1);
    transcript_truncate(t, 0);
    CU_ASSERT_EQUAL(transcript_bytes(t), 0);
    CU_ASSERT_EQUAL(append(t, USER), 0);
    body = request(t);
    CU_ASSERT_STRING_EQUAL(
        body, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"U\"}]}");
    free(body);
    message_free(m);
    free(big);
    transcript_free(t);
}

static void tokens(void)
{
    struct transcript *t = begin_as("generic", NULL, 0);

    CU_ASSERT_EQUAL(transcript_tokens(t, 0), 0);
    (void)append(t, USER);
    (void)append(t, HELLO);
    CU_ASSERT_EQUAL(transcript_tokens(t, 1), 5);
    CU_ASSERT_EQUAL(transcript_tokens(t, 2), 10);
    CU_ASSERT_EQUAL(transcript_tool_tokens(t), 0);
    CU_ASSERT_STRING_EQUAL(transcript_tools_text(t), "");
    transcript_free(t);
}

static const struct test tests[] = {
    {"messages take the form that each server knows", wire_forms},
    {"thinking goes back only to whom it belongs, as each server wants it", echoes},
    {"arguments that are no JSON are wrapped in some", bad_arguments},
    {"every call is answered exactly once before anything else", pairing},
    {"open calls are known, also after going back", open_calls},
    {"a request that a server must refuse is never built", not_sent},
    {"ids follow the server's rule, and results name the same id", id_rules},
    {"ids that repeat on the chain are unique on the wire", repeated_ids},
    {"calls of an answer are named unlike any on the chain", naming},
    {"a chain rebuilt from its messages gives the same bytes", rebuilt},
    {"parameters are sent under the names the server knows", parameters},
    {"extra members that are no JSON object are refused", bad_extra},
    {"a tool's name may have 64 bytes, and no description", longest_tool_name},
    {"a tool with a bad name or schema is refused by name", bad_tools},
    {"hash inputs are canonical", hash_inputs},
    {"a conversation over the ceiling is refused and stays usable", too_long},
    {"sizes in tokens add up", tokens},
    {NULL, NULL},
};

const struct suite suite_transcript = {"transcript", tests};
