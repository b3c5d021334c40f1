/* SPDX-License-Identifier: MIT
 *
 * test_store_copy.c - copies have the same content, while others write, too; compaction in
 * place shrinks the file, only where nobody else has it, and loses nothing at any moment.
 */
#include <errno.h>
#include <sys/stat.h>

#include "store_helpers.h"

#define SEED 20250608u

/* Random keys, many of them deleted again: free pages in the file. */
static void grow(struct store *store, uint64_t seed)
{
    struct support_random random = support_random_of(seed);

    for (unsigned round = 0; round < 30; round++) {
        struct store_write *write = NULL;
        uint8_t value[20000];
        must(store_write_begin(store, &write));
        for (uint32_t number = 0; number < 20; number++) {
            support_random_bytes(&random, value, sizeof value);
            must(store_put(write, round, number, value,
                           (size_t)support_random_below(&random, sizeof value)));
        }
        if (round % 3)
            must(store_delete_segment(write, round - 1));
        must(store_write_commit(write));
    }
}

static void expect_same(struct store *one, struct store *other)
{
    struct store_read *reads[2];
    uint32_t segments[2] = {0, 0};
    uint32_t numbers[2] = {0, 0};

    must(store_read_begin(one, &reads[0]));
    must(store_read_begin(other, &reads[1]));
    for (;;) {
        const uint8_t *values[2];
        size_t sizes[2];
        lupe_status status[2];
        for (unsigned side = 0; side < 2; side++)
            status[side] = store_seek(reads[side], &segments[side], &numbers[side], &values[side],
                                      &sizes[side]);
        cr_assert_eq(status[0], status[1]);
        if (status[0] == LUPE_NOT_FOUND)
            break;
        must(status[0]);
        cr_assert(segments[0] == segments[1] && numbers[0] == numbers[1] && sizes[0] == sizes[1]);
        cr_assert_eq(memcmp(values[0], values[1], sizes[0]), 0);
        numbers[0]++;
        numbers[1]++;
    }
    store_read_end(reads[0]);
    store_read_end(reads[1]);
}

static off_t size_of(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 ? about.st_size : -1;
}

struct watch {
    unsigned calls;
    unsigned cancel_at; /* 0: never */
    double last;
};

static bool watch_progress(void *user, double done)
{
    struct watch *watch = user;

    cr_assert(done >= watch->last && done <= 1.0);
    watch->last = done;
    return ++watch->calls != watch->cancel_at;
}

Test(store_copy, a_copy_has_the_same_content)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);

    grow(store, SEED);
    for (unsigned compact = 0; compact < 2; compact++) {
        const char *copy_path = support_path(compact ? "compact" : "plain");
        struct watch watch = {0, 0, 0.0};
        must(store_copy(store, copy_path, compact, watch_progress, &watch));
        cr_assert(watch.calls >= 2 && watch.last == 1.0);
        must(store_check_pages(copy_path, helper_print, NULL));
        struct store *copy = helper_open(copy_path);
        expect_same(store, copy);
        helper_put(copy, 77, 1, 30000);
        must(store_check(copy, helper_print, NULL));
        store_close(copy);
    }
    cr_assert_lt(size_of(support_path("compact")), size_of(path));
    store_close(store);
    support_no_leaks();
}

Test(store_copy, a_copy_spares_what_exists)
{
    struct store *store = helper_create(support_path("a"));
    const char *path = support_path("b");
    size_t size = 0;

    helper_put(store, 1, 1, 10);
    support_write_file(path, "text", 4);
    must_give(store_copy(store, path, true, NULL, NULL), LUPE_EXISTS);
    uint8_t *bytes = support_read_file(path, &size);
    cr_assert(size == 4 && memcmp(bytes, "text", 4) == 0);
    free(bytes);
    must_give(store_copy(store, support_path("no/such"), true, NULL, NULL), LUPE_NOT_FOUND);
    must_give(store_copy(store, store_path(store), true, NULL, NULL), LUPE_EXISTS);
    store_close(store);
    support_no_leaks();
}

