/* SPDX-License-Identifier: MIT
 *
 * test_query_kernels.c - the kernels of scoring and intersection that the machine runs, beside
 * their scalar twins. (make test-all runs this under each LUPE_SIMD.)
 */
#include <string.h>

#include "query/intersect.h"
#include "query/score.h"
#include "support.h"

#define ROUNDS 2000u
#define PADDED (128u + 16u)

static struct support_random rnd;

static unsigned ascending(uint32_t *numbers, unsigned count, uint32_t step_max)
{
    uint32_t number = (uint32_t)support_random_below(&rnd, 5);
    for (unsigned i = 0; i < count; i++) {
        numbers[i] = number;
        number += 1 + (uint32_t)support_random_below(&rnd, step_max);
    }
    return count;
}

Test(query_kernels, shares)
{
    static uint8_t norms[70000];
    float factors[256];
    uint32_t documents[PADDED] = {0}, tfs[PADDED], fast[PADDED], slow[PADDED];
    rnd = support_random_of(101);
    support_random_bytes(&rnd, norms, sizeof norms);
    for (unsigned i = 0; i < 256; i++)
        factors[i] = (float)(0.3 + 0.05 * i);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned count = 1 + (unsigned)support_random_below(&rnd, 128);
        ascending(documents, count, 500);
        for (unsigned i = 0; i < PADDED; i++)
            tfs[i] = 1 + (uint32_t)support_random_below(&rnd, round % 7 ? 4 : 1u << 24);
        float weight = (float)(1u << support_random_below(&rnd, 29)) * 1.37f;
        score_kernels()->shares(documents, tfs, count, norms, factors, weight, fast);
        score_kernels_scalar.shares(documents, tfs, count, norms, factors, weight, slow);
        cr_assert_arr_eq(fast, slow, count * sizeof *fast, "seed %" PRIu64 ", round %u", rnd.seed,
                         round);
    }
}

Test(query_kernels, keep_above)
{
    uint32_t documents[PADDED], scores[PADDED], fast_documents[PADDED], fast_scores[PADDED];
    rnd = support_random_of(102);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned count = (unsigned)support_random_below(&rnd, 129);
        for (unsigned i = 0; i < PADDED; i++) {
            documents[i] = (uint32_t)support_random_next(&rnd);
            scores[i] = (uint32_t)support_random_below(&rnd, 1000);
        }
        uint32_t more = (uint32_t)support_random_below(&rnd, 1000);
        uint32_t limit = (uint32_t)support_random_below(&rnd, 2000);
        memcpy(fast_documents, documents, sizeof documents);
        memcpy(fast_scores, scores, sizeof scores);
        uint32_t copied_documents[PADDED], copied_scores[PADDED];
        unsigned copied = score_kernels()->copy_above(documents, scores, count, more, limit,
                                                      copied_documents, copied_scores);
        unsigned slow = score_kernels_scalar.keep_above(documents, scores, count, more, limit);
        unsigned fast =
            score_kernels()->keep_above(fast_documents, fast_scores, count, more, limit);
        cr_assert_eq(fast, slow, "seed %" PRIu64 ", round %u", rnd.seed, round);
        cr_assert_arr_eq(fast_documents, documents, slow * sizeof *documents);
        cr_assert_arr_eq(fast_scores, scores, slow * sizeof *scores);
        cr_assert_eq(copied, slow);
        cr_assert_arr_eq(copied_documents, documents, slow * sizeof *documents);
        cr_assert_arr_eq(copied_scores, scores, slow * sizeof *scores);
    }
}

Test(query_kernels, window_above)
{
    static uint32_t sums[2][WINDOW_DOCUMENTS], zero[WINDOW_DOCUMENTS];
    static uint32_t documents[2][WINDOW_DOCUMENTS + 16], scores[2][WINDOW_DOCUMENTS + 16];
    rnd = support_random_of(103);
    for (unsigned round = 0; round < 60; round++) {
        uint32_t range = 2u << support_random_below(&rnd, 30);
        for (unsigned i = 0; i < WINDOW_DOCUMENTS; i++)
            sums[0][i] =
                support_random_below(&rnd, 3) ? 0 : (uint32_t)support_random_below(&rnd, range);
        memcpy(sums[1], sums[0], sizeof sums[0]);
        uint32_t limit = (uint32_t)support_random_below(&rnd, range);
        unsigned slow = score_kernels_scalar.window_above(sums[0], 4096 * round, limit,
                                                          documents[0], scores[0]);
        unsigned fast =
            score_kernels()->window_above(sums[1], 4096 * round, limit, documents[1], scores[1]);
        cr_assert_eq(fast, slow, "seed %" PRIu64 ", round %u", rnd.seed, round);
        cr_assert_arr_eq(documents[1], documents[0], slow * sizeof **documents);
        cr_assert_arr_eq(scores[1], scores[0], slow * sizeof **scores);
        cr_assert_arr_eq(sums[0], zero, sizeof zero);
        cr_assert_arr_eq(sums[1], zero, sizeof zero);
    }
}

