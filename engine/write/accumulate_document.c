/* SPDX-License-Identifier: MIT
 *
 * accumulate_document.c - see accumulate_document.h.
 */
#include "write/accumulate_document.h"

static lupe_status boundary_add(struct accumulator *accumulator, uint32_t field, uint32_t words)
{
    if (accumulator->boundary_count + 2 > accumulator->boundary_capacity) {
        size_t capacity = accumulator->boundary_capacity ? accumulator->boundary_capacity * 2 : 64;
        uint32_t *boundaries =
            memory_realloc(accumulator->boundaries, capacity * sizeof *boundaries);
        if (!boundaries)
            return fail_memory();
        accumulator->boundaries = boundaries;
        accumulator->boundary_capacity = capacity;
    }
    accumulator->boundaries[accumulator->boundary_count++] = field;
    accumulator->boundaries[accumulator->boundary_count++] = words;
    return LUPE_OK;
}

/* Reads the values of a record of this batch (which it made itself). */
static lupe_status values_read(struct accumulator *accumulator, const uint8_t *record, size_t size,
                               size_t *count)
{
    struct cursor cursor = cursor_of(record, size);
    uint64_t value_count = size ? cursor_varint(&cursor) : 0;
    if (*count + value_count > accumulator->value_capacity) {
        size_t capacity = *count + value_count + 16;
        struct batch_value *values = memory_realloc(accumulator->values, capacity * sizeof *values);
        if (!values)
            return fail_memory();
        accumulator->values = values;
        accumulator->value_capacity = capacity;
    }
    for (uint64_t i = 0; i < value_count; i++) {
        struct batch_value *value = &accumulator->values[(*count)++];
        value->field = (uint32_t)cursor_varint(&cursor);
        value->kind = cursor_u8(&cursor);
        value->size = cursor_varint(&cursor);
        value->data = cursor_take(&cursor, value->size);
    }
    return LUPE_OK;
}

/* Leaves the text values, in the order of field numbers; those of one field stay in order.
 * Insertion: they come nearly in order, and few. Many unordered ones would cost their square,
 * so that a merge takes over there. */
static void values_sort(struct batch_value *values, struct batch_value *spare, size_t count)
{
    if (count <= 16) {
        for (size_t i = 1; i < count; i++) {
            struct batch_value value = values[i];
            size_t at = i;
            for (; at > 0 && values[at - 1].field > value.field; at--)
                values[at] = values[at - 1];
            values[at] = value;
        }
        return;
    }
    size_t half = count / 2;
    values_sort(values, spare, half);
    values_sort(values + half, spare, count - half);
    if (values[half - 1].field <= values[half].field)
        return;
    memcpy(spare, values, half * sizeof *values);
    for (size_t left = 0, right = half, at = 0; left < half; at++)
        values[at] = right < count && values[right].field < spare[left].field ? values[right++]
                                                                              : spare[left++];
}

static lupe_status keyword_add(struct accumulator *accumulator, const struct batch_value *value,
                               uint32_t document)
{
    uint8_t key[KEY_BYTES_MAX];
    uint32_t list;
    size_t key_size = key_of_keyword(key, value->field, value->data, value->size);
    lupe_status status =
        accumulator_list_of_key(accumulator, key, key_size, GROWING_DOCUMENTS, &list);
    if (status == LUPE_OK)
        status =
            growing_add_document(&accumulator->pool, accumulator_list(accumulator, list), document);
    return status;
}

static lupe_status texts_add(struct accumulator *accumulator, const struct batch_value *values,
                             size_t count, uint32_t document, uint32_t *length)
{
    lupe_status status = LUPE_OK;
    struct text_state state = {.position = 0, .full = false};
    for (size_t i = 0; i < count; i++) {
        uint32_t start = state.position;
        TRY(accumulator_text(accumulator, &values[i], document, &state, length));
        TRY(boundary_add(accumulator, values[i].field, state.position - start));
        if (state.position <
            DOCUMENT_WORDS_MAX) /* beyond nothing is indexed, and it must not wrap */
            state.position += accumulator->field_gap;
    }
out:
    return status;
}

static lupe_status document_new(struct accumulator *accumulator)
{
    if (accumulator->document_count == accumulator->document_capacity) {
        uint32_t capacity =
            accumulator->document_capacity ? accumulator->document_capacity * 2 : 16;
        struct accumulated_document *documents =
            memory_realloc(accumulator->documents, capacity * sizeof *documents);
        if (!documents)
            return fail_memory();
        accumulator->documents = documents;
        accumulator->document_capacity = capacity;
    }
    accumulator->documents[accumulator->document_count] =
        (struct accumulated_document){0, (uint32_t)accumulator->boundary_count, 0};
    return LUPE_OK;
}

lupe_status accumulator_add(struct accumulator *accumulator, uint32_t document,
                            const uint8_t *record, size_t record_size, const uint8_t *unstored,
                            size_t unstored_size)
{
    lupe_status status = LUPE_OK;
    size_t count = 0;
    size_t texts = 0;

    TRY(document_new(accumulator));
    TRY(accumulator_begin(accumulator));
    TRY(values_read(accumulator, record, record_size, &count));
    TRY(values_read(accumulator, unstored, unstored_size, &count));
    struct batch_value *values = accumulator->values;
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind == LUPE_KEYWORD)
            TRY(keyword_add(accumulator, &values[i], document));
        else if (values[i].kind == LUPE_TEXT)
            values[texts++] = values[i];
    }
    /* Behind the texts there may be no room for the spare half: grow only then. */
    if (texts > 16 && accumulator->value_capacity < texts + texts / 2 + 1) {
        values = memory_realloc(values, (2 * texts) * sizeof *values);
        if (!values)
            return fail_memory();
        accumulator->values = values;
        accumulator->value_capacity = 2 * texts;
    }
    if (texts > 1)
        values_sort(values, values + texts, texts);
    struct accumulated_document *entry = &accumulator->documents[accumulator->document_count];
    TRY(texts_add(accumulator, values, texts, document, &entry->length));
    entry->boundary_count = (uint32_t)(accumulator->boundary_count - entry->boundaries);
    accumulator->document_count++;
out:
    return status;
}
