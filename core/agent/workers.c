/* SPDX-License-Identifier: MIT */
#include "core/agent/workers.h"

#include "core/base/mem.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { TASK_STOP = -1 };

struct worker {
    pthread_t thread;
    bool running;
    struct mailbox *box;
    struct mailbox *back;
    size_t load; /* tasks given and not told done */
};

struct workers {
    struct worker *at;
    size_t count;
};

struct workers *workers_new(size_t count, struct mailbox *back)
{
    struct workers *workers = mem_new(sizeof *workers);

    workers->at = mem_array(count, sizeof *workers->at);
    workers->count = count;
    for (size_t i = 0; i < count; i++)
        workers->at[i].back = back;
    return workers;
}

/* Runs one letter; false when it was the order to stop. */
static bool serve(struct worker *worker, struct mail *mail)
{
    if (mail->kind == TASK_STOP) {
        free(mail);
        return false;
    }
    struct task *task = (struct task *)mail;
    task->run(task);
    mailbox_post(worker->back, &task->mail);
    return true;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct pollfd fd = {.fd = mailbox_fd(worker->box), .events = POLLIN};
    bool going = true;

    while (going) {
        (void)poll(&fd, 1, -1); /* signals are blocked here; a spurious return finds no mail */
        for (struct mail *mail = mailbox_take(worker->box); mail;) {
            struct mail *next = mail->next;

            if (going)
                going = serve(worker, mail);
            else if (mail->discard)
                mail->discard(mail);
            else
                free(mail);
            mail = next;
        }
    }
    return NULL;
}

static int start(struct worker *worker, struct err *err)
{
    sigset_t all, before;

    if (!worker->box) {
        int rc = mailbox_new(&worker->box, err);

        if (rc < 0)
            return rc;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return err_sys(err, failed, "no worker thread");
    worker->running = true;
    return 0;
}

int workers_give(struct workers *workers, struct task *task, struct err *err)
{
    size_t least = 0;

    for (size_t i = 1; i < workers->count; i++)
        if (workers->at[i].load < workers->at[least].load)
            least = i;
    struct worker *worker = &workers->at[least];
    if (!worker->running) {
        int rc = start(worker, err);

        if (rc < 0)
            return rc;
    }
    worker->load++;
    task->worker = least;
    mailbox_post(worker->box, &task->mail);
    return 0;
}

void workers_done(struct workers *workers, const struct task *task)
{
    workers->at[task->worker].load--;
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    for (size_t i = 0; i < workers->count; i++) {
        if (!workers->at[i].running)
            continue;
        struct mail *stop = mem_new(sizeof *stop);
        stop->kind = TASK_STOP;
        mailbox_post(workers->at[i].box, stop);
    }
    for (size_t i = 0; i < workers->count; i++) {
        if (workers->at[i].running)
            pthread_join(workers->at[i].thread, NULL);
        mailbox_free(workers->at[i].box);
    }
    free(workers->at);
    free(workers);
}
