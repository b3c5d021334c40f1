/* SPDX-License-Identifier: MIT
 *
 * run.c - see run.h.
 */
#include "write/run.h"

#include <assert.h>
#include <stdlib.h>

void run_init(struct run *run, struct store *store)
{
    memset(run, 0, sizeof *run);
    run->store = store;
}

void run_clear(struct run *run, bool drop)
{
    view_close(run->base);
    run->base = NULL;
    for (uint32_t i = 0; i < run->segment_count; i++) {
        live_free(&run->segments[i].live);
        if (drop && run->segments[i].entry.number)
            publish_drop(run->store, &run->segments[i].entry.number, 1);
    }
    memory_free(run->segments);
    run->segments = NULL;
    run->segment_count = run->segment_capacity = 0;
}

lupe_status run_add(struct run *run, const struct segment_entry *entry)
{
    if (run->segment_count == run->segment_capacity) {
        uint32_t capacity = run->segment_capacity ? run->segment_capacity * 2 : 4;
        struct run_segment *segments = memory_realloc(run->segments, capacity * sizeof *segments);
        if (!segments)
            return fail_memory();
        run->segments = segments;
        run->segment_capacity = capacity;
    }
    struct run_segment *segment = &run->segments[run->segment_count++];
    segment->entry = *entry;
    segment->live = (struct live){NULL, entry->documents, 0};
    return LUPE_OK;
}

void run_replace_segments(struct run *run, uint32_t first, uint32_t count,
                          const struct segment_entry *entry)
{
    assert(count > 0 && first + count <= run->segment_count);
    uint32_t kept = entry->documents > 0;
    for (uint32_t i = first; i < first + count; i++) {
        publish_drop(run->store, &run->segments[i].entry.number, 1);
        live_free(&run->segments[i].live);
    }
    if (kept)
        run->segments[first] = (struct run_segment){*entry, {NULL, entry->documents, 0}};
    memmove(run->segments + first + kept, run->segments + first + count,
            (run->segment_count - first - count) * sizeof *run->segments);
    run->segment_count -= count - kept;
}

/* ---- replacing */

struct id_ref {
    const uint8_t *id;
    uint32_t size;
};

static int compare_ids(const void *left, const void *right)
{
    const struct id_ref *a = left;
    const struct id_ref *b = right;
    int order = memcmp(a->id, b->id, a->size < b->size ? a->size : b->size);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* The ids to look up, sorted, so that the dictionaries are walked in one direction. */
static lupe_status ids_collect(const struct batch *batch, struct id_ref **out, size_t *count)
{
    size_t capacity = (size_t)batch->count - batch->dead_count + batch->delete_count;
    struct id_ref *ids = memory_alloc(capacity * sizeof *ids);
    *out = ids;
    *count = 0;
    if (!ids)
        return fail_memory();
    for (uint32_t i = 0; i < batch->count; i++)
        if (!batch->documents[i].dead)
            ids[(*count)++] = (struct id_ref){batch_id(batch, i), batch->documents[i].id_size};
    struct cursor cursor = cursor_of(batch->deletes.data, batch->deletes.size);
    for (uint32_t i = 0; i < batch->delete_count; i++) {
        uint32_t size = cursor_u32(&cursor);
        ids[(*count)++] = (struct id_ref){cursor_take(&cursor, size), size};
    }
    assert(*count == capacity);
    qsort(ids, *count, sizeof *ids, compare_ids);
    return LUPE_OK;
}

/* Deletes the id where it is live; *found tells. live may differ from segment->live. */
static lupe_status segment_replace(struct segment *segment, struct live *live,
                                   const struct id_ref *id, bool *found)
{
    uint32_t document;
    *found = false;
    lupe_status status = segment_find_id(segment, id->id, id->size, &document);
    if (status == LUPE_NOT_FOUND)
        return LUPE_OK;
    return status == LUPE_OK ? live_delete(live, document, found) : status;
}

/* Opens the run's own segments, which the private view does not have, in a newer transaction. */
static lupe_status run_open_segments(struct run *run, struct store_read **read,
                                     struct segment ***segments)
{
    lupe_status status = LUPE_OK;
    *segments = memory_zalloc(run->segment_count + 1, sizeof **segments);
    if (!*segments)
        return fail_memory();
    if (run->segment_count)
        TRY(store_read_begin(run->store, read));
    for (uint32_t i = 0; i < run->segment_count; i++)
        assert(run->segments[i].entry.number != 0); /* only the last of a commit has none */
    for (uint32_t i = 0; i < run->segment_count; i++)
        TRY(segment_open(*read, &run->segments[i].entry, &(*segments)[i]));
out:
    return status;
}

lupe_status run_replace(struct run *run, const struct batch *batch, bool has_base)
{
    lupe_status status = LUPE_OK;
    struct store_read *read = NULL;
    struct segment **own = NULL;
    struct id_ref *ids = NULL;
    size_t count = 0;

    if (!has_base && run->segment_count == 0)
        return LUPE_OK;
    TRY(ids_collect(batch, &ids, &count));
    if (count == 0)
        goto out;
    if (has_base && !run->base)
        TRY(view_open(run->store, &run->base));
    TRY(run_open_segments(run, &read, &own));
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (uint32_t s = run->segment_count; s-- > 0 && !found;)
            TRY(segment_replace(own[s], &run->segments[s].live, &ids[i], &found));
        for (uint32_t s = run->base ? run->base->catalogue.segment_count : 0; s-- > 0 && !found;)
            TRY(segment_replace(run->base->segments[s], &run->base->segments[s]->live, &ids[i],
                                &found));
    }
out:
    for (uint32_t i = 0; own && i < run->segment_count; i++)
        segment_close(own[i]);
    memory_free(own);
    store_read_end(read);
    memory_free(ids);
    return status;
}

