/* SPDX-License-Identifier: MIT
 *
 * merge.h - makes one segment of neighbouring ones, without their deleted documents, step by step.
 *
 * Owns a read transaction on the sources, the map from their documents to the new ones, and the
 * publication of the new segment. Called by upkeep.c and by tests that do other things between
 * the steps. Never chooses what to merge.
 *
 *   merge_begin -> merge_step * -> merge_publish (sources named by the catalogue)
 *                               or merge_result  (sources of a run)        -> merge_close
 *
 * Documents deleted while a merge goes on are found at publishing, by comparing the live documents
 * of the sources then and at the beginning, and deleted in the new segment.
 */
#ifndef LUPE_WRITE_MERGE_H
#define LUPE_WRITE_MERGE_H

#include "segment/segment.h"
#include "write/publish.h"

struct merge;

struct merge_source {
    const struct segment_entry *entry;
    const struct live *live; /* NULL: as the entry says */
};

struct merge_options {
    double k1; /* of the catalogue, for the new segment's bounds */
    double b;
    bool reorder;          /* similar documents next to each other, instead of the sources' order */
    uint64_t memory_bytes; /* for finding that order, see reorder.h */
    bool pairs;            /* of frequent words, see pair_lists.h */
    uint32_t lexicon;      /* of the catalogue: of several versions another is the new segment's */
    bool forms;            /* the sources have the surface forms of words */
};

CHECKED lupe_status merge_begin(struct store *store, const struct merge_options *options,
                                const struct merge_source *sources, uint32_t count,
                                struct merge **merge);

/* Works through about so many bytes of the sources; *done when nothing is left. */
CHECKED lupe_status merge_step(struct merge *merge, uint64_t bytes, bool *done);

/* The share done, 0 to 1. */
double merge_share(const struct merge *merge);

/* Puts the new segment into the catalogue in the place of its sources, which are neighbours there,
 * and deletes those. The caller holds the maintenance lock since before merge_begin. */
CHECKED lupe_status merge_publish(struct merge *merge);

/* The new segment, which is in the store but not in the catalogue; documents is 0 when none of the
 * sources' is live. Sources stay where they are. */
CHECKED lupe_status merge_result(struct merge *merge, struct segment_entry *entry);

/* Accepts NULL. What was not published and not handed out is removed. */
void merge_close(struct merge *merge);

#endif
