/* SPDX-License-Identifier: MIT
 *
 * explain.h - how the score of one document came about: a query's plan, walked for it alone.
 *
 * Owns the tree that it makes (in an arena of the caller). Called by lupe_results_explain. Never
 * searches; does the arithmetic of naive.c, document by document, so that the shares add up to the
 * score that the evaluators gave.
 */
#ifndef LUPE_QUERY_EXPLAIN_H
#define LUPE_QUERY_EXPLAIN_H

#include "query/query.h"
#include "query/search.h"

struct explain_request {
    struct view *view;
    const struct lupe_query *query;      /* as it was searched for: expanded */
    const struct search_request *search; /* likewise */
    uint32_t segment;
    uint32_t document;
    bool is_best; /* it was among the hits that second_look.h looks at */
};

CHECKED lupe_status explain_hit(const struct explain_request *request, struct arena *arena,
                                const lupe_explanation **explanation);

#endif
