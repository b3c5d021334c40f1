/* SPDX-License-Identifier: MIT
 *
 * flush.c - see flush.h. Documents first, then terms: those of the words, the ids, the other lists,
 * each sorted by key.
 */
#include "write/flush.h"

#include <assert.h>

#include "write/flush_parts.h"
#include "write/form_lists.h"
#include "write/pair_lists.h"

#define DOCUMENT_DEAD UINT32_MAX

/* ---- writing lists */

/* One accumulator's share of a list. */
struct source {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t before;    /* the last one taken, UINT32_MAX at first */
    uint32_t document;  /* the next one, UINT32_MAX when there is none */
    uint8_t *numbers;   /* [FORMS_MAX]: of a word's surface forms, by those of the accumulator */
    uint32_t tf_behind; /* of a list with tfs: that of its last document */
};

/* A list of each accumulator, or none. */
struct lister {
    const struct flusher *flusher;
    struct postings_writer *encoder; /* into a parcel; NULL: to the segment writer */
    struct buffer *parcel;
    struct buffer *records; /* with the parcel: the forms of its words */
    struct buffer *streams; /* one an accumulator */
    struct source *sources; /* with the lists being read */
    uint32_t source_count;
    const uint8_t *key; /* size:u8 bytes */
    uint8_t flags;
    bool begun;
    uint32_t *positions; /* of the block's documents, */
    uint8_t *marks;      /* and their surface forms */
    uint8_t *numbers;    /* [source][FORMS_MAX] */
    size_t position_capacity;
    size_t position_count;
    unsigned count;
    uint32_t documents[BLOCK_DOCUMENTS];
    uint32_t tfs[BLOCK_DOCUMENTS];
    uint32_t ends[BLOCK_DOCUMENTS + 1]; /* with positions: where those of each document end */
    struct record_form forms[RECORD_FORMS];
    struct form_lists surfaces; /* of a word */
    struct buffer record;
    bool has_surfaces; /* the list is that of a word that has forms */
};

static void lister_free(struct lister *lister)
{
    uint32_t count = lister->flusher ? lister->flusher->input->accumulator_count : 0;
    for (uint32_t i = 0; lister->streams && i < count; i++)
        buffer_free(&lister->streams[i]);
    memory_free(lister->streams);
    memory_free(lister->sources);
    memory_free(lister->positions);
    memory_free(lister->marks);
    memory_free(lister->numbers);
    form_lists_free(&lister->surfaces);
    buffer_free(&lister->record);
}

static lupe_status lister_init(struct lister *lister, const struct flusher *flusher)
{
    uint32_t count = flusher->input->accumulator_count;
    memset(lister, 0, sizeof *lister);
    lister->flusher = flusher;
    lister->streams = memory_zalloc(count, sizeof *lister->streams);
    lister->sources = memory_alloc(count * sizeof *lister->sources);
    lister->numbers = memory_zalloc(count, FORMS_MAX + 1);
    if (!lister->streams || !lister->sources || !lister->numbers)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++) {
        lister->streams[i] = BUFFER_INIT(0);
        lister->sources[i].numbers = lister->numbers + (size_t)i * (FORMS_MAX + 1);
    }
    record_forms_make(lister->forms);
    lister->record = BUFFER_INIT(0);
    return form_lists_init(&lister->surfaces);
}

static lupe_status positions_room(struct lister *lister, size_t count)
{
    if (count <= lister->position_capacity)
        return LUPE_OK;
    size_t capacity = lister->position_capacity ? lister->position_capacity * 2 : 4096;
    while (capacity < count)
        capacity *= 2;
    uint32_t *positions = memory_realloc(lister->positions, capacity * sizeof *positions);
    if (!positions)
        return fail_memory();
    lister->positions = positions;
    uint8_t *marks = memory_realloc(lister->marks, capacity + sizeof(uint64_t));
    if (!marks)
        return fail_memory();
    lister->marks = marks;
    lister->position_capacity = capacity;
    return LUPE_OK;
}

static lupe_status term_begin(struct lister *lister)
{
    const uint8_t *key = lister->key;
    lister->begun = true;
    if (!lister->encoder)
        return segment_writer_term_begin(lister->flusher->writer, key + 1, key[0], lister->flags);
    postings_writer_to_parcel(lister->encoder, lister->parcel, key + 1, key[0]);
    postings_writer_begin(lister->encoder, lister->flags);
    return LUPE_OK;
}

