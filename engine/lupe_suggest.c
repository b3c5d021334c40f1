/* SPDX-License-Identifier: MIT
 *
 * lupe_suggest.c - the public functions of spelling: suggestions for a word.
 */
#include "lupe_index.h"
#include "query/spell.h"
#include "result/surface.h"
#include "text/words.h"

#define EDITS_MAX FUZZY_DISTANCE_MAX

struct lupe_suggestions {
    struct arena arena; /* words */
    size_t count;
    lupe_suggestion items[];
};

/* The words as documents have them. */
static lupe_status suggestions_make(lupe_snapshot *snapshot, struct schema *schema, int field,
                                    const struct spelling *spellings, size_t count,
                                    lupe_suggestions **out)
{
    lupe_status status = LUPE_OK;
    struct buffer surface = BUFFER_INIT(0);
    lupe_suggestions *made = memory_zalloc(1, sizeof *made + count * sizeof made->items[0]);

    if (!made)
        return fail_memory();
    for (size_t i = 0; i < count; i++) {
        const struct spelling *spelling = &spellings[i];
        struct surface_request request = {snapshot->view, schema,
                                          field,          {spelling->term, spelling->size},
                                          spelling->word, spelling->word_size};
        buffer_restart(&surface);
        TRY(surface_find(&request, &surface));
        char *word = arena_alloc(&made->arena, surface.size + 1);
        if (!word)
            TRY(fail_memory());
        memcpy(word, surface.data, surface.size);
        word[surface.size] = '\0';
        made->items[made->count++] =
            (lupe_suggestion){word, surface.size, spelling->frequency, spelling->edits};
    }
    *out = made;
    made = NULL;
out:
    buffer_free(&surface);
    lupe_suggestions_free(made);
    return status;
}

static lupe_status suggest(lupe_snapshot *snapshot, struct schema *schema, const char *text,
                           size_t size, const lupe_suggest_options *options, lupe_suggestions **out)
{
    lupe_status status = LUPE_OK;
    struct word_scanner scanner;
    struct word word;
    struct arena arena = {NULL, NULL, NULL, 0};
    struct spelling *spellings = NULL;
    struct term folded;
    size_t count = 0;
    int field = -1;

    if (options->field) {
        field = schema_find(schema, options->field, strlen(options->field));
        if (field < 0 || schema->fields[field].kind != LUPE_TEXT)
            TRY(fail(LUPE_INVALID, "there is no text field \"%s\"", options->field));
    }
    word_scanner_init(&scanner, schema->analysis, text, size);
    if (word_next(&scanner, &word)) {
        const uint8_t *bytes = (const uint8_t *)text + word.start;
        TRY(analyzer_fold(schema_analyzer(schema, field), bytes, word.size, &folded));
        unsigned fitting = spell_distance(folded.bytes, folded.size);
        struct spell_request request = {
            .view = snapshot->view,
            .schema = schema,
            .field = field,
            .word = bytes,
            .size = word.size,
            .distance = options->edits ? options->edits
                        : fitting      ? fitting
                                       : 1,
            .only_edits = options->edits != 0,
        };
        TRY(spell_find(&request, &arena, &spellings, &count));
    }
    count = count < options->limit ? count : options->limit;
    TRY(suggestions_make(snapshot, schema, field, spellings, count, out));
out:
    arena_free(&arena);
    return status;
}

lupe_status lupe_suggest(lupe_snapshot *snapshot, const char *word, size_t size,
                         const lupe_suggest_options *given, lupe_suggestions **suggestions)
{
    lupe_status status = LUPE_OK;
    lupe_suggest_options options = LUPE_SUGGEST_OPTIONS_INIT;
    struct schema *schema = NULL;

    if (!suggestions)
        return fail(LUPE_INVALID, "lupe_suggest: suggestions is NULL");
    *suggestions = NULL;
    if (!snapshot || (!word && size))
        return fail(LUPE_INVALID, "lupe_suggest: %s is NULL", snapshot ? "word" : "snapshot");
    TRY(store_usable(snapshot->index->store));
    TRY(options_take(&options, sizeof options, given, "lupe_suggest_options"));
    if (options.edits > EDITS_MAX)
        TRY(fail(LUPE_INVALID, "at most %u edits are tried, not %u", EDITS_MAX, options.edits));
    TRY(index_schema_take(snapshot->index, &schema));
    TRY(suggest(snapshot, schema, word ? word : "", size, &options, suggestions));
out:
    if (snapshot)
        index_schema_give(snapshot->index, schema);
    return status;
}

size_t lupe_suggestions_count(const lupe_suggestions *suggestions)
{
    return suggestions ? suggestions->count : 0;
}

const lupe_suggestion *lupe_suggestions_item(const lupe_suggestions *suggestions, size_t position)
{
    if (!suggestions || position >= suggestions->count)
        return NULL;
    return &suggestions->items[position];
}

void lupe_suggestions_free(lupe_suggestions *suggestions)
{
    if (!suggestions)
        return;
    arena_free(&suggestions->arena);
    memory_free(suggestions);
}
