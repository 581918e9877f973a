/* SPDX-License-Identifier: MIT */
#include "tui/theme.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/embed.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/yaml.h"

#define FOLDER     "themes/"
#define SUFFIX     ".yaml"
#define SAME       "text" /* in the place of a colour: as in text */
#define ABOUT_KEY  "about"
#define PALETTE    "palette"
#define WORD_COUNT 8

struct theme {
    char *about;
    struct style styles[ROLE_COUNT];
};

/* What reading needs; the palette is the document's own `palette` section. */
struct reader {
    const struct yaml *doc;
    struct theme *theme;
    struct buf *warnings;
    struct err *err;
};

/* The words of one value, cut apart in a copy. */
struct words {
    char *text;
    char *at[WORD_COUNT];
    size_t count;
};

struct attr_name {
    const char *name;
    unsigned bit;
};

static const struct attr_name attr_names[] = {
    {"bold", ATTR_BOLD},           {"dim", ATTR_DIM},         {"italic", ATTR_ITALIC},
    {"underline", ATTR_UNDERLINE}, {"reverse", ATTR_REVERSE},
};

static void split(struct words *words, const char *text)
{
    char *at = words->text = mem_text(text);

    words->count = 0;
    while (words->count < WORD_COUNT) {
        at += strspn(at, " \t");
        if (*at == '\0')
            break;
        words->at[words->count++] = at;
        at += strcspn(at, " \t");
        if (*at)
            *at++ = '\0';
    }
}

static int fail(const struct reader *r, const cJSON *value, const char *what, const char *word)
{
    return err_set(r->err, E_PARSE, "%s:%d: %s '%s'", yaml_name(r->doc), yaml_line(r->doc, value),
                   what, word);
}

static int bad_colour(const struct reader *r, const cJSON *value, const char *word)
{
    const char *nearest = colour_nearest(word);

    if (!nearest)
        return fail(r, value, "no such colour", word);
    return err_set(r->err, E_PARSE, "%s:%d: no such colour '%s'; did you mean '%s'?",
                   yaml_name(r->doc), yaml_line(r->doc, value), word, nearest);
}

/* A palette entry: a colour, and behind it, when wanted, what stands in among 16 colours. */
static int palette_colour(const struct reader *r, struct colour *out, const cJSON *entry)
{
    struct words words;
    struct colour basic;
    int rc = 0;

    if (!cJSON_IsString(entry))
        return fail(r, entry, "a colour is a text (one with '#' needs quotes):", entry->string);
    split(&words, entry->valuestring);
    if (words.count < 1 || words.count > 2)
        rc = fail(r, entry, "a palette entry is a colour, and one for 16 colours:", entry->string);
    else if (colour_parse(out, words.at[0]) < 0)
        rc = bad_colour(r, entry, words.at[0]);
    else if (words.count == 2 && colour_parse(&basic, words.at[1]) < 0)
        rc = bad_colour(r, entry, words.at[1]);
    else if (words.count == 2)
        out->basic = colour_code(&basic, COLOUR_16);
    free(words.text);
    return rc;
}

static int find_colour(const struct reader *r, struct colour *out, const cJSON *value,
                       const char *word)
{
    const cJSON *entry = json_get(json_object(yaml_root(r->doc), PALETTE), word);

    if (entry)
        return palette_colour(r, out, entry);
    return colour_parse(out, word) < 0 ? bad_colour(r, value, word) : 0;
}

static int find_attr(unsigned *attrs, const char *word)
{
    for (size_t i = 0; i < sizeof attr_names / sizeof *attr_names; i++)
        if (strcmp(attr_names[i].name, word) == 0) {
            *attrs |= attr_names[i].bit;
            return 0;
        }
    return -1;
}

/* "fg bg attrs": up to two colours, then attributes. */
static int parse_style(const struct reader *r, struct style *style, const cJSON *value)
{
    struct colour *const colours[] = {&style->fg, &style->bg};
    struct words words;
    size_t at = 0;
    int rc = 0;

    if (!cJSON_IsString(value) && !cJSON_IsNumber(value))
        return fail(r, value, "a role is `fg bg attributes` (a colour with '#' needs quotes):",
                    value->string);
    char number[16];
    snprintf(number, sizeof number, "%d", value->valueint);
    split(&words, cJSON_IsString(value) ? value->valuestring : number);
    style->attrs = 0;
    for (; rc == 0 && at < words.count && at < 2; at++) {
        if (find_attr(&style->attrs, words.at[at]) == 0)
            continue;
        if (strcmp(words.at[at], SAME) != 0)
            rc = find_colour(r, colours[at], value, words.at[at]);
    }
    for (; rc == 0 && at < words.count; at++)
        if (find_attr(&style->attrs, words.at[at]) < 0)
            rc = fail(r, value, "no such attribute", words.at[at]);
    free(words.text);
    return rc;
}

