/* SPDX-License-Identifier: MIT
 *
 * lupe.c - the public functions that make, open and read an index.
 */
#include <assert.h>
#include <stdlib.h>

#include "lupe_index.h"
#include "segment/word_list.h"
#include "text/lexicon.h"
#include "write/fingerprint.h"
#include "write/publish.h"

#define OPEN_FLAGS (LUPE_OPEN_READ_ONLY | LUPE_OPEN_IMMUTABLE | LUPE_OPEN_VERIFY)
#define FIELD_FLAGS LUPE_FIELD_FAST
#define CREATE_FLAGS                                                             \
    (LUPE_WITHOUT_POSITIONS | LUPE_WITHOUT_STORED_TEXT | LUPE_WITHOUT_PAIRS |    \
     LUPE_WITHOUT_COMPOUNDS | LUPE_WITHOUT_OLD_SPELLING | LUPE_WITHOUT_MENDING | \
     LUPE_WITHOUT_FORMS)

/* Where the checksum of the catalogue's body stands in its value (FORMAT.md section 2). */
#define CATALOGUE_CHECKSUM_OFFSET 8u
#define CATALOGUE_HEAD_BYTES 16u

lupe_status options_take(void *options, size_t size, const void *given, const char *name)
{
    size_t given_size;

    if (!given)
        return LUPE_OK;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size || given_size > OPTION_BYTES_MAX)
        return fail(LUPE_INVALID, "%s.size is %zu: start from its initializer (%zu bytes)", name,
                    given_size, size);
    for (size_t i = size; i < given_size; i++)
        if (((const char *)given)[i])
            return fail(LUPE_UNSUPPORTED,
                        "%s has options that this library (%s) does not know: update it", name,
                        LUPE_VERSION);
    memcpy(options, given, given_size < size ? given_size : size);
    memcpy(options, &size, sizeof size);
    return LUPE_OK;
}

/* ---- creating */

/* The canonical name of a language, NULL being the default. */
static lupe_status language_resolve(lupe_analysis analysis, const char *language,
                                    char out[LANGUAGE_NAME_BYTES])
{
    struct analyzer *analyzer = NULL;
    lupe_status status = analyzer_open(analysis, 0, language, &analyzer);
    if (status != LUPE_OK)
        return status;
    const char *name = analyzer_language(analyzer);
    size_t size = strlen(name);
    assert(size < LANGUAGE_NAME_BYTES);
    memset(out, 0, LANGUAGE_NAME_BYTES);
    memcpy(out, name, size);
    analyzer_close(analyzer);
    return LUPE_OK;
}

static lupe_status fields_declare(struct catalogue *catalogue, const lupe_field *fields,
                                  size_t count)
{
    if (count && !fields)
        return fail(LUPE_INVALID, "%zu fields are announced, none given", count);
    for (size_t i = 0; i < count; i++) {
        const lupe_field *field = &fields[i];
        char language[LANGUAGE_NAME_BYTES];
        uint32_t number;
        lupe_status status = LUPE_OK;

        if (!field->name)
            return fail(LUPE_INVALID, "declared field %zu has no name", i);
        if (field->language)
            status = language_resolve(catalogue->analysis, field->language, language);
        if (status == LUPE_OK && field->flags & ~FIELD_FLAGS)
            status = fail(LUPE_UNSUPPORTED, "unknown flags 0x%x", field->flags & ~FIELD_FLAGS);
        if (status == LUPE_OK)
            status = catalogue_add_field(catalogue, field->name, field->kind, field->weight,
                                         field->language ? language : NULL, &number);
        if (status == LUPE_OK && field->kind == LUPE_TEXT && field->flags & LUPE_FIELD_FAST)
            catalogue->fields[number].flags |= FIELD_OWN_LIST;
        if (status != LUPE_OK)
            return fail_context(status, "declared field %zu", i);
    }
    return LUPE_OK;
}

