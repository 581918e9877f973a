/* SPDX-License-Identifier: MIT */
#include "tui/app.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "history/attach.h"
#include "history/query.h"
#include "history/query_run.h"
#include "history/watch.h"
#include "tui/action.h"
#include "tui/cli.h"
#include "tui/console.h"
#include "tui/detach.h"
#include "tui/display.h"
#include "tui/errand.h"
#include "tui/exit_code.h"
#include "tui/recall.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME_US (US_PER_S / 60)

struct app {
    const struct app_options *is;
    struct display *display;
    struct console *console;
    struct keymap *keymap;
    struct query *query;
    struct recall *recall;
    struct watch *watch; /* NULL = inotify is not to be had: look once a second */
    struct attach_client *client;
    char *client_uid; /* whose owner it is connected to */
    int64_t client_run;
    int64_t asked, ticket; /* the last verb sent over it, and the console's number for it */
    struct errand *errand; /* NULL = none is at work */
    struct grid grid;
    struct clock clock;
    int64_t painted_us, read_us;
    bool owed;  /* the terminal was behind: the grid is not on it yet */
    bool stays; /* the terminal is left, and what is at work goes on */
    int code;   /* −1 = goes on */
};

/* --- the port: how verbs reach runs --------------------------------------------------------------
 */

static int port_start(void *self, int64_t ticket, const char *task, struct err *err)
{
    struct app *app = self;
    struct session_task options = app->is->task;
    const char *missing = options.provider ? NULL : session_missing_key(app->is->session);

    options.task = task;
    if (missing)
        return err_set(err, E_NOTFOUND, "%s", missing);
    return session_start(app->is->session, ticket, app->is->config, &options, err);
}

static void port_adopt(void *self, int64_t ticket, int64_t run)
{
    session_adopt(((struct app *)self)->is->session, ticket, run, "resume");
}

static void disconnect(struct app *app)
{
    attach_client_free(app->client);
    free(app->client_uid);
    app->client = NULL;
    app->client_uid = NULL;
}

static int connect_to(struct app *app, const struct run_row *run, struct err *err)
{
    if (app->client && str_eq(app->client_uid, run->uid))
        return 0;
    disconnect(app);
    if (!run->owner_socket)
        return err_set(err, E_CLOSED, "process %lld has this run and does not listen",
                       (long long)run->owner_pid);
    int rc = attach_connect(&app->client, run->owner_socket, err);
    if (rc < 0)
        return rc;
    app->client_uid = mem_text(run->uid);
    app->client_run = run->run;
    return attach_watch(app->client, run->uid, err);
}

static void port_watch(void *self, const struct run_row *run)
{
    if (run)
        (void)connect_to(self, run, NULL); /* without it only streaming text is missing */
    else
        disconnect(self);
}

static void refuse(struct app *app, const char *text)
{
    console_say(app->console, true, text);
}

static void send_to_other(struct app *app, int64_t ticket, const struct run_row *run, cJSON *verb)
{
    struct err err = {0};
    char *line;

    json_set_text(verb, "run", run->uid);
    line = json_print(verb);
    if (connect_to(app, run, &err) < 0 || attach_send(app->client, line, &app->asked, &err) < 0)
        refuse(app, err.msg);
    app->ticket = ticket;
    free(line);
    cJSON_Delete(verb);
}

static void port_verb(void *self, int64_t ticket, const struct run_row *run, cJSON *verb)
{
    struct app *app = self;

    if (run->owner == RUN_OWNED && run->owner_pid != (int64_t)getpid())
        send_to_other(app, ticket, run, verb);
    else
        session_verb(app->is->session, ticket, run->uid, verb);
}

static int port_set(void *self, const char *name, const char *value, struct err *err)
{
    struct app *app = self;

    if (str_eq(name, "ui.mouse")) {
        display_mouse(app->display, str_eq(value, "true") || str_eq(value, "on"));
        return 0;
    }
    return err_set(err, E_DENIED, "%s is read when the console starts: put it into config.yaml",
                   name);
}

static int port_errand(void *self, const char *const *words, struct err *err)
{
    struct app *app = self;

    if (app->errand)
        return err_set(err, E_BUSY, "another one is still at it: wait for its end");
    return errand_new(&app->errand, words, err);
}

