/* SPDX-License-Identifier: MIT */
/* The record in real files: damage, replacement, other processes, clocks, versions, size. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "history/fsck.h"
#include "history/history.h"
#include "history/lock.h"
#include "history/place.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_run.h"
#include "history/schema.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

struct site {
    char *dir, *path;
    struct history *history;
    struct history_report report;
    struct journal journal;
    struct tape tape;
    struct err err;
};

static int open_site(struct site *s)
{
    struct history_options options = {.path = s->path, .lock_wait_us = 100000};

    history_report_free(&s->report);
    int rc = history_open(&s->history, &options, &s->report, &s->err);
    if (rc == 0)
        s->journal = history_journal(s->history);
    return rc;
}

static void name_site(struct site *s)
{
    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    s->path = mem_printf("%s/history.db", s->dir);
}

/* A history with one run of `turns` turns. */
static bool set_up(struct site *s, int turns)
{
    name_site(s);
    int rc = open_site(s);
    CU_ASSERT_EQUAL(rc, 0);
    if (rc == 0)
        rc = tape_record(&s->tape, &s->journal, turns, &s->err);
    CU_ASSERT_EQUAL(rc, 0);
    return rc == 0;
}

static void tear_down(struct site *s)
{
    history_close(s->history);
    history_report_free(&s->report);
    tape_free(&s->tape);
    free(s->path);
    scratch_free(s->dir);
}

static void print_finding(void *ctx, int64_t run, const char *text)
{
    (void)ctx;
    printf("    run %" PRId64 ": %s\n", run, text);
}

static int64_t findings(struct site *s)
{
    struct fsck_options options = {.found = print_finding};
    struct fsck_report report;
    struct query *q;

    if (query_open(&q, s->path, NULL, &s->err) < 0)
        return -1;
    int rc = fsck_run(&report, q, &options, &s->err);
    query_close(q);
    return rc < 0 ? rc : report.findings;
}

static int64_t count_of(struct site *s, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    char *sql = mem_printf("SELECT count(*) FROM %s", table);
    int64_t count = -1;

    sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        count = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    free(sql);
    return count;
}

static bool has_aside(const struct site *s)
{
    return place_bytes_beside(s->path, ".bad-") > 0;
}

/* ---- S05: damage */

static void overwrite(const char *path, off_t at, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    CU_ASSERT(fd >= 0 && pwrite(fd, data, len, at) == (ssize_t)len);
    close(fd);
}

static void damage_header(struct site *s)
{
    overwrite(s->path, 0, "garbage garbage garbage garbage", 32);
}

static void damage_schema(struct site *s)
{
    char page[3000];

    memset(page, 0xaa, sizeof page);
    overwrite(s->path, 100, page, sizeof page);
}

static void cut_to_half(struct site *s)
{
    CU_ASSERT_EQUAL(truncate(s->path, place_size(s->path) / 2 / 4096 * 4096), 0);
}

static void cut_to_nothing(struct site *s)
{
    CU_ASSERT_EQUAL(truncate(s->path, 0), 0);
}

static void text_file(struct site *s)
{
    CU_ASSERT_EQUAL(unlink(s->path), 0);
    scratch_write(s->dir, "history.db", "dear diary\n");
    chmod(s->path, 0600);
}

static void folder(struct site *s)
{
    CU_ASSERT_EQUAL(unlink(s->path), 0);
    CU_ASSERT_EQUAL(mkdir(s->path, 0700), 0);
}

static char *wal_of(struct site *s)
{
    return mem_printf("%s-wal", s->path);
}

static void garble_wal(struct site *s)
{
    char *wal = wal_of(s), noise[5000];

    uuid_bytes(noise, sizeof noise);
    overwrite(wal, 0, noise, sizeof noise);
    free(wal);
}

static void lose_wal(struct site *s)
{
    char *wal = wal_of(s);

    CU_ASSERT_EQUAL(unlink(wal), 0);
    free(wal);
}

static void garble_shm(struct site *s)
{
    char *shm = mem_printf("%s-shm", s->path), noise[32768];

    uuid_bytes(noise, sizeof noise);
    overwrite(shm, 0, noise, sizeof noise);
    free(shm);
}