Test(store_copy, a_cancelled_copy_leaves_nothing)
{
    struct store *store = helper_create(support_path("a"));

    grow(store, SEED);
    for (unsigned at = 1; at < 3; at++) {
        struct watch watch = {0, at, 0.0};
        must_give(store_copy(store, support_path("b"), true, watch_progress, &watch),
                  LUPE_CANCELLED);
        cr_assert_eq(size_of(support_path("b")), -1);
        watch = (struct watch){0, at, 0.0};
        must_give(store_compact(store, watch_progress, &watch), LUPE_CANCELLED);
        helper_put(store, 1, 1000 + at, 10);
    }
    store_close(store);
    support_no_leaks();
}

/* One process writes pairs, this one copies: a copy never shows half a pair. */
Test(store_copy, a_copy_beside_a_writer_is_one_commit)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();

    grow(store, SEED);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        store = helper_open(path);
        for (uint32_t round = 0; round < 60; round++) {
            struct store_write *write = NULL;
            if (store_write_begin(store, &write) ||
                store_put(write, 100, 1, &round, sizeof round) ||
                store_put(write, 200, 1, &round, sizeof round) || store_write_commit(write))
                _exit(1);
            if (round == 0)
                helper_tell(&ready);
        }
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    store = helper_open(path);
    for (unsigned round = 0; round < 10; round++) {
        const char *copy_path = support_path("b");
        struct store_read *read = NULL;
        const uint8_t *one = NULL;
        const uint8_t *two = NULL;
        size_t size = 0;
        must(store_copy(store, copy_path, round % 2, NULL, NULL));
        must(store_check_pages(copy_path, helper_print, NULL));
        struct store *copy = helper_open(copy_path);
        must(store_read_begin(copy, &read));
        must(store_get(read, 100, 1, &one, &size));
        must(store_get(read, 200, 1, &two, &size));
        cr_assert_eq(memcmp(one, two, sizeof(uint32_t)), 0);
        store_read_end(read);
        store_close(copy);
        cr_assert_eq(unlink(copy_path), 0);
    }
    helper_join(child);
    store_close(store);
    support_no_leaks();
}

/* ---------------------------------------------------------------- compaction */

Test(store_copy, compaction_shrinks_the_file_and_loses_nothing)
{
    const char *path = support_path("a");
    const char *link_path = support_path("link");
    struct store *store = helper_create(path);
    struct watch watch = {0, 0, 0.0};
    struct stat about;

    grow(store, SEED);
    must(store_copy(store, support_path("b"), false, NULL, NULL));
    store_close(store);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(symlink(path, link_path), 0);
    support_write_file(support_path("a.compact-12345"), "left over", 9);
    support_write_file(support_path("a.compact-mine"), "not ours", 8);
    off_t size_before = size_of(path);

    store = helper_open(link_path);
    must(store_compact(store, watch_progress, &watch));
    cr_assert(watch.calls >= 2 && watch.last == 1.0);
    cr_assert_lt(size_of(path), size_before);
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 07777, 0640u);
    cr_assert_eq(lstat(link_path, &about), 0);
    cr_assert(S_ISLNK(about.st_mode));
    cr_assert_eq(size_of(support_path("a.compact-12345")), -1);
    cr_assert_eq(size_of(support_path("a.compact-mine")), 8);

    struct store *copy = helper_open(support_path("b"));
    expect_same(store, copy);
    /* The handle goes on, others can come, locks and compaction work on the new file. */
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    struct store *second = helper_open(path);
    must_give(store_lock(second, STORE_LOCK_WRITER, 0), LUPE_BUSY);
    store_unlock(store, STORE_LOCK_WRITER);
    helper_put(second, 500, 1, 100000);
    helper_expect(store, 500, 1, 100000);
    store_close(second);
    must(store_compact(store, NULL, NULL));
    helper_expect(store, 500, 1, 100000);
    must(store_check(store, helper_print, NULL));
    store_close(store);
    store_close(copy);
    store = helper_open(path);
    helper_expect(store, 500, 1, 100000);
    store_close(store);
    support_no_leaks();
}

