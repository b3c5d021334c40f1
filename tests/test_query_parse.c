/* SPDX-License-Identifier: MIT
 *
 * test_query_parse.c - the query language: tables of queries, limits, random bytes, failing memory.
 *
 * The tables are tests/data/queries/<name>.txt. A line is `query  =>  text`, split at the last
 * arrow; in the query \\ is a backslash and \xHH a byte. # begins a comment, % says how the lines
 * that follow are parsed: %all with LUPE_QUERY_ALL, %plain and %bare in these modes of analysis,
 * %name with one more text field "name" in the language "none", %forms with surface forms.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/parse.h"
#include "query/parse_clauses.h"
#include "support.h"

#define ARROW "  =>  "

struct settings {
    lupe_analysis analysis;
    bool name_field;
    bool forms;
    uint32_t flags;
};

static struct schema *schema_make(const struct settings *settings)
{
    static struct field fields[] = {
        {LUPE_TEXT, 0, 1, "title", ""},
        {LUPE_TEXT, 0, 1, "text", ""},
        {LUPE_KEYWORD, FIELD_OWN_LIST, 1, "tag", ""},
        {LUPE_KEYWORD, FIELD_OWN_LIST, 1, "Jahr", ""},
        {LUPE_STORED, 0, 1, "url", ""},
        {LUPE_TEXT, 0, 1, "name", "none"},
    };
    struct catalogue catalogue;
    struct schema *schema;

    catalogue_init(&catalogue);
    memcpy(catalogue.language, "german", sizeof "german");
    catalogue.analysis = settings->analysis;
    catalogue.ignorable = settings->forms ? IGNORABLE_FORMS : 0;
    catalogue.fields = fields;
    catalogue.field_count = settings->name_field ? 6 : 5;
    if (schema_open(&catalogue, &schema) != LUPE_OK)
        return NULL;
    return schema;
}

static struct schema *schema_standard(void)
{
    struct schema *schema = schema_make(&(struct settings){.analysis = LUPE_ANALYSIS_STANDARD});
    cr_assert_not_null(schema);
    return schema;
}

static lupe_query *parse(const struct schema *schema, const char *text, size_t size, uint32_t flags)
{
    lupe_query *query;
    cr_assert_eq(query_parse(schema, text, size, flags, &query), LUPE_OK, "%s", lupe_last_error());
    return query;
}

/* ---- tables */

static size_t unescape(char *text)
{
    char *out = text;
    unsigned byte;

    for (const char *at = text; *at;) {
        if (at[0] == '\\' && at[1] == '\\') {
            *out++ = '\\';
            at += 2;
        } else if (at[0] == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &byte) == 1) {
            *out++ = (char)byte;
            at += 4;
        } else {
            *out++ = *at++;
        }
    }
    return (size_t)(out - text);
}

static char *arrow_last(char *line)
{
    char *found = NULL;
    for (char *at = line; (at = strstr(at, ARROW)); at++)
        found = at;
    return found;
}

static void setting_read(const char *line, struct settings *settings)
{
    if (strcmp(line, "%all") == 0)
        settings->flags = LUPE_QUERY_ALL;
    else if (strcmp(line, "%plain") == 0)
        settings->analysis = LUPE_ANALYSIS_PLAIN;
    else if (strcmp(line, "%bare") == 0)
        settings->analysis = LUPE_ANALYSIS_BARE;
    else if (strcmp(line, "%name") == 0)
        settings->name_field = true;
    else if (strcmp(line, "%forms") == 0)
        settings->forms = true;
    else
        cr_assert_fail("unknown setting %s", line);
}

