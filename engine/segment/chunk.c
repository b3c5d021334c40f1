/* SPDX-License-Identifier: MIT
 *
 * chunk.c - choosing, writing and reading chunks.
 *
 *   chunk     := head:u8 [n:u8] packed [index:u8 * n] [high * n]
 *   head      := bits (0-25) | 0x20 with high:u8 | 0x40 with high:u16
 *   packed    := packed_bytes(count, bits) bytes: of every number its lowest bits
 *   number[index] |= high << bits
 *
 * The reader trusts nothing: the head and n give the size, which is checked against the end
 * before anything is read, and every index is checked against count.
 */
#include "segment/chunk.h"

#include <assert.h>
#include <stdbool.h>

#include "base/buffer.h"

#define CHUNK_EXCEPTIONS (CHUNK_EXCEPTIONS_8 | CHUNK_EXCEPTIONS_16)
#define NUMBER_BITS 32u
#define HIGH_BITS_MAX 16u

_Static_assert(PACK_BITS_MAX <= CHUNK_BITS_MASK, "bits fit into the head");
_Static_assert(PACK_BITS_MAX + HIGH_BITS_MAX >= NUMBER_BITS, "every number has a form");

struct chunk_form {
    unsigned bits;
    unsigned exceptions;
    unsigned high_bytes; /* 0, 1 or 2 each */
    size_t size;
};

static inline unsigned width_of(uint32_t number)
{
    return 63 - (unsigned)__builtin_clzll((uint64_t)number << 1 | 1); /* 0 without a branch */
}

static inline size_t size_of_form(unsigned count, unsigned bits, unsigned exceptions,
                                  unsigned high_bytes)
{
    return 1 + packed_bytes(count, bits) +
           (exceptions ? 1 + (size_t)exceptions * (1 + high_bytes) : 0);
}

/* The smallest form; of equal ones that with the fewest exceptions, as it is read fastest. */
static struct chunk_form choose_form(const uint32_t *numbers, unsigned count)
{
    assert(count <= PACK_COUNT_MAX);
    uint8_t having[NUMBER_BITS + 1] = {0}; /* how many numbers have so many bits */
    uint32_t all = 0;
    for (unsigned i = 0; i < count; i++) {
        having[width_of(numbers[i])]++;
        all |= numbers[i];
    }
    unsigned width_max = width_of(all);
    unsigned bits = width_max < PACK_BITS_MAX ? width_max : PACK_BITS_MAX;
    unsigned bits_min = width_max > HIGH_BITS_MAX ? width_max - HIGH_BITS_MAX : 0;
    unsigned exceptions = 0;
    for (unsigned width = bits + 1; width <= width_max; width++)
        exceptions += having[width];

    struct chunk_form best = {.size = SIZE_MAX};
    for (;; bits--) {
        unsigned high_bytes = (width_max - bits + 7) / 8;
        size_t size = size_of_form(count, bits, exceptions, high_bytes);
        if (size < best.size)
            best = (struct chunk_form){bits, exceptions, high_bytes, size};
        if (bits == bits_min)
            break;
        exceptions += having[bits];
    }
    return best;
}

size_t chunk_size(const uint32_t *numbers, unsigned count)
{
    return choose_form(numbers, count).size;
}

size_t chunk_write(const uint32_t *numbers, unsigned count, uint8_t *out)
{
    struct chunk_form form = choose_form(numbers, count);
    if (form.exceptions == 0) {
        *out = (uint8_t)form.bits;
        pack(numbers, count, form.bits, out + 1);
        return form.size;
    }

    uint32_t low_mask = ((uint32_t)1 << form.bits) - 1;
    uint32_t low[PACK_COUNT_MAX];
    uint8_t index[PACK_COUNT_MAX + 1]; /* one more: every number is put, exceptions stay */
    unsigned exceptions = 0;
    for (unsigned i = 0; i < count; i++) {
        low[i] = numbers[i] & low_mask;
        index[exceptions] = (uint8_t)i;
        exceptions += numbers[i] > low_mask;
    }
    assert(exceptions == form.exceptions);

    uint8_t *next = out;
    unsigned kind = form.high_bytes == 1 ? CHUNK_EXCEPTIONS_8 : CHUNK_EXCEPTIONS_16;
    *next++ = (uint8_t)(form.bits | kind);
    *next++ = (uint8_t)exceptions;
    pack(low, count, form.bits, next);
    next += packed_bytes(count, form.bits);
    memcpy(next, index, exceptions);
    next += exceptions;
    for (unsigned i = 0; i < exceptions; i++) {
        uint32_t high = numbers[index[i]] >> form.bits;
        *next++ = (uint8_t)high;
        if (form.high_bytes == 2)
            *next++ = (uint8_t)(high >> 8);
    }
    assert((size_t)(next - out) == form.size);
    return form.size;
}

