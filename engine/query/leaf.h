/* SPDX-License-Identifier: MIT
 *
 * leaf.h - what evaluators read: a list of documents in blocks with bounds, either a postings list
 * of the file or an array made for this query (a phrase, a prefix, a group of lists, a nested
 * boolean).
 *
 * Owns the current block of one list, its scores, and the weight that turns tf into shares. Made by
 * plan.c, read by the evaluators. One thread at a time. Blocks of arrays have BLOCK_DOCUMENTS, too.
 */
#ifndef LUPE_QUERY_LEAF_H
#define LUPE_QUERY_LEAF_H

#include "query/intersect.h"
#include "query/score.h"
#include "query/search.h"

#define LEAF_NO_BLOCK UINT32_MAX
#define BIT_WORDS_MAX 255u /* of a bit set, by its format */

struct leaf {
    uint32_t cost; /* documents, deleted ones included */
    uint32_t block_count;
    uint32_t bound; /* no share is above it; 0 when not scored */
    bool scored;
    bool is_array;

    const struct list *list; /* of the file */
    const uint8_t *norms;
    const float *factors;
    float weight;
    const float *bound_values; /* [256], of the segment: value by bound byte */
    uint32_t floor[3];         /* 10, 100, 1000 documents reach this share; 0: not known */

    const uint32_t *array_documents; /* of an array: cost documents and shares */
    const uint32_t *array_shares;
    uint32_t *array_bounds; /* [block_count] */

    uint32_t number; /* the block that is open, or LEAF_NO_BLOCK */
    uint32_t count;  /* its documents */
    uint32_t low;    /* none of them is below ... */
    uint32_t last;   /* ... and this is the last */
    bool bits_only;  /* documents are not decoded: it is a bit set that leaf_match looks into */
    bool ranks_counted;
    const uint32_t *documents;
    const uint32_t *shares; /* NULL until leaf_score_block */
    uint32_t next;          /* evaluator's place in the open block */
    uint32_t shallow;       /* evaluator's place among blocks, for bounds ahead */
    struct search_work *work;
    uint8_t ranks[BIT_WORDS_MAX + 1]; /* documents before each word of the bit set */
    uint32_t shares_owned[BLOCK_DOCUMENTS + 16];
    struct block block;
};

static inline uint32_t leaf_block_last(const struct leaf *leaf, uint32_t block)
{
    if (!leaf->is_array)
        return list_block_last(leaf->list, block);
    uint32_t end = (block + 1) * BLOCK_DOCUMENTS;
    return leaf->array_documents[(end < leaf->cost ? end : leaf->cost) - 1];
}

/* A share that values up to this bound byte's cannot exceed: up by more than the float operations
 * may round. */
#define BOUND_SLACK (1.0f + 1.0f / (1 << 19))
static inline uint32_t leaf_bound_of(const struct leaf *leaf, uint8_t byte)
{
    return (uint32_t)((int32_t)(leaf->weight * leaf->bound_values[byte] * BOUND_SLACK) + 1);
}

static inline uint32_t leaf_block_bound(const struct leaf *leaf, uint32_t block)
{
    if (leaf->is_array)
        return leaf->array_bounds ? leaf->array_bounds[block] : 0;
    return leaf->scored ? leaf_bound_of(leaf, leaf->list->bounds[block]) : 0;
}

/* The first block from `from` that can hold target or a later document; block_count: none. */
uint32_t leaf_find_block(const struct leaf *leaf, uint32_t from, uint32_t target);

/* The highest share among documents low to high - 1; moves `shallow` forward: low must not fall. */
uint32_t leaf_bound_between(struct leaf *leaf, uint32_t low, uint32_t high);

/* Opens a block: documents, count; next = 0. Does nothing when it is open already. */
CHECKED lupe_status leaf_open_block(struct leaf *leaf, uint32_t number);

/* The same, but of a bit set nothing is decoded: bits_only tells. */
CHECKED lupe_status leaf_open_block_lazy(struct leaf *leaf, uint32_t number);

/* Fills shares of the open block, whose documents are decoded. */
CHECKED lupe_status leaf_score_block(struct leaf *leaf);

/* Of documents from to end - 1 of the open block those whose share and more are above the limit (0:
 * all), and these shares; both arrays have room for end - from + 16. */
CHECKED lupe_status leaf_score_above(struct leaf *leaf, unsigned from, unsigned end, uint32_t more,
                                     uint32_t limit, uint32_t *documents, uint32_t *scores,
                                     unsigned *count);

/* Moves to the first document at or above target, from the open block on; false: none is left.
 * Then documents[next] is it. */
CHECKED lupe_status leaf_seek(struct leaf *leaf, uint32_t target, bool *found);

/* The first of the candidates (ascending, from number *next on, readable 16 further) that the leaf
 * may have: opens their block and finds all candidates that are in it. Gives how many, their
 * numbers and, unless document_at is NULL, their places in the open block, whose documents it may
 * leave undecoded; *next is then the first candidate behind the block, count when none is left or
 * the leaf has ended. The loop over it visits each block once. */
CHECKED lupe_status leaf_match(struct leaf *leaf, const uint32_t *candidates, unsigned count,
                               unsigned *next, uint8_t *candidate_at, uint8_t *document_at,
                               unsigned *found);

/* Adds the shares of what leaf_match found among the candidates to their scores. */
CHECKED lupe_status leaf_add_shares(struct leaf *leaf, const uint32_t *candidates,
                                    const uint8_t *candidate_at, const uint8_t *document_at,
                                    unsigned found, uint32_t *scores);

void leaf_init_list(struct leaf *leaf, const struct list *list, struct search_work *work);
/* Scores a list leaf: bound_values are the segment's, champions go from what the segment's were
 * made with to what is used now. */
void leaf_set_weight(struct leaf *leaf, float weight, const float *factors, const uint8_t *norms,
                     const float bound_values[256], const struct bm25 *made,
                     const struct bm25 *used);
/* shares NULL: not scored. */
CHECKED lupe_status leaf_init_array(struct leaf *leaf, struct arena *arena,
                                    const uint32_t *documents, const uint32_t *shares,
                                    uint32_t count, struct search_work *work);
/* Back to the beginning. */
void leaf_rewind(struct leaf *leaf);
void leaves_rewind(struct leaf **leaves, unsigned count);

#endif