/* Checks a table, which has at least count_min lines. */
static void table_check(const char *name, size_t count_min)
{
    char path[256];
    char line[4096];
    size_t number = 0;
    size_t checked = 0;
    struct settings settings = {.analysis = LUPE_ANALYSIS_STANDARD};

    snprintf(path, sizeof path, "tests/data/queries/%s.txt", name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s cannot be opened: run from the root of the project", path);
    while (fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (line[0] == '%') {
            setting_read(line, &settings);
            continue;
        }
        char *arrow = arrow_last(line);
        cr_assert_not_null(arrow, "%s:%zu has no arrow", path, number);
        *arrow = '\0';
        size_t size = unescape(line);
        struct schema *schema = schema_make(&settings);
        cr_assert_not_null(schema);
        lupe_query *query = parse(schema, line, size, settings.flags);
        cr_expect_str_eq(query->text, arrow + strlen(ARROW), "%s:%zu: is %s", path, number,
                         query->text);
        cr_expect_eq(query->words_dropped, 0, "%s:%zu", path, number);
        query_release(query);
        schema_close(schema);
        checked++;
    }
    fclose(file);
    cr_assert_geq(checked, count_min);
    support_no_leaks();
}

Test(query_parse, words)
{
    table_check("words", 60);
}

Test(query_parse, phrases)
{
    table_check("phrases", 30);
}

Test(query_parse, exact)
{
    table_check("exact", 30);
}

Test(query_parse, operators)
{
    table_check("operators", 100);
}

Test(query_parse, groups)
{
    table_check("groups", 40);
}

Test(query_parse, fields)
{
    table_check("fields", 60);
}

Test(query_parse, boosts_and_prefixes)
{
    table_check("boosts", 60);
}

Test(query_parse, every_word_required)
{
    table_check("all", 30);
}

Test(query_parse, plain_analysis)
{
    table_check("plain", 10);
}

Test(query_parse, bare_analysis)
{
    table_check("bare", 5);
}

Test(query_parse, several_languages)
{
    table_check("languages", 10);
}

/* ---- what every tree obeys */

/* Counts clauses and words of a tree and checks it. */
static void tree_check(const struct node *node, unsigned depth, uint32_t *clauses,
                       const char *context)
{
    cr_assert_leq(depth, 4 * QUERY_DEPTH_MAX, "%s", context);
    cr_assert(node->boost >= BOOST_MIN && node->boost <= BOOST_MAX, "%s: boost %g", context,
              node->boost);
    if (node->kind == NODE_BOOLEAN) {
        uint32_t wanted = 0;
        cr_assert_geq(node->clause_count, 2u, "%s: a group of %u", context, node->clause_count);
        cr_assert_eq(node->boost, 1.0, "%s", context);
        for (uint32_t i = 0; i < node->clause_count; i++) {
            wanted += node->clauses[i].occur != OCCUR_NOT;
            ++*clauses;
            tree_check(node->clauses[i].node, depth + 1, clauses, context);
        }
        cr_assert_gt(wanted, 0u, "%s: exclusions alone", context);
        return;
    }
    if (node->kind != NODE_SEQUENCE) {
        cr_assert_gt(node->prefix.size, 0u, "%s", context);
        return;
    }
    cr_assert(node->element_count >= 1 && node->element_count <= PHRASE_WORDS_MAX, "%s", context);
    for (uint32_t e = 0; e < node->element_count; e++) {
        const struct element *element = &node->elements[e];
        cr_assert_gt(element->alternative_count, 0u, "%s", context);
        cr_assert_gt(element->surface_size, 0u, "%s", context);
        for (uint32_t a = 0; a < element->alternative_count; a++) {
            const struct alternative *alternative = &element->alternatives[a];
            cr_assert_gt(alternative->term_count, 0u, "%s", context);
            cr_assert(!alternative->joined || alternative->term_count == 1, "%s", context);
            for (uint32_t t = 0; t < alternative->term_count; t++)
                cr_assert(alternative->terms[t].size > 0 &&
                              alternative->terms[t].size <= TERM_BYTES_MAX,
                          "%s", context);
        }
    }
}

static uint32_t query_check(const lupe_query *query, const char *context)
{
    uint32_t clauses = 0;
    if (query->root)
        tree_check(query->root, 0, &clauses, context);
    else
        cr_assert_str_eq(query->text, "()", "%s", context);
    cr_assert_leq(clauses, QUERY_CLAUSES_MAX, "%s", context);
    return clauses;
}

/* Pieces of syntax and words, put together at random, reach deeper than random bytes. */
static size_t query_random(struct support_random *random, char *out, size_t size_max)
{
    static const char *const pieces[] = {
        " ",    " ",     " ",       " ",       "(",        ")",      "\"",   "+",
        "-",    "*",     "^2",      "^0.5",    ":",        "title:", "tag:", " AND ",
        " OR ", " NOT ", " UND ",   " ODER ",  " NICHT ",  "/",      "@",    ".",
        "„",    "“",     "»",       "«",       "'",        "\\",     "~",    "[",
        "]",    "Haus",  "Jong-un", "wort",    "Ä",        "ß",      "3.10", "a",
        "b",    "c",     "d",       "\xc3",    "\xe2\x80", "\xff",   "\n",   "\xc2\xa0",
        "url:", "§",     "🙂",    "foo,bar", "x/y",      "NOT",    "AND",
    };
    size_t count = support_random_below(random, 40);
    size_t size = 0;

    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[support_random_below(random, sizeof pieces / sizeof *pieces)];
        if (size + strlen(piece) > size_max)
            break;
        memcpy(out + size, piece, strlen(piece));
        size += strlen(piece);
    }
    return size;
}

