/* SPDX-License-Identifier: MIT
 *
 * What lupe-bench computes before it measures: invented text, queries, shapes of an index,
 * histograms, derived documents. Nothing here measures time.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/bench.h"
#include "../bench/derive.h"
#include "../bench/generate.h"
#include "../bench/histogram.h"
#include "../bench/queries.h"
#include "../bench/shape.h"
#include "../bench/sizes.h"
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

/* ------------------------------------------------------------------ histograms */

Test(bench_histogram, shares_are_right_up_to_the_width_of_a_range)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);
    cr_assert_eq(histogram_permille(histogram, 990), 0u);
    for (uint64_t value = 1; value <= 1000000; value += 7)
        histogram_add(histogram, value);
    static const unsigned permilles[] = {1, 10, 500, 900, 990, 999};
    for (size_t i = 0; i < LENGTH(permilles); i++) {
        uint64_t right = permilles[i] * 1000;
        uint64_t got = histogram_permille(histogram, permilles[i]);
        cr_assert_geq(got + 7, right, "%u", permilles[i]);
        cr_assert_leq(got, right + right / HISTOGRAM_STEPS + 7, "%u", permilles[i]);
    }
    cr_assert_eq(histogram_permille(histogram, 1000), histogram->worst);
    free(histogram);
}

Test(bench_histogram, every_value_has_its_range)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int beside = -1; beside <= 1; beside++) {
            uint64_t value = ((uint64_t)1 << bit) + (uint64_t)beside;
            memset(histogram, 0, sizeof *histogram);
            histogram_add(histogram, value);
            histogram_add(histogram, UINT64_MAX);
            uint64_t end = histogram_permille(histogram, 500);
            cr_assert_geq(end, value);
            cr_assert_leq(end - value, value / HISTOGRAM_STEPS);
        }
    }
    free(histogram);
}

Test(bench_histogram, joined_ones_count_together)
{
    struct histogram *left = calloc(1, sizeof *left);
    struct histogram *right = calloc(1, sizeof *right);
    for (unsigned i = 0; i < 10; i++) {
        histogram_add(left, 10);
        histogram_add(right, 90);
    }
    histogram_join(left, right);
    cr_assert_eq(left->count, 20u);
    cr_assert_eq(left->worst, 90u);
    cr_assert_eq(histogram_permille(left, 500), 10u);
    cr_assert_eq(histogram_permille(left, 501), 90u);
    free(left);
    free(right);
}

/* ------------------------------------------------------------------ derived documents */

static struct deriver *deriver_of(uint64_t seed, size_t bytes_max, unsigned texts)
{
    struct deriver *deriver = deriver_open(seed, bytes_max);
    struct generator *generator = generator_open(1, 60);
    for (unsigned i = 0; i < texts; i++) {
        const struct generated *document = generator_next(generator);
        deriver_add(deriver, document->text, document->text_size);
    }
    generator_close(generator);
    return deriver;
}

Test(bench_derive, a_number_gives_the_same_document)
{
    struct deriver *left = deriver_of(3, 1u << 20, 100);
    struct deriver *right = deriver_of(3, 1u << 20, 100);
    size_t different = 0;
    for (uint64_t i = 0; i < 50; i++) {
        const struct generated *b = deriver_document(right, i);
        char first[256];
        size_t size = b->text_size < sizeof first ? b->text_size : sizeof first;
        memcpy(first, b->text, size);
        const struct generated *other = deriver_document(right, i + 1000);
        different += other->text_size < size || memcmp(other->text, first, size) != 0;
        const struct generated *a = deriver_document(left, i);
        cr_assert_geq(a->text_size, size);
        cr_assert_eq(memcmp(a->text, first, size), 0);
        cr_assert_gt(a->title_size, (size_t)0);
    }
    cr_assert_eq(different, (size_t)50);
    deriver_close(left);
    deriver_close(right);
}

Test(bench_derive, words_are_those_of_the_corpus)
{
    static const char *const texts[] = {"eins zwei drei vier", "rot blau gelb", "Berg, Tal."};
    struct deriver *deriver = deriver_open(3, 4096);
    for (size_t i = 0; i < LENGTH(texts); i++)
        deriver_add(deriver, texts[i], strlen(texts[i]));
    size_t words = 0;
    size_t joined = 0;
    for (uint64_t i = 0; i < 500; i++) {
        const struct generated *document = deriver_document(deriver, i);
        char *text = strndup(document->text, document->text_size);
        for (char *word = text; *word; word += strspn(word, " ")) {
            size_t size = strcspn(word, " ");
            char piece[128];
            cr_assert_lt(size, sizeof piece);
            memcpy(piece, word, size);
            piece[size] = '\0';
            bool found = false;
            for (size_t j = 0; j < LENGTH(texts); j++)
                found |= strstr(texts[j], piece) != NULL;
            joined += !found;
            words++;
            word += size;
        }
        free(text);
    }
    cr_assert_gt(words, (size_t)1000);
    cr_assert_gt(joined, (size_t)0);
    cr_assert_lt(joined, words / 50);
    deriver_close(deriver);
}

