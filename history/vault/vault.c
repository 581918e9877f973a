/* SPDX-License-Identifier: MIT */
#include "history/vault/vault.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/uuid.h"
#include "history/vault/apply.h"
#include "history/vault/copy.h"
#include "history/vault/diff.h"
#include "history/vault/plan.h"
#include "history/vault/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES 3 /* of a snapshot that gc came in between */

struct workspace_vault {
    struct depot *depot;
    struct disk disk;
    int64_t number;    /* of the workspace, in the vault's file */
    struct known *top; /* NULL = not loaded */
    int64_t epoch;     /* of the vault when it was */
    const struct apply_fault *fault;
};

int vault_path(char **out, struct err *err)
{
    char *state;
    int rc = path_root(&state, PATH_STATE, err);

    if (rc < 0)
        return rc;
    *out = path_join(state, "vault.db");
    free(state);
    return 0;
}

void workspace_vault_report_free(struct workspace_vault_report *report)
{
    free(report->damage);
    memset(report, 0, sizeof *report);
}

/* ---- snapshots */

/* The workspace's number in the file, given on first sight. */
static int find_number(struct workspace_vault *v, struct err *err)
{
    static const char sql_find[] = "SELECT id FROM workspace WHERE path=? AND dev=? AND ino=?";
    static const char sql_add[] = "INSERT INTO workspace(path, dev, ino, us) VALUES(?, ?, ?, ?)"
                                  " ON CONFLICT DO UPDATE SET us=excluded.us";
    struct db *db = depot_db(v->depot);
    struct bind path = bind_blob(v->disk.path, strlen(v->disk.path));
    struct bind dev = bind_int((int64_t)v->disk.dev), ino = bind_int((int64_t)v->disk.ino);
    int rc = db_value(db, sql_find, BIND(path, dev, ino), &v->number, err);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = depot_begin(v->depot, err);
    if (rc == 0)
        rc = db_run(db, sql_add, BIND(path, dev, ino, bind_int(clock_wall(depot_clock(v->depot)))),
                    err);
    if (rc == 0) /* somebody else may have been first */
        rc = db_value(db, sql_find, BIND(path, dev, ino), &v->number, err);
    return depot_end(v->depot, rc < 0 ? rc : 0, err);
}

static void forget(struct workspace_vault *v)
{
    known_free(v->top);
    v->top = NULL;
}

/* What is known of the workspace, as far as gc has not made it untrue. */
static int recall(struct workspace_vault *v, struct err *err)
{
    int64_t epoch = 0;
    int rc = depot_epoch(v->depot, &epoch, err);

    if (rc == 0 && v->top && epoch != v->epoch)
        forget(v);
    if (rc == 0 && !v->top)
        rc = known_load(&v->top, v->depot, v->number, err);
    v->epoch = epoch;
    return rc;
}

/* Within the transaction that stores the last of a snapshot: 1 when gc deleted something since it
   began, which the snapshot may refer to. */
static int is_outdated(struct workspace_vault *v, struct err *err)
{
    int64_t epoch = 0;
    int rc = depot_epoch(v->depot, &epoch, err);

    return rc < 0 ? rc : epoch != v->epoch;
}

static int store_known(struct workspace_vault *v, struct err *err)
{
    static const char sql[] = "UPDATE workspace SET us=? WHERE id=?";
    int rc = known_save(v->top, v->depot, v->number, err);

    return rc < 0 ? rc
                  : db_run(depot_db(v->depot), sql,
                           BIND(bind_int(clock_wall(depot_clock(v->depot))), bind_int(v->number)),
                           err);
}

/* Nothing is written for a snapshot that is the last one again. 1 = once more: gc came in between.
 */
static int store_snapshot(struct workspace_vault *v, const struct vault_snapshot *snapshot,
                          struct err *err)
{
    if (snapshot->unchanged && depot_holds(v->depot, &snapshot->tree))
        return depot_end(v->depot, 0, err);
    int rc = depot_begin(v->depot, err);
    if (rc == 0)
        rc = is_outdated(v, err);
    if (rc > 0) {
        (void)depot_end(v->depot, E_CANCELLED, NULL); /* rolls back, which cannot be helped */
        return 1;
    }
    if (rc == 0)
        rc = depot_hold(v->depot, &snapshot->tree, err);
    if (rc == 0)
        rc = store_known(v, err);
    return depot_end(v->depot, rc, err);
}

