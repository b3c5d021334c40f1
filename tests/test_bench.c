/* SPDX-License-Identifier: MIT
 *
 * What lupe-bench computes before it measures: invented text, queries, shapes of an index,
 * histograms, derived documents. Nothing here measures time.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "../bench/bench.h"
#include "../bench/generate.h"
#include "../bench/queries.h"
#include "../bench/shape.h"
#include "support.h"

#define DOCUMENTS 1500u
#define PER_CLASS 10u

/* main.c is not linked. */
int usage_fail(void)
{
    return 2;
}

/* ------------------------------------------------------------------ invented text */

Test(bench_generate, same_seed_gives_the_same_text)
{
    struct generator *left = generator_open(5, DOCUMENT_WORDS_MEDIAN);
    struct generator *right = generator_open(5, DOCUMENT_WORDS_MEDIAN);
    struct generator *other = generator_open(6, DOCUMENT_WORDS_MEDIAN);
    size_t different = 0;
    for (int i = 0; i < 50; i++) {
        const struct generated *a = generator_next(left);
        const struct generated *b = generator_next(right);
        const struct generated *c = generator_next(other);
        cr_assert_eq(a->text_size, b->text_size);
        cr_assert_eq(memcmp(a->text, b->text, a->text_size), 0);
        cr_assert_eq(memcmp(a->id, b->id, a->id_size), 0);
        different += a->text_size != c->text_size || memcmp(a->text, c->text, a->text_size) != 0;
    }
    cr_assert_eq(different, (size_t)50);
    generator_close(left);
    generator_close(right);
    generator_close(other);
}

Test(bench_generate, a_number_gives_its_document_again)
{
    struct generator *generator = generator_open(5, 30);
    char first[4096];
    generator_restart(generator, 17);
    const struct generated *document = generator_next(generator);
    size_t size = document->text_size < sizeof first ? document->text_size : sizeof first;
    memcpy(first, document->text, size);
    for (int i = 0; i < 10; i++)
        cr_assert_not_null(generator_next(generator));
    generator_restart(generator, 17);
    document = generator_next(generator);
    cr_assert_geq(document->text_size, size);
    cr_assert_eq(memcmp(document->text, first, size), 0);
    generator_close(generator);
}

/* ------------------------------------------------------------------ queries */

static struct queries *queries_of(uint64_t seed)
{
    struct generator *generator = generator_open(1, DOCUMENT_WORDS_MEDIAN);
    struct query_maker *maker = query_maker_open(seed);
    struct queries *queries = calloc(1, sizeof *queries);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        const struct generated *document = generator_next(generator);
        query_maker_add(maker, document->title, document->title_size, document->text,
                        document->text_size);
    }
    cr_assert_eq(query_maker_make(maker, PER_CLASS, queries), 0);
    query_maker_close(maker);
    generator_close(generator);
    return queries;
}

Test(bench_queries, all_classes_are_filled_without_repeating)
{
    struct queries *queries = queries_of(3);
    for (int kind = 0; kind < QUERY_CLASSES; kind++) {
        cr_assert_eq(queries->count[kind], PER_CLASS, "%s has %u",
                     query_class_name((enum query_class)kind), queries->count[kind]);
        for (unsigned i = 0; i < PER_CLASS; i++)
            for (unsigned j = 0; j < i; j++)
                cr_assert_neq(strcmp(queries->text[kind][i], queries->text[kind][j]), 0);
    }
    free(queries);
}

Test(bench_queries, same_seed_gives_the_same_queries)
{
    struct queries *left = queries_of(3);
    struct queries *right = queries_of(3);
    struct queries *other = queries_of(4);
    cr_assert_eq(memcmp(left, right, sizeof *left), 0);
    cr_assert_neq(memcmp(left, other, sizeof *left), 0);
    free(left);
    free(right);
    free(other);
}

/* Blanks between the words of a query. */
static unsigned blanks(const char *query)
{
    unsigned count = 0;
    for (; *query; query++)
        count += *query == ' ';
    return count;
}

