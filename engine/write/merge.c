/* SPDX-License-Identifier: MIT
 *
 * merge.c - see merge.h. Reads and writes through segment/ alone: documents in order, then the
 * terms of all sources, least key first, each list block by block.
 */
#include "write/merge.h"

#include "base/sort.h"
#include "write/merge_state.h"

#define DOCUMENT_DEAD UINT32_MAX
#define DOCUMENT_BYTES 16u /* what a document costs besides its record, for merge_step's count */
#define TERM_BYTES 16u
#define PAIR_STEP_BYTES (1u << 18) /* what a step of making pairs counts for */

#define SAMPLES_MAX 4096u /* stored documents read to make their dictionary from */
#define REORDER_SHARE 0.8 /* of the time of a merge that reorders */

/* ---- beginning */

static lupe_status source_map(struct merge *merge, struct source *source)
{
    uint32_t documents = source->segment->entry.documents;
    source->base = merge->documents;
    merge->documents += documents - source->live.deleted;
    if (!source->live.deleted)
        return LUPE_OK;
    source->map = memory_alloc(documents * sizeof *source->map);
    if (!source->map)
        return fail_memory();
    for (uint32_t i = 0, next = source->base; i < documents; i++)
        source->map[i] = live_has(&source->live, i) ? next++ : DOCUMENT_DEAD;
    return LUPE_OK;
}

static lupe_status source_open(struct merge *merge, struct source *source,
                               const struct merge_source *given)
{
    lupe_status status = LUPE_OK;
    TRY(segment_open(merge->read, given->entry, &source->segment));
    TRY(live_copy(given->live ? given->live : &source->segment->live, &source->live));
    TRY(source_map(merge, source));
    merge->bytes_total += segment_entry_bytes(given->entry) +
                          (uint64_t)given->entry->documents * DOCUMENT_BYTES +
                          given->entry->terms * TERM_BYTES;
out:
    return status;
}

/* The words of a source's deleted documents, counted in its lists: norms are too coarse. */
static lupe_status words_deleted(struct merge *merge, struct source *source, uint64_t *words)
{
    lupe_status status = LUPE_OK;
    struct segment *segment = source->segment;
    struct block *block = &merge->block;
    struct list list;
    uint8_t key[KEY_BYTES_MAX];
    size_t key_size = key_make(key, LIST_WORDS, NULL, 0);

    TRY(dictionary_seek(&segment->dictionary, key, key_size, &source->terms));
    while ((status = dictionary_next(&source->terms)) == LUPE_OK && source->terms.key[0] == 0 &&
           source->terms.key[1] == LIST_WORDS) {
        TRY(list_open(&segment->sections[SECTION_POSTINGS], &segment->sections[SECTION_POSITIONS],
                      segment->entry.documents, &source->terms.entry, &list));
        for (uint32_t i = 0; i < list.block_count; i++) {
            TRY(block_read(&list, i, block));
            TRY(block_read_tfs(&list, block));
            for (uint32_t j = 0; j < block->count; j++)
                if (!live_has(&source->live, block->documents[j]))
                    *words += block->tfs[j];
        }
    }
    if (status == LUPE_NOT_FOUND)
        status = LUPE_OK;
out:
    return status;
}

/* The documents' lengths are known by their norms only, but their sum exactly: what the least
 * lengths of the norms leave is spread over the documents as their norms allow. So a segment
 * that was merged has the same norms and the same average as one written at once. */
static lupe_status words_count(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    uint64_t words = 0;
    uint64_t words_least = 0;
    for (uint32_t s = 0; s < merge->count; s++) {
        struct source *source = &merge->sources[s];
        uint64_t gone = 0;
        if (source->live.deleted)
            TRY(words_deleted(merge, source, &gone));
        words += source->segment->entry.words -
                 (gone < source->segment->entry.words ? gone : source->segment->entry.words);
        for (uint32_t i = 0; i < source->segment->entry.documents; i++)
            if (live_has(&source->live, i))
                words_least += norm_length_min(source->segment->norms[i]);
    }
    merge->words_spare = words > words_least ? words - words_least : 0;
out:
    return status;
}

