/* SPDX-License-Identifier: MIT
 *
 * pairs.h - where two frequent words stand one behind the other (FORMAT.md section 4, list 5).
 *
 * Owns the counting of such places from the words' own lists, and the key of a pair. Called by
 * write/pair_lists.c, which stores what is counted, and by check.c, which compares. Never writes.
 *
 *   pair_scan_open -> (pair_scan_begin -> pair_scan_step * -> pair_read * ) * -> pair_scan_close
 */
#ifndef LUPE_SEGMENT_PAIRS_H
#define LUPE_SEGMENT_PAIRS_H

#include "segment/postings.h"

/* A word of so many documents is paired where the segment's pairs begin at frequency_min (0: the
 * segment has none). */
static inline bool pair_has_word(uint32_t frequency_min, uint32_t frequency, size_t term_size)
{
    return frequency_min > 0 && frequency >= frequency_min && term_size <= PAIR_TERM_BYTES_MAX;
}

/* The key of a pair of words, each of up to PAIR_TERM_BYTES_MAX bytes. */
size_t key_of_pair(uint8_t key[KEY_BYTES_MAX], const void *first, size_t first_size,
                   const void *second, size_t second_size);

struct pair_word {
    uint8_t term[PAIR_TERM_BYTES_MAX];
    uint8_t size;
    struct list list; /* with positions */
};

struct pair_scan;

/* For up to PAIR_WORDS_MAX words in the order of their terms, whose lists may be opened later, up
 * to pair_scan_begin. words and norms (of so many documents) are borrowed. What is counted takes
 * about memory_bytes at most. */
CHECKED lupe_status pair_scan_open(struct pair_word *words, unsigned count, const uint8_t *norms,
                                   uint32_t documents, size_t memory_bytes,
                                   struct pair_scan **scan);
void pair_scan_close(struct pair_scan *scan); /* accepts NULL */

/* Begins to count the pairs whose first word has number `first` or a higher one. */
CHECKED lupe_status pair_scan_begin(struct pair_scan *scan, unsigned first);

/* Works through some documents more. *done at the last: then the pairs of the first words from
 * `first` to below *end are counted, at least one; more did not fit. */
CHECKED lupe_status pair_scan_step(struct pair_scan *scan, bool *done, unsigned *end);

/* The documents of a pair that was counted, in order. */
struct pair_reader {
    const uint8_t *next;
    const uint8_t *end;
    uint32_t document; /* the last one given */
};
struct pair_reader pair_read_begin(const struct pair_scan *scan, unsigned first, unsigned second);
/* The next up to BLOCK_DOCUMENTS of them; 0: there are no more. */
unsigned pair_read(struct pair_reader *reader, uint32_t *documents, uint32_t *tfs);

#endif
