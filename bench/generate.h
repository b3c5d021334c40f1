/* SPDX-License-Identifier: MIT
 *
 * generate.h - invents text that behaves like German: words by Zipf's law with umlauts, endings,
 * capitals and compounds, sentences, paragraphs, documents of log-normal length that come back
 * to their own few words.
 *
 * Owns the vocabulary and the text of the present document. Called by `generate`, `micro`,
 * `commits` and `updates`, which so need no corpus. The same seed gives the same text. Never
 * used to judge relevance: it means nothing.
 */
#ifndef LUPE_BENCH_GENERATE_H
#define LUPE_BENCH_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#define DOCUMENT_WORDS_MEDIAN 170u /* of the documents of `generate` and `micro` */

struct generator;

/* All of it belongs to the generator and is valid until the next document. */
struct generated {
    const char *id;
    const char *title;
    const char *text;
    size_t id_size;
    size_t title_size;
    size_t text_size;
};

/* Half of the documents are shorter than words_median words. NULL when there is no memory. */
struct generator *generator_open(uint64_t seed, unsigned words_median);
void generator_close(struct generator *generator); /* accepts NULL */

/* NULL when there is no memory. */
const struct generated *generator_next(struct generator *generator);

/* Begins the text of this number: the same number gives the same documents, whatever came
 * before. */
void generator_restart(struct generator *generator, uint64_t number);

/* From 0 to bound - 1, of the generator's own sequence. */
uint32_t generator_number(struct generator *generator, uint32_t bound);

#endif
