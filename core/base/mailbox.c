/* SPDX-License-Identifier: MIT */
/*
 * The eventfd holds 1 exactly while the list is not empty: it is written by the post that fills the
 * list and read by the take that empties it, both under the lock, so it can neither overflow nor
 * be left readable for nothing. This is the only lock of the program.
 */
#include "core/base/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/mem.h"

struct mailbox {
    pthread_mutex_t lock;
    struct mail *first, **end; /* end: where the next one is linked */
    int fd;
};

int mailbox_new(struct mailbox **out, struct err *err)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    *out = NULL;
    if (fd < 0) {
        (void)err_sys(err, errno, "mailbox"); /* whatever the reason: no eventfd is E_IO */
        if (err)
            err->code = E_IO;
        return E_IO;
    }
    struct mailbox *box = mem_new(sizeof *box);
    pthread_mutex_init(&box->lock, NULL); /* cannot fail with default attributes */
    box->fd = fd;
    box->end = &box->first;
    *out = box;
    return 0;
}

void mailbox_free(struct mailbox *box)
{
    if (!box)
        return;
    for (struct mail *mail = box->first, *next; mail; mail = next) {
        next = mail->next;
        mail_discard(mail);
    }
    close(box->fd);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

int mailbox_fd(const struct mailbox *box)
{
    return box->fd;
}

void mail_discard(struct mail *mail)
{
    if (mail->discard)
        mail->discard(mail);
    else
        free(mail);
}

void mailbox_post(struct mailbox *box, struct mail *mail)
{
    const uint64_t one = 1;

    mail->next = NULL;
    pthread_mutex_lock(&box->lock);
    if (!box->first)
        (void)!write(box->fd, &one, sizeof one); /* from 0 to 1: cannot block or fail */
    *box->end = mail;
    box->end = &mail->next;
    pthread_mutex_unlock(&box->lock);
}

struct mail *mailbox_take(struct mailbox *box)
{
    uint64_t count;

    pthread_mutex_lock(&box->lock);
    struct mail *first = box->first;
    if (first)
        (void)!read(box->fd, &count, sizeof count); /* it is 1, see above */
    box->first = NULL;
    box->end = &box->first;
    pthread_mutex_unlock(&box->lock);
    return first;
}
