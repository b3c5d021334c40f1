/* SPDX-License-Identifier: MIT
 *
 * test_query_search.c - what searching does beside finding: failing allocations, cancelling,
 * limits, totals, and lists whose bytes are damaged.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lupe_index.h"
#include "query/search.h"
#include "support.h"

#define DOCUMENTS 3000u

static const char *const queries[] = {
    "alle",
    "alle zwei",
    "+alle +zwei",
    "+alle zwei drei -acht",
    "\"alle zwei\"",
    "\"alle zwei\" drei",
    "(alle drei) -zwei",
    "wo*",
    "text:alle",
    "kind:k1 alle",
    "Rot-Wein",
    "alle^2 zwei^0.5",
    "(+alle +zwei) (drei acht)",
    "Versicherung", /* a list of parts, */
    "+Versicherung +alle -acht",
    "Arbeit", /* a wide list, */
    "+Arbeit +Versicherung zwei",
    "Haus Arbeit Kranke Versicherung", /* and what neighbours join to */
    "Versicherungsarbeit",
};
enum { QUERIES = sizeof queries / sizeof queries[0] };

/* Word w of document d stands there when w divides d: lists of many lengths. */
static lupe_index *build(void)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    cr_assert_eq(lupe_index_create(support_path("s"), NULL, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned d = 0; d < DOCUMENTS; d++) {
        char text[256], id[16], kind[8];
        int size = snprintf(text, sizeof text, "alle%s%s%s alle wort%u %s%s%s%s",
                            d % 2 ? "" : " zwei", d % 3 ? "" : " drei", d % 8 ? "" : " acht",
                            d % 100, d % 50 ? "Rot Wein" : "Rot-Wein", d % 2 ? "" : " Hausarbeit",
                            d % 7 ? "" : " Krankenversicherung",
                            d % 11 ? "" : " Arbeit einer Versicherung");
        lupe_value values[] = {
            {.field = "text", .kind = LUPE_TEXT, .data = text, .size = (size_t)size},
            {.field = "kind",
             .kind = LUPE_KEYWORD,
             .data = kind,
             .size = (size_t)snprintf(kind, sizeof kind, "k%u", d % 3)}};
        lupe_document document = {.id = id,
                                  .id_size = (size_t)snprintf(id, sizeof id, "%u", d),
                                  .values = values,
                                  .value_count = 2};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    return index;
}

static lupe_query *parse(lupe_index *index, const char *text)
{
    lupe_query *query = NULL;
    cr_assert_eq(lupe_query_parse(index, text, strlen(text), NULL, &query), LUPE_OK, "%s",
                 lupe_last_error());
    return query;
}

static struct view *view_of(lupe_index *index)
{
    struct view *view = NULL;
    cr_assert_eq(view_open(index->store, &view), LUPE_OK, "%s", lupe_last_error());
    return view;
}

Test(query_search, every_allocation_may_fail)
{
    support_fail_allocation(0);
    lupe_index *index = build();
    for (unsigned q = 0; q < QUERIES; q++) {
        lupe_query *query = parse(index, queries[q]);
        size_t step = test_full() ? 1 : 5;
        bool failed = true;
        for (size_t n = 1; failed; n += step) {
            struct view *view = view_of(index); /* its scratch is made by the first search */
            struct search_request request = {
                .k = 200, .count_limit = LUPE_COUNT_EXACT, .k1 = 1.2, .b = 0.75};
            struct search_answer answer;
            support_fail_allocation(n);
            lupe_status status = search_run(view, query, &request, &answer);
            failed = support_allocation_failed();
            support_fail_allocation(0);
            cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "%s, allocation %zu: %d",
                         queries[q], n, status);
            search_answer_free(&answer);
            view_close(view);
        }
        lupe_query_free(query);
    }
    lupe_index_close(index);
    support_no_leaks();
}

static bool cancel_at_once(void *user)
{
    ++*(unsigned *)user;
    return true;
}

