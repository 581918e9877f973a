/* SPDX-License-Identifier: MIT */
#include "core/guard/retry.h"

#include <assert.h>

int64_t retry_draw(uint64_t random, int64_t max)
{
    if (max <= 0)
        return 0;
    return (int64_t)(((unsigned __int128)random * ((uint64_t)max + 1)) >> 64);
}

/* base * 2^doublings, at most cap; any cap and any number of doublings. */
static int64_t window_us(int64_t base, int doublings, int64_t cap)
{
    while (doublings-- > 0 && base < cap)
        base = base > INT64_MAX / 2 ? INT64_MAX : base * 2;
    return base < cap ? base : cap;
}

static int64_t backoff_us(const struct retry_policy *policy, const struct retry_input *input)
{
    bool slow = input->failure == FAILURE_THROTTLED || input->failure == FAILURE_OVERLOADED;
    int64_t base = slow ? policy->throttled_us : policy->base_us;
    int64_t drawn = retry_draw(input->random, window_us(base, input->attempt - 1, policy->cap_us));

    return drawn > policy->floor_us ? drawn : policy->floor_us;
}

static bool header_usable(const struct retry_policy *policy, const struct retry_input *input)
{
    return input->retry_after_us >= 0 && input->retry_after_us <= policy->nonsense_us;
}

/* RETRY_REASON_NONE when another attempt is allowed at all. */
static enum retry_reason refusal(const struct retry_policy *policy, const struct retry_input *input)
{
    if (input->failure == FAILURE_CANCELLED || input->failure == FAILURE_DENIED)
        return RETRY_REASON_FAILURE;
    if (input->effect == RETRY_ONCE && input->failure != FAILURE_UNSTARTED)
        return RETRY_REASON_ONCE;
    if (input->word == RETRY_NO)
        return RETRY_REASON_TOLD;
    if (input->word != RETRY_YES && !failure_row(input->failure)->retry)
        return RETRY_REASON_FAILURE;
    return input->attempt >= policy->attempts ? RETRY_REASON_ATTEMPTS : RETRY_REASON_NONE;
}

/* How the wait is spent. A server that names a long time is believed at once: five shorter
   attempts would only be refused five times. */
static enum retry_verdict verdict_of(const struct retry_policy *policy, int64_t asked_us)
{
    if (asked_us > policy->operator_us)
        return RETRY_ASK;
    return asked_us > policy->park_us ? RETRY_PARK : RETRY_AGAIN;
}

static struct retry_decision stop(enum retry_reason reason, int64_t now_us)
{
    return (struct retry_decision){.verdict = RETRY_STOP, .reason = reason, .at_us = now_us};
}

struct retry_decision retry_decide(const struct retry_policy *policy,
                                   const struct retry_input *input)
{
    assert(input->failure != FAILURE_NONE && input->attempt > 0);
    enum retry_reason reason = refusal(policy, input);
    if (reason != RETRY_REASON_NONE)
        return stop(reason, input->now_us);

    int64_t asked = header_usable(policy, input) ? input->retry_after_us : 0;
    struct retry_decision out = {.verdict = verdict_of(policy, asked),
                                 .delay_us = backoff_us(policy, input)};
    if (asked >= out.delay_us) {
        out.source = RETRY_BY_HEADER;
        out.delay_us = asked;
    }
    /* The same random bits serve both draws: only one of them decides by much. */
    out.delay_us += retry_draw(input->random, asked / 100 * policy->spread_percent);
    out.at_us = input->now_us + out.delay_us;
    if (out.verdict == RETRY_AGAIN && out.at_us > input->deadline_us)
        return stop(RETRY_REASON_DEADLINE, input->now_us);
    return out;
}

struct retry_decision retry_now(int64_t now_us)
{
    return (struct retry_decision){
        .verdict = RETRY_AGAIN, .source = RETRY_BY_OPERATOR, .at_us = now_us};
}

const char *retry_source_name(enum retry_source source)
{
    static const char *const names[] = {"backoff", "retry-after", "operator"};

    return names[source];
}

const char *retry_verdict_name(enum retry_verdict verdict)
{
    static const char *const names[] = {"retry", "park", "ask", "stop"};

    return names[verdict];
}

const char *retry_reason_text(enum retry_reason reason)
{
    static const char *const texts[] = {
        [RETRY_REASON_NONE] = "",
        [RETRY_REASON_ATTEMPTS] = "all attempts were used",
        [RETRY_REASON_FAILURE] = "the same call would fail again",
        [RETRY_REASON_TOLD] = "the server said not to retry",
        [RETRY_REASON_ONCE] = "it may have happened and must not happen twice",
        [RETRY_REASON_DEADLINE] = "the wait would outlast the run's deadline",
        [RETRY_REASON_BUDGET] = "the endpoint's retry budget is empty",
    };

    return texts[reason];
}
