/* SPDX-License-Identifier: MIT */
#include "core/sim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/embed.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/sim/condition.h"

#define FOLDER     "core/sim/scenarios/"
#define ENDING     ".yaml"
#define NAMES_MAX  64
#define NAME_BYTES 64

/* ---- Reading ---- */

static int read_defaults(const struct strict *s, const cJSON *value, void *at)
{
    return pace_read(at, s, value);
}

static int read_expect(const struct strict *s, const cJSON *value, void *at)
{
    struct scenario *scenario = at;

    return expectation_read_list(&scenario->expects, &scenario->expect_count, s, value);
}

static int read_replies(const struct strict *s, const cJSON *value, void *at)
{
    struct scenario *scenario = at;
    const cJSON *entry;

    if (!cJSON_IsArray(value))
        return strict_fail(s, value, "replies: expected a list");
    scenario->replies = mem_array((size_t)cJSON_GetArraySize(value) + 1, sizeof(struct reply));
    cJSON_ArrayForEach(entry, value)
    {
        int rc = reply_read(&scenario->replies[scenario->reply_count++], s, entry);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static const struct strict_field fields[] = {
    {"description", strict_text, offsetof(struct scenario, description)},
    {"model", strict_text, offsetof(struct scenario, model)},
    {"defaults", read_defaults, offsetof(struct scenario, defaults)},
    {"expect", read_expect, 0},
    {"replies", read_replies, 0},
    {0},
};

/* What a reply leaves unsaid is as the defaults have it. */
static void inherit_pace(struct pace *pace, const struct pace *from)
{
    pace->latency_us = pace->latency_us < 0 ? from->latency_us : pace->latency_us;
    pace->rate = pace->rate < 0 ? from->rate : pace->rate;
    pace->chunk = pace->chunk < 0 ? from->chunk : pace->chunk;
}

static char *name_of(const char *source)
{
    const char *base = path_base(source);
    size_t len = strlen(base), end = strlen(ENDING);

    return mem_copy(base, str_ends(base, ENDING) && len > end ? len - end : len);
}

static int fill(struct scenario *out, struct err *err)
{
    const struct strict s = {.doc = out->doc, .err = err};
    int rc = strict_read(&s, yaml_root(out->doc), "a scenario", fields, out);

    if (rc == 0 && out->reply_count == 0)
        rc = strict_fail(&s, yaml_root(out->doc), "a scenario needs replies");
    for (size_t i = 0; i < out->reply_count; i++)
        inherit_pace(&out->replies[i].pace, &out->defaults);
    return rc;
}

int scenario_parse(struct scenario **out, const char *source, const char *text, size_t len,
                   struct err *err)
{
    struct scenario *scenario = mem_new(sizeof *scenario);

    scenario->defaults = (struct pace){.chunk = 1};
    int rc = yaml_parse(&scenario->doc, path_base(source), text, len, err);
    if (rc == 0)
        rc = fill(scenario, err);
    if (rc < 0) {
        scenario_free(scenario);
        return rc;
    }
    scenario->name = name_of(source);
    if (!scenario->model)
        scenario->model = mem_text("simulator");
    *out = scenario;
    return 0;
}

void scenario_free(struct scenario *scenario)
{
    if (!scenario)
        return;
    for (size_t i = 0; i < scenario->reply_count; i++)
        reply_clear(&scenario->replies[i]);
    free(scenario->replies);
    expectation_free_list(scenario->expects, scenario->expect_count);
    free(scenario->name);
    free(scenario->description);
    free(scenario->model);
    yaml_drop(scenario->doc);
    free(scenario);
}

/* ---- Finding ---- */

const char *scenario_embedded(size_t index, char *box, size_t cap)
{
    for (const struct embed *file = embed_table; file->name; file++) {
        if (!str_starts(file->name, FOLDER) || !str_ends(file->name, ENDING) || index-- > 0)
            continue;
        const char *name = file->name + strlen(FOLDER);
        (void)str_format(box, cap, "%.*s", (int)(strlen(name) - strlen(ENDING)), name);
        return box;
    }
    return NULL;
}

static int not_found(const char *name, struct err *err)
{
    char boxes[NAMES_MAX][NAME_BYTES];
    const char *names[NAMES_MAX];
    size_t count = 0;

    while (count < NAMES_MAX && (names[count] = scenario_embedded(count, boxes[count], NAME_BYTES)))
        count++;
    const char *nearest = str_nearest(name, names, count);
    if (nearest)
        return err_set(err, E_NOTFOUND, "no such scenario '%s': did you mean '%s'?", name, nearest);
    return err_set(err, E_NOTFOUND, "no such scenario '%s': give the path of a file", name);
}

static int load(struct scenario **out, const char *path, struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    int rc = path_read(&text, &len, path, SCENARIO_MAX, err);

    if (rc == 0)
        rc = scenario_parse(out, path, text, len, err);
    free(text);
    return rc;
}

int scenario_find(struct scenario **out, const char *spec, const char *share, struct err *err)
{
    if (strchr(spec, '/') || str_ends(spec, ENDING))
        return load(out, spec, err);
    char *name = mem_printf(FOLDER "%s" ENDING, spec);
    const struct embed *file = embed_find(name);
    int rc;
    if (file) {
        rc = scenario_parse(out, name, (const char *)file->bytes, file->size, err);
    } else if (share) {
        char *path = mem_printf("%s/%s" ENDING, share, spec);
        rc = load(out, path, err);
        free(path);
    } else {
        rc = E_NOTFOUND;
    }
    free(name);
    return rc == E_NOTFOUND ? not_found(spec, err) : rc;
}

/* ---- Asking ---- */

const struct reply *scenario_choose(const struct scenario *scenario, const struct asked *asked)
{
    for (size_t i = 0; i < scenario->reply_count; i++)
        if (condition_holds(scenario->replies[i].when, asked, NULL))
            return &scenario->replies[i];
    return NULL;
}

static size_t check_list(const struct scenario *scenario, const struct expectation *list,
                         size_t count, const struct asked *asked, struct buf *differs,
                         size_t *failed)
{
    size_t checked = 0;

    for (size_t i = 0; i < count; i++) {
        size_t before = differs->len;

        if (!condition_holds(list[i].when, asked, NULL))
            continue;
        checked++;
        (void)buf_printf(differs, "%s:%d: %s%s", yaml_name(scenario->doc), list[i].line,
                         list[i].name ? list[i].name : "", list[i].name ? ": " : "");
        if (condition_holds(list[i].that, asked, differs)) {
            buf_cut(differs, before);
            continue;
        }
        (void)buf_char(differs, '\n');
        (*failed)++;
    }
    return checked;
}

size_t scenario_expect(const struct scenario *scenario, const struct reply *reply,
                       const struct asked *asked, struct buf *differs, size_t *failed)
{
    size_t checked =
        check_list(scenario, scenario->expects, scenario->expect_count, asked, differs, failed);

    if (reply)
        checked +=
            check_list(scenario, reply->expects, reply->expect_count, asked, differs, failed);
    return checked;
}
