/* SPDX-License-Identifier: MIT
 *
 * pages.c - the walk over all pages of the file, with plain reads, before LMDB is asked to
 * follow them. Nothing read is trusted; arbitrary bytes give findings, never a crash.
 *
 *   page      = number:u64 pad:u16 flags:u16 lower:u16 upper:u16, or, of PAGE_OVERFLOW, pages:u32
 *   branch    = page offset:u16{(lower - 16) / 2} free-space node...      nodes from upper on
 *   leaf      = the same
 *   overflow  = page value-bytes; runs on for `pages` pages without further headers
 *   node      = low:u16 high:u16 flags:u16 key-size:u16 key data, at even offsets
 *               in a branch: low, high and flags are the child's page number, no data, and the
 *               key of the first node means nothing
 *               in a leaf: low and high are the data's size; with NODE_BIG the data is the
 *               number:u64 of an overflow page
 *   free list = tree of key transaction:u64, data count:u64 page-number:u64{count}, descending;
 *               the data may be longer than count says
 *
 * A sound file refers to every page from 2 to the last one exactly once: from a tree or from
 * the free list. The file may end before the last page when those behind its end are free. An
 * overflow run may be longer than its value needs: a shorter value was put in its place.
 *
 * Somebody may write meanwhile. LMDB does not touch the pages of commit n before commit n + 3
 * is being written; so what was found stands if the newest commit is at most n + 1 when the walk
 * ends, and else the walk begins anew.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define PAGE_BRANCH 0x01u
#define PAGE_LEAF 0x02u
#define PAGE_OVERFLOW 0x04u
#define NODE_BIG 0x01u
#define NODE_HEADER_BYTES 8u
#define LMDB_KEY_BYTES_MAX 511u
#define DEPTH_MAX 32u /* LMDB's cursors hold no more */
#define FINDINGS_MAX 50u
#define FINDING_BYTES_MAX 160u
#define WALKS_MAX 10u
#define IDS_A_READ 512u

struct slice {
    const uint8_t *bytes; /* NULL: no bound */
    size_t size;
};

struct frame {
    uint8_t page[PAGE_BYTES];
    uint64_t number;
    unsigned next;
    unsigned count;
    struct slice first_bound; /* keys below this page are not smaller, */
    struct slice end_bound;   /* and smaller than this */
};

struct walk {
    int descriptor;
    const char *path;
    struct meta meta;
    uint64_t pages;      /* as the meta page says: last page + 1 */
    uint64_t file_pages; /* whole ones in the file */
    uint8_t *seen;       /* a bit a page */
    uint64_t seen_count;
    lupe_status status; /* of reading and of memory; the walk stops */

    unsigned tree; /* being walked */
    unsigned level;
    struct meta_tree counted;
    struct frame frames[DEPTH_MAX];

    unsigned finding_count;
    char findings[FINDINGS_MAX][FINDING_BYTES_MAX];
};

static const char *const tree_names[] = {[FREE_DBI] = "free list", [STORE_DBI] = "data"};

static void finding(struct walk *walk, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

static void finding(struct walk *walk, const char *format, ...)
{
    if (walk->finding_count < FINDINGS_MAX) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(walk->findings[walk->finding_count], FINDING_BYTES_MAX, format, arguments);
        va_end(arguments);
    }
    walk->finding_count++;
}

/* ------------------------------------------------------------------ pages */

/* Bytes of the file, all of them; else the walk stops or has a finding. */
static bool walk_read(struct walk *walk, void *bytes, size_t size, uint64_t offset)
{
    ssize_t count = file_read(walk->descriptor, bytes, size, offset);

    if (count < 0) {
        walk->status = fail_code(errno, walk->path, 0, "cannot read the file");
        return false;
    }
    if ((size_t)count < size) {
        finding(walk, "page %llu: lies behind the end of the file",
                (unsigned long long)(offset / PAGE_BYTES));
        return false;
    }
    return true;
}

static bool page_is_new(struct walk *walk, uint64_t number)
{
    uint8_t bit = (uint8_t)(1u << (number & 7));

    if (walk->seen[number >> 3] & bit)
        return false;
    walk->seen[number >> 3] |= bit;
    walk->seen_count++;
    return true;
}

