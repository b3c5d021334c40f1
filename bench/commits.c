/* SPDX-License-Identifier: MIT
 *
 * commits.c - what small changes cost: `lupe-bench commits` and `lupe-bench updates`.
 *
 * A durable commit waits for the disk twice (the pages, then the page that names them). So each
 * commit is timed beside two bare writes of a page with fdatasync, on the same disk, in turn.
 * The bare writes go to a file that is there already in full: the disk's least. Both commands
 * print Markdown and leave their files in DIR, to be looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "generate.h"

#define SHORT_WORDS_MEDIAN 30u
#define SHORT_SEED 7u
#define COUNT_MAX 10000000u
#define PAGE_SIZE_BYTES 4096u
#define BARE_PAGES 64u

struct bare {
    int descriptor;
    unsigned page;
    char bytes[PAGE_SIZE_BYTES];
};

/* ------------------------------------------------------------------ the bare disk */

static int bare_open(struct bare *bare, const char *directory)
{
    char path[PATH_SIZE];
    memset(bare, 0, sizeof *bare);
    bare->descriptor = -1;
    if (!join_path(path, directory, "bare"))
        return bench_fail("%s: the path is too long", directory);
    bare->descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (bare->descriptor < 0)
        return bench_fail("%s: %s", path, strerror(errno));
    for (unsigned i = 0; i < BARE_PAGES; i++)
        if (write(bare->descriptor, bare->bytes, sizeof bare->bytes) != PAGE_SIZE_BYTES)
            return bench_fail("%s: %s", path, strerror(errno));
    return fsync(bare->descriptor) == 0 ? 0 : bench_fail("%s: %s", path, strerror(errno));
}

static void bare_close(struct bare *bare)
{
    if (bare->descriptor >= 0)
        close(bare->descriptor);
}

/* Two pages, each written and waited for. */
static bool bare_commit(struct bare *bare, double *us)
{
    double start = wall_us();
    for (int i = 0; i < 2; i++) {
        off_t place = (off_t)(bare->page++ % BARE_PAGES) * PAGE_SIZE_BYTES;
        memset(bare->bytes, (int)(bare->page & 0xff), sizeof bare->bytes);
        if (pwrite(bare->descriptor, bare->bytes, sizeof bare->bytes, place) != PAGE_SIZE_BYTES ||
            fdatasync(bare->descriptor) != 0)
            return false;
    }
    *us = wall_us() - start;
    return true;
}

/* ------------------------------------------------------------------ changes */

/* Puts the text under an id of its own choosing, so that it replaces what has that id. */
static int put_as(lupe_writer *writer, uint64_t number, const struct generated *text)
{
    char id[32];
    int size = snprintf(id, sizeof id, "u/%" PRIu64, number);
    if (!text)
        return bench_fail("out of memory");
    if (put_document(writer, id, (size_t)size, text->title, text->title_size, text->text,
                     text->text_size) != LUPE_OK)
        return library_fail("put");
    return 0;
}

static int commit(lupe_writer *writer)
{
    return lupe_writer_commit(writer) == LUPE_OK ? 0 : library_fail("commit");
}

static void print_times(const char *name, const struct figures *figures)
{
    printf("| %s | %.0f | %.0f | %.0f | %.0f |\n", name, figures->median, figures->mean,
           figures->p99, figures->worst);
}

static void print_sizes_head(void)
{
    printf("\n| index | file KB | on disk KB | free KB | ratio | segments | documents | deleted |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|\n");
}

/* reference_bytes: of the file that ratio compares with; 0: the file itself. */
static int print_sizes(const char *name, const struct building *building, uint64_t reference_bytes)
{
    lupe_statistics statistics;
    if (building_statistics(building, &statistics) != 0)
        return 1;
    uint64_t bytes = file_bytes(building->path);
    if (reference_bytes == 0)
        reference_bytes = bytes;
    printf("| %s | %.0f | %.0f | %.0f | %.2f | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n", name,
           (double)bytes / 1024, (double)disk_bytes(building->path) / 1024,
           (double)statistics.free_bytes / 1024, (double)bytes / (double)reference_bytes,
           statistics.segments, statistics.documents, statistics.documents_deleted);
    fflush(stdout);
    return 0;
}

/* ------------------------------------------------------------------ commits */

static int time_commits(struct building *building, struct bare *bare, size_t count, double *commits,
                        double *pairs)
{
    struct generator *generator = generator_open(SHORT_SEED, SHORT_WORDS_MEDIAN);
    int status = generator ? 0 : bench_fail("out of memory");
    for (size_t i = 0; i < count && status == 0; i++) {
        const struct generated *text = generator_next(generator);
        double start = wall_us();
        status = put_as(building->writer, i, text);
        if (status == 0)
            status = commit(building->writer);
        commits[i] = wall_us() - start;
        if (status == 0 && !bare_commit(bare, &pairs[i]))
            status = bench_fail("bare: %s", strerror(errno));
    }
    generator_close(generator);
    return status;
}

static int commit_once(struct building *building, size_t count)
{
    struct generator *generator = generator_open(SHORT_SEED, SHORT_WORDS_MEDIAN);
    int status = generator ? 0 : bench_fail("out of memory");
    for (size_t i = 0; i < count && status == 0; i++)
        status = put_as(building->writer, i, generator_next(generator));
    generator_close(generator);
    return status == 0 ? commit(building->writer) : status;
}

static void print_commits(size_t count, double *commits, double *pairs)
{
    struct figures ours = figures_of(commits, count);
    struct figures bare = figures_of(pairs, count);
    printf("%zu commits of one short document, each beside two bare page writes with fdatasync\n\n"
           "| µs | median | mean | p99 | worst |\n|---|--:|--:|--:|--:|\n",
           count);
    print_times("put and commit", &ours);
    print_times("bare", &bare);
    printf("| ratio | %.2f | %.2f | %.2f | %.2f |\n", ours.median / bare.median,
           ours.mean / bare.mean, ours.p99 / bare.p99, ours.worst / bare.worst);
}