static uint32_t document_length(struct merge *merge, uint8_t norm)
{
    uint32_t least = norm_length_min(norm);
    uint32_t most = norm < NORMS - 1 ? norm_length_min((uint8_t)(norm + 1)) - 1 : least;
    if (most > DOCUMENT_WORDS_MAX)
        most = DOCUMENT_WORDS_MAX;
    uint64_t more = most > least ? most - least : 0;
    if (more > merge->words_spare)
        more = merge->words_spare;
    merge->words_spare -= more;
    return least + (uint32_t)more;
}

lupe_status merge_begin(struct store *store, const struct merge_options *options,
                        const struct merge_source *sources, uint32_t count,
                        struct merge **out_merge)
{
    lupe_status status = LUPE_OK;
    *out_merge = NULL;
    struct merge *merge = memory_zalloc(1, sizeof *merge);
    if (!merge)
        return fail_memory();
    merge->store = store;
    merge->options = *options;
    merge->count = count;
    merge->id = BUFFER_INIT(0);
    merge->record = BUFFER_INIT(0);
    publication_init(&merge->publication, store);
    merge->sources = memory_zalloc(count, sizeof *merge->sources);
    merge->order = memory_alloc(count * sizeof *merge->order);
    if (!merge->sources || !merge->order) {
        status = fail_memory();
        goto out;
    }
    if (options->forms)
        TRY(form_merge_init(&merge->forms, count));
    TRY(store_read_begin(store, &merge->read));
    for (uint32_t i = 0; i < count; i++)
        TRY(source_open(merge, &merge->sources[i], &sources[i]));
    if (merge->documents == 0) {
        merge->stage = STAGE_FINISHED;
    } else {
        struct segment_writer_options writer = {0, options->k1, options->b,
                                                publication_sink(&merge->publication),
                                                pair_lists_share(options->pairs, merge->documents)};
        TRY(words_count(merge));
        TRY(segment_writer_open(&writer, &merge->writer));
        merge->stage = options->reorder ? STAGE_TELL : STAGE_DOCUMENTS;
    }
    *out_merge = merge;
    merge = NULL;
out:
    merge_close(merge);
    return status;
}

void merge_close(struct merge *merge)
{
    if (!merge)
        return;
    if (merge->stage != STAGE_HANDED_OUT && merge->publication.segment)
        publish_drop(merge->store, &merge->publication.segment, 1);
    pair_lists_close(merge->pair_lists);
    segment_writer_close(merge->writer);
    for (uint32_t i = 0; merge->sources && i < merge->count; i++) {
        segment_close(merge->sources[i].segment);
        live_free(&merge->sources[i].live);
        memory_free(merge->sources[i].map);
    }
    store_read_end(merge->read);
    publication_free(&merge->publication);
    buffer_free(&merge->id);
    reorder_close(merge->reorder);
    permute_free(&merge->permute);
    form_merge_free(&merge->forms);
    buffer_free(&merge->record);
    part_lists_free(&merge->parts);
    memory_free(merge->origins);
    memory_free(merge->pairs);
    memory_free(merge->positions);
    memory_free(merge->sources);
    memory_free(merge->order);
    memory_free(merge);
}

double merge_share(const struct merge *merge)
{
    if (merge->stage >= STAGE_FINISHED || merge->bytes_total == 0)
        return 1.0;
    if (merge->stage < STAGE_DOCUMENTS)
        return merge->reorder ? REORDER_SHARE * reorder_share(merge->reorder) : 0.0;
    double share = (double)merge->bytes_done / (double)merge->bytes_total;
    share = share < 1.0 ? share : 1.0;
    return merge->options.reorder ? REORDER_SHARE + (1.0 - REORDER_SHARE) * share : share;
}

