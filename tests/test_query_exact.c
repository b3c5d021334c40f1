/* SPDX-License-Identifier: MIT
 *
 * test_query_exact.c - =word and ="some words": what they find is compared with the texts
 * themselves, over commits, deletes, threads, merges and another order of the documents.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lupe_index.h"
#include "query/search.h"
#include "segment/view.h"
#include "support.h"
#include "write_helpers.h"

/* Words of a few terms in many forms, and what one is told apart by. A hyphen parts words here. */
struct variant {
    const char *written;
    const char *form;
};
static const struct variant variants[] = {
    {"Haus", "haus"},
    {"haus", "haus"},
    {"HAUS", "haus"},
    {"Hauses", "hauses"},
    {"H\u00e4user", "h\u00e4user"},
    {"H\u00c4USER", "h\u00e4user"},
    {"Haeuser", "haeuser"},
    {"H\u00e4usern", "h\u00e4usern"},
    {"Ha\u0308user", "h\u00e4user"},
    {"Stra\u00dfe", "stra\u00dfe"},
    {"Strasse", "strasse"},
    {"STRASSE", "strasse"},
    {"Stra\u00dfen", "stra\u00dfen"},
    {"Stra\u00ad\u00dfe", "stra\u00dfe"},
    {"geht", "geht"},
    {"gehen", "gehen"},
    {"Gehst", "gehst"},
    {"der", "der"},
    {"Der", "der"},
    {"ein", "ein"},
    {"eine", "eine"},
    {"einer", "einer"},
    {"eines", "eines"},
    {"Caf\u00e9", "caf\u00e9"},
    {"Cafe", "cafe"},
    {"Theil", "theil"},
    {"Teile", "teile"},
    {"Container", "container"},
    {"Kontainer", "kontainer"},
    {"12", "12"},
    {"\u041c\u043e\u0441\u043a\u0432\u0430", "\u043c\u043e\u0441\u043a\u0432\u0430"},
};
#define VARIANTS ((unsigned)(sizeof variants / sizeof *variants))
#define DOCUMENTS_MAX 1200u
#define WORDS_MAX 60u

struct text {
    unsigned words[WORDS_MAX];
    unsigned count;
    bool live;
};
static struct text texts[DOCUMENTS_MAX];
static struct support_random rnd;

static unsigned below(unsigned bound)
{
    return (unsigned)support_random_below(&rnd, bound);
}

static void text_put(lupe_writer *writer, unsigned number)
{
    char bytes[WORDS_MAX * 16], id[16];
    size_t size = 0;
    struct text *text = &texts[number];
    text->live = true;
    text->count = 1 + below(below(8) ? 8 : WORDS_MAX - 1);
    for (unsigned i = 0; i < text->count; i++) {
        text->words[i] = below(3) ? below(12) : below(VARIANTS);
        const char *blank = i == 0 ? "" : below(12) ? " " : below(2) ? "-" : ", ";
        size += (size_t)snprintf(bytes + size, sizeof bytes - size, "%s%s", blank,
                                 variants[text->words[i]].written);
    }
    lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = bytes, .size = size};
    lupe_document document = {.id = id, .values = &value, .value_count = 1};
    document.id_size = (size_t)snprintf(id, sizeof id, "%u", number);
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
}

static bool text_has(const struct text *text, const unsigned *words, unsigned count)
{
    for (unsigned i = 0; text->live && i + count <= text->count; i++) {
        unsigned j = 0;
        while (j < count && !strcmp(variants[text->words[i + j]].form, variants[words[j]].form))
            j++;
        if (j == count)
            return true;
    }
    return false;
}

struct setting {
    unsigned documents;
    unsigned commits;
    unsigned deletes;
    uint32_t threads;
    bool optimize;
    bool reorder;
};

