/* SPDX-License-Identifier: MIT
 *
 * scratch.h - what searches of one view share: BM25's tables and the sums of a window.
 *
 * Owns one piece of memory that hangs on the view. Making its tables costs about as much as a cheap
 * query, so they are kept from one search to the next: those of as many k1 and b as queries of all
 * kinds have by turns.
 */
#ifndef LUPE_QUERY_SCRATCH_H
#define LUPE_QUERY_SCRATCH_H

#include "segment/view.h"

#define WIDE_DOCUMENTS (8 * COUNT_DOCUMENTS)

/* A window of counting. */
struct count_window {
    uint64_t bits[COUNT_DOCUMENTS / 64];   /* what is counted */
    uint64_t others[COUNT_DOCUMENTS / 64]; /* what it is combined with */
    union {
        uint8_t marks[COUNT_DOCUMENTS];     /* a byte a document, on the way to bits */
        uint64_t wide[WIDE_DOCUMENTS / 64]; /* or bits of a wide window */
    };
    uint64_t postings; /* in a window on average */
    bool marked;       /* marks has some; else it holds anything */
    bool sparse;       /* too few documents for marks to be worth it */
};

/* Of one k1, b and average length. */
struct bm25_tables {
    struct bm25 used;
    float factors[NORMS];
    float wide_factors[NORMS]; /* for tfs in WIDE_UNIT-ths */
};

#define SCRATCH_TABLES 3u /* k1 is that of the index, of some words, of a sentence */

struct scratch {
    struct bm25_tables tables[SCRATCH_TABLES];
    unsigned table_count;
    unsigned next_table;             /* to be made anew when all are of other parameters */
    const float *factors;            /* of the tables in use, */
    const float *wide_factors;       /* likewise */
    uint32_t sums[SPARSE_DOCUMENTS]; /* zero between searches */
    uint32_t window_documents[WINDOW_DOCUMENTS + 16];
    uint32_t window_scores[WINDOW_DOCUMENTS + 16];
    struct count_window count_window;
    float (*bound_values)[256];    /* [segment], in use: value by bound byte */
    float all_bound_values[][256]; /* [SCRATCH_TABLES][segment] */
};

/* The scratch of the view, its tables in use those of these parameters; belongs to the view. */
CHECKED lupe_status scratch_of(struct view *view, const struct bm25 *used,
                               struct scratch **scratch);

#endif
