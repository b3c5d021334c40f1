/* SPDX-License-Identifier: MIT
 *
 * segment.c - opens a segment and finds things in it; see segment.h.
 *
 * Opening costs one allocation for the tables of extents and a look-up for the norms (a small
 * segment's one value); extents are looked up when they are first used. What the catalogue says
 * about lengths is checked here against each other, so that the readers of the sections need not.
 */
#include "segment/segment.h"

#include <assert.h>

#include "base/cpu.h"
#include "segment/boundaries.h"
#include "segment/ids.h"
#include "segment/short_list.h"
#include "segment/stored.h"

/* From here on the last extent of a section must be there before a table is made for all: a damaged
 * length shall not cost memory. */
#define EXTENTS_UNCHECKED_MAX 1024u

static lupe_status segment_corrupt(const struct segment_entry *entry, const char *what)
{
    return fail(LUPE_CORRUPT, "segment %u: %s; restore the index from a backup", entry->number,
                what);
}

/* Lengths that follow from the number of documents, or from each other. */
static lupe_status check_lengths(const struct segment_entry *entry)
{
    const uint64_t *lengths = entry->lengths;
    uint32_t documents = entry->documents;
    if (lengths[SECTION_NORMS] != documents)
        return segment_corrupt(entry, "the norms do not fit the documents");
    if (!id_lengths_fit(documents, lengths[SECTION_IDS], lengths[SECTION_LONG_IDS]))
        return segment_corrupt(entry, "the ids do not fit the documents");
    if (lengths[SECTION_BOUNDARY_INDEX] &&
        (lengths[SECTION_BOUNDARY_INDEX] != boundary_index_bytes(documents) ||
         lengths[SECTION_BOUNDARIES] == 0))
        return segment_corrupt(entry, "the field boundaries do not fit the documents");
    if (lengths[SECTION_STORED_INDEX] % 12 || lengths[SECTION_STORED_INDEX] / 12 > documents ||
        !lengths[SECTION_STORED_INDEX] != !lengths[SECTION_STORED])
        return segment_corrupt(entry, "the stored documents do not fit their index");
    if (!lengths[SECTION_INDEX] != !lengths[SECTION_DICTIONARY])
        return segment_corrupt(entry, "the dictionary does not fit its index");
    return LUPE_OK;
}

static lupe_status probe_last_extent(struct store_read *read, const struct segment_entry *entry,
                                     unsigned section)
{
    const uint8_t *value;
    size_t size;
    uint32_t last = extent_count(entry->lengths[section]) - 1;
    lupe_status status = store_get(read, entry->number,
                                   extent_number((enum section_id)section, last), &value, &size);
    if (status == LUPE_NOT_FOUND)
        return fail(LUPE_CORRUPT, "segment %u, section %u: extent %u is missing", entry->number,
                    section, last);
    return status;
}

static lupe_status open_tables(struct segment *segment)
{
    const struct segment_entry *entry = &segment->entry;
    size_t total = 0;
    for (unsigned i = 1; i < SECTION_LIVE; i++) {
        uint32_t count = extent_count(entry->lengths[i]);
        if (count > EXTENTS_UNCHECKED_MAX) {
            lupe_status status = probe_last_extent(segment->read, entry, i);
            if (status)
                return status;
        }
        total += count;
    }
    segment->extent_tables = memory_zalloc(total ? total : 1, sizeof *segment->extent_tables);
    if (!segment->extent_tables)
        return fail_memory();
    const uint8_t **table = segment->extent_tables;
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        uint32_t count = i && i < SECTION_LIVE ? extent_count(entry->lengths[i]) : 0;
        segment->sections[i] = (struct section){
            segment->read, entry->number, (uint8_t)i, count ? entry->lengths[i] : 0, count, table};
        table += count;
    }
    return LUPE_OK;
}

