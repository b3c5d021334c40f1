/* SPDX-License-Identifier: MIT
 *
 * corpus.h - documents in memory, from the generator or from a file, and queries made from
 * their own words.
 *
 * Owns both. Called by `micro` alone. Knows words only as runs of German letters: that is
 * enough to pick queries and asks nothing of the engine that is measured.
 */
#ifndef LUPE_BENCH_CORPUS_H
#define LUPE_BENCH_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#define QUERY_BYTES 256u
#define QUERIES_PER_CLASS 20u

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

enum query_class {
    QUERY_TERM_RARE,
    QUERY_TERM_MEDIUM,
    QUERY_TERM_FREQUENT,
    QUERY_AND,
    QUERY_AND_FREQUENT,
    QUERY_OR,
    QUERY_OR_QUESTION,
    QUERY_PHRASE,
    QUERY_NOT,
    QUERY_MIXED,
    QUERY_CLASSES
};
const char *query_class_name(enum query_class kind);

struct queries {
    char text[QUERY_CLASSES][QUERIES_PER_CLASS][QUERY_BYTES];
    unsigned count[QUERY_CLASSES]; /* fewer than QUERIES_PER_CLASS where the corpus is small */
};

/* Words by their share of the documents, phrases as they stand in the text. */
int corpus_queries(const struct corpus *corpus, uint64_t seed, struct queries *queries);

#endif
