/* SPDX-License-Identifier: MIT
 *
 * reader.h - what a list says of single documents: tf and positions.
 *
 * Owns one block of one list. Called by proximity.c and explain.c, which look at few documents.
 * Never scores.
 */
#ifndef LUPE_QUERY_READER_H
#define LUPE_QUERY_READER_H

#include "segment/postings.h"

/* To begin all zero but for the list; another list may be set with opened false. */
struct reader {
    const struct list *list; /* NULL: the segment has none */
    uint32_t tf;             /* of the document looked for; 0: it is not there */
    uint8_t at;              /* in the block */
    bool opened;
    bool is_bits; /* the block's documents are looked for in bits, not decoded */
    struct bit_block bits;
    uint32_t *positions; /* [tf] */
    size_t capacity;
    struct block block;
};

/* Looks for a document, which must not be before one that was looked for. */
CHECKED lupe_status reader_seek(struct reader *reader, uint32_t document);

/* The positions of the document that was found, in a list that has them. */
CHECKED lupe_status reader_positions(struct reader *reader);

void reader_free(struct reader *reader); /* what it points to */

#endif
