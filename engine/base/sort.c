/* SPDX-License-Identifier: MIT
 *
 * sort.c - see sort.h: what carries something by insertion where few, else byte by byte from the
 * lowest.
 */
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#define INSERTION_COUNT_MAX 48u /* below, counting 256 bytes costs more */

static void sort_few(uint64_t *items, size_t count, uint64_t mask)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t item = items[i];
        size_t at = i;
        for (; at > 0 && (items[at - 1] & mask) > (item & mask); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

void sort_by_high(uint64_t *items, uint64_t *spare, size_t count, unsigned key_bytes)
{
    if (count <= INSERTION_COUNT_MAX) {
        sort_few(items, count, (UINT64_MAX >> (64 - 8 * key_bytes)) << 32);
        return;
    }
    uint64_t *from = items;
    uint64_t *to = spare;
    for (unsigned shift = 32; shift < 32 + 8 * key_bytes; shift += 8) {
        size_t places[256] = {0};
        for (size_t i = 0; i < count; i++)
            places[from[i] >> shift & 255]++;
        if (places[from[0] >> shift & 255] == count)
            continue;
        for (size_t value = 0, at = 0; value < 256; value++) {
            size_t values = places[value];
            places[value] = at;
            at += values;
        }
        for (size_t i = 0; i < count; i++)
            to[places[from[i] >> shift & 255]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

void sort_numbers(uint32_t *numbers, size_t count)
{
    if (count > 1)
        qsort(numbers, count, sizeof *numbers, by_number);
}
