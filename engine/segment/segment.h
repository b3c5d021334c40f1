/* SPDX-License-Identifier: MIT
 *
 * segment.h - one segment open for reading: its sections, and what is found in them.
 *
 * Owns the tables of extents, the norms and the live bitmap of a segment within one read
 * transaction. Called by snapshots (query/, result/) and by write/ (merging, looking up ids).
 * Never writes. One thread at a time.
 */
#ifndef LUPE_SEGMENT_SEGMENT_H
#define LUPE_SEGMENT_SEGMENT_H

#include "segment/catalogue.h"
#include "segment/dictionary.h"
#include "segment/live.h"
#include "segment/postings.h"

struct segment {
    struct segment_entry entry;
    struct store_read *read;
    struct section sections[SECTION_COUNT];
    struct dictionary dictionary;
    const uint8_t *norms; /* one a document; readable READ_PADDING_BYTES beyond; in the file where
                           * they fit one extent, else gathered */
    uint8_t *norms_owned;
    struct live live;
    struct bm25 bm25;              /* what its bounds were made with */
    const uint8_t **extent_tables; /* one allocation for all sections */
    struct stored_reader *stored;  /* made on first use */
};

/* Opens a segment of the catalogue within a read transaction that outlives it. */
CHECKED lupe_status segment_open(struct store_read *read, const struct segment_entry *entry,
                                 struct segment **segment);
void segment_close(struct segment *segment); /* accepts NULL */

/* The list of a key; LUPE_NOT_FOUND (no message) when there is none. */
CHECKED lupe_status segment_find(struct segment *segment, const uint8_t *key, size_t key_size,
                                 struct list *list);
/* The same in steps, behind a dictionary_search: the entry, whose list is asked for ahead, and the
 * list. */
CHECKED lupe_status segment_find_at(struct segment *segment, uint64_t address, const uint8_t *key,
                                    size_t key_size, struct entry *entry);
CHECKED lupe_status segment_list(struct segment *segment, const struct entry *entry,
                                 struct list *list);

/* The document with an external id, live or not; LUPE_NOT_FOUND (no message). Ids that the key
 * holds in part only are compared. A segment has no id twice. */
CHECKED lupe_status segment_find_id(struct segment *segment, const void *id, size_t id_size,
                                    uint32_t *document);

/* The external id of a document, appended to out: 0.2 us beside what is not in the caches. The
 * second appends nothing when it has at most ID_TERM_BYTES_MAX bytes, and does not read it. */
CHECKED lupe_status segment_id(struct segment *segment, uint32_t document, struct buffer *out);
CHECKED lupe_status segment_long_id(struct segment *segment, uint32_t document, struct buffer *out);

/* The stored record of a document (stored.h takes it apart), valid until the next call; size 0 when
 * nothing is stored. */
CHECKED lupe_status segment_stored(struct segment *segment, uint32_t document,
                                   const uint8_t **record, size_t *size);

/* The text values of a document in position order: *count of them, the first pairs_max of which are
 * written to pairs as {field, words}; words of the last is DOCUMENT_WORDS_MAX ("to the end"). Where
 * every document of the segment has at most one value and all are of one field, that is stored once
 * for all, and count is 1. count 0: the segment has no texts, or the document. */
CHECKED lupe_status segment_boundaries(struct segment *segment, uint32_t document, uint32_t *pairs,
                                       size_t pairs_max, size_t *count);
static inline bool segment_has_boundaries(const struct segment *segment)
{
    return segment->entry.lengths[SECTION_BOUNDARIES] > 0;
}

/* Verifies the checksums of all the segment's bytes; report (may be NULL) for each finding.
 * LUPE_CORRUPT when there was one. Live chunks were verified when the segment was opened. */
CHECKED lupe_status segment_verify(struct segment *segment,
                                   void (*report)(void *user, const char *finding), void *user);

/* Verifies checksums and walks every structure against every other; report for each finding.
 * LUPE_CORRUPT when there was one. */
CHECKED lupe_status segment_check(struct segment *segment,
                                  void (*report)(void *user, const char *finding), void *user);

#endif