/* ---- documents */

static lupe_status boundaries_read(struct merge *merge, struct segment *segment, uint32_t document,
                                   size_t *count)
{
    lupe_status status =
        segment_boundaries(segment, document, merge->pairs, merge->pair_capacity, count);
    if (status == LUPE_OK && *count > merge->pair_capacity) {
        uint32_t *pairs = memory_realloc(merge->pairs, *count * 2 * 2 * sizeof *pairs);
        if (!pairs)
            return fail_memory();
        merge->pairs = pairs;
        merge->pair_capacity = *count * 2;
        status = segment_boundaries(segment, document, merge->pairs, merge->pair_capacity, count);
    }
    return status;
}

static lupe_status document_copy(struct merge *merge, struct segment *segment, uint32_t number)
{
    lupe_status status = LUPE_OK;
    struct segment_document document = {.length = document_length(merge, segment->norms[number])};
    buffer_clear(&merge->id);
    TRY(segment_long_id(segment, number, &merge->id)); /* the others go with their lists */
    TRY(segment_stored(segment, number, &document.record, &document.record_size));
    TRY(boundaries_read(merge, segment, number, &document.boundary_count));
    document.id = merge->id.data;
    document.id_size = merge->id.size;
    document.boundaries = merge->pairs;
    merge->bytes_done +=
        document.record_size / 3 + DOCUMENT_BYTES; /* a record is some thrice its stored size */
    TRY(segment_writer_document(merge->writer, &document));
out:
    return status;
}

static void order_insert(struct merge *merge, uint32_t from, uint32_t number);

/* Moves a source to its next term; it leaves the order behind its last. */
static lupe_status source_advance(struct merge *merge, uint32_t place)
{
    uint32_t number = merge->order[place];
    lupe_status status = dictionary_next(&merge->sources[number].terms);
    merge->sources[number].entries++;
    if (status == LUPE_OK) {
        order_insert(merge, place, number);
    } else if (status == LUPE_NOT_FOUND) {
        merge->order_count--;
        memmove(merge->order + place, merge->order + place + 1,
                (merge->order_count - place) * sizeof *merge->order);
        status = LUPE_OK;
    }
    return status;
}

/* All sources before their first term. */
static lupe_status terms_seek(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    merge->order_count = 0;
    for (uint32_t i = merge->count; i-- > 0;) {
        struct source *source = &merge->sources[i];
        TRY(dictionary_seek(&source->segment->dictionary, NULL, 0, &source->terms));
        source->entries = 0;
        memmove(merge->order + 1, merge->order, merge->order_count * sizeof *merge->order);
        merge->order[0] = i;
        merge->order_count++;
        TRY(source_advance(merge, 0));
    }
out:
    return status;
}

static lupe_status terms_begin(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    TRY(segment_writer_documents_done(merge->writer));
    TRY(part_lists_init(&merge->parts, merge->writer, merge->documents));
    TRY(terms_seek(merge));
    merge->stage = STAGE_TERMS;
out:
    return status;
}

static lupe_status documents_step(struct merge *merge, uint64_t until)
{
    lupe_status status = LUPE_OK;
    if (merge->origins) {
        while (merge->bytes_done < until && merge->document < merge->documents) {
            struct origin origin = merge->origins[merge->document++];
            TRY(document_copy(merge, merge->sources[origin.source].segment, origin.document));
        }
        if (merge->document == merge->documents)
            TRY(terms_begin(merge));
        goto out;
    }
    while (merge->bytes_done < until && merge->source < merge->count) {
        struct source *source = &merge->sources[merge->source];
        if (merge->document == source->segment->entry.documents) {
            merge->source++;
            merge->document = 0;
            continue;
        }
        uint32_t document = merge->document++;
        if (live_has(&source->live, document))
            TRY(document_copy(merge, source->segment, document));
    }
    if (merge->source == merge->count)
        TRY(terms_begin(merge));
out:
    return status;
}

