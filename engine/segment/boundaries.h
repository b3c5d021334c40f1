/* SPDX-License-Identifier: MIT
 *
 * boundaries.h - which positions of a document belong to which field (FORMAT.md section 11).
 *
 * Owns the two sections of boundaries. Written by segment_writer.c, read through segment.h. Never
 * knows what a field is.
 */
#ifndef LUPE_SEGMENT_BOUNDARIES_H
#define LUPE_SEGMENT_BOUNDARIES_H

#include "segment/extent.h"

#define BOUNDARY_GROUP_DOCUMENTS 64u /* F */

/* Groups are held back until a document needs more than the one field all have. */
struct boundary_writer {
    struct section_writer *boundaries;
    struct section_writer *index;
    struct buffer held;        /* documents encoded so far; then of the group being filled */
    struct buffer held_groups; /* u32: where each complete group of held ends */
    size_t group_start;        /* in held, of the one being filled */
    struct buffer fields;      /* u32: of the last document's values */
    uint32_t documents;
    uint32_t field; /* of the one value of every document so far, UINT32_MAX before there is one */
    bool needed;
};

void boundary_writer_init(struct boundary_writer *writer, struct section_writer *boundaries,
                          struct section_writer *index);
void boundary_writer_free(struct boundary_writer *writer);
/* Adds the text values of the next document: count pairs {field, words}. The words of the last do
 * not matter. */
CHECKED lupe_status boundary_writer_add(struct boundary_writer *writer, const uint32_t *pairs,
                                        size_t count);
CHECKED lupe_status boundary_writer_finish(struct boundary_writer *writer);

/* Bytes the index has when there are groups. */
uint64_t boundary_index_bytes(uint32_t documents);

/* The text values of a document: *count of them, the first pairs_max as pairs {field, words}, the
 * last one with DOCUMENT_WORDS_MAX words. Where the section says that all documents have one value
 * in one field, that; 0 where there are no texts at all. */
CHECKED lupe_status boundary_read(struct section *boundaries, struct section *index,
                                  uint32_t document, uint32_t *pairs, size_t pairs_max,
                                  size_t *count);

#endif
