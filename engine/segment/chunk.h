/* SPDX-License-Identifier: MIT
 *
 * chunk.h - a chunk: up to 128 numbers packed with exceptions (patched frame of reference).
 *
 *   chunk     := head:u8 [exceptions] packed [index:u8 * n] [high * n]
 *   head      := bits (0-25) in bits 0-4; bit 5: exceptions follow with one byte each (high:u8);
 *                bit 6: with two bytes each (high:u16); bit 7 zero
 *   exceptions := n:u8                       only with bit 5 or 6; 1 to count
 *   packed    := packed_bytes(count, bits) bytes (pack.h)
 *   number[index] |= high << bits
 *
 * count, at most PACK_COUNT_MAX, is known from elsewhere. The writer takes the smallest form, by
 * bytes, and of equal ones that with the fewest exceptions. A head whose bits are 26 to 31 has
 * another meaning where postings.h says so, and is damage here. Called by postings.c,
 * positions.c. Never allocates.
 */
#ifndef LUPE_SEGMENT_CHUNK_H
#define LUPE_SEGMENT_CHUNK_H

#include <stdbool.h>

#include "segment/pack.h"

#define CHUNK_BITS_MASK 0x1fu
#define CHUNK_EXCEPTIONS_8 0x20u
#define CHUNK_EXCEPTIONS_16 0x40u
#define CHUNK_BYTES_MAX (2u + PACK_COUNT_MAX * 4u + PACK_COUNT_MAX * 3u)

/* The size chunk_write would give, without writing. Every u32 has a form. */
size_t chunk_size(const uint32_t *numbers, unsigned count);

/* Writes a chunk, returns its bytes, at most CHUNK_BYTES_MAX. */
size_t chunk_write(const uint32_t *numbers, unsigned count, uint8_t *out);

/* Reads a chunk of count numbers that ends at end or before; kernels may read
 * READ_PADDING_BYTES beyond end. out has room for PACK_COUNT_MAX numbers, and beyond count holds
 * anything. Returns the byte behind the chunk, NULL when it is damaged (head, index, or end). */
const uint8_t *chunk_read(const uint8_t *in, const uint8_t *end, unsigned count, uint32_t *out);

/* As chunk_read for numbers that are document gaps minus 1: out[i] = before + sum of (number j + 1)
 * for j <= i. NULL also where they do not ascend; the first may
 * lie below before where it is damaged. */
const uint8_t *chunk_read_ascending(const uint8_t *in, const uint8_t *end, unsigned count,
                                    uint32_t before, uint32_t *out);

/* Number `index` (below count) of a chunk alone; false when the chunk is damaged. */
bool chunk_get(const uint8_t *in, const uint8_t *end, unsigned count, unsigned index,
               uint32_t *out);

/* Where the parts of a chunk are. */
struct chunk_parts {
    unsigned bits;
    unsigned exceptions;
    unsigned high_bytes;
    const uint8_t *packed;
    const uint8_t *index;
    const uint8_t *high;
    const uint8_t *next; /* the byte behind the chunk */
};

/* Reads the head of a chunk; false when it is damaged or the chunk does not end at end or before.
 * The indexes are not looked at. */
bool chunk_find_parts(const uint8_t *in, const uint8_t *end, unsigned count,
                      struct chunk_parts *parts);

/* The byte behind a chunk without reading its numbers, or NULL; indexes are not looked at. */
const uint8_t *chunk_skip(const uint8_t *in, const uint8_t *end, unsigned count);

#endif
