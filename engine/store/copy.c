/* SPDX-License-Identifier: MIT
 *
 * copy.c - copies while others work, and compaction in place.
 *
 * Compaction replaces the file by a copy without free pages. Renaming a file over one that
 * somebody holds open would lose what he commits; so it is done under the exclusive use lock,
 * which nobody gets while an environment is open anywhere. A crash leaves the old or the new
 * file whole, and at worst a file PATH.compact-N, which the next compaction removes.
 */
#include "store/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define COMPACT_SUFFIX ".compact-"
#define COPY_TRIES_MAX 4u

/* ------------------------------------------------------------------ copying */

static lupe_status progress_at(store_progress progress, void *user, double done)
{
    if (progress && !progress(user, done))
        return fail(LUPE_CANCELLED, "the copy was cancelled");
    return LUPE_OK;
}

static lupe_status fail_copy(const struct environment *environment, int code, const char *path)
{
    if (code == MDB_INCOMPATIBLE) /* LMDB counts pages and they do not add up */
        return fail(LUPE_CORRUPT, "%s: cannot copy: the pages are damaged: check the index",
                    environment->path);
    if (code < 0)
        return fail_code(code, environment->path, environment->map_bytes, "cannot copy");
    return fail_code(code, path, 0, "cannot write the copy");
}

/* Lets LMDB write the copy, which is a transaction of its own. */
static lupe_status copy_pages(struct environment *environment, bool claimed, int descriptor,
                              const char *path, bool compact)
{
    lupe_status status = LUPE_OK;

    for (unsigned attempt = 0;; attempt++) {
        TRY(environment_enter(environment, claimed));
        int code =
            LMDB_CALL(mdb_env_copyfd2(environment->env, descriptor, compact ? MDB_CP_COMPACT : 0));
        if (!code) {
            environment_leave(environment);
            break;
        }
        if (!environment_retry(environment, code, attempt) || attempt == COPY_TRIES_MAX)
            return fail_copy(environment, code, path);
        if (SYSTEM_CALL(ftruncate(descriptor, 0)) < 0 || lseek(descriptor, 0, SEEK_SET) < 0)
            return fail_code(errno, path, 0, "cannot write the copy");
    }
out:
    return status;
}

/* A synced copy in a file that is made for it. A compaction, which has claimed the environment,
 * gets the open file; else out is NULL. */
static lupe_status copy_to(struct environment *environment, const char *path, bool compact,
                           store_progress progress, void *user, int *out)
{
    bool made = false;
    bool claimed = out != NULL;
    lupe_status status = LUPE_OK;

    TRY(progress_at(progress, user, 0.0));
    int descriptor =
        SYSTEM_CALL(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666));
    if (descriptor < 0 && errno == EEXIST)
        return fail(LUPE_EXISTS, "%s: exists already; it is left as it is", path);
    if (descriptor < 0)
        return fail_code(errno, path, 0, "cannot make the file");
    made = true;
    TRY(copy_pages(environment, claimed, descriptor, path, compact));
    TRY(progress_at(progress, user, 0.9));
    if (SYSTEM_CALL(fsync(descriptor)) < 0)
        TRY(fail_code(errno, path, 0, "cannot sync the copy"));
    TRY(file_sync_directory(path));
    if (out)
        *out = descriptor;
out:
    if (made && status != LUPE_OK)
        unlink(path);
    if (made && (status != LUPE_OK || !out))
        close(descriptor);
    return status;
}

lupe_status store_copy(struct store *store, const char *path, bool compact, store_progress progress,
                       void *user)
{
    lupe_status status = LUPE_OK;

    TRY(store_usable(store));
    TRY(copy_to(store->environment, path, compact, progress, user, NULL));
    if (progress)
        (void)progress(user, 1.0);
out:
    return status;
}

/* ------------------------------------------------------------------ compaction */

/* Claims the environment: no other handle and no transaction in this process. */
static lupe_status compact_claim(struct store *store)
{
    struct environment *environment = store->environment;
    lupe_status status = LUPE_OK;

    registry_lock();
    pthread_mutex_lock(&environment->mutex);
    if (environment->compacting || environment->references > 1 || environment->transactions ||
        store->locks[STORE_LOCK_WRITER] >= 0 || store->locks[STORE_LOCK_MAINTENANCE] >= 0)
        status = fail(LUPE_BUSY,
                      "%s: cannot be compacted while another handle, a snapshot or a writer is "
                      "open in this process",
                      environment->path);
    else
        environment->compacting = true;
    pthread_mutex_unlock(&environment->mutex);
    registry_unlock();
    return status;
}

static lupe_status compact_lock(const struct environment *environment)
{
    if (environment->read_only || environment->immutable)
        return fail(LUPE_NO_PERMISSION, "%s: cannot be compacted: this process cannot write it",
                    environment->path);
    int error = lock_set(environment->descriptor, LOCK_USE, LOCK_EXCLUSIVE);
    if (error == EAGAIN)
        return fail(LUPE_BUSY, "%s: cannot be compacted while another process has it open",
                    environment->path);
    if (error)
        return fail_code(error, environment->path, 0, "cannot lock the file");
    return LUPE_OK;
}

