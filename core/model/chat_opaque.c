/* SPDX-License-Identifier: MIT */
/*
 * A streamed thought comes as many {"type":"reasoning.text","index":0,"text":"…"}; the provider
 * wants one back. Pieces go on the open one while type and index stay and only text grows; other
 * members (signature, id, format) are taken when they come. Everything else is a piece of its own.
 */
#include "core/model/chat_opaque.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/model/message.h"

void chat_opaque_init(struct chat_opaque *o)
{
    *o = (struct chat_opaque){0};
    buf_init(&o->text, MESSAGE_TEXT_MAX);
}

void chat_opaque_free(struct chat_opaque *o)
{
    cJSON_Delete(o->details);
    cJSON_Delete(o->open);
    cJSON_Delete(o->extra);
    buf_free(&o->text);
    *o = (struct chat_opaque){0};
}

/* cJSON allocates with malloc and says NULL; our small allocations do not fail. */
static cJSON *need(cJSON *tree)
{
    if (!tree)
        mem_fail(sizeof *tree);
    return tree;
}

/* Puts the open piece with its whole text behind the finished ones. */
static void finish_piece(struct chat_opaque *o)
{
    if (!o->open)
        return;
    if (o->member &&
        !cJSON_SetValuestring(cJSON_GetObjectItemCaseSensitive(o->open, o->member), o->text.data))
        mem_fail(o->text.len);
    if (!o->details)
        o->details = need(cJSON_CreateArray());
    (void)cJSON_AddItemToArray(o->details, o->open); /* fails on NULL only */
    o->open = NULL;
    o->member = NULL;
    buf_clear(&o->text);
}

/* The member of a piece that grows from delta to delta, or NULL. */
static const char *growing_member(const cJSON *piece)
{
    const char *type = json_text(piece, "type");

    if (str_eq(type, "reasoning.text"))
        return "text";
    return str_eq(type, "reasoning.summary") ? "summary" : NULL;
}

static bool goes_on(const struct chat_opaque *o, const cJSON *piece, const char *member)
{
    return o->open && member && o->member && strcmp(member, o->member) == 0 &&
           json_int(piece, "index", 0) == json_int(o->open, "index", 0);
}

/* Members of a later piece that the open one does not have yet. */
static void add_members(cJSON *open, const cJSON *piece, const char *member)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, piece)
    {
        if (strcmp(item->string, member) == 0 || cJSON_IsNull(item) || json_get(open, item->string))
            continue;
        cJSON_DeleteItemFromObjectCaseSensitive(open, item->string);
        (void)cJSON_AddItemToObject(open, item->string, need(cJSON_Duplicate(item, true)));
    }
}

static int take_piece(struct chat_opaque *o, const cJSON *piece)
{
    const char *member = growing_member(piece);
    const char *text = member ? json_text(piece, member) : NULL;

    if (goes_on(o, piece, member)) {
        add_members(o->open, piece, member);
        return buf_text(&o->text, text ? text : "");
    }
    finish_piece(o);
    if (cJSON_GetArraySize(o->details) >= CHAT_DETAILS_MAX)
        return E_TOOBIG;
    o->open = need(cJSON_Duplicate(piece, true));
    o->member = text ? member : NULL;
    return text ? buf_text(&o->text, text) : 0;
}

int chat_opaque_take(struct chat_opaque *o, const cJSON *delta)
{
    const cJSON *extra = json_object(delta, "extra_content"), *piece;
    int rc = 0;

    cJSON_ArrayForEach(piece, json_array(delta, "reasoning_details"))
    {
        if (rc == 0 && cJSON_IsObject(piece))
            rc = take_piece(o, piece);
    }
    if (extra) {
        cJSON_Delete(o->extra);
        o->extra = need(cJSON_Duplicate(extra, true));
    }
    return rc;
}

char *chat_opaque_text(struct chat_opaque *o)
{
    cJSON *object;
    char *text;

    finish_piece(o);
    if (!o->details && !o->extra)
        return NULL;
    object = need(cJSON_CreateObject());
    if (o->details)
        (void)cJSON_AddItemToObject(object, "reasoning_details", o->details);
    if (o->extra)
        (void)cJSON_AddItemToObject(object, "extra_content", o->extra);
    o->details = o->extra = NULL;
    text = json_print(object);
    cJSON_Delete(object);
    return text;
}
