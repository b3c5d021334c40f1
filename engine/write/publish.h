/* SPDX-License-Identifier: MIT
 *
 * publish.h - from finished extents to keys of the store, in short transactions; and the
 * catalogue there.
 *
 * Owns the extents of a segment between its encoder and the store, and its number. Called by
 * flush.c, merge.c and writer.c. Never encodes a segment.
 *
 * A segment whose extents outgrow PENDING_BYTES_MAX is written part by part under a number that
 * no catalogue names yet; the number is taken from the catalogue in the first of these
 * transactions, so that nobody takes it again. Smaller ones wait for the transaction that
 * names them.
 */
#ifndef LUPE_WRITE_PUBLISH_H
#define LUPE_WRITE_PUBLISH_H

#include "segment/catalogue.h"

#define PENDING_BYTES_MAX (8u << 20)

struct pending_extent {
    uint32_t number;
    uint32_t size;
    uint8_t *bytes;
};

struct publication {
    struct store *store;
    uint32_t segment; /* its number, 0 while it has none */
    struct pending_extent *extents;
    size_t count;
    size_t capacity;
    size_t bytes;         /* pending */
    uint64_t bytes_total; /* of all extents so far */
};

void publication_init(struct publication *publication, struct store *store);
void publication_free(struct publication *publication); /* what is in the store stays */

/* The sink for a segment_writer. The publication must stay where it is. */
struct extent_sink publication_sink(struct publication *publication);

/* Writes everything pending in a transaction of its own. */
CHECKED lupe_status publication_flush(struct publication *publication);
/* Writes everything pending within a transaction that is going on; a segment without a number
 * takes it from the catalogue, which the caller will put. */
CHECKED lupe_status publication_put(struct publication *publication, struct store_write *write,
                                    struct catalogue *catalogue);

/* ---- the catalogue in the store */

CHECKED lupe_status catalogue_load(struct store_read *read, struct catalogue *catalogue);
CHECKED lupe_status catalogue_load_for_write(struct store_write *write,
                                             struct catalogue *catalogue);
CHECKED lupe_status catalogue_put(struct store_write *write, const struct catalogue *catalogue);

/* Deletes the keys of segments, as far as it can: what stays is dropped by publish_drop_unnamed
 * one day. Sets no message. */
void publish_drop(struct store *store, const uint32_t *segments, size_t count);

/* Deletes what no catalogue names. The caller holds the writer and the maintenance lock. */
CHECKED lupe_status publish_drop_unnamed(struct store *store);

#endif
