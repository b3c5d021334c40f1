/* SPDX-License-Identifier: MIT
 *
 * micro.c - `lupe-bench micro`: this machine's build in about a minute, as Markdown.
 *
 * Codec kernels, analysis, indexing, and queries on every SIMD path the machine has, on text
 * of the generator's or on the beginning of a file. It shows what a change did, before and
 * after, on one machine; it is no comparison with others, and invented text is kinder to some
 * parts and harder to others than real text. The queries go through `lupe-bench serve`, as in
 * the comparisons: a level is chosen once a process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "bench.h"
#include "corpus.h"
#include "text/analyzer.h"
#include "text/words.h"

#define MICRO_DOCUMENTS 40000u
#define MICRO_SEED 1u
#define MICRO_PER_CLASS 15u
#define MICRO_BYTES_MAX ((uint64_t)128 << 20) /* of a file's texts */
#define ANALYSIS_BYTES ((uint64_t)16 << 20)
#define ANALYSIS_WORDS 500000u
#define QUERY_ROUNDS 11u
#define WARM_ROUNDS 2u

static const struct {
    const char *name;
    lupe_analysis analysis;
} analyses[] = {{"plain", LUPE_ANALYSIS_PLAIN},
                {"german", LUPE_ANALYSIS_BARE},
                {"best", LUPE_ANALYSIS_STANDARD}};

static const enum cpu_level levels[] = {CPU_SCALAR, CPU_SSE41, CPU_AVX2, CPU_AVX512, CPU_NEON};

static const char *const query_commands[] = {"COUNT", "TOP_10", "TOP_10_COUNT", "TOP_1000"};
#define COMMANDS LENGTH(query_commands)
#define COMMAND_TOP_10 1

struct micro {
    struct corpus corpus;
    struct queries queries;
    char directory[PATH_SIZE]; /* made for the run, removed at its end */
};

/* ------------------------------------------------------------------ analysis */

/* Finds the words of the first texts; and terms of words one by one, without the cache that
 * indexing has for them. */
static int measure_analysis(const struct corpus *corpus, const char *name, lupe_analysis mode)
{
    struct analyzer *analyzer = NULL;
    if (analyzer_open(mode, 0, NULL, &analyzer) != LUPE_OK)
        return library_fail("analyzer");
    uint64_t bytes = 0;
    uint64_t words = 0;
    uint64_t terms = 0;
    double scanning = 0;
    double analyzing = 0;
    struct term term;
    struct word word;
    int status = 0;
    for (size_t i = 0; i < corpus->count && bytes < ANALYSIS_BYTES && status == 0; i++) {
        const struct corpus_document *document = &corpus->documents[i];
        const char *text = corpus->bytes + document->text;
        struct word_scanner scanner;
        double start = wall_us();
        word_scanner_init(&scanner, mode, text, document->text_size);
        while (word_next(&scanner, &word))
            words++;
        scanning += wall_us() - start;
        bytes += document->text_size;
        if (terms >= ANALYSIS_WORDS)
            continue;
        start = wall_us();
        word_scanner_init(&scanner, mode, text, document->text_size);
        for (; word_next(&scanner, &word); terms++)
            if (analyzer_term(analyzer, text + word.start, word.size, &term) != LUPE_OK)
                status = library_fail("analyzer");
        analyzing += wall_us() - start;
    }
    analyzer_close(analyzer);
    if (status == 0 && words > 0)
        printf("| %s | %.0f | %.1f | %.0f |\n", name, (double)bytes / scanning,
               scanning * 1e3 / (double)words, analyzing * 1e3 / (double)terms);
    return status;
}

static int print_analysis(const struct corpus *corpus)
{
    printf("\n## Analysis\n\n"
           "One thread. Finding words, and finding and analyzing each of them uncached.\n\n"
           "| analysis | words, MB/s | words, ns | words and terms, ns |\n|---|--:|--:|--:|\n");
    for (size_t i = 0; i < LENGTH(analyses); i++)
        if (measure_analysis(corpus, analyses[i].name, analyses[i].analysis) != 0)
            return 1;
    return 0;
}