/* ---- committing */

static struct segment_entry *entry_of(struct catalogue *catalogue, uint32_t number)
{
    for (uint32_t i = 0; i < catalogue->segment_count; i++)
        if (catalogue->segments[i].number == number)
            return &catalogue->segments[i];
    return NULL;
}

/* Stores what was deleted of a segment of a view since the view was opened. */
static lupe_status deletes_store(struct store_write *write, struct segment *segment,
                                 struct segment_entry *entry)
{
    struct live before;
    lupe_status status = live_load(segment->read, &segment->entry, &before);
    if (status == LUPE_OK) {
        assert(entry->live_version == segment->entry.live_version); /* the writer lock saw to it */
        status = live_store(write, entry, &before, &segment->live);
    }
    live_free(&before);
    return status;
}

/* Looks up again, in the index as it is now, the documents deleted from a segment that a merge
 * has replaced. */
static lupe_status deletes_replay(struct segment *gone, struct view *now)
{
    lupe_status status = LUPE_OK;
    struct buffer id = BUFFER_INIT(0);
    struct live before;
    uint32_t place;
    uint32_t document;
    bool was_live;

    TRY(live_load(gone->read, &gone->entry, &before));
    for (uint32_t i = 0; i < gone->entry.documents; i++) {
        if (live_has(&gone->live, i) || !live_has(&before, i))
            continue;
        buffer_clear(&id);
        TRY(segment_id(gone, i, &id));
        status = view_find_id(now, id.data, id.size, &place, &document);
        if (status == LUPE_NOT_FOUND) {
            status = LUPE_OK;
            continue;
        }
        if (status != LUPE_OK)
            goto out;
        TRY(live_delete(&now->segments[place]->live, document, &was_live));
    }
out:
    live_free(&before);
    buffer_free(&id);
    return status;
}

static bool is_changed(const struct segment *segment)
{
    return segment->live.deleted != segment->entry.deleted;
}

static lupe_status base_store(struct run *run, struct store_write *write,
                              struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    struct view *now = NULL;
    for (uint32_t i = 0; i < run->base->catalogue.segment_count; i++) {
        struct segment *segment = run->base->segments[i];
        if (!is_changed(segment))
            continue;
        struct segment_entry *entry = entry_of(catalogue, segment->entry.number);
        if (entry) {
            TRY(deletes_store(write, segment, entry));
            continue;
        }
        /* Opened within the write transaction: no one can change anything any more. */
        if (!now)
            TRY(view_open(run->store, &now));
        TRY(deletes_replay(segment, now));
    }
    for (uint32_t i = 0; now && i < now->catalogue.segment_count; i++) {
        struct segment *segment = now->segments[i];
        struct segment_entry *entry = entry_of(catalogue, segment->entry.number);
        if (is_changed(segment) && entry)
            TRY(deletes_store(write, segment, entry));
    }
out:
    view_close(now);
    return status;
}

static lupe_status own_store(struct run *run, struct store_write *write,
                             struct catalogue *catalogue, struct publication *last)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < run->segment_count; i++) {
        struct run_segment *segment = &run->segments[i];
        struct segment_entry entry = segment->entry;
        struct live before = {NULL, entry.documents, 0};
        if (segment->live.deleted == entry.documents) {
            if (entry.number)
                TRY(store_delete_segment(write, entry.number));
            continue;
        }
        if (last && i + 1 == run->segment_count) {
            TRY(publication_put(last, write, catalogue));
            entry.number = last->segment;
        }
        TRY(live_store(write, &entry, &before, &segment->live));
        TRY(catalogue_insert_segment(catalogue, catalogue->segment_count, &entry));
    }
out:
    return status;
}

/* What the writer's catalogue has beyond the one in the store. */
static lupe_status settings_take(struct catalogue *catalogue, const struct catalogue *writers)
{
    lupe_status status = LUPE_OK;
    uint32_t number;
    for (uint32_t i = catalogue->field_count; i < writers->field_count; i++) {
        const struct field *field = &writers->fields[i];
        TRY(catalogue_add_field(catalogue, field->name, field->kind, field->weight, field->language,
                                &number));
        assert(number == i);
        catalogue->fields[number].flags = field->flags;
    }
    catalogue->fingerprint = writers->fingerprint; /* has the languages of the fields */
    catalogue->lexicon = writers->lexicon;
    catalogue->words = writers->words;
    catalogue->words_cut = writers->words_cut;
    catalogue->commit++;
out:
    return status;
}

lupe_status run_commit(struct run *run, struct catalogue *writers, struct publication *last)
{
    lupe_status status = LUPE_OK;
    struct store_write *write = NULL;
    struct catalogue catalogue;

    catalogue_init(&catalogue);
    TRY(store_write_begin(run->store, &write));
    TRY(catalogue_load_for_write(write, &catalogue));
    TRY(settings_take(&catalogue, writers));
    if (run->base)
        TRY(base_store(run, write, &catalogue));
    TRY(own_store(run, write, &catalogue, last));
    TRY(catalogue_put(write, &catalogue));
    status = store_write_commit(write);
    write = NULL;
    if (status == LUPE_OK) {
        catalogue_free(writers);
        *writers = catalogue;
        catalogue_init(&catalogue);
    }
out:
    store_write_abort(write);
    catalogue_free(&catalogue);
    return status;
}
