/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/net/http.h"
#include "tests/suite.h"
#include "tests/support/fakeca.h"
#include "tests/support/httprig.h"

#define SECRET "sk-canary-7f3a"

struct secure {
    struct fakeca *ca;
    struct ssl_ctx_st *tls;
    char ca_file[32];
    struct httprig rig;
};

static void open_secure(struct secure *secure, const char *host, enum fakeca_flaw flaw,
                        bool trusted)
{
    static const struct fake_step ok_hi[] = {FAKE_TEXT(FAKE_OK_HI), FAKE_STEP(FAKE_DONE)};
    static const struct fake_step *const answers[] = {ok_hi};

    *secure = (struct secure){.ca_file = "/tmp/rerail-ca-XXXXXX"};
    int fd = mkstemp(secure->ca_file);
    CU_ASSERT_FATAL(fd >= 0);
    (void)close(fd); /* written by name below */
    secure->ca = fakeca_new();
    fakeca_write(secure->ca, secure->ca_file);
    secure->tls = fakeca_server(secure->ca, host, flaw);
    httprig_open(&secure->rig, &(struct http_options){.ca_file = trusted ? secure->ca_file : NULL});
    struct fakehttp_options options = {.answers = answers, .answer_count = 1, .tls = secure->tls};
    CU_ASSERT_EQUAL_FATAL(fakehttp_start(&secure->rig.servers[0], &options), 0);
}

static void close_secure(struct secure *secure)
{
    httprig_close(&secure->rig);
    fakeca_server_free(secure->tls);
    fakeca_free(secure->ca);
    CU_ASSERT_EQUAL(unlink(secure->ca_file), 0);
}

static void test_tls(void)
{
    struct secure secure;

    open_secure(&secure, "127.0.0.1", FAKECA_GOOD, true);
    for (int i = 0; i < 2; i++) {
        struct httptalk talk = {0};

        CU_ASSERT_TRUE(httprig_get(&secure.rig, &talk, "/v1"));
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
        CU_ASSERT_STRING_EQUAL(talk.body.data, "hi");
        CU_ASSERT_EQUAL(talk.result.times.tls_us > 0, i == 0);
        CU_ASSERT_EQUAL(talk.result.reused, i == 1);
        httptalk_clear(&talk);
    }
    CU_ASSERT_EQUAL(fakehttp_connections(secure.rig.servers[0]), 1);
    close_secure(&secure);
}

static void test_bad_certificates(void)
{
    static const struct {
        const char *host;
        enum fakeca_flaw flaw;
        bool trusted;
        const char *reason;
    } rows[] = {
        {"127.0.0.1", FAKECA_GOOD, false, "unable to get local issuer certificate"},
        {"127.0.0.1", FAKECA_SELF_SIGNED, true, "self-signed certificate"},
        {"127.0.0.1", FAKECA_EXPIRED, true, "certificate has expired"},
        {"127.0.0.2", FAKECA_GOOD, true, "127.0.0.1"},
        {"a.example", FAKECA_GOOD, true, "127.0.0.1"},
        {"127.0.0.1", FAKECA_TLS_1_0, true, "TLS handshake failed"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct secure secure;
        struct httptalk talk = {0};

        open_secure(&secure, rows[i].host, rows[i].flaw, rows[i].trusted);
        CU_ASSERT_TRUE(httprig_get(&secure.rig, &talk, "/v1?" SECRET));
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_TLS);
        CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, rows[i].reason));
        if (!strstr(talk.result.text, rows[i].reason))
            printf("    %s\n", talk.result.text);
        CU_ASSERT_EQUAL(talk.result.times.sent_us, 0);
        CU_ASSERT_EQUAL(fakehttp_requests(secure.rig.servers[0]), 0);
        httptalk_clear(&talk);
        close_secure(&secure);
    }
}

/* What meets a client that wants TLS, and what the client makes of it. */
static void test_no_tls_there(void)
{
    static const struct {
        struct fake_step steps[2];
        bool tls; /* it is TLS's failure, else the connection's, which may be tried again */
    } rows[] = {
        {{FAKE_TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"), FAKE_STEP(FAKE_FIN)}, true},
        {{FAKE_STEP(FAKE_RST)}, false},
        {{FAKE_STEP(FAKE_FIN)}, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httprig rig;
        struct httptalk talk = {0};
        const struct fake_step *answer = rows[i].steps;
        struct fakehttp_options options = {
            .answers = &answer, .answer_count = 1, .at_accept = true};

        httprig_open(&rig, NULL);
        CU_ASSERT_EQUAL_FATAL(fakehttp_start(&rig.servers[0], &options), 0);
        char *url = mem_printf("https://127.0.0.1:%d/", fakehttp_port(rig.servers[0]));
        CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
        CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
        /* A reset may come while libcurl still counts the connection as being made. */
        CU_ASSERT_EQUAL(talk.result.outcome == HTTP_TLS, rows[i].tls);
        CU_ASSERT(rows[i].tls || talk.result.outcome == HTTP_RESET ||
                  talk.result.outcome == HTTP_CONNECT);
        free(url);
        httptalk_clear(&talk);
        httprig_close(&rig);
    }
}

static void test_ca_file(void)
{
    struct http *http = NULL;
    struct clock clock = clock_system();
    struct err err = {0};

    CU_ASSERT_EQUAL(
        http_new(&http, &(struct http_options){.ca_file = "/nowhere/ca.pem"}, &clock, &err),
        E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "ca_file /nowhere/ca.pem: No such file or directory");
}

static const struct test tests[] = {
    {"an extra authority is trusted and its connection kept", test_tls},
    {"N34 self-signed, expired, wrong host, unknown issuer, old TLS are refused",
     test_bad_certificates},
    {"N34 plain HTTP on a TLS port is refused", test_no_tls_there},
    {"a CA file that is not there is said at the start", test_ca_file},
    {NULL, NULL},
};

const struct suite suite_http_tls = {"http_tls", tests};
