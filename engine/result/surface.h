/* SPDX-License-Identifier: MIT
 *
 * surface.h - a term as people write it.
 *
 * Owns nothing. Called by lupe_results_correction and lupe_suggest. The dictionary holds stems:
 * which word was meant is read from the stored text of documents that have the term.
 */
#ifndef LUPE_RESULT_SURFACE_H
#define LUPE_RESULT_SURFACE_H

#include "query/query.h"
#include "query/schema.h"
#include "segment/view.h"

struct surface_request {
    struct view *view;
    struct schema *schema;
    int field; /* the word stands in it; -1: in any */
    struct query_term term;
    const uint8_t *word; /* folded: that form is wanted */
    uint32_t word_size;
};

/* The form that folds to the word, else any of the term, else the folded word; appended to out. */
CHECKED lupe_status surface_find(const struct surface_request *request, struct buffer *out);

#endif
