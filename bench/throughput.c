/* SPDX-License-Identifier: MIT
 *
 * throughput.c - `lupe-bench throughput`: queries a second and the slowest of them, with one
 * thread and with more, in peace and while another process indexes; and `lupe-bench disturb`, that
 * process.
 *
 * All threads share the index; each has a snapshot of its own, which it opens anew now and then, as
 * an application does that wants to see changes. A query's time covers parsing, searching, reading
 * the ids of the hits and freeing; opening snapshots is not in it. The two cases that are compared
 * take turns in slices, so that what disturbs the machine hits both. What another process writes
 * goes to a copy of the index.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "generate.h"
#include "histogram.h"
#include "source.h"

#define THREADS_MAX 64u
#define SLICES 4u /* of each case */
#define SNAPSHOT_US 500000.0
#define QUERIES_MAX 1000000u
#define FILE_BYTES_MAX ((size_t)256 << 20)
#define COMMIT_DOCUMENTS 1000u
#define WRITER_BYTES ((uint64_t)64 << 20)

struct query_list {
    char *bytes; /* the file; each query ends in NUL */
    const char **queries;
    uint32_t count;
};

struct throughput {
    const char *directory;
    const char *queries_path;
    const char *disturb; /* NULL: nobody writes */
    uint64_t threads;
    uint64_t seconds; /* of each case */
    uint64_t limit;
    lupe_index *index;
    struct query_list list;
};

/* ------------------------------------------------------------------ queries */

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(FILE_BYTES_MAX) : NULL;
    *size = bytes ? fread(bytes, 1, FILE_BYTES_MAX - 1, file) : 0;
    if (bytes)
        bytes[*size] = '\0';
    if (file)
        fclose(file);
    return bytes;
}

/* Lines of class, tab, query, or of a query alone. */
static int read_queries(struct query_list *list, const char *path)
{
    size_t size = 0;
    list->bytes = read_file(path, &size);
    list->queries = calloc(QUERIES_MAX, sizeof *list->queries);
    if (!list->bytes || !list->queries)
        return bench_fail("%s: %s", path, strerror(errno));
    for (char *line = list->bytes; *line && list->count < QUERIES_MAX;) {
        char *end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        char *tab = memchr(line, '\t', (size_t)(end - line));
        *end = '\0';
        char *query = tab ? tab + 1 : line;
        query[strcspn(query, "\t")] = '\0';
        if (*query && *line != '#')
            list->queries[list->count++] = query;
        line = next;
    }
    return list->count > 0 ? 0 : bench_fail("%s: no queries", path);
}

/* ------------------------------------------------------------------ threads */

struct worker {
    const struct throughput *run;
    pthread_t thread;
    pthread_barrier_t *start;
    uint32_t number;
    double seconds;          /* to work */
    double spent_us;         /* and how long it was */
    struct histogram *times; /* ns */
    int status;
};

static lupe_status ask(const struct throughput *run, lupe_snapshot *snapshot, const char *text)
{
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    options.limit = (uint32_t)run->limit;
    options.count_limit = 0;
    lupe_status status = lupe_query_parse(run->index, text, strlen(text), NULL, &query);
    if (status == LUPE_OK)
        status = lupe_search(snapshot, query, &options, &results);
    size_t count = status == LUPE_OK ? lupe_results_count(results) : 0;
    for (size_t i = 0; i < count && status == LUPE_OK; i++) {
        const lupe_hit *hit = NULL;
        status = lupe_results_hit(results, i, &hit);
    }
    lupe_results_free(results);
    lupe_query_free(query);
    return status;
}

static int reopen(const struct throughput *run, lupe_snapshot **snapshot)
{
    lupe_snapshot_close(*snapshot);
    *snapshot = NULL;
    return lupe_snapshot_open(run->index, snapshot) == LUPE_OK ? 0 : library_fail("snapshot");
}

