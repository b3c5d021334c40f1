/* SPDX-License-Identifier: MIT
 *
 * flush_terms.h - the terms of all accumulators of a batch in the order of their keys, as flush.c
 * sorts them.
 *
 * Owns what a flush knows while it writes a segment. Included by flush.c and flush_parts.c alone.
 */
#ifndef LUPE_WRITE_FLUSH_TERMS_H
#define LUPE_WRITE_FLUSH_TERMS_H

#include <pthread.h>

#include "segment/segment_writer.h"
#include "write/flush.h"
#include "write/key_sort.h"

struct flusher {
    const struct flush_input *input;
    struct segment_writer *writer;
    uint32_t *map;      /* new number by old one; NULL: the same */
    uint32_t documents; /* live ones */
};

struct term_order {
    struct sort_item *items; /* sorted */
    struct sort_item *memory;
    lupe_status status;
};

/* Lists of the accumulators come before, between and behind those made of ids, of parts and of
 * pairs. */
enum { STAGE_WORDS, STAGE_JOINED, STAGE_FIELDS };

static inline uint8_t stage_of(uint16_t list)
{
    if (list == LIST_WORDS)
        return STAGE_WORDS;
    return list < LIST_PARTS ? STAGE_JOINED : STAGE_FIELDS;
}

/* The list of a term in one accumulator; one of the same term in another follows. */
struct term_ref {
    uint32_t number;
    uint16_t accumulator;
    bool again;
    uint8_t stage;
};

struct terms {
    struct flusher *flusher;
    struct term_order *orders; /* one an accumulator */
    struct term_ref *refs;     /* with one accumulator none: its order tells */
    uint64_t count;

    /* encoding with a team */
    pthread_mutex_t mutex;
    pthread_cond_t ready; /* a parcel is */
    pthread_cond_t free;  /* a place for one is */
    struct parcel_slot *slots;
    uint32_t slot_count;
    uint64_t next;   /* term that belongs to no parcel yet, */
    uint64_t end;    /* of those to be encoded now */
    uint64_t given;  /* parcels begun, */
    uint64_t placed; /* and done with */
    lupe_status status;
    char message[256];
};

static inline struct term_ref ref_at(const struct terms *terms, uint64_t i)
{
    if (terms->refs)
        return terms->refs[i];
    const struct sort_item *item = &terms->orders[0].items[i];
    return (struct term_ref){item->number, 0, false, stage_of(item->list)};
}

static inline const struct growing_list *list_of(const struct terms *terms, struct term_ref ref)
{
    return accumulator_list(terms->flusher->input->accumulators[ref.accumulator], ref.number);
}

#endif
