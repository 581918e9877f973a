/* SPDX-License-Identifier: MIT */
/*
 * A batch becomes one transaction: one function per kind of record. What a record must find as its
 * maker believes it (the head it moves, the ledger row it ends) is part of the statement's WHERE,
 * so that a run which somebody else has touched is refused, never overwritten.
 */
#include "history/store.h"

#include "core/base/bug.h"
#include "history/place.h"

#include <inttypes.h>

/* As the statements here and the indexes in schema.c have them. */
_Static_assert(EFFECT_INTENT == 0 && EFFECT_STARTED == 1 && EFFECT_IN_DOUBT == 5, "open effects");

static int refuse(struct record *r, struct err *err, const char *what, int64_t number)
{
    return err_set(err, E_FENCED, "run %" PRId64 ": %s %" PRId64 " is not as it was left", r->run,
                   what, number);
}

/* Runs a statement that must touch a row. */
static int change(struct history *history, const char *sql, const struct bind *args,
                  struct record *r, const char *what, int64_t number, struct err *err)
{
    int rc = db_run(history->db, sql, args, err);

    if (rc == 0 && db_changes(history->db) == 0)
        return refuse(r, err, what, number);
    return rc;
}

static int put_origin(struct history *history, struct record *r, struct err *err)
{
    static const char sql[] = "INSERT INTO origin(run, format, uid, us) VALUES(?, ?, ?, ?)";

    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_text(r->run_row.origin),
                       bind_text(r->run_row.origin_uid), bind_int(r->run_row.origin_us)),
                  err);
}

static int put_descent(struct history *history, struct record *r, struct err *err)
{
    static const char sql[] =
        "INSERT INTO descent(run, parent, step, race, lane) VALUES(?, ?, ?, ?, ?)";

    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_text(r->run_row.parent),
                       bind_int(r->run_row.parent_step), bind_text(r->run_row.race),
                       bind_text(r->run_row.lane)),
                  err);
}

static int put_run(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "INSERT INTO run(id, uid, title, agent, model, provider, workspace, config, created_us,"
        " updated_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";

    int rc = db_run(history->db, sql,
                    BIND(bind_int(r->run), bind_text(r->run_row.uid), bind_text(r->run_row.title),
                         bind_text(r->run_row.agent), bind_text(r->run_row.model),
                         bind_text(r->run_row.provider), bind_text(r->run_row.workspace),
                         bind_int(body), bind_int(r->wall_us)),
                    err);
    if (rc == 0 && r->run_row.origin)
        rc = put_origin(history, r, err);
    return rc == 0 && r->run_row.parent ? put_descent(history, r, err) : rc;
}

static int put_status(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "UPDATE run SET state=?, reason=?, iterations=?, tool_calls=?, errors=?, retries=?,"
        " tokens_in=?, tokens_out=?, tokens_cached=?, cost_microusd=?, branch=?, updated_us=?"
        " WHERE id=?";

    (void)body;
    return change(history, sql,
                  BIND(bind_int(r->status.state), bind_text(r->status.reason),
                       bind_int(r->status.iterations), bind_int(r->status.tool_calls),
                       bind_int(r->status.errors), bind_int(r->status.retries),
                       bind_int(r->status.tokens_in), bind_int(r->status.tokens_out),
                       bind_int(r->status.tokens_cached), bind_int(r->status.cost_microusd),
                       bind_int(r->status.branch), bind_int(r->wall_us), bind_int(r->run)),
                  r, "run", r->run, err);
}

static int put_input(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] = "INSERT INTO input(run, seq, type, wall_us, mono_us, random, facts,"
                              " blob, decision) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)";

    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->input.seq), bind_int(r->input.type),
                       bind_int(r->wall_us), bind_int(r->input.mono_us),
                       bind_int((int64_t)r->input.random), bind_text(r->input.facts),
                       bind_int(body), bind_hash(&r->input.decision)),
                  err);
}

static int put_segment(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] = "INSERT INTO segment(run, segment, parent, base) VALUES(?, ?, ?, ?)";

    (void)body;
    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->segment.segment),
                       bind_int(r->segment.parent_segment), bind_int(r->segment.base_depth)),
                  err);
}