/* The three files of one history, put where another is to be. */
static void copy_files(const struct site *from, const struct site *to)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char block[16384];
        char *source = mem_printf("%s%s", from->path, suffixes[i]);
        char *target = mem_printf("%s%s", to->path, suffixes[i]);
        int in = open(source, O_RDONLY), out = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ssize_t got;
        while (in >= 0 && (got = read(in, block, sizeof block)) > 0)
            CU_ASSERT_EQUAL(write(out, block, (size_t)got), got);
        close(in);
        close(out);
        free(source);
        free(target);
    }
}

/* So many that the file's second half is their bodies. */
static void add_large_nodes(struct site *s)
{
    char noise[75 << 10], *body = mem_new(2 * sizeof noise + 1);

    for (int i = 0; i < 6; i++) {
        uuid_bytes(noise, sizeof noise);
        str_hex(body, noise, sizeof noise);
        tape_node(&s->tape, NODE_USER, body);
    }
    tape_input(&s->tape, 1, "{}", NULL);
    CU_ASSERT_EQUAL(tape_commit(&s->tape, &s->journal, &s->err), 0);
    free(body);
}

struct harm {
    void (*harm)(struct site *s);
    bool folded; /* all of it is in the file, nothing in the WAL */
    bool aside, told;
    int64_t saved; /* nodes at least, of 86; 0 = none can be */
};

static void check_harm(const struct site *sound, const struct harm *harm)
{
    char *owners = NULL;
    struct tape other;
    struct site s;

    name_site(&s);
    copy_files(sound, &s);
    owners = mem_printf("%s.owners", s.path);
    CU_ASSERT_EQUAL(mkdir(owners, 0700), 0); /* it was used */
    free(owners);
    harm->harm(&s);
    CU_ASSERT_EQUAL_FATAL(open_site(&s), 0);
    CU_ASSERT_EQUAL(has_aside(&s), harm->aside);
    CU_ASSERT_EQUAL(s.report.damage != NULL, harm->told);
    int64_t nodes = count_of(&s, "node");
    CU_ASSERT(nodes >= harm->saved && (harm->saved > 0 || nodes == 0));
    CU_ASSERT_EQUAL(tape_record(&other, &s.journal, 1, &s.err), 0);
    if (harm->saved == 0 || harm->saved == 86)
        CU_ASSERT_EQUAL(findings(&s), 0);
    tape_free(&other);
    tear_down(&s);
}

static void test_damage(void)
{
    static const struct harm harms[] = {
        {damage_header, true, true, true, 86},  {damage_schema, true, true, true, 0},
        {cut_to_half, true, true, true, 80},    {cut_to_nothing, true, true, true, 0},
        {cut_to_nothing, false, true, true, 0}, {text_file, true, true, true, 0},
        {folder, true, true, true, 0},          {garble_wal, false, true, true, 0},
        {lose_wal, false, false, true, 0},      {garble_shm, false, false, false, 86},
    };
    struct site folded, dropped;

    if (!set_up(&folded, 39) || !set_up(&dropped, 39))
        return;
    add_large_nodes(&folded);
    add_large_nodes(&dropped);
    history_close(folded.history);
    history_drop(dropped.history);
    folded.history = dropped.history = NULL;
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++)
        check_harm(harms[i].folded ? &folded : &dropped, &harms[i]);
    tear_down(&folded);
    tear_down(&dropped);
}

