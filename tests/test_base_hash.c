/* SPDX-License-Identifier: MIT
 *
 * test_base_hash.c - the hashes are the ones of the file format, at any alignment.
 */
#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "support.h"

/* The published values of XXH3 for no input. */
Test(hash, known_values)
{
    static const uint8_t expected[16] = {0x99, 0xAA, 0x06, 0xD3, 0x01, 0x47, 0x98, 0xD8,
                                         0x60, 0x01, 0xC3, 0x24, 0x46, 0x8D, 0x49, 0x7F};
    uint8_t out[16];

    cr_assert_eq(hash_bytes("", 0), 0x2D06800538D394C2u);
    cr_assert_eq(checksum_32("", 0), 0x38D394C2u);
    hash_128("", 0, out);
    cr_assert_eq(memcmp(out, expected, 16), 0);
}

Test(hash, every_byte_and_the_size_count)
{
    uint8_t bytes[300];
    uint8_t changed_128[16];
    uint8_t plain_128[16];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t size = 1; size < sizeof bytes; size += size < 40 ? 1 : 61) {
        uint64_t plain = hash_bytes(bytes, size);
        hash_128(bytes, size, plain_128);
        cr_assert_neq(hash_bytes(bytes, size - 1), plain);
        cr_assert_eq(checksum_32(bytes, size), (uint32_t)plain);
        for (size_t at = 0; at < size; at++) {
            bytes[at] ^= 1;
            cr_assert_neq(hash_bytes(bytes, size), plain, "byte %zu of %zu", at, size);
            hash_128(bytes, size, changed_128);
            cr_assert_neq(memcmp(changed_128, plain_128, 16), 0, "byte %zu of %zu", at, size);
            bytes[at] ^= 1;
        }
    }
}

Test(hash, alignment_does_not_count)
{
    uint8_t room[600];
    for (size_t size = 0; size < 500; size += 31) {
        uint64_t expected = 0;
        for (size_t offset = 0; offset < 16; offset++) {
            for (size_t i = 0; i < size; i++)
                room[offset + i] = (uint8_t)(i * 13 + 5);
            uint64_t value = hash_bytes(room + offset, size);
            if (offset == 0)
                expected = value;
            cr_assert_eq(value, expected, "size %zu offset %zu", size, offset);
        }
    }
}