static int put_node(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] = "INSERT INTO node(run, segment, depth, node, parent, kind, us, blob,"
                              " chain) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)";

    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->node.segment), bind_int(r->node.depth),
                       bind_int(r->node.node), bind_int(r->node.parent), bind_int(r->node.type),
                       bind_int(r->wall_us), bind_int(body), bind_hash(&r->node.chain)),
                  err);
}

static int put_branch(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] = "INSERT INTO branch(run, branch, name, head, base, from_branch, us)"
                              " VALUES(?, ?, ?, ?, ?, ?, ?)";

    (void)body;
    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->branch.branch), bind_text(r->branch.name),
                       bind_ref(r->branch.base), bind_int(r->branch.base),
                       bind_int(r->branch.from_branch), bind_int(r->wall_us)),
                  err);
}

static int put_jump(struct history *history, struct record *r, struct err *err)
{
    static const char sql[] =
        "INSERT INTO reflog(run, n, branch, from_node, to_node, op, actor, reason, us)"
        " VALUES(?1, (SELECT coalesce(max(n), 0) + 1 FROM reflog WHERE run=?1), ?2, ?3, ?4, ?5,"
        " ?6, ?7, ?8)";

    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->head.branch), bind_int(r->head.from),
                       bind_int(r->head.to), bind_int(r->head.op), bind_text(r->head.actor),
                       bind_text(r->head.reason), bind_int(r->wall_us)),
                  err);
}

static int put_head(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char swap[] = "UPDATE branch SET head=? WHERE run=? AND branch=? AND head IS ?";
    static const char force[] = "UPDATE branch SET head=? WHERE run=? AND branch=?"
                                " AND (head IS ? OR 1)";
    int rc = change(history, BUG(BUG_LOST_SWAP) ? force : swap,
                    BIND(bind_ref(r->head.to), bind_int(r->run), bind_int(r->head.branch),
                         bind_ref(r->head.from)),
                    r, "the head of branch", r->head.branch, err);

    (void)body;
    return rc == 0 && r->head.op != HEAD_APPEND ? put_jump(history, r, err) : rc;
}

static int put_checkpoint(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] = "INSERT INTO checkpoint(run, node, iteration, input_seq, us, summary)"
                              " VALUES(?, ?, ?, ?, ?, ?)";
    const void *packed;
    size_t len;

    (void)body;
    int rc = body_pack(history->packer, r->body ? r->body : "", r->len, &packed, &len, err);
    if (rc < 0)
        return rc;
    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->checkpoint.node),
                       bind_int(r->checkpoint.iteration), bind_int(r->checkpoint.input_seq),
                       bind_int(r->wall_us), bind_blob(packed, len)),
                  err);
}

static int put_call(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "INSERT INTO call(run, call, branch, parent, iteration, model,"
        " provider, params, request, us) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->call.call), bind_int(r->call.branch),
                       bind_int(r->call.parent), bind_int(r->call.iteration),
                       bind_text(r->call.model), bind_text(r->call.provider), bind_int(body),
                       bind_hash(&r->call.request), bind_int(r->wall_us)),
                  err);
}

static int put_call_end(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "UPDATE call SET ended=1, node=?, tokens_in=?, tokens_out=?, tokens_cached=?,"
        " tokens_reasoning=?, cost_microusd=?, duration_us=?, first_us=?, finish=?, error=?,"
        " model=coalesce(?, model) WHERE run=? AND call=? AND ended=0";

    (void)body;
    return change(history, sql,
                  BIND(bind_int(r->call.node), bind_int(r->call.tokens_in),
                       bind_int(r->call.tokens_out), bind_int(r->call.tokens_cached),
                       bind_int(r->call.tokens_reasoning), bind_int(r->call.cost_microusd),
                       bind_int(r->call.duration_us), bind_int(r->call.first_us),
                       bind_text(r->call.finish), bind_text(r->call.error),
                       bind_text(r->call.model), bind_int(r->run), bind_int(r->call.call)),
                  r, "call", r->call.call, err);
}