/* A page in the middle: opening does not see it, reading and fsck do, a repair saves the rest. */
static void test_damage_in_the_middle(void)
{
    struct site s, sound;
    char page[4096], *report = NULL;
    int64_t damaged = 0, saved = 0;

    memset(page, 0x5a, sizeof page);
    if (!set_up(&sound, 20))
        return;
    history_close(sound.history);
    sound.history = NULL;
    for (int at = 5; at < 45; at += 4) {
        name_site(&s);
        copy_files(&sound, &s);
        overwrite(s.path, at * 4096L, page, sizeof page);
        struct fsck_options options = {0};
        struct fsck_report found = {0};
        struct query *q = NULL;
        int rc = query_open(&q, s.path, NULL, &s.err);
        if (rc == 0)
            rc = fsck_run(&found, q, &options, &s.err);
        query_close(q);
        damaged += rc == E_CORRUPT || found.findings > 0;
        CU_ASSERT_EQUAL(fsck_repair(&report, s.path, &s.err), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(report);
        CU_ASSERT_PTR_NOT_NULL(strstr(report, "rows saved"));
        free(report);
        CU_ASSERT(has_aside(&s));
        saved += count_of(&s, "node") + count_of(&s, "event");
        CU_ASSERT_EQUAL(open_site(&s), 0);
        struct tape other;
        CU_ASSERT_EQUAL(tape_record(&other, &s.journal, 0, &s.err), 0);
        tape_free(&other);
        tear_down(&s);
    }
    CU_ASSERT(damaged >= 8);     /* the others were free or unused pages */
    CU_ASSERT(saved > 10 * 150); /* of 42 nodes and 200 events each */
    tear_down(&sound);
}

static void test_foreign_database(void)
{
    struct site s;
    sqlite3 *db;

    name_site(&s);
    CU_ASSERT_EQUAL(sqlite3_open(s.path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE bookmarks(url TEXT)", NULL, NULL, NULL);
    sqlite3_close(db);
    chmod(s.path, 0600);
    CU_ASSERT_EQUAL(open_site(&s), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "another program"));
    CU_ASSERT_EQUAL(count_of(&s, "bookmarks"), 0);
    tear_down(&s);
}

/* ---- S06: replaced while open */

static void remove_file(struct site *s)
{
    CU_ASSERT_EQUAL(unlink(s->path), 0);
}

static void put_copy_there(struct site *s)
{
    char *copy = mem_printf("%s/copy", s->dir);
    char *text = scratch_read(s->dir, "history.db-wal");

    /* Another file by the same name, with the same owner and mode. */
    CU_ASSERT_EQUAL(rename(s->path, copy), 0);
    scratch_write(s->dir, "history.db", "");
    chmod(s->path, 0600);
    free(text);
    free(copy);
}

static void remove_shm(struct site *s)
{
    char *shm = mem_printf("%s-shm", s->path);

    CU_ASSERT_EQUAL(unlink(shm), 0);
    free(shm);
}

static void test_replaced(void)
{
    static void (*const harms[])(struct site * s) = {remove_file, put_copy_there, lose_wal,
                                                     remove_shm};

    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        struct site s;
        if (!set_up(&s, 1))
            return;
        harms[i](&s);
        tape_answer(&s.tape, "", "shell", "{}");
        int rc = s.journal.class->commit(s.history, &s.tape.batch, &s.err);
        CU_ASSERT_EQUAL(rc, E_IO);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "removed or replaced"));
        tear_down(&s);
    }
}

/* ---- S03, S04, S10: where it lies */

/* Runs `test` in a process that is not root, for mode bits bind it. */
static int as_nobody(struct site *s, int (*test)(struct site *s))
{
    int status = -1;

    fflush(NULL);
    if (chown(s->dir, NOBODY, NOBODY) < 0 && geteuid() == 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                               setresuid(NOBODY, NOBODY, NOBODY) < 0))
            _exit(99);
        _exit(test(s));
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int open_code(struct site *s)
{
    return -open_site(s);
}

static int read_only_folder(struct site *s)
{
    chmod(s->dir, 0500);
    int rc = -open_site(s);
    chmod(s->dir, 0700);
    return rc;
}

static int read_only_file(struct site *s)
{
    if (open_site(s) < 0)
        return 1;
    history_close(s->history);
    s->history = NULL;
    chmod(s->path, 0400);
    int rc = -open_site(s);
    chmod(s->path, 0600);
    return rc != 0 && strstr(s->err.msg, s->path) ? 0 : 2;
}

