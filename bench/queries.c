/* SPDX-License-Identifier: MIT
 *
 * queries.c - queries from a corpus' own words, see queries.h; and `lupe-bench queries`.
 *
 *     file = *( class TAB query LF )
 *
 * All words are counted up to TABLE_WORDS_MAX different ones; those that are seen first after
 * that are never asked for, the others are counted exactly. Of the texts a sample is kept, each
 * with its beginning: phrases, questions and words of one document come from there.
 */
#include "queries.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "generate.h"
#include "source.h"

#define PICK_WORD_BYTES 40u
#define TABLE_SLOTS (1u << 20)
#define TABLE_WORDS_MAX (TABLE_SLOTS / 2)
#define SAMPLE_TEXTS 2048u
#define SAMPLE_TEXT_BYTES 4096u
#define PIECES_MAX 8u      /* words of a query */
#define ATTEMPTS_MAX 2000u /* to find one more query */
#define DEFAULT_PER_CLASS 30u
#define DEFAULT_SEED 1u

struct counted_word {
    char bytes[PICK_WORD_BYTES]; /* NUL-terminated */
    uint32_t documents;
    uint32_t last_document; /* counted, plus one */
};

/* How many documents have a word; see is_of. */
enum frequency { RARE, MEDIUM, DENSE, FREQUENT, SOME, ANY, FREQUENCIES };

struct query_maker {
    struct generator *random;
    uint32_t documents;
    uint32_t *slots; /* place of the word plus one; 0: free */
    struct counted_word *words;
    uint32_t word_count;
    char *samples; /* SAMPLE_TEXTS times SAMPLE_TEXT_BYTES */
    uint32_t sample_sizes[SAMPLE_TEXTS];
    uint32_t sample_count;
    uint32_t *lists[FREQUENCIES]; /* places of the words of a frequency; of the first four only */
    uint32_t list_counts[FREQUENCIES];
};

/* ------------------------------------------------------------------ words */

/* One word in lower case; false at the end. Longer words and words of other letters than
 * a-z, ä, ö, ü and ß are given with size 0: no query is made of them, and phrases end there. */
