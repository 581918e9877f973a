/* SPDX-License-Identifier: MIT */
/*
 * The vault of one workspace: what core/vault.h asks for, over the vault's file (depot.h). One for
 * a workspace and process; used by one worker at a time. Opening finishes or takes back a restore
 * that a dead process left half-way.
 */
#ifndef HISTORY_VAULT_VAULT_H
#define HISTORY_VAULT_VAULT_H

#include "core/base/clock.h"
#include "core/vault.h"

struct apply_fault;
struct workspace_vault;

struct workspace_vault_options {
    const char *path;                /* of the vault's file; NULL = vault_path()'s */
    const char *workspace;           /* the folder */
    const char *vfs;                 /* NULL = the system's */
    struct clock clock;              /* zero = the system's */
    const struct apply_fault *fault; /* tests; NULL = none */
};

/* What opening found. Texts are NULL when there is nothing to say. */
struct workspace_vault_report {
    char *damage;               /* the vault's file was damaged */
    bool finished, undone;      /* a restore of a dead process: done to the end; taken back */
    int64_t wanted, restored;   /* of the finished one */
    struct hash target, safety; /* where it went, and the snapshot before it */
};
void workspace_vault_report_free(struct workspace_vault_report *report);

/* "$XDG_STATE_HOME/rerail/vault.db": yours. */
int vault_path(char **out, struct err *err);

int workspace_vault_open(struct workspace_vault **out,
                         const struct workspace_vault_options *options,
                         struct workspace_vault_report *report, struct err *err);
void workspace_vault_close(struct workspace_vault *vault);
struct vault workspace_vault_port(struct workspace_vault *vault);

#endif
