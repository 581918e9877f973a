/* SPDX-License-Identifier: MIT */
#include "history/vault/known.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "history/vault/disk.h"

#include <stdlib.h>
#include <string.h>

#define ROW_MAX  TREE_MAX
#define RACY_NS  20000000   /* a write this close to the look may have left no trace */
#define GRAIN_NS 2000000000 /* of file systems that only keep whole seconds */
#define STAMP    25         /* bytes of one in a row: ino, mtime, ctime, flags */
#define SURE     1
#define FOLDER   2

struct known *known_new(void)
{
    struct known *known = mem_new(sizeof *known);

    known->dirty = true;
    return known;
}

static void free_items(struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        known_free(items[i].folder);
    free(items);
}

static void free_names(struct known *known)
{
    for (size_t i = 0; i < known->more_count; i++)
        free(known->more[i]);
    free(known->more);
    free(known->names);
    known->more = NULL;
    known->more_count = known->more_cap = 0;
}

void known_free(struct known *known)
{
    if (!known)
        return;
    free_items(known->items, known->count);
    free_names(known);
    free(known);
}

static int by_name(const void *name, const void *item)
{
    return strcmp(name, ((const struct item *)item)->entry.name);
}

struct item *known_find(const struct known *known, const char *name)
{
    return known->count ? bsearch(name, known->items, known->count, sizeof *known->items, by_name)
                        : NULL;
}

struct item *known_nearest(const struct known *top, const char *path, bool *exact)
{
    struct item *nearest = NULL;
    char name[TREE_NAME_MAX + 1];

    *exact = false;
    for (const struct known *known = top; known; known = nearest->folder) {
        size_t len = strcspn(path, "/");

        if (len > TREE_NAME_MAX)
            return nearest;
        memcpy(name, path, len);
        name[len] = '\0';
        struct item *item = known_find(known, name);
        if (!item)
            return nearest;
        nearest = item;
        *exact = path[len] == '\0';
        if (*exact)
            return nearest;
        path += len + 1;
    }
    return nearest;
}

struct item *known_at(const struct known *top, const char *path)
{
    bool exact;
    struct item *item = known_nearest(top, path, &exact);

    return exact ? item : NULL;
}

void known_fill(struct known *known, struct item *items, size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        len += strlen(items[i].entry.name) + 1;
    char *names = mem_array(len + 1, 1), *at = names;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(items[i].entry.name) + 1;
        memcpy(at, items[i].entry.name, size);
        items[i].entry.name = at;
        at += size;
    }
    free_items(known->items, known->count);
    free_names(known);
    known->items = items;
    known->count = count;
    known->names = names;
}

/* ---- after a restore */

/* A place for a new name among the items. */
static struct item *insert(struct known *known, const char *name)
{
    size_t at = 0;

    while (at < known->count && strcmp(known->items[at].entry.name, name) < 0)
        at++;
    known->items = mem_grow(known->items, known->count + 1, sizeof *known->items);
    memmove(&known->items[at + 1], &known->items[at], (known->count - at) * sizeof *known->items);
    known->count++;
    known->more = mem_room(known->more, known->more_count, &known->more_cap, sizeof *known->more);
    known->more[known->more_count++] = mem_text(name);
    memset(&known->items[at], 0, sizeof known->items[at]);
    known->items[at].entry.name = known->more[known->more_count - 1];
    return &known->items[at];
}

static void take_out(struct known *known, struct item *item)
{
    size_t at = (size_t)(item - known->items);

    known_free(item->folder);
    known->count--;
    memmove(item, item + 1, (known->count - at) * sizeof *item);
}

static void set_in(struct known *known, const char *name, const struct entry *entry,
                   const struct stamp *stamp)
{
    struct item *item = known_find(known, name);

    if (entry->kind == VAULT_NONE) {
        if (item)
            take_out(known, item);
        return;
    }
    if (!item)
        item = insert(known, name);
    name = item->entry.name;
    if (entry->kind != VAULT_FOLDER) {
        known_free(item->folder);
        item->folder = NULL;
    } else if (!item->folder) {
        item->folder = known_new();
        item->folder->stale = true;
    }
    item->entry = *entry;
    item->entry.name = name;
    item->stamp = *stamp;
    item->is_folder = entry->kind == VAULT_FOLDER;
    if (item->folder)
        item->entry.hash = item->folder->tree;
}

