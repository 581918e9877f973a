/* SPDX-License-Identifier: MIT */
#include "core/agent/engine_data.h"

#include "core/agent/run_spec.h"
#include "core/agent/tool_client.h"
#include "core/agent/turn.h"
#include "core/agent/workers.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "core/net/http.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS     4
#define STOP_MAX_US ((int64_t)2800 * US_PER_MS) /* a closed terminal leaves three seconds (U05) */
/* While something is in flight the loop looks so often, and takes a longer sleep for a standstill.
 */
#define LOOK_MS       1000
#define STANDSTILL_US ((int64_t)2 * US_PER_S)

struct letter {
    struct mail mail;
    struct letter *next; /* in the line of those that wait for the lock */
    int64_t ticket, run;
    struct run_spec *spec;
    char *text; /* how, or the run's uid */
    cJSON *verb;
};

void engine_tell(const struct engine *engine, const struct engine_news *news)
{
    engine->options.news(engine->options.self, news);
}

/* --- letters ---------------------------------------------------------------------------------- */

static void refused(const struct engine *engine, int64_t ticket, const struct err *err)
{
    const struct engine_news news = {
        .kind = NEWS_REFUSED, .ticket = ticket, .ok = false, .text = err->msg};

    engine_tell(engine, &news);
}

static void started(const struct engine *engine, int64_t ticket, const struct run *run)
{
    const struct engine_news news = {.kind = NEWS_STARTED,
                                     .ticket = ticket,
                                     .ok = true,
                                     .run = run_id(run),
                                     .uid = run_uid(run)};

    engine_tell(engine, &news);
}

static void free_letter(struct mail *mail)
{
    struct letter *letter = (struct letter *)mail;

    run_spec_free(letter->spec);
    cJSON_Delete(letter->verb);
    free(letter->text);
    free(letter);
}

/* False: the history's lock is taken, and nothing was done. */
static bool try_start(struct engine *engine, const struct letter *letter, struct err *err)
{
    struct run *run = NULL;
    int rc = turn_start(engine->turn, letter->spec, &run, err);

    if (rc == 0)
        started(engine, letter->ticket, run);
    else if (rc != E_BUSY)
        refused(engine, letter->ticket, err);
    return rc != E_BUSY;
}

static bool try_adopt(struct engine *engine, const struct letter *letter, struct err *err)
{
    int rc = turn_adopt(engine->turn, letter->run, letter->text, err);

    if (rc == 0)
        started(engine, letter->ticket, turn_run(engine->turn, letter->run));
    else if (rc != E_BUSY)
        refused(engine, letter->ticket, err);
    return rc != E_BUSY;
}

static void tell_stalled(const struct engine *engine, const char *text)
{
    const struct engine_news news = {.kind = NEWS_STALLED, .ok = true, .text = text};

    engine_tell(engine, &news);
}

/* Those that wait for the lock, as long as it is free. Other runs go on meanwhile. */
static void try_waiting(struct engine *engine)
{
    int64_t now_us = clock_mono(&engine->options.clock);
    struct letter *letter;
    struct err err = {0};

    if (now_us < engine->lock.retry_us)
        return;
    while ((letter = engine->waiting)) {
        bool done = letter->mail.kind == LETTER_START ? try_start(engine, letter, &err)
                                                      : try_adopt(engine, letter, &err);
        if (!done) {
            if (patience_more(&engine->lock, now_us))
                tell_stalled(engine, err.msg);
            return;
        }
        engine->waiting = letter->next;
        free_letter(&letter->mail);
    }
    if (patience_end(&engine->lock))
        tell_stalled(engine, NULL);
}

static void wait_in_line(struct engine *engine, struct letter *letter)
{
    struct letter **at = &engine->waiting;

    while (*at)
        at = &(*at)->next;
    *at = letter;
}

/* The process ends: they are answered, and nothing is begun. */
static void refuse_waiting(struct engine *engine)
{
    struct err err = {0};

    (void)err_set(&err, E_CANCELLED, "rerail is being closed");
    for (struct letter *letter; (letter = engine->waiting);) {
        engine->waiting = letter->next;
        refused(engine, letter->ticket, &err);
        free_letter(&letter->mail);
    }
}

static void take_verb(struct engine *engine, struct letter *letter)
{
    struct run *run = turn_run_named(engine->turn, letter->text);
    struct input *input;

    if (!run) {
        struct err err = {0};

        (void)err_set(&err, E_NOTFOUND, "that run is not live in this process");
        refused(engine, letter->ticket, &err);
        return;
    }
    input = input_new(INPUT_VERB);
    cJSON_Delete(input->facts);
    input->facts = letter->verb;
    letter->verb = NULL;
    cJSON_DeleteItemFromObjectCaseSensitive(input->facts, "ticket");
    json_set_int(input->facts, "ticket", letter->ticket);
    (void)turn_post(engine->turn, run_id(run), input);
}

