/* SPDX-License-Identifier: MIT
 *
 * utf8.h - reading and writing UTF-8 that may be broken.
 *
 * Owns nothing. Called by text/, query/, result/ and the tool. A broken sequence reads as one
 * U+FFFD a byte; nothing ever reads beyond the end.
 */
#ifndef LUPE_BASE_UTF8_H
#define LUPE_BASE_UTF8_H

#include "base/buffer.h"

#define UTF8_REPLACEMENT 0xFFFDu

/* The code point at text (text < end) and its size in bytes, 1 to 4. Overlong forms,
 * surrogates and values above U+10FFFF are broken. */
uint32_t utf8_decode_slow(const uint8_t *text, const uint8_t *end, unsigned *size);

static inline uint32_t utf8_decode(const uint8_t *text, const uint8_t *end, unsigned *size)
{
    if (*text < 0x80) {
        *size = 1;
        return *text;
    }
    return utf8_decode_slow(text, end, size);
}

/* Writes 1 to 4 bytes, returns how many. */
unsigned utf8_encode(uint32_t code_point, uint8_t *out);

bool utf8_valid(const uint8_t *text, size_t size);

/* The largest size not above size_max that ends between characters of text. */
size_t utf8_cut(const uint8_t *text, size_t size, size_t size_max);

#endif
