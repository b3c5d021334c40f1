/* SPDX-License-Identifier: MIT
 *
 * spell.h - what a mistyped word may have been meant to be: terms of the index that are like it,
 * the likeliest first.
 *
 * Owns what edits weigh. Called by expand.c (fuzzy and unknown words of queries) and lupe_suggest.
 * Never changes a query, never reads documents.
 *
 * The dictionary holds stems, the word has an ending, and the error may be in either: Regieurng has
 * another stem than Regierung. So a term counts as what it is with an ending: that of the word, or
 * one that is usual in the language, as long as the stemmer takes it off again. Of these the one
 * nearest to the word decides: munitoin is munition, regieurng is regier-ung.
 */
#ifndef LUPE_QUERY_SPELL_H
#define LUPE_QUERY_SPELL_H

#include "query/fuzzy.h"
#include "query/schema.h"
#include "segment/view.h"

#define SPELL_LETTERS_MIN 4u  /* shorter words are not corrected unasked */
#define SPELL_LETTERS_LONG 8u /* from here on by two edits, below by one */

struct spelling {
    const uint8_t *term;
    uint32_t size;
    uint64_t frequency;  /* documents, over all segments */
    unsigned edits;      /* between the word and the term with its ending */
    float cost;          /* what they weigh; usual errors weigh less than 1 each */
    const uint8_t *word; /* folded: the term with its ending */
    uint32_t word_size;
};

/* The edits that are tried for a word where none are named. */
unsigned spell_distance(const uint8_t *folded, size_t size);

/* The list in which the words of a field stand; of field -1 those of all. */
uint32_t spell_list(const struct view *view, int field);

struct spell_request {
    struct view *view;
    const struct schema *schema; /* a word is read in each of its languages */
    int field;                   /* or -1 */
    const uint8_t *word;         /* as typed */
    size_t size;
    unsigned distance;               /* 0: as spell_distance says */
    bool only_edits;                 /* not as other languages write the word (transliterate.h) */
    const struct fuzzy_pause *pause; /* or NULL */
};

/* The terms other than the word's own, each once, likeliest first, in the arena. */
CHECKED lupe_status spell_find(const struct spell_request *request, struct arena *arena,
                               struct spelling **spellings, size_t *count);

#endif
