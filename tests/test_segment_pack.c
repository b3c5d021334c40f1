/* SPDX-License-Identifier: MIT
 *
 * test_segment_pack.c - every kernel the machine has gives what the scalar one gives, and reads
 * and writes no further than pack.h says.
 *
 * Inputs and outputs lie against pages that cannot be touched: packed bytes are followed by
 * exactly READ_PADDING_BYTES readable ones, outputs by nothing.
 */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "segment/pack.h"

#define GUARDED_BYTES PAGE_BYTES
#define RANDOM_SEED 0x5EEDC0DEu
#define UNTOUCHED 0xA5A5A5A5u

static const enum cpu_level levels[] = {CPU_SCALAR, CPU_SSE41, CPU_AVX2, CPU_AVX512, CPU_NEON};
#define LEVELS (sizeof levels / sizeof levels[0])

static uint64_t random_state = RANDOM_SEED;

static uint32_t random_u32(void)
{
    random_state += 0x9E3779B97F4A7C15u;
    uint64_t mixed = random_state;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(mixed >> 32);
}

/* The end of a readable and writable page behind which nothing can be touched. */
static uint8_t *guarded_end(void)
{
    uint8_t *pages = mmap(NULL, GUARDED_BYTES + PAGE_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + GUARDED_BYTES, PAGE_BYTES, PROT_NONE), 0);
    return pages + GUARDED_BYTES;
}

static void guarded_free(uint8_t *end)
{
    munmap(end - GUARDED_BYTES, GUARDED_BYTES + PAGE_BYTES);
}

static unsigned group_ceiling(unsigned count)
{
    return (count + 15) / 16 * 16;
}

static uint32_t largest(unsigned bits)
{
    return ((uint32_t)1 << bits) - 1;
}

enum filling { FILL_RANDOM, FILL_ZERO, FILL_LARGEST, FILL_ALTERNATING, FILLINGS };

static void fill(uint32_t *numbers, unsigned count, unsigned bits, enum filling filling)
{
    for (unsigned i = 0; i < count; i++) {
        switch (filling) {
        case FILL_RANDOM:
            numbers[i] = random_u32() & largest(bits);
            break;
        case FILL_ZERO:
            numbers[i] = 0;
            break;
        case FILL_LARGEST:
            numbers[i] = largest(bits);
            break;
        default:
            numbers[i] = i % 2 ? largest(bits) : 0;
            break;
        }
    }
}

/* The definition of the packed form, bit by bit. */
static void pack_slowly(const uint32_t *numbers, unsigned count, unsigned bits, uint8_t *out)
{
    memset(out, 0, packed_bytes(count, bits));
    for (unsigned i = 0; i < count; i++) {
        for (unsigned bit = 0; bit < bits; bit++) {
            unsigned at = i * bits + bit;
            out[at / 8] |= (uint8_t)((numbers[i] >> bit & 1) << at % 8);
        }
    }
}

Test(segment_pack, every_machine_has_the_scalar_kernels)
{
    cr_assert_eq(pack_kernels_of(CPU_SCALAR), &pack_kernels_scalar);
    cr_assert_not_null(pack_kernels());
    cr_assert_eq(pack_kernels(), pack_kernels_of(cpu_level()));
    for (size_t i = 0; i < LEVELS; i++)
        cr_assert_eq(pack_kernels_of(levels[i]) != NULL, cpu_has(levels[i]), "level %s",
                     cpu_level_name(levels[i]));
}

Test(segment_pack, packed_bytes_are_the_stream_of_bits)
{
    uint8_t *end = guarded_end();
    for (unsigned bits = 0; bits <= PACK_BITS_MAX; bits++) {
        for (unsigned count = 0; count <= PACK_COUNT_MAX; count++) {
            uint32_t numbers[PACK_COUNT_MAX];
            uint8_t expected[PACK_COUNT_MAX * 4];
            fill(numbers, count, bits, count % FILLINGS);
            pack_slowly(numbers, count, bits, expected);
            size_t size = packed_bytes(count, bits);
            memset(end - size - 1, 0xA5, size + 1);
            pack(numbers, count, bits, end - size); /* a byte more would not be survived */
            cr_assert_eq(memcmp(end - size, expected, size), 0, "bits %u count %u", bits, count);
            cr_assert_eq(end[-(ptrdiff_t)size - 1], 0xA5, "bits %u count %u", bits, count);
        }
    }
    guarded_free(end);
}

