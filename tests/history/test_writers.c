/* SPDX-License-Identifier: MIT */
/* The record between processes: locks, leases, kills. */
#include "core/base/mem.h"
#include "core/base/uuid.h"
#include "history/lock.h"
#include "history/query.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/site.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Waits for the end of a child; its exit status, or -signal. */
static int join_child(pid_t pid)
{
    int status = -1;

    if (waitpid(pid, &status, 0) != pid)
        return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_locked(void)
{
    struct site s;
    struct lock *lock;
    char pid[32];

    if (!site_set_up(&s, 1))
        return;
    CU_ASSERT_EQUAL(lock_open(&lock, s.path, &s.err), 0);
    CU_ASSERT_EQUAL(lock_wait(lock, 1000000, &s.err), 0);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    tape_answer(&s.tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, pid));
    struct site other = {.dir = s.dir, .path = s.path};
    CU_ASSERT_EQUAL(site_open(&other), E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(other.err.msg, pid));
    struct query *q; /* readers do not care */
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    query_close(q);
    lock_drop(lock);
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), 0);
    batch_clear(&s.tape.batch);
    lock_close(lock);
    site_tear_down(&s);
}

/* Nothing of the engine's stops for a taken lock; it is told, and tries again. */
static void test_lease_locked(void)
{
    struct site s;
    struct lock *lock;
    int64_t run = 0;

    if (!site_set_up(&s, 1))
        return;
    const struct journal_class *journal = s.journal.class;
    CU_ASSERT_EQUAL(lock_open(&lock, s.path, &s.err), 0);
    for (int locked = 1; locked >= 0; locked--) {
        int rc = locked ? E_BUSY : 0;

        if (locked)
            CU_ASSERT_EQUAL(lock_wait(lock, 1000000, &s.err), 0);
        CU_ASSERT_EQUAL(journal->release(s.history, s.tape.run, &s.err), rc);
        CU_ASSERT_EQUAL(journal->new_run(s.history, &run, &s.err), rc);
        CU_ASSERT_EQUAL(journal->claim(s.history, s.tape.run, &s.err),
                        0); /* still, or again, ours */
        CU_ASSERT_EQUAL(journal->ready(s.history, &s.err), 0);
        lock_drop(lock);
    }
    lock_close(lock);
    site_tear_down(&s);
}

static int record_in_child(struct site *s, int turns)
{
    int rc = 0;

    /* The other may hold the lock each time: as the engine does, try again. */
    for (int tries = 0; tries < 50 && (rc = site_open(s)) == E_BUSY; tries++)
        continue;
    int64_t run = 0;
    while (rc == 0 && (rc = s->journal.class->new_run(s->history, &run, &s->err)) == E_BUSY)
        rc = 0;
    if (rc < 0)
        return 1;
    tape_init(&s->tape, run);
    tape_start(&s->tape, "beside another");
    rc = tape_commit(&s->tape, &s->journal, &s->err);
    for (int i = 0; rc == 0 && i < turns; i++) {
        rc = tape_turn(&s->tape, &s->journal, &s->err);
        s->journal.class->tend(s->history, i % 10 == 9);
    }
    history_close(s->history);
    return rc == 0 ? 0 : 2;
}

static void test_two_writers(void)
{
    struct site s;
    pid_t pids[2];

    site_name(&s);
    fflush(NULL);
    for (int i = 0; i < 2; i++)
        if ((pids[i] = fork()) == 0)
            _exit(record_in_child(&s, 30));
    CU_ASSERT_EQUAL(join_child(pids[0]), 0);
    CU_ASSERT_EQUAL(join_child(pids[1]), 0);
    CU_ASSERT_EQUAL(site_count(&s, "run"), 2);
    CU_ASSERT_EQUAL(site_count(&s, "node"), 2 * (2 + 60));
    CU_ASSERT_EQUAL(site_findings(&s), 0);
    site_tear_down(&s);
}

static void test_one_run_two_processes(void)
{
    struct site s;
    char pid[32];

    if (!site_set_up(&s, 1))
        return;
    struct site other = {.dir = s.dir, .path = s.path};
    CU_ASSERT_EQUAL(site_open(&other), 0);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    CU_ASSERT_EQUAL(other.journal.class->claim(other.history, s.tape.run, &other.err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(other.err.msg, pid));
    /* What is not its own it cannot write either. */
    tape_answer(&s.tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(other.journal.class->commit(other.history, &s.tape.batch, &other.err),
                    E_FENCED);
    CU_ASSERT_EQUAL(s.tape.batch.refused, s.tape.run);
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    CU_ASSERT_EQUAL(s.journal.class->release(s.history, s.tape.run, &s.err), 0);
    CU_ASSERT_EQUAL(other.journal.class->claim(other.history, s.tape.run, &other.err), 0);
    history_close(other.history);
    history_report_free(&other.report);
    site_tear_down(&s);
}

/* A process is taken for dead, its run taken over; it comes back and must not write. */
static void test_fencing(void)
{
    struct site s;

    if (!site_set_up(&s, 1))
        return;
    /* Its owner file vanishes: to all others it is dead. */
    char *owner = mem_printf("%s.owners/%s", s.path, history_owner(s.history));
    CU_ASSERT_EQUAL(unlink(owner), 0);
    free(owner);
    struct site other = {.dir = s.dir, .path = s.path};
    CU_ASSERT_EQUAL(site_open(&other), 0);
    CU_ASSERT(other.report.unclean);
    CU_ASSERT_EQUAL(other.journal.class->claim(other.history, s.tape.run, &other.err), 0);
    struct tape theirs = s.tape;
    theirs.batch = (struct batch){0};
    CU_ASSERT_EQUAL(tape_turn(&theirs, &other.journal, &other.err), 0);
    tape_answer(&s.tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), E_FENCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "taken over"));
    CU_ASSERT_EQUAL(s.tape.batch.refused, s.tape.run);
    CU_ASSERT_EQUAL(site_findings(&s), 0);
    tape_free(&theirs);
    history_close(other.history);
    history_report_free(&other.report);
    site_tear_down(&s);
}

