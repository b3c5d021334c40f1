/* SPDX-License-Identifier: MIT
 *
 * part_notes.c - see part_notes.h.
 */
#include "write/part_notes.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "segment/dictionary.h"

#define SLOTS_MIN 256u
#define WORD_HEAD_BYTES 5u

void part_notes_init(struct part_notes *notes)
{
    memset(notes, 0, sizeof *notes);
    notes->keys = BUFFER_INIT(UINT32_MAX);
    notes->words = BUFFER_INIT(UINT32_MAX);
    notes->parts = BUFFER_INIT(0);
    notes->notes = BUFFER_INIT(0);
}

void part_notes_seal(struct part_notes *notes)
{
    buffer_free(&notes->words);
    memory_free(notes->word_slots);
    memory_free(notes->slots);
    notes->word_slots = NULL;
    notes->slots = NULL;
    notes->word_slot_count = notes->slot_count = notes->word_count = 0;
}

void part_notes_free(struct part_notes *notes)
{
    part_notes_seal(notes);
    buffer_free(&notes->keys);
    buffer_free(&notes->parts);
    buffer_free(&notes->notes);
}

void part_notes_reset(struct part_notes *notes, size_t bytes_kept)
{
    if (part_notes_bytes(notes) > bytes_kept || notes->keys.status || notes->words.status ||
        notes->parts.status || notes->notes.status)
        part_notes_free(notes);
    buffer_clear(&notes->keys);
    buffer_clear(&notes->words);
    buffer_clear(&notes->parts);
    buffer_clear(&notes->notes);
    notes->word_count = 0;
    if (notes->slots)
        memset(notes->slots, 0, notes->slot_count * sizeof *notes->slots);
    if (notes->word_slots)
        memset(notes->word_slots, 0, notes->word_slot_count * sizeof *notes->word_slots);
}

size_t part_notes_bytes(const struct part_notes *notes)
{
    return notes->keys.size + notes->words.size + notes->parts.size + notes->notes.size +
           notes->slot_count * sizeof *notes->slots +
           notes->word_slot_count * sizeof *notes->word_slots;
}

/* ---- parts */

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

/* The part with a term, which is made when it is new. */
static lupe_status part_of_term(struct part_notes *notes, const uint8_t *term, size_t size,
                                uint32_t *number)
{
    uint8_t key[KEY_BYTES_MAX];
    uint32_t hash = (uint32_t)hash_bytes(term, size);
    lupe_status status = slots_room(notes);
    if (status)
        return status;
    size_t key_size = key_make(key, LIST_PARTS, term, size);
    uint32_t at = hash & (notes->slot_count - 1);
    for (; notes->slots[at]; at = (at + 1) & (notes->slot_count - 1)) {
        *number = notes->slots[at] - 1;
        if (part_notes_at(notes, *number)->hash != hash)
            continue;
        const uint8_t *known = part_key(notes, *number);
        if (known[0] == key_size && memcmp(known + 1, key, key_size) == 0)
            return LUPE_OK;
    }
    struct part part = {.hash = hash, .key = (uint32_t)notes->keys.size};
    *number = part_notes_count(notes);
    buffer_add_u8(&notes->keys, (uint8_t)key_size);
    buffer_add(&notes->keys, key, key_size);
    buffer_add(&notes->parts, &part, sizeof part);
    if (notes->keys.status || notes->parts.status)
        return notes->keys.status ? buffer_status(&notes->keys) : buffer_status(&notes->parts);
    notes->slots[at] = *number + 1;
    return LUPE_OK;
}

/* ---- the words that they are */

static lupe_status word_slots_room(struct part_notes *notes)
{
    if (2 * (uint64_t)(notes->word_count + 1) <= notes->word_slot_count)
        return LUPE_OK;
    uint32_t slot_count = notes->word_slot_count ? 2 * notes->word_slot_count : SLOTS_MIN;
    struct part_word_slot *slots = memory_zalloc(slot_count, sizeof *slots);
    if (!slots)
        return fail_memory();
    for (uint32_t i = 0; i < notes->word_slot_count; i++) {
        if (!notes->word_slots[i].word)
            continue;
        uint32_t at = notes->word_slots[i].hash & (slot_count - 1);
        while (slots[at].word)
            at = (at + 1) & (slot_count - 1);
        slots[at] = notes->word_slots[i];
    }
    memory_free(notes->word_slots);
    notes->word_slots = slots;
    notes->word_slot_count = slot_count;
    return LUPE_OK;
}

