/* SPDX-License-Identifier: MIT
 *
 * store.h - the file: LMDB and nothing but LMDB.
 *
 * Owns the environment (one a file and process, found again by device and inode), its
 * transactions, the three locks, copies and compaction, the walk over LMDB's pages. It is the
 * only folder that includes lmdb.h or sees an MDB_ code. Called by segment/ (reading extents),
 * write/ (publishing) and the public functions. Never looks into a value.
 *
 * Keys are eight bytes: segment number and running number, both u32 big-endian, so that they
 * sort as numbers. Values are immutable bytes; a value of n * PAGE_BYTES - PAGE_HEADER_BYTES
 * bytes wastes nothing. Values given out by a read transaction stay valid and in place until
 * that transaction ends.
 *
 * Thread-safety: struct store any thread; a read transaction one thread at a time (any thread);
 * a write transaction only the thread that began it, which may have one at a time.
 */
#ifndef LUPE_STORE_STORE_H
#define LUPE_STORE_STORE_H

#include "base/limits.h"
#include "base/status.h"

struct store;       /* a handle on an environment; several handles may share one */
struct store_read;  /* a read transaction */
struct store_write; /* a write transaction, held for the time of one publication */

struct store_options {
    bool create;        /* the file must not exist (LUPE_EXISTS) and is made */
    bool read_only;     /* never writes */
    bool immutable;     /* no lock file; nobody writes */
    bool verify;        /* walk all pages before LMDB follows them */
    uint64_t map_bytes; /* 0: MAP_BYTES_DEFAULT; halved until granted */
};

/* Opens or makes the file. Takes the use lock shared (LUPE_BUSY while a compaction in place
 * runs), clears stale readers, refuses with a sentence: a folder, an empty or short file, no
 * LMDB file, another page size, byte order or LMDB version, a file shorter than its meta pages
 * say. A file it could not open is left byte for byte as it was. A larger map than the one an
 * environment of this process has is granted when it has no transaction.
 *
 * LUPE_BUSY as well: the file is open elsewhere with another lock file (a hard link, a deleted
 * lock file), or its lock file serves another file that was deleted or replaced while open. */
CHECKED lupe_status store_open(const char *path, const struct store_options *options,
                               struct store **store);

/* Gives back the locks, too. Accepts NULL. No transaction may be alive. A file that this process
 * created and nobody committed to is removed. */
void store_close(struct store *store);

/* Without symbolic links. */
const char *store_path(const struct store *store);
/* LUPE_MISUSE in a child of fork(). Called first by every function below. */
CHECKED lupe_status store_usable(const struct store *store);

struct store_space {
    uint64_t file_bytes; /* size of the file */
    uint64_t free_bytes; /* pages of it that no commit uses */
    uint64_t map_bytes;
};
CHECKED lupe_status store_space(struct store *store, struct store_space *space);

/* ---- locks, on bytes of the file itself (open file description locks) */

enum store_lock { STORE_LOCK_WRITER, STORE_LOCK_MAINTENANCE };

/* Takes a lock; wait_ms 0: LUPE_BUSY at once, UINT32_MAX: for ever. A second owner in the
 * same process counts as another, also by the same handle: every call is one acquisition, which
 * store_unlock gives back. LUPE_MISUSE for a read-only handle. */
CHECKED lupe_status store_lock(struct store *store, enum store_lock lock, uint32_t wait_ms);
void store_unlock(struct store *store, enum store_lock lock); /* also of a lock not held */

/* ---- reading */

CHECKED lupe_status store_read_begin(struct store *store, struct store_read **read);
void store_read_end(struct store_read *read); /* accepts NULL */

/* Names a state of the file for as long as the handle is open. */
struct store_version {
    uint64_t opening; /* compaction and reopening begin anew with counting commits */
    uint64_t commit;
};
/* The state a transaction reads. */
struct store_version store_read_version(const struct store_read *read);
/* Whether that state is still the last one, whoever commits; asks without a transaction. False
 * also when that cannot be told: beginning a transaction then tells why. */
