/* SPDX-License-Identifier: MIT
 *
 * test_segment_extent.c - sections cut into extents, written and read back.
 */
#include "base/hash.h"
#include "segment_cases.h"

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 2654435761u >> 13);
}

static void write_pattern(struct section_writer *writer, uint64_t size, size_t step)
{
    uint8_t *bytes = malloc(step);
    while (size) {
        size_t part = size < step ? (size_t)size : step;
        uint64_t offset = section_writer_offset(writer);
        for (size_t i = 0; i < part; i++)
            bytes[i] = byte_at(offset + i);
        section_writer_add(writer, bytes, part);
        size -= part;
    }
    free(bytes);
}

Test(segment_extent, sections_of_every_length_read_back)
{
    static const uint64_t lengths[] = {1,
                                       4007,
                                       4008,
                                       4009,
                                       EXTENT_PAYLOAD_BYTES - 1,
                                       EXTENT_PAYLOAD_BYTES,
                                       EXTENT_PAYLOAD_BYTES + 1,
                                       2 * (uint64_t)EXTENT_PAYLOAD_BYTES,
                                       3 * (uint64_t)EXTENT_PAYLOAD_BYTES + 77};
    for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
        uint64_t length = lengths[n];
        struct keeper keeper = {0};
        struct extent_sink sink = {keeper_put, &keeper};
        struct section_writer writer;
        section_writer_init(&writer, SECTION_STORED, &sink);
        write_pattern(&writer, length, 65537);
        cr_assert_eq(section_writer_offset(&writer), length);
        cr_assert_eq(section_writer_finish(&writer), LUPE_OK);
        section_writer_free(&writer);

        cr_assert_eq(keeper.count, extent_count(length), "length %" PRIu64, length);
        for (size_t i = 0; i < keeper.count; i++) {
            struct kept_value *value = &keeper.values[i];
            cr_assert_eq(value->number, extent_number(SECTION_STORED, (uint32_t)i));
            cr_assert_eq(value->size % PAGE_BYTES, PAGE_BYTES - PAGE_HEADER_BYTES);
            cr_assert(extent_sound(value->bytes, value->size));
            uint64_t payload = length - i * EXTENT_PAYLOAD_BYTES;
            if (payload >= EXTENT_PAYLOAD_BYTES) {
                cr_assert_eq(value->size, EXTENT_BYTES);
                continue;
            }
            cr_assert_lt(value->size - payload, EXTENT_TAIL_BYTES + PAGE_BYTES);
            cr_assert_geq(value->size - payload, EXTENT_TAIL_BYTES);
            for (uint64_t at = payload; at < value->size - CHECKSUM_BYTES; at++)
                cr_assert_eq(value->bytes[at], 0);
        }

        struct section section = kept_section(&keeper, SECTION_STORED, length);
        uint8_t *copy = malloc((size_t)length);
        cr_assert_eq(section_copy(&section, 0, copy, (size_t)length), LUPE_OK);
        for (uint64_t at = 0; at < length; at++)
            cr_assert_eq(copy[at], byte_at(at), "length %" PRIu64 ", offset %" PRIu64, length, at);
        cr_assert_eq(section_copy(&section, length - 1, copy, 2), LUPE_CORRUPT);
        free(copy);
        kept_section_free(&section);
        keeper_free(&keeper);
    }
    support_no_leaks();
}

Test(segment_extent, an_item_that_does_not_fit_begins_the_next_extent)
{
    struct keeper keeper = {0};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer writer;
    section_writer_init(&writer, SECTION_POSTINGS, &sink);
    write_pattern(&writer, EXTENT_PAYLOAD_BYTES - 10, 4096);
    cr_assert_eq(section_writer_left(&writer), 10u);
    section_writer_fit(&writer, 10);
    cr_assert_eq(section_writer_left(&writer), 10u);
    section_writer_fit(&writer, 11);
    cr_assert_eq(section_writer_offset(&writer), EXTENT_PAYLOAD_BYTES);
    cr_assert_eq(section_writer_left(&writer), EXTENT_PAYLOAD_BYTES);
    section_writer_fit(&writer, EXTENT_PAYLOAD_BYTES);
    cr_assert_eq(keeper.count, 0u, "a full extent waits for the next byte");
    section_writer_add(&writer, "item", 4);
    cr_assert_eq(keeper.count, 1u);
    cr_assert_eq(section_writer_finish(&writer), LUPE_OK);

    struct section section = kept_section(&keeper, SECTION_POSTINGS, EXTENT_PAYLOAD_BYTES + 4);
    uint8_t bytes[14];
    cr_assert_eq(section_copy(&section, EXTENT_PAYLOAD_BYTES - 10, bytes, 14), LUPE_OK);
    cr_assert_arr_eq(bytes, "\0\0\0\0\0\0\0\0\0\0item", 14);
    kept_section_free(&section);
    section_writer_free(&writer);
    keeper_free(&keeper);
    support_no_leaks();
}

