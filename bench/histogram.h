/* SPDX-License-Identifier: MIT
 *
 * histogram.h - how often what was how slow, in a bounded number of bytes.
 *
 * Owns counters of ranges that grow with what they count: two values in one range differ by at
 * most one in HISTOGRAM_STEPS. Called by `throughput`, one a thread. Never keeps a value.
 */
#ifndef LUPE_BENCH_HISTOGRAM_H
#define LUPE_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 64u /* ranges that a doubling is cut into */
#define HISTOGRAM_RANGES (HISTOGRAM_STEPS * 59u)

struct histogram {
    uint64_t counts[HISTOGRAM_RANGES];
    uint64_t count;
    uint64_t worst;
};

void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_join(struct histogram *histogram, const struct histogram *other);

/* The least value that so many of a thousand are not above, up to the width of a range; 0 when
 * nothing was counted. */
uint64_t histogram_permille(const struct histogram *histogram, unsigned permille);

#endif
