/* SPDX-License-Identifier: MIT
 *
 * growing.c - see growing.h.
 */
#include "write/growing.h"

/* ---- the pool */

static lupe_status pool_block(struct pool *pool)
{
    if (pool->kept == pool->block_count) {
        if (pool->block_count == pool->block_capacity) {
            uint32_t capacity = pool->block_capacity ? pool->block_capacity * 2 : 16;
            uint8_t **blocks = memory_realloc(pool->blocks, capacity * sizeof *blocks);
            if (!blocks)
                return fail_memory();
            pool->blocks = blocks;
            pool->block_capacity = capacity;
        }
        uint8_t *block = memory_alloc(POOL_BLOCK_BYTES + RECORD_BYTES_MAX);
        if (!block)
            return fail_memory();
        pool->blocks[pool->block_count++] = block;
    }
    pool->kept++;
    pool->next = 0;
    return LUPE_OK;
}

/* A chunk of the size that follows `ordinal` others of its list. */
static lupe_status pool_take(struct pool *pool, unsigned ordinal, uint32_t *chunk)
{
    uint32_t units = (uint32_t)(pool_chunk_bytes(ordinal) / POOL_UNIT_BYTES);
    if (pool->kept == 0 || pool->next + units > POOL_UNITS) {
        lupe_status status = pool_block(pool);
        if (status != LUPE_OK)
            return status;
    }
    *chunk = (pool->kept - 1) * POOL_UNITS + pool->next;
    pool->next += units;
    return LUPE_OK;
}

void pool_trim(struct pool *pool, uint32_t blocks)
{
    while (pool->block_count > blocks)
        memory_free(pool->blocks[--pool->block_count]);
}

/* ---- writing */

lupe_status growing_init(struct pool *pool, struct growing_list *list, enum growing_kind kind,
                         uint32_t key)
{
    lupe_status status = pool_take(pool, 0, &list->first);
    if (status != LUPE_OK)
        return status;
    list->next = pool_chunk(pool, list->first);
    list->left = (uint16_t)(pool_chunk_bytes(0) - POOL_LINK_BYTES);
    list->document = 0;
    list->position = 0;
    list->chunks = 1;
    list->kind = (uint8_t)kind;
    list->key = key;
    return LUPE_OK;
}

__attribute__((noinline)) lupe_status growing_append_slow(struct pool *pool,
                                                          struct growing_list *list,
                                                          const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (list->left == 0) {
            uint32_t chunk;
            lupe_status status = pool_take(pool, list->chunks, &chunk);
            if (status != LUPE_OK)
                return status;
            store_u32(list->next, chunk);
            list->next = pool_chunk(pool, chunk);
            list->left = (uint16_t)(pool_chunk_bytes(list->chunks) - POOL_LINK_BYTES);
            /* Beyond the largest size the ordinal no longer matters. */
            if (list->chunks < 2 * POOL_CHUNK_SHIFT_MAX)
                list->chunks++;
        }
        *list->next++ = bytes[i];
        list->left--;
    }
    return LUPE_OK;
}

lupe_status growing_add_long(struct pool *pool, struct growing_list *list, uint32_t document,
                             uint32_t position, uint8_t form)
{
    const uint8_t bytes[FORM_RECORD_BYTES] = {0, form};
    lupe_status status = growing_add_position(pool, list, document, position, 0);
    return status ? status : growing_append_slow(pool, list, bytes, sizeof bytes);
}

/* Where to write varints: in place, or in spare where the chunk may be too short. */
static inline uint8_t *append_begin(const struct growing_list *list, uint8_t *spare)
{
    return list->left < VARINTS_BYTES_MAX ? spare : list->next;
}

static inline lupe_status append_end(struct pool *pool, struct growing_list *list,
                                     const uint8_t *spare, const uint8_t *start, size_t size)
{
    if (start == spare)
        return growing_append_slow(pool, list, spare, size);
    list->next += size;
    list->left = (uint16_t)(list->left - size);
    return LUPE_OK;
}

lupe_status growing_add_tf(struct pool *pool, struct growing_list *list, uint32_t document)
{
    if (list->document == document + 1) {
        list->position++;
        return LUPE_OK;
    }
    uint8_t spare[VARINTS_BYTES_MAX];
    uint8_t *bytes = append_begin(list, spare);
    size_t size = list->document ? varint_put(bytes, list->position) : 0;
    size += varint_put(bytes + size, document + 1 - list->document);
    list->document = document + 1;
    list->position = 1;
    return append_end(pool, list, spare, bytes, size);
}

lupe_status growing_add_document(struct pool *pool, struct growing_list *list, uint32_t document)
{
    if (list->document == document + 1)
        return LUPE_OK;
    uint8_t spare[VARINTS_BYTES_MAX];
    uint8_t *bytes = append_begin(list, spare);
    size_t size = varint_put(bytes, document + 1 - list->document);
    list->document = document + 1;
    return append_end(pool, list, spare, bytes, size);
}

/* ---- reading */

static uint32_t low_mask(unsigned bits)
{
    return (uint32_t)(((uint64_t)1 << bits) - 1);
}

void record_forms_make(struct record_form forms[RECORD_FORMS])
{
    for (unsigned head = 0; head < RECORD_FORMS; head++) {
        struct record_form *form = &forms[head];
        if (head % 4) {
            unsigned two = head % 2 == 0;
            *form = (struct record_form){
                0, low_mask(7 + 7 * two), UINT32_MAX, (uint8_t)(1 + two), (uint8_t)(1 + two), 0, 0,
                0};
            continue;
        }
        if (head == 0) {
            *form = (struct record_form){0, 0, UINT32_MAX, 0, FORM_RECORD_BYTES, 0, 1, UINT8_MAX};
            continue;
        }
        unsigned gap_bytes = head >> 2 & 3;
        unsigned bytes = (head >> 4 & 3) + 1;
        bool is_new = gap_bytes || head >> RECORD_GAP_SHIFT;
        *form = (struct record_form){low_mask(2 + 8 * gap_bytes),
                                     low_mask(8 * bytes),
                                     is_new ? 0 : UINT32_MAX,
                                     (uint8_t)(8 + 8 * gap_bytes),
                                     (uint8_t)(1 + gap_bytes + bytes),
                                     is_new,
                                     0,
                                     0};
    }
}

/* Copies a chunk's bytes, and up to a unit more: both ends have room. Most chunks are a unit or
 * two, for which a call of memcpy costs more than the copying. */
static inline void chunk_copy(uint8_t *out, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size; done += POOL_UNIT_BYTES)
        memcpy(out + done, bytes + done, POOL_UNIT_BYTES);
}

lupe_status growing_bytes(const struct pool *pool, const struct growing_list *list,
                          struct buffer *stream, const uint8_t **at, const uint8_t **end)
{
    uint32_t chunk = list->first;
    if (list->chunks == 1) {
        *at = pool_chunk(pool, chunk);
        *end = list->next;
        return LUPE_OK;
    }
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
            break;
        chunk = load_u32(bytes + size);
    }
    *at = stream->data;
    *end = stream->data + stream->size;
    return LUPE_OK;
}
