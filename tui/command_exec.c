/* SPDX-License-Identifier: MIT */
/*
 * rerail exec and resume: one run without the console. Events are read back from history as they
 * are stored, so that what is printed is what is on disk. Progress goes to stderr, the answer to
 * stdout; with
 * --json every event goes to stdout, one a line.
 */
#include "tui/commands.h"

#include "core/agent/state.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/model/message.h"
#include "history/history.h"
#include "history/query.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_run.h"
#include "tui/cli.h"
#include "tui/event_text.h"
#include "tui/session.h"
#include "tui/signals.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENT_PAGE     256
#define PRINT_EVERY_MS 16 /* as often as a console paints */
#define VERB_TICKET    2
#define LINE_MAX_BYTES ((size_t)256 << 20)

struct exec {
    struct cli *cli;
    const char *resume;              /* the stored run to go on with; NULL = a new one */
    const struct session_task *task; /* the new one; NULL = by the command line */
    const cJSON *only;               /* the one verb to say to it; NULL = what makes it go on */
    struct session *session;
    struct query *query;
    struct arena arena;
    struct buf line;
    bool json;
    int64_t run, seen; /* seen = the last event read */
    bool behind;       /* more is stored */
    char *uid;
    cJSON *errands; /* verbs to say once the run is ours, one after the other */
    bool waiting;   /* for the answer to one */
    int signals;    /* signalfd */
    int code;       /* −1 = goes on */
};

/* --- printing ------------------------------------------------------------------------------------
 */

static void print_event(struct exec *exec, const struct event_row *event)
{
    buf_clear(&exec->line);
    if (exec->json) {
        if (query_event_json(exec->query, event, &exec->line, NULL) == 0)
            event_text_print(stdout, exec->line.data);
    } else if (event_text(&exec->line, event->type, event->body)) {
        fprintf(stderr, "%s\n", exec->line.data);
    }
}

/* Everything stored since the last time. */
static int follow(struct exec *exec, struct err *err)
{
    struct event_page page = {.run = exec->run, .limit = EVENT_PAGE};
    struct event_row *rows = NULL;
    size_t count = EVENT_PAGE;
    int rc = 0;

    while (rc == 0 && count == EVENT_PAGE && exec->run > 0) {
        page.after = exec->seen;
        arena_clear(&exec->arena);
        rc = query_events(exec->query, &exec->arena, &page, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            print_event(exec, &rows[i]);
            exec->seen = rows[i].seq;
        }
    }
    fflush(stdout);
    return rc;
}

static void print_answer(struct exec *exec, int64_t head)
{
    struct message *message = NULL;

    buf_clear(&exec->line);
    if (query_body(exec->query, exec->run, head, &exec->line, NULL) == 0 &&
        message_parse(&message, exec->line.data, exec->line.len, NULL) == 0 &&
        message->role == ROLE_ASSISTANT)
        event_text_print(stdout, message->content);
    message_free(message);
}

/* --- ending
 * --------------------------------------------------------------------------------------- */

static int code_of(const struct run_row *row)
{
    switch ((enum run_state)row->state) {
    case RUN_COMPLETED: return str_eq(row->reason, "success") ? EXIT_DONE : EXIT_PARTIAL;
    case RUN_CANCELLED: return EXIT_CANCELLED;
    case RUN_AWAITING_APPROVAL: return EXIT_APPROVAL;
    case RUN_IN_DOUBT: return EXIT_IN_DOUBT;
    case RUN_ERROR: return EXIT_ERROR;
    case RUN_PAUSED: return EXIT_PARTIAL;
    case RUN_IDLE:
    case RUN_RUNNING:
    case RUN_WAITING_FOR_TOOL:
    case RUN_WAITING_RETRY:
    case RUN_STATE_COUNT: break;
    }
    return EXIT_ERROR;
}

static void say_end(struct exec *exec, const struct run_row *row)
{
    if (exec->json)
        return;
    if (exec->code == EXIT_DONE || (exec->code == EXIT_PARTIAL && row->state == RUN_COMPLETED))
        print_answer(exec, row->head);
    if (exec->code != EXIT_DONE)
        fprintf(stderr, "rerail: %s (%s); go on with: rerail exec --resume %.8s\n",
                state_info((enum run_state)row->state)->help, row->reason ? row->reason : "",
                exec->uid);
}

static void end(struct exec *exec)
{
    struct run_row row;

    if (exec->run == 0)
        return;
    (void)follow(exec, NULL);
    arena_clear(&exec->arena);
    if (query_run(exec->query, &exec->arena, exec->run, &row, NULL) < 0) {
        exec->code = EXIT_ERROR;
        return;
    }
    exec->code = exec->only && str_eq(row.reason, "step") ? EXIT_DONE : code_of(&row);
    say_end(exec, &row);
}

/* --- the loop
 * -------------------------------------------------------------------------------------- */

