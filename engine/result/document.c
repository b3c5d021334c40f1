/* SPDX-License-Identifier: MIT
 *
 * document.c - reads stored records (FORMAT.md section 10):
 *
 *   record := value_count:varint (field:varint kind:u8 value:string) *
 *   string := size:varint bytes
 */
#include "result/document.h"

#include <assert.h>

#define VALUE_BYTES_MIN 3u /* the shortest encoded value */

void document_free(struct stored_document *stored)
{
    buffer_free(&stored->bytes);
    memory_free(stored->values);
    memory_free(stored->fields);
    memset(stored, 0, sizeof *stored);
}

static lupe_status values_reserve(struct stored_document *stored, size_t count)
{
    if (count <= stored->value_capacity)
        return LUPE_OK;
    size_t capacity = count < 8 ? 8 : count + count / 2;
    lupe_value *values = memory_realloc(stored->values, capacity * sizeof *values);
    if (!values)
        return fail_memory();
    stored->values = values;
    uint32_t *fields = memory_realloc(stored->fields, capacity * sizeof *fields);
    if (!fields)
        return fail_memory();
    stored->fields = fields;
    stored->value_capacity = capacity;
    return LUPE_OK;
}

lupe_status document_parse(struct stored_document *stored, const struct catalogue *catalogue,
                           const uint8_t *record, size_t size)
{
    struct cursor cursor = cursor_of(record, size);

    stored->document.values = NULL;
    stored->document.value_count = 0;
    if (size == 0)
        return LUPE_OK;
    uint64_t count = cursor_varint(&cursor);
    if (count > size / VALUE_BYTES_MIN)
        return fail(LUPE_CORRUPT, "stored record: more values than it has room for");
    lupe_status status = values_reserve(stored, (size_t)count);
    if (status != LUPE_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        uint64_t field = cursor_varint(&cursor);
        uint8_t kind = cursor_u8(&cursor);
        uint64_t bytes = cursor_varint(&cursor);
        const uint8_t *data = bytes <= size ? cursor_take(&cursor, (size_t)bytes) : NULL;
        if (!cursor.ok || !data)
            return fail(LUPE_CORRUPT, "stored record: value %zu ends behind the record", i);
        if (field >= catalogue->field_count || kind < LUPE_TEXT || kind > LUPE_DATE)
            return fail(LUPE_CORRUPT, "stored record: value %zu is of no declared field", i);
        stored->fields[i] = (uint32_t)field;
        stored->values[i] = (lupe_value){
            .field = catalogue->fields[field].name,
            .kind = (lupe_kind)kind,
            .data = (const char *)data,
            .size = (size_t)bytes,
        };
    }
    if (cursor_left(&cursor))
        return fail(LUPE_CORRUPT, "stored record: %zu bytes too many", cursor_left(&cursor));
    stored->document.values = stored->values;
    stored->document.value_count = (size_t)count;
    return LUPE_OK;
}

lupe_status document_load(struct stored_document *stored, struct view *view, uint32_t segment,
                          uint32_t number)
{
    lupe_status status = LUPE_OK;
    const uint8_t *record;
    size_t size;

    if (stored->loaded && stored->segment == segment && stored->number == number)
        return LUPE_OK;
    assert(segment < view->catalogue.segment_count);
    stored->loaded = false;
    buffer_restart(&stored->bytes);
    TRY(segment_id(view->segments[segment], number, &stored->bytes));
    size_t id_size = stored->bytes.size;
    buffer_add_u8(&stored->bytes, 0);
    TRY(segment_stored(view->segments[segment], number, &record, &size));
    buffer_add(&stored->bytes, record, size);
    TRY(buffer_status(&stored->bytes));
    TRY(document_parse(stored, &view->catalogue, stored->bytes.data + id_size + 1, size));
    stored->document.id = (const char *)stored->bytes.data;
    stored->document.id_size = id_size;
    stored->segment = segment;
    stored->number = number;
    stored->loaded = true;
out:
    if (status != LUPE_OK) {
        stored->document = (lupe_document){0};
        status = fail_context(status, "document %u of segment %u", number,
                              view->segments[segment]->entry.number);
    }
    return status;
}
