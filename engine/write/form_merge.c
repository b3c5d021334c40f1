/* SPDX-License-Identifier: MIT
 *
 * form_merge.c - see form_merge.h.
 */
#include "write/form_merge.h"

#define POSITION_BITS (32u - FORM_BITS)
_Static_assert(DOCUMENT_WORDS_MAX <= 1u << POSITION_BITS, "a form fits above a position");

struct form_source {
    struct form_reader reader;
    struct forms forms;
    bool here; /* it has the word at hand, */
    const uint8_t *record;
    size_t record_size;
    uint32_t block_count;       /* of its list, */
    uint64_t occurrences;       /* about */
    uint8_t numbers[FORMS_MAX]; /* of its forms among all, then in the new order */
};

lupe_status form_merge_init(struct form_merge *merge, uint32_t sources)
{
    memset(merge, 0, sizeof *merge);
    form_writer_init(&merge->writer);
    merge->sources = memory_zalloc(sources, sizeof *merge->sources);
    merge->names = memory_alloc((size_t)FORMS_MAX * FORM_BYTES_MAX);
    merge->sizes = memory_alloc(FORMS_MAX);
    merge->counts = memory_alloc(FORMS_MAX * sizeof *merge->counts);
    merge->count = sources;
    return merge->sources && merge->names && merge->sizes && merge->counts ? LUPE_OK
                                                                           : fail_memory();
}

void form_merge_free(struct form_merge *merge)
{
    for (uint32_t i = 0; merge->sources && i < merge->count; i++)
        form_reader_free(&merge->sources[i].reader);
    memory_free(merge->sources);
    memory_free(merge->names);
    memory_free(merge->sizes);
    memory_free(merge->counts);
    memory_free(merge->places.items);
    form_writer_free(&merge->writer);
    memset(merge, 0, sizeof *merge);
}

void form_merge_begin(struct form_merge *merge, const uint8_t *term, size_t term_size)
{
    merge->term = term;
    merge->term_size = term_size;
    merge->several = merge->any = false;
    merge->copied = NULL;
    merge->form_count = 0;
    for (uint32_t i = 0; i < merge->count; i++)
        merge->sources[i].here = false;
}

/* The number of a form among those of all sources; beyond FORMS_MAX that of the one without
 * bytes. */
static unsigned form_number(struct form_merge *merge, const uint8_t *bytes, size_t size)
{
    unsigned nameless = 0;
    for (unsigned i = 0; i < merge->form_count; i++) {
        if (merge->sizes[i] == size &&
            memcmp(merge->names + (size_t)i * FORM_BYTES_MAX, bytes, size) == 0)
            return i;
        nameless += merge->sizes[i] == 0;
    }
    if (merge->form_count - nameless == FORMS_MAX - 1 && size)
        return form_number(merge, bytes, 0);
    memcpy(merge->names + (size_t)merge->form_count * FORM_BYTES_MAX, bytes, size);
    merge->sizes[merge->form_count] = (uint8_t)size;
    merge->counts[merge->form_count] = 0;
    return merge->form_count++;
}

lupe_status form_merge_add(struct form_merge *merge, uint32_t number, struct section *section,
                           uint64_t entry, const struct list *list)
{
    struct form_source *source = &merge->sources[number];
    if (source->reader.section != section)
        form_reader_init(&source->reader, section);
    lupe_status status =
        form_reader_find(&source->reader, entry, &source->record, &source->record_size);
    source->here = status == LUPE_OK;
    source->block_count = list->block_count;
    source->occurrences = list->occurrences > list->frequency ? list->occurrences : list->frequency;
    merge->any = merge->any || source->record_size;
    return status;
}

/* The forms of a source, and how often it has each. */
static lupe_status forms_count(struct form_merge *merge, struct form_source *source)
{
    struct forms *forms = &source->forms;
    uint8_t name[FORM_BYTES_MAX];
    uint64_t others = 0;
    lupe_status status = LUPE_OK;
    TRY(forms_open(forms, source->record, source->record_size, merge->term, merge->term_size,
                   source->block_count));
    for (unsigned i = 0; i < forms->count; i++)
        source->numbers[i] = (uint8_t)form_number(merge, name, forms_name(forms, i, name));
    for (uint32_t b = 0; forms->count > 1 && b < forms->block_count; b++) {
        TRY(forms_block(forms, b, UINT64_MAX, &merge->places));
        others += merge->places.count;
        for (size_t i = 0; i < merge->places.count; i++)
            merge->counts[source->numbers[merge->places.items[i] & FORM_MASK]]++;
    }
    merge->counts[source->numbers[0]] +=
        source->occurrences > others ? source->occurrences - others : 0;
out:
    return status;
}

