/* SPDX-License-Identifier: MIT
 *
 * boundaries.c - writes and reads field boundaries (FORMAT.md section 11):
 *
 *   boundaries     := nothing | field:varint | group *
 *   group          := same:u64 document * 64 (fewer in the last)    groups may straddle extents
 *   document       := [value_count:varint field:varint *] words:varint *
 *   boundary index := offset:u32 *                            empty without groups
 *
 * Bit i of same: document i of the group has as many values, of the same fields, as the one before
 * it, and they are left out. The words of a document's last value are never there.
 *
 * Nothing: no document has a text value. One field: every document has at most one text value, and
 * all are of that field. So the writer holds groups back until a document shows that they are
 * needed; until then they cost a few bytes a document of memory.
 */
#include "segment/boundaries.h"

#include <assert.h>

void boundary_writer_init(struct boundary_writer *writer, struct section_writer *boundaries,
                          struct section_writer *index)
{
    writer->boundaries = boundaries;
    writer->index = index;
    writer->held = BUFFER_INIT(0);
    writer->held_groups = BUFFER_INIT(0);
    writer->fields = BUFFER_INIT(0);
    writer->group_start = 0;
    writer->documents = 0;
    writer->field = UINT32_MAX;
    writer->needed = false;
}

void boundary_writer_free(struct boundary_writer *writer)
{
    buffer_free(&writer->held);
    buffer_free(&writer->held_groups);
    buffer_free(&writer->fields);
}

static lupe_status group_put(struct boundary_writer *writer, const uint8_t *bytes, size_t size)
{
    uint64_t offset = section_writer_offset(writer->boundaries);
    uint8_t entry[4];
    if (offset > UINT32_MAX)
        return fail(LUPE_LIMIT, "the field boundaries of a segment exceed 4 GiB");
    store_u32(entry, (uint32_t)offset);
    section_writer_add(writer->index, entry, sizeof entry);
    section_writer_add(writer->boundaries, bytes, size);
    return writer->boundaries->status ? writer->boundaries->status : writer->index->status;
}

/* Puts all complete groups; the one being filled moves to the beginning of held. */
static lupe_status groups_release(struct boundary_writer *writer)
{
    size_t start = 0;
    for (size_t i = 0; i < writer->held_groups.size; i += 4) {
        size_t end = load_u32(writer->held_groups.data + i);
        lupe_status status = group_put(writer, writer->held.data + start, end - start);
        if (status)
            return status;
        start = end;
    }
    memmove(writer->held.data, writer->held.data + start, writer->held.size - start);
    writer->held.size -= start;
    writer->group_start -= start;
    buffer_clear(&writer->held_groups);
    return LUPE_OK;
}

static void check_needed(struct boundary_writer *writer, const uint32_t *pairs, size_t count)
{
    if (count == 0)
        return;
    if (writer->field == UINT32_MAX)
        writer->field = pairs[0];
    if (count > 1 || pairs[0] != writer->field)
        writer->needed = true;
}

/* Whether the values are of the same fields as those of the document before. */
static bool same_fields(const struct boundary_writer *writer, const uint32_t *pairs, size_t count)
{
    bool same = writer->fields.size == 4 * count;
    for (size_t i = 0; i < count && same; i++)
        same = load_u32(writer->fields.data + 4 * i) == pairs[2 * i];
    return same;
}

lupe_status boundary_writer_add(struct boundary_writer *writer, const uint32_t *pairs, size_t count)
{
    unsigned place = writer->documents % BOUNDARY_GROUP_DOCUMENTS;
    check_needed(writer, pairs, count);
    if (place == 0) {
        writer->group_start = writer->held.size;
        buffer_add_u64(&writer->held, 0);
    }
    bool same = place && same_fields(writer, pairs, count);
    if (!same) {
        buffer_clear(&writer->fields);
        buffer_add_varint(&writer->held, count);
    }
    for (size_t i = 0; i < count && !same; i++) {
        buffer_add_varint(&writer->held, pairs[2 * i]);
        buffer_add_u32(&writer->fields, pairs[2 * i]);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        assert(pairs[2 * i + 1] <= DOCUMENT_WORDS_MAX);
        buffer_add_varint(&writer->held, pairs[2 * i + 1]);
    }
    lupe_status status = buffer_status(&writer->held);
    if (!status)
        status = buffer_status(&writer->fields);
    if (status)
        return status;
    uint8_t *bits = writer->held.data + writer->group_start;
    store_u64(bits, load_u64(bits) | (uint64_t)same << place);
    if (writer->held.size > UINT32_MAX)
        return fail(LUPE_LIMIT, "the field boundaries of a segment exceed 4 GiB");
    if (++writer->documents % BOUNDARY_GROUP_DOCUMENTS == 0) {
        buffer_add_u32(&writer->held_groups, (uint32_t)writer->held.size);
        status = buffer_status(&writer->held_groups);
    }
    if (!status && writer->needed && writer->held_groups.size)
        status = groups_release(writer);
    return status;
}

