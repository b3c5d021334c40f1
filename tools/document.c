/* SPDX-License-Identifier: MIT
 *
 * document.c - see document.h.
 */
#include "document.h"

#include <string.h>

#include "session.h"

static bool comes_before(const lupe_document *document, size_t position)
{
    for (size_t i = 0; i < position; i++)
        if (strcmp(document->values[i].field, document->values[position].field) == 0)
            return true;
    return false;
}

/* The value of one member: all values of the field from its first on. */
static void put_values(struct output *output, const lupe_document *document, size_t first)
{
    const char *field = document->values[first].field;
    size_t count = 0;
    for (size_t i = first; i < document->value_count; i++)
        count += strcmp(document->values[i].field, field) == 0;
    const char *gap = count > 1 ? "[" : "";
    for (size_t i = first; i < document->value_count; i++) {
        const lupe_value *value = &document->values[i];
        if (strcmp(value->field, field) != 0)
            continue;
        output_text(output, gap);
        output_json(output, value->data, value->size);
        gap = ",";
    }
    if (count > 1)
        output_text(output, "]");
}

size_t document_members(struct output *output, const lupe_document *document,
                        bool (*wanted)(const lupe_value *value))
{
    size_t count = 0;
    for (size_t i = 0; i < document->value_count; i++) {
        const lupe_value *value = &document->values[i];
        if (session_is_own_field(value->field) || !wanted(value) || comes_before(document, i))
            continue;
        if (count++)
            output_text(output, ",");
        output_json(output, value->field, strlen(value->field));
        output_text(output, ":");
        put_values(output, document, i);
    }
    return count;
}

static bool any_value(const lupe_value *value)
{
    (void)value;
    return true;
}

void document_json(struct output *output, const lupe_document *document)
{
    output_text(output, "{\"id\":");
    output_json(output, document->id, document->id_size);
    struct output members = {0};
    if (document_members(&members, document, any_value)) {
        output_text(output, ",");
        output_bytes(output, members.data, members.size);
    }
    output_free(&members);
    output_text(output, "}\n");
}

void document_people(struct output *output, const lupe_document *document, bool clean)
{
    output_text(output, "id: ");
    output_line(output, document->id, document->id_size);
    output_text(output, "\n");
    for (size_t i = 0; i < document->value_count; i++) {
        const lupe_value *value = &document->values[i];
        if (session_is_own_field(value->field) || strcmp(value->field, "text") == 0)
            continue;
        output_line(output, value->field, strlen(value->field));
        output_text(output, ": ");
        if (clean)
            output_line(output, value->data, value->size);
        else
            output_bytes(output, value->data, value->size);
        output_text(output, "\n");
    }
    for (size_t i = 0; i < document->value_count; i++) {
        const lupe_value *value = &document->values[i];
        if (strcmp(value->field, "text") != 0)
            continue;
        output_text(output, "\n");
        if (clean)
            output_lines(output, value->data, value->size);
        else
            output_bytes(output, value->data, value->size);
        if (output->data[output->size - 1] != '\n')
            output_text(output, "\n");
    }
}
