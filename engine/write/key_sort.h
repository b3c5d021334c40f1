/* SPDX-License-Identifier: MIT
 *
 * key_sort.h - brings keys (list number and term) into the order in which a segment has them.
 *
 * Owns the sort and nothing of what is sorted. Called by a flush for the terms of its accumulators,
 * for ids, and for the words that are parts. Never compares what the first ten bytes decide.
 */
#ifndef LUPE_WRITE_KEY_SORT_H
#define LUPE_WRITE_KEY_SORT_H

#include "write/accumulate.h"

/* A key to sort: its first ten bytes and who it is. */
struct sort_item {
    uint64_t prefix; /* the first 8 bytes of the term, big-endian, zeros behind its end */
    uint32_t number;
    uint16_t list;
    uint16_t size; /* of the key */
};

struct sort_context {
    const uint8_t *keys;     /* size:u8 bytes, at offsets */
    const uint32_t *offsets; /* NULL: those of the accumulator's lists */
    const struct accumulator *accumulator;
};

static inline const uint8_t *sort_key(const struct sort_context *context, uint32_t number)
{
    return context->keys + (context->offsets ? context->offsets[number]
                                             : accumulator_list(context->accumulator, number)->key);
}

/* Of a key behind its size. */
static inline uint64_t sort_prefix(const uint8_t *key)
{
    uint8_t bytes[8] = {0};
    size_t size = key[0] - 2u;
    memcpy(bytes, key + 3, size < 8 ? size : 8);
    return __builtin_bswap64(load_u64(bytes));
}

static inline bool keys_equal(const struct sort_context *context, const struct sort_item *a,
                              const struct sort_item *b)
{
    return a->size == b->size &&
           !memcmp(sort_key(context, a->number), sort_key(context, b->number), a->size + 1u);
}

/* The numbers 0 to count - 1 in the order of their keys. *memory is to be freed. */
CHECKED lupe_status sort_keys(struct sort_context *context, uint32_t count,
                              struct sort_item **sorted, struct sort_item **memory);

#endif
