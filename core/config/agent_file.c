/* SPDX-License-Identifier: MIT */
#include "core/config/agent_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/embed.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/base/yaml.h"

#define NAME_LIMIT        64
#define BUILTIN_DIR       "/agents/" /* of an embedded agent's path */
#define SUFFIX            ".md"
#define UTF8_MARK         "\xef\xbb\xbf"
#define DESCRIPTION_LIMIT 1024

struct reader {
    struct agent_file *agent;
    const struct yaml *doc;
    const struct agent_checks *checks;
    cJSON *commands; /* array of command tools */
    struct err *err;
};

static int at_line(const struct reader *r, const cJSON *value, int rc)
{
    return err_wrap(r->err, rc, "%s:%d", yaml_name(r->doc), yaml_line(r->doc, value));
}

/* ---- The parts of the front matter that are not settings ------------------------------------ */

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (!name_char(text[i]))
            return false;
    return len > 0 && len <= NAME_LIMIT;
}

static int take_name(const struct reader *r, const cJSON *value)
{
    if (!cJSON_IsString(value) || !is_name(value->valuestring))
        return at_line(r, value,
                       err_set(r->err, E_PARSE,
                               "name: expected letters, digits, - and _, at most %d", NAME_LIMIT));
    r->agent->name = mem_text(value->valuestring);
    return 0;
}

static int take_description(const struct reader *r, const cJSON *value)
{
    if (!cJSON_IsString(value) || strlen(value->valuestring) > DESCRIPTION_LIMIT)
        return at_line(r, value,
                       err_set(r->err, E_PARSE, "description: expected text of at most %d bytes",
                               DESCRIPTION_LIMIT));
    r->agent->description = mem_text(value->valuestring);
    return 0;
}

static bool is_all(const char *tool)
{
    return strcmp(tool, "*") == 0;
}

/* A built-in tool's name, where the caller knows them. */
static int check_tool(const struct reader *r, const cJSON *entry)
{
    const char *name = entry->valuestring;
    const char *const *known = r->checks ? r->checks->tools : NULL;
    size_t count = 0;

    if (!known || is_all(name))
        return 0;
    for (; known[count]; count++)
        if (strcmp(known[count], name) == 0)
            return 0;
    const char *nearest = str_nearest(name, known, count);
    if (nearest)
        return err_set(r->err, E_NOTFOUND, "tools: no built-in tool '%.60s'; did you mean '%s'?",
                       name, nearest);
    return err_set(r->err, E_NOTFOUND, "tools: no built-in tool '%.60s'", name);
}

static int take_command(const struct reader *r, const cJSON *entry)
{
    const cJSON *where = NULL;
    int rc = r->checks && r->checks->command ? r->checks->command(entry, &where, r->err) : 0;

    if (rc)
        return at_line(r, where ? where : entry, err_wrap(r->err, rc, "tools"));
    cJSON_AddItemToArray(r->commands, cJSON_Duplicate(entry, true));
    return 0;
}

static int take_tool(const struct reader *r, const cJSON *entry, struct buf *names)
{
    if (cJSON_IsObject(entry))
        return take_command(r, entry);
    if (!cJSON_IsString(entry) || (!is_name(entry->valuestring) && !is_all(entry->valuestring)))
        return at_line(r, entry,
                       err_set(r->err, E_PARSE,
                               "tools: expected a tool's name or a command tool (name, argv, …)"));
    int rc = check_tool(r, entry);
    if (rc)
        return at_line(r, entry, rc);
    return buf_printf(names, "%s%s", names->len ? "," : "", entry->valuestring);
}

/* The names go on as the setting `tools`: an agent with command tools alone has no built-in ones.
 */
static int take_tools(const struct reader *r, const cJSON *value)
{
    struct buf names;
    int rc = 0;

    buf_init(&names, AGENT_FILE_MAX);
    if (!cJSON_IsArray(value))
        rc = at_line(r, value, err_set(r->err, E_PARSE, "tools: expected a list"));
    for (const cJSON *entry = value->child; entry && rc == 0; entry = entry->next)
        rc = take_tool(r, entry, &names);
    if (rc == 0)
        rc = setting_lines_add(&r->agent->settings, r->doc, setting_find("tools"), names.data,
                               value, r->err);
    buf_free(&names);
    return rc;
}

static int take_model(const struct reader *r, const cJSON *value)
{
    const char *name = cJSON_IsObject(value) ? "model" : "model.name";

    return setting_lines_read(&r->agent->settings, r->doc, name, value, r->err);
}

static int take_base_url(const struct reader *r, const cJSON *value)
{
    return setting_lines_read(&r->agent->settings, r->doc, "model.base_url", value, r->err);
}

static int take_profile(const struct reader *r, const cJSON *value)
{
    return setting_lines_read(&r->agent->settings, r->doc, "provider.profile", value, r->err);
}

