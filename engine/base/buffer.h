/* SPDX-License-Identifier: MIT
 *
 * buffer.h - a growable run of bytes with a sticky error, so that encoders are straight-line
 * code and check once at the end; and little-endian numbers and varints over raw bytes.
 *
 * Called by every encoder. Never fails loudly: after an error all additions are no-ops and
 * buffer_status() tells.
 */
#ifndef LUPE_BASE_BUFFER_H
#define LUPE_BASE_BUFFER_H

#include <string.h>

#include "base/memory.h"

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t size_max;    /* named limit given at init; 0 is read as "no more than memory has" */
    lupe_status status; /* sticky */
    bool lent;          /* data is the caller's: the first growth moves it to memory of its own */
};

#define BUFFER_INIT(limit) ((struct buffer){NULL, 0, 0, (limit), LUPE_OK, false})

/* An empty buffer that begins in memory of the caller's, which has to outlive it. */
#define BUFFER_LENT(room, bytes, limit) \
    ((struct buffer){(room), 0, (bytes), (limit), LUPE_OK, true})

void buffer_free(struct buffer *buffer);
bool buffer_grow(struct buffer *buffer, size_t more);           /* false after an error */
CHECKED lupe_status buffer_status(const struct buffer *buffer); /* sets the message as well */

static inline void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    if (buffer->status != LUPE_OK)
        buffer->capacity = 0; /* the error stays until buffer_free */
}

/* Empties the buffer and forgets an error: for buffers that are kept from one call to the next. */
static inline void buffer_restart(struct buffer *buffer)
{
    if (buffer->status != LUPE_OK)
        buffer_free(buffer);
    buffer->size = 0;
}

/* Room for count bytes, at least 1, at the end, not yet counted in size; NULL after an error. */
static inline uint8_t *buffer_reserve(struct buffer *buffer, size_t count)
{
    if (buffer->capacity - buffer->size < count && !buffer_grow(buffer, count))
        return NULL;
    return buffer->data + buffer->size;
}

/* bytes must not lie in the buffer itself. */
static inline void buffer_add(struct buffer *buffer, const void *bytes, size_t count)
{
    if (count == 0)
        return;
    uint8_t *room = buffer_reserve(buffer, count);
    if (room) {
        memcpy(room, bytes, count);
        buffer->size += count;
    }
}

static inline void buffer_add_u8(struct buffer *buffer, uint8_t value)
{
    uint8_t *room = buffer_reserve(buffer, 1);
    if (room) {
        *room = value;
        buffer->size += 1;
    }
}

/* Numbers in files are little-endian and unaligned. */
static inline uint16_t load_u16(const void *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}
static inline uint32_t load_u32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}
static inline uint64_t load_u64(const void *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}
static inline void store_u16(void *at, uint16_t value)
{
    memcpy(at, &value, sizeof value);
}
static inline void store_u32(void *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}
static inline void store_u64(void *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline void buffer_add_u16(struct buffer *buffer, uint16_t value)
{
    buffer_add(buffer, &value, sizeof value);
}
static inline void buffer_add_u32(struct buffer *buffer, uint32_t value)
{
    buffer_add(buffer, &value, sizeof value);
}
static inline void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    buffer_add(buffer, &value, sizeof value);
}

/* Varint: seven bits a byte, lowest first, high bit = more follow; at most 10 bytes. */
#define VARINT_BYTES_MAX 10u

static inline size_t varint_put(uint8_t *at, uint64_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        at[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    at[size++] = (uint8_t)value;
    return size;
}

static inline size_t varint_size(uint64_t value)
{
    return (size_t)(63 - __builtin_clzll(value | 1)) / 7 + 1;
}

static inline void buffer_add_varint(struct buffer *buffer, uint64_t value)
{
    uint8_t *room = buffer_reserve(buffer, varint_size(value));
    if (room)
        buffer->size += varint_put(room, value);
}

/* A reader of untrusted bytes with a sticky error: reading beyond the end gives 0, clears ok
 * and stays at the end. */
struct cursor {
    const uint8_t *next;
    const uint8_t *end;
    bool ok;
};

static inline struct cursor cursor_of(const void *bytes, size_t size)
{
    const uint8_t *first =
        bytes ? (const uint8_t *)bytes : (const uint8_t *)""; /* NULL: no bytes */
    return (struct cursor){first, first + size, true};
}

static inline size_t cursor_left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->next);
}

/* count bytes, or NULL when there are not so many. */
static inline const uint8_t *cursor_take(struct cursor *cursor, size_t count)
{
    if (cursor_left(cursor) < count) {
        cursor->ok = false;
        cursor->next = cursor->end;
        return NULL;
    }
    const uint8_t *bytes = cursor->next;
    cursor->next += count;
    return bytes;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_take(cursor, 1);
    return bytes ? *bytes : 0;
}
static inline uint16_t cursor_u16(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_take(cursor, 2);
    return bytes ? load_u16(bytes) : 0;
}
static inline uint32_t cursor_u32(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_take(cursor, 4);
    return bytes ? load_u32(bytes) : 0;
}
static inline uint64_t cursor_u64(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_take(cursor, 8);
    return bytes ? load_u64(bytes) : 0;
}

/* More than VARINT_BYTES_MAX bytes or 64 bits are an error like the end. */
static inline uint64_t cursor_varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && cursor->next < cursor->end; shift += 7) {
        uint8_t byte = *cursor->next++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    cursor->ok = false;
    cursor->next = cursor->end;
    return 0;
}

#endif