/* ------------------------------------------------------------------ indexing */

static int put_corpus(const struct corpus *corpus, lupe_writer *writer)
{
    for (size_t i = 0; i < corpus->count; i++) {
        const struct corpus_document *document = &corpus->documents[i];
        const char *bytes = corpus->bytes;
        if (put_document(writer, bytes + document->id, document->id_size, bytes + document->title,
                         document->title_size, bytes + document->text,
                         document->text_size) != LUPE_OK)
            return library_fail("put");
    }
    return lupe_writer_commit(writer) == LUPE_OK ? 0 : library_fail("commit");
}

static int measure_building(const struct micro *micro, struct building *building, const char *name)
{
    double wall = wall_us();
    double cpu = cpu_seconds();
    if (put_corpus(&micro->corpus, building->writer) != 0)
        return 1;
    double indexing = (wall_us() - wall) / 1e6;
    double indexing_cpu = cpu_seconds() - cpu;
    wall = wall_us();
    if (lupe_index_optimize(building->index, NULL) != LUPE_OK)
        return library_fail("optimize");
    double optimizing = (wall_us() - wall) / 1e6;
    lupe_statistics statistics;
    if (building_statistics(building, &statistics) != 0)
        return 1;
    double bytes = (double)(statistics.file_bytes - statistics.free_bytes);
    printf("| %s | %.2f | %.2f | %.1f | %.2f | %.1f | %.1f | %.1f | %.1f |\n", name, indexing,
           indexing_cpu, (double)micro->corpus.text_bytes / 1e6 / indexing, optimizing, bytes / 1e6,
           (double)statistics.postings_bytes / 1e6, (double)statistics.positions_bytes / 1e6,
           (double)statistics.dictionary_bytes / 1e6);
    return 0;
}

/* Ends with the plain index, which is the one that is searched. */
static int print_indexing(const struct micro *micro)
{
    printf("\n## Indexing\n\n"
           "One thread, without stored text; size without free pages, merged.\n\n"
           "| analysis | wall s | CPU s | MB/s | merge s | MB | postings | positions | "
           "dictionary |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    int status = 0;
    for (size_t i = LENGTH(analyses); i-- > 0 && status == 0;) {
        struct building_options options = {.analysis = analyses[i].analysis};
        struct building building;
        status = building_open(&building, micro->directory, "index.lupe", &options);
        if (status == 0) {
            status = measure_building(micro, &building, analyses[i].name);
            building_close(&building);
        }
        fflush(stdout);
    }
    return status;
}

/* ------------------------------------------------------------------ queries */

/* A `serve` process of our own. */
struct peer {
    pid_t process;
    int requests;
    FILE *answers;
};

static void peer_run(const char *directory, enum cpu_level level, int input, int output)
{
    char *arguments[] = {"lupe-bench", "serve", (char *)directory, NULL};
    setenv("LUPE_SIMD", cpu_level_name(level), 1);
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        execv("/proc/self/exe", arguments);
    _exit(127);
}

static int peer_open(struct peer *peer, const char *directory, enum cpu_level level)
{
    int requests[2];
    int answers[2];
    if (pipe2(requests, O_CLOEXEC) != 0)
        return bench_fail("pipe: %s", strerror(errno));
    if (pipe2(answers, O_CLOEXEC) != 0) {
        close(requests[0]);
        close(requests[1]);
        return bench_fail("pipe: %s", strerror(errno));
    }
    fflush(stdout);
    peer->process = fork();
    if (peer->process == 0)
        peer_run(directory, level, requests[0], answers[1]);
    close(requests[0]);
    close(answers[1]);
    peer->requests = requests[1];
    peer->answers = fdopen(answers[0], "r");
    return peer->process > 0 && peer->answers ? 0 : bench_fail("fork: %s", strerror(errno));
}

static void peer_close(struct peer *peer)
{
    close(peer->requests);
    if (peer->answers)
        fclose(peer->answers);
    if (peer->process > 0)
        waitpid(peer->process, NULL, 0);
}

/* The answer's number and the peer's clock; false when it gave none. */
static bool peer_ask(struct peer *peer, const char *command, const char *query, uint64_t *number,
                     double *spent_us)
{
    char line[QUERY_BYTES + 32];
    int size = snprintf(line, sizeof line, "%s\t%s\n", command, query);
    if (write(peer->requests, line, (size_t)size) != size ||
        !fgets(line, sizeof line, peer->answers))
        return false;
    return sscanf(line, "%" SCNu64 "\tus=%lf", number, spent_us) == 2;
}

struct level_times {
    double us[QUERY_CLASSES][COMMANDS]; /* mean of the medians by query */
    double hits[QUERY_CLASSES];
};

struct samples {
    double us[QUERY_CLASSES][MICRO_PER_CLASS][COMMANDS][QUERY_ROUNDS];
};

/* Every round asks everything once, so that what disturbs the machine hits all alike. */
static bool sample_round(struct peer *peer, const struct queries *queries, struct samples *samples,
                         unsigned round, struct level_times *times)
{
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        for (unsigned i = 0; i < queries->count[kind]; i++) {
            for (size_t command = 0; command < COMMANDS; command++) {
                uint64_t number = 0;
                double *us = &samples->us[kind][i][command][round];
                if (!peer_ask(peer, query_commands[command], queries->text[kind][i], &number, us))
                    return false;
                if (command == 0 && round == 0)
                    times->hits[kind] += (double)number;
            }
        }
    }
    return true;
}

