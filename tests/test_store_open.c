/* SPDX-License-Identifier: MIT
 *
 * test_store_open.c - a file is created once, opened by any path, shared within the process,
 * refused with a sentence and untouched when it is not an index; children of fork() keep off.
 */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>

#include "store_helpers.h"

static char *lock_path_of(const char *path)
{
    static char lock_path[4096];

    snprintf(lock_path, sizeof lock_path, "%s-lock", path);
    return lock_path;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

Test(store_open, what_is_put_is_there_after_closing)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);

    helper_put(store, 1, 2, 3);
    helper_put(store, 1, 3, 5000);
    store_close(store);
    store = helper_open(path);
    helper_expect(store, 1, 2, 3);
    helper_expect(store, 1, 3, 5000);
    cr_assert_eq(helper_count(store), 2);
    store_close(store);
    support_no_leaks();
}

Test(store_open, creating_spares_what_exists)
{
    const char *path = support_path("a");
    struct store_options options = helper_options();
    struct store *store = NULL;
    size_t size = 0;

    support_write_file(path, "text", 4);
    options.create = true;
    must_give(store_open(path, &options, &store), LUPE_EXISTS);
    cr_assert_null(store);
    uint8_t *bytes = support_read_file(path, &size);
    cr_assert(size == 4 && memcmp(bytes, "text", 4) == 0);
    free(bytes);
    cr_assert_not(exists(lock_path_of(path)));
    /* A dangling link is not followed either. */
    cr_assert_eq(symlink("nowhere", support_path("link")), 0);
    must_give(store_open(support_path("link"), &options, &store), LUPE_EXISTS);
    support_no_leaks();
}

Test(store_open, contradicting_options_are_refused)
{
    struct store_options options = helper_options();
    struct store *store = NULL;

    options.create = true;
    options.read_only = true;
    must_give(store_open(support_path("a"), &options, &store), LUPE_INVALID);
    options.read_only = false;
    options.immutable = true;
    must_give(store_open(support_path("a"), &options, &store), LUPE_INVALID);
    cr_assert_not(exists(support_path("a")));
    support_no_leaks();
}

Test(store_open, a_creation_without_commit_leaves_nothing)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);

    cr_assert(exists(path));
    store_close(store);
    cr_assert_not(exists(path));
    cr_assert_not(exists(lock_path_of(path)));
    store = helper_create(path);
    helper_put(store, 1, 1, 1);
    store_close(store);
    cr_assert(exists(path));
    support_no_leaks();
}

Test(store_open, a_stopped_creation_says_what_it_is)
{
    const char *path = support_path("a");
    struct store_options options = helper_options();
    struct store *store = NULL;

    pid_t child = fork();
    if (child == 0) {
        helper_create(path);
        _exit(0); /* without closing, as in a crash */
    }
    helper_join(child);
    cr_assert(exists(path));
    must_give(store_open(path, &options, &store), LUPE_NOT_INDEX);
    cr_assert_not_null(strstr(lupe_last_error(), "empty"), "%s", lupe_last_error());
    support_no_leaks();
}

/* ---------------------------------------------------------------- refusals */

/* A sound index of a few pages, as bytes. */
static uint8_t *sound_bytes(size_t *size)
{
    const char *path = support_path("sound");
    struct store *store = helper_create(path);

    for (uint32_t number = 0; number < 40; number++)
        helper_put(store, 1, number, 300);
    helper_put(store, 2, 0, 100000);
    store_close(store);
    return support_read_file(path, size);
}

static void change_u32(uint8_t *bytes, size_t offset, uint32_t value)
{
    memcpy(bytes + offset, &value, sizeof value);
}

static void expect_refusal(const char *name, const void *bytes, size_t size, lupe_status expected,
                           const char *word)
{
    const char *path = support_path(name);
    size_t size_after = 0;

    support_write_file(path, bytes, size);
    for (unsigned kind = 0; kind < 4; kind++) {
        struct store_options options = helper_options();
        struct store *store = NULL;
        options.read_only = kind == 1;
        options.immutable = kind == 2;
        options.verify = kind == 3;
        lupe_status status = store_open(path, &options, &store);
        cr_assert_eq(status, expected, "%s: %s: %s", name, lupe_status_name(status),
                     status ? lupe_last_error() : "");
        cr_assert_null(store);
        cr_assert(strstr(lupe_last_error(), word) && strstr(lupe_last_error(), path), "%s: %s",
                  name, lupe_last_error());
        cr_assert_not(exists(lock_path_of(path)), "%s", name);
        uint8_t *after = support_read_file(path, &size_after);
        cr_assert(size_after == size && memcmp(after, bytes, size) == 0, "%s was changed", name);
        free(after);
    }
}

