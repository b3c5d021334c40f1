/* SPDX-License-Identifier: MIT
 *
 * corpus.c - documents in memory and queries made from them, see corpus.h.
 */
#include "corpus.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tools/jsonl.h"
#include "bench.h"
#include "generate.h"

/* ------------------------------------------------------------------ documents */

static bool grow(void **data, size_t *capacity, size_t wanted, size_t element_size)
{
    if (wanted <= *capacity)
        return true;
    size_t larger = *capacity * 2 > wanted ? *capacity * 2 : wanted;
    void *grown = realloc(*data, larger * element_size);
    if (!grown)
        return false;
    *data = grown;
    *capacity = larger;
    return true;
}

static size_t append(struct corpus *corpus, const char *data, size_t size, char end)
{
    size_t place = corpus->size;
    memcpy(corpus->bytes + place, data, size);
    corpus->bytes[place + size] = end;
    corpus->size += size + 1;
    return place;
}

static int corpus_add(struct corpus *corpus, const struct generated *document)
{
    size_t size = document->id_size + document->title_size + document->text_size + 3;
    if (!grow((void **)&corpus->bytes, &corpus->capacity, corpus->size + size, 1) ||
        !grow((void **)&corpus->documents, &corpus->document_capacity, corpus->count + 1,
              sizeof *corpus->documents))
        return bench_fail("out of memory");
    struct corpus_document *added = &corpus->documents[corpus->count++];
    added->id = append(corpus, document->id, document->id_size, '\0');
    added->title = append(corpus, document->title, document->title_size, '\n');
    added->text = append(corpus, document->text, document->text_size, '\0');
    added->id_size = document->id_size;
    added->title_size = document->title_size;
    added->text_size = document->text_size;
    corpus->text_bytes += document->title_size + document->text_size;
    return 0;
}

void corpus_free(struct corpus *corpus)
{
    free(corpus->bytes);
    free(corpus->documents);
    memset(corpus, 0, sizeof *corpus);
}

int corpus_generate(struct corpus *corpus, uint64_t documents, uint64_t seed)
{
    int status = 0;
    memset(corpus, 0, sizeof *corpus);
    struct generator *generator = generator_open(seed, DOCUMENT_WORDS_MEDIAN);
    for (uint64_t i = 0; status == 0 && i < documents; i++) {
        const struct generated *document = generator ? generator_next(generator) : NULL;
        status = document ? corpus_add(corpus, document) : bench_fail("out of memory");
    }
    generator_close(generator);
    return status;
}

static int read_lines(struct corpus *corpus, const char *path, struct jsonl_reader *reader,
                      uint64_t bytes_max)
{
    while (corpus->text_bytes < bytes_max) {
        struct jsonl_document line;
        enum jsonl_result result = jsonl_next(reader, &line);
        if (result == JSONL_END)
            break;
        if (result == JSONL_FAILED)
            return bench_fail("%s: %s", path, strerror(jsonl_errno(reader)));
        if (result == JSONL_BAD_LINE || line.id.kind != JSONL_STRING)
            return bench_fail("%s:%" PRIu64 ": no document with an id", path, jsonl_line(reader));
        bool has_title = line.title.kind == JSONL_STRING;
        bool has_text = line.text.kind == JSONL_STRING;
        struct generated document = {
            .id = line.id.data,
            .id_size = line.id.size,
            .title = has_title ? line.title.data : "",
            .title_size = has_title ? line.title.size : 0,
            .text = has_text ? line.text.data : "",
            .text_size = has_text ? line.text.size : 0,
        };
        if (corpus_add(corpus, &document) != 0)
            return 1;
    }
    return 0;
}

int corpus_read(struct corpus *corpus, const char *path, uint64_t bytes_max)
{
    memset(corpus, 0, sizeof *corpus);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return bench_fail("%s: %s", path, strerror(errno));
    struct jsonl_reader *reader = jsonl_open(descriptor, NULL);
    int status = reader ? read_lines(corpus, path, reader, bytes_max) : bench_fail("out of memory");
    jsonl_close(reader);
    close(descriptor);
    return status;
}

/* ------------------------------------------------------------------ words */