static void warn(const struct reader *r, const cJSON *value)
{
    const char *nearest = role_nearest(value->string);

    if (!r->warnings)
        return;
    int rc = buf_printf(r->warnings, "%s:%d: no such role '%s'", yaml_name(r->doc),
                        yaml_line(r->doc, value), value->string);
    if (rc == 0 && nearest)
        rc = buf_printf(r->warnings, "; did you mean '%s'?", nearest);
    if (rc == 0)
        rc = buf_char(r->warnings, '\n');
    (void)rc; /* a full box of warnings has enough of them */
}

static int parse_line(const struct reader *r, const cJSON *value)
{
    enum role role;

    if (strcmp(value->string, PALETTE) == 0 || strcmp(value->string, ABOUT_KEY) == 0)
        return 0;
    if (role_find(&role, value->string) < 0) {
        warn(r, value);
        return 0;
    }
    return role == ROLE_TEXT ? 0 : parse_style(r, &r->theme->styles[role], value);
}

/* An entry that no role uses is checked like the others: a slip should be found. */
static int check_palette(const struct reader *r)
{
    const cJSON *palette = json_object(yaml_root(r->doc), PALETTE);
    struct colour colour;
    int rc = 0;

    for (const cJSON *e = palette ? palette->child : NULL; rc == 0 && e; e = e->next)
        rc = palette_colour(r, &colour, e);
    return rc;
}

static int parse_document(const struct reader *r)
{
    const cJSON *root = yaml_root(r->doc), *text;
    struct style base = {.fg.basic = COLOUR_BASIC_NONE, .bg.basic = COLOUR_BASIC_NONE};
    int rc;

    if (!cJSON_IsObject(root))
        return err_set(r->err, E_PARSE, "%s:1: a theme is one `role: fg bg attributes` a line",
                       yaml_name(r->doc));
    text = json_get(root, role_name(ROLE_TEXT));
    rc = check_palette(r);
    if (rc == 0 && text)
        rc = parse_style(r, &base, text);
    for (enum role role = 0; role < ROLE_COUNT; role++)
        r->theme->styles[role] = base;
    for (const cJSON *value = root->child; rc == 0 && value; value = value->next)
        rc = parse_line(r, value);
    if (rc == 0 && json_text(root, ABOUT_KEY))
        r->theme->about = mem_text(json_text(root, ABOUT_KEY));
    return rc;
}

/* Takes the document. */
static int read_document(struct theme **out, struct yaml *doc, struct buf *warnings,
                         struct err *err)
{
    struct theme *theme = mem_new(sizeof *theme);
    struct reader reader = {doc, theme, warnings, err};
    int rc = parse_document(&reader);

    yaml_drop(doc);
    if (rc < 0) {
        theme_free(theme);
        return rc;
    }
    *out = theme;
    return 0;
}

int theme_parse(struct theme **out, const char *name, const char *text, size_t len,
                struct buf *warnings, struct err *err)
{
    struct yaml *doc = NULL;
    int rc = yaml_parse(&doc, name, text, len, err);

    return rc < 0 ? rc : read_document(out, doc, warnings, err);
}

static int open_file(struct theme **out, const char *name, const char *dir, struct buf *warnings,
                     struct err *err)
{
    struct yaml *doc = NULL;
    char *file = mem_printf("%s%s", name, SUFFIX), *path = path_join(dir, file);
    int rc = yaml_load(&doc, path, err);

    free(path);
    free(file);
    return rc < 0 ? rc : read_document(out, doc, warnings, err);
}

static bool is_theme(const struct embed *file)
{
    return str_starts(file->name, FOLDER) && str_ends(file->name, SUFFIX);
}

bool theme_builtin(char out[THEME_NAME], size_t index)
{
    for (const struct embed *file = embed_table; file->name; file++)
        if (is_theme(file) && index-- == 0) {
            size_t len = strlen(file->name) - strlen(FOLDER) - strlen(SUFFIX);
            snprintf(out, THEME_NAME, "%.*s", (int)len, file->name + strlen(FOLDER));
            return true;
        }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct theme_info *)a)->name, ((const struct theme_info *)b)->name);
}

static bool is_listed(const struct theme_info *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

/* Names of the operator's files that no built-in theme has. */
static size_t add_own(struct theme_info *out, size_t count, const char *dir)
{
    DIR *stream = dir ? opendir(dir) : NULL; /* most have no such folder */
    struct dirent *entry;

    if (!stream)
        return count;
    while (count < THEME_LIST && (entry = readdir(stream))) {
        size_t len = strlen(entry->d_name);
        char name[THEME_NAME];

        if (entry->d_name[0] == '.' || !str_ends(entry->d_name, SUFFIX) ||
            len - strlen(SUFFIX) >= THEME_NAME)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(len - strlen(SUFFIX)), entry->d_name);
        if (!is_listed(out, count, name))
            memcpy(out[count++].name, name, sizeof name);
    }
    (void)closedir(stream); /* it was only read */
    return count;
}

