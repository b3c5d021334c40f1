/* SPDX-License-Identifier: MIT
 *
 * sizes.c - where the bytes of an index are, see sizes.h; and `lupe-bench sizes`.
 *
 * An entry of the dictionary says where its postings begin, not where they end. Lists are written
 * in the order of keys, so each ends where the next begins; what fills up an extent counts for the
 * list before. An index in another order is refused: its figures would be wrong.
 */
#include "sizes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "segment/view.h"
#include "store/store.h"

/* A section whose ranges are given to lists as their beginnings come. */
struct ranges {
    uint64_t begin; /* of the range that is open */
    uint64_t *bytes;
};

static bool ranges_begin(struct ranges *ranges, uint64_t begin, uint64_t *bytes)
{
    if (begin < ranges->begin)
        return false;
    if (ranges->bytes) {
        *ranges->bytes += begin - ranges->begin;
        ranges->begin = begin;
    }
    ranges->bytes = bytes;
    return true;
}

/* What the dictionary has up to here: of the block in use all but what is left of it. */
static uint64_t iterator_offset(const struct dictionary_iterator *iterator)
{
    const struct dictionary_block *block = &iterator->block;
    return iterator->block_next - (uint64_t)(block->end - block->next) - 2 * (uint64_t)block->left;
}

static int add_entry(struct sizes *sizes, const struct dictionary_iterator *iterator,
                     struct ranges *documents, struct ranges *positions, uint64_t *offset)
{
    uint32_t number = (uint32_t)iterator->key[0] << 8 | iterator->key[1];
    const struct entry *entry = &iterator->entry;
    if (number >= SIZES_LISTS)
        return bench_fail("list %u is not known", number);
    struct list_sizes *list = &sizes->lists[number];
    list->terms++;
    list->postings += entry->frequency;
    list->dictionary += iterator_offset(iterator) - *offset;
    *offset = iterator_offset(iterator);
    if ((entry->flags & ENTRY_STORAGE_MASK) != ENTRY_LIST)
        return 0;
    if (!ranges_begin(documents, entry->postings, &list->documents) ||
        ((entry->flags & ENTRY_HAS_POSITIONS) &&
         !ranges_begin(positions, entry->positions, &list->positions)))
        return bench_fail("the lists are not in the order of their keys");
    return 0;
}

static int add_segment(struct sizes *sizes, struct segment *segment)
{
    struct ranges documents = {0};
    struct ranges positions = {0};
    struct dictionary_iterator iterator;
    uint64_t offset = 0;
    int failed = 0;
    const uint64_t *lengths = segment->entry.lengths;
    for (int section = 0; section < SECTION_COUNT; section++)
        sizes->sections[section] += lengths[section];
    sizes->segments++;
    sizes->documents += segment->entry.documents;
    sizes->deleted += segment->entry.deleted;
    sizes->words += segment->entry.words;
    lupe_status status = dictionary_seek(&segment->dictionary, NULL, 0, &iterator);
    while (status == LUPE_OK && !failed) {
        status = dictionary_next(&iterator);
        if (status == LUPE_OK)
            failed = add_entry(sizes, &iterator, &documents, &positions, &offset);
    }
    if (failed)
        return failed;
    if (status != LUPE_NOT_FOUND)
        return library_fail("dictionary");
    bool whole = ranges_begin(&documents, lengths[SECTION_POSTINGS], NULL) &&
                 ranges_begin(&positions, lengths[SECTION_POSITIONS], NULL);
    return whole ? 0 : bench_fail("a list begins behind its section");
}

/* The names outlive the view. */
static void take_fields(struct sizes *sizes, struct catalogue *catalogue)
{
    sizes->fields = catalogue->fields;
    sizes->field_count = catalogue->field_count;
    catalogue->fields = NULL;
    catalogue->field_count = 0;
}

int sizes_read(struct sizes *sizes, const char *path)
{
    struct store_options options = {.read_only = true};
    struct store_space space = {0};
    struct store *store = NULL;
    struct view *view = NULL;
    int status = 0;
    memset(sizes, 0, sizeof *sizes);
    if (store_open(path, &options, &store) != LUPE_OK || view_open(store, &view) != LUPE_OK ||
        store_space(store, &space) != LUPE_OK)
        status = library_fail(path);
    sizes->file_bytes = space.file_bytes;
    sizes->free_bytes = space.free_bytes;
    for (uint32_t i = 0; status == 0 && i < view->catalogue.segment_count; i++)
        status = add_segment(sizes, view->segments[i]);
    if (status == 0)
        take_fields(sizes, &view->catalogue);
    view_close(view);
    store_close(store);
    return status;
}

void sizes_free(struct sizes *sizes)
{
    struct catalogue catalogue;
    catalogue_init(&catalogue);
    catalogue.fields = sizes->fields;
    catalogue.field_count = sizes->field_count;
    catalogue_free(&catalogue);
    sizes->fields = NULL;
    sizes->field_count = 0;
}

