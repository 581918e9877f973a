/* SPDX-License-Identifier: MIT */
/*
 * JSON as foldable rows, one value each; a text of several lines folds open into its lines. Shown
 * is what is written, not what a parser made of it: numbers keep their digits, keys their order and
 * their doubles. What is no JSON is shown as the text it is. Made harmless when drawn. Owner: tui.
 */
#ifndef TUI_JSON_TREE_H
#define TUI_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct json_tree;
struct lines;

/* Copies the text. All containers are open, texts of several lines folded. */
void json_tree_new(struct json_tree **out, const char *text, size_t len);
void json_tree_free(struct json_tree *tree);

/* Why it is shown as plain text; NULL when it is JSON. */
const char *json_tree_error(const struct json_tree *tree);

size_t json_tree_count(const struct json_tree *tree); /* rows that show */
/* Appends a row as one line. */
void json_tree_write(const struct json_tree *tree, size_t row, struct lines *out);
int json_tree_depth(const struct json_tree *tree, size_t row); /* containers it is inside of */

/* Folds or unfolds what starts at a row (or what the row is inside of, when nothing starts there);
   returns the row where it starts. */
size_t json_tree_toggle(struct json_tree *tree, size_t row);
bool json_tree_is_folded(const struct json_tree *tree, size_t row);
/* Opens whatever stands less deep than depth, texts too; folds the rest. */
void json_tree_unfold(struct json_tree *tree, size_t depth);

#endif
