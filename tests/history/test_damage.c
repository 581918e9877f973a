/* SPDX-License-Identifier: MIT */
/* The record in files that are damaged, replaced, or somebody else's. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "history/fsck.h"
#include "history/place.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/site.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Its WAL stays. */
static void lose_file(struct site *s)
{
    CU_ASSERT_EQUAL(unlink(s->path), 0);
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

static void garble_wal(struct site *s)
{
    char *wal = site_file(s, "-wal"), noise[5000];

    uuid_bytes(noise, sizeof noise);
    overwrite(wal, 0, noise, sizeof noise);
    free(wal);
}

static void lose_wal(struct site *s)
{
    char *wal = site_file(s, "-wal");

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

    site_name(&s);
    copy_files(sound, &s);
    owners = mem_printf("%s.owners", s.path);
    CU_ASSERT_EQUAL(mkdir(owners, 0700), 0); /* it was used */
    free(owners);
    harm->harm(&s);
    CU_ASSERT_EQUAL_FATAL(site_open(&s), 0);
    CU_ASSERT_EQUAL(site_has_aside(&s), harm->aside);
    CU_ASSERT_EQUAL(s.report.damage != NULL, harm->told);
    int64_t nodes = site_count(&s, "node");
    CU_ASSERT(nodes >= harm->saved && (harm->saved > 0 || nodes == 0));
    CU_ASSERT_EQUAL(tape_record(&other, &s.journal, 1, &s.err), 0);
    if (harm->saved == 0 || harm->saved == 86)
        CU_ASSERT_EQUAL(site_findings(&s), 0);
    tape_free(&other);
    site_tear_down(&s);
}

static void test_damage(void)
{
    static const struct harm harms[] = {
        {damage_header, true, true, true, 86},  {damage_schema, true, true, true, 0},
        {cut_to_half, true, true, true, 80},    {cut_to_nothing, true, true, true, 0},
        {cut_to_nothing, false, true, true, 0}, {lose_file, false, true, true, 0},
        {text_file, true, true, true, 0},       {folder, true, true, true, 0},
        {garble_wal, false, true, true, 0},     {lose_wal, false, false, true, 0},
        {garble_shm, false, false, false, 86},
    };
    struct site folded, dropped;

    if (!site_set_up(&folded, 39) || !site_set_up(&dropped, 39))
        return;
    add_large_nodes(&folded);
    add_large_nodes(&dropped);
    history_close(folded.history);
    history_drop(dropped.history);
    folded.history = dropped.history = NULL;
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++)
        check_harm(harms[i].folded ? &folded : &dropped, &harms[i]);
    site_tear_down(&folded);
    site_tear_down(&dropped);
}

/* A page in the middle: opening does not see it, reading and fsck do, a repair saves the rest. */
static void test_damage_in_the_middle(void)
{
    struct site s, sound;
    char page[4096], *report = NULL;
    int64_t damaged = 0, saved = 0;

    memset(page, 0x5a, sizeof page);
    if (!site_set_up(&sound, 20))
        return;
    history_close(sound.history);
    sound.history = NULL;
    for (int at = 5; at < 45; at += 4) {
        site_name(&s);
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
        CU_ASSERT(site_has_aside(&s));
        saved += site_count(&s, "node") + site_count(&s, "event");
        CU_ASSERT_EQUAL(site_open(&s), 0);
        struct tape other;
        CU_ASSERT_EQUAL(tape_record(&other, &s.journal, 0, &s.err), 0);
        tape_free(&other);
        site_tear_down(&s);
    }
    CU_ASSERT(damaged >= 8);     /* the others were free or unused pages */
    CU_ASSERT(saved > 10 * 150); /* of 42 nodes and 200 events each */
    site_tear_down(&sound);
}

static void test_foreign_database(void)
{
    struct site s;
    sqlite3 *db;

    site_name(&s);
    CU_ASSERT_EQUAL(sqlite3_open(s.path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE bookmarks(url TEXT)", NULL, NULL, NULL);
    sqlite3_close(db);
    chmod(s.path, 0600);
    CU_ASSERT_EQUAL(site_open(&s), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "another program"));
    CU_ASSERT_EQUAL(site_count(&s, "bookmarks"), 0);
    site_tear_down(&s);
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
        if (!site_set_up(&s, 1))
            return;
        harms[i](&s);
        tape_answer(&s.tape, "", "shell", "{}");
        int rc = s.journal.class->commit(s.history, &s.tape.batch, &s.err);
        CU_ASSERT_EQUAL(rc, E_IO);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.err.msg, "removed or replaced"));
        site_tear_down(&s);
    }
}

const struct suite suite_damage = {
    "damage",
    (const struct test[]){
        {"S05 damage is moved aside, told, and begun anew", test_damage},
        {"S05 damage in the middle is found, and the rest saved", test_damage_in_the_middle},
        {"a database of another program is left alone", test_foreign_database},
        {"S06 a file removed or replaced while open is noticed", test_replaced},
        {NULL, NULL},
    },
};
