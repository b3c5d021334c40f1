/* SPDX-License-Identifier: MIT
 *
 * test_store_transaction.c - keys sort as numbers, values of all sizes, snapshots stand still
 * while a writer changes everything, deletions give pages back, threads and processes at once.
 */
#include <errno.h>
#include <lmdb.h>
#include <pthread.h>

#include "base/buffer.h"
#include "store_helpers.h"

#define SEED 20250607u

Test(store_transaction, values_of_all_sizes_come_back)
{
    struct store *store = helper_create(support_path("a"));
    static const size_t sizes[] = {0,    1,    7,    8,    2021, 2022, 2023,  2030,    4079,
                                   4080, 4081, 4096, 8175, 8176, 8177, 65536, 1048560, 3000000};

    for (uint32_t number = 0; number < sizeof sizes / sizeof *sizes; number++)
        helper_put(store, 3, number, sizes[number]);
    for (uint32_t number = 0; number < sizeof sizes / sizeof *sizes; number++)
        helper_expect(store, 3, number, sizes[number]);
    must(store_check(store, helper_print, NULL));
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, keys_sort_as_numbers)
{
    struct store *store = helper_create(support_path("a"));
    static const uint32_t numbers[] = {0,     1,        255,      256,       65535,
                                       65536, 1u << 24, 1u << 31, UINT32_MAX};
    const unsigned count = sizeof numbers / sizeof *numbers;
    struct store_read *read = NULL;
    const uint8_t *value = NULL;
    size_t size = 0;

    for (unsigned one = count; one-- > 0;)
        for (unsigned other = count; other-- > 0;)
            helper_put(store, numbers[one], numbers[other], 1);
    must(store_read_begin(store, &read));
    for (unsigned at = 0; at < count * count; at++) {
        uint32_t want_segment = numbers[at / count];
        uint32_t want_number = numbers[at % count];
        /* Each one is found exactly, and from the key behind the one before it. */
        uint32_t segment = at ? numbers[(at - 1) / count] : 0;
        uint32_t number = at ? numbers[(at - 1) % count] : 0;
        if (at) {
            segment += number == UINT32_MAX;
            number++;
        }
        must(store_seek(read, &segment, &number, &value, &size));
        cr_assert(segment == want_segment && number == want_number, "at %u: %u/%u", at, segment,
                  number);
        cr_assert(size == 1 && *value == (uint8_t)(segment * 31 + number * 7));
        must(store_get(read, segment, number, &value, &size));
    }
    uint32_t segment = 2;
    uint32_t number = 0;
    must_give(store_get(read, segment, number, &value, &size), LUPE_NOT_FOUND);
    cr_assert(value == NULL && size == 0);
    must(store_seek(read, &segment, &number, &value, &size));
    cr_assert(segment == 255 && number == 0);
    store_read_end(read);
    struct store_write *write = NULL;
    must(store_write_begin(store, &write));
    must(store_delete(write, UINT32_MAX, UINT32_MAX));
    segment = number = UINT32_MAX;
    must_give(store_write_seek(write, &segment, &number), LUPE_NOT_FOUND);
    store_write_abort(write);
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, an_empty_store_has_no_keys)
{
    struct store *store = helper_create(support_path("a"));
    struct store_read *read = NULL;
    const uint8_t *value = NULL;
    size_t size = 0;
    uint32_t segment = 0;
    uint32_t number = 0;

    must(store_read_begin(store, &read));
    must_give(store_get(read, 0, 0, &value, &size), LUPE_NOT_FOUND);
    must_give(store_seek(read, &segment, &number, &value, &size), LUPE_NOT_FOUND);
    store_read_end(read);
    store_read_end(NULL);
    store_write_abort(NULL);
    store_close(store);
    store_close(NULL);
    support_no_leaks();
}

