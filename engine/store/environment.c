/* SPDX-License-Identifier: MIT
 *
 * environment.c - one LMDB environment a file and process.
 *
 * LMDB forbids a process to open a file twice (closing one would drop the record locks of the
 * other), so environments are found again by device and inode and counted. What LMDB leaves to
 * its user is done here: room in the address space, reopening after another process outgrew the
 * map or after a failed write, stale readers, one lock file for all, children of fork().
 *
 * A child of fork() shares the parent's lock table and descriptors but is another process to
 * both. It never touches them: the handler for it closes the descriptors that hold locks (else
 * the locks of a dead parent would live on in its children) and starts with an empty registry.
 * LMDB's part of the parent's environments is left alone, as closing it would free the
 * parent's snapshots in the lock table.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <unistd.h>

#define RETRIES_MAX 4u

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t registry_once = PTHREAD_ONCE_INIT;
static struct environment *registry;
static struct environment *inherited; /* of the parent process */

/* ------------------------------------------------------------------ the registry */

static void fork_prepare(void)
{
    pthread_mutex_lock(&registry_mutex);
}

static void fork_parent(void)
{
    pthread_mutex_unlock(&registry_mutex);
}

static void close_if_open(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

/* Asking the kernel at every call would cost a tenth of a cheap query. */
static pid_t process_of_registry;

pid_t process_now(void)
{
    return process_of_registry;
}

static void fork_child(void)
{
    process_of_registry = getpid();
    while (registry) {
        struct environment *environment = registry;
        registry = environment->next;
        environment->next = inherited;
        inherited = environment;
        close_if_open(&environment->descriptor);
        for (struct store *store = environment->stores; store; store = store->next)
            for (unsigned lock = 0; lock < 2; lock++)
                close_if_open(&store->locks[lock]);
    }
    pthread_mutex_unlock(&registry_mutex);
}

static void registry_start(void)
{
    process_of_registry = getpid();
    pthread_atfork(fork_prepare, fork_parent, fork_child);
}

void registry_lock(void)
{
    pthread_once(&registry_once, registry_start);
    pthread_mutex_lock(&registry_mutex);
}

void registry_unlock(void)
{
    pthread_mutex_unlock(&registry_mutex);
}

static void registry_remove(struct environment **list, const struct environment *environment)
{
    while (*list && *list != environment)
        list = &(*list)->next;
    if (*list)
        *list = environment->next;
}

/* ------------------------------------------------------------------ LMDB's environment */

/* The lock file counts commits as the file does, unless it belongs to another file: somebody
 * renamed a file over one that a process holds open, or restored a copy over it. A commit
 * writes the meta page before it tells the lock file. */
static int lock_file_check(const struct environment *environment, const struct meta *before,
                           MDB_txn *transaction)
{
    struct meta after;
    uint64_t counted = mdb_txn_id(transaction);

    if (file_meta(environment->descriptor, environment->path, &after) != LUPE_OK)
        return MDB_CORRUPTED;
    return counted + 1 >= before->transaction && counted <= after.transaction ? 0 : ESTALE;
}

/* Checks what can be checked only now: that LMDB opened our file, with a lock file that all
 * others use, too. Opens the unnamed database, which sets its order of keys. */
static int start_check(struct environment *environment, MDB_env *env)
{
    char lock_path[PATH_BYTES_MAX];
    struct stat about;
    struct meta before;
    int descriptor = -1;
    MDB_txn *transaction = NULL;
    MDB_dbi dbi = 0;

    int code = LMDB_CALL(mdb_env_get_fd(env, &descriptor));
    if (code)
        return code;
    if (fstat(descriptor, &about) < 0)
        return errno;
    if (about.st_dev != environment->device || about.st_ino != environment->inode)
        return ESTALE;
    /* The one descriptor LMDB lets programs inherit. */
    (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    if (!environment->immutable && file_lock_path(environment->path, lock_path) == LUPE_OK &&
        stat(lock_path, &about) == 0) {
        code = lock_agree(environment->descriptor, &about);
        if (code)
            return code;
    }
    if (file_meta(environment->descriptor, environment->path, &before) != LUPE_OK)
        return MDB_CORRUPTED;
    code = LMDB_CALL(mdb_txn_begin(env, NULL, MDB_RDONLY, &transaction));
    if (code)
        return code;
    code = LMDB_CALL(mdb_dbi_open(transaction, NULL, 0, &dbi));
    if (!code)
        code = dbi == STORE_DBI ? lock_file_check(environment, &before, transaction) : MDB_BAD_DBI;
    mdb_txn_abort(transaction);
    if (!code && !environment->immutable)
        code = LMDB_CALL(mdb_reader_check(env, NULL));
    return code;
}

static int start_once(struct environment *environment, uint64_t map_bytes)
{
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    MDB_env *env = NULL;

    if (environment->read_only || environment->immutable)
        flags |= MDB_RDONLY;
    if (environment->immutable)
        flags |= MDB_NOLOCK;
    int code = LMDB_CALL(mdb_env_create(&env));
    if (!code)
        code = LMDB_CALL(mdb_env_set_maxreaders(env, READERS_MAX));
    if (!code)
        code = LMDB_CALL(mdb_env_set_mapsize(env, map_bytes));
    if (!code)
        code = LMDB_CALL(mdb_env_open(env, environment->path, flags, 0666));
    if (!code)
        code = start_check(environment, env);
    if (code) {
        mdb_env_close(env);
        return code;
    }
    environment->env = env;
    environment->map_bytes = map_bytes;
    return 0;
}

static lupe_status fail_start(const struct environment *environment, int code)
{
    if (code == EAGAIN)
        return fail(LUPE_BUSY,
                    "%s: is open elsewhere with another lock file (under another name, or its "
                    "lock file was deleted): close it there first",
                    environment->path);
    if (code == ESTALE)
        return fail(LUPE_BUSY,
                    "%s: the lock file beside it belongs to another file that is still open: the "
                    "index was replaced while in use; close it everywhere first",
                    environment->path);
    if (code == EACCES || code == EPERM || code == EROFS)
        return fail(LUPE_NO_PERMISSION,
                    "%s: permission denied: readers, too, write the lock file beside the index; "
                    "open it as immutable where nobody may write",
                    environment->path);
    return fail_code(code, environment->path, environment->map_wanted, "cannot open the index");
}

lupe_status environment_start(struct environment *environment)
{
    uint64_t needed = 0;
    struct meta meta;
    lupe_status status = LUPE_OK;

    /* A file that was just made has no pages yet; LMDB writes the first two. */
    if (!environment->made || environment->map_bytes) {
        TRY(file_meta(environment->descriptor, environment->path, &meta));
        needed = (meta.last_page + 1) * PAGE_BYTES;
        if (environment->map_wanted < needed)
            environment->map_wanted = needed * 2; /* it grows elsewhere */
    }
    uint64_t map_bytes = environment->map_wanted & ~(uint64_t)(PAGE_BYTES - 1);
    int code = start_once(environment, map_bytes);
    while (code == ENOMEM && map_bytes / 2 >= MAP_BYTES_MIN && map_bytes > needed) {
        map_bytes = (map_bytes / 2) & ~(uint64_t)(PAGE_BYTES - 1);
        if (map_bytes < needed)
            map_bytes = needed;
        code = start_once(environment, map_bytes);
    }
    if (code)
        return fail_start(environment, code);
    environment->stale = 0;
    environment->openings++;
out:
    return status;
}

void environment_stop(struct environment *environment)
{
    if (environment->env)
        mdb_env_close(environment->env);
    environment->env = NULL;
}

/* ------------------------------------------------------------------ transactions */

lupe_status environment_enter(struct environment *environment, bool claimed)
{
    lupe_status status = LUPE_OK;

    pthread_mutex_lock(&environment->mutex);
    if (environment->compacting && !claimed)
        status = fail(LUPE_BUSY, "%s: is being compacted", environment->path);
    else if (environment->stale && environment->transactions)
        status = fail_code(environment->stale, environment->path, environment->map_bytes,
                           "cannot begin a transaction");
    else if (environment->stale || !environment->env) {
        environment_stop(environment);
        status = environment_start(environment);
    }
    if (status == LUPE_OK)
        environment->transactions++;
    pthread_mutex_unlock(&environment->mutex);
    return status;
}

void environment_leave(struct environment *environment)
{
    pthread_mutex_lock(&environment->mutex);
    environment->transactions--;
    pthread_mutex_unlock(&environment->mutex);
}

bool environment_retry(struct environment *environment, int code, unsigned attempt)
{
    bool again = false;

    pthread_mutex_lock(&environment->mutex);
    if (attempt < RETRIES_MAX && (code == MDB_MAP_RESIZED || code == MDB_PANIC)) {
        environment->stale = code;
        again = environment->transactions == 1;
    } else if (attempt == 0 && code == MDB_READERS_FULL) {
        again = mdb_reader_check(environment->env, NULL) == 0;
    }
    environment->transactions--;
    pthread_mutex_unlock(&environment->mutex);
    return again;
}

/* ------------------------------------------------------------------ attaching */

static struct environment *environment_find(const struct file *file)
{
    struct environment *environment = registry;

    while (environment &&
           (environment->device != file->stat.st_dev || environment->inode != file->stat.st_ino))
        environment = environment->next;
    return environment;
}

static lupe_status environment_share(struct environment *environment,
                                     const struct store_options *options)
{
    if (environment->compacting)
        return fail(LUPE_BUSY, "%s: is being compacted", environment->path);
    if (environment->immutable && !options->immutable)
        return fail(LUPE_BUSY, "%s: is open as immutable in this process: close that handle first",
                    environment->path);
    if (environment->read_only && !options->read_only && !options->immutable)
        return fail(LUPE_NO_PERMISSION, "%s: this process cannot write the file",
                    environment->path);
    pthread_mutex_lock(&environment->mutex);
    if (options->map_bytes > environment->map_bytes && !environment->transactions &&
        environment->map_wanted < options->map_bytes) {
        environment->map_wanted = options->map_bytes;
        environment->stale = MDB_MAP_RESIZED;
    }
    pthread_mutex_unlock(&environment->mutex);
    return LUPE_OK;
}

/* One lock file cannot serve two files. */
static lupe_status environment_check_name(const char *path)
{
    for (const struct environment *other = registry; other; other = other->next)
        if (strcmp(other->path, path) == 0)
            return fail(LUPE_BUSY,
                        "%s: this process still has the deleted or replaced file of this name "
                        "open: close it first",
                        path);
    return LUPE_OK;
}

static void environment_free(struct environment *environment)
{
    if (!environment)
        return;
    pthread_mutex_destroy(&environment->mutex);
    memory_free(environment->path);
    memory_free(environment);
}

static lupe_status environment_make(const struct file *file, const struct store_options *options,
                                    struct environment **out)
{
    struct environment *environment = NULL;
    lupe_status status = LUPE_OK;

    TRY(environment_check_name(file->path));
    environment = memory_zalloc(1, sizeof *environment);
    if (!environment)
        return fail_memory();
    pthread_mutex_init(&environment->mutex, NULL);
    environment->process = getpid();
    environment->device = file->stat.st_dev;
    environment->inode = file->stat.st_ino;
    environment->descriptor = file->descriptor;
    environment->read_only = !file->writable;
    environment->immutable = options->immutable;
    environment->made = file->made;
    environment->map_wanted = options->map_bytes ? options->map_bytes : MAP_BYTES_DEFAULT;
    if (environment->map_wanted < PAGE_BYTES * 4)
        environment->map_wanted = PAGE_BYTES * 4;
    environment->path = memory_copy_string(file->path, strlen(file->path));
    if (!environment->path)
        TRY(fail_memory());
    TRY(environment_start(environment));
    environment->next = registry;
    registry = environment;
    *out = environment;
out:
    if (status != LUPE_OK)
        environment_free(environment);
    return status;
}

lupe_status environment_attach(struct store *store, struct file *file,
                               const struct store_options *options)
{
    lupe_status status = LUPE_OK;

    registry_lock();
    struct environment *environment = environment_find(file);
    if (environment) {
        TRY(environment_share(environment, options));
        close(file->descriptor);
    } else {
        TRY(environment_make(file, options, &environment));
    }
    file->descriptor = -1;
    environment->references++;
    store->environment = environment;
    store->process = environment->process;
    store->next = environment->stores;
    environment->stores = store;
out:
    registry_unlock();
    return status;
}

/* ------------------------------------------------------------------ detaching */

/* A file that was made here and never committed to says nothing to anybody. Removed only where
 * its emptiness is certain. */
static void remove_unborn(struct environment *environment)
{
    char lock_path[PATH_BYTES_MAX];
    struct stat about;
    struct meta meta;

    if (stat(environment->path, &about) < 0 || about.st_ino != environment->inode ||
        about.st_dev != environment->device)
        return;
    if (lock_set(environment->descriptor, LOCK_USE, LOCK_EXCLUSIVE) != 0)
        return;
    if (file_meta(environment->descriptor, environment->path, &meta) != LUPE_OK ||
        meta.transaction > 0)
        return;
    if (file_lock_path(environment->path, lock_path) == LUPE_OK)
        unlink(lock_path);
    unlink(environment->path);
}

static void detach_from(struct environment **list, struct store *store)
{
    struct environment *environment = store->environment;
    struct store **link = &environment->stores;

    while (*link != store)
        link = &(*link)->next;
    *link = store->next;
    if (--environment->references > 0)
        return;
    registry_remove(list, environment);
    if (list == &registry) {
        environment_stop(environment);
        if (environment->made)
            remove_unborn(environment);
        /* Explicitly, as a child that is being born may have the descriptor still. */
        (void)lock_set(environment->descriptor, LOCK_USE, LOCK_NONE);
        close(environment->descriptor);
    }
    environment_free(environment);
}

void environment_detach(struct store *store)
{
    registry_lock();
    detach_from(store->process == process_now() ? &registry : &inherited, store);
    registry_unlock();
}
