/* SPDX-License-Identifier: MIT
 *
 * view.c - opens the last commit; see view.h.
 */
#include "segment/view.h"

lupe_status view_open(struct store *store, struct view **result)
{
    lupe_status status = LUPE_OK;
    const uint8_t *value;
    size_t size;
    *result = NULL;
    struct view *view = memory_zalloc(1, sizeof *view);
    if (!view)
        return fail_memory();
    catalogue_init(&view->catalogue);
    TRY(store_read_begin(store, &view->read));
    status = store_get(view->read, 0, 0, &value, &size);
    if (status == LUPE_NOT_FOUND)
        status = fail(LUPE_NOT_INDEX, "%s holds no Lupe index", store_path(store));
    TRY(status);
    TRY(catalogue_decode(value, size, &view->catalogue));
    uint32_t count = view->catalogue.segment_count;
    view->segments = memory_zalloc((size_t)count + 1, sizeof *view->segments);
    if (!view->segments) {
        status = fail_memory();
        goto out;
    }
    for (uint32_t i = 0; i < count; i++)
        TRY(segment_open(view->read, &view->catalogue.segments[i], &view->segments[i]));
    *result = view;
out:
    if (status)
        view_close(view);
    return status;
}

void view_close(struct view *view)
{
    if (!view)
        return;
    for (uint32_t i = 0; view->segments && i < view->catalogue.segment_count; i++)
        segment_close(view->segments[i]);
    memory_free(view->segments);
    memory_free(view->scratch);
    arena_free(&view->plans);
    arena_free(&view->leaves);
    catalogue_free(&view->catalogue);
    store_read_end(view->read);
    memory_free(view);
}

/* From the newest on: what is put again and again is there. */
lupe_status view_find_id(struct view *view, const void *id, size_t id_size, uint32_t *segment,
                         uint32_t *document)
{
    for (uint32_t i = view->catalogue.segment_count; i-- > 0;) {
        uint32_t found;
        lupe_status status = segment_find_id(view->segments[i], id, id_size, &found);
        if (status == LUPE_NOT_FOUND || (!status && !live_has(&view->segments[i]->live, found)))
            continue;
        *segment = i;
        *document = found;
        return status;
    }
    *segment = 0;
    *document = 0;
    return LUPE_NOT_FOUND;
}
