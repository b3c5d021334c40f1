/* SPDX-License-Identifier: MIT
 *
 * document.h - from a stored record to the document an application sees.
 *
 * Owns a copy of the record, so that the document outlives the segment's buffers. Called by
 * lupe_snapshot_get, lupe_results_document and snippets. Never looks at words.
 */
#ifndef LUPE_RESULT_DOCUMENT_H
#define LUPE_RESULT_DOCUMENT_H

#include "segment/view.h"

/* All zero: holds nothing. Field names belong to the view it was loaded from. */
struct stored_document {
    lupe_document document;
    struct buffer bytes; /* id, NUL, record */
    lupe_value *values;
    size_t value_capacity;
    uint32_t *fields; /* the field number of each value */
    bool loaded;
    uint32_t segment;
    uint32_t number;
};

/* Loads a document; nothing to do when it is the one it holds. On failure it holds nothing. */
CHECKED lupe_status document_load(struct stored_document *stored, struct view *view,
                                  uint32_t segment, uint32_t number);
void document_free(struct stored_document *stored);

/* Reads a record (FORMAT.md section 10) into values, whose data point into it. LUPE_CORRUPT. */
CHECKED lupe_status document_parse(struct stored_document *stored,
                                   const struct catalogue *catalogue, const uint8_t *record,
                                   size_t size);

#endif
