/* SPDX-License-Identifier: MIT
 *
 * test_write_merge.c - merges step by step, with changes of another writer between the steps;
 * optimize; what stays small without it.
 */
#include <sys/stat.h>

#include "write/merge.h"
#include "write/upkeep.h"
#include "write_helpers.h"

static struct model model;

/* Several commits that nobody merges, since the test holds the maintenance lock. */
static void commits_make(lupe_index *index, lupe_writer *writer, struct support_random *random,
                         uint32_t commits, uint32_t changes)
{
    must(store_lock(index->store, STORE_LOCK_MAINTENANCE, 0));
    for (uint32_t commit = 0; commit < commits; commit++) {
        for (uint32_t i = 0; i < changes; i++)
            model_put(&model, writer, (uint32_t)support_random_below(random, model.ids));
        model_commit(&model, writer);
    }
}

static struct merge *merge_of(lupe_index *index, uint32_t first, uint32_t count, struct view **view)
{
    struct merge_source sources[16];
    struct merge *merge = NULL;
    cr_assert(count <= 16);
    must(view_open(index->store, view));
    cr_assert((*view)->catalogue.segment_count >= first + count);
    for (uint32_t i = 0; i < count; i++)
        sources[i] = (struct merge_source){&(*view)->catalogue.segments[first + i], NULL};
    struct merge_options options = {
        .k1 = (*view)->catalogue.k1, .b = (*view)->catalogue.b, .pairs = true, .forms = true};
    must(merge_begin(index->store, &options, sources, count, &merge));
    return merge;
}

static void change(lupe_writer *writer, struct support_random *random)
{
    uint32_t number = (uint32_t)support_random_below(random, model.ids);
    uint64_t kind = support_random_below(random, 12);
    if (kind == 0)
        model_commit(&model, writer);
    else if (kind == 1)
        model_rollback(&model, writer);
    else if (kind < 5)
        model_delete(&model, writer, number);
    else
        model_put(&model, writer, number);
}

/* changes_max: between two steps. A run that is open over the publishing has looked its ids up in
 * segments that are gone at its commit, when its budget made it flush. */