static lupe_status catalogue_of_options(const lupe_create_options *options,
                                        struct catalogue *catalogue)
{
    if (options->analysis < LUPE_ANALYSIS_STANDARD || options->analysis > LUPE_ANALYSIS_PLAIN)
        return fail(LUPE_INVALID, "%d is no analysis", (int)options->analysis);
    if (options->flags & ~CREATE_FLAGS)
        return fail(LUPE_INVALID, "unknown flags 0x%x", options->flags & ~CREATE_FLAGS);
    if (options->field_gap > FIELD_GAP_MAX)
        return fail(LUPE_INVALID, "field_gap is %u, at most %u", options->field_gap, FIELD_GAP_MAX);
    if (!(options->k1 >= 0 && options->k1 <= K1_MAX))
        return fail(LUPE_INVALID, "k1 is %g, 0 to %g", options->k1, K1_MAX);
    if (!(options->b >= 0 && options->b <= 1))
        return fail(LUPE_INVALID, "b is %g, 0 to 1", options->b);
    catalogue->analysis = options->analysis;
    catalogue->flags = (uint8_t)options->flags;
    if (options->analysis == LUPE_ANALYSIS_STANDARD &&
        !(options->flags & (LUPE_WITHOUT_POSITIONS | LUPE_WITHOUT_FORMS)))
        catalogue->ignorable |= IGNORABLE_FORMS;
    catalogue->field_gap = (uint16_t)options->field_gap;
    catalogue->k1 = options->k1;
    catalogue->b = options->b;
    lupe_status status =
        language_resolve(options->analysis, options->language, catalogue->language);
    if (status == LUPE_OK)
        status = fields_declare(catalogue, options->fields, options->field_count);
    if (status == LUPE_OK)
        status = catalogue_fingerprint(catalogue, &catalogue->fingerprint);
    return status;
}

/* Lupe's own checksums, those of LMDB's pages being the store's: the catalogue's and the live
 * documents' are verified by opening, then those of all extents. */
static lupe_status index_verify(struct store *store)
{
    lupe_status status = LUPE_OK;
    struct view *view = NULL;

    TRY(view_open(store, &view));
    for (uint32_t i = 0; i < view->catalogue.segment_count; i++)
        TRY(segment_verify(view->segments[i], NULL, NULL));
out:
    view_close(view);
    return status;
}

/* Writes commit 0. The store removes a file that was never committed to. */
static lupe_status catalogue_write_first(struct store *store, const struct catalogue *catalogue,
                                         const lupe_create_options *options)
{
    struct store_write *write = NULL;
    lupe_status status = store_lock(store, STORE_LOCK_WRITER, 0);

    if (status != LUPE_OK)
        return status;
    TRY(store_write_begin(store, &write));
    if (options->lexicon_size)
        TRY(word_list_put(write, options->lexicon, options->lexicon_size));
    TRY(catalogue_put(write, catalogue));
    struct store_write *finished = write;
    write = NULL;
    TRY(store_write_commit(finished));
out:
    store_write_abort(write);
    store_unlock(store, STORE_LOCK_WRITER);
    return status;
}

/* ---- opening */

static lupe_status index_make(const char *path, bool create, const lupe_open_options *given,
                              lupe_index **out)
{
    lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
    lupe_status status = options_take(&options, sizeof options, given, "lupe_open_options");

    if (status != LUPE_OK)
        return status;
    if (!path || !*path)
        return fail(LUPE_INVALID, "no path is given");
    if (options.flags & ~OPEN_FLAGS)
        return fail(LUPE_INVALID, "unknown flags 0x%x", options.flags & ~OPEN_FLAGS);
    if (create && (options.flags & (LUPE_OPEN_READ_ONLY | LUPE_OPEN_IMMUTABLE)))
        return fail(LUPE_INVALID, "an index that is created cannot be read only");
    if (options.map_bytes && options.map_bytes < MAP_BYTES_MIN)
        return fail(LUPE_INVALID, "map_bytes is %llu, at least %llu",
                    (unsigned long long)options.map_bytes, (unsigned long long)MAP_BYTES_MIN);
    lupe_index *index = memory_zalloc(1, sizeof *index);
    if (!index)
        return fail_memory();
    pthread_mutex_init(&index->mutex, NULL);
    index->options = options;
    struct store_options store_options = {
        .create = create,
        .read_only = options.flags & (LUPE_OPEN_READ_ONLY | LUPE_OPEN_IMMUTABLE),
        .immutable = options.flags & LUPE_OPEN_IMMUTABLE,
        .verify = options.flags & LUPE_OPEN_VERIFY,
        .map_bytes = options.map_bytes,
    };
    status = store_open(path, &store_options, &index->store);
    if (status != LUPE_OK) {
        pthread_mutex_destroy(&index->mutex);
        memory_free(index);
        return status;
    }
    *out = index;
    return LUPE_OK;
}

