/* SPDX-License-Identifier: MIT
 *
 * test_segment_live.c - deletes are stored as a list or in chunks, and come back.
 */
#include "segment_cases.h"

struct live_case {
    struct store *store;
    struct segment_entry entry;
    struct live live;   /* as it is */
    struct live before; /* as it is stored */
    uint64_t *expected; /* a bit a document: deleted */
};

static struct live_case live_case_of(uint32_t documents, const char *name)
{
    struct keeper nothing = {0};
    struct live_case live_case = {.entry = {.number = 5, .documents = documents}};
    live_case.store = kept_store(&nothing, 5, name);
    live_case.live = (struct live){NULL, documents, 0};
    live_case.before = live_case.live;
    live_case.expected = calloc(documents / 64 + 1, 8);
    return live_case;
}

static void live_case_free(struct live_case *live_case)
{
    live_free(&live_case->live);
    live_free(&live_case->before);
    store_close(live_case->store);
    free(live_case->expected);
}

static void delete (struct live_case *live_case, uint32_t document)
{
    bool was_live;
    bool expected = !(live_case->expected[document / 64] >> document % 64 & 1);
    cr_assert_eq(live_delete(&live_case->live, document, &was_live), LUPE_OK);
    cr_assert_eq(was_live, expected);
    live_case->expected[document / 64] |= UINT64_C(1) << document % 64;
}

/* The numbers of the chunks that are there, as bits. */
static uint64_t chunks_there(struct store *store)
{
    uint64_t chunks = 0;
    struct store_read *read = NULL;
    cr_assert_eq(store_read_begin(store, &read), LUPE_OK);
    for (uint32_t i = 0; i < 64; i++) {
        const uint8_t *value;
        size_t size;
        if (store_get(read, 5, extent_number(SECTION_LIVE, i), &value, &size) == LUPE_OK)
            chunks |= UINT64_C(1) << i;
    }
    store_read_end(read);
    return chunks;
}

/* Stores, loads and compares with what is expected. */
static void store_and_load(struct live_case *live_case)
{
    struct store_write *write = NULL;
    struct store_read *read = NULL;
    uint32_t version = live_case->entry.live_version;
    bool changed = live_case->live.deleted != live_case->before.deleted;
    cr_assert_eq(store_lock(live_case->store, STORE_LOCK_WRITER, 0), LUPE_OK);
    cr_assert_eq(store_write_begin(live_case->store, &write), LUPE_OK);
    cr_assert_eq(live_store(write, &live_case->entry, &live_case->before, &live_case->live),
                 LUPE_OK);
    cr_assert_eq(store_write_commit(write), LUPE_OK);
    store_unlock(live_case->store, STORE_LOCK_WRITER);
    cr_assert_eq(live_case->entry.live_version, version + changed);
    cr_assert_eq(live_case->entry.deleted, live_case->live.deleted);

    live_free(&live_case->before);
    cr_assert_eq(store_read_begin(live_case->store, &read), LUPE_OK);
    cr_assert_eq(live_load(read, &live_case->entry, &live_case->before), LUPE_OK, "%s",
                 lupe_last_error());
    store_read_end(read);
    uint32_t documents = live_case->entry.documents;
    cr_assert_eq(live_case->before.deleted, live_case->live.deleted);
    for (uint32_t i = 0; i < documents; i++) {
        bool gone = live_case->expected[i / 64] >> i % 64 & 1;
        cr_assert_eq(live_has(&live_case->before, i), !gone, "document %u of %u", i, documents);
        cr_assert_eq(live_has(&live_case->live, i), !gone);
    }
    if (!live_case->before.words)
        return;
    size_t words = ((size_t)documents + 63) / 64;
    if (documents % 64)
        cr_assert_eq(live_case->before.words[words - 1] >> documents % 64, 0u);
    for (size_t i = 0; i < WINDOW_DOCUMENTS / 64; i++)
        cr_assert_eq(live_case->before.words[words + i], 0u);
}

Test(segment_live, few_deletes_are_a_list)
{
    struct live_case live_case = live_case_of(100000, "list");
    store_and_load(&live_case);
    cr_assert_null(live_case.live.words);
    cr_assert_null(live_case.before.words);
    delete (&live_case, 99999);
    delete (&live_case, 0);
    delete (&live_case, 0);
    store_and_load(&live_case);
    cr_assert_eq(live_case.entry.deleted_list[0], 0u);
    cr_assert_eq(live_case.entry.deleted_list[1], 99999u);
    for (uint32_t i = 2; i < LIVE_LIST_MAX - 1; i++)
        delete (&live_case, i * 1000);
    cr_assert_eq(live_case.live.deleted, LIVE_LIST_MAX - 1);
    store_and_load(&live_case);
    store_and_load(&live_case);
    cr_assert_eq(chunks_there(live_case.store), 0u);
    live_case_free(&live_case);
    support_no_leaks();
}

