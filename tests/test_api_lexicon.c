/* SPDX-License-Identifier: MIT
 *
 * test_api_lexicon.c - an index with a word list of its own: every writer, merge, query and snippet
 * splits by it; lists that are none, damaged ones, and segments split with another lexicon.
 */
#include <unistd.h>

#include "base/hash.h"
#include "segment/word_list.h"
#include "text/lexicon.h"
#include "write/publish.h"
#include "write_helpers.h"

static const char list[] = "3\n# of a trade\nBlorkel/Nm\nQuaspe\nzwei Wörter\nx\n";

static lupe_status create_with(const char *path, const char *language, const char *words,
                               size_t size, lupe_index **index)
{
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    create.language = language;
    create.lexicon = words;
    create.lexicon_size = size;
    return lupe_index_create(path, &create, &open, index);
}

static lupe_status put(lupe_writer *writer, const char *id, const char *text)
{
    lupe_value value = {.field = "text", .data = text, .size = strlen(text)};
    lupe_document document = {.id = id, .id_size = strlen(id), .values = &value, .value_count = 1};
    return lupe_writer_put(writer, &document);
}

static void put_one(lupe_index *index, uint32_t threads, const char *id, const char *text)
{
    lupe_writer *writer = helper_writer(index, 1 << 20, threads);
    must(put(writer, id, text));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
}

/* ------------------------------------------------------------------ use */

Test(api_lexicon, an_index_splits_by_its_words_for_ever)
{
    const char *path = support_path("a.lupe");
    lupe_index *index = NULL, *other = NULL;
    must(create_with(path, NULL, list, strlen(list), &index));
    must(create_with(support_path("b.lupe"), NULL, NULL, 0, &other));
    cr_assert(lupe_index_lexicon_is(index, list, strlen(list)));
    put_one(index, 1, "1", "Die Blorkelversicherung zahlt.");
    put_one(other, 1, "1", "Die Blorkelversicherung zahlt.");
    cr_expect_eq(helper_total(index, "Blorkel"), 1);
    cr_expect_eq(helper_total(other, "+Blorkel"), 0, "only with the list");
    lupe_index_close(other);
    lupe_index_close(index);

    index = helper_open(path); /* without the list's file */
    cr_assert(lupe_index_lexicon_is(index, list, strlen(list)));
    cr_assert_not(lupe_index_lexicon_is(index, list, strlen(list) - 1));
    cr_assert_not(lupe_index_lexicon_is(index, NULL, 0));
    cr_expect_eq(helper_total(index, "Blorkel"), 1);
    put_one(index, 2, "2", "Ein Versicherungsblorkel, zwei Quaspenversicherungen.");
    cr_expect_eq(helper_total(index, "Blorkel"), 2);
    cr_expect_eq(helper_total(index, "Quaspe"), 1);
    must(lupe_index_optimize(index, NULL));
    must(lupe_index_compact(index));
    cr_expect_eq(helper_total(index, "Blorkel"), 2);
    lupe_statistics statistics = helper_statistics(index);
    cr_expect_eq(statistics.segments, 1);
    cr_expect_eq(statistics.lexicon_words, 2);
    cr_expect_eq(statistics.lexicon_lines_passed_over, 2);
    cr_expect_eq(statistics.lexicon_segments_changed, 0);
    cr_expect_neq(statistics.lexicon, lexicon_version(NULL));
    cr_expect_eq(statistics.part_terms, 3, "Versicherung, Blorkel, Quaspe, not %" PRIu64,
                 statistics.part_terms);
    cr_expect_eq(statistics.part_documents, 5, "%" PRIu64, statistics.part_documents);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

/* The compound in the query finds its parts, which are known by the list alone. */
Test(api_lexicon, queries_split_by_the_words)
{
    lupe_index *index = NULL;
    must(create_with(support_path("a.lupe"), NULL, list, strlen(list), &index));
    put_one(index, 1, "1", "Eine Versicherung jeder Blorkel zahlt.");
    cr_expect_eq(helper_total(index, "Blorkelversicherung"), 1);
    cr_expect_eq(helper_total(index, "+Blorkelversicherung -Wort"), 1);
    lupe_index_close(index);
    must(create_with(support_path("b.lupe"), NULL, NULL, 0, &index));
    put_one(index, 1, "1", "Eine Versicherung jeder Blorkel zahlt.");
    cr_expect_eq(helper_total(index, "+Blorkelversicherung"), 0);
    lupe_index_close(index);
    support_no_leaks();
}

/* A list of many pieces. */
Test(api_lexicon, a_long_list_comes_back_as_it_was)
{
    enum { WORDS = 160000, LETTERS = 12 };
    struct support_random random = support_random_of(11);
    const char *path = support_path("a.lupe");
    size_t size = (size_t)WORDS * (LETTERS + 1);
    char *words = malloc(size);
    lupe_index *index = NULL;
    struct store_read *read = NULL;
    const uint8_t *value;
    size_t value_size;
    for (size_t i = 0; i < size; i++)
        words[i] =
            i % (LETTERS + 1) == LETTERS ? '\n' : (char)('a' + support_random_below(&random, 26));
    must(create_with(path, NULL, words, size, &index));
    lupe_index_close(index);
    index = helper_open(path);
    cr_assert(lupe_index_lexicon_is(index, words, size));
    cr_expect_eq(helper_statistics(index).lexicon_words, WORDS);
    must(store_read_begin(index->store, &read));
    must(store_get(read, 0, 2, &value, &value_size));
    store_read_end(read);
    lupe_index_close(index);
    free(words);
    support_no_leaks();
}

/* ------------------------------------------------------------------ other languages */

Test(api_lexicon, a_list_is_refused_where_no_word_is_split)
{
    static const char *const languages[] = {"english", "none", "swedish", "dutch"};
    static const lupe_field field = {.name = "text", .kind = LUPE_TEXT, .language = "german"};
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        must_give(create_with(support_path("a.lupe"), languages[i], list, strlen(list), &index),
                  LUPE_INVALID);
        cr_expect_not_null(strstr(lupe_last_error(), languages[i]), "%s", lupe_last_error());
    }
    create.lexicon = list;
    create.lexicon_size = strlen(list);
    create.analysis = LUPE_ANALYSIS_BARE;
    must_give(lupe_index_create(support_path("a.lupe"), &create, &open, &index), LUPE_INVALID);
    create.analysis = LUPE_ANALYSIS_STANDARD;
    create.language = "english";
    create.fields = &field;
    create.field_count = 1;
    must(lupe_index_create(support_path("a.lupe"), &create, &open, &index));
    put_one(index, 1, "1", "Die Blorkelversicherung zahlt.");
    cr_expect_eq(helper_total(index, "Blorkel"), 1, "a field of it is German");
    lupe_index_close(index);
    support_no_leaks();
}