Test(store_open, foreign_files_are_refused_and_left_alone)
{
    size_t size = 0;
    uint8_t *sound = sound_bytes(&size);
    uint8_t *bytes = malloc(size);
    uint8_t zeros[20000] = {0};
    const char *text = "Das ist kein Index, sondern ein Satz.\n";

    cr_assert_not_null(bytes);
    expect_refusal("zero_length", "", 0, LUPE_NOT_INDEX, "empty");
    expect_refusal("short_text", text, strlen(text), LUPE_NOT_INDEX, "too short");
    expect_refusal("zeros", zeros, sizeof zeros, LUPE_NOT_INDEX, "not an index");
    memset(bytes, 'x', size);
    expect_refusal("long_text", bytes, size, LUPE_NOT_INDEX, "not an index");

    memcpy(bytes, sound, size);
    change_u32(bytes, 16, 0xDEC0EFBE);
    expect_refusal("byte_order", bytes, size, LUPE_NOT_INDEX, "byte order");
    memcpy(bytes, sound, size);
    change_u32(bytes, 20, 2);
    expect_refusal("version", bytes, size, LUPE_NOT_INDEX, "version 2");
    memcpy(bytes, sound, size);
    change_u32(bytes, 40, 65536);
    expect_refusal("page_size", bytes, size, LUPE_NOT_INDEX, "65536");
    memcpy(bytes, sound, size);
    change_u32(bytes, 4096 + 16, 0);
    expect_refusal("second_meta", bytes, size, LUPE_CORRUPT, "second meta page");
    memcpy(bytes, sound, size);
    memcpy(bytes, sound + 4096, 4096);
    memcpy(bytes + 4096, sound, 4096);
    expect_refusal("swapped_metas", bytes, size, LUPE_CORRUPT, "meta");
    memcpy(bytes, sound, size);
    bytes[16 + 24 + 48 + 4] = bytes[4096 + 16 + 24 + 48 + 4] = 4; /* sorted duplicates */
    expect_refusal("other_program", bytes, size, LUPE_NOT_INDEX, "another program");
    free(bytes);
    free(sound);
    support_no_leaks();
}

Test(store_open, a_file_cut_short_is_refused)
{
    size_t size = 0;
    uint8_t *sound = sound_bytes(&size);

    for (size_t cut = 4096; cut < size; cut += cut < 16384 ? 1000 : 20000)
        expect_refusal("cut", sound, cut, LUPE_CORRUPT, cut < 4096 + 152 ? "meta" : "cut");
    expect_refusal("cut_by_one", sound, size - 1, LUPE_CORRUPT, "cut");
    expect_refusal("cut_within_first_page", sound, 100, LUPE_NOT_INDEX, "too short");
    free(sound);
    support_no_leaks();
}

/* The last pages may be free and were never written. */
Test(store_open, a_sound_file_may_end_before_its_last_page)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_write *write = NULL;
    struct stat about;
    uint8_t *value = calloc(1, 100000);

    cr_assert_not_null(value);
    for (uint32_t size = 1; size < 6; size++) /* so that LMDB has free pages at hand */
        helper_put(store, 1, 1, size);
    helper_put(store, 1, 2, 50000);
    must(store_write_begin(store, &write));
    must(store_put(write, 1, 3, value, 100000));
    must(store_delete(write, 1, 3));
    must(store_put(write, 1, 4, value, 10));
    must(store_write_commit(write));
    store_close(store);
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_lt(about.st_size, 100000, "LMDB wrote the pages after all: no test");

    store = helper_open(path);
    helper_expect(store, 1, 2, 50000);
    helper_put(store, 1, 5, 200000);
    must(store_check(store, helper_print, NULL));
    store_close(store);
    must(store_check_pages(path, helper_print, NULL));
    free(value);
    support_no_leaks();
}

