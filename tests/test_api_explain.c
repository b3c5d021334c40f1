/* SPDX-License-Identifier: MIT
 *
 * test_api_explain.c - how scores came about: a table of queries with what is told of their first
 * hit, that it adds up, failing memory. (test_query_model.c has random queries.)
 *
 * The table is tests/data/queries/explained.txt: `query  =>  id  =>  explanation`, the explanation
 * as kind:text field:name [parts], numbers left out but for counts and weights of sources; the
 * weights of compounds and nearness are a matter of tuning, and left out, too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "lupe.h"
#include "support.h"

#define ARROW "  =>  "

static const char *const documents[][3] = {
    {"Stadt", "Die Regierungserklärung betrifft die Stadt.", "amt"},
    {"", "Die Regierung gibt eine Erklärung, und noch eine Erklärung.", "amt"},
    {"", "Kim Jong-un trifft einen Besucher.", "welt"},
    {"", "Der Besucher wohnt auf der Insel vor der Stadt.", "welt"},
    {"Insel", "Die Inselbahn fährt.", "welt"},
    {"", "Das Wasser der Stadtwerke kommt aus dem Wasserwerk.", "amt"},
    {"", "Wer hier wohnt, hat einen Garten.", ""},
};
enum { DOCUMENTS = sizeof documents / sizeof *documents };

struct asked {
    lupe_index *index;
    lupe_snapshot *snapshot;
};

static void asked_open(struct asked *asked)
{
    static const lupe_field fields[] = {{.name = "title", .kind = LUPE_TEXT, .weight = 3},
                                        {.name = "text", .kind = LUPE_TEXT},
                                        {.name = "tag", .kind = LUPE_KEYWORD}};
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_writer *writer;
    create.fields = fields;
    create.field_count = 3;
    cr_assert_eq(lupe_index_create(support_path("e"), &create, NULL, &asked->index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(asked->index, NULL, &writer), LUPE_OK);
    for (unsigned d = 0; d < DOCUMENTS; d++) {
        lupe_value values[3];
        for (unsigned i = 0; i < 3; i++)
            values[i] = (lupe_value){.field = fields[i].name,
                                     .kind = fields[i].kind,
                                     .data = documents[d][i],
                                     .size = strlen(documents[d][i])};
        char id = (char)('a' + d);
        lupe_document document = {.id = &id, .id_size = 1, .values = values, .value_count = 3};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
        if (d == 4)
            cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    cr_assert_eq(lupe_snapshot_open(asked->index, &asked->snapshot), LUPE_OK);
}

static void asked_close(struct asked *asked)
{
    lupe_snapshot_close(asked->snapshot);
    lupe_index_close(asked->index);
    support_no_leaks();
}

static lupe_results *search(const struct asked *asked, const char *text, uint32_t offset)
{
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_query *query;
    lupe_results *results;
    options.offset = offset;
    cr_assert_eq(lupe_query_parse(asked->index, text, strlen(text), NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(asked->snapshot, query, &options, &results), LUPE_OK, "%s",
                 lupe_last_error());
    lupe_query_free(query);
    return results;
}

static void tell(struct buffer *out, const lupe_explanation *part)
{
    char number[64];
    buffer_add(out, part->name, strlen(part->name));
    if (part->text_size) {
        buffer_add_u8(out, ':');
        buffer_add(out, part->text, part->text_size);
    }
    cr_assert_eq(part->text[part->text_size], '\0');
    if (part->field) {
        buffer_add(out, " field:", 7);
        buffer_add(out, part->field, strlen(part->field));
    }
    if (part->count > 0) {
        bool is_tuned = part->kind == LUPE_EXPLAIN_NEAR || part->kind == LUPE_EXPLAIN_READING ||
                        part->kind == LUPE_EXPLAIN_PARTS;
        int size = snprintf(number, sizeof number, " %g*%g", part->count, part->weight);
        if (!is_tuned)
            buffer_add(out, number, (size_t)size);
    }
    for (size_t i = 0; i < part->part_count; i++) {
        buffer_add(out, i ? ", " : " [", 2);
        tell(out, part->parts[i]);
    }
    if (part->part_count)
        buffer_add_u8(out, ']');
}

static void line_check(const struct asked *asked, const char *text, const char *id,
                       const char *expected)
{
    struct buffer told = BUFFER_INIT(0);
    const lupe_explanation *explanation;
    const lupe_hit *hit;
    lupe_results *results = search(asked, text, 0);
    cr_assert_gt(lupe_results_count(results), 0u, "%s", text);
    cr_assert_eq(lupe_results_hit(results, 0, &hit), LUPE_OK);
    cr_expect_str_eq(hit->id, id, "%s: %s", text, hit->id);
    cr_assert_eq(lupe_results_explain(results, 0, &explanation), LUPE_OK, "%s", lupe_last_error());
    cr_expect_eq(explanation->score, hit->score, "%s", text);
    tell(&told, explanation);
    buffer_add_u8(&told, '\0');
    cr_expect_str_eq((const char *)told.data, expected, "%s\n  %s", text, (const char *)told.data);
    buffer_free(&told);
    lupe_results_free(results);
}

Test(api_explain, queries_of_the_table)
{
    struct asked asked;
    char line[1024];
    unsigned lines = 0;
    asked_open(&asked);
    FILE *file = fopen("tests/data/queries/explained.txt", "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        char *id = strstr(line, ARROW);
        char *told = id ? strstr(id + strlen(ARROW), ARROW) : NULL;
        cr_assert_not_null(told, "%s", line);
        *id = *told = '\0';
        line_check(&asked, line, id + strlen(ARROW), told + strlen(ARROW));
        lines++;
    }
    fclose(file);
    cr_expect_geq(lines, 15u);
    asked_close(&asked);
}

Test(api_explain, numbers_of_a_word)
{
    struct asked asked;
    const lupe_explanation *explanation;
    asked_open(&asked);
    lupe_results *results = search(&asked, "Stadt^2", 0);
    cr_assert_eq(lupe_results_explain(results, 0, &explanation), LUPE_OK, "%s", lupe_last_error());
    cr_expect_eq(explanation->documents, (uint64_t)DOCUMENTS);
    cr_expect_eq(explanation->share_bits, 20);
    cr_expect_eq(explanation->length, 6);
    cr_expect_eq(explanation->part_count, 1u);
    const lupe_explanation *word = explanation->parts[0];
    cr_expect_eq(word->documents, 2u);
    cr_expect_float_eq(word->idf, 1.163151, 1e-6); /* ln(1 + 5.5 / 2.5) */
    cr_expect_eq(word->factor, 2);
    cr_expect_float_eq(word->gain, 2 * word->idf, 1e-12);
    cr_expect_eq(word->x, 4); /* 2 places, and 1 of them in a field with weight 3 */
    cr_expect_float_eq(explanation->norm, 1.2 * (0.25 + 0.75 * 6 / explanation->length_average),
                       1e-6);
    cr_expect_float_eq(word->score, word->gain * 4 / (4 + explanation->norm), 1e-6);
    lupe_results_free(results);
    asked_close(&asked);
}

