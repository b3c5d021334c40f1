/* SPDX-License-Identifier: MIT
 *
 * proximity.h - words of the query that could be one compound count for more where they stand near
 * each other.
 *
 * Owns nothing. Called by second_look.c for the best hits and by explain.c.
 */
#ifndef LUPE_QUERY_PROXIMITY_H
#define LUPE_QUERY_PROXIMITY_H

#include "query/evaluate.h"
#include "query/plan.h"

/* Adds what all groups with later, of which there are some, get more to hits of one segment, by
 * document. */
CHECKED lupe_status proximity_apply(const struct plan *plan, struct ticker *ticker,
                                    struct search_hit **hits, size_t count);

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
