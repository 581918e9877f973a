/* SPDX-License-Identifier: MIT */
#include "core/sim/service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "core/sim/answer.h"
#include "core/sim/asked.h"
#include "core/sim/book.h"
#include "core/sim/dialect.h"
#include "core/sim/fault.h"
#include "core/sim/inbound.h"
#include "core/sim/scenario.h"

#define DIFFERS_MAX ((size_t)64 << 10)
#define LINES_MAX   ((size_t)1 << 20)
#define LISTING_MAX ((size_t)16 << 20)
#define SHOWN_MAX   200

/* One request being answered. */
struct job {
    struct service *service;
    struct reel *out;
    struct book_entry *entry;
    const struct inbound *in;
    const struct dialect *dialect;
    int64_t wall_us;
};

void service_init(struct service *service)
{
    buf_init(&service->differs, DIFFERS_MAX);
}

void service_free(struct service *service)
{
    buf_free(&service->differs);
}

/* ---- Plain answers ---- */

static void answer_body(const struct job *job, int status, const struct buf *body)
{
    const struct answer_plain plain = {
        .status = status, .body = body->data, .len = body->len, .keep = job->in->keep};

    job->entry->status = status;
    reel_free(job->out);
    (void)answer_plain(job->out, &plain); /* a few KiB into an empty reel */
}

static void answer_error(const struct job *job, int status, const char *message)
{
    const struct dialect *dialect = job->dialect ? job->dialect : &dialect_chat;
    struct buf body;

    buf_init(&body, LISTING_MAX);
    (void)dialect->error(&body, status, message);
    answer_body(job, status, &body);
    buf_free(&body);
}

/* ---- What differed ---- */

static void report(struct service *service, const char *line)
{
    if (service->report)
        service->report(service->self, line);
    if (buf_text(&service->differs, line) == 0)
        (void)buf_char(&service->differs, '\n'); /* the first lines are kept, the rest is counted */
}

/* "request 7: " before each line. */
static void report_lines(struct service *service, uint64_t number, char *lines)
{
    for (char *at = lines, *eol; (eol = strchr(at, '\n')); at = eol + 1) {
        *eol = '\0';
        char *line = mem_printf("request %" PRIu64 ": %s", number, at);
        report(service, line);
        free(line);
    }
}

static void check(const struct job *job, const struct reply *reply, const struct asked *asked)
{
    struct book_sums *sums = book_sums(job->service->book);
    struct buf lines;
    size_t failed = 0;

    buf_init(&lines, LINES_MAX);
    sums->checked += scenario_expect(job->service->scenario, reply, asked, &lines, &failed);
    sums->failed += failed;
    report_lines(job->service, job->entry->number, lines.data);
    buf_free(&lines);
}

/* ---- The model ---- */

static void answer_unfit(const struct job *job, const struct asked *asked)
{
    const struct asked_message *last = &asked->messages[asked->count - 1];
    char shown[SHOWN_MAX], message[2 * SHOWN_MAX];

    (void)sanitize_line(shown, sizeof shown, last->text, strlen(last->text));
    (void)str_format(message, sizeof message,
                     "no reply of scenario %s fits this request: %zu messages, the last by %s: %s",
                     job->service->scenario->name, asked->count, last->role, shown);
    book_sums(job->service->book)->unfit++;
    char *line = mem_printf("request %" PRIu64 ": %s", job->entry->number, message);
    report(job->service, line);
    free(line);
    answer_error(job, 400, message);
}

static void answer_reply(const struct job *job, const struct reply *reply,
                         const struct asked *asked)
{
    struct answer_spec spec = {.dialect = job->dialect,
                               .reply = reply,
                               .asked = asked,
                               .keep = job->in->keep,
                               .chunks = job->in->chunks,
                               .wall_us = job->wall_us};
    struct err err = {0};

    job->entry->line = reply->line;
    if (reply->fault_count > 0) {
        uint64_t before = book_attempt(job->service->book, &asked->hash);

        job->entry->attempt = before + 1;
        spec.fault = fault_of_attempt(reply->faults, reply->fault_count, before);
    }
    if (answer_make(job->out, &job->entry->status, &spec, &err) < 0)
        answer_error(job, 500, err.msg);
}