Test(store_open, what_is_no_regular_file_is_refused)
{
    struct store_options options = helper_options();
    struct store *store = NULL;
    const char *fifo = support_path("fifo");
    const char *folder = support_path("folder");
    char long_path[5000];

    must_give(store_open(support_path("missing"), &options, &store), LUPE_NOT_FOUND);
    must_give(store_open(support_path("missing/deeper"), &options, &store), LUPE_NOT_FOUND);
    cr_assert_eq(mkdir(folder, 0777), 0);
    must_give(store_open(folder, &options, &store), LUPE_NOT_INDEX);
    cr_assert_not_null(strstr(lupe_last_error(), "folder"));
    cr_assert_eq(mkfifo(fifo, 0666), 0);
    must_give(store_open(fifo, &options, &store), LUPE_NOT_INDEX);
    must_give(store_open("", &options, &store), LUPE_NOT_FOUND);
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    must_give(store_open(long_path, &options, &store), LUPE_INVALID);
    support_no_leaks();
}

Test(store_open, foreign_keys_are_refused)
{
    const char *path = support_path("foreign");
    struct store_options options = helper_options();
    struct store *store = NULL;
    struct store_read *read = NULL;
    MDB_env *env = NULL;
    MDB_txn *transaction = NULL;
    MDB_dbi dbi = 0;
    MDB_val key = {5, "hello"};
    MDB_val value = {5, "world"};

    cr_assert_eq(mdb_env_create(&env), 0);
    cr_assert_eq(mdb_env_open(env, path, MDB_NOSUBDIR, 0666), 0);
    cr_assert_eq(mdb_txn_begin(env, NULL, 0, &transaction), 0);
    cr_assert_eq(mdb_dbi_open(transaction, NULL, 0, &dbi), 0);
    cr_assert_eq(mdb_put(transaction, dbi, &key, &value, 0), 0);
    cr_assert_eq(mdb_txn_commit(transaction), 0);
    mdb_env_close(env);

    must(store_open(path, &options, &store));
    must(store_read_begin(store, &read));
    uint32_t segment = 0;
    uint32_t number = 0;
    const uint8_t *found = NULL;
    size_t size = 0;
    must_give(store_get(read, 0, 0, &found, &size), LUPE_NOT_FOUND);
    must_give(store_seek(read, &segment, &number, &found, &size), LUPE_NOT_INDEX);
    store_read_end(read);
    store_close(store);
    support_no_leaks();
}

Test(store_open, permissions_are_told)
{
    const char *path = support_path("a");
    struct store_options options = helper_options();
    struct store *store = NULL;

    store = helper_create(path);
    helper_put(store, 1, 1, 10);
    store_close(store);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(chmod(lock_path_of(path), 0666), 0);
    cr_assert_eq(chmod(support_directory(), 0777), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(1);
        if (store_open(path, &options, &store) != LUPE_NO_PERMISSION)
            _exit(2);
        options.read_only = true;
        if (store_open(path, &options, &store) != LUPE_OK)
            _exit(3);
        if (helper_count(store) != 1)
            _exit(4);
        store_close(store);
        if (chmod(path, 0444) == 0)
            _exit(0); /* the owner ran the tests: nothing more to see */
        options.read_only = false;
        options.create = true;
        _exit(0);
    }
    helper_join(child);
    cr_assert_eq(chmod(lock_path_of(path), 0600), 0);
    cr_assert_eq(chmod(path, 0444), 0);
    child = geteuid() == 0 ? fork() : -1;
    if (child == 0) {
        if (setuid(65534) != 0)
            _exit(1);
        options.read_only = true;
        if (store_open(path, &options, &store) != LUPE_NO_PERMISSION ||
            !strstr(lupe_last_error(), "immutable"))
            _exit(2);
        options.immutable = true;
        if (store_open(path, &options, &store) != LUPE_OK || helper_count(store) != 1)
            _exit(3);
        store_close(store);
        _exit(0);
    }
    if (child > 0)
        helper_join(child);
    support_no_leaks();
}

/* ---------------------------------------------------------------- sharing */

