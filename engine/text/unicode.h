/* SPDX-License-Identifier: MIT
 *
 * unicode.h - what a code point is to a word: letter, digit, mark, ideograph.
 *
 * Owns the tables made once from utf8proc. Called by words.c (per byte of text) and fold.c (per
 * code point of a word), so that both agree on what belongs to a word. Never allocates, never
 * normalizes.
 */
#ifndef LUPE_TEXT_UNICODE_H
#define LUPE_TEXT_UNICODE_H

#include "base/utf8.h"

/* The class of a code point. Of the first five a code point has at most one. */
enum {
    CLASS_LETTER = 1,     /* L* that are not single */
    CLASS_DIGIT = 2,      /* N* */
    CLASS_UNDERSCORE = 4, /* _ */
    CLASS_MARK = 8,       /* M*, soft hyphen, joiners, direction marks: goes with its word */
    CLASS_SINGLE = 16,    /* ideographs and kana: a word each */
    CLASS_PLAIN = 32,     /* L*, N* and _, whatever the bits above say */
    CLASS_APOSTROPHE = 64 /* belongs to a word when it stands between letters */
};

#define CLASS_RUN (CLASS_LETTER | CLASS_DIGIT | CLASS_UNDERSCORE)

/* Only in the table of bytes, where a byte of 0x80 and above has no class of its own and no
 * mark is. */
#define BYTE_WIDE CLASS_SINGLE       /* begins a sequence: look at the code point */
#define BYTE_JOINS 128               /* may join what stands before it to what follows */
#define BYTE_JOINS_DIGITS CLASS_MARK /* the same, between digits only */

#define CLASS_POINTS 0x2100u /* up to here classes are looked up: Latin to General Punctuation */

struct classes {
    uint8_t byte[256];
    uint8_t point[CLASS_POINTS];
};

/* The tables, made by the first call; thread-safe. */
const struct classes *classes_get(void);

/* The class of any code point, computed; what the table holds below CLASS_POINTS. */
uint8_t class_compute(uint32_t point);

static inline uint8_t class_of(const struct classes *classes, uint32_t point)
{
    return point < CLASS_POINTS ? classes->point[point] : class_compute(point);
}

/* The class of the code point at text (text < end), and its size. */
static inline uint8_t class_at(const struct classes *classes, const uint8_t *text,
                               const uint8_t *end, unsigned *size)
{
    uint8_t lead = *text;
    if (lead < 0x80) {
        *size = 1;
        return classes->point[lead];
    }
    if (lead >= 0xC2 && lead < 0xE0 && end - text > 1 && (text[1] & 0xC0) == 0x80) {
        *size = 2;
        return classes->point[(lead & 0x1Fu) << 6 | (text[1] & 0x3Fu)];
    }
    return class_of(classes, utf8_decode_slow(text, end, size));
}

#endif
