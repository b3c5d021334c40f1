/* SPDX-License-Identifier: MIT
 *
 * part_lists.c - see part_lists.h.
 *
 *   tf of a list of parts := own * PARTS_TF_UNIT + extra     own: of list 0; extra: 1 to 63
 *   tf of a wide list     := own * WIDE_UNIT + extra
 *
 * Measured on 160,000 German documents: wide lists alone are 27 % of an index, since words that are
 * in many documents are in few compounds; up to 1,024 documents as lists of parts leave 13 %.
 */
#include "write/part_lists.h"

#include "base/sort.h"

#define DENSE_SHARE 64u /* from 1 / so many of the documents on, bits give their order */
#define PART_WEIGHT 3u  /* of a compound in the list of its part, in WIDE_UNIT-ths */
#define OWN_TF_MAX (DOCUMENT_WORDS_MAX / PARTS_TF_UNIT - 1)

uint32_t part_documents_max = PARTS_DOCUMENTS_MAX;

lupe_status part_lists_init(struct part_lists *parts, struct segment_writer *writer,
                            uint32_t segment_documents)
{
    memset(parts, 0, sizeof *parts);
    parts->writer = writer;
    parts->segment_documents = segment_documents;
    parts->stream = BUFFER_INIT(0);
    parts->sums = memory_zalloc(segment_documents, sizeof *parts->sums);
    parts->bits = memory_zalloc((size_t)segment_documents / 64 + 1, sizeof *parts->bits);
    if (!parts->sums || !parts->bits)
        return fail_memory();
    record_forms_make(parts->forms);
    return LUPE_OK;
}

void part_lists_free(struct part_lists *parts)
{
    buffer_free(&parts->stream);
    memory_free(parts->sums);
    memory_free(parts->bits);
    memory_free(parts->documents);
}

/* ---- adding */

static lupe_status document_add(struct part_lists *parts, uint32_t document)
{
    if (parts->count == parts->capacity) {
        uint32_t capacity = parts->capacity ? 2 * parts->capacity : 1024;
        uint32_t *documents =
            memory_realloc(parts->documents, (size_t)capacity * sizeof *documents);
        if (!documents)
            return fail_memory();
        parts->documents = documents;
        parts->capacity = capacity;
    }
    parts->documents[parts->count++] = document;
    return LUPE_OK;
}

lupe_status part_lists_add_extra(struct part_lists *parts, uint32_t document, uint64_t more)
{
    uint64_t sum = parts->sums[document];
    if (sum == 0) {
        lupe_status status = document_add(parts, document);
        if (status)
            return status;
    }
    sum += more;
    parts->sums[document] = sum < DOCUMENT_WORDS_MAX ? (uint32_t)sum : DOCUMENT_WORDS_MAX;
    return LUPE_OK;
}

lupe_status part_lists_add_wide(struct part_lists *parts, uint32_t document, uint32_t tf)
{
    parts->is_wide = true;
    return part_lists_add_extra(parts, document, tf);
}

void part_lists_choose(struct part_lists *parts)
{
    parts->is_wide |= parts->count > part_documents_max;
    for (uint32_t i = 0; !parts->is_wide && i < parts->count; i++) {
        uint32_t *sum = &parts->sums[parts->documents[i]];
        *sum = *sum < PARTS_EXTRA_MAX ? *sum : PARTS_EXTRA_MAX;
    }
}

lupe_status part_lists_add_own(struct part_lists *parts, uint32_t document, uint32_t tf)
{
    if (parts->is_wide)
        return part_lists_add_extra(parts, document, (uint64_t)tf * WIDE_UNIT);
    if (parts->sums[document])
        parts->sums[document] += PARTS_TF_UNIT * (tf < OWN_TF_MAX ? tf : OWN_TF_MAX);
    return LUPE_OK;
}

/* ---- of an accumulator */

/* A growing list as documents with their tfs. */
struct growing_reader {
    const struct record_form *forms;
    const uint8_t *at;
    const uint8_t *end;
    uint32_t document;
    uint32_t tf_behind;
    bool with_positions;
};

/* The next document and its tf; false behind the last. */
static inline bool growing_next(struct growing_reader *reader, uint32_t *tf)
{
    if (reader->at >= reader->end)
        return false;
    if (!reader->with_positions) {
        reader->document += growing_number(&reader->at);
        *tf = reader->at < reader->end ? growing_number(&reader->at) : reader->tf_behind;
        return true;
    }
    uint64_t record = load_u64(reader->at);
    const struct record_form *form = &reader->forms[record % RECORD_FORMS];
    reader->document += (uint32_t)(record >> RECORD_GAP_SHIFT) & form->gap_mask;
    *tf = 0;
    do {
        reader->at += form->size;
        *tf += !form->is_form;
        if (reader->at >= reader->end)
            break;
        form = &reader->forms[*reader->at];
    } while (!form->is_new);
    return true;
}

