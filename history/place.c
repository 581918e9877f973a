/* SPDX-License-Identifier: MIT */
#include "history/place.h"

#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define COUNT(a)   (sizeof(a) / sizeof *(a))
#define FUSE_MAGIC 0x65735546u
#define WAL_HEADER 32
#define WAL_MAGIC  0x377f0682u /* or 0x377f0683, by byte order of the checksums */

static const struct {
    uint64_t magic;
    const char *type; /* for FUSE, the type in mountinfo; else what it is called */
} networks[] = {
    {0x6969, "NFS"},
    {0x517b, "SMB"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x73757245, "Coda"},
    {0x564c, "NCP"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x01021997, "9p"},
    {0x00c36400, "Ceph"},
    {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"},
    {0x01161970, "GFS2"},
    {0x7461636f, "OCFS2"},
    {FUSE_MAGIC, "fuse.sshfs"},
    {FUSE_MAGIC, "fuse.rclone"},
    {FUSE_MAGIC, "fuse.s3fs"},
    {FUSE_MAGIC, "fuse.goofys"},
    {FUSE_MAGIC, "fuse.gcsfuse"},
    {FUSE_MAGIC, "fuse.glusterfs"},
    {FUSE_MAGIC, "fuse.ceph"},
    {FUSE_MAGIC, "fuse.juicefs"},
    {FUSE_MAGIC, "fuse.davfs"},
    {FUSE_MAGIC, "fuse.curlftpfs"},
};

const char *place_network(uint64_t magic, const char *type)
{
    for (size_t i = 0; i < COUNT(networks); i++)
        if (networks[i].magic == magic && (magic != FUSE_MAGIC || str_eq(type, networks[i].type)))
            return networks[i].type;
    return NULL;
}

/* The type of the mount that a folder is on, as /proc/self/mountinfo has it. */
static void mount_type(char *out, size_t cap, dev_t dev)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], want[32];

    out[0] = '\0';
    if (!file)
        return;
    str_format(want, sizeof want, " %u:%u ", major(dev), minor(dev));
    while (fgets(line, sizeof line, file)) {
        const char *rest = strstr(line, " - ");
        if (rest && strstr(line, want)) {
            size_t len = strcspn(rest + 3, " \n");
            str_format(out, cap, "%.*s", (int)len, rest + 3);
            break;
        }
    }
    fclose(file);
}

static int check_system(const char *dir, struct err *err)
{
    struct statfs fs;
    struct stat st;
    char type[64] = "";

    if (statfs(dir, &fs) < 0 || stat(dir, &st) < 0)
        return err_sys(err, errno, "history: %s", dir);
    if ((uint32_t)fs.f_type == FUSE_MAGIC)
        mount_type(type, sizeof type, st.st_dev);
    const char *network = place_network((uint32_t)fs.f_type, type);
    if (network)
        return err_set(err, E_UNSUPPORTED,
                       "history: %s is on a network file system (%s), where locks cannot be "
                       "trusted; set XDG_STATE_HOME to a local folder",
                       dir, network);
    return 0;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_text(".");
    return slash == path ? mem_text("/") : mem_copy(path, (size_t)(slash - path));
}

static char *beside(const char *path, const char *suffix)
{
    return mem_printf("%s%s", path, suffix);
}

int64_t place_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

/* A WAL whose first bytes are not a WAL's would be thrown away by SQLite without a word. The WAL
   carries no locks, so it may be opened. */
static bool wal_is_garbage(const char *path)
{
    char *wal = beside(path, "-wal");
    unsigned char head[WAL_HEADER];
    int fd = open(wal, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd < 0 ? 0 : pread(fd, head, sizeof head, 0);

    if (fd >= 0)
        close(fd);
    free(wal);
    if (got < WAL_HEADER)
        return false;
    uint32_t magic = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 |
                     (uint32_t)head[3];
    return (magic | 1) != (WAL_MAGIC | 1);
}

static bool has_wal(const char *path)
{
    char *wal = beside(path, "-wal");
    bool has = place_size(wal) > 0;

    free(wal);
    return has;
}

static bool was_used(const char *path)
{
    char *owners = beside(path, ".owners");
    bool used = access(owners, F_OK) == 0;

    free(owners);
    return used;
}

static int check_file(enum place_state *out, const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        if (errno != ENOENT)
            return err_sys(err, errno, "history %s", path);
        *out = has_wal(path) ? PLACE_ODD : PLACE_NOTHING;
        return 0;
    }
    if (S_ISLNK(st.st_mode))
        return err_set(err, E_DENIED, "history %s is a link; put the file itself there", path);
    if (st.st_uid != geteuid())
        return err_set(err, E_DENIED, "history %s belongs to another user", path);
    *out = S_ISREG(st.st_mode) ? PLACE_FILE : PLACE_ODD;
    if (*out == PLACE_ODD)
        return 0;
    if (st.st_mode & 022)
        return err_set(err, E_DENIED, "history %s can be written by others; chmod 600 it", path);
    if ((st.st_mode & 077) && chmod(path, 0600) < 0)
        return err_sys(err, errno, "history %s", path);
    if (st.st_size == 0)
        *out = has_wal(path) || was_used(path) ? PLACE_ODD : PLACE_FILE;
    else if (wal_is_garbage(path))
        *out = PLACE_ODD;
    return 0;
}

