/* SPDX-License-Identifier: MIT
 *
 * check.c - `lupe check`: is the index sound? The file is walked before anything is trusted.
 */
#include <stdlib.h>

#include "commands.h"
#include "find.h"
#include "session.h"

struct findings {
    struct output output;
    uint64_t count;
};

static void note_finding(void *user, const char *finding)
{
    struct findings *findings = user;
    size_t size = 0;
    while (finding[size])
        size++;
    findings->count++;
    output_line(&findings->output, finding, size);
    output_text(&findings->output, "\n");
}

int command_check(const struct options *options)
{
    struct findings findings = {0};
    char *path = find_index(options->index, false);
    if (!path) {
        complain("there is no index: no -i FILE, no $LUPE_INDEX, and no %s here or in a folder "
                 "above",
                 INDEX_NAME);
        return EXIT_NO_INDEX;
    }
    lupe_status status = lupe_check_file(path, note_finding, &findings);
    int result = output_finish(&findings.output, EXIT_HITS);
    if (status == LUPE_CORRUPT && findings.count) {
        complain("%s is damaged: %s finding%s; restore a backup or index the texts again", path,
                 with_commas(findings.count), findings.count == 1 ? "" : "s");
        result = EXIT_DAMAGED;
    } else if (status != LUPE_OK) {
        result = session_failed(status, path);
    } else if (result == EXIT_HITS && !options->quiet) {
        complain("%s is sound", path);
    }
    free(path);
    return result;
}