Test(bench_derive, the_sample_stays_within_its_bytes)
{
    struct deriver *deriver = deriver_of(3, 20000, 2000);
    const struct generated *document = deriver_document(deriver, 1);
    cr_assert_not_null(document);
    cr_assert_gt(document->text_size, (size_t)0);
    deriver_close(deriver);
    deriver = deriver_open(3, 10);
    deriver_add(deriver, "laenger als zehn", 16);
    cr_assert_null(deriver_document(deriver, 1));
    deriver_close(deriver);
}

/* ------------------------------------------------------------------ sizes */

Test(bench_sizes, lists_add_up_to_their_sections)
{
    struct building_options options = {.analysis = LUPE_ANALYSIS_STANDARD, .store = true};
    struct building building;
    struct generator *generator = generator_open(1, DOCUMENT_WORDS_MEDIAN);
    struct sizes *sizes = calloc(1, sizeof *sizes);
    cr_assert_eq(building_open(&building, support_directory(), "sizes.lupe", &options), 0);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        const struct generated *document = generator_next(generator);
        cr_assert_eq(put_document(building.writer, document->id, document->id_size, document->title,
                                  document->title_size, document->text, document->text_size),
                     LUPE_OK);
        if (i % 1000 == 999)
            cr_assert_eq(lupe_writer_commit(building.writer), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(building.writer), LUPE_OK);
    lupe_statistics statistics;
    cr_assert_eq(building_statistics(&building, &statistics), 0);
    cr_assert_eq(sizes_read(sizes, building.path), 0);

    struct list_sizes all = {0};
    for (uint32_t i = 0; i < SIZES_LISTS; i++) {
        all.terms += sizes->lists[i].terms;
        all.dictionary += sizes->lists[i].dictionary;
        all.documents += sizes->lists[i].documents;
        all.positions += sizes->lists[i].positions;
    }
    cr_assert_eq(all.terms, statistics.terms);
    cr_assert_eq(all.dictionary, sizes->sections[SECTION_DICTIONARY]);
    cr_assert_eq(all.documents, sizes->sections[SECTION_POSTINGS]);
    cr_assert_eq(all.positions, sizes->sections[SECTION_POSITIONS]);
    cr_assert_gt(all.documents, 0u);
    cr_assert_eq(sizes->lists[LIST_IDS].terms, (uint64_t)DOCUMENTS);
    cr_assert_eq(sizes->documents, (uint64_t)DOCUMENTS);
    cr_assert_eq(sizes->segments, (uint32_t)statistics.segments);
    cr_assert_gt(sizes->sections[SECTION_STORED], 0u);

    sizes_free(sizes);
    free(sizes);
    generator_close(generator);
    building_close(&building);
    support_no_leaks();
}

Test(bench_shape, an_index_is_made_as_asked_for)
{
    const char *path = support_path("lines.jsonl");
    FILE *file = fopen(path, "w");
    for (unsigned i = 0; i < DOCUMENTS; i++)
        fprintf(file, "{\"id\":\"%u\",\"text\":\"wort %u und wort %u\"}\n", i, i, i / 7);
    cr_assert_eq(fclose(file), 0);
    char directory[PATH_SIZE];
    cr_assert(join_path(directory, support_directory(), "shape"));
    char *arguments[] = {(char *)path, directory, "--segments", "6", "--delete", "5"};
    cr_redirect_stderr();
    cr_assert_eq(command_index(LENGTH(arguments), arguments), 0);
    char index[PATH_SIZE];
    cr_assert(join_path(index, directory, "index.lupe"));
    struct sizes *sizes = calloc(1, sizeof *sizes);
    cr_assert_eq(sizes_read(sizes, index), 0);
    cr_assert_eq(sizes->segments, 6u);
    cr_assert_eq(sizes->documents, (uint64_t)DOCUMENTS);
    cr_assert_geq(sizes->deleted, (uint64_t)DOCUMENTS * 3 / 100);
    cr_assert_leq(sizes->deleted, (uint64_t)DOCUMENTS * 7 / 100);
    sizes_free(sizes);
    free(sizes);
    support_no_leaks();
}
