/* SPDX-License-Identifier: MIT
 *
 * pack_simd.h - what the SIMD twins of pack.h share: their names, the tables of their shuffles,
 * and the first step of count_below.
 *
 * Owned by pack.c; included by pack.c, pack_x86.c and pack_neon.c alone. Tables are constants
 * made by the compiler, so there is nothing to set up and nothing to race on.
 *
 * Eight numbers of the packed form take exactly `bits` bytes, so every group of eight looks
 * like the first: number i of a group lies in the four bytes from byte i*bits/8 of the group,
 * i*bits%8 bits up. A shuffle brings these four bytes into lane i, a shift and a mask finish.
 *
 *   bytes of the group   | a a a b b b c c c d d d | ...     (bits = 6, say)
 *   shuffle              | a a b b | a b b c | b c c d | c d d d | ...
 *   shift right, mask    |  n0     |  n1     |  n2     |  n3     | ...
 */
#ifndef LUPE_SEGMENT_PACK_SIMD_H
#define LUPE_SEGMENT_PACK_SIMD_H

#include "base/buffer.h"
#include "base/limits.h"
#include "segment/pack.h"

#if defined(__x86_64__)
extern const struct pack_kernels pack_kernels_sse41;
extern const struct pack_kernels pack_kernels_avx2;
extern const struct pack_kernels pack_kernels_avx512;
#elif defined(__aarch64__)
extern const struct pack_kernels pack_kernels_neon;
#endif

/* Levels without a kernel of their own take the scalar one. */
uint32_t pack_sum_scalar(const uint32_t *numbers, unsigned from, unsigned to);
void pack_raise_scalar(uint32_t *numbers, unsigned count, uint32_t *sum, uint32_t *all);
uint32_t pack_find_not_below_scalar(const uint8_t *numbers, uint32_t from, uint32_t end,
                                    uint32_t target);

#define PACK_GROUP 16u /* numbers may be read or written in whole groups of so many */

static inline uint32_t pack_mask(unsigned bits)
{
    return ((uint32_t)1 << bits) - 1;
}

/* The group of sixteen in which the first number not below target lies, if any does: only
 * the last number of each group but the last one is looked at, without a branch. A binary
 * search waits for seven loads one after the other, this for two. count is 1 to 128. */
static inline unsigned pack_group_of(const uint32_t *ascending, unsigned count, uint32_t target)
{
    const uint32_t *last = ascending + PACK_GROUP - 1;
    if (count > PACK_COUNT_MAX - PACK_GROUP) /* nearly always: seven compares, unrolled */
        return (((last[0] < target) + (last[PACK_GROUP] < target)) +
                ((last[2 * PACK_GROUP] < target) + (last[3 * PACK_GROUP] < target))) +
               (((last[4 * PACK_GROUP] < target) + (last[5 * PACK_GROUP] < target)) +
                (last[6 * PACK_GROUP] < target));
    unsigned group = 0;
    for (unsigned i = 0; i < (count - 1) / PACK_GROUP; i++)
        group += last[i * PACK_GROUP] < target;
    return group;
}

#if defined(__x86_64__) || defined(__aarch64__)

#define EACH_WIDTH(ROW)                                                                           \
    ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7), ROW(8), ROW(9), ROW(10),      \
        ROW(11), ROW(12), ROW(13), ROW(14), ROW(15), ROW(16), ROW(17), ROW(18), ROW(19), ROW(20), \
        ROW(21), ROW(22), ROW(23), ROW(24), ROW(25)

#define FOUR_BYTES(first) (first), (first) + 1, (first) + 2, (first) + 3

/* Two loads of sixteen bytes a group of eight: numbers 0 to 3 from byte 0 of the group,
 * numbers 4 to 7 from byte 4*bits/8. */
#define EIGHT_LANE(bits, i) FOUR_BYTES((i) * (bits) / 8 - (i) / 4 * 4 * (bits) / 8)
#define EIGHT_ROW(bits)                                                                        \
    {                                                                                          \
        EIGHT_LANE(bits, 0), EIGHT_LANE(bits, 1), EIGHT_LANE(bits, 2), EIGHT_LANE(bits, 3),    \
            EIGHT_LANE(bits, 4), EIGHT_LANE(bits, 5), EIGHT_LANE(bits, 6), EIGHT_LANE(bits, 7) \
    }
static const uint8_t pack_shuffle_eight[PACK_BITS_MAX + 1][32]
    __attribute__((aligned(64))) = {EACH_WIDTH(EIGHT_ROW)};

/* How far up number i of a group lies in its four bytes; the same for number i + 8. */
#define SHIFT_ROW(bits)                                                                \
    {                                                                                  \
        0, (bits) % 8, 2 * (bits) % 8, 3 * (bits) % 8, 4 * (bits) % 8, 5 * (bits) % 8, \
            6 * (bits) % 8, 7 * (bits) % 8                                             \
    }
static const uint8_t pack_shift[PACK_BITS_MAX + 1][8]
    __attribute__((aligned(64))) = {EACH_WIDTH(SHIFT_ROW)};

/* The documents of eight bits of a bit set: a byte each, 1 for the lowest bit, packed downwards.
 * A loop over the bits that are set would cost a mispredicted end a word. */
#define BIT(byte, k) ((uint64_t)(byte) >> (k)&1)
#define BITS_2(byte, k) (BIT(byte, k) + BIT(byte, (k) + 1))
#define BITS_4(byte) (BITS_2(byte, 0) + BITS_2(byte, 2))
#define BIT_PLACE(byte, k, below) (BIT(byte, k) * ((k) + 1) << 8 * (below))
#define BYTE_ENTRY(byte)                                                                        \
    (BIT_PLACE(byte, 0, 0) | BIT_PLACE(byte, 1, BIT(byte, 0)) |                                 \
     BIT_PLACE(byte, 2, BITS_2(byte, 0)) | BIT_PLACE(byte, 3, BITS_2(byte, 0) + BIT(byte, 2)) | \
     BIT_PLACE(byte, 4, BITS_4(byte)) | BIT_PLACE(byte, 5, BITS_4(byte) + BIT(byte, 4)) |       \
     BIT_PLACE(byte, 6, BITS_4(byte) + BITS_2(byte, 4)) |                                       \
     BIT_PLACE(byte, 7, BITS_4(byte) + BITS_2(byte, 4) + BIT(byte, 6)))
#define BYTES_4(byte) \
    BYTE_ENTRY(byte), BYTE_ENTRY((byte) + 1), BYTE_ENTRY((byte) + 2), BYTE_ENTRY((byte) + 3)
#define BYTES_16(byte) BYTES_4(byte), BYTES_4((byte) + 4), BYTES_4((byte) + 8), BYTES_4((byte) + 12)
#define BYTES_64(byte) \
    BYTES_16(byte), BYTES_16((byte) + 16), BYTES_16((byte) + 32), BYTES_16((byte) + 48)
static const uint64_t pack_documents[256]
    __attribute__((aligned(64))) = {BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192)};

/* Byte k of the answer: how many bits are set in bytes 0 to k of word. */
static inline uint64_t pack_bits_up_to(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return word * 0x0101010101010101u;
}

#endif
#endif