/* The record of the word's surface forms, to where the list goes. */
static lupe_status surfaces_end(struct lister *lister)
{
    struct buffer *record = &lister->record;
    buffer_clear(record);
    lupe_status status = form_lists_end(&lister->surfaces, record);
    if (status)
        return status;
    if (!lister->encoder)
        return segment_writer_term_forms(lister->flusher->writer, record->data, record->size);
    buffer_add_varint(lister->records, record->size);
    buffer_add(lister->records, record->data, record->size);
    return buffer_status(lister->records);
}

static lupe_status term_end(struct lister *lister)
{
    uint8_t info[256];
    size_t info_size;
    if (!lister->begun)
        return LUPE_OK;
    if (lister->has_surfaces) {
        lupe_status status = surfaces_end(lister);
        if (status)
            return status;
    }
    return lister->encoder ? postings_writer_end(lister->encoder, info, &info_size)
                           : segment_writer_term_end(lister->flusher->writer);
}

static __attribute__((noinline)) lupe_status block_write(struct lister *lister)
{
    lupe_status status = LUPE_OK;
    bool has_positions = lister->flags & ENTRY_HAS_POSITIONS;
    const uint32_t *tfs = lister->flags & ENTRY_HAS_TF ? lister->tfs : NULL;
    const uint32_t *positions = has_positions ? lister->positions : NULL;
    if (lister->count == 0)
        return LUPE_OK;
    if (!lister->begun)
        TRY(term_begin(lister));
    for (unsigned i = 0; has_positions && i < lister->count; i++)
        lister->tfs[i] = lister->ends[i + 1] - lister->ends[i];
    if (lister->has_surfaces) {
        memset(lister->marks + lister->ends[lister->count], 0, sizeof(uint64_t));
        form_lists_block(&lister->surfaces, lister->marks, lister->ends[lister->count]);
    }
    if (lister->encoder)
        TRY(postings_writer_add(lister->encoder, lister->documents, tfs, positions, lister->count));
    else
        TRY(segment_writer_term_add(lister->flusher->writer, lister->documents, tfs, positions,
                                    lister->count));
    lister->count = 0;
    lister->position_count = 0;
out:
    return status;
}

/* Where the next new document begins. */
static const uint8_t *skip_further(const struct lister *lister, const uint8_t *at,
                                   const uint8_t *end)
{
    while (at < end && !lister->forms[*at].is_new)
        at += lister->forms[*at].size;
    return at;
}

/* Both: the postings of a source whose documents are below a limit. */
static lupe_status take_with_positions(struct lister *lister, struct source *source, uint32_t limit)
{
    lupe_status status = LUPE_OK;
    const uint32_t *map = lister->flusher->map;
    const uint8_t *at = source->at;
    const uint8_t *end = source->end;
    uint32_t document = source->before;
    uint32_t mapped = 0;
    uint32_t position = 0;
    size_t positions = lister->position_count;
    unsigned count = lister->count;

    source->document = UINT32_MAX;
    while (at < end) {
        uint64_t record = load_u64(at);
        const struct record_form *form = &lister->forms[record % RECORD_FORMS];
        uint32_t gap = (uint32_t)(record >> RECORD_GAP_SHIFT) & form->gap_mask;
        if (document + gap >= limit && form->is_new) {
            source->document = document + gap;
            break;
        }
        document += gap;
        at += form->size;
        mapped = document;
        if (map && (mapped = map[document]) == DOCUMENT_DEAD) {
            at = skip_further(lister, at, end);
            continue;
        }
        if (count + form->is_new > BLOCK_DOCUMENTS) {
            lister->count = count;
            TRY(block_write(lister));
            count = 0;
            positions = 0;
        }
        if (positions == lister->position_capacity)
            TRY(positions_room(lister, positions + 1));
        position = (position & form->keep) +
                   ((uint32_t)(record >> form->number_shift) & form->number_mask);
        /* A form is that of the position before, which is written once more. */
        positions -= form->is_form;
        lister->positions[positions] = position;
        lister->marks[positions++] = source->numbers[record >> 8 & form->form_mask];
        count += form->is_new;
        lister->documents[count - 1] = mapped;
        lister->ends[count] = (uint32_t)positions;
    }
    source->at = at;
    source->before = document;
    lister->count = count;
    lister->position_count = positions;
out:
    return status;
}

