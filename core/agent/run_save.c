/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint's summary: the whole state of a run at a boundary, as JSON, a few hundred bytes. A
 * resumed run starts from it and applies the inputs since; a roll-back takes the part that belongs
 * to the branch. Zero members are left out.
 *
 *   {"state","phase","go", "head":{…}, "next":{…}, "branch":{…counters}, "total":{…counters},
 *    "spent":[µs by state], "extra":{…}, "loop":[hash, times], "epoch", "grants":[{tool, args}],
 *    "undo":[node], "redo":[node], "tips", "branches":[{number, name, head, undo, redo}], …}
 */
#include "core/agent/run_data.h"

#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct number {
    const char *name;
    size_t at;
};

#define COUNTER(field)                                                                             \
    {                                                                                              \
#field, offsetof(struct counters, field)                                                   \
    }
static const struct number counter_numbers[] = {
    COUNTER(iterations), COUNTER(tool_calls), COUNTER(errors),        COUNTER(retries),
    COUNTER(tokens_in),  COUNTER(tokens_out), COUNTER(tokens_cached), COUNTER(cost),
    COUNTER(active_us),  COUNTER(done),       COUNTER(not_done),
};

#define MEMBER(field)                                                                              \
    {                                                                                              \
#field, offsetof(struct run, field)                                                        \
    }
/* Where the head is: what a jump takes over. */
static const struct number head_numbers[] = {MEMBER(node), MEMBER(depth), MEMBER(segment)};
/* Numbering and totals: never going back. */
static const struct number run_numbers[] = {
    MEMBER(branch),         MEMBER(next_node),        MEMBER(next_segment),
    MEMBER(next_branch),    MEMBER(next_call),        MEMBER(next_effect),
    MEMBER(next_seq),       MEMBER(checkpoint),       MEMBER(call),
    MEMBER(attempt),        MEMBER(extra_iterations), MEMBER(extra_us),
    MEMBER(extra_cost),     MEMBER(last_times),       MEMBER(last_us),
    MEMBER(state_since_us), MEMBER(next_breakpoint),  MEMBER(context_share),
    MEMBER(faults),
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int64_t *number_at(const void *base, const struct number *number)
{
    return (int64_t *)((char *)(uintptr_t)base + number->at);
}

static void save_numbers(cJSON *into, const void *base, const struct number *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (*number_at(base, &numbers[i]) != 0)
            json_set_int(into, numbers[i].name, *number_at(base, &numbers[i]));
}

static void load_numbers(const cJSON *from, void *base, const struct number *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *number_at(base, &numbers[i]) = json_int(from, numbers[i].name, 0);
}

static void save_hash(cJSON *into, const char *name, const struct hash *hash)
{
    char text[2 * SHA256_BYTES + 1];

    sha256_text(text, hash);
    json_set_text(into, name, text);
}

static int load_hash(struct hash *out, const cJSON *from, const char *name)
{
    const char *text = json_text(from, name);

    return text ? str_unhex(out->at, SHA256_BYTES, text) : E_PARSE;
}

static void save_grants(cJSON *root, const struct run *run)
{
    if (run->grant_count == 0)
        return;
    cJSON *list = cJSON_AddArrayToObject(root, "grants");
    for (size_t i = 0; i < run->grant_count; i++) {
        cJSON *entry = cJSON_CreateObject();

        json_set_text(entry, "tool", run->grants[i].tool);
        json_set_text(entry, "args", run->grants[i].args);
        cJSON_AddItemToArray(list, entry);
    }
}

/* Messages that wait for a boundary wait on at one where the run does not go on. */
static void save_notes(cJSON *root, const struct run *run)
{
    if (run->note_count == 0)
        return;
    cJSON *list = cJSON_AddArrayToObject(root, "notes");
    for (size_t i = 0; i < run->note_count; i++) {
        cJSON *entry = cJSON_CreateObject();

        json_set_text(entry, "text", run->notes[i].text);
        json_set_text(entry, "by", run->notes[i].by);
        cJSON_AddItemToArray(list, entry);
    }
}

static void load_notes(struct run *run, const cJSON *root)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_array(root, "notes"))
    {
        run->notes = mem_room(run->notes, run->note_count, &run->note_cap, sizeof *run->notes);
        run->notes[run->note_count++] =
            (struct note){mem_text(json_text(entry, "text")), mem_text(json_text(entry, "by"))};
    }
}

