/* SPDX-License-Identifier: MIT
 *
 * compound.c - the cheapest way through a word, by dynamic programming over its letters.
 *
 *     cost of a split   = first costs of all parts but the last + last cost of the last
 *                         + BOUNDARY_COST for each boundary
 *     cost of the whole = WHOLE_COST + LETTER_COST for each letter, as if it were a word never seen
 *
 * A prefix before a part costs PREFIX_COST, a letter that old spelling dropped DROPPED_COST.
 * The word is split when the split is cheaper. From a place where no part can end nothing is
 * looked up, so most words cost no more look-ups than they have letters.
 */
#include "text/compound.h"

#include <string.h>

#include "text/compound_rules.h"

/* The best way to a place in the word. */
struct way {
    uint32_t cost;
    uint8_t from;
    uint8_t parts;
    char dropped;  /* the letter that old spelling left out behind the part that ends here */
    uint16_t bits; /* of that part */
};

struct search {
    const struct lexicon *lexicon;
    const uint8_t *word;
    uint32_t size;
    uint32_t limit; /* cost of the whole: what costs as much is no split */
    bool whole;     /* the lexicon says that the word, perhaps with an ending, is never split */
    uint16_t endings[LEXICON_ENDING_BYTES_MAX + 1]; /* by length, those that the word has */
    struct way ways[COMPOUND_LETTERS_MAX + 1];
};

