/* SPDX-License-Identifier: MIT
 *
 * snippet.h - the passage of a document that shows the query best, with its words marked.
 *
 * Owns the text and places handed out. Called by lupe_results_snippet. Never reads the index.
 */
#ifndef LUPE_RESULT_SNIPPET_H
#define LUPE_RESULT_SNIPPET_H

#include "result/document.h"
#include "result/match.h"

/* All zero: holds nothing. */
struct snippet_maker {
    lupe_snippet snippet;
    struct buffer text;
    lupe_span *spans;
    size_t span_capacity;
    struct match_list matches; /* of the value being looked at */
    struct match_list best;    /* of the value chosen */
    uint32_t *counts;          /* by clause, in the window being looked at */
    uint32_t count_capacity;
};

/* Makes the snippet in maker->snippet; it is valid until the next call. */
CHECKED lupe_status snippet_make(struct snippet_maker *maker, struct matcher *matcher,
                                 const struct stored_document *document,
                                 const lupe_snippet_options *options);
void snippet_free(struct snippet_maker *maker);

/* Merges matches into places that do not touch each other: spans[0..*count). Room for
 * matches->count. */
void snippet_spans(const struct match_list *matches, lupe_span *spans, size_t *count);

#endif
