/* SPDX-License-Identifier: MIT
 *
 * proximity.h - a second look at the best hits: words of the query that could be one compound count
 * for more where they stand near each other.
 *
 * Owns the choice of how many hits are looked at, and their new order. Called by search.c behind
 * the evaluation, and by the naive twin. Never brings in a document, never changes a total.
 */
#ifndef LUPE_QUERY_PROXIMITY_H
#define LUPE_QUERY_PROXIMITY_H

#include "query/plan.h"

#define PROXIMITY_HITS 32u /* the best so many; always these, so that pages fit each other */

/* How many hits evaluation must find for k to be right afterwards. */
static inline uint64_t proximity_hits(const struct plan *plan, uint64_t k)
{
    return plan->later && k && k < PROXIMITY_HITS ? PROXIMITY_HITS : k;
}

/* Adds to the scores of the best hits and puts them into order. */
CHECKED lupe_status proximity_apply(const struct plan *plan, struct search_hit *hits, size_t count);

/* What a group with later has more in a document of a segment for words near each other. */
struct nearness {
    unsigned places;
    float before;  /* x without them, */
    float x;       /* and with them */
    uint32_t more; /* share */
};
CHECKED lupe_status proximity_of(const struct plan *plan, const struct plan_node *group,
                                 uint32_t place, uint32_t document, struct nearness *nearness);

/* Of ascending places keeps those that have one of the positions no further away than near. */
unsigned keep_near(uint32_t *places, unsigned count, const uint32_t *positions,
                   unsigned position_count, uint32_t near);

#endif
