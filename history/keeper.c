/* SPDX-License-Identifier: MIT */
#include "history/keeper.h"

#include "core/base/clock.h"
#include "core/base/mailbox.h"
#include "core/base/mem.h"
#include "history/db.h"
#include "history/lock.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define FOLD_ABOVE 1000    /* pages of WAL */
#define LOCK_WAIT  2000000 /* µs a fold waits for the lock */
#define GIVE_WAY   100000  /* µs that commits hold back for it */

enum order { ORDER_FOLD, ORDER_EMPTY, ORDER_STOP };

struct report {
    struct mail mail;
    bool done;    /* the WAL was looked at */
    int64_t left; /* pages that could not be folded */
};

struct keeper {
    char *path, *vfs;
    bool inline_folds;
    struct mailbox *orders, *reports; /* to the thread, from it */
    pthread_t thread;
    bool running;

    /* The engine's side. */
    bool asked;         /* a fold is under way … */
    int64_t asked_us;   /* … since then (monotonic) */
    int64_t next_above; /* pages at which the next one is worth asking for */
    int64_t seen;       /* pages when it was asked last */
    bool empty;         /* nothing was committed since it was emptied */
    int64_t folds;

    /* The thread's. */
    struct db *db;
    struct lock *lock;
};

/* ---- the thread */

static int ready(struct keeper *keeper)
{
    int rc = 0;

    if (!keeper->lock)
        rc = lock_open(&keeper->lock, keeper->path, NULL);
    if (rc == 0 && !keeper->db)
        rc = db_open(&keeper->db, &(struct db_options){.path = keeper->path, .vfs = keeper->vfs},
                     NULL);
    return rc;
}

/* Whatever goes wrong here goes wrong for the next commit too, which tells it. */
static void fold(struct keeper *keeper, bool empty, struct report *report)
{
    int rc = ready(keeper);

    if (rc == 0)
        rc = keeper->inline_folds ? lock_try(keeper->lock, NULL)
                                  : lock_wait(keeper->lock, LOCK_WAIT, NULL);
    if (rc < 0)
        return;
    rc = db_check_place(keeper->db, NULL);
    if (rc == 0)
        rc = db_fold(keeper->db, empty, &report->left, NULL);
    lock_drop(keeper->lock);
    report->done = rc == 0;
    if (rc < 0 && rc != E_BUSY) {
        db_close(keeper->db);
        keeper->db = NULL;
    }
}

static void *work(void *ctx)
{
    struct keeper *keeper = ctx;
    struct pollfd wait = {.fd = mailbox_fd(keeper->orders), .events = POLLIN};

    for (bool stop = false; !stop;) {
        if (poll(&wait, 1, -1) < 0)
            continue; /* a signal; nothing else can happen to an eventfd of ours */
        struct mail *next, *mail = mailbox_take(keeper->orders);
        for (; mail; mail = next) {
            next = mail->next;
            stop = stop || mail->kind == ORDER_STOP;
            if (!stop) {
                struct report *report = mem_new(sizeof *report);
                fold(keeper, mail->kind == ORDER_EMPTY, report);
                mailbox_post(keeper->reports, &report->mail);
            }
            mail_discard(mail);
        }
    }
    return NULL;
}

/* ---- the engine's side */

static int start(struct keeper *keeper, struct err *err)
{
    sigset_t all, old;
    int rc = mailbox_new(&keeper->orders, err);

    if (rc == 0)
        rc = mailbox_new(&keeper->reports, err);
    if (rc < 0)
        return rc;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the main thread's */
    rc = pthread_create(&keeper->thread, NULL, work, keeper);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return err_sys(err, rc, "history: no thread");
    keeper->running = true;
    return 0;
}

int keeper_new(struct keeper **out, const struct keeper_options *options, struct err *err)
{
    struct keeper *keeper = mem_new(sizeof *keeper);

    *out = NULL;
    keeper->path = mem_text(options->path);
    keeper->vfs = mem_text(options->vfs);
    keeper->inline_folds = options->inline_folds;
    keeper->next_above = FOLD_ABOVE;
    int rc = keeper->inline_folds ? 0 : start(keeper, err);
    if (rc < 0) {
        keeper_free(keeper);
        return rc;
    }
    *out = keeper;
    return 0;
}

static void order(struct keeper *keeper, enum order what)
{
    struct mail *mail = mem_new(sizeof *mail);

    mail->kind = (int)what;
    mailbox_post(keeper->orders, mail);
}

void keeper_free(struct keeper *keeper)
{
    if (!keeper)
        return;
    if (keeper->running) {
        order(keeper, ORDER_STOP);
        (void)pthread_join(keeper->thread, NULL); /* cannot fail: it is ours and runs */
    }
    mailbox_free(keeper->orders);
    mailbox_free(keeper->reports);
    db_close(keeper->db);
    lock_close(keeper->lock);
    free(keeper->path);
    free(keeper->vfs);
    free(keeper);
}

/* What a reader holds back is not worth asking for again before the WAL has grown as much anew. */
static void take_report(struct keeper *keeper, const struct report *report)
{
    keeper->asked = false;
    keeper->folds += report->done;
    keeper->next_above = report->done && report->left == 0 ? FOLD_ABOVE : keeper->seen + FOLD_ABOVE;
}

static void take_reports(struct keeper *keeper)
{
    struct mail *next, *mail = keeper->reports ? mailbox_take(keeper->reports) : NULL;

    for (; mail; mail = next) {
        next = mail->next;
        take_report(keeper, (struct report *)mail);
        mail_discard(mail);
    }
}

static int64_t now_us(void)
{
    struct clock clock = clock_system();

    return clock_mono(&clock);
}

static void ask(struct keeper *keeper, enum order what, int64_t wal_frames)
{
    keeper->seen = wal_frames;
    keeper->empty = what == ORDER_EMPTY;
    if (!keeper->inline_folds) {
        keeper->asked = true;
        keeper->asked_us = now_us();
        order(keeper, what);
        return;
    }
    struct report report = {0};
    fold(keeper, what == ORDER_EMPTY, &report);
    take_report(keeper, &report);
}

void keeper_tend(struct keeper *keeper, int64_t wal_frames, bool idle)
{
    take_reports(keeper);
    if (wal_frames != keeper->seen)
        keeper->empty = false;
    if (keeper->asked)
        return;
    if (idle && wal_frames > 0 && !keeper->empty)
        ask(keeper, ORDER_EMPTY, wal_frames);
    else if (!idle && wal_frames >= keeper->next_above)
        ask(keeper, ORDER_FOLD, wal_frames);
}

bool keeper_is_folding(struct keeper *keeper)
{
    if (!keeper) /* closing: it is gone already */
        return false;
    take_reports(keeper);
    return keeper->asked && now_us() - keeper->asked_us < GIVE_WAY;
}

int64_t keeper_folds(const struct keeper *keeper)
{
    return keeper->folds;
}