static int put_attempt(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "INSERT INTO attempt(run, call, effect, n, us, injected) VALUES(?, ?, ?, ?, ?, ?)";

    (void)body;
    return db_run(history->db, sql,
                  BIND(bind_int(r->run), bind_int(r->attempt.call), bind_int(r->attempt.effect),
                       bind_int(r->attempt.n), bind_int(r->wall_us), bind_int(r->attempt.injected)),
                  err);
}

static int put_attempt_end(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "UPDATE attempt SET ended=1, outcome=?, cause=?, status=?, duration_us=?, first_us=?,"
        " delay_us=?, delay_source=?, request_id=?, injected=?, raw=?"
        " WHERE run=? AND call=? AND effect=? AND n=? AND ended=0";

    return change(history, sql,
                  BIND(bind_text(r->attempt.outcome), bind_text(r->attempt.cause),
                       bind_int(r->attempt.status), bind_int(r->attempt.duration_us),
                       bind_int(r->attempt.first_us), bind_int(r->attempt.delay_us),
                       bind_text(r->attempt.delay_source), bind_text(r->attempt.request_id),
                       bind_int(r->attempt.injected), bind_ref(body), bind_int(r->run),
                       bind_int(r->attempt.call), bind_int(r->attempt.effect),
                       bind_int(r->attempt.n)),
                  r, "attempt", r->attempt.n, err);
}

/* While it is an intent its arguments may be edited: the row comes again. */
static int put_effect(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] = "INSERT INTO effect(run, effect, node, ix, tool, policy, call_id,"
                              " key, args_hash, args, epoch, state, us)"
                              " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                              " ON CONFLICT(run, effect) DO UPDATE SET policy=excluded.policy,"
                              " key=excluded.key, args_hash=excluded.args_hash,"
                              " args=excluded.args, epoch=excluded.epoch"
                              " WHERE state=0 AND node=excluded.node AND ix=excluded.ix";

    return change(history, sql,
                  BIND(bind_int(r->run), bind_int(r->effect.effect), bind_int(r->effect.node),
                       bind_int(r->effect.index), bind_text(r->effect.tool),
                       bind_text(r->effect.policy), bind_text(r->effect.call_id),
                       bind_text(r->effect.key), bind_hash(&r->effect.args), bind_int(body),
                       bind_int(r->effect.epoch), bind_int(EFFECT_INTENT), bind_int(r->wall_us)),
                  r, "effect", r->effect.effect, err);
}

/* Out of doubt: the operator says that it did not happen and may run. */
static int put_intent(struct history *history, struct record *r, struct err *err)
{
    static const char sql[] =
        "UPDATE effect SET state=0, by=coalesce(?, by),"
        " note=coalesce(?, note) WHERE run=? AND effect=? AND state IN (0, 5)";

    return change(history, sql,
                  BIND(bind_text(r->effect_state.by), bind_text(r->effect_state.note),
                       bind_int(r->run), bind_int(r->effect_state.effect)),
                  r, "effect", r->effect_state.effect, err);
}

/* From intent or in doubt, or again for another attempt. */
static int put_started(struct history *history, struct record *r, struct err *err)
{
    static const char sql[] =
        "UPDATE effect SET state=?1, started_us=iif(started_us=0, ?2, started_us), pid=?3,"
        " start_time=?4, boot_id=?5, by=coalesce(?6, by), note=coalesce(?7, note)"
        " WHERE run=?8 AND effect=?9 AND state IN (0, 1, 5)";

    return change(history, sql,
                  BIND(bind_int(EFFECT_STARTED), bind_int(r->wall_us),
                       bind_int(r->effect_state.pid), bind_int(r->effect_state.start_time),
                       bind_text(r->effect_state.boot_id), bind_text(r->effect_state.by),
                       bind_text(r->effect_state.note), bind_int(r->run),
                       bind_int(r->effect_state.effect)),
                  r, "effect", r->effect_state.effect, err);
}

/* An open row gets its one outcome (or its doubt); the same outcome may come once more, with the
   result's node. */
