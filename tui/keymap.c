/* SPDX-License-Identifier: MIT */
#include "tui/keymap.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/embed.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/yaml.h"

#define NONE "none"

struct binding {
    size_t panel;
    struct key key;
    int action;
};

struct keymap {
    struct keymap_names names;
    struct binding *bindings; /* one for each panel and key */
    size_t count, cap;
};

void keymap_new(struct keymap **out, const struct keymap_names *names)
{
    *out = mem_new(sizeof **out);
    (*out)->names = *names;
}

void keymap_free(struct keymap *map)
{
    if (!map)
        return;
    free(map->bindings);
    free(map);
}

static struct binding *find(const struct keymap *map, size_t panel, struct key key)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->bindings[i].panel == panel && key_same(map->bindings[i].key, key))
            return &map->bindings[i];
    return NULL;
}

static void bind(struct keymap *map, const struct binding *binding)
{
    struct binding *old = find(map, binding->panel, binding->key);

    if (old) {
        old->action = binding->action;
        return;
    }
    map->bindings = mem_room(map->bindings, map->count, &map->cap, sizeof *map->bindings);
    map->bindings[map->count++] = *binding;
}

static int index_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/* "NAME:LINE: no such THING 'WORD'; did you mean 'NEAREST'?" */
static int unknown(const struct yaml *doc, const cJSON *value, const char *thing, const char *word,
                   const char *nearest, struct err *err)
{
    const char *name = yaml_name(doc);
    int line = yaml_line(doc, value);

    if (nearest)
        return err_set(err, E_PARSE, "%s:%d: no such %s '%s'; did you mean '%s'?", name, line,
                       thing, word, nearest);
    return err_set(err, E_PARSE, "%s:%d: no such %s '%s'", name, line, thing, word);
}

static int parse_binding(struct keymap *map, const struct yaml *doc, size_t panel,
                         const cJSON *value, struct err *err)
{
    const struct keymap_names *names = &map->names;
    struct binding binding = {.panel = panel, .action = KEYMAP_NOTHING};

    if (key_parse(&binding.key, value->string) < 0)
        return unknown(doc, value, "key", value->string, key_nearest(value->string), err);
    if (!cJSON_IsString(value))
        return err_set(err, E_PARSE, "%s:%d: key '%s' needs the name of an action", yaml_name(doc),
                       yaml_line(doc, value), value->string);
    if (strcmp(value->valuestring, NONE) != 0) {
        binding.action = index_of(names->actions, names->action_count, value->valuestring);
        if (binding.action < 0)
            return unknown(doc, value, "action", value->valuestring,
                           str_nearest(value->valuestring, names->actions, names->action_count),
                           err);
    }
    bind(map, &binding);
    return 0;
}

static int parse_panel(struct keymap *map, const struct yaml *doc, const cJSON *section,
                       struct err *err)
{
    const struct keymap_names *names = &map->names;
    int panel = index_of(names->panels, names->panel_count, section->string);

    if (panel < 0)
        return unknown(doc, section, "panel", section->string,
                       str_nearest(section->string, names->panels, names->panel_count), err);
    if (!cJSON_IsObject(section))
        return err_set(err, E_PARSE, "%s:%d: panel '%s' needs keys with their actions",
                       yaml_name(doc), yaml_line(doc, section), section->string);
    for (const cJSON *value = section->child; value; value = value->next) {
        int rc = parse_binding(map, doc, (size_t)panel, value, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Reads into a copy, so that a bad file changes nothing. */
static int add_document(struct keymap *map, const struct yaml *doc, struct err *err)
{
    struct keymap next = {.names = map->names, .count = map->count, .cap = map->count};
    int rc = 0;

    if (!cJSON_IsObject(yaml_root(doc)))
        return err_set(err, E_PARSE, "%s:1: a keymap is panels with their keys", yaml_name(doc));
    next.bindings = mem_array(map->count, sizeof *next.bindings);
    if (map->count > 0)
        memcpy(next.bindings, map->bindings, map->count * sizeof *next.bindings);
    for (const cJSON *panel = yaml_root(doc)->child; rc == 0 && panel; panel = panel->next)
        rc = parse_panel(&next, doc, panel, err);
    if (rc < 0) {
        free(next.bindings);
        return rc;
    }
    free(map->bindings);
    *map = next;
    return 0;
}

int keymap_add(struct keymap *map, const char *name, const char *text, size_t len, struct err *err)
{
    struct yaml *doc = NULL;
    int rc = yaml_parse(&doc, name, text, len, err);

    if (rc == 0)
        rc = add_document(map, doc, err);
    yaml_drop(doc);
    return rc;
}

int keymap_load(struct keymap *map, const char *path, struct err *err)
{
    struct yaml *doc = NULL;
    int rc = yaml_load(&doc, path, err);

    if (rc == 0)
        rc = add_document(map, doc, err);
    yaml_drop(doc);
    return rc;
}

int keymap_add_builtin(struct keymap *map, struct err *err)
{
    const struct embed *file = embed_find(KEYMAP_BUILTIN);

    if (!file)
        return err_set(err, E_NOTFOUND, "%s was not built in", KEYMAP_BUILTIN);
    return keymap_add(map, file->name, (const char *)file->bytes, file->size, err);
}

int keymap_find(const struct keymap *map, size_t panel, struct key key)
{
    struct key normal = key_normal(key);
    const struct binding *binding = find(map, panel, normal);

    if (!binding)
        binding = find(map, 0, normal);
    return binding ? binding->action : KEYMAP_NOTHING;
}

size_t keymap_keys(const struct keymap *map, size_t panel, int action, struct key *out, size_t max)
{
    const size_t order[] = {panel, 0};
    size_t count = 0;

    for (size_t o = 0; o < (panel == 0 ? 1 : 2); o++)
        for (size_t i = 0; i < map->count; i++) {
            const struct binding *b = &map->bindings[i];
            bool covered = o == 1 && find(map, panel, b->key);
            if (b->panel != order[o] || b->action != action || covered)
                continue;
            if (count < max)
                out[count] = b->key;
            count++;
        }
    return count;
}
