/* SPDX-License-Identifier: MIT
 *
 * pack_x86.c - the kernels of pack.h with SSE4.1, AVX2 and AVX-512.
 *
 * Each function is compiled for its own instruction set, so the file needs no flags; pack.c
 * calls a set only where the machine has it. Nothing here checks anything: see pack.h for what
 * may be read and written beyond count.
 *
 * The ascending kernels sum within a register by shifting it by one, two, four lanes and
 * adding. The sum so far is carried apart from that, by one addition a register: the carry
 * does not wait for the sum inside, so that registers overlap. It starts as base + 1, base + 2,
 * ... in its lanes, which adds the one between documents for nothing.
 */
#include "segment/pack_simd.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SSE41 __attribute__((target("sse4.1")))
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline))

/* The first lane of a group whose bit in below is clear, at most left. */
INLINE unsigned first_not_below(uint32_t below, unsigned left)
{
    return (unsigned)__builtin_ctz(~below | 1u << (left < PACK_GROUP ? left : PACK_GROUP));
}

/* SSE4.1: four numbers a step. There is no shift by lane: multiplying by 2^(7 - up) brings
 * every number to bit 7, and what is lost at the top is the next number's. */

struct sse41_shape {
    __m128i shuffle_low, shuffle_high;
    __m128i raise_low, raise_high;
    __m128i mask;
    size_t half; /* bytes from the group to its second load */
};

SSE41 INLINE struct sse41_shape sse41_shape_of(unsigned bits)
{
    const __m128i *shuffle = (const __m128i *)pack_shuffle_eight[bits];
    const __m128i powers = _mm_setr_epi8((char)128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    __m128i raise = _mm_shuffle_epi8(powers, _mm_loadl_epi64((const __m128i *)pack_shift[bits]));
    return (struct sse41_shape){
        .shuffle_low = _mm_load_si128(shuffle),
        .shuffle_high = _mm_load_si128(shuffle + 1),
        .raise_low = _mm_cvtepu8_epi32(raise),
        .raise_high = _mm_cvtepu8_epi32(_mm_srli_si128(raise, 4)),
        .mask = _mm_set1_epi32((int)pack_mask(bits)),
        .half = bits / 2,
    };
}

SSE41 INLINE __m128i sse41_low(const struct sse41_shape *shape, const uint8_t *group)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)group);
    __m128i lanes = _mm_mullo_epi32(_mm_shuffle_epi8(bytes, shape->shuffle_low), shape->raise_low);
    return _mm_and_si128(_mm_srli_epi32(lanes, 7), shape->mask);
}

SSE41 INLINE __m128i sse41_high(const struct sse41_shape *shape, const uint8_t *group)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(group + shape->half));
    __m128i lanes =
        _mm_mullo_epi32(_mm_shuffle_epi8(bytes, shape->shuffle_high), shape->raise_high);
    return _mm_and_si128(_mm_srli_epi32(lanes, 7), shape->mask);
}

SSE41 INLINE __m128i sse41_carry_of(uint32_t base)
{
    return _mm_add_epi32(_mm_set1_epi32((int)base), _mm_setr_epi32(1, 2, 3, 4));
}

SSE41 INLINE __m128i sse41_sum(__m128i numbers, __m128i *carry)
{
    numbers = _mm_add_epi32(numbers, _mm_slli_si128(numbers, 4));
    numbers = _mm_add_epi32(numbers, _mm_slli_si128(numbers, 8));
    __m128i documents = _mm_add_epi32(numbers, *carry);
    __m128i total = _mm_add_epi32(_mm_shuffle_epi32(numbers, 0xff), _mm_set1_epi32(4));
    *carry = _mm_add_epi32(*carry, total);
    return documents;
}

SSE41 static void unpack_sse41(const uint8_t *in, unsigned count, unsigned bits, uint32_t *out)
{
    struct sse41_shape shape = sse41_shape_of(bits);
    for (unsigned i = 0; i < count; i += 8, in += bits) {
        _mm_storeu_si128((__m128i *)(out + i), sse41_low(&shape, in));
        _mm_storeu_si128((__m128i *)(out + i + 4), sse41_high(&shape, in));
    }
}