/* Everything in flight is stopped the ordinary way, so that its outcome is on record. */
static void take_stop(struct engine *engine)
{
    if (engine->stopping)
        return;
    engine->stopping = true;
    refuse_waiting(engine);
    engine->stop_by_us = clock_mono(&engine->options.clock) + STOP_MAX_US;
    for (size_t i = 0; i < turn_runs(engine->turn); i++) {
        const struct run *run = turn_run_at(engine->turn, i);
        struct input *input;

        if (state_info(run_state(run))->person || state_info(run_state(run))->ended)
            continue;
        input = input_new(INPUT_VERB);
        json_set_text(input->facts, "verb", "pause_now");
        json_set_text(input->facts, "by", "rerail: closed");
        (void)turn_post(engine->turn, run_id(run), input);
    }
}

static void take(struct engine *engine, struct mail *mail)
{
    struct letter *letter = (struct letter *)mail;

    if (mail->kind == LETTER_TASK) {
        workers_done(engine->workers, (struct task *)mail);
        tool_client_returned((struct task *)mail);
        return;
    }
    engine->rested = false;
    switch ((enum letter_kind)mail->kind) {
    case LETTER_START:
    case LETTER_ADOPT:
        wait_in_line(engine, letter);
        if (engine->stopping)
            refuse_waiting(engine);
        else
            try_waiting(engine);
        return;
    case LETTER_VERB: take_verb(engine, letter); break;
    case LETTER_STOP: take_stop(engine); break;
    case LETTER_TASK: break;
    }
    free_letter(mail);
}

