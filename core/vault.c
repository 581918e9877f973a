/* SPDX-License-Identifier: MIT */
#include "core/vault.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[VAULT_KIND_COUNT] = {
    [VAULT_NONE] = "none",     [VAULT_FILE] = "file",       [VAULT_LINK] = "link",
    [VAULT_FOLDER] = "folder", [VAULT_GAP] = "not covered",
};

static const char *const gaps[GAP_COUNT] = {
    [GAP_NONE] = "covered",
    [GAP_IGNORED] = "ignored by .gitignore",
    [GAP_GIT] = "git's own",
    [GAP_LARGE] = "larger than the limit for one file",
    [GAP_UNREADABLE] = "not readable",
    [GAP_SPECIAL] = "a FIFO, socket or device",
    [GAP_BUSY] = "being written to",
    [GAP_BUDGET] = "over the budget of a snapshot",
    [GAP_FOREIGN] = "on another file system",
    [GAP_DEEP] = "too many folders within each other",
};

static const char *const verdicts[VERDICT_COUNT] = {
    [VERDICT_RESTORE] = "restore",   [VERDICT_CREATE] = "create",   [VERDICT_DELETE] = "delete",
    [VERDICT_CONFLICT] = "conflict", [VERDICT_UNKNOWN] = "unknown", [VERDICT_DAMAGED] = "damaged",
};

const char *vault_kind_name(enum vault_kind kind)
{
    return kinds[kind];
}

const char *vault_gap_text(enum vault_gap gap)
{
    return gaps[gap];
}

const char *vault_verdict_name(enum vault_verdict verdict)
{
    return verdicts[verdict];
}

void vault_preview_free(struct vault_preview *preview)
{
    for (size_t i = 0; i < preview->count; i++)
        free(preview->at[i].path);
    free(preview->at);
    memset(preview, 0, sizeof *preview);
}

void vault_report_free(struct vault_report *report)
{
    for (size_t i = 0; i < report->miss_count; i++) {
        free(report->misses[i].path);
        free(report->misses[i].why);
    }
    free(report->misses);
    memset(report, 0, sizeof *report);
}
