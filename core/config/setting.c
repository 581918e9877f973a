/* SPDX-License-Identifier: MIT */
#include "core/config/setting.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/number.h"
#include "core/config/rule.h"
#include "core/config/secret.h"

#define LIST_MAX 256 /* entries */

/* ---- Lists of texts ------------------------------------------------------------------------- */

void text_list_add(struct text_list *list, const char *text)
{
    list->at = mem_grow(list->at, list->count + 2, sizeof *list->at);
    list->at[list->count++] = mem_text(text);
    list->at[list->count] = NULL;
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->at[i]);
    free(list->at);
    *list = (struct text_list){0};
}

void setting_value_free(struct setting_value *value)
{
    free(value->text);
    text_list_free(&value->list);
    *value = (struct setting_value){0};
}

/* ---- Finding one ---------------------------------------------------------------------------- */

size_t setting_count(void)
{
    size_t count = 0;

    while (setting_table[count].name)
        count++;
    return count;
}

const struct setting *setting_find(const char *name)
{
    for (const struct setting *setting = setting_table; setting->name; setting++)
        if (strcmp(setting->name, name) == 0)
            return setting;
    return NULL;
}

const struct setting *setting_by_flag(const char *flag)
{
    for (const struct setting *setting = setting_table; setting->name; setting++)
        if (setting->flag && strcmp(setting->flag, flag) == 0)
            return setting;
    return setting_find(flag);
}

bool setting_is_section(const char *name)
{
    size_t len = strlen(name);

    for (const struct setting *setting = setting_table; setting->name; setting++)
        if (strncmp(setting->name, name, len) == 0 && setting->name[len] == '.')
            return true;
    return false;
}

/* "max_iterations" of "limits.max_iterations". */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

const char *setting_nearest(const char *name)
{
    const char *names[256], *parts[256];
    size_t count = 0;

    for (const struct setting *at = setting_table; at->name && count < 256; at++, count++) {
        names[count] = at->name;
        parts[count] = last_part(at->name);
        if (strcmp(parts[count], last_part(name)) == 0)
            return at->name; /* the right word in the wrong section */
    }
    const char *nearest = str_nearest(name, names, count);
    if (nearest)
        return nearest;
    nearest = str_nearest(last_part(name), parts, count);
    for (size_t i = 0; nearest && i < count; i++)
        if (parts[i] == nearest)
            return names[i];
    return NULL;
}

void setting_env(char out[SETTING_ENV], const struct setting *setting)
{
    size_t len = str_format(out, SETTING_ENV, "RERAIL_%s", setting->name);

    for (size_t i = 0; i < len; i++) {
        if (out[i] == '.')
            out[i] = '_';
        else if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
    }
}

/* ---- What was expected ---------------------------------------------------------------------- */

static void add_choices(struct buf *out, const struct setting *setting)
{
    (void)buf_text(out, "one of:"); /* the ceiling is above every row's list */
    for (const char *const *word = setting->choices; *word; word++)
        (void)buf_printf(out, "%s %s", word == setting->choices ? "" : ",", *word);
}

static void add_range(struct buf *out, const struct setting *setting)
{
    const struct number *number = number_of(setting->type);
    char min[NUMBER_TEXT], max[NUMBER_TEXT];

    (void)buf_text(out, number->what); /* as above */
    if (setting->type == SETTING_BOOL)
        return;
    number->format(min, sizeof min, setting->min);
    number->format(max, sizeof max, setting->max);
    (void)buf_printf(out, " from %s to %s", min, max);
}

void setting_expected(char *out, size_t cap, const struct setting *setting)
{
    static const char *const texts[SETTING_RULES + 1] = {
        [SETTING_TEXT] = "text",
        [SETTING_OBJECT] = "a JSON object",
        [SETTING_SECRET] = "env:NAME, file:PATH, command:PROGRAM ARGS or none",
        [SETTING_LIST] = "a list of names",
        [SETTING_RULES] = "a list of rules",
    };
    struct buf text;

    buf_init(&text, 1024);
    if (setting->choices)
        add_choices(&text, setting);
    else if (number_of(setting->type))
        add_range(&text, setting);
    else
        (void)buf_text(&text, texts[setting->type]); /* as above */
    (void)str_format(out, cap, "%s", text.data);
    buf_free(&text);
}

