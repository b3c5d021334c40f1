/* SPDX-License-Identifier: MIT
 *
 * writer.c - see writer.h.
 */
#include "write/writer.h"

#include "write/accumulate.h"
#include "write/accumulate_document.h"
#include "write/fields.h"
#include "write/fingerprint.h"
#include "write/flush.h"
#include "write/run.h"
#include "write/upkeep.h"
#include "write/workers.h"

struct writer {
    struct store *store;
    struct writer_options options;
    struct catalogue catalogue; /* as of the beginning of the run, with what the run declares */
    struct field_table fields;
    uint64_t fingerprint;
    bool at_work; /* holds the writer lock */
    bool lost;    /* an error dropped the changes: only a rollback makes it usable */
    bool swept;   /* what dead processes left was looked for */
    bool has_base;
    uint32_t field_count; /* at the beginning of the run */
    uint64_t words_cut;
    struct batch batch;
    struct accumulator *accumulator;
    struct run run;
    struct portion portion;  /* with several threads: documents of the batch not inverted yet */
    struct workers *workers; /* NULL until a portion is full */
};

/* ---- opening */

static lupe_status catalogue_refresh(struct writer *writer)
{
    lupe_status status = LUPE_OK;
    struct store_read *read = NULL;
    struct catalogue catalogue;

    catalogue_init(&catalogue);
    TRY(store_read_begin(writer->store, &read));
    TRY(catalogue_load(read, &catalogue));
    TRY(catalogue_check_writable(&catalogue));
    catalogue_free(&writer->catalogue);
    writer->catalogue = catalogue;
    writer->catalogue.words = writer->options.words;
    writer->catalogue.lexicon = catalogue_lexicon(&writer->catalogue);
    catalogue_init(&catalogue);
    field_table_clear(&writer->fields);
out:
    catalogue_free(&catalogue);
    store_read_end(read);
    return status;
}

/* What the analyzer is now depends on the languages of the fields: others may have come. */
static lupe_status analyzer_check(struct writer *writer)
{
    if (writer->catalogue.fingerprint == writer->fingerprint)
        return LUPE_OK;
    lupe_status status = catalogue_fingerprint(&writer->catalogue, &writer->fingerprint);
    if (status != LUPE_OK || writer->catalogue.fingerprint == writer->fingerprint)
        return status;
    return fail(LUPE_ANALYZER_CHANGED,
                "the index was written by another version of the %s analyzer; "
                "searching goes on, writing needs a new index of the same documents",
                writer->catalogue.language);
}

lupe_status writer_open(struct store *store, const struct writer_options *options,
                        struct writer **out_writer)
{
    lupe_status status = LUPE_OK;
    *out_writer = NULL;
    struct writer *writer = memory_zalloc(1, sizeof *writer);
    if (!writer)
        return fail_memory();
    writer->store = store;
    writer->options = *options;
    catalogue_init(&writer->catalogue);
    batch_init(&writer->batch);
    portion_init(&writer->portion);
    run_init(&writer->run, store);
    TRY(catalogue_refresh(writer));
    TRY(catalogue_fingerprint(&writer->catalogue, &writer->fingerprint));
    TRY(analyzer_check(writer));
    *out_writer = writer;
    writer = NULL;
out:
    writer_close(writer);
    return status;
}

static void accumulator_drop(struct writer *writer)
{
    accumulator_close(writer->accumulator);
    writer->accumulator = NULL;
}

/* Forgets the changes and gives the lock back; drop: they are not committed. */
static void writer_end(struct writer *writer, bool drop)
{
    workers_stop(writer->workers);
    writer->workers = NULL;
    run_clear(&writer->run, drop);
    batch_clear(&writer->batch);
    portion_free(&writer->portion);
    if (writer->accumulator)
        accumulator_reset(writer->accumulator);
    if (drop) { /* fields declared by what was dropped */
        while (writer->catalogue.field_count > writer->field_count)
            memory_free(writer->catalogue.fields[--writer->catalogue.field_count].name);
        field_table_clear(&writer->fields);
        if (writer->accumulator && writer->accumulator->field_count > writer->field_count)
            accumulator_drop(writer);
    }
    writer->words_cut = 0;
    if (writer->at_work)
        store_unlock(writer->store, STORE_LOCK_WRITER);
    writer->at_work = false;
}

