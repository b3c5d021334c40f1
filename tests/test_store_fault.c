/* SPDX-License-Identifier: MIT
 *
 * test_store_fault.c - every call to LMDB and to the file system fails in turn, every allocation
 * too: nothing leaks, nothing committed is lost, nothing half made stays, the handle goes on.
 */
#include <dirent.h>
#include <errno.h>
#include <lmdb.h>

#include "store_helpers.h"

#define CALLS_MAX 100000ul /* a scenario that goes on for ever */

static const int faults[] = {EIO,          ENOMEM,          ENOSPC,    EACCES,
                             MDB_MAP_FULL, MDB_MAP_RESIZED, MDB_PANIC, MDB_CORRUPTED};
#define FAULTS (sizeof faults / sizeof *faults)

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void remove_index(const char *path)
{
    char lock_path[4200];

    snprintf(lock_path, sizeof lock_path, "%s-lock", path);
    unlink(path);
    unlink(lock_path);
}

/* Files in the test's directory whose name has this part. */
static unsigned count_files(const char *part)
{
    DIR *folder = opendir(support_directory());
    unsigned count = 0;

    cr_assert_not_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += strstr(entry->d_name, part) != NULL;
    closedir(folder);
    return count;
}

static struct store_options verifying_options(void)
{
    struct store_options options = helper_options();

    options.verify = true;
    return options;
}

/* ---------------------------------------------------------------- scenarios */

/* A life: made, written to, read, locked, opened anew, changed. *commits: what was promised. */
static lupe_status life(const char *path, unsigned *commits)
{
    struct store_options options = helper_options();
    struct store *store = NULL;
    struct store_read *read = NULL;
    struct store_write *write = NULL;
    struct store_space space;
    const uint8_t *value = NULL;
    size_t size = 0;
    uint32_t segment = 0;
    uint32_t number = 0;
    lupe_status status = LUPE_OK;

    *commits = 0;
    options.create = true;
    TRY(store_open(path, &options, &store));
    TRY(helper_try_put(store, 1, 0, 100));
    ++*commits;
    TRY(helper_try_put(store, 1, 1, 50000));
    ++*commits;
    TRY(store_lock(store, STORE_LOCK_WRITER, 0));
    TRY(store_read_begin(store, &read));
    TRY(store_get(read, 1, 1, &value, &size));
    TRY(store_seek(read, &segment, &number, &value, &size));
    TRY(store_space(store, &space));
    TRY(store_check(store, NULL, NULL));
    store_read_end(read);
    read = NULL;
    store_close(store);
    store = NULL;
    options = verifying_options();
    TRY(store_open(path, &options, &store));
    TRY(store_write_begin(store, &write));
    segment = 0;
    TRY(store_write_seek(write, &segment, &number));
    TRY(store_write_get(write, 1, 0, &value, &size));
    TRY(store_put(write, 1, 2, "x", 1));
    TRY(store_put(write, 1, 3, "x", 1));
    TRY(store_delete(write, 1, 3));
    TRY(store_put(write, 9, 3, "x", 1));
    TRY(store_delete_segment(write, 9));
    status = store_write_commit(write);
    write = NULL;
    TRY(status);
    ++*commits;
    TRY(store_check_pages(path, NULL, NULL));
out:
    store_write_abort(write);
    store_read_end(read);
    store_close(store);
    return status;
}

static void expect_life(const char *path, unsigned commits, const char *what, unsigned long call)
{
    struct store_options options = verifying_options();
    struct store *store = NULL;

    cr_assert_eq(lupe_allocations_live(), 0, "%s, call %lu: leaks", what, call);
    if (commits == 0) {
        cr_assert_not(exists(path), "%s, call %lu: a half made file stays", what, call);
        return;
    }
    lupe_status status = store_open(path, &options, &store);
    cr_assert_eq(status, LUPE_OK, "%s, call %lu: %s", what, call, lupe_last_error());
    cr_assert_eq(helper_count(store), commits, "%s, call %lu", what, call);
    helper_expect(store, 1, 0, 100);
    if (commits > 1)
        helper_expect(store, 1, 1, 50000);
    helper_put(store, 5, 5, 5);
    store_close(store);
    remove_index(path);
}

Test(store_fault, every_call_fails_in_turn)
{
    char path[4096];
    char what[64];
    unsigned commits = 0;

    snprintf(path, sizeof path, "%s", support_path("a"));
    for (unsigned fault = 0; fault < FAULTS; fault++) {
        snprintf(what, sizeof what, "fault %d", faults[fault]);
        unsigned long failed = 0;
        for (unsigned long call = 1;; call++) {
            cr_assert_lt(call, CALLS_MAX);
            unsigned long before = store_calls();
            store_fail_after(call, faults[fault]);
            lupe_status status = life(path, &commits);
            bool reached = store_calls() - before >= call;
            store_fail_after(0, 0);
            failed += status != LUPE_OK;
            if (status == LUPE_OK)
                cr_assert_eq(commits, 3);
            expect_life(path, commits, what, call);
            if (!reached)
                break;
        }
        cr_assert_gt(failed, 30, "%s: only %lu failures", what, failed);
    }
    support_no_leaks();
}