static int put_outcome(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "UPDATE effect SET state=?1, ended_us=iif(?1=5 OR ended_us<>0, ended_us, ?2),"
        " result=iif(?3=0, result, ?3), result_blob=coalesce(?4, result_blob),"
        " by=coalesce(?5, by), note=coalesce(?6, note)"
        " WHERE run=?7 AND effect=?8 AND (state IN (0, 1, 5) OR (state=?1 AND result=0 AND ?3>0))";

    return change(history, sql,
                  BIND(bind_int(r->effect_state.state), bind_int(r->wall_us),
                       bind_int(r->effect_state.node), bind_ref(body),
                       bind_text(r->effect_state.by), bind_text(r->effect_state.note),
                       bind_int(r->run), bind_int(r->effect_state.effect)),
                  r, "effect", r->effect_state.effect, err);
}

static int put_effect_state(struct history *history, struct record *r, int64_t body,
                            struct err *err)
{
    if (r->effect_state.state == EFFECT_INTENT)
        return put_intent(history, r, err);
    if (r->effect_state.state == EFFECT_STARTED)
        return put_started(history, r, err);
    return put_outcome(history, r, body, err);
}

static int put_event(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql[] =
        "INSERT INTO event(seq, run, branch, node, type, us, body) VALUES(?, ?, ?, ?, ?, ?, ?)";

    (void)body;
    r->event.seq = ++history->last_seq;
    return db_run(history->db, sql,
                  BIND(bind_int(r->event.seq), bind_int(r->run), bind_int(r->event.branch),
                       bind_int(r->event.node), bind_int(r->event.type), bind_int(r->wall_us),
                       bind_text(r->body)),
                  err);
}

static int put_label(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql_set[] = "INSERT INTO label(run, node, text, us) VALUES(?, ?, ?, ?)"
                                  " ON CONFLICT(run, node) DO UPDATE SET text=excluded.text,"
                                  " us=excluded.us";
    static const char sql_drop[] = "DELETE FROM label WHERE run=? AND node=?";

    (void)body;
    if (!r->body || r->len == 0)
        return db_run(history->db, sql_drop, BIND(bind_int(r->run), bind_int(r->label.node)), err);
    return db_run(
        history->db, sql_set,
        BIND(bind_int(r->run), bind_int(r->label.node), bind_text(r->body), bind_int(r->wall_us)),
        err);
}

static int put_breakpoint(struct history *history, struct record *r, int64_t body, struct err *err)
{
    static const char sql_set[] =
        "INSERT INTO breakpoint(run, breakpoint, spec, enabled, hits, us) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(run, breakpoint) DO UPDATE SET enabled=excluded.enabled, hits=excluded.hits";
    static const char sql_drop[] = "DELETE FROM breakpoint WHERE run=? AND breakpoint=?";

    (void)body;
    if (r->breakpoint.dropped)
        return db_run(history->db, sql_drop,
                      BIND(bind_int(r->run), bind_int(r->breakpoint.breakpoint)), err);
    return db_run(history->db, sql_set,
                  BIND(bind_int(r->run), bind_int(r->breakpoint.breakpoint), bind_text(r->body),
                       bind_int(r->breakpoint.enabled), bind_int(r->breakpoint.hits),
                       bind_int(r->wall_us)),
                  err);
}

/* Stores one record; `body` is the id of its body where `keeps_body` says that it has one. */
static const struct {
    int (*put)(struct history *history, struct record *r, int64_t body, struct err *err);
    bool keeps_body;
} kinds[] = {
    [RECORD_RUN] = {put_run, true},
    [RECORD_STATUS] = {put_status, false},
    [RECORD_INPUT] = {put_input, true},
    [RECORD_SEGMENT] = {put_segment, false},
    [RECORD_NODE] = {put_node, true},
    [RECORD_BRANCH] = {put_branch, false},
    [RECORD_HEAD] = {put_head, false},
    [RECORD_CHECKPOINT] = {put_checkpoint, false},
    [RECORD_CALL] = {put_call, true},
    [RECORD_CALL_END] = {put_call_end, false},
    [RECORD_ATTEMPT] = {put_attempt, false},
    [RECORD_ATTEMPT_END] = {put_attempt_end, true},
    [RECORD_EFFECT] = {put_effect, true},
    [RECORD_EFFECT_STATE] = {put_effect_state, true},
    [RECORD_EVENT] = {put_event, false},
    [RECORD_LABEL] = {put_label, false},
    [RECORD_BREAKPOINT] = {put_breakpoint, false},
};

