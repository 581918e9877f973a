/* SPDX-License-Identifier: MIT */
/*
 * Feeds a fuzz target the files that are named, and those in the folders that are named: a corpus
 * tried again without a fuzzer, under any compiler and sanitizer.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed; /* of this process, for its last line */

/* A block of exactly the input's size, so that a byte read beyond it is caught. */
static int replay_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    long size = -1;
    uint8_t *data;
    int rc = -1;

    if (!in)
        return -1;
    if (fseek(in, 0, SEEK_END) == 0)
        size = ftell(in);
    rewind(in);
    if (size >= 0) {
        data = mem_new(size ? (size_t)size : 1);
        if (fread(data, 1, (size_t)size, in) == (size_t)size) {
            (void)LLVMFuzzerTestOneInput(data, (size_t)size); /* 0 by its contract */
            replayed++;
            rc = 0;
        }
        free(data);
    }
    (void)fclose(in); /* only read */
    return rc;
}

static int replay(const char *path)
{
    char inner[PATH_MAX];
    DIR *folder = opendir(path);
    int rc = 0;

    if (!folder)
        return errno == ENOTDIR ? replay_file(path) : -1;
    for (struct dirent *entry; rc == 0 && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner)
            rc = -1;
        else
            rc = replay_file(inner);
    }
    (void)closedir(folder); /* only read */
    return rc;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]) < 0) {
            perror(argv[i]);
            return 1;
        }
    printf("%s: %u inputs\n", argv[0], replayed);
    return replayed == 0;
}
