/* SPDX-License-Identifier: MIT */
#include "core/model/profile.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/model/provider.h"
#include "tests/suite.h"

static void table(void)
{
    const struct profile *p;
    size_t count = 0;

    for (; (p = profile_at(count)) != NULL; count++) {
        CU_ASSERT_PTR_EQUAL(profile_find(p->name), p);
        CU_ASSERT_TRUE(p->help && *p->help);
        CU_ASSERT_PTR_NOT_NULL(provider_find(p->format));
        CU_ASSERT_TRUE(p->max_tokens && p->system);
        CU_ASSERT_TRUE(p->auth == AUTH_OPTIONAL || p->key_env);
        if (p->base_url)
            CU_ASSERT_PTR_EQUAL(profile_for_url(p->base_url), p);
    }
    CU_ASSERT_TRUE(count >= 12);
    CU_ASSERT_PTR_NULL(profile_find("none"));
    CU_ASSERT_PTR_NULL(profile_find(NULL));
}

static void formats(void)
{
    const struct provider *p;

    for (size_t i = 0; (p = provider_at(i)) != NULL; i++) {
        CU_ASSERT_PTR_EQUAL(provider_find(p->name), p);
        CU_ASSERT_TRUE(p->help && p->path && p->models && p->encode && p->tools && p->build);
        CU_ASSERT_TRUE(p->open && p->feed && p->done && p->progress && p->finish && p->close);
    }
    CU_ASSERT_PTR_NULL(provider_find("none"));
}

/* What is known of each server, from the protocol sheet: name of the token limit, whether it takes
   stream_options, tool_choice and parallel_tool_calls, and its rules. */
