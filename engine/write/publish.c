/* SPDX-License-Identifier: MIT
 *
 * publish.c - see publish.h. Keys are those of FORMAT.md section 1:
 *
 *   (0, 0)  the catalogue        (s, n)  the extents of segment s
 */
#include "write/publish.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(PENDING_BYTES_MAX + EXTENT_BYTES <= PUBLISH_BYTES_MAX,
               "one transaction takes what is pending");

/* Segments dropped in one transaction: freeing costs a few bytes a page. */
#define DROP_SEGMENTS_MAX 64u

void publication_init(struct publication *publication, struct store *store)
{
    memset(publication, 0, sizeof *publication);
    publication->store = store;
}

static void pending_clear(struct publication *publication)
{
    for (size_t i = 0; i < publication->count; i++)
        memory_free(publication->extents[i].bytes);
    publication->count = 0;
    publication->bytes = 0;
}

void publication_free(struct publication *publication)
{
    pending_clear(publication);
    memory_free(publication->extents);
    publication_init(publication, publication->store);
}

static lupe_status sink_put(void *user, uint32_t number, const uint8_t *value, size_t size)
{
    struct publication *publication = user;
    assert(size <= EXTENT_BYTES);
    if (publication->count == publication->capacity) {
        size_t capacity = publication->capacity ? publication->capacity * 2 : 16;
        struct pending_extent *extents =
            memory_realloc(publication->extents, capacity * sizeof *extents);
        if (!extents)
            return fail_memory();
        publication->extents = extents;
        publication->capacity = capacity;
    }
    uint8_t *bytes = memory_alloc(size);
    if (!bytes)
        return fail_memory();
    memcpy(bytes, value, size);
    publication->extents[publication->count++] =
        (struct pending_extent){number, (uint32_t)size, bytes};
    publication->bytes += size;
    publication->bytes_total += size;
    return publication->bytes >= PENDING_BYTES_MAX ? publication_flush(publication) : LUPE_OK;
}

struct extent_sink publication_sink(struct publication *publication)
{
    return (struct extent_sink){sink_put, publication};
}

static int compare_sizes(const void *left, const void *right)
{
    const struct pending_extent *a = left;
    const struct pending_extent *b = right;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The largest extents go first: they find runs of free pages that the small ones would break up. */
lupe_status publication_put(struct publication *publication, struct store_write *write,
                            struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    if (!publication->segment) {
        if (catalogue->next_segment == UINT32_MAX)
            return fail(LUPE_LIMIT,
                        "the segment numbers of this index are used up: copy it by export");
        publication->segment = catalogue->next_segment++;
    }
    if (publication->count)
        qsort(publication->extents, publication->count, sizeof *publication->extents,
              compare_sizes);
    for (size_t i = 0; i < publication->count; i++) {
        const struct pending_extent *extent = &publication->extents[i];
        TRY(store_put(write, publication->segment, extent->number, extent->bytes, extent->size));
    }
out:
    return status;
}

lupe_status publication_flush(struct publication *publication)
{
    lupe_status status = LUPE_OK;
    struct store_write *write = NULL;
    struct catalogue catalogue;
    uint32_t segment = publication->segment;

    catalogue_init(&catalogue);
    if (publication->count == 0)
        goto out;
    TRY(store_write_begin(publication->store, &write));
    if (!segment)
        TRY(catalogue_load_for_write(write, &catalogue));
    TRY(publication_put(publication, write, &catalogue));
    if (!segment)
        TRY(catalogue_put(write, &catalogue));
    status = store_write_commit(write);
    write = NULL;
    if (status == LUPE_OK)
        pending_clear(publication);
out:
    store_write_abort(write);
    catalogue_free(&catalogue);
    if (status != LUPE_OK)
        publication->segment = segment;
    return status;
}

/* ---- the catalogue */

static lupe_status not_there(lupe_status status)
{
    return status == LUPE_NOT_FOUND
               ? fail(LUPE_NOT_INDEX, "the file has no catalogue: not a Lupe index")
               : status;
}

lupe_status catalogue_load(struct store_read *read, struct catalogue *catalogue)
{
    const uint8_t *bytes;
    size_t size;
    lupe_status status = store_get(read, 0, 0, &bytes, &size);
    return status == LUPE_OK ? catalogue_decode(bytes, size, catalogue) : not_there(status);
}

lupe_status catalogue_load_for_write(struct store_write *write, struct catalogue *catalogue)
{
    const uint8_t *bytes;
    size_t size;
    lupe_status status = store_write_get(write, 0, 0, &bytes, &size);
    if (status != LUPE_OK)
        return not_there(status);
    TRY(catalogue_decode(bytes, size, catalogue));
    TRY(catalogue_check_writable(catalogue));
out:
    return status;
}

lupe_status catalogue_put(struct store_write *write, const struct catalogue *catalogue)
{
    struct buffer bytes = BUFFER_INIT(0);
    lupe_status status = catalogue_encode(catalogue, &bytes);
    if (status == LUPE_OK)
        status = store_put(write, 0, 0, bytes.data, bytes.size);
    buffer_free(&bytes);
    return status;
}

/* ---- dropping */

static lupe_status drop(struct store *store, const uint32_t *segments, size_t count)
{
    lupe_status status = LUPE_OK;
    struct store_write *write = NULL;
    for (size_t done = 0; done < count;) {
        size_t end = done + DROP_SEGMENTS_MAX < count ? done + DROP_SEGMENTS_MAX : count;
        TRY(store_write_begin(store, &write));
        for (; done < end; done++)
            TRY(store_delete_segment(write, segments[done]));
        status = store_write_commit(write);
        write = NULL;
        if (status != LUPE_OK)
            goto out;
    }
out:
    store_write_abort(write);
    return status;
}

void publish_drop(struct store *store, const uint32_t *segments, size_t count)
{
    lupe_status status = drop(store, segments, count);
    (void)status; /* nothing is lost but space */
}

static bool is_named(const struct catalogue *catalogue, uint32_t number)
{
    for (uint32_t i = 0; i < catalogue->segment_count; i++)
        if (catalogue->segments[i].number == number)
            return true;
    return false;
}

/* Collects the numbers of segments in the store that the catalogue does not name. */
static lupe_status unnamed_find(struct store *store, struct buffer *numbers)
{
    lupe_status status = LUPE_OK;
    struct store_read *read = NULL;
    struct catalogue catalogue;
    const uint8_t *value;
    size_t size;

    catalogue_init(&catalogue);
    TRY(store_read_begin(store, &read));
    TRY(catalogue_load(read, &catalogue));
    for (uint32_t segment = 1, number = 0;; segment++, number = 0) {
        status = store_seek(read, &segment, &number, &value, &size);
        if (status != LUPE_OK)
            break;
        if (!is_named(&catalogue, segment))
            buffer_add_u32(numbers, segment);
        if (segment == UINT32_MAX)
            break;
    }
    if (status == LUPE_NOT_FOUND)
        status = buffer_status(numbers);
out:
    catalogue_free(&catalogue);
    store_read_end(read);
    return status;
}

lupe_status publish_drop_unnamed(struct store *store)
{
    struct buffer numbers = BUFFER_INIT(0);
    lupe_status status = unnamed_find(store, &numbers);
    if (status == LUPE_OK && numbers.size)
        status = drop(store, (const uint32_t *)(const void *)numbers.data,
                      numbers.size / sizeof(uint32_t));
    buffer_free(&numbers);
    return status;
}
