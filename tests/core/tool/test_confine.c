/* SPDX-License-Identifier: MIT */
#include "core/tool/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/suite.h"
#include "tests/support/scratch.h"

#define RACES 1000

/* A workspace "ws" with some files, beside an "outside" that nothing may reach. */
struct ground {
    char *dir;
    struct confine *root;
};

static void ground_open(struct ground *g, bool walk)
{
    char ws[512];

    g->dir = scratch_new();
    scratch_folder(g->dir, "ws");
    scratch_folder(g->dir, "ws/sub");
    scratch_folder(g->dir, "outside");
    scratch_write(g->dir, "ws/a.txt", "inside");
    scratch_write(g->dir, "ws/sub/b.txt", "below");
    scratch_write(g->dir, "outside/secret", "secret");
    snprintf(ws, sizeof ws, "%s/ws", g->dir);
    CU_ASSERT_EQUAL_FATAL(confine_open(&g->root, ws, &(struct confine_options){.walk = walk}, NULL),
                          0);
}

static void ground_close(struct ground *g)
{
    confine_close(g->root);
    scratch_free(g->dir);
}

static void link_to(const struct ground *g, const char *target, const char *name)
{
    CU_ASSERT_EQUAL(symlink(target, scratch_path(g->dir, name)), 0);
}

/* What reading path gives: 0 with its text in out, or the error. */
static int read_text(const struct ground *g, const char *path, char out[64], struct err *err)
{
    int fd, rc = confine_read(g->root, path, &fd, NULL, err);
    ssize_t n;

    out[0] = '\0';
    if (rc < 0)
        return rc;
    n = read(fd, out, 63);
    out[n > 0 ? n : 0] = '\0';
    close(fd);
    return 0;
}

static int write_text(const struct ground *g, const char *path, const char *text, struct err *err)
{
    return confine_write(g->root, path, text, strlen(text), NULL, err);
}

static void what_is_inside_is_read(void)
{
    for (int walk = 0; walk < 2; walk++) {
        struct ground g;
        char text[64], path[600];

        ground_open(&g, walk);
        CU_ASSERT_EQUAL(read_text(&g, "a.txt", text, NULL), 0);
        CU_ASSERT_STRING_EQUAL(text, "inside");
        CU_ASSERT_EQUAL(read_text(&g, ".//sub/./b.txt", text, NULL), 0);
        CU_ASSERT_STRING_EQUAL(text, "below");
        snprintf(path, sizeof path, "%s/sub/b.txt", confine_path(g.root));
        CU_ASSERT_EQUAL(read_text(&g, path, text, NULL), 0);
        CU_ASSERT_STRING_EQUAL(text, "below");
        ground_close(&g);
    }
}

static void a_link_inside_is_followed_by_the_kernel_alone(void)
{
    struct ground g;
    char text[64];

    ground_open(&g, false);
    link_to(&g, "sub/b.txt", "ws/link");
    CU_ASSERT_EQUAL(read_text(&g, "link", text, NULL), 0);
    CU_ASSERT_STRING_EQUAL(text, "below");
    ground_close(&g);
    ground_open(&g, true);
    link_to(&g, "sub/b.txt", "ws/link");
    CU_ASSERT_EQUAL(read_text(&g, "link", text, NULL), E_DENIED);
    ground_close(&g);
}

