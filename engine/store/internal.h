/* SPDX-License-Identifier: MIT
 *
 * internal.h - what the files of store/ share: the environment of a file, the handle, LMDB's
 * meta page as it lies in the file, the gate through which every call to LMDB or to the file
 * system goes so that tests can make it fail. Included by store/ alone.
 *
 *   store.c        handles: open, close, space
 *   environment.c  one LMDB environment a file and process, found by device and inode
 *   file.c         the file before LMDB sees it: kind, meta pages, directory
 *   lock.c         locks on bytes of the file
 *   transaction.c  reading and writing
 *   copy.c         copies and compaction
 *   pages.c        the walk over all pages
 *   error.c        LMDB's codes and errno as statuses; the fault hook
 *
 * Order of mutexes: the registry's before an environment's.
 */
#ifndef LUPE_STORE_INTERNAL_H
#define LUPE_STORE_INTERNAL_H

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "store/store.h"

_Static_assert(sizeof(size_t) == 8 && sizeof(off_t) == 8, "LMDB's file depends on the word size");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "and on the byte order");

#define KEY_BYTES 8u
#define STORE_DBI ((MDB_dbi)1) /* the unnamed database; LMDB gives it this number always */
#define FREE_DBI ((MDB_dbi)0)  /* LMDB's free list */
#define LOCK_SUFFIX "-lock"    /* LMDB's name for the lock file beside the file */

/* ---- error.c */

int store_fault_code(void);  /* the error to fail with, or 0 */
int store_fault_errno(void); /* the same, left in errno as well */

/* A call that gives an LMDB code or errno value; one that gives -1 and errno. */
#define LMDB_CALL(call) (store_fault_code() ? store_fault_last() : (call))
#define SYSTEM_CALL(call) (store_fault_errno() ? -1 : (call))
int store_fault_last(void); /* what the last call of this thread failed with */

struct environment;

/* The status for an LMDB code or errno value. The message is "path: doing: what, what to do". */
CHECKED lupe_status fail_code(int code, const char *path, uint64_t map_bytes, const char *doing)
    __attribute__((cold));

/* ---- file.c */

/* The newest of the two meta pages, and what follows from it. */
struct meta {
    uint64_t transaction;
    uint64_t last_page;
    uint64_t map_bytes;
    struct meta_tree {
        uint32_t pad;
        uint16_t flags;
        uint16_t depth;
        uint64_t branch_pages;
        uint64_t leaf_pages;
        uint64_t overflow_pages;
        uint64_t entries;
        uint64_t root;
    } trees[2]; /* by FREE_DBI and STORE_DBI */
};

#define PAGE_NONE UINT64_MAX /* the root of an empty tree */

struct file {
    int descriptor;
    bool writable;
    bool made; /* by this open: to be removed when it fails */
    bool had_lock_file;
    struct stat stat;
    char path[PATH_BYTES_MAX]; /* without symbolic links */
};

/* Opens a regular file for reading, and for writing where allowed. NOT_FOUND, EXISTS, ... */
CHECKED lupe_status file_open(struct file *file, const char *path, bool create);
void file_remove_made(struct file *file); /* the file and its lock file, when this open made them */

/* Both meta pages are LMDB's and ours; the newer one. LUPE_NOT_INDEX or LUPE_CORRUPT. */
CHECKED lupe_status file_meta(int descriptor, const char *path, struct meta *meta);
CHECKED lupe_status file_sync_directory(const char *path); /* of the directory path lies in */
CHECKED lupe_status file_lock_path(const char *path, char out[PATH_BYTES_MAX]);

/* size bytes at offset, or fewer at the end of the file; -1 and errno. */
ssize_t file_read(int descriptor, void *bytes, size_t size, uint64_t offset);

/* ---- lock.c */

enum lock_kind { LOCK_NONE, LOCK_SHARED, LOCK_EXCLUSIVE };
enum lock_byte { LOCK_USE, LOCK_WRITER, LOCK_MAINTENANCE };

/* Takes or changes a lock on one byte; 0, EAGAIN when another has it, or errno. */
int lock_set(int descriptor, enum lock_byte byte, enum lock_kind kind);
/* The same, waiting. */
int lock_wait(int descriptor, enum lock_byte byte, enum lock_kind kind, uint32_t wait_ms);

/* All who hold the file open have to use one lock file. Marks which one this descriptor's owner
 * uses; EAGAIN when another uses another one. */
int lock_agree(int descriptor, const struct stat *lock_file);

/* ---- environment.c */

struct environment {
    struct environment *next;
    struct store *stores; /* handles; with references under the registry's mutex */
    unsigned references;
    pid_t process;
    dev_t device;
    ino_t inode;
    int descriptor; /* holds the use lock */
    bool read_only;
    bool immutable;
    bool made; /* here; while nothing is committed, closing removes it */
    char *path;

    pthread_mutex_t mutex; /* over what follows */
    MDB_env *env;          /* NULL: the next transaction opens it */
    int stale;             /* MDB_MAP_RESIZED, MDB_PANIC: to be opened anew for this reason */
    bool compacting;
    uint64_t openings;     /* of env so far */
    unsigned transactions; /* alive or beginning */
    uint64_t map_wanted;
    uint64_t map_bytes; /* what was granted */
    bool write_alive;
    pthread_t write_thread;
};

struct store {
    struct store *next;
    struct environment *environment;
    pid_t process;
    bool read_only;
    int locks[2]; /* by enum store_lock: a descriptor that holds it, or -1 */
};

/* The id of this process, kept since the first store was opened and over forks. */
pid_t process_now(void);
void registry_lock(void);
void registry_unlock(void);

/* Finds or makes the environment of an open file, of which it takes over the descriptor, and
 * attaches the handle to it. */
CHECKED lupe_status environment_attach(struct store *store, struct file *file,
                                       const struct store_options *options);
void environment_detach(struct store *store); /* closes it with its last handle */

/* Counts a transaction in and sees to it that LMDB's environment is open. LUPE_BUSY while a
 * compaction goes on, unless it is the compaction that asks. */
CHECKED lupe_status environment_enter(struct environment *environment, bool claimed);
void environment_leave(struct environment *environment);
/* The same for a transaction that LMDB refused with code; true: worth another try. */
bool environment_retry(struct environment *environment, int code, unsigned attempt);

/* Opens and closes LMDB's environment; under the environment's mutex. */
CHECKED lupe_status environment_start(struct environment *environment);
void environment_stop(struct environment *environment);

/* ---- transaction.c */

void *store_read_transaction(struct store_read *read); /* LMDB's */

/* ---- pages.c */

/* Walks all pages; several times when commits come in between. */
CHECKED lupe_status pages_check(int descriptor, const char *path,
                                void (*report)(void *user, const char *finding), void *user);

#endif
