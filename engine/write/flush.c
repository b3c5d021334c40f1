/* SPDX-License-Identifier: MIT
 *
 * flush.c - see flush.h. Documents first, then terms: those of the words, the ids, the other lists,
 * each sorted by key.
 */
#include "write/flush.h"

#include <stdlib.h>

#include "write/pair_lists.h"

#define RADIX_BITS 8u
#define RADIX_SIZE (1u << RADIX_BITS)
#define DOCUMENT_DEAD UINT32_MAX

/* A key to sort: its first ten bytes and who it is. */
struct sort_item {
    uint64_t prefix; /* the first 8 bytes of the term, big-endian, zeros behind its end */
    uint32_t number;
    uint16_t list;
    uint16_t size; /* of the key */
};

struct flusher {
    const struct accumulator *accumulator;
    const struct batch *batch;
    struct segment_writer *writer;
    uint32_t *map;        /* new number by old one; NULL: the same */
    uint32_t documents;   /* live ones */
    struct buffer stream; /* the bytes of one growing list */
    uint32_t *positions;  /* of up to BLOCK_DOCUMENTS documents */
    size_t position_capacity;
    bool begun; /* the term being written */
};

/* ---- sorting keys */

struct sort_context {
    const uint8_t *keys;     /* size:u8 bytes, at offsets */
    const uint32_t *offsets; /* NULL: those of the accumulator's lists */
    const struct accumulator *accumulator;
};

static const uint8_t *sort_key(const struct sort_context *context, uint32_t number)
{
    return context->keys + (context->offsets ? context->offsets[number]
                                             : accumulator_list(context->accumulator, number)->key);
}

static void sort_item_set(struct sort_item *item, const struct sort_context *context,
                          uint32_t number)
{
    const uint8_t *key = sort_key(context, number);
    uint8_t bytes[8] = {0};
    size_t size = key[0] - 2u;
    memcpy(bytes, key + 3, size < 8 ? size : 8);
    item->prefix = __builtin_bswap64(load_u64(bytes));
    item->list = (uint16_t)(key[1] << 8 | key[2]);
    item->size = key[0];
    item->number = number;
}

static int compare_keys(const void *left, const void *right, void *user)
{
    const struct sort_context *context = user;
    const struct sort_item *a = left;
    const struct sort_item *b = right;
    if (a->prefix != b->prefix) /* only in small sorts */
        return a->prefix < b->prefix ? -1 : 1;
    const uint8_t *a_key = sort_key(context, a->number);
    const uint8_t *b_key = sort_key(context, b->number);
    size_t shared = a->size < b->size ? a->size : b->size;
    int order = memcmp(a_key + 1, b_key + 1, shared);
    if (order || a->size != b->size)
        return order ? order : (int)a->size - (int)b->size;
    return a->number < b->number ? -1 : a->number > b->number;
}

static bool keys_equal(const struct sort_context *context, const struct sort_item *a,
                       const struct sort_item *b)
{
    return a->size == b->size &&
           !memcmp(sort_key(context, a->number), sort_key(context, b->number), a->size + 1u);
}

static unsigned radix_digit(const struct sort_item *item, unsigned pass)
{
    if (pass < 8)
        return item->prefix >> (pass * RADIX_BITS) & (RADIX_SIZE - 1);
    return item->list >> ((pass - 8) * RADIX_BITS) & (RADIX_SIZE - 1);
}

/* Sorts by list and prefix, lowest digit first, leaving out digits that are all the same. Gives
 * the array where the result is: items or spare. */
static struct sort_item *radix_sort(struct sort_item *items, struct sort_item *spare,
                                    uint32_t count)
{
    for (unsigned pass = 0; pass < 10; pass++) {
        uint32_t starts[RADIX_SIZE] = {0};
        for (uint32_t i = 0; i < count; i++)
            starts[radix_digit(&items[i], pass)]++;
        if (count && starts[radix_digit(&items[0], pass)] == count)
            continue;
        for (uint32_t digit = 0, sum = 0; digit < RADIX_SIZE; digit++) {
            uint32_t size = starts[digit];
            starts[digit] = sum;
            sum += size;
        }
        for (uint32_t i = 0; i < count; i++)
            spare[starts[radix_digit(&items[i], pass)]++] = items[i];
        struct sort_item *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

/* The numbers 0 to count - 1 in the order of their keys. *memory is to be freed. */
static lupe_status sort_keys(struct sort_context *context, uint32_t count,
                             struct sort_item **sorted, struct sort_item **memory)
{
    *memory = memory_alloc(2 * (size_t)count * sizeof **memory);
    if (!*memory)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++)
        sort_item_set(&(*memory)[i], context, i);
    struct sort_item *items = radix_sort(*memory, *memory + count, count);
    for (uint32_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && items[end].prefix == items[start].prefix &&
                              items[end].list == items[start].list;)
            end++;
        if (end - start > 1)
            qsort_r(items + start, end - start, sizeof *items, compare_keys, context);
    }
    *sorted = items;
    return LUPE_OK;
}

