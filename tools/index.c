/* SPDX-License-Identifier: MIT
 *
 * index.c - `lupe index`: the order of a run (see index_run.h), its end and its report.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "find.h"
#include "index_run.h"
#include "output.h"

/* ------------------------------------------------------------------ for the parts */

bool run_failed(struct run *run, lupe_status status)
{
    if (interrupted())
        return false; /* told at the end */
    run->fatal = session_failed(status, run->path);
    return false;
}

lupe_kind run_kind(const struct run *run, const char *field, lupe_kind wanted)
{
    lupe_kind declared = lupe_writer_field_kind(run->writer.writer, field);
    return declared == LUPE_KIND_NONE ? wanted : LUPE_KIND_NONE;
}

void run_progress(const struct run *run)
{
    progress_show("%s documents, %s MB", with_commas(run->indexed + run->unchanged),
                  with_commas(run->bytes_done / 1000000));
}

/* ------------------------------------------------------------------ the parts of a run */

/* Finds the index's place. The file itself may still be missing. */
static int prepare(struct run *run)
{
    char *found = find_index(run->options->index, true);
    run->path = realpath(found, NULL);
    if (!run->path)
        run->path = walk_absolute(found);
    if (!run->path) {
        complain("%s: the folder for the index cannot be used: %s; make it, or name another file "
                 "with -i",
                 found, strerror(errno));
        free(found);
        return EXIT_NO_INDEX;
    }
    free(found);
    const char *slash = strrchr(run->path, '/');
    run->folder = copy_bytes(run->path, (size_t)(slash - run->path));
    run->walk.excluded = run->path;
    run->binary.reason = "binary";
    run->empty.reason = "empty";
    return EXIT_HITS;
}

/* Turns the paths of the command line into files. */
static int walk_all(struct run *run)
{
    size_t good = 0;
    for (size_t i = 0; i < run->options->argument_count && !interrupted(); i++) {
        if (walk_add(&run->walk, run->options->arguments[i]))
            good++;
        else
            run->input_bad = true;
    }
    if (interrupted())
        return interrupt_status();
    if (run->walk.unreadable_count)
        run->input_bad = true;
    return good ? EXIT_HITS : EXIT_INPUT;
}

static bool put_lines(struct run *run, const struct walk_file *file)
{
    bool standard = strcmp(file->path, "-") == 0;
    int descriptor = standard ? STDIN_FILENO : open(file->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && interrupted())
        return false;
    if (descriptor < 0) {
        complain("%s: %s; passed over", file->path, strerror(errno));
        run->unreadable++;
        run->input_bad = true;
        return true;
    }
    bool good = lines_put(run, descriptor, standard ? "standard input" : file->path);
    if (!standard)
        close(descriptor);
    return good;
}

static bool write_all(struct run *run)
{
    if (!files_remove_gone(run))
        return false;
    for (size_t i = 0; i < run->walk.file_count; i++) {
        struct file_state *state = &run->states[i];
        bool lines = state->file->kind == WALK_LINES || state->file->kind == WALK_STREAM;
        if (interrupted() || !(lines ? put_lines(run, state->file) : files_put(run, state)))
            return false;
    }
    return !interrupted();
}

static bool commit(struct run *run)
{
    if (!run->writer.used)
        return true;
    progress_show("committing");
    lupe_status status = lupe_writer_commit(run->writer.writer);
    return status == LUPE_OK || run_failed(run, status);
}

/* ------------------------------------------------------------------ the report */

static void report_skipped(struct output *out, const struct skipped *skipped, const char **gap)
{
    if (!skipped->count)
        return;
    output_format(out, "%s%s %s:", *gap, with_commas(skipped->count), skipped->reason);
    size_t shown = skipped->count < NAMES_SHOWN_MAX ? skipped->count : NAMES_SHOWN_MAX;
    for (size_t i = 0; i < shown; i++)
        output_format(out, "%s %s", i ? "," : "", skipped->names[i]);
    if (shown < skipped->count)
        output_text(out, ", ...");
    *gap = "; ";
}

