/* SPDX-License-Identifier: MIT
 *
 * growth.c - `lupe-bench growth`: speed and size from ten thousand documents to a million.
 *
 * One index grows from size to size and is merged at each; the same queries are asked at all of
 * them, made of the words of the first size by their share of the documents, which stays about the
 * same. Documents come from the corpus while it lasts, then they are derived from it; without a
 * corpus they are invented. Memory is bounded by the writer's budget and the samples, whatever the
 * number of documents.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "derive.h"
#include "generate.h"
#include "queries.h"
#include "sizes.h"
#include "source.h"

#define SIZES_MAX 8u
#define DOCUMENTS_MAX 100000000u
#define SAMPLE_BYTES ((size_t)64 << 20)
#define SEED 1u
#define ROUNDS 5u

static const uint64_t default_sizes[] = {10000, 30000, 100000, 300000, 1000000};

static const struct {
    const char *name;
    uint32_t limit;
    uint64_t count_limit;
} commands[] = {{"COUNT", 0, LUPE_COUNT_EXACT}, {"TOP_10", 10, 0}};
#define COMMANDS LENGTH(commands)

/* What was measured at one size. */
struct stage {
    uint64_t documents;
    double seconds;       /* from the size before to this one, merging not included */
    double merge_seconds; /* into one segment */
    uint64_t bytes;       /* of the file, without free pages */
    uint64_t postings;
    uint64_t sections[SECTION_COUNT];
    double us[QUERY_CLASSES][COMMANDS];
};

struct growth {
    const char *directory;
    const char *corpus; /* NULL: invented text */
    uint64_t per_class;
    uint64_t documents; /* so far */
    struct stage stages[SIZES_MAX];
    unsigned stage_count;
    struct building building;
    struct source source;
    bool source_left;
    struct generator *generator;
    struct deriver *deriver;
    struct query_maker *maker;
    struct queries *queries;
    struct sizes *sizes;
};

/* ------------------------------------------------------------------ documents */

/* The next document, from where there are any. */
static int next_document(struct growth *growth, struct generated *document)
{
    const struct generated *made = NULL;
    if (growth->source_left) {
        struct source_document line;
        if (source_next(&growth->source, &line, &growth->source_left) != 0)
            return 1;
        if (growth->source_left) {
            *document = (struct generated){line.id,         line.title ? line.title : "",
                                           line.text,       line.id_size,
                                           line.title_size, line.text_size};
            deriver_add(growth->deriver, line.text, line.text_size);
            return 0;
        }
    }
    made = growth->corpus ? deriver_document(growth->deriver, growth->documents)
                          : generator_next(growth->generator);
    if (!made)
        return bench_fail("no document could be made");
    *document = *made;
    return 0;
}

static int put_next(struct growth *growth, bool first)
{
    struct generated document = {0};
    if (next_document(growth, &document) != 0)
        return 1;
    if (first)
        query_maker_add(growth->maker, document.title, document.title_size, document.text,
                        document.text_size);
    growth->documents++;
    if (put_document(growth->building.writer, document.id, document.id_size, document.title,
                     document.title_size, document.text, document.text_size) != LUPE_OK)
        return library_fail("put");
    return 0;
}

/* ------------------------------------------------------------------ queries */

static lupe_status ask(lupe_index *index, lupe_snapshot *snapshot, const char *text, size_t command)
{
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    options.limit = commands[command].limit;
    options.count_limit = commands[command].count_limit;
    lupe_status status = lupe_query_parse(index, text, strlen(text), NULL, &query);
    if (status == LUPE_OK)
        status = lupe_search(snapshot, query, &options, &results);
    lupe_results_free(results);
    lupe_query_free(query);
    return status;
}

/* Mean over a class of the medians by query; each is asked once before. */
static int measure_class(struct growth *growth, lupe_snapshot *snapshot, int kind, size_t command,
                         double *us)
{
    double sum = 0;
    unsigned count = growth->queries->count[kind];
    for (unsigned i = 0; i < count; i++) {
        double times[ROUNDS + 1];
        for (unsigned round = 0; round <= ROUNDS; round++) {
            double start = wall_us();
            if (ask(growth->building.index, snapshot, growth->queries->text[kind][i], command) !=
                LUPE_OK)
                return library_fail("search");
            times[round] = wall_us() - start;
        }
        sum += median_of(times + 1, ROUNDS);
    }
    *us = count ? sum / count : 0;
    return 0;
}

