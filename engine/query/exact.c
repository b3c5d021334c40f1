/* SPDX-License-Identifier: MIT
 *
 * exact.c - see exact.h.
 */
#include "query/exact.h"

lupe_status exact_open(struct exact_word *word, struct segment *segment, const uint8_t *key,
                       size_t key_size, const struct list *list, const struct query_term *form)
{
    lupe_status status = LUPE_OK;
    const uint8_t *record;
    size_t size;
    uint64_t number;
    memset(word, 0, sizeof *word);
    form_reader_init(&word->reader, &segment->sections[SECTION_FORMS]);
    word->list = list;
    word->forms = memory_alloc(sizeof *word->forms);
    if (!word->forms)
        return fail_memory();
    TRY(dictionary_number(&segment->dictionary, key, key_size, &number));
    TRY(form_reader_find(&word->reader, number, &record, &size));
    TRY(forms_open(word->forms, record, size, key + 2, key_size - 2, list->block_count));
    word->nowhere = !forms_find(word->forms, form->bytes, form->size, &word->form);
    word->everywhere = word->forms->count == 1 && !word->nowhere;
out:
    if (status)
        exact_close(word);
    return status;
}

void exact_close(struct exact_word *word)
{
    form_reader_free(&word->reader);
    memory_free(word->forms);
    memory_free(word->places.items);
    memset(word, 0, sizeof *word);
}

/* The forms of a block. */
static lupe_status block_forms(struct exact_word *word, const struct block *block)
{
    uint64_t positions = 0;
    if (word->block_read && word->block == block->number)
        return LUPE_OK;
    for (uint32_t i = 0; i < block->count; i++)
        positions += block->tfs[i];
    word->block = block->number;
    lupe_status status = forms_block(word->forms, block->number, positions, &word->places);
    word->block_read = status == LUPE_OK;
    return status;
}

/* The first place at or behind a position. */
static size_t place_from(const struct form_places *places, uint64_t position)
{
    size_t low = 0, high = places->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places->items[middle] >> FORM_BITS < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

lupe_status exact_keep(struct exact_word *word, struct block *block, unsigned index,
                       uint32_t *positions, uint32_t *count)
{
    lupe_status status = LUPE_OK;
    uint64_t start = 0;
    uint32_t kept = 0;
    TRY(block_read_tfs(word->list, block));
    TRY(block_forms(word, block));
    for (unsigned i = 0; i < index; i++)
        start += block->tfs[i];
    const struct form_places *places = &word->places;
    size_t at = place_from(places, start);
    for (uint32_t i = 0; i < *count; i++) {
        unsigned form = 0;
        if (at < places->count && places->items[at] >> FORM_BITS == start + i)
            form = places->items[at++] & FORM_MASK;
        positions[kept] = positions[i];
        kept += form == word->form;
    }
    *count = kept;
out:
    return status;
}
