/* SPDX-License-Identifier: MIT
 *
 * fields.h - from the values of a put to fields by number and kind.
 *
 * Owns a table of field names over a catalogue, and declares fields there by their first use.
 * Called by writer.c for every document. Never keeps a document.
 */
#ifndef LUPE_WRITE_FIELDS_H
#define LUPE_WRITE_FIELDS_H

#include "segment/catalogue.h"
#include "write/batch.h"

struct field_table {
    uint32_t *slots; /* field number + 1, by the hash of its name; 0: free */
    uint32_t slot_count;
    uint32_t field_count;       /* fields in the table */
    struct batch_value *values; /* of the document resolved last */
    size_t value_capacity;
};

void field_table_free(struct field_table *table);

/* Forgets what was known, as after another catalogue was read. */
void field_table_clear(struct field_table *table);

/* Resolves the values of a document into table->values. A field not yet declared is, as the kind
 * of its first value (text when that has none). LUPE_CONFLICT names field and kinds; on any error
 * no field was declared. */
CHECKED lupe_status fields_resolve(struct field_table *table, struct catalogue *catalogue,
                                   const lupe_value *values, size_t count);

#endif