SSE41 static void unpack_ascending_sse41(const uint8_t *in, unsigned count, unsigned bits,
                                         uint32_t base, uint32_t *out)
{
    struct sse41_shape shape = sse41_shape_of(bits);
    __m128i carry = sse41_carry_of(base);
    for (unsigned i = 0; i < count; i += 8, in += bits) {
        __m128i low = sse41_sum(sse41_low(&shape, in), &carry);
        __m128i high = sse41_sum(sse41_high(&shape, in), &carry);
        _mm_storeu_si128((__m128i *)(out + i), low);
        _mm_storeu_si128((__m128i *)(out + i + 4), high);
    }
}

SSE41 static void sum_ascending_sse41(uint32_t *numbers, unsigned count, uint32_t base)
{
    __m128i carry = sse41_carry_of(base);
    for (unsigned i = 0; i < count; i += 4) {
        __m128i *at = (__m128i *)(numbers + i);
        _mm_storeu_si128(at, sse41_sum(_mm_loadu_si128(at), &carry));
    }
}

/* Eight bits a step from a table, whatever they are. Where the steps of a word store is known
 * before the first of them, so that none waits for another. */
SSE41 static unsigned bits_to_documents_sse41(const uint8_t *words, unsigned count, uint32_t base,
                                              uint32_t *out)
{
    unsigned found = 0;
    __m128i before = _mm_set1_epi32((int)base);
    for (unsigned i = 0; i < count; i++) {
        uint64_t word = load_u64(words + (size_t)i * 8);
        uint64_t up_to = pack_bits_up_to(word);
        if (found + (up_to >> 56) > PACK_COUNT_MAX)
            return PACK_COUNT_MAX + 1;
        uint64_t offsets = up_to << 8;
#pragma GCC unroll 8
        for (unsigned k = 0; k < 64; k += 8) {
            __m128i *at = (__m128i *)(out + found + (offsets >> k & 0xff));
            __m128i bytes = _mm_loadl_epi64((const __m128i *)&pack_documents[word >> k & 0xff]);
            __m128i high = _mm_cvtepu8_epi32(_mm_srli_si128(bytes, 4));
            _mm_storeu_si128(at, _mm_add_epi32(_mm_cvtepu8_epi32(bytes), before));
            _mm_storeu_si128(at + 1, _mm_add_epi32(high, before));
            before = _mm_add_epi32(before, _mm_set1_epi32(8));
        }
        found += (unsigned)(up_to >> 56);
    }
    return found;
}

SSE41 INLINE __m128i sse41_below(const uint32_t *numbers, __m128i target)
{
    const __m128i sign = _mm_set1_epi32((int)0x80000000u);
    __m128i lanes = _mm_loadu_si128((const __m128i *)numbers);
    return _mm_cmpgt_epi32(target, _mm_xor_si128(lanes, sign));
}

SSE41 static unsigned count_below_sse41(const uint32_t *ascending, unsigned count, uint32_t target)
{
    if (count == 0)
        return 0;
    unsigned first = pack_group_of(ascending, count, target) * PACK_GROUP;
    const uint32_t *group = ascending + first;
    __m128i limit = _mm_set1_epi32((int)(target ^ 0x80000000u));
    __m128i low = _mm_packs_epi32(sse41_below(group, limit), sse41_below(group + 4, limit));
    __m128i high = _mm_packs_epi32(sse41_below(group + 8, limit), sse41_below(group + 12, limit));
    uint32_t below = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
    return first + first_not_below(below, count - first);
}

const struct pack_kernels pack_kernels_sse41 = {
    .unpack = unpack_sse41,
    .unpack_ascending = unpack_ascending_sse41,
    .sum_ascending = sum_ascending_sse41,
    .bits_to_documents = bits_to_documents_sse41,
    .count_below = count_below_sse41,
    .sum = pack_sum_scalar,
    .raise = pack_raise_scalar,
    .find_not_below = pack_find_not_below_scalar,
};

