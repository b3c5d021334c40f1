/* SPDX-License-Identifier: MIT
 *
 * transliterate.h - a foreign name as the other language writes it: Vladivostok and Wladiwostok,
 * Khrushchev and Chruschtschow.
 *
 * Owns two tables of letter groups, English into German and German into English. Called by
 * spell.c for words that a query asks for and nobody has. Never asks the index, never allocates.
 *
 * The tables are those by which the two languages write Russian names, with what else one says as
 * the other writes it differently (Qatar, Congo). What they make of other words is no word, as a
 * rule, and found nowhere.
 */
#ifndef LUPE_QUERY_TRANSLITERATE_H
#define LUPE_QUERY_TRANSLITERATE_H

#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

enum transliteration { TRANSLITERATION_GERMAN, TRANSLITERATION_ENGLISH, TRANSLITERATIONS };

/* Writes a folded word as the language would; 0 when that is how it is written, or nothing that is
 * written so. out has room for twice the word. */
size_t transliterate(enum transliteration into, const uint8_t *word, size_t size, uint8_t *out);

#endif
