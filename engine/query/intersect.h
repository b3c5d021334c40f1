/* SPDX-License-Identifier: MIT
 *
 * intersect.h - which of some documents are in a block, and bits of windows: the inner loops of
 * conjunctions and counts.
 *
 * Owns the kernels and their choice at run time (scalar, AVX2, AVX-512; all give the same). Called
 * by leaf.c and the evaluators. Never allocates.
 */
#ifndef LUPE_QUERY_INTERSECT_H
#define LUPE_QUERY_INTERSECT_H

#include <stdint.h>

#include "base/limits.h"

#define COUNT_WORDS (COUNT_DOCUMENTS / 64)

struct intersect_kernels {
    /* Finds the candidates (ascending, count of them) that are among documents[from..size), also
     * ascending and readable up to the next multiple of 16. candidate_at[i] and document_at[i] get
     * their places (count_max 128 each); returns how many. */
    unsigned (*intersect)(const uint32_t *candidates, unsigned count, const uint32_t *documents,
                          unsigned from, unsigned size, uint8_t *candidate_at,
                          uint8_t *document_at);
    /* Keeps those of starts (ascending) for which start + offset is among positions (ascending,
     * size of them, readable 16 further); returns how many. */
    unsigned (*follow)(uint32_t *starts, unsigned count, const uint32_t *positions, unsigned size,
                       uint32_t offset);
    uint64_t (*count_bits)(const uint64_t bits[COUNT_WORDS]);
    void (*and_bits)(uint64_t bits[COUNT_WORDS], const uint64_t others[COUNT_WORDS]);
    /* How many of the documents have their bit set among words. */
    unsigned (*count_among)(const uint32_t *documents, unsigned count, const uint64_t *words);
    /* How many bits of a set (unaligned words; bit 0 is document base) are set among words, too,
     * which are readable one word further than the set reaches. */
    unsigned (*count_both)(const uint8_t *set, unsigned set_words, uint32_t base,
                           const uint64_t *words);
    /* Sets the bits of the documents whose marks are 1 (others are 0). */
    void (*or_marks)(uint64_t bits[COUNT_WORDS], const uint8_t marks[COUNT_DOCUMENTS]);
    /* ranks[w] = bits of the words before word w (modulo 256); returns how many bits there are. */
    unsigned (*ranks)(const uint8_t *words, unsigned count, uint8_t *ranks);
    /* document_at[i] = how many bits stand before that of candidates[candidate_at[i]] - base. */
    void (*places)(const uint8_t *words, const uint8_t *ranks, const uint32_t *candidates,
                   uint32_t base, const uint8_t *candidate_at, unsigned count,
                   uint8_t *document_at);
};

extern const struct intersect_kernels intersect_kernels_scalar;
const struct intersect_kernels *intersect_kernels(void);

#endif
