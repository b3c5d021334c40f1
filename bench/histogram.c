/* SPDX-License-Identifier: MIT
 *
 * histogram.c - counts values in ranges that grow with them, see histogram.h.
 *
 * Values below 2 * HISTOGRAM_STEPS have a range each; then each doubling has HISTOGRAM_STEPS.
 */
#include "histogram.h"

static uint32_t range_of(uint64_t value)
{
    if (value < 2 * HISTOGRAM_STEPS)
        return (uint32_t)value;
    uint32_t shift = 63 - 6 - (uint32_t)__builtin_clzll(value);
    return (shift + 1) * HISTOGRAM_STEPS + (uint32_t)(value >> shift) - HISTOGRAM_STEPS;
}

/* The largest value of a range. */
static uint64_t range_end(uint32_t range)
{
    if (range < 2 * HISTOGRAM_STEPS)
        return range;
    uint32_t shift = range / HISTOGRAM_STEPS - 1;
    uint64_t first = (uint64_t)(range % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << shift;
    return first + ((uint64_t)1 << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->counts[range_of(value)]++;
    histogram->count++;
    if (value > histogram->worst)
        histogram->worst = value;
}

void histogram_join(struct histogram *histogram, const struct histogram *other)
{
    for (uint32_t i = 0; i < HISTOGRAM_RANGES; i++)
        histogram->counts[i] += other->counts[i];
    histogram->count += other->count;
    if (other->worst > histogram->worst)
        histogram->worst = other->worst;
}

uint64_t histogram_permille(const struct histogram *histogram, unsigned permille)
{
    uint64_t wanted = (histogram->count * permille + 999) / 1000;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_RANGES; i++) {
        seen += histogram->counts[i];
        if (seen >= wanted && seen > 0)
            return range_end(i) < histogram->worst ? range_end(i) : histogram->worst;
    }
    return 0;
}