#define PICK_WORD_BYTES 40u
#define TABLE_SLOTS (1u << 20)
#define TABLE_WORDS_MAX (TABLE_SLOTS / 2)

struct counted_word {
    char bytes[PICK_WORD_BYTES]; /* NUL-terminated */
    uint32_t documents;
    uint32_t last_document; /* counted, plus one */
};

struct vocabulary {
    uint32_t *slots; /* place of the word plus one; 0: free */
    struct counted_word *words;
    uint32_t count;
};

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
    word[*size] = '\0';
    *size = strange ? 0 : *size;
    *text = at;
    return true;
}

static uint32_t slot_of(const struct vocabulary *vocabulary, const char *word, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)word[i]) * 0x100000001b3u;
    uint32_t slot = (uint32_t)(hash >> 20) % TABLE_SLOTS;
    while (vocabulary->slots[slot] &&
           strcmp(vocabulary->words[vocabulary->slots[slot] - 1].bytes, word) != 0)
        slot = (slot + 1) % TABLE_SLOTS;
    return slot;
}

static void count_word(struct vocabulary *vocabulary, const char *word, size_t size,
                       uint32_t document)
{
    uint32_t slot = slot_of(vocabulary, word, size);
    if (!vocabulary->slots[slot]) {
        if (vocabulary->count == TABLE_WORDS_MAX)
            return;
        memcpy(vocabulary->words[vocabulary->count].bytes, word, size + 1);
        vocabulary->slots[slot] = ++vocabulary->count;
    }
    struct counted_word *counted = &vocabulary->words[vocabulary->slots[slot] - 1];
    counted->documents += counted->last_document != document + 1;
    counted->last_document = document + 1;
}

static int count_words(const struct corpus *corpus, struct vocabulary *vocabulary)
{
    vocabulary->slots = calloc(TABLE_SLOTS, sizeof *vocabulary->slots);
    vocabulary->words = calloc(TABLE_WORDS_MAX, sizeof *vocabulary->words);
    if (!vocabulary->slots || !vocabulary->words)
        return bench_fail("out of memory");
    for (size_t i = 0; i < corpus->count; i++) {
        const struct corpus_document *document = &corpus->documents[i];
        const uint8_t *text = (const uint8_t *)corpus->bytes + document->title;
        const uint8_t *end = (const uint8_t *)corpus->bytes + document->text + document->text_size;
        char word[PICK_WORD_BYTES];
        size_t size = 0;
        while (next_word(&text, end, word, &size))
            if (size > 0)
                count_word(vocabulary, word, size, (uint32_t)i);
    }
    return 0;
}

/* ------------------------------------------------------------------ queries */

enum frequency { RARE, MEDIUM, FREQUENT, FREQUENCIES };

/* Shares of the documents, and the fewest documents of a word that counts as rare. */
static const double shares[FREQUENCIES][2] = {{0, 0.0005}, {0.002, 0.02}, {0.1, 0.7}};
#define RARE_DOCUMENTS_MIN 4u
#define RARE_DOCUMENTS_SURE 8u /* rare in any corpus */

static bool is_of(enum frequency frequency, uint32_t documents, double corpus_documents)
{
    double share = documents / corpus_documents;
    if (frequency == RARE && documents <= RARE_DOCUMENTS_SURE)
        return documents >= RARE_DOCUMENTS_MIN;
    return share >= shares[frequency][0] && share <= shares[frequency][1];
}

struct picker {
    const struct corpus *corpus;
    const struct vocabulary *vocabulary;
    struct generator *random;
    uint32_t *words[FREQUENCIES];
    uint32_t counts[FREQUENCIES];
};

/* How a query of each class is made: r, m and f stand for a word of that frequency. */
static const struct {
    const char *name;
    const char *pattern;
} classes[QUERY_CLASSES] = {
    [QUERY_TERM_RARE] = {"term, rare", "r"},
    [QUERY_TERM_MEDIUM] = {"term, medium", "m"},
    [QUERY_TERM_FREQUENT] = {"term, frequent", "f"},
    [QUERY_AND] = {"AND of two", "+m +f"},
    [QUERY_AND_FREQUENT] = {"AND of two frequent", "+f +f"},
    [QUERY_OR] = {"OR of two", "m m"},
    [QUERY_OR_QUESTION] = {"OR, a question", "f f m m r"},
    [QUERY_PHRASE] = {"phrase", NULL},
    [QUERY_NOT] = {"NOT", "m -f"},
    [QUERY_MIXED] = {"one required of three", "+m f r"},
};