/* Resolves all sections into the one value of a small segment. */
static lupe_status open_one_value(struct segment *segment)
{
    const struct segment_entry *entry = &segment->entry;
    uint64_t bytes = segment_entry_bytes(entry);
    const uint8_t *value;
    size_t size;
    if (bytes + EXTENT_TAIL_BYTES >= SEGMENT_SMALL_BYTES_MAX)
        return segment_corrupt(entry, "it is too large for one value");
    lupe_status status = store_get(segment->read, entry->number, 0, &value, &size);
    if (status == LUPE_NOT_FOUND)
        return segment_corrupt(entry, "its value is missing");
    if (status)
        return status;
    if (size != bytes + EXTENT_TAIL_BYTES)
        return fail(LUPE_CORRUPT, "segment %u: its value has %zu bytes instead of %llu",
                    entry->number, size, (unsigned long long)(bytes + EXTENT_TAIL_BYTES));
    for (unsigned i = 1; i < SECTION_LIVE; i++) {
        if (segment->sections[i].extent_count)
            segment->sections[i].extents[0] = value;
        value += entry->lengths[i];
    }
    return LUPE_OK;
}

static lupe_status open_norms(struct segment *segment)
{
    struct section *norms = &segment->sections[SECTION_NORMS];
    if (norms->extent_count == 1) {
        size_t left;
        return section_at(norms, 0, &segment->norms, &left);
    }
    segment->norms_owned = memory_zalloc(1, (size_t)norms->length + READ_PADDING_BYTES);
    if (!segment->norms_owned)
        return fail_memory();
    segment->norms = segment->norms_owned;
    return section_copy(norms, 0, segment->norms_owned, (size_t)norms->length);
}

lupe_status segment_open(struct store_read *read, const struct segment_entry *entry,
                         struct segment **result)
{
    lupe_status status = LUPE_OK;
    *result = NULL;
    struct segment *segment = memory_zalloc(1, sizeof *segment);
    if (!segment)
        return fail_memory();
    segment->entry = *entry;
    segment->read = read;
    TRY(check_lengths(entry));
    TRY(open_tables(segment));
    if (entry->one_value)
        TRY(open_one_value(segment));
    segment->dictionary.index = &segment->sections[SECTION_INDEX];
    segment->dictionary.blocks = &segment->sections[SECTION_DICTIONARY];
    segment->dictionary.document_bits = document_bits(entry->documents);
    TRY(open_norms(segment));
    TRY(live_load(read, entry, &segment->live));
    double average = entry->words ? (double)entry->words / entry->documents : 1.0;
    segment->bm25 = (struct bm25){entry->k1, entry->b, average};
    *result = segment;
out:
    if (status)
        segment_close(segment);
    return status;
}

void segment_close(struct segment *segment)
{
    if (!segment)
        return;
    stored_reader_close(segment->stored);
    live_free(&segment->live);
    memory_free(segment->norms_owned);
    memory_free(segment->extent_tables);
    memory_free(segment);
}

lupe_status segment_find(struct segment *segment, const uint8_t *key, size_t key_size,
                         struct list *list)
{
    struct entry entry;
    lupe_status status = dictionary_find(&segment->dictionary, key, key_size, &entry);
    if (status)
        return status;
    if ((entry.flags & ENTRY_STORAGE_MASK) == ENTRY_NONE)
        return LUPE_NOT_FOUND;
    return segment_list(segment, &entry, list);
}

lupe_status segment_find_at(struct segment *segment, uint64_t address, const uint8_t *key,
                            size_t key_size, struct entry *entry)
{
    const struct section *postings = &segment->sections[SECTION_POSTINGS];
    lupe_status status = dictionary_find_at(&segment->dictionary, address, key, key_size, entry);
    if (status)
        return status;
    unsigned storage = entry->flags & ENTRY_STORAGE_MASK;
    if (storage == ENTRY_NONE)
        return LUPE_NOT_FOUND;
    if (storage != ENTRY_LIST || entry->postings >= postings->length)
        return LUPE_OK; /* what is damaged, segment_list tells */
    const uint8_t *payload = postings->extents[entry->postings / EXTENT_PAYLOAD_BYTES];
    if (payload)
        prefetch_bytes(payload + entry->postings % EXTENT_PAYLOAD_BYTES, CACHE_LINE_BYTES);
    return LUPE_OK;
}

lupe_status segment_list(struct segment *segment, const struct entry *entry, struct list *list)
{
    return list_open(&segment->sections[SECTION_POSTINGS], &segment->sections[SECTION_POSITIONS],
                     segment->entry.documents, entry, list);
}

