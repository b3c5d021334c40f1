/* SPDX-License-Identifier: MIT
 *
 * test_write_robust.c - texts that are none, from the document to the hit: long words, code,
 * rubbish of scanners, scripts mixed, marks piled up, a megabyte without a blank. Nothing crashes,
 * and a word makes no more terms than the limits say.
 */
#include "base/limits.h"
#include "text/compound.h"
#include "write_helpers.h"

/* A word, a hyphen word's joined form, the runs of a compound's parts that are not the whole. */
#define RUNS_MAX (COMPOUND_PARTS_MAX * (COMPOUND_PARTS_MAX + 1) / 2 - 1)
#define TERMS_OF_WORD_MAX (2 + RUNS_MAX)

static const char *const texts[] = {
    "https://www.example.org/Krankenversicherungsbeitrag/index.html?q=%C3%BCber&x=1#Abschnitt",
    "user.name+tag@mail.example.org ftp://[2001:db8::1]:21/%00%ff file:///C:/Programme/",
    "getKrankenversicherungsBeitrag setHTTPResponseCode XMLHttpRequest iPhone eBay McDonalds",
    "for (size_t i = 0; i < n; i++) { a[i] ^= ~b[i] << 3; } /* C++ */ #include <stdio.h>",
    "2-(4-Isobutylphenyl)propansäure 1,3,7-Trimethylxanthin N,N-Dimethylformamid",
    "Methylphenidathydrochlorid Natriumlaurylethersulfat C₆H₁₂O₆ Fe³⁺ (NH₄)₂SO₄",
    "MCMXCIX XVIII. iv) Ludwig XIV. IIIIII MDCLXVI Kap. VII-IX",
    "dieſer Wortbe- ftandteil fteht aIs F1ußf|fche im T'e.x,t; rn statt m, vv ftatt w, �������",
    "Мünchen Вerlin Раriѕ Αthen кириллица和汉字かな한글العربيةעברית हिन्दी ไทย Straße",
    "Haus\u200BTür Haus\u200DTür Haus\uFEFFTür Haus\u00ADTür \u202Egewendet\u202C \u2060x\u2060",
    "---- ____ ''''' ..... ,,,,, ((((( \"\"\"\"\" ~~~~~ ^^^^^ ***** ::::: +++++ ----a----",
    "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p Ein- und- -Aus- -und -fuhr Bundes- , Landes- oder",
    "\xFF\xFE\x80\xC0\xAF\xF8\x88 \xED\xA0\x80 \xF4\x90\x80\x80 abgebro\xC3",
};

struct check {
    uint64_t words;
    uint64_t terms;
    uint64_t part_terms;
};

static lupe_status put(lupe_writer *writer, const char *id, const char *text, size_t size)
{
    lupe_value value = {.field = "text", .data = text, .size = size};
    lupe_document document = {.id = id, .id_size = strlen(id), .values = &value, .value_count = 1};
    return lupe_writer_put(writer, &document);
}

/* Searches for what it was given, also as prefix, fuzzy and phrase, with snippets. */
static void ask(lupe_index *index, const char *text, size_t size)
{
    lupe_snapshot *snapshot = NULL;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    const lupe_snippet *snippet = NULL;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_query_parse(index, text, size, NULL, &query));
    must(lupe_search(snapshot, query, NULL, &results));
    for (size_t i = 0; i < lupe_results_count(results); i++)
        must(lupe_results_snippet(results, i, NULL, &snippet));
    lupe_results_free(results);
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
}

static lupe_statistics index_of(const char *text, size_t size)
{
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    lupe_snapshot *snapshot = NULL;
    lupe_index *index = NULL;
    static unsigned number;
    char name[32];
    snprintf(name, sizeof name, "%u.lupe", number++);
    must(lupe_index_create(support_path(name), &create, &open, &index));
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(put(writer, "1", text, size));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_snapshot_statistics(snapshot, &statistics));
    lupe_snapshot_close(snapshot);
    cr_expect_leq(statistics.terms, 1 + statistics.words * TERMS_OF_WORD_MAX, "%.60s: %" PRIu64,
                  text, statistics.terms);
    cr_expect_leq(statistics.part_terms, statistics.words * RUNS_MAX, "%.60s", text);
    helper_check(index);
    ask(index, text, size);
    lupe_index_close(index);
    return statistics;
}