static void sum_up(const struct queries *queries, struct samples *samples,
                   struct level_times *times)
{
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        unsigned count = queries->count[kind];
        for (unsigned i = 0; i < count; i++)
            for (size_t command = 0; command < COMMANDS; command++)
                times->us[kind][command] +=
                    median_of(samples->us[kind][i][command], QUERY_ROUNDS) / count;
        times->hits[kind] = count ? times->hits[kind] / count : 0;
    }
}

static int measure_level(const struct micro *micro, enum cpu_level level, struct level_times *times)
{
    struct peer peer = {.process = -1, .requests = -1};
    struct samples *samples = calloc(1, sizeof *samples);
    if (!samples)
        return bench_fail("out of memory");
    int status = peer_open(&peer, micro->directory, level);
    for (unsigned round = 0; status == 0 && round < WARM_ROUNDS + QUERY_ROUNDS; round++) {
        unsigned kept = round < WARM_ROUNDS ? 0 : round - WARM_ROUNDS;
        if (kept == 0)
            memset(times, 0, sizeof *times);
        if (!sample_round(&peer, &micro->queries, samples, kept, times))
            status = bench_fail("serve (LUPE_SIMD=%s) gave no answer", cpu_level_name(level));
    }
    peer_close(&peer);
    if (status == 0)
        sum_up(&micro->queries, samples, times);
    free(samples);
    return status;
}

static void print_commands(const struct queries *queries, const struct level_times *times,
                           enum cpu_level level)
{
    printf("\n## Queries\n\n"
           "Merged index, plain analysis, %s: µs by the clock of `serve`, mean over %u queries of "
           "the median of %u.\n\n| class | hits |",
           cpu_level_name(level), MICRO_PER_CLASS, QUERY_ROUNDS);
    for (size_t command = 0; command < COMMANDS; command++)
        printf(" %s |", query_commands[command]);
    printf("\n|---|--:|--:|--:|--:|--:|\n");
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        if (queries->count[kind] == 0)
            continue;
        printf("| %s | %.0f |", query_class_name((enum query_class)kind), times->hits[kind]);
        for (size_t command = 0; command < COMMANDS; command++)
            printf(" %.1f |", times->us[kind][command]);
        printf("\n");
    }
}

