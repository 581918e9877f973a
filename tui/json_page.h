/* SPDX-License-Identifier: MIT */
/*
 * JSON laid out at a width: a row of the tree takes as many lines as it needs, a folded one never
 * more than one. Owner: tui.
 */
#ifndef TUI_JSON_PAGE_H
#define TUI_JSON_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct json_page;
struct lines;

/* Copies the text; NULL when it is no JSON object or array, or a longer one than anybody folds. All
   is open, or, where that were many rows, the outermost alone. */
struct json_page *json_page_new(const char *text, size_t len);
void json_page_free(struct json_page *page);

/* Laid out anew when width or folds changed since the last time; borrowed until then. */
const struct lines *json_page_lines(struct json_page *page, int width);

enum json_fold { JSON_FOLD, JSON_UNFOLD, JSON_TOGGLE };
/* What a line belongs to; returns the line where that starts, after the next layout. */
size_t json_page_fold(struct json_page *page, size_t line, enum json_fold fold);
void json_page_fold_all(struct json_page *page, bool fold); /* all but the outermost */

#endif