/* Takes a posting without positions. */
static inline lupe_status block_take(struct lister *lister, uint32_t document, uint32_t tf)
{
    const uint32_t *map = lister->flusher->map;
    uint32_t mapped = map ? map[document] : document;
    if (mapped == DOCUMENT_DEAD)
        return LUPE_OK;
    lister->documents[lister->count] = mapped;
    lister->tfs[lister->count++] = tf;
    return lister->count == BLOCK_DOCUMENTS ? block_write(lister) : LUPE_OK;
}

static inline void source_next(struct source *source)
{
    if (source->at < source->end)
        source->document += growing_number(&source->at);
    else
        source->document = UINT32_MAX;
}

static lupe_status take_without_positions(struct lister *lister, struct source *source,
                                          uint32_t limit)
{
    lupe_status status = LUPE_OK;
    bool has_tf = lister->flags & ENTRY_HAS_TF;
    while (source->document < limit) {
        uint32_t tf = 1;
        if (has_tf)
            tf = source->at < source->end ? growing_number(&source->at) : source->tf_behind;
        TRY(block_take(lister, source->document, tf));
        source_next(source);
    }
out:
    return status;
}

static lupe_status source_add(struct lister *lister, uint32_t accumulator, uint32_t number)
{
    const struct accumulator *from = lister->flusher->input->accumulators[accumulator];
    const struct growing_list *list = accumulator_list(from, number);
    struct source *source = &lister->sources[lister->source_count];
    lupe_status status = growing_bytes(&from->pool, list, &lister->streams[lister->source_count],
                                       &source->at, &source->end);
    if (status != LUPE_OK)
        return status;
    if (lister->source_count++ == 0) {
        lister->key = from->keys.data + list->key;
        lister->flags = (list->kind != GROWING_DOCUMENTS ? ENTRY_HAS_TF : 0) |
                        (list->kind == GROWING_POSITIONS ? ENTRY_HAS_POSITIONS : 0);
        lister->has_surfaces = from->with_forms && key_is_of(lister->key + 1, LIST_WORDS);
        if (lister->has_surfaces)
            form_lists_begin(&lister->surfaces, lister->key);
    }
    if (lister->has_surfaces)
        form_lists_add(&lister->surfaces, from, number, source->numbers);
    source->before = UINT32_MAX;
    source->document = UINT32_MAX;
    source->tf_behind = list->position;
    if (list->kind != GROWING_POSITIONS)
        source_next(source);
    else if (source->at < source->end)
        source->document = ((uint32_t)(load_u64(source->at) >> RECORD_GAP_SHIFT) &
                            lister->forms[*source->at].gap_mask) -
                           1;
    return LUPE_OK;
}

/* Writes the list whose sources were added: always those of the source that is behind, up to where
 * the next one begins. */
static lupe_status list_write(struct lister *lister)
{
    lupe_status status = LUPE_OK;
    lister->begun = false;
    for (;;) {
        struct source *least = &lister->sources[0];
        uint32_t limit = UINT32_MAX;
        for (uint32_t i = 1; i < lister->source_count; i++) {
            struct source *source = &lister->sources[i];
            if (source->document < least->document) {
                limit = least->document;
                least = source;
            } else if (source->document < limit) {
                limit = source->document;
            }
        }
        if (least->document == UINT32_MAX)
            break;
        if (lister->flags & ENTRY_HAS_POSITIONS)
            TRY(take_with_positions(lister, least, limit));
        else
            TRY(take_without_positions(lister, least, limit));
    }
    TRY(block_write(lister));
    TRY(term_end(lister));
out:
    lister->source_count = 0;
    return status;
}

/* ---- the parts of a segment */

static lupe_status map_make(struct flusher *flusher)
{
    const struct batch *batch = flusher->input->batch;
    flusher->documents = batch->count - batch->dead_count;
    if (batch->dead_count == 0)
        return LUPE_OK;
    flusher->map = memory_alloc(batch->count * sizeof *flusher->map);
    if (!flusher->map)
        return fail_memory();
    for (uint32_t i = 0, next = 0; i < batch->count; i++)
        flusher->map[i] = batch->documents[i].dead ? DOCUMENT_DEAD : next++;
    return LUPE_OK;
}