/* ---- terms */

static int compare_terms(const struct merge *merge, uint32_t left, uint32_t right)
{
    const struct dictionary_iterator *a = &merge->sources[left].terms;
    const struct dictionary_iterator *b = &merge->sources[right].terms;
    int order = compare_bytes(a->key, a->key_size, b->key, b->key_size);
    return order ? order : left < right ? -1 : 1;
}

static bool same_term(const struct merge *merge, uint32_t left, uint32_t right)
{
    const struct dictionary_iterator *a = &merge->sources[left].terms;
    const struct dictionary_iterator *b = &merge->sources[right].terms;
    return a->key_size == b->key_size && !memcmp(a->key, b->key, a->key_size);
}

/* Moves the source at place back to where its key belongs among those behind it. */
static void order_insert(struct merge *merge, uint32_t place, uint32_t number)
{
    while (place + 1 < merge->order_count &&
           compare_terms(merge, merge->order[place + 1], number) < 0) {
        merge->order[place] = merge->order[place + 1];
        place++;
    }
    merge->order[place] = number;
}

/* How many sources, the first of the order, have the term that comes next. */
static uint32_t same_count(const struct merge *merge)
{
    uint32_t same = 1;
    while (same < merge->order_count && same_term(merge, merge->order[0], merge->order[same]))
        same++;
    return same;
}

static lupe_status same_advance(struct merge *merge, uint32_t same)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = same; i-- > 0;) /* from behind, so that places stay */
        TRY(source_advance(merge, i));
out:
    return status;
}

/* Maps the documents of merge->block in place; index gets the places of live ones in the block. */
static uint32_t block_map(struct merge *merge, const struct source *source,
                          uint8_t index[BLOCK_DOCUMENTS])
{
    struct block *block = &merge->block;
    uint32_t count = 0;
    for (uint32_t i = 0; i < block->count; i++) {
        index[i] = (uint8_t)i;
        if (!source->map)
            block->documents[i] += source->base;
    }
    if (!source->map)
        return block->count;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t mapped = source->map[block->documents[i]];
        if (mapped == DOCUMENT_DEAD)
            continue;
        index[count] = (uint8_t)i;
        block->documents[count++] = mapped;
    }
    return count;
}

static lupe_status block_copy(struct merge *merge, const struct source *source,
                              const struct list *list, uint32_t number)
{
    lupe_status status = LUPE_OK;
    struct block *block = &merge->block;
    uint8_t index[BLOCK_DOCUMENTS];
    uint32_t tfs[BLOCK_DOCUMENTS];
    uint64_t words = 0;
    bool has_positions = list->flags & ENTRY_HAS_POSITIONS;

    TRY(block_read(list, number, block));
    TRY(block_read_tfs(list, block));
    uint32_t count = block_map(merge, source, index);
    if (count == 0)
        goto out;
    for (uint32_t i = 0; i < count; i++)
        words += tfs[i] = block->tfs[index[i]];
    if (merge->origins) {
        struct permute *permute = &merge->permute;
        if (has_positions)
            TRY(block_positions(list, block, index, count, &permute->positions,
                                &permute->position_capacity, permute->position_count));
        if (merge->forms.several)
            TRY(form_merge_block(&merge->forms, (uint32_t)(source - merge->sources), block, index,
                                 count, permute->positions + permute->position_count));
        TRY(permute_add(permute, block->documents, tfs, has_positions, count));
        merge->bytes_done += count + (has_positions ? words : 0);
        goto out;
    }
    if (has_positions)
        TRY(block_positions(list, block, index, count, &merge->positions, &merge->position_capacity,
                            0));
    if (merge->forms.several) {
        TRY(form_merge_block(&merge->forms, (uint32_t)(source - merge->sources), block, index,
                             count, merge->positions));
        TRY(form_merge_take(&merge->forms, tfs, count, merge->positions));
    }
    TRY(segment_writer_term_add(merge->writer, block->documents,
                                list->flags & ENTRY_HAS_TF ? tfs : NULL,
                                has_positions ? merge->positions : NULL, count));
    merge->bytes_done += count + (has_positions ? words : 0);
out:
    return status;
}