static int refuse(const struct setting *setting, int code, const char *text, struct err *err)
{
    char expected[160];
    const char *nearest = NULL;
    size_t count = 0;

    setting_expected(expected, sizeof expected, setting);
    while (setting->choices && setting->choices[count])
        count++;
    if (count)
        nearest = str_nearest(text, setting->choices, count);
    if (nearest)
        return err_set(err, code, "%s: expected %s, not '%.60s'; did you mean '%s'?", setting->name,
                       expected, text, nearest);
    return err_set(err, code, "%s: expected %s, not '%.60s'", setting->name, expected, text);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* The index of a word in the row's choices, or -1. */
static int choice_of(const struct setting *setting, const char *text)
{
    for (int i = 0; setting->choices[i]; i++)
        if (strcmp(setting->choices[i], text) == 0)
            return i;
    return -1;
}

static int parse_enum(struct setting_value *out, const struct setting *setting, const char *text,
                      struct err *err)
{
    out->number = choice_of(setting, text);
    return out->number < 0 ? refuse(setting, E_RANGE, text, err) : 0;
}

static int parse_number(struct setting_value *out, const struct setting *setting, const char *text,
                        struct err *err)
{
    int rc = number_of(setting->type)->parse(&out->number, text);

    if (rc == 0 && (out->number < setting->min || out->number > setting->max))
        rc = E_RANGE;
    return rc ? refuse(setting, rc, text, err) : 0;
}

static int parse_text(struct setting_value *out, const struct setting *setting, const char *text,
                      struct err *err)
{
    if (strlen(text) > (size_t)setting->max)
        return err_set(err, E_TOOBIG, "%s: longer than %" PRId64 " bytes", setting->name,
                       setting->max);
    if (setting->choices && choice_of(setting, text) < 0)
        return refuse(setting, E_RANGE, text, err);
    out->text = mem_text(text);
    return 0;
}

static int parse_object(struct setting_value *out, const struct setting *setting, const char *text,
                        struct err *err)
{
    cJSON *tree = NULL;
    int rc = json_parse(&tree, text, strlen(text), &json_args, err);

    if (rc == 0 && !cJSON_IsObject(tree))
        rc = err_set(err, E_PARSE, "expected a JSON object");
    cJSON_Delete(tree);
    return rc ? err_wrap(err, rc, "%s", setting->name) : parse_text(out, setting, text, err);
}

static int parse_secret(struct setting_value *out, const struct setting *setting, const char *text,
                        struct err *err)
{
    struct key_source source;
    int rc = key_source_parse(&source, text, err);

    key_source_clear(&source);
    return rc ? err_wrap(err, rc, "%s", setting->name) : parse_text(out, setting, text, err);
}

/* One entry of a list: a rule is judged by its form, a name by being one. */
static int check_entry(const struct setting *setting, const char *entry, struct err *err)
{
    struct rule rule;
    int rc = 0;

    if (setting->type == SETTING_RULES) {
        rc = rule_parse(&rule, entry, err);
        rule_clear(&rule);
    } else if (strpbrk(entry, " \t=,")) {
        rc = err_set(err, E_PARSE, "'%.60s' is not a name", entry);
    }
    return rc ? err_wrap(err, rc, "%s", setting->name) : 0;
}

static int parse_list(struct setting_value *out, const struct setting *setting, const char *text,
                      struct err *err)
{
    const char *ends = setting->type == SETTING_RULES ? "\n" : ",\n";

    if (strlen(text) > (size_t)setting->max)
        return refuse(setting, E_TOOBIG, text, err);
    for (int rc = 0; *text && rc == 0;) {
        text += strspn(text, " \t\r\n,");
        size_t len = strcspn(text, ends);
        size_t keep = len;
        while (keep > 0 && strchr(" \t\r", text[keep - 1]))
            keep--;
        char *entry = mem_copy(text, keep);
        if (keep > 0 && out->list.count >= LIST_MAX)
            rc = err_set(err, E_TOOBIG, "%s: more than %d entries", setting->name, LIST_MAX);
        else if (keep > 0)
            rc = check_entry(setting, entry, err);
        if (keep > 0 && rc == 0)
            text_list_add(&out->list, entry);
        free(entry);
        text += len;
        if (rc)
            return rc;
    }
    return 0;
}

typedef int parse_fn(struct setting_value *out, const struct setting *setting, const char *text,
                     struct err *err);

static parse_fn *const parsers[SETTING_RULES + 1] = {
    [SETTING_BOOL] = parse_number,   [SETTING_INT] = parse_number,
    [SETTING_NUMBER] = parse_number, [SETTING_DURATION] = parse_number,
    [SETTING_BYTES] = parse_number,  [SETTING_MONEY] = parse_number,
    [SETTING_ENUM] = parse_enum,     [SETTING_TEXT] = parse_text,
    [SETTING_OBJECT] = parse_object, [SETTING_SECRET] = parse_secret,
    [SETTING_LIST] = parse_list,     [SETTING_RULES] = parse_list,
};

static bool is_text(const struct setting *setting)
{
    return setting->type == SETTING_TEXT || setting->type == SETTING_OBJECT ||
           setting->type == SETTING_SECRET;
}

static bool is_list(const struct setting *setting)
{
    return setting->type == SETTING_LIST || setting->type == SETTING_RULES;
}

int setting_parse(struct setting_value *out, const struct setting *setting, const char *text,
                  struct err *err)
{
    *out = (struct setting_value){0};
    if (setting->optional && !*text) {
        out->number = -1;
        return 0;
    }
    int rc = parsers[setting->type](out, setting, text, err);
    if (rc)
        setting_value_free(out);
    return rc;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static int format_list(struct buf *out, const struct setting *setting, const struct text_list *list)
{
    int rc = 0;

    for (size_t i = 0; i < list->count && rc == 0; i++) {
        if (i > 0)
            rc = buf_char(out, setting->type == SETTING_RULES ? '\n' : ',');
        rc = rc ? rc : buf_text(out, list->at[i]);
    }
    return rc;
}

int setting_format(struct buf *out, const struct setting *setting,
                   const struct setting_value *value)
{
    char text[NUMBER_TEXT];

    if (is_list(setting))
        return format_list(out, setting, &value->list);
    if (is_text(setting))
        return value->text ? buf_text(out, value->text) : 0;
    if (setting->optional && value->number == -1)
        return 0;
    if (setting->type == SETTING_ENUM)
        return buf_text(out, setting->choices[value->number]);
    number_of(setting->type)->format(text, sizeof text, value->number);
    return buf_text(out, text);
}

/* ---- The stored form ------------------------------------------------------------------------ */

static cJSON *json_of_list(const struct text_list *list)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < list->count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(list->at[i]));
    return array;
}

