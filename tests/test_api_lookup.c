/* SPDX-License-Identifier: MIT
 *
 * test_api_lookup.c - what a lookup must not mix up: long ids with one key, fields of documents
 * that have one text each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "segment/dictionary.h"
#include "support.h"
#include "write_helpers.h"

static lupe_index *new_index(const char *name, lupe_writer **writer)
{
    lupe_index *index = NULL;
    cr_assert_eq(lupe_index_create(support_path(name), NULL, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, writer), LUPE_OK);
    return index;
}

static void put(lupe_writer *writer, const void *id, size_t id_size, const char *field,
                const char *text)
{
    lupe_value value = {.field = field, .kind = LUPE_TEXT, .data = text, .size = strlen(text)};
    lupe_document document = {.id = id, .id_size = id_size, .values = &value, .value_count = 1};
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
}

static void commit(lupe_writer *writer)
{
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
}

/* ---------------------------------------------------------------- ids */

#define ID_BYTES 600u

/* Ids of one XXH3-128. Of each stripe of 64 bytes a lane adds low32(d ^ s) * high32(d ^ s) to one
 * sum and d to another, with bytes s of a public secret. Where the lower half of d ^ s is 0 the
 * product is 0 whatever the upper half; two stripes whose upper halves have one sum agree. */
static void make_id(uint8_t id[ID_BYTES], uint32_t variant)
{
    static const uint8_t secrets[2][8] = {{0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78},
                                          {0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21}};
    uint32_t halves[2] = {0x20202020u + variant, 0x70707070u - variant};
    memset(id, 'i', ID_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(id + 256 + 64 * i, secrets[i], 4);
        store_u32(id + 256 + 64 * i + 4, halves[i]);
    }
}

static void check_id(lupe_index *index, const uint8_t *id, const char *text)
{
    lupe_snapshot *snapshot = NULL;
    const lupe_document *document = NULL;
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    lupe_status status = lupe_snapshot_get(snapshot, (const char *)id, ID_BYTES, &document);
    cr_assert_eq(status, text ? LUPE_OK : LUPE_NOT_FOUND, "%s", text);
    if (text) {
        cr_assert_arr_eq(document->id, id, ID_BYTES);
        cr_assert_eq(document->values[0].size, strlen(text));
        cr_assert_arr_eq(document->values[0].data, text, strlen(text));
    }
    lupe_snapshot_close(snapshot);
}

Test(api_lookup, long_ids_with_one_key_are_told_apart)
{
    uint8_t ids[4][ID_BYTES], keys[4][KEY_BYTES_MAX];
    lupe_writer *writer = NULL;
    lupe_index *index = new_index("ids", &writer);
    for (uint32_t i = 0; i < 4; i++) {
        make_id(ids[i], i);
        size_t size = key_of_id(keys[i], ids[i], ID_BYTES);
        cr_assert_arr_eq(keys[i], keys[0], size, "the ids were made to have one key");
        cr_assert(i == 0 || memcmp(ids[i], ids[i - 1], ID_BYTES) != 0);
    }
    put(writer, ids[0], ID_BYTES, "text", "eins");
    put(writer, ids[1], ID_BYTES, "text", "zwei");
    commit(writer);
    put(writer, ids[2], ID_BYTES, "text", "drei");
    put(writer, ids[1], ID_BYTES, "text", "zwei neu");
    commit(writer);
    static const char *const texts[] = {"eins", "zwei neu", "drei", NULL};
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 4; i++)
            check_id(index, ids[i], texts[i]);
        cr_assert_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
        cr_assert_eq(lupe_index_optimize(index, NULL), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_writer_delete(writer, (const char *)ids[0], ID_BYTES), LUPE_OK);
    commit(writer);
    check_id(index, ids[0], NULL);
    check_id(index, ids[1], "zwei neu");
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---------------------------------------------------------------- fields */

static void check_fields(lupe_index *index, uint64_t titles, uint64_t texts)
{
    cr_assert_eq(helper_total(index, "title:zug"), titles, "%" PRIu64,
                 helper_total(index, "title:zug"));
    cr_assert_eq(helper_total(index, "text:zug"), texts, "%" PRIu64,
                 helper_total(index, "text:zug"));
    cr_assert_eq(helper_total(index, "zug"), titles + texts);
    cr_assert_eq(helper_total(index, "title:\"der zug\""), titles);
    cr_assert_eq(helper_total(index, "text:\"der zug\""), texts);
    cr_assert_eq(helper_total(index, "note:zug"), 0u);
}

/* Documents of one text each: all of one field, of two fields in one segment, and merged from
 * segments of one field each. */
Test(api_lookup, one_text_a_document_but_of_differing_fields)
{
    lupe_writer *writer = NULL;
    lupe_index *index = new_index("fields", &writer);
    char id[16];
    put(writer, "o", 1, "note", "nichts");
    put(writer, "p", 1, "text", "nichts"); /* so that the name is known from the beginning */
    commit(writer);
    for (unsigned i = 0; i < 100; i++)
        put(writer, id, (size_t)snprintf(id, sizeof id, "a%u", i), "title", "Der Zug");
    commit(writer);
    check_fields(index, 100, 0);
    for (unsigned i = 0; i < 70; i++)
        put(writer, id, (size_t)snprintf(id, sizeof id, "b%u", i), "text", "und der Zug");
    commit(writer);
    check_fields(index, 100, 70);
    for (unsigned i = 0; i < 200; i++)
        put(writer, id, (size_t)snprintf(id, sizeof id, "c%u", i), i % 5 ? "text" : "title",
            "Der Zug");
    commit(writer);
    check_fields(index, 140, 230);
    cr_assert_eq(lupe_index_optimize(index, NULL), LUPE_OK);
    check_fields(index, 140, 230);
    cr_assert_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}
