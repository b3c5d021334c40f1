/* SPDX-License-Identifier: MIT
 *
 * test_base_utf8.c - every code point comes back, every broken form is told, cuts fall between
 * characters. The decoder is compared with one that does arithmetic instead of looking at the
 * second byte.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "support.h"

/* The size of the character at text by its arithmetic, and its code point; 0 when broken. */
static unsigned naive_decode(const uint8_t *text, size_t size, uint32_t *code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = 0;

    while (length < 8 && text[0] & 0x80u >> length)
        length++;
    if (length == 0) {
        *code_point = text[0];
        return 1;
    }
    if (length == 1 || length > 4 || length > size)
        return 0;
    uint32_t value = text[0] & (0x7Fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if (text[i] >> 6 != 2)
            return 0;
        value = value * 64 + text[i] % 64;
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    *code_point = value;
    return length;
}

static void check_against_naive(const uint8_t *text, size_t size)
{
    uint32_t expected = UTF8_REPLACEMENT;
    unsigned length = naive_decode(text, size, &expected);
    unsigned step = 0;
    uint32_t code_point = utf8_decode(text, text + size, &step);

    if (code_point != expected || step != (length ? length : 1))
        cr_assert_fail("%02x %02x %02x %02x of size %zu: U+%04X of %u bytes", text[0],
                       size > 1 ? text[1] : 0, size > 2 ? text[2] : 0, size > 3 ? text[3] : 0, size,
                       code_point, step);
}

Test(utf8, all_code_points_come_back)
{
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        uint8_t bytes[4];
        unsigned size = utf8_encode(code_point, bytes);
        unsigned step = 0;
        uint32_t back = utf8_decode(bytes, bytes + size, &step);
        uint32_t expected =
            code_point >= 0xD800 && code_point <= 0xDFFF ? UTF8_REPLACEMENT : code_point;
        if (back != expected || step != size || !utf8_valid(bytes, size))
            cr_assert_fail("U+%04X gives U+%04X in %u of %u bytes", code_point, back, step, size);
    }
    uint8_t bytes[4];
    cr_assert_eq(utf8_encode(0x110000, bytes), 3);
    cr_assert_eq(memcmp(bytes, "\xEF\xBF\xBD", 3), 0);
    cr_assert_eq(utf8_encode(UINT32_MAX, bytes), 3);
}

Test(utf8, known_bytes)
{
    uint8_t bytes[4];
    cr_assert_eq(utf8_encode(0xDF, bytes), 2);
    cr_assert_eq(memcmp(bytes, "\xC3\x9F", 2), 0);
    cr_assert_eq(utf8_encode(0x1E9E, bytes), 3);
    cr_assert_eq(memcmp(bytes, "\xE1\xBA\x9E", 3), 0);
    cr_assert_eq(utf8_encode(0x1F50E, bytes), 4);
    cr_assert_eq(memcmp(bytes, "\xF0\x9F\x94\x8E", 4), 0);
}

Test(utf8, all_sequences_of_one_to_three_bytes)
{
    uint8_t text[3];
    for (unsigned first = 0; first < 256; first++) {
        text[0] = (uint8_t)first;
        check_against_naive(text, 1);
        for (unsigned second = 0; second < 256; second++) {
            text[1] = (uint8_t)second;
            check_against_naive(text, 2);
            for (unsigned third = 0; third < 256; third += test_full() || first >= 0xE0 ? 1 : 13) {
                text[2] = (uint8_t)third;
                check_against_naive(text, 3);
            }
        }
    }
}

Test(utf8, sequences_of_four_bytes)
{
    static const uint8_t edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    uint8_t text[4];
    for (unsigned first = 0xC0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            for (size_t third = 0; third < sizeof edges; third++) {
                for (size_t fourth = 0; fourth < sizeof edges; fourth++) {
                    text[0] = (uint8_t)first;
                    text[1] = (uint8_t)second;
                    text[2] = edges[third];
                    text[3] = edges[fourth];
                    check_against_naive(text, 4);
                }
            }
        }
    }
}

