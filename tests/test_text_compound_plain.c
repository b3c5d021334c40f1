/* SPDX-License-Identifier: MIT
 *
 * test_text_compound_plain.c - the splitter gives what the plainest one gives, which asks for every
 * run of letters and lets no table tell it what cannot be there.
 */
#include "text/compound.h"
#include "text/compound_rules.h"
#include "text_cases.h"

#define WORDS_MAX 100000u

/* ---- the plain splitter */

struct plain_way {
    uint32_t cost; /* UINT32_MAX: none */
    uint32_t from, parts;
    char dropped;
    uint16_t bits;
};

struct plain {
    const struct lexicon *lexicon;
    const uint8_t *word;
    uint32_t size;
    bool whole;
    struct plain_way ways[COMPOUND_LETTERS_MAX + 1];
};

static const struct lexicon_entry *plain_find(const struct lexicon_table *table, uint64_t hash)
{
    if (table->slot_count == 0)
        return NULL;
    for (uint32_t at = lexicon_place(hash, table->slot_count); table->slots[at].fingerprint;
         at = (at + 1) % table->slot_count)
        if (table->slots[at].fingerprint == lexicon_fingerprint(hash))
            return &table->slots[at].entry;
    return NULL;
}

static const struct lexicon_entry *plain_word(const struct plain *plain, uint32_t from, uint32_t to)
{
    uint64_t hash = LEXICON_HASH_START;
    for (uint32_t i = from; i < to; i++)
        hash = lexicon_hash_letter(hash, plain->word[i]);
    hash = lexicon_hash_end(hash);
    const struct lexicon_entry *entry = plain_find(&plain->lexicon->user, hash);
    return entry ? entry : plain_find(&plain->lexicon->shipped, hash);
}

static bool plain_vowel(uint8_t letter)
{
    return strchr("aeiouy", letter) != NULL;
}

/* The bits of the endings that the word has from a place on. */
static uint16_t plain_endings(const struct plain *plain, uint32_t from)
{
    uint16_t bits = 0;
    for (uint32_t i = 0; i < LEXICON_ENDINGS; i++)
        if (strlen(lexicon_endings[i]) == plain->size - from &&
            !memcmp(plain->word + from, lexicon_endings[i], plain->size - from))
            bits |= (uint16_t)(1u << i);
    return from == plain->size ? UINT16_MAX : bits;
}

static void plain_go(struct plain *plain, uint32_t from, uint32_t to, uint32_t cost, uint16_t bits,
                     char dropped)
{
    const struct plain_way *before = &plain->ways[from];
    struct plain_way *way = &plain->ways[to];
    if (before->parts == COMPOUND_PARTS_MAX || before->cost + cost >= way->cost)
        return;
    *way = (struct plain_way){before->cost + cost, from, before->parts + 1, dropped, bits};
}

static void plain_from(struct plain *plain, uint32_t from, uint32_t start, uint32_t letters_min,
                       uint32_t cost)
{
    const uint8_t *word = plain->word;
    for (uint32_t to = start + COMPOUND_PART_LETTERS_MIN; to <= plain->size; to++) {
        const struct lexicon_entry *entry = plain_word(plain, start, to);
        uint16_t endings = plain_endings(plain, to);
        uint32_t rest = plain->size - to;
        if (!entry)
            continue;
        if (entry->bits & LEXICON_WHOLE && start == 0 && endings)
            plain->whole = true;
        if (entry->first_cost && rest >= COMPOUND_PART_LETTERS_MIN && to - from >= letters_min) {
            uint32_t first = cost + entry->first_cost + BOUNDARY_COST;
            plain_go(plain, from, to, first, entry->bits, 0);
            if (word[to - 1] == word[to - 2] && !plain_vowel(word[to - 1]) && plain_vowel(word[to]))
                plain_go(plain, from, to - 1, first + DROPPED_COST, entry->bits,
                         (char)word[to - 1]);
        }
        if (entry->last_cost && from > 0 && (rest == 0 || entry->bits & endings))
            plain_go(plain, from, plain->size, cost + entry->last_cost, 0, 0);
    }
}

static void plain_place(struct plain *plain, uint32_t from)
{
    uint32_t letters_min = 0;
    for (size_t i = 0; i < PREFIXES; i++) {
        const struct prefix *prefix = &prefixes[i];
        if (from + prefix->size + COMPOUND_PART_LETTERS_MIN > plain->size ||
            memcmp(plain->word + from, prefix->letters, prefix->size))
            continue;
        if (prefix->particle && prefix->size > letters_min)
            letters_min = prefix->size;
        plain_from(plain, from, from + prefix->size, 0,
                   from > 0 && prefix->size == 2 ? INNER_PREFIX_COST : PREFIX_COST);
    }
    plain_from(plain, from, from, letters_min, 0);
}

