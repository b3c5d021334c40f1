/* SPDX-License-Identifier: MIT
 *
 * file.c - the file before LMDB sees it: its kind, its two meta pages, its directory.
 *
 * LMDB maps what it is given and follows the numbers in it; so everything that can be told
 * from the first two pages is told here, with plain reads. A meta page, little-endian, all
 * fields in 64-bit alignment:
 *
 *   meta-page  = page-number:u64 pad:u16 flags:u16 (PAGE_META) free:u32        16 bytes
 *                magic:u32 version:u32 address:u64 map-bytes:u64
 *                tree (free list) tree (the data) last-page:u64 transaction:u64
 *   tree       = pad:u32 flags:u16 depth:u16 branch-pages:u64 leaf-pages:u64
 *                overflow-pages:u64 entries:u64 root:u64                        48 bytes
 *
 * The pad of the first tree is the page size. Transaction n is committed by writing meta page
 * n mod 2; the one with the higher number counts.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(PATH_BYTES_MAX >= PATH_MAX, "realpath() writes that much");

#define META_OFFSET 16u
#define META_TREE_OFFSET 24u
#define META_TREE_BYTES 48u
#define META_LAST_PAGE_OFFSET (META_TREE_OFFSET + 2 * META_TREE_BYTES)
#define META_BYTES (META_OFFSET + META_LAST_PAGE_OFFSET + 16u)
#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1u
#define META_READS_MAX 100u /* readings until two agree while somebody writes */
#define PAGE_META 0x08u
#define PAGES_LIMIT (UINT64_C(1) << 47) /* LMDB's branch nodes have 48 bits for a page number */

/* ------------------------------------------------------------------ opening */

static lupe_status file_kind(const struct file *file)
{
    if (S_ISDIR(file->stat.st_mode))
        return fail(LUPE_NOT_INDEX, "%s: is a folder; an index is a file", file->path);
    if (!S_ISREG(file->stat.st_mode))
        return fail(LUPE_NOT_INDEX, "%s: is no regular file", file->path);
    return LUPE_OK;
}

static lupe_status fail_open(int error, const char *path)
{
    if (error == ENOENT || error == ENOTDIR)
        return fail(LUPE_NOT_FOUND, "%s: there is no such file", path);
    if (error == EEXIST)
        return fail(LUPE_EXISTS, "%s: exists already; it is left as it is", path);
    return fail_code(error, path, 0, "cannot open the file");
}

/* O_NONBLOCK so that a pipe does not hold us up before we can refuse it. */
static int file_open_descriptor(struct file *file, const char *path, bool create)
{
    const int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int descriptor = -1;

    if (create) {
        descriptor = SYSTEM_CALL(open(path, flags | O_RDWR | O_CREAT | O_EXCL, 0666));
        file->made = descriptor >= 0;
        file->writable = descriptor >= 0;
        return descriptor;
    }
    descriptor = SYSTEM_CALL(open(path, flags | O_RDWR));
    file->writable = descriptor >= 0;
    if (descriptor < 0 && (errno == EACCES || errno == EROFS || errno == EPERM || errno == EISDIR))
        descriptor = SYSTEM_CALL(open(path, flags | O_RDONLY));
    return descriptor;
}