Test(store_transaction, a_transaction_sees_its_changes_and_others_do_not)
{
    struct store *store = helper_create(support_path("a"));
    struct store_write *write = NULL;
    const uint8_t *value = NULL;
    size_t size = 0;

    helper_put(store, 1, 1, 10);
    must(store_write_begin(store, &write));
    must(store_put(write, 1, 1, "new", 3));
    must(store_put(write, 1, 2, "two", 3));
    must(store_write_get(write, 1, 1, &value, &size));
    cr_assert(size == 3 && memcmp(value, "new", 3) == 0);
    helper_expect(store, 1, 1, 10);
    cr_assert_eq(helper_count(store), 1);
    must(store_delete(write, 1, 1));
    must_give(store_delete(write, 1, 1), LUPE_NOT_FOUND);
    must_give(store_write_get(write, 1, 1, &value, &size), LUPE_NOT_FOUND);
    store_write_abort(write);
    helper_expect(store, 1, 1, 10);
    must(store_write_begin(store, &write));
    must(store_write_commit(write)); /* of nothing */
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, a_thread_has_one_write_transaction)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_write *write = NULL;
    struct store_write *second = NULL;

    helper_put(store, 1, 1, 1);
    struct store *other = helper_open(path);
    must(store_write_begin(store, &write));
    must_give(store_write_begin(store, &second), LUPE_MISUSE);
    must_give(store_write_begin(other, &second), LUPE_MISUSE);
    must_give(store_check(other, NULL, NULL), LUPE_MISUSE);
    cr_assert_null(second);
    must(store_write_commit(write));
    must(store_write_begin(other, &second));
    store_write_abort(second);
    store_close(other);
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, a_segment_is_deleted_whole_and_alone)
{
    struct store *store = helper_create(support_path("a"));
    struct store_write *write = NULL;
    struct store_space full;
    struct store_space emptied;

    for (uint32_t segment = 4; segment < 7; segment++)
        for (uint32_t number = 0; number < 300; number++)
            helper_put(store, segment, number * 1000003u, number % 3 ? 40 : 9000);
    helper_put(store, 5, UINT32_MAX, 5);
    helper_put(store, UINT32_MAX, 0, 5);
    must(store_space(store, &full));
    must(store_write_begin(store, &write));
    must(store_delete_segment(write, 5));
    must(store_delete_segment(write, 5));
    must(store_delete_segment(write, UINT32_MAX));
    must(store_delete_segment(write, 99));
    must(store_write_commit(write));
    cr_assert_eq(helper_count(store), 600);
    must(store_space(store, &emptied));
    cr_assert_geq(emptied.free_bytes, full.free_bytes + 100 * 9000);
    cr_assert_leq(emptied.free_bytes, emptied.file_bytes);
    must(store_check(store, helper_print, NULL));
    must(store_write_begin(store, &write));
    must(store_delete_segment(write, 4));
    must(store_delete_segment(write, 6));
    must(store_write_commit(write));
    cr_assert_eq(helper_count(store), 0);
    must(store_check(store, helper_print, NULL));
    store_close(store);
    support_no_leaks();
}

/* ---------------------------------------------------------------- snapshots */

Test(store_transaction, snapshots_stand_while_everything_changes)
{
    struct store *store = helper_create(support_path("a"));
    struct store_write *write = NULL;
    struct store_read *reads[8];
    const uint8_t *places[8];
    size_t size = 0;

    for (uint32_t round = 0; round < 8; round++) {
        must(store_write_begin(store, &write));
        for (uint32_t number = 0; number < 30; number++) {
            uint8_t value[9000];
            helper_value(value, sizeof value, round, number);
            must(store_put(write, 1, number, value, number % 2 ? 100 : sizeof value));
        }
        if (round)
            must(store_delete_segment(write, 1 + round));
        must(store_put(write, 2 + round, 0, "x", 1));
        must(store_write_commit(write));
        must(store_read_begin(store, &reads[round]));
        must(store_get(reads[round], 1, 0, &places[round], &size));
        cr_assert_eq(size, 9000);
    }
    for (uint32_t round = 0; round < 8; round++) {
        const uint8_t *value = NULL;
        uint8_t expected[9000];
        for (uint32_t number = 0; number < 30; number++) {
            must(store_get(reads[round], 1, number, &value, &size));
            helper_value(expected, sizeof expected, round, number);
            cr_assert_eq(size, number % 2 ? 100u : sizeof expected);
            cr_assert_eq(memcmp(value, expected, size), 0, "round %u number %u", round, number);
        }
        must(store_get(reads[round], 1, 0, &value, &size));
        cr_assert_eq(value, places[round], "a value moved");
        must(store_get(reads[round], 2 + round, 0, &value, &size));
        must_give(store_get(reads[round], 3 + round, 0, &value, &size), LUPE_NOT_FOUND);
        if (round)
            must_give(store_get(reads[round], 1 + round, 0, &value, &size), LUPE_NOT_FOUND);
    }
    /* Ended in another order than begun. */
    for (uint32_t round = 0; round < 8; round++)
        store_read_end(reads[(round * 3) % 8]);
    must(store_check(store, helper_print, NULL));
    store_close(store);
    support_no_leaks();
}

