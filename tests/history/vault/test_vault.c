/* SPDX-License-Identifier: MIT */
/* Snapshots of a workspace: what they cover, what they leave out and say so, what they cost. */
#include "history/vault/vault.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/strongroom.h"

/* Gaps of a tree as text: "path: reason" lines. */
static int print_gap(void *ctx, const char *path, enum vault_gap gap)
{
    char *out = ctx;
    size_t len = strlen(out);

    snprintf(out + len, 4096 - len, "%s: %s\n", path, vault_gap_text(gap));
    return 0;
}

static const char *gaps_of(struct strongroom *s, const struct hash *tree)
{
    static char out[4096];

    out[0] = '\0';
    CU_ASSERT_EQUAL(s->port.class->gaps(s->port.self, tree, print_gap, out, &s->err), 0);
    return out;
}

static void an_unchanged_workspace_has_the_same_tree_and_adds_nothing(void)
{
    struct strongroom s;
    struct stat before, after;

    strongroom_new(&s);
    scratch_write(s.work, "a.txt", "alpha");
    scratch_folder(s.work, "sub");
    scratch_write(s.work, "sub/b.txt", "beta");
    scratch_folder(s.work, "empty");
    CU_ASSERT_EQUAL(symlink("a.txt", scratch_path(s.work, "link")), 0);
    struct vault_snapshot first = strongroom_snapshot(&s, NULL);
    CU_ASSERT_EQUAL(first.coverage.files, 2);
    CU_ASSERT_EQUAL(first.coverage.links, 1);
    CU_ASSERT_EQUAL(first.coverage.folders, 2);
    CU_ASSERT_EQUAL(first.coverage.bytes, 5 + 4 + 5);
    CU_ASSERT_FALSE(first.unchanged);
    CU_ASSERT_FALSE(first.coverage.partial);

    char *wal = mem_printf("%s-wal", s.file);
    CU_ASSERT_EQUAL(stat(wal, &before), 0);
    struct vault_snapshot second = strongroom_snapshot(&s, NULL);
    CU_ASSERT_TRUE(strongroom_same(&first.tree, &second.tree));
    CU_ASSERT_TRUE(second.unchanged);
    CU_ASSERT_EQUAL(second.read, 0);
    CU_ASSERT_EQUAL(second.stored, 0);
    CU_ASSERT_EQUAL(stat(wal, &after), 0);
    CU_ASSERT_EQUAL(before.st_size, after.st_size);
    free(wal);

    /* What was seen outlives the process. */
    CU_ASSERT_EQUAL(strongroom_open(&s, NULL), 0);
    struct vault_snapshot third = strongroom_snapshot(&s, NULL);
    CU_ASSERT_TRUE(strongroom_same(&first.tree, &third.tree));
    CU_ASSERT_EQUAL(third.read, 0);
    strongroom_free(&s);
}

static void content_mode_and_kind_are_told_apart(void)
{
    struct strongroom s;
    struct hash trees[6];

    strongroom_new(&s);
    scratch_write(s.work, "a", "one");
    trees[0] = strongroom_take(&s);
    scratch_write(s.work, "a", "two");
    trees[1] = strongroom_take(&s);
    CU_ASSERT_EQUAL(chmod(scratch_path(s.work, "a"), 0755), 0);
    trees[2] = strongroom_take(&s);
    CU_ASSERT_EQUAL(unlink(scratch_path(s.work, "a")), 0);
    trees[3] = strongroom_take(&s);
    CU_ASSERT_EQUAL(symlink("two", scratch_path(s.work, "a")), 0);
    trees[4] = strongroom_take(&s);
    CU_ASSERT_EQUAL(unlink(scratch_path(s.work, "a")), 0);
    scratch_folder(s.work, "a");
    trees[5] = strongroom_take(&s);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++)
            CU_ASSERT_FALSE(strongroom_same(&trees[i], &trees[j]));
    strongroom_free(&s);
}

/* The stat cache must see it by the ctime alone, or by looking again at what is fresh. */
static void a_rewrite_with_the_old_size_and_time_is_seen(void)
{
    struct strongroom s;
    struct timespec times[2];
    struct stat st;

    strongroom_new(&s);
    for (int fresh = 0; fresh < 2; fresh++) {
        s.ahead_us = fresh ? 0 : US_PER_S;
        scratch_write(s.work, "a", "before");
        struct hash before = strongroom_take(&s);
        CU_ASSERT_EQUAL(stat(scratch_path(s.work, "a"), &st), 0);
        int fd = open(scratch_path(s.work, "a"), O_WRONLY);
        CU_ASSERT_EQUAL(pwrite(fd, "behind", 6, 0), 6);
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        CU_ASSERT_EQUAL(futimens(fd, times), 0);
        close(fd);
        struct hash after = strongroom_take(&s);
        CU_ASSERT_FALSE(strongroom_same(&before, &after));
    }
    strongroom_free(&s);
}

