/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a path into a workspace that has links in, out and in circles. What is opened lies
 * inside, says realpath, and is the file that realpath names; what lies inside and is spelt plainly
 * is opened; and the walk without openat2 opens nothing that openat2 would not.
 */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/tool/confine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct confine *by_kernel, *by_walk; /* made by the first input */
static char home[] = "/tmp/rerail-fuzz-XXXXXX";

static void must(bool truth)
{
    if (!truth)
        abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_home(void)
{
    confine_close(by_kernel);
    confine_close(by_walk);
    (void)nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void plant_file(const char *name)
{
    int fd = openat(AT_FDCWD, name, O_WRONLY | O_CREAT, 0600);

    must(fd >= 0 && close(fd) == 0);
}

static void plant(void)
{
    int back = open(".", O_PATH | O_DIRECTORY);

    must(mkdtemp(home) && atexit(remove_home) == 0 && chdir(home) == 0);
    must(mkdir("ws", 0700) == 0 && mkdir("ws/a", 0700) == 0 && mkdir("ws/a/b", 0700) == 0);
    plant_file("secret");
    plant_file("ws/f");
    plant_file("ws/a/f");
    plant_file("ws/a/b/f");
    must(symlink("a", "ws/l") == 0 && symlink("../..", "ws/a/o") == 0);
    must(symlink("../f", "ws/a/u") == 0 && symlink("c", "ws/c") == 0);
    must(symlink("/proc/self/root", "ws/p") == 0 && symlink("../secret", "ws/s") == 0);
    must(mkfifo("ws/q", 0600) == 0);
    must(confine_open(&by_kernel, "ws", NULL, NULL) == 0);
    must(confine_open(&by_walk, "ws", &(struct confine_options){.walk = true}, NULL) == 0);
    must(fchdir(back) == 0 && close(back) == 0);
}

/* Where realpath says that the path leads; false when nowhere. */
static bool ask_realpath(const char *path, char out[PATH_MAX])
{
    char full[2 * PATH_MAX];

    snprintf(full, sizeof full, "%s/%s", confine_path(by_kernel), path);
    return strlen(path) < PATH_MAX && realpath(full, out);
}

static bool is_inside(const char *real)
{
    size_t len = strlen(confine_path(by_kernel));

    return strncmp(real, confine_path(by_kernel), len) == 0 && (real[len] == '/' || !real[len]);
}

static bool same_file(const struct stat *st, const char *path)
{
    struct stat own;

    return stat(path, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

static void try_open(const char *clean)
{
    char real[PATH_MAX];
    struct stat st, walked, own;
    bool leads = ask_realpath(clean, real);
    int fd, other;

    if (confine_read(by_kernel, clean, &fd, &st, NULL) == 0) {
        must(leads && is_inside(real) && same_file(&st, real) && S_ISREG(st.st_mode));
        close(fd);
    } else {
        must(!leads || !is_inside(real) || stat(real, &own) < 0 || !S_ISREG(own.st_mode) ||
             strstr(clean, "p/") || strcmp(clean, "p") == 0 || strstr(clean, "o/"));
    }
    if (confine_read(by_walk, clean, &other, &walked, NULL) == 0) {
        must(fd >= 0 && walked.st_ino == st.st_ino && walked.st_dev == st.st_dev);
        close(other);
    }
}

static void try_resolve(const char *path)
{
    char *real, full[PATH_MAX];

    if (confine_resolve(by_kernel, path, &real, NULL) < 0)
        return;
    if (ask_realpath(real, full))
        must(is_inside(full));
    free(real);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = mem_copy(data, size), *clean, *again;

    if (!by_kernel)
        plant();
    if (confine_clean(&clean, by_kernel, path, NULL) == 0) {
        must(*clean && *clean != '/' && !strstr(clean, "//"));
        must(strcmp(clean, "..") != 0 && strncmp(clean, "../", 3) != 0 && !strstr(clean, "/../"));
        must(confine_clean(&again, NULL, clean, NULL) == 0 && strcmp(clean, again) == 0);
        free(again);
        try_open(clean);
        try_resolve(path);
        free(clean);
    }
    free(path);
    return 0;
}