Test(write_robust, odd_texts_are_indexed_and_asked_for)
{
    char quoted[4096];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size = strlen(texts[i]);
        index_of(texts[i], size);
        for (size_t cut = 0; cut < size; cut += 7) /* also within a character */
            index_of(texts[i] + cut, size - cut < 20 ? size - cut : 20);
        snprintf(quoted, sizeof quoted, "\"%s\" %s* %s~", texts[i], texts[i], texts[i]);
        index_of(quoted, strlen(quoted));
    }
    support_no_leaks();
}

Test(write_robust, long_words_have_few_terms)
{
    enum { SIZE = 600 }; /* bytes, of "ä" so many that 300 letters are left */
    static const char *const parts[] = {"haus", "wand", "halterung", "versicherungs", "x", "ä"};
    char word[SIZE + 16];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t size = 0;
        while (size + strlen(parts[i]) <= SIZE) {
            memcpy(word + size, parts[i], strlen(parts[i]));
            size += strlen(parts[i]);
        }
        lupe_statistics statistics = index_of(word, size);
        cr_expect_eq(statistics.words, 1, "%s", parts[i]);
        cr_expect_eq(statistics.words_cut, 1, "%s", parts[i]);
        cr_expect_eq(statistics.part_terms, 0, "%s", parts[i]);
    }
    lupe_statistics statistics = index_of("Wandhalterung", 13);
    cr_expect_eq(statistics.part_terms, 2);
    support_no_leaks();
}

Test(write_robust, a_megabyte_without_a_blank)
{
    enum { SIZE = 1 << 20 };
    static const char *const units[] = {"a",   "haus", "wandhalterung", "1",      "1,",     "a-",
                                        "a'",  "aA",   "e\u0301",       "\u0301", "\u200D", "字",
                                        "\xFF"};
    char *text = malloc(SIZE + 1);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t unit = strlen(units[i]);
        size_t size = 0;
        for (; size + unit <= SIZE; size += unit)
            memcpy(text + size, units[i], unit);
        lupe_statistics statistics = index_of(text, size);
        cr_expect_leq(statistics.words, (uint64_t)size, "%s", units[i]);
        cr_expect_leq(statistics.terms, 1000, "%s: %" PRIu64, units[i], statistics.terms);
    }
    free(text);
    support_no_leaks();
}

/* Letters by chance: what is taken for a compound there is bounded as well. */
Test(write_robust, rubbish_makes_few_terms)
{
    enum { SIZE = 200000 };
    struct support_random random = support_random_of(17);
    char *text = malloc(SIZE);
    for (unsigned kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < SIZE; i++) {
            unsigned any = (unsigned)support_random_below(&random, 256);
            text[i] = kind == 0   ? (char)any
                      : kind == 1 ? "enirstadhulcgmobwfkz "[any % 21]
                                  : "aeiou-'.,\xCC\x81\xC2\xAD XYZ1"[any % 18];
        }
        lupe_statistics statistics = index_of(text, SIZE);
        cr_expect_leq(statistics.terms, 3 * statistics.words, "%" PRIu64 " terms of %" PRIu64,
                      statistics.terms, statistics.words);
    }
    free(text);
    support_no_leaks();
}

/* A query of as many compounds as are taken, each of parts, which join with their neighbours. */
Test(write_robust, a_query_of_a_thousand_compounds_is_answered)
{
    struct support_random random = support_random_of(19);
    static const char *const words[] = {"Wand",    "Halterung", "Versicherung", "Beitrag",
                                        "Kranken", "Haus",      "Regierung",    "Wandhalterung"};
    char text[32768];
    size_t size = 0;
    for (unsigned i = 0; i < 2000; i++)
        size += (size_t)snprintf(text + size, 16, "%s%s", words[support_random_below(&random, 8)],
                                 i % 3 ? " " : "");
    index_of(text, size);
    support_no_leaks();
}
