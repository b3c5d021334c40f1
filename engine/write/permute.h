/* SPDX-License-Identifier: MIT
 *
 * permute.h - collects a term's postings in any order and writes them in document order.
 *
 * Owns what it holds of one list: all of it at once. Called by merge.c where documents take another
 * order. Never reads a list.
 */
#ifndef LUPE_WRITE_PERMUTE_H
#define LUPE_WRITE_PERMUTE_H

#include "segment/segment_writer.h"
#include "write/form_merge.h"

struct permute_posting {
    uint64_t place; /* of its first position in positions */
    uint32_t tf;
};

/* 32 bytes a document of the longest list and 4 a position: some 100 MB for a word that three
 * million documents have once. */
struct permute {
    uint64_t *keys; /* {document, number of its posting}, then as much spare room */
    struct permute_posting *postings;
    size_t count;
    size_t capacity;
    uint32_t *positions;
    size_t position_count;
    size_t position_capacity;
    uint32_t *ordered; /* positions of one block, in order */
    size_t ordered_capacity;
};

void permute_free(struct permute *permute);

/* Begins a term. */
void permute_clear(struct permute *permute);

/* Takes postings, in any order; where the list has positions the caller has put them (sum of tfs of
 * them) behind the position_count there are. */
CHECKED lupe_status permute_add(struct permute *permute, const uint32_t *documents,
                                const uint32_t *tfs, bool has_positions, uint32_t count);

/* Writes the list into the term that was begun. documents: how many the segment has; flags: those
 * of the list; forms: where its positions carry them. */
CHECKED lupe_status permute_write(struct permute *permute, uint32_t documents, uint8_t flags,
                                  struct form_merge *forms, struct segment_writer *writer);

#endif
