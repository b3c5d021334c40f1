/* SPDX-License-Identifier: MIT
 *
 * test_query_expand.c - fuzzy words and corrections: a table of queries and what they become, what
 * the results tell of it, suggestions, failing memory.
 *
 * The table is tests/data/queries/expanded.txt: `query  =>  text`, the text that of the query made
 * for the documents below. # begins a comment; %all and %typed say how the lines that follow are
 * searched.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lupe_index.h"
#include "query/expand.h"
#include "support.h"
#include "text_cases.h"
#include "write_helpers.h"

#define ARROW "  =>  "

static const char *const documents[][3] = {
    {"Nachschub", "Die Regierung liefert Munition nach Wladiwostok.", ""},
    {"Grenze", "Die Regierungen haben die Grenzen geschlossen; Munition fehlt.", ""},
    {"Straße", "Fußgänger gehen über die Straße, Fahrräder stehen am Bahnhof.", "A quiet street"},
    {"Straßen", "Auf den Straßen liegt Schnee. Der Bahnhof ist zu.", "Snow and nobody walking"},
    {"Treffen", "Kim Jong-un trifft einen Besucher aus Freiheitsliebe.", "They were meeting"},
    {"Freiheit", "Freiheit und Gleichheit sind Begriffe der Politik.", "A history of liberty"},
    {"Zahlen", "Im Jahr 1989 kamen 2500 Besucher, 1990 noch mehr.", ""},
    {"Käse", "Wir essen Brot mit Käse, Wurst und Butter.", "Cheese is on the table"},
    {"Masse", "Die Masse der Besucher trug rote Kappen.", ""},
    {"Maus", "Die Maus frisst den Käse, die Katze die Maus.", ""},
};
enum { DOCUMENTS = sizeof documents / sizeof documents[0] };

struct built {
    unsigned per_commit; /* documents */
    lupe_analysis analysis;
    bool without_text;
};

