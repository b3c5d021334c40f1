/* SPDX-License-Identifier: MIT
 *
 * score.c - kernels of score.h.
 */
#include "query/score.h"

#include <stdatomic.h>
#include <string.h>

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void shares_scalar(const uint32_t *documents, const uint32_t *tfs, unsigned count,
                          const uint8_t *norms, const float *factors, float weight,
                          uint32_t *shares)
{
    for (unsigned i = 0; i < count; i++)
        shares[i] = score_share(weight, (float)tfs[i], factors[norms[documents[i]]]);
}

static unsigned copy_above_scalar(const uint32_t *documents, const uint32_t *scores, unsigned count,
                                  uint32_t more, uint32_t threshold, uint32_t *kept_documents,
                                  uint32_t *kept_scores)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t score = scores[i];
        kept_documents[kept] = documents[i];
        kept_scores[kept] = score;
        kept += score + more > threshold;
    }
    return kept;
}

static unsigned keep_above_scalar(uint32_t *documents, uint32_t *scores, unsigned count,
                                  uint32_t more, uint32_t threshold)
{
    return copy_above_scalar(documents, scores, count, more, threshold, documents, scores);
}

static unsigned window_above_scalar(uint32_t *sums, uint32_t base, uint32_t threshold,
                                    uint32_t *documents, uint32_t *scores)
{
    unsigned kept = 0;
    for (uint32_t i = 0; i < WINDOW_DOCUMENTS; i++) {
        documents[kept] = base + i;
        scores[kept] = sums[i];
        kept += sums[i] > threshold;
    }
    memset(sums, 0, WINDOW_DOCUMENTS * sizeof *sums);
    return kept;
}

#define SPARSE_WORDS (SPARSE_DOCUMENTS / 64)

/* A bit for each place, and one for each word that has any: what is above is brought into order
 * without looking at all words. */
struct place_bits {
    uint64_t words[SPARSE_WORDS];
    uint64_t any[SPARSE_WORDS / 64];
};

static inline void place_bits_set(struct place_bits *bits, const uint32_t *places, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t word = places[i] / 64;
        bits->words[word] |= (uint64_t)1 << places[i] % 64;
        bits->any[word / 64] |= (uint64_t)1 << word % 64;
    }
}

static unsigned take_listed_scalar(uint32_t *sums, uint32_t *places, unsigned count,
                                   uint32_t threshold, uint32_t *scores)
{
    struct place_bits bits = {{0}, {0}};
    unsigned above = 0, taken = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t place = places[i];
        if (sums[place] > threshold)
            places[above++] = place;
        else
            sums[place] = 0;
    }
    place_bits_set(&bits, places, above);
    for (unsigned a = 0; a < SPARSE_WORDS / 64; a++) {
        for (uint64_t any = bits.any[a]; any; any &= any - 1) {
            uint32_t word = a * 64 + (unsigned)__builtin_ctzll(any);
            for (uint64_t bit = bits.words[word]; bit; bit &= bit - 1) {
                uint32_t place = word * 64 + (unsigned)__builtin_ctzll(bit);
                places[taken] = place;
                scores[taken++] = sums[place];
                sums[place] = 0;
            }
        }
    }
    return taken;
}

const struct score_kernels score_kernels_scalar = {
    shares_scalar, keep_above_scalar, copy_above_scalar, window_above_scalar, take_listed_scalar};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512      \
    __attribute__(( \
        target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))

#define INDEXES_ROW(i) (i), (i) + 1, (i) + 2, (i) + 3, (i) + 4, (i) + 5, (i) + 6, (i) + 7
static const uint8_t place_indexes[64] __attribute__((aligned(64))) = {
    INDEXES_ROW(0),  INDEXES_ROW(8),  INDEXES_ROW(16), INDEXES_ROW(24),
    INDEXES_ROW(32), INDEXES_ROW(40), INDEXES_ROW(48), INDEXES_ROW(56)};

/* Two gathers a document; the norm's is of four bytes, of which three belong to its neighbours. */
AVX2 static void shares_avx2(const uint32_t *documents, const uint32_t *tfs, unsigned count,
                             const uint8_t *norms, const float *factors, float weight,
                             uint32_t *shares)
{
    unsigned i = 0;
    const __m256 weights = _mm256_set1_ps(weight);
    const __m256i low = _mm256_set1_epi32(0xff), one = _mm256_set1_epi32(1);
    for (; i + 8 <= count; i += 8) {
        __m256i document = _mm256_loadu_si256((const __m256i *)(documents + i));
        __m256i norm =
            _mm256_and_si256(_mm256_i32gather_epi32((const int *)norms, document, 1), low);
        __m256 factor = _mm256_i32gather_ps(factors, norm, 4);
        __m256 x = _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(tfs + i)));
        __m256 value = _mm256_div_ps(_mm256_mul_ps(weights, x), _mm256_add_ps(x, factor));
        _mm256_storeu_si256((__m256i *)(shares + i),
                            _mm256_max_epi32(_mm256_cvtps_epi32(value), one));
    }
    shares_scalar(documents + i, tfs + i, count - i, norms, factors, weight, shares + i);
}

