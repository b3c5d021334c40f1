/* SPDX-License-Identifier: MIT
 *
 * bench.h - what the commands of lupe-bench share: clocks, figures, files, one way to put a
 * document.
 *
 * Owns no state. Called by the files of this folder. Never looks inside the engine: everything
 * here goes through lupe.h, except what measures single layers (codec.c, micro.c).
 */
#ifndef LUPE_BENCH_BENCH_H
#define LUPE_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lupe.h"

#define PATH_SIZE 4096u
#define WRITER_BYTES_PER_THREAD ((uint64_t)256 << 20)
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Commands take the arguments behind their name and return the exit status. */
int command_index(int count, char **arguments);
int command_serve(int count, char **arguments);
int command_micro(int count, char **arguments);
int command_generate(int count, char **arguments);
int command_queries(int count, char **arguments);
int command_sizes(int count, char **arguments);
int command_growth(int count, char **arguments);
int command_throughput(int count, char **arguments);
int command_disturb(int count, char **arguments);
int command_commits(int count, char **arguments);
int command_updates(int count, char **arguments);

void bench_codec(void); /* bench_codec.c; prints Markdown */

double wall_us(void);     /* CLOCK_MONOTONIC */
double cpu_seconds(void); /* of the process, all threads, user and system */

/* Print "lupe-bench: ..." on stderr and return 1, the exit status; the second adds what the
 * library said last. */
int bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int library_fail(const char *what);
int usage_fail(void); /* returns 2 */

/* A whole number from minimum to maximum; false when the text is no such number. */
bool parse_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number);

/* Both sort values. */
struct figures {
    double median;
    double mean;
    double p99;
    double worst;
};
struct figures figures_of(double *values, size_t count);
double median_of(double *values, size_t count);

bool make_directories(const char *path);
bool join_path(char path[PATH_SIZE], const char *directory, const char *name);
uint64_t file_bytes(const char *path); /* as st_size has it; 0 when it is not there */
uint64_t disk_bytes(const char *path); /* as the file system counts its blocks */
void remove_index(const char *path);   /* the file and its lock file, whether there or not */

/* Puts a document of two text fields. NULL is no title. */
LUPE_CHECKED lupe_status put_document(lupe_writer *writer, const char *id, size_t id_size,
                                      const char *title, size_t title_size, const char *text,
                                      size_t text_size);

/* An index with a writer, made as the benches want it: fields title and text, no gap between
 * them. An index of this name is replaced. */
struct building {
    lupe_index *index;
    lupe_writer *writer;
    char path[PATH_SIZE];
};
struct building_options {
    lupe_analysis analysis;
    uint32_t threads;      /* 0: one */
    uint64_t memory_bytes; /* 0: WRITER_BYTES_PER_THREAD for each */
    bool store;            /* keep the text */
    uint32_t without;      /* LUPE_WITHOUT_... */
};
int building_open(struct building *building, const char *directory, const char *name,
                  const struct building_options *options);
void building_close(struct building *building);
int building_statistics(const struct building *building, lupe_statistics *statistics);

#endif
