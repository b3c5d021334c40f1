/* SPDX-License-Identifier: MIT
 *
 * intersect.c - kernels of intersect.h.
 *
 * One candidate costs a comparison of 16 (8) documents at once and a step over as many where the
 * block lies behind: some 2 ns, against 8 to 14 of a search in the block.
 */
#include "query/intersect.h"

#include <stdatomic.h>

#include "base/buffer.h"
#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static unsigned intersect_scalar(const uint32_t *candidates, unsigned count,
                                 const uint32_t *documents, unsigned from, unsigned size,
                                 uint8_t *candidate_at, uint8_t *document_at)
{
    unsigned found = 0;
    unsigned at = from;
    for (unsigned i = 0; i < count; i++) {
        while (at + 8 <= size && documents[at + 7] < candidates[i])
            at += 8;
        while (at < size && documents[at] < candidates[i])
            at++;
        if (at == size)
            break;
        candidate_at[found] = (uint8_t)i;
        document_at[found] = (uint8_t)at;
        found += documents[at] == candidates[i];
    }
    return found;
}

static unsigned follow_scalar(uint32_t *starts, unsigned count, const uint32_t *positions,
                              unsigned size, uint32_t offset)
{
    unsigned kept = 0, at = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t wanted = starts[i] + offset;
        while (at < size && positions[at] < wanted)
            at++;
        if (at == size)
            break;
        starts[kept] = starts[i];
        kept += positions[at] == wanted;
    }
    return kept;
}

static uint64_t count_bits_scalar(const uint64_t bits[COUNT_WORDS])
{
    uint64_t count = 0;
    for (unsigned w = 0; w < COUNT_WORDS; w++) {
        uint64_t word = bits[w];
        word -= word >> 1 & 0x5555555555555555u;
        word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
        word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
        count += word * 0x0101010101010101u >> 56;
    }
    return count;
}

static void and_bits_scalar(uint64_t bits[COUNT_WORDS], const uint64_t others[COUNT_WORDS])
{
    for (unsigned w = 0; w < COUNT_WORDS; w++)
        bits[w] &= others[w];
}

/* Eight marks are gathered into a byte by one multiplication: mark i lands in bit 56 + i, and no
 * two products meet in one bit. */
static void or_marks_scalar(uint64_t bits[COUNT_WORDS], const uint8_t marks[COUNT_DOCUMENTS])
{
    for (unsigned w = 0; w < COUNT_WORDS; w++) {
        uint64_t word = 0;
        for (unsigned i = 0; i < 8; i++)
            word |= (load_u64(marks + 64 * w + 8 * i) * 0x0102040810204080u >> 56) << 8 * i;
        bits[w] |= word;
    }
}

static unsigned count_among_scalar(const uint32_t *documents, unsigned count, const uint64_t *words)
{
    uint64_t among = 0;
    for (unsigned i = 0; i < count; i++)
        among += words[documents[i] / 64] >> documents[i] % 64 & 1;
    return (unsigned)among;
}

/* The loops stand in macros so that each level gets its own instruction for counting bits. */
#define COUNT_BOTH_BODY                                \
    unsigned count = 0, shift = base % 64;             \
    words += base / 64;                                \
    for (unsigned w = 0; w < set_words; w++) {         \
        uint64_t word = words[w] >> shift;             \
        if (shift)                                     \
            word |= words[w + 1] << (64 - shift);      \
        word &= load_u64(set + 8 * (size_t)w);         \
        count += (unsigned)__builtin_popcountll(word); \
    }                                                  \
    return count;

static unsigned count_both_scalar(const uint8_t *set, unsigned set_words, uint32_t base,
                                  const uint64_t *words)
{
    COUNT_BOTH_BODY
}

#define RANKS_BODY                                                                 \
    unsigned before = 0;                                                           \
    for (unsigned w = 0; w < count; w++) {                                         \
        ranks[w] = (uint8_t)before;                                                \
        before += (unsigned)__builtin_popcountll(load_u64(words + 8 * (size_t)w)); \
    }                                                                              \
    return before;

