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
CHECKED lupe_status upkeep_optimize(struct store *store, const lupe_open_options *hooks);

#endif
