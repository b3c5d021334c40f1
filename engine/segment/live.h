/* SPDX-License-Identifier: MIT
 *
 * live.h - which documents of a segment are live (FORMAT.md sections 2, 12).
 *
 * Owns the bitmap in memory and its two stored forms. Read with each segment that has deletes,
 * changed by write/ only. One bit a document, set = live; words beyond the last document are zero.
 */
#ifndef LUPE_SEGMENT_LIVE_H
#define LUPE_SEGMENT_LIVE_H

#include "segment/catalogue.h"

struct live {
    uint64_t *words; /* NULL: all are live */
    uint32_t documents;
    uint32_t deleted;
};

static inline bool live_has(const struct live *live, uint32_t document)
{
    return !live->words || (live->words[document / 64] >> (document % 64) & 1);
}

void live_free(struct live *live);

/* Loads the bitmap of a segment; words stay NULL without deletes. Padded with one window of zero
 * words behind the end, so that windows may be read whole. */
CHECKED lupe_status live_load(struct store_read *read, const struct segment_entry *entry,
                              struct live *live);

/* A copy of its own; to is freed by the caller. */
CHECKED lupe_status live_copy(const struct live *from, struct live *to);

/* Marks a document as deleted (materialises the bitmap); *was_live tells whether it was. */
CHECKED lupe_status live_delete(struct live *live, uint32_t document, bool *was_live);

/* Writes the difference between before (what the entry says is stored; words may be NULL) and live
 * into the transaction, and the new numbers into the entry: a list below LIVE_LIST_MAX, else
 * chunks, of which only changed ones are put. Without a difference nothing happens; on failure the
 * entry is as it was but for its list. */
CHECKED lupe_status live_store(struct store_write *write, struct segment_entry *entry,
                               const struct live *before, const struct live *live);

#endif
