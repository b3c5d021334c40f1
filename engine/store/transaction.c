/* SPDX-License-Identifier: MIT
 *
 * transaction.c - reading and writing keys.
 *
 *   key = segment:u32 number:u32, both big-endian
 *
 * A write transaction belongs to the thread that began it, because LMDB's mutex does. The first
 * failure inside it decides: every further call and the commit give the same status.
 */
#include "store/internal.h"

#include <assert.h>
#include <unistd.h>

struct store_read {
    struct store *store;
    MDB_txn *transaction;
    MDB_cursor *cursor; /* made by the first seek */
};

struct store_write {
    struct store *store;
    MDB_txn *transaction;
    MDB_cursor *cursor;
    int code; /* the first failure */
};

/* ------------------------------------------------------------------ keys */

static MDB_val key_of(uint8_t room[KEY_BYTES], uint32_t segment, uint32_t number)
{
    store_u32(room, __builtin_bswap32(segment));
    store_u32(room + 4, __builtin_bswap32(number));
    return (MDB_val){KEY_BYTES, room};
}

static lupe_status key_load(const MDB_val *key, const char *path, uint32_t *segment,
                            uint32_t *number)
{
    if (key->mv_size != KEY_BYTES)
        return fail(LUPE_NOT_INDEX, "%s: has a key of %zu bytes: an LMDB file of another program",
                    path, key->mv_size);
    *segment = __builtin_bswap32(load_u32(key->mv_data));
    *number = __builtin_bswap32(load_u32((const uint8_t *)key->mv_data + 4));
    return LUPE_OK;
}

static lupe_status fail_in(const struct store *store, int code, const char *doing)
{
    return fail_code(code, store->environment->path, store->environment->map_bytes, doing);
}

/* ------------------------------------------------------------------ common to both */

static lupe_status begin(struct store *store, unsigned flags, MDB_txn **transaction)
{
    struct environment *environment = store->environment;
    lupe_status status = LUPE_OK;

    for (unsigned attempt = 0;; attempt++) {
        TRY(environment_enter(environment, false));
        int code = LMDB_CALL(mdb_txn_begin(environment->env, NULL, flags, transaction));
        if (!code)
            break;
        *transaction = NULL;
        if (!environment_retry(environment, code, attempt))
            return fail_in(store, code, "cannot begin a transaction");
    }
out:
    return status;
}

static lupe_status get(const struct store *store, MDB_txn *transaction, uint32_t segment,
                       uint32_t number, const uint8_t **value, size_t *size, int *code)
{
    uint8_t room[KEY_BYTES];
    MDB_val key = key_of(room, segment, number);
    MDB_val found = {0, NULL};

    *value = NULL;
    *size = 0;
    *code = LMDB_CALL(mdb_get(transaction, STORE_DBI, &key, &found));
    if (*code == MDB_NOTFOUND) {
        *code = 0;
        return LUPE_NOT_FOUND;
    }
    if (*code)
        return fail_in(store, *code, "cannot read");
    *value = found.mv_data;
    *size = found.mv_size;
    return LUPE_OK;
}

static lupe_status seek(const struct store *store, MDB_txn *transaction, MDB_cursor **cursor,
                        uint32_t *segment, uint32_t *number, MDB_val *value, int *code)
{
    uint8_t room[KEY_BYTES];
    MDB_val key = key_of(room, *segment, *number);

    *code = *cursor ? 0 : LMDB_CALL(mdb_cursor_open(transaction, STORE_DBI, cursor));
    if (!*code)
        *code = LMDB_CALL(mdb_cursor_get(*cursor, &key, value, MDB_SET_RANGE));
    if (*code == MDB_NOTFOUND) {
        *code = 0;
        return LUPE_NOT_FOUND;
    }
    if (*code)
        return fail_in(store, *code, "cannot read");
    return key_load(&key, store->environment->path, segment, number);
}

/* ------------------------------------------------------------------ reading */

lupe_status store_read_begin(struct store *store, struct store_read **out)
{
    struct store_read *read = NULL;
    lupe_status status = LUPE_OK;

    *out = NULL;
    TRY(store_usable(store));
    read = memory_zalloc(1, sizeof *read);
    if (!read)
        return fail_memory();
    read->store = store;
    TRY(begin(store, MDB_RDONLY, &read->transaction));
    *out = read;
out:
    if (status != LUPE_OK)
        memory_free(read);
    return status;
}

