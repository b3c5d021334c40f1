/* SPDX-License-Identifier: MIT
 *
 * main.c - the `lupe` command: parses the command line and calls the command. See lupe(1).
 */
#include <unistd.h>

#include "basics.h"
#include "commands.h"

static int (*const actions[COMMAND_COUNT])(const struct options *options) = {
    [COMMAND_INDEX] = command_index,     [COMMAND_SEARCH] = command_search,
    [COMMAND_SUGGEST] = command_suggest, [COMMAND_GET] = command_get,
    [COMMAND_DELETE] = command_delete,   [COMMAND_STATS] = command_stats,
    [COMMAND_CHECK] = command_check,     [COMMAND_OPTIMIZE] = command_optimize,
    [COMMAND_COMPACT] = command_compact, [COMMAND_BACKUP] = command_backup,
    [COMMAND_VERSION] = command_version, [COMMAND_HELP] = command_help,
};

int main(int argc, char **argv)
{
    struct options options;
    struct output usage = {0};
    char message[OPTION_MESSAGE_BYTES_MAX];
    int status = EXIT_USAGE;
    if (argc < 2) {
        help_overview(&usage);
        output_flush(&usage, STDERR_FILENO);
        output_free(&usage);
        return EXIT_USAGE;
    }
    if (options_parse(&options, argc - 1, (const char *const *)argv + 1, message))
        status = options.help ? command_help(&options) : actions[options.command](&options);
    else if (options.command == COMMAND_COUNT)
        complain("%s; try: lupe help", message);
    else
        complain("%s: %s; try: lupe help %s", commands[options.command].name, message,
                 commands[options.command].name);
    options_free(&options);
    return status;
}
