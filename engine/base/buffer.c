/* SPDX-License-Identifier: MIT
 *
 * buffer.c - growing a buffer and its sticky error; see buffer.h.
 */
#include "base/buffer.h"

#define BUFFER_CAPACITY_MIN ((size_t)64)

void buffer_free(struct buffer *buffer)
{
    if (!buffer->lent)
        memory_free(buffer->data);
    *buffer = BUFFER_INIT(buffer->size_max);
}

/* Without spare capacity every later addition comes to buffer_grow, which refuses it. */
static bool buffer_spoil(struct buffer *buffer, lupe_status status)
{
    buffer->status = status;
    buffer->capacity = buffer->size;
    return false;
}

bool buffer_grow(struct buffer *buffer, size_t more)
{
    size_t needed;

    if (buffer->status != LUPE_OK)
        return false;
    size_t size_max = buffer->size_max ? buffer->size_max : SIZE_MAX / 2;
    if (__builtin_add_overflow(buffer->size, more, &needed) || needed > size_max)
        return buffer_spoil(buffer, buffer->size_max ? LUPE_LIMIT : LUPE_NO_MEMORY);
    if (needed <= buffer->capacity)
        return true;

    size_t capacity =
        buffer->capacity < BUFFER_CAPACITY_MIN / 2 ? BUFFER_CAPACITY_MIN : buffer->capacity * 2;
    if (capacity > size_max)
        capacity = size_max;
    if (capacity < needed)
        capacity = needed;
    uint8_t *data = memory_realloc(buffer->lent ? NULL : buffer->data, capacity);
    if (!data)
        return buffer_spoil(buffer, LUPE_NO_MEMORY);
    if (buffer->lent && buffer->size)
        memcpy(data, buffer->data, buffer->size);
    buffer->lent = false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

lupe_status buffer_status(const struct buffer *buffer)
{
    switch (buffer->status) {
    case LUPE_OK:
        return LUPE_OK;
    case LUPE_LIMIT:
        return fail(LUPE_LIMIT, "more than the %zu bytes allowed in one piece", buffer->size_max);
    default:
        return fail_memory();
    }
}