static lupe_index *build(const struct built *how)
{
    static const char *const names[] = {"title", "text", "english"};
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    create.analysis = how->analysis;
    create.flags |= how->without_text ? LUPE_WITHOUT_STORED_TEXT : 0;
    remove(support_path("s"));
    cr_assert_eq(lupe_index_create(support_path("s"), &create, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    const lupe_field title = {"title", LUPE_TEXT, LUPE_FIELD_FAST, NULL, 2};
    const lupe_field english = {"english", LUPE_TEXT, 0, "english", 1};
    cr_assert_eq(lupe_writer_declare(writer, &title), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_writer_declare(writer, &english), LUPE_OK, "%s", lupe_last_error());
    for (unsigned d = 0; d < DOCUMENTS; d++) {
        lupe_value values[3];
        for (unsigned i = 0; i < 3; i++)
            values[i] = (lupe_value){.field = names[i],
                                     .kind = LUPE_TEXT,
                                     .data = documents[d][i],
                                     .size = strlen(documents[d][i])};
        char id[8];
        lupe_document document = {.id = id,
                                  .id_size = (size_t)snprintf(id, sizeof id, "%u", d),
                                  .values = values,
                                  .value_count = documents[d][2][0] ? 3 : 2};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
        if (d % how->per_commit == how->per_commit - 1 || d + 1 == DOCUMENTS)
            cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    }
    lupe_writer_close(writer);
    return index;
}

static lupe_query *parse(lupe_index *index, const char *text, uint32_t flags)
{
    lupe_query_options options = LUPE_QUERY_OPTIONS_INIT;
    lupe_query *query = NULL;
    options.flags = flags;
    cr_assert_eq(lupe_query_parse(index, text, strlen(text), &options, &query), LUPE_OK, "%s",
                 lupe_last_error());
    return query;
}

/* ---------------------------------------------------------------- the table */

static void line_check(lupe_index *index, struct view *view, struct schema *schema,
                       const char *text, const char *expected, uint32_t flags, bool correct)
{
    struct search_request search = {.k = 10, .k1 = 1.2, .b = 0.75};
    lupe_query *query = parse(index, text, flags);
    lupe_query *expanded = NULL;
    struct expand_request request = {view, query, &search, correct};
    bool wanted = false;
    cr_assert_eq(expand_wanted(&request, &wanted), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(expand_query(&request, schema, &expanded), LUPE_OK, "%s", lupe_last_error());
    cr_assert_str_eq(expanded->text, expected, "%s: %s", text, expanded->text);
    if (!wanted)
        cr_assert_str_eq(expanded->text, query->text, "%s was said to stay", text);
    lupe_query_free(query); /* the other holds it */
    struct search_answer answer;
    struct search_answer naive;
    cr_assert_eq(search_run(view, expanded, &search, &answer), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(search_run_naive(view, expanded, &search, &naive), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(answer.hit_count, naive.hit_count);
    for (size_t i = 0; i < answer.hit_count; i++)
        cr_assert_eq(answer.hits[i].score, naive.hits[i].score, "%s, hit %zu", text, i);
    search_answer_free(&answer);
    search_answer_free(&naive);
    lupe_query_free(expanded);
}

static void table_check(unsigned per_commit)
{
    lupe_index *index = build(&(struct built){per_commit, LUPE_ANALYSIS_STANDARD, false});
    char line[1024];
    uint32_t flags = 0;
    bool correct = true;
    size_t lines = 0;
    struct view *view = NULL;
    struct schema *schema = NULL;
    cr_assert_eq(view_open(index->store, &view), LUPE_OK);
    cr_assert_eq(schema_open(&view->catalogue, &schema), LUPE_OK);
    FILE *file = fopen("tests/data/queries/expanded.txt", "r");
    cr_assert_not_null(file);
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '%') {
            flags = strcmp(line, "%all") == 0 ? LUPE_QUERY_ALL : 0;
            correct = strcmp(line, "%typed") != 0;
            continue;
        }
        char *arrow = strstr(line, ARROW);
        if (line[0] == '#' || line[0] == '\0')
            continue;
        cr_assert_not_null(arrow, "line %u has no arrow", number);
        *arrow = '\0';
        line_check(index, view, schema, line, arrow + strlen(ARROW), flags, correct);
        lines++;
    }
    cr_assert_geq(lines, 30u);
    fclose(file);
    schema_close(schema);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

Test(query_expand, queries_of_the_table)
{
    table_check(DOCUMENTS);
}

Test(query_expand, queries_of_the_table_over_several_segments)
{
    table_check(2);
}

/* ---------------------------------------------------------------- what is told */

struct asked {
    lupe_index *index;
    lupe_snapshot *snapshot;
    lupe_query *query;
    lupe_results *results;
};

static void ask(const struct built *how, const char *text, uint32_t flags, struct asked *asked)
{
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    asked->index = build(how);
    options.flags = flags;
    cr_assert_eq(lupe_snapshot_open(asked->index, &asked->snapshot), LUPE_OK);
    asked->query = parse(asked->index, text, 0);
    cr_assert_eq(lupe_search(asked->snapshot, asked->query, &options, &asked->results), LUPE_OK,
                 "%s", lupe_last_error());
}

static void done(struct asked *asked)
{
    lupe_query_free(asked->query);
    lupe_results_free(asked->results);
    lupe_snapshot_close(asked->snapshot);
    lupe_index_close(asked->index);
}

static const struct built usual = {DOCUMENTS, LUPE_ANALYSIS_STANDARD, false};

static void check_correction(const struct asked *asked, size_t number, const char *typed,
                             const char *meant, uint64_t count, bool applied)
{
    const lupe_correction *correction = NULL;
    cr_assert_eq(lupe_results_correction(asked->results, number, &correction), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_str_eq(correction->typed, typed);
    cr_assert_eq(correction->typed_size, strlen(typed));
    cr_assert_str_eq(correction->meant, meant);
    cr_assert_eq(correction->meant_size, strlen(meant));
    cr_assert_eq(correction->documents, count);
    cr_assert_eq(correction->applied, applied);
}

Test(query_expand, results_tell_what_was_corrected)
{
    struct asked asked;
    ask(&usual, "Regieurngen Munitoin \"Bahnhfo\" 1998 Wladiwostok", 0, &asked);
    cr_assert_eq(lupe_results_correction_count(asked.results), 4u);
    check_correction(&asked, 0, "Regieurngen", "Regierungen", 2, true);
    check_correction(&asked, 1, "Munitoin", "Munition", 2, true);
    check_correction(&asked, 2, "Bahnhfo", "Bahnhof", 2, false);
    check_correction(&asked, 3, "1998", "1989", 1, false);
    const lupe_correction *correction = NULL, *again = NULL;
    cr_assert_eq(lupe_results_correction(asked.results, 4, &correction), LUPE_INVALID);
    cr_assert_null(correction);
    cr_assert_eq(lupe_results_correction(asked.results, 0, NULL), LUPE_INVALID);
    cr_assert_eq(lupe_results_correction(NULL, 0, &correction), LUPE_INVALID);
    cr_assert_eq(lupe_results_correction(asked.results, 1, &correction), LUPE_OK);
    cr_assert_eq(lupe_results_correction(asked.results, 1, &again), LUPE_OK);
    cr_assert_eq(correction, again);
    cr_assert_eq(lupe_results_total(asked.results, NULL), 2u);
    done(&asked);
    support_no_leaks();
}

Test(query_expand, what_was_corrected_is_marked)
{
    struct asked asked;
    const lupe_snippet *snippet = NULL;
    lupe_snippet_options how = LUPE_SNIPPET_OPTIONS_INIT;
    ask(&usual, "Munitoin", 0, &asked);
    how.before = "[";
    how.after = "]";
    cr_assert_eq(lupe_results_count(asked.results), 2u);
    cr_assert_eq(lupe_results_snippet(asked.results, 0, &how, &snippet), LUPE_OK);
    cr_assert_not_null(strstr(snippet->text, "[Munition]"), "%s", snippet->text);
    done(&asked);
    ask(&usual, "Munitoin~", LUPE_SEARCH_AS_TYPED, &asked);
    cr_assert_eq(lupe_results_count(asked.results), 2u);
    cr_assert_eq(lupe_results_snippet(asked.results, 0, &how, &snippet), LUPE_OK);
    cr_assert_not_null(strstr(snippet->text, "[Munition]"), "%s", snippet->text);
    cr_assert_eq(lupe_results_correction_count(asked.results), 0u);
    done(&asked);
    support_no_leaks();
}

Test(query_expand, what_is_typed_stays_where_that_is_wanted)
{
    struct asked asked;
    struct built bare = usual, plain = usual;
    bare.analysis = LUPE_ANALYSIS_BARE;
    plain.analysis = LUPE_ANALYSIS_PLAIN;
    ask(&usual, "Munitoin", LUPE_SEARCH_AS_TYPED, &asked);
    cr_assert_eq(lupe_results_total(asked.results, NULL), 0u);
    cr_assert_eq(lupe_results_correction_count(asked.results), 0u);
    done(&asked);
    ask(&bare, "Munitoin", 0, &asked);
    cr_assert_eq(lupe_results_total(asked.results, NULL), 0u);
    done(&asked);
    ask(&plain, "munitoin", 0, &asked);
    cr_assert_eq(lupe_results_total(asked.results, NULL), 0u);
    done(&asked);
    ask(&plain, "munitoin~ regierungan~", 0, &asked);
    cr_assert_eq(lupe_results_total(asked.results, NULL), 2u);
    done(&asked);
    support_no_leaks();
}

Test(query_expand, without_stored_text_the_folded_word_is_told)
{
    struct asked asked;
    struct built without = usual;
    without.without_text = true;
    ask(&without, "Regieurng Fusgängers", 0, &asked);
    check_correction(&asked, 0, "Regieurng", "regierung", 2, true);
    check_correction(&asked, 1, "Fusgängers", "fussgangers", 1, true);
    done(&asked);
    support_no_leaks();
}

Test(query_expand, options_that_are_wrong)
{
    struct asked asked;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_results *results = NULL;
    ask(&usual, "Munition", 0, &asked);
    options.flags = 1u << 30;
    cr_assert_eq(lupe_search(asked.snapshot, asked.query, &options, &results), LUPE_INVALID);
    done(&asked);
    cr_assert_eq(lupe_results_correction_count(NULL), 0u);
    support_no_leaks();
}

static bool stop(void *user)
{
    (void)user;
    return true;
}

Test(query_expand, a_search_can_be_cancelled_before_it_begins)
{
    struct asked asked;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_results *results = NULL;
    ask(&usual, "Munitoin", 0, &asked);
    options.cancel = stop;
    cr_assert_eq(lupe_search(asked.snapshot, asked.query, &options, &results), LUPE_CANCELLED);
    done(&asked);
    support_no_leaks();
}

/* ---------------------------------------------------------------- suggestions */

static void check_suggested(lupe_snapshot *snapshot, const char *word,
                            const lupe_suggest_options *options, const char *expected)
{
    lupe_suggestions *suggestions = NULL;
    char text[512] = "";
    size_t size = 0;
    cr_assert_eq(lupe_suggest(snapshot, word, strlen(word), options, &suggestions), LUPE_OK, "%s",
                 lupe_last_error());
    for (size_t i = 0; i < lupe_suggestions_count(suggestions); i++) {
        const lupe_suggestion *one = lupe_suggestions_item(suggestions, i);
        cr_assert_eq(one->size, strlen(one->word));
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%s:%u:%u", i ? " " : "",
                                 one->word, (unsigned)one->documents, one->edits);
    }
    cr_assert_str_eq(text, expected, "%s: %s", word, text);
    cr_assert_null(lupe_suggestions_item(suggestions, lupe_suggestions_count(suggestions)));
    lupe_suggestions_free(suggestions);
}

Test(query_expand, suggestions)
{
    lupe_suggest_options options = LUPE_SUGGEST_OPTIONS_INIT;
    lupe_suggestions *suggestions = NULL;
    lupe_snapshot *snapshot = NULL;
    lupe_index *index = build(&(struct built){3, LUPE_ANALYSIS_STANDARD, false});
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    check_suggested(snapshot, "Munitoin", NULL, "Munition:2:1");
    check_suggested(snapshot, "Munition", NULL, "");
    check_suggested(snapshot, "Mause", NULL, "Masse:1:1 aus:1:1");
    check_suggested(snapshot, "Straßsen", NULL, "Straßen:2:1");
    check_suggested(snapshot, "Strasse", NULL, "");
    check_suggested(snapshot, "1998", NULL, "1989:1:1 1990:1:1");
    check_suggested(snapshot, "xyz", NULL, "");
    check_suggested(snapshot, "", NULL, "");
    check_suggested(snapshot, "(...)", NULL, "");
    check_suggested(snapshot, "auh", NULL, "Auf:1:1 aus:1:1");
    options.edits = 2;
    options.limit = 2;
    check_suggested(snapshot, "Kaese", &options, "kamen:1:1 Katze:1:2");
    options = (lupe_suggest_options)LUPE_SUGGEST_OPTIONS_INIT;
    options.field = "title";
    check_suggested(snapshot, "Nahcschub", &options, "Nachschub:1:1");
    check_suggested(snapshot, "Munitoin", &options, "");
    options.field = "english";
    check_suggested(snapshot, "stret", &options, "street:1:1");
    options.field = "nowhere";
    cr_assert_eq(lupe_suggest(snapshot, "a", 1, &options, &suggestions), LUPE_INVALID);
    options = (lupe_suggest_options)LUPE_SUGGEST_OPTIONS_INIT;
    options.edits = 3;
    cr_assert_eq(lupe_suggest(snapshot, "a", 1, &options, &suggestions), LUPE_INVALID);
    cr_assert_eq(lupe_suggest(NULL, "a", 1, NULL, &suggestions), LUPE_INVALID);
    cr_assert_eq(lupe_suggest(snapshot, NULL, 1, NULL, &suggestions), LUPE_INVALID);
    cr_assert_eq(lupe_suggest(snapshot, "a", 1, NULL, NULL), LUPE_INVALID);
    cr_assert_eq(lupe_suggestions_count(NULL), 0u);
    lupe_suggestions_free(NULL);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---------------------------------------------------------------- failing memory */

static lupe_status scenario(lupe_snapshot *snapshot, const lupe_query *query)
{
    lupe_status status = LUPE_OK;
    lupe_results *results = NULL;
    lupe_suggestions *suggestions = NULL;
    const lupe_correction *correction = NULL;
    TRY(lupe_search(snapshot, query, NULL, &results));
    for (size_t i = 0; i < lupe_results_correction_count(results); i++)
        TRY(lupe_results_correction(results, i, &correction));
    TRY(lupe_suggest(snapshot, "Regieurng", 9, NULL, &suggestions));
out:
    lupe_results_free(results);
    lupe_suggestions_free(suggestions);
    return status;
}

Test(query_expand, every_allocation_may_fail)
{
    support_fail_allocation(0);
    lupe_index *index = build(&(struct built){4, LUPE_ANALYSIS_STANDARD, false});
    lupe_query *query = parse(index, "Munitoin +Regieurng~2 Jogn-un \"Fusgänger gehen\"", 0);
    bool failed = true;
    size_t step = test_full() ? 1 : 3;
    for (size_t n = 1; failed; n += step) {
        lupe_snapshot *snapshot = NULL;
        cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
        support_fail_allocation(n);
        lupe_status status = scenario(snapshot, query);
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %d", n, status);
        lupe_snapshot_close(snapshot);
    }
    lupe_query_free(query);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---------------------------------------------------------------- names */

/* Indexes a column of names.txt, in a document each, and asks for each of the other. */
static void names_check(unsigned has, unsigned typed)
{
    struct case_file cases;
    lupe_index *index = helper_create(support_path("n"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    lupe_snapshot *snapshot = NULL;
    cases_open(&cases, "names.txt");
    while (cases_next(&cases, 3)) {
        lupe_value value = {.field = "text",
                            .kind = LUPE_TEXT,
                            .data = cases.columns[has],
                            .size = strlen(cases.columns[has])};
        lupe_document document = {.id = cases.columns[0],
                                  .id_size = strlen(cases.columns[0]),
                                  .values = &value,
                                  .value_count = 1};
        must(lupe_writer_put(writer, &document));
    }
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    must(lupe_snapshot_open(index, &snapshot));
    cases_open(&cases, "names.txt");
    while (cases_next(&cases, 3)) {
        lupe_query *query = parse(index, cases.columns[typed], 0);
        lupe_results *results = NULL;
        const lupe_document *document = NULL;
        if (typed == 0 || strcmp(cases.columns[1], "<>") == 0) {
            must(lupe_search(snapshot, query, NULL, &results));
            if (lupe_results_count(results) > 0)
                must(lupe_results_document(results, 0, &document));
            cr_expect(document && strcmp(document->id, cases.columns[0]) == 0, "%s finds %s",
                      cases.columns[typed], document ? document->id : "nothing");
        }
        lupe_results_free(results);
        lupe_query_free(query);
    }
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

Test(query_expand, german_names_by_english_ones)
{
    names_check(2, 0);
}

Test(query_expand, english_names_by_german_ones)
{
    names_check(0, 2);
}

/* Edits that are asked for are nothing else. */
Test(query_expand, fuzzy_words_are_what_is_asked_for)
{
    struct asked asked;
    ask(&usual, "Vladivostok~1", 0, &asked);
    cr_assert_eq(lupe_results_count(asked.results), 0u);
    done(&asked);
    ask(&usual, "Vladivostok~", 0, &asked);
    cr_assert_eq(lupe_results_count(asked.results), 1u);
    done(&asked);
    support_no_leaks();
}

/* A word that stands in compounds only is no error, also where they are not looked at. */
Test(query_expand, parts_of_compounds_are_words)
{
    static const char *const texts[] = {"Freiheitsliebe", "Diebe"};
    lupe_index *index = helper_create(support_path("n"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_snapshot *snapshot = NULL;
    for (size_t i = 0; i < 2; i++) {
        lupe_value value = {
            .field = "text", .kind = LUPE_TEXT, .data = texts[i], .size = strlen(texts[i])};
        lupe_document document = {
            .id = texts[i], .id_size = strlen(texts[i]), .values = &value, .value_count = 1};
        must(lupe_writer_put(writer, &document));
    }
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    must(lupe_snapshot_open(index, &snapshot));
    for (unsigned without = 0; without < 2; without++) {
        lupe_query *query = parse(index, "Liebe", 0);
        lupe_results *results = NULL;
        options.flags = without ? LUPE_SEARCH_WITHOUT_COMPOUNDS : 0;
        must(lupe_search(snapshot, query, &options, &results));
        cr_expect_eq(lupe_results_count(results), without ? 0u : 1u);
        cr_expect_eq(lupe_results_correction_count(results), 0u);
        lupe_results_free(results);
        lupe_query_free(query);
    }
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}
