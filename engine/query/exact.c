/* SPDX-License-Identifier: MIT
 *
 * exact.c - see exact.h.
 */
#include "query/exact.h"

static lupe_status forms_read(struct exact_word *word, struct segment *segment, const uint8_t *key,
                              size_t key_size, const struct list *list)
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
out:
    return status;
}

lupe_status exact_open(struct exact_word *word, struct segment *segment, const uint8_t *key,
                       size_t key_size, const struct list *list, const struct query_term *form)
{
    unsigned found;
    lupe_status status = forms_read(word, segment, key, key_size, list);
    if (status) {
        exact_close(word);
        return status;
    }
    word->nowhere = !forms_find(word->forms, form->bytes, form->size, &found);
    word->everywhere = word->forms->count == 1 && !word->nowhere;
    if (!word->nowhere)
        word->wanted[found] = true;
    return LUPE_OK;
}

lupe_status exact_open_folded(struct exact_word *word, struct segment *segment, const uint8_t *key,
                              size_t key_size, const struct list *list,
                              const struct query_term *folded)
{
    unsigned found = 0;
    lupe_status status = forms_read(word, segment, key, key_size, list);
    if (status) {
        exact_close(word);
        return status;
    }
    for (unsigned i = 0; i < word->forms->count; i++) {
        word->wanted[i] = forms_folds_to(word->forms, i, folded->bytes, folded->size);
        found += word->wanted[i];
    }
    word->nowhere = found == 0;
    word->everywhere = found == word->forms->count;
    return LUPE_OK;
}

void exact_close(struct exact_word *word)
{
    form_reader_free(&word->reader);
    memory_free(word->forms);
    memory_free(word->places.items);
    memset(word, 0, sizeof *word);
}

/* The forms of a block, up to a position. */
static lupe_status block_forms(struct exact_word *word, const struct block *block, uint64_t until)
{
    lupe_status status = LUPE_OK;
    if (!word->block_begun || word->block != block->number) {
        word->block = block->number;
        word->places.count = 0;
        word->positions = 0;
        for (uint32_t i = 0; i < block->count; i++)
            word->positions += block->tfs[i];
        TRY(forms_block_begin(word->forms, block->number));
        word->block_begun = true;
    }
    TRY(forms_block_until(word->forms, word->positions, until, &word->places));
out:
    word->block_begun = status == LUPE_OK;
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

/* Where the positions of a document begin in its block, and the first place at or behind it. */
static lupe_status document_forms(struct exact_word *word, struct block *block, unsigned index,
                                  uint64_t *start, size_t *at)
{
    lupe_status status = LUPE_OK;
    *start = 0;
    TRY(block_read_tfs(word->list, block));
    for (unsigned i = 0; i < index; i++)
        *start += block->tfs[i];
    TRY(block_forms(word, block, *start + block->tfs[index]));
    *at = place_from(&word->places, *start);
out:
    return status;
}

lupe_status exact_keep(struct exact_word *word, struct block *block, unsigned index,
                       uint32_t *positions, uint32_t *count)
{
    const struct form_places *places = &word->places;
    lupe_status status = LUPE_OK;
    uint32_t kept = 0;
    uint64_t start;
    size_t at;
    TRY(document_forms(word, block, index, &start, &at));
    for (uint32_t i = 0; i < *count; i++) {
        unsigned form = 0;
        if (at < places->count && places->items[at] >> FORM_BITS == start + i)
            form = places->items[at++] & FORM_MASK;
        positions[kept] = positions[i];
        kept += word->wanted[form];
    }
    *count = kept;
out:
    return status;
}

lupe_status exact_count(struct exact_word *word, struct block *block, unsigned index,
                        uint32_t *count)
{
    const struct form_places *places = &word->places;
    lupe_status status = LUPE_OK;
    uint64_t start, others = 0;
    size_t at;
    *count = 0;
    TRY(document_forms(word, block, index, &start, &at));
    uint64_t end = start + block->tfs[index];
    for (; at < places->count && places->items[at] >> FORM_BITS < end; at++, others++)
        *count += word->wanted[places->items[at] & FORM_MASK];
    if (word->wanted[0])
        *count += (uint32_t)(block->tfs[index] - others);
out:
    return status;
}