#define PLACES_BODY                                                                         \
    for (unsigned i = 0; i < count; i++) {                                                  \
        uint32_t at = candidates[candidate_at[i]] - base;                                   \
        uint64_t below = load_u64(words + at / 64 * 8) & (((uint64_t)1 << at % 64) - 1);    \
        document_at[i] = (uint8_t)(ranks[at / 64] + (unsigned)__builtin_popcountll(below)); \
    }

static unsigned ranks_scalar(const uint8_t *words, unsigned count, uint8_t *ranks)
{
    RANKS_BODY
}

static void places_scalar(const uint8_t *words, const uint8_t *ranks, const uint32_t *candidates,
                          uint32_t base, const uint8_t *candidate_at, unsigned count,
                          uint8_t *document_at)
{
    PLACES_BODY
}

const struct intersect_kernels intersect_kernels_scalar = {
    intersect_scalar,  follow_scalar,   count_bits_scalar, and_bits_scalar, count_among_scalar,
    count_both_scalar, or_marks_scalar, ranks_scalar,      places_scalar};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq,bmi,bmi2,popcnt")))

AVX2 static unsigned intersect_avx2(const uint32_t *candidates, unsigned count,
                                    const uint32_t *documents, unsigned from, unsigned size,
                                    uint8_t *candidate_at, uint8_t *document_at)
{
    unsigned found = 0;
    unsigned at = from & ~7u;
    for (unsigned i = 0; i < count; i++) {
        uint32_t candidate = candidates[i];
        while (at + 8 < size && documents[at + 7] < candidate)
            at += 8;
        __m256i same = _mm256_cmpeq_epi32(_mm256_loadu_si256((const __m256i *)(documents + at)),
                                          _mm256_set1_epi32((int)candidate));
        unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(same));
        unsigned place = at + (unsigned)__builtin_ctz(mask | 0x100);
        candidate_at[found] = (uint8_t)i;
        document_at[found] = (uint8_t)place;
        found += mask != 0 && place < size;
    }
    return found;
}

AVX2 static unsigned follow_avx2(uint32_t *starts, unsigned count, const uint32_t *positions,
                                 unsigned size, uint32_t offset)
{
    unsigned kept = 0, at = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t wanted = starts[i] + offset;
        while (at + 8 < size && positions[at + 7] < wanted)
            at += 8;
        __m256i same = _mm256_cmpeq_epi32(_mm256_loadu_si256((const __m256i *)(positions + at)),
                                          _mm256_set1_epi32((int)wanted));
        unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(same));
        starts[kept] = starts[i];
        kept += mask != 0 && at + (unsigned)__builtin_ctz(mask | 0x100) < size;
    }
    return kept;
}

AVX2 static uint64_t count_bits_avx2(const uint64_t bits[COUNT_WORDS])
{
    uint64_t count = 0;
    for (unsigned w = 0; w < COUNT_WORDS; w++)
        count += (uint64_t)_mm_popcnt_u64(bits[w]);
    return count;
}

/* Of eight documents at a time the half of the word with their bit. */
AVX2 static unsigned count_among_avx2(const uint32_t *documents, unsigned count,
                                      const uint64_t *words)
{
    __m256i sums = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    uint32_t lanes[8];
    unsigned i = 0, among = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i document = _mm256_loadu_si256((const __m256i *)(documents + i));
        __m256i half = _mm256_i32gather_epi32((const int *)(const void *)words,
                                              _mm256_srli_epi32(document, 5), 4);
        half = _mm256_srlv_epi32(half, _mm256_and_si256(document, _mm256_set1_epi32(31)));
        sums = _mm256_add_epi32(sums, _mm256_and_si256(half, one));
    }
    _mm256_storeu_si256((__m256i *)lanes, sums);
    for (unsigned j = 0; j < 8; j++)
        among += lanes[j];
    return among + count_among_scalar(documents + i, count - i, words);
}

AVX2 static unsigned count_both_avx2(const uint8_t *set, unsigned set_words, uint32_t base,
                                     const uint64_t *words){COUNT_BOTH_BODY}

/* Few candidates are compared with the whole block: eight compares that do not wait for each other,
 * and no branch to be mistaken. */
