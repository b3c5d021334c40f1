/* SPDX-License-Identifier: MIT
 *
 * session.h - between the commands and the library: opening what a command needs, and turning
 * the library's failures into a sentence and an exit status.
 *
 * Owns the hooks given to the library. Called by every command.
 */
#ifndef LUPE_TOOLS_SESSION_H
#define LUPE_TOOLS_SESSION_H

#include "basics.h"
#include "lupe.h"
#include "options.h"

#define WRITER_WAIT_MS 60000u /* how long another writer is waited for */

/* Prints the message of the library's last failure, with what to do about it where the tool
 * knows, and returns the exit status that belongs to it. path names the index. */
int session_failed(lupe_status status, const char *path);

/* Finds and opens the index that the options mean. Anything but EXIT_HITS has been reported;
 * then *index is NULL. *path (to be freed) is set in either case, unless no index was found. */
int session_open(const struct options *options, uint32_t flags, char **path, lupe_index **index);

/* Answers from a snapshot into the output: EXIT_HITS, EXIT_NONE, or what has been reported. */
typedef int session_answerer(const struct options *options, const char *path,
                             lupe_snapshot *snapshot, struct output *output);

/* Finds and opens the index that the options mean, to read it, has the answer made, and prints it
 * unless that failed. Returns the exit status. */
int session_answer(const struct options *options, session_answerer *answer);

/* Opens the index for writing, creating it where there is none. */
int session_open_or_create(const char *path, const struct options *options, lupe_index **index);

/* A writer that waits for another, with a message, as long as WRITER_WAIT_MS or until it is
 * interrupted. */
struct session_writer {
    lupe_writer *writer;
    uint64_t waiting_since_us; /* 0: not waiting */
    bool used;                 /* something was put or deleted since the last commit */
};

lupe_status session_writer_open(struct session_writer *writer, lupe_index *index,
                                const struct options *options);
lupe_status session_put(struct session_writer *writer, const lupe_document *document);
lupe_status session_delete(struct session_writer *writer, const char *id, size_t id_size);

/* The first value of a field in a document; NULL when there is none. */
const lupe_value *session_value(const lupe_document *document, const char *field);

/* The tool's own fields, which it keeps with every file and never shows. */
#define FIELD_FILE "_lupe_file"     /* stored: size, time of change and hash */
#define FIELD_FOLDER "_lupe_folder" /* keyword: the folders above, hashed */
bool session_is_own_field(const char *field);

#endif
