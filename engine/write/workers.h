/* SPDX-License-Identifier: MIT
 *
 * workers.h - threads that invert documents, each into an accumulator of its own, and then encode
 * one segment of them all together.
 *
 * Owns the threads, an accumulator each, and a ring of portions of documents on their way. Called
 * by writer.c alone, in the thread that puts, which keeps the batch: ids and records. A worker
 * never sees the batch or the store: it gets the values of documents, and their numbers in the
 * batch. So a run with several threads has the segments that it has with one.
 */
#ifndef LUPE_WRITE_WORKERS_H
#define LUPE_WRITE_WORKERS_H

#include "write/flush.h"

struct workers;

struct workers_options {
    uint32_t threads;
    const struct catalogue *catalogue; /* read while starting only */
};

/* Documents one after the other, ascending without gaps: (size:u32 record) *. */
struct portion {
    struct buffer bytes;
    uint32_t first; /* its number in the batch */
    uint32_t count;
};

/* How many bytes a portion should have when it is handed over: enough to be worth it, and so few
 * that its text is still in a cache when it is inverted. */
#define PORTION_BYTES_MIN ((uint64_t)16 << 10)
#define PORTION_BYTES_MAX ((uint64_t)1 << 20)

static inline uint64_t portion_bytes_wanted(uint64_t memory_bytes, uint32_t threads)
{
    uint64_t bytes = memory_bytes / (8 * ((uint64_t)threads + 1));
    return bytes < PORTION_BYTES_MIN   ? PORTION_BYTES_MIN
           : bytes > PORTION_BYTES_MAX ? PORTION_BYTES_MAX
                                       : bytes;
}

void portion_init(struct portion *portion);
void portion_free(struct portion *portion);
/* Adds the next document. */
CHECKED lupe_status portion_add(struct portion *portion, const struct batch_value *values,
                                size_t value_count);
/* Inverts all of a portion. */
CHECKED lupe_status portion_invert(const struct portion *portion, struct accumulator *accumulator);

CHECKED lupe_status workers_start(const struct workers_options *options, struct workers **workers);
/* Waits for the threads and frees everything. Accepts NULL. */
void workers_stop(struct workers *workers);

/* Hands the portion over and leaves an empty one. Waits while too many are on their way. Gives the
 * first error of a worker. */
CHECKED lupe_status workers_submit(struct workers *workers, struct portion *portion);

/* Bytes of the accumulators and portions, as far as it is known now; UINT64_MAX when one of the
 * accumulators takes no more. */
uint64_t workers_bytes(struct workers *workers);

/* Waits until all is inverted and makes one segment of it, as flush does. */
CHECKED lupe_status workers_flush(struct workers *workers, const struct batch *batch,
                                  const struct flush_options *options,
                                  struct publication *publication, struct segment_entry *entry,
                                  uint64_t *words_cut);

#endif