void writer_rollback(struct writer *writer)
{
    if (writer->at_work)
        writer_end(writer, true);
    writer->lost = false;
}

void writer_close(struct writer *writer)
{
    if (!writer)
        return;
    writer_rollback(writer);
    accumulator_close(writer->accumulator);
    batch_free(&writer->batch);
    field_table_free(&writer->fields);
    catalogue_free(&writer->catalogue);
    memory_free(writer);
}

lupe_kind writer_field_kind(const struct writer *writer, const char *field)
{
    int number = catalogue_field(&writer->catalogue, field);
    return number < 0 ? LUPE_KIND_NONE : writer->catalogue.fields[number].kind;
}

/* ---- beginning */

/* Segments that no catalogue names are left over from a process that died, when nobody else can
 * be writing any. */
static lupe_status sweep(struct writer *writer)
{
    if (writer->swept || store_lock(writer->store, STORE_LOCK_MAINTENANCE, 0) != LUPE_OK)
        return LUPE_OK;
    lupe_status status = publish_drop_unnamed(writer->store);
    store_unlock(writer->store, STORE_LOCK_MAINTENANCE);
    writer->swept = status == LUPE_OK;
    return status;
}

/* The accumulator knows of fields what was known when it was opened; of the later ones only those
 * declared by their use are what it takes them for. */
static lupe_status accumulator_ready(struct writer *writer)
{
    struct accumulator *open = writer->accumulator;
    for (uint32_t i = open ? open->field_count : 0; open && i < writer->catalogue.field_count;
         i++) {
        const struct field *field = &writer->catalogue.fields[i];
        if (field->kind != LUPE_TEXT || (!field->language[0] && !(field->flags & FIELD_OWN_LIST)))
            continue;
        accumulator_drop(writer);
        break;
    }
    return writer->accumulator ? LUPE_OK
                               : accumulator_open(&writer->catalogue, &writer->accumulator);
}

static lupe_status writer_begin(struct writer *writer)
{
    lupe_status status = LUPE_OK;
    if (writer->lost)
        return fail(LUPE_MISUSE,
                    "an error dropped this writer's changes: roll back and put them again");
    if (writer->at_work)
        return LUPE_OK;
    TRY(store_lock(writer->store, STORE_LOCK_WRITER, writer->options.wait_ms));
    writer->at_work = true;
    TRY(sweep(writer));
    TRY(catalogue_refresh(writer));
    TRY(analyzer_check(writer));
    writer->field_count = writer->catalogue.field_count;
    writer->has_base = writer->catalogue.segment_count > 0;
    TRY(accumulator_ready(writer));
out:
    if (status != LUPE_OK && writer->at_work) {
        writer->field_count = writer->catalogue.field_count;
        writer_end(writer, true);
    }
    return status;
}

/* After an error within a change: nothing is held any more. */
static lupe_status writer_lose(struct writer *writer, lupe_status status)
{
    writer_end(writer, true);
    writer->lost = true;
    return status;
}

static bool run_has_documents(const struct writer *writer)
{
    return !batch_is_empty(&writer->batch) || writer->run.segment_count || writer->run.base ||
           writer->workers;
}

/* An error that took nothing: a run that has not begun gives the lock back. */
static lupe_status writer_refuse(struct writer *writer, lupe_status status)
{
    if (writer->at_work && !run_has_documents(writer) &&
        writer->catalogue.field_count == writer->field_count)
        writer_end(writer, true);
    return status;
}

/* ---- flushing */

/* What is done with a batch once its segments are known. */
static lupe_status segments_take(struct writer *writer, const struct batch *batch,
                                 const struct segment_entry *entries, size_t count,
                                 uint64_t words_cut)
{
    lupe_status status = LUPE_OK;
    TRY(run_replace(&writer->run, batch, writer->has_base));
    for (size_t i = 0; i < count; i++)
        TRY(run_add(&writer->run, &entries[i]));
    writer->words_cut += words_cut;
out:
    return status;
}

