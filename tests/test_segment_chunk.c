/* SPDX-License-Identifier: MIT
 *
 * test_segment_chunk.c - chunks give back what was written, are as small as can be, and damage
 * is told without reading where nothing may be read.
 */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "segment/chunk.h"

#define RANDOM_SEED 0xC0FFEEu

static uint64_t random_state = RANDOM_SEED;

static uint32_t random_u32(void)
{
    random_state += 0x9E3779B97F4A7C15u;
    uint64_t mixed = random_state;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(mixed >> 32);
}

/* The end of a page behind which nothing can be touched. */
static uint8_t *guarded_end(void)
{
    uint8_t *pages =
        mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + PAGE_BYTES, PAGE_BYTES, PROT_NONE), 0);
    return pages + PAGE_BYTES;
}

static void guarded_free(uint8_t *end)
{
    munmap(end - PAGE_BYTES, 2 * PAGE_BYTES);
}

static uint32_t random_width(unsigned bits)
{
    return bits ? random_u32() >> (32 - bits) : 0;
}

/* Many small numbers and some large ones: of one in `rarity` the width is `wide`. */
static void fill_skewed(uint32_t *numbers, unsigned count, unsigned narrow, unsigned wide,
                        unsigned rarity)
{
    for (unsigned i = 0; i < count; i++)
        numbers[i] = random_width(random_u32() % rarity == 0 ? wide : narrow);
}

/* The smallest size of all forms, each tried by itself. */
static size_t smallest_size(const uint32_t *numbers, unsigned count)
{
    size_t smallest = SIZE_MAX;
    for (unsigned bits = 0; bits <= PACK_BITS_MAX; bits++) {
        for (unsigned high_bytes = 1; high_bytes <= 2; high_bytes++) {
            size_t exceptions = 0;
            unsigned possible = 1;
            for (unsigned i = 0; i < count; i++) {
                uint32_t high = numbers[i] >> bits;
                exceptions += high != 0;
                possible &= high >> 8 * high_bytes == 0;
            }
            size_t size = 1 + packed_bytes(count, bits);
            if (exceptions)
                size += 1 + exceptions * (1 + high_bytes);
            if (possible && size < smallest)
                smallest = size;
        }
    }
    return smallest;
}

static void check_round_trip(const uint32_t *numbers, unsigned count, uint8_t *end)
{
    uint8_t written[CHUNK_BYTES_MAX + 1];
    memset(written, 0xA5, sizeof written);
    size_t size = chunk_write(numbers, count, written);
    cr_assert_leq(size, CHUNK_BYTES_MAX);
    cr_assert_eq(written[size], 0xA5, "writes more than it says");
    cr_assert_eq(size, chunk_size(numbers, count));
    cr_assert_eq(size, smallest_size(numbers, count), "not the smallest form: %zu", size);

    const uint8_t *data_end = end - READ_PADDING_BYTES;
    uint8_t *in = end - READ_PADDING_BYTES - size;
    uint32_t out[PACK_COUNT_MAX];
    memcpy(in, written, size);
    memset(out, 0xA5, sizeof out);
    cr_assert_eq(chunk_read(in, data_end, count, out), data_end);
    cr_assert_arr_eq(out, numbers, count * 4);
    cr_assert_eq(chunk_skip(in, data_end, count), data_end);
    for (size_t less = 1; less <= size; less++) { /* every cut is noticed */
        cr_assert_null(chunk_read(in, data_end - less, count, out));
        cr_assert_null(chunk_skip(in, data_end - less, count));
    }
}

Test(segment_chunk, gives_back_numbers_of_all_widths)
{
    uint8_t *end = guarded_end();
    for (unsigned count = 1; count <= PACK_COUNT_MAX; count++) {
        for (unsigned bits = 0; bits <= 32; bits++) {
            uint32_t numbers[PACK_COUNT_MAX];
            for (unsigned i = 0; i < count; i++)
                numbers[i] = random_width(bits);
            check_round_trip(numbers, count, end);
        }
    }
    guarded_free(end);
}

Test(segment_chunk, gives_back_skewed_numbers_in_the_smallest_form)
{
    uint8_t *end = guarded_end();
    const unsigned rarities[] = {2, 5, 20, 128};
    unsigned with_8 = 0;
    unsigned with_16 = 0;
    for (unsigned narrow = 0; narrow <= 24; narrow++) {
        for (unsigned wide = narrow; wide <= 32; wide++) {
            for (size_t r = 0; r < sizeof rarities / sizeof rarities[0]; r++) {
                uint32_t numbers[PACK_COUNT_MAX];
                uint8_t written[CHUNK_BYTES_MAX];
                unsigned count = random_u32() % 4 ? PACK_COUNT_MAX : 1 + random_u32() % 128;
                fill_skewed(numbers, count, narrow, wide, rarities[r]);
                check_round_trip(numbers, count, end);
                chunk_write(numbers, count, written);
                with_8 += (written[0] & CHUNK_EXCEPTIONS_8) != 0;
                with_16 += (written[0] & CHUNK_EXCEPTIONS_16) != 0;
            }
        }
    }
    cr_assert_gt(with_8, 100u, "the inputs do not reach exceptions of a byte");
    cr_assert_gt(with_16, 100u, "the inputs do not reach exceptions of two bytes");
    guarded_free(end);
}