AVX2 static unsigned window_above_avx2(uint32_t *sums, uint32_t base, uint32_t threshold,
                                       uint32_t *documents, uint32_t *scores)
{
    unsigned kept = 0;
    const __m256i flip = _mm256_set1_epi32(INT32_MIN);
    const __m256i limit = _mm256_xor_si256(_mm256_set1_epi32((int)threshold), flip);
    for (uint32_t i = 0; i < WINDOW_DOCUMENTS; i += 8) {
        __m256i sum = _mm256_loadu_si256((const __m256i *)(sums + i));
        unsigned mask = (unsigned)_mm256_movemask_ps(
            _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_xor_si256(sum, flip), limit)));
        while (mask) {
            unsigned at = i + (unsigned)__builtin_ctz(mask);
            documents[kept] = base + at;
            scores[kept++] = sums[at];
            mask &= mask - 1;
        }
    }
    memset(sums, 0, WINDOW_DOCUMENTS * sizeof *sums);
    return kept;
}

AVX512 static void shares_avx512(const uint32_t *documents, const uint32_t *tfs, unsigned count,
                                 const uint8_t *norms, const float *factors, float weight,
                                 uint32_t *shares)
{
    const __m512 weights = _mm512_set1_ps(weight);
    const __m512i low = _mm512_set1_epi32(0xff), one = _mm512_set1_epi32(1);
    for (unsigned i = 0; i < count; i += 16) {
        __mmask16 mask = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
        __m512i document = _mm512_loadu_si512(documents + i);
        __m512i norm = _mm512_mask_i32gather_epi32(low, mask, document, norms, 1);
        norm = _mm512_and_si512(norm, low);
        __m512 factor = _mm512_i32gather_ps(norm, factors, 4);
        __m512 x = _mm512_cvtepi32_ps(_mm512_loadu_si512(tfs + i));
        __m512 value = _mm512_div_ps(_mm512_mul_ps(weights, x), _mm512_add_ps(x, factor));
        _mm512_storeu_si512(shares + i, _mm512_max_epi32(_mm512_cvtps_epi32(value), one));
    }
}

AVX512 static unsigned copy_above_avx512(const uint32_t *documents, const uint32_t *scores,
                                         unsigned count, uint32_t more, uint32_t threshold,
                                         uint32_t *kept_documents, uint32_t *kept_scores)
{
    unsigned kept = 0;
    const __m512i mores = _mm512_set1_epi32((int)more), limit = _mm512_set1_epi32((int)threshold);
    for (unsigned i = 0; i < count; i += 16) {
        __mmask16 mask = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
        __m512i document = _mm512_loadu_si512(documents + i),
                score = _mm512_loadu_si512(scores + i);
        mask = _mm512_mask_cmpgt_epu32_mask(mask, _mm512_add_epi32(score, mores), limit);
        _mm512_storeu_si512(kept_documents + kept, _mm512_maskz_compress_epi32(mask, document));
        _mm512_storeu_si512(kept_scores + kept, _mm512_maskz_compress_epi32(mask, score));
        kept += (unsigned)__builtin_popcount(mask);
    }
    return kept;
}

AVX512 static unsigned keep_above_avx512(uint32_t *documents, uint32_t *scores, unsigned count,
                                         uint32_t more, uint32_t threshold)
{
    return copy_above_avx512(documents, scores, count, more, threshold, documents, scores);
}

