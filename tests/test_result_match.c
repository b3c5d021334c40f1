/* SPDX-License-Identifier: MIT
 *
 * test_result_match.c - where the words of a query stand in a text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "query/parse.h"
#include "result/match.h"
#include "result/snippet.h"
#include "support.h"

#define TITLE 0
#define TEXT 1

static const struct match_reach everything = {SIZE_MAX, SIZE_MAX};

static struct schema *schema_make(lupe_analysis analysis)
{
    static struct field fields[] = {
        {LUPE_TEXT, 0, 1, "title", ""},
        {LUPE_TEXT, 0, 1, "text", ""},
        {LUPE_TEXT, 0, 1, "english", "english"},
    };
    struct catalogue catalogue;
    struct schema *schema;

    catalogue_init(&catalogue);
    memcpy(catalogue.language, "german", sizeof "german");
    catalogue.analysis = analysis;
    catalogue.ignorable = IGNORABLE_FORMS;
    catalogue.fields = fields;
    catalogue.field_count = 3;
    if (schema_open(&catalogue, &schema) != LUPE_OK)
        return NULL;
    return schema;
}

static lupe_query *parse(const struct schema *schema, const char *text)
{
    lupe_query *query;
    cr_assert_eq(query_parse(schema, text, strlen(text), 0, &query), LUPE_OK);
    return query;
}

/* The text with [ and ] around what matches in a value of the field. */
static void marked(lupe_analysis analysis, const char *query_text, int field, const char *text,
                   char *out)
{
    struct schema *schema = schema_make(analysis);
    lupe_query *query = parse(schema, query_text);
    struct matcher *matcher;
    struct match_list list = {0};
    lupe_span spans[256];
    size_t count;
    size_t at = 0;

    cr_assert_eq(matcher_open(query, schema, 0, &matcher), LUPE_OK);
    cr_assert_eq(matcher_scan(matcher, field, text, strlen(text), everything, &list), LUPE_OK);
    cr_assert_leq(list.count, 256u);
    snippet_spans(&list, spans, &count);
    for (size_t i = 0; i < count; i++) {
        cr_assert(spans[i].start >= at && spans[i].end > spans[i].start &&
                  spans[i].end <= strlen(text));
        memcpy(out, text + at, spans[i].start - at);
        out += spans[i].start - at;
        *out++ = '[';
        memcpy(out, text + spans[i].start, spans[i].end - spans[i].start);
        out += spans[i].end - spans[i].start;
        *out++ = ']';
        at = spans[i].end;
    }
    memcpy(out, text + at, strlen(text) - at + 1);
    match_list_free(&list);
    matcher_close(matcher);
    query_release(query);
    schema_close(schema);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct expectation {
    const char *query;
    const char *marked; /* the text with [ ] */
};

static void expect_marks(lupe_analysis analysis, int field, const struct expectation *cases,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[1024];
        char out[2048];
        size_t size = 0;
        for (const char *at = cases[i].marked; *at; at++)
            if (*at != '[' && *at != ']')
                text[size++] = *at;
        text[size] = '\0';
        marked(analysis, cases[i].query, field, text, out);
        cr_expect_str_eq(out, cases[i].marked, "%s: %s", cases[i].query, out);
    }
    support_no_leaks();
}