static lupe_index *build(const struct setting *setting, const char *name)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
    options.threads = setting->threads;
    options.memory_bytes = WRITER_MEMORY_MIN;
    memset(texts, 0, sizeof texts);
    cr_assert_eq(lupe_index_create(support_path(name), NULL, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, &options, &writer), LUPE_OK, "%s", lupe_last_error());
    for (unsigned i = 0, commit = 1; i < setting->documents; i++) {
        text_put(writer, i);
        if (i * setting->commits >= commit * setting->documents) {
            cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
            commit++;
        }
    }
    for (unsigned i = 0; i < setting->deletes; i++) {
        char id[16];
        unsigned number = below(setting->documents);
        texts[number].live = false;
        int size = snprintf(id, sizeof id, "%u", number);
        cr_assert_eq(lupe_writer_delete(writer, id, (size_t)size), LUPE_OK);
        if (i % 3 == 0)
            text_put(writer, below(setting->documents));
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    if (setting->optimize || setting->reorder) {
        lupe_optimize_options optimize = LUPE_OPTIMIZE_OPTIONS_INIT;
        optimize.flags = setting->reorder ? LUPE_OPTIMIZE_REORDER : 0;
        cr_assert_eq(lupe_index_optimize(index, &optimize), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
    return index;
}

/* All documents that have the words, and no others; `not` takes away those with that word. */
static void check_query(lupe_index *index, const unsigned *words, unsigned count, int not )
{
    char query_text[512];
    bool found[DOCUMENTS_MAX] = {false};
    uint64_t expected = 0;
    lupe_snapshot *snapshot = NULL;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    options.limit = UINT32_MAX;
    options.count_limit = LUPE_COUNT_EXACT;
    size_t size = (size_t)snprintf(query_text, sizeof query_text, "+=%s", count > 1 ? "\"" : "");
    for (unsigned i = 0; i < count; i++)
        size += (size_t)snprintf(query_text + size, sizeof query_text - size, "%s%s", i ? " " : "",
                                 variants[words[i]].written);
    size +=
        (size_t)snprintf(query_text + size, sizeof query_text - size, "%s", count > 1 ? "\"" : "");
    if (not >= 0)
        size += (size_t)snprintf(query_text + size, sizeof query_text - size, " -=%s",
                                 variants[not ].written);
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_query_parse(index, query_text, size, NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(snapshot, query, &options, &results), LUPE_OK, "%s",
                 lupe_last_error());
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        const lupe_hit *hit = NULL;
        cr_assert_eq(lupe_results_hit(results, i, &hit), LUPE_OK);
        found[atoi(hit->id)] = true;
    }
    for (unsigned i = 0; i < DOCUMENTS_MAX; i++) {
        unsigned excluded = (unsigned)not ;
        bool wanted =
            text_has(&texts[i], words, count) && (not < 0 || !text_has(&texts[i], &excluded, 1));
        expected += wanted;
        cr_assert_eq(found[i], wanted, "seed %" PRIu64 ", %s: document %u is %sfound", rnd.seed,
                     query_text, i, wanted ? "not " : "");
    }
    cr_assert_eq(lupe_results_total(results, NULL), expected, "%s", query_text);
    lupe_results_free(results);
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
}

/* Evaluation that leaves out what it can finds what the naive one does. */
static void check_naive(lupe_index *index, struct view *view, const char *text, uint64_t k)
{
    lupe_query *query = NULL;
    struct search_answer fast, slow;
    struct search_request request = {.k = k, .count_limit = LUPE_COUNT_EXACT, .k1 = 1.2, .b = 0.75};
    cr_assert_eq(lupe_query_parse(index, text, strlen(text), NULL, &query), LUPE_OK);
    cr_assert_eq(search_run(view, query, &request, &fast), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(search_run_naive(view, query, &request, &slow), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(fast.total, slow.total, "%s", text);
    cr_assert_eq(fast.hit_count, slow.hit_count, "%s", text);
    for (size_t i = 0; i < fast.hit_count; i++)
        cr_assert(fast.hits[i].score == slow.hits[i].score &&
                      fast.hits[i].document == slow.hits[i].document &&
                      fast.hits[i].segment == slow.hits[i].segment,
                  "seed %" PRIu64 ", %s: hit %zu", rnd.seed, text, i);
    search_answer_free(&fast);
    search_answer_free(&slow);
    lupe_query_free(query);
}

static void compare(const struct setting *setting, const char *name, uint64_t seed)
{
    static const char *const queries[] = {"=haus",
                                          "=h\u00e4user haus",
                                          "+=eine +haus",
                                          "=\"der haus\" einer",
                                          "haus -=haus",
                                          "(=ein =eine) AND haus",
                                          "=haus^3 =hauses",
                                          "text:=haus",
                                          "+=haus =h\u00e4user stra\u00dfe",
                                          "=\"ein haus\" OR =\"haus ein\"",
                                          "=unbekannt haus",
                                          "text:=\"haus der\"",
                                          "+\"ein haus\" =haus"};
    struct view *view = NULL;
    rnd = support_random_of(seed);
    lupe_index *index = build(setting, name);
    for (unsigned i = 0; i < VARIANTS; i++)
        check_query(index, &i, 1, i % 4 ? -1 : (int)below(VARIANTS));
    for (unsigned round = 0; round < 150; round++) {
        unsigned words[3] = {below(12), below(12), below(round % 2 ? 12 : VARIANTS)};
        check_query(index, words, 2 + round % 2, round % 5 ? -1 : (int)below(VARIANTS));
    }
    cr_assert_eq(view_open(index->store, &view), LUPE_OK);
    for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++)
        for (uint64_t k = 1; k < 2000; k *= 10)
            check_naive(index, view, queries[i], k);
    view_close(view);
    lupe_index_close(index);
}

Test(query_exact, one_segment)
{
    compare(&(struct setting){.documents = 900, .commits = 1, .threads = 1}, "a", 1);
    support_no_leaks();
}

Test(query_exact, segments_and_deletes)
{
    compare(&(struct setting){.documents = 1100, .commits = 5, .deletes = 200, .threads = 1}, "b",
            2);
    support_no_leaks();
}

Test(query_exact, threads)
{
    compare(&(struct setting){.documents = 1000, .commits = 1, .deletes = 50, .threads = 3}, "c",
            3);
    support_no_leaks();
}

Test(query_exact, merged)
{
    compare(
        &(struct setting){
            .documents = 1100, .commits = 7, .deletes = 200, .threads = 2, .optimize = true},
        "d", 4);
    support_no_leaks();
}

Test(query_exact, in_another_order)
{
    compare(
        &(struct setting){
            .documents = 1100, .commits = 4, .deletes = 100, .threads = 1, .reorder = true},
        "e", 5);
    support_no_leaks();
}

/* "wort" with any of five marks on each letter: 625 forms. */
static size_t marked_word(unsigned number, char *out)
{
    static const char *const marks[] = {"", "\u0301", "\u0300", "\u0302", "\u0303"};
    size_t size = 0;
    for (const char *letter = "wort"; *letter; letter++, number /= 5)
        size += (size_t)snprintf(out + size, 4, "%c%s", *letter, marks[number % 5]);
    return size;
}

static void put_marked(lupe_writer *writer, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        char id[16], text[32];
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text};
        lupe_document document = {.id = id, .values = &value, .value_count = 1};
        value.size = marked_word(i, text);
        document.id_size = (size_t)snprintf(id, sizeof id, "%u", i);
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
}

Test(query_exact, forms_beyond_the_limit_are_found_by_their_word)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    cr_assert_eq(lupe_index_create(support_path("f"), NULL, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    put_marked(writer, 0, 200);
    put_marked(writer, 200, 625);
    lupe_writer_close(writer);
    for (unsigned pass = 0; pass < 2; pass++) {
        unsigned named = 0;
        cr_assert_eq(helper_total(index, "wort"), 625u);
        for (unsigned i = 0; i < 625; i++) {
            char text[40] = "=";
            text[1 + marked_word(i, text + 1)] = 0;
            uint64_t total = helper_total(index, text);
            cr_assert_leq(total, 1u, "%s", text);
            named += (unsigned)total;
        }
        cr_assert_eq(named, pass ? FORMS_MAX - 1 : 200 + FORMS_MAX - 1, "%u", named);
        cr_assert_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
        cr_assert_eq(lupe_index_optimize(index, NULL), LUPE_OK);
    }
    lupe_index_close(index);
    support_no_leaks();
}

Test(query_exact, an_index_without_forms_finds_any_form_and_says_so)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        lupe_index *index = NULL;
        lupe_writer *writer = NULL;
        lupe_query *query = NULL;
        lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
        options.flags = pass ? 0 : LUPE_WITHOUT_FORMS;
        cr_assert_eq(lupe_index_create(support_path(pass ? "h" : "g"), &options, NULL, &index),
                     LUPE_OK);
        cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = "Haus", .size = 4};
        lupe_document document = {.id = "1", .id_size = 1, .values = &value, .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
        cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
        cr_assert_eq(helper_total(index, "=H\u00e4user"), pass ? 0u : 1u);
        cr_assert_eq(lupe_query_parse(index, "=Haus", 5, NULL, &query), LUPE_OK);
        cr_assert_eq(lupe_query_forms_missed(query), !pass);
        lupe_query_free(query);
        cr_assert_eq(lupe_query_parse(index, "Haus", 4, NULL, &query), LUPE_OK);
        cr_assert_not(lupe_query_forms_missed(query));
        lupe_query_free(query);
        lupe_writer_close(writer);
        lupe_index_close(index);
    }
    support_no_leaks();
}
