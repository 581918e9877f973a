/* SPDX-License-Identifier: MIT */
#include "core/agent/breakpoint.h"

#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "core/failure.h"
#include "core/model/message.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPEC_MAX 1024
#define TEXT_MAX ((size_t)64 << 10) /* of what a pattern is tried on */

/* --- parsing: `rest` is what stands behind the kind's word --------------------------------------
 */

/* The next word of *rest, yours; NULL when there is none. */
static char *word_of(const char **rest)
{
    size_t len = strcspn(*rest, " \t");
    char *word = len > 0 ? mem_copy(*rest, len) : NULL;

    *rest += len;
    *rest += strspn(*rest, " \t");
    return word;
}

static int parse_pattern(struct breakpoint *out, const char *rest, struct err *err)
{
    return *rest ? pattern_new(&out->pattern, rest, PATTERN_SMARTCASE, err) : 0;
}

static int parse_tool(struct breakpoint *out, const char *rest, struct err *err)
{
    out->name = word_of(&rest);
    if (!out->name)
        return err_set(err, E_PARSE, "tool takes a name: tool shell, or tool write_* secret");
    return parse_pattern(out, rest, err);
}

static int parse_error(struct breakpoint *out, const char *rest, struct err *err)
{
    if (*rest && failure_named(rest) == FAILURE_COUNT)
        return err_set(err, E_PARSE, "there is no class of error '%s'; without one it is any",
                       rest);
    out->name = *rest ? mem_text(rest) : NULL;
    return 0;
}

static int parse_state(struct breakpoint *out, const char *rest, struct err *err)
{
    if (state_find(rest) < 0)
        return err_set(err, E_PARSE, "state takes one of the run's states, such as waiting_retry");
    out->name = mem_text(rest);
    return 0;
}

static int parse_number(struct breakpoint *out, const char *rest, struct err *err)
{
    if (str_number(&out->value, rest, 0, 1e9) < 0 || out->value <= 0)
        return err_set(err, E_PARSE, "a number above 0 is wanted, not '%s'", rest);
    if (out->kind == BREAK_ITERATION && out->value != floor(out->value))
        return err_set(err, E_PARSE, "an iteration is a whole number");
    if (out->kind == BREAK_CONTEXT && out->value > 100)
        return err_set(err, E_PARSE, "context is in percent, at most 100");
    return 0;
}

static int parse_text(struct breakpoint *out, const char *rest, struct err *err)
{
    if (!*rest)
        return err_set(err, E_PARSE, "text takes a pattern: text refund");
    return parse_pattern(out, rest, err);
}

static const struct {
    const char *word;
    int (*parse)(struct breakpoint *out, const char *rest, struct err *err);
} kinds[BREAK_KIND_COUNT] = {
    [BREAK_TOOL] = {"tool", parse_tool},    [BREAK_ERROR] = {"error", parse_error},
    [BREAK_STATE] = {"state", parse_state}, [BREAK_ITERATION] = {"iteration", parse_number},
    [BREAK_COST] = {"cost", parse_number},  [BREAK_CONTEXT] = {"context", parse_number},
    [BREAK_TEXT] = {"text", parse_text},
};

int breakpoint_parse(struct breakpoint *out, const char *spec, struct err *err)
{
    const char *rest = spec + strspn(spec, " \t");
    int rc = E_PARSE;

    *out = (struct breakpoint){.enabled = true, .spec = mem_text(spec)};
    if (strlen(spec) > SPEC_MAX) {
        breakpoint_clear(out);
        return err_set(err, E_TOOBIG, "a breakpoint takes at most %d characters", SPEC_MAX);
    }
    char *word = word_of(&rest);
    int kind = 0;
    while (kind < BREAK_KIND_COUNT && !str_eq(kinds[kind].word, word))
        kind++;
    if (kind == BREAK_KIND_COUNT) {
        (void)err_set(err, E_PARSE,
                      "a breakpoint is one of: tool NAME [PATTERN], error [CLASS], state NAME, "
                      "iteration N, cost DOLLARS, context PERCENT, text PATTERN");
    } else {
        out->kind = (enum break_kind)kind;
        rc = kinds[kind].parse(out, rest, err);
    }
    free(word);
    if (rc < 0)
        breakpoint_clear(out);
    return rc;
}

