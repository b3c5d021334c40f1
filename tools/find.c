/* SPDX-License-Identifier: MIT
 *
 * find.c - see find.h.
 */
#include "find.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basics.h"

/* The nearest .lupe that is a file, upward from the working directory; NULL when there is none. */
static char *find_upward(void)
{
    char *folder = getcwd(NULL, 0);
    if (!folder)
        return NULL;
    for (;;) {
        char *path = format_text("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, INDEX_NAME);
        struct stat about;
        bool found = stat(path, &about) == 0 && S_ISREG(about.st_mode);
        char *slash = strrchr(folder, '/');
        if (found || !slash || !slash[1]) {
            free(folder);
            if (found)
                return path;
            free(path);
            return NULL;
        }
        free(path);
        slash[slash == folder] = '\0'; /* the slash of "/name" stays */
    }
}

char *find_index(const char *given, bool create)
{
    if (given)
        return copy_bytes(given, strlen(given));
    const char *named = getenv("LUPE_INDEX");
    if (named && *named)
        return copy_bytes(named, strlen(named));
    char *path = find_upward();
    if (!path && create)
        path = copy_bytes(INDEX_NAME, strlen(INDEX_NAME));
    return path;
}
