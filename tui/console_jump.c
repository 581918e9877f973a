/* SPDX-License-Identifier: MIT */
/* Roll back, undo and redo: where the head would go and what that means, shown before it goes. */
#include "tui/console_data.h"

#include "core/base/clock.h"
#include "history/query_jump.h"
#include "tui/checkpoints.h"
#include "tui/document.h"
#include "tui/figure.h"
#include "tui/timeline.h"

#define PREVIEW_SHOWN 12 /* effects that a preview lists */

static void add_effects(struct document *doc, const struct jump_preview *preview)
{
    char ago[FIGURE];

    for (size_t i = 0; i < preview->count; i++) {
        const struct effect_row *effect = &preview->first[i];

        figure_clock(ago, effect->started_us);
        document_printf(doc, ROLE_EFFECT, "  ⚠ %s  %s  %s", effect->tool,
                        effect_word(effect->state), ago);
    }
    if (preview->effects > (int64_t)preview->count)
        document_printf(doc, ROLE_EFFECT, "  … and %lld more",
                        (long long)(preview->effects - (int64_t)preview->count));
}

static void add_preview(struct document *doc, const struct jump_preview *preview,
                        const struct node_row *node)
{
    document_printf(doc, ROLE_TEXT, "The head goes to step %lld%s%s%s (iteration %lld).",
                    (long long)preview->to, node->label ? " «" : "", node->label ? node->label : "",
                    node->label ? "»" : "", (long long)node->iteration);
    document_printf(doc, ROLE_TEXT, "%lld message%s leave%s the conversation%s",
                    (long long)preview->messages, preview->messages == 1 ? "" : "s",
                    preview->messages == 1 ? "s" : "",
                    preview->forward ? "; those that were rolled back return."
                                     : ". They stay in history: u undoes this.");
    if (preview->effects > 0) {
        document_printf(doc, ROLE_EFFECT, "%lld call%s touched the world and cannot be undone:",
                        (long long)preview->effects, preview->effects == 1 ? "" : "s");
        add_effects(doc, preview);
    } else {
        document_printf(doc, ROLE_OK, "No call behind it touched the world.");
    }
    document_printf(doc, ROLE_DIM, "Files do not go back yet: the workspace stays as it is.");
}

static unsigned preview(struct console *console, const char *title, int64_t to,
                        const struct answer *answers, const char *number_name)
{
    struct model *model = &console->model;
    struct jump_preview jump_to;
    struct node_row node;
    struct arena arena = {0};
    struct err err = {0};

    if (query_preview(model->query, &arena, model->run, to, PREVIEW_SHOWN, &jump_to, &err) < 0 ||
        query_node(model->query, &arena, model->run, to, &node, &err) < 0) {
        console_say(console, true, err.msg);
    } else {
        struct panel *question = question_open(&(struct question_options){
            .title = title, .answers = answers, .number_name = number_name, .number = to});

        add_preview(question_text(question), &jump_to, &node);
        console_push(console, question);
    }
    arena_free(&arena);
    return DID_REDRAW;
}

/* The nearest checkpoint at or before a depth of the path; 0 = none. */
static int64_t checkpoint_before(const struct model *model, int64_t depth)
{
    struct checkpoint_row row;
    struct arena arena = {0};
    int64_t found = 0;

    if (depth >= 0 &&
        query_checkpoint_at(model->query, &arena, &model->path, depth, &row, NULL) == 0)
        found = row.node;
    arena_free(&arena);
    return found;
}

int64_t console_checkpoint(const struct console *console)
{
    const struct model *model = &console->model;
    int64_t at = timeline_node(console->panels[LAYOUT_TIMELINE]);
    int64_t found = checkpoint_before(model, model->path.depth);
    struct arena arena = {0};
    struct node_row node;

    if (console->focus == LAYOUT_CHECKPOINTS)
        return checkpoints_node(console->panels[LAYOUT_CHECKPOINTS]);
    if (at && query_node(model->query, &arena, model->run, at, &node, NULL) == 0)
        found = node.checkpoint ? node.node : checkpoint_before(model, node.depth);
    arena_free(&arena);
    return found;
}

static const struct answer rollback_answers[] = {
    {.key = "Enter", .label = "roll back", .verb = "rollback"},
    {.key = "Esc", .label = "leave it as it is"},
    {.key = NULL}};
static const struct answer undo_answers[] = {
    {.key = "Enter", .label = "undo the roll-back", .verb = "undo"},
    {.key = "Esc", .label = "leave it as it is"},
    {.key = NULL}};
static const struct answer redo_answers[] = {
    {.key = "Enter", .label = "roll back again", .verb = "redo"},
    {.key = "Esc", .label = "leave it as it is"},
    {.key = NULL}};

unsigned console_roll_back(struct console *console)
{
    int64_t to = console_checkpoint(console);

    if (to == console->model.path.head) /* there already: one further back */
        to = checkpoint_before(&console->model, console->model.path.depth - 1);
    if (!to) {
        console_say(console, true,
                    "there is no checkpoint before this: the first comes with a model call");
        return DID_REDRAW;
    }
    return preview(console, "Roll back", to, rollback_answers, "to");
}

unsigned console_undo(struct console *console, bool again)
{
    int64_t to = again ? console->model.redo : console->model.undo;

    if (!to) {
        console_say(console, false,
                    again ? "there is nothing to redo" : "there is nothing to undo");
        return DID_REDRAW;
    }
    return preview(console, again ? "Redo" : "Undo", to, again ? redo_answers : undo_answers, NULL);
}
