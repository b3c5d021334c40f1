/* SPDX-License-Identifier: MIT
 *
 * word_form.h - what a single word of a query is besides its term: as it was before it was stemmed,
 * its parts, what compounds with it look like.
 *
 * Owns nothing: the form lies in the query's arena. Made by parse_leaves.c and expand.c, read by
 * the planner (plan_compounds.c) and by result/. Never looks at an index.
 */
#ifndef LUPE_QUERY_WORD_FORM_H
#define LUPE_QUERY_WORD_FORM_H

#include "query/query.h"
#include "text/analyzer.h"

/* The form of the word that the analyzer saw last, with its parts or without; stays NULL where the
 * analyzer does not split words. */
CHECKED lupe_status word_form_make(struct arena *arena, struct analyzer *analyzer, bool parts,
                                   const struct word_form **form);

/* What a word is joined to others by. */
struct word_join {
    const struct query_term *firsts; /* what compounds may begin with that have it as first part */
    uint32_t first_count;
    struct query_term tail; /* it stemmed as the end of a longer word */
};
CHECKED lupe_status word_join_make(struct arena *arena, struct analyzer *analyzer,
                                   const struct query_term *stem, const struct word_form *form,
                                   struct word_join *join);

#endif
