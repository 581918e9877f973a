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

/* Applies what is missing, each in one transaction with its version. The caller holds the lock.
   E_NEWER when the file's version is above the table's. */
int schema_migrate(struct db *db, const struct migration *table, int count, struct err *err);

/* A new, empty file: what must be set before its first page is written. */
int schema_found(struct db *db, struct err *err);

/* E_DENIED when the file is somebody else's SQLite database. */
int schema_check_kind(struct db *db, struct err *err);

#endif
