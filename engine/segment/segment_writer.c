/* SPDX-License-Identifier: MIT
 *
 * segment_writer.c - builds a segment out of documents and terms; see segment_writer.h.
 *
 * Documents fill the sections of norms, stored records and boundaries; terms those of postings,
 * positions and the dictionary, and those of ids the column of ids. A small segment (FORMAT.md
 * section 3) is
 *
 *   value := payload of section 1 .. payload of section 14  zero * READ_PADDING_BYTES  checksum:u64
 *
 * which shows only at the end: until then nothing has gone to the sink, because no section has
 * filled an extent.
 */
#include "segment/segment_writer.h"

#include <assert.h>

#include "segment/boundaries.h"
#include "segment/forms.h"
#include "segment/ids.h"
#include "segment/stored.h"

enum stage { STAGE_DOCUMENTS, STAGE_TERMS, STAGE_FINISHED };

struct segment_writer {
    struct segment_writer_options options;
    enum stage stage;
    struct section_writer sections[SECTION_LIVE]; /* from 1 on */
    struct buffer norms;                          /* one byte a document, needed by postings */
    uint64_t words;
    uint32_t documents;
    struct id_writer ids;
    uint64_t ids_first; /* the dictionary's entries before the first id's */
    bool is_id;         /* the term being written is one */
    struct stored_writer stored;
    struct boundary_writer boundaries;
    struct postings_writer postings;
    struct dictionary_writer dictionary;
    struct form_section forms;
    struct buffer record;       /* of the forms of the term being written */
    uint8_t key[KEY_BYTES_MAX]; /* of the term being written */
    size_t key_size;
    uint32_t frequent_min;  /* documents of a frequent word; 0: none are wanted */
    struct buffer frequent; /* struct frequent_word, one after the other */
    uint32_t pair_frequency_min;
    uint64_t pair_bytes;
};

lupe_status segment_writer_open(const struct segment_writer_options *options,
                                struct segment_writer **result)
{
    struct segment_writer *writer = memory_zalloc(1, sizeof *writer);
    *result = writer;
    if (!writer)
        return fail_memory();
    writer->options = *options;
    struct section_writer *sections = writer->sections;
    for (unsigned i = 1; i < SECTION_LIVE; i++)
        section_writer_init(&sections[i], (enum section_id)i, &writer->options.sink);
    writer->norms = BUFFER_INIT(SEGMENT_DOCUMENTS_MAX);
    id_writer_init(&writer->ids, &sections[SECTION_IDS], &sections[SECTION_LONG_IDS]);
    stored_writer_init(&writer->stored, &sections[SECTION_STORED], &sections[SECTION_STORED_INDEX],
                       &sections[SECTION_STORED_DICTIONARY]);
    boundary_writer_init(&writer->boundaries, &sections[SECTION_BOUNDARIES],
                         &sections[SECTION_BOUNDARY_INDEX]);
    form_section_init(&writer->forms, &sections[SECTION_FORMS]);
    return LUPE_OK;
}

void segment_writer_close(struct segment_writer *writer)
{
    if (!writer)
        return;
    for (unsigned i = 1; i < SECTION_LIVE; i++)
        section_writer_free(&writer->sections[i]);
    buffer_free(&writer->norms);
    buffer_free(&writer->frequent);
    id_writer_free(&writer->ids);
    stored_writer_free(&writer->stored);
    boundary_writer_free(&writer->boundaries);
    form_section_free(&writer->forms);
    buffer_free(&writer->record);
    dictionary_writer_free(&writer->dictionary);
    if (writer->stage != STAGE_DOCUMENTS)
        postings_writer_free(&writer->postings);
    memory_free(writer);
}

lupe_status segment_writer_sample(struct segment_writer *writer, const uint8_t *record, size_t size,
                                  bool *enough)
{
    assert(writer->documents == 0);
    return stored_writer_sample(&writer->stored, record, size, enough);
}

lupe_status segment_writer_document(struct segment_writer *writer,
                                    const struct segment_document *document)
{
    lupe_status status = LUPE_OK;
    assert(writer->stage == STAGE_DOCUMENTS);
    if (writer->documents == SEGMENT_DOCUMENTS_MAX)
        return fail(LUPE_LIMIT, "a segment has at most %u documents", SEGMENT_DOCUMENTS_MAX);
    if (document->id_size > ID_BYTES_MAX)
        return fail(LUPE_INVALID, "an id has 1 to %u bytes", ID_BYTES_MAX);
    if (document->length > DOCUMENT_WORDS_MAX)
        return fail(LUPE_LIMIT, "a document has at most %u words", DOCUMENT_WORDS_MAX);
    buffer_add_u8(&writer->norms, norm_of_length(document->length));
    TRY(buffer_status(&writer->norms));
    if (document->id_size > ID_TERM_BYTES_MAX)
        TRY(id_writer_add_long(&writer->ids, writer->documents, document->id, document->id_size));
    TRY(stored_writer_add(&writer->stored, document->record, document->record_size));
    TRY(boundary_writer_add(&writer->boundaries, document->boundaries, document->boundary_count));
    writer->words += document->length;
    writer->documents++;
out:
    return status;
}