Test(store_open, paths_to_one_file_share_it)
{
    const char *path = support_path("a");
    const char *link_path = support_path("link");
    const char *hard_path = support_path("hard");
    struct store *first = helper_create(path);

    helper_put(first, 1, 1, 10);
    cr_assert_eq(symlink(path, link_path), 0);
    cr_assert_eq(link(path, hard_path), 0);
    struct store *second = helper_open(link_path);
    struct store *third = helper_open(hard_path);
    cr_assert_str_eq(store_path(first), store_path(second));
    cr_assert_str_eq(store_path(first), store_path(third));
    cr_assert_not(exists(lock_path_of(link_path)));
    cr_assert_not(exists(lock_path_of(hard_path)));
    helper_put(second, 1, 2, 10);
    helper_put(third, 1, 3, 10);
    cr_assert_eq(helper_count(first), 3);
    store_close(first);
    helper_put(third, 1, 4, 10);
    store_close(third);
    cr_assert_eq(helper_count(second), 4);
    store_close(second);
    support_no_leaks();
}

/* Two names in two processes would mean two lock files, that is none. */
Test(store_open, a_hard_link_elsewhere_is_refused)
{
    const char *path = support_path("a");
    const char *hard_path = support_path("hard");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    struct helper_line done = helper_line_open();
    struct store_options options = helper_options();

    helper_put(store, 1, 1, 10);
    store_close(store);
    cr_assert_eq(link(path, hard_path), 0);
    pid_t child = fork();
    if (child == 0) {
        store = helper_open(path);
        helper_tell(&ready);
        helper_await(&done);
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    must_give(store_open(hard_path, &options, &store), LUPE_BUSY);
    cr_assert_not_null(strstr(lupe_last_error(), "lock file"), "%s", lupe_last_error());
    store = helper_open(path);
    helper_tell(&done);
    helper_join(child);
    store_close(store);
    store = helper_open(hard_path);
    cr_assert_eq(helper_count(store), 1);
    store_close(store);
    support_no_leaks();
}

Test(store_open, a_deleted_lock_file_is_noticed)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_options options = helper_options();

    helper_put(store, 1, 1, 10);
    cr_assert_eq(unlink(lock_path_of(path)), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(store_open(path, &options, &store) == LUPE_BUSY ? 0 : 1);
    helper_join(child);
    helper_put(store, 1, 2, 10);
    store_close(store);
    support_no_leaks();
}

/* Holders of the old file go on with it; the new one must not get their lock file. */
Test(store_open, a_file_replaced_in_use_is_noticed)
{
    const char *path = support_path("a");
    const char *other = support_path("b");
    struct store_options options = helper_options();
    struct store *store = helper_create(path);
    struct store *reopened = NULL;

    for (uint32_t number = 0; number < 10; number++)
        helper_put(store, 1, number, 10);
    must(store_copy(store, other, true, NULL, NULL));
    cr_assert_eq(rename(other, path), 0);
    must_give(store_open(path, &options, &reopened), LUPE_BUSY);
    must_give(store_lock(store, STORE_LOCK_WRITER, 0), LUPE_IO);
    pid_t child = fork();
    if (child == 0) {
        lupe_status status = store_open(path, &options, &reopened);
        if (status != LUPE_BUSY)
            fprintf(stderr, "%s\n", lupe_status_name(status));
        _exit(status == LUPE_BUSY ? 0 : 1);
    }
    helper_join(child);
    store_close(store);
    store = helper_open(path);
    cr_assert_eq(helper_count(store), 10);
    store_close(store);
    support_no_leaks();
}

Test(store_open, a_busy_writer_disturbs_no_opening)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();

    helper_put(store, 1, 1, 10);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        store = helper_open(path);
        helper_tell(&ready);
        for (uint32_t round = 0; round < 3000; round++)
            helper_put(store, 1, round % 7, 10 + round % 5);
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    for (unsigned round = 0; round < 100; round++) {
        store = helper_open(path);
        cr_assert_leq(helper_count(store), 7);
        store_close(store);
    }
    helper_join(child);
    store = helper_open(path);
    cr_assert_eq(helper_count(store), 7);
    store_close(store);
    support_no_leaks();
}