Test(bench_queries, classes_have_their_form)
{
    static const struct {
        enum query_class kind;
        const char *begin; /* any of these */
        const char *inside;
        unsigned blanks_min;
        unsigned blanks_max;
    } forms[] = {
        {QUERY_TERM_RARE, NULL, "", 0, 0},           {QUERY_INTERSECTION_2, "+", " +", 1, 1},
        {QUERY_INTERSECTION_3PLUS, "+", " +", 2, 3}, {QUERY_UNION_2, NULL, " ", 1, 1},
        {QUERY_UNION_3_6, NULL, " ", 2, 5},          {QUERY_UNION_QUESTION, NULL, " ", 4, 6},
        {QUERY_PHRASE_2, "\"", " ", 1, 1},           {QUERY_PHRASE_3PLUS, "\"", " ", 2, 4},
        {QUERY_NEGATION, NULL, " -", 1, 1},          {QUERY_MIXED, "+", " ", 2, 2},
    };
    struct queries *queries = queries_of(3);
    for (size_t i = 0; i < LENGTH(forms); i++) {
        for (unsigned j = 0; j < queries->count[forms[i].kind]; j++) {
            const char *query = queries->text[forms[i].kind][j];
            cr_assert(!forms[i].begin || strncmp(query, forms[i].begin, 1) == 0, "%s", query);
            cr_assert_not_null(strstr(query, forms[i].inside), "%s", query);
            cr_assert_geq(blanks(query), forms[i].blanks_min, "%s", query);
            cr_assert_leq(blanks(query), forms[i].blanks_max, "%s", query);
        }
    }
    free(queries);
}

Test(bench_queries, words_come_as_often_as_their_class_says)
{
    static const char common[] = "immer wieder sonst";
    struct query_maker *maker = query_maker_open(1);
    struct queries *queries = calloc(1, sizeof *queries);
    for (unsigned i = 0; i < 10000; i++) {
        char text[128];
        int size = snprintf(text, sizeof text, "%s%s%s", i % 2 ? common : "gar nichts",
                            i % 100 == 0 ? " selten" : "", i < 5 ? " einmalig" : "");
        query_maker_add(maker, "", 0, text, (size_t)size);
    }
    cr_assert_eq(query_maker_make(maker, PER_CLASS, queries), 0);
    cr_assert_eq(queries->count[QUERY_TERM_RARE], 1u);
    cr_assert_str_eq(queries->text[QUERY_TERM_RARE][0], "einmalig");
    cr_assert_eq(queries->count[QUERY_TERM_MEDIUM], 1u);
    cr_assert_str_eq(queries->text[QUERY_TERM_MEDIUM][0], "selten");
    cr_assert_eq(queries->count[QUERY_TERM_FREQUENT], 5u);
    query_maker_close(maker);
    free(queries);
}

/* ------------------------------------------------------------------ shapes */

Test(bench_shape, segments_halve_and_end_with_the_last_document)
{
    cr_assert_eq(shape_end(1000, 1, 1), 1000u);
    for (uint64_t segments = 1; segments <= SHAPE_SEGMENTS_MAX; segments++) {
        uint64_t documents = 100003;
        uint64_t before = documents;
        for (uint64_t i = 0; i < segments; i++) {
            uint64_t size =
                shape_end(documents, segments, i + 1) - shape_end(documents, segments, i);
            cr_assert_gt(size, 0u);
            cr_assert_lt(size, before + (segments == 1));
            before = size;
        }
        cr_assert_eq(shape_end(documents, segments, 0), 0u);
        cr_assert_eq(shape_end(documents, segments, segments), documents);
    }
}

Test(bench_shape, the_share_of_deleted_documents_is_what_was_asked_for)
{
    for (uint64_t percent = 0; percent <= SHAPE_DELETE_PERCENT_MAX; percent += 5) {
        uint64_t deleted = 0;
        uint64_t neighbours = 0;
        for (uint64_t i = 0; i < 100000; i++) {
            deleted += shape_deletes(i, percent);
            neighbours += shape_deletes(i, percent) && shape_deletes(i + 1, percent);
        }
        cr_assert_geq(deleted, percent * 1000 * 95 / 100);
        cr_assert_leq(deleted, percent * 1000 * 105 / 100);
        cr_assert_leq(neighbours, 100000 * percent * percent / 10000 * 12 / 10,
                      "they are scattered");
    }
}
