/* SPDX-License-Identifier: MIT */
/*
 * What the file looks like: the SQL of its versions (schema.c), applied in order by migrate.
 * A newer version is a new row at the end; the rows before it never change.
 */
#ifndef HISTORY_SCHEMA_H
#define HISTORY_SCHEMA_H

#include "history/db.h"

struct migration {
    int version;      /* user_version once it is applied */
    const char *what; /* one line for people */
    const char *sql;  /* many statements */
};

extern const struct migration schema_migrations[];
extern const int schema_migration_count;

/* The newest version of a table of migrations. */
int schema_newest(const struct migration *table, int count);

/* A new file is founded, an older one brought up to the newest of the table, each step in one
   transaction with its version, after a backup (*backup, yours; NULL = none was needed). The caller
   holds the lock. E_NEWER when the file is above the table; E_DENIED when it is not ours. */
struct schema_options {
    const struct migration *table; /* NULL = schema_migrations */
    int count;
    int kind;    /* application_id; 0 = DB_APPLICATION_ID */
    bool backup; /* of a file that is not new */
    int64_t wall_us;
};
int schema_bring_up(struct db *db, const struct schema_options *options, char **backup,
                    struct err *err);

/* E_DENIED when the file is somebody else's SQLite database. `kind` as in the options. */
int schema_check_kind(struct db *db, int kind, struct err *err);

#endif
