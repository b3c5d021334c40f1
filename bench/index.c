/* SPDX-License-Identifier: MIT
 *
 * index.c - `lupe-bench index`: builds DIR/index.lupe from JSON Lines, as the peers' drivers do.
 *
 * Title and text of each line, nothing else of it; title and text are one sequence of words. A
 * line that cannot be read ends the run: figures of half a corpus are worth nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../tools/jsonl.h"
#include "bench.h"
#include "shape.h"

struct index_run {
    const char *source;
    const char *directory;
    struct building_options options;
    bool merge;
    bool reorder; /* with merge */
    struct shape shape;
    uint64_t commit_every; /* documents; 0: one commit at the end */
    uint64_t documents;
    double commit_seconds;
    double merge_seconds;
};

static bool parse_analysis(const char *name, lupe_analysis *analysis)
{
    static const struct {
        const char *name;
        lupe_analysis analysis;
    } names[] = {{"german", LUPE_ANALYSIS_BARE},
                 {"best", LUPE_ANALYSIS_STANDARD},
                 {"plain", LUPE_ANALYSIS_PLAIN}};
    for (size_t i = 0; i < LENGTH(names); i++) {
        if (strcmp(name, names[i].name) == 0) {
            *analysis = names[i].analysis;
            return true;
        }
    }
    return false;
}

/* What the index is to be without. */
static uint32_t flag_of(const char *argument)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } flags[] = {{"--no-pairs", LUPE_WITHOUT_PAIRS},
                 {"--no-compounds", LUPE_WITHOUT_COMPOUNDS},
                 {"--no-forms", LUPE_WITHOUT_FORMS},
                 {"--no-old-spelling", LUPE_WITHOUT_OLD_SPELLING},
                 {"--no-mending", LUPE_WITHOUT_MENDING}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(argument, flags[i].name) == 0)
            return flags[i].flag;
    return 0;
}

static bool parse_arguments(int count, char **arguments, struct index_run *run)
{
    run->options.analysis = LUPE_ANALYSIS_BARE;
    run->options.threads = 1;
    for (int i = 0; i < count; i++) {
        const char *argument = arguments[i];
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        uint64_t threads = 0;
        if (strcmp(argument, "--merge") == 0) {
            run->merge = true;
        } else if (strcmp(argument, "--reorder") == 0) {
            run->merge = run->reorder = true;
        } else if (strcmp(argument, "--store") == 0) {
            run->options.store = true;
        } else if (flag_of(argument)) {
            run->options.without |= flag_of(argument);
        } else if (strcmp(argument, "--threads") == 0) {
            if (!parse_number(value, 1, 64, &threads))
                return false;
            run->options.threads = (uint32_t)threads;
            i++;
        } else if (strcmp(argument, "--segments") == 0) {
            if (!parse_number(value, 1, SHAPE_SEGMENTS_MAX, &run->shape.segments))
                return false;
            i++;
        } else if (strcmp(argument, "--delete") == 0) {
            if (!parse_number(value, 0, SHAPE_DELETE_PERCENT_MAX, &run->shape.delete_percent))
                return false;
            i++;
        } else if (strcmp(argument, "--memory") == 0) {
            if (!parse_number(value, 1, 1 << 20, &run->options.memory_bytes))
                return false;
            run->options.memory_bytes <<= 20;
            i++;
        } else if (strcmp(argument, "--commit-every") == 0) {
            if (!parse_number(value, 1, UINT64_MAX, &run->commit_every))
                return false;
            i++;
        } else if (strcmp(argument, "--analysis") == 0) {
            if (!parse_analysis(value, &run->options.analysis))
                return false;
            i++;
        } else if (argument[0] == '-' && argument[1] == '-') {
            return false;
        } else if (!run->source) {
            run->source = argument;
        } else if (!run->directory) {
            run->directory = argument;
        } else {
            return false;
        }
    }
    return run->source && run->directory && !(run->merge && run->shape.segments);
}

