/* SPDX-License-Identifier: MIT */
/*
 * rerail doctor: what this machine, this configuration and this history are like, and what to do
 * where something is amiss. It changes nothing but folders of the dead in our own tmp.
 */
#include "tui/commands.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/config/secret.h"
#include "core/model/profile.h"
#include "core/tool/sandbox.h"
#include "history/du.h"
#include "history/history.h"
#include "tui/cli.h"
#include "tui/listing.h"
#include "tui/place.h"
#include "tui/stored.h"

#include <dirent.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define WAL_LARGE ((int64_t)64 << 20)

struct doctor {
    const struct cli *cli;
    struct listing *listing;
    size_t troubles;
};

enum verdict { FINE, NOTE, TROUBLE };

static void say(struct doctor *doctor, enum verdict verdict, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct doctor *doctor, enum verdict verdict, const char *what, const char *fmt, ...)
{
    static const char *const words[] = {[FINE] = "ok", [NOTE] = "note", [TROUBLE] = "trouble"};
    cJSON *row = cJSON_CreateObject();
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    json_set_text(row, "verdict", words[verdict]);
    json_set_text(row, "what", what);
    json_set_text(row, "text", text);
    listing_add(doctor->listing, row);
    doctor->troubles += verdict == TROUBLE;
}

/* --- the machine ---------------------------------------------------------------------------------
 */

static void check_program(struct doctor *doctor)
{
    struct err err = {0};
    struct utsname name;
    char *path = NULL;

    say(doctor, FINE, "rerail", "%s", RERAIL_VERSION);
    if (uname(&name) == 0)
        say(doctor, FINE, "system", "%s %s %s", name.sysname, name.release, name.machine);
    if (place_exec(&path, &err) < 0)
        say(doctor, TROUBLE, "rerail-exec", "%s", err.msg);
    else
        say(doctor, FINE, "rerail-exec", "%s", path);
    free(path);
    say(doctor, NOTE, "sandbox", "%s: commands of agents ask first, unless your config allows them",
        sandbox_name(SANDBOX_NONE));
}

