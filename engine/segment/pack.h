/* SPDX-License-Identifier: MIT
 *
 * pack.h - bit packing of up to 128 small numbers, the innermost loop of everything.
 *
 * Owns the kernels and their choice at run time (scalar, SSE4.1, AVX2, AVX-512, NEON; all give
 * the same bytes and numbers). Called by chunk.h and postings.c. Never allocates, never
 * checks: callers make sure that packed_bytes(count, bits) + READ_PADDING_BYTES can be read
 * and that out has room for PACK_COUNT_MAX numbers.
 *
 * Packed form: a stream of bits, least significant first: number i occupies bits i*bits to
 * i*bits + bits - 1, bit n of the stream is bit n%8 of byte n/8. Spare bits of the last byte
 * are zero. bits is 0 to PACK_BITS_MAX: a number then lies within four bytes.
 */
#ifndef LUPE_SEGMENT_PACK_H
#define LUPE_SEGMENT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

#define PACK_COUNT_MAX 128u
#define PACK_BITS_MAX 25u

static inline size_t packed_bytes(unsigned count, unsigned bits)
{
    return ((size_t)count * bits + 7) / 8;
}

/* Writes packed_bytes(count, bits) bytes; numbers must fit into bits. */
void pack(const uint32_t *numbers, unsigned count, unsigned bits, uint8_t *out);

/* Exceptions of a chunk: number index[i] |= high[i] << bits. */
struct pack_patch {
    const uint8_t *index;
    const uint8_t *high; /* little-endian, of high_bytes each */
    unsigned count;      /* 1 or more */
    unsigned high_bytes; /* 1 or 2 */
};

struct pack_kernels {
    /* out[i] = number i. Numbers beyond count up to the next multiple of 16 may be written
     * with anything; count is 1 to 128. */
    void (*unpack)(const uint8_t *in, unsigned count, unsigned bits, uint32_t *out);
    /* out[i] = base + sum of (number j + 1) for j <= i: ascending documents from deltas - 1;
     * base is the document before (UINT32_MAX before the first). Same overrun. */
    void (*unpack_ascending)(const uint8_t *in, unsigned count, unsigned bits, uint32_t base,
                             uint32_t *out);
    /* In place: the same sum over numbers already unpacked. */
    void (*sum_ascending)(uint32_t *numbers, unsigned count, uint32_t base);
    /* As unpack and unpack_ascending, with exceptions put in on the way; false when their indexes
     * do not ascend or are not below count (out is written all the same). NULL where a level has
     * none: then unpack, patch, sum. */
    bool (*unpack_patched)(const uint8_t *in, unsigned count, unsigned bits,
                           const struct pack_patch *patch, uint32_t *out);
    bool (*unpack_ascending_patched)(const uint8_t *in, unsigned count, unsigned bits,
                                     const struct pack_patch *patch, uint32_t base, uint32_t *out);
    /* The documents of a bit set: bit i of words (count words, little-endian u64) stands for
     * document base + 1 + i. Returns how many, PACK_COUNT_MAX + 1 when there are more than
     * PACK_COUNT_MAX; writes at most 128 + 16 of out in any case. */
    unsigned (*bits_to_documents)(const uint8_t *words, unsigned count, uint32_t base,
                                  uint32_t *out);
    /* How many of ascending[0..count) are below target; count is 0 to 128, the array is
     * readable up to the next multiple of 16. */
    unsigned (*count_below)(const uint32_t *ascending, unsigned count, uint32_t target);
    /* Sum of numbers[from..to), modulo 2^32; readable up to the next multiple of 16. */
    uint32_t (*sum)(const uint32_t *numbers, unsigned from, unsigned to);
    /* Adds 1 to each of count numbers (up to the next multiple of 16 perhaps); gives their sum and
     * their bits ORed as they were before. */
    void (*raise)(uint32_t *numbers, unsigned count, uint32_t *sum, uint32_t *all);
    /* The first of numbers (ascending, little-endian, unaligned) at or behind from that is not
     * below target; end when there is none. Readable READ_PADDING_BYTES beyond end. */
    uint32_t (*find_not_below)(const uint8_t *numbers, uint32_t from, uint32_t end,
                               uint32_t target);
};

extern const struct pack_kernels pack_kernels_scalar; /* the oracle of the others */
const struct pack_kernels *pack_kernels(void);        /* those of cpu_level() */

/* Those of one level, NULL where this machine or build has none: for tests and the bench. */
const struct pack_kernels *pack_kernels_of(enum cpu_level level);

#endif
