/* SPDX-License-Identifier: MIT
 *
 * shape.h - an index as it is in use: several segments in falling sizes, some documents deleted.
 *
 * Owns where a segment ends and which documents are deleted. Called by `lupe-bench index`.
 * Never decides what a document holds. The same numbers give the same shape.
 */
#ifndef LUPE_BENCH_SHAPE_H
#define LUPE_BENCH_SHAPE_H

#include "bench.h"

#define SHAPE_SEGMENTS_MAX 12u       /* more would be merged by and by */
#define SHAPE_DELETE_PERCENT_MAX 25u /* with more a segment would be written anew */

struct shape {
    uint64_t segments;       /* 0: as they come */
    uint64_t delete_percent; /* of the documents */
    uint64_t documents;      /* in all; counted by shape_begin */
    uint64_t made;           /* segments */
};

/* The documents in the first `number` of so many segments, each half as large as the one before;
 * all of them in the last. */
uint64_t shape_end(uint64_t documents, uint64_t segments, uint64_t number);

/* Is document number (from 0) one of those that are deleted? */
bool shape_deletes(uint64_t number, uint64_t percent);

/* Before the first document, after each (count of them are put), after the last commit. All
 * return an exit status. */
int shape_begin(struct shape *shape, const char *source);
int shape_put(struct shape *shape, struct building *building, uint64_t count);
int shape_finish(const struct shape *shape, struct building *building, const char *source);

#endif