/* Says the next verb, if there is one. */
static void say_next(struct exec *exec)
{
    cJSON *verb = cJSON_DetachItemFromArray(exec->errands, 0);

    exec->waiting = verb != NULL;
    if (verb)
        session_verb(exec->session, VERB_TICKET, exec->uid, verb);
}

static void take_started(struct exec *exec, const struct engine_news *news)
{
    exec->run = news->run;
    exec->uid = mem_text(news->uid);
    if (!exec->json)
        fprintf(stderr, "run %.8s\n", news->uid);
    say_next(exec);
}

static void take_reply(struct exec *exec, const struct engine_news *news)
{
    if (news->ticket != VERB_TICKET)
        return;
    if (!news->ok)
        exec->code = cli_fail(EXIT_ERROR, "%s", news->text);
    else if (!exec->json)
        fprintf(stderr, "%s\n", news->text);
    say_next(exec);
}

/* Space can come back; a damaged file is mended at the next start alone. */
static void take_stall(struct exec *exec, const struct engine_news *news)
{
    if (news->text && !news->ok)
        exec->code = cli_fail(EXIT_ERROR, "%s; the next start saves what can be read", news->text);
    else if (news->text)
        fprintf(stderr, "rerail: waiting to store: %s\n", news->text);
}

static void take(struct exec *exec, const struct engine_news *news)
{
    switch (news->kind) {
    case NEWS_STARTED: take_started(exec, news); break;
    case NEWS_REFUSED: exec->code = cli_fail(EXIT_ERROR, "%s", news->text); break;
    case NEWS_STORED: exec->behind = true; break;
    case NEWS_STALLED: take_stall(exec, news); break;
    case NEWS_LOST: exec->code = cli_fail(EXIT_ERROR, "another process took the run over"); break;
    case NEWS_AT_REST:
        if (exec->code < 0 && !exec->waiting)
            end(exec);
        break;
    case NEWS_REPLY: take_reply(exec, news); break;
    case NEWS_DELTA:
    case NEWS_STOPPED: break;
    }
}

static void take_mail(struct exec *exec)
{
    for (struct mail *mail = mailbox_take(session_mailbox(exec->session)); mail;) {
        struct news *news = (struct news *)mail;

        mail = mail->next;
        take(exec, &news->is);
        news_free(news);
    }
}

static void take_signal(struct exec *exec)
{
    int code = signals_take(exec->signals);

    if (code == EXIT_INTERRUPTED && exec->uid) {
        cJSON *verb = cJSON_CreateObject();

        json_set_text(verb, "verb", "cancel");
        json_set_text(verb, "by", "signal");
        session_verb(exec->session, 0, exec->uid, verb);
    }
    if (code >= 0)
        exec->code = code;
}

/* After a look at the history the mail waits for the rest of a frame: a turn is three commits, and
   a look at each would cost a fifth of the turn. */
static void loop(struct exec *exec)
{
    int box = mailbox_fd(session_mailbox(exec->session));
    struct pollfd fds[] = {
        {.fd = box, .events = POLLIN},
        {.fd = exec->signals, .events = POLLIN},
    };

    while (exec->code < 0) {
        int ready = poll(fds, 2, fds[0].fd < 0 ? PRINT_EVERY_MS : -1);

        if (ready < 0 && errno != EINTR)
            exec->code = cli_sys(errno, "poll");
        if (ready <= 0) /* a signal too: a storm of them must not put the look off for ever */
            fds[0].fd = box;
        if (ready > 0 && fds[0].revents)
            take_mail(exec);
        if (ready > 0 && fds[1].revents)
            take_signal(exec);
        if (exec->behind) {
            (void)follow(exec, NULL); /* what fails here fails in end too */
            exec->behind = false;
            fds[0].fd = -1;
        }
    }
}

/* SIGINT cancels: wait until that is on record. SIGTERM stops: the close does that. */
static void wait_for_rest(struct exec *exec)
{
    struct pollfd fd = {.fd = mailbox_fd(session_mailbox(exec->session)), .events = POLLIN};
    bool resting = exec->code != EXIT_INTERRUPTED || !exec->uid;

    while (!resting && poll(&fd, 1, 4000) > 0)
        for (struct mail *mail = mailbox_take(session_mailbox(exec->session)); mail;) {
            struct news *news = (struct news *)mail;

            mail = mail->next;
            resting = resting || news->is.kind == NEWS_AT_REST;
            news_free(news);
        }
}

static cJSON *add_errand(struct exec *exec, const char *name)
{
    cJSON *verb = cJSON_CreateObject();

    json_set_text(verb, "verb", name);
    json_set_text(verb, "by", "shell");
    cJSON_AddItemToArray(exec->errands, verb);
    return verb;
}

static int add_rollback(struct exec *exec, int64_t run, const char *from, struct err *err)
{
    struct checkpoint_row row;
    int rc = query_checkpoint_find(exec->query, &exec->arena, run, from, &row, err);

    if (rc == 0)
        json_set_int(add_errand(exec, "rollback"), "to", row.node);
    return rc;
}

