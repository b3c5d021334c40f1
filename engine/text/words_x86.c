/* SPDX-License-Identifier: MIT
 *
 * words_x86.c - the kernels of words_masks.h with SSE4.1, AVX2 and AVX-512; elsewhere there are
 * none. One text for all: what differs is how many bytes a register has.
 */
#include "text/words_masks.h"

#include <stddef.h>

#include "base/cpu.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SSE41 __attribute__((target("sse4.1")))
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw")))
#define INLINE static inline __attribute__((always_inline))

/* Bytes that are one value, that are in a range, and that are below a signed value. */

SSE41 INLINE uint64_t sse41_equal(__m128i bytes, uint8_t value)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)value)));
}

SSE41 INLINE uint64_t sse41_range(__m128i bytes, uint8_t first, uint8_t last)
{
    __m128i from = _mm_sub_epi8(bytes, _mm_set1_epi8((char)first));
    __m128i least = _mm_min_epu8(from, _mm_set1_epi8((char)(last - first)));
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(from, least));
}

SSE41 INLINE __m128i sse41_lower(__m128i bytes)
{
    return _mm_or_si128(bytes, _mm_set1_epi8(0x20));
}

AVX2 INLINE uint64_t avx2_equal(__m256i bytes, uint8_t value)
{
    return (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)value)));
}

AVX2 INLINE uint64_t avx2_range(__m256i bytes, uint8_t first, uint8_t last)
{
    __m256i from = _mm256_sub_epi8(bytes, _mm256_set1_epi8((char)first));
    __m256i least = _mm256_min_epu8(from, _mm256_set1_epi8((char)(last - first)));
    return (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(from, least));
}

AVX2 INLINE __m256i avx2_lower(__m256i bytes)
{
    return _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
}

AVX512 INLINE uint64_t avx512_equal(__m512i bytes, uint8_t value)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)value));
}

AVX512 INLINE uint64_t avx512_range(__m512i bytes, uint8_t first, uint8_t last)
{
    __m512i from = _mm512_sub_epi8(bytes, _mm512_set1_epi8((char)first));
    return _mm512_cmple_epu8_mask(from, _mm512_set1_epi8((char)(last - first)));
}

AVX512 INLINE __m512i avx512_lower(__m512i bytes)
{
    return _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
}

/* The masks of one register, put at a place of 64. Those of wide bytes only where there are
 * some. */
#define MASKS_ADD(isa, bytes, shift, masks)                                                       \
    do {                                                                                          \
        uint64_t digit = isa##_range(bytes, '0', '9');                                            \
        uint64_t wide = isa##_range(bytes, 0x80, 0xFF);                                           \
        uint64_t letter = isa##_range(isa##_lower(bytes), 'a', 'z');                              \
        masks->digit |= digit << (shift);                                                         \
        masks->run |= (letter | digit | isa##_equal(bytes, '_')) << (shift);                      \
        masks->points |=                                                                          \
            (isa##_equal(bytes, '.') | isa##_equal(bytes, ',') | isa##_equal(bytes, ':'))         \
            << (shift);                                                                           \
        masks->joins |=                                                                           \
            (isa##_equal(bytes, '-') | isa##_equal(bytes, '\'') | isa##_equal(bytes, '`') |       \
             isa##_equal(bytes, '+') | isa##_equal(bytes, '#'))                                   \
            << (shift);                                                                           \
        if (wide) {                                                                               \
            masks->wide |= wide << (shift);                                                       \
            masks->lead_c2 |= isa##_equal(bytes, 0xC2) << (shift);                                \
            masks->lead_c3 |= isa##_equal(bytes, 0xC3) << (shift);                                \
            masks->lead_e2 |= isa##_equal(bytes, 0xE2) << (shift);                                \
            masks->is_80 |= isa##_equal(bytes, 0x80) << (shift);                                  \
            masks->letter_c3 |= (isa##_range(bytes, 0x80, 0xBF) & ~isa##_equal(bytes, 0x97) &     \
                                 ~isa##_equal(bytes, 0xB7))                                       \
                                << (shift);                                                       \
            masks->sign_c2 |=                                                                     \
                (isa##_equal(bytes, 0xA0) | isa##_equal(bytes, 0xA7) | isa##_equal(bytes, 0xAB) | \
                 isa##_equal(bytes, 0xB0) | isa##_equal(bytes, 0xBB))                             \
                << (shift);                                                                       \
            masks->sign_e2 |=                                                                     \
                (isa##_equal(bytes, 0x93) | isa##_equal(bytes, 0x94) | isa##_equal(bytes, 0x9A) | \
                 isa##_range(bytes, 0x9C, 0x9E) | isa##_equal(bytes, 0xA6))                       \
                << (shift);                                                                       \
        }                                                                                         \
    } while (0)

SSE41 static void masks_sse41(const uint8_t *at, struct word_masks *masks)
{
    *masks = (struct word_masks){0};
    for (unsigned i = 0; i < MASK_BYTES; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
        MASKS_ADD(sse41, bytes, i, masks);
    }
}

AVX2 static void masks_avx2(const uint8_t *at, struct word_masks *masks)
{
    *masks = (struct word_masks){0};
    for (unsigned i = 0; i < MASK_BYTES; i += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(at + i));
        MASKS_ADD(avx2, bytes, i, masks);
    }
}

AVX512 static void masks_avx512(const uint8_t *at, struct word_masks *masks)
{
    __m512i bytes = _mm512_loadu_si512(at);
    *masks = (struct word_masks){0};
    MASKS_ADD(avx512, bytes, 0, masks);
}

word_masks_kernel *word_masks_choose(void)
{
    switch (cpu_level()) {
    case CPU_SSE41:
        return masks_sse41;
    case CPU_AVX2:
        return masks_avx2;
    case CPU_AVX512:
        return masks_avx512;
    default:
        return NULL;
    }
}

#else

word_masks_kernel *word_masks_choose(void)
{
    return NULL;
}

#endif