static void test_not_writable(void)
{
    struct site s;

    name_site(&s);
    char *below = mem_printf("%s/..", s.dir);
    chmod(below, 0711);
    free(below);
    int rc = as_nobody(&s, open_code);
    if (rc == 99 || rc == -E_DENIED) {
        suite_skip("S03", "the test's folder cannot be reached by another user");
        tear_down(&s);
        return;
    }
    CU_ASSERT_EQUAL(rc, 0);
    CU_ASSERT_EQUAL(as_nobody(&s, read_only_file), 0);
    tear_down(&s);
    name_site(&s);
    CU_ASSERT_EQUAL(as_nobody(&s, read_only_folder), -E_DENIED);
    tear_down(&s);
}

static int file_size_limit(struct site *s)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    if (open_site(s) < 0 || tape_record(&s->tape, &s->journal, 1, &s->err) < 0)
        return 1;
    char *wal = wal_of(s);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = (rlim_t)place_size(wal) + 2000;
    setrlimit(RLIMIT_FSIZE, &limit);
    free(wal);
    tape_answer(&s->tape, "", "shell", "{}");
    int rc = s->journal.class->commit(s->history, &s->tape.batch, &s->err);
    if (rc != E_FULL)
        return 2;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    rc = tape_commit(&s->tape, &s->journal, &s->err);
    history_close(s->history);
    s->history = NULL;
    return rc == 0 ? 0 : 3;
}

static void test_file_size_limit(void)
{
    struct site s;
    int status = -1;

    name_site(&s);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(file_size_limit(&s));
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(findings(&s), 0);
    CU_ASSERT_EQUAL(count_of(&s, "node"), 5);
    tear_down(&s);
}