/* Marks a run of pages as used by what; pages in use lie within the file. */
static bool pages_take(struct walk *walk, uint64_t number, uint64_t count, const char *what)
{
    uint64_t end = walk->pages < walk->file_pages ? walk->pages : walk->file_pages;

    if (number < 2 || number >= end || count > end - number) {
        finding(walk, "page %llu: named by the %s, is not among the %llu pages of the file",
                (unsigned long long)number, what, (unsigned long long)end);
        return false;
    }
    for (uint64_t at = number; at < number + count; at++)
        if (!page_is_new(walk, at)) {
            finding(walk, "page %llu: named by the %s, is in use elsewhere or free",
                    (unsigned long long)at, what);
            return false;
        }
    return true;
}

/* ------------------------------------------------------------------ values */

struct value {
    const uint8_t *bytes; /* within the leaf, or NULL: */
    uint64_t offset;      /* in the file */
    uint64_t size;
};

static bool value_load(struct walk *walk, const struct value *value, uint64_t from, void *out,
                       size_t size)
{
    if (!value->bytes)
        return walk_read(walk, out, size, value->offset + from);
    memcpy(out, value->bytes + from, size);
    return true;
}

/* A run of overflow pages that holds size bytes. */
static bool overflow_check(struct walk *walk, uint64_t number, uint64_t size, struct value *value)
{
    uint8_t header[PAGE_HEADER_BYTES];
    unsigned long long shown = number;
    const char *name = tree_names[walk->tree];

    if (number >= walk->pages || number >= walk->file_pages) {
        finding(walk, "page %llu: overflow page of the %s, is not in the file", shown, name);
        return false;
    }
    if (!walk_read(walk, header, sizeof header, number * PAGE_BYTES))
        return false;
    uint32_t pages = load_u32(header + 12);
    if (load_u64(header) != number || load_u16(header + 10) != PAGE_OVERFLOW) {
        finding(walk, "page %llu: is no overflow page, as the %s has it", shown, name);
        return false;
    }
    if (pages == 0 || (uint64_t)pages * PAGE_BYTES < size + PAGE_HEADER_BYTES) {
        finding(walk, "page %llu: %lu overflow pages cannot hold %llu bytes", shown,
                (unsigned long)pages, (unsigned long long)size);
        return false;
    }
    walk->counted.overflow_pages += pages;
    *value = (struct value){NULL, number * PAGE_BYTES + PAGE_HEADER_BYTES, size};
    return pages_take(walk, number, pages, name);
}

/* The pages one commit freed. */
static void free_record(struct walk *walk, uint64_t page, const struct value *value)
{
    uint64_t ids[IDS_A_READ];
    uint64_t count = 0;
    uint64_t previous = UINT64_MAX;
    unsigned long long shown = page;

    if (value->size < 8 || value->size % 8 || !value_load(walk, value, 0, &count, 8) ||
        count > value->size / 8 - 1) {
        finding(walk, "page %llu: a record of the free list has a wrong size", shown);
        return;
    }
    for (uint64_t done = 0; done < count;) {
        uint64_t room = count - done < IDS_A_READ ? count - done : IDS_A_READ;
        if (!value_load(walk, value, 8 + 8 * done, ids, (size_t)room * 8))
            return;
        for (uint64_t at = 0; at < room; at++) {
            if (ids[at] < 2 || ids[at] >= walk->pages || ids[at] >= previous) {
                finding(walk, "page %llu: the free list names page %llu, which cannot be", shown,
                        (unsigned long long)ids[at]);
                return;
            }
            if (!page_is_new(walk, ids[at])) {
                finding(walk, "page %llu: is free and in use, or free twice",
                        (unsigned long long)ids[at]);
                return;
            }
            previous = ids[at];
        }
        done += room;
    }
}

/* ------------------------------------------------------------------ nodes */

static uint16_t node_offset(const uint8_t *page, unsigned index)
{
    return load_u16(page + PAGE_HEADER_BYTES + 2 * index);
}

static struct slice node_key(const uint8_t *node)
{
    return (struct slice){node + NODE_HEADER_BYTES, load_u16(node + 6)};
}

static uint64_t node_child(const uint8_t *node)
{
    return load_u16(node) | (uint64_t)load_u16(node + 2) << 16 | (uint64_t)load_u16(node + 4) << 32;
}

