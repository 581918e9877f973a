/* SPDX-License-Identifier: MIT */
/*
 * The verbs of the shell: rerail pause RUN, rollback RUN CHECKPOINT, inject RUN TEXT … A live run
 * hears them over its owner's socket. A run that nobody has is taken for just as long as the verb
 * takes, and stays where it is; where the verb is to make it work (step, finish, extend), it works
 * here until it rests, as in exec. One line of answer.
 */
#include "tui/commands.h"

#include "core/agent/breakpoint.h"
#include "core/agent/verb.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/history.h"
#include "history/query_breakpoint.h"
#include "history/query_jump.h"
#include "tui/cli.h"
#include "tui/event_text.h"
#include "tui/listing.h"
#include "tui/reach.h"
#include "tui/session.h"
#include "tui/stored.h"
#include "tui/trial.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_US ((int64_t)10 * US_PER_S)

/* What a verb can do for a run that nobody has. */
enum reach {
    REACH_LIVE, /* nothing: there must be somebody at work */
    REACH_ANY,  /* it moves state, and that is all */
    REACH_WORK, /* the run works until it rests */
};

struct shell_verb {
    const char *command, *verb;
    enum reach reach;
    const char *option, *instead; /* an option that means another verb; NULL = none */
};

static const struct shell_verb verbs[] = {
    {"abort", "cancel", REACH_ANY, "call", "abort_call"},
    {"approve", "approve", REACH_ANY, NULL, NULL},
    {"break", "break", REACH_ANY, NULL, NULL},
    {"deny", "deny", REACH_ANY, NULL, NULL},
    {"extend", "extend", REACH_WORK, NULL, NULL},
    {"fault", "fault", REACH_ANY, NULL, NULL},
    {"finish", "finish", REACH_WORK, NULL, NULL},
    {"fork", "fork", REACH_ANY, NULL, NULL},
    {"inject", "inject", REACH_ANY, NULL, NULL},
    {"label", "label", REACH_ANY, NULL, NULL},
    {"pause", "pause", REACH_LIVE, "now", "pause_now"},
    {"redo", "redo", REACH_ANY, NULL, NULL},
    {"resolve", "resolve", REACH_ANY, NULL, NULL},
    {"rollback", "rollback", REACH_ANY, NULL, NULL},
    {"set", "set", REACH_ANY, NULL, NULL},
    {"step", "step", REACH_WORK, NULL, NULL},
    {"switch", "switch", REACH_ANY, NULL, NULL},
    {"undo", "undo", REACH_ANY, NULL, NULL},
};

struct errand {
    struct cli *cli;
    const struct shell_verb *row;
    const struct verb_info *info;
    struct stored stored;
    cJSON *verb; /* {"verb", "by", …arguments} */
};

/* --- from words to a verb ------------------------------------------------------------------------
 */

static bool is_number(const char *word)
{
    int64_t number;

    return str_int(&number, word, INT64_MIN, INT64_MAX) == 0;
}

/* "once|always" has "always". */
static bool is_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = choices; at && *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == len && strncmp(at, word, len) == 0)
            return true;
    return false;
}

/* An optional argument is left out when the next word is none of its kind. */
static bool fits(const struct verb_arg *arg, const char *word)
{
    switch (arg->kind) {
    case VERB_INT:
    case VERB_EFFECT: return is_number(word);
    case VERB_WORD: return is_choice(arg->words, word);
    case VERB_TEXT:
    case VERB_CHECKPOINT: break;
    }
    return true;
}

static int set_argument(struct errand *errand, const struct verb_arg *arg, const char *word,
                        struct err *err)
{
    struct checkpoint_row row;
    int64_t number = 0;
    int rc = 0;

    switch (arg->kind) {
    case VERB_TEXT:
    case VERB_WORD: json_set_text(errand->verb, arg->name, word); return 0;
    case VERB_INT:
    case VERB_EFFECT:
        (void)str_int(&number, word, INT64_MIN, INT64_MAX); /* fits() has looked */
        break;
    case VERB_CHECKPOINT:
        rc = stored_checkpoint(&errand->stored, word, &row, err);
        number = row.node;
        break;
    }
    if (rc == 0)
        json_set_int(errand->verb, arg->name, number);
    return rc;
}

static int usage(const struct errand *errand, struct err *err)
{
    return err_set(err, E_USAGE, "usage: rerail %s %s", errand->cli->command->name,
                   errand->cli->command->args);
}

