/* SPDX-License-Identifier: MIT
 *
 * lock.c - locks on bytes of the file far behind any data.
 *
 * They are open file description locks: they belong to a descriptor, not to the process, so
 * that two handles of one process exclude each other, and closing some other descriptor of the
 * file does not drop them. The kernel gives them back when their owner dies.
 *
 *   LOCK_BASE + LOCK_USE           shared by every open environment; exclusive to compact
 *   LOCK_BASE + LOCK_WRITER        from the first change to commit or rollback
 *   LOCK_BASE + LOCK_MAINTENANCE   merging
 *   AGREE_BASE + n                 shared by those whose lock file has the hash n
 */
#include "store/internal.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"

#define LOCK_BASE (INT64_C(1) << 62)
#define AGREE_BASE (LOCK_BASE + (INT64_C(1) << 33))
#define AGREE_BYTES (INT64_C(1) << 32)
#define POLL_MIN_NS 100000L   /* pauses grow from 0.1 ms ... */
#define POLL_MAX_NS 10000000L /* ... to 10 ms */

static int lock_range(int descriptor, int command, short type, int64_t start, int64_t size)
{
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};

    for (;;) {
        if (SYSTEM_CALL(fcntl(descriptor, command, &range)) == 0)
            return command == F_OFD_GETLK && range.l_type != F_UNLCK ? EAGAIN : 0;
        if (errno != EINTR)
            return errno == EACCES ? EAGAIN : errno;
    }
}

int lock_set(int descriptor, enum lock_byte byte, enum lock_kind kind)
{
    static const short types[] = {
        [LOCK_NONE] = F_UNLCK, [LOCK_SHARED] = F_RDLCK, [LOCK_EXCLUSIVE] = F_WRLCK};

    return lock_range(descriptor, F_OFD_SETLK, types[kind], LOCK_BASE + (int64_t)byte, 1);
}

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* By polling: the kernel's waiting lock knows no time-out. */
int lock_wait(int descriptor, enum lock_byte byte, enum lock_kind kind, uint32_t wait_ms)
{
    long pause_ns = POLL_MIN_NS;
    uint64_t start_ms = wait_ms ? clock_ms() : 0;

    for (;;) {
        int error = lock_set(descriptor, byte, kind);
        if (error != EAGAIN || wait_ms == 0)
            return error;
        if (wait_ms != UINT32_MAX && clock_ms() - start_ms >= wait_ms)
            return error;
        struct timespec pause = {0, pause_ns};
        nanosleep(&pause, NULL);
        pause_ns = pause_ns * 2 > POLL_MAX_NS ? POLL_MAX_NS : pause_ns * 2;
    }
}

/* LMDB's writers exclude each other and see readers through the lock file. Two openers of one
 * file with two lock files (a hard link has another name, someone may have deleted the first
 * lock file) would write over each other. Each marks its own before it looks, so that of two
 * who come at once at least one sees the other. */
int lock_agree(int descriptor, const struct stat *lock_file)
{
    uint64_t identity[2] = {(uint64_t)lock_file->st_dev, (uint64_t)lock_file->st_ino};
    int64_t mark = (int64_t)(hash_bytes(identity, sizeof identity) % (uint64_t)AGREE_BYTES);

    int error = lock_range(descriptor, F_OFD_SETLK, F_UNLCK, AGREE_BASE, AGREE_BYTES);
    if (!error)
        error = lock_range(descriptor, F_OFD_SETLK, F_RDLCK, AGREE_BASE + mark, 1);
    if (!error && mark > 0)
        error = lock_range(descriptor, F_OFD_GETLK, F_WRLCK, AGREE_BASE, mark);
    if (!error && mark < AGREE_BYTES - 1)
        error = lock_range(descriptor, F_OFD_GETLK, F_WRLCK, AGREE_BASE + mark + 1,
                           AGREE_BYTES - mark - 1);
    return error;
}

/* ------------------------------------------------------------------ the handle's locks */

static const enum lock_byte bytes_of[] = {
    [STORE_LOCK_WRITER] = LOCK_WRITER, [STORE_LOCK_MAINTENANCE] = LOCK_MAINTENANCE};
static const char *const names_of[] = {[STORE_LOCK_WRITER] = "another writer is at work",
                                       [STORE_LOCK_MAINTENANCE] =
                                           "another merge or optimization is at work"};

static bool lock_matches(const struct environment *environment, int descriptor)
{
    struct stat about;

    return fstat(descriptor, &about) == 0 && about.st_dev == environment->device &&
           about.st_ino == environment->inode;
}

/* A descriptor of its own for each acquisition; the file must still be the one LMDB has. */
static lupe_status lock_descriptor(const struct environment *environment, int *out)
{
    int descriptor = SYSTEM_CALL(open(environment->path, O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (descriptor < 0)
        return fail_code(errno, environment->path, 0, "cannot open the file to lock it");
    if (!lock_matches(environment, descriptor)) {
        close(descriptor);
        return fail(LUPE_IO,
                    "%s: the file was replaced while it was open: close it and open it again",
                    environment->path);
    }
    *out = descriptor;
    return LUPE_OK;
}

lupe_status store_lock(struct store *store, enum store_lock lock, uint32_t wait_ms)
{
    struct environment *environment = store->environment;
    int descriptor = -1;
    lupe_status status = LUPE_OK;

    TRY(store_usable(store));
    if (store->read_only)
        return fail(LUPE_MISUSE, "%s: was opened read-only", environment->path);
    TRY(lock_descriptor(environment, &descriptor));
    int error = lock_wait(descriptor, bytes_of[lock], LOCK_EXCLUSIVE, wait_ms);
    if (error) {
        close(descriptor);
        if (error == EAGAIN)
            return fail(LUPE_BUSY, "%s: %s", environment->path, names_of[lock]);
        return fail_code(error, environment->path, 0, "cannot lock the file");
    }
    registry_lock();
    bool ours = !environment->compacting && lock_matches(environment, descriptor);
    if (ours)
        store->locks[lock] = descriptor;
    registry_unlock();
    if (!ours) {
        close(descriptor);
        return fail(LUPE_BUSY, "%s: is being compacted", environment->path);
    }
out:
    return status;
}

/* Unlocks before closing: a child of fork() may hold the same descriptor. */
void store_unlock(struct store *store, enum store_lock lock)
{
    if (store_usable(store) != LUPE_OK)
        return;
    registry_lock();
    int descriptor = store->locks[lock];
    store->locks[lock] = -1;
    registry_unlock();
    if (descriptor < 0)
        return;
    (void)lock_set(descriptor, bytes_of[lock], LOCK_NONE);
    close(descriptor);
}
