/* SPDX-License-Identifier: MIT
 *
 * walk.c - see walk.h. Folders still to be read wait on a stack, so that neither depth nor
 * open descriptors are a limit; a path longer than the system takes is complained of.
 */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basics.h"

int64_t walk_mtime_ns(const struct stat *about)
{
    return (int64_t)about->st_mtim.tv_sec * 1000000000 + about->st_mtim.tv_nsec;
}

char *walk_absolute(const char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    char *copy = copy_bytes(path, size);
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        char *whole = realpath(copy, NULL);
        free(copy);
        return whole;
    }
    if (slash)
        *slash = '\0';
    char *folder = realpath(!slash ? "." : slash == copy ? "/" : copy, NULL);
    char *absolute = NULL;
    if (folder)
        absolute = format_text("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    int error = errno;
    free(folder);
    free(copy);
    errno = error;
    return absolute;
}

/* ------------------------------------------------------------------ kinds */

/* What the end of the name says. False for files that a walk passes over. */
static bool kind_of(const char *name, enum walk_kind *kind)
{
    static const struct {
        const char *end;
        enum walk_kind kind;
    } ends[] = {{".txt", WALK_TEXT},
                {".md", WALK_MARKDOWN},
                {".jsonl", WALK_LINES},
                {".ndjson", WALK_LINES}};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end_size = strlen(ends[i].end);
        if (size > end_size && strcasecmp(name + size - end_size, ends[i].end) == 0) {
            *kind = ends[i].kind;
            return true;
        }
    }
    return false;
}

static bool is_excluded(const struct walk *walk, const char *path)
{
    if (!walk->excluded)
        return false;
    size_t size = strlen(walk->excluded);
    return strncmp(path, walk->excluded, size) == 0 &&
           (path[size] == '\0' || strcmp(path + size, "-lock") == 0);
}

/* Takes over path. */
static void add_file(struct walk *walk, char *path, enum walk_kind kind, const struct stat *about)
{
    walk->files =
        grow_array(walk->files, walk->file_count, &walk->file_capacity, sizeof *walk->files);
    walk->files[walk->file_count++] =
        (struct walk_file){path, kind, (uint64_t)about->st_size, walk_mtime_ns(about)};
}

/* ------------------------------------------------------------------ folders */

struct names {
    char **items;
    size_t count;
    size_t capacity;
};

/* Takes over name. */
static void names_add(struct names *names, char *name)
{
    names->items = grow_array(names->items, names->count, &names->capacity, sizeof *names->items);
    names->items[names->count++] = name;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The same for a name in a folder; the path is made only where it may be. */
static bool is_excluded_name(const struct walk *walk, const char *folder, const char *name)
{
    const char *slash = walk->excluded ? strrchr(walk->excluded, '/') : NULL;
    if (!slash || strncmp(name, slash + 1, strlen(slash + 1)) != 0)
        return false;
    char *path = format_text("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    bool excluded = is_excluded(walk, path);
    free(path);
    return excluded;
}

static void complain_of(struct walk *walk, const char *path)
{
    complain("%s: %s; passed over", path, strerror(errno));
    walk->unreadable_count++;
}

/* The names in a folder that may matter, sorted. */
static bool read_folder(struct walk *walk, const char *path, struct names *names)
{
    DIR *folder = opendir(path);
    if (!folder) {
        complain_of(walk, path);
        return false;
    }
    struct dirent *entry;
    while ((errno = 0, entry = readdir(folder)) != NULL && !interrupted()) {
        enum walk_kind kind;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type == DT_REG && !kind_of(entry->d_name, &kind))
            walk->other_count += !is_excluded_name(walk, path, entry->d_name);
        else
            names_add(names, copy_bytes(entry->d_name, strlen(entry->d_name)));
    }
    if (errno)
        complain_of(walk, path);
    closedir(folder);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    return true;
}

/* Looks at one entry of a folder. True when it is a folder to go into; else path is taken
 * over or freed. */
static bool is_folder(struct walk *walk, char *path, const char *name)
{
    struct stat about;
    enum walk_kind kind = WALK_TEXT;
    bool wanted = kind_of(name, &kind) && !is_excluded(walk, path);
    bool linked = false;
    int failed = lstat(path, &about);
    if (!failed && S_ISDIR(about.st_mode))
        return true;
    if (!failed && S_ISLNK(about.st_mode)) {
        linked = true;
        failed = stat(path, &about);
    }
    if (failed && wanted && !linked && errno != ENOENT) {
        complain_of(walk, path);
    } else if (linked && (failed || S_ISDIR(about.st_mode))) {
        walk->link_count++;
    } else if (!failed && S_ISREG(about.st_mode) && wanted) {
        add_file(walk, path, kind, &about);
        return false;
    } else if (!failed) {
        walk->other_count += !is_excluded(walk, path);
    }
    free(path);
    return false;
}

/* Walks a folder and all below it. The stack holds paths: files are noted when they are
 * reached, folders are replaced by what is in them, last name first. */
static void walk_folder(struct walk *walk, const char *root)
{
    struct names stack = {0};
    names_add(&stack, copy_bytes(root, strlen(root)));
    bool first = true;
    while (stack.count && !interrupted()) {
        char *path = stack.items[--stack.count];
        const char *slash = strrchr(path, '/');
        if (!first && !is_folder(walk, path, slash + 1))
            continue;
        first = false;
        struct names names = {0};
        read_folder(walk, path, &names);
        const char *gap = strcmp(path, "/") == 0 ? "" : "/";
        while (names.count) {
            char *name = names.items[--names.count];
            names_add(&stack, format_text("%s%s%s", path, gap, name));
            free(name);
        }
        free(names.items);
        free(path);
        progress_show("%zu files found", walk->file_count);
    }
    while (stack.count)
        free(stack.items[--stack.count]);
    free(stack.items);
}

/* ------------------------------------------------------------------ the command line */

bool walk_add(struct walk *walk, const char *path)
{
    struct stat about = {0};
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0) {
        add_file(walk, copy_bytes("-", 1), WALK_STREAM, &about);
        return true;
    }
    if (stat(path, &about) != 0) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool plain = S_ISREG(about.st_mode);
    if (!plain && !S_ISDIR(about.st_mode)) {
        add_file(walk, copy_bytes(path, strlen(path)), WALK_STREAM, &about);
        return true;
    }
    char *absolute = plain ? walk_absolute(path) : realpath(path, NULL);
    if (!absolute) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    if (!plain) {
        walk->folders = grow_array(walk->folders, walk->folder_count, &walk->folder_capacity,
                                   sizeof *walk->folders);
        walk->folders[walk->folder_count++].path = absolute;
        walk_folder(walk, absolute);
        return true;
    }
    if (is_excluded(walk, absolute)) {
        complain("%s: this is the index itself", path);
        free(absolute);
        return false;
    }
    enum walk_kind kind = WALK_TEXT; /* whoever names a file wants it, whatever its end */
    kind_of(absolute, &kind);
    add_file(walk, absolute, kind, &about);
    return true;
}

void walk_free(struct walk *walk)
{
    for (size_t i = 0; i < walk->file_count; i++)
        free(walk->files[i].path);
    for (size_t i = 0; i < walk->folder_count; i++)
        free(walk->folders[i].path);
    free(walk->files);
    free(walk->folders);
    *walk = (struct walk){0};
}
