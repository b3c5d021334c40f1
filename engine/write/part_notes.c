/* SPDX-License-Identifier: MIT
 *
 * part_notes.c - see part_notes.h.
 */
#include "write/part_notes.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/sort.h"

#define SLOTS_MIN 256u

void part_notes_init(struct part_notes *notes)
{
    memset(notes, 0, sizeof *notes);
    notes->keys = BUFFER_INIT(UINT32_MAX);
    notes->parts = BUFFER_INIT(0);
    notes->notes = BUFFER_INIT(0);
}

void part_notes_free(struct part_notes *notes)
{
    buffer_free(&notes->keys);
    buffer_free(&notes->parts);
    buffer_free(&notes->notes);
    memory_free(notes->slots);
    notes->slots = NULL;
    notes->slot_count = 0;
}

void part_notes_reset(struct part_notes *notes, size_t bytes_kept)
{
    if (part_notes_bytes(notes) > bytes_kept || notes->keys.status || notes->parts.status ||
        notes->notes.status)
        part_notes_free(notes);
    buffer_clear(&notes->keys);
    buffer_clear(&notes->parts);
    buffer_clear(&notes->notes);
    if (notes->slots)
        memset(notes->slots, 0, notes->slot_count * sizeof *notes->slots);
}

size_t part_notes_bytes(const struct part_notes *notes)
{
    return notes->keys.size + notes->parts.size + notes->notes.size +
           notes->slot_count * sizeof *notes->slots;
}

/* Room for one part more: at most half of the slots are in use. */
static lupe_status slots_room(struct part_notes *notes)
{
    uint32_t count = part_notes_count(notes);
    if (2 * (uint64_t)(count + 1) <= notes->slot_count)
        return LUPE_OK;
    uint32_t slot_count = notes->slot_count ? 2 * notes->slot_count : SLOTS_MIN;
    uint32_t *slots = memory_zalloc(slot_count, sizeof *slots);
    if (!slots)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = part_notes_at(notes, i)->hash & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = i + 1;
    }
    memory_free(notes->slots);
    notes->slots = slots;
    notes->slot_count = slot_count;
    return LUPE_OK;
}

static lupe_status part_find(struct part_notes *notes, const uint8_t *term, size_t size,
                             uint32_t *number)
{
    uint32_t hash = (uint32_t)hash_bytes(term, size);
    lupe_status status = slots_room(notes);
    if (status)
        return status;
    uint32_t at = hash & (notes->slot_count - 1);
    for (; notes->slots[at]; at = (at + 1) & (notes->slot_count - 1)) {
        *number = notes->slots[at] - 1;
        if (part_notes_at(notes, *number)->hash != hash)
            continue;
        const uint8_t *key = part_key(notes, *number);
        if (key[0] == size && memcmp(key + 1, term, size) == 0)
            return LUPE_OK;
    }
    struct part part = {.hash = hash, .key = (uint32_t)notes->keys.size};
    *number = part_notes_count(notes);
    buffer_add_u8(&notes->keys, (uint8_t)size);
    buffer_add(&notes->keys, term, size);
    buffer_add(&notes->parts, &part, sizeof part);
    if (notes->keys.status || notes->parts.status)
        return notes->keys.status ? buffer_status(&notes->keys) : buffer_status(&notes->parts);
    notes->slots[at] = *number + 1;
    return LUPE_OK;
}

lupe_status part_notes_add(struct part_notes *notes, const uint8_t *term, size_t size,
                           uint32_t source, bool single)
{
    uint32_t number = 0;
    lupe_status status = part_find(notes, term, size, &number);
    if (status)
        return status;
    struct part *part = (struct part *)(void *)notes->parts.data + number;
    const struct part_note *all = (const struct part_note *)(const void *)notes->notes.data;
    part->is_single |= single;
    if (part->note && all[part->note - 1].source == source)
        return LUPE_OK; /* another surface form of the same term, as a rule */
    struct part_note note = {source, part->note};
    buffer_add(&notes->notes, &note, sizeof note);
    part->note = (uint32_t)(notes->notes.size / sizeof note);
    return buffer_status(&notes->notes);
}

static int compare_parts(const void *left, const void *right, void *user)
{
    const struct part_notes *notes = user;
    const uint8_t *a = part_key(notes, *(const uint32_t *)left);
    const uint8_t *b = part_key(notes, *(const uint32_t *)right);
    return compare_bytes(a + 1, a[0], b + 1, b[0]);
}

lupe_status part_notes_order(const struct part_notes *notes, uint32_t **order)
{
    uint32_t count = part_notes_count(notes);
    *order = memory_alloc((count + 1u) * sizeof **order);
    if (!*order)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++)
        (*order)[i] = i;
    qsort_r(*order, count, sizeof **order, compare_parts, (void *)notes);
    return LUPE_OK;
}

lupe_status part_notes_sources(const struct part_notes *notes, uint32_t number,
                               struct buffer *sources)
{
    const struct part_note *all = (const struct part_note *)(const void *)notes->notes.data;
    size_t first = sources->size;
    for (uint32_t note = part_notes_at(notes, number)->note; note; note = all[note - 1].next)
        buffer_add_u32(sources, all[note - 1].source);
    if (sources->status)
        return buffer_status(sources);
    uint32_t *found = (uint32_t *)(void *)(sources->data + first);
    size_t count = (sources->size - first) / sizeof *found, kept = 0;
    sort_numbers(found, count);
    for (size_t i = 0; i < count; i++) /* surface forms of one term note the same */
        if (i == 0 || found[i] != found[kept - 1])
            found[kept++] = found[i];
    sources->size = first + kept * sizeof *found;
    return LUPE_OK;
}