Test(result_match, words)
{
    static const struct expectation cases[] = {
        {"zug", "Ein [Zug] fährt, [Züge] stehen, Bezug"},
        {"zug haus", "[Haus] und [Zug]"},
        {"Präsident", "[Praesident] und [Präsidenten]"},
        {"xyz", "nichts davon"},
        {"zug -haus", "[Zug] Haus"},
        {"zug NOT (haus OR tor)", "[Zug] Haus Tor"},
        {"+zug +haus", "[Zug] [Haus]"},
        {"zug AND (haus OR tor)", "[Zug] [Haus] [Tor]"},
        {"()", "nichts"},
        {"zug", ""},
        {"zug", "\xff[Zug]\xc3"},
        {"c++", "C [C++] C#"},
        {"schifffahrt", "[Schiff\xc2\xad"
                        "fahrt]"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

Test(result_match, phrases_stand_in_sequence)
{
    static const struct expectation cases[] = {
        {"\"kim jong\"", "Jong Kim, [Kim] [Jong] und Kim"},
        {"\"a a\"", "[a] [a] [a] b a"},
        {"\"a b\" b", "[a] [b] c [b]"},
        {"\"a b\" \"b c\"", "[a] [b] [c]"},
        {"\"a b c\"", "a b [a] [b] [c] a b"},
        {"=h\u00e4user", "[H\u00e4user] und [H\u00c4USER], Haus, Haeuser"},
        {"=haus h\u00e4user", "[Haus] [H\u00e4user]"},
        {"=\"der zug\"", "[Der] [Zug], der Z\u00fcge, dem Zug"},
        {"=Jong-un", "[jong]-[un], Jongun"},
        {"\"a b\"", "[a]. [b]"}, /* positions count words, not what parts them */
        {"info@beispiel.de", "an [info]@[beispiel].[de] und info de"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

Test(result_match, hyphen_words_are_one_place)
{
    static const struct expectation cases[] = {
        {"Jong-un", "[Jong-un], [Jongun], [jong un], jong und un"},
        {"jongun", "[Jong-un], [Jongun], jong un"},
        {"jong un", "[Jong]-[un], Jongun"},
        {"\"Kim Jong-un\"", "[Kim] [Jong-un] und [Kim] [Jongun], Jong-un Kim"},
        {"\"Kim Jong-un sagte\"", "[Kim] [Jong-un] [sagte], Kim Jong-un sah"},
        {"\"jong un sagte\"", "[Jong]-[un] [sagte]"},
        {"\"jongun sagte\"", "[Jong-un] [sagte]"},
        {"E-Mail", "[Email] [E-Mail] Mail"},
        {"email", "[E-Mail]"},
        {"Nord-Süd-Achse", "die [Nord-Süd-Achse], Süd-Achse"},
        {"3.10.1990", "am [3.10.1990] und 3.10.1991"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

Test(result_match, parts_inside_compounds)
{
    static const struct expectation cases[] = {
        {"Munition", "[Munition]slieferungen und [Munition], Munitionär"},
        {"lieferung", "Munitions[lieferungen] und [Lieferung]"},
        {"Munition Lieferung", "[Munitionslieferungen] an der [Munition]sfabrik"},
        {"Lieferung Munition", "[Munitionslieferungen]"},
        {"Munitionslieferung", "[Munitionslieferungen]"},
        {"Trinkwasser", "[Trinkwasser]gewinnung, [Trinkwasser], Wassergewinnung"},
        {"wasser", "Trink[wasser]gewinnung, [Wasser]rohr, Ge\xc3\xa4nder"},
        {"haus", "Die [Häuser]zeile, Hoch[haus], ein Wohn[häuser]block und [Haus]"},
        {"zeile", "Die Häuser[zeile] und Haeuser[zeile] und HÄUSER[ZEILE]"},
        {"haus", "[Haeuser]zeile und [HÄUSER]ZEILE und [Ha\xcc\x88user]zeile"},
        {"straße", "[Straßen]bahn, Haupt[strasse], Haupt[straße], [STRASSEN]BAHN"},
        {"bahn", "Straßen[bahn] und Strassen[bahn], STRAẞEN[BAHN]"},
        {"schiff", "Dampf\xc2\xad[schiff]\xc2\xad"
                   "fahrt"},
        {"fuß", "[Fuß]bodenheizung und [Fuss]bodenheizung"},
        {"höhle", "Räuber[höhle], Raeuber[hoehle], RÄUBER[HÖHLEN]"},
        {"-haus baum", "Obst[baum] im Gartenhaus"},
        {"title:wasser", "Wasserrohr"},
        {"\"wasser\"", "[Wasser]rohr"},
        {"\"wasser rohr\"", "Wasserrohr und [Wasser] [Rohr]"},
        {"versicherung", "Kranken[versicherung]sbeitrag"},
        {"krankenversicherung", "[Krankenversicherung]sbeitrag"},
        {"kranke beitrag", "[Kranken]versicherungs[beitrag]"},
        {"kran", "Krankenversicherungsbeitrag"},
        {"teil", "Landes[theile] und Landes[teile]"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

/* What a search without compounds does not find is not marked, nor what an index has not. */
Test(result_match, without_compounds)
{
    static const char text[] = "Munitionslieferung, Lieferung von Munition";
    static const struct {
        uint32_t search, index;
        const char *query;
        size_t count;
    } cases[] = {
        {0, 0, "Munition", 2},
        {0, 0, "Munitionslieferung", 3},
        {LUPE_SEARCH_WITHOUT_COMPOUNDS, 0, "Munition", 1},
        {LUPE_SEARCH_WITHOUT_COMPOUNDS, 0, "Munitionslieferung", 1},
        {0, LUPE_WITHOUT_COMPOUNDS, "Munition", 1},
        {0, LUPE_WITHOUT_COMPOUNDS, "Munitionslieferung", 1},
        {0, LUPE_WITHOUT_POSITIONS, "Munition", 2},
        {0, LUPE_WITHOUT_POSITIONS, "Munitionslieferung", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct schema *schema = schema_make(LUPE_ANALYSIS_STANDARD);
        schema->flags = cases[i].index;
        lupe_query *query = parse(schema, cases[i].query);
        struct matcher *matcher;
        struct match_list list = {0};
        cr_assert_eq(matcher_open(query, schema, cases[i].search, &matcher), LUPE_OK);
        cr_assert_eq(matcher_scan(matcher, TEXT, text, sizeof text - 1, everything, &list),
                     LUPE_OK);
        cr_expect_eq(list.count, cases[i].count, "%zu: %zu", i, list.count);
        match_list_free(&list);
        matcher_close(matcher);
        query_release(query);
        schema_close(schema);
    }
    support_no_leaks();
}

Test(result_match, parts_near_each_other)
{
    static const struct expectation cases[] = {
        {"Krankenversicherungsbeitrag", "[Beiträge] zur [Krankenversicherung]"},
        {"Krankenversicherungsbeitrag", "[Krankenversicherung] eins zwei drei vier fünf sechs "
                                        "sieben [Beitrag]"},
        {"Krankenversicherungsbeitrag", "Krankenversicherung eins zwei drei vier fünf sechs "
                                        "sieben acht Beitrag"},
        {"Krankenversicherungsbeitrag", "ein Beitrag zur Versicherung"},
        {"Krankenversicherungsbeitrag", "[Beiträge] der [Kranken] zur [Versicherung]"},
        {"Krankenversicherungsbeitrag", "[Versicherungsbeitrag] der [Kranken]"},
        {"Munitionslieferung", "[Lieferung] von [Munition], dann eins zwei drei vier fünf sechs "
                               "sieben acht neun Lieferung"},
        {"Munitionslieferung", "[Lieferung] [Lieferung] [Munition]"},
        {"Munitionslieferung", "Lieferung und Lieferung"},
        {"title:Munitionslieferung", "Lieferung von Munition"},
        {"\"Munitionslieferung kommt\"", "Lieferung von Munition kommt"},
        {"-Munitionslieferung zug", "Lieferung von Munition im [Zug]"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

/* Compounds that are split nowhere, as what their parts are joined to. */
Test(result_match, neighbours_joined)
{
    static const struct expectation cases[] = {
        {"Apfel Baum", "ein [Apfelbaum], der [Apfel] am [Baum], [Apfelbäume], [Apfelbaumes]"},
        {"Baum Apfel", "ein [Apfelbaum]"},
        {"Apfel und Baum", "ein Apfelbaum [und] Zweige"},
        {"Baum und Apfel", "ein [Apfelbaum]"},
        {"+Apfel +Baum", "ein [Apfelbaum]"},
        {"Apfel -Baum", "ein Apfelbaum"},
        {"Apfel title:Baum", "ein Apfelbaum"},
        {"\"Apfel Baum\"", "ein Apfelbaum"},
        {"Apfel Haus Baum", "ein Apfelbaum"},
        {"Haus Tür", "die [Haustür], das [Haus]"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

Test(result_match, suspended_hyphens)
{
    static const struct expectation cases[] = {
        {"Einfuhr", "die [Ein-] und Ausfuhr, [Einfuhr], Ein Ausfuhr"},
        {"Ausfuhr", "die Ein- und [Ausfuhr]"},
        {"Einfuhr Ausfuhr", "die [Ein-] und [Ausfuhr]"},
        {"Hinflug Rückflug Rundflug", "[Hin-], [Rück-] und [Rundflüge]"},
        {"Hauptausgang", "Haupteingang und [-ausgang], Haupteingang ohne -ausgang"},
        {"E-Mailliste", "die [E-Mail-] und Telefonliste"},
        {"U-Bahn", "mit [U-] und S-Bahn und [U-Bahn]"},
        {"\"Einfuhr von\"", "[Ein-] und Ausfuhr [von] Waren, Ein- und Ausfuhr und von"},
        {"\"Hauptausgang ist\"", "Haupteingang und [-ausgang] [ist] und Hauptausgang war"},
        {"\"der Hauptausgang\"", "[der] Haupteingang und [-ausgang], und -ausgang"},
        {"\"der Hauptausgang ist\"", "[der] Haupteingang und [-ausgang] [ist]"},
        {"\"und Hauptausgang\"", "Haupteingang und -ausgang"},
        {"\"die Musikgruppen\" Musikvereine", "[die] Musikschulen, [-vereine] und [-gruppen]"},
        {"Musiklehrer Musikvereine Musikgruppen Musikschüler",
         "Musikschulen, [-lehrer], [-vereine], [-schüler] und [-gruppen]"},
        {"title:Einfuhr", "Ein- und Ausfuhr"},
    };
    static const struct expectation bare = {"Einfuhr", "die Ein- und Ausfuhr"};
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
    expect_marks(LUPE_ANALYSIS_BARE, TEXT, &bare, 1);
    expect_marks(LUPE_ANALYSIS_STANDARD, 2, &bare, 1); /* in an English field */
}

Test(result_match, prefixes)
{
    static const struct expectation cases[] = {
        {"waff*", "[Waffen] und [Waffenlieferungen], entwaffnet"},
        {"HÄU*", "[Häute] [häufig] Hut"},
        {"waff* zug", "[Zug] [Waffe]"},
    };
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, cases, COUNT(cases));
}

Test(result_match, other_analyses)
{
    static const struct expectation plain[] = {
        {"zug", "[Zug] Züge"},
        {"jong-un", "[Jong]-[un] jongun"},
        {"\"wenn ich\"", "[Wenn] [ich] wenn du"},
    };
    static const struct expectation bare[] = {
        {"zug", "[Zug] [Züge]"},
        {"Jong-un", "[Jong]-[un] jong jongun"},
        {"jongun", "Jong-un [jongun]"},
    };
    expect_marks(LUPE_ANALYSIS_PLAIN, TEXT, plain, COUNT(plain));
    expect_marks(LUPE_ANALYSIS_BARE, TEXT, bare, COUNT(bare));
}

Test(result_match, fields_and_their_languages)
{
    static const struct expectation elsewhere = {"title:zug haus", "Zug [Haus]"};
    static const struct expectation there = {"title:zug haus", "[Zug] [Haus]"};
    static const struct expectation english = {"running", "[runs] und [running]"};
    static const struct expectation prefix = {"title:zu* ha*", "Zug [Haus]"};

    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, &elsewhere, 1);
    expect_marks(LUPE_ANALYSIS_STANDARD, TITLE, &there, 1);
    expect_marks(LUPE_ANALYSIS_STANDARD, 2, &english, 1);
    expect_marks(LUPE_ANALYSIS_STANDARD, TEXT, &prefix, 1);
}

/* Sequences that reach over the end of what is read ahead, thousands of words into a text. */
Test(result_match, long_texts_lose_nothing)
{
    struct schema *schema = schema_make(LUPE_ANALYSIS_STANDARD);
    lupe_query *query = parse(schema, "\"eins zwei drei vier\" Jong-un");
    struct matcher *matcher;
    struct match_list list = {0};
    size_t size = 0;
    size_t rounds = 3000;
    char *text = malloc(rounds * 128);

    for (size_t i = 0; i < rounds; i++) {
        for (size_t f = 0; f < i % 7; f++)
            size += (size_t)snprintf(text + size, 128, "wort%zu ", f);
        size += (size_t)snprintf(text + size, 128, "eins zwei drei vier Jong-un eins zwei drei ");
    }
    cr_assert_eq(matcher_open(query, schema, 0, &matcher), LUPE_OK);
    cr_assert_eq(matcher_scan(matcher, TEXT, text, size, everything, &list), LUPE_OK);
    cr_assert_eq(list.count, rounds * 5);
    for (size_t i = 1; i < list.count; i++)
        cr_assert_lt(list.items[i - 1].start, list.items[i].start);

    /* A reach stops behind enough, where something was found, or at the limit. */
    struct match_reach enough = {1000, SIZE_MAX};
    cr_assert_eq(matcher_scan(matcher, TEXT, text, size, enough, &list), LUPE_OK);
    cr_assert(list.count > 0 && list.count < rounds);
    struct match_reach limit = {0, 3};
    cr_assert_eq(matcher_scan(matcher, TEXT, text, size, limit, &list), LUPE_OK);
    cr_assert_eq(list.count, 0u);
    match_list_free(&list);
    matcher_close(matcher);
    free(text);
    query_release(query);
    schema_close(schema);
    support_no_leaks();
}

/* A phrase with two readings at each of its places, on a text that almost has it: the number of
 * attempts is bounded. */
Test(result_match, phrases_of_many_readings_end)
{
    struct schema *schema = schema_make(LUPE_ANALYSIS_STANDARD);
    char query_text[2 + 4 * 200];
    char *text = malloc(4 * 5000 + 1);
    struct matcher *matcher;
    struct match_list list = {0};
    size_t size = 0;

    query_text[size++] = '"';
    for (size_t i = 0; i < 199; i++, size += 4)
        memcpy(query_text + size, "a-a ", 4);
    memcpy(query_text + size, "z\"", 3);
    for (size_t i = 0; i < 5000; i++)
        memcpy(text + 4 * i, "a-a ", 5);
    lupe_query *query = parse(schema, query_text);
    cr_assert_eq(query->root->element_count, 200u);
    cr_assert_eq(matcher_open(query, schema, 0, &matcher), LUPE_OK);
    cr_assert_eq(matcher_scan(matcher, TEXT, text, 4 * 5000, everything, &list), LUPE_OK);
    cr_assert_eq(list.count, 0u);
    match_list_free(&list);
    matcher_close(matcher);
    free(text);
    query_release(query);
    schema_close(schema);
    support_no_leaks();
}

Test(result_match, random_bytes)
{
    struct support_random random = support_random_of(99);
    struct schema *schema = schema_make(LUPE_ANALYSIS_STANDARD);
    lupe_query *query = parse(schema, "a* \"b c\" d-e f");
    struct matcher *matcher;
    struct match_list list = {0};

    cr_assert_eq(matcher_open(query, schema, 0, &matcher), LUPE_OK);
    for (size_t i = 0; i < 2000; i++) {
        size_t size = support_random_below(&random, 200);
        char *text = malloc(size ? size : 1);
        support_random_bytes(&random, text, size);
        for (size_t b = 0; b < size && i % 2; b++)
            text[b] = "abcdef -.\xc3\xa4\n"[(unsigned char)text[b] % 12];
        cr_assert_eq(matcher_scan(matcher, TEXT, text, size, everything, &list), LUPE_OK);
        for (size_t m = 0; m < list.count; m++)
            cr_assert(list.items[m].start < list.items[m].end && list.items[m].end <= size,
                      "seed %" PRIu64 " text %zu", random.seed, i);
        free(text);
    }
    match_list_free(&list);
    matcher_close(matcher);
    query_release(query);
    schema_close(schema);
    support_no_leaks();
}

/* Compounds with all that folding drops, joins or respells between their letters. */
Test(result_match, random_compounds)
{
    static const char *const pieces[] = {
        "haus",      "häus",     "Haeus",        "er",    "munitions",
        "Lieferung", "ß",        "ss",           "trink", "Wasser",
        "\xc2\xad",  "\xcc\x88", "\xe2\x80\x8d", "ue",    "\xff",
        "theil",     "straßen",  "bahn",         " ",     " ",
        "-",         "'",        "\xe2\x80\x99", "ü",     "e",
        "a",         "es",       "landes",
    };
    struct support_random random = support_random_of(7);
    struct schema *schema = schema_make(LUPE_ANALYSIS_STANDARD);
    lupe_query *query = parse(schema, "haus wasser teil bahn Munitionslieferung Landesteil");
    struct matcher *matcher;
    struct match_list list = {0};
    size_t found = 0;

    cr_assert_eq(matcher_open(query, schema, 0, &matcher), LUPE_OK);
    for (size_t i = 0; i < 4000; i++) {
        char text[512];
        size_t size = 0;
        for (size_t n = support_random_below(&random, 40); n > 0; n--) {
            const char *piece = pieces[support_random_below(&random, COUNT(pieces))];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        text[size] = ' ';
        cr_assert_eq(matcher_scan(matcher, TEXT, text, size, everything, &list), LUPE_OK);
        for (size_t m = 0; m < list.count; m++) {
            const struct match *match = &list.items[m];
            cr_assert(match->start < match->end && match->end <= size &&
                          ((unsigned char)text[match->start] & 0xc0) != 0x80 &&
                          ((unsigned char)text[match->end] & 0xc0) != 0x80,
                      "seed %" PRIu64 " text %zu", random.seed, i);
        }
        found += list.count;
    }
    cr_assert_gt(found, 1000u);
    match_list_free(&list);
    matcher_close(matcher);
    query_release(query);
    schema_close(schema);
    support_no_leaks();
}

Test(result_match, memory_runs_out)
{
    static const char text[] = "Kim Jong-un und ein Zug mit Waffen, Lieferung von Munition für "
                               "die Zugverbindung";

    for (size_t n = 1, failed = 1; failed; n++) {
        struct matcher *matcher = NULL;
        struct match_list list = {0};
        support_fail_allocation(0);
        struct schema *schema = schema_make(LUPE_ANALYSIS_STANDARD);
        lupe_query *query = parse(schema, "\"kim jong-un\" zug waff* Munitionslieferung");
        support_fail_allocation(n);
        lupe_status status = matcher_open(query, schema, 0, &matcher);
        if (status == LUPE_OK)
            status = matcher_scan(matcher, TEXT, text, sizeof text - 1, everything, &list);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK);
        support_fail_allocation(0);
        match_list_free(&list);
        matcher_close(matcher);
        query_release(query);
        schema_close(schema);
        support_no_leaks();
    }
}