Test(segment_chunk, gives_back_the_largest_numbers)
{
    uint8_t *end = guarded_end();
    uint32_t numbers[PACK_COUNT_MAX];
    for (unsigned count = 1; count <= PACK_COUNT_MAX; count++) {
        memset(numbers, 0xff, sizeof numbers);
        check_round_trip(numbers, count, end);
        for (unsigned i = 0; i < count; i += 2)
            numbers[i] = 0;
        check_round_trip(numbers, count, end);
        memset(numbers, 0, sizeof numbers);
        check_round_trip(numbers, count, end);
    }
    guarded_free(end);
}

Test(segment_chunk, worked_examples)
{
    uint8_t written[CHUNK_BYTES_MAX];
    const uint32_t plain[] = {0, 1, 2, 3, 3, 2, 1, 0, 3};
    const uint8_t plain_bytes[] = {0x02, 0xe4, 0x1b, 0x03};
    cr_assert_eq(chunk_write(plain, 9, written), sizeof plain_bytes);
    cr_assert_arr_eq(written, plain_bytes, sizeof plain_bytes);

    const uint32_t zeros[PACK_COUNT_MAX] = {0};
    cr_assert_eq(chunk_write(zeros, PACK_COUNT_MAX, written), 1u);
    cr_assert_eq(written[0], 0);

    /* As large with one exception as with four bits each: without exceptions, then. */
    const uint32_t either[] = {1, 1, 1, 1, 1, 1, 1, 8};
    const uint8_t either_bytes[] = {0x04, 0x11, 0x11, 0x11, 0x81};
    cr_assert_eq(chunk_write(either, 8, written), sizeof either_bytes);
    cr_assert_arr_eq(written, either_bytes, sizeof either_bytes);

    /* A number of eight bits among ones: one bit each, and 0x8a >> 1 apart. */
    const uint32_t one_large[] = {1, 1, 1, 1, 1, 0x8a, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const uint8_t one_large_bytes[] = {0x21, 0x01, 0xdf, 0xff, 0x05, 0x45};
    cr_assert_eq(chunk_write(one_large, 16, written), sizeof one_large_bytes);
    cr_assert_arr_eq(written, one_large_bytes, sizeof one_large_bytes);

    /* And one of sixteen bits: a high part of two bytes. */
    const uint32_t one_huge[] = {1, 1, 1, 1, 1, 0x1234, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const uint8_t one_huge_bytes[] = {0x41, 0x01, 0xdf, 0xff, 0x05, 0x1a, 0x09};
    cr_assert_eq(chunk_write(one_huge, 16, written), sizeof one_huge_bytes);
    cr_assert_arr_eq(written, one_huge_bytes, sizeof one_huge_bytes);
}

struct damage {
    const char *what;
    uint8_t bytes[8];
    size_t size;
    unsigned count;
};

Test(segment_chunk, damage_is_told)
{
    static const struct damage damages[] = {
        {"nothing at all", {0}, 0, 16},
        {"bits beyond the largest", {26, 0, 0, 0, 0, 0, 0, 0}, 8, 1},
        {"bits of another meaning", {31, 0, 0, 0, 0, 0, 0, 0}, 8, 1},
        {"bit 7 of the head", {0x80 | 1, 0, 0, 0, 0, 0, 0, 0}, 8, 1},
        {"both kinds of exceptions", {0x60 | 1, 1, 0, 0, 0, 0, 0, 0}, 8, 1},
        {"no room for n", {0x20}, 1, 16},
        {"no exceptions where some follow", {0x20, 0, 0, 0, 0, 0, 0, 0}, 8, 16},
        {"more exceptions than numbers", {0x20, 3, 0, 1, 1, 1, 1, 1}, 8, 2},
        {"an index behind the last number", {0x20, 2, 1, 2, 1, 1}, 6, 2},
        {"packed bytes behind the end", {8, 1, 2, 3}, 4, 4},
        {"exceptions behind the end", {0x40, 2, 0, 1, 1, 0, 1}, 7, 4},
    };
    uint8_t *end = guarded_end();
    uint8_t *data_end = end - READ_PADDING_BYTES;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        uint32_t out[PACK_COUNT_MAX];
        uint8_t *in = data_end - damages[i].size;
        memcpy(in, damages[i].bytes, damages[i].size);
        cr_assert_null(chunk_read(in, data_end, damages[i].count, out), "%s", damages[i].what);
    }
    uint32_t out[PACK_COUNT_MAX];
    data_end[0] = data_end[1] = 0; /* a chunk of zeros, but it begins behind the end */
    cr_assert_null(chunk_read(data_end + 1, data_end, 1, out));
    cr_assert_null(chunk_skip(data_end + 1, data_end, 1));
    guarded_free(end);
}

Test(segment_chunk, arbitrary_bytes_are_read_within_their_bounds)
{
    uint8_t *end = guarded_end();
    uint8_t *data_end = end - READ_PADDING_BYTES;
    unsigned accepted = 0;
    unsigned refused = 0;
    for (unsigned round = 0; round < 200000; round++) {
        size_t size = round % 2 ? random_u32() % 32 : random_u32() % 600;
        unsigned count = 1 + random_u32() % PACK_COUNT_MAX;
        uint8_t *in = data_end - size;
        for (size_t i = 0; i < size; i++) /* small bytes now and then: more indexes are valid */
            in[i] = (uint8_t)(random_u32() & (round % 3 ? 0x7f : 0x0f));
        uint32_t room[PACK_COUNT_MAX + 1];
        room[PACK_COUNT_MAX] = 0xA5A5A5A5u;
        const uint8_t *read = chunk_read(in, data_end, count, room);
        const uint8_t *skipped = chunk_skip(in, data_end, count);
        cr_assert_eq(room[PACK_COUNT_MAX], 0xA5A5A5A5u, "round %u", round);
        if (read) {
            accepted++;
            cr_assert(read > in && read <= data_end, "round %u", round);
            cr_assert_eq(read, skipped, "round %u", round);
        } else {
            refused++;
        }
    }
    cr_assert_gt(accepted, 1000u);
    cr_assert_gt(refused, 1000u);
    guarded_free(end);
}

Test(segment_chunk, ascending_numbers_are_the_sums_of_the_gaps)
{
    uint32_t gaps[PACK_COUNT_MAX], out[PACK_COUNT_MAX + 16];
    uint8_t bytes[CHUNK_BYTES_MAX + READ_PADDING_BYTES] = {0};
    for (unsigned round = 0; round < 4000; round++) {
        unsigned count = 1 + random_u32() % PACK_COUNT_MAX, narrow = random_u32() % 12;
        fill_skewed(gaps, count, narrow, narrow + 1 + random_u32() % 12, 2 + random_u32() % 40);
        size_t size = chunk_write(gaps, count, bytes);
        uint32_t before = round % 2 ? UINT32_MAX : random_u32() >> 4;
        const uint8_t *behind = chunk_read_ascending(bytes, bytes + size, count, before, out);
        cr_assert_eq(behind, bytes + size, "round %u", round);
        for (unsigned i = 0; i < count; i++) {
            before += gaps[i] + 1;
            cr_assert_eq(out[i], before, "round %u, number %u of %u", round, i, count);
        }
    }
}

Test(segment_chunk, gaps_that_wrap_around_are_damage)
{
    uint32_t gaps[PACK_COUNT_MAX] = {0}, out[PACK_COUNT_MAX + 16];
    uint8_t bytes[CHUNK_BYTES_MAX + READ_PADDING_BYTES] = {0};
    gaps[3] = UINT32_MAX - 5;
    size_t size = chunk_write(gaps, PACK_COUNT_MAX, bytes);
    cr_assert_null(chunk_read_ascending(bytes, bytes + size, PACK_COUNT_MAX, 17, out));
}

Test(segment_chunk, exceptions_out_of_order_are_damage)
{
    uint32_t numbers[PACK_COUNT_MAX] = {0}, out[PACK_COUNT_MAX + 16];
    uint8_t bytes[CHUNK_BYTES_MAX + READ_PADDING_BYTES] = {0};
    numbers[7] = numbers[70] = 200;
    size_t size = chunk_write(numbers, PACK_COUNT_MAX, bytes);
    cr_assert_eq(bytes[0], CHUNK_EXCEPTIONS_8);
    cr_assert_eq(chunk_read(bytes, bytes + size, PACK_COUNT_MAX, out), bytes + size);
    uint8_t *index = bytes + 2; /* of no bits there are no packed bytes */
    cr_assert(index[0] == 7 && index[1] == 70);
    index[1] = 7;
    cr_assert_null(chunk_read(bytes, bytes + size, PACK_COUNT_MAX, out));
    cr_assert_null(chunk_read_ascending(bytes, bytes + size, PACK_COUNT_MAX, 17, out));
    index[1] = PACK_COUNT_MAX;
    cr_assert_null(chunk_read(bytes, bytes + size, PACK_COUNT_MAX, out));
    cr_assert_null(chunk_read_ascending(bytes, bytes + size, PACK_COUNT_MAX, 17, out));
}
