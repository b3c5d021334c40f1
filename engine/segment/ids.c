/* SPDX-License-Identifier: MIT
 *
 * ids.c - writes and reads the column of ids (FORMAT.md section 9):
 *
 *   ids      := first:u32 ranks long *
 *   ranks    := one number of w bits a document, least significant bit first, in whole bytes
 *   long     := document:u32 offset:u32        of each id above ID_TERM_BYTES_MAX, by document
 *   long ids := byte *                         their bytes, from offset to the next one's
 *
 * The dictionary has the ids already: entry first + rank has the document's key in list 1. All its
 * blocks but the last have as many entries, so that the number leads to the block. w is what
 * documents - 1 takes. Measured on 160,000 documents the column has 0.36 MB where one of the ids
 * themselves, front-coded in groups of 16, had 4.45 (see bench/DECISIONS.md).
 */
#include "segment/ids.h"

#include <assert.h>

#include "segment/short_list.h"

#define RANKS_AT 4u
#define LONG_BYTES 8u
#define RANK_WINDOW_BYTES 4u

_Static_assert(SEGMENT_DOCUMENTS_MAX <= 1u << 25, "a rank lies within four bytes");
_Static_assert(RANK_WINDOW_BYTES <= READ_PADDING_BYTES, "four bytes can be read at any place");

/* ---- writing */

void id_writer_init(struct id_writer *writer, struct section_writer *ids,
                    struct section_writer *long_ids)
{
    *writer = (struct id_writer){.ids = ids, .long_ids = long_ids};
    writer->long_index = BUFFER_INIT(0);
    writer->ranks = BUFFER_INIT(0);
}

void id_writer_free(struct id_writer *writer)
{
    buffer_free(&writer->long_index);
    buffer_free(&writer->ranks);
}

lupe_status id_writer_add_long(struct id_writer *writer, uint32_t document, const void *id,
                               size_t size)
{
    assert(size > ID_TERM_BYTES_MAX && size <= ID_BYTES_MAX);
    uint64_t offset = section_writer_offset(writer->long_ids);
    if (offset > UINT32_MAX)
        return fail(LUPE_LIMIT, "the long ids of a segment exceed 4 GiB");
    section_writer_add(writer->long_ids, id, size);
    buffer_add_u32(&writer->long_index, document);
    buffer_add_u32(&writer->long_index, (uint32_t)offset);
    return writer->long_ids->status ? writer->long_ids->status : buffer_status(&writer->long_index);
}

static uint64_t ranks_bytes(uint32_t documents)
{
    return ((uint64_t)documents * document_bits(documents) + 7) / 8;
}

lupe_status id_writer_begin(struct id_writer *writer, uint32_t documents)
{
    size_t size = (size_t)ranks_bytes(documents);
    uint8_t *room = buffer_reserve(&writer->ranks, size + RANK_WINDOW_BYTES);
    if (!room)
        return buffer_status(&writer->ranks);
    memset(room, 0, size + RANK_WINDOW_BYTES);
    writer->ranks.size = size;
    writer->width = document_bits(documents);
    writer->documents = documents;
    return LUPE_OK;
}

void id_writer_rank(struct id_writer *writer, uint64_t rank, const uint32_t *documents,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = (uint64_t)documents[i] * writer->width;
        uint8_t *at = writer->ranks.data + bit / 8;
        assert(documents[i] < writer->documents);
        store_u32(at, load_u32(at) | (uint32_t)rank << bit % 8);
    }
    writer->ranked += count;
}

lupe_status id_writer_finish(struct id_writer *writer, uint64_t first)
{
    uint8_t head[RANKS_AT];
    if (writer->ranked != writer->documents)
        return fail(LUPE_CORRUPT, "%llu documents are in the lists of ids instead of %u",
                    (unsigned long long)writer->ranked, writer->documents);
    if (first > UINT32_MAX)
        return fail(LUPE_LIMIT, "a segment has more than 2^32 terms before its ids");
    store_u32(head, (uint32_t)first);
    section_writer_add(writer->ids, head, sizeof head);
    section_writer_add(writer->ids, writer->ranks.data, writer->ranks.size);
    section_writer_add(writer->ids, writer->long_index.data, writer->long_index.size);
    return writer->ids->status;
}

