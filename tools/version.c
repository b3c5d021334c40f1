/* SPDX-License-Identifier: MIT
 *
 * version.c - `lupe version`: of the tool, and of the library where that is another.
 */
#include <string.h>

#include "basics.h"
#include "commands.h"
#include "lupe.h"

int command_version(const struct options *options)
{
    (void)options;
    struct output output = {0};
    output_format(&output, "lupe %s", LUPE_VERSION);
    if (strcmp(lupe_version(), LUPE_VERSION) != 0)
        output_format(&output, " (library %s)", lupe_version());
    output_text(&output, "\n");
    return output_finish(&output, EXIT_HITS);
}