const char *query_class_name(enum query_class kind)
{
    return classes[kind].name;
}

static bool sort_words(struct picker *picker)
{
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
        picker->words[frequency] = calloc(picker->vocabulary->count + 1, sizeof(uint32_t));
        if (!picker->words[frequency])
            return false;
    }
    for (uint32_t i = 0; i < picker->vocabulary->count; i++) {
        uint32_t documents = picker->vocabulary->words[i].documents;
        for (int frequency = 0; frequency < FREQUENCIES; frequency++)
            if (is_of((enum frequency)frequency, documents, (double)picker->corpus->count))
                picker->words[frequency][picker->counts[frequency]++] = i;
    }
    return true;
}

static const char *pick_word(struct picker *picker, enum frequency frequency)
{
    if (picker->counts[frequency] == 0)
        return NULL;
    uint32_t place = generator_number(picker->random, picker->counts[frequency]);
    return picker->vocabulary->words[picker->words[frequency][place]].bytes;
}

static bool make_query(struct picker *picker, const char *pattern, char query[QUERY_BYTES])
{
    static const char letters[] = "rmf";
    size_t size = 0;
    for (; *pattern && size + PICK_WORD_BYTES < QUERY_BYTES; pattern++) {
        const char *letter = strchr(letters, *pattern);
        const char *word = letter ? pick_word(picker, (enum frequency)(letter - letters)) : NULL;
        if (letter && !word)
            return false;
        if (word)
            size += (size_t)snprintf(query + size, QUERY_BYTES - size, "%s", word);
        else
            query[size++] = *pattern;
    }
    query[size] = '\0';
    return true;
}

/* Two neighbours of a document, both of which queries can be made of. */
static bool make_phrase(struct picker *picker, char query[QUERY_BYTES])
{
    const struct corpus *corpus = picker->corpus;
    for (int attempt = 0; attempt < 1000; attempt++) {
        const struct corpus_document *document =
            &corpus->documents[generator_number(picker->random, (uint32_t)corpus->count)];
        const uint8_t *text = (const uint8_t *)corpus->bytes + document->text;
        const uint8_t *end = text + document->text_size;
        char first[PICK_WORD_BYTES];
        char second[PICK_WORD_BYTES];
        size_t first_size = 0;
        size_t second_size = 0;
        uint32_t skip = generator_number(picker->random, 100);
        while (skip-- > 0 && next_word(&text, end, first, &first_size))
            ;
        if (next_word(&text, end, first, &first_size) && first_size > 0 &&
            next_word(&text, end, second, &second_size) && second_size > 0) {
            snprintf(query, QUERY_BYTES, "\"%s %s\"", first, second);
            return true;
        }
    }
    return false;
}

static int make_queries(struct picker *picker, struct queries *queries)
{
    if (!picker->random || !sort_words(picker))
        return bench_fail("out of memory");
    for (int kind = 0; kind < QUERY_CLASSES && picker->corpus->count > 0; kind++) {
        for (unsigned i = 0; i < QUERIES_PER_CLASS; i++) {
            char *query = queries->text[kind][queries->count[kind]];
            queries->count[kind] += classes[kind].pattern
                                        ? make_query(picker, classes[kind].pattern, query)
                                        : make_phrase(picker, query);
        }
    }
    return 0;
}

int corpus_queries(const struct corpus *corpus, uint64_t seed, struct queries *queries)
{
    struct vocabulary vocabulary = {0};
    struct picker picker = {.corpus = corpus, .vocabulary = &vocabulary};
    memset(queries, 0, sizeof *queries);
    picker.random = generator_open(seed, DOCUMENT_WORDS_MEDIAN);
    int status = count_words(corpus, &vocabulary);
    if (status == 0)
        status = make_queries(&picker, queries);
    generator_close(picker.random);
    for (int frequency = 0; frequency < FREQUENCIES; frequency++)
        free(picker.words[frequency]);
    free(vocabulary.slots);
    free(vocabulary.words);
    return status;
}