/* ------------------------------------------------------------------ names */

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_INDEX] = "index of the dictionary",
    [SECTION_DICTIONARY] = "dictionary",
    [SECTION_POSTINGS] = "postings",
    [SECTION_POSITIONS] = "positions",
    [SECTION_NORMS] = "norms",
    [SECTION_IDS] = "ids",
    [SECTION_LONG_IDS] = "long ids",
    [SECTION_STORED] = "stored text",
    [SECTION_STORED_INDEX] = "index of the stored text",
    [SECTION_STORED_DICTIONARY] = "dictionary of the stored text",
    [SECTION_BOUNDARIES] = "boundaries",
    [SECTION_BOUNDARY_INDEX] = "index of the boundaries",
    [SECTION_FORMS] = "forms",
    [SECTION_COLUMNS] = "columns",
    [SECTION_LIVE] = "live documents",
};

static const char *const list_names[LIST_FIELDS] = {
    [LIST_WORDS] = "0, words", [LIST_IDS] = "1, ids",           [LIST_JOINED] = "2, joined forms",
    [LIST_PARTS] = "3, parts", [LIST_VARIANTS] = "4, variants", [LIST_PAIRS] = "5, pairs",
};

const char *section_name(enum section_id section)
{
    return section_names[section];
}

/* ------------------------------------------------------------------ lupe-bench sizes */

static double per_posting(const struct sizes *sizes, uint64_t bytes)
{
    uint64_t postings = sizes->lists[LIST_WORDS].postings;
    return postings ? (double)bytes / (double)postings : 0;
}

static void print_section(const struct sizes *sizes, const char *name, uint64_t bytes)
{
    printf("| %s | %" PRIu64 " | %.1f | %.3f |\n", name, bytes,
           100.0 * (double)bytes / (double)sizes->file_bytes, per_posting(sizes, bytes));
}

static void print_sections(const struct sizes *sizes)
{
    uint64_t rest = sizes->file_bytes - sizes->free_bytes;
    printf("| section | bytes | %% of the file | bytes a posting of list 0 |\n|---|--:|--:|--:|\n");
    for (int section = 1; section < SECTION_COUNT; section++) {
        rest -= sizes->sections[section] < rest ? sizes->sections[section] : rest;
        if (sizes->sections[section] > 0)
            print_section(sizes, section_names[section], sizes->sections[section]);
    }
    print_section(sizes, "checksums, padding, pages of LMDB", rest);
    print_section(sizes, "free pages", sizes->free_bytes);
    print_section(sizes, "the file", sizes->file_bytes);
    print_section(sizes, "the file without stored text and free pages",
                  sizes->file_bytes - sizes->free_bytes - sizes->sections[SECTION_STORED] -
                      sizes->sections[SECTION_STORED_INDEX] -
                      sizes->sections[SECTION_STORED_DICTIONARY]);
}

static void print_lists(const struct sizes *sizes)
{
    printf("\n| list | terms | postings | bytes | of it dictionary | postings | positions |\n"
           "|---|--:|--:|--:|--:|--:|--:|\n");
    for (uint32_t number = 0; number < SIZES_LISTS; number++) {
        const struct list_sizes *list = &sizes->lists[number];
        char name[FIELD_NAME_BYTES_MAX + 32];
        if (list->terms == 0)
            continue;
        if (number >= LIST_FIELDS && number - LIST_FIELDS < sizes->field_count)
            snprintf(name, sizeof name, "%u, field %s", number,
                     sizes->fields[number - LIST_FIELDS].name);
        else
            snprintf(name, sizeof name, "%s",
                     number < LIST_FIELDS && list_names[number] ? list_names[number] : "other");
        printf("| %s | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
               " | %" PRIu64 " |\n",
               name, list->terms, list->postings,
               list->dictionary + list->documents + list->positions, list->dictionary,
               list->documents, list->positions);
    }
}

int command_sizes(int count, char **arguments)
{
    char path[PATH_SIZE];
    if (count != 1)
        return usage_fail();
    if (!join_path(path, arguments[0], "index.lupe"))
        return bench_fail("%s: the path is too long", arguments[0]);
    struct sizes *sizes = calloc(1, sizeof *sizes);
    int status = sizes ? sizes_read(sizes, path) : bench_fail("out of memory");
    if (status == 0) {
        printf("%" PRIu64 " documents, %" PRIu64 " of them deleted, %" PRIu64 " words, %u segments"
               "\n\n",
               sizes->documents, sizes->deleted, sizes->words, sizes->segments);
        print_sections(sizes);
        print_lists(sizes);
    }
    if (sizes)
        sizes_free(sizes);
    free(sizes);
    return status;
}