Test(utf8, broken_forms_are_one_replacement_a_byte)
{
    static const struct {
        const char *what;
        const char *bytes;
    } rows[] = {
        {"lone continuation", "\x80"},
        {"two of them", "\xBF\x80"},
        {"overlong slash in two", "\xC0\xAF"},
        {"overlong DEL in two", "\xC1\xBF"},
        {"overlong in three", "\xE0\x9F\xBF"},
        {"overlong in four", "\xF0\x8F\xBF\xBF"},
        {"first surrogate", "\xED\xA0\x80"},
        {"last surrogate", "\xED\xBF\xBF"},
        {"above U+10FFFF", "\xF4\x90\x80\x80"},
        {"first byte F5", "\xF5\x80\x80\x80"},
        {"five bytes", "\xF8\x88\x80\x80\x80"},
        {"six bytes", "\xFC\x84\x80\x80\x80\x80"},
        {"FE and FF", "\xFE\xFF"},
        {"cut after one of two", "\xC3"},
        {"cut after two of three", "\xE2\x82"},
        {"cut after three of four", "\xF0\x9F\x94"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = strlen(rows[i].bytes);
        uint8_t *exact = malloc(size); /* so that the sanitizer sees a read beyond the end */
        memcpy(exact, rows[i].bytes, size);
        cr_assert(!utf8_valid(exact, size), "%s", rows[i].what);
        for (size_t at = 0; at < size; at++) {
            unsigned step = 0;
            cr_assert_eq(utf8_decode(exact + at, exact + size, &step), UTF8_REPLACEMENT, "%s",
                         rows[i].what);
            cr_assert_eq(step, 1, "%s", rows[i].what);
        }
        free(exact);
    }
}

Test(utf8, a_broken_start_does_not_swallow_what_follows)
{
    const uint8_t text[] = "\xE2\x82Z\xF0\x9F\xC3\xA4";
    const uint8_t *end = text + sizeof text - 1;
    static const uint32_t expected[] = {0xFFFD, 0xFFFD, 'Z', 0xFFFD, 0xFFFD, 0xE4};
    const uint8_t *at = text;
    for (size_t i = 0; i < 6; i++) {
        unsigned step = 0;
        cr_assert_eq(utf8_decode(at, end, &step), expected[i], "character %zu", i);
        at += step;
    }
    cr_assert_eq(at, end);
}

Test(utf8, valid_looks_at_every_byte)
{
    cr_assert(utf8_valid((const uint8_t *)"", 0));
    for (size_t size = 1; size < 40; size++) {
        uint8_t text[40];
        for (size_t at = 0; at < size; at++) {
            memset(text, 'a', size);
            cr_assert(utf8_valid(text, size));
            text[at] = 0x80;
            cr_assert(!utf8_valid(text, size), "byte %zu of %zu", at, size);
            text[at] = 0xC3;
            cr_assert(!utf8_valid(text, size), "byte %zu of %zu", at, size);
            if (at + 1 < size) {
                text[at + 1] = 0xA4;
                cr_assert(utf8_valid(text, size), "byte %zu of %zu", at, size);
            }
        }
    }
}

Test(utf8, cuts_fall_between_characters)
{
    static const uint8_t bytes[] = {'a',  0x80, 0xA4, 0xBF, 0xC3, 0xE2,
                                    0xED, 0xF0, 0xF4, 0x9F, 0xFF};
    struct support_random random = support_random_of(8);

    for (int round = 0; round < 20000; round++) {
        uint8_t text[12];
        bool boundary[13] = {false};
        size_t size = (size_t)support_random_below(&random, sizeof text + 1);
        for (size_t i = 0; i < size; i++)
            text[i] = bytes[support_random_below(&random, sizeof bytes)];
        for (size_t at = 0; at < size;) {
            unsigned step = 0;
            boundary[at] = true;
            utf8_decode(text + at, text + size, &step);
            at += step;
        }
        boundary[size] = true;
        size_t expected = 0;
        for (size_t size_max = 0; size_max < 15; size_max++) {
            if (size_max <= size && boundary[size_max])
                expected = size_max;
            cr_assert_eq(utf8_cut(text, size, size_max), expected, "seed %" PRIu64 " round %d",
                         random.seed, round);
        }
    }
}