static lupe_status list_copy(struct merge *merge, const struct source *source)
{
    lupe_status status = LUPE_OK;
    struct segment *segment = source->segment;
    struct list list;
    TRY(list_open(&segment->sections[SECTION_POSTINGS], &segment->sections[SECTION_POSITIONS],
                  segment->entry.documents, &source->terms.entry, &list));
    for (uint32_t i = 0; i < list.block_count; i++)
        TRY(block_copy(merge, source, &list, i));
    merge->bytes_done += source->terms.key_size / 2 + TERM_BYTES;
out:
    return status;
}

/* ---- words that are parts of compounds */

/* What is done with the documents of a list of a source. */
enum part_use { PART_EXTRA, PART_WIDE, PART_OWN, PART_OWN_OF_PARTS };

static lupe_status part_add(struct part_lists *parts, enum part_use use, uint32_t document,
                            uint32_t tf)
{
    uint32_t own = tf / PARTS_TF_UNIT;
    uint32_t extra = use == PART_EXTRA ? tf % PARTS_TF_UNIT : tf;
    switch (use) {
    case PART_EXTRA:
    case PART_WIDE:
        if (!extra)
            return fail(LUPE_CORRUPT, "a list of parts has a document for nothing; run check");
        if (use == PART_WIDE)
            part_lists_add_wide(parts, document, extra);
        else
            part_lists_add_extra(parts, document, extra);
        break;
    case PART_OWN:
        part_lists_add_own(parts, document, tf);
        break;
    case PART_OWN_OF_PARTS:
        if (own)
            part_lists_add_own(parts, document, own);
        break;
    }
    return LUPE_OK;
}

static lupe_status part_list_add(struct merge *merge, const struct source *source,
                                 const struct list *list, enum part_use use)
{
    struct block *block = &merge->block;
    uint8_t index[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(block_read(list, b, block));
        TRY(block_read_tfs(list, block));
        uint32_t count = block_map(merge, source, index);
        for (uint32_t i = 0; i < count; i++)
            TRY(part_add(&merge->parts, use, block->documents[i], block->tfs[index[i]]));
        merge->bytes_done += count;
    }
out:
    return status;
}

/* The lists of a part in the sources, which are all at its key or behind it; those that have none
 * are told by the block count 0. */
struct part_sources {
    struct list parts;
    struct list own;
};

/* Of the next term, a list of parts: the same source has both a list of it and the word's own as a
 * rule. A wide list stands for its source's own one. */
static lupe_status parts_copy(struct merge *merge, uint32_t same)
{
    lupe_status status = LUPE_OK;
    struct part_lists *parts = &merge->parts;
    uint8_t key[KEY_BYTES_MAX], own_key[KEY_BYTES_MAX];
    size_t key_size = merge->sources[merge->order[0]].terms.key_size;
    struct part_sources *lists = memory_zalloc(merge->count, sizeof *lists);
    if (!lists)
        return fail_memory();
    memcpy(key, merge->sources[merge->order[0]].terms.key, key_size);
    size_t own_size = key_make(own_key, LIST_WORDS, key + 2, key_size - 2);
    for (uint32_t i = 0; i < same; i++) {
        const struct source *source = &merge->sources[merge->order[i]];
        struct list *list = &lists[merge->order[i]].parts;
        TRY(segment_list(source->segment, &source->terms.entry, list));
        TRY(part_list_add(merge, source, list, list->is_wide ? PART_WIDE : PART_EXTRA));
    }
    part_lists_choose(parts);
    for (uint32_t s = 0; s < merge->count; s++) {
        const struct source *source = &merge->sources[s];
        struct list *list = &lists[s].parts;
        if (list->is_wide)
            continue;
        if (!parts->is_wide) {
            if (list->block_count)
                TRY(part_list_add(merge, source, list, PART_OWN_OF_PARTS));
            continue;
        }
        status = segment_find(source->segment, own_key, own_size, &lists[s].own);
        if (!status)
            status = part_list_add(merge, source, &lists[s].own, PART_OWN);
        if (status && status != LUPE_NOT_FOUND)
            goto out;
        status = LUPE_OK;
    }
    TRY(part_lists_write(parts, key, key_size));
out:
    memory_free(lists);
    return status;
}

