/* SPDX-License-Identifier: MIT */
/*
 * The branches of a run: their names, where the ones that are not active were left, and what could
 * be undone there. The active one's head and lists are the run's own.
 */
#include "core/agent/run_data.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

struct run_branch *branches_named(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->branch_count; i++)
        if (str_eq(run->branches[i].name, name))
            return &run->branches[i];
    return NULL;
}

struct run_branch *branches_active(struct run *run)
{
    for (size_t i = 0; i < run->branch_count; i++)
        if (run->branches[i].number == run->branch)
            return &run->branches[i];
    return NULL;
}

int64_t run_branch_head(const struct run *run, const char *name)
{
    for (size_t i = 0; name && i < run->branch_count; i++)
        if (strcmp(run->branches[i].name, name) == 0)
            return run->branches[i].number == run->branch ? run->node : run->branches[i].head;
    return 0;
}

struct run_branch *branches_add(struct run *run, int64_t number, const char *name)
{
    run->branches =
        mem_room(run->branches, run->branch_count, &run->branch_cap, sizeof *run->branches);
    struct run_branch *branch = &run->branches[run->branch_count++];

    *branch = (struct run_branch){.number = number, .name = mem_text(name)};
    return branch;
}

void branches_free(struct run *run)
{
    for (size_t i = 0; i < run->branch_count; i++)
        free(run->branches[i].name);
    free(run->branches);
    run->branches = NULL;
    run->branch_count = run->branch_cap = 0;
}

void branches_leave(struct run *run, int64_t head)
{
    struct run_branch *branch = branches_active(run);

    if (!branch)
        return;
    branch->head = head;
    branch->jumps = run->jumps;
}

void branches_take(struct run *run, const struct run_branch *branch)
{
    run->branch = branch->number;
    run->jumps = branch->jumps;
}

/* --- in a summary --------------------------------------------------------------------------------
 */

static void save_list(cJSON *into, const char *name, const int64_t *list, int count)
{
    if (count == 0)
        return;
    cJSON *array = cJSON_AddArrayToObject(into, name);
    for (int i = 0; i < count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateNumber((double)list[i]));
}

static int load_list(const cJSON *from, const char *name, int64_t *list)
{
    const cJSON *item, *array = json_array(from, name);
    int count = 0;

    cJSON_ArrayForEach(item, array) if (count < RUN_UNDO_MAX && cJSON_IsNumber(item))
        list[count++] = (int64_t)item->valuedouble;
    return count;
}

static void save_jumps(cJSON *into, const struct jumps *jumps)
{
    save_list(into, "undo", jumps->undo, jumps->undo_count);
    save_list(into, "redo", jumps->redo, jumps->redo_count);
}

static void load_jumps(struct jumps *jumps, const cJSON *from)
{
    jumps->undo_count = load_list(from, "undo", jumps->undo);
    jumps->redo_count = load_list(from, "redo", jumps->redo);
}

/* A run with one branch says nothing of it: that is how the first versions wrote it. */
void branches_save(cJSON *root, const struct run *run)
{
    save_jumps(root, &run->jumps);
    if (run->branch_count < 2)
        return;
    cJSON *list = cJSON_AddArrayToObject(root, "branches");
    for (size_t i = 0; i < run->branch_count; i++) {
        const struct run_branch *branch = &run->branches[i];
        cJSON *entry = cJSON_CreateObject();

        json_set_int(entry, "number", branch->number);
        json_set_text(entry, "name", branch->name);
        json_set_int(entry, "head", branch->head);
        save_jumps(entry, &branch->jumps);
        cJSON_AddItemToArray(list, entry);
    }
}

void branches_load(struct run *run, const cJSON *root)
{
    const cJSON *entry;

    branches_free(run);
    load_jumps(&run->jumps, root);
    cJSON_ArrayForEach(entry, json_array(root, "branches"))
    {
        const char *name = json_text(entry, "name");

        if (!name)
            continue;
        struct run_branch *branch = branches_add(run, json_int(entry, "number", 0), name);
        branch->head = json_int(entry, "head", 0);
        load_jumps(&branch->jumps, entry);
    }
    if (run->branch_count == 0)
        (void)branches_add(run, run->branch, "main");
}