/* A snapshot pins pages; without it they are used again. */
static struct store_version version_of(struct store *store)
{
    struct store_read *read = NULL;
    must(store_read_begin(store, &read));
    struct store_version version = store_read_version(read);
    store_read_end(read);
    return version;
}

Test(store_transaction, every_commit_is_another_version)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_options options = helper_options();
    struct store *reader = NULL;
    struct store_read *old = NULL;
    struct store_write *write = NULL;

    helper_put(store, 1, 1, 100);
    options.read_only = true;
    must(store_open(path, &options, &reader));
    struct store_version version = version_of(reader);
    cr_assert(store_is_at(store, &version) && store_is_at(reader, &version));
    must(store_write_begin(store, &write));
    must(store_put(write, 1, 2, "x", 1));
    cr_assert(store_is_at(reader, &version), "nothing is committed yet");
    store_write_abort(write);
    cr_assert(store_is_at(reader, &version));

    helper_put(store, 1, 2, 100);
    cr_assert(!store_is_at(store, &version) && !store_is_at(reader, &version));
    version = version_of(store);
    cr_assert(store_is_at(reader, &version));
    store_close(reader);

    pid_t child = fork();
    if (child == 0) {
        struct store *own = helper_open(path);
        helper_put(own, 1, 3, 100);
        store_close(own);
        _exit(0);
    }
    must(store_read_begin(store, &old));
    helper_join(child);
    cr_assert(!store_is_at(store, &version), "another process committed");
    store_read_end(old);
    store_close(store);
    support_no_leaks();
}

/* A compacted file counts its commits from the beginning. */
Test(store_transaction, no_version_outlives_a_compaction)
{
    struct store *store = helper_create(support_path("a"));
    struct store_version versions[8];

    for (uint32_t number = 0; number < 4; number++) {
        helper_put(store, 1, number, 100);
        versions[number] = version_of(store);
    }
    must(store_compact(store, NULL, NULL));
    for (uint32_t number = 4; number < 8; number++) {
        for (uint32_t past = 0; past < 4; past++)
            cr_assert(!store_is_at(store, &versions[past]), "%u at %u", past, number);
        helper_put(store, 1, number, 100);
        versions[number] = version_of(store);
        cr_assert(store_is_at(store, &versions[number]));
    }
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, freed_pages_are_used_again)
{
    struct store *store = helper_create(support_path("a"));
    struct store_space early;
    struct store_space late;

    for (uint32_t round = 0; round < 20; round++)
        helper_put(store, 1, 1, 500000);
    must(store_space(store, &early));
    for (uint32_t round = 0; round < 50; round++)
        helper_put(store, 1, 1, 500000);
    must(store_space(store, &late));
    cr_assert_leq(late.file_bytes, early.file_bytes + 1000000);
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, a_dead_reader_pins_nothing)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    struct store_space space;

    helper_put(store, 1, 1, 500000);
    pid_t child = fork();
    if (child == 0) {
        struct store_read *read = NULL;
        struct store *own = helper_open(path);
        if (store_read_begin(own, &read) != LUPE_OK)
            _exit(1);
        helper_tell(&ready);
        _exit(0); /* without ending it */
    }
    helper_await(&ready);
    helper_join(child);
    for (uint32_t round = 0; round < 40; round++)
        helper_put(store, 1, 1, 500000);
    must(store_space(store, &space));
    cr_assert_lt(space.file_bytes, 5000000, "the file has %llu bytes",
                 (unsigned long long)space.file_bytes);
    store_close(store);
    support_no_leaks();
}