static lupe_status documents_flush(struct flusher *flusher)
{
    lupe_status status = LUPE_OK;
    const struct batch *batch = flusher->input->batch;
    uint32_t number = 0;
    for (size_t p = 0; p < flusher->input->part_count; p++) {
        const struct flush_part *part = &flusher->input->parts[p];
        for (uint32_t i = 0; i < part->count; i++, number++) {
            const struct accumulated_document *taken =
                &part->accumulator->documents[part->first + i];
            const struct batch_document *put = &batch->documents[number];
            if (put->dead)
                continue;
            struct segment_document document = {
                .id = batch_id(batch, number),
                .id_size = put->id_size,
                .length = taken->length,
                .record = batch_stored(batch, number),
                .record_size = put->record_size,
                .boundaries = part->accumulator->boundaries + taken->boundaries,
                .boundary_count = taken->boundary_count / 2,
            };
            TRY(segment_writer_document(flusher->writer, &document));
        }
    }
    assert(number == batch->count);
    TRY(segment_writer_documents_done(flusher->writer));
out:
    return status;
}

/* The lists of ids: one document each, but where two long ids have one key. */
static lupe_status ids_flush(struct flusher *flusher)
{
    lupe_status status = LUPE_OK;
    const struct batch *batch = flusher->input->batch;
    struct buffer keys = BUFFER_INIT(UINT32_MAX);
    struct sort_item *sorted;
    struct sort_item *memory = NULL;
    uint32_t count = 0;
    uint32_t *offsets = memory_alloc(flusher->documents * sizeof *offsets);
    if (!offsets)
        return fail_memory();

    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->documents[i].dead)
            continue;
        offsets[count++] = (uint32_t)keys.size;
        uint8_t *room = buffer_reserve(&keys, 1 + KEY_BYTES_MAX);
        if (!room)
            break;
        room[0] = (uint8_t)key_of_id(room + 1, batch_id(batch, i), batch->documents[i].id_size);
        keys.size += 1u + room[0];
    }
    TRY(buffer_status(&keys));
    struct sort_context context = {keys.data, offsets, NULL};
    TRY(sort_keys(&context, count, &sorted, &memory));
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *key = sort_key(&context, sorted[i].number);
        if (i == 0 || !keys_equal(&context, &sorted[i - 1], &sorted[i]))
            TRY(segment_writer_term_begin(flusher->writer, key + 1, key[0], 0));
        TRY(segment_writer_term_add(flusher->writer, &sorted[i].number, NULL, NULL, 1));
        if (i + 1 == count || !keys_equal(&context, &sorted[i], &sorted[i + 1]))
            TRY(segment_writer_term_end(flusher->writer));
    }
out:
    memory_free(memory);
    memory_free(offsets);
    buffer_free(&keys);
    return status;
}

/* ---- the terms of all accumulators, in order */

static void order_task(void *user, uint32_t thread)
{
    struct terms *terms = user;
    const struct accumulator *accumulator = terms->flusher->input->accumulators[thread];
    struct sort_context context = {accumulator->keys.data, NULL, accumulator};
    struct term_order *order = &terms->orders[thread];
    order->status = sort_keys(&context, accumulator->list_count, &order->items, &order->memory);
}

static int compare_orders(const struct terms *terms, uint32_t left, const uint32_t *places,
                          uint32_t right)
{
    struct accumulator *const *accumulators = terms->flusher->input->accumulators;
    const struct sort_item *a = &terms->orders[left].items[places[left]];
    const struct sort_item *b = &terms->orders[right].items[places[right]];
    if (a->list != b->list)
        return a->list < b->list ? -1 : 1;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    size_t shared = a->size < b->size ? a->size : b->size;
    if (shared > 10) {
        const uint8_t *a_key =
            accumulators[left]->keys.data + accumulator_list(accumulators[left], a->number)->key;
        const uint8_t *b_key =
            accumulators[right]->keys.data + accumulator_list(accumulators[right], b->number)->key;
        int order = memcmp(a_key + 11, b_key + 11, shared - 10);
        if (order)
            return order;
    }
    return (int)a->size - (int)b->size;
}

