/* SPDX-License-Identifier: MIT
 *
 * function_words.h - the words of German that carry grammar rather than a topic: articles,
 * pronouns, prepositions, conjunctions, auxiliary verbs, question words.
 *
 * Owns the list. Called by query/, which lets them count less in whole questions and looks past
 * them between two words. Indexing never asks: all words are indexed.
 */
#ifndef LUPE_TEXT_FUNCTION_WORDS_H
#define LUPE_TEXT_FUNCTION_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a folded word (fold.h), not stemmed. */
bool is_function_word(const uint8_t *folded, size_t size);

#endif