static void test_network_file_systems(void)
{
    static const struct {
        uint64_t magic;
        const char *type, *name;
    } cases[] = {
        {0x6969, "nfs4", "NFS"},
        {0xff534d42, "cifs", "CIFS"},
        {0xfe534d42, "smb3", "SMB2"},
        {0x01021997, "9p", "9p"},
        {0x65735546, "fuse.sshfs", "fuse.sshfs"},
        {0x65735546, "fuseblk", NULL},
        {0xef53, "ext4", NULL},
        {0x9123683e, "btrfs", NULL},
        {0x58465342, "xfs", NULL},
        {0x01021994, "tmpfs", NULL},
        {0x794c7630, "overlay", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = place_network(cases[i].magic, cases[i].type);
        CU_ASSERT((!name && !cases[i].name) ||
                  (name && cases[i].name && strcmp(name, cases[i].name) == 0));
    }
}

static void test_modes(void)
{
    static const char *const names[] = {"history.db", "history.db-wal", "history.db-shm",
                                        "history.db.lock"};
    struct site s;
    struct stat st;

    umask(0);
    if (!set_up(&s, 1))
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_EQUAL(stat(scratch_path(s.dir, names[i]), &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    }
    CU_ASSERT_EQUAL(stat(scratch_path(s.dir, "history.db.owners"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
    umask(022);
    history_close(s.history);
    s.history = NULL;
    chmod(s.path, 0644); /* put back by a restore, say */
    CU_ASSERT_EQUAL(open_site(&s), 0);
    CU_ASSERT(stat(s.path, &st) == 0 && (st.st_mode & 0777) == 0600);
    history_close(s.history);
    s.history = NULL;
    chmod(s.path, 0666);
    CU_ASSERT_EQUAL(open_site(&s), E_DENIED);
    chmod(s.path, 0600);
    char *real = mem_printf("%s/real.db", s.dir);
    CU_ASSERT(rename(s.path, real) == 0 && symlink(real, s.path) == 0);
    CU_ASSERT_EQUAL(open_site(&s), E_DENIED);
    free(real);
    tear_down(&s);
}

/* ---- S07, S08, S09, S11: other processes */

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

    if (!set_up(&s, 1))
        return;
    CU_ASSERT_EQUAL(lock_open(&lock, s.path, &s.err), 0);
    CU_ASSERT_EQUAL(lock_wait(lock, 1000000, &s.err), 0);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    tape_answer(&s.tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, pid));
    struct site other = {.dir = s.dir, .path = s.path};
    CU_ASSERT_EQUAL(open_site(&other), E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(other.err.msg, pid));
    struct query *q; /* readers do not care */
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    query_close(q);
    lock_drop(lock);
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), 0);
    batch_clear(&s.tape.batch);
    lock_close(lock);
    tear_down(&s);
}

static int record_in_child(struct site *s, int turns)
{
    int rc = 0;

    /* The other may hold the lock each time: as the engine does, try again. */
    for (int tries = 0; tries < 50 && (rc = open_site(s)) == E_BUSY; tries++)
        continue;
    int64_t run;
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

    name_site(&s);
    fflush(NULL);
    for (int i = 0; i < 2; i++)
        if ((pids[i] = fork()) == 0)
            _exit(record_in_child(&s, 30));
    CU_ASSERT_EQUAL(join_child(pids[0]), 0);
    CU_ASSERT_EQUAL(join_child(pids[1]), 0);
    CU_ASSERT_EQUAL(count_of(&s, "run"), 2);
    CU_ASSERT_EQUAL(count_of(&s, "node"), 2 * (2 + 60));
    CU_ASSERT_EQUAL(findings(&s), 0);
    tear_down(&s);
}

static void test_one_run_two_processes(void)
{
    struct site s;
    char pid[32];

    if (!set_up(&s, 1))
        return;
    struct site other = {.dir = s.dir, .path = s.path};
    CU_ASSERT_EQUAL(open_site(&other), 0);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    CU_ASSERT_EQUAL(other.journal.class->claim(other.history, s.tape.run, &other.err), E_BUSY);
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
    tear_down(&s);
}

/* A process is taken for dead, its run taken over; it comes back and must not write. */
static void test_fencing(void)
{
    struct site s;

    if (!set_up(&s, 1))
        return;
    /* Its owner file vanishes: to all others it is dead. */
    char *owner = mem_printf("%s.owners/%s", s.path, history_owner(s.history));
    CU_ASSERT_EQUAL(unlink(owner), 0);
    free(owner);
    struct site other = {.dir = s.dir, .path = s.path};
    CU_ASSERT_EQUAL(open_site(&other), 0);
    CU_ASSERT(other.report.unclean);
    CU_ASSERT_EQUAL(other.journal.class->claim(other.history, s.tape.run, &other.err), 0);
    struct tape theirs = s.tape;
    theirs.batch = (struct batch){0};
    CU_ASSERT_EQUAL(tape_turn(&theirs, &other.journal, &other.err), 0);
    tape_answer(&s.tape, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &s.tape.batch, &s.err), E_FENCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "taken over"));
    CU_ASSERT_EQUAL(s.tape.batch.refused, s.tape.run);
    CU_ASSERT_EQUAL(findings(&s), 0);
    tape_free(&theirs);
    history_close(other.history);
    history_report_free(&other.report);
    tear_down(&s);
}

static void test_lost_compare_and_swap(void)
{
    struct site s;
    struct hash chain = {{0}};

    if (!set_up(&s, 2))
        return;
    struct tape stale = s.tape;
    stale.batch = (struct batch){0};
    tape_jump(&s.tape, HEAD_ROLLBACK, 4, 4, 1, &chain);
    CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
    int64_t before = count_of(&s, "node");
    stale.inputs = s.tape.inputs; /* only the head is stale */
    tape_answer(&stale, "", "shell", "{}");
    CU_ASSERT_EQUAL(s.journal.class->commit(s.history, &stale.batch, &s.err), E_FENCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "head"));
    CU_ASSERT_EQUAL(count_of(&s, "node"), before); /* all of it or nothing */
    tape_free(&stale);
    tear_down(&s);
}