static bool next_word(const uint8_t **text, const uint8_t *end, char word[PICK_WORD_BYTES],
                      size_t *size)
{
    const uint8_t *at = *text;
    bool strange = false;
    *size = 0;
    while (at < end && *at < 0x80 && !(*at >= '0' && *at <= '9') && *at != '_' &&
           !((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z'))
        at++;
    if (at == end)
        return false;
    for (; at < end; at++) {
        uint8_t byte = *at;
        bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        if (!letter && byte < 0x80 && byte != '_' && !(byte >= '0' && byte <= '9'))
            break;
        bool dotted = *size > 0 && (uint8_t)word[*size - 1] == 0xc3;
        if (dotted) {
            byte = byte == 0x9f ? byte : byte | 0x20;
            strange |= byte != 0xa4 && byte != 0xb6 && byte != 0xbc && byte != 0x9f;
        } else {
            strange |= !letter && byte != 0xc3;
            byte = letter ? byte | 0x20 : byte;
        }
        if (*size + 1 < PICK_WORD_BYTES)
            word[(*size)++] = (char)byte;
        else
            strange = true;
    }
    strange |= *size > 0 && (uint8_t)word[*size - 1] == 0xc3;
    word[*size] = '\0';
    *size = strange ? 0 : *size;
    *text = at;
    return true;
}

/* Where a word is in the table, or where it would be. */
static uint32_t slot_of(const struct query_maker *maker, const char *word, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)word[i]) * 0x100000001b3u;
    uint32_t slot = (uint32_t)(hash >> 20) % TABLE_SLOTS;
    while (maker->slots[slot] && strcmp(maker->words[maker->slots[slot] - 1].bytes, word) != 0)
        slot = (slot + 1) % TABLE_SLOTS;
    return slot;
}

static void count_word(struct query_maker *maker, const char *word, size_t size)
{
    uint32_t slot = slot_of(maker, word, size);
    if (!maker->slots[slot]) {
        if (maker->word_count == TABLE_WORDS_MAX)
            return;
        memcpy(maker->words[maker->word_count].bytes, word, size + 1);
        maker->slots[slot] = ++maker->word_count;
    }
    struct counted_word *counted = &maker->words[maker->slots[slot] - 1];
    counted->documents += counted->last_document != maker->documents + 1;
    counted->last_document = maker->documents + 1;
}

static void count_words(struct query_maker *maker, const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text;
    char word[PICK_WORD_BYTES];
    size_t word_size = 0;
    while (next_word(&at, (const uint8_t *)text + size, word, &word_size))
        if (word_size > 0)
            count_word(maker, word, word_size);
}

/* ------------------------------------------------------------------ the corpus */

struct query_maker *query_maker_open(uint64_t seed)
{
    struct query_maker *maker = calloc(1, sizeof *maker);
    if (!maker)
        return NULL;
    maker->random = generator_open(seed, DOCUMENT_WORDS_MEDIAN);
    maker->slots = calloc(TABLE_SLOTS, sizeof *maker->slots);
    maker->words = calloc(TABLE_WORDS_MAX, sizeof *maker->words);
    maker->samples = malloc((size_t)SAMPLE_TEXTS * SAMPLE_TEXT_BYTES);
    if (maker->random && maker->slots && maker->words && maker->samples)
        return maker;
    query_maker_close(maker);
    return NULL;
}

void query_maker_close(struct query_maker *maker)
{
    if (!maker)
        return;
    for (int frequency = 0; frequency < FREQUENCIES; frequency++)
        free(maker->lists[frequency]);
    generator_close(maker->random);
    free(maker->slots);
    free(maker->words);
    free(maker->samples);
    free(maker);
}

/* Every text has the same chance to be in the sample at the end. */
static void sample_text(struct query_maker *maker, const char *text, size_t size)
{
    uint32_t place = maker->sample_count;
    if (place == SAMPLE_TEXTS)
        place = generator_number(maker->random, maker->documents + 1);
    else
        maker->sample_count++;
    if (place >= SAMPLE_TEXTS)
        return;
    while (size > SAMPLE_TEXT_BYTES) {
        size = SAMPLE_TEXT_BYTES;
        while (size > 0 && text[size] != ' ' && text[size] != '\n')
            size--; /* no part of a word */
    }
    memcpy(maker->samples + (size_t)place * SAMPLE_TEXT_BYTES, text, size);
    maker->sample_sizes[place] = (uint32_t)size;
}

void query_maker_add(struct query_maker *maker, const char *title, size_t title_size,
                     const char *text, size_t text_size)
{
    count_words(maker, title, title_size);
    count_words(maker, text, text_size);
    sample_text(maker, text, text_size);
    maker->documents++;
}

/* ------------------------------------------------------------------ frequencies */

/* Shares of the documents. SOME is what is neither rare nor frequent. */
static const double shares[FREQUENCIES][2] = {
    [RARE] = {0, 0.0005},     [MEDIUM] = {0.002, 0.02}, [DENSE] = {0.02, 0.15},
    [FREQUENT] = {0.1, 0.75}, [SOME] = {0.0005, 0.15},  [ANY] = {0, 1},
};
#define RARE_DOCUMENTS_MIN 4u
#define RARE_DOCUMENTS_SURE 8u /* rare in any corpus */

static bool is_of(enum frequency frequency, uint32_t documents, uint32_t all)
{
    double share = (double)documents / all;
    if (frequency == RARE && documents <= RARE_DOCUMENTS_SURE)
        return documents >= RARE_DOCUMENTS_MIN;
    return share >= shares[frequency][0] && share <= shares[frequency][1];
}

static bool sort_words(struct query_maker *maker)
{
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
        if (!maker->lists[frequency])
            maker->lists[frequency] = calloc(TABLE_WORDS_MAX, sizeof(uint32_t));
        if (!maker->lists[frequency])
            return false;
        maker->list_counts[frequency] = 0;
        for (uint32_t i = 0; i < maker->word_count; i++)
            if (is_of((enum frequency)frequency, maker->words[i].documents, maker->documents))
                maker->lists[frequency][maker->list_counts[frequency]++] = i;
    }
    return true;
}

/* ------------------------------------------------------------------ pieces of queries */

/* The words of a query in the making. */
struct pieces {
    char words[PIECES_MAX][PICK_WORD_BYTES];
    unsigned count;
};

static bool has_piece(const struct pieces *pieces, const char *word)
{
    for (unsigned i = 0; i < pieces->count; i++)
        if (strcmp(pieces->words[i], word) == 0)
            return true;
    return false;
}

