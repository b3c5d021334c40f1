/* SPDX-License-Identifier: MIT
 *
 * pack.c - writing packed numbers, the scalar kernels, and the choice of kernels.
 *
 *   packed := a stream of bits, least significant first: number i occupies bits i*bits to
 *             i*bits + bits - 1; bit n of the stream is bit n%8 of byte n/8; spare bits zero
 *
 * The scalar kernels are the definition of the others: written for the eye, not for speed.
 */
#include "segment/pack.h"

#include <assert.h>
#include <stdatomic.h>

#include "segment/pack_simd.h"

/* Kernels read whole groups of sixteen: the widest load, of 64 bytes, begins inside the packed
 * bytes (or at their end when bits is 0) and so ends within the padding. */
_Static_assert(READ_PADDING_BYTES >= 64, "the AVX-512 kernels read 64 bytes at a time");
_Static_assert(PACK_BITS_MAX + 7 <= 32, "a number lies within four bytes");
_Static_assert(PACK_COUNT_MAX % PACK_GROUP == 0, "a full block is whole groups");

void pack(const uint32_t *numbers, unsigned count, unsigned bits, uint8_t *out)
{
    assert(count <= PACK_COUNT_MAX);
    assert(bits <= PACK_BITS_MAX);
    uint64_t pending = 0; /* bits not written yet, fewer than 32 between numbers */
    unsigned filled = 0;
    for (unsigned i = 0; i < count; i++) {
        assert(numbers[i] <= pack_mask(bits));
        pending |= (uint64_t)numbers[i] << filled;
        filled += bits;
        if (filled >= 32) {
            store_u32(out, (uint32_t)pending);
            out += 4;
            pending >>= 32;
            filled -= 32;
        }
    }
    for (; filled > 0; filled -= filled < 8 ? filled : 8) {
        *out++ = (uint8_t)pending;
        pending >>= 8;
    }
}

static void unpack_scalar(const uint8_t *in, unsigned count, unsigned bits, uint32_t *out)
{
    uint32_t mask = pack_mask(bits);
    for (unsigned i = 0; i < count; i++)
        out[i] = load_u32(in + i * bits / 8) >> (i * bits % 8) & mask;
}

static void unpack_ascending_scalar(const uint8_t *in, unsigned count, unsigned bits, uint32_t base,
                                    uint32_t *out)
{
    uint32_t mask = pack_mask(bits);
    for (unsigned i = 0; i < count; i++) {
        base += (load_u32(in + i * bits / 8) >> (i * bits % 8) & mask) + 1;
        out[i] = base;
    }
}

static void sum_ascending_scalar(uint32_t *numbers, unsigned count, uint32_t base)
{
    for (unsigned i = 0; i < count; i++) {
        base += numbers[i] + 1;
        numbers[i] = base;
    }
}

static unsigned bits_to_documents_scalar(const uint8_t *words, unsigned count, uint32_t base,
                                         uint32_t *out)
{
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
        for (uint64_t word = load_u64(words + i * 8); word; word &= word - 1) {
            if (found == PACK_COUNT_MAX)
                return PACK_COUNT_MAX + 1;
            out[found++] = base + 1 + i * 64 + (unsigned)__builtin_ctzll(word);
        }
    }
    return found;
}

static unsigned count_below_scalar(const uint32_t *ascending, unsigned count, uint32_t target)
{
    if (count == 0)
        return 0;
    unsigned first = pack_group_of(ascending, count, target) * PACK_GROUP;
    unsigned end = count - first < PACK_GROUP ? count : first + PACK_GROUP;
    unsigned below = first;
    for (unsigned i = first; i < end; i++)
        below += ascending[i] < target;
    return below;
}

uint32_t pack_sum_scalar(const uint32_t *numbers, unsigned from, unsigned to)
{
    uint32_t sum = 0;
    for (unsigned i = from; i < to; i++)
        sum += numbers[i];
    return sum;
}

void pack_raise_scalar(uint32_t *numbers, unsigned count, uint32_t *sum, uint32_t *all)
{
    *sum = *all = 0;
    for (unsigned i = 0; i < count; i++) {
        *sum += numbers[i];
        *all |= numbers[i];
        numbers[i]++;
    }
}

uint32_t pack_find_not_below_scalar(const uint8_t *numbers, uint32_t from, uint32_t end,
                                    uint32_t target)
{
    while (from < end && load_u32(numbers + 4 * (size_t)from) < target)
        from++;
    return from;
}

const struct pack_kernels pack_kernels_scalar = {
    .unpack = unpack_scalar,
    .unpack_ascending = unpack_ascending_scalar,
    .sum_ascending = sum_ascending_scalar,
    .bits_to_documents = bits_to_documents_scalar,
    .count_below = count_below_scalar,
    .sum = pack_sum_scalar,
    .raise = pack_raise_scalar,
    .find_not_below = pack_find_not_below_scalar,
};

const struct pack_kernels *pack_kernels_of(enum cpu_level level)
{
    if (!cpu_has(level))
        return NULL;
    switch (level) {
    case CPU_SCALAR:
        return &pack_kernels_scalar;
#if defined(__x86_64__)
    case CPU_SSE41:
        return &pack_kernels_sse41;
    case CPU_AVX2:
        return &pack_kernels_avx2;
    case CPU_AVX512:
        return &pack_kernels_avx512;
#elif defined(__aarch64__)
    case CPU_NEON:
        return &pack_kernels_neon;
#endif
    default:
        return NULL;
    }
}

const struct pack_kernels *pack_kernels(void)
{
    /* Kept here because a chunk asks for each hundred numbers. All threads find the same. */
    static _Atomic(const struct pack_kernels *) chosen;
    const struct pack_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!kernels) {
        kernels = pack_kernels_of(cpu_level());
        if (!kernels)
            kernels = &pack_kernels_scalar;
        atomic_store_explicit(&chosen, kernels, memory_order_relaxed);
    }
    return kernels;
}