static void print_levels(const struct queries *queries, const struct level_times *times)
{
    printf("\n%s by SIMD path, µs\n\n| class |", query_commands[COMMAND_TOP_10]);
    for (size_t i = 0; i < LENGTH(levels); i++)
        if (cpu_has(levels[i]))
            printf(" %s |", cpu_level_name(levels[i]));
    printf("\n|---|");
    for (size_t i = 0; i < LENGTH(levels); i++)
        if (cpu_has(levels[i]))
            printf("--:|");
    printf("\n");
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        if (queries->count[kind] == 0)
            continue;
        printf("| %s |", query_class_name((enum query_class)kind));
        for (size_t i = 0; i < LENGTH(levels); i++)
            if (cpu_has(levels[i]))
                printf(" %.1f |", times[i].us[kind][COMMAND_TOP_10]);
        printf("\n");
    }
}

static int print_queries(const struct micro *micro)
{
    struct level_times times[LENGTH(levels)] = {0};
    size_t used = 0;
    for (size_t i = 0; i < LENGTH(levels); i++) {
        if (!cpu_has(levels[i]))
            continue;
        if (measure_level(micro, levels[i], &times[i]) != 0)
            return 1;
        if (levels[i] == cpu_level())
            used = i;
    }
    print_commands(&micro->queries, &times[used], levels[used]);
    print_levels(&micro->queries, times);
    return 0;
}

/* ------------------------------------------------------------------ the run */

static void print_machine(void)
{
    char line[256];
    char name[256] = "unknown processor";
    char day[16];
    time_t now = time(NULL);
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "model name : %255[^\n]", name) == 1)
            break;
    if (file)
        fclose(file);
    strftime(day, sizeof day, "%Y-%m-%d", localtime(&now));
    printf("# Lupe %s, %s\n\n%s, %ld processors, SIMD path %s, compiled by %s\n", lupe_version(),
           day, name, sysconf(_SC_NPROCESSORS_ONLN), cpu_level_name(cpu_level()), __VERSION__);
}

static int open_directory(struct micro *micro)
{
    const char *parent = getenv("TMPDIR");
    if (!join_path(micro->directory, parent && *parent ? parent : "/tmp", "lupe-bench.XXXXXX"))
        return bench_fail("TMPDIR is too long");
    if (!mkdtemp(micro->directory)) {
        int status = bench_fail("%s: %s", micro->directory, strerror(errno));
        micro->directory[0] = '\0';
        return status;
    }
    return 0;
}

static void close_directory(struct micro *micro)
{
    char path[PATH_SIZE];
    if (micro->directory[0] == '\0')
        return;
    if (join_path(path, micro->directory, "index.lupe"))
        remove_index(path);
    rmdir(micro->directory);
}

static int run_micro(struct micro *micro, const char *file)
{
    print_machine();
    printf("\n## Codec\n\n");
    fflush(stdout);
    bench_codec();
    int status = file ? corpus_read(&micro->corpus, file, MICRO_BYTES_MAX)
                      : corpus_generate(&micro->corpus, MICRO_DOCUMENTS, MICRO_SEED);
    if (status == 0)
        status = corpus_queries(&micro->corpus, MICRO_SEED, MICRO_PER_CLASS, &micro->queries);
    if (status == 0)
        status = open_directory(micro);
    if (status == 0) {
        printf("\n## Text\n\n%zu documents, %.1f MB of text, %s\n", micro->corpus.count,
               (double)micro->corpus.text_bytes / 1e6, file ? file : "invented");
        fflush(stdout);
        status = print_analysis(&micro->corpus);
    }
    if (status == 0)
        status = print_indexing(micro);
    if (status == 0)
        status = print_queries(micro);
    return status;
}

int command_micro(int count, char **arguments)
{
    if (count > 1)
        return usage_fail();
    struct micro *micro = calloc(1, sizeof *micro);
    if (!micro)
        return bench_fail("out of memory");
    signal(SIGPIPE, SIG_IGN);
    int status = run_micro(micro, count == 1 ? arguments[0] : NULL);
    close_directory(micro);
    corpus_free(&micro->corpus);
    free(micro);
    return status;
}
