/* SPDX-License-Identifier: MIT */
/*
 * Commands of the shell on the command line: exports and imports, whose answer is said, and looks
 * at runs, whose output is a report in Detail. The run that is shown is put in where a shell would
 * be told one.
 */
#include "tui/console_data.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/errand.h"

#include <stdlib.h>
#include <string.h>

/* --- words ---------------------------------------------------------------------------------------
 */

struct words {
    const char *at[ERRAND_WORDS + 1]; /* NULL-terminated */
    size_t count;
    char *text; /* what they stand in */
    char *run;  /* "UID" or "UID:STEP" */
};

static void add_word(struct words *words, const char *word)
{
    if (words->count < ERRAND_WORDS)
        words->at[words->count++] = word;
}

static void free_words(struct words *words)
{
    free(words->text);
    free(words->run);
}

/* One word of a line in place, as a shell quotes it; returns where the next begins, NULL when a
   quote is not closed. */
static char *cut_word(char *at)
{
    char *to = at, quote = '\0';

    for (; *at && (quote || *at != ' '); at++) {
        if (*at == quote)
            quote = '\0';
        else if (!quote && (*at == '\'' || *at == '"'))
            quote = *at;
        else if (*at == '\\' && quote != '\'' && at[1])
            *to++ = *++at;
        else
            *to++ = *at;
    }
    char *next = *at ? at + 1 : at;
    *to = '\0';
    return quote ? NULL : next + strspn(next, " ");
}

/* Appends the words of a line; false, and said, when a quote is not closed. */
static bool add_line(struct console *console, struct words *words, const char *line)
{
    words->text = mem_text(line);
    for (char *at = words->text, *next; at && *at; at = next) {
        next = cut_word(at);
        if (!next) {
            console_say(console, true, "a quote is not closed");
            return false;
        }
        add_word(words, at);
    }
    return true;
}

/* The run that is shown, by its id; false, and said, when there is none. */
static bool add_run(struct console *console, struct words *words, int64_t step)
{
    if (!console->model.run) {
        model_say(&console->model, true, CONSOLE_NO_RUN);
        return false;
    }
    words->run = step > 0 ? mem_printf("%s:%lld", console->model.row.uid, (long long)step)
                          : mem_text(console->model.row.uid);
    add_word(words, words->run);
    return true;
}

/* --- what is said when it is done ----------------------------------------------------------------
 */

static unsigned send_out(struct console *console, const struct words *words, const char *doing)
{
    struct err err = {0};

    if (console->is.port.errand(console->is.port.self, words->at, &err) < 0) {
        console_say(console, true, err.msg);
    } else {
        console->reporting = false;
        console_say(console, false, doing);
    }
    return DID_REDRAW;
}

static unsigned do_export(struct console *console, const char *rest)
{
    struct words words = {0}, named = {0};

    add_word(&words, "export");
    if (add_run(console, &words, 0) && add_line(console, &named, rest)) {
        add_word(&words, "--output");
        add_word(&words, named.at[0]);
        if (named.count > 1)
            add_word(&words, "--format");
        if (named.count > 1)
            add_word(&words, named.at[1]);
        if (named.count == 0)
            console_say(console, true, "export needs a file: export FILE [FORMAT]");
        else
            (void)send_out(console, &words, "exporting …");
    }
    free_words(&words);
    free_words(&named);
    return DID_REDRAW;
}

static unsigned do_bundle(struct console *console, const char *rest)
{
    struct words words = {0};

    add_word(&words, "bundle");
    if (add_run(console, &words, 0)) {
        if (*rest) {
            add_word(&words, "--output");
            add_word(&words, rest);
        }
        (void)send_out(console, &words, "bundling …");
    }
    free_words(&words);
    return DID_REDRAW;
}

static unsigned do_import(struct console *console, const char *rest)
{
    struct words words = {0};

    add_word(&words, "import");
    add_word(&words, rest);
    if (!*rest)
        console_say(console, true, "import needs a file: import FILE");
    else
        (void)send_out(console, &words, "importing …");
    free_words(&words);
    return DID_REDRAW;
}