static lupe_status growing_open(struct part_lists *parts, const struct accumulator *accumulator,
                                uint32_t number, struct growing_reader *reader)
{
    const struct growing_list *list = accumulator_list(accumulator, number);
    *reader = (struct growing_reader){.forms = parts->forms,
                                      .document = UINT32_MAX,
                                      .tf_behind = list->position,
                                      .with_positions = list->kind == GROWING_POSITIONS};
    return growing_bytes(&accumulator->pool, list, &parts->stream, &reader->at, &reader->end);
}

/* How far ahead a list and its first chunks are asked for: each is at a random place, most lists
 * are a few bytes, and most parts have few of them. */
#define AHEAD_LIST 24u
#define AHEAD_CHUNK 16u
#define AHEAD_SECOND 8u

static inline void ask_ahead(const struct accumulator *accumulator, const uint32_t *lists,
                             size_t left)
{
    const struct pool *pool = &accumulator->pool;
    if (left <= AHEAD_LIST)
        return;
    __builtin_prefetch(accumulator_list(accumulator, lists[AHEAD_LIST]));
    __builtin_prefetch(pool_chunk(pool, accumulator_list(accumulator, lists[AHEAD_CHUNK])->first));
    const struct growing_list *list = accumulator_list(accumulator, lists[AHEAD_SECOND]);
    if (list->chunks > 1)
        __builtin_prefetch(pool_chunk(
            pool, load_u32(pool_chunk(pool, list->first) + pool_chunk_bytes(0) - POOL_LINK_BYTES)));
}

lupe_status part_lists_add_noted(struct part_lists *parts, const struct accumulator *accumulator,
                                 const uint32_t *lists, uint32_t count, size_t ahead,
                                 const uint32_t *map)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < count; i++) {
        struct growing_reader reader;
        uint32_t tf;
        ask_ahead(accumulator, lists + i, ahead - i);
        TRY(growing_open(parts, accumulator, lists[i], &reader));
        while (growing_next(&reader, &tf)) {
            uint32_t document = map ? map[reader.document] : reader.document;
            if (document != UINT32_MAX)
                TRY(part_lists_add_extra(parts, document, (uint64_t)tf * PART_WEIGHT));
        }
    }
out:
    return status;
}

lupe_status part_lists_add_own_list(struct part_lists *parts, const struct accumulator *accumulator,
                                    uint32_t list, const uint32_t *map)
{
    lupe_status status = LUPE_OK;
    struct growing_reader reader;
    uint32_t tf;
    TRY(growing_open(parts, accumulator, list, &reader));
    while (growing_next(&reader, &tf)) {
        uint32_t document = map ? map[reader.document] : reader.document;
        if (document != UINT32_MAX)
            TRY(part_lists_add_own(parts, document, tf));
    }
out:
    return status;
}

/* ---- writing */

/* Few documents are compared with each other, many put into bits. */
static void documents_sort(struct part_lists *parts)
{
    if (parts->count < parts->segment_documents / DENSE_SHARE) {
        sort_numbers(parts->documents, parts->count);
        return;
    }
    for (uint32_t i = 0; i < parts->count; i++)
        parts->bits[parts->documents[i] / 64] |= (uint64_t)1 << parts->documents[i] % 64;
    uint32_t count = 0;
    for (uint32_t w = 0; w <= parts->segment_documents / 64; w++) {
        for (uint64_t word = parts->bits[w]; word; word &= word - 1)
            parts->documents[count++] = w * 64 + (unsigned)__builtin_ctzll(word);
        parts->bits[w] = 0;
    }
}

void part_lists_drop(struct part_lists *parts)
{
    for (uint32_t i = 0; i < parts->count; i++)
        parts->sums[parts->documents[i]] = 0;
    parts->count = 0;
    parts->is_wide = false;
}

lupe_status part_lists_write(struct part_lists *parts, const uint8_t *key, size_t key_size)
{
    lupe_status status = LUPE_OK;
    uint32_t tfs[BLOCK_DOCUMENTS];
    bool is_wide = parts->is_wide;
    parts->is_wide = false;
    if (parts->count == 0)
        return LUPE_OK;
    documents_sort(parts);
    TRY(segment_writer_term_begin(parts->writer, key, key_size, ENTRY_HAS_TF));
    if (is_wide)
        segment_writer_term_wide(parts->writer);
    for (uint32_t done = 0; done < parts->count; done += BLOCK_DOCUMENTS) {
        uint32_t left = parts->count - done;
        uint32_t count = left < BLOCK_DOCUMENTS ? left : BLOCK_DOCUMENTS;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t document = parts->documents[done + i];
            tfs[i] = parts->sums[document];
            parts->sums[document] = 0;
        }
        TRY(segment_writer_term_add(parts->writer, parts->documents + done, tfs, NULL, count));
    }
    TRY(segment_writer_term_end(parts->writer));
    parts->count = 0;
out:
    return status;
}
