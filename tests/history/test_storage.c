/* SPDX-License-Identifier: MIT */
/* The record in real files: places, clocks, versions, size. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "history/place.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_run.h"
#include "history/schema.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/site.h"

#include <grp.h>
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
    return -site_open(s);
}

static int read_only_folder(struct site *s)
{
    chmod(s->dir, 0500);
    int rc = -site_open(s);
    chmod(s->dir, 0700);
    return rc;
}

static int read_only_file(struct site *s)
{
    if (site_open(s) < 0)
        return 1;
    history_close(s->history);
    s->history = NULL;
    chmod(s->path, 0400);
    int rc = -site_open(s);
    chmod(s->path, 0600);
    return rc != 0 && strstr(s->err.msg, s->path) ? 0 : 2;
}

static void test_not_writable(void)
{
    struct site s;

    site_name(&s);
    char *below = mem_printf("%s/..", s.dir);
    chmod(below, 0711);
    free(below);
    int rc = as_nobody(&s, open_code);
    if (rc == 99 || rc == -E_DENIED) {
        suite_skip("S03", "the test's folder cannot be reached by another user");
        site_tear_down(&s);
        return;
    }
    CU_ASSERT_EQUAL(rc, 0);
    CU_ASSERT_EQUAL(as_nobody(&s, read_only_file), 0);
    site_tear_down(&s);
    site_name(&s);
    CU_ASSERT_EQUAL(as_nobody(&s, read_only_folder), -E_DENIED);
    site_tear_down(&s);
}

static int file_size_limit(struct site *s)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    if (site_open(s) < 0 || tape_record(&s->tape, &s->journal, 1, &s->err) < 0)
        return 1;
    char *wal = site_file(s, "-wal");
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

    site_name(&s);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(file_size_limit(&s));
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(site_findings(&s), 0);
    CU_ASSERT_EQUAL(site_count(&s, "node"), 5);
    site_tear_down(&s);
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
    if (!site_set_up(&s, 1))
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
    CU_ASSERT_EQUAL(site_open(&s), 0);
    CU_ASSERT(stat(s.path, &st) == 0 && (st.st_mode & 0777) == 0600);
    history_close(s.history);
    s.history = NULL;
    chmod(s.path, 0666);
    CU_ASSERT_EQUAL(site_open(&s), E_DENIED);
    chmod(s.path, 0600);
    char *real = mem_printf("%s/real.db", s.dir);
    CU_ASSERT(rename(s.path, real) == 0 && symlink(real, s.path) == 0);
    CU_ASSERT_EQUAL(site_open(&s), E_DENIED);
    free(real);
    site_tear_down(&s);
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

    if (!site_set_up(&s, 1))
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
    CU_ASSERT_EQUAL(site_findings(&s), 0);
    site_tear_down(&s);
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

    if (!site_set_up(&s, 1))
        return;
    history_close(s.history);
    s.history = NULL;
    CU_ASSERT_EQUAL(sqlite3_open(s.path, &db), SQLITE_OK);
    sqlite3_exec(db, "ALTER TABLE run ADD COLUMN colour TEXT; PRAGMA user_version=99", NULL, NULL,
                 NULL);
    sqlite3_close(db);
    CU_ASSERT_EQUAL(site_open(&s), E_NEWER);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "newer rerail"));
    CU_ASSERT_FALSE(site_has_aside(&s));
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
    site_tear_down(&s);
}

/* As a history that was last written before runs could be imported. */
static void test_older_file(void)
{
    struct site s;
    struct query *q;
    struct arena arena = {0};
    struct run_row *rows;
    sqlite3 *db;
    size_t count;

    if (!site_set_up(&s, 1))
        return;
    history_close(s.history);
    s.history = NULL;
    CU_ASSERT_EQUAL(sqlite3_open(s.path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(db, "DROP TABLE origin; DROP TABLE descent; PRAGMA user_version=1",
                                 NULL, NULL, NULL),
                    SQLITE_OK);
    sqlite3_close(db);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
        CU_ASSERT_EQUAL(
            query_runs(q, &arena, &(struct run_page){.limit = 9}, &rows, &count, &s.err), 0);
        CU_ASSERT_EQUAL(count, 1);
        CU_ASSERT_PTR_NULL(rows[0].origin);
        query_close(q);
        if (i == 0)
            CU_ASSERT_EQUAL(site_open(&s), 0);
    }
    CU_ASSERT_EQUAL(site_findings(&s), 0);
    arena_free(&arena);
    site_tear_down(&s);
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

    site_name(&s);
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
            CU_ASSERT_EQUAL(site_count(&copy, "t"), 1);
        }
        free(backup);
    }
    CU_ASSERT(scratch_has(s.dir, "history.db.bak-3-0000000000000001004"));
    CU_ASSERT(scratch_has(s.dir, "history.db.bak-2-0000000000000001003"));
    CU_ASSERT_FALSE(scratch_has(s.dir, "history.db.bak-1-0000000000000001002"));
    site_tear_down(&s);
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

    if (!site_set_up(&s, 0))
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
    CU_ASSERT_EQUAL(site_open(&s), 0);
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
    CU_ASSERT(suite_is_watched() || resident() - before < 8 << 10);
    query_close(q);
    arena_free(&arena);
    free(noise);
    free(body);
    site_tear_down(&s);
}

const struct suite suite_storage = {
    "storage",
    (const struct test[]){
        {"S03 a folder or file that cannot be written is named", test_not_writable},
        {"S04 a size limit holds commits back until it is raised", test_file_size_limit},
        {"S10 network file systems are known", test_network_file_systems},
        {"S15 order is by sequence whatever the clock says", test_clocks},
        {"S16 a newer file is read, not written", test_newer_file},
        {"S17 a history of the first version is read, and then brought up to date",
         test_older_file},
        {"S17 a migration leaves a backup, the newest two are kept", test_backups},
        {"S19 a large file opens at once, in little memory", test_large},
        {"files are the owner's alone, links are refused", test_modes},
        {NULL, NULL},
    },
};
