/* SPDX-License-Identifier: MIT
 *
 * test_result_snippet.c - which passage is shown, and how.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "query/parse.h"
#include "result/snippet.h"
#include "support.h"

/* A query, a document of title and text, and what makes a snippet of them. */
struct bench {
    struct schema *schema;
    lupe_query *query;
    struct matcher *matcher;
    struct stored_document document;
    lupe_value values[4];
    uint32_t fields[4];
    struct snippet_maker maker;
    lupe_snippet_options options;
};

static void bench_open(struct bench *bench, const char *query)
{
    static struct field fields[] = {
        {LUPE_TEXT, 0, 1, "title", ""},
        {LUPE_TEXT, 0, 1, "text", ""},
        {LUPE_STORED, 0, 1, "url", ""},
    };
    struct catalogue catalogue;

    memset(bench, 0, sizeof *bench);
    catalogue_init(&catalogue);
    memcpy(catalogue.language, "german", sizeof "german");
    catalogue.fields = fields;
    catalogue.field_count = 3;
    cr_assert_eq(schema_open(&catalogue, &bench->schema), LUPE_OK);
    cr_assert_eq(query_parse(bench->schema, query, strlen(query), 0, &bench->query), LUPE_OK);
    cr_assert_eq(matcher_open(bench->query, bench->schema, 0, &bench->matcher), LUPE_OK);
    bench->document.values = bench->values;
    bench->document.fields = bench->fields;
    bench->document.document.values = bench->values;
    bench->options = (lupe_snippet_options)LUPE_SNIPPET_OPTIONS_INIT;
    bench->options.before = "[";
    bench->options.after = "]";
}

static void bench_add_bytes(struct bench *bench, uint32_t field, const char *data, size_t size)
{
    static const char *const names[] = {"title", "text", "url"};
    size_t i = bench->document.document.value_count++;
    bench->fields[i] = field;
    bench->values[i] = (lupe_value){.field = names[field],
                                    .kind = field == 2 ? LUPE_STORED : LUPE_TEXT,
                                    .data = data,
                                    .size = size};
}

static void bench_add(struct bench *bench, uint32_t field, const char *text)
{
    bench_add_bytes(bench, field, text, strlen(text));
}

static const lupe_snippet *bench_make(struct bench *bench)
{
    cr_assert_eq(snippet_make(&bench->maker, bench->matcher, &bench->document, &bench->options),
                 LUPE_OK);
    const lupe_snippet *snippet = &bench->maker.snippet;
    cr_assert_eq(strlen(snippet->text), snippet->size);
    cr_assert(utf8_valid((const uint8_t *)snippet->text, snippet->size));
    return snippet;
}

static void bench_close(struct bench *bench)
{
    snippet_free(&bench->maker);
    matcher_close(bench->matcher);
    query_release(bench->query);
    schema_close(bench->schema);
    support_no_leaks();
}

/* The snippet of one text. */
static void expect_snippet(const char *query, const char *text, size_t length, const char *expected)
{
    struct bench bench;
    bench_open(&bench, query);
    bench_add(&bench, 1, text);
    bench.options.length = length;
    const lupe_snippet *snippet = bench_make(&bench);
    cr_expect_str_eq(snippet->text, expected, "%s: |%s|", query, snippet->text);
    bench_close(&bench);
}

Test(result_snippet, short_texts_are_shown_whole)
{
    expect_snippet("zug", "Ein Zug.", 200, "Ein [Zug].");
    expect_snippet("zug", "  Ein\n\n\tZug \xc2\xa0 fährt\r\n", 200, "Ein [Zug] fährt");
    expect_snippet("zug", "Nichts davon", 200, "Nichts davon");
    expect_snippet("zug", "", 200, "");
    expect_snippet("zug", "   ", 200, "");
    expect_snippet("\"kim jong-un\"", "Kim, Kim Jong-un, Jong-un", 200,
                   "Kim, [Kim] [Jong-un], Jong-un");
}

Test(result_snippet, long_texts_are_cut_between_words)
{
    static const char text[] =
        "Am Anfang steht vieles, was keiner sucht und niemand findet. Dann aber fährt "
        "der Zug nach Wladiwostok durch die weite Ebene, und keiner weiß, was danach "
        "noch alles kommen wird.";
    expect_snippet(
        "wladiwostok", text, 100,
        "… Dann aber fährt der Zug nach [Wladiwostok] durch die weite Ebene, und keiner weiß, was "
        "danach noch …");
    expect_snippet("anfang", text, 40, "Am [Anfang] steht vieles, was keiner sucht …");
    expect_snippet("kommen", text, 40, "… was danach noch alles [kommen] wird.");
    expect_snippet("fehlt", text, 40, "Am Anfang steht vieles, was keiner sucht …");
}

