/* SPDX-License-Identifier: MIT
 *
 * wide_lists.h - the wide lists (FORMAT.md section 4, list 3) of a segment that is being flushed:
 * a word's own documents, those of the compounds it is a part of, and those of hyphen words that
 * join to it, as one list.
 *
 * Owns the sums of one list at a time. Called by flush.c, in the order of keys. Never looks for
 * parts: accumulate.c noted of each distinct surface form what it is made of.
 */
#ifndef LUPE_WRITE_WIDE_LISTS_H
#define LUPE_WRITE_WIDE_LISTS_H

#include "segment/segment_writer.h"
#include "write/accumulate.h"

struct wide_lists {
    struct segment_writer *writer;
    const uint32_t *map; /* new number by old one, UINT32_MAX: deleted; NULL: the same */
    uint32_t *sums;      /* [documents of the segment]; zero between lists */
    uint32_t *documents; /* those that have a sum, in the order they came */
    uint32_t count;
    uint32_t capacity;
    uint64_t *bits; /* of the documents, for many; zero between lists */
    uint32_t segment_documents;
    struct buffer stream; /* scratch */
    struct record_form forms[RECORD_FORMS];
};

CHECKED lupe_status wide_lists_init(struct wide_lists *wide, struct segment_writer *writer,
                                    const uint32_t *map, uint32_t segment_documents);
void wide_lists_free(struct wide_lists *wide);

/* Adds a growing list with a weight in WIDE_UNIT-ths. */
CHECKED lupe_status wide_lists_add(struct wide_lists *wide, const struct accumulator *accumulator,
                                   uint32_t list, uint32_t weight);
/* Adds the lists that the accumulator noted for a wide list of its own, by number. */
CHECKED lupe_status wide_lists_add_parts(struct wide_lists *wide,
                                         const struct accumulator *accumulator, uint32_t list);
/* Writes what was added under a key, {size:u8, bytes}, and begins anew. */
CHECKED lupe_status wide_lists_write(struct wide_lists *wide, const uint8_t *key);

#endif
