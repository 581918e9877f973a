/* SPDX-License-Identifier: MIT */
/*
 * Every setting once: name, type, range, default (the seed's where the seed has one), explanation,
 * flag, and the member of struct run_config or struct user_config that it fills. The environment
 * variable, `rerail config`, `:set`, --help, the man page and the stored form are derived from the
 * row. Pure; any thread.
 *
 * Adding one: a row here and a member there. Nothing is stored by position, only by name.
 */
#ifndef CORE_CONFIG_SETTING_H
#define CORE_CONFIG_SETTING_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct buf;

/* How a person writes it, and what it is stored as: the last five are texts or lists of texts, all
 * others integers. */
enum setting_type {
    SETTING_BOOL,     /* true, false (also yes, no, on, off, 1, 0) */
    SETTING_INT,      /* 10 */
    SETTING_NUMBER,   /* 0.7; stored in thousandths */
    SETTING_DURATION, /* 300, 5m, 1.5s, 250ms; stored in microseconds */
    SETTING_BYTES,    /* 64MiB, 8192 */
    SETTING_MONEY,    /* 2.50 dollars; stored in millionths */
    SETTING_ENUM,     /* a word of `choices`; stored as its index, written as the word */
    SETTING_TEXT,     /* where the row has `choices`, one of them */
    SETTING_OBJECT,   /* the text of a JSON object */
    SETTING_SECRET,   /* where a key is found, never the key: env:NAME, file:PATH, … (secret.h) */
    SETTING_LIST,     /* texts; written a,b in flags and environment; a later layer replaces it */
    SETTING_RULES     /* lines, see rule.h; a later layer adds to it */
};

enum setting_scope {
    SETTING_RUN, /* stored with a run; a member of struct run_config */
    SETTING_USER /* of this console; a member of struct user_config */
};

struct setting {
    const char *name; /* "limits.max_iterations" */
    enum setting_type type;
    enum setting_scope scope;
    bool live;            /* :set may change it while a run goes on */
    bool own;             /* only the operator's config, environment and flags may say it: an agent
                             file may come from anywhere */
    bool optional;        /* "" means not set: -1, or NULL for texts */
    const char *flag;     /* "max-iterations"; NULL = only as --set NAME=VALUE */
    const char *fallback; /* the default, as a person writes it */
    int64_t min, max;     /* of integers, in stored units; of texts: longest in bytes */
    const char *const *choices; /* of ENUM, and of some TEXT; NULL-terminated */
    const char *help;           /* one sentence, no full stop */
    size_t offset;              /* of the member */
    size_t size;                /* of an integer member: 1 (bool), 4 or 8 */
};

struct text_list {
    char **at; /* count texts and a NULL; NULL when there are none */
    size_t count;
};

struct setting_value {
    int64_t number; /* integers; -1 = not set */
    char *text;     /* TEXT, OBJECT, SECRET; NULL = not set */
    struct text_list list;
};

extern const struct setting setting_table[]; /* ends with a NULL name */
size_t setting_count(void);
const struct setting *setting_find(const char *name);
const struct setting *setting_by_flag(const char *flag);
/* Whether some setting's name begins with this and a dot: "limits". */
bool setting_is_section(const char *name);
/* "did you mean" for a wrong name, or NULL. Borrowed. */
const char *setting_nearest(const char *name);

#define SETTING_ENV 64
/* "RERAIL_LIMITS_MAX_ITERATIONS" */
void setting_env(char out[SETTING_ENV], const struct setting *setting);
/* "a duration from 1s to 30d", "one of: auto, pause, recover, fail" */
void setting_expected(char *out, size_t cap, const struct setting *setting);

/* As a person writes it: 0 and *out is yours (setting_value_free), or E_RANGE, E_PARSE with what
   was expected and, for a word, the nearest right one. */
int setting_parse(struct setting_value *out, const struct setting *setting, const char *text,
                  struct err *err);
/* The other way; parses back to the same value. A SECRET is shown: it is only a place. */
int setting_format(struct buf *out, const struct setting *setting,
                   const struct setting_value *value);
void setting_value_free(struct setting_value *value);

/* The stored form: integers in stored units, words, texts, arrays; null = not set. */
cJSON *setting_json(const struct setting *setting, const struct setting_value *value);
int setting_from_json(struct setting_value *out, const struct setting *setting, const cJSON *json,
                      struct err *err);

/* Moves a value into its member (what was there is freed); a borrowed view of what is there. */
void setting_store(void *config, const struct setting *setting, struct setting_value *value);
struct setting_value setting_fetch(const void *config, const struct setting *setting);

void text_list_add(struct text_list *list, const char *text); /* a copy */
void text_list_free(struct text_list *list);

#endif
