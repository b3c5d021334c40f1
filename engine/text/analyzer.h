/* SPDX-License-Identifier: MIT
 *
 * analyzer.h - turns the surface form of a word into the term that is indexed: normalize, fold,
 * stem.
 *
 * Owns a stemmer and scratch memory. Called once per distinct surface form by write/ (which
 * caches), per word by query/ and result/. Never finds words (words.h), never splits compounds:
 * their place is between fold and stem, beside the term (a later analyzer_parts()).
 *
 * STANDARD: NFC; soft hyphens and invisible marks dropped; hyphens, apostrophes and number
 *   separators dropped (that is how a hyphen word's joined form is made from its surface);
 *   case folded; ß and ẞ are ss; in German ae, oe, ue are read as ä, ö, ü (not after a vowel
 *   or q, and not in -uell-: neue, Steuer, Quelle, aktuell); other diacritics folded; Snowball.
 * BARE:  the same folding and stems; stays as it is when STANDARD learns more.
 * PLAIN: lower case, nothing more.
 */
#ifndef LUPE_TEXT_ANALYZER_H
#define LUPE_TEXT_ANALYZER_H

#include "base/limits.h"
#include "base/status.h"

#define LANGUAGE_NAME_BYTES 32u

struct analyzer;

/* One an user and thread: a stemmer keeps state. language is a Snowball name ("german"),
 * NULL for german, or "none". LUPE_INVALID names the languages when it is unknown. */
CHECKED lupe_status analyzer_open(lupe_analysis mode, const char *language, struct analyzer **analyzer);
void analyzer_close(struct analyzer *analyzer);

lupe_analysis analyzer_mode(const struct analyzer *analyzer);
const char *analyzer_language(const struct analyzer *analyzer); /* canonical name */

/* A hash over mode, language, rules and the terms of a fixed list of words: two analyzers with
 * one fingerprint give the same terms. */
uint64_t analyzer_fingerprint(struct analyzer *analyzer);

struct term {
    uint32_t size; /* 0: nothing to index (marks alone) */
    bool cut;      /* it was longer than TERM_BYTES_MAX */
    uint8_t bytes[TERM_BYTES_MAX];
};

/* The term of a surface form (as word_next finds it, or the joined_size bytes of a hyphen
 * word). Errors: LUPE_NO_MEMORY. */
CHECKED lupe_status analyzer_term(struct analyzer *analyzer, const void *surface, size_t size,
                                  struct term *term);

/* The same without stemming: what a prefix query compares and a keyword never uses. */
CHECKED lupe_status analyzer_fold(struct analyzer *analyzer, const void *surface, size_t size,
                                  struct term *term);

#endif