lupe_status boundary_writer_finish(struct boundary_writer *writer)
{
    if (!writer->needed && writer->field != UINT32_MAX) {
        uint8_t field[VARINT_BYTES_MAX];
        section_writer_add(writer->boundaries, field, varint_put(field, writer->field));
        return writer->boundaries->status;
    }
    if (!writer->needed || writer->held.size == 0)
        return LUPE_OK;
    return group_put(writer, writer->held.data, writer->held.size);
}

/* ---- reading */

uint64_t boundary_index_bytes(uint32_t documents)
{
    return ((uint64_t)documents + BOUNDARY_GROUP_DOCUMENTS - 1) / BOUNDARY_GROUP_DOCUMENTS * 4;
}

static lupe_status boundaries_corrupt(const struct section *boundaries, uint32_t document)
{
    return fail(LUPE_CORRUPT, "segment %u: the field boundaries of document %u are damaged",
                boundaries->segment, document);
}

/* Parses documents up to the one wanted; false when the bytes are damaged. */
static bool group_parse(struct cursor *cursor, uint32_t number, uint32_t *pairs, size_t pairs_max,
                        size_t *count)
{
    uint64_t same = cursor_u64(cursor);
    struct cursor fields = *cursor;
    uint64_t values = 0;
    if (same & 1)
        return false;
    for (uint32_t i = 0; i <= number; i++) {
        if (!(same >> i & 1)) {
            values = cursor_varint(cursor);
            fields = *cursor;
            if (values > cursor_left(cursor))
                return false;
            for (uint64_t j = 0; j < values; j++)
                if (cursor_varint(cursor) >= FIELDS_MAX)
                    return false;
        }
        for (uint64_t j = 1; j < values && cursor->ok; j++) {
            uint64_t words = cursor_varint(cursor);
            if (words > DOCUMENT_WORDS_MAX)
                return false;
            if (i == number && j <= pairs_max)
                pairs[2 * j - 1] = (uint32_t)words;
        }
    }
    for (uint64_t j = 0; j < values && j < pairs_max; j++)
        pairs[2 * j] = (uint32_t)cursor_varint(&fields);
    if (values && values <= pairs_max)
        pairs[2 * values - 1] = DOCUMENT_WORDS_MAX;
    *count = (size_t)values;
    return cursor->ok;
}

/* One field for all. */
static lupe_status field_read(struct section *boundaries, uint32_t document, uint32_t *pairs,
                              size_t pairs_max, size_t *count)
{
    const uint8_t *bytes;
    size_t left;
    lupe_status status = section_at(boundaries, 0, &bytes, &left);
    if (status)
        return status;
    struct cursor cursor = cursor_of(bytes, left);
    uint64_t field = cursor_varint(&cursor);
    if (!cursor.ok || cursor_left(&cursor) || field >= FIELDS_MAX)
        return boundaries_corrupt(boundaries, document);
    if (pairs_max) {
        pairs[0] = (uint32_t)field;
        pairs[1] = DOCUMENT_WORDS_MAX;
    }
    *count = 1;
    return LUPE_OK;
}

lupe_status boundary_read(struct section *boundaries, struct section *index, uint32_t document,
                          uint32_t *pairs, size_t pairs_max, size_t *count)
{
    lupe_status status = LUPE_OK;
    uint8_t *gathered = NULL;
    const uint8_t *bytes;
    size_t left;

    *count = 0;
    if (boundaries->length == 0)
        return LUPE_OK;
    if (index->length == 0)
        return field_read(boundaries, document, pairs, pairs_max, count);

    /* The group ends where the next begins. */
    uint8_t ends[8] = {0};
    uint64_t at = (uint64_t)(document / BOUNDARY_GROUP_DOCUMENTS) * 4;
    bool is_last = at + 4 >= index->length;
    TRY(section_copy(index, at, ends, is_last ? 4 : 8));
    uint64_t start = load_u32(ends);
    uint64_t end = is_last ? boundaries->length : load_u32(ends + 4);
    if (start >= end || end > boundaries->length) {
        status = boundaries_corrupt(boundaries, document);
        goto out;
    }
    TRY(section_at(boundaries, start, &bytes, &left));
    if (left < end - start) {
        gathered = memory_alloc((size_t)(end - start));
        if (!gathered) {
            status = fail_memory();
            goto out;
        }
        TRY(section_copy(boundaries, start, gathered, (size_t)(end - start)));
        bytes = gathered;
    }
    struct cursor cursor = cursor_of(bytes, (size_t)(end - start));
    if (!group_parse(&cursor, document % BOUNDARY_GROUP_DOCUMENTS, pairs, pairs_max, count)) {
        *count = 0;
        status = boundaries_corrupt(boundaries, document);
    }
out:
    memory_free(gathered);
    return status;
}
