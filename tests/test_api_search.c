/* SPDX-License-Identifier: MIT
 *
 * test_api_search.c - queries, searches and results through the public interface.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "support.h"

#define DOCUMENTS 100

/* An index of DOCUMENTS documents "d00" ...: each has "alle", every second "gerade", the tenth
 * tenth "Kim Jong-un", and tag "t0" to "t2". Document i has i further words. */
struct fixture {
    lupe_index *index;
    lupe_snapshot *snapshot;
};

static void document_put(lupe_writer *writer, unsigned i)
{
    char id[16];
    char tag[16];
    char text[4096];
    size_t size = 0;

    size += (size_t)snprintf(text, sizeof text, "alle ");
    if (i % 2 == 0)
        size += (size_t)snprintf(text + size, sizeof text - size, "gerade Zahlen ");
    if (i % 10 == 0)
        size += (size_t)snprintf(text + size, sizeof text - size, "und Kim Jong-un sagte ");
    for (unsigned w = 0; w < i; w++)
        size += (size_t)snprintf(text + size, sizeof text - size, "w%u ", w);
    snprintf(id, sizeof id, "d%02u", i);
    snprintf(tag, sizeof tag, "t%u", i % 3);
    lupe_value values[] = {
        {.field = "title", .kind = LUPE_TEXT, .data = id, .size = strlen(id)},
        {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size},
        {.field = "tag", .kind = LUPE_KEYWORD, .data = tag, .size = strlen(tag)},
    };
    lupe_document document = {.id = id, .id_size = strlen(id), .values = values, .value_count = 3};
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
}

static void fixture_open(struct fixture *fixture)
{
    lupe_writer *writer;

    cr_assert_eq(lupe_index_create(support_path("suche.lupe"), NULL, NULL, &fixture->index),
                 LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_writer_open(fixture->index, NULL, &writer), LUPE_OK);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        document_put(writer, i);
        if (i == DOCUMENTS / 2)
            cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    cr_assert_eq(lupe_snapshot_open(fixture->index, &fixture->snapshot), LUPE_OK);
}

static void fixture_close(struct fixture *fixture)
{
    lupe_snapshot_close(fixture->snapshot);
    lupe_index_close(fixture->index);
    support_no_leaks();
}

/* The query is freed before the results are used: they hold what they need of it. */
static lupe_results *search(struct fixture *fixture, const char *text,
                            const lupe_search_options *options)
{
    lupe_query *query;
    lupe_results *results;

    cr_assert_eq(lupe_query_parse(fixture->index, text, strlen(text), NULL, &query), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_search(fixture->snapshot, query, options, &results), LUPE_OK, "%s: %s", text,
                 lupe_last_error());
    lupe_query_free(query);
    return results;
}

static void expect_total(struct fixture *fixture, const char *text, uint64_t expected)
{
    bool exact;
    lupe_results *results = search(fixture, text, NULL);
    cr_expect_eq(lupe_results_total(results, &exact), expected, "%s: %" PRIu64, text,
                 lupe_results_total(results, NULL));
    cr_expect(exact, "%s", text);
    cr_expect_eq(lupe_results_count(results), expected < 10 ? expected : 10, "%s", text);
    lupe_results_free(results);
}

Test(api_search, what_matches)
{
    static const struct {
        const char *query;
        uint64_t total;
    } cases[] = {
        {"alle", 100},        {"gerade", 50},
        {"gerade w90", 55},   {"+gerade +w90", 4},
        {"alle -gerade", 50}, {"\"Kim Jong-un\"", 10},
        {"jongun", 10},       {"Jong-un", 10},
        {"jong un", 10},      {"\"un jong\"", 0},
        {"xyz", 0},           {"", 0},
        {"-alle", 0},         {"w9*", 90},
        {"tag:t0", 34},       {"gerade tag:t0", 17},
        {"title:d07", 1},     {"title:alle", 0},
        {"ALLE", 100},        {"alle alle", 100},
        {"text:gerade", 50},  {"\"gerade Zahlen\"", 50},
        {"tag:T0", 0},        {"d07 d08", 2},
    };
    struct fixture fixture;

    fixture_open(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_total(&fixture, cases[i].query, cases[i].total);
    fixture_close(&fixture);
}

Test(api_search, hits_are_ranked)
{
    struct fixture fixture;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    double last = INFINITY;
    const lupe_hit *hit = NULL;

    fixture_open(&fixture);
    options.limit = 1000;
    lupe_results *results = search(&fixture, "alle", &options);
    cr_assert_eq(lupe_results_count(results), (size_t)DOCUMENTS);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        cr_assert_eq(lupe_results_hit(results, i, &hit), LUPE_OK);
        cr_expect_eq(hit->rank, i + 1);
        cr_expect(hit->score > 0 && hit->score <= last);
        cr_expect_eq(strlen(hit->id), hit->id_size);
        last = hit->score;
    }
    cr_expect_eq(lupe_results_hit(results, DOCUMENTS, &hit), LUPE_INVALID);
    cr_expect_null(hit);
    lupe_results_free(results);
    fixture_close(&fixture);
}