/* Merges the orders of all accumulators. */
static lupe_status refs_make(struct terms *terms)
{
    const struct flush_input *input = terms->flusher->input;
    uint32_t count = input->accumulator_count;
    lupe_status status = LUPE_OK;
    uint32_t *places = memory_zalloc(count, sizeof *places);
    terms->refs = memory_alloc(terms->count * sizeof *terms->refs);
    if (!places || !terms->refs) {
        status = fail_memory();
        goto out;
    }
    for (uint64_t done = 0; done < terms->count;) {
        uint32_t least = count;
        uint64_t first = done;
        for (uint32_t i = 0; i < count; i++) {
            if (places[i] == input->accumulators[i]->list_count)
                continue;
            int order = least == count ? -1 : compare_orders(terms, i, places, least);
            if (order > 0)
                continue;
            if (order < 0)
                done = first;
            least = i;
            const struct sort_item *item = &terms->orders[i].items[places[i]];
            terms->refs[done] =
                (struct term_ref){item->number, (uint16_t)i, done > first, stage_of(item->list)};
            done++;
        }
        for (uint64_t i = first; i < done; i++)
            places[terms->refs[i].accumulator]++;
    }
out:
    memory_free(places);
    return status;
}

/* How far ahead what a list is made of is asked for: a chunk is at a random place, and where it is
 * stands in the one before. */
#define AHEAD_LIST 24u
#define AHEAD_CHUNK 16u
#define AHEAD_SECOND 8u

/* The reference at i. (A function that did nothing but ask would be left out by the compiler, which
 * takes it for one without effect.) */
static inline struct term_ref ask_ahead(const struct terms *terms, uint64_t i)
{
    if (terms->count - i <= AHEAD_LIST)
        return ref_at(terms, i);
    __builtin_prefetch(list_of(terms, ref_at(terms, i + AHEAD_LIST)));
    struct term_ref ref = ref_at(terms, i + AHEAD_CHUNK);
    const struct accumulator *from = terms->flusher->input->accumulators[ref.accumulator];
    __builtin_prefetch(pool_chunk(&from->pool, list_of(terms, ref)->first));
    ref = ref_at(terms, i + AHEAD_SECOND);
    from = terms->flusher->input->accumulators[ref.accumulator];
    const struct growing_list *list = list_of(terms, ref);
    __builtin_prefetch(from->keys.data + list->key);
    if (list->chunks > 1)
        __builtin_prefetch(
            pool_chunk(&from->pool, load_u32(pool_chunk(&from->pool, list->first) +
                                             pool_chunk_bytes(0) - POOL_LINK_BYTES)));
    return ref_at(terms, i);
}

/* Writes the terms from first to end. */
static lupe_status terms_write(const struct terms *terms, struct lister *lister, uint64_t first,
                               uint64_t end)
{
    lupe_status status = LUPE_OK;
    for (uint64_t i = first; i < end;) {
        do {
            struct term_ref ref = ask_ahead(terms, i);
            TRY(source_add(lister, ref.accumulator, ref.number));
            i++;
        } while (i < end && ref_at(terms, i).again);
        TRY(list_write(lister));
    }
out:
    return status;
}

/* ---- encoding in parcels */

#define PARCEL_TERMS 4096u
#define PARCEL_CHUNKS 8192u /* of the pool: about as many numbers as half a megabyte has */

struct parcel_slot {
    struct buffer bytes;
    struct buffer records; /* of the forms of its words */
    bool ready;
};

/* Where a parcel that begins with this term ends: by terms, and by how much they have. */
static uint64_t parcel_end(const struct terms *terms, uint64_t first)
{
    uint64_t chunks = 0;
    uint64_t i = first;
    while (i < terms->end && i - first < PARCEL_TERMS && chunks < PARCEL_CHUNKS) {
        do {
            unsigned count = list_of(terms, ref_at(terms, i))->chunks;
            chunks += count >= 2 * POOL_CHUNK_SHIFT_MAX ? PARCEL_CHUNKS : (uint64_t)count * count;
            i++;
        } while (i < terms->end && ref_at(terms, i).again);
    }
    return i;
}