Test(query_parse, random_syntax_never_fails)
{
    struct support_random random = support_random_of(4711);
    struct schema *schema = schema_make(&(struct settings){.name_field = true});
    char text[512];
    char context[128];

    cr_assert_not_null(schema);
    for (size_t i = 0; i < 20000; i++) {
        size_t size = query_random(&random, text, sizeof text);
        snprintf(context, sizeof context, "seed %" PRIu64 " query %zu", random.seed, i);
        lupe_query *query = parse(schema, text, size, i % 2 ? LUPE_QUERY_ALL : 0);
        query_check(query, context);
        query_release(query);
    }
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, random_bytes_never_fail)
{
    struct support_random random = support_random_of(815);
    struct schema *schema = schema_standard();
    char text[256];
    char context[128];

    for (size_t i = 0; i < 20000; i++) {
        size_t size = support_random_below(&random, sizeof text);
        support_random_bytes(&random, text, size);
        if (i % 2)
            for (size_t b = 0; b < size; b++)
                text[b] = "\"()+-*^: aAN\xe2\x80\x9e"[(unsigned char)text[b] % 15];
        snprintf(context, sizeof context, "seed %" PRIu64 " query %zu", random.seed, i);
        /* A copy without anything behind it, so that a read beyond the end is seen. */
        char *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        lupe_query *query = parse(schema, exact, size, 0);
        free(exact);
        query_check(query, context);
        query_release(query);
    }
    schema_close(schema);
    support_no_leaks();
}

/* The text of a query, parsed again, means the same, where it has no syntax of its own: groups,
 * signs, words, phrases. */
Test(query_parse, text_is_stable)
{
    static const char *const queries[] = {
        "(a (+b +c))", "(+a -b)", "(a^2 \"b c\")", "(-a +b)", "title:\"a b\"", "(+(a b) +c)",
    };
    struct schema *schema = schema_standard();

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        lupe_query *query = parse(schema, queries[i], strlen(queries[i]), 0);
        cr_expect_str_eq(query->text, queries[i]);
        query_release(query);
    }
    schema_close(schema);
    support_no_leaks();
}

/* ---- limits */

/* A query of count distinct words. */
static char *words_make(size_t count, size_t *size)
{
    char *text = malloc(count * 16 + 1);
    cr_assert_not_null(text);
    *size = 0;
    for (size_t i = 0; i < count; i++)
        *size += (size_t)snprintf(text + *size, 16, "w%zux ", i);
    return text;
}

static char *repeat(const char *piece, size_t count, size_t *size)
{
    size_t piece_size = strlen(piece);
    char *text = malloc(count * piece_size + 1);
    cr_assert_not_null(text);
    *size = count * piece_size;
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * piece_size, piece, piece_size);
    return text;
}