/* Asks queries in random order until the time is over. */
static int work(struct worker *worker, struct generator *random, lupe_snapshot **snapshot)
{
    const struct throughput *run = worker->run;
    int status = reopen(run, snapshot);
    pthread_barrier_wait(worker->start);
    double start = wall_us();
    double opened = start;
    double before = start;
    while (status == 0 && before - start < worker->seconds * 1e6) {
        if (before - opened > SNAPSHOT_US) {
            opened = before;
            status = reopen(run, snapshot);
            before = wall_us();
        }
        const char *text = run->list.queries[generator_number(random, run->list.count)];
        if (status == 0 && ask(run, *snapshot, text) != LUPE_OK)
            status = library_fail(text);
        double after = wall_us();
        histogram_add(worker->times, (uint64_t)((after - before) * 1e3));
        before = after;
    }
    worker->spent_us = before - start;
    return status;
}

static void *run_worker(void *user)
{
    struct worker *worker = user;
    lupe_snapshot *snapshot = NULL;
    struct generator *random = generator_open(worker->number + 1, DOCUMENT_WORDS_MEDIAN);
    if (random) {
        worker->status = work(worker, random, &snapshot);
    } else {
        pthread_barrier_wait(worker->start);
        worker->status = bench_fail("out of memory");
    }
    lupe_snapshot_close(snapshot);
    generator_close(random);
    return NULL;
}

/* What one case came to, over all its slices. */
struct outcome {
    struct histogram times;
    double seconds;
};

static int join_workers(struct worker *workers, uint32_t started, struct outcome *outcome)
{
    int status = 0;
    double spent = 0;
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        status = status ? status : workers[i].status;
        spent = workers[i].spent_us > spent ? workers[i].spent_us : spent;
        histogram_join(&outcome->times, workers[i].times);
    }
    outcome->seconds += spent / 1e6;
    return status;
}

static int run_slice(const struct throughput *run, uint32_t threads, double seconds,
                     struct outcome *outcome)
{
    struct worker *workers = calloc(threads, sizeof *workers);
    struct histogram *times = calloc(threads, sizeof *times);
    pthread_barrier_t start;
    uint32_t started = 0;
    int status = 0;
    if (!workers || !times || pthread_barrier_init(&start, NULL, threads) != 0) {
        free(workers);
        free(times);
        return bench_fail("out of memory");
    }
    for (; started < threads && status == 0; started++) {
        workers[started] = (struct worker){.run = run,
                                           .start = &start,
                                           .number = started,
                                           .seconds = seconds,
                                           .times = &times[started]};
        if (pthread_create(&workers[started].thread, NULL, run_worker, &workers[started]) != 0) {
            bench_fail("cannot start thread %u", started + 1);
            exit(1); /* the others wait for it */
        }
    }
    status = join_workers(workers, started, outcome);
    pthread_barrier_destroy(&start);
    free(workers);
    free(times);
    return status;
}

/* ------------------------------------------------------------------ tables */

static double rate(const struct outcome *outcome)
{
    return outcome->seconds > 0 ? (double)outcome->times.count / outcome->seconds : 0;
}

static double permille_us(const struct outcome *outcome, unsigned permille)
{
    return (double)histogram_permille(&outcome->times, permille) / 1e3;
}

static double quotient(double value, double other)
{
    return other > 0 ? value / other : 0;
}

/* Two cases and the second in terms of the first. */
static void print_outcomes(const char *const names[2], const struct outcome outcomes[2])
{
    static const unsigned permilles[] = {500, 900, 990, 999};
    printf("| | queries/s | p50 µs | p90 | p99 | p99.9 | worst |\n"
           "|---|--:|--:|--:|--:|--:|--:|\n");
    for (int i = 0; i < 2; i++) {
        printf("| %s | %.0f |", names[i], rate(&outcomes[i]));
        for (size_t j = 0; j < LENGTH(permilles); j++)
            printf(" %.1f |", permille_us(&outcomes[i], permilles[j]));
        printf(" %.1f |\n", (double)outcomes[i].times.worst / 1e3);
    }
    printf("| ratio | **%.2f** |", quotient(rate(&outcomes[1]), rate(&outcomes[0])));
    for (size_t j = 0; j < LENGTH(permilles); j++)
        printf(" %.2f |", quotient(permille_us(&outcomes[1], permilles[j]),
                                   permille_us(&outcomes[0], permilles[j])));
    printf(" %.2f |\n", quotient((double)outcomes[1].times.worst, (double)outcomes[0].times.worst));
}

