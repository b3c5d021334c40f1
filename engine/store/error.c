/* SPDX-License-Identifier: MIT
 *
 * error.c - LMDB's codes and errno as statuses with a sentence that says what to do; the hook
 * by which tests let the n-th call fail.
 */
#include "store/internal.h"

#include <stdatomic.h>
#include <sys/statvfs.h>

/* ------------------------------------------------------------------ the fault hook */

static atomic_ulong calls_made;
static atomic_ulong calls_until_fault; /* 0: off */
static atomic_int fault_error;
static _Thread_local int fault_last;

void store_fail_after(unsigned long calls, int error)
{
    atomic_store(&fault_error, error);
    atomic_store(&calls_until_fault, calls);
}

unsigned long store_calls(void)
{
    return atomic_load(&calls_made);
}

int store_fault_code(void)
{
    atomic_fetch_add_explicit(&calls_made, 1, memory_order_relaxed);
    unsigned long left = atomic_load_explicit(&calls_until_fault, memory_order_relaxed);
    while (left) {
        if (atomic_compare_exchange_weak(&calls_until_fault, &left, left - 1)) {
            if (left > 1)
                return 0;
            fault_last = atomic_load(&fault_error);
            return fault_last;
        }
    }
    return 0;
}

int store_fault_errno(void)
{
    int error = store_fault_code();
    if (error)
        errno = error;
    return error;
}

int store_fault_last(void)
{
    return fault_last;
}

/* ------------------------------------------------------------------ codes */

static lupe_status fail_map_full(const char *path, uint64_t map_bytes, const char *doing)
{
    return fail(LUPE_NO_SPACE,
                "%s: %s: the index reached its map size of %llu bytes: close all its handles in "
                "this process and open it with a larger map",
                path, doing, (unsigned long long)map_bytes);
}

/* LMDB answers a short write, which is what a full file system gives first, with EIO. */
static bool file_system_full(const char *path)
{
    struct statvfs about;
    return statvfs(path, &about) == 0 && about.f_bavail == 0;
}

static lupe_status fail_system(int error, const char *path, const char *doing)
{
    if (error == EIO && file_system_full(path))
        error = ENOSPC;
    switch (error) {
    case ENOMEM:
        return fail(LUPE_NO_MEMORY,
                    "%s: %s: out of memory or address space: a smaller map needs less", path,
                    doing);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return fail(LUPE_NO_SPACE, "%s: %s: no space left on the file system", path, doing);
    case EACCES:
    case EPERM:
    case EROFS:
        return fail(LUPE_NO_PERMISSION, "%s: %s: permission denied", path, doing);
    default:
        return fail_errno(error, "%s: %s", path, doing);
    }
}

lupe_status fail_code(int code, const char *path, uint64_t map_bytes, const char *doing)
{
    switch (code) {
    case MDB_MAP_FULL:
        return fail_map_full(path, map_bytes, doing);
    case MDB_MAP_RESIZED:
        return fail(LUPE_BUSY,
                    "%s: %s: another process made the file larger than the map of %llu bytes of "
                    "this one: close the snapshots of this process or open with a larger map",
                    path, doing, (unsigned long long)map_bytes);
    case MDB_READERS_FULL:
        return fail(LUPE_BUSY, "%s: %s: %u snapshots are open, no more can be: close some", path,
                    doing, READERS_MAX);
    case MDB_TXN_FULL:
        return fail(LUPE_LIMIT, "%s: %s: the transaction changes too many pages", path, doing);
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return fail(LUPE_NOT_INDEX, "%s: %s: the file or its lock file is not of this LMDB: %s",
                    path, doing, mdb_strerror(code));
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case MDB_BAD_TXN:
    case MDB_BAD_DBI:
    case MDB_BAD_RSLOT:
    case MDB_BAD_VALSIZE:
        return fail(LUPE_CORRUPT, "%s: %s: the pages are damaged (%s): check the index", path,
                    doing, mdb_strerror(code));
    case MDB_PANIC:
        return fail(LUPE_IO,
                    "%s: %s: an earlier write failed: close the snapshots of this process or all "
                    "handles, then try again",
                    path, doing);
    default:
        break;
    }
    if (code < 0)
        return fail(LUPE_IO, "%s: %s: %s", path, doing, mdb_strerror(code));
    return fail_system(code, path, doing);
}
