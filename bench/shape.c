/* SPDX-License-Identifier: MIT
 *
 * shape.c - an index of several segments with deleted documents, see shape.h.
 *
 * A segment is a commit. Eight segments of about one size would be merged behind a commit, halves
 * of halves are not. The first is half of all and may be more than the writer buffers, so it is
 * made one by merging; that the others fit is checked at the end.
 */
#include "shape.h"

#include <inttypes.h>

#include "source.h"

uint64_t shape_end(uint64_t documents, uint64_t segments, uint64_t number)
{
    if (number >= segments)
        return documents;
    uint64_t whole = ((uint64_t)1 << segments) - 1;
    uint64_t part = whole - (((uint64_t)1 << (segments - number)) - 1);
    return (uint64_t)((double)documents * (double)part / (double)whole + 0.5);
}

/* The high bits of a product scatter neighbours. */
bool shape_deletes(uint64_t number, uint64_t percent)
{
    uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9u;
    return (mixed >> 40) % 100 < percent;
}

int shape_begin(struct shape *shape, const char *source)
{
    if (shape->segments == 0)
        return 0;
    if (source_count(source, &shape->documents) != 0)
        return 1;
    if (shape->documents >> shape->segments == 0)
        return bench_fail("%s: %" PRIu64 " documents are too few for %" PRIu64 " segments", source,
                          shape->documents, shape->segments);
    return 0;
}

int shape_put(struct shape *shape, struct building *building, uint64_t count)
{
    if (shape->made >= shape->segments ||
        count < shape_end(shape->documents, shape->segments, shape->made + 1))
        return 0;
    shape->made++;
    if (lupe_writer_commit(building->writer) != LUPE_OK)
        return library_fail("commit");
    if (shape->made == 1 && lupe_index_optimize(building->index, NULL) != LUPE_OK)
        return library_fail("optimize");
    return 0;
}

/* Reads the ids once more. */
static int delete_share(const struct shape *shape, lupe_writer *writer, const char *path)
{
    struct source source;
    struct source_document document;
    bool more = true;
    int status = source_open(&source, path);
    while (status == 0 && more) {
        status = source_next(&source, &document, &more);
        if (status != 0 || !more || !shape_deletes(source.documents - 1, shape->delete_percent))
            continue;
        if (lupe_writer_delete(writer, document.id, document.id_size) != LUPE_OK)
            status = library_fail("delete");
    }
    source_close(&source);
    if (status == 0 && lupe_writer_commit(writer) != LUPE_OK)
        status = library_fail("commit");
    return status;
}

int shape_finish(const struct shape *shape, struct building *building, const char *source)
{
    lupe_statistics statistics;
    if (shape->delete_percent > 0 && delete_share(shape, building->writer, source) != 0)
        return 1;
    if (shape->segments == 0)
        return 0;
    if (building_statistics(building, &statistics) != 0)
        return 1;
    if (statistics.segments != shape->segments)
        return bench_fail("there are %" PRIu64 " segments, not %" PRIu64
                          ": the corpus is too large for the writer's memory",
                          statistics.segments, shape->segments);
    return 0;
}