static void save_breaks(cJSON *root, const struct run *run)
{
    if (run->break_count == 0)
        return;
    cJSON *list = cJSON_AddArrayToObject(root, "breakpoints");
    for (size_t i = 0; i < run->break_count; i++) {
        const struct breakpoint *b = &run->breaks[i];
        cJSON *entry = cJSON_CreateObject();

        json_set_int(entry, "number", b->number);
        json_set_text(entry, "spec", b->spec);
        json_set_bool(entry, "enabled", b->enabled);
        json_set_int(entry, "hits", b->hits);
        json_set_int(entry, "passed", b->passed);
        cJSON_AddItemToArray(list, entry);
    }
}

/* One that this rerail cannot read any more stops nothing; its row stays. */
static void load_breaks(struct run *run, const cJSON *root)
{
    const cJSON *entry;

    breaks_free(run);
    cJSON_ArrayForEach(entry, json_array(root, "breakpoints"))
    {
        const char *spec = json_text(entry, "spec");
        struct breakpoint b;

        if (!spec || breakpoint_parse(&b, spec, NULL) < 0)
            continue;
        b.number = json_int(entry, "number", 0);
        b.enabled = json_bool(entry, "enabled", true);
        b.hits = json_int(entry, "hits", 0);
        b.passed = json_int(entry, "passed", 0);
        run->breaks = mem_room(run->breaks, run->break_count, &run->break_cap, sizeof *run->breaks);
        run->breaks[run->break_count++] = b;
    }
}

static void save_cache(cJSON *root, const struct run *run)
{
    char hash[2 * SHA256_BYTES + 1];

    if (run->cache.count == 0)
        return;
    cJSON *list = cJSON_AddArrayToObject(root, "cache");
    for (size_t i = 0; i < run->cache.count; i++) {
        const struct idempotency_entry *entry = idempotency_at(&run->cache, i);
        cJSON *pair = cJSON_CreateObject();

        sha256_text(hash, &entry->call);
        json_set_text(pair, "call", hash);
        json_set_int(pair, "node", entry->result);
        cJSON_AddItemToArray(list, pair);
    }
}

static void load_cache(struct run *run, const cJSON *root)
{
    const cJSON *pair;

    idempotency_free(&run->cache);
    idempotency_init(&run->cache, (uint64_t)json_int(root, "epoch", 0));
    cJSON_ArrayForEach(pair, json_array(root, "cache"))
    {
        struct hash call;

        if (load_hash(&call, pair, "call") == 0)
            idempotency_put(&run->cache, &call, run->cache.epoch, json_int(pair, "node", 0));
    }
}

char *run_save(const struct run *run)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *spent;

    json_set_int(root, "state", (int64_t)run->state);
    json_set_text(root, "reason", run->reason);
    json_set_int(root, "phase", (int64_t)run->phase);
    json_set_int(root, "go", run->go);
    json_set_text(root, "go_reason", run->go_reason);
    json_set_text(root, "partial", run->partial);
    json_set_bool(root, "finishing", run->finishing);
    json_set_bool(root, "final", run->final);
    json_set_bool(root, "recovering", run->recovering);
    json_set_bool(root, "new_segment", run->new_segment);
    json_set_int(root, "tips", run->tips);
    if (run->fault != FAULT_NONE)
        json_set_int(root, "fault", (int64_t)run->fault);
    json_set_int(root, "epoch", (int64_t)run->cache.epoch);
    save_numbers(cJSON_AddObjectToObject(root, "head"), run, head_numbers, COUNT(head_numbers));
    save_hash(root, "chain", &run->chain);
    save_hash(root, "last_call", &run->last_call);
    save_numbers(cJSON_AddObjectToObject(root, "run"), run, run_numbers, COUNT(run_numbers));
    save_numbers(cJSON_AddObjectToObject(root, "branch"), &run->branch_sum, counter_numbers,
                 COUNT(counter_numbers));
    save_numbers(cJSON_AddObjectToObject(root, "total"), &run->total, counter_numbers,
                 COUNT(counter_numbers));
    spent = cJSON_AddArrayToObject(root, "spent");
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        cJSON_AddItemToArray(spent, cJSON_CreateNumber((double)run->spent_us[i]));
    branches_save(root, run);
    save_grants(root, run);
    save_notes(root, run);
    save_breaks(root, run);
    save_cache(root, run);
    if (run->changes)
        cJSON_AddItemToObject(root, "changes", cJSON_Duplicate(run->changes, true));
    char *text = json_print(root);
    cJSON_Delete(root);
    return text;
}

