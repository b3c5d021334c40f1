/* SPDX-License-Identifier: MIT
 *
 * corpus.h - documents in memory, from the generator or from a file.
 *
 * Owns them. Called by `micro`, which takes them again and again. Never grows beyond the bytes
 * its caller allows.
 */
#ifndef LUPE_BENCH_CORPUS_H
#define LUPE_BENCH_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "queries.h"

struct corpus_document {
    size_t id; /* places in bytes; title and text follow each other, a newline between them */
    size_t title;
    size_t text;
    size_t id_size;
    size_t title_size;
    size_t text_size;
};

struct corpus {
    char *bytes;
    size_t size;
    size_t capacity;
    struct corpus_document *documents;
    size_t count;
    size_t document_capacity;
    uint64_t text_bytes; /* titles and texts */
};

/* Both print what is wrong and return an exit status; the corpus is to be freed in any case. */
int corpus_generate(struct corpus *corpus, uint64_t documents, uint64_t seed);
int corpus_read(struct corpus *corpus, const char *path, uint64_t bytes_max);
void corpus_free(struct corpus *corpus);

/* Queries of the words of all its documents, see queries.h. */
int corpus_queries(const struct corpus *corpus, uint64_t seed, unsigned per_class,
                   struct queries *queries);

#endif
