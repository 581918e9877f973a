/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of any text: refused with a line number, or every reply of it can be made, with every
 * fault, into bytes and pauses that play to their end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/sim/answer.h"
#include "core/sim/asked.h"
#include "core/sim/dialect.h"
#include "core/sim/fault.h"
#include "core/sim/scenario.h"

#define PIECES 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char request[] =
    "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"shell\"}}],\"messages\":["
    "{\"role\":\"user\",\"content\":\"do 3 turns\"},"
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
    "\"function\":{\"name\":\"shell\",\"arguments\":\"{}\"}}]},"
    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"{\\\"a\\\":[1,2]}\"}]}";

/* Plays the first pieces, the clock jumping to when the next is due. */
static void play(const struct reel *reel)
{
    struct reel_place place;
    const char *bytes;

    reel_start(reel, &place, 0);
    for (int i = 0; i < PIECES && !reel_is_over(reel, &place); i++) {
        size_t len = reel_next(reel, &place, place.due_us, &bytes);

        if (len > 0 &&
            (bytes < reel->bytes.data || bytes + len > reel->bytes.data + reel->bytes.len))
            abort();
        reel_sent(&place, len);
    }
}

static void make(const struct reply *reply, const struct fault *fault, const struct asked *asked)
{
    const struct answer_spec spec = {.dialect = &dialect_chat,
                                     .reply = reply,
                                     .fault = fault,
                                     .asked = asked,
                                     .keep = true,
                                     .chunks = true};
    struct reel reel;
    int status;

    reel_init(&reel);
    if (answer_make(&reel, &status, &spec, NULL) == 0)
        play(&reel);
    reel_free(&reel);
}

static void answer_all(const struct scenario *scenario, struct asked *asked)
{
    for (size_t i = 0; i < scenario->reply_count; i++) {
        const struct reply *reply = &scenario->replies[i];

        if (reply->repeat)
            continue; /* large on purpose */
        for (int stream = 0; stream < 2; stream++) {
            asked->stream = stream;
            make(reply, NULL, asked);
            for (size_t k = 0; k < reply->fault_count; k++)
                if (reply->faults[k].kind != FAULT_SLOW)
                    make(reply, &reply->faults[k], asked);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario *scenario = NULL;
    struct asked asked = {0};
    struct err err = {0};
    struct buf differs;
    size_t failed = 0;

    if (scenario_parse(&scenario, "f.yaml", (const char *)data, size, &err) < 0) {
        if (strncmp(err.msg, "f.yaml", 6) != 0)
            abort();
        return 0;
    }
    if (json_parse(&asked.body, request, strlen(request), NULL, NULL) < 0 ||
        dialect_chat.read(&asked, NULL) < 0)
        abort();
    buf_init(&differs, 1 << 20);
    (void)scenario_expect(scenario, scenario_choose(scenario, &asked), &asked, &differs, &failed);
    answer_all(scenario, &asked);
    buf_free(&differs);
    asked_clear(&asked);
    scenario_free(scenario);
    return 0;
}
