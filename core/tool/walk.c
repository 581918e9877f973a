/* SPDX-License-Identifier: MIT */
#include "core/tool/walk.h"

#include "core/base/buf.h"
#include "core/base/ignore.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "core/tool/confine.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IGNORE_FILE ".gitignore"
#define IGNORE_MAX  (1 << 20)
#define PATH_BYTES  4096

struct walker {
    const struct walk_options *options;
    struct walk_totals *totals;
    struct ignore *ignore;
    struct buf path; /* of the folder that is being walked; "" = the root */
    bool over;
};

struct name {
    char *text;
    enum walk_kind kind;
};

struct names {
    struct name *at;
    size_t count, cap;
};

/* ---- One folder's names --------------------------------------------------------------------- */

static enum walk_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode))
        return WALK_FILE;
    if (S_ISDIR(mode))
        return WALK_FOLDER;
    return S_ISLNK(mode) ? WALK_LINK : WALK_OTHER;
}

static enum walk_kind kind_of_entry(int folder, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return kind_of(DTTOIF(entry->d_type));
    return fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? WALK_OTHER
                                                                        : kind_of(st.st_mode);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static bool is_skipped(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0;
}

static void list_names(struct walker *w, struct names *out, DIR *stream)
{
    struct dirent *entry;

    while ((entry = readdir(stream)) != NULL) {
        if (is_skipped(entry->d_name))
            continue;
        if (w->totals->seen + out->count >= WALK_ENTRIES_MAX) {
            w->totals->cut = true;
            break;
        }
        out->at = mem_room(out->at, out->count, &out->cap, sizeof *out->at);
        out->at[out->count++] = (struct name){.text = mem_text(entry->d_name),
                                              .kind = kind_of_entry(dirfd(stream), entry)};
    }
    if (out->count > 0)
        qsort(out->at, out->count, sizeof *out->at, by_name);
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->at[i].text);
    free(names->at);
}

/* ---- What is left out ----------------------------------------------------------------------- */

/* A file that is too large, no regular one or a link is as if it were not there. */
static void load_ignore(struct walker *w, int folder, const char *path)
{
    int fd = openat(folder, IGNORE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= IGNORE_MAX) {
        char *text = mem_new((size_t)st.st_size + 1);
        ssize_t n = read(fd, text, (size_t)st.st_size);

        if (n > 0)
            ignore_add(w->ignore, path, text, (size_t)n);
        free(text);
    }
    close(fd);
}

/* The folders above the start have their say too. */
static void load_above(struct walker *w, const struct confine *root)
{
    const char *start = w->options->start;

    if (str_eq(start, "."))
        return;
    for (const char *at = start; at; at = strchr(at, '/')) {
        at += at > start;
        char *folder = at > start ? mem_copy(start, (size_t)(at - start - 1)) : mem_text("");
        int fd;

        if (confine_folder(root, *folder ? folder : ".", &fd, NULL) == 0) {
            load_ignore(w, fd, folder);
            close(fd);
        }
        free(folder);
    }
}

/* ---- Going down ----------------------------------------------------------------------------- */

static void walk_folder(struct walker *w, int fd, int depth);

static void go_down(struct walker *w, const struct walk_entry *entry)
{
    int limit = w->options->depth > 0 ? w->options->depth : WALK_DEPTH_MAX;
    int fd;

    if (entry->depth >= limit) {
        w->totals->cut |= entry->depth >= WALK_DEPTH_MAX;
        return;
    }
    fd = openat(entry->folder, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        w->totals->unreadable++;
    else
        walk_folder(w, fd, entry->depth + 1);
}

/* w->path is that of the entry during the call, and the folder's again after it. */
static void visit(struct walker *w, int folder, const struct name *name, int depth)
{
    size_t before = w->path.len;
    struct walk_entry entry = {
        .name = name->text, .folder = folder, .kind = name->kind, .depth = depth};

    if (buf_printf(&w->path, "%s%s", before ? "/" : "", name->text) < 0) {
        w->totals->cut = true;
        return;
    }
    entry.path = w->path.data;
    if (!w->options->ignored_too &&
        ignore_matches(w->ignore, entry.path, entry.kind == WALK_FOLDER)) {
        w->totals->ignored++;
    } else {
        w->totals->seen++;
        w->over = w->over || !w->options->each(w->options->self, &entry) ||
                  (w->options->late && w->options->late(w->options->self));
        if (!w->over && entry.kind == WALK_FOLDER)
            go_down(w, &entry);
    }
    buf_cut(&w->path, before);
}

/* Takes fd. */
static void walk_folder(struct walker *w, int fd, int depth)
{
    size_t rules = ignore_count(w->ignore);
    struct names names = {0};
    DIR *stream = fdopendir(fd);

    if (!stream) {
        w->totals->unreadable++;
        close(fd);
        return;
    }
    load_ignore(w, fd, w->path.data);
    list_names(w, &names, stream);
    for (size_t i = 0; i < names.count && !w->over; i++)
        visit(w, fd, &names.at[i], depth);
    free_names(&names);
    ignore_back(w->ignore, rules);
    closedir(stream);
}

int walk_files(const struct confine *root, const struct walk_options *options,
               struct walk_totals *totals, struct err *err)
{
    struct walker w = {.options = options, .totals = totals};
    int fd, rc = confine_folder(root, options->start, &fd, err);

    *totals = (struct walk_totals){0};
    if (rc < 0)
        return rc;
    ignore_new(&w.ignore);
    buf_init(&w.path, PATH_BYTES);
    load_above(&w, root);
    if (!str_eq(options->start, "."))
        (void)buf_text(&w.path, options->start); /* a clean path fits */
    walk_folder(&w, fd, 1);
    ignore_free(w.ignore);
    buf_free(&w.path);
    return 0;
}

bool walk_fits(const char *glob, const char *start, const struct walk_entry *entry)
{
    size_t skip = str_eq(start, ".") ? 0 : strlen(start) + 1;

    if (!glob)
        return true;
    return pattern_glob(glob, strchr(glob, '/') ? entry->path + skip : entry->name);
}
