/* SPDX-License-Identifier: MIT */
/* The engine's thread over a real history, with a server that never answers. */
#include "core/agent/engine.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/agent/run_spec.h"
#include "core/base/json.h"
#include "core/base/mailbox.h"
#include "core/base/mem.h"
#include "core/config/run_config.h"
#include "history/lock.h"
#include "tests/suite.h"
#include "tests/support/site.h"

#define LIMIT_MS 20000 /* far more than any of it takes */

struct heard {
    struct mail mail;
    enum news_kind kind;
    int64_t ticket;
    char *uid, *text;
};

struct bench {
    struct site site;
    struct mailbox *box;
    struct mail *taken; /* heard, not looked at */
    struct engine *engine;
    int server;
    char url[64];
};

static void heard_free(struct mail *mail)
{
    struct heard *heard = (struct heard *)mail;

    free(heard->uid);
    free(heard->text);
    free(heard);
}

/* On the engine's thread. */
static void on_news(void *self, const struct engine_news *news)
{
    struct heard *heard = mem_new(sizeof *heard);

    if (news->kind != NEWS_STORED) {
        heard->mail.discard = heard_free;
        heard->kind = news->kind;
        heard->ticket = news->ticket;
        heard->uid = mem_text(news->uid);
        heard->text = mem_text(news->text);
        mailbox_post(((struct bench *)self)->box, &heard->mail);
    } else {
        free(heard);
    }
}

static int endpoint(void *self, const struct run_spec *spec, struct endpoint *out, struct err *err)
{
    (void)spec;
    (void)err;
    out->base_url = mem_text(((struct bench *)self)->url);
    return 0;
}

static void listen_only(struct bench *bench)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    bench->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(bench->server, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL_FATAL(listen(bench->server, 8), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(bench->server, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(bench->url, sizeof bench->url, "http://127.0.0.1:%d/v1", ntohs(at.sin_port));
}

static void bench_open(struct bench *bench)
{
    static const char *const environment[] = {NULL};
    struct engine_options options = {.clock = clock_system(),
                                     .exec_path = "/nowhere",
                                     .environment = environment,
                                     .self = bench,
                                     .news = on_news,
                                     .endpoint = endpoint};

    *bench = (struct bench){.server = -1};
    listen_only(bench);
    site_name(&bench->site);
    CU_ASSERT_EQUAL_FATAL(site_open(&bench->site), 0);
    CU_ASSERT_EQUAL_FATAL(mailbox_new(&bench->box, NULL), 0);
    options.journal = bench->site.journal;
    CU_ASSERT_EQUAL_FATAL(engine_new(&bench->engine, &options, NULL), 0);
}

static void bench_close(struct bench *bench)
{
    engine_free(bench->engine);
    while (bench->taken) {
        struct mail *mail = bench->taken;

        bench->taken = mail->next;
        mail_discard(mail);
    }
    mailbox_free(bench->box);
    close(bench->server);
    site_tear_down(&bench->site);
}

/* The next news that is not of this run's progress; NULL = none within the limit. */
static struct heard *next(struct bench *bench)
{
    struct pollfd fd = {.fd = mailbox_fd(bench->box), .events = POLLIN};

    while (!bench->taken && poll(&fd, 1, LIMIT_MS) > 0)
        bench->taken = mailbox_take(bench->box);
    struct mail *mail = bench->taken;
    if (mail)
        bench->taken = mail->next;
    return (struct heard *)mail;
}

/* What comes next must be this. Its uid, yours, when `uid` is not NULL. */
static void hears(struct bench *bench, enum news_kind kind, int64_t ticket, char **uid)
{
    struct heard *heard = next(bench);

    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    if (heard->kind != kind || heard->ticket != ticket)
        printf("    heard %d of %lld: %s\n", (int)heard->kind, (long long)heard->ticket,
               heard->text ? heard->text : "");
    CU_ASSERT_EQUAL(heard->kind, kind);
    CU_ASSERT_EQUAL(heard->ticket, ticket);
    if (uid)
        *uid = mem_text(heard->uid);
    heard_free(&heard->mail);
}

static void start(struct bench *bench, int64_t ticket)
{
    struct run_config *config;

    run_config_new(&config);
    CU_ASSERT_EQUAL(run_config_set(config, "model.name", "m", NULL), 0);
    struct run_spec *spec = run_spec_new(config);
    spec->task = mem_text("task");
    spec->provider = mem_text("test");
    spec->workspace = mem_text(bench->site.dir);
    engine_start_run(bench->engine, ticket, spec);
}

static void say(struct bench *bench, int64_t ticket, const char *uid, const char *verb)
{
    cJSON *json = cJSON_CreateObject();

    json_set_text(json, "verb", verb);
    json_set_text(json, "action", "list");
    engine_verb(bench->engine, ticket, uid, json);
}

/* One run is at work, another one is to start while somebody else writes: it waits in line, and the
   engine goes on with all that needs no lock. */
static void a_start_waits_for_the_lock(void)
{
    struct bench bench;
    struct lock *lock = NULL;
    char *uid = NULL;

    bench_open(&bench);
    start(&bench, 1);
    hears(&bench, NEWS_STARTED, 1, &uid);
    int call = accept4(bench.server, NULL, NULL, SOCK_CLOEXEC); /* it is at work, all is stored */
    CU_ASSERT_EQUAL_FATAL(lock_open(&lock, bench.site.path, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(lock_wait(lock, 5000000, NULL), 0);
    start(&bench, 2);
    engine_adopt(bench.engine, 3, 99, "resume");
    say(&bench, 4, "nobody", "pause");
    hears(&bench, NEWS_REFUSED, 4, NULL);
    say(&bench, 5, uid, "breaker");
    hears(&bench, NEWS_REPLY, 5, NULL);
    lock_drop(lock);
    hears(&bench, NEWS_STARTED, 2, NULL);
    hears(&bench, NEWS_REFUSED, 3, NULL); /* there is no such run; in the order of asking */
    free(uid);
    close(call);
    lock_close(lock);
    bench_close(&bench);
}

/* Whoever closes the program does not wait for what never began. */
static void what_waits_is_refused_at_the_end(void)
{
    struct bench bench;
    struct lock *lock = NULL;

    bench_open(&bench);
    CU_ASSERT_EQUAL_FATAL(lock_open(&lock, bench.site.path, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(lock_wait(lock, 5000000, NULL), 0);
    start(&bench, 1);
    engine_stop(bench.engine);
    start(&bench, 2);
    hears(&bench, NEWS_REFUSED, 1, NULL);
    lock_close(lock);
    bench_close(&bench);
}

static const struct test tests[] = {
    {"a run that is to start while another process writes waits, and the others go on",
     a_start_waits_for_the_lock},
    {"a start that waits when the program is closed is refused", what_waits_is_refused_at_the_end},
    {NULL, NULL},
};

const struct suite suite_engine = {"engine", tests};
