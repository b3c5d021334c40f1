/* SPDX-License-Identifier: MIT
 *
 * test_store_pages.c - the walk over all pages finds no fault with files LMDB made, finds what is
 * damaged, and what it lets pass LMDB can read and change without harm.
 */
#include <fcntl.h>
#include <lmdb.h>

#include "base/buffer.h"
#include "store_helpers.h"

#define SEED 20250609u
#define PAGE 4096u
#define LONG_VALUE 300000u

static void be_silent(void *user, const char *finding)
{
    unsigned *count = user;

    cr_assert(finding && *finding);
    ++*count;
}

/* A life of a store in a few commits: sizes, orders and deletions by chance. */
static void live(struct store *store, struct support_random *random, unsigned commits,
                 uint64_t size_limit)
{
    static uint8_t value[LONG_VALUE];

    for (unsigned commit = 0; commit < commits; commit++) {
        struct store_write *write = NULL;
        uint64_t style = support_random_below(random, 6);
        uint64_t changes = support_random_below(random, style == 0 ? 400 : 40);
        uint32_t base = (uint32_t)support_random_below(random, 20);
        must(store_write_begin(store, &write));
        for (uint32_t change = 0; change < changes; change++) {
            uint32_t segment = style < 2 ? base : (uint32_t)support_random_below(random, 20);
            uint32_t number = style < 2 ? change : (uint32_t)support_random_below(random, 200);
            uint64_t kind = support_random_below(random, 20);
            uint64_t size_max = style == 5 ? sizeof value : style >= 3 ? 12000 : 120;
            if (size_max > size_limit)
                size_max = size_limit;
            if (kind == 0) {
                must(store_delete_segment(write, segment));
            } else if (kind < 7) {
                lupe_status status = store_delete(write, segment, number);
                cr_assert(status == LUPE_OK || status == LUPE_NOT_FOUND);
            } else {
                must(store_put(write, segment, number, value,
                               (size_t)support_random_below(random, size_max)));
            }
        }
        if (support_random_below(random, 8) == 0)
            store_write_abort(write);
        else
            must(store_write_commit(write));
    }
}

Test(store_pages, sound_files_have_no_findings)
{
    const char *path = support_path("a");
    const char *copy_path = support_path("b");
    const unsigned files = test_full() ? 600 : 80;

    for (unsigned file = 0; file < files; file++) {
        struct support_random random = support_random_of(SEED + file);
        struct store *store = helper_create(path);
        struct store_read *pinned = NULL;
        helper_put(store, 1, 1, 1);
        for (unsigned part = 0; part < 4; part++) {
            live(store, &random, 1 + (unsigned)support_random_below(&random, 12), LONG_VALUE);
            lupe_status status = store_check(store, helper_print, NULL);
            cr_assert_eq(status, LUPE_OK, "seed %" PRIu64 " part %u: %s", random.seed, part,
                         lupe_last_error());
            if (support_random_below(&random, 3) == 0) {
                store_read_end(pinned); /* pages stay pinned over some commits */
                pinned = NULL;
                must(store_read_begin(store, &pinned));
            }
        }
        store_read_end(pinned);
        if (file % 4 == 0)
            must(store_copy(store, copy_path, true, NULL, NULL));
        store_close(store);
        must(store_check_pages(path, helper_print, NULL));
        if (file % 4 == 0) {
            must(store_check_pages(copy_path, helper_print, NULL));
            unlink(copy_path);
        }
        unlink(path);
    }
    support_no_leaks();
}

