/* SPDX-License-Identifier: MIT
 *
 * test_api_write.c - what the header promises of writing: structs of other versions, members kept
 * for later, the state of a writer after an error, fields with a list of their own.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "write/publish.h"
#include "write_helpers.h"

static lupe_status put_text(lupe_writer *writer, const char *id, const char *field,
                            const char *text)
{
    lupe_value value = {.field = field, .data = text, .size = strlen(text)};
    lupe_document document = {.id = id, .id_size = strlen(id), .values = &value, .value_count = 1};
    return lupe_writer_put(writer, &document);
}

/* The ids of the hits, in the order of documents put, as one string. */
static const char *found(lupe_index *index, const char *text)
{
    static char ids[64];
    size_t size = 0;
    lupe_snapshot *snapshot = NULL;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    const lupe_hit *hit = NULL;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_query_parse(index, text, strlen(text), NULL, &query));
    must(lupe_search(snapshot, query, NULL, &results));
    lupe_query_free(query); /* the results hold it */
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        must(lupe_results_hit(results, i, &hit));
        cr_assert_lt(size + hit->id_size, sizeof ids);
        memcpy(ids + size, hit->id, hit->id_size);
        size += hit->id_size;
    }
    ids[size] = '\0';
    lupe_results_free(results);
    lupe_snapshot_close(snapshot);
    return ids;
}

Test(api_write, options_of_other_versions)
{
    struct {
        lupe_writer_options options;
        uint64_t later;
    } newer = {LUPE_WRITER_OPTIONS_INIT, 0};
    struct {
        size_t size;
        uint64_t memory_bytes;
    } older = {sizeof older, 1u << 20};
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = NULL;

    newer.options.size = sizeof newer;
    must(lupe_writer_open(index, &newer.options, &writer));
    lupe_writer_close(writer);
    newer.later = 1ull << 63;
    must_give(lupe_writer_open(index, &newer.options, &writer), LUPE_UNSUPPORTED);
    newer.options.size = 0;
    must_give(lupe_writer_open(index, &newer.options, &writer), LUPE_INVALID);
    must(lupe_writer_open(index, (const lupe_writer_options *)&older, &writer));
    older.memory_bytes = 1;
    lupe_writer_close(writer);
    must_give(lupe_writer_open(index, (const lupe_writer_options *)&older, &writer), LUPE_INVALID);
    cr_assert_null(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_write, statistics_of_other_versions)
{
    struct {
        lupe_statistics statistics;
        uint64_t later;
    } newer = {LUPE_STATISTICS_INIT, 7};
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_snapshot *snapshot = NULL;

    newer.statistics.size = sizeof newer;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_snapshot_statistics(snapshot, &newer.statistics));
    cr_assert_eq(newer.statistics.size, sizeof newer);
    cr_assert_eq(newer.statistics.format, FORMAT_VERSION);
    cr_assert_eq(newer.later, 0u);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_write, members_kept_for_later_are_zero)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    lupe_value value = {.field = "text", .data = "x", .size = 1, .flags = 1};
    lupe_document document = {.id = "1", .id_size = 1, .values = &value, .value_count = 1};

    must_give(lupe_writer_put(writer, &document), LUPE_UNSUPPORTED);
    value.flags = 0;
    document.reserved = 1;
    must_give(lupe_writer_put(writer, &document), LUPE_UNSUPPORTED);
    document.reserved = 0;
    must(lupe_writer_put(writer, &document));
    must(lupe_writer_commit(writer));
    cr_assert_str_eq(found(index, "x"), "1");
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

/* Fails the allocations of a call one after the other, until one is left that takes the changes
 * with it. */
static bool lose(lupe_writer *writer)
{
    for (size_t n = 1; n < 100; n++) {
        support_fail_allocation(n);
        lupe_status status = put_text(writer, "2", "neu", "zwei");
        support_fail_allocation(0);
        if (status == LUPE_OK)
            return false;
        cr_assert_eq(status, LUPE_NO_MEMORY);
        if (put_text(writer, "3", "text", "drei") == LUPE_MISUSE)
            return true;
    }
    return false;
}

