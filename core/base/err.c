/* SPDX-License-Identifier: MIT */
#include "core/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

#define ELLIPSIS     "\xe2\x80\xa6"
#define REPLACEMENT  0xFFFD
#define SCRATCH_SIZE 1024

static const char *const names[] = {
    [-E_IO] = "E_IO",
    [-E_PARSE] = "E_PARSE",
    [-E_RANGE] = "E_RANGE",
    [-E_TOOBIG] = "E_TOOBIG",
    [-E_NOMEM] = "E_NOMEM",
    [-E_BUSY] = "E_BUSY",
    [-E_CANCELLED] = "E_CANCELLED",
    [-E_NOTFOUND] = "E_NOTFOUND",
    [-E_EXISTS] = "E_EXISTS",
    [-E_DENIED] = "E_DENIED",
    [-E_TIMEOUT] = "E_TIMEOUT",
    [-E_PROTOCOL] = "E_PROTOCOL",
    [-E_FULL] = "E_FULL",
    [-E_CORRUPT] = "E_CORRUPT",
    [-E_FENCED] = "E_FENCED",
    [-E_NEWER] = "E_NEWER",
    [-E_USAGE] = "E_USAGE",
    [-E_CLOSED] = "E_CLOSED",
    [-E_UNSUPPORTED] = "E_UNSUPPORTED",
};

static const struct {
    int number, code;
} meanings[] = {
    {ENOENT, E_NOTFOUND}, {EACCES, E_DENIED},     {EPERM, E_DENIED},        {EROFS, E_DENIED},
    {EEXIST, E_EXISTS},   {ENOSPC, E_FULL},       {EDQUOT, E_FULL},         {EFBIG, E_FULL},
    {ENOMEM, E_NOMEM},    {E2BIG, E_TOOBIG},      {ENAMETOOLONG, E_TOOBIG}, {EAGAIN, E_BUSY},
    {EBUSY, E_BUSY},      {ETIMEDOUT, E_TIMEOUT}, {EPIPE, E_CLOSED},        {ECONNRESET, E_CLOSED},
};

static int meaning(int number)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].number == number)
            return meanings[i].code;
    return E_IO;
}

/* One code point as the box may hold it: controls (C0, DEL, C1) are a space, wrong bytes U+FFFD. */
static int32_t tame(int32_t cp)
{
    if (cp < 0)
        return REPLACEMENT;
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) ? ' ' : cp;
}

/* Copies text into the box as one clean line. A message quotes foreign text more often than not,
   so it is cleaned here and nowhere else. */
static void fill(struct err *err, const char *text)
{
    size_t len = strlen(text), at = 0, out = 0, fits = 0;

    while (at < len) {
        char put[4];
        int32_t cp;
        at += utf8_next(text + at, len - at, &cp);
        size_t size = utf8_put(put, tame(cp));
        if (out + size > ERR_MSG_MAX - 1) {
            out = fits;
            memcpy(err->msg + out, ELLIPSIS, strlen(ELLIPSIS));
            out += strlen(ELLIPSIS);
            break;
        }
        memcpy(err->msg + out, put, size);
        out += size;
        if (out <= ERR_MSG_MAX - 1 - strlen(ELLIPSIS))
            fits = out;
    }
    err->msg[out] = '\0';
}

/* Names in parentheses: the header's macros of these names are for callers. */
int(err_set)(struct err *err, int code, const char *fmt, ...)
{
    char scratch[SCRATCH_SIZE];
    va_list ap;

    if (!err)
        return code;
    va_start(ap, fmt);
    (void)vsnprintf(scratch, sizeof scratch, fmt, ap); /* a cut is far behind the box's end */
    va_end(ap);
    err->code = code;
    fill(err, scratch);
    return code;
}

int(err_sys)(struct err *err, int number, const char *fmt, ...)
{
    char scratch[SCRATCH_SIZE], reason[ERR_REASON_MAX], text[SCRATCH_SIZE + sizeof reason];
    va_list ap;

    if (!err)
        return meaning(number);
    va_start(ap, fmt);
    (void)vsnprintf(scratch, sizeof scratch, fmt, ap); /* as in err_set */
    va_end(ap);
    (void)snprintf(text, sizeof text, "%s: %s", scratch, strerror_r(number, reason, sizeof reason));
    err->code = meaning(number);
    fill(err, text);
    return err->code;
}

int(err_wrap)(struct err *err, int code, const char *fmt, ...)
{
    char scratch[SCRATCH_SIZE], text[SCRATCH_SIZE + ERR_MSG_MAX + 2];
    va_list ap;

    if (!err)
        return code;
    va_start(ap, fmt);
    (void)vsnprintf(scratch, sizeof scratch, fmt, ap); /* as in err_set */
    va_end(ap);
    bool written = err->code != 0;
    (void)snprintf(text, sizeof text, "%s%s%s", scratch, written ? ": " : "",
                   written ? err->msg : "");
    err->code = written ? err->code : code;
    fill(err, text);
    return err->code;
}

const char *err_name(int code)
{
    size_t at = code < 0 ? -(size_t)code : 0;

    return at > 0 && at < sizeof names / sizeof *names && names[at] ? names[at] : "E_?";
}
