/* SPDX-License-Identifier: MIT
 *
 * workers.h - threads that invert and encode batches, whose segments come back in order.
 *
 * Owns the threads, an accumulator each, and a ring of batches on their way. Called by writer.c
 * alone, in the thread that puts. A worker touches the store only to publish extents of segments
 * that nobody names yet; the store orders their transactions.
 */
#ifndef LUPE_WRITE_WORKERS_H
#define LUPE_WRITE_WORKERS_H

#include "write/flush.h"

struct workers;

struct workers_options {
    uint32_t threads;
    struct store *store;
    const struct catalogue *catalogue; /* read while starting only */
    struct flush_options flush;
    uint64_t memory_bytes; /* for all of them and their batches */
};

/* How many bytes a batch should have when it is handed over: threads + 1 of them are around at a
 * time, and a worker needs about twice as much for its lists. Below WORKERS_BATCH_BYTES_MIN
 * segments would be too small to be worth it; that is little beside what encoding takes. */
#define WORKERS_BATCH_BYTES_MIN ((uint64_t)512 << 10)

static inline uint64_t workers_batch_bytes(uint64_t memory_bytes, uint32_t threads)
{
    uint64_t bytes = memory_bytes / (3 * (uint64_t)threads + 2);
    return bytes > WORKERS_BATCH_BYTES_MIN ? bytes : WORKERS_BATCH_BYTES_MIN;
}

CHECKED lupe_status workers_start(const struct workers_options *options, struct workers **workers);
/* Waits for the threads and frees everything. drop: removes the segments of results not taken.
 * Accepts NULL. */
void workers_stop(struct workers *workers, bool drop);

/* Hands the batch over and leaves an empty one. Waits while the ring is full of results not taken:
 * the caller takes all that workers_next gives after each submission. */
CHECKED lupe_status workers_submit(struct workers *workers, struct batch *batch);

/* The result of a batch; borrowed until workers_done. */
struct workers_result {
    lupe_status status; /* its message is set for the calling thread */
    const struct batch *batch;
    const struct segment_entry *entries;
    size_t entry_count;
    uint64_t words_cut;
};

/* The oldest result not yet taken. Waits for it when all is true or the ring is full; false when
 * there is none to wait for or none ready. Followed by workers_done. */
bool workers_next(struct workers *workers, bool all, struct workers_result *result);
void workers_done(struct workers *workers);

#endif