/* Pages together are the whole, and ids stay where they are. */
Test(api_search, limit_and_offset)
{
    struct fixture fixture;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;

    fixture_open(&fixture);
    options.limit = 1000;
    lupe_results *all = search(&fixture, "gerade w3", &options);
    size_t count = lupe_results_count(all);
    cr_assert_eq(count, lupe_results_total(all, NULL));
    const char **ids = malloc(count * sizeof *ids);
    const lupe_hit *hit = NULL;
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(lupe_results_hit(all, i, &hit), LUPE_OK);
        ids[i] = hit->id;
    }
    options.limit = 7;
    for (options.offset = 0; options.offset < count + 14; options.offset += 7) {
        lupe_results *page = search(&fixture, "gerade w3", &options);
        size_t left = options.offset < count ? count - options.offset : 0;
        cr_assert_eq(lupe_results_count(page), left < 7 ? left : 7);
        cr_expect_eq(lupe_results_total(page, NULL), count);
        for (size_t i = 0; i < lupe_results_count(page); i++) {
            cr_assert_eq(lupe_results_hit(page, i, &hit), LUPE_OK);
            cr_expect_eq(hit->rank, options.offset + i + 1);
            cr_expect_str_eq(hit->id, ids[options.offset + i]);
        }
        lupe_results_free(page);
    }
    options.limit = 0;
    options.offset = 0;
    lupe_results *none = search(&fixture, "gerade w3", &options);
    cr_expect_eq(lupe_results_count(none), 0u);
    cr_expect_eq(lupe_results_total(none, NULL), count);
    lupe_results_free(none);
    free(ids);
    lupe_results_free(all);
    fixture_close(&fixture);
}

Test(api_search, totals_are_exact_up_to_the_limit)
{
    struct fixture fixture;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    bool exact;

    fixture_open(&fixture);
    options.count_limit = LUPE_COUNT_EXACT;
    lupe_results *results = search(&fixture, "gerade w3 w50", &options);
    uint64_t total = lupe_results_total(results, &exact);
    cr_expect(exact);
    lupe_results_free(results);
    options.count_limit = 20;
    results = search(&fixture, "gerade w3 w50", &options);
    uint64_t some = lupe_results_total(results, &exact);
    cr_expect_leq(some, total);
    cr_expect(exact ? some == total : some >= 20);
    lupe_results_free(results);
    fixture_close(&fixture);
}

Test(api_search, parameters_change_scores)
{
    struct fixture fixture;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    const lupe_hit *first = NULL;
    const lupe_hit *second = NULL;

    fixture_open(&fixture);
    lupe_results *results = search(&fixture, "gerade", NULL);
    options.b = 0;
    lupe_results *without_length = search(&fixture, "gerade", &options);
    cr_assert_eq(lupe_results_hit(results, 0, &first), LUPE_OK);
    cr_assert_eq(lupe_results_hit(without_length, 0, &second), LUPE_OK);
    cr_expect_gt(first->score, second->score);
    cr_assert_eq(lupe_results_hit(without_length, 9, &first), LUPE_OK);
    cr_expect_eq(first->score, second->score);
    lupe_results_free(results);
    lupe_results_free(without_length);
    fixture_close(&fixture);
}

static bool always(void *user)
{
    ++*(unsigned *)user;
    return true;
}

Test(api_search, options_are_checked)
{
    struct fixture fixture;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_query *query;
    lupe_results *results;

    fixture_open(&fixture);
    cr_assert_eq(lupe_query_parse(fixture.index, "alle", 4, NULL, &query), LUPE_OK);
    options.k1 = 11;
    cr_expect_eq(lupe_search(fixture.snapshot, query, &options, &results), LUPE_INVALID);
    cr_expect_null(results);
    options.k1 = NAN;
    cr_expect_eq(lupe_search(fixture.snapshot, query, &options, &results), LUPE_INVALID);
    options = (lupe_search_options)LUPE_SEARCH_OPTIONS_INIT;
    options.b = 1.1;
    cr_expect_eq(lupe_search(fixture.snapshot, query, &options, &results), LUPE_INVALID);
    options = (lupe_search_options)LUPE_SEARCH_OPTIONS_INIT;
    options.size = 1;
    cr_expect_eq(lupe_search(fixture.snapshot, query, &options, &results), LUPE_INVALID);
    /* An older caller's struct ends behind offset. */
    options.size = offsetof(lupe_search_options, count_limit);
    options.k1 = 99;
    cr_expect_eq(lupe_search(fixture.snapshot, query, &options, &results), LUPE_OK);
    lupe_results_free(results);
    cr_expect_eq(lupe_search(NULL, query, NULL, &results), LUPE_INVALID);
    cr_expect_eq(lupe_search(fixture.snapshot, NULL, NULL, &results), LUPE_INVALID);
    cr_expect_eq(lupe_search(fixture.snapshot, query, NULL, NULL), LUPE_INVALID);
    lupe_query_free(query);
    fixture_close(&fixture);
}

