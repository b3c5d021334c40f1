/* SPDX-License-Identifier: MIT
 *
 * plan.h - a query compiled for a view: its terms looked up in every segment, its weights fixed.
 *
 * Owns the statistics of a search (documents, average length, idf) and the lists of its terms. Made
 * once a search by plan_compile, executed segment by segment by execute.c, and read by the naive
 * twin. Never evaluates.
 */
#ifndef LUPE_QUERY_PLAN_H
#define LUPE_QUERY_PLAN_H

#include "query/scratch.h"
#include "query/search.h"

struct plan_term {
    uint64_t frequency; /* documents, over all segments */
    const uint8_t *key;
    size_t key_size;
    struct list **lists;      /* [segment]; NULL where the term is not */
    struct term_place *found; /* [segment]; until the lists are open */
    struct plan_term *next;   /* likewise: of plan->pending */
    bool is_prefix;           /* nothing but whether keys may begin so: begins */
    bool begins;
    bool split;             /* of list 3: wide lists are kept apart */
    struct plan_term *wide; /* then: these, with the word's own where there is none; or NULL */
};

enum member_kind {
    MEMBER_LIST,  /* of the word itself */
    MEMBER_FIELD, /* of the word in a weighted field */
    MEMBER_EXTRA, /* joined forms of hyphen words */
    MEMBER_PARTS  /* compounds, with tfs in the form of a list of parts */
};

/* A list of a group: tf times weight adds to x. */
struct plan_member {
    struct plan_term *term;
    float weight;
    enum member_kind kind;
};

/* A reading of a sequence: term i at offsets[i]. */
struct plan_variant {
    struct plan_term **terms;
    uint32_t *offsets;
    unsigned count;
    const struct query_term **exact; /* the form each term must have; NULL: any */
    uint32_t near;                   /* other than 0: in any order, so near to the rarest */
    bool ordered;                    /* then: in the order of terms after all */
    float weight;                    /* of a match */
};

enum plan_kind { PLAN_GROUP, PLAN_SEQUENCE, PLAN_FILTER, PLAN_BOOLEAN };

struct plan_node {
    enum plan_kind kind;
    int field;                   /* positions must lie in this field; -1: anywhere */
    double gain;                 /* idf * boost */
    float weight;                /* gain in score units, at least 1; 0 for filters and booleans */
    struct plan_member *members; /* GROUP, FILTER (one) */
    unsigned member_count;
    struct plan_variant *variants; /* SEQUENCE; of a GROUP: its parts near each other */
    unsigned variant_count;
    struct plan_node **children; /* BOOLEAN */
    enum occur *occurs;
    unsigned child_count;
    uint64_t frequency;             /* documents that gain comes from; 0: of several words */
    double boost;                   /* what the idf counts in gain */
    const struct node *source;      /* of the query; NULL: words of it that are near each other */
    const struct plan_node *two[2]; /* then: these */
    const struct word_form *form;   /* GROUP of a plain word, where words are split */
    const struct query_term *term;  /* likewise */
    const struct word_join *join;   /* likewise: NULL until it is asked for */
    bool is_part;                   /* likewise: some compound has it as a part */
    struct plan_variant *later;     /* GROUP: adds to what the best hits have (proximity.h) */
    struct plan_node *next_later;   /* of plan->later */
    const struct plan_term *own;    /* GROUP of a word in any field: its own list */
    struct plan_node *next_typed;   /* of plan->typed */
};

struct plan {
    struct arena arena; /* the view's while the plan lives; holds the plan, too */
    struct view *view;
    const struct lupe_query *query;
    const struct search_request *request;
    struct schema *schema;  /* of the query's host, once analyzers were wanted */
    struct plan_node *root; /* NULL: matches nothing */
    uint64_t documents;
    struct bm25 used;
    struct scratch *scratch; /* the view's */
    int score_bits;
    struct plan_entry *table; /* terms by key */
    size_t table_size;
    size_t table_count;
    bool alone;                /* the query is one word */
    bool doubtful;             /* words may be unknown, or are to be found by edits */
    struct term_place *spare;  /* of a term that was looked up, for the next: a prefix has many */
    struct plan_term *pending; /* their lists are not open yet */
    struct plan_node *later;   /* the groups with later */
    struct plan_node *typed;   /* those that count for more as they were typed (as_typed.h) */
    unsigned neighbours;       /* pairs that were looked at */
};

#define PLAN_BYTES_KEPT ((size_t)64 << 10) /* on the view, from one search to the next */

CHECKED lupe_status plan_compile(struct view *view, const struct lupe_query *query,
                                 const struct search_request *request, struct plan **plan);
void plan_free(struct plan *plan); /* accepts NULL */

#endif
