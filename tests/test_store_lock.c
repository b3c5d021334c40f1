/* SPDX-License-Identifier: MIT
 *
 * test_store_lock.c - the writer's and the maintenance lock: between handles, within a handle,
 * between processes, with a time-out, and given back by the dead.
 */
#include <pthread.h>
#include <signal.h>

#include "store_helpers.h"

#define SHORT_MS 30u
#define LONG_MS 60000u

Test(store_lock, two_handles_exclude_each_other)
{
    const char *path = support_path("a");
    struct store *first = helper_create(path);
    struct store *second = NULL;

    helper_put(first, 1, 1, 1);
    second = helper_open(path);
    for (unsigned kind = 0; kind < 2; kind++) {
        enum store_lock lock = kind ? STORE_LOCK_MAINTENANCE : STORE_LOCK_WRITER;
        must(store_lock(first, lock, 0));
        must_give(store_lock(second, lock, 0), LUPE_BUSY);
        must_give(store_lock(second, lock, SHORT_MS), LUPE_BUSY);
        cr_assert_not_null(strstr(lupe_last_error(), "another"));
        store_unlock(second, lock); /* not held: no effect */
        must_give(store_lock(second, lock, 0), LUPE_BUSY);
        store_unlock(first, lock);
        must(store_lock(second, lock, 0));
        must_give(store_lock(first, lock, 0), LUPE_BUSY);
        store_unlock(second, lock);
    }
    store_close(first);
    store_close(second);
    support_no_leaks();
}

Test(store_lock, the_two_locks_are_apart)
{
    struct store *store = helper_create(support_path("a"));

    must(store_lock(store, STORE_LOCK_WRITER, 0));
    must(store_lock(store, STORE_LOCK_MAINTENANCE, 0));
    store_unlock(store, STORE_LOCK_WRITER);
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    store_close(store);
    support_no_leaks();
}

/* Two writers of one handle are two owners. */
Test(store_lock, a_handle_excludes_itself)
{
    struct store *store = helper_create(support_path("a"));

    must(store_lock(store, STORE_LOCK_WRITER, 0));
    must_give(store_lock(store, STORE_LOCK_WRITER, 0), LUPE_BUSY);
    must_give(store_lock(store, STORE_LOCK_WRITER, SHORT_MS), LUPE_BUSY);
    store_unlock(store, STORE_LOCK_WRITER);
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    store_close(store);
    support_no_leaks();
}

Test(store_lock, closing_gives_locks_back)
{
    const char *path = support_path("a");
    struct store *first = helper_create(path);

    helper_put(first, 1, 1, 1);
    struct store *second = helper_open(path);
    must(store_lock(first, STORE_LOCK_WRITER, 0));
    store_close(first);
    must(store_lock(second, STORE_LOCK_WRITER, 0));
    store_close(second);
    support_no_leaks();
}

static void *take_and_leave(void *argument)
{
    struct store *store = argument;
    lupe_status status = store_lock(store, STORE_LOCK_WRITER, LONG_MS);

    if (status == LUPE_OK)
        store_unlock(store, STORE_LOCK_WRITER);
    return (void *)(uintptr_t)status;
}

static void *take_for_ever(void *argument)
{
    struct store *store = argument;
    lupe_status status = store_lock(store, STORE_LOCK_WRITER, UINT32_MAX);

    if (status == LUPE_OK)
        store_unlock(store, STORE_LOCK_WRITER);
    return (void *)(uintptr_t)status;
}

Test(store_lock, waiting_ends_with_the_lock)
{
    struct store *store = helper_create(support_path("a"));
    pthread_t threads[2];

    must(store_lock(store, STORE_LOCK_WRITER, 0));
    cr_assert_eq(pthread_create(&threads[0], NULL, take_and_leave, store), 0);
    cr_assert_eq(pthread_create(&threads[1], NULL, take_for_ever, store), 0);
    usleep(20000);
    store_unlock(store, STORE_LOCK_WRITER);
    for (unsigned number = 0; number < 2; number++) {
        void *status = NULL;
        cr_assert_eq(pthread_join(threads[number], &status), 0);
        cr_assert_null(status, "thread %u", number);
    }
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    store_close(store);
    support_no_leaks();
}

Test(store_lock, processes_exclude_each_other)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    struct helper_line done = helper_line_open();

    helper_put(store, 1, 1, 1);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        store = helper_open(path);
        if (store_lock(store, STORE_LOCK_WRITER, 0) != LUPE_OK)
            _exit(1);
        helper_tell(&ready);
        helper_await(&done);
        store_unlock(store, STORE_LOCK_WRITER);
        helper_tell(&ready);
        helper_await(&done);
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    store = helper_open(path);
    must_give(store_lock(store, STORE_LOCK_WRITER, SHORT_MS), LUPE_BUSY);
    must(store_lock(store, STORE_LOCK_MAINTENANCE, 0));
    helper_tell(&done);
    helper_await(&ready);
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    helper_tell(&done);
    helper_join(child);
    store_close(store);
    support_no_leaks();
}

/* Killed with the lock, an open snapshot and half a transaction. */
Test(store_lock, the_dead_give_everything_back)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    int status = 0;

    helper_put(store, 1, 1, 10);
    store_close(store);
    for (unsigned round = 0; round < 2; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct store_write *write = NULL;
            struct store_read *read = NULL;
            store = helper_open(path);
            if (store_lock(store, STORE_LOCK_WRITER, 0) || store_read_begin(store, &read) ||
                store_write_begin(store, &write) || store_put(write, 7, 7, "x", 1))
                _exit(1);
            helper_tell(&ready);
            pause();
        }
        helper_await(&ready);
        /* Also while another process has the environment open all the time. */
        store = round ? helper_open(path) : NULL;
        cr_assert_eq(kill(child, SIGKILL), 0);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status));
        store = store ? store : helper_open(path);
        must(store_lock(store, STORE_LOCK_WRITER, 0));
        helper_put(store, 2, round, 10);
        cr_assert_eq(helper_count(store), 2 + round);
        must(store_check(store, helper_print, NULL));
        store_close(store);
    }
    support_no_leaks();
}

/* A lock must not live on in the children of a dead owner. */
Test(store_lock, children_of_the_dead_hold_nothing)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    struct helper_line done = helper_line_open();
    int status = 0;

    helper_put(store, 1, 1, 10);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        store = helper_open(path);
        if (store_lock(store, STORE_LOCK_WRITER, 0))
            _exit(1);
        if (fork() == 0) {
            helper_tell(&ready);
            helper_await(&done); /* outlives its parent */
            _exit(0);
        }
        pause();
    }
    helper_await(&ready);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    store = helper_open(path);
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    store_unlock(store, STORE_LOCK_WRITER);
    must(store_compact(store, NULL, NULL));
    helper_tell(&done);
    store_close(store);
    support_no_leaks();
}