static void print_title(const struct throughput *run)
{
    printf("TOP_%" PRIu64 ", %u queries of %s in random order, %" PRIu64 " s a case, %ld "
           "processors, Lupe %s\n\n",
           run->limit, run->list.count, run->queries_path, run->seconds,
           sysconf(_SC_NPROCESSORS_ONLN), lupe_version());
}

/* ------------------------------------------------------------------ one thread and more */

static int compare_threads(const struct throughput *run, struct outcome outcomes[2])
{
    char many[32];
    const char *names[2] = {"1 thread", many};
    uint32_t threads[2] = {1, (uint32_t)run->threads};
    snprintf(many, sizeof many, "%u threads", threads[1]);
    int status = 0;
    struct outcome *warm = calloc(1, sizeof *warm);
    if (!warm)
        return bench_fail("out of memory");
    status = run_slice(run, 1, (double)run->seconds / SLICES, warm);
    free(warm);
    for (unsigned slice = 0; slice < 2 * SLICES && status == 0; slice++)
        status =
            run_slice(run, threads[slice % 2], (double)run->seconds / SLICES, &outcomes[slice % 2]);
    if (status == 0)
        print_outcomes(names, outcomes);
    return status;
}

/* ------------------------------------------------------------------ in peace and disturbed */

struct disturber {
    pid_t process;
    int input; /* closed to end it */
};