/* A child that records turns and says each that was acknowledged. */
static void record_and_say(struct site *s, int fd)
{
    int64_t run;

    if (open_site(s) < 0 || s->journal.class->new_run(s->history, &run, &s->err) < 0)
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
    const char *kills = getenv("TEST_KILLS");
    int rounds = kills ? atoll(kills) > 2000 ? 2000 : (int)atoll(kills) : 20;
    struct site s;
    uint64_t random = uuid_random();

    name_site(&s);
    for (int i = 0; i < rounds; i++) {
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
    CU_ASSERT_EQUAL(open_site(&s), 0); /* at once: a dead holder's lock is free */
    CU_ASSERT_EQUAL(findings(&s), 0);
    tear_down(&s);
}

static void test_stale_lock(void)
{
    struct site s;
    int pipes[2];
    char byte;

    if (!set_up(&s, 1))
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
    tear_down(&s);
}

/* ---- S15: clocks that go wrong */

static void test_clocks(void)
{
    static const int64_t jumps[] = {-86400, 10LL * 365 * 86400, -1700000000, 3600, -3600};
    struct site s;
    struct query *q;
    struct arena arena = {0};
    struct chain_path path;
    struct node_row *nodes;
    struct event_row *events;
    size_t count;

    if (!set_up(&s, 1))
        return;
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        s.tape.wall_us += jumps[i] * 1000000;
        CU_ASSERT_EQUAL(tape_turn(&s.tape, &s.journal, &s.err), 0);
    }
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_path(q, &arena, s.tape.run, 0, &path, &s.err), 0);
    CU_ASSERT_EQUAL(query_nodes(q, &arena, &path, 1, 100, &nodes, &count, &s.err), 0);
    CU_ASSERT_EQUAL(count, 2 + 6 * 2);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(nodes[i].node, (int64_t)i + 1);
    struct event_page page = {.run = s.tape.run, .limit = 1000};
    CU_ASSERT_EQUAL(query_events(q, &arena, &page, &events, &count, &s.err), 0);
    for (size_t i = 1; i < count; i++)
        CU_ASSERT(events[i].seq > events[i - 1].seq);
    query_close(q);
    arena_free(&arena);
    CU_ASSERT_EQUAL(findings(&s), 0);
    tear_down(&s);
}

/* ---- S16, S17: other versions */

static void test_newer_file(void)
{
    struct site s;
    struct query *q;
    struct arena arena = {0};
    struct run_row *rows;
    sqlite3 *db;
    size_t count;

    if (!set_up(&s, 1))
        return;
    history_close(s.history);
    s.history = NULL;
    CU_ASSERT_EQUAL(sqlite3_open(s.path, &db), SQLITE_OK);
    sqlite3_exec(db, "ALTER TABLE run ADD COLUMN colour TEXT; PRAGMA user_version=99", NULL, NULL,
                 NULL);
    sqlite3_close(db);
    CU_ASSERT_EQUAL(open_site(&s), E_NEWER);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "newer rerail"));
    CU_ASSERT_FALSE(has_aside(&s));
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT(query_newer(q));
    CU_ASSERT_EQUAL(query_runs(q, &arena, &(struct run_page){.limit = 9}, &rows, &count, &s.err),
                    0);
    CU_ASSERT_EQUAL(count, 1);
    query_close(q);
    CU_ASSERT_EQUAL(sqlite3_open(s.path, &db), SQLITE_OK);
    sqlite3_exec(db, "ALTER TABLE run RENAME COLUMN title TO heading", NULL, NULL, NULL);
    sqlite3_close(db);
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_runs(q, &arena, &(struct run_page){.limit = 9}, &rows, &count, &s.err),
                    E_NEWER);
    query_close(q);
    arena_free(&arena);
    tear_down(&s);
}

static void test_backups(void)
{
    static const struct migration steps[] = {
        {1, "a",
         "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT) STRICT; INSERT INTO t VALUES(1,'x')"},
        {2, "b", "ALTER TABLE t ADD COLUMN b INT"},
        {3, "c", "ALTER TABLE t ADD COLUMN c INT"},
        {4, "d", "ALTER TABLE t ADD COLUMN d INT"},
    };
    struct site s;
    char *backup = NULL;
    struct stat st;

    name_site(&s);
    CU_ASSERT_EQUAL(place_create(s.path, &s.err), 0);
    for (int version = 1; version <= 4; version++) {
        struct schema_options options = {
            .table = steps, .count = version, .backup = true, .wall_us = 1000 + version};
        struct db *db;
        CU_ASSERT_EQUAL(db_open(&db, &(struct db_options){.path = s.path}, &s.err), 0);
        CU_ASSERT_EQUAL(schema_bring_up(db, &options, &backup, &s.err), 0);
        CU_ASSERT_EQUAL(backup != NULL, version > 1);
        db_close(db);
        if (backup) {
            struct site copy = {.path = backup};
            CU_ASSERT(stat(backup, &st) == 0 && (st.st_mode & 0777) == 0600);
            CU_ASSERT_EQUAL(count_of(&copy, "t"), 1);
        }
        free(backup);
    }
    CU_ASSERT(scratch_has(s.dir, "history.db.bak-3-0000000000000001004"));
    CU_ASSERT(scratch_has(s.dir, "history.db.bak-2-0000000000000001003"));
    CU_ASSERT_FALSE(scratch_has(s.dir, "history.db.bak-1-0000000000000001002"));
    tear_down(&s);
}

