/* SPDX-License-Identifier: MIT
 *
 * derive.c - documents mixed from those of a corpus, see derive.h.
 */
#include "derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define TEXTS_MAX 65536u /* halved when there are more */
#define TEXT_BYTES_MAX ((size_t)256 << 10)
#define SOURCES 3u   /* texts that a document takes from */
#define RUN_WORDS 8u /* at most, from one text */
#define JOIN_SHARE 150u
#define TITLE_WORDS 6u
#define PIECE_BYTES 256u /* of a word at most */

struct piece {
    const char *data;
    size_t size;
};

struct deriver {
    struct generator *random;
    char *bytes;
    size_t size;
    size_t bytes_max;
    struct {
        size_t begin;
        size_t size;
    } * texts;
    uint32_t count;
    uint64_t seen;
    uint64_t stride; /* every so many-th text is kept */
    char *text;
    size_t capacity;
    char title[(TITLE_WORDS + 1) * (PIECE_BYTES + 1)];
    char id[32];
    struct generated document;
};

struct deriver *deriver_open(uint64_t seed, size_t bytes_max)
{
    struct deriver *deriver = calloc(1, sizeof *deriver);
    if (!deriver)
        return NULL;
    deriver->random = generator_open(seed, DOCUMENT_WORDS_MEDIAN);
    deriver->bytes = malloc(bytes_max);
    deriver->texts = calloc(TEXTS_MAX, sizeof *deriver->texts);
    deriver->capacity = TEXT_BYTES_MAX + 2 * (PIECE_BYTES + 1) * RUN_WORDS;
    deriver->text = malloc(deriver->capacity);
    deriver->bytes_max = bytes_max;
    deriver->stride = 1;
    if (deriver->random && deriver->bytes && deriver->texts && deriver->text)
        return deriver;
    deriver_close(deriver);
    return NULL;
}

void deriver_close(struct deriver *deriver)
{
    if (!deriver)
        return;
    generator_close(deriver->random);
    free(deriver->bytes);
    free(deriver->texts);
    free(deriver->text);
    free(deriver);
}

/* ------------------------------------------------------------------ the sample */

/* Every second text goes. */
static void halve(struct deriver *deriver)
{
    uint32_t kept = 0;
    size_t size = 0;
    for (uint32_t i = 0; i < deriver->count; i += 2) {
        memmove(deriver->bytes + size, deriver->bytes + deriver->texts[i].begin,
                deriver->texts[i].size);
        deriver->texts[kept].begin = size;
        deriver->texts[kept++].size = deriver->texts[i].size;
        size += deriver->texts[i].size;
    }
    deriver->count = kept;
    deriver->size = size;
    deriver->stride *= 2;
}

void deriver_add(struct deriver *deriver, const char *text, size_t size)
{
    uint64_t number = deriver->seen++;
    if (size > TEXT_BYTES_MAX)
        size = TEXT_BYTES_MAX;
    while (number % deriver->stride == 0 && deriver->count > 1 &&
           (deriver->count == TEXTS_MAX || deriver->size + size > deriver->bytes_max))
        halve(deriver);
    if (number % deriver->stride != 0 || size == 0 || deriver->size + size > deriver->bytes_max)
        return;
    memcpy(deriver->bytes + deriver->size, text, size);
    deriver->texts[deriver->count].begin = deriver->size;
    deriver->texts[deriver->count++].size = size;
    deriver->size += size;
}

/* ------------------------------------------------------------------ documents */

/* A place in one text: between two words, or at an end. */
struct reader {
    const char *next;
    const char *end;
};

static struct reader read_from(struct deriver *deriver, uint32_t text)
{
    const char *begin = deriver->bytes + deriver->texts[text].begin;
    const char *end = begin + deriver->texts[text].size;
    const char *at = begin + generator_number(deriver->random, (uint32_t)(end - begin));
    while (at > begin && at < end && at[-1] != ' ' && at[-1] != '\n')
        at++;
    return (struct reader){at == end ? begin : at, end};
}

/* The next word with what is written beside it; size 0 at the end. */
static struct piece next_piece(struct reader *reader)
{
    while (reader->next < reader->end && (*reader->next == ' ' || *reader->next == '\n'))
        reader->next++;
    struct piece piece = {reader->next, 0};
    while (reader->next < reader->end && *reader->next != ' ' && *reader->next != '\n')
        reader->next++;
    piece.size = (size_t)(reader->next - piece.data);
    if (piece.size > PIECE_BYTES)
        piece.size = 0; /* no word */
    return piece;
}

static bool is_letter(char byte)
{
    return (byte & 0x80) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* Adds a word behind the others; joined without the blank and with letters alone before it. */
static size_t add_piece(char *text, size_t size, struct piece piece, bool joined)
{
    if (joined)
        while (size > 0 && !is_letter(text[size - 1]) && text[size - 1] != ' ')
            size--;
    else if (size > 0)
        text[size++] = ' ';
    memcpy(text + size, piece.data, piece.size);
    return size + piece.size;
}

/* Up to RUN_WORDS words of a text. */
static size_t add_run(struct deriver *deriver, size_t size, uint32_t source)
{
    struct reader reader = read_from(deriver, source);
    uint32_t words = 1 + generator_number(deriver->random, RUN_WORDS);
    while (words-- > 0) {
        struct piece piece = next_piece(&reader);
        bool joined = generator_number(deriver->random, JOIN_SHARE) == 0;
        if (piece.size > 0)
            size = add_piece(deriver->text, size, piece, joined);
    }
    return size;
}

static size_t make_title(struct deriver *deriver, uint32_t source)
{
    struct reader reader = read_from(deriver, source);
    uint32_t words = 2 + generator_number(deriver->random, TITLE_WORDS - 1);
    size_t size = 0;
    while (words-- > 0) {
        struct piece piece = next_piece(&reader);
        if (piece.size > 0)
            size = add_piece(deriver->title, size, piece, false);
    }
    return size;
}

const struct generated *deriver_document(struct deriver *deriver, uint64_t number)
{
    if (deriver->count == 0)
        return NULL;
    generator_restart(deriver->random, number);
    uint32_t sources[SOURCES];
    for (unsigned i = 0; i < SOURCES; i++)
        sources[i] = generator_number(deriver->random, deriver->count);
    size_t wanted = deriver->texts[generator_number(deriver->random, deriver->count)].size;
    size_t size = 0;
    /* Texts without words must not keep this from ending. */
    for (size_t turn = 0; size < wanted && turn < wanted; turn++)
        size = add_run(deriver, size, sources[generator_number(deriver->random, SOURCES)]);
    int id_size = snprintf(deriver->id, sizeof deriver->id, "d/%llu", (unsigned long long)number);
    deriver->document = (struct generated){
        .id = deriver->id,
        .id_size = (size_t)id_size,
        .title = deriver->title,
        .title_size = make_title(deriver, sources[0]),
        .text = deriver->text,
        .text_size = size,
    };
    return &deriver->document;
}