static int put_line(const struct index_run *run, lupe_writer *writer,
                    const struct jsonl_document *line)
{
    struct jsonl_value title = line->title;
    struct jsonl_value text = line->text;
    if (line->id.kind != JSONL_STRING && line->id.kind != JSONL_NUMBER)
        return bench_fail("%s:%" PRIu64 ": no id", run->source, line->line);
    if (title.kind != JSONL_STRING)
        title.data = NULL;
    if (text.kind != JSONL_STRING)
        text = (struct jsonl_value){.data = "", .size = 0, .kind = JSONL_STRING};
    if (put_document(writer, line->id.data, line->id.size, title.data, title.size, text.data,
                     text.size) != LUPE_OK) {
        fprintf(stderr, "%s:%" PRIu64 ": ", run->source, line->line);
        return library_fail("put");
    }
    return 0;
}

static int put_lines(struct index_run *run, struct building *building, struct jsonl_reader *reader)
{
    for (;;) {
        struct jsonl_document line;
        switch (jsonl_next(reader, &line)) {
        case JSONL_END:
            return 0;
        case JSONL_BAD_LINE:
            return bench_fail("%s:%" PRIu64 ":%" PRIu64 ": %s", run->source, jsonl_line(reader),
                              jsonl_column(reader), jsonl_message(reader));
        case JSONL_FAILED:
            return bench_fail("%s: %s", run->source, strerror(jsonl_errno(reader)));
        case JSONL_DOCUMENT:
            if (put_line(run, building->writer, &line) != 0 ||
                shape_put(&run->shape, building, ++run->documents) != 0)
                return 1;
            if (run->commit_every && run->documents % run->commit_every == 0 &&
                lupe_writer_commit(building->writer) != LUPE_OK)
                return library_fail("commit");
        }
    }
}

static int put_source(struct index_run *run, struct building *building, int descriptor)
{
    struct jsonl_reader *reader = jsonl_open(descriptor, NULL);
    int status = reader ? put_lines(run, building, reader) : bench_fail("out of memory");
    jsonl_close(reader);
    return status;
}

static int finish(struct index_run *run, struct building *building)
{
    double start = wall_us();
    if (lupe_writer_commit(building->writer) != LUPE_OK)
        return library_fail("commit");
    run->commit_seconds = (wall_us() - start) / 1e6;
    start = wall_us();
    lupe_optimize_options options = LUPE_OPTIMIZE_OPTIONS_INIT;
    if (run->reorder)
        options.flags = LUPE_OPTIMIZE_REORDER;
    if (run->merge && lupe_index_optimize(building->index, &options) != LUPE_OK)
        return library_fail("optimize");
    if (run->reorder) { /* the file is needed alone: the writer goes */
        lupe_writer_close(building->writer);
        building->writer = NULL;
        if (lupe_index_compact(building->index) != LUPE_OK)
            return library_fail("compact");
    }
    run->merge_seconds = (wall_us() - start) / 1e6;
    return 0;
}

static void print_run(const struct index_run *run, const lupe_statistics *statistics,
                      double seconds)
{
    fprintf(stderr,
            "lupe %s: %" PRIu64 " docs, %.2f s (last commit %.2f s, merge %.2f s), "
            "%" PRIu64 " segments, %.1f MB, of it %.1f MB free\n",
            lupe_version(), run->documents, seconds, run->commit_seconds, run->merge_seconds,
            statistics->segments, (double)statistics->file_bytes / 1e6,
            (double)statistics->free_bytes / 1e6);
}

int command_index(int count, char **arguments)
{
    struct index_run run = {0};
    struct building building = {0};
    lupe_statistics statistics;
    if (!parse_arguments(count, arguments, &run))
        return usage_fail();
    double start = wall_us();
    int descriptor = open(run.source, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return bench_fail("%s: %s", run.source, strerror(errno));
    int status = shape_begin(&run.shape, run.source);
    if (status == 0)
        status = building_open(&building, run.directory, "index.lupe", &run.options);
    if (status == 0)
        status = put_source(&run, &building, descriptor);
    if (status == 0)
        status = finish(&run, &building);
    if (status == 0)
        status = shape_finish(&run.shape, &building, run.source);
    double seconds = (wall_us() - start) / 1e6;
    if (status == 0)
        status = building_statistics(&building, &statistics);
    if (status == 0)
        print_run(&run, &statistics, seconds);
    building_close(&building);
    close(descriptor);
    return status;
}