Test(query_parse, words_beyond_the_limit_are_counted)
{
    struct schema *schema = schema_standard();
    size_t size;
    char *text = words_make(QUERY_TERMS_MAX + 500, &size);
    lupe_query *query = parse(schema, text, size, 0);

    cr_assert_eq(query->words_dropped, 500u);
    cr_assert_eq(query->root->clause_count, QUERY_TERMS_MAX);
    query_release(query);
    free(text);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, dropped_words_count_once)
{
    struct schema *schema = schema_standard();
    size_t size;
    char *once = words_make(QUERY_TERMS_MAX + 500, &size);
    char *text = malloc(3 * size);

    for (size_t i = 0; i < 3; i++)
        memcpy(text + i * size, once, size);
    lupe_query *query = parse(schema, text, 3 * size, 0);
    cr_assert_eq(query->words_dropped, 500u);
    cr_assert_eq(query->root->clause_count, QUERY_TERMS_MAX);
    for (uint32_t i = 0; i < QUERY_TERMS_MAX; i++)
        cr_assert_eq(query->root->clauses[i].node->boost, 3.0);
    query_release(query);
    free(text);
    free(once);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, a_hundred_thousand_words)
{
    struct schema *schema = schema_standard();
    size_t size;
    char *text = words_make(100000, &size);
    lupe_query *query = parse(schema, text, size, 0);

    cr_assert_eq(query->words_dropped, 100000u - QUERY_TERMS_MAX);
    query_release(query);
    free(text);
    text = repeat("wort ", 20000, &size);
    query = parse(schema, text, size, 0);
    cr_assert_str_eq(query->text, "wort^20000");
    cr_assert_eq(query->words_dropped, 0u);
    query_release(query);
    free(text);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, clauses_beyond_the_limit_are_dropped)
{
    struct schema *schema = schema_standard();
    size_t size;
    char *text = malloc(32 * 20000);

    size = 0;
    for (size_t i = 0; i < 20000; i++)
        size += (size_t)snprintf(text + size, 32, "+(w%zux w%zux) ", i % 200,
                                 (i * 7 + 1 + i / 200) % 200);
    lupe_query *query = parse(schema, text, size, 0);
    cr_assert_gt(query->words_dropped, 0u);
    uint32_t clauses = query_check(query, "many groups");
    cr_assert_gt(clauses, QUERY_CLAUSES_MAX / 2);
    query_release(query);
    free(text);
    schema_close(schema);
    support_no_leaks();
}

/* A group that dissolves gives its clauses back: twenty thousand of them are two words. */
Test(query_parse, groups_that_dissolve_cost_nothing)
{
    struct schema *schema = schema_standard();
    size_t size;
    char *text = repeat("(a b) ", 20000, &size);
    lupe_query *query = parse(schema, text, size, 0);

    cr_assert_str_eq(query->text, "(a^20000 b^20000)");
    cr_assert_eq(query->words_dropped, 0u);
    query_release(query);
    free(text);
    text = repeat("-(-a) (x -(y)) ", 5000, &size);
    query = parse(schema, text, size, 0);
    query_check(query, "dissolving exclusions");
    query_release(query);
    free(text);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, long_phrases_are_cut_and_counted)
{
    struct schema *schema = schema_standard();
    size_t size;
    char *words = words_make(PHRASE_WORDS_MAX + 10, &size);
    char *text = malloc(size + 2);

    text[0] = '"';
    memcpy(text + 1, words, size);
    text[size + 1] = '"';
    lupe_query *query = parse(schema, text, size + 2, 0);
    cr_assert_eq(query->root->kind, NODE_SEQUENCE);
    cr_assert_eq(query->root->element_count, PHRASE_WORDS_MAX);
    cr_assert_eq(query->words_dropped, 10u);
    query_release(query);
    free(text);
    free(words);
    schema_close(schema);
    support_no_leaks();
}

/* Groups of OR in AND in OR ... cannot be simplified: the tree is as deep as it may be. */
Test(query_parse, deep_groups)
{
    struct schema *schema = schema_standard();
    char text[QUERY_DEPTH_MAX * 64 * 2];
    size_t size = 0;
    size_t depth = 10 * QUERY_DEPTH_MAX / 8;

    for (size_t i = 0; i < depth; i++)
        size += (size_t)snprintf(text + size, 64, "a%zu AND (b%zu OR -(c%zu AND ", i, i, i);
    size += (size_t)snprintf(text + size, 64, "ende");
    for (size_t i = 0; i < depth; i++)
        size += (size_t)snprintf(text + size, 64, "))");
    lupe_query *query = parse(schema, text, size, 0);
    query_check(query, "deep groups");
    query_release(query);
    schema_close(schema);
    support_no_leaks();
}

