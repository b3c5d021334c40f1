/* SPDX-License-Identifier: MIT
 *
 * exact.h - a word of a query in one surface form: which of the positions of its list have it, or
 * how many.
 *
 * Owns what is open of the word's forms in one segment. Called by evaluate_phrase.c, the naive twin
 * and as_typed.c. Never reads positions: it is handed those of a block.
 */
#ifndef LUPE_QUERY_EXACT_H
#define LUPE_QUERY_EXACT_H

#include "query/query.h"
#include "segment/forms.h"
#include "segment/segment.h"

struct exact_word {
    struct form_reader reader;
    struct forms *forms;
    bool wanted[FORMS_MAX]; /* of its forms */
    bool nowhere;           /* no position of the segment has one of them, */
    bool everywhere;        /* or each that the word has */
    const struct list *list;
    struct form_places places; /* of a block, as far as it was read; */
    uint32_t block;            /* of this one, which has */
    uint64_t positions;        /* so many positions */
    bool block_begun;
};

/* The word of a key of LIST_WORDS, whose list in the segment this is; key and list are borrowed. */
CHECKED lupe_status exact_open(struct exact_word *word, struct segment *segment, const uint8_t *key,
                               size_t key_size, const struct list *list,
                               const struct query_term *form);
/* The same, of all forms that are written as this one when they are folded. */
CHECKED lupe_status exact_open_folded(struct exact_word *word, struct segment *segment,
                                      const uint8_t *key, size_t key_size, const struct list *list,
                                      const struct query_term *folded);
void exact_close(struct exact_word *word); /* also of one that is zeroed */

/* Keeps those of the positions of document `index` of a block that have the form, in their order,
 * and gives how many. The block's tfs are read here where they are not yet. */
CHECKED lupe_status exact_keep(struct exact_word *word, struct block *block, unsigned index,
                               uint32_t *positions, uint32_t *count);

/* How many positions of document `index` have the form. */
CHECKED lupe_status exact_count(struct exact_word *word, struct block *block, unsigned index,
                                uint32_t *count);

#endif