void known_set(struct known *top, const char *path, const struct entry *entry,
               const struct stamp *stamp)
{
    struct known *known = top;
    char name[TREE_NAME_MAX + 1];

    for (;;) {
        size_t len = strcspn(path, "/");

        if (len > TREE_NAME_MAX)
            return;
        memcpy(name, path, len);
        name[len] = '\0';
        known->stale = known->dirty = true;
        if (path[len] == '\0') {
            set_in(known, name, entry, stamp);
            return;
        }
        struct item *item = known_find(known, name);
        if (!item || !item->folder)
            return;
        known = item->folder;
        path += len + 1;
    }
}

static int seal_again(struct known *known, struct depot *depot, struct buf *bytes, struct err *err)
{
    int64_t stored;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < known->count; i++) {
        struct item *item = &known->items[i];

        if (!item->folder || !item->folder->stale)
            continue;
        rc = seal_again(item->folder, depot, bytes, err);
        item->entry.hash = item->folder->tree;
    }
    known->stale = false;
    return rc == 0 ? known_seal(known, depot, bytes, &stored, err) : rc;
}

int known_seal_again(struct known *top, struct depot *depot, struct err *err)
{
    struct buf bytes;

    if (!top->stale)
        return 0;
    buf_init(&bytes, TREE_MAX);
    int rc = seal_again(top, depot, &bytes, err);
    buf_free(&bytes);
    return rc;
}

/* ---- stamps */

struct stamp stamp_of(const struct stat *st, int64_t wall_us)
{
    int64_t ctime = disk_ns(&st->st_ctim), mtime = disk_ns(&st->st_mtim);
    bool coarse = ctime % 1000000000 == 0 && mtime % 1000000000 == 0;

    /* The inode's ctime moves with every write and cannot be set back. */
    return (struct stamp){.ino = st->st_ino,
                          .mtime = mtime,
                          .ctime = ctime,
                          .sure = ctime + (coarse ? GRAIN_NS : RACY_NS) < wall_us * 1000};
}

bool stamp_fits(const struct item *item, const struct stat *st)
{
    enum vault_kind kind = item->entry.kind;

    if (!item->stamp.sure || item->stamp.ino != st->st_ino ||
        item->stamp.mtime != disk_ns(&st->st_mtim) || item->stamp.ctime != disk_ns(&st->st_ctim) ||
        item->entry.size != st->st_size)
        return false;
    if (kind == VAULT_LINK)
        return S_ISLNK(st->st_mode);
    return kind == VAULT_FILE && S_ISREG(st->st_mode) && item->entry.mode == (st->st_mode & 07777);
}

/* ---- trees */

int known_seal(struct known *known, struct depot *depot, struct buf *bytes, int64_t *stored,
               struct err *err)
{
    *stored = 0;
    int rc = tree_begin(bytes);
    for (size_t i = 0; rc == 0 && i < known->count; i++)
        rc = entry_put(bytes, &known->items[i].entry);
    if (rc < 0)
        return err_set(err, rc, "vault: a folder of %zu entries is too large", known->count);
    struct hash tree = sha256(bytes->data, bytes->len);
    if (known->sealed && memcmp(tree.at, known->tree.at, SHA256_BYTES) == 0)
        return 0;
    rc = depot_put(depot, &tree, bytes->data, bytes->len, stored, err);
    known->tree = tree;
    known->sealed = rc == 0;
    known->dirty = true;
    return rc;
}

/* ---- rows */

static int put_int64(struct buf *out, int64_t number)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
    return buf_add(out, bytes, sizeof bytes);
}

static int64_t get_int64(const char *at)
{
    uint64_t number = 0;

    for (int i = 7; i >= 0; i--)
        number = number << 8 | (unsigned char)at[i];
    return (int64_t)number;
}

static int put_item(struct buf *out, const struct item *item)
{
    int rc = entry_put(out, &item->entry);

    if (rc == 0)
        rc = put_int64(out, (int64_t)item->stamp.ino);
    if (rc == 0)
        rc = put_int64(out, item->stamp.mtime);
    if (rc == 0)
        rc = put_int64(out, item->stamp.ctime);
    return rc == 0
               ? buf_char(out,
                          (char)((item->stamp.sure ? SURE : 0) | (item->is_folder ? FOLDER : 0)))
               : rc;
}

static bool take_item(struct item *out, const char **at, const char *end)
{
    memset(out, 0, sizeof *out);
    if (entry_take(&out->entry, at, end, NULL) < 0 || end - *at < STAMP)
        return false;
    out->stamp = (struct stamp){.ino = (uint64_t)get_int64(*at),
                                .mtime = get_int64(*at + 8),
                                .ctime = get_int64(*at + 16),
                                .sure = ((*at)[24] & SURE) != 0};
    out->is_folder = ((*at)[24] & FOLDER) != 0;
    *at += STAMP;
    return true;
}

