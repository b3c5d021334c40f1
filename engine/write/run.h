/* SPDX-License-Identifier: MIT
 *
 * run.h - what one writer has done since its last commit: segments that no catalogue names yet,
 * and documents of older segments that it has deleted.
 *
 * Owns the entries of those segments, the private view in which ids are looked up, and the
 * transaction that names everything at once. Called by writer.c, which holds the writer lock.
 * Never analyzes, never encodes.
 *
 * Deletes are kept as documents of the private view's segments. When a merge by another has
 * replaced one of these segments at the time of the commit, the view still has it: the ids are
 * read back from there and looked up in what took its place.
 */
#ifndef LUPE_WRITE_RUN_H
#define LUPE_WRITE_RUN_H

#include "segment/view.h"
#include "write/batch.h"
#include "write/publish.h"

struct run_segment {
    struct segment_entry entry;
    struct live live; /* documents replaced or deleted later in the run */
};

struct run {
    struct store *store;
    struct view *base; /* as of the run's beginning, but for what the run deletes; or NULL */
    struct run_segment *segments;
    uint32_t segment_count;
    uint32_t segment_capacity;
};

void run_init(struct run *run, struct store *store);

/* Deletes, in all older segments, the documents whose ids the batch puts or deletes. Called once
 * for each batch, before its own segments are added. has_base: the index has segments. */
CHECKED lupe_status run_replace(struct run *run, const struct batch *batch, bool has_base);

/* Adds a segment behind the others. It is in the store as a whole but for what a publication
 * given to run_commit still has. */
CHECKED lupe_status run_add(struct run *run, const struct segment_entry *entry);

/* Puts a segment (none when it has no documents) in the place of those it was merged from, and
 * removes these from the store. */
void run_replace_segments(struct run *run, uint32_t first, uint32_t count,
                          const struct segment_entry *entry);

/* Names everything in one transaction. catalogue: the writer's, with fields and words_cut as they
 * shall be; on success it is what was committed. last: has the extents of the last segment, or is
 * NULL. */
CHECKED lupe_status run_commit(struct run *run, struct catalogue *catalogue,
                               struct publication *last);

/* Forgets everything; drop: removes the segments from the store as well. */
void run_clear(struct run *run, bool drop);

#endif