lupe_status file_open(struct file *file, const char *path, bool create)
{
    lupe_status status = LUPE_OK;

    memset(file, 0, sizeof *file);
    file->descriptor = -1;
    file->had_lock_file = true; /* until we have looked: nothing of ours to remove */
    if (strlen(path) >= PATH_BYTES_MAX)
        return fail(LUPE_INVALID, "a path of %zu bytes is too long", strlen(path));
    memcpy(file->path, path, strlen(path) + 1);
    file->descriptor = file_open_descriptor(file, path, create);
    if (file->descriptor < 0)
        return fail_open(errno, path);
    if (SYSTEM_CALL(fstat(file->descriptor, &file->stat)) < 0)
        TRY(fail_code(errno, path, 0, "cannot look at the file"));
    TRY(file_kind(file));

    /* LMDB names the lock file after the path it is given: whoever comes by a symbolic link
     * must arrive at the same name. */
    char resolved[PATH_BYTES_MAX];
    if (store_fault_errno() || !realpath(path, resolved))
        TRY(fail_code(errno, path, 0, "cannot resolve the path"));
    memcpy(file->path, resolved, strlen(resolved) + 1);

    char lock_path[PATH_BYTES_MAX];
    struct stat lock_stat;
    TRY(file_lock_path(file->path, lock_path));
    /* A lock file beside a file that was not there belongs to holders of a deleted index. They
     * keep theirs, the new index gets its own. */
    if (create && SYSTEM_CALL(unlink(lock_path)) < 0 && errno != ENOENT)
        TRY(fail_code(errno, lock_path, 0, "cannot remove an old lock file"));
    file->had_lock_file = !create && stat(lock_path, &lock_stat) == 0;
out:
    if (status != LUPE_OK) {
        file_remove_made(file);
        close(file->descriptor);
        file->descriptor = -1;
    }
    return status;
}

void file_remove_made(struct file *file)
{
    char lock_path[PATH_BYTES_MAX];

    /* Whoever opens the file takes the use lock before LMDB makes or reads the lock file: who
     * has it exclusively may remove the lock file. */
    if (!file->had_lock_file && file->descriptor >= 0 && file->writable &&
        lock_set(file->descriptor, LOCK_USE, LOCK_EXCLUSIVE) == 0 &&
        file_lock_path(file->path, lock_path) == LUPE_OK)
        unlink(lock_path);
    if (file->made)
        unlink(file->path);
    file->made = false;
}

lupe_status file_lock_path(const char *path, char out[PATH_BYTES_MAX])
{
    size_t size = strlen(path);

    if (size + sizeof LOCK_SUFFIX > PATH_BYTES_MAX)
        return fail(LUPE_INVALID, "the path is too long for the lock file beside it: %s", path);
    memcpy(out, path, size);
    memcpy(out + size, LOCK_SUFFIX, sizeof LOCK_SUFFIX);
    return LUPE_OK;
}