static size_t list_names(struct theme_info *out, const char *dir)
{
    size_t count = 0;

    while (count < THEME_LIST && theme_builtin(out[count].name, count))
        count++;
    count = add_own(out, count, dir);
    qsort(out, count, sizeof *out, by_name);
    return count;
}

static int no_such_theme(const char *name, const char *dir, struct err *err)
{
    struct theme_info all[THEME_LIST];
    const char *names[THEME_LIST];
    size_t count = list_names(all, dir);

    for (size_t i = 0; i < count; i++)
        names[i] = all[i].name;
    const char *nearest = str_nearest(name, names, count);
    if (nearest)
        return err_set(err, E_NOTFOUND, "no theme '%s'; did you mean '%s'?", name, nearest);
    return err_set(err, E_NOTFOUND, "no theme '%s' (`rerail themes` lists them)", name);
}

static int open_builtin(struct theme **out, const char *name, const char *dir, struct buf *warnings,
                        struct err *err)
{
    char *path = mem_printf("%s%s%s", FOLDER, name, SUFFIX);
    const struct embed *file = embed_find(path);

    free(path);
    if (!file)
        return no_such_theme(name, dir, err);
    return theme_parse(out, file->name, (const char *)file->bytes, file->size, warnings, err);
}

int theme_open(struct theme **out, const char *name, const char *dir, struct buf *warnings,
               struct err *err)
{
    if (strchr(name, '/') || name[0] == '.')
        return err_set(err, E_NOTFOUND, "'%s' is a path, not the name of a theme", name);
    int rc = dir ? open_file(out, name, dir, warnings, err) : E_NOTFOUND;
    return rc == E_NOTFOUND ? open_builtin(out, name, dir, warnings, err) : rc;
}

void theme_free(struct theme *theme)
{
    if (!theme)
        return;
    free(theme->about);
    free(theme);
}

const char *theme_about(const struct theme *theme)
{
    return theme->about ? theme->about : "";
}

size_t theme_list(struct theme_info out[THEME_LIST], const char *dir)
{
    size_t count = list_names(out, dir);

    for (size_t i = 0; i < count; i++) {
        struct theme *theme = NULL;
        struct err err = {0};

        (void)theme_open(&theme, out[i].name, dir, NULL, &err); /* the list says why not */
        (void)str_format(out[i].about, sizeof out[i].about, "%s",
                         theme ? theme_about(theme) : err.msg);
        theme_free(theme);
    }
    return count;
}

const struct style *theme_style(const struct theme *theme, enum role role)
{
    return &theme->styles[role];
}

static bool same_colour(const struct colour *a, const struct colour *b)
{
    return a->kind == b->kind && a->index == b->index && a->rgb == b->rgb;
}

/* Without colour a surface of its own becomes reverse; on a chosen row, which is reverse too, it is
   turned back, so that it still stands out there. */
static void paint_mono(struct paint *paint, bool surface, bool chosen)
{
    paint->attrs &= ~(unsigned)ATTR_REVERSE;
    if (surface != chosen)
        paint->attrs |= ATTR_REVERSE;
}

/* Colours of few that fell together would hide the text. */
static void keep_apart(struct paint *paint, const struct style *text, enum colour_level level)
{
    int plain = colour_code(&text->fg, level);

    if (paint->fg != paint->bg || paint->fg == COLOUR_CODE_DEFAULT)
        return;
    paint->fg = plain != paint->bg ? plain : COLOUR_CODE_DEFAULT;
}

/* Eight colours and bold make sixteen, as they always did; gray is a dim default there. */
static void paint_8(struct paint *paint, const struct colour *fg)
{
    int bright = colour_code(fg, COLOUR_16);

    if (bright == 8) {
        paint->fg = COLOUR_CODE_DEFAULT;
        paint->attrs |= ATTR_DIM;
    } else if (bright > 8) {
        paint->attrs |= ATTR_BOLD;
    }
}

struct paint theme_paint(const struct theme *theme, enum role role, unsigned attrs,
                         enum colour_level level)
{
    const struct style *text = &theme->styles[ROLE_TEXT], *style = &theme->styles[role];
    const struct style *chosen = &theme->styles[ROLE_SELECTION];
    bool selected = attrs & ATTR_SELECTED, surface = !same_colour(&style->bg, &text->bg);
    const struct colour *bg = selected && !surface ? &chosen->bg : &style->bg;
    struct paint paint = {.fg = colour_code(&style->fg, level), .bg = colour_code(bg, level)};

    paint.attrs =
        (attrs | style->attrs | (selected ? chosen->attrs : 0)) & ~(unsigned)ATTR_SELECTED;
    if (level == COLOUR_MONO) {
        bool reverse = !same_colour(&chosen->bg, &text->bg) || chosen->attrs & ATTR_REVERSE;
        paint_mono(&paint, surface || style->attrs & ATTR_REVERSE, selected && reverse);
        return paint;
    }
    if (level == COLOUR_8)
        paint_8(&paint, &style->fg);
    keep_apart(&paint, text, level);
    return paint;
}