/* Places come twice and in any order, as documents of two leaves do. */
Test(query_kernels, take_listed)
{
    static uint32_t sums[2][SPARSE_DOCUMENTS], zero[SPARSE_DOCUMENTS];
    static uint32_t places[2][WINDOW_DOCUMENTS + 16], scores[2][WINDOW_DOCUMENTS + 16];
    static uint32_t before[SPARSE_DOCUMENTS];
    rnd = support_random_of(109);
    for (unsigned round = 0; round < 300; round++) {
        unsigned count = (unsigned)support_random_below(&rnd, round % 8 ? 512 : WINDOW_DOCUMENTS);
        uint32_t range = round % 3 ? SPARSE_DOCUMENTS : 600;
        uint32_t limit = (uint32_t)support_random_below(&rnd, 1200);
        unsigned wanted = 0;
        for (unsigned i = 0; i < count; i++) {
            places[0][i] = places[1][i] = (uint32_t)support_random_below(&rnd, range);
            sums[0][places[0][i]] += (uint32_t)support_random_below(&rnd, 1000);
        }
        memcpy(sums[1], sums[0], sizeof sums[0]);
        memcpy(before, sums[0], sizeof before);
        unsigned slow =
            score_kernels_scalar.take_listed(sums[0], places[0], count, limit, scores[0]);
        unsigned fast = score_kernels()->take_listed(sums[1], places[1], count, limit, scores[1]);
        for (uint32_t i = 0; i < SPARSE_DOCUMENTS; i++) {
            if (before[i] <= limit)
                continue;
            cr_assert_eq(places[0][wanted], i);
            cr_assert_eq(scores[0][wanted++], before[i]);
        }
        cr_assert_eq(slow, wanted, "seed %" PRIu64 ", round %u", rnd.seed, round);
        cr_assert_eq(fast, slow, "seed %" PRIu64 ", round %u", rnd.seed, round);
        cr_assert_arr_eq(places[1], places[0], slow * sizeof **places);
        cr_assert_arr_eq(scores[1], scores[0], slow * sizeof **scores);
        cr_assert_arr_eq(sums[0], zero, sizeof zero);
        cr_assert_arr_eq(sums[1], zero, sizeof zero);
    }
}

Test(query_kernels, intersect)
{
    uint32_t candidates[PADDED], documents[PADDED];
    uint8_t candidate_at[2][128], document_at[2][128];
    rnd = support_random_of(104);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t step = 1 + (uint32_t)support_random_below(&rnd, 9);
        unsigned count = ascending(candidates, (unsigned)support_random_below(&rnd, 129), step);
        unsigned size = ascending(documents, 1 + (unsigned)support_random_below(&rnd, 128), step);
        for (unsigned i = size; i < PADDED; i++) /* what lies behind must not count */
            documents[i] = count ? candidates[support_random_below(&rnd, count)] : 0;
        unsigned from = (unsigned)support_random_below(&rnd, size);
        /* The caller's candidates are not before documents[from]. */
        unsigned skip = 0;
        while (skip < count && candidates[skip] < documents[from])
            skip++;
        unsigned slow =
            intersect_kernels_scalar.intersect(candidates + skip, count - skip, documents, from,
                                               size, candidate_at[0], document_at[0]);
        unsigned fast = intersect_kernels()->intersect(candidates + skip, count - skip, documents,
                                                       from, size, candidate_at[1], document_at[1]);
        cr_assert_eq(fast, slow, "seed %" PRIu64 ", round %u", rnd.seed, round);
        cr_assert_arr_eq(candidate_at[1], candidate_at[0], slow);
        cr_assert_arr_eq(document_at[1], document_at[0], slow);
    }
}

Test(query_kernels, follow)
{
    uint32_t starts[PADDED], fast_starts[PADDED], positions[PADDED];
    rnd = support_random_of(105);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned count = ascending(starts, (unsigned)support_random_below(&rnd, 129), 6);
        unsigned size = ascending(positions, (unsigned)support_random_below(&rnd, 129), 6);
        uint32_t offset = (uint32_t)support_random_below(&rnd, 4);
        for (unsigned i = size; i < PADDED; i++)
            positions[i] = count ? starts[support_random_below(&rnd, count)] + offset : 0;
        memcpy(fast_starts, starts, sizeof starts);
        unsigned slow = intersect_kernels_scalar.follow(starts, count, positions, size, offset);
        unsigned fast = intersect_kernels()->follow(fast_starts, count, positions, size, offset);
        cr_assert_eq(fast, slow, "seed %" PRIu64 ", round %u", rnd.seed, round);
        cr_assert_arr_eq(fast_starts, starts, slow * sizeof *starts);
    }
}

