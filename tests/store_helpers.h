/* SPDX-License-Identifier: MIT
 *
 * store_helpers.h - what the tests of store/ share: opening, filling and reading a store in one
 * line, children that must succeed. Used by tests/test_store_*.c only.
 */
#ifndef LUPE_TESTS_STORE_HELPERS_H
#define LUPE_TESTS_STORE_HELPERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/store.h"
#include "support.h"

#define must(call)                                                                             \
    do {                                                                                       \
        lupe_status must_status = (call);                                                      \
        cr_assert_eq(must_status, LUPE_OK, "%s: %s: %s", #call, lupe_status_name(must_status), \
                     lupe_last_error());                                                       \
    } while (0)

#define must_give(call, expected)                                               \
    do {                                                                        \
        lupe_status must_status = (call);                                       \
        cr_assert_eq(must_status, (expected), "%s: %s, not %s: %s", #call,      \
                     lupe_status_name(must_status), lupe_status_name(expected), \
                     lupe_last_error());                                        \
    } while (0)

#define HELPER_MAP_BYTES (1ull << 32) /* small enough for sanitizers and address limits */

static inline struct store_options helper_options(void)
{
    return (struct store_options){.map_bytes = HELPER_MAP_BYTES};
}

static inline struct store *helper_create(const char *path)
{
    struct store_options options = helper_options();
    struct store *store = NULL;

    options.create = true;
    must(store_open(path, &options, &store));
    return store;
}

static inline struct store *helper_open(const char *path)
{
    struct store_options options = helper_options();
    struct store *store = NULL;

    must(store_open(path, &options, &store));
    return store;
}

/* A value anybody can make again from its key. */
static inline void helper_value(uint8_t *value, size_t size, uint32_t segment, uint32_t number)
{
    for (size_t at = 0; at < size; at++)
        value[at] = (uint8_t)(segment * 31 + number * 7 + at);
}

static inline lupe_status helper_try_put(struct store *store, uint32_t segment, uint32_t number,
                                         size_t size)
{
    struct store_write *write = NULL;
    uint8_t *value = malloc(size + 1);

    cr_assert_not_null(value);
    helper_value(value, size, segment, number);
    lupe_status status = store_write_begin(store, &write);
    if (status == LUPE_OK) {
        status = store_put(write, segment, number, value, size);
        if (status == LUPE_OK)
            status = store_write_commit(write);
        else
            store_write_abort(write);
    }
    free(value);
    return status;
}

static inline void helper_put(struct store *store, uint32_t segment, uint32_t number, size_t size)
{
    must(helper_try_put(store, segment, number, size));
}

static inline bool helper_has(struct store_read *read, uint32_t segment, uint32_t number,
                              size_t size)
{
    const uint8_t *value = NULL;
    size_t found = 0;
    bool same = false;

    if (store_get(read, segment, number, &value, &found) != LUPE_OK || found != size)
        return false;
    uint8_t *expected = malloc(size + 1);
    cr_assert_not_null(expected);
    helper_value(expected, size, segment, number);
    same = memcmp(expected, value, size) == 0;
    free(expected);
    return same;
}

static inline void helper_expect(struct store *store, uint32_t segment, uint32_t number,
                                 size_t size)
{
    struct store_read *read = NULL;

    must(store_read_begin(store, &read));
    cr_assert(helper_has(read, segment, number, size), "%u/%u of %zu bytes is not there", segment,
              number, size);
    store_read_end(read);
}

/* Keys in the store, counted by seeking. */
static inline uint64_t helper_count(struct store *store)
{
    struct store_read *read = NULL;
    uint32_t segment = 0;
    uint32_t number = 0;
    const uint8_t *value = NULL;
    size_t size = 0;
    uint64_t count = 0;

    must(store_read_begin(store, &read));
    for (;; number++) {
        lupe_status status = store_seek(read, &segment, &number, &value, &size);
        if (status == LUPE_NOT_FOUND)
            break;
        must(status);
        count++;
        cr_assert(number < UINT32_MAX);
    }
    store_read_end(read);
    return count;
}

static inline void helper_print(void *user, const char *finding)
{
    (void)user;
    fprintf(stderr, "finding: %s\n", finding);
}

/* Waits for a child that was to end with 0. */
static inline void helper_join(pid_t child)
{
    int status = -1;

    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with 0x%x",
              (unsigned)status);
}

/* A line of one byte between two processes. */
struct helper_line {
    int ends[2];
};

static inline struct helper_line helper_line_open(void)
{
    struct helper_line line;

    cr_assert_eq(pipe(line.ends), 0);
    return line;
}

static inline void helper_tell(struct helper_line *line)
{
    if (write(line->ends[1], "x", 1) != 1)
        abort();
}

static inline void helper_await(struct helper_line *line)
{
    char byte = 0;

    if (read(line->ends[0], &byte, 1) != 1)
        abort();
}

#endif