/* Numbers the surface forms of the next word, which so many sources have. */
static lupe_status forms_begin(struct merge *merge, uint32_t same)
{
    lupe_status status = LUPE_OK;
    const struct source *first = &merge->sources[merge->order[0]];
    form_merge_begin(&merge->forms, first->terms.key + 2, first->terms.key_size - 2);
    for (uint32_t i = 0; i < same; i++) {
        struct source *source = &merge->sources[merge->order[i]];
        struct list list;
        TRY(segment_list(source->segment, &source->terms.entry, &list));
        TRY(form_merge_add(&merge->forms, merge->order[i],
                           &source->segment->sections[SECTION_FORMS],
                           source->entries + source->terms.passed_over - 1, &list));
    }
    TRY(form_merge_number(&merge->forms, same == 1 && !first->map));
out:
    return status;
}

static lupe_status forms_end(struct merge *merge)
{
    buffer_clear(&merge->record);
    lupe_status status = form_merge_end(&merge->forms, &merge->record);
    return status
               ? status
               : segment_writer_term_forms(merge->writer, merge->record.data, merge->record.size);
}

#define LIST_FLAGS (ENTRY_HAS_TF | ENTRY_HAS_POSITIONS)

static lupe_status term_copy(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    const struct dictionary_iterator *first = &merge->sources[merge->order[0]].terms;
    uint8_t flags = first->entry.flags & LIST_FLAGS;
    uint32_t same = same_count(merge);
    if (key_is_of(first->key, LIST_PARTS)) {
        TRY(parts_copy(merge, same));
        TRY(same_advance(merge, same));
        goto out;
    }
    bool has_forms = merge->options.forms && key_is_of(first->key, LIST_WORDS);
    if (has_forms)
        TRY(forms_begin(merge, same));
    permute_clear(&merge->permute);
    TRY(segment_writer_term_begin(merge->writer, first->key, first->key_size, flags));
    for (uint32_t i = 0; i < same; i++) {
        const struct source *source = &merge->sources[merge->order[i]];
        if ((source->terms.entry.flags & LIST_FLAGS) != flags)
            return fail(LUPE_CORRUPT,
                        "segment %u: a list has other contents than the same list of segment %u",
                        source->segment->entry.number,
                        merge->sources[merge->order[0]].segment->entry.number);
        TRY(list_copy(merge, source));
    }
    if (merge->origins)
        TRY(permute_write(&merge->permute, merge->documents, flags,
                          merge->forms.several ? &merge->forms : NULL, merge->writer));
    if (has_forms)
        TRY(forms_end(merge));
    merge->forms.several = false;
    TRY(segment_writer_term_end(merge->writer));
    TRY(same_advance(merge, same));
out:
    return status;
}

static uint32_t list_number(const struct dictionary_iterator *terms)
{
    return (uint32_t)terms->key[0] << 8 | terms->key[1];
}

/* The list of the next term; behind the last a number that no list has. */
static uint32_t list_next(const struct merge *merge)
{
    return merge->order_count ? list_number(&merge->sources[merge->order[0]].terms) : UINT32_MAX;
}