static void habits(void)
{
    static const struct {
        const char *name, *max_tokens, *flags;
        enum id_rule ids;
        enum echo_rule echo;
        enum effort_rule effort;
        enum content_rule content;
    } cases[] = {
        {"openai", "max_completion_tokens", "otp", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"azure", "max_completion_tokens", "otp", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"openrouter", "max_tokens", "otp", ID_ANY, ECHO_OPAQUE, EFFORT_OBJECT, CONTENT_NULL},
        {"deepseek", "max_tokens", "ot", ID_ANY, ECHO_TEXT_WITH_CALLS, EFFORT_NEVER, CONTENT_EMPTY},
        {"groq", "max_completion_tokens", "otp", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"mistral", "max_tokens", "tp", ID_ALNUM9, ECHO_NONE, EFFORT_SENT, CONTENT_EMPTY},
        {"gemini", "max_tokens", "ot", ID_ANY, ECHO_OPAQUE, EFFORT_SENT, CONTENT_NULL},
        {"together", "max_tokens", "ot", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"fireworks", "max_tokens", "ot", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"xai", "max_completion_tokens", "otp", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"ollama", "max_tokens", "o", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_EMPTY},
        {"llama.cpp", "max_tokens", "otp", ID_ALNUM9, ECHO_NONE, EFFORT_SENT, CONTENT_EMPTY},
        {"vllm", "max_tokens", "otp", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_EMPTY},
        {"lmstudio", "max_tokens", "ot", ID_ALNUM9, ECHO_NONE, EFFORT_SENT, CONTENT_EMPTY},
        {"simulator", "max_tokens", "otp", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
        {"generic", "max_tokens", "ot", ID_ANY, ECHO_NONE, EFFORT_SENT, CONTENT_NULL},
    };
    size_t count = sizeof cases / sizeof *cases;

    CU_ASSERT_PTR_NULL(profile_at(count));
    for (size_t i = 0; i < count; i++) {
        const struct profile *p = profile_find(cases[i].name);

        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_STRING_EQUAL(p->max_tokens, cases[i].max_tokens);
        CU_ASSERT_EQUAL(p->stream_options, strchr(cases[i].flags, 'o') != NULL);
        CU_ASSERT_EQUAL(p->tool_choice, strchr(cases[i].flags, 't') != NULL);
        CU_ASSERT_EQUAL(p->parallel, strchr(cases[i].flags, 'p') != NULL);
        CU_ASSERT_EQUAL(p->ids, cases[i].ids);
        CU_ASSERT_EQUAL(p->echo, cases[i].echo);
        CU_ASSERT_EQUAL(p->effort, cases[i].effort);
        CU_ASSERT_EQUAL(p->content, cases[i].content);
        CU_ASSERT_EQUAL(p->retry_status, strcmp(p->name, "groq") == 0 ? 498 : 0);
    }
}

static void hosts(void)
{
    static const struct {
        const char *url, *name;
    } cases[] = {
        {"https://api.openai.com/v1", "openai"},
        {"https://API.OpenAI.com", "openai"},
        {"api.openai.com", "openai"},
        {"https://api.openai.com.evil.example/v1", "generic"},
        {"https://xapi.openai.com", "generic"},
        {"https://my.openai.azure.com/openai/deployments/d?api-version=1", "azure"},
        {"https://openai.azure.com", "generic"},
        {"https://openrouter.ai/api/v1", "openrouter"},
        {"https://api.deepseek.com", "deepseek"},
        {"https://generativelanguage.googleapis.com/v1beta/openai/", "gemini"},
        {"http://localhost:11434", "ollama"},
        {"localhost:11434", "ollama"},
        {"127.0.0.1:11434/v1", "ollama"},
        {"http://[::1]:8080", "llama.cpp"},
        {"http://192.168.1.5:11434", "generic"},
        {"http://localhost:1", "generic"},
        {"", "generic"},
        {"not a url", "generic"},
        {NULL, "generic"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_STRING_EQUAL(profile_for_url(cases[i].url)->name, cases[i].name);
}

static void base_urls(void)
{
    static const struct {
        const char *profile, *url, *base;
    } cases[] = {
        {"openai", "https://api.openai.com", "https://api.openai.com/v1"},
        {"openai", "https://api.openai.com/", "https://api.openai.com/v1"},
        {"openai", "https://api.openai.com/v1", "https://api.openai.com/v1"},
        {"openai", "https://api.openai.com/v1//", "https://api.openai.com/v1"},
        {"openai", "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"},
        {"openai", "https://api.openai.com/v1/chat/completions/", "https://api.openai.com/v1"},
        {"openai", "https://api.openai.com/v1/models", "https://api.openai.com/v1"},
        {"openai", "api.openai.com", "https://api.openai.com/v1"},
        {"openrouter", "openrouter.ai", "https://openrouter.ai/api/v1"},
        {"groq", "https://api.groq.com", "https://api.groq.com/openai/v1"},
        {"deepseek", "https://api.deepseek.com", "https://api.deepseek.com"},
        {"deepseek", "https://api.deepseek.com/v1", "https://api.deepseek.com/v1"},
        {"generic", "localhost:9", "http://localhost:9/v1"},
        {"generic", "127.0.0.1:9/", "http://127.0.0.1:9/v1"},
        {"generic", "https://x.example/llm", "https://x.example/llm"},
        {"generic", "https://x.example/llm/v1/", "https://x.example/llm/v1"},
        {"generic", "https://x.example/v1?tenant=7", "https://x.example/v1?tenant=7"},
        {"simulator", "http://127.0.0.1:4321", "http://127.0.0.1:4321/v1"},
        {"azure", "https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1"},
        {"azure", "https://r.openai.azure.com/openai/", "https://r.openai.azure.com/openai/v1"},
        {"azure", "https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1"},
        {"azure", "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
         "https://r.openai.azure.com/openai/deployments/d?api-version=1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct profile *p = profile_find(cases[i].profile);
        struct err err = {0};
        struct buf base, again;

        buf_init(&base, 4096);
        buf_init(&again, 4096);
        CU_ASSERT_EQUAL(profile_base_url(&base, p, cases[i].url, &err), 0);
        CU_ASSERT_STRING_EQUAL(base.data, cases[i].base);
        CU_ASSERT_EQUAL(profile_base_url(&again, p, base.data, &err), 0);
        CU_ASSERT_STRING_EQUAL(again.data, cases[i].base);
        buf_free(&base);
        buf_free(&again);
    }
}

static void bad_urls(void)
{
    static const char *const urls[] = {"", "https://", "ftp://x", "https://u:p@x/v1", "x y"};

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct err err = {0};
        struct buf base;

        buf_init(&base, 4096);
        CU_ASSERT_TRUE(profile_base_url(&base, profile_find("generic"), urls[i], &err) < 0);
        CU_ASSERT_EQUAL(base.len, 0);
        CU_ASSERT_TRUE(err.msg[0] != '\0');
        buf_free(&base);
    }
}

static void full_urls(void)
{
    static const char *const cases[][2] = {
        {"https://x/v1", "https://x/v1/chat/completions"},
        {"https://x/d?api-version=1", "https://x/d/chat/completions?api-version=1"},
        {"https://x/v1/", "https://x/v1/chat/completions"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf url;

        buf_init(&url, 4096);
        CU_ASSERT_EQUAL(profile_url(&url, cases[i][0], "/chat/completions"), 0);
        CU_ASSERT_STRING_EQUAL(url.data, cases[i][1]);
        buf_free(&url);
    }
}

static void keys(void)
{
    static const struct {
        const char *profile, *key, *name, *value;
        int rc;
    } cases[] = {
        {"openai", "sk-1", "Authorization", "Bearer sk-1", 0},
        {"openai", "", "Authorization", "", E_NOTFOUND},
        {"openai", NULL, "Authorization", "", E_NOTFOUND},
        {"azure", "k", "api-key", "k", 0},
        {"ollama", NULL, "Authorization", "", 0},
        {"ollama", "k", "Authorization", "Bearer k", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct profile *p = profile_find(cases[i].profile);
        struct err err = {0};
        struct buf value;

        buf_init(&value, 4096);
        CU_ASSERT_EQUAL(profile_auth_value(&value, p, cases[i].key, &err), cases[i].rc);
        CU_ASSERT_STRING_EQUAL(value.data, cases[i].value);
        CU_ASSERT_STRING_EQUAL(profile_auth_name(p), cases[i].name);
        if (cases[i].rc < 0)
            CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, p->key_env));
        buf_free(&value);
    }
}

static const struct test tests[] = {
    {"every profile has a name, a format, and finds itself by its own address", table},
    {"every server is asked in the way that is known of it", habits},
    {"every format has all its functions", formats},
    {"a profile is chosen by host, never by a part of one", hosts},
    {"a base URL comes out the same however it is written, also the second time", base_urls},
    {"what is no base URL is refused with a reason", bad_urls},
    {"paths go before the query", full_urls},
    {"a missing key names the variable to set", keys},
    {NULL, NULL},
};

const struct suite suite_profile = {"profile", tests};
