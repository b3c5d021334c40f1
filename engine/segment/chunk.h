/* SPDX-License-Identifier: MIT
 *
 * chunk.h - a chunk: up to 128 numbers packed with exceptions (patched frame of reference).
 *
 *   chunk     := head:u8 [exceptions] packed [index:u8 * n] [high * n]
 *   head      := bits (0-25) in bits 0-4; bit 5: exceptions follow with one byte each (high:u8);
 *                bit 6: with two bytes each (high:u16); bit 7 zero
 *   exceptions := n:u8                       only with bit 5 or 6; 1 to 127
 *   packed    := packed_bytes(count, bits) bytes (pack.h)
 *   number[index] |= high << bits
 *
 * count is known from elsewhere. The writer takes the smallest form, by bytes. head bits 26-31
 * have other meanings where postings.h says so. Called by postings.c, positions.c. Never
 * allocates.
 */
#ifndef LUPE_SEGMENT_CHUNK_H
#define LUPE_SEGMENT_CHUNK_H

#include "segment/pack.h"

#define CHUNK_BITS_MASK 0x1fu
#define CHUNK_EXCEPTIONS_8 0x20u
#define CHUNK_EXCEPTIONS_16 0x40u
#define CHUNK_BYTES_MAX (2u + PACK_COUNT_MAX * 4u + PACK_COUNT_MAX * 3u)

/* The size chunk_write would give, without writing. Numbers are below 2^25 + 2^24. */
size_t chunk_size(const uint32_t *numbers, unsigned count);

/* Writes a chunk, returns its bytes, at most CHUNK_BYTES_MAX. */
size_t chunk_write(const uint32_t *numbers, unsigned count, uint8_t *out);

/* Reads a chunk of count numbers that ends before end; kernels may read READ_PADDING_BYTES
 * beyond end. Returns the byte behind it, NULL when it is damaged (head, index, or behind end). */
const uint8_t *chunk_read(const uint8_t *in, const uint8_t *end, unsigned count, uint32_t *out);

/* The byte behind a chunk without reading its numbers, or NULL. */
const uint8_t *chunk_skip(const uint8_t *in, const uint8_t *end, unsigned count);

#endif
