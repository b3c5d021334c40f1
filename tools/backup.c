/* SPDX-License-Identifier: MIT
 *
 * backup.c - `lupe backup`: a consistent copy while others read and write.
 */
#include <stdlib.h>

#include "commands.h"
#include "session.h"

int command_backup(const struct options *options)
{
    char *path = NULL;
    lupe_index *index = NULL;
    const char *target = options->arguments[0];
    interrupt_catch();
    int result = session_open(options, LUPE_OPEN_READ_ONLY, &path, &index);
    if (result == EXIT_HITS) {
        lupe_status status = lupe_index_backup(index, target);
        if (status != LUPE_OK)
            result = session_failed(status, target);
        else if (!options->quiet)
            complain("%s is a copy of %s", target, path);
    }
    lupe_index_close(index);
    free(path);
    return result;
}
