/* SPDX-License-Identifier: MIT
 *
 * matcher.h - what a matcher is: the words of a query by number, and what is read of a text.
 *
 * Owns nothing. Included by match_make.c, which makes matchers, and match.c, which reads texts with
 * them. Nobody else looks inside one.
 */
#ifndef LUPE_RESULT_MATCHER_H
#define LUPE_RESULT_MATCHER_H

#include "base/buffer.h"
#include "base/hash.h"
#include "result/joins.h"
#include "result/match.h"
#include "result/readings.h"

#define SEEN_SLOTS 8192u /* surface forms remembered, a power of two */

/* Beginnings of words of the query, by two letters: what has none of them in it has no such part.
 * No row of the tables that mend stems (inflection.c) changes them. */
#define BEGINNING_LETTERS 2u
#define BEGINNINGS (26u * 26u)

#define PARTS_KEPT_BYTES ((size_t)1 << 18) /* of words seen before, from one text to the next */

/* A clause of the query. Its terms have numbers in ids, in the order of elements, alternatives,
 * terms. */
struct wanted {
    const struct node *node;
    const uint32_t *ids;
    double weight;
};

/* What is known of a surface form. */
struct seen {
    uint64_t hash;   /* 0: empty */
    uint32_t id;     /* of its term, 0: not in the query */
    uint32_t prefix; /* 1 + clause of a prefix it begins with, 0: none */
    uint32_t parts;  /* number of the first in matcher.parts, */
    uint8_t part_count;
    bool vanishes; /* nothing is left of it: takes no position */
};

/* A word of the query inside a compound. */
struct part {
    uint32_t id;
    uint16_t start;
    uint16_t end;  /* without linking letters */
    uint16_t next; /* where the next part begins */
};

/* A joined form that begins with a token: of a hyphen word, or what is meant by a piece with a
 * suspended hyphen, of which the piece is marked. */
struct joined_form {
    uint32_t id;   /* 0: none in the query */
    uint32_t size; /* tokens it covers */
    size_t start;
    size_t end;
};
#define JOINED_FORMS_MAX 5u /* of a word's own, hanging, and some that it is the head of */
#define JOINED_FORM_HEAD 2u /* the first of these */

struct token {
    size_t start;
    size_t end;
    uint32_t id;
    uint32_t prefix;
    struct joined_form joined[JOINED_FORMS_MAX];
    uint32_t parts; /* as in struct seen */
    uint32_t part_count;
};

struct matcher {
    struct schema *schema;
    struct arena arena;
    struct wanted *wanted;
    uint32_t wanted_count;
    struct query_term *terms; /* by id; 0 is none */
    uint32_t term_count;
    uint32_t *term_slots; /* open addressing over terms */
    uint32_t term_slot_count;
    uint32_t *starts;   /* starts[id]..starts[id + 1]: places in starters */
    uint32_t *starters; /* clauses whose first element may begin with the term */
    uint32_t *prefixes; /* clauses that are prefixes */
    uint32_t prefix_count;
    struct seen *seen;
    struct token *tokens;
    size_t token_capacity;
    size_t ahead;        /* tokens the longest sequence may cover */
    struct buffer joins; /* struct join */
    bool *is_join;       /* by id: a term of joins, */
    bool *is_part;       /* a word that is looked for inside compounds, */
    bool *in_readings;   /* that a reading of a compound has */
    bool any_part;
    bool beginnings[BEGINNINGS]; /* of words that are */
    struct buffer parts;         /* struct part, of words seen */
    struct readings readings;
    uint64_t position; /* of the next token that is tried */
    /* while one place is tried */
    const uint8_t *text;
    int field;
    size_t tokens_end;
    unsigned steps;
    struct match found[PHRASE_WORDS_MAX];
};

/* The slot of a term: that of its id, or the empty one where it belongs. */
static inline uint32_t *term_slot(const struct matcher *matcher, const void *bytes, size_t size)
{
    uint32_t mask = matcher->term_slot_count - 1;
    uint32_t slot = (uint32_t)hash_bytes(bytes, size) & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t id = matcher->term_slots[slot];
        if (id == 0 ||
            (matcher->terms[id].size == size && memcmp(matcher->terms[id].bytes, bytes, size) == 0))
            return &matcher->term_slots[slot];
    }
}

/* A word that the planner looks for in the lists of parts: a single one in all fields, of which no
 * reading is a hyphen word. */
static inline bool takes_parts(const struct node *node)
{
    bool takes = node->kind == NODE_SEQUENCE && node->element_count == 1 && node->field < 0;
    for (uint32_t a = 0; takes && a < node->elements[0].alternative_count; a++)
        takes = node->elements[0].alternatives[a].term_count == 1;
    return takes;
}

static inline struct join *joins_of(const struct matcher *matcher, size_t *count)
{
    *count = matcher->joins.size / sizeof(struct join);
    return (struct join *)(void *)matcher->joins.data;
}

#endif