/* Reads head and n and finds the parts; false when they are damaged or end behind end. */
static inline bool find_parts(const uint8_t *in, const uint8_t *end, unsigned count,
                              struct chunk_parts *parts)
{
    if (in >= end)
        return false;
    size_t left = (size_t)(end - in);
    unsigned head = *in++;
    unsigned bits = head & CHUNK_BITS_MASK;
    unsigned exceptions = 0;
    unsigned high_bytes = 0;
    if (head > (CHUNK_EXCEPTIONS_16 | CHUNK_BITS_MASK) || bits > PACK_BITS_MAX)
        return false;
    if (head & CHUNK_EXCEPTIONS) {
        high_bytes = head & CHUNK_EXCEPTIONS_8 ? 1 : 2;
        exceptions = *in++; /* from the padding, perhaps: the size tells below */
        if (exceptions == 0 || exceptions > count)
            return false;
    }
    if (left < size_of_form(count, bits, exceptions, high_bytes))
        return false;
    parts->bits = bits;
    parts->exceptions = exceptions;
    parts->high_bytes = high_bytes;
    parts->packed = in;
    parts->index = in + packed_bytes(count, bits);
    parts->high = parts->index + exceptions;
    parts->next = parts->high + (size_t)exceptions * high_bytes;
    return true;
}

bool chunk_find_parts(const uint8_t *in, const uint8_t *end, unsigned count,
                      struct chunk_parts *parts)
{
    return find_parts(in, end, count, parts);
}

/* Puts exceptions into numbers; false when their indexes do not ascend or leave the chunk: a
 * damaged one is noticed at the end, as the numbers lie within out in any case. */
static bool put_exceptions(const struct chunk_parts *parts, unsigned count, uint32_t *out)
{
    unsigned before = 0; /* index of the exception before, plus 1 */
    bool sound = true;
    for (unsigned i = 0; i < parts->exceptions; i++) {
        unsigned index = parts->index[i];
        uint32_t high =
            parts->high_bytes == 1 ? parts->high[i] : load_u16(parts->high + (size_t)i * 2);
        sound &= index >= before;
        before = index + 1;
        out[index % PACK_COUNT_MAX] |= high << parts->bits;
    }
    return sound && before <= count;
}

static struct pack_patch patch_of(const struct chunk_parts *parts)
{
    return (struct pack_patch){parts->index, parts->high, parts->exceptions, parts->high_bytes};
}

const uint8_t *chunk_read(const uint8_t *in, const uint8_t *end, unsigned count, uint32_t *out)
{
    assert(count <= PACK_COUNT_MAX);
    const struct pack_kernels *kernels = pack_kernels();
    struct chunk_parts parts;
    bool sound = true;
    if (!find_parts(in, end, count, &parts))
        return NULL;
    if (parts.exceptions && kernels->unpack_patched) {
        struct pack_patch patch = patch_of(&parts);
        sound = kernels->unpack_patched(parts.packed, count, parts.bits, &patch, out);
    } else {
        kernels->unpack(parts.packed, count, parts.bits, out);
        if (parts.exceptions)
            sound = put_exceptions(&parts, count, out);
    }
    return sound ? parts.next : NULL;
}

/* With up to so many bits a gap 128 of them cannot wrap around. */
#define GAP_BITS_MAX 24u

static bool any_wide(const uint32_t *gaps, unsigned count)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < count; i++)
        all |= gaps[i];
    return all >> GAP_BITS_MAX;
}

const uint8_t *chunk_read_ascending(const uint8_t *in, const uint8_t *end, unsigned count,
                                    uint32_t before, uint32_t *out)
{
    assert(count <= PACK_COUNT_MAX);
    const struct pack_kernels *kernels = pack_kernels();
    struct chunk_parts parts;
    if (!find_parts(in, end, count, &parts))
        return NULL;
    if (parts.bits + 8 * parts.high_bytes <= GAP_BITS_MAX) {
        if (!parts.exceptions) {
            kernels->unpack_ascending(parts.packed, count, parts.bits, before, out);
            return parts.next;
        }
        if (kernels->unpack_ascending_patched) {
            struct pack_patch patch = patch_of(&parts);
            bool sound = kernels->unpack_ascending_patched(parts.packed, count, parts.bits, &patch,
                                                           before, out);
            return sound ? parts.next : NULL;
        }
    }
    kernels->unpack(parts.packed, count, parts.bits, out);
    if (parts.exceptions && !put_exceptions(&parts, count, out))
        return NULL;
    bool wide = parts.bits + 8 * parts.high_bytes > GAP_BITS_MAX && any_wide(out, count);
    kernels->sum_ascending(out, count, before);
    for (unsigned i = 1; wide && i < count; i++)
        if (out[i] <= out[i - 1])
            return NULL;
    return parts.next;
}

const uint8_t *chunk_skip(const uint8_t *in, const uint8_t *end, unsigned count)
{
    struct chunk_parts parts;
    return find_parts(in, end, count, &parts) ? parts.next : NULL;
}

bool chunk_get(const uint8_t *in, const uint8_t *end, unsigned count, unsigned index, uint32_t *out)
{
    struct chunk_parts parts;
    if (!find_parts(in, end, count, &parts))
        return false;
    size_t bit = (size_t)index * parts.bits;
    uint32_t mask = ((uint32_t)1 << parts.bits) - 1;
    *out = load_u32(parts.packed + bit / 8) >> (bit % 8) & mask;
    for (unsigned i = 0; i < parts.exceptions; i++) {
        if (parts.index[i] != index)
            continue;
        uint32_t high =
            parts.high_bytes == 1 ? parts.high[i] : load_u16(parts.high + (size_t)i * 2);
        *out |= high << parts.bits;
    }
    return true;
}
