/* SPDX-License-Identifier: MIT
 *
 * word_table.c - see word_table.h.
 */
#include "write/word_table.h"

#include "base/memory.h"

#define TABLE_SLOTS_MIN 256u

/* Empty slots for twice as many words where a table of *slot_count has no room for one more, which
 * is from a load of 3/5 on; else *slots stays NULL. */
static lupe_status slots_room(uint32_t used, uint32_t *slot_count, size_t slot_bytes, void **slots)
{
    if ((uint64_t)(used + 1) * 5 <= (uint64_t)*slot_count * 3)
        return LUPE_OK;
    *slot_count = *slot_count ? *slot_count * 2 : TABLE_SLOTS_MIN;
    if (*slot_count == 0)
        return fail(LUPE_LIMIT, "more than 2^31 distinct words in one flush");
    *slots = memory_zalloc(*slot_count, slot_bytes);
    if (!*slots)
        return fail_memory();
    memory_scattered(*slots, *slot_count * slot_bytes);
    return LUPE_OK;
}

lupe_status table_room(struct table *table)
{
    uint32_t slot_count = table->slot_count;
    void *made = NULL;
    lupe_status status = slots_room(table->used, &slot_count, sizeof(struct table_slot), &made);
    if (status || !made)
        return status;
    struct table_slot *slots = made;
    for (uint32_t i = 0; i < table->slot_count; i++) {
        if (!table->slots[i].ref)
            continue;
        uint32_t at = table->slots[i].hash & (slot_count - 1);
        while (slots[at].ref)
            at = (at + 1) & (slot_count - 1);
        slots[at] = table->slots[i];
    }
    memory_free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return LUPE_OK;
}

void table_insert(struct table *table, uint32_t hash, uint32_t ref)
{
    uint32_t at = hash & (table->slot_count - 1);
    while (table->slots[at].ref)
        at = (at + 1) & (table->slot_count - 1);
    table->slots[at] = (struct table_slot){hash, ref};
    table->used++;
}

static void slot_put(struct short_slot *slots, uint32_t mask, const struct short_slot *slot)
{
    uint32_t at = short_hash(slot->low, slot->high) & mask;
    while (slots[at].low)
        at = (at + 1) & mask;
    slots[at] = *slot;
}

lupe_status short_room(struct short_table *table)
{
    uint32_t slot_count = table->slot_count;
    void *made = NULL;
    lupe_status status = slots_room(table->used, &slot_count, sizeof(struct short_slot), &made);
    if (status || !made)
        return status;
    struct short_slot *slots = made;
    for (uint32_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].low)
            slot_put(slots, slot_count - 1, &table->slots[i]);
    memory_free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return LUPE_OK;
}

void short_insert(struct short_table *table, const struct short_slot *slot)
{
    slot_put(table->slots, table->slot_count - 1, slot);
    table->used++;
}

/* ---- emptying and counting */

/* Zeroed, or freed where they are too many to be kept. */
static void *slots_empty(void *slots, size_t bytes, size_t bytes_kept)
{
    if (bytes > bytes_kept) {
        memory_free(slots);
        return NULL;
    }
    if (slots)
        memset(slots, 0, bytes);
    return slots;
}

void table_reset(struct table *table, size_t bytes_kept)
{
    table->slots = slots_empty(table->slots, table->slot_count * sizeof *table->slots, bytes_kept);
    table->slot_count = table->slots ? table->slot_count : 0;
    table->used = 0;
}

void short_table_reset(struct short_table *table, size_t bytes_kept)
{
    table->slots = slots_empty(table->slots, table->slot_count * sizeof *table->slots, bytes_kept);
    table->slot_count = table->slots ? table->slot_count : 0;
    table->used = 0;
}

/* Close to growing: old and new will stand side by side. */
static size_t slots_bytes(uint32_t slot_count, uint32_t used, size_t slot_bytes)
{
    size_t bytes = slot_count * slot_bytes;
    return (uint64_t)used * 50 > (uint64_t)slot_count * 29 ? bytes * 3 : bytes;
}

size_t table_bytes(const struct table *table)
{
    return slots_bytes(table->slot_count, table->used, sizeof *table->slots);
}

size_t short_table_bytes(const struct short_table *table)
{
    return slots_bytes(table->slot_count, table->used, sizeof *table->slots);
}