/* The index of many commits and that of one stand side by side; both keep their text. */
static int run_commits(const char *directory, size_t count, double *commits, double *pairs)
{
    struct building_options options = {.analysis = LUPE_ANALYSIS_STANDARD, .store = true};
    struct building many = {0};
    struct building once = {0};
    struct bare bare = {.descriptor = -1};
    int status = building_open(&many, directory, "commits.lupe", &options);
    if (status == 0)
        status = building_open(&once, directory, "once.lupe", &options);
    if (status == 0)
        status = bare_open(&bare, directory);
    if (status == 0)
        status = time_commits(&many, &bare, count, commits, pairs);
    if (status == 0)
        status = commit_once(&once, count);
    if (status == 0) {
        print_commits(count, commits, pairs);
        print_sizes_head();
        status = print_sizes("one commit", &once, 0);
    }
    if (status == 0)
        status = print_sizes("a commit each", &many, file_bytes(once.path));
    bare_close(&bare);
    building_close(&many);
    building_close(&once);
    return status;
}

int command_commits(int count, char **arguments)
{
    uint64_t commits = 0;
    if (count != 2 || !parse_number(arguments[1], 1, COUNT_MAX, &commits))
        return usage_fail();
    double *times = calloc(2 * (size_t)commits, sizeof *times);
    int status = times ? run_commits(arguments[0], (size_t)commits, times, times + commits)
                       : bench_fail("out of memory");
    free(times);
    return status;
}

/* ------------------------------------------------------------------ updates */

struct update_run {
    const char *directory;
    uint64_t updates;
    uint64_t ids;
    struct generator *generator;
    uint64_t *texts; /* by id: the number of its present text */
    double *times;   /* of the commits */
};

/* Every text has a number, by which it can be had again. */
static int put_text(const struct update_run *run, lupe_writer *writer, uint64_t id, uint64_t number)
{
    generator_restart(run->generator, number);
    return put_as(writer, id, generator_next(run->generator));
}

/* All ids with their present texts, in one commit. */
static int put_all(const struct update_run *run, struct building *building)
{
    int status = 0;
    for (uint64_t id = 0; id < run->ids && status == 0; id++)
        status = put_text(run, building->writer, id, run->texts[id]);
    return status == 0 ? commit(building->writer) : status;
}

static int update(struct update_run *run, struct building *building, uint64_t batch)
{
    int status = 0;
    uint64_t commits = 0;
    struct generator *choice = generator_open(SHORT_SEED, SHORT_WORDS_MEDIAN);
    if (!choice)
        return bench_fail("out of memory");
    for (uint64_t done = 0; done < run->updates && status == 0;) {
        double start = wall_us();
        for (uint64_t i = 0; i < batch && done < run->updates && status == 0; i++, done++) {
            uint64_t id = generator_number(choice, (uint32_t)run->ids);
            run->texts[id] = run->ids + done;
            status = put_text(run, building->writer, id, run->texts[id]);
        }
        if (status == 0)
            status = commit(building->writer);
        run->times[commits++] = wall_us() - start;
    }
    generator_close(choice);
    if (status == 0) {
        char name[64];
        struct figures figures = figures_of(run->times, (size_t)commits);
        snprintf(name, sizeof name, "commits of %" PRIu64, batch);
        print_times(name, &figures);
    }
    return status;
}

/* One index updated in commits of batch, and a fresh one of what it holds at the end. */
static int update_and_compare(struct update_run *run, uint64_t batch, const char *name)
{
    struct building_options options = {.analysis = LUPE_ANALYSIS_STANDARD, .store = true};
    struct building updated = {0};
    struct building fresh = {0};
    for (uint64_t id = 0; id < run->ids; id++)
        run->texts[id] = id;
    printf("\n%" PRIu64 " updates of %" PRIu64 " documents\n\n"
           "| µs a commit | median | mean | p99 | worst |\n|---|--:|--:|--:|--:|\n",
           run->updates, run->ids);
    int status = building_open(&updated, run->directory, name, &options);
    if (status == 0)
        status = put_all(run, &updated);
    if (status == 0)
        status = update(run, &updated, batch);
    if (status == 0)
        status = building_open(&fresh, run->directory, "fresh.lupe", &options);
    if (status == 0)
        status = put_all(run, &fresh);
    if (status == 0) {
        print_sizes_head();
        status = print_sizes("fresh", &fresh, 0);
    }
    if (status == 0)
        status = print_sizes("updated", &updated, file_bytes(fresh.path));
    building_close(&updated);
    building_close(&fresh);
    return status;
}

int command_updates(int count, char **arguments)
{
    struct update_run run = {0};
    if (count != 3 || !parse_number(arguments[1], 1, COUNT_MAX, &run.updates) ||
        !parse_number(arguments[2], 1, COUNT_MAX, &run.ids))
        return usage_fail();
    run.directory = arguments[0];
    run.generator = generator_open(SHORT_SEED, SHORT_WORDS_MEDIAN);
    run.texts = calloc((size_t)run.ids, sizeof *run.texts);
    run.times = calloc((size_t)run.updates, sizeof *run.times);
    int status = run.generator && run.texts && run.times ? 0 : bench_fail("out of memory");
    if (status == 0)
        status = update_and_compare(&run, 1, "updates-1.lupe");
    if (status == 0)
        status = update_and_compare(&run, 100, "updates-100.lupe");
    generator_close(run.generator);
    free(run.texts);
    free(run.times);
    return status;
}