/* ------------------------------------------------------------------ bad lists */

Test(api_lexicon, what_is_no_list_is_refused)
{
    const char *path = support_path("a.lupe");
    lupe_index *index = NULL;
    char *much = malloc(LEXICON_BYTES_MAX + 1);
    memset(much, 'a', LEXICON_BYTES_MAX + 1);
    must_give(create_with(path, NULL, NULL, 5, &index), LUPE_INVALID);
    must_give(create_with(path, NULL, "Wort\0Wort", 9, &index), LUPE_INVALID);
    cr_expect_not_null(strstr(lupe_last_error(), "binary"), "%s", lupe_last_error());
    must_give(create_with(path, NULL, "x\ny\n12\n", 7, &index), LUPE_INVALID);
    cr_expect_not_null(strstr(lupe_last_error(), "passed over: 3"), "%s", lupe_last_error());
    must_give(create_with(path, NULL, "\n\n# nichts\n", 11, &index), LUPE_INVALID);
    must_give(create_with(path, NULL, much, LEXICON_BYTES_MAX + 1, &index), LUPE_LIMIT);
    must_give(create_with(path, NULL, much, LEXICON_BYTES_MAX, &index), LUPE_INVALID);
    memcpy(much, "Quaspe\n", 7);
    must(create_with(path, NULL, much, LEXICON_BYTES_MAX, &index));
    cr_expect_eq(helper_statistics(index).lexicon_words, 1);
    cr_expect_eq(helper_statistics(index).lexicon_lines_passed_over, 1);
    lupe_index_close(index);
    free(much);
    support_no_leaks();
}

/* Changes byte `at` of piece 0 (at SIZE_MAX: drops the piece), or repairs it. */
static void damage(const char *path, size_t at, bool seal)
{
    lupe_open_options open = helper_open_options();
    struct store_options options = {.map_bytes = open.map_bytes};
    struct store *store = NULL;
    struct store_write *write = NULL;
    const uint8_t *value;
    size_t size;
    uint8_t copy[4096];
    must(store_open(path, &options, &store));
    must(store_lock(store, STORE_LOCK_WRITER, 0));
    must(store_write_begin(store, &write));
    must(store_write_get(write, 0, 1, &value, &size));
    cr_assert_lt(size, sizeof copy);
    memcpy(copy, value, size);
    if (at == SIZE_MAX) {
        must(store_delete(write, 0, 1));
    } else {
        copy[at % size] ^= 0x55;
        if (seal)
            store_u64(copy, hash_bytes(copy + 8, size - 8));
        must(store_put(write, 0, 1, copy, size));
    }
    must(store_write_commit(write));
    store_unlock(store, STORE_LOCK_WRITER);
    store_close(store);
}

static unsigned findings;

static void count_finding(void *user, const char *finding)
{
    (void)user;
    findings += strstr(finding, "word list") != NULL;
}