/* What no parser may choke on, a megabyte of each. */
Test(query_parse, long_hostile_queries)
{
    static const char *const pieces[] = {
        "(",      ")",        "()", "\"",     "„",  "+",   "-",     "\" ",        "a AND ",
        "NOT ",   "a^2 ",     "*",  "a*",     "a-", "a.",  "a/",    "a,",         ":",
        "title:", "tag:a ",   "+(", "-(a ",   "§ ", "\"a", "a OR ", "(a -b",      "\xe2",
        "ä",      "\xf0\x9f", "^",  "+a -a ", "  ", "„a“", "tag:",  "(tag:a b) ",
    };
    struct schema *schema = schema_standard();
    size_t size_max = test_full() ? (size_t)1 << 20 : (size_t)1 << 17;
    char *text = malloc(size_max);

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t size = 0;
        while (size + strlen(pieces[i]) <= size_max) {
            memcpy(text + size, pieces[i], strlen(pieces[i]));
            size += strlen(pieces[i]);
        }
        lupe_query *query = parse(schema, text, size, 0);
        query_check(query, pieces[i]);
        query_release(query);
    }
    free(text);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, what_follows_the_last_byte_is_not_read)
{
    struct schema *schema = schema_standard();
    size_t size = (size_t)QUERY_BYTES_MAX + 100;
    char *text = malloc(size);

    memset(text, ' ', size);
    memcpy(text, "anfang", 6);
    memcpy(text + QUERY_BYTES_MAX + 10, "ende", 4);
    lupe_query *query = parse(schema, text, size, 0);
    cr_assert_str_eq(query->text, "anfang");
    cr_assert_eq(query->words_dropped, 1u);
    query_release(query);
    free(text);
    schema_close(schema);
    support_no_leaks();
}

/* ---- life and memory */

Test(query_parse, a_held_query_outlives_its_owner)
{
    struct schema *schema = schema_standard();
    lupe_query *query = parse(schema, "a b", 3, 0);
    struct lupe_query *held = query_hold(query);

    cr_assert_eq(held, query);
    query_release(query);
    cr_assert_str_eq(held->text, "(a b)");
    query_release(held);
    query_release(NULL);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, surfaces_are_as_typed)
{
    struct schema *schema = schema_standard();
    lupe_query *query = parse(schema, "\"Kim Jong-un\"", 13, 0);

    cr_assert_eq(query->root->element_count, 2u);
    cr_assert_eq(query->root->elements[1].surface_size, 7u);
    cr_assert_eq(memcmp(query->root->elements[1].surface, "Jong-un", 7), 0);
    query_release(query);
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, plain_words_answer_joined_forms_in_standard_mode_only)
{
    for (int mode = LUPE_ANALYSIS_STANDARD; mode <= LUPE_ANALYSIS_PLAIN; mode++) {
        struct schema *schema = schema_make(&(struct settings){.analysis = (lupe_analysis)mode});
        lupe_query *query = parse(schema, "jongun", 6, 0);
        bool joined = query->root->elements[0].alternatives[0].joined;
        cr_expect_eq(joined, mode == LUPE_ANALYSIS_STANDARD);
        query_release(query);
        schema_close(schema);
    }
    support_no_leaks();
}

Test(query_parse, schema_finds_fields)
{
    struct schema *schema = schema_make(&(struct settings){.name_field = true});

    cr_assert_not_null(schema);
    cr_expect_eq(schema_find(schema, "title", 5), 0);
    cr_expect_eq(schema_find(schema, "TITLE", 5), 0);
    cr_expect_eq(schema_find(schema, "jahr", 4), 3);
    cr_expect_eq(schema_find(schema, "titl", 4), -1);
    cr_expect_eq(schema_find(schema, "titles", 6), -1);
    cr_expect_eq(schema_find(schema, "", 0), -1);
    cr_expect_str_eq(analyzer_language(schema_analyzer(schema, 5)), "none");
    cr_expect_str_eq(analyzer_language(schema_analyzer(schema, -1)), "german");
    cr_expect_str_eq(analyzer_language(schema_analyzer(schema, 99)), "german");
    schema_close(schema);
    support_no_leaks();
}

Test(query_parse, memory_runs_out)
{
    static const char text[] =
        "haus +\"Kim Jong-un\"^2 -garten (a OR b AND c) pre* tag:rot tag:blau a,b,c x@y.de "
        "d e f g h i j k l m n o p q r s t u v w x y z";

    for (size_t n = 1, failed = 1; failed; n++) {
        struct schema *schema = NULL;
        lupe_query *query = NULL;
        support_fail_allocation(n);
        schema = schema_make(&(struct settings){.name_field = true});
        lupe_status status =
            schema ? query_parse(schema, text, sizeof text - 1, 0, &query) : LUPE_NO_MEMORY;
        failed = support_allocation_failed();
        support_fail_allocation(0);
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %d", n,
                     (int)status);
        cr_assert_eq(query != NULL, status == LUPE_OK);
        query_release(query);
        schema_close(schema);
        support_no_leaks();
    }
}