/* --- what comes in -------------------------------------------------------------------------------
 */

static void take_mail(struct app *app)
{
    for (struct mail *mail = mailbox_take(session_mailbox(app->is->session)); mail;) {
        struct news *news = (struct news *)mail;

        mail = mail->next;
        console_news(app->console, &news->is);
        news_free(news);
    }
}

/* A line of another process's owner: an answer, streaming text, or that something was stored. */
static void take_line(struct app *app, const char *line, size_t len)
{
    static const char *const kinds[] = {"text", "reasoning", "call"};
    cJSON *tree = NULL;

    if (json_parse(&tree, line, len, NULL, NULL) < 0)
        return;
    if (json_get(tree, "ticket")) {
        const struct engine_news reply = {.kind = NEWS_REPLY,
                                          .ticket = app->ticket,
                                          .ok = json_bool(tree, "ok", false),
                                          .text = json_text(tree, "text")};
        console_news(app->console, &reply);
    } else if (json_text(tree, "delta") && json_text(tree, "text")) {
        struct engine_news delta = {.kind = NEWS_DELTA,
                                    .run = app->client_run,
                                    .call = json_int(tree, "call", 0),
                                    .text = json_text(tree, "text"),
                                    .len = strlen(json_text(tree, "text"))};

        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (str_eq(json_text(tree, "delta"), kinds[i]))
                delta.delta = (enum model_delta_kind)i;
        console_news(app->console, &delta);
    } else {
        console_stored(app->console);
    }
    cJSON_Delete(tree);
}

static void take_lines(struct app *app)
{
    const char *line;
    size_t len;
    int rc = 0;

    while (app->client && (rc = attach_next(app->client, &line, &len, NULL)) == 1)
        take_line(app, line, len);
    if (rc < 0) { /* its owner ended; the file says how things stand */
        disconnect(app);
        console_left(app->console);
    }
}

static void take_errand(struct app *app)
{
    size_t len;
    bool ok, ended = errand_step(app->errand);
    const char *text = errand_text(app->errand, &len);

    console_printed(app->console, text, len);
    if (!ended)
        return;
    const char *answer = errand_answer(app->errand, &ok);
    console_returned(app->console, ok, answer);
    errand_free(app->errand);
    app->errand = NULL;
}

static void hang_up(struct app *app)
{
    app->code = 128 + SIGHUP;
    app->stays = config_user(app->is->config)->ui.on_hangup == USER_HANGUP_DETACH;
}

static void on_signal(struct app *app, int number)
{
    if (number == SIGTERM)
        app->code = EXIT_TERMINATED;
    else if (number == SIGHUP)
        hang_up(app);
    else if (number == SIGTSTP)
        display_stop(app->display);
    else if (number == SIGINT) {
        const struct tty_event key = {.kind = TTY_KEY, .key = {'c', KEYMOD_CTRL}};
        console_event(app->console, &key);
    }
}

static void take_events(struct app *app)
{
    struct tty_event event;

    display_read(app->display);
    app->read_us = clock_mono(&app->clock);
    while (display_next(app->display, &event)) {
        if (event.kind == TTY_SIGNAL)
            on_signal(app, event.signal);
        else if (event.kind == TTY_GONE)
            hang_up(app);
        else
            console_event(app->console, &event);
    }
}

/* --- what the console wants ----------------------------------------------------------------------
 */

static void suspend(struct app *app)
{
    display_stop(app->display); /* the engine notices by itself how long nothing moved */
    console_stored(app->console);
}

static int open_display(struct app *app, struct err *err)
{
    static const char *const levels[] = {"auto", NULL, "mono"};
    const struct user_config *user = config_user(app->is->config);
    const struct display_options options = {
        .in_fd = 0, .out_fd = 1, .level = levels[user->ui.color], .mouse = user->ui.mouse};

    return display_open(&app->display, &options, err);
}

/* The screen goes first, for good: what a shell has made of its terminal meanwhile is not ours to
   put back. */
