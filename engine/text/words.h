/* SPDX-License-Identifier: MIT
 *
 * words.h - finds the words of a text: where each begins and ends, and which belong together
 * as a hyphen word.
 *
 * Owns the definition of a word (Unicode UAX #29 in spirit). Called by write/ for each value,
 * by query/ for each piece of a query and by result/ for highlights, so that all three agree.
 * Never folds, stems or allocates.
 *
 * A word is a run of letters, digits, combining marks and underscores that does not begin with
 * a mark; soft hyphens and other invisible marks inside it belong to it, so does an apostrophe
 * between letters, and ++ or # behind a single letter (C++, C#). Ideographs and kana are words
 * of one character. The scanner knows no language: l'homme is one word. Broken UTF-8 parts
 * words.
 *
 * A hyphen word is words joined by single hyphens (Jong-un, U-Boot, Nord-Süd-Achse) or digits
 * joined by a single point, comma, colon or hyphen (3.10.1990, 1.000,50). Its parts come as
 * words of their own, the first of them naming the whole; one of more than HYPHEN_PARTS_MAX
 * parts is separate words.
 *
 * In PLAIN mode a word is a run of characters of the Unicode classes L* and N* and of
 * underscores, nothing else, and there are no hyphen words.
 */
#ifndef LUPE_TEXT_WORDS_H
#define LUPE_TEXT_WORDS_H

#include "base/limits.h"
#include "lupe.h"

struct classes;
struct word_masks;

struct word {
    size_t start;         /* bytes from the beginning of the text */
    uint32_t size;        /* bytes; at most SURFACE_BYTES_MAX, a longer run comes in pieces */
    uint32_t joined_size; /* in the first part of a hyphen word: bytes from start to the end of
                           * its last part; else 0 */
    uint8_t part;         /* 0: no hyphen word; else 1 to parts */
    uint8_t parts;        /* parts of its hyphen word, 2 to HYPHEN_PARTS_MAX; else 1 */
    bool glued;           /* only one of . @ / \ : & = stands between it and the word before */
};

/* Where a word is. */
struct word_place {
    size_t start;
    uint32_t size;
};

struct word_scanner {
    const uint8_t *text;
    size_t size;
    size_t next;
    lupe_analysis mode;
    uint8_t part; /* of the hyphen word being handed out */
    uint8_t parts;
    bool leads; /* by words_simple: a word may have a hyphen before it that no word is before */
    const struct classes *classes;
    void (*kernel)(const uint8_t *, struct word_masks *); /* see words_masks.h; NULL: none */
    size_t word_end;                  /* end of the last word given, for glued */
    size_t separate_until;            /* end of a hyphen word of too many parts */
    size_t ends[HYPHEN_PARTS_MAX][2]; /* start and end of the parts found ahead */
};

void word_scanner_init(struct word_scanner *scanner, lupe_analysis mode, const void *text,
                       size_t size);

/* The next word; false at the end of the text. */
bool word_next(struct word_scanner *scanner, struct word *word);

/* The next words as long as they belong to no hyphen word, fewer than capacity, which is above
 * WORDS_SIMPLE_MIN: those that word_next would give, found faster. It stops, perhaps with none,
 * before one that needs a closer look, which word_next gives then. */
#define WORDS_SIMPLE_MIN 32u
unsigned words_simple(struct word_scanner *scanner, struct word_place *places, unsigned capacity);

#endif
