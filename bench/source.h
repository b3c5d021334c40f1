/* SPDX-License-Identifier: MIT
 *
 * source.h - a corpus as a stream: the id, title and text of JSON Lines, one document at a time.
 *
 * Owns the open file and its reader. Called by the commands that read a corpus of any size more
 * than once or in part. Keeps no document: what was handed out is gone with the next.
 */
#ifndef LUPE_BENCH_SOURCE_H
#define LUPE_BENCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonl_reader;

struct source {
    const char *path;
    int descriptor;
    struct jsonl_reader *reader;
    uint64_t documents; /* handed out */
};

/* title is NULL where there is none; text is "" then. */
struct source_document {
    const char *id;
    const char *title;
    const char *text;
    size_t id_size;
    size_t title_size;
    size_t text_size;
};

/* Both print what is wrong and return an exit status; a source is to be closed in any case, also
 * one of zeros. At the end *more is false. */
int source_open(struct source *source, const char *path);
int source_next(struct source *source, struct source_document *document, bool *more);
void source_close(struct source *source);

/* Counts the documents of a file. */
int source_count(const char *path, uint64_t *documents);

#endif