Test(query_search, cancelling)
{
    lupe_index *index = build();
    struct view *view = view_of(index);
    for (unsigned q = 0; q < QUERIES; q++) {
        lupe_query *query = parse(index, queries[q]);
        struct search_answer answer;
        unsigned asked = 0;
        struct search_request request = {.k = 10,
                                         .count_limit = 1000,
                                         .k1 = 1.2,
                                         .b = 0.75,
                                         .user = &asked,
                                         .cancel = cancel_at_once};
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_CANCELLED, "%s", queries[q]);
        cr_assert_eq(asked, 1u);
        request.cancel = NULL;
        request.deadline_ns = 1;
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_CANCELLED, "%s", queries[q]);
        request.deadline_ns = 0;
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK, "%s", queries[q]);
        search_answer_free(&answer);
        lupe_query_free(query);
    }
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

static bool count_questions(void *user)
{
    ++*(unsigned *)user;
    return false;
}

/* A prefix of very many words asks while it looks through them, and not only once it has them. */
Test(query_search, expanding_a_prefix_asks_whether_to_go_on)
{
    enum { WORDS = 40000, EXPECTED = WORDS / 2000 };
    static char text[WORDS * 8 + 1];
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    size_t size = 0;
    unsigned asked = 0;
    struct search_answer answer;
    struct search_request request = {
        .count_limit = 1, .k1 = 1.2, .b = 0.75, .user = &asked, .cancel = count_questions};
    for (unsigned w = 0; w < WORDS; w++)
        size += (size_t)snprintf(text + size, 9, "q%06u ", w);
    lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size};
    lupe_document document = {.id = "1", .id_size = 1, .values = &value, .value_count = 1};
    cr_assert_eq(lupe_index_create(support_path("q"), NULL, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    struct view *view = view_of(index);
    lupe_query *query = parse(index, "q*");
    cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK);
    cr_expect_eq(answer.total, 1);
    cr_expect_geq(asked, EXPECTED + 1024 / 64, "asked %u times", asked);
    search_answer_free(&answer);
    lupe_query_free(query);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

Test(query_search, totals_and_limits)
{
    lupe_index *index = build();
    struct view *view = view_of(index);
    lupe_query *query = parse(index, "alle");
    static const struct {
        uint64_t k, count_limit;
        size_t hits;
        uint64_t total;
        bool exact;
    } cases[] = {
        {0, LUPE_COUNT_EXACT, 0, DOCUMENTS, true},
        {10, 0, 10, 10, false},
        {10, 1000, 10, 1000, false},
        {10, DOCUMENTS, 10, DOCUMENTS, true},
        {10, DOCUMENTS - 1, 10, DOCUMENTS - 1, false},
        {10, LUPE_COUNT_EXACT, 10, DOCUMENTS, true},
        {1u << 30, LUPE_COUNT_EXACT, DOCUMENTS, DOCUMENTS, true},
        {0, 0, 0, 0, false},
    };
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct search_request request = {
            .k = cases[c].k, .count_limit = cases[c].count_limit, .k1 = 1.2, .b = 0.75};
        struct search_answer answer;
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK, "%s", lupe_last_error());
        cr_assert_eq(answer.hit_count, cases[c].hits, "case %u: %zu hits", c, answer.hit_count);
        cr_assert_eq(answer.total, cases[c].total, "case %u: total %" PRIu64, c, answer.total);
        cr_assert_eq(answer.total_exact, cases[c].exact, "case %u", c);
        search_answer_free(&answer);
    }
    lupe_query_free(query);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* Scores are BM25 as the header states it, to the unit of rounding. */
