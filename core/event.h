/* SPDX-License-Identifier: MIT */
/*
 * Port: the event, the one vocabulary that crosses borders. The engine decides events, history
 * stores them in order (seq, no gaps), and screen, log and `exec --json` read them back from there,
 * so a live, an attached and a replayed run look the same to all of them. Names and fields are the
 * table in event.c, which also makes the documentation; the first five are the seed's.
 *
 * An event is thin: its body holds only what its columns and the rows it refers to do not say.
 * history/query.h expands one to the full line (message, arguments, usage) by its references.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#define EVENT_TYPES(X)                                                                             \
    X(SESSION_START, "session_start")                                                              \
    X(SESSION_COMPLETE, "session_complete")                                                        \
    X(SESSION_ERROR, "session_error")                                                              \
    X(TOOL_CALL, "tool_call")                                                                      \
    X(LLM_CALL, "llm_call")                                                                        \
    X(STATE_CHANGE, "state_change")                                                                \
    X(LLM_START, "llm_start")                                                                      \
    X(LLM_ATTEMPT, "llm_attempt")                                                                  \
    X(TOOL_START, "tool_start")                                                                    \
    X(TOOL_ATTEMPT, "tool_attempt")                                                                \
    X(RETRY, "retry")                                                                              \
    X(ADMISSION, "admission")                                                                      \
    X(BREAKER, "breaker")                                                                          \
    X(APPROVAL_WANTED, "approval_wanted")                                                          \
    X(APPROVAL_GIVEN, "approval_given")                                                            \
    X(IN_DOUBT, "in_doubt")                                                                        \
    X(DOUBT_RESOLVED, "doubt_resolved")                                                            \
    X(CHECKPOINT, "checkpoint")                                                                    \
    X(ROLLBACK, "rollback")                                                                        \
    X(FORK, "fork")                                                                                \
    X(INJECT, "inject")                                                                            \
    X(LIMIT, "limit")                                                                              \
    X(LOOP_GUARD, "loop_guard")                                                                    \
    X(RECOVERY, "recovery")                                                                        \
    X(VERB, "verb")                                                                                \
    X(SETTING, "setting")                                                                          \
    X(LABEL, "label")                                                                              \
    X(REPEATED_EFFECT, "repeated_effect")                                                          \
    X(OWNER, "owner")                                                                              \
    X(NOTICE, "notice")                                                                            \
    X(BREAKPOINT, "breakpoint")

enum event_type {
#define X(id, name) EVENT_##id,
    EVENT_TYPES(X)
#undef X
        EVENT_TYPE_COUNT
};

enum field_kind { FIELD_TEXT, FIELD_INT, FIELD_NUMBER, FIELD_BOOL, FIELD_OBJECT, FIELD_LIST };

struct event_field {
    const char *name;
    enum field_kind kind;
    const char *help;
};

struct event_info {
    const char *name;
    const char *help;
    const struct event_field *fields; /* ends with a NULL name */
};

const struct event_info *event_info(enum event_type type);
const char *event_name(enum event_type type);
int event_type_find(const char *name); /* the type, or -1 */

/* The fields that every line carries besides its own: timestamp, agent_id, session_id, … */
const struct event_field *event_common_fields(void);

#endif
