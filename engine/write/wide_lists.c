/* SPDX-License-Identifier: MIT
 *
 * wide_lists.c - see wide_lists.h.
 */
#include "write/wide_lists.h"

#include <stdlib.h>

#define DENSE_SHARE 64u /* from 1 / so many of the documents on, bits give their order */

lupe_status wide_lists_init(struct wide_lists *wide, struct segment_writer *writer,
                            const uint32_t *map, uint32_t segment_documents)
{
    memset(wide, 0, sizeof *wide);
    wide->writer = writer;
    wide->map = map;
    wide->segment_documents = segment_documents;
    wide->stream = BUFFER_INIT(0);
    wide->sums = memory_zalloc(segment_documents, sizeof *wide->sums);
    wide->bits = memory_zalloc((size_t)segment_documents / 64 + 1, sizeof *wide->bits);
    if (!wide->sums || !wide->bits)
        return fail_memory();
    record_forms_make(wide->forms);
    return LUPE_OK;
}

void wide_lists_free(struct wide_lists *wide)
{
    buffer_free(&wide->stream);
    memory_free(wide->sums);
    memory_free(wide->bits);
    memory_free(wide->documents);
}

/* ---- adding */

static inline lupe_status sum_add(struct wide_lists *wide, uint32_t document, uint32_t tf,
                                  uint32_t weight)
{
    if (wide->map && (document = wide->map[document]) == UINT32_MAX)
        return LUPE_OK;
    uint64_t sum = wide->sums[document];
    if (sum == 0) {
        if (wide->count == wide->capacity) {
            uint32_t capacity = wide->capacity ? 2 * wide->capacity : 1024;
            uint32_t *documents =
                memory_realloc(wide->documents, (size_t)capacity * sizeof *documents);
            if (!documents)
                return fail_memory();
            wide->documents = documents;
            wide->capacity = capacity;
        }
        wide->documents[wide->count++] = document;
    }
    sum += (uint64_t)tf * weight;
    wide->sums[document] = sum < DOCUMENT_WORDS_MAX ? (uint32_t)sum : DOCUMENT_WORDS_MAX;
    return LUPE_OK;
}

/* Both read what growing.h describes. */
static lupe_status add_with_positions(struct wide_lists *wide, const uint8_t *at,
                                      const uint8_t *end, uint32_t weight)
{
    lupe_status status = LUPE_OK;
    uint32_t document = UINT32_MAX;
    uint32_t tf = 0;
    while (at < end) {
        uint64_t record = load_u64(at);
        const struct record_form *form = &wide->forms[record % RECORD_FORMS];
        if (form->is_new && tf)
            TRY(sum_add(wide, document, tf, weight));
        document += (uint32_t)(record >> RECORD_GAP_SHIFT) & form->gap_mask;
        tf = form->is_new ? 1 : tf + 1;
        at += form->size;
    }
    if (tf)
        TRY(sum_add(wide, document, tf, weight));
out:
    return status;
}

static uint32_t stream_number(const uint8_t **at)
{
    uint32_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint32_t byte = *(*at)++;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static lupe_status add_with_tfs(struct wide_lists *wide, const uint8_t *at, const uint8_t *end,
                                uint32_t tf_behind, uint32_t weight)
{
    lupe_status status = LUPE_OK;
    uint32_t document = UINT32_MAX;
    while (at < end) {
        document += stream_number(&at);
        uint32_t tf = at < end ? stream_number(&at) : tf_behind;
        TRY(sum_add(wide, document, tf, weight));
    }
out:
    return status;
}

lupe_status wide_lists_add(struct wide_lists *wide, const struct accumulator *accumulator,
                           uint32_t number, uint32_t weight)
{
    const struct growing_list *list = accumulator_list(accumulator, number);
    const uint8_t *at;
    const uint8_t *end;
    lupe_status status = growing_bytes(&accumulator->pool, list, &wide->stream, &at, &end);
    if (status)
        return status;
    return list->kind == GROWING_POSITIONS ? add_with_positions(wide, at, end, weight)
                                           : add_with_tfs(wide, at, end, list->position, weight);
}

lupe_status wide_lists_add_parts(struct wide_lists *wide, const struct accumulator *accumulator,
                                 uint32_t list)
{
    lupe_status status = LUPE_OK;
    size_t count;
    const struct part_note *notes = accumulator_parts(accumulator, list, &count);
    for (size_t i = 0; i < count; i++)
        TRY(wide_lists_add(wide, accumulator, notes[i].source, notes[i].weight));
out:
    return status;
}

/* ---- writing */

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* Few documents are compared with each other, many put into bits. */
static void documents_sort(struct wide_lists *wide)
{
    if (wide->count < wide->segment_documents / DENSE_SHARE) {
        qsort(wide->documents, wide->count, sizeof *wide->documents, by_number);
        return;
    }
    for (uint32_t i = 0; i < wide->count; i++)
        wide->bits[wide->documents[i] / 64] |= (uint64_t)1 << wide->documents[i] % 64;
    uint32_t count = 0;
    for (uint32_t w = 0; w <= wide->segment_documents / 64; w++) {
        for (uint64_t word = wide->bits[w]; word; word &= word - 1)
            wide->documents[count++] = w * 64 + (unsigned)__builtin_ctzll(word);
        wide->bits[w] = 0;
    }
}

lupe_status wide_lists_write(struct wide_lists *wide, const uint8_t *key)
{
    lupe_status status = LUPE_OK;
    uint32_t tfs[BLOCK_DOCUMENTS];
    if (wide->count == 0)
        return LUPE_OK;
    documents_sort(wide);
    TRY(segment_writer_term_begin(wide->writer, key + 1, key[0], ENTRY_HAS_TF));
    for (uint32_t done = 0; done < wide->count; done += BLOCK_DOCUMENTS) {
        uint32_t left = wide->count - done;
        uint32_t count = left < BLOCK_DOCUMENTS ? left : BLOCK_DOCUMENTS;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t document = wide->documents[done + i];
            tfs[i] = wide->sums[document];
            wide->sums[document] = 0;
        }
        TRY(segment_writer_term_add(wide->writer, wide->documents + done, tfs, NULL, count));
    }
    TRY(segment_writer_term_end(wide->writer));
    wide->count = 0;
out:
    return status;
}
