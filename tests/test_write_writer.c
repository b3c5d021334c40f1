/* SPDX-License-Identifier: MIT
 *
 * test_write_writer.c - what the functions of a writer promise one by one: errors that take
 * nothing, locks, fields by use, limits of documents and words.
 */
#include "write/publish.h"
#include "write_helpers.h"

static struct helper_document made;

static uint64_t live_documents(lupe_index *index)
{
    lupe_snapshot *snapshot = NULL;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_snapshot_statistics(snapshot, &statistics));
    lupe_snapshot_close(snapshot);
    return statistics.documents;
}

static lupe_status put_value(lupe_writer *writer, const char *id, const char *field, lupe_kind kind,
                             const char *text)
{
    lupe_value value = {.field = field, .kind = kind, .data = text, .size = strlen(text)};
    lupe_document document = {.id = id, .id_size = strlen(id), .values = &value, .value_count = 1};
    return lupe_writer_put(writer, &document);
}

Test(write_writer, invalid_documents_take_nothing)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    static char id[ID_BYTES_MAX + 1];
    memset(id, 'x', sizeof id);
    lupe_value values[2] = {{.field = "text", .kind = LUPE_TEXT, .data = "eins", .size = 4},
                            {.field = "neu", .kind = LUPE_KEYWORD, .data = "zwei", .size = 4}};
    lupe_document document = {.id = id, .id_size = 0, .values = values, .value_count = 2};

    must_give(lupe_writer_put(writer, NULL), LUPE_INVALID);
    must_give(lupe_writer_put(writer, &document), LUPE_INVALID);
    document.id_size = sizeof id;
    must_give(lupe_writer_put(writer, &document), LUPE_INVALID);
    document.id = NULL;
    document.id_size = 3;
    must_give(lupe_writer_put(writer, &document), LUPE_INVALID);
    must_give(lupe_writer_delete(writer, id, 0), LUPE_INVALID);
    document.id = id;
    values[0].data = NULL;
    must_give(lupe_writer_put(writer, &document), LUPE_INVALID);
    values[0].data = "eins";
    values[0].kind = (lupe_kind)99;
    must_give(lupe_writer_put(writer, &document), LUPE_INVALID);
    values[0].kind = LUPE_DATE;
    must_give(lupe_writer_put(writer, &document), LUPE_UNSUPPORTED);
    values[0].kind = LUPE_TEXT;
    values[0].field = "a\nb";
    must_give(lupe_writer_put(writer, &document), LUPE_INVALID);
    values[0].field = "text";
    values[0].size = (size_t)DOCUMENT_BYTES_MAX + 1;
    must_give(lupe_writer_put(writer, &document), LUPE_LIMIT);

    must(lupe_writer_commit(writer));
    cr_assert_eq(live_documents(index), 0);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, a_conflict_names_field_and_kinds_and_declares_nothing)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    lupe_value values[2] = {{.field = "neu", .kind = LUPE_KEYWORD, .data = "x", .size = 1},
                            {.field = "tag", .kind = LUPE_TEXT, .data = "y", .size = 1}};
    lupe_document document = {.id = "1", .id_size = 1, .values = values, .value_count = 2};

    must_give(lupe_writer_put(writer, &document), LUPE_CONFLICT);
    cr_assert_not_null(strstr(lupe_last_error(), "tag"));
    cr_assert_not_null(strstr(lupe_last_error(), "keyword"));
    cr_assert_not_null(strstr(lupe_last_error(), "text"));
    cr_assert_eq(lupe_writer_field_kind(writer, "neu"), LUPE_KIND_NONE);
    values[1] = (lupe_value){.field = "neu",
                             .kind = LUPE_TEXT,
                             .data = "y",
                             .size = 1}; /* two kinds within one document */
    must_give(lupe_writer_put(writer, &document), LUPE_CONFLICT);
    cr_assert_eq(lupe_writer_field_kind(writer, "neu"), LUPE_KIND_NONE);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, fields_are_declared_by_use_and_forgotten_by_rollback)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(put_value(writer, "1", "neu", LUPE_KEYWORD, "x"));
    cr_assert_eq(lupe_writer_field_kind(writer, "neu"), LUPE_KEYWORD);
    lupe_writer_rollback(writer);
    cr_assert_eq(lupe_writer_field_kind(writer, "neu"), LUPE_KIND_NONE);
    must(put_value(writer, "1", "neu", LUPE_KIND_NONE, "x"));
    cr_assert_eq(lupe_writer_field_kind(writer, "neu"), LUPE_TEXT);
    must(put_value(writer, "2", "notiz", LUPE_STORED, "x"));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    writer = helper_writer(index, 1 << 20, 1);
    cr_assert_eq(lupe_writer_field_kind(writer, "neu"), LUPE_TEXT);
    cr_assert_eq(lupe_writer_field_kind(writer, "notiz"), LUPE_STORED);
    must_give(put_value(writer, "1", "neu", LUPE_STORED, "x"), LUPE_CONFLICT);
    lupe_writer_close(writer);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, many_fields_and_values)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    enum { COUNT = 3000 };
    static char names[COUNT][16];
    static lupe_value values[COUNT];
    for (int i = 0; i < COUNT; i++) { /* fields in descending order: positions are sorted */
        snprintf(names[i], sizeof names[i], "f%04d", COUNT - i);
        values[i] = (lupe_value){.field = names[i], .kind = LUPE_TEXT, .data = "Wort", .size = 4};
    }
    lupe_document document = {.id = "1", .id_size = 1, .values = values, .value_count = COUNT};
    must(lupe_writer_put(writer, &document));
    for (int i = 0; i < COUNT / 2; i++) {
        lupe_value swap = values[i];
        values[i] = values[COUNT - 1 - i];
        values[COUNT - 1 - i] = swap;
    }
    document.id = "2";
    must(lupe_writer_put(writer, &document));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, one_writer_at_a_time_and_only_while_it_works)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *one = helper_writer(index, 1 << 20, 1);
    lupe_writer *two = helper_writer(index, 1 << 20, 1);
    must(put_value(one, "1", "text", LUPE_TEXT, "x"));
    must_give(put_value(two, "2", "text", LUPE_TEXT, "x"), LUPE_BUSY);
    must_give(lupe_writer_delete(two, "2", 1), LUPE_BUSY);
    must(lupe_writer_commit(one));
    must(put_value(two, "2", "text", LUPE_TEXT, "x"));
    must_give(put_value(one, "3", "text", LUPE_TEXT, "x"), LUPE_BUSY);
    lupe_writer_rollback(two);
    must_give(put_value(one, "3", "tag", LUPE_TEXT, "x"), LUPE_CONFLICT); /* gives the lock back */
    must(put_value(two, "2", "text", LUPE_TEXT, "x"));
    must(lupe_writer_commit(two));
    cr_assert_eq(live_documents(index), 2);
    lupe_writer_close(one);
    lupe_writer_close(two);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, nothing_is_seen_before_commit_and_nothing_after_rollback)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    for (uint32_t i = 0; i < 3000; i++) { /* several flushes */
        helper_document(&made, i, 1, 200);
        must(lupe_writer_put(writer, &made.document));
    }
    cr_assert_eq(live_documents(index), 0);
    lupe_writer_rollback(writer);
    must(lupe_writer_commit(writer));
    cr_assert_eq(live_documents(index), 0);

    struct store_read *read = NULL;
    uint32_t segment = 1;
    uint32_t number = 0;
    const uint8_t *value;
    size_t size;
    must(store_read_begin(index->store, &read));
    must_give(store_seek(read, &segment, &number, &value, &size), LUPE_NOT_FOUND);
    store_read_end(read);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, a_commit_of_nothing_is_no_commit)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    struct view *view = NULL;
    must(lupe_writer_commit(writer));
    must(lupe_writer_delete(writer, "nobody", 6));
    must(lupe_writer_commit(writer));
    must(view_open(index->store, &view));
    cr_assert_eq(view->catalogue.commit, 0);
    view_close(view);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, another_analyzer_may_not_write)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    struct store_write *write = NULL;
    struct catalogue catalogue;
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    catalogue_init(&catalogue);
    must(store_write_begin(index->store, &write));
    must(catalogue_load_for_write(write, &catalogue));
    catalogue.fingerprint++;
    must(catalogue_put(write, &catalogue));
    must(store_write_commit(write));
    catalogue_free(&catalogue);
    must_give(put_value(writer, "1", "text", LUPE_TEXT, "x"), LUPE_ANALYZER_CHANGED);
    lupe_writer_close(writer);
    writer = NULL;
    must_give(lupe_writer_open(index, NULL, &writer), LUPE_ANALYZER_CHANGED);
    cr_assert_null(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, what_no_catalogue_names_is_dropped)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(put_value(writer, "1", "text", LUPE_TEXT, "x"));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    struct store_write *write = NULL;
    must(store_write_begin(index->store, &write)); /* as a process that died would leave it */
    must(store_put(write, 77, extent_number(SECTION_NORMS, 0), "left", 4));
    must(store_put(write, 77, extent_number(SECTION_NORMS, 1), "over", 4));
    must(store_put(write, 99, 0, "x", 1));
    must(store_write_commit(write));

    writer = helper_writer(index, 1 << 20, 1);
    must(store_lock(index->store, STORE_LOCK_MAINTENANCE, 0)); /* somebody merges: it stays */
    must(put_value(writer, "2", "text", LUPE_TEXT, "x"));
    must(lupe_writer_commit(writer));
    struct store_read *read = NULL;
    const uint8_t *value;
    size_t size;
    must(store_read_begin(index->store, &read));
    must(store_get(read, 99, 0, &value, &size));
    store_read_end(read);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);

    must(put_value(writer, "3", "text", LUPE_TEXT, "x"));
    must(lupe_writer_commit(writer));
    must(store_read_begin(index->store, &read));
    must_give(store_get(read, 99, 0, &value, &size), LUPE_NOT_FOUND);
    must_give(store_get(read, 77, extent_number(SECTION_NORMS, 1), &value, &size), LUPE_NOT_FOUND);
    store_read_end(read);
    cr_assert_eq(live_documents(index), 3);
    helper_check(index);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, long_ids_and_keywords)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    static char bytes[ID_BYTES_MAX];
    memset(bytes, 'q', sizeof bytes);
    lupe_value value = {.field = "tag", .kind = LUPE_KEYWORD, .data = bytes, .size = sizeof bytes};
    lupe_document document = {
        .id = bytes, .id_size = sizeof bytes, .values = &value, .value_count = 1};
    for (unsigned round = 0; round < 3; round++) {
        for (char end = 'a'; end < 'k'; end++) {
            bytes[sizeof bytes - 1] = end;
            must(lupe_writer_put(writer, &document));
        }
        must(lupe_writer_commit(writer));
        cr_assert_eq(live_documents(index), 10);
    }
    bytes[sizeof bytes - 1] = 'c';
    must(lupe_writer_delete(writer, bytes, sizeof bytes));
    must(lupe_writer_commit(writer));
    cr_assert_eq(live_documents(index), 9);
    helper_check(index);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, words_beyond_the_limit_are_counted)
{
    lupe_index *index = helper_create(support_path("a.lupe"), LUPE_WITHOUT_STORED_TEXT);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    size_t words = DOCUMENT_WORDS_MAX + 1000;
    char *text = malloc(2 * words);
    cr_assert_not_null(text);
    for (size_t i = 0; i < words; i++)
        memcpy(text + 2 * i, i + 1 == words ? "z " : "a ", 2);
    lupe_value values[3] = {{.field = "text", .kind = LUPE_TEXT, .data = text, .size = 2 * words},
                            {.field = "text", .kind = LUPE_TEXT, .data = "b c", .size = 3}};
    lupe_document document = {.id = "1", .id_size = 1, .values = values, .value_count = 2};
    must(lupe_writer_put(writer, &document));
    memset(text, 'x', 600); /* a term above TERM_BYTES_MAX, twice */
    text[300] = ' ';
    values[0].size = 600;
    document = (lupe_document){.id = "2", .id_size = 1, .values = values, .value_count = 1};
    must(lupe_writer_put(writer, &document));
    must(lupe_writer_commit(writer));
    free(text);

    lupe_snapshot *snapshot = NULL;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_snapshot_statistics(snapshot, &statistics));
    cr_assert_eq(statistics.words_cut, 1002 + 2, "%" PRIu64, statistics.words_cut);
    cr_assert_eq(statistics.words, DOCUMENT_WORDS_MAX + 2, "%" PRIu64, statistics.words);
    lupe_snapshot_close(snapshot);
    helper_check(index);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_writer, options_are_checked)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
    lupe_writer *writer = NULL;
    options.memory_bytes = 1000;
    must_give(lupe_writer_open(index, &options, &writer), LUPE_INVALID);
    options.memory_bytes = 1 << 20;
    options.threads = 0;
    must_give(lupe_writer_open(index, &options, &writer), LUPE_INVALID);
    options.threads = WRITER_THREADS_MAX + 1;
    must_give(lupe_writer_open(index, &options, &writer), LUPE_INVALID);
    must_give(lupe_writer_open(NULL, NULL, &writer), LUPE_INVALID);
    lupe_writer_close(NULL);
    lupe_writer_rollback(NULL);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---- threads */

