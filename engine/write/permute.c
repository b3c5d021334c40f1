/* SPDX-License-Identifier: MIT
 *
 * permute.c - see permute.h.
 */
#include "write/permute.h"

#include "base/sort.h"

#define CAPACITY_MIN 1024u

void permute_free(struct permute *permute)
{
    memory_free(permute->keys);
    memory_free(permute->postings);
    memory_free(permute->positions);
    memory_free(permute->ordered);
    memset(permute, 0, sizeof *permute);
}

void permute_clear(struct permute *permute)
{
    permute->count = 0;
    permute->position_count = 0;
}

static lupe_status permute_grow(struct permute *permute, size_t count)
{
    size_t capacity = permute->capacity ? permute->capacity * 2 : CAPACITY_MIN;
    while (capacity < count)
        capacity *= 2;
    uint64_t *keys = memory_realloc(permute->keys, 2 * capacity * sizeof *keys);
    if (!keys)
        return fail_memory();
    permute->keys = keys;
    struct permute_posting *postings =
        memory_realloc(permute->postings, capacity * sizeof *postings);
    if (!postings)
        return fail_memory();
    permute->postings = postings;
    permute->capacity = capacity;
    return LUPE_OK;
}

lupe_status permute_add(struct permute *permute, const uint32_t *documents, const uint32_t *tfs,
                        bool has_positions, uint32_t count)
{
    if (permute->capacity - permute->count < count) {
        lupe_status status = permute_grow(permute, permute->count + count);
        if (status)
            return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t which = permute->count++;
        permute->keys[which] = (uint64_t)documents[i] << 32 | which;
        permute->postings[which] = (struct permute_posting){permute->position_count, tfs[i]};
        if (has_positions)
            permute->position_count += tfs[i];
    }
    return LUPE_OK;
}

static unsigned key_bytes(uint32_t documents)
{
    return documents <= 1u << 8 ? 1 : documents <= 1u << 16 ? 2 : documents <= 1u << 24 ? 3 : 4;
}

/* The positions of a block's documents, in the order in which they are written. */
static lupe_status positions_order(struct permute *permute, const uint64_t *keys, uint32_t count)
{
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += permute->postings[(uint32_t)keys[i]].tf;
    if (total > permute->ordered_capacity) {
        size_t capacity = total + CAPACITY_MIN;
        uint32_t *ordered = memory_realloc(permute->ordered, capacity * sizeof *ordered);
        if (!ordered)
            return fail_memory();
        permute->ordered = ordered;
        permute->ordered_capacity = capacity;
    }
    uint32_t *to = permute->ordered;
    for (uint32_t i = 0; i < count; i++) {
        const struct permute_posting *posting = &permute->postings[(uint32_t)keys[i]];
        memcpy(to, permute->positions + posting->place, posting->tf * sizeof *to);
        to += posting->tf;
    }
    return LUPE_OK;
}

lupe_status permute_write(struct permute *permute, uint32_t documents, uint8_t flags,
                          struct form_merge *forms, struct segment_writer *writer)
{
    lupe_status status = LUPE_OK;
    bool has_positions = flags & ENTRY_HAS_POSITIONS;
    if (permute->count > 1)
        sort_by_high(permute->keys, permute->keys + permute->capacity, permute->count,
                     key_bytes(documents));
    for (size_t done = 0; done < permute->count;) {
        uint32_t numbers[BLOCK_DOCUMENTS];
        uint32_t tfs[BLOCK_DOCUMENTS];
        const uint64_t *keys = permute->keys + done;
        size_t left = permute->count - done;
        uint32_t count = left < BLOCK_DOCUMENTS ? (uint32_t)left : BLOCK_DOCUMENTS;
        for (uint32_t i = 0; i < count; i++) {
            numbers[i] = (uint32_t)(keys[i] >> 32);
            tfs[i] = permute->postings[(uint32_t)keys[i]].tf;
        }
        if (has_positions)
            TRY(positions_order(permute, keys, count));
        if (forms)
            TRY(form_merge_take(forms, tfs, count, permute->ordered));
        TRY(segment_writer_term_add(writer, numbers, flags & ENTRY_HAS_TF ? tfs : NULL,
                                    has_positions ? permute->ordered : NULL, count));
        done += count;
    }
out:
    return status;
}
