/* SPDX-License-Identifier: MIT
 *
 * test_segment_norm.c - lengths in a byte, and bounds that hold under other parameters.
 */
#include <math.h>

#include "segment/norm.h"
#include "support.h"

Test(segment_norm, short_lengths_are_exact)
{
    for (uint32_t length = 0; length < 64; length++) {
        cr_assert_eq(norm_of_length(length), length);
        cr_assert_eq(norm_length((uint8_t)length), length);
    }
}

Test(segment_norm, ranges_follow_each_other)
{
    for (unsigned norm = 0; norm < NORMS; norm++) {
        uint32_t first = norm_length_min((uint8_t)norm);
        cr_assert_eq(norm_of_length(first), norm);
        cr_assert_eq(norm_of_length(norm_length((uint8_t)norm)), norm);
        if (norm)
            cr_assert_eq(norm_of_length(first - 1), norm - 1);
    }
    cr_assert_eq(norm_of_length(64), 64);
    cr_assert_eq(norm_length(64), 68u);
    cr_assert_eq(norm_length_min(72), 128u);
    cr_assert_eq(norm_of_length(UINT32_MAX), 255);
}

Test(segment_norm, a_length_is_off_by_a_sixteenth_at_most)
{
    for (uint32_t length = 64; length <= DOCUMENT_WORDS_MAX; length += 1 + length / 1000) {
        double stood_for = norm_length(norm_of_length(length));
        cr_assert_leq(fabs(stood_for - length), length / 16.0 + 1, "length %u", length);
    }
}

Test(segment_norm, factors_are_those_of_the_formula)
{
    struct bm25 bm25 = {1.2, 0.75, 100.0};
    float factors[NORMS];
    norm_factors(&bm25, factors);
    cr_assert_float_eq(factors[0], 0.3f, 1e-6f);
    cr_assert_float_eq(factors[50], 0.75f, 1e-6f);
    cr_assert_float_eq(factors[norm_of_length(100)], 1.2 * (0.25 + 0.75 * 100.0 / 100.0), 1e-6f);
}

Test(segment_norm, bytes_of_bounds_and_champions_enclose_the_value)
{
    cr_assert_eq(bound_of_value(0.0), 0);
    cr_assert_eq(bound_of_value(1.0), 255);
    cr_assert_eq(bound_of_value(0.5), 128);
    cr_assert_eq(champion_of_value(0.0), 0);
    cr_assert_lt(champion_of_value(1.0), 65535);
    for (unsigned i = 1; i < 10000; i++) {
        double value = i / 10000.0;
        cr_assert_geq(bound_of_value(value) / 255.0, value);
        cr_assert_lt(bound_of_value(value) / 255.0, value + 1.01 / 255.0);
        cr_assert_leq(champion_of_value(value) / 65535.0, value);
        cr_assert_gt(champion_of_value(value) / 65535.0, value - 1.1 / 65535.0);
    }
}

static double parameter(struct support_random *random, double high)
{
    switch (support_random_below(random, 6)) {
    case 0:
        return 0.0;
    case 1:
        return high;
    default:
        return high * support_random_real(random);
    }
}

static double value_of(double tf, float factor)
{
    return tf + factor > 0.0 ? tf / (tf + factor) : 1.0;
}

Test(segment_norm, bounds_hold_under_other_parameters)
{
    struct support_random random = support_random_of(11);
    for (unsigned round = 0; round < 3000; round++) {
        struct bm25 made = {parameter(&random, 4.0), parameter(&random, 1.0),
                            1.0 + 500.0 * support_random_real(&random)};
        struct bm25 used = {parameter(&random, 4.0), parameter(&random, 1.0),
                            1.0 + 500.0 * support_random_real(&random)};
        double weight =
            support_random_below(&random, 2) ? 1.0 : 5.0 * support_random_real(&random) + 0.01;
        float made_factors[NORMS], used_factors[NORMS], values[256];
        norm_factors(&made, made_factors);
        norm_factors(&used, used_factors);
        bound_values(&made, &used, weight, values);
        cr_assert_eq(values[0], 0.0f);
        cr_assert_eq(values[255], 1.0f);
        for (unsigned i = 0; i < 50; i++) {
            unsigned norm = (unsigned)support_random_below(&random, 200);
            double tf = 1.0 + (double)support_random_below(&random, 40);
            double then = value_of(tf, made_factors[norm]);
            double now = value_of(weight * tf, used_factors[norm]);
            cr_assert_geq(values[bound_of_value(then)], now,
                          "seed %" PRIu64 ", round %u: %g/%g/%g to %g/%g/%g, weight %g",
                          random.seed, round, made.k1, made.b, made.average, used.k1, used.b,
                          used.average, weight);
            cr_assert_leq(champion_value(&made, &used, weight, champion_of_value(then)), now,
                          "seed %" PRIu64 ", round %u: %g/%g/%g to %g/%g/%g, weight %g",
                          random.seed, round, made.k1, made.b, made.average, used.k1, used.b,
                          used.average, weight);
        }
    }
}

Test(segment_norm, bounds_stay_as_they_are_under_the_same_parameters)
{
    struct bm25 bm25 = {1.2, 0.75, 321.0};
    float values[256];
    bound_values(&bm25, &bm25, 1.0, values);
    for (unsigned i = 0; i < 256; i++)
        cr_assert_float_eq(values[i], i / 255.0f, 2e-6f);
    cr_assert_float_eq(champion_value(&bm25, &bm25, 1.0, 30000), 30000 / 65535.0, 2e-6);
}
