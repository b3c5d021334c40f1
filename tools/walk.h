/* SPDX-License-Identifier: MIT
 *
 * walk.h - which files a command line means: folders are walked, files and streams taken as
 * they are.
 *
 * Owns the list of files found. Called by index.c. Never opens a file, only folders. Links to
 * files are followed, links to folders are not, so that no loop can catch it. Within a folder
 * names come in the order of their bytes, files and folders alike, so that the same tree always
 * gives the same list.
 */
#ifndef LUPE_TOOLS_WALK_H
#define LUPE_TOOLS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum walk_kind { WALK_TEXT, WALK_MARKDOWN, WALK_LINES, WALK_STREAM };

struct walk_file {
    char *path; /* absolute and free of links in its folders; "-" for standard input, and as
                 * given for other streams */
    enum walk_kind kind;
    uint64_t size;
    int64_t mtime_ns;
};

/* One of the paths of the command line that is a folder. */
struct walk_folder {
    char *path; /* absolute, without links */
};

struct walk {
    struct walk_file *files; /* in the order of the command line */
    size_t file_count;
    size_t file_capacity;
    struct walk_folder *folders;
    size_t folder_count;
    size_t folder_capacity;
    const char *excluded;      /* path that is passed over, and the same with "-lock" */
    uint64_t other_count;      /* files of kinds that are not indexed */
    uint64_t link_count;       /* links to folders, and into nothing */
    uint64_t unreadable_count; /* complained of */
};

/* Adds a path of the command line. False, with a message, when there is no such thing. */
bool walk_add(struct walk *walk, const char *path);
void walk_free(struct walk *walk);

/* The path without links in its folders; the last part may be a link or missing. NULL with
 * errno when its folder is not there. */
char *walk_absolute(const char *path);

int64_t walk_mtime_ns(const struct stat *about);

#endif
