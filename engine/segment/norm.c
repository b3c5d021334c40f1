/* SPDX-License-Identifier: MIT
 *
 * norm.c - lengths in a byte and the arithmetic of bounds (FORMAT.md sections 6, 8).
 *
 *   byte c < 64: length c; else, with o = (c - 64) / 8 and m = (c - 64) % 8,
 *   the range from (8 + m) * 2^(o + 3) on, 2^(o + 3) wide, stood for by its middle
 *
 * A bound says x / (x + K) <= B, that is x <= K * B / (1 - B). Under other parameters K becomes K',
 * and w * x / (w * x + K') <= r * B / (1 - B + r * B) with r >= w * K / K'. Both are sums of the
 * part (1 - b) and the part b * length / average, so K / K' lies between the quotients of the
 * parts.
 */
#include "segment/norm.h"

#include <math.h>
#include <stddef.h>

#define NORM_EXACT 64u /* lengths below have a byte of their own */
#define NORM_STEPS 8u  /* steps an octave */

/* Values are quotients of floats; what they may be off is far below this. */
#define ROUNDING 0x1p-20

uint8_t norm_of_length(uint32_t length)
{
    if (length < NORM_EXACT)
        return (uint8_t)length;
    unsigned highest_bit = 31 - (unsigned)__builtin_clz(length);
    unsigned octave = highest_bit - 6;
    unsigned step = (length >> (highest_bit - 3)) % NORM_STEPS;
    unsigned norm = NORM_EXACT + NORM_STEPS * octave + step;
    return (uint8_t)(norm < NORMS ? norm : NORMS - 1);
}

uint32_t norm_length_min(uint8_t norm)
{
    if (norm < NORM_EXACT)
        return norm;
    unsigned octave = (norm - NORM_EXACT) / NORM_STEPS;
    unsigned step = (norm - NORM_EXACT) % NORM_STEPS;
    return (NORM_STEPS + step) << (octave + 3);
}

uint32_t norm_length(uint8_t norm)
{
    if (norm < NORM_EXACT)
        return norm;
    unsigned octave = (norm - NORM_EXACT) / NORM_STEPS;
    return norm_length_min(norm) + (1u << (octave + 2));
}

void norm_factors(const struct bm25 *bm25, float factors[NORMS])
{
    for (unsigned norm = 0; norm < NORMS; norm++) {
        double length = norm_length((uint8_t)norm);
        factors[norm] = (float)(bm25->k1 * (1.0 - bm25->b + bm25->b * length / bm25->average));
    }
}

uint8_t bound_of_value(double value)
{
    double bound = ceil(255.0 * value * (1.0 + ROUNDING));
    return bound >= 255.0 ? 255 : bound > 0.0 ? (uint8_t)bound : 0;
}

uint16_t champion_of_value(double value)
{
    double champion = floor(65535.0 * value * (1.0 - ROUNDING));
    return champion >= 65535.0 ? 65535 : champion > 0.0 ? (uint16_t)champion : 0;
}

/* The highest or lowest value K / K' can have; INFINITY where K' may be 0. 0/0 is left out. */
static double factor_ratio(const struct bm25 *made, const struct bm25 *used, int highest)
{
    double parts[2][2] = {{made->k1 * (1.0 - made->b), used->k1 * (1.0 - used->b)},
                          {made->k1 * made->b / made->average, used->k1 * used->b / used->average}};
    double ratio = -1.0;
    for (unsigned i = 0; i < 2; i++) {
        double over = parts[i][0];
        double under = parts[i][1];
        if (over == 0.0 && under == 0.0)
            continue;
        double part = under == 0.0 ? INFINITY : over / under;
        if (ratio < 0.0 || (highest ? part > ratio : part < ratio))
            ratio = part;
    }
    return ratio < 0.0 ? INFINITY : ratio; /* both K are 0: every value is 1 */
}

void bound_values(const struct bm25 *made, const struct bm25 *used, double weight,
                  float values[256])
{
    double ratio = weight * factor_ratio(made, used, 1);
    for (unsigned byte = 0; byte < 256; byte++) {
        double bound = byte / 255.0;
        double value;
        if (byte == 0)
            value = 0.0;
        else if (byte == 255 || !(ratio < INFINITY))
            value = 1.0;
        else
            value = ratio * bound / (1.0 - bound + ratio * bound) * (1.0 + ROUNDING);
        float rounded = (float)value;
        if ((double)rounded < value)
            rounded = nextafterf(rounded, 2.0f);
        values[byte] = rounded < 1.0f ? rounded : 1.0f;
    }
}

double champion_value(const struct bm25 *made, const struct bm25 *used, double weight,
                      uint16_t champion)
{
    double value = champion / 65535.0;
    double ratio = weight * factor_ratio(made, used, 0);
    if (champion == 0)
        return 0.0;
    if (!(ratio < INFINITY))
        return 1.0 - ROUNDING;
    double under = 1.0 - value + ratio * value;
    return under > 0.0 ? ratio * value / under * (1.0 - ROUNDING) : 0.0;
}
