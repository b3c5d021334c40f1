/* SPDX-License-Identifier: MIT
 *
 * second_look.h - a second look at the best hits, for what costs too much to ask of every document:
 * words near each other (proximity.h) and words in the form that was typed (as_typed.h).
 *
 * Owns the choice of how many hits are looked at, and their new order. Called by search.c behind
 * the evaluation, and by the naive twin. Never brings in a document, never changes a total.
 */
#ifndef LUPE_QUERY_SECOND_LOOK_H
#define LUPE_QUERY_SECOND_LOOK_H

#include "query/plan.h"

#define SECOND_LOOK_HITS 24u /* the best so many; always these, so that pages fit each other */

/* How many hits evaluation must find for k to be right afterwards. */
static inline uint64_t second_look_hits(const struct plan *plan, uint64_t k)
{
    bool wanted = plan->later || plan->typed;
    return wanted && k && k < SECOND_LOOK_HITS ? SECOND_LOOK_HITS : k;
}

/* Adds to the scores of the best hits and puts them into order. */
CHECKED lupe_status second_look(const struct plan *plan, struct search_hit *hits, size_t count);

#endif
