/* SPDX-License-Identifier: MIT
 *
 * compact.c - `lupe compact`: free space given back, in place or (--to) in a copy.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "commands.h"
#include "session.h"

static uint64_t size_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
}

int command_compact(const struct options *options)
{
    char *path = NULL;
    lupe_index *index = NULL;
    interrupt_catch();
    int result = session_open(options, options->to ? LUPE_OPEN_READ_ONLY : 0, &path, &index);
    if (result == EXIT_HITS) {
        uint64_t before = size_of(path);
        lupe_status status =
            options->to ? lupe_index_compact_to(index, options->to) : lupe_index_compact(index);
        const char *named = options->to && status != LUPE_OK ? options->to : path;
        if (status != LUPE_OK)
            result = session_failed(status, named);
        else if (!options->quiet)
            complain("%s: %s bytes before, %s now", options->to ? options->to : path,
                     with_commas(before), with_commas(size_of(options->to ? options->to : path)));
    }
    lupe_index_close(index);
    free(path);
    return result;
}
