/* SPDX-License-Identifier: MIT
 *
 * fields.c - see fields.h.
 */
#include "write/fields.h"

#include "base/hash.h"

static const char *kind_name(lupe_kind kind)
{
    static const char *const names[] = {"none",    "text", "keyword", "stored",
                                        "integer", "real", "date"};
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

void field_table_free(struct field_table *table)
{
    memory_free(table->slots);
    memory_free(table->values);
    memset(table, 0, sizeof *table);
}

void field_table_clear(struct field_table *table)
{
    if (table->slots)
        memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    table->field_count = 0;
}

/* The slot of a name, or the free one where it belongs. */
static uint32_t *slot_of(const struct field_table *table, const struct catalogue *catalogue,
                         const char *name)
{
    uint32_t at = (uint32_t)hash_bytes(name, strlen(name)) & (table->slot_count - 1);
    for (;; at = (at + 1) & (table->slot_count - 1)) {
        uint32_t *slot = &table->slots[at];
        if (!*slot || !strcmp(catalogue->fields[*slot - 1].name, name))
            return slot;
    }
}

/* Brings the table up to the fields of the catalogue. */
static lupe_status table_fill(struct field_table *table, const struct catalogue *catalogue)
{
    if (!table->slots || (uint64_t)(catalogue->field_count + 1) * 2 > table->slot_count) {
        uint32_t slot_count = table->slot_count ? table->slot_count : 32;
        while ((uint64_t)(catalogue->field_count + 1) * 2 > slot_count)
            slot_count *= 2;
        uint32_t *slots = memory_zalloc(slot_count, sizeof *slots);
        if (!slots)
            return fail_memory();
        memory_free(table->slots);
        table->slots = slots;
        table->slot_count = slot_count;
        table->field_count = 0;
    }
    for (; table->field_count < catalogue->field_count; table->field_count++)
        *slot_of(table, catalogue, catalogue->fields[table->field_count].name) =
            table->field_count + 1;
    return LUPE_OK;
}

static void fields_forget(struct field_table *table, struct catalogue *catalogue,
                          uint32_t field_count)
{
    if (catalogue->field_count == field_count)
        return;
    while (catalogue->field_count > field_count)
        memory_free(catalogue->fields[--catalogue->field_count].name);
    field_table_clear(table);
}

static lupe_status value_resolve(struct field_table *table, struct catalogue *catalogue,
                                 const lupe_value *value, struct batch_value *out)
{
    lupe_status status = LUPE_OK;
    uint32_t number;
    if (!value->field)
        return fail(LUPE_INVALID, "a value has no field name");
    if (!value->data && value->size)
        return fail(LUPE_INVALID, "field %s: a value of %zu bytes has no data", value->field,
                    value->size);
    if (value->kind < LUPE_KIND_NONE || value->kind > LUPE_DATE)
        return fail(LUPE_INVALID, "field %s: %d is no kind of field", value->field,
                    (int)value->kind);
    if (value->kind >= LUPE_INTEGER)
        return fail(LUPE_UNSUPPORTED, "field %s: values of kind %s are not supported yet",
                    value->field, kind_name(value->kind));

    TRY(table_fill(table, catalogue));
    uint32_t known = *slot_of(table, catalogue, value->field);
    if (known) {
        number = known - 1;
        lupe_kind declared = catalogue->fields[number].kind;
        if (value->kind != LUPE_KIND_NONE && value->kind != declared)
            return fail(LUPE_CONFLICT,
                        "field %s is declared as %s and cannot take a value of kind %s",
                        value->field, kind_name(declared), kind_name(value->kind));
    } else {
        lupe_kind kind = value->kind == LUPE_KIND_NONE ? LUPE_TEXT : value->kind;
        TRY(catalogue_add_field(catalogue, value->field, kind, 1.0, NULL, &number));
    }
    out->field = number;
    out->kind = catalogue->fields[number].kind;
    out->data = (const uint8_t *)value->data;
    out->size = value->size;
out:
    return status;
}

lupe_status fields_resolve(struct field_table *table, struct catalogue *catalogue,
                           const lupe_value *values, size_t count)
{
    lupe_status status = LUPE_OK;
    uint32_t field_count = catalogue->field_count;
    if (count > table->value_capacity) {
        struct batch_value *room = memory_realloc(table->values, (count + 8) * sizeof *room);
        if (!room)
            return fail_memory();
        table->values = room;
        table->value_capacity = count + 8;
    }
    for (size_t i = 0; i < count; i++)
        TRY(value_resolve(table, catalogue, &values[i], &table->values[i]));
out:
    if (status != LUPE_OK)
        fields_forget(table, catalogue, field_count);
    return status;
}