/* The many spellings of "somewhere else"; each for reading and for writing, by kernel and walk. */
static void no_path_leads_out(void)
{
    static const struct {
        const char *path, *said;
        int code;
    } cases[] = {
        {"../outside/secret", "'..' is not allowed", E_DENIED},
        {"sub/../../outside/secret", "'..' is not allowed", E_DENIED},
        {"/etc/passwd", "outside the workspace", E_DENIED},
        {"//etc/passwd", "outside the workspace", E_DENIED},
        {"out", "", E_DENIED},
        {"out_dir/secret", "", E_DENIED},
        {"out_dir/new", "", E_DENIED},
        {"loop", "symbolic link", E_DENIED},
        {"proc/root/etc/passwd", "", E_DENIED},
        {"fifo", "not a regular file", E_DENIED},
        {"device", "not a regular file", E_DENIED},
        {"sub", "is a folder", E_DENIED},
        {".", "is a folder", E_DENIED},
        {"", "empty path", E_RANGE},
    };

    for (int walk = 0; walk < 2; walk++) {
        struct ground g;
        struct err err;
        char text[64];

        ground_open(&g, walk);
        link_to(&g, "../outside/secret", "ws/out");
        link_to(&g, "../outside", "ws/out_dir");
        link_to(&g, "loop", "ws/loop");
        link_to(&g, "/proc/self", "ws/proc");
        link_to(&g, "/dev/null", "ws/device");
        CU_ASSERT_EQUAL(mkfifo(scratch_path(g.dir, "ws/fifo"), 0600), 0);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            int rc = read_text(&g, cases[i].path, text, &err);
            bool device = strcmp(cases[i].path, "device") == 0; /* a link out: refused as that */

            CU_ASSERT_EQUAL(rc, cases[i].code);
            CU_ASSERT_TRUE(device || strstr(err.msg, cases[i].said) != NULL);
            CU_ASSERT_EQUAL(write_text(&g, cases[i].path, "x", &err), cases[i].code);
        }
        CU_ASSERT_TRUE(scratch_holds(g.dir, "outside/secret", "secret"));
        CU_ASSERT_FALSE(scratch_has(g.dir, "outside/new"));
        ground_close(&g);
    }
}

static void endless_paths_are_refused_before_the_disk_is_asked(void)
{
    struct ground g;
    static char path[20001], part[300];
    struct err err;
    char text[64];

    ground_open(&g, false);
    for (int i = 0; i < 20000; i++)
        path[i] = i % 2 ? '/' : 'a';
    CU_ASSERT_EQUAL(read_text(&g, path, text, &err), E_RANGE);
    memset(part, 'a', 256);
    CU_ASSERT_EQUAL(read_text(&g, part, text, &err), E_RANGE);
    ground_close(&g);
}

static void names_are_bytes_and_not_made_equal(void)
{
    static const char *const names[] = {"A.txt",     "a.txt.",   "a.txt ", "\xff\xfe",
                                        "e\xcc\x81", "\xc3\xa9", "-rf",    "a\nb"};
    struct ground g;
    char text[64];

    ground_open(&g, false);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CU_ASSERT_EQUAL(write_text(&g, names[i], names[i], NULL), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_EQUAL(read_text(&g, names[i], text, NULL), 0);
        CU_ASSERT_STRING_EQUAL(text, names[i]);
    }
    CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/a.txt", "inside"));
    ground_close(&g);
}