/* Sixty-four sums at once are looked at, as mostly none of them is above. */
AVX512 static unsigned window_above_avx512(uint32_t *sums, uint32_t base, uint32_t threshold,
                                           uint32_t *documents, uint32_t *scores)
{
    unsigned kept = 0;
    const __m512i limit = _mm512_set1_epi32((int)threshold), sixteen = _mm512_set1_epi32(16);
    const __m512i first =
        _mm512_add_epi32(_mm512_set1_epi32((int)base),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    for (uint32_t i = 0; i < WINDOW_DOCUMENTS; i += 64) {
        __m512i sum[4];
        __mmask16 above[4];
#pragma GCC unroll 4
        for (unsigned j = 0; j < 4; j++) {
            sum[j] = _mm512_loadu_si512(sums + i + 16 * j);
            _mm512_storeu_si512(sums + i + 16 * j, _mm512_setzero_si512());
            above[j] = _mm512_cmpgt_epu32_mask(sum[j], limit);
        }
        if (!((unsigned)above[0] | above[1] | above[2] | above[3]))
            continue;
        __m512i place = _mm512_add_epi32(first, _mm512_set1_epi32((int)i));
#pragma GCC unroll 4
        for (unsigned j = 0; j < 4; j++) {
            _mm512_storeu_si512(documents + kept, _mm512_maskz_compress_epi32(above[j], place));
            _mm512_storeu_si512(scores + kept, _mm512_maskz_compress_epi32(above[j], sum[j]));
            kept += (unsigned)__builtin_popcount(above[j]);
            place = _mm512_add_epi32(place, sixteen);
        }
    }
    return kept;
}

AVX512 static unsigned take_listed_avx512(uint32_t *sums, uint32_t *places, unsigned count,
                                          uint32_t threshold, uint32_t *scores)
{
    struct place_bits bits;
    const __m512i limit = _mm512_set1_epi32((int)threshold), zero = _mm512_setzero_si512();
    const __m512i indexes = _mm512_load_si512(place_indexes);
    unsigned above = 0, taken = 0;
    for (unsigned i = 0; i < SPARSE_WORDS; i += 8)
        _mm512_storeu_si512(bits.words + i, zero);
    memset(bits.any, 0, sizeof bits.any);
    for (unsigned i = 0; i < count; i += 16) {
        __mmask16 mask = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
        __m512i place = _mm512_loadu_si512(places + i);
        __m512i sum = _mm512_mask_i32gather_epi32(zero, mask, place, sums, 4);
        __mmask16 is_above = _mm512_mask_cmpgt_epu32_mask(mask, sum, limit);
        _mm512_mask_i32scatter_epi32(sums, mask & (__mmask16)~is_above, place, zero, 4);
        _mm512_storeu_si512(places + above, _mm512_maskz_compress_epi32(is_above, place));
        above += (unsigned)__builtin_popcount(is_above);
    }
    place_bits_set(&bits, places, above);
    for (unsigned a = 0; a < SPARSE_WORDS / 64; a++) {
        for (uint64_t any = bits.any[a]; any; any &= any - 1) {
            uint32_t word = a * 64 + (unsigned)__builtin_ctzll(any);
            __m512i bytes = _mm512_maskz_compress_epi8(bits.words[word], indexes);
            __m512i first = _mm512_set1_epi32((int)(word * 64));
            unsigned some = (unsigned)__builtin_popcountll(bits.words[word]);
            for (unsigned i = 0; i < some; i += 16) {
                __m512i place = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes));
                _mm512_storeu_si512(places + taken + i, _mm512_add_epi32(place, first));
                bytes = _mm512_alignr_epi64(zero, bytes, 2);
            }
            taken += some;
        }
    }
    for (unsigned i = 0; i < taken; i += 16) {
        __mmask16 mask = taken - i >= 16 ? 0xffff : (__mmask16)((1u << (taken - i)) - 1);
        __m512i place = _mm512_loadu_si512(places + i);
        _mm512_storeu_si512(scores + i, _mm512_mask_i32gather_epi32(zero, mask, place, sums, 4));
        _mm512_mask_i32scatter_epi32(sums, mask, place, zero, 4);
    }
    return taken;
}

static const struct score_kernels score_kernels_avx2 = {
    shares_avx2, keep_above_scalar, copy_above_scalar, window_above_avx2, take_listed_scalar};
static const struct score_kernels score_kernels_avx512 = {
    shares_avx512, keep_above_avx512, copy_above_avx512, window_above_avx512, take_listed_avx512};
#endif

static const struct score_kernels *kernels_of_level(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return &score_kernels_avx512;
    if (level == CPU_AVX2)
        return &score_kernels_avx2;
#endif
    (void)level;
    return &score_kernels_scalar;
}

const struct score_kernels *score_kernels(void)
{
    /* Kept here because every block asks. All threads find the same. */
    static _Atomic(const struct score_kernels *) chosen;
    const struct score_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!kernels) {
        kernels = kernels_of_level(cpu_level());
        atomic_store_explicit(&chosen, kernels, memory_order_relaxed);
    }
    return kernels;
}