Test(segment_live, more_deletes_are_chunks_and_only_changed_ones_are_stored)
{
    struct live_case live_case = live_case_of(5 * LIVE_CHUNK_DOCUMENTS + 17, "chunks");
    for (uint32_t i = 0; i < LIVE_LIST_MAX; i++)
        delete (&live_case, 3 * LIVE_CHUNK_DOCUMENTS - 10 + i);
    store_and_load(&live_case);
    cr_assert_eq(chunks_there(live_case.store), 1u << 2 | 1u << 3);
    delete (&live_case, 5 * LIVE_CHUNK_DOCUMENTS + 16);
    store_and_load(&live_case);
    cr_assert_eq(chunks_there(live_case.store), 1u << 2 | 1u << 3 | 1u << 5);
    for (uint32_t i = 0; i < live_case.entry.documents; i += 3)
        delete (&live_case, i);
    store_and_load(&live_case);
    cr_assert_eq(chunks_there(live_case.store), 0x3fu);
    for (uint32_t i = 0; i < live_case.entry.documents; i++)
        delete (&live_case, i);
    cr_assert_eq(live_case.live.deleted, live_case.entry.documents);
    store_and_load(&live_case);
    live_case_free(&live_case);
    support_no_leaks();
}

Test(segment_live, from_a_list_to_chunks)
{
    struct live_case live_case = live_case_of(LIVE_CHUNK_DOCUMENTS, "both");
    for (uint32_t i = 0; i < 10; i++)
        delete (&live_case, i);
    store_and_load(&live_case);
    for (uint32_t i = 0; i < 100; i++)
        delete (&live_case, i * 5);
    store_and_load(&live_case);
    cr_assert_eq(chunks_there(live_case.store), 1u);
    live_case_free(&live_case);
    support_no_leaks();
}

static lupe_status load(struct live_case *live_case)
{
    struct store_read *read = NULL;
    struct live live;
    cr_assert_eq(store_read_begin(live_case->store, &read), LUPE_OK);
    lupe_status status = live_load(read, &live_case->entry, &live);
    if (status)
        cr_assert_null(live.words);
    live_free(&live);
    store_read_end(read);
    return status;
}

static void put_chunk(struct live_case *live_case, uint32_t chunk, const uint8_t *bytes,
                      size_t size)
{
    struct store_write *write = NULL;
    cr_assert_eq(store_lock(live_case->store, STORE_LOCK_WRITER, 0), LUPE_OK);
    cr_assert_eq(store_write_begin(live_case->store, &write), LUPE_OK);
    cr_assert_eq(store_put(write, 5, extent_number(SECTION_LIVE, chunk), bytes, size), LUPE_OK);
    cr_assert_eq(store_write_commit(write), LUPE_OK);
    store_unlock(live_case->store, STORE_LOCK_WRITER);
}

Test(segment_live, damage_is_told)
{
    struct live_case live_case = live_case_of(LIVE_CHUNK_DOCUMENTS + 100, "damage");
    for (uint32_t i = 0; i < 1000; i++)
        delete (&live_case, i);
    store_and_load(&live_case);
    cr_assert_eq(load(&live_case), LUPE_OK);

    live_case.entry.deleted++;
    cr_assert_eq(load(&live_case), LUPE_CORRUPT, "the count of the catalogue is another");
    live_case.entry.deleted--;

    uint8_t bytes[4080];
    struct store_read *read = NULL;
    const uint8_t *value;
    size_t size;
    cr_assert_eq(store_read_begin(live_case.store, &read), LUPE_OK);
    cr_assert_eq(store_get(read, 5, extent_number(SECTION_LIVE, 0), &value, &size), LUPE_OK);
    cr_assert_leq(size, sizeof bytes);
    memcpy(bytes, value, size);
    store_read_end(read);
    put_chunk(&live_case, 0, bytes, size - 1);
    cr_assert_eq(load(&live_case), LUPE_CORRUPT);
    bytes[100] ^= 1;
    put_chunk(&live_case, 0, bytes, size);
    cr_assert_eq(load(&live_case), LUPE_CORRUPT);
    bytes[100] ^= 1;
    put_chunk(&live_case, 0, bytes, size);
    cr_assert_eq(load(&live_case), LUPE_OK);
    /* A chunk that is sound where it belongs, but has documents behind the last one here. */
    put_chunk(&live_case, 1, bytes, size);
    cr_assert_eq(load(&live_case), LUPE_CORRUPT);
    live_case_free(&live_case);
    support_no_leaks();
}

Test(segment_live, a_copy_is_apart)
{
    struct live live = {NULL, 1000, 0};
    struct live copy;
    bool was_live;
    cr_assert_eq(live_copy(&live, &copy), LUPE_OK);
    cr_assert_null(copy.words);
    cr_assert_eq(live_delete(&live, 7, &was_live), LUPE_OK);
    cr_assert_eq(live_copy(&live, &copy), LUPE_OK);
    cr_assert_eq(live_delete(&live, 8, &was_live), LUPE_OK);
    cr_assert(!live_has(&copy, 7) && live_has(&copy, 8) && !live_has(&live, 8));
    cr_assert_eq(copy.deleted, 1u);
    live_free(&copy);
    live_free(&live);
    support_no_leaks();
}