static void protected_names_are_known_in_every_spelling(void)
{
    static const struct {
        const char *path;
        bool protected;
    } cases[] = {
        {".git", true},          {".git/config", true}, {"sub/.git/hooks/x", true},
        {".GIT/config", true},   {".git.", true},       {".git /x", true},
        {".rerail/x", true},     {".mcp.json", true},   {".envrc", true},
        {"a/.vscode/x", true},   {".claude", true},     {".codex/y", true},
        {".gemini/z", true},     {".bashrc", true},     {"home/.zshrc", true},
        {"git", false},          {".gitignore", false}, {".github/x", false},
        {"a.git/config", false}, {"", false},           {".", false},
        {"mcp.json", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(confine_protected(cases[i].path), cases[i].protected);
}

static void a_protected_path_is_written_only_with_a_persons_yes(void)
{
    struct ground g;
    struct err err;

    ground_open(&g, false);
    CU_ASSERT_EQUAL(write_text(&g, ".mcp.json", "{}", &err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "protected"));
    CU_ASSERT_EQUAL(write_text(&g, "./.git/hooks/post-commit", "x", &err), E_DENIED);
    CU_ASSERT_FALSE(scratch_has(g.dir, "ws/.mcp.json"));
    const struct confine_write yes = {.protected_too = true};
    CU_ASSERT_EQUAL(confine_write(g.root, ".mcp.json", "{}", 2, &yes, &err), 0);
    CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/.mcp.json", "{}"));
    ground_close(&g);
}

static mode_t mode_of(const struct ground *g, const char *name)
{
    struct stat st;

    CU_ASSERT_EQUAL(lstat(scratch_path(g->dir, name), &st), 0);
    return st.st_mode & 07777;
}

static void writing_keeps_the_mode_but_never_set_uid(void)
{
    struct ground g;

    ground_open(&g, false);
    CU_ASSERT_EQUAL(write_text(&g, "new.txt", "new", NULL), 0);
    CU_ASSERT_EQUAL(mode_of(&g, "ws/new.txt"), 0644);
    CU_ASSERT_EQUAL(chmod(scratch_path(g.dir, "ws/a.txt"), 04751), 0);
    CU_ASSERT_EQUAL(write_text(&g, "a.txt", "changed", NULL), 0);
    CU_ASSERT_EQUAL(mode_of(&g, "ws/a.txt"), 0751);
    CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/a.txt", "changed"));
    ground_close(&g);
}

static void writing_keeps_the_owner_where_it_may(void)
{
    struct ground g;
    struct stat st;

    if (geteuid() != 0) {
        suite_skip("the owner of a replaced file", "needs root");
        return;
    }
    ground_open(&g, false);
    CU_ASSERT_EQUAL(chown(scratch_path(g.dir, "ws/a.txt"), 65534, 65534), 0);
    CU_ASSERT_EQUAL(write_text(&g, "a.txt", "changed", NULL), 0);
    CU_ASSERT_EQUAL(lstat(scratch_path(g.dir, "ws/a.txt"), &st), 0);
    CU_ASSERT_EQUAL(st.st_uid, 65534);
    ground_close(&g);
}

static void a_file_with_several_names_is_not_cut_off_unasked(void)
{
    struct ground g;
    struct err err;
    char from[512];

    ground_open(&g, false);
    snprintf(from, sizeof from, "%s/outside/secret", g.dir);
    CU_ASSERT_EQUAL(link(from, scratch_path(g.dir, "ws/hard")), 0);
    CU_ASSERT_EQUAL(write_text(&g, "hard", "x", &err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "hard links"));
    const struct confine_write yes = {.linked_too = true};
    CU_ASSERT_EQUAL(confine_write(g.root, "hard", "x", 1, &yes, NULL), 0);
    CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/hard", "x"));
    CU_ASSERT_TRUE(scratch_holds(g.dir, "outside/secret", "secret"));
    ground_close(&g);
}

static void missing_folders_are_made_when_asked_and_never_through_a_link(void)
{
    const struct confine_write make = {.make_folders = true};
    struct ground g;
    struct err err;

    ground_open(&g, false);
    CU_ASSERT_EQUAL(write_text(&g, "x/y/z.txt", "z", &err), E_NOTFOUND);
    CU_ASSERT_EQUAL(confine_write(g.root, "x/y/z.txt", "z", 1, &make, NULL), 0);
    CU_ASSERT_EQUAL(confine_write(g.root, "sub/w/z.txt", "z", 1, &make, NULL), 0);
    CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/x/y/z.txt", "z"));
    link_to(&g, "../outside", "ws/out");
    CU_ASSERT_EQUAL(confine_write(g.root, "out/new/z.txt", "z", 1, &make, &err), E_DENIED);
    CU_ASSERT_EQUAL(confine_write(g.root, "a.txt/new/z.txt", "z", 1, &make, &err), E_IO);
    CU_ASSERT_FALSE(scratch_has(g.dir, "outside/new"));
    ground_close(&g);
}

/* A shell's trick: the contained process plants a link, the file tool is asked to write through. */
static void a_planted_link_is_not_written_through(void)
{
    struct ground g;
    struct err err;

    ground_open(&g, false);
    link_to(&g, "../outside/secret", "ws/note.txt");
    CU_ASSERT_EQUAL(write_text(&g, "note.txt", "x", &err), E_DENIED);
    link_to(&g, "sub", "ws/dir");
    CU_ASSERT_EQUAL(write_text(&g, "dir/b.txt", "x", &err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "symbolic link"));
    CU_ASSERT_TRUE(scratch_holds(g.dir, "outside/secret", "secret"));
    CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/sub/b.txt", "below"));
    ground_close(&g);
}

static void where_a_path_leads_is_told(void)
{
    static const struct {
        const char *path, *real;
    } cases[] = {
        {"a.txt", "a.txt"},
        {"./sub//b.txt", "sub/b.txt"},
        {"dir/b.txt", "sub/b.txt"},
        {"dir/new", "sub/new"},
        {"dir/x/new", "sub/x/new"},
        {"new", "new"},
        {"x/y/z", "x/y/z"},
        {".", "."},
        {"sub", "sub"},
        {"self/dir/b.txt", "sub/b.txt"},
    };
    struct ground g;
    struct err err;
    char *real;

    ground_open(&g, false);
    link_to(&g, "sub", "ws/dir");
    link_to(&g, ".", "ws/self");
    link_to(&g, "../outside", "ws/out");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(confine_resolve(g.root, cases[i].path, &real, NULL), 0);
        CU_ASSERT_STRING_EQUAL(real, cases[i].real);
        free(real);
    }
    CU_ASSERT_EQUAL(confine_resolve(g.root, "out/secret", &real, &err), E_DENIED);
    CU_ASSERT_PTR_NULL(real);
    ground_close(&g);
}

static void some_roots_need_an_explicit_yes(void)
{
    char *dir = scratch_new(), inner[512], state[512];
    struct confine *root;
    struct err err;

    snprintf(inner, sizeof inner, "%s/home", dir);
    snprintf(state, sizeof state, "%s/home/state/rerail", dir);
    scratch_folder(dir, "home");
    scratch_folder(dir, "home/state");
    scratch_folder(dir, "home/state/rerail");
    scratch_folder(dir, "home/state/rerail/demo");
    scratch_folder(dir, "home/project");
    const char *const own[] = {state};
    const struct {
        const char *root;
        int code;
    } cases[] = {
        {"home", E_DENIED},           {".", E_DENIED},
        {"home/state", E_DENIED},     {"home/state/rerail", E_DENIED},
        {"home/project", 0},          {"home/state/rerail/demo", 0},
        {"home/nothing", E_NOTFOUND},
    };
    struct confine_options options = {.home = inner, .own = own, .own_count = 1};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(confine_open(&root, scratch_path(dir, cases[i].root), &options, &err),
                        cases[i].code);
        confine_close(root);
    }
    CU_ASSERT_EQUAL(confine_open(&root, "/", NULL, &err), E_DENIED);
    options.anywhere = true;
    CU_ASSERT_EQUAL(confine_open(&root, inner, &options, &err), 0);
    confine_close(root);
    scratch_free(dir);
}

