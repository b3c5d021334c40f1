/* SPDX-License-Identifier: MIT
 *
 * test_write_faults.c - every allocation and every call of the store fails once, through put,
 * delete, commit and merging: the file then has the state before or after, is sound, and
 * nothing leaks.
 */
#include <errno.h>

#include "write_helpers.h"

#define DOCUMENTS 24

static struct helper_document made;

static lupe_status put(lupe_writer *writer, uint32_t number, uint64_t version)
{
    helper_document(&made, number, version, 20);
    return lupe_writer_put(writer, &made.document);
}

/* Commits of two documents each, so that the ninth makes a merge. */
static void base_make(const char *path, int commits)
{
    lupe_index *index = helper_create(path, 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    for (int commit = 0; commit < commits; commit++) {
        must(put(writer, (uint32_t)(2 * commit) % DOCUMENTS, 1));
        must(put(writer, (uint32_t)(2 * commit + 1) % DOCUMENTS, 1));
        must(lupe_writer_commit(writer));
    }
    lupe_writer_close(writer);
    lupe_index_close(index);
}

static void file_copy(const char *from, const char *to)
{
    size_t size;
    char lock[512];
    uint8_t *bytes = support_read_file(from, &size);
    snprintf(lock, sizeof lock, "%s-lock", to);
    remove(lock);
    support_write_file(to, bytes, size);
    free(bytes);
}

enum then { NOTHING, OPTIMIZE, REORDER };

/* The change under test: version 2 of some documents, some deleted, one commit (or two). */
static lupe_status change(lupe_index *index, const lupe_writer_options *options, enum then then)
{
    lupe_status status = LUPE_OK;
    lupe_optimize_options optimize = LUPE_OPTIMIZE_OPTIONS_INIT;
    lupe_writer *writer = NULL;
    TRY(lupe_writer_open(index, options, &writer));
    for (uint32_t i = 0; i < DOCUMENTS; i += 3)
        TRY(put(writer, i, 2));
    TRY(lupe_writer_delete(writer, "id/1", 4));
    TRY(lupe_writer_commit(writer));
    if (then == REORDER)
        optimize.flags = LUPE_OPTIMIZE_REORDER;
    if (then != NOTHING)
        TRY(lupe_index_optimize(index, &optimize));
out:
    lupe_writer_close(writer);
    return status;
}

static bool has_version(lupe_snapshot *snapshot, uint32_t number, uint64_t version)
{
    const lupe_document *stored;
    helper_document(&made, number, version, 20);
    lupe_status status = lupe_snapshot_get(snapshot, made.id, made.document.id_size, &stored);
    cr_assert(status == LUPE_OK || status == LUPE_NOT_FOUND);
    return status == LUPE_OK && helper_same_values(stored, &made.document);
}

/* All of the change is there, or nothing of it. Tells which. */
static bool state_verify(const char *path, int commits)
{
    lupe_snapshot *snapshot = NULL;
    lupe_index *index = helper_open(path);
    helper_check(index);
    must(lupe_snapshot_open(index, &snapshot));
    bool changed = has_version(snapshot, 0, 2);
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        bool was = i < 2 * (uint32_t)commits;
        bool expect_new = changed && i % 3 == 0;
        bool expect_old = !expect_new && was && !(changed && i == 1);
        cr_assert_eq(has_version(snapshot, i, 2), expect_new, "document %u", i);
        cr_assert_eq(has_version(snapshot, i, 1), expect_old, "document %u", i);
    }
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    return changed;
}

static size_t step_of(size_t n)
{
    return test_full() ? 1 : 1 + n / 12;
}

struct scenario {
    int commits;
    uint32_t threads;
    enum then then;
};

static const struct scenario scenarios[] = {
    {0, 1, NOTHING}, {3, 1, OPTIMIZE}, {3, 1, REORDER}, {8, 1, NOTHING}, {12, 1, NOTHING}};

