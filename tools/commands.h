/* SPDX-License-Identifier: MIT
 *
 * commands.h - the commands: each does its work and returns the exit status. One file each.
 */
#ifndef LUPE_TOOLS_COMMANDS_H
#define LUPE_TOOLS_COMMANDS_H

#include "options.h"

int command_index(const struct options *options);
int command_search(const struct options *options);
int command_suggest(const struct options *options);
int command_get(const struct options *options);
int command_delete(const struct options *options);
int command_stats(const struct options *options);
int command_check(const struct options *options);
int command_optimize(const struct options *options);
int command_compact(const struct options *options);
int command_backup(const struct options *options);
int command_version(const struct options *options);
int command_help(const struct options *options);

#endif
