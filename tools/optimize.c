/* SPDX-License-Identifier: MIT
 *
 * optimize.c - `lupe optimize`: one segment, no deleted documents.
 */
#include <stdlib.h>

#include "commands.h"
#include "session.h"

int command_optimize(const struct options *options)
{
    char *path = NULL;
    lupe_index *index = NULL;
    lupe_optimize_options optimize = LUPE_OPTIMIZE_OPTIONS_INIT;
    uint64_t started_us = now_us();
    if (options->reorder)
        optimize.flags = LUPE_OPTIMIZE_REORDER;
    interrupt_catch();
    int result = session_open(options, 0, &path, &index);
    if (result == EXIT_HITS) {
        lupe_status status = lupe_index_optimize(index, &optimize);
        if (status != LUPE_OK)
            result = session_failed(status, path);
        else if (!options->quiet)
            complain("%s is optimized; %.1f s", path, (double)(now_us() - started_us) / 1e6);
    }
    lupe_index_close(index);
    free(path);
    return result;
}
