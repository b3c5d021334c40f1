/* SPDX-License-Identifier: MIT
 *
 * flush.h - makes a segment of what an accumulator holds.
 *
 * Owns nothing: reads a batch and its accumulator, writes through a segment_writer into a
 * publication. Called by writer.c and workers.c. Never names the segment in a catalogue.
 */
#ifndef LUPE_WRITE_FLUSH_H
#define LUPE_WRITE_FLUSH_H

#include "write/accumulate.h"
#include "write/publish.h"

struct flush_options {
    double k1;
    double b;
    bool pairs; /* of frequent words, see pair_lists.h */
};

/* Encodes the live documents into a segment whose extents go to the publication. entry->number is 0
 * while the publication has none. entry->documents is 0, and nothing was written, when no document
 * is live. */
CHECKED lupe_status flush(const struct accumulator *accumulator, const struct batch *batch,
                          const struct flush_options *options, struct publication *publication,
                          struct segment_entry *entry);

#endif
