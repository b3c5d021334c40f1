/* SPDX-License-Identifier: MIT
 *
 * lupe_writer.c - the public functions of writing; write/writer.h does the work.
 */
#include "base/memory.h"
#include "lupe_index.h"
#include "write/writer.h"

struct lupe_writer {
    lupe_index *index;
    struct writer *writer;
};

static lupe_status options_read(const lupe_writer_options *given, struct writer_options *options)
{
    lupe_writer_options read = LUPE_WRITER_OPTIONS_INIT;
    lupe_status status = options_take(&read, sizeof read, given, "lupe_writer_options");

    if (status != LUPE_OK)
        return status;
    if (read.memory_bytes < WRITER_MEMORY_MIN || read.memory_bytes > WRITER_MEMORY_MAX)
        return fail(LUPE_INVALID, "memory_bytes is 1 MiB to 64 GiB, not %llu",
                    (unsigned long long)read.memory_bytes);
    if (read.threads < 1 || read.threads > WRITER_THREADS_MAX)
        return fail(LUPE_INVALID, "threads is 1 to %u, not %u", WRITER_THREADS_MAX, read.threads);
    options->memory_bytes = read.memory_bytes;
    options->threads = read.threads;
    options->wait_ms = read.wait_ms;
    return LUPE_OK;
}

lupe_status lupe_writer_open(lupe_index *index, const lupe_writer_options *given,
                             lupe_writer **out_writer)
{
    lupe_status status = LUPE_OK;
    struct writer_options options;
    lupe_writer *writer = NULL;

    if (!out_writer)
        return fail(LUPE_INVALID, "lupe_writer_open: no place for the writer");
    *out_writer = NULL;
    if (!index)
        return fail(LUPE_INVALID, "lupe_writer_open: no index");
    TRY(store_usable(index->store));
    if (index->options.flags & (LUPE_OPEN_READ_ONLY | LUPE_OPEN_IMMUTABLE))
        return fail(LUPE_MISUSE, "%s is open for reading only", store_path(index->store));
    TRY(options_read(given, &options));
    options.hooks = &index->options;
    options.words = index->lexicon;
    writer = memory_zalloc(1, sizeof *writer);
    if (!writer)
        return fail_memory();
    writer->index = index;
    TRY(writer_open(index->store, &options, &writer->writer));
    *out_writer = writer;
    writer = NULL;
out:
    memory_free(writer);
    return status;
}

static lupe_status usable(const lupe_writer *writer)
{
    return writer ? store_usable(writer->index->store) : fail(LUPE_INVALID, "no writer was given");
}

/* What the structs of a document keep for later versions is zero. */
static lupe_status reserved_check(const lupe_document *document)
{
    if (!document || (!document->values && document->value_count))
        return LUPE_OK; /* refused by the writer */
    if (document->reserved)
        return fail(LUPE_UNSUPPORTED, "lupe_document.reserved is not 0: begin with { 0 }");
    for (size_t i = 0; i < document->value_count; i++)
        if (document->values[i].flags)
            return fail(LUPE_UNSUPPORTED, "value %zu has unknown flags 0x%x", i,
                        document->values[i].flags);
    return LUPE_OK;
}

lupe_status lupe_writer_put(lupe_writer *writer, const lupe_document *document)
{
    lupe_status status = usable(writer);
    if (status == LUPE_OK)
        status = reserved_check(document);
    return status == LUPE_OK ? writer_put(writer->writer, document) : status;
}

lupe_status lupe_writer_delete(lupe_writer *writer, const char *id, size_t id_size)
{
    lupe_status status = usable(writer);
    return status == LUPE_OK ? writer_delete(writer->writer, id, id_size) : status;
}

lupe_status lupe_writer_commit(lupe_writer *writer)
{
    lupe_status status = usable(writer);
    return status == LUPE_OK ? writer_commit(writer->writer) : status;
}

void lupe_writer_rollback(lupe_writer *writer)
{
    if (writer && usable(writer) == LUPE_OK)
        writer_rollback(writer->writer);
}

void lupe_writer_close(lupe_writer *writer)
{
    if (!writer)
        return;
    writer_close(writer->writer);
    memory_free(writer);
}

lupe_status lupe_writer_declare(lupe_writer *writer, const lupe_field *field)
{
    lupe_status status = usable(writer);
    if (status == LUPE_OK && (!field || !field->name))
        status = fail(LUPE_INVALID, "lupe_writer_declare: no %s", field ? "name" : "field");
    if (status == LUPE_OK && field->flags & ~LUPE_FIELD_FAST)
        status = fail(LUPE_UNSUPPORTED, "field %s: unknown flags 0x%x", field->name,
                      field->flags & ~LUPE_FIELD_FAST);
    return status == LUPE_OK ? writer_declare(writer->writer, field) : status;
}

lupe_kind lupe_writer_field_kind(const lupe_writer *writer, const char *field)
{
    return writer && field ? writer_field_kind(writer->writer, field) : LUPE_KIND_NONE;
}