/* One great transaction: LMDB's trees get deep and its free list long. */
Test(store_pages, a_large_free_list_is_walked)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct store_write *write = NULL;
    struct store_space space;
    static uint8_t value[40000];

    for (uint32_t part = 0; part < 3; part++) {
        must(store_write_begin(store, &write));
        for (uint32_t number = 0; number < 6000; number++)
            must(store_put(write, number % 7, part * 6000 + number, value,
                           number % 5 ? 60 : sizeof value));
        must(store_write_commit(write));
    }
    must(store_check(store, helper_print, NULL));
    must(store_write_begin(store, &write));
    for (uint32_t number = 0; number < 18000; number += number % 3 + 1) {
        lupe_status status = store_delete(write, number % 6000 % 7, number);
        cr_assert(status == LUPE_OK || status == LUPE_NOT_FOUND);
    }
    must(store_write_commit(write));
    must(store_check(store, helper_print, NULL));
    must(store_space(store, &space));
    cr_assert_gt(space.free_bytes, 5000 * PAGE);
    for (uint32_t number = 0; number < 30; number++)
        helper_put(store, 50, number, sizeof value);
    must(store_check(store, helper_print, NULL));
    store_close(store);
    must(store_check_pages(path, helper_print, NULL));
    support_no_leaks();
}

Test(store_pages, a_walk_beside_a_writer_is_not_misled)
{
    const char *path = support_path("a");
    struct store *store = helper_create(path);
    struct helper_line ready = helper_line_open();
    unsigned walked = 0;

    helper_put(store, 1, 1, 1);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        struct support_random random = support_random_of(SEED);
        store = helper_open(path);
        live(store, &random, 100, LONG_VALUE);
        helper_tell(&ready);
        live(store, &random, 300, LONG_VALUE);
        store_close(store);
        _exit(0);
    }
    helper_await(&ready);
    store = helper_open(path);
    for (unsigned round = 0; round < 40; round++) {
        lupe_status status = store_check_pages(path, helper_print, NULL);
        cr_assert(status == LUPE_OK || status == LUPE_BUSY, "%s", lupe_last_error());
        walked += status == LUPE_OK;
        must(store_check(store, helper_print, NULL));
    }
    cr_assert_gt(walked, 0);
    helper_join(child);
    store_close(store);
    support_no_leaks();
}

/* ---------------------------------------------------------------- damage */

static uint8_t *grown_file(size_t *size, uint64_t seed)
{
    const char *path = support_path("grown");
    struct support_random random = support_random_of(seed);
    struct store *store = helper_create(path);

    helper_put(store, 1, 1, 1);
    live(store, &random, 25, 6000);
    for (uint32_t number = 0; number < 500; number++)
        helper_put(store, 30, number, number % 50 ? 50 : 5000);
    store_close(store);
    uint8_t *bytes = support_read_file(path, size);
    unlink(path);
    return bytes;
}

/* Reads and changes everything; LMDB must survive it, whatever it says. */
static void use_up(const char *path)
{
    struct store_options options = helper_options();
    struct store *store = NULL;
    struct store_read *read = NULL;
    struct store_write *write = NULL;
    uint64_t sum = 0;

    if (store_open(path, &options, &store) != LUPE_OK)
        return;
    if (store_read_begin(store, &read) == LUPE_OK) {
        uint32_t segment = 0;
        uint32_t number = 0;
        const uint8_t *value = NULL;
        size_t size = 0;
        while (store_seek(read, &segment, &number, &value, &size) == LUPE_OK) {
            for (size_t at = 0; at < size; at++)
                sum += value[at];
            if (++number == 0 && ++segment == 0)
                break;
        }
        store_read_end(read);
    }
    for (uint32_t segment = 0; segment < 40; segment += 2) {
        if (store_write_begin(store, &write) != LUPE_OK)
            break;
        lupe_status status = store_delete_segment(write, segment);
        if (status == LUPE_OK)
            status = store_put(write, segment + 1, 5, "12345678", 8);
        if (status == LUPE_OK)
            status = store_write_commit(write);
        else
            store_write_abort(write);
    }
    cr_assert(sum < UINT64_MAX);
    store_close(store);
}

