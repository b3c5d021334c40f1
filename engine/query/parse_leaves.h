/* SPDX-License-Identifier: MIT
 *
 * parse_leaves.h - the leaves of a query being parsed: words, phrases, prefixes, keywords, each
 * distinct one once.
 *
 * Owns the table in which equal leaves are found again, and the limit on distinct words. Called by
 * parse.c; expand.c asks for forms. Never knows of operators or groups.
 *
 * A leaf is first written down as a key, a run of bytes that equal leaves share; only a leaf that
 * is new and within the limit becomes a node, whose terms point into the key in the query's arena.
 */
#ifndef LUPE_QUERY_PARSE_LEAVES_H
#define LUPE_QUERY_PARSE_LEAVES_H

#include "base/buffer.h"
#include "query/query.h"
#include "query/schema.h"
#include "text/words.h"

struct parse_leaf {
    struct node node; /* boost 1; terms in the query's arena */
    uint32_t number;  /* from 0 in order of appearance */
    uint32_t key_size;
    uint64_t hash; /* of the key */
    const uint8_t *key;
};

#define LEAF_SLOTS_MIN 16u
#define LEAF_KEY_BYTES 256u

/* Few words need no memory but what is in here: nothing of it is zeroed as a whole. */
struct parse_leaves {
    const struct schema *schema;
    struct arena *arena;       /* the query's */
    struct arena *scratch;     /* the parser's: leaves */
    struct parse_leaf **slots; /* open addressing, slot_count a power of two */
    uint32_t slot_count;
    uint32_t count;
    uint32_t words;    /* of all leaves: at most QUERY_TERMS_MAX */
    uint64_t *dropped; /* hashes of leaves beyond the limit, so that each counts once */
    size_t dropped_slots;
    size_t dropped_count;
    uint64_t words_dropped;

    struct buffer key; /* of the sequence being built */
    uint32_t element_count;
    struct parse_surface {
        const uint8_t *bytes;
        uint32_t size;
    } surfaces[PHRASE_WORDS_MAX];
    struct parse_leaf *slots_room[LEAF_SLOTS_MIN];
    uint8_t key_room[LEAF_KEY_BYTES];
};

/* The leaves lie in scratch, what their nodes point to in arena. */
void leaves_init(struct parse_leaves *leaves, const struct schema *schema, struct arena *arena,
                 struct arena *scratch);
void leaves_free(struct parse_leaves *leaves);

/* A sequence: begin, words in order, end. Words are those of word_next over text; a hyphen word
 * comes with all its parts at once. *leaf is NULL when nothing is left of it. */
void leaves_begin(struct parse_leaves *leaves, int field);
CHECKED lupe_status leaves_word(struct parse_leaves *leaves, int field, const uint8_t *text,
                                const struct word *parts, unsigned count);
/* The same in the surface forms that stand there. */
CHECKED lupe_status leaves_word_exact(struct parse_leaves *leaves, int field, const uint8_t *text,
                                      const struct word *parts, unsigned count);
CHECKED lupe_status leaves_end(struct parse_leaves *leaves, const struct parse_leaf **leaf);
/* The end of a sequence in quotation marks; of one word with so many edits. */
CHECKED lupe_status leaves_end_quoted(struct parse_leaves *leaves, const struct parse_leaf **leaf);
CHECKED lupe_status leaves_end_fuzzy(struct parse_leaves *leaves, uint8_t edits,
                                     const struct parse_leaf **leaf);

/* The reading of a prefix by the analyzer number `reading` of those leaves_readings() counts; *leaf
 * is NULL when nothing is left of it. Two readings that are equal give one leaf. *covers tells
 * whether the word itself is among those that begin so: its stem may be shorter (Reise*, reis). */
unsigned leaves_readings(const struct parse_leaves *leaves, int field);
CHECKED lupe_status leaves_prefix(struct parse_leaves *leaves, int field, unsigned reading,
                                  const uint8_t *text, size_t size, const struct parse_leaf **leaf,
                                  bool *covers);

CHECKED lupe_status leaves_keyword(struct parse_leaves *leaves, int field, const uint8_t *value,
                                   size_t size, const struct parse_leaf **leaf);

#endif