static void plain_split(const struct lexicon *lexicon, const uint8_t *word, size_t size,
                        struct compound *compound)
{
    struct plain plain = {.lexicon = lexicon, .word = word, .size = (uint32_t)size};
    compound->count = 0;
    if (size < COMPOUND_LETTERS_MIN || size > COMPOUND_LETTERS_MAX)
        return;
    for (size_t i = 1; i <= size; i++)
        plain.ways[i].cost = UINT32_MAX;
    for (uint32_t from = 0; from < size && !plain.whole; from++)
        if (plain.ways[from].cost != UINT32_MAX)
            plain_place(&plain, from);
    if (plain.whole || plain.ways[size].cost >= WHOLE_COST + LETTER_COST * size)
        return;
    uint32_t to = plain.size;
    compound->count = plain.ways[to].parts;
    for (uint32_t i = compound->count; i-- > 0;) {
        const struct plain_way *way = &plain.ways[to];
        uint16_t links = way->bits >> LEXICON_LINK_SHIFT & 3u;
        char append = way->bits & LEXICON_APPEND_E ? 'e' : 0;
        compound->parts[i] =
            (struct compound_part){(uint16_t)way->from, (uint16_t)(to - way->from),
                                   (uint16_t)(to - way->from - (way->dropped ? 0 : links)),
                                   way->dropped ? way->dropped : append};
        to = way->from;
    }
}

/* ---- words to split */

static char (*words)[32]; /* of the lexicon */
static uint32_t word_count;

static void words_read(void)
{
    char line[256];
    FILE *file = fopen("engine/text/lexicon_german.txt", "r");
    cr_assert(file, "run the tests from the top of the tree");
    words = malloc(WORDS_MAX * sizeof *words);
    for (word_count = 0; word_count < WORDS_MAX && fgets(line, sizeof line, file);)
        if (line[0] != '#')
            cr_assert_eq(sscanf(line, "%31s", words[word_count++]), 1);
    fclose(file);
}

/* Some words of the lexicon, prefixes, endings and letters that are none one behind the other. */
static size_t word_make(struct support_random *random, uint8_t out[COMPOUND_LETTERS_MAX])
{
    size_t size = 0;
    for (uint64_t left = 1 + support_random_below(random, 6); left; left--) {
        char letter[2] = {(char)('a' + support_random_below(random, 26)), 0};
        uint64_t kind = support_random_below(random, 16);
        const char *piece = kind < 10   ? words[support_random_below(random, word_count)]
                            : kind < 12 ? prefixes[support_random_below(random, PREFIXES)].letters
                            : kind < 15
                                ? lexicon_endings[support_random_below(random, LEXICON_ENDINGS)]
                                : letter;
        size_t more = strlen(piece);
        if (kind < 10 && support_random_below(random, 8) == 0)
            more -= support_random_below(random, more);
        if (size + more > COMPOUND_LETTERS_MAX)
            break;
        memcpy(out + size, piece, more);
        size += more;
    }
    return size;
}

static void compare(const struct lexicon *lexicon, const uint8_t *word, size_t size)
{
    struct compound fast, plain;
    uint8_t *copy = malloc(size + 1); /* sanitizers tell what is read beyond */
    memcpy(copy, word, size);
    compound_split(lexicon, copy, size, &fast);
    plain_split(lexicon, word, size, &plain);
    cr_assert_eq(fast.count, plain.count, "%.*s: %u parts, not %u", (int)size, word, fast.count,
                 plain.count);
    for (uint32_t i = 0; i < fast.count; i++) {
        const struct compound_part *a = &fast.parts[i], *b = &plain.parts[i];
        cr_assert(a->first == b->first && a->size == b->size && a->base_size == b->base_size &&
                      a->append == b->append,
                  "%.*s: part %u", (int)size, word, i);
    }
    free(copy);
}

static void compare_many(const char *list)
{
    struct lexicon *lexicon;
    struct support_random random = support_random_of(8);
    uint8_t word[COMPOUND_LETTERS_MAX];
    unsigned step = test_full() ? 1 : 7;
    cr_assert_eq(lexicon_open(list, list ? strlen(list) : 0, &lexicon), LUPE_OK);
    words_read();
    for (uint32_t i = 0; i < word_count; i += step)
        compare(lexicon, (const uint8_t *)words[i], strlen(words[i]));
    for (unsigned i = 0; i < (test_full() ? 1000000u : 60000u); i++)
        compare(lexicon, word, word_make(&random, word));
    for (unsigned i = 0; i < 20000; i++) {
        size_t size = support_random_below(&random, COMPOUND_LETTERS_MAX + 1);
        for (size_t at = 0; at < size; at++)
            word[at] = (uint8_t) "ensritag"[support_random_below(&random, 8)];
        compare(lexicon, word, size);
    }
    free(words);
    lexicon_close(lexicon);
    support_no_leaks();
}

Test(text_compound_plain, splits_as_the_plain_one)
{
    compare_many(NULL);
}

/* Words of the user's, one of them longer than those whose lengths have bits of their own. */
Test(text_compound_plain, splits_as_the_plain_one_with_a_list)
{
    compare_many("ens\nrita\ngatrise\nensritagensritagensritagensritagens\nitagri\nsaargent\n"
                 "ensritagensritagensritagensritagensrita\n");
}
