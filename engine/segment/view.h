/* SPDX-License-Identifier: MIT
 *
 * view.h - a consistent view of the whole index: a read transaction, its catalogue and its
 * segments.
 *
 * Owned by one snapshot, or by write/ while it looks up ids or merges. One thread at a time.
 */
#ifndef LUPE_SEGMENT_VIEW_H
#define LUPE_SEGMENT_VIEW_H

#include "segment/segment.h"

struct view {
    struct store_read *read;
    struct catalogue catalogue;
    void *scratch;             /* query/'s, kept between searches; one piece of memory */
    struct arena plans;        /* likewise: memory of the last search's plan */
    struct arena leaves;       /* and of its leaves */
    struct segment **segments; /* catalogue.segment_count of them, in document order */
};

/* Opens a view of the last commit. LUPE_NOT_INDEX when the file has no catalogue. */
CHECKED lupe_status view_open(struct store *store, struct view **view);
void view_close(struct view *view); /* accepts NULL */

/* The live document with an external id: its segment's place and number; LUPE_NOT_FOUND. */
CHECKED lupe_status view_find_id(struct view *view, const void *id, size_t id_size,
                                 uint32_t *segment, uint32_t *document);

#endif
