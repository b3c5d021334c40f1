/* SPDX-License-Identifier: MIT
 *
 * test_api_index.c - making, opening and reading indexes through the public interface.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "support.h"

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static void put(lupe_writer *writer, const char *id, const char *title, const char *text)
{
    lupe_value values[] = {
        {.field = "title", .kind = LUPE_TEXT, .data = title, .size = strlen(title)},
        {.field = "text", .kind = LUPE_TEXT, .data = text, .size = strlen(text)},
        {.field = "url", .kind = LUPE_STORED, .data = "http://x", .size = 8},
    };
    lupe_document document = {.id = id, .id_size = strlen(id), .values = values, .value_count = 3};
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
}

/* An index of two documents, closed. */
static const char *index_of_two(const char *name)
{
    const char *path = support_path(name);
    lupe_index *index;
    lupe_writer *writer;

    cr_assert_eq(lupe_index_create(path, NULL, NULL, &index), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    put(writer, "eins", "Der Zug", "Ein Zug nach Wladiwostok");
    put(writer, "zwei", "Das Haus", "Ein Haus am See");
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    lupe_index_close(index);
    return path;
}

/* ---- creating */

Test(api_index, an_empty_index)
{
    const char *path = support_path("leer.lupe");
    lupe_index *index;
    lupe_snapshot *snapshot;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    const lupe_document *document;

    cr_assert_eq(lupe_index_create(path, NULL, NULL, &index), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_snapshot_statistics(snapshot, &statistics), LUPE_OK);
    cr_expect_eq(statistics.documents, 0u);
    cr_expect_eq(statistics.segments, 0u);
    cr_expect_eq(statistics.commits, 0u);
    cr_expect_eq(statistics.format, FORMAT_VERSION);
    cr_expect_str_eq(statistics.language, "german");
    cr_expect_gt(statistics.file_bytes, 0u);
    cr_expect_eq(lupe_snapshot_get(snapshot, "x", 1, &document), LUPE_NOT_FOUND);
    cr_expect_null(document);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_index, what_exists_is_not_made_again)
{
    const char *path = index_of_two("da.lupe");
    lupe_index *index = (lupe_index *)&path;
    size_t size;
    size_t size_after;

    uint8_t *before = support_read_file(path, &size);
    cr_assert_eq(lupe_index_create(path, NULL, NULL, &index), LUPE_EXISTS);
    cr_assert_null(index);
    cr_assert_not_null(strstr(lupe_last_error(), path), "%s", lupe_last_error());
    uint8_t *after = support_read_file(path, &size_after);
    cr_assert_eq(size, size_after);
    cr_assert_eq(memcmp(before, after, size), 0);
    free(before);
    free(after);
    support_no_leaks();
}

Test(api_index, options_are_checked)
{
    lupe_field no_name[] = {{.kind = LUPE_TEXT}};
    lupe_field no_kind[] = {{.name = "a", .kind = LUPE_KIND_NONE}};
    lupe_field number[] = {{.name = "a", .kind = LUPE_INTEGER}};
    lupe_field twice[] = {{.name = "a", .kind = LUPE_TEXT}, {.name = "a", .kind = LUPE_TEXT}};
    lupe_field weight[] = {{.name = "a", .kind = LUPE_TEXT, .weight = 0.5}};
    lupe_field language[] = {{.name = "a", .kind = LUPE_TEXT, .language = "klingon"}};
    lupe_create_options base = LUPE_CREATE_OPTIONS_INIT;
    struct {
        lupe_create_options options;
        lupe_status status;
    } cases[16];
    size_t count = 0;
    const char *path = support_path("nie.lupe");

#define CASE(change, expected)            \
    do {                                  \
        lupe_create_options o = base;     \
        change;                           \
        cases[count].options = o;         \
        cases[count++].status = expected; \
    } while (0)
    CASE(o.size = 3, LUPE_INVALID);
    CASE(o.size = 4097, LUPE_INVALID);
    CASE(o.k1 = -1, LUPE_INVALID);
    CASE(o.k1 = NAN, LUPE_INVALID);
    CASE(o.b = 1.5, LUPE_INVALID);
    CASE(o.field_gap = 1001, LUPE_INVALID);
    CASE(o.flags = 1u << 20, LUPE_INVALID);
    CASE(o.analysis = (lupe_analysis)9, LUPE_INVALID);
    CASE(o.language = "klingon", LUPE_INVALID);
    CASE((o.fields = no_name, o.field_count = 1), LUPE_INVALID);
    CASE((o.fields = no_kind, o.field_count = 1), LUPE_INVALID);
    CASE((o.fields = number, o.field_count = 1), LUPE_UNSUPPORTED);
    CASE((o.fields = twice, o.field_count = 2), LUPE_INVALID);
    CASE((o.fields = weight, o.field_count = 1), LUPE_INVALID);
    CASE((o.fields = language, o.field_count = 1), LUPE_INVALID);
    CASE((o.fields = NULL, o.field_count = 1), LUPE_INVALID);
#undef CASE
    for (size_t i = 0; i < count; i++) {
        lupe_index *index = (lupe_index *)&path;
        cr_expect_eq(lupe_index_create(path, &cases[i].options, NULL, &index), cases[i].status,
                     "case %zu: %s", i, lupe_last_error());
        cr_expect_null(index, "case %zu", i);
        cr_expect_neq(lupe_last_error()[0], '\0', "case %zu", i);
        cr_expect_not(exists(path), "case %zu left a file", i);
    }
    support_no_leaks();
}

Test(api_index, open_options_are_checked)
{
    const char *path = index_of_two("offen.lupe");
    lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
    lupe_index *index;

    options.flags = 1u << 30;
    cr_expect_eq(lupe_index_open(path, &options, &index), LUPE_INVALID);
    options.flags = LUPE_OPEN_READ_ONLY;
    cr_expect_eq(lupe_index_create(support_path("neu.lupe"), NULL, &options, &index), LUPE_INVALID);
    cr_expect_not(exists(support_path("neu.lupe")));
    options.flags = 0;
    options.map_bytes = 4096;
    cr_expect_eq(lupe_index_open(path, &options, &index), LUPE_INVALID);
    options.map_bytes = 0;
    options.size = 8;
    cr_expect_eq(lupe_index_open(path, &options, &index), LUPE_OK, "%s", lupe_last_error());
    lupe_index_close(index);
    cr_expect_eq(lupe_index_open(NULL, NULL, &index), LUPE_INVALID);
    cr_expect_eq(lupe_index_open("", NULL, &index), LUPE_INVALID);
    cr_expect_eq(lupe_index_open(path, NULL, NULL), LUPE_INVALID);
    support_no_leaks();
}

Test(api_index, settings_are_kept)
{
    const char *path = support_path("einstellungen.lupe");
    lupe_field fields[] = {{.name = "titel", .kind = LUPE_TEXT, .language = "english", .weight = 3},
                           {.name = "tag", .kind = LUPE_KEYWORD}};
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    lupe_index *index;
    lupe_snapshot *snapshot;
    lupe_query *query;

    options.fields = fields;
    options.field_count = 2;
    options.language = "porter";
    cr_assert_eq(lupe_index_create(path, &options, NULL, &index), LUPE_OK, "%s", lupe_last_error());
    lupe_index_close(index);
    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_snapshot_statistics(snapshot, &statistics), LUPE_OK);
    cr_expect_str_eq(statistics.language, "porter");
    cr_assert_eq(lupe_query_parse(index, "titel:running tag:Rot", 21, NULL, &query), LUPE_OK);
    cr_expect_str_eq(lupe_query_text(query), "(+titel:run +tag:[Rot])");
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---- opening */

Test(api_index, what_cannot_be_opened)
{
    lupe_index *index = NULL;
    const char *text = support_path("text.lupe");

    cr_expect_eq(lupe_index_open(support_path("fehlt.lupe"), NULL, &index), LUPE_NOT_FOUND);
    cr_expect_not_null(strstr(lupe_last_error(), "fehlt.lupe"));
    cr_expect_not(exists(support_path("fehlt.lupe")));
    support_write_file(text, "Das ist kein Index.", 19);
    cr_expect_eq(lupe_index_open(text, NULL, &index), LUPE_NOT_INDEX);
    cr_expect_null(index);
    cr_expect_neq(lupe_index_open(support_directory(), NULL, &index), LUPE_OK);
    support_no_leaks();
}

Test(api_index, two_handles_are_one_file)
{
    const char *path = index_of_two("zwei.lupe");
    char other[4096];
    lupe_index *first;
    lupe_index *second;
    lupe_snapshot *snapshot;
    lupe_writer *writer;
    const lupe_document *document;

    snprintf(other, sizeof other, "%s/./zwei.lupe", support_directory());
    cr_assert_eq(lupe_index_open(path, NULL, &first), LUPE_OK);
    cr_assert_eq(lupe_index_open(other, NULL, &second), LUPE_OK, "%s", lupe_last_error());
    cr_assert_neq(first, second);
    cr_assert_eq(lupe_writer_open(first, NULL, &writer), LUPE_OK);
    put(writer, "drei", "Drei", "Drittes");
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    lupe_index_close(first);
    cr_assert_eq(lupe_snapshot_open(second, &snapshot), LUPE_OK);
    cr_expect_eq(lupe_snapshot_get(snapshot, "drei", 4, &document), LUPE_OK);
    lupe_snapshot_close(snapshot);
    lupe_index_close(second);
    support_no_leaks();
}

Test(api_index, nothing_is_closed_without_harm)
{
    lupe_index_close(NULL);
    lupe_snapshot_close(NULL);
    lupe_writer_close(NULL);
    lupe_query_free(NULL);
    lupe_results_free(NULL);
    support_no_leaks();
}

/* ---- reading */

Test(api_index, documents_are_given_back)
{
    const char *path = index_of_two("lesen.lupe");
    lupe_index *index;
    lupe_snapshot *snapshot;
    const lupe_document *document;
    char long_id[ID_BYTES_MAX + 1] = {0};

    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_snapshot_get(snapshot, "zwei", 4, &document), LUPE_OK, "%s",
                 lupe_last_error());
    cr_expect_eq(document->id_size, 4u);
    cr_expect_str_eq(document->id, "zwei");
    cr_assert_eq(document->value_count, 3u);
    cr_expect_str_eq(document->values[0].field, "title");
    cr_expect_eq(document->values[1].kind, LUPE_TEXT);
    cr_expect_eq(document->values[1].size, strlen("Ein Haus am See"));
    cr_expect_eq(memcmp(document->values[1].data, "Ein Haus am See", 15), 0);
    cr_expect_eq(document->values[2].kind, LUPE_STORED);
    cr_expect_eq(lupe_snapshot_get(snapshot, "zwei", 4, &document), LUPE_OK);
    cr_expect_str_eq(document->id, "zwei");
    cr_expect_eq(lupe_snapshot_get(snapshot, "drei", 4, &document), LUPE_NOT_FOUND);
    cr_expect_null(document);
    cr_expect_not_null(strstr(lupe_last_error(), "drei"));
    cr_expect_eq(lupe_snapshot_get(snapshot, "", 0, &document), LUPE_INVALID);
    cr_expect_eq(lupe_snapshot_get(snapshot, long_id, sizeof long_id, &document), LUPE_INVALID);
    cr_expect_eq(lupe_snapshot_get(snapshot, NULL, 1, &document), LUPE_INVALID);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_index, statistics)
{
    const char *path = index_of_two("zahlen.lupe");
    lupe_index *index;
    lupe_snapshot *snapshot;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    struct {
        size_t size;
        uint64_t documents;
        uint64_t behind;
    } older = {sizeof(size_t) + sizeof(uint64_t), 0, 77};

    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_snapshot_statistics(snapshot, &statistics), LUPE_OK, "%s", lupe_last_error());
    cr_expect_eq(statistics.documents, 2u);
    cr_expect_eq(statistics.documents_deleted, 0u);
    cr_expect_eq(statistics.words, 12u);
    cr_expect_eq(statistics.segments, 1u);
    cr_expect_eq(statistics.commits, 1u);
    cr_expect_gt(statistics.terms, 5u);
    cr_expect_gt(statistics.dictionary_bytes, 0u);
    cr_expect_gt(statistics.stored_bytes, 0u);
    cr_expect_gt(statistics.id_bytes, 0u);
    cr_expect_eq(statistics.norm_bytes, 2u);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(statistics.file_bytes, (uint64_t)info.st_size);
    cr_expect_eq(lupe_snapshot_statistics(snapshot, (lupe_statistics *)&older), LUPE_OK);
    cr_expect_eq(older.documents, 2u);
    cr_expect_eq(older.behind, 77u);
    statistics.size = 1;
    cr_expect_eq(lupe_snapshot_statistics(snapshot, &statistics), LUPE_INVALID);
    cr_expect_eq(lupe_snapshot_statistics(NULL, &statistics), LUPE_INVALID);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_index, a_snapshot_stays_what_it_was)
{
    const char *path = index_of_two("bleibt.lupe");
    lupe_index *index;
    lupe_snapshot *before;
    lupe_snapshot *after;
    lupe_writer *writer;
    const lupe_document *document;

    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_snapshot_open(index, &before), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    cr_assert_eq(lupe_writer_delete(writer, "eins", 4), LUPE_OK);
    put(writer, "drei", "Drei", "Drittes");
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    cr_assert_eq(lupe_snapshot_open(index, &after), LUPE_OK);
    cr_expect_eq(lupe_snapshot_get(before, "eins", 4, &document), LUPE_OK);
    cr_expect_eq(lupe_snapshot_get(before, "drei", 4, &document), LUPE_NOT_FOUND);
    cr_expect_eq(lupe_snapshot_get(after, "eins", 4, &document), LUPE_NOT_FOUND);
    cr_expect_eq(lupe_snapshot_get(after, "drei", 4, &document), LUPE_OK);
    lupe_snapshot_close(after);
    lupe_snapshot_close(before);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---- processes and memory */

Test(api_index, a_child_cannot_use_its_parents_handles)
{
    const char *path = index_of_two("kind.lupe");
    lupe_index *index;
    lupe_snapshot *snapshot;
    lupe_query *query;
    lupe_results *results;

    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_query_parse(index, "zug", 3, NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(snapshot, query, NULL, &results), LUPE_OK);
    pid_t child = fork();
    if (child == 0) {
        lupe_snapshot *other = NULL;
        lupe_query *other_query = NULL;
        lupe_results *other_results = NULL;
        lupe_statistics statistics = LUPE_STATISTICS_INIT;
        const lupe_document *document;
        const lupe_snippet *snippet;
        const lupe_hit *hit = NULL;
        int wrong = 0;
        wrong |= lupe_snapshot_open(index, &other) != LUPE_MISUSE;
        wrong |= (lupe_query_parse(index, "zug", 3, NULL, &other_query) != LUPE_MISUSE) << 1;
        wrong |= (lupe_search(snapshot, query, NULL, &other_results) != LUPE_MISUSE) << 2;
        wrong |= (lupe_snapshot_get(snapshot, "eins", 4, &document) != LUPE_MISUSE) << 3;
        wrong |= (lupe_snapshot_statistics(snapshot, &statistics) != LUPE_MISUSE) << 4;
        wrong |= (lupe_results_hit(results, 0, &hit) != LUPE_MISUSE) << 5;
        wrong |= (lupe_results_snippet(results, 0, NULL, &snippet) != LUPE_MISUSE) << 6;
        lupe_results_free(results);
        lupe_query_free(query);
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
        _exit(wrong);
    }
    int result;
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_assert(WIFEXITED(result));
    cr_expect_eq(WEXITSTATUS(result), 0, "calls 0x%x", (unsigned)WEXITSTATUS(result));
    const lupe_hit *hit = NULL;
    cr_expect_eq(lupe_results_hit(results, 0, &hit), LUPE_OK);
    lupe_results_free(results);
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

Test(api_index, memory_runs_out_while_making_one)
{
    const char *path = support_path("knapp.lupe");
    lupe_field fields[] = {{.name = "titel", .kind = LUPE_TEXT, .language = "english", .weight = 3},
                           {.name = "tag", .kind = LUPE_KEYWORD}};
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;

    options.fields = fields;
    options.field_count = 2;
    for (size_t n = 1, failed = 1; failed; n++) {
        lupe_index *index;
        support_fail_allocation(n);
        lupe_status status = lupe_index_create(path, &options, NULL, &index);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu", n);
        cr_assert_eq(exists(path), status == LUPE_OK, "allocation %zu", n);
        lupe_index_close(index);
        support_no_leaks();
    }
}

Test(api_index, memory_runs_out_while_reading_one)
{
    const char *path = index_of_two("knapp2.lupe");

    for (size_t n = 1, failed = 1; failed; n++) {
        lupe_index *index = NULL;
        lupe_snapshot *snapshot = NULL;
        const lupe_document *document;
        support_fail_allocation(n);
        lupe_status status = lupe_index_open(path, NULL, &index);
        if (status == LUPE_OK)
            status = lupe_snapshot_open(index, &snapshot);
        if (status == LUPE_OK)
            status = lupe_snapshot_get(snapshot, "eins", 4, &document);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %s", n,
                     lupe_last_error());
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
        support_no_leaks();
    }
}
