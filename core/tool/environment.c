/* SPDX-License-Identifier: MIT */
#include "core/tool/environment.h"

#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256
#define PLAIN_PATH     "/usr/local/bin:/usr/bin:/bin"

static const char *const passed[] = {"HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TZ"};

static const char *const fixed[] = {
    "TERM=dumb", "RERAIL=1", "PAGER=cat", "GIT_PAGER=cat", "CI=1",
};

/* They make a program load or run something, or look like secrets. */
static const char *const guarded[] = {
    "LD_*",         "BASH_ENV", "ENV",     "PROMPT_COMMAND", "GIT_*", "PYTHONSTARTUP",
    "NODE_OPTIONS", "PERL5OPT", "RUBYOPT", "SSH_AUTH_SOCK",  "*KEY*", "*TOKEN*",
    "*SECRET*",     "*PASS*",   "*AUTH*",  "*CRED*",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool fits_any(const char *const *globs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (pattern_glob(globs[i], name))
            return true;
    return false;
}

bool environment_guarded(const char *name)
{
    char upper[NAME_MAX_BYTES];
    size_t len = strlen(name);

    if (len >= sizeof upper)
        return true; /* nobody needs such a name */
    for (size_t i = 0; i <= len; i++)
        upper[i] = (char)toupper((unsigned char)name[i]);
    return fits_any(guarded, COUNT(guarded), upper);
}

static bool is_listed(const struct environment_options *options, const char *name)
{
    for (size_t i = 0; i < options->pass_count; i++)
        if (str_eq(options->pass[i], name))
            return !str_starts(name, "LD_");
    return false;
}

static bool is_passed(const struct environment_options *options, const char *name)
{
    if (is_listed(options, name))
        return true;
    return fits_any(passed, COUNT(passed), name) && !environment_guarded(name);
}

/* NAME=VALUE lines that are gathered and then laid out in one block. */
struct lines {
    char **at;
    size_t count, cap, bytes;
};

static void add_line(struct lines *lines, char *line)
{
    lines->at = mem_room(lines->at, lines->count, &lines->cap, sizeof *lines->at);
    lines->at[lines->count++] = line;
    lines->bytes += strlen(line) + 1;
}

/* Without empty and relative entries, which would run programs of whatever folder one is in. */
static char *safe_path(const char *path)
{
    char *out = mem_new(sizeof "PATH=" + strlen(path) + sizeof PLAIN_PATH), *to = out;

    memcpy(to, "PATH=", 5);
    to += 5;
    for (size_t len; *path; path += len + (path[len] == ':')) {
        len = strcspn(path, ":");
        if (*path != '/')
            continue;
        if (to > out + 5)
            *to++ = ':';
        memcpy(to, path, len);
        to += len;
    }
    if (to == out + 5)
        memcpy(to, PLAIN_PATH, sizeof PLAIN_PATH);
    return out;
}

static void pass_ours(struct lines *lines, const struct environment_options *options)
{
    const char *path = "";

    for (const char *const *one = options->from; one && *one; one++) {
        size_t len = strcspn(*one, "=");
        char *name = mem_copy(*one, len);

        if (strcmp(name, "PATH") == 0 && (*one)[len])
            path = *one + len + 1;
        else if ((*one)[len] && is_passed(options, name))
            add_line(lines, mem_text(*one));
        free(name);
    }
    add_line(lines, safe_path(path));
}

/* One block: the pointers, then the texts. */
static char **lay_out(struct lines *lines)
{
    char **out = mem_new((lines->count + 1) * sizeof *out + lines->bytes);
    char *text = (char *)(out + lines->count + 1);

    for (size_t i = 0; i < lines->count; i++) {
        size_t size = strlen(lines->at[i]) + 1;

        out[i] = memcpy(text, lines->at[i], size);
        text += size;
        free(lines->at[i]);
    }
    free(lines->at);
    return out;
}

char **environment_new(const struct environment_options *options)
{
    struct lines lines = {0};

    pass_ours(&lines, options);
    for (size_t i = 0; i < COUNT(fixed); i++)
        add_line(&lines, mem_text(fixed[i]));
    if (options->tmpdir)
        add_line(&lines, mem_printf("TMPDIR=%s", options->tmpdir));
    if (options->key)
        add_line(&lines, mem_printf("RERAIL_IDEMPOTENCY_KEY=%s", options->key));
    return lay_out(&lines);
}
