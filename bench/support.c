/* SPDX-License-Identifier: MIT
 *
 * support.c - what the commands share, see bench.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* ------------------------------------------------------------------ clocks and figures */

double wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double median_of(double *values, size_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

struct figures figures_of(double *values, size_t count)
{
    struct figures figures = {0};
    if (count == 0)
        return figures;
    figures.median = median_of(values, count);
    for (size_t i = 0; i < count; i++)
        figures.mean += values[i] / (double)count;
    figures.p99 = values[(count - 1) * 99 / 100];
    figures.worst = values[count - 1];
    return figures;
}

/* ------------------------------------------------------------------ messages, arguments */

int bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("lupe-bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return 1;
}

int library_fail(const char *what)
{
    return bench_fail("%s: %s", what, lupe_last_error());
}

bool parse_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *number >= minimum && *number <= maximum;
}

/* ------------------------------------------------------------------ files */

bool join_path(char path[PATH_SIZE], const char *directory, const char *name)
{
    int length = snprintf(path, PATH_SIZE, "%s/%s", directory, name);
    return length > 0 && (size_t)length < PATH_SIZE;
}

bool make_directories(const char *path)
{
    char prefix[PATH_SIZE];
    size_t length = strlen(path);
    if (length == 0 || length >= PATH_SIZE)
        return false;
    memcpy(prefix, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (prefix[i] != '/' && prefix[i] != '\0')
            continue;
        prefix[i] = '\0';
        if (mkdir(prefix, 0777) != 0 && errno != EEXIST)
            return false;
        prefix[i] = path[i];
    }
    return true;
}

uint64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

uint64_t disk_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

void remove_index(const char *path)
{
    char lock[PATH_SIZE + 8];
    unlink(path);
    snprintf(lock, sizeof lock, "%s-lock", path);
    unlink(lock);
}

/* ------------------------------------------------------------------ documents, indexes */

lupe_status put_document(lupe_writer *writer, const char *id, size_t id_size, const char *title,
                         size_t title_size, const char *text, size_t text_size)
{
    lupe_value values[2];
    lupe_document document = {.id = id, .id_size = id_size, .values = values};
    if (title)
        values[document.value_count++] =
            (lupe_value){.field = "title", .kind = LUPE_TEXT, .data = title, .size = title_size};
    values[document.value_count++] =
        (lupe_value){.field = "text", .kind = LUPE_TEXT, .data = text, .size = text_size};
    return lupe_writer_put(writer, &document);
}

/* The peers index title and text as one text, so no gap between them. */
int building_open(struct building *building, const char *directory, const char *name,
                  const struct building_options *options)
{
    static const lupe_field fields[] = {{.name = "title", .kind = LUPE_TEXT},
                                        {.name = "text", .kind = LUPE_TEXT}};
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    create.fields = fields;
    create.field_count = LENGTH(fields);
    create.analysis = options->analysis;
    create.flags = (options->store ? 0 : LUPE_WITHOUT_STORED_TEXT) | options->without;
    create.field_gap = 0;
    lupe_writer_options writing = LUPE_WRITER_OPTIONS_INIT;
    writing.threads = options->threads ? options->threads : 1;
    writing.memory_bytes =
        options->memory_bytes ? options->memory_bytes : WRITER_BYTES_PER_THREAD * writing.threads;

    memset(building, 0, sizeof *building);
    if (!make_directories(directory))
        return bench_fail("%s: cannot make the folder: %s", directory, strerror(errno));
    if (!join_path(building->path, directory, name))
        return bench_fail("%s: the path is too long", directory);
    remove_index(building->path);
    if (lupe_index_create(building->path, &create, NULL, &building->index) != LUPE_OK ||
        lupe_writer_open(building->index, &writing, &building->writer) != LUPE_OK) {
        library_fail(building->path);
        building_close(building);
        return 1;
    }
    return 0;
}

void building_close(struct building *building)
{
    lupe_writer_close(building->writer);
    lupe_index_close(building->index);
    building->writer = NULL;
    building->index = NULL;
}

int building_statistics(const struct building *building, lupe_statistics *statistics)
{
    lupe_snapshot *snapshot = NULL;
    memset(statistics, 0, sizeof *statistics);
    statistics->size = sizeof *statistics;
    lupe_status status = lupe_snapshot_open(building->index, &snapshot);
    if (status == LUPE_OK)
        status = lupe_snapshot_statistics(snapshot, statistics);
    if (status != LUPE_OK)
        library_fail(building->path);
    lupe_snapshot_close(snapshot);
    return status == LUPE_OK ? 0 : 1;
}
