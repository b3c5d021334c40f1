/* SPDX-License-Identifier: MIT
 *
 * index_run.h - one run of `lupe index`: what its parts share.
 *
 * Owns the counts of the closing report. index.c holds the run together, index_files.c brings
 * text files up to date, index_lines.c reads JSON Lines. Nothing else includes this.
 *
 * The order of a run, so that no snapshot is held while much is written:
 *     1  walk       the paths of the command line become a list of files
 *     2  compare    a snapshot tells which files are known and which have gone; it is closed
 *     3  write      deletions, then files and lines in the order of the command line
 *     4  commit     once, at the end: all of the run, or nothing
 */
#ifndef LUPE_TOOLS_INDEX_RUN_H
#define LUPE_TOOLS_INDEX_RUN_H

#include "session.h"
#include "walk.h"

#define NAMES_SHOWN_MAX 10u    /* skipped files named in the report, of each sort */
#define LINES_REPORTED_MAX 50u /* bad lines told one by one; the others are counted */

/* What is known of a file of the walk. */
struct file_state {
    const struct walk_file *file;
    const char *id; /* part of file->path, or all of it */
    uint64_t known_size;
    int64_t known_mtime_ns;
    uint64_t known_hash;
    bool known;     /* is in the index */
    bool unchanged; /* need not be read */
    bool double_;   /* comes later in the list once more */
};

/* Files skipped for one reason. */
struct skipped {
    const char *reason;
    uint64_t count;
    const char *names[NAMES_SHOWN_MAX]; /* belong to the walk */
};

/* A field of JSON Lines whose values came with another kind than the index keeps for it. */
struct conflict {
    char *field;
    uint64_t count;
};

struct run {
    const struct options *options;
    char *path;   /* of the index, absolute */
    char *folder; /* its folder, without a slash at the end ("" for the root) */
    lupe_index *index;
    struct session_writer writer;
    struct walk walk;
    struct file_state *states;  /* as walk.files */
    struct file_state **sorted; /* the same, by id */
    char **gone;                /* ids of files that have gone */
    size_t gone_count;
    size_t gone_capacity;

    uint64_t indexed;
    uint64_t unchanged;
    uint64_t removed;
    uint64_t windows;   /* read as Windows-1252 */
    uint64_t bad_lines; /* and documents that the index refused */
    uint64_t unreadable;
    struct skipped binary;
    struct skipped empty;
    struct conflict *conflicts;
    size_t conflict_count;
    size_t conflict_capacity;
    uint64_t bytes_done;

    bool input_bad; /* EXIT_INPUT at the end */
    int fatal;      /* an exit status that ended the run; EXIT_HITS: none */
};

/* The library failed in a way that ends the run; always false. */
bool run_failed(struct run *run, lupe_status status);

/* The kind to give with a value: the wanted one where the field is new, else "as declared". */
lupe_kind run_kind(const struct run *run, const char *field, lupe_kind wanted);

void run_progress(const struct run *run);

/* index_files.c. All false: the run has ended (run->fatal is set, or somebody interrupted). */
bool files_compare(struct run *run);
bool files_remove_gone(struct run *run);
bool files_put(struct run *run, struct file_state *state);

/* index_lines.c: reads an open descriptor to its end. name is for messages. */
bool lines_put(struct run *run, int descriptor, const char *name);

#endif