static const struct {
    const char *key;
    int (*take)(const struct reader *r, const cJSON *value);
} parts[] = {
    {"name", take_name},   {"description", take_description}, {"tools", take_tools},
    {"model", take_model}, {"base_url", take_base_url},       {"profile", take_profile},
};

#define PARTS (sizeof parts / sizeof *parts)

/* The part that a wrong key was probably meant to be, or NULL. */
static const char *nearest_part(const char *key)
{
    const char *keys[PARTS];

    for (size_t i = 0; i < PARTS; i++)
        keys[i] = parts[i].key;
    return str_nearest(key, keys, PARTS);
}

static int take_member(const struct reader *r, const cJSON *value)
{
    const char *key = value->string, *nearest;

    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(parts[i].key, key) == 0)
            return parts[i].take(r, value);
    nearest = setting_find(key) || setting_is_section(key) ? NULL : nearest_part(key);
    if (nearest)
        return at_line(
            r, value,
            err_set(r->err, E_NOTFOUND, "no key '%.60s'; did you mean '%s'?", key, nearest));
    return setting_lines_read(&r->agent->settings, r->doc, value->string, value, r->err);
}

static int take_front(const struct reader *r)
{
    const cJSON *root = yaml_root(r->doc);
    int rc = cJSON_IsObject(root) ? 0
                                  : err_set(r->err, E_PARSE, "%s:2: expected `name: …` and so on",
                                            yaml_name(r->doc));

    for (const cJSON *member = root->child; member && rc == 0; member = member->next)
        rc = take_member(r, member);
    if (rc == 0 && !r->agent->name)
        rc = err_set(r->err, E_PARSE, "%s:1: the agent has no name: add `name: …`",
                     yaml_name(r->doc));
    if (rc == 0 && cJSON_GetArraySize(r->commands) > 0)
        r->agent->commands = json_print(r->commands);
    return rc;
}

/* ---- The file ------------------------------------------------------------------------------- */

/* The line at text[from..len): its length without the line end; *next = where the following begins.
 */
static size_t line_at(const char *text, size_t len, size_t from, size_t *next)
{
    const char *end = memchr(text + from, '\n', len - from);
    size_t stop = end ? (size_t)(end - text) : len;

    *next = end ? stop + 1 : len;
    if (stop > from && text[stop - 1] == '\r')
        stop--;
    return stop - from;
}

