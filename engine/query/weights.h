/* SPDX-License-Identifier: MIT
 *
 * weights.h - the numbers of ranking beyond BM25's own, in one place.
 *
 * Owns them. Read by the planner and by as_typed.c. They were chosen with one half of the queries
 * of the relevance sets and checked with the other (bench/quality/tune.py, bench/DECISIONS.md);
 * a build with LUPE_TUNING takes them from the environment, so that the script can.
 */
#ifndef LUPE_QUERY_WEIGHTS_H
#define LUPE_QUERY_WEIGHTS_H

#if defined(LUPE_TUNING)
#include <stdlib.h>
static inline double weight_of(const char *name, double otherwise)
{
    const char *value = getenv(name);
    return value ? atof(value) : otherwise;
}
#define WEIGHT(name, value) weight_of("LUPE_" #name, value)
#else
#define WEIGHT(name, value) (value)
#endif

/* k1 of a query of some words, and of a sentence, in parts of the index's: of few words each is
 * wanted, and that one comes again says little; of a sentence some carry the topic, and it comes
 * again in texts that are about it. */
#define WORDS_K1 WEIGHT(WORDS_K1, 0.5)
#define SENTENCE_K1 WEIGHT(SENTENCE_K1, 1.4)

/* A word counts for so much of its gain once more, for the places where it stands as it was
 * typed. */
#define TYPED_GAIN WEIGHT(TYPED_GAIN, 0.2)

/* A place where the parts of a compound stand near each other counts for so much of a place of the
 * compound; the parts are at most so many positions from the rarest of them. */
#define PARTS_WEIGHT WEIGHT(PARTS_WEIGHT, 0.7)
#define PARTS_NEAR WEIGHT(PARTS_NEAR, 8)

/* A compound is looked for by its parts only where the rarest of these is in at most so many
 * documents: what is in more says little, and takes half a millisecond to look through. */
#define READING_DOCUMENTS_MAX WEIGHT(READING_DOCUMENTS_MAX, 1024)

/* A compound that neighbours of a query join to counts for so much of the rarer of them, and a
 * place of both near each other, in their order, for so much of a place of the compound. */
#define JOIN_GAIN WEIGHT(JOIN_GAIN, 2.0)
#define WORDS_WEIGHT WEIGHT(WORDS_WEIGHT, 0.5)
#define WORDS_NEAR WEIGHT(WORDS_NEAR, 3)

/* Other neighbours, where they stand near each other, likewise. */
#define PAIR_GAIN WEIGHT(PAIR_GAIN, 1.0)
#define PAIR_WEIGHT WEIGHT(PAIR_WEIGHT, 0.5)
#define PAIR_NEAR WEIGHT(PAIR_NEAR, 20)

/* In a sentence words have their neighbours from grammar: there both say less. */
#define JOIN_GAIN_SENTENCE WEIGHT(JOIN_GAIN_SENTENCE, 0.4)
#define PAIR_GAIN_SENTENCE WEIGHT(PAIR_GAIN_SENTENCE, 0)

/* A query with so many words that carry its topic gives those that carry grammar less weight; with
 * so many of these it is a sentence. */
#define CONTENT_WORDS_MIN WEIGHT(CONTENT_WORDS_MIN, 2)
#define SENTENCE_CONTENT_WORDS_MIN WEIGHT(SENTENCE_CONTENT_WORDS_MIN, 3)
#define SENTENCE_FUNCTION_WORDS_MIN WEIGHT(SENTENCE_FUNCTION_WORDS_MIN, 2)
#define FUNCTION_WORD_GAIN WEIGHT(FUNCTION_WORD_GAIN, 0.2)

#endif
