/* SPDX-License-Identifier: MIT */
/*
 * A key: held in one place, wiped when freed, and of a type of its own so that printing it prints
 * `***`. Where it comes from is written as env:NAME, file:PATH or command:PROGRAM ARGS; that place
 * may be shown and stored, the key never.
 */
#ifndef CORE_CONFIG_SECRET_H
#define CORE_CONFIG_SECRET_H

#include <stddef.h>

#include "core/base/err.h"

#define SECRET_MAX 8192

struct secret;

/* Copies; surrounding white space goes. E_PARSE for an empty one, control bytes or a line break
   inside, E_TOOBIG. */
int secret_new(struct secret **out, const char *text, size_t len, struct err *err);
void secret_free(struct secret *secret); /* wiped first; NULL is allowed */

/* For the one header that carries it and for the mask. Borrowed. */
const char *secret_reveal(const struct secret *secret);
size_t secret_length(const struct secret *secret);

const char *secret_text(const struct secret *secret); /* always "***" */
#define SECRET_HINT 32
/* For `rerail doctor`: "set (sk-…last4)"; "not set" for NULL, "set" for a short one. */
void secret_hint(char out[SECRET_HINT], const struct secret *secret);

enum key_place { KEY_NONE, KEY_ENV, KEY_FILE, KEY_COMMAND };

struct key_source {
    enum key_place place;
    char *name;  /* the variable, or the path; "~/" at its beginning is $HOME */
    char **argv; /* of a command, NULL-terminated; run by the caller, its stdout is the key */
};

int key_source_parse(struct key_source *out, const char *text, struct err *err);
void key_source_clear(struct key_source *source);

/* The key of a source that needs no program to be run. *out is NULL for KEY_NONE. E_NOTFOUND says
   which variable to set or which file is missing; E_DENIED for a file that others can read, that
   belongs to somebody else or is a link; E_USAGE for KEY_COMMAND. `environment` is
   NULL-terminated NAME=VALUE. */
int key_source_read(struct secret **out, const struct key_source *source, char *const *environment,
                    struct err *err);

#endif
