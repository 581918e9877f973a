/* SPDX-License-Identifier: MIT */
#include "tests/support/strongroom.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

static int64_t mono_us(void *self)
{
    struct clock clock = clock_system();

    (void)self;
    return clock_mono(&clock);
}

static int64_t wall_us(void *self)
{
    struct clock clock = clock_system();

    return clock_wall(&clock) + ((struct strongroom *)self)->ahead_us;
}

void strongroom_new(struct strongroom *s)
{
    memset(s, 0, sizeof *s);
    s->ahead_us = US_PER_S;
    s->dir = scratch_new();
    s->work = mem_printf("%s/work", s->dir);
    s->file = mem_printf("%s/state/vault.db", s->dir);
    scratch_folder(s->dir, "work");
    CU_ASSERT_EQUAL_FATAL(strongroom_open(s, NULL), 0);
}

int strongroom_open(struct strongroom *s, const struct apply_fault *fault)
{
    struct workspace_vault_options options = {
        .path = s->file,
        .workspace = s->work,
        .clock = {.mono_us = mono_us, .wall_us = wall_us, .self = s},
        .fault = fault};

    strongroom_close(s);
    int rc = workspace_vault_open(&s->vault, &options, &s->report, &s->err);
    if (rc == 0)
        s->port = workspace_vault_port(s->vault);
    return rc;
}

void strongroom_close(struct strongroom *s)
{
    workspace_vault_close(s->vault);
    workspace_vault_report_free(&s->report);
    s->vault = NULL;
}

void strongroom_free(struct strongroom *s)
{
    strongroom_close(s);
    free(s->work);
    free(s->file);
    scratch_free(s->dir);
}

struct vault_snapshot strongroom_snapshot(struct strongroom *s, const struct vault_limits *limits)
{
    struct vault_snapshot snapshot;
    int rc = s->port.class->snapshot(s->port.self, limits, NULL, &snapshot, &s->err);

    if (rc < 0)
        printf("%s\n", s->err.msg);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    return snapshot;
}

struct hash strongroom_take(struct strongroom *s)
{
    return strongroom_snapshot(s, NULL).tree;
}

int strongroom_go(struct strongroom *s, const struct hash *to, const struct hash *from,
                  struct vault_report *report)
{
    struct vault_span span = {.before = *to, .after = *from};
    struct vault_goal goal = {.to = *to, .spans = &span, .span_count = 1};

    return s->port.class->restore(s->port.self, &goal, NULL, NULL, report, &s->err);
}

bool strongroom_same(const struct hash *a, const struct hash *b)
{
    return memcmp(a->at, b->at, SHA256_BYTES) == 0;
}

/* ---- printing */

static void print_folder(struct buf *out, const char *path, const char *shown);

static void print_one(struct buf *out, const char *path, const char *shown)
{
    struct stat st;
    char target[4096];

    if (lstat(path, &st) < 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        buf_printf(out, "%s/ %o\n", shown, st.st_mode & 07777);
        print_folder(out, path, shown);
    } else if (S_ISLNK(st.st_mode)) {
        ssize_t len = readlink(path, target, sizeof target);
        buf_printf(out, "%s -> %.*s\n", shown, (int)(len > 0 ? len : 0), target);
    } else if (S_ISREG(st.st_mode)) {
        FILE *file = fopen(path, "r");
        size_t len = file ? fread(target, 1, sizeof target, file) : 0;
        buf_printf(out, "%s %o %lld %.*s\n", shown, st.st_mode & 07777, (long long)st.st_size,
                   (int)len, target);
        if (file)
            fclose(file);
    }
}

static void print_folder(struct buf *out, const char *path, const char *shown)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (!str_eq(name, ".") && !str_eq(name, "..") && !str_eq(name, ".git")) {
            char *below = mem_printf("%s/%s", path, name);
            char *told = mem_printf("%s%s%s", shown, *shown ? "/" : "", name);
            print_one(out, below, told);
            free(below);
            free(told);
        }
        free(names[i]);
    }
    free(names);
}

char *strongroom_print(const char *folder)
{
    struct buf out;

    buf_init(&out, 64 << 20);
    print_folder(&out, folder, "");
    return buf_take(&out);
}