static void terms_fail(struct terms *terms, lupe_status status)
{
    pthread_mutex_lock(&terms->mutex);
    if (terms->status == LUPE_OK) {
        terms->status = status;
        size_t size = strnlen(lupe_last_error(), sizeof terms->message - 1);
        memcpy(terms->message, lupe_last_error(), size);
        terms->message[size] = 0;
    }
    pthread_cond_broadcast(&terms->ready);
    pthread_cond_broadcast(&terms->free);
    pthread_mutex_unlock(&terms->mutex);
}

static lupe_status parcels_make(struct terms *terms, struct lister *lister)
{
    lupe_status status = LUPE_OK;
    pthread_mutex_lock(&terms->mutex);
    for (;;) {
        while (terms->status == LUPE_OK && terms->next < terms->end &&
               terms->given - terms->placed == terms->slot_count)
            pthread_cond_wait(&terms->free, &terms->mutex);
        if (terms->status != LUPE_OK || terms->next == terms->end)
            break;
        uint64_t first = terms->next;
        uint64_t end = parcel_end(terms, first);
        struct parcel_slot *slot = &terms->slots[terms->given++ % terms->slot_count];
        terms->next = end;
        pthread_mutex_unlock(&terms->mutex);
        buffer_clear(&slot->bytes);
        buffer_clear(&slot->records);
        lister->parcel = &slot->bytes;
        lister->records = &slot->records;
        status = terms_write(terms, lister, first, end);
        if (status != LUPE_OK)
            return status;
        pthread_mutex_lock(&terms->mutex);
        slot->ready = true;
        pthread_cond_signal(&terms->ready);
    }
    pthread_mutex_unlock(&terms->mutex);
    return status;
}

static void encode_task(void *user, uint32_t thread)
{
    (void)thread;
    struct terms *terms = user;
    struct lister lister;
    struct postings_writer encoder;
    lupe_status status = segment_writer_encoder(terms->flusher->writer, &encoder);
    if (status == LUPE_OK)
        status = lister_init(&lister, terms->flusher);
    else
        memset(&lister, 0, sizeof lister);
    lister.encoder = &encoder;
    if (status == LUPE_OK)
        status = parcels_make(terms, &lister);
    if (status != LUPE_OK)
        terms_fail(terms, status);
    lister_free(&lister);
    postings_writer_free(&encoder);
}

/* In the thread that writes: places parcels in their order while the team makes them. */
static lupe_status parcels_place(struct terms *terms)
{
    lupe_status status = LUPE_OK;
    pthread_mutex_lock(&terms->mutex);
    for (;;) {
        struct parcel_slot *slot = &terms->slots[terms->placed % terms->slot_count];
        while (terms->status == LUPE_OK && !slot->ready &&
               (terms->next < terms->end || terms->given > terms->placed))
            pthread_cond_wait(&terms->ready, &terms->mutex);
        if (terms->status != LUPE_OK || !slot->ready)
            break;
        pthread_mutex_unlock(&terms->mutex);
        status = segment_writer_place(terms->flusher->writer, &slot->bytes, &slot->records);
        if (status != LUPE_OK)
            return status;
        pthread_mutex_lock(&terms->mutex);
        slot->ready = false;
        terms->placed++;
        pthread_cond_signal(&terms->free);
    }
    pthread_mutex_unlock(&terms->mutex);
    return status;
}

/* The terms from first to end with the team. */
static lupe_status terms_encode(struct terms *terms, uint64_t first, uint64_t end)
{
    struct team *team = terms->flusher->input->team;
    lupe_status status;
    if (first == end)
        return LUPE_OK;
    terms->next = first;
    terms->end = end;
    team_begin(team, encode_task, terms);
    status = parcels_place(terms);
    if (status != LUPE_OK)
        terms_fail(terms, status);
    team_wait(team);
    return terms->status == LUPE_OK ? LUPE_OK : fail(terms->status, "%s", terms->message);
}

static lupe_status slots_make(struct terms *terms)
{
    terms->slot_count = 4 * team_threads(terms->flusher->input->team);
    terms->slots = memory_zalloc(terms->slot_count, sizeof *terms->slots);
    if (!terms->slots)
        return fail_memory();
    for (uint32_t i = 0; i < terms->slot_count; i++)
        terms->slots[i].bytes = terms->slots[i].records = BUFFER_INIT(0);
    return LUPE_OK;
}

