/* SPDX-License-Identifier: MIT
 *
 * unicode.c - classes of code points, from utf8proc's categories and a few ranges.
 */
#include "text/unicode.h"

#include <pthread.h>
#include <utf8proc.h>

struct range {
    uint32_t first;
    uint32_t last;
};

/* Letters written without spaces, one of which is most of a word. Hangul has spaces; Thai and
 * its neighbours would need a dictionary and stay runs. */
static const struct range single_ranges[] = {
    {0x3005, 0x3007},   /* iteration mark, closing mark, zero */
    {0x3021, 0x3029},   /* Hangzhou numerals */
    {0x3031, 0x303C},   /* repeat marks */
    {0x3041, 0x3098},   /* Hiragana */
    {0x309D, 0x30FF},   /* Katakana */
    {0x31F0, 0x31FF},   /* Katakana extensions */
    {0x3400, 0x4DBF},   /* ideographs, extension A */
    {0x4E00, 0x9FFF},   /* ideographs */
    {0xF900, 0xFAFF},   /* compatibility ideographs */
    {0xFF66, 0xFF9D},   /* half-width Katakana */
    {0x1AFF0, 0x1B16F}, /* Kana supplements */
    {0x20000, 0x3FFFF}, /* planes of ideographs */
};

static bool is_single(uint32_t point)
{
    if (point < single_ranges[0].first)
        return false;
    for (size_t i = 0; i < sizeof single_ranges / sizeof *single_ranges; i++)
        if (point >= single_ranges[i].first && point <= single_ranges[i].last)
            return true;
    return false;
}

/* The typewriter's, the typographic one, the opening quote that word processors set in its
 * place, and the two accents typed for it. U+02BC is a letter to Unicode anyway. */
static bool is_apostrophe(uint32_t point)
{
    return point == '\'' || point == 0x2019 || point == 0x2018 || point == 0xB4 || point == '`';
}

uint8_t class_compute(uint32_t point)
{
    if (point == '_')
        return CLASS_UNDERSCORE | CLASS_PLAIN;
    if (is_apostrophe(point))
        return CLASS_APOSTROPHE;
    switch (utf8proc_category((utf8proc_int32_t)point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        if (point == 0xFF9E || point == 0xFF9F) /* voicing of half-width Katakana */
            return CLASS_MARK | CLASS_PLAIN;
        return (is_single(point) ? CLASS_SINGLE : CLASS_LETTER) | CLASS_PLAIN;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return (is_single(point) ? CLASS_SINGLE : CLASS_DIGIT) | CLASS_PLAIN;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return CLASS_MARK;
    case UTF8PROC_CATEGORY_CF:
        return point == 0x200B ? 0 : CLASS_MARK; /* zero-width space parts words */
    default:
        return 0;
    }
}

static struct classes tables;
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void tables_make(void)
{
    for (uint32_t point = 0; point < CLASS_POINTS; point++)
        tables.point[point] = class_compute(point);
    for (unsigned byte = 0; byte < 256; byte++)
        tables.byte[byte] = byte < 0x80 ? tables.point[byte] : BYTE_WIDE;
    for (const char *joins = ".,:"; *joins; joins++)
        tables.byte[(uint8_t)*joins] |= BYTE_JOINS_DIGITS;
    tables.byte['-'] |= BYTE_JOINS;
    tables.byte[0xE2] |= BYTE_JOINS; /* begins U+2010 and U+2011 */
}

const struct classes *classes_get(void)
{
    int error = pthread_once(&tables_once, tables_make);
    (void)error; /* cannot fail: the once control is static and initialised */
    return &tables;
}
