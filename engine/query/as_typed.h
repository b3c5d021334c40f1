/* SPDX-License-Identifier: MIT
 *
 * as_typed.h - words of the query count for more where they stand in the form that was typed: the
 * stemmer throws forms of other words together with it, and a plural is not asked for by chance.
 *
 * Forms are compared as the query's word is folded, so that spellings (Strasse, Haeuser, Theil)
 * are one form. Of a compound or a number any form is what was typed: the stemmer does not mistake
 * them, and a compound is to be found as well by its other inflections.
 *
 * Owns nothing. Called by second_look.c for the best hits and by explain.c.
 */
#ifndef LUPE_QUERY_AS_TYPED_H
#define LUPE_QUERY_AS_TYPED_H

#include "query/evaluate.h"
#include "query/plan.h"

/* What a group gets more in a document of a segment. */
struct as_typed {
    uint32_t places; /* where it stands as it was typed */
    uint32_t more;   /* share */
};
CHECKED lupe_status as_typed_of(const struct plan *plan, const struct plan_node *group,
                                uint32_t place, uint32_t document, struct as_typed *typed);

/* All words of a plan that count for more as they were typed, opened where they are needed. */
struct as_typed_look;
CHECKED lupe_status as_typed_begin(const struct plan *plan, struct as_typed_look **look);
void as_typed_end(struct as_typed_look *look); /* accepts NULL */

/* What they add to a hit at most. */
uint32_t as_typed_bound(const struct plan *plan);

/* Adds what they do to hits by segment and document, but for those that do not come to the least
 * score by it. */
CHECKED lupe_status as_typed_apply(struct as_typed_look *look, struct ticker *ticker,
                                   struct search_hit **hits, size_t count, uint32_t least);

#endif
