/* SPDX-License-Identifier: MIT */
/* Both ends of the owner's socket, in one thread where possible. */
#include "history/attach.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "history/owner.h"
#include "history/watch.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct owner_side {
    char *dir;
    struct attach_server *server;
    int64_t last; /* ticket of the last verb */
    int verbs;
    char verb[256];
    bool stop;
    bool reply_now;
};

static void on_verb(void *ctx, int64_t ticket, const char *json, size_t len)
{
    struct owner_side *o = ctx;

    o->last = ticket;
    o->verbs++;
    snprintf(o->verb, sizeof o->verb, "%.*s", (int)len, json);
    o->stop = o->stop || strstr(json, "\"stop\"");
    if (o->reply_now)
        attach_reply(o->server, ticket, !strstr(json, "refuse"), "said so");
}

static bool set_up(struct owner_side *o, const char *below)
{
    struct err err = {0};

    memset(o, 0, sizeof *o);
    o->dir = scratch_new();
    char *dir = mem_printf("%s%s", o->dir, below);
    struct attach_options options = {.name = "me", .dir = dir, .verb = on_verb, .ctx = o};
    int rc = attach_listen(&o->server, &options, &err);
    free(dir);
    CU_ASSERT_EQUAL(rc, 0);
    return rc == 0;
}

static void tear_down(struct owner_side *o)
{
    attach_server_free(o->server);
    scratch_free(o->dir);
}

/* Lets the server do what has arrived. */
static void serve(struct owner_side *o)
{
    struct pollfd wait = {.fd = attach_server_fd(o->server), .events = POLLIN};

    while (poll(&wait, 1, 0) > 0)
        attach_step(o->server);
}

static struct attach_client *join_in(struct owner_side *o)
{
    struct attach_client *client = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL(attach_connect(&client, attach_path(o->server), &err), 0);
    serve(o);
    return client;
}

static void test_verb_and_answer(void)
{
    struct owner_side o;
    struct err err = {0};
    const char *line;
    size_t len;
    int64_t ticket;

    if (!set_up(&o, ""))
        return;
    struct attach_client *c = join_in(&o);
    CU_ASSERT_EQUAL(attach_send(c, "{\"verb\":\"pause\",\"run\":\"x\"}", &ticket, &err), 0);
    CU_ASSERT_EQUAL(attach_next(c, &line, &len, &err), 0);
    serve(&o);
    CU_ASSERT_EQUAL(o.verbs, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(o.verb, "\"verb\":\"pause\""));
    attach_reply(o.server, o.last, true, "paused");
    attach_reply(o.server, o.last, true, "twice"); /* the second goes nowhere */
    CU_ASSERT_EQUAL(attach_next(c, &line, &len, &err), 1);
    CU_ASSERT_STRING_EQUAL(line, "{\"ticket\":1,\"ok\":true,\"text\":\"paused\"}");
    CU_ASSERT_EQUAL(attach_next(c, &line, &len, &err), 0);
    attach_client_free(c);
    serve(&o);
    attach_reply(o.server, o.last, true, "to nobody");
    tear_down(&o);
}

static void test_watch(void)
{
    struct owner_side o;
    struct err err = {0};
    const char *line;
    size_t len;

    if (!set_up(&o, ""))
        return;
    struct attach_client *a = join_in(&o), *b = join_in(&o);
    CU_ASSERT_EQUAL(attach_watch(a, "run-1", &err), 0);
    CU_ASSERT_EQUAL(attach_watch(b, "*", &err), 0);
    CU_ASSERT_FALSE(attach_watched(o.server, "run-1"));
    serve(&o);
    CU_ASSERT(attach_watched(o.server, "run-1") && attach_watched(o.server, "run-2"));
    attach_text(o.server, "run-2", "{\"run\":\"run-2\"}", 15);
    attach_text(o.server, "run-1", "{\"run\":\"run-1\"}", 15);
    attach_commit(o.server, 42);
    CU_ASSERT_EQUAL(attach_next(a, &line, &len, &err), 1);
    CU_ASSERT_STRING_EQUAL(line, "{\"run\":\"run-1\"}");
    CU_ASSERT_EQUAL(attach_next(a, &line, &len, &err), 1);
    CU_ASSERT_STRING_EQUAL(line, "{\"commit\":42}");
    CU_ASSERT_EQUAL(attach_next(b, &line, &len, &err), 1);
    CU_ASSERT_STRING_EQUAL(line, "{\"run\":\"run-2\"}");
    attach_client_free(a);
    attach_client_free(b);
    tear_down(&o);
}

