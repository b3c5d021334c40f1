/* SPDX-License-Identifier: MIT
 *
 * generate.c - invented German-like text, see generate.h; and `lupe-bench generate`.
 *
 * A word of rank r comes with weight 1 / (r + ZIPF_SHIFT): with the shift the most frequent word
 * takes some 4 % of the text, as in German, not a tenth. The function words stand in front, the
 * rest is made of syllables, longer with the rank. One noun in NOUN_COMPOUND_SHARE is joined with
 * another, so that the vocabulary never ends, as in German. TOPIC_SHARE of a document comes from
 * few words of its own, so that term frequencies vary as they do in real text.
 */
#include "generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "queries.h"

#define WORDS 60000u /* of the fixed vocabulary */
#define WORD_BYTES 48u
#define ZIPF_SHIFT 2.0
#define TOPIC_WORDS 12u
#define TOPIC_SHARE 0.15
#define NOUN_COMPOUND_SHARE 14u
#define NUMBER_SHARE 90u
#define GENERATED_PER_CLASS 30u
#define LENGTH_SIGMA 1.0
#define LENGTH_MAX 20000u
#define SENTENCE_WORDS 13u
#define PARAGRAPH_SENTENCES 6u

/* Roughly by frequency. */
static const char *const function_words[] = {
    "die",   "der",   "und",   "in",    "zu",   "den",    "das",    "nicht",  "von",    "sie",
    "ist",   "des",   "sich",  "mit",   "dem",  "dass",   "er",     "es",     "ein",    "ich",
    "auf",   "so",    "eine",  "auch",  "als",  "an",     "nach",   "wie",    "im",     "für",
    "man",   "aber",  "aus",   "durch", "wenn", "nur",    "war",    "noch",   "werden", "bei",
    "hat",   "wir",   "was",   "wird",  "sein", "einen",  "welche", "sind",   "oder",   "zur",
    "um",    "haben", "einer", "mir",   "über", "ihm",    "diese",  "einem",  "ihr",    "uns",
    "da",    "zum",   "kann",  "doch",  "vor",  "dieser", "mich",   "ihn",    "du",     "hatte",
    "seine", "mehr",  "am",    "denn",  "nun",  "unter",  "sehr",   "selbst", "schon",  "hier",
};

/* Beginnings, middles and ends of syllables; those that are common come more than once. */
static const char *const onsets[] = {
    "b",   "d",  "f",  "g",  "h",  "k",  "l",  "m",  "n",  "r",  "s",    "t",  "w", "z", "",
    "sch", "st", "sp", "br", "tr", "kr", "gr", "fr", "bl", "kl", "schl", "pf", "v", "p", "j",
};
static const char *const nuclei[] = {
    "a", "e", "i", "o", "u", "a", "e", "i", "e", "ä", "ö", "ü", "ei", "au", "ie", "eu", "äu",
};
static const char *const codas[] = {
    "", "", "n", "r", "l", "s", "t", "m", "ch", "ck", "ng", "nd", "rt", "ß", "hn", "st", "ll",
};
static const char *const endings[] = {
    "", "e", "en", "er", "es", "em", "ung", "ungen", "heit", "lich", "liche", "ig", "t", "te",
};

struct vocabulary_word {
    char bytes[WORD_BYTES];
    uint8_t size;
    bool noun;
};

