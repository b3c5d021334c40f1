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
    struct leaf *wanted;     /* an array: other documents do not match; NULL: any may */
    bool unscored;           /* shares may be anything above 0 */
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
    uint32_t *full;    /* the shares of all they have, */
    uint32_t *more;    /* and what that is above the list's */
    uint8_t *is_fresh; /* 1: the list has it not */
    uint32_t count;
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
    struct words words;    /* required and should, with what words have apart from their lists */
    struct leaf **counted; /* should, and what words have apart: where there is no required one */
    unsigned counted_count;
};
/* Apart: what only few documents have of a word stands in words, not in required and should. */
CHECKED lupe_status execution_roles(struct execution *execution, const struct plan_node *node,
                                    bool apart, struct roles *roles);

#endif