lupe_status file_sync_directory(const char *path)
{
    char directory[PATH_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;

    if (size >= sizeof directory)
        return fail(LUPE_INVALID, "the path is too long: %s", path);
    snprintf(directory, sizeof directory, "%.*s", (int)size, path);
    if (size == 0)
        snprintf(directory, sizeof directory, "%s", slash ? "/" : ".");

    int descriptor = SYSTEM_CALL(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor < 0)
        return fail_code(errno, directory, 0, "cannot open the folder");
    int result = SYSTEM_CALL(fsync(descriptor));
    int error = errno;
    close(descriptor);
    /* Some file systems cannot sync a folder; there is nothing to be done about it. */
    if (result < 0 && error != EINVAL && error != EROFS)
        return fail_code(error, directory, 0, "cannot sync the folder");
    return LUPE_OK;
}

ssize_t file_read(int descriptor, void *bytes, size_t size, uint64_t offset)
{
    size_t done = 0;

    if (offset > INT64_MAX - size)
        return 0;
    while (done < size) {
        ssize_t count = SYSTEM_CALL(
            pread(descriptor, (uint8_t *)bytes + done, size - done, (off_t)(offset + done)));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (ssize_t)done;
}

/* ------------------------------------------------------------------ meta pages */

static void meta_tree_load(struct meta_tree *tree, const uint8_t *at)
{
    tree->pad = load_u32(at);
    tree->flags = load_u16(at + 4);
    tree->depth = load_u16(at + 6);
    tree->branch_pages = load_u64(at + 8);
    tree->leaf_pages = load_u64(at + 16);
    tree->overflow_pages = load_u64(at + 24);
    tree->entries = load_u64(at + 32);
    tree->root = load_u64(at + 40);
}

static void meta_load(struct meta *meta, const uint8_t *page)
{
    const uint8_t *at = page + META_OFFSET;

    meta->map_bytes = load_u64(at + 16);
    meta_tree_load(&meta->trees[FREE_DBI], at + META_TREE_OFFSET);
    meta_tree_load(&meta->trees[STORE_DBI], at + META_TREE_OFFSET + META_TREE_BYTES);
    meta->last_page = load_u64(at + META_LAST_PAGE_OFFSET);
    meta->transaction = load_u64(at + META_LAST_PAGE_OFFSET + 8);
}

/* LMDB does not follow a page pair of which one is foreign, so neither do we. */
static lupe_status meta_accept(const uint8_t *page, unsigned number, const char *path)
{
    const uint8_t *at = page + META_OFFSET;
    uint32_t magic = load_u32(at);
    uint32_t version = load_u32(at + 4);
    uint32_t page_bytes = load_u32(at + META_TREE_OFFSET);
    lupe_status damaged = number == 0 ? LUPE_NOT_INDEX : LUPE_CORRUPT;

    if (magic == __builtin_bswap32(META_MAGIC))
        return fail(LUPE_NOT_INDEX, "%s: an LMDB file of the other byte order", path);
    if (magic != META_MAGIC || !(load_u16(page + 10) & PAGE_META))
        return fail(damaged, "%s: %s", path,
                    number ? "the second meta page is damaged" : "not an index (no LMDB file)");
    if (version != META_VERSION)
        return fail(damaged, "%s: an LMDB file of version %u, not %u", path, version, META_VERSION);
    if (page_bytes != PAGE_BYTES)
        return fail(damaged, "%s: an LMDB file with pages of %u bytes, not %u", path, page_bytes,
                    PAGE_BYTES);
    return LUPE_OK;
}

/* Two readings have to agree: a commit may be under way. */
static lupe_status meta_read(int descriptor, const char *path, uint8_t pages[2][META_BYTES])
{
    uint8_t before[2][META_BYTES];
    struct stat about;

    memset(before, 0, sizeof before);
    for (unsigned reading = 0; reading < META_READS_MAX; reading++) {
        for (unsigned number = 0; number < 2; number++) {
            ssize_t size =
                file_read(descriptor, pages[number], META_BYTES, (uint64_t)number * PAGE_BYTES);
            if (size < 0)
                return fail_code(errno, path, 0, "cannot read the file");
            if (size == META_BYTES)
                continue;
            if (fstat(descriptor, &about) == 0 && about.st_size == 0)
                return fail(LUPE_NOT_INDEX,
                            "%s: an empty file: not an index, or one whose creation did not get "
                            "to its first commit",
                            path);
            if (number == 1) {
                lupe_status status = meta_accept(pages[0], 0, path);
                if (status == LUPE_OK)
                    status = fail(LUPE_CORRUPT, "%s: the file ends within its meta pages", path);
                return status;
            }
            return fail(LUPE_NOT_INDEX, "%s: not an index (too short for one)", path);
        }
        if (reading && memcmp(before, pages, sizeof before) == 0)
            return LUPE_OK;
        memcpy(before, pages, sizeof before);
    }
    return LUPE_OK;
}

lupe_status file_meta(int descriptor, const char *path, struct meta *meta)
{
    uint8_t pages[2][META_BYTES];
    struct meta both[2];
    lupe_status status = LUPE_OK;

    TRY(meta_read(descriptor, path, pages));
    for (unsigned number = 0; number < 2; number++) {
        TRY(meta_accept(pages[number], number, path));
        meta_load(&both[number], pages[number]);
    }
    unsigned newest = both[0].transaction < both[1].transaction;
    *meta = both[newest];
    /* Readers take the page by the number's parity. */
    if ((meta->transaction & 1) != newest ||
        (meta->transaction && both[0].transaction == both[1].transaction))
        return fail(LUPE_CORRUPT, "%s: the meta pages contradict each other (commits %llu, %llu)",
                    path, (unsigned long long)both[0].transaction,
                    (unsigned long long)both[1].transaction);
    if (meta->last_page < 1 || meta->last_page >= PAGES_LIMIT)
        return fail(LUPE_CORRUPT, "%s: the meta page names %llu as the last page", path,
                    (unsigned long long)meta->last_page);
    if (meta->trees[STORE_DBI].flags)
        return fail(LUPE_NOT_INDEX, "%s: an LMDB file of another program (database flags 0x%x)",
                    path, meta->trees[STORE_DBI].flags);
out:
    return status;
}