lupe_status lupe_index_create(const char *path, const lupe_create_options *create,
                              const lupe_open_options *open, lupe_index **index)
{
    lupe_status status = LUPE_OK;
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    struct catalogue catalogue;
    lupe_index *made = NULL;

    if (!index)
        return fail(LUPE_INVALID, "lupe_index_create: index is NULL");
    *index = NULL;
    catalogue_init(&catalogue);
    TRY(options_take(&options, sizeof options, create, "lupe_create_options"));
    TRY(catalogue_of_options(&options, &catalogue));
    TRY(index_make(path, true, open, &made));
    TRY(index_lexicon_make(made, &options, &catalogue));
    TRY(catalogue_write_first(made->store, &catalogue, &options));
    memcpy(made->language, catalogue.language, sizeof made->language);
    *index = made;
    made = NULL;
out:
    lupe_index_close(made);
    catalogue_free(&catalogue);
    if (status != LUPE_OK && path)
        status = fail_context(status, "cannot create %s", path);
    return status;
}

lupe_status lupe_index_open(const char *path, const lupe_open_options *open, lupe_index **index)
{
    lupe_status status = LUPE_OK;
    struct store_read *read = NULL;
    struct catalogue catalogue;
    lupe_index *made = NULL;
    uint64_t fingerprint;

    if (!index)
        return fail(LUPE_INVALID, "lupe_index_open: index is NULL");
    *index = NULL;
    catalogue_init(&catalogue);
    TRY(index_make(path, false, open, &made));
    if (made->options.flags & LUPE_OPEN_VERIFY)
        TRY(index_verify(made->store));
    TRY(store_read_begin(made->store, &read));
    TRY(catalogue_load(read, &catalogue));
    TRY(catalogue_fingerprint(&catalogue, &fingerprint));
    TRY(index_lexicon_load(made, read, &catalogue));
    made->lexicon_changed = catalogue_lexicons_changed(&catalogue) > 0;
    made->analyzer_changed = fingerprint != catalogue.fingerprint;
    memcpy(made->language, catalogue.language, sizeof made->language);
    *index = made;
    made = NULL;
out:
    store_read_end(read);
    lupe_index_close(made);
    catalogue_free(&catalogue);
    if (status != LUPE_OK && path)
        status = fail_context(status, "cannot open %s", path);
    return status;
}

bool lupe_index_analyzer_changed(const lupe_index *index)
{
    return index && index->analyzer_changed;
}

/* The mutex is not taken: nobody else may use the handle any more, and in a child of fork() a
 * thread that is not there may hold it. */
void lupe_index_close(lupe_index *index)
{
    if (!index)
        return;
    for (unsigned i = 0; i < index->schema_count; i++)
        schema_close(index->schemas[i]);
    lexicon_close(index->lexicon);
    store_close(index->store);
    pthread_mutex_destroy(&index->mutex);
    memory_free(index);
}

/* ---- schemas */

static struct schema *schema_pop(lupe_index *index)
{
    struct schema *schema = NULL;
    pthread_mutex_lock(&index->mutex);
    if (index->schema_count)
        schema = index->schemas[--index->schema_count];
    pthread_mutex_unlock(&index->mutex);
    return schema;
}

