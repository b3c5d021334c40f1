/* SPDX-License-Identifier: MIT
 *
 * word_table.h - the tables in which words are found while documents are inverted.
 *
 * Owns their slots and how they grow. Used by accumulate.c for surface forms and terms. Never knows
 * what a slot refers to; never frees a slot alone.
 */
#ifndef LUPE_WRITE_WORD_TABLE_H
#define LUPE_WRITE_WORD_TABLE_H

#include "base/status.h"
#include "write/word_hash.h"

struct table_slot {
    uint32_t hash;
    uint32_t ref; /* 0: free */
};

/* An open-addressing table of references; what they refer to is the caller's. */
struct table {
    struct table_slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t used;
};

/* A word of up to SHORT_BYTES_MAX bytes of the first analyzer, zeros behind its end; words have no
 * zero bytes. Nine of ten words in running text are so short. */
#define SHORT_BYTES_MAX 12u
struct short_slot {
    uint64_t low; /* 0: free */
    uint32_t high;
    uint32_t list;
};

struct short_table {
    struct short_slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t used;
};

static inline uint32_t short_hash(uint64_t low, uint32_t high)
{
    uint64_t hash = fold_128(low ^ 0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u ^ (uint64_t)high << 20);
    return (uint32_t)(hash ^ hash >> 32);
}

/* Room for one more. */
CHECKED lupe_status table_room(struct table *table);
CHECKED lupe_status short_room(struct short_table *table);

/* Adds what is not there; there is room. */
void table_insert(struct table *table, uint32_t hash, uint32_t ref);
void short_insert(struct short_table *table, const struct short_slot *slot);

/* Empties it; more than bytes_kept of slots are freed. */
void table_reset(struct table *table, size_t bytes_kept);
void short_table_reset(struct short_table *table, size_t bytes_kept);

/* Bytes in use, with those of the next growth where it is near. */
size_t table_bytes(const struct table *table);
size_t short_table_bytes(const struct short_table *table);

#endif
