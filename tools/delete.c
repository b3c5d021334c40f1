/* SPDX-License-Identifier: MIT
 *
 * delete.c - `lupe delete`: documents out of the index, all of them in one commit. An id that
 * is not there is no error: afterwards none of them is.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "session.h"

/* How many of the ids are there, for the report. */
static lupe_status count_present(const struct options *options, lupe_index *index, size_t *count)
{
    lupe_snapshot *snapshot = NULL;
    lupe_status status = lupe_snapshot_open(index, &snapshot);
    *count = 0;
    for (size_t i = 0; status == LUPE_OK && i < options->argument_count; i++) {
        const char *id = options->arguments[i];
        const lupe_document *document = NULL;
        status = lupe_snapshot_get(snapshot, id, strlen(id), &document);
        *count += status == LUPE_OK;
        if (status == LUPE_NOT_FOUND || status == LUPE_INVALID)
            status = LUPE_OK;
    }
    lupe_snapshot_close(snapshot);
    return status;
}

static lupe_status delete_all(const struct options *options, lupe_index *index)
{
    struct session_writer writer;
    lupe_status status = session_writer_open(&writer, index, options);
    for (size_t i = 0; status == LUPE_OK && i < options->argument_count; i++) {
        const char *id = options->arguments[i];
        status = session_delete(&writer, id, strlen(id));
        if (status == LUPE_INVALID)
            status = LUPE_OK; /* what cannot be an id is not there */
    }
    if (status == LUPE_OK && interrupted())
        status = LUPE_CANCELLED;
    if (status == LUPE_OK && writer.used)
        status = lupe_writer_commit(writer.writer);
    lupe_writer_close(writer.writer);
    return status;
}

int command_delete(const struct options *options)
{
    char *path = NULL;
    lupe_index *index = NULL;
    size_t present = 0;
    interrupt_catch();
    int result = session_open(options, 0, &path, &index);
    if (result == EXIT_HITS) {
        lupe_status status = count_present(options, index, &present);
        if (status == LUPE_OK)
            status = delete_all(options, index);
        if (status != LUPE_OK)
            result = interrupted() ? interrupt_status() : session_failed(status, path);
        else if (!options->quiet)
            complain("%zu of %zu document%s deleted", present, options->argument_count,
                     options->argument_count == 1 ? "" : "s");
    }
    lupe_index_close(index);
    free(path);
    return result;
}
