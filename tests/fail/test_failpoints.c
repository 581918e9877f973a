/* SPDX-License-Identifier: MIT */
/*
 * Dies at, or fails at, every named place (core/base/failpoint.h). Each scene first says which
 * places it comes by and how often, then is played again and killed there; what is found
 * afterwards must be the state before or the state after, never one between. A place that no scene
 * comes by fails the test.
 */
#include "tests/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "core/base/new_file.h"
#include "core/base/str.h"
#include "core/tool/confine.h"
#include "history/exchange/export.h"
#include "history/exchange/import.h"
#include "history/gc.h"
#include "history/place.h"
#include "history/query_run.h"
#include "history/schema.h"
#include "tests/support/scratch.h"
#include "tests/support/site.h"
#include "tests/support/tale.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- Places and how often a scene comes by them ---- */

struct round {
    size_t times[FAIL_COUNT];
};

static void count_lines(struct round *round, const char *notes)
{
    memset(round, 0, sizeof *round);
    for (const char *at = notes; at && *at;) {
        size_t len = strcspn(at, "\n");

        for (int i = 0; i < FAIL_COUNT; i++) {
            const char *name = failpoint_name((enum failpoint)i);

            round->times[i] += strlen(name) == len && memcmp(name, at, len) == 0;
        }
        at += len + (at[len] == '\n');
    }
}

static void comes_by(const struct round *round, enum failpoint first, enum failpoint last)
{
    for (int i = (int)first; i <= (int)last; i++) {
        if (round->times[i] == 0)
            printf("    nothing comes by %s\n", failpoint_name((enum failpoint)i));
        CU_ASSERT_TRUE(round->times[i] > 0);
    }
}

/* Where in a scene to die: of `times` visits the n-th of so many that are tried. */
static size_t visit(size_t times, unsigned n)
{
    return 1 + times * n / suite_amount("VISITS", 2);
}

static bool is_new(size_t times, unsigned n)
{
    return n == 0 || visit(times, n) != visit(times, n - 1);
}

/* ---- The whole program ---- */

static char *wish_for(enum failpoint which, size_t at)
{
    return mem_printf("RERAIL_FAILPOINT=%s:%zu", failpoint_name(which), at);
}

/* A life with this wish; whether it was killed. */
static bool live_with(struct tale *tale, const char *variable)
{
    const char *const env[] = {variable, NULL};

    tale->program.env = env;
    tale_live(tale);
    tale->program.env = NULL;
    return tale->code == -SIGKILL;
}

static bool live_until(struct tale *tale, enum failpoint which, size_t at)
{
    char *wish = wish_for(which, at);
    bool died = live_with(tale, wish);

    free(wish);
    return died;
}

static void note_life(struct tale *tale, struct round *round)
{
    char *wish = mem_printf("RERAIL_FAILPOINT=note:%s", scratch_path(tale->program.home, "notes"));

    (void)live_with(tale, wish);
    char *notes = scratch_read(tale->program.home, "notes");
    count_lines(round, notes);
    free(notes);
    free(wish);
}

static void end_tale(struct tale *tale, enum failpoint which, size_t at, const char *expected)
{
    unsigned before = CU_get_number_of_failures();

    tale_go_on(tale);
    tale_judge(tale, expected);
    if (CU_get_number_of_failures() > before)
        printf("    after it died at %s:%zu\n", failpoint_name(which), at);
    tale_close(tale);
}

static void a_run_dies_anywhere(void)
{
    char *expected = tale_undisturbed(NULL);
    unsigned deaths = 0;
    struct round round;
    struct tale tale;

    tale_open(&tale);
    note_life(&tale, &round);
    CU_ASSERT_EQUAL(tale.code, 0);
    tale_close(&tale);
    comes_by(&round, FAIL_DECIDED, FAIL_NUMBERED);
    comes_by(&round, FAIL_SPAWNED, FAIL_OWNER);
    for (int i = 0; i < FAIL_COUNT; i++)
        for (unsigned n = 0; round.times[i] > 0 && n < suite_amount("VISITS", 2); n++) {
            size_t at = visit(round.times[i], n);

            if (!is_new(round.times[i], n))
                continue;
            tale_open(&tale);
            bool died = live_until(&tale, (enum failpoint)i, at);
            CU_ASSERT_TRUE(died || at > 1); /* how often it comes by is not the same each time */
            deaths += died;
            end_tale(&tale, (enum failpoint)i, at, expected);
        }
    printf("failpoints: %u deaths of runs\n", deaths);
    free(expected);
}