static bool is_splittable(const uint8_t *word, size_t size)
{
    uint8_t other = 0;
    if (size < COMPOUND_LETTERS_MIN || size > COMPOUND_LETTERS_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        other |= (uint8_t)(word[i] - 'a') > 'z' - 'a';
    return !other;
}

/* The endings of last parts as numbers of their letters, and how many those are. */
struct ending {
    uint32_t letters;
    uint32_t mask;
    uint32_t size;
};
#define ENDING_1(a)  \
    {                \
        (a), 0xff, 1 \
    }
#define ENDING_2(a, b)                      \
    {                                       \
        (uint32_t)(a) << 8 | (b), 0xffff, 2 \
    }
#define ENDING_3(a, b, c)                                           \
    {                                                               \
        (uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (c), 0xffffff, 3 \
    }
static const struct ending endings[LEXICON_ENDINGS] = {
    ENDING_1('e'),           ENDING_1('n'),      ENDING_2('e', 'n'),      ENDING_2('e', 'r'),
    ENDING_3('e', 'r', 'n'), ENDING_1('s'),      ENDING_2('e', 's'),      ENDING_2('e', 'm'),
    ENDING_3('n', 'e', 'n'), ENDING_2('s', 'e'), ENDING_3('s', 'e', 'n'), ENDING_3('e', 'n', 's')};
#define ENDING_LAST_LETTERS (1u << 4 | 1u << 12 | 1u << 13 | 1u << 17 | 1u << 18) /* e m n r s */

/* Which endings the word has. Its last letter excludes nearly all words at once. */
static void find_endings(struct search *search)
{
    const uint8_t *end = search->word + search->size;
    uint32_t tail = (uint32_t)end[-3] << 16 | (uint32_t)end[-2] << 8 | end[-1];
    memset(search->endings, 0, sizeof search->endings);
    search->endings[0] = UINT16_MAX;
    if (!(ENDING_LAST_LETTERS >> (end[-1] - 'a') & 1))
        return;
    for (uint32_t i = 0; i < LEXICON_ENDINGS; i++)
        search->endings[endings[i].size] |=
            (uint16_t)(((tail & endings[i].mask) == endings[i].letters) << i);
}

/* A part of cost and bits from one place to another. */
static void go(struct search *search, uint32_t from, uint32_t to, uint32_t cost, uint16_t bits,
               char dropped)
{
    const struct way *before = search->ways + from;
    struct way *way = search->ways + to;
    if (before->parts == COMPOUND_PARTS_MAX || before->cost + cost >= way->cost)
        return;
    way->cost = before->cost + cost;
    way->from = (uint8_t)from;
    way->parts = before->parts + 1;
    way->dropped = dropped;
    way->bits = bits;
}

static bool is_vowel(uint8_t letter)
{
    return letter == 'a' || letter == 'e' || letter == 'i' || letter == 'o' || letter == 'u' ||
           letter == 'y';
}

/* Schiffahrt: of three equal consonants before a vowel the old spelling drops one, so the next
 * part begins with the last letter of this one. */
static bool drops_letter(const struct search *search, uint32_t to)
{
    const uint8_t *word = search->word;
    return to < search->size && word[to - 1] == word[to - 2] && !is_vowel(word[to - 1]) &&
           is_vowel(word[to]);
}

/* A word that may be in the lexicon: where it ends, and its hash. */
struct candidate {
    uint64_t hash;
    uint32_t to;
};

static uint32_t trigram_bits(const struct lexicon *lexicon, uint32_t trigram)
{
    uint32_t bits = lexicon_trigram_bits(lexicon->shipped.trigrams, trigram);
    if (lexicon->user.slot_count)
        bits |= lexicon_trigram_bits(lexicon->user.trigrams, trigram);
    return bits;
}

/* The lengths from LEXICON_BEGINNING_LETTERS on of words that begin so, a bit each. */
static uint64_t lengths_of(const struct lexicon *lexicon, uint64_t hash)
{
    uint32_t lengths = lexicon->shipped.lengths[lexicon_beginning(hash)];
    if (lexicon->user.slot_count)
        lengths |= lexicon->user.lengths[lexicon_beginning(hash)];
    return lengths >> LEXICON_LENGTH_LAST ? lengths | UINT64_MAX << LEXICON_LENGTH_LAST : lengths;
}

/* What words of the lexicon may begin at a place, three letters before the end or more. Nearly all
 * of them are there: the first three letters exclude most places, the first four most lengths, and
 * the filter what is left. No step depends on which of them are. */
static uint32_t candidates_find(const struct search *search, uint32_t start,
                                struct candidate candidates[COMPOUND_LETTERS_MAX])
{
    const struct lexicon *lexicon = search->lexicon;
    const uint8_t *word = search->word + start;
    uint32_t left = search->size - start;
    uint32_t count = 0, to = start + LEXICON_BEGINNING_LETTERS;
    uint32_t any = lexicon->user.slot_count != 0; /* its table has no filter */
    uint32_t bits = trigram_bits(lexicon, lexicon_trigram(word));
    if (!bits)
        return 0;
    uint64_t hash = lexicon_hash_letter(LEXICON_HASH_START, word[0]);
    hash = lexicon_hash_letter(lexicon_hash_letter(hash, word[1]), word[2]);
    if (bits & LEXICON_TRIGRAM_WORD)
        candidates[count++] = (struct candidate){lexicon_hash_end(hash), start + 3};
    if (!(bits & LEXICON_TRIGRAM_BEGINNING) || left < LEXICON_BEGINNING_LETTERS)
        return count;
    hash = lexicon_hash_letter(hash, word[3]);
    uint64_t lengths = lengths_of(lexicon, lexicon_hash_end(hash)) &
                       (((uint64_t)2 << (left - LEXICON_BEGINNING_LETTERS)) - 1);
    while (lengths) {
        uint64_t ended = lexicon_hash_end(hash);
        candidates[count] = (struct candidate){ended, to};
        count += (uint32_t)lengths & (lexicon_table_may(&lexicon->shipped, ended) | any);
        lengths >>= 1;
        if (lengths)
            hash = lexicon_hash_letter(hash, search->word[to++]);
    }
    return count;
}

/* Follows all parts from a place whose word begins at start, behind a prefix or at once, and that
 * have at least so many letters. */
static void go_from(struct search *search, uint32_t from, uint32_t start, uint32_t letters_min,
                    uint32_t cost)
{
    struct candidate candidates[COMPOUND_LETTERS_MAX];
    uint32_t size = search->size;
    uint32_t count = candidates_find(search, start, candidates);
    for (uint32_t i = 0; i < count; i++)
        lexicon_table_ask(&search->lexicon->shipped, candidates[i].hash);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t to = candidates[i].to;
        const struct lexicon_entry *entry = lexicon_find(search->lexicon, candidates[i].hash);
        if (!entry)
            continue;
        uint32_t rest = size - to;
        bool ends = rest == 0 ||
                    (rest <= LEXICON_ENDING_BYTES_MAX && (entry->bits & search->endings[rest]));
        if (entry->bits & LEXICON_WHOLE && start == 0 && rest <= LEXICON_ENDING_BYTES_MAX &&
            search->endings[rest])
            search->whole = true;
        if (entry->first_cost && rest >= COMPOUND_PART_LETTERS_MIN && to - from >= letters_min) {
            uint32_t first_cost = cost + entry->first_cost + BOUNDARY_COST;
            go(search, from, to, first_cost, entry->bits, 0);
            if (drops_letter(search, to))
                go(search, from, to - 1, first_cost + DROPPED_COST, entry->bits,
                   (char)search->word[to - 1]);
        }
        if (entry->last_cost && from > 0 && ends)
            go(search, from, size, cost + entry->last_cost, 0, 0);
    }
}

static void go_from_place(struct search *search, uint32_t from)
{
    const uint8_t *word = search->word + from;
    uint32_t left = search->size - from;
    uint32_t letters_min = 0;
    uint32_t letter = word[0] - 'a', second = word[1] - 'a';
    uint32_t end = prefixes_second[letter] >> second & 1 ? prefixes_from[letter + 1] : 0;
    for (uint32_t i = prefixes_from[letter]; i < end; i++) {
        const struct prefix *prefix = prefixes + i;
        uint32_t size = prefix->size;
        if (prefix->letters[1] != (char)word[1] || size + COMPOUND_PART_LETTERS_MIN > left ||
            memcmp(prefix->letters, word, size))
            continue;
        if (prefix->particle && size > letters_min)
            letters_min = size;
        /* Two letters within a word rather end what is before them: Gänger|brücke. */
        go_from(search, from, from + size, 0,
                from > 0 && size == 2 ? INNER_PREFIX_COST : PREFIX_COST);
    }
    go_from(search, from, from, letters_min, 0);
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
        part->base_size = part->size;
        part->append = way->dropped;
        if (!way->dropped) {
            part->base_size -= (way->bits >> LEXICON_LINK_SHIFT) & 3u;
            part->append = way->bits & LEXICON_APPEND_E ? 'e' : 0;
        }
        to = way->from;
    }
}

