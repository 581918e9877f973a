/* SPDX-License-Identifier: MIT */
/*
 * Which call a fragment belongs to:
 *
 *   index given    no slot has it -> a new one (gaps and odd starts are common).
 *                  no other id, or no name -> more of that slot (some gateways give every fragment
 *                  a fresh id; the first one is kept).
 *                  another id and a name -> a new call if the slot's arguments are finished JSON,
 *                  or still empty under another name, or came in this very event (servers that say
 *                  index 0 for every call). The same name on unfinished arguments -> more of it. A
 *                  different one -> two unfinished calls share an index: protocol error.
 *   no index       a known id -> that slot; another id and a name -> a new call; else the last
 * slot. But behind a finished call, a name with arguments, or another name, is a new one. no slot
 * yet    a new one.
 */
#include "core/model/tool_assembly.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/model/message.h"

#define NOT_FOUND SIZE_MAX

static void slot_clear(struct tool_slot *slot)
{
    free(slot->id);
    free(slot->name);
    free(slot->extra);
    buf_free(&slot->args);
}

void tool_assembly_free(struct tool_assembly *a)
{
    for (size_t i = 0; i < a->count; i++)
        slot_clear(&a->slots[i]);
    free(a->slots);
    *a = (struct tool_assembly){0};
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static bool finished(const struct tool_slot *slot)
{
    return json_check(slot->args.data, slot->args.len, &json_args, NULL) == 0;
}

/* The latest slot with that index: an older one with the same index is a finished call. */
static size_t by_index(const struct tool_assembly *a, int64_t index)
{
    for (size_t i = a->count; i > 0; i--)
        if (a->slots[i - 1].index == index)
            return i - 1;
    return NOT_FOUND;
}

static size_t by_id(const struct tool_assembly *a, const char *id)
{
    for (size_t i = a->count; *id && i > 0; i--)
        if (strcmp(a->slots[i - 1].id, id) == 0)
            return i - 1;
    return NOT_FOUND;
}

/* Whether a fragment with another id and a name, at a taken index, is a call of its own. */
static bool is_own_call(const struct tool_slot *slot, const struct tool_fragment *f)
{
    return slot->event == f->event || finished(slot) ||
           (slot->args.len == 0 && strcmp(slot->name, f->name) != 0);
}

static int place_by_index(size_t *slot, const struct tool_assembly *a,
                          const struct tool_fragment *f, struct err *err)
{
    const struct tool_slot *s;

    *slot = by_index(a, f->index);
    if (*slot == NOT_FOUND)
        return 0;
    s = &a->slots[*slot];
    if (!*text_of(f->id) || !*text_of(f->name) || !*s->id || strcmp(s->id, f->id) == 0)
        return 0;
    if (is_own_call(s, f))
        *slot = NOT_FOUND;
    else if (strcmp(s->name, f->name) != 0)
        return err_set(err, E_PROTOCOL, "two unfinished tool calls share the index %d",
                       (int)f->index);
    return 0;
}

/* Whether a fragment with a name begins the next call although nothing else tells them apart. */
static bool is_next_call(const struct tool_slot *slot, const struct tool_fragment *f)
{
    const char *name = text_of(f->name);

    return *name && (f->args_len > 0 || strcmp(slot->name, name) != 0) && finished(slot);
}

static size_t place_by_id(const struct tool_assembly *a, const struct tool_fragment *f)
{
    size_t slot = by_id(a, text_of(f->id));

    if (slot == NOT_FOUND && *text_of(f->id) && *text_of(f->name))
        return NOT_FOUND;
    if (slot == NOT_FOUND && a->count > 0)
        slot = a->count - 1;
    return slot != NOT_FOUND && is_next_call(&a->slots[slot], f) ? NOT_FOUND : slot;
}

static int open_slot(struct tool_assembly *a, const struct tool_fragment *f, size_t *slot,
                     struct err *err)
{
    if (a->count == MESSAGE_CALLS_MAX)
        return err_set(err, E_TOOBIG, "more than %d tool calls in one answer", MESSAGE_CALLS_MAX);
    a->slots = mem_room(a->slots, a->count, &a->cap, sizeof *a->slots);
    *slot = a->count++;
    a->slots[*slot] = (struct tool_slot){.index = f->has_index ? f->index : -1,
                                         .event = f->event,
                                         .id = mem_text(""),
                                         .name = mem_text("")};
    buf_init(&a->slots[*slot].args, MESSAGE_ARGS_MAX);
    return 0;
}

static int take_id(struct tool_slot *slot, const char *id, struct err *err)
{
    if (*slot->id || !*id)
        return 0;
    if (strlen(id) > MESSAGE_ID_MAX)
        return err_set(err, E_TOOBIG, "a tool call's id is longer than %zu bytes", MESSAGE_ID_MAX);
    free(slot->id);
    slot->id = mem_text(id);
    return 0;
}

/* A name comes whole, again on each fragment, or in pieces. */
static int take_name(struct tool_slot *slot, const char *name, struct err *err)
{
    char *joined;

    if (!*name || strcmp(slot->name, name) == 0)
        return 0;
    if (strlen(slot->name) + strlen(name) > MESSAGE_NAME_MAX)
        return err_set(err, E_TOOBIG, "a tool's name is longer than %zu bytes", MESSAGE_NAME_MAX);
    joined = mem_printf("%s%s", slot->name, name);
    free(slot->name);
    slot->name = joined;
    return 0;
}

int tool_assembly_append(struct tool_assembly *a, size_t slot, const char *args, size_t len,
                         struct err *err)
{
    if (len == 0 || buf_add(&a->slots[slot].args, args, len) == 0)
        return 0;
    return err_set(err, E_TOOBIG, "a tool call's arguments are longer than %zu bytes",
                   MESSAGE_ARGS_MAX);
}

bool tool_assembly_extends(const struct tool_assembly *a, int64_t index, size_t *slot)
{
    *slot = by_index(a, index);
    return *slot != NOT_FOUND;
}

static int fill(struct tool_assembly *a, size_t at, const struct tool_fragment *f, struct err *err)
{
    struct tool_slot *slot = &a->slots[at];
    int rc = take_id(slot, text_of(f->id), err);

    if (rc == 0)
        rc = take_name(slot, text_of(f->name), err);
    if (rc == 0)
        rc = tool_assembly_append(a, at, f->args, f->args_len, err);
    slot->doubtful |= f->doubtful;
    if (f->extra) {
        free(slot->extra);
        slot->extra = mem_text(f->extra);
    }
    return rc;
}

int tool_assembly_add(struct tool_assembly *a, const struct tool_fragment *f, size_t *slot,
                      struct err *err)
{
    int rc = 0;

    if (f->has_index && (f->index < 0 || f->index >= MESSAGE_CALLS_MAX))
        return err_set(err, E_PROTOCOL, "a tool call's index is not between 0 and %d",
                       MESSAGE_CALLS_MAX - 1);
    *slot = NOT_FOUND;
    if (f->has_index)
        rc = place_by_index(slot, a, f, err);
    else if (!f->whole)
        *slot = place_by_id(a, f);
    if (rc == 0 && *slot == NOT_FOUND)
        rc = open_slot(a, f, slot, err);
    return rc < 0 ? rc : fill(a, *slot, f, err);
}

void tool_assembly_take(struct tool_assembly *a, struct message *m)
{
    for (size_t i = 0; i < a->count; i++) {
        struct tool_slot *slot = &a->slots[i];
        struct tool_call *call = message_add_call(m);

        tool_call_clear(call);
        *call = (struct tool_call){.id = slot->id,
                                   .name = slot->name,
                                   .args = buf_take(&slot->args),
                                   .extra = slot->extra};
        slot->id = slot->name = slot->extra = NULL;
        if (slot->doubtful)
            tool_call_reject(call, "the arguments arrived as damaged text");
        else if (!*call->name)
            tool_call_reject(call, "the call has no tool name");
        tool_call_judge(call);
    }
    tool_assembly_free(a);
}
