/* SPDX-License-Identifier: MIT */
/* Rows of history as JSON objects, the form in which the shell's commands print them. Yours. */
#ifndef TUI_ROW_JSON_H
#define TUI_ROW_JSON_H

#include <cjson/cJSON.h>

struct attempt_row;
struct call_row;
struct checkpoint_row;
struct effect_row;
struct node_row;
struct run_row;

cJSON *row_json_run(const struct run_row *row);
cJSON *row_json_node(const struct node_row *row);
cJSON *row_json_checkpoint(const struct checkpoint_row *row);
cJSON *row_json_call(const struct call_row *row);
cJSON *row_json_effect(const struct effect_row *row);
cJSON *row_json_attempt(const struct attempt_row *row);

#endif
