/* SPDX-License-Identifier: MIT
 *
 * pairs.c - see pairs.h. Documents are worked through in ranges. All positions of the words in a
 * range are read, word by word, and marked in a map with a byte a position; two marks side by side
 * are a pair. What is counted is kept packed, a stream a pair:
 *
 *   stream := (delta:varint [tf:varint]) *     delta: bit 0: tf follows (else it is 1), the rest:
 *                                              document minus the one before, which is -1 at first
 *
 * When the streams outgrow their memory, those of the highest first words are given up for another
 * pass.
 */
#include "segment/pairs.h"

#include <assert.h>

/* A range's words and map stay in the cache of one core. */
#define RANGE_WORDS (1u << 18)
#define RANGE_DOCUMENTS_MAX 8192u
#define MAP_BYTES (1u << 21) /* more only for a single document */
#define MAP_PADDING_BYTES 16u
#define STREAM_BYTES_MIN 32u
#define FOUND_MAX 256u
#define FOUND_AHEAD 6u

_Static_assert(PAIR_WORDS_MAX < 256, "a mark is one byte, 0 for no word");
_Static_assert(2 + PAIR_TERM_BYTES_MAX + 1 + PAIR_TERM_BYTES_MAX <= KEY_BYTES_MAX, "a pair's key");

struct stream {
    uint8_t *bytes;
    uint32_t size;
    uint32_t capacity;
    uint32_t document; /* being counted, + 1; 0: none yet */
    uint32_t tf;
    uint32_t before; /* the one before it, + 1 */
};

/* Where a word's list is being read. */
struct place {
    struct block block;
    uint32_t next_block;
    uint32_t at; /* in the block */
};

/* A document of the range that has a word. */
struct run {
    uint32_t document; /* from the range's first on */
    uint32_t tf;
};

struct pair_scan {
    struct pair_word *words;
    unsigned count;
    const uint8_t *norms;
    uint32_t documents;
    size_t memory_bytes;
    struct stream *streams; /* [count * count] */
    size_t streams_bytes;
    unsigned first; /* first words of this pass: first <= word < end */
    unsigned end;
    uint32_t base;        /* the range's first document */
    struct place *places; /* [count] */
    struct run *runs;     /* of all words, one word after the other */
    size_t run_count;
    size_t run_capacity;
    size_t run_ends[PAIR_WORDS_MAX];
    uint32_t *positions; /* of all runs */
    size_t position_count;
    size_t position_capacity;
    uint32_t sizes[RANGE_DOCUMENTS_MAX];  /* positions of the document: its highest + 2 */
    uint32_t starts[RANGE_DOCUMENTS_MAX]; /* where it begins in the map */
    uint8_t *map;
    size_t map_capacity;
    struct stream *found[FOUND_MAX]; /* the streams of the pairs of a document */
    unsigned found_count;
};

size_t key_of_pair(uint8_t key[KEY_BYTES_MAX], const void *first, size_t first_size,
                   const void *second, size_t second_size)
{
    assert(first_size <= PAIR_TERM_BYTES_MAX && second_size <= PAIR_TERM_BYTES_MAX);
    size_t size = key_make(key, LIST_PAIRS, first, first_size);
    key[size++] = 0;
    memcpy(key + size, second, second_size);
    return size + second_size;
}

lupe_status pair_scan_open(struct pair_word *words, unsigned count, const uint8_t *norms,
                           uint32_t documents, size_t memory_bytes, struct pair_scan **out)
{
    assert(count > 0 && count <= PAIR_WORDS_MAX);
    struct pair_scan *scan = memory_zalloc(1, sizeof *scan);
    *out = NULL;
    if (!scan)
        return fail_memory();
    scan->words = words;
    scan->count = count;
    scan->norms = norms;
    scan->documents = documents;
    scan->memory_bytes = memory_bytes;
    scan->streams = memory_zalloc((size_t)count * count, sizeof *scan->streams);
    scan->places = memory_zalloc(count, sizeof *scan->places);
    if (!scan->streams || !scan->places) {
        pair_scan_close(scan);
        return fail_memory();
    }
    *out = scan;
    return LUPE_OK;
}

