/* SPDX-License-Identifier: MIT */
/* Where the bytes are: files, tables, runs. Reads much; for the shell and for workers. */
#ifndef HISTORY_DU_H
#define HISTORY_DU_H

#include "history/query.h"

struct du_table {
    const char *name;
    int64_t rows,
        bytes; /* bytes on disk, pages of its indexes included; -1 = this SQLite cannot say */
};

struct du_run {
    int64_t run;
    const char *uid;
    int64_t nodes, events;
    int64_t content; /* bytes of its bodies as they are, shared ones counted in each run */
    int64_t stored;  /* the same compressed */
};

struct du_report {
    int64_t file, wal, backups, damaged; /* bytes */
    int64_t free;                        /* bytes in free pages of the file */
    int64_t blobs, blob_content, blob_stored;
    struct du_table *tables;
    size_t table_count;
};

int du_read(struct query *q, struct arena *arena, struct du_report *out, struct err *err);
int du_runs(struct query *q, struct arena *arena, int64_t before, size_t limit,
            struct du_run **rows, size_t *count, struct err *err); /* newest first */

#endif