/* As LMDB orders: the free list by number, the data by bytes. */
static int key_compare(const struct walk *walk, struct slice one, struct slice other)
{
    if (walk->tree == FREE_DBI) {
        uint64_t number = load_u64(one.bytes);
        uint64_t second = load_u64(other.bytes);
        return number < second ? -1 : number > second;
    }
    size_t common = one.size < other.size ? one.size : other.size;
    int order = common ? memcmp(one.bytes, other.bytes, common) : 0;
    return order ? order : (one.size > other.size) - (one.size < other.size);
}

/* Marks the bytes of a node, in pairs; false when another node has them. */
static bool bytes_take(uint8_t taken[PAGE_BYTES / 16], size_t from, size_t end)
{
    for (size_t pair = from / 2; pair < (end + 1) / 2; pair++) {
        uint8_t bit = (uint8_t)(1u << (pair & 7));
        if (taken[pair >> 3] & bit)
            return false;
        taken[pair >> 3] |= bit;
    }
    return true;
}

/* Every node within the page, apart from the others, with a key and flags that can be. */
static const char *nodes_wrong(const struct walk *walk, const uint8_t *page, unsigned count,
                               bool leaf)
{
    uint8_t taken[PAGE_BYTES / 16];
    uint16_t upper = load_u16(page + 14);
    uint64_t used = 0;

    memset(taken, 0, sizeof taken);
    for (unsigned index = 0; index < count; index++) {
        size_t offset = node_offset(page, index);
        if (offset < upper || offset % 2 || offset + NODE_HEADER_BYTES > PAGE_BYTES)
            return "a node lies outside";
        const uint8_t *node = page + offset;
        size_t key_size = load_u16(node + 6);
        uint64_t size = NODE_HEADER_BYTES + key_size;
        if (leaf) {
            uint16_t flags = load_u16(node + 4);
            if (flags & ~NODE_BIG)
                return "a node has flags that are not in use";
            size += flags & NODE_BIG ? 8 : load_u32(node);
        }
        if (offset + size > PAGE_BYTES)
            return "a node runs over the end";
        if (!bytes_take(taken, offset, offset + (size_t)size))
            return "two nodes overlap";
        used += (size + 1) & ~UINT64_C(1);
        bool nameless = !leaf && index == 0;
        if (key_size > LMDB_KEY_BYTES_MAX || (key_size == 0 && !nameless))
            return "a key has an impossible size";
        if (walk->tree == FREE_DBI && key_size != 8 && !nameless)
            return "a key of the free list has a wrong size";
    }
    if (used != PAGE_BYTES - upper) /* LMDB leaves no gaps */
        return "its free space is not what the nodes leave";
    return NULL;
}

/* Keys ascend and lie between the bounds the parents set. */
static const char *keys_wrong(const struct walk *walk, const struct frame *frame, bool leaf)
{
    struct slice previous = {NULL, 0};

    for (unsigned index = leaf ? 0 : 1; index < frame->count; index++) {
        struct slice key = node_key(frame->page + node_offset(frame->page, index));
        if (previous.bytes && key_compare(walk, previous, key) >= 0)
            return "the keys do not ascend";
        if (frame->first_bound.bytes && key_compare(walk, key, frame->first_bound) < 0)
            return "a key is smaller than the branch above says";
        if (frame->end_bound.bytes && key_compare(walk, key, frame->end_bound) >= 0)
            return "a key is larger than the branch above says";
        previous = key;
    }
    return NULL;
}

static const char *page_wrong(const struct walk *walk, struct frame *frame, bool leaf)
{
    const uint8_t *page = frame->page;
    uint16_t lower = load_u16(page + 12);
    uint16_t upper = load_u16(page + 14);

    if (load_u64(page) != frame->number)
        return "has another number";
    if (load_u16(page + 10) != (leaf ? PAGE_LEAF : PAGE_BRANCH))
        return leaf ? "is no leaf" : "is no branch";
    if (lower < PAGE_HEADER_BYTES || lower % 2 || upper < lower || upper > PAGE_BYTES)
        return "its free space is not within it";
    frame->count = (lower - PAGE_HEADER_BYTES) / 2;
    /* LMDB asserts two children in a branch of the data, but lives with one in the free list. */
    if (frame->count < (leaf || walk->tree == FREE_DBI ? 1u : 2u))
        return "has too few nodes";
    const char *wrong = nodes_wrong(walk, page, frame->count, leaf);
    return wrong ? wrong : keys_wrong(walk, frame, leaf);
}

/* ------------------------------------------------------------------ trees */