/* The life that takes over dies as well, on its way there. */
static void a_recovery_dies_anywhere(void)
{
    char *expected = tale_undisturbed(NULL);
    struct round round;
    struct tale tale;

    tale_open(&tale);
    CU_ASSERT_TRUE(live_until(&tale, FAIL_ENDED, 3));
    note_life(&tale, &round);
    comes_by(&round, FAIL_CLAIMED, FAIL_REBUILT);
    end_tale(&tale, FAIL_ENDED, 3, expected);
    for (int i = 0; i < FAIL_COUNT; i++)
        if (round.times[i] > 0) {
            tale_open(&tale);
            CU_ASSERT_TRUE(live_until(&tale, FAIL_ENDED, 3));
            (void)live_until(&tale, (enum failpoint)i, 1);
            CU_ASSERT_TRUE(tale.code == -SIGKILL || tale.code == TALE_DOUBT);
            end_tale(&tale, (enum failpoint)i, 1, expected);
        }
    free(expected);
}

/* What cannot be made is told, and the next life has nothing of it. */
static void an_owner_file_that_cannot_be_made_is_told(void)
{
    static const int errors[] = {EIO, ENOSPC, EROFS};
    char *expected = tale_undisturbed(NULL);

    for (size_t i = 0; i < COUNT(errors); i++) {
        char *wish = mem_printf("RERAIL_FAILPOINT=owner:1:%d", errors[i]);
        struct tale tale;

        tale_open(&tale);
        CU_ASSERT_FALSE(live_with(&tale, wish));
        CU_ASSERT_EQUAL(tale.code, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(tale.program.err, strerror(errors[i])));
        end_tale(&tale, FAIL_OWNER, 1, expected);
        free(wish);
    }
    free(expected);
}

/* ---- A rollback ---- */

static int64_t head_of(struct tale *tale)
{
    struct query *query = program_history(&tale->program);
    struct arena arena = {0};
    struct run_row row = {0};

    CU_ASSERT_EQUAL(query_run(query, &arena, 1, &row, NULL), 0);
    arena_free(&arena);
    query_close(query);
    return row.head;
}

static const char *const back[] = {"rollback", "last", "#2", NULL};
static const char *const forth[] = {"undo", "last", NULL};

/* Says both heads, and the places that the command comes by. */
static void look_at_rollback(struct round *round, int64_t *before, int64_t *after)
{
    struct tale tale;
    char *wish;

    tale_open(&tale);
    tale_live(&tale);
    *before = head_of(&tale);
    wish = mem_printf("RERAIL_FAILPOINT=note:%s", scratch_path(tale.program.home, "notes"));
    tale.program.env = (const char *const[]){wish, NULL};
    CU_ASSERT_EQUAL(program_run(&tale.program, back), 0);
    *after = head_of(&tale);
    CU_ASSERT_NOT_EQUAL(*before, *after);
    char *notes = scratch_read(tale.program.home, "notes");
    count_lines(round, notes);
    free(notes);
    free(wish);
    tale_close(&tale);
}

static void a_rollback_dies_anywhere(void)
{
    struct round round;
    struct tale tale;
    int64_t before, after;

    look_at_rollback(&round, &before, &after);
    CU_ASSERT_TRUE(round.times[FAIL_COMMIT] > 0);
    tale_open(&tale); /* one home: done or not, it is taken back each time */
    tale_live(&tale);
    for (int i = 0; i < FAIL_COUNT; i++)
        for (size_t at = 1; at <= round.times[i]; at++) {
            char *wish = wish_for((enum failpoint)i, at);

            tale.program.env = (const char *const[]){wish, NULL};
            int code = program_run(&tale.program, back);
            tale.program.env = NULL;
            CU_ASSERT_TRUE(code == -SIGKILL || at > 1);
            int64_t head = head_of(&tale);
            if (head != before && head != after)
                printf("    killed at %s the head is %lld\n", wish, (long long)head);
            CU_ASSERT_TRUE(head == before || head == after);
            CU_ASSERT_TRUE(program_sound(&tale.program));
            if (head == before)
                CU_ASSERT_EQUAL(program_run(&tale.program, back), 0);
            CU_ASSERT_EQUAL(head_of(&tale), after);
            CU_ASSERT_EQUAL(program_run(&tale.program, forth), 0);
            CU_ASSERT_EQUAL(head_of(&tale), before);
            free(wish);
        }
    tale_nothing_lost(&tale);
    tale_nothing_twice(&tale);
    tale_close(&tale);
}