static int measure_queries(struct growth *growth, struct stage *stage)
{
    lupe_snapshot *snapshot = NULL;
    if (lupe_snapshot_open(growth->building.index, &snapshot) != LUPE_OK)
        return library_fail("snapshot");
    int status = 0;
    for (int kind = 0; kind < QUERY_CLASSES; kind++)
        for (size_t command = 0; command < COMMANDS && status == 0; command++)
            status = measure_class(growth, snapshot, kind, command, &stage->us[kind][command]);
    lupe_snapshot_close(snapshot);
    return status;
}

/* ------------------------------------------------------------------ stages */

static int measure_sizes(struct growth *growth, struct stage *stage)
{
    int status = sizes_read(growth->sizes, growth->building.path);
    stage->bytes = growth->sizes->file_bytes - growth->sizes->free_bytes;
    stage->postings = growth->sizes->lists[LIST_WORDS].postings;
    memcpy(stage->sections, growth->sizes->sections, sizeof stage->sections);
    sizes_free(growth->sizes);
    return status;
}

static int run_stage(struct growth *growth, unsigned number)
{
    struct stage *stage = &growth->stages[number];
    double start = wall_us();
    int status = 0;
    while (growth->documents < stage->documents && status == 0)
        status = put_next(growth, number == 0);
    if (status == 0 && lupe_writer_commit(growth->building.writer) != LUPE_OK)
        status = library_fail("commit");
    stage->seconds = (wall_us() - start) / 1e6;
    start = wall_us();
    if (status == 0 && lupe_index_optimize(growth->building.index, NULL) != LUPE_OK)
        status = library_fail("optimize");
    stage->merge_seconds = (wall_us() - start) / 1e6;
    if (status == 0 && number == 0)
        status = query_maker_make(growth->maker, (unsigned)growth->per_class, growth->queries);
    if (status == 0)
        status = measure_sizes(growth, stage);
    if (status == 0)
        status = measure_queries(growth, stage);
    if (status == 0)
        fprintf(stderr, "%" PRIu64 " documents: %.1f s, merge %.1f s, %.1f MB\n", growth->documents,
                stage->seconds, stage->merge_seconds, (double)stage->bytes / 1e6);
    return status;
}

/* ------------------------------------------------------------------ tables */

static void print_head(const struct growth *growth, const char *first)
{
    printf("| %s |", first);
    for (unsigned i = 0; i < growth->stage_count; i++)
        printf(" %" PRIu64 " |", growth->stages[i].documents);
    printf("\n|---|");
    for (unsigned i = 0; i < growth->stage_count; i++)
        printf("--:|");
    printf("\n");
}

static void print_speed(const struct growth *growth, size_t command)
{
    printf("\n%s, µs, mean over up to %" PRIu64 " queries of the median of %u, by documents\n\n",
           commands[command].name, growth->per_class, ROUNDS);
    print_head(growth, "class");
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        if (growth->queries->count[kind] == 0)
            continue;
        printf("| %s |", query_class_name((enum query_class)kind));
        for (unsigned i = 0; i < growth->stage_count; i++)
            printf(" %.1f |", growth->stages[i].us[kind][command]);
        printf("\n");
    }
}

static void print_bytes(const struct growth *growth)
{
    printf("\nBytes a posting (of the words, list 0), by documents\n\n");
    print_head(growth, "section");
    for (int section = 1; section < SECTION_COUNT; section++) {
        if (growth->stages[growth->stage_count - 1].sections[section] == 0)
            continue;
        printf("| %s |", section_name((enum section_id)section));
        for (unsigned i = 0; i < growth->stage_count; i++)
            printf(" %.3f |", (double)growth->stages[i].sections[section] /
                                  (double)growth->stages[i].postings);
        printf("\n");
    }
    printf("| the file without free pages |");
    for (unsigned i = 0; i < growth->stage_count; i++)
        printf(" %.3f |", (double)growth->stages[i].bytes / (double)growth->stages[i].postings);
    printf("\n| MB |");
    for (unsigned i = 0; i < growth->stage_count; i++)
        printf(" %.1f |", (double)growth->stages[i].bytes / 1e6);
    printf("\n| s since the size before |");
    for (unsigned i = 0; i < growth->stage_count; i++)
        printf(" %.1f |", growth->stages[i].seconds);
    printf("\n| s merging |");
    for (unsigned i = 0; i < growth->stage_count; i++)
        printf(" %.1f |", growth->stages[i].merge_seconds);
    printf("\n");
}

