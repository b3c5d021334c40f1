/* SPDX-License-Identifier: MIT
 *
 * writer.h - the order of events of writing: lock, take documents, flush, commit, merge.
 *
 * Owns a run and its locks, the batch being filled and the memory budget. Called by the public
 * functions in engine/lupe_writer.c and by tests. Never encodes, never analyzes by itself.
 *
 *   closed --first put or delete--> at work --commit, rollback--> closed
 *                                      |
 *                                    error of memory, disk --> lost, until rollback or commit
 */
#ifndef LUPE_WRITE_WRITER_H
#define LUPE_WRITE_WRITER_H

#include "segment/catalogue.h"

struct writer;

struct writer_options {
    uint64_t memory_bytes;
    uint32_t threads;
    uint32_t wait_ms;
    const lupe_open_options *hooks; /* log; outlives the writer */
    const struct lexicon *words;    /* of the index, likewise; NULL: the shipped lexicon */
};

CHECKED lupe_status writer_open(struct store *store, const struct writer_options *options,
                                struct writer **writer);
void writer_close(struct writer *writer); /* accepts NULL; rolls back */

CHECKED lupe_status writer_put(struct writer *writer, const lupe_document *document);
CHECKED lupe_status writer_delete(struct writer *writer, const char *id, size_t id_size);
/* Declares a field in the run, before its first put or delete. LUPE_OK when there is the same
 * already, LUPE_CONFLICT when there is another of its name. */
CHECKED lupe_status writer_declare(struct writer *writer, const lupe_field *field);
CHECKED lupe_status writer_commit(struct writer *writer);
void writer_rollback(struct writer *writer);
lupe_kind writer_field_kind(const struct writer *writer, const char *field);

#endif