/* ---- In a child of the test ---- */

/* `act` with this wish, in a child: its exit code, or minus the signal that ended it. */
static int in_child(int (*act)(struct site *site), struct site *site, const char *wish)
{
    int status = -1;
    pid_t pid;

    (void)fflush(stdout); /* else the child prints it again */
    pid = fork();
    CU_ASSERT_TRUE_FATAL(pid >= 0);
    if (pid == 0) {
        failpoint_wish(wish);
        _exit(act(site) < 0);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct scene {
    void (*set)(struct site *site);
    int (*act)(struct site *site);    /* 0, or an error code: in the child */
    void (*check)(struct site *site); /* all is as it must be; may act again */
    enum failpoint first, last;       /* the places that are this scene's own */
};

static void note_scene(const struct scene *scene, struct round *round)
{
    struct site site;

    scene->set(&site);
    char *notes = mem_printf("%s/notes", site.dir), *wish = mem_printf("note:%s", notes);
    CU_ASSERT_EQUAL(in_child(scene->act, &site, wish), 0);
    char *lines = scratch_read(site.dir, "notes");
    count_lines(round, lines);
    scene->check(&site);
    free(lines);
    free(wish);
    free(notes);
    site_tear_down(&site);
}

/* Where something can fail, and not only end. */
static const bool can_fail[FAIL_COUNT] = {
    [FAIL_FILE_FILL] = true,    [FAIL_FILE_SYNC] = true,   [FAIL_FILE_PUT] = true,
    [FAIL_OWNER] = true,        [FAIL_BACKUP_PUT] = true,  [FAIL_SALVAGE_MARK] = true,
    [FAIL_SALVAGE_MOVE] = true, [FAIL_SALVAGE_PUT] = true, [FAIL_EXPORT_FILL] = true,
    [FAIL_EXPORT_SYNC] = true,  [FAIL_EXPORT_PUT] = true,
};

/* The deaths and the failures at one place. */
static void play(const struct scene *scene, enum failpoint which, size_t times)
{
    static const int errors[] = {0, EIO, ENOSPC};

    for (size_t at = 1; at <= times; at += 1 + at / 3)
        for (size_t e = 0; e < (can_fail[which] ? COUNT(errors) : 1); e++) {
            const char *name = failpoint_name(which);
            char *wish = errors[e] ? mem_printf("%s:%zu:%d", name, at, errors[e])
                                   : mem_printf("%s:%zu", name, at);
            unsigned before = CU_get_number_of_failures();
            struct site site;

            scene->set(&site);
            int code = in_child(scene->act, &site, wish);
            CU_ASSERT_EQUAL(code, errors[e] ? 1 : -SIGKILL);
            scene->check(&site);
            site_tear_down(&site);
            if (CU_get_number_of_failures() > before)
                printf("    after %s\n", wish);
            free(wish);
        }
}

static void play_all(const struct scene *scene)
{
    struct round round;

    note_scene(scene, &round);
    comes_by(&round, scene->first, scene->last);
    for (int i = (int)scene->first; i <= (int)scene->last; i++)
        play(scene, (enum failpoint)i, round.times[i]);
    play(scene, FAIL_COMMIT, round.times[FAIL_COMMIT]);
    play(scene, FAIL_FOLD, round.times[FAIL_FOLD]);
    play(scene, FAIL_FOLDED, round.times[FAIL_FOLDED]);
}

/* ---- A migration ---- */

static const struct migration steps[] = {
    {1, "a", "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT) STRICT; INSERT INTO t VALUES(1, 'x')"},
    {2, "b", "ALTER TABLE t ADD COLUMN b INT NOT NULL DEFAULT 7"},
    {3, "c", "CREATE TABLE u(id INTEGER PRIMARY KEY) STRICT; INSERT INTO u SELECT id FROM t"},
};

#define FIRST_US 1000 /* when the migration that dies is made … */
#define THEN_US  2000 /* … and the one after it */

static int bring_up(struct site *site, int count, int64_t wall_us)
{
    struct schema_options options = {
        .table = steps, .count = count, .backup = true, .wall_us = wall_us};
    char *backup = NULL;
    struct db *db = NULL;
    int rc = db_open(&db, &(struct db_options){.path = site->path}, &site->err);

    if (rc == 0)
        rc = schema_bring_up(db, &options, &backup, &site->err);
    db_close(db);
    free(backup);
    return rc;
}

static void set_migration(struct site *site)
{
    site_name(site);
    CU_ASSERT_EQUAL(place_create(site->path, &site->err), 0);
    CU_ASSERT_EQUAL(bring_up(site, 1, 1), 0);
}

static int act_migration(struct site *site)
{
    return bring_up(site, 3, FIRST_US);
}

/* Of the version that it was made of, and whole, when it is there. */
static bool has_backup(struct site *site, int version, int64_t wall_us)
{
    struct site copy = {.path = place_backup_name(site->path, version, wall_us)};
    bool there = place_size(copy.path) > 0;

    if (there) {
        CU_ASSERT_EQUAL(site_count(&copy, "t"), 1);
        CU_ASSERT_EQUAL(site_count(&copy, version > 1 ? "t WHERE b=7" : "t"), 1);
        CU_ASSERT_EQUAL(site_count(&copy, "u"), -1);
    }
    free(copy.path);
    return there;
}

static void check_migration(struct site *site)
{
    CU_ASSERT_EQUAL(bring_up(site, 3, THEN_US), 0);
    CU_ASSERT_EQUAL(site_count(site, "t WHERE b=7"), 1);
    CU_ASSERT_EQUAL(site_count(site, "u"), 1);
    bool first = has_backup(site, 1, FIRST_US), then = has_backup(site, 1, THEN_US);
    CU_ASSERT_TRUE(first || then);
    (void)has_backup(site, 2, THEN_US); /* only where the second step died */
}

static void a_migration_dies_anywhere(void)
{
    static const struct scene scene = {set_migration, act_migration, check_migration, FAIL_MIGRATED,
                                       FAIL_BACKUP_PUT};

    play_all(&scene);
}

/* ---- A salvage ---- */

#define TURNS 20

static int64_t rows_before; /* of the scene that is played: nodes */

static void set_damage(struct site *site, bool in_wal)
{
    if (!site_set_up(site, TURNS))
        return;
    rows_before = site_count(site, "node");
    if (in_wal)
        history_drop(site->history); /* its WAL stays */
    else
        history_close(site->history);
    site->history = NULL;
    CU_ASSERT_TRUE(place_size(site->path) > 0);
}

static void set_lost_header(struct site *site)
{
    set_damage(site, false);
    int fd = open(site->path, O_WRONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(pwrite(fd, "garbage garbage garbage", 23, 0), 23);
    close(fd);
}

/* The last process met damage: what is in the WAL must not be lost with it. */
static void set_mark(struct site *site)
{
    set_damage(site, true);
    char *wal = site_file(site, "-wal");
    CU_ASSERT_TRUE(place_size(wal) > 0);
    free(wal);
    place_mark_damaged(site->path);
}

static int act_open(struct site *site)
{
    int rc = site_open(site);

    if (rc == 0)
        history_drop(site->history);
    return rc;
}

static void check_salvaged(struct site *site)
{
    CU_ASSERT_EQUAL_FATAL(site_open(site), 0);
    CU_ASSERT_EQUAL(site_count(site, "node"), rows_before);
    CU_ASSERT_EQUAL(site_findings(site), 0);
    CU_ASSERT_TRUE(site_has_aside(site));
    history_close(site->history);
    site->history = NULL;
    CU_ASSERT_EQUAL(site_open(site), 0);
    CU_ASSERT_PTR_NULL(site->report.damage); /* told once */
    history_close(site->history);
    site->history = NULL;
    CU_ASSERT_FALSE(scratch_has(site->dir, "history.db.new"));
    CU_ASSERT_FALSE(scratch_has(site->dir, "history.db.salvage"));
}

static void a_salvage_dies_anywhere(void)
{
    static const struct scene scenes[] = {
        {set_lost_header, act_open, check_salvaged, FAIL_SALVAGE_MARK, FAIL_SALVAGE_DONE},
        {set_mark, act_open, check_salvaged, FAIL_SALVAGE_MARK, FAIL_SALVAGE_DONE},
    };

    for (size_t i = 0; i < COUNT(scenes); i++)
        play_all(&scenes[i]);
}

/* ---- A run as a file ---- */

#define CARRIED "run.rerail"

static int put_piece(void *file, const char *data, size_t len, struct err *err)
{
    return new_file_add(file, data, len, err);
}

static int act_export(struct site *site)
{
    struct new_file *file = NULL;
    struct query *query = NULL;
    char *path = mem_printf("%s/%s", site->dir, CARRIED);
    int rc = query_open(&query, site->path, NULL, &site->err);

    if (rc == 0)
        rc = new_file_open(&file, path, false, &site->err);
    if (rc == 0) {
        const struct export_options options = {.put = put_piece, .ctx = file};

        rc = export_run(query, 1, &options, &site->err);
    }
    if (rc == 0)
        rc = new_file_end(file, &site->err);
    else
        new_file_drop(file);
    query_close(query);
    free(path);
    return rc;
}

static int act_import(struct site *site)
{
    char *path = mem_printf("%s/%s", site->dir, CARRIED);
    const struct import_options options = {.path = path, .states = 10};
    struct import_report report;
    int rc = site_open(site);

    if (rc == 0) {
        rc = import_run(&report, site->history, &options, &site->err);
        history_close(site->history);
        site->history = NULL;
    }
    free(path);
    return rc;
}

static void set_run(struct site *site)
{
    if (!site_set_up(site, TURNS))
        return;
    rows_before = site_count(site, "node");
    history_close(site->history);
    site->history = NULL;
}

static void set_parcel(struct site *site)
{
    set_run(site);
    CU_ASSERT_EQUAL(act_export(site), 0);
}

/* Nothing, or a whole file: then it can be taken in. */
static void check_exported(struct site *site)
{
    if (!scratch_has(site->dir, CARRIED))
        CU_ASSERT_EQUAL(act_export(site), 0);
    CU_ASSERT_EQUAL(act_import(site), 0);
    CU_ASSERT_EQUAL(site_count(site, "node"), 2 * rows_before);
}

static void check_imported(struct site *site)
{
    CU_ASSERT_EQUAL_FATAL(site_open(site), 0);
    CU_ASSERT_EQUAL(site_findings(site), 0);
    int64_t runs = site_count(site, "run");
    CU_ASSERT_TRUE(runs == 1 || runs == 2);
    CU_ASSERT_EQUAL(site_count(site, "node"), runs * rows_before);
    CU_ASSERT_EQUAL(site_count(site, "origin"), runs - 1);
    history_close(site->history);
    site->history = NULL;
    CU_ASSERT_EQUAL(act_import(site), 0);
}

static void a_run_dies_on_its_way_out_and_in(void)
{
    static const struct scene scenes[] = {
        {set_run, act_export, check_exported, FAIL_EXPORT_FILL, FAIL_EXPORT_PUT},
        {set_parcel, act_import, check_imported, FAIL_IMPORTED, FAIL_IMPORTED},
    };

    for (size_t i = 0; i < COUNT(scenes); i++)
        play_all(&scenes[i]);
}

/* ---- Making room ---- */

static void set_two_runs(struct site *site)
{
    struct tape other;

    if (!site_set_up(site, 2))
        return;
    CU_ASSERT_EQUAL(tape_record(&other, &site->journal, 2, &site->err), 0);
    tape_free(&other);
    rows_before = site_count(site, "node") / 2;
    history_close(site->history);
    site->history = NULL;
}

static int act_gc(struct site *site)
{
    static const int64_t first[] = {1};
    const struct gc_options options = {.path = site->path, .runs = first, .run_count = 1};
    struct gc_report report;

    return gc_run(&report, &options, &site->err);
}

/* Both are there; or the first is on its way out, and the next gc ends it. */
static void check_gc(struct site *site)
{
    const struct gc_options options = {.path = site->path};
    struct gc_report report;

    CU_ASSERT_EQUAL(gc_run(&report, &options, &site->err), 0);
    CU_ASSERT_EQUAL(site_findings(site), 0);
    if (site_count(site, "run") == 2) {
        CU_ASSERT_EQUAL(site_count(site, "node"), 2 * rows_before);
        CU_ASSERT_EQUAL(act_gc(site), 0);
    }
    CU_ASSERT_EQUAL(site_count(site, "run"), 1);
    CU_ASSERT_EQUAL(site_count(site, "node"), rows_before);
    CU_ASSERT_EQUAL(site_count(site, "trash"), 0);
    CU_ASSERT_EQUAL(site_findings(site), 0);
}

static void a_gc_dies_anywhere(void)
{
    static const struct scene scene = {set_two_runs, act_gc, check_gc, FAIL_GC_STEP, FAIL_GC_STEP};

    play_all(&scene);
}

/* ---- A file ---- */

static const char old_text[] = "what was there", new_text[] = "what is to be there";

static void set_file(struct site *site)
{
    site_name(site);
    scratch_folder(site->dir, "ws");
    scratch_write(site->dir, "ws/file", old_text);
}

static int act_file(struct site *site)
{
    struct confine *root;
    int rc = confine_open(&root, scratch_path(site->dir, "ws"), NULL, &site->err);

    if (rc == 0) {
        rc = confine_write(root, "file", new_text, strlen(new_text), NULL, &site->err);
        confine_close(root);
    }
    return rc;
}

static void check_file(struct site *site)
{
    CU_ASSERT_TRUE(scratch_holds(site->dir, "ws/file", old_text) ||
                   scratch_holds(site->dir, "ws/file", new_text));
    CU_ASSERT_EQUAL(act_file(site), 0);
    CU_ASSERT_TRUE(scratch_holds(site->dir, "ws/file", new_text));
}

static void a_file_is_whole_wherever_its_writer_dies(void)
{
    static const struct scene scene = {set_file, act_file, check_file, FAIL_FILE_FILL,
                                       FAIL_FILE_THERE};

    play_all(&scene);
}

static void a_file_that_cannot_be_written_stays(void)
{
    static const enum failpoint places[] = {FAIL_FILE_FILL, FAIL_FILE_SYNC, FAIL_FILE_PUT};
    static const int errors[] = {EIO, ENOSPC, EDQUOT};

    for (size_t p = 0; p < COUNT(places); p++)
        for (size_t e = 0; e < COUNT(errors); e++) {
            char *wish = mem_printf("%s:1:%d", failpoint_name(places[p]), errors[e]);
            struct site site;

            set_file(&site);
            failpoint_wish(wish);
            CU_ASSERT_TRUE(act_file(&site) < 0);
            failpoint_wish(NULL);
            CU_ASSERT_PTR_NOT_NULL(strstr(site.err.msg, strerror(errors[e])));
            CU_ASSERT_TRUE(scratch_holds(site.dir, "ws/file", old_text));
            CU_ASSERT_EQUAL(scratch_count(site.dir, "ws"), 1); /* with nothing left beside it */
            site_tear_down(&site);
            free(wish);
        }
}

static const struct test tests[] = {
    {"S13 a run that dies at any place ends as if it had lived", a_run_dies_anywhere},
    {"S13 a recovery that dies at any place is recovered from", a_recovery_dies_anywhere},
    {"S13 an owner's file that cannot be made is told", an_owner_file_that_cannot_be_made_is_told},
    {"S13 a rollback that dies at any place is done or not", a_rollback_dies_anywhere},
    {"S13 a migration that dies at any place is done again, whole", a_migration_dies_anywhere},
    {"S13 a salvage that dies at any place loses no row", a_salvage_dies_anywhere},
    {"S13 a run that dies on its way out or in is whole or not there",
     a_run_dies_on_its_way_out_and_in},
    {"S13 a gc that dies at any place is ended by the next", a_gc_dies_anywhere},
    {"S13 a file is whole wherever its writer dies", a_file_is_whole_wherever_its_writer_dies},
    {"S13 a file that cannot be written stays as it was", a_file_that_cannot_be_written_stays},
    {NULL, NULL},
};

const struct suite suite_failpoints = {"failpoints", tests};
