/* SPDX-License-Identifier: MIT
 *
 * find.h - which index a command means.
 *
 * Owns nothing. Called by session.c and index.c. Never opens the file.
 */
#ifndef LUPE_TOOLS_FIND_H
#define LUPE_TOOLS_FIND_H

#include <stdbool.h>

#define INDEX_NAME ".lupe"

/* The path of the index, from the tool's allocator: given (-i) if not NULL, else $LUPE_INDEX if
 * not empty, else the nearest .lupe upward from the working directory, else, when create is
 * set, ./.lupe, else NULL. Whether the file is there is not asked for the first two. */
char *find_index(const char *given, bool create);

#endif
