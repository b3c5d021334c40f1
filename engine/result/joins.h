/* SPDX-License-Identifier: MIT
 *
 * joins.h - the compounds that neighbours of a query join to: of "Apfel Baum" Apfelbaum, which the
 * splitter leaves whole, so that no part of it is one of the words.
 *
 * Owns the list of such terms. Called by match.c, which numbers them and looks for them. The same
 * terms as the planner's (query/plan_compounds.c), whatever the index has.
 */
#ifndef LUPE_RESULT_JOINS_H
#define LUPE_RESULT_JOINS_H

#include "base/buffer.h"
#include "query/query.h"
#include "query/schema.h"

struct join {
    struct query_term term;
    const struct node *words[2];
    uint32_t id; /* the caller's */
};

/* Appends those of all neighbours in a query to a buffer of struct join; terms go to the arena. */
CHECKED lupe_status joins_collect(const struct node *root, const struct schema *schema,
                                  struct arena *arena, struct buffer *joins);

#endif
