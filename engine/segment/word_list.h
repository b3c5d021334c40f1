/* SPDX-License-Identifier: MIT
 *
 * word_list.h - the word list that an index was made with, in the store (FORMAT.md section 2).
 *
 * Owns the pieces under keys (0, 1) and following. Written once, when an index is created, read
 * when it is opened or checked, by engine/lupe*.c. Never looks into the list: text/lexicon.h does.
 */
#ifndef LUPE_SEGMENT_WORD_LIST_H
#define LUPE_SEGMENT_WORD_LIST_H

#include "base/buffer.h"
#include "store/store.h"

/* Up to LEXICON_BYTES_MAX bytes, at least one. */
CHECKED lupe_status word_list_put(struct store_write *write, const void *bytes, size_t size);

/* Adds the list to what bytes has. LUPE_CORRUPT when it is damaged or missing. */
CHECKED lupe_status word_list_get(struct store_read *read, struct buffer *bytes);

#endif
