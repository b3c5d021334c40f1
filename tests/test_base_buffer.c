/* SPDX-License-Identifier: MIT
 *
 * test_base_buffer.c - buffers grow up to their limit and no further, errors stick, numbers and
 * varints come back as they were written, and cursors never leave their bytes.
 */
#include <string.h>

#include "base/buffer.h"
#include "support.h"

Test(buffer, bytes_are_kept_in_order)
{
    struct buffer buffer = BUFFER_INIT(0);
    for (unsigned i = 0; i < 10000; i++) {
        buffer_add_u8(&buffer, (uint8_t)i);
        buffer_add(&buffer, "abc", i % 4);
    }
    cr_assert_eq(buffer_status(&buffer), LUPE_OK);
    const uint8_t *at = buffer.data;
    for (unsigned i = 0; i < 10000; i++) {
        cr_assert_eq(*at, (uint8_t)i);
        cr_assert_eq(memcmp(at + 1, "abc", i % 4), 0);
        at += 1 + i % 4;
    }
    cr_assert_eq((size_t)(at - buffer.data), buffer.size);
    buffer_free(&buffer);
    cr_assert_eq(buffer.size, 0);
    support_no_leaks();
}

Test(buffer, an_unused_buffer_holds_no_memory)
{
    struct buffer buffer = BUFFER_INIT(100);
    buffer_add(&buffer, NULL, 0);
    buffer_clear(&buffer);
    cr_assert_eq(buffer_status(&buffer), LUPE_OK);
    cr_assert_null(buffer.data);
    buffer_free(&buffer);
    support_no_leaks();
}

Test(buffer, the_limit_can_be_reached_and_not_passed)
{
    static const uint8_t bytes[200];

    for (size_t limit = 1; limit < 200; limit++) {
        struct buffer buffer = BUFFER_INIT(limit);
        for (size_t i = 0; i < limit; i++)
            buffer_add_varint(&buffer, 1);
        cr_assert_eq(buffer_status(&buffer), LUPE_OK, "limit %zu", limit);
        cr_assert_eq(buffer.size, limit);
        cr_assert_leq(buffer.capacity, limit);
        buffer_add_u8(&buffer, 1);
        cr_assert_eq(buffer.size, limit);
        cr_assert_eq(buffer_status(&buffer), LUPE_LIMIT);
        buffer_free(&buffer);

        buffer_add(&buffer, bytes, limit);
        cr_assert_eq(buffer_status(&buffer), LUPE_OK, "the limit outlives buffer_free");
        buffer_free(&buffer);
        buffer_add(&buffer, bytes, limit + 1);
        cr_assert_eq(buffer_status(&buffer), LUPE_LIMIT);
        buffer_free(&buffer);
    }
    support_no_leaks();
}

Test(buffer, the_message_tells_the_limit)
{
    struct buffer buffer = BUFFER_INIT(5);
    buffer_add(&buffer, "sechs!", 6);
    cr_assert_eq(buffer_status(&buffer), LUPE_LIMIT);
    cr_assert_neq(strstr(lupe_last_error(), " 5 "), NULL, "%s", lupe_last_error());
    buffer_free(&buffer);
    support_no_leaks();
}

Test(buffer, an_error_sticks)
{
    struct buffer buffer = BUFFER_INIT(70);
    buffer_add(&buffer, "0123456789", 10);
    cr_assert_not_null(buffer_reserve(&buffer, 20)); /* leaves room that is not used */
    cr_assert_null(buffer_reserve(&buffer, 100));
    buffer_add_u8(&buffer, 1);
    buffer_add_u16(&buffer, 1);
    buffer_add_varint(&buffer, 1);
    buffer_add(&buffer, "x", 1);
    cr_assert_eq(buffer.size, 10);
    cr_assert_eq(memcmp(buffer.data, "0123456789", 10), 0);
    buffer_clear(&buffer);
    buffer_add_u8(&buffer, 1);
    cr_assert_eq(buffer.size, 0);
    cr_assert_eq(buffer_status(&buffer), LUPE_LIMIT);
    buffer_free(&buffer);
    buffer_add_u8(&buffer, 1);
    cr_assert_eq(buffer_status(&buffer), LUPE_OK);
    buffer_free(&buffer);
    support_no_leaks();
}