/* Documents of which every fifth replaces one before; more text than a portion has. */
static lupe_index *index_of_threads(const char *name, uint32_t flags, uint64_t memory_bytes,
                                    uint32_t threads)
{
    static struct helper_document made;
    const char *path = support_path(name);
    remove(path);
    lupe_index *index = helper_create(path, flags);
    lupe_writer *writer = helper_writer(index, memory_bytes, threads);
    for (uint32_t i = 0; i < 3000; i++) {
        helper_document(&made, i % 5 ? i : i / 2, i, 250);
        must(lupe_writer_put(writer, &made.document));
    }
    must(lupe_writer_delete(writer, "id/77", 5));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    return index;
}

Test(write_writer, threads_make_the_segment_that_one_makes)
{
    static const uint32_t flags[] = {0, LUPE_WITHOUT_POSITIONS, LUPE_WITHOUT_STORED_TEXT};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        lupe_index *one = index_of_threads("one.lupe", flags[i], 64 << 20, 1);
        for (uint32_t threads = 2; threads <= 5; threads += 3) {
            lupe_index *several = index_of_threads("several.lupe", flags[i], 64 << 20, threads);
            helper_check(several);
            helper_same_index(one, several);
            lupe_index_close(several);
        }
        lupe_index_close(one);
    }
    support_no_leaks();
}

Test(write_writer, threads_with_little_memory_make_what_one_makes)
{
    lupe_index *one = index_of_threads("one.lupe", 0, 1 << 20, 1);
    lupe_index *several = index_of_threads("several.lupe", 0, 1 << 20, 3);
    must(lupe_index_optimize(one, NULL));
    must(lupe_index_optimize(several, NULL));
    helper_check(several);
    helper_same_index(one, several);
    lupe_index_close(several);
    lupe_index_close(one);
    support_no_leaks();
}
