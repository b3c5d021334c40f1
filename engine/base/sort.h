/* SPDX-License-Identifier: MIT
 *
 * sort.h - sorts numbers, and numbers that carry something: by their high half, with the low half
 * along; and says how two strings of bytes, such as terms, are ordered.
 *
 * Called by write/, where documents are put into another order, by segment/ and by query/. Never
 * allocates: the caller gives the spare room.
 */
#ifndef LUPE_BASE_SORT_H
#define LUPE_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sorts items by the lowest key_bytes (1 to 4) bytes of their high 32 bits, ascending and stable:
 * items of one key keep their order. spare has room for count more. */
void sort_by_high(uint64_t *items, uint64_t *spare, size_t count, unsigned key_bytes);

/* Sorts numbers ascending; NULL where there are none. */
void sort_numbers(uint32_t *numbers, size_t count);

/* Below 0, 0 or above 0: by the bytes as numbers, and a string before those that it begins. */
static inline int compare_bytes(const uint8_t *left, size_t left_size, const uint8_t *right,
                                size_t right_size)
{
    int order = memcmp(left, right, left_size < right_size ? left_size : right_size);
    return order ? order : left_size < right_size ? -1 : left_size > right_size;
}

#endif