Test(buffer, each_failing_allocation_is_an_error)
{
    size_t n = 1;
    for (bool failed = true; failed; n++) {
        struct buffer buffer = BUFFER_INIT(0);
        support_fail_allocation(n);
        for (unsigned i = 0; i < 1000; i++)
            buffer_add_u64(&buffer, i);
        failed = support_allocation_failed();
        cr_assert_eq(buffer_status(&buffer), failed ? LUPE_NO_MEMORY : LUPE_OK);
        for (size_t i = 0; i < buffer.size / 8; i++)
            cr_assert_eq(load_u64(buffer.data + 8 * i), i);
        buffer_free(&buffer);
        support_no_leaks();
    }
    cr_assert_gt(n, 4);
}

Test(buffer, lent_memory_is_used_first_and_is_not_freed)
{
    uint8_t room[10];
    struct buffer buffer = BUFFER_LENT(room, sizeof room, 1000);

    buffer_add(&buffer, "0123456789", 10);
    cr_assert_eq(buffer.data, room);
    cr_assert_eq(lupe_allocations_live(), 0);
    buffer_clear(&buffer);
    buffer_add(&buffer, "abcdefghij", 10);
    for (unsigned i = 0; i < 900; i++)
        buffer_add_u8(&buffer, (uint8_t)i);
    cr_assert_eq(buffer_status(&buffer), LUPE_OK);
    cr_assert_neq(buffer.data, room);
    cr_assert_eq(memcmp(buffer.data, "abcdefghij", 10), 0);
    cr_assert_eq(buffer.data[909], (uint8_t)899);
    buffer_free(&buffer);
    support_no_leaks();

    buffer = BUFFER_LENT(room, sizeof room, 1000);
    support_fail_allocation(1);
    buffer_add(&buffer, "0123456789", 10);
    buffer_add_u8(&buffer, 1);
    cr_assert_eq(buffer_status(&buffer), LUPE_NO_MEMORY);
    cr_assert_eq(buffer.size, 10);
    buffer_free(&buffer);
    support_no_leaks();
}

Test(buffer, impossible_sizes_are_out_of_memory)
{
    struct buffer buffer = BUFFER_INIT(0);
    buffer_add_u8(&buffer, 1);
    cr_assert_null(buffer_reserve(&buffer, SIZE_MAX));
    cr_assert_eq(buffer_status(&buffer), LUPE_NO_MEMORY);
    buffer_free(&buffer);
    cr_assert_null(buffer_reserve(&buffer, SIZE_MAX / 2 + 1));
    cr_assert_eq(buffer_status(&buffer), LUPE_NO_MEMORY);
    buffer_free(&buffer);
    support_no_leaks();
}

/* ---------------------------------------------------------------- numbers */

Test(numbers, are_little_endian_and_unaligned)
{
    struct buffer buffer = BUFFER_INIT(0);
    buffer_add_u8(&buffer, 0x11);
    buffer_add_u16(&buffer, 0x2233);
    buffer_add_u32(&buffer, 0x44556677);
    buffer_add_u64(&buffer, 0x8899AABBCCDDEEFF);
    static const uint8_t expected[] = {0x11, 0x33, 0x22, 0x77, 0x66, 0x55, 0x44, 0xFF,
                                       0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99, 0x88};
    cr_assert_eq(buffer.size, sizeof expected);
    cr_assert_eq(memcmp(buffer.data, expected, sizeof expected), 0);

    struct cursor cursor = cursor_of(buffer.data, buffer.size);
    cr_assert_eq(cursor_u8(&cursor), 0x11);
    cr_assert_eq(cursor_u16(&cursor), 0x2233);
    cr_assert_eq(cursor_u32(&cursor), 0x44556677);
    cr_assert_eq(cursor_left(&cursor), 8);
    cr_assert_eq(cursor_u64(&cursor), 0x8899AABBCCDDEEFF);
    cr_assert(cursor.ok);
    cr_assert_eq(cursor_left(&cursor), 0);

    uint8_t raw[9] = {0};
    store_u16(raw + 1, 0x2233);
    cr_assert_eq(load_u16(raw + 1), 0x2233);
    store_u32(raw + 1, 0x44556677);
    cr_assert_eq(load_u32(raw + 1), 0x44556677);
    store_u64(raw + 1, 0x8899AABBCCDDEEFF);
    cr_assert_eq(load_u64(raw + 1), 0x8899AABBCCDDEEFF);
    cr_assert_eq(raw[0], 0);
    buffer_free(&buffer);
    support_no_leaks();
}