/* Pairs of frequent words are made anew, once all lists before theirs are written. */
static lupe_status pairs_step(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    while (list_next(merge) == LIST_PAIRS) {
        struct source *source = &merge->sources[merge->order[0]];
        uint8_t key[KEY_BYTES_MAX];
        size_t key_size = key_make(key, LIST_PAIRS + 1, NULL, 0);
        TRY(dictionary_seek(&source->segment->dictionary, key, key_size, &source->terms));
        TRY(source_advance(merge, 0));
        merge->bytes_done += source->segment->entry.pair_bytes;
    }
    if (!merge->pair_lists)
        TRY(pair_lists_open(merge->writer, &merge->publication, &merge->pair_lists));
    TRY(pair_lists_step(merge->pair_lists, &merge->pairs_done));
    merge->bytes_done += PAIR_STEP_BYTES;
out:
    return status;
}

/* Lists of parts are joined, never made anew: sources of another lexicon than today's show. */
static uint32_t lexicon_of(const struct merge *merge)
{
    for (uint32_t i = 0; i < merge->count; i++) {
        const struct source *source = &merge->sources[i];
        const struct segment_entry *entry = &source->segment->entry;
        if (entry->lexicon != merge->options.lexicon && source->live.deleted < entry->documents)
            return entry->lexicon;
    }
    return merge->options.lexicon;
}

static lupe_status terms_step(struct merge *merge, uint64_t until)
{
    lupe_status status = LUPE_OK;
    while (merge->bytes_done < until && !(merge->pairs_done && merge->order_count == 0)) {
        bool pairs = !merge->pairs_done && list_next(merge) >= LIST_PAIRS;
        TRY(pairs ? pairs_step(merge) : term_copy(merge));
    }
    if (merge->pairs_done && merge->order_count == 0) {
        TRY(segment_writer_finish(merge->writer, &merge->entry));
        merge->entry.lexicon = lexicon_of(merge);
        merge->stage = STAGE_FINISHED;
    }
out:
    return status;
}

/* ---- another order */

static lupe_status list_tell(struct merge *merge, const struct source *source, uint64_t *bytes)
{
    lupe_status status = LUPE_OK;
    struct segment *segment = source->segment;
    struct block *block = &merge->block;
    uint8_t index[BLOCK_DOCUMENTS];
    struct list list;
    TRY(list_open(&segment->sections[SECTION_POSTINGS], &segment->sections[SECTION_POSITIONS],
                  segment->entry.documents, &source->terms.entry, &list));
    for (uint32_t i = 0; i < list.block_count; i++) {
        TRY(block_read(&list, i, block));
        uint32_t count = block_map(merge, source, index);
        if (list_number(&source->terms) == LIST_IDS)
            reorder_id_documents(merge->reorder, block->documents, count);
        else
            reorder_documents(merge->reorder, block->documents, count);
    }
    *bytes += list.frequency;
out:
    return status;
}

/* Whether the documents of the next term are. Words and values of keyword fields are terms to
 * reorder.h: other lists of words have no documents that these have not. */
static bool is_wanted(struct merge *merge, uint64_t frequency)
{
    const struct dictionary_iterator *terms = &merge->sources[merge->order[0]].terms;
    uint32_t list = list_number(terms);
    if (list == LIST_IDS)
        return reorder_ids(merge->reorder);
    return (list == LIST_WORDS || (list >= LIST_FIELDS && !(terms->entry.flags & ENTRY_HAS_TF))) &&
           reorder_term(merge->reorder, frequency);
}

static lupe_status term_tell(struct merge *merge, uint64_t *bytes)
{
    lupe_status status = LUPE_OK;
    uint32_t same = same_count(merge);
    uint64_t frequency = 0;
    for (uint32_t i = 0; i < same; i++)
        frequency += merge->sources[merge->order[i]].terms.entry.frequency;
    if (is_wanted(merge, frequency))
        for (uint32_t i = 0; i < same; i++)
            TRY(list_tell(merge, &merge->sources[merge->order[i]], bytes));
    *bytes += TERM_BYTES;
    TRY(same_advance(merge, same));
out:
    return status;
}

