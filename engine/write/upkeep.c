/* SPDX-License-Identifier: MIT
 *
 * upkeep.c - see upkeep.h.
 */
#include "write/upkeep.h"

#include <assert.h>
#include <stdio.h>

#include "write/merge.h"
#include "write/policy.h"

#define STEP_BYTES (1u << 20) /* between two calls of the progress hook */

/* What a commit may do besides keeping the segments few. Merging for its own sake stays small: with
 * large segments it only makes the writing of much data slower. */
#define MERGE_BYTES_MAX (8u << 20)
#define REWRITE_BYTES_MIN (8u << 20)
#define REWRITE_RATIO 4u /* times what the commit wrote */

static struct policy_segment policy_of(const struct segment_entry *entry, uint32_t deleted)
{
    return (struct policy_segment){segment_entry_bytes(entry), entry->documents, deleted,
                                   segment_entry_section_bytes(entry)};
}

static struct merge_options options_of(const struct catalogue *catalogue)
{
    return (struct merge_options){.k1 = catalogue->k1,
                                  .b = catalogue->b,
                                  .pairs = catalogue_wants_pairs(catalogue),
                                  .lexicon = catalogue->lexicon,
                                  .forms = catalogue_has_forms(catalogue)};
}

/* ---- within a run */

static lupe_status run_merge(struct run *run, const struct catalogue *catalogue,
                             struct policy_choice choice)
{
    lupe_status status = LUPE_OK;
    struct merge *merge = NULL;
    struct merge_options options = options_of(catalogue);
    struct merge_source sources[2 * SEGMENTS_MAX];
    struct segment_entry entry;
    bool done;

    assert(choice.count <= 2 * SEGMENTS_MAX);
    for (uint32_t i = 0; i < choice.count; i++)
        assert(run->segments[choice.first + i].entry.number != 0);
    for (uint32_t i = 0; i < choice.count; i++)
        sources[i] = (struct merge_source){&run->segments[choice.first + i].entry,
                                           &run->segments[choice.first + i].live};
    TRY(merge_begin(run->store, &options, sources, choice.count, &merge));
    TRY(merge_step(merge, UINT64_MAX, &done));
    TRY(merge_result(merge, &entry));
    run_replace_segments(run, choice.first, choice.count, &entry);
out:
    merge_close(merge);
    return status;
}

lupe_status upkeep_run(struct run *run, const struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    struct policy_limits limits = {SEGMENTS_MAX, SEGMENT_DOCUMENTS_MAX, 0, 0};
    while (status == LUPE_OK && run->segment_count > SEGMENTS_MAX) {
        struct policy_segment segments[2 * SEGMENTS_MAX];
        struct policy_choice choice;
        uint32_t count =
            run->segment_count < 2 * SEGMENTS_MAX ? run->segment_count : 2 * SEGMENTS_MAX;
        uint32_t first =
            run->segment_count - count; /* the newest ones, when they cannot be fewer */
        for (uint32_t i = 0; i < count; i++)
            segments[i] =
                policy_of(&run->segments[first + i].entry, run->segments[first + i].live.deleted);
        if (!policy_choose(segments, count, &limits, &choice) || choice.count < 2)
            break;
        choice.first += first;
        status = run_merge(run, catalogue, choice);
    }
    return status;
}

/* ---- merges of the index; the caller holds the maintenance lock */

struct progress {
    const lupe_open_options *hooks; /* or NULL */
    const char *what;
    double start; /* shares of the whole this merge is */
    double share;
};

static lupe_status progress_tell(const struct progress *progress, double done)
{
    if (progress && progress->hooks && progress->hooks->progress &&
        !progress->hooks->progress(progress->hooks->user, progress->what,
                                   progress->start + progress->share * done))
        return fail(LUPE_CANCELLED, "%s was cancelled", progress->what);
    return LUPE_OK;
}

/* reorder: NULL, or how the documents are to be put into another order. */
static lupe_status entries_merge(struct store *store, const struct catalogue *catalogue,
                                 uint32_t first, uint32_t count,
                                 const lupe_optimize_options *reorder,
                                 const struct progress *progress)
{
    lupe_status status = LUPE_OK;
    struct merge *merge = NULL;
    struct merge_options options = options_of(catalogue);
    bool done = false;
    struct merge_source *sources = memory_alloc(count * sizeof *sources);
    if (!sources)
        return fail_memory();
    if (reorder) {
        options.reorder = true;
        options.memory_bytes = reorder->memory_bytes;
    }
    for (uint32_t i = 0; i < count; i++)
        sources[i] = (struct merge_source){&catalogue->segments[first + i], NULL};
    TRY(merge_begin(store, &options, sources, count, &merge));
    while (!done) {
        TRY(progress_tell(progress, merge_share(merge)));
        TRY(merge_step(merge, STEP_BYTES, &done));
    }
    TRY(merge_publish(merge));
out:
    merge_close(merge);
    memory_free(sources);
    return status;
}

static lupe_status catalogue_now(struct store *store, struct catalogue *catalogue)
{
    struct store_read *read = NULL;
    lupe_status status = store_read_begin(store, &read);
    if (status == LUPE_OK)
        status = catalogue_load(read, catalogue);
    if (status == LUPE_OK)
        status = catalogue_check_writable(catalogue);
    store_read_end(read);
    return status;
}

