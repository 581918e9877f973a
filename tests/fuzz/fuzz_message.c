/* SPDX-License-Identifier: MIT */
/*
 * What message_parse takes, message_print writes so that it comes back as the same text, and a
 * transcript sends as JSON; what it refuses comes with one clean line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/model/profile.h"
#include "core/model/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static char *printed(const struct message *m)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    must(message_print(&out, m) == 0);
    return buf_take(&out);
}

static void try_round(const struct message *m)
{
    struct message *again = NULL, *copy = message_copy(m);
    char *text = printed(m), *copied = printed(copy), *second;

    must(strcmp(text, copied) == 0);
    must(message_parse(&again, text, strlen(text), NULL) == 0);
    second = printed(again);
    must(strcmp(text, second) == 0);
    message_free(again);
    message_free(copy);
    free(text);
    free(copied);
    free(second);
}

/* Answers every open call, so that the message may be sent, and asks something. */
static void answer_all(struct transcript *t)
{
    const char *open;
    struct message *m;

    while ((open = transcript_open_call(t, 0)) != NULL) {
        m = message_tool_result(open, NULL, "r", false);
        must(transcript_append(t, m, NULL) == 0);
        message_free(m);
    }
    m = message_new(ROLE_USER, "u");
    must(transcript_append(t, m, NULL) == 0);
    message_free(m);
}

static void try_sending(struct message *m, const struct profile *profile)
{
    struct transcript_options options = {.profile = profile, .model = "m"};
    struct model_params params = {.model = "m"};
    struct transcript *t = NULL;
    struct buf out;

    must(transcript_new(&t, &options, NULL) == 0);
    must(message_tokens(m) >= 4);
    if (m->role == ROLE_TOOL) {
        must(transcript_append(t, m, NULL) == E_PROTOCOL);
    } else {
        transcript_name_calls(t, m);
        must(transcript_append(t, m, NULL) == 0);
        answer_all(t);
        buf_init(&out, TRANSCRIPT_MAX);
        must(transcript_request(&out, t, &params, NULL) == 0);
        must(json_check(out.data, out.len, NULL, NULL) == 0);
        buf_free(&out);
    }
    transcript_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message *m = NULL;
    struct err err = {0};
    const struct profile *profile;
    int rc = message_parse(&m, (const char *)data, size, &err);

    must(rc == 0 ? m != NULL : !m && err.msg[0] && utf8_valid(err.msg, strlen(err.msg)));
    if (!m)
        return 0;
    try_round(m);
    for (size_t i = 0; (profile = profile_at(i)) != NULL; i++)
        try_sending(m, profile);
    message_free(m);
    return 0;
}