AVX512 static unsigned intersect_few(const uint32_t *candidates, unsigned count,
                                     const uint32_t *documents, unsigned size,
                                     uint8_t *candidate_at, uint8_t *document_at)
{
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
        __m512i candidate = _mm512_set1_epi32((int)candidates[i]);
        uint64_t same[2] = {0, 0};
        if (size > BLOCK_DOCUMENTS - 16) {
#pragma GCC unroll 8
            for (unsigned g = 0; g < 8; g++)
                same[g / 4] |= (uint64_t)_mm512_cmpeq_epi32_mask(
                                   _mm512_loadu_si512(documents + 16 * g), candidate)
                               << 16 * (g % 4);
        } else {
            for (unsigned g = 0; g < (size + 15) / 16; g++)
                same[g / 4] |= (uint64_t)_mm512_cmpeq_epi32_mask(
                                   _mm512_loadu_si512(documents + 16 * g), candidate)
                               << 16 * (g % 4);
        }
        unsigned place =
            same[0] ? (unsigned)__builtin_ctzll(same[0]) : 64 + (unsigned)_tzcnt_u64(same[1]);
        candidate_at[found] = (uint8_t)i;
        document_at[found] = (uint8_t)place;
        found += place < size;
    }
    return found;
}

#define INTERSECT_FEW_MAX 3u
#define GROUPS_MAX (BLOCK_DOCUMENTS / 16 - 1) /* with one behind them */

/* Of more, the group of sixteen a candidate can only be in is counted from the groups' last
 * documents, for sixteen candidates at a time. */
AVX512 static unsigned intersect_avx512(const uint32_t *candidates, unsigned count,
                                        const uint32_t *documents, unsigned from, unsigned size,
                                        uint8_t *candidate_at, uint8_t *document_at)
{
    unsigned found = 0;
    (void)from;
    if (count <= INTERSECT_FEW_MAX)
        return intersect_few(candidates, count, documents, size, candidate_at, document_at);
    __m512i lasts[GROUPS_MAX];
    uint32_t groups[BLOCK_DOCUMENTS];
    unsigned whole = (size - 1) / 16; /* groups with one behind them */
#pragma GCC unroll 7
    for (unsigned g = 0; g < GROUPS_MAX; g++)
        lasts[g] = _mm512_set1_epi32(g < whole ? (int)documents[16 * g + 15] : -1);
    for (unsigned i = 0; i < count; i += 16) {
        __m512i some = _mm512_loadu_si512(candidates + i);
        __m512i at = _mm512_setzero_si512();
#pragma GCC unroll 7
        for (unsigned g = 0; g < GROUPS_MAX; g++)
            at = _mm512_mask_add_epi32(at, _mm512_cmplt_epu32_mask(lasts[g], some), at,
                                       _mm512_set1_epi32(16));
        _mm512_storeu_si512(groups + i, at);
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned at = groups[i];
        unsigned mask = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(documents + at),
                                                _mm512_set1_epi32((int)candidates[i]));
        unsigned place = at + (unsigned)__builtin_ctz(mask | 0x10000);
        candidate_at[found] = (uint8_t)i;
        document_at[found] = (uint8_t)place;
        found += mask != 0 && place < size;
    }
    return found;
}

AVX512 static unsigned follow_avx512(uint32_t *starts, unsigned count, const uint32_t *positions,
                                     unsigned size, uint32_t offset)
{
    unsigned kept = 0, at = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t wanted = starts[i] + offset;
        while (at + 16 < size && positions[at + 15] < wanted)
            at += 16;
        unsigned mask = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(positions + at),
                                                _mm512_set1_epi32((int)wanted));
        starts[kept] = starts[i];
        kept += mask != 0 && at + (unsigned)__builtin_ctz(mask | 0x10000) < size;
    }
    return kept;
}