/* ---- reading a growing list */

/* Copies a chunk's bytes, and up to a unit more: both ends have room. Most chunks are a unit or
 * two, for which a call of memcpy costs more than the copying. */
static inline void chunk_copy(uint8_t *out, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size; done += POOL_UNIT_BYTES)
        memcpy(out + done, bytes + done, POOL_UNIT_BYTES);
}

/* Gathers its bytes into flusher->stream. */
static lupe_status stream_gather(struct flusher *flusher, const struct growing_list *list)
{
    const struct pool *pool = &flusher->accumulator->pool;
    struct buffer *stream = &flusher->stream;
    uint32_t chunk = list->first;
    buffer_clear(stream);
    for (unsigned ordinal = 0;; ordinal++) {
        const uint8_t *bytes = pool_chunk(pool, chunk);
        size_t size = pool_chunk_bytes(ordinal) - POOL_LINK_BYTES;
        bool last = bytes + size == list->next + list->left;
        if (last)
            size = (size_t)(list->next - bytes);
        uint8_t *room = buffer_reserve(stream, size + POOL_UNIT_BYTES);
        if (!room)
            return buffer_status(stream);
        chunk_copy(room, bytes, size);
        stream->size += size;
        if (last)
            return LUPE_OK;
        chunk = load_u32(bytes + size);
    }
}

