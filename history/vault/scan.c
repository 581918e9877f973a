/* SPDX-License-Identifier: MIT */
/*
 * A folder is read whole, its names sorted and merged with those of last time, so that each name
 * meets what is known of it. Its .gitignore is read first; as long as the files that hold in a
 * folder are the same, a known name need not be matched against them again. Folders are done depth
 * first, each sealed when all below it is: a folder in which nothing changed keeps its hash without
 * any of it being computed.
 */
#include "history/vault/scan.h"

#include "core/base/buf.h"
#include "core/base/ignore.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES_FILE ".gitignore"
#define RULES_MAX  (1 << 20)
#define LIST_BYTES (64 << 10) /* of folder entries that the kernel gives at once */
#define FOLDER_MAX 500000     /* names in one folder */

struct scan {
    const struct scan_options *options;
    struct depot *depot;
    struct vault_snapshot *out;
    struct ignore *ignore;
    struct hash rules; /* the .gitignore files that hold here */
    struct buf path;   /* of the folder at hand; "" is the root */
    struct buf bytes;  /* a file's, a folder's */
    char *list;        /* LIST_BYTES */
    int64_t until_us, paths;
    int depth;
    struct err *err;
};

struct vault_limits vault_limits_full(const struct vault_limits *limits)
{
    struct vault_limits full = limits ? *limits : (struct vault_limits){0};

    if (full.file_bytes <= 0)
        full.file_bytes = 16 << 20;
    if (full.file_bytes > DB_LENGTH_MAX - (1 << 20))
        full.file_bytes = DB_LENGTH_MAX - (1 << 20);
    if (full.bytes <= 0)
        full.bytes = (int64_t)1 << 30;
    if (full.us <= 0)
        full.us = 60 * (int64_t)US_PER_S;
    if (full.paths <= 0)
        full.paths = 1000000;
    return full;
}

bool scan_is_staging(const char *name)
{
    size_t len = sizeof STAGING_PREFIX - 1;

    return strncmp(name, STAGING_PREFIX, len) == 0 && strlen(name) == len + 16 &&
           strspn(name + len, "0123456789abcdef") == 16;
}

static int stopped(const struct scan *s)
{
    if (s->options->stop && atomic_load(s->options->stop))
        return err_set(s->err, E_CANCELLED, "the snapshot was stopped");
    return 0;
}

static bool is_late(const struct scan *s)
{
    return clock_mono(depot_clock(s->depot)) > s->until_us;
}

/* ---- the names of a folder */

struct name {
    const char *text; /* in block */
    size_t at;        /* its offset, while the block still moves */
    unsigned char type;
};

struct names {
    char *block;
    size_t len, cap;
    struct name *at;
    size_t count, room;
};

static void names_free(struct names *names)
{
    free(names->block);
    free(names->at);
}

