/* SPDX-License-Identifier: MIT */
#include "tui/session.h"

#include "core/agent/run_spec.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/config/secret.h"
#include "core/model/profile.h"
#include "core/sim/sim.h"
#include "core/tool/process.h"
#include "history/attach.h"
#include "history/history.h"
#include "tui/key_command.h"
#include "tui/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIMULATOR "simulator:"

/* A simulator that runs of this process use; the engine's thread alone starts and asks it. */
struct simulator {
    char *name;
    struct sim_child *child;
};

struct session {
    struct history *history;
    struct attach_server *server;
    struct engine *engine;
    struct mailbox *box;
    struct mask *mask;
    struct secret *key; /* of the configured model; NULL = none */
    char *key_source;   /* "OPENAI_API_KEY" */
    char *missing;      /* what to do about a missing key */
    char *state_dir, *config_dir, *tmpdir, *exec_path;
    const char *own_folders[2];
    struct simulator *simulators;
    size_t simulator_count, simulator_cap;
    bool whole;
};

/* --- news --------------------------------------------------------------------------------------
 */

static void discard_news(struct mail *mail)
{
    news_free((struct news *)mail);
}

void news_free(struct news *news)
{
    if (!news)
        return;
    free((char *)(uintptr_t)news->is.uid);
    free((char *)(uintptr_t)news->is.text);
    free(news);
}

/* Other processes hear what is drawn live, and that something was stored. */
static void tell_watchers(struct session *session, const struct engine_news *is)
{
    if (is->kind == NEWS_STORED) {
        attach_commit(session->server, is->seq);
    } else if (is->kind == NEWS_DELTA && attach_watched(session->server, is->uid)) {
        static const char *const kinds[] = {"text", "reasoning", "call"};
        cJSON *line = cJSON_CreateObject();
        char *text = mem_printf("%.*s", (int)is->len, is->text);

        json_set_text(line, "run", is->uid);
        json_set_int(line, "call", is->call);
        json_set_text(line, "delta", kinds[is->delta]);
        json_set_text(line, "text", text);
        char *printed = json_print(line);
        attach_text(session->server, is->uid, printed, strlen(printed));
        free(printed);
        free(text);
        cJSON_Delete(line);
    }
}

/* On the engine's thread. Tickets below zero belong to other processes' verbs. */
static void on_news(void *self, const struct engine_news *is)
{
    struct session *session = self;

    tell_watchers(session, is);
    if (is->ticket < 0) {
        attach_reply(session->server, -is->ticket, is->ok, is->text ? is->text : "");
        return;
    }
    if (session->whole && is->kind == NEWS_DELTA)
        return;
    struct news *news = mem_new(sizeof *news);
    news->mail.discard = discard_news;
    news->is = *is;
    news->is.uid = mem_text(is->uid);
    news->is.text = is->text && is->len > 0 ? mem_copy(is->text, is->len) : mem_text(is->text);
    mailbox_post(session->box, &news->mail);
}

static void on_verb(void *ctx, int64_t ticket, const char *line, size_t len)
{
    struct session *session = ctx;
    cJSON *verb = NULL;

    if (json_parse(&verb, line, len, NULL, NULL) < 0)
        return; /* attach_step has checked it */
    const char *run = json_text(verb, "run");
    if (!run) {
        attach_reply(session->server, ticket, false, "a verb names its run");
        cJSON_Delete(verb);
        return;
    }
    char *uid = mem_text(run);
    cJSON_DeleteItemFromObjectCaseSensitive(verb, "run");
    engine_verb(session->engine, -ticket, uid, verb);
    free(uid);
}

static int port_fd(void *self)
{
    return attach_server_fd(((struct session *)self)->server);
}

static void port_step(void *self)
{
    attach_step(((struct session *)self)->server);
}

/* --- where a run's model is
 * ----------------------------------------------------------------------- */

#define SIMULATOR_START_US ((int64_t)10 * US_PER_S)

static int start_simulator(struct sim_child **out, const char *name, struct err *err)
{
    const struct sim_child_options options = {.scenario = name, .stderr_fd = -1};
    int rc = sim_child_start(out, &options, err);

    if (rc == 0)
        rc = sim_child_await(*out, SIMULATOR_START_US, err);
    if (rc < 0) {
        (void)sim_child_stop(*out); /* it did not start: how it ended does not matter */
        *out = NULL;
    }
    return rc;
}

