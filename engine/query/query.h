/* SPDX-License-Identifier: MIT
 *
 * query.h - a parsed query: a tree of clauses over words, phrases, prefixes and keywords.
 *
 * Owns the tree (one arena). Made by parse.c from text, read by plan.c (evaluation) and result/
 * (highlights). Immutable once made; holds terms, not postings: it may be used with any snapshot.
 *
 * A word is a sequence of one element. An element has alternatives: readings of one word of the
 * query (its term in each language of the index; a hyphen word as its parts in sequence, or as one
 * joined word). So `Jong-un` is one element with the alternatives [jong un] and [jongun], and the
 * phrase "Kim Jong-un" two elements. With surface forms asked for each part of a hyphen word is an
 * element of its own.
 */
#ifndef LUPE_QUERY_QUERY_H
#define LUPE_QUERY_QUERY_H

#include "base/limits.h"
#include "base/memory.h"

enum node_kind {
    NODE_SEQUENCE, /* words in sequence; one element: a word */
    NODE_PREFIX,   /* every word that begins with `prefix` */
    NODE_KEYWORD,  /* filter: keyword field `field` has exactly this value */
    NODE_BOOLEAN   /* clauses */
};

enum occur { OCCUR_SHOULD, OCCUR_MUST, OCCUR_NOT };

struct query_term {
    const uint8_t *bytes;
    uint32_t size;
};

struct alternative {
    const struct query_term *terms; /* in sequence, each one position */
    uint32_t term_count;
    float weight;            /* 1; less for one that stands in for the word: see expand.h */
    struct query_term exact; /* of one term: the surface form it must have; size 0: any */
    bool joined; /* one term: also every joined form of a hyphen word equal to it (LIST_JOINED),
                  * whatever its span */
};

/* What a single word of a query is besides its term, where words are split. */
struct word_form {
    struct query_term folded; /* before it was stemmed */
    bool is_function_word;
    uint32_t part_count;            /* of a compound, else 0 */
    const struct query_term *parts; /* [first * part_count + last]: parts first to last as a term */
};

struct element {
    const struct alternative *alternatives;
    uint32_t alternative_count;
    const uint8_t *surface; /* as typed, for highlights and lupe_query_text */
    uint32_t surface_size;
    const struct word_form *form; /* NULL: a phrase, or words are not split */
};

struct node {
    enum node_kind kind;
    int field;    /* number of the field it is limited to, -1: all text fields */
    double boost; /* 1 as a rule, > 0 */

    const struct element *elements; /* NODE_SEQUENCE */
    uint32_t element_count;

    uint8_t edits; /* NODE_SEQUENCE of one word: word~1, word~2, EDITS_FITTING; 0: as it is */
    bool quoted;   /* NODE_SEQUENCE: it stands in quotation marks somewhere in the query */

    struct query_term prefix; /* NODE_PREFIX: folded; NODE_KEYWORD: the value */

    const struct clause *clauses; /* NODE_BOOLEAN */
    uint32_t clause_count;
};

/* =word, ="some words": all its words are exact. */
static inline bool node_is_exact(const struct node *node)
{
    return node->kind == NODE_SEQUENCE && node->elements[0].alternatives[0].exact.size;
}

struct clause {
    enum occur occur;
    const struct node *node;
};

/* A boolean node matches where every MUST matches, no NOT does, and, when it has no MUST, at least
 * one SHOULD does. SHOULD clauses beside a MUST are only scored. */

/* word~: as many edits as fit its length. */
#define EDITS_FITTING UINT8_MAX

/* A word that no document has, and what it was likely meant to be. */
struct correction {
    const uint8_t *typed; /* as in the query */
    uint32_t typed_size;
    uint32_t word_size;
    const uint8_t *word;    /* folded: the term as the word that is likeliest */
    struct query_term term; /* of the dictionary */
    int field;              /* of the node */
    uint64_t frequency;     /* documents */
    bool applied;           /* it is looked for in place of the other, else only suggested */
};

/* Where analyzers are to be had while a query is planned; to be given back. */
struct schema;
struct query_host {
    lupe_status (*take)(struct lupe_index *index, struct schema **schema);
    void (*give)(struct lupe_index *index, struct schema *schema);
};

struct lupe_query {
    struct lupe_index *index;
    const struct query_host *host; /* NULL: words are not joined */
    struct arena arena;
    const struct node *root; /* NULL: matches nothing */
    const char *text;        /* lupe_query_text; in the arena */
    uint32_t words_dropped;
    bool forms_missed;           /* it asked for surface forms, which the index does not have */
    struct lupe_query *original; /* held: of an expanded query (expand.h), whose nodes it shares */
    const struct correction *corrections;
    uint32_t correction_count;
};

#endif