static void interleave(uint64_t seed, uint64_t step_bytes, uint32_t changes_max, size_t words)
{
    struct support_random random = support_random_of(seed);
    remove(support_path("merge.lupe"));
    lupe_index *index = helper_create(support_path("merge.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    struct view *view = NULL;
    bool done = false;
    model_init(&model, 300, words);
    commits_make(index, writer, &random, 6, 90);

    uint32_t first = (uint32_t)support_random_below(&random, 4);
    uint32_t count = 1 + (uint32_t)support_random_below(&random, 6 - first);
    struct merge *merge = merge_of(index, first, count, &view);
    while (!done) {
        for (uint64_t i = support_random_below(&random, changes_max + 1); i > 0; i--)
            change(writer, &random);
        must(merge_step(merge, step_bytes, &done));
    }
    cr_assert(merge_share(merge) >= 1.0);
    must(merge_publish(merge));
    merge_close(merge);
    view_close(view);
    helper_check(index);
    model_verify(&model, index);
    for (uint32_t i = 0; i < 5; i++)
        change(writer, &random);
    model_commit(&model, writer);
    helper_check(index);
    model_verify(&model, index);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    model_verify_optimized(&model, index, 0);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_merge, changes_between_all_steps)
{
    for (uint64_t seed = 1; seed <= (test_full() ? 200 : 25); seed++)
        interleave(seed, 1 + seed * 97 % 3000, 3, 15);
}

Test(write_merge, a_run_over_the_publishing_finds_its_documents_again)
{
    for (uint64_t seed = 1; seed <= (test_full() ? 40 : 5); seed++)
        interleave(1000 + seed, 100000, 500, 600);
}

Test(write_merge, everything_deleted_meanwhile_leaves_no_segment)
{
    struct support_random random = support_random_of(5);
    lupe_index *index = helper_create(support_path("merge.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    struct view *view = NULL;
    bool done = false;
    model_init(&model, 50, 15);
    commits_make(index, writer, &random, 4, 20);
    struct merge *merge = merge_of(index, 0, 4, &view);
    must(merge_step(merge, UINT64_MAX, &done));
    cr_assert(done);
    for (uint32_t i = 0; i < model.ids; i++)
        model_delete(&model, writer, i);
    model_commit(&model, writer);
    must(merge_publish(merge));
    merge_close(merge);
    view_close(view);
    must(view_open(index->store, &view));
    cr_assert_eq(view->catalogue.segment_count, 0);
    view_close(view);
    helper_check(index);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_merge, a_merge_given_up_leaves_nothing)
{
    struct support_random random = support_random_of(6);
    lupe_index *index = helper_create(support_path("merge.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    struct view *view = NULL;
    bool done = false;
    model_init(&model, 100, 15);
    commits_make(index, writer, &random, 4, 20);
    for (uint64_t bytes = 100; !done; bytes *= 2) {
        struct merge *merge = merge_of(index, 0, 4, &view);
        must(merge_step(merge, bytes, &done));
        merge_close(merge);
        view_close(view);
    }
    helper_check(index);
    model_verify(&model, index);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_merge, optimize_tells_progress_and_can_be_cancelled)
{
    struct support_random random = support_random_of(7);
    struct helper_told told = {0, 0.0, 3};
    lupe_index *index = helper_create(support_path("merge.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    model_init(&model, 2000, 600);
    commits_make(index, writer, &random, 4, 600);
    index->options.progress = helper_progress;
    index->options.user = &told;
    must_give(lupe_index_optimize(index, NULL), LUPE_BUSY); /* the lock is held */
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    must_give(lupe_index_optimize(index, NULL), LUPE_CANCELLED);
    cr_assert_eq(told.calls, 3);
    helper_check(index);
    model_verify(&model, index);
    told = (struct helper_told){0, 0.0, 0};
    must(lupe_index_optimize(index, NULL));
    cr_assert_eq(told.last, 1.0);
    model_verify_optimized(&model, index, 0);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

static uint64_t file_bytes(const char *path)
{
    struct stat stat_of;
    cr_assert_eq(stat(path, &stat_of), 0);
    return (uint64_t)stat_of.st_size;
}

static uint32_t segment_count(lupe_index *index)
{
    struct view *view = NULL;
    must(view_open(index->store, &view));
    uint32_t count = view->catalogue.segment_count;
    view_close(view);
    return count;
}

/* Commits of one document each: the file stays within twice one made by one commit, and 1 MiB. */
Test(write_merge, many_small_commits_stay_small)
{
    uint32_t documents = test_full() ? 4000 : 1200;
    static struct helper_document made;
    uint64_t sizes[2];
    for (int small = 0; small < 2; small++) {
        const char *path = support_path(small ? "small.lupe" : "big.lupe");
        lupe_index *index = helper_create(path, 0);
        lupe_writer *writer = helper_writer(index, 64 << 20, 1);
        for (uint32_t i = 0; i < documents; i++) {
            helper_document(&made, i, 1, 60);
            must(lupe_writer_put(writer, &made.document));
            if (small) {
                must(lupe_writer_commit(writer));
                cr_assert(i % 50 || segment_count(index) <= SEGMENTS_MAX);
            }
        }
        must(lupe_writer_commit(writer));
        helper_check(index);
        lupe_writer_close(writer);
        lupe_index_close(index);
        sizes[small] = file_bytes(path);
    }
    cr_assert(sizes[1] <= 2 * sizes[0] + (1 << 20),
              "%" PRIu64 " bytes after small commits, %" PRIu64 " after one", sizes[1], sizes[0]);
    support_no_leaks();
}

Test(write_merge, updates_without_end_stay_small)
{
    uint32_t updates = test_full() ? 20000 : 2000;
    struct support_random random = support_random_of(8);
    const char *path = support_path("updates.lupe");
    lupe_index *index = helper_create(path, 0);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    model_init(&model, 1000, 40);
    for (uint32_t i = 0; i < 1000; i++)
        model_put(&model, writer, i);
    model_commit(&model, writer);
    uint64_t fresh = file_bytes(path);
    for (uint32_t i = 0; i < updates; i++) {
        model_put(&model, writer, (uint32_t)support_random_below(&random, 1000));
        model_commit(&model, writer);
        if (i % 20 == 0)
            cr_assert(segment_count(index) <= SEGMENTS_MAX);
    }
    model_commit(&model, writer);
    cr_assert(segment_count(index) <= SEGMENTS_MAX);
    cr_assert(file_bytes(path) <= 3 * fresh, "%" PRIu64 " bytes, %" PRIu64 " fresh",
              file_bytes(path), fresh);
    lupe_writer_close(writer);
    model_verify(&model, index);
    model_verify_optimized(&model, index, 0);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_merge, backup_compact_and_check)
{
    struct support_random random = support_random_of(9);
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    model_init(&model, 300, 50);
    for (int commit = 0; commit < 20; commit++) {
        for (int i = 0; i < 40; i++)
            model_put(&model, writer, (uint32_t)support_random_below(&random, 300));
        model_commit(&model, writer);
    }
    must(lupe_index_backup(index, support_path("backup.lupe")));
    must(lupe_index_compact_to(index, support_path("compact.lupe")));
    must_give(lupe_index_backup(index, support_path("backup.lupe")), LUPE_EXISTS);
    lupe_writer_close(writer);
    must(lupe_index_compact(index));
    model_verify(&model, index);
    cr_assert_eq(file_bytes(support_path("a.lupe")), file_bytes(support_path("compact.lupe")));
    lupe_index_close(index);
    for (int i = 0; i < 2; i++) {
        const char *path = support_path(i ? "backup.lupe" : "compact.lupe");
        must(lupe_check_file(path, helper_print, NULL));
        index = helper_open(path);
        helper_check(index);
        model_verify(&model, index);
        lupe_index_close(index);
    }
    support_no_leaks();
}

static void count_finding(void *user, const char *finding)
{
    (void)finding;
    ++*(unsigned *)user;
}

/* A byte changed in an extent is found, whichever it is; a document live twice as well. */
Test(write_merge, check_finds_damage)
{
    static struct helper_document made;
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    for (uint32_t i = 0; i < 500; i++) {
        helper_document(&made, i, 1, 60);
        must(lupe_writer_put(writer, &made.document));
    }
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);

    struct view *view = NULL;
    unsigned findings = 0;
    must(view_open(index->store, &view));
    uint32_t number = view->catalogue.segments[0].number;
    view_close(view);
    for (unsigned section = SECTION_INDEX; section < SECTION_LIVE; section++) {
        struct store_write *write = NULL;
        const uint8_t *value;
        size_t size;
        must(store_write_begin(index->store, &write));
        if (store_write_get(write, number, extent_number(section, 0), &value, &size) == LUPE_OK) {
            uint8_t *copy = malloc(size);
            cr_assert_not_null(copy);
            memcpy(copy, value, size);
            copy[size / 20] ^= 0x40;
            must(store_put(write, number, extent_number(section, 0), copy, size));
            must(store_write_commit(write));
            findings = 0;
            must_give(lupe_index_check(index, count_finding, &findings), LUPE_CORRUPT);
            cr_assert(findings > 0);
            copy[size / 20] ^= 0x40;
            must(store_write_begin(index->store, &write));
            must(store_put(write, number, extent_number(section, 0), copy, size));
            must(store_write_commit(write));
            free(copy);
        } else {
            store_write_abort(write);
        }
    }
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}