void compound_split(const struct lexicon *lexicon, const uint8_t *folded, size_t size,
                    struct compound *compound)
{
    struct search search;
    compound->count = 0;
    if (!is_splittable(folded, size))
        return;
    search.lexicon = lexicon;
    search.word = folded;
    search.size = (uint32_t)size;
    search.limit = WHOLE_COST + LETTER_COST * (uint32_t)size;
    search.whole = false;
    find_endings(&search);
    search.ways[0] = (struct way){0};
    for (uint32_t i = 1; i <= size; i++)
        search.ways[i].cost = search.limit;
    for (uint32_t from = 0; from + COMPOUND_PART_LETTERS_MIN <= size && !search.whole; from++)
        if (search.ways[from].cost < search.limit)
            go_from_place(&search, from);
    if (!search.whole && search.ways[size].cost < search.limit)
        write_parts(&search, compound);
}

size_t compound_part_word(const struct compound *compound, const uint8_t *folded, unsigned first,
                          unsigned last, uint8_t out[PART_WORD_BYTES_MAX])
{
    const struct compound_part *end = &compound->parts[last];
    size_t start = compound->parts[first].first;
    size_t size = end->first + end->base_size - start;
    memcpy(out, folded + start, size);
    if (end->append)
        out[size++] = (uint8_t)end->append;
    return size;
}