/* Forgets what was counted of the first words from `from` to `to`. */
static void streams_drop(struct pair_scan *scan, unsigned from, unsigned to)
{
    for (size_t i = (size_t)from * scan->count; i < (size_t)to * scan->count; i++) {
        scan->streams_bytes -= scan->streams[i].capacity;
        memory_free(scan->streams[i].bytes);
        memset(&scan->streams[i], 0, sizeof scan->streams[i]);
    }
}

void pair_scan_close(struct pair_scan *scan)
{
    if (!scan)
        return;
    if (scan->streams)
        streams_drop(scan, 0, scan->count);
    memory_free(scan->streams);
    memory_free(scan->places);
    memory_free(scan->runs);
    memory_free(scan->positions);
    memory_free(scan->map);
    memory_free(scan);
}

lupe_status pair_scan_begin(struct pair_scan *scan, unsigned first)
{
    assert(first < scan->count);
    streams_drop(scan, 0, scan->count);
    scan->first = first;
    scan->end = scan->count;
    scan->base = 0;
    for (unsigned w = 0; w < scan->count; w++) {
        struct place *place = &scan->places[w];
        assert(scan->words[w].list.flags & ENTRY_HAS_POSITIONS);
        place->next_block = 0;
        place->at = 0;
        place->block.count = 0;
    }
    return LUPE_OK;
}

/* ------------------------------------------------------------------ streams */

static lupe_status stream_grow(struct pair_scan *scan, struct stream *stream)
{
    uint32_t capacity = stream->capacity ? stream->capacity * 2 : STREAM_BYTES_MIN;
    uint8_t *bytes = memory_realloc(stream->bytes, capacity);
    if (!bytes)
        return fail_memory();
    scan->streams_bytes += capacity - stream->capacity;
    stream->bytes = bytes;
    stream->capacity = capacity;
    return LUPE_OK;
}

/* Appends the document that was being counted. */
static lupe_status stream_append(struct pair_scan *scan, struct stream *stream)
{
    if (stream->document == 0)
        return LUPE_OK;
    if (stream->capacity - stream->size < 2 * VARINT_BYTES_MAX) {
        lupe_status status = stream_grow(scan, stream);
        if (status)
            return status;
    }
    uint8_t *at = stream->bytes + stream->size;
    uint64_t number = (uint64_t)(stream->document - stream->before) << 1 | (stream->tf > 1);
    size_t size = 1;
    if (number < 0x80)
        at[0] = (uint8_t)number;
    else
        size = varint_put(at, number);
    if (stream->tf > 1)
        size += varint_put(at + size, stream->tf);
    stream->size += (uint32_t)size;
    stream->before = stream->document;
    return LUPE_OK;
}

static lupe_status stream_count(struct pair_scan *scan, struct stream *stream, uint32_t document)
{
    if (stream->document == document + 1) {
        stream->tf++;
        return LUPE_OK;
    }
    lupe_status status = stream_append(scan, stream);
    stream->document = document + 1;
    stream->tf = 1;
    return status;
}

static lupe_status streams_finish(struct pair_scan *scan)
{
    lupe_status status = LUPE_OK;
    for (size_t i = (size_t)scan->first * scan->count; i < (size_t)scan->end * scan->count; i++) {
        TRY(stream_append(scan, &scan->streams[i]));
        scan->streams[i].document = 0;
    }
out:
    return status;
}

/* Gives up the highest first words until a half of the memory is free, to be able to go on. */
static void streams_fit(struct pair_scan *scan)
{
    if (scan->streams_bytes <= scan->memory_bytes)
        return;
    while (scan->streams_bytes > scan->memory_bytes / 2 && scan->end > scan->first + 1) {
        scan->end--;
        streams_drop(scan, scan->end, scan->end + 1);
    }
}

struct pair_reader pair_read_begin(const struct pair_scan *scan, unsigned first, unsigned second)
{
    const struct stream *stream = &scan->streams[(size_t)first * scan->count + second];
    return (struct pair_reader){stream->bytes, stream->size ? stream->bytes + stream->size : NULL,
                                UINT32_MAX};
}

