/* SPDX-License-Identifier: MIT */
/*
 * What a piece of the screen means. Panels name roles; themes give each role its colours and
 * attributes; only the display knows what the terminal can show. One list, several tables.
 */
#ifndef TUI_ROLE_H
#define TUI_ROLE_H

/* ROLE(constant, name in themes/, what it is for) */
#define ROLES(ROLE)                                                                                \
    ROLE(TEXT, "text", "everything that has no role of its own; what a theme leaves out inherits") \
    ROLE(DIM, "dim", "what may be overlooked: units, separators, old rows")                        \
    ROLE(STRONG, "strong", "what should be read first")                                            \
    ROLE(EMPHASIS, "emphasis", "stressed words")                                                   \
    ROLE(ACCENT, "accent", "the program's own colour: its name, marks of focus")                   \
    ROLE(HEADER, "header", "the line at the top")                                                  \
    ROLE(HINT, "hint", "what a key does, in the line at the bottom")                               \
    ROLE(HINT_KEY, "hint-key", "the key before it")                                                \
    ROLE(BORDER, "border", "lines around panels")                                                  \
    ROLE(BORDER_FOCUS, "border-focus", "lines around the panel that has the keys")                 \
    ROLE(TITLE, "title", "a panel's name")                                                         \
    ROLE(TITLE_FOCUS, "title-focus", "the name of the panel that has the keys")                    \
    ROLE(SELECTION, "selection", "background of the row under the cursor")                         \
    ROLE(MATCH, "match", "what a search found")                                                    \
    ROLE(MATCH_NOW, "match-now", "the match where the search stands")                              \
    ROLE(OK, "ok", "went well; healthy; breaker closed")                                           \
    ROLE(WARN, "warn", "needs a look; degraded; breaker half open")                                \
    ROLE(ERROR, "error", "failed; critical; breaker open")                                         \
    ROLE(INFO, "info", "worth knowing")                                                            \
    ROLE(STATE_MODEL, "state-model", "time spent in the model")                                    \
    ROLE(STATE_TOOL, "state-tool", "time spent in tools")                                          \
    ROLE(STATE_RETRY, "state-retry", "time spent waiting to retry")                                \
    ROLE(STATE_PERSON, "state-person", "time spent waiting for a person")                          \
    ROLE(STATE_IDLE, "state-idle", "any other time")                                               \
    ROLE(BY_USER, "user", "said by the operator")                                                  \
    ROLE(BY_MODEL, "model", "said by the model")                                                   \
    ROLE(REASONING, "reasoning", "thought by the model")                                           \
    ROLE(BY_TOOL, "tool", "a tool's name and result")                                              \
    ROLE(BY_SYSTEM, "system", "said by rerail to the model")                                       \
    ROLE(NUMBER, "number", "figures")                                                              \
    ROLE(LABEL, "label", "names that the operator gave")                                           \
    ROLE(BRANCH, "branch", "branches and their lines")                                             \
    ROLE(EFFECT, "effect", "an effect that rolling back does not undo")                            \
    ROLE(INJECTED, "injected", "a fault made on purpose")                                          \
    ROLE(GAUGE, "gauge", "the full part of a gauge")                                               \
    ROLE(GAUGE_EMPTY, "gauge-empty", "its empty part")                                             \
    ROLE(SPARK, "spark", "sparklines")                                                             \
    ROLE(PROMPT, "prompt", "what is being typed")                                                  \
    ROLE(PROMPT_MARK, "prompt-mark", "the sign before it")                                         \
    ROLE(COMPLETION, "completion", "a list over the panels: completions, the palette")             \
    ROLE(COMPLETION_NOW, "completion-now", "its chosen row")                                       \
    ROLE(COMPLETION_MATCH, "completion-match", "letters of a row that were typed")                 \
    ROLE(DIALOG, "dialog", "a question's surface")                                                 \
    ROLE(DIALOG_BORDER, "dialog-border", "lines around it")                                        \
    ROLE(PICTURE, "picture", "stands for a byte that cannot be shown as itself")                   \
    ROLE(HEADING, "heading", "Markdown: headings")                                                 \
    ROLE(CODE, "code", "Markdown: code")                                                           \
    ROLE(CODE_BORDER, "code-border", "Markdown: lines around a block of code, tables, rules")      \
    ROLE(QUOTE, "quote", "Markdown: quotations")                                                   \
    ROLE(LINK, "link", "Markdown: links")                                                          \
    ROLE(BULLET, "bullet", "Markdown: signs and numbers of list items")                            \
    ROLE(JSON_KEY, "json-key", "JSON: keys")                                                       \
    ROLE(JSON_STRING, "json-string", "JSON: texts")                                                \
    ROLE(JSON_NUMBER, "json-number", "JSON: numbers")                                              \
    ROLE(JSON_LITERAL, "json-literal", "JSON: true, false, null")                                  \
    ROLE(JSON_MARK, "json-mark", "JSON: braces, commas, fold signs")                               \
    ROLE(DIFF_ADD, "diff-add", "a line that came")                                                 \
    ROLE(DIFF_ADD_WORD, "diff-add-word", "the part of it that is new")                             \
    ROLE(DIFF_DEL, "diff-del", "a line that went")                                                 \
    ROLE(DIFF_DEL_WORD, "diff-del-word", "the part of it that is gone")                            \
    ROLE(DIFF_HUNK, "diff-hunk", "where in the file a change is")                                  \
    ROLE(LINE_NUMBER, "line-number", "line numbers")

enum role {
#define ROLE(constant, name, help) ROLE_##constant,
    ROLES(ROLE)
#undef ROLE
        ROLE_COUNT
};

/* Beside colours: what a cell carries of its own, on top of its role's. */
enum attr {
    ATTR_BOLD = 1,
    ATTR_DIM = 2,
    ATTR_ITALIC = 4,
    ATTR_UNDERLINE = 8,
    ATTR_REVERSE = 16,
    ATTR_SELECTED = 32 /* ROLE_SELECTION's background, unless the role has one of its own */
};

const char *role_name(enum role role);           /* "border-focus" */
const char *role_help(enum role role);           /* one phrase */
int role_find(enum role *out, const char *name); /* 0, or -1 when there is no such role */
const char *role_nearest(const char *name);      /* a role's name for "did you mean", or NULL */

#endif
