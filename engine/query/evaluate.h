/* SPDX-License-Identifier: MIT
 *
 * evaluate.h - evaluation of one segment: the best documents of leaves combined, and counts.
 *
 * Owns the loops over blocks and windows. Called by plan.c, which chooses among them by the shape
 * of the query. Never looks up terms, never parses.
 *
 * Every evaluator hands documents with their exact scores to evaluation_emit in batches; which
 * documents it may leave out is decided by bounds alone: a document is left out only when its score
 * cannot be above the collector's limit. Without a collector nothing is left out.
 */
#ifndef LUPE_QUERY_EVALUATE_H
#define LUPE_QUERY_EVALUATE_H

#include "query/collector.h"
#include "query/leaf.h"

/* Asks now and then whether the search is to go on. */
struct ticker {
    const struct search_request *request;
    uint32_t ticks;
};
CHECKED lupe_status ticker_ask(struct ticker *ticker);
/* About every 64 blocks of work: some 10 to 50 us. */
static inline lupe_status ticker_tick(struct ticker *ticker)
{
    if (++ticker->ticks % 64)
        return LUPE_OK;
    return ticker_ask(ticker);
}

/* Documents and shares in order, made for a query. */
struct gathered {
    uint32_t *documents;
    uint32_t *shares;
    uint32_t count;
    uint32_t capacity;
};
void gathered_free(struct gathered *gathered);

struct evaluation {
    struct segment *segment;
    uint32_t base;               /* documents of the segments before this one */
    uint32_t documents;          /* of this segment */
    struct collector *collector; /* either this ... */
    struct gathered *gathered;   /* ... or this (deleted documents included) */
    struct ticker *ticker;
    struct search_work *work;
    bool unordered; /* documents come in any order: of two with one score the later may be first */
    const uint64_t *skipped; /* documents that evaluate_apart hands out, as bits; NULL: none */
    uint32_t *sums;          /* [SPARSE_DOCUMENTS], all zero between windows */
    struct count_window *count_window;
    uint32_t *window_documents; /* [WINDOW_DOCUMENTS + 16] */
    uint32_t *window_scores;
};

/* What a score must exceed to matter; 0: nothing may be left out. */
static inline uint32_t evaluation_limit(const struct evaluation *evaluation)
{
    uint32_t limit = evaluation->collector ? collector_limit(evaluation->collector) : 0;
    return limit - (limit > 0 && evaluation->unordered);
}

/* Takes documents (ascending within the segment where a gathered array is asked for). */
CHECKED lupe_status evaluation_emit(struct evaluation *evaluation, const uint32_t *documents,
                                    const uint32_t *scores, unsigned count);

/* Raises the collector's limit to what a leaf's champions tell, where any match gets at least its
 * share: the k-th best live document is no worse than champion K >= k + deleted. */
void evaluation_raise(struct evaluation *evaluation, const struct leaf *leaf);

/* One scored leaf, best blocks first. */
CHECKED lupe_status evaluate_single(struct evaluation *evaluation, struct leaf *leaf);

/* Documents that all of required have (one or more) and none of excluded; optional only adds.
 * Leaves may be sorted in place. Counts live ones into *count on the way until it reaches
 * count_stop (count NULL: not at all), which pays where counting_probes says so. */
CHECKED lupe_status evaluate_required(struct evaluation *evaluation, struct leaf **required,
                                      unsigned required_count, struct leaf **optional,
                                      unsigned optional_count, struct leaf **excluded,
                                      unsigned excluded_count, uint64_t count_stop,
                                      uint64_t *count);

/* Documents that any of the leaves has and none of excluded. */
CHECKED lupe_status evaluate_union(struct evaluation *evaluation, struct leaf **leaves,
                                   unsigned count, struct leaf **excluded, unsigned excluded_count);

/* A word: its list, and what few documents have of it altogether, in the list and besides. A leaf
 * for a clause of another kind has nothing apart. */