/* An id that its key holds in part only: the documents of the key are told apart by their ids. */
static lupe_status find_long_id(struct segment *segment, const struct list *list, const void *id,
                                size_t id_size, uint32_t *document)
{
    lupe_status status = LUPE_OK;
    bool found = false;
    struct buffer other = BUFFER_INIT(ID_BYTES_MAX);
    struct block block;
    for (uint32_t number = 0; number < list->block_count && !found; number++) {
        TRY(block_read(list, number, &block));
        for (uint32_t i = 0; i < block.count && !found; i++) {
            buffer_clear(&other);
            TRY(segment_long_id(segment, block.documents[i], &other));
            found = other.size == id_size && memcmp(other.data, id, id_size) == 0;
            if (found)
                *document = block.documents[i];
        }
    }
    status = found ? LUPE_OK : LUPE_NOT_FOUND;
out:
    buffer_free(&other);
    return status;
}

lupe_status segment_find_id(struct segment *segment, const void *id, size_t id_size,
                            uint32_t *document)
{
    uint8_t key[KEY_BYTES_MAX];
    struct list list;
    struct block block;
    *document = 0;
    lupe_status status = segment_find(segment, key, key_of_id(key, id, id_size), &list);
    if (status)
        return status;
    if (id_size > ID_TERM_BYTES_MAX)
        return find_long_id(segment, &list, id, id_size, document);
    if (list.storage == ENTRY_SINGLE) { /* as all ids have but for damage */
        if (list.single_document >= segment->entry.documents)
            return segment_corrupt(&segment->entry, "an id belongs to no document");
        *document = list.single_document;
        return LUPE_OK;
    }
    status = block_read(&list, 0, &block);
    if (!status)
        *document = block.documents[0];
    return status;
}

lupe_status segment_id(struct segment *segment, uint32_t document, struct buffer *out)
{
    uint8_t key[KEY_BYTES_MAX];
    size_t key_size;
    uint64_t number;
    assert(document < segment->entry.documents);
    lupe_status status = id_entry_number(&segment->sections[SECTION_IDS], segment->entry.documents,
                                         document, &number);
    if (!status)
        status = dictionary_key(&segment->dictionary, number, key, &key_size);
    if (status)
        return status;
    if (!key_is_of(key, LIST_IDS) || key_size == 2)
        return segment_corrupt(&segment->entry, "a document's id is not among the ids");
    if (key_size - 2 > ID_TERM_BYTES_MAX) {
        size_t size = out->size;
        status = segment_long_id(segment, document, out);
        if (!status && out->size == size)
            return segment_corrupt(&segment->entry, "a long id is missing");
        return status;
    }
    buffer_add(out, key + 2, key_size - 2);
    return buffer_status(out);
}

lupe_status segment_long_id(struct segment *segment, uint32_t document, struct buffer *out)
{
    assert(document < segment->entry.documents);
    lupe_status status =
        id_read_long(&segment->sections[SECTION_IDS], &segment->sections[SECTION_LONG_IDS],
                     segment->entry.documents, document, out);
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}

lupe_status segment_stored(struct segment *segment, uint32_t document, const uint8_t **record,
                           size_t *size)
{
    assert(document < segment->entry.documents);
    *record = NULL;
    *size = 0;
    if (!segment->stored) {
        lupe_status status = stored_reader_open(&segment->sections[SECTION_STORED],
                                                &segment->sections[SECTION_STORED_INDEX],
                                                &segment->sections[SECTION_STORED_DICTIONARY],
                                                segment->entry.documents, &segment->stored);
        if (status)
            return status;
    }
    return stored_reader_record(segment->stored, document, record, size);
}

lupe_status segment_boundaries(struct segment *segment, uint32_t document, uint32_t *pairs,
                               size_t pairs_max, size_t *count)
{
    assert(document < segment->entry.documents);
    return boundary_read(&segment->sections[SECTION_BOUNDARIES],
                         &segment->sections[SECTION_BOUNDARY_INDEX], document, pairs, pairs_max,
                         count);
}