static void add_name(struct names *names, const struct dirent64 *entry)
{
    size_t size = strlen(entry->d_name) + 1;

    if (names->len + size > names->cap) {
        names->cap = (names->len + size) * 2;
        names->block = mem_grow(names->block, names->cap, 1);
    }
    memcpy(names->block + names->len, entry->d_name, size);
    names->at = mem_room(names->at, names->count, &names->room, sizeof *names->at);
    names->at[names->count++] = (struct name){.at = names->len, .type = entry->d_type};
    names->len += size;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static bool is_self(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* GAP_NONE, or why the folder is left out. */
static enum vault_gap read_names(struct scan *s, int fd, struct names *names)
{
    ssize_t len;

    while ((len = getdents64(fd, s->list, LIST_BYTES)) != 0) {
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return errno == ENOENT ? GAP_BUSY : GAP_UNREADABLE;
        for (ssize_t at = 0; at < len;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(s->list + at);
            if (!is_self(entry->d_name) && !(s->depth == 0 && scan_is_staging(entry->d_name)))
                add_name(names, entry);
            at += entry->d_reclen;
        }
        if (names->count > FOLDER_MAX ||
            s->paths + (int64_t)names->count > s->options->limits.paths)
            return GAP_BUDGET;
    }
    for (size_t i = 0; i < names->count; i++)
        names->at[i].text = names->block + names->at[i].at;
    if (names->count > 1)
        qsort(names->at, names->count, sizeof *names->at, by_text);
    return GAP_NONE;
}

/* ---- what .gitignore files say */

/* A folder's own file; a link is none, as in git. */
static void read_rules(struct scan *s, int fd, const struct names *names)
{
    const struct name want = {.text = RULES_FILE};
    struct stat st;

    if (!names->count || !bsearch(&want, names->at, names->count, sizeof want, by_text) ||
        fstatat(fd, RULES_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
        disk_read_file(fd, RULES_FILE, RULES_MAX, &s->bytes, &st) != GAP_NONE)
        return;
    const struct hash_part parts[] = {{s->rules.at, SHA256_BYTES}, {s->bytes.data, s->bytes.len}};
    s->rules = sha256_parts(parts, 2);
    ignore_add(s->ignore, s->path.data, s->bytes.data, s->bytes.len);
}

static bool is_ignored(struct scan *s, const char *name, bool folder)
{
    size_t len = s->path.len;

    if (ignore_count(s->ignore) == 0)
        return false;
    bool ignored = buf_printf(&s->path, "%s%s", len ? "/" : "", name) == 0 &&
                   ignore_matches(s->ignore, s->path.data, folder);
    buf_cut(&s->path, len);
    return ignored;
}

/* ---- one entry */

/* The entry at hand: what is known of its name, and what becomes of it. */
struct look {
    int dir;
    const struct name *name;
    struct item *past; /* NULL = a new name */
    bool same_rules;   /* as when the past was recorded */
    struct item *item; /* zero but for its name */
    struct stat st;
};

static void set_gap(struct item *item, enum vault_gap gap, bool folder)
{
    item->entry.kind = VAULT_GAP;
    item->entry.gap = gap;
    item->is_folder = folder;
}

static bool left_out(struct scan *s, const struct look *look, bool folder)
{
    const struct item *past = look->same_rules ? look->past : NULL;

    if (past && past->entry.kind == VAULT_GAP && past->is_folder == folder &&
        past->entry.gap == GAP_IGNORED)
        return true;
    if (past && ((past->entry.kind == VAULT_FOLDER && folder) ||
                 ((past->entry.kind == VAULT_FILE || past->entry.kind == VAULT_LINK) && !folder)))
        return false;
    return is_ignored(s, look->name->text, folder);
}

static int keep_content(struct scan *s, struct look *look, bool file)
{
    struct item *item = look->item;
    int64_t now = clock_wall(depot_clock(s->depot)), stored;
    enum vault_gap gap = file ? disk_read_file(look->dir, item->entry.name,
                                               s->options->limits.file_bytes, &s->bytes, &look->st)
                              : disk_read_link(look->dir, item->entry.name, &s->bytes);

    if (gap != GAP_NONE) {
        set_gap(item, gap, false);
        return 0;
    }
    item->entry.kind = file ? VAULT_FILE : VAULT_LINK;
    item->entry.mode = file ? look->st.st_mode & 07777 : 0;
    item->entry.size = (int64_t)s->bytes.len;
    item->entry.hash = sha256(s->bytes.data, s->bytes.len);
    item->stamp = stamp_of(&look->st, now);
    s->out->read += item->entry.size;
    if (look->past && look->past->entry.kind == item->entry.kind &&
        memcmp(look->past->entry.hash.at, item->entry.hash.at, SHA256_BYTES) == 0)
        return 0;
    int rc = depot_put(s->depot, &item->entry.hash, s->bytes.data, s->bytes.len, &stored, s->err);
    s->out->stored += rc == 0 ? stored : 0;
    return rc;
}

static int look_at_file(struct scan *s, struct look *look)
{
    struct item *item = look->item, *past = look->past;
    bool file = S_ISREG(look->st.st_mode);

    if (past && stamp_fits(past, &look->st)) {
        const char *name = item->entry.name;
        *item = *past;
        item->entry.name = name;
        return 0;
    }
    if (file && look->st.st_size > s->options->limits.file_bytes)
        set_gap(item, GAP_LARGE, false);
    else if (s->out->read + (file ? look->st.st_size : 0) > s->options->limits.bytes || is_late(s))
        set_gap(item, GAP_BUDGET, false);
    else {
        int rc = stopped(s);
        return rc < 0 ? rc : keep_content(s, look, file);
    }
    return 0;
}

static int scan_folder(struct scan *s, int fd, struct known *known, enum vault_gap *gap);

/* That what was opened is what was looked at: nobody put another folder there in between. */
static int open_folder(struct look *look, enum vault_gap *gap)
{
    struct stat st;
    int fd = openat(look->dir, look->item->entry.name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        *gap = errno == ELOOP || errno == ENOTDIR || errno == ENOENT ? GAP_BUSY : GAP_UNREADABLE;
        return -1;
    }
    if (fstat(fd, &st) == 0 && st.st_ino == look->st.st_ino && st.st_dev == look->st.st_dev)
        return fd;
    close(fd);
    *gap = GAP_BUSY;
    return -1;
}

static int scan_below(struct scan *s, int fd, const char *name, struct known *known,
                      enum vault_gap *gap)
{
    size_t len = s->path.len, rules = ignore_count(s->ignore);
    struct hash outer = s->rules;
    int rc = buf_printf(&s->path, "%s%s", len ? "/" : "", name);

    s->depth++;
    if (rc == 0)
        rc = scan_folder(s, fd, known, gap);
    s->depth--;
    buf_cut(&s->path, len);
    ignore_back(s->ignore, rules);
    s->rules = outer;
    return rc;
}

static int look_at_folder(struct scan *s, struct look *look)
{
    struct item *item = look->item;
    enum vault_gap gap = GAP_NONE;
    int fd = -1, rc = 0;

    item->entry.kind = VAULT_FOLDER;
    item->entry.mode = look->st.st_mode & 07777;
    if (look->past && look->past->folder) {
        item->folder = look->past->folder;
        look->past->folder = NULL;
    } else {
        item->folder = known_new();
    }
    if (look->st.st_dev != s->options->disk->dev)
        gap = GAP_FOREIGN;
    else if (s->depth >= SCAN_DEPTH || s->path.len + strlen(item->entry.name) > SCAN_PATH_MAX)
        gap = GAP_DEEP;
    else if (is_late(s))
        gap = GAP_BUDGET;
    else
        fd = open_folder(look, &gap);
    if (fd >= 0)
        rc = scan_below(s, fd, item->entry.name, item->folder, &gap);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && gap != GAP_NONE) {
        known_free(item->folder);
        *item = (struct item){.entry = {.name = item->entry.name}};
        set_gap(item, gap, true);
        return 0;
    }
    item->entry.hash = item->folder->tree;
    return rc;
}

/* 1 = it is there, 0 = it is gone again. */
static int look_at(struct scan *s, struct look *look)
{
    const char *name = look->item->entry.name = look->name->text;
    bool seen = false;

    if (strcmp(name, ".git") == 0) {
        set_gap(look->item, GAP_GIT, false);
        return 1;
    }
    if (look->name->type == DT_UNKNOWN) {
        seen = fstatat(look->dir, name, &look->st, AT_SYMLINK_NOFOLLOW) == 0;
        if (!seen && errno == ENOENT)
            return 0;
    }
    bool folder = seen ? S_ISDIR(look->st.st_mode) : look->name->type == DT_DIR;
    if (left_out(s, look, folder)) {
        set_gap(look->item, GAP_IGNORED, folder);
        return 1;
    }
    if (!seen && fstatat(look->dir, name, &look->st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return 0;
        set_gap(look->item, GAP_UNREADABLE, folder);
        return 1;
    }
    int rc = 0;
    if (S_ISDIR(look->st.st_mode))
        rc = look_at_folder(s, look);
    else if (look->st.st_dev != s->options->disk->dev)
        set_gap(look->item, GAP_FOREIGN, false);
    else if (S_ISREG(look->st.st_mode) || S_ISLNK(look->st.st_mode))
        rc = look_at_file(s, look);
    else
        set_gap(look->item, GAP_SPECIAL, false);
    return rc < 0 ? rc : 1;
}

/* ---- one folder */

static void count(struct scan *s, const struct entry *entry)
{
    struct vault_coverage *c = &s->out->coverage;

    c->files += entry->kind == VAULT_FILE;
    c->links += entry->kind == VAULT_LINK;
    c->folders += entry->kind == VAULT_FOLDER;
    c->bytes += entry->size;
    c->gaps[entry->gap] += entry->kind == VAULT_GAP;
    c->partial = c->partial || entry->gap == GAP_BUDGET || entry->gap == GAP_BUSY;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->ino == b->ino && a->mtime == b->mtime && a->ctime == b->ctime && a->sure == b->sure;
}

/* What is known moves along the names: both are in order. */
struct merge {
    struct known *known;
    size_t at;
    bool changed; /* the stored tree is no longer this */
    bool touched; /* the row of the stat cache is not */
};

static struct item *past_of(struct merge *merge, const char *name)
{
    struct known *known = merge->known;
    int order = 1;

    while (merge->at < known->count &&
           (order = strcmp(known->items[merge->at].entry.name, name)) < 0) {
        merge->at++;
        merge->changed = true; /* a name is gone */
    }
    return merge->at < known->count && order == 0 ? &known->items[merge->at++] : NULL;
}

static void note_change(struct merge *merge, const struct item *past, const struct item *item)
{
    if (!past || !entry_equal(&past->entry, &item->entry))
        merge->changed = true;
    else if (!same_stamp(&past->stamp, &item->stamp) || past->is_folder != item->is_folder)
        merge->touched = true;
}

static int scan_names(struct scan *s, int fd, struct names *names, struct known *known)
{
    struct item *items = mem_array(names->count, sizeof *items);
    struct merge merge = {.known = known, .changed = !known->sealed};
    bool same_rules = memcmp(known->rules.at, s->rules.at, SHA256_BYTES) == 0;
    size_t filled = 0;
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < names->count; i++) {
        struct item *item = &items[filled];
        struct look look = {.dir = fd,
                            .name = &names->at[i],
                            .past = past_of(&merge, names->at[i].text),
                            .same_rules = same_rules,
                            .item = item};
        rc = look_at(s, &look);
        if (rc == 0) { /* gone again */
            merge.changed = merge.changed || look.past;
            continue;
        }
        filled++;
        note_change(&merge, look.past, item);
        count(s, &item->entry);
    }
    merge.changed = merge.changed || merge.at < known->count;
    known_fill(known, items, filled);
    known->dirty = known->dirty || merge.changed || merge.touched || !same_rules;
    known->rules = s->rules;
    if (rc < 0 || !merge.changed)
        return rc < 0 ? rc : 0;
    int64_t stored;
    rc = known_seal(known, s->depot, &s->bytes, &stored, s->err);
    s->out->stored += rc == 0 ? stored : 0;
    return rc;
}

static int scan_folder(struct scan *s, int fd, struct known *known, enum vault_gap *gap)
{
    struct names names = {0};
    int rc = stopped(s);

    if (rc == 0) {
        *gap = read_names(s, fd, &names);
        if (*gap == GAP_NONE) {
            s->paths += (int64_t)names.count;
            read_rules(s, fd, &names);
            rc = scan_names(s, fd, &names, known);
        }
    }
    names_free(&names);
    return rc;
}

static int scan_root(struct scan *s, struct known *top)
{
    enum vault_gap gap = GAP_NONE;
    int fd = openat(s->options->disk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(s->err, errno, "workspace %s", s->options->disk->path);
    int rc = scan_folder(s, fd, top, &gap);
    close(fd);
    if (rc == 0 && gap == GAP_BUDGET)
        return err_set(s->err, E_TOOBIG, "workspace %s holds too many files for a snapshot",
                       s->options->disk->path);
    if (rc == 0 && gap != GAP_NONE)
        return err_set(s->err, E_DENIED, "workspace %s: %s", s->options->disk->path,
                       vault_gap_text(gap));
    return rc;
}

int scan_run(struct known *top, const struct scan_options *options, struct vault_snapshot *out,
             struct err *err)
{
    struct scan s = {.options = options, .depot = options->depot, .out = out, .err = err};
    struct hash before = top->tree;
    bool had = top->sealed;

    memset(out, 0, sizeof *out);
    ignore_new(&s.ignore);
    buf_init(&s.path, 1 << 20);
    buf_init(&s.bytes, TREE_MAX);
    s.list = mem_array(LIST_BYTES, 1);
    s.until_us = clock_mono(depot_clock(s.depot)) + options->limits.us;
    int rc = scan_root(&s, top);
    if (rc == 0) {
        out->tree = top->tree;
        out->unchanged = had && memcmp(before.at, top->tree.at, SHA256_BYTES) == 0;
    }
    ignore_free(s.ignore);
    buf_free(&s.path);
    buf_free(&s.bytes);
    free(s.list);
    return rc;
}
