/* SPDX-License-Identifier: MIT */
#include "core/config/setting_yaml.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define NAME_MAX_LEN 256 /* of a dotted name; the longest right one has 40 */
#define SECTIONS     32
#define SECTION_MAX  32

struct reader {
    struct setting_lines *lines;
    const struct yaml *doc;
    struct err *err;
};

/* Puts "config.yaml:12: " before what the box says. */
static int at_line(const struct reader *r, const cJSON *value, int rc)
{
    return err_wrap(r->err, rc, "%s:%d", yaml_name(r->doc), yaml_line(r->doc, value));
}

/* ---- A value as text ------------------------------------------------------------------------ */

static bool is_words(const struct setting *setting)
{
    return setting->type == SETTING_TEXT || setting->type == SETTING_SECRET;
}

/* A scalar as setting_parse wants it: yours. NULL and an error when it is none, or when YAML may
   have read something else than was meant (`name: 4.10`). */
static char *scalar(const struct reader *r, const struct setting *setting, const cJSON *value)
{
    char expected[160];

    if (cJSON_IsString(value))
        return mem_text(value->valuestring);
    if (cJSON_IsNull(value) && setting->optional)
        return mem_text("");
    if (cJSON_IsObject(value) && setting->type == SETTING_OBJECT)
        return json_print(value);
    if (!is_words(setting) && cJSON_IsBool(value))
        return mem_text(cJSON_IsTrue(value) ? "true" : "false");
    if (!is_words(setting) && cJSON_IsNumber(value))
        return json_print(value);
    setting_expected(expected, sizeof expected, setting);
    if (cJSON_IsBool(value) || cJSON_IsNumber(value))
        (void)err_set(r->err, E_PARSE, "%s: expected %s: put it in quotes", setting->name,
                      expected);
    else
        (void)err_set(r->err, E_PARSE, "%s: expected %s", setting->name, expected);
    return NULL;
}

/* ---- One setting ---------------------------------------------------------------------------- */

/* Judges a line and keeps it. NULL text: the box already says why there is none. */
static int keep(const struct reader *r, const struct setting *setting, const char *text,
                const cJSON *value)
{
    struct setting_lines *lines = r->lines;
    struct setting_value parsed;
    int rc = text ? setting_parse(&parsed, setting, text, r->err) : E_PARSE;

    if (rc)
        return at_line(r, value, rc);
    setting_value_free(&parsed);
    lines->at = mem_room(lines->at, lines->count, &lines->cap, sizeof *lines->at);
    lines->at[lines->count++] = (struct setting_line){
        .setting = setting, .text = mem_text(text), .line = yaml_line(r->doc, value)};
    return 0;
}

static int add(const struct reader *r, const struct setting *setting, const cJSON *value)
{
    char *text = scalar(r, setting, value);
    int rc = keep(r, setting, text, value);

    free(text);
    return rc;
}

static int add_rules(const struct reader *r, const struct setting *setting, const cJSON *array)
{
    int rc = 0;

    for (const cJSON *entry = array->child; entry && rc == 0; entry = entry->next)
        rc = add(r, setting, entry);
    return rc;
}

static int add_names(const struct reader *r, const struct setting *setting, const cJSON *array)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, YAML_MAX_BYTES);
    for (const cJSON *entry = array->child; entry && rc == 0; entry = entry->next) {
        char *name = scalar(r, setting, entry);

        if (!name)
            rc = at_line(r, entry, E_PARSE);
        else if (strpbrk(name, ",\n"))
            rc =
                at_line(r, entry, err_set(r->err, E_PARSE, "%s: one name an entry", setting->name));
        else
            rc = buf_printf(&text, "%s%s", text.len ? "," : "", name);
        free(name);
    }
    rc = rc ? rc : keep(r, setting, text.data, array);
    buf_free(&text);
    return rc;
}

static int take(const struct reader *r, const struct setting *setting, const cJSON *value)
{
    if (setting->own && !r->lines->own)
        return at_line(r, value,
                       err_set(r->err, E_DENIED,
                               "%s may only be set in your own config.yaml, environment or flags",
                               setting->name));
    if (cJSON_IsArray(value) && setting->type == SETTING_RULES)
        return add_rules(r, setting, value);
    if (cJSON_IsArray(value) && setting->type == SETTING_LIST)
        return add_names(r, setting, value);
    return add(r, setting, value);
}

/* ---- Sections ------------------------------------------------------------------------------- */

/* The section that was probably meant, as text in `out`; false when none is near. */
static bool nearest_section(char out[SECTION_MAX], const char *name)
{
    char sections[SECTIONS][SECTION_MAX];
    const char *names[SECTIONS];
    size_t count = 0;

    for (const struct setting *at = setting_table; at->name && count < SECTIONS; at++) {
        size_t len = strcspn(at->name, ".");

        if (!at->name[len] || len >= SECTION_MAX)
            continue;
        (void)str_format(sections[count], SECTION_MAX, "%.*s", (int)len, at->name);
        names[count] = sections[count];
        count += count == 0 || strcmp(names[count - 1], names[count]) != 0;
    }
    const char *nearest = str_nearest(name, names, count);
    if (nearest)
        (void)str_format(out, SECTION_MAX, "%s", nearest);
    return nearest != NULL;
}

static int unknown(const struct reader *r, const char *name, const cJSON *value)
{
    char section[SECTION_MAX];
    const char *nearest = setting_nearest(name);

    if (cJSON_IsObject(value) && nearest_section(section, name))
        nearest = section;
    if (nearest)
        (void)err_set(r->err, E_NOTFOUND, "no setting '%.60s'; did you mean '%s'?", name, nearest);
    else
        (void)err_set(r->err, E_NOTFOUND, "no setting '%.60s'", name);
    return at_line(r, value, E_NOTFOUND);
}

static int not_a_section(const struct reader *r, const char *name, const cJSON *value)
{
    return at_line(
        r, value,
        err_set(r->err, E_PARSE, "%s%sexpected a section of settings", name, *name ? ": " : ""));
}

static int visit(const struct reader *r, const char *name, const cJSON *value)
{
    const struct setting *setting = setting_find(name);
    int rc = 0;

    if (setting && !(cJSON_IsObject(value) && setting_is_section(name)))
        return take(r, setting, value);
    if (*name && !setting_is_section(name))
        return unknown(r, name, value);
    if (!cJSON_IsObject(value))
        return not_a_section(r, name, value);
    for (const cJSON *child = value->child; child && rc == 0; child = child->next) {
        char longer[NAME_MAX_LEN];

        (void)str_format(longer, sizeof longer, "%s%s%s", name, *name ? "." : "", child->string);
        rc = visit(r, longer, child);
    }
    return rc;
}

int setting_lines_read(struct setting_lines *lines, const struct yaml *doc, const char *name,
                       const cJSON *value, struct err *err)
{
    struct err box = {0}; /* messages are built in steps, so there is always one */
    struct reader reader = {.lines = lines, .doc = doc, .err = err ? err : &box};

    return visit(&reader, name, value);
}

int setting_lines_add(struct setting_lines *lines, const struct yaml *doc,
                      const struct setting *setting, const char *text, const cJSON *value,
                      struct err *err)
{
    struct err box = {0};
    struct reader reader = {.lines = lines, .doc = doc, .err = err ? err : &box};

    return keep(&reader, setting, text, value);
}

void setting_lines_free(struct setting_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->at[i].text);
    free(lines->at);
    *lines = (struct setting_lines){.own = lines->own};
}