static inline uint32_t stream_number(const uint8_t **at)
{
    uint32_t value = *(*at)++;
    if (value < 0x80)
        return value;
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
        uint32_t byte = *(*at)++;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static lupe_status positions_room(struct flusher *flusher, size_t count)
{
    if (count <= flusher->position_capacity)
        return LUPE_OK;
    size_t capacity = flusher->position_capacity ? flusher->position_capacity * 2 : 4096;
    while (capacity < count)
        capacity *= 2;
    uint32_t *positions = memory_realloc(flusher->positions, capacity * sizeof *positions);
    if (!positions)
        return fail_memory();
    flusher->positions = positions;
    flusher->position_capacity = capacity;
    return LUPE_OK;
}

/* Up to BLOCK_DOCUMENTS postings on their way to the segment writer. */
struct posting_block {
    uint32_t documents[BLOCK_DOCUMENTS];
    uint32_t tfs[BLOCK_DOCUMENTS];
    unsigned count;
    size_t position_count;
    bool has_tf;
    bool has_positions;
};

static lupe_status block_write(struct flusher *flusher, const struct growing_list *list,
                               struct posting_block *block)
{
    lupe_status status = LUPE_OK;
    if (block->count == 0)
        return LUPE_OK;
    if (!flusher->begun) {
        const uint8_t *key = flusher->accumulator->keys.data + list->key;
        uint8_t flags =
            (block->has_tf ? ENTRY_HAS_TF : 0) | (block->has_positions ? ENTRY_HAS_POSITIONS : 0);
        TRY(segment_writer_term_begin(flusher->writer, key + 1, key[0], flags));
        flusher->begun = true;
    }
    TRY(segment_writer_term_add(flusher->writer, block->documents,
                                block->has_tf ? block->tfs : NULL,
                                block->has_positions ? flusher->positions : NULL, block->count));
    block->count = 0;
    block->position_count = 0;
out:
    return status;
}

/* Takes a posting whose positions, if any, lie behind those of the block. */
static lupe_status block_take(struct flusher *flusher, const struct growing_list *list,
                              struct posting_block *block, uint32_t document, uint32_t tf)
{
    uint32_t mapped = flusher->map ? flusher->map[document] : document;
    if (mapped == DOCUMENT_DEAD)
        return LUPE_OK;
    block->documents[block->count] = mapped;
    block->tfs[block->count++] = tf;
    if (block->has_positions)
        block->position_count += tf;
    return block->count == BLOCK_DOCUMENTS ? block_write(flusher, list, block) : LUPE_OK;
}

static lupe_status postings_with_positions(struct flusher *flusher, const struct growing_list *list,
                                           struct posting_block *block)
{
    lupe_status status = LUPE_OK;
    const uint8_t *at = flusher->stream.data;
    const uint8_t *end = at + flusher->stream.size;
    uint32_t document = UINT32_MAX;
    while (at < end) {
        document += stream_number(&at);
        uint32_t position = stream_number(&at) - 1;
        uint32_t tf = 1;
        /* A byte or more a position: that many are left at most. */
        TRY(positions_room(flusher, block->position_count + 1 +
                                        (size_t)(end - at > 4096 ? 4096 : end - at)));
        flusher->positions[block->position_count] = position;
        while (at < end && *at != 0) {
            position += stream_number(&at);
            if (block->position_count + tf == flusher->position_capacity)
                TRY(positions_room(flusher, block->position_count + tf + 1));
            flusher->positions[block->position_count + tf++] = position;
        }
        at++; /* the 0 between documents */
        TRY(block_take(flusher, list, block, document, tf));
    }
out:
    return status;
}

static lupe_status postings_without_positions(struct flusher *flusher,
                                              const struct growing_list *list,
                                              struct posting_block *block)
{
    lupe_status status = LUPE_OK;
    const uint8_t *at = flusher->stream.data;
    const uint8_t *end = at + flusher->stream.size;
    uint32_t document = UINT32_MAX;
    while (at < end) {
        uint32_t tf = 1;
        document += stream_number(&at);
        if (block->has_tf)
            tf = at < end ? stream_number(&at) : list->position;
        TRY(block_take(flusher, list, block, document, tf));
    }
out:
    return status;
}

static lupe_status list_flush(struct flusher *flusher, const struct growing_list *list)
{
    lupe_status status = LUPE_OK;
    struct posting_block block;
    block.count = 0;
    block.position_count = 0;
    block.has_tf = list->kind != GROWING_DOCUMENTS;
    block.has_positions = list->kind == GROWING_POSITIONS;
    flusher->begun = false;
    TRY(stream_gather(flusher, list));
    if (block.has_positions)
        TRY(postings_with_positions(flusher, list, &block));
    else
        TRY(postings_without_positions(flusher, list, &block));
    TRY(block_write(flusher, list, &block));
    if (flusher->begun)
        TRY(segment_writer_term_end(flusher->writer));
out:
    return status;
}

/* ---- the parts of a segment */

static lupe_status map_make(struct flusher *flusher)
{
    const struct accumulator *accumulator = flusher->accumulator;
    flusher->documents = 0;
    for (uint32_t i = 0; i < accumulator->document_count; i++)
        flusher->documents += !flusher->batch->documents[accumulator->documents[i].document].dead;
    if (flusher->documents == accumulator->document_count)
        return LUPE_OK;
    flusher->map = memory_alloc(accumulator->document_count * sizeof *flusher->map);
    if (!flusher->map)
        return fail_memory();
    for (uint32_t i = 0, next = 0; i < accumulator->document_count; i++) {
        bool dead = flusher->batch->documents[accumulator->documents[i].document].dead;
        flusher->map[i] = dead ? DOCUMENT_DEAD : next++;
    }
    return LUPE_OK;
}

static lupe_status documents_flush(struct flusher *flusher)
{
    lupe_status status = LUPE_OK;
    const struct accumulator *accumulator = flusher->accumulator;
    const struct batch *batch = flusher->batch;
    for (uint32_t i = 0; i < accumulator->document_count; i++) {
        const struct accumulated_document *taken = &accumulator->documents[i];
        const struct batch_document *put = &batch->documents[taken->document];
        if (put->dead)
            continue;
        struct segment_document document = {
            .id = batch_id(batch, taken->document),
            .id_size = put->id_size,
            .length = taken->length,
            .record = batch_record(batch, taken->document),
            .record_size = put->record_size,
            .boundaries = accumulator->boundaries + taken->boundaries,
            .boundary_count = taken->boundary_count / 2,
        };
        TRY(segment_writer_document(flusher->writer, &document));
    }
    TRY(segment_writer_documents_done(flusher->writer));
out:
    return status;
}

/* The lists of ids: one document each, but where two long ids have one key. */
static lupe_status ids_flush(struct flusher *flusher)
{
    lupe_status status = LUPE_OK;
    const struct accumulator *accumulator = flusher->accumulator;
    struct buffer keys = BUFFER_INIT(UINT32_MAX);
    struct sort_item *sorted;
    struct sort_item *memory = NULL;
    uint32_t count = 0;
    uint32_t *offsets = memory_alloc(flusher->documents * sizeof *offsets);
    if (!offsets)
        return fail_memory();

    for (uint32_t i = 0; i < accumulator->document_count; i++) {
        uint32_t document = accumulator->documents[i].document;
        if (flusher->batch->documents[document].dead)
            continue;
        offsets[count++] = (uint32_t)keys.size;
        uint8_t *room = buffer_reserve(&keys, 1 + KEY_BYTES_MAX);
        if (!room)
            break;
        room[0] = (uint8_t)key_of_id(room + 1, batch_id(flusher->batch, document),
                                     flusher->batch->documents[document].id_size);
        keys.size += 1u + room[0];
    }
    TRY(buffer_status(&keys));
    struct sort_context context = {keys.data, offsets, NULL};
    TRY(sort_keys(&context, count, &sorted, &memory));
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *key = sort_key(&context, sorted[i].number);
        if (i == 0 || !keys_equal(&context, &sorted[i - 1], &sorted[i]))
            TRY(segment_writer_term_begin(flusher->writer, key + 1, key[0], 0));
        TRY(segment_writer_term_add(flusher->writer, &sorted[i].number, NULL, NULL, 1));
        if (i + 1 == count || !keys_equal(&context, &sorted[i], &sorted[i + 1]))
            TRY(segment_writer_term_end(flusher->writer));
    }
out:
    memory_free(memory);
    memory_free(offsets);
    buffer_free(&keys);
    return status;
}