Test(api_search, any_limit_is_answered)
{
    static const struct {
        uint32_t limit, offset;
        size_t hits;
    } cases[] = {{0, 0, 0},
                 {1, 0, 1},
                 {UINT32_MAX, 0, DOCUMENTS},
                 {1u << 31, 1, DOCUMENTS - 1},
                 {UINT32_MAX, UINT32_MAX, 0},
                 {1, DOCUMENTS - 1, 1},
                 {7, DOCUMENTS, 0}};
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
        options.limit = cases[i].limit;
        options.offset = cases[i].offset;
        lupe_results *results = search(&fixture, "alle", &options);
        cr_expect_eq(lupe_results_count(results), cases[i].hits, "case %zu", i);
        cr_expect_eq(lupe_results_total(results, NULL), DOCUMENTS, "case %zu", i);
        lupe_results_free(results);
    }
    fixture_close(&fixture);
}

Test(api_search, a_word_given_a_thousand_times_is_one)
{
    struct fixture fixture;
    char text[1000 * 7 + 1] = "";
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + i * 7, "gerade ", 8);
    fixture_open(&fixture);
    lupe_results *once = search(&fixture, "gerade", NULL);
    lupe_results *often = search(&fixture, text, NULL);
    cr_assert_eq(lupe_results_count(often), lupe_results_count(once));
    cr_assert_gt(lupe_results_count(once), 0);
    cr_expect_eq(lupe_results_total(often, NULL), lupe_results_total(once, NULL));
    cr_expect_eq(lupe_results_words_dropped(often), 0);
    for (size_t i = 0; i < lupe_results_count(once); i++) {
        const lupe_hit *left, *right;
        cr_assert_eq(lupe_results_hit(once, i, &left), LUPE_OK);
        cr_assert_eq(lupe_results_hit(often, i, &right), LUPE_OK);
        cr_expect_str_eq(left->id, right->id);
    }
    lupe_results_free(once);
    lupe_results_free(often);
    fixture_close(&fixture);
}

Test(api_search, a_search_can_be_cancelled)
{
    struct fixture fixture;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_query *query;
    lupe_results *results;
    unsigned asked = 0;

    fixture_open(&fixture);
    cr_assert_eq(lupe_query_parse(fixture.index, "alle gerade", 11, NULL, &query), LUPE_OK);
    options.cancel = always;
    options.user = &asked;
    lupe_status status = lupe_search(fixture.snapshot, query, &options, &results);
    /* A search may be over before it asks. */
    cr_expect(asked ? status == LUPE_CANCELLED && !results : status == LUPE_OK && results);
    lupe_results_free(results);
    lupe_query_free(query);
    fixture_close(&fixture);
}

Test(api_search, queries_belong_to_their_index)
{
    struct fixture fixture;
    lupe_index *other;
    lupe_query *query;
    lupe_results *results;

    fixture_open(&fixture);
    cr_assert_eq(lupe_index_create(support_path("andere.lupe"), NULL, NULL, &other), LUPE_OK);
    cr_assert_eq(lupe_query_parse(other, "alle", 4, NULL, &query), LUPE_OK);
    cr_expect_eq(lupe_search(fixture.snapshot, query, NULL, &results), LUPE_INVALID);
    lupe_query_free(query);
    lupe_index_close(other);
    fixture_close(&fixture);
}