/* A word of the whole corpus. */
static bool add_word(struct query_maker *maker, enum frequency frequency, struct pieces *pieces)
{
    uint32_t count = maker->list_counts[frequency];
    if (count == 0 || pieces->count == PIECES_MAX)
        return false;
    uint32_t place = maker->lists[frequency][generator_number(maker->random, count)];
    if (has_piece(pieces, maker->words[place].bytes))
        return false;
    memcpy(pieces->words[pieces->count++], maker->words[place].bytes, PICK_WORD_BYTES);
    return true;
}

/* Is this word in the table, and of that frequency? */
static bool word_is(const struct query_maker *maker, const char *word, size_t size,
                    enum frequency frequency)
{
    uint32_t slot = slot_of(maker, word, size);
    return maker->slots[slot] &&
           is_of(frequency, maker->words[maker->slots[slot] - 1].documents, maker->documents);
}

/* Words of one text from a random place on: neighbours all of which are of the frequency, or, when
 * scattered, those of the frequency with others between them. */
static bool add_from_text(struct query_maker *maker, enum frequency frequency, unsigned count,
                          bool scattered, struct pieces *pieces)
{
    if (maker->sample_count == 0)
        return false;
    uint32_t number = generator_number(maker->random, maker->sample_count);
    const uint8_t *at = (const uint8_t *)maker->samples + (size_t)number * SAMPLE_TEXT_BYTES;
    const uint8_t *end = at + maker->sample_sizes[number];
    uint32_t skip = generator_number(maker->random, maker->sample_sizes[number] / 8 + 1);
    char word[PICK_WORD_BYTES];
    size_t size = 0;
    while (skip-- > 0 && next_word(&at, end, word, &size))
        ;
    while (pieces->count < count && next_word(&at, end, word, &size)) {
        bool fits = size > 0 && word_is(maker, word, size, frequency) &&
                    !(scattered && has_piece(pieces, word));
        if (fits)
            memcpy(pieces->words[pieces->count++], word, size + 1);
        else if (!scattered)
            pieces->count = 0;
    }
    return pieces->count == count;
}

/* ------------------------------------------------------------------ classes */

/* A query is made of words of the frequencies named, each with its sign; or of count_min to
 * count_max words of one text. */
static const struct {
    const char *name;
    const char *signs; /* of the words in order, the last for all others */
    enum frequency frequencies[PIECES_MAX];
    unsigned count_min;
    unsigned count_max;
    enum { OF_CORPUS, OF_TEXT, NEIGHBOURS, PHRASE } from;
} classes[QUERY_CLASSES] = {
    [QUERY_TERM_RARE] = {"term_rare", " ", {RARE}, 1, 1, OF_CORPUS},
    [QUERY_TERM_MEDIUM] = {"term_medium", " ", {MEDIUM}, 1, 1, OF_CORPUS},
    [QUERY_TERM_FREQUENT] = {"term_frequent", " ", {FREQUENT}, 1, 1, OF_CORPUS},
    [QUERY_INTERSECTION_2] = {"intersection_2", "+", {SOME}, 2, 2, OF_TEXT},
    [QUERY_INTERSECTION_3PLUS] = {"intersection_3plus", "+", {SOME}, 3, 4, OF_TEXT},
    [QUERY_INTERSECTION_2_DENSE] = {"intersection_2_dense", "+", {DENSE, DENSE}, 2, 2, OF_CORPUS},
    [QUERY_INTERSECTION_FREQUENT] =
        {"intersection_frequent", "+", {FREQUENT, FREQUENT, FREQUENT}, 2, 3, OF_CORPUS},
    [QUERY_UNION_2] = {"union_2", " ", {MEDIUM, SOME}, 2, 2, OF_CORPUS},
    [QUERY_UNION_3_6] =
        {"union_3_6", " ", {MEDIUM, DENSE, MEDIUM, RARE, SOME, MEDIUM}, 3, 6, OF_CORPUS},
    [QUERY_UNION_QUESTION] = {"union_question", " ", {ANY}, 5, 7, NEIGHBOURS},
    [QUERY_PHRASE_2] = {"phrase_2", " ", {SOME}, 2, 2, PHRASE},
    [QUERY_PHRASE_3PLUS] = {"phrase_3plus", " ", {ANY}, 3, 5, PHRASE},
    [QUERY_PHRASE_FREQUENT] = {"phrase_frequent", " ", {FREQUENT}, 2, 3, PHRASE},
    [QUERY_NEGATION] = {"negation", " -", {MEDIUM, DENSE}, 2, 2, OF_CORPUS},
    [QUERY_MIXED] = {"mixed", "+ ", {MEDIUM, FREQUENT, SOME}, 3, 3, OF_CORPUS},
};

