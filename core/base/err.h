/* SPDX-License-Identifier: MIT */
/*
 * The one error box of the whole program. A function that can fail returns 0 or a negative E_…
 * and, when its caller passed a box, writes one line for people into it: what failed, where, and
 * what to do next. The box is written on failure only and never read on success.
 */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

#include <assert.h>

#define ERR_MSG_MAX    256
#define ERR_REASON_MAX 128 /* room for the text of an errno value: strerror_r(number, text, …) */

/* Codes are for branching; the text is for people. */
enum {
    E_IO = -1,          /* the system refused: file, socket, process */
    E_PARSE = -2,       /* bytes that are not what they claim to be */
    E_RANGE = -3,       /* a value outside what is allowed */
    E_TOOBIG = -4,      /* somebody else's size is over our ceiling */
    E_NOMEM = -5,       /* an allocation whose size somebody else chose failed */
    E_BUSY = -6,        /* held by another; try again */
    E_CANCELLED = -7,   /* stopped on purpose */
    E_NOTFOUND = -8,    /* no such thing */
    E_EXISTS = -9,      /* there is one already */
    E_DENIED = -10,     /* policy or permission says no */
    E_TIMEOUT = -11,    /* a deadline passed */
    E_PROTOCOL = -12,   /* the other side broke the rules of the wire */
    E_FULL = -13,       /* no space left: disk, quota, file size limit */
    E_CORRUPT = -14,    /* stored data is damaged */
    E_FENCED = -15,     /* another process owns this run now */
    E_NEWER = -16,      /* written by a newer rerail */
    E_USAGE = -17,      /* the command line or a verb's arguments are wrong */
    E_CLOSED = -18,     /* the other end is gone */
    E_UNSUPPORTED = -19 /* this machine or build cannot do that */
};

struct err {
    int code;              /* one of E_…, 0 when never written */
    char msg[ERR_MSG_MAX]; /* one line of UTF-8, no newline; a longer text ends in "…" */
};

/* Fills the box (NULL is allowed) and returns code: `return err_set(err, E_PARSE, …)` reads. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno value `number` at the end. The code is what that
   value means: E_NOTFOUND, E_DENIED, E_EXISTS, E_FULL, E_NOMEM, E_TOOBIG, E_BUSY, E_TIMEOUT,
   E_CLOSED, else E_IO. */
int err_sys(struct err *err, int number, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before what the box already says; keeps and returns its code. A NULL box
   returns `code`, which is what the callee returned; one that says nothing takes it. */
int err_wrap(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Compilers and analyzers cannot see that the three answer below zero; these say so. */
static inline int err_below_zero(int code)
{
    assert(code < 0);
    return code;
}

#define err_set(...)  err_below_zero(err_set(__VA_ARGS__))
#define err_sys(...)  err_below_zero(err_sys(__VA_ARGS__))
#define err_wrap(...) err_below_zero(err_wrap(__VA_ARGS__))

/* "E_PARSE" for -2; "E_?" for what is not in the list. Static text. */
const char *err_name(int code);

#endif