/* ---- S19: a large file (a hundredth of it: 100 MB) */

static int64_t resident(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss; /* KiB */
}

static void test_large(void)
{
    struct site s;
    char *noise = mem_new(96 << 10), *body = mem_new(100 << 10);
    struct arena arena = {0};
    struct run_row *rows;
    struct query *q;
    struct timespec then, now;
    size_t count;

    if (!set_up(&s, 0))
        return;
    for (int i = 0; i < 1000; i++) {
        uuid_bytes(noise, 48 << 10);
        str_hex(body, noise, 48 << 10);
        tape_node(&s.tape, NODE_USER, body);
        if (i % 100 == 99) {
            tape_input(&s.tape, 1, "{}", NULL);
            CU_ASSERT_EQUAL(tape_commit(&s.tape, &s.journal, &s.err), 0);
        }
    }
    history_close(s.history);
    s.history = NULL;
    CU_ASSERT(place_size(s.path) > 45 << 20);
    int64_t before = resident();
    clock_gettime(CLOCK_MONOTONIC, &then);
    CU_ASSERT_EQUAL(open_site(&s), 0);
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_runs(q, &arena, &(struct run_page){.limit = 50}, &rows, &count, &s.err),
                    0);
    clock_gettime(CLOCK_MONOTONIC, &now);
    CU_ASSERT(now.tv_sec - then.tv_sec < 2);
    struct node_row *nodes;
    for (int64_t depth = 1; depth < 1000; depth += 60) {
        arena_clear(&arena);
        CU_ASSERT_EQUAL(
            query_segment_nodes(q, &arena, s.tape.run, 1, depth, 60, &nodes, &count, &s.err), 0);
    }
    CU_ASSERT(resident() - before < 8 << 10);
    query_close(q);
    arena_free(&arena);
    free(noise);
    free(body);
    tear_down(&s);
}

const struct suite suite_storage = {
    "storage",
    (const struct test[]){
        {"S03 a folder or file that cannot be written is named", test_not_writable},
        {"S04 a size limit holds commits back until it is raised", test_file_size_limit},
        {"S05 damage is moved aside, told, and begun anew", test_damage},
        {"S05 damage in the middle is found, and the rest saved", test_damage_in_the_middle},
        {"a database of another program is left alone", test_foreign_database},
        {"S06 a file removed or replaced while open is noticed", test_replaced},
        {"S07 a locked history names who has it, and readers read on", test_locked},
        {"S08 two processes write to one history, in turns", test_two_writers},
        {"S08 a run belongs to one process", test_one_run_two_processes},
        {"S09 a lock of a killed process is free", test_stale_lock},
        {"S10 network file systems are known", test_network_file_systems},
        {"S11 a kill at random loses nothing acknowledged", test_kill_at_random},
        {"S15 order is by sequence whatever the clock says", test_clocks},
        {"S16 a newer file is read, not written", test_newer_file},
        {"S17 a migration leaves a backup, the newest two are kept", test_backups},
        {"S19 a large file opens at once, in little memory", test_large},
        {"files are the owner's alone, links are refused", test_modes},
        {"a process that was taken for dead cannot write", test_fencing},
        {"a head that moved refuses the whole batch", test_lost_compare_and_swap},
        {NULL, NULL},
    },
};