static inline uint64_t stream_number(const uint8_t **at)
{
    uint64_t value = *(*at)++;
    if (value < 0x80)
        return value;
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

unsigned pair_read(struct pair_reader *reader, uint32_t *documents, uint32_t *tfs)
{
    unsigned count = 0;
    while (count < BLOCK_DOCUMENTS && reader->end && reader->next < reader->end) {
        uint64_t number = stream_number(&reader->next);
        reader->document += (uint32_t)(number >> 1);
        documents[count] = reader->document;
        tfs[count++] = number & 1 ? (uint32_t)stream_number(&reader->next) : 1;
    }
    return count;
}

/* ------------------------------------------------------------------ a range */

/* Documents whose words fit into a range, at least one. */
static uint32_t range_documents(const struct pair_scan *scan)
{
    uint64_t words = 0;
    uint32_t count = 0;
    while (count < RANGE_DOCUMENTS_MAX && scan->base + count < scan->documents) {
        uint8_t norm = scan->norms[scan->base + count];
        words += norm == NORMS - 1 ? DOCUMENT_WORDS_MAX : norm_length_min((uint8_t)(norm + 1));
        if (count && words > RANGE_WORDS)
            break;
        count++;
    }
    return count;
}

static lupe_status runs_room(struct pair_scan *scan)
{
    size_t wanted = scan->run_count + BLOCK_DOCUMENTS;
    if (wanted <= scan->run_capacity)
        return LUPE_OK;
    size_t capacity = 2 * wanted;
    struct run *runs = memory_realloc(scan->runs, capacity * sizeof *runs);
    if (!runs)
        return fail_memory();
    scan->runs = runs;
    scan->run_capacity = capacity;
    return LUPE_OK;
}

/* Reads the positions of some documents of the open block. */
static lupe_status take_documents(struct pair_scan *scan, struct pair_word *word,
                                  struct block *block, const uint8_t *index, unsigned n)
{
    lupe_status status = LUPE_OK;
    TRY(runs_room(scan));
    TRY(block_positions(&word->list, block, index, n, &scan->positions, &scan->position_capacity,
                        scan->position_count));
    struct run *run = scan->runs + scan->run_count;
    const uint32_t *behind = scan->positions + scan->position_count;
    for (unsigned i = 0; i < n; i++, run++) {
        run->document = block->documents[index[i]] - scan->base;
        run->tf = block->tfs[index[i]];
        behind += run->tf;
        if (scan->sizes[run->document] < behind[-1] + 2)
            scan->sizes[run->document] = behind[-1] + 2;
    }
    scan->run_count += n;
    scan->position_count = (size_t)(behind - scan->positions);
out:
    return status;
}

/* Reads a word in the documents of the range. */
static lupe_status take_word(struct pair_scan *scan, unsigned number, uint32_t range_end)
{
    struct pair_word *word = &scan->words[number];
    struct place *place = &scan->places[number];
    struct block *block = &place->block;
    uint8_t index[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    for (;;) {
        if (place->at == block->count) {
            if (place->next_block == word->list.block_count)
                break;
            TRY(block_read(&word->list, place->next_block++, block));
            TRY(block_read_tfs(&word->list, block));
            place->at = 0;
        }
        unsigned n = 0;
        while (place->at < block->count && block->documents[place->at] < range_end)
            index[n++] = (uint8_t)place->at++;
        TRY(take_documents(scan, word, block, index, n));
        if (place->at < block->count)
            break;
    }
    scan->run_ends[number] = scan->run_count;
out:
    return status;
}

static lupe_status map_clear(struct pair_scan *scan, size_t bytes)
{
    if (bytes + MAP_PADDING_BYTES > scan->map_capacity) {
        memory_free(scan->map);
        scan->map_capacity = 0;
        scan->map = memory_alloc(bytes + MAP_PADDING_BYTES);
        if (!scan->map)
            return fail_memory();
        scan->map_capacity = bytes + MAP_PADDING_BYTES;
    }
    memset(scan->map, 0, bytes + MAP_PADDING_BYTES);
    return LUPE_OK;
}

/* Marks the positions of the documents from `from` to `to` in the map. */
static void map_fill(struct pair_scan *scan, uint32_t from, uint32_t to)
{
    const struct run *run = scan->runs;
    const uint32_t *positions = scan->positions;
    for (unsigned w = 0; w < scan->count; w++) {
        const struct run *end = scan->runs + scan->run_ends[w];
        for (; run < end; positions += run->tf, run++) {
            if (run->document < from || run->document >= to)
                continue;
            uint8_t *map = scan->map + scan->starts[run->document];
            map[positions[0]] = (uint8_t)(w + 1);
            for (uint32_t i = 1; i < run->tf; i++)
                map[positions[i]] = (uint8_t)(w + 1);
        }
    }
}

/* Bit 7 of each byte that is not 0. */
static inline uint64_t marks(uint64_t bytes)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    return (((bytes & low) + low) | bytes) & ~low;
}

/* Counts the pairs that were found in a document. Streams are at random places: they are asked for
 * when a pair is found, their ends some pairs ahead. */
static lupe_status count_found(struct pair_scan *scan, uint32_t document)
{
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < scan->found_count; i++) {
        const struct stream *ahead =
            i + FOUND_AHEAD < scan->found_count ? scan->found[i + FOUND_AHEAD] : scan->found[i];
        if (ahead->bytes)
            __builtin_prefetch(ahead->bytes + ahead->size, 1);
        TRY(stream_count(scan, scan->found[i], scan->base + document));
    }
out:
    scan->found_count = 0;
    return status;
}