static int apply(struct history *history, struct record *r, struct err *err)
{
    int64_t body = 0;
    int rc = lease_check(history, r->run, err);

    if (rc == 0 && kinds[r->kind].keeps_body)
        rc = store_body(history, r->body, r->len, &body, err);
    if (rc == 0)
        rc = kinds[r->kind].put(history, r, body, err);
    return rc;
}

/* A broken constraint is a row that is there already: two have written the same run. */
static int apply_from(struct history *history, struct batch *batch, size_t from, struct err *err)
{
    for (size_t i = from; i < batch->count; i++) {
        int rc = apply(history, &batch->at[i], err);
        if (rc == E_EXISTS) {
            rc = E_FENCED;
            (void)err_wrap(err, rc, "run %" PRId64, batch->at[i].run);
        }
        if (rc == E_FENCED)
            batch->refused = batch->at[i].run;
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The front of the batch that an earlier, doubtful commit has stored after all. */
static int settle(struct history *history, struct batch *batch, size_t *from, struct err *err)
{
    static const char sql[] = "SELECT seq FROM input WHERE run=? AND seq=?";
    struct doubt *doubt = &history->doubt;
    int64_t there = 0, seq = doubt->last_seq;

    *from = 0;
    if (!doubt->set)
        return 0;
    int rc =
        db_value(history->db, sql, BIND(bind_int(doubt->run), bind_int(doubt->seq)), &there, err);
    if (rc < 0)
        return rc;
    if (rc > 0)
        doubt->stored = doubt->records;
    *from = doubt->stored < batch->count ? doubt->stored : batch->count;
    for (size_t i = 0; rc > 0 && i < *from; i++)
        if (batch->at[i].kind == RECORD_EVENT && batch->at[i].event.seq == 0)
            batch->at[i].event.seq = ++seq;
    return 0;
}

static void note_doubt(struct history *history, const struct batch *batch, size_t from,
                       int64_t last_seq)
{
    struct doubt *doubt = &history->doubt;

    *doubt =
        (struct doubt){.set = true, .stored = from, .records = batch->count, .last_seq = last_seq};
    for (size_t i = from; i < batch->count; i++) {
        if (batch->at[i].kind == RECORD_INPUT) {
            doubt->run = batch->at[i].run;
            doubt->seq = batch->at[i].input.seq;
        }
    }
}

/* The journal's codes only. */
static int journal_code(int rc)
{
    switch (rc) {
    case 0:
    case E_BUSY:
    case E_FULL:
    case E_FENCED:
    case E_CORRUPT: return rc;
    default: return E_IO;
    }
}

/* Damage is said once it was met twice, the second time by a fresh connection: then it is in the
   file, and the next opening must not trust its first page alone. */
static int judge_damage(struct history *history, int rc)
{
    bool again = history->suspect;

    history->suspect = rc == E_CORRUPT;
    if (rc != E_CORRUPT)
        return rc;
    if (!again)
        return E_IO;
    if (!history->vfs)
        place_mark_damaged(history->path);
    return rc;
}

int commit_batch(void *self, struct batch *batch, struct err *err)
{
    struct history *history = self;
    size_t from;

    batch->refused = 0;
    if (batch->count == 0)
        return 0;
    int rc = store_begin(history, err);
    if (rc < 0)
        return journal_code(judge_damage(history, rc));
    int64_t last_seq = history->last_seq;
    rc = settle(history, batch, &from, err);
    if (rc == 0)
        rc = apply_from(history, batch, from, err);
    bool applied = rc == 0;
    rc = store_end(history, rc, err);
    if (rc == 0) {
        history->doubt.set = history->suspect = false;
        history->commits++;
        return 0;
    }
    history->last_seq = last_seq;
    if (applied)
        note_doubt(history, batch, from, last_seq);
    return journal_code(judge_damage(history, rc));
}
