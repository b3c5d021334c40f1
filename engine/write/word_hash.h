/* SPDX-License-Identifier: MIT
 *
 * word_hash.h - the hash of a word, made in line.
 *
 * Owns nothing. Included by what looks words up while documents are inverted. Never goes to the
 * file: it may change. Words are short, one or two multiplications: XXH3 through a call costs more
 * than the rest of the look-up.
 */
#ifndef LUPE_WRITE_WORD_HASH_H
#define LUPE_WRITE_WORD_HASH_H

#include "base/buffer.h"

/* Bytes that must be readable behind a word, whatever they are. */
#define WORD_PADDING_BYTES 7u

/* The last 1 to 8 bytes of a word, zeros behind them. */
static inline uint64_t last_bytes(const uint8_t *bytes, uint32_t size)
{
    return load_u64(bytes) & (~(uint64_t)0 >> (64 - 8 * size));
}

static inline uint64_t fold_128(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Of a word of at least one byte; equal bytes of different spaces have different hashes. */
static inline uint32_t word_hash(const uint8_t *bytes, uint32_t size, uint32_t space)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ size ^ (uint64_t)space << 32;
    for (; size > 8; size -= 8, bytes += 8)
        hash = fold_128(hash ^ load_u64(bytes), 0xd6e8feb86659fd93u);
    hash = fold_128(hash ^ last_bytes(bytes, size), 0xd6e8feb86659fd93u);
    return (uint32_t)(hash ^ hash >> 32);
}

#endif
