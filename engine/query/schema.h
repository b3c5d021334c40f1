/* SPDX-License-Identifier: MIT
 *
 * schema.h - what reading a query or a text needs to know of an index: its fields by name, and an
 * analyzer for each language in use.
 *
 * Owns copies of the names and the analyzers, so that it outlives the catalogue it was made from.
 * Made by lupe_query_parse (pooled in the index) and by snapshots (highlights). Analyzers keep
 * state: one thread at a time. Never reads segments.
 */
#ifndef LUPE_QUERY_SCHEMA_H
#define LUPE_QUERY_SCHEMA_H

#include "segment/catalogue.h"

struct schema_field {
    char *name;
    char *folded; /* in lower case, for names typed in another case */
    size_t folded_size;
    lupe_kind kind;
    uint32_t analyzer; /* text fields: its place in analyzers */
};

struct schema {
    uint64_t tag;                 /* of the owner: tells from which catalogue it was made */
    struct store_version version; /* likewise: a state of the file that has this catalogue */
    lupe_analysis analysis;
    uint32_t flags;              /* of the index: LUPE_WITHOUT_... */
    bool has_forms;              /* =word finds surface forms */
    struct analyzer **analyzers; /* one a distinct language */
    uint32_t analyzer_count;
    uint32_t *word_analyzers; /* those of the text fields: readings of a word without a field */
    uint32_t word_analyzer_count;
    struct schema_field *fields; /* by number */
    uint32_t field_count;
    uint32_t *by_name; /* field numbers sorted by folded name, then number */
};

CHECKED lupe_status schema_open(const struct catalogue *catalogue, struct schema **schema);
void schema_close(struct schema *schema); /* accepts NULL */

/* The number of the field with this name, else of the first that differs in case alone, else -1. */
int schema_find(const struct schema *schema, const void *name, size_t size);

/* The analyzer of a field, or of a text field that is not declared yet (field -1 or beyond). */
struct analyzer *schema_analyzer(const struct schema *schema, int field);

/* The analyzer of words without a field that splits compounds; NULL: none does. */
struct analyzer *schema_splitter(const struct schema *schema);

#endif