lupe_status index_schema_take(lupe_index *index, struct schema **out)
{
    lupe_status status = LUPE_OK;
    struct store_read *read = NULL;
    struct schema *schema = NULL;
    struct catalogue catalogue;
    const uint8_t *value;
    size_t size;

    *out = NULL;
    status = store_usable(index->store);
    if (status != LUPE_OK)
        return status;
    schema = schema_pop(index);
    if (schema && store_is_at(index->store, &schema->version)) {
        *out = schema;
        return LUPE_OK;
    }
    catalogue_init(&catalogue);
    TRY(store_read_begin(index->store, &read));
    status = store_get(read, 0, 0, &value, &size);
    if (status == LUPE_NOT_FOUND || (status == LUPE_OK && size < CATALOGUE_HEAD_BYTES))
        status = fail(LUPE_NOT_INDEX, "%s holds no Lupe index", store_path(index->store));
    if (status != LUPE_OK)
        goto out;
    uint64_t tag = load_u64(value + CATALOGUE_CHECKSUM_OFFSET);
    if (!schema || schema->tag != tag) {
        schema_close(schema);
        schema = NULL;
        TRY(catalogue_decode(value, size, &catalogue));
        catalogue.words = index->lexicon;
        TRY(schema_open(&catalogue, &schema));
        schema->tag = tag;
    }
    schema->version = store_read_version(read);
    *out = schema;
    schema = NULL;
out:
    schema_close(schema);
    store_read_end(read);
    catalogue_free(&catalogue);
    return status;
}

void index_schema_give(lupe_index *index, struct schema *schema)
{
    if (!schema)
        return;
    pthread_mutex_lock(&index->mutex);
    if (index->schema_count < SCHEMAS_KEPT_MAX) {
        index->schemas[index->schema_count++] = schema;
        schema = NULL;
    }
    pthread_mutex_unlock(&index->mutex);
    schema_close(schema);
}

/* ---- snapshots */

lupe_status lupe_snapshot_open(lupe_index *index, lupe_snapshot **snapshot)
{
    lupe_status status = LUPE_OK;

    if (!snapshot)
        return fail(LUPE_INVALID, "lupe_snapshot_open: snapshot is NULL");
    *snapshot = NULL;
    if (!index)
        return fail(LUPE_INVALID, "lupe_snapshot_open: index is NULL");
    TRY(store_usable(index->store));
    lupe_snapshot *made = memory_zalloc(1, sizeof *made);
    if (!made)
        TRY(fail_memory());
    made->index = index;
    status = view_open(index->store, &made->view);
    if (status != LUPE_OK) {
        memory_free(made);
        goto out;
    }
    made->view->catalogue.words = index->lexicon;
    *snapshot = made;
out:
    return status;
}

void lupe_snapshot_close(lupe_snapshot *snapshot)
{
    if (!snapshot)
        return;
    document_free(&snapshot->document);
    memory_free(snapshot->fields);
    view_close(snapshot->view);
    memory_free(snapshot);
}

lupe_status lupe_snapshot_get(lupe_snapshot *snapshot, const char *id, size_t id_size,
                              const lupe_document **document)
{
    lupe_status status = LUPE_OK;
    uint32_t segment;
    uint32_t number;

    if (!document)
        return fail(LUPE_INVALID, "lupe_snapshot_get: document is NULL");
    *document = NULL;
    if (!snapshot || !id)
        return fail(LUPE_INVALID, "lupe_snapshot_get: %s is NULL", snapshot ? "id" : "snapshot");
    if (id_size == 0 || id_size > ID_BYTES_MAX)
        return fail(LUPE_INVALID, "an id has 1 to %u bytes, not %zu", ID_BYTES_MAX, id_size);
    TRY(store_usable(snapshot->index->store));
    status = view_find_id(snapshot->view, id, id_size, &segment, &number);
    if (status == LUPE_NOT_FOUND)
        status = fail(LUPE_NOT_FOUND, "no document has the id %.*s",
                      (int)(id_size < 200 ? id_size : 200), id);
    if (status != LUPE_OK)
        goto out;
    TRY(document_load(&snapshot->document, snapshot->view, segment, number));
    *document = &snapshot->document.document;
out:
    return status;
}

size_t lupe_snapshot_field_count(const lupe_snapshot *snapshot)
{
    return snapshot ? snapshot->view->catalogue.field_count : 0;
}

