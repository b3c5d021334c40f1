/* SPDX-License-Identifier: MIT
 *
 * flush.h - makes a segment of what accumulators hold.
 *
 * Owns nothing: reads a batch and its accumulators, writes through a segment_writer into a
 * publication. Called by writer.c and workers.c. Never names the segment in a catalogue.
 */
#ifndef LUPE_WRITE_FLUSH_H
#define LUPE_WRITE_FLUSH_H

#include "write/accumulate.h"
#include "write/publish.h"
#include "write/team.h"

struct flush_options {
    double k1;
    double b;
    bool pairs; /* of frequent words, see pair_lists.h */
};

/* Documents of the batch in their order, as an accumulator has them. */
struct flush_part {
    const struct accumulator *accumulator;
    uint32_t first; /* of its documents */
    uint32_t count;
};

/* What accumulators made of a batch; a word may be in several of them. */
struct flush_input {
    const struct batch *batch;
    struct accumulator *const *accumulators;
    uint32_t accumulator_count;
    const struct flush_part *parts; /* all documents of the batch */
    size_t part_count;
    struct team *team; /* to encode with; NULL: this thread alone, with one accumulator */
};

/* Encodes the live documents into a segment whose extents go to the publication. entry->number is 0
 * while the publication has none. entry->documents is 0, and nothing was written, when no document
 * is live. The bytes are the same whatever the number of accumulators and threads. */
CHECKED lupe_status flush(const struct flush_input *input, const struct flush_options *options,
                          struct publication *publication, struct segment_entry *entry);

#endif