/* Counts the pairs of one document; the map has zeros behind it. */
static lupe_status count_document(struct pair_scan *scan, uint32_t document, uint32_t start,
                                  uint32_t size)
{
    lupe_status status = LUPE_OK;
    const uint8_t *map = scan->map + start;
    for (uint32_t at = 0; at < size; at += 8) {
        uint64_t found = marks(load_u64(map + at)) & marks(load_u64(map + at + 1));
        if (at + 8 > size) /* what follows is the next document's */
            found &= (UINT64_C(1) << (8 * (size - at))) - 1;
        for (; found; found &= found - 1) {
            const uint8_t *pair = map + at + (unsigned)__builtin_ctzll(found) / 8;
            unsigned first = pair[0] - 1u;
            if (first < scan->first || first >= scan->end)
                continue;
            struct stream *stream = &scan->streams[(size_t)first * scan->count + pair[1] - 1u];
            __builtin_prefetch(stream, 1);
            scan->found[scan->found_count++] = stream;
        }
        if (scan->found_count > FOUND_MAX - 8)
            TRY(count_found(scan, document));
    }
    TRY(count_found(scan, document));
out:
    return status;
}

/* The documents of the range, as many at a time as the map has room for. */
static lupe_status count_range(struct pair_scan *scan, uint32_t count)
{
    lupe_status status = LUPE_OK;
    for (uint32_t from = 0, to; from < count; from = to) {
        size_t bytes = 0;
        for (to = from; to < count && (to == from || bytes + scan->sizes[to] <= MAP_BYTES); to++) {
            scan->starts[to] = (uint32_t)bytes;
            bytes += scan->sizes[to];
        }
        TRY(map_clear(scan, bytes));
        map_fill(scan, from, to);
        for (uint32_t i = from; i < to; i++)
            TRY(count_document(scan, i, scan->starts[i], scan->sizes[i]));
    }
out:
    return status;
}

lupe_status pair_scan_step(struct pair_scan *scan, bool *done, unsigned *end)
{
    lupe_status status = LUPE_OK;
    uint32_t count = range_documents(scan);
    *done = false;
    *end = scan->first;
    scan->run_count = 0;
    scan->position_count = 0;
    memset(scan->sizes, 0, count * sizeof *scan->sizes);
    for (unsigned w = 0; w < scan->count; w++)
        TRY(take_word(scan, w, scan->base + count));
    TRY(count_range(scan, count));
    streams_fit(scan);
    scan->base += count;
    if (scan->base >= scan->documents) {
        TRY(streams_finish(scan));
        *done = true;
        *end = scan->end;
    }
out:
    return status;
}