static struct flush_options flush_options_of(const struct writer *writer)
{
    return (struct flush_options){writer->catalogue.k1, writer->catalogue.b,
                                  catalogue_wants_pairs(&writer->catalogue)};
}

static lupe_status hand_over(struct writer *writer)
{
    lupe_status status = LUPE_OK;
    if (!writer->workers) {
        struct workers_options options = {.threads = writer->options.threads,
                                          .catalogue = &writer->catalogue};
        TRY(workers_start(&options, &writer->workers));
    }
    TRY(workers_submit(writer->workers, &writer->portion));
out:
    return status;
}

/* Encodes the batch with the workers, or what is not inverted yet and all else in this thread. */
static lupe_status batch_encode(struct writer *writer, struct publication *publication,
                                struct segment_entry *entry, uint64_t *words_cut)
{
    lupe_status status = LUPE_OK;
    struct flush_options options = flush_options_of(writer);
    struct accumulator *accumulator = writer->accumulator;

    if (writer->workers) {
        if (writer->portion.count)
            TRY(hand_over(writer));
        TRY(workers_flush(writer->workers, &writer->batch, &options, publication, entry,
                          words_cut));
        goto out;
    }
    TRY(portion_invert(&writer->portion, accumulator));
    TRY(accumulator_seal(accumulator));
    struct flush_part part = {accumulator, 0, accumulator->document_count};
    struct flush_input input = {&writer->batch, &writer->accumulator, 1, &part, 1, NULL};
    *words_cut = accumulator->words_cut;
    TRY(flush(&input, &options, publication, entry));
    accumulator_reset(accumulator);
out:
    return status;
}

/* Makes a segment of the batch. whole: into the store as a whole; else the rest stays in the
 * publication for the commit. */
static lupe_status batch_flush(struct writer *writer, struct publication *publication, bool whole)
{
    lupe_status status = LUPE_OK;
    struct segment_entry entry;
    uint64_t words_cut = 0;

    TRY(batch_encode(writer, publication, &entry, &words_cut));
    if (whole)
        TRY(publication_flush(publication));
    entry.number = publication->segment;
    entry.lexicon = writer->catalogue.lexicon;
    TRY(segments_take(writer, &writer->batch, &entry, entry.documents > 0, words_cut));
    batch_clear(&writer->batch);
    buffer_clear(&writer->portion.bytes);
    writer->portion.first = writer->portion.count = 0;
out:
    return status;
}

static lupe_status flush_midway(struct writer *writer)
{
    struct publication publication;
    publication_init(&publication, writer->store);
    lupe_status status = batch_flush(writer, &publication, true);
    if (status == LUPE_OK)
        status = upkeep_run(&writer->run, &writer->catalogue);
    else if (publication.segment)
        publish_drop(writer->store, &publication.segment, 1);
    publication_free(&publication);
    return status;
}

/* Flushes when the budget is used up. */
static lupe_status budget_check(struct writer *writer)
{
    lupe_status status = LUPE_OK;
    uint64_t budget = writer->options.memory_bytes;
    struct accumulator *accumulator = writer->accumulator;
    uint64_t bytes = batch_bytes(&writer->batch);
    bool full = bytes >= SEGMENT_SECTION_BYTES_MAX || /* no section of it outgrows its documents */
                writer->batch.count >= SEGMENT_DOCUMENTS_MAX || accumulator_full(accumulator);

    if (writer->portion.bytes.size >= portion_bytes_wanted(budget, writer->options.threads))
        TRY(hand_over(writer));
    bytes += writer->portion.bytes.size;
    bytes += writer->workers ? workers_bytes(writer->workers) : accumulator_bytes(accumulator);
    if (full || bytes >= budget)
        TRY(flush_midway(writer));
out:
    return status;
}

/* ---- fields */

/* The canonical name of a field's language; "" for that of the index. */
static lupe_status language_resolve(const struct writer *writer, const char *language,
                                    char out[LANGUAGE_NAME_BYTES])
{
    struct analyzer *analyzer = NULL;
    lupe_status status = LUPE_OK;
    memset(out, 0, LANGUAGE_NAME_BYTES);
    if (!language)
        return LUPE_OK;
    TRY(analyzer_open(writer->catalogue.analysis, 0, language, &analyzer));
    if (strcmp(analyzer_language(analyzer), writer->catalogue.language) != 0)
        memcpy(out, analyzer_language(analyzer), strlen(analyzer_language(analyzer)));
    analyzer_close(analyzer);
out:
    return status;
}

