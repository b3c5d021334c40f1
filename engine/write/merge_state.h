/* SPDX-License-Identifier: MIT
 *
 * merge_state.h - what a merge knows while it runs.
 *
 * Owns these structures. Included by merge.c, which makes the segment, and merge_publish.c, which
 * puts it in the place of its sources. Never by others: merge.h is what they see.
 */
#ifndef LUPE_WRITE_MERGE_STATE_H
#define LUPE_WRITE_MERGE_STATE_H

#include "write/form_merge.h"
#include "write/merge.h"
#include "write/pair_lists.h"
#include "write/part_lists.h"
#include "write/permute.h"
#include "write/reorder.h"

enum stage {
    STAGE_TELL, /* reorder.h what terms the documents have */
    STAGE_REORDER,
    STAGE_DOCUMENTS,
    STAGE_TERMS,
    STAGE_FINISHED,
    STAGE_HANDED_OUT
};

struct source {
    struct segment *segment;
    struct live live; /* at the beginning; owned */
    uint32_t *map;    /* new document by old one, or NULL: base + old one */
    uint32_t base;
    struct dictionary_iterator terms;
    uint64_t entries; /* that terms has given */
};

/* Where a document of a reordered segment comes from. */
struct origin {
    uint32_t source;
    uint32_t document;
};

struct merge {
    struct store *store;
    struct merge_options options;
    struct store_read *read;
    struct source *sources;
    uint32_t count;
    struct publication publication;
    struct segment_writer *writer;
    struct segment_entry entry;
    enum stage stage;
    uint32_t documents;   /* new ones */
    uint64_t words_spare; /* words to be given out beyond each norm's least length */
    uint32_t source;      /* being copied, */
    uint32_t document;    /* from this document on */
    uint32_t *order;      /* sources that have terms left, by key, then by number */
    uint32_t order_count;
    uint64_t bytes_total;
    uint64_t bytes_done;
    struct buffer id;
    uint32_t *pairs; /* boundaries */
    size_t pair_capacity;
    uint32_t *positions;
    size_t position_capacity;
    struct block block;
    struct reorder *reorder; /* while the order is being found */
    struct origin *origins;  /* by new document; NULL: in the sources' order */
    struct permute permute;
    struct form_merge forms;
    struct buffer record; /* of a word's forms */
    struct part_lists parts;
    struct pair_lists *pair_lists; /* while they are made */
    bool pairs_done;
};

#endif