/* --- what is shown -------------------------------------------------------------------------------
 */

/* Titled by its command line, but for the run, which is on the screen. */
static unsigned show_report(struct console *console, const struct words *words, const char *rest)
{
    struct err err = {0};

    if (console->is.port.errand(console->is.port.self, words->at, &err) < 0) {
        console_say(console, true, err.msg);
        return DID_REDRAW;
    }
    char *title = mem_printf("%s %s", words->at[0], rest);
    model_report(&console->model, title);
    free(title);
    console->reporting = true;
    console_focus(console, LAYOUT_DETAIL);
    return DID_REDRAW | DID_SUBJECT;
}

static bool is_step(const char *word)
{
    return *word == '#' || (*word && strspn(word, "0123456789") == strlen(word));
}

/* What the operator names, against the head; bare steps are this run's. */
static unsigned do_compare(struct console *console, const char *rest)
{
    struct words named = {0}, words = {0};
    char *own[2] = {NULL, NULL};

    add_word(&words, "compare");
    bool whole = add_line(console, &named, rest);
    if (whole && (named.count < 1 || named.count > 2)) {
        console_say(console, true, "compare needs a step or a run: compare [STEP] STEP|RUN[:STEP]");
    } else if (whole && (named.count == 2 || add_run(console, &words, 0))) {
        for (size_t i = 0; i < named.count; i++) {
            own[i] = is_step(named.at[i]) ? mem_printf("%s:%s", console->model.row.uid, named.at[i])
                                          : NULL;
            add_word(&words, own[i] ? own[i] : named.at[i]);
        }
        (void)show_report(console, &words, rest);
    }
    free(own[0]);
    free(own[1]);
    free_words(&words);
    free_words(&named);
    return DID_REDRAW | DID_SUBJECT;
}

/* A command of the shell on this run, at a checkpoint where it wants one. */
static unsigned on_run(struct console *console, const char *name, int64_t step, const char *rest)
{
    struct words words = {0};
    unsigned did = DID_REDRAW;

    add_word(&words, name);
    if (add_run(console, &words, step) && add_line(console, &words, rest))
        did = show_report(console, &words, rest);
    free_words(&words);
    return did;
}

static unsigned do_request(struct console *console, const char *rest)
{
    if (*rest)
        return on_run(console, "request", 0, rest);
    console_say(console, true, "request needs a call's number: request CALL [--diff CALL]");
    return DID_REDRAW;
}

static unsigned do_report(struct console *console, const char *rest)
{
    (void)rest;
    if (!console->model.report.title) {
        console_say(console, true, "there is no report yet: :compare and its like make one");
        return DID_REDRAW;
    }
    model_show_report(&console->model);
    console_focus(console, LAYOUT_DETAIL);
    return DID_REDRAW | DID_SUBJECT;
}

const struct console_command console_errands[] = {
    {"export", "write the run to a file: export FILE [FORMAT]", do_export},
    {"bundle", "write it redacted, for a bug report: bundle [FILE]", do_bundle},
    {"import", "take in a run from a file, also another agent's: import FILE", do_import},
    {"compare", "two ways it went, side by side: compare [STEP] STEP|RUN[:STEP]", do_compare},
    {"request", "a call's request, or what two differ in: request CALL [--diff CALL]", do_request},
    {"report", "show the last of these again", do_report},
    {NULL, NULL, NULL},
};

void console_printed(struct console *console, const char *text, size_t len)
{
    if (!console->reporting)
        return;
    model_report_text(&console->model, text, len, true);
    console->dirty = true;
}

void console_returned(struct console *console, bool ok, const char *answer)
{
    struct report *report = &console->model.report;

    if (!console->reporting) {
        console_say(console, !ok, answer);
        return;
    }
    console->reporting = false;
    model_report_text(&console->model, report->text.data, report->text.len, false);
    if (console->model.subject.kind != SUBJECT_REPORT)
        model_say(&console->model, !ok, "%s: %s; :report shows it", report->title,
                  ok ? "done" : "ended");
    console->dirty = true;
}
