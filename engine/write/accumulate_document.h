/* SPDX-License-Identifier: MIT
 *
 * accumulate_document.h - one document of a batch into an accumulator: its values in the order of
 * their fields, where each field begins, its keywords.
 *
 * Owns the order of a document's values. Called by writer.c and workers.c. Never looks at a word:
 * accumulate.c inverts the texts.
 */
#ifndef LUPE_WRITE_ACCUMULATE_DOCUMENT_H
#define LUPE_WRITE_ACCUMULATE_DOCUMENT_H

#include "write/accumulate.h"

/* Inverts the values of a record and of what the record leaves out (size 0: nothing), both followed
 * by BATCH_PADDING_BYTES; numbers of documents ascend. After an error only reset and close are
 * allowed. */
CHECKED lupe_status accumulator_add(struct accumulator *accumulator, uint32_t document,
                                    const uint8_t *record, size_t record_size,
                                    const uint8_t *unstored, size_t unstored_size);

#endif