Test(segment_extent, extents_are_read_from_a_file_when_they_are_used)
{
    uint64_t length = 2 * (uint64_t)EXTENT_PAYLOAD_BYTES + 500;
    struct keeper keeper = {0};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer writer;
    section_writer_init(&writer, SECTION_STORED, &sink);
    write_pattern(&writer, length, 10000);
    cr_assert_eq(section_writer_finish(&writer), LUPE_OK);
    section_writer_free(&writer);
    struct store *store = kept_store(&keeper, 1, "extents");
    struct store_read *read = NULL;
    cr_assert_eq(store_read_begin(store, &read), LUPE_OK);

    const uint8_t *table[4] = {NULL};
    struct section section = {read, 1, SECTION_STORED, length, extent_count(length), table};
    const uint8_t *bytes;
    size_t left;
    cr_assert_eq(section_at(&section, length - 3, &bytes, &left), LUPE_OK);
    cr_assert_eq(left, 3u);
    cr_assert_eq(bytes[2], byte_at(length - 1));
    cr_assert_null(table[0]);
    cr_assert_not_null(table[2]);
    cr_assert_eq(section_at(&section, 1, &bytes, &left), LUPE_OK);
    cr_assert_eq(left, EXTENT_PAYLOAD_BYTES - 1);
    cr_assert_eq(section_at(&section, length, &bytes, &left), LUPE_CORRUPT);
    cr_assert_null(bytes);
    cr_assert_eq(section_verify(&section, NULL, NULL), LUPE_OK);

    /* A length that asks for another size or for more extents than there are. */
    const uint8_t *other_table[5] = {NULL};
    struct section other = {read, 1, SECTION_STORED, length + 5000, 3, other_table};
    cr_assert_eq(section_at(&other, 2 * (uint64_t)EXTENT_PAYLOAD_BYTES, &bytes, &left),
                 LUPE_CORRUPT);
    cr_assert_not_null(strstr(lupe_last_error(), "extent 2"));
    other.length = 4 * (uint64_t)EXTENT_PAYLOAD_BYTES;
    other.extent_count = 4;
    cr_assert_eq(section_at(&other, other.length - 1, &bytes, &left), LUPE_CORRUPT);
    cr_assert_not_null(strstr(lupe_last_error(), "extent 3 is missing"));

    store_read_end(read);
    store_close(store);
    keeper_free(&keeper);
    support_no_leaks();
}

static void count_finding(void *user, const char *finding)
{
    cr_assert_not_null(strstr(finding, "extent"));
    ++*(unsigned *)user;
}

Test(segment_extent, a_flipped_bit_is_found_by_verifying)
{
    uint64_t length = 2 * (uint64_t)EXTENT_PAYLOAD_BYTES + 500;
    struct keeper keeper = {0};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer writer;
    section_writer_init(&writer, SECTION_POSITIONS, &sink);
    write_pattern(&writer, length, 10000);
    cr_assert_eq(section_writer_finish(&writer), LUPE_OK);
    section_writer_free(&writer);
    keeper.values[0].bytes[12345] ^= 4;
    keeper.values[2].bytes[keeper.values[2].size - 1] ^= 128;
    struct store *store = kept_store(&keeper, 7, "flipped");
    struct store_read *read = NULL;
    cr_assert_eq(store_read_begin(store, &read), LUPE_OK);
    const uint8_t *table[3] = {NULL};
    struct section section = {read, 7, SECTION_POSITIONS, length, 3, table};
    unsigned findings = 0;
    cr_assert_eq(section_verify(&section, count_finding, &findings), LUPE_CORRUPT);
    cr_assert_eq(findings, 2u);
    store_read_end(read);
    store_close(store);
    keeper_free(&keeper);
    support_no_leaks();
}

Test(segment_extent, a_failing_sink_sticks)
{
    struct keeper keeper = {.answer = LUPE_NO_SPACE};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer writer;
    section_writer_init(&writer, SECTION_STORED, &sink);
    write_pattern(&writer, 2 * (uint64_t)EXTENT_PAYLOAD_BYTES, 100000);
    cr_assert_eq(writer.status, LUPE_NO_SPACE);
    keeper.answer = LUPE_OK;
    cr_assert_eq(section_writer_finish(&writer), LUPE_NO_SPACE);
    cr_assert_eq(keeper.count, 0u);
    section_writer_free(&writer);
    keeper_free(&keeper);
    support_no_leaks();
}