static void report_count(struct output *out, uint64_t count, const char *reason, const char **gap)
{
    if (!count)
        return;
    output_format(out, "%s%s %s", *gap, with_commas(count), reason);
    *gap = "; ";
}

/* What the index took of the word list. */
static void report_lexicon(const struct run *run, struct output *out)
{
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    lupe_snapshot *snapshot = NULL;
    if (lupe_snapshot_open(run->index, &snapshot) == LUPE_OK &&
        lupe_snapshot_statistics(snapshot, &statistics) == LUPE_OK)
        output_format(out, "; word list: %s words, %s lines passed over",
                      with_commas(statistics.lexicon_words),
                      with_commas(statistics.lexicon_lines_passed_over));
    lupe_snapshot_close(snapshot);
}

static void report(const struct run *run, uint64_t started_us)
{
    struct output out = {0};
    uint64_t unreadable = run->unreadable + run->walk.unreadable_count;
    uint64_t skipped = run->binary.count + run->empty.count + unreadable + run->bad_lines +
                       run->walk.other_count + run->walk.link_count;
    for (size_t i = 0; i < run->conflict_count; i++)
        if (run->conflicts[i].count > 1)
            complain("field \"%s\": %s values in all with another kind than the index has for it",
                     run->conflicts[i].field, with_commas(run->conflicts[i].count));
    output_format(&out, "%s document%s indexed, %s unchanged, %s removed, %s skipped",
                  with_commas(run->indexed), run->indexed == 1 ? "" : "s",
                  with_commas(run->unchanged), with_commas(run->removed), with_commas(skipped));
    if (skipped) {
        const char *gap = " (";
        report_skipped(&out, &run->binary, &gap);
        report_skipped(&out, &run->empty, &gap);
        report_count(&out, unreadable, "unreadable", &gap);
        report_count(&out, run->bad_lines, "bad lines or documents", &gap);
        report_count(&out, run->walk.other_count, "of other kinds", &gap);
        report_count(&out, run->walk.link_count, "links not followed", &gap);
        output_text(&out, ")");
    }
    if (run->windows)
        output_format(&out, ", %s read as Windows-1252", with_commas(run->windows));
    if (run->options->lexicon)
        report_lexicon(run, &out);
    output_format(&out, "; %.1f s", (double)(now_us() - started_us) / 1e6);
    complain("%.*s", (int)out.size, out.data);
    output_free(&out);
}

/* ------------------------------------------------------------------ the command */

static void run_free(struct run *run)
{
    lupe_writer_close(run->writer.writer);
    lupe_index_close(run->index);
    walk_free(&run->walk);
    for (size_t i = 0; i < run->gone_count; i++)
        free(run->gone[i]);
    for (size_t i = 0; i < run->conflict_count; i++)
        free(run->conflicts[i].field);
    free(run->gone);
    free(run->conflicts);
    free(run->states);
    free(run->sorted);
    free(run->folder);
    free(run->path);
}

static int run_steps(struct run *run)
{
    int status = prepare(run);
    if (status == EXIT_HITS)
        status = walk_all(run);
    if (status == EXIT_HITS)
        status = session_open_or_create(run->path, run->options, &run->index);
    if (status != EXIT_HITS)
        return status;
    bool good = files_compare(run);
    if (good) {
        lupe_status opened = session_writer_open(&run->writer, run->index, run->options);
        good = opened == LUPE_OK || run_failed(run, opened);
    }
    good = good && write_all(run) && commit(run);
    if (!good && interrupted()) {
        complain("interrupted; nothing of this run was kept");
        return interrupt_status();
    }
    return good ? EXIT_HITS : run->fatal;
}

int command_index(const struct options *options)
{
    uint64_t started_us = now_us();
    struct run run = {.options = options};
    interrupt_catch();
    int status = run_steps(&run);
    progress_clear();
    if (status == EXIT_HITS) {
        /* Binary files are no error, unless there was nothing else. */
        if (run.input_bad || (run.binary.count && !run.indexed && !run.unchanged && !run.removed))
            status = EXIT_INPUT;
        if (!options->quiet)
            report(&run, started_us);
    }
    run_free(&run);
    return status;
}