const char *query_class_name(enum query_class kind)
{
    return classes[kind].name;
}

static bool pick_pieces(struct query_maker *maker, enum query_class kind, struct pieces *pieces)
{
    unsigned spread = classes[kind].count_max - classes[kind].count_min + 1;
    unsigned count = classes[kind].count_min + generator_number(maker->random, spread);
    pieces->count = 0;
    if (classes[kind].from != OF_CORPUS)
        return add_from_text(maker, classes[kind].frequencies[0], count,
                             classes[kind].from == OF_TEXT, pieces);
    for (unsigned i = 0; i < count; i++)
        if (!add_word(maker, classes[kind].frequencies[i], pieces))
            return false;
    return true;
}

static void write_query(enum query_class kind, const struct pieces *pieces, char query[QUERY_BYTES])
{
    const char *sign = classes[kind].signs;
    bool phrase = classes[kind].from == PHRASE;
    size_t size = 0;
    if (phrase)
        query[size++] = '"';
    for (unsigned i = 0; i < pieces->count; i++) {
        if (i > 0)
            query[size++] = ' ';
        if (*sign != ' ')
            query[size++] = *sign;
        if (sign[1])
            sign++;
        size += (size_t)snprintf(query + size, QUERY_BYTES - size, "%s", pieces->words[i]);
    }
    if (phrase)
        query[size++] = '"';
    query[size] = '\0';
}

static bool is_new(const struct queries *queries, int kind, const char *query)
{
    for (unsigned i = 0; i < queries->count[kind]; i++)
        if (strcmp(queries->text[kind][i], query) == 0)
            return false;
    return true;
}

int query_maker_make(struct query_maker *maker, unsigned per_class, struct queries *queries)
{
    struct pieces pieces;
    memset(queries, 0, sizeof *queries);
    if (maker->documents == 0)
        return 0;
    if (!sort_words(maker))
        return bench_fail("out of memory");
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        unsigned attempts = 0;
        while (queries->count[kind] < per_class && attempts++ < ATTEMPTS_MAX) {
            char *query = queries->text[kind][queries->count[kind]];
            if (!pick_pieces(maker, (enum query_class)kind, &pieces))
                continue;
            write_query((enum query_class)kind, &pieces, query);
            queries->count[kind] += is_new(queries, kind, query);
        }
    }
    return 0;
}

void queries_print(const struct queries *queries, FILE *file)
{
    for (int kind = 0; kind < QUERY_CLASSES; kind++)
        for (unsigned i = 0; i < queries->count[kind]; i++)
            fprintf(file, "%s\t%s\n", classes[kind].name, queries->text[kind][i]);
}

/* ------------------------------------------------------------------ lupe-bench queries */

static int add_source(struct query_maker *maker, const char *path)
{
    struct source source;
    struct source_document document;
    bool more = true;
    int status = source_open(&source, path);
    while (status == 0 && more) {
        status = source_next(&source, &document, &more);
        if (status == 0 && more)
            query_maker_add(maker, document.title ? document.title : "", document.title_size,
                            document.text, document.text_size);
    }
    source_close(&source);
    return status;
}

int command_queries(int count, char **arguments)
{
    uint64_t per_class = DEFAULT_PER_CLASS;
    uint64_t seed = DEFAULT_SEED;
    if (count < 1 || count > 3 ||
        (count > 1 && !parse_number(arguments[1], 1, QUERIES_PER_CLASS_MAX, &per_class)) ||
        (count > 2 && !parse_number(arguments[2], 0, UINT64_MAX, &seed)))
        return usage_fail();
    struct query_maker *maker = query_maker_open(seed);
    struct queries *queries = calloc(1, sizeof *queries);
    int status = maker && queries ? 0 : bench_fail("out of memory");
    if (status == 0)
        status = add_source(maker, arguments[0]);
    if (status == 0)
        status = query_maker_make(maker, (unsigned)per_class, queries);
    if (status == 0)
        queries_print(queries, stdout);
    free(queries);
    query_maker_close(maker);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = bench_fail("writing the queries failed");
    return status;
}
