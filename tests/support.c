/* SPDX-License-Identifier: MIT
 *
 * support.c - see support.h.
 */
#include "support.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool test_full(void)
{
    const char *level = getenv("TEST_LEVEL");
    return level && strcmp(level, "full") == 0;
}

/* ---------------------------------------------------------------- files */

static char directory[PATH_MAX];
static pid_t directory_owner; /* a child of the test must not remove it */

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_directory(void)
{
    if (directory_owner == getpid())
        nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *support_directory(void)
{
    if (directory[0])
        return directory;
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(directory, sizeof directory, "%s/lupe-test.XXXXXX", parent);
    cr_assert(mkdtemp(directory) != NULL, "cannot make %s: %s", directory, strerror(errno));
    directory_owner = getpid();
    atexit(remove_directory);
    return directory;
}

const char *support_path(const char *name)
{
    static char paths[SUPPORT_PATHS][PATH_MAX];
    static unsigned next;

    char *path = paths[next++ % SUPPORT_PATHS];
    int size = snprintf(path, PATH_MAX, "%s/%s", support_directory(), name);
    cr_assert(size > 0 && size < PATH_MAX, "the path of %s is too long", name);
    return path;
}

void support_write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL, "cannot open %s: %s", path, strerror(errno));
    bool written = fwrite(bytes, 1, size, file) == size;
    bool closed = fclose(file) == 0;
    cr_assert(written && closed, "cannot write %s: %s", path, strerror(errno));
}

uint8_t *support_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file != NULL, "cannot open %s: %s", path, strerror(errno));
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    long end = ftell(file);
    cr_assert_geq(end, 0);
    rewind(file);
    uint8_t *bytes = malloc((size_t)end + 1);
    cr_assert(bytes != NULL);
    cr_assert_eq(fread(bytes, 1, (size_t)end, file), (size_t)end, "cannot read %s", path);
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

/* ---------------------------------------------------------------- memory */

static atomic_size_t allocations_seen;
static size_t fail_first; /* 0: none */
static size_t fail_last;
static atomic_bool allocation_failed;

static bool allocation_fails(void)
{
    size_t number = atomic_fetch_add(&allocations_seen, 1) + 1;
    if (fail_first == 0 || number < fail_first || number > fail_last)
        return false;
    atomic_store(&allocation_failed, true);
    return true;
}

static void *failing_allocate(void *user, size_t size)
{
    (void)user;
    return allocation_fails() ? NULL : malloc(size);
}

static void *failing_reallocate(void *user, void *memory, size_t size)
{
    (void)user;
    return allocation_fails() ? NULL : realloc(memory, size);
}

static void failing_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void fail_allocations(size_t first, size_t last)
{
    static const lupe_allocator failing = {failing_allocate, failing_reallocate, failing_release,
                                           NULL};
    static bool set;

    if (!set) {
        cr_assert_eq(lupe_set_allocator(&failing), LUPE_OK, "%s", lupe_last_error());
        set = true;
    }
    fail_first = first;
    fail_last = last;
    atomic_store(&allocations_seen, 0);
    atomic_store(&allocation_failed, false);
}

void support_fail_allocation(size_t n)
{
    fail_allocations(n, n);
}

void support_fail_allocations_from(size_t n)
{
    fail_allocations(n, SIZE_MAX);
}

size_t support_allocations_seen(void)
{
    return atomic_load(&allocations_seen);
}

bool support_allocation_failed(void)
{
    return atomic_load(&allocation_failed);
}

/* ---------------------------------------------------------------- random numbers */

struct support_random support_random_of(uint64_t seed)
{
    const char *wanted = getenv("TEST_SEED");
    if (wanted && *wanted)
        seed = strtoull(wanted, NULL, 0);
    return (struct support_random){.seed = seed, .state = seed};
}

uint64_t support_random_next(struct support_random *random)
{
    uint64_t value = random->state += 0x9E3779B97F4A7C15u;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

uint64_t support_random_below(struct support_random *random, uint64_t bound)
{
    return support_random_next(random) % bound;
}

double support_random_real(struct support_random *random)
{
    return (double)(support_random_next(random) >> 11) * 0x1p-53;
}

void support_random_bytes(struct support_random *random, void *bytes, size_t size)
{
    uint8_t *out = bytes;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)support_random_next(random);
}
