/* SPDX-License-Identifier: MIT
 *
 * fold.h - writes a surface form the way it is compared: normalized, in lower case, without
 * hyphens and invisible marks, and, as far as the language allows, without diacritics. Between
 * digits hyphens and separators stay, but for points that part thousands.
 *
 * Owns the rules of folding and no memory but the scratch its caller gives. Called by analyzer.c.
 * Never stems, never allocates, never fails: broken bytes are left out, and what does not fit
 * the scratch is cut.
 */
#ifndef LUPE_TEXT_FOLD_H
#define LUPE_TEXT_FOLD_H

#include "base/limits.h"
#include "base/utf8.h"

#define FOLD_BYTES_MAX 1024u  /* folded bytes before the German pass, which at most halves them */
#define FOLD_POINTS_MAX 1024u /* decomposed code points of one word */
#define FOLD_MARKS_MAX 30u    /* marks on one letter, as in Unicode's stream-safe text */

_Static_assert(FOLD_BYTES_MAX / 2 > TERM_BYTES_MAX, "what the scratch cuts is cut anyway");

enum fold_rules {
    FOLD_GERMAN,  /* case, ß is ss, ä ö ü are a o u however they are written, no diacritics */
    FOLD_GENERAL, /* case, ß is ss, no diacritics */
    FOLD_LOWER,   /* NFC of compatible characters in lower case: what stemmers read */
    FOLD_TURKISH, /* the same with dotless i */
    FOLD_PLAIN    /* every code point in lower case, nothing left out */
};

/* The result and the scratch to make it. */
struct fold {
    uint8_t bytes[FOLD_BYTES_MAX];
    size_t size;
    bool cut;       /* the word did not fit */
    bool letters;   /* nothing but letters and their marks: may be stemmed */
    bool separated; /* hyphens or separators were seen */
    uint8_t draft[FOLD_BYTES_MAX];
    int32_t points[FOLD_POINTS_MAX];
};

/* Folds a surface form. A beginning is what stands before the * of a prefix query: it folds to
 * a beginning of what every word folds to that begins so, as far as the rules allow. */
void fold_word(struct fold *fold, enum fold_rules rules, const void *surface, size_t size,
               bool beginning);

#endif
