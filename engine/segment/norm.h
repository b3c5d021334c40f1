/* SPDX-License-Identifier: MIT
 *
 * norm.h - document lengths in one byte, and BM25's tables over them (FORMAT.md sections 6, 8).
 *
 * Owns the quantization and the arithmetic of bounds. Called by the writers of postings and by
 * query/. Never allocates.
 */
#ifndef LUPE_SEGMENT_NORM_H
#define LUPE_SEGMENT_NORM_H

#include <stdint.h>

#include "base/limits.h"

struct bm25 {
    double k1;
    double b;
    double average; /* mean length; where there are no words 1 */
};

uint8_t norm_of_length(uint32_t length);
uint32_t norm_length(uint8_t norm);
uint32_t norm_length_min(uint8_t norm); /* the shortest length with that norm */

/* factors[norm] = (float)(k1 * (1 - b + b * length / average)): K in tf / (tf + K). */
void norm_factors(const struct bm25 *bm25, float factors[NORMS]);

/* The bound byte of a highest value in [0, 1]: ceil(255 * value) with room for rounding. */
uint8_t bound_of_value(double value);
/* The champion of a lowest value: floor(65535 * value) with room for rounding. */
uint16_t champion_of_value(double value);

/* What a bound byte (or a champion) made under `made` is worth under `used` and a weight:
 * values[B] for B in 0..255, never below the truth. */
void bound_values(const struct bm25 *made, const struct bm25 *used, double weight,
                  float values[256]);
double champion_value(const struct bm25 *made, const struct bm25 *used, double weight,
                      uint16_t champion);

#endif
