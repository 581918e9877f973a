/* SPDX-License-Identifier: MIT */
/*
 * Strict reading of a scenario's mappings: a table says which keys there may be and where their
 * values go; whatever else is there is an error that names file, line and the nearest right key.
 * Values that stay as they are (JSON bodies, arguments) are borrowed from the document.
 */
#ifndef CORE_SIM_STRICT_H
#define CORE_SIM_STRICT_H

#include "core/base/err.h"
#include "core/base/yaml.h"

#include <cjson/cJSON.h>
#include <stddef.h>

struct strict {
    const struct yaml *doc;
    struct err *err;
};

/* One key. `read` gets the value and the place inside the struct that is being filled. */
struct strict_field {
    const char *key;
    int (*read)(const struct strict *s, const cJSON *value, void *at);
    size_t offset;
};

/* "FILE:LINE: …" into the box; returns E_PARSE. */
int strict_fail(const struct strict *s, const cJSON *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a word that is not among `names` (`what`: "key", "fact"), with the nearest one. */
int strict_unknown(const struct strict *s, const cJSON *at, const char *what, const char *word,
                   const char *const *names, size_t count);

/* Fills `into` from a mapping; fields[] ends with a NULL key. `what` names the mapping ("a reply").
 */
int strict_read(const struct strict *s, const cJSON *object, const char *what,
                const struct strict_field *fields, void *into);

/* Readers for the table. */
int strict_text(const struct strict *s, const cJSON *value, void *at);     /* char *, a copy */
int strict_scalar(const struct strict *s, const cJSON *value, void *at);   /* char *, as text */
int strict_keep(const struct strict *s, const cJSON *value, void *at);     /* const cJSON * */
int strict_bool(const struct strict *s, const cJSON *value, void *at);     /* bool */
int strict_whole(const struct strict *s, const cJSON *value, void *at);    /* int64_t, 0 to 2^53 */
int strict_duration(const struct strict *s, const cJSON *value, void *at); /* int64_t, µs; a bare
                                                                               number is seconds */

#endif