static void leaf_check(struct walk *walk, const struct frame *frame)
{
    for (unsigned index = 0; index < frame->count && walk->status == LUPE_OK; index++) {
        const uint8_t *node = frame->page + node_offset(frame->page, index);
        struct slice key = node_key(node);
        struct value value = {key.bytes + key.size, 0, load_u32(node)};

        walk->counted.entries++;
        if ((load_u16(node + 4) & NODE_BIG) &&
            !overflow_check(walk, load_u64(value.bytes), value.size, &value))
            continue;
        if (walk->tree != FREE_DBI)
            continue;
        if (load_u64(key.bytes) == 0 || load_u64(key.bytes) > walk->meta.transaction)
            finding(walk, "page %llu: the free list has a record of a commit to come",
                    (unsigned long long)frame->number);
        else
            free_record(walk, frame->number, &value);
    }
}

/* Reads and checks a page; a leaf is done then, a branch becomes the top frame. */
static void tree_enter(struct walk *walk, uint64_t number, struct slice first, struct slice end)
{
    struct frame *frame = &walk->frames[walk->level];
    bool leaf = walk->level + 1 == walk->meta.trees[walk->tree].depth;

    if (!pages_take(walk, number, 1, tree_names[walk->tree]) ||
        !walk_read(walk, frame->page, PAGE_BYTES, number * PAGE_BYTES))
        return;
    frame->number = number;
    frame->next = 0;
    frame->count = 0;
    frame->first_bound = first;
    frame->end_bound = end;
    const char *wrong = page_wrong(walk, frame, leaf);
    if (wrong) {
        finding(walk, "page %llu: %s page of the %s: %s", (unsigned long long)number,
                leaf ? "leaf" : "branch", tree_names[walk->tree], wrong);
        return;
    }
    if (leaf) {
        walk->counted.leaf_pages++;
        leaf_check(walk, frame);
    } else {
        walk->counted.branch_pages++;
        walk->level++;
    }
}

static void tree_next(struct walk *walk)
{
    struct frame *frame = &walk->frames[walk->level - 1];

    if (frame->next == frame->count) {
        walk->level--;
        return;
    }
    unsigned index = frame->next++;
    const uint8_t *node = frame->page + node_offset(frame->page, index);
    struct slice first = index ? node_key(node) : frame->first_bound;
    struct slice end = index + 1 < frame->count
                           ? node_key(frame->page + node_offset(frame->page, index + 1))
                           : frame->end_bound;
    tree_enter(walk, node_child(node), first, end);
}

static void tree_compare(struct walk *walk)
{
    const struct meta_tree *said = &walk->meta.trees[walk->tree];
    const struct meta_tree *counted = &walk->counted;

    if (said->branch_pages != counted->branch_pages || said->leaf_pages != counted->leaf_pages ||
        said->overflow_pages != counted->overflow_pages || said->entries != counted->entries)
        finding(walk,
                "meta page: says of the %s %llu/%llu/%llu pages and %llu entries, there are "
                "%llu/%llu/%llu and %llu",
                tree_names[walk->tree], (unsigned long long)said->branch_pages,
                (unsigned long long)said->leaf_pages, (unsigned long long)said->overflow_pages,
                (unsigned long long)said->entries, (unsigned long long)counted->branch_pages,
                (unsigned long long)counted->leaf_pages,
                (unsigned long long)counted->overflow_pages, (unsigned long long)counted->entries);
}

static void tree_walk(struct walk *walk, unsigned tree)
{
    const struct meta_tree *said = &walk->meta.trees[tree];
    const struct slice unbounded = {NULL, 0};

    walk->tree = tree;
    walk->level = 0;
    memset(&walk->counted, 0, sizeof walk->counted);
    if (said->root == PAGE_NONE ? said->depth != 0 : said->depth == 0 || said->depth > DEPTH_MAX) {
        finding(walk, "meta page: says that the %s is a tree of depth %u", tree_names[tree],
                said->depth);
        return;
    }
    if (said->root != PAGE_NONE)
        tree_enter(walk, said->root, unbounded, unbounded);
    while (walk->level > 0 && walk->status == LUPE_OK)
        tree_next(walk);
    /* What is missing below a damaged page is no news. */
    if (walk->finding_count == 0 && walk->status == LUPE_OK)
        tree_compare(walk);
}

/* ------------------------------------------------------------------ the file */

