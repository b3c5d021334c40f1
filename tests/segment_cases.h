/* SPDX-License-Identifier: MIT
 *
 * segment_cases.h - what the tests of the segment layer share: a sink that keeps values in memory,
 * sections and a dictionary over it, and a file to open segments from. Included by
 * tests/test_segment_*.c and tests/test_query_fuzzy.c only.
 */
#ifndef LUPE_TESTS_SEGMENT_CASES_H
#define LUPE_TESTS_SEGMENT_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "segment/segment.h"
#include "segment/segment_writer.h"
#include "support.h"

/* ---------------------------------------------------------------- a sink in memory */

struct kept_value {
    uint32_t number;
    uint8_t *bytes;
    size_t size;
};

struct keeper {
    struct kept_value *values;
    size_t count;
    lupe_status answer; /* what put returns; a value is kept when it is LUPE_OK */
};

static inline lupe_status keeper_put(void *user, uint32_t number, const uint8_t *value, size_t size)
{
    struct keeper *keeper = user;
    if (keeper->answer)
        return keeper->answer;
    keeper->values = realloc(keeper->values, (keeper->count + 1) * sizeof *keeper->values);
    uint8_t *bytes = malloc(size);
    memcpy(bytes, value, size);
    keeper->values[keeper->count++] = (struct kept_value){number, bytes, size};
    return LUPE_OK;
}

static inline void keeper_free(struct keeper *keeper)
{
    for (size_t i = 0; i < keeper->count; i++)
        free(keeper->values[i].bytes);
    free(keeper->values);
    *keeper = (struct keeper){0};
}

static inline struct kept_value *keeper_find(struct keeper *keeper, uint32_t number)
{
    for (size_t i = 0; i < keeper->count; i++)
        if (keeper->values[i].number == number)
            return &keeper->values[i];
    return NULL;
}

/* A section whose extents are preset from what was kept, without a store behind it. */
static inline struct section kept_section(struct keeper *keeper, enum section_id id,
                                          uint64_t length)
{
    struct section section = {NULL, 1, (uint8_t)id, length, extent_count(length), NULL};
    section.extents = calloc(section.extent_count + 1, sizeof *section.extents);
    for (uint32_t i = 0; i < section.extent_count; i++) {
        struct kept_value *value = keeper_find(keeper, extent_number(id, i));
        section.extents[i] = value ? value->bytes : NULL;
    }
    return section;
}

static inline void kept_section_free(struct section *section)
{
    free(section->extents);
}

/* ---------------------------------------------------------------- a dictionary in memory */

struct kept_dictionary {
    struct keeper keeper; /* what its sections are written to */
    struct section index;
    struct section blocks;
    struct dictionary dictionary;
};

/* What was written to the two sections is the dictionary; they are done and freed. */
static inline void kept_dictionary_make(struct kept_dictionary *kept, struct section_writer *blocks,
                                        struct section_writer *index)
{
    uint64_t blocks_length = section_writer_offset(blocks);
    uint64_t index_length = section_writer_offset(index);
    cr_assert_eq(section_writer_finish(blocks), LUPE_OK);
    cr_assert_eq(section_writer_finish(index), LUPE_OK);
    kept->blocks = kept_section(&kept->keeper, SECTION_DICTIONARY, blocks_length);
    kept->index = kept_section(&kept->keeper, SECTION_INDEX, index_length);
    section_writer_free(blocks);
    section_writer_free(index);
    kept->dictionary =
        (struct dictionary){.index = &kept->index, .blocks = &kept->blocks, .document_bits = 10};
}

static inline void kept_dictionary_free(struct kept_dictionary *kept)
{
    kept_section_free(&kept->index);
    kept_section_free(&kept->blocks);
    keeper_free(&kept->keeper);
}

/* ---------------------------------------------------------------- a file */

/* Writes what was kept as segment number into a new file. */
static inline struct store *kept_store(struct keeper *keeper, uint32_t number, const char *name)
{
    struct store *store = NULL;
    struct store_write *write = NULL;
    struct store_options options = {.create = true, .map_bytes = UINT64_C(256) << 20};
    const char *path = support_path(name);
    remove(path);
    cr_assert_eq(store_open(path, &options, &store), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(store_lock(store, STORE_LOCK_WRITER, 0), LUPE_OK);
    cr_assert_eq(store_write_begin(store, &write), LUPE_OK);
    for (size_t i = 0; i < keeper->count; i++)
        cr_assert_eq(store_put(write, number, keeper->values[i].number, keeper->values[i].bytes,
                               keeper->values[i].size),
                     LUPE_OK);
    cr_assert_eq(store_write_commit(write), LUPE_OK);
    store_unlock(store, STORE_LOCK_WRITER);
    return store;
}

/* A segment in a file of its own, open. */
struct open_segment {
    struct store *store;
    struct store_read *read;
    struct segment *segment;
    lupe_status status; /* of segment_open */
};

static inline struct open_segment open_kept(struct keeper *keeper,
                                            const struct segment_entry *entry, const char *name)
{
    struct open_segment open = {0};
    open.store = kept_store(keeper, entry->number, name);
    cr_assert_eq(store_read_begin(open.store, &open.read), LUPE_OK);
    open.status = segment_open(open.read, entry, &open.segment);
    return open;
}

static inline void open_kept_close(struct open_segment *open)
{
    segment_close(open->segment);
    store_read_end(open->read);
    store_close(open->store);
}

#endif