static struct bm25 bm25_of(const struct segment_writer *writer)
{
    struct bm25 bm25 = {writer->options.k1, writer->options.b, 1.0};
    if (writer->words)
        bm25.average = (double)writer->words / writer->documents;
    return bm25;
}

lupe_status segment_writer_documents_done(struct segment_writer *writer)
{
    lupe_status status = LUPE_OK;
    assert(writer->stage == STAGE_DOCUMENTS);
    if (writer->documents == 0)
        return fail(LUPE_INVALID, "a segment needs a document");
    TRY(id_writer_begin(&writer->ids, writer->documents));
    dictionary_writer_init(&writer->dictionary, &writer->sections[SECTION_DICTIONARY],
                           &writer->sections[SECTION_INDEX], writer->documents);
    TRY(stored_writer_finish(&writer->stored));
    TRY(boundary_writer_finish(&writer->boundaries));
    struct section_writer *norms = &writer->sections[SECTION_NORMS];
    section_writer_add(norms, writer->norms.data, writer->norms.size);
    TRY(norms->status);
    uint32_t share = writer->options.frequent_share;
    if (share)
        writer->frequent_min = (writer->documents + share - 1) / share;
    struct bm25 bm25 = bm25_of(writer);
    writer->stage = STAGE_TERMS;
    TRY(postings_writer_init(&writer->postings, &writer->sections[SECTION_POSTINGS],
                             &writer->sections[SECTION_POSITIONS], writer->norms.data,
                             writer->documents, &bm25));
out:
    return status;
}

lupe_status segment_writer_term_begin(struct segment_writer *writer, const uint8_t *key,
                                      size_t key_size, uint8_t flags)
{
    assert(writer->stage == STAGE_TERMS && key_size <= KEY_BYTES_MAX);
    memcpy(writer->key, key, key_size);
    writer->key_size = key_size;
    writer->is_id = key_is_of(key, LIST_IDS);
    if (writer->is_id && writer->ids.ranked == 0)
        writer->ids_first = writer->dictionary.terms;
    buffer_clear(&writer->record);
    postings_writer_begin(&writer->postings, flags);
    return LUPE_OK;
}

void segment_writer_term_wide(struct segment_writer *writer)
{
    postings_writer_set_wide(&writer->postings);
}

lupe_status segment_writer_term_add(struct segment_writer *writer, const uint32_t *documents,
                                    const uint32_t *tfs, const uint32_t *positions, size_t count)
{
    assert(count == 0 || documents[count - 1] < writer->documents);
    if (writer->is_id)
        id_writer_rank(&writer->ids, writer->dictionary.terms - writer->ids_first, documents,
                       count);
    return postings_writer_add(&writer->postings, documents, tfs, positions, count);
}

static lupe_status frequent_add(struct segment_writer *writer, const struct parcel_entry *entry)
{
    struct frequent_word word = {.frequency = entry->frequency,
                                 .size = (uint8_t)(entry->key_size - 2),
                                 .info_size = (uint8_t)entry->info_size};
    memcpy(word.term, entry->key + 2, word.size);
    memcpy(word.info, entry->info, entry->info_size);
    buffer_add(&writer->frequent, &word, sizeof word);
    return buffer_status(&writer->frequent);
}

lupe_status segment_writer_term_forms(struct segment_writer *writer, const uint8_t *record,
                                      size_t size)
{
    assert(key_is_of(writer->key, LIST_WORDS));
    buffer_add(&writer->record, record, size);
    return buffer_status(&writer->record);
}

/* Adds the entry of a term whose list is written, with the record of its forms. */
static lupe_status entry_add(struct segment_writer *writer, const struct parcel_entry *entry,
                             const uint8_t *record, size_t record_size)
{
    lupe_status forms_status =
        form_section_add(&writer->forms, writer->dictionary.terms, record, record_size);
    if (forms_status)
        return forms_status;
    if (key_is_of(entry->key, LIST_WORDS) && writer->frequent_min &&
        entry->frequency >= writer->frequent_min && entry->key_size - 2 <= PAIR_TERM_BYTES_MAX) {
        lupe_status status = frequent_add(writer, entry);
        if (status)
            return status;
    }
    return dictionary_writer_add(&writer->dictionary, entry->key, entry->key_size, entry->info,
                                 entry->info_size);
}