Test(store_open, a_deleted_file_can_be_made_anew)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    struct helper_line done = helper_line_open();

    for (uint32_t number = 0; number < 10; number++)
        helper_put(store, 1, number, 10);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        store = helper_open(path);
        helper_tell(&ready);
        helper_await(&done);
        helper_put(store, 9, 9, 10);
        helper_tell(&ready);
        helper_await(&done);
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    cr_assert_eq(unlink(path), 0);
    store = helper_create(path);
    helper_put(store, 1, 1, 10);
    helper_tell(&done);
    helper_await(&ready);
    helper_put(store, 1, 2, 10);
    cr_assert_eq(helper_count(store), 2);
    helper_tell(&done);
    helper_join(child);
    store_close(store);
    store = helper_open(path);
    cr_assert_eq(helper_count(store), 2);
    store_close(store);
    support_no_leaks();
}

Test(store_open, immutable_needs_no_lock_file)
{
    const char *path = support_path("a");
    struct store_options options = helper_options();
    struct store *store = helper_create(path);
    struct store *second = NULL;

    helper_put(store, 1, 1, 10);
    store_close(store);
    cr_assert_eq(unlink(lock_path_of(path)), 0);
    options.immutable = true;
    must(store_open(path, &options, &store));
    cr_assert_eq(helper_count(store), 1);
    cr_assert_not(exists(lock_path_of(path)));
    must_give(helper_try_put(store, 1, 2, 10), LUPE_MISUSE);
    must_give(store_lock(store, STORE_LOCK_WRITER, 0), LUPE_MISUSE);
    must_give(store_compact(store, NULL, NULL), LUPE_MISUSE);
    must(store_check(store, helper_print, NULL));
    options.immutable = false;
    must_give(store_open(path, &options, &second), LUPE_BUSY);
    store_close(store);
    store = helper_open(path);
    options.immutable = true;
    must(store_open(path, &options, &second)); /* shares the lock file of the first */
    helper_put(store, 1, 2, 10);
    cr_assert_eq(helper_count(second), 2);
    store_close(second);
    store_close(store);
    support_no_leaks();
}

Test(store_open, a_read_only_handle_never_writes)
{
    const char *path = support_path("a");
    struct store_options options = helper_options();
    struct store *store = helper_create(path);
    struct store *reader = NULL;

    helper_put(store, 1, 1, 10);
    options.read_only = true;
    must(store_open(path, &options, &reader));
    must_give(helper_try_put(reader, 1, 2, 10), LUPE_MISUSE);
    must_give(store_lock(reader, STORE_LOCK_MAINTENANCE, 0), LUPE_MISUSE);
    helper_put(store, 1, 2, 10);
    cr_assert_eq(helper_count(reader), 2);
    store_close(store);
    cr_assert_eq(helper_count(reader), 2);
    store_close(reader);
    support_no_leaks();
}

/* ---------------------------------------------------------------- fork */

Test(store_open, a_child_keeps_off_its_parents_handles)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_read *read = NULL;
    struct store_write *write = NULL;

    helper_put(store, 1, 1, 5000);
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    must(store_read_begin(store, &read));
    must(store_write_begin(store, &write));
    must(store_put(write, 1, 2, "x", 1));
    pid_t child = fork();
    if (child == 0) {
        const uint8_t *value = NULL;
        size_t size = 0;
        struct store_read *another = NULL;
        struct store_space space;
        if (store_usable(store) != LUPE_MISUSE ||
            store_read_begin(store, &another) != LUPE_MISUSE || another ||
            store_get(read, 1, 1, &value, &size) != LUPE_MISUSE ||
            store_put(write, 1, 3, "x", 1) != LUPE_MISUSE ||
            store_space(store, &space) != LUPE_MISUSE ||
            store_lock(store, STORE_LOCK_MAINTENANCE, 0) != LUPE_MISUSE ||
            store_copy(store, support_path("c"), false, NULL, NULL) != LUPE_MISUSE ||
            store_compact(store, NULL, NULL) != LUPE_MISUSE ||
            store_check(store, NULL, NULL) != LUPE_MISUSE ||
            store_write_commit(write) != LUPE_MISUSE)
            _exit(1);
        store_read_end(read);
        store_unlock(store, STORE_LOCK_WRITER);
        store_close(store);
        if (lupe_allocations_live() != 0)
            _exit(2);
        struct store *own = helper_open(path);
        if (store_lock(own, STORE_LOCK_WRITER, 0) != LUPE_BUSY || helper_count(own) != 1)
            _exit(3);
        store_close(own);
        _exit(0);
    }
    helper_join(child);
    must(store_put(write, 1, 3, "x", 1));
    must(store_write_commit(write));
    cr_assert(helper_has(read, 1, 1, 5000));
    store_read_end(read);
    cr_assert_eq(helper_count(store), 3);
    child = fork();
    if (child == 0) {
        struct store *own = helper_open(path);
        _exit(store_lock(own, STORE_LOCK_WRITER, 0) == LUPE_BUSY ? 0 : 1);
    }
    helper_join(child);
    store_unlock(store, STORE_LOCK_WRITER);
    store_close(store);
    support_no_leaks();
}