Test(query_search, scores_are_bm25)
{
    lupe_index *index = build();
    struct view *view = view_of(index);
    lupe_query *query = parse(index, "acht");
    struct search_request request = {.k = 10, .count_limit = 0, .k1 = 1.2, .b = 0.75};
    struct search_answer answer;
    cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK, "%s", lupe_last_error());
    cr_assert_gt(answer.hit_count, (size_t)0);
    double words = 0;
    for (uint32_t s = 0; s < view->catalogue.segment_count; s++)
        words += (double)view->segments[s]->entry.words;
    const struct search_hit *hit = &answer.hits[0];
    double length = norm_length(view->segments[hit->segment]->norms[hit->document]);
    double df = DOCUMENTS / 8.0, n = DOCUMENTS;
    double expected = log(1 + (n - df + 0.5) / (df + 0.5)) * 1 /
                      (1 + 1.2 * (1 - 0.75 + 0.75 * length / (words / DOCUMENTS)));
    double score = hit->score / (double)(1u << answer.score_bits);
    cr_assert_float_eq(score, expected, 2e-6, "%f, expected %f", score, expected);
    search_answer_free(&answer);
    lupe_query_free(query);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* Postings and positions with random bytes changed: any answer or LUPE_CORRUPT, but nothing worse
 * (the sanitizers watch). */
