/* SPDX-License-Identifier: MIT
 *
 * collector.h - keeps the k best documents.
 *
 * Owns the keys of the candidates. Called by the evaluators. A key is score and document in one
 * number, so that of two keys the higher is the better hit: ties go to the earlier document.
 * Small k: a heap, so that the threshold rises with each hit. Larger k: a buffer of 2k keys that is
 * cut to the best k when full.
 */
#ifndef LUPE_QUERY_COLLECTOR_H
#define LUPE_QUERY_COLLECTOR_H

#include <string.h>

#include "base/memory.h"

#define COLLECTOR_HEAP_MAX 128u

struct collector {
    uint64_t *keys;
    size_t count;
    size_t capacity;
    size_t k;
    uint64_t least; /* only keys above it can still be among the best; 0 at first */
    bool heap;
};

static inline uint64_t collector_key(uint32_t score, uint32_t document)
{
    return (uint64_t)score << 32 | (UINT32_MAX - document);
}

CHECKED lupe_status collector_init(struct collector *collector, size_t k, size_t documents);
void collector_free(struct collector *collector);
/* Empty again, as after collector_init. */
static inline void collector_restart(struct collector *collector)
{
    collector->count = 0;
    collector->least = 0;
}

CHECKED lupe_status collector_add_slow(struct collector *collector, uint64_t key);

/* Offers a document (numbered over all segments). */
static inline lupe_status collector_add(struct collector *collector, uint32_t score,
                                        uint32_t document)
{
    uint64_t key = collector_key(score, document);
    if (key <= collector->least)
        return LUPE_OK;
    return collector_add_slow(collector, key);
}

/* What a score must exceed, or at least reach when documents do not come in order, to matter. */
static inline uint32_t collector_limit(const struct collector *collector)
{
    return (uint32_t)(collector->least >> 32);
}

/* The k best are known to reach floor: what is below it need not be offered. */
static inline void collector_raise(struct collector *collector, uint32_t floor)
{
    if (floor > 0 && collector_key(floor - 1, 0) > collector->least)
        collector->least = collector_key(floor - 1, 0);
}

/* Sorts the kept keys, best first; count is then at most k. */
CHECKED lupe_status collector_finish(struct collector *collector);

#endif