/* AVX2: eight numbers a step, from two loads of sixteen bytes. */

struct avx2_shape {
    __m256i shuffle;
    __m256i shift;
    __m256i mask;
    size_t half;
};

AVX2 INLINE struct avx2_shape avx2_shape_of(unsigned bits)
{
    return (struct avx2_shape){
        .shuffle = _mm256_load_si256((const __m256i *)pack_shuffle_eight[bits]),
        .shift = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)pack_shift[bits])),
        .mask = _mm256_set1_epi32((int)pack_mask(bits)),
        .half = bits / 2,
    };
}

AVX2 INLINE __m256i avx2_eight(const struct avx2_shape *shape, const uint8_t *group)
{
    __m128i low = _mm_loadu_si128((const __m128i *)group);
    __m128i high = _mm_loadu_si128((const __m128i *)(group + shape->half));
    __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    __m256i lanes = _mm256_shuffle_epi8(bytes, shape->shuffle);
    return _mm256_and_si256(_mm256_srlv_epi32(lanes, shape->shift), shape->mask);
}

AVX2 INLINE __m256i avx2_carry_of(uint32_t base)
{
    return _mm256_add_epi32(_mm256_set1_epi32((int)base),
                            _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8));
}

AVX2 INLINE __m256i avx2_sum(__m256i numbers, __m256i *carry)
{
    numbers = _mm256_add_epi32(numbers, _mm256_slli_si256(numbers, 4));
    numbers = _mm256_add_epi32(numbers, _mm256_slli_si256(numbers, 8));
    /* Both halves are summed; the total of the lower goes onto the upper. */
    __m256i totals = _mm256_shuffle_epi32(numbers, 0xff);
    numbers = _mm256_add_epi32(numbers, _mm256_permute2x128_si256(totals, totals, 0x08));
    __m256i documents = _mm256_add_epi32(numbers, *carry);
    __m256i total = _mm256_permutevar8x32_epi32(numbers, _mm256_set1_epi32(7));
    *carry = _mm256_add_epi32(*carry, _mm256_add_epi32(total, _mm256_set1_epi32(8)));
    return documents;
}

AVX2 static void unpack_avx2(const uint8_t *in, unsigned count, unsigned bits, uint32_t *out)
{
    struct avx2_shape shape = avx2_shape_of(bits);
    for (unsigned i = 0; i < count; i += 16, in += 2 * bits) {
        _mm256_storeu_si256((__m256i *)(out + i), avx2_eight(&shape, in));
        _mm256_storeu_si256((__m256i *)(out + i + 8), avx2_eight(&shape, in + bits));
    }
}

AVX2 static void unpack_ascending_avx2(const uint8_t *in, unsigned count, unsigned bits,
                                       uint32_t base, uint32_t *out)
{
    struct avx2_shape shape = avx2_shape_of(bits);
    __m256i carry = avx2_carry_of(base);
    for (unsigned i = 0; i < count; i += 8, in += bits) {
        __m256i documents = avx2_sum(avx2_eight(&shape, in), &carry);
        _mm256_storeu_si256((__m256i *)(out + i), documents);
    }
}

AVX2 static void sum_ascending_avx2(uint32_t *numbers, unsigned count, uint32_t base)
{
    __m256i carry = avx2_carry_of(base);
    for (unsigned i = 0; i < count; i += 8) {
        __m256i *at = (__m256i *)(numbers + i);
        _mm256_storeu_si256(at, avx2_sum(_mm256_loadu_si256(at), &carry));
    }
}