/* A child does it, so that a crash is told with its seed. */
static void expect_harmless(const char *path, uint64_t seed, unsigned round)
{
    int status = 0;

    pid_t child = fork();
    if (child == 0) {
        use_up(path);
        _exit(lupe_allocations_live() == 0 ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "seed %" PRIu64 " round %u: passed the check and ended with 0x%x", seed, round,
              (unsigned)status);
}

/* Damages what the walk looks at: headers, nodes, meta pages; seldom anything else. */
static void damage(uint8_t *bytes, size_t size, struct support_random *random)
{
    uint64_t page = support_random_below(random, size / PAGE);
    uint64_t kind = support_random_below(random, 8);
    uint64_t offset = support_random_below(random, kind < 2 ? 16 : kind < 4 ? 160 : PAGE);
    uint8_t *at = bytes + page * PAGE + offset;

    switch (support_random_below(random, 5)) {
    case 0:
        *at ^= (uint8_t)(1u << support_random_below(random, 8));
        break;
    case 1:
        *at = (uint8_t)support_random_next(random);
        break;
    case 2: /* a small number */
        *at = (uint8_t)support_random_below(random, 4);
        break;
    case 3: /* another page in its place */
        memcpy(bytes + page * PAGE, bytes + support_random_below(random, size / PAGE) * PAGE, PAGE);
        if (support_random_below(random, 2))
            memcpy(bytes + page * PAGE, &page, sizeof page);
        break;
    default: /* two bytes exchanged within the page */
        offset = support_random_below(random, PAGE);
        kind = *at;
        *at = bytes[page * PAGE + offset];
        bytes[page * PAGE + offset] = (uint8_t)kind;
    }
}

Test(store_pages, damage_is_found_or_harmless)
{
    const char *path = support_path("a");
    const unsigned rounds = test_full() ? 20000 : 1500;
    struct support_random random = support_random_of(SEED);
    unsigned found = 0;
    unsigned passed = 0;
    size_t size = 0;
    uint8_t *sound = grown_file(&size, SEED);
    uint8_t *bytes = malloc(size);

    cr_assert_not_null(bytes);
    support_write_file(path, sound, size);
    must(store_check_pages(path, helper_print, NULL));
    for (unsigned round = 0; round < rounds; round++) {
        unsigned findings = 0;
        memcpy(bytes, sound, size);
        for (uint64_t times = 1 + support_random_below(&random, 3); times > 0; times--)
            damage(bytes, size, &random);
        support_write_file(path, bytes, size);
        lupe_status status = store_check_pages(path, be_silent, &findings);
        if (status == LUPE_OK) {
            cr_assert_eq(findings, 0);
            if (memcmp(bytes, sound, size) != 0 && ++passed % 4 == 0)
                expect_harmless(path, random.seed, round);
        } else {
            cr_assert(status == LUPE_CORRUPT || status == LUPE_NOT_INDEX,
                      "seed %" PRIu64 " round %u: %s", random.seed, round, lupe_last_error());
            found++;
        }
        support_no_leaks();
    }
    cr_assert(found > rounds / 10 && passed > 20, "%u found, %u passed", found, passed);
    free(bytes);
    free(sound);
    support_no_leaks();
}

/* Every field of every page in use: the damage is found, never passed over. */
Test(store_pages, damaged_headers_are_found)
{
    const char *path = support_path("a");
    size_t size = 0;
    uint8_t *bytes = grown_file(&size, SEED + 1);
    unsigned tried = 0;
    static const struct {
        size_t offset;
        size_t size;
        const char *name;
    } fields[] = {{0, 8, "number"}, {10, 2, "flags"}, {12, 2, "lower"}, {14, 2, "upper"}};

    /* Pages in use: those whose number is theirs and which the free list does not name are not
     * told apart here; a compact copy has no other. */
    support_write_file(path, bytes, size);
    struct store *store = helper_open(path);
    must(store_copy(store, support_path("b"), true, NULL, NULL));
    store_close(store);
    free(bytes);
    bytes = support_read_file(support_path("b"), &size);
    for (size_t page = 2; page < size / PAGE; page++) {
        uint8_t *at = bytes + page * PAGE;
        uint16_t flags = load_u16(at + 10);
        if (load_u64(at) != page || (flags != 1 && flags != 2 && flags != 4))
            continue; /* the inside of a long value */
        for (size_t field = 0; field < 4; field++) {
            uint8_t saved[8];
            unsigned findings = 0;
            if (flags == 4 && field >= 2)
                continue;
            memcpy(saved, at + fields[field].offset, fields[field].size);
            at[fields[field].offset] ^= fields[field].offset == 14 ? 0xff : 0x01;
            support_write_file(path, bytes, size);
            lupe_status status = store_check_pages(path, be_silent, &findings);
            cr_assert(status == LUPE_CORRUPT && findings > 0, "page %zu of kind %u: %s", page,
                      flags, fields[field].name);
            memcpy(at + fields[field].offset, saved, fields[field].size);
            tried++;
        }
        page += page > 20 ? 7 : 0;
    }
    cr_assert_gt(tried, 50);
    free(bytes);
    support_no_leaks();
}

Test(store_pages, verifying_refuses_what_is_damaged)
{
    const char *path = support_path("a");
    size_t size = 0;
    uint8_t *bytes = grown_file(&size, SEED + 2);
    struct store_options options = helper_options();
    struct store *store = NULL;
    unsigned refused = 0;

    options.verify = true;
    support_write_file(path, bytes, size);
    must(store_open(path, &options, &store));
    store_close(store);
    for (size_t page = 2; page < size / PAGE; page++) {
        bytes[page * PAGE + 10] ^= 0x40;
        support_write_file(path, bytes, size);
        lupe_status status = store_open(path, &options, &store);
        if (status == LUPE_OK) {
            store_close(store); /* a free page, or the inside of a value */
        } else {
            cr_assert_eq(status, LUPE_CORRUPT, "%s", lupe_last_error());
            cr_assert_not_null(strstr(lupe_last_error(), "cannot open the index"));
            refused++;
        }
        bytes[page * PAGE + 10] ^= 0x40;
    }
    cr_assert_gt(refused, 10);
    free(bytes);
    support_no_leaks();
}

Test(store_pages, files_that_are_none_are_told)
{
    const char *path = support_path("a");
    unsigned findings = 0;

    must_give(store_check_pages(path, be_silent, &findings), LUPE_NOT_FOUND);
    support_write_file(path, "", 0);
    must_give(store_check_pages(path, be_silent, &findings), LUPE_NOT_INDEX);
    support_write_file(path, "some text", 9);
    must_give(store_check_pages(path, NULL, NULL), LUPE_NOT_INDEX);
    must_give(store_check_pages(support_directory(), NULL, NULL), LUPE_NOT_INDEX);
    cr_assert_eq(findings, 0);
    support_no_leaks();
}

/* Sub-databases and sorted duplicates are not ours to walk. */
Test(store_pages, foreign_databases_are_told)
{
    const char *path = support_path("a");
    MDB_env *env = NULL;
    MDB_txn *transaction = NULL;
    MDB_dbi dbi = 0;
    MDB_val key = {5, "hello"};
    unsigned findings = 0;

    cr_assert_eq(mdb_env_create(&env), 0);
    cr_assert_eq(mdb_env_set_maxdbs(env, 2), 0);
    cr_assert_eq(mdb_env_open(env, path, MDB_NOSUBDIR, 0666), 0);
    cr_assert_eq(mdb_txn_begin(env, NULL, 0, &transaction), 0);
    cr_assert_eq(mdb_dbi_open(transaction, "named", MDB_CREATE, &dbi), 0);
    cr_assert_eq(mdb_put(transaction, dbi, &key, &key, 0), 0);
    cr_assert_eq(mdb_txn_commit(transaction), 0);
    mdb_env_close(env);
    must_give(store_check_pages(path, be_silent, &findings), LUPE_CORRUPT);
    cr_assert_gt(findings, 0);
    support_no_leaks();
}