Test(write_faults, allocations)
{
    support_fail_allocation(0);
    for (size_t s = 0; s < sizeof scenarios / sizeof *scenarios; s++) {
        const char *base = support_path("base.lupe");
        const char *path = support_path("fault.lupe");
        remove(base);
        remove(support_path("base.lupe-lock"));
        base_make(base, scenarios[s].commits);
        for (size_t n = 1, failed = 1; failed; n += step_of(n)) {
            lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
            file_copy(base, path);
            lupe_index *index = helper_open(path);
            support_fail_allocation(n);
            lupe_status status = change(index, &options, scenarios[s].then);
            failed = support_allocation_failed();
            support_fail_allocation(0);
            /* A merge after the commit may fail without the commit failing. */
            cr_assert(status == LUPE_OK || (failed && status == LUPE_NO_MEMORY),
                      "allocation %zu: %s: %s", n, lupe_status_name(status), lupe_last_error());
            lupe_index_close(index);
            support_no_leaks();
            bool changed = state_verify(path, scenarios[s].commits);
            cr_assert(changed || status != LUPE_OK);
        }
    }
}

Test(write_faults, store)
{
    const int errors[] = {EIO, ENOSPC, ENOMEM};
    for (size_t s = 0; s < sizeof scenarios / sizeof *scenarios; s++) {
        const char *base = support_path("base.lupe");
        const char *path = support_path("fault.lupe");
        remove(base);
        remove(support_path("base.lupe-lock"));
        base_make(base, scenarios[s].commits);
        unsigned quiet = 0; /* runs in which nothing failed, so that the end was reached */
        for (size_t n = 1; quiet < 3; n += step_of(n)) {
            lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
            file_copy(base, path);
            lupe_index *index = helper_open(path);
            store_fail_after(n, errors[n % 3]);
            lupe_status status = change(index, &options, scenarios[s].then);
            store_fail_after(0, 0);
            quiet = status == LUPE_OK ? quiet + 1 : 0;
            cr_assert_neq(status, LUPE_CORRUPT, "call %zu: %s", n, lupe_last_error());
            lupe_index_close(index);
            support_no_leaks();
            bool changed = state_verify(path, scenarios[s].commits);
            cr_assert(changed || status != LUPE_OK);
        }
    }
}

/* A batch for threads, a run of several flushes: too long to fail everywhere. */
Test(write_faults, threads_and_flushes)
{
    static struct model model;
    support_fail_allocation(0);
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        for (size_t n = 100, failed = 1; failed; n += n / (test_full() ? 20 : 3)) {
            const char *path = support_path("fault.lupe");
            remove(path);
            remove(support_path("fault.lupe-lock"));
            lupe_index *index = helper_create(path, 0);
            lupe_writer *writer = helper_writer(index, 1 << 20, threads);
            lupe_status status = LUPE_OK;
            model_init(&model, 1000, 250);
            for (uint32_t i = 0; i < 500; i++)
                model_put(&model, writer, i);
            model_commit(&model, writer);
            support_fail_allocation(n);
            for (uint32_t i = 0; i < 2500 && status == LUPE_OK; i++) {
                helper_document(&made, i * 7 % 1000, i + 5, 250);
                status = lupe_writer_put(writer, &made.document);
            }
            if (status != LUPE_OK)
                must_give(lupe_writer_put(writer, &made.document), LUPE_MISUSE);
            else
                status = lupe_writer_commit(writer);
            failed = support_allocation_failed();
            support_fail_allocation(0);
            cr_assert(status == LUPE_OK || (failed && status == LUPE_NO_MEMORY),
                      "allocation %zu: %s", n, lupe_last_error());
            lupe_writer_rollback(writer);
            helper_check(index);
            if (status != LUPE_OK)
                model_verify(&model, index);
            must(put(writer, 1, 1)); /* the writer is as new */
            must(lupe_writer_commit(writer));
            helper_check(index);
            lupe_writer_close(writer);
            lupe_index_close(index);
            support_no_leaks();
        }
    }
}