static void test_slow_reader_is_dropped(void)
{
    struct owner_side o;
    struct err err = {0};
    char *text = mem_new(64 << 10);
    const char *line;
    size_t len;
    int rc, lines = 0;

    if (!set_up(&o, ""))
        return;
    memset(text, 'x', (64 << 10) - 1);
    struct attach_client *slow = join_in(&o), *quick = join_in(&o);
    attach_watch(slow, "*", &err);
    attach_watch(quick, "*", &err);
    serve(&o);
    for (int i = 0; i < 200; i++) {
        attach_text(o.server, "run", text, (64 << 10) - 1);
        while (attach_next(quick, &line, &len, &err) == 1)
            lines++;
        serve(&o);
    }
    while (attach_next(quick, &line, &len, &err) == 1)
        lines++;
    CU_ASSERT_EQUAL(lines, 200);
    while ((rc = attach_next(slow, &line, &len, &err)) == 1)
        continue;
    CU_ASSERT_EQUAL(rc, E_CLOSED);
    attach_client_free(slow);
    attach_client_free(quick);
    free(text);
    tear_down(&o);
}

static int raw_connect(struct owner_side *o)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", attach_path(o->server));
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* What a client sends, whole or byte by byte, and whether it is then still connected. */
static void test_hostile_clients(void)
{
    static const struct {
        const char *bytes;
        int verbs;
        bool stays;
    } cases[] = {
        {"{\"verb\":\"a\"}\n", 1, true}, {"{\"verb\":\"a\"}\n\n{\"verb\":\"b\"}\n", 2, true},
        {"{\"verb\":\"a\"", 0, true},    {"GET / HTTP/1.1\r\n\r\n", 0, false},
        {"[1,2]\n", 0, false},           {"{\"verb\":\"a\",\"verb\":\"b\"}\n", 0, false},
        {"{\"other\":1}\n", 0, true},    {"\x00\xff\xfe\n", 0, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int split = 0; split < 2; split++) {
            struct owner_side o;
            if (!set_up(&o, ""))
                return;
            int fd = raw_connect(&o);
            size_t len = strlen(cases[i].bytes);
            for (size_t at = 0; at < len; at += split ? 1 : len) {
                ssize_t sent = send(fd, cases[i].bytes + at, split ? 1 : len, MSG_NOSIGNAL);
                CU_ASSERT(sent > 0 || !cases[i].stays);
                serve(&o);
            }
            CU_ASSERT_EQUAL(o.verbs, cases[i].verbs);
            char box[512];
            ssize_t got;
            while ((got = recv(fd, box, sizeof box, MSG_DONTWAIT)) > 0)
                continue;
            CU_ASSERT_EQUAL(got != 0, cases[i].stays);
            close(fd);
            tear_down(&o);
        }
    }
}

static void test_line_without_end(void)
{
    struct owner_side o;
    char *block = mem_new(64 << 10);
    char box[8];

    if (!set_up(&o, ""))
        return;
    memset(block, 'x', 64 << 10);
    int fd = raw_connect(&o);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 64; i++) {
        if (send(fd, block, 64 << 10, MSG_NOSIGNAL) < 0)
            break;
        serve(&o);
    }
    ssize_t got = recv(fd, box, sizeof box, 0);
    CU_ASSERT(got <= 0);
    CU_ASSERT_EQUAL(o.verbs, 0);
    close(fd);
    free(block);
    tear_down(&o);
}

static void *serve_until_stop(void *ctx)
{
    struct owner_side *o = ctx;
    struct pollfd wait = {.fd = attach_server_fd(o->server), .events = POLLIN};

    while (!o->stop && poll(&wait, 1, 5000) > 0)
        attach_step(o->server);
    return NULL;
}

