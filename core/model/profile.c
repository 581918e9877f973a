/* SPDX-License-Identifier: MIT */
#include "core/model/profile.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/url.h"

/* What Gemini accepts in place of its own signature on a call that another model made. */
#define GEMINI_FOREIGN                                                                             \
    "\"extra_content\":{\"google\":{\"thought_signature\":"                                        \
    "\"skip_thought_signature_validator\"}}"

/* A zero is: bearer key, any id, no thinking echoed, reasoning_effort as given, content null. The
   last row is the one for everybody else. */
static const struct profile profiles[] = {
    {.name = "openai",
     .help = "OpenAI",
     .format = "openai-chat",
     .hosts = "api.openai.com",
     .base_url = "https://api.openai.com/v1",
     .key_env = "OPENAI_API_KEY",
     .max_tokens = "max_completion_tokens",
     .system = "developer",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true},
    {.name = "azure",
     .help = "Azure OpenAI: give the resource's or the deployment's URL",
     .format = "openai-chat",
     .hosts = ".openai.azure.com .cognitiveservices.azure.com .services.ai.azure.com",
     .key_env = "AZURE_OPENAI_API_KEY",
     .auth = AUTH_API_KEY,
     .max_tokens = "max_completion_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true},
    {.name = "openrouter",
     .help = "OpenRouter",
     .format = "openai-chat",
     .hosts = "openrouter.ai",
     .base_url = "https://openrouter.ai/api/v1",
     .key_env = "OPENROUTER_API_KEY",
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true,
     .echo = ECHO_OPAQUE,
     .effort = EFFORT_OBJECT},
    {.name = "deepseek",
     .help = "DeepSeek",
     .format = "openai-chat",
     .hosts = "api.deepseek.com",
     .base_url = "https://api.deepseek.com",
     .key_env = "DEEPSEEK_API_KEY",
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .echo = ECHO_TEXT_WITH_CALLS,
     .effort = EFFORT_NEVER,
     .content = CONTENT_EMPTY},
    {.name = "groq",
     .help = "Groq",
     .format = "openai-chat",
     .hosts = "api.groq.com",
     .base_url = "https://api.groq.com/openai/v1",
     .key_env = "GROQ_API_KEY",
     .max_tokens = "max_completion_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true,
     .retry_status = 498},
    {.name = "mistral",
     .help = "Mistral",
     .format = "openai-chat",
     .hosts = "api.mistral.ai",
     .base_url = "https://api.mistral.ai/v1",
     .key_env = "MISTRAL_API_KEY",
     .max_tokens = "max_tokens",
     .system = "system",
     .tool_choice = true,
     .parallel = true,
     .ids = ID_ALNUM9,
     .content = CONTENT_EMPTY},
    {.name = "gemini",
     .help = "Gemini through its OpenAI-compatible endpoint",
     .format = "openai-chat",
     .hosts = "generativelanguage.googleapis.com",
     .base_url = "https://generativelanguage.googleapis.com/v1beta/openai",
     .key_env = "GEMINI_API_KEY",
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .echo = ECHO_OPAQUE,
     .foreign_call = GEMINI_FOREIGN},
    {.name = "together",
     .help = "Together AI",
     .format = "openai-chat",
     .hosts = "api.together.xyz api.together.ai",
     .base_url = "https://api.together.xyz/v1",
     .key_env = "TOGETHER_API_KEY",
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true},
    {.name = "fireworks",
     .help = "Fireworks AI",
     .format = "openai-chat",
     .hosts = "api.fireworks.ai",
     .base_url = "https://api.fireworks.ai/inference/v1",
     .key_env = "FIREWORKS_API_KEY",
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true},
    {.name = "xai",
     .help = "xAI",
     .format = "openai-chat",
     .hosts = "api.x.ai",
     .base_url = "https://api.x.ai/v1",
     .key_env = "XAI_API_KEY",
     .max_tokens = "max_completion_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true},
    {.name = "ollama",
     .help = "Ollama, on this machine by default",
     .format = "openai-chat",
     .hosts = ":11434 ollama.com",
     .base_url = "http://localhost:11434/v1",
     .key_env = "OLLAMA_API_KEY",
     .auth = AUTH_OPTIONAL,
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .content = CONTENT_EMPTY},
    {.name = "llama.cpp",
     .help = "llama-server of llama.cpp",
     .format = "openai-chat",
     .hosts = ":8080",
     .base_url = "http://localhost:8080/v1",
     .key_env = "LLAMA_API_KEY",
     .auth = AUTH_OPTIONAL,
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true,
     .ids = ID_ALNUM9,
     .content = CONTENT_EMPTY},
    {.name = "vllm",
     .help = "vLLM",
     .format = "openai-chat",
     .hosts = ":8000",
     .base_url = "http://localhost:8000/v1",
     .key_env = "VLLM_API_KEY",
     .auth = AUTH_OPTIONAL,
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true,
     .content = CONTENT_EMPTY},
    {.name = "lmstudio",
     .help = "LM Studio",
     .format = "openai-chat",
     .hosts = ":1234",
     .base_url = "http://localhost:1234/v1",
     .key_env = "LMSTUDIO_API_KEY",
     .auth = AUTH_OPTIONAL,
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .ids = ID_ALNUM9,
     .content = CONTENT_EMPTY},
    {.name = "simulator",
     .help = "rerail's own scripted model, see rerail sim",
     .format = "openai-chat",
     .auth = AUTH_OPTIONAL,
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true,
     .parallel = true},
    {.name = "generic",
     .help = "any other server that speaks Chat Completions",
     .format = "openai-chat",
     .key_env = "RERAIL_API_KEY",
     .auth = AUTH_OPTIONAL,
     .max_tokens = "max_tokens",
     .system = "system",
     .stream_options = true,
     .tool_choice = true},
};

#define PROFILE_COUNT (sizeof profiles / sizeof *profiles)

const struct profile *profile_at(size_t index)
{
    return index < PROFILE_COUNT ? &profiles[index] : NULL;
}

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        if (str_eq(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}

/* ---- URLs ---- */

/* Whether text[0..len) spells a place on this machine: what may do without TLS. */
static bool is_local(const char *text)
{
    static const char *const names[] = {"localhost", "127.", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncasecmp(text, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Parses a URL that may lack its scheme. */
static int parse_loose(struct url **out, const char *text, struct err *err)
{
    char *whole;
    int rc;

    if (strstr(text, "://"))
        return url_parse(out, text, err);
    whole = mem_printf("%s://%s", is_local(text) ? "http" : "https", text);
    rc = url_parse(out, whole, err);
    free(whole);
    return rc;
}

/* One word of `hosts` against a URL. */
static bool host_fits(const char *word, size_t len, const struct url *url)
{
    const char *host = url_host(url);
    size_t host_len = strlen(host);
    char port[8];

    if (*word == ':') {
        (void)str_format(port, sizeof port, ":%d", url_port(url));
        return url_loopback(url) && strlen(port) == len && memcmp(port, word, len) == 0;
    }
    if (*word == '.')
        return host_len > len && memcmp(host + host_len - len, word, len) == 0;
    return host_len == len && memcmp(host, word, len) == 0;
}

static bool profile_fits(const struct profile *p, const struct url *url)
{
    const char *word = p->hosts ? p->hosts : "";

    while (*word) {
        size_t len = strcspn(word, " ");

        if (host_fits(word, len, url))
            return true;
        word += len + strspn(word + len, " ");
    }
    return false;
}

const struct profile *profile_for_url(const char *text)
{
    const struct profile *found = profile_find("generic");
    struct url *url = NULL;

    if (!text || parse_loose(&url, text, NULL) < 0)
        return found;
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        if (profile_fits(&profiles[i], url)) {
            found = &profiles[i];
            break;
        }
    url_free(url);
    return found;
}

static size_t without_slashes(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '/')
        len--;
    return len;
}

/* Length of a path without what people paste behind the base. */
static size_t base_len(const char *path, size_t len)
{
    static const char *const tails[] = {"/chat/completions", "/completions", "/models"};

    len = without_slashes(path, len);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        size_t tail = strlen(tails[i]);

        if (len >= tail && memcmp(path + len - tail, tails[i], tail) == 0)
            return without_slashes(path, len - tail);
    }
    return len;
}

/* What a URL that names only the server means. */
static const char *missing_path(const struct profile *p, const char *path, size_t len)
{
    const char *own = p->base_url ? strstr(p->base_url, "://") : NULL;

    if (p->auth == AUTH_API_KEY)
        return len == 0 ? "/openai/v1" : len == 7 && memcmp(path, "/openai", 7) == 0 ? "/v1" : "";
    if (len > 0)
        return "";
    if (!own)
        return "/v1";
    own = strchr(own + 3, '/');
    return own ? own : "";
}

/* Length of "scheme://host:port" without a port that goes without saying. */
static size_t shown_origin(const struct url *url, size_t origin)
{
    const char *whole = url_text(url), *port = url_https(url) ? ":443" : ":80";
    size_t len = strlen(port);

    return memcmp(whole + origin - len, port, len) == 0 ? origin - len : origin;
}

int profile_base_url(struct buf *out, const struct profile *p, const char *text, struct err *err)
{
    struct url *url = NULL;
    int rc = parse_loose(&url, text, err);

    if (rc < 0)
        return rc;
    const char *whole = url_text(url), *path = strchr(strstr(whole, "://") + 3, '/');
    size_t origin = path ? (size_t)(path - whole) : strcspn(whole, "?");
    const char *rest = whole + origin;
    size_t len = strcspn(rest, "?"), kept = base_len(rest, len);

    rc = buf_add(out, whole, shown_origin(url, origin));
    if (rc == 0)
        rc = buf_add(out, rest, kept);
    if (rc == 0)
        rc = buf_text(out, missing_path(p, rest, kept));
    if (rc == 0)
        rc = buf_text(out, rest + len);
    url_free(url);
    return rc;
}

int profile_url(struct buf *out, const char *base, const char *path)
{
    size_t len = strcspn(base, "?");
    int rc = buf_add(out, base, without_slashes(base, len));

    if (rc == 0)
        rc = buf_text(out, path);
    return rc < 0 ? rc : buf_text(out, base + len);
}

/* ---- Keys ---- */

const char *profile_auth_name(const struct profile *p)
{
    return p->auth == AUTH_API_KEY ? "api-key" : "Authorization";
}

int profile_auth_value(struct buf *out, const struct profile *p, const char *key, struct err *err)
{
    int rc;

    if (key && *key) {
        rc = p->auth == AUTH_API_KEY ? 0 : buf_text(out, "Bearer ");
        return rc < 0 ? rc : buf_text(out, key);
    }
    if (p->auth == AUTH_OPTIONAL)
        return 0;
    return err_set(err, E_NOTFOUND, "no key for %s: set %s, or choose another provider", p->name,
                   p->key_env);
}
