/* SPDX-License-Identifier: MIT */
/*
 * What a call came to, in the form the model, the guards and history share. Text for the model is
 * UTF-8, capped, cleaned of terminal escapes and invisible characters (with a note that says so),
 * and has the engine's known keys masked, cuts included. Plain data; whoever holds it owns it.
 */
#ifndef CORE_TOOL_RESULT_H
#define CORE_TOOL_RESULT_H

#include "core/base/err.h"
#include "core/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct mask;
struct process_result;
struct tool;

#define RESULT_MAX (1u << 20) /* ceiling of a result's text in bytes */

struct tool_result {
    /* NONE, EXIT (an outcome, not a failure), TOOL, TIMEOUT, CANCELLED, UNSTARTED (provably nothing
       ran), ARGUMENTS, DENIED, TOOBIG */
    enum failure failure;
    char *text; /* for the model; NULL until filled */
    size_t len;
    bool is_error;        /* the model is told that the call failed */
    bool effects_unknown; /* it ran and was stopped: parts may have happened */
    int retry;            /* the tool's own word: 1 try again, -1 do not, 0 = as `failure` says */
    int status;           /* exit code, or -1 */
    int64_t duration_us;
    char cause[ERR_MSG_MAX]; /* one line for people: "exit 1", "killed by SIGSEGV" */
};

void result_clear(struct tool_result *result); /* frees what it holds; ready for use again */

/* Moves text (len bytes) in as the model's answer; failure NONE. */
void result_take(struct tool_result *result, char *text, size_t len);

/* The error object of the seed: text = {"error": "…"}, cause = the same line. */
void result_fail(struct tool_result *result, enum failure failure, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same from an error box: DENIED, ARGUMENTS for what the model can mend (a path that is not
   there, a value out of range), else TOOL. */
void result_refuse(struct tool_result *result, const struct err *err);

/* No further attempt follows: the error object says how many there were ("attempts"). Once; changes
   nothing in a result that is no error. */
void result_final(struct tool_result *result, int attempts);

/* Reads a finished process as this tool means it: a shell command's exit code is an outcome; a
   command tool's other than 0 is a failure, to be retried if its row says so. mask NULL hides
   nothing. What the model reads: stdout (for a shell, stderr too), then remarks in brackets: the
   exit code if it is not 0, how much was left out, what was cleaned away. */
void result_of_process(struct tool_result *result, const struct tool *tool,
                       const struct process_result *process, const struct mask *mask);

/* Text from a file or a tool as the model may read it: masked, cleaned; what was cleaned away is
   said in a last line in brackets. 0, or E_TOOBIG with out as it was. */
int result_clean(struct buf *out, const struct mask *mask, const char *text, size_t len);

#endif