AVX2 static unsigned bits_to_documents_avx2(const uint8_t *words, unsigned count, uint32_t base,
                                            uint32_t *out)
{
    unsigned found = 0;
    __m256i before = _mm256_set1_epi32((int)base);
    for (unsigned i = 0; i < count; i++) {
        uint64_t word = load_u64(words + (size_t)i * 8);
        uint64_t up_to = pack_bits_up_to(word);
        if (found + (up_to >> 56) > PACK_COUNT_MAX)
            return PACK_COUNT_MAX + 1;
        uint64_t offsets = up_to << 8;
#pragma GCC unroll 8
        for (unsigned k = 0; k < 64; k += 8) {
            __m256i *at = (__m256i *)(out + found + (offsets >> k & 0xff));
            __m128i bytes = _mm_loadl_epi64((const __m128i *)&pack_documents[word >> k & 0xff]);
            _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_cvtepu8_epi32(bytes), before));
            before = _mm256_add_epi32(before, _mm256_set1_epi32(8));
        }
        found += (unsigned)(up_to >> 56);
    }
    return found;
}

AVX2 INLINE uint32_t avx2_below(const uint32_t *numbers, __m256i target)
{
    const __m256i sign = _mm256_set1_epi32((int)0x80000000u);
    __m256i lanes = _mm256_loadu_si256((const __m256i *)numbers);
    __m256i below = _mm256_cmpgt_epi32(target, _mm256_xor_si256(lanes, sign));
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(below));
}

AVX2 static unsigned count_below_avx2(const uint32_t *ascending, unsigned count, uint32_t target)
{
    if (count == 0)
        return 0;
    unsigned first = pack_group_of(ascending, count, target) * PACK_GROUP;
    const uint32_t *group = ascending + first;
    __m256i limit = _mm256_set1_epi32((int)(target ^ 0x80000000u));
    uint32_t below = avx2_below(group, limit) | avx2_below(group + 8, limit) << 8;
    return first + first_not_below(below, count - first);
}

AVX2 static uint32_t find_not_below_avx2(const uint8_t *numbers, uint32_t from, uint32_t end,
                                         uint32_t target)
{
    __m256i limit = _mm256_set1_epi32((int)(target ^ 0x80000000u));
    for (uint32_t at = from; at < end; at += 8) {
        uint32_t below =
            avx2_below((const uint32_t *)(const void *)(numbers + 4 * (size_t)at), limit);
        if (below != 0xff) {
            at += (unsigned)__builtin_ctz(~below);
            return at < end ? at : end;
        }
    }
    return end;
}

const struct pack_kernels pack_kernels_avx2 = {
    .unpack = unpack_avx2,
    .unpack_ascending = unpack_ascending_avx2,
    .sum_ascending = sum_ascending_avx2,
    .bits_to_documents = bits_to_documents_avx2,
    .count_below = count_below_avx2,
    .sum = pack_sum_scalar,
    .raise = pack_raise_scalar,
    .find_not_below = find_not_below_avx2,
};

/* AVX-512 with VBMI: sixteen numbers a step, from one load of 64 bytes of which 2 * bits are
 * theirs. The load begins inside the packed bytes, so it ends within the padding. */

#define SIXTEEN_LANE(bits, i) FOUR_BYTES((i) * (bits) / 8)
#define SIXTEEN_ROW(bits)                                                           \
    {                                                                               \
        SIXTEEN_LANE(bits, 0), SIXTEEN_LANE(bits, 1), SIXTEEN_LANE(bits, 2),        \
            SIXTEEN_LANE(bits, 3), SIXTEEN_LANE(bits, 4), SIXTEEN_LANE(bits, 5),    \
            SIXTEEN_LANE(bits, 6), SIXTEEN_LANE(bits, 7), SIXTEEN_LANE(bits, 8),    \
            SIXTEEN_LANE(bits, 9), SIXTEEN_LANE(bits, 10), SIXTEEN_LANE(bits, 11),  \
            SIXTEEN_LANE(bits, 12), SIXTEEN_LANE(bits, 13), SIXTEEN_LANE(bits, 14), \
            SIXTEEN_LANE(bits, 15)                                                  \
    }
