/* SPDX-License-Identifier: MIT
 *
 * expand.h - a query made for a view: fuzzy words (word~) become the terms that are like them, and
 * words that no document has what they were likely meant to be.
 *
 * Owns the choice and the weights. Called by lupe_search between parsing and planning. Never
 * changes the query it is given, which may be used with other views at the same time.
 */
#ifndef LUPE_QUERY_EXPAND_H
#define LUPE_QUERY_EXPAND_H

#include "query/parse.h"
#include "query/search.h"

struct expand_request {
    struct view *view;
    const struct lupe_query *query;
    const struct search_request *search; /* to be asked whether to go on */
    bool correct;                        /* unknown words, too */
};

/* Whether there is anything to do. Costs a look-up a word where words are to be corrected. */
CHECKED lupe_status expand_wanted(const struct expand_request *request, bool *wanted);

/* The query for this view, with what was corrected. It holds the one it was made of. */
CHECKED lupe_status expand_query(const struct expand_request *request, struct schema *schema,
                                 struct lupe_query **expanded);

#endif
