/* SPDX-License-Identifier: MIT
 *
 * ids.c - writes and reads the column of ids (FORMAT.md section 9):
 *
 *   ids      := group *                each an item
 *   group    := (shared:varint suffix:string) * 16 (fewer in the last)
 *   id index := offset:u32 *           of each group in section 6
 */
#include "segment/ids.h"

#include <assert.h>

#define GROUP_BYTES_MAX (ID_GROUP_DOCUMENTS * (ID_BYTES_MAX + 2 * VARINT_BYTES_MAX))

_Static_assert(GROUP_BYTES_MAX <= EXTENT_PAYLOAD_BYTES, "a group is an item");

void id_writer_init(struct id_writer *writer, struct section_writer *ids,
                    struct section_writer *index)
{
    writer->ids = ids;
    writer->index = index;
    writer->group = BUFFER_INIT(GROUP_BYTES_MAX);
    writer->count = 0;
    writer->last_size = 0;
}

void id_writer_free(struct id_writer *writer)
{
    buffer_free(&writer->group);
}

static lupe_status group_flush(struct id_writer *writer)
{
    lupe_status status = buffer_status(&writer->group);
    if (status || writer->count == 0)
        return status;
    section_writer_fit(writer->ids, writer->group.size);
    uint64_t offset = section_writer_offset(writer->ids);
    if (offset > UINT32_MAX)
        return fail(LUPE_LIMIT, "the ids of a segment exceed 4 GiB");
    section_writer_add(writer->ids, writer->group.data, writer->group.size);
    uint8_t entry[4];
    store_u32(entry, (uint32_t)offset);
    section_writer_add(writer->index, entry, sizeof entry);
    buffer_clear(&writer->group);
    writer->count = 0;
    writer->last_size = 0;
    return writer->ids->status ? writer->ids->status : writer->index->status;
}

lupe_status id_writer_add(struct id_writer *writer, const void *id, size_t size)
{
    assert(size > 0 && size <= ID_BYTES_MAX);
    const uint8_t *bytes = id;
    size_t shared = 0;
    while (shared < size && shared < writer->last_size && writer->last[shared] == bytes[shared])
        shared++;
    buffer_add_varint(&writer->group, shared);
    buffer_add_varint(&writer->group, size - shared);
    buffer_add(&writer->group, bytes + shared, size - shared);
    memcpy(writer->last + shared, bytes + shared, size - shared);
    writer->last_size = size;
    if (++writer->count == ID_GROUP_DOCUMENTS)
        return group_flush(writer);
    return buffer_status(&writer->group);
}

lupe_status id_writer_finish(struct id_writer *writer)
{
    return group_flush(writer);
}

uint64_t id_index_bytes(uint32_t documents)
{
    return ((uint64_t)documents + ID_GROUP_DOCUMENTS - 1) / ID_GROUP_DOCUMENTS * 4;
}

lupe_status id_read(struct section *ids, struct section *index, uint32_t document,
                    struct buffer *out)
{
    uint8_t entry[4];
    const uint8_t *bytes;
    size_t left;
    lupe_status status =
        section_copy(index, (uint64_t)(document / ID_GROUP_DOCUMENTS) * 4, entry, sizeof entry);
    if (!status)
        status = section_at(ids, load_u32(entry), &bytes, &left);
    if (status)
        return status;

    /* The id grows and shrinks at the end of out; what stood there before stays. */
    size_t start = out->size;
    struct cursor cursor = cursor_of(bytes, left);
    for (uint32_t i = 0; i <= document % ID_GROUP_DOCUMENTS; i++) {
        uint64_t shared = cursor_varint(&cursor);
        uint64_t suffix_size = cursor_varint(&cursor);
        if (!cursor.ok || shared > out->size - start || suffix_size > ID_BYTES_MAX - shared ||
            shared + suffix_size == 0)
            goto damaged;
        const uint8_t *suffix = cursor_take(&cursor, (size_t)suffix_size);
        if (!suffix)
            goto damaged;
        out->size = start + (size_t)shared;
        buffer_add(out, suffix, (size_t)suffix_size);
        status = buffer_status(out);
        if (status)
            return status;
    }
    return LUPE_OK;
damaged:
    out->size = start;
    return fail(LUPE_CORRUPT, "segment %u: the id of document %u is damaged", ids->segment,
                document);
}
