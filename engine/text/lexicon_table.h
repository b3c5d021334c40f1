/* SPDX-License-Identifier: MIT
 *
 * lexicon_table.h - how the words of a lexicon lie in memory: an open hash of eight bytes a word.
 *
 * Owns the entry, its hash, its endings, and what tells without a look-up that nothing is there.
 * Included by lexicon.c, which fills tables, compound.c, which looks up, and tools/lexicon/pack.c,
 * which makes the shipped table when Lupe is built. Knows nothing of probabilities; includes
 * nothing of Lupe.
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

/* A word: its fingerprint (0: a free place) and what it is. */
struct lexicon_slot {
    uint32_t fingerprint;
    struct lexicon_entry entry;
};

/* Most of what a splitter asks for is no word. What three letters begin is told by two bits, which
 * stay in the first-level cache; how long the words are that begin with the same four (or others of
 * the same hash), by a bit a length; and most of what is left by one bit of its hash. */
#define LEXICON_BEGINNING_LETTERS 4u
#define LEXICON_BEGINNINGS 32768u
#define LEXICON_TRIGRAM_LETTERS 3u
#define LEXICON_TRIGRAMS 17576u      /* 26 * 26 * 26 */
#define LEXICON_TRIGRAM_WORD 1u      /* they are a word */
#define LEXICON_TRIGRAM_BEGINNING 2u /* longer words begin with them */
#define LEXICON_TRIGRAM_BYTES (LEXICON_TRIGRAMS / 4u)
#define LEXICON_FILTER_BITS (1u << 19)

struct lexicon_table {
    const struct lexicon_slot *slots;
    const uint16_t *lengths; /* by lexicon_beginning: lexicon_length_bit of the words, 0: no word */
    const uint8_t *trigrams; /* two bits each, by lexicon_trigram */
    const uint8_t *filter;   /* a bit for each word's lexicon_filter_bit; NULL: none */
    uint32_t slot_count;     /* 0: no table */
};

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

static inline uint32_t lexicon_place(uint64_t hash, uint32_t slot_count)
{
    return (uint32_t)(((hash >> 32) * slot_count) >> 32);
}

static inline uint32_t lexicon_beginning(uint64_t hash)
{
    return (uint32_t)(hash >> 49);
}

/* The last bit stands for all lengths from 19 on, which few words have. */
#define LEXICON_LENGTH_LAST 15u
static inline uint16_t lexicon_length_bit(uint32_t size)
{
    uint32_t bit = size - LEXICON_BEGINNING_LETTERS;
    return (uint16_t)(1u << (bit < LEXICON_LENGTH_LAST ? bit : LEXICON_LENGTH_LAST));
}

static inline uint32_t lexicon_trigram(const uint8_t *letters)
{
    return ((letters[0] - 'a') * 26u + (letters[1] - 'a')) * 26u + (letters[2] - 'a');
}

static inline uint32_t lexicon_trigram_bits(const uint8_t *trigrams, uint32_t trigram)
{
    return (uint32_t)trigrams[trigram / 4] >> trigram % 4 * 2 & 3u;
}

/* What a word of at least three letters is to those tables. */
static inline void lexicon_trigram_set(uint8_t *trigrams, const uint8_t *word, uint32_t size)
{
    uint32_t trigram = lexicon_trigram(word);
    uint32_t bit =
        size == LEXICON_TRIGRAM_LETTERS ? LEXICON_TRIGRAM_WORD : LEXICON_TRIGRAM_BEGINNING;
    trigrams[trigram / 4] |= (uint8_t)(bit << trigram % 4 * 2);
}

static inline uint32_t lexicon_filter_bit(uint64_t hash)
{
    return (uint32_t)(hash >> 13) % LEXICON_FILTER_BITS;
}

/* False: no word has this (ended) hash. */
static inline uint32_t lexicon_table_may(const struct lexicon_table *table, uint64_t hash)
{
    uint32_t bit = lexicon_filter_bit(hash);
    return (uint32_t)table->filter[bit / 8] >> bit % 8 & 1u;
}

/* Asks for what lexicon_table_find will look at. */
static inline void lexicon_table_ask(const struct lexicon_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->slots[lexicon_place(hash, table->slot_count)]);
}

/* The word of this (ended) hash, or NULL. There is always a free place. */
static inline const struct lexicon_entry *lexicon_table_find(const struct lexicon_table *table,
                                                             uint64_t hash)
{
    uint32_t fingerprint = lexicon_fingerprint(hash);
    uint32_t at = lexicon_place(hash, table->slot_count);
    if (table->filter && !lexicon_table_may(table, hash))
        return NULL;
    while (table->slots[at].fingerprint) {
        if (table->slots[at].fingerprint == fingerprint)
            return &table->slots[at].entry;
        at = at + 1 == table->slot_count ? 0 : at + 1;
    }
    return NULL;
}

/* The shipped table, and a hash of it. */
extern const struct lexicon_slot lexicon_german_slots[];
extern const uint16_t lexicon_german_lengths[LEXICON_BEGINNINGS];
extern const uint8_t lexicon_german_trigrams[LEXICON_TRIGRAM_BYTES];
extern const uint8_t lexicon_german_filter[LEXICON_FILTER_BITS / 8];
extern const uint32_t lexicon_german_slot_count;
extern const uint64_t lexicon_german_version;

#endif
