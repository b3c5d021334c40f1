/* SPDX-License-Identifier: MIT
 *
 * flush_parts.h - writes the lists of words that are parts of compounds into a flush's segment.
 *
 * Owns the order of the parts that the accumulators noted. Called by flush.c, between the joined
 * forms and the pairs. Never splits a word: accumulate.c did; never chooses the form of a list:
 * part_lists.c does.
 */
#ifndef LUPE_WRITE_FLUSH_PARTS_H
#define LUPE_WRITE_FLUSH_PARTS_H

#include "write/flush_terms.h"

/* Writes list 3 of the segment. Several parts as one, which no text has as a word, have none. */
CHECKED lupe_status flush_parts(struct terms *terms);

#endif
