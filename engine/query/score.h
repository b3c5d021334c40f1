/* SPDX-License-Identifier: MIT
 *
 * score.h - the arithmetic of BM25 over arrays of documents, and the filters behind it.
 *
 * Owns the kernels and their choice at run time (scalar, AVX2, AVX-512; all give the same
 * numbers: each operation is one correctly rounded IEEE operation, in one order, never
 * contracted). Called by leaf.c and the evaluators. Never allocates, never reads the file but
 * for norms.
 *
 *   share = max(1, round(weight * x / (x + factors[norm])))     in units of 2^-SCORE_BITS
 *
 * A share is at least 1, so that a document has a score above 0 exactly when something matched.
 */
#ifndef LUPE_QUERY_SCORE_H
#define LUPE_QUERY_SCORE_H

#include <math.h>
#include <stdint.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "base/limits.h"

/* To the nearest, of two to the even one; the library's lrintf is a call. */
static inline int32_t score_round(float value)
{
#if defined(__SSE__)
    return _mm_cvtss_si32(_mm_set_ss(value));
#else
    return (int32_t)lrintf(value);
#endif
}

static inline uint32_t score_share(float weight, float x, float factor)
{
    float product = weight * x;
    float sum = x + factor;
    int32_t share = score_round(product / sum);
    return share < 1 ? 1u : (uint32_t)share;
}

struct score_kernels {
    /* shares[i] of documents[i] with x = tfs[i]; all arrays may be read and written up to the next
     * multiple of 16 beyond count (documents there are ignored). */
    void (*shares)(const uint32_t *documents, const uint32_t *tfs, unsigned count,
                   const uint8_t *norms, const float *factors, float weight, uint32_t *shares);
    /* Keeps documents and scores where score + more > threshold; returns how many. May write up to
     * the next multiple of 16. */
    unsigned (*keep_above)(uint32_t *documents, uint32_t *scores, unsigned count, uint32_t more,
                           uint32_t threshold);
    /* The same, into other arrays. */
    unsigned (*copy_above)(const uint32_t *documents, const uint32_t *scores, unsigned count,
                           uint32_t more, uint32_t threshold, uint32_t *kept_documents,
                           uint32_t *kept_scores);
    /* Of the window's sums (WINDOW_DOCUMENTS of them) gives those above threshold: their document
     * (base + place) and sum; all sums are zero then. Returns how many; the outputs have room for
     * WINDOW_DOCUMENTS + 16. */
    unsigned (*window_above)(uint32_t *sums, uint32_t base, uint32_t threshold, uint32_t *documents,
                             uint32_t *scores);
    /* Of the sums (SPARSE_DOCUMENTS of them) at places (in any order, some perhaps twice) gives
     * those above threshold: places and scores then hold them, ascending and each once. The sums at
     * all places are zero then. Returns how many; both arrays may be read and written up to 16
     * beyond count. */
    unsigned (*take_listed)(uint32_t *sums, uint32_t *places, unsigned count, uint32_t threshold,
                            uint32_t *scores);
};

extern const struct score_kernels score_kernels_scalar;
const struct score_kernels *score_kernels(void);

#endif