void breakpoint_clear(struct breakpoint *breakpoint)
{
    free(breakpoint->spec);
    free(breakpoint->name);
    pattern_free(breakpoint->pattern);
    *breakpoint = (struct breakpoint){0};
}

/* --- judging -------------------------------------------------------------------------------------
 */

static bool fits(const struct breakpoint *b, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (!b->pattern)
        return true;
    return text && pattern_matches(b->pattern, text, len < TEXT_MAX ? len : TEXT_MAX);
}

/* The words of a message, not the JSON that it is stored as. */
static bool says(const struct breakpoint *b, const char *stored)
{
    struct message *message = NULL;

    if (!stored || message_parse(&message, stored, strlen(stored), NULL) < 0)
        return false;
    bool hits = fits(b, message->content) || (message->reasoning && fits(b, message->reasoning));
    message_free(message);
    return hits;
}

bool breakpoint_hits(const struct breakpoint *b, const struct moment *m)
{
    if (b->kind != m->kind)
        return false;
    switch (b->kind) {
    case BREAK_TOOL: return m->name && pattern_glob(b->name, m->name) && fits(b, m->text);
    case BREAK_ERROR:
        return b->name ? str_eq(b->name, m->name) : failure_row(failure_named(m->name))->error;
    case BREAK_STATE: return str_eq(b->name, m->name);
    case BREAK_ITERATION: return m->value == b->value;
    case BREAK_COST:
    case BREAK_CONTEXT: return m->before < b->value && m->value >= b->value;
    case BREAK_TEXT: return says(b, m->text);
    case BREAK_KIND_COUNT: break;
    }
    return false;
}

/* --- moments -------------------------------------------------------------------------------------
 */

static size_t moments_of_end(struct moment out[MOMENTS_MAX], const struct record *r,
                             struct moment_sums *sums)
{
    double cost = r->call.cost_microusd > 0 ? (double)r->call.cost_microusd / 1e6 : 0;
    double tokens = (double)(r->call.tokens_in + r->call.tokens_out);
    double percent = sums->window > 0 ? 100 * tokens / (double)sums->window : 0;

    out[0] =
        (struct moment){.kind = BREAK_COST, .before = sums->dollars, .value = sums->dollars + cost};
    out[1] = (struct moment){.kind = BREAK_CONTEXT, .before = sums->percent, .value = percent};
    sums->dollars += cost;
    if (r->call.node != 0) /* a call that failed says nothing about the context */
        sums->percent = percent;
    return r->call.node != 0 ? 2 : 1;
}

size_t breakpoint_moments(struct moment out[MOMENTS_MAX], const struct record *r,
                          struct moment_sums *sums)
{
    switch (r->kind) {
    case RECORD_EFFECT:
        out[0] = (struct moment){.kind = BREAK_TOOL, .name = r->effect.tool, .text = r->body};
        return 1;
    case RECORD_ATTEMPT_END:
        out[0] = (struct moment){.kind = BREAK_ERROR, .name = r->attempt.outcome};
        return !r->attempt.outcome || str_eq(r->attempt.outcome, "ok") ? 0 : 1;
    case RECORD_STATUS: /* another reason is no other state */
        if (r->status.state == sums->state)
            return 0;
        sums->state = r->status.state;
        out[0] = (struct moment){.kind = BREAK_STATE,
                                 .name = state_name((enum run_state)r->status.state)};
        return 1;
    case RECORD_CALL:
        out[0] = (struct moment){.kind = BREAK_ITERATION, .value = (double)r->call.iteration};
        return 1;
    case RECORD_CALL_END: return moments_of_end(out, r, sums);
    case RECORD_NODE:
        out[0] = (struct moment){.kind = BREAK_TEXT, .text = r->body};
        return r->node.type == NODE_ASSISTANT ? 1 : 0;
    default: return 0;
    }
}