/* Each page explains its own hits, and a later call replaces what an earlier one gave. */
Test(api_explain, every_hit)
{
    struct asked asked;
    const lupe_explanation *explanation;
    const lupe_hit *hit;
    asked_open(&asked);
    for (uint32_t offset = 0; offset < 3; offset++) {
        lupe_results *results = search(&asked, "Stadt wohnt Besucher Regierung", offset);
        for (size_t i = 0; i < lupe_results_count(results); i++) {
            cr_assert_eq(lupe_results_hit(results, i, &hit), LUPE_OK);
            cr_assert_eq(lupe_results_explain(results, i, &explanation), LUPE_OK);
            cr_expect_eq(explanation->score, hit->score);
        }
        cr_expect_geq(lupe_results_count(results), 2u);
        lupe_results_free(results);
    }
    asked_close(&asked);
}

Test(api_explain, what_is_wrong)
{
    struct asked asked;
    const lupe_explanation *explanation;
    asked_open(&asked);
    lupe_results *results = search(&asked, "Stadt", 0);
    explanation = (const lupe_explanation *)&asked;
    cr_expect_eq(lupe_results_explain(results, lupe_results_count(results), &explanation),
                 LUPE_INVALID);
    cr_expect_null(explanation);
    cr_expect_eq(lupe_results_explain(results, 0, NULL), LUPE_INVALID);
    cr_expect_eq(lupe_results_explain(NULL, 0, &explanation), LUPE_INVALID);
    lupe_results_free(results);
    asked_close(&asked);
}

Test(api_explain, memory_runs_out)
{
    struct asked asked;
    support_fail_allocation(0); /* the hook is set while nothing is allocated */
    asked_open(&asked);
    for (size_t n = 1, failed = 1; failed; n++) {
        const lupe_explanation *explanation = NULL;
        lupe_results *results = search(&asked, "\"der Insel\" Regierungserklärung Besucher", 0);
        support_fail_allocation(n);
        lupe_status status = lupe_results_explain(results, 0, &explanation);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %s", n,
                     lupe_last_error());
        cr_assert_eq(failed, explanation == NULL);
        lupe_results_free(results);
    }
    asked_close(&asked);
}