bool part_notes_find(const struct part_notes *notes, const uint8_t *word, uint32_t size,
                     uint32_t hash, uint32_t *part)
{
    if (!notes->word_slot_count)
        return false;
    uint32_t mask = notes->word_slot_count - 1;
    for (uint32_t at = hash & mask; notes->word_slots[at].word; at = (at + 1) & mask) {
        if (notes->word_slots[at].hash != hash)
            continue;
        const uint8_t *known = notes->words.data + notes->word_slots[at].word - 1;
        if (known[4] != size || memcmp(known + WORD_HEAD_BYTES, word, size) != 0)
            continue;
        *part = load_u32(known);
        return true;
    }
    return false;
}

lupe_status part_notes_learn(struct part_notes *notes, const uint8_t *word, uint32_t size,
                             uint32_t hash, const uint8_t *term, size_t term_size, uint32_t *part)
{
    lupe_status status = LUPE_OK;
    *part = PART_NONE;
    if (term_size)
        TRY(part_of_term(notes, term, term_size, part));
    TRY(word_slots_room(notes));
    uint32_t mask = notes->word_slot_count - 1;
    uint32_t at = hash & mask;
    while (notes->word_slots[at].word)
        at = (at + 1) & mask;
    uint32_t offset = (uint32_t)notes->words.size;
    buffer_add_u32(&notes->words, *part);
    buffer_add_u8(&notes->words, (uint8_t)size);
    buffer_add(&notes->words, word, size);
    TRY(buffer_status(&notes->words));
    notes->word_slots[at] = (struct part_word_slot){hash, offset + 1};
    notes->word_count++;
out:
    return status;
}

/* ---- the notes */

lupe_status part_notes_add(struct part_notes *notes, uint32_t source, const uint32_t *parts,
                           unsigned count)
{
    if (count == 0)
        return LUPE_OK;
    buffer_add_u32(&notes->notes, source);
    buffer_add(&notes->notes, parts, (count - 1) * sizeof *parts);
    buffer_add_u32(&notes->notes, parts[count - 1] | NOTE_LAST);
    return buffer_status(&notes->notes);
}

lupe_status noted_sources_make(const struct part_notes *notes, const uint32_t *places,
                               struct noted_sources *sources)
{
    uint32_t count = part_notes_count(notes);
    const uint32_t *at = (const uint32_t *)(const void *)notes->notes.data;
    const uint32_t *end = at + notes->notes.size / sizeof *at;
    sources->count = count;
    sources->starts = memory_zalloc((size_t)count + 2, sizeof *sources->starts);
    sources->single = memory_zalloc((size_t)count + 1, sizeof *sources->single);
    sources->sources = memory_alloc(notes->notes.size + sizeof *sources->sources);
    if (!sources->starts || !sources->single || !sources->sources)
        return fail_memory();
    uint32_t *next = sources->starts + 1; /* that of each part, once it is filled its end */
    for (const uint32_t *note = at; note < end; note++)
        do {
            note++;
            uint32_t place = places[*note >> NOTE_PART_SHIFT];
            sources->single[place] |= (*note & NOTE_SINGLE) != 0;
            next[place + 1]++;
        } while (!(*note & NOTE_LAST));
    for (uint32_t i = 0; i < count; i++)
        next[i + 1] += next[i];
    for (const uint32_t *note = at; note < end; note++) {
        uint32_t source = *note;
        do {
            note++;
            sources->sources[next[places[*note >> NOTE_PART_SHIFT]]++] = source;
        } while (!(*note & NOTE_LAST));
    }
    return LUPE_OK;
}

void noted_sources_free(struct noted_sources *sources)
{
    memory_free(sources->starts);
    memory_free(sources->sources);
    memory_free(sources->single);
}