Test(api_search, queries)
{
    struct fixture fixture;
    lupe_query_options options = LUPE_QUERY_OPTIONS_INIT;
    lupe_query *query;

    fixture_open(&fixture);
    options.flags = LUPE_QUERY_ALL;
    cr_assert_eq(lupe_query_parse(fixture.index, "a b", 3, &options, &query), LUPE_OK);
    cr_expect_str_eq(lupe_query_text(query), "(+a +b)");
    cr_expect_not(lupe_query_matches_nothing(query));
    lupe_query_free(query);
    cr_assert_eq(lupe_query_parse(fixture.index, NULL, 0, NULL, &query), LUPE_OK);
    cr_expect(lupe_query_matches_nothing(query));
    lupe_query_free(query);
    cr_assert_eq(lupe_query_parse(fixture.index, "-a", 2, NULL, &query), LUPE_OK);
    cr_expect(lupe_query_matches_nothing(query));
    lupe_query_free(query);
    options.flags = 1u << 9;
    cr_expect_eq(lupe_query_parse(fixture.index, "a", 1, &options, &query), LUPE_INVALID);
    cr_expect_null(query);
    cr_expect_eq(lupe_query_parse(fixture.index, NULL, 1, NULL, &query), LUPE_INVALID);
    cr_expect_eq(lupe_query_parse(NULL, "a", 1, NULL, &query), LUPE_INVALID);
    fixture_close(&fixture);
}

/* A field declared by a later commit is known to the next query. */
Test(api_search, queries_know_the_last_commit)
{
    struct fixture fixture;
    lupe_writer *writer;
    lupe_query *query;
    lupe_value value = {.field = "farbe", .kind = LUPE_KEYWORD, .data = "rot", .size = 3};
    lupe_document document = {.id = "neu", .id_size = 3, .values = &value, .value_count = 1};

    fixture_open(&fixture);
    cr_assert_eq(lupe_query_parse(fixture.index, "farbe:rot", 9, NULL, &query), LUPE_OK);
    cr_expect_str_eq(lupe_query_text(query), "\"farb rot\"");
    lupe_query_free(query);
    cr_assert_eq(lupe_writer_open(fixture.index, NULL, &writer), LUPE_OK);
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    cr_assert_eq(lupe_query_parse(fixture.index, "farbe:rot", 9, NULL, &query), LUPE_OK);
    cr_expect_str_eq(lupe_query_text(query), "farbe:[rot]");
    lupe_query_free(query);
    fixture_close(&fixture);
}

/* ---- results */

Test(api_search, documents_of_hits)
{
    struct fixture fixture;
    const lupe_document *document;

    fixture_open(&fixture);
    lupe_results *results = search(&fixture, "title:d07", NULL);
    cr_assert_eq(lupe_results_document(results, 0, &document), LUPE_OK, "%s", lupe_last_error());
    cr_expect_str_eq(document->id, "d07");
    cr_assert_eq(document->value_count, 3u);
    cr_expect_eq(memcmp(document->values[2].data, "t1", 2), 0);
    cr_expect_eq(lupe_results_document(results, 1, &document), LUPE_INVALID);
    cr_expect_null(document);
    lupe_results_free(results);
    fixture_close(&fixture);
}

Test(api_search, snippets_and_matches)
{
    struct fixture fixture;
    lupe_snippet_options options = LUPE_SNIPPET_OPTIONS_INIT;
    const lupe_snippet *snippet;
    const lupe_document *document;
    const lupe_span *spans;
    size_t count;

    fixture_open(&fixture);
    options.before = "<mark>";
    options.after = "</mark>";
    lupe_results *results = search(&fixture, "\"Kim Jong-un\" gerade", NULL);
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        cr_assert_eq(lupe_results_snippet(results, i, &options, &snippet), LUPE_OK, "%s",
                     lupe_last_error());
        cr_expect_not_null(strstr(snippet->text, "<mark>"), "%s", snippet->text);
        cr_expect_gt(snippet->highlight_count, 0u);
        cr_assert_eq(lupe_results_document(results, i, &document), LUPE_OK);
        cr_assert_eq(lupe_results_matches(results, i, 1, &spans, &count), LUPE_OK);
        cr_assert(count == 1 || count == 3);
        cr_expect_eq(memcmp(document->values[1].data + spans[0].start, "gerade", 6), 0);
        if (count == 3)
            cr_expect_eq(memcmp(document->values[1].data + spans[2].start, "Jong-un", 7), 0);
        cr_assert_eq(lupe_results_matches(results, i, 2, &spans, &count), LUPE_OK);
        cr_expect_eq(count, 0u);
        cr_expect_eq(lupe_results_matches(results, i, 3, &spans, &count), LUPE_INVALID);
    }
    options.length = 10;
    cr_expect_eq(lupe_results_snippet(results, 0, &options, &snippet), LUPE_INVALID);
    cr_expect_null(snippet);
    options.length = 100001;
    cr_expect_eq(lupe_results_snippet(results, 0, &options, &snippet), LUPE_INVALID);
    cr_expect_eq(lupe_results_snippet(results, 0, NULL, &snippet), LUPE_OK);
    cr_expect_null(strstr(snippet->text, "<mark>"));
    cr_expect_eq(lupe_results_snippet(results, 99, NULL, &snippet), LUPE_INVALID);
    lupe_results_free(results);
    fixture_close(&fixture);
}