/* The words behind RUN are the verb's arguments in order; a last text takes the rest. */
static int read_arguments(struct errand *errand, struct err *err)
{
    const struct verb_arg *args = errand->info->args;
    const struct cli *cli = errand->cli;
    size_t at = 1;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < VERB_ARGS_MAX && args[i].name; i++) {
        bool last = i + 1 == VERB_ARGS_MAX || !args[i + 1].name;

        if (at >= cli->word_count || !fits(&args[i], cli->words[at])) {
            if (!args[i].optional)
                return usage(errand, err);
            continue;
        }
        if (last && args[i].kind == VERB_TEXT) {
            char *rest = cli_join(cli, at);

            rc = set_argument(errand, &args[i], rest, err);
            free(rest);
            return rc;
        }
        rc = set_argument(errand, &args[i], cli->words[at++], err);
    }
    return rc == 0 && at < cli->word_count ? usage(errand, err) : rc;
}

static void make_verb(struct errand *errand)
{
    const struct shell_verb *row = errand->row;
    bool other = row->option && cli_option(errand->cli, row->option);
    const char *name = other ? row->instead : row->verb;

    errand->info = verb_find(name);
    errand->verb = cJSON_CreateObject();
    json_set_text(errand->verb, "verb", name);
    json_set_text(errand->verb, "by", "shell");
}

/* --- breakpoints ---------------------------------------------------------------------------------
 */

