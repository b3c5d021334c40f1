/* SPDX-License-Identifier: MIT
 *
 * ids.h - from a document to its external id (FORMAT.md section 9).
 *
 * Owns the column of ids and its index. Written by segment_writer.c, read through segment.h. The
 * way from an id to its document is a list of the dictionary, not here.
 */
#ifndef LUPE_SEGMENT_IDS_H
#define LUPE_SEGMENT_IDS_H

#include "segment/extent.h"

#define ID_GROUP_DOCUMENTS 16u /* F */

struct id_writer {
    struct section_writer *ids;
    struct section_writer *index;
    struct buffer group;
    unsigned count; /* ids in the group */
    size_t last_size;
    uint8_t last[ID_BYTES_MAX];
};

void id_writer_init(struct id_writer *writer, struct section_writer *ids,
                    struct section_writer *index);
void id_writer_free(struct id_writer *writer);
/* Adds the id of the next document, 1 to ID_BYTES_MAX bytes. */
CHECKED lupe_status id_writer_add(struct id_writer *writer, const void *id, size_t size);
CHECKED lupe_status id_writer_finish(struct id_writer *writer);

/* Bytes the index of a segment has. */
uint64_t id_index_bytes(uint32_t documents);

/* Appends the id of a document below documents to out. */
CHECKED lupe_status id_read(struct section *ids, struct section *index, uint32_t document,
                            struct buffer *out);

#endif