Test(numbers, reading_beyond_the_end_gives_zero_and_stays_there)
{
    static const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (size_t size = 0; size < 8; size++) {
        struct cursor cursor = cursor_of(bytes, size);
        cr_assert_eq(cursor_u64(&cursor), 0);
        cr_assert(!cursor.ok);
        cr_assert_eq(cursor_left(&cursor), 0);
        cr_assert_eq(cursor_u8(&cursor), 0);
        cr_assert_eq(cursor_varint(&cursor), 0);
        cr_assert_null(cursor_take(&cursor, 1));
        cr_assert(!cursor.ok);
    }
    struct cursor cursor = cursor_of(bytes, 8);
    cr_assert_eq(cursor_take(&cursor, 3), bytes);
    cr_assert_null(cursor_take(&cursor, SIZE_MAX));
    cr_assert(!cursor.ok);
}

/* ---------------------------------------------------------------- varints */

Test(varint, every_width_comes_back)
{
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t top = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
        const uint64_t values[] = {top, top / 2 + 1, top + (bits < 64)};
        for (size_t i = 0; i < 3; i++) {
            uint8_t bytes[VARINT_BYTES_MAX];
            size_t size = varint_put(bytes, values[i]);
            cr_assert_eq(size, varint_size(values[i]), "%" PRIu64, values[i]);
            struct cursor cursor = cursor_of(bytes, size);
            cr_assert_eq(cursor_varint(&cursor), values[i]);
            cr_assert(cursor.ok);
            cr_assert_eq(cursor_left(&cursor), 0);
            for (size_t cut = 0; cut < size; cut++) {
                cursor = cursor_of(bytes, cut);
                cr_assert_eq(cursor_varint(&cursor), 0);
                cr_assert(!cursor.ok, "%" PRIu64 " cut to %zu bytes", values[i], cut);
            }
        }
    }
}

Test(varint, known_bytes)
{
    uint8_t bytes[VARINT_BYTES_MAX];
    cr_assert_eq(varint_put(bytes, 300), 2);
    cr_assert_eq(bytes[0], 0xAC);
    cr_assert_eq(bytes[1], 0x02);
    cr_assert_eq(varint_put(bytes, UINT64_MAX), VARINT_BYTES_MAX);
    cr_assert_eq(bytes[9], 0x01);
}

Test(varint, more_than_64_bits_are_an_error)
{
    uint8_t bytes[12];
    memset(bytes, 0xFF, sizeof bytes);
    struct cursor cursor = cursor_of(bytes, sizeof bytes);
    cr_assert_eq(cursor_varint(&cursor), 0);
    cr_assert(!cursor.ok);
    cr_assert_eq(cursor_left(&cursor), 0);
    bytes[9] = 0x02; /* bit 64 */
    cursor = cursor_of(bytes, sizeof bytes);
    cr_assert_eq(cursor_varint(&cursor), 0);
    cr_assert(!cursor.ok);
    bytes[9] = 0x81; /* an eleventh byte */
    bytes[10] = 0x00;
    cursor = cursor_of(bytes, sizeof bytes);
    cr_assert_eq(cursor_varint(&cursor), 0);
    cr_assert(!cursor.ok);
}
