/* SPDX-License-Identifier: MIT
 *
 * support.h - what the tests share: temporary files, leaks, failing allocations, random numbers.
 *
 * Owns the temporary directory of a test's process and the failing allocator. Used by tests
 * only; Criterion runs each test in a process of its own, so nothing here outlives a test.
 */
#ifndef LUPE_TESTS_SUPPORT_H
#define LUPE_TESTS_SUPPORT_H

#include <criterion/criterion.h>
#include <inttypes.h>

#include "lupe.h"

/* True under `make test-all`: then tests take every case where they else take a sample. */
bool test_full(void);

/* ---------------------------------------------------------------- files */

/* A directory of this process's own, made by the first call, removed with all in it at exit. */
const char *support_directory(void);

/* The path of name in that directory. Valid until SUPPORT_PATHS further calls. */
#define SUPPORT_PATHS 16
const char *support_path(const char *name);

void support_write_file(const char *path, const void *bytes, size_t size);

/* The bytes of a file, to be given to free(). */
uint8_t *support_read_file(const char *path, size_t *size);

/* ---------------------------------------------------------------- memory */

/* The last line of a test that made the library allocate. */
#define support_no_leaks()                                                     \
    cr_assert_eq(lupe_allocations_live(), (size_t)0, "%zu allocations leaked", \
                 lupe_allocations_live())

/* Makes the n-th allocation from now (the first is 1; growing counts) fail, all others succeed.
 * 0: none fails, they are counted. Sets the library's allocator on its first call, so that one
 * must come while nothing is allocated. The loop over a scenario:
 *
 *     for (size_t n = 1, failed = 1; failed; n++) {
 *         support_fail_allocation(n);
 *         lupe_status status = scenario();
 *         failed = support_allocation_failed();
 *         cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK);
 *         support_fail_allocation(0);
 *         support_no_leaks();
 *     }
 */
void support_fail_allocation(size_t n);

/* The n-th and all that follow fail. */
void support_fail_allocations_from(size_t n);

/* Since the last call of the two above. */
size_t support_allocations_seen(void);
bool support_allocation_failed(void);

/* ---------------------------------------------------------------- random numbers */

/* SplitMix64. The seed goes into messages ("seed %" PRIu64); the environment variable TEST_SEED
 * replaces it, to repeat a run or to try another. */
struct support_random {
    uint64_t seed;
    uint64_t state;
};

struct support_random support_random_of(uint64_t seed);
uint64_t support_random_next(struct support_random *random);
uint64_t support_random_below(struct support_random *random, uint64_t bound); /* bound > 0 */
double support_random_real(struct support_random *random);                    /* in [0, 1) */
void support_random_bytes(struct support_random *random, void *bytes, size_t size);

#endif