static void detach(struct app *app)
{
    const char *run = console_run(app->console);
    struct err err = {0};

    if (!detach_can()) {
        refuse(app, "there is no shell here that could have the terminal back; with ui.on_hangup: "
                    "detach the run goes on when this window is closed");
        return;
    }
    display_close(app->display);
    app->display = NULL;
    printf(
        "rerail: it goes on as process %d, whatever the shell says of it now; rerail attach %.8s "
        "comes back\n",
        (int)getpid(), run ? run : "last");
    (void)fflush(stdout);
    app->stays = detach_give_back(STDIN_FILENO);
    if (app->stays) {
        app->code = EXIT_DONE;
    } else if (open_display(app, &err) < 0) {
        app->code = cli_error(&err);
    } else {
        display_theme(app->display, console_theme(app->console));
        refuse(app, "nobody took the terminal: the run goes on here");
    }
}

static void copy(struct app *app)
{
    struct err err = {0};
    size_t len;
    const char *text = console_copied(app->console, &len);

    if (display_copy(app->display, text, len, &err) < 0)
        refuse(app, err.msg);
}

static void serve(struct app *app)
{
    unsigned wants = console_wants(app->console);

    if (wants & CONSOLE_QUIT)
        app->code = EXIT_DONE;
    if (wants & CONSOLE_SUSPEND)
        suspend(app);
    if (wants & CONSOLE_DETACH)
        detach(app);
    if (wants & CONSOLE_REPAINT)
        display_redraw(app->display);
    if (wants & CONSOLE_MOUSE)
        display_mouse(app->display, !display_has_mouse(app->display));
    if (wants & CONSOLE_BELL)
        display_bell(app->display);
    if (wants & CONSOLE_COPY)
        copy(app);
    if (wants & CONSOLE_THEME)
        display_theme(app->display, console_theme(app->console));
}

static void paint(struct app *app)
{
    int w, h;

    display_size(app->display, &w, &h);
    if (w != app->grid.w || h != app->grid.h)
        grid_resize(&app->grid, w, h);
    console_draw(app->console, &app->grid);
    app->owed = display_paint(app->display, &app->grid) == DISPLAY_BEHIND;
    app->painted_us = clock_mono(&app->clock);
}

/* --- the loop ------------------------------------------------------------------------------------
 */

static int sooner(int a, int64_t b)
{
    if (b < 0)
        return a;
    return a < 0 || b < a ? (int)(b > 60000 ? 60000 : b) : a;
}

/* Milliseconds until something is to be done without anything coming in; −1 = never. */
static int wait_of(const struct app *app)
{
    int64_t now = clock_mono(&app->clock), wake = console_wake(app->console);
    int wait = -1, keys = display_wait(app->display);

    if (console_dirty(app->console) || app->owed)
        wait = sooner(wait, app->painted_us + FRAME_US > now
                                ? (app->painted_us + FRAME_US - now) / US_PER_MS + 1
                                : 0);
    if (wake >= 0)
        wait = sooner(wait, wake > now ? (wake - now) / US_PER_MS + 1 : 0);
    if (keys >= 0)
        wait = sooner(wait, keys - (now - app->read_us) / US_PER_MS > 0
                                ? keys - (now - app->read_us) / US_PER_MS
                                : 0);
    if (!app->watch)
        wait = sooner(wait, 1000);
    return wait;
}

static void pass(struct app *app)
{
    struct pollfd fds[DISPLAY_FDS + 4];
    int wait = wait_of(app);

    display_poll(app->display, fds);
    struct pollfd *mail = &fds[DISPLAY_FDS], *watch = mail + 1, *client = mail + 2;
    struct pollfd *errand = mail + 3;
    *mail = (struct pollfd){mailbox_fd(session_mailbox(app->is->session)), POLLIN, 0};
    *watch = (struct pollfd){app->watch ? watch_fd(app->watch) : -1, POLLIN, 0};
    *client = (struct pollfd){app->client ? attach_client_fd(app->client) : -1, POLLIN, 0};
    *errand = (struct pollfd){errand_fd(app->errand), POLLIN, 0};
    int ready = poll(fds, DISPLAY_FDS + 4, wait);

    if (ready < 0 && errno != EINTR) {
        app->code = EXIT_ERROR;
        return;
    }
    take_events(app);
    if (mail->revents)
        take_mail(app);
    if (watch->revents ? watch_take(app->watch) : ready == 0 && !app->watch)
        console_stored(app->console);
    if (client->revents)
        take_lines(app);
    if (errand->revents)
        take_errand(app);
    serve(app);
    int64_t now = clock_mono(&app->clock), wake = console_wake(app->console);
    if (app->code < 0 && now - app->painted_us >= FRAME_US &&
        (console_dirty(app->console) || app->owed || (wake >= 0 && wake <= now)))
        paint(app);
}