Test(result_snippet, the_passage_with_most_of_the_query_is_chosen)
{
    static const char text[] =
        "Ein Zug fährt, ein Zug hält, noch ein Zug und wieder ein Zug, nur Züge überall, so "
        "weit das Auge reicht und der Blick. Hier aber steht von einem Zug mit Munition etwas, "
        "das zu lesen ist. Und am Ende kommt ein Zug ohne alles, der nur noch fährt.";
    expect_snippet("zug munition", text, 60,
                   "… Hier aber steht von einem [Zug] mit [Munition] etwas, das zu …");
}

Test(result_snippet, titles_come_last)
{
    struct bench bench;

    bench_open(&bench, "zug");
    bench_add(&bench, 0, "Der Zug");
    bench_add(&bench, 1, "Es fährt ein Zug.");
    cr_expect_str_eq(bench_make(&bench)->text, "Es fährt ein [Zug].");
    bench_close(&bench);

    bench_open(&bench, "zug");
    bench_add(&bench, 0, "Der Zug");
    bench_add(&bench, 1, "Es fährt nichts.");
    cr_expect_str_eq(bench_make(&bench)->text, "Der [Zug]");
    bench_close(&bench);

    bench_open(&bench, "wagen");
    bench_add(&bench, 0, "Der Zug");
    bench_add(&bench, 2, "http://zug");
    bench_add(&bench, 1, "");
    bench_add(&bench, 1, "Es fährt nichts.");
    cr_expect_str_eq(bench_make(&bench)->text, "Es fährt nichts.");
    bench_close(&bench);

    bench_open(&bench, "wagen");
    bench_add(&bench, 0, "Der Zug");
    cr_expect_str_eq(bench_make(&bench)->text, "Der Zug");
    bench_close(&bench);

    bench_open(&bench, "wagen");
    bench_add(&bench, 2, "http://zug");
    cr_expect_str_eq(bench_make(&bench)->text, "");
    cr_expect_eq(bench.maker.snippet.highlight_count, 0u);
    bench_close(&bench);
}

Test(result_snippet, the_best_of_several_values)
{
    struct bench bench;

    bench_open(&bench, "zug munition");
    bench_add(&bench, 1, "Ein Zug.");
    bench_add(&bench, 1, "Ein Zug mit Munition.");
    bench_add(&bench, 1, "Munition.");
    cr_expect_str_eq(bench_make(&bench)->text, "Ein [Zug] mit [Munition].");
    bench_close(&bench);
}

Test(result_snippet, markup_is_escaped_outside_marks)
{
    struct bench bench;

    bench_open(&bench, "zug");
    bench_add(&bench, 1, "<b>Zug</b> & \"Wagen\"");
    bench.options.before = "<mark>";
    bench.options.after = "</mark>";
    bench.options.escape_html = true;
    cr_expect_str_eq(bench_make(&bench)->text,
                     "&lt;b&gt;<mark>Zug</mark>&lt;/b&gt; &amp; \"Wagen\"");
    bench.options.escape_html = false;
    cr_expect_str_eq(bench_make(&bench)->text, "<b><mark>Zug</mark></b> & \"Wagen\"");
    bench.options.before = NULL;
    bench.options.after = NULL;
    cr_expect_str_eq(bench_make(&bench)->text, "<b>Zug</b> & \"Wagen\"");
    bench_close(&bench);
}

Test(result_snippet, highlights_are_places_in_the_snippet)
{
    struct bench bench;

    bench_open(&bench, "zug haus");
    bench_add(&bench, 1, "Ä   Zug\n\nund Haus");
    const lupe_snippet *snippet = bench_make(&bench);
    cr_assert_str_eq(snippet->text, "Ä [Zug] und [Haus]");
    cr_assert_eq(snippet->highlight_count, 2u);
    cr_expect_eq(memcmp(snippet->text + snippet->highlights[0].start, "[Zug]", 5), 0);
    cr_expect_eq(snippet->highlights[0].end - snippet->highlights[0].start, 5u);
    cr_expect_eq(memcmp(snippet->text + snippet->highlights[1].start, "[Haus]", 6), 0);
    bench.options.before = NULL;
    bench.options.after = NULL;
    snippet = bench_make(&bench);
    cr_assert_str_eq(snippet->text, "Ä Zug und Haus");
    cr_assert_eq(snippet->highlight_count, 2u);
    cr_expect_eq(memcmp(snippet->text + snippet->highlights[1].start, "Haus", 4), 0);
    cr_expect_eq(snippet->highlights[1].end, snippet->size);
    bench_close(&bench);
}

Test(result_snippet, broken_bytes_are_replaced)
{
    expect_snippet("zug", "\xff Zug\xc3 \x80", 200, "\xef\xbf\xbd [Zug]\xef\xbf\xbd \xef\xbf\xbd");
}

/* Deep in a text of many megabytes the first match is still found, up to the limit. */
Test(result_snippet, long_texts)
{
    size_t size = SNIPPET_LIMIT_BYTES + 4096;
    char *text = malloc(size);
    struct bench bench;

    for (size_t i = 0; i < size; i++)
        text[i] = i % 8 == 7 ? ' ' : 'x';
    bench_open(&bench, "zug");
    memcpy(text + 8 * 1000000, "Zug yyy", 7);
    bench_add_bytes(&bench, 1, text, size);
    cr_assert_not_null(strstr(bench_make(&bench)->text, "[Zug] yyy"));
    memset(text + 8 * 1000000, 'x', 7);
    memcpy(text + SNIPPET_LIMIT_BYTES + 1024, "Zug yyy", 7);
    cr_assert_null(strstr(bench_make(&bench)->text, "Zug"));
    free(text);
    bench_close(&bench);
}

