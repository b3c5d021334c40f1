/* SPDX-License-Identifier: MIT
 *
 * extent.c - writes and reads extents (FORMAT.md section 3):
 *
 *   extent := payload zero* checksum:u64
 *
 *    0                                 payload            size-8     size = n*4096 - 16
 *    +---------------------------------+------------------+----------+
 *    | payload                         | zeros, >= 64     | checksum |
 *    +---------------------------------+------------------+----------+
 *
 * A full payload is handed on only when another byte comes, so that a section that ends with a full
 * extent has no empty one behind it.
 */
#include "segment/extent.h"

#include <assert.h>

#include "base/hash.h"

#define EXTENTS_MAX (1u << 24) /* of a section: what its running numbers can name */

_Static_assert(EXTENT_PAYLOAD_BYTES % 12 == 0, "offsets and index entries never straddle extents");
_Static_assert(READ_PADDING_BYTES + CHECKSUM_BYTES == EXTENT_TAIL_BYTES, "the tail of an extent");

/* ---- writing */

void section_writer_init(struct section_writer *writer, enum section_id section,
                         const struct extent_sink *sink)
{
    assert(section > 0 && section < SECTION_LIVE);
    *writer = (struct section_writer){sink, section, 0, BUFFER_INIT(EXTENT_BYTES), LUPE_OK};
}

void section_writer_free(struct section_writer *writer)
{
    buffer_free(&writer->payload);
}

void extent_seal(struct buffer *payload, size_t value_bytes)
{
    assert(payload->status || payload->size + EXTENT_TAIL_BYTES <= value_bytes);
    size_t zeros = value_bytes - CHECKSUM_BYTES - payload->size;
    uint8_t *room = buffer_reserve(payload, zeros + CHECKSUM_BYTES);
    if (!room)
        return;
    memset(room, 0, zeros);
    payload->size += zeros;
    buffer_add_u64(payload, hash_bytes(payload->data, payload->size));
}

bool extent_sound(const uint8_t *value, size_t size)
{
    return size > CHECKSUM_BYTES &&
           load_u64(value + size - CHECKSUM_BYTES) == hash_bytes(value, size - CHECKSUM_BYTES);
}

static void section_writer_flush(struct section_writer *writer)
{
    if (writer->status)
        return;
    if (writer->extents == EXTENTS_MAX) {
        writer->status = fail(LUPE_LIMIT, "section %d of a segment exceeds %u extents",
                              (int)writer->section, EXTENTS_MAX);
        return;
    }
    extent_seal(&writer->payload, extent_value_bytes(writer->payload.size));
    writer->status = buffer_status(&writer->payload);
    if (!writer->status)
        writer->status =
            writer->sink->put(writer->sink->user, extent_number(writer->section, writer->extents),
                              writer->payload.data, writer->payload.size);
    writer->extents++;
    buffer_clear(&writer->payload);
}

uint64_t section_writer_offset(const struct section_writer *writer)
{
    return (uint64_t)writer->extents * EXTENT_PAYLOAD_BYTES + writer->payload.size;
}

size_t section_writer_left(const struct section_writer *writer)
{
    size_t left = EXTENT_PAYLOAD_BYTES - writer->payload.size;
    return left ? left : EXTENT_PAYLOAD_BYTES;
}

void section_writer_fit(struct section_writer *writer, size_t size)
{
    assert(size <= EXTENT_PAYLOAD_BYTES);
    size_t left = section_writer_left(writer);
    if (size <= left || writer->status)
        return;
    uint8_t *room = buffer_reserve(&writer->payload, left);
    if (!room) {
        writer->status = buffer_status(&writer->payload);
        return;
    }
    memset(room, 0, left);
    writer->payload.size += left;
}

void section_writer_add(struct section_writer *writer, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size && !writer->status) {
        if (writer->payload.size == EXTENT_PAYLOAD_BYTES) {
            section_writer_flush(writer);
            continue;
        }
        size_t left = section_writer_left(writer);
        size_t part = size < left ? size : left;
        buffer_add(&writer->payload, from, part);
        if (writer->payload.status)
            writer->status = buffer_status(&writer->payload);
        from += part;
        size -= part;
    }
}

lupe_status section_writer_finish(struct section_writer *writer)
{
    if (writer->payload.size)
        section_writer_flush(writer);
    return writer->status;
}

/* ---- reading */

static size_t extent_payload(const struct section *section, uint32_t extent)
{
    uint64_t rest = section->length - (uint64_t)extent * EXTENT_PAYLOAD_BYTES;
    return rest < EXTENT_PAYLOAD_BYTES ? (size_t)rest : EXTENT_PAYLOAD_BYTES;
}

/* The value of an extent, of the size its place in the section asks for. */
static lupe_status extent_value(const struct section *section, uint32_t extent,
                                const uint8_t **value, size_t *size)
{
    size_t expected = extent_value_bytes(extent_payload(section, extent));
    *value = NULL;
    *size = 0;
    lupe_status status = LUPE_NOT_FOUND;
    if (section->read)
        status = store_get(section->read, section->segment, extent_number(section->id, extent),
                           value, size);
    if (status == LUPE_NOT_FOUND)
        return fail(LUPE_CORRUPT, "segment %u, section %u: extent %u is missing", section->segment,
                    section->id, extent);
    if (status)
        return status;
    if (*size != expected)
        return fail(LUPE_CORRUPT, "segment %u, section %u: extent %u has %zu bytes instead of %zu",
                    section->segment, section->id, extent, *size, expected);
    return LUPE_OK;
}

lupe_status section_at_slow(struct section *section, uint64_t offset, const uint8_t **bytes,
                            size_t *left)
{
    *bytes = NULL;
    *left = 0;
    if (offset >= section->length)
        return fail(LUPE_CORRUPT, "segment %u, section %u: offset %llu lies behind the end, %llu",
                    section->segment, section->id, (unsigned long long)offset,
                    (unsigned long long)section->length);
    uint32_t extent = (uint32_t)(offset / EXTENT_PAYLOAD_BYTES);
    assert(extent < section->extent_count);
    if (!section->extents[extent]) {
        const uint8_t *value;
        size_t size;
        lupe_status status = extent_value(section, extent, &value, &size);
        if (status)
            return status;
        section->extents[extent] = value;
    }
    size_t within = (size_t)(offset % EXTENT_PAYLOAD_BYTES);
    *bytes = section->extents[extent] + within;
    *left = extent_payload(section, extent) - within;
    return LUPE_OK;
}

lupe_status section_copy(struct section *section, uint64_t offset, void *out, size_t size)
{
    uint8_t *to = out;
    while (size) {
        const uint8_t *bytes;
        size_t left;
        lupe_status status = section_at(section, offset, &bytes, &left);
        if (status)
            return status;
        size_t part = size < left ? size : left;
        memcpy(to, bytes, part);
        to += part;
        offset += part;
        size -= part;
    }
    return LUPE_OK;
}

lupe_status section_verify(struct section *section, void (*report)(void *user, const char *finding),
                           void *user)
{
    lupe_status found = LUPE_OK;
    for (uint32_t extent = 0; extent < section->extent_count; extent++) {
        const uint8_t *value;
        size_t size;
        lupe_status status = extent_value(section, extent, &value, &size);
        if (status == LUPE_OK && !extent_sound(value, size))
            status = fail(LUPE_CORRUPT, "segment %u, section %u: extent %u has a wrong checksum",
                          section->segment, section->id, extent);
        if (status && status != LUPE_CORRUPT)
            return status;
        if (status) {
            found = status;
            if (report)
                report(user, lupe_last_error());
        }
    }
    return found;
}
