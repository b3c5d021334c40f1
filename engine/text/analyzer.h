/* SPDX-License-Identifier: MIT
 *
 * analyzer.h - turns the surface form of a word into the term that is indexed: normalize, fold,
 * respell, stem.
 *
 * Owns a stemmer and scratch memory. Called once per distinct surface form by write/ (which
 * caches), per word by query/ and result/. Never finds words (words.h), never splits compounds:
 * their place is between fold and stem, beside the term (a later analyzer_parts()).
 *
 * STANDARD: NFC; soft hyphens and invisible marks dropped; hyphens and apostrophes dropped
 *   (that is how a hyphen word's joined form is made from its surface), but between digits
 *   separators stay (3.10.1990), unless they part thousands (1.000 is 1000); case folded; ß
 *   and ẞ are ss; in German ae, oe, ue are read as ä, ö, ü (fold.c has the exceptions: neue,
 *   Steuer, Quelle, aktuell, Poet, ...); underscores around a word dropped; other diacritics
 *   folded; old and Swiss spelling of German brought into today's (spelling.c: Theil is Teil);
 *   Snowball, whose accidents with German words are mended (inflection.c: Regeln are a Regel,
 *   Sicherheit is no sich). In other languages diacritics are folded behind the stemmer, which
 *   needs them. What contains a digit, + or # or is no Latin word in a German text is not stemmed.
 * BARE:  the same folding and Snowball's stems; stays as it is when STANDARD learns more.
 * PLAIN: lower case, nothing more.
 */
#ifndef LUPE_TEXT_ANALYZER_H
#define LUPE_TEXT_ANALYZER_H

#include "base/limits.h"
#include "base/status.h"
#include "text/compound.h"

#define LANGUAGE_NAME_BYTES 32u

struct analyzer;

/* One a user and thread: a stemmer keeps state. flags are those of the index, of which
 * LUPE_WITHOUT_OLD_SPELLING and LUPE_WITHOUT_MENDING are heeded. language is a Snowball name
 * ("german"), an ISO 639 code ("de", "ger"), NULL for german, or "none". LUPE_INVALID names the
 * languages when it is unknown. */
CHECKED lupe_status analyzer_open(lupe_analysis mode, uint32_t flags, const char *language,
                                  struct analyzer **analyzer);
/* The same, splitting with a lexicon that outlives the analyzer; NULL: with the shipped one, as
 * whoever wants terms alone. */
CHECKED lupe_status analyzer_open_with(lupe_analysis mode, uint32_t flags, const char *language,
                                       const struct lexicon *lexicon, struct analyzer **analyzer);
void analyzer_close(struct analyzer *analyzer);

lupe_analysis analyzer_mode(const struct analyzer *analyzer);
const char *analyzer_language(const struct analyzer *analyzer); /* canonical name */

/* The words that compounds are split by; NULL where words are not split. */
const struct lexicon *analyzer_lexicon(const struct analyzer *analyzer);

/* Whether words of a language (its canonical name) are split. */
bool analyzer_splits(lupe_analysis mode, const char *language);

/* A hash over mode, language, rules and the terms of a fixed list of words: two analyzers with
 * one fingerprint give the same terms. Never 0, unless memory ran out. */
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

/* The parts of a compound, in order, as terms. */
struct word_parts {
    unsigned count;           /* 0: no compound */
    struct compound compound; /* where they lie in the folded word */
    struct term terms[COMPOUND_PARTS_MAX];
};

/* Some neighbouring parts of that word as one. */
CHECKED lupe_status analyzer_parts_joined(struct analyzer *analyzer,
                                          const struct compound *compound, unsigned first,
                                          unsigned last, struct term *term);
/* The term of such a word (compound_part_word). Where they repeat, each has to be stemmed but once.
 */
CHECKED lupe_status analyzer_part_term(struct analyzer *analyzer, const uint8_t *word, size_t size,
                                       struct term *term);

/* How the word whose term was asked for last comes apart; none where words are not split. */
void analyzer_split(const struct analyzer *analyzer, struct compound *compound);

/* The parts of the word whose term was asked for last; none where words are not split: in other
 * modes and languages than STANDARD and German. */
CHECKED lupe_status analyzer_parts(struct analyzer *analyzer, struct word_parts *parts);

/* That word before it was stemmed; false where words are not split. Valid until the next word. */
bool analyzer_folded(const struct analyzer *analyzer, const uint8_t **bytes, size_t *size);

/* A folded word stemmed as the end of a longer one is: regions of the stemmer begin before it. */
CHECKED lupe_status analyzer_tail(struct analyzer *analyzer, const uint8_t *folded, size_t size,
                                  struct term *term);

/* What a surface form is told apart by where forms are: in lower case and NFC, without soft
 * hyphens, hyphens and apostrophes; umlauts, sharp s, ae stay as they are written. Forgets the word
 * whose term was asked for last. */
void analyzer_form(struct analyzer *analyzer, const void *surface, size_t size, struct term *form);

/* The term without stemming, of the beginning of a word: what a prefix query compares with
 * terms and a keyword never uses. What may be half an umlaut is read as one ("Hae" is "ha"). */
CHECKED lupe_status analyzer_fold(struct analyzer *analyzer, const void *surface, size_t size,
                                  struct term *term);

#endif