static void test_call_waits_for_its_answer(void)
{
    struct owner_side o;
    struct err err = {0};
    pthread_t thread;
    struct attach_client *c;
    char *text;

    if (!set_up(&o, ""))
        return;
    o.reply_now = true;
    CU_ASSERT_EQUAL(attach_connect(&c, attach_path(o.server), &err), 0);
    CU_ASSERT_EQUAL(attach_call(c, "{\"verb\":\"pause\"}", 1000, &text, &err), E_TIMEOUT);
    pthread_create(&thread, NULL, serve_until_stop, &o);
    CU_ASSERT_EQUAL(attach_call(c, "{\"verb\":\"pause\"}", 5000000, &text, &err), 0);
    CU_ASSERT_STRING_EQUAL(text, "said so");
    free(text);
    CU_ASSERT_EQUAL(attach_call(c, "{\"verb\":\"refuse\"}", 5000000, &text, &err), E_DENIED);
    CU_ASSERT_STRING_EQUAL(err.msg, "said so");
    CU_ASSERT_EQUAL(attach_call(c, "{\"verb\":\"stop\"}", 5000000, &text, &err), 0);
    free(text);
    pthread_join(thread, NULL);
    attach_server_free(o.server);
    o.server = NULL;
    CU_ASSERT_EQUAL(attach_call(c, "{\"verb\":\"pause\"}", 5000000, &text, &err), E_CLOSED);
    attach_client_free(c);
    tear_down(&o);
}

static void test_long_path_and_mode(void)
{
    static const char below[] =
        "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbbbbbb"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccc";
    struct owner_side o;
    struct err err = {0};
    struct stat st;

    if (!set_up(&o, below))
        return;
    CU_ASSERT(strlen(attach_path(o.server)) > 108);
    CU_ASSERT_EQUAL(stat(attach_path(o.server), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    struct attach_client *c = join_in(&o);
    CU_ASSERT_PTR_NOT_NULL(c);
    attach_client_free(c);
    char *path = mem_text(attach_path(o.server));
    attach_server_free(o.server);
    o.server = NULL;
    CU_ASSERT_EQUAL(attach_connect(&c, path, &err), E_CLOSED);
    free(path);
    tear_down(&o);
}

static void test_watch_file(void)
{
    char *dir = scratch_new();
    char *path = mem_printf("%s/history.db", dir);
    struct watch *watch;
    struct err err = {0};

    CU_ASSERT_EQUAL(watch_new(&watch, path, &err), 0);
    CU_ASSERT_FALSE(watch_take(watch));
    scratch_write(dir, "history.db.lock", "1");
    scratch_write(dir, "other", "1");
    CU_ASSERT_FALSE(watch_take(watch));
    scratch_write(dir, "history.db-wal", "1");
    struct pollfd wait = {.fd = watch_fd(watch), .events = POLLIN};
    CU_ASSERT_EQUAL(poll(&wait, 1, 0), 1);
    CU_ASSERT(watch_take(watch));
    CU_ASSERT_FALSE(watch_take(watch));
    watch_free(watch);
    free(path);
    scratch_free(dir);
}

static void test_owner_lives_and_dies(void)
{
    char *dir = scratch_new();
    char *path = mem_printf("%s/history.db", dir);
    struct owner *owner;
    struct owner_info info;
    struct err err = {0};

    CU_ASSERT_EQUAL(owner_new(&owner, path, &err), 0);
    char *name = mem_text(owner_name(owner));
    CU_ASSERT_EQUAL(owner_publish(owner, "/run/user/0/rerail/x.sock", &err), 0);
    owner_look(&info, path, name);
    CU_ASSERT(info.alive);
    CU_ASSERT_EQUAL(info.pid, getpid());
    CU_ASSERT_STRING_EQUAL(info.socket, "/run/user/0/rerail/x.sock");
    CU_ASSERT_EQUAL(owner_sweep(path), 0);
    owner_abandon(owner);
    owner_look(&info, path, name);
    CU_ASSERT_FALSE(info.alive);
    CU_ASSERT_EQUAL(info.pid, getpid());
    CU_ASSERT_EQUAL(owner_sweep(path), 1);
    owner_look(&info, path, name);
    CU_ASSERT(!info.alive && info.pid == 0);
    owner_look(&info, path, "../../etc/passwd");
    CU_ASSERT(!info.alive && info.pid == 0);
    free(name);
    free(path);
    scratch_free(dir);
}

const struct suite suite_attach = {
    "attach",
    (const struct test[]){
        {"a verb reaches the owner and its answer comes back once", test_verb_and_answer},
        {"text goes to those who watch that run", test_watch},
        {"a client that does not read is dropped, others go on", test_slow_reader_is_dropped},
        {"a client that speaks nonsense is answered or dropped", test_hostile_clients},
        {"a line without end ends the connection", test_line_without_end},
        {"a call waits for its own answer, and not for ever", test_call_waits_for_its_answer},
        {"a long path works and the socket is the owner's alone", test_long_path_and_mode},
        {"a change of the WAL wakes, one of the lock does not", test_watch_file},
        {"an owner is known to be dead at once", test_owner_lives_and_dies},
        {NULL, NULL},
    },
};
