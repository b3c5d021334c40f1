/* SPDX-License-Identifier: MIT
 *
 * search.h - answers a query over a view: the best documents and how many match.
 *
 * Owns planning and evaluation. Called by lupe_search. Never parses, never reads stored documents.
 */
#ifndef LUPE_QUERY_SEARCH_H
#define LUPE_QUERY_SEARCH_H

#include "query/query.h"
#include "segment/view.h"

struct search_request {
    uint64_t k;           /* best documents wanted: limit + offset */
    uint64_t count_limit; /* as in lupe_search_options */
    double k1;            /* resolved, never negative */
    double b;
    bool k1_by_query;     /* k1 is that of a query like any: some words and sentences have others */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
    void *user;
    bool (*cancel)(void *user);
    uint32_t flags; /* LUPE_SEARCH_...; without what the index is without */
};

struct search_hit {
    uint32_t score; /* in units of 2^-scale */
    uint32_t segment;
    uint32_t document;
};

/* What evaluation did, for tests and explanations. */
struct search_work {
    uint64_t postings; /* of the query's lists */
    uint64_t postings_scored;
    uint64_t blocks; /* of the query's lists */
    uint64_t blocks_decoded;
    uint64_t blocks_skipped; /* by their bound */
};

struct search_answer {
    struct search_hit *hits; /* best first; ties by segment, document */
    size_t hit_count;
    uint64_t total;
    bool total_exact;
    int score_bits; /* score / 2^score_bits is BM25's value */
    struct search_work work;
};

CHECKED lupe_status search_run(struct view *view, const struct lupe_query *query,
                               const struct search_request *request, struct search_answer *answer);
/* The same where the index has all words of the query, as is found on the way; else *known is
 * false, nothing was run, and the query may want expanding (expand.h). */
CHECKED lupe_status search_run_known(struct view *view, const struct lupe_query *query,
                                     const struct search_request *request,
                                     struct search_answer *answer, bool *known);
void search_answer_free(struct search_answer *answer);

/* The plainly correct twin: scores every match of every node document by document. For tests. */
CHECKED lupe_status search_run_naive(struct view *view, const struct lupe_query *query,
                                     const struct search_request *request,
                                     struct search_answer *answer);

#endif
