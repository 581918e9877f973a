/* SPDX-License-Identifier: MIT */
#include "core/base/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "tests/suite.h"

#define SENDERS  2
#define MESSAGES 20000

struct letter {
    struct mail mail;
    int sender, number;
    int *discarded;
};

static void count_discard(struct mail *mail)
{
    struct letter *letter = (struct letter *)mail;

    ++*letter->discarded;
    free(letter);
}

static void post(struct mailbox *box, int sender, int number)
{
    struct letter *letter = mem_new(sizeof *letter);

    letter->sender = sender;
    letter->number = number;
    mailbox_post(box, &letter->mail);
}

static bool readable(const struct mailbox *box)
{
    struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void gives_everything_in_the_order_of_posting(void)
{
    struct mailbox *box;
    int expected = 0;

    CU_ASSERT_EQUAL_FATAL(mailbox_new(&box, NULL), 0);
    CU_ASSERT_PTR_NULL(mailbox_take(box));
    for (int i = 0; i < 5; i++)
        post(box, 0, i);
    for (struct mail *mail = mailbox_take(box), *next; mail; mail = next) {
        next = mail->next;
        CU_ASSERT_EQUAL(((struct letter *)mail)->number, expected++);
        mail_discard(mail);
    }
    CU_ASSERT_EQUAL(expected, 5);
    CU_ASSERT_PTR_NULL(mailbox_take(box));
    mailbox_free(box);
}

static void is_readable_while_there_is_mail(void)
{
    struct mailbox *box;

    CU_ASSERT_EQUAL_FATAL(mailbox_new(&box, NULL), 0);
    for (int round = 0; round < 3; round++) {
        CU_ASSERT_FALSE(readable(box));
        post(box, 0, 0);
        CU_ASSERT_TRUE(readable(box));
        post(box, 0, 1);
        CU_ASSERT_TRUE(readable(box));
        struct mail *mail = mailbox_take(box);
        mail_discard(mail->next);
        mail_discard(mail);
    }
    CU_ASSERT_FALSE(readable(box));
    mailbox_free(box);
}

static void discards_what_was_never_taken(void)
{
    struct mailbox *box;
    int discarded = 0;

    CU_ASSERT_EQUAL_FATAL(mailbox_new(&box, NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct letter *letter = mem_new(sizeof *letter);
        letter->mail.discard = count_discard;
        letter->discarded = &discarded;
        mailbox_post(box, &letter->mail);
    }
    post(box, 0, 0);
    mailbox_free(box);
    CU_ASSERT_EQUAL(discarded, 3);
    mailbox_free(NULL);
}

struct sender {
    pthread_t thread;
    struct mailbox *box;
    int number;
};

static void *send_all(void *arg)
{
    const struct sender *sender = arg;

    for (int i = 0; i < MESSAGES; i++)
        post(sender->box, sender->number, i);
    return NULL;
}

/* Takes what is there; counts by sender and says whether each one's mail came in its order. */
static bool take_all(struct mailbox *box, int seen[SENDERS])
{
    bool ordered = true;

    for (struct mail *mail = mailbox_take(box), *next; mail; mail = next) {
        const struct letter *letter = (const struct letter *)mail;
        next = mail->next;
        ordered = ordered && letter->number == seen[letter->sender];
        seen[letter->sender]++;
        mail_discard(mail);
    }
    return ordered;
}

/* The receiver waits on the eventfd alone: a lost wake-up ends the test by its time limit. */
static void loses_nothing_between_threads(void)
{
    struct mailbox *box;
    struct sender senders[SENDERS];
    int seen[SENDERS] = {0};
    bool ordered = true, woken = true;

    CU_ASSERT_EQUAL_FATAL(mailbox_new(&box, NULL), 0);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.box = box, .number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    while (woken && seen[0] + seen[1] < SENDERS * MESSAGES) {
        struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
        woken = poll(&fd, 1, 20000) == 1;
        ordered = take_all(box, seen) && ordered;
    }
    for (int i = 0; i < SENDERS; i++)
        CU_ASSERT_EQUAL(pthread_join(senders[i].thread, NULL), 0);
    CU_ASSERT_TRUE(woken);
    CU_ASSERT_TRUE(ordered);
    CU_ASSERT_EQUAL(seen[0], MESSAGES);
    CU_ASSERT_EQUAL(seen[1], MESSAGES);
    CU_ASSERT_FALSE(readable(box));
    mailbox_free(box);
}

static const struct test tests[] = {
    {"gives everything in the order of posting", gives_everything_in_the_order_of_posting},
    {"is readable while there is mail", is_readable_while_there_is_mail},
    {"discards what was never taken", discards_what_was_never_taken},
    {"loses nothing between threads", loses_nothing_between_threads},
    {NULL, NULL},
};

const struct suite suite_mailbox = {"mailbox", tests};