static void test_lost_compare_and_swap(void)
{
    struct site s;
    struct hash chain = {{0}};

    if (!site_set_up(&s, 2))
        return;
    struct tape stale = s.tape;
    stale.batch = (struct batch){0};
    tape_jump(&s.tape, HEAD_ROLLBACK, 4, 4, 1, &chain);
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    int64_t before = site_count(&s, "node");
    stale.inputs = s.tape.inputs; /* only the head is stale */
    tape_answer(&stale, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &stale.batch, &s.err), E_FENCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "head"));
    CU_ASSERT_EQUAL(site_count(&s, "node"), before); /* all of it or nothing */
    tape_free(&stale);
    site_tear_down(&s);
}

/* A child that records turns and says each that was acknowledged. */
static void record_and_say(struct site *s, int fd)
{
    int64_t run;

    if (site_open(s) < 0 || s->journal.class->new_run(s->history, &run, &s->err) < 0)
        _exit(1);
    tape_init(&s->tape, run);
    tape_start(&s->tape, "until killed");
    while (tape_commit(&s->tape, &s->journal, &s->err) == 0) {
        int64_t said[2] = {run, s->tape.inputs};
        if (write(fd, said, sizeof said) != sizeof said)
            _exit(2);
        s->journal.class->tend(s->history, false);
        switch (s->tape.inputs % 3) {
        case 0: tape_event(&s->tape, EVENT_NOTICE, "{\"text\":\"a\"}"); break;
        case 1: tape_event(&s->tape, EVENT_NOTICE, "{\"text\":\"b\"}"); break;
        default: tape_node(&s->tape, NODE_USER, "{\"role\":\"user\",\"content\":\"x\"}"); break;
        }
        tape_input(&s->tape, 1, "{}", NULL);
    }
    _exit(3);
}

static int64_t last_input(struct site *s, int64_t run)
{
    struct query *q;
    int64_t last = -1;
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;

    if (query_open(&q, s->path, NULL, &s->err) == 0)
        query_close(q);
    sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL);
    if (sqlite3_prepare_v2(db, "SELECT max(seq) FROM input WHERE run=?", -1, &stmt, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, run);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            last = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return last;
}

static void test_kill_at_random(void)
{
    unsigned asked = suite_amount("KILLS", 20), rounds = asked < 2000 ? asked : 2000;
    struct site s;
    uint64_t random = uuid_random();

    site_name(&s);
    for (unsigned i = 0; i < rounds; i++) {
        int pipes[2];
        int64_t said[2], acked = 0, run = 0;
        CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC), 0);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0)
            record_and_say(&s, pipes[1]);
        close(pipes[1]);
        int wait_for = (int)(random >> (i % 32) & 15); /* acknowledgements before the kill */
        while (acked < wait_for && read(pipes[0], said, sizeof said) == sizeof said) {
            run = said[0];
            acked++;
        }
        nanosleep(&(struct timespec){.tv_nsec = (long)(random >> 20) % 997 * 1000}, NULL);
        kill(pid, SIGKILL);
        CU_ASSERT_EQUAL(join_child(pid), -SIGKILL);
        int64_t stored = 0;
        while (read(pipes[0], said, sizeof said) == sizeof said)
            run = said[0];
        if (run) {
            stored = said[1];
            int64_t last = last_input(&s, run);
            CU_ASSERT(last == stored || last == stored + 1);
        }
        close(pipes[0]);
        random = random * 6364136223846793005u + 1442695040888963407u;
    }
    CU_ASSERT_EQUAL(site_open(&s), 0); /* at once: a dead holder's lock is free */
    CU_ASSERT_EQUAL(site_findings(&s), 0);
    site_tear_down(&s);
}

static void test_stale_lock(void)
{
    struct site s;
    int pipes[2];
    char byte;

    if (!site_set_up(&s, 1))
        return;
    CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct lock *lock;
        if (lock_open(&lock, s.path, NULL) < 0 || lock_wait(lock, 1000000, NULL) < 0)
            _exit(1);
        (void)!write(pipes[1], "x", 1);
        pause();
        _exit(0);
    }
    CU_ASSERT_EQUAL(read(pipes[0], &byte, 1), 1);
    tape_answer(&s.tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), E_BUSY);
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(join_child(pid), -SIGKILL);
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), 0);
    batch_clear(&s.tape.batch);
    close(pipes[0]);
    close(pipes[1]);
    site_tear_down(&s);
}

const struct suite suite_writers = {
    "writers",
    (const struct test[]){
        {"S07 a locked history names who has it, and readers read on", test_locked},
        {"who starts, takes or gives back a run does not stop for a taken lock", test_lease_locked},
        {"S08 two processes write to one history, in turns", test_two_writers},
        {"S08 a run belongs to one process", test_one_run_two_processes},
        {"S09 a lock of a killed process is free", test_stale_lock},
        {"S11 a kill at random loses nothing acknowledged", test_kill_at_random},
        {"a process that was taken for dead cannot write", test_fencing},
        {"a head that moved refuses the whole batch", test_lost_compare_and_swap},
        {NULL, NULL},
    },
};