static int disturber_start(struct disturber *disturber, const char *index, const char *corpus)
{
    char *arguments[] = {"lupe-bench", "disturb", (char *)index, (char *)corpus, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return bench_fail("pipe: %s", strerror(errno));
    fflush(stdout);
    disturber->process = fork();
    if (disturber->process == 0) {
        if (dup2(ends[0], STDIN_FILENO) >= 0)
            execv("/proc/self/exe", arguments);
        _exit(127);
    }
    close(ends[0]);
    disturber->input = ends[1];
    if (disturber->process > 0)
        return 0;
    close(ends[1]);
    return bench_fail("fork: %s", strerror(errno));
}

static int disturber_stop(struct disturber *disturber)
{
    int status = 0;
    close(disturber->input);
    waitpid(disturber->process, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
                                                         : bench_fail("the other process failed");
}

static int run_disturbed(const struct throughput *run, const char *path, struct outcome *outcome)
{
    struct disturber disturber = {0};
    if (disturber_start(&disturber, path, run->disturb) != 0)
        return 1;
    int status = run_slice(run, (uint32_t)run->threads, (double)run->seconds / SLICES, outcome);
    int stopped = disturber_stop(&disturber);
    return status ? status : stopped;
}

static int compare_disturbed(const struct throughput *run, const char *path,
                             struct outcome outcomes[2])
{
    static const char *const names[2] = {"nobody writes", "another indexes"};
    struct outcome *warm = calloc(1, sizeof *warm);
    if (!warm)
        return bench_fail("out of memory");
    int status = run_slice(run, (uint32_t)run->threads, (double)run->seconds / SLICES, warm);
    free(warm);
    for (unsigned slice = 0; slice < SLICES && status == 0; slice++) {
        status =
            run_slice(run, (uint32_t)run->threads, (double)run->seconds / SLICES, &outcomes[0]);
        if (status == 0)
            status = run_disturbed(run, path, &outcomes[1]);
    }
    if (status == 0) {
        printf("Threads: %" PRIu64 "\n\n", run->threads);
        print_outcomes(names, outcomes);
    }
    return status;
}

/* Replaces the index of the run by a copy that may be changed. */
static int copy_index(struct throughput *run, const char *path)
{
    remove_index(path);
    if (lupe_index_backup(run->index, path) != LUPE_OK)
        return library_fail("backup");
    lupe_index_close(run->index);
    run->index = NULL;
    if (lupe_index_open(path, NULL, &run->index) != LUPE_OK)
        return library_fail(path);
    return 0;
}

/* ------------------------------------------------------------------ lupe-bench throughput */

static bool parse_arguments(int count, char **arguments, struct throughput *run)
{
    static const uint64_t most_seconds = 3600;
    static const uint64_t most_hits = 100000;
    run->threads = 2;
    run->seconds = 8;
    run->limit = 10;
    if (count < 2 || count % 2 != 0)
        return false;
    run->directory = arguments[0];
    run->queries_path = arguments[1];
    for (int i = 2; i < count; i += 2) {
        const char *value = arguments[i + 1];
        if (strcmp(arguments[i], "--disturb") == 0)
            run->disturb = value;
        else if (!(strcmp(arguments[i], "--threads") == 0 &&
                   parse_number(value, 1, THREADS_MAX, &run->threads)) &&
                 !(strcmp(arguments[i], "--seconds") == 0 &&
                   parse_number(value, 1, most_seconds, &run->seconds)) &&
                 !(strcmp(arguments[i], "--limit") == 0 &&
                   parse_number(value, 1, most_hits, &run->limit)))
            return false;
    }
    return true;
}

static int run_throughput(struct throughput *run, struct outcome outcomes[2])
{
    char path[PATH_SIZE];
    char copy[PATH_SIZE];
    if (!join_path(path, run->directory, "index.lupe") ||
        !join_path(copy, run->directory, "disturbed.lupe"))
        return bench_fail("%s: the path is too long", run->directory);
    if (read_queries(&run->list, run->queries_path) != 0)
        return 1;
    lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
    options.flags = LUPE_OPEN_READ_ONLY;
    if (lupe_index_open(path, &options, &run->index) != LUPE_OK)
        return library_fail(path);
    print_title(run);
    if (!run->disturb)
        return compare_threads(run, outcomes);
    int status = copy_index(run, copy);
    if (status == 0)
        status = compare_disturbed(run, copy, outcomes);
    lupe_index_close(run->index);
    run->index = NULL;
    remove_index(copy);
    return status;
}

int command_throughput(int count, char **arguments)
{
    struct throughput run = {0};
    if (!parse_arguments(count, arguments, &run))
        return usage_fail();
    struct outcome *outcomes = calloc(2, sizeof *outcomes);
    signal(SIGPIPE, SIG_IGN);
    int status = outcomes ? run_throughput(&run, outcomes) : bench_fail("out of memory");
    lupe_index_close(run.index);
    free(run.list.bytes);
    free(run.list.queries);
    free(outcomes);
    return status;
}

/* ------------------------------------------------------------------ lupe-bench disturb */

static bool input_ended(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

/* Puts the documents again and again, with a commit now and then and one merge a pass. */
static int disturb_pass(lupe_index *index, lupe_writer *writer, const char *corpus, bool *ended)
{
    struct source source;
    struct source_document document;
    bool more = true;
    int status = source_open(&source, corpus);
    while (status == 0 && more && !*ended) {
        status = source_next(&source, &document, &more);
        if (status == 0 && more &&
            put_document(writer, document.id, document.id_size, document.title, document.title_size,
                         document.text, document.text_size) != LUPE_OK)
            status = library_fail("put");
        if (status == 0 && (!more || source.documents % COMMIT_DOCUMENTS == 0) &&
            lupe_writer_commit(writer) != LUPE_OK)
            status = library_fail("commit");
        *ended = input_ended();
    }
    if (status == 0 && !*ended && source.documents == 0)
        status = bench_fail("%s: no documents", corpus);
    source_close(&source);
    if (status == 0 && !*ended && lupe_index_optimize(index, NULL) != LUPE_OK)
        status = library_fail("optimize");
    return status;
}

int command_disturb(int count, char **arguments)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
    bool ended = false;
    int status = 0;
    if (count != 2)
        return usage_fail();
    options.memory_bytes = WRITER_BYTES;
    options.wait_ms = UINT32_MAX;
    if (lupe_index_open(arguments[0], NULL, &index) != LUPE_OK ||
        lupe_writer_open(index, &options, &writer) != LUPE_OK)
        status = library_fail(arguments[0]);
    while (status == 0 && !ended)
        status = disturb_pass(index, writer, arguments[1], &ended);
    lupe_writer_close(writer);
    lupe_index_close(index);
    return status;
}