static const uint8_t shuffle_sixteen[PACK_BITS_MAX + 1][64]
    __attribute__((aligned(64))) = {EACH_WIDTH(SIXTEEN_ROW)};

#define PLACES_ROW(i) (i), (i) + 1, (i) + 2, (i) + 3, (i) + 4, (i) + 5, (i) + 6, (i) + 7
static const uint8_t pack_places[64]
    __attribute__((aligned(64))) = {PLACES_ROW(0),  PLACES_ROW(8),  PLACES_ROW(16), PLACES_ROW(24),
                                    PLACES_ROW(32), PLACES_ROW(40), PLACES_ROW(48), PLACES_ROW(56)};

struct avx512_shape {
    __m512i shuffle;
    __m512i shift;
    __m512i mask;
};

AVX512 INLINE struct avx512_shape avx512_shape_of(unsigned bits)
{
    __m128i shift = _mm_set1_epi64x((long long)load_u64(pack_shift[bits]));
    return (struct avx512_shape){
        .shuffle = _mm512_load_si512(shuffle_sixteen[bits]),
        .shift = _mm512_cvtepu8_epi32(shift),
        .mask = _mm512_set1_epi32((int)pack_mask(bits)),
    };
}

AVX512 INLINE __m512i avx512_sixteen(const struct avx512_shape *shape, const uint8_t *group)
{
    __m512i lanes = _mm512_permutexvar_epi8(shape->shuffle, _mm512_loadu_si512(group));
    return _mm512_and_si512(_mm512_srlv_epi32(lanes, shape->shift), shape->mask);
}

AVX512 INLINE __m512i avx512_carry_of(uint32_t base)
{
    return _mm512_add_epi32(
        _mm512_set1_epi32((int)base),
        _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
}

AVX512 INLINE __m512i avx512_sum(__m512i numbers, __m512i *carry)
{
    const __m512i zero = _mm512_setzero_si512();
    numbers = _mm512_add_epi32(numbers, _mm512_alignr_epi32(numbers, zero, 15));
    numbers = _mm512_add_epi32(numbers, _mm512_alignr_epi32(numbers, zero, 14));
    numbers = _mm512_add_epi32(numbers, _mm512_alignr_epi32(numbers, zero, 12));
    numbers = _mm512_add_epi32(numbers, _mm512_alignr_epi32(numbers, zero, 8));
    __m512i documents = _mm512_add_epi32(numbers, *carry);
    __m512i total = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), numbers);
    *carry = _mm512_add_epi32(*carry, _mm512_add_epi32(total, _mm512_set1_epi32(16)));
    return documents;
}

AVX512 static void unpack_avx512(const uint8_t *in, unsigned count, unsigned bits, uint32_t *out)
{
    struct avx512_shape shape = avx512_shape_of(bits);
    for (unsigned i = 0; i < count; i += 16, in += 2 * bits)
        _mm512_storeu_si512(out + i, avx512_sixteen(&shape, in));
}

AVX512 static void unpack_ascending_avx512(const uint8_t *in, unsigned count, unsigned bits,
                                           uint32_t base, uint32_t *out)
{
    struct avx512_shape shape = avx512_shape_of(bits);
    __m512i carry = avx512_carry_of(base);
    for (unsigned i = 0; i < count; i += 16, in += 2 * bits)
        _mm512_storeu_si512(out + i, avx512_sum(avx512_sixteen(&shape, in), &carry));
}

AVX512 static void sum_ascending_avx512(uint32_t *numbers, unsigned count, uint32_t base)
{
    __m512i carry = avx512_carry_of(base);
    for (unsigned i = 0; i < count; i += 16)
        _mm512_storeu_si512(numbers + i, avx512_sum(_mm512_loadu_si512(numbers + i), &carry));
}

/* Exceptions are put in while the numbers are in registers: writing them into memory first makes
 * the load that sums them wait until the small stores have gone through (32 ns a block against
 * 12). */
struct avx512_patch {
    uint64_t marks[2]; /* bit i: number i is an exception */
    const uint8_t *high;
    unsigned high_bytes;
    __m128i bits;
};