Test(segment_pack, a_worked_example)
{
    const uint32_t numbers[] = {1, 2, 3, 4, 5, 6, 7, 0, 1, 2};
    const uint8_t expected[] = {0xd1, 0x58, 0x1f, 0x11};
    uint8_t packed[4 + READ_PADDING_BYTES] = {0};
    cr_assert_eq(packed_bytes(10, 3), sizeof expected);
    pack(numbers, 10, 3, packed);
    cr_assert_arr_eq(packed, expected, sizeof expected);
    for (size_t i = 0; i < LEVELS; i++) {
        const struct pack_kernels *kernels = pack_kernels_of(levels[i]);
        if (!kernels)
            continue;
        uint32_t out[PACK_COUNT_MAX];
        kernels->unpack(packed, 10, 3, out);
        cr_assert_arr_eq(out, numbers, sizeof numbers, "level %s", cpu_level_name(levels[i]));
        const uint32_t documents[] = {1, 4, 8, 13, 19, 26, 34, 35, 37, 40};
        kernels->unpack_ascending(packed, 10, 3, UINT32_MAX, out);
        cr_assert_arr_eq(out, documents, sizeof documents, "level %s", cpu_level_name(levels[i]));
    }
}

static void check_unpacking(enum cpu_level level, const uint8_t *in, const uint32_t *numbers,
                            unsigned count, unsigned bits, uint8_t *out_end)
{
    const struct pack_kernels *kernels = pack_kernels_of(level);
    uint32_t *out = (uint32_t *)(void *)out_end - group_ceiling(count);
    uint32_t expected[PACK_COUNT_MAX];
    uint32_t base = count % 3 == 0 ? UINT32_MAX : random_u32();

    out[-1] = UNTOUCHED;
    kernels->unpack(in, count, bits, out);
    cr_assert_arr_eq(out, numbers, count * 4, "unpack: level %s bits %u count %u",
                     cpu_level_name(level), bits, count);

    uint32_t document = base;
    for (unsigned i = 0; i < count; i++)
        expected[i] = document += numbers[i] + 1;
    kernels->unpack_ascending(in, count, bits, base, out);
    cr_assert_arr_eq(out, expected, count * 4, "unpack_ascending: level %s bits %u count %u",
                     cpu_level_name(level), bits, count);

    memcpy(out, numbers, count * 4);
    kernels->sum_ascending(out, count, base);
    cr_assert_arr_eq(out, expected, count * 4, "sum_ascending: level %s bits %u count %u",
                     cpu_level_name(level), bits, count);
    cr_assert_eq(out[-1], UNTOUCHED);
}

Test(segment_pack, every_kernel_unpacks_every_width_and_count)
{
    uint8_t *in_end = guarded_end();
    uint8_t *out_end = guarded_end();
    for (unsigned bits = 0; bits <= PACK_BITS_MAX; bits++) {
        for (unsigned count = 1; count <= PACK_COUNT_MAX; count++) {
            for (int filling = 0; filling < FILLINGS; filling++) {
                uint32_t numbers[PACK_COUNT_MAX];
                fill(numbers, count, bits, (enum filling)filling);
                uint8_t *in = in_end - READ_PADDING_BYTES - packed_bytes(count, bits);
                memset(in_end - READ_PADDING_BYTES, filling % 2 ? 0 : 0xff, READ_PADDING_BYTES);
                pack(numbers, count, bits, in);
                for (size_t i = 0; i < LEVELS; i++) {
                    if (pack_kernels_of(levels[i]))
                        check_unpacking(levels[i], in, numbers, count, bits, out_end);
                }
            }
        }
    }
    guarded_free(in_end);
    guarded_free(out_end);
}

static void check_bit_set(enum cpu_level level, const uint8_t *in, unsigned words, uint32_t base,
                          uint8_t *out_end)
{
    uint32_t *out = (uint32_t *)(void *)out_end - (PACK_COUNT_MAX + 16);
    uint32_t expected[PACK_COUNT_MAX + 1];
    unsigned count = 0;
    for (unsigned i = 0; i < words * 64 && count <= PACK_COUNT_MAX; i++) {
        if (in[i / 8] >> i % 8 & 1)
            expected[count++] = base + 1 + i;
    }
    out[-1] = UNTOUCHED;
    unsigned found = pack_kernels_of(level)->bits_to_documents(in, words, base, out);
    cr_assert_eq(found, count, "level %s words %u: %u, not %u", cpu_level_name(level), words, found,
                 count);
    if (count <= PACK_COUNT_MAX)
        cr_assert_arr_eq(out, expected, count * 4, "level %s words %u count %u",
                         cpu_level_name(level), words, count);
    cr_assert_eq(out[-1], UNTOUCHED);
}

