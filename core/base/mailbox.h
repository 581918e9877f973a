/* SPDX-License-Identifier: MIT */
/*
 * The only way from one thread to another. A message moves: after mailbox_post the sender has no
 * business with it. The eventfd makes the receiver's poll return; the receiver takes the whole list
 * and works unlocked. Any thread may post; one thread takes.
 */
#ifndef CORE_BASE_MAILBOX_H
#define CORE_BASE_MAILBOX_H

#include "core/base/err.h"

#include <stdbool.h>

struct mailbox;

/* Embed as the first member of a message; the mailbox links through it. */
struct mail {
    struct mail *next;              /* the mailbox's while posted */
    int kind;                       /* the receiver's vocabulary */
    void (*discard)(struct mail *); /* frees it when nobody takes it; NULL = free() */
};

int mailbox_new(struct mailbox **out, struct err *err); /* E_IO when no eventfd can be had */
void mailbox_free(struct mailbox *box);                 /* discards what was never taken */
int mailbox_fd(const struct mailbox *box);              /* readable while there is mail */
void mailbox_post(struct mailbox *box, struct mail *mail);
struct mail *mailbox_take(struct mailbox *box); /* all, in order of posting; NULL when empty */

/* Frees a message that was taken and is done with, or never posted: its discard, or free(). */
void mail_discard(struct mail *mail);

#endif