static void lost_pages(struct walk *walk)
{
    uint64_t number = 2;
    uint64_t lost = walk->pages - 2 - walk->seen_count;

    if (lost == 0)
        return;
    while (walk->seen[number >> 3] >> (number & 7) & 1)
        number++;
    finding(walk, "page %llu%s: neither in use nor free", (unsigned long long)number,
            lost > 1 ? " and others" : "");
}

static void walk_start(struct walk *walk)
{
    struct stat about;

    walk->finding_count = 0;
    walk->seen_count = 0;
    walk->status = file_meta(walk->descriptor, walk->path, &walk->meta);
    if (walk->status != LUPE_OK)
        return;
    if (SYSTEM_CALL(fstat(walk->descriptor, &about)) < 0) {
        walk->status = fail_code(errno, walk->path, 0, "cannot look at the file");
        return;
    }
    walk->pages = walk->meta.last_page + 1;
    walk->file_pages = (uint64_t)about.st_size / PAGE_BYTES;
    /* Pages behind the end of the file are free, and a free page takes eight bytes to list. */
    if (walk->pages / (PAGE_BYTES / 8 + 1) > walk->file_pages) {
        walk->status = fail(LUPE_CORRUPT, "%s: the file is cut: %llu pages of %llu", walk->path,
                            (unsigned long long)walk->file_pages, (unsigned long long)walk->pages);
        return;
    }
    walk->seen = memory_zalloc((size_t)(walk->pages / 8 + 1), 1);
    if (!walk->seen)
        walk->status = fail_memory();
}

static void walk_once(struct walk *walk)
{
    walk_start(walk);
    if (walk->status == LUPE_OK)
        tree_walk(walk, FREE_DBI);
    if (walk->status == LUPE_OK)
        tree_walk(walk, STORE_DBI);
    if (walk->status == LUPE_OK && walk->finding_count == 0)
        lost_pages(walk);
    memory_free(walk->seen);
    walk->seen = NULL;
}

static lupe_status walk_result(const struct walk *walk,
                               void (*report)(void *user, const char *finding), void *user)
{
    unsigned kept = walk->finding_count < FINDINGS_MAX ? walk->finding_count : FINDINGS_MAX;

    if (kept == 0)
        return LUPE_OK;
    for (unsigned at = 0; report && at < kept; at++)
        report(user, walk->findings[at]);
    if (report && walk->finding_count > kept)
        report(user, "there are more findings of this kind");
    return fail(LUPE_CORRUPT, "%s: %s%s%s", walk->path,
                walk->pages > walk->file_pages ? "the file is cut; " : "", walk->findings[0],
                kept > 1 ? "; and more" : "");
}

lupe_status pages_check(int descriptor, const char *path,
                        void (*report)(void *user, const char *finding), void *user)
{
    struct meta now;
    lupe_status status = LUPE_OK;

    struct walk *walk = memory_zalloc(1, sizeof *walk);
    if (!walk)
        return fail_memory();
    walk->descriptor = descriptor;
    walk->path = path;
    for (unsigned tries = 0; tries < WALKS_MAX; tries++) {
        walk_once(walk);
        TRY(walk->status);
        if (walk->finding_count == 0)
            goto out;
        TRY(file_meta(descriptor, path, &now));
        if (now.transaction <= walk->meta.transaction + 1) {
            status = walk_result(walk, report, user);
            goto out;
        }
    }
    status = fail(LUPE_BUSY, "%s: is written too often to be checked", path);
out:
    memory_free(walk);
    return status;
}

lupe_status store_check_pages(const char *path, void (*report)(void *user, const char *finding),
                              void *user)
{
    struct file file;
    lupe_status status = LUPE_OK;

    TRY(file_open(&file, path, false));
    status = pages_check(file.descriptor, file.path, report, user);
    close(file.descriptor);
    if (status == LUPE_CORRUPT || status == LUPE_NOT_INDEX)
        return status;
out:
    return status;
}

lupe_status store_check(struct store *store, void (*report)(void *user, const char *finding),
                        void *user)
{
    struct environment *environment = store->environment;
    struct store_write *write = NULL;
    lupe_status status = LUPE_OK;

    TRY(store_usable(store));
    if (!store->read_only)
        TRY(store_write_begin(store, &write));
    status = pages_check(environment->descriptor, environment->path, report, user);
out:
    store_write_abort(write);
    return status;
}