static lupe_status tell_step(struct merge *merge, uint64_t bytes)
{
    lupe_status status = LUPE_OK;
    bool more = false;
    if (!merge->reorder) {
        TRY(reorder_open(merge->documents, merge->options.memory_bytes, &merge->reorder));
        TRY(terms_seek(merge));
    }
    for (uint64_t told = 0; told < bytes && merge->order_count;)
        TRY(term_tell(merge, &told));
    if (merge->order_count)
        goto out;
    TRY(reorder_pass_end(merge->reorder, &more));
    if (more)
        TRY(terms_seek(merge));
    else
        merge->stage = STAGE_REORDER;
out:
    return status;
}

/* Gives the documents of the sources the numbers that the new order says. */
static lupe_status order_take(struct merge *merge, const uint32_t *order)
{
    lupe_status status = LUPE_OK;
    uint32_t *places = memory_alloc(merge->documents * sizeof *places);
    merge->origins = memory_alloc(merge->documents * sizeof *merge->origins);
    if (!places || !merge->origins) {
        status = fail_memory();
        goto out;
    }
    for (uint32_t i = 0; i < merge->documents; i++)
        places[order[i]] = i;
    for (uint32_t s = 0; s < merge->count; s++) {
        struct source *source = &merge->sources[s];
        uint32_t documents = source->segment->entry.documents;
        uint32_t next = source->base;
        if (!source->map)
            source->map = memory_alloc(documents * sizeof *source->map);
        if (!source->map) {
            status = fail_memory();
            goto out;
        }
        for (uint32_t i = 0; i < documents; i++) {
            source->map[i] = DOCUMENT_DEAD;
            if (!live_has(&source->live, i))
                continue;
            uint32_t place = places[next++];
            source->map[i] = place;
            merge->origins[place] = (struct origin){s, i};
        }
    }
out:
    memory_free(places);
    return status;
}

/* The first documents have too much in common to stand for all: samples for the dictionary of
 * stored documents are taken far from each other. */
static lupe_status samples_take(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    bool enough = false;
    uint32_t step = (uint32_t)(merge->documents * 0.618) | 1;
    for (uint64_t i = 0; i < merge->documents && i < SAMPLES_MAX && !enough; i++) {
        struct origin origin = merge->origins[i * step % merge->documents];
        const uint8_t *record;
        size_t size;
        TRY(segment_stored(merge->sources[origin.source].segment, origin.document, &record, &size));
        TRY(segment_writer_sample(merge->writer, record, size, &enough));
    }
out:
    return status;
}

static lupe_status reorder_go_on(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    if (!reorder_step(merge->reorder))
        return LUPE_OK;
    TRY(order_take(merge, reorder_order(merge->reorder)));
    TRY(samples_take(merge));
    reorder_close(merge->reorder);
    merge->reorder = NULL;
    merge->stage = STAGE_DOCUMENTS;
out:
    return status;
}

/* ---- all of it */

lupe_status merge_step(struct merge *merge, uint64_t bytes, bool *done)
{
    lupe_status status = LUPE_OK;
    uint64_t until = merge->bytes_done + bytes;
    if (until < bytes)
        until = UINT64_MAX;
    *done = false;
    if (merge->stage == STAGE_TELL)
        return tell_step(merge, bytes);
    if (merge->stage == STAGE_REORDER)
        return reorder_go_on(merge);
    if (merge->stage == STAGE_DOCUMENTS)
        TRY(documents_step(merge, until));
    if (merge->stage == STAGE_TERMS)
        TRY(terms_step(merge, until));
    *done = merge->stage == STAGE_FINISHED;
out:
    return status;
}
