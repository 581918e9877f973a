/* SPDX-License-Identifier: MIT */
#include "core/base/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"

#define PLACE "/tmp/rerail-path-XXXXXX"

static void enter(char place[sizeof PLACE])
{
    memcpy(place, PLACE, sizeof PLACE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place));
}

/* Removes a path below the place; what it was called is freed. */
static void drop(char *path, int (*remover)(const char *))
{
    CU_ASSERT_EQUAL(remover(path), 0);
    free(path);
}

static mode_t mode_of(const char *path)
{
    struct stat st = {0};

    CU_ASSERT_EQUAL(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

struct setting {
    const char *home, *xdg_config, *xdg_state, *xdg_runtime;
};

static void put_env(const char *name, const char *value)
{
    CU_ASSERT_EQUAL(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void apply(const struct setting *setting)
{
    put_env("HOME", setting->home);
    put_env("XDG_CONFIG_HOME", setting->xdg_config);
    put_env("XDG_STATE_HOME", setting->xdg_state);
    put_env("XDG_RUNTIME_DIR", setting->xdg_runtime);
}

static char *kept(const char *name)
{
    return mem_text(getenv(name));
}

static void follows_the_xdg_specification(void)
{
    static const struct {
        struct setting setting;
        enum path_root root;
        const char *path;
    } cases[] = {
        {{"/h", NULL, NULL, NULL}, PATH_CONFIG, "/h/.config/rerail"},
        {{"/h", NULL, NULL, NULL}, PATH_STATE, "/h/.local/state/rerail"},
        {{"/h", "/c", NULL, NULL}, PATH_CONFIG, "/c/rerail"},
        {{NULL, "/c", NULL, NULL}, PATH_CONFIG, "/c/rerail"},
        {{"/h", "", NULL, NULL}, PATH_CONFIG, "/h/.config/rerail"},
        {{"/h", "c", NULL, NULL}, PATH_CONFIG, "/h/.config/rerail"},
        {{"/h", "./c", NULL, NULL}, PATH_CONFIG, "/h/.config/rerail"},
        {{"/h", NULL, "/s", "/r"}, PATH_RUNTIME, "/r/rerail"},
        {{"/h", NULL, "/s", NULL}, PATH_RUNTIME, "/s/rerail"},
        {{"/h", NULL, NULL, "r"}, PATH_RUNTIME, "/h/.local/state/rerail"},
        {{NULL, NULL, NULL, NULL}, PATH_CONFIG, NULL},
        {{"h", NULL, NULL, NULL}, PATH_CONFIG, NULL},
    };
    const struct setting before = {kept("HOME"), kept("XDG_CONFIG_HOME"), kept("XDG_STATE_HOME"),
                                   kept("XDG_RUNTIME_DIR")};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path;
        struct err err = {0};
        apply(&cases[i].setting);
        int rc = path_root(&path, cases[i].root, &err);
        CU_ASSERT_EQUAL(rc, cases[i].path ? 0 : E_NOTFOUND);
        CU_ASSERT_TRUE(str_eq(path, cases[i].path));
        CU_ASSERT_EQUAL(strstr(err.msg, "set HOME or XDG_CONFIG_HOME") != NULL, rc < 0);
        free(path);
    }
    apply(&before);
    free((char *)before.home);
    free((char *)before.xdg_config);
    free((char *)before.xdg_state);
    free((char *)before.xdg_runtime);
}

static void joins_and_takes_apart(void)
{
    static const struct {
        const char *dir, *name, *path;
    } cases[] = {
        {"/a", "b", "/a/b"}, {"/a/", "b", "/a/b"}, {"/", "b", "/b"},
        {"", "b", "b"},      {"/a", "/b", "/b"},   {"a", "b/c", "a/b/c"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = path_join(cases[i].dir, cases[i].name);
        CU_ASSERT_STRING_EQUAL(path, cases[i].path);
        free(path);
    }
    CU_ASSERT_STRING_EQUAL(path_base("/a/b"), "b");
    CU_ASSERT_STRING_EQUAL(path_base("b"), "b");
    CU_ASSERT_STRING_EQUAL(path_base("/a/"), "");
}

static void makes_folders_for_the_owner_alone(void)
{
    char place[sizeof PLACE];
    mode_t mask = umask(0);

    enter(place);
    char *deep = path_join(place, "a/b//c///"), *middle = path_join(place, "a/b");
    CU_ASSERT_EQUAL(path_own_dir(deep, NULL), 0);
    CU_ASSERT_EQUAL(path_own_dir(deep, NULL), 0);
    CU_ASSERT_EQUAL(mode_of(deep), 0700);
    CU_ASSERT_EQUAL(mode_of(middle), 0700);
    drop(deep, rmdir);
    drop(middle, rmdir);
    drop(path_join(place, "a"), rmdir);
    CU_ASSERT_EQUAL(rmdir(place), 0);
    umask(mask);
}

static void refuses_folders_that_others_can_write(void)
{
    static const struct {
        mode_t mode;
        int rc;
    } cases[] = {{0700, 0}, {0755, 0}, {0770, E_DENIED}, {0702, E_DENIED}, {01777, E_DENIED}};
    char place[sizeof PLACE];

    enter(place);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(chmod(place, cases[i].mode), 0);
        CU_ASSERT_EQUAL(path_own_dir(place, NULL), cases[i].rc);
    }
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

static void refuses_links_and_files_as_folders(void)
{
    char place[sizeof PLACE];
    struct err err;

    enter(place);
    char *real = path_join(place, "real"), *link = path_join(place, "link");
    char *slash = path_join(place, "link/"), *file = path_join(place, "file");
    char *dangling = path_join(place, "dangling");
    CU_ASSERT_EQUAL(mkdir(real, 0700), 0);
    CU_ASSERT_EQUAL(symlink("real", link), 0);
    CU_ASSERT_EQUAL(symlink("nowhere", dangling), 0);
    CU_ASSERT_EQUAL(path_write(file, "", 0, NULL), 0);
    CU_ASSERT_EQUAL(path_own_dir(link, &err), E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "link"));
    CU_ASSERT_EQUAL(path_own_dir(slash, NULL), E_DENIED);
    CU_ASSERT_EQUAL(path_own_dir(dangling, NULL), E_DENIED);
    CU_ASSERT_EQUAL(path_own_dir(file, NULL), E_DENIED);
    CU_ASSERT_EQUAL(path_own_dir("", NULL), E_NOTFOUND);
    free(slash);
    drop(link, unlink);
    drop(dangling, unlink);
    drop(file, unlink);
    drop(real, rmdir);
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

static void refuses_folders_of_other_users(void)
{
    char place[sizeof PLACE];
    struct err err;

    enter(place);
    if (chown(place, 65534, (gid_t)-1) < 0) {
        suite_skip("refuses folders of other users", "only root can give a folder away");
    } else {
        CU_ASSERT_EQUAL(path_own_dir(place, &err), E_DENIED);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "belongs to another user"));
    }
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

static void writes_and_reads_whole_files(void)
{
    char place[sizeof PLACE], *text;
    size_t len;
    mode_t mask = umask(0);

    enter(place);
    char *file = path_join(place, "f");
    CU_ASSERT_EQUAL(path_write(file, "a\0b", 3, NULL), 0);
    CU_ASSERT_EQUAL(mode_of(file), 0600);
    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, file, 3, NULL), 0);
    CU_ASSERT_EQUAL(len, 3);
    CU_ASSERT_EQUAL(memcmp(text, "a\0b", 4), 0);
    free(text);
    CU_ASSERT_EQUAL(path_read(&text, &len, file, 2, NULL), E_TOOBIG);
    CU_ASSERT_PTR_NULL(text);
    CU_ASSERT_EQUAL(path_write(file, "", 0, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, file, 0, NULL), 0);
    CU_ASSERT_STRING_EQUAL(text, "");
    free(text);
    CU_ASSERT_EQUAL(entries(place), 1);
    drop(file, unlink);
    CU_ASSERT_EQUAL(rmdir(place), 0);
    umask(mask);
}

/* /proc says that its files are empty. */
static void reads_to_the_end_and_not_to_the_size(void)
{
    char *text;
    size_t len;

    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, "/proc/self/status", 1 << 20, NULL), 0);
    CU_ASSERT(len > 0);
    CU_ASSERT_EQUAL(strlen(text), len);
    free(text);
}