Test(store_transaction, too_many_readers_are_told)
{
    struct store *store = helper_create(support_path("a"));
    static struct store_read *reads[READERS_MAX + 64];
    unsigned count = 0;
    lupe_status status = LUPE_OK;

    helper_put(store, 1, 1, 1);
    while (count < READERS_MAX + 64 && (status = store_read_begin(store, &reads[count])) == LUPE_OK)
        count++;
    cr_assert_eq(status, LUPE_BUSY);
    cr_assert_geq(count, READERS_MAX);
    cr_assert_not_null(strstr(lupe_last_error(), "snapshots"), "%s", lupe_last_error());
    store_read_end(reads[--count]);
    must(store_read_begin(store, &reads[count]));
    for (count++; count > 0;)
        store_read_end(reads[--count]);
    store_close(store);
    support_no_leaks();
}

/* ---------------------------------------------------------------- a model */

#define MODEL_SEGMENTS 4u
#define MODEL_NUMBERS 40u

/* Random puts and deletes; the store has what a table has. */
Test(store_transaction, random_changes_agree_with_a_table)
{
    const char *path = support_path("a");
    struct support_random random = support_random_of(SEED);
    struct store *store = helper_create(path);
    size_t sizes[MODEL_SEGMENTS][MODEL_NUMBERS] = {{0}}; /* size + 1 of a value, 0: none */
    size_t before[MODEL_SEGMENTS][MODEL_NUMBERS];
    uint8_t *value = malloc(200000);

    cr_assert_not_null(value);
    for (unsigned round = 0; round < 150; round++) {
        struct store_write *write = NULL;
        memcpy(before, sizes, sizeof sizes);
        must(store_write_begin(store, &write));
        for (uint64_t change = support_random_below(&random, 12); change > 0; change--) {
            uint32_t segment = (uint32_t)support_random_below(&random, MODEL_SEGMENTS);
            uint32_t number = (uint32_t)support_random_below(&random, MODEL_NUMBERS);
            uint64_t what = support_random_below(&random, 10);
            if (what == 0) {
                must(store_delete_segment(write, segment));
                memset(sizes[segment], 0, sizeof sizes[segment]);
            } else if (what < 4) {
                must_give(store_delete(write, segment, number),
                          sizes[segment][number] ? LUPE_OK : LUPE_NOT_FOUND);
                sizes[segment][number] = 0;
            } else {
                size_t size = (size_t)support_random_below(&random, what < 7 ? 3000 : 200000);
                helper_value(value, size, segment, number);
                must(store_put(write, segment, number, value, size));
                sizes[segment][number] = size + 1;
            }
        }
        if (support_random_below(&random, 5) == 0) {
            store_write_abort(write);
            memcpy(sizes, before, sizeof sizes);
        } else {
            must(store_write_commit(write));
        }
        if (support_random_below(&random, 10) == 0) {
            /* Unless nothing was committed yet, which would remove the file. */
            store_close(store);
            if (access(path, F_OK) != 0) {
                store = helper_create(path);
                continue;
            }
            store = helper_open(path);
        }
        if (round % 10)
            continue;
        struct store_read *read = NULL;
        uint64_t count = 0;
        must(store_read_begin(store, &read));
        for (uint32_t segment = 0; segment < MODEL_SEGMENTS; segment++)
            for (uint32_t number = 0; number < MODEL_NUMBERS; number++) {
                size_t size = sizes[segment][number];
                const uint8_t *found = NULL;
                size_t found_size = 0;
                count += size != 0;
                cr_assert(size ? helper_has(read, segment, number, size - 1)
                               : store_get(read, segment, number, &found, &found_size) ==
                                     LUPE_NOT_FOUND,
                          "seed %" PRIu64 " round %u: %u/%u", random.seed, round, segment, number);
            }
        store_read_end(read);
        cr_assert_eq(helper_count(store), count);
        must(store_check(store, helper_print, NULL));
    }
    free(value);
    store_close(store);
    support_no_leaks();
}