static void answer_asked(const struct job *job, struct asked *asked)
{
    struct err err = {0};
    int rc = json_parse(&asked->body, job->in->body.data, job->in->body.len, NULL, &err);

    if (rc == 0)
        rc = job->dialect->read(asked, &err);
    if (rc < 0) {
        book_sums(job->service->book)->unfit++;
        answer_error(job, 400, err.msg);
        return;
    }
    const struct reply *reply = scenario_choose(job->service->scenario, asked);
    check(job, reply, asked);
    if (reply)
        answer_reply(job, reply, asked);
    else
        answer_unfit(job, asked);
}

static void answer_model(const struct job *job)
{
    const struct hash_part parts[] = {{job->dialect->path, strlen(job->dialect->path)},
                                      {job->in->body.data, job->in->body.len}};
    struct asked asked = {.http = job->in, .hash = sha256_parts(parts, 2)};

    job->entry->hash = asked.hash;
    answer_asked(job, &asked);
    asked_clear(&asked);
}

/* ---- The lists ---- */

static void list_models(const struct job *job)
{
    struct buf body;

    buf_init(&body, LISTING_MAX);
    (void)buf_text(&body, "{\"object\":\"list\",\"data\":[{\"id\":");
    (void)json_quote(&body, job->service->scenario->model, strlen(job->service->scenario->model));
    (void)buf_text(&body, ",\"object\":\"model\",\"created\":1,\"owned_by\":\"simulator\"}]}");
    answer_body(job, 200, &body);
    buf_free(&body);
}

static void list_expectations(const struct job *job)
{
    const struct book_sums *sums = book_sums(job->service->book);
    struct buf body;

    buf_init(&body, LISTING_MAX);
    (void)buf_printf(
        &body, "{\"checked\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"unfit\":%" PRIu64 ",\"differs\":",
        sums->checked, sums->failed, sums->unfit);
    (void)json_quote(&body, job->service->differs.data, job->service->differs.len);
    (void)buf_char(&body, '}');
    answer_body(job, 200, &body);
    buf_free(&body);
}

static void list_requests(const struct job *job)
{
    struct buf body;

    buf_init(&body, LISTING_MAX);
    (void)book_print(job->service->book, &body);
    answer_body(job, 200, &body);
    buf_free(&body);
}

static const struct {
    const char *path;
    void (*answer)(const struct job *job);
} lists[] = {
    {"/v1/models", list_models},
    {"/expectations", list_expectations},
    {"/requests", list_requests},
};

/* ---- Which of them ---- */

static bool is_allowed(const struct job *job)
{
    const char *bearer = inbound_header(job->in, "authorization");
    const char *key = inbound_header(job->in, "x-api-key");

    return str_eq(key, job->service->token) || (bearer && strncasecmp(bearer, "Bearer ", 7) == 0 &&
                                                str_eq(bearer + 7, job->service->token));
}

static void answer_get(const struct job *job, const char *path)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (str_eq(lists[i].path, path)) {
            lists[i].answer(job);
            return;
        }
    answer_error(job, 404, "there is no such page");
}

static void answer_path(struct job *job, const char *path)
{
    job->dialect = dialect_find(path);
    if (!is_allowed(job))
        answer_error(job, 401, "this is not the simulator's token");
    else if (job->dialect && str_eq(job->in->method, "POST"))
        answer_model(job);
    else if (!job->dialect && str_eq(job->in->method, "GET"))
        answer_get(job, path);
    else
        answer_error(job, job->dialect ? 405 : 404, "there is nothing to answer here");
}

void service_answer(struct service *service, struct reel *out, struct book_entry *entry,
                    const struct inbound *in, int64_t wall_us)
{
    struct job job = {.service = service, .out = out, .entry = entry, .in = in, .wall_us = wall_us};

    entry->bytes = in->body.len;
    if (in->phase == INBOUND_BAD) {
        answer_error(&job, in->status, "this is no HTTP request that the simulator understands");
        out->end = REEL_FIN;
        return;
    }
    char *path = mem_copy(in->target, strcspn(in->target, "?"));
    answer_path(&job, path);
    free(path);
}