/* A row: the hash of the rules, that of the tree, the items. One that cannot be read is as good as
   none. */
static void read_row(struct known *known, const char *data, size_t len)
{
    const char *at = data + (size_t)2 * SHA256_BYTES, *end = data + len;
    struct item *items = NULL;
    size_t count = 0, cap = 0;

    if (len < (size_t)2 * SHA256_BYTES)
        return;
    while (at < end) {
        items = mem_room(items, count, &cap, sizeof *items);
        if (!take_item(&items[count], &at, end)) {
            free(items);
            return;
        }
        count++;
    }
    memcpy(known->rules.at, data, SHA256_BYTES);
    memcpy(known->tree.at, data + SHA256_BYTES, SHA256_BYTES);
    known_fill(known, items, count);
    known->sealed = true;
    known->dirty = false;
}

static int read_rows(struct known *top, struct depot *depot, sqlite3_stmt *row, struct err *err)
{
    int rc;

    while ((rc = db_next(depot_db(depot), row, err)) > 0) {
        const char *path = (const char *)sqlite3_column_blob(row, 0), *data;
        char *folder = mem_copy(path ? path : "", (size_t)sqlite3_column_bytes(row, 0));
        struct item *item = *folder ? known_at(top, folder) : NULL;
        size_t len;

        if (item && item->entry.kind == VAULT_FOLDER && !item->folder)
            item->folder = known_new();
        struct known *known = *folder ? (item ? item->folder : NULL) : top;
        if (known && body_unpack(depot_packer(depot), sqlite3_column_blob(row, 1),
                                 (size_t)sqlite3_column_bytes(row, 1), &data, &len, NULL) == 0)
            read_row(known, data, len);
        free(folder);
    }
    return rc;
}

int known_load(struct known **out, struct depot *depot, int64_t workspace, struct err *err)
{
    /* A folder comes before what lies in it. */
    static const char sql[] = "SELECT folder, data FROM known WHERE workspace=? ORDER BY folder";
    struct known *top = known_new();
    sqlite3_stmt *row;
    int rc = db_query(&row, depot_db(depot), sql, BIND(bind_int(workspace)), err);

    *out = NULL;
    if (rc == 0)
        rc = read_rows(top, depot, row, err);
    db_done(row);
    if (rc < 0) {
        known_free(top);
        return rc;
    }
    *out = top;
    return 0;
}

struct saving {
    struct depot *depot;
    int64_t workspace;
    struct buf path, row;
    struct err *err;
};

static int save_row(struct saving *s, struct known *known)
{
    static const char sql[] = "INSERT INTO known(workspace, folder, data) VALUES(?, ?, ?)"
                              " ON CONFLICT DO UPDATE SET data=excluded.data";
    const void *packed;
    size_t len;

    buf_clear(&s->row);
    int rc = buf_add(&s->row, known->rules.at, SHA256_BYTES);
    if (rc == 0)
        rc = buf_add(&s->row, known->tree.at, SHA256_BYTES);
    for (size_t i = 0; rc == 0 && i < known->count; i++)
        rc = put_item(&s->row, &known->items[i]);
    if (rc < 0) /* it is read anew next time */
        return 0;
    rc = body_pack(depot_packer(s->depot), s->row.data, s->row.len, &packed, &len, s->err);
    if (rc == 0)
        rc = db_run(depot_db(s->depot), sql,
                    BIND(bind_int(s->workspace), bind_blob(s->path.data, s->path.len),
                         bind_blob(packed, len)),
                    s->err);
    known->dirty = known->dirty && rc < 0;
    return rc;
}

static int save(struct saving *s, struct known *known)
{
    size_t len = s->path.len;
    int rc = known->dirty && known->sealed ? save_row(s, known) : 0;

    for (size_t i = 0; rc == 0 && i < known->count; i++) {
        if (!known->items[i].folder)
            continue;
        rc = buf_printf(&s->path, "%s%s", len ? "/" : "", known->items[i].entry.name);
        if (rc == 0)
            rc = save(s, known->items[i].folder);
        buf_cut(&s->path, len);
    }
    return rc;
}

int known_save(struct known *top, struct depot *depot, int64_t workspace, struct err *err)
{
    struct saving s = {.depot = depot, .workspace = workspace, .err = err};

    buf_init(&s.path, 1 << 20);
    buf_init(&s.row, ROW_MAX);
    int rc = save(&s, top);
    buf_free(&s.path);
    buf_free(&s.row);
    return rc;
}
