/* SPDX-License-Identifier: MIT */
#include "tui/event_text.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"

#include <string.h>
#include <unistd.h>

struct writer {
    struct buf *out;
    const cJSON *body;
};

/* A member's text on one line, made harmless. */
static void put(const struct writer *w, const char *key)
{
    const char *text = json_text(w->body, key);
    char line[400];

    if (text)
        (void)sanitize_line(line, sizeof line, text, strlen(text));
    (void)buf_text(w->out, text ? line : "–"); /* lines are short: the ceiling is far */
}

static void put_ms(const struct writer *w, const char *key)
{
    char text[32];

    clock_short(text, sizeof text, (int64_t)(json_number(w->body, key, 0) * US_PER_MS));
    (void)buf_text(w->out, text);
}

static void put_int(const struct writer *w, const char *key)
{
    (void)buf_printf(w->out, "%lld", (long long)json_int(w->body, key, 0));
}

static void on_start(const struct writer *w)
{
    (void)buf_text(w->out, "task: ");
    put(w, "task");
}

static void on_complete(const struct writer *w)
{
    (void)buf_text(w->out, "ended: ");
    put(w, "status");
    if (json_text(w->body, "reason")) {
        (void)buf_text(w->out, " (");
        put(w, "reason");
        (void)buf_text(w->out, ")");
    }
}

static void on_error(const struct writer *w)
{
    (void)buf_text(w->out, "failed: ");
    put(w, "error_message");
}

static void on_tool_call(const struct writer *w)
{
    (void)buf_text(w->out, "  tool ");
    put(w, "tool_name");
    (void)buf_text(w->out, "  ");
    put(w, "outcome");
    (void)buf_text(w->out, " ");
    put_ms(w, "duration_ms");
    (void)buf_printf(w->out, "  %lld bytes", (long long)json_int(w->body, "result_length", 0));
}

static void on_llm_call(const struct writer *w)
{
    (void)buf_text(w->out, "  model  ");
    if (json_text(w->body, "error")) {
        put(w, "error");
        return;
    }
    put_ms(w, "duration_ms");
    (void)buf_text(w->out, "  ");
    put_int(w, "total_tokens");
    (void)buf_text(w->out, " tokens");
}

static void on_attempt(const struct writer *w)
{
    (void)buf_text(w->out, "  attempt ");
    put_int(w, "attempt");
    (void)buf_text(w->out,
                   json_bool(w->body, "injected", false) ? " failed on purpose: " : " failed: ");
    put(w, "cause");
}

static void on_retry(const struct writer *w)
{
    (void)buf_text(w->out, "  retry ");
    put_int(w, "attempt");
    (void)buf_text(w->out, "/");
    put_int(w, "max");
    (void)buf_text(w->out, " in ");
    put_ms(w, "delay_ms");
    (void)buf_text(w->out, " (");
    put(w, "source");
    (void)buf_text(w->out, ")");
}

static void on_admission(const struct writer *w)
{
    (void)buf_text(w->out, "  held back: ");
    put(w, "cause");
    (void)buf_text(w->out, ", asks again in ");
    put_ms(w, "delay_ms");
}

static void on_breaker(const struct writer *w)
{
    (void)buf_text(w->out, "  breaker ");
    put(w, "key");
    (void)buf_text(w->out, ": ");
    put(w, "from");
    (void)buf_text(w->out, " -> ");
    put(w, "to");
}

static void on_approval(const struct writer *w)
{
    (void)buf_text(w->out, "  needs approval: ");
    put(w, "tool_name");
    (void)buf_text(w->out, ": ");
    put(w, "reason");
}

static void on_doubt(const struct writer *w)
{
    (void)buf_text(w->out, "  in doubt: ");
    put(w, "tool_name");
    (void)buf_text(w->out, " was started and its outcome was lost");
}

static void on_rollback(const struct writer *w)
{
    put(w, "op");
    (void)buf_text(w->out, ": from step ");
    put_int(w, "from");
    (void)buf_text(w->out, " to step ");
    put_int(w, "to");
}

static void on_limit(const struct writer *w)
{
    (void)buf_text(w->out, "  limit: ");
    put(w, "name");
    (void)buf_printf(w->out, " %g of %g", json_number(w->body, "value", 0),
                     json_number(w->body, "max", 0));
}

static void on_loop(const struct writer *w)
{
    (void)buf_text(w->out, "  loop guard: ");
    put(w, "tool_name");
    (void)buf_text(w->out, " gave the same result to the same call again and again");
}

static void on_recovery(const struct writer *w)
{
    (void)buf_text(w->out, "recovering: ");
    put(w, "reason");
}

static void on_notice(const struct writer *w)
{
    put(w, "text");
}

static void on_breakpoint(const struct writer *w)
{
    (void)buf_text(w->out, "  stops at breakpoint ");
    (void)buf_int(w->out, json_int(w->body, "breakpoint", 0));
    (void)buf_text(w->out, ": ");
    put(w, "spec");
}

static void on_repeated(const struct writer *w)
{
    (void)buf_text(w->out, "  note: ");
    put(w, "tool_name");
    (void)buf_text(w->out, " already ran with these arguments, on ");
    put(w, "branch_name");
}

static void (*const writers[EVENT_TYPE_COUNT])(const struct writer *w) = {
    [EVENT_SESSION_START] = on_start,
    [EVENT_SESSION_COMPLETE] = on_complete,
    [EVENT_SESSION_ERROR] = on_error,
    [EVENT_TOOL_CALL] = on_tool_call,
    [EVENT_LLM_CALL] = on_llm_call,
    [EVENT_LLM_ATTEMPT] = on_attempt,
    [EVENT_TOOL_ATTEMPT] = on_attempt,
    [EVENT_RETRY] = on_retry,
    [EVENT_ADMISSION] = on_admission,
    [EVENT_BREAKER] = on_breaker,
    [EVENT_APPROVAL_WANTED] = on_approval,
    [EVENT_IN_DOUBT] = on_doubt,
    [EVENT_ROLLBACK] = on_rollback,
    [EVENT_LIMIT] = on_limit,
    [EVENT_LOOP_GUARD] = on_loop,
    [EVENT_RECOVERY] = on_recovery,
    [EVENT_NOTICE] = on_notice,
    [EVENT_BREAKPOINT] = on_breakpoint,
    [EVENT_REPEATED_EFFECT] = on_repeated,
};

bool event_text(struct buf *out, enum event_type type, const char *body)
{
    cJSON *tree = NULL;

    if (!writers[type] || json_parse(&tree, body, strlen(body), NULL, NULL) < 0)
        return false;
    const struct writer writer = {out, tree};
    writers[type](&writer);
    cJSON_Delete(tree);
    return true;
}

void event_text_print(FILE *out, const char *text)
{
    struct buf clean;

    if (!isatty(fileno(out))) {
        fprintf(out, "%s\n", text);
        return;
    }
    buf_init(&clean, (size_t)256 << 20);
    if (sanitize_add(&clean, SANITIZE_OUTPUT, text, strlen(text), NULL) == 0)
        fprintf(out, "%s\n", clean.data);
    buf_free(&clean);
}