static int take(struct workspace_vault *v, const struct vault_limits *limits,
                const atomic_bool *stop, struct vault_snapshot *out, struct err *err)
{
    struct scan_options options = {
        .depot = v->depot, .disk = &v->disk, .limits = vault_limits_full(limits), .stop = stop};
    int rc = 1;

    for (int tries = 0; rc > 0 && tries < TRIES; tries++) {
        rc = recall(v, err);
        if (rc == 0)
            rc = scan_run(v->top, &options, out, err);
        rc = rc == 0 ? store_snapshot(v, out, err) : depot_end(v->depot, rc, err);
        if (rc != 0)
            forget(v);
    }
    return rc > 0 ? err_set(err, E_BUSY, "the vault is being cleaned up again and again") : rc;
}

static int snapshot(void *self, const struct vault_limits *limits, const atomic_bool *stop,
                    struct vault_snapshot *out, struct err *err)
{
    struct workspace_vault *v = self;
    int rc = disk_intact(&v->disk, err);

    if (rc == 0)
        rc = disk_lock(&v->disk, false, err);
    if (rc < 0)
        return rc;
    rc = take(v, limits, stop, out, err);
    disk_unlock(&v->disk);
    return rc;
}

/* ---- previews */

struct looking {
    struct workspace_vault *v;
    struct buf bytes;
};

/* As the snapshot knows it: what lies below a gap is one too. */
static void look_known(const struct known *top, const char *path, struct entry *out)
{
    bool exact;
    const struct item *item = known_nearest(top, path, &exact);

    *out = (struct entry){.kind = VAULT_NONE};
    if (item && (exact || item->entry.kind == VAULT_GAP))
        *out = item->entry;
    if (out->kind == VAULT_FOLDER)
        out->hash = (struct hash){{0}};
}

/* On the disk, now; what looks as it did is not read again. */
static void look_now(void *ctx, const char *path, struct entry *out)
{
    struct looking *looking = ctx;
    struct workspace_vault *v = looking->v;
    const struct item *item = known_at(v->top, path);
    const char *name;
    struct stat st;
    int dir = item ? disk_parent(&v->disk, path, &name) : -1;
    bool fits =
        dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && stamp_fits(item, &st);

    if (dir >= 0)
        close(dir);
    if (fits)
        *out = item->entry;
    else
        disk_look(&v->disk, path, DB_LENGTH_MAX, &looking->bytes, out, &st);
}

static void add_change(struct vault_preview *out, size_t *cap, struct plan_item *item)
{
    out->at = mem_room(out->at, out->count, cap, sizeof *out->at);
    out->at[out->count++] = (struct vault_change){.path = item->path,
                                                  .verdict = item->verdict,
                                                  .if_theirs = item->if_theirs,
                                                  .now = item->now.kind,
                                                  .then = item->then.kind,
                                                  .gap = item->gap};
    out->counts[item->verdict]++;
    item->path = NULL;
}

static int preview(void *self, const struct vault_goal *goal, struct vault_preview *out,
                   struct err *err)
{
    struct looking looking = {.v = self};
    struct plan plan = {0};
    size_t cap = 0;

    memset(out, 0, sizeof *out);
    int rc = disk_intact(&looking.v->disk, err);
    if (rc == 0)
        rc = recall(looking.v, err);
    if (rc < 0)
        return rc;
    buf_init(&looking.bytes, TREE_MAX);
    rc = plan_make(&plan, looking.v->depot, goal, look_now, &looking, err);
    for (size_t i = 0; rc == 0 && i < plan.count; i++)
        add_change(out, &cap, &plan.items[i]);
    plan_free(&plan);
    buf_free(&looking.bytes);
    return rc;
}

/* ---- restores */

static void add_miss(struct vault_report *report, size_t *cap, const char *path, const char *why,
                     bool conflict)
{
    report->misses = mem_room(report->misses, report->miss_count, cap, sizeof *report->misses);
    report->misses[report->miss_count++] =
        (struct vault_miss){.path = mem_text(path), .why = mem_text(why), .conflict = conflict};
}

static const char *why_left(const struct plan_item *item)
{
    switch (item->verdict) {
    case VERDICT_CONFLICT: return "was changed by somebody else too, and is kept";
    case VERDICT_DAMAGED: return "its content in the vault is damaged";
    default: return vault_gap_text(item->gap);
    }
}