static bool has_died(const struct sim_child *child)
{
    siginfo_t info = {0};

    return !child ||
           (waitid(P_PID, (id_t)sim_child_pid(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid != 0);
}

static struct simulator *simulator_named(struct session *session, const char *name)
{
    for (size_t i = 0; i < session->simulator_count; i++)
        if (str_eq(session->simulators[i].name, name))
            return &session->simulators[i];
    session->simulators = mem_room(session->simulators, session->simulator_count,
                                   &session->simulator_cap, sizeof *session->simulators);
    struct simulator *simulator = &session->simulators[session->simulator_count++];
    *simulator = (struct simulator){.name = mem_text(name)};
    return simulator;
}

static int simulator(struct session *session, const char *name, struct sim_child **out,
                     struct err *err)
{
    struct simulator *simulator = simulator_named(session, name);
    int rc = 0;

    if (has_died(simulator->child)) {
        (void)sim_child_stop(simulator->child); /* reaps it */
        rc = start_simulator(&simulator->child, name, err);
    }
    *out = simulator->child;
    return rc;
}

static int simulator_endpoint(struct session *session, const char *name, struct endpoint *out,
                              struct err *err)
{
    struct sim_child *child = NULL;
    int rc = simulator(session, name, &child, err);

    if (rc < 0)
        return err_wrap(err, rc, "the simulator %s", name);
    const char *token = sim_child_token(child);
    out->base_url = mem_text(sim_child_url(child));
    out->profile = mem_text("simulator");
    out->key_source = mem_text("the simulator's token");
    return secret_new(&out->key, token, strlen(token), err);
}

/* On the engine's thread; reads only what does not change after session_open. */
static int endpoint(void *self, const struct run_spec *spec, struct endpoint *out, struct err *err)
{
    struct session *session = self;

    if (spec->provider && str_starts(spec->provider, SIMULATOR))
        return simulator_endpoint(session, spec->provider + strlen(SIMULATOR), out, err);
    out->key_source = mem_text(session->key_source);
    if (!session->key)
        return 0;
    return secret_new(&out->key, secret_reveal(session->key), secret_length(session->key), err);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static const struct profile *profile_of(const struct config *config)
{
    const struct run_config *run = config_run(config);

    if (run->model.profile && profile_find(run->model.profile))
        return profile_find(run->model.profile);
    return profile_for_url(run->model.base_url ? run->model.base_url : "https://api.openai.com");
}

static int read_key(struct session *session, const struct session_options *options, struct err *err)
{
    const struct user_config *user = config_user(options->config);
    const struct profile *profile = profile_of(options->config);
    struct key_source source = {0};
    struct err why = {0};
    char *text = user->key          ? mem_text(user->key)
                 : profile->key_env ? mem_printf("env:%s", profile->key_env)
                                    : NULL;

    if (!text)
        return 0;
    int rc = key_source_parse(&source, text, err);
    if (rc == 0) {
        session->key_source = mem_text(source.name ? source.name : text);
        rc = source.place == KEY_COMMAND
                 ? key_command_run(&session->key, source.argv, options->environment,
                                   session->exec_path, &why)
                 : key_source_read(&session->key, &source,
                                   (char *const *)(uintptr_t)options->environment, &why);
        if (rc == E_NOTFOUND && !user->key) {
            session->missing = mem_text(why.msg); /* local servers need none */
            rc = 0;
        } else if (rc < 0) {
            (void)err_set(err, rc, "%s", why.msg);
        }
    }
    key_source_clear(&source);
    free(text);
    return rc;
}

/* Every key that any profile would use is hidden, whichever model is in use. */
static void mask_environment(struct session *session, const char *const *environment)
{
    const struct profile *profile;

    for (size_t i = 0; (profile = profile_at(i)); i++) {
        size_t len = profile->key_env ? strlen(profile->key_env) : 0;

        for (const char *const *entry = environment; len > 0 && *entry; entry++)
            if (strncmp(*entry, profile->key_env, len) == 0 && (*entry)[len] == '=')
                (void)mask_add(session->mask, *entry + len + 1, strlen(*entry + len + 1),
                               NULL); /* too short to be a key: not hidden */
    }
}

static int make_mask(struct session *session, const struct session_options *options,
                     struct err *err)
{
    mask_new(&session->mask);
    mask_environment(session, options->environment);
    if (!session->key)
        return 0;
    int rc = mask_add(session->mask, secret_reveal(session->key), secret_length(session->key), err);
    return rc == E_RANGE ? 0 : rc;
}

/* --- opening -------------------------------------------------------------------------------------
 */

static int open_places(struct session *session, struct err *err)
{
    int rc = path_root(&session->state_dir, PATH_STATE, err);

    if (rc == 0)
        rc = path_root(&session->config_dir, PATH_CONFIG, err);
    if (rc == 0)
        rc = path_own_dir(session->state_dir, err);
    if (rc == 0)
        rc = place_exec(&session->exec_path, err);
    if (rc < 0)
        return rc;
    session->own_folders[0] = session->state_dir;
    session->own_folders[1] = session->config_dir;
    char *tmp = path_join(session->state_dir, "tmp");
    rc = path_own_dir(tmp, err);
    session->tmpdir = mem_printf("%s/%d", tmp, (int)getpid());
    free(tmp);
    return rc < 0 ? rc : path_own_dir(session->tmpdir, err);
}

static int open_server(struct session *session, struct err *err)
{
    const struct attach_options options = {
        .name = history_owner(session->history), .verb = on_verb, .ctx = session};
    int rc = attach_listen(&session->server, &options, err);

    return rc < 0 ? rc
                  : history_publish_socket(session->history, attach_path(session->server), err);
}

static int open_engine(struct session *session, const struct session_options *options,
                       struct err *err)
{
    const struct engine_options engine = {
        .journal = history_journal(session->history),
        .clock = clock_system(),
        .mask = session->mask,
        .exec_path = session->exec_path,
        .environment = options->environment,
        .tmpdir = session->tmpdir,
        .own_folders = session->own_folders,
        .own_count = 2,
        .ca_file = config_user(options->config)->ca_file,
        .self = session,
        .news = on_news,
        .endpoint = endpoint,
        .port = {port_fd, port_step, session},
    };

    return engine_new(&session->engine, &engine, err);
}

int session_open(struct session **out, const struct session_options *options,
                 struct history_report *report, struct err *err)
{
    struct session *session = mem_new(sizeof *session);
    struct history_report scratch = {0};
    int rc = open_places(session, err);

    session->whole = options->whole;
    if (rc == 0)
        rc = process_become_reaper(err);
    if (rc == 0)
        rc = read_key(session, options, err);
    if (rc == 0)
        rc = make_mask(session, options, err);
    if (rc == 0)
        rc = mailbox_new(&session->box, err);
    if (rc == 0)
        rc = history_open(&session->history, &(struct history_options){0},
                          report ? report : &scratch, err);
    if (rc == 0)
        rc = open_server(session, err);
    if (rc == 0)
        rc = open_engine(session, options, err);
    if (!report)
        history_report_free(&scratch);
    if (rc < 0) {
        session_close(session);
        return rc;
    }
    *out = session;
    return 0;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    engine_free(session->engine);
    for (size_t i = 0; i < session->simulator_count; i++) {
        (void)sim_child_stop(session->simulators[i].child); /* its exit code is its own business */
        free(session->simulators[i].name);
    }
    free(session->simulators);
    attach_server_free(session->server);
    history_close(session->history);
    mailbox_free(session->box);
    mask_free(session->mask);
    secret_free(session->key);
    if (session->tmpdir)
        (void)rmdir(session->tmpdir); /* what a tool left there stays until the next doctor */
    free(session->key_source);
    free(session->missing);
    free(session->state_dir);
    free(session->config_dir);
    free(session->tmpdir);
    free(session->exec_path);
    free(session);
}

struct mailbox *session_mailbox(const struct session *session)
{
    return session->box;
}

const char *session_history(const struct session *session)
{
    return history_file(session->history);
}

const struct mask *session_mask(const struct session *session)
{
    return session->mask;
}

const char *session_missing_key(const struct session *session)
{
    return session->key ? NULL : session->missing;
}

/* --- runs ----------------------------------------------------------------------------------------
 */

static int workspace_of(char **out, const struct session_task *task, struct err *err)
{
    char *path = realpath(task->workspace ? task->workspace : ".", NULL);
    struct stat st;

    if (!path || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        int number = path ? ENOTDIR : errno;

        free(path);
        return err_sys(err, number, "the workspace %s", task->workspace ? task->workspace : ".");
    }
    *out = path;
    return 0;
}

int session_start(struct session *session, int64_t ticket, const struct config *config,
                  const struct session_task *task, struct err *err)
{
    struct run_config *copy = NULL;
    char *workspace = NULL;
    int rc = workspace_of(&workspace, task, err);

    if (rc < 0)
        return rc;
    run_config_copy(&copy, config_run(config));
    if (!copy->model.name && task->provider && str_starts(task->provider, SIMULATOR))
        copy->model.name = mem_text("simulated");
    struct run_spec *spec = run_spec_new(copy);
    spec->task = mem_text(task->task);
    spec->provider = mem_text(task->provider ? task->provider : session_provider(config));
    spec->workspace = workspace;
    spec->own_workspace = task->own_workspace;
    spec->interactive = task->interactive;
    session_begin(session, ticket, spec);
    return 0;
}

void session_begin(struct session *session, int64_t ticket, struct run_spec *spec)
{
    engine_start_run(session->engine, ticket, spec);
}

const char *session_provider(const struct config *config)
{
    return profile_of(config)->name;
}

void session_adopt(struct session *session, int64_t ticket, int64_t run, const char *how)
{
    engine_adopt(session->engine, ticket, run, how);
}

void session_verb(struct session *session, int64_t ticket, const char *uid, cJSON *verb)
{
    engine_verb(session->engine, ticket, uid, verb);
}