static char *themes_dir(void)
{
    char *config = NULL, *dir;

    if (path_root(&config, PATH_CONFIG, NULL) < 0)
        return NULL;
    dir = path_join(config, "themes");
    free(config);
    return dir;
}

static int open_keymap(struct keymap **out, struct err *err)
{
    const struct keymap_names names = {context_names(), CONTEXT_COUNT, action_names(),
                                       ACTION_COUNT};
    char *config = NULL;
    int rc;

    keymap_new(out, &names);
    rc = keymap_add_builtin(*out, err);
    if (rc == 0 && path_root(&config, PATH_CONFIG, NULL) == 0) {
        char *path = path_join(config, "keys.yaml");

        rc = keymap_load(*out, path, err);
        rc = rc == E_NOTFOUND ? 0 : rc;
        free(path);
    }
    free(config);
    return rc;
}

/* Beside the history: what was typed is as private as the runs. */
static void open_recall(struct app *app)
{
    char *state = NULL, *path = NULL;

    if (path_root(&state, PATH_STATE, NULL) == 0)
        path = path_join(state, "typed.jsonl");
    recall_new(&app->recall,
               &(struct recall_options){.path = path, .mask = session_mask(app->is->session)});
    free(path);
    free(state);
}

static int open_console(struct app *app, const char *themes, struct err *err)
{
    const struct app_options *is = app->is;
    const struct user_config *user = config_user(is->config);
    const struct console_options options = {
        .query = app->query,
        .keymap = app->keymap,
        .port = {app, port_start, port_adopt, port_verb, port_watch, port_set, port_errand},
        .clock = app->clock,
        .theme = user->ui.theme,
        .theme_dir = themes,
        .recall = app->recall,
        .bell = user->ui.bell,
        .run = is->run,
        .waiting = is->task.task,
        .ticket = 1,
    };

    return console_new(&app->console, &options, err);
}

/* Last of all: a run that nobody can watch is not started. */
static int begin(struct app *app, struct err *err)
{
    const struct app_options *is = app->is;

    if (is->run && is->take_over)
        session_adopt(is->session, 0, is->run, "take-over");
    return is->task.task ? port_start(app, 1, is->task.task, err) : 0;
}

static int open_all(struct app *app, const char *themes, struct err *err)
{
    int rc = open_keymap(&app->keymap, err);

    if (rc == 0)
        rc = query_open(&app->query, session_history(app->is->session), NULL, err);
    open_recall(app);
    if (rc == 0)
        rc = open_console(app, themes, err);
    if (rc == 0)
        rc = open_display(app, err);
    if (rc == 0)
        rc = begin(app, err);
    if (rc < 0)
        return rc;
    (void)watch_new(&app->watch, session_history(app->is->session), NULL); /* else: once a second */
    display_theme(app->display, console_theme(app->console));
    grid_init(&app->grid, 0, 0);
    app->grid.ascii = !display_unicode(app->display);
    return 0;
}

int app_run(const struct app_options *options, struct err *err)
{
    struct app app = {.is = options, .clock = clock_system(), .code = -1};
    char *themes = themes_dir();
    int rc = open_all(&app, themes, err);

    if (rc == 0)
        paint(&app);
    while (rc == 0 && app.code < 0)
        pass(&app);
    if (app.stays)
        detach_brace();
    display_close(app.display);
    if (app.stays)
        app.code = detach_stay(options->session);
    console_free(app.console);
    recall_free(app.recall);
    disconnect(&app);
    errand_free(app.errand);
    watch_free(app.watch);
    query_close(app.query);
    keymap_free(app.keymap);
    grid_free(&app.grid);
    free(themes);
    return rc < 0 ? rc : app.code;
}