Test(api_write, errors_of_the_call_take_nothing)
{
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    lupe_writer *other = helper_writer(index, 1 << 20, 1);

    must(put_text(writer, "1", "text", "eins"));
    must_give(put_text(writer, "", "text", "x"), LUPE_INVALID);
    must_give(put_text(writer, "2", "a\nb", "x"), LUPE_INVALID);
    must_give(put_text(other, "2", "text", "x"), LUPE_BUSY);
    must_give(lupe_writer_delete(writer, "", 0), LUPE_INVALID);
    must(lupe_writer_commit(writer));
    must(lupe_writer_commit(other));
    cr_assert_str_eq(found(index, "eins x"), "1");
    lupe_writer_close(other);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_write, after_losing_changes_there_is_misuse_until_a_rollback)
{
    support_fail_allocation(0);
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);

    must(put_text(writer, "1", "text", "eins"));
    cr_assert(lose(writer), "no allocation of a put took the changes with it");
    must_give(lupe_writer_delete(writer, "1", 1), LUPE_MISUSE);
    must_give(put_text(writer, "1", "text", "eins"), LUPE_MISUSE);
    lupe_writer_rollback(writer);
    must(put_text(writer, "4", "text", "eins"));
    must(lupe_writer_commit(writer));
    cr_assert_str_eq(found(index, "eins drei"), "4");

    must(put_text(writer, "5", "text", "eins"));
    cr_assert(lose(writer));
    must_give(lupe_writer_commit(writer), LUPE_MISUSE); /* which rolls back */
    must(put_text(writer, "6", "text", "sechs"));
    must(lupe_writer_commit(writer));
    cr_assert_str_eq(found(index, "sechs"), "6");
    cr_assert_str_eq(found(index, "eins"), "4");
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_write, a_fast_field_has_a_list_of_its_own)
{
    static const lupe_field fields[] = {
        {.name = "name", .kind = LUPE_TEXT, .flags = LUPE_FIELD_FAST},
        {.name = "text", .kind = LUPE_TEXT},
    };
    static const lupe_field unknown[] = {{.name = "x", .kind = LUPE_TEXT, .flags = 1u << 31}};
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;

    create.fields = unknown;
    create.field_count = 1;
    must_give(lupe_index_create(support_path("a.lupe"), &create, &open, &index), LUPE_UNSUPPORTED);
    create.fields = fields;
    create.field_count = 2;
    create.flags = LUPE_WITHOUT_POSITIONS; /* where the list alone can tell the field */
    must(lupe_index_create(support_path("a.lupe"), &create, &open, &index));
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(put_text(writer, "1", "name", "Zug"));
    must(put_text(writer, "2", "text", "Zug"));
    must(lupe_writer_commit(writer));
    cr_assert_str_eq(found(index, "Zug"), "12");
    cr_assert_str_eq(found(index, "name:Zug"), "1");
    cr_assert_str_eq(found(index, "text:Zug"), "12");
    helper_check(index);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_write, an_index_of_another_analyzer_is_searched_not_written)
{
    const char *path = support_path("a.lupe");
    lupe_open_options open = helper_open_options();
    lupe_index *index = helper_create(path, 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    struct store_write *write = NULL;
    struct catalogue catalogue;

    must(put_text(writer, "1", "text", "Zug"));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    lupe_index_close(index);
    must(lupe_index_open(path, &open, &index));
    cr_assert_not(lupe_index_analyzer_changed(index));
    must(store_write_begin(index->store, &write));
    must(catalogue_load_for_write(write, &catalogue));
    catalogue.fingerprint ^= 1;
    must(catalogue_put(write, &catalogue));
    must(store_write_commit(write));
    catalogue_free(&catalogue);
    lupe_index_close(index);

    must(lupe_index_open(path, &open, &index));
    cr_assert(lupe_index_analyzer_changed(index));
    cr_assert_str_eq(found(index, "Zug"), "1");
    must_give(lupe_writer_open(index, NULL, &writer), LUPE_ANALYZER_CHANGED);
    cr_assert_not_null(strstr(lupe_last_error(), "new index"));
    lupe_index_close(index);
    support_no_leaks();
}

/* The field of this number in the last commit. */
static lupe_field field_at(lupe_index *index, size_t number)
{
    lupe_snapshot *snapshot = NULL;
    const lupe_field *field = NULL;
    lupe_field copy = {0};
    must(lupe_snapshot_open(index, &snapshot));
    must_give(lupe_snapshot_field(snapshot, lupe_snapshot_field_count(snapshot), &field),
              LUPE_INVALID);
    cr_assert_null(field);
    if (number < lupe_snapshot_field_count(snapshot)) {
        must(lupe_snapshot_field(snapshot, number, &field));
        copy = (lupe_field){.kind = field->kind, .flags = field->flags, .weight = field->weight};
    }
    lupe_snapshot_close(snapshot);
    return copy;
}

static void declared_fields(uint32_t threads)
{
    lupe_field name = {.name = "name", .kind = LUPE_TEXT, .weight = 2, .language = "english"};
    lupe_field fast = {.name = "fast", .kind = LUPE_TEXT, .flags = LUPE_FIELD_FAST};
    lupe_field text = {.name = "text", .kind = LUPE_TEXT};
    lupe_index *index = helper_create(support_path("a.lupe"), LUPE_WITHOUT_POSITIONS);
    lupe_writer *writer = helper_writer(index, 1 << 20, threads);
    lupe_writer *other = helper_writer(index, 1 << 20, threads);

    must(put_text(other, "0", "text", "Anfang")); /* it knows four fields */
    must(lupe_writer_commit(other));
    must(lupe_writer_declare(writer, &text)); /* as it is: no lock is held */
    must(put_text(other, "0", "text", "Anfang"));
    must_give(lupe_writer_declare(writer, &name), LUPE_BUSY);
    must(lupe_writer_commit(other));

    must(lupe_writer_declare(writer, &name));
    cr_assert_eq(lupe_writer_field_kind(writer, "name"), LUPE_TEXT);
    lupe_writer_rollback(writer);
    cr_assert_eq(lupe_writer_field_kind(writer, "name"), LUPE_KIND_NONE);
    must(put_text(writer, "1", "plain", "running")); /* takes the number of what was dropped */
    must_give(lupe_writer_declare(writer, &name), LUPE_MISUSE);
    must(lupe_writer_commit(writer));
    cr_assert_eq(field_at(index, 4).flags, 0u);
    cr_assert_str_eq(found(index, "plain:run"), "");

    must(lupe_writer_declare(writer, &name));
    must_give(put_text(writer, "2", "", "x"), LUPE_INVALID); /* what is declared stays */
    must(lupe_writer_declare(writer, &fast));
    must(lupe_writer_commit(writer));
    cr_assert_eq(field_at(index, 5).weight, 2.0);
    cr_assert_eq(field_at(index, 6).flags, LUPE_FIELD_FAST);
    must(lupe_writer_declare(writer, &name));
    name.language = NULL;
    must_give(lupe_writer_declare(writer, &name), LUPE_CONFLICT);
    fast.flags = 0;
    must_give(lupe_writer_declare(writer, &fast), LUPE_CONFLICT);
    fast.flags = 2;
    must_give(lupe_writer_declare(writer, &fast), LUPE_UNSUPPORTED);
    must_give(lupe_writer_declare(writer, NULL), LUPE_INVALID);
    name.name = "neu";
    name.language = "klingon";
    must_give(lupe_writer_declare(writer, &name), LUPE_INVALID);

    must(put_text(other, "3", "fast", "Zug")); /* opened before there were the fields */
    must(put_text(other, "4", "name", "running"));
    must(put_text(other, "5", "text", "Zug"));
    must(lupe_writer_commit(other));
    cr_assert_str_eq(found(index, "fast:Zug"), "3");
    cr_assert_str_eq(found(index, "name:run"), "4");
    helper_check(index);
    lupe_writer_close(other);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_write, fields_are_declared)
{
    declared_fields(1);
}

Test(api_write, fields_are_declared_for_several_threads)
{
    declared_fields(2);
}

Test(api_write, declaring_survives_failing_allocations)
{
    lupe_field field = {.name = "name", .kind = LUPE_TEXT, .weight = 2, .language = "english"};
    bool failed = true;
    support_fail_allocation(0);
    for (size_t n = 1; failed; n++) {
        char name[32];
        snprintf(name, sizeof name, "%zu.lupe", n);
        lupe_index *index = helper_create(support_path(name), 0);
        lupe_writer *writer = helper_writer(index, 1 << 20, 1);
        support_fail_allocation(n);
        lupe_status status = lupe_writer_declare(writer, &field);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        must_give(status, failed ? LUPE_NO_MEMORY : LUPE_OK);
        lupe_writer_rollback(writer);
        must(lupe_writer_declare(writer, &field));
        must(put_text(writer, "1", "name", "running"));
        must(lupe_writer_commit(writer));
        cr_assert_str_eq(found(index, "name:run"), "1");
        lupe_writer_close(writer);
        lupe_index_close(index);
        support_no_leaks();
    }
}

/* The schema of a query is kept from one to the next. */
Test(api_write, the_next_query_knows_the_fields_of_another_process)
{
    const char *path = support_path("a.lupe");
    lupe_index *index = helper_create(path, 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(put_text(writer, "1", "text", "Anfang"));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    cr_assert_str_eq(found(index, "neu:Zug"), "");
    cr_assert_str_eq(found(index, "text:Anfang"), "1");
    pid_t child = fork();
    if (child == 0) {
        lupe_index *own = NULL;
        must(lupe_index_open(path, NULL, &own));
        lupe_writer *other = helper_writer(own, 1 << 20, 1);
        must(put_text(other, "2", "neu", "Zug"));
        must(lupe_writer_commit(other));
        lupe_writer_close(other);
        lupe_index_close(own);
        _exit(0);
    }
    int result = 1;
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_assert_eq(result, 0);
    cr_assert_str_eq(found(index, "neu:Zug"), "2");
    lupe_index_close(index);
    support_no_leaks();
}

/* Three documents with a word twenty thousand times each: the positions of its block are cut within
 * the second of them. */
Test(api_write, phrases_are_found_where_positions_are_cut)
{
    enum { TIMES = 20000 };
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    char *text = malloc(TIMES * 4 + 8);
    must(lupe_index_create(support_path("a.lupe"), NULL, NULL, &index));
    must(lupe_writer_open(index, NULL, &writer));
    for (unsigned d = 0; d < 3; d++) {
        static const char *const ids[] = {"a", "b", "c"};
        size_t size = 4 * TIMES;
        for (unsigned i = 0; i < TIMES; i++)
            memcpy(text + 4 * i, i == 15000 * d + 1 ? "tor " : "rad ", 4);
        memcpy(text + size, d == 1 ? "hof rad" : "rad hof", 7);
        size += 7;
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size};
        lupe_document document = {.id = ids[d], .id_size = 1, .values = &value, .value_count = 1};
        must(lupe_writer_put(writer, &document));
    }
    must(lupe_writer_commit(writer));
    cr_assert_str_eq(found(index, "\"tor rad\" \"rad tor rad\""), "ab");
    cr_assert_str_eq(found(index, "\"hof rad\""), "b");
    cr_assert_str_eq(found(index, "\"rad rad hof\" -\"hof rad\""), "ac");
    cr_assert_str_eq(found(index, "\"tor hof\""), "");
    free(text);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}
