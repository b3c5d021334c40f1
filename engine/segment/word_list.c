/* SPDX-License-Identifier: MIT
 *
 * word_list.c - packs the word list of an index into pieces and unpacks it (FORMAT.md section 2):
 *
 *   (0, 1 + n)  piece := checksum:u64 bytes
 *
 *   the bytes of all pieces: raw_size:u32 packed_size:u32 frame
 */
#include "segment/word_list.h"

#include <assert.h>
#include <zstd.h>

#include "base/hash.h"
#include "base/memory.h"

#define HEAD_BYTES 8u
#define PIECE_BYTES (EXTENT_BYTES - CHECKSUM_BYTES) /* of all pieces but the last */
#define COMPRESSION_LEVEL 9

static lupe_status pieces_put(struct store_write *write, const struct buffer *packed)
{
    lupe_status status = LUPE_OK;
    uint8_t *piece = memory_alloc(EXTENT_BYTES);
    if (!piece)
        return fail_memory();
    for (size_t at = 0, size; at < packed->size; at += size) {
        size = packed->size - at < PIECE_BYTES ? packed->size - at : PIECE_BYTES;
        store_u64(piece, hash_bytes(packed->data + at, size));
        memcpy(piece + CHECKSUM_BYTES, packed->data + at, size);
        TRY(store_put(write, 0, 1 + (uint32_t)(at / PIECE_BYTES), piece, CHECKSUM_BYTES + size));
    }
out:
    memory_free(piece);
    return status;
}

lupe_status word_list_put(struct store_write *write, const void *bytes, size_t size)
{
    lupe_status status = LUPE_OK;
    struct buffer packed = BUFFER_INIT(0);
    size_t bound = ZSTD_compressBound(size);
    assert(size > 0 && size <= LEXICON_BYTES_MAX);
    uint8_t *room = buffer_reserve(&packed, HEAD_BYTES + bound);
    if (!room) {
        status = buffer_status(&packed);
        goto out;
    }
    size_t packed_size = ZSTD_compress(room + HEAD_BYTES, bound, bytes, size, COMPRESSION_LEVEL);
    if (ZSTD_isError(packed_size)) {
        status = fail_memory(); /* nothing else can fail where there is room */
        goto out;
    }
    store_u32(room, (uint32_t)size);
    store_u32(room + 4, (uint32_t)packed_size);
    packed.size = HEAD_BYTES + packed_size;
    TRY(pieces_put(write, &packed));
out:
    buffer_free(&packed);
    return status;
}

static lupe_status list_corrupt(const char *what)
{
    return fail(LUPE_CORRUPT,
                "the index's word list is damaged: %s; restore the index from a backup", what);
}

/* Adds the bytes of a piece. */
static lupe_status piece_get(struct store_read *read, uint32_t number, struct buffer *packed)
{
    const uint8_t *value;
    size_t size;
    lupe_status status = store_get(read, 0, number, &value, &size);
    if (status == LUPE_NOT_FOUND)
        return list_corrupt("a piece is missing");
    if (status != LUPE_OK)
        return status;
    if (size <= CHECKSUM_BYTES || size > EXTENT_BYTES ||
        load_u64(value) != hash_bytes(value + CHECKSUM_BYTES, size - CHECKSUM_BYTES))
        return list_corrupt("the checksum of a piece is wrong");
    buffer_add(packed, value + CHECKSUM_BYTES, size - CHECKSUM_BYTES);
    return buffer_status(packed);
}

lupe_status word_list_get(struct store_read *read, struct buffer *bytes)
{
    lupe_status status = LUPE_OK;
    struct buffer packed = BUFFER_INIT(0);
    TRY(piece_get(read, 1, &packed));
    if (packed.size <= HEAD_BYTES) {
        status = list_corrupt("it has no content");
        goto out;
    }
    size_t raw_size = load_u32(packed.data);
    size_t packed_size = load_u32(packed.data + 4);
    if (raw_size == 0 || raw_size > LEXICON_BYTES_MAX ||
        packed_size > ZSTD_compressBound(raw_size)) {
        status = list_corrupt("its size is impossible");
        goto out;
    }
    for (uint32_t number = 2; packed.size < HEAD_BYTES + packed_size; number++)
        TRY(piece_get(read, number, &packed));
    uint8_t *room = buffer_reserve(bytes, raw_size);
    if (!room) {
        status = buffer_status(bytes);
        goto out;
    }
    if (packed.size != HEAD_BYTES + packed_size ||
        ZSTD_decompress(room, raw_size, packed.data + HEAD_BYTES, packed_size) != raw_size)
        status = list_corrupt("it cannot be unpacked");
    else
        bytes->size += raw_size;
out:
    buffer_free(&packed);
    return status;
}
