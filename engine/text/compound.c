/* SPDX-License-Identifier: MIT
 *
 * compound.c - the cheapest way through a word, by dynamic programming over its letters.
 *
 *     cost of a split   = first costs of all parts but the last + last cost of the last
 *                         + BOUNDARY_COST for each boundary
 *     cost of the whole = WHOLE_COST + LETTER_COST for each letter, as if it were a word never seen
 *
 * The word is split when the split is cheaper. From a place where no part can end nothing is
 * looked up, so most words cost no more look-ups than they have letters.
 */
#include "text/compound.h"

#include <string.h>

/* In eighths of a nat, as in the lexicon; found on the words of tests/data/words/compounds.txt. */
#define BOUNDARY_COST 8u
#define WHOLE_COST 48u
#define LETTER_COST 11u
#define UNREACHED UINT32_MAX

/* The best way to a place in the word. */
struct way {
    uint32_t cost;
    uint8_t from;
    uint8_t parts;
    uint16_t bits; /* of the part that ends here */
};

struct search {
    const struct lexicon *lexicon;
    const uint8_t *word;
    uint32_t size;
    uint16_t endings[LEXICON_ENDING_BYTES_MAX + 1]; /* by length, those that the word has */
    struct way ways[COMPOUND_LETTERS_MAX + 1];
};

static const struct lexicon_entry *find(const struct lexicon *lexicon, uint64_t hash)
{
    const struct lexicon_entry *entry = NULL;
    if (lexicon->user.slots)
        entry = lexicon_table_find(&lexicon->user, hash);
    return entry ? entry : lexicon_table_find(&lexicon->shipped, hash);
}

static bool is_splittable(const uint8_t *word, size_t size)
{
    if (size < COMPOUND_LETTERS_MIN || size > COMPOUND_LETTERS_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)(word[i] - 'a') > 'z' - 'a')
            return false;
    return true;
}

static bool is_whole(const struct search *search)
{
    uint64_t hash = LEXICON_HASH_START;
    for (uint32_t i = 0; i < search->size; i++)
        hash = lexicon_hash_letter(hash, search->word[i]);
    const struct lexicon_entry *entry = find(search->lexicon, lexicon_hash_end(hash));
    return entry && (entry->bits & LEXICON_WHOLE);
}

static void find_endings(struct search *search)
{
    memset(search->endings, 0, sizeof search->endings);
    search->endings[0] = UINT16_MAX;
    for (uint32_t i = 0; i < LEXICON_ENDINGS; i++) {
        size_t size = strlen(lexicon_endings[i]);
        if (!memcmp(search->word + search->size - size, lexicon_endings[i], size))
            search->endings[size] |= (uint16_t)(1u << i);
    }
}

static void go(struct search *search, uint32_t from, uint32_t to, uint32_t cost, uint16_t bits)
{
    const struct way *before = search->ways + from;
    struct way *way = search->ways + to;
    if (before->parts == COMPOUND_PARTS_MAX || before->cost + cost >= way->cost)
        return;
    way->cost = before->cost + cost;
    way->from = (uint8_t)from;
    way->parts = before->parts + 1;
    way->bits = bits;
}

/* Follows all parts that begin at from. */
static void go_from(struct search *search, uint32_t from)
{
    uint64_t hash = LEXICON_HASH_START;
    uint32_t size = search->size;
    uint32_t end =
        size - from > COMPOUND_PART_LETTERS_MAX ? from + COMPOUND_PART_LETTERS_MAX : size;
    for (uint32_t to = from + 1; to <= end; to++) {
        hash = lexicon_hash_letter(hash, search->word[to - 1]);
        if (to - from < COMPOUND_PART_LETTERS_MIN)
            continue;
        const struct lexicon_entry *entry = find(search->lexicon, lexicon_hash_end(hash));
        if (!entry)
            continue;
        uint32_t rest = size - to;
        if (entry->first_cost && rest >= COMPOUND_PART_LETTERS_MIN)
            go(search, from, to, entry->first_cost + BOUNDARY_COST, entry->bits);
        if (entry->last_cost && from > 0 &&
            (rest == 0 ||
             (rest <= LEXICON_ENDING_BYTES_MAX && (entry->bits & search->endings[rest]))))
            go(search, from, size, entry->last_cost, 0);
    }
}

static void write_parts(const struct search *search, struct compound *compound)
{
    uint32_t to = search->size;
    compound->count = search->ways[to].parts;
    for (uint32_t i = compound->count; i-- > 0;) {
        const struct way *way = search->ways + to;
        struct compound_part *part = compound->parts + i;
        part->first = way->from;
        part->size = (uint16_t)(to - way->from);
        part->base_size = part->size - ((way->bits >> LEXICON_LINK_SHIFT) & 3u);
        part->append = way->bits & LEXICON_APPEND_E ? 'e' : 0;
        to = way->from;
    }
}

void compound_split(const struct lexicon *lexicon, const uint8_t *folded, size_t size,
                    struct compound *compound)
{
    struct search search = {.lexicon = lexicon, .word = folded, .size = (uint32_t)size};
    compound->count = 0;
    if (!is_splittable(folded, size) || is_whole(&search))
        return;
    find_endings(&search);
    for (uint32_t i = 1; i <= size; i++)
        search.ways[i].cost = UNREACHED;
    for (uint32_t from = 0; from + COMPOUND_PART_LETTERS_MIN <= size; from++)
        if (search.ways[from].cost != UNREACHED)
            go_from(&search, from);
    if (search.ways[size].cost < WHOLE_COST + LETTER_COST * (uint32_t)size)
        write_parts(&search, compound);
}