/* One merge, if the policy wants one. *input is how much may still be merged by choice. */
static lupe_status merge_once(struct store *store, uint64_t *input, bool *more)
{
    lupe_status status = LUPE_OK;
    struct policy_segment *segments = NULL;
    struct policy_choice choice;
    struct catalogue catalogue;
    struct policy_limits limits = {SEGMENTS_MAX, SEGMENT_DOCUMENTS_MAX,
                                   *input < MERGE_BYTES_MAX ? *input : MERGE_BYTES_MAX, *input};

    *more = false;
    catalogue_init(&catalogue);
    TRY(catalogue_now(store, &catalogue));
    segments = memory_alloc(catalogue.segment_count * sizeof *segments);
    if (!segments) {
        status = fail_memory();
        goto out;
    }
    uint32_t live_segments = catalogue.segment_count;
    for (uint32_t i = 0; i < catalogue.segment_count; i++)
        segments[i] = policy_of(&catalogue.segments[i], catalogue.segments[i].deleted);
    if (!policy_choose(segments, live_segments, &limits, &choice))
        goto out;
    for (uint32_t i = 0; i < choice.count; i++) {
        uint64_t bytes = segments[choice.first + i].bytes;
        *input -= bytes < *input ? bytes : *input;
    }
    TRY(entries_merge(store, &catalogue, choice.first, choice.count, NULL, NULL));
    *more = true;
out:
    memory_free(segments);
    catalogue_free(&catalogue);
    return status;
}

void upkeep_after_commit(struct store *store, const struct run *run, const lupe_open_options *hooks)
{
    uint64_t input = 0;
    bool more = true;
    char message[MESSAGE_BYTES_MAX];

    for (uint32_t i = 0; i < run->segment_count; i++)
        input += segment_entry_bytes(&run->segments[i].entry) * REWRITE_RATIO;
    if (input < REWRITE_BYTES_MIN)
        input = REWRITE_BYTES_MIN;
    if (store_lock(store, STORE_LOCK_MAINTENANCE, 0) != LUPE_OK)
        return; /* another merges */
    lupe_status status = LUPE_OK;
    while (status == LUPE_OK && more)
        status = merge_once(store, &input, &more);
    store_unlock(store, STORE_LOCK_MAINTENANCE);
    if (status != LUPE_OK && hooks && hooks->log) {
        snprintf(message, sizeof message, "merging after a commit failed, the commit stands: %s",
                 lupe_last_error());
        hooks->log(hooks->user, message);
    }
}

/* ---- everything */

/* Neighbours from first on that fit into one segment. */
static uint32_t group_count(const struct catalogue *catalogue, uint32_t first)
{
    uint64_t documents = 0;
    uint64_t section_bytes = 0;
    uint32_t count = 0;
    while (first + count < catalogue->segment_count) {
        const struct segment_entry *entry = &catalogue->segments[first + count];
        documents += entry->documents - entry->deleted;
        section_bytes += segment_entry_section_bytes(entry);
        if (count &&
            (documents > SEGMENT_DOCUMENTS_MAX || section_bytes > SEGMENT_SECTION_BYTES_MAX))
            break;
        count++;
    }
    return count;
}

/* Merges neighbours; where a section would outgrow its offsets, each half for itself. */
static lupe_status group_merge(struct store *store, const struct catalogue *catalogue,
                               uint32_t first, uint32_t count, const lupe_optimize_options *reorder,
                               const struct progress *progress)
{
    if (count == 1 && catalogue->segments[first].deleted == 0 && !reorder)
        return LUPE_OK;
    lupe_status status = entries_merge(store, catalogue, first, count, reorder, progress);
    if (status != LUPE_LIMIT || count == 1)
        return status == LUPE_LIMIT ? LUPE_OK : status;
    status = group_merge(store, catalogue, first, count / 2, reorder, progress);
    return status == LUPE_OK ? group_merge(store, catalogue, first + count / 2, count - count / 2,
                                           reorder, progress)
                             : status;
}

lupe_status upkeep_optimize(struct store *store, const lupe_optimize_options *options,
                            const lupe_open_options *hooks)
{
    lupe_status status = LUPE_OK;
    const lupe_optimize_options *reorder = options->flags & LUPE_OPTIMIZE_REORDER ? options : NULL;
    struct catalogue catalogue;
    uint64_t bytes_total = 1;
    uint64_t bytes_done = 0;

    catalogue_init(&catalogue);
    status = store_lock(store, STORE_LOCK_MAINTENANCE, 0);
    if (status != LUPE_OK)
        return status;
    TRY(catalogue_now(store, &catalogue));
    for (uint32_t i = 0; i < catalogue.segment_count; i++)
        bytes_total += segment_entry_bytes(&catalogue.segments[i]);
    for (uint32_t first = 0, count; first < catalogue.segment_count; first += count) {
        uint64_t bytes = 0;
        count = group_count(&catalogue, first);
        for (uint32_t i = 0; i < count; i++)
            bytes += segment_entry_bytes(&catalogue.segments[first + i]);
        struct progress progress = {hooks, "optimize", (double)bytes_done / (double)bytes_total,
                                    (double)bytes / (double)bytes_total};
        TRY(group_merge(store, &catalogue, first, count, reorder, &progress));
        bytes_done += bytes;
    }
    struct progress end = {hooks, "optimize", 1.0, 0.0};
    status = progress_tell(&end, 1.0);
    if (status == LUPE_CANCELLED) /* too late: all is done */
        status = LUPE_OK;
out:
    store_unlock(store, STORE_LOCK_MAINTENANCE);
    catalogue_free(&catalogue);
    return status;
}

void upkeep_shrink(struct store *store)
{
    struct store_space space;
    lupe_status ignored = LUPE_OK; /* LUPE_BUSY, as a rule: another time */
    if (store_space(store, &space) != LUPE_OK || space.file_bytes > SHRINK_FILE_BYTES_MAX)
        return;
    if (space.free_bytes > space.file_bytes - space.free_bytes + SHRINK_SLACK_BYTES)
        ignored = store_compact(store, NULL, NULL);
    (void)ignored;
}