static void a_root_that_was_deleted_is_noticed(void)
{
    struct ground g;
    struct err err;
    char text[64];

    ground_open(&g, false);
    CU_ASSERT_EQUAL(confine_intact(g.root, &err), 0);
    CU_ASSERT_EQUAL(unlink(scratch_path(g.dir, "ws/a.txt")), 0);
    CU_ASSERT_EQUAL(unlink(scratch_path(g.dir, "ws/sub/b.txt")), 0);
    CU_ASSERT_EQUAL(rmdir(scratch_path(g.dir, "ws/sub")), 0);
    CU_ASSERT_EQUAL(rmdir(scratch_path(g.dir, "ws")), 0);
    CU_ASSERT_EQUAL(confine_intact(g.root, &err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "is gone"));
    CU_ASSERT_EQUAL(read_text(&g, "a.txt", text, &err), E_NOTFOUND);
    CU_ASSERT_TRUE(write_text(&g, "a.txt", "x", &err) < 0);
    scratch_folder(g.dir, "ws");
    CU_ASSERT_EQUAL(confine_intact(g.root, &err), E_DENIED);
    ground_close(&g);
}

static void a_root_replaced_by_a_link_is_still_ours(void)
{
    struct ground g;
    struct err err;
    char text[64], moved[512];

    ground_open(&g, false);
    snprintf(moved, sizeof moved, "%s/moved", g.dir);
    CU_ASSERT_EQUAL(rename(scratch_path(g.dir, "ws"), moved), 0);
    link_to(&g, "outside", "ws");
    CU_ASSERT_EQUAL(confine_intact(g.root, &err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "no longer the folder"));
    CU_ASSERT_EQUAL(read_text(&g, "a.txt", text, NULL), 0);
    CU_ASSERT_STRING_EQUAL(text, "inside");
    CU_ASSERT_EQUAL(read_text(&g, "secret", text, NULL), E_NOTFOUND);
    CU_ASSERT_EQUAL(write_text(&g, "new", "x", NULL), 0);
    CU_ASSERT_TRUE(scratch_holds(g.dir, "moved/new", "x"));
    CU_ASSERT_FALSE(scratch_has(g.dir, "outside/new"));
    ground_close(&g);
}