AVX512 INLINE bool avx512_patch_of(const struct pack_patch *patch, unsigned count, unsigned bits,
                                   struct avx512_patch *out)
{
    uint64_t low = 0, high = 0;
    unsigned before = 0; /* index of the exception before, plus 1 */
    bool sound = true;
    for (unsigned i = 0; i < patch->count; i++) {
        unsigned index = patch->index[i];
        uint64_t bit = (uint64_t)1 << index % 64;
        uint64_t upper = -(uint64_t)(index >> 6 & 1);
        high |= bit & upper;
        low |= bit & ~upper;
        sound &= index >= before;
        before = index + 1;
    }
    *out = (struct avx512_patch){
        {low, high}, patch->high, patch->high_bytes, _mm_cvtsi32_si128((int)bits)};
    return sound && before <= count;
}

AVX512 INLINE __m512i avx512_put(struct avx512_patch *patch, unsigned i, __m512i numbers)
{
    __mmask16 mask = (__mmask16)(patch->marks[i / 64] >> i % 64);
    __m512i high = patch->high_bytes == 1
                       ? _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)patch->high))
                       : _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)patch->high));
    patch->high += (unsigned)_mm_popcnt_u32(mask) * patch->high_bytes;
    high = _mm512_sll_epi32(_mm512_maskz_expand_epi32(mask, high), patch->bits);
    return _mm512_or_si512(numbers, high);
}

AVX512 static bool unpack_patched_avx512(const uint8_t *in, unsigned count, unsigned bits,
                                         const struct pack_patch *patch, uint32_t *out)
{
    struct avx512_shape shape = avx512_shape_of(bits);
    struct avx512_patch put;
    bool sound = avx512_patch_of(patch, count, bits, &put);
    for (unsigned i = 0; i < count; i += 16, in += 2 * bits)
        _mm512_storeu_si512(out + i, avx512_put(&put, i, avx512_sixteen(&shape, in)));
    return sound;
}

AVX512 static bool unpack_ascending_patched_avx512(const uint8_t *in, unsigned count, unsigned bits,
                                                   const struct pack_patch *patch, uint32_t base,
                                                   uint32_t *out)
{
    struct avx512_shape shape = avx512_shape_of(bits);
    __m512i carry = avx512_carry_of(base);
    struct avx512_patch put;
    bool sound = avx512_patch_of(patch, count, bits, &put);
    for (unsigned i = 0; i < count; i += 16, in += 2 * bits) {
        __m512i numbers = avx512_put(&put, i, avx512_sixteen(&shape, in));
        _mm512_storeu_si512(out + i, avx512_sum(numbers, &carry));
    }
    return sound;
}

/* The places of a word's bits are compressed as bytes, all 64 at once, and widened by sixteen:
 * mostly one step is enough. (Compressing into memory is microcode on some machines and many times
 * slower; here it is into a register.) */
AVX512 static unsigned bits_to_documents_avx512(const uint8_t *words, unsigned count, uint32_t base,
                                                uint32_t *out)
{
    unsigned found = 0;
    __m512i places = _mm512_load_si512(pack_places);
    for (unsigned i = 0; i < count; i++) {
        uint64_t word = load_u64(words + (size_t)i * 8);
        unsigned set = (unsigned)_mm_popcnt_u64(word);
        if (found + set > PACK_COUNT_MAX)
            return PACK_COUNT_MAX + 1;
        __m512i bytes = _mm512_maskz_compress_epi8(word, places);
        __m512i first = _mm512_set1_epi32((int)(base + 1 + 64 * i));
        uint32_t *at = out + found;
        found += set;
        __m512i some = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes));
        _mm512_storeu_si512(at, _mm512_add_epi32(some, first));
        if (set <= 16)
            continue;
        some = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 1));
        _mm512_storeu_si512(at + 16, _mm512_add_epi32(some, first));
        if (set <= 32)
            continue;
        some = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 2));
        _mm512_storeu_si512(at + 32, _mm512_add_epi32(some, first));
        if (set <= 48)
            continue;
        some = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 3));
        _mm512_storeu_si512(at + 48, _mm512_add_epi32(some, first));
    }
    return found;
}