static bool is_fence(const char *line, size_t len)
{
    while (len > 3 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    return len == 3 && memcmp(line, "---", 3) == 0;
}

/* Where the front matter and the body stand. */
struct layout {
    size_t front, front_end, body;
};

static int find_parts(struct layout *out, const char *name, const char *text, size_t len,
                      struct err *err)
{
    size_t at, next;
    size_t first = line_at(text, len, 0, &next);

    if (!is_fence(text, first))
        return err_set(err, E_PARSE, "%s:1: an agent file begins with a line of three dashes: ---",
                       name);
    out->front = next;
    for (at = next; at < len; at = next) {
        size_t line = line_at(text, len, at, &next);

        if (is_fence(text + at, line)) {
            out->front_end = at;
            out->body = next;
            return 0;
        }
    }
    return err_set(err, E_PARSE, "%s:1: the line --- that ends the front matter is missing", name);
}

static bool is_blank(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    return len == 0;
}

/* The body without blank lines at its ends. */
static char *system_of(const char *body, size_t len)
{
    size_t from = 0;

    while (from < len) {
        size_t next, line = line_at(body, len, from, &next);

        if (!is_blank(body + from, line))
            break;
        from = next;
    }
    while (len > from && strchr(" \t\r\n", body[len - 1]))
        len--;
    return mem_copy(body + from, len - from);
}

/* The front matter with one empty line before it, so that its lines count as the file's do. */
static int read_front(struct yaml **out, const char *name, const char *text,
                      const struct layout *at, struct err *err)
{
    struct buf front;

    buf_init(&front, AGENT_FILE_MAX + 1);
    int rc = buf_char(&front, '\n');
    rc = rc ? rc : buf_add(&front, text + at->front, at->front_end - at->front);
    rc = rc ? rc : yaml_parse(out, name, front.data, front.len, err);
    buf_free(&front);
    return rc;
}

static int parse(struct agent_file *agent, const char *text, size_t len,
                 const struct agent_checks *checks, struct err *err)
{
    struct yaml *doc = NULL;
    struct layout at = {0};
    int rc = find_parts(&at, agent->source, text, len, err);

    if (rc == 0)
        rc = read_front(&doc, agent->source, text, &at, err);
    if (rc == 0) {
        struct reader reader = {.agent = agent,
                                .doc = doc,
                                .checks = checks,
                                .commands = cJSON_CreateArray(),
                                .err = err};

        rc = take_front(&reader);
        cJSON_Delete(reader.commands);
        agent->system = system_of(text + at.body, len - at.body);
    }
    yaml_drop(doc);
    return rc;
}

int agent_file_parse(struct agent_file **out, const char *name, const char *text, size_t len,
                     const struct agent_checks *checks, struct err *err)
{
    struct err box = {0}; /* messages are built in steps, so there is always one */
    int rc = 0;

    if (!err)
        err = &box;
    if (len > AGENT_FILE_MAX)
        return err_set(err, E_TOOBIG, "%s: larger than %u bytes", name, AGENT_FILE_MAX);
    if (len >= 3 && memcmp(text, UTF8_MARK, 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (!utf8_valid(text, len) || memchr(text, '\0', len))
        return err_set(err, E_PARSE, "%s: not UTF-8 text", name);
    struct agent_file *agent = mem_new(sizeof *agent);
    agent->source = mem_text(name);
    rc = parse(agent, text, len, checks, err);
    if (rc)
        agent_file_free(agent);
    else
        *out = agent;
    return rc;
}

int agent_file_load(struct agent_file **out, const char *path, const struct agent_checks *checks,
                    struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    int rc = path_read(&text, &len, path, AGENT_FILE_MAX, err);

    if (rc == 0)
        rc = agent_file_parse(out, path, text, len, checks, err);
    free(text);
    return rc;
}

void agent_file_free(struct agent_file *agent)
{
    if (!agent)
        return;
    setting_lines_free(&agent->settings);
    free(agent->source);
    free(agent->name);
    free(agent->description);
    free(agent->system);
    free(agent->commands);
    free(agent);
}

/* ---- By name ------------------------------------------------------------------------------- */

/* The name of an embedded agent, or NULL when the file is something else. Yours. */
static char *embedded_name(const struct embed *file)
{
    const char *base = path_base(file->name);
    const char *dir = strstr(file->name, BUILTIN_DIR);

    if (!dir || dir + strlen(BUILTIN_DIR) != base || !str_ends(base, SUFFIX))
        return NULL;
    return mem_copy(base, strlen(base) - strlen(SUFFIX));
}

static const struct embed *embedded(const char *name)
{
    for (const struct embed *file = embed_table; file->name; file++) {
        char *known = embedded_name(file);
        bool same = str_eq(known, name);

        free(known);
        if (same)
            return file;
    }
    return NULL;
}

static int find_embedded(struct agent_file **out, const char *name,
                         const struct agent_checks *checks, struct err *err)
{
    const struct embed *file = embedded(name);

    if (!file)
        return E_NOTFOUND;
    char *source = mem_printf("%s (built in)", name);
    int rc = agent_file_parse(out, source, (const char *)file->bytes, file->size, checks, err);
    free(source);
    return rc;
}

static int not_found(const char *dir, const char *name, struct err *err)
{
    struct text_list names = {0};
    int rc = agent_file_list(&names, dir, err);

    if (rc == 0) {
        const char *nearest = str_nearest(name, (const char *const *)names.at, names.count);

        rc = nearest
                 ? err_set(err, E_NOTFOUND, "no agent '%.60s'; did you mean '%s'?", name, nearest)
                 : err_set(err, E_NOTFOUND, "no agent '%.60s'", name);
    }
    text_list_free(&names);
    return rc;
}

int agent_file_find(struct agent_file **out, const char *dir, const char *name,
                    const struct agent_checks *checks, struct err *err)
{
    int rc = E_NOTFOUND;

    if (strchr(name, '/') || str_ends(name, SUFFIX))
        return agent_file_load(out, name, checks, err);
    if (dir && is_name(name)) {
        char *file = mem_printf("%s/%s" SUFFIX, dir, name);
        bool there = access(file, F_OK) == 0;

        if (there) /* a setting in it that does not exist is E_NOTFOUND too */
            rc = agent_file_load(out, file, checks, err);
        free(file);
        if (there)
            return rc;
    }
    rc = find_embedded(out, name, checks, err);
    return rc == E_NOTFOUND ? not_found(dir, name, err) : rc;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i], text) == 0)
            return true;
    return false;
}

static int list_dir(struct text_list *out, const char *dir, struct err *err)
{
    DIR *stream = opendir(dir);
    const struct dirent *entry;

    if (!stream)
        return errno == ENOENT ? 0 : err_sys(err, errno, "%s", dir);
    while ((entry = readdir(stream))) {
        if (!str_ends(entry->d_name, SUFFIX))
            continue;
        char *name = mem_copy(entry->d_name, strlen(entry->d_name) - strlen(SUFFIX));
        if (is_name(name))
            text_list_add(out, name);
        free(name);
    }
    (void)closedir(stream); /* it was only read */
    return 0;
}

int agent_file_list(struct text_list *out, const char *dir, struct err *err)
{
    int rc = dir ? list_dir(out, dir, err) : 0;

    if (rc)
        return rc;
    for (const struct embed *file = embed_table; file->name; file++) {
        char *name = embedded_name(file);

        if (name && !has(out, name))
            text_list_add(out, name);
        free(name);
    }
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, by_text);
    return 0;
}