Test(query_search, damaged_lists)
{
    lupe_index *index = build();
    struct view *view = view_of(index);
    struct support_random rnd = support_random_of(31);
    lupe_query *parsed[QUERIES];
    for (unsigned q = 0; q < QUERIES; q++)
        parsed[q] = parse(index, queries[q]);
    static const enum section_id sections[] = {SECTION_POSTINGS, SECTION_POSITIONS,
                                               SECTION_BOUNDARIES};
    unsigned refused = 0;
    for (unsigned round = 0; round < (test_full() ? 3000u : 250u); round++) {
        struct segment *segment = view->segments[0];
        struct section *section = &segment->sections[sections[round % 3]];
        const uint8_t *bytes = NULL;
        size_t left = 0;
        if (section->length == 0)
            continue;
        cr_assert_eq(section_at(section, 0, &bytes, &left), LUPE_OK);
        uint8_t *copy = memory_alloc(left + READ_PADDING_BYTES);
        cr_assert(copy);
        memcpy(copy, bytes, left);
        memset(copy + left, 0, READ_PADDING_BYTES);
        for (unsigned i = 0; i <= round % 4; i++)
            copy[support_random_below(&rnd, left)] = (uint8_t)support_random_next(&rnd);
        const uint8_t *kept = section->extents[0];
        section->extents[0] = copy;
        for (unsigned q = 0; q < QUERIES; q++) {
            struct search_request request = {
                .k = 10, .count_limit = LUPE_COUNT_EXACT, .k1 = 1.2, .b = 0.75};
            struct search_answer answer;
            lupe_status status = search_run(view, parsed[q], &request, &answer);
            cr_assert(status == LUPE_OK || status == LUPE_CORRUPT,
                      "seed %" PRIu64 ", round %u, %s: status %d", rnd.seed, round, queries[q],
                      status);
            refused += status == LUPE_CORRUPT;
            search_answer_free(&answer);
        }
        section->extents[0] = kept;
        memory_free(copy);
    }
    cr_assert_gt(refused, 50u, "damage is noticed now and then");
    for (unsigned q = 0; q < QUERIES; q++)
        lupe_query_free(parsed[q]);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* ------------------------------------------------------------------ parts of compounds */

/* An index of German texts, with an id each that is its number. */
static lupe_index *index_of_texts(const char *name, const char *const *texts, unsigned count)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    cr_assert_eq(lupe_index_create(support_path(name), NULL, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        lupe_value value = {
            .field = "text", .kind = LUPE_TEXT, .data = texts[i], .size = strlen(texts[i])};
        lupe_document document = {.id = id,
                                  .id_size = (size_t)snprintf(id, sizeof id, "%u", i),
                                  .values = &value,
                                  .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    return index;
}

/* More required clauses than a query may have words, one of which a document has as a part only. */
Test(query_search, a_part_among_very_many_required_clauses)
{
    enum { CLAUSES = 1300 };
    static const char *const texts[] = {"Haus mit Garten, Krankenversicherung", "Garten",
                                        "Garten der Versicherung", "Krankenversicherung"};
    static char text[32 + CLAUSES * 17];
    lupe_index *index = index_of_texts("clauses", texts, 4);
    struct view *view = view_of(index);
    struct search_request request = {
        .k = 10, .count_limit = LUPE_COUNT_EXACT, .k1 = 1.2, .b = 0.75};
    struct search_answer fast, slow;
    size_t size = (size_t)snprintf(text, sizeof text, "+Versicherung");
    for (unsigned i = 0; i < CLAUSES; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, " +(Haus Garten)");
    lupe_query *query = parse(index, text);
    cr_assert_eq(query->root->clause_count, CLAUSES + 1);
    cr_assert_eq(search_run(view, query, &request, &fast), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(search_run_naive(view, query, &request, &slow), LUPE_OK, "%s", lupe_last_error());
    cr_expect_eq(fast.total, 2);
    cr_expect_eq(slow.total, 2);
    for (size_t i = 0; i < 2; i++)
        cr_expect(fast.hits[i].document == slow.hits[i].document &&
                  fast.hits[i].score == slow.hits[i].score);
    search_answer_free(&fast);
    search_answer_free(&slow);
    lupe_query_free(query);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* Nouns and the compounds of neighbours among them; the last two are the 129th pair of the longer
 * query, which finds nothing by the compound. */
Test(query_search, neighbours_are_joined_up_to_a_limit)
{
    static const char *const texts[] = {"Krankenversicherung", "Lebensversicherung", "Krankenhaus",
                                        "Gartenhaus"};
    static char text[NEIGHBOURS_MAX * 16 + 64];
    static const char some[] = "bdfgklmpjnrtvwxz";
    double best[2];
    lupe_index *index = index_of_texts("neighbours", texts, 4);
    struct view *view = view_of(index);
    for (unsigned extra = 0; extra < 2; extra++) {
        struct search_request request = {
            .k = 10, .count_limit = LUPE_COUNT_EXACT, .k1 = 1.2, .b = 0.75};
        struct search_answer answer;
        size_t size = 0;
        for (unsigned i = 0; i + 1 < NEIGHBOURS_MAX + extra; i++)
            size += (size_t)snprintf(text + size, sizeof text - size, "Ol%cak%cip ", some[i / 16],
                                     some[i % 16]);
        snprintf(text + size, sizeof text - size, "Garten Haus");
        lupe_query *query = parse(index, text);
        cr_assert_eq(query->root->clause_count, NEIGHBOURS_MAX + 1 + extra, "%u %u",
                     query->root->clause_count, NEIGHBOURS_MAX + 1 + extra);
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK);
        cr_expect_eq(answer.total, 2, "both have Haus as a part");
        cr_expect_eq(answer.hits[0].document, 3u);
        best[extra] = ldexp(answer.hits[0].score, -answer.score_bits);
        search_answer_free(&answer);
        lupe_query_free(query);
    }
    cr_expect_gt(best[0], 1.5 * best[1], "%f with the compound, %f without", best[0], best[1]);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* What is looked at a second time may be long texts: each pair of words asks. */
Test(query_search, the_second_look_asks_whether_to_go_on)
{
    static const char *const texts[] = {"Haus und Garten der Stadt", "Stadt Garten Haus"};
    lupe_index *index = index_of_texts("second", texts, 2);
    struct view *view = view_of(index);
    unsigned asked[2] = {0, 0};
    for (unsigned i = 0; i < 2; i++) {
        struct search_request request = {.k = 10,
                                         .count_limit = LUPE_COUNT_EXACT,
                                         .k1 = 1.2,
                                         .b = 0.75,
                                         .user = &asked[i],
                                         .cancel = count_questions,
                                         .flags = i ? 0 : LUPE_SEARCH_WITHOUT_PROXIMITY};
        struct search_answer answer;
        lupe_query *query = parse(index, "Haus Garten Stadt");
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK);
        cr_expect_eq(answer.hit_count, (size_t)2);
        search_answer_free(&answer);
        lupe_query_free(query);
    }
    cr_expect_geq(asked[1], asked[0] + 2, "%u and %u times", asked[0], asked[1]);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}
