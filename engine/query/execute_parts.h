/* SPDX-License-Identifier: MIT
 *
 * execute_parts.h - what the files of execute.h share: leaves of lists and arrays, sums by
 * document, words with their extras.
 *
 * Owns nothing. Included by execute*.c alone.
 */
#ifndef LUPE_QUERY_EXECUTE_PARTS_H
#define LUPE_QUERY_EXECUTE_PARTS_H

#include "query/execute.h"

static inline struct segment *execution_segment(const struct execution *execution)
{
    return execution->evaluation->segment;
}

CHECKED lupe_status leaf_new(struct execution *execution, struct leaf **leaf);
/* Hands an array over to the execution and makes a leaf of it; NULL of an empty one. */
CHECKED lupe_status leaf_of_array(struct execution *execution, struct gathered *array, bool scored,
                                  struct leaf **leaf);
CHECKED lupe_status leaf_of_list(struct execution *execution, const struct list *list, float weight,
                                 struct leaf **leaf);

/* ---- x by document */

/* x = sum of weight * tf of several lists, or of matches of several variants, by document. Sums are
 * made in the order of the lists and are small multiples of the weights, the same everywhere. */
struct sums {
    float *x;       /* [documents] */
    uint64_t *bits; /* documents that have any */
    uint32_t documents;
};

static inline void sums_add(struct sums *sums, uint32_t document, float x)
{
    sums->x[document] += x;
    sums->bits[document / 64] |= (uint64_t)1 << (document % 64);
}

CHECKED lupe_status sums_init(struct sums *sums, uint32_t documents);
void sums_free(struct sums *sums);
/* Turns the sums into documents and shares. */
CHECKED lupe_status sums_gather(const struct sums *sums, struct execution *execution, float weight,
                                struct gathered *out);
/* Adds a list's documents; in the second those whose positions lie in the field. */
CHECKED lupe_status add_list(struct execution *execution, const struct list *list, float weight,
                             bool is_parts, struct sums *sums);
CHECKED lupe_status add_list_in_field(struct execution *execution, const struct list *list,
                                      float weight, int field, struct sums *sums);

/* ---- sequences */

bool variant_is_here(const struct plan_variant *variant, uint32_t place);
/* The documents of a variant of several words with their number of matches. */
CHECKED lupe_status variant_gather(struct execution *execution, const struct plan_node *node,
                                   const struct plan_variant *variant, struct gathered *matches);
CHECKED lupe_status add_variant(struct execution *execution, const struct plan_node *node,
                                const struct plan_variant *variant, struct sums *sums);
CHECKED lupe_status leaf_of_sequence(struct execution *execution, const struct plan_node *node,
                                     struct leaf **leaf);

/* ---- words */

CHECKED lupe_status leaf_of_group(struct execution *execution, const struct plan_node *node,
                                  struct leaf **leaf);

/* A node as a leaf, and what only few documents have apart from it, where that can be done. */
struct word {
    struct leaf *leaf;     /* NULL: nothing in the segment matches */
    struct extras *extras; /* NULL: nothing */
};
CHECKED lupe_status word_of_group(struct execution *execution, const struct plan_node *node,
                                  struct word *word);

CHECKED lupe_status extras_gather(struct execution *execution, const struct plan_node *node,
                                  const struct list *list, struct extras **extras);
/* Of their full shares, or of what they add. */
CHECKED lupe_status leaf_of_extras(struct execution *execution, const struct extras *extras,
                                   bool more, struct leaf **leaf);

#endif
