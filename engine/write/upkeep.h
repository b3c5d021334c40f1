/* SPDX-License-Identifier: MIT
 *
 * upkeep.h - when segments are merged.
 *
 * Owns nothing: asks policy.h, drives merge.h. Called by writer.c within a run and after each
 * commit, and by engine/lupe_upkeep.c. Never decides what a merge does.
 */
#ifndef LUPE_WRITE_UPKEEP_H
#define LUPE_WRITE_UPKEEP_H

#include "write/run.h"

/* Keeps the segments of a run few while it lasts. */
CHECKED lupe_status upkeep_run(struct run *run, const struct catalogue *catalogue);

/* Merges what a commit made necessary, within bounds. The commit stands, whatever becomes of
 * this: an error is logged, not returned. */
void upkeep_after_commit(struct store *store, const struct run *run,
                         const lupe_open_options *hooks);

/* Merges everything into as few segments as the limits allow. LUPE_BUSY, LUPE_CANCELLED. */
CHECKED lupe_status upkeep_optimize(struct store *store, const lupe_optimize_options *options,
                                    const lupe_open_options *hooks);

/* After a commit, without locks: gives free pages back where a small file has more of them than of
 * data and nobody else has it open; else does nothing. Sections of a small index are of all sizes,
 * so that their free pages fit no other: 100,000 commits of one update left a file of seven times
 * its data. Copying it takes a few milliseconds, about once in a hundred such commits. */
#define SHRINK_FILE_BYTES_MAX ((uint64_t)16 << 20)
#define SHRINK_SLACK_BYTES ((uint64_t)64 << 10)
void upkeep_shrink(struct store *store);

#endif