AVX2 static void or_marks_avx2(uint64_t bits[COUNT_WORDS], const uint8_t marks[COUNT_DOCUMENTS])
{
    for (unsigned w = 0; w < COUNT_WORDS; w++) {
        const __m256i *at = (const __m256i *)(marks + 64 * w);
        __m256i low = _mm256_slli_epi16(_mm256_loadu_si256(at), 7);
        __m256i high = _mm256_slli_epi16(_mm256_loadu_si256(at + 1), 7);
        bits[w] |= (uint32_t)_mm256_movemask_epi8(low) |
                   (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
    }
}

AVX512 static void or_marks_avx512(uint64_t bits[COUNT_WORDS], const uint8_t marks[COUNT_DOCUMENTS])
{
    for (unsigned w = 0; w < COUNT_WORDS; w++) {
        __m512i some = _mm512_loadu_si512(marks + 64 * w);
        bits[w] |= _mm512_test_epi8_mask(some, some);
    }
}

AVX2 static unsigned ranks_avx2(const uint8_t *words, unsigned count, uint8_t *ranks){RANKS_BODY}

AVX2 static void places_avx2(const uint8_t *words, const uint8_t *ranks, const uint32_t *candidates,
                             uint32_t base, const uint8_t *candidate_at, unsigned count,
                             uint8_t *document_at){PLACES_BODY}

AVX512 static uint64_t count_bits_avx512(const uint64_t bits[COUNT_WORDS])
{
    __m512i count = _mm512_setzero_si512();
    for (unsigned w = 0; w < COUNT_WORDS; w += 8)
        count = _mm512_add_epi64(count, _mm512_popcnt_epi64(_mm512_loadu_si512(bits + w)));
    return (uint64_t)_mm512_reduce_add_epi64(count);
}

AVX512 static unsigned count_among_avx512(const uint32_t *documents, unsigned count,
                                          const uint64_t *words)
{
    __m512i sums = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    for (unsigned i = 0; i < count; i += 16) {
        __mmask16 some = (__mmask16)(count - i < 16 ? (1u << (count - i)) - 1 : 0xffff);
        __m512i document = _mm512_maskz_loadu_epi32(some, documents + i);
        __m512i half = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), some,
                                                   _mm512_srli_epi32(document, 5), words, 4);
        half = _mm512_srlv_epi32(half, _mm512_and_si512(document, _mm512_set1_epi32(31)));
        sums = _mm512_add_epi32(sums, _mm512_and_si512(half, one));
    }
    return (unsigned)_mm512_reduce_add_epi32(sums);
}

AVX512 static unsigned count_both_avx512(const uint8_t *set, unsigned set_words, uint32_t base,
                                         const uint64_t *words)
{
    __m512i count = _mm512_setzero_si512();
    __m512i right = _mm512_set1_epi64(base % 64), left = _mm512_set1_epi64(64 - base % 64);
    words += base / 64;
    for (unsigned w = 0; w < set_words; w += 8) {
        __mmask8 some = (__mmask8)(set_words - w < 8 ? (1u << (set_words - w)) - 1 : 0xff);
        __m512i low = _mm512_srlv_epi64(_mm512_maskz_loadu_epi64(some, words + w), right);
        __m512i high = _mm512_sllv_epi64(_mm512_maskz_loadu_epi64(some, words + w + 1), left);
        __m512i both = _mm512_and_si512(_mm512_or_si512(low, high),
                                        _mm512_maskz_loadu_epi64(some, set + 8 * (size_t)w));
        count = _mm512_add_epi64(count, _mm512_popcnt_epi64(both));
    }
    return (unsigned)_mm512_reduce_add_epi64(count);
}

static const struct intersect_kernels intersect_kernels_avx2 = {
    intersect_avx2,  follow_avx2,   count_bits_avx2, and_bits_scalar, count_among_avx2,
    count_both_avx2, or_marks_avx2, ranks_avx2,      places_avx2};
static const struct intersect_kernels intersect_kernels_avx512 = {
    intersect_avx512,  follow_avx512,   count_bits_avx512, and_bits_scalar, count_among_avx512,
    count_both_avx512, or_marks_avx512, ranks_avx2,        places_avx2};
#endif

static const struct intersect_kernels *kernels_of_level(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return &intersect_kernels_avx512;
    if (level == CPU_AVX2)
        return &intersect_kernels_avx2;
#endif
    (void)level;
    return &intersect_kernels_scalar;
}

const struct intersect_kernels *intersect_kernels(void)
{
    /* Kept here because every block asks. All threads find the same. */
    static _Atomic(const struct intersect_kernels *) chosen;
    const struct intersect_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!kernels) {
        kernels = kernels_of_level(cpu_level());
        atomic_store_explicit(&chosen, kernels, memory_order_relaxed);
    }
    return kernels;
}