static void what_cannot_be_kept_is_named_with_its_reason(void)
{
    struct strongroom s;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strongroom_new(&s);
    scratch_write(s.work, ".gitignore", "*.o\nbuild/\n");
    scratch_write(s.work, "a.o", "x");
    scratch_folder(s.work, "build");
    scratch_write(s.work, "build/out", "x");
    scratch_folder(s.work, ".git");
    scratch_write(s.work, ".git/config", "[core]\n fsmonitor = /bin/false\n");
    scratch_folder(s.work, "sub");
    scratch_write(s.work, "sub/.git", "gitdir: ../.git/modules/sub\n");
    scratch_write(s.work, "sub/kept", "x");
    scratch_write(s.work, "large", "more than ten bytes");
    CU_ASSERT_EQUAL(mkfifo(scratch_path(s.work, "fifo"), 0600), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", s.work);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);

    struct vault_snapshot snapshot =
        strongroom_snapshot(&s, &(struct vault_limits){.file_bytes = 16});
    CU_ASSERT_STRING_EQUAL(gaps_of(&s, &snapshot.tree),
                           ".git: git's own\n"
                           "a.o: ignored by .gitignore\n"
                           "build: ignored by .gitignore\n"
                           "fifo: a FIFO, socket or device\n"
                           "large: larger than the limit for one file\n"
                           "socket: a FIFO, socket or device\n"
                           "sub/.git: git's own\n");
    CU_ASSERT_EQUAL(snapshot.coverage.files, 2);
    CU_ASSERT_EQUAL(snapshot.coverage.gaps[GAP_IGNORED], 2);
    CU_ASSERT_EQUAL(snapshot.coverage.gaps[GAP_GIT], 2);
    CU_ASSERT_EQUAL(snapshot.coverage.gaps[GAP_SPECIAL], 2);
    CU_ASSERT_EQUAL(snapshot.coverage.gaps[GAP_LARGE], 1);
    close(fd);
    strongroom_free(&s);
}

static void rules_that_change_are_applied_to_names_that_are_known(void)
{
    struct strongroom s;

    strongroom_new(&s);
    scratch_folder(s.work, "sub");
    scratch_write(s.work, "sub/a.log", "x");
    struct hash tree = strongroom_take(&s);
    CU_ASSERT_STRING_EQUAL(gaps_of(&s, &tree), "");
    scratch_write(s.work, ".gitignore", "*.log\n");
    tree = strongroom_take(&s);
    CU_ASSERT_STRING_EQUAL(gaps_of(&s, &tree), "sub/a.log: ignored by .gitignore\n");
    tree = strongroom_take(&s);
    CU_ASSERT_STRING_EQUAL(gaps_of(&s, &tree), "sub/a.log: ignored by .gitignore\n");
    scratch_write(s.work, "sub/.gitignore", "!a.log\n");
    tree = strongroom_take(&s);
    CU_ASSERT_STRING_EQUAL(gaps_of(&s, &tree), "");
    strongroom_free(&s);
}

static void over_budget_a_snapshot_is_partial_and_the_next_goes_on(void)
{
    struct strongroom s;
    char name[16];

    strongroom_new(&s);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "f%d", i);
        scratch_write(s.work, name, "0123456789");
    }
    struct vault_limits limits = {.bytes = 55};
    struct vault_snapshot first = strongroom_snapshot(&s, &limits);
    CU_ASSERT_TRUE(first.coverage.partial);
    CU_ASSERT_EQUAL(first.coverage.files, 5);
    CU_ASSERT_EQUAL(first.coverage.gaps[GAP_BUDGET], 5);
    struct vault_snapshot second = strongroom_snapshot(&s, &limits);
    CU_ASSERT_FALSE(second.coverage.partial);
    CU_ASSERT_EQUAL(second.coverage.files, 10);

    limits = (struct vault_limits){.paths = 5};
    struct vault_snapshot none;
    CU_ASSERT_EQUAL(s.port.class->snapshot(s.port.self, &limits, NULL, &none, &s.err), E_TOOBIG);
    scratch_folder(s.work, "sub");
    scratch_write(s.work, "sub/x", "x");
    limits = (struct vault_limits){.paths = 11};
    struct vault_snapshot part = strongroom_snapshot(&s, &limits);
    CU_ASSERT_TRUE(part.coverage.partial);
    CU_ASSERT_STRING_EQUAL(gaps_of(&s, &part.tree), "sub: over the budget of a snapshot\n");
    strongroom_free(&s);
}