int place_check(enum place_state *out, const char *path, struct err *err)
{
    char *dir = folder_of(path);
    int rc = path_own_dir(dir, err);

    if (rc == 0)
        rc = check_system(dir, err);
    if (rc == 0)
        rc = check_file(out, path, err);
    free(dir);
    return rc;
}

int place_create(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0) {
        if (errno == EEXIST)
            return err_set(err, E_EXISTS, "history %s is there already", path);
        return err_sys(err, errno, "history %s", path);
    }
    close(fd); /* nobody has it open yet: no lock of SQLite's is lost */
    return 0;
}

void place_mark_damaged(const char *path)
{
    char *mark = beside(path, ".damaged");
    int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0)
        close(fd); /* it is empty */
    free(mark);
}

bool place_is_marked(const char *path)
{
    char *mark = beside(path, ".damaged");
    bool marked = access(mark, F_OK) == 0;

    free(mark);
    return marked;
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* FILE itself, which may be no file at all; the name that it is moved to exists afterwards. */
static int move_file(const char *path, const char *target)
{
    if (is_there(target))
        return 0;
    if (FAILS_AT(FAIL_SALVAGE_MOVE))
        return -1;
    if (rename(path, target) == 0)
        return 0;
    int fd = errno == ENOENT ? open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return -1;
    close(fd); /* it is empty */
    return 0;
}

static int move_beside(const char *path, const char *target, const char *suffix)
{
    char *from = beside(path, suffix), *to = beside(target, suffix);
    bool failed = FAILS_AT(FAIL_SALVAGE_MOVE) || (rename(from, to) < 0 && errno != ENOENT);

    free(from);
    free(to);
    return failed ? -1 : 0;
}

int place_move_aside(const char *path, const char *target, struct err *err)
{
    if (move_file(path, target) < 0 || move_beside(path, target, "-wal") < 0 ||
        move_beside(path, target, "-shm") < 0)
        return err_sys(err, errno, "history: cannot move %s aside", path);
    char *mark = beside(path, ".damaged");
    (void)unlink(mark); /* most often there is none */
    free(mark);
    return 0;
}

bool place_was_moved(const char *path, const char *target)
{
    return is_there(target) && is_there(path);
}

char *place_aside_name(const char *path, int64_t wall_us)
{
    return mem_printf("%s.bad-%" PRId64, path, wall_us);
}

char *place_backup_name(const char *path, int version, int64_t wall_us)
{
    return mem_printf("%s.bak-%d-%019" PRId64, path, version, wall_us);
}

/* Calls `each` for the files beside `path` whose names go on with `suffix`. */
static void each_beside(const char *path, const char *suffix,
                        void (*each)(void *ctx, const char *path), void *ctx)
{
    char *dir = folder_of(path);
    char *start = mem_printf("%s%s", path_base(path), suffix);
    DIR *list = opendir(dir);
    struct dirent *entry;

    while (list && (entry = readdir(list))) {
        if (!str_starts(entry->d_name, start))
            continue;
        char *full = path_join(dir, entry->d_name);
        each(ctx, full);
        free(full);
    }
    if (list)
        closedir(list);
    free(start);
    free(dir);
}

static void add_size(void *ctx, const char *path)
{
    *(int64_t *)ctx += place_size(path);
}

int64_t place_bytes_beside(const char *path, const char *suffix)
{
    int64_t bytes = 0;

    each_beside(path, suffix, add_size, &bytes);
    return bytes;
}

struct names {
    char **at;
    size_t count, cap;
};

static void add_name(void *ctx, const char *path)
{
    struct names *names = ctx;

    names->at = mem_room(names->at, names->count, &names->cap, sizeof *names->at);
    names->at[names->count++] = mem_text(path);
}

/* The time is the end of the name, in digits of fixed width: later is greater. */
static int by_time(const void *a, const void *b)
{
    const char *left = strrchr(*(char *const *)a, '-');
    const char *right = strrchr(*(char *const *)b, '-');

    return strcmp(right, left);
}

int place_prune_backups(const char *path, int keep)
{
    struct names names = {0};
    int removed = 0;

    each_beside(path, ".bak-", add_name, &names);
    if (names.count > 0)
        qsort(names.at, names.count, sizeof *names.at, by_time);
    for (size_t i = 0; i < names.count; i++) {
        if (i >= (size_t)keep && unlink(names.at[i]) == 0)
            removed++;
        free(names.at[i]);
    }
    free(names.at);
    return removed;
}
