/* SPDX-License-Identifier: MIT
 *
 * lupe_upkeep.c - the public functions that look after a file: check, optimize, compact, backup.
 * write/upkeep.h and store/store.h do the work.
 */
#include <stdio.h>

#include "lupe_index.h"
#include "segment/view.h"
#include "segment/word_list.h"
#include "write/upkeep.h"

/* ---- checking */

struct findings {
    void (*report)(void *user, const char *finding);
    void *user;
    uint64_t count;
};

static void finding_take(void *user, const char *finding)
{
    struct findings *findings = user;
    findings->count++;
    if (findings->report)
        findings->report(findings->user, finding);
}

/* A check that found something goes on with the next part; damage that was not reported is. What
 * stops it is an error of another kind. */
static lupe_status check_end(struct findings *findings, uint64_t count_before, lupe_status status)
{
    if (status != LUPE_CORRUPT && status != LUPE_NOT_INDEX)
        return status;
    if (findings->count == count_before)
        finding_take(findings, lupe_last_error());
    return LUPE_OK;
}

/* An id that is live in two segments would be found twice. Ids are walked in the order of their
 * keys through all segments side by side. */
static lupe_status check_ids(struct view *view, struct findings *findings)
{
    lupe_status status = LUPE_OK;
    struct buffer id = BUFFER_INIT(0);
    uint32_t other;
    char finding[MESSAGE_BYTES_MAX];
    for (uint32_t s = 1; s < view->catalogue.segment_count; s++) {
        struct segment *segment = view->segments[s];
        for (uint32_t i = 0; i < segment->entry.documents; i++) {
            if (!live_has(&segment->live, i))
                continue;
            buffer_clear(&id);
            TRY(segment_id(segment, i, &id));
            for (uint32_t before = 0; before < s; before++) {
                status = segment_find_id(view->segments[before], id.data, id.size, &other);
                if (status == LUPE_OK && live_has(&view->segments[before]->live, other)) {
                    snprintf(finding, sizeof finding,
                             "segments %u and %u both have a live document %.*s",
                             view->segments[before]->entry.number, segment->entry.number,
                             (int)(id.size < 200 ? id.size : 200), (const char *)id.data);
                    finding_take(findings, finding);
                } else if (status != LUPE_OK && status != LUPE_NOT_FOUND) {
                    goto out;
                }
            }
        }
    }
    status = LUPE_OK;
out:
    buffer_free(&id);
    return status;
}

/* Unpacking looks at every checksum. */
static lupe_status check_word_list(const struct view *view)
{
    struct buffer words = BUFFER_INIT(0);
    lupe_status status = LUPE_OK;
    if (view->catalogue.ignorable & CATALOGUE_HAS_WORDS)
        status = word_list_get(view->read, &words);
    buffer_free(&words);
    return status;
}

static lupe_status check_segments(struct store *store, struct findings *findings)
{
    lupe_status status = LUPE_OK;
    struct view *view = NULL;
    uint64_t count = findings->count;

    TRY(check_end(findings, count, view_open(store, &view)));
    count = findings->count;
    if (view)
        TRY(check_end(findings, count, check_word_list(view)));
    for (uint32_t i = 0; view && i < view->catalogue.segment_count; i++) {
        count = findings->count;
        TRY(check_end(findings, count, segment_check(view->segments[i], finding_take, findings)));
    }
    if (view && findings->count == 0)
        TRY(check_end(findings, 0, check_ids(view, findings)));
out:
    view_close(view);
    return status;
}

static lupe_status findings_status(const struct findings *findings, const char *path)
{
    if (findings->count == 0)
        return LUPE_OK;
    return fail(LUPE_CORRUPT, "%s: the check has %llu findings", path,
                (unsigned long long)findings->count);
}