/* Whether a field of the catalogue is what is to be declared. */
static bool field_is(const struct catalogue *catalogue, const struct field *known,
                     const struct field *wanted)
{
    const char *language = strcmp(known->language, catalogue->language) == 0 ? "" : known->language;
    return known->kind == wanted->kind && known->flags == wanted->flags &&
           known->weight == wanted->weight && strcmp(language, wanted->language) == 0;
}

/* Adds the field to the catalogue of the run, which then needs another fingerprint and
 * accumulator. */
static lupe_status field_add(struct writer *writer, const lupe_field *field, uint8_t flags,
                             const char *language)
{
    lupe_status status = LUPE_OK;
    struct catalogue *catalogue = &writer->catalogue;
    uint32_t number;

    TRY(catalogue_add_field(catalogue, field->name, field->kind, field->weight, language, &number));
    catalogue->fields[number].flags |= flags;
    status = catalogue_fingerprint(catalogue, &writer->fingerprint);
    if (status == LUPE_OK) {
        catalogue->fingerprint = writer->fingerprint;
        catalogue->lexicon = catalogue_lexicon(catalogue);
        status = accumulator_ready(writer);
    }
    if (status != LUPE_OK)
        status = writer_lose(writer, status);
out:
    return status;
}

lupe_status writer_declare(struct writer *writer, const lupe_field *field)
{
    struct field wanted = {.kind = field->kind, .weight = 1.0};
    lupe_status status = writer_begin(writer);

    if (status == LUPE_OK)
        status = language_resolve(writer, field->language, wanted.language);
    if (status != LUPE_OK)
        return writer_refuse(writer, status);
    if (field->kind == LUPE_TEXT && field->weight != 0.0)
        wanted.weight = field->weight;
    bool fast = field->flags & LUPE_FIELD_FAST || wanted.weight > 1.0;
    if (field->kind == LUPE_KEYWORD || (field->kind == LUPE_TEXT && fast))
        wanted.flags = FIELD_OWN_LIST;
    int known = catalogue_field(&writer->catalogue, field->name);
    if (known >= 0 && field_is(&writer->catalogue, &writer->catalogue.fields[known], &wanted))
        return writer_refuse(writer, LUPE_OK); /* nothing to do */
    if (known >= 0)
        status = fail(LUPE_CONFLICT,
                      "field %s is declared already, with another kind, weight, "
                      "language or other flags",
                      field->name);
    else if (run_has_documents(writer))
        status = fail(LUPE_MISUSE,
                      "field %s: fields are declared before the first put or delete "
                      "behind a commit",
                      field->name);
    else
        status = field_add(writer, field, wanted.flags, wanted.language);
    return writer->lost ? status : writer_refuse(writer, status);
}

/* ---- changes */

static lupe_status id_check(const char *id, size_t id_size)
{
    if (!id || id_size == 0 || id_size > ID_BYTES_MAX)
        return fail(LUPE_INVALID, "an id has 1 to %u bytes, not %zu", ID_BYTES_MAX,
                    id ? id_size : 0);
    return LUPE_OK;
}

static lupe_status document_check(const lupe_document *document)
{
    lupe_status status = LUPE_OK;
    size_t bytes = 0;
    if (!document)
        return fail(LUPE_INVALID, "no document was given");
    TRY(id_check(document->id, document->id_size));
    if (!document->values && document->value_count)
        return fail(LUPE_INVALID, "a document of %zu values has none", document->value_count);
    for (size_t i = 0; i < document->value_count; i++) {
        if (document->values[i].size > DOCUMENT_BYTES_MAX ||
            (bytes += document->values[i].size) > DOCUMENT_BYTES_MAX)
            return fail(LUPE_LIMIT, "a document has at most %u bytes", DOCUMENT_BYTES_MAX);
    }
    if (document->value_count > DOCUMENT_BYTES_MAX / 16)
        return fail(LUPE_LIMIT, "a document has at most %u values", DOCUMENT_BYTES_MAX / 16);
out:
    return status;
}

