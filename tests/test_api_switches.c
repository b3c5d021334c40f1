/* SPDX-License-Identifier: MIT
 *
 * test_api_switches.c - what an index can be made without, and a search done without: each switch
 * takes out its rule and no other.
 */
#include <stdio.h>

#include "lupe.h"
#include "support.h"

static const char *const texts[] = {
    "Die Regierungserklärung des Kanzlers.",
    "Die Regierung gibt eine Erklärung.",
    "Der erste Theil eines Concerts.",
    "Zwei Museen in der Stadt.",
    "Der Name der Stadt, wie er auf der Karte steht.",
    "Der Verkehr in der Stadt.",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static lupe_index *build_of(const char *const *documents, unsigned count, uint32_t flags,
                            lupe_snapshot **snapshot)
{
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_index *index;
    lupe_writer *writer;
    create.flags = flags;
    remove(support_path("s"));
    remove(support_path("s-lock"));
    cr_assert_eq(lupe_index_create(support_path("s"), &create, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned i = 0; i < count; i++) {
        lupe_value value = {
            .field = "text", .kind = LUPE_TEXT, .data = documents[i], .size = strlen(documents[i])};
        char id = (char)('0' + i);
        lupe_document document = {.id = &id, .id_size = 1, .values = &value, .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    cr_assert_eq(lupe_snapshot_open(index, snapshot), LUPE_OK);
    return index;
}

static lupe_index *build(uint32_t flags, lupe_snapshot **snapshot)
{
    return build_of(texts, TEXTS, flags, snapshot);
}

/* Ids of the hits, best first; the score of the first. */
static double found_with(lupe_index *index, lupe_snapshot *snapshot, const char *text,
                         lupe_search_options options, char ids[TEXTS + 1])
{
    const lupe_hit *hit;
    lupe_query *query;
    lupe_results *results;
    double best = 0;
    cr_assert_eq(lupe_query_parse(index, text, strlen(text), NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(snapshot, query, &options, &results), LUPE_OK, "%s",
                 lupe_last_error());
    size_t count = lupe_results_count(results);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(lupe_results_hit(results, i, &hit), LUPE_OK);
        ids[i] = hit->id[0];
        best = i ? best : hit->score;
    }
    ids[count] = '\0';
    lupe_results_free(results);
    lupe_query_free(query);
    return best;
}

static double found(lupe_index *index, lupe_snapshot *snapshot, const char *text, uint32_t flags,
                    char ids[TEXTS + 1])
{
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    options.flags = flags | LUPE_SEARCH_AS_TYPED;
    return found_with(index, snapshot, text, options, ids);
}

Test(api_switches, what_is_found)
{
    enum {
        COMPOUNDS = LUPE_SEARCH_WITHOUT_COMPOUNDS,
        PROXIMITY = LUPE_SEARCH_WITHOUT_PROXIMITY,
        SENTENCES = LUPE_SEARCH_WITHOUT_SENTENCES,
        FORMS = LUPE_SEARCH_WITHOUT_FORMS
    };
    static const struct {
        uint32_t index;
        uint32_t search;
        const char *query;
        const char *ids;
    } cases[] = {
        {0, 0, "Regierung", "10"},
        {0, COMPOUNDS, "Regierung", "1"},
        {0, PROXIMITY | SENTENCES, "Regierung", "10"},
        {LUPE_WITHOUT_COMPOUNDS, 0, "Regierung", "1"},
        {0, 0, "Regierungserklärung", "01"},
        {0, COMPOUNDS, "Regierungserklärung", "0"},
        {0, PROXIMITY | SENTENCES, "Regierungserklärung", "01"},
        {LUPE_WITHOUT_COMPOUNDS, 0, "Regierungserklärung", "0"},
        {0, 0, "Regierung Erklärung", "10"},
        {0, PROXIMITY, "Regierung Erklärung", "01"},
        {0, FORMS, "Regierung Erklärung", "01"},
        {0, COMPOUNDS, "Regierung Erklärung", "1"},
        {0, 0, "Teil Konzert", "2"},
        {LUPE_WITHOUT_OLD_SPELLING, 0, "Teil Konzert", ""},
        {LUPE_WITHOUT_OLD_SPELLING, 0, "Theil Museum", "23"},
        {0, 0, "Museum", "3"},
        {LUPE_WITHOUT_MENDING, 0, "Museum", ""},
        {LUPE_WITHOUT_MENDING, 0, "Teil", "2"},
    };
    char ids[TEXTS + 1];
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        lupe_snapshot *snapshot;
        lupe_index *index = build(cases[i].index, &snapshot);
        found(index, snapshot, cases[i].query, cases[i].search, ids);
        cr_expect_str_eq(ids, cases[i].ids, "%s, index %u, search %u: %s", cases[i].query,
                         cases[i].index, cases[i].search, ids);
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
    }
    support_no_leaks();
}

Test(api_switches, what_counts)
{
    const char *pair = "Verkehr Stadt", *sentence = "Name der Stadt auf der Karte";
    lupe_snapshot *snapshot;
    lupe_index *index = build(0, &snapshot);
    char ids[TEXTS + 1];
    double near = found(index, snapshot, pair, 0, ids);
    double far = found(index, snapshot, pair, LUPE_SEARCH_WITHOUT_PROXIMITY, ids);
    cr_expect_gt(near, far);
    cr_expect_eq(near, found(index, snapshot, pair, LUPE_SEARCH_WITHOUT_SENTENCES, ids));
    double light = found(index, snapshot, sentence, 0, ids);
    cr_expect_eq(light, found(index, snapshot, sentence, LUPE_SEARCH_WITHOUT_PROXIMITY, ids));
    double heavy = found(index, snapshot, sentence,
                         LUPE_SEARCH_WITHOUT_SENTENCES | LUPE_SEARCH_WITHOUT_PROXIMITY, ids);
    cr_expect_gt(heavy, light);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

/* Words in the form that was typed, spelled in any way, come first where all else is equal. */
Test(api_switches, forms)
{
    static const char *const documents[] = {"Das Haus am See.", "Zwei Häuser am See.",
                                            "Die Haustür am See.", "Alle Haustüren am See."};
    static const struct {
        const char *query;
        const char *ids;     /* of the first two */
        const char *without; /* likewise */
    } cases[] = {
        {"Haus See", "01", "01"},
        {"Häuser See", "10", "01"},
        {"haeuser see", "10", "01"},
        {"HÄUSER SEE", "10", "01"},
        {"Hauser See", "10", "01"},
        {"Hauses See", "01", "01"},
        {"Haustür See", "23", "23"},
        {"Haustüren See", "23", "23"},
        {"+Häuser +See -Haustür", "10", "01"},
        {"Häuser", "01", "01"},
    };
    lupe_snapshot *snapshot;
    char ids[TEXTS + 1];
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        lupe_index *index = build_of(documents, 4, 0, &snapshot);
        found(index, snapshot, cases[i].query, 0, ids);
        cr_expect(strncmp(ids, cases[i].ids, 2) == 0, "%s: %s", cases[i].query, ids);
        double score = found(index, snapshot, cases[i].query, LUPE_SEARCH_WITHOUT_FORMS, ids);
        cr_expect(strncmp(ids, cases[i].without, 2) == 0, "%s: %s", cases[i].query, ids);
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
        index = build_of(documents, 4, LUPE_WITHOUT_FORMS, &snapshot);
        cr_expect_eq(found(index, snapshot, cases[i].query, 0, ids), score, "%s", cases[i].query);
        cr_expect(strncmp(ids, cases[i].without, 2) == 0, "%s: %s", cases[i].query, ids);
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
    }
    support_no_leaks();
}

/* What a search takes for k1 where it is not asked for. */
Test(api_switches, k1_by_query)
{
    static const struct {
        const char *query;
        double k1;
    } cases[] = {
        {"Stadt", 1.2},
        {"die Stadt", 1.2},
        {"\"Karte steht\" Stadt", 1.2},
        {"Stadt -Verkehr", 1.2},
        {"Verkehr Stadt", 0.6},
        {"Stadt AND Name", 0.6},
        {"+Stadt Name die auf der", 0.6},
        {"Name Karte Stadt", 0.6},
        {"Name der Stadt auf der Karte", 1.68},
        {"Name Stadt Karte -Verkehr", 0.6},
    };
    lupe_snapshot *snapshot;
    lupe_index *index = build(0, &snapshot);
    char ids[2][TEXTS + 1];
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
        double left = found_with(index, snapshot, cases[i].query, options, ids[0]);
        options.k1 = cases[i].k1;
        double asked = found_with(index, snapshot, cases[i].query, options, ids[1]);
        cr_expect_gt(left, 0, "%s", cases[i].query);
        cr_expect_eq(left, asked, "%s: %g and %g", cases[i].query, left, asked);
        cr_expect_str_eq(ids[0], ids[1], "%s", cases[i].query);
        options.k1 = cases[i].k1 + 0.3;
        cr_expect_lt(found_with(index, snapshot, cases[i].query, options, ids[1]), left, "%s",
                     cases[i].query);
    }
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

/* An index made without compounds answers as one with them that is searched without. */
Test(api_switches, one_way_is_the_other)
{
    static const char *const queries[] = {"Regierung Erklärung", "Regierungserklärung", "Stadt",
                                          "Name der Stadt auf der Karte"};
    lupe_snapshot *snapshot;
    for (unsigned q = 0; q < sizeof queries / sizeof *queries; q++) {
        char with[TEXTS + 1], without[TEXTS + 1];
        lupe_index *index = build(0, &snapshot);
        double score = found(index, snapshot, queries[q], LUPE_SEARCH_WITHOUT_COMPOUNDS, with);
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
        index = build(LUPE_WITHOUT_COMPOUNDS, &snapshot);
        cr_expect_eq(found(index, snapshot, queries[q], 0, without), score, "%s", queries[q]);
        cr_expect_str_eq(without, with, "%s", queries[q]);
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
    }
    support_no_leaks();
}

Test(api_switches, an_index_tells_its_own)
{
    enum { ALL = LUPE_WITHOUT_COMPOUNDS | LUPE_WITHOUT_OLD_SPELLING | LUPE_WITHOUT_MENDING };
    static const uint32_t flags[] = {0, LUPE_WITHOUT_COMPOUNDS, LUPE_WITHOUT_OLD_SPELLING,
                                     LUPE_WITHOUT_MENDING, ALL | LUPE_WITHOUT_PAIRS};
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
        lupe_statistics statistics = LUPE_STATISTICS_INIT;
        lupe_snapshot *snapshot;
        lupe_index *index = build(flags[i], &snapshot);
        cr_assert_eq(lupe_snapshot_statistics(snapshot, &statistics), LUPE_OK);
        cr_expect_eq(statistics.flags, flags[i]);
        cr_expect_not(lupe_index_analyzer_changed(index));
        cr_expect_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
        lupe_snapshot_close(snapshot);
        lupe_index_close(index);
    }
    support_no_leaks();
}
