/* SPDX-License-Identifier: MIT
 *
 * derive.h - more documents than a corpus has, of the corpus' own words.
 *
 * Owns a sample of the corpus' texts, of bounded size. Called by `growth`. A derived document has
 * the length of a text of the corpus and takes runs of words from a few others in turn; now and
 * then two words are joined into one, for the words of a language never end. The same corpus, seed
 * and number give the same document. It means nothing.
 */
#ifndef LUPE_BENCH_DERIVE_H
#define LUPE_BENCH_DERIVE_H

#include "generate.h"

struct deriver;

/* NULL when there is no memory. bytes_max is what is kept of the texts. */
struct deriver *deriver_open(uint64_t seed, size_t bytes_max);
void deriver_close(struct deriver *deriver); /* accepts NULL */

/* A document of the corpus: every one, or every second, fourth... when they are too many. */
void deriver_add(struct deriver *deriver, const char *text, size_t size);

/* Belongs to the deriver, valid until the next. NULL when it has no texts or there is no
 * memory. */
const struct generated *deriver_document(struct deriver *deriver, uint64_t number);

#endif
