/* SPDX-License-Identifier: MIT
 *
 * get.c - `lupe get`: stored documents, whole.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "document.h"
#include "session.h"

static int get_all(const struct options *options, const char *path, lupe_snapshot *snapshot,
                   struct output *output)
{
    bool terminal = output_style_find().terminal;
    int result = EXIT_HITS;
    for (size_t i = 0; i < options->argument_count; i++) {
        const char *id = options->arguments[i];
        const lupe_document *document = NULL;
        lupe_status status = lupe_snapshot_get(snapshot, id, strlen(id), &document);
        /* What cannot be an id is none. */
        if (status == LUPE_NOT_FOUND || status == LUPE_INVALID) {
            complain("there is no document \"%s\" in %s", id, path);
            result = EXIT_NONE;
            continue;
        }
        if (status != LUPE_OK)
            return session_failed(status, path);
        if (options->format == FORMAT_JSON) {
            document_json(output, document);
        } else {
            if (output->size)
                output_text(output, "\n");
            document_people(output, document, terminal);
        }
    }
    return result;
}

int command_get(const struct options *options)
{
    char *path = NULL;
    lupe_index *index = NULL;
    lupe_snapshot *snapshot = NULL;
    struct output output = {0};
    int result = session_open(options, LUPE_OPEN_READ_ONLY, &path, &index);
    if (result == EXIT_HITS) {
        lupe_status status = lupe_snapshot_open(index, &snapshot);
        result = status == LUPE_OK ? get_all(options, path, snapshot, &output)
                                   : session_failed(status, path);
    }
    if (result == EXIT_HITS || result == EXIT_NONE)
        result = output_finish(&output, result);
    output_free(&output);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    free(path);
    return result;
}
