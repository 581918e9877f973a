/* SPDX-License-Identifier: MIT */
/*
 * rerail export RUN: a run as a file. rerail's own form is the record as it is; what others read
 * has masked what looks like a secret. rerail bundle RUN: the own form for a report of a bug,
 * redacted.
 */
#include "tui/commands.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/exchange/atif.h"
#include "core/exchange/openai_messages.h"
#include "core/exchange/prose.h"
#include "core/report/redact.h"
#include "history/exchange/export.h"
#include "history/history.h"
#include "history/query_event.h"
#include "tui/cli.h"
#include "tui/lived.h"
#include "tui/outlet.h"
#include "tui/stored.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PAGE       256
#define TEXT_MAX   ((size_t)1 << 30)
#define SYSTEM_MAX 256
#define NAMES_MAX  4096 /* bytes of the user's entry */

struct exporting {
    struct stored stored;
    struct outlet *outlet;
    struct redactor *redactor;
    char system[SYSTEM_MAX]; /* "Linux 6.1.0 x86_64" */
    const char *sqlite;
    struct err *err;
};

/* ---- rerail's own forms */

static int write_own(struct exporting *x)
{
    const struct export_options options = {.put = outlet_put, .ctx = x->outlet};

    return export_run(x->stored.query, x->stored.run.run, &options, x->err);
}

static void look_around(struct exporting *x)
{
    struct utsname name;

    if (uname(&name) == 0)
        (void)str_format(x->system, sizeof x->system, "%s %s %s", name.sysname, name.release,
                         name.machine);
    (void)history_sqlite(&x->sqlite); /* its version alone is asked for */
}

static int write_redacted(struct exporting *x)
{
    const struct export_fact facts[] = {
        {"rerail", RERAIL_VERSION},
        {"system", x->system},
        {"sqlite", x->sqlite},
        {"terminal", getenv("TERM")},
        {"colours", getenv("COLORTERM")},
        {"locale", getenv("LANG")},
        {NULL, NULL},
    };
    const struct export_options options = {.put = outlet_put,
                                           .ctx = x->outlet,
                                           .redact = redact_text,
                                           .redactor = x->redactor,
                                           .facts = facts};

    return export_run(x->stored.query, x->stored.run.run, &options, x->err);
}

static int write_event(struct exporting *x, const struct event_row *event)
{
    struct buf *line = &x->stored.text;
    struct buf masked;

    buf_clear(line);
    buf_init(&masked, TEXT_MAX);
    int rc = query_event_json(x->stored.query, event, line, x->err);
    if (rc == 0)
        rc = redact_text(x->redactor, &masked, line->data, line->len);
    if (rc == 0)
        rc = buf_char(&masked, '\n');
    if (rc == 0)
        rc = outlet_put(x->outlet, masked.data, masked.len, x->err);
    buf_free(&masked);
    return rc;
}

static int write_events(struct exporting *x)
{
    struct event_page page = {.run = x->stored.run.run, .limit = PAGE};
    struct event_row *rows = NULL;
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE) {
        arena_clear(&x->stored.arena);
        rc = query_events(x->stored.query, &x->stored.arena, &page, &rows, &count, x->err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = write_event(x, &rows[i]);
            page.after = rows[i].seq;
        }
    }
    return rc;
}

/* ---- forms of others */

static int mask_text(void *redactor, char **text)
{
    struct buf masked;

    buf_init(&masked, TEXT_MAX);
    int rc = redact_text(redactor, &masked, *text, strlen(*text));
    if (rc == 0) {
        free(*text);
        *text = buf_take(&masked);
    }
    buf_free(&masked);
    return rc;
}

static int write_lived(struct exporting *x,
                       int (*print)(struct buf *out, const struct trajectory *t))
{
    struct trajectory *t = NULL;
    struct buf text;
    int rc = lived_read(&t, &x->stored, x->err);

    buf_init(&text, TEXT_MAX);
    if (rc == 0) {
        rc = trajectory_each_text(t, mask_text, x->redactor);
        if (rc == 0)
            rc = print(&text, t);
        if (rc < 0)
            rc = err_set(x->err, rc, "the run is too long for this format");
    }
    if (rc == 0)
        rc = outlet_put(x->outlet, text.data, text.len, x->err);
    buf_free(&text);
    trajectory_free(t);
    return rc;
}

static int print_atif(struct buf *out, const struct trajectory *t)
{
    return atif_write(out, t, RERAIL_VERSION);
}

static int write_atif(struct exporting *x)
{
    return write_lived(x, print_atif);
}

static int write_openai(struct exporting *x)
{
    return write_lived(x, openai_write);
}

static int write_prose(struct exporting *x)
{
    return write_lived(x, prose_write);
}

static const struct {
    const char *name;
    int (*write)(struct exporting *x);
} formats[] = {
    {"rerail", write_own},     {"jsonl", write_events}, {"openai", write_openai},
    {"markdown", write_prose}, {"atif", write_atif},
};

/* ---- the commands */

/* What was taken out, by kind; nothing is said of nothing unless `always`. */
static void tell_redacted(const struct redactor *redactor, bool always)
{
    int64_t sum = 0;

    for (size_t i = 0; redact_kind(i); i++)
        sum += redact_count(redactor, i);
    if (sum == 0 && always)
        fprintf(stderr, "nothing in it had to be redacted\n");
    for (size_t i = 0; redact_kind(i); i++)
        if (redact_count(redactor, i) > 0)
            fprintf(stderr, "redacted %" PRId64 " × %s\n", redact_count(redactor, i),
                    redact_kind(i));
}

static int export(const struct cli *cli, const char *path, const struct redact_options *redact,
                  int (*write)(struct exporting *x), struct err *err)
{
    struct exporting x = {.err = err};
    int rc = stored_open_run(&x.stored, cli->words[0], err);
    char *name = NULL;

    if (rc == 0)
        rc = redactor_new(&x.redactor, redact, err);
    if (rc == 0 && !path && write == write_redacted)
        path = name = mem_printf("rerail-%.8s.bundle", x.stored.run.uid);
    if (rc == 0)
        rc = outlet_open(&x.outlet, path, cli_option(cli, "force"), err);
    look_around(&x);
    if (rc == 0)
        rc = write(&x);
    rc = outlet_end(x.outlet, rc, err);
    if (rc == 0 && path && !str_eq(path, "-"))
        fprintf(stderr, "wrote %s\n", path);
    if (rc == 0)
        tell_redacted(x.redactor, write == write_redacted);
    redactor_free(x.redactor);
    stored_close(&x.stored);
    free(name);
    return rc;
}

int command_export(struct cli *cli)
{
    const char *format = cli_option(cli, "format");
    const struct redact_options redact = {0};
    struct err err = {0};
    size_t which = 0;

    for (; format && !str_eq(format, formats[which].name); which++)
        if (which + 1 == sizeof formats / sizeof *formats)
            return cli_fail(EXIT_USAGE, "there is no format %s: see rerail export --help", format);
    int rc = export(cli, cli_option(cli, "output"), &redact, formats[which].write, &err);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}

int command_bundle(struct cli *cli)
{
    struct redact_options redact = {.environment = cli->environment, .home = getenv("HOME")};
    struct passwd entry, *me = NULL;
    char names[NAMES_MAX], host[256] = "";
    struct err err = {0};

    if (getpwuid_r(getuid(), &entry, names, sizeof names, &me) == 0 && me)
        redact.user = me->pw_name;
    if (gethostname(host, sizeof host - 1) == 0)
        redact.host = host;
    int rc = export(cli, cli_option(cli, "output"), &redact, write_redacted, &err);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