Test(store_fault, every_allocation_fails_in_turn)
{
    char path[4096];
    unsigned commits = 0;
    size_t failures = 0;

    snprintf(path, sizeof path, "%s", support_path("a"));
    for (size_t number = 1, failed = 1; failed; number++) {
        support_fail_allocation(number);
        lupe_status status = life(path, &commits);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %s", number,
                     lupe_status_name(status));
        expect_life(path, commits, "allocation", number);
        failures += failed;
    }
    cr_assert_gt(failures, 5);
    support_no_leaks();
}

/* An open that fails leaves no lock file where none was. */
Test(store_fault, a_failed_open_leaves_no_trace)
{
    char path[4096];
    char lock_path[4200];

    snprintf(path, sizeof path, "%s", support_path("a"));
    snprintf(lock_path, sizeof lock_path, "%s-lock", path);
    struct store *store = helper_create(path);
    helper_put(store, 1, 1, 1);
    store_close(store);
    for (unsigned long call = 1;; call++) {
        struct store_options options = helper_options();
        unlink(lock_path);
        unsigned long before = store_calls();
        store_fail_after(call, EIO);
        lupe_status status = store_open(path, &options, &store);
        bool reached = store_calls() - before >= call;
        store_fail_after(0, 0);
        cr_assert_eq(status == LUPE_OK, store != NULL);
        if (status != LUPE_OK)
            cr_assert_not(exists(lock_path), "call %lu", call);
        store_close(store);
        support_no_leaks();
        if (!reached)
            break;
    }
}

/* ---------------------------------------------------------------- copies */

static void make_index(const char *path)
{
    struct store *store = helper_create(path);

    for (uint32_t number = 0; number < 30; number++)
        helper_put(store, 1, number, 3000);
    for (uint32_t number = 0; number < 30; number++)
        helper_put(store, 1, number, 50);
    store_close(store);
}

Test(store_fault, a_failed_copy_leaves_nothing)
{
    char path[4096];
    char copy_path[4096];

    snprintf(path, sizeof path, "%s", support_path("a"));
    snprintf(copy_path, sizeof copy_path, "%s", support_path("b"));
    make_index(path);
    struct store *store = helper_open(path);
    for (unsigned fault = 0; fault < FAULTS; fault++) {
        for (unsigned long call = 1;; call++) {
            unsigned long before = store_calls();
            store_fail_after(call, faults[fault]);
            lupe_status status = store_copy(store, copy_path, call % 2, NULL, NULL);
            bool reached = store_calls() - before >= call;
            store_fail_after(0, 0);
            cr_assert_eq(exists(copy_path), status == LUPE_OK, "fault %d, call %lu", faults[fault],
                         call);
            if (status == LUPE_OK) {
                struct store *copy = helper_open(copy_path);
                cr_assert_eq(helper_count(copy), 30);
                store_close(copy);
                remove_index(copy_path);
            }
            if (!reached)
                break;
        }
    }
    store_close(store);
    support_no_leaks();
}

Test(store_fault, a_failed_compaction_does_no_harm)
{
    char path[4096];

    snprintf(path, sizeof path, "%s", support_path("a"));
    for (unsigned fault = 0; fault < FAULTS; fault++) {
        for (unsigned long call = 1;; call++) {
            make_index(path);
            struct store *store = helper_open(path);
            unsigned long before = store_calls();
            store_fail_after(call, faults[fault]);
            lupe_status status = store_compact(store, NULL, NULL);
            bool reached = store_calls() - before >= call;
            store_fail_after(0, 0);
            cr_assert_eq(count_files(".compact-"), 0, "fault %d, call %lu", faults[fault], call);
            cr_assert_eq(helper_count(store), 30, "fault %d, call %lu: %d", faults[fault], call,
                         status);
            helper_put(store, 2, 1, 10000);
            must(store_compact(store, NULL, NULL));
            must(store_lock(store, STORE_LOCK_WRITER, 0));
            store_close(store);
            must(store_check_pages(path, helper_print, NULL));
            store = helper_open(path);
            cr_assert_eq(helper_count(store), 31);
            store_close(store);
            remove_index(path);
            support_no_leaks();
            if (!reached)
                break;
        }
    }
}

Test(store_fault, copies_survive_failing_allocations)
{
    char path[4096];
    char copy_path[4096];

    snprintf(path, sizeof path, "%s", support_path("a"));
    snprintf(copy_path, sizeof copy_path, "%s", support_path("b"));
    support_fail_allocation(0);
    make_index(path);
    for (size_t number = 1, failed = 1; failed; number++) {
        struct store *store = helper_open(path);
        support_fail_allocation(number);
        lupe_status copied = store_copy(store, copy_path, true, NULL, NULL);
        lupe_status compacted = store_compact(store, NULL, NULL);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(copied != LUPE_OK || compacted != LUPE_OK, failed);
        cr_assert_eq(exists(copy_path), copied == LUPE_OK);
        cr_assert_eq(helper_count(store), 30);
        store_close(store);
        remove_index(copy_path);
        support_no_leaks();
    }
}