static lupe_status fields_show(lupe_snapshot *snapshot)
{
    const struct catalogue *catalogue = &snapshot->view->catalogue;

    if (snapshot->fields)
        return LUPE_OK;
    snapshot->fields = memory_zalloc(catalogue->field_count, sizeof *snapshot->fields);
    if (!snapshot->fields)
        return fail_memory();
    for (uint32_t i = 0; i < catalogue->field_count; i++) {
        const struct field *field = &catalogue->fields[i];
        lupe_field *shown = &snapshot->fields[i];
        shown->name = field->name;
        shown->kind = field->kind;
        shown->weight = field->weight;
        if (field->kind != LUPE_TEXT)
            continue;
        shown->flags = field->flags & FIELD_OWN_LIST ? LUPE_FIELD_FAST : 0;
        shown->language = field->language[0] ? field->language : catalogue->language;
    }
    return LUPE_OK;
}

lupe_status lupe_snapshot_field(lupe_snapshot *snapshot, size_t number, const lupe_field **field)
{
    if (!field)
        return fail(LUPE_INVALID, "lupe_snapshot_field: field is NULL");
    *field = NULL;
    if (!snapshot || number >= snapshot->view->catalogue.field_count)
        return fail(LUPE_INVALID, "lupe_snapshot_field: there is no field %zu", number);
    lupe_status status = fields_show(snapshot);
    if (status == LUPE_OK)
        *field = &snapshot->fields[number];
    return status;
}

static void statistics_add(lupe_statistics *statistics, const struct segment_entry *entry)
{
    const uint64_t *lengths = entry->lengths;
    statistics->documents += entry->documents - entry->deleted;
    statistics->documents_deleted += entry->deleted;
    statistics->words += entry->words;
    statistics->terms += entry->terms;
    statistics->segments++;
    statistics->dictionary_bytes += lengths[SECTION_INDEX] + lengths[SECTION_DICTIONARY];
    statistics->postings_bytes += lengths[SECTION_POSTINGS];
    statistics->pair_bytes += entry->pair_bytes;
    statistics->positions_bytes +=
        lengths[SECTION_POSITIONS] + lengths[SECTION_BOUNDARIES] + lengths[SECTION_BOUNDARY_INDEX];
    statistics->norm_bytes += lengths[SECTION_NORMS];
    statistics->id_bytes += lengths[SECTION_IDS] + lengths[SECTION_LONG_IDS];
    statistics->stored_bytes += lengths[SECTION_STORED] + lengths[SECTION_STORED_INDEX] +
                                lengths[SECTION_STORED_DICTIONARY];
}

lupe_status lupe_snapshot_statistics(lupe_snapshot *snapshot, lupe_statistics *statistics)
{
    lupe_status status = LUPE_OK;
    lupe_statistics all = {0};
    struct store_space space;

    if (!snapshot || !statistics)
        return fail(LUPE_INVALID, "lupe_snapshot_statistics: %s is NULL",
                    snapshot ? "statistics" : "snapshot");
    size_t size = statistics->size;
    if (size < sizeof size || size > OPTION_BYTES_MAX)
        return fail(LUPE_INVALID, "lupe_statistics.size is %zu: start from LUPE_STATISTICS_INIT",
                    size);
    memset((char *)statistics + sizeof size, 0, size - sizeof size);
    TRY(store_usable(snapshot->index->store));
    TRY(store_space(snapshot->index->store, &space));
    const struct catalogue *catalogue = &snapshot->view->catalogue;
    for (uint32_t i = 0; i < catalogue->segment_count; i++)
        statistics_add(&all, &catalogue->segments[i]);
    TRY(statistics_of_compounds(snapshot, &all));
    all.size = size;
    all.file_bytes = space.file_bytes;
    all.free_bytes = space.free_bytes;
    all.words_cut = catalogue->words_cut;
    all.commits = catalogue->commit;
    all.format = FORMAT_VERSION;
    all.language = snapshot->index->language;
    all.flags = catalogue->flags;
    memcpy(statistics, &all, size < sizeof all ? size : sizeof all);
out:
    return status;
}