/* Texts without any place to cut. */
Test(result_snippet, words_without_end)
{
    char text[4001];
    struct bench bench;

    for (size_t i = 0; i < 4000; i += 2)
        memcpy(text + i, "ä", 2);
    text[4000] = '\0';
    bench_open(&bench, "zug");
    bench_add(&bench, 1, text);
    cr_assert_leq(bench_make(&bench)->size, 210u);
    bench_close(&bench);
    bench_open(&bench, "zug");
    memcpy(text + 2000, " Zug ", 5);
    memcpy(text + 2005, "x", 1);
    bench_add(&bench, 1, text);
    const lupe_snippet *snippet = bench_make(&bench);
    cr_assert_not_null(strstr(snippet->text, "[Zug]"));
    cr_assert_leq(snippet->size, 230u);
    bench_close(&bench);
}

Test(result_snippet, random_texts)
{
    static const char *const pieces[] = {"Zug",  "Haus ", " ",         "\n\n",  ". ",
                                         "ä",    "\xff",  "\xc3",      "wort ", "jong-un ",
                                         "🙂", "<",     "xxxxxxxxxx"};
    struct support_random random = support_random_of(31);

    for (size_t i = 0; i < 3000; i++) {
        char text[1024];
        size_t size = 0;
        struct bench bench;
        bench_open(&bench, "zug \"haus wort\" jong-un");
        for (size_t p = support_random_below(&random, 80); p > 0; p--) {
            const char *piece =
                pieces[support_random_below(&random, sizeof pieces / sizeof *pieces)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        char *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        bench_add_bytes(&bench, 1, exact, size);
        bench.options.length = SNIPPET_LENGTH_MIN + support_random_below(&random, 200);
        bench.options.escape_html = i % 2;
        const lupe_snippet *snippet = bench_make(&bench);
        for (size_t h = 0; h < snippet->highlight_count; h++) {
            lupe_span span = snippet->highlights[h];
            cr_assert(span.end <= snippet->size && span.start + 2 < span.end &&
                          snippet->text[span.start] == '[' && snippet->text[span.end - 1] == ']',
                      "seed %" PRIu64 " text %zu: %s", random.seed, i, snippet->text);
        }
        cr_assert_null(strstr(snippet->text, "  "));
        free(exact);
        bench_close(&bench);
    }
}

/* ---- records */

static lupe_status record_parse(struct stored_document *stored, const void *bytes, size_t size)
{
    static struct field fields[] = {{LUPE_TEXT, 0, 1, "title", ""}, {LUPE_TEXT, 0, 1, "text", ""}};
    static struct catalogue catalogue = {.fields = fields, .field_count = 2};
    return document_parse(stored, &catalogue, bytes, size);
}

Test(result_document, records_are_read)
{
    static const uint8_t record[] = {2, 0, 1, 3, 'Z', 'u', 'g', 1, 1, 0};
    struct stored_document stored = {0};

    cr_assert_eq(record_parse(&stored, record, sizeof record), LUPE_OK);
    cr_assert_eq(stored.document.value_count, 2u);
    cr_expect_str_eq(stored.document.values[0].field, "title");
    cr_expect_eq(stored.document.values[0].size, 3u);
    cr_expect_eq(memcmp(stored.document.values[0].data, "Zug", 3), 0);
    cr_expect_str_eq(stored.document.values[1].field, "text");
    cr_expect_eq(stored.document.values[1].size, 0u);
    cr_assert_eq(record_parse(&stored, record, 0), LUPE_OK);
    cr_expect_eq(stored.document.value_count, 0u);
    document_free(&stored);
    support_no_leaks();
}

Test(result_document, damaged_records_are_refused)
{
    static const uint8_t record[] = {2, 0, 1, 3, 'Z', 'u', 'g', 1, 1, 0};
    static const struct {
        uint8_t at;
        uint8_t byte;
    } damages[] = {{0, 1}, {0, 3}, {0, 200}, {1, 2},   {2, 0},
                   {2, 7}, {3, 2}, {3, 4},   {3, 255}, {9, 1}};
    struct stored_document stored = {0};

    for (size_t size = 1; size < sizeof record; size++)
        cr_expect_eq(record_parse(&stored, record, size), LUPE_CORRUPT, "%zu bytes", size);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        uint8_t damaged[sizeof record];
        memcpy(damaged, record, sizeof record);
        damaged[damages[i].at] = damages[i].byte;
        cr_expect_eq(record_parse(&stored, damaged, sizeof damaged), LUPE_CORRUPT, "damage %zu", i);
    }
    document_free(&stored);
    support_no_leaks();
}
