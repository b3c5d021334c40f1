/* SPDX-License-Identifier: MIT
 *
 * ids.h - from a document to its external id (FORMAT.md section 9).
 *
 * Owns the column that says which entry of the dictionary has a document's id, and the bytes of ids
 * that are too long to be there. Written by segment_writer.c, read through segment.h. Never reads
 * the dictionary: what an entry's key is, dictionary.h tells.
 */
#ifndef LUPE_SEGMENT_IDS_H
#define LUPE_SEGMENT_IDS_H

#include "segment/extent.h"

struct id_writer {
    struct section_writer *ids;
    struct section_writer *long_ids;
    struct buffer long_index; /* {document:u32 offset:u32} of each long id */
    struct buffer ranks;      /* of all documents, packed */
    unsigned width;           /* of a rank, in bits */
    uint32_t documents;
    uint64_t ranked; /* documents that have been given a rank */
};

void id_writer_init(struct id_writer *writer, struct section_writer *ids,
                    struct section_writer *long_ids);
void id_writer_free(struct id_writer *writer);
/* Adds the id of a document, in their order, where it has more than ID_TERM_BYTES_MAX bytes. */
CHECKED lupe_status id_writer_add_long(struct id_writer *writer, uint32_t document, const void *id,
                                       size_t size);
/* Then, with all documents counted, the documents of each key of ids: rank is the number of its
 * entry among the keys of ids. Keys come in their order, documents in any. */
CHECKED lupe_status id_writer_begin(struct id_writer *writer, uint32_t documents);
void id_writer_rank(struct id_writer *writer, uint64_t rank, const uint32_t *documents,
                    size_t count);
/* first: the number of the first key of ids among all entries. LUPE_CORRUPT when not each document
 * was given a rank. */
CHECKED lupe_status id_writer_finish(struct id_writer *writer, uint64_t first);

/* ---- reading */

/* Whether the lengths of both sections can be those of so many documents. */
bool id_lengths_fit(uint32_t documents, uint64_t ids_length, uint64_t long_ids_length);

uint64_t id_long_count(const struct section *ids, uint32_t documents);

/* The number of the dictionary's entry whose key has the id of a document, which is below
 * documents, those of the segment. */
CHECKED lupe_status id_entry_number(struct section *ids, uint32_t documents, uint32_t document,
                                    uint64_t *number);

/* Appends the id of a document to out; LUPE_NOT_FOUND (no message) when it is not a long one. */
CHECKED lupe_status id_read_long(struct section *ids, struct section *long_ids, uint32_t documents,
                                 uint32_t document, struct buffer *out);

#endif
