/* SPDX-License-Identifier: MIT
 *
 * sort.h - sorts numbers, and numbers that carry something: by their high half, with the low half
 * along.
 *
 * Called by write/, where documents are put into another order, and by segment/. Never allocates:
 * the caller gives the spare room.
 */
#ifndef LUPE_BASE_SORT_H
#define LUPE_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Sorts items by the lowest key_bytes (1 to 4) bytes of their high 32 bits, ascending and stable:
 * items of one key keep their order. spare has room for count more. */
void sort_by_high(uint64_t *items, uint64_t *spare, size_t count, unsigned key_bytes);

/* Sorts numbers ascending; NULL where there are none. */
void sort_numbers(uint32_t *numbers, size_t count);

#endif
