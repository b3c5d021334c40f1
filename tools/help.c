/* SPDX-License-Identifier: MIT
 *
 * help.c - `lupe help`, `lupe help COMMAND` and `lupe COMMAND --help`.
 */
#include "basics.h"
#include "commands.h"

int command_help(const struct options *options)
{
    struct output output = {0};
    enum command_id about = options->command;
    if (about == COMMAND_HELP && options->argument_count) {
        about = command_find(options->arguments[0]);
        if (about == COMMAND_COUNT) {
            complain("there is no command \"%s\"; try: lupe help", options->arguments[0]);
            return EXIT_USAGE;
        }
    }
    if (about == COMMAND_HELP)
        help_overview(&output);
    else
        help_command(&output, about);
    return output_finish(&output, EXIT_HITS);
}
