/* SPDX-License-Identifier: MIT
 *
 * queries.h - queries of fifteen classes, made from the words of a corpus that is seen once.
 *
 * Owns the count of the corpus' words and a sample of its texts, both of bounded size. Called by
 * `queries`, `generate`, `micro` and `growth`. Knows words only as runs of German letters: that is
 * enough to pick queries and asks nothing of the engine that is measured. The same documents in
 * the same order and the same seed give the same queries.
 */
#ifndef LUPE_BENCH_QUERIES_H
#define LUPE_BENCH_QUERIES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define QUERY_BYTES 512u
#define QUERIES_PER_CLASS_MAX 100u

enum query_class {
    QUERY_TERM_RARE,
    QUERY_TERM_MEDIUM,
    QUERY_TERM_FREQUENT,
    QUERY_INTERSECTION_2,
    QUERY_INTERSECTION_3PLUS,
    QUERY_INTERSECTION_2_DENSE,
    QUERY_INTERSECTION_FREQUENT,
    QUERY_UNION_2,
    QUERY_UNION_3_6,
    QUERY_UNION_QUESTION,
    QUERY_PHRASE_2,
    QUERY_PHRASE_3PLUS,
    QUERY_PHRASE_FREQUENT,
    QUERY_NEGATION,
    QUERY_MIXED,
    QUERY_CLASSES
};
const char *query_class_name(enum query_class kind);

struct queries {
    char text[QUERY_CLASSES][QUERIES_PER_CLASS_MAX][QUERY_BYTES];
    unsigned count[QUERY_CLASSES]; /* fewer than wanted where the corpus is small */
};

struct query_maker;

/* NULL when there is no memory. */
struct query_maker *query_maker_open(uint64_t seed);
void query_maker_close(struct query_maker *maker); /* accepts NULL */

/* A document of the corpus. */
void query_maker_add(struct query_maker *maker, const char *title, size_t title_size,
                     const char *text, size_t text_size);

/* Words by their share of the documents so far, phrases and questions as they stand in the text.
 * No query twice in a class. Returns an exit status. */
int query_maker_make(struct query_maker *maker, unsigned per_class, struct queries *queries);

/* Lines of class, tab, query. */
void queries_print(const struct queries *queries, FILE *file);

#endif
