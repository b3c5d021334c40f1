/* SPDX-License-Identifier: MIT
 *
 * extent.h - sections: streams of bytes cut into extents, written through a sink and read in
 * place (FORMAT.md section 3).
 *
 * Owns the layout of extents, their checksums, and the table of pointers to them. Called by all
 * other files of segment/. Never interprets a payload. The sink is write/'s: this layer writes
 * nothing into the store by itself.
 */
#ifndef LUPE_SEGMENT_EXTENT_H
#define LUPE_SEGMENT_EXTENT_H

#include "base/buffer.h"
#include "base/limits.h"
#include "store/store.h"

enum section_id {
    SECTION_INDEX = 1,
    SECTION_DICTIONARY = 2,
    SECTION_POSTINGS = 3,
    SECTION_POSITIONS = 4,
    SECTION_NORMS = 5,
    SECTION_IDS = 6,
    SECTION_LONG_IDS = 7,
    SECTION_STORED = 8,
    SECTION_STORED_INDEX = 9,
    SECTION_STORED_DICTIONARY = 10,
    SECTION_BOUNDARIES = 11,
    SECTION_BOUNDARY_INDEX = 12,
    SECTION_FORMS = 13,
    SECTION_COLUMNS = 14,
    SECTION_LIVE = 15,
    SECTION_COUNT = 16
};

static inline uint32_t extent_number(enum section_id section, uint32_t number)
{
    return (uint32_t)section << 24 | number;
}

/* ---- writing */

/* Takes a finished value. number is the running number of the key. The value is borrowed. */
struct extent_sink {
    lupe_status (*put)(void *user, uint32_t number, const uint8_t *value, size_t size);
    void *user;
};

struct section_writer {
    const struct extent_sink *sink;
    enum section_id section;
    uint32_t extents;      /* handed to the sink */
    struct buffer payload; /* of the extent being filled; a full one waits for the next byte */
    lupe_status status;    /* sticky */
};

void section_writer_init(struct section_writer *writer, enum section_id section,
                         const struct extent_sink *sink);
void section_writer_free(struct section_writer *writer);

/* Logical offset of the next byte. */
uint64_t section_writer_offset(const struct section_writer *writer);
/* Bytes left in the extent being filled, 1 to EXTENT_PAYLOAD_BYTES. */
size_t section_writer_left(const struct section_writer *writer);
/* Makes room for an item of size bytes (at most EXTENT_PAYLOAD_BYTES): fills the rest of the
 * extent with zeros when it does not fit. Errors stick. */
void section_writer_fit(struct section_writer *writer, size_t size);
/* Adds bytes; they straddle extents where they must. Errors stick. */
void section_writer_add(struct section_writer *writer, const void *bytes, size_t size);

/* Hands the last extent to the sink, when there is one. Only section_writer_free comes after. */
CHECKED lupe_status section_writer_finish(struct section_writer *writer);

/* The size of the value of an extent with that payload (FORMAT.md section 3). */
static inline size_t extent_value_bytes(size_t payload)
{
    size_t pages = (payload + EXTENT_TAIL_BYTES + PAGE_HEADER_BYTES + PAGE_BYTES - 1) / PAGE_BYTES;
    return pages * PAGE_BYTES - PAGE_HEADER_BYTES;
}
/* Turns a payload into a value of value_bytes: zeros and the checksum. Errors stick. */
void extent_seal(struct buffer *payload, size_t value_bytes);
/* The checksum at the end of a value is that of what stands before it. */
bool extent_sound(const uint8_t *value, size_t size);

/* ---- reading */

static inline uint32_t extent_count(uint64_t length)
{
    return (uint32_t)((length + EXTENT_PAYLOAD_BYTES - 1) / EXTENT_PAYLOAD_BYTES);
}

struct section {
    struct store_read *read;
    uint32_t segment;
    uint8_t id;
    uint64_t length; /* bytes, logical */
    uint32_t extent_count;
    const uint8_t **extents; /* payloads; NULL until first used */
};

/* The bytes at offset and how many follow within the extent's payload. LUPE_CORRUPT when offset
 * lies at or behind the end, or an extent is missing or of a wrong size. */
CHECKED lupe_status section_at_slow(struct section *section, uint64_t offset, const uint8_t **bytes,
                                    size_t *left);

static inline lupe_status section_at(struct section *section, uint64_t offset,
                                     const uint8_t **bytes, size_t *left)
{
    if (offset < section->length) {
        uint64_t extent = offset / EXTENT_PAYLOAD_BYTES;
        const uint8_t *payload = section->extents[extent];
        if (payload) {
            uint64_t within = offset - extent * EXTENT_PAYLOAD_BYTES;
            uint64_t rest = section->length - offset;
            uint64_t room = EXTENT_PAYLOAD_BYTES - within;
            *bytes = payload + within;
            *left = (size_t)(rest < room ? rest : room);
            return LUPE_OK;
        }
    }
    return section_at_slow(section, offset, bytes, left);
}

/* Copies size bytes from offset, over extents; LUPE_CORRUPT when they are not there. */
CHECKED lupe_status section_copy(struct section *section, uint64_t offset, void *out, size_t size);

/* Verifies the checksum of every extent; report is called for each bad one and what it returns is
 * LUPE_CORRUPT then. Not for the sections of a segment of one value, which share one checksum. */
CHECKED lupe_status section_verify(struct section *section,
                                   void (*report)(void *user, const char *finding), void *user);

#endif
