/* SPDX-License-Identifier: MIT
 *
 * merge_publish.c - see merge.h: a merged segment takes the place of its sources, without the
 * documents that were deleted from them meanwhile.
 */
#include <assert.h>

#include "write/merge_state.h"

lupe_status merge_result(struct merge *merge, struct segment_entry *entry)
{
    assert(merge->stage == STAGE_FINISHED);
    lupe_status status = publication_flush(&merge->publication);
    if (status == LUPE_OK) {
        merge->entry.number = merge->publication.segment;
        *entry = merge->entry;
        merge->stage = STAGE_HANDED_OUT;
    }
    return status;
}

/* Where the sources stand in the catalogue, one after the other. */
static lupe_status sources_place(const struct merge *merge, const struct catalogue *catalogue,
                                 uint32_t *place)
{
    uint32_t at = 0;
    while (at < catalogue->segment_count &&
           catalogue->segments[at].number != merge->sources[0].segment->entry.number)
        at++;
    for (uint32_t i = 0; i < merge->count; i++)
        if (at + i >= catalogue->segment_count ||
            catalogue->segments[at + i].number != merge->sources[i].segment->entry.number)
            return fail(LUPE_CORRUPT, "segment %u vanished while it was merged",
                        merge->sources[i].segment->entry.number);
    *place = at;
    return LUPE_OK;
}

/* Deletes in the new segment what was deleted from a source since the merge began. read sees the
 * catalogue that is being changed. */
static lupe_status deletes_follow(struct source *source, struct store_read *read,
                                  const struct segment_entry *now_entry, struct live *live)
{
    lupe_status status = LUPE_OK;
    struct live now = {NULL, 0, 0};
    bool was_live;
    if (now_entry->live_version == source->segment->entry.live_version)
        return LUPE_OK;
    TRY(live_load(read, now_entry, &now));
    for (uint32_t i = 0; i < now_entry->documents; i++)
        if (live_has(&source->live, i) && !live_has(&now, i))
            TRY(live_delete(live, source->map ? source->map[i] : source->base + i, &was_live));
out:
    live_free(&now);
    return status;
}

static lupe_status sources_replace(struct merge *merge, struct store_write *write,
                                   struct store_read *read, struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    struct live live = {NULL, merge->documents, 0};
    struct live before = {NULL, merge->documents, 0};
    uint32_t place = 0;

    TRY(sources_place(merge, catalogue, &place));
    for (uint32_t i = 0; i < merge->count; i++)
        TRY(deletes_follow(&merge->sources[i], read, &catalogue->segments[place + i], &live));
    catalogue_remove_segments(catalogue, place, merge->count);
    for (uint32_t i = 0; i < merge->count; i++)
        TRY(store_delete_segment(write, merge->sources[i].segment->entry.number));
    if (live.deleted == merge->documents) { /* nothing of it is left */
        if (merge->publication.segment)
            TRY(store_delete_segment(write, merge->publication.segment));
    } else {
        struct segment_entry entry = merge->entry;
        TRY(publication_put(&merge->publication, write, catalogue));
        entry.number = merge->publication.segment;
        TRY(live_store(write, &entry, &before, &live));
        TRY(catalogue_insert_segment(catalogue, place, &entry));
    }
out:
    live_free(&live);
    return status;
}

lupe_status merge_publish(struct merge *merge)
{
    lupe_status status = LUPE_OK;
    struct store_write *write = NULL;
    struct store_read *read = NULL;
    struct catalogue catalogue;
    uint32_t segment = merge->publication.segment;

    assert(merge->stage == STAGE_FINISHED);
    catalogue_init(&catalogue);
    TRY(store_write_begin(merge->store, &write));
    TRY(store_read_begin(merge->store,
                         &read)); /* what was committed last, as long as write lasts */
    TRY(catalogue_load_for_write(write, &catalogue));
    TRY(sources_replace(merge, write, read, &catalogue));
    TRY(catalogue_put(write, &catalogue));
    status = store_write_commit(write);
    write = NULL;
    if (status == LUPE_OK)
        merge->stage = STAGE_HANDED_OUT;
out:
    store_write_abort(write);
    store_read_end(read);
    catalogue_free(&catalogue);
    if (status != LUPE_OK)
        merge->publication.segment = segment;
    return status;
}
