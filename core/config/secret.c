/* SPDX-License-Identifier: MIT */
#include "core/config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define HINT_MIN 16 /* four letters of a shorter key would say too much */

struct secret {
    size_t len;
    char text[]; /* len bytes and a NUL */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int secret_new(struct secret **out, const char *text, size_t len, struct err *err)
{
    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    if (len == 0)
        return err_set(err, E_PARSE, "the key is empty");
    if (len > SECRET_MAX)
        return err_set(err, E_TOOBIG, "the key is longer than %d bytes", SECRET_MAX);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return err_set(err, E_PARSE, "the key has a line break or control byte inside");
    struct secret *secret = mem_new(sizeof *secret + len + 1);
    secret->len = len;
    memcpy(secret->text, text, len);
    *out = secret;
    return 0;
}

void secret_free(struct secret *secret)
{
    if (secret)
        explicit_bzero(secret, sizeof *secret + secret->len);
    free(secret);
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->text;
}

size_t secret_length(const struct secret *secret)
{
    return secret->len;
}

const char *secret_text(const struct secret *secret)
{
    (void)secret; /* whatever it is */
    return "***";
}

void secret_hint(char out[SECRET_HINT], const struct secret *secret)
{
    if (!secret)
        (void)str_format(out, SECRET_HINT, "not set");
    else if (secret->len < HINT_MIN)
        (void)str_format(out, SECRET_HINT, "set");
    else
        (void)str_format(out, SECRET_HINT, "set (%s…%s)",
                         strncmp(secret->text, "sk-", 3) == 0 ? "sk-" : "",
                         secret->text + secret->len - 4);
}

/* ---- Where it is found ---------------------------------------------------------------------- */

static const struct {
    const char *prefix;
    enum key_place place;
} places[] = {
    {"env:", KEY_ENV},
    {"file:", KEY_FILE},
    {"command:", KEY_COMMAND},
};

static char **split(const char *text)
{
    size_t count = 0, cap = 0;
    char **argv = NULL;

    for (;;) {
        text += strspn(text, " \t");
        size_t len = strcspn(text, " \t");
        argv = mem_room(argv, count, &cap, sizeof *argv);
        argv[count++] = len ? mem_copy(text, len) : NULL;
        if (len == 0)
            return argv;
        text += len;
    }
}

static int take_place(struct key_source *out, enum key_place place, const char *text,
                      struct err *err)
{
    if (text[strspn(text, " \t")] == '\0')
        return err_set(err, E_PARSE, "the place of the key is empty");
    if (place == KEY_ENV && strpbrk(text, "= \t"))
        return err_set(err, E_PARSE, "'%s' is not the name of a variable", text);
    out->place = place;
    if (place == KEY_COMMAND)
        out->argv = split(text);
    else
        out->name = mem_text(text);
    return 0;
}

int key_source_parse(struct key_source *out, const char *text, struct err *err)
{
    *out = (struct key_source){0};
    if (strcmp(text, "none") == 0)
        return 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_starts(text, places[i].prefix))
            return take_place(out, places[i].place, text + strlen(places[i].prefix), err);
    /* What was written may be the key itself: it is not repeated. */
    return err_set(err, E_PARSE,
                   "expected env:NAME, file:PATH, command:PROGRAM ARGS or none (never the key)");
}

void key_source_clear(struct key_source *source)
{
    free(source->name);
    for (char **arg = source->argv; arg && *arg; arg++)
        free(*arg);
    free(source->argv);
    *source = (struct key_source){0};
}

/* The value of a variable, NULL when it is not set or empty. */
static const char *value_of(const char *name, char *const *environment)
{
    size_t len = strlen(name);

    for (; *environment; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=' &&
            (*environment)[len + 1])
            return *environment + len + 1;
    return NULL;
}

static int read_env(struct secret **out, const char *name, char *const *environment,
                    struct err *err)
{
    const char *value = value_of(name, environment);

    if (!value)
        return err_set(err, E_NOTFOUND, "set %s to the key, or model.key to where it is", name);
    int rc = secret_new(out, value, strlen(value), err);
    return rc ? err_wrap(err, rc, "%s", name) : 0;
}

static int check_file(int fd, const char *path, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, E_DENIED, "%s: the key must be in a regular file", path);
    if (st.st_uid != geteuid())
        return err_set(err, E_DENIED, "%s: the key's file belongs to somebody else", path);
    if (st.st_mode & 077)
        return err_set(err, E_DENIED, "%s: others can read the key; chmod 600 it", path);
    return 0;
}

/* All of it, up to SECRET_MAX and one byte more; the number read, or E_IO. */
static int read_all(int fd, char *into, const char *path, struct err *err)
{
    size_t len = 0;

    while (len <= SECRET_MAX) {
        ssize_t n = read(fd, into + len, SECRET_MAX + 1 - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "%s", path);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (int)len;
}

static int read_file(struct secret **out, const char *path, struct err *err)
{
    char text[SECRET_MAX + 1];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return err_set(err, E_NOTFOUND, "%s: there is no such file with the key", path);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, E_DENIED, "%s: the key's file is a link", path);
    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    int rc = check_file(fd, path, err);
    if (rc == 0)
        rc = read_all(fd, text, path, err);
    if (rc >= 0) {
        rc = secret_new(out, text, (size_t)rc, err);
        rc = rc ? err_wrap(err, rc, "%s", path) : 0;
    }
    explicit_bzero(text, sizeof text);
    (void)close(fd); /* it was only read */
    return rc;
}

/* "~/" is the home folder, as people write it in a config file. */
static int read_home_file(struct secret **out, const char *path, char *const *environment,
                          struct err *err)
{
    const char *home = str_starts(path, "~/") ? value_of("HOME", environment) : NULL;
    char *whole = home ? path_join(home, path + 2) : mem_text(path);
    int rc = read_file(out, whole, err);

    free(whole);
    return rc;
}

int key_source_read(struct secret **out, const struct key_source *source, char *const *environment,
                    struct err *err)
{
    *out = NULL;
    switch (source->place) {
    case KEY_ENV: return read_env(out, source->name, environment, err);
    case KEY_FILE: return read_home_file(out, source->name, environment, err);
    case KEY_COMMAND: return err_set(err, E_USAGE, "the key's program must be run first");
    default: return 0;
    }
}