/* ---------------------------------------------------------------- the map */

Test(store_open, the_map_is_halved_until_granted)
{
    const char *path = support_path("a");
    struct store_options options = {.create = true, .map_bytes = 1ull << 62};
    struct store *store = NULL;
    struct store_space space;

    must(store_open(path, &options, &store)); /* no address space is that large */
    must(store_space(store, &space));
    cr_assert(space.map_bytes >= MAP_BYTES_MIN && space.map_bytes < 1ull << 62);
    helper_put(store, 1, 1, 100);
    store_close(store);
    must(store_open(path, &(struct store_options){0}, &store));
    must(store_space(store, &space));
    cr_assert(space.map_bytes >= MAP_BYTES_MIN && space.map_bytes <= MAP_BYTES_DEFAULT);
    store_close(store);
    support_no_leaks();
}

/* The child's map is too small for what the parent writes. */
Test(store_open, another_process_may_outgrow_our_map)
{
    const char *path = support_path("a");
    struct helper_line ready = helper_line_open();
    struct helper_line done = helper_line_open();
    struct store *store = helper_create(path);

    helper_put(store, 1, 1, 10);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        struct store_options options = {.map_bytes = 1 << 16};
        struct store_read *read = NULL;
        struct store_read *second = NULL;
        if (store_open(path, &options, &store) != LUPE_OK ||
            store_read_begin(store, &read) != LUPE_OK)
            _exit(1);
        helper_tell(&ready);
        helper_await(&done);
        /* The old snapshot stands, and is in the way of a larger map. */
        if (!helper_has(read, 1, 1, 10) || store_read_begin(store, &second) != LUPE_BUSY)
            _exit(2);
        store_read_end(read);
        helper_expect(store, 2, 1, 1000000);
        if (helper_try_put(store, 2, 2, 1000) != LUPE_OK)
            _exit(3);
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    store = helper_open(path);
    helper_put(store, 2, 1, 1000000);
    helper_tell(&done);
    helper_join(child);
    helper_expect(store, 2, 2, 1000);
    store_close(store);
    support_no_leaks();
}

Test(store_open, a_full_map_is_told_and_can_be_enlarged)
{
    const char *path = support_path("a");
    struct store_options options = {.create = true, .map_bytes = 1 << 18};
    struct store *store = NULL;
    struct store_write *write = NULL;
    struct store_space space;
    lupe_status status = LUPE_OK;
    uint32_t kept = 0;

    must(store_open(path, &options, &store));
    while ((status = helper_try_put(store, 1, kept, 8000)) == LUPE_OK)
        cr_assert_lt(++kept, 1000);
    cr_assert_eq(status, LUPE_NO_SPACE, "%s", lupe_last_error());
    cr_assert_not_null(strstr(lupe_last_error(), "262144"), "%s", lupe_last_error());
    /* The first failure holds to the end of the transaction. */
    must(store_write_begin(store, &write));
    uint8_t *large = calloc(1, 1 << 18);
    cr_assert_not_null(large);
    must_give(store_put(write, 1, 1000, large, 1 << 18), LUPE_NO_SPACE);
    must_give(store_put(write, 1, 1001, large, 1), LUPE_NO_SPACE);
    must_give(store_write_commit(write), LUPE_NO_SPACE);
    free(large);
    cr_assert_eq(helper_count(store), kept);
    must(store_check(store, helper_print, NULL));

    struct store *larger = NULL;
    options = (struct store_options){.map_bytes = 1 << 22};
    must(store_open(path, &options, &larger));
    must(helper_try_put(larger, 1, kept, 8000));
    cr_assert_eq(helper_count(store), kept + 1);
    must(store_space(store, &space));
    cr_assert_eq(space.map_bytes, 1u << 22);
    store_close(larger);
    store_close(store);
    support_no_leaks();
}
