/* SPDX-License-Identifier: MIT
 *
 * floor.h - a score that so many live documents of all segments reach, known before anything is
 * evaluated.
 *
 * Owns what the champions of a word's lists tell together. Called by search.c, which has the
 * collector begin there. Never opens a block.
 *
 * A list tells what its 10, 100 and 1,000 best documents reach, deleted ones included. Which of
 * them are deleted nobody knows, so with deletes there are two floors: one that holds whatever is
 * deleted, and a higher one that holds when the best are deleted about as often as others. Who
 * begins with the latter has to see whether enough documents came above it.
 */
#ifndef LUPE_QUERY_FLOOR_H
#define LUPE_QUERY_FLOOR_H

#include "query/plan.h"

struct score_floor {
    uint32_t proven;   /* k live documents score so or better; 0: not known */
    uint32_t supposed; /* as a rule they do so, too; never below proven */
};

struct score_floor plan_floor(const struct plan *plan, uint64_t k);

#endif
