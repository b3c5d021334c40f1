/* SPDX-License-Identifier: MIT
 *
 * test_base_sort.c - numbers sorted by their high half, stable, few and many; strings compared.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "support.h"

#define COUNT_MAX 5000u

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The low half counts up, so that a stable order by the high half is that of the whole numbers. */
Test(base_sort, as_the_whole_numbers)
{
    struct support_random random = support_random_of(1);
    static uint64_t items[COUNT_MAX];
    static uint64_t spare[COUNT_MAX];
    static uint64_t expected[COUNT_MAX];
    const uint32_t counts[] = {0, 1, 2, 3, 47, 48, 49, 50, 300, COUNT_MAX};
    for (unsigned bytes = 1; bytes <= 4; bytes++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            for (uint64_t below = 1; below < 1ull << (8 * bytes); below = below * 16 - 1) {
                for (uint32_t i = 0; i < counts[c]; i++)
                    items[i] = support_random_below(&random, below) << 32 | i;
                memcpy(expected, items, sizeof items);
                qsort(expected, counts[c], sizeof *expected, compare);
                sort_by_high(items, spare, counts[c], bytes);
                cr_assert(memcmp(items, expected, counts[c] * sizeof *items) == 0,
                          "seed %" PRIu64 ": %u numbers below %" PRIu64, random.seed, counts[c],
                          below);
                if (below == 1)
                    below = 2;
            }
        }
    }
}

/* Bytes above the key count for nothing. */
Test(base_sort, bytes_above_the_key_do_not_count)
{
    uint64_t spare[100];
    for (uint32_t count = 2; count <= 100; count += 98) {
        uint64_t items[100];
        for (uint32_t i = 0; i < count; i++)
            items[i] = (uint64_t)(count - i) << 56 | (uint64_t)(i % 7) << 32 | i;
        sort_by_high(items, spare, count, 3);
        for (uint32_t i = 1; i < count; i++) {
            uint64_t before = items[i - 1] << 8;
            cr_assert(before < items[i] << 8, "%u numbers, place %u", count, i);
        }
    }
}

Test(base_sort, bytes_are_ordered_as_numbers_and_what_begins_another_comes_first)
{
    static const char *const ascending[] = {"", "a", "ab", "abc", "b", "z", "\xc3\xa4"};
    for (int i = 0; i < (int)(sizeof ascending / sizeof *ascending); i++)
        for (int j = 0; j < (int)(sizeof ascending / sizeof *ascending); j++) {
            int order = compare_bytes((const uint8_t *)ascending[i], strlen(ascending[i]),
                                      (const uint8_t *)ascending[j], strlen(ascending[j]));
            cr_assert_eq((order > 0) - (order < 0), (i > j) - (i < j), "\"%s\" and \"%s\"",
                         ascending[i], ascending[j]);
        }
}
