/* SPDX-License-Identifier: MIT
 *
 * store.c - handles: opening, closing, how much space the file has.
 */
#include "store/internal.h"

#include <unistd.h>

#define OPEN_TRIES_MAX 100u
#define USE_WAIT_MS 2000u /* the use lock is exclusive while a small file is compacted */

/* ------------------------------------------------------------------ opening */

static lupe_status options_check(const struct store_options *options)
{
    if (options->create && (options->read_only || options->immutable))
        return fail(LUPE_INVALID, "an index cannot be created read-only");
    if (options->create && sysconf(_SC_PAGESIZE) != (long)PAGE_BYTES)
        return fail(LUPE_UNSUPPORTED, "this machine has memory pages of %ld bytes, not %u",
                    sysconf(_SC_PAGESIZE), PAGE_BYTES);
    return LUPE_OK;
}

/* Locks the file against compaction. again: the path names another file by now. */
static lupe_status use_lock(const struct file *file, const struct store_options *options,
                            bool *again)
{
    struct stat now;

    int error = lock_wait(file->descriptor, LOCK_USE, LOCK_SHARED, USE_WAIT_MS);
    if (error == EAGAIN)
        return fail(LUPE_BUSY, "%s: is being compacted by another", file->path);
    /* Where nobody writes, a file system without locks will do. */
    if (error && !options->immutable)
        return fail_code(error, file->path, 0, "cannot lock the file");
    *again = stat(file->path, &now) < 0 || now.st_dev != file->stat.st_dev ||
             now.st_ino != file->stat.st_ino;
    return LUPE_OK;
}

/* What can be known before LMDB maps the file. LMDB leaves a sound file shorter than its meta
 * page says when the last pages were freed by the transaction that took them; then, and only
 * then, a walk has to tell whether anything is missing. */
static lupe_status file_trust(const struct file *file, const struct store_options *options)
{
    struct meta meta;
    struct stat about;
    lupe_status status = LUPE_OK;

    TRY(file_meta(file->descriptor, file->path, &meta));
    if (meta.transaction == 0)
        return fail(LUPE_NOT_INDEX,
                    "%s: an empty file: an index whose creation did not get to its first commit",
                    file->path);
    if (fstat(file->descriptor, &about) < 0)
        return fail_code(errno, file->path, 0, "cannot look at the file");
    bool shorter = (uint64_t)about.st_size / PAGE_BYTES <= meta.last_page;
    if (options->verify || shorter)
        TRY(pages_check(file->descriptor, file->path, NULL, NULL));
out:
    if (status == LUPE_CORRUPT)
        status = fail_context(status, "cannot open the index");
    return status;
}

static lupe_status open_once(struct store *store, const char *path,
                             const struct store_options *options, bool *again)
{
    struct file file;
    lupe_status status = LUPE_OK;

    *again = false;
    TRY(file_open(&file, path, options->create));
    if (!file.writable && !options->read_only && !options->immutable)
        TRY(fail(LUPE_NO_PERMISSION, "%s: permission denied: open it read-only", file.path));
    TRY(use_lock(&file, options, again));
    if (*again && !options->create)
        goto out;
    if (!options->create)
        TRY(file_trust(&file, options));
    TRY(environment_attach(store, &file, options));
    if (options->create)
        status = file_sync_directory(store->environment->path);
    return status; /* a file made is removed with the handle's closing */
out:
    if (file.descriptor >= 0) {
        if (status != LUPE_OK)
            file_remove_made(&file);
        close(file.descriptor);
    }
    return status;
}

lupe_status store_open(const char *path, const struct store_options *options, struct store **out)
{
    struct store *store = NULL;
    bool again = true;
    lupe_status status = LUPE_OK;

    *out = NULL;
    TRY(options_check(options));
    store = memory_zalloc(1, sizeof *store);
    if (!store)
        return fail_memory();
    store->locks[STORE_LOCK_WRITER] = -1;
    store->locks[STORE_LOCK_MAINTENANCE] = -1;
    store->read_only = options->read_only || options->immutable;
    for (unsigned attempt = 0; again && attempt < OPEN_TRIES_MAX; attempt++)
        TRY(open_once(store, path, options, &again));
    if (again)
        TRY(fail(LUPE_BUSY, "%s: is replaced again and again", path));
    *out = store;
out:
    if (status != LUPE_OK)
        store_close(store);
    return status;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->environment) {
        store_unlock(store, STORE_LOCK_WRITER);
        store_unlock(store, STORE_LOCK_MAINTENANCE);
        environment_detach(store);
    }
    memory_free(store);
}

/* ------------------------------------------------------------------ asking */

const char *store_path(const struct store *store)
{
    return store->environment->path;
}

lupe_status store_usable(const struct store *store)
{
    if (store->process != process_now())
        return fail(LUPE_MISUSE,
                    "%s: was opened by the parent process: a child of fork() opens its own handle",
                    store->environment->path);
    return LUPE_OK;
}

/* What neither tree and no meta page uses is free: counted, not listed. */
static int space_used(MDB_txn *transaction, uint64_t *pages)
{
    *pages = 2;
    for (MDB_dbi dbi = FREE_DBI; dbi <= STORE_DBI; dbi++) {
        MDB_stat tree;
        int code = LMDB_CALL(mdb_stat(transaction, dbi, &tree));
        if (code)
            return code;
        *pages += tree.ms_branch_pages + tree.ms_leaf_pages + tree.ms_overflow_pages;
    }
    return 0;
}

lupe_status store_space(struct store *store, struct store_space *space)
{
    struct environment *environment = store->environment;
    struct store_read *read = NULL;
    struct stat about;
    uint64_t pages = 0;
    lupe_status status = LUPE_OK;

    memset(space, 0, sizeof *space);
    TRY(store_read_begin(store, &read));
    int code = space_used(store_read_transaction(read), &pages);
    if (code)
        TRY(fail_code(code, environment->path, environment->map_bytes, "cannot count pages"));
    if (SYSTEM_CALL(fstat(environment->descriptor, &about)) < 0)
        TRY(fail_code(errno, environment->path, 0, "cannot look at the file"));
    space->file_bytes = (uint64_t)about.st_size;
    if (space->file_bytes > pages * PAGE_BYTES)
        space->free_bytes = space->file_bytes - pages * PAGE_BYTES;
    space->map_bytes = environment->map_bytes;
out:
    store_read_end(read);
    return status;
}