/* Those of crashed compactions: only who has the use lock exclusively makes such files. */
static void remove_leftovers(const char *path)
{
    char name[PATH_BYTES_MAX];
    const char *base = strrchr(path, '/') + 1;
    size_t folder_size = (size_t)(base - path);
    int prefix_size = 0;
    char prefix[PATH_BYTES_MAX];

    memcpy(name, path, folder_size);
    name[folder_size] = '\0';
    DIR *folder = opendir(name);
    if (!folder)
        return;
    prefix_size = snprintf(prefix, sizeof prefix, "%s" COMPACT_SUFFIX, base);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        const char *digits = entry->d_name + prefix_size;
        if (strncmp(entry->d_name, prefix, (size_t)prefix_size) != 0 || !*digits ||
            digits[strspn(digits, "0123456789")])
            continue;
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
}

/* The new file belongs to whom the old one did, and is open to whom the old one was. */
static lupe_status take_over_rights(const struct environment *environment, int descriptor,
                                    const char *path)
{
    struct stat old;

    if (SYSTEM_CALL(fstat(environment->descriptor, &old)) < 0)
        return fail_code(errno, environment->path, 0, "cannot look at the file");
    if (fchown(descriptor, old.st_uid, old.st_gid) < 0 &&
        fchown(descriptor, (uid_t)-1, old.st_gid) < 0 && errno != EPERM)
        return fail_code(errno, path, 0, "cannot give the file its owner");
    if (SYSTEM_CALL(fchmod(descriptor, old.st_mode & 07777)) < 0)
        return fail_code(errno, path, 0, "cannot give the file its rights");
    return LUPE_OK;
}

/* Puts the copy in the file's place. The use lock on the copy is taken before anybody can see
 * it. The lock file goes before the file does: it counts the old file's commits. */
static lupe_status compact_swap(struct environment *environment, const char *path, int *descriptor)
{
    char lock_path[PATH_BYTES_MAX];
    struct stat about;
    lupe_status status = LUPE_OK;

    int error = lock_set(*descriptor, LOCK_USE, LOCK_SHARED);
    if (error)
        TRY(fail_code(error, path, 0, "cannot lock the copy"));
    if (SYSTEM_CALL(fstat(*descriptor, &about)) < 0)
        TRY(fail_code(errno, path, 0, "cannot look at the copy"));
    TRY(file_lock_path(environment->path, lock_path));
    environment_stop(environment);
    if (SYSTEM_CALL(unlink(lock_path)) < 0 && errno != ENOENT)
        TRY(fail_code(errno, lock_path, 0, "cannot remove the lock file"));
    if (SYSTEM_CALL(rename(path, environment->path)) < 0)
        TRY(fail_code(errno, environment->path, 0, "cannot replace the file"));

    registry_lock();
    int old = environment->descriptor;
    environment->descriptor = *descriptor;
    environment->device = about.st_dev;
    environment->inode = about.st_ino;
    registry_unlock();
    *descriptor = -1;
    (void)lock_set(old, LOCK_USE, LOCK_NONE);
    close(old);
    status = file_sync_directory(environment->path);
out:
    return status;
}

static void compact_release(struct environment *environment, bool locked)
{
    if (locked)
        (void)lock_set(environment->descriptor, LOCK_USE, LOCK_SHARED);
    pthread_mutex_lock(&environment->mutex);
    environment->compacting = false;
    pthread_mutex_unlock(&environment->mutex);
}

lupe_status store_compact(struct store *store, store_progress progress, void *user)
{
    struct environment *environment = store->environment;
    char path[PATH_BYTES_MAX];
    int descriptor = -1;
    bool claimed = false;
    bool locked = false;
    lupe_status status = LUPE_OK;

    TRY(store_usable(store));
    if (store->read_only)
        return fail(LUPE_MISUSE, "%s: was opened read-only", environment->path);
    TRY(compact_claim(store));
    claimed = true;
    TRY(compact_lock(environment));
    locked = true;
    remove_leftovers(environment->path);
    int size =
        snprintf(path, sizeof path, "%s" COMPACT_SUFFIX "%ld", environment->path, (long)getpid());
    if (size < 0 || (size_t)size >= sizeof path)
        TRY(fail(LUPE_INVALID, "the path is too long: %s", environment->path));
    TRY(copy_to(environment, path, true, progress, user, &descriptor));
    /* It will be the only one: see that it is sound. */
    TRY(pages_check(descriptor, path, NULL, NULL));
    TRY(take_over_rights(environment, descriptor, path));
    TRY(compact_swap(environment, path, &descriptor));
    if (progress)
        (void)progress(user, 1.0);
out:
    if (descriptor >= 0) {
        unlink(path);
        close(descriptor);
    }
    if (claimed)
        compact_release(environment, locked);
    return status;
}
