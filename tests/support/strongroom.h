/* SPDX-License-Identifier: MIT */
/* A vault and a workspace in a folder of a test's own. */
#ifndef TESTS_SUPPORT_STRONGROOM_H
#define TESTS_SUPPORT_STRONGROOM_H

#include "history/vault/vault.h"

struct strongroom {
    char *dir;  /* scratch; the two lie in it */
    char *work; /* the workspace */
    char *file; /* the vault's */
    struct workspace_vault *vault;
    struct workspace_vault_report report; /* of the last opening */
    struct vault port;
    int64_t ahead_us; /* the vault's wall clock, before the file system's: what was written less
                         than 20 ms ago by its count is looked at again. A second at first */
    struct err err;
};

void strongroom_new(struct strongroom *s);
void strongroom_free(struct strongroom *s);
/* Closes and opens the vault again; `fault` may be NULL. What the opening gave. */
int strongroom_open(struct strongroom *s, const struct apply_fault *fault);
void strongroom_close(struct strongroom *s);

/* A snapshot that must work: its tree. */
struct hash strongroom_take(struct strongroom *s);
struct vault_snapshot strongroom_snapshot(struct strongroom *s, const struct vault_limits *limits);
/* Back from `from` to `to`, with the one span; what it gave. */
int strongroom_go(struct strongroom *s, const struct hash *to, const struct hash *from,
                  struct vault_report *report);

/* As `find | sort` with contents, modes and targets, .git and other gaps left out: yours. Two
   workspaces are equal when these are. */
char *strongroom_print(const char *folder);
bool strongroom_same(const struct hash *a, const struct hash *b);

#endif