static void add_act(struct act_list *acts, size_t *cap, const struct known *top,
                    const struct plan_item *item)
{
    const struct item *now = known_at(top, item->path);

    acts->at = mem_room(acts->at, acts->count, cap, sizeof *acts->at);
    struct act *act = &acts->at[acts->count++];
    *act = (struct act){.path = mem_text(item->path), .old = item->now, .new = item->then};
    if (now && now->stamp.sure && item->now.kind != VAULT_FOLDER) {
        act->old_ino = now->stamp.ino;
        act->old_mtime = now->stamp.mtime;
        act->old_ctime = now->stamp.ctime;
    }
}

struct restoring {
    struct workspace_vault *v;
    const struct vault_goal *goal;
    struct vault_report *report;
    struct journal_entry journal;
    size_t miss_cap, act_cap;
    struct err *err;
};

static void look_in_snapshot(void *ctx, const char *path, struct entry *out)
{
    look_known(((struct restoring *)ctx)->v->top, path, out);
}

/* From what is now, which the safety snapshot has just seen, to what is to be done. */
static int decide(struct restoring *r)
{
    struct plan plan;
    int rc = plan_make(&plan, r->v->depot, r->goal, look_in_snapshot, r, r->err);

    for (size_t i = 0; rc == 0 && i < plan.count; i++) {
        const struct plan_item *item = &plan.items[i];
        enum vault_verdict what = plan_answer(item, r->goal);

        if (what == VERDICT_RESTORE || what == VERDICT_CREATE || what == VERDICT_DELETE)
            add_act(&r->journal.acts, &r->act_cap, r->v->top, item);
        else
            add_miss(r->report, &r->miss_cap, item->path, why_left(item), what == VERDICT_CONFLICT);
    }
    r->report->wanted = (int64_t)plan.count;
    plan_free(&plan);
    return rc;
}

static int fault(const struct apply *a, struct err *err)
{
    int number = apply_point(a);

    return number ? err_sys(err, number, "vault") : 0;
}

static int write_journal(struct restoring *r, const struct apply *a)
{
    r->journal.state = JOURNAL_PREPARING;
    r->journal.target = r->goal->to;
    r->journal.safety = r->report->safety.tree;
    r->journal.staging = mem_printf(STAGING_PREFIX "%016" PRIx64, uuid_random());
    int rc = fault(a, r->err);
    if (rc == 0)
        rc = depot_begin(r->v->depot, r->err);
    if (rc == 0)
        rc = journal_store(r->v->depot, r->v->number, &r->journal, r->err);
    return depot_end(r->v->depot, rc, r->err);
}

static int write_state(struct workspace_vault *v, const struct apply *a, struct err *err)
{
    a->journal->state = JOURNAL_APPLYING;
    int rc = fault(a, err);
    if (rc == 0)
        rc = depot_begin(v->depot, err);
    if (rc == 0)
        rc = journal_advance(v->depot, a->journal, err);
    return depot_end(v->depot, rc, err);
}

static int drop_journal(struct workspace_vault *v, const struct apply *a, struct err *err)
{
    int rc = fault(a, err);

    if (rc == 0)
        rc = depot_begin(v->depot, err);
    if (rc == 0)
        rc = journal_remove(v->depot, a->journal, err);
    return depot_end(v->depot, rc, err);
}

/* What is known of the workspace follows what was done, so that the tree after it needs no second
   look at everything. */