struct word_leaves {
    struct leaf *leaf;    /* NULL: none */
    struct leaf *apart;   /* NULL: none */
    const uint8_t *fresh; /* of the documents of apart those that the list has not are 1 */
    bool required;
};
struct words {
    struct word_leaves *items;
    unsigned count;
    struct leaf **excluded;
    unsigned excluded_count;
    uint64_t *apart_bits;  /* the documents of all apart; NULL: none */
    uint64_t *apart_words; /* which words of these bits are not 0, as bits */
};
/* The documents that any word has apart: of these the other evaluators, given the lists, know only
 * a part. Hands them out in no order when collects; counts live ones that are fresh of a required
 * word into *count (NULL: not at all), which the others do not find. Sorts the words. */
CHECKED lupe_status evaluate_apart(struct evaluation *evaluation, const struct words *words,
                                   bool collects, uint64_t *count);

/* How many live documents match; stops at limit. */
CHECKED lupe_status count_required(struct evaluation *evaluation, struct leaf **required,
                                   unsigned required_count, struct leaf **excluded,
                                   unsigned excluded_count, uint64_t limit, uint64_t *count);
/* Whether count_required would look for each document of the rarest leaf in the others. */
bool counting_probes(const struct evaluation *evaluation, struct leaf *const *required,
                     unsigned required_count, unsigned excluded_count);
CHECKED lupe_status count_union(struct evaluation *evaluation, struct leaf **leaves,
                                unsigned leaf_count, struct leaf **excluded,
                                unsigned excluded_count, uint64_t limit, uint64_t *count);

/* Words in sequence: leaf i at offset[i] from the first. All leaves are lists with positions, each
 * with the phrase's weight. */
struct phrase_exact {
    const struct plan_term *term;
    const struct query_term *form;
};

struct phrase {
    struct leaf **leaves;             /* rarest first */
    const struct phrase_exact *exact; /* of each, the form that it must have; NULL: any */
    const uint32_t *offsets;
    uint32_t
        near; /* other than 0: in any order, no further than this from the rarest; no offsets */
    unsigned count;
    struct leaf **filters; /* lists of pairs of its words, rarest first: no match without them */
    unsigned filter_count;
    struct arena *arena; /* for as long as the query */
    bool nowhere;        /* a pair of its words occurs in no document */
    float weight;
    const float *factors;
    const uint8_t *norms;
    bool without_positions; /* then it is all the words, as often as the rarest of them */
    int field;              /* matches must lie in one value of this field; -1: anywhere */
    uint32_t field_gap;
    uint32_t span; /* positions from the first word to behind the last */
};
/* Counts live documents with a match into *count until it reaches count_stop (count NULL: not at
 * all), and hands them to the collector when collects; what cannot get into it is left out once
 * nothing is counted any more. */
CHECKED lupe_status evaluate_phrase(struct evaluation *evaluation, const struct phrase *phrase,
                                    bool collects, uint64_t count_stop, uint64_t *count);
/* All matches with the number of their places as shares, deleted documents included. */
CHECKED lupe_status gather_phrase(struct evaluation *evaluation, const struct phrase *phrase);

/* How many of the places (ascending positions; each begins span positions) lie within one value of
 * the field in a document. */
CHECKED lupe_status field_places(struct segment *segment, uint32_t field_gap, int field,
                                 uint32_t document, const uint32_t *places, uint32_t count,
                                 uint32_t span, uint32_t *inside);

/* Candidates (ascending, at most BLOCK_DOCUMENTS) against one leaf: keep those it has and add its
 * shares, keep those it has not, or add its shares where it has them. scores may be NULL. */
CHECKED lupe_status leaf_require(struct leaf *leaf, uint32_t *documents, uint32_t *scores,
                                 unsigned *count);
CHECKED lupe_status leaf_exclude(struct leaf *leaf, uint32_t *documents, uint32_t *scores,
                                 unsigned *count);
CHECKED lupe_status leaf_add_optional(struct leaf *leaf, const uint32_t *documents,
                                      uint32_t *scores, unsigned count);

#endif
