/* SPDX-License-Identifier: MIT
 *
 * short_list.h - lists so short that they stand in the dictionary, bit by bit (FORMAT.md section
 * 5).
 *
 * Owns their encoding. Written by postings_write.c, read by postings.c; dictionary.c asks for the
 * frequency. Never knows where the bytes stand.
 */
#ifndef LUPE_SEGMENT_SHORT_LIST_H
#define LUPE_SEGMENT_SHORT_LIST_H

#include "base/buffer.h"
#include "base/limits.h"

/* Bits that the number of a document takes in a segment of so many: 0 for one. */
static inline unsigned document_bits(uint32_t documents)
{
    return documents > 1 ? 32 - (unsigned)__builtin_clz(documents - 1) : 0;
}

struct short_list {
    unsigned document_bits;
    uint32_t frequency;
    const uint32_t *documents;
    const uint32_t *tfs;    /* NULL: without */
    const uint32_t *firsts; /* first positions; NULL: without */
    const uint32_t *mores;  /* the further ones, each less the one before and 1 */
};

#define SHORT_LIST_ROOM (DICTIONARY_INLINE_BYTES + 8u) /* to write in */

/* Writes a list of at least one document; gives its bytes, or 0 when they would be more than
 * DICTIONARY_INLINE_BYTES. */
size_t short_list_write(const struct short_list *list, uint8_t out[SHORT_LIST_ROOM]);

/* What is read: the bytes and what is known of them from elsewhere. */
struct short_bytes {
    const uint8_t *bytes;
    size_t size;
    unsigned document_bits;
    bool has_tf;
};

/* How many documents it has, 0 when the bytes are damaged. */
uint32_t short_list_frequency(const uint8_t *bytes, size_t size);

/* Its documents, which need not ascend, and tfs (1 without); false when the bytes are damaged.
 * frequency is what short_list_frequency gave. */
CHECKED bool short_list_read(const struct short_bytes *list, uint32_t frequency,
                             uint32_t *documents, uint32_t *tfs);

/* Its positions one by one, in the order of documents, of which tfs are known. */
struct short_positions {
    struct short_bytes list;
    uint64_t bit;
};
void short_positions_begin(struct short_positions *positions, const struct short_bytes *list,
                           uint32_t frequency, const uint32_t *tfs);
/* The first of a document, or a further one less the one before and 1; false when the bytes are
 * damaged. */
CHECKED bool short_positions_next(struct short_positions *positions, bool is_first,
                                  uint32_t *number);

#endif
