/* SPDX-License-Identifier: MIT
 *
 * key_sort.c - see key_sort.h: by the first ten bytes digit by digit, what is equal there by
 * comparing.
 */
#include "write/key_sort.h"

#include <stdlib.h>

#define RADIX_BITS 8u
#define RADIX_SIZE (1u << RADIX_BITS)

static void sort_item_set(struct sort_item *item, const struct sort_context *context,
                          uint32_t number)
{
    const uint8_t *key = sort_key(context, number);
    item->prefix = sort_prefix(key);
    item->list = (uint16_t)(key[1] << 8 | key[2]);
    item->size = key[0];
    item->number = number;
}

static int compare_keys(const void *left, const void *right, void *user)
{
    const struct sort_context *context = user;
    const struct sort_item *a = left;
    const struct sort_item *b = right;
    if (a->prefix != b->prefix) /* only in small sorts */
        return a->prefix < b->prefix ? -1 : 1;
    const uint8_t *a_key = sort_key(context, a->number);
    const uint8_t *b_key = sort_key(context, b->number);
    size_t shared = a->size < b->size ? a->size : b->size;
    int order = memcmp(a_key + 1, b_key + 1, shared);
    if (order || a->size != b->size)
        return order ? order : (int)a->size - (int)b->size;
    return a->number < b->number ? -1 : a->number > b->number;
}

static unsigned radix_digit(const struct sort_item *item, unsigned pass)
{
    if (pass < 8)
        return item->prefix >> (pass * RADIX_BITS) & (RADIX_SIZE - 1);
    return item->list >> ((pass - 8) * RADIX_BITS) & (RADIX_SIZE - 1);
}

/* Sorts by list and prefix, lowest digit first, leaving out digits that are all the same. Gives
 * the array where the result is: items or spare. */
static struct sort_item *radix_sort(struct sort_item *items, struct sort_item *spare,
                                    uint32_t count)
{
    for (unsigned pass = 0; pass < 10; pass++) {
        uint32_t starts[RADIX_SIZE] = {0};
        for (uint32_t i = 0; i < count; i++)
            starts[radix_digit(&items[i], pass)]++;
        if (count && starts[radix_digit(&items[0], pass)] == count)
            continue;
        for (uint32_t digit = 0, sum = 0; digit < RADIX_SIZE; digit++) {
            uint32_t size = starts[digit];
            starts[digit] = sum;
            sum += size;
        }
        for (uint32_t i = 0; i < count; i++)
            spare[starts[radix_digit(&items[i], pass)]++] = items[i];
        struct sort_item *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

lupe_status sort_keys(struct sort_context *context, uint32_t count, struct sort_item **sorted,
                      struct sort_item **memory)
{
    *memory = memory_alloc(2 * (size_t)count * sizeof **memory);
    if (!*memory)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++)
        sort_item_set(&(*memory)[i], context, i);
    struct sort_item *items = radix_sort(*memory, *memory + count, count);
    for (uint32_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && items[end].prefix == items[start].prefix &&
                              items[end].list == items[start].list;)
            end++;
        if (end - start > 1)
            qsort_r(items + start, end - start, sizeof *items, compare_keys, context);
    }
    *sorted = items;
    return LUPE_OK;
}