Test(store_copy, compaction_needs_the_file_alone)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_read *read = NULL;
    struct store_options options = helper_options();
    struct store *second = NULL;
    struct helper_line ready = helper_line_open();
    struct helper_line done = helper_line_open();

    grow(store, SEED);
    must(store_read_begin(store, &read));
    must_give(store_compact(store, NULL, NULL), LUPE_BUSY);
    store_read_end(read);
    must(store_open(path, &options, &second));
    must_give(store_compact(store, NULL, NULL), LUPE_BUSY);
    store_close(second);
    must(store_lock(store, STORE_LOCK_MAINTENANCE, 0));
    must_give(store_compact(store, NULL, NULL), LUPE_BUSY);
    store_close(store);

    pid_t child = fork();
    if (child == 0) {
        options.read_only = true;
        store = NULL;
        if (store_open(path, &options, &store) != LUPE_OK)
            _exit(1);
        helper_tell(&ready);
        helper_await(&done);
        store_close(store);
        helper_tell(&ready);
        _exit(0);
    }
    helper_await(&ready);
    store = helper_open(path);
    must_give(store_compact(store, NULL, NULL), LUPE_BUSY);
    cr_assert_not_null(strstr(lupe_last_error(), "another process"));
    helper_put(store, 99, 1, 10);
    helper_tell(&done);
    helper_await(&ready);
    must(store_compact(store, NULL, NULL));
    helper_expect(store, 99, 1, 10);
    helper_join(child);
    store_close(store);
    support_no_leaks();
}

/* In the middle of a compaction, by way of its progress. */
struct intruder {
    const char *path;
    struct store *store;
    unsigned calls;
};

static bool intrude(void *user, double done)
{
    struct intruder *intruder = user;
    struct store_options options = helper_options();
    struct store *store = NULL;
    struct store_read *read = NULL;

    if (done == 1.0)
        return true;
    intruder->calls++;
    must_give(store_open(intruder->path, &options, &store), LUPE_BUSY);
    must_give(store_read_begin(intruder->store, &read), LUPE_BUSY);
    must_give(helper_try_put(intruder->store, 1, 1, 1), LUPE_BUSY);
    must_give(store_lock(intruder->store, STORE_LOCK_WRITER, 0), LUPE_BUSY);
    pid_t child = fork();
    if (child == 0)
        _exit(store_open(intruder->path, &options, &store) == LUPE_BUSY ? 0 : 1);
    helper_join(child);
    return true;
}

Test(store_copy, nobody_comes_in_during_compaction)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct intruder intruder = {path, store, 0};

    grow(store, SEED);
    uint64_t count = helper_count(store);
    must(store_compact(store, intrude, &intruder));
    cr_assert_geq(intruder.calls, 2);
    cr_assert_eq(helper_count(store), count);
    store_close(store);
    support_no_leaks();
}

/* Processes open, write, compact, close in turn and at once; every commit must survive. */
Test(store_copy, no_commit_is_lost_between_compactions)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    pid_t children[3];
    const uint32_t rounds = test_full() ? 200 : 40;

    helper_put(store, 1000, 0, 10);
    store_close(store);
    for (uint32_t number = 0; number < 3; number++) {
        children[number] = fork();
        if (children[number] != 0)
            continue;
        struct store_options options = helper_options();
        uint32_t put = 0;
        for (uint32_t round = 0; round < rounds || put == 0;) {
            lupe_status status = store_open(path, &options, &store);
            if (status == LUPE_BUSY)
                continue;
            if (status != LUPE_OK)
                _exit(1);
            if (number == 0)
                status = store_compact(store, NULL, NULL);
            else
                status = helper_try_put(store, number, round, 3000);
            if (status != LUPE_OK && !(number == 0 && status == LUPE_BUSY))
                _exit(2);
            put += status == LUPE_OK;
            round++;
            store_close(store);
        }
        _exit(0);
    }
    for (uint32_t number = 0; number < 3; number++)
        helper_join(children[number]);
    store = helper_open(path);
    for (uint32_t round = 0; round < rounds; round++) {
        helper_expect(store, 1, round, 3000);
        helper_expect(store, 2, round, 3000);
    }
    must(store_check(store, helper_print, NULL));
    store_close(store);
    support_no_leaks();
}