/* A child of fork() leaves LMDB's transaction alone: ending it would free the parent's place
 * in the lock table. */
void store_read_end(struct store_read *read)
{
    if (!read)
        return;
    if (read->store->process == process_now()) {
        if (read->cursor)
            mdb_cursor_close(read->cursor);
        mdb_txn_abort(read->transaction);
        environment_leave(read->store->environment);
    }
    memory_free(read);
}

/* While a transaction is alive the environment is not opened anew. */
struct store_version store_read_version(const struct store_read *read)
{
    return (struct store_version){read->store->environment->openings,
                                  mdb_txn_id(read->transaction)};
}

/* LMDB's meta pages lie in the map, so that they tell what other processes committed, too. */
bool store_is_at(struct store *store, const struct store_version *version)
{
    struct environment *environment = store->environment;
    MDB_envinfo about;
    bool is_at = false;

    pthread_mutex_lock(&environment->mutex);
    if (!environment->compacting && !environment->stale && environment->env &&
        environment->openings == version->opening && mdb_env_info(environment->env, &about) == 0)
        is_at = about.me_last_txnid == version->commit;
    pthread_mutex_unlock(&environment->mutex);
    return is_at;
}

void *store_read_transaction(struct store_read *read)
{
    return read->transaction;
}

lupe_status store_get(struct store_read *read, uint32_t segment, uint32_t number,
                      const uint8_t **value, size_t *size)
{
    int code = 0;

    *value = NULL;
    *size = 0;
    lupe_status status = store_usable(read->store);
    if (status != LUPE_OK)
        return status;
    return get(read->store, read->transaction, segment, number, value, size, &code);
}

lupe_status store_seek(struct store_read *read, uint32_t *segment, uint32_t *number,
                       const uint8_t **value, size_t *size)
{
    MDB_val found = {0, NULL};
    int code = 0;
    lupe_status status = LUPE_OK;

    *value = NULL;
    *size = 0;
    TRY(store_usable(read->store));
    TRY(seek(read->store, read->transaction, &read->cursor, segment, number, &found, &code));
    *value = found.mv_data;
    *size = found.mv_size;
out:
    return status;
}

/* ------------------------------------------------------------------ writing */

/* LMDB's mutex would wait for its own thread for ever. */
static lupe_status write_allowed(const struct store *store)
{
    struct environment *environment = store->environment;

    if (store->read_only)
        return fail(LUPE_MISUSE, "%s: was opened read-only", environment->path);
    pthread_mutex_lock(&environment->mutex);
    bool own = environment->write_alive && pthread_equal(environment->write_thread, pthread_self());
    pthread_mutex_unlock(&environment->mutex);
    if (own)
        return fail(LUPE_MISUSE, "%s: this thread has a write transaction already",
                    environment->path);
    return LUPE_OK;
}

static void write_mark(struct environment *environment, bool alive)
{
    pthread_mutex_lock(&environment->mutex);
    environment->write_alive = alive;
    environment->write_thread = pthread_self();
    pthread_mutex_unlock(&environment->mutex);
}

lupe_status store_write_begin(struct store *store, struct store_write **out)
{
    struct store_write *write = NULL;
    lupe_status status = LUPE_OK;

    *out = NULL;
    TRY(store_usable(store));
    TRY(write_allowed(store));
    write = memory_zalloc(1, sizeof *write);
    if (!write)
        return fail_memory();
    write->store = store;
    TRY(begin(store, 0, &write->transaction));
    write_mark(store->environment, true);
    /* Snapshots of dead processes keep freed pages from being used again. */
    int code = LMDB_CALL(mdb_reader_check(store->environment->env, NULL));
    if (code)
        TRY(fail_in(store, code, "cannot clear the readers of dead processes"));
    *out = write;
out:
    if (status != LUPE_OK && write && write->transaction)
        store_write_abort(write);
    else if (status != LUPE_OK)
        memory_free(write);
    return status;
}