static void take_mail(struct engine *engine)
{
    for (struct mail *mail = mailbox_take(engine->box); mail;) {
        struct mail *next = mail->next;

        take(engine, mail);
        mail = next;
    }
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool in_flight(const struct engine *engine)
{
    for (size_t i = 0; i < turn_runs(engine->turn); i++)
        if (run_in_flight(turn_run_at(engine->turn, i)))
            return true;
    return false;
}

static bool finished(const struct engine *engine)
{
    if (!engine->stopping)
        return false;
    return (!in_flight(engine) && !turn_pending(engine->turn)) ||
           clock_mono(&engine->options.clock) >= engine->stop_by_us;
}

static void rest(struct engine *engine)
{
    bool resting = !engine->waiting && !turn_pending(engine->turn) && !in_flight(engine) &&
                   turn_wake_us(engine->turn) == INT64_MAX;
    const struct engine_news news = {.kind = NEWS_AT_REST};

    if (resting && !engine->rested) {
        engine->options.journal.class->tend(engine->options.journal.self, true);
        engine_tell(engine, &news);
    }
    engine->rested = resting;
}

static void make_room(struct engine *engine, size_t count)
{
    if (count <= engine->fd_cap)
        return;
    engine->fd_cap = count * 2;
    engine->fds = mem_grow(engine->fds, engine->fd_cap, sizeof *engine->fds);
}

/* The mailbox, the port, HTTP's and every tool's descriptors, in this order. */
static size_t gather(struct engine *engine, size_t *http_from, size_t *http_count)
{
    size_t count = 0;

    make_room(engine, 2 + http_fds(engine->http, NULL, 0));
    engine->fds[count++] = (struct pollfd){.fd = mailbox_fd(engine->box), .events = POLLIN};
    if (engine->options.port.fd)
        engine->fds[count++] = (struct pollfd){
            .fd = engine->options.port.fd(engine->options.port.self), .events = POLLIN};
    *http_from = count;
    *http_count = http_fds(engine->http, engine->fds + count, engine->fd_cap - count);
    count += *http_count;
    for (size_t i = 0; i < engine->client_count; i++) {
        size_t most = tool_client_max_fds(engine->clients[i].tools);

        make_room(engine, count + most);
        count +=
            tool_client_fds(engine->clients[i].tools, engine->fds + count, engine->fd_cap - count);
    }
    return count;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ms to wait, rounded up; −1 = until a descriptor is ready. */
static int timeout_ms(const struct engine *engine)
{
    int64_t now = clock_mono(&engine->options.clock);
    int64_t wake = turn_wake_us(engine->turn);
    int64_t http = http_timeout_us(engine->http);

    if (http >= 0)
        wake = sooner(wake, now + http);
    for (size_t i = 0; i < engine->client_count; i++)
        wake = sooner(wake, tool_client_wake_us(engine->clients[i].tools));
    if (engine->waiting)
        wake = sooner(wake, engine->lock.retry_us);
    if (engine->stopping)
        wake = sooner(wake, engine->stop_by_us);
    if (wake == INT64_MAX)
        return -1;
    if (wake <= now)
        return 0;
    int64_t ms = (wake - now + US_PER_MS - 1) / US_PER_MS;
    int64_t most = in_flight(engine) ? LOOK_MS : 3600000;
    return ms > most ? (int)most : (int)ms;
}

/* A process that was stopped (SIGSTOP, a debugger) must not find all its deadlines passed: the time
   that nobody could have used is given back. */
static void heed_standstill(struct engine *engine, int64_t asked_us, int waited_ms)
{
    int64_t late = clock_mono(&engine->options.clock) - asked_us - (int64_t)waited_ms * US_PER_MS;

    if (waited_ms < 0 || late < STANDSTILL_US)
        return;
    turn_shift(engine->turn, late);
    http_shift_deadlines(engine->http, late);
}

static void loop_once(struct engine *engine)
{
    size_t http_from, http_count;
    size_t count = gather(engine, &http_from, &http_count);
    int wait = timeout_ms(engine);
    int64_t asked = clock_mono(&engine->options.clock);
    int ready = poll(engine->fds, count, wait);

    if (ready < 0 && errno != EINTR)
        abort(); /* EFAULT, EINVAL, ENOMEM: nothing can be waited for any more */
    for (size_t i = 0; ready < 0 && i < count; i++)
        engine->fds[i].revents = 0;
    heed_standstill(engine, asked, wait);
    if (engine->fds[0].revents)
        take_mail(engine);
    try_waiting(engine);
    if (engine->options.port.fd && engine->fds[1].revents)
        engine->options.port.step(engine->options.port.self);
    http_step(engine->http, engine->fds + http_from, http_count);
    int64_t now = clock_mono(&engine->options.clock);
    for (size_t i = 0; i < engine->client_count; i++)
        tool_client_step(engine->clients[i].tools, now);
    (void)turn_pass(engine->turn, NULL); /* world_stalled has told why nothing can be stored */
    rest(engine);
}

static uint64_t chance(void *self)
{
    (void)self;
    return uuid_random();
}

static void *run_engine(void *arg)
{
    struct engine *engine = arg;
    const struct engine_news news = {.kind = NEWS_STOPPED};

    while (!finished(engine))
        loop_once(engine);
    turn_free(engine->turn);
    engine->turn = NULL;
    engine_tell(engine, &news);
    return NULL;
}

/* --- from outside ------------------------------------------------------------------------------
 */

static void post(struct engine *engine, enum letter_kind kind, struct letter letter)
{
    struct letter *mail = mem_new(sizeof *mail);

    *mail = letter;
    mail->mail.kind = (int)kind;
    mail->mail.discard = free_letter;
    mailbox_post(engine->box, &mail->mail);
}

void engine_start_run(struct engine *engine, int64_t ticket, struct run_spec *spec)
{
    post(engine, LETTER_START, (struct letter){.ticket = ticket, .spec = spec});
}

void engine_adopt(struct engine *engine, int64_t ticket, int64_t run, const char *how)
{
    post(engine, LETTER_ADOPT,
         (struct letter){.ticket = ticket, .run = run, .text = mem_text(how)});
}

void engine_verb(struct engine *engine, int64_t ticket, const char *uid, cJSON *verb)
{
    post(engine, LETTER_VERB,
         (struct letter){.ticket = ticket, .text = mem_text(uid), .verb = verb});
}

void engine_stop(struct engine *engine)
{
    post(engine, LETTER_STOP, (struct letter){0});
}

static void free_parts(struct engine *engine)
{
    turn_free(engine->turn);
    workers_free(engine->workers);
    http_free(engine->http);
    mailbox_free(engine->box);
    free(engine->clients);
    free(engine->fds);
    free(engine);
}

static int start_thread(struct engine *engine, struct err *err)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&engine->thread, NULL, run_engine, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? err_sys(err, failed, "the engine's thread") : 0;
}

int engine_new(struct engine **out, const struct engine_options *options, struct err *err)
{
    struct engine *engine = mem_new(sizeof *engine);
    const struct http_options http = {.ca_file = options->ca_file};

    engine->options = *options;
    engine->rested = true;
    int rc = mailbox_new(&engine->box, err);
    if (rc == 0)
        rc = http_new(&engine->http, &http, &engine->options.clock, err);
    if (rc == 0) {
        const struct turn_options turn = {.journal = options->journal,
                                          .world = engine_world(engine),
                                          .clock = options->clock,
                                          .random = chance};

        engine->workers = workers_new(WORKERS, engine->box);
        engine->turn = turn_new(&turn);
        rc = start_thread(engine, err);
    }
    if (rc < 0) {
        free_parts(engine);
        return rc;
    }
    *out = engine;
    return 0;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    engine_stop(engine);
    pthread_join(engine->thread, NULL);
    free_parts(engine);
}