/* How far ahead what a list is made of is asked for: a chunk is at a random place, and where it is
 * stands in the one before. */
#define AHEAD_LIST 24u
#define AHEAD_CHUNK 16u
#define AHEAD_SECOND 8u

static lupe_status list_flush_at(struct flusher *flusher, const struct sort_item *sorted,
                                 uint32_t count, uint32_t i)
{
    const struct accumulator *accumulator = flusher->accumulator;
    const struct pool *pool = &accumulator->pool;
    if (count - i > AHEAD_LIST) {
        __builtin_prefetch(accumulator_list(accumulator, sorted[i + AHEAD_LIST].number));
        __builtin_prefetch(
            pool_chunk(pool, accumulator_list(accumulator, sorted[i + AHEAD_CHUNK].number)->first));
        const struct growing_list *list =
            accumulator_list(accumulator, sorted[i + AHEAD_SECOND].number);
        __builtin_prefetch(accumulator->keys.data + list->key);
        if (list->chunks > 1)
            __builtin_prefetch(pool_chunk(pool, load_u32(pool_chunk(pool, list->first) +
                                                         pool_chunk_bytes(0) - POOL_LINK_BYTES)));
    }
    return list_flush(flusher, accumulator_list(accumulator, sorted[i].number));
}

static lupe_status terms_flush(struct flusher *flusher, const struct publication *publication)
{
    lupe_status status = LUPE_OK;
    const struct accumulator *accumulator = flusher->accumulator;
    struct sort_item *sorted;
    struct sort_item *memory = NULL;
    uint32_t i = 0;
    struct sort_context context = {accumulator->keys.data, NULL, accumulator};

    TRY(sort_keys(&context, accumulator->list_count, &sorted, &memory));
    for (; i < accumulator->list_count && sorted[i].list < LIST_IDS; i++)
        TRY(list_flush_at(flusher, sorted, accumulator->list_count, i));
    TRY(ids_flush(flusher));
    for (; i < accumulator->list_count && sorted[i].list < LIST_PAIRS; i++)
        TRY(list_flush_at(flusher, sorted, accumulator->list_count, i));
    TRY(pair_lists_write(flusher->writer, publication));
    for (; i < accumulator->list_count; i++)
        TRY(list_flush_at(flusher, sorted, accumulator->list_count, i));
out:
    memory_free(memory);
    return status;
}

lupe_status flush(const struct accumulator *accumulator, const struct batch *batch,
                  const struct flush_options *options, struct publication *publication,
                  struct segment_entry *entry)
{
    lupe_status status = LUPE_OK;
    struct flusher flusher = {.accumulator = accumulator, .batch = batch, .stream = BUFFER_INIT(0)};
    struct segment_writer_options writer_options = {
        .number = 0, .k1 = options->k1, .b = options->b, .sink = publication_sink(publication)};

    memset(entry, 0, sizeof *entry);
    TRY(map_make(&flusher));
    if (flusher.documents == 0)
        goto out;
    writer_options.frequent_share = pair_lists_share(options->pairs, flusher.documents);
    TRY(segment_writer_open(&writer_options, &flusher.writer));
    TRY(documents_flush(&flusher));
    TRY(terms_flush(&flusher, publication));
    TRY(segment_writer_finish(flusher.writer, entry));
    entry->number = publication->segment;
out:
    segment_writer_close(flusher.writer);
    memory_free(flusher.map);
    memory_free(flusher.positions);
    buffer_free(&flusher.stream);
    return status;
}