struct text {
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

struct generator {
    uint64_t seed;
    uint64_t state;
    unsigned words_median;
    uint64_t documents;
    double *cumulated; /* weights of the ranks up to and with this one, the last is 1 */
    struct vocabulary_word *words;
    uint32_t topic[TOPIC_WORDS];
    struct text title;
    struct text text;
    char id[32];
    struct generated generated;
};

/* ------------------------------------------------------------------ numbers */

/* splitmix64 */
static uint64_t next_random(struct generator *generator)
{
    uint64_t z = generator->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void generator_restart(struct generator *generator, uint64_t number)
{
    generator->state = generator->seed + number * 0x632be59bd9b4e019u;
    next_random(generator);
}

uint32_t generator_number(struct generator *generator, uint32_t bound)
{
    return (uint32_t)(((next_random(generator) >> 32) * bound) >> 32);
}

static double next_fraction(struct generator *generator)
{
    return (double)(next_random(generator) >> 11) / 9007199254740992.0;
}

/* Log-normal about the median: twelve uniform numbers are near enough to a normal one. */
static unsigned next_length(struct generator *generator, double median, double sigma)
{
    double normal = -6;
    for (int i = 0; i < 12; i++)
        normal += next_fraction(generator);
    double length = median * exp(sigma * normal);
    return length < 1 ? 1 : length > LENGTH_MAX ? LENGTH_MAX : (unsigned)length;
}

static uint32_t next_rank(struct generator *generator)
{
    double wanted = next_fraction(generator);
    uint32_t low = 0;
    uint32_t high = WORDS - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (generator->cumulated[middle] <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ------------------------------------------------------------------ vocabulary */

static void extend(struct vocabulary_word *word, const char *part)
{
    size_t size = strlen(part);
    if (word->size + size >= WORD_BYTES)
        return;
    memcpy(word->bytes + word->size, part, size);
    word->size = (uint8_t)(word->size + size);
}

#define PICK(generator, list) ((list)[generator_number((generator), (uint32_t)LENGTH(list))])

static void invent_word(struct generator *generator, uint32_t rank)
{
    struct vocabulary_word *word = &generator->words[rank];
    if (rank < LENGTH(function_words)) {
        extend(word, function_words[rank]);
        return;
    }
    unsigned syllables = rank < 300 ? 1 : 2;
    if (rank >= 3000)
        syllables += generator_number(generator, 2);
    for (unsigned i = 0; i < syllables; i++) {
        extend(word, PICK(generator, onsets));
        extend(word, PICK(generator, nuclei));
        extend(word, PICK(generator, codas));
    }
    extend(word, PICK(generator, endings));
    word->noun = generator_number(generator, 5) < 2;
}

struct generator *generator_open(uint64_t seed, unsigned words_median)
{
    struct generator *generator = calloc(1, sizeof *generator);
    if (!generator)
        return NULL;
    generator->seed = seed;
    generator->state = seed;
    generator->words_median = words_median;
    generator->words = calloc(WORDS, sizeof *generator->words);
    generator->cumulated = calloc(WORDS, sizeof *generator->cumulated);
    if (!generator->words || !generator->cumulated) {
        generator_close(generator);
        return NULL;
    }
    double sum = 0;
    for (uint32_t rank = 0; rank < WORDS; rank++) {
        invent_word(generator, rank);
        sum += 1.0 / (rank + ZIPF_SHIFT);
        generator->cumulated[rank] = sum;
    }
    for (uint32_t rank = 0; rank < WORDS; rank++)
        generator->cumulated[rank] /= sum;
    return generator;
}

void generator_close(struct generator *generator)
{
    if (!generator)
        return;
    free(generator->words);
    free(generator->cumulated);
    free(generator->title.data);
    free(generator->text.data);
    free(generator);
}

/* ------------------------------------------------------------------ text */

static void add(struct text *text, const char *data, size_t size)
{
    if (text->capacity - text->size < size) {
        size_t capacity = text->capacity * 2 + size + 256;
        char *grown = realloc(text->data, capacity);
        if (!grown) {
            text->failed = true;
            return;
        }
        text->data = grown;
        text->capacity = capacity;
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
}

static void add_string(struct text *text, const char *string)
{
    add(text, string, strlen(string));
}

/* The first letter becomes a capital; all vowels with dots are 0xc3 and a byte. */
static void add_capitalized(struct text *text, const char *data, size_t size)
{
    char letters[WORD_BYTES];
    memcpy(letters, data, size);
    if (letters[0] >= 'a' && letters[0] <= 'z')
        letters[0] = (char)(letters[0] - 'a' + 'A');
    else if ((uint8_t)letters[0] == 0xc3 && size > 1)
        letters[1] = (char)((uint8_t)letters[1] - 0x20);
    add(text, letters, size);
}

static void add_word(struct generator *generator, struct text *text, bool first)
{
    uint32_t rank = next_fraction(generator) < TOPIC_SHARE
                        ? generator->topic[generator_number(generator, TOPIC_WORDS)]
                        : next_rank(generator);
    const struct vocabulary_word *word = &generator->words[rank];
    if (generator_number(generator, NUMBER_SHARE) == 0) {
        char digits[16];
        snprintf(digits, sizeof digits, "%u", generator_number(generator, 2100));
        add_string(text, digits);
        return;
    }
    if (word->noun || first)
        add_capitalized(text, word->bytes, word->size);
    else
        add(text, word->bytes, word->size);
    if (word->noun && generator_number(generator, NOUN_COMPOUND_SHARE) == 0) {
        const struct vocabulary_word *head =
            &generator->words[LENGTH(function_words) +
                              generator_number(generator, WORDS / 4 - LENGTH(function_words))];
        add(text, head->bytes, head->size);
    }
}

static void add_sentence(struct generator *generator, struct text *text, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        if (i > 0)
            add_string(text, generator_number(generator, 12) == 0 ? ", " : " ");
        add_word(generator, text, i == 0);
    }
}

static void add_paragraphs(struct generator *generator, struct text *text, unsigned words)
{
    static const char *const ends[] = {".", ".", ".", ".", ".", "?", "!", ";"};
    while (words > 0 && !text->failed) {
        unsigned length = next_length(generator, SENTENCE_WORDS, 0.5);
        length = length < words ? length : words;
        add_sentence(generator, text, length);
        add_string(text, PICK(generator, ends));
        words -= length;
        if (words > 0)
            add_string(text, generator_number(generator, PARAGRAPH_SENTENCES) == 0 ? "\n" : " ");
    }
}

const struct generated *generator_next(struct generator *generator)
{
    struct generated *generated = &generator->generated;
    unsigned words = next_length(generator, generator->words_median, LENGTH_SIGMA);
    for (unsigned i = 0; i < TOPIC_WORDS; i++)
        generator->topic[i] = LENGTH(function_words) + generator_number(generator, WORDS / 4);
    generator->title.size = 0;
    generator->text.size = 0;
    add_sentence(generator, &generator->title, 2 + generator_number(generator, 5));
    add_paragraphs(generator, &generator->text, words);
    if (generator->title.failed || generator->text.failed)
        return NULL;
    int size = snprintf(generator->id, sizeof generator->id, "g/%llu",
                        (unsigned long long)generator->documents++);
    *generated = (struct generated){
        .id = generator->id,
        .id_size = (size_t)size,
        .title = generator->title.data,
        .title_size = generator->title.size,
        .text = generator->text.data,
        .text_size = generator->text.size,
    };
    return generated;
}

/* ------------------------------------------------------------------ lupe-bench generate */

/* Nothing in these texts but the newline needs an escape. */
static void print_json(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n')
            fputs("\\n", stdout);
        else
            putchar(data[i]);
    }
}

static void print_document(const struct generated *document)
{
    printf("{\"id\":\"%s\",\"title\":\"", document->id);
    print_json(document->title, document->title_size);
    fputs("\",\"text\":\"", stdout);
    print_json(document->text, document->text_size);
    fputs("\"}\n", stdout);
}

/* maker is NULL where no queries are wanted. */
static int print_documents(uint64_t documents, uint64_t seed, struct query_maker *maker)
{
    struct generator *generator = generator_open(seed, DOCUMENT_WORDS_MEDIAN);
    int status = generator ? 0 : bench_fail("out of memory");
    for (uint64_t i = 0; i < documents && status == 0; i++) {
        const struct generated *document = generator_next(generator);
        if (!document) {
            status = bench_fail("out of memory");
            break;
        }
        print_document(document);
        if (maker)
            query_maker_add(maker, document->title, document->title_size, document->text,
                            document->text_size);
    }
    generator_close(generator);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = bench_fail("writing the documents failed");
    return status;
}

static int write_queries(struct query_maker *maker, const char *path)
{
    struct queries *queries = calloc(1, sizeof *queries);
    int status = queries ? query_maker_make(maker, GENERATED_PER_CLASS, queries)
                         : bench_fail("out of memory");
    FILE *file = status == 0 ? fopen(path, "w") : NULL;
    if (file)
        queries_print(queries, file);
    if (status == 0 && (!file || ferror(file)))
        status = bench_fail("%s: cannot write the queries", path);
    if (file && fclose(file) != 0 && status == 0)
        status = bench_fail("%s: cannot write the queries", path);
    free(queries);
    return status;
}

int command_generate(int count, char **arguments)
{
    uint64_t documents = 0;
    uint64_t seed = 1;
    if (count < 1 || count > 3 || !parse_number(arguments[0], 0, UINT32_MAX, &documents) ||
        (count > 1 && !parse_number(arguments[1], 0, UINT64_MAX, &seed)))
        return usage_fail();
    struct query_maker *maker = count == 3 ? query_maker_open(seed) : NULL;
    if (count == 3 && !maker)
        return bench_fail("out of memory");
    int status = print_documents(documents, seed, maker);
    if (status == 0 && maker)
        status = write_queries(maker, arguments[2]);
    query_maker_close(maker);
    return status;
}
