/* SPDX-License-Identifier: MIT
 *
 * compound.h - splits one German word into the words it is made of.
 *
 * Owns the search for the best split and its price. Called once for each distinct word by whoever
 * builds part lists, and by the query for its words. Never allocates, never fails, never looks at
 * text around the word, and stems nothing: the caller stems the parts as it does whole words.
 *
 * The input is a word as fold.c writes it for German, so ä is a and ß is ss:
 *
 *     krankenversicherungsbeitrag      kranken | versicherungs | beitrag
 *     first, size                      0, 7      7, 13           20, 7
 *     base_size                        7         12              7
 *     schulbuch                        schul | buch, append e
 *
 * Parts tile the word. What is no compound has a count of 0: simple words, derivations, words with
 * prefixes, names, whatever holds anything but a to z or is shorter or longer than the limits.
 */
#ifndef LUPE_TEXT_COMPOUND_H
#define LUPE_TEXT_COMPOUND_H

#include "text/lexicon.h"

#define COMPOUND_PARTS_MAX 6u    /* a word of more parts is not split */
#define COMPOUND_LETTERS_MIN 6u  /* a shorter word is not split, */
#define COMPOUND_LETTERS_MAX 64u /* nor is a longer one */
#define COMPOUND_PART_LETTERS_MIN 3u

struct compound_part {
    uint16_t first;     /* byte of the word at which the part begins */
    uint16_t size;      /* its bytes, linking letters among them */
    uint16_t base_size; /* its bytes without linking letters */
    char append;        /* the letter that follows them when the part stands alone, or 0 */
};

struct compound {
    uint32_t count; /* 0: no compound; else 2 to COMPOUND_PARTS_MAX */
    struct compound_part parts[COMPOUND_PARTS_MAX];
};

void compound_split(const struct lexicon *lexicon, const uint8_t *folded, size_t size,
                    struct compound *compound);

/* The word that neighbouring parts of a split word are: without linking letters behind them, with
 * what is to be appended. Writes it to out, returns its size. */
#define PART_WORD_BYTES_MAX (COMPOUND_LETTERS_MAX + 1)
size_t compound_part_word(const struct compound *compound, const uint8_t *folded, unsigned first,
                          unsigned last, uint8_t out[PART_WORD_BYTES_MAX]);

#endif