Test(query_kernels, bits)
{
    uint64_t bits[2][COUNT_WORDS], others[COUNT_WORDS];
    rnd = support_random_of(106);
    for (unsigned round = 0; round < 200; round++) {
        support_random_bytes(&rnd, bits[0], sizeof bits[0]);
        support_random_bytes(&rnd, others, sizeof others);
        memcpy(bits[1], bits[0], sizeof bits[0]);
        cr_assert_eq(intersect_kernels()->count_bits(bits[1]),
                     intersect_kernels_scalar.count_bits(bits[0]));
        uint64_t count = 0;
        for (unsigned i = 0; i < COUNT_DOCUMENTS; i++)
            count += bits[0][i / 64] >> (i % 64) & 1;
        cr_assert_eq(count, intersect_kernels_scalar.count_bits(bits[0]));
        intersect_kernels()->and_bits(bits[1], others);
        intersect_kernels_scalar.and_bits(bits[0], others);
        cr_assert_arr_eq(bits[1], bits[0], sizeof bits[0]);
    }
}

Test(query_kernels, documents_and_bit_sets_among_bits)
{
    enum { SET_WORDS_MAX = 40, WORDS = 2 * SET_WORDS_MAX };
    uint64_t words[WORDS];
    uint8_t set[1 + 8 * SET_WORDS_MAX];
    uint32_t documents[128];
    rnd = support_random_of(109);
    for (unsigned round = 0; round < 2000; round++) {
        const struct intersect_kernels *fast = intersect_kernels();
        unsigned count = (unsigned)support_random_below(&rnd, 129),
                 set_words = (unsigned)support_random_below(&rnd, SET_WORDS_MAX + 1), among = 0,
                 both = 0;
        uint32_t base = (unsigned)support_random_below(&rnd, 64 * (SET_WORDS_MAX - 1));
        support_random_bytes(&rnd, words, sizeof words);
        support_random_bytes(&rnd, set, sizeof set);
        for (unsigned i = 0; i < count; i++) {
            documents[i] = (unsigned)support_random_below(&rnd, 64 * WORDS);
            among += words[documents[i] / 64] >> documents[i] % 64 & 1;
        }
        for (unsigned i = 0; i < 64 * set_words; i++) {
            uint32_t document = base + i;
            both += set[1 + i / 8] >> i % 8 & 1 & words[document / 64] >> document % 64;
        }
        cr_assert_eq(intersect_kernels_scalar.count_among(documents, count, words), among);
        cr_assert_eq(fast->count_among(documents, count, words), among);
        cr_assert_eq(intersect_kernels_scalar.count_both(set + 1, set_words, base, words), both);
        cr_assert_eq(fast->count_both(set + 1, set_words, base, words), both);
    }
}

Test(query_kernels, marks_become_bits)
{
    static uint8_t marks[COUNT_DOCUMENTS];
    uint64_t bits[2][COUNT_WORDS];
    rnd = support_random_of(107);
    for (unsigned round = 0; round < 100; round++) {
        support_random_bytes(&rnd, marks, sizeof marks);
        support_random_bytes(&rnd, bits[0], sizeof bits[0]);
        memcpy(bits[1], bits[0], sizeof bits[0]);
        for (unsigned i = 0; i < COUNT_DOCUMENTS; i++)
            marks[i] &= 1;
        intersect_kernels()->or_marks(bits[1], marks);
        for (unsigned i = 0; i < COUNT_DOCUMENTS; i++)
            bits[0][i / 64] |= (uint64_t)marks[i] << i % 64;
        cr_assert_arr_eq(bits[1], bits[0], sizeof bits[0]);
    }
}

Test(query_kernels, places_in_a_bit_set)
{
    uint8_t words[8 * 40];
    uint32_t candidates[128];
    uint8_t candidate_at[128], ranks[2][40], places[2][128];
    rnd = support_random_of(108);
    for (unsigned round = 0; round < 500; round++) {
        support_random_bytes(&rnd, words, sizeof words);
        unsigned count = 1 + (unsigned)support_random_below(&rnd, 40);
        unsigned bits = intersect_kernels_scalar.ranks(words, count, ranks[0]);
        cr_assert_eq(intersect_kernels()->ranks(words, count, ranks[1]), bits);
        cr_assert_arr_eq(ranks[1], ranks[0], count);
        for (unsigned i = 0; i < 128; i++) {
            candidates[i] = 1000 + (uint32_t)support_random_below(&rnd, 64 * count);
            candidate_at[i] = (uint8_t)i;
        }
        intersect_kernels_scalar.places(words, ranks[0], candidates, 1000, candidate_at, 128,
                                        places[0]);
        intersect_kernels()->places(words, ranks[1], candidates, 1000, candidate_at, 128,
                                    places[1]);
        cr_assert_arr_eq(places[1], places[0], 128);
        unsigned before = 0; /* counted bit by bit */
        for (uint32_t at = 0; at < candidates[7] - 1000; at++)
            before += words[at / 8] >> at % 8 & 1;
        cr_assert_eq(places[0][7], (uint8_t)before);
    }
}