static void follow(struct workspace_vault *v, const struct act_list *acts)
{
    int64_t now = clock_wall(depot_clock(v->depot));

    for (size_t i = 0; i < acts->count; i++) {
        const struct act *act = &acts->at[i];
        struct stamp stamp = {0};
        struct stat st;
        const char *name;

        if (act->state != ACT_DONE)
            continue;
        if (act->new.kind == VAULT_FILE || act->new.kind == VAULT_LINK) {
            int dir = disk_parent(&v->disk, act->path, &name);
            if (dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                stamp = stamp_of(&st, now);
            if (dir >= 0)
                close(dir);
        }
        known_set(v->top, act->path, &act->new, &stamp);
    }
}

/* The tree as it is now is stored, and the journal closed, in one. */
static int conclude(struct restoring *r, const struct apply *a)
{
    struct workspace_vault *v = r->v;

    follow(v, &r->journal.acts);
    int rc = fault(a, r->err);
    if (rc == 0)
        rc = depot_begin(v->depot, r->err);
    if (rc == 0)
        rc = known_seal_again(v->top, v->depot, r->err);
    if (rc == 0) /* sealing may have ended that transaction: it writes in pieces */
        rc = depot_begin(v->depot, r->err);
    if (rc == 0)
        rc = depot_hold(v->depot, &v->top->tree, r->err);
    if (rc == 0)
        rc = store_known(v, r->err);
    if (rc == 0)
        rc = journal_remove(v->depot, a->journal, r->err);
    rc = depot_end(v->depot, rc, r->err);
    r->report->after = v->top->tree;
    return rc;
}

static void tally(struct restoring *r)
{
    for (size_t i = 0; i < r->journal.acts.count; i++) {
        const struct act *act = &r->journal.acts.at[i];

        if (act->state == ACT_DONE)
            r->report->restored++;
        else if (act->state == ACT_MISSED)
            add_miss(r->report, &r->miss_cap, act->path, act->why, act->conflict);
    }
}

static int carry_out(struct restoring *r)
{
    struct apply a = {.depot = r->v->depot,
                      .disk = &r->v->disk,
                      .journal = &r->journal,
                      .fault = r->v->fault,
                      .staging = -1,
                      .parent = -1,
                      .err = r->err};
    int rc = write_journal(r, &a);

    if (rc < 0)
        return rc;
    rc = apply_stage(&a);
    if (rc < 0) {
        apply_undo(&a);
        (void)drop_journal(r->v, &a, NULL); /* else the next start does */
        apply_close(&a);
        return rc;
    }
    /* From here on the journal says what is to become of it, also when we cannot go on. */
    rc = write_state(r->v, &a, r->err);
    if (rc == 0)
        rc = apply_run(&a);
    r->report->names_cut = a.names_cut;
    if (rc == 0) {
        apply_clean(&a);
        rc = conclude(r, &a);
    }
    apply_close(&a);
    tally(r);
    return rc;
}

/* ---- what a dead process left */

static int take_up(struct workspace_vault *v, struct journal_entry *journal,
                   struct workspace_vault_report *report, struct err *err)
{
    struct apply a = {.depot = v->depot,
                      .disk = &v->disk,
                      .journal = journal,
                      .fault = v->fault,
                      .again = true,
                      .staging = -1,
                      .parent = -1,
                      .err = err};
    int rc = 0;

    forget(v);
    if (journal->state == JOURNAL_APPLYING)
        rc = apply_run(&a);
    if (rc == 0 && journal->state == JOURNAL_APPLYING)
        apply_clean(&a);
    else if (rc == 0)
        apply_undo(&a);
    apply_close(&a);
    if (rc == 0)
        rc = drop_journal(v, &a, err);
    if (rc < 0 || !report)
        return rc;
    report->finished = journal->state == JOURNAL_APPLYING;
    report->undone = !report->finished;
    report->target = journal->target;
    report->safety = journal->safety;
    report->wanted = (int64_t)journal->acts.count;
    report->restored = 0;
    for (size_t i = 0; i < journal->acts.count; i++)
        report->restored += journal->acts.at[i].state == ACT_DONE;
    return 0;
}

/* The caller holds the workspace whole. */
static int recover(struct workspace_vault *v, struct workspace_vault_report *report,
                   struct err *err)
{
    struct journal_entry journal;
    int rc;

    while ((rc = journal_find(&journal, v->depot, v->number, err)) > 0) {
        rc = take_up(v, &journal, report, err);
        journal_entry_free(&journal);
        if (rc < 0)
            return rc;
    }
    return rc;
}

static int restore(void *self, const struct vault_goal *goal, const struct vault_limits *limits,
                   const atomic_bool *stop, struct vault_report *out, struct err *err)
{
    struct restoring r = {.v = self, .goal = goal, .report = out, .err = err};

    memset(out, 0, sizeof *out);
    int rc = disk_intact(&r.v->disk, err);
    if (rc == 0)
        rc = disk_lock(&r.v->disk, true, err);
    if (rc < 0)
        return rc;
    rc = recover(r.v, NULL, err);
    if (rc == 0)
        rc = take(r.v, limits, stop, &out->safety, err);
    out->after = out->safety.tree;
    if (rc == 0)
        rc = decide(&r);
    if (rc == 0 && stop && atomic_load(stop))
        rc = err_set(err, E_CANCELLED, "the restore was stopped before it began");
    if (rc == 0 && r.journal.acts.count > 0)
        rc = carry_out(&r);
    if (rc < 0)
        forget(r.v);
    disk_unlock(&r.v->disk);
    journal_entry_free(&r.journal);
    return rc;
}

/* ---- the rest of the port */

static int copy(void *self, const struct hash *tree, const char *folder, const atomic_bool *stop,
                int64_t *paths, struct err *err)
{
    struct workspace_vault *v = self;
    struct copy_options options = {
        .depot = v->depot, .tree = tree, .folder = folder, .from = &v->disk, .stop = stop};
    int rc = recall(v, err);

    *paths = 0;
    options.seen = v->top;
    return rc < 0 ? rc : copy_tree(&options, paths, err);
}

struct telling {
    int (*gap)(void *ctx, const char *path, enum vault_gap gap);
    int (*change)(void *ctx, const char *path, enum vault_kind before, enum vault_kind after);
    void *ctx;
};

static int tell_gap(void *ctx, const char *path, const struct entry *entry,
                    const struct entry *nothing)
{
    struct telling *telling = ctx;

    (void)nothing;
    return entry->kind == VAULT_GAP ? telling->gap(telling->ctx, path, entry->gap) : 0;
}

static int tell_change(void *ctx, const char *path, const struct entry *before,
                       const struct entry *after)
{
    struct telling *telling = ctx;

    return telling->change(telling->ctx, path, before->kind, after->kind);
}

static int gaps(void *self, const struct hash *tree,
                int (*each)(void *ctx, const char *path, enum vault_gap gap), void *ctx,
                struct err *err)
{
    struct telling telling = {.gap = each, .ctx = ctx};

    return diff_walk(((struct workspace_vault *)self)->depot, tree, tell_gap, &telling, err);
}

static int compare(void *self, const struct hash *from, const struct hash *to,
                   int (*each)(void *ctx, const char *path, enum vault_kind before,
                               enum vault_kind after),
                   void *ctx, struct err *err)
{
    struct telling telling = {.change = each, .ctx = ctx};

    return diff_trees(((struct workspace_vault *)self)->depot, from, to, tell_change, &telling,
                      err);
}

static const struct vault_class vault_class = {
    .snapshot = snapshot,
    .preview = preview,
    .restore = restore,
    .copy = copy,
    .gaps = gaps,
    .compare = compare,
};

struct vault workspace_vault_port(struct workspace_vault *vault)
{
    return (struct vault){.class = &vault_class, .self = vault};
}

/* ---- opening */

static int open_all(struct workspace_vault *v, const struct workspace_vault_options *options,
                    struct workspace_vault_report *report, struct err *err)
{
    struct journal_entry journal;
    char *path = NULL;
    int rc = disk_open(&v->disk, options->workspace, err);

    if (rc == 0 && options->path)
        path = mem_text(options->path);
    else if (rc == 0)
        rc = vault_path(&path, err);
    if (rc == 0)
        rc = depot_open(
            &v->depot,
            &(struct depot_options){.path = path, .vfs = options->vfs, .clock = options->clock},
            &report->damage, err);
    free(path);
    if (rc == 0)
        rc = find_number(v, err);
    if (rc == 0)
        rc = journal_find(&journal, v->depot, v->number, err);
    if (rc <= 0)
        return rc;
    journal_entry_free(&journal);
    rc = disk_lock(&v->disk, true, err); /* its process may be alive */
    if (rc < 0)
        return rc;
    rc = depot_harden(v->depot, err); /* before anything is done because of what was read */
    if (rc == 0)
        rc = recover(v, report, err);
    disk_unlock(&v->disk);
    return rc;
}

int workspace_vault_open(struct workspace_vault **out,
                         const struct workspace_vault_options *options,
                         struct workspace_vault_report *report, struct err *err)
{
    struct workspace_vault *v = mem_new(sizeof *v);

    *out = NULL;
    memset(report, 0, sizeof *report);
    v->disk.fd = -1;
    v->fault = options->fault;
    int rc = open_all(v, options, report, err);
    if (rc < 0) {
        workspace_vault_close(v);
        return rc;
    }
    *out = v;
    return 0;
}

void workspace_vault_close(struct workspace_vault *vault)
{
    if (!vault)
        return;
    forget(vault);
    depot_close(vault->depot);
    disk_close(&vault->disk);
    free(vault);
}