static void print_tables(const struct growth *growth)
{
    printf("Lupe %s, plain analysis, one segment, without stored text, %s", lupe_version(),
           growth->corpus ? growth->corpus : "invented text");
    if (growth->corpus)
        printf(" (%" PRIu64 " documents of it, the others derived)", growth->source.documents);
    printf("\n");
    for (size_t command = 0; command < COMMANDS; command++)
        print_speed(growth, command);
    print_bytes(growth);
}

/* ------------------------------------------------------------------ the run */

/* "10000,1000000": ascending. */
static bool parse_sizes(const char *text, struct growth *growth)
{
    growth->stage_count = 0;
    while (*text) {
        char number[24];
        size_t size = strcspn(text, ",");
        uint64_t documents = 0;
        if (size >= sizeof number || growth->stage_count == SIZES_MAX)
            return false;
        memcpy(number, text, size);
        number[size] = '\0';
        if (!parse_number(number, 1, DOCUMENTS_MAX, &documents) ||
            (growth->stage_count > 0 &&
             documents <= growth->stages[growth->stage_count - 1].documents))
            return false;
        growth->stages[growth->stage_count++].documents = documents;
        text += size + (text[size] == ',');
    }
    return growth->stage_count > 0;
}

static bool parse_arguments(int count, char **arguments, struct growth *growth)
{
    for (size_t i = 0; i < LENGTH(default_sizes); i++)
        growth->stages[growth->stage_count++].documents = default_sizes[i];
    growth->per_class = 10;
    if (count < 1 || count % 2 == 0)
        return false;
    growth->directory = arguments[0];
    for (int i = 1; i < count; i += 2) {
        if (strcmp(arguments[i], "--corpus") == 0)
            growth->corpus = arguments[i + 1];
        else if (strcmp(arguments[i], "--sizes") == 0 && parse_sizes(arguments[i + 1], growth))
            continue;
        else if (strcmp(arguments[i], "--per-class") != 0 ||
                 !parse_number(arguments[i + 1], 1, QUERIES_PER_CLASS_MAX, &growth->per_class))
            return false;
    }
    return true;
}

static int run_growth(struct growth *growth)
{
    struct building_options options = {.analysis = LUPE_ANALYSIS_PLAIN};
    growth->generator = generator_open(SEED, DOCUMENT_WORDS_MEDIAN);
    growth->deriver = deriver_open(SEED, SAMPLE_BYTES);
    growth->maker = query_maker_open(SEED);
    growth->queries = calloc(1, sizeof *growth->queries);
    growth->sizes = calloc(1, sizeof *growth->sizes);
    if (!growth->generator || !growth->deriver || !growth->maker || !growth->queries ||
        !growth->sizes)
        return bench_fail("out of memory");
    if (growth->corpus && source_open(&growth->source, growth->corpus) != 0)
        return 1;
    growth->source_left = growth->corpus != NULL;
    int status = building_open(&growth->building, growth->directory, "growth.lupe", &options);
    for (unsigned i = 0; i < growth->stage_count && status == 0; i++)
        status = run_stage(growth, i);
    if (status == 0)
        print_tables(growth);
    return status;
}

int command_growth(int count, char **arguments)
{
    struct growth *growth = calloc(1, sizeof *growth);
    if (!growth)
        return bench_fail("out of memory");
    int status = parse_arguments(count, arguments, growth) ? run_growth(growth) : usage_fail();
    building_close(&growth->building);
    source_close(&growth->source);
    generator_close(growth->generator);
    deriver_close(growth->deriver);
    query_maker_close(growth->maker);
    free(growth->queries);
    free(growth->sizes);
    free(growth);
    return status;
}
