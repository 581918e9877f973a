/* SPDX-License-Identifier: MIT */
#include "core/base/new_file.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int entries(const char *dir)
{
    DIR *open = opendir(dir);
    int count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(open);
    while (readdir(open))
        count++;
    closedir(open);
    return count - 2;
}

static void test_whole(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/out", dir);
    struct new_file *file;
    struct err err = {0};
    struct stat st;
    char big[100000];

    memset(big, 'x', sizeof big);
    CU_ASSERT_EQUAL_FATAL(new_file_open(&file, path, false, &err), 0);
    CU_ASSERT_FALSE(scratch_has(dir, "out"));
    CU_ASSERT_EQUAL(new_file_add(file, "one ", 4, &err), 0);
    CU_ASSERT_EQUAL(new_file_add(file, big, sizeof big, &err), 0);
    CU_ASSERT_EQUAL(new_file_add(file, " two", 4, &err), 0);
    CU_ASSERT_FALSE(scratch_has(dir, "out"));
    CU_ASSERT_EQUAL(new_file_end(file, &err), 0);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_size, (off_t)sizeof big + 8);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(entries(dir), 1);
    free(path);
    scratch_free(dir);
}

static void test_taken(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/out", dir);
    struct new_file *file;
    struct err err = {0};

    scratch_write(dir, "out", "mine");
    CU_ASSERT_EQUAL(new_file_open(&file, path, false, &err), E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "--force"));
    CU_ASSERT_EQUAL_FATAL(new_file_open(&file, path, true, &err), 0);
    CU_ASSERT_EQUAL(new_file_add(file, "new", 3, &err), 0);
    CU_ASSERT_TRUE(scratch_holds(dir, "out", "mine"));
    CU_ASSERT_EQUAL(new_file_end(file, &err), 0);
    CU_ASSERT_TRUE(scratch_holds(dir, "out", "new"));
    free(path);
    scratch_free(dir);
}

static void test_came_meanwhile(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/out", dir);
    struct new_file *file;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(new_file_open(&file, path, false, &err), 0);
    CU_ASSERT_EQUAL(new_file_add(file, "new", 3, &err), 0);
    scratch_write(dir, "out", "somebody's");
    CU_ASSERT_EQUAL(new_file_end(file, &err), E_EXISTS);
    CU_ASSERT_TRUE(scratch_holds(dir, "out", "somebody's"));
    CU_ASSERT_EQUAL(entries(dir), 1);
    free(path);
    scratch_free(dir);
}

static void test_no_file(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/there", dir);
    struct new_file *file;
    struct err err = {0};

    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    CU_ASSERT_EQUAL(new_file_open(&file, path, true, &err), E_DENIED);
    CU_ASSERT_EQUAL(rmdir(path), 0);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(new_file_open(&file, path, true, &err), E_DENIED);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(symlink("elsewhere", path), 0);
    CU_ASSERT_EQUAL(new_file_open(&file, path, true, &err), E_DENIED);
    CU_ASSERT_EQUAL(new_file_open(&file, path, false, &err), E_EXISTS);
    free(path);
    scratch_free(dir);
}

static void test_dropped(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/out", dir);
    struct new_file *file;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(new_file_open(&file, path, false, &err), 0);
    CU_ASSERT_EQUAL(new_file_add(file, "half", 4, &err), 0);
    new_file_drop(file);
    CU_ASSERT_EQUAL(entries(dir), 0);
    new_file_drop(NULL);
    free(path);
    scratch_free(dir);
}

/* A limit on the size of files is met as a full disk is: by a write that fails. */
static void test_full(void)
{
    char *dir = scratch_new(), *path = mem_printf("%s/out", dir);
    struct rlimit before, low;
    struct new_file *file;
    struct err err = {0};
    char big[300000];

    memset(big, 'x', sizeof big);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = 100000;
    void (*kept)(int) = signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &low), 0);
    CU_ASSERT_EQUAL_FATAL(new_file_open(&file, path, false, &err), 0);
    int added = new_file_add(file, big, sizeof big, &err);
    new_file_drop(file);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, kept);
    CU_ASSERT_EQUAL(added, E_FULL);
    CU_ASSERT_EQUAL(entries(dir), 0);
    free(path);
    scratch_free(dir);
}

static const struct test tests[] = {
    {"a file appears when it is whole, for its owner alone", test_whole},
    {"what is there stays, unless it is to be replaced", test_taken},
    {"what came while it was written is not replaced", test_came_meanwhile},
    {"a folder, a FIFO and a link are never replaced", test_no_file},
    {"a file that is given up leaves nothing", test_dropped},
    {"a full disk leaves nothing half", test_full},
    {NULL, NULL},
};

const struct suite suite_new_file = {"new_file", tests};