static bool comes_before(const struct form_merge *merge, unsigned a, unsigned b)
{
    if (merge->counts[a] != merge->counts[b])
        return merge->counts[a] > merge->counts[b];
    size_t shared = merge->sizes[a] < merge->sizes[b] ? merge->sizes[a] : merge->sizes[b];
    int order = memcmp(merge->names + (size_t)a * FORM_BYTES_MAX,
                       merge->names + (size_t)b * FORM_BYTES_MAX, shared);
    return order ? order < 0 : merge->sizes[a] < merge->sizes[b];
}

lupe_status form_merge_number(struct form_merge *merge, bool unchanged)
{
    uint8_t order[FORMS_MAX], ranks[FORMS_MAX];
    lupe_status status = LUPE_OK;
    for (uint32_t s = 0; s < merge->count && merge->any; s++) {
        struct form_source *source = &merge->sources[s];
        if (source->here && !unchanged)
            TRY(forms_count(merge, source));
        else if (source->here)
            merge->copied = source;
    }
    if (unchanged || !merge->any)
        goto out;
    merge->several = merge->form_count > 1;
    for (unsigned i = 0; i < merge->form_count; i++) {
        unsigned at = i;
        for (; at > 0 && comes_before(merge, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
    form_writer_begin(&merge->writer, merge->term, merge->term_size);
    for (unsigned i = 0; i < merge->form_count; i++) {
        ranks[order[i]] = (uint8_t)i;
        form_writer_name(&merge->writer, merge->names + (size_t)order[i] * FORM_BYTES_MAX,
                         merge->sizes[order[i]], merge->counts[order[i]]);
    }
    form_writer_named(&merge->writer);
    for (uint32_t s = 0; s < merge->count; s++) {
        struct form_source *source = &merge->sources[s];
        for (unsigned i = 0; source->here && i < source->forms.count; i++)
            source->numbers[i] = ranks[source->numbers[i]];
    }
out:
    return status;
}

/* ---- blocks */

lupe_status form_merge_block(struct form_merge *merge, uint32_t number, const struct block *block,
                             const uint8_t *index, uint32_t count, uint32_t *positions)
{
    struct form_source *source = &merge->sources[number];
    uint32_t first = (uint32_t)source->numbers[0] << POSITION_BITS;
    uint64_t start = 0, end = 0; /* of a document's positions in the block */
    size_t at = 0;
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < block->count; i++)
        end += block->tfs[i];
    TRY(forms_block(&source->forms, block->number, end, &merge->places));
    const struct form_places *places = &merge->places;
    end = 0;
    for (uint32_t i = 0, document = 0; i < count; i++) {
        for (; document <= index[i]; document++) {
            start = end;
            end += block->tfs[document];
        }
        for (uint64_t p = start; p < end; p++, positions++) {
            if (*positions >> POSITION_BITS)
                return fail(LUPE_CORRUPT, "a position is too high; run check");
            *positions |= first;
        }
        uint32_t *document_positions = positions - (end - start);
        while (at < places->count && places->items[at] >> FORM_BITS < start)
            at++;
        for (; at < places->count && places->items[at] >> FORM_BITS < end; at++) {
            uint32_t *position = &document_positions[(places->items[at] >> FORM_BITS) - start];
            *position ^= first;
            *position |= (uint32_t)source->numbers[places->items[at] & FORM_MASK] << POSITION_BITS;
        }
    }
out:
    return status;
}

lupe_status form_merge_take(struct form_merge *merge, const uint32_t *tfs, uint32_t count,
                            uint32_t *positions)
{
    uint64_t total = 0;
    struct form_places *places = &merge->places;
    places->count = 0;
    for (uint32_t i = 0; i < count; i++)
        total += tfs[i];
    for (uint64_t p = 0; p < total; p++) {
        unsigned form = positions[p] >> POSITION_BITS;
        positions[p] &= (1u << POSITION_BITS) - 1;
        if (!form)
            continue;
        lupe_status status = form_places_add(places, form_place(p, form));
        if (status)
            return status;
    }
    form_writer_add(&merge->writer, tfs, count, places->items, places->count);
    return LUPE_OK;
}

lupe_status form_merge_end(struct form_merge *merge, struct buffer *record)
{
    if (merge->copied) {
        buffer_add(record, merge->copied->record, merge->copied->record_size);
        return buffer_status(record);
    }
    return merge->any ? form_writer_end(&merge->writer, record) : LUPE_OK;
}