static void reads_through_links_but_only_regular_files(void)
{
    char place[sizeof PLACE], *text;
    size_t len;

    enter(place);
    char *file = path_join(place, "f"), *link = path_join(place, "l");
    char *fifo = path_join(place, "p");
    CU_ASSERT_EQUAL(path_write(file, "x", 1, NULL), 0);
    CU_ASSERT_EQUAL(symlink("f", link), 0);
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, link, 9, NULL), 0);
    CU_ASSERT_STRING_EQUAL(text, "x");
    free(text);
    CU_ASSERT_EQUAL(path_read(&text, &len, fifo, 9, NULL), E_DENIED);
    CU_ASSERT_EQUAL(path_read(&text, &len, place, 9, NULL), E_DENIED);
    CU_ASSERT_EQUAL(path_read(&text, &len, "/dev/zero", 9, NULL), E_DENIED);
    drop(file, unlink);
    CU_ASSERT_EQUAL(path_read(&text, &len, link, 9, NULL), E_NOTFOUND);
    drop(link, unlink);
    drop(fifo, unlink);
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

static void replaces_a_link_and_not_its_target(void)
{
    char place[sizeof PLACE], *text;
    size_t len;

    enter(place);
    char *file = path_join(place, "f"), *link = path_join(place, "l");
    CU_ASSERT_EQUAL(path_write(file, "old", 3, NULL), 0);
    CU_ASSERT_EQUAL(symlink("f", link), 0);
    CU_ASSERT_EQUAL(path_write(link, "new", 3, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, file, 9, NULL), 0);
    CU_ASSERT_STRING_EQUAL(text, "old");
    free(text);
    drop(file, unlink);
    drop(link, unlink);
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

static void a_full_disk_leaves_the_old_file(void)
{
    char place[sizeof PLACE], *text;
    size_t len;
    struct rlimit before, small;
    char big[8192];

    enter(place);
    char *file = path_join(place, "f");
    memset(big, 'x', sizeof big);
    CU_ASSERT_EQUAL(path_write(file, "old", 3, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){4096, before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    CU_ASSERT_EQUAL(path_write(file, big, sizeof big, NULL), E_FULL);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    CU_ASSERT_EQUAL_FATAL(path_read(&text, &len, file, 9, NULL), 0);
    CU_ASSERT_STRING_EQUAL(text, "old");
    free(text);
    CU_ASSERT_EQUAL(entries(place), 1);
    drop(file, unlink);
    CU_ASSERT_EQUAL(rmdir(place), 0);
    CU_ASSERT_EQUAL(path_write("/nowhere/at/all", "x", 1, NULL), E_NOTFOUND);
}

static const struct test tests[] = {
    {"follows the XDG specification", follows_the_xdg_specification},
    {"joins and takes apart", joins_and_takes_apart},
    {"makes folders for the owner alone", makes_folders_for_the_owner_alone},
    {"refuses folders that others can write", refuses_folders_that_others_can_write},
    {"refuses links and files as folders", refuses_links_and_files_as_folders},
    {"refuses folders of other users", refuses_folders_of_other_users},
    {"writes and reads whole files", writes_and_reads_whole_files},
    {"reads to the end and not to the size", reads_to_the_end_and_not_to_the_size},
    {"reads through links but only regular files", reads_through_links_but_only_regular_files},
    {"replaces a link and not its target", replaces_a_link_and_not_its_target},
    {"a full disk leaves the old file", a_full_disk_leaves_the_old_file},
    {NULL, NULL},
};

const struct suite suite_path = {"path", tests};