static void check_terminal(struct doctor *doctor)
{
    const char *term = getenv("TERM");
    const char *colour = getenv("COLORTERM");
    const char *charset = nl_langinfo(CODESET);

    if (!term || !*term || str_eq(term, "dumb"))
        say(doctor, TROUBLE, "terminal", "TERM is %s: the console needs a real terminal",
            term && *term ? term : "not set");
    else
        say(doctor, FINE, "terminal", "%s, %s", term,
            getenv("NO_COLOR") ? "no colour wanted (NO_COLOR)"
            : colour           ? colour
                               : "colours as terminfo says");
    if (str_eq(charset, "UTF-8"))
        say(doctor, FINE, "characters", "%s", charset);
    else
        say(doctor, TROUBLE, "characters", "%s: set LANG to a UTF-8 locale, such as C.UTF-8",
            charset);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static void say_key(struct doctor *doctor, const char *what, const char *place)
{
    struct key_source source = {0};
    struct secret *secret = NULL;
    struct err err = {0};
    char hint[SECRET_HINT];
    int rc = key_source_parse(&source, place, &err);

    if (rc == 0 && source.place == KEY_COMMAND) {
        say(doctor, FINE, what, "from a program: %s", source.argv[0]);
        key_source_clear(&source);
        return;
    }
    if (rc == 0)
        rc = key_source_read(&secret, &source, (char *const *)(uintptr_t)doctor->cli->environment,
                             &err);
    secret_hint(hint, secret);
    if (rc < 0 && rc != E_NOTFOUND)
        say(doctor, TROUBLE, what, "%s", err.msg);
    else
        say(doctor, secret ? FINE : NOTE, what, "%s: %s", place, hint);
    secret_free(secret);
    key_source_clear(&source);
}

/* The configured key, and every profile's variable that is set. */
static void check_keys(struct doctor *doctor)
{
    const char *own = config_user(doctor->cli->config)->key;
    const struct profile *profile;

    if (own)
        say_key(doctor, "key", own);
    for (size_t i = 0; (profile = profile_at(i)); i++) {
        if (!profile->key_env || !getenv(profile->key_env))
            continue;
        char *place = mem_printf("env:%s", profile->key_env);

        say_key(doctor, profile->name, place);
        free(place);
    }
}

static void check_model(struct doctor *doctor)
{
    const struct run_config *run = config_run(doctor->cli->config);

    if (!run->model.name)
        say(doctor, NOTE, "model", "none is named: set model.name, or use --model NAME");
    else
        say(doctor, FINE, "model", "%s at %s", run->model.name,
            run->model.base_url ? run->model.base_url : "its provider's address");
}

/* --- what we keep --------------------------------------------------------------------------------
 */

static void check_folder(struct doctor *doctor, const char *what, enum path_root root)
{
    struct err err = {0};
    char *path = NULL;
    int rc = path_root(&path, root, &err);

    if (rc < 0)
        say(doctor, TROUBLE, what, "%s", err.msg);
    else if (access(path, F_OK) < 0)
        say(doctor, FINE, what, "%s (not there yet)", path);
    else if (path_own_dir(path, &err) < 0)
        say(doctor, TROUBLE, what, "%s", err.msg);
    else
        say(doctor, FINE, what, "%s", path);
    free(path);
}

static size_t count_dead(struct stored *stored, struct err *err)
{
    struct run_page page = {.limit = 100};
    struct run_row *rows = NULL;
    size_t count = 100, dead = 0;

    while (count == 100) {
        arena_clear(&stored->arena);
        if (query_runs(stored->query, &stored->arena, &page, &rows, &count, err) < 0)
            break;
        for (size_t i = 0; i < count; i++) {
            dead += rows[i].owner == RUN_OWNER_DIED;
            page.before = rows[i].run;
        }
    }
    return dead;
}

static void check_history(struct doctor *doctor)
{
    const char *version;
    bool patched = history_sqlite(&version);
    struct stored stored;
    struct du_report report = {0};
    struct err err = {0};
    char file[32], wal[32];

    say(doctor, FINE, "SQLite", "%s%s", version,
        patched ? "" : ", with the WAL-reset bug; rerail's own lock keeps it out of reach");
    int rc = stored_open(&stored, &err);
    if (rc == 0)
        rc = du_read(stored.query, &stored.arena, &report, &err);
    listing_bytes(file, sizeof file, report.file);
    listing_bytes(wal, sizeof wal, report.wal);
    if (rc == E_NOTFOUND)
        say(doctor, FINE, "history", "none yet");
    else if (rc < 0)
        say(doctor, TROUBLE, "history", "%s", err.msg);
    else if (query_newer(stored.query))
        say(doctor, NOTE, "history", "%s is a newer rerail's: it is read, never written",
            stored.path);
    else
        say(doctor, report.wal > WAL_LARGE ? TROUBLE : FINE, "history",
            "%s, %s and %s of write-ahead log", stored.path, file, wal);
    size_t dead = rc == 0 ? count_dead(&stored, &err) : 0;
    if (dead > 0)
        say(doctor, NOTE, "unclean end",
            "%zu runs lost their process: rerail resume RUN goes on; rerail fsck looks at the file",
            dead);
    stored_close(&stored);
}

/* --- what was left behind ------------------------------------------------------------------------
 */

/* Folders of processes that are gone, in our own tmp; only empty ones are removed. */
static void sweep_tmp(struct doctor *doctor)
{
    char *state = NULL;
    size_t left = 0, removed = 0;

    if (path_root(&state, PATH_STATE, NULL) < 0)
        return;
    char *tmp = path_join(state, "tmp");
    DIR *dir = opendir(tmp);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        int64_t pid;

        if (str_int(&pid, entry->d_name, 1, INT32_MAX) < 0 || kill((pid_t)pid, 0) == 0 ||
            errno != ESRCH)
            continue;
        char *path = path_join(tmp, entry->d_name);
        if (rmdir(path) == 0)
            removed++;
        else
            left++;
        free(path);
    }
    if (dir)
        (void)closedir(dir); /* it was only read */
    if (left > 0)
        say(doctor, NOTE, "leftovers", "%zu folders of ended processes in %s hold files", left,
            tmp);
    else
        say(doctor, FINE, "leftovers", removed > 0 ? "empty folders removed" : "none");
    free(tmp);
    free(state);
}

static const struct column columns[] = {
    {"verdict", "", COLUMN_TEXT},
    {"what", "WHAT", COLUMN_TEXT},
    {"text", "FOUND", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

int command_doctor(struct cli *cli)
{
    struct doctor doctor = {.cli = cli};

    listing_new(&doctor.listing, columns, cli_option(cli, "json") != NULL, stdout);
    check_program(&doctor);
    check_terminal(&doctor);
    check_model(&doctor);
    check_keys(&doctor);
    check_folder(&doctor, "config folder", PATH_CONFIG);
    check_folder(&doctor, "state folder", PATH_STATE);
    check_folder(&doctor, "runtime folder", PATH_RUNTIME);
    check_history(&doctor);
    sweep_tmp(&doctor);
    (void)listing_end(doctor.listing);
    return doctor.troubles > 0 ? EXIT_ERROR : EXIT_DONE;
}