/* The part that belongs to the branch: where its head is and what it has used. */
int run_load_branch(struct run *run, const cJSON *root)
{
    struct hash chain, last;

    if (load_hash(&chain, root, "chain") < 0 || load_hash(&last, root, "last_call") < 0)
        return E_CORRUPT;
    run->chain = chain;
    run->last_call = last;
    load_numbers(json_object(root, "head"), run, head_numbers, COUNT(head_numbers));
    load_numbers(json_object(root, "branch"), &run->branch_sum, counter_numbers,
                 COUNT(counter_numbers));
    if (BUG(BUG_LIMIT_FORGOTTEN))
        run->branch_sum.iterations = 0;
    run->last_times = json_int(json_object(root, "run"), "last_times", 0);
    return 0;
}

static void load_grants(struct run *run, const cJSON *root)
{
    const cJSON *entry;

    grants_free(run);
    cJSON_ArrayForEach(entry, json_array(root, "grants"))
        grant_add(run, json_text(entry, "tool"), json_text(entry, "args"));
}

static void load_changes(struct run *run, const cJSON *root)
{
    const cJSON *change;

    cJSON_ArrayForEach(change, json_array(root, "changes"))
    {
        const char *name = json_text(change, "name"), *value = json_text(change, "value");

        if (name && value)
            (void)run_change(run, name, value, NULL); /* it was accepted once */
    }
}

static void load_all(struct run *run, const cJSON *root)
{
    const cJSON *spent = json_array(root, "spent");

    load_numbers(json_object(root, "run"), run, run_numbers, COUNT(run_numbers));
    load_numbers(json_object(root, "total"), &run->total, counter_numbers, COUNT(counter_numbers));
    run->state = (enum run_state)json_int(root, "state", RUN_IDLE);
    run->phase = (enum phase)json_int(root, "phase", PHASE_BOUNDARY);
    run->reason = mem_text(json_text(root, "reason"));
    run->go = (int)json_int(root, "go", -1);
    run->go_reason = mem_text(json_text(root, "go_reason"));
    run->partial = mem_text(json_text(root, "partial"));
    run->finishing = json_bool(root, "finishing", false);
    run->final = json_bool(root, "final", false);
    run->recovering = json_bool(root, "recovering", false);
    run->new_segment = json_bool(root, "new_segment", false);
    run->tips = (int)json_int(root, "tips", 0);
    int64_t fault = json_int(root, "fault", FAULT_NONE);
    run->fault = fault > 0 && fault < FAULT_COUNT ? (enum fault)fault : FAULT_NONE;
    branches_load(run, root);
    load_cache(run, root);
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        const cJSON *item = cJSON_GetArrayItem(spent, i);

        run->spent_us[i] = cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
    }
    load_grants(run, root);
    load_notes(run, root);
    load_breaks(run, root);
    load_changes(run, root);
}

static bool in_range(const cJSON *root, const char *name, int64_t end)
{
    int64_t value = json_int(root, name, -1);

    return value >= 0 && value < end;
}

int run_restore(struct run *run, const char *summary, struct err *err)
{
    cJSON *root = NULL;
    int rc = json_parse(&root, summary, strlen(summary), NULL, err);

    if (rc < 0)
        return err_wrap(err, rc, "a checkpoint's summary");
    if (!in_range(root, "state", RUN_STATE_COUNT) || !in_range(root, "phase", PHASE_ENDED + 1) ||
        run_load_branch(run, root) < 0) {
        cJSON_Delete(root);
        return err_set(err, E_CORRUPT, "a checkpoint's summary cannot be read: run rerail fsck");
    }
    load_all(run, root);
    cJSON_Delete(root);
    return 0;
}