Test(api_lexicon, a_damaged_list_is_noticed)
{
    const char *path = support_path("a.lupe");
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;
    must(create_with(path, NULL, list, strlen(list), &index));
    lupe_index_close(index);
    for (size_t at = 0; at < 24; at++) {
        damage(path, at, false);
        must_give(lupe_index_open(path, &open, &index), LUPE_CORRUPT);
        cr_expect_not_null(strstr(lupe_last_error(), "word list"), "%s", lupe_last_error());
        damage(path, at, false);
    }
    for (size_t at = 8; at < 60; at++) { /* hostile, with a checksum that is right */
        damage(path, at, true);
        lupe_status status = lupe_index_open(path, &open, &index);
        cr_assert(status == LUPE_OK || status == LUPE_CORRUPT, "%s", lupe_last_error());
        lupe_index_close(index);
        damage(path, at, true);
    }
    index = helper_open(path);
    helper_check(index);
    damage(path, SIZE_MAX, false);
    must_give(lupe_index_check(index, count_finding, NULL), LUPE_CORRUPT);
    cr_expect_eq(findings, 1);
    lupe_index_close(index);
    must_give(lupe_index_open(path, &open, &index), LUPE_CORRUPT);
    support_no_leaks();
}

/* ------------------------------------------------------------------ other lexicons */

/* As a library wrote it whose shipped lexicon is another. */
static void change_lexicon(lupe_index *index)
{
    struct store_write *write = NULL;
    struct catalogue catalogue;
    must(store_write_begin(index->store, &write));
    must(catalogue_load_for_write(write, &catalogue));
    catalogue.lexicon ^= 1;
    for (uint32_t i = 0; i < catalogue.segment_count; i++)
        catalogue.segments[i].lexicon ^= 1;
    must(catalogue_put(write, &catalogue));
    must(store_write_commit(write));
    catalogue_free(&catalogue);
}

Test(api_lexicon, segments_of_another_lexicon_are_told_and_live_on)
{
    const char *path = support_path("a.lupe");
    lupe_index *index = NULL;
    must(create_with(path, NULL, NULL, 0, &index));
    put_one(index, 1, "1", "Die Wandhalterung.");
    put_one(index, 1, "2", "Ein Taschenhersteller.");
    cr_expect_eq(helper_statistics(index).lexicon_segments_changed, 0);
    change_lexicon(index);
    cr_expect_eq(helper_statistics(index).lexicon_segments_changed, 2);
    lupe_index_close(index);

    index = helper_open(path);
    cr_expect(lupe_index_lexicon_changed(index));
    put_one(index, 1, "3", "Der Wandhersteller.");
    cr_expect_eq(helper_total(index, "Hersteller"), 2);
    cr_expect_eq(helper_statistics(index).segments, 3);
    cr_expect_eq(helper_statistics(index).lexicon_segments_changed, 2);
    must(lupe_index_optimize(index, NULL));
    cr_expect_eq(helper_statistics(index).segments, 1);
    cr_expect_eq(helper_statistics(index).lexicon_segments_changed, 1, "a mixture is not today's");
    cr_expect_eq(helper_total(index, "Hersteller"), 2);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(put(writer, "1", "Die Wandhalterung."));
    must(put(writer, "2", "Ein Taschenhersteller."));
    must(put(writer, "3", "Der Wandhersteller."));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    cr_expect_eq(helper_statistics(index).lexicon_segments_changed, 0, "all was put again");
    lupe_index_close(index);
    index = helper_open(path);
    cr_expect_not(lupe_index_lexicon_changed(index));
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

/* ------------------------------------------------------------------ failures */

static lupe_status scenario(const char *path, unsigned *step)
{
    lupe_index *index = NULL;
    lupe_open_options open = helper_open_options();
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    lupe_snapshot *snapshot = NULL;
    lupe_status status = LUPE_OK;
    *step = 0;
    if (access(path, F_OK) != 0)
        status = create_with(path, NULL, list, strlen(list), &index);
    lupe_index_close(index);
    index = NULL;
    *step = 1;
    if (status == LUPE_OK)
        status = lupe_index_open(path, &open, &index);
    if (status == LUPE_OK)
        status = lupe_snapshot_open(index, &snapshot);
    if (status == LUPE_OK)
        status = lupe_snapshot_statistics(snapshot, &statistics);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    return status;
}

Test(api_lexicon, each_allocation_may_fail)
{
    unsigned step;
    for (size_t n = 1, failed = 1; failed; n++) {
        char name[32];
        snprintf(name, sizeof name, "%zu.lupe", n);
        const char *path = support_path(name);
        support_fail_allocation(n);
        lupe_status status = scenario(path, &step);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu, step %u: %s", n,
                     step, lupe_last_error());
        support_fail_allocation(0);
        support_no_leaks();
    }
}