/* Ends the transaction with or without LMDB's commit. */
static int write_end(struct store_write *write, bool commit)
{
    struct environment *environment = write->store->environment;
    int code = 0;

    assert(pthread_equal(environment->write_thread, pthread_self()));
    if (write->cursor)
        mdb_cursor_close(write->cursor);
    if (commit)
        code = store_fault_code();
    /* Before the mutex is free for others, else we would unmark the next one. */
    write_mark(environment, false);
    if (commit && !code)
        code = mdb_txn_commit(write->transaction); /* frees it in any case */
    else
        mdb_txn_abort(write->transaction);
    environment_leave(environment);
    memory_free(write);
    return code;
}

void store_write_abort(struct store_write *write)
{
    if (!write)
        return;
    if (write->store->process == process_now())
        (void)write_end(write, false);
    else
        memory_free(write);
}

lupe_status store_write_commit(struct store_write *write)
{
    struct store *store = write->store;
    int code = write->code;

    lupe_status status = store_usable(store);
    if (status != LUPE_OK || code) {
        store_write_abort(write);
        if (status != LUPE_OK)
            return status;
        return fail_in(store, code, "cannot write");
    }
    code = write_end(write, true);
    if (code)
        return fail_in(store, code, "cannot commit");
    pthread_mutex_lock(&store->environment->mutex);
    store->environment->made = false;
    pthread_mutex_unlock(&store->environment->mutex);
    return LUPE_OK;
}

/* Before every operation: the process, and what went wrong before. */
static lupe_status write_usable(const struct store_write *write)
{
    if (write->code)
        return fail_in(write->store, write->code, "cannot go on with the transaction");
    return store_usable(write->store);
}

lupe_status store_write_get(struct store_write *write, uint32_t segment, uint32_t number,
                            const uint8_t **value, size_t *size)
{
    *value = NULL;
    *size = 0;
    lupe_status status = write_usable(write);
    if (status != LUPE_OK)
        return status;
    return get(write->store, write->transaction, segment, number, value, size, &write->code);
}

lupe_status store_write_seek(struct store_write *write, uint32_t *segment, uint32_t *number)
{
    MDB_val found = {0, NULL};

    lupe_status status = write_usable(write);
    if (status != LUPE_OK)
        return status;
    return seek(write->store, write->transaction, &write->cursor, segment, number, &found,
                &write->code);
}

lupe_status store_put(struct store_write *write, uint32_t segment, uint32_t number,
                      const void *value, size_t size)
{
    uint8_t room[KEY_BYTES];
    MDB_val key = key_of(room, segment, number);
    MDB_val given = {size, (void *)(uintptr_t)value};
    lupe_status status = LUPE_OK;

    TRY(write_usable(write));
    if (size > UINT32_MAX)
        return fail(LUPE_LIMIT, "%s: a value of %zu bytes is too large", store_path(write->store),
                    size);
    write->code = LMDB_CALL(mdb_put(write->transaction, STORE_DBI, &key, &given, 0));
    if (write->code)
        return fail_in(write->store, write->code, "cannot write");
out:
    return status;
}

lupe_status store_delete(struct store_write *write, uint32_t segment, uint32_t number)
{
    uint8_t room[KEY_BYTES];
    MDB_val key = key_of(room, segment, number);
    lupe_status status = LUPE_OK;

    TRY(write_usable(write));
    int code = LMDB_CALL(mdb_del(write->transaction, STORE_DBI, &key, NULL));
    if (code == MDB_NOTFOUND)
        return LUPE_NOT_FOUND;
    write->code = code;
    if (code)
        return fail_in(write->store, code, "cannot delete");
out:
    return status;
}

/* Seeks anew after each deletion: what a cursor points to then differs between versions. */
lupe_status store_delete_segment(struct store_write *write, uint32_t segment)
{
    lupe_status status = LUPE_OK;

    for (;;) {
        uint32_t found = segment;
        uint32_t number = 0;
        status = store_write_seek(write, &found, &number);
        if (status == LUPE_NOT_FOUND)
            return LUPE_OK;
        if (status != LUPE_OK)
            return status;
        if (found != segment)
            return LUPE_OK;
        write->code = LMDB_CALL(mdb_cursor_del(write->cursor, 0));
        if (write->code)
            return fail_in(write->store, write->code, "cannot delete");
    }
}
