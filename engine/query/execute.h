/* SPDX-License-Identifier: MIT
 *
 * execute.h - from a compiled node to a leaf of one segment.
 *
 * Owns the leaves and the arrays made for a segment. Called by search.c. Parts of a query that are
 * not a single list (groups of lists, phrases inside a boolean, nested booleans) are evaluated
 * exhaustively into an array, which then behaves as a list with exact bounds.
 */
#ifndef LUPE_QUERY_EXECUTE_H
#define LUPE_QUERY_EXECUTE_H

#include "query/evaluate.h"
#include "query/plan.h"

struct execution {
    struct plan *plan;
    uint32_t segment_place;
    struct evaluation *evaluation;
    struct arena arena;      /* leaves */
    struct gathered *arrays; /* what the array leaves point to */
    unsigned array_count;
    unsigned array_capacity;
};

void execution_free(struct execution *execution);

/* The leaf of a node; NULL when nothing in the segment matches. */
CHECKED lupe_status execution_leaf(struct execution *execution, const struct plan_node *node,
                                   struct leaf **leaf);

/* A sequence that is just one variant of lists here, ready for evaluate_phrase; *simple is false
 * when it is not (leaf NULL and simple false: see execution_leaf). */
CHECKED lupe_status execution_phrase(struct execution *execution, const struct plan_node *node,
                                     struct phrase *phrase, bool *simple);

/* What few documents have besides the list of a word. */
struct extras {
    uint32_t *documents;
    uint32_t *full; /* the shares of all they have, */
    uint32_t *more; /* and what that is above the list's */
    uint32_t count;
    uint32_t *fresh; /* those that the list has not */
    uint32_t fresh_count;
};

/* The children of a boolean by role. A required child without matches: *nothing. */
struct roles {
    struct leaf **required;
    unsigned required_count;
    struct leaf **should;
    unsigned should_count;
    struct leaf **excluded;
    unsigned excluded_count;
    bool has_required; /* the node has MUST clauses */
    bool nothing;
    struct word_leaves *words; /* [required_count] */
    bool has_fresh;            /* of some: evaluate_fresh has work */
    struct leaf **optional;    /* should without what the words have more */
    unsigned optional_count;
    const struct extras *extras; /* of a word that is the whole query; or NULL */
};
/* Apart: what only few documents have of a required word stands in words and should, not in
 * required. */
CHECKED lupe_status execution_roles(struct execution *execution, const struct plan_node *node,
                                    bool apart, struct roles *roles);
/* The same of a node that is the whole query: one required leaf, with its extras. */
CHECKED lupe_status execution_word(struct execution *execution, const struct plan_node *node,
                                   struct roles *roles);

#endif
