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

/* In eighths of a nat, as in the lexicon; found on the words of tests/data/words/compounds.txt. */
#define BOUNDARY_COST 8u
#define WHOLE_COST 64u
#define LETTER_COST 14u /* 13.6, in which the costs of the lexicon are counted */
#define PREFIX_COST 48u
#define INNER_PREFIX_COST 80u /* of two letters within a word */
#define DROPPED_COST 16u
#define UNREACHED UINT32_MAX

/* Prefixes and particles: no part of their own, but a part may begin with one and then a word of
 * the lexicon (Zwischenspeicherungs|anwendung). Nor does a part end inside one of PARTICLE. */
struct prefix {
    char letters[12];
    uint8_t size;
    bool particle;
};
static const struct prefix prefixes[] = {
    {"ab", 2, false},    {"an", 2, false},          {"anti", 4, false},     {"auf", 3, false},
    {"aus", 3, false},   {"auseinander", 11, true}, {"ausser", 6, false},   {"be", 2, false},
    {"bei", 3, false},   {"dahin", 5, true},        {"de", 2, false},       {"dis", 3, false},
    {"durch", 5, true},  {"ein", 3, false},         {"einander", 8, true},  {"empor", 5, true},
    {"ent", 3, false},   {"entgegen", 8, true},     {"er", 2, false},       {"fort", 4, false},
    {"ge", 2, false},    {"gegen", 5, true},        {"gegenuber", 9, true}, {"her", 3, false},
    {"heran", 5, true},  {"herauf", 6, true},       {"heraus", 6, true},    {"herein", 6, true},
    {"herum", 5, false}, {"herunter", 8, true},     {"hervor", 6, false},   {"hin", 3, false},
    {"hinauf", 6, true}, {"hinaus", 6, true},       {"hindurch", 8, true},  {"hinein", 6, true},
    {"hinter", 6, true}, {"hinunter", 8, true},     {"hyper", 5, false},    {"inner", 5, false},
    {"inter", 5, false}, {"los", 3, false},         {"miss", 4, false},     {"mit", 3, false},
    {"nach", 4, false},  {"neben", 5, false},       {"nicht", 5, false},    {"nieder", 6, true},
    {"ober", 4, false},  {"re", 2, false},          {"ruck", 4, false},     {"sub", 3, false},
    {"super", 5, false}, {"trans", 5, false},       {"uber", 4, true},      {"um", 2, false},
    {"umher", 5, true},  {"umhin", 5, true},        {"un", 2, false},       {"unter", 5, true},
    {"ur", 2, false},    {"ver", 3, false},         {"vor", 3, false},      {"voran", 5, true},
    {"voraus", 6, true}, {"vorbei", 6, true},       {"vorder", 6, false},   {"weg", 3, false},
    {"weiter", 6, true}, {"wider", 5, false},       {"wieder", 6, true},    {"zer", 3, false},
    {"zu", 2, false},    {"zuruck", 6, true},       {"zusammen", 8, true},  {"zwischen", 8, true},
};

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
    bool whole; /* the lexicon says that the word, perhaps with an ending, is never split */
    uint16_t endings[LEXICON_ENDING_BYTES_MAX + 1]; /* by length, those that the word has */
    struct way ways[COMPOUND_LETTERS_MAX + 1];
};

/* Letters of the longest word with a beginning. */
static uint32_t longest_of(const struct lexicon *lexicon, uint64_t hash)
{
    uint32_t longest = lexicon->shipped.longest[lexicon_beginning(hash)];
    if (lexicon->user.slots && lexicon->user.longest[lexicon_beginning(hash)] > longest)
        longest = lexicon->user.longest[lexicon_beginning(hash)];
    return longest;
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

/* Which endings the word has. Its last letter excludes nearly all words at once. */
static void find_endings(struct search *search)
{
    const uint8_t *end = search->word + search->size;
    memset(search->endings, 0, sizeof search->endings);
    search->endings[0] = UINT16_MAX;
    if (!memchr("enrsm", end[-1], 5))
        return;
    for (uint32_t i = 0; i < LEXICON_ENDINGS; i++) {
        const char *ending = lexicon_endings[i];
        uint32_t size = ending[1] == 0 ? 1 : ending[2] == 0 ? 2 : 3;
        if (end[-1] == ending[size - 1] && !memcmp(end - size, ending, size))
            search->endings[size] |= (uint16_t)(1u << i);
    }
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

/* Follows all parts from a place whose word begins at start, behind a prefix or at once, and that
 * have at least so many letters. */
static void go_from(struct search *search, uint32_t from, uint32_t start, uint32_t letters_min,
                    uint32_t cost)
{
    uint64_t hash = LEXICON_HASH_START;
    uint32_t size = search->size;
    uint32_t end = size;
    for (uint32_t to = start + 1; to <= end; to++) {
        hash = lexicon_hash_letter(hash, search->word[to - 1]);
        if (to - start < COMPOUND_PART_LETTERS_MIN)
            continue;
        uint64_t ended = lexicon_hash_end(hash);
        if (to - start == LEXICON_BEGINNING_LETTERS) {
            uint32_t longest = longest_of(search->lexicon, ended);
            end = longest < size - start ? start + longest : size;
        }
        const struct lexicon_entry *entry = lexicon_find(search->lexicon, ended);
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
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const struct prefix *prefix = prefixes + i;
        uint32_t size = prefix->size;
        if (prefix->letters[0] != (char)word[0] || prefix->letters[1] != (char)word[1])
            continue;
        if (size + COMPOUND_PART_LETTERS_MIN > left || memcmp(prefix->letters, word, size))
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
    search.whole = false;
    find_endings(&search);
    search.ways[0] = (struct way){0};
    for (uint32_t i = 1; i <= size; i++)
        search.ways[i].cost = UNREACHED;
    for (uint32_t from = 0; from + COMPOUND_PART_LETTERS_MIN <= size && !search.whole; from++)
        if (search.ways[from].cost != UNREACHED)
            go_from_place(&search, from);
    if (!search.whole && search.ways[size].cost < WHOLE_COST + LETTER_COST * (uint32_t)size)
        write_parts(&search, compound);
}