/* ---------------------------------------------------------------- at once */

#define ROUNDS 60u

struct worker {
    const char *path;
    uint32_t segment;
    lupe_status status;
};

/* Adds a number and its double in one transaction. */
static lupe_status add_pair(struct store *store, uint32_t segment, uint32_t number)
{
    struct store_write *write = NULL;
    uint8_t bytes[8];
    lupe_status status = LUPE_OK;

    store_u64(bytes, number);
    TRY(store_write_begin(store, &write));
    status = store_put(write, segment, 0, bytes, sizeof bytes);
    if (status == LUPE_OK) {
        store_u64(bytes, 2 * (uint64_t)number);
        status = store_put(write, segment, 1, bytes, sizeof bytes);
    }
    if (status != LUPE_OK)
        store_write_abort(write);
    else
        status = store_write_commit(write);
out:
    return status;
}

static void *writer_thread(void *argument)
{
    struct worker *worker = argument;
    struct store *store = NULL;
    struct store_options options = helper_options();
    lupe_status status = LUPE_OK;

    TRY(store_open(worker->path, &options, &store));
    for (uint32_t round = 0; round < ROUNDS; round++)
        TRY(add_pair(store, worker->segment, round));
out:
    store_close(store);
    worker->status = status;
    return NULL;
}

static void *reader_thread(void *argument)
{
    struct worker *worker = argument;
    struct store *store = NULL;
    struct store_options options = helper_options();
    struct store_read *read = NULL;
    const uint8_t *one = NULL;
    const uint8_t *two = NULL;
    size_t size = 0;
    lupe_status status = LUPE_OK;

    TRY(store_open(worker->path, &options, &store));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t segment = 1; segment < 4; segment++) {
            TRY(store_read_begin(store, &read));
            TRY(store_get(read, segment, 0, &one, &size));
            TRY(store_get(read, segment, 1, &two, &size));
            if (load_u64(one) * 2 != load_u64(two))
                TRY(fail(LUPE_CORRUPT, "a snapshot shows half a transaction"));
            store_read_end(read);
            read = NULL;
        }
    }
out:
    store_read_end(read);
    store_close(store);
    worker->status = status;
    return NULL;
}

Test(store_transaction, threads_and_processes_work_at_once)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct worker workers[4] = {
        {path, 1, LUPE_IO}, {path, 2, LUPE_IO}, {path, 0, LUPE_IO}, {path, 0, LUPE_IO}};
    pthread_t threads[4];

    for (uint32_t segment = 1; segment < 4; segment++)
        must(add_pair(store, segment, 0));
    pid_t child = fork();
    if (child == 0) {
        struct worker worker = {path, 3, LUPE_IO};
        writer_thread(&worker);
        _exit(worker.status == LUPE_OK ? 0 : 1);
    }
    for (unsigned number = 0; number < 4; number++)
        cr_assert_eq(pthread_create(&threads[number], NULL,
                                    number < 2 ? writer_thread : reader_thread, &workers[number]),
                     0);
    for (unsigned number = 0; number < 4; number++) {
        cr_assert_eq(pthread_join(threads[number], NULL), 0);
        must(workers[number].status);
    }
    helper_join(child);
    for (uint32_t segment = 1; segment < 4; segment++) {
        struct store_read *read = NULL;
        const uint8_t *value = NULL;
        size_t size = 0;
        must(store_read_begin(store, &read));
        must(store_get(read, segment, 1, &value, &size));
        cr_assert_eq(load_u64(value), 2 * (ROUNDS - 1));
        store_read_end(read);
    }
    must(store_check(store, helper_print, NULL));
    store_close(store);
    support_no_leaks();
}