AVX512 INLINE unsigned avx512_below(const uint32_t *numbers, __m512i target)
{
    __m512i group = _mm512_loadu_si512(numbers);
    return (unsigned)_mm_popcnt_u32(_mm512_cmplt_epu32_mask(group, target));
}

/* A full block is compared as a whole: eight compares that wait for nothing but the target
 * come sooner than two steps of which the second waits for the first. */
AVX512 static unsigned count_below_avx512(const uint32_t *ascending, unsigned count,
                                          uint32_t target)
{
    __m512i limit = _mm512_set1_epi32((int)target);
    if (count == PACK_COUNT_MAX)
        return ((avx512_below(ascending, limit) + avx512_below(ascending + 16, limit)) +
                (avx512_below(ascending + 32, limit) + avx512_below(ascending + 48, limit))) +
               ((avx512_below(ascending + 64, limit) + avx512_below(ascending + 80, limit)) +
                (avx512_below(ascending + 96, limit) + avx512_below(ascending + 112, limit)));
    if (count == 0)
        return 0;
    unsigned first = pack_group_of(ascending, count, target) * PACK_GROUP;
    __m512i group = _mm512_loadu_si512(ascending + first);
    return first + first_not_below(_mm512_cmplt_epu32_mask(group, limit), count - first);
}

AVX512 static uint32_t sum_avx512(const uint32_t *numbers, unsigned from, unsigned to)
{
    __m512i sum = _mm512_setzero_si512();
    for (unsigned i = from & ~15u; i < to; i += 16) {
        unsigned mask = i < from ? 0xffffu << (from - i) : 0xffffu;
        if (to - i < 16)
            mask &= (1u << (to - i)) - 1;
        sum = _mm512_add_epi32(sum, _mm512_maskz_loadu_epi32((__mmask16)mask, numbers + i));
    }
    return (uint32_t)_mm512_reduce_add_epi32(sum);
}

AVX512 static void raise_avx512(uint32_t *numbers, unsigned count, uint32_t *sum, uint32_t *all)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i sums = _mm512_setzero_si512(), ors = sums;
    for (unsigned i = 0; i < count; i += 16) {
        __mmask16 mask = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
        __m512i some = _mm512_maskz_loadu_epi32(mask, numbers + i);
        sums = _mm512_add_epi32(sums, some);
        ors = _mm512_or_si512(ors, some);
        _mm512_storeu_si512(numbers + i, _mm512_add_epi32(some, one));
    }
    *sum = (uint32_t)_mm512_reduce_add_epi32(sums);
    *all = (uint32_t)_mm512_reduce_or_epi32(ors);
}

AVX512 static uint32_t find_not_below_avx512(const uint8_t *numbers, uint32_t from, uint32_t end,
                                             uint32_t target)
{
    __m512i limit = _mm512_set1_epi32((int)target);
    for (uint32_t at = from; at < end; at += 16) {
        __m512i group = _mm512_loadu_si512(numbers + 4 * (size_t)at);
        unsigned reached = _mm512_cmpge_epu32_mask(group, limit);
        if (reached) {
            at += (unsigned)__builtin_ctz(reached);
            return at < end ? at : end;
        }
    }
    return end;
}

const struct pack_kernels pack_kernels_avx512 = {
    .unpack = unpack_avx512,
    .unpack_ascending = unpack_ascending_avx512,
    .sum_ascending = sum_ascending_avx512,
    .unpack_patched = unpack_patched_avx512,
    .unpack_ascending_patched = unpack_ascending_patched_avx512,
    .bits_to_documents = bits_to_documents_avx512,
    .count_below = count_below_avx512,
    .sum = sum_avx512,
    .raise = raise_avx512,
    .find_not_below = find_not_below_avx512,
};

#endif
