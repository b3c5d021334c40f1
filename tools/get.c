/* SPDX-License-Identifier: MIT
 *
 * get.c - `lupe get`: stored documents, whole.
 */
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
    return session_answer(options, get_all);
}