static void a_parent_renamed_under_way_leads_nowhere_else(void)
{
    struct ground g;
    struct err err;
    char text[64], away[512], *real;

    ground_open(&g, false);
    snprintf(away, sizeof away, "%s/ws/away", g.dir);
    CU_ASSERT_EQUAL(rename(scratch_path(g.dir, "ws/sub"), away), 0);
    CU_ASSERT_EQUAL(read_text(&g, "sub/b.txt", text, &err), E_NOTFOUND);
    CU_ASSERT_EQUAL(write_text(&g, "sub/b.txt", "x", &err), E_NOTFOUND);
    CU_ASSERT_EQUAL(rename(away, scratch_path(g.dir, "outside/away")), 0);
    CU_ASSERT_EQUAL(read_text(&g, "away/b.txt", text, &err), E_NOTFOUND);
    snprintf(away, sizeof away, "%s/elsewhere", g.dir);
    CU_ASSERT_EQUAL(rename(scratch_path(g.dir, "ws"), away), 0);
    CU_ASSERT_EQUAL(confine_resolve(g.root, "a.txt", &real, NULL), 0);
    CU_ASSERT_STRING_EQUAL(real, "a.txt");
    free(real);
    ground_close(&g);
}

/* Small disk: a file system of 64 KiB in memory. */
static void a_full_disk_leaves_the_old_file_whole(void)
{
    static char big[200000];
    struct ground g;
    struct err err;

    ground_open(&g, false);
    memset(big, 'x', sizeof big - 1);
    if (mount("none", scratch_path(g.dir, "ws/sub"), "tmpfs", 0, "size=64k") < 0) {
        suite_skip("T30 a full disk leaves the old file whole", strerror(errno));
    } else {
        CU_ASSERT_EQUAL(write_text(&g, "sub/b.txt", "old", NULL), 0);
        CU_ASSERT_EQUAL(write_text(&g, "sub/b.txt", big, &err), E_FULL);
        CU_ASSERT_TRUE(scratch_holds(g.dir, "ws/sub/b.txt", "old"));
        CU_ASSERT_EQUAL(write_text(&g, "sub/c.txt", "small again", NULL), 0);
        CU_ASSERT_EQUAL(umount(scratch_path(g.dir, "ws/sub")), 0);
    }
    ground_close(&g);
}

/* What `nobody` finds in a tree without permissions; runs in a child, its answer is the exit code.
 */
static int look_as_nobody(const struct ground *g)
{
    struct err err;
    char text[64];
    int fd;

    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 10;
    if (read_text(g, "a.txt", text, &err) != E_DENIED)
        return 1;
    if (confine_folder(g->root, "sub", &fd, &err) != E_DENIED)
        return 2;
    if (write_text(g, "a.txt", "x", &err) != E_DENIED)
        return 3;
    if (write_text(g, "sub/new", "x", &err) != E_DENIED)
        return 4;
    return 0;
}