cJSON *setting_json(const struct setting *setting, const struct setting_value *value)
{
    char text[NUMBER_TEXT];

    if (is_list(setting))
        return json_of_list(&value->list);
    if (is_text(setting))
        return value->text ? cJSON_CreateString(value->text) : cJSON_CreateNull();
    if (setting->optional && value->number == -1)
        return cJSON_CreateNull();
    if (setting->type == SETTING_ENUM)
        return cJSON_CreateString(setting->choices[value->number]);
    if (setting->type == SETTING_BOOL)
        return cJSON_CreateBool(value->number != 0);
    (void)str_format(text, sizeof text, "%" PRId64, value->number);
    return cJSON_CreateRaw(text);
}

static int bad_stored(const struct setting *setting, struct err *err)
{
    return err_set(err, E_PARSE, "%s: not a stored value of this setting", setting->name);
}

static int list_from_json(struct setting_value *out, const struct setting *setting,
                          const cJSON *json, struct err *err)
{
    int rc = cJSON_IsArray(json) ? 0 : bad_stored(setting, err);

    for (const cJSON *entry = json->child; entry && rc == 0; entry = entry->next) {
        rc = cJSON_IsString(entry) ? check_entry(setting, entry->valuestring, err)
                                   : bad_stored(setting, err);
        if (rc == 0)
            text_list_add(&out->list, entry->valuestring);
    }
    if (rc)
        setting_value_free(out);
    return rc;
}

static int number_from_json(struct setting_value *out, const struct setting *setting,
                            const cJSON *json, struct err *err)
{
    if (cJSON_IsBool(json) && setting->type == SETTING_BOOL) {
        out->number = cJSON_IsTrue(json);
        return 0;
    }
    if (!cJSON_IsNumber(json) || json->valuedouble != floor(json->valuedouble) ||
        json->valuedouble < (double)setting->min || json->valuedouble > (double)setting->max)
        return bad_stored(setting, err);
    out->number = (int64_t)json->valuedouble; /* no row's range goes beyond 2^53 */
    return 0;
}

int setting_from_json(struct setting_value *out, const struct setting *setting, const cJSON *json,
                      struct err *err)
{
    *out = (struct setting_value){0};
    if (cJSON_IsNull(json) && setting->optional) {
        out->number = -1;
        return 0;
    }
    if (is_list(setting))
        return list_from_json(out, setting, json, err);
    if (is_text(setting) || setting->type == SETTING_ENUM)
        return cJSON_IsString(json) ? setting_parse(out, setting, json->valuestring, err)
                                    : bad_stored(setting, err);
    return number_from_json(out, setting, json, err);
}

/* ---- The member it fills -------------------------------------------------------------------- */

static void store_number(void *member, size_t size, int64_t number)
{
    bool truth = number != 0;
    int32_t small = (int32_t)number;

    if (size == sizeof truth)
        memcpy(member, &truth, sizeof truth);
    else if (size == sizeof small)
        memcpy(member, &small, sizeof small);
    else
        memcpy(member, &number, sizeof number);
}

static int64_t fetch_number(const void *member, size_t size)
{
    bool truth;
    int32_t small;
    int64_t number;

    if (size == sizeof truth)
        return memcpy(&truth, member, sizeof truth), truth;
    if (size == sizeof small)
        return memcpy(&small, member, sizeof small), small;
    memcpy(&number, member, sizeof number);
    return number;
}

void setting_store(void *config, const struct setting *setting, struct setting_value *value)
{
    void *member = (char *)config + setting->offset;
    struct text_list *list = member;
    char **text = member;

    if (is_list(setting)) {
        text_list_free(list);
        *list = value->list;
    } else if (is_text(setting)) {
        free(*text);
        *text = value->text;
    } else {
        store_number(member, setting->size, value->number);
    }
    *value = (struct setting_value){0};
}

struct setting_value setting_fetch(const void *config, const struct setting *setting)
{
    const void *member = (const char *)config + setting->offset;
    struct setting_value value = {0};

    if (is_list(setting))
        memcpy(&value.list, member, sizeof value.list);
    else if (is_text(setting))
        memcpy(&value.text, member, sizeof value.text);
    else
        value.number = fetch_number(member, setting->size);
    return value;
}
