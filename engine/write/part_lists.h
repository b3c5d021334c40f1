/* SPDX-License-Identifier: MIT
 *
 * part_lists.h - the lists of words that are parts of compounds (FORMAT.md section 4, list 3), of a
 * segment that is being written.
 *
 * Owns the sums of one list at a time, and the choice of its form: few documents are a list of
 * parts, that stands beside the word's own list; many are a wide list, that stands for it. Called
 * by flush.c and merge.c, in the order of keys. Never looks for parts: accumulate.c noted of each
 * distinct surface form what it is made of.
 *
 *   begin -> add_extra *, add_wide * -> choose -> add_own * -> write
 */
#ifndef LUPE_WRITE_PART_LISTS_H
#define LUPE_WRITE_PART_LISTS_H

#include "segment/segment_writer.h"
#include "write/accumulate.h"

/* In more documents a word gets a wide list. Tests lower it; set while nobody writes. */
extern uint32_t part_documents_max;

struct part_lists {
    struct segment_writer *writer;
    uint32_t segment_documents;
    uint32_t *sums; /* [segment_documents]; zero between lists */
    uint32_t
        *documents; /* [segment_documents + 1]: those that have a sum, in the order they came */
    uint32_t count;
    uint64_t *bits;      /* of the documents, for many; zero between lists, */
    uint64_t *bit_words; /* as are these, of the words of bits that are not zero */
    bool is_wide;
    struct buffer stream; /* scratch */
    struct record_form forms[RECORD_FORMS];
};

CHECKED lupe_status part_lists_init(struct part_lists *parts, struct segment_writer *writer,
                                    uint32_t segment_documents);
void part_lists_free(struct part_lists *parts);

/* What compounds count for a document (by its number in the segment), in WIDE_UNIT-ths; what a wide
 * list that is merged says of it: then the result is wide. Of 0 nothing is kept. */
void part_lists_add_extra(struct part_lists *parts, uint32_t document, uint32_t more);
void part_lists_add_wide(struct part_lists *parts, uint32_t document, uint32_t tf);
/* Fixes the form. Then the word's own tfs: all of them for a wide list; for the other those of
 * documents that have a sum count, others are passed over. */
void part_lists_choose(struct part_lists *parts);
void part_lists_add_own(struct part_lists *parts, uint32_t document, uint32_t tf);
void part_lists_drop(struct part_lists *parts); /* begins anew */
/* Writes what was added under a key of key_size bytes, and begins anew. */
CHECKED lupe_status part_lists_write(struct part_lists *parts, const uint8_t *key, size_t key_size);

/* Of an accumulator, whose documents get their numbers by a map (new by old, UINT32_MAX: deleted;
 * NULL: the same): the lists of compounds of a part, behind which come those of the next parts,
 * `ahead` together; a word's own list. */
CHECKED lupe_status part_lists_add_noted(struct part_lists *parts,
                                         const struct accumulator *accumulator,
                                         const uint32_t *lists, uint32_t count, size_t ahead,
                                         const uint32_t *map);
CHECKED lupe_status part_lists_add_own_list(struct part_lists *parts,
                                            const struct accumulator *accumulator, uint32_t list,
                                            const uint32_t *map);

#endif
