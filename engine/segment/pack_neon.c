/* SPDX-License-Identifier: MIT
 *
 * pack_neon.c - the kernels of pack.h with NEON, which every AArch64 machine has.
 *
 * The shapes are those of pack_x86.c: four numbers a register from a load of sixteen bytes, a
 * sum within a register by shifts, a carry apart from it. Nothing here checks anything.
 */
#include "segment/pack_simd.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

struct neon_shape {
    uint8x16_t shuffle_low, shuffle_high;
    int32x4_t shift_low, shift_high; /* negative: to the right */
    uint32x4_t mask;
    size_t half;
};

INLINE struct neon_shape neon_shape_of(unsigned bits)
{
    int16x8_t shift = vnegq_s16(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(pack_shift[bits]))));
    return (struct neon_shape){
        .shuffle_low = vld1q_u8(pack_shuffle_eight[bits]),
        .shuffle_high = vld1q_u8(pack_shuffle_eight[bits] + 16),
        .shift_low = vmovl_s16(vget_low_s16(shift)),
        .shift_high = vmovl_s16(vget_high_s16(shift)),
        .mask = vdupq_n_u32(pack_mask(bits)),
        .half = bits / 2,
    };
}

INLINE uint32x4_t neon_low(const struct neon_shape *shape, const uint8_t *group)
{
    uint8x16_t lanes = vqtbl1q_u8(vld1q_u8(group), shape->shuffle_low);
    return vandq_u32(vshlq_u32(vreinterpretq_u32_u8(lanes), shape->shift_low), shape->mask);
}

INLINE uint32x4_t neon_high(const struct neon_shape *shape, const uint8_t *group)
{
    uint8x16_t lanes = vqtbl1q_u8(vld1q_u8(group + shape->half), shape->shuffle_high);
    return vandq_u32(vshlq_u32(vreinterpretq_u32_u8(lanes), shape->shift_high), shape->mask);
}

INLINE uint32x4_t neon_carry_of(uint32_t base)
{
    static const uint32_t steps[4] = {1, 2, 3, 4};
    return vaddq_u32(vdupq_n_u32(base), vld1q_u32(steps));
}

INLINE uint32x4_t neon_sum(uint32x4_t numbers, uint32x4_t *carry)
{
    const uint32x4_t zero = vdupq_n_u32(0);
    numbers = vaddq_u32(numbers, vextq_u32(zero, numbers, 3));
    numbers = vaddq_u32(numbers, vextq_u32(zero, numbers, 2));
    uint32x4_t documents = vaddq_u32(numbers, *carry);
    uint32x4_t total = vaddq_u32(vdupq_laneq_u32(numbers, 3), vdupq_n_u32(4));
    *carry = vaddq_u32(*carry, total);
    return documents;
}

static void unpack_neon(const uint8_t *in, unsigned count, unsigned bits, uint32_t *out)
{
    struct neon_shape shape = neon_shape_of(bits);
    for (unsigned i = 0; i < count; i += 8, in += bits) {
        vst1q_u32(out + i, neon_low(&shape, in));
        vst1q_u32(out + i + 4, neon_high(&shape, in));
    }
}

static void unpack_ascending_neon(const uint8_t *in, unsigned count, unsigned bits, uint32_t base,
                                  uint32_t *out)
{
    struct neon_shape shape = neon_shape_of(bits);
    uint32x4_t carry = neon_carry_of(base);
    for (unsigned i = 0; i < count; i += 8, in += bits) {
        vst1q_u32(out + i, neon_sum(neon_low(&shape, in), &carry));
        vst1q_u32(out + i + 4, neon_sum(neon_high(&shape, in), &carry));
    }
}

static void sum_ascending_neon(uint32_t *numbers, unsigned count, uint32_t base)
{
    uint32x4_t carry = neon_carry_of(base);
    for (unsigned i = 0; i < count; i += 4)
        vst1q_u32(numbers + i, neon_sum(vld1q_u32(numbers + i), &carry));
}

static unsigned bits_to_documents_neon(const uint8_t *words, unsigned count, uint32_t base,
                                       uint32_t *out)
{
    unsigned found = 0;
    uint32x4_t before = vdupq_n_u32(base);
    for (unsigned i = 0; i < count; i++) {
        uint64_t word = load_u64(words + (size_t)i * 8);
        uint64_t up_to = pack_bits_up_to(word);
        if (found + (up_to >> 56) > PACK_COUNT_MAX)
            return PACK_COUNT_MAX + 1;
        uint64_t offsets = up_to << 8;
#pragma GCC unroll 8
        for (unsigned k = 0; k < 64; k += 8) {
            uint32_t *at = out + found + (offsets >> k & 0xff);
            uint16x8_t eight = vmovl_u8(vcreate_u8(pack_documents[word >> k & 0xff]));
            vst1q_u32(at, vaddq_u32(vmovl_u16(vget_low_u16(eight)), before));
            vst1q_u32(at + 4, vaddq_u32(vmovl_u16(vget_high_u16(eight)), before));
            before = vaddq_u32(before, vdupq_n_u32(8));
        }
        found += (unsigned)(up_to >> 56);
    }
    return found;
}

static unsigned count_below_neon(const uint32_t *ascending, unsigned count, uint32_t target)
{
    static const uint32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    if (count == 0)
        return 0;
    unsigned first = pack_group_of(ascending, count, target) * PACK_GROUP;
    uint32x4_t limit = vdupq_n_u32(target);
    uint32x4_t left = vdupq_n_u32(count - first);
    uint32x4_t below = vdupq_n_u32(0); /* minus one for each */
    for (unsigned i = 0; i < PACK_GROUP; i += 4) {
        uint32x4_t there = vcltq_u32(vld1q_u32(lanes + i), left);
        uint32x4_t less = vcltq_u32(vld1q_u32(ascending + first + i), limit);
        below = vaddq_u32(below, vandq_u32(there, less));
    }
    return first - vaddvq_u32(below);
}

const struct pack_kernels pack_kernels_neon = {
    .unpack = unpack_neon,
    .unpack_ascending = unpack_ascending_neon,
    .sum_ascending = sum_ascending_neon,
    .bits_to_documents = bits_to_documents_neon,
    .count_below = count_below_neon,
    .sum = pack_sum_scalar,
    .raise = pack_raise_scalar,
    .find_not_below = pack_find_not_below_scalar,
};

#endif
