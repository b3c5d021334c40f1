/* SPDX-License-Identifier: MIT
 *
 * test_api_damage.c - Lupe's own bytes may be anything: under sound checksums a damaged segment is
 * searched, shown, checked and merged without a crash, and opening with verification finds what
 * checksums can find.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "segment/view.h"
#include "support.h"
#include "write/merge.h"
#include "write/pair_lists.h"

#define DOCUMENTS 1300u
#define WORDS 40u

/* One segment, of one value or of extents. */
struct damaged {
    lupe_index *index;
    struct store *store;
    struct segment_entry entry;
};

static void put_documents(lupe_writer *writer, unsigned length_max)
{
    struct support_random random = support_random_of(71);
    for (unsigned d = 0; d < DOCUMENTS; d++) {
        char id[300], texts[2][600], tag[8];
        for (unsigned t = 0; t < 2; t++) {
            size_t size = (size_t)snprintf(texts[t], 60, "haus");
            uint64_t length = support_random_below(&random, length_max);
            for (uint64_t i = 0; i < length; i++) {
                double skew = support_random_real(&random);
                unsigned word = (unsigned)(skew * skew * skew * WORDS);
                size += (size_t)snprintf(texts[t] + size, 60, word % 5 ? " w%u" : " w%u-x", word);
            }
        }
        snprintf(tag, sizeof tag, "t%u", d % 3);
        lupe_value values[] = {
            {.field = "title", .kind = LUPE_TEXT, .data = texts[0], .size = strlen(texts[0])},
            {.field = "text", .kind = LUPE_TEXT, .data = texts[1], .size = strlen(texts[1])},
            {.field = "tag", .kind = LUPE_KEYWORD, .data = tag, .size = strlen(tag)},
        };
        size_t id_size = (size_t)snprintf(id, sizeof id, d % 50 ? "%u" : "%0250u", d);
        lupe_document document = {
            .id = id, .id_size = id_size, .values = values, .value_count = 1 + d % 3};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
}

static struct damaged damaged_make(const char *name, unsigned length_max, bool one_value)
{
    struct damaged made = {0};
    lupe_writer *writer = NULL;
    struct view *view = NULL;
    struct store_options options = {.map_bytes = UINT64_C(256) << 20};
    const char *path = support_path(name);
    pair_limits = (struct pair_limits){
        .documents_min = 16, .share = 4, .words_max = 16, .memory_bytes = 1 << 14};
    cr_assert_eq(lupe_index_create(path, NULL, NULL, &made.index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(made.index, NULL, &writer), LUPE_OK);
    put_documents(writer, length_max);
    lupe_writer_close(writer);
    cr_assert_eq(store_open(path, &options, &made.store), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(view_open(made.store, &view), LUPE_OK);
    cr_assert_eq(view->catalogue.segment_count, 1u);
    made.entry = view->catalogue.segments[0];
    cr_assert_gt(made.entry.pair_frequency_min, 0u);
    view_close(view);
    cr_assert_eq(made.entry.one_value, one_value, "%" PRIu64 " bytes",
                 segment_entry_bytes(&made.entry));
    return made;
}

static void damaged_free(struct damaged *made)
{
    store_close(made->store);
    lupe_index_close(made->index);
}

static void value_put(struct damaged *made, uint32_t number, const uint8_t *bytes, size_t size)
{
    struct store_write *write = NULL;
    cr_assert_eq(store_lock(made->store, STORE_LOCK_WRITER, 0), LUPE_OK);
    cr_assert_eq(store_write_begin(made->store, &write), LUPE_OK);
    cr_assert_eq(store_put(write, made->entry.number, number, bytes, size), LUPE_OK);
    cr_assert_eq(store_write_commit(write), LUPE_OK);
    store_unlock(made->store, STORE_LOCK_WRITER);
}

/* A copy of the value that holds the first extent of a section, and where the section begins. */
static uint8_t *value_get(struct damaged *made, unsigned section, uint32_t *number, size_t *size,
                          size_t *start)
{
    struct store_read *read = NULL;
    const uint8_t *value;
    *number = made->entry.one_value ? 0 : extent_number((enum section_id)section, 0);
    *start = 0;
    for (unsigned i = 1; made->entry.one_value && i < section; i++)
        *start += (size_t)made->entry.lengths[i];
    cr_assert_eq(store_read_begin(made->store, &read), LUPE_OK);
    cr_assert_eq(store_get(read, made->entry.number, *number, &value, size), LUPE_OK);
    uint8_t *copy = malloc(*size);
    memcpy(copy, value, *size);
    store_read_end(read);
    return copy;
}

/* Makes the checksums fit again: of the dictionary's block that has the place (sizes as they were
 * before the damage), and of the value. */
static void reseal(uint8_t *value, size_t size, const uint8_t *before, size_t start, size_t place,
                   bool is_dictionary)
{
    for (size_t block = start; is_dictionary && block <= place;) {
        size_t bytes = load_u16(before + block + 4);
        if (place < block + bytes)
            store_u32(value + block, checksum_32(value + block + 4, bytes - 4));
        block += bytes;
    }
    store_u64(value + size - CHECKSUM_BYTES, hash_bytes(value, size - CHECKSUM_BYTES));
}

/* ---------------------------------------------------------------- using it */

static void expect(lupe_status status, const struct support_random *random, const char *what)
{
    cr_assert(status == LUPE_OK || status == LUPE_CORRUPT || status == LUPE_NOT_FOUND ||
                  status == LUPE_LIMIT,
              "seed %" PRIu64 ": %s: %s", random->seed, what, lupe_last_error());
}

static void use_results(lupe_results *results, const struct support_random *random)
{
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        const lupe_document *document = NULL;
        const lupe_snippet *snippet = NULL;
        const lupe_explanation *explanation = NULL;
        expect(lupe_results_document(results, i, &document), random, "document");
        expect(lupe_results_snippet(results, i, NULL, &snippet), random, "snippet");
        expect(lupe_results_explain(results, i, &explanation), random, "explanation");
    }
}

static void search(struct damaged *made, const struct support_random *random)
{
    static const char *const queries[] = {
        "w0 w1 w7",
        "haus w2",
        "+haus +w1 +w3",
        "\"w0 w1\"",
        "\"haus w0 w1 w2\"",
        "title:w1 w0",
        "tag:t1 haus",
        "w1* -w2",
        "w0-x",
        "(w0 AND w9) w5",
        "text:\"haus w3\" w4",
        "haus",
    };
    lupe_snapshot *snapshot = NULL;
    lupe_status status = lupe_snapshot_open(made->index, &snapshot);
    expect(status, random, "snapshot");
    for (size_t i = 0; !status && i < sizeof queries / sizeof *queries; i++) {
        lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
        lupe_query *query = NULL;
        lupe_results *results = NULL;
        options.limit = i % 3 ? 10 : 2;
        options.count_limit = i % 2 ? LUPE_COUNT_EXACT : 10;
        cr_assert_eq(lupe_query_parse(made->index, queries[i], strlen(queries[i]), NULL, &query),
                     LUPE_OK);
        lupe_status answer = lupe_search(snapshot, query, &options, &results);
        expect(answer, random, queries[i]);
        if (!answer)
            use_results(results, random);
        lupe_results_free(results);
        lupe_query_free(query);
    }
    for (unsigned i = 0; !status && i < 3; i++) {
        const lupe_document *document = NULL;
        expect(lupe_snapshot_get(snapshot,
                                 i == 0   ? "1"
                                 : i == 1 ? "777"
                                          : "1299",
                                 i == 0 ? 1 : i + 2, &document),
               random, "get");
    }
    lupe_snapshot_close(snapshot);
}

/* Merges the segment with itself, so to speak: what comes of it is dropped. */
static void merge(struct damaged *made, const struct support_random *random)
{
    struct merge_options options = {.k1 = 1.2, .b = 0.75, .pairs = true, .forms = true};
    struct merge_source source = {&made->entry, NULL};
    struct merge *merging = NULL;
    bool done = false;
    lupe_status status = merge_begin(made->store, &options, &source, 1, &merging);
    if (!status)
        status = merge_step(merging, UINT64_MAX, &done);
    expect(status, random, "merge");
    merge_close(merging);
}

static void damage(struct damaged *made, unsigned rounds, uint64_t seed)
{
    struct support_random random = support_random_of(seed);
    for (unsigned round = 0; round < rounds; round++) {
        unsigned section;
        do
            section = 1 + (unsigned)support_random_below(&random, SECTION_LIVE - 1);
        while (made->entry.lengths[section] == 0);
        uint32_t number;
        size_t size, start;
        uint8_t *before = value_get(made, section, &number, &size, &start);
        uint8_t *value = malloc(size);
        memcpy(value, before, size);
        uint64_t length = made->entry.lengths[section];
        if (length > EXTENT_PAYLOAD_BYTES)
            length = EXTENT_PAYLOAD_BYTES;
        unsigned flips = 1 + (unsigned)support_random_below(&random, 3);
        for (unsigned i = 0; i < flips; i++) {
            size_t place = start + (size_t)support_random_below(&random, length);
            value[place] ^= (uint8_t)(1u << support_random_below(&random, 8));
            reseal(value, size, before, start, place, section == SECTION_DICTIONARY);
        }
        value_put(made, number, value, size);
        search(made, &random);
        if (round % 4 == 0) {
            merge(made, &random);
            expect(lupe_index_check(made->index, NULL, NULL), &random, "check");
        }
        value_put(made, number, before, size);
        free(value);
        free(before);
    }
    cr_assert_eq(lupe_index_check(made->index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
}

Test(api_damage, one_value)
{
    struct damaged made = damaged_make("one", 4, true);
    damage(&made, test_full() ? 20000 : 150, 72);
    damaged_free(&made);
    support_no_leaks();
}

Test(api_damage, extents)
{
    struct damaged made = damaged_make("extents", 60, false);
    damage(&made, test_full() ? 10000 : 80, 73);
    damaged_free(&made);
    support_no_leaks();
}

/* ---------------------------------------------------------------- verification */

static void check_verified(struct damaged *made, const char *name)
{
    for (unsigned section = 1; section < SECTION_LIVE; section++) {
        uint32_t number;
        size_t size, start;
        lupe_index *index = NULL;
        lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
        if (made->entry.lengths[section] == 0)
            continue;
        uint8_t *value = value_get(made, section, &number, &size, &start);
        size_t place = start + (size_t)(made->entry.lengths[section] - 1) % EXTENT_PAYLOAD_BYTES;
        value[place] ^= 0x10;
        value_put(made, number, value, size);
        cr_assert_eq(lupe_index_open(support_path(name), &options, &index), LUPE_OK);
        lupe_index_close(index);
        options.flags = LUPE_OPEN_VERIFY;
        cr_assert_eq(lupe_index_open(support_path(name), &options, &index), LUPE_CORRUPT,
                     "section %u", section);
        cr_assert_null(index);
        value[place] ^= 0x10;
        value_put(made, number, value, size);
        cr_assert_eq(lupe_index_open(support_path(name), &options, &index), LUPE_OK, "%s",
                     lupe_last_error());
        lupe_index_close(index);
        free(value);
    }
}

Test(api_damage, opening_with_verification_finds_a_flipped_bit)
{
    struct damaged made = damaged_make("one", 4, true);
    check_verified(&made, "one");
    damaged_free(&made);
    made = damaged_make("extents", 60, false);
    check_verified(&made, "extents");
    damaged_free(&made);
    support_no_leaks();
}