/* The last of the batch. */
static lupe_status document_invert(struct writer *writer)
{
    uint32_t number = writer->batch.count - 1;
    const struct batch_document *put = &writer->batch.documents[number];
    const uint8_t *record = batch_stored(&writer->batch, number);
    lupe_status status = accumulator_add(writer->accumulator, number, record, put->record_size,
                                         record + put->record_size, put->unstored_size);
    if (status == LUPE_OK)
        batch_drop_unstored(&writer->batch);
    return status;
}

lupe_status writer_put(struct writer *writer, const lupe_document *document)
{
    lupe_status status = document_check(document);
    if (status == LUPE_OK)
        status = writer_begin(writer);
    if (status == LUPE_OK)
        status = fields_resolve(&writer->fields, &writer->catalogue, document->values,
                                document->value_count);
    if (status != LUPE_OK)
        return status == LUPE_NO_MEMORY && writer->at_work ? writer_lose(writer, status)
                                                           : writer_refuse(writer, status);

    bool without_text = writer->catalogue.flags & LUPE_WITHOUT_STORED_TEXT;
    bool here = writer->options.threads <= 1;
    enum batch_text text = !without_text ? BATCH_TEXT_STORED
                           : here        ? BATCH_TEXT_BESIDE
                                         : BATCH_TEXT_ELSEWHERE;
    TRY(batch_put(&writer->batch, document->id, document->id_size, writer->fields.values,
                  document->value_count, text));
    if (here)
        TRY(document_invert(writer));
    else
        TRY(portion_add(&writer->portion, writer->fields.values, document->value_count));
    TRY(budget_check(writer));
out:
    return status == LUPE_OK ? status : writer_lose(writer, status);
}

lupe_status writer_delete(struct writer *writer, const char *id, size_t id_size)
{
    lupe_status status = id_check(id, id_size);
    if (status == LUPE_OK)
        status = writer_begin(writer);
    if (status != LUPE_OK)
        return writer_refuse(writer, status);
    TRY(batch_delete(&writer->batch, id, id_size));
    TRY(budget_check(writer));
out:
    return status == LUPE_OK ? status : writer_lose(writer, status);
}

/* ---- committing */

static bool run_changes_nothing(const struct writer *writer)
{
    const struct run *run = &writer->run;
    if (run->segment_count || writer->words_cut ||
        writer->catalogue.field_count != writer->field_count)
        return false;
    for (uint32_t i = 0; run->base && i < run->base->catalogue.segment_count; i++)
        if (run->base->segments[i]->live.deleted != run->base->segments[i]->entry.deleted)
            return false;
    return true;
}

/* Everything that was put becomes segments of the run; the extents of the last may stay with the
 * publication. */
static lupe_status flush_all(struct writer *writer, struct publication *last)
{
    lupe_status status = LUPE_OK;
    if (!batch_is_empty(&writer->batch))
        TRY(batch_flush(writer, last, false));
out:
    return status;
}

lupe_status writer_commit(struct writer *writer)
{
    lupe_status status = LUPE_OK;
    struct publication last;

    if (writer->lost) {
        writer->lost = false;
        return fail(LUPE_MISUSE, "an error dropped this writer's changes: put them again");
    }
    if (!writer->at_work)
        return LUPE_OK;
    publication_init(&last, writer->store);
    TRY(flush_all(writer, &last));
    if (!run_changes_nothing(writer)) {
        writer->catalogue.words_cut += writer->words_cut;
        status = run_commit(&writer->run, &writer->catalogue, last.count ? &last : NULL);
        if (status != LUPE_OK) {
            writer->catalogue.words_cut -= writer->words_cut;
            goto out;
        }
        upkeep_after_commit(writer->store, &writer->run, writer->options.hooks);
    }
out:
    if (status != LUPE_OK && last.segment)
        publish_drop(writer->store, &last.segment, 1);
    publication_free(&last);
    writer_end(writer, status != LUPE_OK);
    if (status == LUPE_OK)
        upkeep_shrink(writer->store);
    return status;
}
