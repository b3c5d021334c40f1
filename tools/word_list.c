/* SPDX-License-Identifier: MIT
 *
 * word_list.c - see word_list.h. The file may be a pipe, so that it is read until its end.
 */
#include "word_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basics.h"
#include "encoding.h"

#define READ_BYTES ((size_t)1 << 16)

static bool refuse(const char *path, const char *why)
{
    complain("%s: %s; the index was not made", path, why);
    return false;
}

static bool read_all(struct word_list *list, const char *path, int descriptor)
{
    size_t capacity = 0;
    for (;;) {
        if (list->size == capacity) {
            capacity = capacity ? 2 * capacity : READ_BYTES;
            list->bytes = reallocate(list->bytes, capacity);
        }
        ssize_t got = read(descriptor, list->bytes + list->size, capacity - list->size);
        if (got < 0 && errno == EINTR && !interrupted())
            continue;
        if (got < 0)
            return refuse(path, strerror(errno));
        if (got == 0)
            return true;
        list->size += (size_t)got;
        if (list->size > WORD_LIST_BYTES_MAX)
            return refuse(path, "longer than 64 MiB, which no word list is");
    }
}

/* A binary file is told before it is read to its end. */
static bool is_readable(const char *path, int descriptor)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        return refuse(path, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return refuse(path, "a folder, not a word list");
    if (S_ISREG(about.st_mode) && about.st_size > (off_t)WORD_LIST_BYTES_MAX)
        return refuse(path, "longer than 64 MiB, which no word list is");
    return true;
}

bool word_list_read(struct word_list *list, const char *path)
{
    *list = (struct word_list){0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse(path, strerror(errno));
    bool good = is_readable(path, descriptor) && read_all(list, path, descriptor);
    close(descriptor);
    if (good && list->size == 0)
        good = refuse(path, "an empty word list");
    if (good && memchr(list->bytes, 0, list->size))
        good = refuse(path, "binary, not a word list");
    if (good && !encoding_is_utf8(list->bytes, list->size)) {
        size_t size;
        char *repaired = encoding_repair(list->bytes, list->size, &size);
        free(list->bytes);
        *list = (struct word_list){repaired, size};
    }
    if (!good)
        word_list_free(list);
    return good;
}

void word_list_free(struct word_list *list)
{
    free(list->bytes);
    *list = (struct word_list){0};
}