/* What makes a stored run go on: a message where there is one, else a word, else, where its owner
   died at work, nothing at all. */
static void add_going_on(struct exec *exec, const struct run_row *row, bool rolled_back)
{
    bool ended = row->state == RUN_COMPLETED || row->state == RUN_CANCELLED;

    if (exec->cli->word_count > 0) {
        char *text = cli_join(exec->cli, 0);

        json_set_text(add_errand(exec, "inject"), "text", text);
        free(text);
        if (ended && !rolled_back)
            return; /* the message is a new task: it starts by itself */
    }
    if (rolled_back || row->state == RUN_PAUSED || row->state == RUN_ERROR)
        (void)add_errand(exec, "resume");
}

static int begin_again(struct exec *exec, const char *word, struct err *err)
{
    const char *from = cli_option(exec->cli, "from");
    struct run_row row;
    int64_t run;
    int rc = query_run_find(exec->query, word, &run, err);

    if (rc == 0)
        rc = query_last_seq(exec->query, &exec->seen, err);
    if (rc == 0)
        rc = query_run(exec->query, &exec->arena, run, &row, err);
    if (rc == 0 && row.owner == RUN_OWNED)
        return err_set(err, E_BUSY, "process %lld has the run; reach it with rerail step, inject …",
                       (long long)row.owner_pid);
    if (rc == 0 && from)
        rc = add_rollback(exec, run, from, err);
    if (rc == 0 && exec->only)
        cJSON_AddItemToArray(exec->errands, cJSON_Duplicate(exec->only, true));
    else if (rc == 0)
        add_going_on(exec, &row, from != NULL);
    if (rc == 0)
        session_adopt(exec->session, 1, run, from || exec->only ? "visit" : "resume");
    return rc;
}

static int begin(struct exec *exec, struct err *err)
{
    const char *scenario = cli_option(exec->cli, "simulator");

    if (exec->resume)
        return begin_again(exec, exec->resume, err);
    if (exec->task)
        return session_start(exec->session, 1, exec->cli->config, exec->task, err);
    char *task = cli_join(exec->cli, 0);
    char *provider = scenario ? mem_printf("simulator:%s", scenario) : NULL;
    const struct session_task options = {
        .task = task, .provider = provider, .workspace = cli_option(exec->cli, "workspace")};
    int rc = session_start(exec->session, 1, exec->cli->config, &options, err);
    free(task);
    free(provider);
    return rc;
}

static int run(struct exec *exec, struct err *err)
{
    const struct session_options options = {
        .config = exec->cli->config, .environment = exec->cli->environment, .whole = true};
    struct history_report report = {0};

    exec->signals = signals_watch(err);
    if (exec->signals < 0)
        return exec->signals;
    int rc = session_open(&exec->session, &options, &report, err);
    if (report.damage)
        fprintf(stderr, "rerail: %s\n", report.damage);
    history_report_free(&report);
    if (rc == 0)
        rc = query_open(&exec->query, session_history(exec->session), NULL, err);
    if (rc == 0)
        rc = begin(exec, err);
    if (rc < 0)
        return rc;
    loop(exec);
    wait_for_rest(exec);
    return 0;
}

static int exec_all(struct exec *exec)
{
    struct err err = {0};

    exec->code = -1;
    exec->signals = -1;
    exec->json = cli_option(exec->cli, "json") != NULL;
    exec->errands = cJSON_CreateArray();
    buf_init(&exec->line, LINE_MAX_BYTES);
    if (run(exec, &err) < 0)
        exec->code = cli_error(&err);
    query_close(exec->query);
    session_close(exec->session);
    if (exec->signals >= 0)
        close(exec->signals);
    cJSON_Delete(exec->errands);
    arena_free(&exec->arena);
    buf_free(&exec->line);
    free(exec->uid);
    return exec->code;
}

int command_exec(struct cli *cli)
{
    struct exec exec = {.cli = cli, .resume = cli_option(cli, "resume")};

    if (!exec.resume && cli->word_count == 0)
        return cli_fail(EXIT_USAGE, "usage: rerail exec \"TASK\"");
    if (!exec.resume && cli_option(cli, "from"))
        return cli_fail(EXIT_USAGE, "--from goes with --resume RUN");
    return exec_all(&exec);
}

int command_resume(struct cli *cli)
{
    struct exec exec = {.cli = cli, .resume = cli->words[0]};

    cli->words++;
    cli->word_count--;
    return exec_all(&exec);
}

int command_exec_task(struct cli *cli, const struct session_task *task)
{
    struct exec exec = {.cli = cli, .task = task};

    return exec_all(&exec);
}

int command_exec_verb(struct cli *cli, const char *uid, const cJSON *verb)
{
    struct exec exec = {.cli = cli, .resume = uid, .only = verb};

    return exec_all(&exec);
}