lupe_status lupe_index_check(lupe_index *index, void (*report)(void *user, const char *finding),
                             void *user)
{
    lupe_status status = LUPE_OK;
    struct findings findings = {report, user, 0};
    if (!index)
        return fail(LUPE_INVALID, "lupe_index_check: no index");
    TRY(store_usable(index->store));
    TRY(check_end(&findings, 0,
                  store_check_pages(store_path(index->store), finding_take, &findings)));
    TRY(check_segments(index->store, &findings));
    status = findings_status(&findings, store_path(index->store));
out:
    return status;
}

lupe_status lupe_check_file(const char *path, void (*report)(void *user, const char *finding),
                            void *user)
{
    lupe_status status = LUPE_OK;
    struct findings findings = {report, user, 0};
    struct store_options options = {.read_only = true};
    struct store *store = NULL;
    if (!path)
        return fail(LUPE_INVALID, "lupe_check_file: no path");
    status = store_check_pages(path, finding_take, &findings);
    if (status != LUPE_OK) /* LMDB must not follow these pages */
        return findings.count ? findings_status(&findings, path) : status;
    TRY(store_open(path, &options, &store));
    TRY(check_segments(store, &findings));
    status = findings_status(&findings, path);
out:
    store_close(store);
    return status;
}

/* ---- the whole file */

struct copy_progress {
    const lupe_open_options *hooks;
    const char *what;
};

static bool copy_tell(void *user, double done)
{
    const struct copy_progress *progress = user;
    return !progress->hooks->progress ||
           progress->hooks->progress(progress->hooks->user, progress->what, done);
}

static lupe_status index_usable(lupe_index *index, const char *function, bool writing)
{
    if (!index)
        return fail(LUPE_INVALID, "%s: no index", function);
    lupe_status status = store_usable(index->store);
    if (status == LUPE_OK && writing &&
        index->options.flags & (LUPE_OPEN_READ_ONLY | LUPE_OPEN_IMMUTABLE))
        return fail(LUPE_MISUSE, "%s is open for reading only", store_path(index->store));
    return status;
}

lupe_status lupe_index_optimize(lupe_index *index, const lupe_optimize_options *given)
{
    lupe_status status = LUPE_OK;
    lupe_optimize_options options = LUPE_OPTIMIZE_OPTIONS_INIT;
    TRY(index_usable(index, "lupe_index_optimize", true));
    TRY(options_take(&options, sizeof options, given, "lupe_optimize_options"));
    if (options.flags & ~LUPE_OPTIMIZE_REORDER)
        return fail(LUPE_UNSUPPORTED, "lupe_index_optimize: flag 0x%x is not known",
                    options.flags & ~LUPE_OPTIMIZE_REORDER);
    if (options.memory_bytes < WRITER_MEMORY_MIN || options.memory_bytes > WRITER_MEMORY_MAX)
        return fail(LUPE_INVALID, "memory_bytes must lie between 1 MiB and 64 GiB");
    status = upkeep_optimize(index->store, &options, &index->options);
out:
    return status;
}

static lupe_status copy_to(lupe_index *index, const char *path, bool compact, const char *what)
{
    struct copy_progress progress = {&index->options, what};
    if (!path)
        return fail(LUPE_INVALID, "%s: no path", what);
    return store_copy(index->store, path, compact, copy_tell, &progress);
}

lupe_status lupe_index_compact_to(lupe_index *index, const char *path)
{
    lupe_status status = index_usable(index, "lupe_index_compact_to", false);
    return status == LUPE_OK ? copy_to(index, path, true, "compact") : status;
}

lupe_status lupe_index_backup(lupe_index *index, const char *path)
{
    lupe_status status = index_usable(index, "lupe_index_backup", false);
    return status == LUPE_OK ? copy_to(index, path, false, "backup") : status;
}

lupe_status lupe_index_compact(lupe_index *index)
{
    lupe_status status = index_usable(index, "lupe_index_compact", true);
    struct copy_progress progress = {index ? &index->options : NULL, "compact"};
    return status == LUPE_OK ? store_compact(index->store, copy_tell, &progress) : status;
}