static const struct column break_columns[] = {
    {"breakpoint", "BREAK", COLUMN_NUMBER},
    {"enabled", "ARMED", COLUMN_TEXT},
    {"hits", "HITS", COLUMN_NUMBER},
    {"spec", "CONDITION", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static int list_breakpoints(const struct cli *cli, struct stored *stored, struct err *err)
{
    struct breakpoint_row *rows;
    struct listing *listing;
    size_t count;
    int rc = query_breakpoints(stored->query, &stored->arena, stored->run.run, 0, 64, &rows, &count,
                               err);

    if (rc < 0)
        return rc;
    listing_new(&listing, break_columns, cli_option(cli, "json") != NULL, stdout);
    for (size_t i = 0; i < count; i++) {
        cJSON *row = cJSON_CreateObject();

        json_set_int(row, "breakpoint", rows[i].breakpoint);
        json_set_text(row, "enabled", rows[i].enabled ? "yes" : "no");
        json_set_int(row, "hits", rows[i].hits);
        json_set_text(row, "spec", rows[i].spec);
        listing_add(listing, row);
    }
    if (listing_end(listing) == 0)
        fputs("no breakpoints; rerail break --help says how to make one\n", stderr);
    return 0;
}

/* Where it would have stopped, before it is armed. */
static int try_breakpoint(struct errand *errand, struct err *err)
{
    struct breakpoint breakpoint;
    struct trial trial;
    int rc = breakpoint_parse(&breakpoint, json_text(errand->verb, "spec"), err);

    if (rc < 0)
        return rc;
    rc = trial_run(&trial, &breakpoint, &errand->stored, err);
    breakpoint_clear(&breakpoint);
    if (rc < 0)
        return rc;
    fprintf(stderr, "would have stopped %zu time%s so far", trial.hits, trial.hits == 1 ? "" : "s");
    for (size_t i = 0; i < trial.hits && i < TRIAL_SHOWN; i++)
        fprintf(stderr, "%s iteration %lld (step %lld)", i ? "," : ":",
                (long long)trial.at[i].iteration, (long long)trial.at[i].node);
    fputs(trial.hits > TRIAL_SHOWN ? ", …\n" : "\n", stderr);
    return 0;
}

/* --delete N and the like: the verb of that name. 1 = there was one. */
static int change_breakpoint(struct errand *errand, struct err *err)
{
    static const char *const changes[] = {"delete", "enable", "disable"};

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *word = cli_option(errand->cli, changes[i]);
        int64_t number;

        if (!word)
            continue;
        if (errand->cli->word_count > 1)
            return usage(errand, err);
        if (str_int(&number, word, 1, INT64_MAX) < 0)
            return err_set(err, E_USAGE, "--%s takes a breakpoint's number, not %s", changes[i],
                           word);
        errand->info = verb_find(changes[i]);
        json_set_text(errand->verb, "verb", changes[i]);
        json_set_int(errand->verb, "number", number);
        return 1;
    }
    return 0;
}

/* --- what a rollback leaves behind ---------------------------------------------------------------
 */

static int preview(struct errand *errand, struct err *err)
{
    struct jump_preview jump;
    int rc = query_preview(errand->stored.query, &errand->stored.arena, errand->stored.run.run,
                           json_int(errand->verb, "to", 0), 8, &jump, err);
    char line[200];

    if (rc < 0)
        return rc;
    fprintf(stderr, "drops %lld messages; files stay as they are\n", (long long)jump.messages);
    if (jump.effects > 0)
        fprintf(stderr, "%lld effects cannot be undone:\n", (long long)jump.effects);
    for (size_t i = 0; i < jump.count; i++) {
        str_format(line, sizeof line, "  effect %lld  %s  %s", (long long)jump.first[i].effect,
                   jump.first[i].tool, effect_state_name(jump.first[i].state));
        event_text_print(stderr, line);
    }
    return 0;
}

/* --- a run that nobody has -----------------------------------------------------------------------
 */

enum { TICKET_ADOPT = 1, TICKET_VERB = 2 };

/* 1 = over: the verb's answer is in *text, or the error in err. */
static int take_news(const struct errand *errand, struct session *session,
                     const struct engine_news *news, char **text, struct err *err)
{
    if (news->kind == NEWS_STARTED)
        session_verb(session, TICKET_VERB, news->uid, cJSON_Duplicate(errand->verb, true));
    if (news->kind == NEWS_REFUSED)
        return err_set(err, E_DENIED, "%s", news->text);
    if (news->kind == NEWS_LOST)
        return err_set(err, E_FENCED, "another process took the run over");
    if (news->kind != NEWS_REPLY || news->ticket != TICKET_VERB)
        return 0;
    if (!news->ok)
        return err_set(err, E_DENIED, "%s", news->text);
    *text = mem_text(news->text);
    return 1;
}

static int await_answer(const struct errand *errand, struct session *session, char **text,
                        struct err *err)
{
    struct mailbox *box = session_mailbox(session);
    struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
    int rc = 0;

    while (rc == 0) {
        if (poll(&fd, 1, (int)(ANSWER_US / US_PER_MS)) == 0)
            return err_set(err, E_TIMEOUT, "no answer: somebody else holds the history's lock");
        for (struct mail *mail = mailbox_take(box); mail;) {
            struct news *news = (struct news *)mail;

            mail = mail->next;
            if (rc == 0)
                rc = take_news(errand, session, &news->is, text, err);
            news_free(news);
        }
    }
    return rc < 0 ? rc : 0;
}

static int visit(struct errand *errand, char **text, struct err *err)
{
    struct session *session = NULL;
    int rc = cli_configure(errand->cli, err);

    if (rc < 0)
        return rc;
    const struct session_options options = {.config = errand->cli->config,
                                            .environment = errand->cli->environment};
    struct history_report report = {0};
    json_set_bool(errand->verb, "hold", true);
    rc = session_open(&session, &options, &report, err);
    history_report_free(&report);
    if (rc == 0) {
        session_adopt(session, TICKET_ADOPT, errand->stored.run.run, "visit");
        rc = await_answer(errand, session, text, err);
    }
    session_close(session);
    return rc;
}

/* --- all of it -----------------------------------------------------------------------------------
 */

static int prepare(struct errand *errand, struct err *err)
{
    int rc = stored_open_run(&errand->stored, errand->cli->words[0], err);

    if (rc < 0)
        return rc;
    make_verb(errand);
    if (str_eq(errand->row->verb, "break")) {
        rc = change_breakpoint(errand, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    rc = read_arguments(errand, err);
    if (rc == 0 && str_eq(errand->row->verb, "break"))
        rc = try_breakpoint(errand, err);
    if (rc == 0 && str_eq(errand->row->verb, "rollback"))
        rc = preview(errand, err);
    return rc;
}

static int say(struct errand *errand, char **text, struct err *err)
{
    int rc = E_CLOSED;

    if (errand->stored.run.owner == RUN_OWNED)
        rc = reach_owner(&errand->stored.run, errand->verb, ANSWER_US, text, err);
    if (rc != E_CLOSED)
        return rc;
    if (errand->row->reach == REACH_LIVE)
        return err_set(err, E_DENIED, "nobody runs %.8s: there is nothing to %s",
                       errand->stored.run.uid, errand->cli->command->name);
    return visit(errand, text, err);
}

static int work_here(struct errand *errand, struct err *err)
{
    if (cli_configure(errand->cli, err) < 0)
        return cli_error(err);
    return command_exec_verb(errand->cli, errand->stored.run.uid, errand->verb);
}

static int run_errand(struct errand *errand)
{
    struct err err = {0};
    char *text = NULL;
    int rc = prepare(errand, &err);

    if (rc < 0)
        return cli_error(&err);
    if (cli_option(errand->cli, "dry-run"))
        return EXIT_DONE;
    if (errand->row->reach == REACH_WORK && errand->stored.run.owner != RUN_OWNED)
        return work_here(errand, &err);
    rc = say(errand, &text, &err);
    if (rc == 0)
        event_text_print(stdout, text);
    free(text);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}

int command_break(struct cli *cli)
{
    struct stored stored;
    struct err err = {0};

    if (cli->word_count > 1 || cli_option(cli, "delete") || cli_option(cli, "enable") ||
        cli_option(cli, "disable"))
        return command_verb(cli);
    int rc = stored_open_run(&stored, cli->words[0], &err);
    if (rc == 0)
        rc = list_breakpoints(cli, &stored, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}

int command_verb(struct cli *cli)
{
    struct errand errand = {.cli = cli};

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (str_eq(verbs[i].command, cli->command->name))
            errand.row = &verbs[i];
    int code = run_errand(&errand);
    cJSON_Delete(errand.verb);
    stored_close(&errand.stored);
    return code;
}
