/* SPDX-License-Identifier: MIT */
#include "core/tool/family.h"

#include "core/base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct pids {
    pid_t *at;
    size_t count, cap;
};

static void add_pid(struct pids *pids, pid_t pid)
{
    pids->at = mem_room(pids->at, pids->count, &pids->cap, sizeof *pids->at);
    pids->at[pids->count++] = pid;
}

/* Every number that names an entry of `dir`. */
static void list_numbers(struct pids *out, const char *dir)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;

    if (!stream)
        return;
    while ((entry = readdir(stream)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            add_pid(out, (pid_t)strtol(entry->d_name, NULL, 10));
    closedir(stream);
}

static bool list_children_of(struct pids *out, pid_t thread)
{
    char path[64];
    FILE *file;
    int pid;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)thread);
    file = fopen(path, "re");
    if (!file)
        return false;
    while (fscanf(file, "%d", &pid) == 1)
        add_pid(out, pid);
    fclose(file);
    return true;
}

/* Our children, adopted ones too; false where the kernel keeps no such list. */
static bool list_children(struct pids *out)
{
    struct pids threads = {0};
    bool told = false;

    list_numbers(&threads, "/proc/self/task");
    for (size_t i = 0; i < threads.count; i++)
        told |= list_children_of(out, threads.at[i]);
    free(threads.at);
    return told;
}

static bool is_member(pid_t pid, uint64_t mark)
{
    struct rlimit limit;

    return prlimit(pid, RLIMIT_LOCKS, NULL, &limit) == 0 && limit.rlim_max == mark;
}

static void keep_members(struct pids *pids, uint64_t mark, pid_t leader)
{
    size_t kept = 0;

    for (size_t i = 0; i < pids->count; i++)
        if (pids->at[i] != leader && is_member(pids->at[i], mark))
            pids->at[kept++] = pids->at[i];
    pids->count = kept;
}

static bool read_stat(char *out, size_t cap, pid_t pid)
{
    char path[64];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, out, cap - 1);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool is_dead(pid_t pid)
{
    char text[1024];
    const char *at;

    if (!read_stat(text, sizeof text, pid))
        return true;
    at = strrchr(text, ')');
    return at && strlen(at) > 2 && (at[2] == 'Z' || at[2] == 'X');
}

int family_adopt(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static bool adopts(void)
{
    int on = 0;

    return prctl(PR_GET_CHILD_SUBREAPER, &on) == 0 && on;
}

unsigned family_kill(uint64_t mark, pid_t leader)
{
    struct pids all = {0};
    unsigned killed = 0;

    list_numbers(&all, "/proc");
    keep_members(&all, mark, leader);
    for (size_t i = 0; i < all.count; i++)
        killed += !is_dead(all.at[i]) && kill(all.at[i], SIGKILL) == 0;
    free(all.at);
    return killed;
}

/* Reaps one if it has ended; *killed counts those that SIGKILL ended. */
static void reap(pid_t pid, unsigned *killed)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) == 0 && killed &&
        info.si_code == CLD_KILLED && info.si_status == SIGKILL)
        ++*killed;
}

void family_reap(uint64_t mark, pid_t leader)
{
    struct pids children = {0};

    if (adopts() && list_children(&children)) {
        keep_members(&children, mark, leader);
        for (size_t i = 0; i < children.count; i++)
            reap(children.at[i], NULL);
    }
    free(children.at);
}

/* An orphan always has a way up to one of our adopted children, so no marked child of ours means no
   family. Without adoption init has taken them, and only a walk tells. What was found is counted
   even when it is gone already: its own children come to us only now. */
unsigned family_sweep(uint64_t mark, pid_t leader, unsigned *killed)
{
    struct pids children = {0};
    unsigned found;

    if (!adopts() || !list_children(&children)) {
        found = family_kill(mark, leader);
        if (killed)
            *killed += found;
    } else {
        keep_members(&children, mark, leader);
        found = (unsigned)children.count;
        if (found > 0)
            (void)family_kill(mark, leader);
        for (size_t i = 0; i < children.count; i++)
            reap(children.at[i], killed);
    }
    free(children.at);
    return found;
}