Test(segment_pack, every_kernel_lists_a_bit_set)
{
    uint8_t *in_end = guarded_end();
    uint8_t *out_end = guarded_end();
    for (unsigned words = 0; words <= 24; words++) {
        for (unsigned round = 0; round < 40; round++) {
            uint8_t *in = in_end - READ_PADDING_BYTES - words * 8;
            memset(in, round == 1 ? 0xff : 0, words * 8);
            unsigned bits = words * 64 < PACK_COUNT_MAX ? words * 64 : PACK_COUNT_MAX;
            unsigned wanted = round < 2 ? 0 : round % 4 == 0 ? bits : random_u32() % (bits + 3);
            for (unsigned i = 0; i < wanted && words; i++) {
                unsigned bit = random_u32() % (words * 64);
                in[bit / 8] |= (uint8_t)(1u << bit % 8);
            }
            uint32_t base = round % 3 == 0 ? UINT32_MAX : random_u32();
            for (size_t i = 0; i < LEVELS; i++) {
                if (pack_kernels_of(levels[i]))
                    check_bit_set(levels[i], in, words, base, out_end);
            }
        }
    }
    guarded_free(in_end);
    guarded_free(out_end);
}

Test(segment_pack, a_bit_set_of_too_many_documents_is_told_and_overruns_nothing)
{
    uint8_t *out_end = guarded_end();
    uint8_t words[32 * 8 + READ_PADDING_BYTES] = {0};
    for (unsigned total = PACK_COUNT_MAX - 1; total <= PACK_COUNT_MAX + 64; total++) {
        for (unsigned start = 0; start < 64 * 5; start += 13) {
            memset(words, 0, sizeof words);
            for (unsigned bit = start; bit < start + total; bit++)
                words[bit / 8] |= (uint8_t)(1u << bit % 8);
            for (size_t i = 0; i < LEVELS; i++) {
                if (pack_kernels_of(levels[i]))
                    check_bit_set(levels[i], words, 32, 7, out_end);
            }
        }
    }
    guarded_free(out_end);
}

static unsigned count_slowly(const uint32_t *ascending, unsigned count, uint32_t target)
{
    unsigned below = 0;
    while (below < count && ascending[below] < target)
        below++;
    return below;
}

static void check_count_below(const uint32_t *ascending, unsigned count, uint32_t target)
{
    unsigned expected = count_slowly(ascending, count, target);
    for (size_t i = 0; i < LEVELS; i++) {
        const struct pack_kernels *kernels = pack_kernels_of(levels[i]);
        if (!kernels)
            continue;
        unsigned below = kernels->count_below(ascending, count, target);
        cr_assert_eq(below, expected, "level %s count %u target %u: %u, not %u",
                     cpu_level_name(levels[i]), count, target, below, expected);
    }
}

Test(segment_pack, every_kernel_counts_what_is_below)
{
    uint8_t *end = guarded_end();
    const uint32_t gaps[] = {1, 3, 1000, UINT32_MAX / PACK_COUNT_MAX};
    for (unsigned count = 0; count <= PACK_COUNT_MAX; count++) {
        uint32_t *ascending = (uint32_t *)(void *)end - group_ceiling(count);
        for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
            /* What follows count is readable and means nothing, whatever it is. */
            memset(ascending, g % 2 ? 0xff : 0, group_ceiling(count) * 4);
            uint32_t document = random_u32() % gaps[g];
            for (unsigned i = 0; i < count; i++, document += 1 + random_u32() % gaps[g])
                ascending[i] = document;
            check_count_below(ascending, count, 0);
            check_count_below(ascending, count, UINT32_MAX);
            for (unsigned i = 0; i < count; i++) {
                check_count_below(ascending, count, ascending[i]);
                check_count_below(ascending, count, ascending[i] + 1);
            }
        }
    }
    guarded_free(end);
}
