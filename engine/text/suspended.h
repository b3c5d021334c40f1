/* SPDX-License-Identifier: MIT
 *
 * suspended.h - the word that is meant where German leaves a part of it out: Ein- und Ausfuhr,
 * Hin-, Rück- und Rundflüge, Haupteingang und -ausgang.
 *
 * A piece with a hyphen hanging behind it takes the end of a word that follows behind und, oder,
 * bzw., sowie, ... or a slash; one with a hyphen before it takes the beginning of a word before.
 * Where the other word is parted its own parts say, else a prefix that it begins with (Aus-fuhr),
 * and the lexicon where both would do; else two words that a whole one looks made of (Ost-see),
 * where the piece makes one with the second. What nothing speaks for is not joined.
 *
 * Owns these rules. Called by write/ for the index and by result/ for highlights, which find words
 * with a hyphen beside them and ask. Never allocates. Knows words of German analyzers in STANDARD
 * mode only; for others there is none.
 */
#ifndef LUPE_TEXT_SUSPENDED_H
#define LUPE_TEXT_SUSPENDED_H

#include "text/analyzer.h"

#define SUSPENDED_PIECE_BYTES_MAX 96u /* a longer piece is none */
#define SUSPENDED_BYTES_MAX (SUSPENDED_PIECE_BYTES_MAX + COMPOUND_LETTERS_MAX)

/* The place of a word or hyphen word in a text. */
struct suspended_word {
    const uint8_t *text;
    size_t size; /* of the text */
    size_t start;
    size_t end;
};

struct suspended {
    uint32_t size; /* 0: there is none */
    uint32_t span; /* words from the first of both to the last: 2 to HYPHEN_PARTS_MAX */
    uint32_t back; /* so many words before the one asked about it begins */
    size_t start;  /* of the piece with its hyphen in the text */
    size_t end;
    uint8_t bytes[SUSPENDED_BYTES_MAX]; /* a surface form */
};

/* Whether to ask at all: a hyphen right behind the word, or before it, and no word beyond. */
static inline bool suspended_hangs(const uint8_t *text, size_t size, size_t end)
{
    return end < size && (text[end] == '-' || text[end] == 0xE2);
}

static inline bool suspended_leads(const uint8_t *text, size_t start)
{
    return start > 1 && text[start - 1] == '-' && text[start - 2] <= ' ';
}

/* Of a word with a hyphen behind it, and of one with a hyphen before it. The analyzer sees other
 * words meanwhile. */
CHECKED lupe_status suspended_ahead(struct analyzer *analyzer, const struct suspended_word *piece,
                                    struct suspended *out);
CHECKED lupe_status suspended_behind(struct analyzer *analyzer, const struct suspended_word *piece,
                                     struct suspended *out);

#endif
