/* SPDX-License-Identifier: MIT */
#include "tests/support/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/suite.h"

char *scratch_new(void)
{
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX];
    char *real;

    snprintf(path, sizeof path, "%s/rerail-test-XXXXXX", base && *base ? base : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    real = realpath(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(real);
    return real;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void scratch_free(char *path)
{
    CU_ASSERT_EQUAL(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(path);
}

const char *scratch_path(const char *dir, const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

void scratch_write(const char *dir, const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(dir, name), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(text, 1, strlen(text), file), strlen(text));
    CU_ASSERT_EQUAL(fclose(file), 0);
}

void scratch_folder(const char *dir, const char *name)
{
    CU_ASSERT_EQUAL_FATAL(mkdir(scratch_path(dir, name), 0755), 0);
}

bool scratch_has(const char *dir, const char *name)
{
    struct stat st;

    return lstat(scratch_path(dir, name), &st) == 0;
}

size_t scratch_count(const char *dir, const char *name)
{
    DIR *list = opendir(scratch_path(dir, name));
    size_t count = 0;

    for (struct dirent *entry; list && (entry = readdir(list));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (list)
        closedir(list);
    return count;
}

char *scratch_read(const char *dir, const char *name)
{
    FILE *file = fopen(scratch_path(dir, name), "r");
    char *text = NULL;
    size_t cap = 0;

    if (!file)
        return NULL;
    if (getdelim(&text, &cap, '\0', file) < 0 && text)
        text[0] = '\0';
    fclose(file);
    return text ? text : calloc(1, 1);
}

bool scratch_holds(const char *dir, const char *name, const char *text)
{
    char *found = scratch_read(dir, name);
    bool same = found && strcmp(found, text) == 0;

    free(found);
    return same;
}