/* ---- reading */

bool id_lengths_fit(uint32_t documents, uint64_t ids_length, uint64_t long_ids_length)
{
    uint64_t least = RANKS_AT + ranks_bytes(documents);
    if (ids_length < least || (ids_length - least) % LONG_BYTES)
        return false;
    uint64_t count = (ids_length - least) / LONG_BYTES;
    return count <= documents && !count == !long_ids_length;
}

uint64_t id_long_count(const struct section *ids, uint32_t documents)
{
    return (ids->length - RANKS_AT - ranks_bytes(documents)) / LONG_BYTES;
}

/* Copies up to four bytes that may lie in two extents; behind the section's end they are zeros. */
static lupe_status window_copy(struct section *ids, uint64_t offset, uint32_t *window)
{
    uint8_t bytes[RANK_WINDOW_BYTES] = {0};
    uint64_t left = ids->length - offset;
    lupe_status status =
        section_copy(ids, offset, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes);
    *window = load_u32(bytes);
    return status;
}

lupe_status id_entry_number(struct section *ids, uint32_t documents, uint32_t document,
                            uint64_t *number)
{
    unsigned width = document_bits(documents);
    uint64_t bit = (uint64_t)document * width;
    uint32_t window = 0;
    uint8_t first[RANKS_AT];
    const uint8_t *bytes;
    size_t left;

    assert(document < documents);
    *number = 0;
    lupe_status status = section_copy(ids, 0, first, sizeof first);
    if (!status && width) {
        status = section_at(ids, RANKS_AT + bit / 8, &bytes, &left);
        if (!status && left >= RANK_WINDOW_BYTES)
            window = load_u32(bytes);
        else if (!status)
            status = window_copy(ids, RANKS_AT + bit / 8, &window);
    }
    if (status)
        return status;
    *number = (uint64_t)load_u32(first) + (window >> bit % 8 & ((1u << width) - 1));
    return LUPE_OK;
}

static lupe_status long_id_corrupt(const struct section *ids, uint32_t document)
{
    return fail(LUPE_CORRUPT, "segment %u: the long id of document %u is damaged", ids->segment,
                document);
}

/* The offset of the long id that is at a place of their index, behind the last that of the end;
 * document (may be NULL) whose it is. */
static lupe_status long_read(struct section *ids, struct section *long_ids, uint64_t start,
                             uint64_t place, uint32_t *document, uint64_t *offset)
{
    uint8_t entry[LONG_BYTES];
    uint64_t at = start + place * LONG_BYTES;
    *offset = long_ids->length;
    if (at == ids->length)
        return LUPE_OK;
    lupe_status status = section_copy(ids, at, entry, sizeof entry);
    if (status)
        return status;
    if (document)
        *document = load_u32(entry);
    *offset = load_u32(entry + 4);
    return LUPE_OK;
}

lupe_status id_read_long(struct section *ids, struct section *long_ids, uint32_t documents,
                         uint32_t document, struct buffer *out)
{
    lupe_status status = LUPE_OK;
    uint64_t start = RANKS_AT + ranks_bytes(documents);
    uint64_t low = 0;
    uint64_t high = id_long_count(ids, documents); /* behind it all are of later documents */
    uint64_t offset, end;
    uint32_t at = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        TRY(long_read(ids, long_ids, start, middle, &at, &offset));
        if (at <= document)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return LUPE_NOT_FOUND;
    TRY(long_read(ids, long_ids, start, low - 1, &at, &offset));
    if (at != document)
        return LUPE_NOT_FOUND;
    TRY(long_read(ids, long_ids, start, low, NULL, &end));
    if (offset > end || end > long_ids->length || end - offset <= ID_TERM_BYTES_MAX ||
        end - offset > ID_BYTES_MAX)
        return long_id_corrupt(ids, document);
    uint8_t *room = buffer_reserve(out, (size_t)(end - offset));
    if (!room)
        return buffer_status(out);
    TRY(section_copy(long_ids, offset, room, (size_t)(end - offset)));
    out->size += (size_t)(end - offset);
out:
    return status;
}