static void terms_free(struct terms *terms)
{
    for (uint32_t i = 0; terms->slots && i < terms->slot_count; i++) {
        buffer_free(&terms->slots[i].bytes);
        buffer_free(&terms->slots[i].records);
    }
    for (uint32_t i = 0; terms->orders && i < terms->flusher->input->accumulator_count; i++)
        memory_free(terms->orders[i].memory);
    memory_free(terms->slots);
    memory_free(terms->orders);
    memory_free(terms->refs);
    pthread_cond_destroy(&terms->free);
    pthread_cond_destroy(&terms->ready);
    pthread_mutex_destroy(&terms->mutex);
}

static lupe_status terms_order(struct terms *terms)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < terms->flusher->input->accumulator_count; i++) {
        TRY(terms->orders[i].status);
        terms->count += terms->flusher->input->accumulators[i]->list_count;
    }
    if (terms->flusher->input->accumulator_count == 1)
        return LUPE_OK;
    TRY(refs_make(terms));
    for (uint32_t i = 0; i < terms->flusher->input->accumulator_count; i++) {
        memory_free(terms->orders[i].memory); /* the references say it all */
        terms->orders[i].memory = NULL;
    }
out:
    return status;
}

/* Writes the terms of a stage that begins at *done, and moves it on. */
static lupe_status stage_write(struct terms *terms, struct lister *lister, uint8_t stage,
                               uint64_t *done)
{
    uint64_t first = *done;
    while (*done < terms->count && ref_at(terms, *done).stage == stage)
        ++*done;
    return terms->flusher->input->team ? terms_encode(terms, first, *done)
                                       : terms_write(terms, lister, first, *done);
}

static lupe_status segment_fill(struct flusher *flusher, struct terms *terms,
                                const struct publication *publication)
{
    lupe_status status = LUPE_OK;
    struct lister lister = {0};
    struct team *team = flusher->input->team;
    uint32_t count = flusher->input->accumulator_count;
    uint64_t done = 0;

    assert(team ? team_threads(team) == count : count == 1);
    terms->orders = memory_zalloc(count, sizeof *terms->orders);
    if (!terms->orders)
        return fail_memory();
    if (team)
        team_begin(team, order_task, terms);
    else
        order_task(terms, 0);
    status = documents_flush(flusher);
    if (team)
        team_wait(team);
    TRY(status);
    TRY(terms_order(terms));
    if (team)
        TRY(slots_make(terms));
    else
        TRY(lister_init(&lister, flusher));
    TRY(stage_write(terms, &lister, STAGE_WORDS, &done));
    TRY(ids_flush(flusher));
    TRY(stage_write(terms, &lister, STAGE_JOINED, &done));
    TRY(flush_parts(terms));
    TRY(pair_lists_write(flusher->writer, publication));
    TRY(stage_write(terms, &lister, STAGE_FIELDS, &done));
out:
    lister_free(&lister);
    return status;
}

lupe_status flush(const struct flush_input *input, const struct flush_options *options,
                  struct publication *publication, struct segment_entry *entry)
{
    lupe_status status = LUPE_OK;
    struct flusher flusher = {.input = input};
    struct terms terms = {.flusher = &flusher};
    struct segment_writer_options writer_options = {
        .number = 0, .k1 = options->k1, .b = options->b, .sink = publication_sink(publication)};

    memset(entry, 0, sizeof *entry);
    pthread_mutex_init(&terms.mutex, NULL);
    pthread_cond_init(&terms.ready, NULL);
    pthread_cond_init(&terms.free, NULL);
    TRY(map_make(&flusher));
    if (flusher.documents == 0)
        goto out;
    writer_options.frequent_share = pair_lists_share(options->pairs, flusher.documents);
    TRY(segment_writer_open(&writer_options, &flusher.writer));
    TRY(segment_fill(&flusher, &terms, publication));
    TRY(segment_writer_finish(flusher.writer, entry));
    entry->number = publication->segment;
out:
    segment_writer_close(flusher.writer);
    terms_free(&terms);
    memory_free(flusher.map);
    return status;
}
