/* SPDX-License-Identifier: MIT
 *
 * pair_lists.h - the lists of pairs of frequent words (FORMAT.md section 4, list 5) of a segment
 * that is being written.
 *
 * Owns the choice of the words. Called by flush.c and merge.c at one place each: behind the last
 * term below list 5, before the first above. Never looks at where the segment comes from: reads
 * what was written of it, out of its publication and its segment_writer, so that documents have
 * their numbers.
 */
#ifndef LUPE_WRITE_PAIR_LISTS_H
#define LUPE_WRITE_PAIR_LISTS_H

#include "segment/segment_writer.h"
#include "write/publish.h"

/* Tests lower them. Set while nobody writes. */
struct pair_limits {
    uint32_t documents_min;
    uint32_t share;
    uint32_t words_max;
    size_t memory_bytes;
};
extern struct pair_limits pair_limits;

struct pair_lists;

/* segment_writer_options.frequent_share for a segment of so many documents; 0: it shall have no
 * pairs. */
static inline uint32_t pair_lists_share(bool wanted, uint32_t documents)
{
    return wanted && documents >= pair_limits.documents_min ? pair_limits.share : 0;
}

CHECKED lupe_status pair_lists_open(struct segment_writer *writer,
                                    const struct publication *publication,
                                    struct pair_lists **lists);
/* Works through some documents; *done when all pairs are written. */
CHECKED lupe_status pair_lists_step(struct pair_lists *lists, bool *done);
void pair_lists_close(struct pair_lists *lists); /* accepts NULL */

/* All of it at once. Does nothing where there are no frequent words. */
CHECKED lupe_status pair_lists_write(struct segment_writer *writer,
                                     const struct publication *publication);

#endif