lupe_status segment_writer_term_end(struct segment_writer *writer)
{
    struct parcel_entry entry;
    lupe_status status = postings_writer_end(&writer->postings, entry.info, &entry.info_size);
    if (status || entry.info_size == 0)
        return status;
    entry.key = writer->key;
    entry.key_size = writer->key_size;
    entry.frequency = writer->postings.frequency;
    return entry_add(writer, &entry, writer->record.data, writer->record.size);
}

const struct frequent_word *segment_writer_frequent(const struct segment_writer *writer,
                                                    size_t *count)
{
    *count = writer->frequent.size / sizeof(struct frequent_word);
    return (const struct frequent_word *)(const void *)writer->frequent.data;
}

const uint8_t *segment_writer_norms(const struct segment_writer *writer, uint32_t *documents)
{
    *documents = writer->documents;
    return writer->norms.data;
}

lupe_status segment_writer_peek(struct segment_writer *writer, enum section_id section,
                                uint32_t *extents, const uint8_t **payload, size_t *size)
{
    struct section_writer *from = &writer->sections[section];
    uint8_t *room = buffer_reserve(&from->payload, READ_PADDING_BYTES);
    if (!room)
        return buffer_status(&from->payload);
    memset(room, 0, READ_PADDING_BYTES);
    *extents = from->extents;
    *payload = from->payload.data;
    *size = from->payload.size;
    return from->status;
}

void segment_writer_set_pairs(struct segment_writer *writer, uint32_t frequency_min, uint64_t bytes)
{
    writer->pair_frequency_min = frequency_min;
    writer->pair_bytes = bytes;
}

lupe_status segment_writer_encoder(const struct segment_writer *writer,
                                   struct postings_writer *encoder)
{
    struct bm25 bm25 = bm25_of(writer);
    assert(writer->stage == STAGE_TERMS);
    return postings_writer_init(encoder, NULL, NULL, writer->norms.data, writer->documents, &bm25);
}

lupe_status segment_writer_place(struct segment_writer *writer, struct buffer *parcel,
                                 const struct buffer *forms)
{
    lupe_status status = LUPE_OK;
    struct parcel_entry entry;
    struct cursor cursor = cursor_of(parcel->data, parcel->size);
    struct cursor records = cursor_of(forms->data, forms->size);
    while (cursor_left(&cursor)) {
        TRY(postings_place(&cursor, &writer->sections[SECTION_POSTINGS],
                           &writer->sections[SECTION_POSITIONS], &entry));
        assert(!key_is_of(entry.key, LIST_IDS));
        size_t size = cursor_left(&records) ? (size_t)cursor_varint(&records) : 0;
        TRY(entry_add(writer, &entry, cursor_take(&records, size), size));
    }
out:
    return status;
}

/* Puts all payloads into one value. */
static lupe_status finish_one_value(struct segment_writer *writer, uint64_t bytes)
{
    struct buffer value = BUFFER_INIT(SEGMENT_SMALL_BYTES_MAX);
    for (unsigned i = 1; i < SECTION_LIVE; i++)
        buffer_add(&value, writer->sections[i].payload.data, writer->sections[i].payload.size);
    extent_seal(&value, (size_t)bytes + EXTENT_TAIL_BYTES);
    lupe_status status = buffer_status(&value);
    const struct extent_sink *sink = &writer->options.sink;
    if (!status)
        status = sink->put(sink->user, 0, value.data, value.size);
    buffer_free(&value);
    return status;
}

lupe_status segment_writer_finish(struct segment_writer *writer, struct segment_entry *entry)
{
    lupe_status status = LUPE_OK;
    assert(writer->stage == STAGE_TERMS);
    writer->stage = STAGE_FINISHED;
    memset(entry, 0, sizeof *entry);
    TRY(dictionary_writer_finish(&writer->dictionary));
    TRY(form_section_finish(&writer->forms));
    TRY(id_writer_finish(&writer->ids, writer->ids_first));
    uint32_t extents = 0;
    for (unsigned i = 1; i < SECTION_LIVE; i++) {
        TRY(writer->sections[i].status);
        entry->lengths[i] = section_writer_offset(&writer->sections[i]);
        extents += writer->sections[i].extents;
    }
    entry->number = writer->options.number;
    entry->documents = writer->documents;
    entry->words = writer->words;
    entry->k1 = writer->options.k1;
    entry->b = writer->options.b;
    entry->terms = writer->dictionary.terms;
    entry->pair_frequency_min = writer->pair_frequency_min;
    entry->pair_bytes = writer->pair_bytes;
    uint64_t bytes = segment_entry_bytes(entry);
    entry->one_value = extents == 0 && bytes + EXTENT_TAIL_BYTES < SEGMENT_SMALL_BYTES_MAX;
    if (entry->one_value)
        TRY(finish_one_value(writer, bytes));
    else
        for (unsigned i = 1; i < SECTION_LIVE; i++)
            TRY(section_writer_finish(&writer->sections[i]));
out:
    if (status)
        memset(entry, 0, sizeof *entry);
    return status;
}