static void a_stopped_snapshot_leaves_a_vault_that_goes_on(void)
{
    struct strongroom s;
    struct vault_snapshot none;
    atomic_bool stop = true;

    strongroom_new(&s);
    scratch_write(s.work, "a", "x");
    CU_ASSERT_EQUAL(s.port.class->snapshot(s.port.self, NULL, &stop, &none, &s.err), E_CANCELLED);
    CU_ASSERT_EQUAL(strongroom_snapshot(&s, NULL).coverage.files, 1);
    strongroom_free(&s);
}

static void names_are_bytes(void)
{
    struct strongroom s;
    struct vault_report report;

    strongroom_new(&s);
    scratch_write(s.work, "\xff\xfe bad \n name", "x");
    scratch_folder(s.work, "\xc3\x28");
    scratch_write(s.work, "\xc3\x28/\x01", "y");
    struct hash before = strongroom_take(&s);
    char *was = strongroom_print(s.work);
    CU_ASSERT_EQUAL(unlink(scratch_path(s.work, "\xff\xfe bad \n name")), 0);
    scratch_write(s.work, "\xc3\x28/\x01", "other");
    struct hash after = strongroom_take(&s);
    CU_ASSERT_EQUAL(strongroom_go(&s, &before, &after, &report), 0);
    CU_ASSERT_EQUAL(report.restored, 2);
    char *is = strongroom_print(s.work);
    CU_ASSERT_STRING_EQUAL(was, is);
    free(was);
    free(is);
    vault_report_free(&report);
    strongroom_free(&s);
}

static void a_workspace_that_was_replaced_is_refused(void)
{
    struct strongroom s;
    struct vault_snapshot none;

    strongroom_new(&s);
    scratch_write(s.work, "a", "x");
    CU_ASSERT_EQUAL(rename(s.work, scratch_path(s.dir, "moved")), 0);
    CU_ASSERT_EQUAL(s.port.class->snapshot(s.port.self, NULL, NULL, &none, &s.err), E_DENIED);
    CU_ASSERT_EQUAL(symlink("moved", s.work), 0);
    CU_ASSERT_EQUAL(s.port.class->snapshot(s.port.self, NULL, NULL, &none, &s.err), E_DENIED);
    strongroom_free(&s);
}

static void a_copy_holds_what_the_tree_covers(void)
{
    struct strongroom s;
    int64_t paths;

    strongroom_new(&s);
    scratch_write(s.work, "a", "alpha");
    CU_ASSERT_EQUAL(chmod(scratch_path(s.work, "a"), 0751), 0);
    scratch_folder(s.work, "empty");
    scratch_folder(s.work, "closed");
    scratch_write(s.work, "closed/b", "beta");
    CU_ASSERT_EQUAL(symlink("closed/b", scratch_path(s.work, "link")), 0);
    CU_ASSERT_EQUAL(chmod(scratch_path(s.work, "closed"), 0555), 0);
    struct hash tree = strongroom_take(&s);
    char *was = strongroom_print(s.work);
    char *copy = mem_printf("%s/copy", s.dir);
    scratch_write(s.work, "a", "changed since");
    CU_ASSERT_EQUAL(s.port.class->copy(s.port.self, &tree, copy, NULL, &paths, &s.err), 0);
    CU_ASSERT_EQUAL(paths, 5);
    char *is = strongroom_print(copy);
    CU_ASSERT_STRING_EQUAL(was, is);
    CU_ASSERT_EQUAL(s.port.class->copy(s.port.self, &tree, copy, NULL, &paths, &s.err), E_EXISTS);
    CU_ASSERT_EQUAL(chmod(scratch_path(s.work, "closed"), 0755), 0);
    CU_ASSERT_EQUAL(chmod(scratch_path(copy, "closed"), 0755), 0);
    free(was);
    free(is);
    free(copy);
    strongroom_free(&s);
}

static const struct test tests[] = {
    {"an unchanged workspace has the same tree and adds nothing",
     an_unchanged_workspace_has_the_same_tree_and_adds_nothing},
    {"content, mode and kind are told apart", content_mode_and_kind_are_told_apart},
    {"a rewrite with the old size and time is seen", a_rewrite_with_the_old_size_and_time_is_seen},
    {"what cannot be kept is named with its reason", what_cannot_be_kept_is_named_with_its_reason},
    {"rules that change are applied to names that are known",
     rules_that_change_are_applied_to_names_that_are_known},
    {"over budget a snapshot is partial, and the next goes on",
     over_budget_a_snapshot_is_partial_and_the_next_goes_on},
    {"a stopped snapshot leaves a vault that goes on",
     a_stopped_snapshot_leaves_a_vault_that_goes_on},
    {"names are bytes", names_are_bytes},
    {"T28 a workspace that was replaced is refused", a_workspace_that_was_replaced_is_refused},
    {"a copy holds what the tree covers", a_copy_holds_what_the_tree_covers},
    {NULL, NULL},
};

const struct suite suite_vault = {"vault", tests};