static void a_tree_without_permissions_is_an_error(void)
{
    struct ground g;
    int status;

    if (geteuid() != 0) {
        suite_skip("T31 a tree without permissions is an error", "needs root to become nobody");
        return;
    }
    ground_open(&g, false);
    CU_ASSERT_EQUAL(chmod(g.dir, 0755), 0);
    CU_ASSERT_EQUAL(chmod(scratch_path(g.dir, "ws/a.txt"), 0), 0);
    CU_ASSERT_EQUAL(chmod(scratch_path(g.dir, "ws/sub"), 0), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(look_as_nobody(&g));
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    ground_close(&g);
}

struct swapper {
    char real[512], other[512];
    atomic_bool stop;
};

/* A folder inside and a link to the outside change places. */
static void swap(const struct swapper *swapper)
{
    (void)syscall(SYS_renameat2, AT_FDCWD, swapper->real, AT_FDCWD, swapper->other,
                  RENAME_EXCHANGE);
}

static void *swap_for_ever(void *self)
{
    struct swapper *swapper = self;

    while (!atomic_load(&swapper->stop))
        swap(swapper);
    return NULL;
}

static void race(bool walk)
{
    struct swapper swapper = {0};
    struct ground g;
    pthread_t thread;
    char text[64];
    bool inside;

    ground_open(&g, walk);
    scratch_write(g.dir, "ws/sub/secret", "public");
    link_to(&g, "../outside", "ws/other");
    snprintf(swapper.real, sizeof swapper.real, "%s/ws/sub", g.dir);
    snprintf(swapper.other, sizeof swapper.other, "%s/ws/other", g.dir);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, swap_for_ever, &swapper), 0);
    for (int i = 0; i < RACES; i++) {
        if (read_text(&g, "sub/secret", text, NULL) == 0)
            CU_ASSERT_STRING_EQUAL(text, "public");
        if (i % 8 == 0)
            (void)write_text(&g, "sub/b.txt", "x", NULL);
    }
    atomic_store(&swapper.stop, true);
    pthread_join(thread, NULL);
    inside = read_text(&g, "sub/secret", text, NULL) == 0; /* it may have stopped either way */
    if (!inside)
        swap(&swapper);
    CU_ASSERT_TRUE(inside || read_text(&g, "sub/secret", text, NULL) == 0);
    CU_ASSERT_TRUE(scratch_holds(g.dir, "outside/secret", "secret"));
    CU_ASSERT_FALSE(scratch_has(g.dir, "outside/b.txt"));
    ground_close(&g);
}

static void a_race_of_folder_and_link_is_never_won(void)
{
    race(false);
    race(true);
}

static const struct test tests[] = {
    {"what is inside is read", what_is_inside_is_read},
    {"a link inside is followed, by the kernel alone",
     a_link_inside_is_followed_by_the_kernel_alone},
    {"A04 no path leads out", no_path_leads_out},
    {"A04 endless paths are refused before the disk is asked",
     endless_paths_are_refused_before_the_disk_is_asked},
    {"A04 names are bytes and not made equal", names_are_bytes_and_not_made_equal},
    {"A04 a race of folder and link is never won", a_race_of_folder_and_link_is_never_won},
    {"A04 a file with several names is not cut off unasked",
     a_file_with_several_names_is_not_cut_off_unasked},
    {"A05 protected names are known in every spelling",
     protected_names_are_known_in_every_spelling},
    {"A05 a protected path is written only with a person's yes",
     a_protected_path_is_written_only_with_a_persons_yes},
    {"A06 a planted link is not written through", a_planted_link_is_not_written_through},
    {"writing keeps the mode, but never set-uid", writing_keeps_the_mode_but_never_set_uid},
    {"writing keeps the owner where it may", writing_keeps_the_owner_where_it_may},
    {"missing folders are made when asked, and never through a link",
     missing_folders_are_made_when_asked_and_never_through_a_link},
    {"where a path leads is told", where_a_path_leads_is_told},
    {"some roots need an explicit yes", some_roots_need_an_explicit_yes},
    {"T27 a root that was deleted is noticed", a_root_that_was_deleted_is_noticed},
    {"T28 a root replaced by a link is still ours", a_root_replaced_by_a_link_is_still_ours},
    {"T29 a parent renamed under way leads nowhere else",
     a_parent_renamed_under_way_leads_nowhere_else},
    {"T30 a full disk leaves the old file whole", a_full_disk_leaves_the_old_file_whole},
    {"T31 a tree without permissions is an error", a_tree_without_permissions_is_an_error},
    {NULL, NULL},
};

const struct suite suite_confine = {"confine", tests};
