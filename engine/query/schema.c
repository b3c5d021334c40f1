/* SPDX-License-Identifier: MIT
 *
 * schema.c - fields by name and analyzers by language, copied out of a catalogue.
 */
#include "query/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/utf8.h"

/* A character takes at most this many bytes in lower case. */
#define CHARACTER_BYTES_MAX 4u

/* Writes name in lower case; out has room for CHARACTER_BYTES_MAX bytes a byte. */
static size_t name_fold(const uint8_t *name, size_t size, uint8_t *out)
{
    const uint8_t *end = name + size;
    size_t written = 0;

    while (name < end) {
        unsigned bytes;
        uint32_t code_point = utf8_decode(name, end, &bytes);
        name += bytes;
        written +=
            utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)code_point), out + written);
    }
    return written;
}

static int folded_compare(const void *left, size_t left_size, const void *right, size_t right_size)
{
    size_t shared = left_size < right_size ? left_size : right_size;
    int order = shared ? memcmp(left, right, shared) : 0;
    return order ? order : (left_size > right_size) - (left_size < right_size);
}

static int names_compare(const void *left, const void *right, void *user)
{
    const struct schema *schema = user;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    const struct schema_field *first = &schema->fields[a];
    const struct schema_field *second = &schema->fields[b];
    int order =
        folded_compare(first->folded, first->folded_size, second->folded, second->folded_size);
    return order ? order : (a > b) - (a < b);
}

/* The place of the analyzer of a language, opened where it is new. */
static lupe_status language_place(struct schema *schema, const char *language,
                                  const struct lexicon *words, uint32_t *place)
{
    struct analyzer *analyzer = NULL;

    for (uint32_t i = 0; i < schema->analyzer_count; i++)
        if (strcmp(analyzer_language(schema->analyzers[i]), language) == 0) {
            *place = i;
            return LUPE_OK;
        }
    lupe_status status =
        analyzer_open_with(schema->analysis, schema->flags, language, words, &analyzer);
    if (status != LUPE_OK)
        return status;
    struct analyzer **grown =
        memory_realloc(schema->analyzers, (schema->analyzer_count + 1) * sizeof *grown);
    if (!grown) {
        analyzer_close(analyzer);
        return fail_memory();
    }
    schema->analyzers = grown;
    schema->analyzers[schema->analyzer_count] = analyzer;
    *place = schema->analyzer_count++;
    return LUPE_OK;
}

static lupe_status field_copy(struct schema *schema, const struct catalogue *catalogue,
                              uint32_t number)
{
    const struct field *from = &catalogue->fields[number];
    struct schema_field *to = &schema->fields[number];
    size_t size = strlen(from->name);
    uint8_t folded[FIELD_NAME_BYTES_MAX * CHARACTER_BYTES_MAX];

    if (size > FIELD_NAME_BYTES_MAX)
        return fail(LUPE_CORRUPT, "field %u: its name has %zu bytes", number, size);
    to->kind = from->kind;
    to->folded_size = name_fold((const uint8_t *)from->name, size, folded);
    to->name = memory_copy_string(from->name, size);
    to->folded = memory_copy_string((const char *)folded, to->folded_size);
    if (!to->name || !to->folded)
        return fail_memory();
    if (to->kind != LUPE_TEXT)
        return LUPE_OK;
    return language_place(schema, from->language[0] ? from->language : catalogue->language,
                          catalogue->words, &to->analyzer);
}

/* Which analyzers read a word without a field: those of the text fields, each once; the index's
 * (place 0) while there is no text field. */
static lupe_status word_analyzers_choose(struct schema *schema)
{
    schema->word_analyzers = memory_zalloc(schema->analyzer_count, sizeof *schema->word_analyzers);
    if (!schema->word_analyzers)
        return fail_memory();
    for (uint32_t place = 0; place < schema->analyzer_count; place++)
        for (uint32_t f = 0; f < schema->field_count; f++)
            if (schema->fields[f].kind == LUPE_TEXT && schema->fields[f].analyzer == place) {
                schema->word_analyzers[schema->word_analyzer_count++] = place;
                break;
            }
    if (schema->word_analyzer_count == 0)
        schema->word_analyzer_count = 1;
    return LUPE_OK;
}

lupe_status schema_open(const struct catalogue *catalogue, struct schema **out)
{
    lupe_status status = LUPE_OK;
    uint32_t place;

    *out = NULL;
    struct schema *schema = memory_zalloc(1, sizeof *schema);
    if (!schema)
        return fail_memory();
    schema->analysis = catalogue->analysis;
    schema->flags = catalogue->flags;
    schema->has_forms = catalogue_has_forms(catalogue);
    schema->fields = memory_zalloc(catalogue->field_count, sizeof *schema->fields);
    schema->by_name = memory_zalloc(catalogue->field_count, sizeof *schema->by_name);
    if (!schema->fields || !schema->by_name)
        TRY(fail_memory());
    schema->field_count = catalogue->field_count;
    TRY(language_place(schema, catalogue->language, catalogue->words, &place));
    for (uint32_t f = 0; f < schema->field_count; f++) {
        TRY(field_copy(schema, catalogue, f));
        schema->by_name[f] = f;
    }
    TRY(word_analyzers_choose(schema));
    if (schema->field_count)
        qsort_r(schema->by_name, schema->field_count, sizeof *schema->by_name, names_compare,
                schema);
    *out = schema;
    schema = NULL;
out:
    schema_close(schema);
    assert((status == LUPE_OK) == (*out != NULL));
    return status;
}

void schema_close(struct schema *schema)
{
    if (!schema)
        return;
    for (uint32_t i = 0; i < schema->analyzer_count; i++)
        analyzer_close(schema->analyzers[i]);
    for (uint32_t f = 0; schema->fields && f < schema->field_count; f++) {
        memory_free(schema->fields[f].name);
        memory_free(schema->fields[f].folded);
    }
    memory_free(schema->analyzers);
    memory_free(schema->word_analyzers);
    memory_free(schema->fields);
    memory_free(schema->by_name);
    memory_free(schema);
}

int schema_find(const struct schema *schema, const void *name, size_t size)
{
    uint8_t folded[FIELD_NAME_BYTES_MAX * CHARACTER_BYTES_MAX];
    uint32_t low = 0;
    uint32_t high = schema->field_count;

    if (size == 0 || size > FIELD_NAME_BYTES_MAX || schema->field_count == 0)
        return -1;
    size_t folded_size = name_fold(name, size, folded);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct schema_field *field = &schema->fields[schema->by_name[middle]];
        if (folded_compare(field->folded, field->folded_size, folded, folded_size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    int found = -1;
    for (; low < schema->field_count; low++) {
        uint32_t number = schema->by_name[low];
        const struct schema_field *field = &schema->fields[number];
        if (folded_compare(field->folded, field->folded_size, folded, folded_size) != 0)
            break;
        if (strlen(field->name) == size && memcmp(field->name, name, size) == 0)
            return (int)number;
        if (found < 0)
            found = (int)number;
    }
    return found;
}

struct analyzer *schema_splitter(const struct schema *schema)
{
    for (uint32_t r = 0; r < schema->word_analyzer_count; r++) {
        struct analyzer *analyzer = schema->analyzers[schema->word_analyzers[r]];
        if (analyzer_lexicon(analyzer))
            return analyzer;
    }
    return NULL;
}

struct analyzer *schema_analyzer(const struct schema *schema, int field)
{
    if (field >= 0 && (uint32_t)field < schema->field_count &&
        schema->fields[field].kind == LUPE_TEXT)
        return schema->analyzers[schema->fields[field].analyzer];
    return schema->analyzers[0];
}