bool store_is_at(struct store *store, const struct store_version *version);

/* The value, or LUPE_NOT_FOUND (without setting a message). */
CHECKED lupe_status store_get(struct store_read *read, uint32_t segment, uint32_t number,
                              const uint8_t **value, size_t *size);

/* The first key at or after (segment, number); LUPE_NOT_FOUND behind the last. Updates the key. */
CHECKED lupe_status store_seek(struct store_read *read, uint32_t *segment, uint32_t *number,
                               const uint8_t **value, size_t *size);

/* ---- writing: one transaction, short. The caller holds the writer or the maintenance lock;
 * LMDB's own mutex is waited for inside begin. After a failure of get, seek, put or delete every
 * further call and the commit fail with the same status. */

CHECKED lupe_status store_write_begin(struct store *store, struct store_write **write);
CHECKED lupe_status store_write_commit(struct store_write *write); /* ends it, also on failure */
void store_write_abort(struct store_write *write);                 /* accepts NULL */

/* Reading inside the transaction: what it changed is seen. Valid until the next put or delete. */
CHECKED lupe_status store_write_get(struct store_write *write, uint32_t segment, uint32_t number,
                                    const uint8_t **value, size_t *size);
CHECKED lupe_status store_write_seek(struct store_write *write, uint32_t *segment,
                                     uint32_t *number);
CHECKED lupe_status store_put(struct store_write *write, uint32_t segment, uint32_t number,
                              const void *value, size_t size); /* inserts or replaces */
/* LUPE_NOT_FOUND when there is no such key, which does no harm to the transaction. */
CHECKED lupe_status store_delete(struct store_write *write, uint32_t segment, uint32_t number);
/* Deletes every key of the segment. */
CHECKED lupe_status store_delete_segment(struct store_write *write, uint32_t segment);

/* ---- whole file */

/* Called at the start, when the copy is written but not yet synced, and at the end (when its
 * answer is of no account); returning false cancels. */
typedef bool (*store_progress)(void *user, double done);

/* A consistent copy at path, which must not exist; compact leaves out free pages. Removes what
 * it made when it fails. */
CHECKED lupe_status store_copy(struct store *store, const char *path, bool compact,
                               store_progress progress, void *user);

/* Compacts in place. Needs to be the only handle on the file in any process and have neither a
 * transaction nor a lock of store_lock (else LUPE_BUSY): it takes the use lock exclusively,
 * writes a compact copy beside the file, syncs it and renames it over the file while the lock
 * is held, so that nobody holds the old file open and a crash at any moment leaves a sound
 * index. Who was waiting in store_open finds that the path names another file than the one it
 * locked, and opens anew. The handle goes on with the new file. */
CHECKED lupe_status store_compact(struct store *store, store_progress progress, void *user);

/* Walks meta pages, trees and free list of the file at path with plain reads, before LMDB is
 * asked to follow them: every page number inside the file, of its kind, referenced once; keys
 * ascending; overflow runs complete; every page in use or free. report (may be NULL) is called
 * for each finding; LUPE_CORRUPT when there was one. When commits come in between it begins anew,
 * and gives LUPE_BUSY when there are too many of them. */
CHECKED lupe_status store_check_pages(const char *path,
                                      void (*report)(void *user, const char *finding), void *user);

/* The same for an open file; holds off commits meanwhile, unless the handle is read-only. */
CHECKED lupe_status store_check(struct store *store,
                                void (*report)(void *user, const char *finding), void *user);

/* Test hook: the n-th call that reaches LMDB or the file system fails with error (an MDB_ or
 * errno code); 0 turns it off. */
void store_fail_after(unsigned long calls, int error);

/* Calls made so far that such a fault could have hit. */
unsigned long store_calls(void);

#endif
