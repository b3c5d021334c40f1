/* SPDX-License-Identifier: MIT
 *
 * lexicon_table.h - how the words of a lexicon lie in memory: an open hash of eight bytes a word.
 *
 * Owns the entry, its hash and its endings. Included by lexicon.c, which fills tables, compound.c,
 * which looks up, and tools/lexicon/pack.c, which makes the shipped table when Lupe is built. Knows
 * nothing of probabilities; includes nothing of Lupe.
 *
 * The letters of a word are not kept: 64 bits of hash say where it lies and 32 bits that it is
 * there. Of the ten million strings that are no words, two are taken for one.
 */
#ifndef LUPE_TEXT_LEXICON_TABLE_H
#define LUPE_TEXT_LEXICON_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* What a word may be in a compound. Costs are eighths of a nat, 0: never stands there. */
struct lexicon_entry {
    uint8_t first_cost; /* as a part that others follow, with its linking letters */
    uint8_t last_cost;  /* as the last part */
    uint16_t bits;
};

#define LEXICON_ENDINGS 12u /* bits 0 to 11: which endings it takes as a last part */
#define LEXICON_LINK_SHIFT \
    12u /* bits 12 and 13: how many of its last letters are linking letters */
#define LEXICON_APPEND_E 0x4000 /* without them an e is missing: schul, geschicht */
#define LEXICON_WHOLE 0x8000    /* a word that is never split */

/* Fingerprints lie apart: sixteen of them are a cache line, and most look-ups find nothing. */
struct lexicon_table {
    const uint32_t *fingerprints; /* 0: a free place */
    const struct lexicon_entry *entries;
    const uint8_t *longest; /* by lexicon_beginning: letters of the longest word, 0: no word */
    const uint8_t *filter;  /* a bit for each word's lexicon_filter_bit; NULL: none */
    uint32_t slots;         /* 0: no table */
};

/* Where words of four letters and more begin with the same four (or others of the same hash), one
 * byte tells how long they get: from most places of a word nothing further is looked up. */
#define LEXICON_BEGINNING_LETTERS 4u
#define LEXICON_BEGINNINGS 32768u

/* Most of what is looked up is no word: so many bits, which stay in the second-level cache, tell of
 * six in seven of them. */
#define LEXICON_FILTER_BITS (1u << 19)

/* The endings of last parts in the order of their bits. */
#define LEXICON_ENDING_BYTES_MAX 3u
static const char lexicon_endings[LEXICON_ENDINGS][LEXICON_ENDING_BYTES_MAX + 1] = {
    "e", "n", "en", "er", "ern", "s", "es", "em", "nen", "se", "sen", "ens"};

#define LEXICON_HASH_START 0x9E3779B97F4A7C15u

/* The hash of a word is made letter by letter, so that those of all its beginnings come along. */
static inline uint64_t lexicon_hash_letter(uint64_t hash, uint8_t letter)
{
    return (hash + letter) * 0xD6E8FEB86659FD93u;
}

static inline uint64_t lexicon_hash_end(uint64_t hash)
{
    hash ^= hash >> 32;
    return hash * 0xD6E8FEB86659FD93u;
}

static inline uint32_t lexicon_fingerprint(uint64_t hash)
{
    return (uint32_t)hash ? (uint32_t)hash : 1;
}

static inline uint32_t lexicon_slot(uint64_t hash, uint32_t slots)
{
    return (uint32_t)(((hash >> 32) * slots) >> 32);
}

static inline uint32_t lexicon_beginning(uint64_t hash)
{
    return (uint32_t)(hash >> 49);
}

static inline uint32_t lexicon_filter_bit(uint64_t hash)
{
    return (uint32_t)(hash >> 13) % LEXICON_FILTER_BITS;
}

/* The word of this (ended) hash, or NULL. There is always a free place. */
static inline const struct lexicon_entry *lexicon_table_find(const struct lexicon_table *table,
                                                             uint64_t hash)
{
    uint32_t fingerprint = lexicon_fingerprint(hash);
    uint32_t slot = lexicon_slot(hash, table->slots);
    uint32_t bit = lexicon_filter_bit(hash);
    if (table->filter && !(table->filter[bit / 8] >> bit % 8 & 1))
        return NULL;
    while (table->fingerprints[slot]) {
        if (table->fingerprints[slot] == fingerprint)
            return table->entries + slot;
        slot = slot + 1 == table->slots ? 0 : slot + 1;
    }
    return NULL;
}

/* The shipped table, and a hash of it. */
extern const uint32_t lexicon_german_fingerprints[];
extern const struct lexicon_entry lexicon_german_entries[];
extern const uint8_t lexicon_german_longest[LEXICON_BEGINNINGS];
extern const uint8_t lexicon_german_filter[LEXICON_FILTER_BITS / 8];
extern const uint32_t lexicon_german_slots;
extern const uint64_t lexicon_german_version;

#endif