Test(api_search, words_beyond_the_limit_are_told)
{
    struct fixture fixture;
    char *text = malloc(2000 * 8);
    size_t size = 0;
    lupe_query *query;
    lupe_results *results;

    fixture_open(&fixture);
    for (unsigned i = 0; i < 2000; i++)
        size += (size_t)snprintf(text + size, 8, "w%u ", i);
    cr_assert_eq(lupe_query_parse(fixture.index, text, size, NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(fixture.snapshot, query, NULL, &results), LUPE_OK, "%s",
                 lupe_last_error());
    cr_expect_eq(lupe_results_words_dropped(results), 2000u - QUERY_TERMS_MAX);
    cr_expect_eq(lupe_results_total(results, NULL), (uint64_t)DOCUMENTS - 1);
    lupe_results_free(results);
    lupe_query_free(query);
    free(text);
    fixture_close(&fixture);
}

/* ---- threads and memory */

struct thread_job {
    struct fixture *fixture;
    lupe_query *query;
    unsigned failures;
};

static void *thread_run(void *argument)
{
    struct thread_job *job = argument;

    for (unsigned i = 0; i < 200; i++) {
        lupe_snapshot *snapshot = NULL;
        lupe_results *results = NULL;
        lupe_query *own = NULL;
        const lupe_snippet *snippet;
        bool fine =
            lupe_snapshot_open(job->fixture->index, &snapshot) == LUPE_OK &&
            lupe_query_parse(job->fixture->index, "\"gerade Zahlen\"", 15, NULL, &own) == LUPE_OK &&
            lupe_search(snapshot, job->query, NULL, &results) == LUPE_OK &&
            lupe_results_total(results, NULL) == 50 &&
            lupe_results_snippet(results, 0, NULL, &snippet) == LUPE_OK;
        lupe_results_free(results);
        results = NULL;
        fine = fine && lupe_search(snapshot, own, NULL, &results) == LUPE_OK &&
               lupe_results_total(results, NULL) == 50;
        lupe_results_free(results);
        lupe_query_free(own);
        lupe_snapshot_close(snapshot);
        job->failures += !fine;
    }
    return NULL;
}

Test(api_search, one_index_and_query_in_many_threads)
{
    struct fixture fixture;
    struct thread_job jobs[4];
    pthread_t threads[4];
    lupe_query *query;

    fixture_open(&fixture);
    cr_assert_eq(lupe_query_parse(fixture.index, "gerade", 6, NULL, &query), LUPE_OK);
    for (size_t i = 0; i < 4; i++) {
        jobs[i] = (struct thread_job){&fixture, query, 0};
        cr_assert_eq(pthread_create(&threads[i], NULL, thread_run, &jobs[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(jobs[i].failures, 0u);
    }
    lupe_query_free(query);
    fixture_close(&fixture);
}

Test(api_search, memory_runs_out)
{
    struct fixture fixture;

    /* The hook is set while nothing is allocated. */
    support_fail_allocation(0);
    fixture_open(&fixture);
    for (size_t n = 1, failed = 1; failed; n++) {
        lupe_query *query = NULL;
        lupe_results *results = NULL;
        const lupe_snippet *snippet = NULL;
        const lupe_document *document = NULL;
        const lupe_span *spans = NULL;
        size_t count;
        const lupe_hit *hit = NULL;
        lupe_snapshot *snapshot = NULL;
        support_fail_allocation(n);
        lupe_status status = lupe_snapshot_open(fixture.index, &snapshot);
        if (status == LUPE_OK)
            status = lupe_query_parse(fixture.index, "\"Kim Jong-un\" w9* -w7", 21, NULL, &query);
        if (status == LUPE_OK)
            status = lupe_search(snapshot, query, NULL, &results);
        if (status == LUPE_OK)
            status = lupe_results_hit(results, 0, &hit);
        if (status == LUPE_OK)
            status = lupe_results_snippet(results, 0, NULL, &snippet);
        if (status == LUPE_OK)
            status = lupe_results_document(results, 0, &document);
        if (status == LUPE_OK)
            status = lupe_results_matches(results, 0, 1, &spans, &count);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %s", n,
                     lupe_last_error());
        lupe_results_free(results);
        lupe_query_free(query);
        lupe_snapshot_close(snapshot);
    }
    fixture_close(&fixture);
}
